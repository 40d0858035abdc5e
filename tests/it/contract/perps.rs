//! What the stand-in has of USD-M futures: positions in place of coins, and conditional orders in a service of their own.

use super::coins::average;
use super::exchange::{Exchange, ILLEGAL, MISSING, Market, No, Order, Params, Trade, dec};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// A conditional order.
#[derive(Debug, Clone)]
pub(crate) struct Algo {
    pub(crate) id: i64,
    pub(crate) client: String,
    pub(crate) status: &'static str,
    symbol: String,
    side: &'static str,
    kind: String,
    tif: String,
    qty: Decimal,
    price: Decimal,
    trigger: Decimal,
    rate: Option<Decimal>,
    reduces: bool,
    order: Option<i64>,
    best: Decimal,
}

/// One position.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Held {
    pub(crate) qty: Decimal,
    pub(crate) entry: Decimal,
}

impl Exchange {
    /// A request of futures whose sender is known.
    pub(super) fn answer_future(&mut self, what: &str, p: &Params) -> Result<Value, No> {
        match what {
            "GET /fapi/v1/accountConfig" => {
                Ok(json!({"feeTier": 0, "canTrade": self.can_trade, "canDeposit": true,
                "canWithdraw": true, "dualSidePosition": false, "updateTime": 0, "multiAssetsMargin": false, "tradeGroupId": -1}))
            }
            "GET /fapi/v1/symbolConfig" => Ok(self.markets.keys().map(|s| self.symbol_config(s)).collect()),
            "GET /fapi/v1/leverageBracket" => Ok(self.markets.keys().map(|s| brackets(s)).collect()),
            "GET /fapi/v3/balance" => Ok(
                json!([{"accountAlias": "SgsRfzAu", "asset": "USDT", "balance": self.total("USDT").to_string(),
                "crossWalletBalance": "0", "crossUnPnl": "0", "availableBalance": "0", "maxWithdrawAmount": "0",
                "marginAvailable": true, "updateTime": 0}]),
            ),
            "GET /fapi/v3/account" => Ok(self.margin()),
            "GET /fapi/v3/positionRisk" => Ok(self.risk()),
            "GET /fapi/v1/order" => Ok(self.shown(&self.orders[self.found(p)?])),
            "GET /fapi/v1/openOrders" => Ok(self.list(p, Order::is_open)),
            "GET /fapi/v1/allOrders" => Ok(self.list(p, |_| true)),
            "GET /fapi/v1/userTrades" => Ok(self.future_trades(p)),
            "POST /fapi/v1/order" => self.place_future(p),
            "PUT /fapi/v1/order" => self.change_future(p),
            "DELETE /fapi/v1/order" => {
                let index = self.found(p).map_err(|_| UNKNOWN)?;
                if !self.orders[index].is_open() {
                    return Err(UNKNOWN);
                }
                self.cancel(self.orders[index].id, "");
                Ok(self.shown(&self.orders[index]))
            }
            "DELETE /fapi/v1/allOpenOrders" => {
                let symbol = p.get("symbol").ok_or(MISSING)?.clone();
                let open: Vec<i64> =
                    self.orders.iter().filter(|o| o.symbol == symbol && o.is_open()).map(|o| o.id).collect();
                for id in open {
                    self.cancel(id, "");
                }
                Ok(json!({"code": 200, "msg": "The operation of cancel all open order is done."}))
            }
            "POST /fapi/v1/countdownCancelAll" => self.set_countdown(p),
            "POST /fapi/v1/algoOrder" => self.place_algo(p),
            "GET /fapi/v1/openAlgoOrders" => {
                Ok(self.algos.iter().filter(|a| a.status == "NEW").map(shown).collect())
            }
            "GET /fapi/v1/algoOrder" => {
                Ok(shown(&self.algos[self.found_algo(p).ok_or((-2_013, "Order does not exist."))?]))
            }
            "DELETE /fapi/v1/algoOrder" => {
                let at = self.found_algo(p).filter(|at| self.algos[*at].status == "NEW").ok_or(UNKNOWN)?;
                self.end_algo(at, "CANCELED");
                Ok(
                    json!({"algoId": self.algos[at].id, "clientAlgoId": self.algos[at].client, "code": "200", "msg": "success"}),
                )
            }
            "DELETE /fapi/v1/algoOpenOrders" => {
                let symbol = p.get("symbol").ok_or(MISSING)?;
                let open: Vec<usize> = (0..self.algos.len())
                    .filter(|at| self.algos[*at].symbol == *symbol && self.algos[*at].status == "NEW")
                    .collect();
                for at in open {
                    self.end_algo(at, "CANCELED");
                }
                Ok(json!({"code": 200, "msg": "The operation of cancel all open algo order is done."}))
            }
            _ => Err((-1_020, "This operation is not supported.")),
        }
    }

