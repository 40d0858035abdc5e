//! The talk on a market-data stream, as a machine without a socket: who may hear what.

use super::{keys::Keys, record::Record};
use crate::domain::instrument::AssetClass;
use smol_str::SmolStr;
use std::{collections::BTreeSet, sync::Arc};

/// The most symbols that one connection may name; a star counts as one.
const SYMBOLS_MAX: usize = 1_000;

/// Where a market-data stream is to be had, and how many connections may have it at a time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) path: &'static str,
    pub(super) class: AssetClass,
    pub(super) places: usize,
}

impl Endpoint {
    /// The account's one connection, as Alpaca has it.
    const fn one(path: &'static str, class: AssetClass) -> Self {
        Self { path, class, places: 1 }
    }
    /// For our own dashboard and shell: open beside each other, they leave Alpaca's endpoints to the user's programs.
    const fn shared(path: &'static str, class: AssetClass) -> Self {
        Self { path, class, places: 32 }
    }

    /// Stocks for screens.
    pub(super) const DESK: Self = Self::shared("/v2/desk", AssetClass::Equity);
    /// Crypto for screens.
    pub(super) const CRYPTO_DESK: Self = Self::shared("/v1beta3/crypto/desk", AssetClass::Crypto);

    pub(super) const ALL: &'static [Self] = &[
        Self::one("/v2/iex", AssetClass::Equity),
        Self::one("/v2/sip", AssetClass::Equity),
        Self::one("/v2/delayed_sip", AssetClass::Equity),
        Self::one("/v2/test", AssetClass::Equity),
        Self::DESK,
        Self::one("/v1beta3/crypto/us", AssetClass::Crypto),
        Self::CRYPTO_DESK,
    ];
}

/// What kind of message a subscription asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Channel {
    Trades,
    Quotes,
    Bars,
    UpdatedBars,
    DailyBars,
    Statuses,
    Lulds,
    Orderbooks,
    Corrections,
    CancelErrors,
}

impl Channel {
    const ALL: [Self; 10] = [
        Self::Trades,
        Self::Quotes,
        Self::Bars,
        Self::UpdatedBars,
        Self::DailyBars,
        Self::Statuses,
        Self::Lulds,
        Self::Orderbooks,
        Self::Corrections,
        Self::CancelErrors,
    ];
    /// Its name in a subscription.
    const fn word(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Quotes => "quotes",
            Self::Bars => "bars",
            Self::UpdatedBars => "updatedBars",
            Self::DailyBars => "dailyBars",
            Self::Statuses => "statuses",
            Self::Lulds => "lulds",
            Self::Orderbooks => "orderbooks",
            Self::Corrections => "corrections",
            Self::CancelErrors => "cancelErrors",
        }
    }
    /// Which channels the market has at all.
    const fn is_of(self, class: AssetClass) -> bool {
        match self {
            Self::Trades | Self::Quotes | Self::Bars | Self::UpdatedBars | Self::DailyBars => true,
            Self::Orderbooks => matches!(class, AssetClass::Crypto),
            Self::Statuses | Self::Lulds | Self::Corrections | Self::CancelErrors => {
                matches!(class, AssetClass::Equity)
            }
        }
    }
}

/// One message of the market, ready for every connection.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) class: AssetClass,
    pub(super) channel: Channel,
    pub(super) symbol: SmolStr,
    pub(super) record: Record,
    /// For a message that says what changed: all of it, for who has not heard of it before.
    pub(super) whole: Option<Record>,
}

/// An error of the stream: Alpaca's number and words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Syntax,
    NotAuthenticated,
    AuthFailed,
    AlreadyAuthenticated,
    AuthTimeout,
    SymbolLimit,
    ConnectionLimit,
    SlowClient,
    InsufficientSubscription,
}

impl Fault {
    pub(super) fn record(self) -> Record {
        let (code, msg): (u64, _) = match self {
            Self::Syntax => (400, "invalid syntax"),
            Self::NotAuthenticated => (401, "not authenticated"),
            Self::AuthFailed => (402, "auth failed"),
            Self::AlreadyAuthenticated => (403, "already authenticated"),
            Self::AuthTimeout => (404, "auth timeout"),
            Self::SymbolLimit => (405, "symbol limit exceeded"),
            Self::ConnectionLimit => (406, "connection limit exceeded"),
            Self::SlowClient => (407, "slow client"),
            Self::InsufficientSubscription => (409, "insufficient subscription"),
        };
        Record::new().with("T", "error").with("code", code).with("msg", msg)
    }
}

