//! What is known of orders, over all connections: which number each of ours has, how it stands, which executions wait for
//! what they cost. Pure: it is told what came and says what that means.

use super::{map, wire::code};
use crate::{
    adapters::Error,
    broker::{Channel, Event, OrderRef},
    domain::{
        ids::{ClientId, ExecutionId, VenueId, VenueOrderId},
        lifecycle::OrderEvent,
        money::Qty,
        order::Role,
        report::{Execution, OrderReport},
        text::Text,
        time::Mono,
    },
};
use ibapi::{
    Notice,
    orders::{CommissionReport, ExecutionData, Order, OrderData, OrderStatus, OrderStatusKind, OrderUpdate},
};
use std::collections::BTreeMap;

/// An execution is told when its cost has come, or after so long without it.
const COST_WAIT_MS: u64 = 1_000;
/// So many of each kind are remembered; beyond, the oldest go.
const KEPT_MAX: usize = 20_000;

/// One of our orders.
#[derive(Debug, Clone)]
pub struct Known {
    /// As it was sent, or as TWS told it last.
    pub data: OrderData,
    /// TWS has told of it.
    pub is_told: bool,
    /// How it stands.
    pub status: Option<OrderStatus>,
    /// Why it was refused.
    reason: Option<Text>,
    /// How much of it the executions told so far come to.
    executed: Qty,
    /// Since when more has filled than they do.
    ahead: Option<Mono>,
}

impl Known {
    const fn new(data: OrderData, is_told: bool) -> Self {
        Self { data, is_told, status: None, reason: None, executed: Qty::ZERO, ahead: None }
    }
}

/// Where an order can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Under this number, by us.
    Ours(i32),
    /// Another program of the gateway made it, or a person in TWS (which is program 0).
    Others(i32),
}

/// An execution whose cost has not come yet.
#[derive(Debug)]
struct Waiting {
    execution: Box<ExecutionData>,
    since: Mono,
}

/// An order as if only so much of it had filled.
pub fn up_to(report: OrderReport, filled: Qty) -> OrderReport {
    let fills = matches!(report.status, OrderEvent::FilledWhole | OrderEvent::FilledInPart);
    let status = match (fills, filled.is_zero()) {
        (true, true) => OrderEvent::Working,
        (true, false) => OrderEvent::FilledInPart,
        (false, _) => report.status,
    };
    OrderReport { filled, avg_price: None, status, ..report }
}

/// What is remembered.
#[derive(Debug)]
pub struct Orders {
    venue: VenueId,
    account: String,
    client_id: i32,
    next: i32,
    known: BTreeMap<i32, Known>,
    numbers: BTreeMap<ClientId, i32>,
    /// By their numbers in the account: whose they are.
    others: BTreeMap<VenueOrderId, i32>,
    /// Changes that were asked for, by the name of the order that was to take the place: of which order, and to what.
    changes: BTreeMap<ClientId, (i32, Order)>,
    waiting: BTreeMap<String, Waiting>,
    /// What came before its execution.
    costs: BTreeMap<String, CommissionReport>,
    /// Executions by the id that lasts: how often each was corrected, and how much of it was counted as executed.
    executed: BTreeMap<ExecutionId, (u32, Qty)>,
    quarantined: u64,
}

fn keep<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: V) {
    if map.len() >= KEPT_MAX && !map.contains_key(&key) {
        map.pop_first();
    }
    map.insert(key, value);
}

impl Orders {
    /// Nothing yet. The account is told later.
    pub fn new(venue: VenueId, client_id: i32) -> Self {
        Self {
            venue,
            account: String::new(),
            client_id,
            next: 0,
            known: BTreeMap::new(),
            numbers: BTreeMap::new(),
            others: BTreeMap::new(),
            changes: BTreeMap::new(),
            waiting: BTreeMap::new(),
            costs: BTreeMap::new(),
            executed: BTreeMap::new(),
            quarantined: 0,
        }
    }

    /// Whose orders count; those of other accounts behind the same login do not.
    pub fn of_account(&mut self, account: &str) {
        account.clone_into(&mut self.account);
    }

    fn is_mine(&self, account: &str) -> bool {
        account.is_empty() || self.account.is_empty() || account == self.account
    }

    /// Numbers for so many new orders, above all that this program or TWS has ever used: a number that is used again
    /// would change an order rather than make one.
    pub fn reserve(&mut self, valid: i32, count: usize) -> Option<Vec<i32>> {
        let first = self.next.max(valid).max(1);
        let count = i32::try_from(count).ok()?;
        let end = first.checked_add(count).filter(|end| *end < super::wire::ORDER_IDS_END)?;
        self.next = end;
        Some((first..end).collect())
    }