    fn symbol_config(&self, symbol: &str) -> Value {
        json!({"symbol": symbol, "marginType": "CROSSED", "isAutoAddMargin": "false", "leverage": self.leverage,
            "maxNotionalValue": "1000000"})
    }

    fn set_countdown(&mut self, p: &Params) -> Result<Value, No> {
        let symbol = p.get("symbol").filter(|s| self.markets.contains_key(*s)).ok_or(MISSING)?.clone();
        let ms: i64 = p.get("countdownTime").ok_or(MISSING)?.parse().map_err(|_| ILLEGAL)?;
        if ms == 0 {
            self.countdowns.remove(&symbol);
        } else {
            self.countdowns.insert(symbol.clone(), self.now() + ms);
        }
        Ok(json!({"symbol": symbol, "countdownTime": ms.to_string()}))
    }

    /// Cancels where nobody was heard in time: plain orders alone.
    pub(super) fn count_down(&mut self) {
        let now = self.now();
        let over: Vec<String> =
            self.countdowns.iter().filter(|(_, at)| **at <= now).map(|(s, _)| s.clone()).collect();
        for symbol in over {
            self.countdowns.remove(&symbol);
            let open: Vec<i64> =
                self.orders.iter().filter(|o| o.symbol == symbol && o.is_open()).map(|o| o.id).collect();
            for id in open {
                self.cancel(id, "");
            }
        }
    }

    /// Somebody sets another leverage.
    pub(crate) fn set_leverage(&mut self, symbol: &str, leverage: u32) {
        self.leverage = leverage;
        let event = json!({"e": "ACCOUNT_CONFIG_UPDATE", "E": self.now(), "T": self.now(), "ac": {"s": symbol, "l": leverage}});
        self.say(event.to_string());
    }

    fn margin(&self) -> Value {
        let wallet = self.total("USDT");
        let unrealized: Decimal =
            self.positions.iter().map(|(s, h)| h.qty * (self.markets[s].bid - h.entry)).sum();
        let used: Decimal =
            self.positions.iter().map(|(s, h)| (h.qty * self.markets[s].bid).abs() / dec("20")).sum();
        json!({"totalInitialMargin": used.to_string(), "totalMaintMargin": (used / dec("10")).to_string(),
            "totalWalletBalance": wallet.to_string(), "totalUnrealizedProfit": unrealized.to_string(),
            "totalMarginBalance": (wallet + unrealized).to_string(), "availableBalance": (wallet + unrealized - used).to_string(),
            "assets": [{"asset": "USDT", "walletBalance": wallet.to_string(), "unrealizedProfit": unrealized.to_string(),
                "marginBalance": (wallet + unrealized).to_string(), "maintMargin": (used / dec("10")).to_string(),
                "initialMargin": used.to_string(), "positionInitialMargin": used.to_string(), "openOrderInitialMargin": "0",
                "crossWalletBalance": wallet.to_string(), "crossUnPnl": unrealized.to_string(),
                "availableBalance": (wallet + unrealized - used).to_string(), "maxWithdrawAmount": "0", "updateTime": self.now()}],
            "positions": []})
    }

    /// Only symbols with a position or an order are listed.
    fn risk(&self) -> Value {
        let row = |(symbol, held): (&String, &Held)| {
            let mark = self.markets[symbol].bid;
            json!({"symbol": symbol, "positionSide": "BOTH", "positionAmt": held.qty.to_string(),
            "entryPrice": held.entry.to_string(), "breakEvenPrice": "0", "markPrice": mark.to_string(),
            "unRealizedProfit": (held.qty * (mark - held.entry)).to_string(), "liquidationPrice": "0",
            "isolatedMargin": "0", "notional": (held.qty * mark).to_string(), "marginAsset": "USDT", "updateTime": 1})
        };
        self.positions.iter().map(row).collect()
    }

