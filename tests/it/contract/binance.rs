//! Binance's stand: the stand-in of its spot exchange, in this process.

mod spot;

use super::{
    Fate, On, Stand, coins,
    exchange::{Exchange, Mishap, dec},
    serve::{KEY, Running, SECRET},
};
use crate::loopback::Reply as Raw;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

pub(crate) struct Binance {
    running: Running,
    product: Product,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Product {
    Spot,
    Us,
    Usdm,
    Coinm,
}

impl Binance {
    pub(crate) fn start() -> Self {
        Self { running: Running::start(|_| {}), product: Product::Spot }
    }
    pub(crate) fn start_us() -> Self {
        Self { running: Running::start(|exchange| exchange.is_us = true), product: Product::Us }
    }
    pub(crate) fn start_usdm() -> Self {
        Self { running: Running::start(|exchange| exchange.is_futures = true), product: Product::Usdm }
    }
}

impl Binance {
    pub(crate) fn start_coinm() -> Self {
        Self { running: Running::start(coins::furnish), product: Product::Coinm }
    }
    const fn is_futures(&self) -> bool {
        matches!(self.product, Product::Usdm | Product::Coinm)
    }
}

impl Binance {
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.running.addr())
    }
}

fn raw(reply: Raw, done: bool) -> Mishap {
    match reply {
        Raw::Json(status, body) => Mishap::Answer { status, body, retry_after: None, done },
        Raw::Full(status, _, body) => {
            Mishap::Answer { status, body: String::from_utf8(body).unwrap(), retry_after: None, done }
        }
        Raw::Raw(_) | Raw::Silence | Raw::Drip | Raw::Gone => Mishap::HangUp { done },
    }
}

const PLACED: [&str; 11] = [
    "POST /api/v3/orderList/otoco",
    "POST /api/v3/orderList/oto",
    "POST /dapi/v1/order",
    "POST /dapi/v1/algoOrder",
    "POST /fapi/v1/order",
    "POST /fapi/v1/algoOrder",
    "POST /api/v3/order/oco",
    "POST /api/v3/order",
    "POST /api/v3/orderList/oco",
    "POST /api/v3/orderList/opoco",
    "POST /api/v3/orderList/opo",
];

