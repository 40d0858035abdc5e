//! Questions to Alpaca. They change nothing, so whoever asks may ask again.

use super::{Api, Host};
use crate::{
    adapters::{
        Error,
        alpaca::{map, wire},
    },
    broker::{Fault, OrderRef, Proof, Wanted},
    domain::{
        ids::{Symbol, VenueOrderId},
        instrument::{Instrument, Tradable},
        report::{AccountReport, Environment, Execution, OrderReport, PositionReport, VenueReport},
        text::Text,
        time::Stamp,
    },
    transport::{
        limit::Class,
        rest::{Answer, Call},
    },
};
use futures_util::future::join3;
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Alpaca's largest page of orders, and of activities.
const ORDERS_PAGE: usize = 500;
const ACTIVITIES_PAGE: usize = 100;
/// Pages read for one report; beyond, it says so.
const PAGES_MAX: usize = 50;
/// Where nobody says since when.
const DAY_MS: i64 = 24 * 3_600_000;
/// Activities are filed a little after they happen; asking from before costs nothing, since an execution counts once.
const OVERLAP_MS: i64 = 60_000;
/// Rules seldom change.
const RULES_FRESH_MS: u64 = 3_600_000;
/// Up to so many symbols are asked for one by one; beyond, the whole list is read.
const SINGLES_MAX: usize = 8;
const LIST_BYTES_MAX: usize = 32 * 1024 * 1024;
const LIST_DEADLINE: Duration = Duration::from_secs(30);

/// Orders by the venue's id, each with its children.
type Orders = BTreeMap<VenueOrderId, Vec<OrderReport>>;

impl Api {
    /// Whose credentials are these, and is it the environment that they are said to be?
    pub async fn prove(&self) -> Result<Proof, Fault> {
        let answer = self.ask_for(Host::Trading, Class::Exit, Call::get(&["v2", "account"])).await?;
        let account: wire::Account<'_> = self.read(&answer)?;
        let report = map::account(&account).map_err(|e| self.unreadable(e))?;
        // Paper accounts are numbered PA…; the live address never gives one, and nobody else has reason to.
        let is_paper = report.account.as_str().starts_with("PA");
        let config = self.config();
        let environment = match (config.is_live_host(), is_paper) {
            (true, false) => Environment::Live,
            (false, true) => Environment::Paper,
            (true, true) | (false, false) => {
                let host = config.trading.host_str().unwrap_or_default();
                let why = format!(
                    "{host} answered with account {}, which can't be told to be paper or live",
                    report.account
                );
                return Err(Fault::Refused { venue: self.venue().clone(), why: Text::from(why) });
            }
        };
        if environment != config.environment {
            let (is, said) = (environment.word(), config.environment.word());
            let why = format!("the account {} is {is}, the configuration says {said}", report.account);
            return Err(Fault::Refused { venue: self.venue().clone(), why: Text::from(why) });
        }
        Ok(Proof { account: report.account, environment, read_only: map::blocked(&account), withdraw: None })
    }

    /// One order with its children; empty when the venue says that it has none such.
    pub async fn find(&self, order: &OrderRef) -> Result<Vec<OrderReport>, Fault> {
        let found = match &order.venue_id {
            Some(id) => self.order(id.as_str()).await?,
            None => {
                let call = Call::get(&["v2", "orders:by_client_order_id"])
                    .query("client_order_id", order.client.as_str());
                match self.ask(Host::Trading, Class::Exit, call).await? {
                    None => Vec::new(),
                    Some(answer) => self.with_children(&answer).await?,
                }
            }
        };
        match found.first() {
            Some(r) if r.client != order.client => {
                Err(self.unreadable(format!("asked for order {}, told of {}", order.client, r.client)))
            }
            Some(_) | None => Ok(found),
        }
    }