    fn future_trades(&self, p: &Params) -> Value {
        let symbol = p.get("symbol");
        let one = |t: &Trade| {
            json!({"symbol": t.symbol, "id": t.id, "orderId": t.order, "side": if t.is_buyer { "BUY" } else { "SELL" },
            "price": t.price.to_string(), "qty": t.qty.to_string(), "realizedPnl": "0", "quoteQty": (t.qty * t.price).to_string(),
            "commission": t.fee.to_string(), "commissionAsset": t.fee_asset, "time": t.at, "positionSide": "BOTH",
            "buyer": t.is_buyer, "maker": t.is_maker})
        };
        self.trades.iter().filter(|t| Some(&t.symbol) == symbol).map(one).collect()
    }

    fn place_future(&mut self, p: &Params) -> Result<Value, No> {
        if !matches!(p.get("type").map(String::as_str), Some("LIMIT" | "MARKET")) {
            return Err((
                -4_120,
                "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.",
            ));
        }
        let side = p.get("side").ok_or(MISSING)?.clone();
        let mut order = self.made(p, "", &side, -1)?;
        if order.qty.is_zero() {
            return Err((-4_003, "Quantity less than or equal to zero."));
        }
        let market = &self.markets[&order.symbol];
        let crosses = if side == "BUY" { order.price >= market.ask } else { order.price <= market.bid };
        if order.tif == "GTX" && order.kind == "LIMIT" && crosses {
            return Err((
                -5_022,
                "Due to the order could not be executed as maker, the Post Only order will be rejected.",
            ));
        }
        if p.get("reduceOnly").is_some_and(|t| t == "true") {
            let held = self.positions.get(&order.symbol).map_or(Decimal::ZERO, |h| h.qty);
            let closable = if side == "SELL" { held } else { -held };
            if closable <= Decimal::ZERO {
                return Err((-2_022, "ReduceOnly Order is rejected."));
            }
            // It is cut to what is there, and never turns a position.
            order.qty = order.qty.min(closable);
        }
        let id = self.enter(order)?;
        Ok(self.shown(&self.orders[self.at(id)]))
    }

    /// A limit order is changed itself and keeps its number; it is cancelled where the change leaves nothing to fill, or
    /// would make a post-only order take.
    fn change_future(&mut self, p: &Params) -> Result<Value, No> {
        let index = self.found(p)?;
        let order = self.orders[index].clone();
        if !order.is_open() {
            return Err((-2_013, "Order does not exist."));
        }
        if order.kind != "LIMIT" {
            return Err((-4_136, "Order type is not supported for modification."));
        }
        let number =
            |n: &str| -> Result<Decimal, No> { p.get(n).ok_or(MISSING)?.parse().map_err(|_| ILLEGAL) };
        let (qty, price) = (number("quantity")?, number("price")?);
        if p.get("side").ok_or(MISSING)? != order.side {
            return Err((-1_117, "Invalid side."));
        }
        if (price % dec("0.01")) != Decimal::ZERO {
            return Err((-4_014, "Price not increased by tick size."));
        }
        if qty <= Decimal::ZERO || (qty % dec("0.001")) != Decimal::ZERO {
            return Err((-4_003, "Quantity less than or equal to zero."));
        }
        if (qty, price) == (order.qty, order.price) {
            return Err((-5_027, "No need to modify the order."));
        }
        let market = self.markets[&order.symbol].clone();
        in_band(&market, order.side == "BUY", price)?;
        let crosses = if order.side == "BUY" { price >= market.ask } else { price <= market.bid };
        if qty <= order.filled || (order.tif == "GTX" && crosses) {
            self.cancel(order.id, "");
            return Ok(self.shown(&self.orders[index]));
        }
        (self.orders[index].qty, self.orders[index].price) = (qty, price);
        self.tell(index, "AMENDMENT", None);
        if crosses {
            self.take(index);
        }
        Ok(self.shown(&self.orders[index]))
    }

