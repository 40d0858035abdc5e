//! A stand-in of Binance's spot exchange with a memory: balances, orders, lists, trades and numbers that follow on each
//! other, by its public description alone. It knows nothing of the adapter.

use super::perps::{Algo, Held, in_band, shown_future};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tokio::sync::broadcast;

pub(crate) type Params = BTreeMap<String, String>;
/// A code and its words.
pub(crate) type No = (i64, &'static str);

/// What goes wrong with a request, once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mishap {
    /// This is answered, with the request done or not.
    Answer { status: u16, body: String, retry_after: Option<u32>, done: bool },
    /// The connection ends without an answer, with the request done or not.
    HangUp { done: bool },
}

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) symbol: String,
    pub(crate) id: i64,
    pub(crate) list: i64,
    pub(crate) client: String,
    pub(crate) side: &'static str,
    pub(crate) kind: String,
    pub(crate) tif: String,
    pub(crate) price: Decimal,
    pub(crate) stop: Decimal,
    pub(crate) delta: Option<i64>,
    /// Nothing while it waits for the proceeds of another.
    pub(crate) qty: Decimal,
    pub(crate) quote_qty: Decimal,
    /// What is shown of an iceberg; zero is none.
    pub(crate) iceberg: Decimal,
    pub(crate) filled: Decimal,
    pub(crate) spent: Decimal,
    pub(crate) status: &'static str,
    pub(crate) at: i64,
    /// A stop that has not been woken.
    pub(crate) sleeps: bool,
    /// The best price since a trailing stop stands.
    best: Decimal,
    /// Held of the balance.
    held: Decimal,
    /// The order whose fill it waits for.
    waits_for: Option<i64>,
}

impl Order {
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.status, "NEW" | "PARTIALLY_FILLED" | "PENDING_NEW")
    }
}

#[derive(Debug, Clone)]
pub(super) struct Trade {
    pub(super) symbol: String,
    pub(super) id: i64,
    pub(super) order: i64,
    pub(super) price: Decimal,
    pub(super) qty: Decimal,
    pub(super) fee: Decimal,
    pub(super) fee_asset: String,
    pub(super) at: i64,
    pub(super) is_buyer: bool,
    pub(super) is_maker: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Market {
    pub(crate) base: &'static str,
    pub(crate) bid: Decimal,
    pub(crate) ask: Decimal,
    pub(crate) update: u64,
}

/// The exchange.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Its clock is off by so much.
    pub(crate) skew_ms: i64,
    pub(crate) balances: BTreeMap<String, (Decimal, Decimal)>,
    pub(crate) markets: BTreeMap<String, Market>,
    pub(crate) orders: Vec<Order>,
    pub(super) trades: Vec<Trade>,
    last: i64,
    pub(crate) user: broadcast::Sender<String>,
    pub(crate) news: broadcast::Sender<(String, String)>,
    /// Method and path of every request, with what it carried.
    pub(crate) seen: Vec<(String, Params)>,
    pub(crate) mishaps: VecDeque<(&'static str, Mishap)>,
    pub(crate) can_trade: bool,
    /// Symbols that it takes no icebergs in.
    pub(crate) no_icebergs: BTreeSet<String>,
    /// Symbols without orders that wait for others.
    pub(crate) no_oto: BTreeSet<String>,
    /// Symbols without orders of which the received quantity is what waits.
    pub(crate) no_opo: BTreeSet<String>,
    /// It is the exchange of USD-M futures: positions, and conditional orders apart.
    pub(crate) is_futures: bool,
    /// Of the two kinds the one that is paid in coins.
    pub(crate) is_coin: bool,
    /// Symbols that it tells no index price of.
    pub(crate) unpriced: BTreeSet<String>,
    pub(crate) positions: BTreeMap<String, Held>,
    pub(crate) algos: Vec<Algo>,
    /// When what is open in a symbol is cancelled, unless it is told another time.
    pub(crate) countdowns: BTreeMap<String, i64>,
    pub(crate) leverage: u32,
    /// Nothing gets through to it.
    pub(crate) is_cut_off: bool,
    /// It is the exchange of the United States: older words, and order news over a key.
    pub(crate) is_us: bool,
    /// Order news are kept back until they are let go.
    pub(crate) kept: Option<Vec<String>>,
    /// Each is told so often.
    pub(crate) copies: usize,
    /// Market orders fill only when told to.
    pub(crate) is_slow: bool,
    pub(crate) listen_key: Option<String>,
    /// Connections are closed when it changes.
    pub(crate) cut: broadcast::Sender<()>,
    /// The status word of orders that work.
    pub(crate) strange_word: Option<&'static str>,
}

const FEE: &str = "0.001";

pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn now_ms() -> i64 {
    i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

fn word(side: &str) -> &'static str {
    if side == "BUY" { "BUY" } else { "SELL" }
}

impl Exchange {
    pub(crate) fn new() -> Self {
        let market = |base, bid: &str, ask: &str| Market { base, bid: dec(bid), ask: dec(ask), update: 100 };
        let markets = [
            ("BTCUSDT".to_owned(), market("BTC", "50000.00", "50001.00")),
            ("ETHUSDT".to_owned(), market("ETH", "2500.00", "2500.50")),
        ];
        Self {
            skew_ms: 0,
            balances: BTreeMap::from([("USDT".to_owned(), (dec("100000"), Decimal::ZERO))]),
            markets: markets.into_iter().collect(),
            orders: Vec::new(),
            trades: Vec::new(),
            last: 1_000,
            user: broadcast::channel(1_024).0,
            news: broadcast::channel(4_096).0,
            seen: Vec::new(),
            mishaps: VecDeque::new(),
            can_trade: true,
            no_icebergs: BTreeSet::from(["ETHUSDT".to_owned()]),
            no_oto: BTreeSet::new(),
            no_opo: BTreeSet::from(["ETHUSDT".to_owned()]),
            is_futures: false,
            is_coin: false,
            unpriced: BTreeSet::new(),
            positions: BTreeMap::new(),
            algos: Vec::new(),
            countdowns: BTreeMap::new(),
            leverage: 20,
            is_cut_off: false,
            is_us: false,
            kept: None,
            copies: 1,
            is_slow: false,
            listen_key: None,
            cut: broadcast::channel(16).0,
            strange_word: None,
        }
    }

