//! Protection of a position that is there: move the exits that work, or make new ones.

use super::{
    Engine,
    orders::{Maker, Stopped},
    requests::{placed, refused, refused_text},
};
use crate::{
    desk::Reply,
    domain::{
        draft::{PriceExpr, StopExpr},
        ids::{ClientId, InstrumentId, OrderId, Symbol, VenueId},
        order::{Change, OrderType, StopLeg},
        scope::Protection,
        text::Text,
    },
    sizing,
};

/// What protection is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) stop: Option<StopExpr>,
    pub(super) target: Option<PriceExpr>,
    pub(super) break_even: bool,
}

/// An exit of a position: at the venue or here.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Leg {
    id: OrderId,
    instrument: InstrumentId,
    order_type: OrderType,
    here: bool,
}

/// The exits that stand for a position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Legs {
    stop: Option<Leg>,
    target: Option<Leg>,
}

impl Legs {
    fn take(&mut self, leg: Leg) {
        match leg.order_type {
            OrderType::Stop { .. } | OrderType::StopLimit { .. } | OrderType::TrailingStop { .. } => {
                self.stop = Some(leg);
            }
            OrderType::Limit { .. } => self.target = Some(leg),
            OrderType::Market => {}
        }
    }
}

impl Engine {
    fn legs_of(&self, instrument: &InstrumentId) -> Legs {
        let mut legs = Legs::default();
        // What stands at the venue goes before what is held here; of several here the first.
        let exit = self.book.exit_side(instrument);
        let mut here: Vec<_> = self.book.held_of(instrument).filter(|h| Some(h.order.side) == exit).collect();
        here.reverse();
        for held in here {
            let (id, order_type) = (held.id.clone(), held.order.kind.order_type());
            legs.take(Leg { id, instrument: instrument.clone(), order_type, here: true });
        }
        for order in self.book.reducing_orders(instrument) {
            let (id, order_type) = (order.id.clone(), order.spec.order_type);
            legs.take(Leg { id, instrument: instrument.clone(), order_type, here: false });
        }
        legs
    }

    /// The protection that stands, to be put back on what is kept of a position.
    pub(super) fn protection_on(&self, instrument: &InstrumentId) -> Option<Protection> {
        let legs = self.legs_of(instrument);
        // What is held here stays as it is: it does no more than is left.
        let stop = legs
            .stop
            .filter(|leg| !leg.here)
            .and_then(|s| s.order_type.stop().map(|stop| StopLeg { stop, limit: s.order_type.limit() }));
        let target = legs.target.filter(|leg| !leg.here).and_then(|s| s.order_type.limit());
        (stop.is_some() || target.is_some()).then(|| Protection {
            instrument: instrument.clone(),
            stop,
            target,
        })
    }

    /// Puts the old protection on what was kept.
    pub(super) fn protect_rest(&mut self, rest: &Protection, maker: &Maker) {
        let Protection { instrument, stop, target } = rest;
        let (venue, symbol) = (&instrument.venue, &instrument.symbol);
        let wish = Wish {
            stop: stop.map(|s| StopExpr { stop: PriceExpr::At(s.stop), limit: s.limit.map(PriceExpr::At) }),
            target: target.map(PriceExpr::At),
            break_even: false,
        };
        if let Err(why) = self.new_protection(instrument, &wish, maker) {
            let text = format!("{symbol}: what was kept is NAKED, its exits could not be put back: {why}");
            self.alert_at(
                crate::domain::alert::Severity::Emergency,
                crate::domain::alert::AlertCode::NoStop,
                venue,
                Some(symbol.clone()),
                Text::clean(&text),
            );
        }
    }

