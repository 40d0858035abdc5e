//! Doing what an order line says, whichever subcommand it came from.

use super::{
    cancel, exit,
    open::{ANSWER, Context, WithoutEngine},
    order, preview,
    report::{Code, Failure, Report},
    rows,
};
use crate::{
    config::Config,
    desk::{Reply, Request, Snapshot, receipt::Check},
    domain::{
        draft::{Command, Share},
        ids::{Symbol, VenueId},
        limits::Action,
        text::Text,
    },
    runtime::{Client, Role},
};
use serde_json::Value;

/// What is to be done, and how.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    pub(super) context: &'a Context,
    pub(super) config: &'a Config,
    /// Say what it would do, and do nothing.
    pub(super) dry_run: bool,
    /// Consent was given.
    pub(super) yes: bool,
}

/// Opens, does `command`, closes.
pub(super) fn run(context: &Context, command: Command, dry_run: bool, yes: bool) -> Result<Report, Failure> {
    let config = context.config()?;
    let command = narrowed(context, &config, command)?;
    let kept = config.clone();
    // Whoever gets out also finishes what an earlier run left.
    let gets_out = matches!(command, Command::Flatten(_) | Command::Halt) && !dry_run;
    let role = if gets_out { Role::Exit } else { Role::Shell };
    let without =
        if opens_risk(&command) && !dry_run { WithoutEngine::Refused } else { WithoutEngine::GoesOn };
    context.with_client_as(role, without, config, |client| {
        let wish = Wish { context, config: &kept, dry_run, yes };
        wish.run(client, command)
    })
}

/// Could it add to what is at risk?
const fn opens_risk(command: &Command) -> bool {
    match command {
        Command::Order(_) | Command::Reverse { .. } | Command::Replace { .. } | Command::Unlock { .. } => {
            true
        }
        Command::Close { .. }
        | Command::Flatten(_)
        | Command::Cancel { .. }
        | Command::Protect { .. }
        | Command::Halt
        | Command::Lock { .. } => false,
    }
}

impl Wish<'_> {
    fn run(&self, client: &mut Client, command: Command) -> Result<Report, Failure> {
        match command {
            Command::Order(draft) => order::place(self, client, draft),
            Command::Close { ref symbol, share, ref venue } => {
                let (symbol, venue) = (symbol.clone(), venue.clone());
                exit::close(self, client, command, &exit::Out { symbol, venue, partly: share != Share::All })
            }
            Command::Reverse { ref symbol, ref venue } => {
                let (symbol, venue) = (symbol.clone(), venue.clone());
                exit::reverse(self, client, command, &exit::Out { symbol, venue, partly: false })
            }
            Command::Flatten(scope) => exit::flatten(self, client, scope),
            Command::Cancel { target, venue } => cancel::cancel(self, client, target, venue),
            Command::Replace { .. } | Command::Protect { .. } => order::change(self, client, command),
            Command::Halt => exit::halt(self, client),
            Command::Lock { .. } | Command::Unlock { .. } => self.simply(client, command),
        }
    }

    /// Asks, and reports what is answered.
    pub(super) fn simply(&self, client: &mut Client, command: Command) -> Result<Report, Failure> {
        let request = if self.dry_run { Request::Preview(command) } else { Request::Do(command) };
        let reply = client.ask(request, ANSWER)?;
        Ok(answer(reply, &client.snapshot()))
    }
}

/// `--venue` says where, unless the line does.
fn narrowed(context: &Context, config: &Config, mut command: Command) -> Result<Command, Failure> {
    let flag = context.venue(config, None)?;
    let place = match &mut command {
        Command::Order(draft) => &mut draft.venue,
        Command::Close { venue, .. }
        | Command::Reverse { venue, .. }
        | Command::Protect { venue, .. }
        | Command::Cancel { venue, .. }
        | Command::Replace { venue, .. } => venue,
        Command::Flatten(scope) => &mut scope.venue,
        Command::Halt | Command::Lock { .. } | Command::Unlock { .. } => return Ok(command),
    };
    match place {
        Some(named) => drop(context.venue(config, Some(named.as_str()))?),
        None => *place = flag,
    }
    Ok(command)
}

/// An answer that nothing more follows from.
pub(super) fn answer(reply: Reply, snapshot: &Snapshot) -> Report {
    match reply {
        Reply::Done(text) | Reply::Placed { text, .. } => {
            let fields = [("outcome", Value::from("done")), ("text", Value::from(text.as_str()))];
            Report::done(rows::object(fields), format!("{text}\n"))
        }
        Reply::Refused { text, field, checks } => refusal(&text, field.as_deref(), &checks),
        Reply::Preview(p) => preview::order(&p, snapshot.at),
        Reply::Plan(plan) => preview::plan(&plan, snapshot.at),
        Reply::Bars { .. } | Reply::Open { .. } | Reply::Since(_) | Reply::Busy => {
            let text = "the engine is busy and did nothing; try again";
            let fields = [("outcome", Value::from("failed")), ("error", Value::from(text))];
            Report {
                code: Code::Failed,
                document: rows::object(fields),
                text: String::new(),
                note: Some(text.to_owned()),
            }
        }
    }
}

/// Refused before anything left. What the checks refuse is not what was typed wrongly.
pub(super) fn refusal(text: &Text, field: Option<&str>, checks: &[Check]) -> Report {
    let blocked = checks.iter().any(|c| c.action == Some(Action::Block));
    let code = match field {
        _ if blocked => Code::Refused,
        Some("size") => Code::Refused,
        Some("wait") | None => Code::Failed,
        Some(_) => Code::Usage,
    };
    let document = rows::object([
        ("outcome", Value::from("refused")),
        ("error", Value::from(text.as_str())),
        ("field", field.map_or(Value::Null, Value::from)),
        ("checks", checks.iter().map(check).collect()),
    ]);
    Report { code, document, text: String::new(), note: Some(text.to_string()) }
}

fn check(check: &Check) -> Value {
    let action = check.action.map_or(Value::Null, |a| Value::from(rows::word(&a)));
    rows::object([
        ("name", Value::from(check.name.as_str())),
        ("action", action),
        ("text", Value::from(check.text.as_str())),
    ])
}

/// Where an order goes that names no venue: the first.
pub(super) fn default_venue(snapshot: &Snapshot, named: Option<VenueId>) -> Result<VenueId, Failure> {
    let first = || snapshot.banner.lamps.first().map(|l| l.venue.clone());
    named.or_else(first).ok_or_else(|| Failure::failed("no venue is open"))
}

/// `BTCUSD` is `BTC/USD`.
pub(super) fn same(a: &Symbol, b: &Symbol) -> bool {
    let plain = |c: &char| *c != '/';
    a.as_str().chars().filter(plain).eq(b.as_str().chars().filter(plain))
}
