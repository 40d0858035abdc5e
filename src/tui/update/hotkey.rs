//! Order lines that the configuration has on keys.

use super::{keys::send, line, trade};
use crate::{
    desk::Request,
    domain::{draft::Command, text::Text},
    grammar::{self, Bindings},
    tui::{
        focus::Pane,
        model::{Model, Tone},
        msg::Cmd,
        settings::Level,
    },
};
use smol_str::{SmolStr, ToSmolStr as _};

/// Does what the configuration says of this key.
pub(super) fn perform(model: &mut Model, key: &str) -> Result<Vec<Cmd>, Text> {
    let found = model.settings.hotkeys.iter().find(|h| h.key.eq_ignore_ascii_case(key)).cloned();
    let hotkey = found.ok_or_else(|| Text::clean(&format!("the configuration has no hotkey `{key}`")))?;
    let said = |why: grammar::GrammarError| Text::clean(&format!("hotkey {}: {why}", hotkey.key));
    let filled = grammar::expand(&hotkey.line, &bindings(model)).map_err(said)?;
    let command = grammar::parse(&filled).map_err(said)?;
    match hotkey.level {
        Level::Load => {
            line::open(model, &filled);
            Ok(Vec::new())
        }
        Level::Review => Ok(trade::run(model, command)),
        Level::Send => now(model, &hotkey.key, command),
    }
}

/// Sends it while ARMED: a key that trades at once is not one to be hit by accident.
fn now(model: &mut Model, key: &str, command: Command) -> Result<Vec<Cmd>, Text> {
    let armed = model.snapshot.banner.armed_until.is_some_and(|until| until > model.now.mono);
    if !armed {
        return Err(Text::clean(&format!("hotkey {key} sends at once, and only while ARMED: `:arm` first")));
    }
    model.say(Tone::Plain, format!("sent: {}", grammar::print(&command)));
    Ok(send(model, Request::Do(command)))
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
