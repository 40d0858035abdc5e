//! What every command begins with: the configuration, the open host, and the venues in agreement.

use super::{
    Global,
    report::{Code, Failure, Report, say},
    rows,
};
use crate::{
    config::{self, ConfigError, CredentialError, Env, Flags, state_dir},
    desk::{
        Snapshot,
        protocol::{Hello, Kind, VERSION},
    },
    domain::ids::VenueId,
    runtime::{AttachError, Client, Deck, Host, Opening, Role, attach},
};
use clap::Args;
use serde_json::Value;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// How long a venue may take until the book agrees with it: one that may be asked once in five seconds needs ten at best.
pub(super) const AGREE: Duration = Duration::from_secs(25);
/// How long the engine may take to answer.
pub(super) const ANSWER: Duration = Duration::from_secs(10);

/// A venue to look at.
#[derive(Debug, Args)]
pub(super) struct At {
    /// Only this venue.
    #[arg(value_name = "VENUE")]
    pub(super) at: Option<String>,
}

/// What this run was given.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) flags: Flags,
    pub(super) env: Env,
    pub(super) json: bool,
    live: Option<String>,
    looks: bool,
}

impl Context {
    pub(super) fn of(global: Global) -> Self {
        let Global { config, state, venue, theme, ascii, json, live, read_only } = global;
        let flags = Flags { config, state, venue, theme, ascii };
        Self { flags, env: Env::from_process(), json, live, looks: read_only }
    }

    /// The configuration of this run.
    pub(super) fn config(&self) -> Result<config::Config, Failure> {
        config::load(&self.flags, &self.env).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Failure::usage(lines.join("\n"))
        })
    }

    /// Where this run keeps its state.
    pub(super) fn state(&self) -> Result<PathBuf, Failure> {
        state_dir(&self.config()?, &self.env).map_err(Failure::usage)
    }

    /// What the host is opened with.
    pub(super) fn opening(&self, config: config::Config, role: Role) -> Opening {
        Opening {
            config,
            env: self.env.clone(),
            flags: self.flags.clone(),
            role,
            live: self.live.as_deref().map(Into::into),
            looks: self.looks && role == Role::Screen,
        }
    }

    /// Opens an engine of this process.
    fn own(&self, config: config::Config, role: Role) -> Result<Client, Failure> {
        let host = Host::open(self.opening(config, role)).map_err(opening_failed)?;
        Ok(Client::over(Deck::Own(host))?)
    }

    /// The engine of this profile, where one runs in another process.
    pub(super) fn attach(&self, config: &config::Config) -> Result<Option<Client>, AttachFailure> {
        let state = state_dir(config, &self.env).map_err(|why| AttachFailure::Other(Failure::usage(why)))?;
        let hello = Hello {
            tradedeck: VERSION,
            program: env!("CARGO_PKG_VERSION").into(),
            kind: Kind::Shell,
            looks: self.looks,
            live: self.live.as_deref().map(Into::into),
        };
        match attach::attach(&state, &hello) {
            Ok(None) => Ok(None),
            Ok(Some(attachment)) => {
                let other = |why| AttachFailure::Other(Failure::from(why));
                let mut client = Client::over(Deck::Attached(attachment)).map_err(other)?;
                let shown = client.wait_for(attach::GREETS_WITHIN, |s| s.seq > 0).map_err(other)?;
                shown.map(|_| Some(client)).ok_or(AttachFailure::Silent)
            }
            Err(AttachError::Silent) => Err(AttachFailure::Silent),
            Err(why @ (AttachError::Refused(_) | AttachError::Broken { .. })) => {
                Err(AttachFailure::Other(Failure::failed(why)))
            }
        }
    }

    /// The venue that a command names, or that `--venue` does.
    pub(super) fn venue(
        &self,
        config: &config::Config,
        named: Option<&str>,
    ) -> Result<Option<VenueId>, Failure> {
        let Some(name) = named.or(self.flags.venue.as_deref()) else { return Ok(None) };
        let known = VenueId::new(name).ok().filter(|v| config.venue(v).is_some());
        let Some(venue) = known else {
            let names: Vec<&str> = config.venues.iter().map(|v| v.name.as_str()).collect();
            return Err(Failure::usage(format!(
                "there is no venue {name:?}; the venues are {}",
                names.join(", ")
            )));
        };
        Ok(Some(venue))
    }

    /// Opens, looks, closes. What was seen counts; how the closing went is only told.
    pub(super) fn with_client(
        &self,
        config: config::Config,
        run: impl FnOnce(&mut Client) -> Result<Report, Failure>,
    ) -> Result<Report, Failure> {
        self.with_client_as(Role::Shell, WithoutEngine::GoesOn, config, run)
    }

    /// The same in a role of its own. The engine that runs is used; one that does not answer is gone round where that
    /// is safe.
    pub(super) fn with_client_as(
        &self,
        role: Role,
        without: WithoutEngine,
        config: config::Config,
        run: impl FnOnce(&mut Client) -> Result<Report, Failure>,
    ) -> Result<Report, Failure> {
        let client = match self.attach(&config) {
            Ok(Some(client)) => client,
            Ok(None) => self.own(config, role)?,
            Err(AttachFailure::Silent) if without == WithoutEngine::GoesOn => {
                say(&format!(
                    "tradedeck: {}; going on over connections of this program's own",
                    AttachError::Silent
                ));
                self.own(config, role)?
            }
            Err(AttachFailure::Silent) => {
                return Err(Failure::failed(format!(
                    "{}, and what opens risk goes through it alone: nothing was sent; `flatten`, `halt`, `close`, \
                     `cancel`, `lock` and `status` go without it",
                    AttachError::Silent
                )));
            }
            Err(AttachFailure::Other(failure)) => return Err(failure),
        };
        Self::finish(client, run)
    }

    /// The same over connections of this program's own, whatever else runs: to try the venues.
    pub(super) fn with_own(
        &self,
        config: config::Config,
        run: impl FnOnce(&mut Client) -> Result<Report, Failure>,
    ) -> Result<Report, Failure> {
        Self::finish(self.own(config, Role::Shell)?, run)
    }

    fn finish(
        mut client: Client,
        run: impl FnOnce(&mut Client) -> Result<Report, Failure>,
    ) -> Result<Report, Failure> {
        let done = run(&mut client);
        if let Err(why) = client.close() {
            say(&format!("tradedeck: at the end: {why:#}"));
        }
        done
    }
}