    pub(crate) fn now(&self) -> i64 {
        now_ms() + self.skew_ms
    }

    pub(super) fn next(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    pub(crate) fn total(&self, asset: &str) -> Decimal {
        self.balances.get(asset).map_or(Decimal::ZERO, |(free, locked)| free + locked)
    }

    /// How often a request of this kind came.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.seen.iter().filter(|(seen, _)| seen == what).count()
    }

    pub(crate) fn by_client(&self, client: &str) -> Option<&Order> {
        self.orders.iter().rev().find(|o| o.client == client)
    }

    pub(super) fn at(&self, id: i64) -> usize {
        self.orders.iter().position(|o| o.id == id).unwrap()
    }

    // Placing.

    /// A new order by the parameters of one, whose names may begin with a word.
    pub(super) fn made(&mut self, p: &Params, lead: &str, side: &str, list: i64) -> Result<Order, No> {
        let name = |n: &str| -> String {
            if lead.is_empty() {
                return n.to_owned();
            }
            let mut letters = n.chars();
            let first = letters.next().unwrap().to_ascii_uppercase();
            format!("{lead}{first}{}", letters.as_str())
        };
        let number = |n: &str| p.get(&name(n)).map_or(Ok(Decimal::ZERO), |t| t.parse().map_err(|_| ILLEGAL));
        let client_name = if lead.is_empty() { "newClientOrderId".to_owned() } else { name("clientOrderId") };
        let id = self.next();
        let order = Order {
            symbol: p.get("symbol").cloned().ok_or(MISSING)?,
            id,
            list,
            client: p.get(&client_name).cloned().unwrap_or_else(|| format!("own-{id}")),
            side: word(side),
            kind: p.get(&name("type")).cloned().ok_or(MISSING)?,
            tif: p.get(&name("timeInForce")).cloned().unwrap_or_else(|| "GTC".to_owned()),
            price: number("price")?,
            stop: number("stopPrice")?,
            delta: p.get(&name("trailingDelta")).map(|t| t.parse().unwrap()),
            qty: if p.contains_key(&name("quantity")) { number("quantity")? } else { dec("0") },
            quote_qty: number("quoteOrderQty")?,
            iceberg: number("icebergQty")?,
            filled: Decimal::ZERO,
            spent: Decimal::ZERO,
            status: "NEW",
            at: self.now(),
            sleeps: false,
            best: Decimal::ZERO,
            held: Decimal::ZERO,
            waits_for: None,
        };
        let market = self.markets.get(&order.symbol).ok_or((-1_121, "Invalid symbol."))?;
        self.filtered(&order, market)?;
        Ok(order)
    }

    /// Does it pass the symbol's filters?
    fn filtered(&self, order: &Order, market: &Market) -> Result<(), No> {
        let known = [
            "LIMIT",
            "MARKET",
            "LIMIT_MAKER",
            "STOP_LOSS",
            "STOP_LOSS_LIMIT",
            "TAKE_PROFIT",
            "TAKE_PROFIT_LIMIT",
        ];
        if !known.contains(&order.kind.as_str()) {
            return Err((-1_116, "Invalid orderType."));
        }
        let needs_price = order.kind.contains("LIMIT");
        if needs_price && order.price.is_zero() {
            return Err(MISSING);
        }
        if (order.price % dec("0.01")) != Decimal::ZERO {
            return Err((-1_013, "Filter failure: PRICE_FILTER"));
        }
        if (order.qty % dec("0.00001")) != Decimal::ZERO {
            return Err((-1_013, "Filter failure: LOT_SIZE"));
        }
        let open = || self.orders.iter().filter(|o| o.is_open() && o.symbol == order.symbol);
        if !self.is_futures && open().count() >= 8 {
            return Err((-1_013, "Filter failure: MAX_NUM_ORDERS"));
        }
        let is_buy = order.side == "BUY";
        if self.is_futures && order.kind == "LIMIT" {
            in_band(market, is_buy, order.price)?;
        }
        let [up, down] = if is_buy { ["1.2", "0.2"] } else { ["5", "0.8"] }.map(dec);
        if !self.is_futures
            && needs_price
            && (order.price > market.bid * up || order.price < market.bid * down)
        {
            return Err((-1_013, "Filter failure: PERCENT_PRICE_BY_SIDE"));
        }
        let at = if needs_price { order.price } else { market.ask };
        if !self.is_coin && !order.qty.is_zero() && order.qty * at < dec("5") {
            return Err((-1_013, "Filter failure: NOTIONAL"));
        }
        if self.orders.iter().any(|o| o.is_open() && o.client == order.client) {
            return Err((-2_010, "Duplicate order sent."));
        }
        if order.iceberg.is_zero() { Ok(()) } else { self.iceberg_filtered(order) }
    }

