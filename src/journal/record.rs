//! One record: a fact as JSON, what of it stands in columns of its own, and the sum that chains it to the one
//! before.

use super::JournalError;
use crate::domain::{
    fact::{Dated, Fact},
    ids::{ClientId, Instance, InstrumentId, VenueId},
    time::Stamp,
};
use std::fmt::Write as _;

/// A record's place in the journal: 1, 2, 3, … without gaps. Zero is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(u64);

impl Seq {
    /// Before the first record.
    pub const START: Self = Self(0);

    /// The `n`th record.
    pub const fn new(n: u64) -> Self {
        Self(n)
    }
    /// As a number.
    pub const fn get(self) -> u64 {
        self.0
    }
    pub(super) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl rusqlite::ToSql for Seq {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        let n = i64::try_from(self.0).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
        Ok(n.into())
    }
}

impl rusqlite::types::FromSql for Seq {
    fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        let n = i64::column_result(value)?;
        u64::try_from(n).map(Self).map_err(|_| rusqlite::types::FromSqlError::OutOfRange(n))
    }
}

impl std::fmt::Display for Seq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place.
    pub seq: Seq,
    /// The run that wrote it.
    pub run: Instance,
    /// What happened, and when.
    pub dated: Dated,
}

/// The end of the chain: the last record's place and sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Link {
    pub(super) seq: Seq,
    pub(super) sum: u32,
}

/// The columns that a sum covers, in the order of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'a> {
    pub(super) run: &'a str,
    pub(super) at: i64,
    pub(super) kind: &'a str,
    pub(super) order: Option<&'a str>,
    pub(super) fact: &'a str,
}

impl Link {
    /// The link after this one: covers the one before, so that a record that was taken out, moved or put in
    /// shows as well as one that was changed.
    pub(super) fn then(self, columns: &Columns<'_>) -> Self {
        const BETWEEN: &[u8] = &[0x1f];
        let seq = self.seq.next();
        let mut sum = crc32fast::Hasher::new();
        sum.update(&self.sum.to_le_bytes());
        sum.update(&seq.get().to_le_bytes());
        sum.update(&columns.at.to_le_bytes());
        for text in [columns.run, columns.kind, columns.order.unwrap_or(""), columns.fact] {
            sum.update(text.as_bytes());
            sum.update(BETWEEN);
        }
        Self { seq, sum: sum.finalize() }
    }
}

/// The buffers in which records are put together, used again and again.
#[derive(Debug, Default)]
pub(super) struct Press {
    json: Vec<u8>,
    order: String,
}

impl Press {
    /// The columns of a fact.
    pub(super) fn set<'a>(
        &'a mut self,
        run: &'a Instance,
        dated: &Dated,
    ) -> Result<Columns<'a>, JournalError> {
        let cause = |e: &dyn std::fmt::Display| JournalError::Encode { cause: e.to_string() };
        self.json.clear();
        serde_json::to_writer(&mut self.json, &dated.fact).map_err(|e| cause(&e))?;
        self.order.clear();
        let order = order_of(&dated.fact);
        if let Some((client, venue)) = order {
            write!(self.order, "{client}@{venue}").map_err(|e| cause(&e))?;
        }
        Ok(Columns {
            run: run.as_str(),
            at: dated.at.as_nanos(),
            kind: kind(&dated.fact),
            order: order.is_some().then_some(self.order.as_str()),
            fact: std::str::from_utf8(&self.json).map_err(|e| cause(&e))?,
        })
    }
}

/// Reads a record back; the text says what is wrong with it.
pub(super) fn read(seq: Seq, columns: &Columns<'_>) -> Result<Record, String> {
    let fact = fact(columns).map_err(|e| {
        if KINDS.contains(&columns.kind) {
            format!("its fact can't be read: {e}")
        } else {
            let kind = columns.kind.escape_debug();
            format!("its kind `{kind}` is not known to this version of Tradedeck: a newer one wrote it")
        }
    })?;
    let run = Instance::new(columns.run).map_err(|e| format!("its run can't be read: {e}"))?;
    Ok(Record { seq, run, dated: Dated { at: Stamp::from_nanos(columns.at), fact } })
}

