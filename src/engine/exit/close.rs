//! The closes of an exit: what can be closed now and how, and the sending of it.

use super::{
    Engine, Phase, VenueExit,
    refusals::{REFUSED_MAX, Tries},
};
use crate::{
    calendar::Calendar,
    domain::{
        capability::{ClassCapability, TifWord},
        draft::Share,
        fact::Fact,
        ids::{ClientId, InstrumentId, OrderId},
        instrument::Tradable,
        money::Qty,
        order::{Amount, Attached, OrderKind, OrderSpec, OrderType, Origin, Side, Tif},
        text::Text,
        time::Mono,
    },
    risk::NotReducing,
};

/// How soon something that does not go now is looked at again.
const SOON_MS: u64 = 1_000;
/// Orders that one position is split into in one round; the rest goes with the next.
const SPLIT_MAX: usize = 50;

/// How much of the venue's word stands behind a look at the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// The venue was read after everything that is known happened.
    Venue,
    /// The book alone, or a report that is older than something in it.
    Book,
    /// The venue does not say what is there.
    Nothing,
}

/// How a position is closed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// One order each.
    pub(super) sizes: Vec<Qty>,
    order_type: OrderType,
    tif: Tif,
    extended: bool,
    /// The market is shut: it is tried once and taken back.
    pub(super) shut: Option<Text>,
}

/// Why it can't be closed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// Less than the smallest order.
    Dust(Text),
    /// This exit leaves it.
    Stays(Text),
    /// It may go later.
    Later(Text, Mono),
    /// The venue says something else of it than the fills: it is not known how much there is.
    Doubt(Text),
}

/// What the market of an instrument takes now.
enum Market {
    Open,
    /// Limits only.
    Thin,
    /// Nothing may trade, as far as anybody here knows.
    Shut(Text),
}

impl Engine {
    /// Sends a close for everything in scope that is more than what stays; ends the exit when nothing is.
    pub(super) fn close_positions(&mut self, exit: &mut VenueExit, seen: Seen) {
        if exit.keep.is_none()
            && exit.plan.scope.share != Share::All
            && self.doubts_in(&exit.plan).next().is_some()
        {
            // A share of what is not known is not known either.
            self.await_doubts(exit);
            return;
        }
        self.measure(exit);
        exit.left.clear();
        exit.only_dust = true;
        let mut closes = Vec::new();
        let mut later: Option<Mono> = None;
        for (instrument, qty) in self.to_close(&exit.plan, exit.keep.as_ref()) {
            let Some(side) = qty.exit_side() else { continue };
            if !exit.positions.contains(&instrument) {
                exit.positions.push(instrument.clone());
            }
            let why = match self.close_one(exit, &instrument, side, qty.size()) {
                Ok(clients) => {
                    closes.extend(clients);
                    continue;
                }
                Err(Obstacle::Dust(why)) => why,
                Err(Obstacle::Stays(why)) => {
                    exit.only_dust = false;
                    why
                }
                Err(Obstacle::Doubt(why)) => {
                    exit.only_dust = false;
                    why
                }
                Err(Obstacle::Later(why, at)) => {
                    exit.only_dust = false;
                    later = Some(later.map_or(at, |l| l.min(at)));
                    why
                }
            };
            exit.left.push(Text::clean(&format!("{}: {why}", instrument.symbol)));
        }
        self.name_doubts(exit);
        if closes.is_empty() {
            self.nothing_to_send(exit, seen, later);
            return;
        }
        exit.rounds = exit.rounds.saturating_add(1);
        exit.closes.extend(closes.iter().cloned());
        let until = self.now.mono.plus_ms(self.exit_terms.close_wait_ms);
        exit.phase = Phase::Closing { until, closes };
    }

    /// Counts once what stays, and writes it down: after a crash half is still half of what it was.
    fn measure(&mut self, exit: &mut VenueExit) {
        if exit.keep.is_some() {
            return;
        }
        let keep = self.kept_of(&exit.plan);
        if exit.plan.scope.share != Share::All {
            self.fact(Fact::ExitMeasured { exit: exit.id, keep: keep.clone() });
        }
        exit.keep = Some(keep);
    }

