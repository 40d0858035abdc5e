//! The tabs of panes: which orders are shown, what execution figures are taken together by.

use super::algorithm;
use crate::{
    desk::snapshot::By,
    domain::text::Text,
    tui::{focus::Pane, model::Model, table::OrdersTab},
};

/// `:tab NAME|next|previous`.
///
/// # Errors
/// What there is, where it is none of it.
pub(super) fn turn(model: &mut Model, arg: &str) -> Result<(), Text> {
    if algorithm::turn(model, arg) {
        return Ok(());
    }
    let (orders, groups) = (OrdersTab::ALL, By::GROUPS);
    if let Some(by) = groups.into_iter().find(|by| by.word() == arg) {
        set_group(model, by);
    } else if model.focus == Pane::Quality && matches!(arg, "next" | "previous") {
        let here = groups.iter().position(|by| *by == model.tabs.quality);
        set_group(model, beside(&groups, here, arg).unwrap_or_default());
    } else {
        let here = orders.iter().position(|tab| *tab == model.tabs.orders);
        let to = beside(&orders, here, arg).or_else(|| OrdersTab::parse(arg));
        let to = to.ok_or(
            "write working, filled, cancelled, rejected or all of orders; symbol, venue, type, algorithm, day or reason \
             of execution figures",
        )?;
        set_tab(model, to);
    }
    Ok(())
}

/// The one after or before, round and round; `None` for another word.
fn beside<T: Copy>(all: &[T], here: Option<usize>, arg: &str) -> Option<T> {
    let here = here.unwrap_or(0);
    match arg {
        "next" => all.get(here.saturating_add(1)).or(all.first()).copied(),
        "previous" => here.checked_sub(1).and_then(|i| all.get(i)).or(all.last()).copied(),
        _ => None,
    }
}

/// Shows other orders.
pub(super) fn set_tab(model: &mut Model, tab: OrdersTab) {
    model.tabs.orders = tab;
    turned(model, Pane::Orders);
}

/// Takes orders together by something else.
pub(super) fn set_group(model: &mut Model, by: By) {
    model.tabs.quality = by;
    turned(model, Pane::Quality);
}

fn turned(model: &mut Model, pane: Pane) {
    model.tables.entry(pane).or_default().offset = 0;
    model.refresh(pane);
}
