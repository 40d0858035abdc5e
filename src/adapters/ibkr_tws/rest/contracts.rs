//! Contracts and their rules, from memory while they are fresh.

use super::{Api, Session};
use crate::{
    adapters::ibkr_tws::{
        map::{
            contract::{
                by_number, is_priced_whole, multiplier_of, numbered, symbol_of, wanted, wanted_by_parts,
            },
            rules::{Rules, market_rule_of, rules},
        },
        wire::code,
    },
    broker::Fault,
    domain::{ids::Symbol, instrument::Instrument, payoff::Payoff},
    transport::limit::Class,
};
use ibapi::{
    Error as Theirs,
    contracts::{Contract, ContractDetails, MarketRule},
};
use rust_decimal::Decimal;
use std::{collections::BTreeSet, sync::Arc};

/// Rules seldom change.
const RULES_FRESH_MS: u64 = 3_600_000;

impl Api {
    /// The rules of these symbols. What TWS does not know is left out; what fits several contracts is said, unless other
    /// symbols could be had.
    pub async fn instruments(&self, symbols: Vec<Symbol>) -> Result<Vec<Instrument>, Fault> {
        let mut found = Vec::new();
        let mut failed = None;
        for symbol in symbols.into_iter().collect::<BTreeSet<_>>() {
            match self.looked_up(&symbol, Class::Exit).await {
                Ok(Some(rules)) => found.push(rules.instrument),
                Ok(None) => {}
                Err(fault @ (Fault::Unreachable { .. } | Fault::Limited { .. })) => return Err(fault),
                Err(fault) => {
                    tracing::warn!(%symbol, %fault, "the rules of a symbol can't be had");
                    failed = Some(fault);
                }
            }
        }
        match failed {
            Some(fault) if found.is_empty() => Err(fault),
            Some(_) | None => Ok(found),
        }
    }

    /// The rules of one symbol, which must be there.
    pub(in crate::adapters::ibkr_tws) async fn rules_of(
        &self,
        symbol: &Symbol,
        class: Class,
    ) -> Result<Rules, Fault> {
        let found = self.looked_up(symbol, class).await?;
        found.ok_or_else(|| self.refused(&format!("TWS knows no contract for {symbol}")))
    }

    /// From memory while they are fresh.
    async fn looked_up(&self, symbol: &Symbol, class: Class) -> Result<Option<Rules>, Fault> {
        let now = self.now();
        if let Some((at, rules)) = self.rules.lock().await.get(symbol)
            && now.since_ms(*at) < RULES_FRESH_MS
        {
            return Ok(Some(rules.clone()));
        }
        // No contract there has another name.
        let Ok(contract) = wanted(symbol) else { return Ok(None) };
        let session = self.question(class).await?;
        let mut details = self.details(&session, symbol, &contract).await?;
        if let (true, Some(parts)) = (details.is_empty(), wanted_by_parts(symbol)) {
            self.grant(class, 1).await.map_err(|limited| self.limited(limited))?;
            details = self.details(&session, symbol, &parts).await?;
        }
        let Some(details) = only(symbol, details).map_err(|why| self.refused(&why))? else { return Ok(None) };
        self.learn(&session, class, symbol, &details).await.map(Some)
    }

    /// The rules of a contract that is held and shares its name with another: while it is, the name means it.
    async fn held_rules(&self, symbol: &Symbol, held: &Contract) -> Result<Option<Rules>, Fault> {
        let session = self.question(Class::Exit).await?;
        let details = self.details(&session, symbol, &numbered(held.contract_id)).await?;
        let Some(details) = at_home(details) else { return Ok(None) };
        self.learn(&session, Class::Exit, symbol, &details).await.map(Some)
    }

    async fn learn(
        &self,
        session: &Arc<Session>,
        class: Class,
        symbol: &Symbol,
        details: &ContractDetails,
    ) -> Result<Rules, Fault> {
        let rule = self.market_rule(session, class, details).await?;
        let rules = rules(self.venue(), details, rule.as_ref()).map_err(|e| self.unreadable(e))?;
        self.rules.lock().await.insert(symbol.clone(), (self.now(), rules.clone()));
        Ok(rules)
    }

    /// What fits; nothing where TWS says that nothing does.
    async fn details(
        &self,
        session: &Session,
        symbol: &Symbol,
        contract: &Contract,
    ) -> Result<Vec<ContractDetails>, Fault> {
        let told = tokio::time::timeout(self.deadline(), session.client.contract_details(contract)).await;
        match told {
            Err(_) => Err(self.silent(symbol.as_str())),
            Ok(Err(Theirs::Notice(notice))) if notice.code == code::NO_CONTRACT => Ok(Vec::new()),
            Ok(Err(error)) => Err(self.fault(&error)),
            Ok(Ok(details)) => Ok(details),
        }
    }

