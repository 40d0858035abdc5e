//! The life of an order as one total table: for each state and each thing that can happen, what follows.
//!
//! An order that opens risk is sent at most once. What is not known is [`OrderState::Unknown`]; it counts
//! as exposure at its worst and leaves that state by the venue's word or the trader's, never by the clock.
//!
//! The table in words ([`next`]):
//!
//! - **A fill is always true.** It counts under every state; where the order had ended or was thought absent it
//!   is late. Fills come before acknowledgements, under a pending cancel or replacement, after a cancel.
//! - **What is filled whole is filled,** whatever else is said before or after. The other ends of the venue
//!   (cancelled, expired, rejected, replaced) stand against each other: the first one told stays.
//! - **An end beats everything that is not an end**, in whichever order the two arrive: acknowledgements,
//!   requests, pauses and refusals after it are old news. So the messages of an order's whole life can be
//!   shuffled and repeated, and it ends in the same state.
//! - **Any word of the venue settles `Sending`, `Unknown` and `Absent`**, and revives what only we thought dead
//!   (`NotSent`, `Abandoned`): late, because somebody acted on the belief.
//! - **A request of ours is not the venue's word**: a cancel asked of an unknown order leaves it unknown.
//! - **Among words of life** an acknowledgement never takes back more than it can know: `Accepted` or `Held`
//!   after `Working` is old news, `Working` under a pending cancel or replacement too (only its refusal, its
//!   success or an end lifts a request).
//! - **`NotSent` of an order that the venue has, `Abandoned` of one that it works, `FoundAbsent` of one that
//!   never left** can't be.

use OrderState as S;
use Transition::{Impossible, Late, Next, Stale};
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
    /// Declared dead, with a reason in the journal: by a person, or because it was to change an order that stands
    /// unchanged. The venue's word revives it.
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
    /// It is declared dead.
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

/// What follows when `event` happens to an order in `state`. Total: every pair has a row.
pub const fn next(state: OrderState, event: OrderEvent) -> Transition {
    use OrderEvent as E;
    match event {
        E::Sent => sent(state),
        E::NotSent => not_sent(state),
        E::Unanswered => unanswered(state),
        E::Accepted => accepted(state),
        E::Held => held(state),
        E::Working => working(state),
        E::FilledInPart => filled_in_part(state),
        E::FilledWhole => filled_whole(state),
        E::CancelAsked => cancel_asked(state),
        E::CancelRefused => cancel_refused(state),
        E::ReplaceAsked => replace_asked(state),
        E::ReplaceRefused => replace_refused(state),
        E::Amended => amended(state),
        E::Cancelled => ended(state, S::Cancelled),
        E::Expired => ended(state, S::Expired),
        E::Rejected => ended(state, S::Rejected),
        E::Replaced => ended(state, S::Replaced),
        E::DoneForDay if matches!(state, S::DoneForDay) => Stale,
        E::DoneForDay => paused(state, S::DoneForDay),
        E::Suspended if matches!(state, S::Suspended) => Stale,
        E::Suspended => paused(state, S::Suspended),
        E::Unrecognised if matches!(state, S::Unrecognised) => Stale,
        E::Unrecognised => paused(state, S::Unrecognised),
        E::FoundAbsent => found_absent(state),
        E::Abandoned => abandoned(state),
    }
}

/// The answer can overtake the note that the order left.
const fn sent(state: OrderState) -> Transition {
    match state {
        S::Intended => Next(S::Sending),
        S::Sending | S::Unknown | S::Absent => Stale,
        S::Accepted | S::Held | S::Working | S::PendingCancel | S::PendingReplace => Stale,
        S::DoneForDay | S::Suspended | S::Unrecognised => Stale,
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
        S::NotSent | S::Abandoned => Stale,
    }
}

