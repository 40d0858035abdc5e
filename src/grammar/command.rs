//! The first word of a line and what each of them takes.

use super::{
    clause::{Placed, once, order, price_after, stop_after, tif, trail_after, value, venue},
    error::{GrammarError, Kind, nearest},
    expr::{half, quantity, quarter, read_symbol},
    flatten,
    number::{Bad, share},
    token::{Token, Tokens},
    word::{CHANGES, Verb, Word, instead},
};
use crate::domain::{
    draft::{CancelTarget, ChangeExpr, Command, PriceExpr, Share, StopExpr, TifExpr, TrailExpr},
    ids::{ClientId, Symbol, VenueId},
    money::{Percent, Qty},
    order::Side,
    text::Text,
};

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 200;

/// Reads a whole line.
pub(super) fn command(tokens: &mut Tokens<'_>) -> Result<Command, GrammarError> {
    let first = tokens.need("an order word", "write an order such as `buy AAPL 100`")?;
    let verb = (!first.quoted).then(|| Verb::of(&first.text)).flatten();
    let Some(verb) = verb else {
        return Err(tokens.fail(&first, Kind::Command, did_you_mean(&first.text)));
    };
    match verb {
        Verb::Buy => entry(tokens, Side::Buy),
        Verb::Sell => entry(tokens, Side::Sell),
        Verb::Close => close(tokens),
        Verb::Reverse => {
            let symbol = symbol(tokens)?;
            Ok(Command::Reverse { symbol, venue: trailing_venue(tokens)? })
        }
        Verb::Protect => protect(tokens),
        Verb::Cancel => cancel(tokens),
        Verb::Replace => replace(tokens),
        Verb::Flatten => flatten::scope(tokens).map(Command::Flatten),
        Verb::Halt => Ok(Command::Halt),
        Verb::Lock => Ok(Command::Lock { reason: reason(tokens)? }),
        Verb::Unlock => match reason(tokens)? {
            empty if empty.is_empty() => Err(tokens.missing("the reason", "write `unlock` and why")),
            reason => Ok(Command::Unlock { reason }),
        },
    }
}

fn did_you_mean(text: &str) -> String {
    let verbs = || Verb::ALL.iter().map(|v| v.text());
    match nearest(text, verbs()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("expected one of {}", verbs().collect::<Vec<_>>().join(", ")),
    }
}

fn entry(tokens: &mut Tokens<'_>, side: Side) -> Result<Command, GrammarError> {
    let symbol = symbol(tokens)?;
    order(tokens, side, symbol).map(Command::Order)
}

fn symbol(tokens: &mut Tokens<'_>) -> Result<Symbol, GrammarError> {
    let token = tokens.need("a symbol", "write one such as AAPL or BTC/USD")?;
    symbol_of(tokens, &token)
}

fn symbol_of(tokens: &Tokens<'_>, token: &Token) -> Result<Symbol, GrammarError> {
    read_symbol(&token.text).map_err(|expected| tokens.fail(token, Kind::Symbol, expected))
}

/// `@venue` at the end of a line, if it is there.
fn trailing_venue(tokens: &mut Tokens<'_>) -> Result<Option<VenueId>, GrammarError> {
    match tokens.peek().cloned() {
        Some(token) if token.after('@').is_some() => {
            tokens.take();
            venue(tokens, &token).map(Some)
        }
        Some(token) => Err(tokens.fail(&token, Kind::Word, "only @venue may follow")),
        None => Ok(None),
    }
}

fn close(tokens: &mut Tokens<'_>) -> Result<Command, GrammarError> {
    if let Some(token) = tokens.peek()
        && token.word() == Some(Word::All)
    {
        let expected = "write `flatten` to close everything, or `close =ALL` for the symbol ALL";
        return Err(tokens.fail(token, Kind::Symbol, expected));
    }
    let symbol = symbol(tokens)?;
    let share = match tokens.peek().cloned() {
        Some(token) if token.after('@').is_none() => {
            tokens.take();
            position_share(&token).map_err(|b| tokens.fail(&token, b.kind, b.expected))?
        }
        Some(_) | None => Share::All,
    };
    Ok(Command::Close { symbol, share, venue: trailing_venue(tokens)? })
}

fn position_share(token: &Token) -> Result<Share, Bad> {
    match token.word() {
        Some(Word::All) => return Ok(Share::All),
        Some(Word::Half) => return Ok(Share::Percent(half())),
        Some(Word::Quarter) => return Ok(Share::Percent(quarter())),
        Some(_) | None => {}
    }
    match token.text.strip_suffix('%') {
        Some(percent) => share(percent).map(|d| Share::Percent(Percent::new(d))),
        None if token.text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-')) => {
            quantity(&token.text).map(Share::Qty)
        }
        None => Err(Bad { kind: Kind::Word, expected: "write 100, 25%, half, quarter or all".into() }),
    }
}

