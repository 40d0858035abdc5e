//! A script while it plays: what has met it, what was struck, and what becomes of the next request.

use super::{
    Fault, Late, Missing, Part, Script, Then, What,
    kind::{Kind, Meeting},
    when::draw,
};
use serde_json::json;
use smol_str::SmolStr;
use std::fmt;

/// An answer in place of the venue's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP.
    pub status: u16,
    /// What Retry-After says, in seconds.
    pub retry_after_s: Option<u64>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// Does the body look like JSON?
    pub fn is_json(&self) -> bool {
        self.body.starts_with(['{', '['])
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The venue answers it.
    Pass,
    /// It is never answered.
    Hang,
    /// It is not done, and the connection ends.
    Cut,
    /// It is done, and the connection ends after so many bytes of the answer.
    CutAfter(u64),
    /// It is not done, and this is answered.
    Instead(Reply),
    /// It is done, and this is answered.
    After(Reply),
}

/// What a request finds at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// It is done so late.
    pub wait_ms: u64,
    /// The answer is so late.
    pub answer_ms: u64,
    /// Every instant in the answer is off by so much.
    pub skew_ms: i64,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a stream's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Frame {
    /// It is lost.
    pub is_lost: bool,
    /// It comes twice.
    pub is_twice: bool,
    /// It comes after the one behind it.
    pub is_behind: bool,
    /// It is so late.
    pub delay_ms: u64,
    /// Every instant in it is off by so much.
    pub skew_ms: i64,
}

/// How a stream stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    /// It works.
    #[default]
    Fair,
    /// It neither speaks nor answers.
    Hanging,
    /// It is closed.
    Down,
}

/// How often a fault has struck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Struck {
    /// Where it stands in its file.
    pub line: usize,
    /// Which fault.
    pub what: &'static str,
    /// How many fitted it.
    pub met: u64,
    /// How many it struck.
    pub struck: u64,
}

/// How often each fault has struck, in the order of the script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally(pub Vec<Struck>);

impl Tally {
    /// How often faults of this word have struck.
    pub fn of(&self, what: &str) -> u64 {
        self.0.iter().filter(|s| s.what == what).fold(0, |sum, s| sum.saturating_add(s.struck))
    }
}

impl Door {
    /// Nothing stands in the way.
    pub const fn open() -> Self {
        Self { wait_ms: 0, answer_ms: 0, skew_ms: 0, fate: Fate::Pass }
    }
}

impl fmt::Display for Tally {
    /// One line a fault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, s) in self.0.iter().enumerate() {
            let end = if n == 0 { "" } else { "\n" };
            write!(f, "{end}line {}: {} struck {} of {}", s.line, s.what, s.struck, s.met)?;
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    met: u64,
    struck: u64,
    /// Of a limit: its window, and how many have passed in it.
    window: u64,
    passed: u64,
    /// Of a stream's mood: was it on when it was last looked at?
    is_on: bool,
}

/// A script while it plays.
#[derive(Debug)]
pub struct Play {
    script: Script,
    marks: Vec<Mark>,
    /// Something was counted since the tally was last taken.
    is_changed: bool,
}

impl Play {
    /// From its beginning.
    pub fn new(script: Script) -> Self {
        let marks = vec![Mark::default(); script.faults.len()];
        Self { script, marks, is_changed: true }
    }

    /// What it plays.
    pub const fn script(&self) -> &Script {
        &self.script
    }

    /// The counts, if they have changed since they were last taken.
    pub fn tally(&mut self) -> Option<Tally> {
        std::mem::take(&mut self.is_changed).then(|| {
            let row = |(f, m): (&Fault, &Mark)| Struck {
                line: f.line,
                what: f.what.word(),
                met: m.met,
                struck: m.struck,
            };
            Tally(self.script.faults.iter().zip(&self.marks).map(row).collect())
        })
    }

