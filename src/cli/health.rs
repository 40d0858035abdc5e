//! `tradedeck health`.

use super::{
    open::{At, Context, is_at, look},
    report::{Failure, Report},
    rows,
    table::{Table, age, maybe},
};
use crate::{desk::snapshot::HealthRow, domain::time::Now};

pub(super) fn run(context: &Context, at: &At) -> Result<Report, Failure> {
    look(context, at.at.as_deref(), |s, venue| {
        let health: Vec<&HealthRow> = s.health.iter().filter(|h| is_at(venue, &h.venue)).collect();
        ("health", rows::document(&health, s.at), table(&health, s.at).print("no venues"))
    })
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
