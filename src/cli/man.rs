//! `tradedeck man [COMMAND...]`: the manual as roff, from the very declaration that the command line is read by.

use super::{
    Cli,
    report::{Code, Failure, Report},
};
use crate::config::VARIABLES;
use clap::{Arg, ArgAction, Args, Command, CommandFactory as _, builder::PossibleValue};
use clap_mangen::{
    Man as Page,
    roff::{Roff, bold, roman},
};
use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// What lies where, as the manual tells it. `STATE` stands for the state directory.
const FILES: [(&str, &str); 10] = [
    (
        "~/.config/tradedeck/config.toml",
        "The configuration; `tradedeck init` writes one with every key in it.",
    ),
    ("~/.config/tradedeck/themes/*.toml", "Themes beside those that are built in."),
    ("~/.local/state/tradedeck", "STATE: the state directory, for its owner alone (0700), its files 0600."),
    (
        "STATE/journal.sqlite",
        "The journal: every order, fill, alert and lock, in the order in which they became known.",
    ),
    (
        "STATE/journal-until-TIME.sqlite",
        "Archives of it. Nothing needs them to trade; move them where you like.",
    ),
    ("STATE/engine.lock, STATE/sessions", "Which run holds the accounts, and which runs live."),
    ("STATE/engine.sock", "Where screens and commands attach to the run that holds the accounts."),
    ("STATE/recordings", "What was shown, session by session, for `tradedeck replay`."),
    ("STATE/paper", "The account of the embedded paper venue."),
    ("STATE/tradedeck.log", "The log, without secrets; a large one is set aside as tradedeck.log.old."),
];

#[derive(Debug, Args)]
pub(super) struct Man {
    /// The page of this command: `tradedeck man journal export`. Without it the page of all.
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write every page into this directory instead, as `tradedeck.1`, `tradedeck-flatten.1`, …
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
    /// Print the commands as a table in Markdown instead.
    #[arg(long, conflicts_with_all = ["command", "dir"])]
    markdown: bool,
}

pub(super) fn run(asked: &Man) -> Result<Report, Failure> {
    let mut whole = Cli::command();
    whole.build();
    if let Some(dir) = &asked.dir {
        return write_all(&whole, dir);
    }
    let page = if asked.markdown {
        table(&whole).into_bytes()
    } else {
        page(named(&whole, &asked.command)?, asked.command.is_empty())?
    };
    match std::io::stdout().lock().write_all(&page) {
        Err(why) if why.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("standard output can't be written: {why}")))
        }
        Ok(()) | Err(_) => Ok(Report::said()),
    }
}

fn named<'c>(whole: &'c Command, words: &[String]) -> Result<&'c Command, Failure> {
    let mut at = whole;
    for word in words {
        let Some(next) = shown(at).find(|c| c.get_name() == word) else {
            let there: Vec<&str> = shown(at).map(Command::get_name).collect();
            let there = if there.is_empty() { "no commands".to_owned() } else { there.join(", ") };
            return Err(Failure::usage(format!("`{}` has no command {word:?}; it has {there}", name(at))));
        };
        at = next;
    }
    Ok(at)
}

fn shown(of: &Command) -> impl Iterator<Item = &Command> {
    of.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help")
}

/// `tradedeck journal export`.
fn name(of: &Command) -> &str {
    of.get_bin_name().unwrap_or(of.get_name())
}

fn write_all(whole: &Command, dir: &Path) -> Result<Report, Failure> {
    let mut pages = vec![(whole, true)];
    let mut written = 0_usize;
    while let Some((command, is_whole)) = pages.pop() {
        pages.extend(shown(command).map(|c| (c, false)));
        let path = dir.join(format!("{}.1", name(command).replace(' ', "-")));
        let page = page(command, is_whole)?;
        let made = OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&path);
        let done = made.and_then(|mut file| file.write_all(&page));
        done.map_err(|why| Failure::failed(format!("{} can't be written: {why}", path.display())))?;
        written = written.saturating_add(1);
    }
    Ok(Report::done(
        serde_json::json!({ "dir": dir, "pages": written }),
        format!("{written} page(s) in {}\n", dir.display()),
    ))
}

