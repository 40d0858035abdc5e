//! Sizing as a trader sees it: a line in, a quantity and prices out.
#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use super::*;
use crate::{
    book::{Book, Marks, fixture::*},
    domain::{
        draft::{ChangeExpr, Draft, DraftType, PriceExpr, Share, Size, StopExpr, TifExpr, TrailExpr},
        ids::Symbol,
        instrument::Instrument,
        money::{Money, Percent, Ratio},
        order::{Attached, OrderType, StopLeg, Tif},
        report::AccountReport,
    },
};
use proptest::prelude::*;
use rust_decimal::Decimal;

struct Desk {
    book: Book,
    marks: Marks,
    rules: Instrument,
    account: AccountReport,
    committed: Money,
}

impl Desk {
    /// AAPL at 99.99 to 100.01; equity 100,000, buying power 200,000.
    fn open() -> Self {
        let mut marks = Marks::new();
        marks.apply(&quote(aapl(), "99.99", "100.01", 0));
        Self {
            book: Book::furnished(),
            marks,
            rules: share(aapl()),
            account: account(),
            committed: Money::ZERO,
        }
    }
    fn long(units: &str, at: &str) -> Self {
        let mut desk = Self::open();
        desk.book.holds(&buy(units), at);
        desk
    }
    fn inputs(&self) -> Inputs<'_> {
        Inputs {
            instrument: &self.rules,
            mark: self.marks.get(&aapl()),
            account: Some(&self.account),
            committed: self.committed,
            exposure: self.book.exposure(&aapl()),
            closable: self.book.closable(&aapl()),
            avg_price: self.book.position(&aapl()).and_then(|p| p.avg_price),
            fees: None,
            account_size: None,
            default_tif: Tif::Day,
            today: jiff::civil::date(2026, 6, 15),
        }
    }
    fn plan(&self, draft: &Draft) -> Result<Plan, SizingError> {
        plan(&self.inputs(), draft)
    }
    fn qty(&self, draft: &Draft) -> String {
        self.plan(draft).unwrap().qty.to_string()
    }
}

fn draft(side: Side, size: Size) -> Draft {
    Draft {
        side,
        symbol: Symbol::new("AAPL").unwrap(),
        venue: None,
        size,
        order_type: DraftType::Market,
        stop: None,
        target: None,
        parts: Vec::new(),
        show: None,
        tif: None,
        extended: false,
        post_only: false,
        reduce_only: false,
        tag: None,
    }
}
fn pc(text: &str) -> Percent {
    text.parse().unwrap()
}
fn with_stop(size: Size, stop: PriceExpr) -> Draft {
    Draft { stop: Some(StopExpr { stop, limit: None }), ..draft(Side::Buy, size) }
}

#[test]
fn sizing_modes() {
    let desk = Desk::open();
    let stop = PriceExpr::At(px("98.01"));
    assert_eq!(desk.qty(&draft(Side::Buy, Size::Qty(qty("7")))), "7");
    assert_eq!(desk.qty(&draft(Side::Buy, Size::Notional(usd("500")))), "4.9995");
    assert_eq!(desk.qty(&draft(Side::Buy, Size::EquityPercent(pc("5")))), "49.995");
    assert_eq!(desk.qty(&draft(Side::Buy, Size::BuyingPowerPercent(pc("20")))), "399.960003");
    assert_eq!(desk.qty(&with_stop(Size::RiskPercent(pc("1")), stop)), "500");
    assert_eq!(desk.qty(&with_stop(Size::RiskMoney(usd("199")), stop)), "99");
}

#[test]
fn a_bracket_shows_what_it_may_cost_and_bring() {
    let draft = Draft {
        target: Some(PriceExpr::R(Ratio::new(Decimal::TWO))),
        ..with_stop(Size::RiskPercent(pc("1")), PriceExpr::Offset(px("-2")))
    };
    let plan = Desk::open().plan(&draft).unwrap();
    assert_eq!((plan.entry, plan.stop, plan.target), (px("100.01"), Some(px("98.01")), Some(px("104.01"))));
    assert_eq!((plan.risk, plan.reward), (Some(usd("1000")), Some(usd("2000"))));
    assert_eq!(plan.reward_to_risk, Some(Ratio::new(Decimal::TWO)));
    assert_eq!((plan.cost, plan.margin), (usd("50005"), usd("50005")));
    assert_eq!(plan.buying_power_after, Some(usd("149995")));
    assert_eq!(plan.equity_share(), Some(pc("50.005")));
    let leg = StopLeg { stop: px("98.01"), limit: None };
    assert_eq!(plan.spec.attached, Attached::Bracket { target: px("104.01"), stop: leg });
}

