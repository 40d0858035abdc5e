//! The shell around the core: wires the rooms together, and is the only one that waits.

mod accounts;
mod algorithms;
pub mod archive;
pub mod attach;
pub mod client;
mod cloud;
mod core;
pub mod deck;
mod elsewhere;
mod embedded;
pub mod frames;
mod gateway;
mod hands;
pub mod headless;
pub mod host;
mod lanes;
pub mod notifier;
pub mod paper;
pub mod process;
mod pump;
pub mod quality;
mod recorder;
pub mod rehearsal;
pub mod replay;
pub mod screen;
mod serve;
pub mod settings;
mod themes;
mod timers;

pub use attach::{AttachError, Attachment};
pub use client::Client;
pub use deck::Deck;
pub use embedded::mistakes_of_scripts;
pub use host::{Host, Opening, Role, paper_dir};
pub use lanes::Desk;
pub use replay::Replay;

use crate::{adapters::registry, config::VenueKind, domain::capability::Capability};

/// What a kind of venue can do; `None` while this version can't trade there.
pub fn capability(kind: VenueKind) -> Option<Capability> {
    registry::row(kind).map(|row| (row.capability)())
}

/// Does this kind of venue take a key? Else a person logs in to the program that it is reached through.
pub fn takes_key(kind: VenueKind) -> bool {
    registry::row(kind).is_none_or(|row| row.takes_key)
}
