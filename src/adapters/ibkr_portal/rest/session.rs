//! The session. There are two: the outer one, which the browser opened, and inside it the brokerage session, of which a
//! user has only one in all of the venue's programs. The outer one outlives the inner one, so that a gateway which answers
//! may still place no order.

use super::{Api, Kind, post};
use crate::{
    adapters::ibkr_portal::wire::{
        Accounts, AuthStatus, PortfolioAccount, Tickle, Validated,
        sent::{Init, Nothing, Switch},
    },
    broker::{Fault, Proof},
    domain::{ids::AccountId, report::Environment, text::Text},
    transport::{
        limit::Class,
        rest::{Answer, Call},
    },
};
use std::time::Duration;

/// After opening a session it is asked so often whether it stands …
const LOOKS: usize = 3;
/// … with such a pause.
const PAUSE: Duration = Duration::from_millis(500);

/// A session in which orders can be placed.
#[derive(Debug, Clone)]
pub struct Up {
    /// Whose orders they are.
    pub account: AccountId,
    /// The venue's own word of play money.
    pub is_paper: Option<bool>,
    /// Why the account takes no orders of ours.
    pub blocked: Option<Text>,
}

/// The last session that was opened. Whose account it is stays known when it is lost: news may come meanwhile.
#[derive(Debug)]
pub(super) struct Opened {
    up: Up,
    stands: bool,
}

impl Api {
    /// The session, opened where it is not.
    ///
    /// # Errors
    /// The sentence that says what a person has to do.
    pub async fn up(&self, class: Class) -> Result<Up, Fault> {
        if let Some(up) = self.standing() {
            return Ok(up);
        }
        let _opening = self.opening.lock().await;
        // Who came first has opened it.
        if let Some(up) = self.standing() {
            return Ok(up);
        }
        let up = self.open(class).await?;
        self.session.send_replace(Some(Opened { up: up.clone(), stands: true }));
        Ok(up)
    }

    fn standing(&self) -> Option<Up> {
        self.session.borrow().as_ref().filter(|last| last.stands).map(|last| last.up.clone())
    }

    /// The account of the last session, once there was one.
    pub fn account(&self) -> Option<String> {
        self.session.borrow().as_ref().map(|last| last.up.account.as_str().to_owned())
    }

    /// The session is gone: the next request opens it again. Who is just opening it goes on.
    pub fn forget_session(&self) {
        self.session.send_modify(|last| {
            if let Some(last) = last {
                last.stands = false;
            }
        });
    }

    async fn open(&self, class: Class) -> Result<Up, Fault> {
        let status = self.status(class).await?;
        if !is_up(&status) {
            self.open_brokerage(class).await?;
        }
        // The vendor wants both of these before orders and before positions.
        let answer = self.ask_outside(class, Kind::Usual, Call::get(&["iserver", "accounts"])).await?;
        let told: Accounts = self.read(&answer)?;
        let account = self.choose(&told)?;
        if told.selected_account.as_deref().is_some_and(|selected| selected != account.as_str()) {
            let call = post(&["iserver", "account"], &Switch { acct_id: account.as_str() });
            self.ask_outside(class, Kind::Usual, call.map_err(|e| self.unreadable(e))?).await?;
        }
        let answer = self.ask_outside(class, Kind::Accounts, Call::get(&["portfolio", "accounts"])).await?;
        let rows: Vec<PortfolioAccount> = self.read(&answer)?;
        let own = rows.iter().find(|row| row.account_id.as_deref() == Some(account.as_str()));
        let own =
            own.ok_or_else(|| self.refused(format!("it shows no portfolio of account {}", account.tail())))?;
        let blocked = own.no_client_trading.then(|| {
            Text::from("the account takes no orders of its owner (noClientTrading), so it is read-only here")
        });
        Ok(Up { account, is_paper: told.is_paper, blocked })
    }

    async fn status(&self, class: Class) -> Result<AuthStatus, Fault> {
        let call = post(&["iserver", "auth", "status"], &Nothing {}).map_err(|e| self.unreadable(e))?;
        let answer = self.ask_outside(class, Kind::Usual, call).await?;
        self.read(&answer)
    }

