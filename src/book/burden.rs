//! What an account carries: its positions and open orders at their worst, in value and in margin, instrument by
//! instrument and summed up for each venue. An order's fact weighs its own instrument anew; what only moved with the
//! market is weighed anew once a second. So a check finds a sum, and not five hundred positions.

use super::{Book, Mark, Marks};
use crate::domain::{
    fact::Fact,
    ids::{InstrumentId, VenueId},
    instrument::{AssetClass, Instrument},
    money::{Money, Price, Ratio},
    names::FewMap,
    order::Side,
    payoff::Payoff,
};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// Below this a short share is kept at a sum a share (FINRA rule 4210(c)(2), (c)(3)).
const CHEAP: Price = Price::new(Decimal::from_parts(5, 0, 0, false, 0));
/// What of a thing on margin must be there first: half (Regulation T, 12 CFR 220.12(a)); of a short sale 150 % with
/// the half that its proceeds are not (220.12(c)).
const HALF: Ratio = Ratio::new(Decimal::from_parts(5, 0, 0, false, 1));
/// What of a long position must stay there (FINRA rule 4210(c)(1)).
const KEEP_LONG: Ratio = Ratio::new(Decimal::from_parts(25, 0, 0, false, 2));
/// What of a short one (4210(c)(3)).
const KEEP_SHORT: Ratio = Ratio::new(Decimal::from_parts(30, 0, 0, false, 2));
/// From here up five dollars a share are less than that share of the value.
const DEAR: Price = Price::new(Decimal::from_parts(17, 0, 0, false, 0));
/// And no less of a cheap short one than this a share (4210(c)(2)).
const KEEP_CHEAP: Decimal = Decimal::from_parts(25, 0, 0, false, 1);

/// Which share of the value is margin: of what is long, and of what is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rates {
    long: Ratio,
    short: Ratio,
}

/// By the law's own figures for shares, which no venue may go below. What can't be had on margin is paid whole, and so
/// are options, of which the legs of a spread are not told apart here: the venue's own figures know better. Of what is
/// not shares the venue's figures are all there is; a half of the value is beyond most of them.
fn on_margin(instrument: Option<&Instrument>) -> Option<&Instrument> {
    instrument.filter(|i| i.marginable && i.class != AssetClass::Option)
}

/// What must be there first.
fn initial(instrument: Option<&Instrument>) -> Rates {
    let rate = if on_margin(instrument).is_some() { HALF } else { Ratio::ONE };
    Rates { long: rate, short: rate }
}

/// What must stay there.
fn keep(instrument: Option<&Instrument>, price: Option<Price>) -> Rates {
    let Some(instrument) = on_margin(instrument) else {
        return Rates { long: Ratio::ONE, short: Ratio::ONE };
    };
    if instrument.class != AssetClass::Equity {
        return Rates { long: HALF, short: HALF };
    }
    let short = match price.map(Price::abs) {
        // Most cost so much that the share is the larger, which is seen without a division.
        Some(p) if p >= DEAR => KEEP_SHORT,
        Some(p) if p >= CHEAP => KEEP_SHORT.max(over(CHEAP.get(), p)),
        Some(p) => over(KEEP_CHEAP, p).max(Ratio::ONE),
        None => Ratio::ONE,
    };
    Rates { long: KEEP_LONG, short }
}

/// So much a share, as a share of its price.
fn over(money: Decimal, price: Price) -> Ratio {
    money.checked_div(price.get()).map_or(Ratio::ONE, Ratio::new)
}

/// What is carried of an instrument, or at a venue, in the quote currency. Nothing of it has a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Burden {
    /// Value of what is held.
    pub held: Money,
    /// Value with every open order of the worse side filled.
    pub worst: Money,
    /// Initial margin of what is held.
    pub initial_held: Money,
    /// Initial margin at worst.
    pub initial: Money,
    /// Maintenance margin of what is held.
    pub maintenance_held: Money,
    /// Maintenance margin at worst.
    pub maintenance: Money,
}

/// One field of a [`Burden`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// [`Burden::worst`].
    Worst,
    /// [`Burden::initial_held`].
    InitialHeld,
    /// [`Burden::initial`].
    Initial,
    /// [`Burden::maintenance_held`].
    MaintenanceHeld,
    /// [`Burden::maintenance`].
    Maintenance,
}

/// Which margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Margin {
    /// What must be there first.
    Initial,
    /// What must stay there.
    Maintenance,
}

