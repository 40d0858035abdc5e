//! From the fields to a command, and from a working order to the fields.

use super::{Field, Purpose, Ticket, TicketKind, TicketSide};
use crate::{
    desk::snapshot::OrderRow,
    domain::{
        capability::TifWord,
        draft::{ChangeExpr, Command, Draft, DraftType, PriceExpr, Size, StopExpr, TifExpr, TrailExpr},
        ids::Symbol,
        order::{Amount, OrderKind, OrderType, Tif, Trail},
        text::Text,
    },
    grammar::{self, GrammarError, Kind},
};

/// Why the fields say nothing whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// What is wrong.
    pub wrong: Vec<(Field, Text)>,
    /// What is not there yet: said only when the order is to be sent.
    pub missing: Vec<(Field, Text)>,
}

impl Faults {
    fn note(&mut self, field: Field, error: &GrammarError) {
        if error.kind == Kind::Empty {
            self.missing.push((field, Text::clean(&format!("{}: {}", field.word(), wanted(field)))));
        } else if error.kind == Kind::Missing {
            self.missing.push((field, Text::clean(&format!("{}: {}", field.word(), error.expected))));
        } else {
            self.wrong.push((field, sentence(error)));
        }
    }
    const fn is_empty(&self) -> bool {
        self.wrong.is_empty() && self.missing.is_empty()
    }
}

/// What an empty field wants.
const fn wanted(field: Field) -> &'static str {
    match field {
        Field::Symbol => "write one such as AAPL or BTC/USD",
        Field::Size => "write 100, $500, 5% equity, 20% bp, risk 1%, risk $200, 50% or all",
        Field::Limit | Field::Trigger | Field::Stop => "write 174, -1.50, -1% or -12t",
        Field::Trail => "write 1.50, 1% or 20t",
        Field::Target => "write 180, +2% or 2R; for parts: 178 for 50% target 182",
        Field::Show => "write a quantity such as 100",
        Field::Until => "write the last day, such as 2026-12-31 or +3d",
        Field::Side
        | Field::Type
        | Field::Tif
        | Field::Extended
        | Field::PostOnly
        | Field::ReduceOnly
        | Field::Venue => "choose one",
    }
}

/// The error without its column: the field is the place.
fn sentence(error: &GrammarError) -> Text {
    let whole = error.to_string();
    Text::clean(&whole.replacen(&format!(" at column {}", error.column), "", 1))
}

impl Ticket {
    /// What the fields say.
    ///
    /// # Errors
    /// What is wrong or missing, by field.
    pub fn compose(&self) -> Result<Command, Faults> {
        let command = match &self.purpose {
            Purpose::New => self.draft().map(Command::Order)?,
            Purpose::Modify { order, venue } => {
                let change = self.change()?;
                Command::Replace { order: order.clone(), change, venue: Some(venue.clone()) }
            }
        };
        // What excludes what is the grammar's to say.
        match grammar::parse(&grammar::print(&command)) {
            Ok(_) => Ok(command),
            Err(error) => {
                let mut faults = Faults::default();
                faults.note(field_of(&error, &grammar::print(&command)), &error);
                Err(faults)
            }
        }
    }

    fn draft(&self) -> Result<Draft, Faults> {
        let mut faults = Faults::default();
        let symbol = self.need(Field::Symbol, grammar::symbol, &mut faults);
        let size = self.need(Field::Size, grammar::size_expr, &mut faults);
        let order_type = self.order_type(&mut faults);
        let stop = self.optional(Field::Stop, stop_expr, &mut faults);
        let targets = self.optional(Field::Target, grammar::targets_expr, &mut faults);
        let (parts, target) = targets.unwrap_or_default();
        let show = if self.shows(Field::Show) {
            self.optional(Field::Show, grammar::quantity_expr, &mut faults)
        } else {
            None
        };
        let tif = self.tif_expr(&mut faults);
        match (symbol, size, order_type, faults.is_empty()) {
            (Some(symbol), Some(size), Some(order_type), true) => Ok(Draft {
                side: self.side.0,
                symbol,
                venue: self.venue.clone(),
                size,
                order_type,
                stop,
                target,
                parts,
                show,
                tif,
                extended: self.extended,
                post_only: self.post_only,
                reduce_only: self.reduce_only,
                tag: None,
            }),
            _ => Err(faults),
        }
    }

