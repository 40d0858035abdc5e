//! Order lines, done.

use super::{
    Engine,
    held::{Division, Exit},
    input::words_of,
    orders::{Maker, Stopped},
    preview::Power,
    requests::{done, placed, refused, refused_text},
};
use crate::{
    book::HeldRow,
    desk::Reply,
    domain::{
        draft::{CancelTarget, ChangeExpr, Command, Draft, Share},
        held::HeldKind,
        ids::{ClientId, InstrumentId, OrderId, Symbol, VenueId},
        money::Price,
        order::{Amount, Attached, Change, OrderSpec, OrderType, Tif},
        scope::Then,
        text::Text,
    },
    monitor::opens_risk,
    risk, sizing,
};

impl Engine {
    /// An order line, where it lies: it is not moved from hand to hand while it waits to leave.
    pub(super) fn on_order(&mut self, maker: &Maker, draft: &Draft, words: Option<Text>) -> Option<Reply> {
        let line = words.unwrap_or_else(|| words_of(&Command::Order(draft.clone())));
        self.said(line, maker);
        self.place(maker, draft)
    }

    /// Nothing where what left is answered as it is settled.
    pub(super) fn on_command(
        &mut self,
        maker: &Maker,
        command: Command,
        words: Option<Text>,
    ) -> Option<Reply> {
        match command {
            Command::Flatten(scope) => return Some(self.flatten(&scope, maker)),
            Command::Halt => return Some(self.halt(maker)),
            Command::Order(_)
            | Command::Close { .. }
            | Command::Reverse { .. }
            | Command::Protect { .. }
            | Command::Cancel { .. }
            | Command::Replace { .. }
            | Command::Lock { .. }
            | Command::Unlock { .. } => {
                let line = words.unwrap_or_else(|| words_of(&command));
                self.said(line, maker);
            }
        }
        Some(match command {
            Command::Order(draft) => return self.place(maker, &draft),
            Command::Close { symbol, share, venue } => self.close(maker, &symbol, share, venue.as_ref()),
            Command::Reverse { symbol, venue } => self.reverse(maker, &symbol, venue.as_ref()),
            Command::Protect { symbol, venue, stop, target, break_even } => {
                let wish = super::protect::Wish { stop, target, break_even };
                self.protect(maker, &symbol, venue.as_ref(), &wish)
            }
            Command::Cancel { target, venue } => self.cancel(&target, venue.as_ref()),
            Command::Replace { order, change, venue } => self.change(maker, order, &change, venue.as_ref()),
            Command::Lock { reason } => {
                self.lock(reason);
                done("entries are blocked; cancels, closes and flatten go on")
            }
            Command::Unlock { reason } => self.unlock(&reason),
            Command::Flatten(_) | Command::Halt => done("under way"),
        })
    }

    fn place(&mut self, maker: &Maker, draft: &Draft) -> Option<Reply> {
        self.tell_fallback(draft);
        let refused_at = |text, field| Some(Reply::Refused { text, field: Some(field), checks: Vec::new() });
        let mut order = match self.order_of(draft) {
            Ok(order) => order,
            Err(why) => return refused_at(why.text, why.field),
        };
        let held_because = self.place_show(&mut order.spec, &mut order.show);
        if let Err(why) = Self::refuse_rest(&order.spec, held_because.as_ref()) {
            return refused_at(why, "show".into());
        }
        let spec = &order.spec;
        let reduces = draft.reduces();
        if reduces || self.book.exit_side(&spec.instrument) == Some(spec.side) {
            match self.reduce((*order).clone(), maker) {
                Ok(clients) => return Some(placed(clients, spec.instrument.venue.clone(), &describe(spec))),
                Err(why) if reduces => return refused_at(why, "size".into()),
                // It closes and opens, or more is closing than there is: the gate's.
                Err(_) => {}
            }
        }
        if self.goes_whole(&order) {
            return self.submit_last(order.spec, maker).err().map(|stopped| refused(&stopped, None));
        }
        let words = describe(spec);
        let venue = spec.instrument.venue.clone();
        Some(match self.enter(*order, maker) {
            Ok(clients) => placed(clients, venue, &words),
            Err(stopped) => refused(&stopped, None),
        })
    }

