//! QuantConnect's cloud, watched and asked: a stand-in on loopback checks every hash and time, and answers as the cloud
//! does, with all that it does instead.

mod cli;

use super::loopback::{Reply, Seen, Server, closed_port};
use serde_json::{Value, json};
use smol_str::SmolStr;
use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;
use tradedeck::{
    algos::{
        Source as _,
        quantconnect::{
            QuantConnect,
            settings::{Settings, Timing},
        },
    },
    clock::{Clock as _, System},
    config::secret::Secret,
    domain::algorithm::{
        AlgorithmOrderState, AskedOrder, Instructed, Instruction, Observation, Phase, Security, Sighting,
    },
    domain::money::{SignedQty, parse_decimal},
    domain::text::Text,
    transport::{backoff::Plan, tls::Tls},
};
use url::Url;

const TOKEN: &str = "canary-4711";
const DEPLOYMENT: &str = "L-0123456789abcdef0123456789abcdef";

/// The usual times, made short.
fn quick() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        gap: ms(2),
        again: ms(20),
        status: ms(60),
        portfolio: ms(60),
        orders: ms(60),
        log: ms(60),
        chart: ms(60),
        list: ms(60),
        insights: ms(60),
        refused: ms(40),
        backoff: Plan { base_ms: 20, cap_ms: 60, floor_ms: 10, held_ms: 60_000 },
        busy_max: ms(1_200),
        read: ms(1_000),
        ask: ms(1_000),
        ..Timing::default()
    }
}

fn cloud_of(base: &str, token: &str) -> QuantConnect {
    let settings = Settings {
        api: Url::parse(&format!("{base}/api/v2")).unwrap(),
        user_id: "1".to_owned(),
        token: Secret::new(token.to_owned()),
        project: 777,
        organization: Some("org0".to_owned()),
    };
    let tls = Tls::with_native_roots(None).unwrap();
    QuantConnect::new(SmolStr::new("mine"), settings, &tls, Arc::new(System::start()))
        .unwrap()
        .with_timing(quick())
}

/// Not our own hash: that of coreutils.
fn sha256(text: &str) -> String {
    use std::io::Write as _;
    let mut child = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().split(' ').next().unwrap().to_owned()
}

