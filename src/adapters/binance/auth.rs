//! How Binance is told who is asking: the key in a header, and the parameters signed. Requests are percent-encoded
//! before they are signed (since 2026-01-15 the other order is refused); the websocket API signs the plain text of
//! the parameters in the order of their names.

use super::config::Config;
use crate::transport::{Error, rest::secret_header, sign::Key};
use http::{HeaderMap, HeaderName};

const API_KEY: HeaderName = HeaderName::from_static("x-mbx-apikey");
/// How late a request may reach the matching engine, milliseconds: the vendor's default, written out.
const RECV_WINDOW_MS: u32 = 5_000;

/// Parameters in the order in which they are sent.
pub type Params = Vec<(&'static str, String)>;

/// The header of every request.
///
/// # Errors
/// When the key has characters that no header can carry.
pub fn headers(config: &Config) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(API_KEY, secret_header(&config.key_id)?);
    Ok(headers)
}

/// The parameters as a query.
pub fn query(params: &[(&'static str, String)]) -> String {
    let mut out = String::new();
    for (name, value) in params {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        put_encoded(value, &mut out);
    }
    out
}

/// The parameters as a signed query.
///
/// # Errors
/// When the key can't sign.
pub fn signed_query(params: &[(&'static str, String)], key: &Key, at_ms: i64) -> Result<String, Error> {
    let mut out = query(params);
    if !out.is_empty() {
        out.push('&');
    }
    out.push_str("recvWindow=");
    out.push_str(&RECV_WINDOW_MS.to_string());
    out.push_str("&timestamp=");
    out.push_str(&at_ms.to_string());
    let signature = key.sign(out.as_bytes())?;
    out.push_str("&signature=");
    put_encoded(&signature, &mut out);
    Ok(out)
}

/// The request for order news on the websocket API. It takes any kind of key.
///
/// # Errors
/// When the key can't sign.
pub fn subscription(config: &Config, key: &Key, at_ms: i64) -> Result<String, Error> {
    let api_key = config.key_id.expose();
    let payload = format!("apiKey={api_key}&recvWindow={RECV_WINDOW_MS}&timestamp={at_ms}");
    let signature = key.sign(payload.as_bytes())?;
    let quoted = |text: &str| serde_json::to_string(text).map_err(|e| Error::Settings(e.to_string()));
    Ok(format!(
        r#"{{"id":"news","method":"userDataStream.subscribe.signature","params":{{"apiKey":{},"recvWindow":{RECV_WINDOW_MS},"timestamp":{at_ms},"signature":{}}}}}"#,
        quoted(api_key)?,
        quoted(&signature)?
    ))
}

/// RFC 3986: all but the unreserved.
fn put_encoded(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            let digit = |n: u8| char::from_digit(u32::from(n), 16).map(|c| c.to_ascii_uppercase());
            out.extend([digit(byte >> 4), digit(byte & 15)].into_iter().flatten());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::secret::Secret;

    #[test]
    fn what_is_signed_is_what_is_sent() {
        let key = Key::read(&Secret::new("secret".to_owned())).unwrap();
        let params =
            vec![("symbol", "１２".to_owned()), ("price", "0.1".to_owned()), ("x", "a b+/=&".to_owned())];
        let query = signed_query(&params, &key, 1_499_827_319_559).unwrap();
        let (payload, signature) = query.split_once("&signature=").unwrap();
        assert_eq!(
            payload,
            "symbol=%EF%BC%91%EF%BC%92&price=0.1&x=a%20b%2B%2F%3D%26&recvWindow=5000&timestamp=1499827319559"
        );
        assert_eq!(signature, key.sign(payload.as_bytes()).unwrap());
        let alone = signed_query(&[], &key, 7).unwrap();
        assert!(alone.starts_with("recvWindow=5000&timestamp=7&signature="), "{alone}");
    }
}