    fn tif_expr(&self, faults: &mut Faults) -> Option<TifExpr> {
        match self.tif?.plain() {
            Some(tif) => Some(TifExpr::Is(tif)),
            None => self.need(Field::Until, grammar::until_expr, faults),
        }
    }

    fn order_type(&self, faults: &mut Faults) -> Option<DraftType> {
        let kind = self.kind.0;
        let price = |field, faults: &mut Faults| self.need(field, grammar::price_expr, faults);
        match kind {
            OrderKind::Market => Some(DraftType::Market),
            OrderKind::Limit => price(Field::Limit, faults).map(DraftType::Limit),
            OrderKind::Stop => price(Field::Trigger, faults).map(DraftType::Stop),
            OrderKind::StopLimit => {
                let limit = price(Field::Limit, faults);
                let stop = price(Field::Trigger, faults);
                stop.zip(limit).map(|(stop, limit)| DraftType::StopLimit { stop, limit })
            }
            OrderKind::TrailingStop => {
                self.need(Field::Trail, grammar::trail_expr, faults).map(DraftType::Trail)
            }
        }
    }

    /// What differs from the order as it works.
    fn change(&self) -> Result<ChangeExpr, Faults> {
        let mut faults = Faults::default();
        let before =
            |field| self.before.iter().find(|(f, _)| *f == field).map_or("", |(_, text)| text.as_str());
        let changed = |field: Field| self.shows(field) && self.text(field) != before(field);
        let price = |field, faults: &mut Faults| {
            changed(field).then(|| self.need(field, grammar::price_expr, faults)).flatten()
        };
        let mut change = ChangeExpr { limit: price(Field::Limit, &mut faults), ..ChangeExpr::default() };
        change.stop = price(Field::Trigger, &mut faults);
        if changed(Field::Trail) {
            change.trail = self.need(Field::Trail, grammar::trail_expr, &mut faults);
        }
        if changed(Field::Size) {
            match self.need(Field::Size, grammar::size_expr, &mut faults) {
                Some(Size::Qty(qty)) => change.qty = Some(qty),
                Some(_) => {
                    faults.wrong.push((Field::Size, "write the new total quantity, such as 50".into()));
                }
                None => {}
            }
        }
        if self.tif != self.tif_before || changed(Field::Until) {
            change.tif = self.tif_expr(&mut faults);
        }
        if faults.is_empty() && change == ChangeExpr::default() {
            faults.missing.push((Field::Size, "nothing is changed yet".into()));
        }
        if faults.is_empty() { Ok(change) } else { Err(faults) }
    }

    fn need<T>(
        &self,
        field: Field,
        read: impl Fn(&str) -> Result<T, GrammarError>,
        faults: &mut Faults,
    ) -> Option<T> {
        read(self.text(field)).map_err(|e| faults.note(field, &e)).ok()
    }

    fn optional<T>(
        &self,
        field: Field,
        read: impl Fn(&str) -> Result<T, GrammarError>,
        faults: &mut Faults,
    ) -> Option<T> {
        if self.text(field).is_empty() { None } else { self.need(field, read, faults) }
    }

