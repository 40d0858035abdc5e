//! Questions to Binance. They change nothing, so whoever asks may ask again.

use super::{Api, Asked, Kept, orders};
use crate::{
    adapters::binance::{
        config::Product,
        map::{
            self,
            rules::{Directory, Rules},
        },
        wire,
    },
    broker::{Fault, OrderRef, Wanted},
    domain::{
        ids::{ClientId, Symbol, VenueOrderId},
        instrument::{Instrument, Tradable},
        report::{Execution, OrderReport, VenueReport},
        text::Text,
        time::Stamp,
    },
    transport::limit::Class,
};
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The venue's largest page of orders and of executions. It tells the newest.
const PAGE: usize = 1_000;
/// Where nobody says since when.
const DAY_MS: i64 = 24 * 3_600_000;
/// Executions are filed a little after they happen; one that is told twice counts once.
const OVERLAP_MS: i64 = 60_000;
/// Rules seldom change.
const RULES_FRESH_MS: u64 = 3_600_000;

/// Orders by the venue's numbers.
pub(super) type Orders = BTreeMap<VenueOrderId, OrderReport>;

impl Api {
    /// All symbols with their rules, from memory while they are fresh.
    pub async fn directory(&self, class: Class) -> Result<Arc<Directory>, Fault> {
        let now = self.now().mono;
        // Held while it is read: whoever comes meanwhile gets the same answer.
        let mut kept = self.directory.lock().await;
        if let Some(Kept { at, is_old: false, directory }) = kept.as_ref()
            && now.since_ms(*at) < RULES_FRESH_MS
        {
            return Ok(Arc::clone(directory));
        }
        match self.read_directory(class).await {
            Ok(directory) => {
                let directory = Arc::new(directory);
                *kept = Some(Kept { at: now, is_old: false, directory: Arc::clone(&directory) });
                Ok(directory)
            }
            // Old rules let an exit go where none would not.
            Err(fault) => match kept.as_ref() {
                Some(old) => Ok(Arc::clone(&old.directory)),
                None => Err(fault),
            },
        }
    }

    /// The venue said that something of a symbol was changed: the list is read anew before it is used again.
    pub async fn forget_rules(&self) {
        if let Some(kept) = self.directory.lock().await.as_mut() {
            kept.is_old = true;
        }
    }

    async fn read_directory(&self, class: Class) -> Result<Directory, Fault> {
        let mut asked = Asked::public(&self.path(&["exchangeInfo"]), 20).list();
        if self.product() == Product::Spot {
            // Without them the list is a tenth as long.
            asked = asked.with("showPermissionSets", "false");
        }
        let answer = self.ask_for(class, asked).await?;
        let info: wire::ExchangeInfo<'_> = self.read(&answer)?;
        self.pace.lock().await.set_limits(&info.rate_limits);
        let mut unread = Vec::new();
        let config = self.config();
        let mut directory =
            Directory::new(self.venue(), config.product, &config.currency, &info, &mut unread);
        for why in unread {
            tracing::warn!(venue = %self.venue(), %why, "a symbol can't be read");
        }
        if self.product().is_futures()
            && let Err(fault) = self.read_leverage(class, &mut directory).await
        {
            // Names without it, and buying power counted at one.
            tracing::warn!(venue = %self.venue(), %fault, "leverage can't be had");
        }
        if directory.all().next().is_none() {
            return Err(self.unreadable("the list of symbols is empty"));
        }
        Ok(directory)
    }

    /// The rules of these symbols.
    pub async fn instruments(&self, symbols: Vec<Symbol>) -> Result<Vec<Instrument>, Fault> {
        let directory = self.directory(Class::Entry).await?;
        Ok(symbols.iter().filter_map(|s| directory.of(s)).map(|r| r.instrument.clone()).collect())
    }

    /// All symbols that can be traded.
    pub async fn symbols(&self) -> Result<Vec<Symbol>, Fault> {
        let directory = self.directory(Class::Read).await?;
        let tradable = directory.all().filter(|r| r.instrument.tradable == Tradable::Yes);
        Ok(tradable.map(|r| r.instrument.id.symbol.clone()).collect())
    }

