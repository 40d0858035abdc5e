//! `tradedeck analytics` against figures that are worked out here, from what `journal export` tells of fills and quotes.

use crate::shell::Home;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde_json::Value;
use std::collections::BTreeMap;

fn number(value: &Value) -> Option<Decimal> {
    value.as_str().map(|text| text.parse().unwrap_or_else(|e| panic!("{text}: {e}")))
}

fn ns(time: &Value) -> i128 {
    let at: jiff::Timestamp = time.as_str().unwrap().parse().unwrap();
    at.as_nanosecond()
}

/// What the export tells of one order.
#[derive(Debug, Default)]
struct Order {
    symbol: String,
    kind: String,
    is_buy: bool,
    ordered: Option<Decimal>,
    made: i128,
    mid: Option<Decimal>,
    touch: Option<Decimal>,
    sent_mid: Option<Decimal>,
    units: Decimal,
    value: Decimal,
    last: i128,
    ended: bool,
    whole: bool,
}

fn middle(touch: &Value) -> Option<Decimal> {
    let (bid, ask) = (number(&touch["bid"])?, number(&touch["ask"])?);
    Some((bid + ask) / Decimal::TWO)
}

fn orders(export: &str) -> BTreeMap<String, Order> {
    let mut orders: BTreeMap<String, Order> = BTreeMap::new();
    for line in export.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (fact, at) = (&line["fact"], ns(&line["time"]));
        match fact["fact"].as_str().unwrap() {
            "intended" => {
                let order = orders.entry(fact["order"]["client"].as_str().unwrap().to_owned()).or_default();
                order.symbol = fact["spec"]["instrument"]["symbol"].as_str().unwrap().to_owned();
                order.kind = fact["spec"]["order_type"].to_string();
                order.is_buy = fact["spec"]["side"] == "buy";
                order.ordered = number(&fact["spec"]["amount"]["qty"]);
                order.made = at;
                order.mid = middle(&fact["arrival"]);
                let side = if order.is_buy { "ask" } else { "bid" };
                order.touch = number(&fact["arrival"][side]);
            }
            "order" => {
                let order = orders.entry(fact["order"]["client"].as_str().unwrap().to_owned()).or_default();
                let event = fact["event"].as_str().unwrap();
                if event == "sent" {
                    order.sent_mid = order.sent_mid.or(middle(&fact["touch"]));
                }
                order.ended |= matches!(event, "cancelled" | "rejected" | "expired" | "filled_whole");
                order.whole |= event == "filled_whole";
            }
            "executed" => {
                let order = orders.entry(fact["client"].as_str().unwrap().to_owned()).or_default();
                let (units, price) = (number(&fact["qty"]).unwrap(), number(&fact["price"]).unwrap());
                order.units += units;
                order.value += units * price;
                order.last = order.last.max(at);
                assert_eq!(fact["seen"]["payoff"], "1", "{line}");
                assert_eq!(fact["seen"]["currency"], "USD", "{line}");
            }
            _ => {}
        }
    }
    orders
}

#[derive(Debug, Default)]
struct Sums {
    orders: u64,
    filled: u64,
    shares: Vec<Decimal>,
    volume: Decimal,
    weighed: Decimal,
    weights: Decimal,
    sent: Vec<Decimal>,
    bps: Vec<Decimal>,
    cost: Decimal,
    ms: Vec<i128>,
    improved: u64,
    gain: Decimal,
}

impl Sums {
    fn add(&mut self, order: &Order) {
        let whole = order.whole || order.ordered.is_some_and(|q| order.units >= q);
        if order.units.is_zero() && !order.ended {
            return;
        }
        self.orders += 1;
        self.filled += u64::from(whole);
        let share = order.ordered.map(|q| order.units / q);
        self.shares.extend(if whole { Some(Decimal::ONE) } else { share });
        if order.units.is_zero() {
            return;
        }
        self.volume += order.units;
        let paid = order.value / order.units;
        let sign = if order.is_buy { Decimal::ONE } else { -Decimal::ONE };
        let bps = |mid: Decimal| sign * (paid - mid) / mid * Decimal::from(10_000);
        let mid = order.mid.expect("the quote at the decision of an order that the gate let pass");
        self.bps.push(bps(mid));
        self.sent.extend(order.sent_mid.map(bps));
        self.weighed += bps(mid) * order.value;
        self.weights += order.value;
        self.cost += sign * (paid - mid) * order.units;
        if whole {
            self.ms.push((order.last - order.made).div_euclid(1_000_000));
        }
        let gain = sign * (order.touch.unwrap() - paid) * order.units;
        if gain > Decimal::ZERO {
            self.improved += 1;
            self.gain += gain;
        }
    }
}

fn median(mut all: Vec<Decimal>) -> Decimal {
    all.sort();
    let half = all.len() / 2;
    if all.len() % 2 == 1 { all[half] } else { (all[half - 1] + all[half]) / Decimal::TWO }
}

#[track_caller]
fn near(told: &Value, want: Decimal, what: &str) {
    let told = number(told).unwrap_or_else(|| panic!("no {what}"));
    assert!((told - want).abs() <= Decimal::new(6, 3), "{what}: {told}, by hand {want}");
}