    /// Sends what the venue takes of a reduction, and holds the rest here.
    fn reduce(&mut self, order: sizing::Order, maker: &Maker) -> Result<Vec<ClientId>, Text> {
        if order.show.is_none() {
            let (native, held) = self.divide_exit(order.spec.clone());
            return self.send_exit(order.spec, native, held, maker);
        }
        let Division { spec, held } = self.divide(order);
        self.refuse_unwatched(&held)?;
        let (instrument, side) = (spec.instrument.clone(), spec.side);
        let client = self.send_reduction(spec, maker.origin.clone())?;
        self.hold_exits(&instrument, side, held, Some(&client));
        Ok(vec![client])
    }

    /// An exit for a position that is there: `native` goes to the venue, `held` is held here.
    pub(super) fn send_exit(
        &mut self,
        whole: OrderSpec,
        native: Option<OrderSpec>,
        held: Vec<Exit>,
        maker: &Maker,
    ) -> Result<Vec<ClientId>, Text> {
        self.refuse_unwatched(&held)?;
        let mut clients = Vec::new();
        match native {
            Some(spec) => clients.push(self.send_reduction(spec, maker.origin.clone())?),
            // Nothing is sent now; that it only reduces is proven when it is.
            None if self.book.exit_side(&whole.instrument) != Some(whole.side) => {
                let text = format!(
                    "a {} that is held here only closes, and {} is flat",
                    whole.order_type.kind().word(),
                    whole.instrument
                );
                return Err(Text::clean(&text));
            }
            None => {}
        }
        clients.extend(self.hold_exits(&whole.instrument, whole.side, held, None));
        Ok(clients)
    }

    /// Sends what the venue takes of an entry through the gate, and holds the rest here.
    fn enter(&mut self, order: sizing::Order, maker: &Maker) -> Result<Vec<ClientId>, Stopped> {
        let whole = order.spec.clone();
        let division = self.divide(order);
        self.refuse_unwatched(&division.held).map_err(Stopped::Why)?;
        let beside = division.beside();
        let Division { spec, held } = division;
        if spec.amount != whole.amount {
            // What is shown of it is judged again as it is sent; the whole is judged here.
            let verdict = self.with_context(&whole, beside, |context| risk::judge(context, &whole));
            if let Some(verdict) = verdict.filter(|v| !v.allows()) {
                return Err(Stopped::Checks(verdict));
            }
        }
        let side = if held.iter().any(|e| matches!(e.kind, HeldKind::Rest { .. })) {
            spec.side
        } else {
            spec.side.opposite()
        };
        let client = self.submit_beside(spec, beside, maker.origin.clone())?;
        self.hold_exits(&whole.instrument, side, held, Some(&client));
        Ok(vec![client])
    }

    /// Where a symbol is held: at the named venue, else wherever there is a position.
    pub(super) fn held_at(
        &self,
        symbol: &Symbol,
        venue: Option<&VenueId>,
    ) -> Result<Vec<InstrumentId>, Text> {
        if let Some(venue) = venue {
            self.venue_for(venue)?;
        }
        let candidates: Vec<VenueId> = venue.map_or_else(|| self.names.clone(), |v| vec![v.clone()]);
        let held: Vec<InstrumentId> = candidates
            .iter()
            .map(|v| self.instrument_for(symbol, v))
            .filter(|i| self.book.position(i).is_some_and(|p| !p.qty.is_zero()))
            .collect();
        if held.is_empty() {
            return Err(Text::clean(&format!(
                "{symbol} is flat: there is nothing to close; nothing was sent"
            )));
        }
        Ok(held)
    }

