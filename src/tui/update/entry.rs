//! The ticket's keys: what is typed, chosen, stepped, reviewed and sent.

use super::{asked, keys, trade};
use crate::{
    config::Confirm,
    desk::{Reply, Request, RequestId},
    domain::{ids::InstrumentId, money::Price, text::Text},
    tui::{
        action::Action,
        keymap::Stroke,
        model::{Model, Tone},
        msg::Cmd,
        ticket::{
            FIELD_MAX, Field, Fresh, Phase, Purpose, Ticket,
            choice::Choices,
            compose::{self, Faults},
            size,
        },
    },
};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

/// How old figures may get while the ticket is open, milliseconds.
const FIGURES_AGE_MS: u64 = 1_000;
/// How old when the market has moved since, milliseconds.
const FIGURES_MOVED_MS: u64 = 250;
/// After this the answer to a question for figures is given up, milliseconds.
const FIGURES_WAIT_MS: u64 = 2_000;
/// No request: keeps `settle` from asking the same again at once.
pub(super) const NOT_ASKED: RequestId = RequestId(0);

pub(super) fn perform(model: &mut Model, action: Action, arg: &str) -> Result<Vec<Cmd>, Text> {
    if !model.ticket.is_open() {
        return Err("the ticket is not open; `b` or `s` opens it".into());
    }
    if matches!(model.ticket.phase, Phase::Sending(_)) {
        return Err("the order is sent; its receipt has not come yet".into());
    }
    if action == Action::Submit {
        return Ok(submit(model));
    }
    if action == Action::Field {
        return go(model, arg).map(|()| Vec::new());
    }
    unreview(model);
    match (action, arg) {
        (Action::Choose, "next" | "previous") => {
            let (venues, offer) = (model.venues(), model.offer().cloned());
            let from = Choices { venues: &venues, offer: offer.as_ref() };
            if let Some(field) = model.ticket.active.filter(|f| model.ticket.choice(*f).is_some())
                && !model.ticket.choose(field, arg == "next", &from)
            {
                return Err(format!("{}: the venue offers nothing else for this symbol", field.word()).into());
            }
        }
        (Action::Size, "up" | "down") => {
            let stepped = size::step(model.ticket.text(Field::Size), arg == "up");
            put_size(model, stepped.ok_or("the size has no number to step")?, Fresh::No);
        }
        (Action::SizeMode, _) => {
            let next = size::next_mode(model.ticket.text(Field::Size));
            model.ticket.active = Some(Field::Size);
            put_size(model, next, Fresh::Number);
        }
        (Action::Nudge, "up" | "down") => nudge(model, arg == "up")?,
        _ => return Err("write `next` or `previous`, `up` or `down`".into()),
    }
    edited(model);
    Ok(Vec::new())
}

/// The ticket goes back from review to editing.
pub(super) fn unreview(model: &mut Model) {
    if model.ticket.phase == Phase::Reviewing {
        model.ticket.phase = Phase::Editing;
    }
}

fn go(model: &mut Model, arg: &str) -> Result<(), Text> {
    unreview(model);
    let ticket = &mut model.ticket;
    let fields: Vec<Field> = ticket.fields().collect();
    let here = ticket.active.and_then(|a| fields.iter().position(|f| *f == a)).unwrap_or(0);
    let next = match arg {
        "next" => fields.get(here.saturating_add(1)).or(fields.first()),
        "previous" => here.checked_sub(1).and_then(|i| fields.get(i)).or(fields.last()),
        name => fields.iter().find(|f| f.word() == name),
    };
    let Some(next) = next.copied() else {
        return Err(format!("the ticket has no field `{arg}` now").into());
    };
    ticket.go_to(next);
    Ok(())
}

fn put_size(model: &mut Model, (text, cursor): (String, usize), fresh: Fresh) {
    model.ticket.put_at(Field::Size, &text, cursor);
    if model.ticket.active == Some(Field::Size) {
        model.ticket.fresh = fresh;
    }
}

