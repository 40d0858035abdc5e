//! Losses: of the day, of the week, from the day's high, of its best profit, of one position.

use super::{
    QuoteAge, Reading, Sources, VenueWatch,
    reading::{cents, percent, ratio},
    stale_mark, worst_of,
};
use crate::{
    book::SessionRow,
    domain::{
        money::Money,
        rules::{LossLimit, Rule},
    },
};
use rust_decimal::Decimal;

/// A loss clears again below four fifths of its limit.
const CLEAR: Decimal = Decimal::from_parts(8, 0, 0, false, 1);

/// Equity and what it is counted from, or why there is none.
struct Figures<'a> {
    equity: Money,
    high: Money,
    session: &'a SessionRow,
}

pub(super) fn read(from: &Sources<'_>, at: &VenueWatch<'_>, out: &mut Vec<Reading>) {
    let day = |rule| Reading::of_venue(at.rules, rule, at.venue);
    match figures(from, at) {
        Err(why) => {
            for rule in [Rule::DailyLoss, Rule::WeeklyLoss, Rule::Drawdown, Rule::GiveBack] {
                out.push(day(rule).unknown(&format!(
                    "{} of {} can't be judged: {why}",
                    rule.word(),
                    at.venue
                )));
            }
        }
        Ok(f) => {
            let (then, week) = (f.session.day.equity, f.session.week_equity);
            let losses = [
                (Rule::DailyLoss, at.rules.daily_loss, then, "since the trading day began"),
                (Rule::WeeklyLoss, at.rules.weekly_loss, week, "since the trading week began"),
                (Rule::Drawdown, at.rules.drawdown, f.high, "from the day's high"),
            ];
            for (rule, limit, base, since) in losses {
                out.push(loss(day(rule), &limit, base, f.equity, (at.venue.as_str(), since)));
            }
            out.push(give_back(day(Rule::GiveBack), at, &f));
        }
    }
    positions(from, at, out);
}

/// What the figures are; an age beyond three reports is no figure.
fn figures<'a>(from: &Sources<'a>, at: &VenueWatch<'_>) -> Result<Figures<'a>, String> {
    const FIGURES_MAX_MS: u64 = 95_000;
    let equity = at.equity.ok_or("the account's figures are not known yet")?;
    match at.figures_age_ms {
        None => return Err("the account's figures are not known yet".to_owned()),
        Some(ms) if ms > FIGURES_MAX_MS => {
            return Err(format!("the account's figures are {} s old", ms.div_euclid(1_000)));
        }
        Some(_) => {}
    }
    if let Some(why) = stale_mark(from, at) {
        return Err(why);
    }
    let session = from.book.session(at.venue).ok_or("the day's first equity is not known yet")?;
    let high = at.high.map_or(session.high, |seen| seen.max(session.high)).max(equity);
    Ok(Figures { equity, high, session })
}

/// The larger of the two shares: of the limit in money, of the one in per cent of `base`.
fn share_of(limit: &LossLimit, base: Money, lost: Money) -> Option<Decimal> {
    let by_percent = ratio(lost.get(), limit.percent.of(base.abs())?.get())?;
    match limit.money {
        Some(most) => Some(by_percent.max(ratio(lost.get(), most.get())?)),
        None => Some(by_percent),
    }
}

/// The limit in money that is reached first.
fn least(limit: &LossLimit, base: Money) -> Option<Money> {
    let by_percent = limit.percent.of(base.abs())?;
    Some(limit.money.map_or(by_percent, |most| most.min(by_percent)))
}

fn loss(reading: Reading, limit: &LossLimit, base: Money, now: Money, words: (&str, &str)) -> Reading {
    let (venue, since) = words;
    let Some((lost, most)) = base.checked_sub(now).zip(least(limit, base)) else {
        return reading.unknown("its figures are beyond what can be counted");
    };
    let text = format!("{venue}: {} lost {since}, the limit is {}", cents(lost), cents(most));
    let shown = lost.max(Money::ZERO);
    reading.figures(&cents(shown), &cents(most)).says(&text).by_share(share_of(limit, base, lost), CLEAR)
}

fn give_back(reading: Reading, at: &VenueWatch<'_>, f: &Figures<'_>) -> Reading {
    let limit = &at.rules.give_back;
    let then = f.session.day.equity;
    let figures = (|| {
        let best = f.high.checked_sub(then)?;
        let given = f.high.checked_sub(f.equity)?;
        Some((best, given, limit.percent.of(best)?, limit.from_percent.of(then.abs())?))
    })();
    let Some((best, given, most, from)) = figures else {
        return reading.unknown("its figures are beyond what can be counted");
    };
    if best < from || !best.is_positive() {
        let limit = percent(limit.percent);
        return reading.figures("0.00", &limit).by_fact(false);
    }
    let text = format!(
        "{}: {} of the day's best profit of {} was given back, the limit is {}",
        at.venue,
        cents(given),
        cents(best),
        percent(limit.percent)
    );
    reading.figures(&cents(given), &cents(most)).says(&text).by_share(ratio(given.get(), most.get()), CLEAR)
}

fn positions(from: &Sources<'_>, at: &VenueWatch<'_>, out: &mut Vec<Reading>) {
    let limit = &at.rules.position_loss;
    let rows = from.held(at.venue).map(|row| {
        let holding = from.marks.get(&row.instrument).and_then(|m| m.holding());
        let fresh = match super::quote_age(from, at, row) {
            QuoteAge::Missing => false,
            QuoteAge::Ms(ms) => ms <= at.rules.quote_age.seconds.saturating_mul(1_000),
            QuoteAge::Closed => true,
        };
        let known = holding.and_then(|h| h.unrealized).zip(at.equity).filter(|_| fresh);
        let lost = known.map(|(unrealized, equity)| (unrealized.negated(), equity));
        let share = lost.and_then(|(lost, equity)| share_of(limit, equity, lost));
        (&row.instrument, share, (lost, share))
    });
    let rows = super::telling(from, at, Rule::PositionLoss, rows, |instrument, (lost, share)| {
        let reading = Reading::of_symbol(at.rules, Rule::PositionLoss, instrument);
        let symbol = &instrument.symbol;
        let Some((lost, equity)) = lost else {
            return reading
                .unknown(&format!("the loss of {symbol} can't be judged: its mark is missing or old"));
        };
        let most = least(limit, equity).unwrap_or_default();
        let text = format!("{symbol}: {} lost, the limit for one position is {}", cents(lost), cents(most));
        let reading = reading.figures(&cents(lost.max(Money::ZERO)), &cents(most)).says(&text);
        reading.by_share(share, CLEAR)
    });
    worst_of(from, at, Rule::PositionLoss, rows, out);
}
