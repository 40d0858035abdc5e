//! Figures as LEAN shows them to people: `$-1,728.37`, `-$357.22`, `-1.88 %`, `€1.234`. Their digits are taken, their
//! signs counted, and nothing is guessed: what is no number stays none (LEAN.md 1.3).

use crate::domain::money::parse_decimal;
use rust_decimal::Decimal;

/// The number in it, where it is one amount of one currency.
pub fn amount(text: &str) -> Option<Decimal> {
    let mut digits = String::new();
    let mut is_negative = false;
    let mut ended = false;
    for c in text.trim().chars() {
        match c {
            '0'..='9' | '.' if !ended => digits.push(c),
            // Thousands are parted by commas: LEAN writes with the invariant culture.
            ',' if !digits.is_empty() && !ended && !digits.contains('.') => {}
            '-' | '\u{2212}' if digits.is_empty() => is_negative = !is_negative,
            '+' if digits.is_empty() => {}
            // Some write an amount below zero in brackets; LEAN does not.
            '0'..='9' | '.' | ',' | '-' | '+' | '\u{2212}' | '(' | ')' => return None,
            // A sign of a currency stands before or behind, never within.
            _ => ended = ended || !digits.is_empty(),
        }
        if digits.len() > 40 {
            return None;
        }
    }
    let number = parse_decimal(&digits).ok()?;
    Some(if is_negative { Decimal::ZERO.checked_sub(number)? } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_in_all_its_spellings() {
        for (text, want) in [
            ("$122,124.17", "122124.17"),
            ("$-1,728.37", "-1728.37"),
            ("-$357.22", "-357.22"),
            ("-$-3.46", "3.46"),
            ("-1.88 %", "-1.88"),
            ("18.213%", "18.213"),
            ("\u{20ac}1,234,567.8", "1234567.8"),
            ("0 USDT", "0"),
            ("$0.00", "0.00"),
            ("₿0.25000000", "0.25000000"),
            ("kr 12.5", "12.5"),
        ] {
            assert_eq!(amount(text).map(|d| d.to_string()).as_deref(), Some(want), "{text}");
        }
        for text in
            ["", "$", "NaN", "1.2.3", "1 2", "$1-2", "v2.5.0.0", "0d 02:41:09", "1,2.3,4", "12e3", "($3.46)"]
        {
            assert_eq!(amount(text), None, "{text}");
        }
    }
}
