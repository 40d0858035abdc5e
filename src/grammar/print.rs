//! The canonical line of a command: what `parse` reads back as the same command.

use super::{command::is_order_id, token::quote, word::is_reserved};
use crate::domain::{
    draft::{
        CancelTarget, ChangeExpr, Command, Draft, DraftType, PriceExpr, Share, Size, StopExpr, TifExpr,
        TrailExpr,
    },
    ids::{ClientId, Symbol, VenueId},
    order::Side,
    scope::{Pick, Scope},
    text::Text,
};
use std::fmt::{self, Write as _};

/// The line that says this command.
pub fn print(command: &Command) -> String {
    let mut words = Vec::new();
    match command {
        Command::Order(d) => return draft(d),
        Command::Close { symbol: s, share: all, venue: v } => {
            words.extend(["close".to_owned(), symbol(s)]);
            match all {
                Share::All => {}
                Share::Percent(p) => words.push(format!("{p}%")),
                Share::Qty(q) => words.push(q.to_string()),
            }
            words.extend(venue(v.as_ref()));
        }
        Command::Reverse { symbol: s, venue: v } => {
            words.extend(["reverse".to_owned(), symbol(s)]);
            words.extend(venue(v.as_ref()));
        }
        Command::Protect { symbol: s, venue: v, stop: st, target, break_even } => {
            words.extend(["protect".to_owned(), symbol(s)]);
            words.extend(st.map(stop));
            words.extend(break_even.then(|| "stop be".to_owned()));
            words.extend(target.map(|t| format!("target {}", price(t))));
            words.extend(venue(v.as_ref()));
        }
        Command::Cancel { target, venue: v } => {
            words.extend(["cancel".to_owned(), cancel_target(target)]);
            words.extend(venue(v.as_ref()));
        }
        Command::Replace { order, change, venue: v } => {
            words.extend(["replace".to_owned(), order_id(order)]);
            changes(&mut words, *change);
            words.extend(venue(v.as_ref()));
        }
        Command::Flatten(scope) => flatten(&mut words, scope),
        Command::Halt => words.push("halt".to_owned()),
        Command::Lock { reason } => with_reason(&mut words, "lock", reason),
        Command::Unlock { reason } => with_reason(&mut words, "unlock", reason),
    }
    words.join(" ")
}

fn flatten(words: &mut Vec<String>, scope: &Scope) {
    words.push("flatten".to_owned());
    words.extend(scope.symbol.as_ref().map(symbol));
    words.extend((scope.pick != Pick::All).then(|| scope.pick.word().to_owned()));
    words.extend(match scope.share {
        Share::Percent(p) => Some(format!("{p}%")),
        // Units are for one position; a scope is never written with them.
        Share::All | Share::Qty(_) => None,
    });
    words.extend(scope.algorithm.as_ref().map(|name| format!("algo {}", quote(name))));
    words.extend(scope.account.as_ref().map(|id| format!("account {}", quote(id.as_str()))));
    words.extend(venue(scope.venue.as_ref()));
}

fn with_reason(words: &mut Vec<String>, verb: &str, reason: &Text) {
    words.push(verb.to_owned());
    words.extend((!reason.is_empty()).then(|| reason.to_string()));
}

/// The line that is printed most, and while an order waits: written in one go.
fn draft(d: &Draft) -> String {
    let mut line = String::with_capacity(96);
    line.push_str(d.side.word());
    line.push(' ');
    put_symbol(&mut line, &d.symbol);
    line.push(' ');
    match d.size {
        Size::Qty(qty) => qty.put(&mut line),
        size @ (Size::Notional(_)
        | Size::EquityPercent(_)
        | Size::BuyingPowerPercent(_)
        | Size::RiskPercent(_)
        | Size::RiskMoney(_)
        | Size::All
        | Size::PositionPercent(_)) => put(&mut line, format_args!("{}", Sized(size))),
    }
    match d.order_type {
        DraftType::Market => line.push_str(" market"),
        DraftType::Limit(p) => put_price(&mut line, " limit ", p),
        DraftType::Stop(p) => put_price(&mut line, " trigger ", p),
        DraftType::StopLimit { stop, limit } => {
            put_price(&mut line, " trigger ", stop);
            put_price(&mut line, " limit ", limit);
        }
        DraftType::Trail(t) => put(&mut line, format_args!(" trail {}", trail(t))),
    }
    if let Some(s) = d.stop {
        put_price(&mut line, " stop ", s.stop);
        if let Some(limit) = s.limit {
            put_price(&mut line, " limit ", limit);
        }
    }
    for part in &d.parts {
        put_price(&mut line, " target ", part.target);
        put(&mut line, format_args!(" for {}%", part.share));
    }
    if let Some(t) = d.target {
        put_price(&mut line, " target ", t);
    }
    if let Some(show) = d.show {
        line.push_str(" show ");
        show.put(&mut line);
    }
    if let Some(t) = d.tif {
        put(&mut line, format_args!(" {}", tif(t)));
    }
    for (said, word) in [(d.extended, " ext"), (d.post_only, " post"), (d.reduce_only, " reduce")] {
        if said {
            line.push_str(word);
        }
    }
    if let Some(tag) = &d.tag {
        put(&mut line, format_args!(" tag {}", quote(tag)));
    }
    if let Some(v) = venue(d.venue.as_ref()) {
        put(&mut line, format_args!(" {v}"));
    }
    line
}

