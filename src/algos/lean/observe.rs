//! One observation of all that was read and all that streamed: of each figure the newest. Pure.

use super::live::Live;
use crate::{
    algos::result::{
        self, LINES_MAX,
        figures::{Figures, RunState, Sample, Told},
        last, map,
    },
    domain::{
        algorithm::{AlgorithmEvent, AlgorithmOrder, Holding, Insights, LogLine, Observation, Phase},
        money::Money,
        text::Text,
        time::Stamp,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// What was read of one run.
#[derive(Debug, Default)]
pub struct Parts<'a> {
    /// The algorithm's own name.
    pub id: &'a str,
    /// Status and minute files of this run, oldest first, each with the time of its writing.
    pub results: Vec<(&'a Figures, Stamp)>,
    /// The second file of the hour.
    pub seconds: Option<(&'a Figures, Stamp)>,
    /// Order events, from every file of this run.
    pub events: Vec<&'a Told>,
    /// What the engine's log said last of how it is.
    pub status: Option<&'a (Stamp, Text)>,
    /// Lines of the logs, each with its place.
    pub lines: Vec<&'a (u64, LogLine)>,
    /// What can't be read.
    pub flaws: Vec<Text>,
}

/// When the run began, by its newest state.
pub fn started(results: &[(&Figures, Stamp)]) -> Option<Stamp> {
    newest_state(results).and_then(|(state, _)| state.started)
}

fn newest_state<'a>(results: &[(&'a Figures, Stamp)]) -> Option<(&'a RunState, Stamp)> {
    results.iter().rev().find_map(|(f, at)| f.state.as_ref().map(|s| (s, *at)))
}

/// Puts it together.
pub fn observe(parts: Parts<'_>, live: &Live) -> Observation {
    let nothing = Live::default();
    let base = parts.results.iter().rev().find(|(f, _)| f.holdings.is_some()).copied();
    let written = base.map(|(_, at)| at);
    // What streams of a new run does not go with the files of the one before.
    let live = if written.is_some_and(|at| live.goes_with(at)) { live } else { &nothing };
    let state = newest_state(&parts.results);
    let started = state.and_then(|(s, _)| s.started);
    let (phase, word) = phase_of(state, parts.status, live, started);
    let held = newest(&parts.results, |f| f.holdings.as_ref(), live.holdings.as_ref());
    let runtime =
        newest(&parts.results, |f| f.runtime.as_ref(), live.runtime.as_ref()).map(|(pairs, _)| pairs);
    let summary = parts.results.iter().rev().map(|(f, _)| &f.summary).find(|s| !s.is_empty());
    let figure = |name: &str| result::figure(runtime?, name);
    let curve = curve(&parts, live);
    let as_of = held.map(|(_, at)| at);
    let equity = figure("Equity").or_else(|| curve.last().map(|s| Money::new(s.close)));
    let error = state.and_then(|(s, _)| s.error.clone());
    let events = events(&parts, live, started);
    Observation {
        deployment: match started {
            Some(at) => Text::clean(&format!("{} {}", parts.id, at.to_rfc3339())),
            None => Text::clean(parts.id),
        },
        phase,
        word,
        error: error.or_else(|| live.error.as_ref().map(|(_, e)| e.clone())),
        started,
        as_of,
        currency: parts.results.iter().rev().find_map(|(f, _)| f.currency.clone()),
        equity,
        day: as_of.and_then(|at| result::day(&curve, equity?, at)),
        unrealized: figure("Unrealized"),
        realized: figure("Net Profit"),
        fees: runtime.and_then(|r| result::fees(r)),
        holdings: held.map(|(h, _)| called(h, &parts.results)).unwrap_or_default(),
        cash: newest(&parts.results, |f| f.cash.as_ref(), live.cash.as_ref())
            .map(|(c, _)| c.clone())
            .unwrap_or_default(),
        orders: orders(&parts, live, &events),
        events,
        curve: last(curve).into_iter().map(|s| (s.at, Money::new(s.close))).collect(),
        statistics: statistics(runtime, summary),
        server: newest(&parts.results, |f| f.server.as_ref(), live.server.as_ref())
            .map(|(s, _)| s.clone())
            .unwrap_or_default(),
        log: lines(&parts, live),
        insights: Insights::default(),
        flaws: parts.flaws,
    }
}

