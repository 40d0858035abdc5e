//! The ticket: its fields, what the order would do, the verdict of every check, and what Enter does next.

use super::banner::{badge, said};
use crate::config::Numbers;
use crate::desk::{Preview, receipt::Check, snapshot::WatchRow};
use crate::domain::{
    limits::Action,
    money::{Money, Price},
    order::{Side, Tif},
};
use crate::tui::{
    canvas::{Canvas, width},
    focus::Pane,
    format,
    hit::{Drawn, Hit},
    model::Model,
    theme::Role,
    ticket::{Field, Phase, Purpose, Ticket},
    widgets::{prompt, table::side_role, window},
};
use ratatui::layout::Rect;

/// Labels' columns.
const LABEL: u16 = 9;
/// Figures end here.
const FIGURE: u16 = 11;
/// Fields that share a line.
const FLAGS: [Field; 3] = [Field::Extended, Field::PostOnly, Field::ReduceOnly];

/// The price step of the ticket's symbol.
fn tick(model: &Model, preview: Option<&Preview>) -> Option<Price> {
    let instrument = preview.and_then(|p| p.instrument.as_ref()).or(model.instrument.as_ref())?;
    model.watched(instrument)?.tick
}

/// A pen that goes down the ticket line by line.
struct Lines<'c, 'a, 'm> {
    canvas: &'c mut Canvas<'a>,
    model: &'m Model,
    area: Rect,
    y: u16,
    end: u16,
}

impl Lines<'_, '_, '_> {
    const fn ticket(&self) -> &Ticket {
        &self.model.ticket
    }
    fn room(&self) -> u16 {
        self.end.saturating_sub(self.y)
    }
    fn put(&mut self, x: u16, text: &str, role: Role) -> u16 {
        let style = self.canvas.style(role);
        let at = self.area.x.saturating_add(x);
        x.saturating_add(self.canvas.left(at, self.y, self.area.right().saturating_sub(at), text, style))
    }
    fn next(&mut self) {
        self.y = self.y.saturating_add(1);
    }
    fn say(&mut self, text: &str, role: Role) {
        if self.room() > 0 {
            let area = Rect { y: self.y, height: self.room(), ..self.area };
            self.y = self.y.saturating_add(window::wrap(self.canvas, area, text, role));
        }
    }
    fn rule(&mut self) {
        if self.room() > 0 {
            let style = self.canvas.style(Role::Rule);
            self.canvas.across(self.area.x, self.y, self.area.width, style);
            self.next();
        }
    }
    /// A figure: its name, its value to the right, and a remark.
    fn figure(&mut self, label: &str, value: Option<String>, note: &str) {
        let Some(value) = value.filter(|_| self.room() > 0) else { return };
        self.put(0, label, Role::Muted);
        // Figures of something else than what stands in the fields look old.
        let current = !self.ticket().is_open() || self.ticket().current_preview().is_some();
        let style = self.canvas.style(if current { Role::Text } else { Role::Stale });
        let room = self.area.width.saturating_sub(LABEL);
        let numbers = &self.canvas.look.exact;
        let sign = width(&numbers.currency);
        let sign = if sign > 0 { sign.saturating_add(u16::from(numbers.currency_after)) } else { 0 };
        let field = FIGURE.saturating_add(sign).max(width(&value)).min(room);
        self.canvas.number(self.area.x.saturating_add(LABEL), self.y, field, &value, (0, style));
        self.put(LABEL.saturating_add(field).saturating_add(1), note, Role::Muted);
        self.next();
    }
}

/// `BUY AAPL` or `MODIFY …`, with the badge of the account that it goes to.
fn head(lines: &mut Lines<'_, '_, '_>) {
    let ticket = lines.ticket();
    let side = ticket.side.0;
    let word = match (&ticket.purpose, side) {
        (Purpose::Modify { .. }, _) => "MODIFY",
        (Purpose::New, Side::Buy) => "BUY",
        (Purpose::New, Side::Sell) => "SELL",
    };
    let mut x = lines.put(0, word, side_role(side));
    let symbol = match &lines.ticket().purpose {
        Purpose::Modify { order, .. } => order.to_string(),
        Purpose::New => lines.ticket().inputs.symbol.value().to_owned(),
    };
    x = lines.put(x.saturating_add(1), &symbol, Role::Strong);
    let model = lines.model;
    let preview = model.ticket.preview.as_ref();
    let venue = match &model.ticket.purpose {
        Purpose::Modify { venue, .. } => Some(venue),
        Purpose::New => {
            model.ticket.venue.as_ref().or_else(|| preview?.instrument.as_ref().map(|i| &i.venue))
        }
    };
    let lamp = venue.and_then(|v| model.snapshot.banner.lamps.iter().find(|l| l.venue == *v));
    if let Some(lamp) = lamp {
        let (text, role) = badge(lamp);
        let at = lines.area.width.saturating_sub(width(text)).max(x.saturating_add(1));
        lines.put(at, text, role);
    }
    lines.next();
}