    fn close(&mut self, maker: &Maker, symbol: &Symbol, share: Share, venue: Option<&VenueId>) -> Reply {
        let held = match self.held_at(symbol, venue) {
            Ok(held) => held,
            Err(why) => {
                return Reply::Refused { text: why, field: Some("symbol".into()), checks: Vec::new() };
            }
        };
        let plans = held.iter().map(|instrument| {
            // What stood is put back on what is kept, also where not all could be closed.
            let then = match self.protection_on(instrument) {
                Some(p) => Then::Protect { stop: p.stop, target: p.target },
                None => Then::Nothing,
            };
            self.plan_close(instrument, share, then)
        });
        let plans = plans.collect();
        self.begin_exits(plans, maker)
    }

    fn reverse(&mut self, maker: &Maker, symbol: &Symbol, venue: Option<&VenueId>) -> Reply {
        let held = match self.held_at(symbol, venue) {
            Ok(held) => held,
            Err(why) => {
                return Reply::Refused { text: why, field: Some("symbol".into()), checks: Vec::new() };
            }
        };
        let [instrument] = held.as_slice() else {
            let at: Vec<&str> = held.iter().map(|i| i.venue.as_str()).collect();
            return refused_text(
                &format!("{symbol} is held at {}; say where, `@venue`", at.join(" and ")),
                Some("venue"),
            );
        };
        let Some((side, qty)) =
            self.book.position(instrument).and_then(|p| p.qty.exit_side().map(|side| (side, p.qty.size())))
        else {
            return refused_text(&format!("{symbol} is flat"), Some("symbol"));
        };
        let spec = OrderSpec {
            instrument: instrument.clone(),
            side,
            amount: Amount::Qty(qty),
            order_type: OrderType::Market,
            tif: self.tif_for(instrument),
            extended: false,
            post_only: false,
            reduce_only: false,
            attached: Attached::Simple,
            show: None,
            tag: None,
        };
        let plan = self.plan_close(instrument, Share::All, Then::Open(Box::new(spec)));
        self.begin_exits(vec![plan], maker)
    }

    fn cancel(&mut self, target: &CancelTarget, venue: Option<&VenueId>) -> Reply {
        if let Some(venue) = venue
            && let Err(why) = self.venue_for(venue)
        {
            return Reply::Refused { text: why, field: Some("venue".into()), checks: Vec::new() };
        }
        let ids: Vec<OrderId> = self
            .book
            .open_orders()
            .filter(|o| venue.is_none_or(|v| o.id.venue == *v))
            .filter(|o| match target {
                CancelTarget::Order(client) => {
                    o.id.client == *client
                        || o.venue_id.as_ref().is_some_and(|v| v.as_str() == client.as_str())
                }
                CancelTarget::Symbol(symbol) => o.spec.instrument == self.instrument_for(symbol, &o.id.venue),
                CancelTarget::Side(side) => o.spec.side == *side,
                CancelTarget::Entries => opens_risk(&self.book, o),
                CancelTarget::All => true,
            })
            .map(|o| o.id.clone())
            .collect();
        let n = ids.iter().filter(|id| self.cancel_order(id)).count();
        let n = n.saturating_add(self.cancel_held_by(target, venue));
        match (n, target) {
            (0, CancelTarget::Order(client)) => {
                refused_text(&format!("there is no open order `{client}`; nothing was sent"), None)
            }
            (
                0,
                CancelTarget::Symbol(_) | CancelTarget::Side(_) | CancelTarget::Entries | CancelTarget::All,
            ) => done("there is no such order to cancel; nothing was sent"),
            (n, _) => done(&format!("cancelling {}", crate::domain::text::counted(n, "order", "orders"))),
        }
    }

    /// Those that are held here.
    fn cancel_held_by(&mut self, target: &CancelTarget, venue: Option<&VenueId>) -> usize {
        let ids: Vec<OrderId> = self
            .book
            .held_here()
            .filter(|row| venue.is_none_or(|v| row.id.venue == *v))
            .filter(|row| match target {
                CancelTarget::Order(client) => row.id.client == *client,
                CancelTarget::Symbol(symbol) => {
                    row.order.instrument == self.instrument_for(symbol, &row.id.venue)
                }
                CancelTarget::Side(side) => row.order.side == *side,
                CancelTarget::Entries => matches!(row.order.kind, HeldKind::Rest { .. }),
                CancelTarget::All => true,
            })
            .map(|row| row.id.clone())
            .collect();
        ids.iter().filter(|id| self.cancel_held(id, "cancelled")).count()
    }

