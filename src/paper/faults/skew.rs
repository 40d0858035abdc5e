//! A clock that is off: every instant in a text is moved by as much.

use crate::domain::time::Stamp;
use std::borrow::Cow;

/// The longest text of an instant, with nanoseconds and an offset.
const LENGTH_MAX: usize = 40;

/// `json` with each text in it that is an instant moved by `ms`; nothing else changes.
pub fn shifted(json: &str, ms: i64) -> Cow<'_, str> {
    let mut out = String::new();
    let mut parts = json.split('"');
    let Some(first) = parts.next() else { return Cow::Borrowed(json) };
    let mut is_moved = false;
    out.push_str(first);
    for part in parts {
        out.push('"');
        match instant(part) {
            Some(at) => {
                is_moved = true;
                out.push_str(&at.plus_ms(ms).to_rfc3339());
            }
            None => out.push_str(part),
        }
    }
    if is_moved { Cow::Owned(out) } else { Cow::Borrowed(json) }
}

fn instant(text: &str) -> Option<Stamp> {
    let looks_like_one =
        text.len() <= LENGTH_MAX && text.get(10..11) == Some("T") && text.get(4..5) == Some("-");
    if looks_like_one { Stamp::parse_rfc3339(text).ok() } else { None }
}

/// An instant as the `Date` header has it.
pub fn http_date(at: Stamp) -> String {
    at.to_jiff().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_move_and_nothing_else_does() {
        let json = r#"{"at":"2026-11-20T15:00:00.5Z","date":"2026-11-20","qty":"10.50","n":1.10,"x":"2026-11-20Today","s":"a\"2026"}"#;
        assert_eq!(
            shifted(json, -1_500),
            r#"{"at":"2026-11-20T14:59:59Z","date":"2026-11-20","qty":"10.50","n":1.10,"x":"2026-11-20Today","s":"a\"2026"}"#
        );
        assert!(matches!(shifted(r#"{"a":1}"#, 5), Cow::Borrowed(_)));
        assert_eq!(http_date(Stamp::from_secs(1_800_000_000).unwrap()), "Fri, 15 Jan 2027 08:00:00 GMT");
    }
}
