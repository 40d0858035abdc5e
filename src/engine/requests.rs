//! What front ends ask.

use super::{
    Engine,
    effect::{Ask, Effect},
    input::{Asked, Timer, words_of},
    orders::{Maker, Stopped},
};
use crate::{
    desk::{Envelope, Reply, Request, receipt::Check},
    domain::{
        alert::{AlertCode, Severity},
        draft::Command,
        fact::{Fact, OrderFact},
        ids::{ClientId, InstrumentId, OrderId, Symbol, VenueId},
        lifecycle::{OrderEvent, OrderState},
        scope::Scope,
        text::Text,
    },
};

/// Bars in one answer.
const BARS_MAX: u32 = 1_000;

impl Engine {
    pub(super) fn on_request(&mut self, mut asked: Box<Asked>) {
        let words = asked.words();
        if let Request::Do(Command::Order(draft)) = &asked.envelope.request {
            let (front, id) = (asked.front, asked.envelope.id);
            let maker = Maker { origin: asked.envelope.origin.clone(), asked: Some((front, id)) };
            if let Some(reply) = self.on_order(&maker, draft, words) {
                self.reply(front, id, reply);
            }
            self.unsettled.asked = Some(asked);
            return;
        }
        let Asked { front, envelope: Envelope { id, origin, request }, .. } = *asked;
        let maker = Maker { origin, asked: Some((front, id)) };
        let reply = match request {
            Request::Preview(command) => self.preview(&command),
            Request::Do(command) => match self.on_command(&maker, command, words) {
                Some(reply) => reply,
                None => return,
            },
            Request::Replace { order, venue, change } => {
                let id = OrderId { venue, client: order };
                self.change_order(&id, change, &maker)
            }
            Request::Halt => self.halt(&maker),
            Request::Flatten(scope) => self.flatten(&scope, &maker),
            Request::Arm { minutes } => self.arm(minutes),
            Request::Disarm => {
                self.armed_until = None;
                done("disarmed")
            }
            Request::Lock { reason } => {
                self.lock(reason);
                done("entries are blocked; cancels, closes and flatten go on")
            }
            Request::Unlock { reason } => self.unlock(&reason),
            Request::Watch { symbol, venue } => self.watch(symbol, venue.as_ref()),
            Request::Unwatch { instrument } => self.unwatch(&instrument),
            Request::Bars { instrument, interval, count, before } => {
                let count = count.min(BARS_MAX);
                let ask = Ask::Bars { front, id, instrument: instrument.clone(), interval, count, before };
                self.effect(Effect::Ask { venue: instrument.venue, ask, exit: false });
                return;
            }
            Request::Depth { instrument } => self.follow_depth(front, instrument),
            Request::Adopt { instrument, order } => self.adopt(instrument, order),
            Request::Acknowledge { alert } => self.acknowledge(alert),
            Request::Resync { venue } => self.resync(venue),
            Request::Restore { venue } => self.restore(venue.as_ref()),
            Request::MarginCall { venue } => self.margin_call(&maker, venue.as_ref()),
            Request::Abandon { order, venue, reason } => {
                self.abandon(OrderId { venue, client: order }, reason)
            }
            Request::Algorithm { name, deed } => match self.on_algorithm(&maker, &name, deed) {
                Some(reply) => reply,
                None => return,
            },
            Request::AskOpen => self.ask_open(),
            Request::Quit => {
                self.effect(Effect::Stop);
                done("stopping")
            }
        };
        self.reply(front, id, reply);
    }

    fn arm(&mut self, minutes: u32) -> Reply {
        if minutes == 0 || minutes > 24 * 60 {
            return refused_text("arming takes 1 to 1440 minutes, for example `arm 15`", None);
        }
        let after_ms = u64::from(minutes).saturating_mul(60_000);
        self.armed_until = Some(self.now.mono.plus_ms(after_ms));
        self.effect(Effect::Arm { timer: Timer::Disarm, after_ms });
        done(&format!("armed for {minutes} minutes"))
    }

    pub(super) fn unlock(&mut self, reason: &Text) -> Reply {
        if reason.is_empty() {
            return refused_text(
                "unlocking takes a reason, for example `unlock checked every position`",
                None,
            );
        }
        self.halted = false;
        let again = self.try_watchers_again();
        let (lifted, locked_out) = self.lift_by_person(reason);
        let stands: Vec<&str> = locked_out.iter().map(Text::as_str).collect();
        if self.book.lock().is_none() && lifted == 0 && !again {
            return match stands.as_slice() {
                [] => done("nothing was locked"),
                stands => refused_text(&stands.join("; "), None),
            };
        }
        self.fact(Fact::Unlocked { reason: reason.clone() });
        let text = Text::clean(&format!("entries are allowed again: {reason}"));
        self.alert_program(Severity::Info, AlertCode::Lock, text);
        match stands.as_slice() {
            [] => done("entries are allowed again"),
            stands => done(&format!("entries are allowed again, but {}", stands.join("; "))),
        }
    }

