//! One algorithm as a window: its figures, what it holds, its orders, what happened to them, its log, its statistics.

use super::banner::{said, trend};
use crate::desk::snapshot::{AlgorithmRow, EquityPoint};
use crate::domain::{
    algorithm::{AlgorithmOrderState, Heading, LogLevel, Observation},
    money::{Money, Price},
    time::Stamp,
};
use crate::tui::{
    canvas::{Canvas, small},
    format::{self, Sign},
    hit::Drawn,
    modal::{AlgorithmPage, AlgorithmShown},
    model::Model,
    theme::Role,
    widgets::{
        curve::Curve,
        sheet::{Entry, Sheet},
        strip::{self, Bit},
        window,
    },
};
use ratatui::layout::Rect;

/// Columns, where there are so many.
const WIDE: u16 = 110;
/// Rows of the equity curve.
const CURVE: u16 = 6;
/// Rows that a window has for its text at the least.
const ROWS: u16 = 16;

/// Draws the window.
pub fn draw(model: &Model, canvas: &mut Canvas<'_>, shown: &AlgorithmShown, drawn: &mut Drawn) {
    let wide = window::room(canvas, WIDE);
    let mut sheet = Sheet::new(wide);
    let row = model.snapshot.algorithms.iter().find(|row| row.name == shown.name);
    let points: Vec<EquityPoint> = match (row, shown.page) {
        (Some(AlgorithmRow { seen: Some(seen), .. }), AlgorithmPage::Overview) => seen
            .curve
            .iter()
            .map(|(at, equity)| EquityPoint { venue: None, at: *at, equity: *equity })
            .collect(),
        _ => Vec::new(),
    };
    match row {
        None => sheet.say("This algorithm is not configured any more.", Role::Warning),
        Some(row) => match shown.page {
            AlgorithmPage::Overview => overview(canvas, row, model, &mut sheet),
            AlgorithmPage::Orders => with_seen(row, &mut sheet, |seen, sheet| orders(canvas, seen, sheet)),
            AlgorithmPage::Events => with_seen(row, &mut sheet, |seen, sheet| events(canvas, seen, sheet)),
            AlgorithmPage::Log => with_seen(row, &mut sheet, |seen, sheet| log(canvas, seen, sheet)),
            AlgorithmPage::Insights => {
                with_seen(row, &mut sheet, |seen, sheet| insights(canvas, seen, sheet));
            }
            AlgorithmPage::Statistics => {
                with_seen(row, &mut sheet, |seen, sheet| statistics(canvas, seen, sheet));
            }
        },
    }
    let curve = if points.len() > 1 { CURVE } else { 0 };
    let high = small(sheet.len()).max(ROWS).saturating_add(curve).saturating_add(3);
    let inner = window::open(canvas, (wide, high), &format!(" {} ", shown.name), Role::Focus);
    let tabs: Vec<Bit> = AlgorithmPage::ALL
        .iter()
        .map(|page| Bit::new(page.word(), if *page == shown.page { Role::Title } else { Role::Muted }, 0))
        .collect();
    strip::flow(canvas, Rect { height: inner.height.min(1), ..inner }, 0, &tabs);
    let mut text = Rect { y: inner.y.saturating_add(1), height: inner.height.saturating_sub(2), ..inner };
    if curve > 0 && text.height > curve.saturating_add(4) {
        let base = points.first().map(|p| p.equity);
        Curve { points: &points, base }.draw(canvas, Rect { height: curve, ..text });
        text.y = text.y.saturating_add(curve);
        text.height = text.height.saturating_sub(curve);
    }
    drawn.seen = sheet.draw(canvas, text, shown.scroll);
    super::modals::foot(model, canvas, inner);
}

fn with_seen(row: &AlgorithmRow, sheet: &mut Sheet, tell: impl FnOnce(&Observation, &mut Sheet)) {
    match &row.seen {
        Some(seen) => tell(seen, sheet),
        None => sheet.say("Nothing was seen of it yet.", Role::Muted),
    }
}