    /// This is about to be sent.
    pub fn expect(&mut self, data: OrderData) {
        let number = data.order_id;
        if let Ok(client) = ClientId::new(&data.order.order_ref) {
            keep(&mut self.numbers, client, number);
        }
        keep(&mut self.known, number, Known::new(data, false));
    }

    /// This change of an order of ours is about to be sent.
    pub fn expect_change(&mut self, by: ClientId, number: i32, wanted: Order) {
        keep(&mut self.changes, by, (number, wanted));
    }

    /// The order that was to be changed to this, and how; by the name of the order that was to take its place.
    pub fn change(&self, by: &ClientId) -> Option<(i32, &Order)> {
        self.changes.get(by).map(|(number, wanted)| (*number, wanted))
    }

    /// One of ours, by its number.
    pub fn known(&self, number: i32) -> Option<&Known> {
        self.known.get(&number)
    }

    /// Where it can be reached, as far as is known.
    pub fn place(&self, order: &OrderRef) -> Option<Place> {
        if let Some(number) = self.numbers.get(&order.client) {
            return Some(Place::Ours(*number));
        }
        let id = order.venue_id.as_ref()?;
        let ours = |(number, known): (&i32, &Known)| {
            let told = map::venue_id(known.data.order.perm_id, self.client_id, *number);
            told.is_ok_and(|told| told == *id).then_some(Place::Ours(*number))
        };
        self.known.iter().find_map(ours).or_else(|| self.others.get(id).map(|by| Place::Others(*by)))
    }

    /// The stop of a pair whose target this is, while it is open: it goes with it.
    pub fn pair_of(&self, number: i32) -> Option<i32> {
        let order = &self.known.get(&number)?.data.order;
        let name = ClientId::new(&order.order_ref).ok().filter(|_| !order.oca_group.is_empty())?;
        let stop = self.numbers.get(&map::member(&name, Role::Stop).ok()?)?;
        let known = self.known.get(stop).filter(|k| k.data.order.oca_group == order.oca_group)?;
        let word = known.status.as_ref().map_or(&known.data.order_state.status, |s| &s.status);
        let is_over = matches!(
            word,
            OrderStatusKind::Filled | OrderStatusKind::Cancelled | OrderStatusKind::ApiCancelled
        );
        (!is_over).then_some(*stop)
    }

    /// Takes in an order from a list, and says it in our words.
    ///
    /// # Errors
    /// Names the first field that can't be read.
    pub fn listed(
        &mut self,
        data: &OrderData,
        status: Option<&OrderStatus>,
    ) -> Result<Option<OrderReport>, Error> {
        if !self.is_mine(&data.order.account) {
            return Ok(None);
        }
        let number = data.order_id;
        if data.order.client_id == self.client_id && number > 0 {
            let old = self.known.remove(&number).unwrap_or_else(|| Known::new(data.clone(), true));
            if let Ok(client) = ClientId::new(&data.order.order_ref) {
                keep(&mut self.numbers, client, number);
            }
            let known = Known { data: data.clone(), is_told: true, status: status.cloned(), ..old };
            keep(&mut self.known, number, known);
        } else if let Ok(id) = map::venue_id(data.order.perm_id, data.order.client_id, number) {
            keep(&mut self.others, id, data.order.client_id);
        }
        map::order(&self.venue, data, status, &self.beside(data)).map(Some)
    }

    /// Takes in an order from the list of those that have ended.
    ///
    /// # Errors
    /// Names the first field that can't be read.
    pub fn ended(&self, data: &OrderData) -> Result<Option<OrderReport>, Error> {
        if self.is_mine(&data.order.account) { map::completed(&self.venue, data).map(Some) } else { Ok(None) }
    }

    /// An execution from a list, in our words.
    ///
    /// # Errors
    /// Names the first field that can't be read.
    pub fn past(
        &self,
        e: &ExecutionData,
        cost: Option<&CommissionReport>,
    ) -> Result<Option<Execution>, Error> {
        if self.is_mine(&e.execution.account_number) {
            map::execution(&self.venue, e, cost).map(Some)
        } else {
            Ok(None)
        }
    }

    fn beside(&self, data: &OrderData) -> map::Beside {
        let number = data.order_id;
        let is_ours = data.order.client_id == self.client_id;
        let parent = self.known.get(&data.order.parent_id).filter(|_| is_ours && data.order.parent_id != 0);
        let parent = parent.and_then(|p| {
            let id = map::venue_id(p.data.order.perm_id, self.client_id, p.data.order_id).ok()?;
            map::client_of(&p.data.order.order_ref, &id).ok()
        });
        let reason = self.known.get(&number).filter(|_| is_ours).and_then(|k| k.reason.clone());
        map::Beside { reason, parent }
    }

