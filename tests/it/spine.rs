//! The whole way without a screen: host, engine, journal, adapter, paper venue over real sockets.

use std::{path::Path, time::Duration};
use tradedeck::{
    config::{Config, Env},
    desk::{Reply, Request, Snapshot},
    domain::{draft::Command, lifecycle::OrderState},
    grammar,
    runtime::{Client, Host, Opening, Role},
};

const LONG: Duration = Duration::from_secs(20);

pub(crate) fn open(state: &Path) -> Client {
    let env = Env::new([
        ("HOME".to_owned(), state.display().to_string()),
        ("TRADEDECK_STATE".to_owned(), state.join("state").display().to_string()),
    ]);
    let mut config = Config::default();
    config.paths.state = Some(state.join("state"));
    let host = Host::open(Opening { config, env, role: Role::Screen, live: None }).expect("the host opens");
    let mut client = Client::over(host).unwrap();
    wait(&mut client, "agreement and quotes", |s| {
        s.banner.lamps.iter().all(|l| l.connected)
            && s.watchlist.iter().filter(|w| w.bid.is_some()).count() >= 5
    });
    client
}

pub(crate) fn wait(client: &mut Client, what: &str, ready: impl Fn(&Snapshot) -> bool) {
    if client.wait_for(LONG, ready).unwrap().is_none() {
        let s = client.snapshot();
        panic!(
            "waited in vain for {what}\norders {:#?}\npositions {:#?}\nhealth {:#?}\nbanner {:#?}\nalerts {:?}\nexit {:?}",
            s.orders,
            s.positions,
            s.health,
            s.banner,
            s.alerts.iter().map(|a| a.alert.text.to_string()).collect::<Vec<_>>(),
            s.exit
        );
    }
}

pub(crate) fn line(text: &str) -> Command {
    grammar::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

pub(crate) fn run(client: &mut Client, text: &str) -> Reply {
    client.ask(Request::Do(line(text)), LONG).unwrap()
}

#[test]
fn a_bracket_is_bought_filled_protected_closed_and_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let mut client = open(dir.path());
    let reply = run(&mut client, "buy AAPL risk 0.5% stop -2% target 2R");
    let Reply::Placed { orders, .. } = &reply else { panic!("{reply:?}") };
    let parent = orders[0].clone();
    wait(&mut client, "the entry filled and two children", |s| {
        let filled = s.orders.iter().any(|o| o.id.client == parent && o.state == OrderState::Filled);
        let kids =
            s.orders.iter().filter(|o| o.parent.as_ref() == Some(&parent) && o.state.is_open()).count();
        filled && kids == 2 && s.positions.len() == 1
    });
    let held = client.snapshot().positions[0].clone();
    assert_eq!(held.protected, held.qty.size(), "the stop covers all of it");
    wait(&mut client, "fees and figures", |s| s.accounts.iter().all(|a| a.unrealized.is_some()));
    client.close().unwrap();

    let mut client = open(dir.path());
    wait(&mut client, "the same position", |s| s.positions.iter().any(|p| p.qty == held.qty));
    let reply = run(&mut client, "flatten");
    assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
    wait(&mut client, "flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
    let s = client.snapshot();
    assert!(s.positions.is_empty() && s.orders.iter().all(|o| o.state.is_final()), "{:#?}", s.orders);
    assert!(s.banner.locked.is_some(), "entries stay blocked after a flatten");
    let reply = run(&mut client, "buy AAPL 1");
    assert!(matches!(reply, Reply::Refused { .. }), "{reply:?}");
    assert!(matches!(run(&mut client, "unlock checked"), Reply::Done(_)));
    assert!(matches!(run(&mut client, "buy AAPL 1"), Reply::Placed { .. }));
    wait(&mut client, "one share", |s| s.positions.iter().any(|p| p.qty.to_string() == "1"));
    client.close().unwrap();
}
