//! Retention: the journal is put aside and begun anew, and nothing that is still needed is missing, whenever the process
//! that does it is killed.

use crate::shell::Home;
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use tradedeck::{
    book::Book,
    clock::{Clock as _, System},
    domain::{
        alert::{Alert, AlertCode, Severity},
        fact::{Baseline, Dated, Fact, Intent, OrderFact},
        ids::{
            ClientId, Currency, ExecutionId, Instance, InstrumentId, OrderId, Symbol, VenueId, VenueOrderId,
        },
        lifecycle::OrderEvent,
        order::{Amount, Attached, OrderSpec, OrderType, Origin, Side, Tif},
        payoff::Payoff,
        quote::{Arrival, Seen},
        report::{Execution, Fee, Liquidity},
        rules::{LatchKey, Response, Rule, Trip, Until},
        time::Stamp,
    },
    journal::{Header, Journal, Mode},
    runtime::archive::{Archived, Asked, archive},
};

const DAY_MS: i64 = 86_400_000;
const DAYS: i64 = 60;

fn venue() -> VenueId {
    VenueId::new("paper").unwrap()
}

/// The past of a trader, told day by day, that ends a minute ago.
struct Past {
    now: Stamp,
    facts: Vec<Dated>,
    orders: u64,
}

impl Past {
    fn of(now: Stamp) -> Self {
        let mut past = Self { now, facts: Vec::new(), orders: 0 };
        for day in 0..DAYS {
            past.day(day);
        }
        past
    }

    fn tell(&mut self, day: i64, minute: i64, fact: Fact) {
        let at = self.now.plus_ms((day - DAYS) * DAY_MS + minute * 60_000);
        self.facts.push(Dated { at, fact });
    }

    fn day(&mut self, day: i64) {
        let run = Instance::new(&format!("run{day}")).unwrap();
        self.tell(day, 0, Fact::Opened { instance: run, version: "0.1.0".into() });
        let began = self.now.plus_ms((day - DAYS) * DAY_MS);
        self.tell(day, 1, Fact::DayBegan { venue: venue(), began });
        let baseline = Baseline {
            venue: venue(),
            began,
            week: day % 7 == 0,
            equity: "100000".parse().unwrap(),
            positions: Vec::new(),
        };
        self.tell(day, 1, Fact::Baseline(Box::new(baseline)));
        for (symbol, minute) in [("AAPL", 10), ("MSFT", 20), ("BTC/USD", 30)] {
            self.fills(day, minute, symbol, Side::Buy, "10");
            self.fills(day, minute + 2, symbol, Side::Sell, "10");
        }
        match day {
            3 => self.tell(day, 40, Fact::Locked { reason: "an old lock".into() }),
            4 => self.tell(day, 40, Fact::Unlocked { reason: "looked".into() }),
            5 => self.fills(day, 40, "TSLA", Side::Buy, "7"),
            6 => {
                // Held since then: works still, and nobody has seen the alert.
                self.order(day, 40, "NVDA", Side::Buy, "3");
                self.alert(day, 41);
                self.trip(day, 42);
            }
            _ => {}
        }
    }

    fn alert(&mut self, day: i64, minute: i64) {
        let at = self.now.plus_ms((day - DAYS) * DAY_MS);
        let alert = Alert {
            id: 1,
            at,
            severity: Severity::Critical,
            code: AlertCode::Program,
            venue: None,
            symbol: None,
            order: None,
            text: "nobody has looked".into(),
            algorithm: None,
        };
        self.tell(day, minute, Fact::Alerted(Box::new(alert)));
    }

    fn trip(&mut self, day: i64, minute: i64) {
        let trip = Trip {
            key: LatchKey::of_venue(Rule::WeeklyLoss, venue()),
            response: Response::BlockEntries,
            until: Until::Person,
            reason: "a week of losses".into(),
        };
        self.tell(day, minute, Fact::Tripped(Box::new(trip)));
    }