impl Stand for Binance {
    fn config(&self) -> String {
        format!(
            "[watchlist]\nsymbols = [{}]\n[venues.stand]\nkind = \"{}\"\nenvironment = \"paper\"\n\
             currency = \"{}\"\ntrading_url = \"http://{}\"\nkey_id = \"{KEY}\"\nsecret_key = \"{SECRET}\"\n",
            if self.product == Product::Coinm { "\"BTC/USD\", \"ETH/USD\"" } else { "\"BTC/USDT\"" },
            match self.product {
                Product::Spot => "binance",
                Product::Us => "binance-us",
                Product::Usdm => "binance-usdm",
                Product::Coinm => "binance-coinm",
            },
            if self.product == Product::Coinm { "USD" } else { "USDT" },
            self.running.addr()
        )
    }
    fn market(&self) -> (&'static str, &'static str) {
        if self.product == Product::Coinm { ("BTC/USD", "20") } else { ("BTC/USDT", "0.01") }
    }
    fn lines(&self) -> Vec<String> {
        let both = [
            "buy BTC/USDT 0.01 limit -4% gtc",
            "buy BTC/USDT 0.01 limit -4% gtc show 0.001",
            "buy BTC/USDT 0.01 limit -4% gtc post show 0.001",
            "buy BTC/USDT 0.01 trigger +4% limit +4.5% gtc show 0.002",
            "sell BTC/USDT 0.005 limit +4% gtc show 0.001",
            "buy BTC/USDT 0.01 limit -4% gtc post",
            "buy BTC/USDT 0.01 trigger +4% limit +4.5% gtc",
            "sell BTC/USDT 0.005 limit +4% gtc",
            "protect BTC/USDT stop -3% target +3%",
        ];
        let world = [
            "buy BTC/USDT 0.01 trigger +4% gtc",
            "buy BTC/USDT 0.01 trail 4% gtc",
            "sell BTC/USDT 0.005 trigger -4% gtc",
            "sell BTC/USDT 0.005 trail 4% gtc",
            "protect BTC/USDT stop -3%",
            "buy BTC/USDT 0.01 limit -4% gtc stop -10%",
            "buy BTC/USDT 0.01 limit -4% gtc stop -10% target +10%",
        ];
        let futures = [
            "buy BTC/USDT 0.01 limit -4% gtc",
            "buy BTC/USDT 0.01 limit -4% gtc post",
            "sell BTC/USDT 0.03 limit +4% gtc",
            "sell BTC/USDT 0.005 limit +4% gtc reduce",
            "buy BTC/USDT 0.01 trigger +4% gtc",
            "buy BTC/USDT 0.01 trigger +4% limit +4.5% gtc",
            "buy BTC/USDT 0.01 trail 4% gtc",
            "sell BTC/USDT 0.005 trail 4% gtc",
            "protect BTC/USDT stop -3%",
        ];
        let contracts = [
            "buy BTC/USD 10 limit -4% gtc",
            "buy BTC/USD 10 limit -4% gtc post",
            "sell BTC/USD 50 limit +4% gtc",
            "sell BTC/USD 5 limit +4% gtc reduce",
            "buy BTC/USD 10 trigger +4% gtc",
            "buy BTC/USD 10 trigger +4% limit +4.5% gtc",
            "buy BTC/USD 10 trail 4% gtc",
            "sell BTC/USD 5 trail 4% gtc",
            "protect BTC/USD stop -3%",
        ];
        if self.product == Product::Coinm {
            return contracts.map(str::to_owned).to_vec();
        }
        if self.product == Product::Usdm {
            return futures.map(str::to_owned).to_vec();
        }
        let more: &[&str] = if self.product == Product::Us { &[] } else { &world };
        both.iter().chain(more).map(|line| (*line).to_owned()).collect()
    }
    fn bracket(&self) -> Option<String> {
        (self.product == Product::Spot)
            .then(|| "buy BTC/USDT 0.01 limit -4% gtc stop -10% target +10%".to_owned())
    }
    fn fate(&self, on: On, fate: Fate) {
        let path = match (on, self.product) {
            (On::Place, Product::Usdm) => "POST /fapi/v1/order",
            (On::Cancel, Product::Usdm) => "DELETE /fapi/v1/order",
            (On::Replace, Product::Usdm) => "PUT /fapi/v1/order",
            (On::Replace, Product::Coinm) => "PUT /dapi/v1/order",
            (On::Place, Product::Coinm) => "POST /dapi/v1/order",
            (On::Cancel, Product::Coinm) => "DELETE /dapi/v1/order",
            (On::Place, _) => "POST /api/v3/order",
            (On::Replace, _) => "POST /api/v3/order/cancelReplace",
            (On::Cancel, _) => "DELETE /api/v3/order",
        };
        let mishap = |path: &str| {
            match &fate {
            Fate::Done(reply) => raw(reply.clone(), true),
            Fate::Undone(reply) => raw(reply.clone(), false),
            Fate::Refused if path.ends_with("cancelReplace") => Mishap::Answer {
                status: 400,
                body: r#"{"code":-2022,"msg":"Order cancel-replace failed.","data":{"cancelResult":"FAILURE","newOrderResult":"NOT_ATTEMPTED","cancelResponse":{"code":-2011,"msg":"Unknown order sent."},"newOrderResponse":null}}"#.to_owned(),
                retry_after: None,
                done: false,
            },
            Fate::Refused if path.starts_with("PUT") => Mishap::Answer {
                status: 400,
                body: r#"{"code":-5027,"msg":"No need to modify the order."}"#.to_owned(),
                retry_after: None,
                done: false,
            },
            Fate::Refused => Mishap::Answer {
                status: 400,
                body: r#"{"code":-2010,"msg":"Account has insufficient balance for requested action."}"#.to_owned(),
                retry_after: None,
                done: false,
            },
            Fate::TooMany(seconds) => Mishap::Answer {
                status: 429,
                body: r#"{"code":-1003,"msg":"Too many requests."}"#.to_owned(),
                retry_after: Some(*seconds),
                done: false,
            },
        }
        };
        self.running.with(|exchange| {
            exchange.mishaps.push_back((path, mishap(path)));
            if on == On::Cancel {
                let all = match self.product {
                    Product::Usdm => "DELETE /fapi/v1/allOpenOrders",
                    Product::Coinm => "DELETE /dapi/v1/allOpenOrders",
                    Product::Spot | Product::Us => "DELETE /api/v3/openOrders",
                };
                exchange.mishaps.push_back((all, mishap(path)));
            }
        });
    }
    fn sent(&self) -> Vec<String> {
        let names = [
            "newClientOrderId",
            "workingClientOrderId",
            "aboveClientOrderId",
            "belowClientOrderId",
            "limitClientOrderId",
            "clientAlgoId",
        ];
        self.running.with(|exchange| {
            let placed = exchange.seen.iter().filter(|(what, _)| {
                PLACED.contains(&what.as_str()) || what == "POST /api/v3/order/cancelReplace"
            });
            placed.flat_map(|(_, p)| names.iter().filter_map(|n| p.get(*n).cloned())).collect()
        })
    }
    fn open(&self) -> BTreeSet<String> {
        let open = |e: &mut Exchange| {
            let algos = e.algos.iter().filter(|a| a.status == "NEW").map(|a| a.client.clone());
            e.orders.iter().filter(|o| o.is_open()).map(|o| o.client.clone()).chain(algos).collect()
        };
        self.running.with(open)
    }
    fn held(&self, symbol: &str) -> Decimal {
        self.running.with(|exchange| {
            let end = if exchange.is_coin { "_PERP" } else { "" };
            let native = symbol.replace('/', "") + end;
            if exchange.is_futures {
                return exchange.positions.get(&native).map_or(Decimal::ZERO, |held| held.qty);
            }
            exchange.total(symbol.split('/').next().unwrap())
        })
    }
    fn deaf(&self, is_deaf: bool) {
        // What is kept back and never let go is lost.
        self.running.with(|exchange| exchange.kept = is_deaf.then(Vec::new));
    }
    fn cut(&self) {
        self.running.with(|exchange| drop(exchange.cut.send(())));
    }
    /// The key of the stream is gone, or the subscription.
    fn expire(&self) -> bool {
        self.running.with(|exchange| {
            let event = if self.product == Product::Spot {
                r#"{"e":"eventStreamTerminated","E":1}"#
            } else {
                exchange.listen_key = None;
                r#"{"e":"listenKeyExpired","E":1}"#
            };
            drop(exchange.user.send(event.to_owned()));
        });
        true
    }
    fn reach(&self, client: &str, parts: u32) -> bool {
        let filled = self.running.with(|exchange| {
            let order = exchange.by_client(client).unwrap().clone();
            let lot = if exchange.is_coin { dec("1") } else { dec("0.00001") };
            let step = (order.qty / Decimal::from(parts) / lot).floor() * lot;
            for part in 1..=parts {
                let qty = if part == parts { order.qty - step * Decimal::from(parts - 1) } else { step };
                exchange.fill(order.id, qty, order.price, true);
            }
            order.side == "BUY"
        });
        assert!(filled, "the contract reaches buys only");
        true
    }
    fn scramble(&self, act: &mut dyn FnMut()) -> bool {
        self.running.with(|exchange| (exchange.kept, exchange.copies) = (Some(Vec::new()), 2));
        act();
        self.running.with(|exchange| {
            exchange.let_go(true);
            exchange.copies = 1;
        });
        true
    }
    fn skew(&self, ms: i64) -> bool {
        self.running.with(|exchange| exchange.skew_ms = ms);
        true
    }
    fn strange(&self, word: Option<&'static str>) -> bool {
        self.running.with(|exchange| exchange.strange_word = word);
        true
    }
    fn forbid(&self) -> bool {
        self.running.with(|exchange| exchange.can_trade = false);
        true
    }
    fn is_gateway(&self) -> bool {
        false
    }
    fn replaces(&self) -> bool {
        true
    }
    /// The replacement after this is cancelled and refused: the money is gone meanwhile.
    fn halves(&self) -> bool {
        if self.is_futures() {
            return false;
        }
        self.running.with(|exchange| {
            let usdt = exchange.balances.get_mut("USDT").unwrap();
            usdt.0 = -usdt.1 + dec("1");
        });
        true
    }
    fn keeps_names(&self) -> bool {
        false
    }
}

