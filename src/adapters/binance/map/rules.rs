//! What is traded there, by which names and under which filters.

use super::{Result, bands::Bands, needed};
use crate::{
    adapters::{
        Error,
        binance::{config::Product, wire},
    },
    domain::{
        ids::{Currency, InstrumentId, Symbol, VenueId},
        instrument::{AssetClass, Borrow, Icebergs, Instrument, Tick, Tradable, WaitingExits},
        money::{Money, Price, Qty},
        payoff::Payoff,
        text::Text,
        time::Stamp,
    },
};
use std::collections::BTreeMap;

/// What a trailing stop may stay behind, in hundredths of a per cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrailBounds {
    /// For a buy, which waits above the market.
    pub above: Option<(u32, u32)>,
    /// For a sell.
    pub below: Option<(u32, u32)>,
}

/// One symbol.
#[derive(Debug, Clone)]
pub struct Rules {
    /// As the venue writes it.
    pub native: String,
    /// What the gate and the book need.
    pub instrument: Instrument,
    /// The asset that is bought.
    pub base: String,
    /// The asset that it is paid in.
    pub quote: String,
    /// Words of order types.
    pub kinds: Vec<String>,
    /// The step of a market order, where it is another.
    pub market_lot: Option<Qty>,
    /// The bounds of a market order's size, where they are others.
    pub market_least: Option<Qty>,
    /// How far from its reference a price may be.
    pub bands: Option<Bands>,
    /// How many orders may be open in it, and how many of those that wait for a price.
    pub open_max: (Option<u32>, Option<u32>),
    /// Of trailing stops, where they are taken.
    pub trailing: Option<TrailBounds>,
    /// Are pairs taken, one of which cancels the other?
    pub takes_oco: bool,
    /// To so many digits a fee is taken out of what is bought.
    pub fee_digits: Option<u32>,
    /// Can a working order be replaced?
    pub takes_replace: bool,
    /// Can one be made smaller in its place?
    pub takes_amend: bool,
    /// Are market orders taken in money?
    pub takes_notional: bool,
}

/// All symbols, by both their names.
#[derive(Debug, Default)]
pub struct Directory {
    by_native: BTreeMap<String, Rules>,
    by_symbol: BTreeMap<Symbol, String>,
    /// At futures, the smallest leverage that is set for any symbol.
    leverage_least: Option<u32>,
}

impl Directory {
    /// Out of the venue's list. A symbol that can't be read is left out, and its sentence given to `unread`.
    pub fn new(
        venue: &VenueId,
        product: Product,
        currency: &Currency,
        info: &wire::ExchangeInfo<'_>,
        unread: &mut Vec<Text>,
    ) -> Self {
        let mut all = Self::default();
        for raw in &info.symbols {
            let read = serde_json::from_str::<wire::SymbolRules<'_>>(raw.get())
                .map_err(|e| Error::message("symbols", e))
                .and_then(|s| rules(venue, product, currency, &s));
            match read {
                Ok(rules) => {
                    all.by_symbol.insert(rules.instrument.id.symbol.clone(), rules.native.clone());
                    all.by_native.insert(rules.native.clone(), rules);
                }
                Err(why) => unread.push(Text::from(why.to_string())),
            }
        }
        all
    }

