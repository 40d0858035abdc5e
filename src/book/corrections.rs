//! Corrections: an execution that its venue tells otherwise later. What was counted of it is undone and what it is now is
//! counted: in the order, the position, its owner's part, the fills, what was realized and what it cost.

use super::{
    Book,
    applied::{Applied, FillApplied},
    executions::charge_order,
    orders::OrderRow,
    positions::Charge,
    trail::Version,
};
use crate::domain::{
    fact::Correction,
    ids::OrderId,
    lifecycle::{OrderEvent, OrderState, Transition},
    money::{Money, Qty},
    payoff::Payoff,
    report::{Execution, Fee},
    time::Stamp,
};

impl Version {
    fn of(execution: &Execution, charge: Charge) -> Self {
        let Execution { side, qty, price, .. } = execution;
        Self { side: *side, qty: *qty, price: *price, kept: charge.units }
    }
}

impl Book {
    pub(super) fn correct(&mut self, at: Stamp, correction: &Correction) -> Applied {
        let Correction { was, now } = correction;
        let instrument = &now.instrument;
        if !self.fills.revise(now) {
            return Applied::Duplicate;
        }
        let named = OrderId { venue: instrument.venue.clone(), client: now.client.clone() };
        let order = self.orders.find(&named, &now.venue_id).map_or(named, |row| row.id.clone());
        let seat = self.seats.take(instrument);
        let payoff = self.payoff(seat);
        let order_moved = self.correct_order(at, &order, correction, payoff);
        let rules = self.instruments.get(seat);
        let charged =
            |e: &Execution| e.fee.as_ref().zip(rules).map_or(Charge::default(), |(f, r)| Charge::of(f, r));
        let (before, after) = (charged(was), charged(now));
        let owner = self.owner_of_fill(&order);
        let versions = (Version::of(was, before), Version::of(now, after));
        let fees = (before.paid(was.price, payoff), after.paid(now.price, payoff));
        let fee = fees.1.zip(fees.0).and_then(|(now, was)| now.checked_sub(was));
        if let Some(part) = owner.and_then(|owner| self.parts.rows.get_mut(&owner)) {
            part.correct((seat, at), now, versions, (fee, payoff));
        }
        let corrected = self.positions.correct((seat, at), now, versions, (fee, payoff));
        self.days.correct(was, now, payoff);
        self.sessions.corrected(instrument, corrected.realized, fee);
        let tag = self.order(&order).and_then(|row| self.tag_of(row));
        let more = now.qty.signed(now.side).checked_sub(was.qty.signed(was.side));
        if let Some((tag, more)) = tag.zip(more) {
            self.tagged.fill(&tag, instrument, more);
        }
        let realized =
            corrected.fills.iter().find(|(id, _)| *id == now.id).and_then(|(_, realized)| *realized);
        self.fills.correct(correction, &corrected.fills, corrected.realized);
        Applied::Fill(Box::new(FillApplied {
            overfill: self.overfill(&order),
            both_exits: false,
            instrument: instrument.clone(),
            order_moved,
            inferred: false,
            realized,
            flat: self.position(instrument).is_none_or(|row| row.qty.is_zero()),
            turned: false,
            order,
        }))
    }

    fn correct_order(
        &mut self,
        at: Stamp,
        order: &OrderId,
        correction: &Correction,
        payoff: Payoff,
    ) -> Option<(OrderState, OrderState, Transition)> {
        let mut transition = Transition::Stale;
        let moved = self.orders.update(at, order, |row| transition = row.correct(correction, payoff));
        if moved.is_none()
            && let Some(orphan) = self.orders.orphans.get_mut(order)
        {
            recount((&mut orphan.filled, &mut orphan.value), correction, payoff);
            charge_anew(&mut orphan.fees, correction);
        }
        moved.map(|(from, to)| (from, to, transition))
    }
}