/// What only this venue has, with the market made to move.
mod own {
    use super::super::Rig;
    use super::*;
    use tradedeck::{
        desk::Request,
        domain::{ids::InstrumentId, lifecycle::OrderState},
        runtime::Role,
    };

    fn to(rig: &Rig<Binance>, bid: &str, ask: &str) {
        rig.stand.running.with(|exchange| exchange.move_to("BTCUSDT", bid, ask));
    }

    /// The fee was taken out of the coin: what is closed is what is there, and what is below a lot stays and is named.
    #[test]
    fn a_close_is_of_what_the_fee_left() {
        let mut rig = Rig::holding(Binance::start());
        assert_eq!(rig.ours("BTC/USDT"), dec("0.00999"));
        rig.done("close BTC/USDT");
        rig.wait("flat", |s| s.positions.is_empty());
        rig.agree();
        rig.close();
    }

    #[test]
    fn a_pair_ends_with_the_one_that_fills() {
        Rig::holding(Binance::start()).pair_ends(|rig| to(rig, "51600.00", "51601.00"));
    }

    #[test]
    fn a_trailing_stop_follows_the_market_and_sells() {
        let move_to = |rig: &Rig<_>, bid: Decimal| to(rig, &bid.to_string(), &(bid + dec("1")).to_string());
        let rig = Rig::holding(Binance::start()).trail_sells(
            "0.005",
            move_to,
            ["52000.00", "51490.00", "51470.00"],
        );
        rig.close();
    }

    /// A conditional order is triggered: the order that takes over has its name, and that it was triggered is told
    /// after the fill.
    #[test]
    fn a_conditional_order_of_futures_becomes_an_order_of_its_name() {
        let mut rig = Rig::open(Binance::start_usdm());
        let entry = rig.place("sell BTC/USDT 0.02 market");
        rig.wait_state(&entry, OrderState::Filled);
        rig.agree();
        assert_eq!(rig.ours("BTC/USDT"), dec("-0.02"));
        // Nothing was paid for it: of 100,000 half a dollar went in fees, and at 50,500 ten are lost.
        to(&rig, "50500.00", "50500.00");
        rig.wait("what it lost is in the equity, and not its value", |s| {
            s.accounts.iter().any(|a| (a.equity.get() - dec("99989.5")).abs() < dec("0.1"))
        });
        let stop = rig.place("protect BTC/USDT stop +3%");
        rig.wait_state(&stop, OrderState::Working);
        rig.wait("the stop protects", |s| s.positions.iter().any(|p| p.protected.is_positive()));
        to(&rig, "51600.00", "51601.00");
        rig.wait_state(&stop, OrderState::Filled);
        rig.wait("flat", |s| s.positions.is_empty());
        rig.agree();
        rig.close();
    }

