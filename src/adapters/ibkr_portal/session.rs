//! What is said on the websocket, as a pure machine: a line comes in, and what has to be done comes out. Opening, waiting
//! and closing is the business of `stream`.

use super::{
    map::market::{Seen, left_out},
    memory::Memory,
    rest::queries::is_of,
    wire::{
        AuthStatus, Row, Tick, Trade,
        streamed::{Frame, Sts},
    },
};
use crate::{
    adapters::quarantine::Quarantine,
    broker::{Channel, Event, Market},
    domain::{ids::InstrumentId, text::Text, time::Now},
};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// What is asked of each symbol: last price and size, bid, ask, yesterday's close, the day's volume, and how fresh it is.
pub const FIELDS: [&str; 9] = ["31", "84", "85", "86", "88", "7059", "7741", "7762", "6509"];
/// Orders, and executions from now on: earlier ones are read by request.
const SUBSCRIPTIONS: [&str; 2] = ["sor+{}", r#"str+{"realtimeUpdatesOnly":true}"#];

/// What has to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// Send the session. It stands where it is sent, so that no key is here.
    Session,
    /// Send this.
    Send(String),
    /// Everything that was asked for is there.
    Ready,
    /// Something of this order changed.
    Order(i64),
    /// An execution.
    Execution(Box<Trade>),
    /// Other news.
    Event(Event),
    /// Market news.
    Market(Market),
    /// The brokerage session is gone.
    Lost(AuthStatus),
}

/// The machine.
#[derive(Debug)]
pub struct Session {
    account: Option<String>,
    wanted: BTreeMap<i64, InstrumentId>,
    subscribed: BTreeSet<i64>,
    seen: BTreeMap<i64, Seen>,
    is_open: bool,
    orders: Quarantine,
    market: Quarantine,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            account: None,
            wanted: BTreeMap::new(),
            subscribed: BTreeSet::new(),
            seen: BTreeMap::new(),
            is_open: false,
            orders: Quarantine::new(Channel::Orders),
            market: Quarantine::new(Channel::Market),
        }
    }
}

impl Session {
    /// The websocket stands, for this account.
    pub fn opened(&mut self, account: Option<String>) {
        self.account = account;
        self.subscribed.clear();
        self.seen.clear();
        self.is_open = false;
    }

    /// These are wanted now.
    pub fn watch(&mut self, wanted: BTreeMap<i64, InstrumentId>, out: &mut Vec<Say>) {
        self.wanted = wanted;
        if self.is_open {
            self.subscribe(out);
        }
    }

    fn subscribe(&mut self, out: &mut Vec<Say>) {
        let gone: Vec<i64> =
            self.subscribed.iter().filter(|c| !self.wanted.contains_key(c)).copied().collect();
        for conid in gone {
            out.push(Say::Send(format!("umd+{conid}+{{}}")));
            self.subscribed.remove(&conid);
            self.seen.remove(&conid);
        }
        let fields: Vec<String> = FIELDS.iter().map(|f| format!("\"{f}\"")).collect();
        for conid in self.wanted.keys() {
            if self.subscribed.insert(*conid) {
                out.push(Say::Send(format!("smd+{conid}+{{\"fields\":[{}]}}", fields.join(","))));
            }
        }
    }

    /// The server knows the session.
    fn go(&mut self, out: &mut Vec<Say>) {
        if self.is_open {
            return;
        }
        self.is_open = true;
        out.extend(SUBSCRIPTIONS.iter().map(|text| Say::Send((*text).to_owned())));
        self.subscribe(out);
        out.push(Say::Ready);
    }

