//! Binance's addresses, and which of them may be used with which environment. Its answers do not say whether money is
//! real: the address does, since a key of one of its environments is not known in another.

use crate::{
    adapters::{Error, Settings},
    config::{own::Own, secret::Secret},
    domain::{
        ids::{Currency, VenueId},
        report::Environment,
    },
    transport::tls::{Scheme, address, is_loopback},
};
use std::time::Duration;
use url::Url;

const DEADLINE: Duration = Duration::from_secs(8);

/// Which of Binance's exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Product {
    /// Coins, on the world's exchange.
    Spot,
    /// Coins, on that of the United States.
    Us,
    /// Futures whose margin is a dollar coin.
    Usdm,
    /// Futures whose margin and profit are the coin itself: contracts of so many dollars.
    Coinm,
}

/// One environment: its hosts, the first of which is taken where nothing is set.
struct Site {
    environment: Environment,
    rest: &'static [&'static str],
    orders: &'static str,
    market: &'static [&'static str],
}

/// From binance-spot-api-docs (rest-api.md, web-socket-api.md, testnet and demo-mode general-info.md) of July 2026.
const SPOT: &[Site] = &[
    Site {
        environment: Environment::Live,
        rest: &[
            "api.binance.com",
            "api-gcp.binance.com",
            "api1.binance.com",
            "api2.binance.com",
            "api3.binance.com",
            "api4.binance.com",
        ],
        orders: "wss://ws-api.binance.com/ws-api/v3",
        market: &["wss://stream.binance.com:9443/stream"],
    },
    Site {
        environment: Environment::Paper,
        rest: &["testnet.binance.vision"],
        orders: "wss://ws-api.testnet.binance.vision/ws-api/v3",
        market: &["wss://stream.testnet.binance.vision/stream"],
    },
    Site {
        environment: Environment::Paper,
        rest: &["demo-api.binance.com"],
        orders: "wss://demo-ws-api.binance.com/ws-api/v3",
        market: &["wss://demo-stream.binance.com/stream"],
    },
];
/// From binance-us-api-docs of June 2024. It has no environment without real money.
const US: &[Site] = &[Site {
    environment: Environment::Live,
    rest: &["api.binance.us"],
    orders: "wss://stream.binance.us:9443/ws",
    market: &["wss://stream.binance.us:9443/stream"],
}];
/// From the connector's documentation of 2026: live streams were split by kind on 2026-04-23, and the old address is
/// silent since.
const USDM: &[Site] = &[
    Site {
        environment: Environment::Live,
        rest: &["fapi.binance.com"],
        orders: "wss://fstream.binance.com/private/ws",
        market: &["wss://fstream.binance.com/public/stream", "wss://fstream.binance.com/market/stream"],
    },
    Site {
        environment: Environment::Paper,
        rest: &["testnet.binancefuture.com"],
        orders: "wss://fstream.binancefuture.com/ws",
        market: &["wss://fstream.binancefuture.com/stream"],
    },
    Site {
        environment: Environment::Paper,
        rest: &["demo-fapi.binance.com"],
        orders: "wss://demo-fstream.binance.com/ws",
        market: &["wss://demo-fstream.binance.com/stream"],
    },
];
/// From the connector's documentation (README, constants) and the specification of its streams of November 2025. Live
/// streams of these stayed together.
const COINM: &[Site] = &[
    Site {
        environment: Environment::Live,
        rest: &["dapi.binance.com"],
        orders: "wss://dstream.binance.com/ws",
        market: &["wss://dstream.binance.com/stream"],
    },
    Site {
        environment: Environment::Paper,
        rest: &["testnet.binancefuture.com"],
        orders: "wss://dstream.binancefuture.com/ws",
        market: &["wss://dstream.binancefuture.com/stream"],
    },
    Site {
        environment: Environment::Paper,
        rest: &["demo-dapi.binance.com"],
        orders: "wss://demo-dstream.binance.com/ws",
        market: &["wss://demo-dstream.binance.com/stream"],
    },
];

