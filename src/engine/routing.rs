//! From a symbol to an instrument at a venue, and what is wanted of its market.

use super::{
    Engine,
    effect::{Ask, Effect},
    venue::VenueState,
};
use crate::{
    broker::{Open, Watched},
    calendar::{Calendar, Phase, Session},
    domain::{
        capability::TifWord,
        ids::{InstrumentId, Symbol, VenueId},
        instrument::AssetClass,
        money::{Money, Price},
        order::{OrderKind, Side, Tif},
        text::Text,
        time::Mono,
    },
};
use rust_decimal::Decimal;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How long a symbol that was only looked at stays watched.
const INTEREST_MS: u64 = 120_000;

impl VenueState {
    /// Watches a symbol; true if it was not watched.
    pub(super) fn watch(&mut self, symbol: Symbol) -> bool {
        if self.watched.contains(&symbol) {
            return false;
        }
        self.watched.push(symbol);
        true
    }
}

/// How long what a venue would not tell of is not asked for again, milliseconds.
const UNCLEAR_MS: u64 = 60_000;

impl Engine {
    /// The venue of that name.
    pub(super) fn venue_for(&self, name: &VenueId) -> Result<VenueId, Text> {
        if self.venues.contains_key(name) {
            return Ok(name.clone());
        }
        let known: Vec<&str> = self.names.iter().map(VenueId::as_str).collect();
        Err(Text::clean(&format!("there is no venue `{name}`; there are: {}", known.join(", "))))
    }

    /// The instrument that a symbol means at a venue: `BTCUSD` is `BTC/USD` where the venue has that.
    pub(super) fn instrument_for(&self, symbol: &Symbol, venue: &VenueId) -> InstrumentId {
        let as_typed = InstrumentId { venue: venue.clone(), symbol: symbol.clone() };
        if self.book.instrument(&as_typed).is_some() { as_typed } else { self.respelled(as_typed) }
    }

    /// One whose rules are not known, as its venue spells it.
    fn respelled(&self, as_typed: InstrumentId) -> InstrumentId {
        if self.lists(&as_typed) {
            return as_typed;
        }
        let InstrumentId { venue, symbol } = &as_typed;
        let same = |s: &&Symbol| {
            s.as_str().contains('/')
                && s.as_str().chars().filter(|c| *c != '/').eq(symbol.as_str().chars().filter(|c| *c != '/'))
        };
        let mut listed = self.listed.iter().filter(|(_, v)| v == venue).map(|(symbol, _)| symbol);
        let found = listed.find(same).cloned();
        match found {
            Some(symbol) => InstrumentId { symbol, ..as_typed },
            None => as_typed,
        }
    }

    /// Does its venue list it?
    pub(super) fn lists(&self, id: &InstrumentId) -> bool {
        self.listed.iter().any(|(symbol, venue)| *symbol == id.symbol && *venue == id.venue)
    }

    /// This is what a venue lists now.
    pub(super) fn list(&mut self, venue: &VenueId, symbols: Vec<Symbol>) {
        let mut symbols = Some(symbols);
        let mut listed = Vec::with_capacity(self.listed.len());
        for name in &self.names {
            if name == venue {
                let new = symbols.take().unwrap_or_default();
                listed.extend(new.into_iter().map(|symbol| (symbol, venue.clone())));
            } else {
                listed.extend(self.listed.iter().filter(|(_, v)| v == name).cloned());
            }
        }
        self.listed = Arc::new(listed);
    }

    /// The instrument that a symbol means at a venue, once its rules are there. Asks for them, and for its market, where
    /// they are not.
    pub(super) fn ruled(&mut self, symbol: &Symbol, venue: VenueId) -> Result<InstrumentId, Wait> {
        let as_typed = InstrumentId { venue, symbol: symbol.clone() };
        if self.book.instrument(&as_typed).is_some() {
            self.take_interest(&as_typed);
            return Ok(as_typed);
        }
        let id = self.respelled(as_typed);
        self.need_rules(&id).map(|()| id)
    }

    fn take_interest(&mut self, id: &InstrumentId) {
        let now = self.now.mono;
        if let Some(state) = self.venues.get_mut(&id.venue) {
            match state.interest.get_mut(&id.symbol) {
                // It was told of when the interest began.
                Some(at) => *at = now,
                None => {
                    state.interest.insert(id.symbol.clone(), now);
                    self.watches_moved |= !state.told.contains(&id.symbol);
                }
            }
        }
    }

