//! `[algorithms.NAME]`: a program that trades by itself, how it is seen, told from others, and held.

use super::{
    read::{Section, number_text, path, safe},
    token::TokenSources,
    venue::VenueConfig,
};
use crate::domain::{
    algorithm::{Bounds, Response},
    ids::VenueId,
    money::{Money, parse_decimal},
};
use rust_decimal::Decimal;
use smol_str::SmolStr;
use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};
use url::Url;

/// The longest name of an algorithm, in characters.
const NAME_CHARS_MAX: usize = 32;
/// The longest prefix or tag, in characters.
const MARK_CHARS_MAX: usize = 48;
/// A day.
const HEARTBEAT_S_MAX: u64 = 86_400;
/// LEAN writes its results once a minute.
const LEAN_HEARTBEAT_S: u64 = 180;
/// The cloud shows what is up to ten minutes old.
const CLOUD_HEARTBEAT_S: u64 = 1_800;
/// Orders that anyone could count in a minute.
const ORDERS_MAX: u64 = 100_000;

/// How what LEAN is told reaches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeanCommands {
    /// Not at all: it is only watched.
    None,
    /// By files in this directory, in which the engine runs.
    Folder(PathBuf),
    /// By files in the container that the deployment names, through this program.
    Container(PathBuf),
}

/// By what a program of one's own shows that it is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beat {
    /// Its orders.
    Orders,
    /// A file that it writes to.
    File(PathBuf),
    /// An address that answers.
    Url(Url),
    /// The process whose number stands in this file.
    Process(PathBuf),
}

/// Where an algorithm is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlgorithmKind {
    /// LEAN on this computer.
    Lean {
        /// The folder of its results, or one that holds several.
        results: PathBuf,
        /// How it is told something.
        commands: LeanCommands,
        /// Where it streams.
        stream: Option<SocketAddr>,
    },
    /// A project of QuantConnect's cloud.
    QuantConnect {
        /// Where it is asked, where that is not QuantConnect's own address.
        api: Option<Url>,
        /// Who asks.
        user: String,
        /// Which project.
        project: u64,
        /// Whose, for broadcasts.
        organization: Option<String>,
        /// Where its token is.
        token: TokenSources,
    },
    /// Any program that trades on one of the accounts.
    Program(Beat),
}

impl AlgorithmKind {
    /// How long what it holds may take to show, in milliseconds: LEAN writes once a minute and ten seconds after a fill,
    /// the cloud shows what is ten minutes old, and of a program on an account the venue tells.
    pub const fn shown_ms(&self) -> u64 {
        match self {
            Self::Lean { .. } => 150_000,
            Self::QuantConnect { .. } => 900_000,
            Self::Program(_) => 0,
        }
    }
}

/// One algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlgorithmConfig {
    /// Its name.
    pub name: SmolStr,
    /// Where it is seen.
    pub kind: AlgorithmKind,
    /// The venue that it trades at, where that is one of these.
    pub venue: Option<VenueId>,
    /// What its client ids begin with, any of these.
    pub prefixes: Vec<SmolStr>,
    /// What stands on its orders, any of these.
    pub tags: Vec<SmolStr>,
    /// By which way the venue says that they came, any of these words.
    pub sources: Vec<SmolStr>,
    /// After so long without a sign of life it is silent, in seconds; 0 is never.
    pub heartbeat_s: u64,
    /// What it may do before something is done about it.
    pub bounds: Bounds,
}

pub(super) fn read(all: &Section<'_>, venues: &[VenueConfig], home: Option<&Path>) -> Vec<AlgorithmConfig> {
    let mut to = Vec::new();
    for (name, at, value) in all.entries() {
        let good = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if !good || name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            let expected = format!("write up to {NAME_CHARS_MAX} letters, digits, `-`, `_` and `.`");
            all.reading().fail(at, format!("`{}` can't name an algorithm: {expected}", safe(name)));
            continue;
        }
        to.extend(one(name.into(), &all.entry(name, value), venues, home));
    }
    to
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Lean,
    QuantConnect,
    Program,
}

