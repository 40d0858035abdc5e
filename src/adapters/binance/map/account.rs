//! Balances into positions and an account. On spot a coin that is held is a position in its market against the
//! account's currency.

use super::{Result, number, rules::Directory};
use crate::{
    adapters::{Error, binance::wire},
    domain::{
        ids::{AccountId, Currency},
        money::{Money, Price, Qty, Ratio},
        order::Side,
        report::{AccountReport, PositionReport},
        text::Text,
    },
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Last prices, by the venue's names.
pub type Prices = BTreeMap<String, Price>;

/// Prices of an answer.
///
/// # Errors
/// Names the first field that can't be read.
pub fn prices(list: &[wire::Price<'_>]) -> Result<Prices> {
    list.iter().map(|p| Ok((p.symbol.clone().into_owned(), number("price", p.price)?))).collect()
}

struct Held<'a> {
    asset: &'a str,
    free: Qty,
    all: Qty,
}

fn held<'a>(account: &'a wire::Account<'_>) -> Result<Vec<Held<'a>>> {
    let read = |b: &'a wire::Balance<'_>| {
        let (free, locked): (Qty, Qty) = (number("free", b.free)?, number("locked", b.locked)?);
        let all = free.checked_add(locked).ok_or_else(|| Error::message("free", "the sum is too large"))?;
        Ok(Held { asset: &b.asset, free: normal(free), all: normal(all) })
    };
    account.balances.iter().map(read).collect()
}

fn normal(q: Qty) -> Qty {
    Qty::new(q.get().normalize()).unwrap_or(q)
}

/// The coins that are held and have a market against the account's currency.
///
/// # Errors
/// Names the first field that can't be read.
pub fn positions(
    directory: &Directory,
    currency: &Currency,
    account: &wire::Account<'_>,
    prices: &Prices,
) -> Result<Vec<PositionReport>> {
    let mut out = Vec::new();
    for coin in held(account)? {
        let market = directory.market_of(coin.asset, currency);
        let Some(rules) = market.filter(|_| coin.all.is_positive()) else { continue };
        out.push(PositionReport {
            instrument: rules.instrument.id.clone(),
            qty: coin.all.signed(Side::Buy),
            available: Some(coin.free),
            avg_price: None,
            last: prices.get(&rules.native).copied(),
            previous_close: None,
        });
    }
    Ok(out)
}

/// The account: what is free of its currency buys, and nothing is lent.
///
/// # Errors
/// Names the first field that can't be read, or the coin whose price is not known.
pub fn account(
    directory: &Directory,
    currency: &Currency,
    account: &wire::Account<'_>,
    prices: &Prices,
) -> Result<AccountReport> {
    let (mut cash, mut free, mut equity) = (Money::ZERO, Money::ZERO, Money::ZERO);
    let too_large = || Error::message("balances", "the sum is too large");
    for coin in held(account)? {
        let value = if coin.asset == currency.as_str() {
            cash = Money::new(coin.all.get());
            free = Money::new(coin.free.get());
            cash
        } else {
            let market = directory.market_of(coin.asset, currency).filter(|_| coin.all.is_positive());
            let Some(rules) = market else { continue };
            let Some(price) = prices.get(&rules.native) else {
                return Err(Error::message("price", format!("{} has none", rules.native)));
            };
            coin.all.checked_mul_price(*price).ok_or_else(too_large)?
        };
        equity = equity.checked_add(value).ok_or_else(too_large)?;
    }
    Ok(AccountReport {
        account: id(account)?,
        currency: currency.clone(),
        equity,
        last_equity: None,
        cash,
        buying_power: free,
        cash_buying_power: Some(free),
        initial_margin: Some(Money::ZERO),
        maintenance_margin: Some(Money::ZERO),
        multiplier: Some(Ratio::new(Decimal::ONE)),
        day_trades: None,
        accrued_fees: None,
        shorting: false,
        blocked: blocked(account),
    })
}

/// The account's number. Binance.US does not tell one.
///
/// # Errors
/// Never in practice.
pub fn id(account: &wire::Account<'_>) -> Result<AccountId> {
    let text = account.uid.map_or_else(|| "SPOT".to_owned(), |uid| uid.to_string());
    AccountId::new(&text).map_err(|e| Error::message("uid", e))
}

/// Why it can't trade.
pub fn blocked(account: &wire::Account<'_>) -> Option<Text> {
    (!account.can_trade).then(|| Text::from("the venue says canTrade = false"))
}