    /// Looks at the faults in their order: `read` makes something of one that strikes, and says whether the next
    /// is looked at, too. Faults of which `is_ours` is false are passed over uncounted.
    fn meet(
        &mut self,
        meeting: &Meeting,
        at_ms: u64,
        is_ours: impl Fn(&What) -> bool,
        mut read: impl FnMut(&What) -> Next,
    ) {
        let mut is_changed = false;
        let faults = self.script.faults.iter().zip(&mut self.marks).zip(0_u64..);
        for ((fault, mark), n) in faults {
            if !is_ours(&fault.what) || !fault.which.takes(meeting) || !fault.when.is_on(at_ms) {
                continue;
            }
            is_changed = true;
            mark.met = mark.met.saturating_add(1);
            let draw = draw(self.script.seed, n, mark.met);
            if !fault.when.strikes(mark.met, mark.struck, draw) || has_room(&fault.what, mark, at_ms) {
                continue;
            }
            mark.struck = mark.struck.saturating_add(1);
            if read(&fault.what) == Next::Stop {
                break;
            }
        }
        self.is_changed |= is_changed;
    }

    /// The first thing that a fault which strikes gives.
    fn first<T>(
        &mut self,
        meeting: &Meeting,
        at_ms: u64,
        is_ours: impl Fn(&What) -> bool,
        pick: impl Fn(&What) -> Option<T>,
    ) -> Option<T> {
        let mut found = None;
        self.meet(meeting, at_ms, is_ours, |what| {
            found = pick(what);
            Next::Stop
        });
        found
    }

    /// What a request finds at the door.
    pub fn door(&mut self, meeting: &Meeting, at_ms: u64) -> Door {
        let mut door = Door::open();
        self.meet(meeting, at_ms, is_of_the_door, |what| {
            if let What::Delay { ms, of } = what {
                let late = match of {
                    Late::Request => &mut door.wait_ms,
                    Late::Answer => &mut door.answer_ms,
                };
                *late = late.saturating_add(*ms);
                Next::Look
            } else if let What::Skew { ms } = what {
                door.skew_ms = door.skew_ms.saturating_add(*ms);
                Next::Look
            } else {
                door.fate = fate(what);
                Next::Stop
            }
        });
        door
    }

    /// How old the answer is; `None` where it is of now.
    pub fn lag(&mut self, meeting: &Meeting, at_ms: u64) -> Option<i64> {
        let pick = |what: &What| if let What::Lag { ms } = what { Some(*ms) } else { None };
        self.first(meeting, at_ms, |what| matches!(what, What::Lag { .. }), pick)
    }

    /// How orders hold units for this request: whether they do, and for how long after their end.
    pub fn held(&mut self, meeting: &Meeting, at_ms: u64) -> Option<(bool, i64)> {
        let pick = |what: &What| {
            if let What::Held { free, release_ms } = what { Some((!free, *release_ms)) } else { None }
        };
        self.first(meeting, at_ms, |what| matches!(what, What::Held { .. }), pick)
    }

    /// How much of an order fills, in per cent, and what becomes of the rest.
    pub fn partial(&mut self, meeting: &Meeting, at_ms: u64) -> Option<(u64, Then)> {
        let pick = |what: &What| {
            if let What::Partial { percent, then } = what { Some((*percent, *then)) } else { None }
        };
        self.first(meeting, at_ms, |what| matches!(what, What::Partial { .. }), pick)
    }

    /// Why the market rejects that part of an order.
    pub fn reject_later(&mut self, meeting: &Meeting, part: Part, at_ms: u64) -> Option<SmolStr> {
        let is_ours = |what: &What| matches!(what, What::RejectLater { part: p, .. } if *p == part);
        let pick = |what: &What| {
            if let What::RejectLater { message, .. } = what { Some(message.clone()) } else { None }
        };
        self.first(meeting, at_ms, is_ours, pick)
    }

