//! Questions to TWS. They change nothing, so whoever asks may ask again. Lists that have no number of their own on the
//! wire are asked for one at a time, and one that does not come to its end ends the connection: its rest would be taken
//! for the answer to the next.

use super::{Api, Session, orders::stands_changed};
use crate::{
    adapters::ibkr_tws::{
        auth::{account_behind, environment_at, environment_of},
        map::{
            account::{TAGS, account as account_of, position},
            attach, execution_id,
        },
        wire::code,
    },
    broker::{Fault, OrderRef, Proof, Wanted},
    domain::{
        ids::{AccountId, ExecutionId, Symbol},
        report::{AccountReport, Execution, OrderReport, PositionReport, VenueReport},
        text::Text,
        time::Stamp,
    },
    transport::limit::Class,
};
use futures_util::StreamExt as _;
use ibapi::{
    Error as Theirs,
    accounts::{AccountSummaryResult, Position, PositionUpdate, types::AccountGroup},
    orders::{
        CommissionReport, ExecutionData, ExecutionFilter, Executions, OrderData, OrderStatus,
        Orders as Listed,
    },
    subscriptions::SubscriptionItem,
};
use std::collections::{BTreeMap, BTreeSet};

/// TWS keeps executions of so many days at the most (its trade log), today included.
const DAYS_MAX: i64 = 7;
const DAY_MS: i64 = 24 * 3_600_000;

/// An open order as a list tells it.
type Open = (OrderData, Option<OrderStatus>);

impl Api {
    /// Whose account is this, and is it the environment that it is said to be?
    pub async fn prove(&self) -> Result<Proof, Fault> {
        let session = self.question(Class::Exit).await?;
        let account = self.account(&session).map_err(|why| self.refused(why.as_str()))?;
        let Some(environment) = environment_of(account.as_str()) else {
            return Err(self.refused(&format!("account {account} can't be told to be paper or live")));
        };
        let config = self.config();
        let (is, said) = (environment.word(), config.environment.word());
        if environment != config.environment {
            return Err(
                self.refused(&format!("the account {account} is {is}, the configuration says {said}"))
            );
        }
        // The port is only a habit: it proves nothing, but what contradicts it is not let pass.
        if environment_at(config.port()).is_some_and(|usual| usual != environment) {
            let port = config.port();
            return Err(self.refused(&format!(
                "the account {account} is {is}, and {port} is the usual port of the other kind: set another port in \
                 TWS's API settings and here"
            )));
        }
        self.orders.lock().await.of_account(account.as_str());
        let read_only = self.read_only(&session).await;
        Ok(Proof { account, environment, read_only, withdraw: None })
    }

    /// Whose orders these are.
    pub(super) fn account(&self, session: &Session) -> Result<AccountId, Text> {
        account_behind(self.config.account.as_deref(), &session.accounts)
    }

    /// Newer builds say whether the interface is read-only; older ones refuse the first order with words of it.
    async fn read_only(&self, session: &Session) -> Option<Text> {
        match session.client.config().await {
            Ok(config) => {
                let settings = config.api.and_then(|api| api.settings);
                let is_read_only = settings.and_then(|s| s.read_only_api) == Some(true);
                is_read_only.then(|| {
                    Text::from("TWS allows reading only: untick Read-Only API in its API settings to trade")
                })
            }
            Err(error) => {
                tracing::debug!(%error, "TWS does not tell its settings");
                None
            }
        }
    }

    /// One order with its members; empty when neither what is open, nor what has ended today, nor the executions know it.
    pub async fn find(&self, order: &OrderRef) -> Result<Vec<OrderReport>, Fault> {
        let open = self.open_orders().await?;
        let changed = self.changed(order).await;
        let is_it =
            |r: &OrderReport| r.client == order.client || order.venue_id.as_ref() == Some(&r.venue_id);
        let is_wanted = |r: &OrderReport| changed.as_ref().map_or_else(|| is_it(r), |name| r.client == *name);
        if let Some(found) = with_members(&open, is_wanted) {
            return Ok(found);
        }
        let ended = self.completed_orders().await?;
        if let Some(found) = with_members(&ended, is_it) {
            return Ok(found);
        }
        let executions = self.executions(None).await?;
        let is_its = |e: &Execution| e.client == order.client || order.venue_id.as_ref() == Some(&e.venue_id);
        if executions.iter().any(is_its) {
            return Err(
                self.unreadable(format!("{} has executions, and no list has the order", order.client))
            );
        }
        Ok(Vec::new())
    }

