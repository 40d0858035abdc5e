//! The stand-in of IB Gateway's memory and judgement: orders by program and number, families and groups of them,
//! executions with what they cost, positions, and what it tells of them, frame by frame.

use super::{
    fields::{Fields, Message},
    markets::{self, Market},
};
use rust_decimal::Decimal;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    str::FromStr as _,
};
use tokio::sync::mpsc;

pub(crate) const ACCOUNT: &str = "DU9000001";

pub(crate) fn dec(text: &str) -> Decimal {
    Decimal::from_str(text).unwrap()
}

fn shown(f: f64) -> Decimal {
    dec(&f.to_string())
}

pub(crate) fn float(d: Decimal) -> f64 {
    d.normalize().to_string().parse().unwrap()
}

/// What goes to a program.
#[derive(Debug, Clone)]
pub(crate) enum Out {
    Frame(i32, Vec<u8>),
    Hang,
}

/// What happens to the next request of a kind.
#[derive(Debug, Clone)]
pub(crate) struct Mishap {
    /// It does what is asked.
    pub(crate) done: bool,
    pub(crate) then: Then,
}

/// And says this instead of what there is to say.
#[derive(Debug, Clone)]
pub(crate) enum Then {
    HangUp,
    Silence,
    Garbage,
    Truncated,
    Stranger,
    Error(i32, &'static str),
}

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: i32,
    pub(crate) client: i32,
    pub(crate) perm: i64,
    pub(crate) parent: i32,
    pub(crate) name: String,
    pub(crate) symbol: String,
    pub(crate) is_buy: bool,
    pub(crate) qty: Decimal,
    pub(crate) filled: Decimal,
    pub(crate) spent: Decimal,
    pub(crate) kind: String,
    pub(crate) limit: Option<f64>,
    pub(crate) aux: Option<f64>,
    pub(crate) percent: Option<f64>,
    pub(crate) trail: Option<Decimal>,
    tif: String,
    until: String,
    outside: bool,
    group: String,
    group_kind: i64,
    pub(crate) status: &'static str,
    is_sent: bool,
}

impl Order {
    pub(crate) fn is_open(&self) -> bool {
        self.is_sent && !matches!(self.status, "Filled" | "Cancelled" | "Inactive")
    }
}

#[derive(Debug, Clone)]
struct Execution {
    id: String,
    /// How often it was told, corrections counted.
    version: u32,
    order: usize,
    qty: Decimal,
    price: Decimal,
    cum: Decimal,
    fee: Decimal,
}

#[derive(Debug)]
pub(crate) struct Program {
    out: mpsc::Sender<Out>,
    feeds: BTreeMap<i64, String>,
    /// When its messages of the last second came, milliseconds.
    recent: VecDeque<i64>,
}

#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) programs: BTreeMap<i32, Program>,
    pub(crate) orders: Vec<Order>,
    executions: Vec<Execution>,
    /// How many there were and what one cost, in money and with its commission, as it is told there.
    pub(crate) positions: BTreeMap<String, (Decimal, Decimal)>,
    pub(crate) markets: BTreeMap<String, Market>,
    next_ids: BTreeMap<i32, i32>,
    next_perm: i64,
    pub(crate) cash: Decimal,
    pub(crate) mishaps: VecDeque<(i32, Mishap)>,
    /// The names of the orders that were sent, as often as they were.
    pub(crate) placed: Vec<String>,
    /// How many messages of each kind came.
    pub(crate) seen: BTreeMap<i32, u32>,
    pub(crate) is_deaf: bool,
    pub(crate) kept: Option<Vec<(i32, Out)>>,
    pub(crate) copies: usize,
    pub(crate) strange_word: Option<&'static str>,
    pub(crate) skew_ms: i64,
    pub(crate) is_read_only: bool,
    pub(crate) is_delayed: bool,
    pub(crate) accounts: Vec<String>,
    /// Contracts are not found by the names that their exchanges give them.
    pub(crate) is_by_parts: bool,
    /// The program whose request is being answered gets nothing of it.
    muted: Option<i32>,
}

impl Execution {
    fn told_id(&self) -> String {
        format!("{}.{:02}", self.id, self.version)
    }
}

impl Gateway {
    pub(crate) fn new() -> Self {
        Self {
            programs: BTreeMap::new(),
            orders: Vec::new(),
            executions: Vec::new(),
            positions: BTreeMap::new(),
            markets: markets::all(),
            is_by_parts: false,
            next_ids: BTreeMap::new(),
            next_perm: 1_426_086_044,
            cash: dec("1000000"),
            mishaps: VecDeque::new(),
            placed: Vec::new(),
            seen: BTreeMap::new(),
            is_deaf: false,
            kept: None,
            copies: 1,
            strange_word: None,
            skew_ms: 0,
            is_read_only: false,
            is_delayed: false,
            accounts: vec![ACCOUNT.to_owned()],
            muted: None,
        }
    }

