//! What IBKR says of a contract into an instrument and its rules, purely.

use super::contract::{class_of, multiplier_of, symbol_of};
use crate::{
    adapters::{
        Error,
        ibkr_tws::wire::{decimal, maybe_decimal},
    },
    domain::{
        ids::{Currency, InstrumentId, VenueId},
        instrument::{AssetClass, Borrow, Instrument, Tick, Tradable, WaitingExits},
        money::{Money, Price, Qty, Ratio},
        payoff::Payoff,
        text::Text,
    },
};
use ibapi::contracts::{Contract, ContractDetails, MarketRule};
use rust_decimal::Decimal;

/// A contract as it is named in requests, and its rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// With its number and where it is traded.
    pub contract: Contract,
    /// As everybody else here sees it.
    pub instrument: Instrument,
    /// The steps of prices: from this price on, steps of that. Ascending, and never empty.
    pub steps: Vec<(Decimal, Decimal)>,
}

impl Rules {
    /// The step at a price. Below zero it is that of the price's size.
    pub fn step_at(&self, price: Price) -> Decimal {
        let size = price.abs().get();
        let at = self.steps.iter().rev().find(|(from, _)| *from <= size);
        at.or_else(|| self.steps.first()).map_or(Decimal::ZERO, |(_, step)| *step)
    }
}

/// The rule of prices that holds where the contract is traded: rules stand beside exchanges, in their order.
///
/// # Errors
/// When the number of the rule is none.
pub fn market_rule_of(d: &ContractDetails) -> Result<Option<i32>, Error> {
    let at = d.valid_exchanges.iter().position(|e| e.as_str() == d.contract.exchange.as_str());
    let Some(id) = at.and_then(|at| d.market_rule_ids.get(at)).filter(|id| !id.trim().is_empty()) else {
        return Ok(None);
    };
    id.trim().parse().map(Some).map_err(|e| Error::message("marketRuleIds", e))
}

/// An instrument with its rules.
///
/// # Errors
/// Names the first field that can't be read, or says that nothing of this kind is traded here.
pub fn rules(venue: &VenueId, d: &ContractDetails, rule: Option<&MarketRule>) -> Result<Rules, Error> {
    let class = class_of(&d.contract.security_type).ok_or_else(|| {
        let kind = Text::clean(d.contract.security_type.as_str());
        Error::message("secType", format!("contracts of type `{kind}` are not traded here"))
    })?;
    let id = InstrumentId { venue: venue.clone(), symbol: symbol_of(&d.contract)? };
    let steps = steps(d, rule)?;
    let currency = |text: &str| Currency::new(text).map_err(|e| Error::message("currency", e));
    let base = match class {
        AssetClass::Forex | AssetClass::Crypto => Some(currency(d.contract.symbol.as_str())?),
        AssetClass::Equity
        | AssetClass::Option
        | AssetClass::Future
        | AssetClass::Perpetual
        | AssetClass::Cfd => None,
    };
    let (lot, least) = lots(class, d)?;
    let unit = unit_of(d)?;
    let instrument = Instrument {
        name: Text::clean(&d.long_name),
        native: Text::clean(&native(&d.contract)),
        class,
        quote: currency(d.contract.currency.as_str())?,
        base,
        tick: tick(class, &steps),
        lot,
        whole_lot: lot,
        qty_min: least,
        qty_max: None,
        notional_min: Money::new(Decimal::ZERO),
        payoff: Payoff::Linear(Ratio::new(unit)),
        // Whether shares can be borrowed is told with the order only.
        shortable: class != AssetClass::Crypto,
        borrow: if class == AssetClass::Equity { Borrow::Unknown } else { Borrow::Easy },
        marginable: class != AssetClass::Crypto,
        icebergs: None,
        exits: WaitingExits::default(),
        tradable: Tradable::Yes,
        id,
    };
    Ok(Rules { contract: d.contract.clone(), instrument, steps })
}

/// Money for each contract and point of its price: what is in the contract, over how many points make one of the currency.
/// Wheat is 5,000 bushels at so many cents each: 50 dollars a point (the details' `priceMagnifier`, 100). Prices are told in
/// points by market data, executions and orders alike; what a position cost is told in money.
fn unit_of(d: &ContractDetails) -> Result<Decimal, Error> {
    let points = Decimal::from(d.price_magnifier.max(1));
    let unit = multiplier_of(&d.contract)?.checked_div(points);
    let unit = unit.filter(|unit| *unit > Decimal::ZERO).map(|unit| unit.normalize());
    unit.ok_or_else(|| Error::message("multiplier", "it is not above zero"))
}

