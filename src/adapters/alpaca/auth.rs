//! How Alpaca is told who is asking: two headers on requests, one message on each stream. Nothing is signed
//! and nothing expires.

use super::config::Config;
use crate::transport::{Error, rest::secret_header};
use http::{HeaderMap, HeaderName};
use serde::Serialize;

const KEY_ID: HeaderName = HeaderName::from_static("apca-api-key-id");
const SECRET_KEY: HeaderName = HeaderName::from_static("apca-api-secret-key");

/// The headers of every request.
///
/// # Errors
/// When a key has characters that no header can carry.
pub fn headers(config: &Config) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(KEY_ID, secret_header(&config.key_id)?);
    headers.insert(SECRET_KEY, secret_header(&config.secret_key)?);
    Ok(headers)
}

#[derive(Serialize)]
struct TradingLogin<'a> {
    action: &'static str,
    data: TradingKeys<'a>,
}

#[derive(Serialize)]
struct TradingKeys<'a> {
    key_id: &'a str,
    secret_key: &'a str,
}

#[derive(Serialize)]
struct DataLogin<'a> {
    action: &'static str,
    key: &'a str,
    secret: &'a str,
}

/// The first message on the stream of order news.
///
/// # Errors
/// Never in practice: two strings always make JSON.
pub fn trading_login(config: &Config) -> Result<String, serde_json::Error> {
    let data = TradingKeys { key_id: config.key_id.expose(), secret_key: config.secret_key.expose() };
    serde_json::to_string(&TradingLogin { action: "authenticate", data })
}

/// The first message on a stream of market news.
///
/// # Errors
/// Never in practice: two strings always make JSON.
pub fn data_login(config: &Config) -> Result<String, serde_json::Error> {
    let (key, secret) = (config.key_id.expose(), config.secret_key.expose());
    serde_json::to_string(&DataLogin { action: "auth", key, secret })
}