impl Margin {
    /// Which share of the value it is, in whole per cent, of what is long and of what is short; `None` where it is no
    /// whole number of them.
    pub fn percents(self, instrument: Option<&Instrument>, price: Option<Price>) -> Option<(i128, i128)> {
        let Some(instrument) = on_margin(instrument) else { return Some((100, 100)) };
        match self {
            Self::Initial => Some((50, 50)),
            Self::Maintenance if instrument.class != AssetClass::Equity => Some((50, 50)),
            Self::Maintenance => price.is_some_and(|p| p.abs() >= DEAR).then_some((25, 30)),
        }
    }
}

/// What is taken of one margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// By what is held.
    pub held: Money,
    /// At worst.
    pub worst: Money,
}

/// Of what is carried by nobody.
const NOTHING: Burden = Burden {
    held: Money::ZERO,
    worst: Money::ZERO,
    initial_held: Money::ZERO,
    initial: Money::ZERO,
    maintenance_held: Money::ZERO,
    maintenance: Money::ZERO,
};

impl Burden {
    /// Of nothing.
    pub const fn nothing() -> &'static Self {
        &NOTHING
    }
    /// What is taken of one margin.
    pub const fn margin(&self, margin: Margin) -> Taken {
        match margin {
            Margin::Initial => Taken { held: self.initial_held, worst: self.initial },
            Margin::Maintenance => Taken { held: self.maintenance_held, worst: self.maintenance },
        }
    }
    /// One field.
    pub const fn part(&self, part: Part) -> Money {
        match part {
            Part::Worst => self.worst,
            Part::InitialHeld => self.initial_held,
            Part::Initial => self.initial,
            Part::MaintenanceHeld => self.maintenance_held,
            Part::Maintenance => self.maintenance,
        }
    }
    fn zip(self, other: Self, sum: impl Fn(Money, Money) -> Option<Money>) -> Option<Self> {
        Some(Self {
            held: sum(self.held, other.held)?,
            worst: sum(self.worst, other.worst)?,
            initial_held: sum(self.initial_held, other.initial_held)?,
            initial: sum(self.initial, other.initial)?,
            maintenance_held: sum(self.maintenance_held, other.maintenance_held)?,
            maintenance: sum(self.maintenance, other.maintenance)?,
        })
    }
    const fn is_nothing(&self) -> bool {
        self.held.is_zero()
            && self.worst.is_zero()
            && self.initial_held.is_zero()
            && self.initial.is_zero()
            && self.maintenance_held.is_zero()
            && self.maintenance.is_zero()
    }
    /// A sum of which `old` was a part and `new` is to be one; `None` on overflow. An order moves half of the fields.
    fn swapped(self, old: Self, new: Self) -> Option<Self> {
        let swap = |sum: Money, old: Money, new: Money| {
            let more = new.checked_sub(old)?;
            if more.is_zero() { Some(sum) } else { sum.checked_add(more) }
        };
        Some(Self {
            held: swap(self.held, old.held, new.held)?,
            worst: swap(self.worst, old.worst, new.worst)?,
            initial_held: swap(self.initial_held, old.initial_held, new.initial_held)?,
            initial: swap(self.initial, old.initial, new.initial)?,
            maintenance_held: swap(self.maintenance_held, old.maintenance_held, new.maintenance_held)?,
            maintenance: swap(self.maintenance, old.maintenance, new.maintenance)?,
        })
    }
    /// This without the other; `None` on overflow.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.zip(other, Money::checked_sub)
    }
}

/// The two sides of an instrument in money: what would be held long, and what short, if all of one side filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sides {
    /// Value of the position, with its sign.
    pub held: Money,
    /// Value of the open buys.
    pub buying: Money,
    /// Value of the open sells.
    pub selling: Money,
}

impl Sides {
    /// Of an exposure; `None` when something of it can't be valued. What is held is worth `price`, its mark's; without
    /// one what was paid.
    pub fn of(
        exposure: &super::Exposure,
        mark: Option<&Mark>,
        price: Option<Price>,
        payoff: Payoff,
        paid: impl FnOnce() -> Option<Price>,
    ) -> Option<Self> {
        let touch = |side: Side| mark.and_then(|m| touch(m, side));
        let held = if exposure.position.is_zero() {
            Money::ZERO
        } else {
            payoff.value(exposure.position, price.or_else(paid))?
        };
        let buying = exposure.buying.value(touch(Side::Buy), payoff)?;
        let mut selling = exposure.selling.value(touch(Side::Sell), payoff)?;
        if !exposure.sells.is_zero() {
            // What is sold below the market is owed at the market.
            let owed = payoff.size(exposure.sells, touch(Side::Sell));
            selling = owed.map_or(selling, |owed| owed.max(selling));
        }
        Some(Self { held, buying, selling })
    }
    /// With so much more bought or sold.
    pub fn plus(mut self, side: Side, value: Money) -> Option<Self> {
        match side {
            Side::Buy => self.buying = self.buying.checked_add(value)?,
            Side::Sell => self.selling = self.selling.checked_add(value)?,
        }
        Some(self)
    }
    /// What would be held long at most; below zero when it stays short. `None` on overflow.
    pub fn long(&self) -> Option<Money> {
        self.held.checked_add(self.buying)
    }
    /// What would be owed short at most; below zero when it stays long. `None` on overflow.
    pub fn short(&self) -> Option<Money> {
        self.selling.checked_sub(self.held)
    }
    /// How far it can go; `None` on overflow.
    pub fn reach(self) -> Option<Reach> {
        Some(Reach { held: self.held, long: self.long()?, short: self.short()? })
    }
    /// As a burden. `None` on overflow.
    pub fn burden(&self, instrument: Option<&Instrument>, price: Option<Price>) -> Option<Burden> {
        self.reach()?.burden(instrument, price)
    }
}

