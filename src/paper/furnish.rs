//! What a new account begins with: positions that are there, and orders that work.

use super::{exchange::Exchange, ledger::Deal, models::rules::Charge, order::NewOrder, refusal::Refusal};
use crate::domain::{
    ids::Symbol,
    instrument::AssetClass,
    money::{Money, Percent, Price, Qty, SignedQty},
    order::{OrderKind, Side, Tif},
};
use rust_decimal::Decimal;
use uuid::Uuid;

/// How far from the market the orders stand that are made up here, in per cent.
const FAR: u32 = 15;
/// Every so many-th stock that is made up is held short.
const SHORT_EVERY: usize = 4;

/// A price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As it is.
    Price(Price),
    /// So many per cent from the last price; below zero is under it.
    Percent(Decimal),
}

/// A position that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The instrument.
    pub symbol: Symbol,
    /// Units; below zero is short.
    pub qty: SignedQty,
    /// What each cost; the last price, if there is none.
    pub price: Option<Price>,
}

/// An order that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The instrument.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Units.
    pub qty: Qty,
    /// Its type.
    pub kind: OrderKind,
    /// Worst price.
    pub limit: Option<Level>,
    /// Trigger.
    pub stop: Option<Level>,
    /// Time in force.
    pub tif: Tif,
}

/// All that a new account begins with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Furniture {
    /// Positions, by name.
    pub positions: Vec<Given>,
    /// Orders, by name.
    pub orders: Vec<Wanted>,
    /// So many more positions and orders, made up: always the same ones for the same seed and time.
    pub more: (usize, usize),
}

impl Furniture {
    /// So many positions and orders, made up.
    pub const fn made_up(positions: usize, orders: usize) -> Self {
        Self { positions: Vec::new(), orders: Vec::new(), more: (positions, orders) }
    }

    /// Is there nothing?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Exchange {
    /// Puts what `furniture` says into a new account. The positions are given: what they cost comes on top of the
    /// cash to start with. They are in no history, as positions that were transferred in are not.
    ///
    /// # Errors
    /// There is no such instrument, there are not so many, or the venue refuses an order.
    pub fn furnish(&mut self, furniture: &Furniture) -> Result<(), Refusal> {
        for given in &furniture.positions {
            self.give(given)?;
        }
        for wanted in &furniture.orders {
            self.put(wanted)?;
        }
        let (positions, orders) = furniture.more;
        let symbols = self.make_up_positions(positions)?;
        for n in 0..orders {
            let order = self.made_up_order(&symbols, n)?;
            self.put(&order)?;
        }
        self.take_stock();
        Ok(())
    }

    fn give(&mut self, given: &Given) -> Result<(), Refusal> {
        let unknown = || Refusal::invalid(format!("there is no instrument {}", given.symbol));
        let asset = self.asset(given.symbol.as_str()).cloned().ok_or_else(unknown)?;
        let side = if given.qty.is_negative() { Side::Sell } else { Side::Buy };
        if side == Side::Sell && !asset.shortable {
            return Err(Refusal::invalid(format!("{} can't be held short", given.symbol)));
        }
        let price = given.price.unwrap_or_else(|| self.last(&asset.symbol));
        if side == Side::Buy {
            let cost = given.qty.size().checked_mul_price(price).unwrap_or_default();
            self.ledger.cash = self.ledger.cash.checked_add(cost).unwrap_or(self.ledger.cash);
        }
        self.ledger.book(&Deal {
            symbol: asset.symbol.clone(),
            side,
            qty: given.qty.size(),
            price,
            charge: Charge::default(),
            order: Uuid::nil(),
            today: self.session.date,
            is_stock: asset.class == AssetClass::Equity,
        });
        Ok(())
    }

