//! The shell around the core: wires the rooms together, and is the only one that waits.

pub mod client;
mod elsewhere;
mod embedded;
mod gateway;
pub mod host;
mod lanes;
pub mod paper;
pub mod process;
mod pump;
pub mod rehearsal;
pub mod screen;
pub mod settings;
mod themes;
mod timers;
mod venues;

pub use client::Client;
pub use embedded::mistakes_of_scripts;
pub use host::{Host, Opening, Role, paper_dir};
pub use lanes::Desk;
pub use venues::capability;
