//! The price ladder: whose book it follows, where it stands, and its keys. Nothing here sends an order: what would open
//! one fills the ticket, what moves one opens its change, and a cancel goes the way of every cancel.

use super::{chart::is_shown, navigate, trade};
use crate::{
    desk::{Reply, Request, RequestId, snapshot::OrderRow},
    domain::{
        draft::{CancelTarget, Command},
        money::Price,
        order::{OrderKind, OrderType, Side},
        text::Text,
    },
    tui::{
        focus::Pane,
        ladder::{Ladder, Rungs, coarser, finer, fitting, market, middle_of, own, stand, tick, waits_at},
        model::Model,
        msg::Cmd,
        ticket::{Field, Purpose, Ticket, TicketKind, TicketSide},
    },
};

/// A question that the engine had no room for is asked again after this, milliseconds.
const AGAIN_MS: u64 = 2_000;
/// No request.
const NONE: RequestId = RequestId(0);

/// Says whose book is wanted, and finds the ladder its place.
pub(super) fn settle(model: &mut Model) -> Option<Cmd> {
    model.snapshot_at?;
    let shown = is_shown(model, Pane::Depth);
    let wanted = model.instrument.clone().filter(|_| shown);
    if shown {
        place(model);
    }
    if model.replay().is_some() {
        return None;
    }
    let now = model.now.mono;
    let due = match &model.ladder.followed {
        None => wanted.is_some(),
        Some((followed, at, id)) => *followed != wanted || (*id == NONE && now.since_ms(*at) >= AGAIN_MS),
    };
    if !due {
        return None;
    }
    let (id, cmd) = model.ask(Request::Depth { instrument: wanted.clone() });
    model.ladder.followed = Some((wanted, now, id));
    Some(cmd)
}

/// Is this the answer to what the ladder asked?
pub(super) fn asked(model: &Model, id: RequestId) -> bool {
    id != NONE && model.ladder.followed.as_ref().is_some_and(|(_, _, asked)| *asked == id)
}

/// The engine follows the book, or had no room for the question.
pub(super) fn answered(model: &mut Model, reply: &Reply) {
    if let Some((_, at, id)) = &mut model.ladder.followed
        && matches!(reply, Reply::Busy)
    {
        (*at, *id) = (model.now.mono, NONE);
    }
}

/// Another symbol begins with a ladder of its own; one that has no place yet stands around the market.
fn place(model: &mut Model) {
    if model.ladder.instrument != model.instrument {
        let Ladder { is_centred, followed, .. } = std::mem::take(&mut model.ladder);
        model.ladder =
            Ladder { instrument: model.instrument.clone(), is_centred, followed, ..Ladder::default() };
    }
    let Some(tick) = tick(model) else { return };
    let (bid, ask) = market(model);
    let last = model.instrument.as_ref().and_then(|i| model.watched(i)).and_then(|w| w.last);
    if model.ladder.ticks == 0 && (bid.or(ask).or(last)).is_some() {
        model.ladder.ticks = fitting(tick, bid, ask);
    }
    if model.ladder.middle.is_none() {
        model.ladder.middle = middle_of(bid, ask, last);
    }
}

/// Own orders whose rung is that of `price`.
fn own_at(model: &Model, price: Price) -> Vec<OrderRow> {
    let Some((rungs, _)) = stand(model) else { return Vec::new() };
    let here = rungs.below(price);
    own(model).filter(|(_, p)| rungs.below(*p) == here).map(|(o, _)| o.clone()).collect()
}

fn no_place() -> Text {
    Text::from("the tick or the market of this symbol is not known yet")
}

/// `ladder recentre`, `ladder follow`, …
pub(super) fn perform(model: &mut Model, arg: &str) -> Result<(), Text> {
    place(model);
    match arg {
        "recentre" => {
            let (bid, ask) = market(model);
            let last = model.instrument.as_ref().and_then(|i| model.watched(i)).and_then(|w| w.last);
            model.ladder.middle = Some(middle_of(bid, ask, last).ok_or_else(no_place)?);
        }
        "follow" => {
            // It stands still where it was last seen.
            if let Some((rungs, middle)) = stand(model).filter(|_| model.ladder.is_centred) {
                model.ladder.middle = rungs.price(middle);
            }
            model.ladder.is_centred = !model.ladder.is_centred;
        }
        "finer" => model.ladder.ticks = finer(model.ladder.ticks),
        "coarser" => model.ladder.ticks = coarser(model.ladder.ticks),
        "take" => take_here(model)?,
        "next" => take_next(model)?,
        _ => return Err("write recentre, follow, finer, coarser, take or next".into()),
    }
    Ok(())
}

