//! What is asked before a command is done: by what it is, whose money it is, and what is unusual about it.

use crate::{
    config::Confirm,
    domain::{
        draft::{CancelTarget, Command},
        ids::VenueId,
        order::Role,
        report::Environment,
    },
    tui::model::Model,
};

/// The word that is typed where an order takes one.
pub(super) const SEND_WORD: &str = "SEND";

/// What the configuration asks before this command. Commands that answer by themselves (HALT, lock) are asked nothing.
pub(super) fn before(model: &Model, command: &Command) -> Confirm {
    let confirm = &model.settings.confirm;
    match command {
        Command::Order(draft) if draft.reduces() => confirm.exit,
        Command::Order(draft) => entry(model, draft.venue.as_ref()),
        Command::Reverse { venue, .. } => at_least_review(entry(model, venue.as_ref())),
        Command::Close { .. } => confirm.exit,
        // One letter never sends an order, and these stand on one.
        Command::Protect { .. } => at_least_review(confirm.exit),
        Command::Replace { .. } => at_least_review(Confirm::None),
        Command::Cancel { target, .. } => cancel(model, target, confirm.cancel),
        Command::Flatten(_) => confirm.flatten,
        Command::Halt | Command::Lock { .. } | Command::Unlock { .. } => Confirm::None,
    }
}

/// One more than that, for what is unusual.
pub(super) const fn once_more(asked: Confirm) -> Confirm {
    match asked {
        Confirm::None => Confirm::Review,
        Confirm::Review | Confirm::Typed => Confirm::Typed,
    }
}

const fn at_least_review(asked: Confirm) -> Confirm {
    match asked {
        Confirm::None | Confirm::Review => Confirm::Review,
        Confirm::Typed => Confirm::Typed,
    }
}

/// An order that names no venue may go to any; one that has not proven what it is counts as real money.
fn entry(model: &Model, venue: Option<&VenueId>) -> Confirm {
    let confirm = &model.settings.confirm;
    let mut lamps = model.snapshot.banner.lamps.iter().filter(|l| venue.is_none_or(|v| l.venue == *v));
    let paper = |lamp: &crate::desk::snapshot::Lamp| lamp.environment == Some(Environment::Paper);
    let all_paper = !model.snapshot.banner.lamps.is_empty() && lamps.all(paper);
    if all_paper { confirm.entry } else { at_least_review(confirm.live_entry) }
}

/// Several at once, or what protects a position, is shown first.
fn cancel(model: &Model, target: &CancelTarget, asked: Confirm) -> Confirm {
    match target {
        CancelTarget::Order(id) => {
            let protects =
                model.snapshot.orders.iter().any(|o| o.id.client == *id && o.role == Some(Role::Stop));
            if protects { at_least_review(asked) } else { asked }
        }
        CancelTarget::Symbol(_) | CancelTarget::Side(_) | CancelTarget::Entries | CancelTarget::All => {
            at_least_review(asked)
        }
    }
}
