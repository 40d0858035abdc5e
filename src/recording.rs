//! Recorded sessions: the snapshots that were shown, one after the other, in a file that is only ever added to. What is
//! written, when, how it is found again and how it is played; nothing here waits or knows the time.

mod film;
mod format;
mod pace;
mod player;
mod read;
mod reel;
mod shelf;
mod write;

pub use film::{Film, Found};
pub use format::{EXTENSION, FORMAT, Header};
pub use pace::{Pace, Pressing};
pub use player::{MAX_FRAMES, Player, Timeline};
pub use read::{Recording, RecordingError, Wound};
pub use reel::{Reel, others};
pub use shelf::{Entry, Keep, Shelf, surplus};
pub use write::Writer;

#[cfg(test)]
mod tests;