    pub(super) fn protect(
        &mut self,
        maker: &Maker,
        symbol: &Symbol,
        venue: Option<&VenueId>,
        wish: &Wish,
    ) -> Reply {
        let held = match self.held_at(symbol, venue) {
            Ok(held) => held,
            Err(why) => {
                return Reply::Refused { text: why, field: Some("symbol".into()), checks: Vec::new() };
            }
        };
        let [instrument] = held.as_slice() else {
            return refused_text(
                &format!("{symbol} is held at several venues; say where, `@venue`"),
                Some("venue"),
            );
        };
        let legs = self.legs_of(instrument);
        let moves_all = (legs.stop.is_some() || (wish.stop.is_none() && !wish.break_even))
            && (legs.target.is_some() || wish.target.is_none());
        if !moves_all && (legs.stop.is_some() || legs.target.is_some()) {
            let text = format!(
                "{symbol} has {} working and no {}; cancel it first (`cancel {symbol}`), then protect",
                if legs.stop.is_some() { "a stop" } else { "a target" },
                if legs.stop.is_some() { "target" } else { "stop" },
            );
            return refused_text(&text, None);
        }
        let result = if moves_all {
            self.move_protection(legs, wish, maker)
        } else {
            let wish = self.break_even_as_stop(instrument, wish);
            wish.and_then(|w| self.new_protection(instrument, &w, maker))
        };
        match result {
            Ok(clients) => {
                placed(clients, instrument.venue.clone(), &format!("protection of {symbol} is on its way"))
            }
            Err(stopped) => refused(&stopped, None),
        }
    }

    fn break_even_as_stop(&self, instrument: &InstrumentId, wish: &Wish) -> Result<Wish, Stopped> {
        if !wish.break_even {
            return Ok(*wish);
        }
        let average = self.book.position(instrument).and_then(|p| p.avg_price);
        let tick = self.book.instrument(instrument).map(|i| i.tick);
        let stop = average.zip(tick).and_then(|(a, t)| t.round(a)).ok_or_else(|| {
            Stopped::Why(Text::clean(&format!("the average entry of {} is not known", instrument.symbol)))
        })?;
        Ok(Wish { stop: Some(StopExpr { stop: PriceExpr::At(stop), limit: None }), ..*wish })
    }

    fn move_protection(&mut self, legs: Legs, wish: &Wish, maker: &Maker) -> Result<Vec<ClientId>, Stopped> {
        let Some(instrument) = legs.stop.as_ref().or(legs.target.as_ref()).map(|s| s.instrument.clone())
        else {
            return Ok(Vec::new());
        };
        let (stop, target) = self.sized(&instrument, |i| sizing::exit_prices(i, wish.stop, wish.target))?;
        let mut clients = Vec::new();
        if let Some(leg) = legs.stop {
            let change = match stop {
                _ if wish.break_even => {
                    Some(self.sized(&instrument, |i| sizing::break_even(i, leg.order_type))?)
                }
                Some(leg) => Some(Change { stop: Some(leg.stop), limit: leg.limit, ..Change::default() }),
                None => None,
            };
            if let Some(change) = change {
                clients.push(self.change_leg(&leg, change, maker)?);
            }
        }
        if let (Some(leg), Some(limit)) = (legs.target, target) {
            let change = Change { limit: Some(limit), ..Change::default() };
            clients.push(self.change_leg(&leg, change, maker)?);
        }
        Ok(clients)
    }

    fn change_leg(&mut self, leg: &Leg, change: Change, maker: &Maker) -> Result<ClientId, Stopped> {
        if leg.here {
            return self.change_held(&leg.id, &change).map_err(Stopped::Why);
        }
        self.replace_order(&leg.id, change, maker.origin.clone())
    }

    fn sized<T>(
        &self,
        instrument: &InstrumentId,
        ask: impl FnOnce(&sizing::Inputs<'_>) -> Result<T, sizing::SizingError>,
    ) -> Result<T, Stopped> {
        match self.with_inputs(instrument, super::preview::Power::Asked, ask) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(why)) => Err(Stopped::Why(Text::clean(&why.to_string()))),
            Err(why) => Err(Stopped::Why(why)),
        }
    }

    /// An exit pair or a lone exit, proven to reduce: of a pair one cancels the other. No lock stops protection.
    fn new_protection(
        &mut self,
        instrument: &InstrumentId,
        wish: &Wish,
        maker: &Maker,
    ) -> Result<Vec<ClientId>, Stopped> {
        let spec = self.sized(instrument, |inputs| sizing::protect(inputs, wish.stop, wish.target))?;
        let (native, held) = self.divide_exit(spec.clone());
        self.send_exit(spec, native, held, maker).map_err(Stopped::Why)
    }
}