    async fn open_brokerage(&self, class: Class) -> Result<(), Fault> {
        let init = Init { publish: true, compete: self.config.compete };
        let call = post(&["iserver", "auth", "ssodh", "init"], &init).map_err(|e| self.unreadable(e))?;
        let answer = self.ask_outside(class, Kind::Usual, call).await?;
        let mut status: AuthStatus = self.read(&answer)?;
        for _ in 0..LOOKS {
            if is_up(&status) {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
            status = self.status(class).await?;
        }
        if is_up(&status) { Ok(()) } else { Err(self.refused(self.lost(&status))) }
    }

    /// Why no order can be placed, and what would help.
    pub fn lost(&self, status: &AuthStatus) -> Text {
        let told = status.fail.as_deref().or(status.message.as_deref()).map(Text::clean);
        let told = told.map(|text| format!(" (it says: {text})")).unwrap_or_default();
        let login = self.config.login();
        Text::from(if status.competing {
            format!(
                "another program of the same user holds the brokerage session (TWS, a phone, another gateway){told}; close it there, or write compete = true, which ends it"
            )
        } else if status.connected {
            format!(
                "the gateway has lost the brokerage session{told}; log in to it with a browser at {login}"
            )
        } else {
            format!(
                "the gateway is not connected to Interactive Brokers{told}; log in to it with a browser at {login}"
            )
        })
    }

    /// The configured account, or the only one.
    fn choose(&self, told: &Accounts) -> Result<AccountId, Fault> {
        let ids: Vec<&str> = told.accounts.iter().map(String::as_str).filter(|id| *id != "All").collect();
        let chosen = match (&self.config.account, ids.as_slice()) {
            (Some(wanted), ids) => ids.iter().find(|id| **id == wanted.as_str()).copied(),
            (None, [one]) => Some(*one),
            (None, _) => None,
        };
        let tails = || {
            let tails = ids.iter().filter_map(|id| AccountId::new(id).ok()).map(|id| id.tail());
            tails.collect::<Vec<_>>().join(", ")
        };
        match chosen {
            Some(id) => AccountId::new(id).map_err(|e| self.unreadable(e)),
            None if self.config.account.is_some() => Err(self.refused(format!(
                "the user logged in has no account of the configured number; he has {}",
                tails()
            ))),
            None => {
                Err(self.refused(format!("`account` must say which one is meant; there are {}", tails())))
            }
        }
    }

    /// Keeps both sessions alive, which is to be done about once a minute. Gives what the websocket is told.
    ///
    /// # Errors
    /// When one of them is gone.
    pub async fn tickle(&self) -> Result<String, Fault> {
        let call = post(&["tickle"], &Nothing {}).map_err(|e| self.unreadable(e))?;
        let answer = self.ask_outside(Class::Exit, Kind::Usual, call).await?;
        let told: Tickle = self.read(&answer)?;
        let status = told.iserver.auth_status.unwrap_or_default();
        if !is_up(&status) {
            self.forget_session();
            return Err(self.refused(self.lost(&status)));
        }
        told.session.ok_or_else(|| self.unreadable("the tickle brought no session"))
    }

    /// Whose account is it, and is its money real? By the venue's own word (`isPaper` of `/iserver/accounts`; the type of
    /// the login where it is not told). Its paper accounts' numbers begin with D: one that is called live is not believed.
    ///
    /// # Errors
    /// When the session can't be had, or the venue contradicts itself or the configuration.
    pub async fn prove(&self) -> Result<Proof, Fault> {
        let up = self.up(Class::Exit).await?;
        let is_paper = match up.is_paper {
            Some(is) => is,
            None => self.login_is_paper().await?,
        };
        if !is_paper && up.account.as_str().starts_with('D') {
            return Err(self.refused(format!(
                "account {} has the number of a paper account and is called live: nothing is sent there",
                up.account.tail()
            )));
        }
        let environment = if is_paper { Environment::Paper } else { Environment::Live };
        if environment != self.config.environment {
            let (is, said) = (environment.word(), self.config.environment.word());
            return Err(self.refused(format!(
                "the user logged in to the gateway has a {is} account, the configuration says {said}; log in with the other user, or correct `environment`"
            )));
        }
        Ok(Proof { account: up.account, environment, read_only: up.blocked, withdraw: None })
    }

    async fn login_is_paper(&self) -> Result<bool, Fault> {
        let answer: Answer =
            self.ask_outside(Class::Exit, Kind::Usual, Call::get(&["sso", "validate"])).await?;
        let told: Validated = self.read(&answer)?;
        match told.login_type.as_deref() {
            Some("1") => Ok(false),
            Some("2") => Ok(true),
            Some(_) | None => Err(self.unreadable("it does not say whether the account is paper or live")),
        }
    }
}

/// Can orders be placed?
pub const fn is_up(status: &AuthStatus) -> bool {
    status.authenticated && status.connected && !status.competing
}
