//! Answers as the cloud gives them, and what is made of them.

use super::*;
use crate::domain::algorithm::AlgorithmOrderState;
use std::fmt::Write as _;

const DELAY: i64 = 600_000;
const RUNNING: &str = r#"{"success":true,"deployId":"L-1","status":"Running","launched":"2026-11-20 12:58:41","stopped":null,"runtimeStatistics":{"Equity":"$1,057.25","Fees":"-$1.00","Unrealized":"$2.50","Net Profit":"$-3.46"},"serverStatistics":[],"charts":[]}"#;
const HELD: &str = r#"{"success":true,"portfolio":{"holdings":{"SPY R735QTJ8XC9X":{"a":9.5,"q":5,"p":10,"v":50,"u":2.5,"up":5.26},"AAPL R735QTJ8XC9X":{}},"cash":{"USD":{"symbol":"USD","amount":1007.25,"valueInAccountCurrency":1007.25}}}}"#;

fn at() -> Stamp {
    Stamp::parse_rfc3339("2026-11-20T15:00:00Z").unwrap()
}

fn take(seen: &mut Seen, kind: Kind, text: &str) -> Result<Took, Trouble> {
    seen.take(kind, text, at(), DELAY)
}

fn running() -> Seen {
    let mut seen = Seen::default();
    assert_eq!(take(&mut seen, Kind::Status, RUNNING), Ok(Took::Anew));
    assert!(seen.observe().is_none(), "what it holds is not known yet");
    assert_eq!(take(&mut seen, Kind::Portfolio, HELD), Ok(Took::Whole));
    seen
}

