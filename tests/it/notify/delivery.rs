//! Floods, channels that hang or can't be reached, and what becomes of what they did not take.

use super::{critical, notice, notify, office, tell};
use crate::loopback::{Reply, Seen, Server, closed_port, within};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tradedeck::domain::{
    alert::{AlertCode, Severity},
    delivery::DeliveryState,
};

async fn ok() -> Server {
    Server::start(|_| Reply::Json(200, "{}".to_owned())).await
}

fn hook(name: &str, url: &str) -> String {
    format!("[notify.channels.{name}]\nkind = \"webhook\"\nurl = \"{url}\"\n")
}

fn rule(channels: &str) -> String {
    format!("[[notify.rules]]\nchannels = [{channels}]\nseverity = \"critical\"\n")
}

async fn one(server: &mut Server) -> Seen {
    within(server.seen.recv()).await.unwrap()
}

/// F12: ten thousand identical alerts are one message, and a count.
#[tokio::test]
async fn ten_thousand_alerts_are_one_message_and_a_count() {
    let mut server = ok().await;
    let config = notify(&format!("{}{}", hook("h", &server.url()), rule("\"h\"")));
    let (notifier, notices, _told) = office(config, &[]);
    for _ in 0..10_000 {
        notices.send(tell(critical("the same"))).await.unwrap();
    }
    let first = one(&mut server).await.json();
    assert_eq!((&first["text"], &first["held_back"]), (&"the same".into(), &0.into()));
    drop(notices);
    tokio::task::spawn_blocking(move || notifier.close()).await.unwrap();
    let all = server.drain();
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].json()["text"], "9999 more messages like this in the meantime; the last: the same");
}

/// What is held back is told when its interval is over, though nothing more happens.
#[tokio::test]
async fn what_was_held_back_is_told_in_the_end() {
    let mut server = ok().await;
    let config =
        notify(&format!("[notify]\ninterval_seconds = 1\n{}{}", hook("h", &server.url()), rule("\"h\"")));
    let (_notifier, notices, _told) = office(config, &[]);
    for text in ["first", "second", "third"] {
        notices.send(tell(critical(text))).await.unwrap();
    }
    assert_eq!(one(&mut server).await.json()["text"], "first");
    assert_eq!(
        one(&mut server).await.json()["text"],
        "2 more messages like this in the meantime; the last: third"
    );
}

#[tokio::test]
async fn emergencies_and_exits_are_never_held_back() {
    let mut server = ok().await;
    let config = notify(&format!("{}{}", hook("h", &server.url()), rule("\"h\"")));
    let (_notifier, notices, _told) = office(config, &[]);
    for n in 0..5 {
        notices.send(tell(notice(Severity::Emergency, AlertCode::NoStop, &format!("e{n}")))).await.unwrap();
        notices.send(tell(notice(Severity::Info, AlertCode::Exit, &format!("x{n}")))).await.unwrap();
    }
    let mut texts = Vec::new();
    for _ in 0..10 {
        texts.push(one(&mut server).await.json()["text"].as_str().unwrap().to_owned());
    }
    texts.sort();
    assert_eq!(texts, ["e0", "e1", "e2", "e3", "e4", "x0", "x1", "x2", "x3", "x4"]);
}

/// One channel hangs, one can't be reached, one has no password: the others do not wait for them, and nobody waits for
/// the end.
#[tokio::test]
async fn a_channel_that_hangs_or_is_away_delays_no_other() {
    let mut good = ok().await;
    let mut hanging = Server::start(|_| Reply::Silence).await;
    let away = closed_port().await;
    let text = format!(
        "{}{}{}[notify.channels.bare]\nkind = \"slack\"\n{}",
        hook("good", &good.url()),
        hook("hanging", &hanging.url()),
        hook("away", &format!("http://{away}")),
        rule("\"good\", \"hanging\", \"away\", \"bare\""),
    );
    let (notifier, notices, mut told) = office(notify(&text), &[]);
    for n in 0..500 {
        // Each is an emergency: none is held back, and the hanging one's queue overflows.
        notices.send(tell(notice(Severity::Emergency, AlertCode::NoStop, &n.to_string()))).await.unwrap();
    }
    let off = within(async {
        loop {
            let delivery = told.recv().await.unwrap();
            if delivery.channel == "bare" {
                return delivery;
            }
        }
    })
    .await;
    assert_eq!(off.state, DeliveryState::Off);
    let why = off.error.unwrap().to_string();
    assert!(why.contains("it has no secret") && why.contains("TRADEDECK_NOTIFY_BARE"), "{why}");
    one(&mut hanging).await;
    // What does not hang delivers all of it, or says with the next message how much found no room.
    let mut seen = 0;
    while seen < 500 {
        let message = one(&mut good).await.json();
        seen += 1 + message["lost"].as_u64().unwrap();
    }
    assert_eq!(seen, 500);
    drop(notices);
    let closing = tokio::task::spawn_blocking(move || notifier.close());
    within(closing).await.unwrap();
}

#[tokio::test]
async fn a_channel_that_wants_quiet_gets_it_and_then_the_message() {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let mut server = Server::start(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::Full(429, vec![("retry-after", "1".to_owned())], Vec::new()),
        _ => Reply::Json(200, "{}".to_owned()),
    })
    .await;
    let config = notify(&format!("{}{}", hook("h", &server.url()), rule("\"h\"")));
    let (_notifier, notices, mut told) = office(config, &[]);
    notices.send(tell(critical("once"))).await.unwrap();
    let (first, second) = (one(&mut server).await.json(), one(&mut server).await.json());
    assert_eq!(first["id"], second["id"], "who gets it twice can tell");
    let up = within(async {
        loop {
            let delivery = told.recv().await.unwrap();
            if delivery.state == DeliveryState::Up {
                return delivery;
            }
        }
    })
    .await;
    assert_eq!((up.delivered, up.failed, up.lost), (1, 0, 0));
}

#[tokio::test]
async fn what_was_not_delivered_is_counted_and_said_with_the_next_that_is() {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let mut server = Server::start(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::Json(400, "{}".to_owned()),
        _ => Reply::Json(200, "{}".to_owned()),
    })
    .await;
    let config = notify(&format!("{}{}", hook("h", &server.url()), rule("\"h\"")));
    let (_notifier, notices, mut told) = office(config, &[]);
    notices.send(tell(notice(Severity::Emergency, AlertCode::NoStop, "lost"))).await.unwrap();
    one(&mut server).await;
    let mut states = Vec::new();
    within(async {
        while states.last() != Some(&DeliveryState::Failing) {
            states.push(told.recv().await.unwrap().state);
        }
    })
    .await;
    notices.send(tell(notice(Severity::Emergency, AlertCode::NoStop, "kept"))).await.unwrap();
    assert_eq!(one(&mut server).await.json()["lost"], 1);
}
