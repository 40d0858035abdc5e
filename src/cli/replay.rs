//! `tradedeck replay`.

use super::{
    open::{Context, opening_failed},
    report::{Failure, Report},
    rows,
    table::Table,
};
use crate::{
    clock::{Clock as _, System},
    desk::Snapshot,
    domain::{text::counted, time::Stamp},
    recording::{Entry, Film, Recording, Shelf},
    runtime::{Role, screen, settings},
};
use clap::Args;
use jiff::{civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub(super) struct Replay {
    /// A recording, or the day of which all are shown: `2026-11-30`, `today`, `yesterday`.
    #[arg(value_name = "FILE|DAY", required_unless_present = "list", conflicts_with = "list")]
    what: Option<String>,
    /// Which recordings there are.
    #[arg(long)]
    list: bool,
    /// Print the last snapshot of the session instead of showing it.
    #[arg(long = "final", conflicts_with = "list")]
    last: bool,
}

pub(super) fn run(context: &Context, replay: &Replay) -> Result<Report, Failure> {
    let shelf = Shelf::of(&context.state()?);
    let Some(what) = replay.what.as_deref().filter(|_| !replay.list) else { return list(&shelf) };
    let config = context.config()?;
    let zone = settings::zone(&config.ui.timezone).map_err(Failure::usage)?;
    let mut film = Film::open(&find(&shelf, what, &zone)?).map_err(Failure::failed)?;
    if replay.last {
        return last(&mut film);
    }
    screen::check(&config, &context.env).map_err(Failure::usage)?;
    screen::replay(context.opening(config, Role::Screen), film).map_err(opening_failed)?;
    Ok(Report::said())
}

/// The recordings that are meant: one file, or those that began on a day.
fn find(shelf: &Shelf, what: &str, zone: &TimeZone) -> Result<Vec<PathBuf>, Failure> {
    let path = Path::new(what);
    if path.is_file() {
        if is_journal(path) {
            return Err(Failure::failed(format!(
                "{what} is a journal: it has what happened and not what was shown, so that it can't be played; \
                 `tradedeck journal export` tells it, and recordings are in {}",
                shelf.dir().display()
            )));
        }
        return Ok(vec![path.to_owned()]);
    }
    let Some(day) = day(what, zone) else {
        return Err(Failure::usage(format!(
            "{what:?} is neither a file nor a day; write a recording's file, `2026-11-30`, `today` or `yesterday`"
        )));
    };
    let all = list_of(shelf)?;
    let on = |entry: &Entry| zone.to_datetime(entry.began.to_jiff()).date();
    let found: Vec<PathBuf> = all.iter().filter(|e| on(e) == day).map(|e| e.path.clone()).collect();
    if found.is_empty() {
        let near =
            all.iter().map(on).min_by_key(|other| day.until(*other).map_or(i32::MAX, |s| s.get_days().abs()));
        let hint = near.map_or_else(
            || format!("nothing is recorded in {}", shelf.dir().display()),
            |near| format!("the nearest day with one is {near}, and `tradedeck replay --list` shows all"),
        );
        return Err(Failure::failed(format!("no session was recorded that began on {day}; {hint}")));
    }
    Ok(found)
}

fn is_journal(path: &Path) -> bool {
    let mut head = [0; 15];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == *b"SQLite format 3"
}

fn day(what: &str, zone: &TimeZone) -> Option<Date> {
    let today = || zone.to_datetime(System::start().now().wall.to_jiff()).date();
    match what {
        "today" => Some(today()),
        "yesterday" => today().yesterday().ok(),
        _ => what.parse().ok(),
    }
}

fn list_of(shelf: &Shelf) -> Result<Vec<Entry>, Failure> {
    shelf.list().map_err(|why| Failure::failed(format!("{} can't be read: {why}", shelf.dir().display())))
}

/// `1 h 2 min 3 s`.
fn long(ms: i64) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, (ms / 60_000) % 60, (ms / 1_000) % 60);
    if hours > 0 { format!("{hours} h {minutes:02} min") } else { format!("{minutes} min {seconds:02} s") }
}

/// Megabytes with one digit behind the point.
fn size(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

fn list(shelf: &Shelf) -> Result<Report, Failure> {
    let mut table = Table::new(&["began", ">length", ">size", ">snapshots", ">alerts", "file", "note"]);
    let mut rows = Vec::new();
    for Entry { path, began, bytes } in list_of(shelf)? {
        let file = path.display().to_string();
        match Recording::open(&path) {
            Ok(recording) => {
                let ended = recording.ended();
                let wounds: Vec<String> = recording.wounds.iter().map(ToString::to_string).collect();
                let (frames, alerts) = (recording.times().len(), recording.alerts());
                table.row(vec![
                    began.to_rfc3339(),
                    long(ended.since_ms(began)),
                    size(bytes),
                    frames.to_string(),
                    alerts.to_string(),
                    file.clone(),
                    wounds.first().cloned().unwrap_or_default(),
                ]);
                rows.push(json!({
                    "file": file, "began": began.to_rfc3339(), "ended": ended.to_rfc3339(), "bytes": bytes,
                    "seconds": ended.since_ms(began) / 1_000, "snapshots": frames, "alerts": alerts,
                    "program": recording.header.program, "wounds": wounds,
                }));
            }
            Err(why) => {
                let none = || "-".to_owned();
                let said = why.to_string();
                table.row(vec![
                    began.to_rfc3339(),
                    none(),
                    size(bytes),
                    none(),
                    none(),
                    file.clone(),
                    said.clone(),
                ]);
                rows.push(
                    json!({ "file": file, "began": began.to_rfc3339(), "bytes": bytes, "error": said }),
                );
            }
        }
    }
    let text = table.print(&format!("no recordings in {}", shelf.dir().display()));
    Ok(Report::done(rows::object([("recordings", Value::from(rows))]), text))
}

fn last(film: &mut Film) -> Result<Report, Failure> {
    let snapshot = film.snapshot(film.len().saturating_sub(1)).map_err(Failure::failed)?;
    let document = serde_json::to_value(&*snapshot).map_err(Failure::failed)?;
    let note = film.about().map(|wound| wound.to_string());
    Ok(Report { note, ..Report::done(document, said(&snapshot)) })
}

/// The last snapshot in a few lines.
fn said(s: &Snapshot) -> String {
    let working = s.orders.iter().filter(|o| o.state.is_open()).count();
    let at: Stamp = s.at.wall;
    let mut lines = vec![format!("the session's last snapshot, of {}", at.to_rfc3339())];
    for account in s.accounts.iter() {
        lines.push(format!("{}: equity {} {}", account.venue, account.equity, account.currency));
    }
    for p in s.positions.iter() {
        lines.push(format!("{} {} {}", p.instrument.venue, p.instrument.symbol, p.qty));
    }
    lines.push(format!(
        "{}, {}, {}, {}",
        counted(s.positions.len(), "position", "positions"),
        counted(working, "working order", "working orders"),
        counted(s.fills.len(), "fill", "fills"),
        counted(s.alerts.len(), "alert", "alerts")
    ));
    super::table::lines(&lines)
}
