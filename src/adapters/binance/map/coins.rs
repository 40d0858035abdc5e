//! An account whose wallets are coins, counted in dollars. It is worth the sum over its coins of wallet and unrealized
//! profit, each at the venue's own index price of that coin; so are its cash (wallets alone), its margin and what is free.
//! A coin whose price is not there, or is old, leaves the account unknown: nothing is counted at a guess.

use super::{Result, number};
use crate::{
    adapters::{
        Error,
        binance::wire::{
            coins::{CoinAccount, IndexPrice, Setting, Wallet},
            futures::{Position, SymbolConfig},
        },
    },
    domain::{
        ids::{AccountId, Currency},
        money::{Money, Price, Ratio, SignedQty},
        report::AccountReport,
        text::Text,
    },
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// So old may an index price be: the venue makes one each second.
const PRICE_AGE_MAX_MS: i64 = 60_000;
/// Digits of what it comes to: coins have eight.
const SCALE: u32 = 8;

/// What is set for a symbol, as other futures say it.
///
/// # Errors
/// When the leverage is no whole number.
pub fn setting<'a>(s: &Setting<'a>) -> Result<SymbolConfig<'a>> {
    let leverage = s.leverage.text().parse().map_err(|e| Error::message("leverage", e))?;
    Ok(SymbolConfig { symbol: s.symbol.clone(), margin_type: s.margin_type.clone(), leverage })
}

/// Is nothing held there?
///
/// # Errors
/// When the quantity can't be read.
pub fn is_flat(p: &Position<'_>) -> Result<bool> {
    number("positionAmt", p.position_amt).map(SignedQty::is_zero)
}

/// Index prices of an answer by their pairs, each with how old it was.
#[derive(Debug, Clone, Default)]
pub struct IndexPrices(BTreeMap<String, (Price, i64)>);

impl IndexPrices {
    /// Of an answer at `now_ms` of the venue's clock. Contracts of one pair have the same; the youngest is taken.
    ///
    /// # Errors
    /// Names the first field that can't be read.
    pub fn new(rows: &[IndexPrice<'_>], now_ms: i64) -> Result<Self> {
        let mut all = BTreeMap::new();
        for row in rows {
            let price: Price = number("indexPrice", row.index_price)?;
            let age_ms = now_ms.saturating_sub(row.time);
            let known = all.get(&*row.pair).is_some_and(|(_, known_ms)| *known_ms <= age_ms);
            if price.is_positive() && !known {
                all.insert(row.pair.clone().into_owned(), (price, age_ms));
            }
        }
        Ok(Self(all))
    }

    fn of(&self, asset: &str, currency: &Currency) -> Result<Price> {
        let asset = || Text::clean(asset);
        let pair = format!("{}{currency}", asset());
        match self.0.get(&pair) {
            Some((price, age_ms)) if *age_ms <= PRICE_AGE_MAX_MS => Ok(*price),
            Some((_, age_ms)) => {
                let seconds = age_ms.checked_div(1_000).unwrap_or_default();
                let why = format!("that of {pair} is {seconds} s old, and {} is held", asset());
                Err(Error::message("indexPrice", why))
            }
            None => {
                let why = format!("{pair} has none, and {} is held", asset());
                Err(Error::message("indexPrice", why))
            }
        }
    }
}

/// Sums in dollars.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    cash: Decimal,
    equity: Decimal,
    free: Decimal,
    initial: Decimal,
    maintenance: Decimal,
}

impl Sums {
    fn add(&mut self, wallet: &Wallet<'_>, prices: &IndexPrices, currency: &Currency) -> Result<()> {
        let coins = |place, n| number::<Money>(place, n).map(Money::get);
        let (cash, won) = (
            coins("walletBalance", wallet.wallet_balance)?,
            coins("unrealizedProfit", wallet.unrealized_profit)?,
        );
        let free = coins("availableBalance", wallet.available_balance)?.max(Decimal::ZERO);
        let initial = coins("initialMargin", wallet.initial_margin)?;
        let maintenance = coins("maintMargin", wallet.maint_margin)?;
        if [cash, won, free, initial, maintenance].iter().all(Decimal::is_zero) {
            return Ok(());
        }
        let price = prices.of(&wallet.asset, currency)?.get();
        let worth = |sum: Decimal, coins: Decimal| sum.checked_add(coins.checked_mul(price)?);
        let all = || {
            Some(Self {
                cash: worth(self.cash, cash)?,
                equity: worth(self.equity, cash.checked_add(won)?)?,
                free: worth(self.free, free)?,
                initial: worth(self.initial, initial)?,
                maintenance: worth(self.maintenance, maintenance)?,
            })
        };
        *self = all().ok_or_else(|| Error::message("assets", "the sum is too large"))?;
        Ok(())
    }
}