fn base64(text: &str) -> String {
    use std::io::Write as _;
    let mut child =
        Command::new("base64").arg("-w0").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// What the cloud says of a request's hash and time, if anything is wrong with them.
fn refusal(seen: &Seen) -> Option<Reply> {
    let stamp = seen.header("timestamp").expect("a time");
    let now = u64::try_from(System::start().now().wall.as_secs()).unwrap();
    assert!(stamp.parse::<u64>().unwrap().abs_diff(now) <= 5, "{stamp}");
    let hash = sha256(&format!("{TOKEN}:{stamp}"));
    let want = format!("Basic {}", base64(&format!("1:{hash}")));
    (seen.header("authorization") != Some(want.as_str())).then(|| {
        let errors = [format!("Hash doesn't match. UserID: 1 Hash: {hash}")];
        Reply::json(200, &json!({"success": false, "errors": errors}))
    })
}

fn order(id: u64, status: u8) -> Value {
    json!({"id": id, "type": 0, "status": status, "quantity": 1, "symbol": {"value": "SPY", "id": "SPY 1"},
        "events": [{"id": format!("{DEPLOYMENT}-{id}-1"), "algorithmId": DEPLOYMENT, "orderId": id, "orderEventId": 1,
            "symbol": "SPY 1", "symbolValue": "SPY", "time": 1_795_185_062.5, "status": "submitted", "fillPrice": 0.0,
            "fillQuantity": 0.0}]})
}

/// What a good cloud with 1,200 orders and 600 lines of a log answers.
fn good(seen: &Seen) -> Reply {
    let body = || seen.json();
    let answer = match seen.path() {
        "/api/v2/live/read" => {
            assert_eq!(
                (seen.method.as_str(), seen.target.as_str()),
                ("GET", "/api/v2/live/read?projectId=777")
            );
            json!({"success": true, "deployId": DEPLOYMENT, "status": "Running", "launched": "2026-11-20 12:58:41",
                "runtimeStatistics": {"Equity": "$1,057.25"}, "serverStatistics": [], "charts": []})
        }
        "/api/v2/live/portfolio/read" => json!({"success": true, "portfolio": {
            "holdings": {"SPY 1": {"a": 9.5, "q": 5, "p": 10, "v": 50, "u": 2.5}}, "cash": []}}),
        "/api/v2/live/orders/read" => {
            let (start, end) = (body()["start"].as_u64().unwrap(), body()["end"].as_u64().unwrap());
            assert!(end - start <= 1_000);
            let orders: Vec<Value> =
                (start + 1..=end.min(1_200)).map(|id| order(id, if id < 1_200 { 3 } else { 1 })).collect();
            json!({"success": true, "length": orders.len(), "orders": orders})
        }
        "/api/v2/live/logs/read" => {
            let (start, end) = (body()["startLine"].as_u64().unwrap(), body()["endLine"].as_u64().unwrap());
            assert!(end - start <= 250);
            assert_eq!(
                (body()["format"].clone(), body()["algorithmId"].clone()),
                (json!("json"), json!(DEPLOYMENT))
            );
            let lines: Vec<String> = (start..end.min(600)).map(|n| format!("line {n}")).collect();
            json!({"success": true, "length": 600, "deploymentOffset": 0, "logs": lines})
        }
        "/api/v2/live/chart/read" => json!({"success": true, "chart": {"name": "Strategy Equity", "series": {
            "Equity": {"values": [[1_795_186_800, 1000, 1001, 999, 1000.5]]}}}}),
        "/api/v2/live/insights/read" => {
            let (start, end) = (body()["start"].as_u64().unwrap(), body()["end"].as_u64().unwrap());
            assert!(end - start < 100 && body()["algorithmId"] == DEPLOYMENT);
            let insight = |n: u64| json!({"id": format!("i{n}"), "ticker": "SPY", "direction": "up", "createdTime": 1_795_186_800 + n});
            let insights: Vec<Value> = (start..end.min(120)).map(insight).collect();
            json!({"success": true, "length": insights.len(), "insights": insights})
        }
        "/api/v2/live/list" => json!({"success": true, "live": []}),
        other => panic!("{other}"),
    };
    Reply::json(200, &answer)
}

/// Answers each path as the turns say, one after the other, and then well.
async fn standing(turns: &[(&'static str, Reply)]) -> Server {
    let turns: Vec<_> = turns.iter().cloned().map(|(p, reply)| (p, reply, AtomicBool::new(false))).collect();
    Server::start(move |seen| {
        if let Some(refusal) = refusal(seen) {
            return refusal;
        }
        let path = seen.path().strip_prefix("/api/v2/").unwrap();
        let next = turns.iter().find(|(p, _, used)| *p == path && !used.swap(true, Ordering::SeqCst));
        next.map_or_else(|| good(seen), |(_, reply, _)| reply.clone())
    })
    .await
}

/// Watches until `done` gives something, or for too long.
async fn until<T>(cloud: &QuantConnect, mut done: impl FnMut(&Sighting) -> Option<T>) -> T {
    let (told, mut seen) = watch::channel(Sighting::Waiting);
    let wait = async {
        loop {
            seen.changed().await.unwrap();
            let sighting = seen.borrow_and_update().clone();
            if let Some(out) = done(&sighting) {
                return out;
            }
        }
    };
    tokio::select! {
        () = cloud.watch(told) => panic!("nobody watches"),
        out = tokio::time::timeout(Duration::from_secs(30), wait) => out.expect("it is never seen"),
    }
}

fn whole(sighting: &Sighting) -> Option<Arc<Observation>> {
    let Sighting::Seen(seen) = sighting else { return None };
    let has_log = seen.log.last().is_some_and(|line| line.text.as_str() == "line 599");
    let is_whole =
        seen.orders.len() == 1_200 && has_log && !seen.curve.is_empty() && seen.insights.rows.len() == 120;
    is_whole.then(|| Arc::clone(seen))
}

fn lost(sighting: &Sighting) -> Option<Text> {
    match sighting {
        Sighting::Lost { why, .. } => Some(why.clone()),
        Sighting::Waiting | Sighting::Seen(_) => None,
    }
}

#[tokio::test]
async fn a_deployment_is_seen_page_by_page() {
    let server = standing(&[]).await;
    let cloud = cloud_of(&server.url(), TOKEN);
    let seen = until(&cloud, whole).await;
    assert_eq!((seen.deployment.as_str(), seen.phase), (DEPLOYMENT, Phase::Running));
    assert_eq!(seen.equity.unwrap().to_string(), "1057.25");
    assert_eq!(seen.holdings[0].qty.to_string(), "5");
    assert_eq!(seen.events.len(), 1_200);
    assert_eq!(seen.orders.iter().filter(|o| o.state == AlgorithmOrderState::Working).count(), 1);
    assert_eq!((seen.log.len(), seen.log[0].text.as_str()), (500, "line 100"));
    let now = u64::try_from(System::start().now().wall.as_secs()).unwrap();
    for as_of in [seen.as_of, seen.insights.as_of] {
        let age = now - u64::try_from(as_of.unwrap().as_secs()).unwrap();
        assert!((600..640).contains(&age), "{age}");
    }
    assert_eq!(seen.insights.rows[119].id.as_str(), "i119");
}

#[tokio::test]
async fn orders_that_are_over_are_not_asked_for_again() {
    let mut server = standing(&[]).await;
    let cloud = cloud_of(&server.url(), TOKEN);
    let (mut sightings, mut after) = (0, Vec::new());
    until(&cloud, |sighting| {
        let seen = whole(sighting)?;
        sightings += 1;
        if sightings == 1 {
            server.drain();
        }
        after.extend(server.drain());
        let again = after.iter().filter(|one: &&Seen| one.path() == "/api/v2/live/orders/read").count();
        (again > 2 && seen.orders.len() == 1_200).then_some(())
    })
    .await;
    let orders = after.iter().filter(|one| one.path() == "/api/v2/live/orders/read");
    assert!(orders.into_iter().all(|one| one.json()["start"] == 1_000));
}

#[tokio::test]
async fn what_is_being_prepared_is_waited_for_and_what_fails_is_tried_again() {
    let loading = Reply::json(200, &json!({"progress": 0.25, "status": "loading", "success": true}));
    let server = standing(&[
        ("live/read", Reply::Json(500, String::new())),
        ("live/read", Reply::Gone),
        ("live/portfolio/read", loading.clone()),
        ("live/orders/read", loading.clone()),
        ("live/chart/read", loading),
        ("live/logs/read", Reply::json(200, &json!({"success": false, "errors": ["no log yet"]}))),
    ])
    .await;
    let cloud = cloud_of(&server.url(), TOKEN);
    let mut said = Vec::new();
    let seen = until(&cloud, |sighting| {
        said.extend(lost(sighting));
        whole(sighting)
    })
    .await;
    assert!(said[0].as_str().starts_with("QuantConnect fails (500)"), "{said:?}");
    assert!(said[1].as_str().starts_with("QuantConnect does not answer"), "{said:?}");
    assert!(said.iter().any(|s| s.as_str().contains("still preparing it (25 %)")), "{said:?}");
    assert!(seen.flaws.is_empty(), "{:?}", seen.flaws);
}

#[tokio::test]
async fn quiet_is_kept_when_it_is_wanted() {
    let busy = Reply::Full(429, vec![("retry-after", "1".to_owned())], Vec::new());
    let mut server = standing(&[("live/portfolio/read", busy)]).await;
    let cloud = cloud_of(&server.url(), TOKEN);
    let clock = System::start();
    let mut refused_at = None;
    let quiet = until(&cloud, |sighting| match (sighting, refused_at) {
        (Sighting::Lost { why, .. }, None) => {
            assert!(why.as_str().contains("429"), "{why}");
            refused_at = Some(clock.now().mono);
            None
        }
        (Sighting::Seen(_), Some(at)) => Some(clock.now().mono.since_ms(at)),
        _ => None,
    })
    .await;
    assert!(quiet >= 950, "{quiet:?}");
    let asked = server.drain();
    let paths: Vec<&str> = asked.iter().map(|one| one.path().rsplit_once("live/").unwrap().1).collect();
    assert_eq!(paths[..2], ["read", "portfolio/read"]);
    assert!(asked.len() < 12, "{paths:?}");
}

#[tokio::test]
async fn each_refusal_is_told_and_holds_no_secret() {
    let server = standing(&[]).await;
    let why = until(&cloud_of(&server.url(), "another-token"), lost).await;
    assert!(why.as_str().contains("the hash does not match"), "{why}");
    let early = Reply::Full(401, vec![("date", "Sat, 21 Nov 2020 12:00:00 GMT".to_owned())], Vec::new());
    let none = Reply::json(200, &json!({"success": false, "errors": ["No live algorithm of \u{1b}[2J777"]}));
    for (reply, want) in [
        (Reply::Json(401, String::new()), "neither this user nor this token"),
        (early, "clock is"),
        (none, "QuantConnect refuses: No live algorithm of [2J777"),
        (Reply::json(200, &json!({"success": true})), "no live deployment"),
    ] {
        let server = standing(&[("live/read", reply)]).await;
        let cloud = cloud_of(&server.url(), TOKEN);
        let why = until(&cloud, lost).await;
        assert!(why.as_str().contains(want), "{why}");
        assert!(!format!("{cloud:?} {why}").contains("canary"));
        // It comes back by itself, whatever it was.
        until(&cloud, |s| matches!(s, Sighting::Seen(_)).then_some(())).await;
    }
}

fn spy() -> Security {
    Security { ticker: "SPY".into(), market: "usa".into(), class: "equity".into() }
}

#[tokio::test]
async fn instructions_are_sent_once_and_mean_what_the_answer_says() {
    let yes = Reply::json(200, &json!({"success": true, "errors": []}));
    let no = Reply::json(200, &json!({"success": false, "errors": ["Project is not live"]}));
    let order = AskedOrder {
        security: spy(),
        qty: SignedQty::new(parse_decimal("-10.5").unwrap()),
        limit: None,
        stop: None,
        tag: Text::default(),
    };
    let custom = Instruction::Custom(r#"{"target": "x"}"#.into());
    type Means = fn(&Instructed) -> bool;
    let done: Means = |i| matches!(i, Instructed::Done(_));
    let taken: Means = |i| matches!(i, Instructed::Taken(_));
    let refused: Means = |i| matches!(i, Instructed::Refused(_));
    let unknown: Means = |i| matches!(i, Instructed::Unknown(_));
    for (instruction, reply, path, means) in [
        (Instruction::Stop, yes.clone(), "live/update/stop", done),
        (Instruction::Stop, no.clone(), "live/update/stop", refused),
        (Instruction::Liquidate(None), yes.clone(), "live/update/liquidate", done),
        (Instruction::Liquidate(None), Reply::Gone, "live/update/liquidate", unknown),
        (Instruction::Liquidate(Some(spy())), yes.clone(), "live/commands/create", taken),
        (Instruction::Submit(order.clone()), yes.clone(), "live/commands/create", taken),
        (Instruction::Submit(order.clone()), Reply::Silence, "live/commands/create", unknown),
        (
            Instruction::Submit(order.clone()),
            Reply::Json(503, String::new()),
            "live/commands/create",
            unknown,
        ),
        (
            Instruction::Submit(order.clone()),
            Reply::Json(429, String::new()),
            "live/commands/create",
            refused,
        ),
        (
            Instruction::Submit(order.clone()),
            Reply::Json(401, String::new()),
            "live/commands/create",
            refused,
        ),
        (Instruction::Submit(order), Reply::Json(200, "{}".to_owned()), "live/commands/create", unknown),
        (Instruction::Cancel { order: 7 }, no, "live/commands/create", refused),
        (custom, yes, "live/commands/create", taken),
    ] {
        let mut server = standing(&[(path, reply.clone())]).await;
        let came = cloud_of(&server.url(), TOKEN).instruct(instruction.clone()).await;
        assert!(means(&came), "{instruction:?} {reply:?}: {came:?}");
        let sent = server.drain();
        // A server that is gone or silent has not told what it saw; one that answered was asked once.
        assert!(sent.len() <= 1, "{sent:?}");
        for one in sent {
            assert_eq!((one.method.as_str(), one.path()), ("POST", format!("/api/v2/{path}").as_str()));
            assert_eq!(one.json()["projectId"], 777);
        }
    }
}

#[tokio::test]
async fn what_never_left_is_said_to_be_unsent_and_liquidate_says_that_it_stops() {
    let nobody = closed_port().await;
    let away = cloud_of(&format!("http://{nobody}"), TOKEN);
    assert!(matches!(away.instruct(Instruction::Stop).await, Instructed::NotSent(_)));
    assert!(matches!(away.instruct(Instruction::Custom("[]".into())).await, Instructed::NotSent(_)));
    let yes = Reply::json(200, &json!({"success": true}));
    let mut server =
        standing(&[("live/update/liquidate", yes.clone()), ("live/commands/broadcast", yes)]).await;
    let cloud = cloud_of(&server.url(), TOKEN);
    let Instructed::Done(said) = cloud.instruct(Instruction::Liquidate(None)).await else {
        panic!("not done")
    };
    assert!(said.as_str().contains("liquidated AND the algorithm is stopped"), "{said}");
    let all = |except| Instruction::Broadcast { object: r#"{"target":"x"}"#.into(), except };
    let Instructed::Taken(said) = cloud.instruct(all(Some(777))).await else { panic!("not taken") };
    assert!(said.as_str().contains("every live algorithm of the organization"), "{said}");
    let last = server.drain().pop().unwrap();
    let want = json!({"organizationId": "org0", "excludeProjectId": 777, "command": {"target": "x"}});
    assert_eq!(last.json(), want);
}

/// From the configuration to the answer: the shell sees it, stops it, and tells no token.
#[tokio::test(flavor = "multi_thread")]
async fn the_shell_sees_it_and_stops_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let stopped = Reply::json(200, &json!({"success": true, "errors": []}));
    let mut server =
        standing(&[("live/update/stop", stopped.clone()), ("live/commands/broadcast", stopped)]).await;
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    let text = format!(
        "[venues.paper]\nkind = \"paper\"\nhours = \"always\"\n[algorithms.mine]\nkind = \"quantconnect\"\nuser = \"1\"\n\
         project = 777\norganization = \"org0\"\ntoken = \"{TOKEN}\"\napi_url = \"{}/api/v2\"\n",
        server.url()
    );
    std::fs::write(&config, text).unwrap();
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o600)).unwrap();
    let path = home.path().to_owned();
    let shell = async |args: &'static [&'static str]| {
        let path = path.clone();
        let run = move || crate::counterparty::shell(&path, args);
        let (code, said) = tokio::task::spawn_blocking(run).await.unwrap();
        assert!(!said.contains(TOKEN), "{said}");
        (code, said)
    };
    let (code, said) = shell(&["algos"]).await;
    assert!(code == Some(0) && said.contains("mine") && said.contains("QuantConnect"), "{said}");
    assert!(said.contains("running"), "{said}");
    let (code, said) = shell(&["algos", "mine", "stop", "--yes"]).await;
    assert!(code == Some(0) && said.contains("mine did it (stop)"), "{said}");
    // To others as well: what is confirmed says so, and it leaves once.
    const BROADCAST: &[&str] = &["algos", "mine", "broadcast", "except", "778", "{\"target\": \"x\"}"];
    let (code, said) = shell(BROADCAST).await;
    assert!(code != Some(0) && said.contains("EVERY live algorithm of its organization"), "{code:?} {said}");
    let (code, said) = shell(&["algos", "mine", "broadcast", "{\"target\": \"x\"}", "--yes"]).await;
    assert!(code == Some(0) && said.contains("took it and gave no verdict"), "{code:?} {said}");
    let asked = server.drain();
    let count = |path: &str| asked.iter().filter(|seen| seen.path().ends_with(path)).count();
    assert_eq!((count("/live/update/stop"), count("/live/commands/broadcast")), (1, 1), "asked once");
}

/// A token that can't be had is said, and holds up nothing: the way out is open.
#[test]
fn without_its_token_everything_else_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    let text = "[venues.paper]\nkind = \"paper\"\nhours = \"always\"\n[algorithms.mine]\nkind = \"quantconnect\"\n\
                user = \"1\"\nproject = 777\ntoken_command = [\"false\"]\n";
    std::fs::write(&config, text).unwrap();
    let shell = |args: &[&str]| crate::counterparty::shell(home.path(), args);
    let (code, said) = shell(&["algos"]);
    assert!(code == Some(0) && said.contains("token_command `false`"), "{said}");
    let (code, said) = shell(&["flatten", "--venue", "paper", "--yes"]);
    assert!(code == Some(0) && said.contains("FLAT"), "{code:?} {said}");
}
