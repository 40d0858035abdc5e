//! The instruments of the simulated market: well-known stocks, funds and coins, with the character of each.

use crate::domain::instrument::Borrow;

/// Stock or coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A share or a fund, priced in cents, traded in shares.
    Stock,
    /// A coin, priced in dollars.
    Coin(Coin),
}

/// What is particular to a coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coin {
    /// Decimal places of the price.
    pub price_places: u32,
    /// Decimal places of the sizes that the market shows.
    pub size_places: u32,
    /// The smallest order: this many of the ninth decimal place.
    pub min_order: i64,
}

/// An instrument's character.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// `AAPL`, `BTC/USD`.
    pub symbol: &'static str,
    /// For people.
    pub name: &'static str,
    /// `NASDAQ`, `NYSE`, `ARCA`, `CRYPTO`.
    pub exchange: &'static str,
    /// Stock or coin.
    pub kind: Kind,
    /// Where the price wanders about, in ticks.
    pub price: i64,
    /// How far it goes in a day, in basis points.
    pub daily_bps: i64,
    /// The mean spread in ticks.
    pub spread: i64,
    /// The mean size at the touch, in lots (100 shares; one last size digit of a coin).
    pub depth: i64,
    /// How hard to borrow.
    pub borrow: Borrow,
}

impl Listing {
    /// Decimal places of its price.
    pub const fn price_places(&self) -> u32 {
        match self.kind {
            Kind::Stock => 2,
            Kind::Coin(coin) => coin.price_places,
        }
    }
    /// Is it a coin?
    pub const fn is_coin(&self) -> bool {
        matches!(self.kind, Kind::Coin(_))
    }
    /// How many units may be sold short at once.
    pub const fn short_limit(&self) -> u32 {
        match self.borrow {
            Borrow::Easy => 1_000_000,
            Borrow::Hard => 500,
            Borrow::None | Borrow::Unknown => 0,
        }
    }
}

const fn stock(
    symbol: &'static str,
    name: &'static str,
    exchange: &'static str,
    shape: (i64, i64, i64, i64),
) -> Listing {
    let (price, daily_bps, spread, depth) = shape;
    let kind = Kind::Stock;
    Listing { symbol, name, exchange, kind, price, daily_bps, spread, depth, borrow: Borrow::Easy }
}

const fn borrowed(listing: Listing, borrow: Borrow) -> Listing {
    Listing { borrow, ..listing }
}

const fn coin(symbol: &'static str, name: &'static str, coin: Coin, shape: (i64, i64, i64, i64)) -> Listing {
    let (price, daily_bps, spread, depth) = shape;
    let kind = Kind::Coin(coin);
    let exchange = "CRYPTO";
    Listing { symbol, name, exchange, kind, price, daily_bps, spread, depth, borrow: Borrow::None }
}

const fn places(price_places: u32, size_places: u32, min_order: i64) -> Coin {
    Coin { price_places, size_places, min_order }
}

