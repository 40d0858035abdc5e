//! What LEAN's serializers make of one thing in each style, and nonsense.

use super::*;

fn one_order(text: &str) -> AlgorithmOrder {
    order(&serde_json::from_str(text).unwrap())
}

const CAMEL: &str = r#"{"stopPrice":138.2,"limitPrice":139.240078869942,"type":3,"id":4,"contingentId":0,"brokerId":["7","8"],"symbol":{"value":"SPY","id":"SPY R735QTJ8XC9X","permtick":"SPY"},"price":0.0,"priceCurrency":"USD","time":null,"createdTime":"2013-10-07T13:31:00Z","lastFillTime":"2013-10-07T13:32:00.1180345Z","quantity":-10.0,"status":1,"tag":"a \"b\"\u001b","properties":{"timeInForce":[]},"securityType":1,"direction":1}"#;
const PASCAL: &str = r#"{"StopPrice":138.2,"StopTriggered":false,"LimitPrice":139.240078869942,"Type":"StopLimit","Id":4,"BrokerId":["7","8"],"Symbol":{"Value":"SPY","ID":"SPY R735QTJ8XC9X","Permtick":"SPY"},"Price":0.0,"Time":"2013-10-07T13:31:00","LastFillTime":"2013-10-07T13:32:00.1180345Z","Quantity":-10.0,"Status":"Submitted","Tag":"a \"b\"\u001b","Properties":{"TimeInForce":{}}}"#;

#[test]
fn an_order_is_the_same_in_every_style() {
    let seen = one_order(CAMEL);
    assert_eq!(seen, one_order(PASCAL));
    assert_eq!((seen.id, seen.symbol.as_str(), seen.kind.as_str()), (4, "SPY", "stop limit"));
    assert_eq!((seen.side, seen.state), (Some(Side::Sell), AlgorithmOrderState::Working));
    assert_eq!(seen.qty.to_string(), "-10.0");
    assert_eq!(seen.limit.unwrap().to_string(), "139.240078869942");
    assert_eq!((seen.price, seen.tag.as_str()), (None, "a \"b\""));
    assert_eq!(seen.created.unwrap().to_rfc3339(), "2013-10-07T13:31:00Z");
    assert_eq!(seen.changed.unwrap().to_rfc3339(), "2013-10-07T13:32:00.1180345Z");
    assert_eq!(seen.broker.len(), 2);
}

#[test]
fn each_status_is_known_by_number_and_by_word() {
    for (number, word, want) in [
        ("0", "new", AlgorithmOrderState::New),
        ("1", "submitted", AlgorithmOrderState::Working),
        ("2", "partiallyFilled", AlgorithmOrderState::Partial),
        ("3", "Filled", AlgorithmOrderState::Filled),
        ("5", "canceled", AlgorithmOrderState::Cancelled),
        ("6", "none", AlgorithmOrderState::Unknown),
        ("7", "Invalid", AlgorithmOrderState::Rejected),
        ("8", "cancel-pending", AlgorithmOrderState::Pending),
        ("9", "updateSubmitted", AlgorithmOrderState::Working),
        ("4", "sideways", AlgorithmOrderState::Unknown),
    ] {
        assert_eq!((order_state(number), order_state(word)), (want, want), "{word}");
    }
    for word in ["LoggingIn", "Initializing", "History", "InQueue"] {
        assert_eq!(phase(word), Phase::Starting);
    }
    for (word, want) in [
        ("Running", Phase::Running),
        ("Liquidated", Phase::Liquidated),
        ("Completed", Phase::Stopped),
        ("RuntimeError", Phase::Failed),
        ("Idle", Phase::Unknown),
        ("", Phase::Unknown),
    ] {
        assert_eq!(phase(word), want, "{word}");
    }
}

