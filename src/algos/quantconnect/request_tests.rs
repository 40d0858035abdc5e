//! The requests are those that the vendor's own command line sent, recorded.

use super::*;
use crate::{
    algos::quantconnect::{auth::Auth, command},
    config::secret::Secret,
    domain::algorithm::Instruction,
};
use serde_json::Value;

/// One recorded request: method, path with query, body.
fn same(recorded: &Value, ours: &Request) -> bool {
    let mut path = ours.path.to_owned();
    for (i, (name, value)) in ours.query.iter().enumerate() {
        path.push(if i == 0 { '?' } else { '&' });
        path.push_str(&[name, "=", value].concat());
    }
    let method = if ours.body.is_some() { "POST" } else { "GET" };
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    recorded["method"] == method
        && recorded["path"] == path.as_str()
        && json(recorded["body"].as_str().unwrap()) == ours.body.as_deref().and_then(json)
}

#[test]
fn the_vendors_client_sends_the_same() {
    let Some(folder) = std::env::var_os("TRADEDECK_FIXTURES").map(std::path::PathBuf::from) else {
        println!("SKIPPED: TRADEDECK_FIXTURES does not name the folder of recorded payloads");
        return;
    };
    let path = folder.join("lean/qc-api/lean-cli-1.0.230-requests.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let recorded: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let own = |object: &str| command::object(&Instruction::Custom(object.into())).unwrap();
    let order = r#"{"$type":"OrderCommand","symbol":{"id":"BTCUSD 2XR","value":"BTCUSD"},"order_type":"market","quantity":"0.1","limit_price":0,"stop_price":0,"tag":""}"#;
    let ours = [
        status(777),
        stop(777).unwrap(),
        liquidate(777).unwrap(),
        command(777, &own(order)).unwrap(),
        broadcast("org0", None, &own(r#"{"target":"x"}"#)).unwrap(),
    ];
    for request in &ours {
        assert_eq!(recorded.iter().filter(|r| same(r, request)).count(), 1, "{request:?}");
    }
    // The rest of what it sent looks for the project by name and lists organizations, which nobody here has to.
    assert_eq!((recorded.len(), ours.len()), (10, 5));
}

/// An order of ours has the members of the vendor's example, with the security by its names instead of LEAN's own.
#[test]
fn an_order_is_the_vendors_example() {
    let asked = crate::domain::algorithm::AskedOrder {
        security: crate::domain::algorithm::Security {
            ticker: "BTCUSD".into(),
            market: "coinbase".into(),
            class: "crypto".into(),
        },
        qty: crate::domain::money::SignedQty::new(crate::domain::money::parse_decimal("0.1").unwrap()),
        limit: None,
        stop: None,
        tag: Text::default(),
    };
    let made = command::object(&Instruction::Submit(asked)).unwrap();
    assert_eq!(
        made,
        r#"{"$type":"OrderCommand","ticker":"BTCUSD","market":"coinbase","security_type":"crypto","order_type":"market","quantity":"0.1","limit_price":0,"stop_price":0,"tag":""}"#
    );
}

#[test]
fn reads_stay_within_the_vendors_limits() {
    let body = |request: Result<Request, Text>| -> Value {
        serde_json::from_str(&request.unwrap().body.unwrap()).unwrap()
    };
    assert_eq!(body(orders(7, 2_000)), serde_json::json!({"projectId": 7, "start": 2_000, "end": 3_000}));
    assert_eq!(
        body(log(7, "L-1", 40)),
        serde_json::json!({"projectId": 7, "format": "json", "algorithmId": "L-1", "startLine": 40, "endLine": 290})
    );
    let now = Stamp::from_secs(1_795_224_118).unwrap();
    assert_eq!(
        body(chart(7, now)),
        serde_json::json!({"projectId": 7, "name": "Strategy Equity", "start": 1_795_051_318, "end": 1_795_224_118, "count": 1_000})
    );
    assert_eq!(
        body(insights(7, "L-1", 99)),
        serde_json::json!({"projectId": 7, "algorithmId": "L-1", "start": 99, "end": 198})
    );
    assert_eq!(body(portfolio(7)), serde_json::json!({"projectId": 7}));
    assert_eq!(
        body(broadcast("org0", Some(7), "{}")),
        serde_json::json!({"organizationId": "org0", "excludeProjectId": 7, "command": {}})
    );
    assert!(command(7, "{").is_err());
}

/// Neither the hash nor what is asked is shown where a call is.
#[test]
fn a_call_shows_no_secret() {
    let auth = Auth::new("1".to_owned(), Secret::new("canary-4711".to_owned()));
    let now = Stamp::from_secs(1_795_224_118).unwrap();
    let call =
        auth.stamp(command(7, r#"{"own":"canary"}"#).unwrap().call(Duration::from_secs(1)), now).unwrap();
    assert_eq!(format!("{call:?}"), "POST /live/commands/create");
}