fn one(
    name: SmolStr,
    s: &Section<'_>,
    venues: &[VenueConfig],
    home: Option<&Path>,
) -> Option<AlgorithmConfig> {
    let mut word = None;
    s.text("kind", &mut word, |t| {
        let words = [("lean", Word::Lean), ("quantconnect", Word::QuantConnect), ("program", Word::Program)];
        super::read::word(t, &words).map(Some)
    });
    let venue = venue(s, venues);
    let (prefixes, tags, sources) = (marks(s, "prefixes"), marks(s, "tags"), marks(s, "sources"));
    let is_marked = !prefixes.is_empty() || !tags.is_empty() || !sources.is_empty();
    let its = venue.as_ref().and_then(|name| venues.iter().find(|v| v.name == *name));
    let (lean, cloud, beat) = (lean(s, home), cloud(s, home), beat(s, home));
    let mut heartbeat_s = match word {
        Some(Word::Lean) => LEAN_HEARTBEAT_S,
        Some(Word::QuantConnect) => CLOUD_HEARTBEAT_S,
        // Orders come when they come: that there are none for a while is no silence unless somebody says so.
        Some(Word::Program) if beat != Beat::Orders => its.map_or(0, |v| v.rules.heartbeat.seconds),
        Some(Word::Program) | None => 0,
    };
    s.whole("heartbeat_seconds", 0..=HEARTBEAT_S_MAX, &mut heartbeat_s);
    let bounds = bounds(s);
    s.finish();
    let fail = |problem: &str| s.reading().fail(s.start(), format!("[{}] {problem}", s.name()));
    if is_marked && venue.is_none() {
        fail("says by what its orders are known, but not where: write `venue`");
    }
    if let Some(v) = its.filter(|v| !sources.is_empty() && !v.kind.tells_source()) {
        fail(&format!(
            "has `sources`, and {} does not say by which way an order came: write `prefixes`",
            v.kind.title()
        ));
    }
    let kind = match (word, lean) {
        (Some(Word::QuantConnect), _) => match cloud {
            Some(kind) => kind,
            None => {
                fail(
                    "is in QuantConnect's cloud: write `user` (your number there) and `project` (its number)",
                );
                return None;
            }
        },
        (None, _) => {
            if !s.has("kind") {
                fail("does not say what it is: write `kind = \"lean\"` or `kind = \"program\"`");
            }
            return None;
        }
        (Some(Word::Lean), Some(kind)) => kind,
        (Some(Word::Lean), None) => {
            fail("does not say where its results are: write `results`, the folder that LEAN writes to");
            return None;
        }
        (Some(Word::Program), None) => {
            if venue.is_none() || !is_marked {
                fail(
                    "is a program on an account: write `venue`, and `prefixes`, `tags` or `sources` of its orders",
                );
                return None;
            }
            AlgorithmKind::Program(beat)
        }
        (Some(Word::Program), Some(_)) => {
            fail("is a program, and `results`, `commands`, `container` and `stream` are LEAN's");
            return None;
        }
    };
    Some(AlgorithmConfig { name, kind, venue, prefixes, tags, sources, heartbeat_s, bounds })
}

fn venue(s: &Section<'_>, venues: &[VenueConfig]) -> Option<VenueId> {
    let mut venue = None;
    s.text("venue", &mut venue, |t| {
        let found = venues.iter().find(|v| v.name.as_str() == t).map(|v| Some(v.name.clone()));
        found.ok_or_else(|| {
            let names: Vec<&str> = venues.iter().map(|v| v.name.as_str()).collect();
            format!("the venues are {}", names.join(", "))
        })
    });
    venue
}

fn marks(s: &Section<'_>, key: &'static str) -> Vec<SmolStr> {
    let mut marks = Vec::new();
    s.list(key, &mut marks, |t| {
        let good =
            !t.is_empty() && t.chars().count() <= MARK_CHARS_MAX && t.chars().all(|c| c.is_ascii_graphic());
        let expected = || format!("write 1 to {MARK_CHARS_MAX} characters without spaces");
        if good { Ok(SmolStr::new(t)) } else { Err(expected()) }
    });
    marks
}