    /// Where this names a change of an order that stands as the change wanted it: that order's name. Of a change that
    /// the order does not show there is none such.
    async fn changed(&self, order: &OrderRef) -> Option<crate::domain::ids::ClientId> {
        let orders = self.orders.lock().await;
        let (number, wanted) = orders.change(&order.client)?;
        let known = orders.known(number)?;
        let report = orders.report(number).ok().flatten()?;
        stands_changed(&known.data, wanted).then_some(report.client)
    }

    /// Everything, with what could not be had left out and named.
    pub async fn report(&self, wanted: &Wanted) -> VenueReport {
        let began = self.clock().now();
        let mut missing = Vec::new();
        // Ended ones last: an order that ends between the two questions is then told as ended.
        let open = kept("open orders", self.open_orders().await, &mut missing);
        let ended = kept("ended orders", self.completed_orders().await, &mut missing);
        let orders = open.zip(ended).map(|(open, ended)| joined(open, ended));
        let since = wanted.executions_since;
        let executions = kept("executions", self.executions(since).await, &mut missing);
        let positions = kept("positions", self.positions().await, &mut missing);
        let account = kept("account", self.account_report().await, &mut missing);
        let named: BTreeSet<Symbol> = orders
            .iter()
            .flatten()
            .map(|o| &o.instrument)
            .chain(positions.iter().flatten().map(|p| &p.instrument))
            .map(|i| i.symbol.clone())
            .chain(wanted.instruments.iter().cloned())
            .collect();
        let instruments =
            kept("instruments", self.instruments(named.into_iter().collect()).await, &mut missing);
        VenueReport {
            venue: self.venue().clone(),
            began,
            orders,
            executions,
            positions,
            account,
            instruments: instruments.unwrap_or_default(),
            missing,
        }
    }

    /// A list did not come to its end: what is left of it must not be taken for another's.
    pub(super) async fn broken(&self, session: &Session, what: &str, error: &Theirs) -> Fault {
        if matches!(error, Theirs::Timeout | Theirs::UnexpectedEndOfStream) {
            session.client.disconnect().await;
            return self.silent(what);
        }
        self.fault(error)
    }

    /// All open orders of the account, whoever made them.
    pub(super) async fn open_orders(&self) -> Result<Vec<OrderReport>, Fault> {
        let _alone = self.sharing.lock().await;
        let session = self.question(Class::Exit).await?;
        let sent = self.now();
        let asked = session.client.all_open_orders().await;
        let mut asked = asked.map_err(|e| self.fault(&e))?;
        let rows = match asked.collect_to_end_within(self.deadline()).await {
            Ok(rows) => rows,
            Err(error) => return Err(self.broken(&session, "open orders", &error).await),
        };
        self.answered(sent).await;
        let mut orders = self.orders.lock().await;
        let mut reports = Vec::new();
        for (data, status) in paired(rows) {
            // One that can't be read leaves them all unknown: a list that lacks it would say that it is not there.
            let report = orders.listed(&data, status.as_ref()).map_err(|e| self.unreadable(e))?;
            reports.extend(report);
        }
        attach(&mut reports);
        Ok(reports)
    }

    /// Orders of today that have ended.
    async fn completed_orders(&self) -> Result<Vec<OrderReport>, Fault> {
        let _alone = self.sharing.lock().await;
        let session = self.question(Class::Exit).await?;
        let asked = session.client.completed_orders(false).await;
        let mut asked = asked.map_err(|e| self.fault(&e))?;
        let rows = match asked.collect_to_end_within(self.deadline()).await {
            Ok(rows) => rows,
            Err(error) => return Err(self.broken(&session, "ended orders", &error).await),
        };
        let orders = self.orders.lock().await;
        let mut reports = Vec::new();
        for row in &rows {
            if let Listed::OrderData(data) = row {
                reports.extend(orders.ended(data).map_err(|e| self.unreadable(e))?);
            }
        }
        Ok(reports)
    }

