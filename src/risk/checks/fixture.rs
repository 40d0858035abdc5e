//! A book, marks and limits for the tests of the checks, and the four questions that each check must answer.

use crate::{
    book::{Book, Marks, fixture::*},
    calendar::{Phase, Session},
    domain::{
        capability::{Capability, ClassCapability, TifWord},
        fact::Fact,
        instrument::AssetClass,
        limits::{AccountType, Action, Limits},
        money::Percent,
        order::{Change, OrderKind, OrderRef, OrderSpec, Replacement, Side},
        quote::{Market, Trade},
        report::AccountReport,
        time::{Now, Stamp},
    },
    risk::{
        gate::{Access, Beside, Context, judge, judge_change},
        verdict::{CheckName, Outcome, Verdict},
    },
};
use rust_decimal::Decimal;

pub(crate) struct Desk {
    pub(crate) book: Book,
    pub(crate) marks: Marks,
    pub(crate) limits: Limits,
    pub(crate) capability: Option<Capability>,
    pub(crate) access: Access,
    pub(crate) session: Session,
    pub(crate) days: Vec<Stamp>,
    pub(crate) now: Now,
    pub(crate) beside: Beside,
}

impl Desk {
    /// AAPL at 99.99 to 100.01, coins at 40,000, nothing held, nothing ordered.
    pub(crate) fn open() -> Self {
        let mut marks = Marks::new();
        marks.apply(&quote(aapl(), "99.99", "100.01", 100));
        marks.apply(&quote(btc(), "39999.5", "40000", 100));
        marks.apply(&Market::Trade(Trade {
            instrument: aapl(),
            price: px("100"),
            size: qty("1"),
            at: at(100),
            received: now(100).mono,
        }));
        Self {
            book: Book::furnished(),
            marks,
            limits: Limits::default(),
            capability: Some(everything()),
            access: Access::Trading,
            session: Session { phase: Phase::Regular, until: None },
            days: Vec::new(),
            now: now(101),
            beside: Beside::default(),
        }
    }
    /// The same with 100 AAPL held.
    pub(crate) fn long() -> Self {
        let mut desk = Self::open();
        desk.book.holds(&buy("100"), "100");
        desk
    }
    pub(crate) fn context(&mut self) -> Context<'_> {
        self.marks.weigh_book(&self.book);
        Context {
            book: &self.book,
            marks: &self.marks,
            limits: &self.limits,
            capability: self.capability.as_ref(),
            access: &self.access,
            session: self.session,
            days: &self.days,
            now: self.now,
            beside: self.beside,
        }
    }
    pub(crate) fn judge_change(&mut self, order: &str, after: OrderSpec) -> Verdict {
        let before = self.book.order(&id(order)).unwrap().spec.clone();
        let order = OrderRef { instrument: before.instrument.clone(), client: client(order), venue_id: None };
        let change = Change::default();
        let change = Replacement {
            order,
            change,
            client: client("changed"),
            before,
            after,
            filled: crate::domain::money::Qty::ZERO,
            adds_nothing: false,
        };
        judge_change(&self.context(), &change)
    }
    pub(crate) fn judge(&mut self, spec: &OrderSpec) -> Verdict {
        judge(&self.context(), spec)
    }
    pub(crate) fn outcome(&mut self, name: CheckName, spec: &OrderSpec) -> Outcome {
        self.judge(spec).of(name).outcome
    }
    pub(crate) fn sentence(&mut self, name: CheckName, spec: &OrderSpec) -> String {
        self.judge(spec).of(name).why.as_ref().map(ToString::to_string).unwrap_or_default()
    }
    pub(crate) fn passes(&mut self, name: CheckName, spec: &OrderSpec) {
        let sentence = self.sentence(name, spec);
        assert_eq!(self.outcome(name, spec), Outcome::Pass, "{sentence}");
    }
    pub(crate) fn refuses(&mut self, name: CheckName, spec: &OrderSpec, because: &str) {
        let sentence = self.sentence(name, spec);
        assert_eq!(self.outcome(name, spec), Outcome::Block, "{sentence}");
        assert!(sentence.contains(because), "{sentence}");
    }
    /// Nothing known, everything locked, every limit as small as can be and held: closing still goes.
    pub(crate) fn never_stops_a_reduction(name: CheckName) {
        Self::never_stops_a_reduction_under(name, |_| {});
    }
    pub(crate) fn never_stops_a_reduction_under(name: CheckName, more: impl Fn(&mut Limits)) {
        for cash in [false, true] {
            let mut desk = Self::long();
            strictest(&mut desk.limits);
            more(&mut desk.limits);
            desk.session = Session { phase: Phase::Closed, until: None };
            desk.capability = None;
            desk.access = Access::ReadOnly;
            desk.book.take(Fact::Locked { reason: "a lock".into() });
            if cash {
                desk.limits.account_type = AccountType::Cash;
            }
            // An order of ours on the other side, one that nobody knows of, and an account without a penny.
            desk.book.works("mine", &order(Side::Buy, "5", limit("100.01")));
            desk.book.take(intent("lost", &order(Side::Buy, "5", limit("50"))));
            let broke = AccountReport { equity: usd("-1"), day_trades: Some(9), ..account() };
            desk.book.take(Fact::Account { venue: venue(), report: Box::new(broke) });
            desk.closes(name);
            desk.marks = Marks::new();
            desk.now = now(9_999);
            desk.closes(name);
        }
    }
    /// Every way to close goes, and not one unit more.
    fn closes(&mut self, name: CheckName) {
        let market = |n: &str| sell(n);
        for spec in
            [market("100"), order(Side::Sell, "60", limit("1.001")), order(Side::Sell, "1", stop("95"))]
        {
            let sentence = self.sentence(name, &spec);
            assert_ne!(self.outcome(name, &spec), Outcome::Block, "{sentence}");
            assert!(self.judge(&spec).allows());
        }
        let beyond = self.judge(&market("101"));
        assert!(!beyond.allows(), "a reversal is no reduction");
    }
}

