//! Quotes that newer ones of the same batch overwrite. A busy feed brings many quotes of one symbol between two looks
//! at the socket, and only the newest is ever seen: the others are recognised by their first bytes and not read at all.

use crate::transport::socket::Frame;
use std::collections::BTreeSet;

/// How Alpaca begins a message that holds one quote.
const QUOTE: &str = r#"[{"T":"q","S":""#;

/// Drops the quotes that a later frame overwrites; the order of what stays is kept.
pub(super) fn conflate(frames: &mut Vec<Frame>) {
    if frames.len() < 2 {
        return;
    }
    let mut newer = BTreeSet::new();
    let mut keep: Vec<bool> =
        frames.iter().rev().map(|f| symbol(f).is_none_or(|s| newer.insert(s))).collect();
    frames.retain(|_| keep.pop().is_none_or(|stays| stays));
}

/// The symbol, if the frame is one quote and nothing else.
fn symbol(frame: &Frame) -> Option<&str> {
    let Frame::Text(line) = frame else { return None };
    let (symbol, rest) = line.as_str().strip_prefix(QUOTE)?.split_once('"')?;
    (!rest.as_bytes().contains(&b'{')).then_some(symbol)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(lines: &[&str]) -> Vec<String> {
        let mut frames: Vec<Frame> = lines.iter().map(|l| Frame::Text((*l).into())).collect();
        frames.insert(0, Frame::Pong);
        conflate(&mut frames);
        let text =
            |f: &Frame| if let Frame::Text(line) = f { line.as_str().to_owned() } else { "pong".to_owned() };
        frames.iter().map(text).collect()
    }

    #[test]
    fn the_newest_quote_of_each_symbol_stays_and_all_else_does() {
        let quote = |symbol: &str, n: u32| format!(r#"[{{"T":"q","S":"{symbol}","bp":{n}}}]"#);
        let trade = r#"[{"T":"t","S":"AAPL","p":1}]"#;
        let both = r#"[{"T":"q","S":"AAPL","bp":1},{"T":"q","S":"TSLA","bp":1}]"#;
        let lines = [
            &quote("AAPL", 1),
            trade,
            &quote("TSLA", 2),
            both,
            &quote("AAPL", 3),
            trade,
            "?",
            &quote("AAPL", 4),
        ];
        let rest = ["pong", trade, &quote("TSLA", 2), both, trade, "?", &quote("AAPL", 4)];
        assert_eq!(kept(&lines), rest);
        assert_eq!(kept(&[&quote("AAPL", 1)]), ["pong", &quote("AAPL", 1)]);
    }
}
