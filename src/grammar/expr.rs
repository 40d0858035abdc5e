//! Prices, trails, sizes and symbols: the parts of an order line, and the fields of the ticket.

use super::{
    error::{GrammarError, Kind},
    number::{Bad, bad, out, plain, positive, share, ticks},
    token::{Token, Tokens},
    word::{Word, is_reserved},
};
use crate::domain::{
    draft::{PriceExpr, Size, TifExpr, TrailExpr},
    ids::Symbol,
    money::{Money, Percent, Price, Qty, Ratio},
    order::Tif,
};
use rust_decimal::Decimal;

/// The longest symbol; OCC's 21 fit.
const SYMBOL_CHARS_MAX: usize = 32;
/// The farthest last day, in days from today.
const DAYS_MAX: u16 = 3_650;
pub(super) const DATE: &str = "write year-month-day, such as 2026-12-31, or days from today, such as +3d";
const SIZES: &str = "write 100, $500, 5% equity, 20% bp, risk 1%, risk $200, 50% or all";

/// A price: `174`, `-1.50`, `-1%`, `-12t`; `=-37.63` for a price below zero.
///
/// # Errors
/// When the text is none of these.
pub fn price_expr(text: &str) -> Result<PriceExpr, GrammarError> {
    alone(text, |t| price(t, false))
}

/// A price, or a multiple of the risk: `2R`.
///
/// # Errors
/// When the text is none of these.
pub fn target_expr(text: &str) -> Result<PriceExpr, GrammarError> {
    alone(text, |t| price(t, true))
}

/// A trailing distance: `1.50`, `1%`, `20t`.
///
/// # Errors
/// When the text is none of these.
pub fn trail_expr(text: &str) -> Result<TrailExpr, GrammarError> {
    alone(text, trail)
}

/// A last day: `2026-12-31`, `+3d`.
///
/// # Errors
/// When the text is none of these.
pub fn until_expr(text: &str) -> Result<TifExpr, GrammarError> {
    alone(text, until)
}

/// A last day: a date, or so many days from today.
pub(super) fn until(text: &str) -> Result<TifExpr, Bad> {
    let wrong = || Bad { kind: Kind::Date, expected: DATE.into() };
    if let Some(days) = text.strip_prefix('+') {
        let digits = days.strip_suffix(['d', 'D']).filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
        let days: u16 = digits.and_then(|n| n.parse().ok()).ok_or_else(wrong)?;
        let far = || Bad { kind: Kind::Range, expected: "it can be ten years at most, `+3650d`".into() };
        return if days <= DAYS_MAX { Ok(TifExpr::GtdIn(days)) } else { Err(far()) };
    }
    let form = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date = text.parse().ok().filter(|_| form);
    date.map(|date| TifExpr::Is(Tif::Gtd(date))).ok_or_else(wrong)
}

/// A symbol: `aapl` is `AAPL`, `btc/usd` is `BTC/USD`.
///
/// # Errors
/// When the text can't be one.
pub fn symbol(text: &str) -> Result<Symbol, GrammarError> {
    alone(text, |t| read_symbol(t).map_err(|expected| Bad { kind: Kind::Symbol, expected: expected.into() }))
}

/// A size: `100`, `$500`, `5% equity`, `20% bp`, `risk 1%`, `risk $200`, `50%`, `all`.
///
/// # Errors
/// When the text is none of these.
pub fn size_expr(text: &str) -> Result<Size, GrammarError> {
    let mut tokens = Tokens::of(text)?;
    let first = tokens.need("a size", SIZES)?;
    let size = size(&mut tokens, &first)?;
    tokens.end()?;
    Ok(size)
}

/// Reads a text that is one word.
fn alone<T>(text: &str, read: impl Fn(&str) -> Result<T, Bad>) -> Result<T, GrammarError> {
    let mut tokens = Tokens::of(text)?;
    let token = tokens.need("a value", "write one")?;
    tokens.end()?;
    read(&token.text).map_err(|b| tokens.fail(&token, b.kind, b.expected))
}

/// A price; multiples of R only where `r_allowed`.
pub(super) fn price(text: &str, r_allowed: bool) -> Result<PriceExpr, Bad> {
    if let Some(exact) = text.strip_prefix('=') {
        return absolute(exact);
    }
    if text.starts_with('$') {
        return Err(bad("write a price without a currency sign"));
    }
    if let Some(multiple) = text.strip_suffix(['R', 'r']) {
        let multiple = positive(multiple)?;
        if !r_allowed {
            return Err(out("only a target is given in multiples of R"));
        }
        return Ok(PriceExpr::R(Ratio::new(multiple)));
    }
    match text.strip_prefix(['-', '+']) {
        Some(distance) => relative(distance, text.starts_with('-')),
        None if text.ends_with(['%', 't']) => {
            Err(bad(format!("a distance from the market needs a sign, such as -{text}")))
        }
        None => Ok(PriceExpr::At(Price::new(positive(text)?))),
    }
}

fn absolute(text: &str) -> Result<PriceExpr, Bad> {
    let (digits, below) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    Ok(PriceExpr::At(Price::new(signed(plain(digits)?, below))))
}

