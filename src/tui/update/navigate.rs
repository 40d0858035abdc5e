//! Moving about: pages, panes, rows, sorting and filtering. Nothing here reaches a venue.

use super::{chart, entry, exit, ladder, line, series};
use crate::{
    domain::{ids::InstrumentId, quote::Interval, text::Text},
    grammar,
    tui::{
        action::Action,
        chart::ChartInterval,
        column::Column,
        focus::Pane,
        modal::{AlgorithmShown, Confirmation, ExitShown, Halt, Modal, Series, Since},
        model::{KeyHint, Model, Tone},
        msg::Cmd,
        panes,
        table::{OrdersTab, RowKey, Sort, rows},
        ticket::Phase,
        widgets::sheet::Seen,
    },
};
use std::sync::Arc;

const INTERVALS: [Interval; 5] =
    [Interval::Min1, Interval::Min5, Interval::Min15, Interval::Hour1, Interval::Day1];

#[expect(clippy::wildcard_enum_match_arm, reason = "`update::perform` sends only these here")]
pub(super) fn perform(model: &mut Model, action: Action, arg: &str) -> Result<Vec<Cmd>, Text> {
    if action == Action::Copy {
        return copy(model).map(|text| vec![Cmd::Copy(text)]);
    }
    match action {
        Action::Help => help(model),
        Action::Filter => filter(model, arg)?,
        Action::Sort => sort(model, arg)?,
        Action::Flip => flip(model)?,
        Action::Columns => columns(model, arg)?,
        Action::Page => page(model, arg)?,
        Action::Focus => focus(model, arg)?,
        Action::Move => move_to(model, arg)?,
        Action::Zoom => model.zoomed = !model.zoomed,
        Action::Resize => resize(model, arg)?,
        Action::Open => open(model)?,
        Action::Tab => super::tabs::turn(model, arg)?,
        Action::Symbol => symbol(model, arg)?,
        Action::Interval => interval(model, arg)?,
        Action::Theme => theme(model, arg)?,
        _ => {}
    }
    Ok(Vec::new())
}

fn help(model: &mut Model) {
    let context = model.context();
    let keymap = &model.settings.keymap;
    let lines: Vec<KeyHint> = keymap.help(context);
    model.modal = Some(Modal::Help { title: context.word(), lines, scroll: 0 });
}

/// Closes what lies on top: a modal, a line, the review, the ticket, the zoom, a filter.
pub(super) fn back(model: &mut Model) -> Vec<Cmd> {
    if let Some(modal) = model.modal.take() {
        match modal {
            Modal::Exit(_) => exit::closed(model),
            Modal::Series(of) => series::closed(model, &of),
            Modal::Help { .. }
            | Modal::QuitAsk(_)
            | Modal::Halt(_)
            | Modal::Confirm(_)
            | Modal::Palette(_)
            | Modal::Since(_)
            | Modal::Algorithm(_) => {}
        }
        return Vec::new();
    }
    if model.command_line.take().is_some() {
        return Vec::new();
    }
    if let Some(filter) = model.filter_line.take() {
        set_filter(model, filter.pane, "");
        return Vec::new();
    }
    if model.focus == Pane::Ticket && model.ticket.is_open() {
        match model.ticket.phase {
            Phase::Reviewing => model.ticket.phase = Phase::Editing,
            Phase::Editing => {
                model.ticket.phase = Phase::Idle;
                entry::leave(model);
            }
            Phase::Sending(_) | Phase::Idle | Phase::Sent(_) => entry::leave(model),
        }
        return Vec::new();
    }
    if model.zoomed {
        model.zoomed = false;
    } else if !model.table(model.focus).filter.is_empty() {
        set_filter(model, model.focus, "");
    } else {
        let keys = model.settings.keymap.keys_of(Action::Quit, "key").unwrap_or_default();
        model.say(Tone::Plain, format!("{keys} twice quits"));
    }
    Vec::new()
}

fn table(model: &Model) -> Result<Pane, Text> {
    let pane = model.focus;
    if pane.is_table() { Ok(pane) } else { Err(format!("the {} is no table", pane.word()).into()) }
}

fn filter(model: &mut Model, arg: &str) -> Result<(), Text> {
    let pane = table(model)?;
    if arg.is_empty() {
        line::open_filter(model, pane);
    } else {
        set_filter(model, pane, arg);
    }
    Ok(())
}

/// Filters a table.
pub(super) fn set_filter(model: &mut Model, pane: Pane, text: &str) {
    let table = model.tables.entry(pane).or_default();
    table.filter = Text::clean(text.trim()).as_str().into();
    table.offset = 0;
    model.refresh(pane);
}

