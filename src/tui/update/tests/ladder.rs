//! The price ladder: what each key and the mouse does. Nothing here sends an order by one stroke.

use super::{
    market::{charted, click, draw, wheel},
    *,
};
use crate::{desk::snapshot::DepthRow, domain::quote::DepthFault};
use proptest::prelude::*;

fn seen(bid: &str, ask: &str) -> Snapshot {
    let mut s = snapshot();
    let mut rows = (*s.watchlist).clone();
    (rows[0].bid, rows[0].ask) = (Some(bid.parse().unwrap()), Some(ask.parse().unwrap()));
    (rows[0].bid_size, rows[0].ask_size) = (Some("3".parse().unwrap()), Some("4".parse().unwrap()));
    s.watchlist = Arc::new(rows);
    s
}

/// The ladder with the focus, around this market.
fn laddered() -> Bench {
    let mut b = Bench::new();
    b.msg(Msg::Snapshot(Arc::new(seen("175.50", "175.53"))));
    b.keys("6 : 'focus depth' Enter");
    draw(&mut b);
    b.log();
    b
}

fn cursor(b: &Bench) -> String {
    b.model.ladder.cursor.map_or("-".to_owned(), |p| p.to_string())
}

#[test]
fn the_engine_is_told_whose_book_is_on_the_screen() {
    let mut b = Bench::new();
    let of = |name: &str| format!("{:?}", Request::Depth { instrument: Some(instrument(name)) });
    let none = format!("{:?}", Request::Depth { instrument: None });
    assert_eq!(b.log(), Vec::<String>::new());
    b.keys("6");
    assert_eq!(b.log(), [of("AAPL")]);
    b.answer_to(|r| matches!(r, Request::Depth { .. }), Reply::Done("followed".into()));
    assert_eq!(b.toast(), "", "nobody has to read that");
    b.wait(60_000).keys(": 'symbol TSLA' Enter");
    assert_eq!(b.deeds(), [of("TSLA")]);
    b.keys("1");
    assert_eq!(b.deeds(), [none]);
    b.keys("6");
    assert_eq!(b.deeds(), [of("TSLA")]);
    // A queue that is full is tried again, not at once.
    b.answer_to(|r| matches!(r, Request::Depth { .. }), Reply::Busy).wait(1_000);
    assert_eq!(b.deeds(), Vec::<String>::new());
    b.wait(1_100);
    assert_eq!(b.deeds(), [of("TSLA")]);
}

#[test]
fn the_cursor_goes_by_rungs_and_the_ladder_with_it() {
    let mut b = laddered();
    assert_eq!(cursor(&b), "-");
    b.keys("b");
    assert_eq!((b.toast(), b.model.ticket.is_open()), ("choose a price on the ladder first", false));
    b.keys("j");
    assert_eq!(cursor(&b), "175.51");
    b.keys("j Down k Up k");
    assert_eq!(cursor(&b), "175.52");
    let rows = i128::try_from(b.model.drawn.room(Pane::Depth)).unwrap();
    let middle = |b: &Bench| b.model.ladder.middle.unwrap().to_string();
    assert_eq!(middle(&b), "175.515");
    b.keys("PageDown");
    assert_ne!(middle(&b), "175.515", "the ladder went with it");
    let (rungs, now) = crate::tui::ladder::stand(&b.model).unwrap();
    let at = rungs.below(b.model.ladder.cursor.unwrap()).unwrap();
    assert!(at > now - rows && at <= now, "it is on the screen");
    b.keys("r");
    assert_eq!(middle(&b), "175.515");
    b.keys("g");
    let top = cursor(&b);
    b.keys("G");
    assert!(cursor(&b).parse::<Price>().unwrap() < top.parse().unwrap());
}

#[test]
fn a_ladder_stands_still_or_follows() {
    let mut b = laddered();
    let middle = |b: &Bench| {
        let (rungs, at) = crate::tui::ladder::stand(&b.model).unwrap();
        rungs.price(at).unwrap().to_string()
    };
    b.msg(Msg::Snapshot(Arc::new(seen("176.00", "176.02"))));
    assert_eq!(middle(&b), "175.51");
    b.keys("t");
    assert_eq!(middle(&b), "176.01");
    b.msg(Msg::Snapshot(Arc::new(seen("176.10", "176.12"))));
    assert_eq!(middle(&b), "176.11");
    b.keys("t").msg(Msg::Snapshot(Arc::new(seen("177.00", "177.02"))));
    assert_eq!(middle(&b), "176.11", "it stands where it was seen last");
    b.keys(": 'ladder recentre' Enter");
    assert_eq!(middle(&b), "177.01");
    draw(&mut b);
    let area = b.model.drawn.hits.iter().find(|(_, h)| matches!(h, Hit::Rung(_))).unwrap().0;
    b.keys("t");
    wheel(&mut b, area.x + 5, area.y, false);
    assert_eq!((middle(&b), b.model.ladder.is_centred), ("177.04".to_owned(), false));
    wheel(&mut b, area.x + 5, area.y, true);
    assert_eq!(middle(&b), "177.01");
}

