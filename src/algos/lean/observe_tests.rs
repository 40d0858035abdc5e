//! Of each figure the newest.

use super::*;
use crate::algos::{
    lean::{live::News, packet},
    result::ROWS_MAX,
};
use crate::domain::{
    algorithm::{AlgorithmOrderState, LogLevel},
    time::{Mono, Now},
};

fn at(secs: i64) -> Stamp {
    Stamp::from_secs(secs).unwrap()
}

fn file(text: &str) -> Figures {
    map::result(text).unwrap()
}

fn parts<'a>(results: &[(&'a Figures, i64)]) -> Parts<'a> {
    Parts {
        id: "L-3",
        results: results.iter().map(|(f, secs)| (*f, at(*secs))).collect(),
        ..Parts::default()
    }
}

fn streamed(live: &mut Live, secs: i64, text: &str) {
    let now = Now { wall: at(secs), mono: Mono::from_millis(60_000) };
    live.take(News::Packet(packet::read(text.as_bytes())), now, 1_000, &mut 0);
}

const DAY: i64 = 1_795_132_800; // 2026-11-20T00:00:00Z

fn minute() -> Figures {
    file(&format!(
        r#"{{"holdings":{{"SPY 1":{{"q":5,"p":10,"v":50}}}},"cash":{{"USD":{{"symbol":"USD","amount":7}}}},"accountCurrency":"USD",
        "charts":{{"Strategy Equity":{{"series":{{"Equity":{{"values":[[{},98,99,97,98.5],[{DAY},99,101,98,100],[{},100,101,98,101]]}}}}}}}},
        "orders":{{"1":{{"id":1,"type":1,"status":1,"quantity":5,"symbol":"SPY 1"}}}},
        "runtimeStatistics":{{"Equity":"$102.50","Fees":"-$3.00","Net Profit":"$-3.00","Unrealized":"$5.50"}},
        "state":{{"StartTime":"2026-11-19T12:00:00Z","EndTime":"","Status":"Running","RuntimeError":""}}}}"#,
        DAY - 60,
        DAY + 60
    ))
}

#[test]
fn figures_are_the_files_own() {
    let minute = minute();
    let seen = observe(parts(&[(&minute, DAY + 120)]), &Live::default());
    assert_eq!(seen.deployment.as_str(), "L-3 2026-11-19T12:00:00Z");
    assert_eq!((seen.phase, seen.word.as_str()), (Phase::Running, "Running"));
    assert_eq!(seen.as_of, Some(at(DAY + 120)));
    let money = |m: Option<Money>| m.map(|m| m.to_string());
    assert_eq!(money(seen.equity).as_deref(), Some("102.50"));
    // The candle of midnight begins with what it was then.
    assert_eq!(money(seen.day).as_deref(), Some("3.50"));
    assert_eq!(money(seen.fees).as_deref(), Some("3.00"));
    assert_eq!(money(seen.realized).as_deref(), Some("-3.00"));
    assert_eq!(money(seen.unrealized).as_deref(), Some("5.50"));
    assert_eq!(seen.curve.len(), 3);
    assert_eq!(seen.statistics[0].0.as_str(), "Equity");
}

#[test]
fn a_contract_is_never_called_like_what_it_is_of() {
    let of = |orders: &str| {
        file(&format!(
            r#"{{"holdings":{{"SPY 31Q|SPY R7":{{"q":-1}},"SPY R7":{{"q":100}}}},"orders":{{{orders}}}}}"#
        ))
    };
    let named = |figures: &Figures| -> Vec<String> {
        let seen = observe(parts(&[(figures, DAY)]), &Live::default());
        seen.holdings.iter().map(|h| format!("{} {}", h.symbol, h.qty)).collect()
    };
    assert_eq!(named(&of("")), ["SPY 31Q|SPY R7 -1", "SPY 100"]);
    let order = r#""1":{"id":1,"type":0,"status":3,"quantity":-1,"symbol":{"value":"SPY 261218C00600000","id":"SPY 31Q|SPY R7"}}"#;
    assert_eq!(named(&of(order)), ["SPY 261218C00600000 -1", "SPY 100"]);
}

