//! The ticket: one order for one confirmed wish.

use super::*;
use crate::domain::{
    capability::{Capability, ClassCapability, TifWord},
    instrument::AssetClass,
    order::OrderKind,
};

#[test]
fn the_first_trade_is_natural() {
    let mut b = Bench::new();
    b.keys("b 'AAPL' Tab 'risk 1%' Tab Tab '174' Tab '2R' Enter Enter");
    let want = "buy AAPL risk 1% market stop 174 target 2R @paper";
    assert_eq!(b.deeds(), [format!("! {want}")]);
    b.answer(placed());
    assert_eq!((b.model.focus, b.toast()), (Pane::Watchlist, "placed"));
}

#[test]
fn what_is_typed_makes_the_order() {
    for (keys, want) in [
        ("b Tab '100' Enter Enter", "! buy AAPL 100 market @paper"),
        ("s Tab '$500' Enter Enter", "! sell AAPL $500 market @paper"),
        ("b 'tsla' Space '5% equity' Enter Enter", "! buy TSLA 5% equity market"),
        ("b Tab '20% bp' Enter Enter", "! buy AAPL 20% bp market @paper"),
        ("B Tab 'risk $200' Enter Enter", "! buy AAPL risk $200 market stop -1% target 2R @paper"),
        ("S Tab '10' Enter Enter", "! sell AAPL 10 market stop -1% target 2R @paper"),
        ("b Tab '10' Tab 'l' Tab '175' Enter Enter", "! buy AAPL 10 limit 175 @paper"),
        ("b Tab '10' Tab Space Tab '-0.5%' Enter Enter", "! buy AAPL 10 limit -0.5% @paper"),
        ("b Tab '10' Tab 's' Tab '180' Enter Enter", "! buy AAPL 10 trigger 180 @paper"),
        (
            "b Tab '10' Tab 's' 's' Tab '181' Tab '180' Enter Enter",
            "! buy AAPL 10 trigger 180 limit 181 @paper",
        ),
        ("s Tab '10' Tab 't' Tab '1%' Enter Enter", "! sell AAPL 10 trail 1% @paper"),
        (
            "b Tab '10' Tab Tab '174 limit 173.5' Enter Enter",
            "! buy AAPL 10 market stop 174 limit 173.5 @paper",
        ),
        ("b Tab '10' Tab Tab Tab Tab 'g' Tab 'y' Enter Enter", "! buy AAPL 10 market gtc ext @paper"),
        ("b BackTab Space Tab Tab '7' Enter Enter", "! sell AAPL 7 market @paper"),
        ("s Tab 'all' Enter Enter", "! sell AAPL all market @paper"),
        ("b Tab % Tab Tab '174' Enter Enter", "! buy AAPL risk 1% market stop 174 @paper"),
        ("b Tab % % % % % % '7' Enter Enter", "! buy AAPL 7% bp market @paper"),
        ("b Tab '100' ] ] [ Enter Enter", "! buy AAPL 110 market @paper"),
        ("b Tab '10' Tab 'l' Tab '175' + + - Enter Enter", "! buy AAPL 10 limit 175.01 @paper"),
        ("b Tab '10' Tab 'l' Tab '-12t' - Enter Enter", "! buy AAPL 10 limit -13t @paper"),
        ("b Tab '9' Back '8' Enter Enter", "! buy AAPL 8 market @paper"),
    ] {
        let mut b = Bench::new();
        b.keys(keys);
        assert_eq!(b.deeds(), [want], "{keys} {:?} {:?}", b.model.ticket.errors, b.model.ticket.error);
    }
}

#[test]
fn fifty_enters_send_one_order() {
    let mut b = Bench::new();
    b.keys("b Tab '100'");
    for _ in 0..50 {
        b.keys("Enter");
    }
    assert_eq!(b.deeds(), ["! buy AAPL 100 market @paper"]);
    b.answer_to(|r| matches!(r, Request::Do(_)), placed());
    b.keys("Enter Enter Enter");
    assert_eq!(b.deeds(), [""; 0]);
}