/// What a size or a day comes to, where it is not what was typed.
fn worked_out(numbers: &Numbers, ticket: &Ticket, field: Field) -> Option<String> {
    let preview = ticket.current_preview()?;
    match (field, preview.spec.as_ref().map(|s| s.tif)) {
        (Field::Size, _) => preview.qty.map(|qty| said(|s| numbers.qty(s, qty))),
        (Field::Until, Some(Tif::Gtd(date))) => {
            Some(date.to_string()).filter(|date| ticket.text(Field::Until) != date)
        }
        _ => None,
    }
}

fn field(lines: &mut Lines<'_, '_, '_>, field: Field, focused: bool, drawn: &mut Drawn) {
    let model = lines.model;
    let ticket = &model.ticket;
    let active = focused && ticket.active == Some(field) && ticket.phase == Phase::Editing;
    let line = Rect { y: lines.y, height: 1, ..lines.area };
    drawn.hits.push((line, Hit::Field(field)));
    if active {
        lines.canvas.tint(line, Role::Selected);
    }
    lines.put(0, field.word(), if active { Role::Focus } else { Role::Muted });
    let x = lines.area.x.saturating_add(LABEL);
    let room = lines.area.right().saturating_sub(x);
    match ticket.input(field) {
        Some(input) => prompt::draw(lines.canvas, (x, lines.y, room), input, active),
        None => {
            let role = if field == Field::Side { side_role(ticket.side.0) } else { Role::Text };
            lines.put(LABEL, &ticket.choice(field).unwrap_or_default(), role);
        }
    }
    if let Some(text) = worked_out(&lines.canvas.look.exact, ticket, field) {
        let text = format!("{} {text}", lines.canvas.look.glyphs.arrow);
        let at = lines.area.width.saturating_sub(width(&text));
        lines.put(at, &text, Role::Strong);
    }
    lines.next();
    if let Some(problem) = ticket.error_of(field).filter(|_| lines.room() > 0) {
        lines.say(problem.as_str(), Role::Critical);
    }
}

fn flags(lines: &mut Lines<'_, '_, '_>, focused: bool, drawn: &mut Drawn) {
    let mut x = 0;
    for field in FLAGS {
        let model = lines.model;
        let ticket = &model.ticket;
        let active = focused && ticket.active == Some(field);
        let start = x;
        x = lines.put(x, field.word(), if active { Role::Focus } else { Role::Muted });
        let value = ticket.choice(field).unwrap_or_default();
        let role = if value == "yes" { Role::Warning } else { Role::Text };
        x = lines.put(x.saturating_add(1), &value, role);
        let area = Rect {
            x: lines.area.x.saturating_add(start),
            y: lines.y,
            width: x.saturating_sub(start),
            height: 1,
        };
        if active {
            lines.canvas.tint(area, Role::Selected);
        }
        drawn.hits.push((area, Hit::Field(field)));
        x = x.saturating_add(2);
    }
    lines.next();
}

fn fields(lines: &mut Lines<'_, '_, '_>, focused: bool, drawn: &mut Drawn) {
    let model = lines.model;
    for f in model.ticket.fields() {
        if lines.room() == 0 {
            return;
        }
        if f == Field::Extended {
            flags(lines, focused, drawn);
        } else if !FLAGS.contains(&f) {
            field(lines, f, focused, drawn);
        }
    }
}

