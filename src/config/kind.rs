//! Every venue that Tradedeck knows of, and whether it can be used.

/// Can it be used?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VenueState {
    /// Yes.
    Usable,
    /// Not in this version.
    NotYet,
    /// Not in this version, and never without `accept_unofficial`: it has no official interface.
    Unofficial,
    /// It no longer exists; the sentence says so and names what replaced it.
    Gone(&'static str),
}

macro_rules! kinds {
    ($($variant:ident $name:literal $title:literal $state:expr,)*) => {
        /// A kind of venue: one adapter each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum VenueKind { $(#[doc = $title] $variant,)* }

        impl VenueKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];
            /// As the configuration writes it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
            /// For people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
            /// Can it be used?
            pub const fn state(self) -> VenueState {
                use VenueState::{Gone, NotYet, Unofficial, Usable};
                match self { $(Self::$variant => $state,)* }
            }
        }
    };
}

kinds! {
    Paper "paper" "the embedded paper venue" Usable,
    Alpaca "alpaca" "Alpaca" Usable,
    Ibkr "ibkr" "Interactive Brokers, TWS or IB Gateway" Usable,
    IbkrPortal "ibkr-portal" "Interactive Brokers, Client Portal gateway" Usable,
    Binance "binance" "Binance spot" Usable,
    BinanceUs "binance-us" "Binance.US" Usable,
    BinanceUsdm "binance-usdm" "Binance USD-M futures" Usable,
    BinanceCoinm "binance-coinm" "Binance COIN-M futures" Usable,
    Schwab "schwab" "Charles Schwab" NotYet,
    TradeStation "tradestation" "TradeStation" NotYet,
    Tastytrade "tastytrade" "Tastytrade" NotYet,
    Tradier "tradier" "Tradier" NotYet,
    Coinbase "coinbase" "Coinbase Advanced" NotYet,
    Bybit "bybit" "Bybit" NotYet,
    Kraken "kraken" "Kraken" NotYet,
    Bitfinex "bitfinex" "Bitfinex" NotYet,
    Oanda "oanda" "OANDA" NotYet,
    Trading212 "trading212" "Trading 212" NotYet,
    TradingTechnologies "trading-technologies" "Trading Technologies" NotYet,
    Wolverine "wolverine" "Wolverine" NotYet,
    BloombergEmsx "bloomberg-emsx" "Bloomberg EMSX" NotYet,
    Atreyu "atreyu" "Atreyu" NotYet,
    ZerodhaKite "zerodha-kite" "Zerodha Kite" NotYet,
    Samco "samco" "Samco" NotYet,
    Degiro "degiro" "DEGIRO" Unofficial,
    TradeRepublic "trade-republic" "Trade Republic" Unofficial,
    Xtb "xtb" "XTB"
        Gone("XTB shut its trading interface down on 2025-03-14 and put nothing in its place; oanda trades the same markets"),
    TdAmeritrade "tdameritrade" "TD Ameritrade"
        Gone("TD Ameritrade shut down on 2024-05-10 and its accounts moved to Charles Schwab, kind \"schwab\""),
    Ftx "ftx" "FTX"
        Gone("FTX has been bankrupt since November 2022 and nothing replaced it; coinbase, kraken or binance trade the same coins"),
    Iqfeed "iqfeed" "IQFeed" NotYet,
    Polygon "polygon" "Polygon (Massive)" NotYet,
    Lean "lean" "LEAN" NotYet,
    QuantConnect "quantconnect" "QuantConnect cloud" NotYet,
}

impl VenueKind {
    /// The kind that a configuration names.
    ///
    /// # Errors
    /// What would be right instead.
    pub fn usable(name: &str, accept_unofficial: bool) -> Result<Self, String> {
        let Some(kind) = Self::ALL.iter().copied().find(|k| k.name() == name) else {
            return Err(match crate::grammar::nearest(name, Self::ALL.iter().map(|k| k.name())) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => {
                    "write \"paper\", \"alpaca\" or \"binance\"; `tradedeck venues` lists the rest".to_owned()
                }
            });
        };
        match kind.state() {
            VenueState::Usable => Ok(kind),
            VenueState::NotYet => Err(format!(
                "{} is not in this version yet; write \"paper\", \"alpaca\" or \"binance\"",
                kind.title()
            )),
            VenueState::Unofficial if accept_unofficial => Err(format!(
                "{} is not in this version yet; write \"paper\", \"alpaca\" or \"binance\"",
                kind.title()
            )),
            VenueState::Unofficial => Err(format!(
                "{} has no official interface, so it is off until accept_unofficial = true, and it is not in this version yet",
                kind.title()
            )),
            VenueState::Gone(why) => Err(why.to_owned()),
        }
    }
}

impl VenueKind {
    /// Does it say of an order by which way it came? Alpaca does (`source`), and the paper venue speaks its language.
    pub const fn tells_source(self) -> bool {
        matches!(self, Self::Paper | Self::Alpaca)
    }
}
