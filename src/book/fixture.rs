//! A venue, a share, an account and short ways to say what happens to them, for tests of every room that
//! looks at a book.
#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use super::{Applied, Book};
use crate::domain::{
    fact::{Fact, Intent, OrderFact},
    ids::{AccountId, ClientId, Currency, ExecutionId, InstrumentId, OrderId, Symbol, VenueId, VenueOrderId},
    instrument::{AssetClass, Borrow, Instrument, Tick, Tradable, WaitingExits},
    lifecycle::OrderEvent,
    money::{Money, Price, Qty},
    order::{Amount, Attached, OrderSpec, OrderType, Origin, Side, Tif},
    payoff::Payoff,
    quote::{Market, Quote},
    report::{AccountReport, Execution, Fee, Liquidity, OrderReport},
    text::Text,
    time::{Mono, Now, Stamp},
};

/// A Wednesday, 2026-11-18 15:00 UTC: 10:00 in New York.
pub(crate) const NOW_S: i64 = 1_795_014_000;

pub(crate) fn at(s: i64) -> Stamp {
    Stamp::from_secs(NOW_S + s).unwrap()
}
pub(crate) fn now(s: i64) -> Now {
    Now { wall: at(s), mono: Mono::from_millis(u64::try_from(s).unwrap() * 1_000 + 1_000_000) }
}
pub(crate) fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}
pub(crate) fn px(text: &str) -> Price {
    text.parse().unwrap()
}
pub(crate) fn usd(text: &str) -> Money {
    text.parse().unwrap()
}
pub(crate) fn venue() -> VenueId {
    VenueId::new("paper").unwrap()
}
pub(crate) fn aapl() -> InstrumentId {
    named("AAPL")
}
pub(crate) fn btc() -> InstrumentId {
    named("BTC/USD")
}
pub(crate) fn named(symbol: &str) -> InstrumentId {
    InstrumentId { venue: venue(), symbol: Symbol::new(symbol).unwrap() }
}
pub(crate) fn client(n: &str) -> ClientId {
    ClientId::new(n).unwrap()
}
pub(crate) fn id(n: &str) -> OrderId {
    OrderId { venue: venue(), client: client(n) }
}
pub(crate) fn venue_id(n: &str) -> VenueOrderId {
    VenueOrderId::new(&format!("v-{n}")).unwrap()
}

pub(crate) fn share(id: InstrumentId) -> Instrument {
    Instrument {
        id,
        name: Text::from("Apple Inc."),
        native: Text::from("AAPL"),
        class: AssetClass::Equity,
        quote: Currency::usd(),
        base: None,
        tick: Tick::UsEquity,
        lot: qty("0.000001"),
        whole_lot: qty("1"),
        qty_min: qty("0.000001"),
        qty_max: None,
        notional_min: usd("1"),
        payoff: Payoff::ONE,
        shortable: true,
        borrow: Borrow::Easy,
        marginable: true,
        icebergs: None,
        exits: WaitingExits::default(),
        tradable: Tradable::Yes,
    }
}
pub(crate) fn coin() -> Instrument {
    Instrument {
        class: AssetClass::Crypto,
        base: Some(Currency::new("BTC").unwrap()),
        tick: Tick::Fixed(px("0.5")),
        lot: qty("0.0001"),
        whole_lot: qty("0.0001"),
        qty_min: qty("0.0001"),
        shortable: false,
        borrow: Borrow::None,
        marginable: false,
        icebergs: None,
        exits: WaitingExits::default(),
        ..share(btc())
    }
}
/// A perpetual contract of a hundred dollars, paid in the coin.
pub(crate) fn inverse() -> Instrument {
    Instrument {
        class: AssetClass::Perpetual,
        lot: qty("1"),
        whole_lot: qty("1"),
        qty_min: qty("1"),
        payoff: Payoff::Inverse { face: usd("100") },
        shortable: true,
        borrow: Borrow::Easy,
        marginable: true,
        icebergs: None,
        exits: WaitingExits::default(),
        ..coin()
    }
}
pub(crate) fn account() -> AccountReport {
    AccountReport {
        account: AccountId::new("PA1").unwrap(),
        currency: Currency::usd(),
        equity: usd("100000"),
        last_equity: Some(usd("100000")),
        cash: usd("100000"),
        buying_power: usd("200000"),
        cash_buying_power: Some(usd("100000")),
        initial_margin: None,
        maintenance_margin: None,
        multiplier: None,
        day_trades: None,
        accrued_fees: None,
        shorting: true,
        blocked: None,
    }
}
pub(crate) fn buy(n: &str) -> OrderSpec {
    order(Side::Buy, n, OrderType::Market)
}
pub(crate) fn sell(n: &str) -> OrderSpec {
    order(Side::Sell, n, OrderType::Market)
}
pub(crate) fn order(side: Side, n: &str, order_type: OrderType) -> OrderSpec {
    OrderSpec {
        instrument: aapl(),
        side,
        amount: Amount::Qty(qty(n)),
        order_type,
        tif: Tif::Day,
        extended: false,
        post_only: false,
        reduce_only: false,
        attached: Attached::Simple,
        show: None,
        tag: None,
    }
}
pub(crate) fn limit(price: &str) -> OrderType {
    OrderType::Limit { limit: px(price) }
}
pub(crate) fn stop(price: &str) -> OrderType {
    OrderType::Stop { stop: px(price) }
}

