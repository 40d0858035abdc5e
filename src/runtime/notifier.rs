//! Telling people outside the screen: one thread that asks the policy what goes where, and beside it a courier for each
//! channel. Nothing here holds up the engine: what it hands over is taken at once, or counted.

use super::host::Role;
use crate::{
    clock::{Clock, System},
    config::{ChannelConfig, ChannelKind, Env, Notify},
    domain::{
        alert::{AlertCode, Severity},
        delivery::Delivery,
        notice::{Notice, What},
        text::Text,
    },
    notify::{
        Channel, Message, Policy,
        courier::{Courier, Opened, Opens, Patience},
        policy::Held,
    },
};
use smol_str::SmolStr;
use std::{sync::Arc, thread::JoinHandle, time::Duration};
use tokio::{sync::mpsc, task::JoinSet};

/// Notices that wait for the policy, which never waits for a channel.
const NOTICES_MAX: usize = 256;
/// Messages that wait for their courier to take them, which it does at once.
const HANDED_MAX: usize = 16;
/// What is not delivered so long after the end of the run is not delivered.
const END_WAITS: Duration = Duration::from_secs(5);

/// What the engine says, with how many notices before it found no room.
#[derive(Debug)]
pub struct Told {
    /// What.
    pub notice: Box<Notice>,
    /// How many.
    pub lost: u64,
}

/// What of the alerts this run tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// Everything: it holds the accounts.
    All,
    /// How its exit goes, and emergencies: a shell command, beside which a dashboard may run.
    Exits,
}

impl Tells {
    /// `None` for a screen that only looks.
    pub(super) fn of(role: Role, read_only: bool) -> Option<Self> {
        match role {
            Role::Screen | Role::Engine if read_only => None,
            Role::Screen | Role::Engine => Some(Self::All),
            Role::Shell | Role::Exit => Some(Self::Exits),
        }
    }

    /// A shell command that tells nothing asks for no password.
    const fn opens(self) -> Opens {
        match self {
            Self::All => Opens::AtOnce,
            Self::Exits => Opens::WhenNeeded,
        }
    }

    fn takes(self, notice: &Notice) -> bool {
        match (self, &notice.what) {
            (Self::All, _) => true,
            (Self::Exits, What::Alert(alert)) => {
                alert.code == AlertCode::Exit || alert.severity == Severity::Emergency
            }
            (Self::Exits, What::Summary(_)) => false,
        }
    }
}

/// The running thread.
#[derive(Debug)]
pub struct Notifier {
    thread: JoinHandle<()>,
}

impl Notifier {
    /// Starts it. It ends, within a set time, when the sender is dropped.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn spawn(
        config: Notify,
        env: Env,
        tells: Tells,
        clock: &Arc<dyn Clock>,
        outcomes: mpsc::Sender<Delivery>,
    ) -> anyhow::Result<(Self, mpsc::Sender<Told>)> {
        let (notices, receiver) = mpsc::channel(NOTICES_MAX);
        let clock = Arc::clone(clock);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("notify".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let office = Office::open(config, env, tells, clock, &outcomes);
                // Only the couriers have news of deliveries.
                drop(outcomes);
                office.run(receiver).await;
            });
            // A keyring that does not answer holds up no end.
            runtime.shutdown_background();
        })?;
        Ok((Self { thread }, notices))
    }

    /// Waits for its end.
    pub fn close(self) {
        if self.thread.join().is_err() {
            tracing::error!("the notifier's thread panicked");
        }
    }
}

/// What goes where, and who brings it.
struct Office {
    policy: Policy,
    channels: Vec<ChannelConfig>,
    /// One a channel, in the same order; none for the bell, which the screen rings.
    desks: Vec<Option<mpsc::Sender<Message>>>,
    couriers: JoinSet<()>,
    tells: Tells,
    clock: Arc<dyn Clock>,
}

