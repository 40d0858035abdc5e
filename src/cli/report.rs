//! How a command ended, and the one place that prints it.

use serde_json::{Value, json};
use std::io::{self, Write};

/// The exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    Done,
    Failed,
    Usage,
    Refused,
    NotFlat,
}

impl Code {
    /// All of them, by their numbers.
    pub(super) const ALL: [Self; 5] = [Self::Done, Self::Failed, Self::Usage, Self::Refused, Self::NotFlat];

    /// What it says to who called.
    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage or configuration: mend what was given",
            Self::Refused => "refused by a risk check",
            Self::NotFlat => "not all is flat",
        }
    }

    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::NotFlat => 4,
        }
    }
    const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::NotFlat => "not_flat",
        }
    }
}

/// What a command has to say: a document for scripts, the same as text for people, and a sentence for standard
/// error where something is not well.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) code: Code,
    pub(super) document: Value,
    pub(super) text: String,
    pub(super) note: Option<String>,
}

impl Report {
    /// All is well.
    pub(super) const fn done(document: Value, text: String) -> Self {
        Self { code: Code::Done, document, text, note: None }
    }
    /// It has printed what it had to say.
    pub(super) const fn said() -> Self {
        Self::done(Value::Null, String::new())
    }
}

/// Why there is nothing to report.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: Code,
    pub(super) text: String,
}

impl Failure {
    pub(super) fn failed(text: impl ToString) -> Self {
        Self { code: Code::Failed, text: text.to_string() }
    }
    pub(super) fn usage(text: impl ToString) -> Self {
        Self { code: Code::Usage, text: text.to_string() }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(why: anyhow::Error) -> Self {
        Self::failed(format!("{why:#}"))
    }
}

/// Prints it and says with which code the process ends. A reader that has gone (`| head`) changes nothing.
pub(super) fn print(done: Result<Report, Failure>, as_json: bool) -> Code {
    let report = done.unwrap_or_else(|failure| Report {
        code: failure.code,
        document: json!({ "outcome": failure.code.word(), "error": failure.text }),
        text: String::new(),
        note: Some(failure.text),
    });
    let written = match (as_json, report.document) {
        (true, Value::Null) => Ok(()),
        (true, document) => serde_json::to_string_pretty(&document)
            .map_err(io::Error::from)
            .and_then(|text| out(&format!("{text}\n"))),
        (false, _) => out(&report.text),
    };
    if let Some(note) = report.note {
        say(&format!("tradedeck: {note}"));
    }
    match written {
        Err(why) if why.kind() != io::ErrorKind::BrokenPipe => {
            say(&format!("tradedeck: standard output can't be written: {why}"));
            if report.code == Code::Done { Code::Failed } else { report.code }
        }
        Ok(()) | Err(_) => report.code,
    }
}

fn out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A line on standard error. Where that is closed, only the exit code is left to tell it.
pub(super) fn say(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}
