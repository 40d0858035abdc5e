//! Plays a session: which snapshot is to be shown when. It is told the time and knows nothing of files.

use crate::{
    desk::replay::Speed,
    domain::time::{Mono, Now, Stamp},
};

/// Between two snapshots that lie farther apart nothing was recorded: what lies between is not waited for, nanoseconds.
const GAP_NS: u64 = 10_000_000_000;
/// It is played as so long.
const GAP_PLAYED_NS: u64 = 1_000_000_000;
/// As fast as can be is so many snapshots at a time …
pub const MAX_FRAMES: usize = 64;
/// … and the shortest time between two that are shown, milliseconds.
const SHOWN_MS: u64 = 33;

/// The snapshots of a session in time.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// When each was made, and how far into the session it is played, nanoseconds.
    frames: Vec<(Now, u64)>,
    /// Those before which nothing was recorded.
    gaps: Vec<usize>,
}

impl Timeline {
    /// Of times, each with the number of its recording.
    pub fn of(times: impl Iterator<Item = (Now, usize)>) -> Self {
        let mut line = Self::default();
        let mut before: Option<(Now, usize, u64)> = None;
        for (frame, (at, recording)) in times.enumerate() {
            let played = before.map_or(0, |(last, of, played)| {
                // Another run may have counted its time from elsewhere.
                let took = if of == recording {
                    at.mono.as_nanos().saturating_sub(last.mono.as_nanos())
                } else {
                    u64::MAX
                };
                if took > GAP_NS || at.wall.since_ms(last.wall) > 10_000 {
                    line.gaps.push(frame);
                    return played.saturating_add(GAP_PLAYED_NS);
                }
                played.saturating_add(took)
            });
            line.frames.push((at, played));
            before = Some((at, recording, played));
        }
        line
    }

    /// How many snapshots.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// None?
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// When a snapshot was made.
    pub fn at(&self, frame: usize) -> Now {
        self.frames.get(frame).map_or_else(Now::default, |(at, _)| *at)
    }

    /// How long was nothing recorded before this snapshot, milliseconds? `None` where it follows on the one before.
    pub fn gap_before(&self, frame: usize) -> Option<i64> {
        let before = self.gaps.binary_search(&frame).ok().and_then(|_| frame.checked_sub(1))?;
        Some(self.at(frame).wall.since_ms(self.at(before).wall))
    }

    /// How many times nothing was recorded for a while.
    pub fn gaps(&self) -> usize {
        self.gaps.len()
    }

    fn played(&self, frame: usize) -> u64 {
        self.frames.get(frame).map_or(0, |(_, played)| *played)
    }

    fn last(&self) -> usize {
        self.frames.len().saturating_sub(1)
    }

    /// The snapshot that stands at a point of the session.
    fn frame_at(&self, played: u64) -> usize {
        self.frames.partition_point(|(_, at)| *at <= played).saturating_sub(1)
    }

    /// The last snapshot that was made by then.
    fn frame_by(&self, wall: Stamp) -> usize {
        self.frames.iter().rposition(|(at, _)| at.wall <= wall).unwrap_or(0)
    }
}

/// The player.
#[derive(Debug, Clone)]
pub struct Player {
    timeline: Timeline,
    /// How far into the session, nanoseconds.
    played: u64,
    frame: usize,
    speed: Speed,
    playing: bool,
    /// Up to when it has played.
    since: Mono,
}

impl Player {
    /// At the beginning, playing as fast as it was.
    pub const fn new(timeline: Timeline, now: Mono) -> Self {
        Self { timeline, played: 0, frame: 0, speed: Speed::LIVE, playing: true, since: now }
    }

    /// Plays up to now. The snapshots that it came past before which nothing was recorded are returned by
    /// [`Player::passed`].
    pub fn advance(&mut self, now: Mono) {
        let real = now.as_nanos().saturating_sub(self.since.as_nanos());
        self.since = now;
        if !self.playing {
            return;
        }
        match self.speed.percent() {
            None => self.go(self.frame.saturating_add(MAX_FRAMES).min(self.timeline.last())),
            Some(percent) => {
                let on = real.saturating_mul(u64::from(percent)) / 100;
                let end = self.timeline.played(self.timeline.last());
                self.played = self.played.saturating_add(on).min(end);
                self.frame = self.timeline.frame_at(self.played);
            }
        }
        self.playing = self.frame < self.timeline.last();
    }

    /// In how many milliseconds another snapshot is to be shown; `None` while it stands still.
    pub fn wait_ms(&self) -> Option<u64> {
        if !self.playing {
            return None;
        }
        let next = self.timeline.played(self.frame.saturating_add(1)).saturating_sub(self.played);
        let real = self
            .speed
            .percent()
            .map_or(0, |p| next.saturating_mul(100).checked_div(u64::from(p)).unwrap_or(0));
        // Rounded up, so that it is there by then.
        Some(real.div_ceil(1_000_000).max(SHOWN_MS))
    }

    /// Which snapshot is shown, counted from zero.
    pub const fn frame(&self) -> usize {
        self.frame
    }

    /// How fast.
    pub const fn speed(&self) -> Speed {
        self.speed
    }

    /// Does it play?
    pub const fn is_playing(&self) -> bool {
        self.playing
    }

    /// The session.
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The time that is shown.
    pub fn shown(&self) -> Now {
        let at = self.timeline.at(self.frame);
        let on = self.played.saturating_sub(self.timeline.played(self.frame)) / 1_000_000;
        let wall = at.wall.plus_ms(i64::try_from(on).ok().unwrap_or(i64::MAX));
        Now { wall, mono: at.mono.plus_ms(on) }
    }