#[test]
fn a_held_enter_sends_nothing() {
    let mut b = Bench::new();
    b.keys("b Tab '100' Enter");
    for _ in 0..20 {
        b.kind("Enter", KeyEventKind::Repeat);
    }
    assert_eq!((b.deeds().len(), b.model.ticket.phase.clone()), (0, Phase::Reviewing));
}

#[test]
fn a_paste_never_submits_trades_or_halts() {
    let mut b = Bench::new();
    for text in ["q\nF12\u{18}\u{18}", "b\r100\r\r", "x4", ":buy AAPL 1\n", "\u{1b}[24~"] {
        b.msg(Msg::Paste(text.into()));
        assert_eq!((b.log(), b.model.context()), (vec![], Context::Table(Pane::Watchlist)));
    }
    b.keys("b Tab").msg(Msg::Paste("100\n\n\nrm -rf\u{202e}\u{1b}[2J".into()));
    assert_eq!(b.model.ticket.text(Field::Size), "100");
    assert_eq!((b.deeds(), b.model.ticket.phase.clone()), (vec![], Phase::Editing));
    b.msg(Msg::Paste("9".repeat(1_000_000)));
    assert!(b.model.ticket.text(Field::Size).len() <= 64);
    b.keys("Esc :").msg(Msg::Paste("cancel all\nflatten\n".into()));
    assert_eq!(b.model.command_line.as_ref().unwrap().input.value(), "cancel all");
    assert_eq!(b.deeds(), [""; 0]);
}

/// A field that is full of digits, and another sizing mode with its words around them.
#[test]
fn a_text_longer_than_a_field_may_be_leaves_the_field_as_it_is() {
    use crate::tui::ticket::FIELD_MAX;
    let mut b = Bench::new();
    b.keys("b");
    let whole = "9".repeat(FIELD_MAX);
    b.model.ticket.put(Field::Limit, &whole);
    b.model.ticket.put(Field::Limit, &"8".repeat(FIELD_MAX.saturating_add(1)));
    assert_eq!(b.model.ticket.text(Field::Limit), whole);
}

#[test]
fn any_edit_takes_the_order_out_of_review() {
    for key in ["'5'", "Back", "]", "+", "Tab", "%"] {
        let mut b = Bench::new();
        b.keys("b Tab '100' Tab 'l' Tab '175' BackTab BackTab Enter");
        assert_eq!(b.model.ticket.phase, Phase::Reviewing);
        b.keys(key).keys("Esc");
        assert_eq!(b.model.focus, Pane::Watchlist, "{key}");
        assert_eq!(b.deeds(), [""; 0]);
    }
}

#[test]
fn the_ticket_says_what_is_wrong_and_goes_there() {
    for (keys, field, error) in [
        (
            "b Tab Enter",
            Field::Size,
            "size: write 100, $500, 5% equity, 20% bp, risk 1%, risk $200, 50% or all",
        ),
        (
            "b Tab 'abc' Enter",
            Field::Size,
            "`abc` is not a number: write 100, $500, 5% equity, 20% bp, risk 1%, risk $200, 50% or all",
        ),
        (
            "b Tab 'risk 1%' Enter",
            Field::Stop,
            "stop: a size by risk needs one, such as `stop 174` or `stop -1%`",
        ),
        ("b Back Enter", Field::Symbol, "symbol: write one such as AAPL or BTC/USD"),
        ("b Tab '10' Tab 'l' Enter", Field::Limit, "limit: write 174, -1.50, -1% or -12t"),
        (
            "b Tab '10' Tab Tab '1x' Enter",
            Field::Stop,
            "`1x` is not a number: a number has only digits and a point",
        ),
    ] {
        let mut b = Bench::new();
        b.keys(keys);
        let ticket = &b.model.ticket;
        assert_eq!(ticket.error.as_ref().map(Text::as_str), Some(error), "{keys}");
        assert_eq!((ticket.active, ticket.phase.clone()), (Some(field), Phase::Editing), "{keys}");
        assert_eq!(b.deeds(), [""; 0], "{keys}");
    }
}

