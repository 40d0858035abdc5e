//! The life of an order as one total table: for each state and each thing that can happen, what follows.
//!
//! An order that opens risk is sent at most once. What is not known is [`OrderState::Unknown`]; it counts
//! as exposure at its worst and leaves that state by the venue's word or the trader's, never by the clock.

use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Durable in the journal; nothing has left the process.
    Intended,
    /// Handed to the transport, no answer yet.
    Sending,
    /// Sent, or perhaps sent, and no answer settles what became of it.
    Unknown,
    /// The venue says again and again that it has no such order: NOT AT VENUE (unconfirmed).
    Absent,
    /// The venue has it but it can't fill yet (`accepted`, `pending_new`).
    Accepted,
    /// A child that waits for its parent.
    Held,
    /// Can fill.
    Working,
    /// A cancel is asked; it can still fill.
    PendingCancel,
    /// A replacement is asked; it can still fill.
    PendingReplace,
    /// The venue keeps it for the next session.
    DoneForDay,
    /// The venue stopped it from trading; it may come back.
    Suspended,
    /// A status word that this version does not know: open risk until the venue says otherwise.
    Unrecognised,
    /// All of it.
    Filled,
    /// Ended by request, perhaps filled in part.
    Cancelled,
    /// Ended by time.
    Expired,
    /// Ended by the venue's refusal.
    Rejected,
    /// Another order took its place.
    Replaced,
    /// It never left: definitive, local.
    NotSent,
    /// Declared dead by a person, with a reason in the journal.
    Abandoned,
}

/// What can happen to an order, without its particulars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderEvent {
    /// Handed to the transport.
    Sent,
    /// The transport proved that nothing left.
    NotSent,
    /// Something may have left and no usable answer came.
    Unanswered,
    /// The venue has it, it can't fill yet.
    Accepted,
    /// The venue holds it for its parent.
    Held,
    /// The venue works it.
    Working,
    /// An execution that leaves something open.
    FilledInPart,
    /// The execution that completes it.
    FilledWhole,
    /// We asked for a cancel, or the venue says one is pending.
    CancelAsked,
    /// The cancel was refused.
    CancelRefused,
    /// Cancelled.
    Cancelled,
    /// We asked for a replacement, or the venue says one is pending.
    ReplaceAsked,
    /// The replacement was refused.
    ReplaceRefused,
    /// Replaced by another order.
    Replaced,
    /// Changed in place, still the same order.
    Amended,
    /// Expired.
    Expired,
    /// Rejected.
    Rejected,
    /// Done for the day.
    DoneForDay,
    /// Suspended.
    Suspended,
    /// A status word that nobody here knows.
    Unrecognised,
    /// Enough queries over enough time say that the venue has no such order.
    FoundAbsent,
    /// A person declares it dead.
    Abandoned,
}

/// What follows from an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    /// The order is now in this state (perhaps the same one).
    Next(OrderState),
    /// As `Next`, but after the order had ended or was thought absent: true, and worth an alert.
    Late(OrderState),
    /// Old news: nothing changes.
    Stale,
    /// Can't be: nothing changes, and an alert says so.
    Impossible,
}

impl OrderState {
    /// Every state.
    pub const ALL: [Self; 19] = [
        Self::Intended,
        Self::Sending,
        Self::Unknown,
        Self::Absent,
        Self::Accepted,
        Self::Held,
        Self::Working,
        Self::PendingCancel,
        Self::PendingReplace,
        Self::DoneForDay,
        Self::Suspended,
        Self::Unrecognised,
        Self::Filled,
        Self::Cancelled,
        Self::Expired,
        Self::Rejected,
        Self::Replaced,
        Self::NotSent,
        Self::Abandoned,
    ];
    /// Has it ended? Late fills can still come.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Filled
                | Self::Cancelled
                | Self::Expired
                | Self::Rejected
                | Self::Replaced
                | Self::NotSent
                | Self::Abandoned
        )
    }
    /// Could it still fill, as far as anybody here knows? Everything that is not final could.
    pub const fn is_open(self) -> bool {
        !self.is_final()
    }
    /// Is what became of it not known?
    pub const fn is_uncertain(self) -> bool {
        matches!(self, Self::Sending | Self::Unknown | Self::Absent)
    }
    /// `working`, `UNKNOWN`, … as the screen shows it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Sending => "sending",
            Self::Unknown => "UNKNOWN",
            Self::Absent => "NOT AT VENUE",
            Self::Accepted => "accepted",
            Self::Held => "held",
            Self::Working => "working",
            Self::PendingCancel => "cancelling",
            Self::PendingReplace => "replacing",
            Self::DoneForDay => "done for day",
            Self::Suspended => "suspended",
            Self::Unrecognised => "UNRECOGNISED",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Replaced => "replaced",
            Self::NotSent => "not sent",
            Self::Abandoned => "abandoned",
        }
    }
}
