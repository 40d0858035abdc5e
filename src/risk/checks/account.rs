//! The account's figures are there and young enough to judge by.

use super::Case;
use crate::{book::AccountRow, risk::verdict::Why};

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    match case.account {
        None => Some(Box::new(Why::NoAccount)),
        Some(account) => old(case, account),
    }
}

/// By the wall clock, which is what the book knows: one that was set back makes nothing younger than just told.
pub(super) fn old(case: &Case<'_>, account: &AccountRow) -> Option<Box<Why>> {
    let limit_ms = i64::try_from(case.context.limits.account_age_max_ms).ok().unwrap_or(i64::MAX);
    let age_ms = case.context.now.wall.since_ms(account.at);
    (age_ms > limit_ms)
        .then(|| Box::new(Why::StaleAccount { age_s: age_ms / 1_000, limit_s: limit_ms / 1_000 }))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use crate::risk::verdict::CheckName;
    use crate::{
        book::fixture::*,
        domain::{fact::Fact, limits::Action},
    };

    /// F2: figures that are old are no figures.
    #[test]
    fn young_figures_pass_old_and_missing_ones_are_refused() {
        let mut desk = Desk::open();
        desk.limits.stale_quote = Action::Off;
        desk.now = now(120);
        desk.passes(CheckName::Account, &buy("1"));
        desk.now = now(121);
        desk.refuses(CheckName::Account, &buy("1"), "121 s old, the most is 120 s");
        // And whatever else is judged by them.
        desk.refuses(CheckName::EquityShare, &buy("1"), "121 s old");
        desk.refuses(CheckName::Margin, &buy("1"), "121 s old");
        desk.book.apply(at(121), &Fact::Account { venue: venue(), report: Box::new(account()) });
        desk.passes(CheckName::Account, &buy("1"));
        desk.book = crate::book::Book::new();
        desk.refuses(CheckName::Account, &buy("1"), "not known");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Account);
    }
}