    fn order(
        &mut self,
        day: i64,
        minute: i64,
        symbol: &str,
        side: Side,
        units: &str,
    ) -> (OrderId, OrderSpec) {
        self.orders += 1;
        let client = ClientId::new(&format!("td-past-{}", self.orders)).unwrap();
        let id = OrderId { venue: venue(), client };
        let spec = OrderSpec {
            instrument: InstrumentId { venue: venue(), symbol: Symbol::new(symbol).unwrap() },
            side,
            amount: Amount::Qty(units.parse().unwrap()),
            order_type: OrderType::Market,
            tif: Tif::Gtc,
            extended: false,
            post_only: false,
            reduce_only: false,
            attached: Attached::Simple,
            show: None,
            tag: None,
        };
        let intent = Intent {
            order: id.clone(),
            spec: spec.clone(),
            origin: Origin::Screen,
            replaces: None,
            verdict: "gate #1".into(),
            arrival: Some(Arrival { bid: "9.99".parse().unwrap(), ask: "10.01".parse().unwrap() }),
        };
        self.tell(day, minute, Fact::Intended(std::sync::Arc::new(intent)));
        for event in [OrderEvent::Sent, OrderEvent::Working] {
            self.tell(day, minute, Fact::Order(Box::new(OrderFact::bare(id.clone(), event))));
        }
        (id, spec)
    }

    fn fills(&mut self, day: i64, minute: i64, symbol: &str, side: Side, units: &str) {
        let (id, spec) = self.order(day, minute, symbol, side, units);
        let n = self.orders;
        let at = self.now.plus_ms((day - DAYS) * DAY_MS + (minute + 1) * 60_000);
        let execution = Execution {
            id: ExecutionId::new(&format!("x{n}")).unwrap(),
            venue_id: VenueOrderId::new(&format!("v{n}")).unwrap(),
            client: id.client,
            instrument: spec.instrument,
            side,
            qty: units.parse().unwrap(),
            price: "10.01".parse().unwrap(),
            cum: Some(units.parse().unwrap()),
            fee: Some(Fee { amount: "0.05".parse().unwrap(), currency: Currency::usd() }),
            liquidity: Liquidity::Taker,
            at,
            revision: 0,
            seen: Some(Box::new(Seen {
                touch: None,
                payoff: Some(Payoff::ONE),
                currency: Some(Currency::usd()),
            })),
        };
        self.tell(day, minute + 1, Fact::Executed(Box::new(execution)));
    }
}

fn now() -> Stamp {
    System::start().now().wall
}

/// A state directory with such a past in its journal, and all that stands in it.
fn written(home: &Home) -> (PathBuf, Vec<Dated>) {
    let path = home.state().join("journal.sqlite");
    let past = Past::of(now());
    let header = Header { profile: "default".into(), accounts: Vec::new(), version: "0.1.0".into() };
    let mut journal = Journal::open(&path, &header, Mode::Write(Instance::new("past").unwrap())).unwrap();
    for batch in past.facts.chunks(100) {
        journal.append(batch).unwrap();
    }
    journal.close().unwrap();
    (path, past.facts)
}

fn read(path: &Path) -> Vec<Dated> {
    let journal = Journal::inspect(path).unwrap();
    let report = journal.verify();
    assert!(report.is_sound(), "{}: {:?}", path.display(), report.problems);
    journal.replay().map(|record| record.unwrap().dated).collect()
}

fn book(facts: &[Dated]) -> Book {
    let mut book = Book::new();
    for dated in facts {
        book.apply(dated.at, &dated.fact);
    }
    book
}

fn archives(state: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(state).unwrap().map(|f| f.unwrap().path());
    let is_archive = |p: &PathBuf| p.file_name().unwrap().to_str().unwrap().starts_with("journal-until-");
    files.filter(is_archive).collect()
}

fn day(ago: i64) -> String {
    now().plus_ms(-ago * DAY_MS).to_jiff().strftime("%Y-%m-%d").to_string()
}

