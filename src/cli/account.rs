//! `tradedeck account`.

use super::{
    open::{At, Context, is_at, look},
    report::{Failure, Report},
    rows,
    table::{lines, maybe, rounded},
};
use crate::{
    desk::snapshot::AccountRow,
    domain::{money::Percent, report::Environment},
};

pub(super) fn run(context: &Context, at: &At) -> Result<Report, Failure> {
    look(context, at.at.as_deref(), |s, venue| {
        let accounts: Vec<&AccountRow> = s.accounts.iter().filter(|a| is_at(venue, &a.venue)).collect();
        let mut text = Vec::new();
        for account in &accounts {
            let lamp = s.banner.lamps.iter().find(|l| l.venue == account.venue);
            let badge = lamp.and_then(|l| l.environment).map_or("UNPROVEN", Environment::word);
            print(account, badge, &mut text);
        }
        if accounts.is_empty() {
            text.push("no account is known".to_owned());
        }
        ("accounts", rows::document(&accounts, s.at), lines(&text))
    })
}

fn print(a: &AccountRow, badge: &str, text: &mut Vec<String>) {
    let figures = [
        ("equity", a.equity.to_string()),
        ("cash", a.cash.to_string()),
        ("buying power", a.buying_power.to_string()),
        ("day P&L", maybe(a.day_pnl)),
        ("day %", rounded(a.day_percent.map(Percent::get))),
        ("realized", a.realized.to_string()),
        ("unrealized", maybe(a.unrealized)),
        ("fees", a.fees.to_string()),
        ("gross", maybe(a.gross)),
        ("net", maybe(a.net)),
        ("margin", maybe(a.initial_margin)),
        ("maintenance", maybe(a.maintenance_margin)),
        ("day trades", maybe(a.day_trades)),
        ("blocked", a.blocked.as_ref().map_or_else(|| "no".to_owned(), ToString::to_string)),
    ];
    let width = figures.iter().map(|(_, v)| v.len()).max().unwrap_or(0);
    text.push(format!("{badge} {} account {} in {}", a.venue, a.account, a.currency));
    for (name, value) in figures {
        text.push(format!("  {name:<14}{value:>width$}"));
    }
}
