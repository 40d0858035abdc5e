//! Whatever comes over a wire, up to 64 KiB of it: the adapter reads or refuses it, the paper venue answers or
//! refuses it, and nothing panics.

use proptest::{collection::vec, prelude::*};
use serde::Deserialize;
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tradedeck::{
    adapters::alpaca::{
        map,
        session::{Data, Orders, Session},
        wire,
    },
    broker::{Channel, Watched},
    clock::System,
    domain::{
        ids::{InstrumentId, Symbol, VenueId},
        time::Mono,
    },
    paper::server::{self, Options},
};

const BYTES_MAX: usize = 64 * 1024;
const ORDER: &str = r#"{"id":"61e69015-8549-4bfd-b9c3-01e75843f47d","client_order_id":"td-a-1","created_at":"2021-03-16T18:38:01.942282Z","submitted_at":"2021-03-16T18:38:01.937734Z","asset_class":"us_equity","symbol":"AAPL","qty":"15","notional":null,"filled_qty":"3","filled_avg_price":"120.5","order_class":"bracket","type":"limit","side":"buy","time_in_force":"day","limit_price":"107.00","stop_price":null,"trail_percent":null,"trail_price":null,"status":"partially_filled","extended_hours":false,"legs":[{"id":"b","client_order_id":"c","symbol":"AAPL","qty":"15","filled_qty":"0","type":"stop","side":"sell","time_in_force":"gtc","stop_price":"90","status":"held"}],"replaces":null,"replaced_by":null}"#;
const ACTIVITY: &str = r#"{"activity_type":"FILL","id":"20190524113406977::8efc7b9a","cum_qty":"1","leaves_qty":"0","price":"1.63","qty":"1","side":"buy","symbol":"LPCN","transaction_time":"2019-05-24T15:34:06.977Z","order_id":"904837e3","type":"fill"}"#;
const POSITION: &str = r#"{"asset_class":"us_equity","symbol":"AAPL","qty":"-5","side":"short","qty_available":"4","avg_entry_price":"100.0","current_price":"120.0","lastday_price":"119.0"}"#;
const ACCOUNT: &str = r#"{"account_number":"PA1","status":"ACTIVE","currency":"USD","equity":"103820.56","cash":"-23140.2","buying_power":"262113.632","last_equity":"103529.24","multiplier":"4","initial_margin":"63480.38","maintenance_margin":"38088.228","daytrade_count":0,"shorting_enabled":true,"trading_blocked":false,"account_blocked":false,"trade_suspended_by_user":false}"#;
const ASSET: &str = r#"{"id":"x","class":"us_equity","symbol":"AAPL","name":"Apple","status":"active","tradable":true,"marginable":true,"shortable":true,"easy_to_borrow":true,"fractionable":true,"min_order_size":"0.0001","min_trade_increment":"0.0001","price_increment":"0.01"}"#;
const NEWS: &str = r#"[{"T":"q","S":"AAPL","bp":150.01,"bs":3,"ap":150.02,"as":4,"t":"2026-11-20T15:00:00.123456789Z"},{"T":"t","S":"AAPL","p":150.01,"s":100,"t":"2026-11-20T15:00:00Z","i":5,"c":["@"]},{"T":"b","S":"AAPL","o":1,"h":2,"l":0.5,"c":1.5,"v":1000,"t":"2026-11-20T15:00:00Z"},{"T":"s","S":"AAPL","sc":"H","sm":"halt","rc":"T1","rm":"news"},{"T":"success","msg":"authenticated"},{"T":"error","code":406,"msg":"connection limit exceeded"},{"T":"o","S":"BTC/USD","b":[{"p":10,"s":0.5}],"a":[{"p":10.1,"s":0}],"r":true,"t":"2026-11-20T15:00:00Z"},{"T":"subscription","trades":["AAPL"]}]"#;
/// What finds the weak places of readers of numbers, texts and times.
const NASTY: &[&str] = &[
    "NaN",
    "1e400",
    "-1",
    "0",
    "\"\"",
    "null",
    "-0",
    "1e-400",
    "99999999999999999999999999999999999999",
    "\"",
    "{",
    "]",
    "\"9999-99-99T99:99:99Z\"",
    "\"\\u001b[2J\"",
    "\"\\u202e\"",
    "\"\\ud800\"",
    "79228162514264337593543950335",
    "\\",
    "0.00000000000000000000000000001",
    "\"-79228162514264337593543950335\"",
    "[[[[[[[[",
    "true",
    "18446744073709551616",
    "\u{0}",
    "\u{feff}",
    "\u{ffff}",
    ",",
    ":",
];

