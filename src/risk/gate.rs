//! The gate. Every order that may open risk passes here or does not leave.

use super::{
    checks::{Case, against},
    permit::Cleared,
    verdict::Verdict,
};
use crate::{
    book::{Book, Marks},
    calendar::Session,
    domain::{
        algorithm::Instruction,
        capability::Capability,
        limits::Limits,
        order::{OrderSpec, Replacement, Submission},
        text::Text,
        time::{Now, Stamp},
    },
};

/// What the trader may do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Trade.
    Trading,
    /// Only get out.
    Locked {
        /// Why.
        reason: Text,
    },
    /// Only look, and get out.
    ReadOnly,
}

/// All that a check may look at. What is `None` is not known, and blocks what would open risk.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The book.
    pub book: &'a Book,
    /// The marks.
    pub marks: &'a Marks,
    /// The limits of this symbol in this account.
    pub limits: &'a Limits,
    /// What the order's venue can do.
    pub capability: Option<&'a Capability>,
    /// What the trader may do.
    pub access: &'a Access,
    /// Where in its day the instrument's market is.
    pub session: Session,
    /// When the last five trading days of the venue began, the present one first. Without them every trade that is
    /// known counts as one of them.
    pub days: &'a [Stamp],
    /// The time.
    pub now: Now,
    /// What goes with the order and is held here.
    pub beside: Beside,
}

/// What goes with an order without being part of what the venue is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Beside {
    /// Its protective stop is held here.
    pub stop: bool,
    /// It is a further part of an order that was judged as a whole: the same again is no slip of a finger.
    pub follows: bool,
}

/// Asks every check, for the live preview.
pub fn judge(context: &Context<'_>, spec: &OrderSpec) -> Verdict {
    verdict(&Case::of_order(context, spec), 0)
}

/// Asks every check; the permit if none blocks. Ask for each order after the fact of the one before is in the
/// book: only so does the second of two see the headroom that the first has taken.
///
/// # Errors
/// The verdict, when a check blocks.
pub fn clear(context: &Context<'_>, order: Submission, id: u64) -> Result<Cleared<Submission>, Verdict> {
    let verdict = verdict(&Case::of_order(context, &order.spec), id);
    if verdict.allows() { Ok(Cleared::mint(order, id)) } else { Err(verdict) }
}

/// As [`clear`], for an order that an algorithm is asked to send: it is judged as if it were one of ours.
///
/// # Errors
/// The verdict, when a check blocks.
pub fn clear_entrusted(
    context: &Context<'_>,
    spec: &OrderSpec,
    instruction: Instruction,
    id: u64,
) -> Result<Cleared<Instruction>, Verdict> {
    let verdict = verdict(&Case::of_order(context, spec), id);
    if verdict.allows() { Ok(Cleared::mint(instruction, id)) } else { Err(verdict) }
}

/// As [`judge`], for a change of a working order: what matters is what it adds. A change that adds no risk passes,
/// whatever is locked.
pub fn judge_change(context: &Context<'_>, change: &Replacement) -> Verdict {
    verdict(&Case::of_change(context, change), 0)
}

/// As [`clear`], for a change of a working order.
///
/// # Errors
/// The verdict, when a check blocks.
pub fn clear_change(
    context: &Context<'_>,
    change: Replacement,
    id: u64,
) -> Result<Cleared<Replacement>, Verdict> {
    let case = Case::of_change(context, &change);
    let (verdict, adds_nothing) = (verdict(&case, id), case.adds_nothing);
    if !verdict.allows() {
        return Err(verdict);
    }
    Ok(Cleared::mint(Replacement { adds_nothing, ..change }, id))
}

