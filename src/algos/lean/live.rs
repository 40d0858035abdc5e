//! What streamed of a run, kept in parts with the moment that each came: packets hold some of the figures, and are
//! merged rather than take each other's place (LEAN.md 4).

use super::packet::Packet;
use crate::{
    algos::result::figures::{Sample, Told},
    domain::{
        algorithm::{AlgorithmOrder, CashRow, Holding, LogLine},
        text::Text,
        time::{Mono, Now, Stamp},
    },
};
use std::collections::{BTreeMap, VecDeque};

/// So much of each is kept: with every writing LEAN's files hold it too.
const KEPT_MAX: usize = 2_000;
/// Lines kept until they are found in the log.
const LINES_MAX: usize = 100;

/// What streamed.
#[derive(Debug, Default)]
pub struct Live {
    /// What is held.
    pub holdings: Option<(Stamp, Vec<Holding>)>,
    /// Money.
    pub cash: Option<(Stamp, Vec<CashRow>)>,
    /// Figures of the moment.
    pub runtime: Option<(Stamp, Vec<(Text, Text)>)>,
    /// Of the machine.
    pub server: Option<(Stamp, Vec<(Text, Text)>)>,
    /// Orders that changed.
    pub orders: BTreeMap<i64, (Stamp, AlgorithmOrder)>,
    /// What happened to them.
    pub events: VecDeque<Told>,
    /// The newest of the curve.
    pub curve: VecDeque<Sample>,
    /// How it is.
    pub word: Option<(Stamp, Text)>,
    /// What it failed of.
    pub error: Option<(Stamp, Text)>,
    /// What it said.
    pub lines: VecDeque<(u64, LogLine)>,
    /// Packets that could not be read, and why the last could not.
    pub unread: Option<(u64, Text)>,
    /// Why there is no stream.
    pub down: Option<Text>,
    /// When the connection was made.
    connected: Option<Mono>,
    /// What lies in the folder from before that is of an earlier run.
    since: Option<Stamp>,
}

/// What the socket tells.
#[derive(Debug)]
pub enum News {
    /// It is connected. `is_new`: LEAN was not there before, so that what the folder holds is of an earlier run.
    Up {
        /// Did LEAN come up while we looked?
        is_new: bool,
    },
    /// It is not, and why.
    Down(Text),
    /// A packet.
    Packet(Result<Packet, String>),
}

impl Live {
    /// Takes in what came. `burst_ms`: figures that come so soon after connecting were waiting in LEAN's queue and are of
    /// an unknown age, so that they are left; orders and events have times of their own.
    pub fn take(&mut self, news: News, now: Now, burst_ms: u64, number: &mut u64) {
        match news {
            News::Up { is_new } => {
                *self = Self { lines: std::mem::take(&mut self.lines), ..Self::default() };
                self.connected = Some(now.mono);
                self.since = is_new.then_some(now.wall);
            }
            News::Down(why) => self.down = Some(why),
            News::Packet(Ok(packet)) => {
                let is_burst = self.connected.is_some_and(|at| now.mono.since_ms(at) < burst_ms);
                self.packet(packet, now.wall, is_burst, number);
            }
            News::Packet(Err(why)) => {
                let n = self.unread.take().map_or(0, |(n, _)| n);
                self.unread = Some((n.saturating_add(1), Text::clean(&why)));
            }
        }
    }

    fn packet(&mut self, packet: Packet, at: Stamp, is_burst: bool, number: &mut u64) {
        match packet {
            Packet::Figures(figures) => {
                for order in figures.orders.into_iter().flatten().filter(|_| !is_burst) {
                    self.orders.insert(order.id, (at, order));
                }
                while self.orders.len() > KEPT_MAX {
                    self.orders.pop_first();
                }
                for told in figures.events {
                    self.event(told);
                }
                if is_burst {
                    return;
                }
                put(&mut self.holdings, at, figures.holdings);
                put(&mut self.cash, at, figures.cash);
                put(&mut self.runtime, at, figures.runtime);
                put(&mut self.server, at, figures.server);
                for sample in figures.curve {
                    if self.curve.back().is_none_or(|last| last.at < sample.at) {
                        self.curve.push_back(sample);
                    } else if let Some(last) = self.curve.back_mut().filter(|last| last.at == sample.at) {
                        *last = sample;
                    }
                }
                while self.curve.len() > KEPT_MAX {
                    self.curve.pop_front();
                }
            }
            Packet::Event(told) => self.event(*told),
            Packet::Line(line) => self.line(line, number),
            Packet::Failed(text) => {
                let line = LogLine {
                    at: None,
                    level: crate::domain::algorithm::LogLevel::Error,
                    text: text.clone(),
                };
                self.line(line, number);
                self.error = Some((at, text));
            }
            Packet::Status(word) if !is_burst => self.word = Some((at, word)),
            Packet::Job | Packet::Status(_) | Packet::Other => {}
        }
    }

    fn event(&mut self, told: Told) {
        self.events.push_back(told);
        if self.events.len() > KEPT_MAX {
            self.events.pop_front();
        }
    }

    fn line(&mut self, line: LogLine, number: &mut u64) {
        *number = number.saturating_add(1);
        self.lines.push_back((*number, line));
        if self.lines.len() > LINES_MAX {
            self.lines.pop_front();
        }
    }

    /// When figures streamed last.
    pub fn heard(&self) -> Option<Stamp> {
        let held = self.holdings.as_ref().map(|(at, _)| *at);
        held.max(self.runtime.as_ref().map(|(at, _)| *at))
    }

    /// May it be merged with what was written then? Not with the files of an earlier run.
    pub fn goes_with(&self, written: Stamp) -> bool {
        self.since.is_none_or(|since| written >= since)
    }

    /// A run that began then takes the place of another: nothing from before is of it.
    pub fn begin(&mut self, started: Stamp) {
        let is_of_it = |at: Stamp| at >= started;
        self.holdings.take_if(|(at, _)| !is_of_it(*at));
        self.cash.take_if(|(at, _)| !is_of_it(*at));
        self.runtime.take_if(|(at, _)| !is_of_it(*at));
        self.server.take_if(|(at, _)| !is_of_it(*at));
        self.word.take_if(|(at, _)| !is_of_it(*at));
        self.error.take_if(|(at, _)| !is_of_it(*at));
        self.orders.retain(|_, (at, _)| is_of_it(*at));
        self.events.retain(|told| is_of_it(told.event.at));
        self.curve.retain(|sample| is_of_it(sample.at));
    }
}

fn put<T>(place: &mut Option<(Stamp, T)>, at: Stamp, value: Option<T>) {
    if let Some(value) = value {
        *place = Some((at, value));
    }
}
