//! What each channel sends, and what it does with the answers.

use super::{
    config, critical, send,
    smtp::{Guard, Smtp},
};
use crate::{
    authority::Authority,
    loopback::{Reply, Seen, Server, closed_port, within},
};
use serde_json::{Value, json};
use std::{
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};
use tradedeck::{notify::Again, transport::sign::base64};

const TEXT: &str = "<b>no</b> & *so* on account PA4711CANARY @everyone";

async fn ok() -> Server {
    Server::start(|_| Reply::Json(200, "{\"ok\":true}".to_owned())).await
}

async fn one(server: &mut Server) -> Seen {
    within(server.seen.recv()).await.unwrap()
}

/// Not our own hash: that of coreutils.
fn sha256(bytes: &[u8]) -> Vec<u8> {
    let mut child = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let out = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    unhex(out.split(' ').next().unwrap())
}

fn unhex(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
        .collect()
}

/// RFC 2104, by its definition.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    assert!(key.len() <= 64);
    let pad = |with: u8| -> Vec<u8> { (0..64).map(|i| key.get(i).copied().unwrap_or(0) ^ with).collect() };
    let inner = sha256(&[pad(0x36), message.to_vec()].concat());
    sha256(&[pad(0x5c), inner].concat())
}

#[tokio::test]
async fn a_webhook_gets_json_that_is_signed() {
    let mut server = ok().await;
    let channel = config(&format!("kind = \"webhook\"\nurl = \"{}/hook?a=1\"\n", server.url()));
    send(&channel, Some("canary-key-4711"), &critical(TEXT)).await.unwrap();
    let seen = one(&mut server).await;
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/hook?a=1"));
    let body = seen.json();
    assert_eq!(body["severity"], "critical");
    assert_eq!(body["code"], "order_rejected");
    assert_eq!((&body["venue"], &body["symbol"]), (&json!("paper"), &json!("AAPL")));
    assert_eq!(body["text"], "<b>no</b> & *so* on account (number) @everyone");
    assert_eq!(body.get("account"), None);
    let at = seen.header("x-tradedeck-timestamp").unwrap();
    let signed = [at.as_bytes(), b".", &seen.body].concat();
    let signature = seen.header("x-tradedeck-signature").unwrap();
    assert_eq!(unhex(signature.strip_prefix("sha256=").unwrap()), hmac(b"canary-key-4711", &signed));
}

#[tokio::test]
async fn a_webhook_without_a_key_is_not_signed_and_accounts_are_told_when_asked_for() {
    let mut server = ok().await;
    let channel = config(&format!("kind = \"webhook\"\nurl = \"{}\"\naccounts = true\n", server.url()));
    send(&channel, None, &critical(TEXT)).await.unwrap();
    let seen = one(&mut server).await;
    assert_eq!(seen.header("x-tradedeck-signature"), None);
    assert_eq!(seen.json()["account"], "PA4711CANARY");
    assert!(seen.json()["text"].as_str().unwrap().contains("PA4711CANARY"));
}

#[tokio::test]
async fn slack_gets_its_text_at_the_secret_address() {
    let mut server = ok().await;
    let secret = format!("{}/services/T1/B2/canary4711", server.url());
    send(&config("kind = \"slack\"\n"), Some(&secret), &critical(TEXT)).await.unwrap();
    let seen = one(&mut server).await;
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/services/T1/B2/canary4711"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    let text = seen.json()["text"].as_str().unwrap().to_owned();
    assert!(text.contains("&lt;b&gt;no&lt;/b&gt; &amp; "), "{text}");
    assert!(text.contains("on account (number) @everyone"), "{text}");
}

#[tokio::test]
async fn discord_calls_nobody() {
    let mut server = Server::start(|_| Reply::Full(204, Vec::new(), Vec::new())).await;
    let secret = format!("{}/api/webhooks/1/canary4711", server.url());
    send(&config("kind = \"discord\"\n"), Some(&secret), &critical(TEXT)).await.unwrap();
    let seen = one(&mut server).await;
    assert_eq!(seen.target, "/api/webhooks/1/canary4711");
    assert_eq!(seen.json()["allowed_mentions"], json!({ "parse": [] }));
    let content = seen.json()["content"].as_str().unwrap().to_owned();
    assert!(content.starts_with("**CRITICAL\\: order rejected AAPL paper**\n"), "{content}");
    assert!(content.contains("\\@everyone"), "{content}");
}

