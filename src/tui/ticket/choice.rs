//! The fields that are chosen, not typed.

use super::{Field, Ticket, TicketKind, TicketSide};
use crate::domain::{
    capability::{ClassCapability, TifWord},
    ids::VenueId,
    order::{OrderKind, Side},
};

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];
const TIFS: [Option<TifWord>; 8] = [
    None,
    Some(TifWord::Day),
    Some(TifWord::Gtc),
    Some(TifWord::Gtd),
    Some(TifWord::Ioc),
    Some(TifWord::Fok),
    Some(TifWord::Opg),
    Some(TifWord::Cls),
];

/// What a field is left to when nothing is chosen.
pub const DEFAULT: &str = "default";

/// What there is to choose from.
#[derive(Debug, Clone, Copy)]
pub struct Choices<'a> {
    /// The venues.
    pub venues: &'a [VenueId],
    /// What the venue takes for the symbol's class; `None` while that is not known: then everything is offered, and the
    /// gate says what it refuses. A date alone is not offered blindly: few venues take one.
    pub offer: Option<&'a ClassCapability>,
}

impl Ticket {
    /// The word that a chosen field shows.
    pub fn choice(&self, field: Field) -> Option<String> {
        let yes = |on: bool| Some(if on { "yes" } else { "no" }.to_owned());
        match field {
            Field::Side => Some(self.side.0.word().to_owned()),
            Field::Type => Some(self.kind.0.word().to_owned()),
            Field::Tif => Some(self.tif.map_or(DEFAULT, TifWord::word).to_owned()),
            Field::Extended => yes(self.extended),
            Field::PostOnly => yes(self.post_only),
            Field::ReduceOnly => yes(self.reduce_only),
            Field::Venue => Some(self.venue.as_ref().map_or_else(|| DEFAULT.to_owned(), ToString::to_string)),
            Field::Symbol
            | Field::Size
            | Field::Limit
            | Field::Trigger
            | Field::Trail
            | Field::Stop
            | Field::Target
            | Field::Show
            | Field::Until => None,
        }
    }

    /// The next (or previous) choice of a field, of what the venue offers. `false` where nothing else can be chosen.
    pub fn choose(&mut self, field: Field, next: bool, from: &Choices<'_>) -> bool {
        self.choose_where(field, next, from, |_| true)
    }

    /// The next choice that begins with a letter.
    pub fn choose_letter(&mut self, field: Field, letter: char, from: &Choices<'_>) -> bool {
        self.choose_where(field, true, from, |word| {
            word.chars().next().is_some_and(|c| c.eq_ignore_ascii_case(&letter))
        })
    }

    fn choose_where(
        &mut self,
        field: Field,
        next: bool,
        from: &Choices<'_>,
        fits: impl Fn(&str) -> bool,
    ) -> bool {
        let Choices { venues, offer } = from;
        let has = |what: fn(&ClassCapability) -> bool| offer.is_none_or(what);
        // Exits that the venue lacks are held here: the figures say so.
        let takes = |kind: OrderKind| kind.can_be_held() || offer.is_none_or(|o| o.kinds.contains(&kind));
        let lasts = |tif: Option<TifWord>| match (offer, tif) {
            (Some(offer), Some(tif)) => offer.tifs.contains(&tif),
            (None, tif) => tif != Some(TifWord::Gtd),
            (Some(_), None) => true,
        };
        let word = |tif: Option<TifWord>| tif.map_or(DEFAULT, TifWord::word);
        match field {
            Field::Side => {
                turn(&SIDES, self.side.0, next, |s| fits(s.word())).map(|s| self.side = TicketSide(s))
            }
            Field::Type => turn(&OrderKind::ALL, self.kind.0, next, |k| takes(*k) && fits(k.word()))
                .map(|k| self.kind = TicketKind(k)),
            Field::Tif => turn(&TIFS, self.tif, next, |t| lasts(*t) && fits(word(*t))).map(|t| self.tif = t),
            Field::Extended => flag(self.extended, has(|o| o.extended), fits).map(|on| self.extended = on),
            Field::PostOnly => flag(self.post_only, has(|o| o.post_only), fits).map(|on| self.post_only = on),
            // Where the venue has no such flag the proof against the book holds it.
            Field::ReduceOnly => flag(self.reduce_only, true, fits).map(|on| self.reduce_only = on),
            Field::Venue => {
                let all: Vec<_> = std::iter::once(None).chain(venues.iter().cloned().map(Some)).collect();
                let name = |v: &Option<VenueId>| v.as_ref().map_or(DEFAULT, VenueId::as_str).to_owned();
                turn(&all, self.venue.clone(), next, |v| fits(&name(v))).map(|v| {
                    self.venue_chosen = v.is_some();
                    self.venue = v;
                })
            }
            Field::Symbol
            | Field::Size
            | Field::Limit
            | Field::Trigger
            | Field::Trail
            | Field::Stop
            | Field::Target
            | Field::Show
            | Field::Until => None,
        }
        .is_some()
    }
}

/// One that the venue does not have can still be taken off.
fn flag(now: bool, offered: bool, fits: impl Fn(&str) -> bool) -> Option<bool> {
    turn(&[false, true], now, true, |on| (offered || !*on) && fits(if *on { "yes" } else { "no" }))
}

/// The choice after (or before) `now` that fits, going round.
fn turn<T: Clone + PartialEq>(all: &[T], now: T, next: bool, fits: impl Fn(&T) -> bool) -> Option<T> {
    let place = all.iter().position(|x| *x == now);
    let after = place.map_or(0, |p| p.saturating_add(1));
    let mut order: Vec<&T> = all.iter().skip(after).chain(all.iter().take(after)).collect();
    if !next {
        // From the one before `now` backwards; `now` itself stands last in the order and comes last here too.
        order.rotate_right(usize::from(place.is_some()));
        order.reverse();
    }
    let mut found = order.into_iter().filter(|x| fits(x));
    found.next().filter(|x| **x != now).cloned()
}
