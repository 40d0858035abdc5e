//! Faults: what the paper venue does wrong on purpose, so that a program can be tried against a venue that fails.
//!
//! Only the paper venue's server knows this room: there is no way to switch a fault on for any other venue.
//!
//! A script is a TOML file. `seed` (a whole number, 1 by default) decides every share that is drawn. Each
//! `[[fault]]` says `what` happens and to which requests; faults are looked at in the order of the file, the first
//! that strikes decides what becomes of a request, and `delay` and `skew` come on top of it.
//!
//! Which requests (all of what is written must fit):
//!
//! | key | meaning |
//! |---|---|
//! | `on` | kinds of request: `submit`, `replace`, `cancel`, `cancel_all`, `close`, `close_all`, `positions`, `position`, `orders`, `order`, `account`, `activities`, `history`, `configurations`, `clock`, `calendar`, `assets`, `asset`, `prices`, the streams `trade_updates` and `data_stream`, or a group: `all`, `requests`, `changes`, `questions`, `streams`. Left out: all that the fault can strike. |
//! | `symbol` | one instrument, or a list |
//! | `side`, `type`, `does` | of a new order: `buy` or `sell`; `market`, `limit`, `stop`, `stop_limit` or `trailing_stop`; `opens` or `reduces` (also of a close) |
//! | `after`, `first`, `every` | so many pass; then only so many are struck; only every so many-th |
//! | `percent` | a share of them, drawn from the seed: the same seed strikes the same ones |
//! | `from_s`, `until_s`, `again_s` | a window in seconds since the server began, and after how long it comes again |
//!
//! What happens:
//!
//! | `what` | keys | |
//! |---|---|---|
//! | `delay` | `ms`, `of` | the answer is late (`of = "answer"`: what was asked is done at once), or what is asked is done late (`of = "request"`); a stream's frames are late |
//! | `hang` | | the connection is taken and never answered; a stream neither speaks nor answers pings |
//! | `drop_before` | | not done; the connection ends without an answer |
//! | `drop_after` | `bytes` | done; the connection ends without an answer, or after so many bytes of it |
//! | `status` | `status`, `body` | not done; this status, with this body (HTML by default) |
//! | `error_after` | `status`, `body` | done; this status all the same (502 by default) |
//! | `limit` | `burst`, `per_s`, `retry_after_s` | 429 with Retry-After; with a burst, so many requests in so many seconds pass |
//! | `reject` | `status`, `code`, `message` | refused in the venue's own form |
//! | `reject_later` | `message`, `leg` | taken, then rejected by the market; with a leg (`target` or `stop`), that leg is when its entry fills |
//! | `missing` | `as` | a question gets `error` (500), `nothing` (an empty body), or `list` (an empty list) |
//! | `lag` | `ms` | a question is answered as things were so long ago |
//! | `skew` | `ms` | the server's clock is off (below zero: behind): `Date` and every instant that it tells |
//! | `held` | `release_ms`, `free` | the units of an order that has ended stay held so long (strict); or, `free = true`, working orders hold nothing |
//! | `partial` | `fill_percent`, `then` | a market order fills only that share; what is left `rest`s or is `cancel`led |
//! | `duplicate` | | a frame comes twice |
//! | `reorder` | | a frame comes after the one behind it |
//! | `stall` | | a frame is lost; the socket is open and pings are answered |
//! | `down` | | a stream is closed, and refused |
//!
//! `[furnish]` with `positions` and `orders` (how many), `[[position]]` (`symbol`, `qty`, below zero is short, `price`)
//! and `[[order]]` (`symbol`, `side`, `qty`, `type`, `limit`, `stop`, `tif`; a price is an amount, or a distance from
//! the last one such as `"-5%"`) say what a new account begins with. An account that is there already keeps what
//! it has.

pub mod kind;
pub mod lane;
pub mod play;
mod read;
pub mod skew;
mod table;
pub mod when;

pub use self::{
    kind::{Does, Kind, Meeting},
    play::{Door, Fate, Frame, Play, Reply, Struck, Tally},
    read::{Mistake, ScriptError},
    when::{When, Which},
};

use super::furnish::Furniture;
use smol_str::SmolStr;

/// A script: what goes wrong, and what a new account begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// For people: the file that it was read from.
    pub name: SmolStr,
    /// What every share is drawn from.
    pub seed: u64,
    /// In their order.
    pub faults: Vec<Fault>,
    /// What a new account begins with.
    pub furniture: Furniture,
}

impl Script {
    /// With nothing in it.
    pub fn new(name: impl Into<SmolStr>) -> Self {
        Self { name: name.into(), seed: 1, faults: Vec::new(), furniture: Furniture::default() }
    }

    /// The longest time that an answer lags behind, if any does.
    pub fn lag_max_ms(&self) -> Option<i64> {
        let lag = |f: &Fault| if let What::Lag { ms } = f.what { Some(ms) } else { None };
        self.faults.iter().filter_map(lag).max()
    }

    /// How many changes pass in how many milliseconds, where a limit of its own says so.
    pub fn limit(&self) -> Option<(u64, u64)> {
        let limit = |f: &Fault| {
            if let What::Limit { burst, per_ms, .. } = f.what { Some((burst?, per_ms)) } else { None }
        };
        self.faults.iter().find_map(limit)
    }