/// The account. What it can buy is what is free of all coins together at the smallest leverage that is set; the venue lets
/// a coin carry its own contracts alone, and refuses what that does not carry.
///
/// # Errors
/// Names the first field that can't be read, or the coin whose price is not there or old.
pub fn account(
    currency: &Currency,
    id: AccountId,
    a: &CoinAccount<'_>,
    prices: &IndexPrices,
    leverage: u32,
    blocked: Option<Text>,
) -> Result<AccountReport> {
    let mut sums = Sums::default();
    for wallet in &a.assets {
        sums.add(wallet, prices, currency)?;
    }
    let money = |d: Decimal| Money::new(d.round_dp(SCALE).normalize());
    let times = Decimal::from(leverage.max(1));
    let power = sums.free.checked_mul(times).map(money);
    let power = power.ok_or_else(|| Error::message("availableBalance", "it is too large"))?;
    Ok(AccountReport {
        account: id,
        currency: currency.clone(),
        equity: money(sums.equity),
        last_equity: None,
        cash: money(sums.cash),
        buying_power: power,
        cash_buying_power: Some(power),
        initial_margin: Some(money(sums.initial)),
        maintenance_margin: Some(money(sums.maintenance)),
        multiplier: Some(Ratio::new(times)),
        day_trades: None,
        accrued_fees: None,
        shorting: true,
        blocked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALLETS: &str = r#"{"canTrade":true,"assets":[
        {"asset":"BTC","walletBalance":"2.00000000","unrealizedProfit":"-0.50000000","marginBalance":"1.5",
            "maintMargin":"0.01","initialMargin":"0.1","availableBalance":"1.40000000"},
        {"asset":"ETH","walletBalance":"10","unrealizedProfit":"0","marginBalance":"10","maintMargin":"0",
            "initialMargin":"0","availableBalance":"10"},
        {"asset":"DOT","walletBalance":"0.00000000","unrealizedProfit":"0","marginBalance":"0","maintMargin":"0",
            "initialMargin":"0","availableBalance":"0"}],"positions":[]}"#;

    fn told(prices: &str, now_ms: i64) -> Result<AccountReport> {
        let rows: Vec<IndexPrice<'_>> = serde_json::from_str(prices).unwrap();
        let a: CoinAccount<'_> = serde_json::from_str(WALLETS).unwrap();
        let prices = IndexPrices::new(&rows, now_ms)?;
        let id = AccountId::new("SgsR").unwrap();
        account(&Currency::usd(), id, &a, &prices, 20, None)
    }
    fn price(pair: &str, price: &str, at_ms: i64) -> String {
        format!(
            r#"{{"symbol":"{pair}_PERP","pair":"{pair}","indexPrice":"{price}","markPrice":"1","time":{at_ms}}}"#
        )
    }

    /// 1.5 BTC at 40,000 and 10 ETH at 2,000; a coin of which nothing is there needs no price.
    #[test]
    fn each_coin_is_counted_at_its_own_index_price() {
        let prices = format!("[{},{}]", price("BTCUSD", "40000", 1_000), price("ETHUSD", "2000", 1_000));
        let got = told(&prices, 2_000).unwrap();
        let money = |m: Option<Money>| m.unwrap().to_string();
        assert_eq!((got.equity.to_string(), got.cash.to_string()), ("80000".into(), "100000".into()));
        assert_eq!((money(got.initial_margin), money(got.maintenance_margin)), ("4000".into(), "400".into()));
        assert_eq!(got.buying_power.to_string(), "1520000", "76,000 are free, at 20");
    }

    #[test]
    fn a_price_that_lacks_or_is_old_leaves_the_account_unknown() {
        let btc = price("BTCUSD", "40000", 100_000);
        let said = |prices: &str, now_ms| told(prices, now_ms).unwrap_err().to_string();
        assert!(said(&format!("[{btc}]"), 100_000).contains("ETHUSD has none, and ETH is held"));
        let zero = format!("[{btc},{}]", price("ETHUSD", "0", 100_000));
        assert!(said(&zero, 100_000).contains("ETHUSD has none"));
        let old = format!("[{btc},{}]", price("ETHUSD", "2000", 30_000));
        assert!(said(&old, 100_000).contains("that of ETHUSD is 70 s old, and ETH is held"));
        // Of several of a pair the youngest counts.
        let two = format!("[{btc},{},{}]", price("ETHUSD", "1", 30_000), price("ETHUSD", "2000", 99_000));
        assert_eq!(told(&two, 100_000).unwrap().equity.to_string(), "80000");
    }
}
