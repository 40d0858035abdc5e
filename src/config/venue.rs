//! `[venues.NAME]`: one account at one broker or exchange.

use super::{
    credentials::CredentialSources,
    kind::VenueKind,
    limits,
    own::{self, Own},
    read::{Section, path, safe, word},
    rules,
    totals::currency,
};
use crate::domain::{
    ids::{Currency, VenueId},
    limits::Limits,
    rules::Rules,
};
use smol_str::SmolStr;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use url::Url;

/// The longest name of a venue, in characters.
const NAME_CHARS_MAX: usize = 32;
/// The brokerage models of the paper venue.
pub const PAPER_MODELS: [&str; 13] = [
    "alpaca",
    "atreyu",
    "schwab",
    "ibkr",
    "tradestation",
    "tastytrade",
    "tradier",
    "binance",
    "coinbase",
    "bybit",
    "kraken",
    "bitfinex",
    "oanda",
];
/// Where Alpaca's real money is. Nothing else is reached with `environment = "live"`, and these never without.
const ALPACA_LIVE: [&str; 1] = ["api.alpaca.markets"];
/// Alpaca's market data, the same for both environments.
const ALPACA_DATA: [&str; 2] = ["data.alpaca.markets", "stream.data.alpaca.markets"];
/// Where Binance's real money is.
const BINANCE_LIVE: [&str; 8] = [
    "api.binance.com",
    "api-gcp.binance.com",
    "api1.binance.com",
    "api2.binance.com",
    "api3.binance.com",
    "api4.binance.com",
    "ws-api.binance.com",
    "stream.binance.com",
];
/// Where that of Binance.US is.
const BINANCE_US_LIVE: [&str; 2] = ["api.binance.us", "stream.binance.us"];
/// Where that of USD-M futures is.
const BINANCE_USDM_LIVE: [&str; 2] = ["fapi.binance.com", "fstream.binance.com"];
/// Where that of COIN-M futures is.
const BINANCE_COINM_LIVE: [&str; 2] = ["dapi.binance.com", "dstream.binance.com"];

/// Play money or real money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Environment {
    /// Play money.
    #[default]
    Paper,
    /// Real money.
    Live,
}

/// When the paper venue is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaperHours {
    /// Round the clock.
    #[default]
    Always,
    /// The sessions of United States exchanges.
    Us,
}

/// Settings of the embedded paper venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperConfig {
    /// What its market is made from.
    pub seed: u64,
    /// Whose fees, margin and rules it follows: one of [`PAPER_MODELS`].
    pub model: SmolStr,
    /// When it is open.
    pub hours: PaperHours,
    /// How many times faster than the clock.
    pub speed: u64,
    /// Where it keeps its account; `None` is a folder of the state directory.
    pub data_dir: Option<PathBuf>,
    /// A script of what goes wrong there on purpose.
    pub faults: Option<PathBuf>,
}

impl Default for PaperConfig {
    fn default() -> Self {
        let model = SmolStr::new_static("alpaca");
        Self { seed: 1, model, hours: PaperHours::Always, speed: 1, data_dir: None, faults: None }
    }
}

/// Addresses that replace the venue's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addresses {
    /// REST for trading, without the version.
    pub trading_url: Option<Url>,
    /// Order events.
    pub trading_stream_url: Option<Url>,
    /// REST for market data, without the version.
    pub data_url: Option<Url>,
    /// Stock quotes.
    pub data_stream_url: Option<Url>,
    /// Coin quotes.
    pub crypto_stream_url: Option<Url>,
}

/// One account at one broker or exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueConfig {
    /// What the user calls it.
    pub name: VenueId,
    /// Which adapter.
    pub kind: VenueKind,
    /// Play money or real money.
    pub environment: Environment,
    /// Addresses that replace the venue's own.
    pub addresses: Addresses,
    /// What the account is counted in, where the venue leaves that open.
    pub currency: Option<Currency>,
    /// What only its kind has.
    pub own: BTreeMap<SmolStr, Own>,
    /// Where the credentials are.
    pub credentials: CredentialSources,
    /// May it be reached over an interface that its maker does not offer?
    pub accept_unofficial: bool,
    /// Look, but send nothing.
    pub read_only: bool,
    /// What orders there are held to.
    pub limits: Limits,
    /// What is held there all the time.
    pub rules: Rules,
    /// It trades round the clock whatever the exchanges' calendar says: the embedded venue by default, and a paper
    /// server on this computer that says so.
    pub always_open: bool,
    /// For `kind = "paper"`.
    pub paper: PaperConfig,
}

impl VenueConfig {
    /// The embedded paper venue.
    pub fn embedded(name: VenueId, limits: Limits, rules: Rules) -> Self {
        Self {
            name,
            kind: VenueKind::Paper,
            environment: Environment::Paper,
            addresses: Addresses::default(),
            currency: None,
            own: BTreeMap::new(),
            credentials: CredentialSources::default(),
            accept_unofficial: false,
            read_only: false,
            limits,
            rules,
            always_open: true,
            paper: PaperConfig::default(),
        }
    }
}