    /// Fills the fields with a new order. `None` where there is no field for something in it.
    pub fn of_draft(draft: &Draft) -> Option<Self> {
        let (kind, prices) = match draft.order_type {
            DraftType::Market => (OrderKind::Market, vec![]),
            DraftType::Limit(limit) => (OrderKind::Limit, vec![(Field::Limit, limit)]),
            DraftType::Stop(stop) => (OrderKind::Stop, vec![(Field::Trigger, stop)]),
            DraftType::StopLimit { stop, limit } => {
                (OrderKind::StopLimit, vec![(Field::Trigger, stop), (Field::Limit, limit)])
            }
            DraftType::Trail(_) => (OrderKind::TrailingStop, vec![]),
        };
        let mut ticket = Self {
            side: TicketSide(draft.side),
            kind: TicketKind(kind),
            tif: draft.tif.map(|t| match t {
                TifExpr::Is(tif) => tif.into(),
                TifExpr::GtdIn(_) => TifWord::Gtd,
            }),
            extended: draft.extended,
            post_only: draft.post_only,
            reduce_only: draft.reduce_only,
            venue: draft.venue.clone(),
            venue_chosen: draft.venue.is_some(),
            ..Self::default()
        };
        ticket.put(Field::Symbol, draft.symbol.as_str());
        ticket.put(Field::Size, &grammar::size_text(draft.size));
        for (field, price) in prices {
            ticket.put(field, &grammar::price_text(price));
        }
        let parts = draft.parts.iter().map(|p| format!("{} for {}%", grammar::price_text(p.target), p.share));
        let targets: Vec<String> = parts.chain(draft.target.map(grammar::price_text)).collect();
        ticket.put(Field::Target, &targets.join(" target "));
        if let Some(show) = draft.show {
            ticket.put(Field::Show, &show.to_string());
        }
        if let DraftType::Trail(trail) = draft.order_type {
            ticket.put(Field::Trail, &grammar::trail_text(trail));
        }
        if let Some(StopExpr { stop, limit }) = draft.stop {
            let limit = limit.map(|l| format!(" limit {}", grammar::price_text(l))).unwrap_or_default();
            ticket.put(Field::Stop, &format!("{}{limit}", grammar::price_text(stop)));
        }
        match draft.tif {
            Some(TifExpr::Is(Tif::Gtd(date))) => ticket.put(Field::Until, &date.to_string()),
            Some(TifExpr::GtdIn(days)) => ticket.put(Field::Until, &format!("+{days}d")),
            Some(TifExpr::Is(_)) | None => {}
        }
        let says_the_same = ticket.compose().is_ok_and(|c| c == Command::Order(draft.clone()));
        says_the_same.then_some(ticket)
    }

    /// Fills the fields with a working order, to be changed. `None` for an order without a quantity: there is
    /// nothing to change in one that is given in money.
    pub fn of_order(order: &OrderRow) -> Option<Self> {
        let Amount::Qty(qty) = order.amount else { return None };
        let mut ticket = Self {
            purpose: Purpose::Modify { order: order.id.client.clone(), venue: order.id.venue.clone() },
            side: TicketSide(order.side),
            kind: TicketKind(order.order_type.kind()),
            tif: Some(order.tif.into()),
            tif_before: Some(order.tif.into()),
            venue: Some(order.id.venue.clone()),
            ..Self::default()
        };
        ticket.put(Field::Symbol, order.symbol.as_str());
        ticket.put(Field::Size, &qty.to_string());
        match order.order_type {
            OrderType::Market => {}
            OrderType::Limit { limit } => ticket.put(Field::Limit, &limit.to_string()),
            OrderType::Stop { stop } => ticket.put(Field::Trigger, &stop.to_string()),
            OrderType::StopLimit { stop, limit } => {
                ticket.put(Field::Trigger, &stop.to_string());
                ticket.put(Field::Limit, &limit.to_string());
            }
            OrderType::TrailingStop { trail: Trail::Amount(by) } => ticket.put(Field::Trail, &by.to_string()),
            OrderType::TrailingStop { trail: Trail::Percent(by) } => {
                ticket.put(Field::Trail, &format!("{by}%"));
            }
        }
        if let Tif::Gtd(date) = order.tif {
            ticket.put(Field::Until, &date.to_string());
        }
        let texts = [Field::Size, Field::Limit, Field::Trigger, Field::Trail, Field::Until];
        ticket.before = texts.into_iter().map(|f| (f, ticket.text(f).to_owned())).collect();
        Some(ticket)
    }

