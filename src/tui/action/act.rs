//! The names of what can be done.

/// What is done. Each has a row in [`super::ACTIONS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Block entries, show the exit plan; again: flatten.
    Halt,
    /// Leave the program.
    Quit,
    /// Keys of what has the focus.
    Help,
    /// Close what lies on top.
    Back,
    /// Open the `:` line.
    CommandLine,
    /// Open the palette.
    Palette,
    /// Filter the table.
    Filter,
    /// Sort the table.
    Sort,
    /// The other direction.
    Flip,
    /// The columns of a table.
    Columns,
    /// Show a page.
    Page,
    /// Give a pane the focus.
    Focus,
    /// Move the selection.
    Move,
    /// The focused pane takes the whole screen.
    Zoom,
    /// More or less room for the focused pane.
    Resize,
    /// What the row is about.
    Open,
    /// Which orders are shown.
    Tab,
    /// Select a symbol.
    Symbol,
    /// Interval of the chart.
    Interval,
    /// Which stretch of time the chart shows, and its crosshair.
    Chart,
    /// Where the price ladder stands, and which own order is taken.
    Ladder,
    /// An order at a price of the ladder.
    Rung,
    /// Open the ticket.
    Ticket,
    /// Next or previous field.
    Field,
    /// The next or previous choice of a field.
    Choose,
    /// Size by a step.
    Size,
    /// Price by a tick.
    Nudge,
    /// The next sizing mode.
    SizeMode,
    /// Review; again: send.
    Submit,
    /// Cancel the selected order.
    Cancel,
    /// Cancel all orders of the symbol.
    CancelSymbol,
    /// Change the selected order.
    Modify,
    /// Close (a share of) the position.
    Close,
    /// The stop to the average entry.
    BreakEven,
    /// Begin a stop and a target for the position on the `:` line.
    Protect,
    /// Turn the position around.
    Reverse,
    /// Do what is asked.
    Confirm,
    /// What nobody here made is the trader's.
    Adopt,
    /// What nobody here made is cancelled or closed.
    WindUp,
    /// An alert was seen.
    Acknowledge,
    /// The exit under way, or the last one's report.
    Exit,
    /// What blocks entries.
    Status,
    /// Let the proposed orders of a margin call go.
    MarginCall,
    /// What differs from what the trading day began with.
    Restore,
    /// The row to the clipboard.
    Copy,
    /// Order lines of the configuration, by their key.
    Hotkey,
    /// Order lines of the configuration, by their name.
    Template,
    /// Trade live for so many minutes.
    Arm,
    /// End that.
    Disarm,
    /// Show a symbol's market data.
    Watch,
    /// No longer.
    Unwatch,
    /// Ask a venue for everything.
    Resync,
    /// Declare an order dead.
    Abandon,
    /// Do something about an algorithm.
    Algorithm,
    /// Take the line.
    Run,
    /// Complete the word.
    Complete,
    /// Lines given before.
    History,
    /// The first run's tour.
    Tour,
    /// A working order's price by a tick.
    NudgeOrder,
    /// Another theme.
    Theme,
    /// Play a recorded session, or stand still.
    Play,
    /// How fast it is played.
    Speed,
    /// A snapshot on or back.
    Step,
    /// Go to a time of it.
    Seek,
    /// Go to where an alert appeared.
    Find,
    /// Paint everything anew.
    Redraw,
    /// Give the terminal back for a while.
    Suspend,
}

impl Action {
    /// Is it about playing a recorded session, and nothing else?
    pub const fn plays(self) -> bool {
        matches!(self, Self::Play | Self::Speed | Self::Step | Self::Seek | Self::Find)
    }
}
