//! What lies over the panes and takes the keys.

use super::focus::Context;
use crate::{
    desk::{
        Preview, Request, RequestId,
        receipt::{Plan, SinceBaseline},
    },
    domain::{draft::Command, limits::Action, text::Text, time::Mono},
};
use tui_input::Input;

/// The word that is typed where FLATTEN takes one.
pub const FLATTEN_WORD: &str = "FLATTEN";

/// A modal.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one, in the model")]
pub enum Modal {
    /// The keys of what had the focus.
    Help {
        /// Of what: `orders`, `ticket`, …
        title: &'static str,
        /// Keys and what they do, in groups: a line without keys is a group's head.
        lines: Vec<super::model::KeyHint>,
        /// Lines scrolled off at the top.
        scroll: u16,
    },
    /// Quit with something open?
    QuitAsk(QuitAsk),
    /// HALT stands: the exit plan; the same stroke again flattens.
    Halt(Halt),
    /// Something is shown once more before it is done.
    Confirm(Confirmation),
    /// All actions, found by typing.
    Palette(Palette),
    /// The exit under way, or the last one's report.
    Exit(ExitShown),
    /// What differs from what the trading day began with.
    Since(Since),
    /// Several order lines, done one after the other.
    Series(Series),
    /// One algorithm.
    Algorithm(AlgorithmShown),
}

impl Modal {
    /// Which keys are valid over it.
    pub const fn context(&self) -> Context {
        match self {
            Self::Help { .. } => Context::Help,
            Self::QuitAsk(_) => Context::QuitAsk,
            Self::Halt(halt) => Context::Halt { typed: halt.typed.is_some() },
            Self::Confirm(confirm) => Context::Confirm { typed: confirm.typed.is_some() },
            Self::Palette(_) => Context::Palette,
            Self::Exit(_) => Context::Exit,
            Self::Algorithm(_) => Context::Algorithm,
            Self::Series(series) if matches!(series.run, Run::Review) => {
                Context::Confirm { typed: series.typed.is_some() }
            }
            Self::Since(_) | Self::Series(_) => Context::Help,
        }
    }
}

/// Quit with something open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuitAsk {
    /// The request that asks what is open.
    pub asked: RequestId,
    /// Since when.
    pub since: Mono,
    /// What would be left; `None` until the engine has answered.
    pub open: Option<Left>,
}

/// What quitting would leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Left {
    /// Working orders.
    pub orders: u32,
    /// Positions.
    pub positions: u32,
    /// Orders of which nobody knows what became.
    pub unknown: u32,
    /// Orders that this program holds itself.
    pub held: u32,
}

/// HALT.
#[derive(Debug, Clone)]
pub struct Halt {
    /// The request whose answer is the plan.
    pub asked: RequestId,
    /// What FLATTEN would do; `None` until the engine has answered.
    pub plan: Option<Plan>,
    /// When the first stroke came.
    pub since: Mono,
    /// The last stroke, so that a held key does nothing.
    pub stroke: Mono,
    /// A second stroke that counts unless the key turns out to be held.
    pub second: Option<Mono>,
    /// FLATTEN was sent: by which request.
    pub flattening: Option<RequestId>,
    /// The engine refused or was busy.
    pub error: Option<Text>,
    /// Where FLATTEN must be typed: what is typed so far.
    pub typed: Option<Input>,
    /// Lines of the plan scrolled off at the top.
    pub scroll: usize,
}

/// What differs from what the trading day began with, as a window.
#[derive(Debug, Clone)]
pub struct Since {
    /// One a venue.
    pub venues: Vec<SinceBaseline>,
    /// Lines scrolled off at the top.
    pub scroll: usize,
}

/// The exit that the snapshot tells of, as a window: how far it is, and at the end how it ended.
#[derive(Debug, Clone, Default)]
pub struct ExitShown {
    /// The request that asked for it, where it came from this screen.
    pub asked: Option<RequestId>,
    /// The exit that stood in the snapshot before: until another comes, this one is still to begin.
    pub before: Option<u64>,
    /// The engine refused or was busy.
    pub error: Option<Text>,
    /// Lines scrolled off at the top.
    pub scroll: usize,
}

/// What is shown of an algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlgorithmPage {
    /// Figures and holdings.
    Overview,
    /// Its orders.
    Orders,
    /// What happened to them.
    Events,
    /// Its log.
    Log,
    /// What it predicts.
    Insights,
    /// What it and its machine count.
    Statistics,
}

