//! A front end's engine: the one of this process, or one that it is attached to.

use super::{
    attach::{Attachment, Tie},
    host::Host,
    lanes::Desk,
    replay::Replay,
};
use crate::{
    clock::Clock,
    desk::protocol::Grant,
    domain::{ids::VenueId, text::Text},
};
use std::sync::Arc;

/// Where a front end's engine is.
#[derive(Debug)]
pub enum Deck {
    /// Here.
    Own(Host),
    /// In another process.
    Attached(Attachment),
    /// Nowhere: a recorded session is played.
    Replay(Replay),
}

impl Deck {
    /// The way to it.
    pub const fn desk(&self) -> &Desk {
        match self {
            Self::Own(host) => &host.desk,
            Self::Attached(attachment) => &attachment.desk,
            Self::Replay(replay) => &replay.desk,
        }
    }

    /// The way to it.
    pub const fn desk_mut(&mut self) -> &mut Desk {
        match self {
            Self::Own(host) => &mut host.desk,
            Self::Attached(attachment) => &mut attachment.desk,
            Self::Replay(replay) => &mut replay.desk,
        }
    }

    /// Its time.
    pub fn clock(&self) -> Arc<dyn Clock> {
        match self {
            Self::Own(host) => Arc::clone(&host.clock),
            Self::Attached(attachment) => Arc::clone(&attachment.clock),
            Self::Replay(replay) => Arc::clone(&replay.clock),
        }
    }

    /// Paper venues that make faults on purpose, with a sentence about each.
    pub fn faults(&self) -> &[(VenueId, Text)] {
        match self {
            Self::Own(host) => &host.faults,
            Self::Attached(attachment) => &attachment.faults,
            Self::Replay(_) => &[],
        }
    }

    /// Which process it is in, where that is another one, and what this front end may have done there.
    pub const fn elsewhere(&self) -> Option<(u32, Grant)> {
        match self {
            Self::Own(_) | Self::Replay(_) => None,
            Self::Attached(attachment) => Some((attachment.pid, attachment.grant)),
        }
    }

    /// Why nothing more comes from it.
    pub fn farewell(&self) -> Text {
        let stays = "orders and positions are as the venue has them";
        let why = match self {
            Self::Own(_) => format!("the engine has stopped; {stays}"),
            Self::Replay(_) => "the player has stopped".to_owned(),
            Self::Attached(attachment) => match &*attachment.tie.borrow() {
                Tie::Holds | Tie::Ended => format!("the engine has ended; {stays}"),
                Tie::Broken(why) => format!("the engine is gone ({why}); {stays}"),
            },
        };
        Text::clean(&why)
    }
}