/// Contracts of a hundred dollars at 50,000: a stop at 49,000 loses 100 × 1,000 / 50,000 = 2 dollars of each, in coins that
/// are worth 49,000 then.
#[test]
fn contracts_of_so_many_dollars_are_sized_by_them() {
    let mut desk = Desk::open();
    desk.marks = Marks::new();
    desk.marks.apply(&quote(aapl(), "49999.5", "50000", 0));
    let tick = crate::domain::instrument::Tick::Fixed(px("0.1"));
    desk.rules = Instrument { id: aapl(), tick, ..inverse() };
    assert_eq!(desk.qty(&draft(Side::Buy, Size::Notional(usd("10050")))), "100");
    assert_eq!(desk.qty(&draft(Side::Buy, Size::EquityPercent(pc("5")))), "50");
    let stop = PriceExpr::At(px("49000"));
    assert_eq!(desk.qty(&with_stop(Size::RiskMoney(usd("199")), stop)), "99");
    let bracket = Draft {
        target: Some(PriceExpr::R(Ratio::new(Decimal::TWO))),
        ..with_stop(Size::RiskPercent(pc("1")), stop)
    };
    let plan = desk.plan(&bracket).unwrap();
    assert_eq!((plan.qty, plan.target), (qty("500"), Some(px("52000"))));
    assert_eq!((plan.risk, plan.reward), (Some(usd("1000")), Some(usd("2000"))));
    assert_eq!(plan.reward_to_risk, Some(Ratio::new(Decimal::TWO)));
    assert_eq!((plan.cost, plan.margin), (usd("50000"), usd("50000")));
    // A short loses as much the other way.
    let short =
        Draft { side: Side::Sell, ..with_stop(Size::RiskPercent(pc("1")), PriceExpr::At(px("50999.5"))) };
    assert_eq!(desk.qty(&short), "499", "1,000 / (100 × 1,000 / 49,999.5), rounded down");
}

#[test]
fn risk_is_cut_to_the_buying_power_and_says_so() {
    let mut desk = Desk::open();
    let tight = with_stop(Size::RiskPercent(pc("1")), PriceExpr::Ticks(-10));
    let plan = desk.plan(&tight).unwrap();
    assert_eq!((plan.qty.to_string().as_str(), plan.cut), ("1999", Some(Cut::BuyingPower)));
    desk.committed = usd("150000");
    assert_eq!(desk.qty(&tight), "499");
    desk.committed = usd("200000");
    let nothing = desk.plan(&tight).unwrap_err();
    assert!(matches!(nothing, SizingError::NothingToTrade { cut: Cut::BuyingPower, .. }), "{nothing}");
}

#[test]
fn too_little_for_a_lot_is_nothing_to_trade() {
    let wide = with_stop(Size::RiskMoney(usd("5")), PriceExpr::At(px("90")));
    let nothing = Desk::open().plan(&wide).unwrap_err();
    assert!(matches!(nothing, SizingError::NothingToTrade { cut: Cut::Lot, .. }), "{nothing}");
}

#[test]
fn errors_name_the_field() {
    let desk = Desk::open();
    let risk = Size::RiskPercent(pc("1"));
    assert_eq!(desk.plan(&draft(Side::Buy, risk)), Err(SizingError::NoStop));
    let above = with_stop(risk, PriceExpr::At(px("101")));
    let wrong = desk.plan(&above).unwrap_err();
    assert_eq!(wrong.to_string(), "stop 101 stands on the wrong side of 100.01: it would be met at once");
    let r = with_stop(risk, PriceExpr::R(Ratio::new(Decimal::ONE)));
    assert_eq!(desk.plan(&r), Err(SizingError::NoR(Field::Stop)));
    let bare = Draft {
        target: Some(PriceExpr::R(Ratio::new(Decimal::ONE))),
        ..draft(Side::Buy, Size::Qty(qty("1")))
    };
    assert_eq!(desk.plan(&bare), Err(SizingError::NoR(Field::Target)));
    assert_eq!(desk.plan(&draft(Side::Sell, Size::All)), Err(SizingError::Flat(aapl())));
    assert_eq!(desk.plan(&draft(Side::Buy, Size::Qty(qty("0")))), Err(SizingError::NotPositive(Field::Size)));
    let mut blind = Desk::open();
    blind.marks = Marks::new();
    assert_eq!(blind.plan(&draft(Side::Buy, Size::Qty(qty("1")))), Err(SizingError::NoQuote(aapl())));
}

