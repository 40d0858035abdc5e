//! Every failure has a sentence of its own.

use super::*;
use crate::{
    config::secret::Secret,
    domain::time::{Now, Stamp},
};
use http::{HeaderMap, HeaderValue};

fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_static(value));
    }
    let wall = Stamp::parse_rfc3339("2026-11-21T12:00:00Z").unwrap();
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: map,
        body: body.to_owned().into(),
        at: Now { wall, ..Now::default() },
        round_trip_ns: 0,
    }
}

fn judged(answer: &Answer) -> Result<(), Trouble> {
    let auth = Auth::new("1".to_owned(), Secret::new("canary-4711".to_owned()));
    judge(answer, &auth).map(|_| ())
}

#[test]
fn each_failure_is_told_apart() {
    let hash = r#"{"success":false,"errors":["Hash doesn't match. UserID:1 Hash: 0"]}"#;
    let far = ("date", "Sat, 21 Nov 2026 09:59:00 GMT");
    let near = ("date", "Sat, 21 Nov 2026 11:59:00 GMT");
    let skewed = Trouble::Clock { ahead_ms: 7_259_500 };
    for (answer, want) in [
        (answer(401, &[], "no"), Trouble::Key),
        (answer(401, &[near], r#"{"success":false,"errors":["x"]}"#), Trouble::Key),
        (answer(401, &[far], "no"), skewed.clone()),
        (answer(200, &[], hash), Trouble::Hash),
        (answer(401, &[near], hash), Trouble::Hash),
        (answer(200, &[far], hash), skewed),
        (answer(200, &[], r#"{"success":false,"errors":["UserID not valid"]}"#), Trouble::User),
        (answer(429, &[("retry-after", "30")], ""), Trouble::Busy { retry_ms: Some(30_000) }),
        (answer(429, &[], hash), Trouble::Busy { retry_ms: None }),
        (answer(500, &[], ""), Trouble::Server(StatusCode::INTERNAL_SERVER_ERROR)),
        (
            answer(200, &[], r#"{"success":false,"errors":["a","b"],"messages":["c"]}"#),
            Trouble::Refused("a; b".to_owned()),
        ),
        (
            answer(200, &[], r#"{"success":false,"errors":[],"Message":"of canary-4711"}"#),
            Trouble::Refused("of …".to_owned()),
        ),
        (answer(200, &[], r#"{"success":false}"#), Trouble::Refused("it gives no reason".to_owned())),
        (answer(404, &[], "<html>"), Trouble::Refused("it answers 404".to_owned())),
        (answer(302, &[], ""), Trouble::Unreadable("it answers 302".to_owned())),
        (answer(408, &[], ""), Trouble::Unreadable("it answers 408".to_owned())),
        (
            answer(200, &[], r#"{"progress":0.405,"status":"loading","success":true}"#),
            Trouble::Loading { progress: Some("40".to_owned()) },
        ),
        (answer(200, &[], "{}"), Trouble::Unreadable("it does not say whether it succeeded".to_owned())),
        (answer(200, &[], "<html>"), Trouble::Unreadable("it is no object of JSON".to_owned())),
    ] {
        assert_eq!(judged(&answer), Err(want), "{answer:?}");
    }
    assert_eq!(judged(&answer(200, &[], r#"{"success":true,"errors":[],"status":"Running"}"#)), Ok(()));
}

#[test]
fn no_two_sentences_are_the_same() {
    let all = [
        Trouble::Key,
        Trouble::Hash,
        Trouble::User,
        Trouble::Clock { ahead_ms: -7_300_000 },
        Trouble::Busy { retry_ms: None },
        Trouble::Server(StatusCode::INTERNAL_SERVER_ERROR),
        Trouble::Server(StatusCode::BAD_GATEWAY),
        Trouble::Unreachable("x".to_owned()),
        Trouble::Refused("x".to_owned()),
        Trouble::Loading { progress: None },
        Trouble::Nothing,
        Trouble::Unreadable("x".to_owned()),
    ];
    let said: std::collections::BTreeSet<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), all.len());
    assert!(said.iter().any(|s| s.contains("7300 s behind QuantConnect's")), "{said:?}");
}
