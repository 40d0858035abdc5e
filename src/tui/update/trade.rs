//! Keys about orders and positions. Nothing here sends on a single letter what could cost money: entries go
//! through the ticket, and what could hurt is shown once more first.

use super::{asked, entry, exit, keys::send, navigate, series};
use crate::{
    config::Confirm,
    desk::{
        Preview, Request,
        snapshot::{DifferenceKind, DifferenceRow, OrderRow},
    },
    domain::{
        alert::Severity,
        draft::{CancelTarget, ChangeExpr, Command, PriceExpr, Share},
        ids::{InstrumentId, OrderId, VenueId},
        money::Percent,
        order::{OrderKind, Side},
        text::Text,
    },
    grammar,
    tui::{
        action::Action,
        focus::Pane,
        modal::{Confirmation, FLATTEN_WORD, Modal},
        model::{Model, Tone},
        msg::Cmd,
        ticket::{Field, Phase, Ticket, TicketSide},
    },
};
use rust_decimal::Decimal;
use std::sync::Arc;
use tui_input::Input;

/// A confirmation opened by Enter takes no second Enter for so long, milliseconds.
pub(super) const CONFIRM_MS: u64 = 250;
/// After this without a receipt another ticket may be opened, milliseconds.
const RECEIPT_MS: u64 = 10_000;
/// The longest that `arm` lasts, minutes.
const ARM_MAX: u32 = 480;

#[expect(clippy::wildcard_enum_match_arm, reason = "`update::perform` sends only these here")]
pub(super) fn perform(model: &mut Model, action: Action, arg: &str) -> Result<Vec<Cmd>, Text> {
    match action {
        Action::Ticket => open_ticket(model, arg).map(|()| Vec::new()),
        Action::Cancel => cancel_selected(model),
        Action::CancelSymbol => {
            let on = about(model)?;
            let cancel = Command::Cancel { target: CancelTarget::Symbol(on.symbol), venue: Some(on.venue) };
            Ok(run(model, cancel))
        }
        Action::Modify => modify(model).map(|()| Vec::new()),
        Action::NudgeOrder => nudge_order(model, arg),
        Action::Close => {
            let on = about(model)?;
            let share = share(arg)?;
            Ok(run(model, Command::Close { symbol: on.symbol, share, venue: Some(on.venue) }))
        }
        Action::BreakEven => {
            let on = about(model)?;
            Ok(run(
                model,
                Command::Protect {
                    symbol: on.symbol,
                    venue: Some(on.venue),
                    stop: None,
                    target: None,
                    break_even: true,
                },
            ))
        }
        Action::Protect => {
            // The line says the rest: `stop 174 target 180`.
            let on = about(model)?;
            super::line::open(model, &format!("protect {} @{} stop ", on.symbol, on.venue));
            Ok(Vec::new())
        }
        Action::Reverse => {
            let on = about(model)?;
            Ok(run(model, Command::Reverse { symbol: on.symbol, venue: Some(on.venue) }))
        }
        Action::Confirm => confirm(model),
        Action::Adopt => adopt(model),
        Action::WindUp => wind_up(model),
        Action::Acknowledge => acknowledge(model, arg),
        Action::Arm => arm(model, arg),
        Action::Disarm => Ok(send(model, Request::Disarm)),
        Action::Watch => {
            let (symbol, venue) = symbol_at(arg)?;
            Ok(send(model, Request::Watch { symbol, venue }))
        }
        Action::Unwatch => {
            let instrument = if arg.is_empty() { about(model)? } else { navigate::instrument(model, arg)? };
            Ok(send(model, Request::Unwatch { instrument }))
        }
        Action::Resync => {
            let venue = if arg.is_empty() { None } else { Some(venue(arg)?) };
            Ok(send(model, Request::Resync { venue }))
        }
        Action::Restore => {
            let venue = if arg.is_empty() { None } else { Some(venue(arg)?) };
            Ok(send(model, Request::Restore { venue }))
        }
        Action::MarginCall => margin_call(model, arg).map(|()| Vec::new()),
        Action::Abandon => abandon(model, arg),
        _ => Ok(Vec::new()),
    }
}

