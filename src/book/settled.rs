//! What of the past can still bear on what is to come: asked before the journal begins anew without it.

use super::{Book, OrderRow, PositionRow};
use crate::domain::{
    ids::{InstrumentId, OrderId, VenueId},
    money::Money,
};

impl Book {
    /// Is nothing of this instrument open: neither for the account nor for an algorithm? Then no later fact of it is
    /// counted on from an earlier one, within the day apart. What can't be told is not settled.
    pub fn is_settled(&self, instrument: &InstrumentId) -> bool {
        let is_flat = |row: Option<&PositionRow>| row.is_none_or(|row| row.qty.is_zero());
        let seat = self.seats.find(instrument);
        is_flat(self.position(instrument))
            && self.parts.rows.values().all(|part| is_flat(seat.and_then(|seat| part.rows.get(seat))))
            && self.open_orders_of(instrument).next().is_none()
            && self.held_of(instrument).next().is_none()
            && self.tagged.nets.values().all(|nets| !nets.contains_key(instrument))
            && !self.sessions.is_in_round(instrument)
            && self.sessions.surprises.keys().all(|key| {
                key.symbol.as_ref() != Some(&instrument.symbol)
                    || key.venue.as_ref() != Some(&instrument.venue)
            })
    }

    /// Is an execution kept whose order never came?
    pub fn awaits_order(&self, order: &OrderId) -> bool {
        self.orders.orphans.contains_key(order)
    }

    /// Everything that is to come is counted on from, a line each, sorted. Two books with the same outline go on alike.
    pub fn outline(&self) -> Vec<String> {
        let mut out = Vec::new();
        let positions = self.positions().map(|row| (None, row));
        let parts =
            self.parts.rows.iter().flat_map(|(owner, of)| of.rows.values().map(move |r| (Some(owner), r)));
        for (owner, row) in positions.chain(parts).filter(|(_, row)| is_of_today(row)) {
            out.push(format!("position {owner:?} {}", position(row)));
        }
        out.extend(self.tagged.nets.iter().map(|(tag, nets)| format!("tag {tag} {nets:?}")));
        out.extend(self.open_orders().map(open_order));
        out.extend(self.held_here().map(|row| format!("held {row:?}")));
        out.extend(self.open_exits().map(|row| format!("exit {row:?}")));
        out.extend(self.latches().map(|row| format!("latch {row:?}")));
        out.extend(self.latches.sessions.iter().map(|(venue, row)| format!("session {venue} {row:?}")));
        out.extend(self.surprises().map(|(key, what)| format!("surprise {key:?} {what}")));
        out.extend(self.sessions.lifted.iter().map(|(key, used)| format!("lifted {key:?} {used}")));
        out.extend(self.resume.iter().map(|(venue, at)| format!("resume {venue} {at:?}")));
        let venues: Vec<&VenueId> = self.resume.iter().map(|(venue, _)| venue).collect();
        out.extend(venues.into_iter().map(|venue| format!("day {venue} {:?}", self.day(venue))));
        let unseen = self.alerts().filter(|(_, seen)| !seen);
        out.extend(unseen.map(|(alert, _)| format!("alert {alert:?}")));
        out.extend(self.unanswered().map(|asked| format!("asked {asked:?}")));
        out.extend(self.parts.paused().map(|paused| format!("paused {paused:?}")));
        out.push(format!(
            "lock {:?} next {} {} {}",
            self.lock(),
            self.next_alert_id(),
            self.next_exit(),
            self.next_ticket()
        ));
        out.sort();
        out
    }
}

/// A flat row of another day is nothing any more.
fn is_of_today(row: &PositionRow) -> bool {
    let is_moved = |money: Money| !money.is_zero();
    !row.qty.is_zero() || is_moved(row.realized_today) || is_moved(row.fees_today) || !row.day_qty.is_zero()
}

/// Yesterday's close counts only for what was held then.
fn position(row: &PositionRow) -> String {
    format!(
        "{} {} {:?} {:?} {} {} {} {:?} {} {} {:?} {}",
        row.instrument,
        row.qty,
        row.cost,
        row.avg_price,
        row.realized_today,
        row.fees_today,
        row.realized_open,
        row.previous_close.filter(|_| !row.day_qty.is_zero()),
        row.day_qty,
        row.day_spent,
        row.opened_at,
        row.unexplained,
    )
}

/// Everything of it but its place in this book.
fn open_order(row: &OrderRow) -> String {
    format!(
        "order {} {:?} {:?} {:?} {:?} {} {} {} {} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        row.id,
        row.venue_id,
        row.spec,
        row.origin,
        row.state,
        row.filled,
        row.filled_value,
        row.inferred,
        row.taken_back,
        row.fees,
        row.parent,
        row.role,
        row.replaces,
        row.replaced_by,
        row.trailing_stop,
        row.successors,
        row.moments,
    )
}

#[cfg(test)]
mod tests {
    use crate::{
        book::{Book, fixture::*},
        domain::{fact::Fact, lifecycle::OrderEvent},
    };

    #[test]
    fn an_instrument_is_settled_while_nothing_of_it_is_open() {
        let mut book = Book::furnished();
        assert!(book.is_settled(&aapl()));
        book.works("a", &buy("10"));
        assert!(!book.is_settled(&aapl()), "an order works");
        assert!(book.is_settled(&btc()));
        book.take(Fact::Executed(Box::new(execution("x", "a", &buy("10"), "10", "10"))));
        assert!(!book.is_settled(&aapl()), "it is held");
        book.works("b", &sell("10"));
        book.take(Fact::Executed(Box::new(execution("y", "b", &sell("10"), "10", "11"))));
        assert!(book.is_settled(&aapl()));
    }

    #[test]
    fn an_outline_tells_books_apart_that_go_on_differently() {
        let build = |units: &str, cancelled: bool| {
            let mut book = Book::furnished();
            book.works("a", &buy(units));
            if cancelled {
                book.take(event("a", OrderEvent::Cancelled));
            }
            book.outline()
        };
        assert_eq!(build("10", false), build("10", false));
        assert_ne!(build("10", false), build("11", false));
        assert_ne!(build("10", false), build("10", true));
    }
}