    /// By the client's id Alpaca tells a group without its members: then it is asked again by its own id.
    async fn with_children(&self, answer: &Answer) -> Result<Vec<OrderReport>, Fault> {
        let order: wire::Order<'_> = self.read(answer)?;
        let is_group = matches!(order.order_class.as_deref(), Some("bracket" | "oco" | "oto"));
        if is_group && order.legs.as_ref().is_none_or(Vec::is_empty) {
            return self.order(&order.id).await;
        }
        map::order(self.venue(), &order).map_err(|e| self.unreadable(e))
    }

    async fn order(&self, id: &str) -> Result<Vec<OrderReport>, Fault> {
        let call = Call::get(&["v2", "orders", id]).query("nested", "true");
        match self.ask(Host::Trading, Class::Exit, call).await? {
            None => Ok(Vec::new()),
            Some(answer) => {
                let order: wire::Order<'_> = self.read(&answer)?;
                map::order(self.venue(), &order).map_err(|e| self.unreadable(e))
            }
        }
    }

    /// Everything, with what could not be had left out and named.
    pub async fn report(&self, wanted: &Wanted) -> VenueReport {
        let began = self.clock().now();
        let since = wanted.orders_since.unwrap_or_else(|| began.wall.plus_ms(DAY_MS.saturating_neg()));
        let (orders, positions, account) = join3(self.orders(since), self.positions(), self.account()).await;
        let mut missing = Vec::new();
        let mut orders = kept("orders", orders, &mut missing).map(|(orders, unread)| {
            missing.extend(unread);
            orders
        });
        let executions = match &mut orders {
            Some(orders) => {
                kept("executions", self.executions(wanted, orders, began.wall).await, &mut missing)
            }
            None => None,
        };
        let positions = kept("positions", positions, &mut missing);
        let account = kept("account", account, &mut missing);
        let orders: Option<Vec<OrderReport>> = orders.map(|o| o.into_values().flatten().collect());
        let named: BTreeSet<Symbol> = orders
            .iter()
            .flatten()
            .map(|o| &o.instrument)
            .chain(positions.iter().flatten().map(|p| &p.instrument))
            .map(|i| i.symbol.clone())
            .chain(wanted.instruments.iter().cloned())
            .collect();
        let rules = self.instruments(named.into_iter().collect()).await;
        let instruments = kept("instruments", rules, &mut missing).unwrap_or_default();
        VenueReport {
            venue: self.venue().clone(),
            began,
            orders,
            executions,
            positions,
            account,
            instruments,
            missing,
        }
    }

    /// All open orders, and those made after `since` that have ended; and a sentence for each that can't be read.
    async fn orders(&self, since: Stamp) -> Result<(Orders, Vec<Text>), Fault> {
        let (mut orders, mut unread) = (Orders::new(), Vec::new());
        // Ended ones last: an order that ends between the two questions is then told as ended.
        self.order_pages("open", None, &mut orders, &mut unread).await?;
        self.order_pages("closed", Some(since), &mut orders, &mut unread).await?;
        Ok((orders, unread))
    }

    async fn order_pages(
        &self,
        status: &'static str,
        after: Option<Stamp>,
        orders: &mut Orders,
        unread: &mut Vec<Text>,
    ) -> Result<(), Fault> {
        let mut until: Option<Stamp> = None;
        for _ in 0..PAGES_MAX {
            let mut call = Call::get(&["v2", "orders"])
                .query("status", status)
                .query("limit", ORDERS_PAGE.to_string())
                .query("direction", "desc")
                .query("nested", "true")
                .body_max(LIST_BYTES_MAX);
            for (name, at) in [("after", after), ("until", until)] {
                if let Some(at) = at {
                    call = call.query(name, at.to_rfc3339());
                }
            }
            let answer = self.ask_for(Host::Trading, Class::Exit, call).await?;
            let page: Vec<&RawValue> = self.read(&answer)?;
            let mut oldest: Option<Stamp> = None;
            for raw in &page {
                match read_order(self, raw) {
                    Ok(reports) => {
                        let Some(first) = reports.first() else { continue };
                        oldest = [oldest, first.submitted].into_iter().flatten().min();
                        orders.insert(first.venue_id.clone(), reports);
                    }
                    Err(why) => unread.push(Text::from(format!("an order can't be read: {why}"))),
                }
            }
            // "until" is exclusive and orders of a group share an instant: step over it by a microsecond.
            let next = oldest.map(|at| Stamp::from_nanos(at.as_nanos().saturating_add(1_000)));
            if page.len() < ORDERS_PAGE || next.is_none() || next == until {
                return Ok(());
            }
            until = next;
        }
        unread.push(Text::from(format!("more than {PAGES_MAX} pages of {status} orders")));
        Ok(())
    }

