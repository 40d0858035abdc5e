//! The alerts: a bounded list that never drops an emergency that nobody has seen.

use crate::domain::alert::{Alert, Severity};
use std::collections::VecDeque;

/// How many alerts are kept, besides emergencies that nobody has acknowledged.
pub const ALERTS_MAX: usize = 2_000;

#[derive(Debug, Default)]
pub(super) struct Alerts {
    rows: VecDeque<(Alert, bool)>,
    last_id: u64,
    dropped: u64,
}

impl Alerts {
    /// Takes one in; false if it is known.
    pub(super) fn push(&mut self, alert: &Alert) -> bool {
        if alert.id <= self.last_id {
            return false;
        }
        self.last_id = alert.id;
        self.rows.push_back((alert.clone(), false));
        if self.rows.len() > ALERTS_MAX
            && let Some(at) =
                self.rows.iter().position(|(a, seen)| *seen || a.severity != Severity::Emergency)
        {
            self.rows.remove(at);
            self.dropped = self.dropped.saturating_add(1);
        }
        true
    }

    /// A person saw it; false if it is not here or was seen before.
    pub(super) fn acknowledge(&mut self, id: u64) -> bool {
        // Ids only grow, so the list is in their order.
        let Ok(at) = self.rows.binary_search_by_key(&id, |(a, _)| a.id) else {
            return false;
        };
        self.rows.get_mut(at).is_some_and(|row| !std::mem::replace(&mut row.1, true))
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&Alert, bool)> {
        self.rows.iter().map(|(alert, seen)| (alert, *seen))
    }

    pub(super) fn worst(&self) -> Option<&Alert> {
        self.rows.iter().filter(|(_, seen)| !seen).map(|(a, _)| a).max_by_key(|a| (a.severity, a.id))
    }

    pub(super) const fn next_id(&self) -> u64 {
        self.last_id.saturating_add(1)
    }

    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{alert::AlertCode, text::Text, time::Stamp};

    fn alert(id: u64, severity: Severity) -> Alert {
        Alert {
            id,
            at: Stamp::default(),
            severity,
            code: AlertCode::Program,
            venue: None,
            symbol: None,
            order: None,
            algorithm: None,
            text: Text::from("so it is"),
        }
    }

    #[test]
    fn an_unseen_emergency_outlives_any_flood() {
        let mut alerts = Alerts::default();
        assert!(alerts.push(&alert(1, Severity::Emergency)));
        for id in 2..10_000 {
            assert!(alerts.push(&alert(id, Severity::Warning)));
        }
        assert_eq!(alerts.iter().count(), ALERTS_MAX);
        assert_eq!(alerts.worst().map(|a| a.id), Some(1));
        assert_eq!(alerts.dropped(), 9_999 - 2_000);
        assert!(alerts.acknowledge(1));
        assert!(!alerts.acknowledge(1));
        assert_eq!(alerts.worst().map(|a| a.id), Some(9_999));
        assert!(alerts.push(&alert(10_000, Severity::Info)));
        assert!(alerts.iter().all(|(a, _)| a.id != 1), "seen, it goes first");
    }

    #[test]
    fn the_same_alert_twice_is_one() {
        let mut alerts = Alerts::default();
        assert!(alerts.push(&alert(7, Severity::Info)));
        assert!(!alerts.push(&alert(7, Severity::Info)));
        assert_eq!(alerts.next_id(), 8);
    }
}
