//! Where a script of faults acts inside the venue: on orders that are taken, on answers that are of the past, and on
//! the frames of the streams.

use super::{Venue, orders::OrderKey};
use crate::{
    domain::{
        order::{OrderKind, Side},
        time::{Mono, Stamp},
    },
    paper::{
        event::{OrderUpdate, UpdateKind},
        exchange::Exchange,
        faults::{Does, Door, Fate, Kind, Meeting, Part, Play, Script, Tally, lane::Lane, play::Mood, skew},
        order::{Intent, NewOrder, Order},
        server::{
            feed::Item,
            owner::Request,
            witness::{Seen, Traffic},
        },
        strain::Holds,
    },
};
use bytes::Bytes;
use smol_str::SmolStr;
use std::collections::VecDeque;
use tokio::sync::watch;
use uuid::Uuid;

/// States of the exchange that are kept for answers of the past; the oldest are forgotten.
const PAST_MAX: usize = 128;
/// How often one is kept when nothing happens.
const PAST_EVERY_MS: i64 = 500;

/// How the two kinds of stream stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::paper::server) struct Moods {
    pub(in crate::paper::server) updates: Mood,
    pub(in crate::paper::server) data: Mood,
}

/// A request at the door, in the client's own words.
#[derive(Debug)]
pub(in crate::paper::server) struct Knock {
    pub(in crate::paper::server) kind: Kind,
    pub(in crate::paper::server) symbols: Vec<String>,
    pub(in crate::paper::server) order: Option<OrderKey>,
    pub(in crate::paper::server) side: Option<Side>,
    pub(in crate::paper::server) order_type: Option<OrderKind>,
    /// Of a new order, the name that its sender gave it.
    pub(in crate::paper::server) client: Option<SmolStr>,
}

impl Knock {
    pub(in crate::paper::server) const fn default_of(kind: Kind) -> Self {
        Self { kind, symbols: Vec::new(), order: None, side: None, order_type: None, client: None }
    }
}

/// A script while it plays here.
pub(in crate::paper::server) struct Stage {
    play: Play,
    began: Mono,
    at_ms: u64,
    past: VecDeque<(Stamp, Exchange)>,
    updates: Lane<Bytes>,
    items: Lane<Item>,
    moods: watch::Sender<Moods>,
    tally: watch::Sender<Tally>,
    traffic: Traffic,
}

impl Stage {
    pub(in crate::paper::server) fn new(
        script: Script,
        began: Mono,
        moods: watch::Sender<Moods>,
        tally: watch::Sender<Tally>,
    ) -> Self {
        Self {
            play: Play::new(script),
            began,
            at_ms: 0,
            past: VecDeque::new(),
            updates: Lane::default(),
            items: Lane::default(),
            moods,
            tally,
            traffic: Traffic::default(),
        }
    }

    /// The frames that go out now: what has become due, then what `frames` leaves of these.
    pub(super) fn updates(&mut self, frames: Vec<(SmolStr, Bytes)>) -> Vec<Bytes> {
        let (mut out, at) = (Vec::new(), self.at_ms);
        self.updates.due(at, &mut out);
        for (symbol, bytes) in frames {
            let fate = self.play.frame(&Meeting::about(Kind::TradeUpdates, symbol), at);
            let bytes = if fate.skew_ms == 0 { bytes } else { shifted(&bytes, fate.skew_ms) };
            self.updates.put(bytes, &fate, at, &mut out);
        }
        out
    }

    /// Likewise, of the market.
    pub(super) fn items(&mut self, items: Vec<Item>) -> Vec<Item> {
        let (mut out, at) = (Vec::new(), self.at_ms);
        self.items.due(at, &mut out);
        for mut item in items {
            let fate = self.play.frame(&Meeting::about(Kind::DataStream, item.symbol.clone()), at);
            if fate.skew_ms != 0 {
                item.record = item.record.shifted(fate.skew_ms);
                item.whole = item.whole.map(|whole| whole.shifted(fate.skew_ms));
            }
            self.items.put(item, &fate, at, &mut out);
        }
        out
    }

