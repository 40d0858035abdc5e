//! Where TWS or IB Gateway listens, as which program, for which account.

use crate::{
    adapters::{Error, Settings},
    config::own::Own,
    domain::{ids::VenueId, report::Environment},
};
use std::{net::SocketAddr, time::Duration};

/// A gateway that is well answers within a second; one that is not is better asked again than waited for.
const DEADLINE: Duration = Duration::from_secs(5);
/// Where IB Gateway listens for a paper account when nobody has changed it. By number: `localhost` may be another address
/// than the one that it listens at.
const PAPER_ADDRESS: &str = "127.0.0.1:4002";
/// The same for real money.
const LIVE_ADDRESS: &str = "127.0.0.1:4001";
/// Not 0, which is TWS itself: orders that a person enters there would be taken for this program's.
const CLIENT_ID: i32 = 7;

/// Settings that have been checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its name.
    pub venue: VenueId,
    /// What the user says it is. The account's number must agree.
    pub environment: Environment,
    /// Where it listens.
    pub address: String,
    port: u16,
    /// Which program this is there: orders belong to the number that sent them.
    pub client_id: i32,
    /// Which account, where the login has several.
    pub account: Option<String>,
    /// After this a request counts as unanswered.
    pub deadline: Duration,
}

impl Config {
    /// Checks settings.
    ///
    /// # Errors
    /// A sentence: what was given, what would be right.
    pub fn new(venue: VenueId, settings: Settings) -> Result<Self, Error> {
        let wrong = |why: String| Error::Settings { venue: venue.clone(), why };
        let environment = settings
            .environment
            .ok_or_else(|| wrong("say which it is: environment = \"paper\" or \"live\"".to_owned()))?;
        for (name, given) in [
            ("trading_url", settings.trading_url.is_some()),
            ("trading_stream_url", settings.trading_stream_url.is_some()),
            ("data_url", settings.data_url.is_some()),
            ("data_stream_url", settings.data_stream_url.is_some()),
            ("crypto_stream_url", settings.crypto_stream_url.is_some()),
        ] {
            if given {
                let why = format!("`{name}` does not belong here: TWS and IB Gateway have one `address`");
                return Err(wrong(why));
            }
        }
        let text = |name: &str| match settings.own.get(name) {
            None => Ok(None),
            Some(Own::Text(text)) => Ok(Some(text.to_string())),
            Some(other) => Err(wrong(format!("`{name}` is a text, not {other:?}"))),
        };
        let usual = if environment == Environment::Live { LIVE_ADDRESS } else { PAPER_ADDRESS };
        let address = text("address")?.unwrap_or_else(|| usual.to_owned());
        let port = port_of(&address).ok_or_else(|| {
            let why = "write one of this computer with a port, as in \"127.0.0.1:4002\": the gateway's connection is not \
                       encrypted, and one on another machine is reached through a tunnel";
            wrong(format!("`{address}` can't be the gateway's address; {why}"))
        })?;
        let client_id = match settings.own.get("client_id") {
            None => Ok(CLIENT_ID),
            Some(Own::Whole(0)) => {
                let why = "client_id = 0 is TWS itself, whose orders a person enters; write another number";
                return Err(wrong(why.to_owned()));
            }
            Some(Own::Whole(id)) => i32::try_from(*id).map_err(|_| *id),
            Some(other) => return Err(wrong(format!("`client_id` is a whole number, not {other:?}"))),
        };
        // A number admits one connection: a shell command comes with the next, so that it works beside a dashboard.
        let client_id = client_id
            .and_then(|id| id.checked_add(i32::from(settings.is_guest)).ok_or(u64::from(id.unsigned_abs())))
            .map_err(|id| wrong(format!("client_id = {id} is too large; write one below {}", i32::MAX)))?;
        let account = text("account")?;
        Ok(Self {
            environment,
            address,
            port,
            client_id,
            account,
            deadline: settings.deadline.unwrap_or(DEADLINE),
            venue,
        })
    }

    /// The port of the address.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

/// Of an address of this computer.
fn port_of(address: &str) -> Option<u16> {
    let port = match address.parse::<SocketAddr>() {
        Ok(at) if at.ip().is_loopback() => at.port(),
        Ok(_) => return None,
        Err(_) => address.strip_prefix("localhost:")?.parse().ok()?,
    };
    Some(port).filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use smol_str::SmolStr;

    fn read(own: &[(&str, Own)], environment: Option<Environment>) -> Result<Config, Error> {
        let own = own.iter().map(|(name, value)| (SmolStr::new(name), value.clone())).collect();
        Config::new(VenueId::new("ib").unwrap(), Settings { environment, own, ..Settings::default() })
    }
    fn said(own: &[(&str, Own)]) -> String {
        read(own, Some(Environment::Paper)).unwrap_err().to_string()
    }

    #[test]
    fn what_is_left_out_is_as_it_is_installed() {
        let paper = read(&[], Some(Environment::Paper)).unwrap();
        assert_eq!((paper.address.as_str(), paper.client_id, paper.account), ("127.0.0.1:4002", 7, None));
        let live = read(&[], Some(Environment::Live)).unwrap();
        assert_eq!((live.address.as_str(), live.port()), ("127.0.0.1:4001", 4_001));
        assert!(read(&[], None).unwrap_err().to_string().contains("environment"));
    }

    #[test]
    fn a_shell_command_is_the_next_program_at_the_gateway() {
        let settings =
            Settings { environment: Some(Environment::Paper), is_guest: true, ..Settings::default() };
        let guest = Config::new(VenueId::new("ib").unwrap(), settings).unwrap();
        assert_eq!(guest.client_id, 8);
    }

    #[test]
    fn each_setting_is_checked_with_a_sentence() {
        let text = |t: &str| Own::Text(SmolStr::new(t));
        for good in ["127.0.0.1:7497", "[::1]:4002", "localhost:4001"] {
            assert!(read(&[("address", text(good))], Some(Environment::Paper)).is_ok(), "{good}");
        }
        for bad in [
            "127.0.0.1",
            "127.0.0.1:0",
            ":4002",
            "http://127.0.0.1:4002",
            "gateway.lan:4002",
            "10.0.0.2:4002",
        ] {
            assert!(said(&[("address", text(bad))]).contains("one of this computer with a port"), "{bad}");
        }
        assert!(said(&[("client_id", Own::Whole(0))]).contains("TWS itself"));
        assert!(said(&[("client_id", Own::Whole(3_000_000_000))]).contains("too large"));
        assert!(said(&[("client_id", Own::Flag(true))]).contains("whole number"));
        assert!(said(&[("account", Own::Whole(1))]).contains("is a text"));
        let settings = Settings {
            environment: Some(Environment::Paper),
            trading_url: Some("https://x".into()),
            ..Settings::default()
        };
        let why = Config::new(VenueId::new("ib").unwrap(), settings).unwrap_err().to_string();
        assert!(why.contains("one `address`"), "{why}");
    }
}
