//! Layouts as text: `watchlist:36 | (positions:9 / orders:13)`. `|` stands side by side and binds closer than `/`, one
//! below the other; a number behind a colon is the weight, 10 where there is none.

use crate::{
    grammar::nearest,
    tui::focus::{Layout, Pane},
};

/// The weight of what names none.
const WEIGHT: u16 = 10;
/// The largest.
const WEIGHT_MAX: u16 = 999;
/// How deep parentheses go.
const DEPTH_MAX: usize = 8;

/// Reads a layout.
///
/// # Errors
/// One sentence: where it goes wrong, and what would be right.
pub fn parse(text: &str) -> Result<Layout, String> {
    let mut reader = Reader { text, at: 0, seen: Vec::new() };
    let (_, layout) = reader.stack(0)?;
    match reader.next() {
        None => Ok(layout),
        Some(c) => Err(reader.wrong(&format!("`{c}` stands where `|`, `/` or the end should"))),
    }
}

/// A layout with its weight, or what is wrong.
type Part = Result<(u16, Layout), String>;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    seen: Vec<Pane>,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }
    fn next(&mut self) -> Option<char> {
        let blank = self.rest().len().saturating_sub(self.rest().trim_start().len());
        self.at = self.at.saturating_add(blank);
        self.rest().chars().next()
    }
    fn take(&mut self, wanted: char) -> bool {
        let found = self.next() == Some(wanted);
        if found {
            self.at = self.at.saturating_add(wanted.len_utf8());
        }
        found
    }
    fn word(&mut self) -> String {
        self.next();
        let word: String = self.rest().chars().take_while(char::is_ascii_alphanumeric).collect();
        self.at = self.at.saturating_add(word.len());
        word
    }
    fn wrong(&self, what: &str) -> String {
        let column = self.text.get(..self.at).unwrap_or_default().chars().count().saturating_add(1);
        format!(
            "at character {column}: {what}; write a layout such as \"watchlist:36 | (positions / orders:2)\""
        )
    }
    /// One below the other.
    fn stack(&mut self, depth: usize) -> Part {
        self.parts(depth, '/', Self::row, Layout::Column)
    }
    /// Side by side.
    fn row(&mut self, depth: usize) -> Part {
        self.parts(depth, '|', Self::item, Layout::Row)
    }
    fn parts(
        &mut self,
        depth: usize,
        sign: char,
        part: fn(&mut Self, usize) -> Part,
        whole: fn(Vec<(u16, Layout)>) -> Layout,
    ) -> Part {
        let first = part(self, depth)?;
        if self.next() != Some(sign) {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.take(sign) {
            all.push(part(self, depth)?);
        }
        Ok((WEIGHT, whole(all)))
    }
    fn item(&mut self, depth: usize) -> Part {
        let layout = if self.take('(') {
            if depth >= DEPTH_MAX {
                return Err(self.wrong("the parentheses go too deep"));
            }
            let (_, inner) = self.stack(depth.saturating_add(1))?;
            if !self.take(')') {
                return Err(self.wrong("a `)` is missing"));
            }
            inner
        } else {
            Layout::Pane(self.pane()?)
        };
        let weight = if self.take(':') { self.weight()? } else { WEIGHT };
        Ok((weight, layout))
    }
    fn pane(&mut self) -> Result<Pane, String> {
        let word = self.word();
        let Some(pane) = Pane::parse(&word) else {
            let names = || Pane::ALL.iter().map(|p| p.word());
            return Err(match nearest(&word, names()) {
                Some(near) => self.wrong(&format!("there is no pane `{word}`, did you mean `{near}`?")),
                None => self.wrong(&format!(
                    "a pane is missing; there are {}",
                    names().collect::<Vec<_>>().join(", ")
                )),
            });
        };
        if self.seen.contains(&pane) {
            return Err(self.wrong(&format!("`{word}` stands there twice")));
        }
        self.seen.push(pane);
        Ok(pane)
    }
    fn weight(&mut self) -> Result<u16, String> {
        let word = self.word();
        match word.parse() {
            Ok(weight) if (1..=WEIGHT_MAX).contains(&weight) => Ok(weight),
            Ok(_) | Err(_) => Err(self.wrong(&format!("a weight is a number from 1 to {WEIGHT_MAX}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn print(layout: &Layout) -> String {
        let all = |parts: &[(u16, Layout)], sign: &str| {
            parts.iter().map(|(w, l)| format!("{}:{w}", print(l))).collect::<Vec<_>>().join(sign)
        };
        match layout {
            Layout::Pane(pane) => pane.word().to_owned(),
            Layout::Row(parts) => format!("({})", all(parts, " | ")),
            Layout::Column(parts) => format!("({})", all(parts, " / ")),
        }
    }

    #[test]
    fn rows_bind_closer_than_columns() {
        for (text, want) in [
            ("chart", "chart"),
            ("chart|depth", "(chart:10 | depth:10)"),
            ("chart:3 | depth / orders", "((chart:3 | depth:10):10 / orders:10)"),
            ("watchlist:36 | (positions:9 / orders:13)", "(watchlist:36 | (positions:9 / orders:13):10)"),
            (" ( ( chart ) ) :5 ", "chart"),
        ] {
            assert_eq!(print(&parse(text).unwrap()), want, "{text}");
        }
        for page in crate::tui::focus::default_pages() {
            assert_eq!(parse(&print(&page.layout)).unwrap(), page.layout);
        }
    }

    #[test]
    fn a_wrong_layout_gets_one_sentence() {
        for (text, why) in [
            ("", "at character 1: a pane is missing"),
            ("chart |", "at character 8: a pane is missing"),
            ("chrat", "at character 6: there is no pane `chrat`, did you mean `chart`?"),
            ("chart / chart", "`chart` stands there twice"),
            ("(chart", "a `)` is missing"),
            ("chart)", "`)` stands where"),
            ("chart:0", "a weight is a number from 1 to 999"),
            ("chart:1000", "a weight is a number from 1 to 999"),
            ("((((((((((chart))))))))))", "the parentheses go too deep"),
        ] {
            let got = parse(text).unwrap_err();
            assert!(got.contains(why), "{text}: {got}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[a-z:/|() 0-9é]{0,80}") {
            drop(parse(&text));
        }
    }
}
