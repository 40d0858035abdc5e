//! What a person is told outside the screen, before anybody has said by which channel.

use super::{alert::Alert, ids::AccountId, summary::Summary};
use smol_str::SmolStr;

/// An alert or a day's summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Something that happened.
    Alert(Alert),
    /// How a day went at a venue.
    Summary(Box<Summary>),
}

/// What is told, with what a channel may or may not repeat of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What.
    pub what: What,
    /// The number of the account that it is about.
    pub account: Option<AccountId>,
    /// The numbers of all accounts that are known: a channel that is not to tell them has to know them.
    pub accounts: Vec<AccountId>,
    /// The channel that this is about: what it can't deliver is not told through it.
    pub past: Option<SmolStr>,
}
