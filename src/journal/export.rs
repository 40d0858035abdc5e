//! The journal for people and other programs: a table, or one JSON object a line.

use super::{
    Journal, JournalError,
    csv::Row,
    record::{self, Record},
};
use crate::domain::{
    algorithm::{AlgorithmFact, Instructed},
    fact::Fact,
    held::{HeldEvent, HeldFact, Stroke},
    ids::{ClientId, InstrumentId, OrderId, Symbol, VenueId},
    money::{Money, Price},
    order::{Amount, Origin, Side},
    report::Execution,
    time::Stamp,
};
use serde::Serialize;
use std::{
    collections::HashMap,
    io::{self, Write},
};

/// Which records. What is `None` lets everything pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Not before.
    pub from: Option<Stamp>,
    /// Before.
    pub to: Option<Stamp>,
    /// About this symbol: at any venue, and for orders whichever fact first named it.
    pub symbol: Option<Symbol>,
}

/// How.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table with a head.
    Csv,
    /// One object a line, with the whole fact.
    JsonLines,
}

/// How an export ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// Records written.
    pub records: u64,
}

const HEAD: &str = "seq,time,run,fact,venue,symbol,order,event,side,quantity,notional,type,limit,stop,price,fee,\
                    fee_currency,origin,text,json";

impl Journal {
    /// Writes the records that `filter` lets pass. Ends with an error at the first damaged one, after those
    /// before it.
    pub fn export(
        &self,
        filter: &Filter,
        format: Format,
        out: &mut dyn Write,
    ) -> Result<Exported, JournalError> {
        let fail = |e: io::Error| JournalError::Io {
            doing: "export",
            path: self.path.clone(),
            cause: e.to_string(),
        };
        let mut symbols = Symbols::default();
        let mut exported = Exported { records: 0 };
        if format == Format::Csv {
            out.write_all(HEAD.as_bytes()).and_then(|()| out.write_all(b"\r\n")).map_err(fail)?;
        }
        for record in self.replay() {
            let record = record?;
            let instrument = symbols.of(&record.dated.fact);
            if !filter.passes(&record, instrument.as_ref()) {
                continue;
            }
            match format {
                Format::Csv => table_row(&record, instrument.as_ref(), out),
                Format::JsonLines => json_line(&record, out),
            }
            .map_err(fail)?;
            exported.records = exported.records.saturating_add(1);
        }
        out.flush().map_err(fail)?;
        Ok(exported)
    }
}

impl Filter {
    fn passes(&self, record: &Record, instrument: Option<&InstrumentId>) -> bool {
        let at = record.dated.at;
        self.from.is_none_or(|from| at >= from)
            && self.to.is_none_or(|to| at < to)
            && self.symbol.as_ref().is_none_or(|s| instrument.is_some_and(|i| i.symbol == *s))
    }
}

/// The instruments of the orders seen so far: most facts about an order don't repeat it.
#[derive(Debug, Default)]
struct Symbols {
    of_order: HashMap<OrderId, InstrumentId>,
}

impl Symbols {
    fn of(&mut self, fact: &Fact) -> Option<InstrumentId> {
        let order = record::order_of(fact).map(|(client, venue): (&ClientId, &VenueId)| OrderId {
            client: client.clone(),
            venue: venue.clone(),
        });
        if let Some(instrument) = record::instrument_of(fact) {
            if let Some(order) = order {
                self.of_order.entry(order).or_insert_with(|| instrument.clone());
            }
            return Some(instrument.clone());
        }
        if let Fact::Alerted(alert) = fact
            && let (Some(venue), Some(symbol)) = (&alert.venue, &alert.symbol)
        {
            return Some(InstrumentId { venue: venue.clone(), symbol: symbol.clone() });
        }
        order.and_then(|order| self.of_order.get(&order).cloned())
    }
}

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    time: String,
    run: &'a str,
    #[serde(flatten)]
    fact: Kept<'a>,
}

#[derive(Serialize)]
struct Kept<'a> {
    fact: &'a Fact,
}

