//! A stand-in of LEAN's engine: what it writes and how, in place and torn (LEAN.md 1.2), and what it does with command
//! files (LEAN.md 2.1).

use serde_json::{Value, json};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};
use tradedeck::{
    clock::{Clock as _, System},
    domain::time::Stamp,
};

pub const ID: &str = "L-3123456789";

/// `2026-11-20` of a day that many days after that moment.
pub fn day(at: Stamp, later: i64) -> String {
    at.plus_ms(later * 86_400_000).to_rfc3339().get(..10).unwrap().to_owned()
}

/// Truncated, then written piece by piece: a reader may meet any beginning of it.
pub fn write_in_place(path: &Path, text: &str, rest: u64) {
    let mut file = fs::File::create(path).unwrap();
    let mut bytes = text.as_bytes();
    for _ in 0..fastrand::usize(0..5) {
        let (piece, left) = bytes.split_at(fastrand::usize(0..=bytes.len()));
        file.write_all(piece).unwrap();
        bytes = left;
        thread::sleep(Duration::from_micros(fastrand::u64(0..rest.max(1))));
    }
    file.write_all(bytes).unwrap();
}

pub fn append(path: &Path, text: &str) {
    let mut file = fs::File::options().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// One run of an algorithm that buys one more of one thing with each version of itself. Every figure of a file follows
/// from its version, so that a mixture of two shows.
#[derive(Debug, Clone)]
pub struct Model {
    pub started: Stamp,
    /// Counts on over runs; orders begin anew with each.
    pub version: u64,
    pub before: u64,
    pub word: &'static str,
    pub ended: bool,
    pub events: Vec<Value>,
}

pub fn equity(version: u64) -> String {
    format!("{}.25", 50_000 + version)
}

impl Model {
    /// LEAN writes when it began to the second.
    pub fn begin(at: Stamp, version: u64) -> Self {
        let at = Stamp::from_secs(at.as_secs()).unwrap();
        Self { started: at, version, before: version, word: "Running", ended: false, events: Vec::new() }
    }

    pub fn step(&mut self, now: Stamp) {
        self.version += 1;
        let order = self.version - self.before;
        let secs = |nanos: i64| {
            json!(
                serde_json::from_str::<Value>(&format!(
                    "{}.{:03}",
                    nanos / 1_000_000_000,
                    nanos / 1_000_000 % 1_000
                ))
                .unwrap()
            )
        };
        for (n, status, qty) in [(1, "submitted", "0.0"), (2, "filled", "1.0")] {
            self.events.push(json!({
                "id": format!("{ID}-{order}-{n}"), "algorithmId": ID, "orderId": order, "orderEventId": n,
                "symbol": "SPY R735QTJ8XC9X", "symbolValue": "SPY", "symbolPermtick": "SPY",
                "time": secs(now.as_nanos()), "status": status, "fillPrice": 10.5, "fillPriceCurrency": "USD",
                "fillQuantity": qty, "direction": "buy", "isAssignment": false, "quantity": 1.0,
            }));
        }
    }

    /// A status, minute or second file: orders from one number on.
    pub fn result(&self, from: u64) -> String {
        let n = self.version;
        let time = self.started.to_rfc3339();
        let orders: serde_json::Map<String, Value> = (from.max(1)..=n - self.before)
            .map(|id| {
                let order = json!({"type": 0, "id": id, "contingentId": 0, "brokerId": [id.to_string()],
                    "symbol": {"value": "SPY", "id": "SPY R735QTJ8XC9X", "permtick": "SPY"}, "price": 10.5,
                    "priceCurrency": "USD", "time": time, "createdTime": time, "quantity": 1.0, "status": 3, "tag": "",
                    "properties": {"timeInForce": {}}, "securityType": 1, "direction": 0, "value": 10.5});
                (id.to_string(), order)
            })
            .collect();
        let text = equity(n);
        let (thousands, rest) = text.split_at(2);
        let money = format!("${thousands},{rest}");
        let result = json!({
            "holdings": {"SPY R735QTJ8XC9X": {"a": 10.5, "q": n, "p": format!("{n}.5"), "v": n * 2}, "MSFT R735QTJ8XC9X": {}},
            "cash": {"USD": {"securitySymbols": [], "symbol": "USD", "amount": 100_000 - n * 10, "conversionRate": 1.0,
                "currencySymbol": "$", "valueInAccountCurrency": 100_000 - n * 10}},
            "accountCurrency": "USD", "accountCurrencySymbol": "$",
            "charts": {"Strategy Equity": {"name": "Strategy Equity", "chartType": 0, "series": {"Equity": {"name": "Equity",
                "values": [[self.started.as_secs() + i64::try_from(n).unwrap(), 1, 2, 0, serde_json::from_str::<Value>(&text).unwrap()]]}}}},
            "orders": orders, "profitLoss": [], "statistics": {},
            "runtimeStatistics": {"Equity": money, "Fees": format!("-${n}.00"), "Unrealized": format!("$-{n}.50")},
            "state": {"StartTime": time, "EndTime": if self.ended { time.as_str() } else { "" }, "RuntimeError": "",
                "StackTrace": "", "LogCount": "0", "OrderCount": n.to_string(), "Status": self.word},
            "serverStatistics": {"CPU Usage": "3.1%", "Hostname": "lean-host"},
        });
        serde_json::to_string_pretty(&result).unwrap()
    }
}

/// What a command file made of the stand-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Yes,
    No,
    Null,
    /// It is run and never answered.
    Silent,
    /// The answer stands there half for a while.
    Torn,
}

