//! Symbols into IBKR's contracts and back, purely. A contract is found by asking for its details; what fits several is
//! never chosen among.
//!
//! | symbol | contract |
//! |---|---|
//! | `AAPL`, `BRK.B` | stock, SMART, USD (`BRK B` there) |
//! | `VOD:GBP` | stock, SMART, in another currency |
//! | `EUR/USD` | currency pair, IDEALPRO |
//! | `BTC/USD` | coin, PAXOS |
//! | `AAPL260116C00200000` | option, as OCC writes it (with blanks there: `AAPL  260116C00200000`) |
//! | `ESZ6` | future, by the name that its exchange gives it |
//! | `IB12345` | any other, by the number of the contract |

use crate::{
    adapters::{
        Error,
        ibkr_tws::wire::{decimal, number, text_decimal},
    },
    domain::{ids::Symbol, instrument::AssetClass},
};
use ibapi::contracts::{Contract, OptionRight, SecurityType};
use rust_decimal::Decimal;

/// Currencies that are traded in pairs at IDEALPRO; every other base is a coin.
const CURRENCIES: [&str; 25] = [
    "AUD", "CAD", "CHF", "CNH", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "INR", "JPY", "KRW", "MXN",
    "NOK", "NZD", "PLN", "RUB", "SEK", "SGD", "THB", "TRY", "USD", "ZAR",
];
/// Where coins are traded.
const COINS_AT: &str = "PAXOS";
/// Months of futures, January first.
const MONTHS: &str = "FGHJKMNQUVXZ";
/// What leads the number of a contract that has no other name here.
const BY_NUMBER: &str = "IB";

/// What the class of a security type is; `None` for what is not traded here.
pub fn class_of(kind: &SecurityType) -> Option<AssetClass> {
    match kind {
        SecurityType::Stock => Some(AssetClass::Equity),
        SecurityType::Option | SecurityType::FuturesOption => Some(AssetClass::Option),
        SecurityType::Future => Some(AssetClass::Future),
        SecurityType::ForexPair => Some(AssetClass::Forex),
        SecurityType::Crypto => Some(AssetClass::Crypto),
        SecurityType::CFD => Some(AssetClass::Cfd),
        SecurityType::ContinuousFuture
        | SecurityType::Index
        | SecurityType::Spread
        | SecurityType::Warrant
        | SecurityType::Bond
        | SecurityType::Commodity
        | SecurityType::News
        | SecurityType::MutualFund
        | SecurityType::Other(_) => None,
    }
}

/// What to ask for.
///
/// # Errors
/// When the symbol can't be one of IBKR's.
pub fn wanted(symbol: &Symbol) -> Result<Contract, Error> {
    let text = symbol.as_str();
    if let Some((base, quote)) = text.split_once('/') {
        return pair(base, quote);
    }
    if let Some((name, currency)) = text.split_once(':') {
        return Ok(Contract { currency: currency.into(), ..stock(name) });
    }
    if let Some(option) = option(text) {
        return Ok(option);
    }
    if let Some(id) = text.strip_prefix(BY_NUMBER).and_then(|id| number(id, 0, id.len())) {
        return Ok(numbered(id));
    }
    if is_future(text) {
        return Ok(Contract {
            security_type: SecurityType::Future,
            local_symbol: text.to_owned(),
            exchange: "".into(),
            currency: "".into(),
            ..Contract::default()
        });
    }
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.') {
        return Ok(stock(text));
    }
    Err(Error::message("symbol", format!("`{symbol}` is no symbol of Interactive Brokers")))
}

/// The contract of this number. It says all: a part that is not its own would make TWS find nothing.
pub fn numbered(id: i32) -> Contract {
    Contract {
        contract_id: id,
        security_type: SecurityType::Other(String::new()),
        exchange: "".into(),
        currency: "".into(),
        ..Contract::default()
    }
}