    fn change(
        &mut self,
        maker: &Maker,
        client: ClientId,
        change: &ChangeExpr,
        venue: Option<&VenueId>,
    ) -> Reply {
        let found = self
            .book
            .open_orders()
            .find(|o| o.id.client == client && venue.is_none_or(|v| o.id.venue == *v))
            .map(|o| (o.id.clone(), o.spec.clone()));
        let here = || {
            let mut held = self.book.held_here();
            let row = held.find(|row| row.id.client == client && venue.is_none_or(|v| row.id.venue == *v))?;
            Some((row.id.clone(), as_spec(row)))
        };
        let Some((id, spec)) = found.or_else(here) else {
            return refused_text(&format!("there is no open order `{client}`"), None);
        };
        let change = match self
            .with_inputs(&spec.instrument, Power::Asked, |inputs| sizing::change(inputs, &spec, change))
        {
            Ok(Ok(change)) => change,
            Ok(Err(why)) => return refused_text(&why.to_string(), None),
            Err(why) => return Reply::Refused { text: why, field: None, checks: Vec::new() },
        };
        self.change_order(&id, change, maker)
    }

    /// Changes an order, at the venue or held here.
    pub(super) fn change_order(&mut self, id: &OrderId, change: Change, maker: &Maker) -> Reply {
        if self.book.held_order(id).is_some() {
            return match self.change_held(id, &change) {
                Ok(client) => placed(vec![client], id.venue.clone(), "changed; it is held here"),
                Err(why) => Reply::Refused { text: why, field: None, checks: Vec::new() },
            };
        }
        match self.replace_order(id, change, maker.origin.clone()) {
            Ok(client) => placed(vec![client], id.venue.clone(), "the change is on its way"),
            Err(stopped) => refused(&stopped, None),
        }
    }
}

/// An order that is held here, as an order says it.
fn as_spec(row: &HeldRow) -> OrderSpec {
    OrderSpec {
        instrument: row.order.instrument.clone(),
        side: row.order.side,
        amount: Amount::Qty(row.order.qty),
        order_type: row.order.kind.order_type(),
        tif: Tif::Gtc,
        extended: false,
        post_only: false,
        reduce_only: true,
        attached: Attached::Simple,
        show: None,
        tag: None,
    }
}

/// `buy 673 AAPL market` for the receipt.
pub(super) fn describe(spec: &OrderSpec) -> String {
    let mut text = String::with_capacity(96);
    let InstrumentId { symbol, venue } = &spec.instrument;
    text.push_str(spec.side.word());
    match spec.amount {
        Amount::Qty(qty) => {
            text.push(' ');
            qty.put(&mut text);
            text.push(' ');
        }
        Amount::Notional(money) => {
            text.push_str(" $");
            money.put(&mut text);
            text.push_str(" of ");
        }
    }
    text.push_str(symbol.as_str());
    let mut priced = |word: &str, price: Price| {
        text.push_str(word);
        price.put(&mut text);
    };
    match spec.order_type {
        OrderType::Market => text.push_str(" market"),
        OrderType::Limit { limit } => priced(" limit ", limit),
        OrderType::Stop { stop } => priced(" stop ", stop),
        OrderType::StopLimit { stop, limit } => {
            priced(" stop ", stop);
            priced(" limit ", limit);
        }
        OrderType::TrailingStop { .. } => text.push_str(" trailing stop"),
    }
    text.push_str(match spec.attached {
        Attached::Simple => "",
        Attached::Bracket { .. } => " with stop and target",
        Attached::OtoStop { .. } => " with stop",
        Attached::OtoTarget { .. } => " with target",
        Attached::Oco { .. } => " as target and stop",
    });
    text.push_str(" at ");
    text.push_str(venue.as_str());
    text
}
