//! Alerts: what a person must know.

use super::{
    ids::{OrderId, Symbol, VenueId},
    text::Text,
    time::Stamp,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it.
    Warning,
    /// Act on it.
    Critical,
    /// Act now; never held back, never dropped.
    Emergency,
}

impl Severity {
    /// All of them, the mildest first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Critical, Self::Emergency];

    /// As the configuration and messages write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Emergency => "emergency",
        }
    }
}

/// What it is about. One code is one kind of message: intervals and filters go by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertCode {
    /// An order's outcome is not known.
    OrderUnknown,
    /// The venue says again and again that it has no such order.
    OrderAbsent,
    /// The venue or this program refused an order.
    OrderRejected,
    /// An order did not leave.
    OrderNotSent,
    /// A fill after the order had ended.
    LateFill,
    /// More filled than was ordered.
    Overfill,
    /// A fill that was missed and is now recovered, or that its venue corrected.
    FillRecovered,
    /// A cancel was refused or not answered.
    CancelRefused,
    /// A replacement was refused or not answered.
    ReplaceRefused,
    /// A venue said something that can't be.
    Impossible,
    /// A venue said something that can't be read; it was put aside and counted.
    Quarantined,
    /// A status word that nobody here knows.
    UnknownStatus,
    /// An order that nobody here made.
    ExternalOrder,
    /// A position that differs from what the fills say.
    PositionMismatch,
    /// A position without a protective stop.
    NoStop,
    /// A target or stop that works and has nothing to close.
    OrphanExit,
    /// Both exits of a pair filled.
    BothExits,
    /// A stream is down, stale or back.
    Stream,
    /// A venue can't be reached, or refuses the credentials.
    Venue,
    /// The account can't trade.
    AccountBlocked,
    /// The journal can't be written.
    Journal,
    /// Trading was locked or unlocked.
    Lock,
    /// An exit began, goes on or ended.
    Exit,
    /// A risk limit was reached.
    Limit,
    /// Found at start: what the last run left.
    Recovery,
    /// The clock and the venue's differ.
    Clock,
    /// An algorithm fails, is silent, goes beyond its bounds, or did not do what it was asked.
    Algorithm,
    /// A message could not be delivered, or can again.
    Delivery,
    /// The day's summary.
    Summary,
    /// Anything the program must say of itself.
    Program,
}

impl AlertCode {
    /// All of them.
    pub const ALL: [Self; 30] = [
        Self::OrderUnknown,
        Self::OrderAbsent,
        Self::OrderRejected,
        Self::OrderNotSent,
        Self::LateFill,
        Self::Overfill,
        Self::FillRecovered,
        Self::CancelRefused,
        Self::ReplaceRefused,
        Self::Impossible,
        Self::Quarantined,
        Self::UnknownStatus,
        Self::ExternalOrder,
        Self::PositionMismatch,
        Self::NoStop,
        Self::OrphanExit,
        Self::BothExits,
        Self::Stream,
        Self::Venue,
        Self::AccountBlocked,
        Self::Journal,
        Self::Lock,
        Self::Exit,
        Self::Limit,
        Self::Recovery,
        Self::Clock,
        Self::Algorithm,
        Self::Delivery,
        Self::Summary,
        Self::Program,
    ];

    /// As the configuration, the journal and messages write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::OrderUnknown => "order_unknown",
            Self::OrderAbsent => "order_absent",
            Self::OrderRejected => "order_rejected",
            Self::OrderNotSent => "order_not_sent",
            Self::LateFill => "late_fill",
            Self::Overfill => "overfill",
            Self::FillRecovered => "fill_recovered",
            Self::CancelRefused => "cancel_refused",
            Self::ReplaceRefused => "replace_refused",
            Self::Impossible => "impossible",
            Self::Quarantined => "quarantined",
            Self::UnknownStatus => "unknown_status",
            Self::ExternalOrder => "external_order",
            Self::PositionMismatch => "position_mismatch",
            Self::NoStop => "no_stop",
            Self::OrphanExit => "orphan_exit",
            Self::BothExits => "both_exits",
            Self::Stream => "stream",
            Self::Venue => "venue",
            Self::AccountBlocked => "account_blocked",
            Self::Journal => "journal",
            Self::Lock => "lock",
            Self::Exit => "exit",
            Self::Limit => "limit",
            Self::Recovery => "recovery",
            Self::Clock => "clock",
            Self::Algorithm => "algorithm",
            Self::Delivery => "delivery",
            Self::Summary => "summary",
            Self::Program => "program",
        }
    }
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Counts up within a journal.
    pub id: u64,
    /// When.
    pub at: Stamp,
    /// How bad.
    pub severity: Severity,
    /// What it is about.
    pub code: AlertCode,
    /// Which venue.
    pub venue: Option<VenueId>,
    /// Which symbol.
    pub symbol: Option<Symbol>,
    /// Which order.
    pub order: Option<OrderId>,
    /// Which algorithm.
    #[serde(default)]
    pub algorithm: Option<SmolStr>,
    /// One sentence.
    pub text: Text,
}
