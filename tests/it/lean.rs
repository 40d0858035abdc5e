//! LEAN, watched and asked as it runs: a stand-in of its engine writes, streams and polls.

mod asked;
mod cli;
mod desk;
pub mod engine;
mod idle;
mod replayed;
mod streamed;

use smol_str::SmolStr;
use std::{path::Path, sync::Arc, time::Duration};
use tokio::sync::watch;
use tradedeck::{
    algos::{
        Source as _,
        lean::{
            Lean,
            settings::{Commands, Settings, Timing},
        },
    },
    clock::System,
    domain::algorithm::{Observation, Sighting},
};

/// The usual times, made short.
pub fn quick() -> Timing {
    Timing {
        settle: Duration::from_millis(20),
        retry: Duration::from_millis(10),
        poll: Duration::from_millis(250),
        answer: Duration::from_millis(2_500),
        grace: Duration::from_millis(500),
        ask: Duration::from_millis(20),
        ask_container: Duration::from_millis(50),
        ..Timing::default()
    }
}

pub fn lean(results: &Path, commands: Commands) -> Lean {
    let settings = Settings { results: results.to_owned(), commands, stream: None };
    Lean::new(SmolStr::new("mine"), settings, Arc::new(System::start())).unwrap().with_timing(quick())
}

/// Watches until `done` says so, or for too long.
pub async fn until(lean: &Lean, mut done: impl FnMut(&Sighting) -> bool) -> Option<Arc<Observation>> {
    let (told, mut seen) = watch::channel(Sighting::Waiting);
    let wait = async {
        loop {
            seen.changed().await.unwrap();
            let sighting = seen.borrow_and_update().clone();
            if done(&sighting) {
                return match sighting {
                    Sighting::Seen(observation) => Some(observation),
                    Sighting::Waiting | Sighting::Lost { .. } => None,
                };
            }
        }
    };
    tokio::select! {
        () = lean.watch(told) => panic!("nobody watches"),
        seen = tokio::time::timeout(Duration::from_secs(30), wait) => seen.expect("it is never seen"),
    }
}