    /// Plays, or stands still. From the end it plays from the beginning.
    pub fn toggle(&mut self) {
        if !self.playing && self.frame >= self.timeline.last() {
            self.go(0);
        }
        self.playing = !self.playing;
    }

    /// This fast.
    pub const fn set_speed(&mut self, speed: Speed) {
        self.speed = speed;
    }

    /// To a snapshot; playing or not stays as it is.
    pub fn go(&mut self, frame: usize) {
        self.frame = frame.min(self.timeline.last());
        self.played = self.timeline.played(self.frame);
    }

    /// To a snapshot, and stands still.
    pub fn stand_at(&mut self, frame: usize) {
        self.go(frame);
        self.playing = false;
    }

    /// So many milliseconds on, or back.
    pub fn go_by(&mut self, ms: i64) {
        let by = ms.unsigned_abs().saturating_mul(1_000_000);
        let end = self.timeline.played(self.timeline.last());
        self.played =
            if ms < 0 { self.played.saturating_sub(by) } else { self.played.saturating_add(by).min(end) };
        self.frame = self.timeline.frame_at(self.played);
    }

    /// To the last snapshot that was made by then.
    pub fn go_to(&mut self, wall: Stamp) {
        self.go(self.timeline.frame_by(wall));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

    use super::*;

    fn at(secs: u64) -> Now {
        let wall = Stamp::from_secs(1_800_000_000 + i64::try_from(secs).unwrap()).unwrap();
        Now { wall, mono: Mono::from_millis(secs * 1_000) }
    }

    /// A snapshot a second for a minute; an hour later, in another run, another ten.
    fn player() -> Player {
        let one = (0..60).map(|s| (at(s), 0));
        let two = (3_660..3_670).map(|s| (Now { mono: Mono::from_millis(s), ..at(s) }, 1));
        Player::new(Timeline::of(one.chain(two)), Mono::from_millis(500))
    }

    fn later(player: &mut Player, ms: u64) -> usize {
        let now = player.since.plus_ms(ms);
        player.advance(now);
        player.frame()
    }

    #[test]
    fn it_plays_as_fast_as_it_is_told() {
        let mut player = player();
        assert_eq!((later(&mut player, 999), later(&mut player, 1)), (0, 1));
        player.set_speed(Speed::parse("4x").unwrap());
        assert_eq!(later(&mut player, 1_000), 5);
        player.set_speed(Speed::parse("0.25x").unwrap());
        assert_eq!((later(&mut player, 3_999), later(&mut player, 1)), (5, 6));
        assert_eq!(player.shown(), at(6));
        player.toggle();
        assert_eq!((later(&mut player, 60_000), player.wait_ms()), (6, None));
        player.toggle();
        assert_eq!(later(&mut player, 2_000), 6);
        assert_eq!(player.shown().wall.since_ms(at(6).wall), 500, "ages go on between two snapshots");
        player.set_speed(Speed::MAX);
        assert_eq!(later(&mut player, 1), 69);
        assert!(!player.is_playing(), "at the end it stands still");
        player.toggle();
        assert_eq!((player.frame(), player.is_playing()), (0, true), "and plays from the beginning");
    }

    #[test]
    fn it_wakes_when_there_is_something_to_show() {
        let mut player = player();
        assert_eq!(player.wait_ms(), Some(1_000));
        later(&mut player, 400);
        assert_eq!(player.wait_ms(), Some(600));
        player.set_speed(Speed::parse("100x").unwrap());
        assert_eq!(player.wait_ms(), Some(SHOWN_MS), "and no more often than anybody sees");
        player.set_speed(Speed::parse("0.25x").unwrap());
        assert_eq!(player.wait_ms(), Some(2_400));
    }

    #[test]
    fn what_was_not_recorded_is_skipped_and_known() {
        let mut player = player();
        assert_eq!((player.timeline().gaps(), player.timeline().gap_before(59)), (1, None));
        assert_eq!(player.timeline().gap_before(60), Some(3_601_000));
        player.go(59);
        assert_eq!(later(&mut player, 1_000), 60);
        assert_eq!(player.shown().wall, at(3_660).wall);
    }

    #[test]
    fn it_goes_where_it_is_sent() {
        let mut player = player();
        player.go_to(at(30).wall.plus_ms(900));
        assert_eq!(player.frame(), 30);
        player.go_to(at(2_000).wall);
        assert_eq!(player.frame(), 59, "what stood on the screen then");
        player.go_by(-20_000);
        assert_eq!(player.frame(), 39);
        player.go_by(-500);
        assert_eq!((player.frame(), player.shown().wall), (38, at(38).wall.plus_ms(500)));
        player.go_by(i64::MIN);
        assert_eq!(player.frame(), 0);
        player.go_by(i64::MAX);
        assert_eq!(player.frame(), 69);
        player.go_to(Stamp::default());
        assert_eq!(player.frame(), 0);
        player.stand_at(7);
        assert_eq!((later(&mut player, 5_000), player.is_playing()), (7, false));
        player.stand_at(usize::MAX);
        assert_eq!(player.frame(), 69);
    }

    #[test]
    fn a_session_of_nothing_is_played_without_harm() {
        let mut player = Player::new(Timeline::default(), Mono::default());
        later(&mut player, 10);
        player.toggle();
        player.go_by(1);
        player.stand_at(3);
        assert_eq!((player.frame(), player.shown()), (0, Now::default()));
    }
}
