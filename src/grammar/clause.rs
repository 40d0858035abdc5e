//! What stands after the symbol of `buy` and `sell`: collected in any order, each field once, then checked
//! against each other.

use super::{
    error::{GrammarError, Kind},
    expr::{DATE, begins_size, half, price, quantity, quarter, size, trail, until},
    number::{Bad, bad, share},
    token::{Token, Tokens},
    word::{CLAUSES, Word, instead},
};
use crate::domain::{
    draft::{Draft, DraftType, PartExpr, PriceExpr, Size, StopExpr, TifExpr, TrailExpr},
    ids::{Symbol, VenueId},
    money::{Percent, Qty},
    order::{Side, Tif},
};
use smol_str::SmolStr;
use std::ops::Range;

/// The longest tag, in characters.
const TAG_CHARS_MAX: usize = 32;
/// The most targets for parts of an order.
const PARTS_MAX: usize = 8;
const SHARE: &str = "write a share such as 50%, half or quarter";
const STOPS_OWN: &str = "right after a stop `limit` is the stop's own, beyond it and written the same way; put the order's limit first";

/// A value and its place.
pub(super) type Placed<T> = Option<(T, Range<usize>)>;

/// The fields of an order as they were found.
#[derive(Debug, Default)]
struct Fields {
    size: Placed<Size>,
    market: Placed<()>,
    limit: Placed<PriceExpr>,
    trigger: Placed<PriceExpr>,
    trail: Placed<TrailExpr>,
    stop: Placed<StopExpr>,
    target: Placed<PriceExpr>,
    parts: Vec<(PartExpr, Range<usize>)>,
    show: Placed<Qty>,
    tif: Placed<TifExpr>,
    extended: Placed<()>,
    post_only: Placed<()>,
    reduce_only: Placed<()>,
    tag: Placed<SmolStr>,
    venue: Placed<VenueId>,
}

/// Keeps `value`, unless the field was given before.
pub(super) fn once<T>(
    tokens: &Tokens<'_>,
    slot: &mut Option<(T, Range<usize>)>,
    value: T,
    at: &Range<usize>,
    what: &'static str,
) -> Result<(), GrammarError> {
    if slot.is_some() {
        return Err(tokens.fail_at(at, Kind::Twice, format!("{what} was given before")));
    }
    *slot = Some((value, at.clone()));
    Ok(())
}

/// Takes the next word as a value that `read` understands.
pub(super) fn value<T>(
    tokens: &mut Tokens<'_>,
    what: &'static str,
    expected: &'static str,
    read: impl Fn(&str) -> Result<T, Bad>,
) -> Result<T, GrammarError> {
    let token = tokens.need(what, expected)?;
    read(&token.text).map_err(|b| tokens.fail(&token, b.kind, b.expected))
}

/// A price after its keyword.
pub(super) fn price_after(tokens: &mut Tokens<'_>, word: Word) -> Result<PriceExpr, GrammarError> {
    let (what, expected) = if word == Word::Target {
        ("the target's price", "write a price such as 180, +2% or 2R")
    } else {
        ("a price", "write a price such as 174, -1.50, -1% or -12t")
    };
    value(tokens, what, expected, |t| price(t, word == Word::Target))
}

/// The share of an order that a target is for.
fn part(text: &str) -> Result<Percent, Bad> {
    match Word::of(text) {
        Some(Word::Half) => Ok(half()),
        Some(Word::Quarter) => Ok(quarter()),
        Some(_) | None => {
            let percent = text.strip_suffix('%').ok_or_else(|| bad(SHARE))?;
            share(percent).map(Percent::new)
        }
    }
}

/// A trail after its keyword.
pub(super) fn trail_after(tokens: &mut Tokens<'_>) -> Result<TrailExpr, GrammarError> {
    value(tokens, "the trail's distance", "write 1.50, 1% or 20t", trail)
}

/// A protective stop after `stop`, with its own limit if that follows.
pub(super) fn stop_after(tokens: &mut Tokens<'_>) -> Result<StopExpr, GrammarError> {
    let stop = price_after(tokens, Word::Stop)?;
    let limit = if tokens.take_if(Word::Limit) { Some(price_after(tokens, Word::Limit)?) } else { None };
    Ok(StopExpr { stop, limit })
}

/// The time in force that a keyword begins; any other keyword than these is the session's end.
pub(super) fn tif(tokens: &mut Tokens<'_>, word: Word) -> Result<TifExpr, GrammarError> {
    if word == Word::Gtd {
        return value(tokens, "the date", DATE, until);
    }
    let plain = [Tif::Gtc, Tif::Ioc, Tif::Fok, Tif::Opg, Tif::Cls];
    Ok(TifExpr::Is(plain.into_iter().find(|t| t.word() == word.text()).unwrap_or(Tif::Day)))
}

