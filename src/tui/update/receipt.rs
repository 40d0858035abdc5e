//! What the engine answers.

use super::{chart, entry, exit, ladder, series, trade};
use crate::{
    desk::{Receipt, Reply, Request, RequestId},
    domain::text::Text,
    tui::{
        modal::{Halt, Left, Modal, Since},
        model::{Model, Tone},
        msg::Cmd,
        ticket::Phase,
    },
};

pub(super) fn receipt(model: &mut Model, receipt: Receipt) -> Vec<Cmd> {
    let Receipt { id, reply } = receipt;
    if model.ticket.asked.as_ref().is_some_and(|(asked, _, _)| *asked == id) {
        figures(model, reply);
    } else if model.ticket.phase == Phase::Sending(id) {
        entry::answered(model, reply);
    } else if chart::asked(model, id) {
        chart::answered(model, id, reply);
    } else if ladder::asked(model, id) {
        ladder::answered(model, &reply);
    } else if asked_by_modal(model.modal.as_ref(), id) {
        return modal(model, id, reply);
    } else {
        say(model, reply);
    }
    Vec::new()
}

fn figures(model: &mut Model, reply: Reply) {
    let Some((_, command, asked_at)) = model.ticket.asked.take() else { return };
    match reply {
        Reply::Preview(preview) => {
            let current = model.ticket.command.as_ref() == Some(&command);
            model.ticket.preview = Some(*preview);
            // Figures of what the fields said before are shown dimmed until those of what they say now come.
            model.ticket.preview_at = current.then_some(model.now.mono);
        }
        Reply::Refused { text, .. } => {
            model.ticket.error = Some(text);
            model.ticket.preview_at = None;
            // Not asked again at once: the next edit or the next second asks.
            model.ticket.asked = Some((entry::NOT_ASKED, command, asked_at));
        }
        Reply::Busy => model.ticket.asked = Some((entry::NOT_ASKED, command, asked_at)),
        Reply::Done(_)
        | Reply::Placed { .. }
        | Reply::Plan(_)
        | Reply::Bars { .. }
        | Reply::Open { .. }
        | Reply::Since(_) => {}
    }
}

fn asked_by_modal(modal: Option<&Modal>, id: RequestId) -> bool {
    match modal {
        Some(Modal::Halt(halt)) => halt.asked == id || halt.flattening == Some(id),
        Some(Modal::QuitAsk(ask)) => ask.asked == id,
        Some(Modal::Confirm(confirm)) => confirm.asked == Some(id),
        Some(Modal::Exit(shown)) => shown.asked == Some(id),
        Some(Modal::Series(series)) => series::waits_for(series, id),
        Some(Modal::Help { .. } | Modal::Palette(_) | Modal::Since(_) | Modal::Algorithm(_)) | None => false,
    }
}

fn modal(model: &mut Model, id: RequestId, reply: Reply) -> Vec<Cmd> {
    match &mut model.modal {
        Some(Modal::Series(_)) => return series::answered(model, id, reply),
        Some(Modal::Halt(halt)) => halt_answered(halt, id, reply),
        Some(Modal::QuitAsk(ask)) => {
            if let Reply::Open { orders, positions, unknown, held } = reply {
                let left = Left { orders, positions, unknown, held };
                ask.open = Some(left);
                return exit::open_told(model, left == Left::default());
            }
        }
        Some(Modal::Confirm(confirm)) => match reply {
            Reply::Preview(preview) => {
                let (unusual, sound) = (preview.unusual.clone(), preview.problems.is_empty());
                if let Request::Do(command) = &mut confirm.request {
                    trade::as_shown(command, Some(&preview));
                }
                confirm.preview = Some(preview);
                return trade::judged(model, &unusual, sound);
            }
            Reply::Plan(plan) => {
                let unusual = plan.unusual.clone();
                confirm.plan = Some(plan);
                return trade::judged(model, &unusual, true);
            }
            Reply::Refused { text, .. } => confirm.error = Some(text),
            Reply::Busy => confirm.error = Some(Text::clean("the engine's queue is full")),
            Reply::Done(_)
            | Reply::Placed { .. }
            | Reply::Bars { .. }
            | Reply::Open { .. }
            | Reply::Since(_) => {}
        },
        Some(Modal::Exit(shown)) => match reply {
            Reply::Refused { text, .. } => shown.error = Some(text),
            Reply::Busy => {
                shown.error = Some(Text::clean("the engine's queue is full: nothing was done; try again"));
            }
            Reply::Done(_)
            | Reply::Placed { .. }
            | Reply::Preview(_)
            | Reply::Plan(_)
            | Reply::Bars { .. }
            | Reply::Open { .. }
            | Reply::Since(_) => {}
        },
        Some(Modal::Help { .. } | Modal::Palette(_) | Modal::Since(_) | Modal::Algorithm(_)) | None => {}
    }
    Vec::new()
}

fn halt_answered(halt: &mut Halt, id: RequestId, reply: Reply) {
    let failed = match reply {
        Reply::Plan(plan) if halt.asked == id => return exit::plan(halt, *plan),
        Reply::Refused { text, .. } => text,
        Reply::Busy => Text::clean("the engine's queue is full: nothing was done; press again"),
        Reply::Plan(_)
        | Reply::Done(_)
        | Reply::Placed { .. }
        | Reply::Preview(_)
        | Reply::Bars { .. }
        | Reply::Open { .. }
        | Reply::Since(_) => return,
    };
    if halt.flattening == Some(id) {
        halt.flattening = None;
    }
    halt.error = Some(failed);
}

/// An answer that nothing on the screen waits for.
fn say(model: &mut Model, reply: Reply) {
    match reply {
        Reply::Done(text) | Reply::Placed { text, .. } => model.say(Tone::Good, text),
        Reply::Refused { text, .. } => model.say(Tone::Bad, text),
        Reply::Plan(plan) => model.say(Tone::Plain, plan.text),
        Reply::Busy => model.say(Tone::Bad, "the engine's queue is full: nothing was done; try again"),
        Reply::Since(venues) => model.modal = Some(Modal::Since(Since { venues, scroll: 0 })),
        Reply::Preview(_) | Reply::Bars { .. } | Reply::Open { .. } => {}
    }
}
