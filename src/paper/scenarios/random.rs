//! Random sessions: the sums hold, and a restart changes nothing.

use super::*;
use proptest::prelude::*;

/// One step of a random session.
#[derive(Debug, Clone)]
enum Act {
    Wait(i64),
    Place(usize, bool, u32, i64, usize),
    Cancel(usize),
    Replace(usize, u32),
    Close(usize, u32),
    Restart,
}

const SYMBOLS: [&str; 3] = ["KO", "AMD", "ETH/USD"];

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (1_i64..30_000).prop_map(Act::Wait),
        1 => (1_i64..3_000_000).prop_map(Act::Wait),
        8 => (0..3_usize, any::<bool>(), 1_u32..3_000, -30_i64..30, 0..10_usize)
            .prop_map(|(s, b, q, o, k)| Act::Place(s, b, q, o, k)),
        2 => (0..40_usize).prop_map(Act::Cancel),
        2 => (0..40_usize, 1_u32..3_000).prop_map(|(n, q)| Act::Replace(n, q)),
        2 => (0..3_usize, 1_u32..=100).prop_map(|(s, p)| Act::Close(s, p)),
        1 => Just(Act::Restart),
    ]
}

fn order_of(x: &Exchange, act: &Act) -> Option<NewOrder> {
    let Act::Place(symbol, buy, units, offset, kind) = act else { return None };
    let symbol = SYMBOLS[*symbol];
    let coin = symbol.contains('/');
    let tick = x.asset(symbol)?.tick;
    let near = |n: i64| tick.offset(x.quote(symbol)?.bid, n);
    let side = if *buy { Side::Buy } else { Side::Sell };
    let units = if coin { Decimal::new(i64::from(*units), 2) } else { Decimal::from(*units) };
    let mut order = NewOrder::market(symbol, side, Qty::new(units)?);
    order.tif = if coin { Tif::Gtc } else { Tif::Day };
    let (up, down) = (
        near(offset.saturating_abs().saturating_add(3))?,
        near((-3_i64).saturating_sub(offset.saturating_abs()))?,
    );
    let (target, stop) = if *buy { (up, down) } else { (down, up) };
    match kind {
        0 | 1 => {}
        2 | 3 => (order.kind, order.limit) = (OrderKind::Limit, near(*offset)),
        4 => (order.kind, order.stop) = (OrderKind::Stop, near(*offset)),
        5 => {
            order.kind = OrderKind::TrailingStop;
            order.trail_price = Some(price("0.05"));
        }
        6 => order.tif = Tif::Ioc,
        7 => {
            order.class = Class::Oco;
            (order.kind, order.take_profit) = (OrderKind::Limit, Some(if *buy { down } else { up }));
            order.stop_loss = Some(StopLeg { stop: if *buy { up } else { down }, limit: None });
        }
        _ => {
            order.class = Class::Bracket;
            order.take_profit = Some(target);
            order.stop_loss = Some(StopLeg { stop, limit: None });
        }
    }
    Some(order)
}

fn run(acts: &[Act], restarts: bool) -> (Exchange, Vec<Event>) {
    let mut x = Exchange::new(Setup::new(9, stamp("2026-11-20T15:00:00Z")));
    let (mut now, mut events) = (x.at(), Vec::new());
    for act in acts {
        let known: Vec<Uuid> = x
            .orders(&OrderFilter { which: Which::All, limit: 500, ..OrderFilter::default() })
            .iter()
            .map(|o| o.id)
            .collect();
        let pick = |n: usize| known.get(n).copied().unwrap_or_default();
        match act {
            Act::Wait(ms) => now = now.plus_ms(*ms),
            Act::Place(..) => {
                if let Some(order) = order_of(&x, act) {
                    drop(x.place(now, order));
                }
            }
            Act::Cancel(n) => {
                drop(x.cancel(now, pick(*n)));
            }
            Act::Replace(n, q) => {
                let change = Replacement { qty: Qty::new(Decimal::from(*q)), ..Replacement::default() };
                drop(x.replace(now, pick(*n), change));
            }
            Act::Close(s, p) => {
                let portion = Portion::Percentage(Percent::new(Decimal::from(*p)));
                drop(x.close_position(now, SYMBOLS[*s], portion));
            }
            Act::Restart if restarts => {
                events.extend(x.drain());
                let kept = serde_json::to_string(&x.save()).unwrap();
                let back: Saved = serde_json::from_str(&kept).unwrap();
                x = Exchange::restore(back).unwrap();
            }
            Act::Restart => {}
        }
        events.extend(x.advance(now));
        check_orders(&x);
    }
    (x, events)
}

