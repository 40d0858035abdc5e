//! Panes, pages, and the place where keys go.

/// A pane: one kind of thing on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pane {
    /// Watched symbols.
    Watchlist,
    /// Candles.
    Chart,
    /// The price ladder.
    Depth,
    /// Order entry.
    Ticket,
    /// Open positions.
    Positions,
    /// Orders with their brackets.
    Orders,
    /// Executions.
    Fills,
    /// Accounts, profit and loss, the day's equity.
    Account,
    /// How the venues do.
    Health,
    /// The limits, and how near each is to tripping.
    Risk,
    /// What a person must know.
    Alerts,
    /// What the book and the venues disagree on.
    Reconciliation,
    /// Programs that trade on the same accounts.
    Algorithms,
    /// How well orders were executed.
    Quality,
}

impl Pane {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Watchlist,
        Self::Chart,
        Self::Depth,
        Self::Ticket,
        Self::Positions,
        Self::Orders,
        Self::Fills,
        Self::Account,
        Self::Health,
        Self::Risk,
        Self::Alerts,
        Self::Reconciliation,
        Self::Algorithms,
        Self::Quality,
    ];
    /// Its name, as configuration and commands spell it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Watchlist => "watchlist",
            Self::Chart => "chart",
            Self::Depth => "depth",
            Self::Ticket => "ticket",
            Self::Positions => "positions",
            Self::Orders => "orders",
            Self::Fills => "fills",
            Self::Account => "account",
            Self::Health => "health",
            Self::Risk => "risk",
            Self::Alerts => "alerts",
            Self::Reconciliation => "reconciliation",
            Self::Algorithms => "algorithms",
            Self::Quality => "quality",
        }
    }
    /// Its title on the border.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Watchlist => "Watchlist",
            Self::Chart => "Chart",
            Self::Depth => "Depth",
            Self::Ticket => "Ticket",
            Self::Positions => "Positions",
            Self::Orders => "Orders",
            Self::Fills => "Fills",
            Self::Account => "Account",
            Self::Health => "Health",
            Self::Risk => "Risk",
            Self::Alerts => "Alerts",
            Self::Reconciliation => "Reconciliation",
            Self::Algorithms => "Algorithms",
            Self::Quality => "Execution quality",
        }
    }
    /// The pane of that name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.word() == word)
    }
    /// Does it show rows that can be selected, sorted and filtered?
    pub const fn is_table(self) -> bool {
        match self {
            Self::Watchlist
            | Self::Positions
            | Self::Orders
            | Self::Fills
            | Self::Account
            | Self::Health
            | Self::Risk
            | Self::Alerts
            | Self::Reconciliation
            | Self::Algorithms
            | Self::Quality => true,
            Self::Chart | Self::Depth | Self::Ticket => false,
        }
    }
}

/// Where panes stand. Weights share the room of a row or column in proportion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// A pane.
    Pane(Pane),
    /// Side by side, left to right.
    Row(Vec<(u16, Layout)>),
    /// One below the other.
    Column(Vec<(u16, Layout)>),
}

impl Layout {
    /// Its panes, in reading order: the order in which Tab visits them.
    pub fn panes(&self) -> Vec<Pane> {
        match self {
            Self::Pane(pane) => vec![*pane],
            Self::Row(parts) | Self::Column(parts) => parts.iter().flat_map(|(_, l)| l.panes()).collect(),
        }
    }
    /// Gives the pane more (or less) of the room that it shares. `false` when it stands alone.
    pub fn resize(&mut self, pane: Pane, by: i16) -> bool {
        let (Self::Row(parts) | Self::Column(parts)) = self else { return false };
        if parts.iter_mut().any(|(_, l)| l.resize(pane, by)) {
            return true;
        }
        let alone = parts.len() < 2;
        let Some((weight, _)) = parts.iter_mut().find(|(_, l)| l.panes().contains(&pane)) else {
            return false;
        };
        *weight = weight.saturating_add_signed(by).clamp(1, 40);
        !alone
    }
}

/// A saved layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its name in the page bar.
    pub name: String,
    /// Its panes.
    pub layout: Layout,
}

