//! What must be so after everything has healed: I5, I3, and the end of a flatten.

use super::{venue::House, world::World};
use rust_decimal::Decimal;
use tradedeck::{
    book::Book,
    domain::{
        fact::{Dated, Fact},
        ids::{InstrumentId, OrderId},
        lifecycle::OrderState,
        report::Environment,
        time::Stamp,
    },
};

/// Within so long after everything has healed book and venues agree: an exit that goes on takes two minutes at most,
/// an order that the venue denies one.
const AGREE_MS: u64 = 240_000;
/// Within so long a flatten is through.
const FLAT_MS: u64 = 150_000;
const BEAT_MS: u64 = 2_000;

/// A whole run: bad weather, then good, then out.
pub(super) fn live(world: &mut World, acting_ms: u64) -> Result<(), String> {
    world.pass(2_000);
    world.begin_acting();
    world.pass(acting_ms);
    verdict(world)?;
    world.heal();
    agree(world)?;
    fills_in_any_order(world)?;
    get_out(world)
}

fn verdict(world: &World) -> Result<(), String> {
    world.judge.broken.clone().map_or(Ok(()), Err)
}

/// Venues that proved to be what they should be: nothing was ever sent to others.
fn ours(world: &World) -> impl Iterator<Item = &House> {
    world.houses.iter().filter(|h| h.environment == Environment::Paper)
}

/// I5.
fn agree(world: &mut World) -> Result<(), String> {
    let mut waited = 0;
    loop {
        world.pass(BEAT_MS);
        verdict(world)?;
        waited += BEAT_MS;
        abandon_what_is_absent(world);
        match difference(world) {
            None => return Ok(()),
            Some(what) if waited >= AGREE_MS => return Err(format!("I5: after {waited} ms: {what}")),
            Some(_) => {}
        }
    }
}

/// The venue says over and over that it has no such order: a person declares it dead, where it truly has none.
fn abandon_what_is_absent(world: &mut World) {
    let book = world.engine.book();
    let absent = book.uncertain_orders().filter(|o| o.state == OrderState::Absent);
    let absent: Vec<OrderId> = absent.map(|o| o.id.clone()).collect();
    for OrderId { venue, client } in absent {
        if !world.houses.iter().any(|h| h.id == venue && h.orders.contains_key(&client)) {
            world.abandon(client, venue);
        }
    }
}

/// The first difference between the book and the venues, if there is one.
fn difference(world: &World) -> Option<String> {
    let book = world.engine.book();
    if let Some(row) = book.uncertain_orders().next() {
        return Some(format!("{} is {:?}", row.id, row.state));
    }
    if let Some(exit) = book.open_exits().next() {
        return Some(format!("an exit goes on: {exit:?}"));
    }
    for house in ours(world) {
        for (client, held) in &house.orders {
            let Some(row) = book.order(&OrderId { venue: house.id.clone(), client: client.clone() }) else {
                // Of what came and went while nobody looked only the position must be right.
                if held.is_open() {
                    return Some(format!("{client} is missing"));
                }
                continue;
            };
            if row.filled.get() != held.filled {
                return Some(format!("{client} filled {} of {}, {:?}", row.filled, held.filled, row.state));
            }
            if row.state.is_open() != held.is_open() {
                return Some(format!("{client} is {:?}, at the venue {:?}", row.state, held.status));
            }
        }
        for symbol in house.prices.keys() {
            let (ours, theirs) = (held_by(book, &house.instrument(symbol)), house.position(symbol));
            if ours != theirs {
                return Some(format!("{symbol} at {}: {ours} here, {theirs} there", house.id));
            }
        }
    }
    for row in book.open_orders() {
        let known =
            world.houses.iter().any(|h| h.id == row.id.venue && h.orders.contains_key(&row.id.client));
        if !known {
            return Some(format!("{} is {:?} and the venue does not have it", row.id, row.state));
        }
    }
    None
}

fn held_by(book: &Book, instrument: &InstrumentId) -> Decimal {
    book.position(instrument).map_or(Decimal::ZERO, |p| p.qty.get())
}

/// I3: the venue's fills, in any order, some of them twice, with the rules of the instruments before, between or
/// after them, make the venue's position.
fn fills_in_any_order(world: &mut World) -> Result<(), String> {
    for n in 0..world.houses.len() {
        let house = &world.houses[n];
        let fills = house.executions.iter().map(|(_, e)| Fact::Executed(Box::new(e.clone())));
        let twice: Vec<Fact> = fills.clone().filter(|_| world.rng.bool()).collect();
        let rules = house.prices.keys().map(|s| Fact::Instrument(Box::new(house.rules(s))));
        let mut facts: Vec<Fact> = fills.chain(twice).chain(rules).collect();
        world.rng.shuffle(&mut facts);
        let mut book = Book::new();
        for fact in &facts {
            book.apply(Stamp::default(), fact);
        }
        for symbol in house.prices.keys() {
            let (made, there) = (held_by(&book, &house.instrument(symbol)), house.position(symbol));
            if made != there {
                return Err(format!("I3: the fills make {made} {symbol}, the venue holds {there}"));
            }
        }
    }
    Ok(())
}

/// A flatten ends flat, by the venues' word, or names what is left.
fn get_out(world: &mut World) -> Result<(), String> {
    world.command("flatten");
    let mut waited = 0;
    while world.engine.book().open_exits().next().is_some() {
        world.pass(BEAT_MS);
        verdict(world)?;
        waited += BEAT_MS;
        if waited > FLAT_MS {
            return Err(format!("a flatten goes on after {waited} ms"));
        }
    }
    let ended: Vec<(bool, String)> =
        world.engine.book().ended_exits().map(|e| (e.flat, e.report.to_string())).collect();
    for house in ours(world) {
        let mine: Vec<&(bool, String)> =
            ended.iter().filter(|(_, r)| r.contains(&format!("at {}:", house.id))).collect();
        for (symbol, qty) in house.positions.iter().filter(|(_, q)| !q.is_zero()) {
            let named = mine.last().is_some_and(|(flat, report)| !flat && report.contains(symbol.as_str()));
            if !named || *qty >= house.kind.lot {
                return Err(format!("{qty} {symbol} is left at {}: {mine:?}", house.id));
            }
        }
        if let Some(open) = house.open().next() {
            return Err(format!("{} is open after a flatten: {mine:?}", open.id));
        }
    }
    agree(world)?;
    // What was held here had something to close, and that is gone.
    let gone = |venue: &tradedeck::domain::ids::VenueId| {
        ours(world).any(|h| h.id == *venue && h.positions.values().all(Decimal::is_zero))
    };
    match world.engine.book().held_here().find(|h| gone(&h.id.venue)) {
        Some(held) => Err(format!("held after a flatten: {held:?}")),
        None => Ok(()),
    }
}

/// How many facts the journal has of this kind.
pub(super) fn count(journal: &[Dated], which: impl Fn(&Fact) -> bool) -> usize {
    journal.iter().filter(|d| which(&d.fact)).count()
}
