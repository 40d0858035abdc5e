//! What a screen and the player of a recorded session say to each other.

use crate::domain::{
    text::Text,
    time::{Mono, Now},
};
use smol_str::SmolStr;
use std::fmt;

/// What is said to whatever would do something.
pub const NOTHING_SENT: &str = "this is a replay of a recorded session: nothing can be sent";

/// How fast a session is played, per cent of the time that it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speed(u32);

const STEPS: [Speed; 11] = [
    Speed(25),
    Speed(50),
    Speed(100),
    Speed(200),
    Speed(400),
    Speed(800),
    Speed(1_600),
    Speed(3_200),
    Speed(6_400),
    Speed(10_000),
    Speed::MAX,
];

impl Speed {
    /// As it was.
    pub const LIVE: Self = Self(100);
    /// As fast as this computer shows it.
    pub const MAX: Self = Self(u32::MAX);

    /// Per cent of the time that it took; `None` is as fast as can be.
    pub fn percent(self) -> Option<u32> {
        (self != Self::MAX).then_some(self.0)
    }

    /// The next faster one.
    #[must_use]
    pub fn faster(self) -> Self {
        STEPS.into_iter().find(|step| *step > self).unwrap_or(Self::MAX)
    }

    /// The next slower one.
    #[must_use]
    pub fn slower(self) -> Self {
        STEPS.into_iter().rev().find(|step| *step < self).unwrap_or(Self(25))
    }

    /// `4x`, `0.5x`, `max`; nothing faster than `100x` but `max`, and nothing slower than `0.25x`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "max" {
            return Some(Self::MAX);
        }
        let text = text.strip_suffix('x').unwrap_or(text);
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let is_number = whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit());
        if part.len() > 2 || whole.len() > 3 || !is_number {
            return None;
        }
        let whole: u32 = if whole.is_empty() && !part.is_empty() { 0 } else { whole.parse().ok()? };
        let part: u32 = format!("{part:0<2}").parse().ok()?;
        let percent = whole.checked_mul(100)?.checked_add(part)?;
        (25..=10_000).contains(&percent).then_some(Self(percent))
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.percent() {
            None => f.write_str("max"),
            Some(percent) => {
                let (whole, part) = (percent / 100, percent % 100);
                match (part, part % 10) {
                    (0, _) => write!(f, "{whole}x"),
                    (_, 0) => write!(f, "{whole}.{}x", part / 10),
                    (_, _) => write!(f, "{whole}.{part:02}x"),
                }
            }
        }
    }
}

/// Where to go in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// Its beginning.
    Start,
    /// Its end.
    End,
    /// So many milliseconds on; below zero, back.
    By(i64),
    /// A time of the day that is shown, by the screen's clock: hour, minute, second.
    Clock(u8, u8, u8),
}

/// What the player is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Steer {
    /// Play, or stand still.
    Toggle,
    /// Faster by a step.
    Faster,
    /// Slower by a step.
    Slower,
    /// This fast.
    Speed(Speed),
    /// The next snapshot, and stand still.
    Forth,
    /// The one before, and stand still.
    Back,
    /// Go there.
    Seek(To),
    /// To where an alert with this text appeared, and stand still.
    Find {
        /// In its words, its symbol or its venue; `None` is what was searched for last.
        text: Option<SmolStr>,
        /// Before what is shown.
        back: bool,
    },
}

/// A sentence of the player.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Counts up.
    pub number: u64,
    /// In one sentence.
    pub text: Text,
    /// Something could not be done.
    pub is_bad: bool,
}

/// Where the player stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The time that is shown.
    pub at: Now,
    /// When that was so, by the screen's clock.
    pub since: Mono,
    /// How fast.
    pub speed: Speed,
    /// Does it play?
    pub playing: bool,
    /// Which snapshot is shown, counted from one.
    pub frame: usize,
    /// Of how many.
    pub frames: usize,
    /// The last thing that it said.
    pub note: Option<Note>,
}

impl View {
    /// The time that is shown, a while later.
    pub fn now(&self, mono: Mono) -> Now {
        let percent = self.speed.percent().filter(|_| self.playing);
        let real = mono.as_nanos().saturating_sub(self.since.as_nanos());
        let on = percent.map_or(0, |p| real.saturating_mul(u64::from(p)) / 100);
        let ms = on / 1_000_000;
        Now {
            wall: self.at.wall.plus_ms(i64::try_from(ms).ok().unwrap_or(i64::MAX)),
            mono: self.at.mono.plus_ms(ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_written_as_they_are_read() {
        for text in ["0.25x", "0.5x", "1x", "4x", "12.5x", "100x", "max"] {
            assert_eq!(Speed::parse(text).map(|s| s.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Speed::parse(".5"), Speed::parse("0.50x"));
        for text in ["", "x", ".", "0", "0.1", "101x", "-1", "1.234", "fast", "1e3", "99999x", "+2"] {
            assert_eq!(Speed::parse(text), None, "{text}");
        }
    }

    #[test]
    fn steps_go_from_a_quarter_to_as_fast_as_can_be() {
        let mut speed = Speed(25);
        assert_eq!(speed.slower(), speed);
        for _ in 0..20 {
            speed = speed.faster();
        }
        assert_eq!((speed, speed.slower()), (Speed::MAX, Speed(10_000)));
        assert_eq!((Speed(300).faster(), Speed(300).slower()), (Speed(400), Speed(200)));
    }
}