    /// Are the rules of an instrument there? Asks for them, and for its market, where they are not.
    pub(super) fn need_rules(&mut self, id: &InstrumentId) -> Result<(), Wait> {
        self.take_interest(id);
        if self.book.instrument(id).is_some() {
            return Ok(());
        }
        let Some(state) = self.venues.get_mut(&id.venue) else {
            return Err(Wait::Never(Text::clean(&format!("there is no venue `{}`", id.venue))));
        };
        if state.unknown.contains(&id.symbol) {
            return Err(Wait::Never(Text::clean(&format!(
                "{} does not know a symbol `{}`",
                id.venue, id.symbol
            ))));
        }
        if let Some((at, why)) = state.unclear.get(&id.symbol)
            && self.now.mono.since_ms(*at) < UNCLEAR_MS
        {
            return Err(Wait::Never(why.clone()));
        }
        if state.asked.insert(id.symbol.clone()) {
            let ask = Ask::Instruments(vec![id.symbol.clone()]);
            self.effect(Effect::Ask { venue: id.venue.clone(), ask, exit: false });
        }
        Err(Wait::Asked(Text::clean(&format!("asking {} about {}", id.venue, id.symbol))))
    }

    /// Sees to it that this market is asked for if it is not yet. What is no longer wanted goes with the next tick.
    pub(super) fn want_market(&mut self, id: &InstrumentId) {
        self.watches_moved |= self.venues.get(&id.venue).is_some_and(|v| !v.told.contains(&id.symbol));
    }

    /// Tells the gateway whose market is wanted, where that changed.
    pub(super) fn tell_watches(&mut self) {
        self.find_rates();
        let now = self.now.mono;
        let mut wanted: Vec<(VenueId, BTreeSet<Symbol>)> = Vec::new();
        for (venue, state) in &mut self.venues {
            state.interest.retain(|_, at| now.since_ms(*at) < INTEREST_MS);
            let mut symbols: BTreeSet<Symbol> = state.watched.iter().cloned().collect();
            symbols.extend(state.interest.keys().cloned());
            wanted.push((venue.clone(), symbols));
        }
        for (venue, mut symbols) in wanted {
            symbols.extend(self.rates.watched().filter(|id| id.venue == venue).map(|id| id.symbol.clone()));
            let held = self.book.positions().filter(|p| p.instrument.venue == venue && !p.qty.is_zero());
            symbols.extend(held.map(|p| p.instrument.symbol.clone()));
            let open = self.book.open_orders().filter(|o| o.id.venue == venue);
            symbols.extend(open.map(|o| o.spec.instrument.symbol.clone()));
            let open = self.open_at(&venue);
            let here = self.book.held_here().filter(|row| row.id.venue == venue);
            symbols.extend(here.map(|row| row.order.instrument.symbol.clone()));
            let Some(state) = self.venues.get_mut(&venue) else { continue };
            let mut books = self.depths.wanted(&venue);
            symbols.extend(books.iter().cloned());
            symbols.retain(|s| !state.unknown.contains(s));
            books.retain(|s| symbols.contains(s));
            let is_same = state.told.len() == symbols.len() && symbols.iter().all(|s| state.told.contains(s));
            if is_same && state.told_books == books && state.told_open == open {
                continue;
            }
            state.told = symbols.iter().cloned().collect();
            state.told_books.clone_from(&books);
            state.told_open.clone_from(&open);
            let asked: Vec<Symbol> = symbols
                .iter()
                .filter(|s| {
                    let id = InstrumentId { venue: venue.clone(), symbol: (*s).clone() };
                    self.book.instrument(&id).is_none() && !state.asked.contains(*s)
                })
                .cloned()
                .collect();
            state.asked.extend(asked.iter().cloned());
            let watched = Watched { symbols, books, open, holds_accounts: self.watch.acts };
            self.effect(Effect::Watch { venue: venue.clone(), watched });
            if !asked.is_empty() {
                self.effect(Effect::Ask { venue, ask: Ask::Instruments(asked), exit: false });
            }
        }
    }

    /// In what orders are open at a venue, and how many by its own word: one of unknown fate may not be there.
    fn open_at(&self, venue: &VenueId) -> BTreeMap<Symbol, Open> {
        let mut all: BTreeMap<Symbol, Open> = BTreeMap::new();
        for order in self.book.open_orders().filter(|o| o.id.venue == *venue) {
            let open = all.entry(order.spec.instrument.symbol.clone()).or_default();
            if order.venue_id.is_none() || order.state.is_uncertain() {
                continue;
            }
            let waits = match order.spec.order_type.kind() {
                OrderKind::Market | OrderKind::Limit => 0,
                OrderKind::Stop | OrderKind::StopLimit | OrderKind::TrailingStop => 1,
            };
            open.orders = open.orders.saturating_add(1);
            open.conditional = open.conditional.saturating_add(waits);
        }
        all
    }

