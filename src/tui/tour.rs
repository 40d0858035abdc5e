//! The first run's tour: five steps at the bottom of the screen, each done by doing it. It takes no key from anything.

use super::{action::Action, modal::Modal, model::Model, ticket::Phase};

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Open the ticket.
    Open,
    /// Send the order.
    Send,
    /// Manage the position.
    Manage,
    /// See the way out.
    Out,
    /// Find everything else.
    Find,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Open, Self::Send, Self::Manage, Self::Out, Self::Find];

    /// What to do, in one line of the narrowest screen. Keys stand there as they are bound.
    fn says(self) -> &'static [(Action, &'static str, &'static str)] {
        match self {
            Self::Open => {
                &[(Action::Ticket, "buy bracket", "buys the marked symbol, stop and target with it")]
            }
            Self::Send => &[(Action::Submit, "", "reviews the order, once more sends it")],
            Self::Manage => &[
                (Action::BreakEven, "", "moves the stop to break-even,"),
                (Action::Close, "50%", "closes half"),
            ],
            Self::Out => {
                &[(Action::Halt, "", "shows the way out and blocks entries; Esc, then `:unlock tour`")]
            }
            Self::Find => {
                &[(Action::Help, "", "shows the keys,"), (Action::CommandLine, "", "takes commands")]
            }
        }
    }

    fn is_done_by(self, model: &Model, action: Action) -> bool {
        match self {
            Self::Open => action == Action::Ticket,
            Self::Send => action == Action::Submit && matches!(model.ticket.phase, Phase::Sending(_)),
            Self::Manage => matches!(action, Action::BreakEven | Action::Close),
            Self::Out => action == Action::Halt || matches!(model.modal, Some(Modal::Halt(_))),
            Self::Find => matches!(action, Action::Help | Action::CommandLine | Action::Palette),
        }
    }

    fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|s| *s > self)
    }
}

/// The step as a line: `tour 2/5  Enter reviews …`.
pub fn line(model: &Model) -> Option<String> {
    let step = model.tour?;
    let number = Step::ALL.iter().position(|s| *s == step)?.saturating_add(1);
    let parts: Vec<String> = step
        .says()
        .iter()
        .map(|(action, arg, words)| {
            let keys = model.settings.keymap.keys_of(*action, arg).unwrap_or_default();
            // One way to do it is enough here.
            format!("{} {words}", keys.split(", ").next().unwrap_or_default())
        })
        .collect();
    Some(format!("tour {number}/{}  {}", Step::ALL.len(), parts.join(" ")))
}

/// Something was done. `true` when that was the last step.
pub fn did(model: &mut Model, action: Action) -> bool {
    let Some(step) = model.tour.filter(|s| s.is_done_by(model, action)) else { return false };
    model.tour = step.next();
    model.tour.is_none()
}
