//! Alpaca's addresses, and which of them may be used with which environment.

pub use crate::adapters::Settings;

use crate::{
    adapters::Error,
    config::secret::Secret,
    domain::{ids::VenueId, report::Environment},
    transport::tls::{Scheme, address, is_loopback},
};
use std::time::Duration;
use url::Url;

const DEADLINE: Duration = Duration::from_secs(8);
const LIVE_HOST: &str = "api.alpaca.markets";
const PAPER_HOST: &str = "paper-api.alpaca.markets";
const DATA_HOST: &str = "data.alpaca.markets";
const DATA_STREAM_HOST: &str = "stream.data.alpaca.markets";

/// Settings that have been checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its name.
    pub venue: VenueId,
    /// What the user says it is. The venue's answer must agree.
    pub environment: Environment,
    /// Requests about orders and the account.
    pub trading: Url,
    /// Order news.
    pub trading_stream: Url,
    /// Requests about the market.
    pub data: Url,
    /// Market news of stocks.
    pub data_stream: Url,
    /// Market news of coins.
    pub crypto_stream: Url,
    /// The key.
    pub key_id: Secret,
    /// Its secret.
    pub secret_key: Secret,
    /// After this a request counts as unanswered.
    pub deadline: Duration,
}

impl Config {
    /// Checks `settings`.
    ///
    /// # Errors
    /// A missing key or environment, an address that can't be used, or one that belongs to the other environment.
    pub fn new(venue: VenueId, settings: Settings) -> Result<Self, Error> {
        let wrong = |why: String| Error::Settings { venue: venue.clone(), why };
        let Some(environment) = settings.environment else {
            return Err(wrong("`environment` is missing; write \"paper\" or \"live\"".to_owned()));
        };
        let key_id = settings.key_id.filter(|s| !s.is_empty());
        let secret_key = settings.secret_key.filter(|s| !s.is_empty());
        let (Some(key_id), Some(secret_key)) = (key_id, secret_key) else {
            return Err(wrong("`key_id` and `secret_key` are both needed (or their commands)".to_owned()));
        };
        if settings.currency.is_some() {
            return Err(wrong("`currency` is what Alpaca says; remove it".to_owned()));
        }
        let read = |text: &str, scheme| {
            address(text, scheme).map_err(|source| Error::Transport { venue: venue.clone(), source })
        };
        let host = if environment == Environment::Live { LIVE_HOST } else { PAPER_HOST };
        let trading = read(&settings.trading_url.unwrap_or_else(|| format!("https://{host}")), Scheme::Http)?;
        let trading_stream = match settings.trading_stream_url {
            Some(text) => read(&text, Scheme::Websocket)?,
            None => read(&beside(&trading, "/stream"), Scheme::Websocket)?,
        };
        let data = match settings.data_url {
            Some(text) => read(&text, Scheme::Http)?,
            None if is_loopback(&trading) => trading.clone(),
            None => read(&format!("https://{DATA_HOST}"), Scheme::Http)?,
        };
        let data_stream = match settings.data_stream_url {
            Some(text) => read(&text, Scheme::Websocket)?,
            None if is_loopback(&data) => read(&beside(&data, "/v2/iex"), Scheme::Websocket)?,
            None => read(&format!("wss://{DATA_STREAM_HOST}/v2/iex"), Scheme::Websocket)?,
        };
        let crypto_stream = match settings.crypto_stream_url {
            Some(text) => read(&text, Scheme::Websocket)?,
            None => read(&beside(&data_stream, "/v1beta3/crypto/us"), Scheme::Websocket)?,
        };
        let config = Self {
            venue,
            environment,
            trading,
            trading_stream,
            data,
            data_stream,
            crypto_stream,
            key_id,
            secret_key,
            deadline: settings.deadline.unwrap_or(DEADLINE),
        };
        config.check_environment()?;
        Ok(config)
    }

    /// Live keys go to Alpaca's live hosts and nowhere else; nothing called paper reaches them.
    fn check_environment(&self) -> Result<(), Error> {
        let wrong = |why: String| Error::Settings { venue: self.venue.clone(), why };
        for (name, url, live) in [
            ("trading_url", &self.trading, LIVE_HOST),
            ("trading_stream_url", &self.trading_stream, LIVE_HOST),
            ("data_url", &self.data, DATA_HOST),
            ("data_stream_url", &self.data_stream, DATA_STREAM_HOST),
            ("crypto_stream_url", &self.crypto_stream, DATA_STREAM_HOST),
        ] {
            let host = url.host_str().unwrap_or_default();
            match self.environment {
                Environment::Live if host != live || url.port().is_some() => {
                    return Err(wrong(format!(
                        "`{name}` is on {host}; with environment = \"live\" it is {live}"
                    )));
                }
                Environment::Paper if host == LIVE_HOST => {
                    return Err(wrong(format!(
                        "`{name}` is Alpaca's live address; with environment = \"paper\" it is {PAPER_HOST}"
                    )));
                }
                Environment::Live | Environment::Paper => {}
            }
        }
        Ok(())
    }

