//! Whether the venue would refuse an entry for its price or for the number of orders that are open, found out before it is
//! sent. A price is judged by what the venue's documents name as its reference; where that can't be had nothing is guessed,
//! and the venue judges.

use super::{Api, Asked};
use crate::{
    adapters::binance::{
        config::Product,
        map::{number, rules::Rules},
        wire,
    },
    broker::{Fault, Watched},
    domain::{
        money::Price,
        order::{OrderKind, OrderSpec, OrderType, Side},
        text::Text,
        time::Mono,
    },
    transport::{limit::Class, rest::Answer},
};
use futures_util::future::join;
use std::collections::BTreeMap;
use tokio::sync::watch;

/// A reference that is no older is as good as new.
const FRESH_MS: u64 = 5_000;
/// By one that is no older a price in the middle of its band needs no other.
const KEPT_MS: u64 = 600_000;

/// References by the venue's names, with when they were told.
pub(super) type References = BTreeMap<String, (Mono, Price)>;

impl Api {
    /// From now on what is open is read here.
    pub async fn counts(&self, watched: watch::Receiver<Watched>) {
        *self.open.lock().await = Some(watched);
    }

    /// Why so many more orders would be refused by their number (`MAX_NUM_ORDERS`, `MAX_NUM_ALGO_ORDERS`).
    pub(super) async fn too_many_open(&self, rules: &Rules, spec: &OrderSpec, more: u32) -> Option<Text> {
        let symbol = &rules.instrument.id.symbol;
        let open = self.open.lock().await.as_ref()?.borrow().open.get(symbol).copied().unwrap_or_default();
        let waits = match spec.order_type.kind() {
            OrderKind::Market | OrderKind::Limit => false,
            OrderKind::Stop | OrderKind::StopLimit | OrderKind::TrailingStop => true,
        };
        // On futures conditional orders are counted by themselves, in a service of their own.
        let plain = open.orders.saturating_sub(open.conditional);
        let all = if self.product().is_futures() { plain } else { open.orders };
        let (most, most_waiting) = rules.open_max;
        let over = |most: Option<u32>, open: u32, more: u32| most.filter(|m| open.saturating_add(more) > *m);
        if let Some(most) = over(most_waiting, open.conditional, 1).filter(|_| waits) {
            return Some(Text::from(format!(
                "{} takes {most} orders in {symbol} that wait for a price, {} are open; cancel one first",
                self.product().title(),
                open.conditional
            )));
        }
        let counts = !(waits && self.product().is_futures());
        over(most, all, more).filter(|_| counts).map(|most| {
            let title = self.product().title();
            Text::from(format!(
                "{title} takes {most} open orders in {symbol}, {all} are there; cancel one first"
            ))
        })
    }

    /// Why this entry's price would be refused; `None` where it would not, or where that is not known. What only closes is
    /// never asked about, nor are stops: of their prices the documents say less.
    pub(super) async fn out_of_band(&self, rules: &Rules, spec: &OrderSpec) -> Option<Text> {
        let OrderType::Limit { limit } = spec.order_type else { return None };
        let is_spot = !self.product().is_futures();
        if spec.reduce_only || (is_spot && spec.side == Side::Sell) {
            return None;
        }
        let bands = rules.bands.as_ref()?;
        let band = bands.of_side(spec.side);
        let now = self.now().mono;
        let kept = self.references.lock().await.get(&rules.native).copied();
        let kept = kept.map(|(at, price)| (now.since_ms(at), price));
        let known = match kept {
            Some((age, price)) if age <= FRESH_MS => Some(price),
            Some((age, price)) if age <= KEPT_MS && band.middle().holds(price, limit) => return None,
            Some(_) | None => None,
        };
        let reference = match known {
            Some(price) => price,
            None => self.reference(rules, bands.minutes).await?,
        };
        if band.holds(reference, limit) {
            return None;
        }
        let (least, most) = band.around(reference);
        let shown = |price: Price| price.get().normalize();
        let bounds = match (least.map(shown), most.map(shown)) {
            (Some(least), Some(most)) => format!("between {least} and {most}"),
            (Some(least), None) => format!("{least} or above"),
            (None, Some(most)) => format!("{most} or below"),
            (None, None) => return None,
        };
        Some(Text::from(format!(
            "{} takes a {} in {} at {bounds} now (its reference is {}), {} is outside",
            self.product().title(),
            if spec.side == Side::Buy { "buy" } else { "sale" },
            rules.instrument.id.symbol,
            shown(reference),
            shown(limit)
        )))
    }

    async fn reference(&self, rules: &Rules, minutes: u32) -> Option<Price> {
        let told = match self.product() {
            Product::Usdm | Product::Coinm => self.mark_price(rules).await,
            Product::Us => self.average(rules, minutes).await,
            Product::Spot => {
                let (set, average) = join(self.set_reference(rules), self.average(rules, minutes)).await;
                match set {
                    Ok(None) => average,
                    told @ (Ok(Some(_)) | Err(_)) => told,
                }
            }
        };
        match told {
            Ok(Some(price)) if price.is_positive() => {
                let now = self.now().mono;
                self.references.lock().await.insert(rules.native.clone(), (now, price));
                Some(price)
            }
            Ok(_) => None,
            Err(fault) => {
                tracing::debug!(%fault, symbol = rules.native, "the reference of its price band can't be had");
                None
            }
        }
    }

    /// The price that the venue has set, where it has set one: it goes before the average (filters.md of
    /// binance-spot-api-docs, 2026).
    async fn set_reference(&self, rules: &Rules) -> Result<Option<Price>, Fault> {
        let answer = match self.of_symbol(&["referencePrice"], rules).await {
            Ok(answer) => answer,
            // "This symbol doesn't have a reference price" (−2043).
            Err(Fault::Refused { .. }) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let told: wire::ReferencePrice<'_> = self.read(&answer)?;
        let price = told.reference_price.map(|n| number("referencePrice", n)).transpose();
        price.map_err(|e| self.unreadable(e))
    }

    /// The average over so many minutes, or the last price where they are none. An average over other minutes is not
    /// what is judged by.
    async fn average(&self, rules: &Rules, minutes: u32) -> Result<Option<Price>, Fault> {
        if minutes == 0 {
            let answer = self.of_symbol(&["ticker", "price"], rules).await?;
            let told: wire::Price<'_> = self.read(&answer)?;
            return number("price", told.price).map(Some).map_err(|e| self.unreadable(e));
        }
        let answer = self.of_symbol(&["avgPrice"], rules).await?;
        let told: wire::AveragePrice<'_> = self.read(&answer)?;
        let price: Price = number("price", told.price).map_err(|e| self.unreadable(e))?;
        Ok((told.mins == minutes).then_some(price))
    }

    async fn mark_price(&self, rules: &Rules) -> Result<Option<Price>, Fault> {
        let answer = self.of_symbol(&["premiumIndex"], rules).await?;
        // Of one symbol COIN-M tells a list of one, USD-M the thing itself (the vendor's specifications).
        let told: Option<wire::MarkPrice<'_>> = if self.product() == Product::Coinm {
            self.read::<Vec<wire::MarkPrice<'_>>>(&answer)?.into_iter().next()
        } else {
            Some(self.read(&answer)?)
        };
        let price = told.map(|told| number("markPrice", told.mark_price)).transpose();
        price.map_err(|e| self.unreadable(e))
    }

    async fn of_symbol(&self, path: &[&'static str], rules: &Rules) -> Result<Answer, Fault> {
        let asked = Asked::public(&self.path(path), 2).with("symbol", rules.native.as_str());
        self.ask_for(Class::Read, asked).await
    }
}