/// Does a command, at once or after what the configuration asks before it.
pub(super) fn run(model: &mut Model, command: Command) -> Vec<Cmd> {
    let request = match &command {
        Command::Halt => return exit::halt(model),
        Command::Lock { reason } => return send(model, Request::Lock { reason: reason.clone() }),
        Command::Unlock { reason } => return send(model, Request::Unlock { reason: reason.clone() }),
        Command::Flatten(scope) => Request::Flatten(scope.clone()),
        Command::Order(_)
        | Command::Close { .. }
        | Command::Reverse { .. }
        | Command::Protect { .. }
        | Command::Cancel { .. }
        | Command::Replace { .. } => Request::Do(command.clone()),
    };
    let asked = asked::before(model, &command);
    // An entry's figures are asked for even where nothing is: they say whether it is unusual.
    if asked == Confirm::None && !matches!(command, Command::Order(_)) {
        return send(model, request);
    }
    let word = if matches!(request, Request::Flatten(_)) { FLATTEN_WORD } else { asked::SEND_WORD };
    let title = Text::clean(&grammar::print(&command));
    let (id, cmd) = model.ask(Request::Preview(command));
    model.modal = Some(Modal::Confirm(Confirmation {
        title,
        since: model.now.mono,
        request,
        asked: Some(id),
        preview: None,
        plan: None,
        error: None,
        policy: asked,
        typed: (asked == Confirm::Typed).then(|| (word, Input::default())),
        ticket: false,
        stroke: model.now.mono,
        second: None,
        scroll: 0,
    }));
    vec![cmd]
}

/// An order that names no venue goes where its figures said, also where the venue that it would go to has changed since
/// they were shown.
pub(super) fn as_shown(command: &mut Command, shown: Option<&Preview>) {
    if let (Command::Order(draft), Some(shown)) = (command, shown.and_then(|p| p.instrument.as_ref()))
        && draft.venue.is_none()
    {
        draft.venue = Some(shown.venue.clone());
    }
}

/// The figures say what is unusual: then one more is asked. Where nothing was asked and nothing is unusual it goes.
pub(super) fn judged(model: &mut Model, unusual: &[Text], sound: bool) -> Vec<Cmd> {
    let Some(Modal::Confirm(confirm)) = &mut model.modal else { return Vec::new() };
    if !unusual.is_empty() {
        let more = asked::once_more(confirm.policy);
        if more == Confirm::Typed
            && confirm.typed.is_none()
            && confirm.refusal().is_none()
            && !matches!(confirm.request, Request::Flatten(_))
        {
            confirm.typed = Some((asked::SEND_WORD, Input::default()));
        }
        return Vec::new();
    }
    if confirm.policy != Confirm::None || !sound {
        return Vec::new();
    }
    let request = confirm.request.clone();
    model.modal = None;
    send(model, request)
}

/// The ticket's order, reviewed and sent: it is asked for the word where one is to be typed.
pub(super) fn typed_ticket(model: &mut Model, command: Command) {
    let title = Text::clean(&grammar::print(&command));
    let preview = model.ticket.current_preview().cloned().map(Box::new);
    model.modal = Some(Modal::Confirm(Confirmation {
        title,
        since: model.now.mono,
        request: Request::Do(command),
        asked: None,
        preview,
        plan: None,
        error: None,
        policy: Confirm::Typed,
        typed: Some((asked::SEND_WORD, Input::default())),
        ticket: true,
        stroke: model.now.mono,
        second: None,
        scroll: 0,
    }));
}