    /// What becomes of a stream's frame.
    pub fn frame(&mut self, meeting: &Meeting, at_ms: u64) -> Frame {
        let mut frame = Frame::default();
        let is_ours = |what: &What| {
            matches!(
                what,
                What::Delay { .. } | What::Skew { .. } | What::Duplicate | What::Reorder | What::Stall
            )
        };
        self.meet(meeting, at_ms, is_ours, |what| {
            if let What::Delay { ms, .. } = what {
                frame.delay_ms = frame.delay_ms.saturating_add(*ms);
            } else if let What::Skew { ms } = what {
                frame.skew_ms = frame.skew_ms.saturating_add(*ms);
            } else {
                frame.is_twice |= *what == What::Duplicate;
                frame.is_behind |= *what == What::Reorder;
                frame.is_lost |= *what == What::Stall;
            }
            Next::Look
        });
        frame
    }

    /// Is an attempt to connect to a stream refused, or left hanging?
    pub fn connect(&mut self, kind: Kind, at_ms: u64) -> Mood {
        let pick = |what: &What| Some(if *what == What::Hang { Mood::Hanging } else { Mood::Down });
        let is_ours = |what: &What| matches!(what, What::Hang | What::Down);
        self.first(&Meeting::of(kind), at_ms, is_ours, pick).unwrap_or_default()
    }

    /// How a stream stands now. What strikes by count or share strikes attempts to connect only.
    pub fn mood(&mut self, kind: Kind, at_ms: u64) -> Mood {
        let mut mood = Mood::Fair;
        for (fault, mark) in self.script.faults.iter().zip(&mut self.marks) {
            let found = if fault.what == What::Hang { Mood::Hanging } else { Mood::Down };
            if !matches!(fault.what, What::Hang | What::Down) {
                continue;
            }
            let is_whole = fault.which.symbols.is_empty() && fault.when.is_steady();
            if !is_whole || !fault.which.on.contains(&kind) {
                continue;
            }
            let is_on = fault.when.is_on(at_ms);
            if is_on && !std::mem::replace(&mut mark.is_on, is_on) {
                mark.met = mark.met.saturating_add(1);
                mark.struck = mark.struck.saturating_add(1);
                self.is_changed = true;
            }
            mark.is_on = is_on;
            if is_on && mood == Mood::Fair {
                mood = found;
            }
        }
        mood
    }
}

/// Is the next fault looked at, too?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Look,
    Stop,
}

/// Of a limit with a burst: is there room for one more? Counts it.
fn has_room(what: &What, mark: &mut Mark, at_ms: u64) -> bool {
    let What::Limit { burst: Some(burst), per_ms, .. } = what else { return false };
    let window = at_ms.checked_div(*per_ms).unwrap_or(0);
    if window != mark.window {
        (mark.window, mark.passed) = (window, 0);
    }
    let has_room = mark.passed < *burst;
    mark.passed = mark.passed.saturating_add(u64::from(has_room));
    has_room
}

fn is_of_the_door(what: &What) -> bool {
    match what {
        What::Delay { .. }
        | What::Hang
        | What::DropBefore
        | What::DropAfter { .. }
        | What::Status { .. }
        | What::ErrorAfter { .. }
        | What::Limit { .. }
        | What::Reject { .. }
        | What::Missing(_)
        | What::Skew { .. } => true,
        What::RejectLater { .. }
        | What::Lag { .. }
        | What::Held { .. }
        | What::Partial { .. }
        | What::Duplicate
        | What::Reorder
        | What::Stall
        | What::Down => false,
    }
}