const fn not_sent(state: OrderState) -> Transition {
    match state {
        S::Intended | S::Sending | S::Unknown | S::Absent => Next(S::NotSent),
        S::NotSent | S::Abandoned => Stale,
        S::Accepted | S::Held | S::Working | S::PendingCancel | S::PendingReplace => Impossible,
        S::DoneForDay | S::Suspended | S::Unrecognised => Impossible,
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Impossible,
    }
}

/// No answer settles nothing: what the venue said in the meantime stands.
const fn unanswered(state: OrderState) -> Transition {
    match state {
        S::Intended | S::Sending => Next(S::Unknown),
        S::Unknown | S::Absent => Stale,
        S::Accepted | S::Held | S::Working | S::PendingCancel | S::PendingReplace => Stale,
        S::DoneForDay | S::Suspended | S::Unrecognised => Stale,
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
        S::NotSent | S::Abandoned => Stale,
    }
}

const fn accepted(state: OrderState) -> Transition {
    match state {
        S::Intended | S::Sending | S::Unknown | S::Held => Next(S::Accepted),
        S::DoneForDay | S::Suspended | S::Unrecognised => Next(S::Accepted),
        S::Absent | S::NotSent | S::Abandoned => Late(S::Accepted),
        S::Accepted | S::Working | S::PendingCancel | S::PendingReplace => Stale,
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
    }
}

const fn held(state: OrderState) -> Transition {
    match state {
        S::Intended | S::Sending | S::Unknown | S::Accepted => Next(S::Held),
        S::DoneForDay | S::Suspended | S::Unrecognised => Next(S::Held),
        S::Absent | S::NotSent | S::Abandoned => Late(S::Held),
        S::Held | S::Working | S::PendingCancel | S::PendingReplace => Stale,
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
    }
}

const fn working(state: OrderState) -> Transition {
    match state {
        S::Intended | S::Sending | S::Unknown | S::Accepted | S::Held => Next(S::Working),
        S::DoneForDay | S::Suspended | S::Unrecognised => Next(S::Working),
        S::Absent | S::NotSent | S::Abandoned => Late(S::Working),
        S::Working | S::PendingCancel | S::PendingReplace => Stale,
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
    }
}

/// A fill says that the order lives, and nothing about a request or a pause that stands.
const fn filled_in_part(state: OrderState) -> Transition {
    match state {
        S::Intended | S::Sending | S::Unknown => Next(S::Working),
        S::Accepted | S::Held | S::Working => Next(S::Working),
        S::PendingCancel | S::PendingReplace => Next(state),
        S::DoneForDay | S::Suspended | S::Unrecognised => Next(state),
        S::Absent | S::NotSent | S::Abandoned => Late(S::Working),
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Late(state),
    }
}

/// Executions are counted once by their ids before they come here, so one on a filled order is an overfill.
const fn filled_whole(state: OrderState) -> Transition {
    match state {
        S::Intended | S::Sending | S::Unknown => Next(S::Filled),
        S::Accepted | S::Held | S::Working | S::PendingCancel | S::PendingReplace => Next(S::Filled),
        S::DoneForDay | S::Suspended | S::Unrecognised => Next(S::Filled),
        S::Absent | S::NotSent | S::Abandoned => Late(S::Filled),
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Late(S::Filled),
    }
}

const fn cancel_asked(state: OrderState) -> Transition {
    match state {
        S::Accepted | S::Held | S::Working | S::PendingReplace => Next(S::PendingCancel),
        S::DoneForDay | S::Suspended | S::Unrecognised => Next(S::PendingCancel),
        S::Intended | S::Sending | S::Unknown | S::Absent | S::PendingCancel => Stale,
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
        S::NotSent | S::Abandoned => Stale,
    }
}

/// A refusal because the order is filled or gone is told by the fill or the end, not by the refusal.
const fn cancel_refused(state: OrderState) -> Transition {
    match state {
        S::PendingCancel => Next(S::Working),
        S::Intended | S::Sending | S::Unknown | S::Absent => Stale,
        S::Accepted | S::Held | S::Working | S::PendingReplace => Stale,
        S::DoneForDay | S::Suspended | S::Unrecognised => Stale,
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
        S::NotSent | S::Abandoned => Stale,
    }
}

