//! Unlike venues at once: what one of them does is not felt at another, and the way out goes through all of them.

use super::{LONG, Stand, agrees, alpaca::Alpaca, binance::Binance, ibkr_portal::Portal, order, tws::Tws};
use crate::{
    counterparty::client,
    spine::{run, wait},
};
use rust_decimal::Decimal;
use tradedeck::{
    desk::{Reply, Snapshot, snapshot::ExitVenue},
    domain::{ids::ClientId, lifecycle::OrderState},
    runtime::Client,
};

/// A stand's section of a configuration, under another name.
fn section(stand: &impl Stand, name: &str) -> String {
    let config = stand.config();
    let (_, rest) = config.split_once("[venues.").unwrap();
    let (_, rest) = rest.split_once(']').unwrap();
    format!("[venues.{name}]{rest}")
}

fn is_quoted(s: &Snapshot, venue: &str) -> bool {
    s.watchlist.iter().any(|w| w.instrument.venue.as_str() == venue && w.bid.is_some() && w.tick.is_some())
}

fn filled(client: &mut Client, line: &str) {
    let reply = run(client, line);
    let Reply::Placed { orders, .. } = &reply else { panic!("{line}: {reply:?}") };
    let id = orders.first().map(ClientId::to_string).unwrap();
    wait(client, line, |s| order(s, &id).is_some_and(|o| o.state == OrderState::Filled));
}

fn held(s: &Snapshot, venue: &str) -> Decimal {
    let here = s.positions.iter().filter(|p| p.instrument.venue.as_str() == venue);
    here.map(|p| p.qty.get()).sum()
}

fn exit_at(s: &Snapshot, venue: &str) -> Option<ExitVenue> {
    s.exit.as_ref()?.venues.iter().find(|v| v.venue.as_str() == venue).cloned()
}

const VENUES: [&str; 4] = ["paper", "coins", "tws", "portal"];

#[test]
fn a_flatten_gets_out_of_all_venues_while_one_hangs() {
    let (paper, coins, tws, portal) = (Alpaca::start(), Binance::start(), Tws::start(), Portal::start());
    // The stands quote once: four venues that are slow to agree may take longer than a quote is fresh.
    let config = format!(
        "[limits]\nquote_age_max_ms = 600000\n[watchlist]\nsymbols = [\"MSFT@paper\", \"BTC/USDT@coins\", \"AAPL@tws\", \"AAPL@portal\"]\n\
         [totals]\ncurrency = \"USD\"\n[totals.rates]\nUSDT = \"1\"\n{}{}{}{}",
        section(&paper, "paper"),
        section(&coins, "coins"),
        section(&tws, "tws"),
        section(&portal, "portal")
    );
    let dir = tempfile::tempdir().unwrap();
    let mut client = client(&config, &dir.path().join("state"));
    wait(&mut client, "agreement and quotes at all", |s| {
        agrees(s) && s.banner.lamps.len() == 4 && VENUES.iter().all(|v| is_quoted(s, v))
    });
    for line in [
        "buy MSFT 10 market @paper",
        "buy BTC/USDT 0.01 market @coins",
        "buy AAPL 10 market @tws",
        "buy AAPL 20 market @portal",
    ] {
        filled(&mut client, line);
    }
    for line in [
        "buy MSFT 10 limit -4% gtc @paper",
        "buy BTC/USDT 0.01 limit -4% gtc @coins",
        "buy AAPL 10 limit -4% gtc @tws",
        "buy AAPL 10 limit -4% gtc @portal",
    ] {
        let reply = run(&mut client, line);
        assert!(matches!(reply, Reply::Placed { .. }), "{line}: {reply:?}");
    }
    // One symbol at two venues is two positions, and a symbol without its venue is not guessed.
    wait(&mut client, "the positions", |s| VENUES.iter().all(|v| !held(s, v).is_zero()));
    let s = client.snapshot();
    assert_eq!((held(&s, "tws"), held(&s, "portal")), (Decimal::from(10), Decimal::from(20)));
    let reply = run(&mut client, "buy AAPL 1 limit -4%");
    let Reply::Refused { text, .. } = &reply else { panic!("{reply:?}") };
    assert!(text.as_str().contains("name the venue, AAPL@"), "{text}");
    assert!(s.banner.equity.is_some() && s.total.is_some(), "dollars and tethers have a total");
    wait(&mut client, "a curve of each account", |s| {
        let is_of =
            |v: &str| s.equity_curve.iter().any(|p| p.venue.as_ref().is_some_and(|own| own.as_str() == v));
        VENUES.iter().all(|v| is_of(v)) && s.equity_curve.is_sorted_by_key(|p| p.at)
    });

    paper.hang(true);
    let reply = run(&mut client, "flatten");
    assert!(!matches!(reply, Reply::Refused { .. }), "{reply:?}");
    wait(&mut client, "all but one flat", |s| {
        let out = |v: &str| exit_at(s, v).is_some_and(|e| e.phase == "FLAT");
        ["coins", "tws", "portal"].iter().all(|v| out(v) && held(s, v).is_zero())
    });
    let s = client.snapshot();
    assert_ne!(exit_at(&s, "paper").unwrap().phase, "FLAT");
    assert_ne!(s.exit.as_ref().unwrap().flat, Some(true), "nothing is called flat that is not");
    let stands: [(&str, &str, &dyn Stand); 3] =
        [("coins", "BTC/USDT", &coins), ("tws", "AAPL", &tws), ("portal", "AAPL", &portal)];
    for (name, symbol, stand) in stands {
        assert_eq!((stand.held(symbol), stand.open().len()), (Decimal::ZERO, 0), "{name} by its own word");
    }
    assert_eq!(paper.held("MSFT"), Decimal::from(10), "the one that hangs still has it");

    paper.hang(false);
    if client.wait_for(LONG, |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true))).unwrap().is_none() {
        // It was given up and named; struck again it goes on.
        let s = client.snapshot();
        assert!(!exit_at(&s, "paper").unwrap().left.is_empty(), "{:?}", s.exit);
        run(&mut client, "flatten");
    }
    wait(&mut client, "flat everywhere", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
    assert_eq!((paper.held("MSFT"), paper.open().len()), (Decimal::ZERO, 0));
    client.close().unwrap();
}