fn fate(what: &What) -> Fate {
    let reply = |status, body: String| Reply { status, retry_after_s: None, body };
    let refusal = |code: u32, message: &str| json!({"code": code, "message": message}).to_string();
    match what {
        What::Hang => Fate::Hang,
        What::DropBefore => Fate::Cut,
        What::DropAfter { bytes } => Fate::CutAfter(*bytes),
        What::Status { status, body } => Fate::Instead(reply(*status, body.clone())),
        What::ErrorAfter { status, body } => Fate::After(reply(*status, body.clone())),
        What::Limit { retry_after_s, .. } => {
            let body = refusal(42_910_000, "rate limit exceeded");
            Fate::Instead(Reply { status: 429, retry_after_s: Some(*retry_after_s), body })
        }
        What::Reject { status, code, message } => Fate::Instead(reply(*status, refusal(*code, message))),
        What::Missing(Missing::Error) => {
            Fate::Instead(reply(500, refusal(50_010_000, "internal server error occurred")))
        }
        What::Missing(Missing::Nothing) => Fate::Instead(reply(200, String::new())),
        What::Missing(Missing::List) => Fate::Instead(reply(200, "[]".to_owned())),
        What::Delay { .. }
        | What::RejectLater { .. }
        | What::Lag { .. }
        | What::Skew { .. }
        | What::Held { .. }
        | What::Partial { .. }
        | What::Duplicate
        | What::Reorder
        | What::Stall
        | What::Down => Fate::Pass,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::faults::When;

    fn play(faults: Vec<Fault>) -> Play {
        Play::new(Script { faults, ..Script::new("test") })
    }

    #[test]
    fn the_first_that_strikes_decides_and_what_is_late_comes_on_top() {
        let mut play = play(vec![
            Fault::on(&[Kind::Submit], What::Delay { ms: 20, of: Late::Answer }),
            Fault {
                when: When { first: Some(1), ..When::default() },
                ..Fault::on(&[Kind::Submit], What::DropAfter { bytes: 0 })
            },
            Fault::on(&[Kind::Submit], What::Status { status: 504, body: "late".to_owned() }),
        ]);
        let submit = Meeting::about(Kind::Submit, "AAPL");
        let first = play.door(&submit, 0);
        assert_eq!((first.answer_ms, first.fate), (20, Fate::CutAfter(0)));
        let Fate::Instead(reply) = play.door(&submit, 0).fate else { panic!() };
        assert_eq!((reply.status, reply.is_json()), (504, false));
        assert_eq!(play.door(&Meeting::of(Kind::Clock), 0).fate, Fate::Pass);
        let tally = play.tally().unwrap();
        assert_eq!((tally.of("delay"), tally.of("drop_after"), tally.of("status")), (2, 1, 1));
        assert_eq!(tally.to_string().lines().nth(1), Some("line 0: drop_after struck 1 of 2"));
        assert_eq!(play.tally(), None, "nothing was counted since");
    }

    #[test]
    fn a_limit_lets_its_burst_pass_in_each_window() {
        let limit = What::Limit { burst: Some(2), per_ms: 1_000, retry_after_s: 3 };
        let mut play = play(vec![Fault::on(&[Kind::Submit], limit)]);
        let submit = Meeting::of(Kind::Submit);
        let passes: Vec<bool> =
            [0, 10, 20, 999, 1_000].iter().map(|at| play.door(&submit, *at).fate == Fate::Pass).collect();
        assert_eq!(passes, [true, true, false, false, true]);
        assert_eq!(play.tally().unwrap().of("limit"), 2);
    }

    #[test]
    fn a_stream_is_down_while_a_window_is_open_and_counts_strike_attempts() {
        let window = When { from_ms: 100, until_ms: Some(200), ..When::default() };
        let few = When { first: Some(1), ..When::default() };
        let mut play = play(vec![
            Fault { when: window, ..Fault::on(&[Kind::TradeUpdates], What::Down) },
            Fault { when: few, ..Fault::on(&[Kind::DataStream], What::Hang) },
        ]);
        let moods: Vec<Mood> = [0, 100, 150, 200].map(|at| play.mood(Kind::TradeUpdates, at)).to_vec();
        assert_eq!(moods, [Mood::Fair, Mood::Down, Mood::Down, Mood::Fair]);
        assert_eq!(play.connect(Kind::TradeUpdates, 120), Mood::Down);
        assert_eq!(play.mood(Kind::DataStream, 0), Mood::Fair);
        assert_eq!(play.connect(Kind::DataStream, 0), Mood::Hanging);
        assert_eq!(play.connect(Kind::DataStream, 0), Mood::Fair, "only the first attempt");
    }
}