fn relative(text: &str, below: bool) -> Result<PriceExpr, Bad> {
    if let Some(percent) = text.strip_suffix('%') {
        let percent = plain(percent)?;
        if below && percent >= Decimal::ONE_HUNDRED {
            return Err(out("less than 100% of the price can be taken off"));
        }
        return Ok(PriceExpr::Percent(Percent::new(signed(percent, below))));
    }
    if let Some(count) = text.strip_suffix('t') {
        let count = ticks(count)?;
        return Ok(PriceExpr::Ticks(if below { count.saturating_neg() } else { count }));
    }
    Ok(PriceExpr::Offset(Price::new(signed(plain(text)?, below))))
}

fn signed(number: Decimal, below: bool) -> Decimal {
    let mut number = number;
    number.set_sign_negative(below && !number.is_zero());
    number
}

/// A trailing distance.
pub(super) fn trail(text: &str) -> Result<TrailExpr, Bad> {
    if let Some(percent) = text.strip_suffix('%') {
        return match positive(percent)? {
            whole if whole >= Decimal::ONE_HUNDRED => Err(out("a trail is less than 100% of the price")),
            percent => Ok(TrailExpr::Percent(Percent::new(percent))),
        };
    }
    match text.strip_suffix('t') {
        Some(count) => match ticks(count)? {
            0 => Err(out("it has to be above zero")),
            count => Ok(TrailExpr::Ticks(count)),
        },
        None => Ok(TrailExpr::Amount(Price::new(positive(text)?))),
    }
}

/// Could this word begin a size?
pub(super) fn begins_size(token: &Token) -> bool {
    let number = |t: &str| t.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '$' | '.' | '%'));
    let signed = token.text.strip_prefix(['+', '-']);
    number(&token.text)
        || signed.is_some_and(number)
        || matches!(token.word(), Some(Word::Risk | Word::All | Word::Half | Word::Quarter))
}

/// A size that begins with `first`.
pub(super) fn size(tokens: &mut Tokens<'_>, first: &Token) -> Result<Size, GrammarError> {
    match first.word() {
        Some(Word::Risk) => risk(tokens),
        Some(Word::All) => Ok(Size::All),
        Some(Word::Half) => Ok(Size::PositionPercent(half())),
        Some(Word::Quarter) => Ok(Size::PositionPercent(quarter())),
        _ if !begins_size(first) => Err(tokens.fail(first, Kind::Number, SIZES)),
        _ => sized(tokens, first),
    }
}

fn sized(tokens: &mut Tokens<'_>, first: &Token) -> Result<Size, GrammarError> {
    if let Some(percent) = first.text.strip_suffix('%') {
        let equity = tokens.take_if(Word::Equity);
        let power = !equity && tokens.take_if(Word::Bp);
        let number = if equity { positive(percent) } else { share(percent) };
        let percent = Percent::new(number.map_err(|b| tokens.fail(first, b.kind, b.expected))?);
        return Ok(match (equity, power) {
            (true, _) => Size::EquityPercent(percent),
            (false, true) => Size::BuyingPowerPercent(percent),
            (false, false) => Size::PositionPercent(percent),
        });
    }
    let read = match first.text.strip_prefix('$') {
        Some(money) => positive(money).map(|d| Size::Notional(Money::new(d))),
        None => quantity(&first.text).map(Size::Qty),
    };
    read.map_err(|b| tokens.fail(first, b.kind, b.expected))
}

fn risk(tokens: &mut Tokens<'_>) -> Result<Size, GrammarError> {
    let expected = "write `risk 1%` of equity or `risk $200`";
    let token = tokens.need("the risk", expected)?;
    let read = match (token.text.strip_prefix('$'), token.text.strip_suffix('%')) {
        (Some(money), _) => positive(money).map(|d| Size::RiskMoney(Money::new(d))),
        (None, Some(percent)) => share(percent).map(|d| Size::RiskPercent(Percent::new(d))),
        (None, None) => Err(bad(expected)),
    };
    read.map_err(|b| tokens.fail(&token, b.kind, b.expected))
}

/// A quantity above zero.
pub(super) fn quantity(text: &str) -> Result<Qty, Bad> {
    Qty::new(positive(text)?).ok_or_else(|| out("it has to be above zero"))
}

/// 50 %.
pub(super) fn half() -> Percent {
    Percent::new(Decimal::new(50, 0))
}

/// 25 %.
pub(super) fn quarter() -> Percent {
    Percent::new(Decimal::new(25, 0))
}

/// A symbol from a word of the line. `=ALL` is the symbol ALL where `all` would be a word of the grammar.
pub(super) fn read_symbol(text: &str) -> Result<Symbol, String> {
    let (exact, name) = match text.strip_prefix('=') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if let Some(c) = name.chars().find(|c| !c.is_ascii()) {
        return Err(format!(
            "`{c}` ({}) is not one of A-Z, it may only look like one",
            super::error::code_point(c)
        ));
    }
    let name = name.to_ascii_uppercase();
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b'-' | b'_' | b':');
    let ends = name.bytes().next().zip(name.bytes().last());
    let framed = ends.is_some_and(|(a, z)| a.is_ascii_alphanumeric() && z.is_ascii_alphanumeric());
    if !framed || !name.bytes().all(inner) || name.len() > SYMBOL_CHARS_MAX {
        return Err("write it like AAPL, BRK.B, BTC/USD or an OCC option".to_owned());
    }
    if !exact && is_reserved(&name) {
        return Err(format!("it is a word of the order; write ={name} for the symbol {name}"));
    }
    if !exact && !name.bytes().any(|b| b.is_ascii_alphabetic()) {
        return Err("the symbol comes before the size, as in `buy AAPL 100`".to_owned());
    }
    Symbol::new(&name).map_err(|e| e.to_string())
}