impl Product {
    /// For sentences.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Spot => "Binance",
            Self::Us => "Binance.US",
            Self::Usdm => "Binance USD-M futures",
            Self::Coinm => "Binance COIN-M futures",
        }
    }
    /// Its own variables for keys start with this.
    const fn sites(self) -> &'static [Site] {
        match self {
            Self::Spot => SPOT,
            Self::Us => US,
            Self::Usdm => USDM,
            Self::Coinm => COINM,
        }
    }
    /// What its requests' paths begin with.
    pub const fn root(self) -> &'static [&'static str; 2] {
        match self {
            Self::Spot | Self::Us => &["api", "v3"],
            Self::Usdm => &["fapi", "v1"],
            Self::Coinm => &["dapi", "v1"],
        }
    }
    /// Are order news had over a key that must be kept alive, rather than over the websocket API?
    pub const fn has_listen_key(self) -> bool {
        !matches!(self, Self::Spot)
    }
    /// Are there positions apart from balances?
    pub const fn is_futures(self) -> bool {
        matches!(self, Self::Usdm | Self::Coinm)
    }
    /// Are margin, profit and fees in the coin, each coin with a wallet of its own?
    pub const fn is_paid_in_coins(self) -> bool {
        matches!(self, Self::Coinm)
    }
    /// What an account is kept in when nobody says.
    const fn currency(self) -> &'static str {
        match self {
            Self::Spot | Self::Usdm => "USDT",
            Self::Us | Self::Coinm => "USD",
        }
    }
    const fn orders_path(self) -> &'static str {
        match self {
            Self::Spot => "/ws-api/v3",
            Self::Us | Self::Usdm | Self::Coinm => "/ws",
        }
    }
}

/// Settings that have been checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its name.
    pub venue: VenueId,
    /// Which exchange.
    pub product: Product,
    /// What the user says it is.
    pub environment: Environment,
    /// Requests.
    pub rest: Url,
    /// Order news; a listen key is added to its path.
    pub orders: Url,
    /// Market news: one address, or quotes and the rest apart.
    pub market: Vec<Url>,
    /// What equity and cash are counted in, and what is traded is priced in.
    pub currency: Currency,
    /// The key.
    pub key_id: Secret,
    /// Its secret, or a private key.
    pub secret_key: Secret,
    /// After this a request counts as unanswered.
    pub deadline: Duration,
    /// Not heard for so long, the venue cancels: its dead man's switch, where the user wants it.
    pub dead_mans_switch_ms: Option<u64>,
}

impl Config {
    /// Checks `settings`.
    ///
    /// # Errors
    /// A missing key or environment, an address that can't be used, or one that belongs to another environment.
    pub fn new(venue: VenueId, product: Product, settings: Settings) -> Result<Self, Error> {
        let wrong = |why: String| Error::Settings { venue: venue.clone(), why };
        let Some(environment) = settings.environment else {
            return Err(wrong("`environment` is missing; write \"paper\" or \"live\"".to_owned()));
        };
        let key_id = settings.key_id.filter(|s| !s.is_empty());
        let secret_key = settings.secret_key.filter(|s| !s.is_empty());
        let (Some(key_id), Some(secret_key)) = (key_id, secret_key) else {
            return Err(wrong("`key_id` and `secret_key` are both needed (or their commands)".to_owned()));
        };
        for (name, set) in
            [("data_url", &settings.data_url), ("crypto_stream_url", &settings.crypto_stream_url)]
        {
            if set.is_some() {
                return Err(wrong(format!("`{name}` is nothing that {} has; remove it", product.title())));
            }
        }
        let currency = settings.currency.as_deref().unwrap_or(product.currency());
        let currency = Currency::new(currency).map_err(|why| wrong(format!("`currency`: {why}")))?;
        if product.is_futures() && currency.as_str() != product.currency() {
            let own = product.currency();
            return Err(wrong(format!("`currency` is {own}: the venue sums the account up in no other")));
        }
        let read = |text: &str, scheme| {
            address(text, scheme).map_err(|source| Error::Transport { venue: venue.clone(), source })
        };
        let rest = match (&settings.trading_url, first_host(product, environment)) {
            (Some(text), _) => read(text, Scheme::Http)?,
            (None, Some(host)) => read(&format!("https://{host}"), Scheme::Http)?,
            (None, None) => {
                let why = format!(
                    "{} has no environment for play money; `trading_url` can only be a server on this computer",
                    product.title()
                );
                return Err(wrong(why));
            }
        };
        let site = site_of(product, &rest);
        if let Some(why) = misplaced(product, environment, &rest, site) {
            return Err(wrong(why));
        }
        let beside = |path: &str| format!("ws://{}{path}", rest.authority());
        let orders = match (&settings.trading_stream_url, site) {
            (Some(text), _) => read(text, Scheme::Websocket)?,
            (None, Some(site)) => read(site.orders, Scheme::Websocket)?,
            (None, None) => read(&beside(product.orders_path()), Scheme::Websocket)?,
        };
        let market = match (&settings.data_stream_url, site) {
            (Some(text), _) => vec![read(text, Scheme::Websocket)?],
            (None, Some(site)) => {
                site.market.iter().map(|text| read(text, Scheme::Websocket)).collect::<Result<_, _>>()?
            }
            (None, None) => vec![read(&beside("/stream"), Scheme::Websocket)?],
        };
        let deadline = settings.deadline.unwrap_or(DEADLINE);
        let dead_mans_switch_ms = switch_ms(settings.own.get(SWITCH), settings.is_guest).map_err(wrong)?;
        let config = Self {
            venue,
            product,
            environment,
            rest,
            orders,
            market,
            currency,
            key_id,
            secret_key,
            deadline,
            dead_mans_switch_ms,
        };
        config.check_streams(site)?;
        Ok(config)
    }

