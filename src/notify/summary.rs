//! A day's summary as lines of text.

use crate::domain::{
    ids::Currency,
    money::Money,
    summary::{Figures, Summary, Together},
    text::counted,
};

/// The lines.
pub fn text(s: &Summary) -> String {
    let mut lines = Vec::new();
    if s.late {
        lines.push("told late: the program was not running when the day ended".to_owned());
    }
    match &s.figures {
        Some(f) => lines.extend(money(f)),
        None => lines.push("the account's figures are not known".to_owned()),
    }
    lines.push(format!("orders: {} filled, {} working", s.filled, s.working));
    lines.extend(positions(s));
    let alerts: Vec<String> = s
        .alerts
        .iter()
        .rev()
        .filter(|(_, n)| *n > 0)
        .map(|(severity, n)| format!("{n} {}", severity.word()))
        .collect();
    lines.push(format!("alerts: {}", if alerts.is_empty() { "none".to_owned() } else { alerts.join(", ") }));
    for (name, day) in &s.algorithms {
        let day = day.map_or_else(|| "not known".to_owned(), signed);
        lines.push(format!("algorithm {name}: day P&L {day}"));
    }
    match &s.together {
        Together::Alone => {}
        Together::Sum(f) => {
            lines.push("all accounts together".to_owned());
            lines.extend(money(f));
        }
        Together::Missing(why) => lines.push(format!("all accounts together: {why}")),
    }
    lines.join("\n")
}

fn money(f: &Figures) -> Vec<String> {
    let percent = f.day_percent.map_or_else(String::new, |p| format!(" ({:.2}%)", p.get().round_dp(2)));
    vec![
        format!("equity: {}", amount(f.equity, &f.currency)),
        format!(
            "day P&L: {}{percent}",
            f.day_pnl.map_or_else(unknown, |m| format!("{} {}", signed(m), f.currency))
        ),
        format!("fees: {}", amount(f.fees, &f.currency)),
        format!("cash: {}", amount(f.cash, &f.currency)),
    ]
}

fn unknown() -> String {
    "not known".to_owned()
}

fn amount(of: Option<Money>, currency: &Currency) -> String {
    of.map_or_else(unknown, |m| format!("{} {currency}", rounded(m)))
}

/// To cents; what is less than one keeps its digits, for coins.
fn rounded(m: Money) -> String {
    let cents = m.get().round_dp(2);
    if cents.is_zero() { m.get().round_dp(8).normalize().to_string() } else { format!("{cents:.2}") }
}

fn signed(m: Money) -> String {
    if m.is_positive() { format!("+{}", rounded(m)) } else { rounded(m) }
}

fn positions(s: &Summary) -> Vec<String> {
    if s.positions.is_empty() {
        return vec!["positions: none".to_owned()];
    }
    let mut lines = vec!["positions:".to_owned()];
    for p in &s.positions {
        let value = p.value.map_or_else(unknown, rounded);
        let day = p.day_pnl.map_or_else(unknown, signed);
        lines.push(format!("  {} {}, worth {value}, day P&L {day}", p.symbol, p.qty));
    }
    if s.more > 0 {
        lines.push(format!("  and {} more", counted(s.more, "position", "positions")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        alert::Severity,
        ids::{Symbol, VenueId},
        money::parse_decimal,
        summary::SummaryPosition,
        time::Stamp,
    };

    fn usd(text: &str) -> Money {
        Money::new(parse_decimal(text).unwrap())
    }

    #[test]
    fn a_day_is_told_in_lines() {
        let figures = Figures {
            currency: Currency::usd(),
            equity: Some(usd("100012.345")),
            day_pnl: Some(usd("12.345")),
            day_percent: None,
            fees: Some(usd("0.0012")),
            cash: None,
        };
        let summary = Summary {
            venue: VenueId::new("alpaca").unwrap(),
            day: "2026-11-30".into(),
            at: Stamp::default(),
            late: false,
            figures: Some(figures.clone()),
            together: Together::Sum(Box::new(figures)),
            positions: vec![SummaryPosition {
                symbol: Symbol::new("AAPL").unwrap(),
                qty: "-5".parse().unwrap(),
                value: Some(usd("-875")),
                day_pnl: Some(usd("-3.5")),
            }],
            more: 2,
            working: 1,
            filled: 4,
            alerts: [
                (Severity::Info, 3),
                (Severity::Warning, 0),
                (Severity::Critical, 1),
                (Severity::Emergency, 0),
            ],
            algorithms: vec![("swing".into(), Some(usd("7")))],
        };
        let money = "equity: 100012.34 USD\nday P&L: +12.34 USD\nfees: 0.0012 USD\ncash: not known\n";
        let rest = "orders: 4 filled, 1 working\npositions:\n  AAPL -5, worth -875.00, day P&L -3.50\n  \
                    and 2 positions more\nalerts: 1 critical, 3 info\nalgorithm swing: day P&L +7.00\n";
        assert_eq!(text(&summary), format!("{money}{rest}all accounts together\n{}", money.trim_end()));
    }
}
