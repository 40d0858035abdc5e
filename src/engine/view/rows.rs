//! The other rows: watchlist, positions, fills, accounts, alerts.

use super::super::Engine;
use crate::{
    analytics,
    book::{Mark, PositionRow as Held},
    desk::snapshot::{AccountRow, AlertRow, FillRow, PositionRow, WatchRow},
    domain::{
        alert::Alert,
        held::HeldKind,
        ids::{Currency, InstrumentId, OrderId, Symbol, VenueId},
        money::{Money, Price, Qty},
        order::OrderType,
        time::Mono,
    },
};
use std::sync::Arc;

/// Fills that are shown.
const FILLS_MAX: usize = 2_000;
/// Alerts that are shown.
const ALERTS_MAX: usize = 1_000;

/// The position that won or lost most today.
type Extreme = Option<(Symbol, Money)>;

impl Engine {
    pub(super) fn watch_rows(&self) -> Vec<WatchRow> {
        let mut rows = Vec::new();
        for venue in &self.names {
            let Some(state) = self.venues.get(venue) else { continue };
            for symbol in &state.watched {
                let id = InstrumentId { venue: venue.clone(), symbol: symbol.clone() };
                rows.push(self.watch_row(id, state.halted.get(symbol).cloned()));
            }
        }
        rows
    }

    fn watch_row(&self, instrument: InstrumentId, halted: Option<crate::domain::text::Text>) -> WatchRow {
        let mark = self.marks.get(&instrument);
        let rules = self.book.instrument(&instrument);
        let touch = mark.and_then(|m| m.touch);
        let last = mark.and_then(Mark::price);
        let updated = updated(mark);
        WatchRow {
            class: rules.map(|r| r.class),
            last,
            bid: touch.and_then(|t| t.bid).map(|(p, _)| p),
            bid_size: touch.and_then(|t| t.bid).map(|(_, s)| s),
            ask: touch.and_then(|t| t.ask).map(|(p, _)| p),
            ask_size: touch.and_then(|t| t.ask).map(|(_, s)| s),
            spread: touch.and_then(|t| t.ask?.0.checked_sub(t.bid?.0)),
            change: mark.and_then(Mark::day_change),
            volume: mark.and_then(|m| m.volume),
            spark: Arc::new(mark.map_or_else(Vec::new, |m| m.spark().collect())),
            tick: rules.zip(last).map(|(r, p)| r.tick.at(p)),
            stale: self.is_stale(updated, &instrument.venue) || mark.is_some_and(|m| m.bad().is_some()),
            updated,
            halted,
            instrument,
        }
    }

    pub(super) fn position_rows(&self) -> Vec<PositionRow> {
        self.book.positions().filter(|p| !p.qty.is_zero()).map(|p| self.position_row(p)).collect()
    }

    fn position_row(&self, held: &Held) -> PositionRow {
        let mark = self.marks.get(&held.instrument);
        let rules = self.book.instrument(&held.instrument);
        let figures = analytics::position(&self.book, held, mark);
        let updated = updated(mark);
        let (protected, target) = self.protection(&held.instrument);
        PositionRow {
            instrument: held.instrument.clone(),
            qty: held.qty,
            avg_price: held.avg_price,
            last: figures.last,
            value: figures.value,
            day_pnl: figures.day,
            unrealized: figures.unrealized,
            unrealized_percent: figures.unrealized_percent,
            risk_to_stop: figures.risk_to_stop,
            r_multiple: figures.r_multiple,
            equity_percent: figures.equity_share,
            protected: protected.min(held.qty.size()),
            stop: figures.stop,
            target,
            tick: rules.zip(figures.last).map(|(r, p)| r.tick.at(p)),
            currency: rules.map_or_else(Currency::usd, |r| r.quote.clone()),
            stale: self.is_stale(updated, &held.instrument.venue),
            updated,
        }
    }

    /// How much working stops cover, and where the target stands.
    fn protection(&self, instrument: &InstrumentId) -> (Qty, Option<Price>) {
        let mut covered = Qty::ZERO;
        let mut target = None;
        for order in self.book.reducing_orders(instrument) {
            match order.spec.order_type {
                OrderType::Stop { .. } | OrderType::StopLimit { .. } | OrderType::TrailingStop { .. } => {
                    let open = order.remaining().unwrap_or_default();
                    covered = covered.checked_add(open).unwrap_or(covered);
                }
                OrderType::Limit { limit } => target = Some(limit),
                OrderType::Market => {}
            }
        }
        let exit = self.book.exit_side(instrument);
        for held in self.book.held_of(instrument).filter(|h| Some(h.order.side) == exit) {
            match held.order.kind {
                HeldKind::Stop { .. } | HeldKind::Trail { .. } => {
                    covered = covered.checked_add(held.order.qty).unwrap_or(covered);
                }
                HeldKind::Target { limit } => target = target.or(Some(limit)),
                HeldKind::Rest { .. } => {}
            }
        }
        (covered, target)
    }