fn success(msg: &str) -> Record {
    Record::new().with("T", "success").with("msg", msg)
}

/// What the connection has to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Send this.
    Say(Record),
    /// Send this and hang up.
    SayAndClose(Record),
    /// Ask for a place at the endpoint, then call [`Session::claimed`].
    Claim,
}

/// One connection's side of the talk.
#[derive(Debug)]
pub(super) struct Session {
    class: AssetClass,
    keys: Arc<Keys>,
    is_open: bool,
    wants: BTreeSet<(Channel, SmolStr)>,
    /// Whose order books have been told as a whole.
    begun: BTreeSet<SmolStr>,
}

const STAR: SmolStr = SmolStr::new_static("*");

impl Session {
    pub(super) fn new(class: AssetClass, keys: Arc<Keys>) -> Self {
        Self { class, keys, is_open: false, wants: BTreeSet::new(), begun: BTreeSet::new() }
    }

    pub(super) fn greeting() -> Record {
        success("connected")
    }

    pub(super) const fn is_open(&self) -> bool {
        self.is_open
    }

    /// A message of the client; `None` is one that could not be read.
    pub(super) fn hear(&mut self, message: Option<&serde_json::Value>) -> Step {
        let action = message.and_then(|m| m.get("action")).and_then(serde_json::Value::as_str);
        match (message, action) {
            (Some(_), Some("auth")) if self.is_open => Step::Say(Fault::AlreadyAuthenticated.record()),
            (Some(message), Some("auth")) => {
                let word = |name| message.get(name).and_then(serde_json::Value::as_str);
                self.authenticate(word("key"), word("secret"))
            }
            (Some(_), Some("subscribe" | "unsubscribe")) if !self.is_open => {
                Step::Say(Fault::NotAuthenticated.record())
            }
            (Some(message), Some("subscribe")) => self.change(message, true),
            (Some(message), Some("unsubscribe")) => self.change(message, false),
            (_, Some(_) | None) => Step::Say(Fault::Syntax.record()),
        }
    }

    /// Keys from a message or from the handshake.
    pub(super) fn authenticate(&self, key: Option<&str>, secret: Option<&str>) -> Step {
        match (key, secret) {
            (Some(key), Some(secret)) if self.keys.are(key, secret) => Step::Claim,
            (Some(_) | None, Some(_) | None) => Step::SayAndClose(Fault::AuthFailed.record()),
        }
    }

    /// The answer to [`Step::Claim`].
    pub(super) fn claimed(&mut self, is_ours: bool) -> Step {
        self.is_open = is_ours;
        if is_ours {
            Step::Say(success("authenticated"))
        } else {
            Step::SayAndClose(Fault::ConnectionLimit.record())
        }
    }

    fn change(&mut self, message: &serde_json::Value, add: bool) -> Step {
        let Some(named) = named(message) else {
            return Step::Say(Fault::Syntax.record());
        };
        if named.iter().any(|(channel, _)| !channel.is_of(self.class)) {
            return Step::Say(Fault::InsufficientSubscription.record());
        }
        if !add {
            self.wants.retain(|w| !named.contains(w));
            // Whoever comes back to a book gets all of it.
            self.begun.retain(|s| self.wants.contains(&(Channel::Orderbooks, s.clone())));
        } else if self.wants.union(&named).count() > SYMBOLS_MAX {
            return Step::Say(Fault::SymbolLimit.record());
        } else {
            self.wants.extend(named);
        }
        Step::Say(self.subscription())
    }

    fn subscription(&self) -> Record {
        let mut record = Record::new().with("T", "subscription");
        for channel in Channel::ALL.into_iter().filter(|c| c.is_of(self.class)) {
            let symbols = self.wants.iter().filter(|(c, _)| *c == channel).map(|(_, s)| s.as_str());
            record = record.with(channel.word(), symbols.collect::<Vec<_>>());
        }
        record
    }

    /// Does this connection follow an order book?
    pub(super) fn wants_books(&self) -> bool {
        self.wants.iter().any(|(channel, _)| *channel == Channel::Orderbooks)
    }

    /// What this connection is told of that message; nothing where it has not asked for it.
    pub(super) fn told<'a>(&mut self, item: &'a Item) -> Option<&'a Record> {
        if !self.wants(item) {
            return None;
        }
        match &item.whole {
            Some(whole) if self.begun.insert(item.symbol.clone()) => Some(whole),
            Some(_) | None => Some(&item.record),
        }
    }

    /// Has this connection asked for that message?
    fn wants(&self, item: &Item) -> bool {
        self.is_open
            && item.class == self.class
            && (self.wants.contains(&(item.channel, STAR))
                || self.wants.contains(&(item.channel, item.symbol.clone())))
    }
}