    fn close_one(
        &mut self,
        exit: &mut VenueExit,
        instrument: &InstrumentId,
        side: Side,
        excess: Qty,
    ) -> Result<Vec<ClientId>, Obstacle> {
        // Without the venue's own guard a close of what is not there turns the position; with it, it is refused.
        let safe = self.takes_reduce_only(instrument) && self.is_held_for_sure(instrument);
        if let Some(why) = self.doubt_of(instrument).filter(|_| !safe) {
            return Err(Obstacle::Doubt(why));
        }
        let tries = exit.tries.get(instrument).cloned().unwrap_or_default();
        let words = tries.why.clone().unwrap_or_else(|| Text::clean("not tried yet"));
        if tries.refused >= REFUSED_MAX {
            return Err(Obstacle::Stays(Text::clean(&format!(
                "{excess} left, {words} ({REFUSED_MAX} times)"
            ))));
        }
        if tries.not_before > self.now.mono {
            return Err(Obstacle::Later(words, tries.not_before));
        }
        let way = self.way_out(instrument, side, excess, &tries)?;
        if let Some(why) = way.shut.as_ref().filter(|_| tries.shut > 0) {
            return Err(Obstacle::Stays(Text::clean(&format!(
                "{excess} left, {why}; a limit order did not fill and was taken back"
            ))));
        }
        let sent = self.send_closes(exit, instrument, side, &way)?;
        let tries = exit.tries.entry(instrument.clone()).or_default();
        tries.in_shut = way.shut.is_some();
        tries.limits = tries.limits.saturating_add(u32::from(way.order_type.limit().is_some()));
        Ok(sent)
    }

    fn send_closes(
        &mut self,
        exit: &VenueExit,
        instrument: &InstrumentId,
        side: Side,
        way: &Way,
    ) -> Result<Vec<ClientId>, Obstacle> {
        let mut sent = Vec::new();
        // While one of its own is unknown the venue's own guard is no proof: it is looked for first.
        let enforced = exit.has_read
            && self.takes_reduce_only(instrument)
            && !self.book.open_orders_of(instrument).any(|o| exit.closes.contains(&o.id.client));
        for qty in &way.sizes {
            let spec = OrderSpec {
                instrument: instrument.clone(),
                side,
                amount: Amount::Qty(*qty),
                order_type: way.order_type,
                tif: way.tif,
                extended: way.extended,
                post_only: false,
                reduce_only: self.takes_reduce_only(instrument),
                attached: Attached::Simple,
                show: None,
                tag: exit.plan.scope.algorithm.clone(),
            };
            match self.try_reduction(spec, Origin::Exit, enforced) {
                Ok(client) => sent.push(client),
                Err(_) if !sent.is_empty() => break,
                Err(why) => {
                    let soon = self.now.mono.plus_ms(SOON_MS);
                    let text = Text::clean(&why.to_string());
                    return Err(match why {
                        NotReducing::Dust { .. } => Obstacle::Dust(text),
                        NotReducing::Pending { closable, .. } if self.is_enough(instrument, closable) => {
                            let smaller = Way { sizes: vec![closable], ..way.clone() };
                            return self.send_closes(exit, instrument, side, &smaller);
                        }
                        NotReducing::Pending { .. } => Obstacle::Later(text, soon),
                        NotReducing::Flat(_)
                        | NotReducing::Adds { .. }
                        | NotReducing::Notional(_)
                        | NotReducing::Attached(_) => Obstacle::Stays(text),
                    });
                }
            }
        }
        Ok(sent)
    }

    /// Is it enough for an order?
    fn is_enough(&self, instrument: &InstrumentId, qty: Qty) -> bool {
        let rules = self.book.instrument(instrument);
        let least = rules.map_or(Qty::ZERO, |r| r.qty_min.max(r.lot));
        qty.is_positive() && qty >= least
    }