    /// One order with the members of its list; empty when the venue says that it has none such.
    pub async fn find(&self, order: &OrderRef) -> Result<Vec<OrderReport>, Fault> {
        let directory = self.directory(Class::Exit).await?;
        let native = self.native(order, Class::Exit).await;
        let native = native.map_err(|why| Fault::Refused { venue: self.venue().clone(), why })?;
        let is_algo = Self::is_algo(order);
        let by_client = Self::without_number(order);
        let asked = Asked::get(&self.path(&["order"]), 4).with("symbol", native.as_str());
        // A conditional order's own number is none of an order.
        let asked = orders::named(asked, if is_algo { &by_client } else { order });
        let Some(answer) = self.ask(Class::Exit, asked).await? else {
            if self.product().is_futures() {
                return self.find_algo(&directory, order).await;
            }
            return Ok(Vec::new());
        };
        let told: wire::Order<'_> = self.read(&answer)?;
        let first = map::order(&directory, &told).map_err(|e| self.unreadable(e))?;
        if first.client != order.client {
            return Err(
                self.unreadable(format!("asked for order {}, told of {}", order.client, first.client))
            );
        }
        let list = told.order_list_id.filter(|id| *id >= 0);
        let mut all = vec![first];
        if let Some(list) = list.filter(|_| order.client.is_ours()) {
            all.extend(self.members(&directory, list, &order.client).await?);
        }
        orders::with_size_of_parent(&mut all);
        Ok(all)
    }

    /// The other orders of a list.
    async fn members(
        &self,
        directory: &Directory,
        list: i64,
        but: &ClientId,
    ) -> Result<Vec<OrderReport>, Fault> {
        let asked = Asked::get(&self.path(&["orderList"]), 4).with("orderListId", list.to_string());
        let Some(answer) = self.ask(Class::Exit, asked).await? else { return Ok(Vec::new()) };
        let list: wire::OrderList<'_> = self.read(&answer)?;
        let mut out = Vec::new();
        for member in list.orders.iter().filter(|m| m.client_order_id != but.as_str()) {
            out.extend(self.by_number(directory, &member.symbol, member.order_id).await?);
        }
        Ok(out)
    }

    pub(super) async fn by_number(
        &self,
        directory: &Directory,
        native: &str,
        number: i64,
    ) -> Result<Option<OrderReport>, Fault> {
        let asked =
            Asked::get(&self.path(&["order"]), 4).with("symbol", native).with("orderId", number.to_string());
        let Some(answer) = self.ask(Class::Exit, asked).await? else { return Ok(None) };
        let order: wire::Order<'_> = self.read(&answer)?;
        map::order(directory, &order).map(Some).map_err(|e| self.unreadable(e))
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
        let directory = match self.directory(Class::Exit).await {
            Ok(directory) => directory,
            Err(fault) => {
                report.missing.push(Text::from(format!("symbols: {fault}")));
                return report;
            }
        };
        // Positions last: a fill that comes between is then in them and told by the stream, not the other way round.
        let orders = self.told_orders(&directory, wanted, began.wall, &mut report.missing).await;
        if let Some(mut orders) = orders {
            let executions =
                self.executions(&directory, wanted, &mut orders, began.wall, &mut report.missing);
            report.executions = executions.await;
            report.orders = Some(orders.into_values().collect());
        }
        self.holdings(&directory, &mut report).await;
        let named = report
            .orders
            .iter()
            .flatten()
            .map(|o| &o.instrument)
            .chain(report.positions.iter().flatten().map(|p| &p.instrument))
            .map(|i| i.symbol.clone())
            .chain(wanted.instruments.iter().cloned());
        let named: BTreeSet<Symbol> = named.collect();
        report.instruments =
            named.iter().filter_map(|s| directory.of(s)).map(|r| r.instrument.clone()).collect();
        report
    }

    /// All open orders, and of what is traded those that have ended since. Ended ones last: an order that ends
    /// between the two questions is then told as ended.
    async fn told_orders(
        &self,
        directory: &Directory,
        wanted: &Wanted,
        now: Stamp,
        missing: &mut Vec<Text>,
    ) -> Option<Orders> {
        let mut all = Orders::new();
        if let Err(fault) = self.read_orders(directory, self.open_orders(), None, &mut all, missing).await {
            missing.push(Text::from(format!("orders: {fault}")));
            return None;
        }
        if self.product().is_futures()
            && let Err(fault) = self.read_algo_orders(directory, &mut all, missing).await
        {
            missing.push(Text::from(format!("conditional orders: {fault}")));
            return None;
        }
        let since = wanted.orders_since.unwrap_or_else(|| now.plus_ms(DAY_MS.saturating_neg()));
        for native in traded(directory, wanted, &all) {
            let asked = Asked::get(&self.path(&["allOrders"]), 20)
                .with("symbol", native.as_str())
                .with("limit", PAGE.to_string())
                .list();
            if let Err(fault) = self.read_orders(directory, asked, Some(since), &mut all, missing).await {
                missing.push(Text::from(format!("orders in {native}: {fault}")));
                return None;
            }
        }
        let mut list: Vec<OrderReport> = all.values().cloned().collect();
        orders::with_size_of_parent(&mut list);
        Some(list.into_iter().map(|o| (o.venue_id.clone(), o)).collect())
    }

