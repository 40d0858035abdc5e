//! How a channel of notifications does.

use super::{text::Text, time::Stamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Does it deliver?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Nothing was sent yet.
    Ready,
    /// The last message was delivered.
    Up,
    /// The last message was not.
    Failing,
    /// It can't be used in this run: a password that is not there, an address that is none.
    Off,
}

impl DeliveryState {
    /// As the screen and the shell write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Up => "up",
            Self::Failing => "failing",
            Self::Off => "off",
        }
    }
    /// Would a message be delivered, as far as is known?
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Ready | Self::Up)
    }
}

/// A channel, with its counts since the program began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its name in the configuration.
    pub channel: SmolStr,
    /// Its kind: `email`, `slack`, …
    pub kind: SmolStr,
    /// The user asked for it. What is there by itself and does not work is nothing to be alarmed about.
    pub wanted: bool,
    /// Does it deliver?
    pub state: DeliveryState,
    /// Messages that were delivered.
    pub delivered: u64,
    /// Messages that were not, after all tries.
    pub failed: u64,
    /// Messages that found no room while it was slow.
    pub lost: u64,
    /// When a message was last delivered.
    pub last_delivered: Option<Stamp>,
    /// Why the last one was not; without anything secret.
    pub error: Option<Text>,
}
