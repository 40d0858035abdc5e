//! A message as JSON, for a webhook and for a user's own command. Members are only ever added.

use super::Message;
use crate::domain::{
    ids::{Symbol, VenueId},
    summary::{Figures, Summary, Together},
};
use serde_json::{Map, Value, json};

/// The document.
pub fn document(m: &Message) -> Value {
    let text = |t: Option<&str>| t.map_or(Value::Null, Value::from);
    let mut all = Map::new();
    let mut put = |name: &str, value: Value| drop(all.insert(name.to_owned(), value));
    put("program", "tradedeck".into());
    put("version", env!("CARGO_PKG_VERSION").into());
    put("id", m.id.as_str().into());
    put("at", m.at.to_rfc3339().into());
    put("severity", m.severity.word().into());
    put("code", m.code.word().into());
    put("title", m.title.as_str().into());
    put("text", m.text.as_str().into());
    put("venue", text(m.venue.as_ref().map(VenueId::as_str)));
    put("symbol", text(m.symbol.as_ref().map(Symbol::as_str)));
    put("order", text(m.order.as_ref().map(|o| o.client.as_str())));
    put("algorithm", text(m.algorithm.as_deref()));
    put("times", m.times.into());
    put("held_back", m.held_back.into());
    put("lost", m.lost.into());
    if let Some(account) = &m.account {
        put("account", account.as_str().into());
    }
    if let Some(s) = &m.summary {
        put("summary", summary(s));
    }
    Value::Object(all)
}

fn summary(s: &Summary) -> Value {
    let positions: Vec<Value> = s
        .positions
        .iter()
        .map(|p| {
            json!({
                "symbol": p.symbol.as_str(), "qty": p.qty.to_string(),
                "value": p.value.map(|m| m.to_string()), "day_pnl": p.day_pnl.map(|m| m.to_string()),
            })
        })
        .collect();
    let algorithms: Vec<Value> = s
        .algorithms
        .iter()
        .map(|(name, day)| json!({ "name": name.as_str(), "day_pnl": day.map(|m| m.to_string()) }))
        .collect();
    let alerts: Map<String, Value> =
        s.alerts.iter().map(|(severity, n)| (severity.word().to_owned(), Value::from(*n))).collect();
    let total = match &s.together {
        Together::Sum(f) => figures(f),
        Together::Alone | Together::Missing(_) => Value::Null,
    };
    json!({
        "venue": s.venue.as_str(), "day": s.day.as_str(), "late": s.late,
        "figures": s.figures.as_ref().map_or(Value::Null, figures),
        "total": total,
        "positions": positions, "positions_more": s.more,
        "orders_working": s.working, "orders_filled": s.filled,
        "alerts": alerts, "algorithms": algorithms,
    })
}

fn figures(f: &Figures) -> Value {
    json!({
        "currency": f.currency.as_str(),
        "equity": f.equity.map(|m| m.to_string()),
        "day_pnl": f.day_pnl.map(|m| m.to_string()),
        "fees": f.fees.map(|m| m.to_string()),
        "cash": f.cash.map(|m| m.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use crate::domain::alert::{AlertCode, Severity};

    /// One word for one thing: in the configuration, in messages and in the journal.
    #[test]
    fn words_are_those_of_the_journal() {
        for code in AlertCode::ALL {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", code.word()));
        }
        for severity in Severity::ALL {
            assert_eq!(serde_json::to_string(&severity).unwrap(), format!("\"{}\"", severity.word()));
        }
    }
}
