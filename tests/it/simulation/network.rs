//! The model network and disk: how often what goes wrong in a run of the simulation.

/// Per cent each, unless said otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    /// A request never leaves, and that is known.
    pub(super) not_sent: u32,
    /// A request is lost on its way, and nobody knows.
    pub(super) lost: u32,
    /// It is done, and the answer is lost: a time-out, a 5xx of a proxy, a body that can't be read.
    pub(super) deaf: u32,
    /// It is done seconds later, after the time-out.
    pub(super) slow: u32,
    /// Refused for its rate.
    pub(super) limited: u32,
    /// Refused for a reason of the venue's own.
    pub(super) refused: u32,
    /// A message of the stream comes twice.
    pub(super) doubled: u32,
    /// A message of the stream comes seconds late, behind others.
    pub(super) late: u32,
    /// A part of a report is missing.
    pub(super) missing: u32,
    /// A part of a report lags behind what happened.
    pub(super) lags: u32,
    /// By at most so many milliseconds.
    pub(super) lag_ms: u64,
    /// The stream goes down or stalls, for each action of the trader.
    pub(super) flaps: u32,
    /// The process dies, in one of ten thousand steps.
    pub(super) dies: u32,
    /// The journal is lost, in one of a hundred thousand steps.
    pub(super) disk: u32,
    /// Milliseconds of a way, at most.
    pub(super) way_ms: u64,
}

impl Weather {
    /// Nothing goes wrong.
    pub(super) const CALM: Self = Self {
        not_sent: 0,
        lost: 0,
        deaf: 0,
        slow: 0,
        limited: 0,
        refused: 0,
        doubled: 0,
        late: 0,
        missing: 0,
        lags: 0,
        lag_ms: 0,
        flaps: 0,
        dies: 0,
        disk: 0,
        way_ms: 20,
    };

    /// Some seeds are storms of one kind, most are a bit of everything.
    pub(super) fn of(rng: &mut fastrand::Rng) -> Self {
        let all = Self {
            not_sent: 3,
            lost: 6,
            deaf: 10,
            slow: 4,
            limited: 3,
            refused: 3,
            doubled: 10,
            late: 8,
            missing: 8,
            lags: 25,
            lag_ms: 3_500,
            flaps: 8,
            dies: 6,
            disk: 4,
            way_ms: 300,
        };
        match rng.u32(0..6) {
            // The answers are good, the pictures are old.
            0 => Self { lags: 80, late: 30, lost: 0, deaf: 3, slow: 0, ..all },
            // Hardly an answer comes back.
            1 => Self { lost: 15, deaf: 30, slow: 15, missing: 25, ..all },
            // The stream is down more than up.
            2 => Self { flaps: 40, ..all },
            // The process dies all the time.
            3 => Self { dies: 60, ..all },
            _ => all,
        }
    }
}
