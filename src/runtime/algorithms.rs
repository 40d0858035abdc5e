//! The algorithms of the configuration: how the engine is set up with each, and the source that it is seen by.

use super::cloud::{Cloud, Project};
use crate::{
    algos::{
        Source,
        lean::{
            Lean,
            settings::{Commands, Settings},
        },
        program::Program,
    },
    clock::Clock,
    config::{AlgorithmConfig, AlgorithmKind, Beat, Env, LeanCommands},
    domain::algorithm::{Claim, Sighting},
    engine::{AlgorithmSetup, Input},
    transport::tls::Tls,
};
use anyhow::Context as _;
use smol_str::SmolStr;
use std::{collections::BTreeMap, sync::Arc};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

/// The sources by the names of their algorithms. One that is known by its orders alone has none.
pub(super) type Sources = BTreeMap<SmolStr, Arc<dyn Source>>;

/// As the engine is set up with one.
pub(super) fn setup(config: &AlgorithmConfig) -> AlgorithmSetup {
    let is_marked = !config.prefixes.is_empty() || !config.tags.is_empty() || !config.sources.is_empty();
    let claim = config.venue.clone().filter(|_| is_marked).map(|venue| Claim {
        name: config.name.clone(),
        venue,
        prefixes: config.prefixes.clone(),
        tags: config.tags.clone(),
        sources: config.sources.clone(),
    });
    let (source, takes, lives_by_orders) = match &config.kind {
        AlgorithmKind::Lean { commands, .. } => ("LEAN", *commands != LeanCommands::None, false),
        AlgorithmKind::QuantConnect { .. } => ("QuantConnect", true, false),
        AlgorithmKind::Program(beat) => ("program", false, *beat == Beat::Orders),
    };
    AlgorithmSetup {
        name: config.name.clone(),
        source: SmolStr::new_static(source),
        claim,
        venue: config.venue.clone(),
        takes,
        lives_by_orders,
        heartbeat_s: config.heartbeat_s,
        shown_ms: config.kind.shown_ms(),
        bounds: config.bounds.clone(),
    }
}

/// Opens what they are seen by.
pub(super) fn open(
    configs: &[AlgorithmConfig],
    env: &Env,
    tls: &Tls,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Sources> {
    let mut sources = Sources::new();
    for config in configs {
        let (name, clock) = (config.name.clone(), Arc::clone(clock));
        let source: Arc<dyn Source> = match &config.kind {
            AlgorithmKind::Program(Beat::Orders) => continue,
            AlgorithmKind::Program(Beat::File(path)) => Arc::new(Program::writing(name, path.clone(), clock)),
            AlgorithmKind::Program(Beat::Process(path)) => {
                Arc::new(Program::running(name, path.clone(), clock))
            }
            AlgorithmKind::Program(Beat::Url(url)) => {
                let opened = Program::answering(name, url, tls, clock);
                Arc::new(opened.with_context(|| format!("algorithm `{}`", config.name))?)
            }
            AlgorithmKind::QuantConnect { api, user, project, organization, token } => {
                let project = Project {
                    api: api.clone(),
                    user: user.clone(),
                    project: *project,
                    organization: organization.clone(),
                    token: token.clone(),
                };
                Arc::new(Cloud::new(name, project, env, tls, clock))
            }
            AlgorithmKind::Lean { results, commands, stream } => {
                let commands = match commands {
                    LeanCommands::None => Commands::ReadOnly,
                    LeanCommands::Folder(folder) => Commands::Folder(folder.clone()),
                    LeanCommands::Container(docker) => Commands::Container { docker: docker.clone() },
                };
                let settings = Settings { results: results.clone(), commands, stream: *stream };
                let opened = Lean::new(name, settings, clock);
                Arc::new(opened.with_context(|| format!("algorithm `{}`", config.name))?)
            }
        };
        sources.insert(config.name.clone(), source);
    }
    Ok(sources)
}

/// Starts to watch them. Of what each shows the newest goes to the engine, as fast as it takes that.
pub(super) fn watch_all(sources: &Sources, to: &mpsc::Sender<Input>, tasks: &mut JoinSet<()>) {
    for (name, source) in sources {
        let (seen, mut shown) = watch::channel(Sighting::Waiting);
        let source = Arc::clone(source);
        tasks.spawn(async move { source.watch(seen).await });
        let (name, to) = (name.clone(), to.clone());
        tasks.spawn(async move {
            while shown.changed().await.is_ok() {
                let sighting = shown.borrow_and_update().clone();
                if to.send(Input::Sighted { algorithm: name.clone(), sighting }).await.is_err() {
                    return;
                }
            }
        });
    }
}