/// Classes of shares stand behind a blank there.
fn stock(name: &str) -> Contract {
    Contract { symbol: name.replace('.', " ").into(), ..Contract::default() }
}

fn pair(base: &str, quote: &str) -> Result<Contract, Error> {
    if base.is_empty() || quote.is_empty() || quote.contains('/') {
        return Err(Error::message("symbol", format!("`{base}/{quote}` is no pair")));
    }
    let is_currency = CURRENCIES.contains(&base);
    let (kind, exchange) =
        if is_currency { (SecurityType::ForexPair, "IDEALPRO") } else { (SecurityType::Crypto, COINS_AT) };
    Ok(Contract {
        symbol: base.into(),
        security_type: kind,
        exchange: exchange.into(),
        currency: quote.into(),
        ..Contract::default()
    })
}

/// The length of OCC's name of an option with its blanks, and of the root in it.
const OCC_LEN: usize = 21;
const ROOT_LEN: usize = 6;

/// An option by the name that OCC gives it, which is its name at its exchange too. The root is not always the symbol of
/// what it is an option on (`SPXW` of SPX, `AAPL1` after a split), and TWS finds it by no other part.
fn option(text: &str) -> Option<Contract> {
    let root = parts(text)?.symbol;
    let tail = text.get(root.as_str().len()..)?;
    Some(Contract {
        security_type: SecurityType::Option,
        local_symbol: format!("{:<ROOT_LEN$}{tail}", root.as_str()),
        symbol: "".into(),
        ..Contract::default()
    })
}

/// Another way to ask for the same, where TWS does not find it by its name: an option by its parts.
pub fn wanted_by_parts(symbol: &Symbol) -> Option<Contract> {
    parts(symbol.as_str())
}

/// `AAPL260116C00200000`: the root, the day of expiry, call or put, the strike in thousandths.
fn parts(text: &str) -> Option<Contract> {
    let (head, strike) = text.split_at_checked(text.len().checked_sub(8)?)?;
    let (head, right) = head.split_at_checked(head.len().checked_sub(1)?)?;
    let (root, day) = head.split_at_checked(head.len().checked_sub(6)?)?;
    let right = match right {
        "C" => OptionRight::Call,
        "P" => OptionRight::Put,
        _ => return None,
    };
    let thousandths: i64 = number(strike, 0, 8)?;
    number::<u32>(day, 0, 6)?;
    let is_root = (1..=ROOT_LEN).contains(&root.len()) && root.bytes().all(|b| b.is_ascii_alphanumeric());
    let strike = crate::adapters::ibkr_tws::wire::float("strike", Decimal::new(thousandths, 3)).ok()?;
    is_root.then(|| Contract {
        symbol: root.into(),
        security_type: SecurityType::Option,
        last_trade_date_or_contract_month: format!("20{day}"),
        strike,
        right: Some(right),
        ..Contract::default()
    })
}

/// A root, the letter of a month, one or two digits of the year.
fn is_future(text: &str) -> bool {
    let root = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = text.len().saturating_sub(root.len());
    let month = root.chars().last().is_some_and(|c| MONTHS.contains(c));
    (1..=2).contains(&digits) && (2..=5).contains(&root.len()) && month
}

/// The symbol of a contract that an order, an execution or a position names. Two contracts never have one symbol.
///
/// # Errors
/// When what the name is made of is not there.
pub fn symbol_of(c: &Contract) -> Result<Symbol, Error> {
    let name = match &c.security_type {
        SecurityType::Stock => {
            let name = c.symbol.as_str().replace(' ', ".");
            match c.currency.as_str() {
                "" | "USD" => name,
                other => format!("{name}:{other}"),
            }
        }
        SecurityType::ForexPair | SecurityType::Crypto => format!("{}/{}", c.symbol, c.currency),
        SecurityType::Option => match occ(c)? {
            Some(name) => name,
            None => by_number(c)?,
        },
        SecurityType::Future if is_future(&c.local_symbol) => c.local_symbol.clone(),
        SecurityType::Future
        | SecurityType::ContinuousFuture
        | SecurityType::Index
        | SecurityType::FuturesOption
        | SecurityType::Spread
        | SecurityType::Warrant
        | SecurityType::Bond
        | SecurityType::Commodity
        | SecurityType::News
        | SecurityType::MutualFund
        | SecurityType::CFD
        | SecurityType::Other(_) => by_number(c)?,
    };
    Symbol::new(&name.to_ascii_uppercase()).map_err(|e| Error::message("symbol", e))
}