    /// The symbol, once it is one.
    pub fn symbol(&self) -> Option<Symbol> {
        grammar::symbol(self.text(Field::Symbol)).ok()
    }
}

/// `174`, or `174 limit 173.50`.
fn stop_expr(text: &str) -> Result<StopExpr, GrammarError> {
    let (stop, limit) = match text.split_once(" limit ") {
        Some((stop, limit)) => (stop, Some(grammar::price_expr(limit.trim())?)),
        None => (text, None),
    };
    Ok(StopExpr { stop: grammar::price_expr(stop.trim())?, limit })
}

/// The field that a whole line's error is about.
fn field_of(error: &GrammarError, line: &str) -> Field {
    if error.kind == Kind::Missing {
        return Field::Stop;
    }
    let word = line.get(error.at.clone()).and_then(|t| t.split_whitespace().next()).unwrap_or_default();
    match word {
        "gtd" | "day" | "gtc" | "ioc" | "fok" | "opg" | "cls" => Field::Tif,
        "market" => Field::Type,
        _ => Field::parse(word).unwrap_or(Field::Size),
    }
}

/// A price text one tick (or one of its own steps) up or down; `None` where it is none or the tick is not known.
pub fn nudge(text: &str, up: bool, tick: Option<crate::domain::money::Price>) -> Option<String> {
    use crate::domain::money::{Percent, Price, Ratio};
    use rust_decimal::Decimal;
    let by = |step: Decimal| if up { step } else { Price::new(step).negated().get() };
    let tick_step = || tick.map(|t| by(t.get()));
    let tenth = by(Decimal::new(1, 1));
    let moved = match grammar::target_expr(text).ok()? {
        PriceExpr::At(p) => PriceExpr::At(Price::new(p.get().checked_add(tick_step()?)?)),
        PriceExpr::Offset(p) => PriceExpr::Offset(Price::new(p.get().checked_add(tick_step()?)?)),
        PriceExpr::Percent(p) => PriceExpr::Percent(Percent::new(p.get().checked_add(tenth)?)),
        PriceExpr::Ticks(n) => PriceExpr::Ticks(n.checked_add(if up { 1 } else { -1 })?),
        PriceExpr::R(r) => PriceExpr::R(Ratio::new(r.get().checked_add(tenth)?)),
    };
    Some(match moved {
        PriceExpr::At(p) if p.is_positive() => p.to_string(),
        PriceExpr::At(p) => format!("={p}"),
        PriceExpr::Offset(p) => format!("{:+}", p.get()),
        PriceExpr::Percent(p) => format!("{:+}%", p.get()),
        PriceExpr::Ticks(n) => format!("{n:+}t"),
        PriceExpr::R(r) if r.is_positive() => format!("{r}R"),
        PriceExpr::R(_) => return None,
    })
}

/// A trailing distance one step up or down; `None` where it is none, or would be nothing.
pub fn nudge_trail(text: &str, up: bool, tick: Option<crate::domain::money::Price>) -> Option<String> {
    match grammar::trail_expr(text).ok()? {
        TrailExpr::Amount(_) => nudge(text, up, tick).filter(|t| !t.starts_with('=')),
        TrailExpr::Percent(p) => {
            let moved = nudge(&format!("+{p}%"), up, tick)?;
            moved.strip_prefix('+').filter(|t| *t != "0%" && *t != "0.0%").map(str::to_owned)
        }
        TrailExpr::Ticks(n) => {
            let moved = n.checked_add(if up { 1 } else { -1 })?;
            (moved > 0).then(|| format!("{moved}t"))
        }
    }
}