/// The venue that a word names with `@`.
pub(super) fn venue(tokens: &Tokens<'_>, token: &Token) -> Result<VenueId, GrammarError> {
    VenueId::new(token.after('@').unwrap_or_default())
        .map_err(|e| tokens.fail(token, Kind::Venue, format!("{e}; write it like @paper")))
}

/// The targets of an order as they stand in a field: `180`, or `178 for 50% target 182`.
///
/// # Errors
/// When the text is something else.
pub fn targets_expr(text: &str) -> Result<(Vec<PartExpr>, Option<PriceExpr>), GrammarError> {
    let mut tokens = Tokens::of(text)?;
    let mut fields = Fields::default();
    let mut at = 0..0;
    loop {
        let price = price_after(&mut tokens, Word::Target)?;
        fields.targeted(&mut tokens, price, &at)?;
        let Some(token) = tokens.take() else { break };
        if token.word() != Some(Word::Target) {
            return Err(tokens.fail(&token, Kind::Word, instead(&token.text, &[Word::For, Word::Target])));
        }
        at = token.at;
    }
    Ok((fields.parts.into_iter().map(|(part, _)| part).collect(), fields.target.map(|(price, _)| price)))
}

/// A quantity in a field.
///
/// # Errors
/// When the text is none.
pub fn quantity_expr(text: &str) -> Result<Qty, GrammarError> {
    let mut tokens = Tokens::of(text)?;
    let qty = value(&mut tokens, "a quantity", "write a quantity such as 100", quantity)?;
    tokens.end()?;
    Ok(qty)
}

/// Reads everything after the symbol.
pub(super) fn order(tokens: &mut Tokens<'_>, side: Side, symbol: Symbol) -> Result<Draft, GrammarError> {
    let mut fields = Fields::default();
    while let Some(token) = tokens.take() {
        fields.clause(tokens, side, &token)?;
    }
    fields.check(tokens)?;
    let Some((size, _)) = fields.size else {
        return Err(tokens.missing("a size", "write 100, $500, 5% equity, 20% bp, risk 1% or all"));
    };
    Ok(Draft {
        side,
        symbol,
        size,
        order_type: fields.order_type(),
        venue: fields.venue.map(|(v, _)| v),
        stop: fields.stop.map(|(s, _)| s),
        target: fields.target.map(|(t, _)| t),
        parts: fields.parts.into_iter().map(|(p, _)| p).collect(),
        show: fields.show.map(|(q, _)| q),
        tif: fields.tif.map(|(t, _)| t),
        extended: fields.extended.is_some(),
        post_only: fields.post_only.is_some(),
        reduce_only: fields.reduce_only.is_some(),
        tag: fields.tag.map(|(t, _)| t),
    })
}

impl Fields {
    fn clause(&mut self, tokens: &mut Tokens<'_>, side: Side, token: &Token) -> Result<(), GrammarError> {
        if token.after('@').is_some() {
            let venue = venue(tokens, token)?;
            return once(tokens, &mut self.venue, venue, &token.at, "a venue");
        }
        if begins_size(token) {
            let size = size(tokens, token)?;
            return once(tokens, &mut self.size, size, &token.at, "a size");
        }
        let unknown = || tokens.fail(token, Kind::Word, instead(&token.text, CLAUSES));
        let Some(word) = token.word() else { return Err(unknown()) };
        match word {
            Word::Limit | Word::Trigger | Word::Target | Word::Trail | Word::Stop => {
                self.priced(tokens, side, &token.at, word)
            }
            Word::Day | Word::Gtc | Word::Gtd | Word::Ioc | Word::Fok | Word::Opg | Word::Cls => {
                let tif = tif(tokens, word)?;
                once(tokens, &mut self.tif, tif, &token.at, "a time in force")
            }
            Word::Market => once(tokens, &mut self.market, (), &token.at, "`market`"),
            Word::Ext => once(tokens, &mut self.extended, (), &token.at, "`ext`"),
            Word::Post => once(tokens, &mut self.post_only, (), &token.at, "`post`"),
            Word::Reduce => once(tokens, &mut self.reduce_only, (), &token.at, "`reduce`"),
            Word::Tag => self.tagged(tokens, &token.at),
            Word::Show => {
                let show = value(tokens, "what is shown", "write a quantity such as 100", quantity)?;
                once(tokens, &mut self.show, show, &token.at, "`show`")
            }
            Word::Risk | Word::All | Word::Half | Word::Quarter => Err(unknown()),
            Word::Equity
            | Word::Bp
            | Word::For
            | Word::Be
            | Word::Qty
            | Word::Entries
            | Word::Buys
            | Word::Sells
            | Word::Longs
            | Word::Shorts
            | Word::Winners
            | Word::Losers
            | Word::Algo
            | Word::Account => Err(unknown()),
        }
    }