fn figures(lines: &mut Lines<'_, '_, '_>, preview: &Preview) {
    let tick = tick(lines.model, Some(preview));
    let numbers = &lines.canvas.look.exact;
    let money = |m: Option<Money>| m.map(|m| said(|s| numbers.money(s, m)));
    let price = |p: Option<Price>| p.map(|p| said(|s| numbers.price(s, p, tick)));
    let share = |p: Option<crate::domain::money::Percent>, sign| {
        p.map_or_else(String::new, |p| said(|s| numbers.percent(s, p, sign)))
    };
    let minus = format::Sign::Minus;
    lines.figure("entry", price(preview.entry), if preview.entry_is_market { "market" } else { "" });
    lines.figure("stop", price(preview.stop), &share(preview.stop_percent, format::Sign::Always));
    let r = preview
        .reward_to_risk
        .map_or_else(String::new, |r| said(|s| numbers.decimal(s, r.get(), Some(2), minus)) + "R");
    lines.figure("target", price(preview.target), &r);
    lines.figure("risk", money(preview.risk), "");
    lines.figure("reward", money(preview.reward), "");
    lines.figure("cost", money(preview.cost), "");
    lines.figure("fees", money(preview.fees), "");
    lines.figure("equity", preview.equity_percent.map(|_| share(preview.equity_percent, minus)), "used");
    lines.figure(
        "bp",
        preview.buying_power_percent.map(|_| share(preview.buying_power_percent, minus)),
        "used",
    );
    lines.figure("bp left", money(preview.buying_power_after), "");
    if let Some(cap) = &preview.capped_by {
        lines.say(cap.as_str(), Role::Muted);
    }
    if let Some(show) = preview.spec.as_ref().and_then(|spec| spec.show) {
        let show = said(|s| lines.canvas.look.exact.qty(s, show));
        lines.say(&format!("iceberg at the venue: {show} shown at a time"), Role::Info);
    }
    if !preview.held.is_empty() {
        let held: Vec<String> =
            preview.held.iter().map(|t| lines.canvas.look.exact.told(t.as_str())).collect();
        lines.say(&format!("held here: {}", held.join(", ")), Role::Info);
    }
    for text in &preview.unusual {
        lines.say(&format!("{} unusual: {text}", lines.canvas.look.glyphs.warn), Role::Warning);
    }
}

fn check(lines: &mut Lines<'_, '_, '_>, check: &Check) {
    let glyphs = &lines.canvas.look.glyphs;
    let (sign, role) = match check.action {
        Some(Action::Block) => (glyphs.fail, Role::Critical),
        Some(Action::Warn) => (glyphs.warn, Role::Warning),
        Some(Action::Off) | None => (glyphs.pass, Role::Good),
    };
    let text = if check.text.is_empty() {
        check.name.to_string()
    } else {
        lines.canvas.look.exact.told(check.text.as_str())
    };
    lines.say(&format!("{sign} {text}"), role);
}

/// Lines that what speaks against the order takes, and one for what passed: refusals are worth more than figures.
fn kept(canvas: &Canvas<'_>, preview: &Preview, wide: u16) -> u16 {
    let told = preview.checks.iter().filter(|c| matches!(c.action, Some(Action::Block | Action::Warn)));
    let lines = told.map(|c| {
        let text = canvas.look.exact.told(c.text.as_str());
        window::lines(&format!("x {text}"), wide)
    });
    let passed = preview.checks.iter().any(|c| matches!(c.action, None | Some(Action::Off)));
    lines.fold(u16::from(passed), u16::saturating_add)
}

/// Would it be refused as things are now?
fn is_blocked(ticket: &Ticket) -> bool {
    let preview = ticket.current_preview();
    preview
        .is_some_and(|p| !p.problems.is_empty() || p.checks.iter().any(|c| c.action == Some(Action::Block)))
}

/// Refusals first, then warnings, then what passed, as many as there is room for.
fn checks(lines: &mut Lines<'_, '_, '_>, preview: &Preview) {
    for (_, text) in preview.problems.iter().filter(|(f, _)| Field::parse(f).is_none()) {
        let sign = lines.canvas.look.glyphs.fail;
        lines.say(&format!("{sign} {text}"), Role::Critical);
    }
    for action in [Action::Block, Action::Warn] {
        for c in preview.checks.iter().filter(|c| c.action == Some(action)) {
            check(lines, c);
        }
    }
    let passed: Vec<&Check> =
        preview.checks.iter().filter(|c| matches!(c.action, None | Some(Action::Off))).collect();
    if passed.is_empty() || lines.room() == 0 {
        return;
    }
    if usize::from(lines.room()) > passed.len() {
        for c in passed {
            check(lines, c);
        }
    } else {
        let sign = lines.canvas.look.glyphs.pass;
        lines.say(&format!("{sign} {} checks passed", passed.len()), Role::Good);
    }
}

/// What Enter does next.
fn next_step(model: &Model) -> (String, Role) {
    let ticket = &model.ticket;
    match &ticket.phase {
        Phase::Idle => ("b buy   s sell".to_owned(), Role::Key),
        Phase::Editing if ticket.error.is_some() || !ticket.errors.is_empty() => {
            ("not ready: see above".to_owned(), Role::Warning)
        }
        Phase::Editing | Phase::Reviewing if is_blocked(ticket) => {
            ("would be REFUSED   Esc back".to_owned(), Role::Critical)
        }
        Phase::Editing => ("Enter review   Esc close".to_owned(), Role::Key),
        Phase::Reviewing => (" Enter SENDS   Esc back ".to_owned(), Role::Armed),
        Phase::Sending(_) => ("sending".to_owned(), Role::Pending),
        Phase::Sent(_) => ("b or s for the next".to_owned(), Role::Key),
    }
}

