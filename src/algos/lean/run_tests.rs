//! A folder as LEAN leaves it, and whatever else could lie in its files.

use super::*;
use crate::domain::algorithm::{LogLevel, Phase};
use proptest::prelude::*;
use std::fs;

const MINUTE: &str = "L-3-2026-11-20_minute.json";
const EVENTS: &str = "L-3-2026-11-20-order-events.json";
const MINUTE_TEXT: &str = r#"{"holdings":{"SPY 1":{"a":9.5,"q":5,"p":10,"v":50,"u":2.5}},"cash":{"USD":{"securitySymbols":[],"symbol":"USD","amount":7.25,"conversionRate":1.0,"valueInAccountCurrency":7.25}},"accountCurrency":"USD","charts":{"Strategy Equity":{"series":{"Equity":{"values":[[1795186800,1,2,0.5,1.5]]}}}},"orders":{"1":{"id":1,"type":0,"status":3,"quantity":5,"symbol":{"value":"SPY","id":"SPY 1"},"price":9.5,"time":"2026-11-20T14:31:02Z"}},"profitLoss":[],"statistics":{},"runtimeStatistics":{"Equity":"$57.25","Fees":"-$1.00"},"state":{"StartTime":"2026-11-20T12:58:41Z","EndTime":"","Status":"Running"},"serverStatistics":{"CPU Usage":"3.1%"}}"#;
const EVENTS_TEXT: &str = r#"[{"id":"L-3-1-1","algorithmId":"L-3","orderId":1,"orderEventId":1,"symbol":"SPY 1","symbolValue":"SPY","time":1795185062.5,"status":"filled","orderFeeAmount":1.0,"orderFeeCurrency":"USD","fillPrice":9.5,"fillQuantity":5.0,"direction":"buy","quantity":5.0}]"#;

fn look(run: &mut Run, ms: u64) -> Look {
    run.look(Mono::from_millis(ms), &mut 0)
}

fn seen(run: &Run) -> Observation {
    run.observe(&Live::default()).unwrap()
}

/// The fixture that was put together by hand from LEAN's own definitions.
#[test]
fn a_whole_deployment_is_read() {
    let Some(fixtures) = std::env::var_os("TRADEDECK_FIXTURES").map(PathBuf::from) else {
        println!("SKIPPED: TRADEDECK_FIXTURES does not name the folder of recorded payloads");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixtures.join("lean/live-synthetic")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let mut run = Run::new(folder.path().to_owned());
    assert!(look(&mut run, 0).is_fresh);
    assert_eq!(run.setup().container.as_deref(), Some("lean_cli_0f0e0d0c"));
    let s = seen(&run);
    assert_eq!(s.deployment.as_str(), "L-3123456789 2026-11-20T12:58:41Z");
    assert_eq!((s.phase, s.currency.as_ref().unwrap().as_str()), (Phase::Running, "USD"));
    let money = |m: Option<crate::domain::money::Money>| m.unwrap().to_string();
    assert_eq!((money(s.equity), money(s.fees)), ("122124.17".to_owned(), "3.46".to_owned()));
    assert_eq!((money(s.realized), money(s.unrealized)), ("-3.46".to_owned(), "-286.00".to_owned()));
    let held: Vec<String> = s.holdings.iter().map(|h| format!("{} {}", h.symbol, h.qty)).collect();
    assert_eq!(held, ["AAPL 100", "BTCUSD 0.25", "SPY -50"]);
    assert_eq!((s.orders.len(), s.events.len(), s.cash.len()), (5, 6, 2));
    assert_eq!(s.events.iter().map(|e| e.qty.get()).sum::<rust_decimal::Decimal>().to_string(), "100.0");
    assert_eq!((s.curve.len(), s.flaws.len()), (5, 0));
    assert!(s.statistics.iter().any(|(n, v)| n.as_str() == "Sharpe Ratio" && v.as_str() == "2.948"));
    assert_eq!(s.log.iter().filter(|l| l.level == LogLevel::Error).count(), 1);
    assert_eq!(s.log.len(), 4);
    // An unchanged folder is not read again, once it is not young any more.
    assert!(!look(&mut run, 1_000).is_fresh);
    assert_eq!(look(&mut run, 10_000), Look::default());
}

/// Nothing held is another thing than nothing known.
#[test]
fn figures_that_can_not_be_read_are_not_none() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log.txt"), "x\n").unwrap();
    let mut run = Run::new(folder.path().to_owned());
    look(&mut run, 0);
    assert_eq!((seen(&run).phase, seen(&run).as_of), (Phase::Starting, None));
    fs::write(folder.path().join(MINUTE), "{").unwrap();
    look(&mut run, 100);
    assert_eq!(run.observe(&Live::default()), None);
    fs::write(folder.path().join(MINUTE), MINUTE_TEXT).unwrap();
    look(&mut run, 200);
    assert_eq!(seen(&run).holdings.len(), 1);
}