impl OrderRow {
    /// What ended it stands: an order of which less has filled than was told is not open again by that.
    fn correct(&mut self, correction: &Correction, payoff: Payoff) -> Transition {
        let Correction { was, now } = correction;
        recount((&mut self.filled, &mut self.filled_value), correction, payoff);
        charge_anew(&mut self.fees, correction);
        let less = was.qty.saturating_sub(now.qty);
        let more = now.qty.saturating_sub(was.qty);
        self.taken_back = self.taken_back.checked_add(less).unwrap_or(self.taken_back).saturating_sub(more);
        if self.is_whole() && self.state.is_open() {
            self.advance(OrderEvent::FilledWhole)
        } else {
            Transition::Stale
        }
    }
}

fn recount((filled, value): (&mut Qty, &mut Money), correction: &Correction, payoff: Payoff) {
    let Correction { was, now } = correction;
    if let Some(sum) = filled.saturating_sub(was.qty).checked_add(now.qty) {
        *filled = sum;
    }
    let weight = |e: &Execution| payoff.weight(e.qty.held(), e.price);
    let sum = weight(now).zip(weight(was)).and_then(|(now, was)| value.checked_sub(was)?.checked_add(now));
    *value = sum.unwrap_or(*value);
}

fn charge_anew(fees: &mut Vec<(crate::domain::ids::Currency, Money)>, correction: &Correction) {
    let back = correction.was.fee.as_ref().map(|f| Fee { amount: f.amount.negated(), ..f.clone() });
    charge_order(fees, back.as_ref());
    charge_order(fees, correction.now.fee.as_ref());
}

#[cfg(test)]
mod tests {
    use super::super::{fixture::*, of_execution, of_order_report, uncorrected};
    use super::*;
    use crate::domain::{
        alert::Severity,
        algorithm::Claim,
        fact::{Fact, PositionSource},
        order::{OrderSpec, Side},
    };
    use proptest::prelude::*;

    fn version(n: usize, side: Side, revision: u32, units: u32, cents: i64) -> Execution {
        let name = format!("o{n}");
        let spec = order(side, "1000", limit("10"));
        let mut told = execution(&format!("x{n}"), &name, &spec, &units.to_string(), "1");
        told.price = crate::domain::money::Price::new(rust_decimal::Decimal::new(cents, 2));
        told.fee = Some(fee(&format!("0.0{}", units % 10), "USD"));
        (told.revision, told.at) = (revision, at(i64::try_from(n).unwrap()));
        told
    }

    /// What a venue tells of a trade: its versions, and after which of the others each is told again.
    #[derive(Debug, Clone)]
    struct Trade {
        side: Side,
        versions: Vec<(u32, i64)>,
        first: usize,
    }

    fn trades() -> impl Strategy<Value = Vec<Trade>> {
        let versions = proptest::collection::vec((1_u32..50, -300_i64..30_000), 1..4);
        let trade =
            (any::<bool>(), versions, any::<prop::sample::Index>()).prop_map(|(buys, versions, first)| {
                Trade {
                    side: if buys { Side::Buy } else { Side::Sell },
                    first: first.index(versions.len()),
                    versions,
                }
            });
        proptest::collection::vec(trade, 1..12)
    }

    fn claimed() -> Book {
        let mut book = Book::new();
        let (prefixes, tags, sources) = (vec!["o1".into()], Vec::new(), Vec::new());
        let claim = Claim { name: "algo".into(), venue: venue(), prefixes, tags, sources };
        book.claim(vec![claim]);
        book.take(Fact::Instrument(Box::new(share(aapl()))));
        book
    }

    fn tell(book: &mut Book, told: &Execution, facts: &mut Vec<Fact>) {
        if let Some(fact) = of_execution(book, told) {
            book.take(fact.clone());
            assert_eq!(book.take(fact.clone()), Applied::Duplicate, "told twice: {fact:?}");
            facts.push(fact);
        }
    }

