//! The program as it is: from an exit to the message, from a channel that fails to the alert, the Health section and the
//! other channel; who tells and who does not; the program's own test.

use super::notify;
use crate::{
    counterparty::shell,
    loopback::{Reply, Seen, Server, within},
    spine::{run, wait},
};
use serde_json::Value;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tradedeck::{
    config::{Config, Env, Flags},
    desk::snapshot::DeliveryState,
    domain::alert::AlertCode,
    runtime::{Client, Host, Opening, Role},
};

const SECRET_PATH: &str = "/services/T1/canary-4711";

/// Servers with a runtime of their own, so that a test may wait for the program in between.
struct World {
    runtime: tokio::runtime::Runtime,
    good: Server,
    bad: Server,
    mends: Arc<AtomicBool>,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mends = Arc::new(AtomicBool::new(false));
        let is_well = Arc::clone(&mends);
        let good = runtime.block_on(Server::start(|_| Reply::Json(200, "{}".to_owned())));
        let bad = runtime.block_on(Server::start(move |seen: &Seen| {
            let echo = format!("what is {}?", seen.target);
            if is_well.load(Ordering::SeqCst) {
                Reply::Json(200, "ok".to_owned())
            } else {
                Reply::Json(404, echo)
            }
        }));
        Self { runtime, good, bad, mends }
    }

    fn notify_text(&self) -> String {
        format!(
            "[notify.channels.good]\nkind = \"webhook\"\nurl = \"{}\"\n[notify.channels.bad]\nkind = \"slack\"\n\
             [[notify.rules]]\nchannels = [\"good\", \"bad\"]\nseverity = \"critical\"\n",
            self.good.url()
        )
    }

    fn secret(&self) -> String {
        format!("{}{SECRET_PATH}", self.bad.url())
    }

    /// The next message at the good channel of which this is true.
    fn told(&mut self, what: impl Fn(&Value) -> bool) -> Value {
        let good = &mut self.good;
        self.runtime.block_on(within(async {
            loop {
                let body = good.seen.recv().await.unwrap().json();
                if what(&body) {
                    return body;
                }
            }
        }))
    }

    fn open(&self, home: &Path) -> Client {
        let mut config = Config { notify: notify(&self.notify_text()), ..Config::default() };
        config.paths.state = Some(home.join("state"));
        let env = Env::new([
            ("HOME".to_owned(), home.display().to_string()),
            ("TRADEDECK_NOTIFY_BAD".to_owned(), self.secret()),
        ]);
        let opening =
            Opening { config, env, flags: Flags::default(), role: Role::Screen, live: None, looks: false };
        Client::over(tradedeck::runtime::Deck::Own(Host::open(opening).unwrap())).unwrap()
    }
}

fn is(code: &'static str) -> impl Fn(&Value) -> bool {
    move |body| body["code"] == code
}

#[test]
fn what_can_not_be_delivered_is_an_alert_a_line_in_health_and_told_by_another_channel() {
    let dir = tempfile::tempdir().unwrap();
    let mut world = World::new();
    let mut client = world.open(dir.path());
    wait(&mut client, "agreement and quotes", |s| {
        s.banner.lamps.iter().all(|l| l.connected)
            && s.watchlist.iter().any(|w| w.instrument.symbol.as_str() == "AAPL" && w.bid.is_some())
    });
    run(&mut client, "buy AAPL 1");
    wait(&mut client, "a position", |s| s.positions.len() == 1);
    run(&mut client, "flatten");
    let exit = world.told(is("exit"));
    assert_eq!(exit["program"], "tradedeck");
    let outage = world.told(is("delivery"));
    let text = outage["text"].as_str().unwrap();
    assert!(
        text.starts_with("messages by bad (slack) are not delivered: 127.0.0.1: it answered 404"),
        "{text}"
    );
    assert!(!text.contains("canary"), "{text}");
    wait(&mut client, "health", |s| {
        let of = |name: &str| s.deliveries.iter().find(|d| d.channel == name).map(|d| d.state);
        of("bad") == Some(DeliveryState::Failing) && of("good") == Some(DeliveryState::Up)
    });
    let snapshot = client.snapshot();
    assert!(!format!("{snapshot:?}").contains("canary"));
    let count = |client: &mut Client| {
        client
            .snapshot()
            .alerts
            .iter()
            .filter(|a| a.alert.code == AlertCode::Delivery)
            .map(|a| a.count)
            .sum::<u32>()
    };
    assert_eq!(count(&mut client), 1, "an outage is said once");

    // The other side is mended: the next message gets through, and that is told, too.
    world.mends.store(true, Ordering::SeqCst);
    run(&mut client, "unlock well again");
    run(&mut client, "buy AAPL 2");
    wait(&mut client, "another position", |s| s.positions.len() == 1);
    run(&mut client, "flatten");
    wait(&mut client, "recovery", |s| {
        s.deliveries.iter().any(|d| d.channel == "bad" && d.state == DeliveryState::Up)
            && s.alerts.iter().any(|a| a.alert.text.as_str().contains("messages by bad are delivered again"))
    });
    assert_eq!(count(&mut client), 2);

    // A second screen looks and tells nobody.
    let mut second = world.open(dir.path());
    assert!(matches!(second.deck(), tradedeck::runtime::Deck::Own(host) if host.read_only));
    wait(&mut second, "a snapshot", |s| s.seq > 0);
    assert!(second.snapshot().deliveries.is_empty());
    second.close().unwrap();
    client.close().unwrap();
}

#[test]
fn an_exit_from_the_shell_is_told_and_the_programs_own_test_says_what_happens() {
    let dir = tempfile::tempdir().unwrap();
    let mut world = World::new();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, world.secret()).unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let bad = "[notify.channels.bad]\nkind = \"slack\"\n";
    let text = world.notify_text().replace(bad, &format!("{bad}secret_file = \"{}\"\n", secret.display()));
    std::fs::write(dir.path().join("config.toml"), text).unwrap();

    let (code, said) = shell(dir.path(), &["notify", "test", "good"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("delivered"), "{said}");
    let test = world.told(|_| true);
    assert_eq!(test["text"], "this is a test of the channel good: nothing has happened");

    let (code, said) = shell(dir.path(), &["--json", "notify", "test", "bad"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("127.0.0.1: it answered 404") && said.contains("not delivered: bad"), "{said}");
    assert!(said.contains("\"well\": false") && !said.contains("canary"), "{said}");

    let (code, said) = shell(dir.path(), &["notify", "test", "gone"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("there is no channel `gone`; there are bad, good, desktop, bell"), "{said}");
    let (code, said) = shell(dir.path(), &["notify", "list"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("by 1 rule"), "{said}");

    let (code, said) = shell(dir.path(), &["order", "buy AAPL 1"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = shell(dir.path(), &["flatten", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    let exit = world.told(|body| {
        body["code"] == "exit" && body["text"].as_str().unwrap().contains("flat, by the venue's word")
    });
    assert_eq!(exit["held_back"], 0);

    let (code, said) = shell(dir.path(), &["health"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("good") && said.contains("webhook") && said.contains("ready"), "{said}");
}