/// A valid text with pieces torn out and others put in.
fn mutated(text: String) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(NASTY).prop_map(ToOwned::to_owned),
        "\\PC{0,12}",
        any::<char>().prop_map(|c| c.to_string()),
        Just(String::new()),
    ];
    vec((any::<prop::sample::Index>(), 0_usize..24, piece), 1..5).prop_map(move |wounds| {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, length, piece) in wounds {
            let from = at.index(chars.len() + 1);
            let to = (from + length).min(chars.len());
            chars.splice(from..to, piece.chars());
        }
        chars.into_iter().collect()
    })
}

/// A valid text in which one value is another one: what a reader of JSON lets pass.
fn revalued(text: String) -> impl Strategy<Value = String> {
    let value = prop_oneof![
        prop::sample::select(NASTY).prop_map(|n| json!(n.trim_matches('"'))),
        any::<i64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        "\\PC{0,200}".prop_map(|s| json!(s)),
        (0_u32..60, any::<u64>()).prop_map(|(scale, n)| json!(format!("{n}e-{scale}"))),
        Just(json!(null)),
        Just(json!([])),
        Just(json!({})),
    ];
    (any::<prop::sample::Index>(), value).prop_map(move |(at, value)| {
        let mut whole: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut places = Vec::new();
        leaves(&whole, &mut String::new(), &mut places);
        *whole.pointer_mut(&places[at.index(places.len())]).unwrap() = value;
        whole.to_string()
    })
}

fn leaves(value: &serde_json::Value, path: &mut String, out: &mut Vec<String>) {
    let mut inner = |name: String, value: &serde_json::Value| {
        let length = path.len();
        path.extend(["/", &name]);
        leaves(value, path, out);
        path.truncate(length);
    };
    if let Some(all) = value.as_object() {
        all.iter().for_each(|(name, v)| inner(name.clone(), v));
    } else if let Some(all) = value.as_array() {
        all.iter().enumerate().for_each(|(n, v)| inner(n.to_string(), v));
    } else {
        out.push(path.clone());
    }
}

fn soup() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(any::<u8>(), 0..512).prop_map(|b| String::from_utf8_lossy(&b).into_owned()),
        vec(prop::sample::select(NASTY), 0..64).prop_map(|words| words.concat()),
        (prop::sample::select(NASTY), 0_usize..BYTES_MAX).prop_map(|(word, n)| word
            .chars()
            .cycle()
            .take(n / word.len().max(1))
            .collect()),
    ]
}

fn like(text: &str) -> impl Strategy<Value = String> + use<> {
    prop_oneof![4 => mutated(text.to_owned()), 4 => revalued(text.to_owned()), 1 => soup()]
}