    /// A message.
    pub fn line(&mut self, line: &str, memory: &mut Memory, now: Now, out: &mut Vec<Say>) {
        let frame: Frame<'_> = match serde_json::from_str(line) {
            Ok(frame) => frame,
            Err(why) => return out.extend(self.orders.put(&why.to_string()).map(Say::Event)),
        };
        let Some(topic) = frame.topic.as_deref() else { return self.untitled(&frame, out) };
        let args = frame.args.map(RawValue::get);
        let kind = topic.split_once('+').map_or(topic, |(kind, _)| kind);
        let read = match (kind, args) {
            ("sts", Some(args)) => self.status(args, out),
            ("sor", Some(args)) => self.rows(args, memory, out),
            ("str", Some(args)) => Self::trades(args, out),
            ("smd", _) => return self.tick(topic, line, now, out),
            ("error", _) => Err(frame.error.unwrap_or_else(|| "an error without words".to_owned())),
            ("system", _) => {
                // A heartbeat says nothing of who is there.
                if line.contains("\"success\"") {
                    self.go(out);
                }
                Ok(())
            }
            // Accounts, bulletins, notifications, the answer to a keep-alive, and whatever nobody asked for.
            (_, _) => Ok(()),
        };
        if let Err(why) = read {
            out.extend(self.orders.put(&format!("{}: {why}", Text::clean(topic))).map(Say::Event));
        }
    }

    /// A message without a topic: before the session is known, complaints, and ends of subscriptions.
    fn untitled(&mut self, frame: &Frame<'_>, out: &mut Vec<Say>) {
        if frame.message.as_deref().is_some_and(|text| text.contains("waiting for session")) {
            out.push(Say::Session);
        } else if let Some(why) = &frame.error {
            out.extend(self.orders.put(why).map(Say::Event));
        }
    }

    fn status(&mut self, args: &str, out: &mut Vec<Say>) -> Result<(), String> {
        let status: Sts = serde_json::from_str(args).map_err(|e| e.to_string())?;
        match status.lost() {
            Some(lost) => out.push(Say::Lost(lost)),
            None if status.authenticated == Some(true) => self.go(out),
            None => {}
        }
        Ok(())
    }

    fn rows(&mut self, args: &str, memory: &mut Memory, out: &mut Vec<Say>) -> Result<(), String> {
        let rows: Vec<&RawValue> = serde_json::from_str(args).map_err(|e| e.to_string())?;
        let mut fault = Ok(());
        for raw in rows {
            match serde_json::from_str::<Row>(raw.get()) {
                Ok(row) if is_of(&row, self.account.as_deref()) => match memory.merge(row) {
                    Some(number) => out.push(Say::Order(number)),
                    None => fault = Err("an order without a number".to_owned()),
                },
                Ok(_) => {}
                Err(why) => fault = Err(why.to_string()),
            }
        }
        fault
    }

    fn trades(args: &str, out: &mut Vec<Say>) -> Result<(), String> {
        let rows: Vec<Trade> = serde_json::from_str(args).map_err(|e| e.to_string())?;
        out.extend(rows.into_iter().map(|trade| Say::Execution(Box::new(trade))));
        Ok(())
    }

    fn tick(&mut self, topic: &str, line: &str, now: Now, out: &mut Vec<Say>) {
        let named = topic.split_once('+').and_then(|(_, conid)| conid.split('@').next()?.parse::<i64>().ok());
        // Of one that was just left, news may still come.
        let Some((conid, id)) = named.and_then(|c| Some((c, self.wanted.get(&c)?.clone()))) else { return };
        let news = serde_json::from_str::<Tick>(line).map_err(|e| e.to_string()).and_then(|tick| {
            self.seen.entry(conid).or_default().take(&id, tick, now).map_err(|e| e.to_string())
        });
        match news {
            Ok(news) => {
                out.extend(news.market.into_iter().map(Say::Market));
                let why = |is: bool| is.then(|| Text::from("trading is halted"));
                let halt = news.halt.map(|is| Event::Halt { instrument: id.clone(), why: why(is) });
                out.extend(halt.map(Say::Event));
                if let Some(why) = news.old {
                    out.extend(self.market.put(left_out(&id, why).as_str()).map(Say::Event));
                }
            }
            Err(why) => {
                out.extend(self.market.put(&format!("{}: {why}", Text::clean(topic))).map(Say::Event));
            }
        }
    }
}