    pub(super) fn open_orders(&self) -> Asked {
        let weight = if self.product().is_futures() { 40 } else { 80 };
        Asked::get(&self.path(&["openOrders"]), weight).list()
    }

    async fn read_orders(
        &self,
        directory: &Directory,
        asked: Asked,
        since: Option<Stamp>,
        into: &mut Orders,
        unread: &mut Vec<Text>,
    ) -> Result<(), Fault> {
        let answer = self.ask_for(Class::Exit, asked).await?;
        let page: Vec<&RawValue> = self.read(&answer)?;
        for raw in page {
            let read =
                serde_json::from_str::<wire::Order<'_>>(raw.get()).map_err(|e| e.to_string()).and_then(|o| {
                    let changed = o.update_time.or(o.time).and_then(Stamp::from_millis);
                    let report = map::order(directory, &o).map_err(|e| e.to_string())?;
                    Ok((report, changed))
                });
            match read {
                Ok((report, changed)) if since.is_none_or(|since| changed.is_none_or(|at| at >= since)) => {
                    into.insert(report.venue_id.clone(), report);
                }
                Ok(_) => {}
                Err(why) => unread.push(Text::from(format!("an order can't be read: {why}"))),
            }
        }
        Ok(())
    }

    /// Executions since the last known one, in everything that is traded: the venue tells them by symbol. An order
    /// that the list does not hold is looked up, and added to it.
    async fn executions(
        &self,
        directory: &Directory,
        wanted: &Wanted,
        orders: &mut Orders,
        now: Stamp,
        missing: &mut Vec<Text>,
    ) -> Option<Vec<Execution>> {
        let since = wanted.executions_since.map_or_else(
            || now.plus_ms(DAY_MS.saturating_neg()),
            |at| at.plus_ms(OVERLAP_MS.saturating_neg()),
        );
        let mut out: Vec<Execution> = Vec::new();
        for native in traded(directory, wanted, orders) {
            let rules = directory.of_native(&native).ok()?;
            match self.executions_in(directory, rules, since, orders).await {
                Ok((executions, is_whole)) => {
                    out.extend(executions);
                    if !is_whole {
                        missing.push(Text::from(format!("executions in {native} before the last {PAGE}")));
                    }
                }
                Err(fault) => {
                    missing.push(Text::from(format!("executions in {native}: {fault}")));
                    return None;
                }
            }
        }
        out.sort_by_key(|e| e.at);
        Some(out)
    }

    async fn executions_in(
        &self,
        directory: &Directory,
        rules: &Rules,
        since: Stamp,
        orders: &mut Orders,
    ) -> Result<(Vec<Execution>, bool), Fault> {
        let tail = if self.product().is_futures() { "userTrades" } else { "myTrades" };
        let asked = Asked::get(&self.path(&[tail]), 20)
            .with("symbol", rules.native.as_str())
            .with("limit", PAGE.to_string())
            .list();
        let answer = self.ask_for(Class::Exit, asked).await?;
        let page: Vec<wire::MyTrade<'_>> = self.read(&answer)?;
        let is_whole = page.len() < PAGE || page.iter().any(|t| t.time < since.as_millis());
        let mut out = Vec::new();
        for trade in page.iter().filter(|t| t.time >= since.as_millis()) {
            let id = map::venue_order_id(&trade.symbol, trade.order_id).map_err(|e| self.unreadable(e))?;
            if !orders.contains_key(&id) {
                let found = self.by_number(directory, &trade.symbol, trade.order_id).await?;
                orders.extend(found.map(|o| (id.clone(), o)));
            }
            let Some(order) = orders.get(&id) else {
                return Err(self.unreadable(format!("execution {} is of no order", trade.id)));
            };
            out.push(map::my_trade(rules, trade, &order.client).map_err(|e| self.unreadable(e))?);
        }
        Ok((out, is_whole))
    }
}

/// In what there may be executions: what the book has there, and what orders are told in.
fn traded(directory: &Directory, wanted: &Wanted, orders: &Orders) -> BTreeSet<String> {
    let told = orders.values().map(|o| &o.instrument.symbol);
    wanted.traded.iter().chain(told).filter_map(|s| directory.of(s)).map(|r| r.native.clone()).collect()
}
