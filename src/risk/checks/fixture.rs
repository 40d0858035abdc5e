//! A book, marks and limits for the tests of the checks, and the four questions that each check must answer.

use crate::{
    book::{Book, Marks, fixture::*},
    domain::{
        capability::{Capability, ClassCapability, TifWord},
        fact::Fact,
        instrument::AssetClass,
        limits::Limits,
        order::{OrderKind, OrderSpec, Side},
        quote::{Market, Trade},
        time::Now,
    },
    risk::{
        gate::{Access, Context, judge},
        verdict::{CheckName, Outcome, Verdict},
    },
};

pub(crate) struct Desk {
    pub(crate) book: Book,
    pub(crate) marks: Marks,
    pub(crate) limits: Limits,
    pub(crate) capability: Option<Capability>,
    pub(crate) access: Access,
    pub(crate) regular_hours: bool,
    pub(crate) now: Now,
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
            regular_hours: true,
            now: now(101),
        }
    }
    /// The same with 100 AAPL held.
    pub(crate) fn long() -> Self {
        let mut desk = Self::open();
        desk.book.holds(&buy("100"), "100");
        desk
    }
    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            book: &self.book,
            marks: &self.marks,
            limits: &self.limits,
            capability: self.capability.as_ref(),
            access: &self.access,
            regular_hours: self.regular_hours,
            now: self.now,
        }
    }
    pub(crate) fn judge(&self, spec: &OrderSpec) -> Verdict {
        judge(&self.context(), spec)
    }
    pub(crate) fn outcome(&self, name: CheckName, spec: &OrderSpec) -> Outcome {
        self.judge(spec).of(name).unwrap().outcome
    }
    pub(crate) fn sentence(&self, name: CheckName, spec: &OrderSpec) -> String {
        self.judge(spec).of(name).unwrap().why.as_ref().map(ToString::to_string).unwrap_or_default()
    }
    pub(crate) fn passes(&self, name: CheckName, spec: &OrderSpec) {
        assert_eq!(self.outcome(name, spec), Outcome::Pass, "{}", self.sentence(name, spec));
    }
    pub(crate) fn refuses(&self, name: CheckName, spec: &OrderSpec, because: &str) {
        let sentence = self.sentence(name, spec);
        assert_eq!(self.outcome(name, spec), Outcome::Block, "{sentence}");
        assert!(sentence.contains(because), "{sentence}");
    }
    /// Nothing known, everything locked: closing still goes.
    pub(crate) fn never_stops_a_reduction(name: CheckName) {
        let mut desk = Self::long();
        desk.marks = Marks::new();
        desk.capability = None;
        desk.access = Access::ReadOnly;
        desk.limits.order_qty_max = qty("1");
        desk.limits.order_notional_max = usd("1");
        desk.book.take(Fact::Locked { reason: "a lock".into() });
        for spec in [sell("100"), order(Side::Sell, "60", limit("1.001")), order(Side::Sell, "1", stop("95"))]
        {
            assert_ne!(desk.outcome(name, &spec), Outcome::Block, "{}", desk.sentence(name, &spec));
            assert!(desk.judge(&spec).allows());
        }
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
        fractional: true,
        notional: true,
        extended: true,
        post_only: false,
        reduce_only: false,
        short,
        replace: true,
    };
    Capability {
        classes: vec![class(AssetClass::Equity, true), class(AssetClass::Crypto, false)],
        cancel_all: true,
        requests_per_min: 200,
    }
}
