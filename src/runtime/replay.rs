//! A recorded session on the screen: a player on a thread of its own, with a desk to it like an engine's. Nothing that is
//! asked over that desk is ever done.

use super::lanes::{Desk, Lane};
use crate::{
    clock::{Clock, System},
    desk::{
        Snapshot,
        replay::{Note, Steer, To, View},
    },
    domain::{
        text::Text,
        time::{Mono, Stamp},
    },
    recording::{Film, Player},
};
use jiff::tz::TimeZone;
use smol_str::SmolStr;
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};
use tokio::sync::{mpsc, watch};

/// A player that stands still is asked for something by then, or looks whether anybody is there.
const STILL: Duration = Duration::from_secs(3_600);
/// Steering that waits; what is more is dropped, as a held key's is.
const STEERS_MAX: usize = 64;

/// A session that is played.
#[derive(Debug)]
pub struct Replay {
    pub(super) desk: Desk,
    pub(super) clock: Arc<dyn Clock>,
    views: watch::Receiver<View>,
    steers: SyncSender<Steer>,
}

impl Replay {
    /// Plays it, from its beginning. Times of the day are of `zone`.
    ///
    /// # Errors
    /// When its first snapshot can't be read, or the system gives no thread.
    pub fn begin(film: Film, zone: TimeZone) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(System::start());
        let player = Player::new(film.timeline(), clock.now().mono);
        let mut theatre = Theatre { film, player, zone, searched: SmolStr::default(), note: None };
        let first = theatre.film.snapshot(0)?;
        theatre.greet();
        let (receipt_in, receipts) = mpsc::channel(STEERS_MAX);
        let (view_in, views) = watch::channel(theatre.view(clock.now().mono));
        let (snapshot_in, snapshots) = watch::channel(first);
        let (steers, steered) = sync_channel(STEERS_MAX);
        let desk = Desk { lane: Lane::Replay(receipt_in), receipts, snapshots };
        let time = Arc::clone(&clock);
        std::thread::Builder::new().name("replay".to_owned()).spawn(move || {
            theatre.play(&*time, &steered, &Stage { views: view_in, snapshots: snapshot_in });
        })?;
        let mut replay = Self { desk, clock, views, steers };
        // The first is there at once: it need not wait for another.
        replay.desk.snapshots.mark_changed();
        Ok(replay)
    }

    /// Where it stands.
    pub fn view(&self) -> View {
        self.views.borrow().clone()
    }

    /// Asks the player for something.
    pub fn steer(&self, steer: Steer) {
        drop(self.steers.try_send(steer));
    }
}

/// Where what is shown goes to.
struct Stage {
    views: watch::Sender<View>,
    snapshots: watch::Sender<Arc<Snapshot>>,
}

/// The session with its player.
#[derive(Debug)]
struct Theatre {
    film: Film,
    player: Player,
    zone: TimeZone,
    /// What was searched for last.
    searched: SmolStr,
    note: Option<Note>,
}

