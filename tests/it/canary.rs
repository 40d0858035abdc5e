//! Secrets with a name that can be looked for: whatever goes wrong, they stand nowhere but in the header and the
//! login that carry them.

use super::{
    counterparty::{Counterparty, Fate, client, is_order, is_ready},
    loopback::Reply,
    spine::{run, wait},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const KEY_ID: &str = "PKCANARYCANARY471100";
const SECRET: &str = "canary/secret+4711/that+nobody/may+see00";

#[test]
#[ignore = "the program whose every word is read by the tests below"]
fn child() {
    // All that the program would ever log, and more.
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(std::io::stderr);
    subscriber.with_ansi(false).init();
    let dir = PathBuf::from(std::env::var_os("CANARY_DIR").unwrap());
    let text = fs::read_to_string(dir.join("config.toml")).unwrap();
    println!("{:?}", super::counterparty::config(&text));
    let mut client = client(&text, &dir.join("state"));
    println!("{client:?}");
    match std::env::var("CANARY_JOB").unwrap().as_str() {
        "trade" => {
            wait(&mut client, "agreement and quotes", |s| is_ready(s, &["AAPL"]));
            for line in [
                "buy AAPL 1 limit +1% ext",
                "buy AAPL 2 limit +1% ext",
                "buy AAPL 3 limit +1% ext",
                "flatten",
            ] {
                println!("{:?}", run(&mut client, line));
            }
            wait(&mut client, "flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
        }
        // The keys are wrong: all that can be had is the refusal.
        _ => wait(&mut client, "the refusal", |s| s.health.iter().any(|h| h.last_error.is_some())),
    }
    let snapshot = client.snapshot();
    println!("{snapshot:?}\n{}", serde_json::to_string(&*snapshot).unwrap());
    println!("child: done");
    panic!("and what a panic tells: {client:?}");
}

/// Everything that the program said and wrote.
fn traces(dir: &Path, job: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "canary::child", "--ignored", "--nocapture", "--test-threads=1"])
        .envs([("CANARY_JOB", job), ("RUST_BACKTRACE", "full")])
        .env("CANARY_DIR", dir)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut all = String::from_utf8_lossy(&output.stdout).into_owned();
    all.push_str(&String::from_utf8_lossy(&output.stderr));
    assert!(all.contains("child: done"), "{all}");
    assert!(
        all.contains("TRACE") && all.contains("and what a panic tells"),
        "the log and the panic are there"
    );
    let before = all.len();
    gather(&dir.join("state"), &mut all);
    assert!(all.len() > before + 10_000, "the journal is there");
    all
}

fn gather(dir: &Path, all: &mut String) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, all);
        } else {
            all.push_str(&String::from_utf8_lossy(&fs::read(&path).unwrap()));
        }
    }
}

fn assert_hidden(secret: &str, all: &str) {
    let escaped: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    for form in [secret, &escaped] {
        let Some((before, _)) = all.split_once(form) else { continue };
        let around: String = before.chars().rev().take(300).collect();
        panic!("the secret stands after: {}", around.chars().rev().collect::<String>());
    }
}

fn write_config(dir: &Path, text: &str) {
    fs::write(dir.join("config.toml"), text).unwrap();
}

#[test]
fn no_secret_stands_anywhere_while_things_go_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Counterparty::start(dir.path());
    write_config(dir.path(), &venue.config_text());
    // A gateway that repeats what it was sent, as some do in their error pages.
    let echo = format!("<html>bad request: apca-api-secret-key: {}</html>", venue.venue.text("secret_key"));
    let count = std::sync::atomic::AtomicU32::new(0);
    venue.desk.plan(move |seen| {
        match is_order(seen).then(|| count.fetch_add(1, std::sync::atomic::Ordering::SeqCst)) {
            Some(0) => Fate::After(Reply::Full(502, Vec::new(), echo.clone().into_bytes())),
            Some(1) => Fate::After(Reply::Gone),
            Some(_) | None => Fate::Pass,
        }
    });
    assert_hidden(venue.venue.text("secret_key"), &traces(dir.path(), "trade"));
}

#[test]
fn no_secret_stands_anywhere_while_the_keys_are_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Counterparty::start(dir.path());
    write_config(dir.path(), &venue.config_with(KEY_ID, SECRET));
    let all = traces(dir.path(), "refused");
    assert_hidden(SECRET, &all);
}