/// The price step of the ticket's symbol, from what is watched or held.
fn tick(model: &Model) -> Option<Price> {
    let symbol = model.ticket.symbol()?;
    let fits = |i: &InstrumentId| {
        i.symbol == symbol && model.ticket.venue.as_ref().is_none_or(|venue| i.venue == *venue)
    };
    let watched = model.snapshot.watchlist.iter().find(|w| fits(&w.instrument)).and_then(|w| w.tick);
    watched.or_else(|| model.snapshot.positions.iter().find(|p| fits(&p.instrument)).and_then(|p| p.tick))
}

fn nudge(model: &mut Model, up: bool) -> Result<(), Text> {
    let ticket = &model.ticket;
    let prices = [Field::Limit, Field::Trigger, Field::Trail, Field::Stop];
    let active = ticket.active.filter(|f| f.is_price());
    let field = active.or_else(|| prices.into_iter().find(|f| ticket.shows(*f)));
    let field = field.ok_or("this order has no price to move")?;
    let text = ticket.text(field);
    let tick = tick(model);
    let moved = if field == Field::Trail {
        compose::nudge_trail(text, up, tick)
    } else {
        compose::nudge(text, up, tick)
    };
    match moved {
        Some(moved) => {
            model.ticket.put(field, &moved);
            Ok(())
        }
        None if tick.is_none() => Err("the tick of this symbol is not known yet".into()),
        None => Err(format!("{} is no price that can be moved", field.word()).into()),
    }
}

/// Takes a key that belongs into a field. `None` when it is none.
pub(super) fn takes(model: &mut Model, stroke: Stroke, event: KeyEvent) -> Option<Vec<Cmd>> {
    if !matches!(model.ticket.phase, Phase::Editing | Phase::Reviewing) {
        return None;
    }
    let field = model.ticket.active?;
    if model.ticket.input(field).is_none() {
        let letter = stroke.typed().filter(char::is_ascii_alphanumeric)?;
        let (venues, offer) = (model.venues(), model.offer().cloned());
        unreview(model);
        model.ticket.choose_letter(field, letter, &Choices { venues: &venues, offer: offer.as_ref() });
        edited(model);
        return Some(Vec::new());
    }
    match stroke.typed() {
        Some(' ') if field == Field::Symbol => go(model, "next").ok()?,
        Some(c) if !is_typed(&model.ticket, field, c) => return None,
        Some(c) => type_char(model, field, c),
        None if edits(event) => edit(model, field, event),
        None => return None,
    }
    Some(Vec::new())
}

/// Is this character typed in the field, or is it a key of the ticket?
fn is_typed(ticket: &Ticket, field: Field, c: char) -> bool {
    let text = ticket.input(field).map_or("", |i| i.value());
    let open = ticket.fresh == Fresh::No && text.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    match c {
        '[' | ']' | '?' => false,
        '-' if field == Field::Symbol => ticket.fresh == Fresh::No && !text.is_empty(),
        '-' | '+' if field == Field::Until => true,
        '-' | '+' => field.is_price() && (text.is_empty() || text.ends_with([' ', '='])),
        '%' => (field == Field::Size || field.is_price()) && open && !text.contains('%'),
        _ => true,
    }
}

fn edits(event: KeyEvent) -> bool {
    matches!(
        event.code,
        KeyCode::Left | KeyCode::Right | KeyCode::Home | KeyCode::End | KeyCode::Backspace | KeyCode::Delete
    ) || (matches!(event.code, KeyCode::Char('a' | 'e' | 'k' | 'u' | 'w'))
        && event.modifiers == crossterm::event::KeyModifiers::CONTROL)
}

