//! What an exchange means for a request that changes something. Only what Alpaca documents as a refusal is
//! one; everything else that came back after sending leaves the order unknown.

use super::{Exchange, refusal, words};
use crate::{
    broker::{Outcome, Refusal},
    domain::text::Text,
    transport::rest::Answer,
};
use http::StatusCode;

/// What was asked. The documented refusals differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// A new order.
    Submit,
    /// A change or a cancel of an order that is named: it may be unknown there.
    Change,
}

impl Request {
    /// Statuses that, with the venue's own body, mean that nothing changed. A gateway in front of the venue may
    /// answer the same status for a request that went through; it does not write that body.
    const fn is_refusal(self, status: StatusCode) -> bool {
        match status {
            StatusCode::BAD_REQUEST
            | StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::UNPROCESSABLE_ENTITY => true,
            StatusCode::NOT_FOUND => matches!(self, Self::Change),
            _ => false,
        }
    }
}

/// Codes are the HTTP status and five digits (`40310000`, `42210000`, …).
const fn is_documented(code: u64) -> bool {
    matches!(code / 100_000, 400 | 401 | 403 | 404 | 422)
}

/// "client_order_id must be unique": an order with our id is there already, so this refusal settles nothing.
const NOT_UNIQUE: u64 = 40_010_001;

/// Says what became of a request.
pub fn settle(request: Request, exchange: Exchange) -> Outcome<Answer> {
    match exchange {
        Exchange::Limited { wait_ms, .. } => Outcome::NotSent(Text::from(format!(
            "not sent: the rate limit has no room for it for {} s",
            wait_ms.div_ceil(1_000)
        ))),
        Exchange::NotSent(why) => Outcome::NotSent(why),
        Exchange::Unanswered(why) => Outcome::Unknown(why),
        Exchange::TooMany { until, text } => {
            Outcome::Refused(Refusal { code: Text::from("429"), text, retry_at: Some(until) })
        }
        Exchange::Answered(answer) if answer.status.is_success() => Outcome::Accepted(answer),
        Exchange::Answered(answer) => match refusal(&answer) {
            Some(no)
                if request.is_refusal(answer.status) && is_documented(no.code) && no.code != NOT_UNIQUE =>
            {
                Outcome::Refused(Refusal {
                    code: Text::from(no.code.to_string()),
                    text: Text::clean(&no.message),
                    retry_at: None,
                })
            }
            Some(_) | None => Outcome::Unknown(words(&answer)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{Mono, Now};
    use http::HeaderMap;

    fn answered(status: u16, body: &str) -> Exchange {
        Exchange::Answered(Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.to_owned().into(),
            at: Now::default(),
            round_trip_ns: 0,
        })
    }
    fn verdict(request: Request, exchange: Exchange) -> &'static str {
        match settle(request, exchange) {
            Outcome::Accepted(_) => "accepted",
            Outcome::Refused(_) => "refused",
            Outcome::NotSent(_) => "not sent",
            Outcome::Unknown(_) => "unknown",
        }
    }

    #[test]
    fn only_what_is_documented_is_a_refusal() {
        use Request::{Change, Submit};
        let power = r#"{"code":40310000,"message":"insufficient buying power"}"#;
        for (request, status, body, expected) in [
            (Submit, 200, "{}", "accepted"),
            (Change, 204, "", "accepted"),
            (Submit, 403, power, "refused"),
            (Submit, 422, r#"{"code":42210000,"message":"sub-penny","symbol":"AAPL"}"#, "refused"),
            (Submit, 400, r#"{"code":40010000,"message":"bad"}"#, "refused"),
            (Submit, 401, r#"{"code":40110000,"message":"access key verification failed"}"#, "refused"),
            (Submit, 422, r#"{"code":40010001,"message":"client_order_id must be unique"}"#, "unknown"),
            (Submit, 400, r#"{"message":"timed out"}"#, "unknown"),
            (Submit, 400, r#"{"code":50010000,"message":"internal"}"#, "unknown"),
            (Submit, 403, "<html>forbidden</html>", "unknown"),
            (Submit, 404, r#"{"code":40410000,"message":"not found"}"#, "unknown"),
            (Change, 404, r#"{"code":40410000,"message":"order not found"}"#, "refused"),
            (Submit, 408, power, "unknown"),
            (Submit, 409, power, "unknown"),
            (Submit, 307, "", "unknown"),
            (Submit, 500, power, "unknown"),
            (Submit, 502, "<html>bad gateway</html>", "unknown"),
            (Submit, 504, r#"{"code":50410000,"message":"timeout"}"#, "unknown"),
        ] {
            assert_eq!(verdict(request, answered(status, body)), expected, "{request:?} {status} {body}");
        }
    }

    #[test]
    fn what_never_left_is_told_from_what_may_have() {
        let until = Mono::from_millis(7_000);
        assert_eq!(verdict(Request::Submit, Exchange::NotSent(Text::from("refused"))), "not sent");
        assert_eq!(verdict(Request::Submit, Exchange::Limited { until, wait_ms: 6_001 }), "not sent");
        assert_eq!(verdict(Request::Submit, Exchange::Unanswered(Text::from("timed out"))), "unknown");
        let text = Text::from("rate limit exceeded");
        let Outcome::Refused(no) = settle(Request::Submit, Exchange::TooMany { until, text }) else {
            panic!("not refused")
        };
        assert_eq!(no.retry_at, Some(until));
    }
}
