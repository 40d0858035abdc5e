//! Order lines that the configuration has on keys and under names.

use super::{keys::send, line, series, trade};
use crate::{
    config::Level,
    desk::Request,
    domain::{draft::Command, text::Text},
    grammar::{self, Bindings},
    tui::{
        action::Action,
        focus::Pane,
        model::Model,
        msg::Cmd,
        settings::Preset,
        ticket::{Field, Ticket},
    },
};
use smol_str::{SmolStr, ToSmolStr as _};
use std::sync::Arc;

/// Does what the configuration says of this key or name.
pub(super) fn perform(model: &mut Model, action: Action, arg: &str) -> Result<Vec<Cmd>, Text> {
    let settings = Arc::clone(&model.settings);
    let (word, all) = if action == Action::Template {
        ("template", &settings.templates)
    } else {
        ("hotkey", &settings.hotkeys)
    };
    let found = all.iter().find(|p| p.name.eq_ignore_ascii_case(arg));
    let preset = found.ok_or_else(|| Text::clean(&format!("the configuration has no {word} `{arg}`")))?;
    let title = format!("{word} {}", preset.name);
    let (filled, commands) = read(model, preset, &title)?;
    let single = if commands.len() == 1 { commands.first().cloned() } else { None };
    match (preset.level, single) {
        (Level::Load, Some(Command::Order(draft))) => {
            trade::free_ticket(model)?;
            match Ticket::of_draft(&draft) {
                Some(ticket) => trade::show_ticket(model, ticket, Field::Size),
                // The ticket has no field for something in it.
                None => line::open(model, &filled),
            }
            Ok(Vec::new())
        }
        (Level::Load, _) => {
            line::open(model, &filled);
            Ok(Vec::new())
        }
        (Level::Review, Some(command)) => Ok(trade::run(model, command)),
        (Level::Review, None) => Ok(series::review(model, &title, commands)),
        (Level::Send, single) => {
            armed(model, &title)?;
            match single {
                Some(command) => {
                    model.sent = Some(command.clone());
                    Ok(send(model, Request::Do(command)))
                }
                None => Ok(series::at_once(model, &title, commands)),
            }
        }
    }
}

/// The lines with their placeholders filled in, as one text and as commands.
fn read(model: &Model, preset: &Preset, title: &str) -> Result<(String, Vec<Command>), Text> {
    if let Some(fixed) = preset.fixed() {
        return Ok((preset.text(), fixed.to_vec()));
    }
    let bindings = bindings(model);
    let several = preset.lines.len() > 1;
    let mut filled = Vec::new();
    let mut commands = Vec::new();
    for (n, line) in (1_usize..).zip(&preset.lines) {
        let place = if several { format!(", line {n}") } else { String::new() };
        let said = |why: grammar::GrammarError| Text::clean(&format!("{title}{place}: {why}"));
        let text = grammar::expand(line, &bindings).map_err(said)?;
        commands.push(grammar::parse(&text).map_err(said)?);
        filled.push(text);
    }
    Ok((filled.join("; "), commands))
}

/// What trades at once is not to be hit by accident.
fn armed(model: &Model, title: &str) -> Result<(), Text> {
    let armed = model.snapshot.banner.armed_until.is_some_and(|until| until > model.now.mono);
    let why = || Text::clean(&format!("{title} sends at once, and only while ARMED: `:arm` first"));
    if armed { Ok(()) } else { Err(why()) }
}

/// What the placeholders stand for: the selected symbol with its quote, and the selected order.
fn bindings(model: &Model) -> Bindings {
    let about = model.instrument.as_ref();
    let quote = about.and_then(|i| model.watched(i));
    let row = (model.focus == Pane::Orders).then(|| model.table(Pane::Orders).selected_row()).flatten();
    let price = |p: Option<crate::domain::money::Price>| p.map(|p| p.to_smolstr());
    Bindings {
        symbol: about.map(|i| SmolStr::new(i.symbol.as_str())),
        venue: about.map(|i| SmolStr::new(i.venue.as_str())),
        order: row.and_then(|n| model.snapshot.orders.get(n)).map(|o| o.id.client.to_smolstr()),
        last: price(quote.and_then(|w| w.last)),
        bid: price(quote.and_then(|w| w.bid)),
        ask: price(quote.and_then(|w| w.ask)),
    }
}
