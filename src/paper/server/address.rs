//! Where a running paper venue is, for programs that did not start it.

use super::{
    error::Error,
    feed::Endpoint,
    files::{self, Lock},
    keys::Keys,
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Where the venue is and the keys to it. As JSON it is the line that `tradedeck paper serve` prints; each address
/// is what alpaca-py takes as `url_override` of the matching client.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// REST base of the account (without `/v2`).
    pub trading_url: String,
    /// Order updates.
    pub trading_stream_url: String,
    /// REST base of market data.
    pub data_url: String,
    /// Stock quotes, trades and bars.
    pub data_stream_url: String,
    /// Crypto quotes, trades and bars.
    pub crypto_stream_url: String,
    /// `APCA-API-KEY-ID`.
    pub key_id: String,
    /// `APCA-API-SECRET-KEY`.
    pub secret_key: String,
    /// The script of faults that the venue plays, if it plays one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<String>,
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Addresses").field("trading_url", &self.trading_url).finish_non_exhaustive()
    }
}

/// Who serves the account of a data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// Nobody.
    Absent,
    /// Nobody; the address of one that ended without cleaning up still lies there.
    Stale,
    /// A server that has not yet said where it is.
    Starting,
    /// A server, there.
    Serving(Addresses),
}

impl Addresses {
    pub(super) fn of(at: SocketAddr, keys: &Keys) -> Self {
        Self {
            trading_url: format!("http://{at}"),
            trading_stream_url: format!("ws://{at}/stream"),
            data_url: format!("http://{at}"),
            data_stream_url: format!("ws://{at}/v2/iex"),
            crypto_stream_url: format!("ws://{at}/v1beta3/crypto/us"),
            key_id: keys.key_id.clone(),
            secret_key: keys.secret_key.clone(),
            faults: None,
        }
    }

    /// Stocks for our own screens and commands: many connections share it, and [`Self::data_stream_url`], which is
    /// one connection's, stays free for the user's programs.
    pub fn desk_stream_url(&self) -> String {
        self.stream(&Endpoint::DESK)
    }

    /// Crypto, likewise.
    pub fn crypto_desk_stream_url(&self) -> String {
        self.stream(&Endpoint::CRYPTO_DESK)
    }

    fn stream(&self, endpoint: &Endpoint) -> String {
        format!("{}{}", self.data_url.replacen("http", "ws", 1), endpoint.path)
    }

    pub(super) fn write(&self, dir: &Path) -> Result<(), Error> {
        let text = serde_json::to_vec(self).map_err(|e| Error::Defect(e.to_string()))?;
        files::write_whole(&path_in(dir), &text)
    }
}

pub(super) fn path_in(dir: &Path) -> PathBuf {
    dir.join("address.json")
}

/// Who serves the account in `data_dir`, and where. An address whose server is gone is [`Presence::Stale`].
///
/// # Errors
/// The directory cannot be read, or its address file is something else.
pub fn running(data_dir: &Path) -> Result<Presence, Error> {
    let path = path_in(data_dir);
    let held = Lock::is_held(data_dir)?;
    let text = files::read_private(&path)?;
    match (held, text) {
        (false, None) => Ok(Presence::Absent),
        (false, Some(_)) => Ok(Presence::Stale),
        (true, None) => Ok(Presence::Starting),
        (true, Some(text)) => {
            serde_json::from_str(&text).map(Presence::Serving).map_err(|e| Error::foreign(&path, e))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_counts_while_its_server_holds_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(running(dir.path()).unwrap(), Presence::Absent);
        let lock = Lock::take(dir.path()).unwrap().unwrap();
        assert_eq!(running(dir.path()).unwrap(), Presence::Starting);
        assert!(Lock::take(dir.path()).unwrap().is_none());
        let here = Addresses::of("127.0.0.1:8787".parse().unwrap(), &Keys::random().unwrap());
        here.write(dir.path()).unwrap();
        assert_eq!(running(dir.path()).unwrap(), Presence::Serving(here));
        drop(lock);
        assert_eq!(running(dir.path()).unwrap(), Presence::Stale);
    }

    #[test]
    fn the_line_has_the_seven_fields_in_order() {
        let keys = Keys { key_id: "PK".into(), secret_key: "S".into() };
        let line = serde_json::to_string(&Addresses::of("127.0.0.1:1".parse().unwrap(), &keys)).unwrap();
        let here = Addresses::of("127.0.0.1:1".parse().unwrap(), &keys);
        assert_eq!(here.desk_stream_url(), "ws://127.0.0.1:1/v2/desk");
        assert_eq!(here.crypto_desk_stream_url(), "ws://127.0.0.1:1/v1beta3/crypto/desk");
        assert_eq!(
            line,
            r#"{"trading_url":"http://127.0.0.1:1","trading_stream_url":"ws://127.0.0.1:1/stream","data_url":"http://127.0.0.1:1","data_stream_url":"ws://127.0.0.1:1/v2/iex","crypto_stream_url":"ws://127.0.0.1:1/v1beta3/crypto/us","key_id":"PK","secret_key":"S"}"#
        );
    }
}
