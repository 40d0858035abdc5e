//! Commands as LEAN's engine reads them from a file. Pure. Members, their order and their spelling are those of the
//! vendor's own command line (LEAN.md 2.2), decimals in strings among them.

use crate::domain::{
    algorithm::{AskedOrder, Instruction, Security},
    money::{Price, SignedQty},
    text::Text,
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// An object of a program's own that is longer is refused.
const CUSTOM_BYTES_MAX: usize = 64 * 1024;
/// What our names begin with, by which what we left behind is known from what others wrote.
pub const OURS: &str = "td";

/// A command, ready to be put where the engine looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// By which its answer is found.
    pub id: String,
    /// By which its file is known as ours: the same, unless a program's own command came with a name.
    pub token: String,
    /// What it is, for people.
    pub what: &'static str,
    /// The file.
    pub json: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Status<'a> {
    #[serde(rename = "$type")]
    kind: &'a str,
    id: &'a str,
    status: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Liquidate<'a> {
    #[serde(rename = "$type")]
    kind: &'a str,
    id: &'a str,
    ticker: Option<&'a str>,
    market: Option<&'a str>,
    security_type: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Order<'a> {
    #[serde(rename = "$type")]
    kind: &'a str,
    id: &'a str,
    ticker: &'a str,
    market: &'a str,
    security_type: &'a str,
    order_type: &'a str,
    quantity: String,
    limit_price: String,
    stop_price: String,
    tag: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Cancel<'a> {
    #[serde(rename = "$type")]
    kind: &'a str,
    id: &'a str,
    order_id: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Update<'a> {
    #[serde(rename = "$type")]
    kind: &'a str,
    id: &'a str,
    order_id: i64,
    quantity: Option<String>,
    limit_price: Option<String>,
    stop_price: Option<String>,
    tag: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Add<'a> {
    #[serde(rename = "$type")]
    kind: &'a str,
    id: &'a str,
    symbol: &'a str,
    market: &'a str,
    security_type: &'a str,
    resolution: &'a str,
    fill_data_forward: bool,
    leverage: &'a str,
    extended_market_hours: bool,
}

/// The command for an instruction. `id` is its name, unless a program's own command has one already.
///
/// # Errors
/// What can't be asked for, and why.
pub fn command(instruction: &Instruction, id: &str) -> Result<Command, Text> {
    let made = |what, json: serde_json::Result<String>| {
        let json = json.map_err(|e| Text::clean(&e.to_string()))?;
        Ok(Command { id: id.to_owned(), token: id.to_owned(), what, json })
    };
    match instruction {
        Instruction::Stop => {
            let kind = "QuantConnect.Commands.AlgorithmStatusCommand, QuantConnect.Common";
            made("stop", serde_json::to_string(&Status { kind, id, status: "Stopped" }))
        }
        Instruction::Liquidate(security) => made("liquidate", liquidate(security.as_ref(), id)),
        Instruction::Submit(asked) => submit(asked, id).and_then(|json| made("submit", json)),
        Instruction::Update { order, qty, limit, stop } => {
            if qty.is_none() && limit.is_none() && stop.is_none() {
                return Err(Text::clean("nothing of the order is to be changed"));
            }
            let kind = "QuantConnect.Commands.UpdateOrderCommand, QuantConnect.Common";
            let update = Update {
                kind,
                id,
                order_id: number(*order)?,
                quantity: qty.map(digits),
                limit_price: limit.map(price),
                stop_price: stop.map(price),
                tag: None,
            };
            made("update", serde_json::to_string(&update))
        }
        Instruction::Cancel { order } => {
            let kind = "QuantConnect.Commands.CancelOrderCommand, QuantConnect.Common";
            made("cancel", serde_json::to_string(&Cancel { kind, id, order_id: number(*order)? }))
        }
        Instruction::Add { security, resolution } => {
            let kind = "QuantConnect.Commands.AddSecurityCommand, QuantConnect.Common";
            let add = Add {
                kind,
                id,
                symbol: &security.ticker,
                market: &security.market,
                security_type: &security.class,
                resolution,
                fill_data_forward: true,
                leverage: "0",
                extended_market_hours: false,
            };
            made("add", serde_json::to_string(&add))
        }
        Instruction::Custom(object) => custom(object, id),
        Instruction::Broadcast { .. } => {
            Err(Text::clean("only QuantConnect's cloud broadcasts; LEAN on this computer takes `command`"))
        }
    }
}

/// The engine counts its orders from one, in 32 bits.
fn number(order: i64) -> Result<i64, Text> {
    let fits = order > 0 && i32::try_from(order).is_ok();
    if fits { Ok(order) } else { Err(Text::clean(&format!("LEAN has no order {order}"))) }
}

fn digits(qty: SignedQty) -> String {
    qty.get().normalize().to_string()
}

fn price(price: Price) -> String {
    price.get().normalize().to_string()
}