    /// By `filters.md`, and the words of `errors.md`.
    fn iceberg_filtered(&self, order: &Order) -> Result<(), No> {
        let has =
            matches!(order.kind.as_str(), "LIMIT" | "LIMIT_MAKER" | "STOP_LOSS_LIMIT" | "TAKE_PROFIT_LIMIT");
        if !has || order.tif != "GTC" || self.is_futures {
            return Err((-2_010, "Unsupported order combination"));
        }
        if self.no_icebergs.contains(&order.symbol) {
            return Err((-2_010, "Iceberg orders are not supported for this symbol."));
        }
        if order.iceberg >= order.qty {
            return Err((-2_010, "IcebergQty exceeds QTY."));
        }
        if (order.iceberg % dec("0.00001")) != Decimal::ZERO || order.iceberg < dec("0.00001") {
            return Err((-1_013, "Filter failure: LOT_SIZE"));
        }
        if (order.qty / order.iceberg).ceil() > dec("10") {
            return Err((-1_013, "Filter failure: ICEBERG_PARTS"));
        }
        let open =
            self.orders.iter().filter(|o| o.is_open() && o.symbol == order.symbol && !o.iceberg.is_zero());
        if open.count() >= 2 {
            return Err((-1_013, "Filter failure: MAX_NUM_ICEBERG_ORDERS"));
        }
        Ok(())
    }

    fn hold(&mut self, order: &mut Order) -> Result<(), No> {
        if self.is_futures {
            return Ok(());
        }
        let market = &self.markets[&order.symbol];
        let (asset, amount) = if order.side == "SELL" {
            (market.base.to_owned(), order.qty)
        } else if order.quote_qty > Decimal::ZERO {
            ("USDT".to_owned(), order.quote_qty)
        } else {
            let price = if order.price.is_zero() { market.ask.max(order.stop) } else { order.price };
            ("USDT".to_owned(), order.qty * price)
        };
        let (free, locked) = self.balances.entry(asset).or_default();
        if *free < amount {
            return Err((-2_010, "Account has insufficient balance for requested action."));
        }
        *free -= amount;
        *locked += amount;
        order.held = amount;
        Ok(())
    }

    fn release(&mut self, index: usize) {
        if self.is_futures {
            return;
        }
        let order = &mut self.orders[index];
        let held = std::mem::take(&mut order.held);
        let asset = if order.side == "SELL" {
            self.markets[&order.symbol].base.to_owned()
        } else {
            "USDT".to_owned()
        };
        let (free, locked) = self.balances.entry(asset).or_default();
        *locked -= held;
        *free += held;
    }

    /// Takes an order in, fills what crosses, and lets one that waits wait.
    pub(super) fn enter(&mut self, mut order: Order) -> Result<i64, No> {
        let market = self.markets[&order.symbol].clone();
        let crosses = if order.side == "BUY" { order.price >= market.ask } else { order.price <= market.bid };
        if order.kind == "LIMIT_MAKER" && crosses {
            return Err((-2_010, "Order would immediately match and take."));
        }
        order.sleeps = order.kind.starts_with("STOP") || order.kind.starts_with("TAKE");
        if order.sleeps && order.delta.is_none() {
            let rises = (order.side == "BUY") == order.kind.starts_with("STOP");
            if if rises { order.stop <= market.ask } else { order.stop >= market.bid } {
                return Err((-2_010, "Stop price would trigger immediately."));
            }
        }
        order.best = if order.side == "SELL" { market.bid } else { market.ask };
        self.hold(&mut order)?;
        let id = order.id;
        self.orders.push(order);
        let index = self.at(id);
        self.tell(index, "NEW", None);
        if self.orders[index].sleeps || self.is_slow {
            return Ok(id);
        }
        if self.orders[index].kind == "MARKET" || crosses {
            self.take(index);
        }
        let order = &self.orders[index];
        if order.is_open() && matches!(order.tif.as_str(), "IOC" | "FOK") {
            self.end(index, "EXPIRED");
        }
        Ok(id)
    }

    pub(super) fn take(&mut self, index: usize) {
        let order = self.orders[index].clone();
        let market = self.markets[&order.symbol].clone();
        let price = if order.side == "BUY" { market.ask } else { market.bid };
        let qty = if order.qty.is_zero() {
            let units = (order.quote_qty / price / dec("0.00001")).floor() * dec("0.00001");
            self.orders[index].qty = units;
            units
        } else {
            order.qty - order.filled
        };
        self.fill(order.id, qty, price, false);
    }

