//! `tradedeck restore`: what differs from what the trading day began with.

use super::{
    act,
    open::{ANSWER, At, Context, agreed},
    report::{Failure, Report},
    rows,
    table::{Table, lines, maybe},
};
use crate::{
    desk::{Reply, Request, receipt::SinceBaseline},
    domain::time::Now,
};
use serde_json::Value;

pub(super) fn run(context: &Context, at: &At) -> Result<Report, Failure> {
    let config = context.config()?;
    let venue = context.venue(&config, at.at.as_deref())?;
    context.with_client(config, |client| {
        agreed(client, venue.as_ref())?;
        let reply = client.ask(Request::Restore { venue }, ANSWER)?;
        let snapshot = client.snapshot();
        match reply {
            Reply::Since(venues) => Ok(report(&venues, snapshot.at)),
            other @ (Reply::Done(_)
            | Reply::Placed { .. }
            | Reply::Refused { .. }
            | Reply::Preview(_)
            | Reply::Plan(_)
            | Reply::Bars { .. }
            | Reply::Open { .. }
            | Reply::Busy) => Ok(act::answer(other, &snapshot)),
        }
    })
}

/// One block a venue: its equity then and now, and the positions that differ.
pub(super) fn report(venues: &[SinceBaseline], now: Now) -> Report {
    let mut text = Vec::new();
    for v in venues {
        let (equity, change) = (maybe(v.equity_now), maybe(v.change));
        text.push(format!(
            "{} since {}: equity {} then, {equity} now, {change}",
            v.venue,
            v.began.to_rfc3339(),
            v.equity_then
        ));
        let mut table = Table::new(&["symbol", ">then", ">average", ">now", ">average"]);
        for p in &v.positions {
            table.row(vec![
                p.instrument.symbol.to_string(),
                p.qty_then.to_string(),
                maybe(p.avg_then),
                p.qty_now.to_string(),
                maybe(p.avg_now),
            ]);
        }
        text.push(table.print("positions are as they were").trim_end().to_owned());
    }
    let document = rows::object([("outcome", Value::from("done")), ("venues", rows::document(&venues, now))]);
    Report::done(document, lines(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        desk::receipt::Moved,
        domain::{
            ids::{InstrumentId, Symbol, VenueId},
            time::Stamp,
        },
    };

    #[test]
    fn what_differs_stands_in_a_table() {
        let venue = VenueId::new("paper").unwrap();
        let instrument = InstrumentId { venue: venue.clone(), symbol: Symbol::new("AAPL").unwrap() };
        let moved = Moved {
            instrument,
            qty_then: "0".parse().unwrap(),
            avg_then: None,
            qty_now: "-5".parse().unwrap(),
            avg_now: Some("10.5".parse().unwrap()),
        };
        let row = SinceBaseline {
            venue,
            began: Stamp::default(),
            equity_then: "1000".parse().unwrap(),
            equity_now: Some("990".parse().unwrap()),
            change: Some("-10".parse().unwrap()),
            positions: vec![moved],
        };
        let same = SinceBaseline { positions: Vec::new(), equity_now: None, change: None, ..row.clone() };
        let report = report(&[row, same], Now::default());
        assert_eq!(
            report.text,
            "paper since 1970-01-01T00:00:00Z: equity 1000 then, 990 now, -10\n\
             symbol  then  average  now  average\n\
             AAPL       0        -   -5     10.5\n\
             paper since 1970-01-01T00:00:00Z: equity 1000 then, - now, -\n\
             positions are as they were\n"
        );
        assert_eq!(report.document["venues"][0]["positions"][0]["qty_now"], "-5");
    }
}
