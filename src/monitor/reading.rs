//! What a watcher says of one rule: how much of its limit is used, and what follows if that is all of it.

use crate::domain::{
    alert::{AlertCode, Severity},
    ids::{InstrumentId, OrderId, VenueId},
    money::{Money, Percent, Ratio},
    rules::{LatchKey, Response, Rule, Rules},
    text::Text,
};
use rust_decimal::Decimal;

/// How a rule stands, whatever its latch says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not watched.
    Off,
    /// Far from its limit.
    Clear,
    /// Four fifths of it are used.
    Near,
    /// All of it is.
    Over,
    /// What it is judged by is missing or too old.
    Unknown,
}

/// What a watcher says of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Which rule, and where.
    pub key: LatchKey,
    /// How it stands.
    pub standing: Standing,
    /// How much is used, in words with its unit.
    pub used: Text,
    /// Of how much.
    pub limit: Text,
    /// The same as a ratio: one is all of it. `None` where it has none.
    pub share: Option<Ratio>,
    /// Far enough below its limit that a latch that stands while it is so is lifted.
    pub clears: bool,
    /// One sentence, where it is over its limit or can't be judged.
    pub text: Text,
    /// What is done when it trips.
    pub response: Response,
    /// What kind of message it is.
    pub code: AlertCode,
    /// How bad, where nothing but a message follows.
    pub severity: Severity,
    /// What happened was told by an alert of its own already.
    pub told: bool,
    /// The orders that it is about.
    pub orders: Vec<OrderId>,
}

impl Reading {
    /// Of a rule that has no figure yet.
    pub(super) fn new(key: LatchKey, response: Response) -> Self {
        Self {
            key,
            standing: Standing::Off,
            used: Text::default(),
            limit: Text::default(),
            share: None,
            clears: true,
            text: Text::default(),
            response,
            code: AlertCode::Limit,
            severity: Severity::Warning,
            told: false,
            orders: Vec::new(),
        }
    }
    /// Of a venue's rule.
    pub(super) fn of_venue(rules: &Rules, rule: Rule, venue: &VenueId) -> Self {
        Self::new(LatchKey::of_venue(rule, venue.clone()), rules.response(rule))
    }
    /// Of one symbol's.
    pub(super) fn of_symbol(rules: &Rules, rule: Rule, instrument: &InstrumentId) -> Self {
        Self::new(LatchKey::of_symbol(rule, instrument), rules.response(rule))
    }
    /// Is it watched at all?
    pub(super) const fn is_off(&self) -> bool {
        matches!(self.response, Response::Off)
    }
    /// With the figures for people.
    pub(super) fn figures(mut self, used: &str, limit: &str) -> Self {
        self.used = Text::clean(used);
        self.limit = Text::clean(limit);
        self
    }
    /// With the sentence.
    pub(super) fn says(mut self, text: &str) -> Self {
        self.text = Text::clean(text);
        self
    }
    /// With the kind of its message.
    pub(super) const fn about(mut self, code: AlertCode, severity: Severity) -> Self {
        self.code = code;
        self.severity = severity;
        self
    }
    /// What happened is told by an alert of its own.
    pub(super) const fn told(mut self) -> Self {
        self.told = true;
        self
    }
    /// Stands by a share of its limit: over from one on, and clear again below `clear`.
    pub(super) fn by_share(mut self, share: Option<Decimal>, clear: Decimal) -> Self {
        let Some(share) = share else { return self.unknown("its figure is beyond what can be counted") };
        self.share = Some(Ratio::new(share.round_dp(6)));
        self.clears = share < clear;
        self.standing = match share {
            s if s >= Decimal::ONE => Standing::Over,
            s if s >= Decimal::new(8, 1) => Standing::Near,
            _ => Standing::Clear,
        };
        self.if_watched()
    }
    /// Is so, or is not.
    pub(super) fn by_fact(mut self, is_so: bool) -> Self {
        self.clears = !is_so;
        self.standing = if is_so { Standing::Over } else { Standing::Clear };
        self.if_watched()
    }
    /// Can't be judged.
    pub(super) fn unknown(mut self, why: &str) -> Self {
        self.standing = Standing::Unknown;
        self.clears = false;
        self.text = Text::clean(why);
        self.if_watched()
    }
    fn if_watched(mut self) -> Self {
        if self.is_off() {
            self.standing = Standing::Off;
            self.clears = true;
        }
        self
    }
}

/// `part` of `whole`, as a ratio; nothing is used where nothing is there to use. `None` beyond what can be counted.
pub(super) fn ratio(part: Decimal, whole: Decimal) -> Option<Decimal> {
    if part <= Decimal::ZERO {
        return Some(Decimal::ZERO);
    }
    if whole <= Decimal::ZERO {
        // Nothing is allowed, and something is used.
        return Some(Decimal::TWO);
    }
    part.checked_div(whole)
}

/// An amount for people: to the cent.
pub(super) fn cents(amount: Money) -> String {
    let text = format!("{:.2}", amount.get().round_dp(2));
    let (sign, rest) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, part) = rest.split_once('.').unwrap_or((rest, "00"));
    let mut out = sign.to_owned();
    for (n, digit) in whole.chars().enumerate() {
        // In groups of three, as everything on the screen.
        if n > 0 && whole.len().saturating_sub(n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + "." + part
}

/// Per cent for people: two places at most.
pub(super) fn percent(of: Percent) -> String {
    format!("{}%", of.get().round_dp(2).normalize())
}
