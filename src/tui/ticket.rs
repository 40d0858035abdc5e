//! The ticket: order entry by fields. What stands in a field is what an order line would say there.

pub mod choice;
pub mod compose;
pub mod size;

use crate::{
    desk::{Preview, RequestId, receipt::Check},
    domain::{
        capability::TifWord,
        draft::Command,
        ids::{ClientId, InstrumentId, VenueId},
        money::Price,
        order::{OrderKind, Side},
        text::Text,
        time::Mono,
    },
};
use tui_input::Input;

/// The longest text in a field, in characters.
pub const FIELD_MAX: usize = 64;

/// A field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Buy or sell.
    Side,
    /// What.
    Symbol,
    /// How much, in any sizing mode: `100`, `$500`, `5% equity`, `20% bp`, `risk 1%`, `risk $200`, `all`.
    Size,
    /// Order type.
    Type,
    /// Limit price.
    Limit,
    /// Trigger of a stop order.
    Trigger,
    /// Distance of a trailing stop.
    Trail,
    /// Protective stop.
    Stop,
    /// Take-profit, also of parts: `178 for 50% target 182`.
    Target,
    /// No more than this is shown at a time.
    Show,
    /// Time in force.
    Tif,
    /// The last day of an order that is good till a date: `2026-12-31`, `+3d`.
    Until,
    /// Outside regular hours.
    Extended,
    /// Must not take.
    PostOnly,
    /// Must not open.
    ReduceOnly,
    /// Where.
    Venue,
}

impl Field {
    /// All of them, from top to bottom.
    pub const ALL: [Self; 16] = [
        Self::Side,
        Self::Symbol,
        Self::Size,
        Self::Type,
        Self::Limit,
        Self::Trigger,
        Self::Trail,
        Self::Stop,
        Self::Target,
        Self::Show,
        Self::Tif,
        Self::Until,
        Self::Extended,
        Self::PostOnly,
        Self::ReduceOnly,
        Self::Venue,
    ];
    /// The field of that name. The engine speaks of `price` where it means the limit.
    pub fn parse(word: &str) -> Option<Self> {
        if word == "price" {
            return Some(Self::Limit);
        }
        Self::ALL.into_iter().find(|f| f.word() == word)
    }
    /// Does it hold a price?
    pub const fn is_price(self) -> bool {
        matches!(self, Self::Limit | Self::Trigger | Self::Trail | Self::Stop | Self::Target)
    }
    /// Its label, and its name in errors and previews.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Side => "side",
            Self::Symbol => "symbol",
            Self::Size => "size",
            Self::Type => "type",
            Self::Limit => "limit",
            Self::Trigger => "trigger",
            Self::Trail => "trail",
            Self::Stop => "stop",
            Self::Target => "target",
            Self::Show => "show",
            Self::Tif => "tif",
            Self::Until => "until",
            Self::Extended => "ext",
            Self::PostOnly => "post",
            Self::ReduceOnly => "reduce",
            Self::Venue => "venue",
        }
    }
}

/// Whether what stands in the active field is as it was found, so that the first character replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fresh {
    /// Typed text: characters are added.
    #[default]
    No,
    /// All of it is replaced.
    All,
    /// The number in it is replaced, the sizing mode stays.
    Number,
}

/// How the size is given. It follows from the text in the size field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeMode {
    /// `100`.
    Qty,
    /// `$500`.
    Notional,
    /// `5% equity`.
    Equity,
    /// `20% bp`.
    BuyingPower,
    /// `risk 1%`.
    RiskPercent,
    /// `risk $200`.
    RiskMoney,
    /// `all`, `50%`: of the position.
    Position,
}

/// What the ticket is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Purpose {
    /// A new order.
    #[default]
    New,
    /// A change of a working one.
    Modify {
        /// Which.
        order: ClientId,
        /// Where.
        venue: VenueId,
    },
}

