//! A project in a cloud, whose token is looked for when it is first wanted and beside everything else: a program or a
//! keyring that hangs, or holds none, keeps no exit waiting and no dashboard from opening.

use crate::{
    algos::{
        Answer, Source,
        quantconnect::{
            QuantConnect,
            settings::{API, Settings},
        },
    },
    clock::Clock,
    config::{Env, TokenSources},
    domain::{
        algorithm::{Instructed, Instruction, Sighting},
        text::Text,
    },
    transport::tls::Tls,
};
use smol_str::SmolStr;
use std::sync::Arc;
use tokio::sync::{OnceCell, watch};
use url::Url;

/// What it is opened with.
#[derive(Debug, Clone)]
pub(super) struct Project {
    pub(super) api: Option<Url>,
    pub(super) user: String,
    pub(super) project: u64,
    pub(super) organization: Option<String>,
    pub(super) token: TokenSources,
}

/// It, once it is opened, or why it can't be.
#[derive(Debug)]
pub(super) struct Cloud {
    name: SmolStr,
    project: Project,
    env: Env,
    tls: Tls,
    clock: Arc<dyn Clock>,
    opened: OnceCell<Result<QuantConnect, Text>>,
}

impl Cloud {
    pub(super) fn new(name: SmolStr, project: Project, env: &Env, tls: &Tls, clock: Arc<dyn Clock>) -> Self {
        let (env, tls) = (env.clone(), tls.clone());
        Self { name, project, env, tls, clock, opened: OnceCell::new() }
    }

    async fn opened(&self) -> Result<&QuantConnect, &Text> {
        self.opened.get_or_init(|| self.open()).await.as_ref()
    }

    async fn open(&self) -> Result<QuantConnect, Text> {
        let why = |e: &dyn std::fmt::Display| Text::clean(&e.to_string());
        let (name, token, env) = (self.name.clone(), self.project.token.clone(), self.env.clone());
        let found = tokio::task::spawn_blocking(move || token.find(&name, &env)).await;
        let token = found.map_err(|e| why(&e))?.map_err(|e| why(&e))?;
        let api = match &self.project.api {
            Some(api) => api.clone(),
            None => Url::parse(API).map_err(|e| why(&e))?,
        };
        let settings = Settings {
            api,
            user_id: self.project.user.clone(),
            token,
            project: self.project.project,
            organization: self.project.organization.clone(),
        };
        QuantConnect::new(self.name.clone(), settings, &self.tls, Arc::clone(&self.clock))
            .map_err(|e| why(&e))
    }
}

impl Source for Cloud {
    fn name(&self) -> &SmolStr {
        &self.name
    }

    fn watch(&self, seen: watch::Sender<Sighting>) -> Answer<'_, ()> {
        Box::pin(async move {
            match self.opened().await {
                Ok(cloud) => cloud.watch(seen).await,
                Err(why) => {
                    seen.send_replace(Sighting::Lost { why: why.clone(), last: None });
                    seen.closed().await;
                }
            }
        })
    }

    fn instruct(&self, instruction: Instruction) -> Answer<'_, Instructed> {
        Box::pin(async move {
            match self.opened().await {
                Ok(cloud) => cloud.instruct(instruction).await,
                Err(why) => Instructed::NotSent(why.clone()),
            }
        })
    }
}