impl Theatre {
    fn play(mut self, clock: &dyn Clock, steers: &Receiver<Steer>, stage: &Stage) {
        loop {
            let wait = self.player.wait_ms().map_or(STILL, Duration::from_millis);
            let steer = match steers.recv_timeout(wait) {
                Ok(steer) => Some(steer),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let (before, was_playing) = (self.player.frame(), self.player.is_playing());
            self.player.advance(clock.now().mono);
            self.came_past(before, was_playing);
            if let Some(steer) = steer {
                self.steer(steer);
            }
            self.show(clock.now().mono, stage);
        }
    }

    fn show(&mut self, now: Mono, stage: &Stage) {
        let snapshot = match self.film.snapshot(self.player.frame()) {
            Ok(snapshot) => Some(snapshot),
            Err(why) => {
                if self.player.is_playing() {
                    self.player.toggle();
                }
                self.say(true, &why.to_string());
                None
            }
        };
        // The view first: the screen takes it in with the snapshot.
        stage.views.send_replace(self.view(now));
        match snapshot {
            Some(snapshot) => drop(stage.snapshots.send_replace(snapshot)),
            None => stage.snapshots.send_modify(|_| {}),
        }
    }

    fn view(&self, now: Mono) -> View {
        let player = &self.player;
        View {
            at: player.shown(),
            since: now,
            speed: player.speed(),
            playing: player.is_playing(),
            frame: player.frame().saturating_add(1),
            frames: player.timeline().len(),
            note: self.note.clone(),
        }
    }

    fn say(&mut self, is_bad: bool, text: &str) {
        let number = self.note.as_ref().map_or(0, |note| note.number).saturating_add(1);
        self.note = Some(Note { number, text: Text::clean(text), is_bad });
    }

    /// What is to be known before it is played.
    fn greet(&mut self) {
        let timeline = self.player.timeline();
        let (first, last) = (timeline.at(0).wall, timeline.at(timeline.len().saturating_sub(1)).wall);
        let text = format!("a session of {} to {}", self.day_and_time(first), self.clock(last));
        match self.film.about() {
            Some(wound) => self.say(true, &format!("{text}; {wound}")),
            None => self.say(false, &text),
        }
    }

    fn clock(&self, at: Stamp) -> String {
        self.zone.to_datetime(at.to_jiff()).strftime("%H:%M:%S").to_string()
    }

    fn day_and_time(&self, at: Stamp) -> String {
        self.zone.to_datetime(at.to_jiff()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// It has played on from there: what it skipped is said, and that it is at the end.
    fn came_past(&mut self, before: usize, was_playing: bool) {
        let after = self.player.frame();
        let gap =
            (before.saturating_add(1)..=after).find_map(|frame| self.player.timeline().gap_before(frame));
        if let Some(ms) = gap {
            let (minutes, seconds) = (ms / 60_000, (ms / 1_000) % 60);
            let long =
                if minutes > 0 { format!("{minutes} min {seconds} s") } else { format!("{seconds} s") };
            self.say(false, &format!("for {long} nothing was recorded; that is skipped"));
        }
        if was_playing && !self.player.is_playing() {
            self.say(false, "the end of the session");
        }
    }

    fn steer(&mut self, steer: Steer) {
        match steer {
            Steer::Toggle => self.player.toggle(),
            Steer::Faster => self.player.set_speed(self.player.speed().faster()),
            Steer::Slower => self.player.set_speed(self.player.speed().slower()),
            Steer::Speed(speed) => self.player.set_speed(speed),
            Steer::Forth => self.player.stand_at(self.player.frame().saturating_add(1)),
            Steer::Back => self.player.stand_at(self.player.frame().saturating_sub(1)),
            Steer::Seek(to) => self.seek(to),
            Steer::Find { text, back } => {
                self.searched = text.unwrap_or_else(|| self.searched.clone());
                self.find(back);
            }
        }
    }

    fn seek(&mut self, to: To) {
        match to {
            To::Start => self.player.go(0),
            To::End => self.player.stand_at(usize::MAX),
            To::By(ms) => self.player.go_by(ms),
            To::Clock(hour, minute, second) => match self.on_this_day(hour, minute, second) {
                Some(at) => self.seek_to(at),
                None => self.say(true, "there was no such time on that day"),
            },
        }
    }

    fn seek_to(&mut self, at: Stamp) {
        let timeline = self.player.timeline();
        let (first, last) = (timeline.at(0).wall, timeline.at(timeline.len().saturating_sub(1)).wall);
        if at < first {
            self.say(true, &format!("the session begins at {}", self.day_and_time(first)));
        } else if at > last {
            self.say(true, &format!("the session ends at {}", self.day_and_time(last)));
        }
        self.player.go_to(at);
    }

    /// That time on the day that is shown.
    fn on_this_day(&self, hour: u8, minute: u8, second: u8) -> Option<Stamp> {
        let small = |n: u8| i8::try_from(n).ok();
        let time = jiff::civil::Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
        let day = self.zone.to_datetime(self.player.shown().wall.to_jiff()).date();
        let at = self.zone.to_ambiguous_zoned(day.to_datetime(time)).compatible().ok()?;
        Stamp::from_jiff(at.timestamp())
    }

    fn find(&mut self, back: bool) {
        match self.film.find(&self.searched, self.player.frame(), back) {
            Ok(Some(found)) => {
                self.player.stand_at(found.frame);
                self.say(false, &format!("{}: {}", self.clock(found.alert.at), found.alert.text));
            }
            Ok(None) => {
                let side = if back { "before" } else { "after" };
                let what = if self.searched.is_empty() {
                    "no alert came".to_owned()
                } else {
                    format!("no alert with \"{}\" came", self.searched)
                };
                self.say(true, &format!("{what} {side} this"));
            }
            Err(why) => self.say(true, &why.to_string()),
        }
    }
}
