//! Where a deployment lies, and what the names of its files say (LEAN.md 1.1, 1.2).

use super::files::{self, Mark};
use crate::domain::text::Text;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The engine's own log.
pub const ENGINE_LOG: &str = "log.txt";
/// What the vendor's command line writes beside the results.
pub const CONFIG: &str = "config";
/// So many names of a folder are looked at.
const NAMES_MAX: usize = 20_000;
/// So many algorithms that wrote into one folder are compared.
const IDS_MAX: usize = 32;

/// What a file is, by its name; the text is its day or hour, which sorts by time. Of two that were written at one moment
/// the later here is taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `ID.json`, if anything else of that name is there.
    Status,
    /// `ID-YYYY-MM-DD_10minute.json`
    TenMinute(String),
    /// `ID-YYYY-MM-DD_minute.json`
    Minute(String),
    /// `ID-YYYY-MM-DD-HH_second_Strategy%20Equity.json`
    Second(String),
    /// `ID-YYYY-MM-DD-order-events.json`
    Events(String),
    /// `ID-log.txt`
    Log,
}

/// The algorithm and the kind of a file.
pub fn classify(name: &str) -> Option<(&str, Kind)> {
    if let Some(id) = name.strip_suffix("-log.txt") {
        return (!id.is_empty()).then_some((id, Kind::Log));
    }
    let stem = name.strip_suffix(".json")?;
    if let Some((head, chart)) = stem.split_once("_second_")
        && let Some((id, hour)) = dated(head, "dddd-dd-dd-dd")
    {
        return (chart == "Strategy%20Equity").then(|| (id, Kind::Second(hour.to_owned())));
    }
    let day = |suffix: &str| stem.strip_suffix(suffix).and_then(|head| dated(head, "dddd-dd-dd"));
    if let Some((id, day)) = day("_minute") {
        return Some((id, Kind::Minute(day.to_owned())));
    }
    if let Some((id, day)) = day("_10minute") {
        return Some((id, Kind::TenMinute(day.to_owned())));
    }
    if let Some((id, day)) = day("-order-events") {
        return Some((id, Kind::Events(day.to_owned())));
    }
    let is_ours_or_a_report = ["command", "result-command", "data-monitor-report"];
    let is_status = !stem.is_empty() && !is_ours_or_a_report.iter().any(|p| stem.starts_with(p));
    is_status.then_some((stem, Kind::Status))
}

/// Parts `ID-2026-11-20` before its date; a `d` of the form is a digit.
fn dated<'a>(head: &'a str, form: &str) -> Option<(&'a str, &'a str)> {
    let at = head.len().checked_sub(form.len())?;
    let (id, date) = head.split_at_checked(at)?;
    let fits =
        date.bytes().zip(form.bytes()).all(|(b, f)| if f == b'd' { b.is_ascii_digit() } else { b == f });
    let id = id.strip_suffix('-').filter(|id| !id.is_empty() && fits)?;
    Some((id, date))
}

/// The files of one algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files {
    /// `ID.json`
    pub has_status: bool,
    /// `ID-log.txt`
    pub has_log: bool,
    /// Days of minute files.
    pub minutes: BTreeSet<String>,
    /// Days of ten-minute files.
    pub tens: BTreeSet<String>,
    /// Hours of second files.
    pub seconds: BTreeSet<String>,
    /// Days of order events.
    pub events: BTreeSet<String>,
}

impl Files {
    fn is_dated(&self) -> bool {
        !(self.minutes.is_empty()
            && self.tens.is_empty()
            && self.seconds.is_empty()
            && self.events.is_empty())
    }
}

/// A file's name again.
pub fn name(id: &str, kind: &Kind) -> String {
    match kind {
        Kind::Status => format!("{id}.json"),
        Kind::Minute(day) => format!("{id}-{day}_minute.json"),
        Kind::TenMinute(day) => format!("{id}-{day}_10minute.json"),
        Kind::Second(hour) => format!("{id}-{hour}_second_Strategy%20Equity.json"),
        Kind::Events(day) => format!("{id}-{day}-order-events.json"),
        Kind::Log => format!("{id}-log.txt"),
    }
}

