//! A script's text → a script, or every mistake in it with its place.

use super::{
    Fault, Late, Missing, Part, Script, Then, What,
    kind::{Does, Kind},
    table::{Reader, Table, number, safe},
    when::{WHOLE, When, Which},
};
use crate::{
    domain::{
        ids::Symbol,
        money::{Price, Qty, SignedQty, parse_decimal},
        order::{OrderKind, Side, Tif},
    },
    paper::furnish::{Furniture, Given, Level, Wanted},
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use smol_str::SmolStr;
use std::fmt;
use toml::de::DeTable;

/// A day: longer delays and lags are slips of the pen.
const MS_MAX: u64 = 86_400_000;
/// The most that an account begins with.
pub(crate) const POSITIONS_MAX: u64 = 200;
/// Likewise.
pub(crate) const ORDERS_MAX: u64 = 4_000;

/// One mistake: where it is, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Counted from one.
    pub line: usize,
    /// In characters, counted from one.
    pub column: usize,
    /// What was given and what would be right.
    pub problem: String,
}

/// Why a text is no script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// Which file.
    pub name: SmolStr,
    /// In the order of the file; at least one.
    pub mistakes: Vec<Mistake>,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, m) in self.mistakes.iter().enumerate() {
            let end = if n == 0 { "" } else { "\n" };
            write!(f, "{end}{}:{}:{}: {}", self.name, m.line, m.column, m.problem)?;
        }
        Ok(())
    }
}

impl std::error::Error for ScriptError {}

impl Script {
    /// Reads a script; `name` is what its mistakes are told under.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScriptError> {
        let reader = Reader::new(text);
        let mut script = Self::new(name);
        let (table, syntax) = DeTable::parse_recoverable(text);
        for error in &syntax {
            let at = error.span().map_or(0, |s| s.start);
            let what = error.message().replace('\n', ", ");
            reader.fail(at, format!("this is not TOML: {}", safe(&what)));
        }
        // What is half understood would only give mistakes that are not there.
        if syntax.is_empty() {
            fill(&mut script, &Table::new(&reader, "this file", table.get_ref(), 0));
        }
        let mut mistakes = reader.mistakes.into_inner();
        mistakes.sort();
        if mistakes.is_empty() { Ok(script) } else { Err(ScriptError { name: script.name, mistakes }) }
    }
}

fn fill(script: &mut Script, root: &Table<'_>) {
    script.seed = root.whole("seed", 0..=u64::MAX).unwrap_or(script.seed);
    script.faults = root.tables("fault").iter().filter_map(fault).collect();
    let mut furniture = Furniture::default();
    if let Some(table) = root.table("furnish") {
        let count = |key, max| table.whole(key, 0..=max).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        furniture.more = (count("positions", POSITIONS_MAX), count("orders", ORDERS_MAX));
        table.finish();
    }
    furniture.positions = root.tables("position").iter().filter_map(position).collect();
    furniture.orders = root.tables("order").iter().filter_map(order).collect();
    script.furniture = furniture;
    root.finish();
}

fn fault(t: &Table<'_>) -> Option<Fault> {
    let words = What::WORDS.map(|w| (w, w));
    let Some(word) = t.need("what", &words) else {
        // Its other keys can't be judged.
        return None;
    };
    let what = what(t, word);
    let when = when(t);
    let which = which(t, what.as_ref());
    t.finish();
    Some(Fault { line: t.line(), what: what?, which, when })
}