#[test]
fn rungs_are_finer_and_coarser() {
    let mut b = laddered();
    let by = |b: &Bench| b.model.ladder.ticks;
    for (keys, want) in
        [("-", 2), ("-", 5), ("-", 10), ("+", 5), ("= =", 1), ("+", 1), (": 'ladder coarser' Enter", 2)]
    {
        b.keys(keys);
        assert_eq!(by(&b), want, "{keys}");
    }
}

#[test]
fn what_is_marked_is_what_is_placed() {
    let mut b = laddered();
    b.keys("j j j");
    assert_eq!(cursor(&b), "175.49");
    b.keys("- - b");
    assert_eq!(b.model.ticket.text(Field::Limit), "175.45", "the rung of five ticks that is marked");
}

#[test]
fn a_click_moves_the_cursor_and_nothing_else() {
    let mut b = laddered();
    let (area, hit) = *b.model.drawn.hits.iter().find(|(_, h)| matches!(h, Hit::Rung(_))).unwrap();
    let Hit::Rung(price) = hit else { panic!() };
    b.keys(": 'focus chart' Enter");
    b.log();
    for _ in 0..3 {
        click(&mut b, area.x + 20, area.y);
    }
    assert_eq!((b.model.focus, b.model.ladder.cursor), (Pane::Depth, Some(price)));
    assert_eq!((b.log(), b.model.ticket.is_open()), (Vec::new(), false));
}

#[test]
fn a_price_of_the_ladder_fills_the_ticket_and_is_reviewed_like_every_order() {
    for (keys, line) in [
        ("j b", "buy AAPL 10 limit 175.51 @paper"),
        ("j j j s", "sell AAPL 10 limit 175.49 @paper"),
        ("[", "buy AAPL 10 limit 175.50 @paper"),
        ("]", "sell AAPL 10 limit 175.53 @paper"),
        ("{", "buy AAPL 10 limit 175.51 @paper"),
        ("}", "sell AAPL 10 limit 175.52 @paper"),
        (": 'rung join buy' Enter", "buy AAPL 10 limit 175.50 @paper"),
        ("j : 'rung place sell' Enter", "sell AAPL 10 limit 175.51 @paper"),
    ] {
        let mut b = laddered();
        b.keys(keys);
        assert_eq!(
            (b.deeds(), b.model.focus, b.model.ticket.phase.clone()),
            (Vec::new(), Pane::Ticket, Phase::Editing),
            "{keys}"
        );
        b.keys("'10' Enter");
        assert_eq!((b.deeds(), b.model.ticket.phase.clone()), (Vec::new(), Phase::Reviewing), "{keys}");
        b.keys("Enter");
        assert_eq!(b.deeds(), [format!("! {line}")], "{keys}");
        b.answer_to(|r| matches!(r, Request::Do(_)), placed());
        assert_eq!(b.model.focus, Pane::Depth, "back on the ladder");
        // The next one begins with the same size.
        b.keys("[");
        assert_eq!(b.model.ticket.text(Field::Size), "10");
    }
}

#[test]
fn a_held_key_and_a_paste_open_no_order() {
    let mut b = laddered();
    b.keys("j").kind("b", KeyEventKind::Repeat).msg(Msg::Paste("b[{".into()));
    assert!(!b.model.ticket.is_open());
}

#[test]
fn nothing_is_improved_where_it_would_take() {
    let mut b = laddered();
    b.msg(Msg::Snapshot(Arc::new(seen("175.52", "175.53"))));
    for key in ["{", "}"] {
        b.keys(key);
        assert!(b.toast().starts_with("the spread is one tick"), "{}", b.toast());
    }
    let mut none = snapshot();
    none.watchlist = Arc::new(vec![watch("AAPL", "175.52")]);
    b.msg(Msg::Snapshot(Arc::new(none)));
    b.keys("[");
    assert_eq!(b.toast(), "there is no bid to join");
    assert!(!b.model.ticket.is_open());
}

/// A snapshot with these own orders on AAPL.
fn with_orders(orders: &[(&str, Side, OrderType, Option<Role>)]) -> Snapshot {
    let mut s = seen("175.50", "175.53");
    let row = |(id, side, order_type, role): &(&str, Side, OrderType, Option<Role>)| OrderRow {
        side: *side,
        order_type: *order_type,
        ..order(id, "AAPL", OrderState::Working, *role)
    };
    s.orders = Arc::new(orders.iter().map(row).collect());
    s
}

fn limit(text: &str) -> OrderType {
    OrderType::Limit { limit: text.parse().unwrap() }
}