/// `"0"` with nothing else is everything; a ticker without market and type fails in the engine.
fn liquidate(security: Option<&Security>, id: &str) -> serde_json::Result<String> {
    serde_json::to_string(&Liquidate {
        kind: "QuantConnect.Commands.LiquidateCommand, QuantConnect.Common",
        id,
        ticker: security.map(|s| s.ticker.as_str()),
        market: security.map(|s| s.market.as_str()),
        security_type: security.map_or("0", |s| s.class.as_str()),
    })
}

fn submit(asked: &AskedOrder, id: &str) -> Result<serde_json::Result<String>, Text> {
    if asked.qty.is_zero() {
        return Err(Text::clean("an order of nothing"));
    }
    let order_type = match (asked.limit, asked.stop) {
        (None, None) => "market",
        (Some(_), None) => "limit",
        (None, Some(_)) => "stopMarket",
        (Some(_), Some(_)) => "stopLimit",
    };
    let of = |p: Option<Price>| p.map_or_else(|| "0".to_owned(), price);
    Ok(serde_json::to_string(&Order {
        kind: "QuantConnect.Commands.OrderCommand, QuantConnect.Common",
        id,
        ticker: &asked.security.ticker,
        market: &asked.security.market,
        security_type: &asked.security.class,
        order_type,
        quantity: digits(asked.qty),
        limit_price: of(asked.limit),
        stop_price: of(asked.stop),
        tag: Some(asked.tag.as_str()).filter(|t| !t.is_empty()),
    }))
}

/// A program's own object as it is, to the digit; only `id` is added where it has none.
fn custom(object: &str, id: &str) -> Result<Command, Text> {
    let refuse = |why: &str| Err(Text::clean(&format!("a command is an object of JSON: {why}")));
    if object.len() > CUSTOM_BYTES_MAX {
        return refuse("this one is longer than 64 KiB");
    }
    let members: BTreeMap<String, &RawValue> = match serde_json::from_str(object) {
        Ok(members) => members,
        Err(error) => return refuse(&error.to_string()),
    };
    let Some(open) = object.trim().strip_suffix('}') else { return refuse("it does not end") };
    let mut own = members.iter().filter(|(name, _)| name.eq_ignore_ascii_case("id"));
    let token = id.to_owned();
    let (id, json) = match (own.next(), own.next()) {
        (Some(_), Some(_)) => return refuse("it has two names"),
        (Some((_, raw)), None) => match serde_json::from_str::<String>(raw.get()) {
            Ok(own) if is_name(&own) => (own, object.trim().to_owned()),
            // The engine makes a file's name of it.
            _ => return refuse("its `id` must be letters, digits, `-` and `_`"),
        },
        (None, _) => {
            let comma = if members.is_empty() { "" } else { ", " };
            (id.to_owned(), format!("{}{comma}\"id\": \"{id}\"}}", open.trim_end()))
        }
    };
    Ok(Command { id, token, what: "custom command", json })
}

fn is_name(id: &str) -> bool {
    matches!(id.len(), 1..=64) && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// A name that was never used: ours, and thirty digits of chance.
pub fn fresh_id() -> Result<String, Text> {
    let mut bytes = [0_u8; 15];
    match getrandom::fill(&mut bytes) {
        Ok(()) => {
            let mut id = OURS.to_owned();
            for nibble in bytes.iter().flat_map(|b| [b >> 4, b & 0x0f]) {
                id.extend(char::from_digit(u32::from(nibble), 16));
            }
            Ok(id)
        }
        Err(error) => Err(Text::clean(&format!("the system gives no random numbers: {error}"))),
    }
}

/// `command-<unix ms>-<id>.json`: no two are the same, and the engine takes them by name, which is by time.
pub fn file_name(unix_ms: i64, id: &str) -> String {
    format!("command-{unix_ms}-{id}.json")
}

/// Where the answer will be.
pub fn answer_name(id: &str) -> String {
    format!("result-command-{id}.json")
}

/// Where it is written first: the engine's pattern `command*.json` does not match it.
pub fn draft_name(id: &str) -> String {
    format!(".tradedeck-{id}.tmp")
}

/// When one of our own command files was written, by its name.
pub fn written_at(file: &str) -> Option<i64> {
    let (ms, id) = file.strip_prefix("command-")?.strip_suffix(".json")?.split_once('-')?;
    let is_ours =
        id.strip_prefix(OURS).is_some_and(|h| h.len() == 30 && h.bytes().all(|b| b.is_ascii_hexdigit()));
    ms.parse().ok().filter(|_| is_ours)
}

/// Is it an answer to us, or a draft of ours?
pub fn is_our_rest(file: &str) -> bool {
    let answer = file.strip_prefix("result-command-").and_then(|f| f.strip_suffix(".json"));
    let draft = file.strip_prefix(".tradedeck-").and_then(|f| f.strip_suffix(".tmp"));
    answer.or(draft).is_some_and(|id| id.len() == 32 && id.starts_with(OURS))
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