#[tokio::test]
async fn telegram_gets_html_in_its_chat_and_must_say_ok() {
    let mut server = ok().await;
    let rest = |url: &str| format!("kind = \"telegram\"\nchat = \"-100123\"\napi_url = \"{url}\"\n");
    send(&config(&rest(&server.url())), Some("12:canary-4711"), &critical(TEXT)).await.unwrap();
    let seen = one(&mut server).await;
    assert_eq!(seen.target, "/bot12:canary-4711/sendMessage");
    let body = seen.json();
    assert_eq!((&body["chat_id"], &body["parse_mode"]), (&json!("-100123"), &json!("HTML")));
    assert!(body["text"].as_str().unwrap().contains("&lt;b&gt;no&lt;/b&gt; &amp; *so*"), "{body}");
    let refusing = Server::start(|_| Reply::Json(200, "{\"ok\":false}".to_owned())).await;
    let failure =
        send(&config(&rest(&refusing.url())), Some("12:canary-4711"), &critical(TEXT)).await.unwrap_err();
    assert_eq!(failure.again, Again::Never);
}

#[tokio::test]
async fn twilio_gets_a_form_for_each_number() {
    let mut server = Server::start(|_| Reply::Json(201, "{\"sid\":\"SM1\"}".to_owned())).await;
    let rest = format!(
        "kind = \"sms\"\naccount = \"AC12\"\nfrom = \"+15550001111\"\nto = [\"+15550002222\", \"+15550003333\"]\n\
         api_url = \"{}\"\n",
        server.url()
    );
    send(&config(&rest), Some("canary-token"), &critical(TEXT)).await.unwrap();
    for number in ["+15550002222", "+15550003333"] {
        let seen = one(&mut server).await;
        assert_eq!(seen.target, "/2010-04-01/Accounts/AC12/Messages.json");
        let basic = format!("Basic {}", base64(b"AC12:canary-token"));
        assert_eq!(seen.header("authorization"), Some(basic.as_str()));
        let form: Vec<(String, String)> = url::form_urlencoded::parse(&seen.body).into_owned().collect();
        let of = |name: &str| form.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
        assert_eq!((of("To"), of("From")), (Some(number), Some("+15550001111")));
        let body =
            "Tradedeck CRITICAL: order rejected AAPL paper: <b>no</b> & *so* on account (number) @everyone";
        assert_eq!(of("Body"), Some(body));
    }
}