    fn priced(
        &mut self,
        tokens: &mut Tokens<'_>,
        side: Side,
        at: &Range<usize>,
        word: Word,
    ) -> Result<(), GrammarError> {
        if word == Word::Trail {
            let trail = trail_after(tokens)?;
            return once(tokens, &mut self.trail, trail, at, "a trail");
        }
        if word == Word::Stop {
            let stop = stop_after(tokens)?;
            if stop.limit.is_some_and(|limit| !is_stops_own(side, stop.stop, limit)) {
                return Err(tokens.fail_at(at, Kind::Contradiction, STOPS_OWN));
            }
            return once(tokens, &mut self.stop, stop, at, "a stop");
        }
        let price = price_after(tokens, word)?;
        if word == Word::Target {
            return self.targeted(tokens, price, at);
        }
        if word == Word::Trigger {
            return once(tokens, &mut self.trigger, price, at, "a trigger");
        }
        once(tokens, &mut self.limit, price, at, "a limit")
    }

    /// A target for the whole, or with `for 50%` for a part.
    fn targeted(
        &mut self,
        tokens: &mut Tokens<'_>,
        target: PriceExpr,
        at: &Range<usize>,
    ) -> Result<(), GrammarError> {
        if !tokens.take_if(Word::For) {
            return once(tokens, &mut self.target, target, at, "a target for the rest");
        }
        let share = value(tokens, "the target's share", SHARE, part)?;
        let before = self.parts.iter().try_fold(share, |sum, (p, _)| sum.checked_add(p.share));
        if self.parts.len() >= PARTS_MAX {
            return Err(tokens.fail_at(
                at,
                Kind::Twice,
                format!("{PARTS_MAX} targets for parts are the most"),
            ));
        }
        if before.is_none_or(|sum| sum > Percent::new(rust_decimal::Decimal::ONE_HUNDRED)) {
            return Err(tokens.fail_at(at, Kind::Contradiction, "the parts come to more than 100%"));
        }
        self.parts.push((PartExpr { target, share }, at.clone()));
        Ok(())
    }

    fn tagged(&mut self, tokens: &mut Tokens<'_>, at: &Range<usize>) -> Result<(), GrammarError> {
        let name = tokens.need("the tag", "write `tag` and a word of at most 32 characters")?;
        if name.text.is_empty() || name.text.chars().count() > TAG_CHARS_MAX {
            return Err(tokens.fail(&name, Kind::Tag, "it has 1 to 32 characters"));
        }
        once(tokens, &mut self.tag, SmolStr::new(&name.text), at, "a tag")
    }

    fn order_type(&self) -> DraftType {
        match (self.limit.as_ref(), self.trigger.as_ref(), self.trail.as_ref()) {
            (_, _, Some((trail, _))) => DraftType::Trail(*trail),
            (Some((limit, _)), Some((stop, _)), None) => DraftType::StopLimit { stop: *stop, limit: *limit },
            (Some((limit, _)), None, None) => DraftType::Limit(*limit),
            (None, Some((stop, _)), None) => DraftType::Stop(*stop),
            (None, None, None) => DraftType::Market,
        }
    }

