//! The few keys that stand at the bottom for what has the focus. All of them stand in the help.

use super::{
    action::Action,
    focus::{Context, Pane},
    keymap::Keymap,
    model::KeyHint,
};

type Wanted = (Action, &'static str, &'static str);

const EVERYWHERE: [Wanted; 3] =
    [(Action::CommandLine, "", "command"), (Action::Palette, "", "find"), (Action::Help, "", "help")];

const CHART: &[Wanted] = &[
    (Action::Chart, "left", "pan"),
    (Action::Chart, "in", "zoom"),
    (Action::Chart, "previous", "crosshair"),
    (Action::Interval, "", "interval"),
    (Action::Ticket, "buy", "buy"),
    (Action::Ticket, "sell", "sell"),
];
const LADDER: &[Wanted] = &[
    (Action::Rung, "place buy", "buy here"),
    (Action::Rung, "place sell", "sell here"),
    (Action::Rung, "join buy", "join bid"),
    (Action::Rung, "join sell", "join ask"),
    (Action::Ladder, "take", "take"),
    (Action::Rung, "move", "move"),
    (Action::Rung, "cancel", "cancel"),
    (Action::Ladder, "recentre", "recentre"),
];

const REPLAY: &[Wanted] = &[
    (Action::Play, "", "play"),
    (Action::Step, "on", "step"),
    (Action::Step, "back", "back"),
    (Action::Speed, "faster", "faster"),
    (Action::Speed, "slower", "slower"),
    (Action::Seek, "+1m", "a minute on"),
    (Action::Find, "next", "next alert"),
];

/// Of the chart and the ladder.
const fn of_market(context: Context) -> &'static [Wanted] {
    if matches!(context, Context::Chart) { CHART } else { LADDER }
}

const fn wanted(context: Context) -> &'static [Wanted] {
    match context {
        Context::Chart | Context::Depth => of_market(context),
        Context::Table(Pane::Watchlist) | Context::Global => &[
            (Action::Ticket, "buy", "buy"),
            (Action::Ticket, "sell", "sell"),
            (Action::Ticket, "buy bracket", "buy+bracket"),
            (Action::Filter, "", "filter"),
        ],
        Context::Table(Pane::Positions) => &[
            (Action::Close, "all", "close"),
            (Action::BreakEven, "", "break-even"),
            (Action::Reverse, "", "reverse"),
            (Action::Ticket, "buy", "buy"),
            (Action::Ticket, "sell", "sell"),
        ],
        Context::Table(Pane::Orders) => &[
            (Action::Cancel, "", "cancel"),
            (Action::CancelSymbol, "", "cancel symbol"),
            (Action::Modify, "", "modify"),
            (Action::Tab, "next", "tab"),
            (Action::Sort, "", "sort"),
        ],
        Context::Table(Pane::Quality) => {
            &[(Action::Tab, "next", "group by"), (Action::Sort, "", "sort"), (Action::Filter, "", "filter")]
        }
        Context::Table(Pane::Alerts) => &[
            (Action::Acknowledge, "", "ack"),
            (Action::Acknowledge, "all", "ack all"),
            (Action::Open, "", "go to it"),
            (Action::Filter, "", "filter"),
        ],
        Context::Table(Pane::Reconciliation) => &[
            (Action::Adopt, "", "adopt"),
            (Action::WindUp, "", "cancel or close"),
            (Action::Open, "", "go to it"),
        ],
        Context::Table(Pane::Algorithms) => &[
            (Action::Open, "", "details"),
            (Action::Algorithm, "toggle", "pause, resume"),
            (Action::Algorithm, "line", "tell it"),
        ],
        Context::Table(_) => {
            &[(Action::Sort, "", "sort"), (Action::Filter, "", "filter"), (Action::Zoom, "", "zoom")]
        }
        Context::Ticket => &[
            (Action::Submit, "", "review, send"),
            (Action::Field, "next", "next field"),
            (Action::SizeMode, "", "sizing"),
            (Action::Size, "up", "size"),
            (Action::Nudge, "up", "tick"),
            (Action::Back, "", "leave"),
        ],
        Context::CommandLine
        | Context::Filter
        | Context::Palette
        | Context::Help
        | Context::QuitAsk
        | Context::Halt { .. }
        | Context::Confirm { .. }
        | Context::Algorithm
        | Context::Exit => in_window(context),
    }
}

/// Of what lies over the panes.
const fn in_window(context: Context) -> &'static [Wanted] {
    match context {
        Context::CommandLine => &[
            (Action::Run, "", "do it"),
            (Action::Complete, "next", "complete"),
            (Action::History, "back", "history"),
            (Action::Back, "", "leave"),
        ],
        Context::Filter | Context::Palette => &[(Action::Run, "", "take it"), (Action::Back, "", "leave")],
        Context::Help => &[(Action::Move, "down", "scroll"), (Action::Back, "", "leave")],
        Context::QuitAsk => &[
            (Action::Quit, "now", "quit, leave all"),
            (Action::Quit, "cancel", "cancel entries, quit"),
            (Action::Quit, "halt", "exit plan"),
            (Action::Back, "", "stay"),
        ],
        Context::Halt { .. } => {
            &[(Action::Back, "", "close the plan, HALT stays"), (Action::Move, "page-down", "scroll")]
        }
        Context::Confirm { .. } => &[
            (Action::Confirm, "", "do it"),
            (Action::Back, "", "leave"),
            (Action::Move, "page-down", "scroll"),
        ],
        Context::Algorithm => &[
            (Action::Tab, "next", "next part"),
            (Action::Algorithm, "toggle", "pause, resume"),
            (Action::Move, "page-down", "scroll"),
            (Action::Back, "", "close"),
        ],
        Context::Exit => &[(Action::Back, "", "close"), (Action::Move, "page-down", "scroll")],
        Context::Table(_) | Context::Chart | Context::Depth | Context::Global | Context::Ticket => &[],
    }
}

/// The keys worth showing, the most useful first. What is `refused` offers no key that does it.
pub fn hints(context: Context, keymap: &Keymap, replays: bool, refused: bool) -> Vec<KeyHint> {
    let general: &[Wanted] = match context {
        Context::Table(_) | Context::Chart | Context::Depth | Context::Global => &EVERYWHERE,
        Context::Ticket
        | Context::CommandLine
        | Context::Filter
        | Context::Help
        | Context::QuitAsk
        | Context::Halt { .. }
        | Context::Confirm { .. }
        | Context::Exit
        | Context::Algorithm
        | Context::Palette => &[],
    };
    let shown = |(action, arg, words): &Wanted| {
        if refused && *action == Action::Confirm {
            return None;
        }
        let keys = keymap.keys_of(*action, arg)?;
        Some(KeyHint { keys, words: (*words).to_owned() })
    };
    let is_pane = matches!(context, Context::Table(_) | Context::Chart | Context::Depth | Context::Global);
    let own = if replays && is_pane { REPLAY } else { wanted(context) };
    own.iter().chain(general).filter_map(shown).collect()
}