    fn watch(&mut self, symbol: Symbol, venue: Option<&VenueId>) -> Reply {
        let named = venue.map_or_else(|| self.venue_of(&symbol), |named| self.venue_for(named));
        let venue = match named {
            Ok(venue) => venue,
            Err(why) => return Reply::Refused { text: why, field: Some("venue".into()), checks: Vec::new() },
        };
        let id = self.instrument_for(&symbol, &venue);
        if let Err(super::routing::Wait::Never(why)) = self.need_rules(&id) {
            return Reply::Refused { text: why, field: Some("symbol".into()), checks: Vec::new() };
        }
        if let Some(state) = self.venues.get_mut(&venue) {
            state.watch(id.symbol.clone());
        }
        self.marks.chart(&id);
        self.watches_moved = true;
        self.view.watch = true;
        done(&format!("watching {id}"))
    }

    fn unwatch(&mut self, instrument: &InstrumentId) -> Reply {
        if let Some(state) = self.venues.get_mut(&instrument.venue) {
            state.watched.retain(|s| *s != instrument.symbol);
            state.interest.remove(&instrument.symbol);
        }
        self.watches_moved = true;
        self.view.watch = true;
        done(&format!("{} is off the watchlist", instrument.symbol))
    }

    fn acknowledge(&mut self, alert: Option<u64>) -> Reply {
        let ids: Vec<u64> = match alert {
            Some(id) => vec![id],
            None => self.book.alerts().filter(|(_, seen)| !seen).map(|(a, _)| a.id).collect(),
        };
        let n = ids.len();
        for id in ids {
            self.fact(Fact::Acknowledged { id });
        }
        done(&format!("{n} alert(s) acknowledged"))
    }

    fn resync(&mut self, venue: Option<VenueId>) -> Reply {
        let venues = venue.map_or_else(|| self.names.clone(), |v| vec![v]);
        for venue in &venues {
            self.ask_report(venue, true);
        }
        done("asking the venue for everything")
    }

    fn abandon(&mut self, id: OrderId, reason: Text) -> Reply {
        let Some(row) = self.book.order(&id) else {
            return refused_text(&format!("there is no order {id}"), None);
        };
        if row.state != OrderState::Absent {
            let text = format!(
                "order {} is {}; only one that is NOT AT VENUE can be declared dead",
                id.client,
                row.state.word()
            );
            return refused_text(&text, None);
        }
        if reason.is_empty() {
            return refused_text("declaring an order dead takes a reason", None);
        }
        let text = format!("order {} is abandoned: {reason}", id.client);
        self.fact(Fact::Order(Box::new(OrderFact::because(id, OrderEvent::Abandoned, reason))));
        done(&text)
    }

    fn ask_open(&self) -> Reply {
        let count = |n: usize| u32::try_from(n).ok().unwrap_or(u32::MAX);
        Reply::Open {
            orders: count(self.book.open_orders().count()),
            positions: count(self.book.positions().filter(|p| !p.qty.is_zero()).count()),
            unknown: count(self.book.uncertain_orders().count()),
            held: count(self.book.held_here().count()),
        }
    }

    /// HALT: entries blocked, and the plan of the way out on the screen.
    pub(super) fn halt(&mut self, maker: &Maker) -> Reply {
        self.commanded(&Command::Halt, maker);
        self.halted = true;
        self.lock(Text::clean("HALT"));
        self.pause_all("HALT");
        Reply::Plan(Box::new(self.plan_for(&Scope::default())))
    }

    pub(super) fn commanded(&mut self, command: &Command, maker: &Maker) {
        self.said(words_of(command), maker);
    }

    /// What a person asked for is written down.
    pub(super) fn said(&mut self, line: Text, maker: &Maker) {
        self.record(Fact::Commanded { line, origin: maker.origin.clone() });
    }
}

pub(super) fn done(text: &str) -> Reply {
    Reply::Done(Text::clean(text))
}

pub(super) fn placed(orders: Vec<ClientId>, venue: VenueId, text: &str) -> Reply {
    Reply::Placed { orders, venue, text: Text::clean(text) }
}

pub(super) fn refused_text(text: &str, field: Option<&str>) -> Reply {
    Reply::Refused { text: Text::clean(text), field: field.map(Into::into), checks: Vec::new() }
}

pub(super) fn refused(stopped: &Stopped, field: Option<&str>) -> Reply {
    let checks: Vec<Check> = match stopped {
        Stopped::Checks(verdict) => verdict.checks().map(|c| super::preview::check_row(&c)).collect(),
        Stopped::Why(_) => Vec::new(),
    };
    Reply::Refused { text: Text::clean(&stopped.to_string()), field: field.map(Into::into), checks }
}