    /// How one of ours stands, in our words.
    ///
    /// # Errors
    /// Names the first field that can't be read.
    pub fn report(&self, number: i32) -> Result<Option<OrderReport>, Error> {
        let Some(known) = self.known.get(&number) else { return Ok(None) };
        map::order(&self.venue, &known.data, known.status.as_ref(), &self.beside(&known.data)).map(Some)
    }

    /// TWS told this, without being asked.
    pub fn update(&mut self, update: OrderUpdate, now: Mono, out: &mut Vec<Event>) {
        match update {
            OrderUpdate::OpenOrder(data) => {
                let number = data.order_id;
                if !self.is_mine(&data.order.account) {
                    return;
                }
                self.open(data);
                self.say(number, now, out);
            }
            OrderUpdate::OrderStatus(status) => {
                let number = status.order_id;
                if self.stand(status) {
                    self.say(number, now, out);
                }
            }
            OrderUpdate::ExecutionData(e) => self.execution(e, now, out),
            OrderUpdate::CommissionReport(cost) => self.cost(cost, now, out),
            OrderUpdate::OrderBound(bound) => {
                tracing::debug!(perm_id = bound.perm_id, order_id = bound.order_id, "an order was bound");
            }
        }
    }

    fn open(&mut self, data: OrderData) {
        let number = data.order_id;
        if let Ok(client) = ClientId::new(&data.order.order_ref) {
            keep(&mut self.numbers, client, number);
        }
        match self.known.get_mut(&number) {
            Some(known) => {
                if let Some(status) = &mut known.status {
                    status.status = data.order_state.status.clone();
                }
                known.is_told = true;
                known.data = data;
            }
            None => {
                keep(&mut self.known, number, Known::new(data, true));
            }
        }
    }

    /// Of an order that is not known it says too little; the next list tells the rest.
    fn stand(&mut self, status: OrderStatus) -> bool {
        let Some(known) = self.known.get_mut(&status.order_id) else { return false };
        if status.perm_id > 0 {
            known.data.order.perm_id = status.perm_id;
        }
        known.is_told = true;
        known.status = Some(status);
        true
    }

    /// Takes in what came as the answer to a request.
    pub fn answered(&mut self, data: Option<OrderData>, status: Option<OrderStatus>) {
        if let Some(data) = data {
            self.open(data);
        }
        if let Some(status) = status {
            self.stand(status);
        }
    }

    /// TWS refused this order of ours.
    pub fn refused(&mut self, number: i32, reason: Text) {
        if let Some(known) = self.known.get_mut(&number) {
            known.reason = Some(reason);
        }
    }

    /// How one of ours stands, as far as its executions are told: a status often runs ahead of them, and what it counts
    /// would be taken for a fill without a cost.
    ///
    /// # Errors
    /// Names the first field that can't be read.
    pub fn so_far(&mut self, number: i32, now: Mono) -> Result<Option<OrderReport>, Error> {
        let Some(report) = self.report(number)? else { return Ok(None) };
        let Some(known) = self.known.get_mut(&number) else { return Ok(None) };
        if report.filled <= known.executed {
            known.ahead = None;
            return Ok(Some(report));
        }
        let since = *known.ahead.get_or_insert(now);
        if now.since_ms(since) >= COST_WAIT_MS {
            return Ok(Some(report));
        }
        Ok(Some(up_to(report, known.executed)))
    }

    fn say(&mut self, number: i32, now: Mono, out: &mut Vec<Event>) {
        match self.so_far(number, now) {
            Ok(Some(report)) => out.push(Event::Order(Box::new(report))),
            Ok(None) => {}
            Err(why) => out.push(self.quarantine(&why.to_string())),
        }
    }

    /// Puts a message aside.
    pub fn quarantine(&mut self, why: &str) -> Event {
        self.quarantined = self.quarantined.saturating_add(1);
        Event::Quarantined { channel: Channel::Orders, count: self.quarantined, why: Text::clean(why) }
    }