    /// Fills so much of an order.
    pub(crate) fn fill(&mut self, id: i64, qty: Decimal, price: Decimal, is_maker: bool) {
        let index = self.at(id);
        let at = self.now();
        let trade_id = self.next();
        let order = &mut self.orders[index];
        order.sleeps = false;
        order.filled += qty;
        // Of contracts of so many dollars the coins are what is averaged.
        order.spent += if self.is_coin { qty / price } else { qty * price };
        let whole = order.filled >= order.qty;
        order.status = if whole { "FILLED" } else { "PARTIALLY_FILLED" };
        let (side, symbol) = (order.side, order.symbol.clone());
        let (gets, fee) = if self.is_coin {
            self.fill_coin(&symbol, side, qty, price)
        } else if self.is_futures {
            let fee = (qty * price * dec("0.0005")).round_dp(8);
            self.fill_future(&symbol, side, qty, price, fee);
            ("USDT".to_owned(), fee)
        } else {
            self.exchange_coins(index, qty, price, whole)
        };
        let trade = Trade {
            symbol,
            id: trade_id,
            order: id,
            price,
            qty,
            fee,
            fee_asset: gets,
            at,
            is_buyer: side == "BUY",
            is_maker,
        };
        self.trades.push(trade.clone());
        self.tell(index, "TRADE", Some(&trade));
        if whole {
            self.wake_list(index);
        }
    }

    /// One coin for another; what was paid in and how much of it was kept back.
    fn exchange_coins(
        &mut self,
        index: usize,
        qty: Decimal,
        price: Decimal,
        whole: bool,
    ) -> (String, Decimal) {
        let order = &mut self.orders[index];
        let (side, symbol) = (order.side, order.symbol.clone());
        let base = self.markets[&symbol].base.to_owned();
        let paid = if side == "BUY" { qty * price } else { qty };
        let reserved = if order.price.is_zero() {
            paid
        } else if side == "BUY" {
            qty * order.price
        } else {
            qty
        };
        let reserved = if whole { order.held } else { reserved.min(order.held) };
        order.held -= reserved;
        let (gives, gets, got) = if side == "BUY" {
            ("USDT".to_owned(), base, qty)
        } else {
            (base, "USDT".to_owned(), qty * price)
        };
        let fee = (got * dec(FEE)).round_dp(8);
        let (free, locked) = self.balances.entry(gives).or_default();
        *locked -= reserved;
        *free += reserved - paid;
        self.balances.entry(gets.clone()).or_default().0 += got - fee;
        (gets, fee)
    }

    /// What waits for this order gets its quantity; what is paired with it ends.
    fn wake_list(&mut self, index: usize) {
        let order = self.orders[index].clone();
        if order.list < 0 {
            return;
        }
        let fees: Decimal =
            self.trades.iter().filter(|t| t.order == order.id && t.is_buyer).map(|t| t.fee).sum();
        let got = ((order.filled - fees) / dec("0.00001")).floor() * dec("0.00001");
        let others: Vec<i64> =
            self.orders.iter().filter(|o| o.list == order.list && o.id != order.id).map(|o| o.id).collect();
        let mut has_held = false;
        for id in others {
            let at = self.at(id);
            if self.orders[at].waits_for == Some(order.id) {
                self.orders[at].waits_for = None;
                if self.orders[at].qty.is_zero() {
                    self.orders[at].qty = got;
                }
                self.orders[at].status = "NEW";
                self.orders[at].sleeps = self.orders[at].kind.starts_with("STOP");
                // One balance for both of a pair.
                if !has_held {
                    let mut held = self.orders[at].clone();
                    if self.hold(&mut held).is_err() {
                        // A fixed quantity that is more than what came.
                        self.orders[at].status = "REJECTED";
                        self.tell(at, "REJECTED", None);
                        continue;
                    }
                    self.orders[at].held = held.held;
                    has_held = true;
                }
                self.tell(at, "NEW", None);
            } else if self.orders[at].is_open() {
                self.end(at, "EXPIRED");
            }
        }
    }

    fn end(&mut self, index: usize, status: &'static str) {
        self.release(index);
        self.orders[index].status = status;
        self.tell(index, status, None);
    }

    /// Cancels an order, and with it those of its list.
    pub(crate) fn cancel(&mut self, id: i64, by: &str) {
        let list = self.orders[self.at(id)].list;
        let all: Vec<i64> = self
            .orders
            .iter()
            .filter(|o| o.is_open() && (o.id == id || (list >= 0 && o.list == list)))
            .map(|o| o.id)
            .collect();
        for id in all {
            let index = self.at(id);
            self.release(index);
            self.orders[index].status = "CANCELED";
            self.tell_as(index, "CANCELED", None, Some(by));
        }
    }

    /// The market moves: stops wake, limits fill.
    pub(crate) fn move_to(&mut self, symbol: &str, bid: &str, ask: &str) {
        let market = self.markets.get_mut(symbol).unwrap();
        (market.bid, market.ask) = (dec(bid), dec(ask));
        market.update += 1;
        let market = market.clone();
        self.trigger(symbol);
        let open: Vec<i64> =
            self.orders.iter().filter(|o| o.symbol == symbol && o.is_open()).map(|o| o.id).collect();
        for id in open {
            let index = self.at(id);
            if !self.orders[index].is_open() || self.orders[index].status == "PENDING_NEW" {
                continue;
            }
            self.wake(index, &market);
            let order = &self.orders[index];
            let crosses =
                if order.side == "BUY" { order.price >= market.ask } else { order.price <= market.bid };
            let is_limit = order.kind.contains("LIMIT");
            if !order.sleeps && (!is_limit || crosses) {
                let (rest, price) = (order.qty - order.filled, order.price);
                if is_limit {
                    self.fill(id, rest, price, true);
                } else {
                    self.take(index);
                }
            }
        }
        self.shout(symbol);
    }

