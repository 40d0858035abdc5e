//! Where an order goes: what names it, its class, the default, and the fallback.

use super::*;
use crate::{
    book::fixture::share,
    domain::{
        draft::Command,
        fact::{Fact, PositionSource},
        ids::InstrumentId,
        instrument::Instrument,
        report::Environment,
    },
    engine::{
        Counting,
        rig::{Several, of},
    },
    grammar,
};

fn draft(line: &str) -> Draft {
    let command = grammar::parse(line).unwrap();
    let Command::Order(draft) = command else { panic!("{command:?}") };
    draft
}

fn three(routing: Routing, third: Environment) -> Several {
    let venues = [
        ("alpaca", AssetClass::Equity, Environment::Paper),
        ("binance", AssetClass::Crypto, Environment::Paper),
        ("ib", AssetClass::Equity, third),
    ];
    let mut s = Several::new(&venues, routing, Counting::default());
    for (venue, ..) in venues {
        s.link(venue, Link::Up);
    }
    s
}

fn to(s: &Several, line: &str) -> String {
    match s.engine.route(&draft(line)) {
        Ok(Route { venue, instead: None }) => venue.to_string(),
        Ok(Route { venue, instead: Some(text) }) => format!("{venue} ({text})"),
        Err(why) => why.to_string(),
    }
}

fn by_class() -> Routing {
    Routing {
        default: Some(of("alpaca")),
        by_class: BTreeMap::from([(AssetClass::Crypto, of("binance")), (AssetClass::Forex, of("ib"))]),
        fallback: None,
    }
}

#[test]
fn a_named_venue_goes_before_every_rule() {
    let s = three(by_class(), Environment::Paper);
    assert_eq!(to(&s, "buy BTC/USDT 1 @alpaca"), "alpaca");
    assert_eq!(to(&s, "buy AAPL 1 @nosuch"), "there is no venue `nosuch`; there are: alpaca, binance, ib");
}

#[test]
fn a_class_has_its_venue_and_the_rest_goes_to_the_default() {
    let mut s = three(by_class(), Environment::Paper);
    for (line, venue) in [
        ("buy BTC/USDT 1", "binance"),
        ("buy EUR/USD 1000", "ib"),
        ("buy AAPL 1", "alpaca"),
        ("buy AAPL260116C00200000 1", "alpaca"),
    ] {
        assert_eq!(to(&s, line), venue, "{line}");
    }
    // Written together it is a coin as soon as a venue lists it.
    assert_eq!(to(&s, "buy BTCUSDT 1"), "alpaca");
    s.lists("binance", &["BTC/USDT"]);
    assert_eq!(to(&s, "buy BTCUSDT 1"), "binance");
}

#[test]
fn without_a_default_the_trader_names_one_of_several() {
    let s = three(Routing::default(), Environment::Paper);
    assert_eq!(
        to(&s, "buy AAPL 1"),
        "several venues are open and none is orders.default_venue: name the venue, AAPL@alpaca or AAPL@binance or AAPL@ib"
    );
}

#[test]
fn a_symbol_that_means_two_things_is_not_guessed() {
    let mut s = three(by_class(), Environment::Paper);
    let rules = |venue: &str, class| {
        let id = InstrumentId { venue: of(venue), symbol: Symbol::new("GOLD").unwrap() };
        Instrument { class, ..share(id) }
    };
    for (venue, class) in [("alpaca", AssetClass::Equity), ("binance", AssetClass::Crypto)] {
        s.fact(Fact::Instrument(Box::new(rules(venue, class))));
    }
    assert_eq!(
        to(&s, "buy GOLD 1"),
        "GOLD is a stock or a coin, by the venue that is asked: name the venue, GOLD@alpaca or GOLD@binance or GOLD@ib"
    );
}

#[test]
fn while_its_venue_is_down_an_entry_falls_back_and_nothing_else_does() {
    let routing = Routing { fallback: Some(of("ib")), ..by_class() };
    let mut s = three(routing.clone(), Environment::Paper);
    assert_eq!(to(&s, "buy AAPL 1"), "alpaca");
    s.down("alpaca");
    assert_eq!(to(&s, "buy AAPL 1"), "ib (alpaca is down: this goes to ib)");
    assert_eq!(to(&s, "buy AAPL 1 @alpaca"), "alpaca", "what names its venue goes nowhere else");
    assert_eq!(to(&s, "sell AAPL all"), "alpaca", "an exit elsewhere would open");
    assert_eq!(to(&s, "sell AAPL 1 reduce"), "alpaca");
    s.down("binance");
    assert_eq!(to(&s, "buy BTC/USDT 1"), "binance", "the fallback does not trade coins");
    s.down("ib");
    assert_eq!(to(&s, "buy AAPL 1"), "alpaca", "the fallback is down too");

    let mut s = three(routing.clone(), Environment::Live);
    s.down("alpaca");
    assert_eq!(to(&s, "buy AAPL 1"), "alpaca", "never from paper to live");

    let mut s = three(routing, Environment::Paper);
    let held = InstrumentId { venue: of("alpaca"), symbol: Symbol::new("AAPL").unwrap() };
    s.fact(Fact::Position {
        instrument: held,
        qty: "10".parse().unwrap(),
        avg_price: None,
        previous_close: None,
        source: PositionSource::Baseline,
    });
    s.down("alpaca");
    assert_eq!(to(&s, "sell AAPL 1"), "alpaca", "there it would reduce, elsewhere open");
}

/// A venue of swaps trades round the clock, and the contracts there that end with them; a venue of futures alone does not.
#[test]
fn futures_beside_perpetual_swaps_keep_no_hours() {
    use crate::calendar::Calendar;
    for (first, more, calendar) in [
        (AssetClass::Perpetual, Some(AssetClass::Future), Calendar::Always),
        (AssetClass::Future, None, Calendar::ForexWeek),
    ] {
        let venues = [("binance", first, Environment::Paper)];
        let mut s = Several::new(&venues, Routing::default(), Counting::default());
        let classes = &mut s.engine.venues.get_mut(&of("binance")).unwrap().setup.capability.classes;
        let next =
            more.map(|class| crate::domain::capability::ClassCapability { class, ..classes[0].clone() });
        classes.extend(next);
        assert_eq!(s.engine.calendar_of(&of("binance")), calendar);
    }
}