    fn execution(&mut self, e: ExecutionData, now: Mono, out: &mut Vec<Event>) {
        let x = &e.execution;
        if !self.is_mine(&x.account_number) {
            return;
        }
        let Ok((lasting, revision)) = map::execution_id(&x.execution_id) else {
            out.push(self.quarantine("an execution without an id"));
            return;
        };
        let known = self.executed.get(&lasting).copied();
        // Told twice, or as it was before its correction.
        if known.is_some_and(|(told, _)| told >= revision) {
            return;
        }
        let counted = known.map_or(Qty::ZERO, |(_, counted)| counted);
        keep(&mut self.executed, lasting, (revision, counted));
        match self.costs.remove(&x.execution_id) {
            Some(cost) => self.tell(&e, Some(&cost), now, out),
            None => {
                let id = x.execution_id.clone();
                keep(&mut self.waiting, id, Waiting { execution: Box::new(e), since: now });
            }
        }
    }

    fn cost(&mut self, cost: CommissionReport, now: Mono, out: &mut Vec<Event>) {
        match self.waiting.remove(&cost.execution_id) {
            Some(waiting) => self.tell(&waiting.execution, Some(&cost), now, out),
            None => keep(&mut self.costs, cost.execution_id.clone(), cost),
        }
    }

    fn tell(&mut self, e: &ExecutionData, cost: Option<&CommissionReport>, now: Mono, out: &mut Vec<Event>) {
        let execution = match map::execution(&self.venue, e, cost) {
            Ok(execution) => execution,
            Err(why) => return out.push(self.quarantine(&why.to_string())),
        };
        let number = e.execution.order_id;
        // Of a correction what it adds: what it takes back the status may have in its count still.
        let mut more = execution.qty;
        if let Some((_, counted)) = self.executed.get_mut(&execution.id) {
            more = execution.qty.saturating_sub(*counted);
            *counted = execution.qty.max(*counted);
        }
        out.push(Event::Execution(Box::new(execution)));
        let is_ours = e.execution.client_id == self.client_id;
        let Some(known) = self.known.get_mut(&number).filter(|_| is_ours) else { return };
        known.executed = known.executed.checked_add(more).unwrap_or(known.executed);
        if known.ahead.is_some() {
            self.say(number, now, out);
        }
    }

    /// Tells those whose cost did not come in time.
    pub fn overdue(&mut self, now: Mono, out: &mut Vec<Event>) {
        let is_due =
            |w: &&String| self.waiting.get(*w).is_some_and(|w| now.since_ms(w.since) >= COST_WAIT_MS);
        let due: Vec<String> = self.waiting.keys().filter(is_due).cloned().collect();
        for id in due {
            if let Some(waiting) = self.waiting.remove(&id) {
                self.tell(&waiting.execution, None, now, out);
            }
        }
        let is_late = |k: &Known| k.ahead.is_some_and(|since| now.since_ms(since) >= COST_WAIT_MS);
        let late: Vec<i32> = self.known.iter().filter(|(_, k)| is_late(k)).map(|(n, _)| *n).collect();
        for number in late {
            self.say(number, now, out);
            if let Some(known) = self.known.get_mut(&number) {
                known.ahead = None;
            }
        }
    }

    /// When [`Orders::overdue`] has something to do next.
    pub fn due_at(&self) -> Option<Mono> {
        let costs = self.waiting.values().map(|w| w.since);
        costs.chain(self.known.values().filter_map(|k| k.ahead)).map(|at| at.plus_ms(COST_WAIT_MS)).min()
    }

    /// TWS remarked this about an order of ours. What is news of the trade comes as a status too; here it is told apart
    /// what was refused, and that a cancel was.
    pub fn notice(&mut self, notice: &Notice, now: Mono, out: &mut Vec<Event>) {
        let Some(number) = notice.request_id.filter(|n| self.known.contains_key(n)) else { return };
        let text = Text::clean(&notice.message);
        match notice.code {
            code::CANCEL_UNKNOWN | code::CANCEL_REFUSED | code::NOT_CANCELLABLE | code::NO_SUCH_ORDER => {
                if let Ok(Some(report)) = self.report(number) {
                    let order = OrderRef {
                        instrument: report.instrument,
                        client: report.client,
                        venue_id: Some(report.venue_id),
                    };
                    out.push(Event::RequestRefused { order, cancel: true, why: text });
                }
            }
            code::REJECTED => {
                self.refused(number, text);
                let Some(known) = self.known.get_mut(&number) else { return };
                let is_inactive = |s: &OrderStatusKind| *s == OrderStatusKind::Inactive;
                let is_dead = known.status.as_ref().is_some_and(|s| is_inactive(&s.status));
                if !known.is_told {
                    known.data.order_state.status = OrderStatusKind::Inactive;
                }
                if is_dead || !known.is_told {
                    self.say(number, now, out);
                }
            }
            other => tracing::debug!(code = other, number, "TWS remarks: {text}"),
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod transcripts;