fn page(ids: impl Iterator<Item = u64>, status: u8) -> String {
    let mut rows = String::new();
    for id in ids {
        let comma = if rows.is_empty() { "" } else { "," };
        write!(rows, r#"{comma}{{"id":{id},"type":0,"status":{status},"quantity":1,"symbol":{{"value":"SPY","id":"SPY 1"}},"events":[]}}"#).unwrap();
    }
    format!(r#"{{"success":true,"orders":[{rows}],"length":1}}"#)
}

#[test]
fn holdings_are_as_old_as_the_vendor_says_that_they_may_be() {
    let seen = running().observe().unwrap();
    assert_eq!(seen.as_of.unwrap().to_rfc3339(), "2026-11-20T14:50:00Z");
    assert_eq!(seen.started.unwrap().to_rfc3339(), "2026-11-20T12:58:41Z");
    assert_eq!(
        (seen.deployment.as_str(), seen.phase, seen.word.as_str()),
        ("L-1", Phase::Running, "Running")
    );
    let money = |m: Option<Money>| m.unwrap().to_string();
    assert_eq!((money(seen.equity), money(seen.fees)), ("1057.25".to_owned(), "1.00".to_owned()));
    assert_eq!((money(seen.realized), money(seen.unrealized)), ("-3.46".to_owned(), "2.50".to_owned()));
    assert_eq!(seen.holdings.len(), 1, "a flat one is none");
    assert_eq!((seen.holdings[0].symbol.as_str(), seen.holdings[0].qty.to_string()), ("SPY", "5".to_owned()));
    assert_eq!(seen.cash[0].amount.to_string(), "1007.25");
    assert_eq!(seen.currency.as_ref().map(Text::as_str), Some("USD"));
    assert!(seen.flaws.is_empty() && seen.insights.as_of.is_none());
}

#[test]
fn insights_are_as_old_as_holdings_and_in_nobodys_way() {
    let mut seen = running();
    seen.fail(Kind::Insights, &Trouble::Refused("it has none".to_owned()));
    let observed = seen.observe().unwrap();
    assert!(observed.flaws[0].as_str().starts_with("its insights"), "{:?}", observed.flaws);
    let page = r#"{"success":true,"insights":[{"id":"a","ticker":"SPY","direction":"up"}],"length":1}"#;
    assert_eq!(take(&mut seen, Kind::Insights, page), Ok(Took::Whole));
    let observed = seen.observe().unwrap();
    assert_eq!(observed.insights.as_of.unwrap().to_rfc3339(), "2026-11-20T14:50:00Z");
    assert_eq!((observed.insights.rows.len(), seen.insights().next()), (1, 1));
    assert!(observed.flaws.is_empty());
    let whose = |two: &str| {
        let mut seen = running();
        let cash = format!(
            r#"{{"portfolio":{{"holdings":[],"cash":{{"EUR":{{"symbol":"EUR","amount":5,"valueInAccountCurrency":5}},{two}}}}}}}"#
        );
        take(&mut seen, Kind::Portfolio, &cash).unwrap();
        seen.observe().unwrap().currency.map(|c| c.to_string())
    };
    let usd =
        |worth: &str| format!(r#""USD":{{"symbol":"USD","amount":10,"valueInAccountCurrency":{worth}}}"#);
    assert_eq!(whose(&usd("9.1")), Some("EUR".to_owned()));
    assert_eq!(whose(&usd("10")), None, "either may be it");
}

#[test]
fn empty_maps_and_older_spellings_are_read_and_what_is_missing_is_not_flat() {
    let mut seen = running();
    take(&mut seen, Kind::Portfolio, r#"{"portfolio":{"holdings":[],"cash":[]}}"#).unwrap();
    assert!(seen.observe().unwrap().holdings.is_empty());
    let long = r#"{"Portfolio":{"Holdings":{"SPY 1":{"Symbol":{"Value":"SPY","ID":"SPY 1"},"AveragePrice":9.5,"Quantity":-5,"MarketPrice":10}},"CashBook":[]}}"#;
    take(&mut seen, Kind::Portfolio, long).unwrap();
    assert_eq!(seen.observe().unwrap().holdings[0].qty.to_string(), "-5");
    for text in [r#"{"portfolio":{"cash":[]}}"#, "{}", r#"{"portfolio":{"holdings":[1]}}"#] {
        let trouble = take(&mut seen, Kind::Portfolio, text).unwrap_err();
        seen.fail(Kind::Portfolio, &trouble);
        let observed = seen.observe().unwrap();
        assert_eq!((observed.holdings.len(), observed.flaws.len()), (1, 1), "{text}");
    }
}

#[test]
fn a_word_that_nobody_knows_is_shown() {
    for (word, phase) in [
        ("Hibernating", Phase::Unknown),
        ("RuntimeError", Phase::Failed),
        ("Liquidated", Phase::Liquidated),
        ("LoggingIn", Phase::Starting),
        ("Stopped", Phase::Stopped),
    ] {
        let mut seen = running();
        take(&mut seen, Kind::Status, &RUNNING.replace("Running", word)).unwrap();
        let list =
            r#"{"live":[{"deployId":"L-0","error":"old"},{"deployId":"L-1","error":"by zero","equity":5}]}"#;
        take(&mut seen, Kind::List, list).unwrap();
        let observed = seen.observe().unwrap();
        assert_eq!((observed.phase, observed.word.as_str()), (phase, word));
        assert_eq!(observed.error.unwrap().as_str(), "by zero");
    }
}

#[test]
fn another_deployment_begins_with_nothing_of_the_last() {
    let mut seen = running();
    take(&mut seen, Kind::Orders, &page(1..4, 1)).unwrap();
    assert_eq!(take(&mut seen, Kind::Status, RUNNING), Ok(Took::Whole));
    assert_eq!(take(&mut seen, Kind::Status, &RUNNING.replace("L-1", "L-2")), Ok(Took::Anew));
    assert!(seen.observe().is_none());
    take(&mut seen, Kind::Portfolio, HELD).unwrap();
    let observed = seen.observe().unwrap();
    assert_eq!((observed.deployment.as_str(), observed.orders.len()), ("L-2", 0));
}

#[test]
fn pages_that_are_over_are_not_read_again() {
    let mut seen = running();
    assert_eq!(take(&mut seen, Kind::Orders, &page(1..1_001, 3)), Ok(Took::More));
    assert_eq!(seen.page(), 1_000);
    assert_eq!(take(&mut seen, Kind::Orders, &page(1_001..2_001, 1)), Ok(Took::More));
    assert_eq!(take(&mut seen, Kind::Orders, &page(2_001..2_003, 1)), Ok(Took::Whole));
    assert_eq!(seen.page(), 1_000, "the second page can still change");
    let orders = seen.observe().unwrap().orders;
    assert_eq!(orders.len(), ROWS_MAX);
    assert_eq!(orders.iter().filter(|o| o.state == AlgorithmOrderState::Working).count(), 1_002);
    // A list that grows at its beginning is read whole each time.
    let mut seen = running();
    take(&mut seen, Kind::Orders, &page((1..1_001).rev(), 3)).unwrap();
    assert_eq!(take(&mut seen, Kind::Orders, &page(0..0, 3)), Ok(Took::Whole));
    assert_eq!(seen.page(), 0);
}

#[test]
fn a_log_is_read_on_from_its_last_line() {
    let log = |count: usize, length: u64| {
        let lines: Vec<String> = (0..count).map(|i| format!("2026-11-20 09:31:02 line {i}")).collect();
        serde_json::json!({"success": true, "logs": lines, "length": length}).to_string()
    };
    let mut seen = running();
    assert_eq!(take(&mut seen, Kind::Log, &log(250, 10_000)), Ok(Took::More));
    assert_eq!(seen.next_line(), 9_500, "only its end is told");
    assert_eq!(take(&mut seen, Kind::Log, &log(250, 10_000)), Ok(Took::More));
    assert_eq!(take(&mut seen, Kind::Log, &log(250, 10_000)), Ok(Took::Whole));
    assert_eq!((seen.next_line(), seen.observe().unwrap().log.len()), (10_000, LINES_MAX));
    assert_eq!(take(&mut seen, Kind::Log, &log(0, 10_000)), Ok(Took::Whole));
    assert_eq!(take(&mut seen, Kind::Log, &log(3, 10_003)), Ok(Took::Whole));
    assert_eq!(take(&mut seen, Kind::Log, &log(0, 2)), Ok(Took::More));
    assert_eq!((seen.next_line(), seen.observe().unwrap().log.len()), (0, 0));
}

#[test]
fn trouble_of_all_hides_nothing_that_was_seen_and_ends_with_an_answer() {
    let mut seen = running();
    seen.fail(Kind::Orders, &Trouble::Key);
    assert!(seen.lost().is_some() && seen.observe().is_some());
    seen.fail(Kind::Orders, &Trouble::Refused("no".to_owned()));
    assert_eq!(seen.lost(), None);
    assert_eq!(seen.observe().unwrap().flaws.len(), 1);
    let trouble = take(&mut seen, Kind::Status, r#"{"success":true}"#).unwrap_err();
    assert_eq!(trouble, Trouble::Nothing);
    seen.fail(Kind::Status, &trouble);
    take(&mut seen, Kind::Portfolio, HELD).unwrap();
    assert!(seen.lost().unwrap().as_str().contains("no live deployment"));
    take(&mut seen, Kind::Status, RUNNING).unwrap();
    assert_eq!(seen.lost(), None);
}

#[test]
fn the_vendors_orders_are_read_with_their_events() {
    let Some(folder) = std::env::var_os("TRADEDECK_FIXTURES").map(std::path::PathBuf::from) else {
        println!("SKIPPED: TRADEDECK_FIXTURES does not name the folder of recorded payloads");
        return;
    };
    let folder = folder.join("lean/orders-api");
    let mut read = Vec::new();
    for file in ["orders-with-events-camelCase.jsonl", "orders-with-events-legacy-PascalCase.jsonl"] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let rows: Vec<String> = text.lines().enumerate().map(|(i, l)| renumbered(l, i)).collect();
        let mut seen = running();
        let answer = format!(r#"{{"success":true,"orders":[{}]}}"#, rows.join(","));
        assert_eq!(take(&mut seen, Kind::Orders, &answer), Ok(Took::Whole), "{file}");
        let observed = seen.observe().unwrap();
        assert_eq!(observed.orders.len(), 12, "{file}");
        read.push(observed);
    }
    assert!(!read[0].events.is_empty());
    let kinds = |o: &Observation| o.orders.iter().map(|o| o.kind.to_string()).collect::<Vec<_>>();
    assert_eq!(kinds(&read[0]), kinds(&read[1]));
}

/// The vendor's samples all have the number one.
fn renumbered(line: &str, i: usize) -> String {
    let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
    let key = if row.get("id").is_some() { "id" } else { "Id" };
    row[key] = serde_json::json!(i.saturating_add(1));
    row.to_string()
}