    /// How so much of a position is closed now: market while the market is open, else a limit through the touch.
    pub(super) fn way_out(
        &self,
        instrument: &InstrumentId,
        side: Side,
        excess: Qty,
        tries: &Tries,
    ) -> Result<Way, Obstacle> {
        let rules = self.book.instrument(instrument);
        let lot = rules.map_or(Qty::ZERO, |r| r.lot);
        let least = rules.map_or(Qty::ZERO, |r| r.qty_min.max(r.lot));
        let whole = excess.floor_to(lot).unwrap_or(excess);
        if whole.is_zero() || whole < least {
            return Err(Obstacle::Dust(Text::clean(&format!(
                "{excess} is dust: less than the smallest order of {least}"
            ))));
        }
        if let Some(Tradable::No(why)) = rules.map(|r| &r.tradable) {
            return Err(Obstacle::Stays(Text::clean(&format!("{excess} left, it can't be traded: {why}"))));
        }
        let class =
            self.venues.get(&instrument.venue).and_then(|v| v.setup.capability.of(self.class_of(instrument)));
        let (market, is_regular) = self.market_now(instrument);
        let takes_market = class.is_none_or(|c| c.kinds.contains(&OrderKind::Market));
        let tif = self.exit_tif(instrument, class);
        let whole = self.slice(instrument, whole).floor_to(lot).filter(|q| *q >= least).unwrap_or(whole);
        let sizes = split(whole, rules.and_then(|r| r.qty_max), least, lot);
        if matches!(market, Market::Open) && takes_market {
            return Ok(Way { sizes, order_type: OrderType::Market, tif, extended: false, shut: None });
        }
        let shut = if let Market::Shut(why) = market { Some(why) } else { None };
        if !is_regular && class.is_some_and(|c| !c.extended) {
            let why = shut.unwrap_or_else(|| Text::clean("it is outside regular hours"));
            return Err(Obstacle::Stays(Text::clean(&format!(
                "{excess} left, {why}; a market order would wait for the open, so none was sent"
            ))));
        }
        let Some(limit) = self.collar_price(instrument, side, self.exit_terms.collar_after(tries.limits))
        else {
            let why = format!(
                "{excess} left: there is no quote to set a limit by, and market orders are refused now"
            );
            return Err(Obstacle::Later(Text::clean(&why), self.now.mono.plus_ms(SOON_MS)));
        };
        Ok(Way { sizes, order_type: OrderType::Limit { limit }, tif, extended: !is_regular, shut })
    }

    /// The market of an instrument now, and whether these are its regular hours.
    fn market_now(&self, id: &InstrumentId) -> (Market, bool) {
        let state = self.venues.get(&id.venue);
        let regular = self.takes_market_orders_now(id);
        let told = state.and_then(|v| v.halted.get(&id.symbol));
        let halted = match self.book.instrument(id).map(|r| &r.tradable) {
            Some(Tradable::Halted(why)) => Some(why),
            Some(Tradable::Yes | Tradable::No(_)) | None => told,
        };
        if let Some(why) = halted {
            return (Market::Shut(Text::clean(&format!("halted: {why}"))), regular);
        }
        if regular {
            return (Market::Open, true);
        }
        let session = Calendar::of(self.class_of(id)).session_at(self.now.wall);
        if session.phase != crate::calendar::Phase::Closed {
            return (Market::Thin, false);
        }
        let until = session.until.map_or_else(String::new, |at| format!(" until {}", at.to_rfc3339()));
        (Market::Shut(Text::clean(&format!("market closed{until}"))), false)
    }

    /// Never longer than this day, where the venue has that: a close that is left must not fill tomorrow.
    fn exit_tif(&self, instrument: &InstrumentId, class: Option<&ClassCapability>) -> Tif {
        if class.is_some_and(|c| c.tifs.contains(&TifWord::Day)) {
            Tif::Day
        } else {
            self.tif_for(instrument)
        }
    }

    /// The most that one round closes, where slices are asked for and the price is known.
    fn slice(&self, instrument: &InstrumentId, whole: Qty) -> Qty {
        let most = self.exit_terms.slice_notional_max.and_then(|most| {
            let price = self.marks.get(instrument).and_then(crate::book::Mark::price);
            let one = self.book.payoff_of(instrument).size(Qty::ONE, price)?;
            most.checked_div(one.get()).and_then(Qty::new)
        });
        most.map_or(whole, |m| m.min(whole))
    }