    // Telling.

    fn tell(&mut self, client: i32, id: i32, message: &Message) {
        if self.muted == Some(client) {
            return;
        }
        self.put(client, Out::Frame(id, message.0.clone()));
    }

    fn put(&self, client: i32, out: Out) {
        if let Some(program) = self.programs.get(&client) {
            program.out.try_send(out).unwrap();
        }
    }

    /// News of orders, which can be lost, kept back and told twice.
    fn news(&mut self, client: i32, id: i32, message: &Message) {
        if self.is_deaf || self.muted == Some(client) {
            return;
        }
        let out = Out::Frame(id, message.0.clone());
        if let Some(kept) = &mut self.kept {
            return kept.push((client, out));
        }
        for _ in 0..self.copies {
            self.put(client, out.clone());
        }
    }

    pub(crate) fn let_go(&mut self, backwards: bool) {
        let mut kept = self.kept.take().unwrap_or_default();
        if backwards {
            kept.reverse();
        }
        for (client, out) in kept {
            for _ in 0..self.copies {
                self.put(client, out.clone());
            }
        }
    }

    pub(crate) fn hang_up(&mut self) {
        for client in self.programs.keys().copied().collect::<Vec<_>>() {
            self.put(client, Out::Hang);
        }
        self.programs.clear();
    }

    fn error(&mut self, client: i32, id: i64, code: i32, text: &str) {
        let message = Message::default().int(1, id).int(2, now_ms()).int(3, i64::from(code)).text(4, text);
        self.tell(client, 4, &message);
    }

    pub(crate) fn notice(&mut self, code: i32, text: &str) {
        for client in self.programs.keys().copied().collect::<Vec<_>>() {
            self.error(client, -1, code, text);
        }
    }

    fn contract(&self, symbol: &str) -> Message {
        let m = &self.markets[symbol];
        m.contract(m.exchanges[0])
    }

    fn order_message(&self, o: &Order, is_over: bool) -> Message {
        // What has ended is told with what was left of it, and under no number.
        let (qty, id) = if is_over { (o.qty - o.filled, 0) } else { (o.qty, i64::from(o.id)) };
        let mut m = Message::default().int(1, i64::from(o.client)).int(2, id).int(3, o.perm);
        m = m.int(4, i64::from(o.parent)).text(5, if o.is_buy { "BUY" } else { "SELL" });
        m = m.text(6, &qty.to_string()).text(8, &o.kind);
        m = m.double(9, o.limit.unwrap_or(0.0)).double(10, o.aux.unwrap_or(0.0));
        m = m.text(11, &o.tif).text(12, ACCOUNT).flag(19, o.outside);
        if let Some(percent) = o.percent {
            m = m.double(22, percent);
        }
        // Told for every type, as it is there.
        m = m.double(23, o.trail.map_or(float(self.markets[&o.symbol].bid), float));
        m = m.text(26, &o.until).text(27, &o.group).text(28, &o.name).int(30, o.group_kind.max(3));
        m.text(115, &if is_over { o.filled.to_string() } else { "0".to_owned() })
    }