    fn wake(&mut self, index: usize, market: &Market) {
        let order = &mut self.orders[index];
        if !order.sleeps {
            return;
        }
        let is_sell = order.side == "SELL";
        let price = if is_sell { market.bid } else { market.ask };
        order.best = if is_sell { order.best.max(price) } else { order.best.min(price) };
        let stop = match order.delta {
            Some(bips) => {
                let share = Decimal::new(bips, 4);
                if is_sell {
                    order.best * (Decimal::ONE - share)
                } else {
                    order.best * (Decimal::ONE + share)
                }
            }
            None => order.stop,
        };
        let falls = is_sell == order.kind.starts_with("STOP");
        order.sleeps = if falls { price > stop } else { price < stop };
    }

    // Telling.

    /// The touch and the bars, to whoever listens.
    pub(crate) fn shout_touch(&self, symbol: &str) {
        let market = &self.markets[symbol];
        let touch = json!({"u": market.update, "s": symbol, "b": market.bid.to_string(), "B": "3.0",
            "a": market.ask.to_string(), "A": "2.0"});
        let candle = |interval: &str| {
            json!({"e": "kline", "E": self.now(), "s": symbol, "k": {"t": self.now() / 60_000 * 60_000,
            "T": self.now(), "s": symbol, "i": interval, "o": "49000", "c": market.bid.to_string(), "h": "51000", "l": "48000",
            "v": "12.5", "x": false}})
        };
        for (kind, data) in [("bookTicker", touch), ("kline_1m", candle("1m")), ("kline_1d", candle("1d"))] {
            self.send(symbol, kind, &data);
        }
    }

    fn send(&self, symbol: &str, kind: &str, data: &Value) {
        let stream = format!("{}@{kind}", symbol.to_lowercase());
        let text = json!({"stream": stream, "data": data}).to_string();
        drop(self.news.send((stream, text)));
    }

    /// The same with a change of the book.
    pub(crate) fn shout(&self, symbol: &str) {
        let market = &self.markets[symbol];
        let depth = json!({"e": "depthUpdate", "E": self.now(), "s": symbol, "U": market.update, "u": market.update,
            "b": [[market.bid.to_string(), "3.0"]], "a": [[market.ask.to_string(), "2.0"]]});
        self.send(symbol, "depth@100ms", &depth);
        self.shout_touch(symbol);
    }

    pub(super) fn tell(&mut self, index: usize, what: &str, trade: Option<&Trade>) {
        self.tell_as(index, what, trade, None);
    }

    fn tell_as(&mut self, index: usize, what: &str, trade: Option<&Trade>, cancel: Option<&str>) {
        let o = &self.orders[index];
        let status = self.strange_word.filter(|_| o.status == "NEW").unwrap_or(o.status);
        let zero = Decimal::ZERO;
        let event = json!({"e": "executionReport", "E": self.now(), "s": o.symbol, "c": cancel.unwrap_or(&o.client),
            "S": o.side, "o": o.kind, "f": o.tif, "q": o.qty.to_string(), "p": o.price.to_string(),
            "P": o.stop.to_string(), "F": o.iceberg.to_string(), "g": o.list, "C": if cancel.is_some() { o.client.as_str() } else { "" },
            "x": what, "X": status, "r": "NONE", "i": o.id,
            "l": trade.map_or(zero, |t| t.qty).to_string(), "z": o.filled.to_string(),
            "L": trade.map_or(zero, |t| t.price).to_string(), "n": trade.map_or(zero, |t| t.fee).to_string(),
            "N": trade.map(|t| t.fee_asset.clone()), "T": self.now(), "t": trade.map_or(-1, |t| t.id),
            "w": !o.sleeps, "m": trade.is_some_and(|t| t.is_maker), "M": false, "O": o.at,
            "Z": o.spent.to_string(), "Y": "0.0", "Q": o.quote_qty.to_string(), "V": "NONE",
            "d": o.delta});
        let event = if self.is_futures { self.future_event(o, status, what, trade) } else { event };
        self.say(event.to_string());
    }

    pub(super) fn say(&mut self, text: String) {
        if let Some(kept) = &mut self.kept {
            kept.push(text);
            return;
        }
        for _ in 0..self.copies {
            drop(self.user.send(text.clone()));
        }
    }

    /// Lets go what was kept back, backwards if asked.
    pub(crate) fn let_go(&mut self, backwards: bool) {
        let mut kept = self.kept.take().unwrap_or_default();
        if backwards {
            kept.reverse();
        }
        for text in kept {
            for _ in 0..self.copies {
                drop(self.user.send(text.clone()));
            }
        }
    }

    // Answering.

