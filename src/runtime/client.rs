//! A front end without a screen: asks, and waits for what it asked for. The shell's commands are made of this.

use super::deck::Deck;
use crate::{
    desk::{Envelope, Receipt, Reply, Request, RequestId, Snapshot},
    domain::{lifecycle::OrderState, order::Origin, text::Text, time::Mono},
};
use anyhow::{anyhow, bail};
use std::{sync::Arc, time::Duration};
use tokio::signal::unix::{SignalKind, signal};

/// How a wait that can be interrupted ended.
#[derive(Debug)]
pub enum Waited {
    /// What was waited for is there.
    Ready(Arc<Snapshot>),
    /// It did not come in time.
    Late,
    /// SIGINT, SIGTERM or SIGHUP came first.
    Interrupted,
}

/// A shell command's way to the engine.
#[derive(Debug)]
pub struct Client {
    deck: Deck,
    runtime: tokio::runtime::Runtime,
    asked: u64,
}

impl Client {
    /// Over an engine.
    ///
    /// # Errors
    /// When the system gives no runtime.
    pub fn over(deck: Deck) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { deck, runtime, asked: 0 })
    }

    /// The newest snapshot.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        Arc::clone(&self.deck.desk_mut().snapshots.borrow_and_update())
    }

    /// The engine, to look at.
    pub const fn deck(&self) -> &Deck {
        &self.deck
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// When the engine does not answer in time or has stopped.
    pub fn ask(&mut self, request: Request, within: Duration) -> anyhow::Result<Reply> {
        self.asked = self.asked.saturating_add(1);
        let id = RequestId(self.asked);
        let envelope = Envelope { id, origin: Origin::Shell, request };
        if let Err(Receipt { reply, .. }) = self.deck.desk().ask(envelope) {
            return Ok(reply);
        }
        let receipts = &mut self.deck.desk_mut().receipts;
        let answer = async {
            while let Some(receipt) = receipts.recv().await {
                if receipt.id == id {
                    return Ok(receipt.reply);
                }
            }
            Err(anyhow!("the engine has stopped"))
        };
        let waited = self.runtime.block_on(async { tokio::time::timeout(within, answer).await });
        match waited {
            Ok(reply) => reply,
            Err(_) => bail!("the engine did not answer within {} s", within.as_secs()),
        }
    }

    /// Waits until the snapshot satisfies `ready`; `None` when it does not in time.
    ///
    /// # Errors
    /// When the engine has stopped.
    pub fn wait_for(
        &mut self,
        within: Duration,
        ready: impl Fn(&Snapshot) -> bool,
    ) -> anyhow::Result<Option<Arc<Snapshot>>> {
        let snapshots = &mut self.deck.desk_mut().snapshots;
        let wait = async {
            match snapshots.wait_for(|s| ready(s)).await {
                Ok(snapshot) => Ok(Arc::clone(&snapshot)),
                Err(_) => Err(anyhow!("the engine has stopped")),
            }
        };
        match self.runtime.block_on(async { tokio::time::timeout(within, wait).await }) {
            Ok(found) => found.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Shows every snapshot to `look` until it says that this is the one, or a signal comes.
    ///
    /// # Errors
    /// When the engine has stopped, or the system gives no signals.
    pub fn follow(
        &mut self,
        within: Duration,
        look: impl FnMut(&Snapshot) -> bool,
    ) -> anyhow::Result<Waited> {
        let mut look = look;
        let snapshots = &mut self.deck.desk_mut().snapshots;
        self.runtime.block_on(async {
            let mut int = signal(SignalKind::interrupt())?;
            let mut term = signal(SignalKind::terminate())?;
            let mut hup = signal(SignalKind::hangup())?;
            tokio::select! {
                found = snapshots.wait_for(|s| look(s)) => match found {
                    Ok(snapshot) => Ok(Waited::Ready(Arc::clone(&snapshot))),
                    Err(_) => Err(anyhow!("the engine has stopped")),
                },
                _ = int.recv() => Ok(Waited::Interrupted),
                _ = term.recv() => Ok(Waited::Interrupted),
                _ = hup.recv() => Ok(Waited::Interrupted),
                () = tokio::time::sleep(within) => Ok(Waited::Late),
            }
        })
    }

    /// Waits for the engine's end.
    pub fn ends(&mut self, within: Duration) -> bool {
        let snapshots = &mut self.deck.desk_mut().snapshots;
        let ended = async { while snapshots.changed().await.is_ok() {} };
        self.runtime.block_on(async { tokio::time::timeout(within, ended).await }).is_ok()
    }

    /// Why the engine refused something that was asked for without waiting.
    pub fn refusal(&mut self) -> Option<Text> {
        let refused = |receipt: Receipt| {
            if let Reply::Refused { text, .. } = receipt.reply { Some(text) } else { None }
        };
        self.deck.desk_mut().receipts.try_recv().ok().and_then(refused)
    }

    /// The engine's time, for deadlines.
    pub fn now(&self) -> Mono {
        self.deck.clock().now().mono
    }

    /// Ends it in order: what is on its way gets a moment to arrive, the journal is closed, the account kept. An engine
    /// in another process goes on.
    ///
    /// # Errors
    /// When something ended badly.
    pub fn close(mut self) -> anyhow::Result<()> {
        if self.deck.elsewhere().is_some() {
            return Ok(());
        }
        // An order that is durable but not yet sent would be UNKNOWN to the next run.
        let on_its_way = |state| matches!(state, OrderState::Intended | OrderState::Sending);
        drop(self.wait_for(Duration::from_secs(5), |s| !s.orders.iter().any(|o| on_its_way(o.state))));
        // A stopped engine can't answer, and need not.
        drop(self.ask(Request::Quit, Duration::from_secs(5)));
        match self.deck {
            Deck::Own(host) => host.close(),
            Deck::Attached(_) | Deck::Replay(_) => Ok(()),
        }
    }
}