/// The pages that come with the program: trade, orders, account, health, risk, chart, review, algorithms.
pub fn default_pages() -> Vec<Page> {
    use Layout::{Column, Pane as One, Row};
    let trade = Row(vec![
        (36, Column(vec![(14, One(Pane::Watchlist)), (14, One(Pane::Account)), (9, One(Pane::Health))])),
        (
            84,
            Column(vec![
                (9, One(Pane::Positions)),
                (
                    28,
                    Row(vec![
                        (
                            53,
                            Column(vec![
                                (13, One(Pane::Orders)),
                                (8, One(Pane::Fills)),
                                (7, One(Pane::Alerts)),
                            ]),
                        ),
                        (30, One(Pane::Ticket)),
                    ]),
                ),
            ]),
        ),
    ]);
    let orders =
        Row(vec![(3, Column(vec![(3, One(Pane::Orders)), (2, One(Pane::Fills))])), (1, One(Pane::Ticket))]);
    let account = Column(vec![
        (3, One(Pane::Account)),
        (2, Row(vec![(1, One(Pane::Positions)), (1, One(Pane::Fills))])),
    ]);
    let health = Column(vec![(2, One(Pane::Health)), (3, One(Pane::Alerts))]);
    let risk =
        Column(vec![(3, One(Pane::Risk)), (2, Row(vec![(1, One(Pane::Health)), (1, One(Pane::Alerts))]))]);
    let chart = Column(vec![
        (28, Row(vec![(98, One(Pane::Chart)), (48, One(Pane::Depth)), (40, One(Pane::Ticket))])),
        (9, Row(vec![(1, One(Pane::Positions)), (1, One(Pane::Orders))])),
    ]);
    let review = Column(vec![(2, One(Pane::Reconciliation)), (3, One(Pane::Quality))]);
    let algorithms = Column(vec![(2, One(Pane::Algorithms)), (1, One(Pane::Orders)), (1, One(Pane::Fills))]);
    [
        ("trade", trade),
        ("orders", orders),
        ("account", account),
        ("health", health),
        ("risk", risk),
        ("chart", chart),
        ("review", review),
        ("algorithms", algorithms),
    ]
    .into_iter()
    .map(|(name, layout)| Page { name: name.to_owned(), layout })
    .collect()
}

/// Which keys are valid: the thing that has the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// A pane without rows, such as the ticket while it is not open.
    Global,
    /// A table pane.
    Table(Pane),
    /// The chart.
    Chart,
    /// The price ladder.
    Depth,
    /// The ticket while it is open.
    Ticket,
    /// The `:` line.
    CommandLine,
    /// The `/` line.
    Filter,
    /// The help.
    Help,
    /// The question before leaving.
    QuitAsk,
    /// The exit plan.
    Halt {
        /// The word must be typed.
        typed: bool,
    },
    /// The question before doing.
    Confirm {
        /// A word must be typed.
        typed: bool,
    },
    /// The palette.
    Palette,
    /// An exit under way, or its report.
    Exit,
    /// One algorithm.
    Algorithm,
}

impl Context {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let tables = Pane::ALL.into_iter().filter(|p| p.is_table()).map(Self::Table);
        tables.chain([
            Self::Global,
            Self::Chart,
            Self::Depth,
            Self::Ticket,
            Self::CommandLine,
            Self::Filter,
            Self::Help,
            Self::QuitAsk,
            Self::Halt { typed: false },
            Self::Halt { typed: true },
            Self::Confirm { typed: false },
            Self::Confirm { typed: true },
            Self::Palette,
            Self::Exit,
            Self::Algorithm,
        ])
    }
    /// Its name in help and errors.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Global => "panes",
            Self::Table(pane) => pane.word(),
            Self::Chart => "chart",
            Self::Depth => "depth",
            Self::Ticket => "ticket",
            Self::CommandLine => "command line",
            Self::Filter => "filter",
            Self::Help => "help",
            Self::QuitAsk => "quit",
            Self::Halt { .. } => "exit plan",
            Self::Confirm { .. } => "confirmation",
            Self::Palette => "palette",
            Self::Exit => "exit",
            Self::Algorithm => "algorithm",
        }
    }
    /// Are letters typed there, so that none can be a key?
    pub const fn is_typing(self) -> bool {
        match self {
            Self::CommandLine
            | Self::Filter
            | Self::Palette
            | Self::Halt { typed: true }
            | Self::Confirm { typed: true } => true,
            Self::Global
            | Self::Table(_)
            | Self::Chart
            | Self::Depth
            | Self::Ticket
            | Self::Help
            | Self::QuitAsk
            | Self::Exit
            | Self::Algorithm
            | Self::Halt { typed: false }
            | Self::Confirm { typed: false } => false,
        }
    }
}
