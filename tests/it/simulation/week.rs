//! M6: a week in virtual time. What the engine remembers does not grow without bound: ended orders go after longer than
//! any venue tells an execution again, and everything that is kept for an order goes with it.

use super::{network::Weather, world::World};

const HOUR_MS: u64 = 3_600_000;

/// All that the engine holds, as long as it is when written down: whatever it is kept in, growth shows here.
fn size(world: &World) -> usize {
    format!("{:?}", world.engine).len()
}

/// Half a day of a trader who opens and closes, changes and cancels.
fn half_a_day(world: &mut World) {
    for _ in 0..12 {
        for line in
            ["buy AAPL 5 @alfa", "buy MSFT 3 limit 95 @alfa", "buy NVDA 2 @beta", "buy BTC/USD 0.5 @coin"]
        {
            world.command(line);
            world.pass(60_000);
        }
        world.command("cancel all");
        for line in ["close AAPL @alfa", "close NVDA", "close BTC/USD"] {
            world.command(line);
            world.pass(60_000);
        }
        world.pass(HOUR_MS - 7 * 60_000);
        assert_eq!(world.judge.broken, None);
    }
}

#[test]
#[ignore = "a week of seconds, for the checks of a change"]
fn a_week_leaves_no_more_behind_than_two_days_and_a_half() {
    let mut world = World::new(1, Some(Weather::CALM));
    world.slow_market();
    world.pass(10_000);
    let mut sizes = Vec::new();
    for _ in 0..14 {
        half_a_day(&mut world);
        sizes.push(size(&world));
    }
    let (settled, end) = (sizes[5], sizes[13]);
    assert!(world.engine.book().fills().count() > 100, "there was something to keep");
    assert!(end < settled + settled / 10, "it grows: {sizes:?}");
}
