//! How long things may take.

use crate::transport::{
    backoff,
    supervise::{self, Silence},
};

/// How long everything may take.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Market data is read at most so often: what came in between is taken together, for one wake.
    pub read_ms: u64,
    /// Between our pings, which leave on whole multiples of this.
    pub ping_ms: u64,
    /// Silence of the whole connection, our pings' answers included.
    pub connection: Silence,
    /// Silence of the market news that was asked for.
    pub market: Silence,
    /// Between two subscriptions: the venue takes five messages a second, and one change makes two.
    pub watch_ms: u64,
    /// Between two times that a listen key is kept alive; it lives an hour.
    pub listen_ms: u64,
    /// Between two looks at round trips and limits.
    pub vitals_ms: u64,
    /// Becoming ready, living, waiting.
    pub link: supervise::Plan,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            read_ms: 16,
            ping_ms: 5_000,
            connection: Silence { stale_ms: 12_000, dead_ms: 20_000 },
            market: Silence { stale_ms: 30_000, dead_ms: 180_000 },
            watch_ms: 600,
            listen_ms: 25 * 60_000,
            vitals_ms: 1_000,
            // The venue closes every connection after a day.
            link: supervise::Plan {
                ready_ms: 15_000,
                lifetime_ms: Some(23 * 3_600_000),
                backoff: backoff::Plan::default(),
            },
        }
    }
}
