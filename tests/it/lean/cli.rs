//! The vendor's own command line beside ours: for the same commands the same files, and each reads what the other's
//! engine answers.

use super::{
    engine::{self, Verdict},
    lean, quick, until,
};
use serde_json::Value;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output},
    sync::Arc,
    time::Duration,
};
use tradedeck::{
    algos::{
        Source as _,
        lean::{
            Lean,
            settings::{Commands, Settings},
        },
    },
    clock::System,
    domain::{
        algorithm::{AskedOrder, Instructed, Instruction, Security, Sighting},
        text::Text,
    },
};

const CONTAINER: &str = "lean_cli_0f0e0d0c0b0a09080706050403020100";

fn security(ticker: &str, market: &str, class: &str) -> Security {
    Security { ticker: ticker.into(), market: market.into(), class: class.into() }
}

fn order(ticker: &str, qty: &str, limit: Option<&str>, stop: Option<&str>, tag: &str) -> Instruction {
    Instruction::Submit(AskedOrder {
        security: security(ticker, "usa", "equity"),
        qty: qty.parse().unwrap(),
        limit: limit.map(|p| p.parse().unwrap()),
        stop: stop.map(|p| p.parse().unwrap()),
        tag: Text::clean(tag),
    })
}

/// In the order of `COMMANDS` in `tests/lean_cli/proof.py`.
fn ours() -> Vec<Instruction> {
    let price = |p: &str| Some(p.parse().unwrap());
    vec![
        Instruction::Liquidate(None),
        Instruction::Liquidate(Some(security("AAPL", "usa", "equity"))),
        order("AAPL", "-10.5", Some("187.25"), None, "x"),
        order("SPY", "10", None, None, ""),
        order("SPY", "3", None, Some("590"), "stop"),
        order("SPY", "3", Some("591.25"), Some("590"), "both"),
        Instruction::Cancel { order: 7 },
        Instruction::Update { order: 7, qty: None, limit: price("188.5"), stop: None },
        Instruction::Update {
            order: 8,
            qty: Some("2.5".parse().unwrap()),
            limit: None,
            stop: price("0.0001"),
        },
        Instruction::Add { security: security("BTCUSD", "coinbase", "crypto"), resolution: "second".into() },
        Instruction::Custom(r#"{"$type": "MyCommand", "text": "hi"}"#.into()),
        Instruction::Stop,
    ]
}

fn python(mode: &str, paths: &[&Path]) -> Command {
    let python =
        std::env::var("TRADEDECK_LEAN_PYTHON").expect("the Python that has the vendor's command line");
    let mut command = Command::new(python);
    command.arg("tests/lean_cli/proof.py").arg(mode).args(paths);
    command
}

fn told(output: &Output) {
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
}

/// Without what is never the same twice.
fn bare(command: &Value) -> Value {
    let mut command = command.clone();
    let members = command.as_object_mut().unwrap();
    let names: Vec<String> = members.keys().filter(|k| k.eq_ignore_ascii_case("id")).cloned().collect();
    assert_eq!(names.len(), 1, "{members:?}");
    for name in names {
        assert!(members[&name].as_str().unwrap().len() == 32);
        members.insert(name, Value::Null);
    }
    command
}

struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test]
#[ignore = "needs a Python with the vendor's command line, which `.ci/run` brings"]
async fn the_vendors_command_line_writes_the_same_files_and_each_reads_the_others_answers() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| -> PathBuf {
        let path = home.path().join(name);
        fs::create_dir_all(&path).unwrap();
        path
    };
    // Theirs, into our stand-in of the engine: it reads our answers.
    let their_engine = at("theirs");
    // Seldom, since their files are not written at one stroke.
    let running = engine::Commands::poll(their_engine.clone(), 400, |_| Verdict::Yes);
    let scratch = at("scratch");
    let cli = tokio::task::spawn_blocking(move || {
        python("cli", &[&scratch, &their_engine]).arg(CONTAINER).output().unwrap()
    });
    told(&cli.await.unwrap());
    let theirs = running.end();
    // Ours, into a stand-in that is written in Python: we read its answers, through the same program for containers.
    let (our_engine, results) = (at("ours"), at("results"));
    engine::alive(&results, Some(CONTAINER));
    let log = home.path().join("ran.jsonl");
    let _python = Ends(python("engine", &[&our_engine, &log]).spawn().unwrap());
    let docker = home.path().join("scratch/bin/docker");
    for (n, instruction) in ours().into_iter().enumerate() {
        let commands = if n % 2 == 0 {
            Commands::Folder(our_engine.clone())
        } else {
            let shim = fs::read_to_string(&docker).unwrap();
            let ours = home.path().join("docker-ours");
            let script = shim.replace(&at("theirs").display().to_string(), &our_engine.display().to_string());
            fs::write(&ours, script).unwrap();
            fs::set_permissions(&ours, fs::metadata(&docker).unwrap().permissions()).unwrap();
            Commands::Container { docker: ours }
        };
        let came = lean(&results, commands).instruct(instruction.clone()).await;
        assert!(matches!(came, Instructed::Done(_)), "{instruction:?}: {came:?}");
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let ran = fs::read_to_string(&log).unwrap();
    let ours_ran: Vec<Value> = ran.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((theirs.len(), ours_ran.len()), (ours().len(), ours().len()));
    for (their, our) in theirs.iter().zip(&ours_ran) {
        assert_eq!(bare(our), bare(their));
    }
    let left: Vec<_> = fs::read_dir(&our_engine).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
    println!("{} commands are the same", theirs.len());
}

/// The library that LEAN's own descends from sends, and ours reads.
#[tokio::test]
#[ignore = "needs a Python with pyzmq, which `.ci/run` brings"]
async fn a_push_socket_of_libzmq_is_read() {
    let home = tempfile::tempdir().unwrap();
    engine::alive(home.path(), None);
    let (port, packets) = (home.path().join("port.tmp"), home.path().join("packets.tmp"));
    let held = |n: usize| {
        format!(r#"{{"Type":"LiveResult","Results":{{"Holdings":{{"SPY R735QTJ8XC9X":{{"q":{n}}}}}}}}}"#)
    };
    let lines: Vec<String> = (1..=20).map(held).collect();
    let big = format!(r#"{{"Type":"LiveNode","Algorithm":"{}"}}"#, "A".repeat(3_000_000));
    fs::write(&packets, format!("{big}\n{}\n", lines.join("\n"))).unwrap();
    let _python = Ends(python("push", &[&port, &packets]).spawn().unwrap());
    let mut bound = None;
    while bound.is_none() {
        tokio::time::sleep(Duration::from_millis(50)).await;
        bound = fs::read_to_string(&port).ok().and_then(|p| p.parse::<u16>().ok());
    }
    let stream = bound.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    let settings = Settings { results: home.path().to_owned(), commands: Commands::ReadOnly, stream };
    let lean = Lean::new("mine".into(), settings, Arc::new(System::start())).unwrap().with_timing(quick());
    let seen = until(
        &lean,
        |s| matches!(s, Sighting::Seen(o) if o.holdings.first().is_some_and(|h| h.qty.to_string() == "20")),
    );
    assert_eq!(seen.await.unwrap().flaws, []);
}