    fn place_algo(&mut self, p: &Params) -> Result<Value, No> {
        let number = |n: &str| p.get(n).map_or(Ok(Decimal::ZERO), |t| t.parse().map_err(|_| ILLEGAL));
        let kind = p.get("type").ok_or(MISSING)?.clone();
        if p.get("algoType").is_none_or(|t| t != "CONDITIONAL") || p.contains_key("stopPrice") {
            return Err(MISSING);
        }
        let symbol = p.get("symbol").ok_or(MISSING)?.clone();
        let market = self.markets.get(&symbol).ok_or((-1_121, "Invalid symbol."))?.clone();
        let is_buy = p.get("side").ok_or(MISSING)? == "BUY";
        let trigger = number("triggerPrice")?;
        let trails = kind == "TRAILING_STOP_MARKET";
        if trails != p.contains_key("callbackRate") || trails == p.contains_key("triggerPrice") {
            return Err(MISSING);
        }
        let price = if is_buy { market.ask } else { market.bid };
        if !trails && if is_buy { trigger <= price } else { trigger >= price } {
            return Err((-2_021, "Order would immediately trigger."));
        }
        if self.algos.iter().filter(|a| a.status == "NEW" && a.symbol == symbol).count() >= 2 {
            return Err((-4_045, "Reach max stop order limit."));
        }
        let id = self.next();
        self.algos.push(Algo {
            id,
            client: p.get("clientAlgoId").cloned().unwrap_or_else(|| format!("own-{id}")),
            status: "NEW",
            symbol,
            side: if is_buy { "BUY" } else { "SELL" },
            kind,
            tif: p.get("timeInForce").cloned().unwrap_or_else(|| "GTC".to_owned()),
            qty: number("quantity")?,
            price: number("price")?,
            trigger,
            rate: p.get("callbackRate").map(|t| t.parse().unwrap()),
            reduces: p.get("reduceOnly").is_some_and(|t| t == "true"),
            order: None,
            best: price,
        });
        let at = self.algos.len() - 1;
        self.tell_algo(at);
        Ok(shown(&self.algos[at]))
    }

    fn found_algo(&self, p: &Params) -> Option<usize> {
        let id: Option<i64> = p.get("algoId").map(|t| t.parse().unwrap());
        let client = p.get("clientAlgoId");
        self.algos.iter().rposition(|a| id.map_or_else(|| Some(&a.client) == client, |id| a.id == id))
    }

    fn end_algo(&mut self, at: usize, status: &'static str) {
        self.algos[at].status = status;
        self.tell_algo(at);
    }

    fn tell_algo(&mut self, at: usize) {
        let a = &self.algos[at];
        let event = json!({"e": "ALGO_UPDATE", "T": self.now(), "E": self.now(), "o": {"caid": a.client, "aid": a.id,
            "at": "CONDITIONAL", "o": a.kind, "s": a.symbol, "S": a.side, "ps": "BOTH", "f": a.tif, "q": a.qty.to_string(),
            "X": a.status, "ai": a.order.map_or_else(String::new, |id| id.to_string()), "tp": a.trigger.to_string(),
            "p": a.price.to_string(), "cr": a.rate.map(|r| r.to_string()), "V": "EXPIRE_MAKER", "wt": "CONTRACT_PRICE", "cp": false, "R": a.reduces, "gtd": 0}});
        self.say(event.to_string());
    }

    /// Conditional orders that the market reached become orders with the same client's id. That this happened is told
    /// after what came of the order, as it was recorded.
    pub(super) fn trigger(&mut self, symbol: &str) {
        let market = self.markets[symbol].clone();
        for at in 0..self.algos.len() {
            let algo = &mut self.algos[at];
            if algo.status != "NEW" || algo.symbol != symbol {
                continue;
            }
            let is_buy = algo.side == "BUY";
            let price = if is_buy { market.ask } else { market.bid };
            algo.best = if is_buy { algo.best.min(price) } else { algo.best.max(price) };
            let share = algo.rate.map(|r| r / dec("100"));
            let stop = share.map_or(algo.trigger, |share| {
                if is_buy { algo.best * (Decimal::ONE + share) } else { algo.best * (Decimal::ONE - share) }
            });
            if if is_buy { price < stop } else { price > stop } {
                continue;
            }
            self.end_algo(at, "TRIGGERING");
            let algo = self.algos[at].clone();
            let mut p = Params::new();
            let kind = if algo.price.is_zero() { "MARKET" } else { "LIMIT" };
            for (name, value) in [
                ("symbol", symbol.to_owned()),
                ("side", algo.side.to_owned()),
                ("type", kind.to_owned()),
                ("quantity", algo.qty.to_string()),
                ("price", algo.price.to_string()),
                ("newClientOrderId", algo.client.clone()),
                ("reduceOnly", algo.reduces.to_string()),
            ] {
                p.insert(name.to_owned(), value);
            }
            let placed = self.place_future(&p);
            self.algos[at].order = placed.ok().and_then(|v| v["orderId"].as_i64());
            let end = if self.algos[at].order.is_some() { "FINISHED" } else { "REJECTED" };
            self.end_algo(at, "TRIGGERED");
            self.end_algo(at, end);
        }
    }

