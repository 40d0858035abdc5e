//! What clients send: numbers in strings or bare, words of the API. What cannot be read is named.

use crate::{
    domain::{
        money::{Money, NumberError, Percent, Price, Qty, Ratio, parse_decimal},
        order::{OrderKind, Side, StopLeg, Tif},
    },
    paper::{
        account::Configuration,
        order::{Class, Intent, NewOrder, Portion, Replacement},
    },
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use smol_str::SmolStr;

/// A request that could not be read, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(in crate::paper::server) struct Unclear(pub(in crate::paper::server) String);

type Raw = Option<Box<RawValue>>;

/// A number as clients write it, in the named field.
pub(in crate::paper::server) fn number(field: &str, text: &str) -> Result<Decimal, Unclear> {
    parse_decimal(text).map_err(|e: NumberError| Unclear(format!("invalid {field}: {e}")))
}

fn decimal(field: &str, raw: &Raw) -> Result<Option<Decimal>, Unclear> {
    let Some(raw) = raw else { return Ok(None) };
    let text = raw.get();
    let bare = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    number(field, bare).map(Some)
}

fn price(field: &str, raw: &Raw) -> Result<Option<Price>, Unclear> {
    Ok(decimal(field, raw)?.map(Price::new))
}

fn qty(field: &str, raw: &Raw) -> Result<Option<Qty>, Unclear> {
    let Some(d) = decimal(field, raw)? else { return Ok(None) };
    Qty::new(d).map(Some).ok_or_else(|| Unclear(format!("{field} must be greater than 0")))
}

fn unknown(field: &str, word: &str) -> Unclear {
    let shown: String = word.chars().filter(|c| !c.is_control()).take(40).collect();
    Unclear(format!("invalid {field}: \"{shown}\""))
}

fn kind(word: &str) -> Result<OrderKind, Unclear> {
    match word {
        "market" => Ok(OrderKind::Market),
        "limit" => Ok(OrderKind::Limit),
        "stop" => Ok(OrderKind::Stop),
        "stop_limit" => Ok(OrderKind::StopLimit),
        "trailing_stop" => Ok(OrderKind::TrailingStop),
        other => Err(unknown("type", other)),
    }
}

fn tif(word: &str) -> Result<Tif, Unclear> {
    match word {
        "day" => Ok(Tif::Day),
        "gtc" => Ok(Tif::Gtc),
        "opg" => Ok(Tif::Opg),
        "cls" => Ok(Tif::Cls),
        "ioc" => Ok(Tif::Ioc),
        "fok" => Ok(Tif::Fok),
        other => Err(unknown("time_in_force", other)),
    }
}

fn side(word: &str) -> Result<Side, Unclear> {
    match word {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        other => Err(unknown("side", other)),
    }
}

fn class(word: Option<&str>) -> Result<Class, Unclear> {
    match word {
        None | Some("" | "simple") => Ok(Class::Simple),
        Some("bracket") => Ok(Class::Bracket),
        Some("oco") => Ok(Class::Oco),
        Some("oto") => Ok(Class::Oto),
        Some(other) => Err(unknown("order_class", other)),
    }
}

fn intent(word: &str) -> Result<Intent, Unclear> {
    match word {
        "buy_to_open" => Ok(Intent::BuyToOpen),
        "buy_to_close" => Ok(Intent::BuyToClose),
        "sell_to_open" => Ok(Intent::SellToOpen),
        "sell_to_close" => Ok(Intent::SellToClose),
        other => Err(unknown("position_intent", other)),
    }
}

/// The body of `POST /v2/orders`.
#[derive(Debug, Deserialize)]
pub(in crate::paper::server) struct OrderRequest {
    symbol: Option<SmolStr>,
    qty: Raw,
    notional: Raw,
    side: Option<SmolStr>,
    #[serde(rename = "type")]
    kind: Option<SmolStr>,
    time_in_force: Option<SmolStr>,
    limit_price: Raw,
    stop_price: Raw,
    trail_price: Raw,
    trail_percent: Raw,
    extended_hours: Option<bool>,
    client_order_id: Option<SmolStr>,
    order_class: Option<SmolStr>,
    take_profit: Option<TakeProfit>,
    stop_loss: Option<StopLoss>,
    position_intent: Option<SmolStr>,
}

#[derive(Debug, Deserialize)]
struct TakeProfit {
    limit_price: Raw,
}

#[derive(Debug, Deserialize)]
struct StopLoss {
    stop_price: Raw,
    limit_price: Raw,
}

impl OrderRequest {
    /// The order that it asks for. What each field means together with the others, the exchange judges.
    pub(in crate::paper::server) fn to_order(&self) -> Result<NewOrder, Unclear> {
        let need = |name: &str, word: &Option<SmolStr>| -> Result<SmolStr, Unclear> {
            word.clone().filter(|w| !w.is_empty()).ok_or_else(|| Unclear(format!("{name} is required")))
        };
        Ok(NewOrder {
            symbol: need("symbol", &self.symbol)?,
            side: side(&need("side", &self.side)?)?,
            qty: qty("qty", &self.qty)?,
            notional: decimal("notional", &self.notional)?.map(Money::new),
            kind: kind(&need("type", &self.kind)?)?,
            limit: price("limit_price", &self.limit_price)?,
            stop: price("stop_price", &self.stop_price)?,
            trail_price: price("trail_price", &self.trail_price)?,
            trail_percent: decimal("trail_percent", &self.trail_percent)?.map(Percent::new),
            tif: tif(&need("time_in_force", &self.time_in_force)?)?,
            extended_hours: self.extended_hours.unwrap_or(false),
            class: class(self.order_class.as_deref())?,
            take_profit: self.target()?,
            stop_loss: self.stop_leg()?,
            client_order_id: client_order_id(self.client_order_id.as_ref())?,
            intent: self.position_intent.as_deref().map(intent).transpose()?,
        })
    }

    fn target(&self) -> Result<Option<Price>, Unclear> {
        let Some(leg) = &self.take_profit else { return Ok(None) };
        let limit = price("take_profit.limit_price", &leg.limit_price)?;
        limit.map(Some).ok_or_else(|| Unclear("take_profit.limit_price is required".to_owned()))
    }

    fn stop_leg(&self) -> Result<Option<StopLeg>, Unclear> {
        let Some(leg) = &self.stop_loss else { return Ok(None) };
        let limit = price("stop_loss.limit_price", &leg.limit_price)?;
        let stop = price("stop_loss.stop_price", &leg.stop_price)?;
        let leg = stop.map(|stop| StopLeg { stop, limit });
        leg.map(Some).ok_or_else(|| Unclear("stop_loss.stop_price is required".to_owned()))
    }
}

fn client_order_id(id: Option<&SmolStr>) -> Result<Option<SmolStr>, Unclear> {
    let id = id.cloned().filter(|id| !id.is_empty());
    match id {
        Some(id) if id.chars().count() > 128 => {
            Err(Unclear("client_order_id must be no more than 128 characters".to_owned()))
        }
        Some(id) if id.chars().any(char::is_control) => {
            Err(Unclear("client_order_id must not hold control characters".to_owned()))
        }
        id => Ok(id),
    }
}

/// The body of `PATCH /v2/orders/{id}`.
#[derive(Debug, Deserialize)]
pub(in crate::paper::server) struct ReplaceRequest {
    qty: Raw,
    time_in_force: Option<SmolStr>,
    limit_price: Raw,
    stop_price: Raw,
    trail: Raw,
    client_order_id: Option<SmolStr>,
}

impl ReplaceRequest {
    pub(in crate::paper::server) fn to_replacement(&self) -> Result<Replacement, Unclear> {
        Ok(Replacement {
            qty: qty("qty", &self.qty)?,
            tif: self.time_in_force.as_deref().map(tif).transpose()?,
            limit: price("limit_price", &self.limit_price)?,
            stop: price("stop_price", &self.stop_price)?,
            trail: decimal("trail", &self.trail)?.map(Ratio::new),
            client_order_id: client_order_id(self.client_order_id.as_ref())?,
        })
    }
}

/// The query of `DELETE /v2/positions/{symbol}`.
#[derive(Debug, Default, Deserialize)]
pub(in crate::paper::server) struct CloseRequest {
    qty: Option<String>,
    percentage: Option<String>,
}

impl CloseRequest {
    pub(in crate::paper::server) fn to_portion(&self) -> Result<Portion, Unclear> {
        match (&self.qty, &self.percentage) {
            (None, None) => Ok(Portion::All),
            (Some(_), Some(_)) => Err(Unclear("only one of qty or percentage is accepted".to_owned())),
            (Some(text), None) => match Qty::new(number("qty", text)?) {
                Some(qty) if !qty.is_zero() => Ok(Portion::Qty(qty)),
                Some(_) | None => Err(Unclear("qty must be greater than 0".to_owned())),
            },
            (None, Some(text)) => {
                let share = number("percentage", text)?;
                if share > Decimal::ZERO && share <= Decimal::ONE_HUNDRED {
                    Ok(Portion::Percentage(Percent::new(share)))
                } else {
                    Err(Unclear("percentage must be above 0 and at most 100".to_owned()))
                }
            }
        }
    }
}

/// The body of `PATCH /v2/account/configurations`: what is not there stays.
#[derive(Debug, Deserialize)]
pub(in crate::paper::server) struct ConfigurationRequest {
    dtbp_check: Option<SmolStr>,
    pdt_check: Option<SmolStr>,
    trade_confirm_email: Option<SmolStr>,
    suspend_trade: Option<bool>,
    no_shorting: Option<bool>,
    fractional_trading: Option<bool>,
    max_margin_multiplier: Raw,
    ptp_no_exception_entry: Option<bool>,
    disable_overnight_trading: Option<bool>,
}

fn one_of(field: &str, word: Option<SmolStr>, old: SmolStr, known: &[&str]) -> Result<SmolStr, Unclear> {
    match word {
        None => Ok(old),
        Some(word) if known.contains(&word.as_str()) => Ok(word),
        Some(word) => Err(unknown(field, &word)),
    }
}

impl ConfigurationRequest {
    pub(in crate::paper::server) fn apply(self, old: Configuration) -> Result<Configuration, Unclear> {
        let sides = ["both", "entry", "exit"];
        let multiplier = decimal("max_margin_multiplier", &self.max_margin_multiplier)?;
        Ok(Configuration {
            dtbp_check: one_of("dtbp_check", self.dtbp_check, old.dtbp_check, &sides)?,
            pdt_check: one_of("pdt_check", self.pdt_check, old.pdt_check, &sides)?,
            trade_confirm_email: one_of(
                "trade_confirm_email",
                self.trade_confirm_email,
                old.trade_confirm_email,
                &["all", "none"],
            )?,
            suspend_trade: self.suspend_trade.unwrap_or(old.suspend_trade),
            no_shorting: self.no_shorting.unwrap_or(old.no_shorting),
            fractional_trading: self.fractional_trading.unwrap_or(old.fractional_trading),
            max_margin_multiplier: multiplier.map_or(old.max_margin_multiplier, Ratio::new),
            ptp_no_exception_entry: self.ptp_no_exception_entry.unwrap_or(old.ptp_no_exception_entry),
            disable_overnight_trading: self
                .disable_overnight_trading
                .unwrap_or(old.disable_overnight_trading),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<NewOrder, Unclear> {
        serde_json::from_str::<OrderRequest>(json).map_err(|e| Unclear(e.to_string()))?.to_order()
    }

    #[test]
    fn numbers_come_in_strings_or_bare_and_keep_their_digits() {
        let order = read(
            r#"{"symbol":"AAPL","qty":10,"side":"buy","type":"stop_limit","time_in_force":"gtc","limit_price":"150.10",
                "stop_price":149.95,"order_class":"bracket","take_profit":{"limit_price":160},
                "stop_loss":{"stop_price":"140","limit_price":139.5},"notional":null}"#,
        )
        .unwrap();
        assert_eq!(order.qty, Qty::new(Decimal::TEN));
        assert_eq!(order.limit.unwrap().to_string(), "150.10");
        assert_eq!(order.stop_loss.unwrap().limit.unwrap().to_string(), "139.5");
        assert_eq!(order.class, Class::Bracket);
        assert_eq!(order.notional, None);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let order = |more: &str| {
            format!(r#"{{"symbol":"AAPL","side":"buy","type":"market","time_in_force":"day"{more}}}"#)
        };
        assert!(read(&order("")).is_ok());
        for (more, sentence) in [
            (r#","qty":"ten""#, "invalid qty: `ten` is not a decimal number"),
            (r#","qty":"-1""#, "qty must be greater than 0"),
            (r#","limit_price":1e400"#, "invalid limit_price: `1e400`"),
            (r#","order_class":"mleg""#, "invalid order_class: \"mleg\""),
            (r#","stop_loss":{}"#, "stop_loss.stop_price is required"),
            (r#","position_intent":"x""#, "invalid position_intent: \"x\""),
        ] {
            let refused = read(&order(more)).unwrap_err().to_string();
            assert!(refused.starts_with(sentence), "{refused}");
        }
        assert_eq!(read(r#"{"symbol":"AAPL"}"#).unwrap_err().to_string(), "side is required");
    }

    #[test]
    fn a_share_of_a_position_is_one_thing_or_the_other() {
        let of = |qty: Option<&str>, percentage: Option<&str>| {
            CloseRequest { qty: qty.map(Into::into), percentage: percentage.map(Into::into) }.to_portion()
        };
        assert_eq!(of(None, None), Ok(Portion::All));
        assert_eq!(of(Some("2"), None), Ok(Portion::Qty(Qty::new(Decimal::TWO).unwrap())));
        assert_eq!(of(None, Some("50")), Ok(Portion::Percentage(Percent::new(Decimal::from(50)))));
        for bad in [of(Some("1"), Some("1")), of(Some("0"), None), of(None, Some("101")), of(None, Some("0"))]
        {
            assert!(bad.is_err(), "{bad:?}");
        }
    }
}