fn figure(canvas: &Canvas<'_>, name: &str, amount: Option<Money>, is_gain: bool) -> [Bit; 2] {
    let name = Bit::new(name, Role::Muted, 0);
    let Some(amount) = amount else {
        return [name, Bit::joined(canvas.look.glyphs.none, Role::Muted, 0)];
    };
    if !is_gain {
        return [name, Bit::joined(said(|s| canvas.look.exact.money(s, amount)), Role::Text, 0)];
    }
    let (sign, role) = trend(canvas, amount);
    let text = format!("{sign} {}", said(|s| canvas.look.exact.gain(s, amount)));
    [name, Bit::joined(text, role, 0)]
}

fn price(canvas: &Canvas<'_>, price: Option<Price>) -> String {
    price.map_or(canvas.look.glyphs.none.to_owned(), |p| said(|s| canvas.look.exact.price(s, p, None)))
}

fn clock(canvas: &Canvas<'_>, at: Option<Stamp>) -> String {
    at.map_or(canvas.look.glyphs.none.to_owned(), |at| said(|s| format::clock(s, at, &canvas.look.zone)))
}

fn overview(canvas: &Canvas<'_>, row: &AlgorithmRow, model: &Model, sheet: &mut Sheet) {
    let mut bits = vec![Bit::new(row.state.word(), super::algorithms::role(row.state), 0)];
    bits.push(Bit::joined(row.source.as_str(), Role::Muted, 0));
    if let Some(venue) = &row.venue {
        bits.push(Bit::joined(format!("@{venue}"), Role::Text, 0));
    }
    if let Some(at) = row.heartbeat {
        bits.push(Bit::new("sign of life", Role::Muted, 0));
        let ago = model.snapshot.at.mono.since_ms(at);
        bits.push(Bit::joined(format!("{} ago", said(|s| canvas.look.exact.age(s, ago))), Role::Text, 0));
    }
    sheet.flow(2, &bits);
    if let Some(note) = &row.note {
        sheet.say(note.as_str(), Role::Warning);
    }
    let mut figures = Vec::new();
    for (name, amount, is_gain) in [
        ("equity", row.equity, false),
        ("day", row.day_pnl, true),
        ("unrealized", row.unrealized, true),
        ("fees", row.fees, false),
    ] {
        figures.extend(figure(canvas, name, amount, is_gain));
    }
    sheet.flow(2, &figures);
    let Some(seen) = &row.seen else {
        return sheet.say("Nothing was seen of it yet.", Role::Muted);
    };
    // What an account shows of a program has no run and no words of its own.
    if !seen.word.is_empty() || seen.deployment.as_str() != row.name {
        sheet.flow(
            2,
            &[
                Bit::new("run", Role::Muted, 0),
                Bit::joined(seen.deployment.as_str(), Role::Text, 0),
                Bit::new("says", Role::Muted, 0),
                Bit::joined(if seen.word.is_empty() { "nothing" } else { seen.word.as_str() }, Role::Text, 0),
                Bit::new("figures of", Role::Muted, 0),
                Bit::joined(clock(canvas, seen.as_of), Role::Text, 0),
            ],
        );
    }
    for flaw in &seen.flaws {
        sheet.hang("! ", flaw.as_str(), Role::Warning);
    }
    holdings(canvas, seen, sheet);
}

