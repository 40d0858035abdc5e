//! Asking the person at the terminal, before something is sent.

use super::{
    open::Context,
    report::{Failure, say},
};
use crate::{config::Environment, domain::ids::VenueId};
use std::io::{BufRead as _, IsTerminal as _, Write as _};

/// Is there real money at this venue, or at any if none is named?
pub(super) fn is_live(config: &crate::config::Config, venue: Option<&VenueId>) -> bool {
    let live = |v: &&crate::config::VenueConfig| v.environment == Environment::Live;
    config.venues.iter().filter(live).any(|v| venue.is_none_or(|w| *w == v.name))
}

/// Goes on only with consent: `--yes`, or an answer at the terminal. Without a terminal paper goes on and real
/// money does not.
pub(super) fn consent(context: &Context, yes: bool, live: bool, what: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if context.json || !std::io::stdin().is_terminal() {
        return if live {
            Err(Failure::usage("this account is LIVE and nobody can be asked here; add --yes"))
        } else {
            Ok(())
        };
    }
    say(what.trim_end());
    let word = if live { "live" } else { "y" };
    let question = if live { "LIVE: type `live` to send it: " } else { "send it? [y/N] " };
    let mut err = std::io::stderr().lock();
    write!(err, "{question}").and_then(|()| err.flush()).map_err(Failure::failed)?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(Failure::failed)?;
    if answer.trim().eq_ignore_ascii_case(word) {
        Ok(())
    } else {
        Err(Failure::failed("not confirmed; nothing was sent"))
    }
}
