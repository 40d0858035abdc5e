//! What an exchange means for a request that changes something. Only codes that Binance documents as a refusal are
//! one; everything else that came back after sending leaves the order unknown.

use super::{Exchange, refusal, words};
use crate::{
    broker::{Outcome, Refusal},
    domain::text::Text,
    transport::rest::Answer,
};

/// The request's time is outside the window: it was not executed.
pub const TIME_IS_OFF: i64 = -1_021;
/// The account's count of orders is full.
pub const TOO_MANY_ORDERS: i64 = -1_015;
/// As an answer to a question it means that none is there; settled only by asking again over time.
pub const NO_SUCH_ORDER: i64 = -2_013;

/// Codes that mean that nothing changed (errors.md of binance-spot-api-docs; the error codes of the futures'
/// documentation). Not among them: −1000, −1001, −1006, −1007, −1008 and −1016, after which the request may yet be
/// executed, and whatever came later.
const fn is_documented(code: i64) -> bool {
    matches!(
        code,
        -1_003..=-1_002
            | -1_013..=-1_010
            | -1_015
            | -1_022..=-1_020
            | -1_199..=-1_099
            | -2_011..=-2_010
            | -2_028..=-2_013
            | -2_039..=-2_035
            | -4_199..=-4_000
            | -4_531
            | -5_029..=-5_021
    )
}

/// "Duplicate order sent" and −4116, "ClientOrderId is duplicated": an order with our id is there already, so that
/// this refusal settles nothing.
fn is_duplicate(code: i64, text: &str) -> bool {
    code == -4_116 || (code == -2_010 && text.to_ascii_lowercase().contains("duplicate"))
}

/// Says what became of a request.
pub fn settle(exchange: Exchange) -> Outcome<Answer> {
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
        // Answers of the server's own making say themselves that the outcome is unknown (rest-api.md, "HTTP Return
        // Codes"), whatever else stands in them.
        Exchange::Answered(answer) if !answer.status.is_client_error() => Outcome::Unknown(words(&answer)),
        Exchange::Answered(answer) => match refusal(&answer) {
            Some(no) if is_documented(no.code) && !is_duplicate(no.code, &no.msg) => {
                Outcome::Refused(Refusal {
                    code: Text::from(no.code.to_string()),
                    text: Text::clean(&no.msg),
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
    use http::{HeaderMap, StatusCode};

    fn verdict(exchange: Exchange) -> &'static str {
        match settle(exchange) {
            Outcome::Accepted(_) => "accepted",
            Outcome::Refused(_) => "refused",
            Outcome::NotSent(_) => "not sent",
            Outcome::Unknown(_) => "unknown",
        }
    }

    #[test]
    fn only_what_is_documented_is_a_refusal() {
        for (status, body, expected) in [
            (200, "{}", "accepted"),
            (400, r#"{"code":-1013,"msg":"Filter failure: LOT_SIZE"}"#, "refused"),
            (
                400,
                r#"{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}"#,
                "refused",
            ),
            (400, r#"{"code":-1102,"msg":"Mandatory parameter"}"#, "refused"),
            (
                400,
                r#"{"code":-2010,"msg":"Account has insufficient balance for requested action."}"#,
                "refused",
            ),
            (400, r#"{"code":-2010,"msg":"Duplicate order sent."}"#, "unknown"),
            (400, r#"{"code":-4116,"msg":"ClientOrderId is duplicated."}"#, "unknown"),
            (400, r#"{"code":-4164,"msg":"Order's notional must be no smaller than 5.0"}"#, "refused"),
            (400, r#"{"code":-5022,"msg":"Post only order will be rejected"}"#, "refused"),
            (401, r#"{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}"#, "refused"),
            (400, r#"{"code":-1000,"msg":"An unknown error occurred"}"#, "unknown"),
            (400, r#"{"code":-1006,"msg":"execution status unknown"}"#, "unknown"),
            (408, r#"{"code":-1007,"msg":"Timeout waiting for response from backend server."}"#, "unknown"),
            (503, r#"{"code":-1008,"msg":"Server is currently overloaded"}"#, "unknown"),
            (500, r#"{"code":-1013,"msg":"Filter failure"}"#, "unknown"),
            (400, r#"{"code":-9999,"msg":"new in 2027"}"#, "unknown"),
            (403, "<html>blocked</html>", "unknown"),
            (409, r#"{"code":-2021,"msg":"Order cancel-replace partially failed."}"#, "refused"),
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
        assert_eq!(verdict(Exchange::Limited { until, wait_ms: 6_001 }), "not sent");
        assert_eq!(verdict(Exchange::Unanswered(Text::from("timed out"))), "unknown");
        assert_eq!(verdict(Exchange::TooMany { until, text: Text::from("banned") }), "refused");
    }
}