/// What a message names; `None` where a list is no list of words.
fn named(message: &serde_json::Value) -> Option<BTreeSet<(Channel, SmolStr)>> {
    let mut named = BTreeSet::new();
    for channel in Channel::ALL {
        let Some(list) = message.get(channel.word()).filter(|v| !v.is_null()) else { continue };
        for symbol in list.as_array()? {
            named.insert((channel, SmolStr::new(symbol.as_str()?)));
        }
    }
    Some(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::server::record::Codec;
    use serde_json::json;

    fn open() -> Session {
        let keys = Keys { key_id: "PK".into(), secret_key: "S".into() };
        let mut session = Session::new(AssetClass::Equity, Arc::new(keys));
        assert_eq!(session.hear(Some(&json!({"action": "auth", "key": "PK", "secret": "S"}))), Step::Claim);
        session.claimed(true);
        session
    }

    fn text(step: &Step) -> String {
        let (Step::Say(record) | Step::SayAndClose(record)) = step else { panic!("{step:?}") };
        String::from_utf8(Codec::Json.encode(&[record])).unwrap()
    }

    fn item(channel: Channel, symbol: &str) -> Item {
        Item { class: AssetClass::Equity, channel, symbol: symbol.into(), record: Record::new(), whole: None }
    }

    #[test]
    fn nothing_before_the_keys_and_the_keys_once() {
        let keys = Arc::new(Keys { key_id: "PK".into(), secret_key: "S".into() });
        let mut session = Session::new(AssetClass::Equity, keys);
        let early = session.hear(Some(&json!({"action": "subscribe", "quotes": ["AAPL"]})));
        assert_eq!(text(&early), r#"[{"T":"error","code":401,"msg":"not authenticated"}]"#);
        let wrong = session.hear(Some(&json!({"action": "auth", "key": "PK", "secret": "x"})));
        assert_eq!(wrong, Step::SayAndClose(Fault::AuthFailed.record()));
        assert_eq!(session.hear(None), Step::Say(Fault::Syntax.record()));
        assert_eq!(session.claimed(false), Step::SayAndClose(Fault::ConnectionLimit.record()));
        assert!(!session.wants(&item(Channel::Quotes, "AAPL")));
        let mut session = open();
        let again = session.hear(Some(&json!({"action": "auth", "key": "PK", "secret": "S"})));
        assert_eq!(text(&again), r#"[{"T":"error","code":403,"msg":"already authenticated"}]"#);
    }

    #[test]
    fn a_subscription_is_answered_with_all_that_is_subscribed() {
        let mut session = open();
        session.hear(Some(&json!({"action": "subscribe", "quotes": ["AMD", "CLDR"], "trades": ["AAPL"]})));
        let now = session.hear(Some(&json!({"action": "subscribe", "bars": ["*"], "trades": null})));
        assert_eq!(
            text(&now),
            r#"[{"T":"subscription","trades":["AAPL"],"quotes":["AMD","CLDR"],"bars":["*"],"updatedBars":[],"dailyBars":[],"statuses":[],"lulds":[],"corrections":[],"cancelErrors":[]}]"#
        );
        assert!(session.wants(&item(Channel::Trades, "AAPL")) && session.wants(&item(Channel::Bars, "XYZ")));
        assert!(!session.wants(&item(Channel::Trades, "AMD")));
        session.hear(Some(&json!({"action": "unsubscribe", "quotes": ["AMD"]})));
        assert!(
            !session.wants(&item(Channel::Quotes, "AMD")) && session.wants(&item(Channel::Quotes, "CLDR"))
        );
    }

    #[test]
    fn nonsense_is_named_and_changes_nothing() {
        let mut session = open();
        for bad in
            [json!({"action": "subscribe", "quotes": "AAPL"}), json!({"action": "x"}), json!([1]), json!({})]
        {
            assert_eq!(session.hear(Some(&bad)), Step::Say(Fault::Syntax.record()), "{bad}");
        }
        let books = session.hear(Some(&json!({"action": "subscribe", "orderbooks": ["AAPL"]})));
        assert_eq!(books, Step::Say(Fault::InsufficientSubscription.record()));
        let many: Vec<String> = (0..=SYMBOLS_MAX).map(|n| format!("S{n}")).collect();
        let over = session.hear(Some(&json!({"action": "subscribe", "quotes": many})));
        assert_eq!(over, Step::Say(Fault::SymbolLimit.record()));
        assert!(session.wants.is_empty());
    }
}
