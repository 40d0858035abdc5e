//! Commands as the cloud takes them. Pure. They are LEAN's own (`lean/command.rs`), in the spelling of the vendor's
//! example for `/live/commands/create`: a bare type, names in snake case, prices that are not given as the number zero,
//! and no `Id`, for nothing answers (LEAN.md 3). The example shows `OrderCommand` alone; that the others are spelt like it
//! is concluded, and nobody ran them against the cloud.

use crate::{
    algos::{lean::command, result::wire::Map},
    domain::{algorithm::Instruction, text::Text},
};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

struct Members(Vec<(String, Box<RawValue>)>);

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The object for an instruction.
///
/// # Errors
/// What can't be asked for, and why.
pub fn object(instruction: &Instruction) -> Result<String, Text> {
    // A program's own command goes as it is, be it for one or for all.
    if let Instruction::Custom(own) | Instruction::Broadcast { object: own, .. } = instruction {
        command::command(&Instruction::Custom(own.clone()), command::OURS)?;
        return Ok(own.trim().to_owned());
    }
    let made = command::command(instruction, command::OURS)?;
    let unreadable = |e: serde_json::Error| Text::clean(&e.to_string());
    let members: Map<Box<RawValue>> = serde_json::from_str(&made.json).map_err(unreadable)?;
    let is_order = matches!(instruction, Instruction::Submit(_));
    let raw = |text: &str| RawValue::from_string(text.to_owned()).map_err(unreadable);
    let mut out = Vec::new();
    for (name, value) in members.0 {
        let value = match (name.as_str(), value.get()) {
            ("Id", _) => continue,
            ("$type", kind) => raw(&bare(kind))?,
            ("LimitPrice" | "StopPrice", "\"0\"") if is_order => raw("0")?,
            ("Tag", "null") if is_order => raw("\"\"")?,
            (_, "null") => continue,
            _ => value,
        };
        out.push((snake(&name), value));
    }
    serde_json::to_string(&Members(out)).map_err(unreadable)
}

/// `"QuantConnect.Commands.OrderCommand, QuantConnect.Common"` is `"OrderCommand"`.
fn bare(kind: &str) -> String {
    let whole = kind.trim_matches('"').split(',').next().unwrap_or_default();
    let name = whole.rsplit('.').next().unwrap_or_default();
    format!("\"{name}\"")
}

fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        algorithm::{AskedOrder, Security},
        money::{Price, SignedQty},
    };

    fn security() -> Security {
        Security { ticker: "BTCUSD".into(), market: "coinbase".into(), class: "crypto".into() }
    }

    #[test]
    fn commands_are_in_the_clouds_spelling() {
        let dec = |text: &str| crate::domain::money::parse_decimal(text).unwrap();
        let asked = AskedOrder {
            security: security(),
            qty: SignedQty::new(dec("-0.10")),
            limit: Some(Price::new(dec("187.25"))),
            stop: None,
            tag: Text::clean("a \"b\""),
        };
        for (instruction, want) in [
            (
                Instruction::Submit(asked),
                r#"{"$type":"OrderCommand","ticker":"BTCUSD","market":"coinbase","security_type":"crypto","order_type":"limit","quantity":"-0.1","limit_price":"187.25","stop_price":0,"tag":"a \"b\""}"#,
            ),
            (
                Instruction::Liquidate(Some(security())),
                r#"{"$type":"LiquidateCommand","ticker":"BTCUSD","market":"coinbase","security_type":"crypto"}"#,
            ),
            (Instruction::Cancel { order: 7 }, r#"{"$type":"CancelOrderCommand","order_id":7}"#),
            (
                Instruction::Update {
                    order: 7,
                    qty: None,
                    limit: Some(Price::new(dec("188.5"))),
                    stop: None,
                },
                r#"{"$type":"UpdateOrderCommand","order_id":7,"limit_price":"188.5"}"#,
            ),
            (
                Instruction::Add { security: security(), resolution: "second".into() },
                r#"{"$type":"AddSecurityCommand","symbol":"BTCUSD","market":"coinbase","security_type":"crypto","resolution":"second","fill_data_forward":true,"leverage":"0","extended_market_hours":false}"#,
            ),
            (Instruction::Custom(r#" {"target": 0.10} "#.into()), r#"{"target": 0.10}"#),
        ] {
            assert_eq!(object(&instruction).unwrap(), want);
        }
        assert!(object(&Instruction::Custom("[]".into())).is_err());
        assert!(object(&Instruction::Cancel { order: 0 }).is_err());
    }
}
