//! Secrets with a name that can be looked for: whatever goes wrong, they stand nowhere but in the header and the
//! login that carry them.

use super::{
    counterparty::{Counterparty, Fate, client, is_order, is_ready},
    loopback::Reply,
    spine::{run, wait},
};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const KEY_ID: &str = "PKCANARYCANARY471100";
/// It can be a token of Telegram and stand in an address.
const CHANNEL_SECRET: &str = "4711:CANARY-channel_secret-00";
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
            wait(&mut client, "the channels' refusals", |s| {
                s.deliveries.iter().filter(|d| d.wanted && d.error.is_some()).count() == 6
            });
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

/// A server that refuses whatever comes and repeats it, head and body. Gives its port.
fn echo() -> u16 {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut tcp in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                // A server of mail speaks first: who waits for that gets the refusal, too.
                tcp.set_read_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
                let mut request = vec![0; 8_192];
                let got = tcp.read(&mut request).ok().and_then(|n| request.get(..n)).unwrap_or_default();
                let head =
                    format!("HTTP/1.1 403 no\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", got.len());
                drop(tcp.write_all(&[head.as_bytes(), got].concat()));
            });
        }
    });
    port
}

/// Channels of notifications, each with a secret in a private file, and all of them refused with an echo.
fn channels(dir: &Path) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let port = echo();
    let url = format!("http://127.0.0.1:{port}");
    let address = format!("{url}/services/{CHANNEL_SECRET}");
    let mut text = String::from("[[notify.rules]]\nchannels = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"]\n");
    for (name, secret, rest) in [
        ("a", address.as_str(), "kind = \"slack\"".to_owned()),
        ("b", &address, "kind = \"discord\"".to_owned()),
        ("c", CHANNEL_SECRET, format!("kind = \"telegram\"\nchat = \"1\"\napi_url = \"{url}\"")),
        (
            "d",
            CHANNEL_SECRET,
            format!(
                "kind = \"sms\"\naccount = \"AC1\"\nfrom = \"+15550001\"\nto = [\"+15550002\"]\napi_url = \"{url}\""
            ),
        ),
        ("e", CHANNEL_SECRET, format!("kind = \"webhook\"\nurl = \"{url}\"")),
        (
            "f",
            CHANNEL_SECRET,
            format!(
                "kind = \"email\"\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"me\"\ntls = \"none\"\nfrom = \"a@b.c\"\nto = [\"d@e.f\"]"
            ),
        ),
    ] {
        let file = dir.join(format!("secret-{name}"));
        fs::write(&file, secret).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        writeln!(text, "[notify.channels.{name}]\n{rest}\nsecret_file = \"{}\"", file.display()).unwrap();
    }
    text
}

#[test]
fn no_secret_stands_anywhere_while_things_go_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Counterparty::start(dir.path());
    write_config(dir.path(), &format!("{}{}", venue.config_text(), channels(dir.path())));
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
    let all = traces(dir.path(), "trade");
    assert_hidden(venue.venue.text("secret_key"), &all);
    assert!(all.contains("a message was not delivered"), "the channels were tried");
    assert_hidden(CHANNEL_SECRET, &all);
    for name in ["me", "AC1"] {
        let pair = tradedeck::transport::sign::base64(format!("{name}:{CHANNEL_SECRET}").as_bytes());
        assert_hidden(&pair, &all);
    }
}

#[test]
fn no_secret_stands_anywhere_while_the_keys_are_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let venue = Counterparty::start(dir.path());
    write_config(dir.path(), &venue.config_with(KEY_ID, SECRET));
    let all = traces(dir.path(), "refused");
    assert_hidden(SECRET, &all);
}