    /// Executions after the last known one. Their orders are looked up where the list does not hold them, and
    /// are added to it.
    async fn executions(
        &self,
        wanted: &Wanted,
        orders: &mut Orders,
        now: Stamp,
    ) -> Result<Vec<Execution>, Fault> {
        let since = wanted.executions_since.map_or_else(
            || now.plus_ms(DAY_MS.saturating_neg()),
            |at| at.plus_ms(OVERLAP_MS.saturating_neg()),
        );
        let mut out: Vec<Execution> = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut call = Call::get(&["v2", "account", "activities", "FILL"])
                .query("after", since.to_rfc3339())
                .query("direction", "asc")
                .query("page_size", ACTIVITIES_PAGE.to_string());
            if let Some(token) = &token {
                call = call.query("page_token", token.as_str());
            }
            let answer = self.ask_for(Host::Trading, Class::Exit, call).await?;
            let page: Vec<wire::Activity<'_>> = self.read(&answer)?;
            for activity in &page {
                let order = self.order_of(activity, orders).await?;
                out.push(map::activity(activity, &order).map_err(|e| self.unreadable(e))?);
            }
            let next = page.last().map(|a| a.id.clone().into_owned());
            if page.len() < ACTIVITIES_PAGE || next == token {
                if let Some(known) = &wanted.executions_after
                    && let Some(at) = out.iter().position(|e| e.id == *known)
                {
                    out.drain(..=at);
                }
                return Ok(out);
            }
            token = next;
        }
        Err(self
            .unreadable(format!("more than {PAGES_MAX} pages of executions since {}", since.to_rfc3339())))
    }

    async fn order_of(&self, a: &wire::Activity<'_>, orders: &mut Orders) -> Result<OrderReport, Fault> {
        let known =
            |orders: &Orders| orders.values().flatten().find(|o| o.venue_id.as_str() == a.order_id).cloned();
        if let Some(order) = known(orders) {
            return Ok(order);
        }
        let reports = self.order(&a.order_id).await?;
        let Some(first) = reports.first() else {
            return Err(self.unreadable(format!("execution {} is of no order", a.id)));
        };
        orders.insert(first.venue_id.clone(), reports.clone());
        known(orders).ok_or_else(|| self.unreadable(format!("execution {} is of another order", a.id)))
    }

    /// All positions. One that can't be read leaves them all unknown: a list that lacks it would say "flat".
    async fn positions(&self) -> Result<Vec<PositionReport>, Fault> {
        let call = Call::get(&["v2", "positions"]).body_max(LIST_BYTES_MAX);
        let answer = self.ask_for(Host::Trading, Class::Exit, call).await?;
        let positions: Vec<wire::Position<'_>> = self.read(&answer)?;
        positions
            .iter()
            .map(|p| map::position(self.venue(), p))
            .collect::<Result<_, _>>()
            .map_err(|e| self.unreadable(e))
    }

    async fn account(&self) -> Result<AccountReport, Fault> {
        let answer = self.ask_for(Host::Trading, Class::Exit, Call::get(&["v2", "account"])).await?;
        let account: wire::Account<'_> = self.read(&answer)?;
        map::account(&account).map_err(|e| self.unreadable(e))
    }

    /// The rules of these symbols, from memory while they are fresh.
    pub async fn instruments(&self, symbols: Vec<Symbol>) -> Result<Vec<Instrument>, Fault> {
        let mut wanted: BTreeSet<Symbol> = symbols.into_iter().collect();
        let mut out = self.fresh_rules(&mut wanted).await;
        let mut learnt = Vec::new();
        if wanted.len() > SINGLES_MAX {
            for class in classes_of(&wanted) {
                let found = self.assets(class).await?.into_iter().filter(|i| wanted.contains(&i.id.symbol));
                learnt.extend(found);
            }
            for instrument in &learnt {
                wanted.remove(&instrument.id.symbol);
            }
        }
        for symbol in wanted.iter().take(SINGLES_MAX) {
            let call = Call::get(&["v2", "assets", symbol.as_str()]);
            if let Some(answer) = self.ask(Host::Trading, Class::Entry, call).await? {
                let asset: wire::Asset<'_> = self.read(&answer)?;
                learnt.push(map::instrument(self.venue(), &asset).map_err(|e| self.unreadable(e))?);
            }
        }
        let now = self.clock().now().mono;
        let mut rules = self.rules.lock().await;
        rules.extend(learnt.iter().map(|i| (i.id.symbol.clone(), (now, i.clone()))));
        out.append(&mut learnt);
        Ok(out)
    }

    async fn fresh_rules(&self, wanted: &mut BTreeSet<Symbol>) -> Vec<Instrument> {
        let now = self.clock().now().mono;
        let rules = self.rules.lock().await;
        let fresh: Vec<Instrument> = wanted
            .iter()
            .filter_map(|s| rules.get(s))
            .filter(|(at, _)| now.since_ms(*at) < RULES_FRESH_MS)
            .map(|(_, i)| i.clone())
            .collect();
        for instrument in &fresh {
            wanted.remove(&instrument.id.symbol);
        }
        fresh
    }

    /// Every active instrument of a class; those that can't be read are left out.
    async fn assets(&self, class: &'static str) -> Result<Vec<Instrument>, Fault> {
        let call = Call::get(&["v2", "assets"])
            .query("status", "active")
            .query("asset_class", class)
            .body_max(LIST_BYTES_MAX)
            .deadline(LIST_DEADLINE);
        let answer = self.ask_for(Host::Trading, Class::Read, call).await?;
        let page: Vec<&RawValue> = self.read(&answer)?;
        let read = |raw: &&RawValue| {
            let asset: wire::Asset<'_> = serde_json::from_str(raw.get()).ok()?;
            map::instrument(self.venue(), &asset).ok()
        };
        Ok(page.iter().filter_map(read).collect())
    }

    /// All symbols that can be traded.
    pub async fn symbols(&self) -> Result<Vec<Symbol>, Fault> {
        let mut out = Vec::new();
        for class in ["us_equity", "crypto"] {
            let tradable = self.assets(class).await?.into_iter().filter(|i| i.tradable == Tradable::Yes);
            out.extend(tradable.map(|i| i.id.symbol));
        }
        Ok(out)
    }
}

fn read_order(api: &Api, raw: &RawValue) -> Result<Vec<OrderReport>, Error> {
    let order: wire::Order<'_> = serde_json::from_str(raw.get()).map_err(|e| Error::message("order", e))?;
    map::order(api.venue(), &order)
}

/// What came, or `None` and a sentence.
fn kept<T>(what: &str, told: Result<T, Fault>, missing: &mut Vec<Text>) -> Option<T> {
    match told {
        Ok(told) => Some(told),
        Err(fault) => {
            missing.push(Text::from(format!("{what}: {fault}")));
            None
        }
    }
}

fn classes_of(symbols: &BTreeSet<Symbol>) -> impl Iterator<Item = &'static str> + use<> {
    let has_crypto = symbols.iter().any(map::is_crypto);
    let has_equity = symbols.iter().any(|s| !map::is_crypto(s));
    [("us_equity", has_equity), ("crypto", has_crypto)].into_iter().filter(|(_, has)| *has).map(|(c, _)| c)
}