/// The newest of a part, of files and of the stream.
fn newest<'a, T>(
    results: &[(&'a Figures, Stamp)],
    part: impl Fn(&'a Figures) -> Option<&'a T>,
    streamed: Option<&'a (Stamp, T)>,
) -> Option<(&'a T, Stamp)> {
    let read = results.iter().rev().find_map(|(f, at)| part(f).map(|p| (p, *at)));
    let streamed = streamed.map(|(at, p)| (p, *at));
    match (read, streamed) {
        (Some((_, at)), Some((_, live_at))) if live_at > at => streamed,
        (Some(_), _) => read,
        (None, _) => streamed,
    }
}

/// Holdings by the names that orders have for them: in the short form they have none of their own.
fn called(held: &[Holding], results: &[(&Figures, Stamp)]) -> Vec<Holding> {
    let names: BTreeMap<&Text, &Text> =
        results.iter().flat_map(|(f, _)| &f.names).map(|(k, v)| (k, v)).collect();
    result::called(held, &names)
}

/// How it is, by whoever said it last.
fn phase_of(
    state: Option<(&RunState, Stamp)>,
    status: Option<&(Stamp, Text)>,
    live: &Live,
    started: Option<Stamp>,
) -> (Phase, Text) {
    let of_this_run = status.filter(|(at, _)| started.is_none_or(|s| *at >= s));
    let said = [of_this_run, live.word.as_ref()].into_iter().flatten().max_by_key(|(at, _)| *at);
    match (state, said) {
        (Some((_, written)), Some((at, word))) if *at > written => (map::phase(word.as_str()), word.clone()),
        (Some((state, _)), _) => {
            let phase = map::phase(state.word.as_str());
            // An end is written last of all, whatever the word beside it.
            (if state.has_ended && phase.is_alive() { Phase::Stopped } else { phase }, state.word.clone())
        }
        (None, Some((_, word))) => (map::phase(word.as_str()), word.clone()),
        // It has a log and no figures yet.
        (None, None) => (Phase::Starting, Text::default()),
    }
}

fn statistics(runtime: Option<&Vec<(Text, Text)>>, summary: Option<&Vec<(Text, Text)>>) -> Vec<(Text, Text)> {
    let mut out: Vec<(Text, Text)> = runtime.cloned().unwrap_or_default();
    let named: BTreeSet<Text> = out.iter().map(|(n, _)| n.clone()).collect();
    out.extend(summary.into_iter().flatten().filter(|(n, _)| !named.contains(n)).cloned());
    out
}

/// Every event once, whichever way it came; what is older than the run is of another.
fn events(parts: &Parts<'_>, live: &Live, started: Option<Stamp>) -> Vec<AlgorithmEvent> {
    let mut by_id: BTreeMap<&Text, &Told> = BTreeMap::new();
    for told in live.events.iter().chain(parts.events.iter().copied()) {
        if started.is_none_or(|at| told.event.at >= at) {
            by_id.insert(&told.event.id, told);
        }
    }
    let mut all: Vec<&Told> = by_id.into_values().collect();
    all.sort_by_key(|t| (t.event.at, t.event.order, t.number));
    last(all).into_iter().map(|t| t.event.clone()).collect()
}

/// Every order by the newest that tells of it. An event that is younger than that changes how an open one stands: the
/// file can't have known. None comes back to life by it.
fn orders(parts: &Parts<'_>, live: &Live, events: &[AlgorithmEvent]) -> Vec<AlgorithmOrder> {
    let mut by_id: BTreeMap<i64, (Stamp, AlgorithmOrder)> = BTreeMap::new();
    for (figures, at) in &parts.results {
        for order in figures.orders.iter().flatten() {
            by_id.insert(order.id, (*at, order.clone()));
        }
    }
    for (id, (at, order)) in &live.orders {
        if by_id.get(id).is_none_or(|(known, _)| known < at) {
            by_id.insert(*id, (*at, order.clone()));
        }
    }
    for event in events {
        let younger = |(at, order): &&mut (Stamp, AlgorithmOrder)| event.at > *at && order.state.is_open();
        if let Some((at, order)) = by_id.get_mut(&event.order).filter(younger) {
            order.state = event.state;
            order.changed = order.changed.max(Some(event.at));
            *at = event.at;
        }
    }
    result::told(by_id.into_values().map(|(_, order)| order))
}

/// The finest of each stretch of time: the day by minutes, what came since by seconds and by the stream, what was before
/// by what the status file keeps.
fn curve(parts: &Parts<'_>, live: &Live) -> Vec<Sample> {
    let mut out: Vec<Sample> = Vec::new();
    // Points of the finest file come first and hold their stretch against coarser ones.
    let mut series: Vec<&[Sample]> = parts.results.iter().map(|(f, _)| f.curve.as_slice()).collect();
    series.retain(|s| !s.is_empty());
    series.sort_by_key(|s| s.first().map(|f| f.at));
    for points in series {
        if let Some(first) = points.first() {
            out.retain(|s| s.at < first.at);
        }
        out.extend_from_slice(points);
    }
    let fine = parts.seconds.map(|(f, _)| f.curve.as_slice()).unwrap_or_default();
    for sample in fine.iter().chain(live.curve.iter()) {
        if out.last().is_none_or(|l| l.at < sample.at) {
            out.push(*sample);
        }
    }
    out
}

/// Both logs in the order in which they were read, and what streamed and is not in them yet.
fn lines(parts: &Parts<'_>, live: &Live) -> Vec<LogLine> {
    let is_written = |line: &LogLine| {
        !line.text.is_empty()
            && parts
                .lines
                .iter()
                .any(|(_, l)| l.at.is_none() && l.text.as_str().ends_with(line.text.as_str()))
    };
    let mut all: Vec<&(u64, LogLine)> = parts.lines.clone();
    all.extend(live.lines.iter().filter(|(_, line)| !is_written(line)));
    all.sort_by_key(|(number, _)| *number);
    let over = all.len().saturating_sub(LINES_MAX);
    all.into_iter().skip(over).map(|(_, line)| line.clone()).collect()
}

#[cfg(test)]
#[path = "observe_tests.rs"]
mod tests;
