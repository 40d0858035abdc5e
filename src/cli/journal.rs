//! `tradedeck journal`.

use super::{
    open::Context,
    quote,
    report::{Code, Failure, Report, say},
    table::lines,
};
use crate::{
    clock::{Clock as _, System},
    config::KEEP_DAYS_MIN,
    domain::time::Stamp,
    journal::{EngineLock, Filter, Format, Journal as File, JournalError},
    runtime::archive,
};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::{BufWriter, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
};

const DAY_MS: i64 = 86_400_000;

#[derive(Debug, Subcommand)]
pub(super) enum Journal {
    /// Write the journal's records as a table or as one JSON object a line.
    Export(Export),
    /// Is every record as it was written? Damage, gaps, and what a newer version wrote are named.
    Verify(Verify),
    /// Put the journal aside as an archive, and begin it anew with what is still needed and what is not before a day.
    Archive(Archive),
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// This journal or archive instead of the present one.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Archive {
    /// What is not before this stays: `2026-10-01`, at least two weeks ago. Without it what `keep_days` of the
    /// configuration says.
    #[arg(long, value_name = "DAY")]
    before: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// How.
    #[arg(long, value_enum, default_value_t = How::Csv)]
    format: How,
    /// Not before: `2026-11-21` or `2026-11-21T14:30:00Z`.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Only what is about this symbol.
    #[arg(long, value_name = "S")]
    symbol: Option<String>,
    /// This journal or archive instead of the present one.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// To a new file instead of standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum How {
    /// A table with a head.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

pub(super) fn run(context: &Context, journal: &Journal) -> Result<Report, Failure> {
    match journal {
        Journal::Export(export) => self::export(&open(context, export.file.as_ref())?, export),
        Journal::Verify(asked) => Ok(verify(&open(context, asked.file.as_ref())?)),
        Journal::Archive(asked) => archive(context, asked),
    }
}

fn open(context: &Context, file: Option<&PathBuf>) -> Result<File, Failure> {
    let path = match file {
        Some(path) => path.clone(),
        None => context.state()?.join("journal.sqlite"),
    };
    File::inspect(&path).map_err(Failure::failed)
}

fn archive(context: &Context, asked: &Archive) -> Result<Report, Failure> {
    let (config, now) = (context.config()?, System::start().now().wall);
    let before = match (&asked.before, config.journal.keep_days) {
        (Some(day), _) => instant("--before", day)?,
        (None, Some(days)) => now.plus_ms(i64::try_from(days).ok().unwrap_or(0).saturating_mul(-DAY_MS)),
        (None, None) => {
            return Err(Failure::usage(
                "name a day, such as `--before 2026-10-01`, or set keep_days in [journal] of the configuration",
            ));
        }
    };
    let youngest = now.plus_ms(i64::try_from(KEEP_DAYS_MIN).ok().unwrap_or(0).saturating_mul(-DAY_MS));
    if before > youngest {
        return Err(Failure::usage(format!(
            "the last {KEEP_DAYS_MIN} days stay in the journal: name a day before {}",
            youngest.to_rfc3339()
        )));
    }
    let state = context.state()?;
    // Nobody begins to trade on the file that is put aside.
    let lock = EngineLock::take(&state).map_err(Failure::failed)?;
    let done = archive::archive(&archive::Asked::of(&config, &state, before, now))?;
    drop(lock);
    let text = match &done.archive {
        Some(file) => format!(
            "{} record(s) are in {}; the journal begins anew with {} of them\n",
            done.records,
            file.display(),
            done.kept
        ),
        None => format!("nothing can go: all {} record(s) are still needed\n", done.records),
    };
    let document = json!({ "archive": done.archive, "records": done.records, "kept": done.kept });
    Ok(Report::done(document, text))
}

fn verify(file: &File) -> Report {
    let found = file.verify();
    let sound = found.is_sound();
    let name = found.path.display();
    let text = if sound {
        let mut text = format!("{name} is sound: {} record(s) of {} run(s)\n", found.records, found.runs);
        for version in &found.newer {
            // A text takes what is written to it.
            _ = writeln!(text, "version {version}, newer than this one, wrote to it");
        }
        if let Some(began) = &found.began {
            let (copied, archive) = (began.copied, &began.archive);
            _ = writeln!(
                text,
                "its first {copied} record(s) were taken over from {archive}, which ends with {}",
                began.seq
            );
        }
        text
    } else {
        lines(&found.problems)
    };
    let note = (!sound).then(|| {
        let more = usize::try_from(found.more).ok().unwrap_or(usize::MAX);
        format!("{name} is damaged: {} problem(s)", found.problems.len().saturating_add(more))
    });
    let document = serde_json::to_value(&found).ok().unwrap_or(serde_json::Value::Null);
    Report { code: if sound { Code::Done } else { Code::Failed }, document, text, note }
}

fn export(file: &File, export: &Export) -> Result<Report, Failure> {
    let filter = Filter {
        from: export.from.as_deref().map(|t| instant("--from", t)).transpose()?,
        to: export.to.as_deref().map(|t| instant("--to", t)).transpose()?,
        symbol: export.symbol.as_deref().map(quote::symbol).transpose()?,
    };
    let format = match export.format {
        How::Csv => Format::Csv,
        How::Jsonl => Format::JsonLines,
    };
    let mut out: Box<dyn Write> = match &export.output {
        Some(path) => Box::new(BufWriter::new(new_file(path)?)),
        None => Box::new(BufWriter::new(Gone { out: std::io::stdout(), gone: false })),
    };
    let exported =
        file.export(&filter, format, &mut out).map_err(|why: JournalError| Failure::failed(why))?;
    if let Some(path) = &export.output {
        say(&format!("{} record(s) in {}", exported.records, path.display()));
    }
    Ok(Report::said())
}

fn new_file(path: &PathBuf) -> Result<std::fs::File, Failure> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|why| {
        if why.kind() == ErrorKind::AlreadyExists {
            Failure::usage(format!(
                "{} is there already and was left as it is; name a new file",
                path.display()
            ))
        } else {
            Failure::usage(format!("{}: it can't be made: {why}", path.display()))
        }
    })
}

/// Standard output whose reader may go (`| head`): what comes after that goes nowhere.
struct Gone {
    out: std::io::Stdout,
    gone: bool,
}

impl Write for Gone {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.gone {
            return Ok(bytes.len());
        }
        match self.out.write(bytes) {
            Err(why) if why.kind() == ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(bytes.len())
            }
            other => other,
        }
    }
    fn flush(&mut self) -> std::io::Result<()> {
        if self.gone {
            return Ok(());
        }
        match self.out.flush() {
            Err(why) if why.kind() == ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
}

/// An instant, or the first of a day where this computer is.
fn instant(flag: &str, text: &str) -> Result<Stamp, Failure> {
    if let Ok(at) = Stamp::parse_rfc3339(text) {
        return Ok(at);
    }
    let midnight =
        text.parse::<jiff::civil::Date>().and_then(|day| day.to_zoned(jiff::tz::TimeZone::system()));
    midnight.ok().and_then(|at| Stamp::from_jiff(at.timestamp())).ok_or_else(|| {
        Failure::usage(format!(
            "{flag} is {text:?}: write a day such as 2026-11-21 or an instant such as 2026-11-21T14:30:00Z"
        ))
    })
}
