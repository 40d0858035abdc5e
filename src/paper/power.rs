//! What the account can still do: buying power, units that are free, and the wash trades that are refused.

use super::{
    asset::Asset,
    exchange::Exchange,
    hours::is_day_trading_time,
    order::{Class, Intent, NewOrder, Order},
    refusal::{Context, Refusal},
    shape::is_fraction,
};
use crate::domain::{
    ids::Symbol,
    instrument::{AssetClass, Borrow},
    money::{Money, Price, Qty},
    order::{OrderKind, Side, Tif},
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Below this equity there is no day trading leverage, in dollars.
const DAY_TRADER_MINIMUM: u32 = 25_000;

/// How much of its value a position or an order binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    /// While the regular session is on, where the model lends more then.
    Now,
    /// Over night.
    Overnight,
}

/// The account's sums at the last prices.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub long: Decimal,
    pub short: Decimal,
    pub margin: Decimal,
    pub maintenance: Decimal,
    pub reserved: Decimal,
    pub reserved_cash: Decimal,
}

impl Exchange {
    /// The last price.
    pub(super) fn last(&self, symbol: &Symbol) -> Price {
        self.line(symbol).map_or(Price::ZERO, |l| l.face.trade.price)
    }
    /// Cash and positions at the last prices.
    pub fn equity(&self) -> Money {
        let held = self.ledger.holdings.iter().fold(Decimal::ZERO, |sum, (symbol, holding)| {
            sum.saturating_add(holding.qty.get().saturating_mul(self.last(symbol).get()))
        });
        Money::new(self.ledger.cash.get().saturating_add(held))
    }
    /// What can be bought with a dollar of an instrument.
    pub(super) fn leverage(&self, asset: &Asset, window: Window) -> Decimal {
        let overnight = self.setup.model.rules().leverage(asset.class, asset.symbol.as_str());
        let most = self.configuration.max_margin_multiplier.get().max(Decimal::ONE);
        match (asset.class, window) {
            (AssetClass::Equity, Window::Now) => overnight.max(self.day_leverage()).min(most),
            (AssetClass::Equity, Window::Overnight) => overnight.min(most),
            (
                AssetClass::Crypto
                | AssetClass::Option
                | AssetClass::Forex
                | AssetClass::Future
                | AssetClass::Perpetual
                | AssetClass::Cfd,
                Window::Now | Window::Overnight,
            ) => overnight,
        }
    }
    /// The leverage of the day, one where there is none.
    pub(super) fn day_leverage(&self) -> Decimal {
        let rich = self.equity().get() >= Decimal::from(DAY_TRADER_MINIMUM);
        if rich && is_day_trading_time(&self.session, self.at) {
            Decimal::from(self.setup.model.rules().day_leverage)
        } else {
            Decimal::ONE
        }
    }
    pub(super) fn sums(&self, window: Window) -> Sums {
        let mut sums = Sums::default();
        for (symbol, holding) in &self.ledger.holdings {
            let Some(asset) = self.asset(symbol.as_str()) else {
                continue;
            };
            let value = holding.qty.get().saturating_mul(self.last(symbol).get());
            let share = Decimal::ONE.checked_div(self.leverage(asset, window)).unwrap_or(Decimal::ONE);
            sums.margin = sums.margin.saturating_add(value.abs().saturating_mul(share));
            let (side, keep) = if value < Decimal::ZERO {
                (&mut sums.short, Decimal::new(30, 2))
            } else {
                (&mut sums.long, if asset.is_coin() { share } else { Decimal::new(25, 2) })
            };
            *side = side.saturating_add(value);
            sums.maintenance = sums.maintenance.saturating_add(value.abs().saturating_mul(keep));
        }
        for (_, order) in self.orders.open().filter(|(_, o)| o.binds() && !o.closes()) {
            let Some(asset) = self.asset(order.symbol.as_str()) else {
                continue;
            };
            let value = self.value_left(order).get();
            let leverage = self.leverage(asset, window);
            sums.reserved = sums.reserved.saturating_add(value.checked_div(leverage).unwrap_or(value));
            if asset.is_coin() {
                sums.reserved_cash = sums.reserved_cash.saturating_add(value);
            }
        }
        sums
    }
    /// The price that an order's cost is reckoned by: the worst that it allows, else the market's.
    fn reckoned(&self, side: Side, limit: Option<Price>, stop: Option<Price>, symbol: &Symbol) -> Price {
        let touch = self.line(symbol).map(|l| match side {
            Side::Buy => l.face.quote.ask,
            Side::Sell => l.face.quote.bid,
        });
        let market = touch.unwrap_or_default();
        match (limit, stop, side) {
            (Some(limit), _, Side::Buy) => limit,
            (Some(limit), _, Side::Sell) => limit.max(market),
            (None, Some(stop), _) => stop.max(market),
            (None, None, _) => market,
        }
    }
    pub(super) fn value_left(&self, order: &Order) -> Money {
        if let Some(money) = order.notional_left() {
            return money;
        }
        let price = self.reckoned(order.side, order.limit, order.stop, &order.symbol);
        order.remaining().and_then(|q| q.checked_mul_price(price)).unwrap_or_default()
    }
    /// Margin that is free. Below zero when more is bound than there is.
    pub(super) fn free(&self, sums: &Sums) -> Decimal {
        let equity = self.equity().get();
        let unsettled = self.ledger.unsettled_sum().get();
        equity.saturating_sub(sums.margin).saturating_sub(sums.reserved).saturating_sub(unsettled)
    }
    /// Money for things that take no margin: neither borrowed nor from short sales.
    pub(super) fn own_cash(&self, sums: &Sums) -> Decimal {
        let cash = self.ledger.cash.get().saturating_add(sums.short);
        let left = cash.saturating_sub(sums.reserved_cash);
        left.saturating_sub(self.ledger.unsettled_sum().get()).min(self.free(sums)).max(Decimal::ZERO)
    }
    /// Units of a position that working orders hold. Orders of one group hold them together, not each.
    pub(super) fn held(&self, symbol: &Symbol) -> Qty {
        let mut by_group: BTreeMap<Uuid, Qty> = BTreeMap::new();
        let closing = |o: &&Order| o.symbol == *symbol && o.binds() && o.closes();
        for order in self.orders.open().map(|(_, o)| o).filter(closing) {
            let left = order.remaining().unwrap_or_else(|| self.units_of(order));
            let held = by_group.entry(order.group()).or_default();
            *held = (*held).max(left);
        }
        self.add_ended(symbol, &mut by_group);
        by_group.values().fold(Qty::ZERO, |sum, q| sum.checked_add(*q).unwrap_or(sum))
    }
    fn units_of(&self, order: &Order) -> Qty {
        let price = self.reckoned(order.side, None, None, &order.symbol).get();
        let money = order.notional_left().unwrap_or_default().get();
        Qty::new(money.checked_div(price).unwrap_or_default().round_dp(9)).unwrap_or_default()
    }

