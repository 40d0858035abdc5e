//! Margin that remains, and cash below zero.

use super::{
    Reading, Sources, Standing, VenueWatch,
    reading::{cents, percent, ratio},
    stale_mark, used_of,
};
use crate::domain::{
    alert::{AlertCode, Severity},
    money::{Money, Percent},
    rules::{MarginLimit, Rule},
};
use rust_decimal::Decimal;

pub(super) fn read(from: &Sources<'_>, at: &VenueWatch<'_>, out: &mut Vec<Reading>) {
    let rules = at.rules;
    let zones = [
        (Rule::MarginLow, rules.margin_low, Severity::Warning),
        (Rule::MarginCall, rules.margin_call, Severity::Critical),
        (Rule::MarginOut, rules.margin_out, Severity::Critical),
    ];
    for (rule, limit, severity) in zones {
        let reading = Reading::of_venue(rules, rule, at.venue).about(AlertCode::Limit, severity);
        out.push(remaining(from, at, reading, &limit));
    }
    out.push(cash(from, at));
}

/// By the venue's own margin where it tells one; not watched where it tells none.
fn remaining(from: &Sources<'_>, at: &VenueWatch<'_>, reading: Reading, limit: &MarginLimit) -> Reading {
    let holds = from.held(at.venue).next().is_some();
    let used = match at.margin_used {
        Some(used) if holds => used,
        None if holds => return reading.figures("not told by the venue", &percent(limit.percent)),
        Some(_) | None => Money::ZERO,
    };
    let Some(equity) = at.equity else {
        return reading.unknown(&format!("the margin of {} can't be judged: no figures yet", at.venue));
    };
    if let Some(why) = stale_mark(from, at) {
        return reading.unknown(&format!("the margin of {} can't be judged: {why}", at.venue));
    }
    let left = if used.is_positive() && !equity.is_positive() {
        Some(Percent::ZERO)
    } else if used.is_positive() {
        equity.checked_sub(used).and_then(|left| left.percent_of(equity))
    } else {
        Some(Percent::new(Decimal::ONE_HUNDRED))
    };
    let Some(left) = left else { return reading.unknown("the margin is beyond what can be counted") };
    let text = format!(
        "{}: {} of the margin remains ({} of {} used), the limit is {}",
        at.venue,
        percent(left),
        cents(used),
        cents(equity),
        percent(limit.percent)
    );
    let clear = used_of(limit.percent, limit.clear_percent).unwrap_or(Decimal::ONE);
    let shown = reading.figures(&format!("{} left", percent(left)), &percent(limit.percent)).says(&text);
    shown.by_share(used_of(limit.percent, left), clear)
}

fn cash(from: &Sources<'_>, at: &VenueWatch<'_>) -> Reading {
    let limit = &at.rules.negative_cash;
    let reading = Reading::of_venue(at.rules, Rule::NegativeCash, at.venue);
    let Some(account) = from.book.account(at.venue) else {
        return reading.unknown(&format!("the cash of {} is not known yet", at.venue));
    };
    let cash = account.report.cash;
    let below = cash.negated();
    let text = format!("{}: cash is {}, {} below zero is allowed", at.venue, cents(cash), cents(limit.money));
    let is_over = below.is_positive() && below > limit.money;
    let mut reading =
        reading.figures(&cents(cash), &cents(limit.money.negated())).says(&text).by_fact(is_over);
    if reading.standing != Standing::Off {
        reading.share = ratio(below.get(), limit.money.get()).map(crate::domain::money::Ratio::new);
    }
    reading
}
