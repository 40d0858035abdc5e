//! The speed goals: `cargo bench` measures each against its yardstick in the same run and prints one row a goal.
//! What counts is the ratio of the two; times of a shared machine mean little. `cargo bench -- 6 7` measures goals
//! 6 and 7 alone.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, divides times, and ends where something is not as it must be"
)]

mod attach;
mod decisions;
mod decoding;
mod desk;
mod exit;
mod feed;
mod frames;
mod journal;
mod keys;
mod memory;
#[expect(dead_code, reason = "the example wants other parts of it")]
mod quotes;
#[path = "../../tests/fixtures/screen/scenes.rs"]
#[expect(dead_code, reason = "the golden tests show more scenes")]
mod scenes;
mod start;
mod table;
mod timing;
mod wire;

use std::io::Write as _;

/// A group of goals that are measured together.
type Group = (&'static [u8], fn() -> Vec<table::Row>);

const GROUPS: [Group; 12] = [
    (&[1], wire::parse_and_apply),
    (&[2], decoding::exact_decimals),
    (&[3], feed::websocket_to_state),
    (&[6, 7, 8], frames::frames),
    (&[10, 11], keys::key_to_order),
    (&[12], decisions::checks_and_step),
    (&[13], start::first_frame),
    (&[14], memory::resident),
    (&[15], exit::limited),
    (&[15], exit::own_time),
    (&[16], journal::appends),
    (&[17], attach::attaching),
];

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = args.iter().position(|a| a == memory::CHILD) {
        return memory::child(&args[at + 1..]);
    }
    if let Some(at) = args.iter().position(|a| a == keys::CHILD) {
        return keys::child(&args[at + 1]);
    }
    let wanted: Vec<u8> = args.iter().filter_map(|a| a.parse().ok()).collect();
    let mut out = std::io::stdout().lock();
    table::head(&mut out)?;
    let mut missed = 0_usize;
    for (goals, measure) in GROUPS {
        if wanted.is_empty() || goals.iter().any(|g| wanted.contains(g)) {
            for row in measure() {
                row.print(&mut out)?;
                missed += usize::from(!row.is_reached());
            }
        }
    }
    match missed {
        0 => writeln!(out, "all reached"),
        n => writeln!(out, "{n} missed"),
    }
}