/// What is typed most is a price itself.
fn put_price(line: &mut String, word: &str, p: PriceExpr) {
    line.push_str(word);
    match p {
        PriceExpr::At(price) if price.is_positive() => price.put(line),
        PriceExpr::Offset(by) if by.is_negative() => by.put(line),
        PriceExpr::Offset(by) if by.is_positive() => {
            line.push('+');
            by.put(line);
        }
        p @ (PriceExpr::At(_)
        | PriceExpr::Offset(_)
        | PriceExpr::Percent(_)
        | PriceExpr::Ticks(_)
        | PriceExpr::R(_)) => put(line, format_args!("{}", Priced(p))),
    }
}

/// Writing into memory can't fail.
fn put(line: &mut String, words: fmt::Arguments<'_>) {
    let written = line.write_fmt(words);
    debug_assert!(written.is_ok(), "a string takes all that is written into it");
}

fn changes(words: &mut Vec<String>, change: ChangeExpr) {
    words.extend(change.qty.map(|q| format!("qty {q}")));
    words.extend(change.limit.map(|p| format!("limit {}", price(p))));
    words.extend(change.stop.map(|p| format!("stop {}", price(p))));
    words.extend(change.trail.map(|t| format!("trail {}", trail(t))));
    words.extend(change.tif.map(tif));
}

/// A size as it is typed.
pub fn size(size: Size) -> String {
    Sized(size).to_string()
}

struct Sized(Size);

impl fmt::Display for Sized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Size::Qty(q) => q.fmt(f),
            Size::Notional(m) => write!(f, "${m}"),
            Size::EquityPercent(p) => write!(f, "{p}% equity"),
            Size::BuyingPowerPercent(p) => write!(f, "{p}% bp"),
            Size::RiskPercent(p) => write!(f, "risk {p}%"),
            Size::RiskMoney(m) => write!(f, "risk ${m}"),
            Size::All => f.write_str("all"),
            Size::PositionPercent(p) => write!(f, "{p}%"),
        }
    }
}

/// A price as it is typed.
pub fn price(p: PriceExpr) -> String {
    Priced(p).to_string()
}

struct Priced(PriceExpr);

impl fmt::Display for Priced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            PriceExpr::At(p) if p.is_positive() => p.fmt(f),
            PriceExpr::At(p) => write!(f, "={p}"),
            PriceExpr::Offset(p) => write!(f, "{:+}", p.get()),
            PriceExpr::Percent(p) => write!(f, "{:+}%", p.get()),
            PriceExpr::Ticks(n) => write!(f, "{n:+}t"),
            PriceExpr::R(r) => write!(f, "{r}R"),
        }
    }
}

fn stop(s: StopExpr) -> String {
    Stopped(s).to_string()
}

struct Stopped(StopExpr);

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stop {}", Priced(self.0.stop))?;
        match self.0.limit {
            Some(limit) => write!(f, " limit {}", Priced(limit)),
            None => Ok(()),
        }
    }
}

/// A trailing distance as it is typed.
pub fn trail(t: TrailExpr) -> String {
    match t {
        TrailExpr::Amount(p) => p.to_string(),
        TrailExpr::Percent(p) => format!("{p}%"),
        TrailExpr::Ticks(n) => format!("{n}t"),
    }
}

fn tif(t: TifExpr) -> String {
    match t {
        TifExpr::Is(tif) => tif.to_string(),
        TifExpr::GtdIn(days) => format!("gtd +{days}d"),
    }
}

fn venue(venue: Option<&VenueId>) -> Option<String> {
    venue.map(|v| format!("@{}", quote(v.as_str())))
}

pub(super) fn symbol(symbol: &Symbol) -> String {
    let mut line = String::new();
    put_symbol(&mut line, symbol);
    line
}

fn put_symbol(line: &mut String, symbol: &Symbol) {
    let name = symbol.as_str();
    if is_reserved(name) || !name.bytes().any(|b| b.is_ascii_alphabetic()) {
        line.push('=');
        line.push_str(name);
    } else if name.bytes().all(|b| b.is_ascii_graphic() && b != b'"') {
        line.push_str(name);
    } else {
        line.push_str(&quote(name));
    }
}

fn cancel_target(target: &CancelTarget) -> String {
    match target {
        CancelTarget::Order(id) => order_id(id),
        CancelTarget::Symbol(s) => symbol(s),
        CancelTarget::Side(Side::Buy) => "buys".to_owned(),
        CancelTarget::Side(Side::Sell) => "sells".to_owned(),
        CancelTarget::Entries => "entries".to_owned(),
        CancelTarget::All => "all".to_owned(),
    }
}

pub(super) fn order_id(id: &ClientId) -> String {
    let text = id.as_str();
    let plain = is_order_id(text) && !text.starts_with('#');
    if plain { quote(text) } else { format!("#{}", quote(text)) }
}