    /// Is the trading address the one that real money hangs on?
    pub fn is_live_host(&self) -> bool {
        self.trading.host_str() == Some(LIVE_HOST)
    }

    /// The feed of stock prices: the last part of the stream's address.
    pub fn feed(&self) -> &str {
        self.data_stream
            .path_segments()
            .and_then(|mut s| s.next_back())
            .filter(|s| !s.is_empty())
            .unwrap_or("iex")
    }
}

/// A websocket address at the same place.
fn beside(url: &Url, path: &str) -> String {
    let scheme = if matches!(url.scheme(), "https" | "wss") { "wss" } else { "ws" };
    format!("{scheme}://{}{path}", url.authority())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(environment: Environment) -> Settings {
        Settings {
            environment: Some(environment),
            key_id: Some(Secret::new("PK1".to_owned())),
            secret_key: Some(Secret::new("canary".to_owned())),
            ..Settings::default()
        }
    }
    fn config(settings: Settings) -> Result<Config, Error> {
        Config::new(VenueId::new("alpaca").unwrap(), settings)
    }

    #[test]
    fn what_is_left_out_is_the_venues_own() {
        let paper = config(settings(Environment::Paper)).unwrap();
        assert_eq!(paper.trading.as_str(), "https://paper-api.alpaca.markets/");
        assert_eq!(paper.trading_stream.as_str(), "wss://paper-api.alpaca.markets/stream");
        assert_eq!(paper.data.as_str(), "https://data.alpaca.markets/");
        assert_eq!(paper.data_stream.as_str(), "wss://stream.data.alpaca.markets/v2/iex");
        assert_eq!(paper.crypto_stream.as_str(), "wss://stream.data.alpaca.markets/v1beta3/crypto/us");
        assert_eq!((paper.feed(), paper.is_live_host()), ("iex", false));
        assert!(config(settings(Environment::Live)).unwrap().is_live_host());
    }

    #[test]
    fn on_this_computer_everything_is_in_one_place() {
        let here = Settings {
            trading_url: Some("http://127.0.0.1:8787".to_owned()),
            ..settings(Environment::Paper)
        };
        let here = config(here).unwrap();
        assert_eq!(here.trading_stream.as_str(), "ws://127.0.0.1:8787/stream");
        assert_eq!(here.data.as_str(), "http://127.0.0.1:8787/");
        assert_eq!(here.data_stream.as_str(), "ws://127.0.0.1:8787/v2/iex");
        assert_eq!(here.crypto_stream.as_str(), "ws://127.0.0.1:8787/v1beta3/crypto/us");
    }

    #[test]
    fn paper_and_live_addresses_never_mix() {
        for (wrong, why) in [
            (
                Settings {
                    trading_url: Some("https://api.alpaca.markets".into()),
                    ..settings(Environment::Paper)
                },
                "live address",
            ),
            (
                Settings {
                    trading_stream_url: Some("wss://api.alpaca.markets/stream".into()),
                    ..settings(Environment::Paper)
                },
                "live address",
            ),
            (
                Settings { trading_url: Some("http://127.0.0.1:1".into()), ..settings(Environment::Live) },
                "it is api.alpaca.markets",
            ),
            (
                Settings {
                    trading_url: Some("https://api.alpaca.markets.evil.example".into()),
                    ..settings(Environment::Live)
                },
                "it is api.alpaca.markets",
            ),
            (
                Settings { data_url: Some("https://evil.example".into()), ..settings(Environment::Live) },
                "it is data.alpaca.markets",
            ),
            (Settings { environment: None, ..settings(Environment::Live) }, "`environment` is missing"),
            (Settings { key_id: None, ..settings(Environment::Paper) }, "`key_id` and `secret_key`"),
            (
                Settings { data_url: Some("http://10.0.0.1".into()), ..settings(Environment::Paper) },
                "use https",
            ),
        ] {
            let said = config(wrong).unwrap_err().to_string();
            assert!(said.starts_with("venue alpaca: ") && said.contains(why), "{said}");
            assert!(!said.contains("canary"));
        }
    }
}
