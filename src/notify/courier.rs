//! What delivers by one channel: takes every message at once into its own queue, sends one at a time, and tells how it went.
//! It waits for its channel alone, so that a channel which hangs holds up nobody else.

use super::{Again, Channel, Message, queue::Queue};
use crate::{
    clock::Clock,
    config::ChannelConfig,
    domain::{
        delivery::{Delivery, DeliveryState},
        text::Text,
    },
};
use smol_str::SmolStr;
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::sleep};

/// How often a message is tried, and how long is waited in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Tries of a message while the channel is believed to be well; one that fails already is tried once a message.
    pub tries: u32,
    /// Before the second try; four times as long before each other.
    pub pause: Duration,
    /// The longest that a channel may ask for.
    pub pause_max: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 4, pause: Duration::from_secs(1), pause_max: Duration::from_secs(120) }
    }
}

type Sending = Pin<Box<dyn Future<Output = (Message, Result<(), Text>)> + Send>>;

/// A channel that is open, none where the screen has it, or why it can't be used.
pub type Opened = Result<Option<Channel>, Text>;

/// When a channel is opened, which may ask a command or the keyring for its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    /// At once, so that what is missing is known before it is needed.
    AtOnce,
    /// With the first message.
    WhenNeeded,
}

#[derive(Debug, Clone)]
enum Stand {
    Opening,
    Open(Arc<Channel>),
    Off,
}

/// Delivers by one channel.
#[derive(Debug)]
pub struct Courier {
    stand: Stand,
    queue: Queue,
    told: Delivery,
    patience: Patience,
    opens: Opens,
    clock: Arc<dyn Clock>,
    outcomes: mpsc::Sender<Delivery>,
    /// There is news for `outcomes` that found no room yet. It is told whole, so that only the newest matters.
    is_untold: bool,
}

/// A channel of which nothing is known yet.
pub fn fresh(config: &ChannelConfig) -> Delivery {
    Delivery {
        channel: config.name.clone(),
        kind: SmolStr::new_static(config.kind.word()),
        wanted: config.wanted,
        state: DeliveryState::Ready,
        delivered: 0,
        failed: 0,
        lost: 0,
        last_delivered: None,
        error: None,
    }
}

enum Event {
    Came(Message),
    Closed,
    Opened(Opened),
    Ended(Message, Result<(), Text>),
    /// The engine takes news again.
    Room,
}

impl Courier {
    /// What comes of each message goes to `outcomes`.
    pub fn new(
        config: &ChannelConfig,
        (opens, patience): (Opens, Patience),
        clock: Arc<dyn Clock>,
        outcomes: mpsc::Sender<Delivery>,
    ) -> Self {
        let (stand, queue) = (Stand::Opening, Queue::default());
        Self { stand, queue, told: fresh(config), patience, opens, clock, outcomes, is_untold: false }
    }

    fn is_to_open(&self) -> bool {
        let is_needed = self.opens == Opens::AtOnce || !self.queue.is_empty();
        matches!(self.stand, Stand::Opening) && is_needed
    }

    /// Opens the channel, and delivers until nobody sends any more and nothing waits.
    pub async fn run(mut self, opening: impl Future<Output = Opened>, mut messages: mpsc::Receiver<Message>) {
        let mut opening = std::pin::pin!(opening);
        if self.opens == Opens::WhenNeeded {
            self.tell();
        }
        let mut sending: Option<Sending> = None;
        let mut is_closed = false;
        while !(is_closed && sending.is_none() && self.queue.is_empty()) {
            if sending.is_none() {
                sending = self.next();
            }
            let under_way = async {
                match sending.as_mut() {
                    Some(sending) => sending.await,
                    None => std::future::pending().await,
                }
            };
            let room = self.outcomes.clone();
            let event = tokio::select! {
                next = messages.recv(), if !is_closed => next.map_or(Event::Closed, Event::Came),
                opened = &mut opening, if self.is_to_open() => Event::Opened(opened),
                (message, result) = under_way => Event::Ended(message, result),
                _ = room.reserve(), if self.is_untold => Event::Room,
            };
            match event {
                Event::Came(message) => self.take(message),
                Event::Closed => is_closed = true,
                Event::Room => self.tell(),
                Event::Opened(opened) => self.opened(opened),
                Event::Ended(message, result) => {
                    sending = None;
                    self.note(&message, result);
                    self.tell();
                }
            }
        }
    }

    fn opened(&mut self, opened: Opened) {
        match opened {
            Ok(Some(channel)) => self.stand = Stand::Open(Arc::new(channel)),
            Ok(None) => self.stand = Stand::Off,
            Err(why) => {
                self.stand = Stand::Off;
                self.told.state = DeliveryState::Off;
                self.told.error = Some(why);
                while self.queue.pop().is_some() {
                    self.told.failed = self.told.failed.saturating_add(1);
                }
            }
        }
        self.tell();
    }

    fn take(&mut self, message: Message) {
        if matches!(self.stand, Stand::Off) {
            self.told.failed = self.told.failed.saturating_add(1);
            self.tell();
        } else {
            self.queue.push(message);
        }
    }

    /// The next message, on its way.
    fn next(&mut self) -> Option<Sending> {
        let Stand::Open(channel) = &self.stand else { return None };
        let message = self.queue.pop()?;
        let tries = if self.told.state == DeliveryState::Failing { 1 } else { self.patience.tries };
        let (channel, patience) = (Arc::clone(channel), self.patience);
        Some(Box::pin(async move {
            let result = deliver(&channel, &message, tries, patience).await;
            (message, result)
        }))
    }

    fn note(&mut self, message: &Message, result: Result<(), Text>) {
        match result {
            Ok(()) => {
                self.told.state = DeliveryState::Up;
                self.told.delivered = self.told.delivered.saturating_add(1);
                self.told.last_delivered = Some(self.clock.now().wall);
                self.told.error = None;
            }
            Err(why) => {
                tracing::info!(channel = %self.told.channel, %why, "a message was not delivered");
                self.queue.missed(message);
                self.told.state = DeliveryState::Failing;
                self.told.failed = self.told.failed.saturating_add(1);
                self.told.error = Some(why);
            }
        }
    }

    /// Never waits: what the engine has no room for now is told when it has, or with the next news.
    fn tell(&mut self) {
        self.told.lost = self.queue.lost();
        let told = self.outcomes.try_send(self.told.clone());
        self.is_untold = matches!(told, Err(mpsc::error::TrySendError::Full(_)));
    }
}

async fn deliver(channel: &Channel, message: &Message, tries: u32, patience: Patience) -> Result<(), Text> {
    let mut pause = patience.pause;
    let mut left = tries;
    let mut was_doubtful = false;
    loop {
        let Err(failure) = channel.send(message).await else { return Ok(()) };
        left = left.saturating_sub(1);
        let wait = match failure.again {
            Again::Never => None,
            Again::Once if was_doubtful => None,
            Again::Once => {
                was_doubtful = true;
                Some(pause)
            }
            Again::Soon => Some(pause),
            Again::After(ms) => Some(Duration::from_millis(ms)).filter(|wait| *wait <= patience.pause_max),
        };
        match wait.filter(|_| left > 0) {
            Some(wait) => sleep(wait).await,
            None => return Err(failure.why),
        }
        pause = pause.saturating_mul(4).min(patience.pause_max);
    }
}
