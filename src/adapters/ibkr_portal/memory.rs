//! What has been learnt of the venue and must be at hand: contracts by both their names, and orders by the venue's
//! numbers. The venue echoes the id that an order was placed with and no other, leaves children without any, and tells of
//! an order only what changed; so names and words are kept here, and follow from the venue's own rows after a restart.

use super::{
    map,
    wire::{Row, Trade},
};
use crate::domain::{
    ids::{ClientId, Symbol, VenueOrderId},
    instrument::Instrument,
    money::Qty,
    order::{OrderRef, OrderSpec, Role, Side},
    report::Execution,
};
use std::collections::BTreeMap;

/// Orders that are kept; the venue's own list holds a thousand of the day.
const ORDERS_MAX: usize = 4_096;

/// What kind of contract, in the venue's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecType {
    /// `STK`.
    Stock,
    /// `OPT`.
    Option,
    /// `CASH`.
    Cash,
    /// Anything else.
    Other,
}

/// A contract.
#[derive(Debug, Clone)]
pub struct Contract {
    /// The venue's number of it.
    pub conid: i64,
    /// Its kind.
    pub sec_type: SecType,
    /// What the gate and the book need.
    pub instrument: Instrument,
}

/// How an order is called here. A change keeps the venue's number and the id that it was placed with; the order that
/// takes its place has another id here, and what had filled until then is the old one's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Our id.
    pub client: ClientId,
    /// How often it was changed.
    pub generation: u32,
    /// What had filled before the last change.
    pub base: Qty,
}

impl Name {
    /// The venue's number in words that say which of its names is meant: `473740665`, `473740665:1:3`.
    pub fn venue_id(&self, number: i64) -> Option<VenueOrderId> {
        let text = if self.generation == 0 {
            number.to_string()
        } else {
            format!("{number}:{}:{}", self.generation, self.base)
        };
        VenueOrderId::new(&text).ok()
    }
    /// Reads such a number.
    pub fn read(id: &VenueOrderId, client: &ClientId) -> Option<(i64, Self)> {
        let mut parts = id.as_str().split(':');
        let number = parts.next()?.parse().ok()?;
        let (generation, base) = match (parts.next(), parts.next()) {
            (None, None) => (0, Qty::ZERO),
            (Some(generation), Some(base)) => (generation.parse().ok()?, base.parse().ok()?),
            (Some(_) | None, _) => return None,
        };
        Some((number, Self { client: client.clone(), generation, base }))
    }
}

/// A change that was sent, and of which nobody knows yet whether the venue took it.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The order's name once it has.
    pub name: Name,
    /// What it will say.
    pub after: OrderSpec,
}

/// An order.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// How it is called, where that was settled here; else it follows from the row.
    pub name: Option<Name>,
    /// The name that the last change took from it.
    pub before: Option<Name>,
    /// The order that it hangs on, where that was settled here.
    pub parent: Option<(ClientId, Role)>,
    /// What was sent of it.
    pub spec: Option<OrderSpec>,
    /// What the venue said of it, all in one.
    pub row: Row,
    /// Its executions by their first ids: how often each was corrected, and its size.
    pub fills: BTreeMap<String, (u32, Qty)>,
    /// A change under way.
    pub pending: Option<Pending>,
}

impl Known {
    /// What its executions come to.
    pub fn told(&self) -> Qty {
        self.fills.values().fold(Qty::ZERO, |sum, (_, q)| sum.checked_add(*q).unwrap_or(sum))
    }
    /// An execution of it was told.
    pub fn execute(&mut self, execution: &Execution) {
        let id = execution.id.as_str();
        if self.fills.get(id).is_none_or(|(known, _)| *known <= execution.revision) {
            self.fills.insert(id.to_owned(), (execution.revision, execution.qty));
        }
    }
    /// The most that is known to have filled.
    pub fn filled(&self) -> Qty {
        map::filled(&self.row).max(self.told())
    }
}

/// Whose an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// This order's.
    One(i64),
    /// Of none that is listed.
    Unlisted,
    /// Several could have it, and nothing tells them apart.
    Unclear,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Memory {
    contracts: BTreeMap<Symbol, Contract>,
    symbols: BTreeMap<i64, Symbol>,
    orders: BTreeMap<i64, Known>,
    /// Is it known which orders were changed before this program began? Until then nothing may be told of any.
    pub is_named: bool,
}

