//! What the stand-in has of COIN-M futures: contracts of so many dollars whose margin, profit and fees are the coin, a wallet
//! for each coin, and requests of their own where they differ from those of USD-M.

use super::{
    exchange::{Exchange, MISSING, Market, No, Order, Params, Trade, dec},
    perps::Held,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Dollars of one contract, as the venue has them.
pub(crate) fn face(symbol: &str) -> Decimal {
    dec(if symbol.starts_with("BTCUSD") { "100" } else { "10" })
}

/// Two coins, and none of what the other products have.
pub(crate) fn furnish(exchange: &mut Exchange) {
    (exchange.is_futures, exchange.is_coin) = (true, true);
    let market = |base, bid: &str, ask: &str| Market { base, bid: dec(bid), ask: dec(ask), update: 100 };
    exchange.markets = [
        ("BTCUSD_PERP".to_owned(), market("BTC", "50000.0", "50000.1")),
        ("ETHUSD_PERP".to_owned(), market("ETH", "2500.00", "2500.10")),
    ]
    .into();
    exchange.balances = [("BTC", "2"), ("ETH", "10"), ("DOT", "0")]
        .map(|(coin, n)| (coin.to_owned(), (dec(n), Decimal::ZERO)))
        .into();
}

/// Filled by the average of it: contracts by coins, not dollars by contracts.
pub(super) fn average(o: &Order) -> Decimal {
    let by =
        if o.symbol.contains("USD_") { o.filled.checked_div(o.spent) } else { o.spent.checked_div(o.filled) };
    by.unwrap_or_default().round_dp(8)
}

impl Exchange {
    /// What its requests' paths begin with.
    pub(super) fn root(&self) -> &'static str {
        match (self.is_coin, self.is_futures) {
            (true, _) => "/dapi/v1/",
            (false, true) => "/fapi/v1/",
            (false, false) => "/api/v3/",
        }
    }

    /// A request of COIN-M futures whose sender is known. Orders and conditional orders are as those of USD-M.
    pub(super) fn answer_coin(&mut self, what: &str, p: &Params) -> Result<Value, No> {
        match what {
            "GET /dapi/v1/account" => {
                Ok(json!({"canTrade": self.can_trade, "canDeposit": true, "canWithdraw": true,
                "feeTier": 0, "updateTime": 0, "assets": self.wallets(), "positions": []}))
            }
            "GET /dapi/v1/positionSide/dual" => Ok(json!({"dualSidePosition": false})),
            "GET /dapi/v1/balance" => Ok(json!([{"accountAlias": "SgsRfzCm", "asset": "BTC",
                "balance": self.total("BTC").to_string(), "withdrawAvailable": "0", "crossWalletBalance": "0",
                "crossUnPnl": "0", "availableBalance": "0", "updateTime": 0}])),
            "GET /dapi/v1/positionRisk" => Ok(self.coin_risk()),
            "GET /dapi/v1/userTrades" => {
                let symbol = p.get("symbol").ok_or(MISSING)?;
                Ok(self.trades.iter().filter(|t| t.symbol == *symbol).map(coin_trade).collect())
            }
            "GET /dapi/v1/order"
            | "GET /dapi/v1/openOrders"
            | "GET /dapi/v1/allOrders"
            | "POST /dapi/v1/order"
            | "PUT /dapi/v1/order"
            | "POST /dapi/v1/countdownCancelAll"
            | "DELETE /dapi/v1/order"
            | "DELETE /dapi/v1/allOpenOrders"
            | "POST /dapi/v1/algoOrder"
            | "GET /dapi/v1/openAlgoOrders"
            | "GET /dapi/v1/algoOrder"
            | "DELETE /dapi/v1/algoOrder"
            | "DELETE /dapi/v1/algoOpenOrders" => {
                if p.contains_key("goodTillDate") {
                    return Err((-1_104, "Not all sent parameters were read."));
                }
                let qty = p.get("quantity").map(|t| t.parse::<Decimal>().unwrap());
                if qty.is_some_and(|q| !q.fract().is_zero()) {
                    return Err((-1_111, "Precision is over the maximum defined for this asset."));
                }
                self.answer_future(&what.replace("/dapi/", "/fapi/"), p)
            }
            _ => Err((-1_020, "This operation is not supported.")),
        }
    }

    /// What is won of a position in the coin: contracts × face × (1/entry − 1/price).
    fn won(&self, symbol: &str, held: &Held) -> Decimal {
        if held.qty.is_zero() {
            return Decimal::ZERO;
        }
        let one = Decimal::ONE;
        held.qty * face(symbol) * (one / held.entry - one / self.markets[symbol].bid)
    }

    fn wallets(&self) -> Value {
        let row = |(coin, (free, locked)): (&String, &(Decimal, Decimal))| {
            let of = self.positions.iter().filter(|(s, _)| self.markets[*s].base == *coin);
            let (mut won, mut margin) = (Decimal::ZERO, Decimal::ZERO);
            for (symbol, held) in of {
                won += self.won(symbol, held);
                margin += held.qty.abs() * face(symbol) / self.markets[symbol].bid / dec("20");
            }
            let wallet = free + locked;
            let eight = |d: Decimal| d.round_dp(8).to_string();
            json!({"asset": coin, "walletBalance": eight(wallet), "unrealizedProfit": eight(won),
                "marginBalance": eight(wallet + won), "maintMargin": eight(margin / dec("10")), "initialMargin": eight(margin),
                "positionInitialMargin": eight(margin), "openOrderInitialMargin": "0", "maxWithdrawAmount": "0",
                "crossWalletBalance": eight(wallet), "crossUnPnl": eight(won), "availableBalance": eight(wallet + won - margin),
                "updateTime": 0})
        };
        self.balances.iter().map(row).collect()
    }

    /// Every symbol is listed, held or not.
    fn coin_risk(&self) -> Value {
        let row = |(symbol, market): (&String, &Market)| {
            let held = self.positions.get(symbol).copied().unwrap_or_default();
            json!({"symbol": symbol, "positionAmt": held.qty.to_string(), "entryPrice": held.entry.round_dp(8).to_string(),
                "breakEvenPrice": "0.0", "markPrice": market.bid.to_string(),
                "unRealizedProfit": self.won(symbol, &held).round_dp(8).to_string(), "liquidationPrice": "0",
                "leverage": "20", "maxQty": "1000000", "marginType": "cross", "isolatedMargin": "0.00000000",
                "isAutoAddMargin": "false", "positionSide": "BOTH", "notionalValue": "0", "updateTime": 1})
        };
        self.markets.iter().map(row).collect()
    }

    /// What a fill makes of the position and of the wallet of its coin.
    pub(super) fn fill_coin(
        &mut self,
        symbol: &str,
        side: &str,
        qty: Decimal,
        price: Decimal,
    ) -> (String, Decimal) {
        let coin = self.markets[symbol].base.to_owned();
        let fee = (qty * face(symbol) / price * dec("0.0005")).round_dp(8);
        let signed = if side == "BUY" { qty } else { -qty };
        let held = self.positions.entry(symbol.to_owned()).or_default();
        let (one, after) = (Decimal::ONE, held.qty + signed);
        let mut realized = Decimal::ZERO;
        if held.qty.is_zero() || (held.qty > Decimal::ZERO) == (signed > Decimal::ZERO) {
            let coins = if held.qty.is_zero() { Decimal::ZERO } else { held.qty.abs() / held.entry };
            held.entry = after.abs() / (coins + qty / price);
        } else {
            let closed = qty.min(held.qty.abs());
            let sign = if held.qty > Decimal::ZERO { one } else { -one };
            realized = (closed * face(symbol) * (one / held.entry - one / price) * sign).round_dp(8);
            if after.is_zero() {
                held.entry = Decimal::ZERO;
            } else if (after > Decimal::ZERO) != (held.qty > Decimal::ZERO) {
                held.entry = price;
            }
        }
        held.qty = after;
        self.balances.get_mut(&coin).unwrap().0 += realized - fee;
        (coin, fee)
    }

    /// What anybody may ask that the others do not have.
    pub(super) fn index_prices(&self) -> Value {
        let row = |(symbol, market): (&String, &Market)| {
            json!({"symbol": symbol, "pair": symbol.split('_').next(), "markPrice": market.bid.to_string(),
                "indexPrice": market.bid.to_string(), "estimatedSettlePrice": "0", "lastFundingRate": "0.0001",
                "interestRate": "0.0001", "nextFundingTime": 0, "time": self.now()})
        };
        self.markets.iter().filter(|(symbol, _)| !self.unpriced.contains(*symbol)).map(row).collect()
    }

    /// The list of contracts: perpetual ones, and those that end.
    pub(super) fn coin_info(&self) -> Value {
        let symbol = |name: &str, base: &str, kind: &str| {
            json!({"symbol": name, "pair": format!("{base}USD"), "contractType": kind, "deliveryDate": delivered_at(kind),
                "onboardDate": 1_597_042_800_000_i64, "contractStatus": "TRADING", "contractSize": if base == "BTC" { 100 } else { 10 },
                "marginAsset": base, "maintMarginPercent": "2.5000", "requiredMarginPercent": "5.0000", "baseAsset": base,
                "quoteAsset": "USD", "pricePrecision": 2, "quantityPrecision": 0, "baseAssetPrecision": 8, "quotePrecision": 8,
                "equalQtyPrecision": 4, "triggerProtect": "0.0500", "underlyingType": "COIN", "underlyingSubType": [],
                "filters": [
                    {"minPrice": "0.01", "maxPrice": "4520958", "filterType": "PRICE_FILTER", "tickSize": "0.1"},
                    {"stepSize": "1", "filterType": "LOT_SIZE", "maxQty": "1000000", "minQty": "1"},
                    {"stepSize": "1", "filterType": "MARKET_LOT_SIZE", "maxQty": "60000", "minQty": "1"},
                    {"limit": 200, "filterType": "MAX_NUM_ORDERS"},
                    {"multiplierDown": "0.9500", "multiplierUp": "1.0500", "multiplierDecimal": "4", "filterType": "PERCENT_PRICE"}],
                "OrderType": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"],
                "timeInForce": ["GTC", "IOC", "FOK", "GTX"], "liquidationFee": "0.015000", "marketTakeBound": "0.05"})
        };
        let all: Vec<Value> = self.markets.iter().map(|(name, m)| symbol(name, m.base, term(name))).collect();
        json!({"timezone": "UTC", "serverTime": self.now(), "exchangeFilters": [],
            "rateLimits": [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400}],
            "symbols": all})
    }
}

/// Contracts that end say when in their names.
pub(super) fn term(symbol: &str) -> &'static str {
    if symbol.ends_with("_301227") { "CURRENT_QUARTER" } else { "PERPETUAL" }
}

/// In milliseconds: eight in the morning, or a century away.
pub(super) fn delivered_at(term: &str) -> i64 {
    if term == "PERPETUAL" { 4_133_404_800_000 } else { 1_924_588_800_000 }
}

fn coin_trade(t: &Trade) -> Value {
    json!({"symbol": t.symbol, "id": t.id, "orderId": t.order, "pair": "BTCUSD",
        "side": if t.is_buyer { "BUY" } else { "SELL" }, "price": t.price.to_string(), "qty": t.qty.to_string(),
        "realizedPnl": "0", "marginAsset": t.fee_asset, "baseQty": "0", "commission": t.fee.to_string(),
        "commissionAsset": t.fee_asset, "time": t.at, "positionSide": "BOTH", "buyer": t.is_buyer, "maker": t.is_maker})
}
