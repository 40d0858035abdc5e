//! The dashboard's first jobs in a real terminal, from the first key to what the screen says at the end: trading by hand
//! and watching programs. Getting out is `terminal::one_order_of_fifty_enters_and_out_with_the_halt_key`.

use crate::terminal::{ENTER, ESC, TAB, Tty, dashboard};
use nix::sys::signal::Signal;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
};

/// The row of an order: the first line that has all these words.
fn row(text: &str, words: &[&str]) -> Option<String> {
    text.lines().find(|l| words.iter().all(|w| l.contains(w))).map(ToOwned::to_owned)
}

/// The first number with a point in a row behind this word: the order's price.
fn price(row: &str, behind: &str) -> Option<f64> {
    let (_, rest) = row.split_once(behind)?;
    rest.split_whitespace().find(|w| w.contains('.'))?.replace(',', "").parse().ok()
}

fn limit(tty: &mut Tty, symbol: &str) -> f64 {
    let of = |text: &str| row(text, &[symbol, "buy", "lmt", "working"]).and_then(|r| price(&r, "lmt"));
    let symbol = symbol.to_owned();
    tty.wait(&format!("a working limit order of {symbol}"), |s| of(&s.contents()).is_some());
    of(&tty.text()).unwrap()
}

fn moved_to(tty: &mut Tty, symbol: &str, to: f64) {
    let want = format!("{to:.2}");
    tty.wait(&format!("the order at {want}"), |s| {
        row(&s.contents(), &[symbol, "buy", "lmt", "working", &want]).is_some()
    });
}

#[test]
fn by_hand_an_entry_is_sized_sent_moved_changed_and_cancelled() {
    let home = tempfile::tempdir().unwrap();
    let mut tty = dashboard(home.path(), &[]);
    tty.see("trading is open");
    tty.see_quotes();
    // Far below the market, so that it rests.
    tty.press("bAAPL");
    tty.see("BUY AAPL");
    for text in ["risk 0.5%", "l", "-3%", "-1%", "2R"] {
        tty.press(TAB);
        tty.press(text);
    }
    tty.see("checks passed");
    for figure in ["risk", "reward", "2.00R", "-1.00%"] {
        tty.see(figure);
    }
    tty.press(ENTER);
    tty.see("Enter SENDS");
    tty.press(ENTER);
    let sent = limit(&mut tty, "AAPL");
    tty.see("├ target");
    tty.see("└ stop");
    tty.see("working 3");

    tty.press(":focus orders\r");
    tty.press("+");
    tty.see("limit +1t");
    tty.insist(ENTER, &format!("{:.2}", sent + 0.01));
    moved_to(&mut tty, "AAPL", sent + 0.01);

    tty.press("m");
    tty.see("MODIFY");
    tty.press(&format!("{:.2}", sent - 1.0));
    tty.press(ENTER);
    tty.see("Enter SENDS");
    tty.press(ENTER);
    moved_to(&mut tty, "AAPL", sent - 1.0);
    tty.see("working 3");

    tty.press(":focus orders\r");
    tty.press("c");
    tty.see("working 0");
    tty.press("]]");
    tty.wait("the cancelled entry, under its last price", |s| {
        let last = format!("{:.2}", sent - 1.0);
        row(&s.contents(), &["AAPL", "buy", &last, "cancelled"]).is_some()
    });
    tty.signal(Signal::SIGTERM);
    assert_eq!(tty.ended(), 0);
}

/// A program that trades the account of a running dashboard.
struct Program {
    host: String,
    keys: String,
}

impl Program {
    fn find(dir: &Path) -> Option<PathBuf> {
        let entries = std::fs::read_dir(dir).ok()?.flatten().map(|e| e.path());
        let (dirs, files): (Vec<_>, Vec<_>) = entries.partition(|p| p.is_dir());
        let here = files.into_iter().find(|f| f.ends_with("address.json"));
        here.or_else(|| dirs.iter().find_map(|d| Self::find(d)))
    }

    fn at(state: &Path) -> Self {
        let path = Self::find(state).expect("the venue says where it is");
        let at: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let text = |name: &str| at[name].as_str().unwrap().to_owned();
        let keys =
            format!("APCA-API-KEY-ID: {}\r\nAPCA-API-SECRET-KEY: {}\r\n", text("key_id"), text("secret_key"));
        Self { host: text("trading_url").replace("http://", ""), keys }
    }