    /// Executions since a time, of today at least; a corrected one as it was corrected.
    async fn executions(&self, since: Option<Stamp>) -> Result<Vec<Execution>, Fault> {
        let session = self.question(Class::Exit).await?;
        let account = self.account(&session).map_err(|why| self.refused(why.as_str()))?;
        let mut filter =
            ExecutionFilter { account_code: account.as_str().to_owned(), ..ExecutionFilter::default() };
        let now = self.clock().now().wall;
        // Without a number of days it is today at the gateway.
        let days = since.map(|at| now.since_ms(at).div_euclid(DAY_MS).saturating_add(2).clamp(1, DAYS_MAX));
        if let Some(days) = days.and_then(|d| i32::try_from(d).ok()).filter(|d| *d > 2) {
            filter.last_n_days = days;
        }
        let asked = session.client.executions(filter).await;
        let mut asked = asked.map_err(|e| self.fault(&e))?;
        let rows = asked.collect_to_end_within(self.deadline()).await.map_err(|e| self.fault(&e))?;
        let mut costs: BTreeMap<String, CommissionReport> = BTreeMap::new();
        let mut told: BTreeMap<ExecutionId, (u32, ExecutionData)> = BTreeMap::new();
        for row in rows {
            match row {
                Executions::CommissionReport(cost) => {
                    costs.insert(cost.execution_id.clone(), cost);
                }
                Executions::ExecutionData(e) => {
                    let id = execution_id(&e.execution.execution_id).map_err(|e| self.unreadable(e))?;
                    let (lasting, revision) = id;
                    if told.get(&lasting).is_none_or(|(known, _)| *known <= revision) {
                        told.insert(lasting, (revision, e));
                    }
                }
            }
        }
        let orders = self.orders.lock().await;
        let mut executions = Vec::new();
        for (lasting, (_, e)) in &told {
            // A correction that costs nothing of its own costs what the execution did.
            let of_it = |id: &str| execution_id(id).is_ok_and(|(own, _)| own == *lasting);
            let before = || costs.iter().rev().find(|(id, _)| of_it(id)).map(|(_, cost)| cost);
            let cost = costs.get(&e.execution.execution_id).or_else(before);
            executions.extend(orders.past(e, cost).map_err(|e| self.unreadable(e))?);
        }
        executions.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(executions)
    }

    /// All positions. One that can't be read leaves them all unknown: a list that lacks it would say "flat".
    async fn positions(&self) -> Result<Vec<PositionReport>, Fault> {
        let rows = self.position_rows().await?;
        let mut positions: BTreeMap<Symbol, PositionReport> = BTreeMap::new();
        for row in rows.into_values() {
            let unit = self.unit_of(&row.contract).await;
            let report = position(self.venue(), &row, unit).map_err(|e| self.unreadable(e))?;
            let Some(report) = report else { continue };
            let symbol = report.instrument.symbol.clone();
            let last = self.lasts.lock().await.get(&symbol).copied();
            if positions.insert(symbol.clone(), PositionReport { last, ..report }).is_some() {
                return Err(self.unreadable(format!("two contracts are held that are both {symbol} here")));
            }
        }
        Ok(positions.into_values().collect())
    }