/// A name that fits into a line, a file name and the name of a variable.
fn name(text: &str) -> Result<VenueId, String> {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    let good = text.len() <= NAME_CHARS_MAX && text.bytes().all(inner);
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    match VenueId::new(text) {
        Ok(id) if good && first => Ok(id),
        Ok(_) | Err(_) => Err(format!(
            "`{}` can't name a venue: write a small letter, then at most {} of a-z, 0-9, - and _",
            safe(text),
            NAME_CHARS_MAX.saturating_sub(1)
        )),
    }
}

/// What the limits and rules of a venue start from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Global<'g, 'a> {
    pub(super) limits: &'g limits::Global<'a>,
    pub(super) rules: &'g Rules,
}

/// Reads all venues; `global` is what their limits and rules start from.
pub(super) fn read_all<'a>(
    section: &Section<'a>,
    global: Global<'_, 'a>,
    home: Option<&Path>,
) -> Vec<VenueConfig> {
    let mut venues = Vec::new();
    for (text, at, value) in section.entries() {
        let one = section.entry(text, value);
        match name(text) {
            Ok(name) => venues.push(read(one, name, global, home)),
            Err(problem) => section.reading().fail(at, problem),
        }
    }
    venues
}

fn read<'a>(s: Section<'a>, name: VenueId, global: Global<'_, 'a>, home: Option<&Path>) -> VenueConfig {
    let mut venue = VenueConfig::embedded(name, Limits::default(), global.rules.clone());
    s.flag("accept_unofficial", &mut venue.accept_unofficial);
    let mut kind = None;
    s.text("kind", &mut kind, |t| VenueKind::usable(t, venue.accept_unofficial).map(Some));
    let environments = [("paper", Environment::Paper), ("live", Environment::Live)];
    s.word("environment", &environments, &mut venue.environment);
    s.flag("read_only", &mut venue.read_only);
    addresses(&s, Place { kind, environment: venue.environment }, &mut venue.addresses);
    s.text("currency", &mut venue.currency, |t| currency(t).map(Some));
    venue.own = own::read(&s, kind, home);
    venue.credentials = CredentialSources::read(&s, home);
    paper(&s, &mut venue.paper, home);
    venue.limits = global.limits.of_venue(&s.section("limits"));
    let own = s.section("rules");
    rules::read(&own, &mut venue.rules);
    own.finish();
    if let (None, None, true) = (kind, s.value("kind"), s.is_present()) {
        let problem = format!(
            "the venue `{}` has no kind: write kind = \"paper\", \"alpaca\" or \"binance\"",
            venue.name
        );
        s.reading().fail(s.start(), problem);
    }
    if let Some(kind) = kind {
        venue.kind = kind;
        only_its_own(&s, kind);
    }
    let keeps_hours = matches!(kind, Some(VenueKind::Alpaca | VenueKind::Ibkr | VenueKind::IbkrPortal));
    venue.always_open = venue.paper.hours == PaperHours::Always && (!keeps_hours || own_hours(&s, &venue));
    s.finish();
    venue
}

const PAPER_ONLY: [&str; 5] = ["seed", "model", "speed", "data_dir", "faults"];
const KEYS: [&str; 7] = [
    "key_id",
    "secret_key",
    "key_id_command",
    "secret_key_command",
    "key_id_file",
    "secret_key_file",
    "keyring",
];
/// Where orders go and their news come from; the others are of market data alone.
const TRADING: [&str; 2] = ["trading_url", "trading_stream_url"];
const DATA: [&str; 3] = ["data_url", "data_stream_url", "crypto_stream_url"];

const EMBEDDED: &str =
    "the embedded paper venue takes no address and no key; remove it or write kind = \"alpaca\"";
const LOGGED_IN: &str = "a person logs in to the gateway; remove it";
const ONE_ADDRESS: &str = "the gateway has one address; remove it";
const COUNTED: &str = "the venue says what an account is counted in; remove it";

/// What others take and these kinds do not, and why.
const NOT_TAKEN: &[(&[VenueKind], &[&str], &str)] = &[
    (&[VenueKind::Paper], &KEYS, EMBEDDED),
    (&[VenueKind::Paper], &TRADING, EMBEDDED),
    (&[VenueKind::Paper], &DATA, EMBEDDED),
    (&[VenueKind::Paper], &["currency"], EMBEDDED),
    (&[VenueKind::Alpaca], &["currency"], "Alpaca says what an account is counted in; remove it"),
    (&[VenueKind::Ibkr, VenueKind::IbkrPortal], &["currency"], COUNTED),
    (&[VenueKind::Ibkr, VenueKind::IbkrPortal], &KEYS, LOGGED_IN),
    (&[VenueKind::Ibkr, VenueKind::IbkrPortal], &DATA, ONE_ADDRESS),
    (&[VenueKind::Ibkr], &TRADING, "the gateway is reached at `address`; remove it"),
    (
        &[VenueKind::Binance, VenueKind::BinanceUs, VenueKind::BinanceUsdm, VenueKind::BinanceCoinm],
        &["data_url", "crypto_stream_url"],
        "Binance has one address for requests and one for market news; remove it",
    ),
];