impl AlgorithmPage {
    /// All of them, from left to right.
    pub const ALL: [Self; 6] =
        [Self::Overview, Self::Orders, Self::Events, Self::Log, Self::Insights, Self::Statistics];
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Orders => "orders",
            Self::Events => "events",
            Self::Log => "log",
            Self::Insights => "insights",
            Self::Statistics => "statistics",
        }
    }
}

/// One algorithm, as a window.
#[derive(Debug, Clone)]
pub struct AlgorithmShown {
    /// Which.
    pub name: smol_str::SmolStr,
    /// What of it.
    pub page: AlgorithmPage,
    /// Lines scrolled off at the top.
    pub scroll: usize,
}

/// Something to be confirmed.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// The question, with the order or symbol in it.
    pub title: Text,
    /// Since when.
    pub since: Mono,
    /// What Enter does.
    pub request: Request,
    /// The request that asked for the figures.
    pub asked: Option<RequestId>,
    /// Figures of an order.
    pub preview: Option<Box<Preview>>,
    /// What a cancel or exit would do.
    pub plan: Option<Box<Plan>>,
    /// Why the figures could not be had.
    pub error: Option<Text>,
    /// What the configuration asks; what is unusual is asked once more.
    pub policy: crate::config::Confirm,
    /// Where a word must be typed: the word and what is typed so far.
    pub typed: Option<(&'static str, Input)>,
    /// It is the ticket's order: its receipt goes there.
    pub ticket: bool,
    /// The last Enter, so that a held key gets nobody out.
    pub stroke: Mono,
    /// For an exit: an Enter that counts unless the key turns out to be held.
    pub second: Option<Mono>,
    /// Lines scrolled off at the top.
    pub scroll: usize,
}

impl Confirmation {
    /// Shown once more, without figures.
    pub const fn review(title: Text, request: Request, now: Mono) -> Self {
        Self {
            title,
            since: now,
            request,
            asked: None,
            preview: None,
            plan: None,
            error: None,
            policy: crate::config::Confirm::Review,
            typed: None,
            ticket: false,
            stroke: now,
            second: None,
            scroll: 0,
        }
    }

    /// Why an entry would be refused, if its figures say so: it is not offered to be sent. What takes risk away is never
    /// held up by figures.
    pub fn refusal(&self) -> Option<&Text> {
        let Request::Do(Command::Order(draft)) = &self.request else { return None };
        let preview = self.preview.as_ref()?;
        let blocks = preview.checks.iter().filter(|c| c.action == Some(Action::Block)).map(|c| &c.text);
        let mut why = preview.problems.iter().map(|(_, text)| text).chain(blocks);
        why.next().filter(|_| !draft.reduces())
    }
}

/// Several order lines: all are shown with what they would do, then done from the first to the last. The first that is
/// refused is the end.
#[derive(Debug, Clone)]
pub struct Series {
    /// Whose they are: `hotkey F7`, `template out`.
    pub title: Text,
    /// The lines.
    pub steps: Vec<Step>,
    /// How far they are.
    pub run: Run,
    /// Since when they are shown.
    pub since: Mono,
    /// What the configuration asks before the strictest of them.
    pub policy: crate::config::Confirm,
    /// Where a word must be typed: what is typed so far.
    pub typed: Option<Input>,
    /// Lines scrolled off at the top.
    pub scroll: usize,
}

/// One of several order lines.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it does.
    pub command: Command,
    /// The request for what it would do.
    pub asked: Option<RequestId>,
    /// Figures of an order.
    pub preview: Option<Box<Preview>>,
    /// What a close would do.
    pub plan: Option<Box<Plan>>,
    /// What was answered, last.
    pub said: Option<Text>,
    /// How far it is.
    pub state: StepState,
}

/// How far one of several order lines is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Not sent. It may be known already that it would be refused.
    Waits {
        /// So it is.
        refused: bool,
    },
    /// Sent, not answered.
    Sent(RequestId),
    /// Done.
    Done,
    /// Refused: the lines after it are not sent.
    Refused,
}

/// How far several order lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// Nothing is sent; Enter sends them.
    Review,
    /// One is sent and not answered.
    Going,
    /// One was refused.
    Stopped,
}

/// The palette.
#[derive(Debug, Clone, Default)]
pub struct Palette {
    /// What is typed.
    pub input: Input,
    /// What was found, best first.
    pub found: Vec<super::cmdline::Completion>,
    /// Which is chosen.
    pub chosen: usize,
}
