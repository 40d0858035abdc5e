//! The account and its positions as the venue shows them.

use super::{
    account::{Account, Position},
    exchange::Exchange,
    hours::days_after,
    ledger::Holding,
    power::Window,
};
use crate::domain::{
    ids::Symbol,
    money::{Money, Price, Ratio, SignedQty},
};
use rust_decimal::{Decimal, RoundingStrategy};
use smol_str::format_smolstr;
use uuid::Uuid;

/// Day trades count for five trading days: a week back.
const DAY_TRADE_DAYS: i64 = -6;

fn cents(d: Decimal) -> Money {
    Money::new(d.round_dp_with_strategy(2, RoundingStrategy::ToZero))
}

fn share(part: Decimal, whole: Decimal) -> Ratio {
    Ratio::new(part.checked_div(whole.abs()).unwrap_or_default().round_dp(10).normalize())
}

impl Exchange {
    /// The account's figures.
    pub fn account(&self) -> Account {
        let (now, night) = (self.sums(Window::Now), self.sums(Window::Overnight));
        let rules = self.setup.model.rules();
        let most = self.configuration.max_margin_multiplier.get().max(Decimal::ONE);
        let lent = rules.stocks.map_or(10, |d| d.leverage_tenths).max(10);
        let overnight = Decimal::new(i64::from(lent), 1).normalize().min(most);
        let day = self.day_leverage().min(most);
        let multiplier = overnight.max(day);
        let free_night = self.free(&night).max(Decimal::ZERO);
        let power = self.free(&now).max(Decimal::ZERO).saturating_mul(multiplier);
        let equity = self.equity();
        let own = self.own_cash(&now);
        let first = days_after(self.session.date, DAY_TRADE_DAYS);
        let day_trades = self.ledger.day_trades.iter().filter(|(day, _)| *day >= first).count();
        Account {
            id: self.account_id,
            account_number: self.account_number(),
            created_at: self.setup.start,
            equity,
            last_equity: self.ledger.last_equity,
            cash: self.ledger.cash,
            unsettled_cash: self.ledger.unsettled_sum(),
            buying_power: cents(power),
            regt_buying_power: cents(free_night.saturating_mul(overnight)),
            daytrading_buying_power: if day > overnight { cents(power) } else { Money::ZERO },
            non_marginable_buying_power: cents(own),
            cash_withdrawable: cents(own),
            initial_margin: Money::new(night.margin.saturating_add(night.reserved).round_dp(2)),
            maintenance_margin: Money::new(now.maintenance.round_dp(2)),
            last_maintenance_margin: self.ledger.last_maintenance,
            sma: cents(free_night),
            long_market_value: Money::new(now.long),
            short_market_value: Money::new(now.short),
            accrued_fees: Money::ZERO,
            fees_paid: self.ledger.fees_paid,
            daytrade_count: u32::try_from(day_trades).ok().unwrap_or(u32::MAX),
            multiplier: Ratio::new(multiplier),
            shorting_enabled: rules.shorts && !self.configuration.no_shorting,
            pattern_day_trader: false,
            trade_suspended_by_user: self.configuration.suspend_trade,
            trading_blocked: false,
        }
    }
    fn account_number(&self) -> smol_str::SmolStr {
        let (high, _) = self.account_id.as_u64_pair();
        format_smolstr!("PA{:08X}", high.wrapping_shr(32))
    }
    /// One position, by symbol (in any spelling) or id.
    pub fn position(&self, symbol: &str) -> Option<Position> {
        let symbol = &self.asset(symbol)?.symbol;
        self.position_of(symbol, self.ledger.holdings.get(symbol)?)
    }
    /// All positions, by symbol.
    pub fn positions(&self) -> Vec<Position> {
        self.ledger.holdings.iter().filter_map(|(symbol, h)| self.position_of(symbol, h)).collect()
    }
    fn position_of(&self, symbol: &Symbol, holding: &Holding) -> Option<Position> {
        let asset = self.asset(symbol.as_str())?;
        let line = self.line(symbol)?;
        let current = line.face.trade.price;
        let value = holding.qty.get().saturating_mul(current.get());
        let gain = value.saturating_sub(holding.cost.get());
        let day_gain = value.saturating_sub(holding.day_cost.get());
        let free = holding.qty.size().saturating_sub(self.held(symbol));
        let free = if holding.qty.is_negative() {
            SignedQty::new(free.get()).negated()
        } else {
            SignedQty::new(free.get())
        };
        let before = line.day_before;
        let moved = current.get().saturating_sub(before.get());
        Some(Position {
            asset_id: asset.id,
            symbol: symbol.clone(),
            exchange: asset.exchange,
            asset_class: asset.class,
            asset_marginable: asset.marginable,
            qty: holding.qty,
            qty_available: free,
            avg_entry_price: Price::new(holding.average().get().round_dp(6).normalize()),
            market_value: Money::new(value),
            cost_basis: holding.cost,
            unrealized_pl: Money::new(gain),
            unrealized_plpc: share(gain, holding.cost.get()),
            unrealized_intraday_pl: Money::new(day_gain),
            unrealized_intraday_plpc: share(day_gain, holding.day_cost.get()),
            current_price: current,
            lastday_price: before,
            change_today: share(moved, before.get()),
        })
    }
    /// An id that nobody else has: from the account's own and a count.
    pub(super) fn make_id(&mut self, kind: &str) -> Uuid {
        self.made = self.made.saturating_add(1);
        Uuid::new_v5(&self.account_id, format!("{kind}:{}", self.made).as_bytes())
    }
}