fn native(c: &Contract) -> String {
    if c.local_symbol.is_empty() { c.symbol.as_str().to_owned() } else { c.local_symbol.clone() }
}

fn steps(d: &ContractDetails, rule: Option<&MarketRule>) -> Result<Vec<(Decimal, Decimal)>, Error> {
    let mut steps = Vec::new();
    for row in rule.iter().flat_map(|rule| &rule.price_increments) {
        steps.push((decimal("lowEdge", row.low_edge)?, decimal("increment", row.increment)?));
    }
    steps.retain(|(_, step)| *step > Decimal::ZERO);
    steps.sort();
    if steps.is_empty() {
        let least = decimal("minTick", d.min_tick)?;
        if least <= Decimal::ZERO {
            return Err(Error::message("minTick", format!("{least} is no step of prices")));
        }
        steps.push((Decimal::ZERO, least));
    }
    Ok(steps)
}

/// What all here know of it: one step or two. Of more, the finest; prices are put on the step that holds where they are
/// when an order is written.
fn tick(class: AssetClass, steps: &[(Decimal, Decimal)]) -> Tick {
    let is_sub_penny = |(_, step): &(Decimal, Decimal)| *step == Decimal::new(1, 4);
    let is_penny = |(from, step): &(Decimal, Decimal)| *from == Decimal::ONE && *step == Decimal::new(1, 2);
    if class == AssetClass::Equity
        && steps.len() == 2
        && steps.first().is_some_and(is_sub_penny)
        && steps.last().is_some_and(is_penny)
    {
        return Tick::UsEquity;
    }
    if let [(low, below), (from, above)] = steps
        && low.is_zero()
    {
        let [from, above, below] = [from, above, below].map(|d| Price::new(*d));
        return Tick::Stepped { from, above, below };
    }
    let finest = steps.iter().map(|(_, step)| *step).min();
    Tick::Fixed(Price::new(finest.unwrap_or(Decimal::ZERO)))
}

