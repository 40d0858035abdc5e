//! The engine's loop: gather what came, lane by lane; decide, one input at a time; make the facts durable; only
//! then act; show. It never blocks: the journal syncs on its own thread, venues answer in their own tasks.

use super::{
    core::{Direct, Panicked},
    lanes::Lanes,
};
use crate::{
    clock::Clock,
    domain::fact::Dated,
    engine::Input,
    journal::{Committed, Writer},
    transport::alarm::Alarm,
};
use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// Inputs taken from one lane before the next is looked at.
const TAKE_MAX: usize = 256;
/// Market news taken in one turn, before the other lanes are looked at again; the last batch may go beyond it.
const MARKET_MAX: usize = 1_024;

/// The loop's state.
#[derive(Debug)]
pub(super) struct Pump {
    pub(super) direct: Direct,
    pub(super) lanes: Lanes,
    pub(super) clock: Arc<dyn Clock>,
}

/// What was taken from the lanes and is not decided yet.
#[derive(Debug, Default)]
struct Gathered {
    inputs: VecDeque<Input>,
    committed: Vec<Committed>,
    market: Vec<crate::broker::Market>,
    /// Requests among the inputs: until they are decided nothing passes them.
    requests: usize,
}

impl Gathered {
    fn request(&mut self, asked: Box<crate::engine::Asked>) {
        self.requests = self.requests.saturating_add(1);
        self.inputs.push_back(Input::Request(asked));
    }
}

/// However the loop ends: nobody steps what nobody drives.
impl Drop for Pump {
    fn drop(&mut self) {
        self.direct.end();
    }
}

impl Pump {
    /// Runs until the engine says stop, or nobody is left who could ask it anything.
    ///
    /// # Errors
    /// A step panicked.
    pub(super) async fn run(mut self, past: Vec<Dated>) -> Result<Option<Writer>, Panicked> {
        {
            let mut core = self.direct.hold().await?;
            for dated in past {
                let now = self.clock.now();
                let step = core.engine.step(now, Input::Past(Box::new(dated)));
                debug_assert!(step.facts.is_empty(), "the past makes no facts");
            }
        }
        let alarm = Alarm::new();
        let mut gathered = Gathered { inputs: VecDeque::from([Input::Begin]), ..Gathered::default() };
        loop {
            if self.turn(&mut gathered).await? || !self.gather(&mut gathered, &alarm).await? {
                break;
            }
        }
        Ok(self.direct.hold().await?.end())
    }

    /// Takes a turn with what was gathered. True when the run is over.
    async fn turn(&self, gathered: &mut Gathered) -> Result<bool, Panicked> {
        let mut core = self.direct.hold().await?;
        core.turn(&mut gathered.inputs);
        let decided = std::mem::take(&mut gathered.requests);
        self.direct.queued.fetch_sub(decided, Ordering::Release);
        Ok(core.hands.are_done(self.clock.now().mono))
    }

    /// Waits for something, then takes what is there, lane by lane. False when every front end is gone.
    async fn gather(&mut self, gathered: &mut Gathered, alarm: &Alarm) -> Result<bool, Panicked> {
        self.let_go().await?;
        let sleep = self.pause().await?;
        let lanes = &mut self.lanes;
        tokio::select! {
            biased;
            Some(asked) = lanes.emergency.recv() => gathered.request(asked),
            Some(done) = lanes.committed.recv() => gathered.committed.push(done),
            Some(answer) = lanes.answers.recv() => gathered.inputs.push_back(answer),
            Some((venue, event)) = lanes.venue.recv() => gathered.inputs.push_back(Input::Venue { venue, event }),
            Some(asked) = lanes.operator.recv() => gathered.request(asked),
            Some(sighted) = lanes.algorithms.recv() => gathered.inputs.push_back(sighted),
            Some(told) = lanes.deliveries.recv() => gathered.inputs.push_back(Input::Delivered(Box::new(told))),
            Some(news) = lanes.market.recv() => gathered.market = news,
            Some(joined) = lanes.joins.recv() => {
                self.direct.hold().await?.hands.meet(joined, &mut gathered.inputs);
            }
            () = self.direct.nudged.notified() => {}
            () = alarm.after(sleep) => {}
        }
        if !gathered.committed.is_empty() {
            self.committed(gathered).await?;
            self.let_go().await?;
        }
        self.take(gathered).await?;
        self.let_go().await?;
        Ok(!(self.lanes.emergency.is_closed() && self.lanes.operator.is_closed()))
    }

    /// What was started writes its request now: nothing that can wait comes before it.
    async fn let_go(&self) -> Result<(), Panicked> {
        if self.direct.hold().await?.hands.have_started() {
            tokio::task::yield_now().await;
            self.direct.hold().await?.hands.answer_waiting();
        }
        Ok(())
    }

    async fn committed(&self, gathered: &mut Gathered) -> Result<(), Panicked> {
        let mut core = self.direct.hold().await?;
        let now = self.clock.now();
        for done in gathered.committed.drain(..) {
            core.hands.on_committed(done, now, &mut gathered.inputs);
        }
        Ok(())
    }

    async fn take(&mut self, gathered: &mut Gathered) -> Result<(), Panicked> {
        let mut core = self.direct.hold().await?;
        let lanes = &mut self.lanes;
        // Before what they ask: an answer finds its way.
        while let Ok(joined) = lanes.joins.try_recv() {
            core.hands.meet(joined, &mut gathered.inputs);
        }
        for _ in 0..TAKE_MAX {
            let Ok(asked) = lanes.emergency.try_recv() else { break };
            gathered.request(asked);
        }
        while let Ok(committed) = lanes.committed.try_recv() {
            gathered.committed.push(committed);
        }
        for _ in 0..TAKE_MAX {
            let Ok(answer) = lanes.answers.try_recv() else { break };
            gathered.inputs.push_back(answer);
        }
        for _ in 0..TAKE_MAX {
            let Ok((venue, event)) = lanes.venue.try_recv() else { break };
            gathered.inputs.push_back(Input::Venue { venue, event });
        }
        for _ in 0..TAKE_MAX {
            let Ok(asked) = lanes.operator.try_recv() else { break };
            gathered.request(asked);
        }
        for _ in 0..TAKE_MAX {
            let Ok(told) = lanes.deliveries.try_recv() else { break };
            gathered.inputs.push_back(Input::Delivered(Box::new(told)));
        }
        while gathered.market.len() < MARKET_MAX {
            let Ok(news) = lanes.market.try_recv() else { break };
            gathered.market.extend(news);
        }
        let now = self.clock.now();
        for done in gathered.committed.drain(..) {
            core.hands.on_committed(done, now, &mut gathered.inputs);
        }
        gathered.inputs.extend(core.hands.due(now.mono).map(Input::Timer));
        if !gathered.market.is_empty() {
            gathered.inputs.push_back(Input::Market(std::mem::take(&mut gathered.market)));
        }
        Ok(())
    }

    /// How long nothing has to be done by itself.
    async fn pause(&self) -> Result<Duration, Panicked> {
        let now = self.clock.now().mono;
        let next = self.direct.hold().await?.wake_at(now);
        let wait = next.map_or(1_000_000_000, |at| at.as_nanos().saturating_sub(now.as_nanos()));
        Ok(Duration::from_nanos(wait))
    }
}