/// The name of a contract that has no other here.
///
/// # Errors
/// When it comes without its number.
pub fn by_number(c: &Contract) -> Result<String, Error> {
    if c.contract_id <= 0 {
        let kind = crate::domain::text::Text::clean(c.security_type.as_str());
        return Err(Error::message(
            "contract",
            format!("a contract of type `{kind}` comes without its number"),
        ));
    }
    Ok(format!("{BY_NUMBER}{}", c.contract_id))
}

/// OCC's name of a United States option; `None` for any other. Its name at the exchange is that; only where none is told is
/// it made of its parts.
fn occ(c: &Contract) -> Result<Option<String>, Error> {
    if !matches!(c.currency.as_str(), "" | "USD") {
        return Ok(None);
    }
    if !c.local_symbol.is_empty() {
        let name: String = c.local_symbol.split_ascii_whitespace().collect();
        let is_name = c.local_symbol.len() == OCC_LEN && parts(&name).is_some();
        return Ok(is_name.then_some(name));
    }
    let Some(right) = c.right else { return Ok(None) };
    let day = c.last_trade_date_or_contract_month.get(2..8);
    let is_day = day.is_some_and(|d| d.bytes().all(|b| b.is_ascii_digit()));
    let (true, Some(day)) = (is_day, day) else { return Ok(None) };
    let strike = decimal("strike", c.strike)?.checked_mul(Decimal::ONE_THOUSAND).map(|d| d.normalize());
    let Some(strike) = strike.filter(|d| d.scale() == 0 && !d.is_sign_negative()) else { return Ok(None) };
    let root = if c.trading_class.is_empty() { c.symbol.as_str() } else { &c.trading_class };
    let name = format!("{root}{day}{}{strike:0>8}", right.as_str());
    Ok(parts(&name).map(|_| name))
}

/// Are its prices surely in the currency itself? Of others (wheat in cents, London's shares in pence) only their details
/// say in which part of it.
pub fn is_priced_whole(c: &Contract) -> bool {
    let is_dollar = matches!(c.currency.as_str(), "" | "USD");
    match &c.security_type {
        SecurityType::Stock | SecurityType::Option => is_dollar,
        SecurityType::ForexPair | SecurityType::Crypto => true,
        SecurityType::Future
        | SecurityType::ContinuousFuture
        | SecurityType::Index
        | SecurityType::FuturesOption
        | SecurityType::Spread
        | SecurityType::Warrant
        | SecurityType::Bond
        | SecurityType::Commodity
        | SecurityType::News
        | SecurityType::MutualFund
        | SecurityType::CFD
        | SecurityType::Other(_) => false,
    }
}

