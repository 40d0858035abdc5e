//! Lines in, what has to be done out.

#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]
use super::*;
use crate::domain::lifecycle::OrderEvent;
use proptest::prelude::*;

fn venue() -> VenueId {
    VenueId::new("alpaca").unwrap()
}
fn order(status: &str, filled: &str) -> String {
    format!(
        r#"{{"id":"o-1","client_order_id":"td-a-1","symbol":"AAPL","asset_class":"us_equity","qty":"10",
        "filled_qty":{filled},"filled_avg_price":null,"order_class":"","type":"limit","side":"buy",
        "time_in_force":"day","limit_price":"175.5","status":"{status}","extended_hours":false,"legs":null}}"#
    )
}
fn update(event: &str, status: &str, filled: &str, more: &str) -> String {
    let order = order(status, filled);
    format!(r#"{{"stream":"trade_updates","data":{{"event":"{event}","order":{order}{more}}}}}"#)
}
const FILL: &str =
    r#","timestamp":"2026-11-20T15:00:00.123456789Z","price":"175.49","qty":"4","execution_id":"e-1""#;

fn orders(lines: &[&str]) -> Vec<Say> {
    let mut session = Session::Orders(Orders::new(venue()));
    let mut out = Vec::new();
    session.opened(&mut out);
    for line in lines {
        session.line(line, Mono::default(), &mut out);
    }
    out
}
fn data(channel: Channel, watched: &[&str], lines: &[&str]) -> Vec<Say> {
    let mut session = Session::Data(Data::new(venue(), channel));
    let mut out = Vec::new();
    session.watch(&watching(watched, &[]), &mut out);
    session.opened(&mut out);
    for line in lines {
        session.line(line, Mono::default(), &mut out);
    }
    out
}
fn symbols(names: &[&str]) -> BTreeSet<Symbol> {
    names.iter().map(|n| Symbol::new(n).unwrap()).collect()
}
fn watching(names: &[&str], books: &[&str]) -> Watched {
    Watched { symbols: symbols(names), books: symbols(books), ..Watched::default() }
}
fn quarantined(said: &[Say]) -> Option<(u64, String)> {
    said.iter().rev().find_map(|s| {
        let Say::Event(Event::Quarantined { count, why, .. }) = s else { return None };
        Some((*count, why.as_str().to_owned()))
    })
}
const GREETING: &str = r#"[{"T":"success","msg":"connected"}]"#;
const WELCOME: &str = r#"[{"T":"success","msg":"authenticated"}]"#;
const SUBSCRIBED: &str = r#"[{"T":"subscription","trades":["AAPL"],"quotes":["AAPL"],"bars":[]}]"#;

#[test]
fn order_news_is_ready_when_it_is_listened_to() {
    let said = orders(&[
        r#"{"stream":"authorization","data":{"action":"authenticate","status":"authorized"}}"#,
        r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#,
    ]);
    assert_eq!(said, [Say::Login, Say::Send(LISTEN.to_owned()), Say::Ready]);
    let refused = r#"{"stream":"authorization","data":{"action":"authenticate","status":"unauthorized"}}"#;
    assert_eq!(orders(&[refused])[1], Say::Dead(Text::from("the key is unauthorized")));
    assert!(matches!(orders(&[r#"{"stream":"listening","data":{"streams":[]}}"#])[1], Say::Drop(_)));
}

#[test]
fn a_fill_is_an_execution_and_then_an_order() {
    let said = orders(&[&update("partial_fill", "partially_filled", "\"4\"", FILL)]);
    let [Say::Login, Say::Event(Event::Execution(e)), Say::Event(Event::Order(o))] = &said[..] else {
        panic!("{said:?}")
    };
    assert_eq!((e.id.as_str(), e.qty.to_string(), e.price.to_string()), ("e-1", "4".into(), "175.49".into()));
    assert_eq!(e.cum, Some(o.filled));
    assert_eq!(e.at.to_rfc3339(), "2026-11-20T15:00:00.123456789Z");
    assert_eq!((o.status, o.client.as_str()), (OrderEvent::FilledInPart, "td-a-1"));
}

#[test]
fn an_unknown_status_is_kept_as_it_is() {
    let said = orders(&[&update("restated", "reheld\u{1b}[2J", "\"0\"", "").replace('\u{1b}', "\\u001b")]);
    let Say::Event(Event::Order(o)) = &said[1] else { panic!("{said:?}") };
    assert_eq!((o.status, o.status_word.as_str()), (OrderEvent::Unrecognised, "reheld[2J"));
}

#[test]
fn refusals_of_requests_are_told() {
    for (event, is_cancel) in [("order_cancel_rejected", true), ("order_replace_rejected", false)] {
        let said = orders(&[&update(event, "new", "\"0\"", "")]);
        let Say::Event(Event::RequestRefused { cancel, .. }) = &said[1] else { panic!("{said:?}") };
        assert_eq!(*cancel, is_cancel);
    }
}

#[test]
fn what_cannot_be_read_is_counted_and_the_stream_goes_on() {
    let good = update("new", "new", "\"0\"", "");
    for bad in [
        update("new", "new", "\"NaN\"", ""),
        update("new", "new", "1e400", ""),
        update("new", "new", "\"\"", ""),
        update("new", "new", "null", ""),
        update("new", "new", "\"-1\"", ""),
        update("new", "new", "\"0.00000000000000000000000000001\"", ""),
        update("new", "new", "\"0\",\"side\":\"buy\"", ""),
        good.replace("\"td-a-1\"", "\"td\\u202ea\""),
        good.replace("\"AAPL\"", "\"\""),
        good.replace("trade_updates", "other"),
        "[]".to_owned(),
        "<html>".to_owned(),
        "[".repeat(200),
    ] {
        let said = orders(&[&bad, &good]);
        assert_eq!(quarantined(&said).map(|(n, _)| n), Some(1), "{bad}");
        assert!(matches!(said.last(), Some(Say::Event(Event::Order(_)))), "{bad}");
    }
    // A fill whose execution can't be read still shows its order.
    let said = orders(&[&update("fill", "filled", "\"10\"", &FILL.replace("\"175.49\"", "\"NaN\""))]);
    assert!(matches!(said[1], Say::Event(Event::Order(_))));
    assert_eq!(quarantined(&said), Some((1, "price: `NaN` is not a decimal number".to_owned())));
}

#[test]
fn a_flood_of_nonsense_is_not_a_flood_of_alerts() {
    let said = orders(&["?"; 1000]);
    assert_eq!(quarantined(&said).unwrap().0, 512);
    assert_eq!(said.len(), 1 + 10);
}

#[test]
fn market_news_is_ready_when_it_is_subscribed() {
    let said = data(Channel::Market, &["AAPL", "BTC/USD"], &[GREETING, WELCOME, SUBSCRIBED, SUBSCRIBED]);
    let subscribe = r#"{"action":"subscribe","trades":["AAPL"],"quotes":["AAPL"],"bars":["AAPL"],"dailyBars":["AAPL"],"statuses":["AAPL"]}"#;
    let fetch = Say::Fetch(vec![Symbol::new("AAPL").unwrap()]);
    assert_eq!(said, [Say::Login, Say::Send(subscribe.to_owned()), fetch, Say::Ready]);
    let crypto = data(Channel::Crypto, &["AAPL", "BTC/USD"], &[GREETING, WELCOME]);
    let Say::Send(text) = &crypto[1] else { panic!("{crypto:?}") };
    assert!(text.contains("BTC/USD") && !text.contains("statuses"), "{text}");
}

#[test]
fn another_set_of_symbols_changes_only_what_differs() {
    let mut session = Session::Data(Data::new(venue(), Channel::Market));
    let mut out = Vec::new();
    session.watch(&watching(&["AAPL", "TSLA"], &[]), &mut out);
    session.opened(&mut out);
    for line in [GREETING, WELCOME, SUBSCRIBED] {
        session.line(line, Mono::default(), &mut out);
    }
    out.clear();
    session.watch(&watching(&["MSFT", "TSLA"], &[]), &mut out);
    let [Say::Send(gone), Say::Send(new), Say::Fetch(fetch)] = &out[..] else { panic!("{out:?}") };
    assert!(gone.contains("unsubscribe") && gone.contains("AAPL") && !gone.contains("TSLA"), "{gone}");
    assert!(new.contains("\"subscribe\"") && new.contains("MSFT") && !new.contains("TSLA"), "{new}");
    assert_eq!(fetch, &[Symbol::new("MSFT").unwrap()]);
    // A new connection asks for everything again.
    session.opened(&mut out);
    assert!(session.subscribed().is_empty());
}

const BOOK: &str = r#"[{"T":"o","S":"BTC/USD","t":"2024-03-12T10:38:50.79613221Z","b":[{"p":71859.53,"s":0.27994},{"p":71849.4,"s":0.553986}],"a":[{"p":71939.7,"s":0.83953},{"p":71940.4,"s":0.28025}],"r":true}]"#;
const CHANGE: &str = r#"[{"T":"o","S":"BTC/USD","t":"2024-03-12T10:38:51.1Z","b":[{"p":71859.53,"s":0},{"p":71855,"s":0.5}],"a":[]}]"#;

/// A session of coins that follows one book.
fn booked(lines: &[&str]) -> (Session, Vec<Say>) {
    let mut session = Session::Data(Data::new(venue(), Channel::Crypto));
    let mut out = Vec::new();
    session.watch(&watching(&["BTC/USD", "ETH/USD"], &["BTC/USD", "AAPL"]), &mut out);
    session.opened(&mut out);
    for line in [GREETING, WELCOME, SUBSCRIBED] {
        session.line(line, Mono::default(), &mut out);
    }
    out.retain(|s| matches!(s, Say::Send(text) if text.contains("orderbooks")));
    for line in lines {
        session.line(line, Mono::default(), &mut out);
    }
    (session, out)
}
fn depths(said: &[Say]) -> Vec<String> {
    let depth = |s: &Say| {
        let Say::Market(Market::Depth(d)) = s else { return None };
        let best = |side: &[(crate::domain::money::Price, crate::domain::money::Qty)]| {
            side.first().map_or("-".to_owned(), |(p, s)| format!("{p}x{s}"))
        };
        Some(format!("{} {} {}", best(&d.bids), best(&d.asks), d.fault.map_or("", |f| f.word())))
    };
    said.iter().filter_map(depth).collect()
}

#[test]
fn a_book_is_subscribed_for_what_is_followed_and_told_as_it_stands() {
    let (mut session, said) = booked(&[BOOK, CHANGE]);
    assert_eq!(said[0], Say::Send(r#"{"action":"subscribe","orderbooks":["BTC/USD"]}"#.to_owned()));
    assert_eq!(depths(&said), ["71859.53x0.27994 71939.7x0.83953 ", "71855x0.5 71939.7x0.83953 "]);
    let mut out = Vec::new();
    session.watch(&watching(&["BTC/USD", "ETH/USD"], &["ETH/USD"]), &mut out);
    let sent = [
        Say::Send(r#"{"action":"unsubscribe","orderbooks":["BTC/USD"]}"#.to_owned()),
        Say::Send(r#"{"action":"subscribe","orderbooks":["ETH/USD"]}"#.to_owned()),
    ];
    assert_eq!(out, sent);
    // What still comes of the book that was let go is nobody's.
    session.line(BOOK, Mono::default(), &mut out);
    assert_eq!(out.len(), 2);
}

#[test]
fn a_change_that_cannot_be_read_is_a_gap_and_the_book_is_asked_for_again() {
    let bad = CHANGE.replace("0.5", "\"NaN\"");
    let (_, said) = booked(&[BOOK, &bad, CHANGE, BOOK]);
    assert_eq!(
        depths(&said),
        ["71859.53x0.27994 71939.7x0.83953 ", "- - gap in the book", "71859.53x0.27994 71939.7x0.83953 "]
    );
    assert_eq!(quarantined(&said).unwrap().0, 1);
    let sent = said.iter().filter(|s| matches!(s, Say::Send(_))).count();
    assert_eq!(sent, 3, "{said:?}");
    // A line that ends in nonsense may have held one, too.
    let (_, said) = booked(&[BOOK, "[{\"T\":\"o\",\"S\":"]);
    assert_eq!(depths(&said)[1], "- - gap in the book");
    // A venue that goes on so is not asked for ever.
    let lines: Vec<&str> = [BOOK, bad.as_str()].into_iter().cycle().take(60).collect();
    let (_, said) = booked(&lines);
    let sent = said.iter().filter(|s| matches!(s, Say::Send(text) if text.contains("unsubscribe"))).count();
    assert_eq!(sent, 8);
    for bad in [CHANGE.replace("71855", "-1"), CHANGE.replace("71855", "0"), CHANGE.replace("0.5", "-0.5")] {
        assert_eq!(depths(&booked(&[BOOK, &bad]).1)[1], "- - gap in the book", "{bad}");
    }
}

#[test]
fn a_plan_without_books_keeps_its_quotes() {
    let refused = r#"[{"T":"error","code":409,"msg":"insufficient subscription"}]"#;
    let quote = r#"[{"T":"q","S":"BTC/USD","bp":1,"bs":1,"ap":2,"as":1,"t":"2026-11-20T15:00:00Z"}]"#;
    let (mut session, said) = booked(&[refused, quote, BOOK]);
    assert!(matches!(said.last(), Some(Say::Market(Market::Quote(_)))), "{said:?}");
    let mut out = Vec::new();
    session.watch(&watching(&["BTC/USD", "ETH/USD"], &["ETH/USD"]), &mut out);
    assert_eq!(out, []);
}

#[test]
fn complaints_are_told_apart() {
    let said = |code: u32| {
        let line = format!(r#"[{{"T":"error","code":{code},"msg":"words"}}]"#);
        data(Channel::Market, &["AAPL"], &[GREETING, WELCOME, &line]).pop().unwrap()
    };
    for code in [402, 408, 409] {
        assert_eq!(said(code), Say::Dead(Text::from(format!("words (code {code})"))));
    }
    for code in [401, 404, 406, 407, 500, 999] {
        assert_eq!(said(code), Say::Drop(Text::from(format!("words (code {code})"))));
    }
    assert_eq!(said(405), Say::Ready);
    assert!(matches!(said(403), Say::Fetch(_)));
}

#[test]
fn one_bad_element_leaves_its_neighbours() {
    let quote = r#"{"T":"q","S":"AAPL","bx":"U","bp":175.49,"bs":100,"ax":"Q","ap":175.51,"as":4,"t":"2026-11-20T15:00:00Z","c":["R"],"z":"C"}"#;
    for bad in [
        quote.replace("175.49", "\"NaN\""),
        quote.replace("175.49", "1e400"),
        quote.replace("\"S\":\"AAPL\",", ""),
        quote.replace("\"bp\":175.49,", ""),
        quote.replace("\"bs\":100", "\"bs\":-1"),
        quote.replace("2026-11-20T15:00:00Z", "yesterday"),
    ] {
        let said = data(Channel::Market, &["AAPL"], &[&format!("[{bad},{quote}]")]);
        assert_eq!(quarantined(&said).unwrap().0, 1, "{bad}");
        assert_eq!(said.iter().filter(|s| matches!(s, Say::Market(_))).count(), 1, "{bad}");
    }
    let empty = quote.replace("175.49", "0").replace("\"bs\":100", "\"bs\":0");
    let said = data(Channel::Market, &["AAPL"], &[&format!("[{empty}]")]);
    let [Say::Market(Market::Quote(q))] = &said[..] else { panic!("{said:?}") };
    assert_eq!((q.bid, q.ask.unwrap().0.to_string()), (None, "175.51".to_owned()));
}

#[test]
fn every_kind_of_market_news_is_read() {
    let line = r#"[{"T":"t","i":96921,"S":"AAPL","x":"D","p":126.55,"s":1,"t":"2026-02-22T15:51:44.208Z","c":["@","I"],"z":"C"},
        {"T":"b","S":"SPY","o":388.985,"h":389.13,"l":388.975,"c":389.12,"v":49378,"n":5,"vw":389.06,"t":"2026-02-22T19:15:00Z"},
        {"T":"d","S":"SPY","o":388.985,"h":389.13,"l":388.975,"c":389.12,"v":749378,"t":"2026-02-16T04:00:00Z"},
        {"T":"s","S":"AAPL","sc":"H","sm":"Trading Halt","rc":"T12","rm":"Trading Halted","t":"2026-02-22T19:15:00Z","z":"C"},
        {"T":"s","S":"AAPL","sc":"T","sm":"Trading Resumption","rc":"","rm":"","t":"2026-02-22T19:15:00Z","z":"C"},
        {"T":"l","S":"AAPL","u":1,"d":1,"i":"B","t":"2026-02-22T19:15:00Z","z":"C"},{"T":"new kind"}]"#;
    let said = data(Channel::Market, &["AAPL"], &[line]);
    let [
        Say::Market(Market::Trade(t)),
        Say::Market(Market::Bar { bar, .. }),
        Say::Market(Market::Day(d)),
        Say::Event(Event::Halt { why: Some(why), .. }),
        Say::Event(Event::Halt { why: None, .. }),
    ] = &said[..]
    else {
        panic!("{said:?}")
    };
    assert_eq!((t.price.to_string(), bar.close.to_string()), ("126.55".to_owned(), "389.12".to_owned()));
    assert_eq!((d.volume.unwrap().to_string(), why.as_str()), ("749378".to_owned(), "Trading Halted"));
}

proptest! {
    /// Whatever comes, nothing panics and nothing that can't be read passes.
    #[test]
    fn any_line_is_survived(line in ".{0,2000}", cut in 0_usize..600) {
        orders(&[&line]);
        data(Channel::Market, &["AAPL"], &[&line]);
        let whole = update("fill", "filled", "\"10\"", FILL);
        let part: String = whole.chars().take(cut.min(whole.len() - 1)).collect();
        let said = orders(&[&part]);
        prop_assert!(said.iter().all(|s| !matches!(s, Say::Event(Event::Execution(_)))));
    }
}