    /// Everything that fills make.
    fn outline(book: &Book) -> String {
        let row = |row: &super::super::PositionRow| {
            let plain = |m: Money| m.get().normalize();
            format!(
                "{} {} {:?} {:?} {} {} {} {} {:?}",
                row.instrument,
                row.qty.get().normalize(),
                row.cost.map(plain),
                row.avg_price,
                plain(row.realized_today),
                plain(row.realized_open),
                plain(row.day_spent),
                plain(row.fees_today),
                row.opened_at
            )
        };
        let mut all: Vec<String> = book.positions().map(row).collect();
        for owner in book.owners() {
            all.extend(book.part_of(owner).map(|r| format!("{owner:?} {}", row(r))));
        }
        for fill in book.fills() {
            let e = &fill.execution;
            let realized = fill.realized.map(|m| m.get().normalize());
            all.push(format!("{} {} {} {:?} {realized:?}", e.id, e.qty, e.price, e.fee));
        }
        let mut orders: Vec<String> = book
            .orders()
            .map(|o| {
                let value = o.filled_value.get().normalize();
                let average = o.avg_price().map(|p| p.get().normalize());
                format!("{} {} {value} {average:?} {:?}", o.id, o.filled, o.state)
            })
            .collect();
        orders.sort();
        all.extend(orders);
        all.join("\n")
    }

    proptest! {
        /// In whatever order the versions of executions are told, and however often, the book is what it would be had
        /// each been told right at once; and the facts alone make the same book again.
        #[test]
        fn the_last_version_counts_as_if_it_had_been_the_first(
            (trades, later) in trades().prop_flat_map(|trades| {
                (Just(trades), proptest::collection::vec(any::<prop::sample::Index>(), 0..36))
            })
        ) {
            let (mut straight, mut crooked) = (claimed(), claimed());
            let mut facts = Vec::new();
            let mut all = Vec::new();
            for (n, trade) in trades.iter().enumerate() {
                let spec = order(trade.side, "1000", limit("10"));
                for book in [&mut straight, &mut crooked] {
                    book.works(&format!("o{n}"), &spec);
                }
                let told: Vec<Execution> = (0_u32..).zip(&trade.versions)
                    .map(|(revision, (units, cents))| version(n, trade.side, revision, *units, *cents))
                    .collect();
                tell(&mut straight, told.last().unwrap(), &mut Vec::new());
                tell(&mut crooked, &told[trade.first], &mut facts);
                all.extend(told);
            }
            for index in later {
                tell(&mut crooked, &all[index.index(all.len())], &mut facts);
            }
            for told in &all {
                tell(&mut crooked, told, &mut facts);
            }
            prop_assert_eq!(outline(&straight), outline(&crooked));
            let mut again = claimed();
            for (n, trade) in trades.iter().enumerate() {
                again.works(&format!("o{n}"), &order(trade.side, "1000", limit("10")));
            }
            for fact in facts {
                again.take(fact);
            }
            prop_assert_eq!(outline(&again), outline(&crooked));
        }
    }

    fn corrected(was: &Execution, units: &str, price: &str) -> Execution {
        Execution {
            revision: was.revision.saturating_add(1),
            qty: qty(units),
            price: px(price),
            ..was.clone()
        }
    }

    /// Where the venue has said meanwhile what there is, and on a later day: what it changes, and nothing else.
    #[test]
    fn what_lies_behind_the_venues_word_is_counted_by_what_it_changes() {
        let mut book = Book::furnished();
        let spec = buy("100");
        book.works("a", &spec);
        let first = execution("x", "a", &spec, "100", "10");
        tell(&mut book, &first, &mut Vec::new());
        book.take(Fact::Position {
            instrument: aapl(),
            qty: "100".parse().unwrap(),
            avg_price: Some(px("10.02")),
            previous_close: None,
            source: PositionSource::Baseline,
        });
        let second = corrected(&first, "100", "10.50");
        tell(&mut book, &second, &mut Vec::new());
        let row = book.position(&aapl()).unwrap();
        assert_eq!(
            (row.qty, row.cost, row.realized_today),
            ("100".parse().unwrap(), Some(usd("1052")), usd("0"))
        );
        let third = corrected(&second, "90", "10.50");
        tell(&mut book, &third, &mut Vec::new());
        let row = book.position(&aapl()).unwrap();
        assert_eq!(
            (row.qty.to_string(), row.realized_today),
            ("90".into(), usd("-0.2")),
            "10 of 1052 at 10.50"
        );
        book.works("b", &sell("90"));
        tell(&mut book, &execution("y", "b", &sell("90"), "90", "12"), &mut Vec::new());
        book.take(Fact::DayBegan { venue: venue(), began: at(9) });
        // Of a position that is flat by now.
        tell(&mut book, &corrected(&third, "90", "10.60"), &mut Vec::new());
        let row = book.position(&aapl()).unwrap();
        assert_eq!((row.qty.is_zero(), row.realized_today), (true, usd("-9.00")));
    }

