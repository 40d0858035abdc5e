//! Our command files against those of the vendor's command line.

use super::*;
use serde_json::Value;

fn security(ticker: &str, market: &str, class: &str) -> Security {
    Security { ticker: ticker.into(), market: market.into(), class: class.into() }
}

fn asked(qty: &str, limit: Option<&str>, tag: &str) -> AskedOrder {
    AskedOrder {
        security: security("AAPL", "usa", "equity"),
        qty: qty.parse().unwrap(),
        limit: limit.map(|p| p.parse().unwrap()),
        stop: None,
        tag: Text::clean(tag),
    }
}

/// The nine that were recorded, in the order of their names, as instructions.
fn nine() -> Vec<(&'static str, Instruction)> {
    let spy = AskedOrder { security: security("SPY", "usa", "equity"), ..asked("10", None, "") };
    vec![
        ("1795224074", Instruction::Stop),
        ("1795224076", Instruction::Liquidate(None)),
        ("1795224078", Instruction::Liquidate(Some(security("AAPL", "usa", "equity")))),
        ("1795224081", Instruction::Submit(asked("-10.50", Some("187.25"), "x"))),
        ("1795224083", Instruction::Submit(spy)),
        ("1795224085", Instruction::Cancel { order: 7 }),
        (
            "1795224087",
            Instruction::Update { order: 7, qty: None, limit: Some("188.5".parse().unwrap()), stop: None },
        ),
        (
            "1795224089",
            Instruction::Add {
                security: security("BTCUSD", "coinbase", "crypto"),
                resolution: "second".into(),
            },
        ),
        ("1795224091", Instruction::Custom(r#"{"$type": "MyCommand", "text": "hi"}"#.into())),
    ]
}

#[test]
fn our_files_have_the_members_and_values_of_the_vendors() {
    let Some(folder) = std::env::var_os("TRADEDECK_FIXTURES").map(std::path::PathBuf::from) else {
        println!("SKIPPED: TRADEDECK_FIXTURES does not name the folder of recorded payloads");
        return;
    };
    for (file, instruction) in nine() {
        let path = folder.join(format!("lean/cli-commands/command-{file}.json"));
        let theirs: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let id = theirs.get("Id").or(theirs.get("id")).and_then(Value::as_str).unwrap();
        let made = command(&instruction, id).unwrap();
        assert_eq!(made.id, id);
        let ours: Value = serde_json::from_str(&made.json).unwrap();
        assert_eq!(ours, theirs, "{file}");
    }
}

#[test]
fn what_the_engine_can_not_do_is_refused() {
    let why = |i: Instruction| command(&i, "td0").unwrap_err().to_string();
    assert_eq!(why(Instruction::Submit(asked("0", None, ""))), "an order of nothing");
    assert_eq!(why(Instruction::Cancel { order: 0 }), "LEAN has no order 0");
    assert_eq!(why(Instruction::Cancel { order: 1 << 40 }), "LEAN has no order 1099511627776");
    assert_eq!(
        why(Instruction::Update { order: 1, qty: None, limit: None, stop: None }),
        "nothing of the order is to be changed"
    );
    for bad in [
        "",
        "[]",
        "5",
        "{\"a\":1",
        r#"{"id":"../x"}"#,
        r#"{"ID":7}"#,
        r#"{"id":"a","Id":"b"}"#,
        r#"{"id":""}"#,
    ] {
        assert!(command(&Instruction::Custom(bad.into()), "td0").is_err(), "{bad}");
    }
}

#[test]
fn a_programs_own_command_is_handed_on_to_the_digit() {
    let of = |text: &str| command(&Instruction::Custom(text.into()), "td0").unwrap();
    assert_eq!(of("{}").json, r#"{"id": "td0"}"#);
    let exact = r#" { "n": 0.1000000000000000055, "a" : [1] } "#;
    assert_eq!(of(exact).json, r#"{ "n": 0.1000000000000000055, "a" : [1], "id": "td0"}"#);
    let own = of(r#"{"$type":"X","Id":"mine-1"}"#);
    assert_eq!((own.id.as_str(), own.json.as_str()), ("mine-1", r#"{"$type":"X","Id":"mine-1"}"#));
    assert_eq!(own.token, "td0", "its file is ours all the same");
}

#[test]
fn order_types_follow_the_prices_and_quotes_survive() {
    let mut order = asked("5", None, "say \"hi\" \\ 'x'");
    order.stop = Some("90.00".parse().unwrap());
    let made = command(&Instruction::Submit(order.clone()), "td0").unwrap();
    let json: Value = serde_json::from_str(&made.json).unwrap();
    assert_eq!(json["OrderType"], "stopMarket");
    assert_eq!((&json["StopPrice"], &json["LimitPrice"]), (&Value::from("90"), &Value::from("0")));
    assert_eq!(json["Tag"], "say \"hi\" \\ 'x'");
    order.limit = Some("89.5".parse().unwrap());
    let made = command(&Instruction::Submit(order), "td0").unwrap();
    assert!(made.json.contains("\"stopLimit\""));
}

#[test]
fn names_are_new_each_time_and_known_as_ours() {
    let (one, two) = (fresh_id().unwrap(), fresh_id().unwrap());
    assert_ne!(one, two);
    assert_eq!(written_at(&file_name(1_795_224_074_123, &one)), Some(1_795_224_074_123));
    assert!(is_our_rest(&answer_name(&one)) && is_our_rest(&draft_name(&one)));
    for other in
        ["command-1795224074.json", "command-1-fe79f41e37534f6bbf50d9031239fe63.json", "command--td.json"]
    {
        assert_eq!(written_at(other), None, "{other}");
    }
    assert!(!is_our_rest("result-command-fe79f41e37534f6bbf50d9031239fe63.json"));
    // The engine's pattern must not match the draft.
    assert!(!draft_name(&one).starts_with("command"));
}