    pub(crate) fn shown(&self, o: &Order) -> Value {
        let status = self.strange_word.filter(|_| o.status == "NEW").unwrap_or(o.status);
        if self.is_futures {
            return shown_future(o, status);
        }
        let mut value = json!({"symbol": o.symbol, "orderId": o.id, "orderListId": o.list, "clientOrderId": o.client,
            "price": o.price.to_string(), "origQty": o.qty.to_string(), "executedQty": o.filled.to_string(),
            "origQuoteOrderQty": o.quote_qty.to_string(), "cummulativeQuoteQty": o.spent.to_string(), "status": status,
            "timeInForce": o.tif, "type": o.kind, "side": o.side, "stopPrice": o.stop.to_string(), "icebergQty": o.iceberg.to_string(),
            "time": o.at, "updateTime": o.at, "transactTime": o.at, "isWorking": !o.sleeps, "workingTime": o.at,
            "selfTradePreventionMode": "NONE"});
        if let Some(delta) = o.delta {
            value["trailingDelta"] = json!(delta);
        }
        if o.qty.is_zero() {
            value.as_object_mut().unwrap().remove("origQty");
        }
        value
    }

    pub(super) fn found(&self, p: &Params) -> Result<usize, No> {
        let symbol = p.get("symbol").ok_or(MISSING)?;
        let id: Option<i64> = p.get("orderId").map(|t| t.parse().unwrap());
        let client = p.get("origClientOrderId");
        if id.is_none() && client.is_none() {
            return Err(MISSING);
        }
        let fits = |o: &Order| id.map_or_else(|| Some(&o.client) == client, |id| o.id == id);
        self.orders
            .iter()
            .rposition(|o| o.symbol == *symbol && fits(o))
            .ok_or((-2_013, "Order does not exist."))
    }

    /// A request whose sender is known.
    pub(crate) fn answer(&mut self, what: &str, p: &Params) -> Result<Value, No> {
        if self.is_coin {
            return self.answer_coin(what, p);
        }
        if self.is_futures {
            return self.answer_future(what, p);
        }
        match what {
            "GET /api/v3/account" => Ok(self.account(p)),
            "POST /api/v3/order" => {
                let side = p.get("side").ok_or(MISSING)?;
                let order = self.made(p, "", side, -1)?;
                if order.qty.is_zero() && order.quote_qty.is_zero() {
                    return Err(MISSING);
                }
                let id = self.enter(order)?;
                Ok(self.shown(&self.orders[self.at(id)]))
            }
            "GET /api/v3/order" => Ok(self.shown(&self.orders[self.found(p)?])),
            "DELETE /api/v3/order" => {
                let index = self.found(p).map_err(|_| (-2_011, "Unknown order sent."))?;
                if !self.orders[index].is_open() {
                    return Err((-2_011, "Unknown order sent."));
                }
                self.cancel(self.orders[index].id, "cancel-1");
                Ok(self.cancelled(index))
            }
            "GET /api/v3/openOrders" => Ok(self.list(p, Order::is_open)),
            "GET /api/v3/allOrders" => {
                p.get("symbol").ok_or(MISSING)?;
                Ok(self.list(p, |_| true))
            }
            "DELETE /api/v3/openOrders" => self.cancel_symbol(p),
            "POST /api/v3/order/cancelReplace" => self.cancel_replace(p),
            "POST /api/v3/order/oco" if self.is_us => self.old_pair(p),
            _ if self.is_us && what.starts_with("POST /api/v3/orderList") => Err((-1_020, "Not supported.")),
            "POST /api/v3/orderList/oco" => self.pair(p),
            "POST /api/v3/orderList/opoco" => self.waiting(p, &["pendingAbove", "pendingBelow"]),
            "POST /api/v3/orderList/opo" => self.waiting(p, &["pending"]),
            "POST /api/v3/orderList/otoco" => self.waiting(p, &["pendingAbove", "pendingBelow"]),
            "POST /api/v3/orderList/oto" => self.waiting(p, &["pending"]),
            "PUT /api/v3/order/amend/keepPriority" if !self.is_us => self.amend(p),
            "GET /api/v3/account/commission" if !self.is_us => {
                let rates = |rate: &str| json!({"maker": rate, "taker": rate, "buyer": "0.00000000", "seller": "0.00000000"});
                Ok(json!({"symbol": p.get("symbol").ok_or(MISSING)?, "standardCommission": rates(FEE),
                    "specialCommission": rates("0.00000000"), "taxCommission": rates("0.00000000"),
                    "discount": {"enabledForAccount": true, "enabledForSymbol": true, "discountAsset": "BNB", "discount": "0.75"}}))
            }
            "GET /api/v3/orderList" => {
                let list: i64 = p.get("orderListId").ok_or(MISSING)?.parse().unwrap();
                Ok(self.order_list(list))
            }
            "GET /api/v3/myTrades" => {
                let symbol = p.get("symbol").ok_or(MISSING)?;
                let order: Option<i64> = p.get("orderId").map(|t| t.parse().unwrap());
                let fits = |t: &&Trade| t.symbol == *symbol && order.is_none_or(|id| t.order == id);
                Ok(self.trades.iter().filter(fits).map(told_trade).collect())
            }
            _ => Err((-1_020, "This operation is not supported.")),
        }
    }

    fn account(&self, p: &Params) -> Value {
        let omits = p.get("omitZeroBalances").is_some_and(|t| t == "true");
        let row = |(asset, (free, locked)): (&String, &(Decimal, Decimal))| json!({"asset": asset, "free": free.to_string(), "locked": locked.to_string()});
        let held = self.balances.iter().filter(|(_, (f, l))| !omits || !(*f + *l).is_zero());
        let mut account = json!({"makerCommission": 10, "takerCommission": 10, "buyerCommission": 0, "sellerCommission": 0,
            "canTrade": self.can_trade, "canWithdraw": false, "canDeposit": true, "updateTime": self.now(),
            "accountType": "SPOT", "permissions": ["SPOT"], "uid": 354_937_868,
            "balances": held.map(row).collect::<Vec<_>>()});
        if self.is_us {
            account.as_object_mut().unwrap().remove("uid");
        }
        account
    }