    /// What the order will do to the position.
    pub(super) fn intent(&self, side: Side, symbol: &Symbol) -> Intent {
        let qty = self.ledger.qty(symbol);
        match side {
            Side::Buy if qty.is_negative() => Intent::BuyToClose,
            Side::Buy => Intent::BuyToOpen,
            Side::Sell if qty.is_positive() => Intent::SellToClose,
            Side::Sell => Intent::SellToOpen,
        }
    }
    /// May the account do this now?
    pub(super) fn may(&self, order: &NewOrder, asset: &Asset, intent: Intent) -> Result<(), Refusal> {
        if let Some(given) = order.intent
            && given != intent
        {
            let (inferred, given) = (intent.word(), given.word());
            return Err(Refusal::invalid(format!(
                "position intent mismatch, inferred: {inferred}, specified: {given}"
            )));
        }
        let closes = matches!(intent, Intent::BuyToClose | Intent::SellToClose);
        match order.class {
            Class::Oco if !closes => return Err(Refusal::invalid("oco orders must be exit orders")),
            Class::Bracket | Class::Oto if closes => {
                return Err(Refusal::invalid(format!("{} orders must be entry orders", order.class.word())));
            }
            Class::Simple | Class::Bracket | Class::Oco | Class::Oto => {}
        }
        self.no_wash(order, asset)?;
        if closes {
            return self.units_are_free(order, asset);
        }
        if order.side == Side::Sell {
            self.may_sell_short(order, asset)?;
        }
        let limit = order.limit.or(order.take_profit.filter(|_| order.class == Class::Oco));
        let price = self.reckoned(order.side, limit, order.stop, &asset.symbol);
        let cost = order.notional.or_else(|| order.qty.and_then(|q| q.checked_mul_price(price)));
        self.can_pay(cost.unwrap_or(Money::new(Decimal::MAX)), asset, is_fraction(order.qty))
    }
    pub(super) fn units_are_free(&self, order: &NewOrder, asset: &Asset) -> Result<(), Refusal> {
        let existing = self.ledger.qty(&asset.symbol).size();
        let held = if self.holds() { self.held(&asset.symbol) } else { Qty::ZERO };
        let available = existing.saturating_sub(held);
        let price = self.reckoned(order.side, None, None, &asset.symbol).get();
        let asked = order.qty.or_else(|| {
            let units = order.notional.unwrap_or_default().get().checked_div(price)?;
            Qty::new(units.round_dp_with_strategy(9, rust_decimal::RoundingStrategy::ToZero))
        });
        let asked = asked.unwrap_or_default();
        if asked <= available {
            return Ok(());
        }
        let symbol = &asset.symbol;
        let related =
            self.orders.open().map(|(_, o)| o).filter(|o| o.symbol == *symbol && o.binds() && o.closes());
        let context = Context {
            available: Some(available),
            existing_qty: Some(existing),
            held_for_orders: Some(held),
            symbol: Some(symbol.as_str().into()),
            related_orders: related.map(|o| o.id).collect(),
            ..Context::default()
        };
        let message = if asset.is_coin() {
            format!("insufficient balance for {} (requested: {asked}, available: {available})", asset.base())
        } else {
            format!("insufficient qty available for order (requested: {asked}, available: {available})")
        };
        Err(Refusal::forbidden(message).with(context))
    }
    fn may_sell_short(&self, order: &NewOrder, asset: &Asset) -> Result<(), Refusal> {
        let asked = order.qty.unwrap_or_default();
        if asset.is_coin() {
            let message =
                format!("insufficient balance for {} (requested: {asked}, available: 0)", asset.base());
            return Err(Refusal::forbidden(message));
        }
        if is_fraction(order.qty) {
            return Err(Refusal::invalid("fractional orders cannot be sold short"));
        }
        if self.configuration.no_shorting || !self.setup.model.rules().shorts {
            return Err(Refusal::forbidden("account is not allowed to short"));
        }
        if !asset.shortable {
            return Err(Refusal::invalid(format!("asset \"{}\" cannot be sold short", asset.symbol)));
        }
        if asset.borrow == Borrow::Hard && order.tif != Tif::Day {
            return Err(Refusal::invalid(format!(
                "only day orders are allowed for hard-to-borrow asset \"{}\"",
                asset.symbol
            )));
        }
        if let Some(dollars) = self.setup.model.rules().short_day_only_above {
            let cheap = self.last(&asset.symbol).get() < Decimal::from(dollars);
            if cheap || order.tif == Tif::Gtc {
                return Err(Refusal::invalid(format!(
                    "the {} model sells short in day orders and from {dollars} dollars up",
                    self.setup.model.word()
                )));
            }
        }
        let opening = |o: &&Order| o.symbol == asset.symbol && o.binds() && o.intent == Intent::SellToOpen;
        let working = self.orders.open().map(|(_, o)| o).filter(opening).filter_map(Order::remaining);
        let short = working.fold(self.ledger.qty(&asset.symbol).size(), |s, q| s.checked_add(q).unwrap_or(s));
        let available = asset.short_limit.saturating_sub(short);
        if asked > available {
            return Err(Refusal::forbidden(format!(
                "insufficient shares of {} to borrow (requested: {asked}, available: {available})",
                asset.symbol
            )));
        }
        Ok(())
    }
    /// Is there money for it?
    pub(super) fn can_pay(&self, cost: Money, asset: &Asset, fraction: bool) -> Result<(), Refusal> {
        let minimum = if asset.is_coin() { 10_u32 } else { 1 };
        if (fraction || asset.is_coin()) && cost.get() < Decimal::from(minimum) {
            let message = format!("cost basis must be >= minimal amount of order {minimum}");
            return Err(Refusal::forbidden(message));
        }
        let sums = self.sums(Window::Now);
        let leverage = self.leverage(asset, Window::Now);
        let power = if leverage > Decimal::ONE {
            self.free(&sums).max(Decimal::ZERO).saturating_mul(leverage)
        } else {
            self.own_cash(&sums)
        };
        if cost.get() <= power {
            return Ok(());
        }
        let power = Money::new(power.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::ToZero));
        let context = Context { buying_power: Some(power), cost_basis: Some(cost), ..Context::default() };
        let message = if asset.is_coin() && leverage == Decimal::ONE {
            format!("insufficient balance for USD (requested: {cost}, available: {power})")
        } else {
            "insufficient buying power".to_owned()
        };
        Err(Refusal::forbidden(message).with(context))
    }
    /// An order that could trade with one of the account's own is refused.
    pub(super) fn no_wash(&self, order: &NewOrder, asset: &Asset) -> Result<(), Refusal> {
        let limit = order.limit.or(order.take_profit.filter(|_| order.class == Class::Oco));
        let limit = limit.filter(|_| order.kind == OrderKind::Limit);
        let opposite = |o: &&Order| o.symbol == asset.symbol && o.side != order.side && o.binds();
        let crosses = |other: &Order| {
            let (Some(ours), Some(theirs)) = (limit, other.limit.filter(|_| other.kind == OrderKind::Limit))
            else {
                return true;
            };
            match order.side {
                Side::Buy => ours >= theirs,
                Side::Sell => theirs >= ours,
            }
        };
        match self.orders.open().map(|(_, o)| o).filter(opposite).find(|o| crosses(o)) {
            None => Ok(()),
            Some(other) => {
                let context = Context { existing_order_id: Some(other.id), ..Context::default() };
                Err(Refusal::forbidden("potential wash trade detected. use complex orders").with(context))
            }
        }
    }
}
