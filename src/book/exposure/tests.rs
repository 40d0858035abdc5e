//! What is carried along with each fact is what a count of everything comes to.

use super::{Counted, Totals};
use crate::{
    book::{Book, Marks, fixture::*},
    domain::{
        fact::{Fact, OrderFact, PositionSource},
        ids::{ClientId, InstrumentId},
        lifecycle::OrderEvent as E,
        money::{Money, SignedQty},
        order::{Amount, Change, OrderSpec, OrderType, Origin, Role, Side},
        quote::Market,
    },
};
use proptest::prelude::*;
use rust_decimal::Decimal;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const WORDS: [E; 16] = [
    E::Sent,
    E::Accepted,
    E::Held,
    E::Working,
    E::CancelAsked,
    E::CancelRefused,
    E::Cancelled,
    E::ReplaceAsked,
    E::ReplaceRefused,
    E::Replaced,
    E::Unanswered,
    E::FoundAbsent,
    E::Abandoned,
    E::Rejected,
    E::NotSent,
    E::DoneForDay,
];

/// One thing that happens. Names, symbols and kinds by number.
#[derive(Debug, Clone, Copy)]
enum Happens {
    Intended { name: usize, spec: Spec, replaces: Option<usize> },
    Learned { name: usize, spec: Spec, parent: Option<usize>, role: usize, word: usize },
    Says { name: usize, word: usize },
    Becomes { name: usize, units: i64, cents: i64 },
    Fills { name: usize, units: i64, cents: i64 },
    Holds { symbol: usize, units: i64 },
    Rules { symbol: usize, marginable: bool },
    Quoted { symbol: usize, cents: i64 },
    Weighed,
}

#[derive(Debug, Clone, Copy)]
struct Spec {
    symbol: usize,
    buys: bool,
    units: i64,
    kind: usize,
    cents: i64,
}

/// The last of them has no rules.
fn symbol(n: usize) -> InstrumentId {
    [aapl(), btc(), named("XYZ")][n].clone()
}

fn hundredths(cents: i64) -> String {
    Decimal::new(cents, 2).to_string()
}

impl Spec {
    fn order(self) -> OrderSpec {
        let price = px(&hundredths(self.cents));
        let order_type = match self.kind {
            0 => OrderType::Market,
            1 | 2 => OrderType::Limit { limit: price },
            3 => OrderType::Stop { stop: price },
            _ => OrderType::StopLimit { stop: price, limit: price },
        };
        let side = if self.buys { Side::Buy } else { Side::Sell };
        let mut spec = order(side, &self.units.to_string(), order_type);
        if self.kind == 2 {
            spec.amount = Amount::Notional(Money::new(self.units.into()));
        }
        OrderSpec { instrument: symbol(self.symbol), ..spec }
    }
}

fn happens() -> impl Strategy<Value = Happens> {
    let (name, units, cents) = (0..NAMES.len(), 1_i64..200, 100_i64..50_000);
    let spec = (0_usize..3, any::<bool>(), 1_i64..200, 0_usize..5, 100_i64..50_000)
        .prop_map(|(symbol, buys, units, kind, cents)| Spec { symbol, buys, units, kind, cents });
    let other = proptest::option::weighted(0.4, 0..NAMES.len());
    prop_oneof![
        4 => (name.clone(), spec.clone(), other.clone())
            .prop_map(|(name, spec, replaces)| Happens::Intended { name, spec, replaces }),
        2 => (name.clone(), spec, other, 0_usize..3, 0..WORDS.len())
            .prop_map(|(name, spec, parent, role, word)| Happens::Learned { name, spec, parent, role, word }),
        8 => (name.clone(), 0..WORDS.len()).prop_map(|(name, word)| Happens::Says { name, word }),
        2 => (name.clone(), units.clone(), cents.clone())
            .prop_map(|(name, units, cents)| Happens::Becomes { name, units, cents }),
        4 => (name, units.clone(), cents.clone())
            .prop_map(|(name, units, cents)| Happens::Fills { name, units, cents }),
        2 => (0_usize..3, -200_i64..200).prop_map(|(symbol, units)| Happens::Holds { symbol, units }),
        1 => (0_usize..2, any::<bool>())
            .prop_map(|(symbol, marginable)| Happens::Rules { symbol, marginable }),
        3 => (0_usize..3, cents).prop_map(|(symbol, cents)| Happens::Quoted { symbol, cents }),
        1 => Just(Happens::Weighed),
    ]
}

