//! What an algorithm is asked. A question is a fact before it leaves, leaves once, and has an end: an answer, or that none
//! came. What could open a position is judged as an order of ours would be, or is proven to close what it holds.

use super::{Algorithm, Engine, Pending};
use crate::{
    desk::Reply,
    domain::{
        alert::Severity,
        algorithm::{AlgorithmFact, AskedOrder, Instructed, Instruction, Observation, Sighting},
        fact::Fact,
        ids::{InstrumentId, Symbol, VenueId},
        money::{Qty, SignedQty},
        order::{Amount, Attached, OrderSpec, OrderType, Side, Tif},
        scope::Scope,
        text::Text,
    },
    engine::{
        effect::Effect,
        orders::{Maker, Stopped},
        requests::{done, refused, refused_text},
    },
    risk::{self, Beside},
};
use smol_str::SmolStr;

/// A source answers within half a minute; after so long nobody will.
const LOST_MS: u64 = 60_000;

/// What lets an instruction go.
enum Pass {
    /// It opens nothing, for this reason.
    Opens(&'static str),
    /// It is an order like this.
    Order(Box<OrderSpec>),
}

impl Engine {
    /// Asks it. Nothing is answered now where it goes out: the answer comes when the algorithm answers.
    pub(super) fn instruct(&mut self, maker: &Maker, name: &SmolStr, what: Instruction) -> Option<Reply> {
        let algorithm = self.algorithms.named(name)?;
        if !algorithm.setup.takes {
            let its = algorithm.setup.claim.is_some();
            return match what {
                // What it holds on one of the accounts is closed from here.
                Instruction::Liquidate(None) if its => {
                    let scope = Scope { algorithm: Some(name.clone()), ..Scope::default() };
                    Some(self.flatten(&scope, maker))
                }
                Instruction::Liquidate(_)
                | Instruction::Stop
                | Instruction::Submit(_)
                | Instruction::Update { .. }
                | Instruction::Cancel { .. }
                | Instruction::Add { .. }
                | Instruction::Custom(_)
                | Instruction::Broadcast { .. } => {
                    Some(refused_text(&format!("{name} takes no instructions from here; {}", can(its)), None))
                }
            };
        }
        // A broadcast is for others as well: that this one does not run keeps it from nobody.
        let is_for_all = matches!(what, Instruction::Broadcast { .. });
        if let Some(why) = unreachable(algorithm).filter(|_| !is_for_all) {
            return Some(refused_text(&format!("{name} can't be asked: {why}"), None));
        }
        let pass = match passes(algorithm, &what) {
            Ok(pass) => pass,
            Err(why) => return Some(refused_text(&why, None)),
        };
        match self.send_instruction(maker, name, what, pass) {
            Ok(_) => None,
            Err(stopped) => Some(refused(&stopped, None)),
        }
    }

    /// The same for what opens nothing, of the program's own accord. Its ticket.
    pub(super) fn instruct_harmless(
        &mut self,
        maker: &Maker,
        name: &SmolStr,
        what: Instruction,
    ) -> Option<u64> {
        let silent = Maker { origin: maker.origin.clone(), asked: None };
        self.send_instruction(&silent, name, what, Pass::Opens("gets out")).ok()
    }

    fn send_instruction(
        &mut self,
        maker: &Maker,
        name: &SmolStr,
        what: Instruction,
        pass: Pass,
    ) -> Result<u64, Stopped> {
        let ticket = self.book.next_ticket();
        let (verdict, effect) = match pass {
            Pass::Opens(why) => {
                let instruction = Box::new(what.clone());
                let effect = Effect::Instruct { algorithm: name.clone(), ticket, instruction };
                (Text::clean(why), effect)
            }
            Pass::Order(spec) => {
                let number = self.next_verdict();
                let venue = spec.instrument.venue.clone();
                let cleared = self
                    .with_context(&spec, Beside::default(), |context| {
                        risk::clear_entrusted(context, &spec, what.clone(), number)
                    })
                    .ok_or_else(|| Stopped::Why(Text::clean(&format!("there is no venue `{venue}`"))))?
                    .map_err(Stopped::Checks)?;
                let instruction = Box::new(cleared);
                let effect = Effect::Entrust { algorithm: name.clone(), ticket, instruction };
                (Text::numbered("gate", number), effect)
            }
        };
        self.fact(Fact::Algorithm(Box::new(AlgorithmFact::Asked {
            name: name.clone(),
            ticket,
            instruction: Box::new(what.clone()),
            origin: maker.origin.clone(),
            verdict,
        })));
        self.effect(effect);
        let pending =
            Pending { name: name.clone(), instruction: what, asked: maker.asked, since: self.now.mono };
        self.algorithms.pending.insert(ticket, pending);
        Ok(ticket)
    }

