//! The size field: its sizing mode follows from its text, and keys that change mode or number change the text.

use super::SizeMode;
use crate::domain::money::parse_decimal;
use rust_decimal::Decimal;

/// The modes in the order in which the key visits them, each with a number to begin with.
const CYCLE: [(SizeMode, &str); 6] = [
    (SizeMode::Qty, "100"),
    (SizeMode::Notional, "1000"),
    (SizeMode::Equity, "5"),
    (SizeMode::BuyingPower, "10"),
    (SizeMode::RiskPercent, "1"),
    (SizeMode::RiskMoney, "100"),
];

impl SizeMode {
    /// In a word or two.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Qty => "quantity",
            Self::Notional => "notional",
            Self::Equity => "% equity",
            Self::BuyingPower => "% buying power",
            Self::RiskPercent => "risk %",
            Self::RiskMoney => "risk $",
            Self::Position => "of position",
        }
    }
}

/// The mode of a text, and the number in it as far as it is typed.
pub fn split(text: &str) -> (SizeMode, &str) {
    let text = text.trim();
    let head = text.get(..4).filter(|h| h.eq_ignore_ascii_case("risk"));
    if let Some(rest) = head.and(text.get(4..)).map(str::trim) {
        return match rest.strip_prefix('$') {
            Some(money) => (SizeMode::RiskMoney, money.trim()),
            None => (SizeMode::RiskPercent, rest.trim_end_matches('%').trim()),
        };
    }
    if let Some(money) = text.strip_prefix('$') {
        return (SizeMode::Notional, money.trim());
    }
    let (head, word) = text.rsplit_once([' ', '%']).unwrap_or((text, ""));
    let number = head.trim_end_matches([' ', '%']);
    match word.to_ascii_lowercase().as_str() {
        "equity" => (SizeMode::Equity, number),
        "bp" => (SizeMode::BuyingPower, number),
        _ if text.ends_with('%') => (SizeMode::Position, text.trim_end_matches('%')),
        _ if ["all", "half", "quarter"].iter().any(|w| text.eq_ignore_ascii_case(w)) => {
            (SizeMode::Position, "")
        }
        _ => (SizeMode::Qty, text),
    }
}

/// The text of a mode with a number, and the place behind the number.
pub fn join(mode: SizeMode, number: &str) -> (String, usize) {
    let (before, after) = match mode {
        SizeMode::Qty => ("", ""),
        SizeMode::Notional => ("$", ""),
        SizeMode::Equity => ("", "% equity"),
        SizeMode::BuyingPower => ("", "% bp"),
        SizeMode::RiskPercent => ("risk ", "%"),
        SizeMode::RiskMoney => ("risk $", ""),
        SizeMode::Position => ("", "%"),
    };
    let place = before.chars().count().saturating_add(number.chars().count());
    (format!("{before}{number}{after}"), place)
}

/// The next mode; from an empty field the risk, which is how an entry is best sized. Its number is the mode's own: 100 shares are not 100 % of equity.
pub fn next_mode(text: &str) -> (String, usize) {
    if text.trim().is_empty() {
        return join(SizeMode::RiskPercent, "1");
    }
    let now = split(text).0;
    let place = CYCLE.iter().position(|(m, _)| *m == now);
    let next = place.map_or(0, |p| p.saturating_add(1));
    let (mode, number) = CYCLE.get(next).copied().unwrap_or((SizeMode::Qty, "100"));
    join(mode, number)
}

/// The number a step up or down; `None` where there is no number, or none is left below it.
pub fn step(text: &str, up: bool) -> Option<(String, usize)> {
    let (mode, number) = split(text);
    let number = parse_decimal(number).ok()?;
    let percent = match mode {
        SizeMode::Qty | SizeMode::Notional | SizeMode::RiskMoney => false,
        SizeMode::Equity | SizeMode::BuyingPower | SizeMode::RiskPercent | SizeMode::Position => true,
    };
    let by = if percent { percent_step(number) } else { amount_step(number) };
    let moved = if up { number.checked_add(by) } else { number.checked_sub(by) }?;
    (moved > Decimal::ZERO).then(|| join(mode, &moved.to_string()))
}

fn percent_step(number: Decimal) -> Decimal {
    if number < Decimal::TWO {
        Decimal::new(1, 1)
    } else if number < Decimal::TEN {
        Decimal::new(5, 1)
    } else {
        Decimal::from(5)
    }
}

/// The last digit where there are decimals; else a tenth of the number's power of ten, at least one.
fn amount_step(number: Decimal) -> Decimal {
    if number.scale() > 0 {
        return Decimal::new(1, number.scale());
    }
    let mut step = Decimal::ONE;
    while let Some(next) = step.checked_mul(Decimal::TEN)
        && next.checked_mul(Decimal::TEN).is_some_and(|n| n <= number)
    {
        step = next;
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_follows_from_the_text() {
        for (text, mode, number) in [
            ("", SizeMode::Qty, ""),
            ("100", SizeMode::Qty, "100"),
            ("$500", SizeMode::Notional, "500"),
            ("5% equity", SizeMode::Equity, "5"),
            ("20% bp", SizeMode::BuyingPower, "20"),
            ("risk", SizeMode::RiskPercent, ""),
            ("risk 1%", SizeMode::RiskPercent, "1"),
            ("Risk 0.5", SizeMode::RiskPercent, "0.5"),
            ("risk $200", SizeMode::RiskMoney, "200"),
            ("50%", SizeMode::Position, "50"),
            ("all", SizeMode::Position, ""),
            ("ñandú", SizeMode::Qty, "ñandú"),
        ] {
            assert_eq!(split(text), (mode, number), "{text}");
        }
    }

    #[test]
    fn the_key_visits_every_mode_and_comes_back() {
        let mut text = "100".to_owned();
        let mut seen = Vec::new();
        for _ in 0..6 {
            text = next_mode(&text).0;
            assert!(crate::grammar::size_expr(&text).is_ok(), "{text}");
            seen.push(text.clone());
        }
        assert_eq!(seen, ["$1000", "5% equity", "10% bp", "risk 1%", "risk $100", "100"]);
    }

    #[test]
    fn steps_fit_the_number() {
        for (text, up, down) in [
            ("1", Some("2"), None),
            ("15", Some("16"), Some("14")),
            ("100", Some("110"), Some("90")),
            ("2500", Some("2600"), Some("2400")),
            ("0.25", Some("0.26"), Some("0.24")),
            ("$500", Some("$510"), Some("$490")),
            ("risk 1%", Some("risk 1.1%"), Some("risk 0.9%")),
            ("5% equity", Some("5.5% equity"), Some("4.5% equity")),
            ("all", None, None),
            ("abc", None, None),
        ] {
            assert_eq!(step(text, true).map(|s| s.0).as_deref(), up, "{text}");
            assert_eq!(step(text, false).map(|s| s.0).as_deref(), down, "{text}");
        }
    }
}