/// What an order replaces, or hangs on, is there, and of the same instrument.
fn related(book: &Book, other: Option<usize>, name: usize, spec: Spec) -> Option<ClientId> {
    let other = NAMES[other.filter(|other| *other != name)?];
    let row = book.order(&id(other))?;
    (*row.instrument() == symbol(spec.symbol)).then(|| client(other))
}

fn fact(happens: Happens, n: usize, book: &Book) -> Option<Fact> {
    Some(match happens {
        Happens::Intended { name, spec, replaces } => {
            let Fact::Intended(mut intent) = intent(NAMES[name], &spec.order()) else { panic!() };
            std::sync::Arc::make_mut(&mut intent).replaces = related(book, replaces, name, spec);
            Fact::Intended(intent)
        }
        Happens::Learned { name, spec, parent, role, word } => {
            let mut report = report(NAMES[name], &spec.order(), WORDS[word], "0");
            report.parent = related(book, parent, name, spec);
            report.role = Some([Role::Entry, Role::Target, Role::Stop][role]);
            Fact::Learned { report: Box::new(report), origin: Origin::Child }
        }
        Happens::Says { name, word } => event(NAMES[name], WORDS[word]),
        Happens::Becomes { name, units, cents } => Fact::Order(Box::new(OrderFact {
            change: Some(Change {
                qty: Some(qty(&units.to_string())),
                limit: Some(px(&hundredths(cents))),
                ..Change::default()
            }),
            ..OrderFact::bare(id(NAMES[name]), E::Amended)
        })),
        Happens::Fills { name, units, cents } => {
            let spec = book.order(&id(NAMES[name]))?.spec.clone();
            let (units, price) = (units.to_string(), hundredths(cents));
            Fact::Executed(Box::new(execution(&format!("x{n}"), NAMES[name], &spec, &units, &price)))
        }
        Happens::Holds { symbol: of, units } => Fact::Position {
            instrument: symbol(of),
            qty: SignedQty::new(units.into()),
            avg_price: Some(px("100")),
            previous_close: None,
            source: PositionSource::Correction,
        },
        Happens::Rules { symbol: of, marginable } => {
            let mut rules = if of == 0 { share(aapl()) } else { coin() };
            rules.marginable = marginable;
            Fact::Instrument(Box::new(rules))
        }
        Happens::Quoted { .. } | Happens::Weighed => return None,
    })
}

fn market(happens: Happens, n: usize) -> Option<Market> {
    let Happens::Quoted { symbol: of, cents } = happens else { return None };
    let s = i64::try_from(n).unwrap();
    Some(quote(symbol(of), &hundredths(cents), &hundredths(cents.checked_add(7).unwrap()), s))
}

fn counted(book: &Book, instrument: &InstrumentId) -> Totals {
    let line = book.seats.find(instrument).and_then(|seat| book.orders.lines.get(seat));
    line.map(|line| line.totals).unwrap_or_default()
}

fn counted_anew(book: &Book, instrument: &InstrumentId) -> Totals {
    let mut totals = Totals::default();
    for row in book.orders().filter(|row| row.instrument() == instrument) {
        totals.swap(row.spec.side, Counted::default(), book.orders.count(row));
    }
    totals
}

/// An average has 28 digits, and a sum that it went into and out of again is rounded in its last ones.
fn carried(marks: &Marks) -> Result<[Decimal; 6], &InstrumentId> {
    let all = marks.carried(&venue())?;
    let fields = [all.held, all.worst, all.initial_held, all.initial, all.maintenance_held, all.maintenance];
    Ok(fields.map(|money| money.get().round_dp(15)))
}

proptest! {
    #[test]
    fn the_sums_are_what_a_recount_comes_to(story in proptest::collection::vec(happens(), 0..80)) {
        let (mut book, mut marks) = (Book::furnished(), Marks::new());
        let mut quotes = Vec::new();
        for (n, happens) in story.into_iter().enumerate() {
            if let Some(fact) = fact(happens, n, &book) {
                book.take(fact.clone());
                marks.weigh_fact(&book, &fact);
            }
            if let Some(news) = market(happens, n) {
                marks.apply(&news);
                quotes.push(news);
            }
            for of in 0..3 {
                prop_assert_eq!(counted(&book, &symbol(of)), counted_anew(&book, &symbol(of)), "{:?}", happens);
            }
            if matches!(happens, Happens::Weighed) {
                // What moved with the market alone is weighed from time to time; then all is as if weighed at once.
                marks.weigh_carried(&book);
                let mut anew = Marks::new();
                for news in &quotes {
                    anew.apply(news);
                }
                anew.weigh_book(&book);
                prop_assert_eq!(carried(&marks), carried(&anew));
            }
        }
    }
}
