//! How the channels of notifications do: what fails to deliver is itself something that a person must know, said once for
//! each time that it begins, and not through the channel that it is about.

use super::Engine;
use crate::domain::{alert::Severity, delivery::Delivery, text::counted};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// More channels than anybody configures.
const CHANNELS_MAX: usize = 256;

#[derive(Debug)]
struct Row {
    told: Delivery,
    /// What had not been delivered when it began to fail; while it fails.
    missed_before: Option<u64>,
}

/// The channels by name.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    rows: BTreeMap<SmolStr, Row>,
}

impl Deliveries {
    pub(super) fn rows(&self) -> Vec<Delivery> {
        self.rows.values().map(|row| row.told.clone()).collect()
    }
}

const fn missed(told: &Delivery) -> u64 {
    told.failed.saturating_add(told.lost)
}

impl Engine {
    pub(super) fn on_delivered(&mut self, told: Delivery) {
        let rows = &mut self.deliveries.rows;
        if rows.len() >= CHANNELS_MAX && !rows.contains_key(&told.channel) {
            return;
        }
        self.view.deliveries = true;
        let before = rows.remove(&told.channel);
        let failing_since = before.as_ref().and_then(|row| row.missed_before);
        let already = before.as_ref().map_or(0, |row| missed(&row.told));
        let missed_before = if told.state.is_well() { None } else { failing_since.or(Some(already)) };
        rows.insert(told.channel.clone(), Row { told: told.clone(), missed_before });
        if !told.wanted {
            return;
        }
        let name = &told.channel;
        match (failing_since, missed_before) {
            (None, Some(_)) => {
                let why = told.error.clone().unwrap_or_default();
                let text = format!("messages by {name} ({}) are not delivered: {why}", told.kind);
                self.alert_past(name, Severity::Critical, &text);
            }
            (Some(then), None) => {
                let n = counted(missed(&told).saturating_sub(then), "message", "messages");
                let text = format!("messages by {name} are delivered again; {n} before that could not be");
                self.alert_past(name, Severity::Info, &text);
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            alert::AlertCode,
            delivery::DeliveryState,
            notice::{Notice, What},
            text::Text,
            time::Stamp,
        },
        engine::{
            Effect, Input,
            rig::{Rig, quiet},
        },
    };

    fn told(state: DeliveryState, failed: u64, wanted: bool) -> Input {
        Input::Delivered(Box::new(Delivery {
            channel: "mail".into(),
            kind: "email".into(),
            wanted,
            state,
            delivered: 1,
            failed,
            lost: 0,
            last_delivered: Some(Stamp::default()),
            error: (!state.is_well()).then(|| Text::clean("mail.example can't be reached")),
        }))
    }

    #[test]
    fn an_outage_is_said_once_and_not_through_the_channel_itself() {
        let mut rig = Rig::new(&quiet());
        rig.step(told(DeliveryState::Ready, 0, true));
        for n in 1..=5 {
            rig.step(told(DeliveryState::Failing, n, true));
        }
        let said = rig.alerts(AlertCode::Delivery);
        assert_eq!(said, ["messages by mail (email) are not delivered: mail.example can't be reached"]);
        let of = |e: &Effect| if let Effect::Notify(n) = e { Some((**n).clone()) } else { None };
        let is_of_delivery = |n: &Notice| matches!(&n.what, What::Alert(a) if a.code == AlertCode::Delivery);
        let past = rig.effects.iter().filter_map(of).filter(is_of_delivery).map(|n| n.past);
        assert_eq!(past.collect::<Vec<_>>(), [Some(SmolStr::new("mail"))]);
        rig.step(told(DeliveryState::Up, 5, true));
        let said = rig.alerts(AlertCode::Delivery);
        assert_eq!(said[1..], ["messages by mail are delivered again; 5 messages before that could not be"]);
        let rows = rig.snapshot().deliveries.clone();
        assert_eq!((rows.len(), rows[0].state, rows[0].failed), (1, DeliveryState::Up, 5));
    }

    #[test]
    fn what_nobody_asked_for_fails_without_a_word() {
        let mut rig = Rig::new(&quiet());
        rig.step(told(DeliveryState::Failing, 1, false));
        assert_eq!(rig.alerts(AlertCode::Delivery), [""; 0]);
        assert_eq!(rig.snapshot().deliveries[0].state, DeliveryState::Failing);
    }
}