/// (status, more headers, what of another try)
#[tokio::test]
async fn an_answer_says_whether_there_is_sense_in_another_try_and_never_tells_the_secret() {
    for (status, header, again) in [
        (429, Some(("retry-after", "2".to_owned())), Again::After(2_000)),
        (503, None, Again::After(5_000)),
        (500, None, Again::Once),
        (404, None, Again::Never),
        (302, Some(("location", "http://127.0.0.1:1/".to_owned())), Again::Never),
    ] {
        let echo = move |seen: &Seen| {
            let words = format!("no such thing: {} {:?}", seen.target, seen.headers);
            Reply::Full(status, header.clone().into_iter().collect(), words.into_bytes())
        };
        let server = Server::start(echo).await;
        let secret = format!("{}/services/T1/canary4711", server.url());
        let failure = send(&config("kind = \"slack\"\n"), Some(&secret), &critical("x")).await.unwrap_err();
        assert_eq!(failure.again, again, "{status}");
        let said = failure.why.to_string();
        assert!(said.starts_with(&format!("127.0.0.1: it answered {status}")), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
    let secret = format!("http://{}/services/canary4711", closed_port().await);
    let failure = send(&config("kind = \"discord\"\n"), Some(&secret), &critical("x")).await.unwrap_err();
    assert_eq!(failure.again, Again::Soon);
    assert!(failure.why.as_str().contains("can't be reached"), "{failure:?}");
    assert!(!failure.why.as_str().contains("canary"), "{failure:?}");
}

fn mail(server: &Smtp, rest: &str) -> String {
    format!(
        "kind = \"email\"\nhost = \"localhost\"\nport = {}\nfrom = \"deck@example.com\"\n\
         to = [\"me@example.com\", \"you@example.com\"]\n{rest}",
        server.addr.port()
    )
}

/// The authority's certificate in a file.
fn authority(dir: &Path) -> (Authority, String) {
    let authority = Authority::new("mail of a test");
    let path = dir.join("ca.pem");
    std::fs::write(&path, authority.pem()).unwrap();
    (authority, format!("certificate = \"{}\"\n", path.display()))
}

#[tokio::test]
async fn mail_goes_over_starttls_with_a_login() {
    let dir = tempfile::tempdir().unwrap();
    let (authority, ca) = authority(dir.path());
    let mut server = Smtp::start(Guard::Starttls(authority.identity("localhost", 2090)), None).await;
    let channel = config(&mail(&server, &format!("user = \"me\"\n{ca}")));
    send(&channel, Some("canary-4711"), &critical("line one\n.\nBcc: evil@example.com")).await.unwrap();
    let mail = within(server.mails.recv()).await.unwrap();
    assert!(mail.was_encrypted);
    assert_eq!(mail.login.as_deref(), Some(format!("PLAIN {}", base64(b"\0me\0canary-4711")).as_str()));
    assert_eq!(mail.from.split(' ').next(), Some("FROM:<deck@example.com>"));
    assert_eq!(mail.to, ["TO:<me@example.com>", "TO:<you@example.com>"]);
    let (head, body) = mail.text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Subject: Tradedeck CRITICAL: order rejected AAPL paper"), "{head}");
    assert!(head.contains("Message-ID: <alert-"), "{head}");
    assert!(body.starts_with("line one . Bcc: evil@example.com\r\n"), "{body}");
    assert!(body.contains("2026-11-30 21:00:05 UTC"), "{body}");
}

#[tokio::test]
async fn mail_goes_over_tls_from_the_first_byte_and_in_the_clear_on_this_computer_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (authority, ca) = authority(dir.path());
    let mut server = Smtp::start(Guard::Implicit(authority.identity("localhost", 2090)), None).await;
    send(&config(&mail(&server, &format!("tls = \"implicit\"\n{ca}"))), None, &critical("x")).await.unwrap();
    let got = within(server.mails.recv()).await.unwrap();
    assert!(got.was_encrypted && got.login.is_none());
    let mut server = Smtp::start(Guard::Open, None).await;
    send(&config(&mail(&server, "tls = \"none\"\n")), None, &critical("x")).await.unwrap();
    assert!(!within(server.mails.recv()).await.unwrap().was_encrypted);
}

#[tokio::test]
async fn nothing_is_said_to_a_server_that_is_not_protected_or_not_known() {
    let dir = tempfile::tempdir().unwrap();
    let (stranger, _) = authority(dir.path());
    let user = "user = \"me\"\n";
    for (guard, words) in
        [(Guard::Open, "STARTTLS"), (Guard::Starttls(stranger.identity("localhost", 2090)), "")]
    {
        let mut server = Smtp::start(guard, None).await;
        let said =
            send(&config(&mail(&server, user)), Some("canary-4711"), &critical("x")).await.unwrap_err();
        assert!(said.why.as_str().contains(words), "{said:?}");
        assert!(server.mails.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_login_that_is_refused_is_told_without_the_password() {
    let dir = tempfile::tempdir().unwrap();
    let (authority, ca) = authority(dir.path());
    let guard = Guard::Starttls(authority.identity("localhost", 2090));
    let server = Smtp::start(guard, Some("535 no such login: {} canary-4711")).await;
    let channel = config(&mail(&server, &format!("user = \"me\"\n{ca}")));
    let failure = send(&channel, Some("canary-4711"), &critical("x")).await.unwrap_err();
    let said = failure.why.to_string();
    assert!(said.contains("no such login"), "{said}");
    assert!(!said.contains("canary") && !said.contains(&base64(b"\0me\0canary-4711")), "{said}");
    assert_eq!(failure.again, Again::Never);
}

fn script(dir: &Path, text: &str) -> String {
    let path = dir.join("tell");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn a_command_reads_json_and_is_ended_with_its_children_when_it_hangs() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let program = script(dir.path(), "cat > \"$1\"");
    let rest = format!("kind = \"command\"\ncommand = [\"{program}\", \"{}\"]\n", out.display());
    send(&config(&rest), None, &critical("a \" b")).await.unwrap();
    let told: Value = serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!((&told["text"], &told["severity"]), (&json!("a \" b"), &json!("critical")));

    let child = dir.path().join("child");
    let program = script(dir.path(), &format!("sleep 600 & echo $! > {}; wait", child.display()));
    let rest = format!("kind = \"command\"\ncommand = [\"{program}\"]\ntimeout_seconds = 1\n");
    let failure = send(&config(&rest), None, &critical("x")).await.unwrap_err();
    assert!(failure.why.as_str().contains("did not end within 1 s and was ended"), "{failure:?}");
    let pid = std::fs::read_to_string(&child).unwrap();
    let is_gone = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        // What is dead and not yet taken note of by its parent is gone, too.
        stat.map_or(true, |s| s.contains(") Z "))
    };
    within(async {
        while !is_gone() {
            tokio::task::yield_now().await;
        }
    })
    .await;

    let rest = format!("kind = \"command\"\ncommand = [\"{}\"]\n", script(dir.path(), "exit 3"));
    let failure = send(&config(&rest), None, &critical("x")).await.unwrap_err();
    assert!(failure.why.as_str().contains("failed (exit status: 3)"), "{failure:?}");
    let missing = config("kind = \"command\"\ncommand = [\"/no/such/program\"]\n");
    assert!(
        send(&missing, None, &critical("x")).await.unwrap_err().why.as_str().contains("can't be started")
    );
}
