//! Alpaca's stand: the paper venue, behind proxies.

use super::{Fate, On, Stand};
use crate::{
    counterparty::{self, Counterparty, Mood},
    loopback::{Reply as Raw, Seen},
};
use rust_decimal::Decimal;
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio_tungstenite::tungstenite::Message;

pub(crate) struct Alpaca {
    venue: Counterparty,
    _dir: tempfile::TempDir,
}

impl Alpaca {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { venue: Counterparty::here(dir.path()), _dir: dir }
    }
    /// No request is answered from now on.
    pub(crate) fn hang(&self, hangs: bool) {
        self.venue.desk.plan(move |_| {
            if hangs { counterparty::Fate::Instead(Raw::Silence) } else { counterparty::Fate::Pass }
        });
    }
}

fn is(on: On, seen: &Seen) -> bool {
    let one = seen.path().starts_with("/v2/orders/");
    match on {
        On::Place => counterparty::is_order(seen),
        On::Replace => seen.method == "PATCH" && one,
        On::Cancel => seen.method == "DELETE" && seen.path().starts_with("/v2/orders"),
    }
}

impl Stand for Alpaca {
    fn config(&self) -> String {
        format!("[watchlist]\nsymbols = [\"MSFT\"]\n{}hours = \"always\"\n", self.venue.config_text())
    }
    fn market(&self) -> (&'static str, &'static str) {
        ("MSFT", "10")
    }
    fn lines(&self) -> Vec<String> {
        [
            "buy MSFT 10 limit -4% gtc",
            "buy MSFT 10 trigger +4% gtc",
            "buy MSFT 10 trigger +4% limit +4.5% gtc",
            "sell MSFT 5 limit +4% gtc",
            "sell MSFT 5 trail 4% gtc",
            "protect MSFT stop -3% target +3%",
        ]
        .map(str::to_owned)
        .to_vec()
    }
    fn bracket(&self) -> Option<String> {
        Some("buy MSFT 10 stop -3% target 3R".to_owned())
    }
    fn fate(&self, on: On, fate: Fate) {
        let left = AtomicBool::new(true);
        self.venue.desk.plan(move |seen| {
            if !is(on, seen) || !left.swap(false, Ordering::SeqCst) {
                return counterparty::Fate::Pass;
            }
            let json = |body: &str| body.as_bytes().to_vec();
            match &fate {
                Fate::Done(reply) => counterparty::Fate::After(reply.clone()),
                Fate::Undone(reply) => counterparty::Fate::Instead(reply.clone()),
                Fate::Refused => counterparty::Fate::Instead(Raw::Full(
                    422,
                    Vec::new(),
                    json(r#"{"code":42210000,"message":"not today"}"#),
                )),
                Fate::TooMany(seconds) => counterparty::Fate::Instead(Raw::Full(
                    429,
                    vec![("retry-after", seconds.to_string())],
                    json(r#"{"code":42910000,"message":"too many"}"#),
                )),
            }
        });
    }
    fn sent(&self) -> Vec<String> {
        self.venue.desk.sent()
    }
    fn open(&self) -> BTreeSet<String> {
        let orders = self.venue.ask("/v2/orders?status=open&nested=false&limit=500");
        let orders = orders.as_array().unwrap().iter();
        orders.map(|o| o["client_order_id"].as_str().unwrap().to_owned()).collect()
    }
    fn held(&self, symbol: &str) -> Decimal {
        let held = self.venue.ask("/v2/positions");
        let row = held.as_array().unwrap().iter().find(|p| p["symbol"] == symbol).cloned();
        row.map_or(Decimal::ZERO, |p| p["qty"].as_str().unwrap().parse().unwrap())
    }
    fn deaf(&self, is_deaf: bool) {
        self.venue.orders.mood(if is_deaf { Mood::Lose } else { Mood::Carry });
    }
    fn cut(&self) {
        self.venue.orders.cut();
    }
    /// The paper venue's market goes its own way; somebody sells there, piece by piece.
    fn reach(&self, client: &str, parts: u32) -> bool {
        let order = self.venue.ask(&format!("/v2/orders:by_client_order_id?client_order_id={client}"));
        let (Some(limit), Some(symbol)) = (order["limit_price"].as_str(), order["symbol"].as_str()) else {
            return false;
        };
        let qty: Decimal = order["qty"].as_str().unwrap().parse().unwrap();
        let step = (qty / Decimal::from(parts)).floor();
        for part in 1..=parts {
            let size = if part == parts { qty - step * Decimal::from(parts - 1) } else { step };
            self.venue.sell_once(symbol, limit, &size.to_string());
        }
        true
    }
    fn expire(&self) -> bool {
        false
    }
    /// What is said meanwhile is kept back, and then told twice, the last first.
    fn scramble(&self, act: &mut dyn FnMut()) -> bool {
        let wire = &self.venue.orders;
        let before = wire.heard().len();
        wire.mood(Mood::Lose);
        act();
        let is_whole = |m: &Message| m.to_text().is_ok_and(|text| text.contains(r#""event":"fill""#));
        for _ in 0..100 {
            if wire.heard().iter().skip(before).any(is_whole) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let told: Vec<Message> = wire.heard().into_iter().skip(before).collect();
        assert!(told.iter().any(is_whole), "the venue told of it");
        wire.mood(Mood::Carry);
        for message in told.into_iter().rev() {
            wire.say(message.clone());
            wire.say(message);
        }
        true
    }
    fn skew(&self, ms: i64) -> bool {
        self.venue.desk.skew(ms);
        true
    }
    fn strange(&self, word: Option<&'static str>) -> bool {
        let said = move |text: String| match word {
            Some(word) => text
                .replace(r#""status":"new""#, &format!(r#""status":"{word}""#))
                .replace(r#""status":"accepted""#, &format!(r#""status":"{word}""#)),
            None => text,
        };
        self.venue.desk.edit(said);
        self.venue.orders.edit(said);
        true
    }
    /// As Alpaca tells it: the key works and the account may not trade.
    fn forbid(&self) -> bool {
        self.venue.desk.edit(|text| text.replace(r#""trading_blocked":false"#, r#""trading_blocked":true"#));
        true
    }
    fn is_gateway(&self) -> bool {
        false
    }
    fn replaces(&self) -> bool {
        true
    }
    fn halves(&self) -> bool {
        false
    }
    fn keeps_names(&self) -> bool {
        false
    }
}