fn holdings(canvas: &Canvas<'_>, seen: &Observation, sheet: &mut Sheet) {
    sheet.blank();
    if seen.holdings.is_empty() {
        sheet.say("It holds nothing.", Role::Muted);
    }
    for held in &seen.holdings {
        let mut bits = vec![
            Bit::new(held.symbol.as_str(), Role::Strong, 0),
            Bit::joined(
                said(|s| canvas.look.exact.decimal(s, held.qty.get(), None, Sign::Always)),
                Role::Text,
                0,
            ),
            Bit::joined(format!("at {}", price(canvas, held.average)), Role::Muted, 0),
            Bit::new("now", Role::Muted, 0),
            Bit::joined(price(canvas, held.price), Role::Text, 0),
        ];
        bits.extend(figure(canvas, "worth", held.value, false));
        bits.extend(figure(canvas, "unrealized", held.unrealized, true));
        sheet.flow(2, &bits);
    }
    if !seen.cash.is_empty() {
        let cash: Vec<Bit> = seen
            .cash
            .iter()
            .flat_map(|c| {
                let amount = said(|s| canvas.look.exact.money(s, c.amount));
                [Bit::new(c.currency.as_str(), Role::Muted, 0), Bit::joined(amount, Role::Text, 0)]
            })
            .collect();
        sheet.blank();
        sheet.flow(2, &cash);
    }
}

const fn state(state: AlgorithmOrderState) -> (&'static str, Role) {
    match state {
        AlgorithmOrderState::New => ("new", Role::Pending),
        AlgorithmOrderState::Working => ("working", Role::Text),
        AlgorithmOrderState::Partial => ("filled in part", Role::Text),
        AlgorithmOrderState::Filled => ("filled", Role::Up),
        AlgorithmOrderState::Cancelled => ("cancelled", Role::Muted),
        AlgorithmOrderState::Rejected => ("rejected", Role::Critical),
        AlgorithmOrderState::Pending => ("pending", Role::Pending),
        AlgorithmOrderState::Unknown => ("unknown", Role::Unknown),
    }
}

fn orders(canvas: &Canvas<'_>, seen: &Observation, sheet: &mut Sheet) {
    if seen.orders.is_empty() {
        return sheet.say("It has sent no order that is kept.", Role::Muted);
    }
    let mut rows: Vec<_> = seen.orders.iter().collect();
    rows.sort_by_key(|o| (std::cmp::Reverse(o.state.is_open()), std::cmp::Reverse(o.changed.or(o.created))));
    for order in rows {
        let (word, role) = state(order.state);
        let mut bits = vec![
            Bit::new(format!("{:>4}", order.id), Role::Muted, 0),
            Bit::joined(clock(canvas, order.changed.or(order.created)), Role::Muted, 0),
            Bit::joined(order.symbol.as_str(), Role::Strong, 0),
            Bit::joined(
                said(|s| canvas.look.exact.decimal(s, order.qty.get(), None, Sign::Always)),
                Role::Text,
                0,
            ),
            Bit::joined(order.kind.as_str(), Role::Text, 0),
        ];
        for (name, at) in [("limit", order.limit), ("stop", order.stop), ("at", order.price)] {
            if at.is_some() {
                bits.push(Bit::joined(format!("{name} {}", price(canvas, at)), Role::Text, 0));
            }
        }
        bits.push(Bit::new(word, role, 0));
        if !order.tag.is_empty() {
            bits.push(Bit::joined(order.tag.as_str(), Role::Muted, 0));
        }
        sheet.flow(7, &bits);
    }
}

fn events(canvas: &Canvas<'_>, seen: &Observation, sheet: &mut Sheet) {
    if seen.events.is_empty() {
        return sheet.say("Nothing happened to its orders yet.", Role::Muted);
    }
    for event in seen.events.iter().rev() {
        let (word, role) = state(event.state);
        let mut bits = vec![
            Bit::new(clock(canvas, Some(event.at)), Role::Muted, 0),
            Bit::joined(format!("order {}", event.order), Role::Muted, 0),
            Bit::joined(event.symbol.as_str(), Role::Strong, 0),
        ];
        if !event.qty.is_zero() {
            let qty = said(|s| canvas.look.exact.decimal(s, event.qty.get(), None, Sign::Always));
            bits.push(Bit::joined(format!("{qty} at {}", price(canvas, event.price)), Role::Text, 0));
        }
        bits.push(Bit::joined(word, role, 0));
        if let Some(fee) = event.fee.filter(|fee| !fee.is_zero()) {
            let currency = event.fee_currency.as_ref().map_or("", |c| c.as_str());
            bits.push(Bit::new("fee", Role::Muted, 0));
            let fee = said(|s| canvas.look.exact.money(s, fee));
            bits.push(Bit::joined(format!("{fee} {currency}"), Role::Text, 0));
        }
        if !event.message.is_empty() {
            bits.push(Bit::new(event.message.as_str(), Role::Muted, 0));
        }
        sheet.flow(10, &bits);
    }
}

