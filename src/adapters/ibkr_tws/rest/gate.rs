//! The one connection, shared by requests and the stream that makes it.

use crate::{adapters::ibkr_tws::config::Config, domain::text::Text};
use ibapi::{Client, Error as Theirs, subscriptions::NoticeStream};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// A gateway that accepts and is silent is given up after this.
const OPEN_WAIT: Duration = Duration::from_secs(10);

/// A connection that TWS has greeted.
pub struct Session {
    /// The client library's. It never connects again by itself: what a new connection is worth only the stream knows.
    pub client: Client,
    /// The accounts behind the login.
    pub accounts: Vec<String>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("server_version", &self.client.server_version())
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Connects.
    ///
    /// # Errors
    /// One sentence: what stands in the way and what would help.
    pub async fn open(config: &Config) -> Result<(Self, NoticeStream), Text> {
        let opening = Client::builder()
            .address(config.address.clone())
            .client_id(config.client_id)
            .max_reconnect_attempts(0)
            .one_shot_timeout(config.deadline)
            .connect_with_notice_stream();
        match tokio::time::timeout(OPEN_WAIT, opening).await {
            Ok(Ok((client, notices))) => {
                let accounts = client.handshake_managed_accounts();
                let accounts = accounts.iter().filter(|a| !a.is_empty()).cloned().collect();
                Ok((Self { client, accounts }, notices))
            }
            Ok(Err(error)) => Err(Text::clean(&in_the_way(config, &error))),
            Err(_) => Err(Text::from(format!(
                "{} takes the connection and says nothing: is it TWS or IB Gateway, and does it ask there whether to \
                 accept it?",
                config.address
            ))),
        }
    }
}

/// What stands in the way of a connection, in a sentence.
fn in_the_way(config: &Config, error: &Theirs) -> String {
    let address = &config.address;
    if let Theirs::ClientIdInUse { client_id } = error {
        return format!(
            "client id {client_id} is in use at {address} by another program, or by a session that TWS has not ended \
             yet: close it, or set another `client_id`"
        );
    }
    if let Theirs::ServerVersion(needed, actual, _) = error {
        return format!(
            "TWS or IB Gateway at {address} speaks version {actual} of its interface, {needed} is needed: install build \
             10.43 or later"
        );
    }
    if let Theirs::ConnectionRejected(why) = error {
        return format!(
            "{address} closed the connection ({why}): allow socket clients in its API settings, and this computer among \
             the trusted addresses"
        );
    }
    let is_nobody = |kind| kind == std::io::ErrorKind::ConnectionRefused;
    if matches!(error, Theirs::Io(why) if is_nobody(why.kind())) {
        return format!(
            "nobody listens at {address}: start TWS or IB Gateway, log in, and enable socket clients there"
        );
    }
    format!("{address}: {error}")
}

/// How the connection stands.
#[derive(Debug, Clone)]
enum Standing {
    /// There is none.
    Down(Text),
    /// There is one.
    Open(Arc<Session>),
    /// There is one, but TWS itself has lost IBKR's servers.
    Cut(Arc<Session>, Text),
}

/// Where requests find the connection.
#[derive(Debug)]
pub struct Gate(watch::Sender<Standing>);

impl Gate {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Standing::Down(Text::from("not connected yet"))))
    }

    /// There is a connection from now on.
    pub fn open(&self, session: Arc<Session>) {
        self.0.send_replace(Standing::Open(session));
    }

    /// TWS has lost IBKR's servers, or has them again.
    pub fn cut(&self, why: Option<Text>) {
        self.0.send_modify(|now| {
            if let Standing::Open(session) | Standing::Cut(session, _) = now {
                let session = Arc::clone(session);
                *now = match why {
                    Some(why) => Standing::Cut(session, why),
                    None => Standing::Open(session),
                };
            }
        });
    }

    /// There is none any more.
    pub fn close(&self, why: Text) {
        self.0.send_replace(Standing::Down(why));
    }

    /// For what opens or reduces: TWS would keep an order for IBKR's servers and send it later, at another price than
    /// anybody saw.
    ///
    /// # Errors
    /// Why there is none.
    pub fn for_orders(&self) -> Result<Arc<Session>, Text> {
        match &*self.0.borrow() {
            Standing::Open(session) => Ok(Arc::clone(session)),
            Standing::Down(why) | Standing::Cut(_, why) => Err(why.clone()),
        }
    }

    /// For cancels, which do no harm when they come late.
    ///
    /// # Errors
    /// Why there is none.
    pub fn for_cancels(&self) -> Result<Arc<Session>, Text> {
        match &*self.0.borrow() {
            Standing::Open(session) | Standing::Cut(session, _) => Ok(Arc::clone(session)),
            Standing::Down(why) => Err(why.clone()),
        }
    }

    /// Waits for it so long.
    ///
    /// # Errors
    /// Why there was none in all that time.
    pub async fn wait(&self, most: Duration) -> Result<Arc<Session>, Text> {
        let mut standing = self.0.subscribe();
        let open = standing.wait_for(|s| matches!(s, Standing::Open(_)));
        if let Ok(Ok(now)) = tokio::time::timeout(most, open).await
            && let Standing::Open(session) = &*now
        {
            return Ok(Arc::clone(session));
        }
        self.for_orders()
    }
}