    /// A contract that ends is traded under a name that says when; beside it the perpetual one is another thing.
    #[test]
    fn contracts_that_end_are_traded_and_say_when() {
        let market = |price: &str| super::super::exchange::Market {
            base: "BTC",
            bid: dec(price),
            ask: dec(price),
            update: 100,
        };
        let usdm = Running::start(|e| {
            e.is_futures = true;
            e.markets.insert("BTCUSDT_301227".to_owned(), market("51000.00"));
        });
        let coinm = Running::start(|e| {
            coins::furnish(e);
            e.markets.insert("BTCUSD_301227".to_owned(), market("51000.0"));
        });
        for (running, product, quote, native, [qty, part]) in [
            (usdm, Product::Usdm, "USDT", "BTCUSDT_301227", ["0.02", "0.005"]),
            (coinm, Product::Coinm, "USD", "BTCUSD_301227", ["20", "5"]),
        ] {
            let stand = Binance { running, product };
            let symbol = format!("BTC/{quote}-301227");
            let config = stand.config().replace("symbols = [", &format!("symbols = [\"{symbol}\", "));
            let mut rig = Rig::open_as(Role::Screen, stand, &config);
            let row = |s: &tradedeck::desk::Snapshot| {
                s.watchlist.iter().find(|w| w.instrument.symbol.as_str() == symbol).cloned()
            };
            rig.wait("its quote", |s| row(s).is_some_and(|w| w.bid.is_some()));
            let entry = rig.place(&format!("sell {symbol} {qty} market"));
            rig.wait_state(&entry, OrderState::Filled);
            rig.agree();
            assert_eq!(rig.ours(&symbol), -dec(qty));
            assert_eq!(rig.ours(&format!("BTC/{quote}")), Decimal::ZERO);
            assert_eq!(rig.stand.running.with(|e| e.positions[native].qty), -dec(qty));
            let stop = rig.place(&format!("protect {symbol} stop +3%"));
            rig.wait_state(&stop, OrderState::Working);
            let low = rig.place(&format!("sell {symbol} {part} limit +4% gtc"));
            rig.wait_state(&low, OrderState::Working);
            rig.agree();
            rig.done("flatten");
            rig.wait("flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
            assert!(rig.stand.open().is_empty());
            assert!(rig.stand.running.with(|e| e.positions[native].qty.is_zero()));
            rig.close();
        }
    }

    /// A limit order on futures is changed itself, also one that has filled in part; what the change leaves nothing of the
    /// venue cancels, and a conditional order is not changed.
    #[test]
    fn an_order_on_futures_is_changed_in_place() {
        let mut rig = Rig::open(Binance::start_usdm());
        let id = rig.place("buy BTC/USDT 0.03 limit 48000 gtc");
        rig.wait_state(&id, OrderState::Working);
        let first = rig.stand.running.with(|e| e.by_client(&id).unwrap().id);
        let fill = |rig: &Rig<Binance>, qty: &str| {
            rig.stand.running.with(|e| e.fill(first, dec(qty), dec("48000"), true));
        };
        fill(&rig, "0.01");
        rig.wait("a part", |s| super::super::order(s, &id).is_some_and(|o| o.filled.get() == dec("0.01")));
        assert_eq!(rig.replaced(&id, "limit 48500 qty 0.02"), id, "it keeps its name");
        let there = |rig: &Rig<Binance>| rig.stand.running.with(|e| e.by_client(&id).unwrap().clone());
        let now = there(&rig);
        assert_eq!((now.id, now.qty, now.price), (first, dec("0.02"), dec("48500")));
        rig.agree();
        // Another fill, not yet told, and a change that leaves nothing: the order is gone, and that is said.
        rig.stand.deaf(true);
        fill(&rig, "0.005");
        rig.place(&format!("replace {id} qty 0.015"));
        rig.wait_state(&id, OrderState::Cancelled);
        rig.wait("the alert", |s| {
            s.alerts.iter().any(|a| a.alert.text.as_str().contains("nothing works there now"))
        });
        rig.stand.deaf(false);
        rig.agree();
        let stop = rig.place("protect BTC/USDT stop -3%");
        rig.wait_state(&stop, OrderState::Working);
        let not = rig.place("protect BTC/USDT stop -2%");
        rig.wait_state(&not, OrderState::NotSent);
        let s = rig.client.snapshot();
        let why = super::super::order(&s, &not).unwrap().reason.clone().unwrap();
        assert!(why.as_str().contains("has no change of conditional orders"), "{why}");
        rig.wait_state(&stop, OrderState::Working);
        rig.agree();
        rig.close();
    }

    /// A stop of contracts that are paid in coins, on a short that it closes.
    #[test]
    fn a_conditional_order_of_coins_becomes_an_order_of_its_name() {
        let mut rig = Rig::open(Binance::start_coinm());
        let entry = rig.place("sell BTC/USD 30 market");
        rig.wait_state(&entry, OrderState::Filled);
        rig.agree();
        assert_eq!(rig.ours("BTC/USD"), dec("-30"));
        let stop = rig.place("protect BTC/USD stop +3%");
        rig.wait_state(&stop, OrderState::Working);
        rig.wait("the stop protects", |s| s.positions.iter().any(|p| p.protected.is_positive()));
        rig.stand.running.with(|exchange| exchange.move_to("BTCUSD_PERP", "51600.0", "51600.1"));
        rig.wait_state(&stop, OrderState::Filled);
        rig.wait("flat", |s| s.positions.is_empty());
        rig.agree();
        rig.close();
    }

    /// A price that the venue's band keeps out is refused before it is sent; what closes is not held up by it.
    #[test]
    fn a_price_outside_the_band_is_not_sent() {
        for (stand, line, words) in [
            (
                Binance::start(),
                "buy BTC/USDT 0.01 limit 9000 gtc",
                "a buy in BTC/USDT at between 10000 and 60000",
            ),
            (
                Binance::start_us(),
                "buy BTC/USDT 0.01 limit 9000 gtc",
                "a buy in BTC/USDT at between 10000 and 60000",
            ),
            (
                Binance::start_usdm(),
                "sell BTC/USDT 0.01 limit 42000 gtc",
                "a sale in BTC/USDT at 42500 or above",
            ),
        ] {
            let config = format!("{}[limits]\nprice_collar = \"off\"\n", stand.config());
            let mut rig = Rig::open_as(Role::Shell, stand, &config);
            let not = rig.place(line);
            rig.wait_state(&not, OrderState::NotSent);
            let s = rig.client.snapshot();
            let why = super::super::order(&s, &not).unwrap().reason.clone().unwrap();
            assert!(why.as_str().contains(words), "{line}: {why}");
            assert!(!rig.stand.sent().contains(&not));
            let id = rig.place_low();
            rig.wait_state(&id, OrderState::Working);
            rig.agree();
            rig.close();
        }
    }

    /// More open orders than the venue takes are not sent; what closes is not held up by that.
    #[test]
    fn more_open_orders_than_are_taken_are_not_sent() {
        let mut rig = Rig::holding(Binance::start());
        for _ in 0..8 {
            let id = rig.place_low();
            rig.wait_state(&id, OrderState::Working);
        }
        // What is open is counted about once a second.
        drop(rig.client.wait_for(std::time::Duration::from_secs(2), |_| false));
        let not = rig.place_low();
        rig.wait_state(&not, OrderState::NotSent);
        let s = rig.client.snapshot();
        let why = super::super::order(&s, &not).unwrap().reason.clone().unwrap();
        assert!(why.as_str().contains("Binance takes 8 open orders in BTC/USDT, 8 are there"), "{why}");
        rig.agree();
        rig.done("flatten");
        rig.wait("an end", |s| s.exit.as_ref().is_some_and(|e| e.flat.is_some()));
        assert!(rig.stand.open().is_empty());
        rig.close();

        let mut rig = Rig::open(Binance::start_usdm());
        for percent in ["4", "5"] {
            let id = rig.place(&format!("buy BTC/USDT 0.01 trigger +{percent}% gtc"));
            rig.wait_state(&id, OrderState::Working);
        }
        drop(rig.client.wait_for(std::time::Duration::from_secs(2), |_| false));
        let not = rig.place("buy BTC/USDT 0.01 trigger +6% gtc");
        rig.wait_state(&not, OrderState::NotSent);
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Working);
        rig.agree();
        rig.close();
    }