    /// Where in its day its market is. What trades round the clock is always in regular hours.
    pub(super) fn session_of(&self, id: &InstrumentId) -> Session {
        match self.venues.get(&id.venue) {
            Some(state) => self.session_at(state, id),
            None => self.hours.of(Calendar::of(self.class_of(id))),
        }
    }

    pub(super) fn session_at(&self, state: &VenueState, id: &InstrumentId) -> Session {
        let always = state.setup.always_open;
        self.hours.of(if always { Calendar::Always } else { Calendar::of(self.class_of(id)) })
    }

    /// Does this venue take market orders for it now?
    pub(super) fn takes_market_orders_now(&self, id: &InstrumentId) -> bool {
        self.session_of(id).phase == Phase::Regular
    }

    /// Its class: by its rules, else by its spelling.
    pub(super) fn class_of(&self, id: &InstrumentId) -> AssetClass {
        self.book.instrument(id).map_or_else(|| AssetClass::spelled(&id.symbol), |i| i.class)
    }

    /// The time in force where an order line names none: the configured one where the venue takes it.
    pub(super) fn tif_for(&self, id: &InstrumentId) -> Tif {
        self.tif_in(self.venues.get(&id.venue), self.class_of(id))
    }

    pub(super) fn tif_in(&self, venue: Option<&VenueState>, class: AssetClass) -> Tif {
        match venue.and_then(|v| v.setup.capability.of(class)) {
            Some(c)
                if !c.tifs.contains(&TifWord::from(self.default_tif)) && c.tifs.contains(&TifWord::Gtc) =>
            {
                Tif::Gtc
            }
            Some(_) | None => self.default_tif,
        }
    }

    pub(super) fn takes_reduce_only(&self, id: &InstrumentId) -> bool {
        let class = self.class_of(id);
        self.venues.get(&id.venue).and_then(|v| v.setup.capability.of(class)).is_some_and(|c| c.reduce_only)
    }

    /// A limit so far through the touch (0.01 is one per cent): fills like a market order, not at any price.
    pub(super) fn collar_price(&self, id: &InstrumentId, side: Side, collar: Decimal) -> Option<Price> {
        let mark = self.marks.get(id)?;
        let (base, factor) = match side {
            Side::Buy => (mark.ask().or_else(|| mark.price())?, Decimal::ONE.checked_add(collar)?),
            Side::Sell => (mark.bid().or_else(|| mark.price())?, Decimal::ONE.checked_sub(collar)?),
        };
        let raw = base.checked_mul(factor)?;
        self.book.instrument(id).map_or(Some(raw), |rules| rules.tick.round(raw))
    }

    /// Equity now: cash as the venue last said and what every position adds to it at its mark. Where a mark is missing, a
    /// currency differs, cash is kept in coins, or something has filled since the venue spoke (also what is flat now),
    /// what the venue said.
    pub(super) fn equity_now(&self, venue: &VenueId) -> Option<Money> {
        let account = self.book.account(venue)?;
        // The venue spoke when it was asked, not when its answer came; and it may be a moment behind itself.
        let asked = self
            .venues
            .get(venue)
            .and_then(|v| v.figures_asked)
            .map_or(account.at, |at| at.wall.min(account.at));
        let marked = self.book.positions().filter(|p| p.instrument.venue == *venue).try_fold(
            account.report.cash,
            |sum, p| {
                if p.filled_at.is_some_and(|at| asked.since_ms(at) <= 1_000) {
                    return None;
                }
                if p.qty.is_zero() {
                    return Some(sum);
                }
                let rules = self.book.instrument(&p.instrument)?;
                let price = self.marks.get(&p.instrument)?.price()?;
                let value = rules.beside_cash(p.qty, p.avg_price, price)?;
                if rules.quote == account.report.currency { sum.checked_add(value) } else { None }
            },
        );
        marked.or(Some(account.report.equity))
    }

    pub(super) fn is_stale(&self, updated: Option<Mono>, venue: &VenueId) -> bool {
        let max = self.venues.get(venue).map_or(15_000, |v| v.setup.limits.quote_age_max_ms);
        updated.is_none_or(|at| self.now.mono.since_ms(at) > max)
    }
}

/// Why an instrument's rules are not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wait {
    /// They were asked for.
    Asked(Text),
    /// They won't come.
    Never(Text),
}
