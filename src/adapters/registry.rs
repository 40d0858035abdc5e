//! Which adapter serves which kind of venue. A new venue is a row here and a folder beside.

use super::{
    Error,
    alpaca::{Alpaca, config},
};
use crate::{
    broker::Broker,
    clock::Clock,
    config::{Credentials, Environment, VenueConfig, VenueKind},
    domain::report,
    transport::tls::{Tls, is_loopback},
};
use std::sync::Arc;
use url::Url;

type Opened = Result<Arc<dyn Broker>, Error>;
type Open = fn(&VenueConfig, Credentials, &Tls, Arc<dyn Clock>) -> Opened;

const ADAPTERS: &[(VenueKind, Open)] = &[(VenueKind::Paper, open_paper), (VenueKind::Alpaca, open_alpaca)];

/// Sets a venue up. Nothing is sent yet. For the embedded paper venue, `venue` holds the addresses and
/// `credentials` the keys under which it was started.
///
/// # Errors
/// When there is no adapter for its kind, the settings contradict each other, or an address can't be used.
pub fn open(venue: &VenueConfig, credentials: Credentials, tls: &Tls, clock: Arc<dyn Clock>) -> Opened {
    match ADAPTERS.iter().find(|(kind, _)| *kind == venue.kind) {
        Some((_, open)) => open(venue, credentials, tls, clock),
        None => Err(Error::Settings {
            venue: venue.name.clone(),
            why: format!("{} is not in this version yet; write \"paper\" or \"alpaca\"", venue.kind.title()),
        }),
    }
}

/// The embedded venue is on this computer or nowhere.
fn open_paper(venue: &VenueConfig, credentials: Credentials, tls: &Tls, clock: Arc<dyn Clock>) -> Opened {
    let a = &venue.addresses;
    let all = [&a.trading_url, &a.trading_stream_url, &a.data_url, &a.data_stream_url, &a.crypto_stream_url];
    let is_here = a.trading_url.is_some() && all.into_iter().flatten().all(is_loopback);
    if !is_here || venue.environment != Environment::Paper {
        let why = "the embedded paper venue is on this computer and never live".to_owned();
        return Err(Error::Settings { venue: venue.name.clone(), why });
    }
    open_alpaca(venue, credentials, tls, clock)
}

fn open_alpaca(venue: &VenueConfig, credentials: Credentials, tls: &Tls, clock: Arc<dyn Clock>) -> Opened {
    let text = |url: &Option<Url>| url.as_ref().map(Url::to_string);
    let a = &venue.addresses;
    let settings = config::Settings {
        environment: Some(match venue.environment {
            Environment::Paper => report::Environment::Paper,
            Environment::Live => report::Environment::Live,
        }),
        trading_url: text(&a.trading_url),
        trading_stream_url: text(&a.trading_stream_url),
        data_url: text(&a.data_url),
        data_stream_url: text(&a.data_stream_url),
        crypto_stream_url: text(&a.crypto_stream_url),
        key_id: Some(credentials.key_id),
        secret_key: Some(credentials.secret_key),
        deadline: None,
    };
    Ok(Arc::new(Alpaca::new(config::Config::new(venue.name.clone(), settings)?, tls, clock)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Manual,
        config::{Addresses, Secret, VenueState, credentials::Source},
        domain::{ids::VenueId, limits::Limits},
    };

    fn opened(kind: VenueKind, environment: Environment, url: Option<&str>) -> Opened {
        let venue = VenueConfig {
            kind,
            environment,
            addresses: Addresses { trading_url: url.map(|u| u.parse().unwrap()), ..Addresses::default() },
            ..VenueConfig::embedded(VenueId::new("mine").unwrap(), Limits::default())
        };
        let secret = || Secret::new("PK1".to_owned());
        let credentials = Credentials { key_id: secret(), secret_key: secret(), source: Source::Inline };
        open(&venue, credentials, &Tls::with_native_roots(None).unwrap(), Arc::new(Manual::default()))
    }

    #[test]
    fn every_usable_kind_has_an_adapter_and_the_others_say_so() {
        let here = Some("http://127.0.0.1:8787");
        for kind in VenueKind::ALL {
            let opened = opened(*kind, Environment::Paper, here);
            assert_eq!(opened.is_ok(), kind.state() == VenueState::Usable, "{kind:?}");
        }
        let said = opened(VenueKind::Kraken, Environment::Paper, here).unwrap_err().to_string();
        assert_eq!(said, "venue mine: Kraken is not in this version yet; write \"paper\" or \"alpaca\"");
    }

    #[test]
    fn the_embedded_venue_reaches_nothing_but_this_computer() {
        let paper = VenueKind::Paper;
        assert!(opened(paper, Environment::Paper, None).is_err());
        assert!(opened(paper, Environment::Paper, Some("https://paper-api.alpaca.markets")).is_err());
        assert!(opened(paper, Environment::Live, Some("https://api.alpaca.markets")).is_err());
        assert!(opened(VenueKind::Alpaca, Environment::Live, None).is_ok());
    }
}
