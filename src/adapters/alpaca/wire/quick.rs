//! The short way through a message of quotes, which is nearly every one: as Alpaca writes them, without spaces, escapes
//! or anything nested. Whatever else it is, good or bad, is left to the long way.

use super::{Number, QuoteNews};

/// Hands out the quotes of a message. True when that was all of it; else what it could not read, and what stands
/// behind, was not handed out.
pub(super) fn each<'a>(line: &'a str, mut each: impl FnMut(QuoteNews<'a>)) -> bool {
    let mut reader = Reader { text: line, at: 0 };
    if reader.take(b'[').is_none() {
        return false;
    }
    loop {
        let Some(quote) = reader.quote() else { return false };
        each(quote);
        match reader.next() {
            Some(b',') => {}
            Some(b']') => return reader.at == line.len(),
            Some(_) | None => return false,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = *self.rest().first()?;
        self.at = self.at.saturating_add(1);
        Some(byte)
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    /// The next `len` bytes, which end before one of ASCII.
    fn piece(&mut self, len: usize) -> Option<&'a str> {
        let from = self.at;
        self.at = from.saturating_add(len);
        self.text.get(from..self.at)
    }

    fn string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let len = self.rest().iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f))?;
        let text = self.piece(len)?;
        self.take(b'"')?;
        Some(text)
    }

    /// A number of JSON without an exponent.
    fn number(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let len = rest.iter().position(|b| !matches!(b, b'0'..=b'9' | b'.' | b'-'))?;
        let text = self.piece(len)?;
        let digits = text.as_bytes();
        let whole = digits.strip_prefix(b"-").unwrap_or(digits);
        let point = whole.iter().position(|b| *b == b'.');
        let (before, behind) = match point {
            Some(at) => whole.split_at_checked(at)?,
            None => (whole, &[][..]),
        };
        let is_whole = match before {
            [b'0'] => true,
            [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
            _ => false,
        };
        let is_fraction = match behind {
            [] => true,
            [_, digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        };
        (is_whole && is_fraction).then_some(text)
    }

    /// A text, a number, or a list of texts: nothing of it is kept.
    fn skip(&mut self) -> Option<()> {
        match self.rest().first()? {
            b'"' => self.string().map(drop),
            b'[' => {
                self.take(b'[')?;
                loop {
                    self.string()?;
                    match self.next()? {
                        b',' => {}
                        b']' => return Some(()),
                        _ => return None,
                    }
                }
            }
            _ => self.number().map(drop),
        }
    }

    fn quote(&mut self) -> Option<QuoteNews<'a>> {
        const KIND: &[u8] = br#"{"T":"q""#;
        if !self.rest().starts_with(KIND) {
            return None;
        }
        self.at = self.at.saturating_add(KIND.len());
        let mut quote =
            QuoteNews { symbol: None, at: None, bid: None, bid_size: None, ask: None, ask_size: None };
        loop {
            match self.next()? {
                b',' => {}
                b'}' => return Some(quote),
                _ => return None,
            }
            let key = self.string()?;
            self.take(b':')?;
            match key {
                "S" => once(&mut quote.symbol, self.string()?)?,
                "t" => once(&mut quote.at, self.string()?)?,
                "bp" => once(&mut quote.bid, Number(self.number()?))?,
                "bs" => once(&mut quote.bid_size, Number(self.number()?))?,
                "ap" => once(&mut quote.ask, Number(self.number()?))?,
                "as" => once(&mut quote.ask_size, Number(self.number()?))?,
                _ => self.skip()?,
            }
        }
    }
}

/// A field that stands twice is for the long way to refuse.
fn once<T>(field: &mut Option<T>, value: T) -> Option<()> {
    field.replace(value).is_none().then_some(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]
    use super::super::{News, each_news, each_news_at_length};
    use super::*;
    use proptest::prelude::*;

    fn quick(line: &str) -> (bool, usize) {
        let mut n = 0;
        (each(line, |_| n += 1), n)
    }

    fn read(
        line: &str,
        how: impl for<'a> Fn(&'a str, &mut dyn FnMut(News<'a>)) -> Result<(), serde_json::Error>,
    ) -> (Vec<String>, bool) {
        let mut seen = Vec::new();
        let ended = how(line, &mut |news| seen.push(format!("{news:?}")));
        (seen, ended.is_ok())
    }

    /// By the long way, and by whichever way is taken.
    fn both(line: &str) -> [(Vec<String>, bool); 2] {
        [
            read(line, |line, each| each_news_at_length(line, 0, each)),
            read(line, |line, each| each_news(line, each)),
        ]
    }

    const QUOTE: &str = r#"{"T":"q","S":"AAPL","bx":"V","bp":175.52,"bs":3,"ax":"V","ap":175.53,"as":2,"c":["R"],"z":"C","t":"2026-11-20T15:00:00.1Z"}"#;

    #[test]
    fn what_alpaca_writes_goes_the_short_way() {
        assert_eq!(quick(&format!("[{QUOTE}]")), (true, 1));
        assert_eq!(quick(&format!("[{QUOTE},{QUOTE},{QUOTE}]")), (true, 3));
    }

    #[test]
    fn what_is_otherwise_is_read_the_long_way_and_handed_out_once() {
        let trade = r#"{"T":"t","S":"AAPL","p":1,"s":1,"t":"2026-11-20T15:00:00Z"}"#;
        for line in [
            format!("[{QUOTE},{trade},{QUOTE}]"),
            format!("[{QUOTE}, {QUOTE}]"),
            format!("[{QUOTE},{QUOTE}"),
            format!("[{QUOTE},]"),
            format!("[{QUOTE}]x"),
            format!("[{}]", QUOTE.replace("175.52", "1e2")),
            format!("[{}]", QUOTE.replace("175.52", "01")),
            format!("[{}]", QUOTE.replace("175.52", "1.")),
            format!("[{}]", QUOTE.replace("175.52", "null")),
            format!("[{}]", QUOTE.replace("\"bs\"", "\"bp\"")),
            format!("[{}]", QUOTE.replace("AAPL", "A\\u0041PL")),
            "[]".to_owned(),
            "{}".to_owned(),
        ] {
            let [long, short] = both(&line);
            assert_eq!(long, short, "{line}");
            assert!(!quick(&line).0, "{line}");
        }
    }

    proptest! {
        /// Whatever a byte is changed to: both ways read the same.
        #[test]
        fn both_ways_read_the_same(
            changes in proptest::collection::vec((0_usize..300, "[ -~]"), 0..3), twice in any::<bool>()
        ) {
            let mut line = if twice { format!("[{QUOTE},{QUOTE}]") } else { format!("[{QUOTE}]") };
            for (at, to) in changes {
                let at = at % line.len();
                line.replace_range(at..=at, &to);
            }
            let [long, short] = both(&line);
            prop_assert_eq!(long, short, "{}", line);
        }
    }
}
