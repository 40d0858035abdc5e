//! Quotes, prints and bars as the data API and its streams have them.

use crate::{
    domain::{
        instrument::AssetClass,
        money::{Price, Qty},
        time::Stamp,
    },
    paper::{
        event::{Bar, Quote, Trade},
        market::Book,
        server::{
            feed::Channel,
            record::{Field, Record},
        },
    },
};
use rust_decimal::Decimal;

/// Investors Exchange: the free feed's only source.
const IEX: &str = "V";
const TAPE: &str = "C";

/// Stock sizes are whole numbers in this format; the part of a share is cut off. Coins have fractions.
fn size(class: AssetClass, qty: Qty) -> Decimal {
    if class == AssetClass::Crypto { qty.get() } else { qty.get().trunc() }
}

/// A quote's own fields.
pub(in crate::paper::server) fn quote(class: AssetClass, q: &Quote) -> Record {
    let record = Record::new().with("t", q.at);
    let prices = |r: Record| {
        r.with("bp", q.bid.get())
            .with("bs", size(class, q.bid_size))
            .with("ap", q.ask.get())
            .with("as", size(class, q.ask_size))
    };
    if class == AssetClass::Crypto {
        return prices(record);
    }
    prices(record).with("bx", IEX).with("ax", IEX).with("c", vec!["R"]).with("z", TAPE)
}

/// A print's own fields.
pub(in crate::paper::server) fn trade(class: AssetClass, t: &Trade) -> Record {
    let record =
        Record::new().with("t", t.at).with("p", t.price.get()).with("s", size(class, t.size)).with("i", t.id);
    if class == AssetClass::Crypto {
        return record.with("tks", if t.taker_buys { "B" } else { "S" });
    }
    record.with("x", IEX).with("c", vec!["@"]).with("z", TAPE)
}

/// A bar's own fields.
pub(in crate::paper::server) fn bar(class: AssetClass, b: &Bar) -> Record {
    Record::new()
        .with("t", b.at)
        .with("o", b.open.get())
        .with("h", b.high.get())
        .with("l", b.low.get())
        .with("c", b.close.get())
        .with("v", size(class, b.volume))
        .with("n", b.trades)
        .with("vw", b.vwap.get())
}

fn levels(all: impl IntoIterator<Item = (Price, Decimal)>) -> Vec<Record> {
    all.into_iter().map(|(price, size)| Record::new().with("p", price.get()).with("s", size)).collect()
}

/// A whole order book's own fields.
pub(in crate::paper::server) fn book(book: &Book, at: Stamp) -> Record {
    let side = |all: &[(Price, Qty)]| levels(all.iter().map(|(price, size)| (*price, size.get())));
    Record::new().with("t", at).with("b", side(&book.bids)).with("a", side(&book.asks)).with("r", true)
}

/// What is another now than it was: a size of zero is a price where nothing rests any more.
pub(in crate::paper::server) fn book_change(before: &Book, now: &Book, at: Stamp) -> Record {
    let side = |before: &[(Price, Qty)], now: &[(Price, Qty)]| {
        let gone = before.iter().filter(|(price, _)| !now.iter().any(|(p, _)| p == price));
        let new = now.iter().filter(|level| !before.contains(level));
        let gone = gone.map(|(price, _)| (*price, Decimal::ZERO));
        levels(gone.chain(new.map(|(price, size)| (*price, size.get()))))
    };
    let (bids, asks) = (side(&before.bids, &now.bids), side(&before.asks, &now.asks));
    Record::new().with("t", at).with("b", bids).with("a", asks)
}

/// A record as a message of a stream.
pub(in crate::paper::server) fn tagged(channel: Channel, symbol: &str, record: Record) -> Record {
    let tag = match channel {
        Channel::Trades => "t",
        Channel::Quotes => "q",
        Channel::Bars => "b",
        Channel::UpdatedBars => "u",
        Channel::DailyBars => "d",
        Channel::Statuses => "s",
        Channel::Lulds => "l",
        Channel::Orderbooks => "o",
        Channel::Corrections => "c",
        Channel::CancelErrors => "x",
    };
    Record::new().with("T", tag).with("S", Field::from(symbol)).and(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::ids::Symbol, paper::server::record::Codec};

    #[test]
    fn a_book_is_told_whole_and_then_by_what_changed() {
        let d = |n: i64| Decimal::new(n, 1);
        let side = |all: &[(i64, i64)]| {
            all.iter().map(|(p, s)| (Price::new(d(*p)), Qty::new(d(*s)).unwrap())).collect::<Vec<_>>()
        };
        let before = Book { bids: side(&[(100, 5), (99, 7)]), asks: side(&[(101, 2)]) };
        let now = Book { bids: side(&[(99, 8), (98, 1)]), asks: side(&[(101, 2)]) };
        let at = Stamp::from_nanos(1_613_998_305_335_689_322);
        let json = |record| {
            let record = tagged(Channel::Orderbooks, "BTC/USD", record);
            String::from_utf8(Codec::Json.encode(&[&record])).unwrap()
        };
        let head = r#"[{"T":"o","S":"BTC/USD","t":"2021-02-22T12:51:45.335689322Z""#;
        let whole = r#""b":[{"p":10,"s":0.5},{"p":9.9,"s":0.7}],"a":[{"p":10.1,"s":0.2}],"r":true}]"#;
        assert_eq!(json(book(&before, at)), format!("{head},{whole}"));
        let change = r#""b":[{"p":10,"s":0},{"p":9.9,"s":0.8},{"p":9.8,"s":0.1}],"a":[]}]"#;
        assert_eq!(json(book_change(&before, &now, at)), format!("{head},{change}"));
    }

    #[test]
    fn a_stocks_and_a_coins_quote_have_their_own_fields() {
        let mut q = Quote {
            symbol: Symbol::new("AMD").unwrap(),
            bid: Price::new(Decimal::new(8766, 2)),
            bid_size: Qty::new(Decimal::new(15, 1)).unwrap(),
            ask: Price::new(Decimal::new(8768, 2)),
            ask_size: Qty::new(Decimal::from(4)).unwrap(),
            at: Stamp::from_nanos(1_613_998_305_335_689_322),
        };
        let json = |class, q: &Quote| {
            let record = tagged(Channel::Quotes, q.symbol.as_str(), quote(class, q));
            String::from_utf8(Codec::Json.encode(&[&record])).unwrap()
        };
        assert_eq!(
            json(AssetClass::Equity, &q),
            r#"[{"T":"q","S":"AMD","t":"2021-02-22T12:51:45.335689322Z","bp":87.66,"bs":1,"ap":87.68,"as":4,"bx":"V","ax":"V","c":["R"],"z":"C"}]"#
        );
        q.symbol = Symbol::new("BTC/USD").unwrap();
        assert_eq!(
            json(AssetClass::Crypto, &q),
            r#"[{"T":"q","S":"BTC/USD","t":"2021-02-22T12:51:45.335689322Z","bp":87.66,"bs":1.5,"ap":87.68,"as":4}]"#
        );
    }
}