/// Takes hold of the own order at the cursor; again: of the next one there.
fn take_here(model: &mut Model) -> Result<(), Text> {
    let at = cursor(model)?;
    let here = own_at(model, at);
    let held = here.iter().position(|o| Some(&o.id.client) == model.ladder.taken.as_ref());
    let next = held.map_or(0, |n| n.saturating_add(1));
    let order = here.get(next).or(here.first()).ok_or("no order of yours stands there")?;
    model.ladder.taken = Some(order.id.client.clone());
    Ok(())
}

/// Takes hold of the next own order further down, the highest after the lowest, and goes there.
fn take_next(model: &mut Model) -> Result<(), Text> {
    let mut all: Vec<_> = own(model).map(|(o, price)| (price, o.id.client.clone())).collect();
    all.sort_by_key(|(price, _)| std::cmp::Reverse(*price));
    let held = all.iter().position(|(_, id)| Some(id) == model.ladder.taken.as_ref());
    let next = held.map_or(0, |n| n.saturating_add(1));
    let (price, id) =
        all.get(next).or(all.first()).cloned().ok_or("no order of yours stands at a price here")?;
    model.ladder.taken = Some(id);
    set_cursor(model, price);
    Ok(())
}

fn cursor(model: &Model) -> Result<Price, Text> {
    let at = model.ladder.cursor.ok_or("choose a price on the ladder first")?;
    // What is marked is a rung: a cursor from finer rungs means the one that it lies on.
    let rung = stand(model).and_then(|(rungs, _)| rungs.price(rungs.below(at)?));
    rung.ok_or_else(no_place)
}

/// The first and the last rung on the screen: the middle row has half of the rows above it.
const fn ends(middle: i128, rows: i128) -> (i128, i128) {
    let top = middle.saturating_add(rows / 2);
    (top, top.saturating_add(1).saturating_sub(rows))
}

/// The cursor goes to the rung of a price; a ladder that stands still goes with it where it has to.
pub(super) fn set_cursor(model: &mut Model, price: Price) {
    let Some((rungs, middle)) = stand(model) else { return };
    let Some(at) = rungs.below(price) else { return };
    let rows = i128::try_from(model.drawn.room(Pane::Depth)).ok().unwrap_or(1).max(1);
    let (top, bottom) = ends(middle, rows);
    let (at, middle, moved) = if model.ladder.is_centred {
        (at.clamp(bottom, top), middle, false)
    } else {
        let up = at.saturating_sub(top).max(0);
        let down = bottom.saturating_sub(at).max(0);
        (at, middle.saturating_add(up).saturating_sub(down), up > 0 || down > 0)
    };
    model.ladder.cursor = rungs.price(at).filter(|p| p.is_positive());
    if moved {
        model.ladder.middle = rungs.price(middle);
    }
}

/// `up`, `page-down`, … with the focus on the ladder.
pub(super) fn step(model: &mut Model, arg: &str) {
    place(model);
    let Some((rungs, middle)) = stand(model) else { return };
    let rows = i128::try_from(model.drawn.room(Pane::Depth)).ok().unwrap_or(1).max(1);
    let here = model.ladder.cursor.and_then(|p| rungs.below(p));
    let to = match (arg, here) {
        ("top", _) => ends(middle, rows).0,
        ("bottom", _) => ends(middle, rows).1,
        // A cursor that is nowhere first takes its place.
        (_, None) => middle,
        ("up", Some(at)) => at.saturating_add(1),
        ("down", Some(at)) => at.saturating_sub(1),
        ("page-up", Some(at)) => at.saturating_add(rows),
        ("page-down", Some(at)) => at.saturating_sub(rows),
        (_, Some(at)) => at,
    };
    if let Some(price) = rungs.price(to).filter(|p| p.is_positive()) {
        set_cursor(model, price);
    }
}

/// The wheel: the ladder stands elsewhere, and still.
pub(super) fn wheel(model: &mut Model, down: bool) {
    place(model);
    let Some((rungs, middle)) = stand(model) else { return };
    let to = if down { middle.saturating_sub(3) } else { middle.saturating_add(3) };
    if let Some(price) = rungs.price(to).filter(|p| p.is_positive()) {
        (model.ladder.is_centred, model.ladder.middle) = (false, Some(price));
    }
}

/// A click on a price: the cursor goes there, and nothing else happens.
pub(super) fn click(model: &mut Model, price: Price) {
    navigate::set_focus(model, Pane::Depth);
    if model.ladder.instrument == model.instrument {
        model.ladder.cursor = Some(price);
    }
}

/// `rung join buy`, `rung place sell`, `rung move`, `rung cancel`.
pub(super) fn trade(model: &mut Model, arg: &str) -> Result<Vec<Cmd>, Text> {
    place(model);
    let mut words = arg.split_whitespace();
    let (what, side) = (words.next().unwrap_or_default(), words.next());
    let side = match side {
        Some("buy") => Some(Side::Buy),
        Some("sell") => Some(Side::Sell),
        Some(_) => return Err("write buy or sell".into()),
        None => None,
    };
    match (what, side) {
        ("join", Some(side)) => join(model, side).and_then(|price| open(model, side, price)),
        ("improve", Some(side)) => improve(model, side).and_then(|price| open(model, side, price)),
        ("place", Some(side)) => cursor(model).and_then(|price| open(model, side, price)),
        ("move", None) => change(model).map(|()| Vec::new()),
        ("cancel", None) => cancel(model),
        _ => Err("write join, improve or place with buy or sell, or move, or cancel".into()),
    }
}

