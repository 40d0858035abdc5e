//! What is asked at futures alone: conditional orders, which live in a service of their own, positions and margin.

use super::{Api, Asked, queries::Orders};
use crate::{
    adapters::binance::{
        map::{self, futures, rules::Directory},
        wire::futures::{Account, AccountConfig, AlgoOrder, NamedBalance, Position, SymbolConfig},
    },
    broker::{Fault, OrderRef, Proof},
    domain::{
        ids::AccountId,
        report::{Environment, OrderReport, VenueReport},
        text::Text,
    },
    transport::limit::Class,
};
use serde_json::value::RawValue;

/// The version of a path that is not the first.
const V3: [&str; 2] = ["fapi", "v3"];

impl Api {
    fn v3(tail: &'static str, weight: u32) -> Asked {
        Asked::get(&[V3[0], V3[1], tail], weight)
    }

    /// Whose credentials are these, and how is the account set?
    pub(super) async fn prove_futures(&self, environment: Environment) -> Result<Proof, Fault> {
        let set = self.account_config().await?;
        let read_only = cannot_trade(set).or_else(|| {
            set.dual_side_position.then(|| {
                Text::from("the account is in hedge mode, where a symbol has two positions; switch it to one-way mode")
            })
        });
        Ok(Proof { account: self.alias().await?, environment, read_only, withdraw: None })
    }

    async fn account_config(&self) -> Result<AccountConfig, Fault> {
        if self.product().is_paid_in_coins() {
            return self.coin_account_config().await;
        }
        let answer = self.ask_for(Class::Exit, Asked::get(&self.path(&["accountConfig"]), 5)).await?;
        self.read(&answer)
    }

    pub(super) async fn alias(&self) -> Result<AccountId, Fault> {
        let asked = if self.product().is_paid_in_coins() {
            Asked::get(&self.path(&["balance"]), 1)
        } else {
            Self::v3("balance", 5)
        };
        let answer = self.ask_for(Class::Exit, asked).await?;
        let rows: Vec<NamedBalance<'_>> = self.read(&answer)?;
        futures::account_id(&rows).map_err(|e| self.unreadable(e))
    }

    /// Leverage and margin of each symbol, into their names.
    pub(super) async fn read_leverage(&self, class: Class, directory: &mut Directory) -> Result<(), Fault> {
        if self.product().is_paid_in_coins() {
            return self.read_coin_leverage(class, directory).await;
        }
        let answer = self.ask_for(class, Asked::get(&self.path(&["symbolConfig"]), 5).list()).await?;
        let rows: Vec<SymbolConfig<'_>> = self.read(&answer)?;
        directory.take_leverage(&rows);
        Ok(())
    }

    pub(super) async fn read_future_holdings(
        &self,
        directory: &Directory,
        report: &mut VenueReport,
    ) -> Result<(), Fault> {
        if self.product().is_paid_in_coins() {
            return self.read_coin_holdings(directory, report).await;
        }
        let answer = self.ask_for(Class::Exit, Self::v3("positionRisk", 5).list()).await?;
        let rows: Vec<Position<'_>> = self.read(&answer)?;
        let mut held = Vec::new();
        for row in &rows {
            held.extend(futures::position(directory, row).map_err(|e| self.unreadable(e))?);
        }
        report.positions = Some(held);
        let blocked = cannot_trade(self.account_config().await?);
        let id = self.alias().await?;
        let answer = self.ask_for(Class::Exit, Self::v3("account", 5).list()).await?;
        let told: Account<'_> = self.read(&answer)?;
        let leverage = directory.leverage_least();
        let account = futures::account(&self.config().currency, id, &told, leverage, blocked);
        report.account = Some(account.map_err(|e| self.unreadable(e))?);
        Ok(())
    }

    pub(super) fn open_algo_orders(&self) -> Asked {
        Asked::get(&self.path(&["openAlgoOrders"]), 40).list()
    }

    /// The conditional orders that are open.
    pub(super) async fn read_algo_orders(
        &self,
        directory: &Directory,
        into: &mut Orders,
        unread: &mut Vec<Text>,
    ) -> Result<(), Fault> {
        let answer = self.ask_for(Class::Exit, self.open_algo_orders()).await?;
        let page: Vec<&RawValue> = self.read(&answer)?;
        for raw in page {
            let read = serde_json::from_str::<AlgoOrder<'_>>(raw.get())
                .map_err(|e| e.to_string())
                .and_then(|o| futures::algo_order(directory, &o).map_err(|e| e.to_string()));
            match read {
                Ok(report) => into.extend(report.map(|r| (r.venue_id.clone(), r))),
                Err(why) => unread.push(Text::from(format!("a conditional order can't be read: {why}"))),
            }
        }
        Ok(())
    }

    /// A conditional order by its names; where another order has taken over, that one.
    pub(super) async fn find_algo(
        &self,
        directory: &Directory,
        order: &OrderRef,
    ) -> Result<Vec<OrderReport>, Fault> {
        let asked = Self::named_algo(Asked::get(&self.path(&["algoOrder"]), 1), order);
        let Some(answer) = self.ask(Class::Exit, asked).await? else { return Ok(Vec::new()) };
        let told: AlgoOrder<'_> = self.read(&answer)?;
        if let Some(report) = futures::algo_order(directory, &told).map_err(|e| self.unreadable(e))? {
            return Ok(vec![report]);
        }
        let number = told.actual_order_id.as_deref().and_then(|id| id.parse::<i64>().ok());
        let Some(number) = number else {
            return Err(self.unreadable(format!("conditional order {} names no order", told.algo_id)));
        };
        Ok(self.by_number(directory, &told.symbol, number).await?.into_iter().collect())
    }

    pub(super) fn named_algo(asked: Asked, order: &OrderRef) -> Asked {
        match order.venue_id.as_ref().and_then(futures::algo_number) {
            Some(number) => asked.with("algoId", number),
            None => asked.with("clientAlgoId", order.client.as_str()),
        }
    }

    /// Has the order a number among orders, rather than among conditional ones?
    pub(super) fn is_algo(order: &OrderRef) -> bool {
        order.venue_id.as_ref().is_some_and(|id| futures::algo_number(id).is_some())
    }

    /// By the client's id, which a conditional order and the order that takes over have in common.
    pub(super) fn without_number(order: &OrderRef) -> OrderRef {
        OrderRef { venue_id: None, ..order.clone() }
    }
}

pub(super) fn cannot_trade(set: AccountConfig) -> Option<Text> {
    (!set.can_trade).then(|| Text::from("the venue says canTrade = false"))
}

/// An answer to a new conditional order.
pub(super) fn algo_answer(directory: &Directory, text: &str) -> Result<OrderReport, String> {
    let order: AlgoOrder<'_> = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let report = map::futures::algo_order(directory, &order).map_err(|e| e.to_string())?;
    report.ok_or_else(|| "the order was triggered at once".to_owned())
}