/// How far the ticket is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Phase {
    /// Not open.
    #[default]
    Idle,
    /// Being filled in.
    Editing,
    /// Shown once more: Enter sends.
    Reviewing,
    /// Sent to the engine, no receipt yet. Nothing can be changed or sent.
    Sending(RequestId),
    /// The receipt came: placed. Nothing can be sent until it is opened anew.
    Sent(Text),
}

/// The ticket.
#[derive(Debug, Clone, Default)]
pub struct Ticket {
    /// New or modify.
    pub purpose: Purpose,
    /// How far.
    pub phase: Phase,
    /// Buy or sell.
    pub side: TicketSide,
    /// The field that keys go to.
    pub active: Option<Field>,
    /// The texts of the fields that take text, see [`Ticket::input`].
    pub inputs: Inputs,
    /// Order type.
    pub kind: TicketKind,
    /// Time in force; `None` is the configured default.
    pub tif: Option<TifWord>,
    /// Outside regular hours.
    pub extended: bool,
    /// Must not take.
    pub post_only: bool,
    /// Must not open.
    pub reduce_only: bool,
    /// Where; `None` is wherever the symbol is traded by default.
    pub venue: Option<VenueId>,
    /// The trader chose the venue: it does not follow the symbol.
    pub venue_chosen: bool,
    /// What it was opened for.
    pub home: Option<InstrumentId>,
    /// The texts of the order that is modified, as it works.
    pub before: Vec<(Field, String)>,
    /// Its time in force.
    pub tif_before: Option<TifWord>,
    /// Is the active field as it was found?
    pub fresh: Fresh,
    /// What is wrong, by field: what the fields themselves say, or the preview, or a refusal.
    pub errors: Vec<(Field, Text)>,
    /// What is wrong with the whole.
    pub error: Option<Text>,
    /// The figures.
    pub preview: Option<Preview>,
    /// When they came; `None` while they are of something else than what stands in the fields.
    pub preview_at: Option<Mono>,
    /// Bid and offer when figures were asked for last.
    pub quote: (Option<Price>, Option<Price>),
    /// What the fields say, when they say something whole.
    pub command: Option<Command>,
    /// The checks that refused it when it was sent.
    pub refused: Vec<Check>,
    /// When it was sent.
    pub sent_at: Mono,
    /// The request for figures that is not answered, of what, and since when.
    pub asked: Option<(RequestId, Command, Mono)>,
}

/// `Side` with a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketSide(pub Side);
impl Default for TicketSide {
    fn default() -> Self {
        Self(Side::Buy)
    }
}

/// `OrderKind` with a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketKind(pub OrderKind);
impl Default for TicketKind {
    fn default() -> Self {
        Self(OrderKind::Market)
    }
}

/// The fields that take text.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Symbol.
    pub symbol: Input,
    /// Size.
    pub size: Input,
    /// Limit.
    pub limit: Input,
    /// Trigger.
    pub trigger: Input,
    /// Trail.
    pub trail: Input,
    /// Stop.
    pub stop: Input,
    /// Target.
    pub target: Input,
    /// Shown.
    pub show: Input,
    /// Last day.
    pub until: Input,
}

