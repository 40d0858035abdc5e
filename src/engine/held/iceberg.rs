//! Icebergs: whether the venue shows a part of an order by itself, or the rest of it is held here.

use super::Engine;
use crate::domain::{
    instrument::Instrument,
    money::Qty,
    order::{OrderKind, OrderSpec, Tif},
    text::Text,
};
use rust_decimal::Decimal;

impl Engine {
    /// Gives what is shown of an iceberg to the order itself where the venue takes it so. Where it does not, the rest is
    /// for here to hold, and why is told.
    pub(in crate::engine) fn place_show(&self, spec: &mut OrderSpec, show: &mut Option<Qty>) -> Option<Text> {
        let total = spec.amount.qty()?;
        let part = show.filter(|part| *part < total)?;
        let why = self.why_not_at_venue(spec, part, total);
        if why.is_none() {
            (spec.show, *show) = (Some(part), None);
        }
        why.map(|why| Text::clean(&why))
    }

    /// Takes the rest as one to hold here. That of an order which waits for a price can't be: its next part would find
    /// the trigger passed.
    pub(in crate::engine) fn refuse_rest(spec: &OrderSpec, why: Option<&Text>) -> Result<(), Text> {
        match why.filter(|_| spec.order_type.kind() != OrderKind::Limit) {
            None => Ok(()),
            Some(why) => Err(Text::clean(&format!(
                "an order that waits for its trigger can't show parts of itself here: {why}"
            ))),
        }
    }

    fn why_not_at_venue(&self, spec: &OrderSpec, show: Qty, total: Qty) -> Option<String> {
        let (venue, symbol) = (&spec.instrument.venue, &spec.instrument.symbol);
        if !self.class_at(&spec.instrument).is_some_and(|class| class.iceberg) {
            return Some(format!("{venue} has no icebergs"));
        }
        let Some(instrument) = self.book.instrument(&spec.instrument) else {
            return Some(format!("the rules of {symbol} are not known yet"));
        };
        let Some(bounds) = instrument.icebergs else {
            return Some(format!("{venue} takes no icebergs in {symbol}"));
        };
        if spec.tif != Tif::Gtc {
            return Some(format!("{venue} takes icebergs with gtc alone"));
        }
        if let Some(why) = off_lot(instrument, show) {
            return Some(why);
        }
        if let Some(most) = bounds.parts_max.filter(|most| !covers(show, *most, total)) {
            return Some(format!("{venue} takes an order in {symbol} in {most} parts at most"));
        }
        let most = bounds.open_max?;
        let open = self.book.open_orders_of(&spec.instrument).filter(|o| o.spec.show.is_some()).count();
        let is_full = u32::try_from(open).map_or(true, |open| open >= most);
        is_full.then(|| format!("{venue} takes {most} icebergs in {symbol} at a time, {open} are open"))
    }
}

/// The venue's lot and least size are for what is shown, too.
fn off_lot(instrument: &Instrument, show: Qty) -> Option<String> {
    if show.is_zero() || !show.is_multiple_of(instrument.lot) {
        return Some(format!("{show} is no whole number of lots of {}", instrument.lot));
    }
    (show < instrument.qty_min).then(|| format!("{show} is less than {}", instrument.qty_min))
}

/// Are so many parts enough for all of it?
fn covers(show: Qty, parts: u32, total: Qty) -> bool {
    show.get().checked_mul(Decimal::from(parts)).is_some_and(|most| most >= total.get())
}