    /// A long and a short of two coins: what they are worth and win is in dollars by hand, and the way out leaves neither.
    #[test]
    fn a_long_and_a_short_of_coins_are_got_out_of() {
        let mut rig = Rig::open(Binance::start_coinm());
        let money = |text: &str| text.parse::<tradedeck::domain::money::Money>().unwrap();
        // 2 BTC at 50,000 and 10 ETH at 2,500; a coin of which there is none counts for nothing.
        rig.wait("the account", |s| s.accounts.iter().any(|a| a.equity == money("125000")));
        rig.wait("a quote", |s| s.watchlist.iter().all(|w| w.bid.is_some()) && s.watchlist.len() == 2);
        let long = rig.place("buy BTC/USD 20 market");
        rig.wait_state(&long, OrderState::Filled);
        let short = rig.place("sell ETH/USD 300 market");
        rig.wait_state(&short, OrderState::Filled);
        rig.agree();
        let to = |symbol: &'static str, bid: &'static str| {
            move |exchange: &mut Exchange| exchange.move_to(symbol, bid, bid)
        };
        rig.stand.running.with(to("BTCUSD_PERP", "62500.0"));
        rig.stand.running.with(to("ETHUSD_PERP", "2000.0"));
        // 20 × 100 × (62,500 − 50,000.1) / 50,000.1, and −300 × 10 × (2,000 − 2,500) / 2,500.
        let is = |s: &tradedeck::desk::Snapshot, symbol: &str, value: &str, won: &str| {
            s.positions.iter().any(|p| {
                p.instrument.symbol.as_str() == symbol
                    && p.value == Some(money(value))
                    && p.unrealized == Some(money(won))
            })
        };
        rig.wait("what the long won", |s| is(s, "BTC/USD", "2000", "499.99500001"));
        rig.wait("what the short won", |s| is(s, "ETH/USD", "-3000", "600"));
        let works = rig.place("buy BTC/USD 10 limit -4% gtc");
        rig.wait_state(&works, OrderState::Working);
        rig.done("flatten");
        rig.wait("an end", |s| s.exit.as_ref().is_some_and(|e| e.flat.is_some()));
        let s = rig.client.snapshot();
        assert_eq!(s.exit.as_ref().unwrap().flat, Some(true), "{:#?}", s.exit);
        assert!(rig.stand.open().is_empty());
        assert!(rig.stand.held("BTC/USD").is_zero() && rig.stand.held("ETH/USD").is_zero());
        // The wallets: 20 × 100 × (1/50,000.1 − 1/62,500) less fees of 0.05 per cent of 0.03999992 and of 0.032, and
        // 300 × 10 × (1/2,000 − 1/2,500) less those of 1.2 and of 1.5.
        let wallet = |coin: &str| rig.stand.running.with(|exchange| exchange.total(coin));
        assert_eq!(wallet("BTC"), dec("2.00799992") - dec("0.00002") - dec("0.000016"));
        assert_eq!(wallet("ETH"), dec("10.3") - dec("0.0006") - dec("0.00075"));
        rig.agree();
        rig.close();
    }

