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
    /// Between two signs of life of ours, by request and on the websocket: the vendor wants both about once a minute.
    pub tickle_ms: u64,
    /// Silence of the websocket: the server's heart beats every ten seconds.
    pub connection: Silence,
    /// So long an order's news waits for the executions that they follow from.
    pub park_ms: u64,
    /// Between two looks for the contract of a symbol that could not be had.
    pub look_ms: u64,
    /// Between two looks at round trips and limits.
    pub vitals_ms: u64,
    /// Becoming ready, living, waiting.
    pub link: supervise::Plan,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            read_ms: 16,
            tickle_ms: 55_000,
            connection: Silence { stale_ms: 25_000, dead_ms: 45_000 },
            park_ms: 1_500,
            look_ms: 30_000,
            vitals_ms: 1_000,
            link: supervise::Plan { ready_ms: 15_000, lifetime_ms: None, backoff: backoff::Plan::default() },
        }
    }
}
