//! Which alerts are told, and how often: one kind of message has a minimum interval, with a count of what was
//! held back; an emergency is never held back.

use crate::domain::{
    alert::{Alert, AlertCode, Severity},
    time::Mono,
};
use std::collections::BTreeMap;

/// The shortest time between two messages of one kind, milliseconds.
pub const INTERVAL_MS: u64 = 300_000;

/// What to do with an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Tell it; so many of its kind were held back since the last one.
    Tell {
        /// How many.
        held_back: u32,
    },
    /// Not bad enough to disturb anybody.
    Quiet,
    /// One of its kind was told a moment ago; it is counted.
    HeldBack,
}

/// Remembers what was told when.
#[derive(Debug, Default)]
pub struct Policy {
    told: BTreeMap<AlertCode, (Mono, u32)>,
}

impl Policy {
    /// Decides on one alert.
    pub fn decide(&mut self, alert: &Alert, now: Mono) -> Decision {
        // How an exit goes is told however well it goes: whoever struck it may have looked away.
        let exit = alert.code == AlertCode::Exit;
        if alert.severity < Severity::Critical && !exit {
            return Decision::Quiet;
        }
        let entry = self.told.get_mut(&alert.code);
        if let Some((at, held)) = entry {
            if alert.severity < Severity::Emergency && !exit && now.since_ms(*at) < INTERVAL_MS {
                *held = held.saturating_add(1);
                return Decision::HeldBack;
            }
            let held_back = *held;
            (*at, *held) = (now, 0);
            return Decision::Tell { held_back };
        }
        self.told.insert(alert.code, (now, 0));
        Decision::Tell { held_back: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{text::Text, time::Stamp};

    fn alert(severity: Severity, code: AlertCode) -> Alert {
        Alert {
            id: 1,
            at: Stamp::default(),
            severity,
            code,
            venue: None,
            symbol: None,
            order: None,
            text: Text::clean("x"),
        }
    }

    #[test]
    fn one_of_a_kind_in_five_minutes_and_a_count_of_the_rest() {
        let mut policy = Policy::default();
        let critical = alert(Severity::Critical, AlertCode::OrderUnknown);
        assert_eq!(policy.decide(&critical, Mono::from_millis(0)), Decision::Tell { held_back: 0 });
        for n in 1..=10_000 {
            assert_eq!(policy.decide(&critical, Mono::from_millis(n)), Decision::HeldBack);
        }
        assert_eq!(
            policy.decide(&critical, Mono::from_millis(INTERVAL_MS)),
            Decision::Tell { held_back: 10_000 }
        );
    }

    #[test]
    fn how_an_exit_goes_is_always_told() {
        let mut policy = Policy::default();
        for _ in 0..2 {
            let report = alert(Severity::Info, AlertCode::Exit);
            assert_eq!(policy.decide(&report, Mono::default()), Decision::Tell { held_back: 0 });
        }
    }

    #[test]
    fn an_emergency_is_never_held_back_and_a_warning_never_told() {
        let mut policy = Policy::default();
        let emergency = alert(Severity::Emergency, AlertCode::NoStop);
        for n in 0..3 {
            assert_eq!(policy.decide(&emergency, Mono::from_millis(n)), Decision::Tell { held_back: 0 });
        }
        assert_eq!(
            policy.decide(&alert(Severity::Warning, AlertCode::Stream), Mono::from_millis(9)),
            Decision::Quiet
        );
    }
}