/// What happens, with the keys that belong to it.
fn what(t: &Table<'_>, word: &str) -> Option<What> {
    let ms = || t.needed("ms", t.whole("ms", 1..=MS_MAX), "how many milliseconds, such as ms = 500");
    let signed = |n: u64| i64::try_from(n).ok();
    Some(match word {
        "delay" => {
            let of = t.word("of", &[("answer", Late::Answer), ("request", Late::Request)]);
            What::Delay { of: of.unwrap_or(Late::Answer), ms: ms()? }
        }
        "hang" => What::Hang,
        "drop_before" => What::DropBefore,
        "drop_after" => What::DropAfter { bytes: t.whole("bytes", 0..=MS_MAX).unwrap_or(0) },
        "status" => {
            let status = t.whole("status", 200..=599);
            let status = t.needed("status", status, "an HTTP status, such as status = 504")?;
            What::Status { status: u16::try_from(status).ok()?, body: body(t) }
        }
        "error_after" => {
            let status = t.whole("status", 200..=599).unwrap_or(502);
            What::ErrorAfter { status: u16::try_from(status).ok()?, body: body(t) }
        }
        "limit" => What::Limit {
            burst: t.whole("burst", 0..=1_000_000),
            per_ms: t.whole("per_s", 1..=86_400).unwrap_or(60).saturating_mul(1_000),
            retry_after_s: t.whole("retry_after_s", 0..=86_400).unwrap_or(1),
        },
        "reject" => {
            let status = t.whole("status", 400..=499).unwrap_or(403);
            let code = t.whole("code", 1..=99_999_999).unwrap_or(40_310_000);
            let message = t.text("message").unwrap_or("rejected by the fault script").to_owned();
            What::Reject { status: u16::try_from(status).ok()?, code: u32::try_from(code).ok()?, message }
        }
        "reject_later" => {
            let part = t.word("leg", &[("target", Part::Target), ("stop", Part::Stop)]);
            let message = t.text("message").unwrap_or("rejected by the fault script");
            What::RejectLater { part: part.unwrap_or(Part::Whole), message: SmolStr::new(message) }
        }
        "missing" => {
            let words = [("error", Missing::Error), ("nothing", Missing::Nothing), ("list", Missing::List)];
            What::Missing(t.word("as", &words).unwrap_or(Missing::Error))
        }
        "lag" => What::Lag { ms: signed(ms()?)? },
        "skew" => {
            let ms = t
                .number("ms", "a whole number of milliseconds, below zero for behind")
                .and_then(|n| n.to_i64());
            What::Skew { ms: t.needed("ms", ms, "by how many milliseconds, such as ms = -5000")? }
        }
        "held" => {
            let free = t.flag("free").unwrap_or(false);
            let release_ms = t.whole("release_ms", 0..=MS_MAX).unwrap_or(0);
            What::Held { free, release_ms: signed(release_ms)? }
        }
        "partial" => {
            let percent = t.whole("fill_percent", 0..=99).unwrap_or(50);
            let then = t.word("then", &[("rest", Then::Rest), ("cancel", Then::Cancel)]);
            What::Partial { percent, then: then.unwrap_or(Then::Cancel) }
        }
        "duplicate" => What::Duplicate,
        "reorder" => What::Reorder,
        "stall" => What::Stall,
        "down" => What::Down,
        _ => return None,
    })
}

fn body(t: &Table<'_>) -> String {
    t.text("body").unwrap_or("<html><body>the gateway has no answer</body></html>").to_owned()
}

fn when(t: &Table<'_>) -> When {
    let secs = |key| t.number(key, "seconds, such as 2 or 0.5").and_then(thousandths);
    let share = t.number("percent", "a number above 0 and up to 100");
    let share = share.and_then(|n| {
        let share = thousandths(n).filter(|s| (1..=WHOLE).contains(s));
        t.needed("percent", share, "a number above 0 and up to 100")
    });
    let when = When {
        after: t.whole("after", 0..=u64::MAX).unwrap_or(0),
        first: t.whole("first", 1..=u64::MAX),
        every: t.whole("every", 1..=u64::MAX).unwrap_or(1),
        share: share.unwrap_or(WHOLE),
        from_ms: secs("from_s").unwrap_or(0),
        until_ms: secs("until_s"),
        again_ms: secs("again_s"),
    };
    if when.until_ms.is_some_and(|until| until <= when.from_ms) {
        t.wrong("until_s", "write a time after from_s");
    }
    let length = when.until_ms.unwrap_or(0).saturating_sub(when.from_ms);
    if when.again_ms.is_some_and(|again| when.until_ms.is_none() || again <= length) {
        t.wrong("again_s", "write until_s, and here a time that is longer than the window");
    }
    when
}

fn thousandths(n: Decimal) -> Option<u64> {
    n.checked_mul(Decimal::ONE_THOUSAND)?.to_u64()
}

const TYPES: [(&str, OrderKind); 5] = [
    ("market", OrderKind::Market),
    ("limit", OrderKind::Limit),
    ("stop", OrderKind::Stop),
    ("stop_limit", OrderKind::StopLimit),
    ("trailing_stop", OrderKind::TrailingStop),
];
const SIDES: [(&str, Side); 2] = [("buy", Side::Buy), ("sell", Side::Sell)];