    fn put(&mut self, wanted: &Wanted) -> Result<(), Refusal> {
        let tick = self.asset(wanted.symbol.as_str()).map(|a| a.tick);
        let last = self.last(&wanted.symbol);
        let price = |level: Level| match level {
            Level::Price(price) => price,
            Level::Percent(percent) => {
                let away = Percent::new(percent).of(last.per_unit()).map(Money::get).unwrap_or_default();
                let price = Price::new(last.get().saturating_add(away));
                tick.and_then(|t| t.round(price)).unwrap_or(price)
            }
        };
        let order = NewOrder {
            kind: wanted.kind,
            limit: wanted.limit.map(price),
            stop: wanted.stop.map(price),
            tif: wanted.tif,
            ..NewOrder::market(wanted.symbol.as_str(), wanted.side, wanted.qty)
        };
        let placed = self.place(self.at, order);
        let told = |refusal: Refusal| {
            let (side, qty, symbol) = (wanted.side.word(), wanted.qty, &wanted.symbol);
            Refusal { message: format!("{side} {qty} {symbol}: {}", refusal.message), ..refusal }
        };
        placed.map(drop).map_err(told)
    }

    /// Stocks first, then coins; every so many-th stock is short.
    fn make_up_positions(&mut self, count: usize) -> Result<Vec<Symbol>, Refusal> {
        let is_free = |s: &Symbol| !self.ledger.holdings.contains_key(s);
        let assets = self.assets().iter().filter(|a| a.tradable && is_free(&a.symbol));
        let (coins, stocks): (Vec<_>, Vec<_>) = assets.cloned().partition(super::asset::Asset::is_coin);
        let all: Vec<_> = stocks.into_iter().chain(coins).collect();
        if count > all.len() {
            return Err(Refusal::invalid(format!("there are instruments for {} positions only", all.len())));
        }
        let mut symbols = Vec::new();
        for (n, asset) in all.into_iter().enumerate().take(count) {
            let wants_short = n.checked_rem(SHORT_EVERY) == Some(SHORT_EVERY.saturating_sub(1));
            let is_short =
                wants_short && asset.shortable && asset.borrow == crate::domain::instrument::Borrow::Easy;
            let units = Decimal::from(n.checked_rem(9).unwrap_or(0)).saturating_add(Decimal::ONE);
            let units = units.saturating_mul(Decimal::from(if is_short { 2_u32 } else { 20 }));
            let qty =
                SignedQty::new(if is_short { units.saturating_mul(Decimal::NEGATIVE_ONE) } else { units });
            // A little beside the market, so that there is profit and loss to see.
            let cents = Decimal::from(n.checked_rem(7).unwrap_or(0)).saturating_sub(Decimal::from(3_u32));
            let away = Decimal::ONE_HUNDRED.saturating_add(cents).checked_div(Decimal::ONE_HUNDRED);
            let price =
                self.last(&asset.symbol).get().saturating_mul(away.unwrap_or(Decimal::ONE)).round_dp(2);
            let price = Some(Price::new(price)).filter(|p| p.is_positive());
            self.give(&Given { symbol: asset.symbol.clone(), qty, price })?;
            symbols.push(asset.symbol);
        }
        Ok(symbols)
    }

    /// Far targets and far entries in turn, so that none of them fills by itself nor stands in another's way.
    fn made_up_order(&self, symbols: &[Symbol], n: usize) -> Result<Wanted, Refusal> {
        let stocks = || self.assets().iter().filter(|a| !a.is_coin() && a.tradable).map(|a| &a.symbol);
        let count = if symbols.is_empty() { stocks().count() } else { symbols.len() };
        let place = n.checked_rem(count).unwrap_or(0);
        let symbol = if symbols.is_empty() { stocks().nth(place) } else { symbols.get(place) };
        let symbol = symbol.cloned().ok_or_else(|| Refusal::invalid("there is no stock"))?;
        let round = n.checked_div(count).unwrap_or(0);
        let closes = round.checked_rem(2) == Some(0);
        let held = self.ledger.qty(&symbol);
        let side = match (held.exit_side(), closes) {
            (Some(exit), true) => exit,
            (Some(exit), false) => exit.opposite(),
            (None, _) => Side::Buy,
        };
        let far = Decimal::from(FAR);
        let away = if side == Side::Sell { far } else { far.saturating_mul(Decimal::NEGATIVE_ONE) };
        let limit = Some(Level::Percent(away));
        let qty = Qty::new(Decimal::ONE).unwrap_or_default();
        Ok(Wanted { symbol, side, qty, kind: OrderKind::Limit, limit, stop: None, tif: Tif::Gtc })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::time::Stamp,
        paper::{exchange::Setup, order::Status},
    };

