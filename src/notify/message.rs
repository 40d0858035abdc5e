//! One message, before a channel has given it its form: plain text, without the numbers of accounts unless they were asked
//! for.

use super::summary;
use crate::domain::{
    alert::{Alert, AlertCode, Severity},
    ids::{AccountId, OrderId, Symbol, VenueId},
    notice::{Notice, What},
    summary::Summary,
    text::counted,
    time::Stamp,
};
use smol_str::SmolStr;

/// A number of an account that is shorter than this could be a part of any other number: it is only taken out where it
/// stands alone.
const SHORT: usize = 5;

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same for each try, so that who gets it twice can tell.
    pub id: SmolStr,
    /// When it happened.
    pub at: Stamp,
    /// How bad.
    pub severity: Severity,
    /// What it is about.
    pub code: AlertCode,
    /// In a few words.
    pub title: String,
    /// In a sentence; of a summary in several lines.
    pub text: String,
    /// Which venue.
    pub venue: Option<VenueId>,
    /// Which symbol.
    pub symbol: Option<Symbol>,
    /// Which order.
    pub order: Option<OrderId>,
    /// Which algorithm.
    pub algorithm: Option<SmolStr>,
    /// The account's number, where the channel may tell it.
    pub account: Option<AccountId>,
    /// The same came so often while it waited.
    pub times: u32,
    /// So many of its kind were held back since the last message.
    pub held_back: u32,
    /// So many messages were lost before it.
    pub lost: u64,
    /// The figures, of a summary.
    pub summary: Option<Box<Summary>>,
}

impl Message {
    /// Of what happened. `accounts`: the channel may tell numbers of accounts.
    pub fn of(notice: &Notice, accounts: bool) -> Self {
        let mut message = match &notice.what {
            What::Alert(alert) => Self::of_alert(alert),
            What::Summary(summary) => Self::of_summary(summary),
        };
        if accounts {
            message.account.clone_from(&notice.account);
        } else {
            message.text = masked(&message.text, &notice.accounts);
        }
        message
    }

    fn of_alert(alert: &Alert) -> Self {
        Self {
            id: smol_str::format_smolstr!("alert-{}-{}", alert.at.as_millis(), alert.id),
            at: alert.at,
            severity: alert.severity,
            code: alert.code,
            title: title(alert),
            text: alert.text.to_string(),
            venue: alert.venue.clone(),
            symbol: alert.symbol.clone(),
            order: alert.order.clone(),
            algorithm: alert.algorithm.clone(),
            account: None,
            times: 1,
            held_back: 0,
            lost: 0,
            summary: None,
        }
    }

    fn of_summary(summary: &Summary) -> Self {
        Self {
            id: smol_str::format_smolstr!("day-{}-{}", summary.day, summary.venue),
            at: summary.at,
            severity: Severity::Info,
            code: AlertCode::Summary,
            title: format!("{} at {}", summary.day, summary.venue),
            text: summary::text(summary),
            venue: Some(summary.venue.clone()),
            symbol: None,
            order: None,
            algorithm: None,
            account: None,
            times: 1,
            held_back: 0,
            lost: 0,
            summary: Some(Box::new(summary.clone())),
        }
    }

    /// What was held back and is told when the interval is over, with the last of it.
    pub fn of_held(mut self, held_back: u32) -> Self {
        self.id = smol_str::format_smolstr!("held-{}", self.id);
        self.text = format!(
            "{} like this in the meantime; the last: {}",
            counted(held_back, "more message", "more messages"),
            self.text
        );
        self
    }

    /// To see whether a channel works.
    pub fn test(channel: &str, at: Stamp) -> Self {
        let alert = Alert {
            id: 0,
            at,
            severity: Severity::Info,
            code: AlertCode::Program,
            venue: None,
            symbol: None,
            order: None,
            algorithm: None,
            text: format!("this is a test of the channel {channel}: nothing has happened").into(),
        };
        let id = smol_str::format_smolstr!("test-{}", at.as_millis());
        Self { id, title: "test".to_owned(), ..Self::of_alert(&alert) }
    }