/// What lies in a deployment's folder, by algorithm.
///
/// # Errors
/// What the system says.
pub fn list(folder: &Path) -> std::io::Result<BTreeMap<String, Files>> {
    let mut out: BTreeMap<String, Files> = BTreeMap::new();
    for entry in fs::read_dir(folder)?.take(NAMES_MAX) {
        let name = entry?.file_name();
        let Some((id, kind)) = name.to_str().and_then(classify) else { continue };
        let files = out.entry(id.to_owned()).or_default();
        match kind {
            Kind::Status => files.has_status = true,
            Kind::Log => files.has_log = true,
            Kind::Minute(day) => drop(files.minutes.insert(day)),
            Kind::TenMinute(day) => drop(files.tens.insert(day)),
            Kind::Second(hour) => drop(files.seconds.insert(hour)),
            Kind::Events(day) => drop(files.events.insert(day)),
        }
    }
    Ok(out)
}

/// The algorithm that this folder is about: the one of `config` if it wrote anything, else the one that wrote last. The
/// names of native runs follow LEAN's version (LEAN.md 1.1), so that none is expected.
pub fn choose(folder: &Path, all: &BTreeMap<String, Files>, configured: Option<&str>) -> Option<String> {
    if let Some(id) = configured.map(|id| format!("L-{id}")).filter(|id| all.contains_key(id)) {
        return Some(id);
    }
    let is_any_dated = all.values().any(Files::is_dated);
    // Where nothing has a date yet the status may be there: with the name of a deployment, or beside its log. Else any
    // `*.json` of the engine's own folder would be one.
    let is_named = |id: &str| id.starts_with("L-");
    let may_be = |id: &str, f: &Files| {
        if is_any_dated { f.is_dated() } else { f.has_status && (f.has_log || is_named(id)) }
    };
    let candidates = all.iter().filter(|(id, files)| may_be(id, files)).take(IDS_MAX);
    candidates.max_by_key(|(id, files)| written(folder, id, files)).map(|(id, _)| id.clone())
}

/// When an algorithm wrote last.
fn written(folder: &Path, id: &str, files: &Files) -> Option<i64> {
    let newest = [
        Some(Kind::Status),
        files.minutes.last().cloned().map(Kind::Minute),
        files.tens.last().cloned().map(Kind::TenMinute),
        files.events.last().cloned().map(Kind::Events),
    ];
    let marks = newest.iter().flatten().filter_map(|kind| files::mark(&folder.join(name(id, kind))));
    marks.map(|mark: Mark| mark.modified.as_nanos()).max()
}

/// The folder of the deployment to look at: `results` itself, or the newest in it.
///
/// # Errors
/// A sentence that says what is not there.
pub fn resolve(results: &Path) -> Result<PathBuf, Text> {
    let shown = results.display();
    if !results.is_dir() {
        return Err(Text::clean(&format!("the folder {shown} is not there, or can't be read")));
    }
    let live = Some(results.join("live")).filter(|p| p.is_dir());
    if live.is_none() && is_deployment(results) {
        return Ok(results.to_owned());
    }
    let within = live.as_deref().unwrap_or(results);
    match newest(within) {
        Ok(Some(folder)) => Ok(folder),
        Ok(None) if is_deployment(results) => Ok(results.to_owned()),
        Ok(None) => Err(Text::clean(&format!("there is no deployment in {} yet", within.display()))),
        Err(error) => Err(Text::clean(&format!("{} can't be read: {error}", within.display()))),
    }
}

/// The vendor's rule: the greatest name that has a log; what has another name than a time counts by when its log was
/// written, and only where nothing has such a name (LEAN.md 1.1).
fn newest(live: &Path) -> std::io::Result<Option<PathBuf>> {
    let mut named = BTreeSet::new();
    let mut others = Vec::new();
    for entry in fs::read_dir(live)?.take(NAMES_MAX) {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let is_time = path.file_name().and_then(|n| n.to_str()).is_some_and(is_time);
        if is_time {
            named.insert(path);
        } else {
            others.push(path);
        }
    }
    if let Some(folder) = named.into_iter().rev().find(|p| is_deployment(p)) {
        return Ok(Some(folder));
    }
    let written = |p: &PathBuf| files::mark(&p.join(ENGINE_LOG)).map(|m| m.modified.as_nanos());
    Ok(others.into_iter().filter(|p| is_deployment(p)).max_by_key(written))
}