    /// A trade that was broken is none; its order stays ended, and the venue's own count of it makes no other fill.
    #[test]
    fn a_broken_trade_is_taken_back_whole() {
        let mut book = Book::furnished();
        let spec = buy("100");
        book.works("a", &spec);
        let first = execution("x", "a", &spec, "100", "10");
        tell(&mut book, &first, &mut Vec::new());
        assert_eq!(book.state("a"), OrderState::Filled);
        tell(&mut book, &corrected(&first, "0", "10"), &mut Vec::new());
        assert_eq!((book.state("a"), book.filled("a").as_str()), (OrderState::Filled, "0"));
        assert_eq!(book.held(&aapl()), "0");
        let told = report("a", &spec, OrderEvent::FilledWhole, "100");
        assert!(of_order_report(&book, &venue(), &told).is_empty(), "nothing is inferred");
        // And comes back.
        tell(&mut book, &corrected(&corrected(&first, "0", "10"), "40", "11"), &mut Vec::new());
        assert_eq!((book.filled("a").as_str(), book.held(&aapl()).as_str()), ("40", "40"));
        assert!(of_order_report(&book, &venue(), &told).is_empty());
    }

    /// An order of which more has filled than was told.
    #[test]
    fn more_than_was_told_can_fill_an_order() {
        let mut book = Book::furnished();
        let spec = buy("100");
        book.works("a", &spec);
        let first = execution("x", "a", &spec, "90", "10");
        tell(&mut book, &first, &mut Vec::new());
        assert_eq!(book.state("a"), OrderState::Working);
        let fact = of_execution(&book, &corrected(&first, "110", "10")).unwrap();
        let Applied::Fill(fill) = book.take(fact) else { panic!() };
        assert_eq!((book.state("a"), fill.overfill), (OrderState::Filled, Some(qty("10"))));
    }

    /// A fill that was inferred and then told is corrected like any other.
    #[test]
    fn what_was_inferred_first_is_corrected_too() {
        let mut book = Book::furnished();
        let spec = buy("100");
        book.works("a", &spec);
        for fact in of_order_report(&book, &venue(), &report("a", &spec, OrderEvent::FilledWhole, "100")) {
            book.take(fact);
        }
        let told = execution("x", "a", &spec, "100", "10");
        tell(&mut book, &told, &mut Vec::new());
        assert_eq!(book.held(&aapl()), "100");
        tell(&mut book, &corrected(&told, "60", "10.10"), &mut Vec::new());
        let row = book.position(&aapl()).unwrap();
        assert_eq!((row.qty.to_string(), book.filled("a").as_str()), ("60".into(), "60"));
        assert_eq!(row.cost.unwrap().get() - row.realized_today.get(), rust_decimal::Decimal::from(606));
    }

    /// One that says something else than a price or a quantity is no correction that could be counted.
    #[test]
    fn a_correction_of_something_else_is_said_and_not_counted() {
        let mut book = Book::furnished();
        let spec = buy("100");
        book.works("a", &spec);
        let first = execution("x", "a", &spec, "100", "10");
        tell(&mut book, &first, &mut Vec::new());
        let turned = Execution { side: Side::Sell, ..corrected(&first, "100", "10") };
        assert_eq!(of_execution(&book, &turned), None);
        assert_eq!(uncorrected(&book, &turned).unwrap().severity, Severity::Critical);
        assert_eq!(uncorrected(&book, &first), None);
        assert_eq!(uncorrected(&book, &corrected(&first, "50", "10")), None);
        let other = OrderSpec { instrument: btc(), ..spec };
        let elsewhere = execution("x", "a", &other, "100", "10");
        assert_eq!(of_execution(&book, &Execution { revision: 3, ..elsewhere }), None);
    }
}