/// The embedded venue can't be given an address or a key, nor real money; the others have no seed.
fn only_its_own(s: &Section<'_>, kind: VenueKind) {
    let embedded = kind == VenueKind::Paper;
    let rows = NOT_TAKEN.iter().filter(|(kinds, ..)| kinds.contains(&kind));
    let not_taken = rows.flat_map(|(_, keys, why)| keys.iter().map(|key| (*key, *why)));
    let of_paper = PAPER_ONLY.iter().map(|key| (*key, "only kind = \"paper\" takes it; remove it"));
    for (key, why) in not_taken.chain(of_paper.filter(|_| !embedded)) {
        if let Some(value) = s.value(key) {
            s.reading().fail(value.span().start, format!("`{key}` does not belong here: {why}"));
        }
    }
    if embedded
        && let Some(value) = s.value("environment")
        && value.get_ref().as_str() == Some("live")
    {
        s.wrong("environment", value, "the embedded paper venue is never live; write \"paper\"");
    }
}

/// Does a server on this computer say that it is open round the clock? Brokers keep the exchanges' hours: a market order
/// outside them would wait for the open, which is no way out. The gateways of Interactive Brokers are always on this
/// computer, so that only play money may be open longer.
fn own_hours(s: &Section<'_>, venue: &VenueConfig) -> bool {
    let Some(value) = s.value("hours") else { return false };
    let is_beside = matches!(venue.kind, VenueKind::Ibkr | VenueKind::IbkrPortal);
    let local = if is_beside {
        venue.environment == Environment::Paper
    } else {
        venue.addresses.trading_url.as_ref().is_some_and(is_loopback)
    };
    if !local {
        s.wrong("hours", value, "only a paper server on this computer has hours of its own; remove it");
    }
    local
}

fn paper(s: &Section<'_>, paper: &mut PaperConfig, home: Option<&Path>) {
    s.whole("seed", 0..=u64::MAX, &mut paper.seed);
    s.text("model", &mut paper.model, |t| word(t, &PAPER_MODELS.map(|m| (m, m))).map(SmolStr::new_static));
    s.word("hours", &[("always", PaperHours::Always), ("us", PaperHours::Us)], &mut paper.hours);
    s.whole("speed", 1..=1_000, &mut paper.speed);
    s.text("data_dir", &mut paper.data_dir, |t| path(t, home).map(Some));
    s.text("faults", &mut paper.faults, |t| path(t, home).map(Some));
}

/// Whose address it is, as far as that is known.
#[derive(Debug, Clone, Copy)]
struct Place {
    kind: Option<VenueKind>,
    environment: Environment,
}

impl Place {
    /// The hosts of real money, those that serve either environment, and whose they are.
    fn hosts(self) -> (&'static [&'static str], &'static [&'static str], &'static str) {
        match self.kind {
            Some(VenueKind::Binance) => (&BINANCE_LIVE, &[], "Binance's"),
            Some(VenueKind::BinanceUs) => (&BINANCE_US_LIVE, &[], "Binance.US's"),
            Some(VenueKind::BinanceUsdm) => (&BINANCE_USDM_LIVE, &[], "Binance USD-M's"),
            Some(VenueKind::BinanceCoinm) => (&BINANCE_COINM_LIVE, &[], "Binance COIN-M's"),
            Some(_) | None => (&ALPACA_LIVE, &ALPACA_DATA, "Alpaca's"),
        }
    }
}

fn addresses(s: &Section<'_>, place: Place, to: &mut Addresses) {
    let rest = |t: &str| address(t, ["http", "https"], place).map(Some);
    let stream = |t: &str| address(t, ["ws", "wss"], place).map(Some);
    s.text("trading_url", &mut to.trading_url, rest);
    s.text("trading_stream_url", &mut to.trading_stream_url, stream);
    s.text("data_url", &mut to.data_url, rest);
    s.text("data_stream_url", &mut to.data_stream_url, stream);
    s.text("crypto_stream_url", &mut to.crypto_stream_url, stream);
}

/// An address that a key may be sent to.
fn address(text: &str, [plain, safe]: [&str; 2], place: Place) -> Result<Url, String> {
    let expected = || format!("write a whole address such as {safe}://host");
    let url = Url::parse(text).map_err(|_| expected())?;
    if url.scheme() != plain && url.scheme() != safe {
        return Err(expected());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address holds no name and password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an address ends before any ? or #".to_owned());
    }
    if is_loopback(&url) {
        return Ok(url);
    }
    if url.scheme() == plain {
        return Err(format!("off this computer the connection has to be encrypted, so write {safe}://"));
    }
    let host = url.host_str().unwrap_or_default();
    let (live, data, whose) = place.hosts();
    let (live, data) = (live.contains(&host), data.contains(&host));
    match place.environment {
        Environment::Paper if live => {
            Err("real money trades there; write another address or environment = \"live\"".to_owned())
        }
        Environment::Live if !live && !data => Err(format!(
            "that is not one of {whose} live addresses; leave it out or write environment = \"paper\""
        )),
        Environment::Paper | Environment::Live => Ok(url),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