fn type_char(model: &mut Model, field: Field, c: char) {
    unreview(model);
    let ticket = &mut model.ticket;
    match ticket.fresh {
        Fresh::All => ticket.put(field, ""),
        Fresh::Number if c.is_ascii_digit() || c == '.' => {
            let mode = ticket.size_mode();
            let (text, cursor) = size::join(mode, "");
            ticket.put_at(Field::Size, &text, cursor);
        }
        Fresh::Number => ticket.put(field, ""),
        Fresh::No => {}
    }
    ticket.fresh = Fresh::No;
    if let Some(input) = ticket.input_mut(field)
        && input.value().chars().count() < FIELD_MAX
        && !crate::domain::text::is_unsafe(c)
    {
        input.handle(tui_input::InputRequest::InsertChar(c));
    }
    edited(model);
}

fn edit(model: &mut Model, field: Field, event: KeyEvent) {
    unreview(model);
    let ticket = &mut model.ticket;
    let erases = matches!(event.code, KeyCode::Backspace | KeyCode::Delete);
    if erases && ticket.fresh == Fresh::All {
        ticket.put(field, "");
    } else if let Some(input) = ticket.input_mut(field) {
        keys::type_into(input, KeyEvent { kind: KeyEventKind::Press, ..event });
    }
    ticket.fresh = Fresh::No;
    edited(model);
}

/// A paste goes into the field, in place of what was found there.
pub(super) fn paste(model: &mut Model, text: &str) {
    let Some(field) = model.ticket.active else { return };
    if matches!(model.ticket.phase, Phase::Sending(_)) || model.ticket.input(field).is_none() {
        return;
    }
    unreview(model);
    if model.ticket.fresh != Fresh::No {
        model.ticket.put(field, "");
        model.ticket.fresh = Fresh::No;
    }
    // Of the text as it stands: blanks at its ends take room too.
    let stands = model.ticket.input(field).map_or(0, |input| input.value().chars().count());
    let room = FIELD_MAX.saturating_sub(stands);
    let piece: String = text.trim().chars().take(room).collect();
    if let Some(input) = model.ticket.input_mut(field) {
        keys::paste_into(input, &piece);
    }
    edited(model);
}

/// What follows from another text or choice: the venue follows the symbol, the command is made anew, figures of
/// another order are no longer this order's.
pub(super) fn edited(model: &mut Model) {
    let ticket = &mut model.ticket;
    if !ticket.venue_chosen && ticket.purpose == Purpose::New {
        let symbol = ticket.symbol();
        ticket.venue =
            ticket.home.as_ref().filter(|h| Some(&h.symbol) == symbol.as_ref()).map(|h| h.venue.clone());
    }
    if ticket.active.is_some_and(|f| !ticket.shows(f)) {
        let first = ticket.fields().next();
        ticket.active = first;
    }
    ticket.error = None;
    let before = ticket.command.take();
    match ticket.compose() {
        Ok(command) => {
            ticket.errors.clear();
            ticket.command = Some(command);
        }
        Err(faults) => ticket.errors = faults.wrong,
    }
    if ticket.command != before {
        ticket.preview_at = None;
        // An answer that will not come must not hold up the question about the new order.
        ticket.asked.take_if(|(id, _, _)| *id == NOT_ASKED);
    }
}

/// Enter: review; again: send; or what else the configuration asks.
fn submit(model: &mut Model) -> Vec<Cmd> {
    let Some(mut command) = model.ticket.command.clone() else {
        refuse_incomplete(model);
        return Vec::new();
    };
    let preview = model.ticket.current_preview();
    trade::as_shown(&mut command, preview);
    let unusual = preview.is_some_and(|p| !p.unusual.is_empty());
    let policy = asked::before(model, &command);
    let policy = if unusual { asked::once_more(policy) } else { policy };
    // Nothing is sent unseen: where nothing is asked, its figures stand beside it all the same.
    let at_once = policy == Confirm::None && preview.is_some_and(|p| p.problems.is_empty());
    if model.ticket.phase == Phase::Reviewing || at_once {
        if policy == Confirm::Typed {
            trade::typed_ticket(model, command);
            return Vec::new();
        }
        return send(model, Request::Do(command));
    }
    let problem = model.ticket.current_preview().and_then(|p| p.problems.first().cloned());
    if let Some((word, text)) = problem {
        point_at(model, Field::parse(&word), text);
        return Vec::new();
    }
    model.ticket.phase = Phase::Reviewing;
    Vec::new()
}

