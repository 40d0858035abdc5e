//! Questions about orders, executions, positions and the account. They change nothing, so whoever asks may ask again.

use super::{Api, Kind, read};
use crate::{
    adapters::ibkr_portal::{
        map::{self, account},
        memory::{Memory, Name, Owner},
        wire::{LiveOrders, Position, Row, Status, Summary, Trade},
    },
    broker::{Fault, OrderRef, Wanted},
    domain::{
        ids::Symbol,
        instrument::Instrument,
        money::{Price, Qty},
        order::OrderSpec,
        report::{AccountReport, Execution, OrderReport, PositionReport, VenueReport},
        text::Text,
        time::{Mono, Stamp},
    },
    transport::{limit::Class, rest::Call},
};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::Mutex;

const DAY_MS: i64 = 24 * 3_600_000;
/// The vendor tells executions of so many days.
const DAYS_MAX: i64 = 7;
/// The first list of a session is only ordered by the first question; the next may be whole.
const LISTS_MAX: usize = 3;

/// A list that is read once for all who asked before it was.
#[derive(Debug)]
struct Kept<T> {
    began: Mono,
    list: T,
}

/// The lists that the venue gives once in five seconds. Each is held while it is read.
#[derive(Debug, Default)]
pub struct Lists {
    /// Numbers of all orders of the day.
    orders: Mutex<Option<Kept<BTreeSet<i64>>>>,
    trades: Mutex<Option<Kept<Vec<Trade>>>>,
}

