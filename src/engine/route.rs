//! Which venue an order goes to that names none: the one of its class, else the default; and while that one is down,
//! the fallback, for entries only. Nothing is guessed: where that leaves several, the trader names one.

use super::Engine;
use crate::{
    broker::{Channel, Link},
    domain::{
        alert::{AlertCode, Severity},
        draft::Draft,
        ids::{Symbol, VenueId},
        instrument::AssetClass,
        text::Text,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Where orders go that name no venue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Routing {
    /// Those of no other rule; `None` is the only venue, and with several the trader names one.
    pub default: Option<VenueId>,
    /// Those of a class.
    pub by_class: BTreeMap<AssetClass, VenueId>,
    /// Entries while their venue is down; `None` is nowhere.
    pub fallback: Option<VenueId>,
}

/// Where an order goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) venue: VenueId,
    /// In a sentence, where it is the fallback.
    pub(super) instead: Option<Text>,
}

impl Route {
    const fn to(venue: VenueId) -> Self {
        Self { venue, instead: None }
    }
}

impl Engine {
    /// Where a draft goes.
    ///
    /// # Errors
    /// In words, where the trader must name a venue.
    pub(super) fn route(&self, draft: &Draft) -> Result<Route, Text> {
        if let Some(named) = &draft.venue {
            return self.venue_for(named).map(Route::to);
        }
        let venue = self.venue_of(&draft.symbol)?;
        match &self.routing.fallback {
            Some(fallback) if *fallback != venue && self.may_fall_back(draft, &venue, fallback) => {
                let text = format!("{venue} is down: this goes to {fallback}");
                Ok(Route { venue: fallback.clone(), instead: Some(Text::clean(&text)) })
            }
            Some(_) | None => Ok(Route::to(venue)),
        }
    }

    /// A person is told where an order goes that does not go where it usually would.
    pub(super) fn tell_fallback(&mut self, draft: &Draft) {
        if self.routing.fallback.is_none() {
            return;
        }
        if let Ok(Route { venue, instead: Some(text) }) = self.route(draft) {
            let text = Text::clean(&format!("{} {}: {text}", draft.side.word(), draft.symbol));
            self.alert_at(Severity::Warning, AlertCode::Program, &venue, Some(draft.symbol.clone()), text);
        }
    }

    /// Where orders in a symbol go that name no venue.
    ///
    /// # Errors
    /// In words, where the trader must name one.
    pub(super) fn venue_of(&self, symbol: &Symbol) -> Result<VenueId, Text> {
        if !self.routing.by_class.is_empty() {
            let classes = self.classes_of(symbol);
            let places: BTreeSet<Option<&VenueId>> =
                classes.iter().map(|class| self.routing.by_class.get(class)).collect();
            let mut places = places.into_iter();
            match (places.next(), places.next()) {
                (Some(Some(venue)), None) => return Ok(venue.clone()),
                (Some(None) | None, None) => {}
                (_, Some(_)) => {
                    let words: Vec<String> = classes.iter().map(|c| c.word().to_owned()).collect();
                    let why = format!("{symbol} is {}, by the venue that is asked", words.join(" or "));
                    return Err(self.name_one(symbol, &why));
                }
            }
        }
        match (&self.routing.default, self.names.as_slice()) {
            (Some(default), _) => Ok(default.clone()),
            (None, [only]) => Ok(only.clone()),
            (None, []) => Err(Text::clean("no venue is configured")),
            (None, _) => {
                Err(self.name_one(symbol, "several venues are open and none is orders.default_venue"))
            }
        }
    }

    fn name_one(&self, symbol: &Symbol, why: &str) -> Text {
        let named: Vec<String> = self.names.iter().map(|v| format!("{symbol}@{v}")).collect();
        Text::clean(&format!("{why}: name the venue, {}", named.join(" or ")))
    }

    /// What a symbol is at the venues that know it; where none does, what its spelling says.
    fn classes_of(&self, symbol: &Symbol) -> BTreeSet<AssetClass> {
        let known = self.names.iter().filter_map(|venue| {
            let id = self.instrument_for(symbol, venue);
            if let Some(rules) = self.book.instrument(&id) {
                return Some(rules.class);
            }
            self.lists(&id).then(|| self.class_of(&id))
        });
        let known: BTreeSet<AssetClass> = known.collect();
        if known.is_empty() { BTreeSet::from([AssetClass::spelled(symbol)]) } else { known }
    }

    /// Only what opens, with the same kind of money, and only where the venue that is down has nothing of it: there
    /// the same line would reduce, and here it would open.
    fn may_fall_back(&self, draft: &Draft, venue: &VenueId, fallback: &VenueId) -> bool {
        let opens = !draft.reduces();
        let (Some(from), Some(to)) = (self.venues.get(venue), self.venues.get(fallback)) else {
            return false;
        };
        let here = self.instrument_for(&draft.symbol, venue);
        let is_held = self.book.position(&here).is_some_and(|p| !p.qty.is_zero())
            || self.book.open_orders().any(|o| o.spec.instrument == here)
            || self.book.held_here().any(|row| row.order.instrument == here);
        let there = self.instrument_for(&draft.symbol, fallback);
        opens
            && self.is_down(venue)
            && !self.is_down(fallback)
            && from.setup.environment == to.setup.environment
            && to.setup.capability.of(self.class_of(&there)).is_some()
            && !is_held
    }

    /// It lost the way that orders go or their news come, and waits before it tries again.
    fn is_down(&self, venue: &VenueId) -> bool {
        let gone = |link: &Link| match link {
            Link::Backoff { .. } | Link::Dead { .. } => true,
            Link::Connecting | Link::Up | Link::Stale => false,
        };
        let Some(state) = self.venues.get(venue) else { return true };
        [Channel::Orders, Channel::Rest].iter().any(|c| state.links.get(c).is_some_and(|l| gone(&l.link)))
    }
}

#[cfg(test)]
mod tests;
