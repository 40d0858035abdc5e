//! A stand-in of the Client Portal gateway with a memory: sessions, questions, orders that hang together, positions and
//! the vendor's limits, by its public description and recorded answers alone. It knows nothing of the adapter.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tokio::sync::broadcast;
use tradedeck::{
    clock::{Clock as _, System},
    domain::time::Mono,
};

/// What goes wrong with a request, once.
#[derive(Debug, Clone)]
pub(crate) enum Mishap {
    /// This is answered, with the request done or not.
    Answer { status: u16, body: String, retry_after: Option<u32>, done: bool },
    /// The connection ends without an answer, with the request done or not.
    HangUp { done: bool },
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Value,
}

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: i64,
    pub(crate) client: Option<String>,
    pub(crate) parent: Option<i64>,
    group: Option<i64>,
    conid: i64,
    side: String,
    pub(crate) kind: String,
    pub(crate) price: Option<Decimal>,
    pub(crate) aux: Option<Decimal>,
    trail: Option<(String, Decimal)>,
    tif: String,
    outside: bool,
    pub(crate) qty: Decimal,
    pub(crate) filled: Decimal,
    spent: Decimal,
    pub(crate) status: &'static str,
    best: Decimal,
    /// What was told of it last.
    told: Map<String, Value>,
}

impl Order {
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.status, "Filled" | "Cancelled")
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Stock {
    pub(crate) symbol: &'static str,
    pub(crate) bid: Decimal,
    pub(crate) ask: Decimal,
    /// Of an option: what it is on, its name at the exchange, month and day of expiry, strike, call or put.
    option: Option<[&'static str; 6]>,
}

impl Stock {
    fn kind(&self) -> &'static str {
        if self.option.is_some() { "OPT" } else { "STK" }
    }
    /// Money for one and a point of its price.
    fn unit(&self) -> Decimal {
        if self.option.is_some() { dec("100") } else { Decimal::ONE }
    }
}

/// A question about an order, or about a change of one.
#[derive(Debug)]
struct Asked {
    reply: String,
    left: VecDeque<Vec<&'static str>>,
    tickets: Vec<Value>,
    change: Option<i64>,
}

/// The gateway, and the venue behind it.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) account: &'static str,
    pub(crate) is_paper: Option<bool>,
    pub(crate) is_logged_in: bool,
    pub(crate) has_session: bool,
    pub(crate) is_competing: bool,
    pub(crate) no_trading: bool,
    pub(crate) availability: &'static str,
    pub(crate) stocks: BTreeMap<i64, Stock>,
    pub(crate) orders: Vec<Order>,
    trades: Vec<Value>,
    pub(crate) positions: BTreeMap<i64, (Decimal, Decimal)>,
    pub(crate) cash: Decimal,
    last: i64,
    /// Kinds of questions that the next orders raise, in turn.
    pub(crate) asks: VecDeque<Vec<&'static str>>,
    asked: Option<Asked>,
    called: BTreeSet<&'static str>,
    is_listed: bool,
    when: BTreeMap<&'static str, Vec<Mono>>,
    clock: System,
    /// What the vendor would have punished.
    pub(crate) offences: Vec<String>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) mishaps: VecDeque<(super::On, Mishap)>,
    pub(crate) news: broadcast::Sender<(String, String)>,
    pub(crate) cut: broadcast::Sender<()>,
    /// News of orders are kept back until they are let go.
    pub(crate) kept: Option<Vec<(String, String)>>,
    pub(crate) copies: usize,
    pub(crate) strange_word: Option<&'static str>,
    /// So many answers to replies never arrive.
    pub(crate) lose_replies: u32,
}

pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn now_ms() -> i64 {
    i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

fn number(value: &Value) -> Option<Decimal> {
    value.is_number().then(|| value.to_string().parse().unwrap())
}

/// A number as the vendor writes it in JSON.
fn float(d: Decimal) -> Value {
    let mut text = d.normalize().to_string();
    if !text.contains('.') {
        text.push_str(".0");
    }
    serde_json::from_str(&text).unwrap()
}

const COMMISSION: &str = "1";
const FIRST_FILL: &str = "0001f4e5.6576fd38";

impl Gateway {
    pub(crate) fn new() -> Self {
        let stock =
            |symbol, bid: &str, ask: &str| Stock { symbol, bid: dec(bid), ask: dec(ask), option: None };
        let terms = ["AAPL", "AAPL  261218C00100000", "DEC26", "20261218", "100", "C"];
        let option = Stock { option: Some(terms), ..stock("AAPL261218C00100000", "100.00", "100.02") };
        let stocks = [
            (265_598, stock("AAPL", "200.00", "200.02")),
            (756_733, stock("SPY", "640.00", "640.02")),
            (700_000_001, option),
        ];
        Self {
            account: "DU1234567",
            is_paper: Some(true),
            is_logged_in: true,
            has_session: true,
            is_competing: false,
            no_trading: false,
            availability: "RpB",
            stocks: stocks.into_iter().collect(),
            orders: Vec::new(),
            trades: Vec::new(),
            positions: BTreeMap::new(),
            cash: dec("100000"),
            last: 1_799_796_558,
            asks: VecDeque::new(),
            asked: None,
            called: BTreeSet::new(),
            is_listed: false,
            when: BTreeMap::new(),
            clock: System::start(),
            offences: Vec::new(),
            seen: Vec::new(),
            mishaps: VecDeque::new(),
            news: broadcast::channel(4_096).0,
            cut: broadcast::channel(16).0,
            kept: None,
            copies: 1,
            strange_word: None,
            lose_replies: 0,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.is_logged_in && self.has_session && !self.is_competing
    }

    fn next(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    pub(crate) fn by_client(&self, client: &str) -> Option<&Order> {
        self.orders.iter().find(|o| o.client.as_deref() == Some(client))
    }

    fn at(&self, id: i64) -> usize {
        self.orders.iter().position(|o| o.id == id).unwrap()
    }

    /// The vendor's limits: ten requests a second, and some lists once in five.
    pub(crate) fn count_against_limits(&mut self, path: &str) -> bool {
        let now = self.clock.now().mono;
        let mut over = false;
        let lists = ["/iserver/account/orders", "/iserver/account/trades", "/portfolio/accounts"];
        let own = lists.iter().find(|list| path == **list).map(|list| (*list, 1, 5_000));
        for (name, most, window_ms) in own.into_iter().chain([("all", 10, 1_000)]) {
            let times = self.when.entry(name).or_default();
            times.retain(|at| now.since_ms(*at) < window_ms);
            times.push(now);
            over |= times.len() > most;
        }
        if over {
            self.offences.push(format!("too many: {path}"));
        }
        over
    }

    // Answers.

    pub(crate) fn answer(&mut self, seen: &Seen) -> (u16, Value) {
        let parts: Vec<&str> = seen.path.trim_start_matches('/').split('/').collect();
        if !self.is_logged_in {
            return (401, Value::Null);
        }
        let is_inside = parts[0] == "iserver" && parts.get(1) != Some(&"auth");
        if is_inside && !self.is_up() {
            return (400, json!({"error": "no bridge"}));
        }
        // Any request takes an open question back, except its answer.
        if self.asked.is_some() && !(parts[0] == "iserver" && parts.get(1) == Some(&"reply")) {
            self.asked = None;
        }
        match (seen.method.as_str(), parts.as_slice()) {
            ("POST", ["tickle"]) => (
                200,
                json!({"session": "s-e-s-s-i-o-n", "hmds": {"error": "no bridge"}, "iserver": {"authStatus": self.status()}}),
            ),
            ("POST", ["iserver", "auth", "status"]) => (200, self.status()),
            ("POST", ["iserver", "auth", "ssodh", "init"]) => {
                if seen.body["publish"] != true {
                    return (500, json!({"error": "unknown"}));
                }
                if seen.body["compete"] == true {
                    self.is_competing = false;
                }
                if !self.is_competing {
                    self.has_session = true;
                    self.is_listed = false;
                    self.called.clear();
                }
                (200, self.status())
            }
            ("GET", ["iserver", "accounts"]) => {
                self.called.insert("accounts");
                let mut told = json!({"accounts": [self.account], "acctProps": {}, "aliases": {}, "selectedAccount": self.account,
                    "sessionId": "6", "isFT": false});
                if let Some(is) = self.is_paper {
                    told["isPaper"] = json!(is);
                }
                (200, told)
            }
            ("GET", ["portfolio", "accounts"]) => {
                self.called.insert("portfolio");
                (
                    200,
                    json!([{"id": self.account, "accountId": self.account, "currency": "USD", "type": "DEMO",
                        "noClientTrading": self.no_trading, "desc": self.account}]),
                )
            }
            ("GET", ["portfolio2", _, "positions"]) => self.held(),
            ("GET", ["portfolio", _, "summary"]) => self.summary(),
            ("GET", ["iserver", "account", "orders"]) => self.list(seen),
            ("GET", ["iserver", "account", "trades"]) => (200, Value::Array(self.trades.clone())),
            ("GET", ["iserver", "account", "order", "status", id]) => self.one(id),
            ("POST", ["iserver", "account", _, "orders"]) => self.place(seen),
            ("POST", ["iserver", "account", _, "order", id]) => self.change(id, seen),
            ("DELETE", ["iserver", "account", _, "order", id]) => self.cancel(id),
            ("POST", ["iserver", "reply", id]) => self.reply(id, seen.body["confirmed"] == true),
            ("GET", ["trsrv", "stocks"]) => self.stocks(&seen.query["symbols"]),
            ("GET", ["iserver", "secdef", "search"]) => self.search(&seen.query["symbol"]),
            ("GET", ["iserver", "secdef", "info"]) => self.options(seen),
            ("GET", ["iserver", "contract", conid, "info-and-rules"]) => self.rules(conid),
            ("GET", ["iserver", "marketdata", "snapshot"]) => self.snapshot(&seen.query["conids"]),
            ("GET", ["iserver", "marketdata", "history"]) => (200, history()),
            _ => (404, json!({"error": "not found"})),
        }
    }

    pub(crate) fn status(&self) -> Value {
        json!({"authenticated": self.is_up(), "competing": self.is_competing, "connected": self.is_logged_in,
            "message": "", "MAC": "AA:BB:CC:DD:EE:FF"})
    }

    fn held(&self) -> (u16, Value) {
        if !self.called.contains("portfolio") {
            return (400, json!({"error": "Please query /portfolio/accounts first"}));
        }
        let rows = self.positions.iter().filter(|(_, (qty, _))| !qty.is_zero()).map(|(conid, (qty, cost))| {
            let stock = &self.stocks[conid];
            json!({"position": float(*qty), "conid": conid.to_string(), "avgCost": float(*cost * stock.unit()),
                "avgPrice": float(*cost), "currency": "USD", "description": stock.symbol, "marketPrice": float(stock.bid),
                "marketValue": float(stock.bid * qty * stock.unit()), "secType": stock.kind(), "assetClass": stock.kind(),
                "model": ""})
        });
        (200, rows.collect())
    }

    fn summary(&self) -> (u16, Value) {
        let worth = |(conid, (qty, _)): (&i64, &(Decimal, Decimal))| {
            let stock = &self.stocks[conid];
            stock.bid * qty * stock.unit()
        };
        let held: Decimal = self.positions.iter().map(worth).sum();
        let equity = self.cash + held;
        let figure = |amount: Decimal| {
            json!({"amount": float(amount), "currency": "USD", "isNull": false,
            "timestamp": now_ms(), "value": null, "severity": 0})
        };
        (
            200,
            json!({"accountcode": {"amount": 0.0, "currency": null, "isNull": false, "value": self.account},
                "netliquidation": figure(equity), "totalcashvalue": figure(self.cash), "buyingpower": figure(equity * dec("4")),
                "availablefunds": figure(equity), "initmarginreq": figure(held.abs() / dec("4")),
                "maintmarginreq": figure(held.abs() / dec("4"))}),
        )
    }

    /// The first question only orders the list, and so does one that forces it.
    fn list(&mut self, seen: &Seen) -> (u16, Value) {
        if !self.called.contains("accounts") {
            return (400, json!({"error": "Please query /accounts first"}));
        }
        let is_forced = seen.query.get("force").is_some_and(|f| f == "true");
        if !self.is_listed || is_forced {
            self.is_listed = true;
            return (200, json!({"orders": [], "snapshot": false}));
        }
        let rows: Vec<Value> = self.orders.iter().map(|o| Value::Object(self.row(o))).collect();
        (200, json!({"orders": rows, "snapshot": true}))
    }

    fn word(&self, o: &Order) -> &'static str {
        match self.strange_word {
            Some(word) if o.is_open() => word,
            Some(_) | None => o.status,
        }
    }

    fn row(&self, o: &Order) -> Map<String, Value> {
        let stock = &self.stocks[&o.conid];
        let (word, original) = match o.kind.as_str() {
            "MKT" => ("Market", "MARKET"),
            "LMT" => ("Limit", "LIMIT"),
            "STP" => ("Stop", "STOP"),
            "STOP_LIMIT" => ("Stop Limit", "STOPLIMIT"),
            _ => ("Trail", "TRAIL"),
        };
        let text = |d: Option<Decimal>| d.map_or(String::new(), |d| d.to_string());
        let mut row = json!({"acct": self.account, "account": self.account, "conidex": o.conid.to_string(), "conid": o.conid,
            "orderId": o.id, "cashCcy": "USD", "sizeAndFills": o.qty.to_string(), "description1": stock.symbol,
            "ticker": stock.symbol, "secType": stock.kind(), "listingExchange": "NASDAQ.NMS",
            "remainingQuantity": float(if o.is_open() { o.qty - o.filled } else { Decimal::ZERO }),
            "filledQuantity": float(o.filled), "totalSize": float(o.qty), "status": self.word(o),
            "order_ccp_status": self.word(o), "origOrderType": original, "orderType": word, "side": o.side,
            "timeInForce": if o.tif == "DAY" { "CLOSE" } else { o.tif.as_str() }, "price": text(o.price.filter(|_| o.kind != "STP")),
            "outsideRTH": o.outside, "bgColor": "#FFFFFF", "fgColor": "#000000"});
        let stop = if o.kind == "STP" { o.price } else { o.aux };
        if let Some(stop) = stop {
            row["auxPrice"] = json!(stop.to_string());
        }
        if let Some(client) = &o.client {
            row["order_ref"] = json!(client);
        }
        if let Some(parent) = o.parent {
            row["parentId"] = json!(parent);
        }
        if !o.filled.is_zero() {
            row["avgPrice"] = json!((o.spent / o.filled).round_dp(4).normalize().to_string());
        }
        row.as_object().unwrap().clone()
    }

    fn one(&self, id: &str) -> (u16, Value) {
        let Some(o) = self.orders.iter().find(|o| o.id.to_string() == id) else {
            return (503, json!({"error": "service unavailable", "statusCode": 503}));
        };
        let row = self.row(o);
        let aux = row.get("auxPrice").cloned().unwrap_or(json!(""));
        (
            200,
            json!({"sub_type": null, "order_id": o.id, "conid": o.conid, "symbol": self.stocks[&o.conid].symbol,
                "side": o.side.get(..1), "account": self.account, "order_type": row["origOrderType"],
                "limit_price": row["price"], "stop_price": aux, "size": (o.qty - o.filled).to_string(),
                "total_size": o.qty.to_string(), "cum_fill": o.filled.to_string(), "order_status": self.word(o),
                "tif": o.tif, "sec_type": "STK", "outside_rth": o.outside, "order_time": "260401230000",
                "average_price": row.get("avgPrice").cloned().unwrap_or(json!(""))}),
        )
    }

    fn stocks(&self, symbols: &str) -> (u16, Value) {
        let mut out = Map::new();
        for name in symbols.split(',') {
            let found = self.stocks.iter().find(|(_, s)| s.symbol == name);
            let told = found.map(|(conid, _)| {
                json!([{"name": format!("{name} INC"), "assetClass": "STK", "contracts": [
                    {"conid": conid, "exchange": "NASDAQ", "isUS": true}, {"conid": 38_708_077, "exchange": "MEXI", "isUS": false}]}])
            });
            out.insert(name.to_owned(), told.unwrap_or(json!([])));
        }
        (200, Value::Object(out))
    }

    /// The vendor wants it before options are asked for.
    fn search(&mut self, symbol: &str) -> (u16, Value) {
        self.called.insert("search");
        (200, json!([{"conid": "265598", "symbol": symbol, "sections": [{"secType": "STK"}]}]))
    }

    /// Of a month, a strike and a side; the day is told with each.
    fn options(&self, seen: &Seen) -> (u16, Value) {
        if !self.called.contains("search") {
            return (500, json!({"error": "Please search the underlying first"}));
        }
        let fits = |(conid, stock): (&i64, &Stock)| {
            let [root, _, month, day, strike, right] = stock.option?;
            let is = |name: &str, own: &str| seen.query.get(name).is_some_and(|told| told == own);
            let under = self.stocks.iter().find(|(_, s)| s.symbol == root)?.0.to_string();
            let fits =
                is("conid", &under) && is("month", month) && is("strike", strike) && is("right", right);
            fits.then(|| {
                json!({"conid": conid, "symbol": root, "secType": "OPT", "maturityDate": day, "right": right,
                    "strike": strike.parse::<f64>().unwrap(), "tradingClass": root, "multiplier": "100"})
            })
        };
        (200, self.stocks.iter().filter_map(fits).collect())
    }

    fn rules(&self, conid: &str) -> (u16, Value) {
        let Some(stock) = conid.parse().ok().and_then(|c: i64| self.stocks.get(&c)) else {
            return (400, json!({"error": "no such contract"}));
        };
        (
            200,
            json!({"symbol": stock.option.map_or(stock.symbol, |[root, ..]| root), "con_id": conid.parse::<i64>().unwrap(),
                "instrument_type": stock.kind(), "local_symbol": stock.option.map_or(stock.symbol, |[_, local, ..]| local),
                "currency": "USD", "company_name": format!("{} INC", stock.symbol),
                "multiplier": stock.option.map(|_| "100"), "exchange": "SMART", "rules": {"error": null, "increment": 0.01, "incrementDigits": 2,
                "orderTypes": ["limit", "market", "stop", "stop_limit", "trailing_stop"], "canTradeAcctIds": [self.account],
                "incrementRules": [{"lowerEdge": 0.0, "increment": 0.01}], "priceMagnifier": null}}),
        )
    }

    fn snapshot(&self, conids: &str) -> (u16, Value) {
        let rows = conids.split(',').filter_map(|c| Some((c, self.stocks.get(&c.parse().ok()?)?)));
        (200, rows.map(|(c, s)| self.look(c.parse().unwrap(), s)).collect())
    }

    pub(crate) fn look(&self, conid: i64, stock: &Stock) -> Value {
        json!({"conidEx": conid.to_string(), "conid": conid, "_updated": now_ms(), "server_id": "q1", "6119": "q1",
            "6509": self.availability, "31": stock.bid.to_string(), "84": stock.bid.to_string(), "86": stock.ask.to_string(),
            "85": "1,200", "88": "300", "7059": "100", "7741": "198.50", "7762": "41000000"})
    }

    // Placing.

    fn place(&mut self, seen: &Seen) -> (u16, Value) {
        if !self.called.contains("accounts") {
            return (400, json!({"error": "Please query /accounts first"}));
        }
        let tickets = seen.body["orders"].as_array().unwrap().clone();
        for t in &tickets {
            let client = t["cOID"].as_str();
            if client.is_some_and(|c| self.by_client(c).is_some()) {
                let why = format!(
                    "Order couldn't be submitted: Local order ID={} is already registered.",
                    client.unwrap()
                );
                return (200, json!({"error": why}));
            }
            let qty = number(&t["quantity"]).unwrap();
            assert!(qty == qty.trunc() && t["acctId"] == self.account, "{t}");
            assert!(t.get("parentId").is_none() || client.is_none(), "a child has an id of its own: {t}");
        }
        self.ask_or(tickets, None)
    }

    /// Raises the next question, or does what was asked.
    fn ask_or(&mut self, tickets: Vec<Value>, change: Option<i64>) -> (u16, Value) {
        let left = std::mem::take(&mut self.asks);
        self.go_on(Asked { reply: String::new(), left, tickets, change })
    }

    fn go_on(&mut self, mut asked: Asked) -> (u16, Value) {
        if let Some(kinds) = asked.left.pop_front() {
            asked.reply = format!("reply-{}", self.next());
            let words: Vec<String> = kinds
                .iter()
                .map(|k| format!("Warning {k}.\nAre you sure you want to submit this order?"))
                .collect();
            let told = json!([{"id": asked.reply, "message": words, "isSuppressed": false, "messageIds": kinds,
                "messageOptions": ["Yes", "No"]}]);
            self.asked = Some(asked);
            return (200, told);
        }
        let ids = match asked.change {
            Some(id) => self.apply_change(id, &asked.tickets[0]),
            None => self.take(&asked.tickets),
        };
        let told = ids.iter().map(|id| {
            let o = &self.orders[self.at(*id)];
            json!({"order_id": id.to_string(), "order_status": if o.status == "Filled" { "PreSubmitted" } else { self.word(o) },
                "encrypt_message": "1"})
        });
        (200, told.collect())
    }

    fn reply(&mut self, id: &str, is_yes: bool) -> (u16, Value) {
        match self.asked.take() {
            Some(asked) if asked.reply == id && is_yes => self.go_on(asked),
            Some(asked) if asked.reply == id => (200, json!({"error": "The order was discarded."})),
            // Taken back meanwhile.
            Some(_) | None => (503, json!({"error": "service unavailable", "statusCode": 503})),
        }
    }

    fn take(&mut self, tickets: &[Value]) -> Vec<i64> {
        let is_group = tickets.len() > 1;
        let first = self.last + 1;
        let mut ids = Vec::new();
        for t in tickets {
            let id = self.next();
            let parent = t["parentId"].as_str().map(|own| self.by_client(own).unwrap().id);
            let trail =
                t["trailingType"].as_str().map(|k| (k.to_owned(), number(&t["trailingAmt"]).unwrap()));
            let is_hung = parent.is_some() || t["isSingleGroup"] == true;
            self.orders.push(Order {
                id,
                client: t["cOID"].as_str().map(str::to_owned),
                parent,
                group: (is_group && is_hung).then_some(first),
                conid: t["conid"].as_i64().unwrap(),
                side: t["side"].as_str().unwrap().to_owned(),
                kind: t["orderType"].as_str().unwrap().to_owned(),
                price: number(&t["price"]),
                aux: number(&t["auxPrice"]),
                trail,
                tif: t["tif"].as_str().unwrap().to_owned(),
                outside: t["outsideRTH"] == true,
                qty: number(&t["quantity"]).unwrap(),
                filled: Decimal::ZERO,
                spent: Decimal::ZERO,
                status: "PreSubmitted",
                best: Decimal::ZERO,
                told: Map::new(),
            });
            ids.push(id);
        }
        for id in &ids {
            self.tell(*id);
        }
        for id in &ids {
            self.wake(*id);
        }
        ids
    }

    /// An order that nothing holds back begins to work.
    fn wake(&mut self, id: i64) {
        let at = self.at(id);
        let waits = self.orders[at].parent.is_some_and(|p| self.orders[self.at(p)].status != "Filled");
        if waits || !self.orders[at].is_open() {
            return;
        }
        let o = &mut self.orders[at];
        if matches!(o.kind.as_str(), "MKT" | "LMT") {
            o.status = "Submitted";
        }
        if o.kind == "TRAIL" {
            let stock = self.stocks[&o.conid].clone();
            let o = &mut self.orders[at];
            o.best = if o.side == "SELL" { stock.bid } else { stock.ask };
            self.follow(id);
        }
        self.tell(id);
        self.try_fill(id);
    }

    /// A trailing stop keeps its distance.
    fn follow(&mut self, id: i64) {
        let at = self.at(id);
        let o = &mut self.orders[at];
        let (kind, amount) = o.trail.clone().unwrap();
        let distance = if kind == "amt" { amount } else { (o.best * amount / dec("100")).round_dp(2) };
        o.aux = Some(if o.side == "SELL" { o.best - distance } else { o.best + distance });
    }

    fn try_fill(&mut self, id: i64) {
        let o = self.orders[self.at(id)].clone();
        let stock = self.stocks[&o.conid].clone();
        let is_buy = o.side == "BUY";
        let touch = if is_buy { stock.ask } else { stock.bid };
        let reaches = |limit: Decimal| if is_buy { touch <= limit } else { touch >= limit };
        let triggers = |stop: Decimal| if is_buy { stock.ask >= stop } else { stock.bid <= stop };
        let fills = match o.kind.as_str() {
            "MKT" => true,
            "LMT" => reaches(o.price.unwrap()),
            "STP" => triggers(o.price.unwrap()),
            "STOP_LIMIT" => triggers(o.aux.unwrap()) && reaches(o.price.unwrap()),
            _ => triggers(o.aux.unwrap()),
        };
        if fills && o.is_open() {
            self.fill(id, o.qty - o.filled, touch);
        }
    }

    pub(crate) fn fill(&mut self, id: i64, qty: Decimal, price: Decimal) {
        let at = self.at(id);
        let o = &mut self.orders[at];
        o.filled += qty;
        o.spent += qty * price;
        o.status = if o.filled >= o.qty { "Filled" } else { "Submitted" };
        let o = o.clone();
        let signed = if o.side == "BUY" { qty } else { -qty };
        let (held, cost) = self.positions.get(&o.conid).copied().unwrap_or_default();
        let after = held + signed;
        let adds = held.is_zero() || held.is_sign_positive() == signed.is_sign_positive();
        let cost = if adds { (held * cost + signed * price) / after } else { cost };
        self.positions.insert(o.conid, (after, if after.is_zero() { Decimal::ZERO } else { cost }));
        self.cash -= signed * price * self.stocks[&o.conid].unit() + dec(COMMISSION);
        let n = self.trades.len();
        let mut trade = json!({"execution_id": format!("{FIRST_FILL}.{n:02}.01"), "symbol": self.stocks[&o.conid].symbol,
            "side": o.side.get(..1), "order_description": "Bot", "trade_time": "20260401-18:00:49", "trade_time_r": now_ms(),
            "size": float(qty), "price": price.to_string(), "submitter": "user1234", "exchange": "ISLAND",
            "commission": COMMISSION, "net_amount": float(qty * price), "account": self.account, "accountCode": self.account,
            "sec_type": self.stocks[&o.conid].kind(), "conid": o.conid, "conidEx": o.conid.to_string()});
        if let Some(client) = &o.client {
            trade["order_ref"] = json!(client);
        }
        // The stream does not say the order's number, the list does.
        self.shout("str", &json!([trade]));
        trade["order_id"] = json!(o.id);
        self.trades.push(trade);
        self.tell(id);
        if o.status == "Filled" {
            self.finish(id);
        }
    }

    /// Orders that hang on one that ended.
    fn finish(&mut self, id: i64) {
        let o = self.orders[self.at(id)].clone();
        let hung: Vec<i64> =
            self.orders.iter().filter(|c| c.parent == Some(id) && c.is_open()).map(|c| c.id).collect();
        for child in hung {
            if o.status == "Filled" { self.wake(child) } else { self.end(child) }
        }
        let rivals: Vec<i64> = self
            .orders
            .iter()
            .filter(|r| o.group.is_some() && r.group == o.group && r.id != id && r.is_open())
            .map(|r| r.id)
            .collect();
        for rival in rivals {
            self.end(rival);
        }
    }

    fn end(&mut self, id: i64) {
        let at = self.at(id);
        if self.orders[at].is_open() {
            self.orders[at].status = "Cancelled";
            self.tell(id);
            self.finish(id);
        }
    }

    fn cancel(&mut self, id: &str) -> (u16, Value) {
        if id == "-1" {
            let open: Vec<i64> = self.orders.iter().filter(|o| o.is_open()).map(|o| o.id).collect();
            for id in open {
                self.end(id);
            }
            return (
                200,
                json!({"msg": "Request was submitted", "order_id": -1, "conid": -1, "account": null}),
            );
        }
        let found = self.orders.iter().find(|o| o.id.to_string() == id && o.is_open()).map(|o| o.id);
        let Some(number) = found else {
            return (200, json!({"error": format!("OrderID {id} doesn't exist")}));
        };
        self.end(number);
        (200, json!({"msg": "Request was submitted", "order_id": number, "conid": -1, "account": null}))
    }

    fn change(&mut self, id: &str, seen: &Seen) -> (u16, Value) {
        let found = self.orders.iter().find(|o| o.id.to_string() == id && o.is_open()).map(|o| o.id);
        let Some(number) = found else {
            return (200, json!({"error": format!("OrderID {id} doesn't exist")}));
        };
        // What a change leaves out would be reset: the whole ticket, names included.
        let t = &seen.body;
        let o = &self.orders[self.at(number)];
        assert_eq!((t["cOID"].as_str(), t["conid"].as_i64()), (o.client.as_deref(), Some(o.conid)), "{t}");
        assert_eq!(t["parentId"].is_string(), o.parent.is_some(), "{t}");
        assert_eq!(
            (t["side"].as_str(), t["orderType"].as_str()),
            (Some(o.side.as_str()), Some(o.kind.as_str())),
            "{t}"
        );
        self.ask_or(vec![t.clone()], Some(number))
    }

    fn apply_change(&mut self, id: i64, t: &Value) -> Vec<i64> {
        let at = self.at(id);
        let o = &mut self.orders[at];
        o.price = number(&t["price"]);
        o.aux = number(&t["auxPrice"]);
        o.qty = number(&t["quantity"]).unwrap();
        o.tif = t["tif"].as_str().unwrap().to_owned();
        o.outside = t["outsideRTH"] == true;
        self.tell(id);
        self.try_fill(id);
        vec![id]
    }

    // News.

    /// What changed of an order, and nothing else of it.
    fn tell(&mut self, id: i64) {
        let at = self.at(id);
        let row = self.row(&self.orders[at]);
        let old = std::mem::replace(&mut self.orders[at].told, row.clone());
        let mut news: Map<String, Value> = row.into_iter().filter(|(k, v)| old.get(k) != Some(v)).collect();
        if news.is_empty() {
            return;
        }
        news.insert("acct".to_owned(), json!(self.account));
        news.insert("orderId".to_owned(), json!(id));
        self.shout("sor", &json!([news]));
    }

    fn shout(&mut self, topic: &str, args: &Value) {
        let text = json!({"topic": topic, "args": args}).to_string();
        let message = (topic.to_owned(), text);
        if let Some(kept) = &mut self.kept {
            kept.push(message);
            return;
        }
        for _ in 0..self.copies {
            drop(self.news.send(message.clone()));
        }
    }

    /// What was kept back comes, the last first.
    pub(crate) fn let_go(&mut self) {
        for message in self.kept.take().into_iter().flatten().rev() {
            for _ in 0..self.copies {
                drop(self.news.send(message.clone()));
            }
        }
    }

    /// The brokerage session ends; the outer one stays.
    pub(crate) fn lose_session(&mut self) {
        self.has_session = false;
        self.say_status();
    }

    pub(crate) fn say_status(&mut self) {
        let args = json!({"authenticated": self.is_up(), "competing": self.is_competing});
        drop(self.news.send(("sts".to_owned(), json!({"topic": "sts", "args": args}).to_string())));
    }

    pub(crate) fn shout_touches(&mut self, is_moved: bool) {
        for (conid, stock) in &self.stocks {
            let topic = format!("smd+{conid}");
            let mut news =
                json!({"topic": topic, "conid": conid, "_updated": now_ms(), "84": stock.bid.to_string()});
            if is_moved {
                news["86"] = json!(stock.ask.to_string());
                news["31"] = json!(stock.bid.to_string());
            }
            drop(self.news.send((topic, news.to_string())));
        }
    }

    pub(crate) fn move_to(&mut self, symbol: &str, bid: &str, ask: &str) {
        for stock in self.stocks.values_mut().filter(|s| s.symbol == symbol) {
            (stock.bid, stock.ask) = (dec(bid), dec(ask));
        }
        self.shout_touches(true);
        let open: Vec<i64> = self.orders.iter().filter(|o| o.is_open()).map(|o| o.id).collect();
        for id in open {
            let o = self.orders[self.at(id)].clone();
            let waits = o.parent.is_some_and(|p| self.orders[self.at(p)].status != "Filled");
            if waits || !o.is_open() {
                continue;
            }
            if o.kind == "TRAIL" {
                let stock = &self.stocks[&o.conid];
                let best = if o.side == "SELL" { o.best.max(stock.bid) } else { o.best.min(stock.ask) };
                let at = self.at(id);
                self.orders[at].best = best;
                self.follow(id);
                self.tell(id);
            }
            self.try_fill(id);
        }
    }
}

fn history() -> Value {
    let end = now_ms() / 60_000;
    let bars = (0..5).rev().map(
        |n| json!({"o": 199.5, "c": 200.1, "h": 200.9, "l": 199.1, "v": 172.5, "t": (end - n) * 60_000}),
    );
    json!({"serverId": "20477", "symbol": "AAPL", "priceFactor": 100, "barLength": 60, "mdAvailability": "S",
        "volumeFactor": 40, "data": bars.collect::<Vec<_>>()})
}