impl Api {
    /// Reads the list of orders into the memory, whole, as it stands after now. Gives its numbers.
    ///
    /// # Errors
    /// When it can't be had, or is not whole.
    pub async fn list_orders(&self, missing: &mut Vec<Text>) -> Result<BTreeSet<i64>, Fault> {
        let asked = self.now().mono;
        let mut kept = self.lists.orders.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.began >= asked) {
            return Ok(kept.list.clone());
        }
        let mut before: Option<BTreeSet<i64>> = None;
        for _ in 0..LISTS_MAX {
            let call = Call::get(&["iserver", "account", "orders"]);
            let (began, answer) = self.ask_list(Kind::Orders, call).await?;
            let list: LiveOrders = self.read(&answer)?;
            let numbers: BTreeSet<i64> = self.take_rows(list.orders.unwrap_or_default(), missing).await;
            // The venue says when the list is whole; where it never does, two that agree are.
            if list.snapshot || before.as_ref() == Some(&numbers) {
                *kept = Some(Kept { began, list: numbers.clone() });
                return Ok(numbers);
            }
            before = Some(numbers);
        }
        Err(self.unreadable("the list of orders is not whole yet"))
    }

    /// The list is forgotten there, so that the stream tells of orders again where a filter had silenced it.
    ///
    /// # Errors
    /// When the venue can't be asked.
    pub async fn force_orders(&self) -> Result<(), Fault> {
        let call = Call::get(&["iserver", "account", "orders"]).query("force", "true");
        self.ask(Class::Exit, Kind::Orders, call).await.map(|_| ())
    }

    async fn take_rows(&self, rows: Vec<Box<RawValue>>, missing: &mut Vec<Text>) -> BTreeSet<i64> {
        let account = self.account();
        let mut memory = self.memory.lock().await;
        let mut numbers = BTreeSet::new();
        for raw in rows {
            match serde_json::from_str::<Row>(raw.get()) {
                Ok(row) if is_of(&row, account.as_deref()) => numbers.extend(memory.merge(row)),
                Ok(_) => {}
                Err(why) => missing.push(Text::from(format!("an order can't be read: {why}"))),
            }
        }
        numbers
    }

    /// Reads the executions of the last days, as they stand after now.
    async fn list_trades(&self, days: i64) -> Result<Vec<Trade>, Fault> {
        let asked = self.now().mono;
        let mut kept = self.lists.trades.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.began >= asked) {
            return Ok(kept.list.clone());
        }
        let call = Call::get(&["iserver", "account", "trades"]).query("days", days.to_string());
        let (began, answer) = self.ask_list(Kind::Trades, call).await?;
        let rows: Vec<Trade> = self.read(&answer)?;
        let account = self.account();
        let is_ours = |t: &Trade| {
            let own = t.account.as_deref().or(t.account_code.as_deref());
            own.is_none() || account.is_none() || own == account.as_deref()
        };
        let list: Vec<Trade> = rows.into_iter().filter(is_ours).collect();
        // Only the longest answers for all.
        if days >= DAYS_MAX {
            *kept = Some(Kept { began, list: list.clone() });
        }
        Ok(list)
    }

    /// One order by its number: quicker than the list, and without our id.
    async fn read_status(&self, number: i64) -> Result<Option<()>, Fault> {
        let id = number.to_string();
        let call = Call::get(&["iserver", "account", "order", "status", &id]);
        let answer = match self.ask(Class::Exit, Kind::Usual, call).await {
            Ok(answer) => answer,
            // 503 where the venue keeps nothing of it any more.
            Err(Fault::Refused { .. } | Fault::Unreachable { .. }) => return Ok(None),
            Err(other @ (Fault::Unauthorised { .. } | Fault::Limited { .. } | Fault::Unreadable { .. })) => {
                return Err(other);
            }
        };
        let Ok(told) = read::<Status>(&answer) else { return Ok(None) };
        if told.order_id.as_deref() != Some(id.as_str()) {
            return Ok(None);
        }
        self.memory.lock().await.merge(row_of(told));
        Ok(Some(()))
    }

    /// Looks for one order: its row fresh, with its children. Empty is the venue's whole list without it.
    ///
    /// # Errors
    /// When the venue can't be asked, or what it says settles nothing.
    pub async fn find(&self, order: &OrderRef) -> Result<Vec<OrderReport>, Fault> {
        let known = {
            let mut memory = self.memory.lock().await;
            memory.call(order);
            number_of(&memory, order)
        };
        let fresh = match known {
            Some(number) => self.read_status(number).await?.map(|()| number),
            None => None,
        };
        let number = match fresh {
            Some(number) => number,
            None => {
                let listed = self.list_orders(&mut Vec::new()).await?;
                let number = number_of(&*self.memory.lock().await, order).filter(|n| listed.contains(n));
                let Some(number) = number else { return self.not_listed(order).await };
                number
            }
        };
        let mut memory = self.memory.lock().await;
        settle_pending(&mut memory, number);
        let is_pending = memory
            .order(number)
            .and_then(|k| k.pending.as_ref())
            .is_some_and(|p| p.name.client == order.client);
        drop(memory);
        if is_pending {
            // The order stands as it did: of the one that was to take its place there is none.
            return Ok(Vec::new());
        }
        self.family(number, order).await
    }

    /// The order, the one whose place it took where that was asked for, and its children.
    async fn family(&self, number: i64, order: &OrderRef) -> Result<Vec<OrderReport>, Fault> {
        let children: Vec<i64> = {
            let memory = self.memory.lock().await;
            let hangs = |n: &i64| memory.above(*n) == Some(number);
            memory.orders().map(|(n, _)| n).filter(hangs).collect()
        };
        let own = self.order_report(number).await?;
        let mut out = Vec::new();
        let memory = self.memory.lock().await;
        let known = memory.order(number);
        let old = known.filter(|k| k.before.as_ref().is_some_and(|old| old.client == order.client));
        out.extend(old.and_then(|known| map::replaced(known, number, &own)));
        drop(memory);
        out.push(own);
        for child in children {
            out.push(self.order_report(child).await?);
        }
        Ok(out)
    }

    /// It is not in the list of the day. Where it has executions it was there all the same.
    async fn not_listed(&self, order: &OrderRef) -> Result<Vec<OrderReport>, Fault> {
        let trades = self.list_trades(DAYS_MAX).await?;
        if trades.iter().any(|t| t.order_ref.as_deref() == Some(order.client.as_str())) {
            return Err(
                self.refused(format!("it lists executions of order {} and not the order", order.client))
            );
        }
        Ok(Vec::new())
    }

    /// An order out of the memory. What it is in is looked up where that is not known.
    ///
    /// # Errors
    /// When that can't be had, or the order's row not be read.
    pub async fn order_report(&self, number: i64) -> Result<OrderReport, Fault> {
        let conid = {
            let memory = self.memory.lock().await;
            memory.order(number).and_then(|known| known.row.conid.as_deref()?.parse::<i64>().ok())
        };
        let conid = conid.ok_or_else(|| self.unreadable(format!("order {number} says no contract")))?;
        let contract = self.contract_of(conid, Class::Exit).await?;
        let memory = self.memory.lock().await;
        map::order(&memory, number, &contract).map_err(|e| self.unreadable(e))
    }

    /// Everything, with what could not be had left out and named.
    pub async fn report(&self, wanted: &Wanted) -> VenueReport {
        let began = self.now();
        let mut report = VenueReport {
            venue: self.venue().clone(),
            began,
            orders: None,
            executions: None,
            positions: None,
            account: None,
            instruments: Vec::new(),
            missing: Vec::new(),
        };
        {
            let mut memory = self.memory.lock().await;
            for order in &wanted.changed {
                memory.call(order);
            }
            memory.is_named = true;
        }
        let boxed = self.pace.lock().await.boxed(self.now().mono);
        if let Some(until) = boxed {
            let fault = self.fault(self.limited(until).await);
            report.missing.push(Text::from(fault.to_string()));
            return report;
        }
        if let Err(fault) = self.up(Class::Exit).await {
            report.missing.push(Text::from(fault.to_string()));
            return report;
        }
        // Positions last: a fill that comes between is then in them and told by the stream, not the other way round.
        match self.told_orders(&mut report.missing).await {
            Ok(orders) => report.orders = Some(orders),
            Err(fault) => report.missing.push(Text::from(format!("orders: {fault}"))),
        }
        match self.told_executions(wanted, began.wall, &mut report.missing).await {
            Ok(executions) => report.executions = Some(executions),
            Err(fault) => report.missing.push(Text::from(format!("executions: {fault}"))),
        }
        match self.positions().await {
            Ok(positions) => report.positions = Some(positions),
            Err(fault) => report.missing.push(Text::from(format!("positions: {fault}"))),
        }
        match self.figures().await {
            Ok(account) => report.account = Some(account),
            Err(fault) => report.missing.push(Text::from(format!("account: {fault}"))),
        }
        report.instruments = self.named(wanted, &report).await;
        report
    }

    async fn told_orders(&self, missing: &mut Vec<Text>) -> Result<Vec<OrderReport>, Fault> {
        let numbers = self.list_orders(missing).await?;
        let mut out = Vec::new();
        for number in numbers {
            settle_pending(&mut *self.memory.lock().await, number);
            match self.order_report(number).await {
                Ok(report) => out.push(report),
                Err(fault) => missing.push(Text::from(format!("order {number}: {fault}"))),
            }
        }
        Ok(out)
    }

    async fn told_executions(
        &self,
        wanted: &Wanted,
        now: Stamp,
        missing: &mut Vec<Text>,
    ) -> Result<Vec<Execution>, Fault> {
        let since = wanted.executions_since.unwrap_or_else(|| now.plus_ms(DAY_MS.saturating_neg()));
        let days =
            now.since_ms(since).max(0).checked_div(DAY_MS).unwrap_or(0).saturating_add(2).min(DAYS_MAX);
        let trades = self.list_trades(days).await?;
        let mut out = Vec::new();
        for trade in trades {
            match self.told_execution(&trade, now).await {
                Ok(Some(execution)) => out.push(execution),
                // Its order's own count tells of it.
                Ok(None) => {}
                Err(fault) => missing.push(Text::from(format!("an execution: {fault}"))),
            }
        }
        out.sort_by_key(|e| e.at);
        Ok(out)
    }

    /// An execution; `None` where several orders could have it, whose own counts then tell of it.
    ///
    /// # Errors
    /// When it can't be read, or what it is in not be had.
    pub async fn told_execution(&self, trade: &Trade, now: Stamp) -> Result<Option<Execution>, Fault> {
        let conid = trade.conid.as_deref().and_then(|text| text.parse().ok());
        let conid = conid.ok_or_else(|| self.unreadable("an execution says no contract"))?;
        let contract = self.contract_of(conid, Class::Exit).await?;
        let (side, size) = map::side_and_size(trade).map_err(|e| self.unreadable(e))?;
        let mut memory = self.memory.lock().await;
        let owner = match memory.owner(trade, side, size) {
            // A number that no list told of is an order of an earlier day.
            Owner::One(number) => Some(number).filter(|number| memory.order(*number).is_some()),
            Owner::Unlisted => None,
            Owner::Unclear => return Ok(None),
        };
        let execution =
            map::execution(&memory, owner, trade, &contract, now).map_err(|e| self.unreadable(e))?;
        if let Some(number) = owner {
            memory.order_mut(number).execute(&execution);
        }
        Ok(Some(execution))
    }

    async fn positions(&self) -> Result<Vec<PositionReport>, Fault> {
        let up = self.up(Class::Exit).await?;
        let call = Call::get(&["portfolio2", up.account.as_str(), "positions"]);
        let answer = self.ask(Class::Exit, Kind::Usual, call).await?;
        let rows: Vec<Position> = self.read(&answer)?;
        let mut out = Vec::new();
        for row in rows {
            if row.acct_id.as_deref().is_some_and(|id| id != up.account.as_str()) {
                continue;
            }
            let held = account::held(&row).map_err(|e| self.unreadable(e))?;
            if held.is_zero() {
                continue;
            }
            let conid = account::conid(&row).map_err(|e| self.unreadable(e))?;
            let contract = self.contract_of(conid, Class::Exit).await?;
            out.push(account::position(&contract, &row).map_err(|e| self.unreadable(e))?);
        }
        Ok(out)
    }

    async fn figures(&self) -> Result<AccountReport, Fault> {
        let up = self.up(Class::Exit).await?;
        let call = Call::get(&["portfolio", up.account.as_str(), "summary"]);
        let answer = self.ask(Class::Exit, Kind::Usual, call).await?;
        let summary: Summary = self.read(&answer)?;
        account::account(up.account, &summary, up.blocked).map_err(|e| self.unreadable(e))
    }

    /// The rules of everything that the report names, and of what was asked for.
    async fn named(&self, wanted: &Wanted, report: &VenueReport) -> Vec<Instrument> {
        let told = report.orders.iter().flatten().map(|o| &o.instrument);
        let held = report.positions.iter().flatten().map(|p| &p.instrument);
        let named: BTreeSet<Symbol> = told.chain(held).map(|i| i.symbol.clone()).collect();
        let mut out: BTreeMap<Symbol, Instrument> = BTreeMap::new();
        {
            let memory = self.memory.lock().await;
            let rules = named.iter().filter_map(|s| memory.of(s)).map(|c| c.instrument.clone());
            out.extend(rules.map(|i| (i.id.symbol.clone(), i)));
        }
        let asked: Vec<Symbol> =
            wanted.instruments.iter().filter(|s| !out.contains_key(*s)).cloned().collect();
        match self.instruments(asked).await {
            Ok(more) => out.extend(more.into_iter().map(|i| (i.id.symbol.clone(), i))),
            Err(fault) => tracing::debug!(%fault, "rules could not be had"),
        }
        out.into_values().collect()
    }
}

