//! Everything that can be done, in one table. Keys, help, palette, `:` completion, the README's key table and
//! the conflict check follow from it.

mod act;
mod market;
mod place;
mod play;

pub use act::Action;
pub use place::{Danger, Where};

use super::focus::Pane;

/// A default key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Strokes, separated by blanks.
    pub keys: &'static str,
    /// What the action is given.
    pub arg: &'static str,
    /// Where.
    pub on: Where,
    /// What it does there, in a few words.
    pub words: &'static str,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What.
    pub action: Action,
    /// Its `:` command.
    pub name: &'static str,
    /// What may follow the name: `[COLUMN] [down]`.
    pub usage: &'static str,
    /// In a few words.
    pub words: &'static str,
    /// What it can do.
    pub danger: Danger,
    /// Its keys.
    pub keys: &'static [Key],
}

const fn key(keys: &'static str, arg: &'static str, on: Where, words: &'static str) -> Key {
    Key { keys, arg, on, words }
}

const fn safe(action: Action, name: &'static str, usage: &'static str, words: &'static str) -> Entry {
    Entry { action, name, usage, words, danger: Danger::None, keys: &[] }
}

const fn trade(action: Action, name: &'static str, usage: &'static str, words: &'static str) -> Entry {
    Entry { action, name, usage, words, danger: Danger::Trade, keys: &[] }
}

impl Entry {
    const fn on(self, keys: &'static [Key]) -> Self {
        Self { keys, ..self }
    }
    const fn emergency(self) -> Self {
        Self { danger: Danger::Emergency, ..self }
    }
    /// Must something follow the name?
    pub fn needs_argument(&self) -> bool {
        !self.usage.is_empty() && !self.usage.starts_with('[')
    }
}

/// The row of an action.
pub fn entry(action: Action) -> Option<&'static Entry> {
    ACTIONS.iter().find(|e| e.action == action)
}

/// The row of a `:` command.
pub fn named(name: &str) -> Option<&'static Entry> {
    ACTIONS.iter().find(|e| e.name.eq_ignore_ascii_case(name))
}

