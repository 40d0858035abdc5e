//! The script of a trader who does everything, often at the wrong moment.

use super::world::World;
use tradedeck::domain::{ids::ClientId, order::OrderType};

/// One thing that a trader does now.
pub(super) fn act(world: &mut World) {
    if world.holds && world.rng.u32(0..4) == 0 {
        let line = held(world);
        return world.command(&line);
    }
    let line = match world.rng.u32(0..100) {
        0..=27 => entry(world),
        28..=33 => bracket(world),
        34..=41 => change(world),
        42..=46 => cancel(world),
        47..=58 => close(world),
        59..=61 => pick(
            world,
            &["reverse AAPL @alfa", "reverse AAPL @beta", "reverse MSFT @alfa", "reverse NVDA @beta"],
        ),
        62..=65 => pick(
            world,
            &[
                "protect AAPL stop 97 target 103 @alfa",
                "protect AAPL stop 98 @beta",
                "protect MSFT stop 97 @alfa",
            ],
        ),
        66..=77 => pick(
            world,
            &[
                "flatten",
                "flatten",
                "flatten @alfa",
                "flatten @beta",
                "flatten @coin",
                "flatten AAPL",
                "flatten longs",
                "flatten shorts @alfa",
                "flatten half",
                "flatten AAPL half @alfa",
                "flatten losers",
            ],
        ),
        78 => "halt".to_owned(),
        79 => "lock lunch".to_owned(),
        80 => return world.resync(),
        _ => "unlock looked at it".to_owned(),
    };
    world.command(&line);
}

/// What a venue lacks, and what becomes of it.
fn held(world: &mut World) -> String {
    let held: Vec<(ClientId, OrderType)> =
        world.engine.book().held_here().map(|h| (h.id.client.clone(), h.order.kind.order_type())).collect();
    if !held.is_empty() && world.rng.u32(0..4) == 0 {
        let (client, order_type) = held[world.rng.usize(..held.len())].clone();
        let at = world.rng.u32(9_700..10_300);
        let price = format!("{}.{:02}", at / 100, at % 100);
        return match order_type {
            OrderType::Limit { .. } if world.rng.bool() => format!("replace #{client} limit {price}"),
            OrderType::Stop { .. } if world.rng.bool() => format!("replace #{client} stop {price}"),
            OrderType::Limit { .. }
            | OrderType::Stop { .. }
            | OrderType::Market
            | OrderType::StopLimit { .. }
            | OrderType::TrailingStop { .. } => format!("cancel #{client}"),
        };
    }
    pick(
        world,
        &[
            "buy BTC/USD 0.3 stop 99.50 target 100.50 @coin",
            "buy BTC/USD 0.8 stop 99 target 100.40 for 50% target 100.80 for 25% target 102 @coin",
            "buy BTC/USD 0.4 limit 99.80 stop 99 target 101 @coin",
            "protect BTC/USD stop 99.60 target 100.60 @coin",
            "buy AAPL 8 stop 99.40 target 100.30 for 50% target 101 @alfa",
            "buy MSFT 6 target 100.40 for half stop 98 @alfa",
            "buy NVDA 4 stop 99.50 target 100.50 @beta",
            "protect NVDA stop 99.60 target 100.50 @beta",
            "protect AAPL stop 99.60 target 100.50 @beta",
            "buy AAPL 9 limit 100.50 show 3 @alfa",
            "buy NVDA 7 limit 100.20 show 2 @beta",
            "sell NVDA 6 limit 99.80 show 2 @beta",
            "buy BTC/USD 0.9 limit 100.50 show 0.2 @coin",
        ],
    )
}

fn pick(world: &mut World, lines: &[&str]) -> String {
    let n = world.rng.usize(..lines.len());
    lines[n].to_owned()
}

fn entry(world: &mut World) -> String {
    let side = if world.rng.u32(0..3) == 0 { "sell" } else { "buy" };
    let n = world.rng.u32(1..9);
    let line = match world.rng.u32(0..6) {
        0 | 1 => format!("{side} AAPL {n} @alfa"),
        2 => format!("{side} MSFT {n} @alfa"),
        3 => format!("{side} AAPL {n} @beta"),
        4 => format!("{side} NVDA {n} @beta"),
        _ => format!("{side} BTC/USD 0.{n} @coin"),
    };
    match world.rng.u32(0..4) {
        0 => {
            let at = world.rng.u32(9_850..10_150);
            line.replace(" @", &format!(" limit {}.{:02} @", at / 100, at % 100))
        }
        _ => line,
    }
}

fn bracket(world: &mut World) -> String {
    let n = world.rng.u32(1..9);
    let symbol = if world.rng.bool() { "AAPL" } else { "MSFT" };
    match world.rng.u32(0..3) {
        0 => format!("buy {symbol} {n} target 101.50 stop 98.50 @alfa"),
        1 => format!("buy {symbol} {n} limit 99.80 target 103 stop 97 @alfa"),
        _ => format!("sell {symbol} {n} target 98.50 stop 101.50 @alfa"),
    }
}

fn change(world: &mut World) -> String {
    let open: Vec<(ClientId, OrderType)> =
        world.engine.book().open_orders().map(|o| (o.id.client.clone(), o.spec.order_type)).collect();
    if open.is_empty() {
        return "buy AAPL 2 limit 98 @alfa".to_owned();
    }
    let (client, order_type) = open[world.rng.usize(..open.len())].clone();
    let at = world.rng.u32(9_700..10_300);
    let price = format!("{}.{:02}", at / 100, at % 100);
    match order_type {
        OrderType::Limit { .. } if world.rng.bool() => format!("replace #{client} limit {price}"),
        OrderType::Stop { .. } => format!("replace #{client} stop {price}"),
        OrderType::Limit { .. }
        | OrderType::Market
        | OrderType::StopLimit { .. }
        | OrderType::TrailingStop { .. } => format!("replace #{client} qty {}", world.rng.u32(1..9)),
    }
}

fn cancel(world: &mut World) -> String {
    let open: Vec<ClientId> = world.engine.book().open_orders().map(|o| o.id.client.clone()).collect();
    match world.rng.u32(0..4) {
        0 => "cancel all".to_owned(),
        1 => "cancel AAPL @alfa".to_owned(),
        _ if open.is_empty() => "cancel buys".to_owned(),
        _ => format!("cancel #{}", open[world.rng.usize(..open.len())]),
    }
}

fn close(world: &mut World) -> String {
    let what = pick(world, &["AAPL", "AAPL", "MSFT", "NVDA", "BTC/USD"]);
    let share = pick(world, &["", "", " 50%", " 2", " half"]);
    let venue = match what.as_str() {
        "AAPL" => pick(world, &["", " @alfa", " @beta"]),
        _ => String::new(),
    };
    format!("close {what}{share}{venue}")
}