fn venue() -> VenueId {
    VenueId::new("soup").unwrap()
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// Everything that the adapter can make of an order and of what hangs on one.
fn take_order(text: &str) {
    let lists = read::<Vec<wire::Order<'_>>>(text).into_iter().flatten();
    for order in lists.chain(read::<wire::Order<'_>>(text)) {
        drop(map::order(&venue(), &order));
    }
}

fn take_activity(text: &str, order: &str) {
    let order: wire::Order<'_> = read(order).unwrap();
    let order = map::order(&venue(), &order).unwrap().remove(0);
    if let Some(activity) = read::<wire::Activity<'_>>(text) {
        drop(map::activity(&activity, &order));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_adapter_takes_any_order(text in like(ORDER)) {
        take_order(&text);
        take_order(&format!("[{ORDER},{text}]"));
        drop(read::<wire::Refused<'_>>(&text));
    }

    #[test]
    fn the_adapter_takes_any_answer(
        activity in like(ACTIVITY), position in like(POSITION), account in like(ACCOUNT), asset in like(ASSET),
    ) {
        take_activity(&activity, ORDER);
        read::<wire::Position<'_>>(&position).map(|p| map::position(&venue(), &p).ok());
        if let Some(account) = read::<wire::Account<'_>>(&account) {
            drop(map::account(&account));
            drop(map::blocked(&account));
        }
        read::<wire::Asset<'_>>(&asset).map(|a| map::instrument(&venue(), &a).ok());
    }

    #[test]
    fn the_adapter_takes_any_order_news(
        order in like(ORDER), event in "\\PC{0,20}", price in prop::sample::select(NASTY), whole in any::<bool>(),
    ) {
        let mut out = Vec::new();
        let mut session = Session::Orders(Orders::new(venue()));
        let event = if whole { json!("partial_fill") } else { json!(event) };
        let line = format!(
            r#"{{"stream":"trade_updates","data":{{"event":{event},"price":{price},"qty":{price},"execution_id":"x","timestamp":"2026-11-20T15:00:00Z","order":{order}}}}}"#
        );
        session.opened(&mut out);
        for text in [line.as_str(), order.as_str()] {
            session.line(text, Mono::default(), &mut out);
        }
    }

    #[test]
    fn the_adapter_takes_any_market_news(news in like(NEWS)) {
        for channel in [Channel::Market, Channel::Crypto] {
            let mut out = Vec::new();
            let mut session = Session::Data(Data::new(venue(), channel));
            let symbols = BTreeSet::from(["AAPL", "BTC/USD"].map(|s| Symbol::new(s).unwrap()));
            session.watch(&Watched { books: symbols.clone(), symbols, ..Watched::default() }, &mut out);
            session.opened(&mut out);
            session.line(r#"[{"T":"success","msg":"authenticated"}]"#, Mono::default(), &mut out);
            session.line(&news, Mono::default(), &mut out);
        }
        let id = InstrumentId { venue: venue(), symbol: Symbol::new("AAPL").unwrap() };
        if let Some(q) = read::<wire::Quote<'_>>(&news) {
            drop(map::market::quote(id.clone(), &q, Mono::default()));
        }
    }
}

/// One request in bytes, its answer's status.
async fn status(at: &str, head: &str, body: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let head = format!("{head}host: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    // A server that has seen enough may close before it has read everything.
    drop(stream.write_all(head.as_bytes()).await);
    drop(stream.write_all(body).await);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    let answer = String::from_utf8_lossy(&answer);
    answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0)
}

/// Asks the venue everything in `cases`, and at the end something sensible.
fn besiege(cases: u32, strategy: impl Strategy<Value = (&'static str, String, String)>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut options = Options::new(Arc::new(System::start()));
    options.requests_per_min = u32::MAX;
    let running = runtime.block_on(server::serve(options)).unwrap();
    let at = running.addresses();
    let host = at.trading_url.trim_start_matches("http://").to_owned();
    let keys = format!("apca-api-key-id: {}\r\napca-api-secret-key: {}\r\n", at.key_id, at.secret_key);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(cases));
    let ended = runner.run(&strategy, |(method, path, body)| {
        let head = format!("{method} {path} HTTP/1.1\r\n{keys}content-type: application/json\r\n");
        let got = runtime.block_on(status(&host, &head, body.as_bytes()));
        prop_assert!((200..500).contains(&got), "{} {} {}: {}", method, path, body, got);
        Ok(())
    });
    ended.unwrap();
    let head = format!("GET /v2/account HTTP/1.1\r\n{keys}");
    assert_eq!(runtime.block_on(status(&host, &head, b"")), 200, "it lives");
    runtime.block_on(running.stop()).unwrap();
}

const NEW_ORDER: &str = r#"{"symbol":"AAPL","qty":"1","side":"buy","type":"limit","time_in_force":"day","limit_price":"100","order_class":"bracket","take_profit":{"limit_price":"120"},"stop_loss":{"stop_price":"90","limit_price":"89"},"extended_hours":false,"trail_price":"1","client_order_id":"x"}"#;

#[test]
fn the_paper_venue_answers_any_order() {
    let paths = prop::sample::select(vec![
        ("POST", "/v2/orders"),
        ("PATCH", "/v2/orders/61e69015-8549-4bfd-b9c3-01e75843f47d"),
        ("PATCH", "/v2/account/configurations"),
    ]);
    besiege(
        1_500,
        (paths, like(NEW_ORDER)).prop_map(|((method, path), body)| (method, path.to_owned(), body)),
    );
}

#[test]
fn the_paper_venue_answers_any_question() {
    let paths = prop::sample::select(vec![
        "/v2/orders?status=",
        "/v2/orders?limit=",
        "/v2/orders?after=",
        "/v2/orders/",
        "/v2/orders:by_client_order_id?client_order_id=",
        "/v2/positions/",
        "/v2/account/activities/FILL?page_size=",
        "/v2/account/activities?after=",
        "/v2/account/portfolio/history?period=",
        "/v2/calendar?start=",
        "/v2/assets/",
        "/v2/stocks/bars?timeframe=1Min&symbols=AAPL&start=",
        "/v2/stocks/bars?symbols=AAPL&timeframe=",
        "/v2/stocks/quotes/latest?symbols=",
        "/v1beta3/crypto/us/bars?timeframe=1Day&symbols=BTC/USD&limit=",
    ]);
    let word = prop_oneof![
        prop::sample::select(NASTY).prop_map(ToOwned::to_owned),
        "\\PC{0,60}",
        any::<i128>().prop_map(|n| n.to_string()),
        "[0-9]{1,6}(Min|Hour|Day|Month|D|Y)",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?",
    ];
    let question =
        (prop::sample::select(vec!["GET", "DELETE"]), paths, word).prop_map(|(method, path, word)| {
            let escaped: String = url::form_urlencoded::byte_serialize(word.as_bytes()).collect();
            (method, format!("{path}{escaped}"), String::new())
        });
    besiege(1_500, question);
}
