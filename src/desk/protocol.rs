//! What a front end in another process and the engine say to each other. A greeting each way, a line of JSON that
//! every version can read; then messages, each a length of four bytes (little end first) and so many bytes of postcard:
//! the serde form of this room, without names. Both ends are of one version, so nothing needs to say what it is, and a
//! screen with thousands of orders is there in a blink.

use super::{Envelope, Receipt, update::Update};
use crate::domain::text::Text;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The version of what follows the greetings. It is raised with every change of a type that a message can hold.
pub const VERSION: u32 = 2;
/// A message beyond this many bytes is not believed.
pub const MESSAGE_MAX: u32 = 64 << 20;
/// A greeting beyond this many bytes is none.
pub const GREETING_MAX: usize = 4_096;

/// What the front end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A dashboard.
    Screen,
    /// A command of the shell.
    Shell,
}

/// The front end's greeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Its [`VERSION`].
    pub tradedeck: u32,
    /// Its program's version.
    pub program: SmolStr,
    /// What it is.
    pub kind: Kind,
    /// It only wants to look.
    #[serde(default)]
    pub looks: bool,
    /// For live accounts: the last four characters of the account, as typed.
    #[serde(default)]
    pub live: Option<SmolStr>,
}

/// What a front end may have done, from nothing to everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// Nothing: it looks.
    Looks,
    /// Cancels, closes, locks and exits: the accounts are live and it has not said which it means.
    Exits,
    /// Everything.
    All,
}

/// The engine's greeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The engine's [`VERSION`].
    pub tradedeck: u32,
    /// Its program's version.
    pub program: SmolStr,
    /// Its process.
    pub pid: u32,
    /// What may be had done.
    pub grant: Grant,
    /// Why nothing follows, in one sentence.
    #[serde(default)]
    pub refused: Option<Text>,
    /// Paper venues that make faults on purpose, with a sentence about each.
    #[serde(default)]
    pub faults: Vec<(crate::domain::ids::VenueId, Text)>,
}

/// What a front end says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Up {
    /// It asks.
    Ask(Envelope),
    /// The engine is to end in order, and with it all of its front ends.
    End,
}

/// What the engine says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Down {
    /// What is new since the last update on this connection. The first is from an empty snapshot.
    Update(Update),
    /// An answer.
    Receipt(Receipt),
    /// The engine ends in order.
    Ended,
}
