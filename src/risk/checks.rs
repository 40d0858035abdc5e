//! The checks: one rule a file, one line each in the list here.

mod access;
mod account;
mod borrow;
mod buying_power;
mod capability;
mod collar;
mod day_trades;
mod duplicate;
mod equity_share;
#[cfg(test)]
pub(super) mod fixture;
mod glance;
mod gross;
mod margin;
mod notional;
mod order_rate;
mod position;
mod quantity;
mod quote;
mod self_cross;
mod session;
mod short;
mod spread;
mod stop_required;
mod symbols;
mod tick_and_lot;

use self::glance::Glance;
use super::{
    gate::Context,
    verdict::{CheckName, CheckResult, Outcome, Why},
};
use crate::{
    book::{AccountRow, Burden, Known, Mark, Part, Reach, Sides},
    domain::{
        ids::InstrumentId,
        instrument::Instrument,
        limits::{Action, Limits},
        money::{Money, Percent, Price, Qty},
        order::{Amount, Attached, OrderSpec, OrderType, Replacement, Side},
        payoff::Payoff,
        report::AccountReport,
    },
};

/// The list of checks: the name, the file, what the trader wants done when it does not hold, and whether it is asked of
/// what adds no risk too. Such an order it then warns of, and never stops. Written out one after the other and not gone
/// through as a table: an order waits for each of them.
macro_rules! checks {
    ($($name:ident: $rule:ident, $action:expr, $of:ident $whom:ident;)*) => {
        /// All of them, in the order in which they are asked.
        pub(super) const NAMES: [CheckName; [$(CheckName::$name),*].len()] = [$(CheckName::$name),*];

        /// Those that have something against the order.
        pub(super) fn against(case: &Case<'_>) -> Vec<CheckResult> {
            let mut against = Vec::new();
            let limits = case.context.limits;
            $(
                if !case.adds_nothing || asks_reductions!($whom) {
                    let action: fn(&Limits) -> Action = $action;
                    let action = action(limits);
                    if action != Action::Off && let Some(why) = $rule::ask(case) {
                        against.push(result(case, CheckName::$name, action, why));
                    }
                }
            )*
            against
        }
    };
}

macro_rules! asks_reductions {
    (all) => {
        true
    };
    (entries) => {
        false
    };
}

#[cold]
fn result(case: &Case<'_>, name: CheckName, action: Action, why: Box<Why>) -> CheckResult {
    let stops = action == Action::Block && (!case.adds_nothing || why.is_impossible());
    let outcome = if stops { Outcome::Block } else { Outcome::Warn };
    CheckResult { name, outcome, why: Some(why) }
}

#[rustfmt::skip]
checks! {
    Access: access, |_| Action::Block, of entries;
    Symbols: symbols, |l| l.symbol_lists, of entries;
    Capability: capability, |_| Action::Block, of all;
    TickAndLot: tick_and_lot, |l| l.tick_and_lot, of all;
    Session: session, |l| l.session_closed, of all;
    Quote: quote, |l| l.stale_quote, of entries;
    Account: account, |l| l.stale_account, of entries;
    Quantity: quantity, |l| l.order_qty, of entries;
    Notional: notional, |l| l.order_notional, of entries;
    Position: position, |l| l.position, of entries;
    EquityShare: equity_share, |l| l.equity_share, of entries;
    Gross: gross, |l| l.gross, of entries;
    Collar: collar, |l| l.price_collar, of entries;
    Spread: spread, |l| l.spread, of entries;
    Duplicate: duplicate, |l| l.duplicate, of entries;
    OrderRate: order_rate, |l| l.order_rate, of entries;
    SelfCross: self_cross, |l| l.self_cross, of entries;
    BuyingPower: buying_power, |l| l.buying_power, of entries;
    Margin: margin, |l| l.margin, of entries;
    DayTrades: day_trades, |l| l.day_trades, of all;
    Short: short, |l| l.short_sale, of entries;
    Borrow: borrow, |l| l.hard_to_borrow, of entries;
    StopRequired: stop_required, |l| l.stop_required, of entries;
}

/// What the account would carry with the order, open and unknown orders at their worst.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weighed<'a> {
    /// What all carry now; the instrument that can't be valued where there is one.
    sum: Result<&'a Burden, &'a InstrumentId>,
    /// What this instrument carries of it, and what it would carry.
    was: &'a Burden,
    reach: Reach,
}

/// An order before the checks, with what several of them need looked up once.
pub(super) struct Case<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) spec: &'a OrderSpec,
    pub(super) instrument: Option<&'a Instrument>,
    pub(super) account: Option<&'a AccountRow>,
    pub(super) mark: Option<&'a Mark>,
    /// What a unit is worth now.
    pub(super) market: Option<Price>,
    /// The price that it is judged by: its own worst, or the touch that a market order would take.
    pub(super) price: Option<Price>,
    /// How much; of an order in money what that buys at `price`.
    pub(super) qty: Option<Qty>,
    /// What the whole order is worth at its worst, without sign.
    pub(super) value: Option<Money>,
    /// The part of it that opens or adds.
    pub(super) opening: Option<Qty>,
    /// Is anything open on the other side?
    pub(super) is_opposed: bool,
    /// It closes, or changes an order to no more risk than it had.
    pub(super) adds_nothing: bool,
    /// A change, with how much of the order has filled.
    pub(super) changes: Option<(&'a OrderSpec, Qty)>,
    /// The quote, and the account's figures, are not there or too old to judge by: several checks ask, it is seen once.
    quote_is_old: bool,
    account_is_old: bool,
    known: Known<'a>,
    /// What it leads to, where that is seen at a glance.
    glance: Option<Glance<'a>>,
}