impl Office {
    fn open(
        config: Notify,
        env: Env,
        tells: Tells,
        clock: Arc<dyn Clock>,
        outcomes: &mpsc::Sender<Delivery>,
    ) -> Self {
        let policy = Policy::new(&config);
        let env = Arc::new(env);
        let mut couriers = JoinSet::new();
        let mut desks = Vec::new();
        for config in &config.channels {
            if config.kind == ChannelKind::Bell {
                desks.push(None);
                continue;
            }
            let (desk, messages) = mpsc::channel(HANDED_MAX);
            desks.push(Some(desk));
            let how = (tells.opens(), Patience::default());
            let courier = Courier::new(config, how, Arc::clone(&clock), outcomes.clone());
            let opening = opening(config.clone(), Arc::clone(&env), Arc::clone(&clock));
            couriers.spawn(courier.run(opening, messages));
        }
        Self { policy, channels: config.channels, desks, couriers, tells, clock }
    }

    async fn run(mut self, mut notices: mpsc::Receiver<Told>) {
        loop {
            let now = self.clock.now().mono;
            let next = self.policy.next().map(|at| Duration::from_millis(at.since_ms(now).saturating_add(1)));
            tokio::select! {
                told = notices.recv() => match told {
                    Some(told) => self.take(told).await,
                    None => break,
                },
                () = tokio::time::sleep(next.unwrap_or_default()), if next.is_some() => {
                    let held = self.policy.due(self.clock.now().mono);
                    self.release(held).await;
                }
            }
        }
        let held = self.policy.rest();
        self.release(held).await;
        self.desks.clear();
        let all = async { while self.couriers.join_next().await.is_some() {} };
        if tokio::time::timeout(END_WAITS, all).await.is_err() {
            tracing::warn!("some messages were not delivered before the end");
        }
    }

    async fn take(&mut self, told: Told) {
        let Told { notice, lost } = told;
        if !self.tells.takes(&notice) {
            return;
        }
        for telling in self.policy.decide(&notice, self.clock.now()) {
            let Some(channel) = self.channels.get(telling.channel) else { continue };
            let mut message = Message::of(&notice, channel.accounts);
            (message.held_back, message.lost) = (telling.held_back, lost);
            self.hand(telling.channel, message).await;
        }
    }

    async fn release(&mut self, held: Vec<Held>) {
        for Held { channel, count, last } in held {
            let Some(config) = self.channels.get(channel) else { continue };
            let message = Message::of(&last, config.accounts).of_held(count);
            self.hand(channel, message).await;
        }
    }

    /// A courier takes what it is handed at once, whatever its channel does.
    async fn hand(&mut self, channel: usize, message: Message) {
        if let Some(Some(desk)) = self.desks.get(channel) {
            drop(desk.send(message).await);
        }
    }
}

/// Opens a channel where waiting holds up nobody: its secret may come from a command.
async fn opening(config: ChannelConfig, env: Arc<Env>, clock: Arc<dyn Clock>) -> Opened {
    let opened = tokio::task::spawn_blocking(move || Channel::open(&config, &env, &clock)).await;
    opened.unwrap_or_else(|_| Err(Text::clean("it could not be opened: this is a mistake of the program")))
}

/// What a test of a channel came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Which.
    pub channel: SmolStr,
    /// Its kind.
    pub kind: &'static str,
    /// Why it did not get through.
    pub result: Result<(), Text>,
}

/// Sends a test through each of these channels, one beside the other, each once. The bell is the caller's.
///
/// # Errors
/// The system gives no runtime.
pub fn try_out(channels: Vec<ChannelConfig>, env: &Env) -> anyhow::Result<Vec<Tried>> {
    let clock: Arc<dyn Clock> = Arc::new(System::start());
    let env = Arc::new(env.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tried = runtime.block_on(async {
        let tries = channels.into_iter().map(|config| try_one(config, Arc::clone(&env), Arc::clone(&clock)));
        futures_util::future::join_all(tries).await
    });
    runtime.shutdown_background();
    Ok(tried)
}

async fn try_one(config: ChannelConfig, env: Arc<Env>, clock: Arc<dyn Clock>) -> Tried {
    let (name, kind) = (config.name.clone(), config.kind.word());
    let message = Message::test(&name, clock.now().wall);
    let result = match opening(config, env, clock).await {
        Ok(Some(channel)) => channel.send(&message).await.map_err(|failure| failure.why),
        Ok(None) => Ok(()),
        Err(why) => Err(why),
    };
    Tried { channel: name, kind, result }
}