/// Shows what a margin call would close; Enter lets it go.
fn margin_call(model: &mut Model, arg: &str) -> Result<(), Text> {
    let venue = if arg.is_empty() { None } else { Some(venue(arg)?) };
    let covers = |v: &VenueId| venue.as_ref().is_none_or(|wanted| wanted == v);
    if !model.snapshot.margin_call.iter().any(|row| covers(&row.instrument.venue)) {
        return Err("no margin call stands there".into());
    }
    let place = venue.as_ref().map_or_else(String::new, |v| format!(" at {v}"));
    let title = format!("margin call{place}: these go one at a time, until the margin is inside");
    let request = Request::MarginCall { venue };
    model.modal = Some(Modal::Confirm(Confirmation::review(Text::clean(&title), request, model.now.mono)));
    Ok(())
}

fn confirm(model: &mut Model) -> Result<Vec<Cmd>, Text> {
    if matches!(model.modal, Some(Modal::Series(_))) {
        return series::confirm(model);
    }
    let now = model.now.mono;
    let Some(Modal::Confirm(confirm)) = &model.modal else {
        return Err("nothing waits to be confirmed".into());
    };
    if now.since_ms(confirm.since) < CONFIRM_MS {
        return Ok(Vec::new());
    }
    if matches!(confirm.request, Request::Flatten(_)) {
        exit::scope_stroke(model);
        return Ok(Vec::new());
    }
    if let Some(why) = confirm.refusal() {
        return Err(Text::clean(&format!("it would be refused, and nothing was sent: {why}")));
    }
    if let Some((word, input)) = &confirm.typed
        && !input.value().trim().eq_ignore_ascii_case(word)
    {
        return Err(format!("type {word} to go on").into());
    }
    let (request, ticket) = (confirm.request.clone(), confirm.ticket);
    model.modal = None;
    if ticket { Ok(entry::send(model, request)) } else { Ok(send(model, request)) }
}

/// The symbol that a key is about: it has to be one that the trader selected.
fn about(model: &Model) -> Result<InstrumentId, Text> {
    model.instrument.clone().ok_or_else(|| "select a symbol first".into())
}

/// The marked order, when the focus is on the orders.
fn marked_order(model: &Model) -> Result<OrderRow, Text> {
    let row = (model.focus == Pane::Orders).then(|| model.table(Pane::Orders).selected_row()).flatten();
    let order = row.and_then(|n| model.snapshot.orders.get(n)).ok_or("select an order in Orders first")?;
    if order.state.is_final() {
        return Err(format!("this order is {}", order.state.word()).into());
    }
    Ok(order.clone())
}

fn cancel_selected(model: &mut Model) -> Result<Vec<Cmd>, Text> {
    let id = marked_order(model)?.id;
    Ok(run(model, Command::Cancel { target: CancelTarget::Order(id.client), venue: Some(id.venue) }))
}

fn share(arg: &str) -> Result<Share, Text> {
    let percent = |n: i64| Ok(Share::Percent(Percent::new(Decimal::from(n))));
    match arg {
        "25%" => percent(25),
        "50%" => percent(50),
        "75%" => percent(75),
        "all" => Ok(Share::All),
        _ => Err("write 25%, 50%, 75% or all".into()),
    }
}

/// `buy`, `sell bracket`, `buy AAPL`, `buy bracket AAPL @paper`.
fn open_ticket(model: &mut Model, arg: &str) -> Result<(), Text> {
    free_ticket(model)?;
    let mut words = arg.split_whitespace().peekable();
    let side = match words.next() {
        Some("buy") => Side::Buy,
        Some("sell") => Side::Sell,
        _ => return Err("write `ticket buy AAPL` or `ticket sell AAPL`".into()),
    };
    let bracket = words.next_if_eq(&"bracket").is_some();
    let rest: Vec<_> = words.collect();
    let instrument = match rest.as_slice() {
        [] => model.instrument.clone(),
        _ => Some(navigate::instrument(model, &rest.join(" "))?),
    };
    let mut ticket = Ticket { side: TicketSide(side), home: instrument, ..Ticket::default() };
    let symbol = ticket.home.as_ref().map(|i| i.symbol.to_string()).unwrap_or_default();
    ticket.put(Field::Symbol, &symbol);
    ticket.put(Field::Size, &model.settings.size);
    if bracket {
        ticket.put(Field::Stop, &model.settings.bracket_stop);
        ticket.put(Field::Target, &model.settings.bracket_target);
    }
    show_ticket(model, ticket, Field::Symbol);
    Ok(())
}

