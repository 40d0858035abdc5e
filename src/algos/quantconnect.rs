//! QuantConnect's cloud: an algorithm that is deployed live there, watched and asked over its API, version 2. The facts
//! are in LEAN.md, section 3. It is slow by nature: what it holds is shown as old as the vendor says that it may be.

mod ask;
pub mod auth;
pub mod command;
pub mod insights;
pub mod poll;
pub mod request;
pub mod seen;
pub mod settings;
pub mod trouble;
mod wire;

use self::{
    auth::Auth,
    poll::Poll,
    request::Request,
    seen::{Kind, Seen},
    settings::{Error, Settings, Timing},
    trouble::Trouble,
};
use super::{Answer, Source, publish};
use crate::{
    clock::Clock,
    domain::{
        algorithm::{Instructed, Instruction, Sighting},
        text::Text,
        time::Now,
    },
    transport::{
        dice,
        rest::{self, Options, Rest, Sent},
        tls::Tls,
    },
};
use smol_str::SmolStr;
use std::{sync::Arc, time::Duration};
use tokio::sync::{Notify, watch};

/// The live deployment of one project.
#[derive(Debug)]
pub struct QuantConnect {
    name: SmolStr,
    timing: Timing,
    cloud: Cloud,
    /// Something was asked of it: what comes of that is looked for soon.
    asked: Arc<Notify>,
}

/// The way to the API. Clones share their connections.
#[derive(Debug, Clone)]
struct Cloud {
    rest: Rest,
    auth: Auth,
    project: u64,
    organization: Option<String>,
    clock: Arc<dyn Clock>,
}

impl QuantConnect {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// When the settings can't be used.
    pub fn new(name: SmolStr, settings: Settings, tls: &Tls, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        settings.check()?;
        let timing = Timing::default();
        let options =
            Options { connect_timeout: Duration::from_secs(5), deadline: timing.read, ..Options::default() };
        let cloud = Cloud {
            rest: Rest::new(settings.api, tls, options, Arc::clone(&clock))?,
            auth: Auth::new(settings.user_id, settings.token),
            project: settings.project,
            organization: settings.organization,
            clock,
        };
        Ok(Self { name, timing, cloud, asked: Arc::default() })
    }

    /// With other times than the usual.
    #[must_use]
    pub const fn with_timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    async fn ask(&self, asked: Result<ask::Asked, Text>) -> Instructed {
        let asked = match asked {
            Ok(asked) => asked,
            Err(why) => return Instructed::NotSent(why),
        };
        let (cloud, limit, nudge) = (self.cloud.clone(), self.timing.ask, Arc::clone(&self.asked));
        // By itself, and on a connection of its own where a read has the other: whoever waits may go, and what is half
        // sent would be unknown for ever.
        let sent = tokio::spawn(async move {
            let came = ask::send(&cloud, asked, limit).await;
            nudge.notify_one();
            came
        });
        match sent.await {
            Ok(came) => came,
            Err(error) => Instructed::Unknown(Text::clean(&format!("asking died: {error}"))),
        }
    }

    async fn watch_all(&self, seen: watch::Sender<Sighting>) {
        let mut known = Seen::default();
        let mut poll = Poll::new(self.timing, self.cloud.clock.now().mono);
        loop {
            let (kind, due) = poll.next(!known.deployment().is_empty());
            let wait = due.since_ms(self.cloud.clock.now().mono);
            tokio::select! {
                () = seen.closed() => return,
                () = self.asked.notified() => {
                    poll.hurry(self.cloud.clock.now().mono);
                    continue;
                }
                () = tokio::time::sleep(Duration::from_millis(wait)) => {}
            }
            let asked = self.cloud.clock.now();
            poll.asks(kind, asked.mono);
            let came = tokio::select! {
                () = seen.closed() => return,
                came = self.read(kind, &known, asked) => came,
            };
            let now = self.cloud.clock.now().mono;
            let took = came.and_then(|answer| {
                let text = trouble::judge(&answer, &self.cloud.auth)?;
                known.take(kind, text, answer.at.wall, self.timing.delay_ms)
            });
            match took {
                Ok(took) => poll.took(kind, took, now),
                Err(trouble) => {
                    tracing::debug!(%trouble, ?kind, "the cloud gave no figures");
                    known.fail(kind, &trouble);
                    poll.failed(kind, &trouble, now, dice());
                }
            }
            // Not while it is borrowed: telling waits for that.
            let before = seen.borrow().clone();
            publish(&seen, sighting(&known, &before));
        }
    }

    async fn read(&self, kind: Kind, known: &Seen, now: Now) -> Result<rest::Answer, Trouble> {
        let project = self.cloud.project;
        let request = match kind {
            Kind::Status => Ok(request::status(project)),
            Kind::Portfolio => request::portfolio(project),
            Kind::Orders => request::orders(project, known.page()),
            Kind::Log => request::log(project, known.deployment().as_str(), known.next_line()),
            Kind::Chart => request::chart(project, now.wall),
            Kind::List => request::list(project),
            Kind::Insights => {
                request::insights(project, known.deployment().as_str(), known.insights().next())
            }
        };
        let unsent = |why: &Text| Trouble::Unreachable(why.as_str().to_owned());
        match self.cloud.send(request.map_err(|why| unsent(&why))?, self.timing.read).await {
            Sent::Answered(answer) => Ok(answer),
            Sent::NotSent { why } | Sent::Unanswered { why } => Err(unsent(&why)),
        }
    }
}

impl Cloud {
    /// Once, with a hash of this moment.
    async fn send(&self, request: Request, limit: Duration) -> Sent {
        match self.auth.stamp(request.call(limit), self.clock.now().wall) {
            Ok(call) => self.rest.send(call).await,
            Err(error) => Sent::NotSent { why: Text::clean(&error.to_string()) },
        }
    }
}

/// What there is to tell, after what was told last.
fn sighting(known: &Seen, before: &Sighting) -> Option<Sighting> {
    let last = match before {
        Sighting::Waiting => None,
        Sighting::Seen(observation) => Some(Arc::clone(observation)),
        Sighting::Lost { last, .. } => last.clone(),
    };
    match (known.lost(), known.observe()) {
        (None, Some(observation)) => Some(Sighting::Seen(Arc::new(observation))),
        (Some(why), observation) => {
            Some(Sighting::Lost { why: why.clone(), last: observation.map(Arc::new).or(last) })
        }
        (None, None) => known.waits_for().map(|why| Sighting::Lost { why: why.clone(), last }),
    }
}

impl Source for QuantConnect {
    fn name(&self) -> &SmolStr {
        &self.name
    }
    fn watch(&self, seen: watch::Sender<Sighting>) -> Answer<'_, ()> {
        Box::pin(self.watch_all(seen))
    }
    fn instruct(&self, instruction: Instruction) -> Answer<'_, Instructed> {
        let asked = ask::of(&instruction, self.cloud.project, self.cloud.organization.as_deref());
        Box::pin(self.ask(asked))
    }
}
