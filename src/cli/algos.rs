//! `tradedeck algos`: programs that trade by themselves. Without more, all of them; with a name, one in full; with words
//! behind the name, what is done about it.

use super::{
    act,
    ask::consent,
    open::{Context, WithoutEngine, agreed},
    report::{Code, Failure, Report},
    rows,
    table::{Table, maybe},
};
use crate::{
    desk::{Request, Snapshot, protocol::Grant, snapshot::AlgorithmRow},
    domain::algorithm::{AlgorithmDeed, Instruction, Observation},
    grammar,
    runtime::{Client, Role},
};
use clap::Args;
use serde_json::Value;
use std::{io::IsTerminal as _, time::Duration};

#[derive(Debug, Args)]
pub(super) struct Algos {
    /// The algorithm, and what to do: pause, resume, take-over, stop, liquidate [TICKER], cancel ORDER, submit buy|sell QTY
    /// TICKER …, update ORDER …, add TICKER, command JSON, broadcast [except PROJECT] JSON.
    #[arg(value_name = "NAME …", allow_negative_numbers = true)]
    words: Vec<String>,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
}

/// How long a source may take until it is seen.
const SEEN: Duration = Duration::from_secs(15);
/// How long an algorithm may take to answer.
const ANSWERED: Duration = Duration::from_secs(70);

pub(super) fn run(context: &Context, wish: &Algos) -> Result<Report, Failure> {
    let config = context.config()?;
    if config.algorithms.is_empty() {
        return Err(Failure::usage(
            "no algorithm is configured; a table such as [algorithms.swing] of the configuration adds one",
        ));
    }
    let names: Vec<String> = config.algorithms.iter().map(|a| a.name.to_string()).collect();
    let known = |name: &str| names.iter().any(|n| n == name);
    let deed = match wish.words.as_slice() {
        [] => None,
        [name, ..] if !known(name) => {
            return Err(Failure::usage(format!(
                "there is no algorithm `{name}`; they are {}",
                names.join(", ")
            )));
        }
        [_] => None,
        words => {
            let line = words.join(" ");
            let (_, deed) = grammar::algorithm(&line)
                .map_err(|why| Failure::usage(format!("{why}\n{line}\n{}", why.caret(&line))))?;
            Some(deed)
        }
    };
    let name = wish.words.first().cloned();
    let its = config.algorithms.iter().find(|a| name.as_ref().is_some_and(|n| a.name == *n));
    let shown = Duration::from_millis(its.map_or(0, |a| a.kind.shown_ms()));
    let has_venues = config.algorithms.iter().any(|a| a.venue.is_some());
    let without = deed.as_ref().map_or(WithoutEngine::GoesOn, without_engine);
    context.with_client_as(Role::Shell, without, config, |client| {
        // What an account shows of them is there once desk and venue agree.
        if has_venues && let Err(failure) = agreed(client, None) {
            super::report::say(&format!("tradedeck: {}", failure.text));
        }
        let seen = |s: &Snapshot| {
            let its = |a: &AlgorithmRow| name.as_ref().is_some_and(|n| a.name != n) || is_seen(a);
            !s.algorithms.is_empty() && s.algorithms.iter().all(its)
        };
        drop(client.wait_for(SEEN, seen)?);
        match (&name, &deed) {
            (Some(name), Some(deed)) => act_on(context, wish, client, (name, shown), deed),
            (Some(name), None) => one(&client.snapshot(), name),
            (None, _) => Ok(all(&client.snapshot())),
        }
    })
}

/// An algorithm is stopped without the engine that runs, and asked for nothing that could open a position.
fn without_engine(deed: &AlgorithmDeed) -> WithoutEngine {
    let request = Request::Algorithm { name: "".into(), deed: deed.clone() };
    if request.needs() == Grant::All { WithoutEngine::Refused } else { WithoutEngine::GoesOn }
}

fn is_seen(row: &AlgorithmRow) -> bool {
    row.seen.is_some() || row.note.is_some()
}