/// Nobody opens a ticket over one whose order is under way.
pub(super) fn free_ticket(model: &Model) -> Result<(), Text> {
    let waiting = matches!(model.ticket.phase, Phase::Sending(_))
        && model.now.mono.since_ms(model.ticket.sent_at) < RECEIPT_MS;
    if waiting { Err("the last order's receipt has not come yet".into()) } else { Ok(()) }
}

pub(super) fn show_ticket(model: &mut Model, ticket: Ticket, field: Field) {
    model.ticket = ticket;
    model.ticket.phase = Phase::Editing;
    model.ticket.go_to(field);
    if model.focus != Pane::Ticket {
        model.return_focus = Some(model.focus);
    }
    model.focus = Pane::Ticket;
    entry::edited(model);
}

fn modify(model: &mut Model) -> Result<(), Text> {
    free_ticket(model)?;
    let order = marked_order(model)?;
    let ticket = Ticket::of_order(&order).ok_or("an order given in money can't be changed; cancel it")?;
    let field = ticket.fields().find(|f| f.is_price()).unwrap_or(Field::Size);
    show_ticket(model, ticket, field);
    Ok(())
}

/// The marked difference, when the focus is on them and it waits for a decision.
fn difference(model: &Model) -> Result<DifferenceRow, Text> {
    let pane = Pane::Reconciliation;
    let row = (model.focus == pane).then(|| model.table(pane).selected_row()).flatten();
    let row = row.and_then(|n| model.snapshot.reconciliation.get(n)).ok_or("select a difference first")?;
    if row.is_open { Ok(row.clone()) } else { Err("this one needs no decision any more".into()) }
}

fn adopt(model: &mut Model) -> Result<Vec<Cmd>, Text> {
    let row = difference(model)?;
    let order = match row.kind {
        DifferenceKind::ForeignOrder => row.order.map(|o| o.client),
        DifferenceKind::ForeignPosition => None,
        DifferenceKind::Doubt => {
            return Err("the venue is being asked again; nothing is to be adopted yet".into());
        }
        DifferenceKind::NotAtVenue => {
            return Err("the venue does not have it: `abandon` declares it dead".into());
        }
        DifferenceKind::MissedFill | DifferenceKind::InferredFill => {
            return Err("a fill is what it is".into());
        }
    };
    let instrument = row.instrument.ok_or("it is about no symbol")?;
    Ok(send(model, Request::Adopt { instrument, order }))
}

/// Cancels the foreign order, or closes what is held of the symbol, as their own keys would.
fn wind_up(model: &mut Model) -> Result<Vec<Cmd>, Text> {
    let row = difference(model)?;
    match (row.kind, row.order, row.instrument) {
        (DifferenceKind::ForeignOrder, Some(id), _) => {
            Ok(run(model, Command::Cancel { target: CancelTarget::Order(id.client), venue: Some(id.venue) }))
        }
        (DifferenceKind::ForeignPosition, _, Some(on)) => {
            Ok(run(model, Command::Close { symbol: on.symbol, share: Share::All, venue: Some(on.venue) }))
        }
        (DifferenceKind::NotAtVenue, ..) => {
            Err("the venue does not have it: `abandon` declares it dead".into())
        }
        _ => Err("there is nothing to cancel or close".into()),
    }
}