/// The kind is known from its column: the frequent ones need not be searched for it first.
fn fact(columns: &Columns<'_>) -> serde_json::Result<Fact> {
    let json = columns.fact;
    match columns.kind {
        "intended" => serde_json::from_str(json).map(Fact::Intended),
        "order" => serde_json::from_str(json).map(Fact::Order),
        "executed" => serde_json::from_str(json).map(Fact::Executed),
        "inferred" => serde_json::from_str(json).map(Fact::Inferred),
        "alerted" => serde_json::from_str(json).map(Fact::Alerted),
        _ => serde_json::from_str(json),
    }
}

/// The words of all facts that this version knows.
pub(super) const KINDS: [&str; 26] = [
    "opened",
    "commanded",
    "intended",
    "order",
    "learned",
    "executed",
    "inferred",
    "corrected",
    "position",
    "account",
    "day_began",
    "instrument",
    "alerted",
    "acknowledged",
    "locked",
    "unlocked",
    "exit_began",
    "exit_measured",
    "exit_ended",
    "tripped",
    "untripped",
    "baseline",
    "equity_high",
    "adopted",
    "held",
    "algorithm",
];

/// The word of a fact; the same as in its JSON.
pub(super) const fn kind(fact: &Fact) -> &'static str {
    match fact {
        Fact::Opened { .. } => "opened",
        Fact::Commanded { .. } => "commanded",
        Fact::Intended(_) => "intended",
        Fact::Order(_) => "order",
        Fact::Learned { .. } => "learned",
        Fact::Executed(_) => "executed",
        Fact::Inferred(_) => "inferred",
        Fact::Corrected(_) => "corrected",
        Fact::Position { .. } => "position",
        Fact::Account { .. } => "account",
        Fact::DayBegan { .. } => "day_began",
        Fact::Instrument(_) => "instrument",
        Fact::Alerted(_) => "alerted",
        Fact::Acknowledged { .. } => "acknowledged",
        Fact::Locked { .. } => "locked",
        Fact::Unlocked { .. } => "unlocked",
        Fact::ExitBegan { .. } => "exit_began",
        Fact::ExitMeasured { .. } => "exit_measured",
        Fact::ExitEnded { .. } => "exit_ended",
        Fact::Tripped(_) => "tripped",
        Fact::Untripped { .. } => "untripped",
        Fact::Baseline(_) => "baseline",
        Fact::EquityHigh { .. } => "equity_high",
        Fact::Adopted { .. } => "adopted",
        Fact::Held(_) => "held",
        Fact::Algorithm(_) => "algorithm",
    }
}

/// The order that a fact is about.
pub(super) fn order_of(fact: &Fact) -> Option<(&ClientId, &VenueId)> {
    match fact {
        Fact::Intended(intent) => Some((&intent.order.client, &intent.order.venue)),
        Fact::Order(order) => Some((&order.order.client, &order.order.venue)),
        Fact::Learned { report, .. } => Some((&report.client, &report.instrument.venue)),
        Fact::Executed(execution) | Fact::Inferred(execution) => {
            Some((&execution.client, &execution.instrument.venue))
        }
        Fact::Corrected(correction) => Some((&correction.now.client, &correction.now.instrument.venue)),
        Fact::Alerted(alert) => match &alert.order {
            Some(order) => Some((&order.client, &order.venue)),
            None => None,
        },
        Fact::Adopted { order: Some(order), .. } => Some((&order.client, &order.venue)),
        Fact::Held(held) => Some((&held.order.client, &held.order.venue)),
        Fact::Opened { .. }
        | Fact::Commanded { .. }
        | Fact::Algorithm(_)
        | Fact::Position { .. }
        | Fact::Account { .. }
        | Fact::DayBegan { .. }
        | Fact::Instrument(_)
        | Fact::Acknowledged { .. }
        | Fact::Locked { .. }
        | Fact::Unlocked { .. }
        | Fact::ExitBegan { .. }
        | Fact::ExitMeasured { .. }
        | Fact::ExitEnded { .. }
        | Fact::Tripped(_)
        | Fact::Untripped { .. }
        | Fact::Baseline(_)
        | Fact::Adopted { order: None, .. }
        | Fact::EquityHigh { .. } => None,
    }
}