fn sort(model: &mut Model, arg: &str) -> Result<(), Text> {
    let pane = table(model)?;
    let columns = Column::of(pane);
    let mut words = arg.split_whitespace();
    let sort = match words.next() {
        None => next_sort(model.table(pane).sort, columns),
        Some("off") => None,
        Some(word) => {
            let column = Column::parse(pane, word).ok_or_else(|| {
                let names: Vec<_> = columns.iter().map(|c| c.word()).collect();
                Text::clean(&format!("`{word}` is no column here; write one of {}", names.join(", ")))
            })?;
            let descending = match words.next() {
                None | Some("down") => true,
                Some("up") => false,
                Some(other) => return Err(format!("`{other}` is no direction; write `up` or `down`").into()),
            };
            Some(Sort { column, descending })
        }
    };
    set_sort(model, pane, sort);
    Ok(())
}

/// Each column in turn, then the engine's order again.
fn next_sort(now: Option<Sort>, columns: &[Column]) -> Option<Sort> {
    let next = match now {
        None => 0,
        Some(sort) => columns.iter().position(|c| *c == sort.column)?.saturating_add(1),
    };
    columns.get(next).map(|column| Sort { column: *column, descending: *column != Column::Symbol })
}

/// Sorts a table.
pub(super) fn set_sort(model: &mut Model, pane: Pane, sort: Option<Sort>) {
    model.tables.entry(pane).or_default().sort = sort;
    model.refresh(pane);
    let room = model.drawn.room(pane);
    model.tables.entry(pane).or_default().show_cursor(room);
    let said = sort.map_or_else(
        || format!("{} in the engine's order", pane.word()),
        |s| format!("{} by {}, {}", pane.word(), s.column.word(), if s.descending { "down" } else { "up" }),
    );
    model.say(Tone::Plain, said);
}

/// `columns symbol qty last`, `columns reset`; without anything it says which there are.
fn columns(model: &mut Model, arg: &str) -> Result<(), Text> {
    let pane = table(model)?;
    let there = panes::heads(pane);
    let names: Vec<&str> = arg.split([' ', ',']).filter(|w| !w.is_empty()).collect();
    if there.is_empty() {
        return Err(format!("{} has no columns to choose", pane.word()).into());
    }
    let chosen = match names.as_slice() {
        [] => {
            model.say(Tone::Plain, format!("{}: {}", pane.word(), there.join(" ")));
            return Ok(());
        }
        ["reset"] => model.settings.columns.get(&pane).cloned().unwrap_or_default(),
        names => panes::columns(pane, names)?,
    };
    model.tables.entry(pane).or_default().columns = chosen;
    Ok(())
}

fn flip(model: &mut Model) -> Result<(), Text> {
    let pane = table(model)?;
    let sort = model.table(pane).sort.ok_or("nothing is sorted here yet")?;
    set_sort(model, pane, Some(Sort { descending: !sort.descending, ..sort }));
    Ok(())
}

fn page(model: &mut Model, arg: &str) -> Result<(), Text> {
    let place = match arg.parse::<usize>() {
        Ok(number) => number.checked_sub(1),
        Err(_) => model.pages.iter().position(|p| p.name.eq_ignore_ascii_case(arg)),
    };
    let Some(place) = place.filter(|p| *p < model.pages.len()) else {
        let names: Vec<_> = model.pages.iter().map(|p| p.name.as_str()).collect();
        return Err(format!("there is no page `{arg}`; there are {}", names.join(", ")).into());
    };
    show_page(model, place);
    Ok(())
}

/// Shows a page; the focus stays on its pane if the page has it.
pub(super) fn show_page(model: &mut Model, place: usize) {
    model.page = place;
    model.zoomed = false;
    let panes = model.current_page().map(|p| p.layout.panes()).unwrap_or_default();
    let open_ticket = model.focus == Pane::Ticket && model.ticket.is_open();
    if !open_ticket
        && !panes.contains(&model.focus)
        && let Some(first) = panes.first()
    {
        model.focus = *first;
    }
}

fn focus(model: &mut Model, arg: &str) -> Result<(), Text> {
    match arg {
        "next" => step_focus(model, true),
        "previous" => step_focus(model, false),
        name => {
            let pane = Pane::parse(name).ok_or_else(|| {
                let names: Vec<_> = Pane::ALL.iter().map(|p| p.word()).collect();
                Text::clean(&format!("there is no pane `{name}`; there are {}", names.join(", ")))
            })?;
            let on = |page: &crate::tui::focus::Page| page.layout.panes().contains(&pane);
            if !model.current_page().is_some_and(on) {
                let place = model.pages.iter().position(on).ok_or("no page has this pane")?;
                show_page(model, place);
            }
            set_focus(model, pane);
        }
    }
    Ok(())
}

