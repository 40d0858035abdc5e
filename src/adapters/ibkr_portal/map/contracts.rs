//! Contracts into instruments. One symbol is often several contracts at this venue: where it is not plain which one is
//! meant, none is taken, and the sentence names them all.

use super::{Result, loose};
use crate::{
    adapters::{
        Error,
        ibkr_portal::{
            memory::{Contract, SecType},
            wire::{self, Listing, Stocks},
        },
    },
    domain::{
        ids::{Currency, InstrumentId, Symbol, VenueId},
        instrument::{AssetClass, Borrow, Instrument, Tick, Tradable, WaitingExits},
        money::{Money, Price, Qty, Ratio},
        payoff::Payoff,
        text::Text,
    },
};
use rust_decimal::Decimal;

/// A symbol, as far as its spelling tells what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// `AAPL`, in the venue's spelling.
    Stock(String),
    /// `AAPL.265598`: the venue's number itself.
    Number(i64),
    /// `EUR/USD`.
    Pair {
        /// What is bought.
        base: String,
        /// What it is paid in.
        quote: String,
    },
    /// `AAPL250117C00150000`.
    Option(Occ),
}

/// The parts of an option's symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occ {
    /// What it is on.
    pub root: String,
    /// `20250117`.
    pub day: String,
    /// `JAN25`, as the venue names months.
    pub month: String,
    /// `C` or `P`.
    pub right: &'static str,
    /// At.
    pub strike: Decimal,
}

