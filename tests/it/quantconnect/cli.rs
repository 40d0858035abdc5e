//! The vendor's own command line and ours ask the same of the cloud: its requests are recorded, ours are held against the
//! record, and it reads the stand-in's answers, good and bad.

use super::{DEPLOYMENT, TOKEN, cloud_of, refusal, until};
use crate::loopback::{Reply, Seen, Server};
use serde_json::{Value, json};
use std::{path::Path, process::Command};
use tradedeck::{
    algos::Source as _,
    domain::algorithm::{Instructed, Instruction, Sighting},
};

/// Where the vendor's command line looks for the cloud with `QC_API=local`.
const LOCAL: &str = "127.0.0.1:5612";
/// Below the API's address.
const BASE: &str = "/api/v2/";

fn recorded() -> Vec<Value> {
    let text = std::fs::read_to_string("tests/fixtures/quantconnect/cloud-requests.jsonl").unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the cloud answers to all that the vendor's commands ask, where hash and time are right.
fn answer(seen: &Seen) -> Reply {
    if let Some(refusal) = refusal(seen) {
        return refusal;
    }
    let date = "2026-11-20 12:58:41";
    let answer = match seen.path().strip_prefix(BASE).unwrap() {
        "projects/read" => json!({"success": true, "projects": [{"projectId": 777, "organizationId": "org0",
            "name": "Mine", "description": "", "modified": date, "created": date, "language": "Py",
            "collaborators": [], "leanVersionId": 1, "leanPinnedToMaster": true, "leanEnvironment": 1,
            "parameters": [], "libraries": []}]}),
        "organizations/list" => json!({"success": true, "organizations": [{"id": "org0", "name": "Ours",
            "type": "Individual", "ownerName": "me", "members": 1, "preferred": true}]}),
        "live/read" => json!({"success": true, "deployId": DEPLOYMENT, "status": "Running", "launched": date,
            "brokerage": "PaperBrokerage", "runtimeStatistics": {}, "serverStatistics": [], "charts": []}),
        "live/portfolio/read" => json!({"success": true, "portfolio": {"holdings": [], "cash": []}}),
        _ => json!({"success": true, "errors": []}),
    };
    Reply::json(200, &answer)
}

/// A request as it is in the record.
fn bare(seen: &Seen) -> Value {
    let path = seen.target.strip_prefix(BASE).unwrap();
    json!({"method": seen.method, "path": path, "body": String::from_utf8_lossy(&seen.body)})
}

/// Two of them say the same: method, path, parameters, and every member of the body.
fn is_same(one: &Value, other: &Value) -> bool {
    let body = |of: &Value| serde_json::from_str::<Value>(of["body"].as_str().unwrap()).ok();
    one["method"] == other["method"] && one["path"] == other["path"] && body(one) == body(other)
}

/// The form of the headers that both send; what stands in them, [`refusal`] has looked at.
fn form(seen: &Seen) -> [bool; 3] {
    let secs = seen.header("timestamp").unwrap();
    let kind = seen.header("content-type").map(|kind| kind.split(';').next().unwrap());
    [
        seen.header("authorization").unwrap().starts_with("Basic "),
        secs.len() == 10 && secs.bytes().all(|b| b.is_ascii_digit()),
        kind == (seen.method == "POST").then_some("application/json"),
    ]
}

/// What of the record is the cloud's own business with its client: which project has this name, and which organization.
fn is_of_names(request: &Value) -> bool {
    let path = request["path"].as_str().unwrap();
    path.starts_with("projects/") || path.starts_with("organizations/")
}

/// For each request of the record that is about an algorithm, ours: that and no other.
async fn ask_the_same(server: &mut Server) {
    let cloud = cloud_of(&server.url(), TOKEN);
    server.drain();
    until(&cloud, |s| matches!(s, Sighting::Seen(_)).then_some(())).await;
    let status = server.drain().into_iter().next().unwrap();
    let mut ours = vec![status];
    let all = |object: &str, except| Instruction::Broadcast { object: object.into(), except };
    for instruction in [
        Instruction::Custom(r#"{"$type": "MyCommand", "text": "hi"}"#.into()),
        all(r#"{"target": "x"}"#, None),
        all(r#"{"target": "y"}"#, Some(777)),
        Instruction::Liquidate(None),
        Instruction::Stop,
    ] {
        let came = cloud.instruct(instruction.clone()).await;
        assert!(matches!(came, Instructed::Done(_) | Instructed::Taken(_)), "{instruction:?}: {came:?}");
        let mut sent = server.drain();
        // A read that was cut off may still come in.
        sent.retain(|one| one.path().contains("/commands/") || one.path().contains("/update/"));
        assert_eq!(sent.len(), 1, "{instruction:?} is sent once");
        ours.append(&mut sent);
    }
    let theirs: Vec<Value> = recorded().into_iter().filter(|one| !is_of_names(one)).collect();
    assert_eq!(ours.len(), theirs.len());
    for (our, their) in ours.iter().zip(&theirs) {
        assert!(is_same(&bare(our), their), "{} is not {their}", bare(our));
        assert_eq!(form(our), [true; 3], "{our:?}");
    }
}

#[tokio::test]
async fn ours_are_the_requests_that_the_vendors_command_line_sent() {
    let mut server = Server::start(answer).await;
    ask_the_same(&mut server).await;
}

fn run(scratch: &Path, token: &str) -> (bool, String) {
    let python =
        std::env::var("TRADEDECK_LEAN_PYTHON").expect("the Python that has the vendor's command line");
    let mut command = Command::new(python);
    let out = command.arg("tests/lean_cli/proof.py").arg("cloud").arg(scratch).arg(token).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    println!("{said}");
    (out.status.success(), said)
}

async fn theirs(home: &Path, token: &'static str) -> (bool, String) {
    let scratch = home.join(token);
    tokio::task::spawn_blocking(move || run(&scratch, token)).await.unwrap()
}

#[tokio::test]
#[ignore = "needs a Python with the vendor's command line, which `.ci/run` brings, and port 5612"]
async fn the_vendors_command_line_asks_what_is_recorded_and_reads_the_answers() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_at(LOCAL, answer).await;
    let (is_good, said) = theirs(home.path(), TOKEN).await;
    assert!(is_good, "{said}");
    for words in ["Live status: Running", DEPLOYMENT, "2026-11-20 12:58:41 UTC", "broadcasted successfully"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let sent = server.drain();
    assert!(sent.iter().all(|one| form(one) == [true; 3]), "{sent:?}");
    let sent: Vec<Value> = sent.iter().map(bare).collect();
    let record: Vec<String> = sent.iter().map(ToString::to_string).collect();
    let is_recorded =
        sent.len() == recorded().len() && sent.iter().zip(&recorded()).all(|(s, r)| is_same(s, r));
    assert!(is_recorded, "it sends something else now:\n{}", record.join("\n"));
    // What the stand-in says of a hash that is wrong is what the vendor's program takes for that.
    let (is_good, said) = theirs(home.path(), "another-token").await;
    assert!(!is_good && said.matches("Invalid credentials").count() == 6, "{said}");
    ask_the_same(&mut server).await;
    println!("{} requests are as recorded", sent.len());
}
