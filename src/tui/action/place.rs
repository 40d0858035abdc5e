//! Where a key is valid, and what an action can do.

use crate::tui::focus::{Context, Pane};

/// What an action can do to the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Danger {
    /// Nothing. Key repeats count.
    None,
    /// It sends, changes or cancels something, or leads there. Key repeats and pastes do not count.
    Trade,
    /// It gets out.
    Emergency,
}

/// Where a key is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// Also while something is typed.
    Everywhere,
    /// Panes, while nothing lies over them.
    Panes,
    /// Panes but the ladder, where the key is about a price.
    OutsideDepth,
    /// Panes but the chart, where the key moves the candles.
    OutsideChart,
    /// Panes and the ticket.
    PanesAndTicket,
    /// Panes and whatever lies over them, except where text is typed.
    NotTyping,
    /// Whatever Esc leaves.
    Leavable,
    /// Tables.
    Tables,
    /// Panes about what can be traded: there `s` sells.
    SymbolPanes,
    /// Tables of records: there `s` sorts.
    RecordTables,
    /// Panes, and windows whose text scrolls.
    PanesAndWindows,
    /// The same without the chart, where the key moves the candles.
    RowsAndWindows,
    /// Windows whose text scrolls while a word is typed in them.
    TypingWindows,
    /// The ticket.
    Ticket,
    /// The `:` line.
    CommandLine,
    /// The `:` line, the `/` line and the palette.
    Lines,
    /// The palette.
    Palette,
    /// One pane.
    Table(Pane),
    /// The chart.
    Chart,
    /// The price ladder.
    Depth,
    /// The table of algorithms, and the window of one.
    Algorithms,
    /// The window of one algorithm.
    Algorithm,
    /// The question before leaving.
    QuitAsk,
    /// The question before doing.
    Confirm,
    /// Panes, while a recorded session is shown. What else is on the key there waits for a session that is not.
    Replay,
}

impl Where {
    /// Is it valid there?
    pub fn covers(self, context: Context) -> bool {
        use Context as C;
        let pane = matches!(context, C::Global | C::Table(_) | C::Chart | C::Depth);
        let record = matches!(
            context,
            C::Table(
                Pane::Orders
                    | Pane::Fills
                    | Pane::Account
                    | Pane::Health
                    | Pane::Risk
                    | Pane::Alerts
                    | Pane::Reconciliation
                    | Pane::Algorithms
                    | Pane::Quality
            )
        );
        match self {
            Self::Everywhere | Self::Leavable => true,
            Self::Panes | Self::Replay => pane,
            Self::OutsideDepth => pane && !matches!(context, C::Depth),
            Self::OutsideChart => pane && !matches!(context, C::Chart),
            Self::PanesAndTicket => pane || matches!(context, C::Ticket),
            Self::NotTyping => {
                pane || matches!(
                    context,
                    C::Help
                        | C::QuitAsk
                        | C::Exit
                        | C::Algorithm
                        | C::Halt { typed: false }
                        | C::Confirm { typed: false }
                )
            }
            Self::Tables => matches!(context, C::Table(_)),
            Self::SymbolPanes => pane && !record && !matches!(context, C::Depth),
            Self::RecordTables => record,
            Self::PanesAndWindows => pane || Self::is_window(context),
            Self::RowsAndWindows => (pane && !matches!(context, C::Chart)) || Self::is_window(context),
            Self::TypingWindows => {
                matches!(context, C::Halt { typed: true } | C::Confirm { typed: true })
            }
            Self::Ticket => matches!(context, C::Ticket),
            Self::CommandLine => matches!(context, C::CommandLine),
            Self::Lines => matches!(context, C::CommandLine | C::Filter | C::Palette),
            Self::Palette => matches!(context, C::Palette),
            Self::Table(pane) => matches!(context, C::Table(p) if p == pane),
            Self::Chart => matches!(context, C::Chart),
            Self::Depth => matches!(context, C::Depth),
            Self::Algorithms => matches!(context, C::Table(Pane::Algorithms) | C::Algorithm),
            Self::Algorithm => matches!(context, C::Algorithm),
            Self::QuitAsk => matches!(context, C::QuitAsk),
            Self::Confirm => matches!(context, C::Confirm { .. }),
        }
    }
    const fn is_window(context: Context) -> bool {
        matches!(
            context,
            Context::Help
                | Context::Exit
                | Context::Algorithm
                | Context::Halt { typed: false }
                | Context::Confirm { typed: false }
        )
    }
}
