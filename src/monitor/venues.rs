//! How the venue does: quotes of what is held, streams, clocks, requests that are left.

use super::{
    QuoteAge, Reading, Sources, VenueWatch,
    ages::{Ages, Subject},
    quote_age,
    reading::{percent, ratio},
    telling, worst_of,
};
use crate::domain::{
    alert::{AlertCode, Severity},
    money::whole,
    rules::Rule,
};
use rust_decimal::Decimal;

pub(super) fn read(from: &Sources<'_>, at: &VenueWatch<'_>, ages: &mut Ages, out: &mut Vec<Reading>) {
    quotes(from, at, out);
    out.push(streams(from, at, ages));
    out.push(clock(at));
    out.push(requests(at));
    out.push(heartbeat(at));
    // No venue tells of a token: nothing that could be judged.
    let limit = format!("{} h before", at.rules.token_expiry.hours);
    out.push(Reading::of_venue(at.rules, Rule::TokenExpiry, at.venue).figures("nothing to watch", &limit));
}

/// The algorithm that has used most of the silence it is allowed. That one is silent is said where algorithms are
/// watched; what follows from it at this venue is this rule's.
fn heartbeat(at: &VenueWatch<'_>) -> Reading {
    let reading = Reading::of_venue(at.rules, Rule::Heartbeat, at.venue)
        .about(AlertCode::Algorithm, Severity::Emergency)
        .told();
    let share = |ms: u64, limit_s: u64| {
        ratio(whole(ms), whole(limit_s.saturating_mul(1_000).saturating_add(1))).unwrap_or(Decimal::ONE)
    };
    let seen = at.beats.iter().filter_map(|b| Some((b, b.age_ms?, share(b.age_ms?, b.limit_s))));
    let Some((beat, ms, used)) = seen.max_by_key(|(.., used)| *used) else {
        let used = if at.beats.is_empty() { "nothing to watch" } else { "none seen yet" };
        return reading.figures(used, &format!("{} s", at.rules.heartbeat.seconds));
    };
    let (s, limit) = (ms.div_euclid(1_000), beat.limit_s);
    let silent = at.beats.iter().filter(|b| b.age_ms.is_some_and(|ms| share(ms, b.limit_s) >= Decimal::ONE));
    let others = match silent.count() {
        0 | 1 => String::new(),
        n => format!(" ({n} are silent)"),
    };
    reading
        .figures(&format!("{} {s} s", beat.name), &format!("{limit} s"))
        .says(&format!("{} gave no sign of life for {s} s, the limit is {limit} s{others}", beat.name))
        .by_share(Some(used), Decimal::ONE)
}

fn quotes(from: &Sources<'_>, at: &VenueWatch<'_>, out: &mut Vec<Reading>) {
    let most_ms = at.rules.quote_age.seconds.saturating_mul(1_000);
    // Once said it stands until the quote is clearly young again.
    let clear = Decimal::new(5, 1);
    let rows = from.held(at.venue).filter_map(|row| {
        let age = quote_age(from, at, row);
        let share = match age {
            QuoteAge::Closed => return None,
            QuoteAge::Missing => None,
            QuoteAge::Ms(ms) => ratio(whole(ms), whole(most_ms.saturating_add(1))),
        };
        Some((&row.instrument, share, (age, share)))
    });
    let rows = telling(from, at, Rule::QuoteAge, rows, |instrument, (age, share)| {
        let symbol = &instrument.symbol;
        let limit = format!("{} s", at.rules.quote_age.seconds);
        let reading = Reading::of_symbol(at.rules, Rule::QuoteAge, instrument)
            .about(AlertCode::Stream, Severity::Warning);
        match age {
            QuoteAge::Missing | QuoteAge::Closed => reading
                .figures("no quote", &limit)
                .says(&format!("{symbol} is held and has no quote"))
                .by_fact(true),
            QuoteAge::Ms(ms) => {
                let s = ms.div_euclid(1_000);
                reading
                    .figures(&format!("{s} s"), &limit)
                    .says(&format!("{symbol} is held and its quote is {s} s old"))
                    .by_share(share, clear)
            }
        }
    });
    worst_of(from, at, Rule::QuoteAge, rows, out);
}

fn streams(from: &Sources<'_>, at: &VenueWatch<'_>, ages: &mut Ages) -> Reading {
    let most_s = at.rules.stream_down.seconds;
    let mut worst: Option<(u64, &str)> = None;
    for name in &at.down {
        let ms = ages.of(Subject::Down(at.venue.clone(), name), None, from.now);
        if worst.is_none_or(|(w, _)| ms > w) {
            worst = Some((ms, name));
        }
    }
    let (ms, name) = worst.unwrap_or((0, ""));
    let s = ms.div_euclid(1_000);
    let used = if at.down.is_empty() { "all up".to_owned() } else { format!("{name} {s} s") };
    Reading::of_venue(at.rules, Rule::StreamDown, at.venue)
        .about(AlertCode::Stream, Severity::Warning)
        .figures(&used, &format!("{most_s} s"))
        .says(&format!("{}: the {name} stream is down for {s} s", at.venue))
        .by_share(ratio(whole(ms), whole(most_s.saturating_mul(1_000))), Decimal::new(1, 3))
}

fn clock(at: &VenueWatch<'_>) -> Reading {
    let limit = &at.rules.clock_skew;
    let reading =
        Reading::of_venue(at.rules, Rule::ClockSkew, at.venue).about(AlertCode::Clock, Severity::Warning);
    let most = format!("{} ms", limit.ms);
    let Some(skew) = at.skew_ms else { return reading.figures("not told by the venue", &most) };
    let clear = ratio(whole(limit.clear_ms), whole(limit.ms)).unwrap_or(Decimal::ONE);
    reading
        .figures(&format!("{skew} ms"), &most)
        .says(&format!("{}: its clock and ours differ by {skew} ms, the limit is {most}", at.venue))
        .by_share(ratio(whole(skew.unsigned_abs()), whole(limit.ms.saturating_add(1))), clear)
}

fn requests(at: &VenueWatch<'_>) -> Reading {
    let limit = &at.rules.rate_limit;
    let reading =
        Reading::of_venue(at.rules, Rule::RateLimit, at.venue).about(AlertCode::Venue, Severity::Info);
    if let Some(ms) = at.limited_ms.filter(|ms| *ms > 0) {
        let s = ms.div_ceil(1_000);
        return reading
            .figures(&format!("none for {s} s"), &percent(limit.percent))
            .says(&format!("{}: the venue wants no requests for a while", at.venue))
            .by_fact(true);
    }
    let Some((used, most)) = at.requests else {
        return reading.figures("not told by the venue", &percent(limit.percent));
    };
    let share = ratio(Decimal::from(used), Decimal::from(most));
    let by = share.zip(limit.percent.factor()).and_then(|(s, f)| ratio(s, f));
    let clear = ratio(limit.clear_percent.get(), limit.percent.get()).unwrap_or(Decimal::ONE);
    reading
        .figures(&format!("{used} of {most}"), &percent(limit.percent))
        .says(&format!("{}: {} of the venue's request limit is used", at.venue, percent(limit.percent)))
        .by_share(by, clear)
}