#[test]
fn figures_are_asked_for_one_at_a_time_and_the_newest_wins() {
    let mut b = Bench::new();
    b.keys("b Tab '1' '0' '0'");
    assert_eq!(b.log(), ["? buy AAPL 1 market @paper"]);
    b.answer_to(|r| matches!(r, Request::Preview(_)), preview(&[]));
    assert!(b.model.ticket.current_preview().is_none());
    assert_eq!(b.log(), ["? buy AAPL 100 market @paper"]);
    b.answer_to(|r| matches!(r, Request::Preview(_)), preview(&[("size", "too big")]));
    assert!(b.model.ticket.current_preview().is_some());
    assert_eq!(b.model.ticket.error_of(Field::Size).unwrap().as_str(), "too big");
    b.keys("Enter");
    assert_eq!(b.model.ticket.phase, Phase::Editing);
    // Figures grow old; an answer that does not come is given up.
    b.wait(1_000);
    assert_eq!(b.log(), ["? buy AAPL 100 market @paper"]);
    b.wait(1_000);
    assert_eq!(b.log(), [""; 0]);
    b.wait(1_000);
    assert_eq!(b.log(), ["? buy AAPL 100 market @paper"]);
}

#[test]
fn a_refusal_comes_back_to_the_field() {
    let mut b = Bench::new();
    b.keys("b Tab '100' Enter Enter").answer_to(|r| matches!(r, Request::Do(_)), refused(Some("size")));
    assert_eq!(b.model.ticket.active, Some(Field::Size));
    assert_eq!(b.model.ticket.error_of(Field::Size).unwrap().as_str(), "too much");
    b.keys("'50' Enter Enter");
    assert_eq!(b.deeds(), ["! buy AAPL 100 market @paper", "! buy AAPL 50 market @paper"]);
}

#[test]
fn a_second_ticket_waits_for_the_first_receipt() {
    let mut b = Bench::new();
    b.keys("b Tab '100' Enter Enter Esc b");
    assert_eq!(b.toast(), "the last order's receipt has not come yet");
    b.wait(10_000).keys("b");
    assert_eq!(b.model.ticket.phase, Phase::Editing);
}

/// A screen whose venue takes such orders for coins, of which the third watched symbol is one.
fn offering(tifs: Vec<TifWord>, orders: Vec<OrderRow>) -> Bench {
    let coins = ClassCapability {
        class: AssetClass::Crypto,
        kinds: vec![OrderKind::Market, OrderKind::Limit],
        tifs,
        bracket: false,
        oco: false,
        oto: false,
        waits_on_limits: false,
        fractional: true,
        notional: true,
        extended: false,
        post_only: true,
        reduce_only: false,
        short: false,
        replace: true,
        iceberg: false,
    };
    let mut b = Bench::new();
    let mut s = snapshot();
    let mut rows = (*s.watchlist).clone();
    rows[2].class = Some(AssetClass::Crypto);
    s.watchlist = Arc::new(rows);
    s.orders = Arc::new(orders);
    let takes = Capability { classes: vec![coins], cancel_all: true, requests_per_min: 200 };
    s.offers = Arc::new(vec![(venue(), takes)]);
    b.msg(Msg::Snapshot(Arc::new(s)));
    b
}

#[test]
fn the_ticket_offers_what_the_venue_takes_for_the_symbol() {
    let ticket = |keys: &str| {
        let mut b = offering(vec![TifWord::Gtc, TifWord::Ioc], Vec::new());
        b.keys("j j b").keys(keys);
        b
    };
    let kind = |n: usize| ticket(&format!("Tab Tab {}", "Right ".repeat(n))).model.ticket.kind.0;
    // Exits that the venue lacks are held here.
    assert_eq!([kind(1), kind(2), kind(4)], [OrderKind::Limit, OrderKind::Stop, OrderKind::TrailingStop]);
    let mut b = ticket("");
    for (field, left) in [(Field::Tif, vec!["gtc", "ioc", "default"]), (Field::PostOnly, vec!["yes", "no"])] {
        b.model.ticket.go_to(field);
        let chosen: Vec<String> = left
            .iter()
            .map(|_| {
                b.keys("Right");
                b.model.ticket.choice(field).unwrap()
            })
            .collect();
        assert_eq!(chosen, left, "{field:?}");
    }
    b.model.ticket.go_to(Field::Extended);
    b.keys("Right");
    assert_eq!(b.toast(), "ext: the venue offers nothing else for this symbol");
    assert!(!b.model.ticket.extended);
    // What is not known restricts nothing.
    let mut b = Bench::new();
    b.keys("b Tab Tab Right Right");
    assert_eq!(b.model.ticket.kind.0, OrderKind::Stop);
}

