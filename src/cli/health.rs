//! `tradedeck health`.

use super::{
    open::{At, Context, is_at, look},
    report::{Failure, Report},
    rows,
    table::{Table, age, lines, maybe},
};
use crate::{
    desk::snapshot::{DeliveryRow, HealthRow, Snapshot},
    domain::{alert::AlertCode, time::Now},
};
use serde_json::Value;

pub(super) fn run(context: &Context, at: &At) -> Result<Report, Failure> {
    let mut told = None;
    let mut report = look(context, at.at.as_deref(), |s, venue| {
        let health: Vec<&HealthRow> = s.health.iter().filter(|h| is_at(venue, &h.venue)).collect();
        let mut text = table(&health, s.at).print("no venues");
        text.push_str(&channels(&s.deliveries).print(""));
        let lately = lately(s);
        if let Some(said) = &lately {
            text.push_str(&lines(&[format!("last of the channels: {said}")]));
        }
        told = Some((rows::document(&*s.deliveries, s.at), lately));
        ("health", rows::document(&health, s.at), text)
    })?;
    if let (Some((channels, lately)), Some(document)) = (told, report.document.as_object_mut()) {
        document.insert("channels".to_owned(), channels);
        document.insert("last_of_channels".to_owned(), lately.map_or(Value::Null, Value::from));
    }
    Ok(report)
}

/// What the journal tells of the channels last: how they did in the run that holds the accounts.
fn lately(s: &Snapshot) -> Option<String> {
    let told = s.alerts.iter().find(|row| row.alert.code == AlertCode::Delivery)?;
    Some(format!("{} {}", told.alert.at.to_rfc3339(), told.alert.text))
}

/// One line a channel of notifications.
pub(super) fn channels(deliveries: &[DeliveryRow]) -> Table {
    let mut table = Table::new(&["channel", "kind", "state", ">delivered", ">not delivered", "last error"]);
    for d in deliveries {
        table.row(vec![
            d.channel.to_string(),
            d.kind.to_string(),
            d.state.word().to_owned(),
            d.delivered.to_string(),
            d.failed.saturating_add(d.lost).to_string(),
            maybe(d.error.as_ref()),
        ]);
    }
    table
}

/// One line a venue.
pub(super) fn table(health: &[&HealthRow], now: Now) -> Table {
    let mut table = Table::new(&[
        "venue",
        "state",
        "streams",
        ">rtt p50",
        ">p99",
        ">limit",
        ">skew",
        ">reconnects",
        ">quarantined",
        "last error",
    ]);
    for h in health {
        table.row(vec![
            h.venue.to_string(),
            h.state.to_string(),
            streams(h, now),
            maybe(h.rtt_p50_us.map(|us| format!("{us}us"))),
            maybe(h.rtt_p99_us.map(|us| format!("{us}us"))),
            maybe(h.limit_used.zip(h.limit_max).map(|(used, max)| format!("{used}/{max}"))),
            maybe(h.skew_ms.map(|ms| format!("{ms}ms"))),
            h.reconnects.to_string(),
            h.quarantined.to_string(),
            maybe(h.last_error.as_ref()),
        ]);
    }
    table
}

fn streams(h: &HealthRow, now: Now) -> String {
    let one = |c: &crate::desk::snapshot::ChannelRow| {
        let heard = c.last_message.map_or_else(String::new, |at| format!(" {}", age(now.mono.since_ms(at))));
        format!("{} {}{heard}", c.name, c.state)
    };
    h.channels.iter().map(one).collect::<Vec<_>>().join(", ")
}
