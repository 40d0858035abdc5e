//! Notifications, channel by channel against a server of its protocol on loopback, and together: floods, channels that
//! hang, outages that are told, and the program's own test of them.

mod channels;
mod delivery;
mod smtp;
mod whole;

use std::{path::Path, sync::Arc};
use tokio::sync::mpsc;
use tradedeck::{
    clock::{Clock, System},
    config::{ChannelConfig, Config, Env, Notify},
    domain::{
        alert::{Alert, AlertCode, Severity},
        delivery::Delivery,
        ids::{AccountId, Symbol, VenueId},
        notice::{Notice, What},
        text::Text,
        time::Stamp,
    },
    notify::{Channel, Failure, Message},
    runtime::notifier::{Notifier, Tells, Told},
};

/// What stands in `[notify…]`, of a configuration with the paper venue.
fn notify(text: &str) -> Notify {
    let text = format!("[venues.paper]\nkind = \"paper\"\n{text}");
    let config = Config::parse(Path::new("/c.toml"), &text);
    config.unwrap_or_else(|all| panic!("{text}\n{all:?}")).notify
}

fn env(vars: &[(&str, &str)]) -> Env {
    Env::new(vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(System::start())
}

fn alert(severity: Severity, code: AlertCode, text: &str) -> Alert {
    Alert {
        id: 7,
        at: Stamp::parse_rfc3339("2026-11-30T21:00:05Z").unwrap(),
        severity,
        code,
        venue: Some(VenueId::new("paper").unwrap()),
        symbol: Some(Symbol::new("AAPL").unwrap()),
        order: None,
        algorithm: None,
        text: Text::clean(text),
    }
}

fn notice(severity: Severity, code: AlertCode, text: &str) -> Notice {
    let account = AccountId::new("PA4711CANARY").unwrap();
    let what = What::Alert(alert(severity, code, text));
    Notice { what, account: Some(account.clone()), accounts: vec![account], past: None }
}

fn critical(text: &str) -> Notice {
    notice(Severity::Critical, AlertCode::OrderRejected, text)
}

/// One channel named `c`, by the rest of its section.
fn config(rest: &str) -> ChannelConfig {
    notify(&format!("[notify.channels.c]\n{rest}")).channel("c").unwrap().clone()
}

/// Sends one message through it, once.
async fn send(config: &ChannelConfig, secret: Option<&str>, notice: &Notice) -> Result<(), Failure> {
    let vars: Vec<(&str, &str)> = secret.map(|s| ("TRADEDECK_NOTIFY_C", s)).into_iter().collect();
    let channel = Channel::open(config, &env(&vars), &clock()).unwrap().unwrap();
    channel.send(&Message::of(notice, config.accounts)).await
}

/// The whole way from the engine's hands on.
fn office(config: Notify, vars: &[(&str, &str)]) -> (Notifier, mpsc::Sender<Told>, mpsc::Receiver<Delivery>) {
    let (outcomes, told) = mpsc::channel(4_096);
    let (notifier, notices) = Notifier::spawn(config, env(vars), Tells::All, &clock(), outcomes).unwrap();
    (notifier, notices, told)
}

fn tell(notice: Notice) -> Told {
    Told { notice: Box::new(notice), lost: 0 }
}