/// A page as roff: the parts that clap knows, then ours.
fn page(command: &Command, is_whole: bool) -> Result<Vec<u8>, Failure> {
    let title = name(command).replace(' ', "-");
    // The version of a page is that of the program.
    let man = Page::new(command.clone().version(env!("CARGO_PKG_VERSION")))
        .title(title.to_uppercase())
        .source(concat!("tradedeck ", env!("CARGO_PKG_VERSION")));
    let mut out = Vec::new();
    let written = (|| {
        man.render_title(&mut out)?;
        man.render_name_section(&mut out)?;
        man.render_synopsis_section(&mut out)?;
        man.render_description_section(&mut out)?;
        if command.get_arguments().any(|a| !a.is_hide_set()) {
            man.render_options_section(&mut out)?;
        }
        if shown(command).next().is_some() {
            man.render_subcommands_section(&mut out)?;
        }
        if is_whole {
            section("FILES", FILES, &mut out)?;
            section("ENVIRONMENT", VARIABLES, &mut out)?;
        }
        let codes = Code::ALL.map(|code| (code.number().to_string(), code.meaning()));
        section("EXIT STATUS", codes, &mut out)?;
        man.render_version_section(&mut out)
    })();
    written.map_err(|why: std::io::Error| Failure::failed(format!("the page can't be made: {why}")))?;
    Ok(out)
}

/// Every command with what it takes, and the exit codes.
fn table(whole: &Command) -> String {
    let mut rows = String::from("| command | what it does |\n|---|---|\n| `tradedeck` | the dashboard |\n");
    let mut rest: Vec<&Command> = shown(whole).collect();
    rest.reverse();
    while let Some(command) = rest.pop() {
        let below: Vec<&Command> = shown(command).collect();
        // `engine` does something by itself, too.
        if below.is_empty() || !command.is_subcommand_required_set() {
            let takes: String = command.get_arguments().filter_map(takes).collect();
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let cell = |text: &str| text.replace('|', "\\|");
            let usage = format!("{}{takes}", name(command));
            // A text takes what is written to it.
            _ = writeln!(rows, "| `{}` | {} |", cell(&usage), cell(about.trim_end_matches('.')));
        }
        rest.extend(below.into_iter().rev());
    }
    let codes = Code::ALL.map(|code| format!("{} {}", code.number(), code.meaning()));
    format!("{rows}\nExit codes: {}.\n", codes.join("; "))
}

/// How an argument is written; `None` for what every command takes.
fn takes(arg: &Arg) -> Option<String> {
    let is_for_all = arg.is_global_set() || arg.is_hide_set();
    if is_for_all || matches!(arg.get_id().as_str(), "help" | "version") {
        return None;
    }
    let value = || {
        let words = arg.get_possible_values();
        let words: Vec<&str> =
            words.iter().filter(|w| !w.is_hide_set()).map(PossibleValue::get_name).collect();
        let names = arg.get_value_names().unwrap_or_default();
        let one = if words.is_empty() { names.join(" ") } else { words.join("|") };
        let is_many = arg.get_num_args().is_some_and(|n| n.max_values() > 1);
        if is_many && !one.ends_with('…') { format!("{one}...") } else { one }
    };
    let written = match arg.get_long() {
        Some(long) if arg.get_action().takes_values() => format!("--{long} {}", value()),
        Some(long) => format!("--{long}"),
        None => value(),
    };
    let is_again = matches!(arg.get_action(), ArgAction::Append) && arg.get_long().is_some();
    let written = if arg.is_required_set() { written } else { format!("[{written}]") };
    Some(if is_again { format!(" {written}...") } else { format!(" {written}") })
}

fn section<T: AsRef<str>>(
    title: &str,
    rows: impl IntoIterator<Item = (T, &'static str)>,
    out: &mut Vec<u8>,
) -> std::io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    for (what, words) in rows {
        roff.control("TP", []);
        roff.text([bold(what.as_ref())]);
        roff.text([roman(words)]);
    }
    roff.to_writer(out)
}