    pub(super) fn list(&self, p: &Params, wanted: impl Fn(&Order) -> bool) -> Value {
        let symbol = p.get("symbol");
        let fits = |o: &&Order| symbol.is_none_or(|s| o.symbol == *s) && wanted(o);
        self.orders.iter().filter(fits).map(|o| self.shown(o)).collect()
    }

    fn cancelled(&self, index: usize) -> Value {
        let mut value = self.shown(&self.orders[index]);
        value["origClientOrderId"] = value["clientOrderId"].take();
        value["clientOrderId"] = json!("cancel-1");
        value
    }

    fn cancel_symbol(&mut self, p: &Params) -> Result<Value, No> {
        let symbol = p.get("symbol").ok_or(MISSING)?;
        let open: Vec<i64> =
            self.orders.iter().filter(|o| o.symbol == *symbol && o.is_open()).map(|o| o.id).collect();
        if open.is_empty() {
            return Err((-2_011, "Unknown order sent."));
        }
        for id in &open {
            self.cancel(*id, "cancel-all");
        }
        Ok(open.iter().map(|id| self.cancelled(self.at(*id))).collect())
    }

    fn cancel_replace(&mut self, p: &Params) -> Result<Value, No> {
        let id: i64 = p.get("cancelOrderId").ok_or(MISSING)?.parse().unwrap();
        let mut new = p.clone();
        new.insert("newClientOrderId".to_owned(), p.get("newClientOrderId").cloned().unwrap_or_default());
        let old = self.orders.iter().position(|o| o.id == id && o.is_open());
        let only_new = p.get("cancelRestrictions").is_some_and(|t| t == "ONLY_NEW");
        let no = match old {
            None => Some(json!({"code": -2011, "msg": "Unknown order sent."})),
            Some(at) if only_new && self.orders[at].status != "NEW" => {
                Some(json!({"code": -2011, "msg": "Order was not canceled due to cancel restrictions."}))
            }
            Some(_) => None,
        };
        if let Some(no) = no {
            return Ok(
                json!({"httpStatus": 400, "code": -2022, "msg": "Order cancel-replace failed.", "data": {
                "cancelResult": "FAILURE", "newOrderResult": "NOT_ATTEMPTED", "cancelResponse": no, "newOrderResponse": null}}),
            );
        }
        let old = old.unwrap();
        self.cancel(id, "replace-1");
        let cancelled = self.cancelled(old);
        let side = p.get("side").ok_or(MISSING)?.clone();
        match self.made(&new, "", &side, -1).and_then(|order| self.enter(order)) {
            Ok(id) => Ok(
                json!({"cancelResult": "SUCCESS", "newOrderResult": "SUCCESS", "cancelResponse": cancelled,
                "newOrderResponse": self.shown(&self.orders[self.at(id)])}),
            ),
            Err((code, msg)) => {
                Ok(json!({"httpStatus": 409, "code": -2021, "msg": "Order cancel-replace partially failed.",
                "data": {"cancelResult": "SUCCESS", "newOrderResult": "FAILURE", "cancelResponse": cancelled,
                    "newOrderResponse": {"code": code, "msg": msg}}}))
            }
        }
    }

    /// By `rest-api.md`, "Order Amend Keep Priority": the order itself, smaller.
    fn amend(&mut self, p: &Params) -> Result<Value, No> {
        let index = self.found(p).map_err(|_| (-2_038, "Unknown order sent."))?;
        let qty: Decimal = p.get("newQty").ok_or(MISSING)?.parse().map_err(|_| ILLEGAL)?;
        let order = self.orders[index].clone();
        if !order.is_open() {
            return Err((-2_038, "Unknown order sent."));
        }
        if qty >= order.qty || qty <= Decimal::ZERO {
            return Err((-2_038, "Order amend (quantity increase) is not supported."));
        }
        if (qty % dec("0.00001")) != Decimal::ZERO {
            return Err((-1_013, "Filter failure: LOT_SIZE"));
        }
        let name = p.get("newClientOrderId").cloned().unwrap_or_else(|| format!("amended-{}", self.last));
        self.release(index);
        let new = &mut self.orders[index];
        (new.qty, new.client) = (qty, name);
        if qty <= new.filled {
            new.status = "EXPIRED";
            self.tell(index, "EXPIRED", None);
        } else {
            // What has filled is paid; what is left is held anew.
            let mut rest = self.orders[index].clone();
            rest.qty -= rest.filled;
            self.hold(&mut rest)?;
            self.orders[index].held = rest.held;
            self.tell(index, "REPLACED", None);
        }
        let o = &self.orders[index];
        Ok(
            json!({"transactTime": self.now(), "executionId": 75, "amendedOrder": {"symbol": o.symbol, "orderId": o.id,
            "orderListId": o.list, "origClientOrderId": order.client, "clientOrderId": o.client, "price": o.price.to_string(),
            "qty": o.qty.to_string(), "executedQty": o.filled.to_string(), "preventedQty": "0.00000000",
            "quoteOrderQty": o.quote_qty.to_string(), "cumulativeQuoteQty": o.spent.to_string(), "status": o.status,
            "timeInForce": o.tif, "type": o.kind, "side": o.side, "workingTime": o.at, "selfTradePreventionMode": "NONE"}}),
        )
    }