fn lean(s: &Section<'_>, home: Option<&Path>) -> Option<AlgorithmKind> {
    let (mut results, mut folder, mut container) = (None, None, None);
    let mut stream: Option<SocketAddr> = None;
    s.text("results", &mut results, |t| path(t, home).map(Some));
    s.text("commands", &mut folder, |t| path(t, home).map(Some));
    s.text("container", &mut container, |t| match t {
        "" => Err("write the program that reaches into containers, such as \"docker\"".to_owned()),
        program => Ok(Some(PathBuf::from(program))),
    });
    s.text("stream", &mut stream, |t| {
        let at: Option<SocketAddr> = t.parse().ok();
        let expected =
            "write an address on this computer, such as \"127.0.0.1:5678\": LEAN's stream is not protected";
        at.filter(|a| a.ip().is_loopback()).map(Some).ok_or_else(|| expected.to_owned())
    });
    if folder.is_some() && container.is_some() {
        let problem = format!("[{}] has `commands` and `container`: one of them reaches LEAN", s.name());
        s.reading().fail(s.start(), problem);
    }
    if results.is_none() && (folder.is_some() || container.is_some() || stream.is_some()) {
        let problem = format!("[{}] does not say where LEAN's `results` are", s.name());
        s.reading().fail(s.start(), problem);
    }
    let commands = match (folder, container) {
        (Some(folder), _) => LeanCommands::Folder(folder),
        (None, Some(program)) => LeanCommands::Container(program),
        (None, None) => LeanCommands::None,
    };
    results.map(|results| AlgorithmKind::Lean { results, commands, stream })
}

fn cloud(s: &Section<'_>, home: Option<&Path>) -> Option<AlgorithmKind> {
    let (mut user, mut organization): (Option<String>, Option<String>) = (None, None);
    let mut api: Option<Url> = None;
    let mut project = 0;
    let plain = |t: &str| {
        let good = !t.is_empty() && t.len() <= MARK_CHARS_MAX && t.bytes().all(|b| b.is_ascii_alphanumeric());
        if good { Ok(Some(t.to_owned())) } else { Err("write its letters and digits".to_owned()) }
    };
    s.text("user", &mut user, plain);
    s.text("organization", &mut organization, plain);
    s.whole("project", 1..=u64::from(u32::MAX), &mut project);
    s.text("api_url", &mut api, |t| {
        let url = Url::parse(t).ok().filter(|u| u.scheme() == "https" || is_here(u));
        url.map(Some).ok_or_else(|| {
            "write an address that begins with https://; http only reaches this computer".to_owned()
        })
    });
    let token = TokenSources::read(s, home);
    let user = user.filter(|_| project > 0)?;
    Some(AlgorithmKind::QuantConnect { api, user, project, organization, token })
}

pub(super) fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "http" && (host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()))
}

fn beat(s: &Section<'_>, home: Option<&Path>) -> Beat {
    let (mut file, mut process) = (None, None);
    let mut url: Option<Url> = None;
    s.text("beat_file", &mut file, |t| path(t, home).map(Some));
    s.text("beat_process", &mut process, |t| path(t, home).map(Some));
    s.text("beat_url", &mut url, |t| {
        let url = Url::parse(t).ok().filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
        url.map(Some).ok_or_else(|| "write an address, such as \"http://127.0.0.1:9000/alive\"".to_owned())
    });
    let given = [file.is_some(), process.is_some(), url.is_some()].iter().filter(|is| **is).count();
    if given > 1 {
        let problem = format!(
            "[{}] has several of `beat_file`, `beat_url` and `beat_process`: one is enough",
            s.name()
        );
        s.reading().fail(s.start(), problem);
    }
    match (file, url, process) {
        (Some(file), ..) => Beat::File(file),
        (None, Some(url), _) => Beat::Url(url),
        (None, None, Some(process)) => Beat::Process(process),
        (None, None, None) => Beat::Orders,
    }
}