const fn replace_asked(state: OrderState) -> Transition {
    match state {
        S::Accepted | S::Held | S::Working => Next(S::PendingReplace),
        S::DoneForDay | S::Suspended | S::Unrecognised => Next(S::PendingReplace),
        S::Intended | S::Sending | S::Unknown | S::Absent => Stale,
        S::PendingCancel | S::PendingReplace => Stale,
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
        S::NotSent | S::Abandoned => Stale,
    }
}

const fn replace_refused(state: OrderState) -> Transition {
    match state {
        S::PendingReplace => Next(S::Working),
        S::Intended | S::Sending | S::Unknown | S::Absent => Stale,
        S::Accepted | S::Held | S::Working | S::PendingCancel => Stale,
        S::DoneForDay | S::Suspended | S::Unrecognised => Stale,
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
        S::NotSent | S::Abandoned => Stale,
    }
}

/// Changed in place: the venue's word that it lives, and the end of a pending replacement.
const fn amended(state: OrderState) -> Transition {
    match state {
        S::Intended | S::Sending | S::Unknown | S::PendingReplace => Next(S::Working),
        S::Accepted | S::Held | S::Working | S::PendingCancel => Next(state),
        S::DoneForDay | S::Suspended | S::Unrecognised => Next(state),
        S::Absent | S::NotSent | S::Abandoned => Late(S::Working),
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
    }
}

/// The venue's end: `end` is cancelled, expired, rejected or replaced.
const fn ended(state: OrderState, end: OrderState) -> Transition {
    match state {
        S::Intended | S::Sending | S::Unknown => Next(end),
        S::Accepted | S::Held | S::Working | S::PendingCancel | S::PendingReplace => Next(end),
        S::DoneForDay | S::Suspended | S::Unrecognised => Next(end),
        S::Absent | S::NotSent | S::Abandoned => Late(end),
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
    }
}

/// `pause` is done for day, suspended or a word that nobody knows; it lifts a request that stood.
const fn paused(state: OrderState, pause: OrderState) -> Transition {
    match state {
        S::Intended | S::Sending | S::Unknown => Next(pause),
        S::Accepted | S::Held | S::Working | S::PendingCancel | S::PendingReplace => Next(pause),
        S::DoneForDay | S::Suspended | S::Unrecognised => Next(pause),
        S::Absent | S::NotSent | S::Abandoned => Late(pause),
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
    }
}

/// Not even an order that the venue once had is dead because it is not found: it is absent, and open risk.
const fn found_absent(state: OrderState) -> Transition {
    match state {
        S::Intended => Impossible,
        S::Sending | S::Unknown => Next(S::Absent),
        S::Accepted | S::Held | S::Working | S::PendingCancel | S::PendingReplace => Next(S::Absent),
        S::DoneForDay | S::Suspended | S::Unrecognised => Next(S::Absent),
        S::Absent => Stale,
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
        S::NotSent | S::Abandoned => Stale,
    }
}

