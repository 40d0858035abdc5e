//! Positions and accounts into ours, purely.

use super::contract::symbol_of;
use crate::{
    adapters::{
        Error,
        ibkr_tws::wire::{decimal, maybe_decimal, text_decimal},
    },
    domain::{
        ids::{AccountId, Currency, InstrumentId, VenueId},
        money::{Money, Price, Ratio, SignedQty},
        report::{AccountReport, PositionReport},
    },
};
use ibapi::accounts::{AccountSummary, Position};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

type Result<T> = std::result::Result<T, Error>;

/// What is asked of an account (IBKR's "TWS API v9.72+: Account Summary").
pub const TAGS: [&str; 8] = [
    "AccountType",
    "NetLiquidation",
    "TotalCashValue",
    "BuyingPower",
    "InitMarginReq",
    "MaintMarginReq",
    "PreviousDayEquityWithLoanValue",
    "AvailableFunds",
];

/// A position; none where nothing is held any more. What it cost is told in money, `unit` of which is a point of the price;
/// where that is not known, neither is the average.
///
/// # Errors
/// Names the first field that can't be read.
pub fn position(venue: &VenueId, p: &Position, unit: Option<Decimal>) -> Result<Option<PositionReport>> {
    let qty = decimal("position", p.position)?;
    if qty.is_zero() {
        return Ok(None);
    }
    let cost = maybe_decimal("avgCost", p.average_cost)?;
    Ok(Some(PositionReport {
        instrument: InstrumentId { venue: venue.clone(), symbol: symbol_of(&p.contract)? },
        qty: SignedQty::new(qty),
        available: None,
        avg_price: cost
            .zip(unit)
            .and_then(|(c, unit)| c.checked_div(unit))
            .map(|p| Price::new(p.normalize())),
        last: None,
        previous_close: None,
    }))
}

/// The account. Rows of other accounts are passed over.
///
/// # Errors
/// Names the first field that is missing or can't be read.
pub fn account(number: &AccountId, rows: &[AccountSummary]) -> Result<AccountReport> {
    let mine = rows.iter().filter(|r| r.account == number.as_str());
    let by_tag: BTreeMap<&str, &AccountSummary> = mine.map(|r| (r.tag.as_str(), r)).collect();
    let maybe = |tag: &'static str| -> Result<Option<Money>> {
        let row = by_tag.get(tag).filter(|r| !r.value.trim().is_empty());
        row.map(|r| text_decimal(tag, &r.value).map(Money::new)).transpose()
    };
    let needed = |tag: &'static str| maybe(tag)?.ok_or_else(|| Error::message(tag, "it is missing"));
    let equity =
        by_tag.get("NetLiquidation").ok_or_else(|| Error::message("NetLiquidation", "it is missing"))?;
    let kind = by_tag.get("AccountType").map_or("", |r| r.value.as_str());
    let cash = needed("TotalCashValue")?;
    Ok(AccountReport {
        account: number.clone(),
        currency: Currency::new(&equity.currency).map_err(|e| Error::message("currency", e))?,
        equity: needed("NetLiquidation")?,
        last_equity: maybe("PreviousDayEquityWithLoanValue")?,
        buying_power: needed("BuyingPower")?,
        cash_buying_power: Some(maybe("AvailableFunds")?.map_or(cash, |free| free.min(cash))),
        cash,
        initial_margin: maybe("InitMarginReq")?,
        maintenance_margin: maybe("MaintMarginReq")?,
        multiplier: None::<Ratio>,
        day_trades: None,
        accrued_fees: None,
        // A cash account can't; of every other the order itself is told whether shares are there.
        shorting: kind != "CASH",
        blocked: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::ibkr_tws::map::contract::wanted;
    use crate::domain::ids::Symbol;

    fn row(account: &str, tag: &str, value: &str) -> AccountSummary {
        AccountSummary {
            account: account.into(),
            tag: tag.into(),
            value: value.into(),
            currency: "USD".into(),
        }
    }

    #[test]
    fn an_account_is_its_own_rows() {
        let number = AccountId::new("DU1").unwrap();
        let mut rows = vec![
            row("DU2", "NetLiquidation", "1"),
            row("DU1", "NetLiquidation", "100234.56"),
            row("DU1", "TotalCashValue", "-500.10"),
            row("DU1", "BuyingPower", "400000"),
            row("DU1", "AccountType", "INDIVIDUAL"),
            row("DU1", "InitMarginReq", ""),
        ];
        let report = account(&number, &rows).unwrap();
        assert_eq!(report.equity.to_string(), "100234.56");
        assert_eq!(
            (report.cash.to_string(), report.initial_margin, report.shorting),
            ("-500.10".into(), None, true)
        );
        rows[1].value = "rich".into();
        assert!(account(&number, &rows).unwrap_err().to_string().contains("NetLiquidation"));
        assert!(account(&number, &rows[..1]).is_err(), "no row of ours is no account");
    }

    #[test]
    fn what_a_position_cost_is_told_with_its_multiplier() {
        let venue = VenueId::new("ib").unwrap();
        let contract = wanted(&Symbol::new("AAPL260116C00200000").unwrap()).unwrap();
        let held = Position { account: "DU1".into(), contract, position: -2.0, average_cost: 512.345 };
        let unit = Some(Decimal::ONE_HUNDRED);
        let report = position(&venue, &held, unit).unwrap().unwrap();
        assert_eq!(
            (report.qty.to_string(), report.avg_price.unwrap().to_string()),
            ("-2".into(), "5.12345".into())
        );
        assert_eq!(position(&venue, &held, None).unwrap().unwrap().avg_price, None, "never guessed");
        // As it was recorded (ibkr-go, grounded_positions): 1,000 bushels in cents.
        let wheat = Position {
            contract: wanted(&Symbol::new("XWZ6").unwrap()).unwrap(),
            position: 1.0,
            average_cost: 6384.43,
            ..held.clone()
        };
        let report = position(&venue, &wheat, Some(Decimal::TEN)).unwrap().unwrap();
        assert_eq!(report.avg_price.unwrap().to_string(), "638.443");
        assert_eq!(position(&venue, &Position { position: 0.0, ..held.clone() }, unit).unwrap(), None);
        assert!(position(&venue, &Position { position: f64::NAN, ..held }, unit).is_err());
    }
}