    /// The longest time that the units of an ended order stay held.
    pub fn release_max_ms(&self) -> i64 {
        let release =
            |f: &Fault| if let What::Held { release_ms, .. } = f.what { Some(release_ms) } else { None };
        self.faults.iter().filter_map(release).max().unwrap_or(0)
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands in its file, counted from one; 0 if it is from none.
    pub line: usize,
    /// What happens.
    pub what: What,
    /// To which requests.
    pub which: Which,
    /// When, and how often.
    pub when: When,
}

impl Fault {
    /// One that strikes every request of these kinds.
    pub fn on(kinds: &[Kind], what: What) -> Self {
        Self { line: 0, what, which: Which { on: kinds.to_vec(), ..Which::default() }, when: When::default() }
    }
}

/// What is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// The answer; what was asked is done at once.
    Answer,
    /// The request: it is done late.
    Request,
}

/// What a question gets in place of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// 500.
    Error,
    /// 200 with an empty body.
    Nothing,
    /// 200 with an empty list.
    List,
}

/// What becomes of the rest of an order that was filled in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It stays, and does not fill.
    Rest,
    /// It is cancelled.
    Cancel,
}

/// Which order is rejected by the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The order itself.
    Whole,
    /// Its target, when it fills.
    Target,
    /// Its stop, when it fills.
    Stop,
}

/// What happens. See the table above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Late by so many milliseconds.
    Delay {
        /// How late.
        ms: u64,
        /// What is.
        of: Late,
    },
    /// Never answered.
    Hang,
    /// Not done, and no answer.
    DropBefore,
    /// Done, and no answer.
    DropAfter {
        /// So much of the answer arrives.
        bytes: u64,
    },
    /// Not done, and this answer.
    Status {
        /// HTTP.
        status: u16,
        /// HTML, or JSON where it begins like it.
        body: String,
    },
    /// Done, and this answer all the same.
    ErrorAfter {
        /// HTTP.
        status: u16,
        /// HTML, or JSON where it begins like it.
        body: String,
    },
    /// 429.
    Limit {
        /// So many pass in each window; `None`: none does.
        burst: Option<u64>,
        /// How long a window is.
        per_ms: u64,
        /// What Retry-After says, in seconds.
        retry_after_s: u64,
    },
    /// Refused in the venue's form.
    Reject {
        /// HTTP.
        status: u16,
        /// The venue's number.
        code: u32,
        /// The venue's words.
        message: String,
    },
    /// Taken, and rejected by the market.
    RejectLater {
        /// Which order of a group.
        part: Part,
        /// Why.
        message: SmolStr,
    },
    /// No answer where one is due.
    Missing(Missing),
    /// The answer is so many milliseconds old.
    Lag {
        /// How old.
        ms: i64,
    },
    /// The clock is off by so many milliseconds.
    Skew {
        /// By how much; below zero is behind.
        ms: i64,
    },
    /// How orders hold the units of a position.
    Held {
        /// They don't at all.
        free: bool,
        /// They do for so long after they have ended.
        release_ms: i64,
    },
    /// Filled in part.
    Partial {
        /// The share that fills, in per cent.
        percent: u64,
        /// What becomes of the rest.
        then: Then,
    },
    /// A frame comes twice.
    Duplicate,
    /// A frame comes after the one behind it.
    Reorder,
    /// A frame is lost.
    Stall,
    /// A stream is closed and refused.
    Down,
}

impl What {
    /// The words of a script, in the order of the table above.
    pub const WORDS: [&'static str; 18] = [
        "delay",
        "hang",
        "drop_before",
        "drop_after",
        "status",
        "error_after",
        "limit",
        "reject",
        "reject_later",
        "missing",
        "lag",
        "skew",
        "held",
        "partial",
        "duplicate",
        "reorder",
        "stall",
        "down",
    ];

    /// Its word in a script.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Delay { .. } => "delay",
            Self::Hang => "hang",
            Self::DropBefore => "drop_before",
            Self::DropAfter { .. } => "drop_after",
            Self::Status { .. } => "status",
            Self::ErrorAfter { .. } => "error_after",
            Self::Limit { .. } => "limit",
            Self::Reject { .. } => "reject",
            Self::RejectLater { .. } => "reject_later",
            Self::Missing(_) => "missing",
            Self::Lag { .. } => "lag",
            Self::Skew { .. } => "skew",
            Self::Held { .. } => "held",
            Self::Partial { .. } => "partial",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Stall => "stall",
            Self::Down => "down",
        }
    }

    /// The kinds of request that it can strike.
    pub fn can_strike(&self) -> Vec<Kind> {
        let kinds = Kind::ALL.into_iter();
        match self {
            Self::Delay { .. } | Self::Hang | Self::Skew { .. } => kinds.collect(),
            Self::DropBefore
            | Self::DropAfter { .. }
            | Self::Status { .. }
            | Self::ErrorAfter { .. }
            | Self::Limit { .. }
            | Self::Reject { .. } => kinds.filter(|k| !k.is_stream()).collect(),
            Self::RejectLater { .. } => vec![Kind::Submit],
            Self::Missing(_) => kinds.filter(|k| !k.is_stream() && !k.is_change()).collect(),
            Self::Lag { .. } => vec![
                Kind::Positions,
                Kind::Position,
                Kind::Orders,
                Kind::Order,
                Kind::Account,
                Kind::Activities,
            ],
            Self::Held { .. } => vec![Kind::Submit, Kind::Replace, Kind::Close, Kind::CloseAll],
            Self::Partial { .. } => vec![Kind::Submit, Kind::Close, Kind::CloseAll],
            Self::Duplicate | Self::Reorder | Self::Stall | Self::Down => {
                kinds.filter(|k| k.is_stream()).collect()
            }
        }
    }
}