#[test]
fn a_stop_that_is_worked_out_is_rounded_to_less_risk() {
    let desk = Desk::open();
    let long = desk.plan(&with_stop(Size::Qty(qty("1")), PriceExpr::Percent(pc("-1")))).unwrap();
    assert_eq!(long.stop, Some(px("99.01")), "99.0099, up");
    let short = Draft { side: Side::Sell, ..with_stop(Size::Qty(qty("1")), PriceExpr::Percent(pc("1"))) };
    assert_eq!(desk.plan(&short).unwrap().stop, Some(px("100.98")), "100.9899, down");
}

#[test]
fn the_whole_position_and_shares_of_it_never_more_than_can_be_closed() {
    let mut desk = Desk::long("100", "90");
    assert_eq!(desk.qty(&draft(Side::Sell, Size::All)), "100");
    assert_eq!(desk.qty(&draft(Side::Sell, Size::PositionPercent(pc("25")))), "25");
    assert_eq!(desk.plan(&draft(Side::Buy, Size::All)), Err(SizingError::Adds(Side::Buy)));
    assert!(desk.plan(&draft(Side::Sell, Size::All)).unwrap().spec.reduce_only);
    let trail =
        Draft { order_type: DraftType::Trail(TrailExpr::Percent(pc("1"))), ..draft(Side::Sell, Size::All) };
    assert_eq!(desk.qty(&trail), "100");
    assert_eq!(close(&desk.inputs(), Share::Percent(pc("50"))).unwrap().amount.qty(), Some(qty("50")));
    assert_eq!(close(&desk.inputs(), Share::Qty(qty("500"))).unwrap().amount.qty(), Some(qty("100")));
    desk.book.works("c", &sell("100"));
    let pending = desk.plan(&draft(Side::Sell, Size::All)).unwrap_err();
    assert!(matches!(pending, SizingError::NothingToTrade { cut: Cut::Closable, .. }), "{pending}");
    assert!(close(&desk.inputs(), Share::All).is_err(), "a second close sends nothing");
}

#[test]
fn reversing_is_a_close_and_an_entry() {
    let desk = Desk::long("100", "90");
    let (out, back) = reverse(&desk.inputs()).unwrap();
    assert_eq!((out.side, out.reduce_only, out.amount.qty()), (Side::Sell, true, Some(qty("100"))));
    assert_eq!((back.side, back.reduce_only, back.amount.qty()), (Side::Sell, false, Some(qty("100"))));
}

#[test]
fn protection_of_what_is_held() {
    let desk = Desk::long("100", "90");
    let stop = Some(StopExpr { stop: PriceExpr::At(px("95")), limit: None });
    let lone = protect(&desk.inputs(), stop, None).unwrap();
    assert_eq!((lone.side, lone.order_type), (Side::Sell, OrderType::Stop { stop: px("95") }));
    let pair = protect(&desk.inputs(), stop, Some(PriceExpr::At(px("120")))).unwrap();
    assert_eq!(pair.order_type, OrderType::Limit { limit: px("120") });
    assert_eq!(pair.attached, Attached::Oco { stop: StopLeg { stop: px("95"), limit: None } });
    let above = Some(StopExpr { stop: PriceExpr::At(px("105")), limit: None });
    assert!(matches!(protect(&desk.inputs(), above, None), Err(SizingError::WrongSide { .. })));
}