    fn exchange() -> Exchange {
        Exchange::new(Setup::new(7, Stamp::from_secs(1_800_000_000).unwrap()))
    }

    #[test]
    fn a_hundred_positions_and_two_hundred_orders_stand_and_are_the_same_again() {
        let mut x = exchange();
        x.furnish(&Furniture::made_up(100, 200)).unwrap();
        let mut again = exchange();
        again.furnish(&Furniture::made_up(100, 200)).unwrap();
        assert_eq!(x.save(), again.save());
        let positions = x.positions();
        assert_eq!(positions.len(), 100);
        assert!(positions.iter().all(|p| p.asset_class == AssetClass::Equity));
        assert!(positions.iter().filter(|p| p.qty.is_negative()).count() >= 10, "some are short");
        x.advance(Stamp::from_secs(1_800_000_060).unwrap());
        let working: Vec<_> = x.orders.open().map(|(_, o)| o).collect();
        assert_eq!(working.len(), 200);
        assert!(working.iter().all(|o| o.status == Status::New), "none fills, none is rejected");
        let account = x.account();
        assert!(account.buying_power.get() > Decimal::from(100_000_u32), "{}", account.buying_power);
        assert!(x.orders.open().any(|(_, o)| o.closes()) && x.orders.open().any(|(_, o)| !o.closes()));
        assert_eq!(Exchange::restore(x.save()).unwrap().save(), x.save());
    }

    #[test]
    fn what_is_named_is_there_and_what_cannot_be_is_refused() {
        let mut x = exchange();
        let symbol = |s| Symbol::new(s).unwrap();
        let given = |s, q: &str| Given {
            symbol: symbol(s),
            qty: q.parse().unwrap(),
            price: Some("100".parse().unwrap()),
        };
        let stop = Wanted {
            symbol: symbol("AAPL"),
            side: Side::Sell,
            qty: "40".parse().unwrap(),
            kind: OrderKind::Stop,
            limit: None,
            stop: Some(Level::Percent("-10".parse().unwrap())),
            tif: Tif::Gtc,
        };
        let furniture = Furniture {
            positions: vec![given("AAPL", "40"), given("TSLA", "-5")],
            orders: vec![stop.clone()],
            more: (0, 0),
        };
        x.furnish(&furniture).unwrap();
        let aapl = x.position("AAPL").unwrap();
        assert_eq!((aapl.qty.to_string(), aapl.avg_entry_price.to_string()), ("40".into(), "100".into()));
        assert_eq!(x.position("TSLA").unwrap().qty.to_string(), "-5");
        let account = x.account();
        assert_eq!(account.cash.to_string(), "100500", "the long one is a gift, the short one was sold");
        assert_eq!(account.equity, account.last_equity, "it is no profit of today");
        let refused = |f: &Furniture| exchange().furnish(f).unwrap_err().message;
        assert_eq!(
            refused(&Furniture { positions: vec![given("NOSUCH", "1")], ..Furniture::default() }),
            "there is no instrument NOSUCH"
        );
        assert_eq!(
            refused(&Furniture { positions: vec![given("AMC", "-1")], ..Furniture::default() }),
            "AMC can't be held short"
        );
        let alone = refused(&Furniture {
            orders: vec![Wanted { qty: "4000".parse().unwrap(), ..stop }],
            ..Furniture::default()
        });
        assert!(alone.starts_with("sell 4000 AAPL: "), "{alone}");
        assert!(refused(&Furniture::made_up(200, 0)).contains("positions only"));
    }
}