    /// The sentence with what else must be said: how often, what was held back, what was lost.
    pub fn body(&self) -> String {
        let mut notes = Vec::new();
        if self.times > 1 {
            notes.push(format!("{} times", self.times));
        }
        if self.held_back > 0 {
            notes.push(format!("{} more of this kind were held back", self.held_back));
        }
        if self.lost > 0 {
            notes.push(format!("{} before it got lost", counted(self.lost, "message", "messages")));
        }
        if notes.is_empty() { self.text.clone() } else { format!("{} ({})", self.text, notes.join("; ")) }
    }

    /// When, for people.
    pub fn clock(&self) -> String {
        self.at.to_jiff().strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
    }

    /// Must it never be dropped for something else?
    pub fn is_urgent(&self) -> bool {
        self.severity == Severity::Emergency || self.code == AlertCode::Exit
    }

    /// Does it say the same as another?
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.summary.is_none()
            && self.code == other.code
            && self.severity == other.severity
            && self.venue == other.venue
            && self.symbol == other.symbol
            && self.text == other.text
    }
}

fn title(alert: &Alert) -> String {
    let mut title = match alert.severity {
        Severity::Info | Severity::Warning => alert.severity.word().to_owned(),
        Severity::Critical | Severity::Emergency => alert.severity.word().to_ascii_uppercase(),
    };
    title.push_str(": ");
    title.push_str(&alert.code.word().replace('_', " "));
    for part in [
        alert.symbol.as_ref().map(Symbol::as_str),
        alert.venue.as_ref().map(VenueId::as_str),
        alert.algorithm.as_deref(),
    ]
    .into_iter()
    .flatten()
    {
        title.push(' ');
        title.push_str(part);
    }
    title
}

/// The text without the numbers of these accounts: not even their last characters.
fn masked(text: &str, accounts: &[AccountId]) -> String {
    let mut all: Vec<&str> = accounts.iter().map(AccountId::as_str).collect();
    // A number that contains another goes first.
    all.sort_by_key(|n| std::cmp::Reverse(n.len()));
    all.into_iter().fold(text.to_owned(), |text, number| without_number(&text, number))
}

fn without_number(text: &str, number: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once(number) {
        let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_alone = !joins(before.chars().next_back()) && !joins(after.chars().next());
        out.push_str(before);
        out.push_str(if is_alone || number.len() >= SHORT { "(number)" } else { number });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::text::Text;

    pub(crate) fn alert(severity: Severity, code: AlertCode, text: &str) -> Alert {
        Alert {
            id: 7,
            at: Stamp::parse_rfc3339("2026-11-30T21:00:05Z").unwrap(),
            severity,
            code,
            venue: Some(VenueId::new("alpaca").unwrap()),
            symbol: Some(Symbol::new("AAPL").unwrap()),
            order: None,
            algorithm: None,
            text: Text::clean(text),
        }
    }

    pub(crate) fn notice(text: &str) -> Notice {
        let account = |n: &str| AccountId::new(n).unwrap();
        Notice {
            what: What::Alert(alert(Severity::Critical, AlertCode::OrderRejected, text)),
            account: Some(account("PA471100")),
            accounts: vec![account("PA471100"), account("12")],
            past: None,
        }
    }

    #[test]
    fn no_number_of_an_account_is_told_unless_it_is_asked_for() {
        let text = "account PA471100 (was XPA471100) of login 12 has 123 shares of 12.5";
        let plain = Message::of(&notice(text), false);
        assert_eq!(
            plain.text,
            "account (number) (was X(number)) of login (number) has 123 shares of (number).5"
        );
        assert_eq!(plain.account, None);
        assert!(!format!("{plain:?}").contains("4711"));
        let full = Message::of(&notice(text), true);
        assert_eq!((full.text.as_str(), full.account.unwrap().as_str()), (text, "PA471100"));
    }

    #[test]
    fn what_was_held_back_and_lost_is_said() {
        let mut message = Message::of(&notice("no"), false);
        assert_eq!(
            (message.title.as_str(), message.body().as_str()),
            ("CRITICAL: order rejected AAPL alpaca", "no")
        );
        (message.times, message.held_back, message.lost) = (3, 9_999, 1);
        assert_eq!(
            message.body(),
            "no (3 times; 9999 more of this kind were held back; 1 message before it got lost)"
        );
        let held = Message::of(&notice("no"), false).of_held(9_999);
        assert_eq!(held.body(), "9999 more messages like this in the meantime; the last: no");
        assert_eq!(message.clock(), "2026-11-30 21:00:05 UTC");
    }
}