pub(super) fn verdict(case: &Case<'_>, id: u64) -> Verdict {
    Verdict::new(id, against(case))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]
    use super::*;
    use crate::{
        book::fixture::*,
        domain::{
            fact::Fact,
            lifecycle::OrderEvent,
            limits::Action,
            money::Percent,
            order::{Attached, OrderRef, Side, StopLeg},
        },
        risk::{
            checks::{NAMES, fixture::Desk},
            reduce::{NotReducing, prove},
            verdict::{CheckName, Outcome},
        },
    };
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    fn entry(n: &str, at: &str) -> OrderSpec {
        let leg = StopLeg { stop: px("95"), limit: None };
        OrderSpec { attached: Attached::OtoStop { stop: leg }, ..order(Side::Buy, n, limit(at)) }
    }
    fn submission(n: &str, spec: OrderSpec) -> Submission {
        Submission { client: client(n), spec }
    }
    fn change(before: &OrderSpec, after: OrderSpec) -> Replacement {
        Replacement {
            order: OrderRef { instrument: before.instrument.clone(), client: client("a"), venue_id: None },
            change: crate::domain::order::Change::default(),
            client: client("b"),
            before: before.clone(),
            after,
            filled: crate::domain::money::Qty::ZERO,
            adds_nothing: false,
        }
    }

    #[test]
    fn a_sound_order_passes_every_check_and_gets_its_permit() {
        let mut desk = Desk::open();
        let verdict = desk.judge(&entry("10", "100"));
        assert!(verdict.checks().all(|c| c.outcome == Outcome::Pass), "{}", verdict.reasons());
        assert_eq!(verdict.checks().count(), NAMES.len());
        let permit = clear(&desk.context(), submission("a", entry("10", "100")), 7).unwrap();
        assert_eq!(permit.verdict(), 7);
    }

    #[test]
    fn two_orders_do_not_share_the_same_headroom() {
        let mut desk = Desk::open();
        let spec = entry("1200", "100");
        assert!(clear(&desk.context(), submission("a", spec.clone()), 1).is_ok());
        desk.book.take(intent("a", &spec));
        let refused = clear(&desk.context(), submission("b", entry("1201", "100")), 2).unwrap_err();
        let blocks: Vec<_> = refused.blocks().map(|c| c.name).collect();
        assert_eq!(blocks, [CheckName::EquityShare, CheckName::BuyingPower, CheckName::Margin]);
    }

    #[test]
    fn a_change_to_less_passes_every_lock_and_one_to_more_is_judged() {
        let mut desk = Desk::open();
        let before = entry("100", "100");
        desk.book.works("a", &before);
        desk.access = Access::ReadOnly;
        assert!(judge_change(&desk.context(), &change(&before, entry("50", "100"))).allows());
        assert!(judge_change(&desk.context(), &change(&before, entry("100", "99"))).allows());
        assert!(!judge_change(&desk.context(), &change(&before, entry("101", "100"))).allows());
        assert!(!judge_change(&desk.context(), &change(&before, entry("100", "101"))).allows());
        desk.access = Access::Trading;
        assert!(judge_change(&desk.context(), &change(&before, entry("100", "101"))).allows());
        let large = judge_change(&desk.context(), &change(&before, entry("2101", "100")));
        assert!(!large.allows());
        let grown = clear_change(&desk.context(), change(&before, entry("120", "100")), 3).unwrap();
        assert!(!grown.peek().adds_nothing);
    }

    #[test]
    fn a_protective_stop_can_be_moved_whatever_is_locked() {
        let mut desk = Desk::long();
        let before = order(Side::Sell, "100", stop("95"));
        desk.book.works("a", &before);
        desk.access = Access::Locked { reason: "daily loss".into() };
        let moved = change(&before, order(Side::Sell, "100", stop("97")));
        let cleared = clear_change(&desk.context(), moved, 1).unwrap();
        assert!(cleared.peek().adds_nothing, "it goes out of the reserve");
        // But not grown beyond the position.
        let grown = change(&before, order(Side::Sell, "150", stop("97")));
        assert!(clear_change(&desk.context(), grown, 1).is_err());
    }

    #[test]
    fn a_change_to_no_more_than_has_filled_makes_no_sense() {
        let mut desk = Desk::open();
        let before = entry("100", "100");
        desk.book.works("a", &before);
        desk.book.take(Fact::Executed(Box::new(execution("x", "a", &before, "60", "100"))));
        let verdict = judge_change(&desk.context(), &change(&before, entry("60", "100")));
        assert!(verdict.reasons().contains("not above what has filled"), "{}", verdict.reasons());
        assert!(!verdict.allows());
    }

    #[test]
    fn a_reduction_is_proven_and_nothing_else_is() {
        let mut desk = Desk::long();
        let prove = |desk: &Desk, spec| prove(&desk.book, submission("c", spec));
        assert_eq!(prove(&desk, sell("100")).unwrap().spend().spec.amount.qty(), Some(qty("100")));
        assert!(matches!(prove(&desk, buy("1")), Err(NotReducing::Adds { .. })));
        assert!(matches!(prove(&desk, sell("101")), Err(NotReducing::Pending { .. })));
        assert!(matches!(prove(&desk, sell("0.0000001")), Err(NotReducing::Dust { .. })));
        let other = OrderSpec { instrument: btc(), ..sell("1") };
        assert!(matches!(prove(&desk, other), Err(NotReducing::Flat(_))));
        // A second close while the first is under way, or unknown, sends nothing.
        desk.book.take(intent("d", &sell("100")));
        desk.book.take(event("d", OrderEvent::Unanswered));
        assert!(matches!(prove(&desk, sell("1")), Err(NotReducing::Pending { .. })));
    }

    proptest! {
        /// Whatever was proven and sent, in any number, and however it fills: the position never turns.
        #[test]
        fn proven_reductions_never_turn_a_position(
            held in 1_u32..500, asks in proptest::collection::vec((1_u32..600, any::<bool>()), 1..12)
        ) {
            let mut desk = Desk::open();
            desk.book.holds(&buy(&held.to_string()), "100");
            for (n, (ask, fills)) in asks.iter().enumerate() {
                let name = format!("c{n}");
                let Ok(permit) = prove(&desk.book, submission(&name, sell(&ask.to_string()))) else { continue };
                let spec = permit.spend().spec;
                desk.book.take(intent(&name, &spec));
                if *fills {
                    let units = spec.amount.qty().unwrap().to_string();
                    let done = execution(&format!("y{n}"), &name, &spec, &units, "99");
                    desk.book.take(Fact::Executed(Box::new(done)));
                }
            }
            let worst = desk.book.exposure(&aapl()).worst_short().unwrap();
            prop_assert!(!worst.is_negative());
        }

        /// F3 and F4: whatever is asked, in whatever order, and whatever became of it, rejected apart: what passed stays
        /// inside every limit with all of it filled.
        #[test]
        fn no_headroom_is_used_twice(
            sells in any::<bool>(),
            asks in proptest::collection::vec((0_usize..2, 1_u32..300, 95_u32..106, 0_u32..5), 1..15)
        ) {
            let mut desk = Desk::open();
            let other = named("MSFT");
            desk.book.take(Fact::Instrument(Box::new(share(other.clone()))));
            desk.marks.apply(&quote(other.clone(), "100", "100", 100));
            desk.marks.apply(&quote(aapl(), "100", "100", 100));
            desk.limits.duplicate = Action::Off;
            desk.limits.order_rate = Action::Off;
            desk.limits.position_max = usd("25000");
            desk.limits.equity_share_percent_max = Percent::new(24.into());
            desk.limits.gross_max = usd("40000");
            let side = if sells { Side::Sell } else { Side::Buy };
            // What is held of each, what its open orders are worth at their own prices, and how many units they are of.
            let mut worth = [(Decimal::ZERO, Decimal::ZERO, Decimal::ZERO); 2];
            // Sells that wait are owed together at the market or at their own prices, whichever is more.
            let at_most = |(held, own, units): (Decimal, Decimal, Decimal)| {
                held + if sells { own.max(units * Decimal::ONE_HUNDRED) } else { own }
            };
            for (n, (symbol, units, at, fate)) in asks.iter().enumerate() {
                let name = format!("c{n}");
                let instrument = [aapl(), other.clone()][*symbol].clone();
                let spec = order(side, &units.to_string(), limit(&at.to_string()));
                let spec = OrderSpec { instrument, ..spec };
                let Ok(permit) = clear(&desk.context(), submission(&name, spec), 1) else { continue };
                let spec = permit.spend().spec;
                desk.book.take(intent(&name, &spec));
                let units = Decimal::from(*units);
                let of = &mut worth[*symbol];
                match fate {
                    3 => {
                        let done = execution(&format!("y{n}"), &name, &spec, &units.to_string(), "100");
                        desk.book.take(Fact::Executed(Box::new(done)));
                        // What is held counts by the market, which gives room back where it was judged dearer.
                        let market = Decimal::ONE_HUNDRED;
                        of.0 += units * if sells { market } else { market.min(Decimal::from(*at)) };
                    }
                    4 => drop(desk.book.take(event(&name, OrderEvent::Rejected))),
                    _ => {
                        if *fate > 0 {
                            let heard = if *fate == 1 { OrderEvent::Unanswered } else { OrderEvent::Working };
                            desk.book.take(event(&name, heard));
                        }
                        of.1 += units * Decimal::from(*at);
                        of.2 += units;
                    }
                }
                let [a, b] = worth.map(at_most);
                prop_assert!(a <= Decimal::from(24_000) && b <= Decimal::from(24_000), "{worth:?}");
                prop_assert!(a + b <= Decimal::from(40_000), "{worth:?}");
            }
        }

        /// However many entries pass, in whatever order, what they could cost is never above the buying power.
        #[test]
        fn what_passed_can_be_paid(asks in proptest::collection::vec((1_u32..1_500, 91_u32..109), 1..12)) {
            let mut desk = Desk::open();
            desk.limits.duplicate = Action::Off;
            desk.limits.order_rate = Action::Off;
            let mut owed = Decimal::ZERO;
            for (n, (units, at)) in asks.iter().enumerate() {
                let name = format!("c{n}");
                let spec = entry(&units.to_string(), &at.to_string());
                let Ok(permit) = clear(&desk.context(), submission(&name, spec), 1) else { continue };
                let spec = permit.spend().spec;
                desk.book.take(intent(&name, &spec));
                owed += Decimal::from(*units) * Decimal::from(*at);
            }
            prop_assert!(owed <= account().buying_power.get());
        }
    }
}