    fn ask(&self, what: &str, body: &str) -> String {
        let mut line = TcpStream::connect(&self.host).unwrap();
        let Self { host, keys } = self;
        let head = format!("{what} HTTP/1.1\r\nHost: {host}\r\n{keys}Connection: close\r\n");
        write!(line, "{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            .unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
        answer
    }
}

#[test]
fn a_program_on_the_account_is_seen_live_and_liquidated_alone() {
    let home = tempfile::tempdir().unwrap();
    let mut tty = dashboard(home.path(), &[]);
    tty.see("trading is open");
    tty.see_quotes();
    tty.press(":buy AAPL 7\r");
    tty.insist(ENTER, "Fills 1");
    tty.press(":page algorithms\r");
    tty.see("Algorithms");

    let program = Program::at(&home.path().join("state"));
    program.ask(
        "POST /v2/orders",
        r#"{"symbol":"MSFT","qty":"11","side":"buy","type":"market","time_in_force":"day","client_order_id":"swing-1"}"#,
    );
    tty.wait("its fill", |s| row(&s.contents(), &[":", "MSFT", "buy", "11"]).is_some());
    program.ask(
        "POST /v2/orders",
        r#"{"symbol":"ETH/USD","qty":"0.1","side":"buy","type":"limit","limit_price":"100","time_in_force":"gtc","client_order_id":"swing-2"}"#,
    );
    tty.wait("its working order, marked as not ours", |s| {
        row(&s.contents(), &["ETH/USD", "buy", "lmt", "working", "EXTERNAL"]).is_some()
    });

    tty.press(":flatten algo swing\r");
    tty.see("Enter again FLATTENS");
    for words in ["cancel 1 order", "close 1 position"] {
        tty.see(words);
    }
    tty.insist(ENTER, "by the venue's word");
    tty.press(ESC);
    tty.see_gone("closes this report");
    tty.wait("nothing of it", |s| row(&s.contents(), &["ETH/USD", "working"]).is_none());
    // What the trader holds is not the program's.
    tty.press(":page trade\r");
    tty.wait("the trader's own position", |s| row(&s.contents(), &["AAPL", "+7"]).is_some());
    assert!(row(&tty.text(), &["MSFT", "+11"]).is_none(), "{}", tty.text());
    tty.signal(Signal::SIGTERM);
    assert_eq!(tty.ended(), 0);
}

/// What a paused program sends to open something is cancelled.
fn does_not_stay(tty: &mut Tty, program: &Program, id: &str) {
    let open = || program.ask("GET /v2/orders?status=open", "");
    for _ in 0..200 {
        if !open().contains(id) {
            break;
        }
        tty.see("paused");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(!open().contains(id), "{}", open());
}

/// With a name of its own a program is watched, held and got out of like an account.
#[test]
fn a_named_program_is_watched_paused_and_liquidated_alone() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(
        &config,
        "[venues.paper]\nkind = \"paper\"\nhours = \"always\"\n[algorithms.swing]\nkind = \"program\"\nvenue = \"paper\"\n\
         prefixes = [\"swing-\"]\n[algorithms.web]\nkind = \"program\"\nvenue = \"paper\"\nsources = [\"access_key\"]\n",
    )
    .unwrap();
    let path = config.display().to_string();
    let mut tty = dashboard(home.path(), &[("TRADEDECK_CONFIG", &path)]);
    tty.see("trading is open");
    tty.see_quotes();
    tty.press(":buy AAPL 7\r");
    tty.insist(ENTER, "Fills 1");
    tty.press(":page algorithms\r");
    tty.press(":focus algorithms\r");
    tty.wait("it, unseen", |s| row(&s.contents(), &["swing", "unseen"]).is_some());
    let program = Program::at(&home.path().join("state"));
    let buy = |id: &str, symbol: &str, rest: &str| {
        let body =
            format!("{{\"symbol\":\"{symbol}\",\"side\":\"buy\",\"client_order_id\":\"{id}\",{rest}}}");
        program.ask("POST /v2/orders", &body)
    };
    buy("swing-1", "MSFT", r#""qty":"11","type":"market","time_in_force":"day""#);
    tty.wait("it runs", |s| row(&s.contents(), &["swing", "running"]).is_some());
    tty.wait("what was done by hand", |s| row(&s.contents(), &["by hand"]).is_some());
    // Its figures, from the table: what it holds and its orders, not the trader's.
    tty.press("g");
    tty.press(ENTER);
    tty.wait("its holding", |s| row(&s.contents(), &["MSFT", "+11"]).is_some());
    assert!(row(&tty.text(), &["AAPL", "+7", "at"]).is_none(), "{}", tty.text());
    tty.press("]");
    tty.wait("its order", |s| row(&s.contents(), &["MSFT", "+11", "market", "filled"]).is_some());
    tty.press("p");
    tty.press(ESC);
    tty.wait("paused", |s| row(&s.contents(), &["swing", "paused"]).is_some());
    // What it sends to open something does not stay.
    buy("swing-2", "ETH/USD", r#""qty":"0.1","type":"limit","limit_price":"100","time_in_force":"gtc""#);
    does_not_stay(&mut tty, &program, "swing-2");
    // The shell sees the same, and closes its part alone.
    let shell = |args: &[&str]| crate::counterparty::shell(home.path(), args);
    let (code, said) = shell(&["algos"]);
    assert!(code == Some(0) && said.contains("swing") && said.contains("paused"), "{said}");
    let (code, said) = shell(&["algos", "swing", "dance"]);
    assert!(code == Some(2) && said.contains("write one of pause"), "{said}");
    let (code, said) = shell(&["algos", "swing", "liquidate", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    // One that has no names of its own is told by the way its orders come, which the trader's come, too.
    buy("zz-1", "MSFT", r#""qty":"3","type":"market","time_in_force":"day""#);
    tty.wait("it runs", |s| row(&s.contents(), &["web", "running"]).is_some());
    let (code, said) = shell(&["algos", "web"]);
    assert!(code == Some(0) && said.contains("3 MSFT") && !said.contains("AAPL"), "{said}");
    tty.press(":algo web pause\r");
    tty.wait("paused", |s| row(&s.contents(), &["web", "paused"]).is_some());
    buy("zz-2", "ETH/USD", r#""qty":"0.1","type":"limit","limit_price":"100","time_in_force":"gtc""#);
    does_not_stay(&mut tty, &program, "zz-2");
    let (code, said) = shell(&["algos", "web", "liquidate", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    tty.press(":page trade\r");
    tty.wait("the trader's own position", |s| row(&s.contents(), &["AAPL", "+7"]).is_some());
    tty.wait("nothing of the program's", |s| row(&s.contents(), &["MSFT", "+11"]).is_none());
    tty.signal(Signal::SIGTERM);
    assert_eq!(tty.ended(), 0);
}
