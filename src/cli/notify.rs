//! `tradedeck notify`.

use super::{
    open::Context,
    report::{Code, Failure, Report},
    rows,
    table::Table,
};
use crate::{
    config::{ChannelConfig, ChannelKind, Config},
    runtime::notifier::{Tried, try_out},
};
use clap::Subcommand;
use serde_json::Value;
use std::io::{IsTerminal as _, Write as _};

#[derive(Debug, Subcommand)]
pub(super) enum Notify {
    /// Send a test message through each channel, or through one.
    Test {
        /// Only this channel.
        #[arg(value_name = "CHANNEL")]
        channel: Option<String>,
    },
    /// The channels, and what goes by them.
    List,
}

pub(super) fn run(context: &Context, command: &Notify) -> Result<Report, Failure> {
    let config = context.config()?;
    match command {
        Notify::Test { channel } => test(context, &config, channel.as_deref()),
        Notify::List => Ok(list(&config)),
    }
}

fn test(context: &Context, config: &Config, only: Option<&str>) -> Result<Report, Failure> {
    let channels = &config.notify.channels;
    let asked: Vec<ChannelConfig> =
        channels.iter().filter(|c| only.is_none_or(|name| c.name == name)).cloned().collect();
    if asked.is_empty() {
        let names: Vec<&str> = channels.iter().map(|c| c.name.as_str()).collect();
        let name = only.unwrap_or_default();
        return Err(Failure::usage(format!("there is no channel `{name}`; there are {}", names.join(", "))));
    }
    if asked.iter().any(|c| c.kind == ChannelKind::Bell) {
        ring();
    }
    let tried = try_out(asked, &context.env)?;
    // What is there by itself and has nothing to show on (a server, ssh) is no failure, unless it is asked for.
    let matters = |name: &str| only.is_some() || config.notify.channel(name).is_some_and(|c| c.wanted);
    let lost = tried.iter().filter(|t| t.result.is_err() && matters(&t.channel));
    let failed: Vec<&str> = lost.map(|t| t.channel.as_str()).collect();
    let mut table = Table::new(&["channel", "kind", "result"]);
    for t in &tried {
        table.row(vec![t.channel.to_string(), t.kind.to_owned(), said(t)]);
    }
    let list = tried.iter().map(document).collect();
    let well = failed.is_empty();
    let document = rows::object([("well", Value::from(well)), ("channels", Value::Array(list))]);
    let note = (!well).then(|| format!("not delivered: {}", failed.join(", ")));
    let code = if well { Code::Done } else { Code::Failed };
    Ok(Report { code, document, text: table.print(""), note })
}

fn said(tried: &Tried) -> String {
    match (&tried.result, tried.kind) {
        (Ok(()), "bell") => "rung, where this is a terminal".to_owned(),
        (Ok(()), _) => "delivered".to_owned(),
        (Err(why), _) => why.to_string(),
    }
}

fn document(tried: &Tried) -> Value {
    rows::object([
        ("channel", Value::from(tried.channel.as_str())),
        ("kind", Value::from(tried.kind)),
        ("delivered", Value::from(tried.result.is_ok())),
        ("error", tried.result.as_ref().err().map_or(Value::Null, |why| Value::from(why.as_str()))),
    ])
}

/// On a terminal alone: in a file it would be a character that nobody sees.
fn ring() {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        drop(out.write_all(b"\x07"));
    }
}

fn list(config: &Config) -> Report {
    let notify = &config.notify;
    let mut table = Table::new(&["channel", "kind", "told"]);
    let mut list = Vec::new();
    for c in &notify.channels {
        let rules = notify.rules.iter().filter(|r| r.channels.contains(&c.name)).count();
        let mut told = match rules {
            0 => "nothing".to_owned(),
            1 => "by 1 rule".to_owned(),
            n => format!("by {n} rules"),
        };
        let sums = notify.summary.contains(&c.name);
        if sums {
            told.push_str(", the day's summary");
        }
        table.row(vec![c.name.to_string(), c.kind.word().to_owned(), told]);
        list.push(rows::object([
            ("channel", Value::from(c.name.as_str())),
            ("kind", Value::from(c.kind.word())),
            ("rules", Value::from(rules)),
            ("summary", Value::from(sums)),
        ]));
    }
    Report::done(rows::object([("channels", Value::Array(list))]), table.print(""))
}
