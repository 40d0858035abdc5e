//! From the configuration of an account to what its adapter is opened with.

use crate::{
    adapters::{Settings, registry},
    config::{Env, Environment as Configured, VenueConfig, resolve, secret::Secret},
    domain::report::Environment,
    paper::server::Addresses,
};

/// Paper or live.
pub(super) const fn environment(configured: Configured) -> Environment {
    match configured {
        Configured::Paper => Environment::Paper,
        Configured::Live => Environment::Live,
    }
}

/// The embedded venue, by the addresses that it serves.
pub(super) fn of_addresses(addresses: Addresses) -> Settings {
    // The feeds that are shared: Alpaca's own admit one connection, which is left to the user's programs.
    let (stocks, coins) = (addresses.desk_stream_url(), addresses.crypto_desk_stream_url());
    Settings {
        environment: Some(Environment::Paper),
        trading_url: Some(addresses.trading_url),
        trading_stream_url: Some(addresses.trading_stream_url),
        data_url: Some(addresses.data_url),
        data_stream_url: Some(stocks),
        crypto_stream_url: Some(coins),
        key_id: Some(Secret::new(addresses.key_id)),
        secret_key: Some(Secret::new(addresses.secret_key)),
        ..Settings::default()
    }
}

/// An account, with its credentials.
///
/// # Errors
/// They can't be had.
pub(super) fn of_config(venue: &VenueConfig, env: &Env) -> anyhow::Result<Settings> {
    let credentials = match registry::row(venue.kind) {
        Some(row) if !row.takes_key => None,
        Some(_) | None => Some(resolve(venue, env)?),
    };
    let (key_id, secret_key) = credentials.map(|c| (c.key_id, c.secret_key)).unzip();
    let text = |url: &Option<url::Url>| url.as_ref().map(|u| u.as_str().trim_end_matches('/').to_owned());
    Ok(Settings {
        environment: Some(environment(venue.environment)),
        trading_url: text(&venue.addresses.trading_url),
        trading_stream_url: text(&venue.addresses.trading_stream_url),
        data_url: text(&venue.addresses.data_url),
        data_stream_url: text(&venue.addresses.data_stream_url),
        crypto_stream_url: text(&venue.addresses.crypto_stream_url),
        currency: venue.currency.as_ref().map(ToString::to_string),
        key_id,
        secret_key,
        own: venue.own.clone(),
        ..Settings::default()
    })
}