#[test]
fn files_of_an_earlier_run_are_none_of_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, secs: u64| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(secs);
        fs::File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
    };
    // The file system's clock is an hour behind: it is not what tells the runs apart.
    write(
        "L-3-2026-11-19_minute.json",
        &MINUTE_TEXT.replace("\"1\":{\"id\":1", "\"9\":{\"id\":9"),
        1_795_176_000,
    );
    write(MINUTE, &MINUTE_TEXT.replace("12:58:41Z", "14:00:00Z"), 1_795_176_600);
    let mut run = Run::new(folder.path().to_owned());
    look(&mut run, 0);
    let s = seen(&run);
    assert_eq!(s.started.unwrap().to_rfc3339(), "2026-11-20T14:00:00Z");
    assert_eq!(s.orders.iter().map(|o| o.id).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_container_is_a_word_and_nothing_else() {
    let of = |text: &str| setup(text).unwrap();
    assert_eq!(of(r#"{"id": 3123456789, "container": "lean_cli_0f"}"#).id.as_deref(), Some("3123456789"));
    for bad in ["-rm", "a b", "", "$(x)", "ä"] {
        assert_eq!(of(&format!(r#"{{"container":"{bad}"}}"#)).container, None, "{bad}");
    }
}

#[test]
fn half_a_file_changes_nothing_and_is_named_when_it_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(MINUTE);
    fs::write(&path, MINUTE_TEXT).unwrap();
    fs::write(folder.path().join(EVENTS), EVENTS_TEXT).unwrap();
    let mut run = Run::new(folder.path().to_owned());
    look(&mut run, 0);
    let before = seen(&run);
    assert_eq!((before.holdings.len(), before.events.len()), (1, 1));
    for cut in (0..MINUTE_TEXT.len()).step_by(37) {
        fs::write(&path, MINUTE_TEXT.get(..cut).unwrap()).unwrap();
        look(&mut run, 100);
        assert_eq!(Observation { flaws: vec![], ..seen(&run) }, before, "{cut}");
    }
    assert!(seen(&run).flaws[0].as_str().starts_with(&format!("{MINUTE} can't be read: ")));
    fs::write(&path, MINUTE_TEXT.replace("\"q\":5", "\"q\":6")).unwrap();
    assert!(look(&mut run, 200).is_fresh);
    let after = seen(&run);
    assert_eq!((after.holdings[0].qty.to_string(), after.flaws.len()), ("6".to_owned(), 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    /// Any bytes as any of the files: nothing panics, and no number that was right changes.
    #[test]
    fn any_bytes_change_no_number(bytes in soup(), which in 0_usize..7) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at(MINUTE), MINUTE_TEXT).unwrap();
        fs::write(at(EVENTS), EVENTS_TEXT).unwrap();
        let mut run = Run::new(folder.path().to_owned());
        look(&mut run, 0);
        let before = seen(&run);
        let names = [MINUTE, EVENTS, "L-3.json", "L-3-2026-11-20-15_second_Strategy%20Equity.json", "config", "log.txt", "L-3-log.txt"];
        fs::write(at(names[which]), &bytes).unwrap();
        for _ in 0..6 {
            look(&mut run, 100);
        }
        let after = seen(&run);
        // What is whole may say something else; what is not may not.
        let is_whole = std::str::from_utf8(&bytes).is_ok_and(|t| match which {
            1 => map::events(t).is_ok(),
            4..=6 => true,
            _ => map::result(t).is_ok(),
        });
        if !is_whole || which > 3 {
            prop_assert_eq!((&after.holdings, &after.cash, &after.orders), (&before.holdings, &before.cash, &before.orders));
            prop_assert_eq!((after.equity, after.fees, after.as_of), (before.equity, before.fees, before.as_of));
            prop_assert_eq!((&after.events, &after.curve), (&before.events, &before.curve));
        }
        let is_clean = after.log.iter().all(|l| !l.text.as_str().contains(char::is_control));
        prop_assert!(is_clean);
    }
}

/// Bytes of every sort: chance, and good files with wounds.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let wounds = prop::collection::vec(
        (any::<prop::sample::Index>(), 0_usize..30, prop::collection::vec(any::<u8>(), 0..12)),
        1..4,
    );
    let wounded =
        (prop::sample::select(vec![MINUTE_TEXT, EVENTS_TEXT]), wounds).prop_map(|(text, wounds)| {
            let mut bytes = text.as_bytes().to_vec();
            for (at, length, piece) in wounds {
                let from = at.index(bytes.len().saturating_add(1));
                let to = from.saturating_add(length).min(bytes.len());
                bytes.splice(from..to, piece);
            }
            bytes
        });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..600), wounded]
}
