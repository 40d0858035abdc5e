//! What an algorithm in QuantConnect's cloud is watched and asked by.

use crate::{
    config::secret::Secret,
    domain::text::Text,
    transport::{self, backoff::Plan, tls},
};
use std::time::Duration;
use url::Url;

/// Where the API is (LEAN.md 3).
pub const API: &str = "https://www.quantconnect.com/api/v2";

/// Which project, and who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the API is: [`API`], or a server on this computer.
    pub api: Url,
    /// The number of the user.
    pub user_id: String,
    /// The user's token.
    pub token: Secret,
    /// The project whose live deployment it is.
    pub project: u64,
    /// The organization, for what is said to all of its algorithms at once.
    pub organization: Option<String>,
}

/// Why a cloud source can't be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address, or the connections to it.
    #[error(transparent)]
    Transport(#[from] transport::Error),
    /// QuantConnect numbers its users.
    #[error("`{0}` is no user of QuantConnect: it is the number on the account's page")]
    User(Text),
    /// There is none.
    #[error("the token of QuantConnect's API is empty")]
    Token,
    /// It numbers its projects from one.
    #[error("QuantConnect has no project 0")]
    Project,
    /// It would not pass through a request.
    #[error("`{0}` is no organization of QuantConnect: it is the id in its address, letters and digits")]
    Organization(Text),
}

impl Settings {
    /// Can it be used?
    ///
    /// # Errors
    /// An address that sends the hash in clear to another computer; a user, a token, a project or an organization that
    /// can't be one.
    pub fn check(&self) -> Result<(), Error> {
        tls::address(self.api.as_str(), tls::Scheme::Http)?;
        if !matches!(self.user_id.len(), 1..=20) || !self.user_id.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::User(Text::clean(&self.user_id)));
        }
        if self.token.is_empty() {
            return Err(Error::Token);
        }
        if self.project == 0 {
            return Err(Error::Project);
        }
        match &self.organization {
            Some(id) if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                Err(Error::Organization(Text::clean(id)))
            }
            _ => Ok(()),
        }
    }
}

/// How often it is asked. The vendor publishes no limits; others met 429 (LEAN.md 3, 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Between two requests of any kind.
    pub gap: Duration,
    /// Between two requests of one kind: the next page, or what the cloud was still preparing.
    pub again: Duration,
    /// How it is, with the figures of the moment.
    pub status: Duration,
    /// What it holds.
    pub portfolio: Duration,
    /// Its orders.
    pub orders: Duration,
    /// Its log.
    pub log: Duration,
    /// The chart of its equity.
    pub chart: Duration,
    /// The list of the project's deployments, for what they failed of.
    pub list: Duration,
    /// What it predicts, which nothing else waits for.
    pub insights: Duration,
    /// After a user, a token or a clock that was refused: asking sooner would not help.
    pub refused: Duration,
    /// After a 429, a 5xx and where it can't be reached.
    pub backoff: Plan,
    /// No wait that a 429 asks for is taken for longer.
    pub busy_max: Duration,
    /// A request's own time.
    pub read: Duration,
    /// An instruction's own time.
    pub ask: Duration,
    /// So old a portfolio may be when it is read (LEAN.md 3).
    pub delay_ms: i64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            gap: Duration::from_secs(1),
            again: Duration::from_secs(10),
            status: Duration::from_secs(20),
            portfolio: Duration::from_secs(60),
            orders: Duration::from_secs(60),
            log: Duration::from_secs(60),
            chart: Duration::from_secs(120),
            list: Duration::from_secs(180),
            insights: Duration::from_secs(180),
            refused: Duration::from_secs(60),
            backoff: Plan { base_ms: 10_000, cap_ms: 300_000, floor_ms: 5_000, held_ms: 60_000 },
            busy_max: Duration::from_secs(3_600),
            read: Duration::from_secs(20),
            ask: Duration::from_secs(25),
            delay_ms: 600_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(api: &str) -> Settings {
        Settings {
            api: Url::parse(api).unwrap(),
            user_id: "12345".to_owned(),
            token: Secret::new("canary-token".to_owned()),
            project: 777,
            organization: Some("0a1b".to_owned()),
        }
    }

    #[test]
    fn what_would_leak_or_ask_for_nothing_is_refused() {
        for api in [API, "http://127.0.0.1:5612/api/v2", "http://localhost:5612/api/v2/"] {
            assert!(settings(api).check().is_ok(), "{api}");
        }
        for api in ["http://www.quantconnect.com/api/v2", "https://u:p@host/", "ftp://host/"] {
            assert!(matches!(settings(api).check(), Err(Error::Transport(_))), "{api}");
        }
        let with = |change: fn(&mut Settings)| {
            let mut changed = settings(API);
            change(&mut changed);
            changed.check()
        };
        assert!(matches!(with(|s| s.user_id = "a:1".to_owned()), Err(Error::User(_))));
        assert!(matches!(with(|s| s.token = Secret::new(" ".to_owned())), Err(Error::Token)));
        assert!(matches!(with(|s| s.project = 0), Err(Error::Project)));
        assert!(matches!(with(|s| s.organization = Some("a/b".to_owned())), Err(Error::Organization(_))));
        assert!(!format!("{:?}", settings(API)).contains("canary"));
    }
}