/// `2026-11-20_07-58-30`
fn is_time(name: &str) -> bool {
    let form = "dddd-dd-dd_dd-dd-dd";
    name.len() == form.len()
        && name.bytes().zip(form.bytes()).all(|(b, f)| if f == b'd' { b.is_ascii_digit() } else { b == f })
}

/// Has LEAN written anything there?
fn is_deployment(folder: &Path) -> bool {
    folder.join(ENGINE_LOG).is_file() || list(folder).is_ok_and(|all| all.values().any(Files::is_dated))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_their_end() {
        let day = || "2026-11-20".to_owned();
        for (name, want) in [
            ("L-3123456789.json", Some(("L-3123456789", Kind::Status))),
            ("L-3-2026-11-20_minute.json", Some(("L-3", Kind::Minute(day())))),
            ("Basic.Algo-2026-11-20_10minute.json", Some(("Basic.Algo", Kind::TenMinute(day())))),
            (
                "L-3-2026-11-20-15_second_Strategy%20Equity.json",
                Some(("L-3", Kind::Second("2026-11-20-15".to_owned()))),
            ),
            ("L-3-2026-11-20-15_second_Benchmark.json", None),
            ("L-3-2026-11-20-order-events.json", Some(("L-3", Kind::Events(day())))),
            ("L-3-log.txt", Some(("L-3", Kind::Log))),
            ("log.txt", None),
            ("-2026-11-20_minute.json", Some(("-2026-11-20_minute", Kind::Status))),
            ("command-1795224074.json", None),
            ("result-command-abc.json", None),
            ("data-monitor-report-1.json", None),
            ("é.json", Some(("é", Kind::Status))),
            ("config", None),
        ] {
            assert_eq!(classify(name), want, "{name}");
            if let Some((id, kind)) = want.filter(|(id, _)| !id.starts_with('-')) {
                assert_eq!(super::name(id, &kind), name);
            }
        }
    }

    #[test]
    fn the_newest_deployment_is_found_from_each_of_three_folders() {
        let project = tempfile::tempdir().unwrap();
        let live = project.path().join("live");
        assert!(resolve(&live).unwrap_err().as_str().contains("is not there"));
        fs::create_dir(&live).unwrap();
        assert!(resolve(project.path()).unwrap_err().as_str().contains("no deployment"));
        for (name, has_log) in [
            ("2026-11-19_09-00-00", true),
            ("2026-11-20_07-58-30", true),
            ("2026-11-21_08-00-00", false),
            ("zzz", true),
        ] {
            fs::create_dir(live.join(name)).unwrap();
            if has_log {
                fs::write(live.join(name).join(ENGINE_LOG), "").unwrap();
            }
        }
        let want = live.join("2026-11-20_07-58-30");
        assert_eq!(resolve(project.path()), Ok(want.clone()));
        assert_eq!(resolve(&live), Ok(want.clone()));
        assert_eq!(resolve(&want), Ok(want));
        fs::write(live.join("2026-11-21_08-00-00").join(ENGINE_LOG), "").unwrap();
        assert_eq!(resolve(&live), Ok(live.join("2026-11-21_08-00-00")));
    }

    #[test]
    fn of_several_algorithms_in_one_folder_the_configured_or_the_last_counts() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, secs: i64| {
            let path = folder.path().join(name);
            fs::write(&path, "{}").unwrap();
            let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(secs).unwrap());
            fs::File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
        };
        write("Launcher.deps.json", 9_000);
        write("A-2026-11-20_minute.json", 1_000);
        write("B-2026-11-19_minute.json", 2_000);
        let all = list(folder.path()).unwrap();
        assert_eq!(choose(folder.path(), &all, None).as_deref(), Some("B"));
        write("L-3-2026-11-18_minute.json", 500);
        let all = list(folder.path()).unwrap();
        assert_eq!(choose(folder.path(), &all, Some("3")).as_deref(), Some("L-3"));
        assert_eq!(choose(folder.path(), &all, Some("4")).as_deref(), Some("B"));
    }
}