/// Nothing is being entered: the market of the chosen symbol.
fn idle(lines: &mut Lines<'_, '_, '_>) {
    let model = lines.model;
    if let Phase::Sent(text) = &model.ticket.phase {
        lines.say(text.as_str(), Role::Good);
        lines.next();
    }
    let Some(row) = model.instrument.as_ref().and_then(|i| model.watched(i)) else {
        lines.say("no symbol chosen", Role::Muted);
        return;
    };
    lines.put(0, row.instrument.symbol.as_str(), Role::Strong);
    let venue = format!("@{}", row.instrument.venue);
    let at = lines.area.width.saturating_sub(width(&venue));
    lines.put(at, &venue, Role::Muted);
    lines.next();
    let numbers = &lines.canvas.look.exact;
    let price = |p: Option<Price>| p.map(|p| said(|s| numbers.price(s, p, row.tick)));
    let size = |q: Option<crate::domain::money::Qty>| {
        q.map_or_else(String::new, |q| said(|s| numbers.short_qty(s, q)))
    };
    lines.figure("last", price(row.last), "");
    lines.figure("bid", price(row.bid), &size(row.bid_size));
    lines.figure("ask", price(row.ask), &size(row.ask_size));
    lines.figure("spread", price(row.spread), "");
    if row.stale {
        let age = row.updated.map(|at| said(|s| numbers.age(s, lines.canvas.now.mono.since_ms(at))));
        lines.say(&format!("stale: {} old", age.as_deref().unwrap_or("never quoted,")), Role::Stale);
    }
    if let Some(halt) = &row.halted {
        lines.say(&format!("HALTED {halt}"), Role::Critical);
    }
    held(lines, row);
    lines.next();
    lines.say("Size by risk, from the `:` line too:", Role::Muted);
    lines.say(&format!(":buy {} risk 1% stop -1% target 2R", row.instrument.symbol), Role::Text);
    for template in &model.settings.templates {
        lines.say(&format!(":template {}", template.name), Role::Text);
    }
}

/// What is held of it.
fn held(lines: &mut Lines<'_, '_, '_>, row: &WatchRow) {
    let model = lines.model;
    let Some(position) = model.snapshot.positions.iter().find(|p| p.instrument == row.instrument) else {
        return;
    };
    lines.rule();
    let numbers = &lines.canvas.look.exact;
    let price = |p: Option<Price>| p.map(|p| said(|s| numbers.price(s, p, row.tick)));
    lines.figure(
        "held",
        Some(said(|s| numbers.decimal(s, position.qty.get(), None, format::Sign::Always))),
        "",
    );
    lines.figure("average", price(position.avg_price), "");
    let percent = position.unrealized_percent.map(|p| said(|s| numbers.percent(s, p, format::Sign::Always)));
    lines.figure(
        "unreal.",
        position.unrealized.map(|m| said(|s| numbers.gain(s, m))),
        percent.as_deref().unwrap_or(""),
    );
    if position.protected.is_zero() {
        lines.say("NO STOP", Role::Critical);
    } else {
        lines.figure("stop", price(position.stop), "");
    }
    lines.figure("target", price(position.target), "");
}

/// Draws it.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, area: Rect, drawn: &mut Drawn) {
    let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
    if inner.is_empty() {
        return;
    }
    let bottom = inner.bottom().saturating_sub(1);
    let focused = model.focus == Pane::Ticket;
    let mut lines = Lines { canvas, model, area: inner, y: inner.y, end: bottom };
    if model.ticket.is_open() {
        head(&mut lines);
        fields(&mut lines, focused, drawn);
        if let Some(error) = &model.ticket.error {
            lines.say(error.as_str(), Role::Critical);
        }
        if let Some(preview) = &model.ticket.preview {
            lines.rule();
            let kept = kept(lines.canvas, preview, inner.width);
            lines.end = bottom.saturating_sub(kept).max(lines.y);
            figures(&mut lines, preview);
            lines.end = bottom;
            if lines.room() > kept {
                lines.rule();
            }
            checks(&mut lines, preview);
        }
    } else {
        idle(&mut lines);
    }
    let (text, role) = next_step(model);
    lines.y = bottom;
    lines.put(0, &text, role);
}
