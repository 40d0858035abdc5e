//! The list of all symbols that can be traded, as it goes over the socket: by venue. It is the longest of a snapshot,
//! thousands of rows of few venues, and half of it would be their names. Where people may read it the rows stand as they
//! are.

use super::update::Rows;
use crate::domain::ids::{Symbol, VenueId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

type Row = (Symbol, VenueId);

#[derive(Serialize)]
enum Told<'a> {
    /// All rows: neighbours of one venue together.
    All(Vec<(&'a VenueId, Vec<&'a Symbol>)>),
    Changed(&'a Rows<Row>),
}

#[derive(Deserialize)]
enum Heard {
    All(Vec<(VenueId, Vec<Symbol>)>),
    Changed(Rows<Row>),
}

pub(super) fn serialize<S: Serializer>(rows: &Rows<Row>, s: S) -> Result<S::Ok, S::Error> {
    match rows {
        Rows::All(all) if !s.is_human_readable() => {
            let together = all.chunk_by(|(_, a), (_, b)| a == b).filter_map(|run| {
                let (_, venue) = run.first()?;
                Some((venue, run.iter().map(|(symbol, _)| symbol).collect()))
            });
            Told::All(together.collect()).serialize(s)
        }
        Rows::Some(_) | Rows::Splice { .. } if !s.is_human_readable() => Told::Changed(rows).serialize(s),
        Rows::All(_) | Rows::Some(_) | Rows::Splice { .. } => rows.serialize(s),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Rows<Row>, D::Error> {
    if d.is_human_readable() {
        return Rows::deserialize(d);
    }
    Ok(match Heard::deserialize(d)? {
        Heard::All(venues) => {
            let mut rows = Vec::with_capacity(venues.iter().map(|(_, symbols)| symbols.len()).sum());
            for (venue, symbols) in venues {
                rows.extend(symbols.into_iter().map(|symbol| (symbol, venue.clone())));
            }
            Rows::All(Arc::new(rows))
        }
        Heard::Changed(rows) => rows,
    })
}
