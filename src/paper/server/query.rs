//! Query parameters, read the way that clients write them.

use super::wire::{Unclear, number};
use crate::domain::{ids::Symbol, time::Stamp};
use jiff::civil::Date;
use rust_decimal::prelude::ToPrimitive as _;
use std::collections::BTreeMap;

/// The query of one request.
#[derive(Debug, Default)]
pub(super) struct Params(BTreeMap<String, String>);

impl From<BTreeMap<String, String>> for Params {
    fn from(map: BTreeMap<String, String>) -> Self {
        Self(map)
    }
}

impl Params {
    /// A parameter that is there and not empty.
    pub(super) fn word(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|w| !w.is_empty())
    }

    /// `true`, or what Python makes of it.
    pub(super) fn is_set(&self, name: &str) -> Result<bool, Unclear> {
        match self.word(name) {
            None => Ok(false),
            Some(word) if ["true", "1", "t"].iter().any(|w| w.eq_ignore_ascii_case(word)) => Ok(true),
            Some(word) if ["false", "0", "f"].iter().any(|w| w.eq_ignore_ascii_case(word)) => Ok(false),
            Some(word) => Err(Unclear(format!("{name} must be true or false, not \"{}\"", shown(word)))),
        }
    }

    /// A whole number in `range`, or `default`.
    pub(super) fn count(
        &self,
        name: &str,
        default: usize,
        range: std::ops::RangeInclusive<usize>,
    ) -> Result<usize, Unclear> {
        let Some(word) = self.word(name) else { return Ok(default) };
        let whole = number(name, word)?.to_usize().filter(|n| range.contains(n));
        whole.ok_or_else(|| Unclear(format!("{name} must be between {} and {}", range.start(), range.end())))
    }

    /// An instant: RFC 3339, a date (its beginning), or seconds since the epoch.
    pub(super) fn instant(&self, name: &str) -> Result<Option<Stamp>, Unclear> {
        let Some(word) = self.word(name) else { return Ok(None) };
        // A plus sign that was not encoded arrives as a blank.
        let mended = word.replace(' ', "+");
        if let Ok(at) = Stamp::parse_rfc3339(&mended) {
            return Ok(Some(at));
        }
        if let Ok(Some(at)) = self.day(name).map(|d| d.and_then(start_of)) {
            return Ok(Some(at));
        }
        let secs = number(name, word).ok().and_then(|n| n.to_i64()).and_then(Stamp::from_secs);
        secs.map(Some).ok_or_else(|| {
            Unclear(format!("invalid {name} \"{}\": expected RFC 3339 or YYYY-MM-DD", shown(word)))
        })
    }

    /// A day, or the day of an instant.
    pub(super) fn day(&self, name: &str) -> Result<Option<Date>, Unclear> {
        let Some(word) = self.word(name) else { return Ok(None) };
        let date = word.get(..10).unwrap_or(word).parse::<Date>();
        let wrong = |_| Unclear(format!("invalid {name} \"{}\": expected YYYY-MM-DD", shown(word)));
        date.map(Some).map_err(wrong)
    }

    /// A comma-separated list; empty where there is none.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        self.word(name)
            .into_iter()
            .flat_map(|w| w.split(','))
            .map(str::trim)
            .filter(|w| !w.is_empty())
            .collect()
    }

    /// One of `known`, or the first of them.
    pub(super) fn choice<'a>(&self, name: &str, known: &[&'a str]) -> Result<&'a str, Unclear> {
        let first = known.first().copied().unwrap_or_default();
        let Some(word) = self.word(name) else { return Ok(first) };
        known.iter().copied().find(|k| k.eq_ignore_ascii_case(word)).ok_or_else(|| {
            Unclear(format!("invalid {name} \"{}\": expected one of {}", shown(word), known.join(", ")))
        })
    }
}

fn start_of(day: Date) -> Option<Stamp> {
    Stamp::from_jiff(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

fn shown(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// Symbols as given, those that cannot be symbols left out.
pub(super) fn symbols(words: &[&str]) -> Vec<Symbol> {
    words.iter().filter_map(|w| Symbol::new(w).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn instants_in_every_form_that_clients_use() {
        let at = |text| params(&[("after", text)]).instant("after").unwrap().unwrap().as_secs();
        for same in ["2021-03-01T00:00:00Z", "2021-03-01T01:00:00 01:00", "2021-03-01", "1614556800"] {
            assert_eq!(at(same), 1_614_556_800, "{same}");
        }
        assert_eq!(at("2021-03-01T00:00:00.999+00:00"), 1_614_556_800);
        let bad = params(&[("after", "yesterday")]).instant("after").unwrap_err();
        assert_eq!(bad.0, "invalid after \"yesterday\": expected RFC 3339 or YYYY-MM-DD");
        assert_eq!(params(&[]).instant("after"), Ok(None));
    }

    #[test]
    fn words_counts_and_lists() {
        let p = params(&[("nested", "True"), ("limit", "501"), ("symbols", "AAPL, TSLA,"), ("status", "x")]);
        assert_eq!(p.is_set("nested"), Ok(true));
        assert_eq!(p.is_set("other"), Ok(false));
        assert!(p.is_set("status").is_err());
        assert_eq!(p.count("limit", 50, 1..=500).unwrap_err().0, "limit must be between 1 and 500");
        assert_eq!(p.count("page_size", 100, 1..=100), Ok(100));
        assert_eq!(p.list("symbols"), ["AAPL", "TSLA"]);
        assert_eq!(p.choice("direction", &["desc", "asc"]), Ok("desc"));
        assert!(p.choice("status", &["open", "closed", "all"]).unwrap_err().0.contains("open, closed, all"));
    }
}
