//! The desktop's notifications. A machine without a notification service is normal (a server, ssh): it is said
//! once in the log and never in the way.

use super::policy::{Decision, Policy};
use crate::domain::{
    alert::{Alert, Severity},
    time::Now,
};
use std::sync::mpsc::Receiver;

/// Shows alerts until nobody sends any more. Runs on a thread of its own: the service may hang.
pub fn run(alerts: &Receiver<(Now, Alert)>) {
    let mut policy = Policy::default();
    let mut complained = false;
    while let Ok((now, alert)) = alerts.recv() {
        let Decision::Tell { held_back } = policy.decide(&alert, now.mono) else { continue };
        if let Err(why) = show(&alert, held_back)
            && !complained
        {
            complained = true;
            tracing::info!(%why, "no desktop notifications here");
        }
    }
}

fn show(alert: &Alert, held_back: u32) -> Result<(), notify_rust::error::Error> {
    let urgency = match alert.severity {
        Severity::Emergency => notify_rust::Urgency::Critical,
        Severity::Critical | Severity::Warning | Severity::Info => notify_rust::Urgency::Normal,
    };
    notify_rust::Notification::new()
        .appname("tradedeck")
        .summary("Tradedeck")
        .body(&body(alert, held_back))
        .urgency(urgency)
        .show()
        .map(drop)
}

/// The body, with the service's markup escaped: a venue's words must not become links or pictures.
fn body(alert: &Alert, held_back: u32) -> String {
    let mut text = alert.text.as_str().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if held_back > 0 {
        text = format!("{text} ({held_back} more of this kind were held back)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{alert::AlertCode, text::Text, time::Stamp};

    #[test]
    fn markup_is_escaped() {
        let alert = Alert {
            id: 1,
            at: Stamp::default(),
            severity: Severity::Critical,
            code: AlertCode::OrderRejected,
            venue: None,
            symbol: None,
            order: None,
            text: Text::clean("<a href=\"x\">win & lose</a>"),
        };
        assert_eq!(
            body(&alert, 3),
            "&lt;a href=\"x\"&gt;win &amp; lose&lt;/a&gt; (3 more of this kind were held back)"
        );
    }
}