/// Fractions of shares are for accounts that were given the right, which is told nowhere: whole ones are.
fn lots(class: AssetClass, d: &ContractDetails) -> Result<(Qty, Qty), Error> {
    let told = |place, v: Option<f64>| -> Result<Option<Qty>, Error> {
        let d = v.map(|v| maybe_decimal(place, v)).transpose()?.flatten();
        Ok(d.filter(|d| *d > Decimal::ZERO).and_then(Qty::new))
    };
    let one = Qty::new(Decimal::ONE).unwrap_or(Qty::ZERO);
    match class {
        AssetClass::Crypto => {
            let step = told("sizeIncrement", d.size_increment)?;
            let step = step.ok_or_else(|| Error::message("sizeIncrement", "it is not set"))?;
            Ok((step, told("minSize", d.min_size)?.unwrap_or(step)))
        }
        AssetClass::Forex | AssetClass::Cfd => {
            let step = told("sizeIncrement", d.size_increment)?.unwrap_or(one);
            Ok((step, told("minSize", d.min_size)?.unwrap_or(step)))
        }
        AssetClass::Equity | AssetClass::Option | AssetClass::Future | AssetClass::Perpetual => {
            Ok((one, one))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{adapters::ibkr_tws::map::contract::wanted, domain::ids::Symbol};
    use ibapi::contracts::PriceIncrement;

    fn details(symbol: &str, tick: f64) -> ContractDetails {
        ContractDetails {
            contract: wanted(&Symbol::new(symbol).unwrap()).unwrap(),
            min_tick: tick,
            valid_exchanges: vec!["NYSE".into(), "SMART".into()],
            market_rule_ids: vec!["7".into(), "26".into()],
            long_name: "A\u{202e}B".into(),
            size_increment: Some(0.000_000_01),
            min_size: Some(0.000_01),
            ..ContractDetails::default()
        }
    }
    fn rule(rows: &[(f64, f64)]) -> MarketRule {
        let row = |(low_edge, increment): &(f64, f64)| PriceIncrement {
            low_edge: *low_edge,
            increment: *increment,
        };
        MarketRule { market_rule_id: 26, price_increments: rows.iter().map(row).collect() }
    }
    fn read(symbol: &str, tick: f64, rows: &[(f64, f64)]) -> Result<Rules, Error> {
        rules(&VenueId::new("ib").unwrap(), &details(symbol, tick), Some(&rule(rows)))
    }
    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn the_rule_of_prices_is_that_of_the_exchange_that_is_named() {
        let mut d = details("AAPL", 0.01);
        assert_eq!(market_rule_of(&d).unwrap(), Some(26));
        d.market_rule_ids = vec!["7".into(), String::new()];
        assert_eq!(market_rule_of(&d).unwrap(), None);
        d.market_rule_ids = vec!["7".into(), "x".into()];
        assert!(market_rule_of(&d).is_err());
        d.valid_exchanges.clear();
        assert_eq!(market_rule_of(&d).unwrap(), None);
    }

    #[test]
    fn steps_of_prices_change_with_the_price() {
        let stock = read("AAPL", 0.0001, &[(0.0, 0.0001), (1.0, 0.01)]).unwrap();
        assert_eq!(stock.instrument.tick, Tick::UsEquity);
        assert_eq!((stock.instrument.lot.to_string(), stock.instrument.name.as_str()), ("1".into(), "AB"));
        let option = read("AAPL260116C00200000", 0.01, &[(3.0, 0.05), (0.0, 0.01)]).unwrap();
        let two = Tick::Stepped { from: price("3"), above: price("0.05"), below: price("0.01") };
        assert_eq!(option.instrument.tick, two);
        let three = read("AAPL260116C00200000", 0.01, &[(3.0, 0.05), (0.0, 0.01), (9.0, 0.1)]).unwrap();
        assert_eq!(three.instrument.tick, Tick::Fixed(price("0.01")), "of more than two the finest");
        assert_eq!(option.instrument.payoff, Payoff::Linear(Ratio::new(Decimal::ONE_HUNDRED)));
        for (at, want) in [("0.5", "0.01"), ("2.99", "0.01"), ("3", "0.05"), ("-7", "0.05")] {
            assert_eq!(option.step_at(price(at)).to_string(), want, "{at}");
        }
        let coin = read("BTC/USD", 0.25, &[]).unwrap();
        assert_eq!(coin.instrument.tick, Tick::Fixed(price("0.25")));
        assert_eq!(
            (coin.instrument.lot.to_string(), coin.instrument.qty_min.to_string()),
            ("0.00000001".into(), "0.00001".into())
        );
        assert_eq!(coin.instrument.base, Some(Currency::new("BTC").unwrap()));
    }

    /// Wheat: 5,000 bushels, in cents.
    #[test]
    fn a_point_is_worth_what_is_in_the_contract_at_the_unit_of_its_price() {
        let worth = |multiplier: &str, magnifier: i32| {
            let mut d = details("ZWZ6", 0.25);
            d.contract.multiplier = multiplier.to_owned();
            d.contract.currency = "USD".into();
            d.price_magnifier = magnifier;
            rules(&VenueId::new("ib").unwrap(), &d, None).map(|r| r.instrument.payoff)
        };
        let linear = |points: &str| Payoff::Linear(Ratio::new(points.parse().unwrap()));
        assert_eq!(worth("5000", 100).unwrap(), linear("50"));
        assert_eq!(worth("50", 1).unwrap(), linear("50"));
        assert_eq!(worth("1000", 0).unwrap(), linear("1000"), "not told: the currency itself");
        assert_eq!(worth("", 100).unwrap(), linear("0.01"));
        assert!(worth("-5", 1).is_err() && worth("many", 1).is_err());
    }

    #[test]
    fn nonsense_is_refused_with_its_field() {
        for (tick, rows) in [(0.0, &[][..]), (-1.0, &[]), (f64::MAX, &[]), (0.01, &[(f64::NAN, 0.01)])] {
            assert!(read("AAPL", tick, rows).is_err(), "{tick} {rows:?}");
        }
        assert!(
            read("AAPL", 0.01, &[(0.0, 0.0), (1.0, -5.0)]).is_ok(),
            "rows that are none leave the least step"
        );
    }
}