impl Ticket {
    /// Is it open: do keys go to it when its pane has the focus?
    pub const fn is_open(&self) -> bool {
        match self.phase {
            Phase::Editing | Phase::Reviewing | Phase::Sending(_) => true,
            Phase::Idle | Phase::Sent(_) => false,
        }
    }
    /// The text field's input; `None` for fields that are chosen, not typed.
    pub const fn input(&self, field: Field) -> Option<&Input> {
        match field {
            Field::Symbol => Some(&self.inputs.symbol),
            Field::Size => Some(&self.inputs.size),
            Field::Limit => Some(&self.inputs.limit),
            Field::Trigger => Some(&self.inputs.trigger),
            Field::Trail => Some(&self.inputs.trail),
            Field::Stop => Some(&self.inputs.stop),
            Field::Target => Some(&self.inputs.target),
            Field::Show => Some(&self.inputs.show),
            Field::Until => Some(&self.inputs.until),
            Field::Side
            | Field::Type
            | Field::Tif
            | Field::Extended
            | Field::PostOnly
            | Field::ReduceOnly
            | Field::Venue => None,
        }
    }
    /// The same, to be changed.
    pub const fn input_mut(&mut self, field: Field) -> Option<&mut Input> {
        match field {
            Field::Symbol => Some(&mut self.inputs.symbol),
            Field::Size => Some(&mut self.inputs.size),
            Field::Limit => Some(&mut self.inputs.limit),
            Field::Trigger => Some(&mut self.inputs.trigger),
            Field::Trail => Some(&mut self.inputs.trail),
            Field::Stop => Some(&mut self.inputs.stop),
            Field::Target => Some(&mut self.inputs.target),
            Field::Show => Some(&mut self.inputs.show),
            Field::Until => Some(&mut self.inputs.until),
            Field::Side
            | Field::Type
            | Field::Tif
            | Field::Extended
            | Field::PostOnly
            | Field::ReduceOnly
            | Field::Venue => None,
        }
    }
    /// Is the field there for this purpose and order type?
    pub const fn shows(&self, field: Field) -> bool {
        let modify = matches!(self.purpose, Purpose::Modify { .. });
        let kind = self.kind.0;
        match field {
            Field::Limit => matches!(kind, OrderKind::Limit | OrderKind::StopLimit),
            Field::Trigger => matches!(kind, OrderKind::Stop | OrderKind::StopLimit),
            Field::Trail => matches!(kind, OrderKind::TrailingStop),
            Field::Show => !modify && matches!(kind, OrderKind::Limit | OrderKind::StopLimit),
            Field::Until => matches!(self.tif, Some(TifWord::Gtd)),
            Field::Size | Field::Tif => true,
            Field::Side
            | Field::Symbol
            | Field::Type
            | Field::Stop
            | Field::Target
            | Field::Extended
            | Field::PostOnly
            | Field::ReduceOnly
            | Field::Venue => !modify,
        }
    }
    /// The fields that are there, from top to bottom.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = Field> {
        Field::ALL.into_iter().filter(|f| self.shows(*f))
    }
    /// What stands in a text field.
    pub fn text(&self, field: Field) -> &str {
        self.input(field).map_or("", |i| i.value().trim())
    }
    /// Puts a text into a field, the cursor behind it.
    pub fn put(&mut self, field: Field, text: &str) {
        self.put_at(field, text, usize::MAX);
    }
    /// The same, with the cursor there. What is longer than a field may be leaves it as it is: half of an amount is
    /// another amount.
    pub fn put_at(&mut self, field: Field, text: &str, cursor: usize) {
        let len = text.chars().count();
        if len <= FIELD_MAX
            && let Some(input) = self.input_mut(field)
        {
            *input = Input::new(text.to_owned()).with_cursor(cursor.min(len));
        }
    }
    /// Gives a field the keys.
    pub fn go_to(&mut self, field: Field) {
        self.active = Some(field);
        self.fresh = if self.text(field).is_empty() { Fresh::No } else { Fresh::All };
    }
    /// How the size is given.
    pub fn size_mode(&self) -> SizeMode {
        size::split(self.text(Field::Size)).0
    }
    /// What is wrong with a field: what it says itself, or what the figures of this very order say.
    pub fn error_of(&self, field: Field) -> Option<&Text> {
        let own = self.errors.iter().find(|(f, _)| *f == field).map(|(_, text)| text);
        own.or_else(|| {
            let problems = &self.current_preview()?.problems;
            problems.iter().find(|(word, _)| Field::parse(word) == Some(field)).map(|(_, text)| text)
        })
    }
    /// The figures, if they are of what stands in the fields.
    pub fn current_preview(&self) -> Option<&Preview> {
        self.preview_at.and(self.preview.as_ref())
    }
}