fn protect(tokens: &mut Tokens<'_>) -> Result<Command, GrammarError> {
    let symbol = symbol(tokens)?;
    let mut stop: Option<(Option<StopExpr>, _)> = None;
    let mut target = None;
    let mut at_venue = None;
    while let Some(token) = tokens.take() {
        if token.after('@').is_some() {
            let name = venue(tokens, &token)?;
            once(tokens, &mut at_venue, name, &token.at, "a venue")?;
            continue;
        }
        match token.word() {
            Some(Word::Stop) => {
                let new = if tokens.take_if(Word::Be) { None } else { Some(stop_after(tokens)?) };
                once(tokens, &mut stop, new, &token.at, "a stop")?;
            }
            Some(Word::Target) => {
                let new = price_after(tokens, Word::Target)?;
                once(tokens, &mut target, new, &token.at, "a target")?;
            }
            Some(_) | None => {
                let expected = instead(&token.text, &[Word::Stop, Word::Target]);
                return Err(tokens.fail(&token, Kind::Word, expected));
            }
        }
    }
    let priced_stop = matches!(stop, Some((Some(_), _)));
    if let Some((PriceExpr::R(_), at)) = &target
        && !priced_stop
    {
        return Err(tokens.fail_at(at, Kind::Contradiction, "a target in R needs a stop with a price"));
    }
    if stop.is_none() && target.is_none() {
        return Err(tokens.missing("a stop or a target", "write `stop 174`, `stop be` or `target 180`"));
    }
    Ok(Command::Protect {
        symbol,
        venue: at_venue.map(|(v, _)| v),
        break_even: matches!(stop, Some((None, _))),
        stop: stop.and_then(|(s, _)| s),
        target: target.map(|(t, _)| t),
    })
}

fn cancel(tokens: &mut Tokens<'_>) -> Result<Command, GrammarError> {
    let expected = "write a symbol, an order's id, `all`, `entries`, `buys` or `sells`";
    let token = tokens.need("what to cancel", expected)?;
    let target = match token.word() {
        Some(Word::All) => CancelTarget::All,
        Some(Word::Entries) => CancelTarget::Entries,
        Some(Word::Buys) => CancelTarget::Side(Side::Buy),
        Some(Word::Sells) => CancelTarget::Side(Side::Sell),
        Some(_) | None if is_order_id(&token.text) => CancelTarget::Order(order_id(tokens, &token)?),
        Some(_) | None => CancelTarget::Symbol(symbol_of(tokens, &token)?),
    };
    Ok(Command::Cancel { target, venue: trailing_venue(tokens)? })
}

/// Ours begin with `td-`, those without a client id with `x-`; `#` marks any other.
pub(super) fn is_order_id(text: &str) -> bool {
    ["#", "td-", "x-"].iter().any(|mark| text.starts_with(mark))
}

fn order_id(tokens: &Tokens<'_>, token: &Token) -> Result<ClientId, GrammarError> {
    let name = match token.after('#') {
        Some(rest) => rest,
        None => token.text.as_str(),
    };
    ClientId::new(name)
        .map_err(|e| tokens.fail(token, Kind::Order, format!("{e}; write it like td-ab12-7 or #ID")))
}

fn replace(tokens: &mut Tokens<'_>) -> Result<Command, GrammarError> {
    let token = tokens.need("the order's id", "write it like td-ab12-7 or #ID")?;
    let order = order_id(tokens, &token)?;
    let mut fields = Changes::default();
    let mut at_venue = None;
    while let Some(token) = tokens.take() {
        if token.after('@').is_some() {
            let name = venue(tokens, &token)?;
            once(tokens, &mut at_venue, name, &token.at, "a venue")?;
        } else {
            fields.clause(tokens, &token)?;
        }
    }
    let change = fields.change();
    if change == ChangeExpr::default() {
        return Err(
            tokens.missing("a change", "write `qty 50`, `limit +2t`, `stop 174`, `trail 1%` or `gtc`")
        );
    }
    Ok(Command::Replace { order, change, venue: at_venue.map(|(v, _)| v) })
}

/// The fields of a change as they were found.
#[derive(Debug, Default)]
struct Changes {
    qty: Placed<Qty>,
    limit: Placed<PriceExpr>,
    stop: Placed<PriceExpr>,
    trail: Placed<TrailExpr>,
    tif: Placed<TifExpr>,
}

impl Changes {
    fn clause(&mut self, tokens: &mut Tokens<'_>, token: &Token) -> Result<(), GrammarError> {
        let at = &token.at;
        let unknown = || tokens.fail(token, Kind::Word, instead(&token.text, CHANGES));
        let Some(word) = token.word().filter(|w| CHANGES.contains(w)) else { return Err(unknown()) };
        if word == Word::Qty {
            let qty = value(tokens, "the quantity", "write the new total, such as 50", quantity)?;
            once(tokens, &mut self.qty, qty, at, "a quantity")?;
        } else if word == Word::Trail {
            let trail = trail_after(tokens)?;
            once(tokens, &mut self.trail, trail, at, "a trail")?;
        } else if word == Word::Limit {
            let price = price_after(tokens, word)?;
            once(tokens, &mut self.limit, price, at, "a limit")?;
        } else if word == Word::Stop {
            let price = price_after(tokens, word)?;
            once(tokens, &mut self.stop, price, at, "a stop")?;
        } else {
            let tif = tif(tokens, word)?;
            once(tokens, &mut self.tif, tif, at, "a time in force")?;
        }
        if self.trail.is_some() && (self.limit.is_some() || self.stop.is_some()) {
            return Err(tokens.fail_at(at, Kind::Contradiction, "a trailing stop has no other price"));
        }
        Ok(())
    }

    fn change(self) -> ChangeExpr {
        ChangeExpr {
            qty: self.qty.map(|(v, _)| v),
            limit: self.limit.map(|(v, _)| v),
            stop: self.stop.map(|(v, _)| v),
            trail: self.trail.map(|(v, _)| v),
            tif: self.tif.map(|(v, _)| v),
        }
    }
}

fn reason(tokens: &mut Tokens<'_>) -> Result<Text, GrammarError> {
    let (text, at) = tokens.rest();
    if text.chars().count() > REASON_CHARS_MAX {
        let expected = format!("{REASON_CHARS_MAX} characters are the most");
        return Err(tokens.fail_at(&at, Kind::Reason, expected));
    }
    Ok(Text::clean(text))
}