/// What the venue has is cancelled there, not declared dead here.
const fn abandoned(state: OrderState) -> Transition {
    match state {
        S::Intended | S::Sending | S::Unknown | S::Absent => Next(S::Abandoned),
        S::Accepted | S::Held | S::Working | S::PendingCancel | S::PendingReplace => Impossible,
        S::DoneForDay | S::Suspended | S::Unrecognised => Impossible,
        S::Filled | S::Cancelled | S::Expired | S::Rejected | S::Replaced => Stale,
        S::NotSent | S::Abandoned => Stale,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [OrderEvent; 22] = [
        OrderEvent::Sent,
        OrderEvent::NotSent,
        OrderEvent::Unanswered,
        OrderEvent::Accepted,
        OrderEvent::Held,
        OrderEvent::Working,
        OrderEvent::FilledInPart,
        OrderEvent::FilledWhole,
        OrderEvent::CancelAsked,
        OrderEvent::CancelRefused,
        OrderEvent::Cancelled,
        OrderEvent::ReplaceAsked,
        OrderEvent::ReplaceRefused,
        OrderEvent::Replaced,
        OrderEvent::Amended,
        OrderEvent::Expired,
        OrderEvent::Rejected,
        OrderEvent::DoneForDay,
        OrderEvent::Suspended,
        OrderEvent::Unrecognised,
        OrderEvent::FoundAbsent,
        OrderEvent::Abandoned,
    ];

    const fn short(state: OrderState) -> &'static str {
        match state {
            S::Intended => "Int",
            S::Sending => "Snd",
            S::Unknown => "Unk",
            S::Absent => "Abs",
            S::Accepted => "Acc",
            S::Held => "Hld",
            S::Working => "Wrk",
            S::PendingCancel => "PCn",
            S::PendingReplace => "PRp",
            S::DoneForDay => "Dfd",
            S::Suspended => "Sus",
            S::Unrecognised => "Unr",
            S::Filled => "Fil",
            S::Cancelled => "Can",
            S::Expired => "Exp",
            S::Rejected => "Rej",
            S::Replaced => "Rpl",
            S::NotSent => "NSt",
            S::Abandoned => "Abn",
        }
    }

    /// Every pair: a state is what follows, `*` says late, `.` is old news, `!` can't be. A row is an event, a
    /// column a state in the order of [`OrderState::ALL`].
    #[rustfmt::skip]
    const TABLE: [(&str, &str); 22] = [
        //                Int  Snd  Unk  Abs  Acc  Hld  Wrk  PCn  PRp  Dfd  Sus  Unr  Fil  Can  Exp  Rej  Rpl  NSt  Abn
        ("Sent",           "Snd  .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    ."),
        ("NotSent",        "NSt  NSt  NSt  NSt  !    !    !    !    !    !    !    !    !    !    !    !    !    .    ."),
        ("Unanswered",     "Unk  Unk  .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    ."),
        ("Accepted",       "Acc  Acc  Acc  Acc* .    Acc  .    .    .    Acc  Acc  Acc  .    .    .    .    .    Acc* Acc*"),
        ("Held",           "Hld  Hld  Hld  Hld* Hld  .    .    .    .    Hld  Hld  Hld  .    .    .    .    .    Hld* Hld*"),
        ("Working",        "Wrk  Wrk  Wrk  Wrk* Wrk  Wrk  .    .    .    Wrk  Wrk  Wrk  .    .    .    .    .    Wrk* Wrk*"),
        ("FilledInPart",   "Wrk  Wrk  Wrk  Wrk* Wrk  Wrk  Wrk  PCn  PRp  Dfd  Sus  Unr  Fil* Can* Exp* Rej* Rpl* Wrk* Wrk*"),
        ("FilledWhole",    "Fil  Fil  Fil  Fil* Fil  Fil  Fil  Fil  Fil  Fil  Fil  Fil  Fil* Fil* Fil* Fil* Fil* Fil* Fil*"),
        ("CancelAsked",    ".    .    .    .    PCn  PCn  PCn  .    PCn  PCn  PCn  PCn  .    .    .    .    .    .    ."),
        ("CancelRefused",  ".    .    .    .    .    .    .    Wrk  .    .    .    .    .    .    .    .    .    .    ."),
        ("Cancelled",      "Can  Can  Can  Can* Can  Can  Can  Can  Can  Can  Can  Can  .    .    .    .    .    Can* Can*"),
        ("ReplaceAsked",   ".    .    .    .    PRp  PRp  PRp  .    .    PRp  PRp  PRp  .    .    .    .    .    .    ."),
        ("ReplaceRefused", ".    .    .    .    .    .    .    .    Wrk  .    .    .    .    .    .    .    .    .    ."),
        ("Replaced",       "Rpl  Rpl  Rpl  Rpl* Rpl  Rpl  Rpl  Rpl  Rpl  Rpl  Rpl  Rpl  .    .    .    .    .    Rpl* Rpl*"),
        ("Amended",        "Wrk  Wrk  Wrk  Wrk* Acc  Hld  Wrk  PCn  Wrk  Dfd  Sus  Unr  .    .    .    .    .    Wrk* Wrk*"),
        ("Expired",        "Exp  Exp  Exp  Exp* Exp  Exp  Exp  Exp  Exp  Exp  Exp  Exp  .    .    .    .    .    Exp* Exp*"),
        ("Rejected",       "Rej  Rej  Rej  Rej* Rej  Rej  Rej  Rej  Rej  Rej  Rej  Rej  .    .    .    .    .    Rej* Rej*"),
        ("DoneForDay",     "Dfd  Dfd  Dfd  Dfd* Dfd  Dfd  Dfd  Dfd  Dfd  .    Dfd  Dfd  .    .    .    .    .    Dfd* Dfd*"),
        ("Suspended",      "Sus  Sus  Sus  Sus* Sus  Sus  Sus  Sus  Sus  Sus  .    Sus  .    .    .    .    .    Sus* Sus*"),
        ("Unrecognised",   "Unr  Unr  Unr  Unr* Unr  Unr  Unr  Unr  Unr  Unr  Unr  .    .    .    .    .    .    Unr* Unr*"),
        ("FoundAbsent",    "!    Abs  Abs  .    Abs  Abs  Abs  Abs  Abs  Abs  Abs  Abs  .    .    .    .    .    .    ."),
        ("Abandoned",      "Abn  Abn  Abn  Abn  !    !    !    !    !    !    !    !    .    .    .    .    .    .    ."),
    ];

    #[test]
    fn every_pair_is_as_the_table_says() {
        for (event, (name, row)) in EVENTS.iter().zip(TABLE) {
            assert_eq!(format!("{event:?}"), name);
            let cells: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(cells.len(), OrderState::ALL.len());
            for (state, cell) in OrderState::ALL.into_iter().zip(cells) {
                let got = match next(state, *event) {
                    Next(to) => short(to).to_owned(),
                    Late(to) => format!("{}*", short(to)),
                    Stale => ".".to_owned(),
                    Impossible => "!".to_owned(),
                };
                assert_eq!(got, cell, "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn a_fill_is_never_old_news_and_never_impossible() {
        for state in OrderState::ALL {
            for event in [OrderEvent::FilledInPart, OrderEvent::FilledWhole] {
                assert!(matches!(next(state, event), Next(_) | Late(_)), "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn only_a_person_or_the_venue_ends_what_is_unknown() {
        for event in EVENTS {
            for state in [S::Unknown, S::Absent] {
                if let Next(to) = next(state, event)
                    && to.is_final()
                {
                    assert!(!matches!(
                        event,
                        OrderEvent::Sent
                            | OrderEvent::Unanswered
                            | OrderEvent::CancelAsked
                            | OrderEvent::CancelRefused
                            | OrderEvent::FoundAbsent
                    ));
                }
            }
        }
    }

    /// Told again, nothing moves.
    #[test]
    fn every_event_twice_is_the_same_as_once() {
        for state in OrderState::ALL {
            for event in EVENTS {
                if let Next(to) | Late(to) = next(state, event)
                    && let Next(again) | Late(again) = next(to, event)
                {
                    assert_eq!(again, to, "{state:?} {event:?}");
                }
            }
        }
    }

    #[test]
    fn no_end_is_left_but_for_a_fill_or_by_the_venue_against_our_belief() {
        for state in OrderState::ALL.into_iter().filter(|s| s.is_final()) {
            for event in EVENTS {
                if let Next(to) | Late(to) = next(state, event) {
                    let fill = matches!(event, OrderEvent::FilledInPart | OrderEvent::FilledWhole);
                    let believed = matches!(state, S::NotSent | S::Abandoned);
                    assert!(fill || believed, "{state:?} {event:?} {to:?}");
                    assert!(matches!(next(state, event), Late(_)));
                }
            }
        }
    }
}