/// The instrument that a fact names by itself.
pub(super) fn instrument_of(fact: &Fact) -> Option<&InstrumentId> {
    match fact {
        Fact::Intended(intent) => Some(&intent.spec.instrument),
        Fact::Learned { report, .. } => Some(&report.instrument),
        Fact::Executed(execution) | Fact::Inferred(execution) => Some(&execution.instrument),
        Fact::Corrected(correction) => Some(&correction.now.instrument),
        Fact::Position { instrument, .. } | Fact::Adopted { instrument, .. } => Some(instrument),
        Fact::Instrument(instrument) => Some(&instrument.id),
        Fact::Order(_)
        | Fact::Alerted(_)
        | Fact::Opened { .. }
        | Fact::Commanded { .. }
        | Fact::Account { .. }
        | Fact::DayBegan { .. }
        | Fact::Acknowledged { .. }
        | Fact::Locked { .. }
        | Fact::Unlocked { .. }
        | Fact::ExitBegan { .. }
        | Fact::ExitMeasured { .. }
        | Fact::ExitEnded { .. }
        | Fact::Tripped(_)
        | Fact::Untripped { .. }
        | Fact::Baseline(_)
        | Fact::Held(_)
        | Fact::Algorithm(_)
        | Fact::EquityHigh { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::samples;
    use proptest::prelude::*;

    #[test]
    fn every_fact_comes_back_as_it_was() {
        let run = Instance::new("r1").unwrap();
        let mut press = Press::default();
        for dated in samples::every_fact() {
            let columns = press.set(&run, &dated).unwrap();
            assert!(
                columns.fact.starts_with(&format!("{{\"fact\":\"{}\"", columns.kind)),
                "{}",
                columns.fact
            );
            assert!(KINDS.contains(&columns.kind), "{}", columns.kind);
            let back = read(Seq::new(7), &columns).unwrap();
            assert_eq!(back, Record { seq: Seq::new(7), run: run.clone(), dated: dated.clone() });
        }
    }

    /// Before there were inverse contracts a number stood where the payoff stands.
    #[test]
    fn rules_of_an_older_journal_are_linear() {
        use crate::domain::{fact::Fact, payoff::Payoff};
        let told = |multiplier: &str| {
            let rules = r#"{"fact":"instrument","id":{"venue":"v","symbol":"X"},"name":"X","native":"X","class":"option",
                "quote":"USD","base":null,"tick":"us_equity","lot":"1","whole_lot":"1","qty_min":"1","qty_max":null,
                "notional_min":"0","multiplier":M,"shortable":true,"borrow":"easy","marginable":true,"tradable":"yes"}"#;
            let fact = rules.replace('M', multiplier);
            let columns = Columns { run: "r1", at: 1, kind: "instrument", order: None, fact: &fact };
            let fact = read(Seq::START, &columns).unwrap().dated.fact;
            let Fact::Instrument(rules) = fact else { panic!("{fact:?}") };
            rules.payoff
        };
        assert_eq!(told(r#""100""#), Payoff::Linear("100".parse().unwrap()));
        assert_eq!(told(r#"{"face":"100"}"#), Payoff::Inverse { face: "100".parse().unwrap() });
    }

    proptest! {
        #[test]
        fn any_fact_comes_back_as_it_was(dated in samples::any_fact()) {
            let run = Instance::new("r1").unwrap();
            let mut press = Press::default();
            let columns = press.set(&run, &dated).unwrap();
            prop_assert_eq!(read(Seq::START, &columns).unwrap().dated, dated);
        }
    }

    #[test]
    fn the_sum_covers_every_column_and_what_came_before() {
        let base = Columns { run: "r", at: 1, kind: "k", order: Some("o"), fact: "{}" };
        let link = Link { seq: Seq::new(3), sum: 9 };
        let sum = link.then(&base).sum;
        for other in [
            Columns { run: "s", ..base },
            Columns { at: 2, ..base },
            Columns { kind: "l", ..base },
            Columns { order: None, ..base },
            Columns { fact: "{ }", ..base },
            Columns { run: "rk", kind: "", ..base },
        ] {
            assert_ne!(link.then(&other).sum, sum, "{other:?}");
        }
        assert_ne!(Link { sum: 8, ..link }.then(&base).sum, sum);
        assert_ne!(Link { seq: Seq::new(4), ..link }.then(&base).sum, sum);
    }
}
