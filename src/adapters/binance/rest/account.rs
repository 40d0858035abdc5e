//! Whose account it is, and what is in it.

use super::{Api, Asked};
use crate::{
    adapters::binance::{
        config::Product,
        map::{
            account::{self, Prices, blocked, positions, prices},
            commission::commission_most,
            rules::{Directory, Rules},
        },
        wire,
    },
    broker::{Fault, Proof},
    domain::{
        report::{Environment, VenueReport},
        text::Text,
    },
    transport::limit::Class,
};
use rust_decimal::Decimal;

impl Api {
    /// Whose credentials are these? That they are known at the address proves the environment: the venue keeps a key
    /// in one environment alone.
    pub async fn prove(&self) -> Result<Proof, Fault> {
        let environment = if self.config().is_live_host() { Environment::Live } else { Environment::Paper };
        if environment != self.config().environment {
            let (is, said) = (environment.word(), self.config().environment.word());
            let why = Text::from(format!("the address is {is}, the configuration says {said}"));
            return Err(Fault::Refused { venue: self.venue().clone(), why });
        }
        if self.product().is_futures() {
            return self.prove_futures(environment).await;
        }
        let answer = self.ask_for(Class::Exit, self.ask_account()).await?;
        let told: wire::Account<'_> = self.read(&answer)?;
        let rights = self.rights().await?;
        let no_right = rights.and_then(|r| r.enable_spot_and_margin_trading) == Some(false);
        let read_only = blocked(&told).or_else(|| {
            no_right.then(|| Text::from("the key may not trade (enableSpotAndMarginTrading = false)"))
        });
        Ok(Proof {
            account: account::id(&told).map_err(|e| self.unreadable(e))?,
            environment,
            read_only,
            withdraw: rights.map(|r| r.enable_withdrawals),
        })
    }

    /// What the key may do: only the world's exchange tells, and not where money is play money.
    async fn rights(&self) -> Result<Option<wire::Restrictions>, Fault> {
        if self.product() != Product::Spot || !self.config().is_live_host() {
            return Ok(None);
        }
        let asked = Asked::get(&["sapi", "v1", "account", "apiRestrictions"], 1);
        let answer = self.ask_for(Class::Exit, asked).await?;
        self.read(&answer).map(Some)
    }

    fn ask_account(&self) -> Asked {
        let asked = Asked::get(&self.path(&["account"]), 20).list();
        if self.product() == Product::Spot { asked.with("omitZeroBalances", "true") } else { asked }
    }

    /// The account, and its coins as positions.
    pub(super) async fn holdings(&self, directory: &Directory, report: &mut VenueReport) {
        let read = if self.product().is_futures() {
            self.read_future_holdings(directory, report).await
        } else {
            self.read_holdings(directory, report).await
        };
        if let Err(fault) = read {
            report.missing.push(Text::from(format!("positions and account: {fault}")));
        }
    }

    async fn read_holdings(&self, directory: &Directory, report: &mut VenueReport) -> Result<(), Fault> {
        let last = self.last_prices().await?;
        let answer = self.ask_for(Class::Exit, self.ask_account()).await?;
        let told: wire::Account<'_> = self.read(&answer)?;
        let currency = &self.config().currency;
        let held = positions(directory, currency, &told, &last).map_err(|e| self.unreadable(e))?;
        report.positions = Some(held);
        let account = account::account(directory, currency, &told, &last);
        report.account = Some(account.map_err(|e| self.unreadable(e))?);
        Ok(())
    }

    /// The largest share of what is bought in this symbol that the venue may take out of it.
    pub(super) async fn commission_most(&self, rules: &Rules, class: Class) -> Result<Decimal, Fault> {
        let asked =
            Asked::get(&self.path(&["account", "commission"]), 20).with("symbol", rules.native.as_str());
        let answer = self.ask_for(class, asked).await?;
        let told: wire::Commission<'_> = self.read(&answer)?;
        commission_most(&told).map_err(|e| self.unreadable(e))
    }

    async fn last_prices(&self) -> Result<Prices, Fault> {
        let asked = Asked::public(&self.path(&["ticker", "price"]), 4).list();
        let answer = self.ask_for(Class::Exit, asked).await?;
        let list: Vec<wire::Price<'_>> = self.read(&answer)?;
        prices(&list).map_err(|e| self.unreadable(e))
    }
}
