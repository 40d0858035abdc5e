//! What the stand-in of IB Gateway trades: contracts with their parts, by which they are found; what a point of each is
//! worth; what an execution of it costs.

use super::fields::{Fields, Message};
use super::gateway::{dec, float};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
pub(crate) struct Market {
    pub(crate) con_id: i64,
    pub(crate) kind: &'static str,
    /// The symbol, which is that of the underlying.
    pub(crate) name: &'static str,
    pub(crate) local: &'static str,
    class: &'static str,
    pub(crate) currency: &'static str,
    /// Where it may be sent, its home first.
    pub(crate) exchanges: &'static [&'static str],
    /// Of an option: day of expiry, strike, call or put.
    terms: Option<(&'static str, f64, &'static str)>,
    multiplier: Option<i64>,
    magnifier: i64,
    pub(crate) bid: Decimal,
    pub(crate) ask: Decimal,
    rule: i64,
    /// From this price on, steps of that.
    steps: &'static [(&'static str, &'static str)],
    size_step: &'static str,
}

const CENTS: &[(&str, &str)] = &[("0", "0.01")];

const STOCK: Market = Market {
    con_id: 0,
    kind: "STK",
    name: "",
    local: "",
    class: "NMS",
    currency: "USD",
    exchanges: &["SMART", "NYSE"],
    terms: None,
    multiplier: None,
    magnifier: 1,
    bid: Decimal::ZERO,
    ask: Decimal::ZERO,
    rule: 26,
    steps: CENTS,
    size_step: "0.0001",
};

fn stock(con_id: i64, name: &'static str, bid: &str, ask: &str) -> Market {
    Market { con_id, name, local: name, bid: dec(bid), ask: dec(ask), ..STOCK }
}

fn option(con_id: i64, name: &'static str, local: &'static str, bid: &str, ask: &str) -> Market {
    let class = local.split_once(' ').map_or(name, |(root, _)| root);
    let terms = Some(("20261218", if name == "SPX" { 6000.0 } else { 200.0 }, "C"));
    Market {
        kind: "OPT",
        local,
        class,
        exchanges: &["SMART", "CBOE"],
        terms,
        multiplier: Some(100),
        rule: 110,
        steps: &[("0", "0.01"), ("3", "0.05")],
        size_step: "1",
        ..stock(con_id, name, bid, ask)
    }
}

fn future(
    con_id: i64,
    name: &'static str,
    local: &'static str,
    multiplier: i64,
    bid: &str,
    ask: &str,
) -> Market {
    Market {
        kind: "FUT",
        local,
        class: name,
        exchanges: &["CME", "QBALGO"],
        terms: Some(("20261218", 0.0, "")),
        multiplier: Some(multiplier),
        rule: 67,
        steps: &[("0", "0.25")],
        size_step: "1",
        ..stock(con_id, name, bid, ask)
    }
}

fn pair(con_id: i64, local: &'static str, bid: &str, ask: &str) -> Market {
    let (base, quote) = local.split_once('.').unwrap();
    Market {
        kind: "CASH",
        local,
        class: local,
        currency: quote,
        exchanges: &["IDEALPRO"],
        rule: 239,
        steps: &[("0", "0.00005")],
        size_step: "0.01",
        ..stock(con_id, base, bid, ask)
    }
}

/// All of them, by the name that they have in the stand-in.
pub(crate) fn all() -> BTreeMap<String, Market> {
    [
        ("AAPL", stock(265_598, "AAPL", "200.00", "200.02")),
        ("MSFT", stock(272_093, "MSFT", "420.10", "420.14")),
        ("EUR/USD", pair(12_087_792, "EUR.USD", "1.08500", "1.08505")),
        ("AAPL261218C00200000", option(700_000_001, "AAPL", "AAPL  261218C00200000", "10.00", "10.05")),
        // Of one day and strike: the monthly one and the weekly one.
        ("SPX261218C06000000", option(700_000_002, "SPX", "SPX   261218C06000000", "500.00", "500.05")),
        ("SPXW261218C06000000", option(700_000_003, "SPX", "SPXW  261218C06000000", "501.00", "501.05")),
        ("MESZ6", future(730_000_001, "MES", "MESZ6", 5, "6000.00", "6000.25")),
        // 5,000 bushels, in cents.
        ("ZWZ6", Market { magnifier: 100, ..future(730_000_002, "ZW", "ZWZ6", 5_000, "540.00", "540.25") }),
        // Two that their exchanges call the same.
        ("GAZ6", future(730_000_003, "GA", "GAZ6", 10, "100.00", "100.25")),
        (
            "GAZ6 elsewhere",
            Market { class: "GA2", ..future(730_000_004, "GA", "GAZ6", 20, "90.00", "90.25") },
        ),
    ]
    .map(|(name, market)| (name.to_owned(), market))
    .into()
}