/// A tick up or down. It moves at once while ARMED, as a hotkey that sends; else it is shown first.
fn nudge_order(model: &mut Model, arg: &str) -> Result<Vec<Cmd>, Text> {
    let tick = match arg {
        "up" => PriceExpr::Ticks(1),
        "down" => PriceExpr::Ticks(-1),
        _ => return Err("write `nudge-order up` or `nudge-order down`".into()),
    };
    let order = marked_order(model)?;
    let change = match order.order_type.kind() {
        OrderKind::Limit | OrderKind::StopLimit => ChangeExpr { limit: Some(tick), ..ChangeExpr::default() },
        OrderKind::Stop => ChangeExpr { stop: Some(tick), ..ChangeExpr::default() },
        OrderKind::Market | OrderKind::TrailingStop => return Err("this order has no price to move".into()),
    };
    let OrderId { client, venue } = order.id;
    let command = Command::Replace { order: client, change, venue: Some(venue) };
    let armed = model.snapshot.banner.armed_until.is_some_and(|until| until > model.now.mono);
    if armed { Ok(send(model, Request::Do(command))) } else { Ok(run(model, command)) }
}

/// The marked alert; elsewhere the worst of the unseen, the newest of those.
fn acknowledge(model: &mut Model, arg: &str) -> Result<Vec<Cmd>, Text> {
    let alert = match arg {
        "all" => None,
        "" => Some(unseen(model)?),
        number => {
            Some(number.parse().map_err(|_| Text::clean("write `ack`, `ack all` or an alert's number"))?)
        }
    };
    Ok(send(model, Request::Acknowledge { alert }))
}

fn unseen(model: &Model) -> Result<u64, Text> {
    let alerts = Arc::clone(&model.snapshot.alerts);
    if model.focus == Pane::Alerts {
        let row = model.table(Pane::Alerts).selected_row().ok_or("select an alert first")?;
        return alerts.get(row).map(|a| a.alert.id).ok_or_else(|| "select an alert first".into());
    }
    let worst = |a: &&crate::desk::snapshot::AlertRow| -> (Severity, u64) { (a.alert.severity, a.alert.id) };
    let found = alerts.iter().filter(|a| !a.acknowledged).max_by_key(worst);
    found.map(|a| a.alert.id).ok_or_else(|| "every alert has been seen".into())
}

fn arm(model: &mut Model, arg: &str) -> Result<Vec<Cmd>, Text> {
    let minutes = match arg {
        "" => model.settings.arm_minutes,
        number => match number.parse() {
            Ok(minutes) if (1..=ARM_MAX).contains(&minutes) => minutes,
            Ok(_) | Err(_) => return Err(format!("write minutes from 1 to {ARM_MAX}, as in `arm 15`").into()),
        },
    };
    Ok(send(model, Request::Arm { minutes }))
}

fn venue(arg: &str) -> Result<VenueId, Text> {
    VenueId::new(arg.trim().trim_start_matches('@')).map_err(|e| Text::clean(&e.to_string()))
}

fn symbol_at(arg: &str) -> Result<(crate::domain::ids::Symbol, Option<VenueId>), Text> {
    let (name, at) = arg.split_once('@').map_or((arg, None), |(n, v)| (n, Some(v)));
    let symbol = grammar::symbol(name.trim()).map_err(|e| Text::clean(&e.to_string()))?;
    Ok((symbol, at.map(venue).transpose()?))
}

fn abandon(model: &mut Model, arg: &str) -> Result<Vec<Cmd>, Text> {
    let (id, reason) = arg.split_once(' ').unwrap_or((arg, ""));
    let reason = Text::clean(reason.trim());
    if reason.is_empty() {
        return Err(
            "write the order's id and why, as in `abandon td-x-1 the venue confirmed by phone`".into()
        );
    }
    let order = model.snapshot.orders.iter().find(|o| o.id.client.as_str() == id);
    let Some(order) = order.map(|o| o.id.clone()) else {
        return Err(format!("there is no order `{id}`").into());
    };
    model.say(Tone::Plain, format!("asked to abandon {order}"));
    Ok(send(model, Request::Abandon { order: order.client, venue: order.venue, reason }))
}