    /// Streams are where the requests go: news of one environment about orders in another would be believed.
    fn check_streams(&self, site: Option<&Site>) -> Result<(), Error> {
        let named = std::iter::once(("trading_stream_url", &self.orders))
            .chain(self.market.iter().map(|url| ("data_stream_url", url)));
        for (name, url) in named {
            let host = url.host_str().unwrap_or_default();
            let fits = match site {
                Some(site) => {
                    let own = std::iter::once(site.orders).chain(site.market.iter().copied());
                    own.filter_map(|text| Url::parse(text).ok()).any(|own| own.host_str() == Some(host))
                }
                None => is_loopback(url),
            };
            if !fits {
                let why = format!(
                    "`{name}` is on {host}, which is not where {} is; leave it out",
                    self.rest.host_str().unwrap_or_default()
                );
                return Err(Error::Settings { venue: self.venue.clone(), why });
            }
        }
        Ok(())
    }

    /// Does real money hang on the address?
    pub fn is_live_host(&self) -> bool {
        site_of(self.product, &self.rest).is_some_and(|site| site.environment == Environment::Live)
    }
}

/// The name of the setting.
const SWITCH: &str = "dead_mans_switch_s";
/// Shorter than this one slow answer would let it strike; longer than this it protects from nothing.
const SWITCH_S: std::ops::RangeInclusive<u64> = 10..=3_600;

fn switch_ms(set: Option<&Own>, is_guest: bool) -> Result<Option<u64>, String> {
    match set {
        None => Ok(None),
        // What a shell command arms nobody renews.
        Some(Own::Whole(s)) if SWITCH_S.contains(s) => Ok((!is_guest).then(|| s.saturating_mul(1_000))),
        Some(_) => Err(format!(
            "`{SWITCH}` is {} to {} seconds; leave it out to have none",
            SWITCH_S.start(),
            SWITCH_S.end()
        )),
    }
}

fn first_host(product: Product, environment: Environment) -> Option<&'static str> {
    let own = product.sites().iter().find(|site| site.environment == environment)?;
    own.rest.first().copied()
}

/// Why requests must not go there.
fn misplaced(product: Product, environment: Environment, rest: &Url, site: Option<&Site>) -> Option<String> {
    match site {
        Some(site) if site.environment != environment => Some(format!(
            "`trading_url` is {}'s {} address, the environment is {}",
            product.title(),
            site.environment.word(),
            environment.word()
        )),
        Some(_) => None,
        None if is_loopback(rest) && environment == Environment::Paper => None,
        None => {
            let known: Vec<&str> = product.sites().iter().flat_map(|s| s.rest).copied().collect();
            Some(format!(
                "`trading_url` is no address of {}, so nobody can tell whose money is behind it; it is one of {}, or a server on this computer with environment = \"paper\"",
                product.title(),
                known.join(", ")
            ))
        }
    }
}

