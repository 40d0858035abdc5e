//! The engine against model venues on a model network, with virtual clocks and a model disk: requests are lost before
//! and after they are done, answers come late, twice and out of order, streams flap and stall, pictures lag behind
//! what happened, the process dies between the journal and the socket. After every step the invariants hold (see
//! `invariants.rs`); after everything has healed book and venues agree, and a flatten gets out.
//!
//! `cargo test` lives some dozens of seeds. Thousands:
//!
//! ```text
//! SIM_SEEDS=0..2500 cargo test --profile sim --test it simulation::thousands -- --ignored --nocapture
//! SIM_SEEDS=100000..100500 …                                     # with a trader who asks for what is held here
//! SIM_SEED=17 cargo test --profile sim --test it simulation::thousands -- --ignored --nocapture   # one, with its log
//! ```
//!
//! A seed that fails is mended at the root and kept in `found.rs` under the name of what it found.

mod found;
mod heal;
mod invariants;
mod network;
mod trader;
mod venue;
mod week;
mod world;

use world::World;

/// For so long a trader acts in bad weather.
const ACTING_MS: u64 = 45_000;

/// Lives one seed; what went wrong, with the log if it is asked for.
fn live(seed: u64, log: bool) -> Result<(), String> {
    let mut world = World::new(seed, None);
    world.keeps_log = log;
    heal::live(&mut world, ACTING_MS).map_err(|why| format!("seed {seed}: {why}\n{}", world.log.join("\n")))
}

#[test]
fn whatever_happens_the_invariants_hold_and_everything_agrees_in_the_end() {
    for seed in (0..20).chain(world::HOLDS_FROM..world::HOLDS_FROM + 12) {
        if let Err(why) = live(seed, false) {
            panic!("{why}");
        }
    }
}

/// `SIM_SEEDS=from..to` on two threads, or `SIM_SEED=n` with its log.
#[test]
#[ignore = "thousands of seeds, for the checks of a change"]
fn thousands() {
    if let Some(seed) = std::env::var("SIM_SEED").ok().and_then(|n| n.parse().ok()) {
        if let Err(why) = live(seed, true) {
            panic!("{why}");
        }
        return;
    }
    let seeds = std::env::var("SIM_SEEDS").unwrap_or_else(|_| "0..200".to_owned());
    let (from, to) = seeds.split_once("..").expect("SIM_SEEDS=from..to");
    let (from, to): (u64, u64) = (from.parse().unwrap(), to.parse().unwrap());
    let lives = |odd: u64| {
        let mine = (from..to).filter(move |seed| seed % 2 == odd);
        mine.filter_map(|seed| {
            let lived = std::panic::catch_unwind(|| live(seed, false));
            lived.unwrap_or_else(|_| Err(format!("seed {seed}: it panicked"))).err()
        })
        .collect::<Vec<String>>()
    };
    let failed: Vec<String> = std::thread::scope(|scope| {
        let threads = [scope.spawn(move || lives(0)), scope.spawn(move || lives(1))];
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{} of {} seeds failed:\n{}", failed.len(), to - from, failed.join("\n"));
}
