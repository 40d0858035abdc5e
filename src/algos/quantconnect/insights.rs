//! What an algorithm in the cloud predicts, page by page. Pure: text in, values out. An insight does not change once it
//! is made but for its score, which is not shown, so that a page that was read is not read again.

use super::{request::INSIGHTS_PAGE, seen::Took, wire};
use crate::{
    algos::{number::Plain, result::map},
    domain::{
        algorithm::{Heading, Insight, Insights},
        money::{Ratio, parse_decimal},
        text::Text,
        time::Stamp,
    },
};

/// So many are told.
pub const INSIGHTS_MAX: usize = 500;

/// Those of one deployment.
#[derive(Debug, Default)]
pub struct Read {
    told: Insights,
    next: u64,
}

impl Read {
    /// The place of the first that was not read.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// They, as they are told.
    pub const fn told(&self) -> &Insights {
        &self.told
    }

    /// A page, which is as old as the vendor says that it may be.
    pub(super) fn take(&mut self, answer: &wire::Insights<'_>, as_of: Stamp) -> Took {
        let count = u64::try_from(answer.insights.len()).ok().unwrap_or(u64::MAX);
        let mut rows: Vec<Insight> = answer.insights.iter().map(insight).collect();
        // Which end such a list grows at nobody says. One that begins with the newest is read from its beginning again.
        let ends = rows.first().and_then(|row| row.made).zip(rows.last().and_then(|row| row.made));
        let is_backward = ends.is_some_and(|(first, last)| first > last);
        if is_backward {
            rows.reverse();
            self.next = 0;
        } else {
            self.next = self.next.saturating_add(count);
        }
        for row in rows {
            if !self.told.rows.iter().any(|known| known.id == row.id) {
                self.told.rows.push(row);
            }
        }
        let over = self.told.rows.len().saturating_sub(INSIGHTS_MAX);
        self.told.rows.drain(..over);
        self.told.as_of = Some(as_of);
        if count >= INSIGHTS_PAGE && !is_backward { Took::More } else { Took::Whole }
    }
}

fn insight(row: &wire::Insight<'_>) -> Insight {
    let word = |plain: &Option<Plain<'_>>| map::word_of(plain.as_ref());
    let time = |plain: &Option<Plain<'_>>| plain.as_ref().and_then(|at| map::stamp(&at.0));
    let symbol = word(&row.ticker).or_else(|| word(&row.symbol)).unwrap_or_default();
    let made = time(&row.created_time).or_else(|| time(&row.generated_time));
    Insight {
        // One without a name is known by what it says.
        id: word(&row.id).unwrap_or_else(|| {
            let at = made.map_or_else(String::new, Stamp::to_rfc3339);
            Text::clean(&format!("{} {at}", symbol.as_str()))
        }),
        heading: heading(&word(&row.direction).unwrap_or_default()),
        symbol,
        kind: kind(word(&row.kind).unwrap_or_default()),
        model: word(&row.source_model).unwrap_or_default(),
        made,
        until: time(&row.close_time),
        magnitude: number(row.magnitude.as_ref()),
        confidence: number(row.confidence.as_ref()),
        weight: number(row.weight.as_ref()),
        tag: word(&row.tag).unwrap_or_default(),
    }
}

/// What can't be read is not known.
fn number(plain: Option<&Plain<'_>>) -> Option<Ratio> {
    parse_decimal(plain?.0.trim()).ok().map(Ratio::new)
}

/// As a word, or as the number that LEAN has for it.
fn heading(word: &Text) -> Heading {
    match word.as_str().to_ascii_lowercase().as_str() {
        "up" | "1" => Heading::Up,
        "down" | "-1" => Heading::Down,
        "flat" | "0" => Heading::Flat,
        _ => Heading::Unknown,
    }
}

fn kind(word: Text) -> Text {
    match word.as_str() {
        "0" => Text::from("price"),
        "1" => Text::from("volatility"),
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(read: &mut Read, rows: &str) -> Took {
        let text = format!(r#"{{"success":true,"insights":[{rows}],"length":1}}"#);
        read.take(&serde_json::from_str(&text).unwrap(), Stamp::from_secs(1_795_000_000).unwrap())
    }

    fn page(ids: impl Iterator<Item = u64>) -> String {
        let row = |id: u64| {
            format!(
                r#"{{"id":"i{id}","createdTime":{},"ticker":"SPY","direction":"up"}}"#,
                id.saturating_add(5)
            )
        };
        ids.map(row).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn every_spelling_is_read_and_what_is_missing_is_not_known() {
        let mut read = Read::default();
        let rows = r#"{"id":"a","groupId":null,"sourceModel":"Macd","generatedTime":1795000000.5,"createdTime":1795000000.5,
            "closeTime":1795086400,"symbol":"SPY R735QTJ8XC9X","ticker":"SPY","type":"price","reference":600.1,
            "direction":"down","period":86400,"magnitude":0.0125,"confidence":null,"weight":5E-1,"tag":"why"},
            {"id":"b","source-model":"M","generated-time":"2026-11-20T15:00:00Z","symbol":"BTCUSD 2XR","type":1,"direction":0},
            {"Direction":"sideways"}"#;
        assert_eq!(take(&mut read, rows), Took::Whole);
        let [a, b, c] = read.told().rows.as_slice() else { panic!("{:?}", read.told()) };
        assert_eq!((a.symbol.as_str(), a.heading, a.model.as_str()), ("SPY", Heading::Down, "Macd"));
        let figures =
            [a.magnitude, a.confidence, a.weight].map(|n| n.map(|n| n.get().normalize().to_string()));
        assert_eq!(figures, [Some("0.0125".to_owned()), None, Some("0.5".to_owned())]);
        assert_eq!(
            (b.kind.as_str(), b.heading, b.symbol.as_str()),
            ("volatility", Heading::Flat, "BTCUSD 2XR")
        );
        assert_eq!(b.made.unwrap().to_rfc3339(), "2026-11-20T15:00:00Z");
        assert_eq!((c.heading, c.made), (Heading::Unknown, None));
    }

    #[test]
    fn pages_follow_one_another_and_no_more_is_kept_than_is_told() {
        let mut read = Read::default();
        for start in (0..792).step_by(99) {
            assert_eq!(read.next(), start);
            assert_eq!(take(&mut read, &page(start..start.saturating_add(99))), Took::More);
        }
        assert_eq!(take(&mut read, &page(792..800)), Took::Whole);
        assert_eq!((read.next(), read.told().rows.len()), (800, INSIGHTS_MAX));
        assert_eq!(read.told().rows[0].id.as_str(), "i300");
        // Nothing new: nothing is lost.
        assert_eq!(take(&mut read, ""), Took::Whole);
        assert_eq!((read.next(), read.told().rows.len()), (800, INSIGHTS_MAX));
    }

    #[test]
    fn a_list_that_begins_with_the_newest_is_read_from_its_beginning() {
        let mut read = Read::default();
        assert_eq!(take(&mut read, &page((0..99).rev())), Took::Whole);
        assert_eq!(take(&mut read, &page((5..104).rev())), Took::Whole);
        assert_eq!((read.next(), read.told().rows.len()), (0, 104));
        assert_eq!(read.told().rows[103].id.as_str(), "i103");
    }
}
