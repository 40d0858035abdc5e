//! What comes back when an order is placed, changed, or a question about it is answered: the gateway answers all of it
//! with 200, and only the shape tells what it is. Questions are answered by the rules that the user wrote, and by nothing
//! else.

use crate::{adapters::ibkr_portal::wire::Placed, domain::text::Text};
use std::collections::BTreeMap;

/// One shape of such an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The orders were taken: the venue's numbers, in the order of the tickets, each with its status.
    Taken(Vec<(i64, String)>),
    /// Somebody must confirm first: one question for each ticket that raised any.
    Asks(Vec<Question>),
    /// Refused.
    No {
        /// The venue's code, where it has one.
        code: Option<String>,
        /// Its words.
        text: String,
    },
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// By which it is answered.
    pub reply: String,
    /// Its kinds, each with its words.
    pub asked: Vec<(String, String)>,
}

/// The answers that the user wrote down, by the kind of question.
pub type Answers = BTreeMap<String, bool>;

/// What a rule says of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every part of it is allowed.
    Yes,
    /// Some part is not: its kind and words, and whether the user said no to it or nothing at all.
    No {
        /// Its kind.
        id: String,
        /// Its words.
        text: String,
        /// Was it forbidden, rather than forgotten?
        is_forbidden: bool,
    },
}

/// Reads such an answer. What is none of the documented shapes settles nothing.
///
/// # Errors
/// Says what it is instead.
pub fn read(body: &str) -> Result<Said, String> {
    let parts: Vec<Placed> = if body.trim_start().starts_with('[') {
        serde_json::from_str(body).map_err(|e| e.to_string())?
    } else {
        vec![serde_json::from_str(body).map_err(|e| e.to_string())?]
    };
    if let Some(no) = parts.iter().find_map(refusal) {
        // A part of a group is refused: of the others nothing is said that could be relied on.
        return if parts.len() > 1 { Err("a part of the group was refused".to_owned()) } else { Ok(no) };
    }
    if !parts.is_empty() && parts.iter().all(|p| p.id.is_some() && p.message.is_some()) {
        return Ok(Said::Asks(parts.iter().filter_map(question).collect()));
    }
    let number = |p: &Placed| Some((p.order_id.as_deref()?.parse().ok()?, p.order_status.clone()?));
    let taken: Vec<(i64, String)> = parts.iter().filter_map(number).collect();
    if taken.len() == parts.len() && !taken.is_empty() {
        return Ok(Said::Taken(taken));
    }
    Err("the answer is neither an order, a question nor a refusal".to_owned())
}

fn refusal(p: &Placed) -> Option<Said> {
    if let Some(text) = &p.error {
        return Some(Said::No { code: None, text: text.clone() });
    }
    // The longer form: the order was rejected, with choices that nobody here makes.
    let text = p.text.as_ref().filter(|_| p.req_id.is_some())?;
    Some(Said::No { code: p.message_id.clone(), text: text.clone() })
}

fn question(p: &Placed) -> Option<Question> {
    let words = p.message.clone()?;
    let ids = p.message_ids.clone().unwrap_or_default();
    let named = |(n, text): (usize, String)| (ids.get(n).cloned().unwrap_or_default(), text);
    let mut asked: Vec<(String, String)> = words.into_iter().enumerate().map(named).collect();
    // A kind without words is a part of the question all the same.
    asked.extend(ids.iter().skip(asked.len()).map(|id| (id.clone(), String::new())));
    Some(Question { reply: p.id.clone()?, asked })
}

/// What the user's rules say of a question. `allows_all` is his word that orders which only reduce are let through.
pub fn judge(question: &Question, answers: &Answers, allows_all: bool) -> Verdict {
    if allows_all {
        return Verdict::Yes;
    }
    let no = |(id, text): &(String, String), is_forbidden| Verdict::No {
        id: id.clone(),
        text: text.clone(),
        is_forbidden,
    };
    if question.asked.is_empty() {
        return no(&(String::new(), String::new()), false);
    }
    for part in &question.asked {
        match answers.get(&part.0) {
            Some(true) => {}
            Some(false) => return no(part, true),
            None => return no(part, false),
        }
    }
    Verdict::Yes
}