#[test]
fn break_even_loses_nothing_and_never_triggers_at_once() {
    let desk = Desk::long("100", "95.003");
    let moved =
        break_even(&desk.inputs(), OrderType::StopLimit { stop: px("90"), limit: px("89.5") }).unwrap();
    assert_eq!((moved.stop, moved.limit), (Some(px("95.01")), Some(px("94.51"))));
    let under = Desk::long("100", "101");
    let passed = break_even(&under.inputs(), OrderType::Stop { stop: px("90") });
    assert!(matches!(passed, Err(SizingError::WrongSide { .. })));
}

#[test]
fn a_limit_for_hours_without_market_orders() {
    let desk = Desk::long("100", "90");
    let out = close(&desk.inputs(), Share::All).unwrap();
    let out = marketable(&desk.inputs(), &out, pc("0.5"), true).unwrap();
    assert_eq!(out.order_type, OrderType::Limit { limit: px("99.49") });
    assert!(out.extended && out.reduce_only);
}

#[test]
fn changes_count_from_the_orders_own_prices() {
    let desk = Desk::open();
    let working = crate::book::fixture::order(Side::Buy, "10", limit("98"));
    let up = ChangeExpr { limit: Some(PriceExpr::Ticks(2)), ..ChangeExpr::default() };
    assert_eq!(change(&desk.inputs(), &working, &up).unwrap().limit, Some(px("98.02")));
    let stop = ChangeExpr { stop: Some(PriceExpr::Ticks(2)), ..ChangeExpr::default() };
    assert_eq!(change(&desk.inputs(), &working, &stop), Err(SizingError::NotThere(Field::Trigger)));
    assert_eq!(change(&desk.inputs(), &working, &ChangeExpr::default()), Err(SizingError::NoChange));
}

proptest! {
    /// Never more risk than was asked, never more than the buying power, always whole lots.
    #[test]
    fn sizing_never_exceeds_risk_or_buying_power(
        risk_cents in 1_i64..5_000_000, entry_cents in 2_i64..10_000_000, below in 1_i64..5_000_000,
        committed in 0_i64..250_000, lot_scale in 0_u32..9, fractional in any::<bool>(),
    ) {
        let mut desk = Desk::open();
        desk.committed = Money::new(Decimal::from(committed));
        if fractional {
            desk.rules.lot = Qty::new(Decimal::new(1, lot_scale)).unwrap();
            desk.rules.whole_lot = desk.rules.lot;
            desk.rules.qty_min = desk.rules.lot;
        }
        let entry = Decimal::new(entry_cents, 2);
        let stop = Decimal::new((entry_cents - below).max(1), 2);
        prop_assume!(stop < entry);
        let risk = Money::new(Decimal::new(risk_cents, 2));
        let draft = Draft {
            order_type: DraftType::Limit(PriceExpr::At(Price::new(entry))),
            ..with_stop(Size::RiskMoney(risk), PriceExpr::At(Price::new(stop)))
        };
        match desk.plan(&draft) {
            Ok(plan) => {
                let left = Decimal::from(200_000 - committed);
                prop_assert!(plan.qty.get() * (entry - stop) <= risk.get());
                prop_assert!(plan.qty.get() * entry <= left);
                prop_assert!(plan.qty.is_multiple_of(desk.rules.whole_lot) && plan.qty.is_positive());
            }
            Err(why) => prop_assert!(matches!(why, SizingError::NothingToTrade { .. }), "{why}"),
        }
    }
}

#[test]
fn a_last_day_counts_from_today_at_the_venue() {
    let desk = Desk::open();
    let on = |tif: TifExpr| {
        let draft = Draft { tif: Some(tif), ..draft(Side::Buy, Size::Qty(qty("1"))) };
        desk.plan(&draft).map(|p| p.spec.tif.to_string()).map_err(|e| (e.to_string(), e.field()))
    };
    let dated = |y, m, d| TifExpr::Is(Tif::Gtd(jiff::civil::date(y, m, d)));
    assert_eq!(on(TifExpr::GtdIn(0)).unwrap(), "gtd 2026-06-15");
    assert_eq!(on(TifExpr::GtdIn(30)).unwrap(), "gtd 2026-07-15");
    assert_eq!(on(dated(2026, 6, 15)).unwrap(), "gtd 2026-06-15");
    let over = "the last day is over, or beyond the calendar: it is 2026-06-15 at the venue";
    assert_eq!(on(dated(2026, 6, 14)), Err((over.to_owned(), "until")));
}