fn log(canvas: &Canvas<'_>, seen: &Observation, sheet: &mut Sheet) {
    if seen.log.is_empty() {
        return sheet.say("It has logged nothing.", Role::Muted);
    }
    for line in seen.log.iter().rev() {
        let role = match line.level {
            LogLevel::Debug => Role::Muted,
            LogLevel::Info => Role::Text,
            LogLevel::Error => Role::Critical,
        };
        sheet.hang(&format!("{} ", clock(canvas, line.at)), line.text.as_str(), role);
    }
}

fn insights(canvas: &Canvas<'_>, seen: &Observation, sheet: &mut Sheet) {
    let Some(at) = seen.insights.as_of else {
        return sheet.say("No insight of it is told here.", Role::Muted);
    };
    sheet.say(&format!("As of {}", clock(canvas, Some(at))), Role::Muted);
    if seen.insights.rows.is_empty() {
        sheet.say("It predicts nothing.", Role::Muted);
    }
    for one in seen.insights.rows.iter().rev() {
        let role = match one.heading {
            Heading::Up => Role::Up,
            Heading::Down => Role::Down,
            Heading::Flat => Role::Text,
            Heading::Unknown => Role::Unknown,
        };
        let mut bits = vec![
            Bit::new(clock(canvas, one.made), Role::Muted, 0),
            Bit::joined(one.symbol.as_str(), Role::Strong, 0),
            Bit::joined(one.heading.word(), role, 0),
        ];
        if one.until.is_some() {
            bits.push(Bit::new(format!("until {}", clock(canvas, one.until)), Role::Text, 0));
        }
        for (name, figure) in [("by", one.magnitude), ("sure", one.confidence), ("weight", one.weight)] {
            if let Some(figure) = figure {
                bits.push(Bit::new(name, Role::Muted, 0));
                let text = said(|s| canvas.look.exact.decimal(s, figure.get(), None, Sign::Minus));
                bits.push(Bit::joined(text, Role::Text, 0));
            }
        }
        for word in [&one.kind, &one.model, &one.tag] {
            if !word.is_empty() {
                bits.push(Bit::new(word.as_str(), Role::Muted, 0));
            }
        }
        sheet.flow(10, &bits);
    }
}

fn statistics(canvas: &Canvas<'_>, seen: &Observation, sheet: &mut Sheet) {
    for (head, rows) in [("As the program shows them", &seen.statistics), ("Where it runs", &seen.server)] {
        if rows.is_empty() {
            continue;
        }
        if !sheet.is_empty() {
            sheet.blank();
        }
        sheet.say(head, Role::Title);
        for (name, value) in rows {
            sheet.flow(
                2,
                &[Bit::new(name.as_str(), Role::Muted, 0), Bit::joined(value.as_str(), Role::Text, 0)],
            );
        }
    }
    if sheet.is_empty() {
        let entries: Vec<Entry> = [("realized", seen.realized), ("fees", seen.fees)]
            .into_iter()
            .filter_map(|(name, amount)| {
                let amount = amount?;
                let text = said(|s| canvas.look.exact.money(s, amount));
                Some(Entry { name: name.to_owned(), figures: vec![(text, Role::Text)] })
            })
            .collect();
        sheet.grid(0, &entries);
    }
}