fn bounds(s: &Section<'_>) -> Bounds {
    let mut bounds = Bounds::default();
    s.read("day_loss", &mut bounds.day_loss, |v| {
        let amount = number_text(v).and_then(|t| parse_decimal(t).ok()).filter(|d| *d > Decimal::ZERO);
        amount.map(|d| Some(Money::new(d))).ok_or_else(|| "write an amount of money above zero".to_owned())
    });
    let mut orders = 0;
    s.whole("orders_per_minute", 1..=ORDERS_MAX, &mut orders);
    bounds.orders_per_minute = u32::try_from(orders).ok().filter(|n| *n > 0);
    s.word(
        "response",
        &[("alert", Response::Alert), ("pause", Response::Pause), ("liquidate", Response::Liquidate)],
        &mut bounds.response,
    );
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read(text: &str) -> Result<Config, String> {
        let paper = "[venues.paper]\nkind = \"paper\"\n";
        Config::parse(Path::new("/c.toml"), &format!("{paper}{text}"))
            .map_err(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn a_folder_of_lean_and_a_program_on_an_account() {
        let config = read(
            "[algorithms.swing]\nkind = \"lean\"\nresults = \"/lean/live\"\ncommands = \"/lean/bin\"\n\
             stream = \"127.0.0.1:5678\"\n\
             [algorithms.bot]\nkind = \"program\"\nvenue = \"paper\"\nprefixes = [\"bot-\"]\n\
             beat_file = \"/run/bot\"\nheartbeat_seconds = 30\nday_loss = 500\norders_per_minute = 20\n\
             response = \"pause\"\n",
        )
        .unwrap();
        let [bot, swing] = config.algorithms.as_slice() else { panic!("{:?}", config.algorithms) };
        assert_eq!(bot.kind, AlgorithmKind::Program(Beat::File("/run/bot".into())));
        assert_eq!((bot.heartbeat_s, bot.bounds.orders_per_minute), (30, Some(20)));
        let heartbeat = |rest: &str| {
            let text =
                format!("[algorithms.a]\nkind = \"program\"\nvenue = \"paper\"\nsources = [\"x\"]\n{rest}");
            let config = read(&text).unwrap();
            assert_eq!(config.algorithms[0].sources, ["x"]);
            config.algorithms[0].heartbeat_s
        };
        assert_eq!((heartbeat(""), heartbeat("beat_file = \"/a\"\n")), (0, 60), "orders come when they come");
        assert_eq!(heartbeat("beat_file = \"/a\"\nheartbeat_seconds = 0\n"), 0);
        assert_eq!(bot.bounds.response, Response::Pause);
        let AlgorithmKind::Lean { commands, stream, .. } = &swing.kind else { panic!("{swing:?}") };
        assert_eq!(*commands, LeanCommands::Folder("/lean/bin".into()));
        assert_eq!((stream.unwrap().port(), swing.heartbeat_s), (5_678, 180));
    }

    #[test]
    fn mistakes_are_named_with_what_would_be_right() {
        for (text, words) in [
            ("[algorithms.a]\nresults = \"/x\"\n", "does not say what it is: write `kind = \"lean\"`"),
            ("[algorithms.a]\nkind = \"lean\"\n", "write `results`"),
            ("[algorithms.a]\nkind = \"quantconnect\"\nuser = \"1\"\n", "`project` (its number)"),
            (
                "[algorithms.a]\nkind = \"quantconnect\"\nuser = \"1\"\nproject = 2\napi_url = \"http://x.com\"\n",
                "only reaches this computer",
            ),
            ("[algorithms.a]\nkind = \"program\"\n", "write `venue`, and `prefixes`, `tags` or `sources`"),
            (
                "[algorithms.a]\nkind = \"program\"\nvenue = \"alpaca\"\ntags = [\"a\"]\n",
                "the venues are paper",
            ),
            (
                "[algorithms.a]\nkind = \"lean\"\nresults = \"/x\"\nprefixes = [\"a\"]\n",
                "but not where: write `venue`",
            ),
            (
                "[algorithms.a]\nkind = \"lean\"\nresults = \"/x\"\nstream = \"8.8.8.8:1\"\n",
                "on this computer",
            ),
            ("[algorithms.a]\nkind = \"lean\"\nresults = \"x\"\n", "write a whole path"),
            ("[algorithms.\"a b\"]\nkind = \"lean\"\n", "can't name an algorithm"),
            ("[algorithms.a]\nkind = \"lean\"\nresult = \"/x\"\n", "did you mean `results`?"),
            (
                "[algorithms.a]\nkind = \"lean\"\nresults = \"/x\"\ncommands = \"/y\"\ncontainer = \"docker\"\n",
                "one of them reaches LEAN",
            ),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