impl Memory {
    /// A contract by our symbol.
    pub fn of(&self, symbol: &Symbol) -> Option<&Contract> {
        self.contracts.get(symbol)
    }
    /// A contract by the venue's number.
    pub fn of_conid(&self, conid: i64) -> Option<&Contract> {
        self.symbols.get(&conid).and_then(|symbol| self.contracts.get(symbol))
    }
    /// All symbols that were looked up.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.contracts.keys()
    }
    /// Takes a contract in.
    pub fn learn(&mut self, contract: Contract) {
        let symbol = contract.instrument.id.symbol.clone();
        self.symbols.entry(contract.conid).or_insert_with(|| symbol.clone());
        self.contracts.insert(symbol, contract);
    }

    /// An order by the venue's number.
    pub fn order(&self, number: i64) -> Option<&Known> {
        self.orders.get(&number)
    }
    /// The same, to change it; it is made where it is not there.
    pub fn order_mut(&mut self, number: i64) -> &mut Known {
        self.orders.entry(number).or_default()
    }
    /// All orders.
    pub fn orders(&self) -> impl Iterator<Item = (i64, &Known)> {
        self.orders.iter().map(|(number, known)| (*number, known))
    }

    /// An order was placed under this name.
    pub fn placed(
        &mut self,
        number: i64,
        client: &ClientId,
        spec: OrderSpec,
        parent: Option<(ClientId, Role)>,
    ) {
        let known = self.order_mut(number);
        known.name = Some(Name { client: client.clone(), generation: 0, base: Qty::ZERO });
        known.parent = parent;
        known.spec = Some(spec);
        self.prune();
    }

    /// Another run of this program gave this order its name.
    pub fn call(&mut self, order: &OrderRef) {
        let Some(id) = &order.venue_id else { return };
        let Some((number, name)) = Name::read(id, &order.client) else { return };
        let known = self.order_mut(number);
        let is_newer = known.name.as_ref().is_none_or(|old| old.generation < name.generation);
        if is_newer && name.generation > 0 {
            known.name = Some(name);
        }
    }

    /// Puts what the venue says of an order to what it said before. Gives its number.
    pub fn merge(&mut self, new: Row) -> Option<i64> {
        let number: i64 = new.order_id.as_deref()?.parse().ok()?;
        let known = self.order_mut(number);
        let old_filled = map::filled(&known.row);
        let was_over = known.row.status.as_deref().is_some_and(map::is_over);
        let row = &mut known.row;
        // Old news of an order that has ended, or has filled further, changes neither.
        if !(was_over && new.status.as_deref().is_some_and(|word| !map::is_over(word))) {
            put(&mut row.status, new.status);
        }
        let fills_more =
            new.filled_quantity.as_deref().and_then(map::loose).is_none_or(|q: Qty| q >= old_filled);
        if fills_more {
            put(&mut row.filled_quantity, new.filled_quantity);
            put(&mut row.remaining_quantity, new.remaining_quantity);
            put(&mut row.avg_price, new.avg_price);
        }
        put(&mut row.acct, new.acct);
        put(&mut row.account, new.account);
        put(&mut row.conid, new.conid);
        put(&mut row.conidex, new.conidex);
        put(&mut row.order_id, new.order_id);
        put(&mut row.parent_id, new.parent_id);
        put(&mut row.order_ref, new.order_ref);
        put(&mut row.ticker, new.ticker);
        put(&mut row.sec_type, new.sec_type);
        put(&mut row.total_size, new.total_size);
        put(&mut row.order_type, new.order_type);
        put(&mut row.orig_order_type, new.orig_order_type);
        put(&mut row.price, new.price);
        put(&mut row.aux_price, new.aux_price);
        put(&mut row.stop_price, new.stop_price);
        put(&mut row.time_in_force, new.time_in_force);
        put(&mut row.side, new.side);
        put(&mut row.outside_rth, new.outside_rth);
        put(&mut row.order_desc, new.order_desc);
        put(&mut row.reason, new.reason);
        put(&mut row.last_execution_ms, new.last_execution_ms);
        self.prune();
        Some(number)
    }

    /// How an order is called.
    pub fn name(&self, number: i64) -> Option<Name> {
        let known = self.orders.get(&number)?;
        if let Some(name) = &known.name {
            return Some(name.clone());
        }
        let plain = |client: ClientId| Name { client, generation: 0, base: Qty::ZERO };
        if let Some((parent, role)) = self.parent(number)
            && let Ok(client) = map::member(&parent, role)
            && known.row.order_ref.as_deref().is_none_or(|own| own == parent.as_str())
        {
            return Some(plain(client));
        }
        let own = known.row.order_ref.as_deref().filter(|_| self.namesake(number).is_none());
        let own = own.and_then(|text| ClientId::new(text).ok());
        let client = match own {
            Some(client) => client,
            None => ClientId::of_venue(&VenueOrderId::new(&number.to_string()).ok()?),
        };
        Some(plain(client))
    }

    /// The order that it hangs on, and its part.
    pub fn parent(&self, number: i64) -> Option<(ClientId, Role)> {
        let known = self.orders.get(&number)?;
        if let Some(parent) = &known.parent {
            return Some(parent.clone());
        }
        if let Some(own) = known.row.order_ref.as_deref().and_then(|text| ClientId::new(text).ok())
            && let Some(parent) = crate::adapters::members::parent_of(&own)
        {
            return Some(parent);
        }
        let above = self.above(number)?;
        let client = self.first_name(above)?;
        Some((client, map::role(&known.row)))
    }

    /// The number of the order that it hangs on. Only children have one.
    pub fn above(&self, number: i64) -> Option<i64> {
        let known = self.orders.get(&number)?;
        let told = known.row.parent_id.as_deref().and_then(|text| text.parse().ok());
        told.filter(|above| *above > 0 && *above != number).or_else(|| self.namesake(number))
    }

    /// An older order that goes by the same id: then this one is its child, since no id is used twice.
    fn namesake(&self, number: i64) -> Option<i64> {
        let own = self.orders.get(&number)?.row.order_ref.as_deref()?;
        let same = |known: &Known| known.row.order_ref.as_deref() == Some(own);
        self.orders.range(..number).find(|(_, known)| same(known)).map(|(older, _)| *older)
    }

    /// The id that it was placed with.
    fn first_name(&self, number: i64) -> Option<ClientId> {
        let known = self.orders.get(&number)?;
        let placed = known.row.order_ref.as_deref().and_then(|text| ClientId::new(text).ok());
        placed.or_else(|| known.name.as_ref().map(|name| name.client.clone()))
    }

    /// The order that goes by this id now, or did before its last change, or is to after one.
    pub fn number_of(&self, client: &ClientId) -> Option<i64> {
        let by_name = |number: &i64| self.name(*number).is_some_and(|name| name.client == *client);
        let by_change = |known: &Known| {
            let names = [known.before.as_ref(), known.pending.as_ref().map(|p| &p.name)];
            names.into_iter().flatten().any(|name| name.client == *client)
        };
        self.orders
            .keys()
            .find(|n| by_name(n))
            .copied()
            .or_else(|| self.orders.iter().find(|(_, known)| by_change(known)).map(|(number, _)| *number))
    }

    /// Whose execution it is.
    pub fn owner(&self, trade: &Trade, side: Side, size: Qty) -> Owner {
        if let Some(number) = trade.order_id.as_deref().and_then(|text| text.parse().ok()) {
            return Owner::One(number);
        }
        let conid = trade.conid.as_deref();
        let fits = |known: &Known| {
            known.row.conid.as_deref() == conid
                && known.row.side.as_deref().and_then(|w| map::side(w).ok()) == Some(side)
        };
        let mut all: Vec<(i64, &Known)> = self
            .orders()
            .filter(|(number, known)| fits(known) && self.may_own(*number, known, trade))
            .collect();
        let (id, _) = map::execution_id(trade.execution_id.as_deref().unwrap_or_default());
        if let Some((number, _)) = all.iter().find(|(_, known)| known.fills.contains_key(&id)) {
            return Owner::One(*number);
        }
        if all.len() > 1 {
            let open = |known: &Known| map::filled(&known.row).saturating_sub(known.told()) >= size;
            all.retain(|(_, known)| open(known));
        }
        match all.as_slice() {
            [] => Owner::Unlisted,
            [(number, _)] => Owner::One(*number),
            [_, _, ..] => Owner::Unclear,
        }
    }

    /// Does our id that an execution names, or that it names none, fit the order?
    fn may_own(&self, number: i64, known: &Known, trade: &Trade) -> bool {
        let Some(own) = trade.order_ref.as_deref() else { return known.row.order_ref.is_none() };
        known.row.order_ref.as_deref() == Some(own)
            || self.parent(number).is_some_and(|(parent, _)| parent.as_str() == own)
    }

    fn prune(&mut self) {
        if self.orders.len() <= ORDERS_MAX {
            return;
        }
        let over = |known: &Known| known.row.status.as_deref().is_some_and(map::is_over);
        let oldest = self.orders.iter().find(|(_, known)| over(known)).map(|(number, _)| *number);
        if let Some(number) = oldest {
            self.orders.remove(&number);
        }
    }
}

fn put(into: &mut Option<String>, new: Option<String>) {
    if new.is_some() {
        *into = new;
    }
}