/// The number of an order: as the venue said it, or as its names tell.
pub(super) fn number_of(memory: &Memory, order: &OrderRef) -> Option<i64> {
    let told = order.venue_id.as_ref().and_then(|id| Name::read(id, &order.client));
    told.map(|(number, _)| number).or_else(|| memory.number_of(&order.client))
}

/// A row is of the account, or says nothing of one.
pub fn is_of(row: &Row, account: Option<&str>) -> bool {
    let own = row.acct.as_deref().or(row.account.as_deref());
    own.is_none() || account.is_none() || own == account
}

/// A status as a row. Its prices are zero where it has none.
fn row_of(s: Status) -> Row {
    let priced = |text: Option<String>| text.filter(|t| map::loose::<Price>(t).is_some_and(|p| !p.is_zero()));
    Row {
        order_id: s.order_id,
        conid: s.conid,
        account: s.account.or(s.order_clearing_account),
        side: s.side,
        sec_type: s.sec_type,
        ticker: s.symbol,
        order_type: s.order_type,
        price: priced(s.limit_price).or_else(|| priced(s.price)),
        aux_price: priced(s.stop_price),
        time_in_force: s.tif,
        total_size: s.total_size,
        filled_quantity: s.cum_fill.or(s.filled_quantity),
        avg_price: s.average_price.or(s.avg_fill_price),
        status: s.order_status,
        outside_rth: s.outside_rth,
        ..Row::default()
    }
}

