//! What a user may set of a venue, before its adapter has checked it.

use crate::{
    config::{own::Own, secret::Secret},
    domain::report::Environment,
};
use smol_str::SmolStr;
use std::{collections::BTreeMap, time::Duration};

/// What a user may set. What is left out is the venue's own address; but where the trading address is on this
/// computer, everything is there.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Paper or live. Nothing is guessed from an address.
    pub environment: Option<Environment>,
    /// Requests about orders and the account, without the version.
    pub trading_url: Option<String>,
    /// Order news.
    pub trading_stream_url: Option<String>,
    /// Requests about the market, without the version, where they go elsewhere.
    pub data_url: Option<String>,
    /// Market news.
    pub data_stream_url: Option<String>,
    /// Market news of coins, where they come from elsewhere.
    pub crypto_stream_url: Option<String>,
    /// What the account is kept in, where the venue leaves that open.
    pub currency: Option<String>,
    /// The key.
    pub key_id: Option<Secret>,
    /// Its secret, or a private key in PEM.
    pub secret_key: Option<Secret>,
    /// What only its kind has, by the names of the configuration.
    pub own: BTreeMap<SmolStr, Own>,
    /// This run stands beside the one that holds the accounts: a shell command.
    pub is_guest: bool,
    /// After this a request counts as unanswered.
    pub deadline: Option<Duration>,
}