#[test]
fn what_is_open_stays_and_what_is_over_goes() {
    let home = Home::new();
    let (path, all) = written(&home);
    let asked =
        Asked { path: path.clone(), claims: Vec::new(), before: now().plus_ms(-20 * DAY_MS), now: now() };
    let Archived { archive: Some(archive_file), records, kept } = archive(&asked).unwrap() else {
        panic!("something goes");
    };
    assert_eq!(usize::try_from(records).unwrap(), all.len());
    assert!(kept < records / 2, "{kept} of {records}");
    assert_eq!(read(&archive_file), all, "the archive is all of it");
    let left = read(&path);
    assert_eq!(u64::try_from(left.len()).unwrap(), kept);
    let (old, new) = (book(&all), book(&left));
    assert_eq!(old.outline(), new.outline());
    let outline = new.outline().join("\n");
    for stands in ["TSLA@paper 7", "td-past-", "a week of losses", "nobody has looked", "lock None"] {
        assert!(outline.contains(stands), "no {stands} in {outline}");
    }
    for file in [&path, &archive_file] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Asked again there is nothing more to go.
    let again = archive(&asked).unwrap();
    assert_eq!((again.archive, again.kept), (None, kept));
    let young = Asked { before: now(), ..asked };
    assert!(archive(&young).unwrap_err().to_string().contains("the last 14 days stay"));
}

#[test]
fn the_shell_puts_aside_and_reads_archives() {
    let home = Home::new();
    let (path, all) = written(&home);
    home.run(&["journal", "archive"]).ended(2, "name a day");
    home.run(&["journal", "archive", "--before", &day(3)]).ended(2, "the last 14 days stay in the journal");
    let before = home.run(&["analytics", "--days", "90", "--json"]).json();
    let done = home.run(&["journal", "archive", "--before", &day(20), "--json"]).json();
    let file = done["archive"].as_str().unwrap().to_owned();
    let text = home.run(&["journal", "verify"]).done();
    assert!(text.contains("taken over from journal-until-") && text.contains("is sound"), "{text}");
    let text = home.run(&["journal", "verify", &file]).done();
    assert!(text.contains(&format!("{} record(s)", all.len())), "{text}");
    let lines = home.run(&["journal", "export", "--format", "jsonl", "--file", &file]).done();
    assert_eq!(lines.lines().count(), all.len());
    let of_archive = home.run(&["analytics", "--days", "90", "--json", "--file", &file]).json();
    assert_eq!(of_archive["total"], before["total"]);
    let both = ["analytics", "--days", "90", "--json", "--file", &file, "--file", path.to_str().unwrap()];
    assert_eq!(home.run(&both).json()["total"], before["total"], "what both have counts once");
    let less = home.run(&["analytics", "--days", "90", "--json"]).json();
    assert!(less["total"]["orders"].as_u64() < before["total"]["orders"].as_u64());
    // And the program goes on with it.
    let status = home.run(&["status", "--json"]).json();
    assert!(status["locked"].is_null(), "{status}");
    assert!(home.run(&["journal", "verify"]).done().contains("is sound"));
}

#[test]
fn a_file_that_is_none_of_ours_or_of_a_newer_format_is_named_in_one_sentence() {
    let home = Home::new();
    let (path, _) = written(&home);
    let copy = |name: &str, sql: &str| {
        let copy = home.dir.path().join(name);
        fs::copy(&path, &copy).unwrap();
        let conn = rusqlite::Connection::open(&copy).unwrap();
        conn.execute_batch(sql).unwrap();
        conn.close().unwrap();
        copy.to_str().unwrap().to_owned()
    };
    let newer = copy("newer.sqlite", "PRAGMA user_version=7");
    home.run(&["journal", "verify", &newer])
        .ended(1, "has journal format 7, this version of Tradedeck reads format 1");
    let foreign = copy("foreign.sqlite", "PRAGMA application_id=7");
    home.run(&["journal", "verify", &foreign]).ended(1, "is an SQLite file of another application");
    let text = home.dir.path().join("text");
    fs::write(&text, "dear diary").unwrap();
    home.run(&["journal", "verify", text.to_str().unwrap()]).ended(1, "is not a journal of Tradedeck");
    let gap = copy("gap.sqlite", "DELETE FROM record WHERE seq IN (7, 8)");
    let ran = home.run(&["journal", "verify", &gap]);
    assert!(ran.out.contains("records 7 to 8 are missing"), "{}", ran.out);
    ran.ended(1, "is damaged");
    home.run(&["journal", "verify", "/nowhere/journal.sqlite"]).ended(1, "there is no journal at /nowhere");
}