    /// Which legs the market rejects now that their entry is filled.
    pub(super) fn rejected_legs(&mut self, update: &OrderUpdate) -> Vec<(Uuid, SmolStr)> {
        if update.kind != UpdateKind::Fill {
            return Vec::new();
        }
        let mut rejected = Vec::new();
        for leg in update.legs.iter().filter(|leg| !leg.status.is_over()) {
            let part = if leg.stop.is_some() { Part::Stop } else { Part::Target };
            let meeting = Meeting {
                side: Some(leg.side),
                order_type: Some(leg.kind),
                does: Some(Does::Reduces),
                ..Meeting::about(Kind::Submit, leg.symbol.as_str())
            };
            let why = self.play.reject_later(&meeting, part, self.at_ms);
            rejected.extend(why.map(|why| (leg.id, why)));
        }
        rejected
    }
}

fn shifted(bytes: &Bytes, ms: i64) -> Bytes {
    match std::str::from_utf8(bytes) {
        Ok(text) => Bytes::from(skew::shifted(text, ms).into_owned()),
        Err(_) => bytes.clone(),
    }
}

impl Venue {
    /// Lets a script play from now on.
    pub(in crate::paper::server) fn play(&mut self, stage: Stage) {
        self.exchange.remember_ended(stage.play.script().release_max_ms());
        self.stage = Some(Box::new(stage));
    }

    /// Notes the time by which the script goes, and how the streams stand then.
    pub(in crate::paper::server) fn keep_time(&mut self, now: Mono) {
        let Some(stage) = &mut self.stage else { return };
        stage.at_ms = now.since_ms(stage.began);
        let at = stage.at_ms;
        let updates = stage.play.mood(Kind::TradeUpdates, at);
        let data = stage.play.mood(Kind::DataStream, at);
        let moods = Moods { updates, data };
        stage.moods.send_if_modified(|old| std::mem::replace(old, moods) != moods);
    }

    /// Keeps what answers of the past are made from, and tells the counts.
    pub(super) fn keep_past(&mut self) {
        let is_changed = self.is_changed;
        let Some(stage) = &mut self.stage else { return };
        if let Some(tally) = stage.play.tally() {
            stage.tally.send_replace(tally);
        }
        if stage.play.script().lag_max_ms().is_none() {
            return;
        }
        let now = self.pace.now();
        let is_old = stage.past.back().is_none_or(|(at, _)| now.since_ms(*at) >= PAST_EVERY_MS);
        if is_changed || is_old {
            stage.past.push_back((now, self.exchange.clone()));
            if stage.past.len() > PAST_MAX {
                stage.past.pop_front();
            }
        }
    }

    /// What becomes of a request.
    pub(in crate::paper::server) fn knock(&mut self, knock: Knock) -> Door {
        let meeting = self.meeting(&knock);
        let Some(stage) = &mut self.stage else { return Door::open() };
        let door = stage.play.door(&meeting, stage.at_ms);
        let is_limited = matches!(&door.fate, Fate::Instead(reply) if reply.status == 429);
        let at = stage.began.plus_ms(stage.at_ms);
        stage.traffic.note(Seen { at, kind: knock.kind, client: knock.client, is_limited });
        door
    }

    /// The requests that came, where a script plays.
    pub(in crate::paper::server) fn seen(&self) -> Vec<Seen> {
        self.stage.as_ref().map_or_else(Vec::new, |stage| stage.traffic.seen())
    }

    /// What becomes of an attempt to connect to a stream.
    pub(in crate::paper::server) fn connect(&mut self, kind: Kind) -> Mood {
        self.stage.as_mut().map_or(Mood::Fair, |stage| stage.play.connect(kind, stage.at_ms))
    }

    /// The request in the venue's words.
    fn meeting(&self, knock: &Knock) -> Meeting {
        let order = knock.order.as_ref().and_then(|key| self.meant(key));
        let of_order = order.map(|o| SmolStr::new(o.symbol.as_str()));
        let symbols: Vec<SmolStr> = knock.symbols.iter().map(|w| self.spelled(w)).chain(of_order).collect();
        let does = match (knock.kind, knock.side, symbols.first()) {
            (Kind::Close | Kind::CloseAll, ..) => Some(Does::Reduces),
            (Kind::Submit, Some(side), Some(symbol)) => self.does(side, symbol),
            _ => None,
        };
        Meeting {
            kind: knock.kind,
            symbols,
            side: knock.side.or_else(|| order.map(|o| o.side)),
            order_type: knock.order_type.or_else(|| order.map(|o| o.kind)),
            does,
        }
    }

    fn meant(&self, key: &OrderKey) -> Option<&Order> {
        match key {
            OrderKey::Id(id) => self.exchange.order(*id),
            OrderKey::Client(id) => self.exchange.order_by_client_id(id),
        }
    }

