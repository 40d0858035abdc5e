//! Not more of the equity in one symbol: the position with every open and unknown order of that side filled, and this
//! one.

use super::{Case, is_beyond, share};
use crate::risk::verdict::Why;

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let limit = case.context.limits.equity_share_percent_max;
    if case.sees(|seen| seen.is_within_share(case.spec.side, limit)) {
        return None;
    }
    let value = match case.position_after() {
        Ok(value) => value,
        Err(why) => return Some(why),
    };
    let equity = match case.figures() {
        Ok(account) => account.equity,
        Err(why) => return Some(why),
    };
    is_beyond(value, limit, equity)
        .then(|| Box::new(Why::EquityShare { value, share: share(value, equity), equity, limit }))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use crate::{
        book::fixture::*,
        domain::{
            fact::Fact,
            money::Percent,
            order::{Attached, OrderSpec, Side, StopLeg},
            report::AccountReport,
        },
        risk::verdict::CheckName,
    };

    #[test]
    fn below_passes_and_above_is_refused_with_what_is_held_and_open() {
        let mut desk = Desk::open();
        desk.limits.equity_share_percent_max = Percent::new(25.into());
        desk.passes(CheckName::EquityShare, &order(Side::Buy, "250", limit("100")));
        desk.refuses(
            CheckName::EquityShare,
            &order(Side::Buy, "260", limit("100")),
            "26.0 % of an equity of 100000",
        );
        desk.book.holds(&buy("100"), "100");
        desk.book.works("a", &order(Side::Buy, "100", limit("100")));
        desk.passes(CheckName::EquityShare, &order(Side::Buy, "50", limit("100")));
        desk.refuses(CheckName::EquityShare, &order(Side::Buy, "51", limit("100")), "limit of 25 %");
    }

    #[test]
    fn by_default_a_risk_of_one_per_cent_behind_a_stop_one_per_cent_away_passes() {
        let stop = StopLeg { stop: px("99"), limit: None };
        let bracket = Attached::Bracket { target: px("102"), stop };
        let spec = OrderSpec { attached: bracket, ..buy("1000") };
        assert!(Desk::open().judge(&spec).allows(), "{}", Desk::open().judge(&spec).reasons());
    }

    #[test]
    fn without_equity_nothing_passes_and_without_figures_or_price_neither() {
        let mut desk = Desk::open();
        for equity in ["0", "-5"] {
            let broke = AccountReport { equity: usd(equity), ..account() };
            desk.book.take(Fact::Account { venue: venue(), report: Box::new(broke) });
            desk.refuses(CheckName::EquityShare, &buy("1"), "above your limit");
        }
        desk.now = now(116);
        desk.refuses(CheckName::EquityShare, &order(Side::Buy, "1", limit("100")), "16000 ms old");
        desk.marks = crate::book::Marks::new();
        desk.refuses(CheckName::EquityShare, &buy("1"), "no quote");
        desk = Desk::open();
        desk.book = crate::book::Book::new();
        desk.refuses(CheckName::EquityShare, &buy("1"), "no price");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::EquityShare);
    }
}