impl<'a> Case<'a> {
    pub(super) fn of_order(context: &'a Context<'a>, spec: &'a OrderSpec) -> Self {
        let known = context.book.known(&spec.instrument);
        let mut case = Self::new(context, spec, known);
        case.adds_nothing = case.reduces();
        case.value = case.whole_value();
        case.glance = Glance::of(&case);
        case
    }

    pub(super) fn of_change(context: &'a Context<'a>, change: &'a Replacement) -> Self {
        let spec = &change.after;
        let id = crate::domain::ids::OrderId {
            venue: spec.instrument.venue.clone(),
            client: change.order.client.clone(),
        };
        let row = context.book.order(&id);
        let filled = row.map_or(Qty::ZERO, |r| r.filled);
        let open = row.and_then(crate::book::OrderRow::remaining).unwrap_or_default();
        let mut known = context.book.known(&spec.instrument);
        let exposure = &mut known.exposure;
        if let Some(row) = row {
            *exposure = exposure.without(row);
        }
        match spec.side {
            Side::Buy => exposure.buys = exposure.buys.saturating_sub(open),
            Side::Sell => exposure.sells = exposure.sells.saturating_sub(open),
        }
        let mut case = Self::new(context, spec, known);
        case.qty = case.qty.map(|q| q.saturating_sub(filled));
        case.opening = case.qty.map(|q| case.known.exposure.opening_part(spec.side, q));
        case.changes = Some((&change.before, filled));
        case.adds_nothing = case.reduces() || !adds(&change.before, &change.after, case.mark);
        case.value = case.whole_value();
        case.glance = Glance::of(&case);
        case
    }

    fn new(context: &'a Context<'a>, spec: &'a OrderSpec, known: Known<'a>) -> Self {
        let mark = context.marks.get(&spec.instrument);
        let price = worst_price(spec, mark);
        let (instrument, exposure) = (known.rules, &known.exposure);
        let qty = match spec.amount {
            Amount::Qty(qty) => Some(qty),
            Amount::Notional(money) => price
                .filter(|p| !p.is_zero())
                .and_then(|p| money.checked_div(p.get()))
                .and_then(|d| Qty::new(d.abs())),
        };
        let mut case = Self {
            context,
            spec,
            instrument,
            account: context.book.account(&spec.instrument.venue),
            mark,
            market: mark.and_then(Mark::price),
            price,
            qty,
            value: None,
            opening: qty.map(|q| exposure.opening_part(spec.side, q)),
            is_opposed: exposure.has_notional
                || match spec.side {
                    Side::Buy => !exposure.sells.is_zero(),
                    Side::Sell => !exposure.buys.is_zero(),
                },
            adds_nothing: false,
            changes: None,
            quote_is_old: false,
            account_is_old: false,
            known,
            glance: None,
        };
        // A trader who lets old figures pass has what else is asked judged by them too.
        case.quote_is_old =
            context.limits.stale_quote == Action::Block && quote::missing_or_old(&case).is_some();
        case.account_is_old = context.limits.stale_account == Action::Block && account::ask(&case).is_some();
        case
    }