    fn spelled(&self, word: &str) -> SmolStr {
        SmolStr::new(self.exchange.asset(word).map_or(word, |a| a.symbol.as_str()))
    }

    fn does(&self, side: Side, symbol: &str) -> Option<Does> {
        let asset = self.exchange.asset(symbol)?;
        Some(match self.exchange.intent(side, &asset.symbol) {
            Intent::BuyToOpen | Intent::SellToOpen => Does::Opens,
            Intent::BuyToClose | Intent::SellToClose => Does::Reduces,
        })
    }

    /// A new order in the script's words.
    pub(super) fn meeting_of(&self, order: &NewOrder) -> Meeting {
        let symbol = self.spelled(&order.symbol);
        Meeting {
            side: Some(order.side),
            order_type: Some(order.kind),
            does: self.does(order.side, &symbol),
            ..Meeting::about(Kind::Submit, symbol)
        }
    }

    /// The close of a position in the script's words.
    pub(super) fn meeting_of_close(&self, kind: Kind, symbol: &str) -> Meeting {
        let about = Meeting::about(kind, self.spelled(symbol));
        Meeting { order_type: Some(OrderKind::Market), does: Some(Does::Reduces), ..about }
    }

    /// Asks the exchange while orders hold units as the script has it for this request.
    pub(super) fn under_holds<T>(&mut self, meeting: &Meeting, ask: impl FnOnce(&mut Exchange) -> T) -> T {
        let held = self.stage.as_mut().and_then(|stage| stage.play.held(meeting, stage.at_ms));
        let Some((are_on, release_ms)) = held else { return ask(self.change()) };
        let exchange = self.change();
        exchange.set_holds(Holds { are_on, release_ms });
        let answer = ask(exchange);
        exchange.set_holds(Holds::default());
        answer
    }

    /// What the script does to an order that was taken.
    pub(super) fn befall(&mut self, meeting: &Meeting, order: &Order) {
        let Some(stage) = &mut self.stage else { return };
        let (at, id) = (stage.at_ms, order.id);
        if order.kind == OrderKind::Market
            && order.qty.is_some()
            && let Some((percent, then)) = stage.play.partial(meeting, at)
        {
            self.exchange.cap(id, percent, then);
        }
        if meeting.kind == Kind::Submit
            && let Some(why) = stage.play.reject_later(meeting, Part::Whole, at)
        {
            self.exchange.reject(id, &why);
        }
    }

    /// How old the answer to a question is; `None` where it is of now.
    pub(in crate::paper::server) fn lag_of(&mut self, request: &Request) -> Option<i64> {
        self.stage.as_ref()?.play.script().lag_max_ms()?;
        let knock = |kind, symbols: &[String]| Knock { symbols: symbols.to_vec(), ..Knock::default_of(kind) };
        let knock = if let Request::Positions(_) = request {
            knock(Kind::Positions, &[])
        } else if let Request::Position(word, _) = request {
            knock(Kind::Position, std::slice::from_ref(word))
        } else if let Request::Orders(asked, _) = request {
            knock(Kind::Orders, &asked.symbols)
        } else if let Request::Order(key, ..) = request {
            Knock { order: Some(key.clone()), ..knock(Kind::Order, &[]) }
        } else if let Request::Account(_) = request {
            knock(Kind::Account, &[])
        } else if let Request::Activities(..) = request {
            knock(Kind::Activities, &[])
        } else {
            return None;
        };
        let meeting = self.meeting(&knock);
        let stage = self.stage.as_mut()?;
        stage.play.lag(&meeting, stage.at_ms)
    }

    /// Does `ask` with the exchange as it was so long ago, as far back as is known.
    pub(in crate::paper::server) fn as_of<T>(&mut self, lag_ms: i64, ask: impl FnOnce(&mut Self) -> T) -> T {
        let then = self.pace.now().plus_ms(lag_ms.saturating_neg());
        let past = self.stage.as_ref().map(|stage| &stage.past);
        let old = past.and_then(|past| {
            let known = past.iter().rev().find(|(at, _)| *at <= then).or_else(|| past.front());
            known.map(|(_, exchange)| exchange.clone())
        });
        let Some(old) = old else { return ask(self) };
        let new = std::mem::replace(&mut self.exchange, old);
        let answer = ask(self);
        self.exchange = new;
        answer
    }
}
