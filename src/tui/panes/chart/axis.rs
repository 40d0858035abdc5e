//! Times below the candles, where the clock or the calendar turns.

use super::Bars;
use crate::domain::{quote::Interval, time::Stamp};
use crate::tui::{
    canvas::{Canvas, width},
    theme::Role,
};
use jiff::{civil::DateTime, tz::TimeZone};
use ratatui::layout::Rect;
use std::fmt::Write as _;

/// Columns from one label to the next.
const APART: u16 = 9;
/// Steps of the clock, in seconds.
const STEPS: [i64; 11] = [300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 86_400 * 7];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Seconds of the local clock, told apart from UTC by one look at the zone where nothing changes in between.
struct Local<'z> {
    zone: &'z TimeZone,
    fixed: Option<i64>,
}

fn offset(zone: &TimeZone, at: Stamp) -> i64 {
    i64::from(zone.to_offset(at.to_jiff()).seconds())
}

impl<'z> Local<'z> {
    fn new(zone: &'z TimeZone, bars: &Bars<'_>) -> Self {
        let ends =
            bars.iter().next().zip(bars.chart.bar(bars.first.saturating_add(bars.count).saturating_sub(1)));
        let fixed = ends.and_then(|(first, last)| {
            let (a, b) = (offset(zone, first.at), offset(zone, last.at));
            // A summer between two winters would be missed.
            let short = last.at.as_secs().saturating_sub(first.at.as_secs()) < 86_400 * 90;
            (a == b && short).then_some(a)
        });
        Self { zone, fixed }
    }
    fn secs(&self, at: Stamp) -> i64 {
        at.as_secs().saturating_add(self.fixed.unwrap_or_else(|| offset(self.zone, at)))
    }
}

fn civil(local_secs: i64) -> DateTime {
    Stamp::from_secs(local_secs).map_or(DateTime::ZERO, |at| TimeZone::UTC.to_datetime(at.to_jiff()))
}

fn month(at: DateTime) -> &'static str {
    let place = usize::try_from(at.month().saturating_sub(1)).ok();
    place.and_then(|n| MONTHS.get(n)).copied().unwrap_or_default()
}

/// `14:02`, `Nov 21 14:02`, `Nov 21 2026`: as exact as the bars are.
pub(super) fn moment(out: &mut String, at: Stamp, interval: Interval, zone: &TimeZone) {
    let t = civil(at.as_secs().saturating_add(offset(zone, at)));
    let written = match interval {
        Interval::Min1 | Interval::Min5 | Interval::Min15 => write!(out, "{:02}:{:02}", t.hour(), t.minute()),
        Interval::Hour1 => write!(out, "{} {} {:02}:{:02}", month(t), t.day(), t.hour(), t.minute()),
        Interval::Day1 => write!(out, "{} {} {}", month(t), t.day(), t.year()),
    };
    debug_assert!(written.is_ok(), "writing to a String can't fail");
}

/// A label: the date where the day is another than that of the label before, else the time.
fn label(out: &mut String, at: DateTime, before: Option<DateTime>, interval: Interval) {
    let written = if interval == Interval::Day1 {
        match before {
            Some(before) if before.year() == at.year() => write!(out, "{}", month(at)),
            Some(_) | None => write!(out, "{} {}", month(at), at.year()),
        }
    } else if before.is_some_and(|b| b.date() == at.date()) {
        write!(out, "{:02}:{:02}", at.hour(), at.minute())
    } else if before.is_some() {
        write!(out, "{} {}", month(at), at.day())
    } else {
        write!(out, "{:02}:{:02}", at.hour(), at.minute())
    };
    debug_assert!(written.is_ok(), "writing to a String can't fail");
}

pub(super) fn times(canvas: &mut Canvas<'_>, bars: &Bars<'_>, area: Rect) {
    let zone = canvas.look.zone.clone();
    let local = Local::new(&zone, bars);
    let interval = bars.chart.interval.0;
    let apart = i64::from(APART.div_ceil(bars.per.max(1)));
    let least = i64::from(interval.secs()).saturating_mul(apart);
    let step = STEPS.into_iter().find(|s| *s >= least).unwrap_or(86_400 * 7);
    let key = |secs: i64| match interval {
        Interval::Day1 => {
            let at = civil(secs);
            i64::from(at.year()).saturating_mul(12).saturating_add(i64::from(at.month()))
        }
        Interval::Min1 | Interval::Min5 | Interval::Min15 | Interval::Hour1 => secs.div_euclid(step),
    };
    let style = canvas.style(Role::Muted);
    let mut text = std::mem::take(&mut canvas.scratch);
    let (mut turn, mut free, mut told) = (None, area.x, None);
    for (n, bar) in bars.iter().enumerate() {
        let secs = local.secs(bar.at);
        let now = key(secs);
        let x = bars.x(area, n);
        if turn.replace(now).is_none_or(|before| before == now) || x < free {
            continue;
        }
        let at = civil(secs);
        text.clear();
        label(&mut text, at, told, interval);
        let wide = width(&text);
        if x.saturating_add(wide) > area.right() {
            continue;
        }
        canvas.put(x, area.y, wide, &text, style);
        told = Some(at);
        free = x.saturating_add(wide.saturating_add(2).max(APART));
    }
    canvas.scratch = text;
}