    /// What it leads to: the sums of the account with the row of this instrument taken out and put in anew with the
    /// order. `None` when it can't be valued, or adds nothing and nobody asks.
    fn weigh(&self) -> Option<Weighed<'a>> {
        if self.adds_nothing {
            return None;
        }
        let (context, side) = (self.context, self.spec.side);
        let value = self.value?;
        let payoff = self.instrument.map_or(Payoff::ONE, |i| i.payoff);
        let paid = || self.known.position.and_then(|p| p.avg_price);
        let sides = Sides::of(&self.known.exposure, self.mark, self.market, payoff, paid)?;
        let reach = sides.plus(side, value)?.reach()?;
        let was = self.mark.map_or(Burden::nothing(), Mark::burden);
        let sum = context.marks.carried(&self.spec.instrument.venue);
        Some(Weighed { sum, was, reach })
    }

    /// Does it hold, as far as that is seen at a glance?
    #[inline]
    fn sees(&self, holds: impl FnOnce(&Glance<'a>) -> bool) -> bool {
        self.glance.as_ref().is_some_and(holds)
    }

    /// The quote is too old, or not there.
    pub(super) fn old_quote(&self) -> Option<Box<Why>> {
        if self.quote_is_old { quote::missing_or_old(self) } else { None }
    }

    /// The account's figures.
    pub(super) fn figures(&self) -> Result<&'a AccountReport, Box<Why>> {
        let Some(account) = self.account else { return Err(Box::new(Why::NoAccount)) };
        if self.account_is_old
            && let Some(why) = account::old(self, account)
        {
            return Err(why);
        }
        Ok(&account.report)
    }

    /// What the account would carry with it, of one kind: the sum without what this instrument carries, with what it
    /// would.
    pub(super) fn total(&self, part: Part) -> Result<Money, Box<Why>> {
        if let Some(why) = self.old_quote() {
            return Err(why);
        }
        let Some(weighed) = self.weigh() else { return Err(Box::new(Why::NoPrice)) };
        let sum = match &weighed.sum {
            Ok(sum) => sum.part(part),
            Err(unknown) => return Err(Box::new(Why::NoValue((*unknown).clone()))),
        };
        let is = weighed.reach.part(part, self.instrument, self.market);
        let others = sum.checked_sub(weighed.was.part(part));
        let with_it = others.zip(is).and_then(|(others, is)| others.checked_add(is));
        with_it.ok_or_else(|| Box::new(Why::NoPrice))
    }

    /// Value of the symbol's position on the order's side with it.
    pub(super) fn position_after(&self) -> Result<Money, Box<Why>> {
        if let Some(why) = self.old_quote() {
            return Err(why);
        }
        match self.weigh() {
            Some(weighed) => Ok(weighed.reach.on(self.spec.side)),
            None => Err(Box::new(Why::NoPrice)),
        }
    }

    fn whole_value(&self) -> Option<Money> {
        if let Amount::Notional(money) = self.spec.amount {
            return Some(money.abs());
        }
        self.value_of(self.qty?)
    }
    /// What the part of it is worth that opens or adds: mostly all of it.
    pub(super) fn opening_value(&self) -> Option<Money> {
        let is_whole = self.opening == self.qty && matches!(self.spec.amount, Amount::Qty(_));
        if is_whole { self.value } else { self.value_of(self.opening?) }
    }
    /// What so much of it is worth at its worst, without sign.
    pub(super) fn value_of(&self, qty: Qty) -> Option<Money> {
        self.instrument?.payoff.size(qty, self.price)
    }
    /// Its prices with their names.
    pub(super) fn prices(&self) -> impl Iterator<Item = (&'static str, Price)> {
        let limit = self.spec.order_type.limit().map(|p| ("limit", p));
        let stop = self.spec.order_type.stop().map(|p| ("stop", p));
        limit.into_iter().chain(stop)
    }
    /// Does it close, and only that?
    fn reduces(&self) -> bool {
        let alone = matches!(self.spec.attached, Attached::Simple | Attached::Oco { .. });
        let in_units = matches!(self.spec.amount, Amount::Qty(_));
        alone && in_units && self.opening.is_some_and(Qty::is_zero) && self.qty.is_some_and(Qty::is_positive)
    }
}

/// The price at which an order is judged: a buy at its limit or the ask, a sell at the more of its limit and the
/// bid, since what is sold short is owed at the market. Never zero for want of a price.
pub(super) fn worst_price(spec: &OrderSpec, mark: Option<&Mark>) -> Option<Price> {
    if let Some(named) = spec.named_price() {
        return Some(named);
    }
    let market = |mark: &Mark| match spec.side {
        Side::Buy => mark.ask().or_else(|| mark.price()),
        Side::Sell => mark.bid().or_else(|| mark.price()),
    };
    let touch = mark.and_then(market);
    match spec.order_type {
        OrderType::Limit { limit } => Some(touch.map_or(limit, |t| t.max(limit))),
        OrderType::Market
        | OrderType::Stop { .. }
        | OrderType::StopLimit { .. }
        | OrderType::TrailingStop { .. } => touch,
    }
}

/// Does a change ask for more than the order had: more units, more money, or terms of another kind?
fn adds(before: &OrderSpec, after: &OrderSpec, mark: Option<&Mark>) -> bool {
    let same_terms = before.side == after.side
        && before.instrument == after.instrument
        && before.order_type.kind() == after.order_type.kind()
        && before.attached == after.attached;
    let (Some(old), Some(new)) = (before.amount.qty(), after.amount.qty()) else {
        return before != after;
    };
    let value = |spec: &OrderSpec, qty: Qty| {
        worst_price(spec, mark).and_then(|p| qty.checked_mul_price(p)).map(Money::abs)
    };
    let no_dearer = match (value(before, old), value(after, new)) {
        (Some(was), Some(is)) => is <= was,
        (Some(_) | None, _) => false,
    };
    !(same_terms && new <= old && no_dearer)
}

/// Is `value` more than so many per cent of `equity`?
pub(super) fn is_beyond(value: Money, limit: Percent, equity: Money) -> bool {
    value.is_beyond(limit, equity.max(Money::ZERO))
}

/// A share for a sentence.
pub(super) fn share(value: Money, equity: Money) -> Percent {
    let share = value.percent_of(equity).unwrap_or_default();
    Percent::new(share.get().round_dp(1))
}

impl Why {
    /// Not a question of risk: the venue has no such thing, or it makes no sense. Stops even what adds none.
    pub(super) const fn is_impossible(&self) -> bool {
        matches!(self, Self::BelowFilled { .. })
    }
}