/// Every instrument: the shape is (price in ticks, daily move in basis points, spread in ticks, lots at the touch).
pub const LISTINGS: &[Listing] = &[
    stock("AAPL", "Apple Inc. Common Stock", "NASDAQ", (27_450, 150, 1, 4)),
    coin("AAVE/USD", "Aave / US Dollar", places(2, 3, 5_000_000), (21_500, 480, 9, 4_000)),
    stock("ADBE", "Adobe Inc. Common Stock", "NASDAQ", (34_280, 190, 6, 2)),
    borrowed(stock("AMC", "AMC Entertainment Holdings, Inc.", "NYSE", (265, 420, 1, 30)), Borrow::None),
    stock("AMD", "Advanced Micro Devices, Inc. Common Stock", "NASDAQ", (23_160, 300, 2, 3)),
    stock("AMZN", "Amazon.com, Inc. Common Stock", "NASDAQ", (24_120, 180, 1, 4)),
    coin("AVAX/USD", "Avalanche / US Dollar", places(3, 2, 50_000_000), (24_500, 450, 10, 8_000)),
    stock("AVGO", "Broadcom Inc. Common Stock", "NASDAQ", (36_240, 260, 5, 2)),
    stock("BA", "Boeing Company", "NYSE", (20_415, 200, 4, 2)),
    coin("BCH/USD", "Bitcoin Cash / US Dollar", places(2, 3, 2_000_000), (54_000, 400, 30, 5_000)),
    stock("BRK.B", "Berkshire Hathaway Inc. Class B", "NYSE", (50_510, 100, 6, 2)),
    coin("BTC/USD", "Bitcoin / US Dollar", places(2, 4, 100_000), (9_450_000, 260, 1_800, 9_000)),
    stock("COIN", "Coinbase Global, Inc. Class A", "NASDAQ", (27_130, 420, 9, 2)),
    stock("COST", "Costco Wholesale Corporation", "NASDAQ", (92_040, 130, 30, 1)),
    stock("CRM", "Salesforce, Inc.", "NYSE", (24_980, 190, 5, 2)),
    stock("DIA", "SPDR Dow Jones Industrial Average ETF", "ARCA", (47_860, 80, 3, 5)),
    stock("DIS", "Walt Disney Company", "NYSE", (11_240, 160, 1, 5)),
    coin("DOGE/USD", "Dogecoin / US Dollar", places(5, 0, 10_000_000_000), (17_200, 430, 12, 20_000)),
    coin("ETH/USD", "Ethereum / US Dollar", places(2, 3, 1_000_000), (315_000, 340, 120, 12_000)),
    stock("F", "Ford Motor Company", "NYSE", (1_320, 200, 1, 60)),
    stock("GLD", "SPDR Gold Shares", "ARCA", (38_520, 90, 2, 8)),
    borrowed(stock("GME", "GameStop Corp. Class A", "NYSE", (2_310, 380, 1, 8)), Borrow::Hard),
    stock("GOOGL", "Alphabet Inc. Class A", "NASDAQ", (30_250, 170, 2, 4)),
    stock("HD", "Home Depot, Inc.", "NYSE", (36_110, 130, 8, 1)),
    stock("INTC", "Intel Corporation", "NASDAQ", (4_020, 290, 1, 25)),
    stock("IWM", "iShares Russell 2000 ETF", "ARCA", (24_580, 120, 1, 10)),
    stock("JNJ", "Johnson & Johnson", "NYSE", (20_580, 90, 3, 3)),
    stock("JPM", "JPMorgan Chase & Co.", "NYSE", (31_060, 130, 4, 3)),
    stock("KO", "Coca-Cola Company", "NYSE", (7_190, 80, 1, 14)),
    coin("LINK/USD", "Chainlink / US Dollar", places(3, 2, 50_000_000), (16_800, 440, 8, 9_000)),
    coin("LTC/USD", "Litecoin / US Dollar", places(2, 2, 10_000_000), (10_400, 360, 6, 6_000)),
    stock("META", "Meta Platforms, Inc. Class A", "NASDAQ", (64_870, 190, 9, 2)),
    stock("MSFT", "Microsoft Corporation", "NASDAQ", (51_830, 130, 4, 3)),
    stock("NFLX", "Netflix, Inc.", "NASDAQ", (10_940, 190, 2, 5)),
    stock("NVDA", "NVIDIA Corporation", "NASDAQ", (18_960, 240, 1, 9)),
    stock("ORCL", "Oracle Corporation", "NYSE", (22_070, 260, 5, 3)),
    stock("PFE", "Pfizer Inc.", "NYSE", (2_590, 120, 1, 50)),
    stock("PLTR", "Palantir Technologies Inc. Class A", "NASDAQ", (17_340, 340, 3, 5)),
    stock("QQQ", "Invesco QQQ Trust", "NASDAQ", (61_930, 120, 2, 8)),
    stock("SHOP", "Shopify Inc. Class A", "NASDAQ", (15_820, 300, 5, 3)),
    coin("SOL/USD", "Solana / US Dollar", places(3, 2, 10_000_000), (142_000, 420, 45, 9_000)),
    stock("SPY", "SPDR S&P 500 ETF Trust", "ARCA", (68_740, 90, 1, 12)),
    stock("T", "AT&T Inc.", "NYSE", (2_610, 100, 1, 60)),
    stock("TLT", "iShares 20+ Year Treasury Bond ETF", "NASDAQ", (8_920, 85, 1, 20)),
    stock("TSLA", "Tesla, Inc.", "NASDAQ", (42_760, 320, 3, 4)),
    stock("UNH", "UnitedHealth Group Incorporated", "NYSE", (33_180, 180, 9, 1)),
    coin("UNI/USD", "Uniswap / US Dollar", places(3, 2, 100_000_000), (8_150, 470, 6, 15_000)),
    stock("V", "Visa Inc. Class A", "NYSE", (33_610, 110, 5, 2)),
    stock("WMT", "Walmart Inc.", "NYSE", (10_580, 100, 1, 9)),
    stock("XLE", "Energy Select Sector SPDR Fund", "ARCA", (9_010, 120, 1, 20)),
    stock("XLF", "Financial Select Sector SPDR Fund", "ARCA", (5_330, 100, 1, 40)),
    stock("XLK", "Technology Select Sector SPDR Fund", "ARCA", (14_460, 130, 2, 8)),
    stock("XOM", "Exxon Mobil Corporation", "NYSE", (11_690, 130, 1, 8)),
];