    /// Nothing could be sent: everything is closed, or something is still to be waited for, or is left.
    fn nothing_to_send(&mut self, exit: &mut VenueExit, seen: Seen, later: Option<Mono>) {
        let open = self.can_still_fill(exit);
        if let Some(first) = open.first() {
            let state = self.book.order(first).map_or("gone", |o| o.state.word());
            exit.error = Some(Text::clean(&format!("waiting for order {}: {state}", first.client)));
            if open.iter().any(|id| !self.is_uncertain(id)) {
                self.cancel_for_exit(exit);
            } else {
                self.read_later(exit);
            }
            return;
        }
        if later.is_none() && self.doubts_in(&exit.plan).next().is_some() {
            self.await_doubts(exit);
            return;
        }
        match (later, seen) {
            (Some(at), _) => exit.phase = Phase::Pausing { until: at },
            (None, Seen::Venue) => {
                let flat = exit.left.is_empty();
                self.end_exit(exit, flat, None);
            }
            (None, Seen::Book) => self.read_for_exit(exit),
            (None, Seen::Nothing) => self.read_later(exit),
        }
    }

    /// What is in doubt and not to be closed by the fills is named all the same: nothing is called flat over it.
    fn name_doubts(&self, exit: &mut VenueExit) {
        let doubts: Vec<InstrumentId> = self.doubts_in(&exit.plan).cloned().collect();
        for instrument in doubts {
            let named = format!("{}: ", instrument.symbol);
            if exit.left.iter().any(|l| l.as_str().starts_with(&named)) {
                continue;
            }
            if let Some(why) = self.doubt_of(&instrument) {
                exit.only_dust = false;
                exit.left.push(Text::clean(&format!("{named}{why}")));
            }
        }
    }

    /// Waits for the next report: whoever asks for it, it is on its way as long as there is a doubt.
    fn await_doubts(&self, exit: &mut VenueExit) {
        let now = self.now.mono;
        let first = self.doubts_in(&exit.plan).next();
        exit.error = first.and_then(|i| {
            let why = self.doubt_of(i)?;
            Some(Text::clean(&format!("{}: {why}", i.symbol)))
        });
        exit.phase = Phase::Reading { since: now };
        exit.asked = Some(now);
        exit.last_asked = now;
    }

    pub(super) fn is_open_close(&self, exit: &VenueExit, client: &ClientId) -> bool {
        let id = OrderId { venue: exit.plan.venue.clone(), client: client.clone() };
        self.book.order(&id).is_some_and(|o| o.state.is_open())
    }
}

/// As few orders as the venue's largest allows, none of them below the smallest.
fn split(whole: Qty, max: Option<Qty>, least: Qty, lot: Qty) -> Vec<Qty> {
    let Some(max) = max.and_then(|m| m.floor_to(lot)).filter(|m| m.is_positive() && *m < whole) else {
        return vec![whole];
    };
    let mut sizes = Vec::new();
    let mut left = whole;
    while left.is_positive() && sizes.len() < SPLIT_MAX {
        let rest = left.saturating_sub(max);
        let size = if rest.is_zero() {
            left
        } else if rest < least {
            // A rest that is too small for an order of its own is shared with the one before.
            max.saturating_sub(least).floor_to(lot).filter(|q| q.is_positive()).unwrap_or(max)
        } else {
            max
        };
        sizes.push(size);
        left = left.saturating_sub(size);
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qty(text: &str) -> Qty {
        text.parse().unwrap()
    }

    #[test]
    fn a_close_is_split_at_the_venues_largest_order() {
        for (whole, max, least, lot, sizes) in [
            ("100", None, "1", "1", vec!["100"]),
            ("100", Some("100"), "1", "1", vec!["100"]),
            ("250", Some("100"), "1", "1", vec!["100", "100", "50"]),
            ("203", Some("100"), "5", "1", vec!["100", "95", "8"]),
            ("1.5", Some("0.7"), "0.1", "0.1", vec!["0.7", "0.7", "0.1"]),
            ("10", Some("2.5"), "1", "1", vec!["2", "2", "2", "2", "2"]),
        ] {
            let shown: Vec<String> = split(qty(whole), max.map(qty), qty(least), qty(lot))
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(shown, sizes, "{whole} by {max:?}");
        }
        let most = split(qty("1000"), Some(qty("1")), qty("1"), qty("1"));
        assert_eq!(most.len(), SPLIT_MAX, "the rest goes with the next round");
    }
}
