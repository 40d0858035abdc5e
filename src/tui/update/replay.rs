//! A recorded session: what plays it, and what can't be done in it.

use crate::{
    desk::replay::{NOTHING_SENT, Speed, Steer, To, View},
    domain::text::Text,
    tui::{
        action::{self, Action, Danger},
        model::{Model, Tone},
        msg::Cmd,
    },
};

/// Nothing is sent from a replay: what would send says so before it asks for anything.
///
/// # Errors
/// That.
pub(super) fn refuse(model: &Model, action: Action) -> Result<(), Text> {
    let danger = action::entry(action).map_or(Danger::Trade, |entry| entry.danger);
    let sends = danger != Danger::None && action != Action::Quit;
    if sends && model.replay().is_some() { Err(NOTHING_SENT.into()) } else { Ok(()) }
}

/// The player stands there now.
pub(super) fn stands(model: &mut Model, view: &View) {
    let before = model.replay().map(|before| (before.frame, before.note.as_ref().map(|note| note.number)));
    if before.is_some_and(|(frame, _)| view.frame < frame) {
        // What the chart has grown lies ahead now.
        model.chart.instrument = None;
    }
    let known = before.and_then(|(_, number)| number);
    if let Some(note) = view.note.as_ref().filter(|note| known != Some(note.number)) {
        model.say(if note.is_bad { Tone::Bad } else { Tone::Plain }, note.text.clone());
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "`update::act` sends only these here")]
pub(super) fn perform(model: &mut Model, action: Action, arg: &str) -> Result<Vec<Cmd>, Text> {
    if model.replay().is_none() {
        return Err("nothing is played here; `tradedeck replay` shows a recorded session".into());
    }
    let steer = match action {
        Action::Play => Steer::Toggle,
        Action::Speed => speed(arg)?,
        Action::Step => match arg {
            "on" => Steer::Forth,
            "back" => Steer::Back,
            _ => return Err("write `step on` or `step back`".into()),
        },
        Action::Seek => Steer::Seek(
            to(arg).ok_or("write a time such as `seek 14:30`, `seek +5m`, `seek -30s` or `seek end`")?,
        ),
        Action::Find => find(arg),
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Cmd::Steer(steer)])
}

fn speed(arg: &str) -> Result<Steer, Text> {
    match arg {
        "faster" => Ok(Steer::Faster),
        "slower" => Ok(Steer::Slower),
        _ => Speed::parse(arg)
            .map(Steer::Speed)
            .ok_or_else(|| "write a speed from `0.25x` to `100x`, or `max`".into()),
    }
}

fn find(arg: &str) -> Steer {
    match arg {
        "next" => Steer::Find { text: None, back: false },
        "previous" => Steer::Find { text: None, back: true },
        text => Steer::Find { text: Some(text.into()), back: false },
    }
}

/// `start`, `end`, `14:30`, `14:30:05`, `+5m`, `-1h30m`.
fn to(arg: &str) -> Option<To> {
    match arg {
        "start" => return Some(To::Start),
        "end" => return Some(To::End),
        _ => {}
    }
    if let Some(on) = arg.strip_prefix('+') {
        return span(on).map(To::By);
    }
    if let Some(back) = arg.strip_prefix('-') {
        return span(back).and_then(i64::checked_neg).map(To::By);
    }
    let mut parts = arg.split(':');
    let mut part = |below: u8| {
        let text = parts.next()?;
        let digits = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|n: &u8| digits && *n < below)
    };
    let (hour, minute) = (part(24)?, part(60)?);
    let second = if arg.matches(':').count() > 1 { part(60)? } else { 0 };
    parts.next().is_none().then_some(To::Clock(hour, minute, second))
}

/// `5m`, `1h30m`, `90s`, in milliseconds.
fn span(text: &str) -> Option<i64> {
    let mut sum = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = rest.split_at_checked(end)?;
        let (unit, after) = unit.split_at_checked(1)?;
        let each = match unit {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            _ => return None,
        };
        sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(each)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_what_is_none_is_not() {
        for (text, place) in [
            ("start", To::Start),
            ("end", To::End),
            ("14:30", To::Clock(14, 30, 0)),
            ("9:05:07", To::Clock(9, 5, 7)),
            ("+5m", To::By(300_000)),
            ("-1h30m", To::By(-5_400_000)),
            ("+90s", To::By(90_000)),
        ] {
            assert_eq!(to(text), Some(place), "{text}");
        }
        for text in [
            "",
            "5m",
            "24:00",
            "12:60",
            "12",
            "12:00:00:00",
            "+",
            "-",
            "+5",
            "+m",
            "+5d",
            "12:+1",
            "+99999999999999999999h",
            "12:",
        ] {
            assert_eq!(to(text), None, "{text}");
        }
    }
}
