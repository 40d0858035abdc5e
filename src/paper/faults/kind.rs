//! What a client can ask of the venue, in the words of a script, and what is known of one request.

use crate::domain::order::{OrderKind, Side};
use smol_str::SmolStr;

/// A kind of request, or a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A new order.
    Submit,
    /// A change of an order.
    Replace,
    /// A cancel of one order.
    Cancel,
    /// A cancel of every order.
    CancelAll,
    /// The close of one position.
    Close,
    /// The close of every position.
    CloseAll,
    /// The list of positions.
    Positions,
    /// One position.
    Position,
    /// The list of orders.
    Orders,
    /// One order, by the venue's id or its maker's.
    Order,
    /// The account.
    Account,
    /// The account's history.
    Activities,
    /// The equity curve.
    History,
    /// The account's settings, read or changed.
    Configurations,
    /// The clock.
    Clock,
    /// The calendar.
    Calendar,
    /// The list of instruments.
    Assets,
    /// One instrument.
    Asset,
    /// Quotes, prints, bars and snapshots by request.
    Prices,
    /// The stream of order news.
    TradeUpdates,
    /// The streams of market data.
    DataStream,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Submit,
        Self::Replace,
        Self::Cancel,
        Self::CancelAll,
        Self::Close,
        Self::CloseAll,
        Self::Positions,
        Self::Position,
        Self::Orders,
        Self::Order,
        Self::Account,
        Self::Activities,
        Self::History,
        Self::Configurations,
        Self::Clock,
        Self::Calendar,
        Self::Assets,
        Self::Asset,
        Self::Prices,
        Self::TradeUpdates,
        Self::DataStream,
    ];

    /// Its word in a script.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Replace => "replace",
            Self::Cancel => "cancel",
            Self::CancelAll => "cancel_all",
            Self::Close => "close",
            Self::CloseAll => "close_all",
            Self::Positions => "positions",
            Self::Position => "position",
            Self::Orders => "orders",
            Self::Order => "order",
            Self::Account => "account",
            Self::Activities => "activities",
            Self::History => "history",
            Self::Configurations => "configurations",
            Self::Clock => "clock",
            Self::Calendar => "calendar",
            Self::Assets => "assets",
            Self::Asset => "asset",
            Self::Prices => "prices",
            Self::TradeUpdates => "trade_updates",
            Self::DataStream => "data_stream",
        }
    }

    /// Is it a stream, and not a request?
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::TradeUpdates | Self::DataStream)
    }

    /// Does it ask for a change of orders or positions?
    pub const fn is_change(self) -> bool {
        matches!(
            self,
            Self::Submit | Self::Replace | Self::Cancel | Self::CancelAll | Self::Close | Self::CloseAll
        )
    }

    /// The kinds that a word means: one, or a group of them; none if it means nothing.
    pub fn called(word: &str) -> Vec<Self> {
        let all = Self::ALL.into_iter();
        match word {
            "all" => all.collect(),
            "requests" => all.filter(|k| !k.is_stream()).collect(),
            "changes" => all.filter(|k| k.is_change()).collect(),
            "questions" => all.filter(|k| !k.is_stream() && !k.is_change()).collect(),
            "streams" => all.filter(|k| k.is_stream()).collect(),
            one => all.filter(|k| k.word() == one).collect(),
        }
    }

    /// What a method and a path ask for; `None` for what the venue does not answer.
    pub fn of(method: &str, path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let kind = match (method, parts.as_slice()) {
            ("POST", ["v2", "orders"]) => Self::Submit,
            ("DELETE", ["v2", "orders"]) => Self::CancelAll,
            ("GET", ["v2", "orders"]) => Self::Orders,
            ("PATCH", ["v2", "orders", _]) => Self::Replace,
            ("DELETE", ["v2", "orders", _]) => Self::Cancel,
            ("GET", ["v2", "orders", _] | ["v2", "orders:by_client_order_id"]) => Self::Order,
            ("DELETE", ["v2", "positions"]) => Self::CloseAll,
            ("GET", ["v2", "positions"]) => Self::Positions,
            ("DELETE", ["v2", "positions", _] | ["v2", "positions", _, _]) => Self::Close,
            ("GET", ["v2", "positions", _] | ["v2", "positions", _, _]) => Self::Position,
            ("GET", ["v2", "account"]) => Self::Account,
            ("GET" | "PATCH", ["v2", "account", "configurations"]) => Self::Configurations,
            ("GET", ["v2", "account", "portfolio", "history"]) => Self::History,
            ("GET", ["v2", "account", "activities", ..]) => Self::Activities,
            ("GET", ["v2" | "v3", "clock"]) => Self::Clock,
            ("GET", ["v2", "calendar"]) => Self::Calendar,
            ("GET", ["v2", "assets"]) => Self::Assets,
            ("GET", ["v2", "assets", ..]) => Self::Asset,
            ("GET", ["stream"]) => Self::TradeUpdates,
            ("GET", ["v2", "iex" | "sip" | "delayed_sip" | "test" | "desk"]) => Self::DataStream,
            ("GET", ["v1beta3", "crypto", "us" | "desk"]) => Self::DataStream,
            ("GET", ["v2", "stocks", ..] | ["v1beta3", "crypto", "us", ..]) => Self::Prices,
            _ => return None,
        };
        Some(kind)
    }
}