pub(crate) fn intent(n: &str, spec: &OrderSpec) -> Fact {
    Fact::Intended(std::sync::Arc::new(Intent {
        order: id(n),
        spec: spec.clone(),
        origin: Origin::Screen,
        replaces: None,
        verdict: "1".into(),
        arrival: None,
    }))
}
pub(crate) fn event(n: &str, event: OrderEvent) -> Fact {
    Fact::Order(Box::new(OrderFact { venue_id: Some(venue_id(n)), ..OrderFact::bare(id(n), event) }))
}
pub(crate) fn execution(exec: &str, n: &str, spec: &OrderSpec, amount: &str, price: &str) -> Execution {
    Execution {
        id: ExecutionId::new(exec).unwrap(),
        client: client(n),
        venue_id: venue_id(n),
        instrument: spec.instrument.clone(),
        side: spec.side,
        qty: qty(amount),
        price: px(price),
        cum: None,
        fee: None,
        liquidity: Liquidity::Taker,
        at: at(0),
        revision: 0,
        seen: None,
    }
}
pub(crate) fn fee(amount: &str, currency: &str) -> Fee {
    Fee { amount: usd(amount), currency: Currency::new(currency).unwrap() }
}
pub(crate) fn report(n: &str, spec: &OrderSpec, status: OrderEvent, filled: &str) -> OrderReport {
    OrderReport {
        client: client(n),
        venue_id: venue_id(n),
        instrument: spec.instrument.clone(),
        side: spec.side,
        amount: spec.amount,
        order_type: spec.order_type,
        tif: spec.tif,
        extended: false,
        attached: spec.attached,
        show: spec.show,
        status,
        status_word: Text::from("word"),
        source: None,
        filled: qty(filled),
        avg_price: (filled != "0").then(|| px("10")),
        parent: None,
        role: None,
        replaces: None,
        replaced_by: None,
        trailing_stop: None,
        reason: None,
        submitted: Some(at(0)),
    }
}
pub(crate) fn quote(instrument: InstrumentId, bid: &str, ask: &str, s: i64) -> Market {
    Market::Quote(Quote {
        instrument,
        bid: Some((px(bid), qty("100"))),
        ask: Some((px(ask), qty("100"))),
        at: at(s),
        received: now(s).mono,
    })
}

impl Book {
    /// With an account, a share and a coin.
    pub(crate) fn furnished() -> Self {
        let mut book = Self::new();
        book.take(Fact::Instrument(Box::new(share(aapl()))));
        book.take(Fact::Instrument(Box::new(coin())));
        book.take(Fact::Account { venue: venue(), report: Box::new(account()) });
        book
    }
    pub(crate) fn take(&mut self, fact: Fact) -> Applied {
        self.apply(at(0), &fact)
    }
    /// An order that the venue works.
    pub(crate) fn works(&mut self, n: &str, spec: &OrderSpec) {
        self.take(intent(n, spec));
        self.take(event(n, OrderEvent::Sent));
        self.take(event(n, OrderEvent::Working));
    }
    /// A position, by an order of its own.
    pub(crate) fn holds(&mut self, spec: &OrderSpec, price: &str) {
        let n = format!("open-{}-{}", spec.instrument.symbol, price);
        self.works(&n, spec);
        let amount = spec.amount.qty().unwrap().to_string();
        let done = execution(&format!("x-{n}"), &n, spec, &amount, price);
        self.take(Fact::Executed(Box::new(done)));
        self.take(Fact::Account { venue: venue(), report: Box::new(account()) });
    }
    pub(crate) fn state(&self, n: &str) -> crate::domain::lifecycle::OrderState {
        self.order(&id(n)).unwrap().state
    }
    pub(crate) fn filled(&self, n: &str) -> String {
        self.order(&id(n)).unwrap().filled.to_string()
    }
    pub(crate) fn held(&self, instrument: &InstrumentId) -> String {
        self.position(instrument).map_or_else(|| "0".to_owned(), |p| p.qty.get().normalize().to_string())
    }
}