fn json_line(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let line = Line {
        seq: record.seq.get(),
        time: record.dated.at.to_rfc3339(),
        run: record.run.as_str(),
        fact: Kept { fact: &record.dated.fact },
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}

/// What of a fact has a column of its own.
#[derive(Debug, Default)]
struct Cells {
    /// Where neither an instrument nor an order says it.
    venue: Option<VenueId>,
    event: Option<String>,
    side: Option<Side>,
    amount: Option<Amount>,
    signed: Option<crate::domain::money::SignedQty>,
    order_type: Option<crate::domain::order::OrderType>,
    price: Option<Price>,
    fee: Option<(Money, String)>,
    origin: Option<String>,
    text: String,
}

fn table_row(record: &Record, instrument: Option<&InstrumentId>, out: &mut dyn Write) -> io::Result<()> {
    let fact = &record.dated.fact;
    let cells = cells(fact)?;
    let order = record::order_of(fact);
    let venue = instrument
        .map(|i| &i.venue)
        .or(order.map(|(_, venue)| venue))
        .or(cells.venue.as_ref())
        .map_or("", VenueId::as_str);
    let mut row = Row::new(out);
    row.bare(record.seq)?;
    row.bare(record.dated.at.to_rfc3339())?;
    row.text(record.run.as_str())?;
    row.bare(record::kind(fact))?;
    row.text(venue)?;
    row.text(instrument.map_or("", |i| i.symbol.as_str()))?;
    row.text(order.map_or("", |(client, _)| client.as_str()))?;
    row.maybe(cells.event)?;
    row.maybe(cells.side.map(Side::word))?;
    match (cells.signed, cells.amount) {
        (Some(qty), _) => row.bare(qty)?,
        (None, amount) => row.maybe(amount.and_then(Amount::qty))?,
    }
    row.maybe(match cells.amount {
        Some(Amount::Notional(money)) => Some(money),
        Some(Amount::Qty(_)) | None => None,
    })?;
    row.maybe(cells.order_type.map(|t| t.kind().word()))?;
    row.maybe(cells.order_type.and_then(crate::domain::order::OrderType::limit))?;
    row.maybe(cells.order_type.and_then(crate::domain::order::OrderType::stop))?;
    row.maybe(cells.price)?;
    row.maybe(cells.fee.as_ref().map(|(amount, _)| *amount))?;
    row.text(cells.fee.as_ref().map_or("", |(_, currency)| currency))?;
    row.maybe(cells.origin)?;
    row.text(&cells.text)?;
    row.text(&serde_json::to_string(fact)?)?;
    row.end()
}

fn algorithm_cells(fact: &AlgorithmFact, c: &mut Cells) -> io::Result<()> {
    match fact {
        AlgorithmFact::Paused { name, why } => c.text = format!("{name} is paused: {why}"),
        AlgorithmFact::Resumed { name } => c.text = format!("{name} may trade again"),
        AlgorithmFact::TakenOver { name } => c.text = format!("{name} is taken over"),
        AlgorithmFact::Asked { name, instruction, origin, verdict, .. } => {
            c.origin = Some(word::<Origin>(origin)?);
            c.text = format!("{name} is asked to {} ({verdict})", instruction.words());
        }
        AlgorithmFact::Answered { name, result, .. } => {
            let (how, text) = match result {
                Instructed::Done(text) => ("did it", text),
                Instructed::Taken(text) => ("took it", text),
                Instructed::Refused(text) => ("refused", text),
                Instructed::NotSent(text) => ("was not asked", text),
                Instructed::Unknown(text) => ("is not known to have done it", text),
            };
            c.text = format!("{name} {how}: {text}");
        }
    }
    Ok(())
}

fn cells(fact: &Fact) -> io::Result<Cells> {
    let mut c = Cells::default();
    match fact {
        Fact::Opened { version, .. } => c.text = version.to_string(),
        Fact::Commanded { line, origin } => {
            c.text = line.to_string();
            c.origin = Some(word(origin)?);
        }
        Fact::Intended(intent) => {
            c.side = Some(intent.spec.side);
            c.amount = Some(intent.spec.amount);
            c.order_type = Some(intent.spec.order_type);
            c.origin = Some(word(&intent.origin)?);
            c.text = intent.verdict.to_string();
        }
        Fact::Order(order) => {
            c.event = Some(word(&order.event)?);
            c.order_type = order.order_type;
            c.text = order.reason.as_ref().map_or_else(String::new, ToString::to_string);
        }
        Fact::Learned { report, origin } => {
            c.event = Some(word(&report.status)?);
            c.side = Some(report.side);
            c.amount = Some(report.amount);
            c.order_type = Some(report.order_type);
            c.origin = Some(word::<Origin>(origin)?);
            c.text = report.status_word.to_string();
        }
        Fact::Executed(execution) | Fact::Inferred(execution) => execution_cells(execution, &mut c),
        Fact::Corrected(correction) => {
            execution_cells(&correction.now, &mut c);
            c.text = format!("was {} at {}", correction.was.qty, correction.was.price);
        }
        Fact::Position { qty, avg_price, source, .. } => {
            c.event = Some(word(source)?);
            c.signed = Some(*qty);
            c.price = *avg_price;
        }
        Fact::Alerted(alert) => {
            c.event = Some(word(&alert.code)?);
            c.text = alert.text.to_string();
        }
        Fact::Locked { reason } | Fact::Unlocked { reason } => c.text = reason.to_string(),
        Fact::ExitBegan { scope, .. } => c.text = scope.to_string(),
        Fact::ExitMeasured { .. }
        | Fact::ExitEnded { .. }
        | Fact::Tripped(_)
        | Fact::Untripped { .. }
        | Fact::Baseline(_)
        | Fact::EquityHigh { .. } => guard_cells(fact, &mut c)?,
        Fact::DayBegan { venue, began } => {
            c.venue = Some(venue.clone());
            c.text = began.to_rfc3339();
        }
        Fact::Account { venue, .. } => c.venue = Some(venue.clone()),
        Fact::Adopted { instrument, order } => {
            c.venue = Some(instrument.venue.clone());
            c.text = order.as_ref().map_or_else(|| instrument.to_string(), ToString::to_string);
        }
        Fact::Held(held) => held_cells(held, &mut c),
        Fact::Algorithm(fact) => algorithm_cells(fact, &mut c)?,
        Fact::Instrument(_) | Fact::Acknowledged { .. } => {}
    }
    Ok(c)
}

fn execution_cells(execution: &Execution, c: &mut Cells) {
    c.side = Some(execution.side);
    c.amount = Some(Amount::Qty(execution.qty));
    c.price = Some(execution.price);
    c.fee = execution.fee.as_ref().map(|f| (f.amount, f.currency.to_string()));
}

/// The cells of an order that is held here.
fn held_cells(held: &HeldFact, c: &mut Cells) {
    c.venue = Some(held.order.venue.clone());
    let (event, text) = match &held.event {
        HeldEvent::Began(order) => {
            c.side = Some(order.side);
            c.amount = Some(Amount::Qty(order.qty));
            c.order_type = Some(order.kind.order_type());
            ("held", format!("{} of {}", order.kind.word(), order.instrument))
        }
        HeldEvent::Changed { qty, kind } => {
            c.amount = Some(Amount::Qty(*qty));
            c.order_type = Some(kind.order_type());
            ("changed", kind.word().to_owned())
        }
        HeldEvent::Struck { by, price } => {
            c.price = Some(*price);
            let by = match by {
                Stroke::Order(client) => format!("order {client}"),
                Stroke::Exit(exit) => format!("exit {exit}"),
            };
            ("struck", by)
        }
        HeldEvent::Again { why } => ("again", why.to_string()),
        HeldEvent::Shown { part, left } => {
            c.amount = Some(Amount::Qty(*left));
            ("shown", format!("order {part}"))
        }
        HeldEvent::Ended { why, .. } => ("ended", why.to_string()),
    };
    c.event = Some(event.to_owned());
    c.text = text;
}

/// The cells of what guards an account: exits, latches, baselines.
fn guard_cells(fact: &Fact, c: &mut Cells) -> io::Result<()> {
    if let Fact::ExitMeasured { keep, .. } = fact {
        let kept: Vec<String> = keep.iter().map(|(i, qty)| format!("{qty} {i}")).collect();
        c.text = kept.join(", ");
    }
    if let Fact::ExitEnded { report, .. } = fact {
        c.text = report.to_string();
    }
    if let Fact::Tripped(trip) = fact {
        c.venue.clone_from(&trip.key.venue);
        c.event = Some(word(&trip.key.rule)?);
        c.text = trip.reason.to_string();
    }
    if let Fact::Untripped { key, why, .. } = fact {
        c.venue.clone_from(&key.venue);
        c.event = Some(word(&key.rule)?);
        c.text = why.to_string();
    }
    if let Fact::Baseline(baseline) = fact {
        c.venue = Some(baseline.venue.clone());
        c.text = format!("equity {}", baseline.equity);
    }
    if let Fact::EquityHigh { venue, equity } = fact {
        c.venue = Some(venue.clone());
        c.text = format!("equity {equity}");
    }
    Ok(())
}

/// The word that a value bears in JSON, where it is a word.
fn word<T: Serialize>(value: &T) -> io::Result<String> {
    let value = serde_json::to_value(value)?;
    Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]
    use super::*;
    use crate::journal::samples;

    fn exported(filter: &Filter, format: Format) -> Vec<String> {
        let (_dir, mut journal) = samples::journal();
        journal.append(&samples::every_fact()).unwrap();
        let mut out = Vec::new();
        let n = journal.export(filter, format, &mut out).unwrap().records;
        let lines: Vec<String> = String::from_utf8(out).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), usize::try_from(n).unwrap() + usize::from(format == Format::Csv));
        lines
    }

    #[test]
    fn a_table_has_as_many_cells_in_every_row_as_in_its_head() {
        let lines = exported(&Filter::default(), Format::Csv);
        assert_eq!(lines[0], HEAD);
        for line in &lines {
            let mut quoted = false;
            let commas = line.chars().filter(|c| {
                quoted ^= *c == '"';
                *c == ',' && !quoted
            });
            assert_eq!(commas.count(), 19, "{line}");
        }
        assert!(lines[2].contains("\"'=buy AAPL risk 1%, \"\"now\"\"\""), "{}", lines[2]);
        let intent = &lines[3];
        assert!(
            intent.starts_with(
                "3,2026-11-18T11:06:40.123456789Z,run1,intended,paper,AAPL,td-run1-1,,buy,,500.00,stop-limit,\
                 173.50,174.00,,,,screen,all checks passed,"
            ),
            "{intent}"
        );
        assert!(
            lines
                .iter()
                .any(|l| l.contains(",executed,paper,AAPL,td-run1-1,,sell,3,,,,,175.52,-0.0001,USD,,,"))
        );
    }

    #[test]
    fn each_line_is_an_object_with_the_whole_fact() {
        let kept = samples::every_fact().into_iter().filter(|d| d.fact.is_durable());
        for (line, dated) in exported(&Filter::default(), Format::JsonLines).iter().zip(kept) {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(serde_json::from_value::<Fact>(value["fact"].clone()).unwrap(), dated.fact);
            assert_eq!(value["time"], dated.at.to_rfc3339());
            assert_eq!(value["run"], "run1");
        }
    }

    #[test]
    fn filters_go_by_time_and_symbol_of_orders_too() {
        let at = samples::locked("x").at;
        let symbol = |s: &str| Filter { symbol: Some(Symbol::new(s).unwrap()), ..Filter::default() };
        let later = Filter { from: Some(at.plus_ms(1)), ..Filter::default() };
        let before = Filter { to: Some(at), ..Filter::default() };
        assert_eq!(exported(&later, Format::JsonLines).len(), 0);
        assert_eq!(exported(&before, Format::JsonLines).len(), 0);
        assert_eq!(exported(&symbol("TSLA"), Format::JsonLines).len(), 0);
        let aapl = exported(&symbol("AAPL"), Format::JsonLines);
        assert_eq!(
            aapl.iter().filter(|l| l.contains("\"fact\":\"order\"")).count(),
            2,
            "by their intent's symbol"
        );
        assert_eq!(aapl.len(), 11);
    }
}