/// What holds at every moment.
fn check_orders(x: &Exchange) {
    let all = OrderFilter { which: Which::All, limit: usize::MAX, ..OrderFilter::default() };
    for order in x.orders(&all) {
        if let Some(q) = order.qty {
            assert!(order.filled_qty <= q || order.parent.is_some(), "more than ordered: {order:?}");
            let filled = order.status == Status::Filled;
            assert!(!filled || order.filled_qty == q, "filled, yet not whole: {order:?}");
        }
        assert!(!(order.status.is_over() && order.armed), "{order:?}");
        let legs = x.legs(order);
        let exits: Vec<&Order> = if order.class == Class::Oco && order.parent.is_none() {
            legs.into_iter().chain([order]).collect()
        } else {
            legs
        };
        if exits.len() == 2 {
            assert_ne!(
                exits.iter().filter(|o| o.status.is_over()).count(),
                1,
                "one exit alive alone: {exits:#?}"
            );
        }
    }
}

/// Cash and positions are the sums of what the fills say.
fn check_sums(x: &Exchange, events: &[Event]) {
    let mut cash = Decimal::from(100_000);
    let mut units = std::collections::BTreeMap::<Symbol, Decimal>::new();
    let mut add = |symbol: &Symbol, signed: Decimal| {
        let sum = units.entry(symbol.clone()).or_default();
        *sum = sum.saturating_add(signed);
    };
    for activity in x.activities() {
        match &activity.detail {
            Detail::Fill(fill) => {
                let signed = fill.qty.signed(fill.side).get();
                cash = cash.saturating_sub(signed.saturating_mul(fill.price.get()));
                add(&activity.symbol, signed);
            }
            Detail::Fee(fee) => {
                cash = cash.saturating_add(fee.money.get());
                add(&activity.symbol, fee.coin.get());
            }
        }
    }
    assert_eq!(x.account().cash, Money::new(cash));
    for symbol in SYMBOLS {
        let want = units.get(&Symbol::new(symbol).unwrap()).copied().unwrap_or_default();
        let held = x.position(symbol).map_or(Decimal::ZERO, |p| p.qty.get());
        assert_eq!(held, want, "{symbol}");
        assert!(!symbol.contains('/') || held >= Decimal::ZERO, "a coin is never short");
    }
    let told = events.iter().filter(|e| matches!(e, Event::Order(u) if u.execution.is_some())).count();
    let noted = x.activities().filter(|a| matches!(a.detail, Detail::Fill(_))).count();
    assert_eq!(told, noted, "every fill is told once");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_session_adds_up_and_a_restart_changes_nothing(acts in prop::collection::vec(act(), 1..40)) {
        let (x, events) = run(&acts, false);
        check_sums(&x, &events);
        let (y, again) = run(&acts, true);
        prop_assert_eq!(events.len(), again.len());
        prop_assert!(events == again, "the same calls give the same events, restarted or not");
        prop_assert_eq!(x.save(), y.save());
    }
}

#[test]
fn kept_state_of_another_version_or_with_unknown_instruments_is_refused() {
    let mut saved = Exchange::new(Setup::new(1, stamp("2026-11-20T15:00:00Z"))).save();
    saved.version = 99;
    let text = Exchange::restore(saved).unwrap_err().to_string();
    assert_eq!(text, "the paper account's state has version 99, this program reads version 1");
    let mut f = Floor::open();
    f.send(market("AAPL", Side::Buy, "1"));
    let kept = serde_json::to_string(&f.x.save()).unwrap().replace("AAPL", "ZZZZ");
    let text = Exchange::restore(serde_json::from_str(&kept).unwrap()).unwrap_err().to_string();
    assert_eq!(text, "the paper account's state is damaged: there is no instrument ZZZZ");
    assert!(f.log.iter().any(|u| u.kind == UpdateKind::Fill));
}