    /// What a fill makes of the position and the wallet.
    pub(super) fn fill_future(
        &mut self,
        symbol: &str,
        side: &str,
        qty: Decimal,
        price: Decimal,
        fee: Decimal,
    ) {
        let signed = if side == "BUY" { qty } else { -qty };
        let held = self.positions.entry(symbol.to_owned()).or_default();
        let mut realized = Decimal::ZERO;
        let after = held.qty + signed;
        if held.qty.is_zero() || (held.qty > Decimal::ZERO) == (signed > Decimal::ZERO) {
            held.entry = (held.entry * held.qty.abs() + price * qty) / after.abs();
        } else {
            let closed = qty.min(held.qty.abs());
            let sign = if held.qty > Decimal::ZERO { Decimal::ONE } else { -Decimal::ONE };
            realized = closed * (price - held.entry) * sign;
            if after.is_zero() {
                held.entry = Decimal::ZERO;
            } else if (after > Decimal::ZERO) != (held.qty > Decimal::ZERO) {
                held.entry = price;
            }
        }
        held.qty = after;
        self.balances.get_mut("USDT").unwrap().0 += realized - fee;
    }

    pub(super) fn future_event(&self, o: &Order, status: &str, what: &str, trade: Option<&Trade>) -> Value {
        let zero = Decimal::ZERO;
        json!({"e": "ORDER_TRADE_UPDATE", "T": self.now(), "E": self.now(), "o": {"s": o.symbol, "c": o.client, "S": o.side,
            "o": o.kind, "f": o.tif, "q": o.qty.to_string(), "p": o.price.to_string(), "ap": average(o).to_string(), "sp": "0",
            "x": what, "X": status, "i": o.id, "l": trade.map_or(zero, |t| t.qty).to_string(), "z": o.filled.to_string(),
            "L": trade.map_or(zero, |t| t.price).to_string(), "n": trade.map_or(zero, |t| t.fee).to_string(),
            "N": trade.map(|t| t.fee_asset.clone()),
            "T": self.now(), "t": trade.map_or(0, |t| t.id), "m": trade.is_some_and(|t| t.is_maker), "R": false,
            "wt": "CONTRACT_PRICE", "ot": o.kind, "ps": "BOTH", "cp": false, "rp": "0", "gtd": 0}})
    }
}

/// A buy is not far above the mark price, a sale not far below.
pub(super) fn in_band(market: &Market, is_buy: bool, price: Decimal) -> Result<(), No> {
    if is_buy && price > market.bid * dec("1.15") {
        return Err((-4_016, "Limit price can't be higher than the band."));
    }
    if !is_buy && price < market.bid * dec("0.85") {
        return Err((-4_024, "Limit price can't be lower than the band."));
    }
    Ok(())
}

fn brackets(symbol: &str) -> Value {
    json!({"symbol": symbol, "notionalCoef": 1.0, "brackets": [{"bracket": 1, "initialLeverage": 125,
        "notionalCap": 50_000_000, "notionalFloor": 0, "maintMarginRatio": 0.004, "cum": 0.0}]})
}

pub(super) fn shown_future(o: &Order, status: &str) -> Value {
    json!({"symbol": o.symbol, "orderId": o.id, "clientOrderId": o.client, "price": o.price.to_string(),
        "avgPrice": average(o).to_string(), "origQty": o.qty.to_string(), "executedQty": o.filled.to_string(),
        "cumQuote": o.spent.to_string(), "status": status, "timeInForce": o.tif, "type": o.kind, "origType": o.kind,
        "side": o.side, "stopPrice": "0", "reduceOnly": false, "closePosition": false, "positionSide": "BOTH",
        "workingType": "CONTRACT_PRICE", "priceProtect": false, "goodTillDate": 0, "time": o.at, "updateTime": o.at})
}

const UNKNOWN: No = (-2_011, "Unknown order sent.");

fn shown(a: &Algo) -> Value {
    json!({"algoId": a.id, "clientAlgoId": a.client, "algoType": "CONDITIONAL", "orderType": a.kind, "symbol": a.symbol,
        "side": a.side, "positionSide": "BOTH", "timeInForce": a.tif, "quantity": a.qty.to_string(), "algoStatus": a.status,
        "actualOrderId": a.order.map_or_else(String::new, |id| id.to_string()), "triggerPrice": a.trigger.to_string(),
        "price": a.price.to_string(), "callbackRate": a.rate.map(|r| r.to_string()), "workingType": "CONTRACT_PRICE",
        "closePosition": false, "reduceOnly": a.reduces, "createTime": 1_763_458_576_201_i64,
        "updateTime": 1_763_458_576_201_i64, "triggerTime": 0, "goodTillDate": 0})
}