    /// A dashboard at the futures' stand with the switch asked for.
    fn watched_by_the_switch() -> Rig<Binance> {
        let stand = Binance::start_usdm();
        let config = format!("{}dead_mans_switch_s = 10\n", stand.config());
        Rig::open_as(Role::Screen, stand, &config)
    }

    fn runs(rig: &Rig<Binance>) -> bool {
        rig.stand.running.with(|e| e.countdowns.contains_key("BTCUSDT"))
    }

    fn switch(s: &tradedeck::desk::Snapshot) -> String {
        s.health[0].switch.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    /// It is armed with the first order, renewed while the program is there, and called off with the last one.
    #[test]
    fn the_dead_mans_switch_is_kept_while_orders_work() {
        let mut rig = watched_by_the_switch();
        rig.wait("nothing to watch over", |s| switch(s).contains("no orders"));
        assert!(!runs(&rig));
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Working);
        rig.wait("armed", |s| switch(s) == "10 s in BTC/USDT");
        rig.wait("what it would cancel is said", |s| {
            let said =
                |a: &str| a.contains("is armed in BTC/USDT") && a.contains("cancels every order in force");
            s.alerts.iter().any(|a| said(a.alert.text.as_str()))
        });
        assert!(runs(&rig));
        // Longer than its time.
        drop(rig.client.wait_for(std::time::Duration::from_secs(13), |_| false));
        assert!(rig.stand.open().contains(&id), "renewed, it cancels nothing");
        let asked = rig.stand.running.with(|e| e.count("POST /fapi/v1/countdownCancelAll"));
        assert!((4..=10).contains(&asked), "{asked}");
        rig.done(&format!("cancel {id}"));
        rig.wait_state(&id, OrderState::Cancelled);
        rig.wait("called off", |s| switch(s).contains("no orders"));
        assert!(!runs(&rig));
        rig.agree();
        rig.close();
    }