#[test]
fn a_last_day_is_a_field_where_the_venue_takes_one() {
    let dated = || offering(vec![TifWord::Gtc, TifWord::Gtd], Vec::new());
    for (keys, want) in [
        ("'g' 'g' Tab '2026-12-31' Enter Enter", "gtd 2026-12-31"),
        ("'g' 'g' Tab '+3d' Enter Enter", "gtd +3d"),
        ("'g' 'g' Tab '+3d' BackTab 'g' Enter Enter", "gtc"),
    ] {
        let mut b = dated();
        b.keys("j j b Tab '10' Tab Tab Tab Tab").keys(keys);
        assert_eq!(b.deeds(), [format!("! buy BTC/USD 10 market {want} @paper")], "{keys}");
    }
    for (keys, error) in [
        ("Enter", "until: write the last day, such as 2026-12-31 or +3d"),
        (
            "Tab '12/31' Enter",
            "`12/31` is not a date: write year-month-day, such as 2026-12-31, or days from today, such as +3d",
        ),
    ] {
        let mut b = dated();
        b.keys("j j b Tab '10' Tab Tab Tab Tab 'g' 'g'").keys(keys);
        let ticket = &b.model.ticket;
        assert_eq!(
            (ticket.active, ticket.error.as_ref().map(Text::as_str)),
            (Some(Field::Until), Some(error))
        );
        assert_eq!(b.deeds(), [""; 0]);
    }
    // Neither where the venue has none, nor while nobody knows what it has.
    for mut b in [offering(vec![TifWord::Gtc], Vec::new()), Bench::new()] {
        b.keys("j j b Tab '10' Tab Tab Tab Tab 'g' 'g'");
        assert_eq!((b.model.ticket.tif, b.model.ticket.shows(Field::Until)), (Some(TifWord::Gtc), false));
    }
}

#[test]
fn the_last_day_of_a_working_order_is_changed_in_place() {
    let until = Tif::Gtd(jiff::civil::date(2026, 12, 31));
    let mut working = order("td-a-4", "BTC/USD", OrderState::Working, Some(Role::Target));
    working.tif = until;
    for (keys, want) in [
        ("Tab Tab Tab '2027-01-15' Enter Enter", "! replace td-a-4 gtd 2027-01-15 @paper"),
        ("Tab Tab 'g' Enter Enter", "! replace td-a-4 gtc @paper"),
    ] {
        let mut b = offering(vec![TifWord::Gtc, TifWord::Gtd], vec![working.clone()]);
        b.keys(":").keys("'focus orders' Enter m");
        assert_eq!(b.model.ticket.text(Field::Until), "2026-12-31");
        b.model.ticket.go_to(Field::Size);
        b.keys(keys);
        assert_eq!(b.deeds(), [want], "{keys} {:?}", b.model.ticket.error);
    }
}

#[test]
fn a_terminal_that_lost_the_focus_shows_the_ticket_unarmed() {
    let mut b = Bench::new();
    b.keys("b Tab '100' Enter");
    assert_eq!(b.model.ticket.phase, Phase::Reviewing);
    b.msg(Msg::FocusLost).msg(Msg::FocusGained);
    assert_eq!(b.model.ticket.phase, Phase::Editing);
    b.keys("Enter");
    assert_eq!(b.deeds(), [""; 0], "it is reviewed anew first");
}