/// Units of the thing in a contract: 100 for options, what the exchange says for futures.
///
/// # Errors
/// When it is told and is no number.
pub fn multiplier_of(c: &Contract) -> Result<Decimal, Error> {
    if c.multiplier.trim().is_empty() {
        let is_option = matches!(c.security_type, SecurityType::Option);
        return Ok(if is_option { Decimal::ONE_HUNDRED } else { Decimal::ONE });
    }
    let told = text_decimal("multiplier", &c.multiplier)?;
    Ok(if told.is_zero() { Decimal::ONE } else { told })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(symbol: &str) -> Contract {
        wanted(&Symbol::new(symbol).unwrap()).unwrap()
    }

    #[test]
    fn a_symbol_says_what_it_is() {
        for (symbol, kind, name, exchange, currency) in [
            ("AAPL", "STK", "AAPL", "SMART", "USD"),
            ("BRK.B", "STK", "BRK B", "SMART", "USD"),
            ("VOD:GBP", "STK", "VOD", "SMART", "GBP"),
            ("EUR/USD", "CASH", "EUR", "IDEALPRO", "USD"),
            ("BTC/USD", "CRYPTO", "BTC", "PAXOS", "USD"),
            ("AAPL260116C00200000", "OPT", "", "SMART", "USD"),
            ("ESZ6", "FUT", "", "", ""),
            ("MESZ26", "FUT", "", "", ""),
            ("Z", "STK", "Z", "SMART", "USD"),
        ] {
            let c = asked(symbol);
            let told =
                (c.security_type.as_str(), c.symbol.as_str(), c.exchange.as_str(), c.currency.as_str());
            assert_eq!(told, (kind, name, exchange, currency), "{symbol}");
        }
        assert_eq!(asked("AAPL260116P00187500").local_symbol, "AAPL  260116P00187500");
        let option = wanted_by_parts(&Symbol::new("AAPL260116P00187500").unwrap()).unwrap();
        assert_eq!(
            (option.symbol.as_str(), option.last_trade_date_or_contract_month.as_str()),
            ("AAPL", "20260116")
        );
        assert_eq!((option.strike, option.right), (187.5, Some(OptionRight::Put)));
        assert!(wanted_by_parts(&Symbol::new("AAPL").unwrap()).is_none());
        assert_eq!(asked("IB495512563").contract_id, 495_512_563);
        for wrong in ["A/B/C", "/USD", "A B", "^SPX"] {
            assert!(wanted(&Symbol::new(wrong).unwrap()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_contract_has_the_symbol_that_asks_for_it() {
        for symbol in ["AAPL", "BRK.B", "VOD:GBP", "EUR/USD", "BTC/USD", "AAPL260116C00200000", "ESZ6"] {
            assert_eq!(symbol_of(&asked(symbol)).unwrap().as_str(), symbol);
        }
        let bond = Contract { security_type: SecurityType::Bond, contract_id: 77, ..Contract::default() };
        assert_eq!(symbol_of(&bond).unwrap().as_str(), "IB77");
        assert!(symbol_of(&Contract { contract_id: 0, ..bond }).is_err());
        let by_parts = |symbol: &str| wanted_by_parts(&Symbol::new(symbol).unwrap()).unwrap();
        assert_eq!(symbol_of(&by_parts("AAPL260116C00200000")).unwrap().as_str(), "AAPL260116C00200000");
        let weekly = Contract { trading_class: "SPXW".into(), ..by_parts("SPX260116C06000000") };
        assert_eq!(symbol_of(&weekly).unwrap().as_str(), "SPXW260116C06000000");
        let elsewhere = Contract {
            local_symbol: "C SAP 20261218".into(),
            contract_id: 8,
            ..by_parts("SAP261218C00200000")
        };
        assert_eq!(symbol_of(&elsewhere).unwrap().as_str(), "IB8", "its exchange has another name for it");
        let foreign = Contract { currency: "EUR".into(), contract_id: 9, ..asked("SAP261218C00200000") };
        assert_eq!(symbol_of(&foreign).unwrap().as_str(), "IB9", "OCC names are of one country");
    }

    proptest! {
        #[test]
        fn no_symbol_panics(text in "[ -~]{1,24}") {
            if let Ok(symbol) = Symbol::new(&text) {
                drop(wanted(&symbol));
            }
        }

        /// Each strike and day has its own name, and that name asks for it.
        #[test]
        fn options_go_and_come_back(thousandths in 1_i64..99_999_999, day in 1_u8..29) {
            let name = format!("SPY2601{day:02}P{thousandths:08}");
            let symbol = symbol_of(&asked(&name)).unwrap();
            prop_assert_eq!(symbol.as_str(), name);
        }
    }
}