    pub(super) fn fill_rows(&self) -> Vec<FillRow> {
        self.book
            .fills()
            .rev()
            .take(FILLS_MAX)
            .map(|fill| {
                let e = &fill.execution;
                let order = OrderId { venue: e.instrument.venue.clone(), client: e.client.clone() };
                let slippage_bps = self
                    .book
                    .order(&order)
                    .and_then(|o| o.arrival?.mid())
                    .and_then(|p| analytics::slippage_bps(fill, p));
                FillRow {
                    at: e.at,
                    execution: e.id.clone(),
                    order,
                    symbol: e.instrument.symbol.clone(),
                    side: e.side,
                    qty: e.qty,
                    price: e.price,
                    fee: e.fee.clone(),
                    liquidity: e.liquidity,
                    slippage_bps,
                    inferred: fill.inferred,
                }
            })
            .collect()
    }

    pub(super) fn account_rows(&self) -> Vec<AccountRow> {
        self.names.iter().filter_map(|v| self.account_row(v)).collect()
    }

    fn account_row(&self, venue: &VenueId) -> Option<AccountRow> {
        let account = self.book.account(venue)?;
        let r = &account.report;
        let figures = analytics::venue(&self.book, &self.marks, venue);
        let curve = self.curves.get(venue);
        let (top_gainer, top_loser) = self.extremes(venue);
        let equity = self.equity_now(venue).unwrap_or(r.equity);
        // Of the equity that stands beside it: between a fill and the account's next word the two would differ by
        // the whole position.
        let day = r.last_equity.and_then(|then| equity.checked_sub(then)).or(figures.day);
        Some(AccountRow {
            venue: venue.clone(),
            account: r.account.clone(),
            currency: r.currency.clone(),
            equity,
            last_equity: r.last_equity,
            cash: r.cash,
            buying_power: self.buying_power_left(venue).unwrap_or(r.buying_power),
            initial_margin: r.initial_margin,
            maintenance_margin: r.maintenance_margin,
            realized: figures.realized_today,
            unrealized: Some(figures.unrealized),
            fees: figures.fees_today,
            day_pnl: day,
            day_percent: day.and_then(|d| d.percent_of(r.last_equity.unwrap_or(equity))),
            drawdown: curve.and_then(analytics::EquityCurve::drawdown),
            longs: figures.longs,
            shorts: figures.shorts,
            gross: figures.long.checked_add(figures.short),
            net: figures.long.checked_sub(figures.short),
            top_gainer,
            top_loser,
            day_trades: r.day_trades,
            blocked: r.blocked.clone(),
            updated: self.mono_of(account.at),
        })
    }

    fn extremes(&self, venue: &VenueId) -> (Extreme, Extreme) {
        let mut best: Extreme = None;
        let mut worst: Extreme = None;
        for held in self.book.positions().filter(|p| p.instrument.venue == *venue && !p.qty.is_zero()) {
            let figures = analytics::position(&self.book, held, self.marks.get(&held.instrument));
            let Some(day) = figures.day else { continue };
            let symbol = &held.instrument.symbol;
            if day.is_positive() && best.as_ref().is_none_or(|(_, m)| day > *m) {
                best = Some((symbol.clone(), day));
            }
            if day.is_negative() && worst.as_ref().is_none_or(|(_, m)| day < *m) {
                worst = Some((symbol.clone(), day));
            }
        }
        (best, worst)
    }

    pub(super) fn alert_rows(&self) -> Vec<AlertRow> {
        let mut rows: Vec<AlertRow> = Vec::new();
        for (alert, acknowledged) in self.book.alerts().rev() {
            if let Some(last) = rows.last_mut()
                && same(&last.alert, alert)
                && last.acknowledged == acknowledged
            {
                last.count = last.count.saturating_add(1);
                continue;
            }
            if rows.len() >= ALERTS_MAX {
                break;
            }
            rows.push(AlertRow { alert: alert.clone(), count: 1, acknowledged });
        }
        rows
    }
}

fn same(a: &Alert, b: &Alert) -> bool {
    a.code == b.code && a.venue == b.venue && a.text == b.text
}

/// When the newest of quote and print came.
fn updated(mark: Option<&Mark>) -> Option<Mono> {
    let mark = mark?;
    let touch = mark.touch.map(|t| t.received);
    let last = mark.last.map(|l| l.received);
    touch.max(last)
}