/// Every check blocks, at once.
fn strictest(limits: &mut Limits) {
    limits.order_qty_max = qty("1");
    limits.order_notional_max = usd("1");
    limits.position_max = usd("1");
    limits.gross_max = usd("1");
    limits.gross_percent_max = Percent::new(Decimal::ONE);
    limits.equity_share_percent_max = Percent::new(Decimal::ONE);
    limits.price_collar_percent = Percent::new(Decimal::ONE);
    limits.spread_percent_max = Percent::new(Decimal::new(1, 6));
    limits.quote_age_max_ms = 1;
    limits.account_age_max_ms = 1;
    limits.orders_per_second_max = 1;
    limits.orders_per_minute_max = 1;
    limits.symbols_allow.insert(btc().symbol);
    limits.symbols_deny.insert(aapl().symbol);
    for action in [&mut limits.session_closed, &mut limits.self_cross, &mut limits.stop_required] {
        *action = Action::Block;
    }
}

pub(crate) fn everything() -> Capability {
    let class = |class, short| ClassCapability {
        class,
        kinds: OrderKind::ALL.to_vec(),
        tifs: vec![TifWord::Day, TifWord::Gtc, TifWord::Ioc, TifWord::Fok, TifWord::Opg, TifWord::Cls],
        bracket: true,
        oco: true,
        oto: true,
        waits_on_limits: false,
        fractional: true,
        notional: true,
        extended: true,
        post_only: false,
        reduce_only: false,
        short,
        replace: true,
        iceberg: false,
    };
    Capability {
        classes: vec![class(AssetClass::Equity, true), class(AssetClass::Crypto, false)],
        cancel_all: true,
        requests_per_min: 200,
    }
}
