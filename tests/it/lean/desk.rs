//! LEAN on the desk: shown, asked from the shell, and got out of with everything else.

use super::engine::{self, Commands, ID, Verdict};
use serde_json::Value;
use std::{fs, path::Path, time::Duration};

struct Desk {
    home: tempfile::TempDir,
    results: tempfile::TempDir,
    engine: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let dir = || tempfile::tempdir().unwrap();
        let desk = Self { home: dir(), results: dir(), engine: dir() };
        let config = format!(
            "[venues.paper]\nkind = \"paper\"\nhours = \"always\"\n[algorithms.swing]\nkind = \"lean\"\nresults = \"{}\"\n\
             commands = \"{}\"\n",
            desk.results.path().display(),
            desk.engine.path().display()
        );
        fs::write(desk.home.path().join("config.toml"), config).unwrap();
        engine::alive(desk.results.path(), None);
        desk
    }

    fn shell(&self, args: &[&str]) -> (Option<i32>, String) {
        crate::counterparty::shell(self.home.path(), args)
    }

    /// The engine polls; what it is told to liquidate it does, and shows a moment later.
    fn poll(&self) -> Commands {
        let results = self.results.path().to_owned();
        Commands::poll(self.engine.path().to_owned(), 50, move |command| {
            if kind(command).contains("Liquidate") {
                std::thread::sleep(Duration::from_millis(300));
                hold_nothing(&results);
            }
            Verdict::Yes
        })
    }
}

fn kind(command: &Value) -> String {
    command["$type"].as_str().unwrap_or_default().to_owned()
}

fn hold_nothing(results: &Path) {
    let path = results.join(format!("{ID}.json"));
    let mut result: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    result["holdings"] = serde_json::json!({});
    fs::write(path, result.to_string()).unwrap();
}

#[test]
fn it_is_shown_and_asked_from_the_shell() {
    let desk = Desk::new();
    let engine = desk.poll();
    let (code, said) = desk.shell(&["algos"]);
    assert!(code == Some(0) && said.contains("swing") && said.contains("running"), "{said}");
    let (code, said) = desk.shell(&["algos", "swing", "--json"]);
    assert_eq!(code, Some(0), "{said}");
    let told: Value = serde_json::from_str(&said).unwrap();
    let seen = &told["algorithm"]["seen"];
    assert_eq!(seen["holdings"][0]["symbol"], "SPY", "{said}");
    assert!(seen["deployment"].as_str().unwrap().starts_with(ID), "{said}");
    let (code, said) = desk.shell(&["algos", "swing", "cancel", "1", "--yes"]);
    assert!(code == Some(0) && said.contains("swing did it (cancel order 1)"), "{said}");
    // An order that opens can't be judged here: it trades at no venue of this desk.
    let (code, said) = desk.shell(&["algos", "swing", "submit", "buy", "10", "SPY", "--yes"]);
    assert!(code != Some(0) && said.contains("write the `venue`"), "{code:?} {said}");
    let (code, said) = desk.shell(&["algos", "swing", "submit", "sell", "1", "SPY", "--yes"]);
    assert!(code == Some(0) && said.contains("did it"), "{said}");
    let (code, said) = desk.shell(&["algos", "swing", "liquidate", "--yes"]);
    assert!(code == Some(0) && said.contains("did it (liquidate)"), "{said}");
    let ran: Vec<String> = engine.end().iter().map(kind).collect();
    let names = ["CancelOrderCommand", "OrderCommand", "LiquidateCommand"];
    assert_eq!(ran.len(), names.len(), "{ran:?}");
    assert!(ran.iter().zip(names).all(|(ran, name)| ran.contains(name)), "{ran:?}");
    // What was asked, and what let it pass, is in the journal.
    let (_, journal) = desk.shell(&["journal", "export", "--format", "jsonl"]);
    for words in ["\"did\":\"asked\"", "\"did\":\"answered\"", "closes what it holds"] {
        assert!(journal.contains(words), "{words}: {journal}");
    }
}

#[test]
fn a_flatten_of_everything_gets_it_out_and_stops_it() {
    let desk = Desk::new();
    let engine = desk.poll();
    let (code, said) = desk.shell(&["flatten", "--yes"]);
    assert!(code == Some(0) && said.contains("algorithm swing: FLAT"), "{said}");
    let ran: Vec<String> = engine.end().iter().map(kind).collect();
    assert!(ran.len() == 2 && ran[0].contains("Liquidate") && ran[1].contains("Status"), "{ran:?}");
}