/// The ticket's order leaves; its receipt comes to the ticket. One submit per confirmed ticket.
pub(super) fn send(model: &mut Model, request: Request) -> Vec<Cmd> {
    let (id, cmd) = model.ask(request);
    model.ticket.phase = Phase::Sending(id);
    model.ticket.sent_at = model.now.mono;
    vec![cmd]
}

fn refuse_incomplete(model: &mut Model) {
    let Err(Faults { mut wrong, missing }) = model.ticket.compose() else { return };
    wrong.extend(missing);
    if let Some((field, text)) = wrong.first().cloned() {
        model.ticket.errors = wrong;
        point_at(model, Some(field), text);
    }
}

/// Says what is wrong and goes to where it is.
fn point_at(model: &mut Model, field: Option<Field>, text: Text) {
    if let Some(field) = field.filter(|f| model.ticket.shows(*f)) {
        model.ticket.go_to(field);
    }
    model.ticket.error = Some(text);
}

/// The answer to the order that was sent.
pub(super) fn answered(model: &mut Model, reply: Reply) {
    let say = match reply {
        Reply::Placed { text, .. } | Reply::Done(text) => {
            model.ticket.phase = Phase::Sent(text.clone());
            model.ticket.active = None;
            leave(model);
            return model.say(Tone::Good, text);
        }
        Reply::Refused { text, field, checks } => {
            model.ticket.phase = Phase::Editing;
            let field = field.as_deref().and_then(Field::parse);
            if let Some(field) = field {
                model.ticket.errors.push((field, text.clone()));
            }
            model.ticket.refused = checks;
            point_at(model, field, text.clone());
            text
        }
        Reply::Busy => {
            model.ticket.phase = Phase::Editing;
            Text::clean("the engine's queue is full: nothing was sent; try again")
        }
        Reply::Preview(_) | Reply::Plan(_) | Reply::Bars { .. } | Reply::Open { .. } | Reply::Since(_) => {
            return;
        }
    };
    model.ticket.error = Some(say.clone());
    model.say(Tone::Bad, say);
}

/// The focus goes back to where it was before the ticket.
pub(super) fn leave(model: &mut Model) {
    if let Some(pane) = model.return_focus.take() {
        model.focus = pane;
    }
}

/// Bid and offer of what the figures are about.
fn quote(model: &Model) -> (Option<Price>, Option<Price>) {
    let about = model.ticket.preview.as_ref().and_then(|p| p.instrument.as_ref());
    let row = about.or(model.ticket.home.as_ref()).and_then(|i| model.watched(i));
    (row.and_then(|w| w.bid), row.and_then(|w| w.ask))
}

/// Asks for figures when there is an order without them, or with old ones; one question at a time, so that the
/// newest order is what is asked about next.
pub(super) fn settle(model: &mut Model) -> Option<Cmd> {
    let now = model.now.mono;
    let ticket = &model.ticket;
    if !matches!(ticket.phase, Phase::Editing | Phase::Reviewing) {
        return None;
    }
    if ticket.asked.as_ref().is_some_and(|(_, _, at)| now.since_ms(*at) < FIGURES_WAIT_MS) {
        return None;
    }
    let quote = quote(model);
    let keep_ms = if quote == ticket.quote { FIGURES_AGE_MS } else { FIGURES_MOVED_MS };
    if ticket.preview_at.is_some_and(|at| now.since_ms(at) < keep_ms) {
        return None;
    }
    let command = ticket.command.clone()?;
    model.ticket.quote = quote;
    let (id, cmd) = model.ask(Request::Preview(command.clone()));
    model.ticket.asked = Some((id, command, now));
    Some(cmd)
}