    /// What excludes what. The error stands at the field that came second.
    fn check(&self, tokens: &Tokens<'_>) -> Result<(), GrammarError> {
        let clash = |a: Option<Range<usize>>, b: Option<Range<usize>>, why: &'static str| match (a, b) {
            (Some(a), Some(b)) => {
                let later = if a.start > b.start { a } else { b };
                Err(tokens.fail_at(&later, Kind::Contradiction, why))
            }
            (None, _) | (_, None) => Ok(()),
        };
        let (market, limit, trigger) =
            (place(self.market.as_ref()), place(self.limit.as_ref()), place(self.trigger.as_ref()));
        let (trail, stop, target) =
            (place(self.trail.as_ref()), place(self.stop.as_ref()), place(self.target.as_ref()));
        clash(market.clone(), limit.clone(), "an order is `market` or `limit`, not both")?;
        clash(market.clone(), trigger.clone(), "an order is `market` or `trigger`, not both")?;
        clash(market.clone(), trail.clone(), "an order is `market` or `trail`, not both")?;
        clash(trail.clone(), limit.clone(), "a trailing stop has no limit")?;
        clash(trail.clone(), trigger.clone(), "an order is `trail` or `trigger`, not both")?;
        let post = place(self.post_only.as_ref());
        if limit.is_none() || trigger.is_some() {
            clash(post.clone(), post.clone(), "only a limit order can be `post`")?;
        }
        let at_once = self.tif.as_ref().filter(|(t, _)| matches!(t, TifExpr::Is(Tif::Ioc | Tif::Fok)));
        clash(post, at_once.map(|(_, at)| at.clone()), "an order that may not take can't fill at once")?;
        let show = place(self.show.as_ref());
        if limit.is_none() {
            clash(show.clone(), show.clone(), "only a limit order can `show` a part of itself")?;
        }
        let parted = self.parts.first().map(|(_, at)| at.clone());
        let alone = "an order that shows parts of itself has no stop or target of its own";
        clash(show.clone(), stop.clone(), alone)?;
        clash(show.clone(), target.clone().or_else(|| parted.clone()), alone)?;
        let at_once = self.tif.as_ref().filter(|(t, _)| !rests(*t));
        clash(
            show,
            at_once.map(|(_, at)| at.clone()),
            "an order that shows parts of itself is `day`, `gtc` or `gtd`",
        )?;
        let exits = place(self.reduce_only.as_ref()).or_else(|| self.closing());
        let why = "an exit has no stop or target of its own; `trigger 174` sells at a stop";
        clash(exits.clone(), stop.clone(), why)?;
        clash(exits, target.clone().or(parted), why)?;
        let whole = Percent::new(rust_decimal::Decimal::ONE_HUNDRED);
        let all = self.parts.iter().try_fold(Percent::default(), |sum, (p, _)| sum.checked_add(p.share));
        if all == Some(whole) {
            clash(target.clone(), target, "the parts before it are all of the order already")?;
        }
        self.needs_a_stop(tokens)
    }

    /// The place of a size that closes a position.
    fn closing(&self) -> Option<Range<usize>> {
        let (size, at) = self.size.as_ref()?;
        size.is_of_position().then(|| at.clone())
    }

    fn needs_a_stop(&self, tokens: &Tokens<'_>) -> Result<(), GrammarError> {
        if self.stop.is_some() {
            return Ok(());
        }
        let by_risk = matches!(self.size, Some((Size::RiskPercent(_) | Size::RiskMoney(_), _)));
        let by_r = matches!(self.target, Some((PriceExpr::R(_), _)))
            || self.parts.iter().any(|(p, _)| matches!(p.target, PriceExpr::R(_)));
        let why = match (by_risk, by_r) {
            (true, _) => "a size by risk needs one, such as `stop 174` or `stop -1%`",
            (false, true) => "a target in R needs one, such as `stop 174` or `stop -1%`",
            (false, false) => return Ok(()),
        };
        Err(tokens.missing("a stop", why))
    }
}

/// Does it stay in the market past the moment?
pub(super) const fn rests(tif: TifExpr) -> bool {
    matches!(tif, TifExpr::GtdIn(_) | TifExpr::Is(Tif::Day | Tif::Gtc | Tif::Gtd(_)))
}

fn place<T>(slot: Option<&(T, Range<usize>)>) -> Option<Range<usize>> {
    slot.map(|(_, at)| at.clone())
}

/// Can `limit` belong to a stop that protects an entry on `side`? It lies at the stop or beyond it: below for
/// an order that buys. What can't is the order's own limit, typed in the wrong place.
pub(super) fn is_stops_own(side: Side, stop: PriceExpr, limit: PriceExpr) -> bool {
    let order = match (stop, limit) {
        (PriceExpr::At(s), PriceExpr::At(l)) | (PriceExpr::Offset(s), PriceExpr::Offset(l)) => l.cmp(&s),
        (PriceExpr::Percent(s), PriceExpr::Percent(l)) => l.cmp(&s),
        (PriceExpr::Ticks(s), PriceExpr::Ticks(l)) => l.cmp(&s),
        (
            PriceExpr::At(_)
            | PriceExpr::Offset(_)
            | PriceExpr::Percent(_)
            | PriceExpr::Ticks(_)
            | PriceExpr::R(_),
            _,
        ) => return false,
    };
    match side {
        Side::Buy => order.is_le(),
        Side::Sell => order.is_ge(),
    }
}
