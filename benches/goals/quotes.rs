//! A feed of quotes on loopback at any rate, in the data stream's wire format, with prices that move: each quote of a
//! symbol is a few cents from the one before, so that whenever a screen looks, every symbol has another price.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::{fmt::Write as _, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

/// Quotes leave in a burst each of these.
const BURST_MS: u64 = 2;
/// A feed that is only kept fresh quotes every symbol once in so many bursts.
const FRESH_BURSTS: u64 = 250;

pub(crate) const SYMBOLS: [&str; 20] = [
    "AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "META", "TSLA", "AMD", "NFLX", "INTC", "JPM", "BAC", "XOM",
    "KO", "DIS", "SPY", "QQQ", "IWM", "GLD", "TLT",
];

/// How much a feed says.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// Nothing.
    Silent,
    /// Every symbol twice a second: a quote is there when an order wants one.
    Fresh,
    /// So many quotes a second.
    PerSecond(u64),
}

/// One quote as it stands on the wire.
pub(crate) fn sample() -> String {
    Prices::new().next("2026-11-20T15:00:00.123456789Z")
}

/// Serves the feed from now on, on a thread of its own; gives its address.
pub(crate) fn feed(pace: Pace) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("ws://{}/v2/iex", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, pace));
            }
        });
    });
    address
}

/// Greets, lets anyone in, and sends quotes once something was subscribed.
async fn talk(stream: TcpStream, pace: Pace) {
    stream.set_nodelay(true).unwrap();
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
    say(&mut socket, &json!([{"T": "success", "msg": "connected"}])).await;
    let mut bursts = tokio::time::interval(Duration::from_millis(BURST_MS));
    let mut market = Prices::new();
    let (mut subscribed, mut burst) = (false, 0_u64);
    loop {
        tokio::select! {
            heard = socket.next() => match heard {
                Some(Ok(Message::Text(text))) => {
                    let asked: Value = serde_json::from_str(&text).unwrap();
                    if asked["action"] == "auth" {
                        say(&mut socket, &json!([{"T": "success", "msg": "authenticated"}])).await;
                    } else {
                        subscribed |= !asked["quotes"].as_array().is_none_or(Vec::is_empty);
                        say(&mut socket, &json!([{"T": "subscription", "quotes": asked["quotes"]}])).await;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            _ = bursts.tick(), if subscribed && !matches!(pace, Pace::Silent) => {
                let count = match pace {
                    Pace::Silent => 0,
                    Pace::Fresh => if burst.is_multiple_of(FRESH_BURSTS) { 20 } else { 0 },
                    Pace::PerSecond(rate) => rate * BURST_MS / 1_000,
                };
                burst += 1;
                let at = jiff::Timestamp::now().to_string();
                for _ in 0..count {
                    if socket.feed(Message::text(market.next(&at))).await.is_err() {
                        return;
                    }
                }
                if socket.flush().await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn say(socket: &mut WebSocketStream<TcpStream>, message: &Value) {
    // A client that has gone shows at the next read.
    drop(socket.send(Message::text(message.to_string())).await);
}

/// Where each symbol trades, in cents, on a walk of its own.
struct Prices {
    cents: [u64; SYMBOLS.len()],
    chance: u64,
    sent: usize,
}

impl Prices {
    fn new() -> Self {
        Self {
            cents: std::array::from_fn(|n| 9_000 + n as u64 * 1_700),
            chance: 0x9e37_79b9_7f4a_7c15,
            sent: 0,
        }
    }

    /// The next symbol's next quote.
    fn next(&mut self, at: &str) -> String {
        let n = self.sent % SYMBOLS.len();
        self.sent += 1;
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        // One to three cents up or down, and back towards the middle from far away.
        let (step, middle) = (1 + self.chance % 3, 9_000 + n as u64 * 1_700);
        let up =
            if self.cents[n].abs_diff(middle) > 300 { self.cents[n] < middle } else { self.chance & 8 == 0 };
        self.cents[n] = if up { self.cents[n] + step } else { self.cents[n] - step };
        let (bid, ask) = (self.cents[n], self.cents[n] + 1 + self.chance % 4);
        let (bids, asks) = (1 + (self.chance >> 20) % 9, 1 + (self.chance >> 30) % 9);
        let mut text = String::with_capacity(160);
        write!(
            text,
            r#"[{{"T":"q","S":"{}","bx":"V","bp":{}.{:02},"bs":{bids},"ax":"V","ap":{}.{:02},"as":{asks},"c":["R"],"z":"C","t":"{at}"}}]"#,
            SYMBOLS[n],
            bid / 100,
            bid % 100,
            ask / 100,
            ask % 100
        )
        .unwrap();
        text
    }
}