fn step_focus(model: &mut Model, next: bool) {
    let panes = model.current_page().map(|p| p.layout.panes()).unwrap_or_default();
    let here = panes.iter().position(|p| *p == model.focus);
    let to = match (here, next) {
        (None, _) => panes.first(),
        (Some(i), true) => panes.get(i.saturating_add(1)).or(panes.first()),
        (Some(i), false) => i.checked_sub(1).and_then(|i| panes.get(i)).or(panes.last()),
    };
    if let Some(pane) = to {
        set_focus(model, *pane);
    }
}

/// Gives a pane the focus. A table that gets it selects a row: keys act on what is marked.
pub(super) fn set_focus(model: &mut Model, pane: Pane) {
    model.focus = pane;
    let table = model.table(pane);
    if pane.is_table() && table.selected.is_none() && !table.rows.is_empty() {
        model.select(pane, table.cursor);
    }
}

fn move_to(model: &mut Model, arg: &str) -> Result<(), Text> {
    match &mut model.modal {
        Some(Modal::Help { lines, scroll, .. }) => {
            let last = u16::try_from(lines.len().saturating_sub(1)).ok().unwrap_or(u16::MAX);
            *scroll = match arg {
                "up" => scroll.saturating_sub(1),
                "down" => scroll.saturating_add(1),
                "page-up" => scroll.saturating_sub(10),
                "page-down" => scroll.saturating_add(10),
                "top" => 0,
                _ => last,
            }
            .min(last);
            return Ok(());
        }
        Some(Modal::Palette(palette)) => {
            let last = palette.found.len().saturating_sub(1);
            palette.chosen = match arg {
                "up" => palette.chosen.saturating_sub(1),
                _ => palette.chosen.saturating_add(1).min(last),
            };
            return Ok(());
        }
        Some(
            Modal::Halt(Halt { scroll, .. })
            | Modal::Confirm(Confirmation { scroll, .. })
            | Modal::Exit(ExitShown { scroll, .. })
            | Modal::Since(Since { scroll, .. })
            | Modal::Algorithm(AlgorithmShown { scroll, .. })
            | Modal::Series(Series { scroll, .. }),
        ) => {
            *scroll = scrolled(*scroll, arg, model.drawn.seen);
            return Ok(());
        }
        Some(Modal::QuitAsk(_)) | None => {}
    }
    match arg {
        "left" => step_focus(model, false),
        "right" => step_focus(model, true),
        "up" | "down" | "top" | "bottom" | "page-up" | "page-down" if model.focus == Pane::Depth => {
            ladder::step(model, arg);
        }
        "up" | "down" | "top" | "bottom" | "page-up" | "page-down" => move_rows(model, arg),
        _ => return Err("write up, down, left, right, top, bottom, page-up or page-down".into()),
    }
    Ok(())
}

/// Where a window's text stands after a step. What was drawn last says how far that can go.
fn scrolled(at: usize, arg: &str, seen: Seen) -> usize {
    let page = seen.room.saturating_sub(1).max(1);
    let to = match arg {
        "up" => at.saturating_sub(1),
        "down" => at.saturating_add(1),
        "page-up" => at.saturating_sub(page),
        "page-down" => at.saturating_add(page),
        "top" => 0,
        "bottom" => usize::MAX,
        _ => at,
    };
    to.min(seen.last())
}

/// Rows of the focused table; of the watchlist where the focus is on no table.
fn move_rows(model: &mut Model, arg: &str) {
    let pane = if model.focus.is_table() { model.focus } else { Pane::Watchlist };
    let (table, room) = (model.table(pane), model.drawn.room(pane));
    if table.rows.is_empty() {
        return;
    }
    // A cursor on no row first takes hold of the row it stands on.
    let here = table.cursor;
    let fresh = table.selected.is_none();
    let to = match arg {
        "up" | "down" if fresh => here,
        "up" => here.saturating_sub(1),
        "down" => here.saturating_add(1),
        "page-up" => here.saturating_sub(room),
        "page-down" => here.saturating_add(room),
        "top" => 0,
        _ => usize::MAX,
    };
    model.select(pane, to);
}

