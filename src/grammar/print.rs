//! The canonical line of a command: what `parse` reads back as the same command.

use super::{command::is_order_id, token::quote, word::is_reserved};
use crate::domain::{
    draft::{
        CancelTarget, ChangeExpr, Command, Draft, DraftType, PriceExpr, Share, Size, StopExpr, TrailExpr,
    },
    ids::{ClientId, Symbol, VenueId},
    order::{Side, Tif},
    scope::{Pick, Scope},
    text::Text,
};

/// The line that says this command.
pub fn print(command: &Command) -> String {
    let mut words = Vec::new();
    match command {
        Command::Order(d) => draft(&mut words, d),
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

fn draft(words: &mut Vec<String>, d: &Draft) {
    words.extend([d.side.word().to_owned(), symbol(&d.symbol), size(d.size)]);
    words.push(match d.order_type {
        DraftType::Market => "market".to_owned(),
        DraftType::Limit(p) => format!("limit {}", price(p)),
        DraftType::Stop(p) => format!("trigger {}", price(p)),
        DraftType::StopLimit { stop, limit } => format!("trigger {} limit {}", price(stop), price(limit)),
        DraftType::Trail(t) => format!("trail {}", trail(t)),
    });
    words.extend(d.stop.map(stop));
    words.extend(d.target.map(|t| format!("target {}", price(t))));
    words.extend(d.tif.map(tif));
    words.extend(d.extended.then(|| "ext".to_owned()));
    words.extend(d.post_only.then(|| "post".to_owned()));
    words.extend(d.reduce_only.then(|| "reduce".to_owned()));
    words.extend(d.tag.as_ref().map(|t| format!("tag {}", quote(t))));
    words.extend(venue(d.venue.as_ref()));
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
    match size {
        Size::Qty(q) => q.to_string(),
        Size::Notional(m) => format!("${m}"),
        Size::EquityPercent(p) => format!("{p}% equity"),
        Size::BuyingPowerPercent(p) => format!("{p}% bp"),
        Size::RiskPercent(p) => format!("risk {p}%"),
        Size::RiskMoney(m) => format!("risk ${m}"),
        Size::All => "all".to_owned(),
        Size::PositionPercent(p) => format!("{p}%"),
    }
}

/// A price as it is typed.
pub fn price(p: PriceExpr) -> String {
    match p {
        PriceExpr::At(p) if p.is_positive() => p.to_string(),
        PriceExpr::At(p) => format!("={p}"),
        PriceExpr::Offset(p) => format!("{:+}", p.get()),
        PriceExpr::Percent(p) => format!("{:+}%", p.get()),
        PriceExpr::Ticks(n) => format!("{n:+}t"),
        PriceExpr::R(r) => format!("{r}R"),
    }
}

fn stop(s: StopExpr) -> String {
    match s.limit {
        Some(limit) => format!("stop {} limit {}", price(s.stop), price(limit)),
        None => format!("stop {}", price(s.stop)),
    }
}

fn trail(t: TrailExpr) -> String {
    match t {
        TrailExpr::Amount(p) => p.to_string(),
        TrailExpr::Percent(p) => format!("{p}%"),
        TrailExpr::Ticks(n) => format!("{n}t"),
    }
}

fn tif(t: Tif) -> String {
    match t {
        Tif::Gtd(date) => format!("gtd {date}"),
        Tif::Day | Tif::Gtc | Tif::Ioc | Tif::Fok | Tif::Opg | Tif::Cls => t.word().to_owned(),
    }
}

fn venue(venue: Option<&VenueId>) -> Option<String> {
    venue.map(|v| format!("@{}", quote(v.as_str())))
}

pub(super) fn symbol(symbol: &Symbol) -> String {
    let name = symbol.as_str();
    let exact = is_reserved(name) || !name.bytes().any(|b| b.is_ascii_alphabetic());
    if exact { format!("={name}") } else { quote(name) }
}

fn cancel_target(target: &CancelTarget) -> String {
    match target {
        CancelTarget::Order(id) => order_id(id),
        CancelTarget::Symbol(s) => symbol(s),
        CancelTarget::Side(Side::Buy) => "buys".to_owned(),
        CancelTarget::Side(Side::Sell) => "sells".to_owned(),
        CancelTarget::All => "all".to_owned(),
    }
}

pub(super) fn order_id(id: &ClientId) -> String {
    let text = id.as_str();
    let plain = is_order_id(text) && !text.starts_with('#');
    if plain { quote(text) } else { format!("#{}", quote(text)) }
}