    /// An algorithm answered, or it is known that it will not.
    pub(in crate::engine) fn on_instructed(&mut self, ticket: u64, result: Instructed) {
        let Some(pending) = self.algorithms.pending.remove(&ticket) else { return };
        let Pending { name, instruction, asked, .. } = pending;
        self.fact(Fact::Algorithm(Box::new(AlgorithmFact::Answered {
            name: name.clone(),
            ticket,
            result: result.clone(),
        })));
        let what = instruction.words();
        let (is_good, said) = match &result {
            Instructed::Done(text) => (true, format!("{name} did it ({what}): {text}")),
            Instructed::Taken(text) => (true, format!("{name} took it and gave no verdict ({what}): {text}")),
            Instructed::Refused(text) => (false, format!("{name} refused to {what}: {text}")),
            Instructed::NotSent(text) => (false, format!("{name} was not asked to {what}: {text}")),
            Instructed::Unknown(text) => (
                false,
                format!("it is not known whether {name} will {what}: {text}; look before you ask again"),
            ),
        };
        let severity = match &result {
            Instructed::Unknown(_) => Severity::Critical,
            Instructed::Refused(_) | Instructed::NotSent(_) => Severity::Warning,
            Instructed::Done(_) | Instructed::Taken(_) => Severity::Info,
        };
        self.alert_algorithm(&name, severity, &said);
        if let Some((front, id)) = asked {
            let reply = if is_good { done(&said) } else { refused_text(&said, None) };
            self.reply(front, id, reply);
        }
        self.covers_answered(ticket, &result);
    }

    /// What nobody answers any more.
    pub(super) fn give_up_questions(&mut self) {
        let now = self.now.mono;
        let lost = self.algorithms.pending.iter().filter(|(_, p)| now.since_ms(p.since) > LOST_MS);
        for ticket in lost.map(|(ticket, _)| *ticket).collect::<Vec<_>>() {
            self.on_instructed(ticket, Instructed::Unknown(Text::clean("no answer came")));
        }
    }

    /// What an earlier run asked and did not hear the end of.
    pub(in crate::engine) fn tell_unanswered(&mut self) {
        let left: Vec<(u64, SmolStr, String)> =
            self.book.unanswered().map(|(ticket, name, what)| (ticket, name.clone(), what.words())).collect();
        for (ticket, name, what) in left {
            let why = Text::clean("the program ended before an answer came");
            let said = format!("it is not known whether {name} did {what}: {why}; look before you ask again");
            self.alert_algorithm(&name, Severity::Critical, &said);
            let result = Instructed::Unknown(why);
            self.fact(Fact::Algorithm(Box::new(AlgorithmFact::Answered { name, ticket, result })));
        }
    }
}

const fn can(its: bool) -> &'static str {
    if its { "it can be paused, liquidated and taken over" } else { "it is only watched" }
}

/// Why nothing can reach it now.
fn unreachable(algorithm: &Algorithm) -> Option<String> {
    match &algorithm.sighting {
        Sighting::Waiting => Some("nothing was seen of it yet".to_owned()),
        Sighting::Lost { why, .. } => Some(why.to_string()),
        Sighting::Seen(seen) if !seen.phase.is_alive() => Some(format!("it does not run ({})", seen.word)),
        Sighting::Seen(_) => None,
    }
}