    /// Money for each contract and point of its price, where that can be had.
    pub(super) async fn unit_of(&self, contract: &Contract) -> Option<Decimal> {
        if is_priced_whole(contract) {
            return multiplier_of(contract).ok();
        }
        let symbol = symbol_of(contract).ok()?;
        let found = match self.looked_up(&symbol, Class::Exit).await {
            Err(Fault::Refused { .. }) => self.held_rules(&symbol, contract).await,
            Ok(Some(rules)) if rules.contract.contract_id != contract.contract_id => {
                self.held_rules(&symbol, contract).await
            }
            found => found,
        };
        match found {
            Ok(Some(Rules { instrument: Instrument { payoff: Payoff::Linear(unit), .. }, .. })) => {
                Some(unit.get())
            }
            Ok(_) => None,
            Err(fault) => {
                tracing::warn!(%symbol, %fault, "what a point of its price is worth can't be had");
                None
            }
        }
    }

    async fn market_rule(
        &self,
        session: &Arc<Session>,
        class: Class,
        details: &ContractDetails,
    ) -> Result<Option<MarketRule>, Fault> {
        let Some(id) = market_rule_of(details).map_err(|e| self.unreadable(e))? else { return Ok(None) };
        let _alone = self.sharing.lock().await;
        if let Some(rule) = self.steps.lock().await.get(&id) {
            return Ok(Some(copied(rule)));
        }
        self.grant(class, 1).await.map_err(|limited| self.limited(limited))?;
        let told = tokio::time::timeout(self.deadline(), session.client.market_rule(id)).await;
        let rule = match told {
            Ok(Ok(rule)) => rule,
            Ok(Err(error)) => return Err(self.broken(session, "steps of prices", &error).await),
            Err(_) => return Err(self.broken(session, "steps of prices", &Theirs::Timeout).await),
        };
        self.steps.lock().await.insert(id, copied(&rule));
        Ok(Some(rule))
    }
}

fn copied(rule: &MarketRule) -> MarketRule {
    let row = |r: &ibapi::contracts::PriceIncrement| ibapi::contracts::PriceIncrement {
        low_edge: r.low_edge,
        increment: r.increment,
    };
    MarketRule {
        market_rule_id: rule.market_rule_id,
        price_increments: rule.price_increments.iter().map(row).collect(),
    }
}

/// The contract that fits, if it is one: what has another name here than was asked for is not it (a class of weekly
/// options beside the monthly ones of the same day). The same contract may be listed at several exchanges.
fn only(symbol: &Symbol, mut details: Vec<ContractDetails>) -> Result<Option<ContractDetails>, String> {
    let numbered = details.iter().find(|d| by_number(&d.contract).is_ok_and(|own| own == symbol.as_str()));
    let other = numbered.and_then(|d| symbol_of(&d.contract).ok()).filter(|own| own != symbol);
    if let Some(other) = other {
        return Err(format!("{symbol} is {other} here: write that"));
    }
    details.retain(|d| symbol_of(&d.contract).is_ok_and(|own| own == *symbol));
    let numbers: BTreeSet<i32> = details.iter().map(|d| d.contract.contract_id).collect();
    if numbers.len() > 1 {
        let named = details.iter().map(|d| {
            let c = &d.contract;
            format!(
                "{} {} at {} in {} (IB{})",
                c.security_type.as_str(),
                c.local_symbol,
                c.exchange,
                c.currency,
                c.contract_id
            )
        });
        let named: Vec<String> = named.take(8).collect();
        return Err(format!(
            "{symbol} fits several contracts: {}; none of them is traded here by that name",
            named.join(", ")
        ));
    }
    Ok(at_home(details))
}

/// Of one contract at several exchanges the row of the one where it is at home.
fn at_home(details: Vec<ContractDetails>) -> Option<ContractDetails> {
    // An exchange that it may be sent to stands the further behind the less it is at home there (CME, then QBALGO).
    let far = |d: &ContractDetails| {
        let c = &d.contract;
        let is_home = c.exchange == c.primary_exchange || c.exchange.as_str() == "SMART";
        let at = d.valid_exchanges.iter().position(|e| e.as_str() == c.exchange.as_str());
        (!is_home, at.unwrap_or(usize::MAX))
    };
    details.into_iter().min_by_key(far)
}