    /// An ordinary end leaves the orders working, and no countdown behind.
    #[test]
    fn an_ordinary_end_calls_the_switch_off() {
        let mut rig = watched_by_the_switch();
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Working);
        rig.wait("armed", |s| switch(s) == "10 s in BTC/USDT");
        let Rig { stand, client, dir, .. } = rig;
        client.close().unwrap();
        assert!(stand.running.with(|e| e.countdowns.is_empty()), "called off");
        assert!(stand.open().contains(&id));
        drop(dir);
    }

    /// Cut off, the venue cancels by itself, and the program sees it when it is back; what could not be armed is said.
    #[test]
    fn cut_off_the_venue_cancels_by_itself() {
        let mut rig = watched_by_the_switch();
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Working);
        rig.wait("armed", |s| switch(s) == "10 s in BTC/USDT");
        rig.stand.running.with(|e| e.is_cut_off = true);
        rig.wait("said", |s| {
            let said = |a: &str| a.contains("switch is NOT armed in BTC/USDT");
            s.alerts.iter().any(|a| said(a.alert.text.as_str())) && switch(s).starts_with("NOT")
        });
        for _ in 0..200 {
            if rig.stand.open().is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        assert!(rig.stand.open().is_empty(), "the venue cancelled");
        rig.stand.running.with(|e| e.is_cut_off = false);
        rig.wait_state(&id, OrderState::Cancelled);
        rig.agree();
        rig.close();
    }

    const CHILD: [&str; 2] = ["TRADEDECK_TEST_SWITCH_CONFIG", "TRADEDECK_TEST_SWITCH_STATE"];

    /// The program that `a_killed_program_leaves_no_orders_behind` kills.
    #[test]
    #[ignore = "another test runs it in a process of its own"]
    fn to_be_killed() {
        let [config, state] = CHILD.map(|name| std::env::var(name).expect("it is run by another test"));
        let mut client = crate::counterparty::client_as(Role::Screen, &config, std::path::Path::new(&state));
        let is_ready = |s: &tradedeck::desk::Snapshot| {
            super::super::agrees(s) && s.watchlist.iter().any(|w| w.bid.is_some())
        };
        assert!(client.wait_for(super::super::LONG, is_ready).unwrap().is_some());
        drop(crate::spine::run(&mut client, "buy BTC/USDT 0.01 limit -4% gtc"));
        let is_armed = |s: &tradedeck::desk::Snapshot| switch(s) == "10 s in BTC/USDT";
        assert!(client.wait_for(super::super::LONG, is_armed).unwrap().is_some());
        println!("ARMED");
        std::thread::sleep(std::time::Duration::from_secs(120));
    }

    /// Killed, it calls nothing off: the venue hears no more of it and cancels.
    #[test]
    fn a_killed_program_leaves_no_orders_behind() {
        use std::io::BufRead as _;
        let stand = Binance::start_usdm();
        let home = tempfile::tempdir().unwrap();
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["contract::binance::own::to_be_killed", "--exact", "--ignored", "--nocapture"]);
        command.env(CHILD[0], format!("{}dead_mans_switch_s = 10\n", stand.config()));
        command.env(CHILD[1], home.path().join("state")).stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("ARMED")), "the child placed its order");
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(stand.open().len(), 1, "its order still works");
        assert!(stand.running.with(|e| e.countdowns.contains_key("BTCUSDT")));
        for _ in 0..150 {
            if stand.open().is_empty() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the venue did not cancel");
    }

    /// A margin call is an emergency with its figures, and one that can't be read is one too; another leverage is shown.
    #[test]
    fn margin_calls_and_leverage_are_told() {
        let mut rig = Rig::open(Binance::start_usdm());
        let say = |rig: &Rig<Binance>, text: &str| rig.stand.running.with(|e| e.say(text.to_owned()));
        say(
            &rig,
            r#"{"e":"MARGIN_CALL","E":1587727187525,"cw":"3.16","p":[{"s":"ETHUSDT","ps":"BOTH","pa":"-1.327","mt":"CROSSED","iw":"0","mp":"187.17127","up":"-1.166074","mm":"1.614445"},{"s":"BTCUSDT","pa":{}}]}"#,
        );
        let told = |s: &tradedeck::desk::Snapshot, words: &str| {
            let is = |a: &tradedeck::domain::alert::Alert| {
                a.severity == tradedeck::domain::alert::Severity::Emergency && a.text.as_str().contains(words)
            };
            s.alerts.iter().any(|a| is(&a.alert))
        };
        rig.wait("the call", |s| {
            told(s, "short 1.327 ETH/USDT, mark 187.17127, unrealized -1.166074, maintenance margin 1.614445")
        });
        rig.wait("the other", |s| told(s, "a position that can't be read"));
        say(&rig, r#"{"e":"MARGIN_CALL","p":7}"#);
        rig.wait("the odd one", |s| told(s, "what it says of positions can't be read"));
        let before = rig.client.snapshot().accounts.first().map(|a| a.buying_power);
        rig.stand.running.with(|e| e.set_leverage("BTCUSDT", 5));
        rig.wait("buying power by the new leverage", |s| {
            s.accounts.first().map(|a| a.buying_power) != before
        });
        rig.wait("it is said", |s| {
            s.alerts.iter().any(|a| a.alert.text.as_str().contains("the leverage of BTC/USDT is 5x now"))
        });
        rig.agree();
        rig.close();
    }

    /// Nobody says what a coin is worth of which there is some: the account is not known, and it is said why. Nothing is
    /// entered, and what is held is got out of.
    #[test]
    fn a_coin_without_a_price_leaves_the_account_unknown() {
        let stand = Binance::start_coinm();
        let held = crate::contract::perps::Held { qty: dec("-30"), entry: dec("50000") };
        stand.running.with(|exchange| {
            exchange.unpriced.insert("ETHUSD_PERP".to_owned());
            exchange.positions.insert("BTCUSD_PERP".to_owned(), held);
        });
        let dir = tempfile::tempdir().unwrap();
        let mut client = crate::counterparty::client(&stand.config(), &dir.path().join("state"));
        crate::spine::wait(&mut client, "an alert", |s| {
            s.alerts.iter().any(|a| a.alert.text.as_str().contains("ETHUSD has none, and ETH is held"))
        });
        assert!(client.snapshot().accounts.is_empty());
        let reply = crate::spine::run(&mut client, "sell BTC/USD 1 market");
        assert!(matches!(reply, tradedeck::desk::Reply::Refused { .. }), "{reply:?}");
        assert!(stand.sent().is_empty());
        drop(crate::spine::run(&mut client, "flatten"));
        crate::spine::wait(&mut client, "flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
        assert!(stand.held("BTC/USD").is_zero());
        client.close().unwrap();
    }

    /// The shell, on each product: reach, credentials, environment, clock; then the way out.
    #[test]
    fn the_shell_checks_looks_and_gets_out() {
        for (stand, kind) in [
            (Binance::start(), "binance"),
            (Binance::start_us(), "binance-us"),
            (Binance::start_usdm(), "binance-usdm"),
            (Binance::start_coinm(), "binance-coinm"),
        ] {
            let (symbol, qty) = stand.market();
            let home = tempfile::tempdir().unwrap();
            let file = home.path().join("config.toml");
            let text = stand.config().replace(&format!("secret_key = \"{SECRET}\"\n"), "");
            std::fs::write(&file, text.replace(&format!("key_id = \"{KEY}\"\n"), "")).unwrap();
            let run = |args: &[&str]| {
                let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tradedeck"));
                command.env_clear().env("HOME", home.path()).env("TRADEDECK_CONFIG", &file);
                command.env("TRADEDECK_STATE", home.path().join("state"));
                command.env("TRADEDECK_STAND_KEY_ID", KEY).env("TRADEDECK_STAND_SECRET_KEY", SECRET);
                let output = command.args(args).output().unwrap();
                let said = format!(
                    "{}{}",
                    String::from_utf8_lossy(&output.stdout),
                    String::from_utf8_lossy(&output.stderr)
                );
                assert!(!said.contains(SECRET) && !said.contains("panicked"), "{said}");
                (output.status.code(), said)
            };
            let (code, said) = run(&["check", "stand"]);
            assert_eq!(code, Some(0), "{said}");
            for part in ["connected, in agreement", "PAPER, proven by the venue", "may trade", " ms"] {
                assert!(said.contains(part), "{kind}: {part}: {said}");
            }
            let (code, said) = run(&["order", &format!("buy {symbol} {qty} market"), "--yes"]);
            assert_eq!(code, Some(0), "{said}");
            let (code, said) = run(&["positions"]);
            assert!(code == Some(0) && said.contains(symbol), "{said}");
            let (code, said) = run(&["flatten", "--yes"]);
            assert_eq!(code, Some(0), "{said}");
            assert!(stand.held(symbol).is_zero() && stand.open().is_empty(), "{kind}");
        }
    }

    /// Numbered changes after a snapshot; one that is lost ends the book, and it is asked for anew.
    #[test]
    fn an_order_book_is_followed_by_its_numbers() {
        let mut rig = Rig::open(Binance::start());
        let venue = tradedeck::domain::ids::VenueId::new("stand").unwrap();
        let symbol = tradedeck::domain::ids::Symbol::new("BTC/USDT").unwrap();
        let instrument = Some(InstrumentId { venue, symbol });
        drop(rig.client.ask(Request::Depth { instrument }, std::time::Duration::from_secs(5)));
        let best = |price: &'static str| {
            move |s: &tradedeck::desk::Snapshot| {
                let row = s.depth.iter().find(|d| d.fault.is_none());
                row.and_then(|d| d.bids.first()).is_some_and(|(bid, _)| bid.get() == dec(price))
            }
        };
        for step in 1..200 {
            to(&rig, &format!("{}.00", 50_000 + step), "50900.00");
            if rig
                .client
                .wait_for(std::time::Duration::from_millis(100), |s| {
                    s.depth.iter().any(|d| !d.bids.is_empty())
                })
                .unwrap()
                .is_some()
            {
                break;
            }
        }
        to(&rig, "50500.00", "50900.00");
        rig.wait("the change", best("50500"));
        let asked = |rig: &Rig<Binance>| rig.stand.running.with(|e| e.count("GET /api/v3/depth"));
        let before = asked(&rig);
        rig.stand.running.with(|exchange| exchange.markets.get_mut("BTCUSDT").unwrap().update += 5);
        to(&rig, "50600.00", "50900.00");
        rig.wait("the book again", best("50600"));
        assert!(asked(&rig) > before, "a gap is asked about");
        rig.close();
    }
}