#[test]
fn the_day_is_none_where_the_curve_does_not_reach_back() {
    let text = format!(
        r#"{{"holdings":{{}},"charts":{{"Strategy Equity":{{"series":{{"Equity":{{"values":[[{},100]]}}}}}}}}}}"#,
        DAY + 60
    );
    let young = file(&text);
    let seen = observe(parts(&[(&young, DAY + 120)]), &Live::default());
    assert_eq!((seen.day, seen.equity.map(|m| m.to_string())), (None, Some("100".to_owned())));
    assert_eq!(seen.phase, Phase::Starting);
}

#[test]
fn what_streamed_later_is_taken_and_what_was_written_later_too() {
    let minute = minute();
    let mut live = Live::default();
    let held = r#"{"Type":"LiveResult","Results":{"Holdings":{"SPY 1":{"q":6,"p":10,"v":60}}}}"#;
    streamed(&mut live, DAY + 150, held);
    let seen = observe(parts(&[(&minute, DAY + 120)]), &live);
    assert_eq!((seen.holdings[0].qty.to_string(), seen.as_of), ("6".to_owned(), Some(at(DAY + 150))));
    assert_eq!(seen.cash.len(), 1, "of a part that did not stream the file's is kept");
    let seen = observe(parts(&[(&minute, DAY + 180)]), &live);
    assert_eq!((seen.holdings[0].qty.to_string(), seen.as_of), ("5".to_owned(), Some(at(DAY + 180))));
}

