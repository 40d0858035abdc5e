//! Death at any moment: a program that sends orders is killed again and again, by time, by the order that is just
//! arriving, and (where strace is there) at each durable write. After every death the next start must agree with
//! the venue: no order sent twice, none missing, position equal to the sum of fills.

use super::{
    counterparty::{Counterparty, Fate, client, client_as, is_order, is_ready},
    loopback::{Reply, Seen},
    spine::{line, run, wait},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rust_decimal::Decimal;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tradedeck::{
    clock::{Clock as _, System},
    desk::{Reply as Said, Request, Snapshot, snapshot::OrderRow},
    domain::{alert::AlertCode, fact::Fact, lifecycle::OrderState, money::SignedQty},
    journal::Journal,
    runtime::{Client, Role},
};

const LONG: Duration = Duration::from_secs(30);
/// What the program trades: enough kinds that every durable write is among them.
const LINES: [&str; 11] = [
    "lock warming up",
    "unlock warmed up",
    "buy AAPL 3 limit +1% ext",
    "buy MSFT 1 limit +1% ext",
    "buy NVDA 5 limit -5% gtc",
    "buy AAPL 2 limit +1% ext",
    "close AAPL",
    "cancel NVDA",
    "buy NVDA 4 limit +1% ext",
    "sell NVDA 2 limit -1% ext",
    "buy AAPL 1 limit +1% ext",
];
const SYMBOLS: [&str; 3] = ["AAPL", "MSFT", "NVDA"];

#[test]
#[ignore = "the program that the tests below kill"]
fn child() {
    let config = std::fs::read_to_string(std::env::var_os("CRASH_CONFIG").unwrap()).unwrap();
    let state = PathBuf::from(std::env::var_os("CRASH_STATE").unwrap());
    let mut client = client(&config, &state);
    wait(&mut client, "agreement and quotes", |s| is_ready(s, &SYMBOLS));
    match std::env::var("CRASH_JOB").unwrap().as_str() {
        "trade" => trade(&mut client),
        "flatten" => hold_and_flatten(&mut client),
        "lose the journal" => lose_the_journal(&mut client),
        "slow journal" => slow_journal(&mut client),
        "hold" => hold(&mut client),
        "get out" => flatten(&mut client),
        other => panic!("no such job: {other}"),
    }
    println!("child: done");
    // A journal that was lost says so again when it is closed.
    drop(client.close());
}

fn trade(client: &mut Client) {
    for text in LINES {
        let reply = run(client, text);
        assert!(
            matches!(reply, Said::Placed { .. } | Said::Done(_) | Said::Refused { .. }),
            "{text}: {reply:?}"
        );
        if let Said::Refused { text: why, .. } = &reply {
            println!("child: refused {text}: {why}");
        }
        let Said::Placed { orders, .. } = reply else { continue };
        for order in orders {
            println!("child: placed {order}");
        }
    }
    let is_settled = |s: &Snapshot| {
        s.orders.iter().all(|o| !matches!(o.state, OrderState::Intended | OrderState::Sending))
    };
    wait(client, "an answer to every order", is_settled);
}

fn hold_and_flatten(client: &mut Client) {
    hold(client);
    flatten(client);
}

fn hold(client: &mut Client) {
    for text in ["buy AAPL 3 limit +1% ext", "buy MSFT 1 limit +1% ext", "buy NVDA 5 limit -5% gtc"] {
        assert!(matches!(run(client, text), Said::Placed { .. }), "{text}");
    }
    wait(client, "two positions and an order that works", |s| {
        let works = |o: &OrderRow| o.symbol.as_str() == "NVDA" && o.state == OrderState::Working;
        s.positions.len() == 2 && s.orders.iter().any(works)
    });
}

/// The disk fails under it: nothing opens any more, and everything can be closed.
fn lose_the_journal(client: &mut Client) {
    let lost = (1..200).find_map(|n| {
        let reply = run(client, &format!("buy AAPL {n} limit +1% ext"));
        let Said::Refused { text, .. } = reply else {
            assert!(matches!(reply, Said::Placed { .. }), "{reply:?}");
            return None;
        };
        Some(text.to_string())
    });
    println!("child: refused because {}", lost.expect("the disk fails within 200 orders"));
    wait(client, "the alarm", |s| s.alerts.iter().any(|a| a.alert.code == AlertCode::Journal));
    assert!(client.snapshot().banner.held.is_some(), "entries are closed");
    flatten(client);
}

/// Every durable write takes long: the screen goes on, and so do exits.
fn slow_journal(client: &mut Client) {
    let clock = System::start();
    let (idle, ms) = pictures(client, &clock, |c| drop(c.wait_for(Duration::from_secs(2), |_| false)));
    let (busy, busy_ms) = pictures(client, &clock, |client| {
        for qty in 1..=5 {
            let placed = run(client, &format!("buy AAPL {qty} limit +1% ext"));
            assert!(matches!(placed, Said::Placed { .. }), "{placed:?}");
        }
    });
    assert!(busy_ms >= 1_000, "five durable writes took {busy_ms} ms: the disk was not slow");
    let shown = format!("{idle} pictures in {ms} ms at rest, {busy} in {busy_ms} ms of writing");
    println!("child: {shown}");
    assert!(busy * ms * 2 >= idle * busy_ms, "{shown}");
    wait(client, "a position", |s| !s.positions.is_empty());
    flatten(client);
}

/// How many snapshots are published meanwhile, and how long it takes.
fn pictures(client: &mut Client, clock: &System, meanwhile: impl FnOnce(&mut Client)) -> (u64, u64) {
    let (seq, began) = (client.snapshot().seq, clock.now().mono);
    meanwhile(client);
    (client.snapshot().seq.saturating_sub(seq), clock.now().mono.since_ms(began))
}

fn flatten(client: &mut Client) {
    let reply = client.ask(Request::Do(line("flatten")), LONG).unwrap();
    assert!(matches!(reply, Said::Done(_)), "{reply:?}");
    wait(client, "flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
    println!("child: flat");
}

/// An account at a venue that lives on, and a program that does not.
struct Chain {
    venue: Counterparty,
    dir: tempfile::TempDir,
}

impl Chain {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let venue = Counterparty::start(dir.path());
        std::fs::write(dir.path().join("config.toml"), venue.config_text()).unwrap();
        Self { venue, dir }
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// Starts the program, behind `wrapper` if there is one.
    fn spawn(&self, job: &str, wrapper: &[String]) -> Child {
        let program = std::env::current_exe().unwrap().display().to_string();
        let words: Vec<String> = wrapper.iter().cloned().chain([program]).collect();
        let (first, rest) = words.split_first().unwrap();
        Command::new(first)
            .args(rest)
            .args(["--exact", "crash::child", "--ignored", "--nocapture", "--test-threads=1"])
            .env("CRASH_JOB", job)
            .env("CRASH_CONFIG", self.dir.path().join("config.toml"))
            .env("CRASH_STATE", self.state())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{first}: {e}"))
    }

    /// Starts again after a death, and holds everything against the venue's own word.
    fn check(&self, when: &str, output: &Output) {
        let mut client = client(&self.venue.config_text(), &self.state());
        let mut differences = Vec::new();
        let agreed = (0..120).any(|_| {
            drop(client.wait_for(Duration::from_millis(250), |_| false));
            differences = self.differences(&client.snapshot());
            differences.is_empty()
        });
        assert!(agreed, "{when}: {differences:#?}\n{}", said(output));
        let known: BTreeSet<String> =
            client.snapshot().orders.iter().map(|o| o.id.client.to_string()).collect();
        client.close().unwrap();
        for placed in said(output).lines().filter_map(|l| l.split_once("child: placed ")) {
            assert!(known.contains(placed.1), "{when}: {} was placed and is forgotten", placed.1);
        }
        self.check_journal(when);
    }

    /// Every order left once, and every buy (no position here is short) was in the journal before it left.
    fn check_journal(&self, when: &str) {
        let intended = intended(&self.state());
        let mut once = BTreeSet::new();
        for order in self.venue.desk.seen(is_order).iter().map(Seen::json) {
            let id = text(&order["client_order_id"]);
            assert!(order["side"] == "sell" || intended.contains(&id), "{when}: {id} was not yet durable");
            assert!(once.insert(id.clone()), "{when}: {id} was sent twice");
        }
    }

    fn differences(&self, s: &Snapshot) -> Vec<String> {
        if !is_ready(s, &[]) {
            return vec!["it does not agree yet".to_owned()];
        }
        let orders = self.venue.ask("/v2/orders?status=all&limit=500&nested=false");
        let orders: BTreeMap<&str, &Value> =
            orders.as_array().unwrap().iter().map(|o| (o["client_order_id"].as_str().unwrap(), o)).collect();
        assert!(orders.len() < 500, "the list is cut off");
        let mut wrong = Vec::new();
        for row in s.orders.iter() {
            let state = row.state;
            match orders.get(row.id.client.as_str()) {
                Some(o) => {
                    let filled = number(&o["filled_qty"]);
                    if row.filled.get() != filled || state.is_uncertain() {
                        wrong.push(format!("{} is {state:?} with {} filled; {o}", row.id.client, row.filled));
                    }
                }
                None if state.is_uncertain() => {}
                None if matches!(state, OrderState::NotSent | OrderState::Rejected) => {}
                None => {
                    wrong.push(format!("{} is {state:?}; the venue has never heard of it", row.id.client));
                }
            }
        }
        for id in orders.keys() {
            if !s.orders.iter().any(|o| o.id.client.as_str() == *id) {
                wrong.push(format!("{id} is missing in the book"));
            }
        }
        let (held, filled) = (self.positions(), self.fills());
        let ours: BTreeMap<String, Decimal> =
            s.positions.iter().map(|p| (p.instrument.symbol.to_string(), SignedQty::get(p.qty))).collect();
        if ours != held || held != filled {
            wrong.push(format!("positions {ours:?}, at the venue {held:?}, sum of fills {filled:?}"));
        }
        wrong
    }

    fn positions(&self) -> BTreeMap<String, Decimal> {
        let told = self.venue.ask("/v2/positions");
        told.as_array().unwrap().iter().map(|p| (text(&p["symbol"]), number(&p["qty"]))).collect()
    }

    fn fills(&self) -> BTreeMap<String, Decimal> {
        let mut sums = BTreeMap::<String, Decimal>::new();
        let mut page = String::new();
        loop {
            let path = format!("/v2/account/activities/FILL?page_size=100&direction=asc{page}");
            let told = self.venue.ask(&path);
            let told = told.as_array().unwrap();
            for fill in told {
                let qty = number(&fill["qty"]);
                let qty = if fill["side"] == "buy" { qty } else { -qty };
                *sums.entry(text(&fill["symbol"])).or_default() += qty;
            }
            let Some(last) = told.last().filter(|_| told.len() == 100) else { break };
            page = format!("&page_token={}", text(&last["id"]));
        }
        sums.retain(|_, qty| !qty.is_zero());
        sums
    }
}

fn intended(state: &Path) -> BTreeSet<String> {
    let path = state.join("journal.sqlite");
    if !path.exists() {
        return BTreeSet::new();
    }
    let journal = Journal::inspect(&path).unwrap();
    let facts = journal.replay().map(|record| record.unwrap().dated.fact);
    facts
        .filter_map(|fact| {
            let Fact::Intended(intent) = fact else { return None };
            Some(intent.order.client.to_string())
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn number(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn is_done(output: &Output) -> bool {
    said(output).contains("child: done")
}

/// Its whole life takes so long.
fn lifetime(chain: &Chain) -> Duration {
    let clock = System::start();
    let began = clock.now().mono;
    let output = chain.spawn("trade", &[]).wait_with_output().unwrap();
    assert!(is_done(&output), "{}", said(&output));
    chain.check("undisturbed", &output);
    Duration::from_millis(clock.now().mono.since_ms(began))
}

#[test]
fn death_at_any_time_loses_and_doubles_nothing() {
    const CHAINS: u32 = 3;
    const DEATHS: u32 = 12;
    std::thread::scope(|scope| {
        for nth in 0..CHAINS {
            scope.spawn(move || {
                let chain = Chain::start();
                let life = lifetime(&chain);
                for death in 0..DEATHS {
                    let at = life * (death * CHAINS + nth) / (CHAINS * DEATHS);
                    let mut child = chain.spawn("trade", &[]);
                    // Not to wait for anything: the moment is what is tried.
                    std::thread::sleep(at);
                    child.kill().unwrap();
                    let output = child.wait_with_output().unwrap();
                    assert!(is_done(&output) || output.status.signal() == Some(9), "{}", said(&output));
                    chain.check(&format!("killed after {at:?} of {life:?}"), &output);
                }
            });
        }
    });
}

#[test]
fn death_while_an_order_arrives_loses_and_doubles_nothing() {
    let chain = Chain::start();
    let fates = [("and it does it", Fate::Pass), ("and it never sees it", Fate::Instead(Reply::Gone))];
    let mut deaths = 0;
    for (what, fate) in fates {
        for nth in 1..=6 {
            let (fate, pid) = (fate.clone(), tokio::sync::watch::Sender::new(None::<u32>));
            let (count, told) = (AtomicU32::new(0), pid.subscribe());
            chain.venue.desk.plan(move |seen| {
                if is_order(seen) && count.fetch_add(1, Ordering::SeqCst) + 1 == nth {
                    let pid = told.borrow().expect("it lives");
                    kill(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGKILL).unwrap();
                    return fate.clone();
                }
                Fate::Pass
            });
            // A life is shorter than the time in which the same order again is a duplicate.
            std::thread::sleep(Duration::from_millis(1_100));
            let child = chain.spawn("trade", &[]);
            pid.send_replace(Some(child.id()));
            let output = child.wait_with_output().unwrap();
            // Orders of which nobody knows what became take their part of the buying power, so that a later life
            // may send fewer than `nth`: then it ends by itself.
            let died = output.status.signal() == Some(9);
            assert!(died || is_done(&output), "{}", said(&output));
            deaths += u32::from(died);
            chain.venue.desk.plan(|_| Fate::Pass);
            chain.check(&format!("killed while order {nth} reaches the venue, {what}"), &output);
        }
    }
    assert!(deaths >= 6, "only {deaths} of 12 lives were cut off by an order of theirs");
}

/// E12: killed when the cancel or a close of its flatten reaches the venue; the next start finishes it by itself.
#[test]
fn death_during_a_flatten_is_finished_by_the_next_start() {
    let gone = Fate::Instead(Reply::Gone);
    for (nth, fate) in [(1, Fate::Pass), (1, gone), (2, Fate::Pass), (3, Fate::Pass)] {
        let chain = Chain::start();
        let (count, pid) = (AtomicU32::new(0), tokio::sync::watch::Sender::new(None::<u32>));
        let (told, kept) = (pid.subscribe(), fate.clone());
        chain.venue.desk.plan(move |seen| {
            let exits = seen.method == "DELETE" || (is_order(seen) && text(&seen.json()["side"]) == "sell");
            if exits && count.fetch_add(1, Ordering::SeqCst) + 1 == nth {
                let pid = told.borrow().expect("it lives");
                kill(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGKILL).unwrap();
                return kept.clone();
            }
            Fate::Pass
        });
        let child = chain.spawn("flatten", &[]);
        pid.send_replace(Some(child.id()));
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.signal(), Some(9), "request {nth}: {}", said(&output));
        // One that only looks leaves it.
        let when = format!("killed at request {nth}");
        let mut looks = client(&chain.venue.config_text(), &chain.state());
        wait(&mut looks, "agreement", |s| is_ready(s, &[]));
        assert!(looks.snapshot().exit.is_none(), "{when}");
        assert!(looks.snapshot().exits.iter().any(|e| e.flat.is_none()), "{when}");
        looks.close().unwrap();
        let mut next = client_as(Role::Exit, &chain.venue.config_text(), &chain.state());
        ends_flat(&mut next);
        let s = next.snapshot();
        assert!(s.alerts.iter().any(|a| a.alert.code == AlertCode::Recovery), "{when}");
        assert!(s.banner.locked.is_some(), "{when}: the lock stays");
        next.close().unwrap();
        assert!(chain.positions().is_empty(), "{when}: {:?}", chain.positions());
        assert_eq!(chain.venue.ask("/v2/orders?status=open"), Value::Array(Vec::new()), "{when}");
        chain.check_journal(&when);
    }
}

/// Waits for the end of an exit that was taken up. A close that was on its way when its run died is looked for until
/// the venue's window is over: it may still arrive, and a second one would turn the position.
fn ends_flat(client: &mut Client) {
    let is_flat = |s: &Snapshot| s.exit.as_ref().is_some_and(|e| e.flat == Some(true));
    if client.wait_for(Duration::from_secs(110), is_flat).unwrap().is_none() {
        wait(client, "flat", is_flat);
    }
}

/// Runs a program with these faults in its system calls.
fn strace(fault: &str) -> Vec<String> {
    let syncs = "fdatasync,fsync";
    let words = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={syncs}"), "-e"];
    words.iter().map(|w| (*w).to_owned()).chain([format!("inject={syncs}:{fault}")]).collect()
}

#[test]
#[ignore = "needs strace: run by .ci/run"]
fn death_at_each_durable_write_loses_and_doubles_nothing() {
    let chain = Chain::start();
    for nth in 1.. {
        assert!(nth < 500, "it never ends by itself");
        let fault = format!("signal=SIGKILL:when={nth}");
        let output = chain.spawn("trade", &strace(&fault)).wait_with_output().unwrap();
        chain.check(&format!("killed at durable write {nth}"), &output);
        assert!(is_done(&output) || output.status.signal() == Some(9), "{}", said(&output));
        if is_done(&output) {
            assert!(nth > LINES.len(), "only {nth} durable writes: the faults did not reach it");
            println!("killed at each of {} durable writes", nth - 1);
            return;
        }
    }
}

/// E12: killed at each durable write of a way out. What had begun is taken up by the next start without being asked;
/// before it had begun nothing was sent.
#[test]
#[ignore = "needs strace: run by .ci/run"]
fn death_at_each_durable_write_of_a_flatten_is_finished_by_the_next_start() {
    let mut taken_up = 0;
    for nth in 1.. {
        assert!(nth < 200, "it never ends by itself");
        let chain = Chain::start();
        let held = chain.spawn("hold", &[]).wait_with_output().unwrap();
        assert!(is_done(&held), "{}", said(&held));
        let fault = format!("signal=SIGKILL:when={nth}");
        let output = chain.spawn("get out", &strace(&fault)).wait_with_output().unwrap();
        let when = format!("killed at durable write {nth}");
        if is_done(&output) {
            assert!(
                taken_up > 2,
                "{taken_up} of {nth} deaths left an exit under way: the faults did not reach it"
            );
            assert!(chain.positions().is_empty(), "{:?}", chain.positions());
            println!("killed at each of {} durable writes; {taken_up} exits were taken up", nth - 1);
            return;
        }
        assert_eq!(output.status.signal(), Some(9), "{}", said(&output));
        let mut next = client_as(Role::Exit, &chain.venue.config_text(), &chain.state());
        wait(&mut next, "agreement", |s| is_ready(s, &[]));
        if next.snapshot().exit.is_some() {
            taken_up += 1;
            assert!(
                next.snapshot().banner.locked.is_some(),
                "{when}: entries are blocked until it is through"
            );
            ends_flat(&mut next);
        } else if !chain.positions().is_empty() {
            assert_eq!(
                chain.positions().len(),
                2,
                "{when}: it closed something and forgot that it had begun"
            );
            flatten(&mut next);
        }
        next.close().unwrap();
        assert!(chain.positions().is_empty(), "{when}: {:?}", chain.positions());
        assert_eq!(chain.venue.ask("/v2/orders?status=open"), Value::Array(Vec::new()), "{when}");
        chain.check_journal(&when);
    }
}

#[test]
#[ignore = "needs strace: run by .ci/run"]
fn a_disk_that_fails_closes_entries_and_lets_exits_pass() {
    let chain = Chain::start();
    let output = chain.spawn("lose the journal", &strace("error=EIO:when=24+")).wait_with_output().unwrap();
    assert!(is_done(&output), "{}", said(&output));
    assert!(chain.positions().is_empty(), "{:?}", chain.positions());
    chain.check("after the disk failed", &output);
}

#[test]
#[ignore = "needs strace: run by .ci/run"]
fn a_slow_disk_holds_up_neither_screen_nor_exit() {
    let chain = Chain::start();
    let output = chain.spawn("slow journal", &strace("delay_enter=300000")).wait_with_output().unwrap();
    assert!(is_done(&output), "{}", said(&output));
    chain.check("after the disk was slow", &output);
}