fn compare(row: &Value, sums: &Sums) {
    let n = |value: &Value| value.as_u64().unwrap();
    assert_eq!((n(&row["orders"]), n(&row["filled"])), (sums.orders, sums.filled), "{row}");
    let rate = sums.shares.iter().sum::<Decimal>() / Decimal::from(sums.shares.len());
    near(&row["fill_rate"], rate * Decimal::ONE_HUNDRED, "fill rate");
    assert_eq!(n(&row["measured"]), u64::try_from(sums.bps.len()).unwrap(), "{row}");
    near(&row["slippage_bps"], sums.weighed / sums.weights, "slippage");
    near(&row["median_bps"], median(sums.bps.clone()), "median");
    assert_eq!(n(&row["submit_measured"]), u64::try_from(sums.sent.len()).unwrap(), "{row}");
    if !sums.sent.is_empty() {
        near(&row["submit_median_bps"], median(sums.sent.clone()), "median when sent");
    }
    near(&row["cost"], sums.cost, "cost");
    assert_eq!(row["currency"], "USD");
    let ms = sums.ms.iter().sum::<i128>() / i128::try_from(sums.ms.len()).unwrap();
    assert!((i128::from(n(&row["fill_ms"])) - ms).abs() <= 1, "{row}, by hand {ms}");
    assert_eq!(n(&row["improved"]), sums.improved, "{row}");
    if sums.improved > 0 {
        near(&row["improvement"], sums.gain, "improvement");
    }
    let score = rate * Decimal::ONE_HUNDRED - (sums.weighed / sums.weights).max(Decimal::ZERO) * Decimal::TWO;
    let score = score.clamp(Decimal::ZERO, Decimal::ONE_HUNDRED).round().to_u64().unwrap();
    assert!(n(&row["score"]).abs_diff(score) <= 1, "{row}, by hand {score}");
}

#[test]
fn what_analytics_says_is_what_the_export_adds_up_to() {
    let home = Home::new();
    home.config("[algorithms.swing]\nkind = \"program\"\nvenue = \"paper\"\ntags = [\"sw\"]\n");
    for line in [
        "buy AAPL 10",
        "sell AAPL 4",
        "buy AAPL 7 limit +1% tag sw",
        "buy BTCUSD $500",
        "buy MSFT 5 limit -5%",
    ] {
        home.run(&["order", line]).done();
    }
    home.run(&["cancel", "MSFT"]).done();
    home.run(&["order", "sell AAPL 99999999"]).ended(3, "");
    let export = home.run(&["journal", "export", "--format", "jsonl"]).done();
    let orders = orders(&export);
    let mut by_symbol: BTreeMap<&str, Sums> = BTreeMap::new();
    let mut all = Sums::default();
    for order in orders.values() {
        by_symbol.entry(&order.symbol).or_default().add(order);
        all.add(order);
    }
    let told = home.run(&["analytics", "--json"]).json();
    let rows = told["groups"]["symbol"].as_array().unwrap();
    assert_eq!(rows.len(), 3, "{told}");
    for row in rows.iter().filter(|row| row["symbol"] != "MSFT") {
        let sums = &by_symbol[row["symbol"].as_str().unwrap()];
        near(&row["volume"], sums.volume, "volume");
        compare(row, sums);
    }
    compare(&told["total"], &all);
    compare(&told["groups"]["venue"][0], &all);
    let unfilled = rows.iter().find(|row| row["symbol"] == "MSFT").unwrap();
    assert_eq!((unfilled["filled"].as_u64(), unfilled["fill_rate"].as_str()), (Some(0), Some("0")));
    assert!(unfilled["slippage_bps"].is_null() && unfilled["measured"] == 0, "{unfilled}");
    let owners: Vec<_> = told["groups"]["algorithm"].as_array().unwrap().iter().collect();
    assert_eq!(owners.len(), 2, "{told}");
    assert_eq!(owners.iter().find(|o| o["name"] == "swing").unwrap()["orders"], 1, "{told}");
    assert_eq!(
        told["groups"]["day"].as_array().unwrap().iter().map(|d| d["orders"].as_u64().unwrap()).sum::<u64>(),
        5
    );

    let only = home.run(&["analytics", "--symbol", "AAPL", "--json"]).json();
    assert_eq!(only["total"]["orders"], by_symbol["AAPL"].orders, "{only}");
    let each = home.run(&["analytics", "--orders", "--json"]).json();
    let each = each["orders"].as_array().unwrap();
    assert_eq!(each.len(), 5, "{each:?}");
    for told in each {
        let order = &orders[told["order"]["client"].as_str().unwrap()];
        assert_eq!(middle(&told["decision"]), order.mid, "{told}");
        assert_eq!(middle(&told["submitted"]["touch"]), order.sent_mid, "{told}");
        assert!(told["created"].is_string() && told["acknowledged"]["at"].is_string(), "{told}");
        assert_eq!(told["last_fill"].is_null(), order.units.is_zero(), "{told}");
    }
    let table = home.run(&["analytics", "--by", "type"]).done();
    assert!(table.contains("market") && table.contains("limit"), "{table}");
    let nothing = Home::new();
    nothing.run(&["analytics"]).ended(1, "there is no journal at");
    home.run(&["analytics", "--days", "0"]).ended(2, "0");
    // A copy of the journal elsewhere is read as well.
    let copy = home.dir.path().join("copy.sqlite");
    std::fs::copy(home.state().join("journal.sqlite"), &copy).unwrap();
    let copied = home.run(&["analytics", "--json", "--file", copy.to_str().unwrap()]).json();
    assert_eq!(copied["total"], told["total"]);
}