fn act_on(
    context: &Context,
    wish: &Algos,
    client: &mut Client,
    (name, shown): (&str, Duration),
    deed: &AlgorithmDeed,
) -> Result<Report, Failure> {
    let what = match deed {
        AlgorithmDeed::Pause | AlgorithmDeed::Resume => None,
        AlgorithmDeed::TakeOver => Some(format!("take over what {name} holds, and pause it")),
        AlgorithmDeed::Ask(what) => Some(format!("ask {name} to {}", what.words())),
    };
    let is_for_all = matches!(deed, AlgorithmDeed::Ask(Instruction::Broadcast { .. }));
    if let Some(what) = &what {
        // What reaches the algorithms of others is never sent because nobody was there to be asked.
        if is_for_all && !wish.yes && (context.json || !std::io::stdin().is_terminal()) {
            return Err(Failure::usage(format!(
                "this would {what}, and nobody can be asked here; add --yes"
            )));
        }
        consent(context, wish.yes, false, what)?;
    }
    let request = Request::Algorithm { name: name.into(), deed: deed.clone() };
    let reply = client.ask(request, ANSWERED)?;
    let report = act::answer(reply, &client.snapshot());
    if !matches!(deed, AlgorithmDeed::Ask(Instruction::Liquidate(None))) || report.code != Code::Done {
        return Ok(report);
    }
    // Its word is not enough.
    let flat = |s: &Snapshot| s.algorithms.iter().any(|a| a.name == name && a.holdings == 0 && a.orders == 0);
    if client.wait_for(shown.max(FLAT), flat)?.is_some() {
        return Ok(report);
    }
    let snapshot = client.snapshot();
    let row = snapshot.algorithms.iter().find(|a| a.name == name);
    let held = row.and_then(|r| r.seen.as_ref()).map_or_else(String::new, |seen| holdings(seen));
    let text = format!("{name} is NOT FLAT: it holds {held}");
    let fields = [("outcome", Value::from("not_flat")), ("text", Value::from(text.as_str()))];
    Ok(Report { code: Code::NotFlat, document: rows::object(fields), text: String::new(), note: Some(text) })
}

/// How long the venue's exit of its part may take, where it trades on one of the accounts.
const FLAT: Duration = Duration::from_secs(150);

fn holdings(seen: &Observation) -> String {
    let rows: Vec<String> = seen.holdings.iter().map(|h| format!("{} {}", h.qty, h.symbol)).collect();
    if rows.is_empty() { "nothing".to_owned() } else { rows.join(", ") }
}

fn all(snapshot: &Snapshot) -> Report {
    let mut table = Table::new(&[
        "name",
        "source",
        "venue",
        "state",
        ">equity",
        ">day",
        ">unrealized",
        ">holds",
        ">orders",
        ">age",
        "note",
    ]);
    for row in snapshot.algorithms.iter() {
        let age = row.heartbeat.map(|at| snapshot.at.mono.since_ms(at) / 1_000);
        table.row(vec![
            row.name.to_string(),
            row.source.to_string(),
            row.venue.as_ref().map_or_else(String::new, ToString::to_string),
            row.state.word().to_owned(),
            maybe(row.equity),
            maybe(row.day_pnl),
            maybe(row.unrealized),
            row.holdings.to_string(),
            row.orders.to_string(),
            age.map_or_else(String::new, |s| format!("{s}s")),
            row.note.as_ref().or(row.log.as_ref()).map_or_else(String::new, ToString::to_string),
        ]);
    }
    let document = rows::object([("algorithms", rows::document(&*snapshot.algorithms, snapshot.at))]);
    Report::done(document, table.print("no algorithms"))
}

fn one(snapshot: &Snapshot, name: &str) -> Result<Report, Failure> {
    let row = snapshot.algorithms.iter().find(|row| row.name == name);
    let Some(row) = row else {
        return Err(Failure::failed(format!("`{name}` does not show")));
    };
    let mut lines = vec![format!("{} {} ({})", row.name, row.state.word(), row.source)];
    lines.extend(row.note.as_ref().map(ToString::to_string));
    for (what, amount) in
        [("equity", row.equity), ("day", row.day_pnl), ("unrealized", row.unrealized), ("fees", row.fees)]
    {
        lines.push(format!("{what:<11}{}", maybe(amount)));
    }
    if let Some(seen) = &row.seen {
        lines.push(format!("holds      {}", holdings(seen)));
        let open = seen.orders.iter().filter(|o| o.state.is_open());
        let open: Vec<String> = open.map(|o| format!("{} {} {} {}", o.id, o.qty, o.symbol, o.kind)).collect();
        let open = if open.is_empty() { "none open".to_owned() } else { open.join(", ") };
        lines.push(format!("orders     {open}"));
        if let Some(last) = seen.insights.rows.last() {
            let count = seen.insights.rows.len();
            lines.push(format!("insights   {count} told, the last {} {}", last.symbol, last.heading.word()));
        }
        lines.extend(seen.log.iter().rev().take(10).rev().map(|line| format!("  {}", line.text)));
    }
    let document = rows::object([("algorithm", rows::document(row, snapshot.at))]);
    Ok(Report::done(document, super::table::lines(&lines)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_takes_risk_away_goes_round_an_engine_that_does_not_answer() {
        let without = |line: &str| without_engine(&grammar::algorithm(line).unwrap().1);
        for line in ["swing pause", "swing stop", "swing liquidate", "swing liquidate AAPL", "swing cancel 3"]
        {
            assert_eq!(without(line), WithoutEngine::GoesOn, "{line}");
        }
        for line in ["swing submit buy 1 AAPL", "swing resume", "swing add AAPL", "swing command {\"go\":1}"]
        {
            assert_eq!(without(line), WithoutEngine::Refused, "{line}");
        }
    }
}
