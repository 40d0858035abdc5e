//! What each rule is held to: its limit, where it clears again, and what is done when it trips. There is no
//! "unlimited": what is left out has the default here.

use super::{Response, Rule};
use crate::domain::money::{Money, Percent};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A loss: in money, as a share, or both; whichever is reached first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossLimit {
    /// In the account's currency.
    pub money: Option<Money>,
    /// Of the equity it is counted from.
    pub percent: Percent,
    /// What is done.
    pub response: Response,
    /// So long nobody can lift it; zero is until a person does, or the session ends.
    pub lockout_minutes: u64,
}

/// A part of the day's best profit that may be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveBackLimit {
    /// Of the best profit.
    pub percent: Percent,
    /// Watched once the best profit was so large a share of the day's first equity.
    pub from_percent: Percent,
    /// What is done.
    pub response: Response,
    /// So long nobody can lift it.
    pub lockout_minutes: u64,
}

/// Losing trades in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreakLimit {
    /// It trips at so many.
    pub most: u64,
    /// What is done.
    pub response: Response,
    /// How long that stands; nobody can cut it short. Zero is for the session.
    pub cool_down_minutes: u64,
}

/// A count of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountLimit {
    /// So many are allowed; it trips with the next.
    pub most: u64,
    /// What is done.
    pub response: Response,
}

/// Orders in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// In any second.
    pub per_second: u64,
    /// In any minute.
    pub per_minute: u64,
    /// What is done.
    pub response: Response,
}

/// Hours in which entries are allowed, in the time zone of the venue. Both the same is the whole day; an end before
/// the beginning is the next day's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowLimit {
    /// From this minute of the day.
    pub from: u16,
    /// Up to this one.
    pub to: u16,
    /// What is done outside.
    pub response: Response,
}

/// Margin that remains, as a share of equity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarginLimit {
    /// It trips at so much, or less.
    pub percent: Percent,
    /// It clears at so much, or more.
    pub clear_percent: Percent,
    /// What is done.
    pub response: Response,
}

/// Cash below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashLimit {
    /// So much below zero is allowed.
    pub money: Money,
    /// What is done.
    pub response: Response,
}

/// An age, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgeLimit {
    /// It trips beyond this.
    pub seconds: u64,
    /// What is done.
    pub response: Response,
}

/// A difference of clocks, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkewLimit {
    /// It trips beyond this.
    pub ms: u64,
    /// It clears below this.
    pub clear_ms: u64,
    /// What is done.
    pub response: Response,
}

/// A share that is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareLimit {
    /// It trips at this.
    pub percent: Percent,
    /// It clears below this.
    pub clear_percent: Percent,
    /// What is done.
    pub response: Response,
}

/// A time ahead, in hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AheadLimit {
    /// It trips so long before.
    pub hours: u64,
    /// What is done.
    pub response: Response,
}

/// Something that has no figure: it is so, or it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLimit {
    /// What is done.
    pub response: Response,
}

/// Every rule of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Loss since the trading day began.
    pub daily_loss: LossLimit,
    /// Loss since the trading week began.
    pub weekly_loss: LossLimit,
    /// Fall from the day's high.
    pub drawdown: LossLimit,
    /// Profit given back.
    pub give_back: GiveBackLimit,
    /// Losing trades in a row.
    pub loss_streak: StreakLimit,
    /// Trades of the day.
    pub trade_count: CountLimit,
    /// Hours for entries.
    pub time_window: WindowLimit,
    /// Loss of one position, of the account's equity.
    pub position_loss: LossLimit,
    /// Margin in the warning zone.
    pub margin_low: MarginLimit,
    /// Margin next to nothing.
    pub margin_call: MarginLimit,
    /// No margin.
    pub margin_out: MarginLimit,
    /// Cash below zero.
    pub negative_cash: CashLimit,
    /// Orders of the day.
    pub orders_per_day: CountLimit,
    /// Orders in a second and in a minute.
    pub order_rate: RateLimit,
    /// Rejects and failures of the session.
    pub errors: CountLimit,
    /// Age of the quote of what is held.
    pub quote_age: AgeLimit,
    /// An order that waits for an answer.
    pub order_pending: AgeLimit,
    /// An entry that has been working.
    pub order_old: AgeLimit,
    /// A position without a protective stop.
    pub no_stop: AgeLimit,
    /// A target or stop that still works though what it was to close is gone.
    pub orphan_exit: AgeLimit,
    /// A position that came or went without us.
    pub position_changed: EventLimit,
    /// A fill larger than its order.
    pub overfill: EventLimit,
    /// A stream that is down.
    pub stream_down: AgeLimit,
    /// The clock against the venue's.
    pub clock_skew: SkewLimit,
    /// Requests used of the venue's limit.
    pub rate_limit: ShareLimit,
    /// A token near its end.
    pub token_expiry: AheadLimit,
    /// An algorithm that gives no sign of life.
    pub heartbeat: AgeLimit,
}