/// The polling half of the engine.
#[derive(Debug)]
pub struct Commands {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<Value>>>,
}

impl Commands {
    /// Polls a folder: `command*.json` sorted by name, each read whole, deleted, run, answered.
    pub fn poll(
        folder: PathBuf,
        every_ms: u64,
        verdict: impl Fn(&Value) -> Verdict + Send + 'static,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut ran = Vec::new();
            while !asked.load(Ordering::SeqCst) {
                ran.extend(round(&folder, &verdict));
                thread::sleep(Duration::from_millis(every_ms));
            }
            ran.extend(round(&folder, &verdict));
            ran
        });
        Self { stop, thread: Some(thread) }
    }

    /// What it ran, in order; what it could not read is a text.
    pub fn end(mut self) -> Vec<Value> {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap()
    }
}

fn round(folder: &Path, verdict: &impl Fn(&Value) -> Verdict) -> Vec<Value> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.starts_with("command") && n.strip_suffix(".json").is_some())
        .collect();
    names.sort();
    let mut ran = Vec::new();
    for name in names {
        let Ok(text) = fs::read_to_string(folder.join(&name)) else { continue };
        drop(fs::remove_file(folder.join(&name)));
        let Ok(command) = serde_json::from_str::<Value>(&text) else {
            ran.push(Value::String(text));
            continue;
        };
        answer(folder, &command, verdict(&command));
        ran.push(command);
    }
    ran
}

fn answer(folder: &Path, command: &Value, verdict: Verdict) {
    let id = ["Id", "id", "ID"].iter().find_map(|k| command[*k].as_str()).unwrap_or_default();
    let kind = command["$type"].as_str().unwrap_or_default();
    let name = kind.split(',').next().unwrap().rsplit('.').next().unwrap();
    let success = match verdict {
        Verdict::Yes | Verdict::Torn => json!(true),
        Verdict::No => json!(false),
        Verdict::Null => Value::Null,
        Verdict::Silent => return,
    };
    if id.is_empty() {
        return;
    }
    let text =
        json!({"CommandName": name, "Success": success, "Type": "CommandResult", "Channel": ""}).to_string();
    let path = folder.join(format!("result-command-{id}.json"));
    if verdict == Verdict::Torn {
        fs::write(&path, text.get(..text.len() / 2).unwrap()).unwrap();
        thread::sleep(Duration::from_millis(300));
    }
    fs::write(&path, text).unwrap();
}

/// A folder of a run that lives, with one whole set of files.
pub fn alive(folder: &Path, container: Option<&str>) -> Model {
    let now = System::start().now().wall;
    let mut model = Model::begin(now.plus_ms(-1_000), 0);
    model.step(now);
    append(&folder.join("log.txt"), "2026-11-20T12:58:41.5229523Z TRACE:: Engine.Main(): LEAN\n");
    fs::write(folder.join(format!("{ID}.json")), model.result(1)).unwrap();
    if let Some(container) = container {
        let config = json!({"id": 3_123_456_789_u64, "container": container, "brokerage": "PaperBrokerage"});
        fs::write(folder.join("config"), config.to_string()).unwrap();
    }
    model
}