/// All that can be done.
pub const ACTIONS: &[Entry] = &[
    trade(Action::Halt, "halt", "", "block entries and show the exit plan; again: flatten").emergency().on(
        &[
            key("ctrl-x", "", Where::Everywhere, "HALT, again: FLATTEN"),
            key("f12", "", Where::Everywhere, "HALT, again: FLATTEN"),
        ],
    ),
    trade(Action::Ticket, "ticket", "buy|sell [bracket] [SYMBOL]", "open the ticket").on(&[
        key("b", "buy", Where::OutsideDepth, "buy"),
        key("s", "sell", Where::SymbolPanes, "sell"),
        key("B", "buy bracket", Where::Panes, "buy with the default bracket"),
        key("S", "sell bracket", Where::Panes, "sell with the default bracket"),
    ]),
    trade(Action::Cancel, "cancel-selected", "", "cancel the selected order").on(&[key(
        "c",
        "",
        Where::OutsideDepth,
        "cancel order",
    )]),
    trade(Action::CancelSymbol, "cancel-symbol", "", "cancel all orders of the symbol").on(&[key(
        "C",
        "",
        Where::Panes,
        "cancel all of the symbol",
    )]),
    trade(Action::Modify, "modify", "", "change the selected order").on(&[key(
        "m",
        "",
        Where::OutsideDepth,
        "modify order",
    )]),
    trade(Action::Close, "close-selected", "25%|50%|75%|all", "close so much of the position").on(&[
        key("x 1", "25%", Where::Panes, "close a quarter"),
        key("x 2", "50%", Where::Panes, "close half"),
        key("x 3", "75%", Where::Panes, "close three quarters"),
        key("x 4", "all", Where::Panes, "close all"),
    ]),
    trade(Action::BreakEven, "break-even", "", "move the stop to the average entry").on(&[key(
        "e",
        "",
        Where::Panes,
        "break-even",
    )]),
    safe(Action::Protect, "protect-selected", "", "begin a stop and a target for the position").on(&[key(
        "P",
        "",
        Where::Panes,
        "stop and target",
    )]),
    trade(Action::Reverse, "reverse-selected", "", "turn the position around").on(&[key(
        "v",
        "",
        Where::Panes,
        "reverse",
    )]),
    trade(
        Action::Rung,
        "rung",
        "join buy|join sell|improve buy|improve sell|place buy|place sell|move|cancel",
        "an order at a price of the ladder, in the ticket",
    )
    .on(market::RUNG),
    trade(Action::Submit, "submit", "", "review the ticket; again: send").on(&[key(
        "enter",
        "",
        Where::Ticket,
        "review, again: send",
    )]),
    trade(Action::Confirm, "confirm", "", "do what is asked").on(&[key(
        "enter",
        "",
        Where::Confirm,
        "do it",
    )]),
    trade(Action::Arm, "arm", "[MINUTES]", "trade live for so many minutes"),
    trade(Action::Disarm, "disarm", "", "end that now"),
    trade(Action::Abandon, "abandon", "ID REASON", "declare an order dead that is not at its venue"),
    trade(
        Action::Algorithm,
        "algo",
        "NAME pause|resume|take-over|stop|liquidate|cancel|submit|update|add|command …",
        "do something about an algorithm",
    )
    .on(&[
        key("p", "toggle", Where::Algorithms, "pause or resume the algorithm"),
        key(".", "line", Where::Table(Pane::Algorithms), "tell the algorithm something"),
    ]),
    safe(Action::Field, "field", "next|previous|NAME", "go to a field of the ticket").on(&[
        key("tab", "next", Where::Ticket, "next field"),
        key("backtab", "previous", Where::Ticket, "field before"),
        key("down", "next", Where::Ticket, "next field"),
        key("up", "previous", Where::Ticket, "field before"),
    ]),
    safe(Action::Choose, "choose", "next|previous", "the field's next choice").on(&[
        key("right", "next", Where::Ticket, "next choice"),
        key("left", "previous", Where::Ticket, "choice before"),
        key("space", "next", Where::Ticket, "next choice"),
    ]),
    safe(Action::Size, "size", "up|down", "the ticket's size by a step")
        .on(&[key("]", "up", Where::Ticket, "size up"), key("[", "down", Where::Ticket, "size down")]),
    safe(Action::Nudge, "nudge", "up|down", "the ticket's price by a tick").on(&[
        key("+", "up", Where::Ticket, "price a tick up"),
        key("-", "down", Where::Ticket, "price a tick down"),
    ]),
    safe(Action::SizeMode, "size-mode", "", "the ticket's next sizing mode").on(&[key(
        "%",
        "",
        Where::Ticket,
        "sizing mode",
    )]),
    safe(Action::CommandLine, "command", "[LINE]", "open the command line").on(&[key(
        ":",
        "",
        Where::Panes,
        "command line",
    )]),
    safe(Action::Help, "help", "", "keys of what has the focus")
        .on(&[key("?", "", Where::PanesAndTicket, "help"), key("f1", "", Where::PanesAndTicket, "help")]),
    safe(Action::Palette, "palette", "", "find an action by typing").on(&[key(
        "ctrl-p",
        "",
        Where::PanesAndTicket,
        "palette",
    )]),
    safe(Action::Back, "back", "", "close what lies on top")
        .on(&[key("esc", "", Where::Leavable, "back"), key("q", "", Where::NotTyping, "back")]),
    safe(Action::Filter, "filter", "[TEXT]", "show only rows with this text").on(&[key(
        "/",
        "",
        Where::Tables,
        "filter",
    )]),
    safe(Action::Sort, "sort", "[COLUMN] [up|down|off]", "sort the table").on(&[
        key("o", "", Where::Tables, "sort by the next column"),
        key("s", "", Where::RecordTables, "sort by the next column"),
    ]),
    safe(Action::Flip, "flip", "", "sort in the other direction").on(&[key(
        "O",
        "",
        Where::Tables,
        "the other direction",
    )]),
    safe(Action::Columns, "columns", "[NAME …|reset]", "the columns of the focused table"),
    safe(Action::Page, "page", "NUMBER|NAME", "show a page").on(&[
        key("1", "1", Where::Panes, "first page"),
        key("2", "2", Where::Panes, "second page"),
        key("3", "3", Where::Panes, "third page"),
        key("4", "4", Where::Panes, "fourth page"),
        key("5", "5", Where::Panes, "fifth page"),
        key("6", "6", Where::Panes, "sixth page"),
        key("7", "7", Where::Panes, "seventh page"),
        key("8", "8", Where::Panes, "eighth page"),
        key("9", "9", Where::Panes, "ninth page"),
    ]),
    safe(Action::Focus, "focus", "next|previous|PANE", "give a pane the focus").on(&[
        key("tab", "next", Where::Panes, "next pane"),
        key("backtab", "previous", Where::Panes, "pane before"),
    ]),
    safe(Action::Move, "move", "up|down|left|right|top|bottom|page-up|page-down", "move the selection").on(
        &[
            key("k", "up", Where::PanesAndWindows, "up"),
            key("up", "up", Where::PanesAndWindows, "up"),
            key("up", "up", Where::Palette, "up"),
            key("j", "down", Where::PanesAndWindows, "down"),
            key("down", "down", Where::PanesAndWindows, "down"),
            key("down", "down", Where::Palette, "down"),
            key("h", "left", Where::OutsideChart, "left"),
            key("left", "left", Where::OutsideChart, "left"),
            key("l", "right", Where::OutsideChart, "right"),
            key("right", "right", Where::OutsideChart, "right"),
            key("g", "top", Where::RowsAndWindows, "first row"),
            key("home", "top", Where::RowsAndWindows, "first row"),
            key("G", "bottom", Where::RowsAndWindows, "last row"),
            key("end", "bottom", Where::RowsAndWindows, "last row"),
            key("pageup", "page-up", Where::RowsAndWindows, "a screen up"),
            key("pagedown", "page-down", Where::RowsAndWindows, "a screen down"),
            key("ctrl-u", "page-up", Where::RowsAndWindows, "a screen up"),
            key("ctrl-d", "page-down", Where::RowsAndWindows, "a screen down"),
            key("up", "up", Where::TypingWindows, "up"),
            key("down", "down", Where::TypingWindows, "down"),
            key("pageup", "page-up", Where::TypingWindows, "a screen up"),
            key("pagedown", "page-down", Where::TypingWindows, "a screen down"),
        ],
    ),
    safe(Action::Zoom, "zoom", "", "the pane takes the whole screen").on(&[key(
        "z",
        "",
        Where::Panes,
        "zoom",
    )]),
    safe(Action::Resize, "resize", "grow|shrink", "more or less room for the pane")
        .on(&[key(">", "grow", Where::Panes, "more room"), key("<", "shrink", Where::Panes, "less room")]),
    safe(Action::Open, "open", "", "go to what the row is about").on(&[key(
        "enter",
        "",
        Where::Tables,
        "go to it",
    )]),
    safe(Action::Tab, "tab", "NAME|next|previous", "which orders or execution figures to show").on(&[
        key("]", "next", Where::Table(Pane::Orders), "next tab"),
        key("[", "previous", Where::Table(Pane::Orders), "tab before"),
        key("]", "next", Where::Table(Pane::Quality), "next group"),
        key("[", "previous", Where::Table(Pane::Quality), "group before"),
        key("]", "next", Where::Algorithm, "next part"),
        key("[", "previous", Where::Algorithm, "part before"),
        key("tab", "next", Where::Algorithm, "next part"),
        key("backtab", "previous", Where::Algorithm, "part before"),
    ]),
    safe(Action::Symbol, "symbol", "SYMBOL [@VENUE]", "select a symbol"),
    safe(Action::Interval, "interval", "[1m|5m|15m|1h|1d]", "interval of the chart").on(&[key(
        "i",
        "",
        Where::Panes,
        "chart interval",
    )]),
    safe(
        Action::Chart,
        "chart",
        "left|right|page-left|page-right|first|last|in|out|crosshair|previous|next",
        "move the chart, or its crosshair",
    )
    .on(market::CHART),
    safe(
        Action::Ladder,
        "ladder",
        "recentre|follow|finer|coarser|take|next",
        "move the price ladder, or take an own order on it",
    )
    .on(market::LADDER),
    safe(Action::Adopt, "adopt", "", "the marked difference is yours").on(&[key(
        "t",
        "",
        Where::Table(Pane::Reconciliation),
        "adopt: it is yours",
    )]),
    trade(Action::WindUp, "wind-up", "", "cancel or close the marked difference").on(&[key(
        "w",
        "",
        Where::Table(Pane::Reconciliation),
        "cancel or close it",
    )]),
    safe(Action::Acknowledge, "ack", "[all|NUMBER]", "an alert was seen").on(&[
        key("a", "", Where::Panes, "acknowledge the alert"),
        key("A", "all", Where::Panes, "acknowledge all alerts"),
    ]),
    safe(Action::Exit, "exit", "", "show the exit under way, or the last one's report").on(&[key(
        "X",
        "",
        Where::Panes,
        "the exit and its report",
    )]),
    trade(Action::MarginCall, "margin-call", "[@VENUE]", "let the orders of a margin call go, one at a time")
        .emergency(),
    safe(Action::Restore, "restore", "[@VENUE]", "what differs from what the trading day began with"),
    safe(Action::Status, "status", "", "what blocks entries, and how the last exit ended"),
    safe(Action::Copy, "copy", "", "copy the row").on(&[key("y", "", Where::Tables, "copy the row")]),
    safe(Action::Watch, "watch", "SYMBOL [@VENUE]", "show a symbol's market data"),
    safe(Action::Unwatch, "unwatch", "[SYMBOL [@VENUE]]", "no longer"),
    safe(Action::Resync, "resync", "[@VENUE]", "ask the venue for everything now"),
    trade(Action::Template, "template", "NAME", "order lines of the configuration by their name"),
    trade(Action::Hotkey, "hotkey", "KEY", "the order line that the configuration has on this key"),
    safe(Action::Tour, "tour", "[off]", "the tour of the first run, from its beginning"),
    trade(
        Action::NudgeOrder,
        "nudge-order",
        "up|down",
        "the marked order's price by a tick; at once while ARMED",
    )
    .on(&[
        key("+", "up", Where::Table(Pane::Orders), "order a tick up"),
        key("-", "down", Where::Table(Pane::Orders), "order a tick down"),
    ]),
    safe(Action::Theme, "theme", "NAME", "another theme"),
    safe(Action::Run, "run", "", "take the line").on(&[key("enter", "", Where::Lines, "do it")]),
    safe(Action::Complete, "complete", "next|previous", "complete the word").on(&[
        key("tab", "next", Where::CommandLine, "complete"),
        key("backtab", "previous", Where::CommandLine, "completion before"),
    ]),
    safe(Action::History, "history", "back|forward", "lines given before").on(&[
        key("up", "back", Where::CommandLine, "line before"),
        key("down", "forward", Where::CommandLine, "line after"),
    ]),
    safe(Action::Play, "play", "", "play the recorded session, or stand still").on(play::PLAY),
    safe(
        Action::Speed,
        "speed",
        "faster|slower|0.25x to 100x|max",
        "how fast the recorded session is played",
    )
    .on(play::SPEED),
    safe(Action::Step, "step", "on|back", "a snapshot of the recorded session on or back").on(play::STEP),
    safe(Action::Seek, "seek", "14:30|+5m|-30s|start|end", "to a time of the recorded session")
        .on(play::SEEK),
    safe(Action::Find, "find", "TEXT|next|previous", "to where an alert with this text appeared")
        .on(play::FIND),
    safe(Action::Redraw, "redraw", "", "paint everything anew").on(&[key(
        "ctrl-l",
        "",
        Where::Everywhere,
        "repaint",
    )]),
    safe(Action::Suspend, "suspend", "", "give the terminal back until `fg`").on(&[key(
        "ctrl-z",
        "",
        Where::Everywhere,
        "suspend",
    )]),
    trade(Action::Quit, "quit", "[now|cancel|halt]", "leave the program").on(&[
        key("ctrl-c", "key", Where::Everywhere, "twice: quit"),
        key("y", "now", Where::QuitAsk, "quit, leave everything as it is"),
        key("c", "cancel", Where::QuitAsk, "cancel entries, then quit"),
        key("x", "halt", Where::QuitAsk, "stay, and show the exit plan"),
    ]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_action_has_one_row_and_one_name() {
        let names: BTreeSet<_> = ACTIONS.iter().map(|e| e.name).collect();
        let actions: BTreeSet<_> = ACTIONS.iter().map(|e| e.action).collect();
        assert_eq!((names.len(), actions.len()), (ACTIONS.len(), ACTIONS.len()));
    }

    #[test]
    fn only_halt_is_a_word_of_both_the_table_and_the_grammar() {
        for entry in ACTIONS.iter().filter(|e| e.action != Action::Halt) {
            let error = crate::grammar::parse(entry.name).expect_err(entry.name);
            assert_eq!(error.kind, crate::grammar::Kind::Command, "{}", entry.name);
        }
    }
}
