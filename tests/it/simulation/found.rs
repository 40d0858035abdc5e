//! What seeds have found, each by its name.

use super::{heal, network::Weather, world::World};
use tradedeck::domain::{
    fact::Fact,
    lifecycle::{OrderEvent, OrderState},
    order::Origin,
};

/// A calm world in which nothing happens by chance but prices.
fn calm() -> World {
    let mut world = World::new(1, Some(Weather::CALM));
    world.pass(3_000);
    world
}

/// A change that was taken (200, 202) and is then refused on the stream: the order that was to take its place does not
/// stay intended for ever.
#[test]
fn a_change_that_is_refused_after_it_was_taken_leaves_nothing_behind() {
    let mut refused = 0;
    for seed in 0..12 {
        let mut world = World::new(seed, Some(Weather::CALM));
        world.pass(3_000);
        world.command("buy AAPL 2 limit 95 @alfa");
        world.pass(1_000);
        let book = world.engine.book();
        let old = book.open_orders().next().expect("an order works").id.clone();
        world.command(&format!("replace #{} limit 96", old.client));
        world.pass(30_000);
        let book = world.engine.book();
        assert_eq!(book.uncertain_orders().count(), 0, "seed {seed}: {:?}", book.uncertain_orders().next());
        let row = book.order(&old).unwrap();
        let was_refused = heal::count(
            &world.journal,
            |f| matches!(f, Fact::Order(o) if o.event == OrderEvent::ReplaceRefused),
        ) > 0;
        if was_refused {
            refused += 1;
            assert_eq!(row.state, OrderState::Working, "seed {seed}");
            let new = book.orders().find(|o| o.replaces.as_ref() == Some(&old.client)).unwrap();
            assert_eq!(new.state, OrderState::Abandoned, "seed {seed}");
        } else {
            assert_eq!(row.state, OrderState::Replaced, "seed {seed}");
        }
    }
    assert!(refused > 0, "some were refused");
}

/// C9: the fee of a coin is taken in the coin. After a restart the book knows it again, and gets out of what is there.
#[test]
fn a_coin_that_was_bought_in_an_earlier_run_is_as_much_as_the_wallet_has() {
    let mut world = calm();
    world.command("buy BTC/USD 0.5 @coin");
    world.pass(5_000);
    world.restart("on purpose");
    world.pass(10_000);
    let corrected = heal::count(
        &world.journal,
        |f| matches!(f, Fact::Alerted(a) if a.code == tradedeck::domain::alert::AlertCode::PositionMismatch),
    );
    assert_eq!(corrected, 0, "nothing had to be set to what the venue says");
    let held = world.held().into_iter().find(|(i, _)| i.venue.as_str() == "coin").unwrap();
    assert_eq!(world.engine.book().position(&held.0).unwrap().qty.get(), held.1);
    assert!(held.1.to_string().starts_with("0.49875"), "{held:?}");
}

/// B8: pictures that lag, and nothing else goes wrong: no close is sent for what is closed already.
#[test]
fn pictures_that_lag_undo_no_fill() {
    let lags = Weather { lags: 90, lag_ms: 4_000, ..Weather::CALM };
    for seed in 0..6 {
        let mut world = World::new(seed, Some(lags));
        world.pass(4_000);
        for line in ["buy AAPL 5 @alfa", "buy AAPL 5 @beta", "buy MSFT 3 @alfa"] {
            world.command(line);
            world.pass(1_500);
        }
        world.command("flatten");
        world.pass(60_000);
        assert_eq!(world.judge.broken, None, "seed {seed}");
        assert!(world.held().iter().all(|(_, q)| q.is_zero()), "seed {seed}: {:?}", world.held());
        let closes =
            heal::count(&world.journal, |f| matches!(f, Fact::Intended(i) if i.origin == Origin::Exit));
        assert_eq!(closes, 3, "seed {seed}: one for each position");
        assert_eq!(world.engine.book().open_exits().count(), 0, "seed {seed}: it ends");
    }
}

/// H5, seed 9: after a restart a reduction of the trader's own left before the venue had proven whose account it is.
#[test]
fn no_reduction_leaves_before_the_venue_has_proven_itself() {
    let mut world = calm();
    world.command("buy AAPL 5 @alfa");
    world.pass(3_000);
    world.restart("on purpose");
    world.command("sell AAPL 2 @alfa");
    world.pass(5_000);
    assert_eq!(world.judge.broken, None);
    let held = |world: &World| world.held().iter().map(|(_, q)| q.to_string()).collect::<Vec<_>>();
    assert_eq!(held(&world), ["5"]);
    world.command("sell AAPL 2 @alfa");
    world.pass(3_000);
    assert_eq!(held(&world), ["3"], "proven, it goes");
}

/// Seed 2138: a coin's fee was told after its inferred fill and after all of it was sold; the exit bought dust for a
/// position below nothing that the venue did not know of.
#[test]
fn a_fee_that_comes_last_leaves_nothing_to_close() {
    super::live(2_138, false).unwrap();
}

/// Seed 1896: a full disk had no record of a close that was still on its way when its run died; nobody can know of it,
/// and the judge holds nobody to it.
#[test]
fn a_close_that_the_disk_never_had_is_not_held_against_a_later_run() {
    super::live(1_896, false).unwrap();
}

/// A fill was inferred, the venue said how much is there, and only then came the fill's own record with the fee that was
/// taken in the coin: taken off once more it left less than nothing, and an exit bought that back.
#[test]
fn a_fee_that_the_venues_word_has_in_it_is_not_taken_off_again() {
    for seed in [101_393, 101_881, 103_667] {
        super::live(seed, false).unwrap();
    }
}