    /// The last row of each contract, by its number.
    async fn position_rows(&self) -> Result<BTreeMap<i32, Position>, Fault> {
        let _alone = self.sharing.lock().await;
        let session = self.question(Class::Exit).await?;
        let account = self.account(&session).map_err(|why| self.refused(why.as_str()))?;
        let asked = session.client.positions().await;
        let mut asked = asked.map_err(|e| self.fault(&e))?;
        let rows = async {
            let mut rows = Vec::new();
            loop {
                match asked.next().await {
                    None => return Err(Theirs::UnexpectedEndOfStream),
                    Some(Err(error)) => return Err(error),
                    Some(Ok(SubscriptionItem::Notice(notice))) if notice.code == code::LAGGED => {
                        return Err(Theirs::Notice(notice));
                    }
                    Some(Ok(SubscriptionItem::Notice(_))) => {}
                    Some(Ok(SubscriptionItem::Data(PositionUpdate::PositionEnd))) => return Ok(rows),
                    Some(Ok(SubscriptionItem::Data(PositionUpdate::Position(row)))) => rows.push(row),
                }
            }
        };
        let rows = match tokio::time::timeout(self.deadline(), rows).await {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) => return Err(self.broken(&session, "positions", &error).await),
            Err(_) => return Err(self.broken(&session, "positions", &Theirs::Timeout).await),
        };
        // Cancelled before the next is asked for: else both would be told into one.
        asked.cancel().await;
        // The last row of a contract is how it stands: what moved meanwhile came after.
        let mine = rows.into_iter().filter(|r| r.account == account.as_str());
        Ok(mine.map(|row| (row.contract.contract_id, row)).collect())
    }

    async fn account_report(&self) -> Result<AccountReport, Fault> {
        let _alone = self.sharing.lock().await;
        let session = self.question(Class::Exit).await?;
        let number = self.account(&session).map_err(|why| self.refused(why.as_str()))?;
        let asked = session.client.account_summary(&AccountGroup::from("All"), &TAGS).await;
        let mut asked = asked.map_err(|e| self.fault(&e))?;
        let rows = async {
            let mut rows = Vec::new();
            loop {
                match asked.next().await {
                    None => return Err(Theirs::UnexpectedEndOfStream),
                    Some(Err(error)) => return Err(error),
                    Some(Ok(SubscriptionItem::Notice(_))) => {}
                    Some(Ok(SubscriptionItem::Data(AccountSummaryResult::End))) => return Ok(rows),
                    Some(Ok(SubscriptionItem::Data(AccountSummaryResult::Summary(row)))) => rows.push(row),
                }
            }
        };
        let rows = match tokio::time::timeout(self.deadline(), rows).await {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) => return Err(self.fault(&error)),
            Err(_) => return Err(self.silent("the account")),
        };
        asked.cancel().await;
        account_of(&number, &rows).map_err(|e| self.unreadable(e))
    }
}

/// Orders with their statuses, which come one after the other.
fn paired(rows: Vec<Listed>) -> Vec<Open> {
    let mut open: Vec<Open> = Vec::new();
    for row in rows {
        match row {
            Listed::OrderData(data) => {
                let same = |(known, _): &Open| {
                    known.order_id == data.order_id
                        && known.order.client_id == data.order.client_id
                        && known.order.perm_id == data.order.perm_id
                };
                match open.iter_mut().find(|o| same(o)) {
                    Some((known, _)) => *known = data,
                    None => open.push((data, None)),
                }
            }
            Listed::OrderStatus(status) => {
                let same = |(known, _): &Open| {
                    known.order_id == status.order_id
                        && known.order.client_id == status.client_id
                        && (known.order.perm_id == status.perm_id || known.order.perm_id == 0)
                };
                if let Some((_, told)) = open.iter_mut().find(|o| same(o)) {
                    *told = Some(status);
                }
            }
        }
    }
    open
}

/// Open orders and ended ones: one that is in both has ended meanwhile.
fn joined(open: Vec<OrderReport>, ended: Vec<OrderReport>) -> Vec<OrderReport> {
    let over: BTreeSet<_> = ended.iter().map(|o| o.venue_id.clone()).collect();
    let mut all: Vec<OrderReport> = open.into_iter().filter(|o| !over.contains(&o.venue_id)).collect();
    all.extend(ended);
    all
}

/// The order that is looked for and what hangs on it.
fn with_members(reports: &[OrderReport], is_it: impl Fn(&OrderReport) -> bool) -> Option<Vec<OrderReport>> {
    let found = reports.iter().find(|r| is_it(r))?;
    let members = reports.iter().filter(|r| r.parent.as_ref() == Some(&found.client));
    Some(std::iter::once(found).chain(members).cloned().collect())
}

/// What came, or `None` and a sentence.
fn kept<T>(what: &str, told: Result<T, Fault>, missing: &mut Vec<Text>) -> Option<T> {
    match told {
        Ok(told) => Some(told),
        Err(fault) => {
            missing.push(Text::clean(&format!("{what}: {fault}")));
            None
        }
    }
}