#[test]
fn holdings_are_read_short_long_and_flat() {
    let short = r#"{"holdings":{"SPY R735QTJ8XC9X":{"a":10.1,"q":10,"p":10,"v":100,"u":-2,"up":-1.98},"MSFT R735QTJ8XC9X":{}}}"#;
    let long = r#"{"Holdings":{"SPY R735QTJ8XC9X":{"symbol":{"value":"SPY","id":"SPY R735QTJ8XC9X"},"type":1,"currencySymbol":"$","averagePrice":10.1,"quantity":10,"marketPrice":10,"conversionRate":1.0,"marketValue":100,"unrealizedPnl":-2,"unrealizedPnLPercent":-1.98},"X":{"symbol":{"value":"X"},"quantity":0}}}"#;
    let pascal = r#"{"Holdings":{"SPY R735QTJ8XC9X":{"Symbol":{"Value":"SPY","ID":"SPY R735QTJ8XC9X"},"Type":1,"AveragePrice":10.1,"Quantity":10.0,"MarketPrice":10,"MarketValue":100,"UnrealizedPnL":-2}}}"#;
    let want = result(short).unwrap().holdings.unwrap();
    assert_eq!(want.len(), 1);
    assert_eq!((want[0].symbol.as_str(), want[0].unrealized.unwrap().to_string().as_str()), ("SPY", "-2"));
    assert_eq!(result(long).unwrap().holdings.unwrap(), want);
    assert_eq!(result(pascal).unwrap().holdings.unwrap(), want);
    for empty in [r#"{"holdings":[]}"#, r#"{"holdings":{}}"#] {
        assert_eq!(result(empty).unwrap().holdings, Some(Vec::new()));
    }
    assert_eq!(result(r#"{"holdings":null,"charts":{}}"#).unwrap().holdings, None);
    // In the short form what is left out is zero; the long form without a quantity says nothing.
    let free = result(r#"{"holdings":{"A 1":{"q":1}}}"#).unwrap().holdings.unwrap();
    assert_eq!(free[0].average.map(|p| p.to_string()), Some("0".to_owned()));
    assert!(result(r#"{"holdings":{"A 1":{"symbol":"A 1","averagePrice":3}}}"#).is_err());
    for bad in [r#"{"holdings":[1]}"#, r#"{"holdings":{"A":{"q":"x"}}}"#, r#"{"holdings":{"A":{"q":1e99}}}"#]
    {
        assert!(result(bad).is_err(), "{bad}");
    }
}

#[test]
fn events_are_read_in_every_style() {
    let camel = r#"[{"id":"L-3-1-2","algorithmId":"L-3","orderId":1,"orderEventId":2,"symbol":"SPY R735QTJ8XC9X","symbolValue":"SPY","symbolPermtick":"SPY","time":1795185062.301,"status":"partiallyFilled","orderFeeAmount":1E-05,"orderFeeCurrency":"USD","fillPrice":187.25,"fillPriceCurrency":"USD","fillQuantity":40.0,"direction":"buy","message":null,"isAssignment":false,"quantity":100.0}]"#;
    let kebab = r#"[{"algorithm-id":"L-3","order-id":1,"order-event-id":2,"symbol":"SPY R735QTJ8XC9X","time":1795185062.301,"status":"partially-filled","order-fee-amount":0.00001,"order-fee-currency":"USD","fill-price":187.25,"fill-quantity":40.0,"direction":"buy","quantity":100.0}]"#;
    let seen = events(camel).unwrap();
    assert_eq!(seen, events(kebab).unwrap());
    let event = &seen[0].event;
    assert_eq!((event.id.as_str(), event.symbol.as_str()), ("L-3-1-2", "SPY"));
    assert_eq!(event.at.to_rfc3339(), "2026-11-20T14:31:02.301Z");
    assert_eq!(
        (event.qty.to_string(), event.fee.unwrap().to_string()),
        ("40.0".to_owned(), "0.00001".to_owned())
    );
    assert_eq!(events("[]").unwrap(), []);
    for bad in [
        "",
        "{}",
        r#"[{"orderId":1}]"#,
        camel.strip_suffix(']').unwrap(),
        &kebab.replace("1795185062.301", "\"soon\""),
    ] {
        assert!(events(bad).is_err(), "{bad}");
    }
}

#[test]
fn points_come_as_rows_as_candles_and_as_pairs() {
    let of = |values: &str| {
        let text = format!(
            r#"{{"charts":{{"Mine":{{"series":{{"x":{{"values":[["a",1]]}}}}}},"Strategy Equity":{{"name":"Strategy Equity","series":{{"Return":{{}},"Equity":{{"values":{values}}}}}}}}}}}"#
        );
        let read = result(&text).unwrap();
        let curve: Vec<String> =
            read.curve.iter().map(|s| format!("{} {} {}", s.at.as_secs(), s.open, s.close)).collect();
        (curve, read.unread)
    };
    assert_eq!(
        of("[[60,1.5],[120,null],[180,2,3,1,2.5]]"),
        (vec!["60 1.5 1.5".into(), "180 2 2.5".into()], 0)
    );
    assert_eq!(of(r#"[{"x":60,"y":1.5},{"x":120,"y":null}]"#), (vec!["60 1.5 1.5".into()], 0));
    assert_eq!(of(r#"[[60,"NaN"],[1e99,1],[120,7]]"#), (vec!["120 7 7".into()], 2));
    assert_eq!(of("[]"), (vec![], 0));
    assert_eq!(result(r#"{"charts":[]}"#).unwrap().curve, []);
    assert_eq!(result(r#"{"charts":{"Strategy Equity":5}}"#).unwrap().unread, 1);
    for other in ["[]", "{}", r#"{"runtimeTarget":{}}"#, "5", "null"] {
        assert!(result(other).is_err(), "{other}");
    }
}

/// What the vendor's own tests hold to be its formats, where it lies beside the project.
#[test]
fn the_vendors_own_orders_are_read_alike_in_both_styles() {
    let Some(folder) = std::env::var_os("TRADEDECK_FIXTURES").map(std::path::PathBuf::from) else {
        println!("SKIPPED: TRADEDECK_FIXTURES does not name the folder of recorded payloads");
        return;
    };
    let read = |name: &str| -> Vec<AlgorithmOrder> {
        let text = std::fs::read_to_string(folder.join("lean/orders-api").join(name)).unwrap();
        text.lines().filter(|l| !l.trim().is_empty()).map(one_order).collect()
    };
    let camel = read("orders-with-events-camelCase.jsonl");
    let pascal = read("orders-with-events-legacy-PascalCase.jsonl");
    assert_eq!((camel.len(), pascal.len()), (12, 12));
    for (new, old) in camel.iter().zip(&pascal) {
        assert_eq!(
            (new.id, &new.kind, new.qty, new.limit, new.stop),
            (old.id, &old.kind, old.qty, old.limit, old.stop)
        );
        assert_eq!(new.symbol, old.symbol);
        assert_ne!(new.state, AlgorithmOrderState::Unknown);
        assert!(new.kind.as_str().chars().all(|c| c.is_ascii_lowercase() || c == ' '), "{}", new.kind);
    }
}