impl Market {
    /// Money for one of it and a point of its price.
    pub(crate) fn unit(&self) -> Decimal {
        Decimal::from(self.multiplier.unwrap_or(1)) / Decimal::from(self.magnifier)
    }

    /// What is paid for when it is bought; of others only profit and loss are the position's.
    pub(crate) fn is_paid_for(&self) -> bool {
        matches!(self.kind, "STK" | "OPT")
    }

    /// The commission, always in dollars, which are what the account is kept in.
    pub(crate) fn fee(&self, qty: Decimal) -> Decimal {
        match self.kind {
            "OPT" => (qty * dec("0.65")).max(dec("1")),
            "FUT" => qty * dec("2.25"),
            "CASH" => dec("2"),
            _ => (qty * dec("0.005")).max(dec("1")),
        }
    }

    pub(crate) fn takes_parts(&self) -> bool {
        self.kind == "CASH"
    }

    pub(crate) fn is_on_step(&self, price: Decimal) -> bool {
        let at = self.steps.iter().rev().find(|(from, _)| dec(from) <= price.abs());
        (price / dec(at.unwrap().1)).normalize().scale() == 0
    }

    /// Auctions are for shares alone.
    pub(crate) fn takes(&self, kind: &str, tif: &str) -> bool {
        self.kind == "STK" || !(matches!(tif, "OPG" | "FOK") || matches!(kind, "MOC" | "LOC"))
    }

    /// Every part that is named must be its own.
    pub(crate) fn fits(&self, asked: &Fields) -> bool {
        let (expiry, strike, right) = self.terms.unwrap_or_default();
        let is = |tag, own: &str| {
            let text = asked.text(tag);
            text.is_empty() || text == own
        };
        let exchange = asked.text(8);
        let goes = exchange.is_empty() || self.exchanges.contains(&exchange.as_str());
        let named = asked.int(1).unwrap_or(0);
        if named != 0 {
            return named == self.con_id && goes && is(3, self.kind);
        }
        let is_named = !(asked.text(2).is_empty() && asked.text(11).is_empty());
        let is_strike = asked.double(5).is_none_or(|asked| asked.total_cmp(&strike).is_eq());
        is_named
            && goes
            && is(2, self.name)
            && is(3, self.kind)
            && is(4, expiry)
            && is_strike
            && is(6, right)
            && is(10, self.currency)
            && is(11, self.local)
            && is(12, self.class)
    }

    /// As orders and executions name it; a position names no exchange.
    pub(crate) fn contract(&self, exchange: &str) -> Message {
        let message = Message::default().int(1, self.con_id).text(2, self.name).text(3, self.kind);
        let message = match self.terms {
            Some((expiry, strike, right)) => message.text(4, expiry).double(5, strike).text(6, right),
            None => message,
        };
        let message = match self.multiplier {
            Some(multiplier) => message.double(7, float(Decimal::from(multiplier))),
            None => message,
        };
        let message = message.text(8, exchange).text(10, self.currency);
        message.text(11, self.local).text(12, self.class)
    }

    pub(crate) fn details(&self) -> Message {
        let step = self.steps.iter().map(|(_, step)| dec(step)).min().unwrap();
        let each = |text: &str| vec![text; self.exchanges.len()].join(",");
        let details = Message::default().text(1, self.class).text(2, &step.to_string());
        let details = details.text(3, "ACTIVETIM,LMT,MKT,STP,TRAIL").text(4, &self.exchanges.join(","));
        let details = details.int(5, self.magnifier).text(7, &format!("{} INC", self.name));
        let details = details.text(12, "US/Eastern").text(21, &each(&self.rule.to_string()));
        details.text(24, self.size_step).text(25, self.size_step).text(26, "100")
    }

    /// The steps of the rule that it stands under.
    pub(crate) fn rule_message(&self) -> Message {
        self.steps.iter().fold(Message::default().int(1, self.rule), |message, (from, step)| {
            let row = Message::default().double(1, float(dec(from))).double(2, float(dec(step)));
            message.message(2, &row)
        })
    }

    pub(crate) const fn has_rule(&self, rule: i64) -> bool {
        self.rule == rule
    }
}