/// How far the two sides of an instrument can go, worked out once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    held: Money,
    /// [`Sides::long`].
    long: Money,
    /// [`Sides::short`].
    short: Money,
}

impl Reach {
    /// What `side` would lead to; below zero when it would only make a position smaller.
    pub const fn on(&self, side: Side) -> Money {
        match side {
            Side::Buy => self.long,
            Side::Sell => self.short,
        }
    }
    fn worst(&self) -> Money {
        self.long.max(self.short).max(Money::ZERO)
    }
    /// The larger of what a side takes at its rate. `None` on overflow.
    fn margin(&self, rates: Rates) -> Option<Money> {
        let long = if self.long.is_positive() { self.long.times(rates.long)? } else { Money::ZERO };
        if !self.short.is_positive() {
            return Some(long);
        }
        Some(long.max(self.short.times(rates.short)?))
    }
    /// The same of what is held.
    fn margin_held(&self, rates: Rates) -> Option<Money> {
        let rate = if self.held.is_negative() { rates.short } else { rates.long };
        self.held.abs().times(rate)
    }
    /// As a burden. `None` on overflow.
    fn burden(&self, instrument: Option<&Instrument>, price: Option<Price>) -> Option<Burden> {
        let (initial, keep) = (initial(instrument), keep(instrument, price));
        Some(Burden {
            held: self.held.abs(),
            worst: self.worst(),
            initial_held: self.margin_held(initial)?,
            initial: self.margin(initial)?,
            maintenance_held: self.margin_held(keep)?,
            maintenance: self.margin(keep)?,
        })
    }
    /// One field of the burden: a check asks for one. `None` on overflow.
    pub fn part(&self, part: Part, instrument: Option<&Instrument>, price: Option<Price>) -> Option<Money> {
        match part {
            Part::Worst => Some(self.worst()),
            Part::InitialHeld => self.margin_held(initial(instrument)),
            Part::Initial => self.margin(initial(instrument)),
            Part::MaintenanceHeld => self.margin_held(keep(instrument, price)),
            Part::Maintenance => self.margin(keep(instrument, price)),
        }
    }
}

/// What an order at the market pays or gets.
fn touch(mark: &Mark, side: Side) -> Option<Price> {
    match side {
        Side::Buy => mark.ask().or_else(|| mark.price()),
        Side::Sell => mark.bid().or_else(|| mark.price()),
    }
}

/// What a venue's account carries.
#[derive(Debug, Clone, Default)]
struct Load {
    sum: Burden,
    unknown: BTreeSet<InstrumentId>,
}

/// The sums, kept beside the marks.
#[derive(Debug, Clone, Default)]
pub(super) struct Burdens {
    venues: FewMap<VenueId, Load>,
    /// Places of the marks of what is carried, and of some that were lately.
    carried: Vec<usize>,
}

impl Burdens {
    /// Puts `new` in the place of `old` in a venue's sum. What is kept of it: nothing where it, or the sum, can't be
    /// said.
    fn swap(&mut self, id: &InstrumentId, old: Burden, new: Option<Burden>) -> Option<Burden> {
        let load = self.venues.or_default(&id.venue);
        if let Some(new) = new
            && let Some(sum) = load.sum.swapped(old, new)
        {
            load.sum = sum;
            load.unknown.remove(id);
            return Some(new);
        }
        load.sum = load.sum.checked_sub(old).unwrap_or(load.sum);
        load.unknown.insert(id.clone());
        None
    }

    fn is_unknown(&self, id: &InstrumentId) -> bool {
        self.venues.get(&id.venue).is_some_and(|load| load.unknown.contains(id))
    }
}

