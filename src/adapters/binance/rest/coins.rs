//! What is asked at futures whose margin is the coin, where it differs: they have no settings of the account and of symbols
//! by themselves, no third version, and a wallet for each coin, which is counted at the venue's index prices.

use super::{Api, Asked, futures::cannot_trade};
use crate::{
    adapters::binance::{
        map::{
            coins::{self, IndexPrices},
            futures,
            rules::Directory,
        },
        wire::{
            coins::{CoinAccount, IndexPrice, PositionMode, Setting},
            futures::{AccountConfig, Position},
        },
    },
    broker::Fault,
    domain::{instrument::Tradable, report::VenueReport},
    transport::limit::Class,
};

impl Api {
    /// What `accountConfig` says elsewhere.
    pub(super) async fn coin_account_config(&self) -> Result<AccountConfig, Fault> {
        let answer = self.ask_for(Class::Exit, self.ask_coin_account()).await?;
        let can_trade = self.read::<CoinAccount<'_>>(&answer)?.can_trade;
        let asked = Asked::get(&self.path(&["positionSide", "dual"]), 30);
        let answer = self.ask_for(Class::Exit, asked).await?;
        let mode: PositionMode = self.read(&answer)?;
        Ok(AccountConfig { can_trade, dual_side_position: mode.dual_side_position })
    }

    fn ask_coin_account(&self) -> Asked {
        Asked::get(&self.path(&["account"]), 5).list()
    }

    fn ask_risk(&self) -> Asked {
        Asked::get(&self.path(&["positionRisk"]), 1).list()
    }

    /// Leverage and margin of each symbol, which positions tell also where nothing is held. Should one that trades not be
    /// told, buying power is counted without any: its leverage may be smaller than the others'.
    pub(super) async fn read_coin_leverage(
        &self,
        class: Class,
        directory: &mut Directory,
    ) -> Result<(), Fault> {
        let answer = self.ask_for(class, self.ask_risk()).await?;
        let rows: Vec<Setting<'_>> = self.read(&answer)?;
        let set = rows.iter().map(coins::setting).collect::<Result<Vec<_>, _>>();
        let set = set.map_err(|e| self.unreadable(e))?;
        directory.take_leverage(&set);
        let is_told = |native: &str| set.iter().any(|row| row.symbol == native);
        let lacks = directory.all().any(|r| r.instrument.tradable == Tradable::Yes && !is_told(&r.native));
        if lacks {
            directory.forget_leverage();
        }
        Ok(())
    }

    /// Positions, and the account in dollars.
    pub(super) async fn read_coin_holdings(
        &self,
        directory: &Directory,
        report: &mut VenueReport,
    ) -> Result<(), Fault> {
        let answer = self.ask_for(Class::Exit, self.ask_risk()).await?;
        let rows: Vec<Position<'_>> = self.read(&answer)?;
        let mut held = Vec::new();
        for row in &rows {
            // What is flat is listed too, in each mode.
            if !coins::is_flat(row).map_err(|e| self.unreadable(e))? {
                held.extend(futures::position(directory, row).map_err(|e| self.unreadable(e))?);
            }
        }
        report.positions = Some(held);
        let id = self.alias().await?;
        let prices = self.index_prices().await?;
        let answer = self.ask_for(Class::Exit, self.ask_coin_account()).await?;
        let told: CoinAccount<'_> = self.read(&answer)?;
        let mode = AccountConfig { can_trade: told.can_trade, dual_side_position: false };
        let leverage = directory.leverage_least();
        let account =
            coins::account(&self.config().currency, id, &told, &prices, leverage, cannot_trade(mode));
        report.account = Some(account.map_err(|e| self.unreadable(e))?);
        Ok(())
    }

    /// What a coin is worth, and how old that is by the venue's own clock.
    async fn index_prices(&self) -> Result<IndexPrices, Fault> {
        let asked = Asked::public(&self.path(&["premiumIndex"]), 10).list();
        let answer = self.ask_for(Class::Exit, asked).await?;
        let rows: Vec<IndexPrice<'_>> = self.read(&answer)?;
        let now_ms = self.venue_time(Class::Exit).await;
        let now_ms = now_ms.map_err(|why| Fault::Unreachable { venue: self.venue().clone(), why })?;
        IndexPrices::new(&rows, now_ms).map_err(|e| self.unreadable(e))
    }
}
