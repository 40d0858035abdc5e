//! A feed of quotes on loopback at any rate, in the data stream's wire format, with prices that move.

use serde_json::{Value, json};
use std::{
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};
use tokio_tungstenite::tungstenite::{Message, WebSocket, accept};

/// Quotes leave in a burst each of these.
const BURST_MS: u64 = 2;

pub(crate) const SYMBOLS: [&str; 20] = [
    "AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "META", "TSLA", "AMD", "NFLX", "INTC", "JPM", "BAC", "XOM",
    "KO", "DIS", "SPY", "QQQ", "IWM", "GLD", "TLT",
];

/// Serves the feed from now on; gives its address.
pub(crate) fn feed(rate: u64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("ws://{}/v2/iex", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || talk(stream, rate));
        }
    });
    address
}

/// Greets, lets anyone in, and sends quotes of what was subscribed until the other side goes.
fn talk(stream: TcpStream, rate: u64) {
    stream.set_nodelay(true).unwrap();
    let Ok(mut socket) = accept(stream) else { return };
    let say = |socket: &mut WebSocket<TcpStream>, what: &Value| {
        socket.send(Message::text(what.to_string())).is_ok()
    };
    if !say(&mut socket, &json!([{"T": "success", "msg": "connected"}])) {
        return;
    }
    let mut subscribed = false;
    while !subscribed {
        let Ok(Message::Text(text)) = socket.read() else { return };
        let asked: Value = serde_json::from_str(&text).unwrap();
        let answer = if asked["action"] == "auth" {
            json!([{"T": "success", "msg": "authenticated"}])
        } else {
            subscribed = !asked["quotes"].as_array().is_none_or(Vec::is_empty);
            json!([{"T": "subscription", "quotes": asked["quotes"]}])
        };
        if !say(&mut socket, &answer) {
            return;
        }
    }
    let (start, mut sent) = (Instant::now(), 0_u64);
    for burst in 1_u64.. {
        for _ in 0..(rate * BURST_MS / 1_000).max(u64::from(rate == 0 && burst % 250 == 1) * 20) {
            sent += 1;
            if socket.write(Message::text(quote(sent))).is_err() {
                return;
            }
        }
        if socket.flush().is_err() {
            return;
        }
        let next = start + Duration::from_millis(burst * BURST_MS);
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

fn quote(n: u64) -> String {
    let symbol = SYMBOLS[usize::try_from(n % 20).unwrap()];
    // Another price with each round of the symbols, whatever the size of a burst.
    let cents = 10_000 + (n / 20) * 7 % 53;
    let at = jiff::Timestamp::now();
    format!(
        r#"[{{"T":"q","S":"{symbol}","bx":"V","bp":{}.{:02},"bs":3,"ax":"V","ap":{}.{:02},"as":2,"c":["R"],"z":"C","t":"{at}"}}]"#,
        cents / 100,
        cents % 100,
        (cents + 1) / 100,
        (cents + 1) % 100
    )
}