#[test]
fn an_own_order_is_taken_moved_and_cancelled_from_the_ladder() {
    let mut b = laddered();
    let stop = OrderType::Stop { stop: "175.40".parse().unwrap() };
    b.msg(Msg::Snapshot(Arc::new(with_orders(&[
        ("o-1", Side::Buy, limit("175.50"), None),
        ("o-2", Side::Buy, limit("175.50"), None),
        ("o-3", Side::Sell, stop, Some(Role::Stop)),
    ]))));
    let taken = |b: &Bench| b.model.ladder.taken.as_ref().map(ToString::to_string);
    b.keys("m");
    assert!(b.toast().starts_with("take an order first"), "{}", b.toast());
    b.keys("j");
    for key in ["Space", "c"] {
        b.keys(key);
        assert!(b.toast().starts_with("no order of yours stands there"), "{}", b.toast());
    }
    b.keys("j c");
    assert_eq!(b.toast(), "2 orders of yours stand there: take one with Space first");
    b.keys("Space");
    assert_eq!(taken(&b).as_deref(), Some("o-1"));
    b.keys("Space");
    assert_eq!(taken(&b).as_deref(), Some("o-2"));
    b.keys("m");
    assert_eq!(b.toast(), "the order stands there already: move the cursor first");
    // Moved two rungs down: the change is shown, reviewed, and sent.
    b.keys("j j m");
    assert_eq!((b.model.focus, b.model.ticket.text(Field::Limit)), (Pane::Ticket, "175.48"));
    b.keys("Enter");
    assert_eq!((b.deeds(), b.model.ticket.phase.clone()), (Vec::new(), Phase::Reviewing));
    b.keys("Enter");
    assert_eq!(b.deeds(), ["! replace #o-2 limit 175.48 @paper"]);
    b.answer_to(|r| matches!(r, Request::Do(_)), placed());
    // The next one down is the stop: cancelling what protects is asked about first.
    b.keys("n");
    assert_eq!((taken(&b).as_deref(), cursor(&b)), (Some("o-3"), "175.40".to_owned()));
    b.keys("c");
    assert_eq!((b.deeds(), matches!(b.model.modal, Some(Modal::Confirm(_)))), (Vec::new(), true));
    b.keys("Esc n");
    assert_eq!(taken(&b).as_deref(), Some("o-1"));
    b.keys("c");
    assert_eq!(b.deeds(), ["! cancel #o-1 @paper"]);
}

#[test]
fn a_stop_moves_by_its_trigger_and_a_trailing_one_does_not() {
    let mut b = laddered();
    let stop = OrderType::Stop { stop: "175.45".parse().unwrap() };
    b.msg(Msg::Snapshot(Arc::new(with_orders(&[("o-1", Side::Sell, stop, None)]))));
    b.keys("n j m");
    assert_eq!(b.model.ticket.text(Field::Trigger), "175.44");
    b.keys("Esc");
    let trail = OrderType::TrailingStop { trail: Trail::Amount("1".parse().unwrap()) };
    let mut s = with_orders(&[("o-1", Side::Sell, trail, None)]);
    let mut rows = (*s.orders).clone();
    rows[0].trailing_stop = Some("175.45".parse().unwrap());
    s.orders = Arc::new(rows);
    b.msg(Msg::Snapshot(Arc::new(s)));
    b.keys("n j m");
    assert!(b.toast().contains("follows the market by itself"), "{}", b.toast());
}

#[test]
fn another_symbol_has_a_ladder_of_its_own() {
    let mut b = laddered();
    b.keys("j Space - t : 'symbol TSLA' Enter");
    let ladder = &b.model.ladder;
    assert_eq!(
        (ladder.instrument.clone(), ladder.cursor, ladder.taken.clone()),
        (Some(instrument("TSLA")), None, None)
    );
    assert!(ladder.is_centred, "how it stands is the trader's choice");
}

#[test]
fn a_book_is_believed_only_while_nothing_is_wrong_with_it() {
    let mut b = laddered();
    let level = |p: &str| vec![(p.parse().unwrap(), "1".parse().unwrap())];
    let mut with = |fault| {
        let mut s = seen("175.50", "175.53");
        s.depth = Arc::new(vec![DepthRow {
            instrument: instrument("AAPL"),
            bids: level("175.60"),
            asks: level("175.70"),
            fault,
            updated: Mono::default(),
            stale: false,
        }]);
        b.msg(Msg::Snapshot(Arc::new(s)));
        crate::tui::ladder::market(&b.model).0.unwrap().to_string()
    };
    assert_eq!(with(None), "175.60");
    for fault in [DepthFault::Crossed, DepthFault::Empty, DepthFault::Gap] {
        assert_eq!(with(Some(fault)), "175.50");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever is pressed on the two panes: no order leaves that was not reviewed, and the screen can be drawn.
    #[test]
    fn keys_of_chart_and_ladder_send_nothing(keys in proptest::collection::vec(0_usize..28, 0..40), on_chart in any::<bool>()) {
        const KEYS: [&str; 28] = [
            "h", "l", "j", "k", "g", "G", "PageUp", "PageDown", "Home", "+", "-", "Space", ",", ".", "n", "r", "t", "[", "]",
            "{", "}", "Esc", "Up", "Down", "Left", "Right", "i", "z",
        ];
        let mut b = if on_chart { charted(50) } else { laddered() };
        for n in keys {
            b.keys(KEYS[n]);
            draw(&mut b);
        }
        let deeds = b.deeds();
        prop_assert!(deeds.iter().all(|d| d.starts_with("Depth")), "{deeds:?}");
    }
}