#[test]
fn the_configuration_says_how_long_a_dashboard_keeps_it() {
    let home = Home::new();
    home.config("[journal]\nkeep_days = 20\n");
    let (_, all) = written(&home);
    let state = home.state();
    let config = tradedeck::config::load(
        &tradedeck::config::Flags { state: Some(state.clone()), ..Default::default() },
        &tradedeck::config::Env::new([("HOME".to_owned(), home.dir.path().display().to_string())]),
    );
    let opening = tradedeck::runtime::Opening {
        config: config.unwrap(),
        env: tradedeck::config::Env::new([("HOME".to_owned(), home.dir.path().display().to_string())]),
        flags: tradedeck::config::Flags { state: Some(state.clone()), ..Default::default() },
        role: tradedeck::runtime::Role::Screen,
        live: None,
        looks: false,
    };
    let host = tradedeck::runtime::Host::open(opening).unwrap();
    let archives = archives(&state);
    assert_eq!(archives.len(), 1);
    assert_eq!(read(&archives[0]), all);
    host.close().unwrap();
    assert!(read(&state.join("journal.sqlite")).len() < all.len());
    home.config("[journal]\nkeep_days = 3\n");
    home.run(&["config", "validate"]).ended(2, "keep_days");
}

/// Where the process stands as far as the files tell.
fn reached(state: &Path, stage: usize, inode: u64) -> bool {
    let mut files = fs::read_dir(state).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
    match stage {
        0 => files.any(|name| name.contains(".anew-")),
        1 => files.any(|name| name.contains(".anew-") && name.ends_with("-wal")),
        2 => !archives(state).is_empty(),
        _ => fs::metadata(state.join("journal.sqlite")).is_ok_and(|m| m.ino() != inode),
    }
}

#[test]
fn killed_at_any_point_nothing_is_lost_and_the_next_run_goes_on() {
    for stage in 0..4 {
        let home = Home::new();
        let (path, all) = written(&home);
        let inode = fs::metadata(&path).unwrap().ino();
        let mut child = home.command(&["journal", "archive", "--before", &day(20)]).spawn().unwrap();
        // It may be done before it is seen at this stage: then there is nothing to kill, and all must hold as well.
        while !reached(&home.state(), stage, inode) && child.try_wait().unwrap().is_none() {}
        drop(child.kill());
        child.wait().unwrap();
        let told = |files: &[PathBuf]| -> BTreeSet<String> {
            files.iter().flat_map(|f| read(f)).map(|dated| format!("{dated:?}")).collect()
        };
        let mut files = archives(&home.state());
        files.push(path.clone());
        let want: BTreeSet<String> = all.iter().map(|dated| format!("{dated:?}")).collect();
        assert!(told(&files).is_superset(&want), "stage {stage}: a record is in none of {files:?}");
        assert_eq!(book(&read(&path)).outline(), book(&all).outline(), "stage {stage}");
        home.run(&["journal", "verify"]).done();
        home.run(&["status"]).done();
        home.run(&["journal", "archive", "--before", &day(20)]).done();
        let mut files = archives(&home.state());
        files.push(path.clone());
        assert!(told(&files).is_superset(&want), "stage {stage}, done again");
        let left = fs::read_dir(home.state()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
        let strays: Vec<String> = left.filter(|name| name.contains(".anew-")).collect();
        assert!(strays.is_empty(), "stage {stage}: {strays:?}");
    }
}