/// What is meant by a symbol.
pub fn meant(symbol: &Symbol) -> Meant {
    let text = symbol.as_str();
    if let Some((base, quote)) = text.split_once('/') {
        return Meant::Pair { base: base.to_owned(), quote: quote.to_owned() };
    }
    if let Some(occ) = occ(text) {
        return Meant::Option(occ);
    }
    let number = text.rsplit_once('.').filter(|(_, tail)| tail.len() >= 3).and_then(|(_, t)| t.parse().ok());
    match number {
        Some(number) => Meant::Number(number),
        // The venue writes a class of shares behind a space: `BRK B`.
        None => Meant::Stock(text.replace('.', " ")),
    }
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

fn occ(text: &str) -> Option<Occ> {
    let at = text.len().checked_sub(15)?;
    let (root, tail) = (text.get(..at)?, text.get(at..)?);
    let (day, rest) = (tail.get(..6)?, tail.get(6..)?);
    let right = match rest.get(..1)? {
        "C" => "C",
        "P" => "P",
        _ => return None,
    };
    let strike: i64 = rest.get(1..)?.parse().ok()?;
    let month: usize = day.get(2..4)?.parse().ok()?;
    let month = MONTHS.get(month.checked_sub(1)?)?;
    let is_plain = !root.is_empty() && day.bytes().all(|b| b.is_ascii_digit());
    is_plain.then(|| Occ {
        root: root.to_owned(),
        day: format!("20{day}"),
        month: format!("{month}{}", day.get(..2).unwrap_or_default()),
        right,
        strike: Decimal::new(strike, 3).normalize(),
    })
}

/// Which contract a stock's symbol means: the one that is listed in the United States, or the only one there is.
///
/// # Errors
/// The sentence that names the candidates, or says that there is none.
pub fn listing(symbol: &Symbol, native: &str, stocks: &Stocks) -> std::result::Result<i64, Text> {
    let all: Vec<(&str, &Listing)> = stocks
        .get(native)
        .into_iter()
        .flatten()
        .flat_map(|company| company.contracts.iter().map(|c| (company.name.as_deref().unwrap_or("?"), c)))
        .collect();
    let home: Vec<&(&str, &Listing)> = all.iter().filter(|(_, c)| c.is_us).collect();
    match (home.as_slice(), all.as_slice()) {
        ([one], _) => Ok(one.1.conid),
        ([], [one]) => Ok(one.1.conid),
        ([], []) => Err(Text::from(format!("Interactive Brokers knows no stock {symbol}"))),
        (_, _) => {
            let named =
                all.iter().take(6).map(|(name, c)| format!("{symbol}.{} ({name}, {})", c.conid, c.exchange));
            let named: Vec<String> = named.collect();
            Err(Text::from(format!("{symbol} is several contracts; write one of {}", named.join(", "))))
        }
    }
}

/// What kind a contract is.
pub fn sec_type(word: &str) -> SecType {
    match word {
        "STK" => SecType::Stock,
        "OPT" => SecType::Option,
        "CASH" => SecType::Cash,
        _ => SecType::Other,
    }
}

/// The symbol that a contract goes by here where nobody else has it; `None` for kinds that have none of their own.
pub fn plain_symbol(c: &wire::Contract) -> Option<Symbol> {
    let text = match sec_type(c.instrument_type.as_deref()?) {
        SecType::Stock => c.symbol.as_deref()?.replace(' ', "."),
        SecType::Option => c.local_symbol.as_deref()?.split_whitespace().collect::<String>(),
        SecType::Cash => c.local_symbol.as_deref()?.replace('.', "/"),
        SecType::Other => return None,
    };
    Symbol::new(&text).ok()
}

/// The symbol of a contract that shares its plain one with another, or has none.
///
/// # Errors
/// When it has no name at all.
pub fn numbered_symbol(c: &wire::Contract) -> Result<Symbol> {
    let name = c.symbol.as_deref().or(c.local_symbol.as_deref()).unwrap_or("CONTRACT");
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    Symbol::new(&format!("{name}.{}", c.con_id)).map_err(|e| Error::message("symbol", e))
}

/// A contract with its rules, under this symbol.
///
/// # Errors
/// Names the first field that can't be read.
pub fn contract(venue: &VenueId, account: &str, symbol: Symbol, c: &wire::Contract) -> Result<Contract> {
    let word =
        c.instrument_type.as_deref().ok_or_else(|| Error::message("instrument_type", "it is missing"))?;
    let sec_type = sec_type(word);
    let currency = c.currency.as_deref().ok_or_else(|| Error::message("currency", "it is missing"))?;
    let quote = Currency::new(currency).map_err(|e| Error::message("currency", e))?;
    let multiplier = c.multiplier.as_deref().and_then(loose::<Ratio>).filter(|m| m.get() > Decimal::ZERO);
    let base = symbol.as_str().split_once('/').and_then(|(base, _)| Currency::new(base).ok());
    let one = Qty::new(Decimal::ONE).unwrap_or(Qty::ZERO);
    let instrument = Instrument {
        id: InstrumentId { venue: venue.clone(), symbol },
        name: Text::clean(c.company_name.as_deref().unwrap_or_default()),
        native: Text::from(c.con_id.to_string()),
        class: class(word),
        quote,
        base,
        tick: tick(&c.rules)?,
        lot: one,
        whole_lot: one,
        qty_min: one,
        qty_max: None,
        notional_min: Money::ZERO,
        payoff: multiplier.map_or(Payoff::ONE, Payoff::Linear),
        shortable: sec_type == SecType::Stock,
        borrow: Borrow::Unknown,
        marginable: sec_type == SecType::Stock,
        icebergs: None,
        exits: WaitingExits::default(),
        tradable: tradable(word, sec_type, account, &c.rules),
    };
    Ok(Contract { conid: c.con_id, sec_type, instrument })
}

fn class(word: &str) -> AssetClass {
    match word {
        "OPT" | "FOP" | "WAR" | "IOPT" => AssetClass::Option,
        "CASH" => AssetClass::Forex,
        "FUT" => AssetClass::Future,
        "CRYPTO" => AssetClass::Crypto,
        "CFD" => AssetClass::Cfd,
        _ => AssetClass::Equity,
    }
}

/// May it be traded, and why not?
fn tradable(word: &str, sec_type: SecType, account: &str, rules: &wire::Rules) -> Tradable {
    let no = |why: &str| Tradable::No(Text::from(why));
    if let Some(why) = &rules.error {
        return Tradable::No(Text::clean(why));
    }
    let may = rules.can_trade_acct_ids.as_ref().is_none_or(|ids| ids.iter().any(|id| id == account));
    if !may {
        return no("the account may not trade it");
    }
    if rules.price_magnifier.as_deref().is_some_and(|m| m.trim() != "1") {
        return no("it is priced in hundredths of its currency, which is not traded here");
    }
    match sec_type {
        SecType::Stock | SecType::Option => Tradable::Yes,
        SecType::Cash => {
            no("currencies are balances at Interactive Brokers, not positions; only watched here")
        }
        SecType::Other if word == "FUT" || word == "FOP" => no(
            "futures orders must name their operator (CME rule 536-B), which is not set up here; only watched",
        ),
        SecType::Other => no("this kind of contract is not traded here, only watched"),
    }
}

/// Steps that grow with the price: the widest is allowed at every price that matters, except where the rule is that of
/// United States stocks.
fn tick(rules: &wire::Rules) -> Result<Tick> {
    let step = |text: Option<&str>| text.and_then(loose::<Price>).filter(|p| p.is_positive());
    let mut steps: Vec<(Decimal, Price)> = Vec::new();
    for rule in rules.increment_rules.iter().flatten() {
        let edge = rule.lower_edge.as_deref().and_then(loose::<Price>).map_or(Decimal::ZERO, Price::get);
        if let Some(step) = step(rule.increment.as_deref()) {
            steps.push((edge, step));
        }
    }
    let us = [(Decimal::ZERO, Decimal::new(1, 4)), (Decimal::ONE, Decimal::new(1, 2))];
    let is_us = steps.len() == us.len()
        && steps.iter().zip(us).all(|((edge, step), (at, by))| *edge == at && step.get() == by);
    if is_us {
        return Ok(Tick::UsEquity);
    }
    let widest = steps.into_iter().map(|(_, step)| step).max();
    match widest.or_else(|| step(rules.increment.as_deref())) {
        Some(step) => Ok(Tick::Fixed(Price::new(step.get().normalize()))),
        None => Err(Error::message("increment", "it is missing")),
    }
}

/// Something that was asked for and is not plain: the sentence stands where it would be traded.
pub fn unclear(venue: &VenueId, symbol: Symbol, why: Text) -> Instrument {
    let one = Qty::new(Decimal::ONE).unwrap_or(Qty::ZERO);
    Instrument {
        id: InstrumentId { venue: venue.clone(), symbol },
        name: Text::default(),
        native: Text::default(),
        class: AssetClass::Equity,
        quote: Currency::usd(),
        base: None,
        tick: Tick::UsEquity,
        lot: one,
        whole_lot: one,
        qty_min: one,
        qty_max: None,
        notional_min: Money::ZERO,
        payoff: Payoff::ONE,
        shortable: false,
        borrow: Borrow::Unknown,
        marginable: false,
        icebergs: None,
        exits: WaitingExits::default(),
        tradable: Tradable::No(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(text: &str) -> Symbol {
        Symbol::new(text).unwrap()
    }

    #[test]
    fn a_spelling_says_what_is_meant() {
        assert_eq!(meant(&symbol("AAPL")), Meant::Stock("AAPL".to_owned()));
        assert_eq!(meant(&symbol("BRK.B")), Meant::Stock("BRK B".to_owned()));
        assert_eq!(meant(&symbol("AAPL.265598")), Meant::Number(265_598));
        assert_eq!(
            meant(&symbol("EUR/USD")),
            Meant::Pair { base: "EUR".to_owned(), quote: "USD".to_owned() }
        );
        let Meant::Option(occ) = meant(&symbol("IBM240315C00187500")) else { panic!() };
        assert_eq!((occ.root.as_str(), occ.day.as_str(), occ.month.as_str()), ("IBM", "20240315", "MAR24"));
        assert_eq!((occ.right, occ.strike), ("C", Decimal::new(1_875, 1)));
    }

    #[test]
    fn one_listing_is_taken_and_several_are_named() {
        let stocks: Stocks = serde_json::from_str(
            r#"{"AAPL":[{"name":"APPLE INC","contracts":[{"conid":1,"exchange":"NASDAQ","isUS":true},
                {"conid":2,"exchange":"MEXI","isUS":false}]}],
            "SAP":[{"name":"SAP SE","contracts":[{"conid":3,"exchange":"IBIS","isUS":false}]}],
            "TWO":[{"name":"TWO A","contracts":[{"conid":4,"exchange":"NYSE","isUS":true}]},
                {"name":"TWO B","contracts":[{"conid":5,"exchange":"ARCA","isUS":true}]}],
            "FAR":[{"name":"FAR","contracts":[{"conid":6,"exchange":"LSE","isUS":false},
                {"conid":7,"exchange":"SBF","isUS":false}]}]}"#,
        )
        .unwrap();
        assert_eq!(listing(&symbol("AAPL"), "AAPL", &stocks), Ok(1));
        assert_eq!(listing(&symbol("SAP"), "SAP", &stocks), Ok(3));
        let said = listing(&symbol("TWO"), "TWO", &stocks).unwrap_err();
        assert_eq!(
            said.as_str(),
            "TWO is several contracts; write one of TWO.4 (TWO A, NYSE), TWO.5 (TWO B, ARCA)"
        );
        assert!(listing(&symbol("FAR"), "FAR", &stocks).is_err());
        assert!(listing(&symbol("NONE"), "NONE", &stocks).unwrap_err().as_str().contains("no stock NONE"));
    }

    #[test]
    fn steps_of_prices() {
        let of = |text: &str| tick(&serde_json::from_str(text).unwrap());
        let cents = Tick::Fixed(Price::new(Decimal::new(1, 2)));
        assert_eq!(
            of(r#"{"incrementRules":[{"lowerEdge":0.0,"increment":0.01}],"increment":0.01}"#).unwrap(),
            cents
        );
        let two =
            r#"{"incrementRules":[{"lowerEdge":0.0,"increment":0.0001},{"lowerEdge":1.0,"increment":0.01}]}"#;
        assert_eq!(of(two).unwrap(), Tick::UsEquity);
        assert_eq!(of(r#"{"increment":0.01}"#).unwrap(), cents);
        assert!(of("{}").is_err());
    }
}
