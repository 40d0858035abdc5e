//! Macros: an order line with `{symbol}` and its like, filled in when the key is pressed.

use super::error::{GrammarError, Kind, nearest};
use smol_str::SmolStr;

/// What a template may name, and a sample of each that makes a line readable.
pub const PLACEHOLDERS: [(&str, &str); 6] = [
    ("symbol", "AAPL"),
    ("venue", "paper"),
    ("order", "td-sample-1"),
    ("last", "100"),
    ("bid", "99"),
    ("ask", "101"),
];

/// What the placeholders stand for at this moment. One without a value is an error where it is used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bindings {
    /// The symbol that is selected.
    pub symbol: Option<SmolStr>,
    /// The venue that is selected.
    pub venue: Option<SmolStr>,
    /// The order that is selected.
    pub order: Option<SmolStr>,
    /// The symbol's last price.
    pub last: Option<SmolStr>,
    /// The symbol's best bid.
    pub bid: Option<SmolStr>,
    /// The symbol's best offer.
    pub ask: Option<SmolStr>,
}

impl Bindings {
    /// Where the value of a placeholder is kept; `None` if there is no such placeholder.
    fn slot(&self, name: &str) -> Option<&Option<SmolStr>> {
        Some(match name {
            "symbol" => &self.symbol,
            "venue" => &self.venue,
            "order" => &self.order,
            "last" => &self.last,
            "bid" => &self.bid,
            "ask" => &self.ask,
            _ => return None,
        })
    }
}

/// Bindings with which any good template makes a line that parses: for checking a configuration.
pub fn sample() -> Bindings {
    let of = |name: &str| PLACEHOLDERS.iter().find(|(n, _)| *n == name).map(|(_, v)| SmolStr::new_static(v));
    Bindings {
        symbol: of("symbol"),
        venue: of("venue"),
        order: of("order"),
        last: of("last"),
        bid: of("bid"),
        ask: of("ask"),
    }
}

/// Fills the placeholders of `template` in.
///
/// # Errors
/// A placeholder that does not exist, has no value now, or whose value is more than one word: a value can
/// never add to the order.
pub fn expand(template: &str, bindings: &Bindings) -> Result<String, GrammarError> {
    let mut out = String::with_capacity(template.len());
    let mut open: Option<usize> = None;
    let mut name = String::new();
    for (at, c) in template.char_indices() {
        let end = at.saturating_add(c.len_utf8());
        let wrong = |from: usize, expected: String| {
            Err(GrammarError::new(template, from..end, Kind::Placeholder, expected))
        };
        match (c, open) {
            ('{', None) => {
                open = Some(at);
                name.clear();
            }
            ('}', Some(from)) => {
                match filled(bindings, &name) {
                    Ok(value) => out.push_str(value),
                    Err(expected) => return wrong(from, expected),
                }
                open = None;
            }
            ('}', None) => return wrong(at, "there is no `{` before it".to_owned()),
            (c, Some(_)) => name.push(c),
            (c, None) => out.push(c),
        }
    }
    match open {
        Some(from) => Err(GrammarError::new(
            template,
            from..template.len(),
            Kind::Placeholder,
            "end the placeholder with `}`",
        )),
        None => Ok(out),
    }
}

fn filled<'b>(bindings: &'b Bindings, name: &str) -> Result<&'b str, String> {
    let known = || PLACEHOLDERS.iter().map(|(n, _)| *n);
    match bindings.slot(name) {
        Some(Some(value)) if !value.is_empty() && !value.contains([' ', '"', '{', '}']) => Ok(value),
        Some(Some(_)) => Err(format!("the {name} is not one word")),
        Some(None) => Err(format!("no {name} is selected")),
        None => Err(match nearest(name, known()) {
            Some(near) => format!("did you mean `{{{near}}}`?"),
            None => format!("expected one of {}", known().collect::<Vec<_>>().join(", ")),
        }),
    }
}