/// The environment whose host this is. A port of somebody's own is nobody's.
fn site_of(product: Product, url: &Url) -> Option<&'static Site> {
    let host = url.host_str()?;
    product.sites().iter().find(|site| url.port().is_none() && site.rest.contains(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(
        product: Product,
        environment: Environment,
        change: impl Fn(&mut Settings),
    ) -> Result<Config, Error> {
        let mut settings = Settings {
            environment: Some(environment),
            key_id: Some(Secret::new("K".to_owned())),
            secret_key: Some(Secret::new("canary".to_owned())),
            ..Settings::default()
        };
        change(&mut settings);
        Config::new(VenueId::new("binance").unwrap(), product, settings)
    }

    #[test]
    fn what_is_left_out_is_the_venues_own() {
        use Environment::{Live, Paper};
        for (product, environment, rest, orders, market, is_live) in [
            (Product::Spot, Live, "https://api.binance.com/", "wss://ws-api.binance.com/ws-api/v3", 1, true),
            (
                Product::Spot,
                Paper,
                "https://testnet.binance.vision/",
                "wss://ws-api.testnet.binance.vision/ws-api/v3",
                1,
                false,
            ),
            (Product::Us, Live, "https://api.binance.us/", "wss://stream.binance.us:9443/ws", 1, true),
            (
                Product::Usdm,
                Live,
                "https://fapi.binance.com/",
                "wss://fstream.binance.com/private/ws",
                2,
                true,
            ),
            (
                Product::Usdm,
                Paper,
                "https://testnet.binancefuture.com/",
                "wss://fstream.binancefuture.com/ws",
                1,
                false,
            ),
            (Product::Coinm, Live, "https://dapi.binance.com/", "wss://dstream.binance.com/ws", 1, true),
            (
                Product::Coinm,
                Paper,
                "https://testnet.binancefuture.com/",
                "wss://dstream.binancefuture.com/ws",
                1,
                false,
            ),
        ] {
            let config = config(product, environment, |_| {}).unwrap();
            assert_eq!((config.rest.as_str(), config.orders.as_str()), (rest, orders));
            assert_eq!((config.market.len(), config.is_live_host()), (market, is_live));
        }
        let demo =
            config(Product::Spot, Paper, |s| s.trading_url = Some("https://demo-api.binance.com".into()));
        assert_eq!(demo.unwrap().market[0].as_str(), "wss://demo-stream.binance.com/stream");
        let here =
            config(Product::Spot, Paper, |s| s.trading_url = Some("http://127.0.0.1:7".into())).unwrap();
        assert_eq!(here.orders.as_str(), "ws://127.0.0.1:7/ws-api/v3");
        assert_eq!((here.market[0].as_str(), here.currency.as_str()), ("ws://127.0.0.1:7/stream", "USDT"));
    }

    #[test]
    fn the_dead_mans_switch_is_off_unless_asked_for_and_has_bounds() {
        let with = |value: Option<Own>, is_guest: bool| {
            config(Product::Usdm, Environment::Paper, move |s| {
                s.own.extend(value.clone().map(|v| (smol_str::SmolStr::new(SWITCH), v)));
                s.is_guest = is_guest;
            })
        };
        assert_eq!(with(None, false).unwrap().dead_mans_switch_ms, None);
        assert_eq!(with(Some(Own::Whole(120)), false).unwrap().dead_mans_switch_ms, Some(120_000));
        assert_eq!(with(Some(Own::Whole(120)), true).unwrap().dead_mans_switch_ms, None);
        for wrong in [Own::Whole(0), Own::Whole(9), Own::Whole(3_601), Own::Flag(true)] {
            let said = with(Some(wrong), false).unwrap_err().to_string();
            assert!(said.contains("`dead_mans_switch_s` is 10 to 3600 seconds"), "{said}");
        }
    }

    #[test]
    fn paper_and_live_addresses_never_mix() {
        use Environment::{Live, Paper};
        type Change = fn(&mut Settings);
        let cases: [(Product, Environment, Change, &str); 15] = [
            (
                Product::Spot,
                Paper,
                |s| s.trading_url = Some("https://api.binance.com".into()),
                "LIVE address",
            ),
            (
                Product::Spot,
                Paper,
                |s| s.trading_url = Some("https://api3.binance.com".into()),
                "LIVE address",
            ),
            (
                Product::Spot,
                Live,
                |s| s.trading_url = Some("https://testnet.binance.vision".into()),
                "PAPER address",
            ),
            (
                Product::Spot,
                Live,
                |s| s.trading_url = Some("http://127.0.0.1:1".into()),
                "no address of Binance",
            ),
            (
                Product::Spot,
                Live,
                |s| s.trading_url = Some("https://api.binance.com.evil.example".into()),
                "no address",
            ),
            (
                Product::Spot,
                Live,
                |s| s.trading_url = Some("https://api.binance.com:8443".into()),
                "no address",
            ),
            (
                Product::Spot,
                Paper,
                |s| s.trading_stream_url = Some("wss://ws-api.binance.com/ws-api/v3".into()),
                "not where",
            ),
            (
                Product::Spot,
                Live,
                |s| s.data_stream_url = Some("wss://evil.example/stream".into()),
                "not where",
            ),
            (Product::Us, Paper, |_| {}, "no environment for play money"),
            (Product::Usdm, Live, |s| s.trading_url = Some("https://api.binance.com".into()), "no address"),
            (Product::Coinm, Live, |s| s.trading_url = Some("https://fapi.binance.com".into()), "no address"),
            (
                Product::Coinm,
                Paper,
                |s| s.trading_url = Some("https://dapi.binance.com".into()),
                "LIVE address",
            ),
            (Product::Coinm, Live, |s| s.currency = Some("BTC".into()), "`currency` is USD"),
            (Product::Spot, Live, |s| s.environment = None, "`environment` is missing"),
            (Product::Spot, Live, |s| s.data_url = Some("https://api.binance.com".into()), "remove it"),
        ];
        for (product, environment, change, why) in cases {
            let said = config(product, environment, change).unwrap_err().to_string();
            assert!(said.starts_with("venue binance: ") && said.contains(why), "{said}");
            assert!(!said.contains("canary"));
        }
    }
}
