//! How the gateway and this program know each other. The gateway is logged in to with a browser, so that no password and
//! no key is here; it shows a certificate of its own making, of which the user has pinned a copy. Its websocket is told
//! the session that a request brought.

use super::config::Config;
use crate::{
    adapters::Error,
    transport::{rest::secret_header, tls::Tls},
};
use http::{HeaderMap, header::COOKIE};

/// The connection's trust: in the pinned certificate alone, where one is set.
///
/// # Errors
/// When the file holds no certificate.
pub fn trust(config: &Config, usual: &Tls) -> Result<Tls, Error> {
    match &config.certificate {
        None => Ok(usual.clone()),
        Some(pem) => {
            Tls::pinned(pem).map_err(|source| Error::Transport { venue: config.venue.clone(), source })
        }
    }
}

/// What the websocket is opened with: the vendor's cookie of the session.
///
/// # Errors
/// When the session can't stand in a header.
pub fn socket_headers(session: &str) -> Result<HeaderMap, crate::transport::Error> {
    let mut headers = HeaderMap::new();
    let cookie = crate::config::secret::Secret::new(format!("api={session}"));
    headers.insert(COOKIE, secret_header(&cookie)?);
    Ok(headers)
}
