//! Several order lines in one text: `cancel AAPL; close AAPL half`.

use super::word::Verb;
use crate::domain::draft::Command;

/// The most lines that are done in a row.
pub const LINES_MAX: usize = 20;

/// The lines of a text with the byte where each begins. They end with `;`, not within quotes; a reason (of `lock`) is
/// free text and goes on to the end.
pub fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut start = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        let ends = c == ';' && !quoted && !is_free(text.get(start..at).unwrap_or_default());
        if ends {
            found.push((start, text.get(start..at).unwrap_or_default()));
            start = at.saturating_add(1);
        }
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = c == '\\' && !escaped;
    }
    found.push((start, text.get(start..).unwrap_or_default()));
    found.retain(|(_, line)| !line.trim().is_empty());
    found
}

fn is_free(line: &str) -> bool {
    let verb = line.split_whitespace().next().and_then(Verb::of);
    matches!(verb, Some(Verb::Lock | Verb::Unlock))
}

/// Why a command can't be one of several.
pub const fn stands_alone(command: &Command) -> Option<&'static str> {
    match command {
        Command::Halt => Some("`halt` asks by itself: give it a line of its own"),
        Command::Flatten(_) => Some("`flatten` shows its plan first: give it a line of its own"),
        Command::Unlock { .. } => Some("`unlock` is a decision of its own: give it a line of its own"),
        Command::Order(_)
        | Command::Close { .. }
        | Command::Reverse { .. }
        | Command::Protect { .. }
        | Command::Cancel { .. }
        | Command::Replace { .. }
        | Command::Lock { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_a_semicolon_outside_quotes_and_reasons() {
        for (text, want) in [
            ("buy AAPL 1", vec![(0, "buy AAPL 1")]),
            ("cancel AAPL; close AAPL half;", vec![(0, "cancel AAPL"), (12, " close AAPL half")]),
            ("buy A 1 tag \"a;b\"; halt", vec![(0, "buy A 1 tag \"a;b\""), (18, " halt")]),
            ("buy A 1 tag \"a\\\";b\"", vec![(0, "buy A 1 tag \"a\\\";b\"")]),
            ("cancel all; lock tired; go home", vec![(0, "cancel all"), (11, " lock tired; go home")]),
            (" ; ;", vec![]),
        ] {
            assert_eq!(lines(text), want, "{text}");
        }
    }
}