    /// The same in older words: the limit, and a stop that becomes a market order where it has no limit.
    fn old_pair(&mut self, p: &Params) -> Result<Value, No> {
        let side = p.get("side").ok_or(MISSING)?;
        let [target, stop] = if side == "SELL" { ["above", "below"] } else { ["below", "above"] };
        let mut new = p.clone();
        let mut set = |lead: &str, name: &str, value: Option<&String>| {
            if let Some(value) = value {
                new.insert(format!("{lead}{name}"), value.clone());
            }
        };
        set(target, "Type", Some(&"LIMIT_MAKER".to_owned()));
        set(target, "Price", p.get("price"));
        set(target, "ClientOrderId", p.get("limitClientOrderId"));
        let kind = if p.contains_key("stopLimitPrice") { "STOP_LOSS_LIMIT" } else { "STOP_LOSS" };
        set(stop, "Type", Some(&kind.to_owned()));
        set(stop, "Price", p.get("stopLimitPrice"));
        set(stop, "StopPrice", p.get("stopPrice"));
        set(stop, "ClientOrderId", p.get("stopClientOrderId"));
        self.pair(&new)
    }

    fn pair(&mut self, p: &Params) -> Result<Value, No> {
        let side = p.get("side").ok_or(MISSING)?.clone();
        let list = self.next();
        let qty: Decimal = p.get("quantity").ok_or(MISSING)?.parse().map_err(|_| ILLEGAL)?;
        let mut legs = Vec::new();
        for lead in ["above", "below"] {
            let mut leg = self.made(p, lead, &side, list)?;
            leg.qty = qty;
            leg.sleeps = leg.kind.starts_with("STOP");
            legs.push(leg);
        }
        let market = self.markets[&legs[0].symbol].clone();
        let [above, below] = [&legs[0], &legs[1]].map(|l| if l.price.is_zero() { l.stop } else { l.price });
        if above <= market.bid || below >= market.ask {
            return Err((-2_010, "The relationship of the prices for the orders is not correct."));
        }
        // One balance for both.
        let mut first = legs.remove(0);
        self.hold(&mut first)?;
        for leg in [first, legs.remove(0)] {
            self.orders.push(leg);
            let index = self.orders.len() - 1;
            self.tell(index, "NEW", None);
        }
        Ok(self.order_list(list))
    }

    /// Those with `pendingQuantity` (OTO) are of that, the others (OPO) of what comes.
    fn waiting(&mut self, p: &Params, leads: &[&str]) -> Result<Value, No> {
        let side = p.get("workingSide").ok_or(MISSING)?.clone();
        let list = self.next();
        let working = self.made(p, "working", &side, list)?;
        let fixed: Option<Decimal> =
            p.get("pendingQuantity").map(|t| t.parse().map_err(|_| ILLEGAL)).transpose()?;
        if fixed.is_none() && self.no_opo.contains(&working.symbol) {
            return Err((-1_222, "OPO orders are not supported for this symbol."));
        }
        let mut pending = Vec::new();
        for lead in leads {
            let mut leg = self.made(p, lead, p.get("pendingSide").ok_or(MISSING)?, list)?;
            leg.waits_for = Some(working.id);
            leg.status = "PENDING_NEW";
            leg.qty = fixed.unwrap_or_default();
            if (leg.qty % dec("0.00001")) != Decimal::ZERO {
                return Err((-1_013, "Filter failure: LOT_SIZE"));
            }
            pending.push(leg);
        }
        self.orders.extend(pending);
        if let Err(no) = self.enter(working) {
            self.orders.retain(|o| o.list != list);
            return Err(no);
        }
        Ok(self.order_list(list))
    }

    fn order_list(&self, list: i64) -> Value {
        let members: Vec<&Order> = self.orders.iter().filter(|o| o.list == list).collect();
        let named = |o: &&Order| json!({"symbol": o.symbol, "orderId": o.id, "clientOrderId": o.client});
        json!({"orderListId": list, "contingencyType": "OCO", "listStatusType": "EXEC_STARTED",
            "listOrderStatus": "EXECUTING", "listClientOrderId": format!("list-{list}"), "transactionTime": self.now(),
            "symbol": members.first().map(|o| o.symbol.clone()),
            "orders": members.iter().map(named).collect::<Vec<_>>(),
            "orderReports": members.iter().map(|o| self.shown(o)).collect::<Vec<_>>()})
    }
}

pub(super) const MISSING: No = (-1_102, "Mandatory parameter was not sent, was empty/null, or malformed.");
pub(super) const ILLEGAL: No = (-1_100, "Illegal characters found in a parameter.");

fn told_trade(t: &Trade) -> Value {
    json!({"symbol": t.symbol, "id": t.id, "orderId": t.order, "orderListId": -1, "price": t.price.to_string(),
        "qty": t.qty.to_string(), "quoteQty": (t.qty * t.price).to_string(), "commission": t.fee.to_string(),
        "commissionAsset": t.fee_asset, "time": t.at, "isBuyer": t.is_buyer, "isMaker": t.is_maker, "isBestMatch": true})
}