impl Default for Rules {
    fn default() -> Self {
        let percent = |n: i64| Percent::new(Decimal::new(n, 0));
        let loss =
            |n: i64, response| LossLimit { money: None, percent: percent(n), response, lockout_minutes: 0 };
        let margin = |at: i64, clear: i64, response| MarginLimit {
            percent: percent(at),
            clear_percent: percent(clear),
            response,
        };
        let count = |most| CountLimit { most, response: Response::Alert };
        let age = |seconds| AgeLimit { seconds, response: Response::Alert };
        Self {
            daily_loss: loss(3, Response::BlockEntries),
            weekly_loss: loss(6, Response::BlockEntries),
            drawdown: loss(5, Response::Alert),
            give_back: GiveBackLimit {
                percent: percent(50),
                from_percent: percent(1),
                response: Response::Alert,
                lockout_minutes: 0,
            },
            loss_streak: StreakLimit { most: 5, response: Response::Alert, cool_down_minutes: 15 },
            trade_count: count(50),
            time_window: WindowLimit { from: 0, to: 0, response: Response::BlockEntries },
            position_loss: loss(5, Response::Alert),
            margin_low: margin(20, 25, Response::Alert),
            margin_call: margin(5, 10, Response::BlockEntries),
            margin_out: margin(0, 5, Response::CancelEntries),
            negative_cash: CashLimit { money: Money::ZERO, response: Response::Alert },
            orders_per_day: count(100),
            order_rate: RateLimit { per_second: 10, per_minute: 120, response: Response::BlockEntries },
            errors: count(10),
            quote_age: age(300),
            order_pending: age(30),
            order_old: age(3_600),
            no_stop: age(1),
            orphan_exit: age(3),
            position_changed: EventLimit { response: Response::Alert },
            overfill: EventLimit { response: Response::Alert },
            stream_down: age(10),
            clock_skew: SkewLimit { ms: 1_000, clear_ms: 500, response: Response::Alert },
            rate_limit: ShareLimit {
                percent: percent(90),
                clear_percent: percent(70),
                response: Response::Alert,
            },
            token_expiry: AheadLimit { hours: 24, response: Response::Alert },
            heartbeat: age(60),
        }
    }
}

impl Rules {
    /// What is done when a rule trips.
    pub const fn response(&self, rule: Rule) -> Response {
        match rule {
            Rule::DailyLoss => self.daily_loss.response,
            Rule::WeeklyLoss => self.weekly_loss.response,
            Rule::Drawdown => self.drawdown.response,
            Rule::GiveBack => self.give_back.response,
            Rule::LossStreak => self.loss_streak.response,
            Rule::TradeCount => self.trade_count.response,
            Rule::TimeWindow => self.time_window.response,
            Rule::PositionLoss => self.position_loss.response,
            Rule::MarginLow => self.margin_low.response,
            Rule::MarginCall => self.margin_call.response,
            Rule::MarginOut => self.margin_out.response,
            Rule::NegativeCash => self.negative_cash.response,
            Rule::OrdersPerDay => self.orders_per_day.response,
            Rule::OrderRate => self.order_rate.response,
            Rule::Errors => self.errors.response,
            Rule::QuoteAge => self.quote_age.response,
            Rule::OrderPending => self.order_pending.response,
            Rule::OrderOld => self.order_old.response,
            Rule::NoStop => self.no_stop.response,
            Rule::OrphanExit => self.orphan_exit.response,
            Rule::PositionChanged => self.position_changed.response,
            Rule::Overfill => self.overfill.response,
            Rule::StreamDown => self.stream_down.response,
            Rule::ClockSkew => self.clock_skew.response,
            Rule::RateLimit => self.rate_limit.response,
            Rule::TokenExpiry => self.token_expiry.response,
            Rule::Heartbeat => self.heartbeat.response,
        }
    }
    /// How long nobody can lift what tripped, in minutes; zero where a person can.
    pub const fn lockout_minutes(&self, rule: Rule) -> u64 {
        match rule {
            Rule::DailyLoss => self.daily_loss.lockout_minutes,
            Rule::WeeklyLoss => self.weekly_loss.lockout_minutes,
            Rule::Drawdown => self.drawdown.lockout_minutes,
            Rule::GiveBack => self.give_back.lockout_minutes,
            Rule::LossStreak => self.loss_streak.cool_down_minutes,
            Rule::PositionLoss => self.position_loss.lockout_minutes,
            Rule::TradeCount
            | Rule::TimeWindow
            | Rule::MarginLow
            | Rule::MarginCall
            | Rule::MarginOut
            | Rule::NegativeCash
            | Rule::OrdersPerDay
            | Rule::OrderRate
            | Rule::Errors
            | Rule::QuoteAge
            | Rule::OrderPending
            | Rule::OrderOld
            | Rule::NoStop
            | Rule::OrphanExit
            | Rule::PositionChanged
            | Rule::Overfill
            | Rule::StreamDown
            | Rule::ClockSkew
            | Rule::RateLimit
            | Rule::TokenExpiry
            | Rule::Heartbeat => 0,
        }
    }
}
