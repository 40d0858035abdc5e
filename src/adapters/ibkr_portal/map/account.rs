//! Positions and the account.

use super::{Result, maybe, needed, number, whole};
use crate::{
    adapters::{
        Error,
        ibkr_portal::{
            memory::Contract,
            wire::{Figure, Position, Summary},
        },
    },
    domain::{
        ids::{AccountId, Currency},
        money::{Money, SignedQty},
        report::{AccountReport, PositionReport},
        text::Text,
    },
};

/// The venue's number of what is held.
///
/// # Errors
/// When it is missing.
pub fn conid(p: &Position) -> Result<i64> {
    whole("conid", p.conid.as_deref())
}

/// How much is held.
///
/// # Errors
/// When it can't be read.
pub fn held(p: &Position) -> Result<SignedQty> {
    let qty: SignedQty = needed("position", p.position.as_deref())?;
    Ok(SignedQty::new(qty.get().normalize()))
}

/// A position.
///
/// # Errors
/// Names the first field that can't be read.
pub fn position(contract: &Contract, p: &Position) -> Result<PositionReport> {
    Ok(PositionReport {
        instrument: contract.instrument.id.clone(),
        qty: held(p)?,
        available: None,
        avg_price: maybe("avgPrice", p.avg_price.as_deref())?,
        last: maybe("marketPrice", p.market_price.as_deref())?,
        previous_close: None,
    })
}

fn figure<'a>(summary: &'a Summary, name: &'static str) -> Option<&'a Figure> {
    summary.get(name).filter(|figure| !figure.is_null)
}

fn money(summary: &Summary, name: &'static str) -> Result<Option<Money>> {
    let amount = figure(summary, name).and_then(|figure| figure.amount.as_deref());
    amount.map(|text| number(name, text)).transpose()
}

fn sum(summary: &Summary, name: &'static str) -> Result<Money> {
    money(summary, name)?.ok_or_else(|| Error::message(name, "it is missing"))
}

/// The account's figures, in the currency that it is kept in.
///
/// # Errors
/// Names the first figure that is missing or can't be read.
pub fn account(account: AccountId, summary: &Summary, blocked: Option<Text>) -> Result<AccountReport> {
    let currency = figure(summary, "netliquidation").and_then(|f| f.currency.as_deref());
    let currency = currency.ok_or_else(|| Error::message("netliquidation", "it has no currency"))?;
    Ok(AccountReport {
        account,
        currency: Currency::new(currency).map_err(|e| Error::message("currency", e))?,
        equity: sum(summary, "netliquidation")?,
        last_equity: None,
        cash: sum(summary, "totalcashvalue")?,
        buying_power: sum(summary, "buyingpower")?,
        cash_buying_power: money(summary, "availablefunds")?,
        initial_margin: money(summary, "initmarginreq")?,
        maintenance_margin: money(summary, "maintmarginreq")?,
        multiplier: None,
        day_trades: None,
        accrued_fees: None,
        // The venue refuses what the account may not sell short.
        shorting: true,
        blocked,
    })
}