impl Marks {
    /// What an account carries.
    ///
    /// # Errors
    /// The instrument that can't be valued.
    pub fn carried(&self, venue: &VenueId) -> Result<&Burden, &InstrumentId> {
        let Some(load) = self.burdens.venues.get(venue) else {
            return Ok(Burden::nothing());
        };
        load.unknown.first().map_or(Ok(&load.sum), Err)
    }

    /// Weighs an instrument anew; call it after a fact that moved its position or orders.
    pub fn weigh(&mut self, book: &Book, id: &InstrumentId) {
        let place = self.find(id);
        let mark = place.and_then(|at| self.at(at));
        let old = mark.and_then(|m| m.burden.as_deref().copied());
        let known = book.known(id);
        let (instrument, account) = (known.rules, book.account(&id.venue));
        // Amounts of two currencies are never added.
        let adds_up = instrument.zip(account).is_none_or(|(i, a)| i.quote == a.report.currency);
        let payoff = instrument.map_or(Payoff::ONE, |i| i.payoff);
        let paid = || known.position.and_then(|p| p.avg_price);
        let price = mark.and_then(Mark::price);
        let sides = Sides::of(&known.exposure, mark, price, payoff, paid);
        let new = sides.and_then(|s| s.burden(instrument, price));
        let new = new.filter(|burden| adds_up || burden.is_nothing());
        let carries = !new.is_some_and(|burden| burden.is_nothing());
        if !carries && !mark.is_some_and(|m| m.is_listed) {
            return;
        }
        let kept = self.burdens.swap(id, old.unwrap_or_default(), new);
        let place = place.unwrap_or_else(|| self.add(id));
        let Some(row) = self.at_mut(place) else { return };
        let is_new = carries && !std::mem::replace(&mut row.is_listed, true);
        match (&mut row.burden, kept.filter(|b| !b.is_nothing())) {
            (Some(kept), Some(burden)) => **kept = burden,
            (kept, burden) => *kept = burden.map(Box::new),
        }
        if is_new {
            self.burdens.carried.push(place);
        }
    }

    /// Weighs everything anew that is carried: for what moved with the market alone. What is carried no more goes from
    /// the list.
    pub fn weigh_carried(&mut self, book: &Book) {
        let places = std::mem::take(&mut self.burdens.carried);
        let mut kept = Vec::with_capacity(places.len());
        for place in places {
            let Some(id) = self.at(place).map(|m| m.instrument.clone()) else { continue };
            self.weigh(book, &id);
            let is_unknown = self.burdens.is_unknown(&id);
            let Some(row) = self.at_mut(place) else { continue };
            row.is_listed = row.burden.is_some() || is_unknown;
            if row.is_listed {
                kept.push(place);
            }
        }
        // Nothing is listed twice: what was weighed was in the list.
        kept.append(&mut self.burdens.carried);
        self.burdens.carried = kept;
    }

    /// Weighs a whole book: at the start.
    pub fn weigh_book(&mut self, book: &Book) {
        let held = book.positions().map(|p| p.instrument.clone());
        let ordered = book.open_orders().map(|o| o.instrument().clone());
        let all: BTreeSet<InstrumentId> = held.chain(ordered).collect();
        self.weigh_carried(book);
        for id in all {
            self.weigh(book, &id);
        }
    }

    /// After a fact.
    pub fn weigh_fact(&mut self, book: &Book, fact: &Fact) {
        let id = match fact {
            Fact::Intended(intent) => &intent.spec.instrument,
            Fact::Order(fact) => match book.order(&fact.order) {
                Some(row) => row.instrument(),
                None => return,
            },
            Fact::Learned { report, .. } => &report.instrument,
            Fact::Executed(execution) | Fact::Inferred(execution) => &execution.instrument,
            Fact::Corrected(correction) => &correction.now.instrument,
            Fact::Position { instrument, .. } => instrument,
            Fact::Instrument(instrument) if self.get(&instrument.id).is_some_and(|m| m.is_listed) => {
                &instrument.id
            }
            Fact::Instrument(_)
            | Fact::Opened { .. }
            | Fact::Commanded { .. }
            | Fact::Account { .. }
            | Fact::DayBegan { .. }
            | Fact::Alerted(_)
            | Fact::Acknowledged { .. }
            | Fact::Locked { .. }
            | Fact::Unlocked { .. }
            | Fact::ExitBegan { .. }
            | Fact::ExitMeasured { .. }
            | Fact::Tripped(_)
            | Fact::Untripped { .. }
            | Fact::Baseline(_)
            | Fact::Held(_)
            | Fact::Algorithm(_)
            | Fact::Adopted { .. }
            | Fact::EquityHigh { .. }
            | Fact::ExitEnded { .. } => return,
        };
        self.weigh(book, id);
    }
}
