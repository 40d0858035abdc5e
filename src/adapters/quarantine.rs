//! Messages of a stream that were put aside.

use crate::{
    broker::{Channel, Event},
    domain::text::Text,
};

/// Every one counts; the engine is told at 1, 2, 4, 8, …, so that a flood of them does not become a flood of alerts.
#[derive(Debug)]
pub(super) struct Quarantine {
    channel: Channel,
    count: u64,
}

impl Quarantine {
    pub(super) const fn new(channel: Channel) -> Self {
        Self { channel, count: 0 }
    }
    /// One more; what the engine is told of it, if anything.
    pub(super) fn put(&mut self, why: &str) -> Option<Event> {
        self.count = self.count.saturating_add(1);
        let (channel, count) = (self.channel, self.count);
        count.is_power_of_two().then(|| Event::Quarantined { channel, count, why: Text::clean(why) })
    }
}