#[test]
fn an_event_that_a_file_can_not_know_changes_its_order_and_is_told_once() {
    let minute = minute();
    let event = |secs: i64| {
        format!(
            r#"{{"id":"L-3-1-2","algorithmId":"L-3","orderId":1,"orderEventId":2,"symbol":"SPY 1","time":{secs}.5,"status":"filled","fillPrice":10,"fillQuantity":5,"direction":"buy","quantity":5}}"#
        )
    };
    let mut live = Live::default();
    for _ in 0..2 {
        streamed(&mut live, DAY + 130, &format!(r#"{{"Type":"OrderEvent","Event":{}}}"#, event(DAY + 130)));
    }
    let written = map::events(&format!("[{}]", event(DAY + 130))).unwrap();
    let mut all = parts(&[(&minute, DAY + 120)]);
    all.events = written.iter().collect();
    let seen = observe(all, &live);
    assert_eq!((seen.events.len(), seen.orders[0].state), (1, AlgorithmOrderState::Filled));
    // A file that was written after it knows better.
    let mut all = parts(&[(&minute, DAY + 140)]);
    all.events = written.iter().collect();
    assert_eq!(observe(all, &live).orders[0].state, AlgorithmOrderState::Working);
    // What is older than the run is of another.
    let old = map::events(&format!("[{}]", event(DAY - 86_400))).unwrap();
    let mut all = parts(&[(&minute, DAY + 140)]);
    all.events = old.iter().collect();
    assert_eq!(observe(all, &Live::default()).events, []);
}

#[test]
fn the_last_word_counts_and_an_end_is_an_end() {
    let minute = minute();
    let said = |secs: i64, word: &str| (at(secs), Text::clean(word));
    let with = |status: &(Stamp, Text)| {
        let mut all = parts(&[(&minute, DAY + 120)]);
        all.status = Some(status);
        observe(all, &Live::default()).phase
    };
    assert_eq!(with(&said(DAY + 130, "Stopped")), Phase::Stopped);
    assert_eq!(with(&said(DAY + 110, "Initializing")), Phase::Running);
    let ended = file(
        r#"{"holdings":{},"state":{"Status":"Running","EndTime":"2026-11-20T10:00:00Z","RuntimeError":"x"}}"#,
    );
    let seen = observe(parts(&[(&ended, DAY)]), &Live::default());
    assert_eq!((seen.phase, seen.error.unwrap().as_str()), (Phase::Stopped, "x"));
}

#[test]
fn the_stream_of_a_new_run_waits_for_its_files() {
    let minute = minute();
    let mut live = Live::default();
    let up = Now { wall: at(DAY + 130), mono: Mono::from_millis(10_000) };
    live.take(News::Up { is_new: true }, up, 1_000, &mut 0);
    streamed(&mut live, DAY + 150, r#"{"Type":"LiveResult","Results":{"Holdings":{}}}"#);
    assert_eq!(observe(parts(&[(&minute, DAY + 120)]), &live).holdings.len(), 1);
    assert_eq!(observe(parts(&[(&minute, DAY + 140)]), &live).holdings.len(), 0);
    // A burst after connecting was waiting in the queue, for nobody knows how long.
    let burst = Now { wall: at(DAY + 200), mono: Mono::from_millis(10_500) };
    let packet = packet::read(br#"{"Type":"LiveResult","Results":{"Holdings":{"A 1":{"q":1}}}}"#);
    live.take(News::Packet(packet), burst, 1_000, &mut 0);
    assert_eq!(observe(parts(&[(&minute, DAY + 140)]), &live).holdings.len(), 0);
}

#[test]
fn the_curve_is_finest_where_it_is_newest() {
    let of = |points: &str| {
        file(&format!(
            r#"{{"holdings":{{}},"charts":{{"Strategy Equity":{{"series":{{"Equity":{{"values":{points}}}}}}}}}}}"#
        ))
    };
    let status = of("[[0,1],[43200,2],[86400,3],[86500,4]]");
    let (yesterday, today) = (of("[[43140,11],[43200,12],[43260,13]]"), of("[[86400,21],[86460,22]]"));
    let seconds = of("[[86458,31],[86460,32],[86462,33]]");
    let mut all = parts(&[(&yesterday, 1), (&status, 2), (&today, 3)]);
    all.seconds = Some((&seconds, at(3)));
    let seen: Vec<String> =
        observe(all, &Live::default()).curve.iter().map(|(t, y)| format!("{} {y}", t.as_secs())).collect();
    assert_eq!(seen, ["0 1", "43140 11", "43200 12", "43260 13", "86400 21", "86460 22", "86462 33"]);
}

#[test]
fn what_streamed_and_is_in_the_log_is_told_once() {
    let minute = minute();
    let mut live = Live::default();
    let mut n = 10;
    for text in ["one", "two"] {
        let packet = packet::read(format!(r#"{{"Type":"Debug","Message":"{text}"}}"#).as_bytes());
        live.take(News::Packet(packet), Now::default(), 1_000, &mut n);
    }
    let logged =
        (20, LogLine { at: None, level: LogLevel::Info, text: Text::clean("2026-11-20 09:31:02 one") });
    let mut all = parts(&[(&minute, DAY)]);
    all.lines = vec![&logged];
    let texts: Vec<String> = observe(all, &live).log.iter().map(|l| l.text.to_string()).collect();
    assert_eq!(texts, ["two", "2026-11-20 09:31:02 one"]);
}

#[test]
fn rows_are_bounded_and_what_is_open_stays() {
    let orders: Vec<String> = (1..=2_500)
        .map(|i| {
            format!(
                r#""{i}":{{"id":{i},"type":0,"status":{},"quantity":1}}"#,
                if i % 100 == 1 { 1 } else { 3 }
            )
        })
        .collect();
    let many = file(&format!(r#"{{"holdings":{{}},"orders":{{{}}}}}"#, orders.join(",")));
    let seen = observe(parts(&[(&many, DAY)]), &Live::default()).orders;
    assert_eq!(seen.len(), ROWS_MAX);
    assert_eq!(seen.iter().filter(|o| o.state.is_open()).count(), 25);
    assert_eq!((seen[0].id, seen.last().unwrap().id), (1, 2_500));
}