/// To which requests, of those that the fault can strike.
fn which(t: &Table<'_>, what: Option<&What>) -> Which {
    let can = what.map(What::can_strike).unwrap_or_default();
    let mut on: Vec<Kind> = Vec::new();
    for (word, value) in t.list("on") {
        let kinds = Kind::called(word);
        let struck: Vec<Kind> = kinds.iter().copied().filter(|k| can.contains(k)).collect();
        if kinds.is_empty() {
            let names: Vec<&str> = Kind::ALL.iter().map(|k| k.word()).collect();
            t.fail(
                value,
                &format!("write one of {}, all, requests, changes, questions, streams", names.join(", ")),
            );
        } else if let (true, Some(what)) = (struck.is_empty(), what) {
            let names: Vec<&str> = can.iter().map(|k| k.word()).collect();
            t.fail(value, &format!("`{}` strikes only {}", what.word(), names.join(", ")));
        }
        on.extend(struck);
    }
    let symbols = t.list("symbol").into_iter().filter_map(|(word, value)| {
        let symbol = Symbol::new(word).ok().map(|s| SmolStr::new(s.as_str()));
        if symbol.is_none() {
            t.fail(value, "write a symbol such as \"AAPL\"");
        }
        symbol
    });
    Which {
        symbols: symbols.collect(),
        on: if on.is_empty() { can } else { on },
        side: t.word("side", &SIDES),
        order_type: t.word("type", &TYPES),
        does: t.word("does", &[("opens", Does::Opens), ("reduces", Does::Reduces)]),
    }
}

fn symbol(t: &Table<'_>) -> Option<Symbol> {
    let symbol = t.text("symbol").and_then(|s| Symbol::new(s).ok());
    t.needed("symbol", symbol, "a symbol, such as symbol = \"AAPL\"")
}

fn position(t: &Table<'_>) -> Option<Given> {
    let symbol = symbol(t);
    let qty = t.number("qty", "a number of units, below zero for a short position");
    let qty = t.needed("qty", qty.filter(|q| !q.is_zero()), "how many units, such as qty = 100");
    let price = t.number("price", "a price above zero").map(Price::new);
    if price.is_some_and(|p| !p.is_positive()) {
        t.wrong("price", "write a price above zero");
    }
    t.finish();
    Some(Given { symbol: symbol?, qty: SignedQty::new(qty?), price })
}

fn order(t: &Table<'_>) -> Option<Wanted> {
    let symbol = symbol(t);
    let side = t.need("side", &SIDES);
    let qty = t.number("qty", "a number of units above zero").and_then(Qty::new);
    let qty = t.needed("qty", qty.filter(|q| q.is_positive()), "how many units, such as qty = 100");
    let (limit, stop) = (level(t, "limit"), level(t, "stop"));
    let plain = match (limit.is_some(), stop.is_some()) {
        (true, true) => OrderKind::StopLimit,
        (false, true) => OrderKind::Stop,
        (true, false) => OrderKind::Limit,
        (false, false) => OrderKind::Market,
    };
    let kind = t.word("type", &TYPES).unwrap_or(plain);
    if kind != plain {
        t.wrong("type", &format!("with these prices it is a {} order; leave type out", plain.word()));
    }
    let tif = t.word("tif", &[("gtc", Tif::Gtc), ("day", Tif::Day)]).unwrap_or(Tif::Gtc);
    t.finish();
    Some(Wanted { symbol: symbol?, side: side?, qty: qty?, kind, limit, stop, tif })
}