fn resize(model: &mut Model, arg: &str) -> Result<(), Text> {
    let by = match arg {
        "grow" => 1,
        "shrink" => -1,
        _ => return Err("write `resize grow` or `resize shrink`".into()),
    };
    let (pane, place) = (model.focus, model.page);
    let done = model.pages.get_mut(place).is_some_and(|p| p.layout.resize(pane, by));
    if done { Ok(()) } else { Err("this pane shares its room with none".into()) }
}

/// Goes to what the row is about: an alert's order or symbol, an order's or fill's symbol.
fn open(model: &mut Model) -> Result<(), Text> {
    let pane = table(model)?;
    let Some(row) = model.table(pane).selected_row() else {
        return Err("select a row first".into());
    };
    let snapshot = Arc::clone(&model.snapshot);
    if pane == Pane::Algorithms {
        let name = snapshot.algorithms.get(row).map(|a| a.name.clone());
        super::algorithm::show(model, name.ok_or("this algorithm is no longer listed")?);
        return Ok(());
    }
    if pane == Pane::Alerts
        && let Some(order) = snapshot.alerts.get(row).and_then(|a| a.alert.order.clone())
    {
        model.tabs.orders = OrdersTab::All;
        set_filter(model, Pane::Orders, "");
        let table = model.table(Pane::Orders);
        let key = RowKey::Order(order);
        let place =
            table.rows.iter().position(|n| rows::key(&snapshot, Pane::Orders, *n).as_ref() == Some(&key));
        focus(model, Pane::Orders.word())?;
        model.select(Pane::Orders, place.ok_or("this order is no longer listed")?);
        return Ok(());
    }
    match rows::instrument(&snapshot, pane, row) {
        Some(instrument) => {
            link(model, instrument);
            Ok(())
        }
        None => Err("this row is about no symbol".into()),
    }
}

/// The symbol becomes the one that ticket, chart and keys are about.
pub(super) fn link(model: &mut Model, instrument: InstrumentId) {
    let key = RowKey::Instrument(instrument.clone());
    for pane in [Pane::Watchlist, Pane::Positions] {
        let rows = &model.table(pane).rows;
        let place = rows.iter().position(|n| rows::key(&model.snapshot, pane, *n).as_ref() == Some(&key));
        if let Some(place) = place {
            model.select(pane, place);
        }
    }
    model.instrument = Some(instrument);
}

fn symbol(model: &mut Model, arg: &str) -> Result<(), Text> {
    link(model, instrument(model, arg)?);
    Ok(())
}

/// `AAPL` or `AAPL @paper`, as an instrument that the engine has told of.
pub(super) fn instrument(model: &Model, arg: &str) -> Result<InstrumentId, Text> {
    let (name, venue) = arg.split_once('@').map_or((arg, None), |(n, v)| (n, Some(v.trim())));
    let symbol = grammar::symbol(name.trim()).map_err(|e| Text::clean(&e.to_string()))?;
    let snapshot = &model.snapshot;
    let watched = snapshot.watchlist.iter().map(|w| (&w.instrument.symbol, &w.instrument.venue));
    let known = watched.chain(snapshot.symbols.iter().map(|(s, v)| (s, v)));
    let found = known
        .filter(|(s, v)| **s == symbol && venue.is_none_or(|name| v.as_str() == name))
        .map(|(s, v)| InstrumentId { venue: v.clone(), symbol: s.clone() })
        .next();
    found.ok_or_else(|| {
        let place = venue.map_or_else(|| "any venue".to_owned(), |v| format!("@{v}"));
        Text::clean(&format!("{symbol} is not known at {place}"))
    })
}

fn interval(model: &mut Model, arg: &str) -> Result<(), Text> {
    let here = INTERVALS.iter().position(|i| *i == model.chart.interval.0).unwrap_or(0);
    let to = match arg {
        "" => INTERVALS.get(here.saturating_add(1)).or(INTERVALS.first()),
        word => INTERVALS.iter().find(|i| i.word() == word),
    };
    let to = *to.ok_or("write 1m, 5m, 15m, 1h or 1d")?;
    chart::set_interval(model, ChartInterval(to));
    Ok(())
}

fn theme(model: &mut Model, arg: &str) -> Result<(), Text> {
    if !model.settings.themes.iter().any(|t| t == arg) {
        let names = model.settings.themes.join(", ");
        return Err(format!("there is no theme `{arg}`; there are {names}").into());
    }
    arg.clone_into(&mut model.theme);
    Ok(())
}

fn copy(model: &mut Model) -> Result<Text, Text> {
    let pane = table(model)?;
    let row = model.table(pane).selected_row().ok_or("select a row first")?;
    let text = Text::clean(&rows::text(&model.snapshot, pane, row));
    model.say(Tone::Plain, "copied");
    Ok(text)
}
