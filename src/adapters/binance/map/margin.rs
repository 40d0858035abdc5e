//! What the venue says of margin without being asked: a margin call, and leverage that was changed.

use super::{Result, maybe, number, rules::Directory};
use crate::{
    adapters::{
        Error,
        binance::wire::futures::{AccountConfigUpdate, CalledPosition, MarginCall},
    },
    broker::Event,
    domain::{
        alert::{AlertCode, Severity},
        ids::Symbol,
        money::{Money, Price, SignedQty},
        text::Text,
    },
};
use serde_json::value::RawValue;

/// Positions that are told one by one; of more only their number.
const POSITIONS_MAX: usize = 20;

/// A margin call (`MARGIN_CALL` in the vendor's documentation of the user data streams): one alert for each position. Of
/// what can't be read it says so: that it came matters more than its figures.
pub fn margin_call(raw: &str, directory: &Directory) -> Vec<Event> {
    let bare = || vec![called(None, "MARGIN CALL; what it says of positions can't be read".to_owned())];
    let Ok(call) = serde_json::from_str::<MarginCall<'_>>(raw) else { return bare() };
    if call.positions.is_empty() {
        return bare();
    }
    let mut out: Vec<Event> =
        call.positions.iter().take(POSITIONS_MAX).map(|raw| of_position(raw, directory)).collect();
    let more = call.positions.len().saturating_sub(POSITIONS_MAX);
    if more > 0 {
        out.push(called(None, format!("MARGIN CALL on {more} more positions")));
    }
    out
}

fn called(symbol: Option<Symbol>, text: String) -> Event {
    let (severity, code) = (Severity::Emergency, AlertCode::Limit);
    Event::Notice { severity, code, symbol, text: Text::from(text) }
}

fn of_position(raw: &RawValue, directory: &Directory) -> Event {
    let read = serde_json::from_str::<CalledPosition<'_>>(raw.get())
        .map_err(|e| Error::message("p", e))
        .and_then(|p| words(&p, directory));
    match read {
        Ok((symbol, text)) => called(Some(symbol), text),
        Err(why) => called(None, format!("MARGIN CALL on a position that can't be read: {why}")),
    }
}

fn words(p: &CalledPosition<'_>, directory: &Directory) -> Result<(Symbol, String)> {
    let symbol = directory.of_native(&p.symbol)?.instrument.id.symbol.clone();
    let qty: SignedQty = number("pa", p.amount)?;
    let side = match (p.position_side.as_deref(), qty.get().is_sign_negative()) {
        (Some("LONG"), _) => "long",
        (Some("SHORT"), _) => "short",
        (Some(_) | None, is_negative) => {
            if is_negative {
                "short"
            } else {
                "long"
            }
        }
    };
    let told =
        |name: &str, figure: Option<String>| figure.map_or_else(String::new, |f| format!(", {name} {f}"));
    let mark = told("mark", maybe::<Price>("mp", p.mark_price)?.map(|n| n.to_string()));
    let unrealized = told("unrealized", maybe::<Money>("up", p.unrealized)?.map(|n| n.to_string()));
    let needed = told("maintenance margin", maybe::<Money>("mm", p.maintenance)?.map(|n| n.to_string()));
    let qty = qty.get().abs().normalize();
    let text = format!(
        "MARGIN CALL: {side} {qty} {symbol}{mark}{unrealized}{needed}; reduce it or add margin, or the venue closes it"
    );
    Ok((symbol, text))
}

/// Leverage that was changed, in words; `None` for other settings.
pub fn leverage_news(directory: &Directory, update: &AccountConfigUpdate<'_>) -> Option<Event> {
    let set = update.leverage.as_ref()?;
    let symbol = directory.of_native(&set.symbol).ok().map(|r| r.instrument.id.symbol.clone());
    let name = symbol.as_ref().map_or_else(|| Text::clean(&set.symbol).to_string(), Symbol::to_string);
    let text = Text::from(format!("the leverage of {name} is {}x now", set.leverage));
    Some(Event::Notice { severity: Severity::Info, code: AlertCode::Venue, symbol, text })
}