/// A change whose answer was lost: where the order now says what the change said, it was taken.
pub(super) fn settle_pending(memory: &mut Memory, number: i64) {
    let Some(known) = memory.order(number) else { return };
    let Some(pending) = &known.pending else { return };
    if is_as(&known.row, &pending.after) {
        let (name, after) = (pending.name.clone(), pending.after.clone());
        take_change(memory, number, name, after);
    }
}

/// The change was taken: the order goes by its new name.
pub(super) fn take_change(memory: &mut Memory, number: i64, name: Name, after: OrderSpec) {
    let before = memory.name(number);
    let known = memory.order_mut(number);
    known.before = before;
    known.name = Some(name);
    known.spec = Some(after);
    known.pending = None;
}

/// Does the row say what the order was to say?
fn is_as(row: &Row, after: &OrderSpec) -> bool {
    let price = |text: &Option<String>| text.as_deref().and_then(map::loose::<Price>);
    let total = row.total_size.as_deref().and_then(map::loose::<Qty>);
    let stop_told = price(&row.aux_price).or_else(|| price(&row.stop_price));
    let has_limit = after.order_type.limit().is_none_or(|limit| price(&row.price) == Some(limit));
    let has_stop = after.order_type.stop().is_none_or(|stop| {
        stop_told.or_else(|| price(&row.price).filter(|_| after.order_type.limit().is_none())) == Some(stop)
    });
    total == after.amount.qty() && has_limit && has_stop
}