/// The sentence for the trader: the question itself, and what would allow it.
pub fn sentence(id: &str, text: &str, is_forbidden: bool) -> Text {
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(240).collect();
    Text::from(if is_forbidden {
        format!("Interactive Brokers asks before it takes the order: '{text}'. answers.{id} = \"no\" says no")
    } else if id.is_empty() {
        format!(
            "Interactive Brokers asks before it takes the order: '{text}'. The question has no id, so that no rule can allow it"
        )
    } else {
        format!(
            "Interactive Brokers asks before it takes the order: '{text}'. Allow it with answers.{id} = \"yes\""
        )
    })
}

/// A refusal that may be of an order which is there: one with our id was placed already, or nobody knows.
pub fn settles_nothing(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["duplicate", "already registered", "already in use", "timed out", "timeout", "no bridge", "unknown"]
        .iter()
        .any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKS: &str = r#"[{"id":"r-1","message":["price exceeds\nthe constraint of 3%.","no market data"],
        "isSuppressed":false,"messageIds":["o163","o354"],"messageOptions":["Yes","No"]}]"#;

    fn asked() -> Question {
        let Ok(Said::Asks(mut questions)) = read(ASKS) else { panic!() };
        questions.remove(0)
    }

    #[test]
    fn the_shape_tells_what_it_is() {
        assert_eq!(
            read(r#"[{"order_id":"7","order_status":"Submitted","encrypt_message":"1"}]"#),
            Ok(Said::Taken(vec![(7, "Submitted".to_owned())]))
        );
        assert_eq!(asked().reply, "r-1");
        for no in [r#"{"error":"not today"}"#, r#"[{"error":"not today"}]"#] {
            assert_eq!(read(no), Ok(Said::No { code: None, text: "not today".to_owned() }));
        }
        let long =
            r#"{"orderId":1,"reqId":"2","text":"too far","options":["a"],"messageId":"m7","prompt":true}"#;
        assert_eq!(read(long), Ok(Said::No { code: Some("m7".to_owned()), text: "too far".to_owned() }));
        for unclear in [
            "",
            "[]",
            "{}",
            "<html>",
            r#"[{"order_id":"7"}]"#,
            r#"[{"order_id":"x","order_status":"Submitted"}]"#,
            r#"[{"order_id":"7","order_status":"Submitted"},{"error":"the other not"}]"#,
            r#"{"id":"61e6"#,
        ] {
            assert!(read(unclear).is_err(), "{unclear}");
        }
    }

    #[test]
    fn only_what_is_allowed_in_every_part_is_answered_yes() {
        let answers = |list: &[(&str, bool)]| -> Answers {
            list.iter().map(|(id, is)| ((*id).to_owned(), *is)).collect()
        };
        let question = asked();
        let no = |id: &str, is_forbidden| match judge(&question, &answers(&[("o163", true)]), false) {
            Verdict::No { id: said, is_forbidden: f, .. } => said == id && f == is_forbidden,
            Verdict::Yes => false,
        };
        assert!(no("o354", false));
        assert_eq!(judge(&question, &answers(&[("o163", true), ("o354", true)]), false), Verdict::Yes);
        let verdict = judge(&question, &answers(&[("o163", false), ("o354", true)]), false);
        assert!(matches!(verdict, Verdict::No { is_forbidden: true, .. }), "{verdict:?}");
        assert_eq!(judge(&question, &Answers::new(), true), Verdict::Yes);
        let bare = Question { reply: "r".to_owned(), asked: Vec::new() };
        assert!(matches!(judge(&bare, &answers(&[("o163", true)]), false), Verdict::No { .. }));
        let nameless = Question { reply: "r".to_owned(), asked: vec![(String::new(), "sure?".to_owned())] };
        assert!(matches!(judge(&nameless, &answers(&[("o163", true)]), false), Verdict::No { .. }));
    }

    #[test]
    fn the_trader_reads_the_question_and_what_would_allow_it() {
        let said = sentence("o163", "price exceeds\nthe constraint\u{202e}", false);
        assert_eq!(
            said.as_str(),
            "Interactive Brokers asks before it takes the order: 'price exceeds the constraint'. Allow it with answers.o163 = \"yes\""
        );
        assert!(sentence("o163", "sure?", true).as_str().ends_with("says no"));
    }
}
