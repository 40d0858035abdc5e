//! Where the gateway is, which account is meant, and what may be answered for the trader. The gateway runs on this
//! computer and nowhere else; whether money is real the venue says, since one address serves both.

use super::map::questions::Answers;
use crate::{
    adapters::{Error, Settings},
    config::own::Own,
    domain::{
        ids::{AccountId, VenueId},
        report::Environment,
    },
    transport::tls::{Scheme, address, is_loopback},
};
use std::{collections::BTreeMap, time::Duration};
use url::Url;

/// The whole talk about one order, questions included, may take so long.
const DEADLINE: Duration = Duration::from_secs(8);
/// Where the gateway listens unless its own settings say otherwise.
const HERE: &str = "https://127.0.0.1:5000/v1/api";
/// A certificate is no larger.
const PEM_BYTES_MAX: usize = 64 * 1024;

/// Settings that have been checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its name.
    pub venue: VenueId,
    /// What the user says it is.
    pub environment: Environment,
    /// Requests.
    pub rest: Url,
    /// The websocket.
    pub socket: Url,
    /// The gateway's own certificate, in PEM.
    pub certificate: Option<Vec<u8>>,
    /// Which account, where the user has several.
    pub account: Option<AccountId>,
    /// End another program's session to open ours?
    pub compete: bool,
    /// What the venue's questions are answered, by their kind.
    pub answers: Answers,
    /// Are all questions about orders that only reduce answered yes?
    pub answer_exits: bool,
    /// After this a request counts as unanswered.
    pub deadline: Duration,
}

impl Config {
    /// Checks `settings`.
    ///
    /// # Errors
    /// An address that is not on this computer, a certificate that is missing or can't be read, an answer that is
    /// neither yes nor no.
    pub fn new(venue: VenueId, settings: Settings) -> Result<Self, Error> {
        let wrong = |why: String| Error::Settings { venue: venue.clone(), why };
        let Some(environment) = settings.environment else {
            return Err(wrong("`environment` is missing; write \"paper\" or \"live\"".to_owned()));
        };
        if settings.key_id.is_some() || settings.secret_key.is_some() {
            return Err(wrong("a person logs in to the gateway with a browser; remove the key".to_owned()));
        }
        let here = |name: &str, text: &str, scheme| {
            let url =
                address(text, scheme).map_err(|source| Error::Transport { venue: venue.clone(), source })?;
            if is_loopback(&url) {
                return Ok(url);
            }
            Err(wrong(format!(
                "`{name}` is not on this computer: the gateway runs beside the program, and its certificate proves nothing elsewhere"
            )))
        };
        let rest = here("trading_url", settings.trading_url.as_deref().unwrap_or(HERE), Scheme::Http)?;
        let beside = beside(&rest);
        let socket = settings.trading_stream_url.as_deref().unwrap_or(&beside);
        let socket = here("trading_stream_url", socket, Scheme::Websocket)?;
        let own = Mine { own: settings.own, venue: venue.clone() };
        let certificate = own.certificate()?;
        let is_encrypted = rest.scheme() == "https" || socket.scheme() == "wss";
        if is_encrypted && certificate.is_none() {
            return Err(wrong(
                "`certificate` is missing: write the path of the gateway's own certificate (PEM), which is then the only one that is trusted"
                    .to_owned(),
            ));
        }
        Ok(Self {
            environment,
            rest,
            socket,
            certificate,
            account: own.account()?,
            compete: own.flag("compete")?,
            answers: own.answers()?,
            answer_exits: own.flag("answer_exits")?,
            deadline: settings.deadline.unwrap_or(DEADLINE),
            venue,
        })
    }

    /// Where a person logs in.
    pub fn login(&self) -> String {
        format!("{}://{}", self.rest.scheme(), self.rest.authority())
    }
}

/// The websocket's address below that of requests.
fn beside(rest: &Url) -> String {
    let scheme = if rest.scheme() == "https" { "wss" } else { "ws" };
    format!("{scheme}://{}{}/ws", rest.authority(), rest.path().trim_end_matches('/'))
}

/// What only this kind of venue has.
struct Mine {
    own: BTreeMap<smol_str::SmolStr, Own>,
    venue: VenueId,
}

impl Mine {
    fn wrong(&self, why: String) -> Error {
        Error::Settings { venue: self.venue.clone(), why }
    }

    fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.own.get(name) {
            None => Ok(false),
            Some(Own::Flag(is)) => Ok(*is),
            Some(_) => Err(self.wrong(format!("`{name}` is true or false"))),
        }
    }

    fn account(&self) -> Result<Option<AccountId>, Error> {
        match self.own.get("account") {
            None => Ok(None),
            Some(Own::Text(text)) => {
                AccountId::new(text).map(Some).map_err(|e| self.wrong(format!("`account`: {e}")))
            }
            Some(_) => Err(self.wrong("`account` is a text such as \"DU1234567\"".to_owned())),
        }
    }

    fn certificate(&self) -> Result<Option<Vec<u8>>, Error> {
        let path = match self.own.get("certificate") {
            None => return Ok(None),
            Some(Own::Path(path)) => path,
            Some(_) => return Err(self.wrong("`certificate` is the path of a file".to_owned())),
        };
        let shown = path.display();
        let pem = std::fs::read(path).map_err(|e| self.wrong(format!("`certificate`: {shown}: {e}")))?;
        if pem.len() > PEM_BYTES_MAX {
            return Err(self.wrong(format!("`certificate`: {shown} is too large for a certificate")));
        }
        Ok(Some(pem))
    }

    /// A kind of question that nobody could mean is a mistake worth a sentence: it would be left out in silence.
    fn answers(&self) -> Result<Answers, Error> {
        let words = match self.own.get("answers") {
            None => return Ok(Answers::new()),
            Some(Own::Words(words)) => words,
            Some(_) => return Err(self.wrong("`answers` is a list such as { o354 = \"yes\" }".to_owned())),
        };
        let mut all = Answers::new();
        for (id, word) in words {
            let is_yes = match word.as_str() {
                "yes" => true,
                "no" => false,
                _ => return Err(self.wrong(format!("answers.{id} is \"yes\" or \"no\""))),
            };
            let is_kind = id.len() >= 2
                && id.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
                && id.bytes().skip(1).all(|b| b.is_ascii_digit());
            if !is_kind {
                return Err(self.wrong(format!(
                    "answers.{id} is the kind of no question: they are a letter and a number, such as o354"
                )));
            }
            all.insert(id.to_string(), is_yes);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smol_str::SmolStr;

    fn config(change: impl Fn(&mut Settings)) -> Result<Config, Error> {
        let mut settings = Settings {
            environment: Some(Environment::Paper),
            trading_url: Some("http://127.0.0.1:5000/v1/api".to_owned()),
            ..Settings::default()
        };
        change(&mut settings);
        Config::new(VenueId::new("ib").unwrap(), settings)
    }
    fn own(s: &mut Settings, name: &'static str, value: Own) {
        s.own.insert(SmolStr::new_static(name), value);
    }
    fn words(s: &mut Settings, id: &str, word: &str) {
        own(s, "answers", Own::Words(BTreeMap::from([(SmolStr::new(id), SmolStr::new(word))])));
    }

    #[test]
    fn the_websocket_is_below_the_requests() {
        let config = config(|s| words(s, "o354", "yes")).unwrap();
        assert_eq!(config.socket.as_str(), "ws://127.0.0.1:5000/v1/api/ws");
        assert_eq!(config.login(), "http://127.0.0.1:5000");
        assert_eq!(config.answers.get("o354"), Some(&true));
    }

    #[test]
    fn each_mistake_has_its_sentence() {
        type Change = fn(&mut Settings);
        let cases: [(Change, &str); 10] = [
            (|s| s.environment = None, "`environment` is missing"),
            (|s| s.trading_url = None, "`certificate` is missing"),
            (|s| s.trading_url = Some("https://api.ibkr.com/v1/api".into()), "not on this computer"),
            (|s| s.trading_url = Some("http://api.ibkr.com/v1/api".into()), "use https"),
            (|s| s.trading_stream_url = Some("wss://api.ibkr.com/v1/api/ws".into()), "not on this computer"),
            (|s| own(s, "certificate", Own::Path("/nowhere/gateway.pem".into())), "/nowhere/gateway.pem"),
            (|s| own(s, "account", Own::Flag(true)), "`account` is a text"),
            (|s| words(s, "o354", "maybe"), "answers.o354 is \"yes\" or \"no\""),
            (|s| words(s, "price", "yes"), "the kind of no question"),
            (
                |s| s.key_id = Some(crate::config::secret::Secret::new("canary".to_owned())),
                "logs in to the gateway with a browser",
            ),
        ];
        for (change, why) in cases {
            let said = config(change).unwrap_err().to_string();
            assert!(said.starts_with("venue ib: ") && said.contains(why), "{said}");
            assert!(!said.contains("canary"));
        }
    }
}
