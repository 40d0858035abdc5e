//! What LEAN answers to a command, and what that means. Pure.

use super::wire::Reply;
use crate::domain::{algorithm::Instructed, text::Text};

/// The meaning of an answer.
///
/// # Errors
/// Where it is not whole: it is written in place, and is read again.
pub fn read(what: &str, bytes: &[u8]) -> Result<Instructed, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
    let reply: Reply<'_> =
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|e| e.to_string())?;
    let name = reply.name.map(|n| n.0).unwrap_or_default();
    let name = if name.is_empty() { what.to_owned() } else { name.into_owned() };
    let filled = reply.quantity_filled.map_or_else(String::new, |q| format!(", {} filled", q.0.normalize()));
    Ok(match reply.success {
        // It answers so too where it was told to do nothing: what it holds says whether it did (LEAN.md 2.2).
        Some(true) => Instructed::Done(Text::clean(&format!("{name}: it says so{filled}"))),
        Some(false) => Instructed::Refused(Text::clean(&format!(
            "{name}: it says that it did not{filled}; its log may say why"
        ))),
        None => Instructed::Taken(Text::clean(&format!("{name}: it was taken, without a verdict"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_yes_no_or_none_and_half_an_answer_is_none() {
        let of = |text: &str| read("liquidate", text.as_bytes());
        let whole = r#"{"CommandName":"CancelOrderCommand","Success":true,"QuantityFilled":2.50,"Type":"CommandResult","Channel":""}"#;
        assert_eq!(
            of(whole),
            Ok(Instructed::Done(Text::clean("CancelOrderCommand: it says so, 2.5 filled")))
        );
        let no = of(r#"{"CommandName":"OrderCommand","Success":false,"Type":"CommandResult","Channel":""}"#);
        assert!(matches!(no, Ok(Instructed::Refused(_))));
        for none in [r#"{"CommandName":"MyCommand","Success":null}"#, r#"{"CommandName":"MyCommand"}"#] {
            assert!(matches!(of(none), Ok(Instructed::Taken(_))));
        }
        for cut in 0..whole.len() {
            assert!(of(whole.get(..cut).unwrap()).is_err(), "{cut}");
        }
    }
}