/// The best price of the own side.
fn join(model: &Model, side: Side) -> Result<Price, Text> {
    let (bid, ask) = market(model);
    match side {
        Side::Buy => bid.ok_or_else(|| "there is no bid to join".into()),
        Side::Sell => ask.ok_or_else(|| "there is no ask to join".into()),
    }
}

/// A tick better than that, if the other side is further off.
fn improve(model: &Model, side: Side) -> Result<Price, Text> {
    let best = join(model, side)?;
    let rungs = tick(model).and_then(|tick| Rungs::new(tick, 1)).ok_or_else(no_place)?;
    let better = match side {
        Side::Buy => rungs.below(best).and_then(|n| rungs.price(n.checked_add(1)?)),
        Side::Sell => rungs.above(best).and_then(|n| rungs.price(n.checked_sub(1)?)),
    };
    let better = better.ok_or_else(no_place)?;
    let (bid, ask) = market(model);
    let takes = match side {
        Side::Buy => ask.is_some_and(|ask| better >= ask),
        Side::Sell => bid.is_some_and(|bid| better <= bid),
    };
    if takes {
        Err("the spread is one tick: a better price would take from the other side".into())
    } else {
        Ok(better)
    }
}

/// The ticket with a limit order at that price; the size is that of the last ticket of this symbol.
fn open(model: &mut Model, side: Side, price: Price) -> Result<Vec<Cmd>, Text> {
    trade::free_ticket(model)?;
    let instrument = model.instrument.clone().ok_or("select a symbol first")?;
    let last = &model.ticket;
    let same = last.purpose == Purpose::New && last.home.as_ref() == Some(&instrument);
    let size = if same { last.text(Field::Size).to_owned() } else { model.settings.size.clone() };
    let symbol = instrument.symbol.to_string();
    let mut ticket = Ticket {
        side: TicketSide(side),
        kind: TicketKind(OrderKind::Limit),
        home: Some(instrument),
        ..Ticket::default()
    };
    ticket.put(Field::Symbol, &symbol);
    ticket.put(Field::Size, &size);
    ticket.put(Field::Limit, &price.to_string());
    trade::show_ticket(model, ticket, Field::Size);
    Ok(Vec::new())
}

/// The order that was taken, else the only one at the cursor.
fn held(model: &Model) -> Result<OrderRow, Text> {
    let taken = model.ladder.taken.as_ref();
    if let Some((order, _)) = own(model).find(|(o, _)| Some(&o.id.client) == taken) {
        return Ok(order.clone());
    }
    Err("take an order first: Space at its price, or `n` for the next one".into())
}

/// Opens the change of the order that was taken, with the price at the cursor.
fn change(model: &mut Model) -> Result<(), Text> {
    trade::free_ticket(model)?;
    let order = held(model)?;
    let price = cursor(model)?;
    let (rungs, _) = stand(model).ok_or_else(no_place)?;
    if waits_at(&order).and_then(|p| rungs.below(p)) == rungs.below(price) {
        return Err("the order stands there already: move the cursor first".into());
    }
    let field = match order.order_type {
        OrderType::Limit { .. } => Field::Limit,
        OrderType::Stop { .. } | OrderType::StopLimit { .. } => Field::Trigger,
        OrderType::Market | OrderType::TrailingStop { .. } => {
            return Err("a trailing stop follows the market by itself; `modify` changes its distance".into());
        }
    };
    let mut ticket = Ticket::of_order(&order).ok_or("an order given in money can't be changed; cancel it")?;
    ticket.put(field, &price.to_string());
    // The other price of a stop-limit stays what it was: it is the one to look at.
    let two = matches!(order.order_type, OrderType::StopLimit { .. });
    trade::show_ticket(model, ticket, if two { Field::Limit } else { field });
    Ok(())
}

/// Cancels the own order at the cursor.
fn cancel(model: &mut Model) -> Result<Vec<Cmd>, Text> {
    let here = own_at(model, cursor(model)?);
    let taken = here.iter().find(|o| Some(&o.id.client) == model.ladder.taken.as_ref());
    let order = match (taken, here.as_slice()) {
        (Some(order), _) | (None, [order]) => order,
        (None, []) => return Err("no order of yours stands there".into()),
        (None, many) => {
            let text = format!("{} orders of yours stand there: take one with Space first", many.len());
            return Err(Text::clean(&text));
        }
    };
    let id = order.id.clone();
    Ok(trade::run(model, Command::Cancel { target: CancelTarget::Order(id.client), venue: Some(id.venue) }))
}