/// `174.50`, or `"-5%"` from the last price.
fn level(t: &Table<'_>, key: &'static str) -> Option<Level> {
    let expected = "write a price such as 174.50, or a distance from the last one such as \"-5%\"";
    let value = t.value(key)?;
    let read = match value.get_ref().as_str() {
        Some(text) => match text.strip_suffix('%') {
            Some(share) => parse_decimal(share.trim_start_matches('+')).ok().map(Level::Percent),
            None => parse_decimal(text).ok().map(|p| Level::Price(Price::new(p))),
        },
        None => number(value.get_ref()).map(|p| Level::Price(Price::new(p))),
    };
    if read.is_none() {
        t.fail(value, expected);
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        Script::parse("f.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn the_example_shows_every_fault_once_and_every_selector() {
        let text = include_str!("../../../examples/faults.toml");
        let script = Script::parse("examples/faults.toml", text).unwrap_or_else(|e| panic!("{e}"));
        let mut words: Vec<&str> = script.faults.iter().map(|f| f.what.word()).collect();
        words.sort_unstable();
        words.dedup();
        let mut all = What::WORDS.to_vec();
        all.sort_unstable();
        assert_eq!(words, all);
        for key in [
            "seed",
            "on",
            "symbol",
            "side",
            "type",
            "does",
            "after",
            "first",
            "every",
            "percent",
            "from_s",
            "until_s",
            "again_s",
            "ms",
            "of",
            "bytes",
            "status",
            "body",
            "burst",
            "per_s",
            "retry_after_s",
            "code",
            "message",
            "leg",
            "as",
            "release_ms",
            "free",
            "fill_percent",
            "then",
            "positions",
            "orders",
            "qty",
            "price",
            "limit",
            "stop",
            "tif",
        ] {
            assert!(text.lines().any(|l| l.starts_with(&format!("{key} = "))), "{key}");
        }
        let line = script.faults[0].line;
        assert_eq!(text.lines().nth(line - 1), Some("[[fault]]"));
    }

    #[test]
    fn what_is_left_out_is_all_that_the_fault_can_strike() {
        let script = Script::parse("f", "[[fault]]\nwhat = \"duplicate\"\n").unwrap();
        assert_eq!(script.faults[0].which.on, [Kind::TradeUpdates, Kind::DataStream]);
        let script = Script::parse(
            "f",
            "[[fault]]\nwhat = \"limit\"\non = \"changes\"\npercent = 2.5\nfrom_s = 0.5\n",
        )
        .unwrap();
        assert_eq!(script.faults[0].which.on.len(), 6);
        assert_eq!((script.faults[0].when.share, script.faults[0].when.from_ms), (2_500, 500));
        assert_eq!(Script::parse("f", "").unwrap(), Script::new("f"));
    }

    #[test]
    fn every_mistake_has_its_place_and_what_would_be_right() {
        for (text, want) in [
            ("fault = 3", "f.toml:1:9: `fault` is `3`: write tables that begin with [[fault]]"),
            ("[[fault]", "f.toml:1:9: this is not TOML: unclosed array table, expected `]`"),
            ("seed = \"x\"", "f.toml:1:8: `seed` is `\"x\"`: write a whole number from 0"),
            ("[[fault]]\n", "f.toml:1:1: this [[fault]] has no `what`: write \"delay\" or \"hang\" or"),
            ("[[fault]]\nwhat = \"delya\"", "f.toml:2:8: `what` is `\"delya\"`: write \"delay\" or"),
            (
                "[[fault]]\nwhat = \"delay\"",
                "f.toml:1:1: this [[fault]] has no `ms`: write how many milliseconds",
            ),
            (
                "[[fault]]\nwhat = \"delay\"\nms = -1",
                "f.toml:3:6: `ms` is `-1`: write a whole number from 1 to 86400000",
            ),
            (
                "[[fault]]\nwhat = \"hang\"\nms = 5",
                "f.toml:3:1: `ms` is not a key of this [[fault]]: there are what, percent, after",
            ),
            (
                "[[fault]]\nwhat = \"hang\"\non = [\"submit\", \"dance\"]",
                "f.toml:3:17: `\"dance\"`: write one of submit, replace",
            ),
            (
                "[[fault]]\nwhat = \"duplicate\"\non = \"submit\"",
                "f.toml:3:6: `on` is `\"submit\"`: `duplicate` strikes only trade_updates, data_stream",
            ),
            (
                "[[fault]]\nwhat = \"hang\"\npercent = 101",
                "f.toml:3:11: `percent` is `101`: write a number above 0 and up to 100",
            ),
            (
                "[[fault]]\nwhat = \"hang\"\nfrom_s = 5\nuntil_s = 5",
                "f.toml:4:11: `until_s` is `5`: write a time after from_s",
            ),
            (
                "[[fault]]\nwhat = \"hang\"\nagain_s = 5",
                "f.toml:3:11: `again_s` is `5`: write until_s, and here a time",
            ),
            (
                "[[fault]]\nwhat = \"missing\"\non = \"cancel\"",
                "f.toml:3:6: `on` is `\"cancel\"`: `missing` strikes only positions",
            ),
            (
                "[[position]]\nsymbol = \"AAPL\"",
                "f.toml:1:1: this [[position]] has no `qty`: write how many units",
            ),
            (
                "[[order]]\nsymbol = \"AAPL\"\nside = \"buy\"\nqty = 1\nlimit = \"five\"",
                "f.toml:5:9: `limit` is `\"five\"`: write a price",
            ),
            (
                "[furnish]\npositions = 500",
                "f.toml:2:13: `positions` is `500`: write a whole number from 0 to 200",
            ),
            (
                "[faults]",
                "f.toml:1:2: `faults` is not a key of this file: there are seed, fault, furnish, position, order",
            ),
        ] {
            assert!(said(text).starts_with(want), "{text}\n{}\n{want}", said(text));
        }
        let two = said("seed = -1\n[[fault]]\nwhat = 1\n");
        assert_eq!(two.lines().count(), 2, "{two}");
    }
}