/// What an order would do to the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Does {
    /// Open or add.
    Opens,
    /// Reduce or close.
    Reduces,
}

/// A request or a frame, as far as a script selects by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// Its kind.
    pub kind: Kind,
    /// The instruments that it names, as the venue spells them; none where it is about all.
    pub symbols: Vec<SmolStr>,
    /// Of an order: buy or sell.
    pub side: Option<Side>,
    /// Of an order: its type.
    pub order_type: Option<OrderKind>,
    /// Of an order: what it would do to the position.
    pub does: Option<Does>,
}

impl Meeting {
    /// With nothing known of it but its kind.
    pub const fn of(kind: Kind) -> Self {
        Self { kind, symbols: Vec::new(), side: None, order_type: None, does: None }
    }

    /// About one instrument.
    pub fn about(kind: Kind, symbol: impl Into<SmolStr>) -> Self {
        Self { symbols: vec![symbol.into()], ..Self::of(kind) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_word_of_its_own_and_a_request() {
        for kind in Kind::ALL {
            assert_eq!(Kind::called(kind.word()), [kind]);
        }
        assert_eq!(Kind::called("changes").len() + Kind::called("questions").len(), 19);
        assert_eq!(Kind::called("requests").len() + Kind::called("streams").len(), Kind::called("all").len());
        assert!(Kind::called("dance").is_empty());
        for (method, path, want) in [
            ("POST", "/v2/orders", "submit"),
            ("PATCH", "/v2/orders/6b3e", "replace"),
            ("DELETE", "/v2/orders/6b3e", "cancel"),
            ("DELETE", "/v2/orders", "cancel_all"),
            ("DELETE", "/v2/positions/BTC/USD", "close"),
            ("DELETE", "/v2/positions", "close_all"),
            ("GET", "/v2/positions", "positions"),
            ("GET", "/v2/positions/AAPL", "position"),
            ("GET", "/v2/orders", "orders"),
            ("GET", "/v2/orders:by_client_order_id", "order"),
            ("GET", "/v2/account", "account"),
            ("GET", "/v2/account/activities/FILL", "activities"),
            ("GET", "/v2/account/portfolio/history", "history"),
            ("PATCH", "/v2/account/configurations", "configurations"),
            ("GET", "/v3/clock", "clock"),
            ("GET", "/v2/calendar", "calendar"),
            ("GET", "/v2/assets", "assets"),
            ("GET", "/v2/assets/BTC/USD", "asset"),
            ("GET", "/v2/stocks/AAPL/quotes/latest", "prices"),
            ("GET", "/v1beta3/crypto/us/latest/quotes", "prices"),
            ("GET", "/stream", "trade_updates"),
            ("GET", "/v2/iex", "data_stream"),
            ("GET", "/v1beta3/crypto/us", "data_stream"),
        ] {
            assert_eq!(Kind::of(method, path).map(Kind::word), Some(want), "{method} {path}");
        }
        assert_eq!(Kind::of("PUT", "/v2/orders"), None);
    }
}