fn passes(algorithm: &Algorithm, what: &Instruction) -> Result<Pass, String> {
    match what {
        Instruction::Stop | Instruction::Liquidate(_) | Instruction::Cancel { .. } => {
            Ok(Pass::Opens("gets out"))
        }
        Instruction::Add { .. } => Ok(Pass::Opens("orders nothing")),
        Instruction::Custom(_) => {
            Ok(Pass::Opens("the program's own command: what it does is not known here"))
        }
        Instruction::Broadcast { .. } => {
            Ok(Pass::Opens("a command to all of its organization: what they do is not known here"))
        }
        Instruction::Submit(order) => pass_order(algorithm, order),
        Instruction::Update { order, qty, limit, stop } => {
            let its = algorithm.seen().and_then(|seen| seen.orders.iter().find(|o| o.id == *order));
            let Some(its) = its else {
                return Err(format!("{} has no order {order} that is seen here", algorithm.setup.name));
            };
            let is_larger = qty
                .is_some_and(|qty| qty.size() > its.qty.size() || qty.is_negative() != its.qty.is_negative());
            let is_smaller = qty.is_some() && !is_larger && limit.is_none() && stop.is_none();
            if is_smaller {
                return Ok(Pass::Opens("makes an order smaller"));
            }
            let asked = AskedOrder {
                security: crate::domain::algorithm::Security {
                    ticker: its.symbol.as_str().into(),
                    market: SmolStr::default(),
                    class: SmolStr::default(),
                },
                qty: qty.unwrap_or(its.qty),
                limit: limit.or(its.limit),
                stop: stop.or(its.stop),
                tag: its.tag.clone(),
            };
            pass_order(algorithm, &asked)
        }
    }
}

/// Closing what it holds passes; the rest is judged where the algorithm trades.
fn pass_order(algorithm: &Algorithm, order: &AskedOrder) -> Result<Pass, String> {
    if algorithm.seen().is_some_and(|seen| closes(seen, order)) {
        return Ok(Pass::Opens("closes what it holds"));
    }
    let Some(venue) = &algorithm.setup.venue else {
        let name = &algorithm.setup.name;
        return Err(format!(
            "an order of {name} that opens something can't be judged here: write the `venue` that it trades at, where \
             that is one of yours"
        ));
    };
    spec_of(venue, order).map(|spec| Pass::Order(Box::new(spec)))
}

/// Is it against what is held, no larger than that, and are no other orders against it already?
fn closes(seen: &Observation, order: &AskedOrder) -> bool {
    let same = |symbol: &Text| symbol.as_str().eq_ignore_ascii_case(&order.security.ticker);
    let held = seen.holdings.iter().find(|h| same(&h.symbol)).map_or(SignedQty::ZERO, |h| h.qty);
    let busy = seen
        .orders
        .iter()
        .any(|o| o.state.is_open() && same(&o.symbol) && o.qty.is_negative() == order.qty.is_negative());
    let opposes = !held.is_zero() && held.is_negative() != order.qty.is_negative();
    opposes && !busy && order.qty.size() <= held.size()
}

fn spec_of(venue: &VenueId, order: &AskedOrder) -> Result<OrderSpec, String> {
    let ticker = &order.security.ticker;
    let symbol = Symbol::new(ticker).map_err(|e| format!("`{ticker}` can't be a symbol: {e}"))?;
    let order_type = match (order.limit, order.stop) {
        (None, None) => OrderType::Market,
        (Some(limit), None) => OrderType::Limit { limit },
        (None, Some(stop)) => OrderType::Stop { stop },
        (Some(limit), Some(stop)) => OrderType::StopLimit { stop, limit },
    };
    let size: Qty = order.qty.size();
    Ok(OrderSpec {
        instrument: InstrumentId { venue: venue.clone(), symbol },
        side: if order.qty.is_negative() { Side::Sell } else { Side::Buy },
        amount: Amount::Qty(size),
        order_type,
        tif: Tif::Day,
        extended: false,
        post_only: false,
        reduce_only: false,
        attached: Attached::Simple,
        show: None,
        tag: None,
    })
}
