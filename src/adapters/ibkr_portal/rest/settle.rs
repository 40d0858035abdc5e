//! What an exchange means for a request that changes something. The vendor documents one refusal: a complaint under 200.
//! Everything else that came back after sending leaves the order unknown, 500 and 503 above all, which stand for many
//! things.

use super::{Exchange, words};
use crate::{
    adapters::ibkr_portal::map::questions::{self, Said, settles_nothing},
    broker::{Outcome, Refusal},
    domain::text::Text,
    transport::rest::Answer,
};
use http::StatusCode;

fn refused(code: &str, text: &str) -> Refusal {
    Refusal { code: Text::clean(code), text: Text::clean(text), retry_at: None }
}

/// What became of a request, as far as its status tells.
pub fn settle(exchange: Exchange) -> Outcome<Answer> {
    match exchange {
        Exchange::Limited { why, .. } | Exchange::NotSent(why) => Outcome::NotSent(why),
        Exchange::Unanswered(why) => Outcome::Unknown(why),
        Exchange::TooMany { until, text } => {
            Outcome::Refused(Refusal { code: Text::from("429"), text, retry_at: Some(until) })
        }
        Exchange::Answered(answer) if answer.status.is_success() => Outcome::Accepted(answer),
        // Before anything else was looked at.
        Exchange::Answered(answer) if answer.status == StatusCode::UNAUTHORIZED => {
            Outcome::Refused(refused("401", "nobody is logged in to the gateway; log in with a browser"))
        }
        Exchange::Answered(answer) => Outcome::Unknown(words(&answer)),
    }
}

/// What the answer to a placement, a change or a reply says.
pub fn settle_order(exchange: Exchange) -> Outcome<Said> {
    let answer = match settle(exchange) {
        Outcome::Accepted(answer) => answer,
        Outcome::Refused(no) => return Outcome::Refused(no),
        Outcome::NotSent(why) => return Outcome::NotSent(why),
        Outcome::Unknown(why) => return Outcome::Unknown(why),
    };
    let said = std::str::from_utf8(&answer.body).map_err(|e| e.to_string()).and_then(questions::read);
    match said {
        Ok(Said::No { text, .. }) if settles_nothing(&text) => Outcome::Unknown(Text::clean(&text)),
        Ok(Said::No { code, text }) => Outcome::Refused(refused(code.as_deref().unwrap_or("refused"), &text)),
        Ok(said) => Outcome::Accepted(said),
        Err(why) => Outcome::Unknown(Text::from(format!("{}: {why}", answer.status))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{Mono, Now};
    use http::HeaderMap;

    fn verdict(exchange: Exchange) -> &'static str {
        match settle_order(exchange) {
            Outcome::Accepted(Said::Taken(_)) => "taken",
            Outcome::Accepted(Said::Asks(_)) => "asks",
            Outcome::Accepted(Said::No { .. }) => "never",
            Outcome::Refused(_) => "refused",
            Outcome::NotSent(_) => "not sent",
            Outcome::Unknown(_) => "unknown",
        }
    }

    #[test]
    fn only_what_is_documented_is_a_refusal() {
        for (status, body, expected) in [
            (200, r#"[{"order_id":"1","order_status":"Submitted","encrypt_message":"1"}]"#, "taken"),
            (200, r#"[{"id":"a","message":["sure?"],"messageIds":["o1"]}]"#, "asks"),
            (200, r#"{"error":"We cannot accept an order at the limit price"}"#, "refused"),
            (200, r#"{"error":"Order ID/cOID duplicated: already registered"}"#, "unknown"),
            (200, r#"{"error":"request timed out"}"#, "unknown"),
            (200, r#"{"id": "61e6"#, "unknown"),
            (200, "", "unknown"),
            (200, "<html>hotel</html>", "unknown"),
            (400, r#"{"error":"no bridge"}"#, "unknown"),
            (400, r#"{"message":"timed out"}"#, "unknown"),
            (401, "", "refused"),
            (500, r#"{"error":"unknown"}"#, "unknown"),
            (503, r#"{"error":"service unavailable","statusCode":503}"#, "unknown"),
            (307, "", "unknown"),
        ] {
            let answer = Answer {
                status: StatusCode::from_u16(status).unwrap(),
                headers: HeaderMap::new(),
                body: body.to_owned().into(),
                at: Now::default(),
                round_trip_ns: 0,
            };
            assert_eq!(verdict(Exchange::Answered(answer)), expected, "{status} {body}");
        }
        let until = Mono::from_millis(7_000);
        assert_eq!(verdict(Exchange::NotSent(Text::from("refused"))), "not sent");
        assert_eq!(verdict(Exchange::Limited { until, why: Text::from("full") }), "not sent");
        assert_eq!(verdict(Exchange::Unanswered(Text::from("timed out"))), "unknown");
        assert_eq!(verdict(Exchange::TooMany { until, text: Text::from("box") }), "refused");
    }
}