/// What becomes of a command while the engine that runs does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WithoutEngine {
    /// It goes over connections of its own: it looks, or takes risk away.
    GoesOn,
    /// It is refused: two runs that open risk at once would not know of each other.
    Refused,
}

/// Why a running engine is not used.
#[derive(Debug)]
pub(super) enum AttachFailure {
    /// It does not answer.
    Silent,
    /// Something else, in one sentence.
    Other(Failure),
}

/// Why it could not be opened: what was configured wrongly is the user's to mend.
pub(super) fn opening_failed(why: anyhow::Error) -> Failure {
    let given = why.is::<ConfigError>() || why.is::<CredentialError>();
    if given { Failure::usage(format!("{why:#}")) } else { Failure::from(why) }
}

/// Is this the venue, or is any?
pub(super) fn is_at(wanted: Option<&VenueId>, venue: &VenueId) -> bool {
    wanted.is_none_or(|w| w == venue)
}

fn agrees(snapshot: &Snapshot, venue: Option<&VenueId>) -> bool {
    let mut lamps = snapshot.banner.lamps.iter().filter(|l| is_at(venue, &l.venue)).peekable();
    lamps.peek().is_some() && lamps.all(|l| l.connected)
}

/// Waits until the book agrees with the venue (or with all of them).
///
/// # Errors
/// One sentence with what is missing.
pub(super) fn agreed(client: &mut Client, venue: Option<&VenueId>) -> Result<Arc<Snapshot>, Failure> {
    match client.wait_for(AGREE, |s| agrees(s, venue))? {
        Some(snapshot) => Ok(snapshot),
        None => Err(Failure::failed(missing(&client.snapshot(), venue))),
    }
}

/// What keeps a venue from agreeing, in words.
pub(super) fn missing(snapshot: &Snapshot, venue: Option<&VenueId>) -> String {
    let mut words = Vec::new();
    for lamp in snapshot.banner.lamps.iter().filter(|l| is_at(venue, &l.venue) && !l.connected) {
        let row = snapshot.health.iter().find(|h| h.venue == lamp.venue);
        let state = row.map_or("UNPROVEN", |r| r.state.as_str());
        let links: Vec<String> =
            row.into_iter().flat_map(|r| &r.channels).map(|c| format!("{} {}", c.name, c.state)).collect();
        let error = row.and_then(|r| r.last_error.as_ref()).map_or("no answer yet", |e| e.as_str());
        words.push(format!("{} is {state} ({}): {error}", lamp.venue, links.join(", ")));
    }
    if words.is_empty() {
        words.push("the engine has not said anything".to_owned());
    }
    format!("no agreement with the venue within {} s: {}", AGREE.as_secs(), words.join("; "))
}

/// Looks: the rows of the agreed book. Where there is no agreement the rows are what was last known, and the note
/// and the exit code say so.
pub(super) fn look(
    context: &Context,
    at: Option<&str>,
    show: impl FnOnce(&Snapshot, Option<&VenueId>) -> (&'static str, Value, String),
) -> Result<Report, Failure> {
    let config = context.config()?;
    let venue = context.venue(&config, at)?;
    context.with_client(config, |client| {
        let (snapshot, note) = match agreed(client, venue.as_ref()) {
            Ok(_) => (with_figures(client)?, None),
            Err(failure) => (client.snapshot(), Some(format!("STALE, as last known: {}", failure.text))),
        };
        let (name, rows, text) = show(&snapshot, venue.as_ref());
        let mut document = rows::object([
            ("at", Value::from(snapshot.at.wall.to_rfc3339())),
            ("venues", rows::document(&snapshot.banner.lamps, snapshot.at)),
            ("stale", Value::from(note.is_some())),
            (name, rows),
        ]);
        let code = if note.is_some() { Code::Failed } else { Code::Done };
        let faults = faults(client, venue.as_ref());
        let note = note.into_iter().chain(faults.clone()).reduce(|a, b| format!("{a}\n{b}"));
        if let (Some(faults), Some(document)) = (faults, document.as_object_mut()) {
            document.insert("faults".to_owned(), Value::from(faults));
        }
        Ok(Report { code, document, text, note })
    })
}

/// What is to be said of venues that make faults on purpose.
fn faults(client: &Client, venue: Option<&VenueId>) -> Option<String> {
    let told = client.deck().faults().iter().filter(|(at, _)| is_at(venue, at));
    told.map(|(_, text)| text.to_string()).reduce(|a, b| format!("{a}\n{b}"))
}

/// Positions want a mark: gives the streams a moment to tell it.
fn with_figures(client: &mut Client) -> Result<Arc<Snapshot>, Failure> {
    let moment = Duration::from_secs(3);
    let marked = client.wait_for(moment, |s| s.positions.iter().all(|p| p.updated.is_some() && !p.stale))?;
    Ok(marked.unwrap_or_else(|| client.snapshot()))
}