    fn word(&self, o: &Order) -> &'static str {
        self.strange_word.filter(|_| matches!(o.status, "Submitted" | "PreSubmitted")).unwrap_or(o.status)
    }

    fn open_message(&self, o: &Order) -> Message {
        let state = Message::default().text(1, self.word(o)).double(11, f64::MAX);
        let message = Message::default().int(1, i64::from(o.id)).message(2, &self.contract(&o.symbol));
        message.message(3, &self.order_message(o, false)).message(4, &state)
    }

    fn status_message(&self, o: &Order) -> Message {
        let average = if o.filled.is_zero() { Decimal::ZERO } else { o.spent / o.filled };
        let held = match (o.status, self.is_child_waiting(o), o.kind.starts_with("STP") || o.kind == "TRAIL")
        {
            ("PreSubmitted", true, true) => "child,trigger",
            ("PreSubmitted", true, false) => "child",
            ("PreSubmitted", false, true) => "trigger",
            _ => "",
        };
        let m =
            Message::default().int(1, i64::from(o.id)).text(2, self.word(o)).text(3, &o.filled.to_string());
        let m = m.text(4, &(o.qty - o.filled).to_string()).double(5, float(average)).int(6, o.perm);
        m.int(7, i64::from(o.parent))
            .double(8, 0.0)
            .int(9, i64::from(o.client))
            .text(10, held)
            .double(11, 0.0)
    }

    fn told(&mut self, index: usize) {
        let o = self.orders[index].clone();
        let (open, status) = (self.open_message(&o), self.status_message(&o));
        self.news(o.client, 5, &open);
        self.news(o.client, 3, &status);
    }

    fn execution_message(&self, e: &Execution, request: i64) -> Message {
        let o = &self.orders[e.order];
        let x = Message::default().int(1, i64::from(o.id)).text(2, &e.told_id()).text(3, &stamp());
        let x = x.text(4, ACCOUNT).text(5, "ISLAND").text(6, if o.is_buy { "BOT" } else { "SLD" });
        let x = x.text(7, &e.qty.to_string()).double(8, float(e.price)).int(9, o.perm);
        let x = x.int(10, i64::from(o.client)).text(12, &e.cum.to_string());
        let x = x.double(13, float(e.price)).text(14, &o.name).int(18, 2);
        let m = Message::default().int(1, request).message(2, &self.contract(&o.symbol));
        m.message(3, &x)
    }

    fn cost_message(e: &Execution) -> Message {
        let message = Message::default().text(1, &e.told_id()).double(2, float(e.fee));
        message.text(3, "USD").double(4, f64::MAX)
    }

    // Orders.

    fn is_child_waiting(&self, o: &Order) -> bool {
        o.parent != 0
            && self
                .orders
                .iter()
                .find(|p| p.client == o.client && p.id == o.parent)
                .is_some_and(|p| p.filled < p.qty)
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<usize> {
        self.orders.iter().rposition(|o| o.name == name)
    }

    fn at(&self, client: i32, id: i32) -> Option<usize> {
        self.orders.iter().position(|o| o.client == client && o.id == id)
    }

    fn read_order(
        &self,
        client: i32,
        id: i32,
        contract: &Fields,
        o: &Fields,
    ) -> Result<Order, (i32, String)> {
        let no = |code: i32, text: &str| Err((code, text.to_owned()));
        // An order names one contract and where it is to go.
        let fits = |(_, m): &(&String, &Market)| m.fits(contract) && !contract.text(8).is_empty();
        let mut fitting = self.markets.iter().filter(fits);
        let (Some((symbol, market)), None) = (fitting.next(), fitting.next()) else {
            return no(200, "No security definition has been found for the request");
        };
        if o.text(12) != ACCOUNT {
            return no(321, "Error validating request.-'cb' : cause - Invalid account code");
        }
        let qty = dec(&o.text(6));
        if qty <= Decimal::ZERO {
            return no(434, "The order size cannot be zero.");
        }
        if qty.normalize().scale() > 0 && !market.takes_parts() {
            return no(10_243, "Fractional-sized order cannot be placed via API.");
        }
        let (limit, aux) = (o.double(9), o.double(10));
        for price in [limit, aux].into_iter().flatten() {
            if !market.is_on_step(shown(price)) {
                return no(
                    110,
                    "The price does not conform to the minimum price variation for this contract.",
                );
            }
        }
        let kind = o.text(8);
        let needs = match kind.as_str() {
            "MKT" | "MOC" => true,
            "LMT" | "LOC" => limit.is_some(),
            "STP" => aux.is_some(),
            "STP LMT" => limit.is_some() && aux.is_some(),
            "TRAIL" => aux.is_some() != o.double(22).is_some(),
            _ => false,
        };
        if !needs || !market.takes(&kind, &o.text(11)) {
            return no(387, "Unsupported order type for this exchange and security type.");
        }
        Ok(Order {
            id,
            client,
            perm: 0,
            parent: o.number(4),
            name: o.text(28),
            symbol: symbol.clone(),
            is_buy: o.text(5) == "BUY",
            qty,
            filled: Decimal::ZERO,
            spent: Decimal::ZERO,
            limit,
            aux,
            percent: o.double(22),
            trail: None,
            tif: if o.text(11).is_empty() { "DAY".to_owned() } else { o.text(11) },
            until: o.text(26),
            outside: o.flag(19),
            group: o.text(27),
            group_kind: o.int(30).unwrap_or(0),
            status: "PendingSubmit",
            is_sent: false,
            kind,
        })
    }

    fn place(&mut self, client: i32, p: &Fields) {
        let id = p.number(1);
        let (contract, order) = (p.inner(2), p.inner(3));
        // What is not set is not transmitted.
        let transmit = order.flag(66);
        if self.is_read_only {
            return self.error(
                client,
                id.into(),
                321,
                "Error validating request.-'bW' : cause - The API interface is currently in Read-Only mode.",
            );
        }
        let mut new = match self.read_order(client, id, &contract, &order) {
            Ok(new) => new,
            Err((code, text)) => return self.error(client, id.into(), code, &text),
        };
        if let Some(index) = self.at(client, id) {
            return self.modify(index, new, transmit);
        }
        let next = self.next_ids.entry(client).or_insert(1);
        if id < *next {
            return self.error(client, id.into(), 103, "Duplicate order id");
        }
        *next = id + 1;
        if new.parent != 0 && self.at(client, new.parent).is_none() {
            return self.error(client, id.into(), 135, "Can't find order with ID =");
        }
        self.next_perm += 1;
        new.perm = self.next_perm;
        if new.outside && self.markets[&new.symbol].kind == "FUT" {
            let text = "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the order type \
                        and destination. PlaceOrder is now being processed.";
            self.error(client, id.into(), 2_109, text);
        }
        self.orders.push(new);
        if transmit {
            self.transmit(self.orders.len() - 1);
        }
    }

    /// With it goes the family that waited for it.
    fn transmit(&mut self, index: usize) {
        let o = self.orders[index].clone();
        let root = if o.parent == 0 { o.id } else { o.parent };
        let family: Vec<usize> = (0..self.orders.len())
            .filter(|i| {
                let f = &self.orders[*i];
                f.client == o.client
                    && !f.is_sent
                    && (f.id == o.id || (o.parent != 0 && (f.id == root || f.parent == root)))
            })
            .collect();
        for index in &family {
            let o = &mut self.orders[*index];
            o.is_sent = true;
            let waits = o.parent != 0 || o.kind.starts_with("STP") || o.kind == "TRAIL" || o.kind == "MKT";
            o.status = if waits { "PreSubmitted" } else { "Submitted" };
            self.set_trail(*index);
            self.told(*index);
        }
        for index in family {
            self.match_one(index);
        }
    }

    fn set_trail(&mut self, index: usize) {
        let o = &self.orders[index];
        if o.kind != "TRAIL" {
            return;
        }
        let m = &self.markets[&o.symbol];
        let touch = if o.is_buy { m.ask } else { m.bid };
        let by = match (o.aux, o.percent) {
            (_, Some(percent)) => (touch * shown(percent) / dec("100")).round_dp(5),
            (aux, None) => shown(aux.unwrap()),
        };
        let stop = if o.is_buy { touch + by } else { touch - by };
        let better = |old: Decimal| if o.is_buy { old.min(stop) } else { old.max(stop) };
        let stop = o.trail.map_or(stop, better);
        self.orders[index].trail = Some(stop);
    }

    fn modify(&mut self, index: usize, new: Order, transmit: bool) {
        let old = self.orders[index].clone();
        let (client, id) = (old.client, i64::from(old.id));
        if old.is_sent && !old.is_open() {
            return self.error(client, id, 104, "Can't modify a filled order");
        }
        if new.is_buy != old.is_buy
            || new.symbol != old.symbol
            || new.name != old.name
            || new.kind != old.kind
        {
            return self.error(client, id, 105, "Order being modified does not match original order");
        }
        if new.parent != old.parent || new.qty <= old.filled {
            return self.error(client, id, 201, "Order rejected - reason:the order can't be changed so");
        }
        let o = &mut self.orders[index];
        (o.qty, o.limit, o.aux, o.percent, o.tif) = (new.qty, new.limit, new.aux, new.percent, new.tif);
        if !old.is_sent && transmit {
            return self.transmit(index);
        }
        self.told(index);
        self.match_one(index);
    }

    fn match_one(&mut self, index: usize) {
        let o = self.orders[index].clone();
        if !o.is_open() || self.is_child_waiting(&o) {
            return;
        }
        let m = self.markets[&o.symbol].clone();
        let touch = if o.is_buy { m.ask } else { m.bid };
        let meets = |limit: Option<f64>| {
            limit.map(shown).is_none_or(|l| if o.is_buy { touch <= l } else { touch >= l })
        };
        let wakes =
            |stop: Option<Decimal>| stop.is_some_and(|s| if o.is_buy { touch >= s } else { touch <= s });
        let fills = match o.kind.as_str() {
            "MKT" => true,
            "LMT" => meets(o.limit),
            "STP" => wakes(o.aux.map(shown)),
            "STP LMT" => wakes(o.aux.map(shown)) && meets(o.limit),
            "TRAIL" => wakes(o.trail),
            _ => false,
        };
        if fills {
            self.fill(index, o.qty - o.filled, touch);
        } else if matches!(o.tif.as_str(), "IOC" | "FOK") {
            self.end(index, "Cancelled");
        }
    }

    pub(crate) fn fill(&mut self, index: usize, qty: Decimal, price: Decimal) {
        let o = &mut self.orders[index];
        o.filled += qty;
        o.spent += qty * price;
        o.status = if o.filled >= o.qty { "Filled" } else { "Submitted" };
        let (o, n) = (o.clone(), self.executions.len());
        let market = self.markets[&o.symbol].clone();
        let fee = market.fee(qty);
        let execution = Execution {
            id: format!("0000e1a7.{:08x}.01", 0x6543_0000 + n),
            version: 1,
            order: index,
            qty,
            price,
            cum: o.filled,
            fee,
        };
        self.book(&o.symbol, if o.is_buy { qty } else { -qty }, price, fee);
        self.executions.push(execution.clone());
        let (told, cost) = (self.execution_message(&execution, -1), Self::cost_message(&execution));
        self.news(o.client, 11, &told);
        self.news(o.client, 59, &cost);
        self.told(index);
        if o.status == "Filled" {
            self.after_fill(&o);
        }
    }

    /// What an execution does to cash and position. `cash` is without what was bought with it; what of that is cash again
    /// (another currency, a future that is settled daily) is added where the account is told.
    fn book(&mut self, symbol: &str, signed: Decimal, price: Decimal, fee: Decimal) {
        let unit = self.markets[symbol].unit();
        let (held, cost) = self.positions.entry(symbol.to_owned()).or_default();
        let after = *held + signed;
        self.cash -= signed * price * unit + fee;
        if after.is_zero() {
            *cost = Decimal::ZERO;
        } else if held.is_zero() || held.is_sign_positive() == signed.is_sign_positive() {
            // A commission makes what is long dearer and brings less for what is short.
            *cost = (*cost * *held + signed * price * unit + fee) / after;
        } else if held.is_sign_positive() != after.is_sign_positive() {
            *cost = price * unit;
        }
        *held = after;
    }

    /// The last execution of this order was another than was told: the venue tells it again under the next version, and
    /// holds what it makes. Its own count of the order stays.
    pub(crate) fn correct(&mut self, name: &str, qty: Decimal, price: Decimal) {
        let index = self.by_name(name).unwrap();
        let was = self.executions.iter().rfind(|e| e.order == index).unwrap().clone();
        let o = self.orders[index].clone();
        let signed = |q: Decimal| if o.is_buy { q } else { -q };
        self.book(&o.symbol, -signed(was.qty), was.price, Decimal::ZERO);
        self.book(&o.symbol, signed(qty), price, Decimal::ZERO);
        let now = Execution { version: was.version + 1, qty, price, ..was };
        self.executions.push(now.clone());
        let (told, cost) = (self.execution_message(&now, -1), Self::cost_message(&now));
        self.news(o.client, 11, &told);
        self.news(o.client, 59, &cost);
    }

    /// A day later.
    pub(crate) fn forget_executions(&mut self) {
        self.executions.clear();
    }

    /// Tells every version of every execution anew, the newest first.
    pub(crate) fn tell_again(&mut self) {
        for e in self.executions.clone().iter().rev() {
            let client = self.orders[e.order].client;
            let (told, cost) = (self.execution_message(e, -1), Self::cost_message(e));
            self.news(client, 11, &told);
            self.news(client, 59, &cost);
        }
    }

    /// Its children wake, and what it cancels is cancelled.
    fn after_fill(&mut self, o: &Order) {
        let children: Vec<usize> = (0..self.orders.len())
            .filter(|i| self.orders[*i].client == o.client && self.orders[*i].parent == o.id)
            .collect();
        for index in children {
            if self.orders[index].is_open() {
                if self.orders[index].kind == "LMT" {
                    self.orders[index].status = "Submitted";
                }
                self.told(index);
                self.match_one(index);
            }
        }
        let others: Vec<usize> = (0..self.orders.len())
            .filter(|i| {
                let x = &self.orders[*i];
                let same_parent = o.parent != 0 && x.parent == o.parent && x.client == o.client;
                let same_group = !o.group.is_empty() && x.group == o.group;
                x.perm != o.perm && (same_parent || same_group) && x.is_open()
            })
            .collect();
        for index in others {
            self.end(index, "Cancelled");
        }
    }

    fn end(&mut self, index: usize, status: &'static str) {
        self.orders[index].status = status;
        let o = self.orders[index].clone();
        let told = self.status_message(&o);
        self.news(o.client, 3, &told);
        if status == "Cancelled" {
            let m = Message::default().int(1, o.id.into()).int(2, now_ms()).int(3, 202);
            self.news(o.client, 4, &m.text(4, "Order Canceled - reason:"));
        }
        let children: Vec<usize> = (0..self.orders.len())
            .filter(|i| {
                let x = &self.orders[*i];
                x.client == o.client && x.parent == o.id && o.id != 0 && x.is_open()
            })
            .collect();
        for index in children {
            self.end(index, "Cancelled");
        }
    }

    fn cancel(&mut self, client: i32, id: i32) {
        match self.at(client, id) {
            Some(index) if self.orders[index].is_open() => {
                // Old news may still be on its way.
                let late = self.status_message(&self.orders[index].clone());
                self.news(client, 3, &late);
                self.end(index, "Cancelled");
            }
            Some(index) => {
                let status = self.orders[index].status;
                let text =
                    format!("OrderId {id} that needs to be cancelled can not be cancelled, state: {status}.");
                self.error(client, id.into(), 10_148, &text);
            }
            None => {
                let text = format!("OrderId {id} that needs to be cancelled is not found.");
                self.error(client, id.into(), 10_147, &text);
            }
        }
    }

    /// A person enters an order in TWS: it has no number and no name.
    pub(crate) fn enter_by_hand(&mut self, symbol: &str, qty: &str, limit: &str) {
        self.next_perm += 1;
        self.orders.push(Order {
            id: 0,
            client: 0,
            perm: self.next_perm,
            parent: 0,
            name: String::new(),
            symbol: symbol.to_owned(),
            is_buy: true,
            qty: dec(qty),
            filled: Decimal::ZERO,
            spent: Decimal::ZERO,
            kind: "LMT".to_owned(),
            limit: Some(float(dec(limit))),
            aux: None,
            percent: None,
            trail: None,
            tif: "GTC".to_owned(),
            until: String::new(),
            outside: false,
            group: String::new(),
            group_kind: 0,
            status: "Submitted",
            is_sent: true,
        });
    }

    /// The market goes to where it is told.
    pub(crate) fn move_to(&mut self, symbol: &str, bid: &str, ask: &str) {
        let market = self.markets.get_mut(symbol).unwrap();
        (market.bid, market.ask) = (dec(bid), dec(ask));
        for index in 0..self.orders.len() {
            if self.orders[index].symbol == symbol && self.orders[index].is_open() {
                self.set_trail(index);
                self.match_one(index);
            }
        }
        self.shout(symbol);
    }

    pub(crate) fn shout(&mut self, symbol: &str) {
        for client in self.programs.keys().copied().collect::<Vec<_>>() {
            let feeds = self.programs[&client].feeds.clone();
            for request in feeds.iter().filter(|(_, s)| *s == symbol).map(|(r, _)| *r) {
                self.ticks(client, request, symbol);
            }
        }
    }

    fn ticks(&mut self, client: i32, request: i64, symbol: &str) {
        let m = self.markets[symbol].clone();
        let (bid, ask, last, close) = if self.is_delayed { (66, 67, 68, 75) } else { (1, 2, 4, 9) };
        for (kind, price) in [(bid, m.bid), (ask, m.ask), (last, m.bid), (close, m.bid)] {
            let tick = Message::default().int(1, request).int(2, kind).double(3, float(price)).text(4, "300");
            self.tell(client, 1, &tick);
        }
    }

    // Answering.

    /// Says whether the program may stay.
    pub(crate) fn join(&mut self, client: i32, out: mpsc::Sender<Out>) -> bool {
        if self.programs.contains_key(&client) {
            let text = "Unable to connect as the client id is already in use. Retry with a unique client id.";
            let m = Message::default().int(1, -1).int(2, now_ms()).int(3, 326).text(4, text);
            out.try_send(Out::Frame(4, m.0)).unwrap();
            out.try_send(Out::Hang).unwrap();
            return false;
        }
        let program = Program { out, feeds: BTreeMap::new(), recent: VecDeque::new() };
        self.programs.insert(client, program);
        let accounts = self.accounts.join(",");
        self.tell(client, 15, &Message::default().text(1, &accounts));
        let next = *self.next_ids.entry(client).or_insert(1);
        self.tell(client, 9, &Message::default().int(1, next.into()));
        for (code, text) in [
            (2_104, "Market data farm connection is OK:usfarm"),
            (2_106, "HMDS data farm connection is OK:ushmds"),
            (2_158, "Sec-def data farm connection is OK:secdefil"),
        ] {
            self.error(client, -1, code, text);
        }
        true
    }

    pub(crate) fn leave(&mut self, client: i32, out: &mpsc::Sender<Out>) {
        if self.programs.get(&client).is_some_and(|p| p.out.same_channel(out)) {
            self.programs.remove(&client);
        }
    }

    /// A message of a program.
    pub(crate) fn hear(&mut self, client: i32, id: i32, body: &[u8]) {
        *self.seen.entry(id).or_default() += 1;
        let Some(program) = self.programs.get_mut(&client) else { return };
        let now = now_ms();
        program.recent.push_back(now);
        while program.recent.front().is_some_and(|at| now - *at > 1_000) {
            program.recent.pop_front();
        }
        if program.recent.len() > 50 {
            return self.error(
                client,
                -1,
                100,
                "Max rate of messages per second has been exceeded:max=50 rec=51",
            );
        }
        let p = Fields::read(body).unwrap();
        if id == 3 && self.at(client, p.number(1)).is_none() {
            self.placed.push(p.inner(3).text(28));
        }
        let kind = if id == 3 && self.at(client, p.number(1)).is_some() { -3 } else { id };
        let struck = self.mishaps.iter().position(|(on, _)| *on == kind || (*on == 4 && kind == 58));
        let Some((_, mishap)) = struck.and_then(|at| self.mishaps.remove(at)) else {
            return self.answer(client, id, &p);
        };
        if mishap.done {
            self.muted = Some(client);
            self.answer(client, id, &p);
            self.muted = None;
        }
        let number = i64::from(p.number(1));
        let open = self.orders.last().map(|o| self.open_message(o).0).unwrap_or_default();
        match mishap.then {
            Then::Silence => {}
            Then::Garbage => self.put(client, Out::Frame(5, vec![0xff; 40])),
            Then::Truncated => self.put(client, Out::Frame(5, open[..open.len() / 2].to_vec())),
            Then::Stranger => self.put(client, Out::Frame(199, b"<html>hotel</html>".to_vec())),
            Then::Error(code, text) => self.error(client, number, code, text),
            Then::HangUp => {
                self.put(client, Out::Hang);
                self.programs.remove(&client);
            }
        }
    }

    fn answer(&mut self, client: i32, id: i32, p: &Fields) {
        let request = p.int(1).unwrap_or(-1);
        match id {
            1 => self.watch(client, request, p),
            2 => drop(self.programs.get_mut(&client).unwrap().feeds.remove(&request)),
            3 => self.place(client, p),
            4 => self.cancel(client, p.number(1)),
            5 => self.list_open(client, false),
            16 => self.list_open(client, true),
            7 => self.list_executions(client, request),
            8 => {
                let next = *self.next_ids.entry(client).or_insert(1);
                self.tell(client, 9, &Message::default().int(1, next.into()));
            }
            9 => self.details(client, request, &p.inner(2)),
            17 => {
                let accounts = self.accounts.join(",");
                self.tell(client, 15, &Message::default().text(1, &accounts));
            }
            20 => self.error(client, request, 162, "Historical Market Data Service error message:no data"),
            49 => self.tell(client, 49, &Message::default().int(1, (now_ms() + self.skew_ms) / 1_000)),
            105 => self.tell(client, 109, &Message::default().int(1, now_ms() + self.skew_ms)),
            58 => {
                for index in 0..self.orders.len() {
                    if self.orders[index].is_open() {
                        self.end(index, "Cancelled");
                    }
                }
            }
            61 => self.list_positions(client),
            62 => self.summary(client, request),
            91 => {
                let rule = self.markets.values().find(|m| m.has_rule(request)).map(Market::rule_message);
                self.tell(client, 93, &rule.unwrap());
            }
            99 => self.list_ended(client),
            108 => {
                let settings = Message::default().int(1, self.is_read_only.into());
                let api = Message::default().message(2, &settings);
                self.tell(client, 110, &Message::default().int(1, request).message(4, &api));
            }
            // Market data type, ends of subscriptions.
            _ => {}
        }
    }

    fn symbol_of(&self, contract: &Fields) -> Option<String> {
        let mut fitting = self.markets.iter().filter(|(_, m)| m.fits(contract));
        fitting.next().filter(|_| fitting.next().is_none()).map(|(symbol, _)| symbol.clone())
    }

    fn watch(&mut self, client: i32, request: i64, p: &Fields) {
        let Some(symbol) = self.symbol_of(&p.inner(2)) else {
            return self.error(client, request, 200, "No security definition has been found for the request");
        };
        let kind = if self.is_delayed { 3 } else { 1 };
        self.tell(client, 58, &Message::default().int(1, request).int(2, kind));
        if self.is_delayed {
            self.error(
                client,
                request,
                10_167,
                "Requested market data is not subscribed. Displaying delayed market data.",
            );
        }
        self.ticks(client, request, &symbol);
        if p.flag(4) {
            return self.tell(client, 57, &Message::default().int(1, request));
        }
        self.programs.get_mut(&client).unwrap().feeds.insert(request, symbol);
    }

    fn details(&mut self, client: i32, request: i64, contract: &Fields) {
        let asked = contract;
        let is_hidden = self.is_by_parts && !asked.text(11).is_empty();
        let fitting: Vec<Market> =
            self.markets.values().filter(|m| m.fits(asked) && !is_hidden).cloned().collect();
        if fitting.is_empty() {
            return self.error(client, request, 200, "No security definition has been found for the request");
        }
        for m in fitting {
            // Of a future there is a row for each exchange that was not ruled out, and its home is not the first of them.
            let at = if m.kind == "FUT" { m.exchanges } else { &m.exchanges[..1] };
            let named = asked.text(8);
            for exchange in at.iter().rev().filter(|e| named.is_empty() || m.kind != "FUT" || **e == named) {
                let told = Message::default().int(1, request).message(2, &m.contract(exchange));
                self.tell(client, 10, &told.message(3, &m.details()));
            }
        }
        self.tell(client, 52, &Message::default().int(1, request));
    }

    fn list_open(&mut self, client: i32, all: bool) {
        for o in self.orders.clone() {
            if o.is_open() && (all || o.client == client) {
                let (open, status) = (self.open_message(&o), self.status_message(&o));
                self.tell(client, 5, &open);
                self.tell(client, 3, &status);
            }
        }
        self.tell(client, 53, &Message::default());
    }

    fn list_ended(&mut self, client: i32) {
        for o in self.orders.clone() {
            if o.is_sent && !o.is_open() {
                let word = match o.status {
                    "Filled" => format!("Filled Size: {}", o.filled),
                    "Inactive" => "Rejected".to_owned(),
                    _ => "Cancelled by Trader".to_owned(),
                };
                let state = Message::default().text(1, o.status).text(29, &stamp()).text(30, &word);
                let told = Message::default().message(1, &self.contract(&o.symbol));
                let told = told.message(2, &self.order_message(&o, true)).message(3, &state);
                self.tell(client, 101, &told);
            }
        }
        self.tell(client, 102, &Message::default());
    }

    fn list_executions(&mut self, client: i32, request: i64) {
        for e in self.executions.clone() {
            let (told, cost) = (self.execution_message(&e, request), Self::cost_message(&e));
            self.tell(client, 11, &told);
            self.tell(client, 59, &cost);
        }
        self.tell(client, 55, &Message::default().int(1, request));
    }

    fn list_positions(&mut self, client: i32) {
        for (symbol, (held, cost)) in self.positions.clone() {
            let told = Message::default().text(1, ACCOUNT).message(2, &self.markets[&symbol].contract(""));
            let told = told.text(3, &held.to_string()).double(4, float(cost));
            self.tell(client, 61, &told);
        }
        self.tell(client, 62, &Message::default());
    }

    fn summary(&mut self, client: i32, request: i64) {
        let (mut cash, mut held, mut margin) = (self.cash, Decimal::ZERO, Decimal::ZERO);
        for (symbol, (qty, _)) in &self.positions {
            let m = &self.markets[symbol];
            let value = *qty * m.bid * m.unit();
            *(if m.is_paid_for() { &mut held } else { &mut cash }) += value;
            margin += value.abs() / dec(if m.is_paid_for() { "4" } else { "20" });
        }
        let equity = cash + held;
        for (tag, value) in [
            ("AccountType", "INDIVIDUAL".to_owned()),
            ("NetLiquidation", equity.round_dp(2).to_string()),
            ("TotalCashValue", cash.round_dp(2).to_string()),
            ("BuyingPower", (equity * dec("4")).round_dp(2).to_string()),
            ("InitMarginReq", margin.round_dp(2).to_string()),
            ("MaintMarginReq", margin.round_dp(2).to_string()),
            ("PreviousDayEquityWithLoanValue", "1000000.00".to_owned()),
            ("AvailableFunds", equity.round_dp(2).to_string()),
        ] {
            let row = Message::default().int(1, request).text(2, ACCOUNT).text(3, tag).text(4, &value);
            self.tell(client, 63, &row.text(5, "USD"));
        }
        self.tell(client, 64, &Message::default().int(1, request));
    }

    pub(crate) fn open_names(&self) -> BTreeSet<String> {
        let name = |o: &Order| if o.name.is_empty() { format!("x-{}", o.perm) } else { o.name.clone() };
        self.orders.iter().filter(|o| o.is_open()).map(name).collect()
    }
}

pub(crate) fn now_ms() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// As it is written there, in the time of the exchange.
fn stamp() -> String {
    let at = jiff::Timestamp::from_millisecond(now_ms()).unwrap();
    at.in_tz("US/Eastern").unwrap().strftime("%Y%m%d %H:%M:%S US/Eastern").to_string()
}