    /// Takes in what is set for each symbol: it stands behind the symbol's name.
    pub fn take_leverage(&mut self, rows: &[wire::futures::SymbolConfig<'_>]) {
        for row in rows {
            let Some(rules) = self.by_native.get_mut(&*row.symbol) else { continue };
            let margin = row.margin_type.to_ascii_lowercase();
            let name = format!("{}, {}x {margin}", rules.instrument.name, row.leverage);
            rules.instrument.name = Text::clean(&name);
        }
        self.leverage_least = rows.iter().map(|r| r.leverage).min();
    }
    /// That of some symbol was not told.
    pub fn forget_leverage(&mut self) {
        self.leverage_least = None;
    }
    /// The smallest leverage that is set for any symbol; one where nobody said.
    pub fn leverage_least(&self) -> u32 {
        self.leverage_least.unwrap_or(1)
    }

    /// By the venue's name.
    ///
    /// # Errors
    /// When it is not known.
    pub fn of_native(&self, native: &str) -> Result<&Rules> {
        self.by_native.get(native).ok_or_else(|| {
            Error::message("symbol", format!("`{}` is not in the venue's list", Text::clean(native)))
        })
    }
    /// By ours.
    pub fn of(&self, symbol: &Symbol) -> Option<&Rules> {
        self.by_native.get(self.by_symbol.get(symbol)?)
    }
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Rules> {
        self.by_native.values()
    }
    /// Where an asset is sold for the account's currency.
    pub fn market_of(&self, asset: &str, currency: &Currency) -> Option<&Rules> {
        self.of(&Symbol::new(&format!("{asset}/{currency}")).ok()?)
    }
}

fn rules(venue: &VenueId, product: Product, currency: &Currency, s: &wire::SymbolRules<'_>) -> Result<Rules> {
    let filter = |name: &str| s.filters.iter().find(|f| f.filter_type == name);
    let coin = |text: &str| Currency::new(text).map_err(|e| Error::message("asset", e));
    let (base, quote) = (coin(&s.base_asset)?, coin(&s.quote_asset)?);
    let price = filter("PRICE_FILTER");
    let lot = filter("LOT_SIZE").ok_or_else(|| Error::message("LOT_SIZE", "it is missing"))?;
    let market = filter("MARKET_LOT_SIZE");
    let step: Qty = plain(needed("stepSize", lot.step_size)?);
    let least: Qty = plain(needed("minQty", lot.min_qty)?);
    let most: Qty = plain(needed("maxQty", lot.max_qty)?);
    let market_most = market_size(market.and_then(|m| m.max_qty))?;
    let market_least = market_size(market.and_then(|m| m.min_qty))?.filter(|q| *q > least.max(step));
    let market_lot = market_size(market.and_then(|m| m.step_size))?.filter(|q| *q != step);
    let worth = filter("NOTIONAL").or_else(|| filter("MIN_NOTIONAL"));
    let tick: Price = match price.and_then(|p| p.tick_size) {
        Some(tick) => super::number("tickSize", tick)?,
        None => Price::ZERO,
    };
    let name = match delivery(s) {
        Some(date) if product.is_futures() => format!("{base}/{quote}-{date}"),
        Some(_) | None => format!("{base}/{quote}"),
    };
    let symbol = Symbol::new(&name).map_err(|e| Error::message("symbol", e))?;
    let class = class(product, s);
    let payoff = payoff(product, s)?;
    let instrument = Instrument {
        id: InstrumentId { venue: venue.clone(), symbol },
        name: Text::clean(&(title(&base, &quote, class, payoff) + &until(s, class).unwrap_or_default())),
        native: Text::clean(&s.symbol),
        class,
        tick: Tick::Fixed(Price::new(tick.get().normalize())),
        lot: step,
        whole_lot: step,
        qty_min: least.max(step),
        // Market orders have a smaller one; what gets out is a market order.
        qty_max: Some(market_most.map_or(most, |m| m.min(most))).filter(|q| q.is_positive()),
        notional_min: match worth.and_then(|w| w.min_notional.or(w.notional)) {
            Some(n) => Money::new(super::number::<Money>("minNotional", n)?.get().normalize()),
            None => Money::ZERO,
        },
        payoff,
        shortable: product.is_futures(),
        borrow: if product.is_futures() { Borrow::Easy } else { Borrow::None },
        marginable: product.is_futures(),
        icebergs: icebergs(s),
        exits: exits(product, s),
        tradable: tradable(product, s, currency, &quote),
        quote,
        base: Some(base),
    };
    let bounds = filter("TRAILING_DELTA").map(|f| TrailBounds {
        above: f.min_trailing_above_delta.zip(f.max_trailing_above_delta),
        below: f.min_trailing_below_delta.zip(f.max_trailing_below_delta),
    });
    Ok(Rules {
        native: s.symbol.clone().into_owned(),
        instrument,
        base: s.base_asset.clone().into_owned(),
        quote: s.quote_asset.clone().into_owned(),
        kinds: s.order_types.iter().map(|k| k.clone().into_owned()).collect(),
        market_lot,
        market_least,
        bands: Bands::of(product, &s.filters)?,
        open_max: open_max(&s.filters),
        trailing: bounds.filter(|_| s.allow_trailing_stop != Some(false)),
        takes_oco: s.oco_allowed.unwrap_or(false),
        fee_digits: s.base_commission_precision,
        takes_replace: s.cancel_replace_allowed.unwrap_or(false),
        takes_amend: s.amend_allowed.unwrap_or(false),
        takes_notional: s.quote_order_qty_market_allowed.unwrap_or(false),
    })
}

/// The day on which a contract ends, as it stands in its symbol: year, month and day in two digits each.
fn delivery<'a>(s: &'a wire::SymbolRules<'_>) -> Option<&'a str> {
    let (_, date) = s.symbol.split_once('_')?;
    (date.len() == 6 && date.bytes().all(|b| b.is_ascii_digit())).then_some(date)
}

/// When it ends, for people. Perpetual contracts have a date a century away.
fn until(s: &wire::SymbolRules<'_>, class: AssetClass) -> Option<String> {
    let at = Stamp::from_millis(s.delivery_date?).filter(|_| class == AssetClass::Future)?;
    Some(format!(", ends {} UTC", at.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d %H:%M")))
}

fn class(product: Product, s: &wire::SymbolRules<'_>) -> AssetClass {
    match (product.is_futures(), s.contract_type.as_deref()) {
        (false, _) => AssetClass::Crypto,
        (true, Some("PERPETUAL") | None) => AssetClass::Perpetual,
        (true, Some(_)) => AssetClass::Future,
    }
}

/// Which icebergs it takes (filters.md of binance-spot-api-docs: `ICEBERG_PARTS`, `MAX_NUM_ICEBERG_ORDERS`).
fn icebergs(s: &wire::SymbolRules<'_>) -> Option<Icebergs> {
    let filter = |name: &str| s.filters.iter().find(|f| f.filter_type == name);
    s.iceberg_allowed.unwrap_or(false).then(|| Icebergs {
        parts_max: count(filter("ICEBERG_PARTS").and_then(|f| f.limit)),
        open_max: count(filter("MAX_NUM_ICEBERG_ORDERS").and_then(|f| f.max_num_iceberg_orders)),
    })
}

/// How exits wait for an entry. Binance.US has no such lists (binance-us-api-docs, rest-api.md), and its exchange
/// information neither of the two words.
fn exits(product: Product, s: &wire::SymbolRules<'_>) -> WaitingExits {
    let (oto, opo) = (s.oto_allowed.unwrap_or(false), s.opo_allowed.unwrap_or(false));
    match (product, oto, opo) {
        (Product::Spot, true, true) => WaitingExits::Whole,
        // How finely a fee is taken has to be known to leave enough room for it.
        (Product::Spot, true, false) if s.base_commission_precision.is_some() => WaitingExits::LessFees,
        (Product::Spot | Product::Us | Product::Usdm | Product::Coinm, _, _) => WaitingExits::None,
    }
}

/// What can't be read bounds nothing here, and the venue judges.
fn count(n: Option<wire::Number<'_>>) -> Option<u32> {
    n.and_then(|n| n.text().parse().ok()).filter(|n: &u32| *n > 0)
}

/// How many orders may be open, and how many of those that wait.
fn open_max(filters: &[wire::Filter<'_>]) -> (Option<u32>, Option<u32>) {
    let filter = |name: &str| filters.iter().find(|f| f.filter_type == name);
    (
        count(filter("MAX_NUM_ORDERS").and_then(|f| f.max_num_orders.or(f.limit))),
        count(filter("MAX_NUM_ALGO_ORDERS").and_then(|f| f.max_num_algo_orders.or(f.limit))),
    )
}

/// Of a market order; zero is "as any other".
fn market_size(n: Option<wire::Number<'_>>) -> Result<Option<Qty>> {
    Ok(super::maybe("MARKET_LOT_SIZE", n)?.filter(|q: &Qty| q.is_positive()))
}

fn plain(q: Qty) -> Qty {
    Qty::new(q.get().normalize()).unwrap_or(q)
}

/// Contracts that are paid in coins say how many dollars one is.
fn payoff(product: Product, s: &wire::SymbolRules<'_>) -> Result<Payoff> {
    if !product.is_paid_in_coins() {
        return Ok(Payoff::ONE);
    }
    let face: Money = needed("contractSize", s.contract_size)?;
    if !face.is_positive() {
        return Err(Error::message("contractSize", format!("{face} is not above zero")));
    }
    Ok(Payoff::Inverse { face: Money::new(face.get().normalize()) })
}

fn title(base: &Currency, quote: &Currency, class: AssetClass, payoff: Payoff) -> String {
    if let Payoff::Inverse { face } = payoff {
        let kind = if class == AssetClass::Perpetual { "perpetual" } else { "future" };
        return format!("{base} in contracts of {face} {quote}, {kind}, paid in {base}");
    }
    match class {
        AssetClass::Perpetual => format!("{base} in {quote}, perpetual"),
        AssetClass::Future => format!("{base} in {quote}, future"),
        AssetClass::Crypto
        | AssetClass::Equity
        | AssetClass::Option
        | AssetClass::Forex
        | AssetClass::Cfd => format!("{base} in {quote}"),
    }
}

/// One account is counted in one currency: what is priced in another would be added to it one to one.
fn tradable(product: Product, s: &wire::SymbolRules<'_>, currency: &Currency, quote: &Currency) -> Tradable {
    let status = &*s.status;
    if product.is_paid_in_coins() && s.margin_asset.as_deref() != Some(&*s.base_asset) {
        let margin = Text::clean(s.margin_asset.as_deref().unwrap_or_default());
        return Tradable::No(Text::from(format!("its margin is {margin}, not the coin that it is of")));
    }
    let margin = s.margin_asset.as_deref().filter(|_| !product.is_paid_in_coins());
    if quote != currency || margin.is_some_and(|m| m != currency.as_str()) {
        let why = format!(
            "it is priced in {quote}, this account is counted in {currency}; a venue of its own with currency = \"{quote}\" trades it"
        );
        return Tradable::No(Text::from(why));
    }
    let kind = s.contract_type.as_deref().filter(|kind| *kind != "PERPETUAL" && product.is_futures());
    if let (Some(kind), None) = (kind, delivery(s)) {
        // One that ended without saying so could not be told from one that does not end.
        return Tradable::No(Text::clean(&format!("contracts of the kind `{kind}` are not known here")));
    }
    if !product.is_futures() && s.is_spot_trading_allowed == Some(false) {
        return Tradable::No(Text::from("no spot trading"));
    }
    match status {
        "TRADING" => Tradable::Yes,
        "HALT" | "BREAK" | "END_OF_DAY" | "CANCEL_ONLY" | "PRE_TRADING" | "POST_TRADING"
        | "AUCTION_MATCH" | "PENDING_TRADING" => Tradable::Halted(Text::clean(status)),
        other => Tradable::No(Text::clean(other)),
    }
}
