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
    stock("ABBV", "AbbVie Inc.", "NYSE", (22_410, 110, 4, 3)),
    stock("ABT", "Abbott Laboratories", "NYSE", (12_870, 100, 2, 6)),
    stock("ACN", "Accenture plc Class A", "NYSE", (25_160, 150, 7, 2)),
    stock("ADBE", "Adobe Inc. Common Stock", "NASDAQ", (34_280, 190, 6, 2)),
    stock("AMAT", "Applied Materials, Inc.", "NASDAQ", (22_930, 280, 4, 4)),
    borrowed(stock("AMC", "AMC Entertainment Holdings, Inc.", "NYSE", (265, 420, 1, 30)), Borrow::None),
    stock("AMD", "Advanced Micro Devices, Inc. Common Stock", "NASDAQ", (23_160, 300, 2, 3)),
    stock("AMGN", "Amgen Inc.", "NASDAQ", (33_570, 120, 9, 2)),
    stock("AMZN", "Amazon.com, Inc. Common Stock", "NASDAQ", (24_120, 180, 1, 4)),
    coin("AVAX/USD", "Avalanche / US Dollar", places(3, 2, 50_000_000), (24_500, 450, 10, 8_000)),
    stock("AVGO", "Broadcom Inc. Common Stock", "NASDAQ", (36_240, 260, 5, 2)),
    stock("AXP", "American Express Company", "NYSE", (35_640, 150, 9, 2)),
    stock("BA", "Boeing Company", "NYSE", (20_415, 200, 4, 2)),
    stock("BAC", "Bank of America Corporation", "NYSE", (5_260, 130, 1, 40)),
    coin("BCH/USD", "Bitcoin Cash / US Dollar", places(2, 3, 2_000_000), (54_000, 400, 30, 5_000)),
    stock("BLK", "BlackRock, Inc.", "NYSE", (105_300, 140, 48, 1)),
    stock("BMY", "Bristol-Myers Squibb Company", "NYSE", (4_710, 120, 1, 20)),
    stock("BRK.B", "Berkshire Hathaway Inc. Class B", "NYSE", (50_510, 100, 6, 2)),
    coin("BTC/USD", "Bitcoin / US Dollar", places(2, 4, 100_000), (9_450_000, 260, 1_800, 9_000)),
    stock("C", "Citigroup Inc.", "NYSE", (10_040, 150, 1, 12)),
    stock("CAT", "Caterpillar Inc.", "NYSE", (56_280, 170, 14, 2)),
    stock("CMCSA", "Comcast Corporation Class A", "NASDAQ", (2_730, 120, 1, 40)),
    stock("COIN", "Coinbase Global, Inc. Class A", "NASDAQ", (27_130, 420, 9, 2)),
    stock("COST", "Costco Wholesale Corporation", "NASDAQ", (92_040, 130, 30, 1)),
    stock("CRM", "Salesforce, Inc.", "NYSE", (24_980, 190, 5, 2)),
    stock("CSCO", "Cisco Systems, Inc.", "NASDAQ", (7_680, 120, 1, 18)),
    stock("CVS", "CVS Health Corporation", "NYSE", (7_890, 150, 1, 10)),
    stock("CVX", "Chevron Corporation", "NYSE", (15_240, 120, 2, 7)),
    stock("DE", "Deere & Company", "NYSE", (47_330, 140, 16, 1)),
    stock("DIA", "SPDR Dow Jones Industrial Average ETF", "ARCA", (47_860, 80, 3, 5)),
    stock("DIS", "Walt Disney Company", "NYSE", (11_240, 160, 1, 5)),
    coin("DOGE/USD", "Dogecoin / US Dollar", places(5, 0, 10_000_000_000), (17_200, 430, 12, 20_000)),
    stock("DUK", "Duke Energy Corporation", "NYSE", (12_290, 80, 2, 6)),
    stock("EEM", "iShares MSCI Emerging Markets ETF", "ARCA", (5_410, 100, 1, 40)),
    stock("EFA", "iShares MSCI EAFE ETF", "ARCA", (9_360, 80, 1, 20)),
    coin("ETH/USD", "Ethereum / US Dollar", places(2, 3, 1_000_000), (315_000, 340, 120, 12_000)),
    stock("F", "Ford Motor Company", "NYSE", (1_320, 200, 1, 60)),
    stock("FDX", "FedEx Corporation", "NYSE", (27_120, 170, 10, 2)),
    stock("GE", "GE Aerospace", "NYSE", (30_180, 160, 6, 3)),
    stock("GLD", "SPDR Gold Shares", "ARCA", (38_520, 90, 2, 8)),
    stock("GM", "General Motors Company", "NYSE", (7_150, 170, 1, 14)),
    borrowed(stock("GME", "GameStop Corp. Class A", "NYSE", (2_310, 380, 1, 8)), Borrow::Hard),
    stock("GOOGL", "Alphabet Inc. Class A", "NASDAQ", (30_250, 170, 2, 4)),
    stock("GS", "Goldman Sachs Group, Inc.", "NYSE", (79_410, 150, 32, 1)),
    stock("HD", "Home Depot, Inc.", "NYSE", (36_110, 130, 8, 1)),
    stock("HON", "Honeywell International Inc.", "NASDAQ", (19_830, 110, 4, 3)),
    stock("IBM", "International Business Machines Corporation", "NYSE", (30_470, 140, 7, 2)),
    stock("INTC", "Intel Corporation", "NASDAQ", (4_020, 290, 1, 25)),
    stock("IWM", "iShares Russell 2000 ETF", "ARCA", (24_580, 120, 1, 10)),
    stock("JNJ", "Johnson & Johnson", "NYSE", (20_580, 90, 3, 3)),
    stock("JPM", "JPMorgan Chase & Co.", "NYSE", (31_060, 130, 4, 3)),
    stock("KO", "Coca-Cola Company", "NYSE", (7_190, 80, 1, 14)),
    stock("LIN", "Linde plc", "NASDAQ", (42_180, 90, 14, 1)),
    coin("LINK/USD", "Chainlink / US Dollar", places(3, 2, 50_000_000), (16_800, 440, 8, 9_000)),
    stock("LLY", "Eli Lilly and Company", "NYSE", (104_500, 190, 52, 1)),
    stock("LMT", "Lockheed Martin Corporation", "NYSE", (46_310, 120, 18, 1)),
    stock("LOW", "Lowe's Companies, Inc.", "NYSE", (23_480, 130, 7, 2)),
    coin("LTC/USD", "Litecoin / US Dollar", places(2, 2, 10_000_000), (10_400, 360, 6, 6_000)),
    stock("MA", "Mastercard Incorporated Class A", "NYSE", (54_760, 110, 17, 1)),
    stock("MCD", "McDonald's Corporation", "NYSE", (30_720, 90, 6, 2)),
    stock("MDT", "Medtronic plc", "NYSE", (10_130, 100, 1, 8)),
    stock("META", "Meta Platforms, Inc. Class A", "NASDAQ", (64_870, 190, 9, 2)),
    stock("MO", "Altria Group, Inc.", "NYSE", (5_820, 90, 1, 20)),
    stock("MRK", "Merck & Co., Inc.", "NYSE", (9_640, 130, 1, 12)),
    stock("MS", "Morgan Stanley", "NYSE", (16_920, 140, 3, 5)),
    stock("MSFT", "Microsoft Corporation", "NASDAQ", (51_830, 130, 4, 3)),
    stock("MU", "Micron Technology, Inc.", "NASDAQ", (23_690, 340, 5, 5)),
    stock("NEE", "NextEra Energy, Inc.", "NYSE", (8_270, 120, 1, 12)),
    stock("NFLX", "Netflix, Inc.", "NASDAQ", (10_940, 190, 2, 5)),
    stock("NKE", "NIKE, Inc. Class B", "NYSE", (6_580, 180, 1, 14)),
    stock("NVDA", "NVIDIA Corporation", "NASDAQ", (18_960, 240, 1, 9)),
    stock("ORCL", "Oracle Corporation", "NYSE", (22_070, 260, 5, 3)),
    stock("PEP", "PepsiCo, Inc.", "NASDAQ", (14_710, 90, 2, 7)),
    stock("PFE", "Pfizer Inc.", "NYSE", (2_590, 120, 1, 50)),
    stock("PG", "Procter & Gamble Company", "NYSE", (14_820, 80, 2, 8)),
    stock("PLTR", "Palantir Technologies Inc. Class A", "NASDAQ", (17_340, 340, 3, 5)),
    stock("PM", "Philip Morris International Inc.", "NYSE", (15_560, 110, 3, 5)),
    stock("PYPL", "PayPal Holdings, Inc.", "NASDAQ", (6_230, 210, 1, 18)),
    stock("QCOM", "QUALCOMM Incorporated", "NASDAQ", (17_380, 190, 3, 6)),
    stock("QQQ", "Invesco QQQ Trust", "NASDAQ", (61_930, 120, 2, 8)),
    stock("RTX", "RTX Corporation", "NYSE", (17_290, 110, 3, 5)),
    stock("SBUX", "Starbucks Corporation", "NASDAQ", (8_460, 150, 1, 12)),
    stock("SHOP", "Shopify Inc. Class A", "NASDAQ", (15_820, 300, 5, 3)),
    stock("SLV", "iShares Silver Trust", "ARCA", (4_730, 190, 1, 40)),
    stock("SO", "Southern Company", "NYSE", (9_120, 80, 1, 10)),
    coin("SOL/USD", "Solana / US Dollar", places(3, 2, 10_000_000), (142_000, 420, 45, 9_000)),
    stock("SPY", "SPDR S&P 500 ETF Trust", "ARCA", (68_740, 90, 1, 12)),
    stock("T", "AT&T Inc.", "NYSE", (2_610, 100, 1, 60)),
    stock("TGT", "Target Corporation", "NYSE", (9_080, 180, 2, 8)),
    stock("TLT", "iShares 20+ Year Treasury Bond ETF", "NASDAQ", (8_920, 85, 1, 20)),
    stock("TMO", "Thermo Fisher Scientific Inc.", "NYSE", (58_940, 140, 26, 1)),
    stock("TSLA", "Tesla, Inc.", "NASDAQ", (42_760, 320, 3, 4)),
    stock("TXN", "Texas Instruments Incorporated", "NASDAQ", (16_050, 170, 3, 5)),
    stock("UBER", "Uber Technologies, Inc.", "NYSE", (8_390, 210, 1, 16)),
    stock("UNH", "UnitedHealth Group Incorporated", "NYSE", (33_180, 180, 9, 1)),
    coin("UNI/USD", "Uniswap / US Dollar", places(3, 2, 100_000_000), (8_150, 470, 6, 15_000)),
    stock("UNP", "Union Pacific Corporation", "NYSE", (22_360, 110, 5, 3)),
    stock("UPS", "United Parcel Service, Inc. Class B", "NYSE", (9_510, 150, 2, 9)),
    stock("USB", "U.S. Bancorp", "NYSE", (4_820, 120, 1, 25)),
    stock("V", "Visa Inc. Class A", "NYSE", (33_610, 110, 5, 2)),
    stock("VOO", "Vanguard S&P 500 ETF", "ARCA", (63_190, 90, 2, 6)),
    stock("VTI", "Vanguard Total Stock Market ETF", "ARCA", (33_840, 90, 1, 8)),
    stock("VZ", "Verizon Communications Inc.", "NYSE", (4_050, 90, 1, 40)),
    stock("WFC", "Wells Fargo & Company", "NYSE", (8_560, 140, 1, 20)),
    stock("WMT", "Walmart Inc.", "NYSE", (10_580, 100, 1, 9)),
    stock("XLE", "Energy Select Sector SPDR Fund", "ARCA", (9_010, 120, 1, 20)),
    stock("XLF", "Financial Select Sector SPDR Fund", "ARCA", (5_330, 100, 1, 40)),
    stock("XLK", "Technology Select Sector SPDR Fund", "ARCA", (14_460, 130, 2, 8)),
    stock("XLP", "Consumer Staples Select Sector SPDR Fund", "ARCA", (7_820, 65, 1, 30)),
    stock("XLV", "Health Care Select Sector SPDR Fund", "ARCA", (15_380, 90, 1, 14)),
    stock("XOM", "Exxon Mobil Corporation", "NYSE", (11_690, 130, 1, 8)),
];
