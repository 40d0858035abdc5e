//! Sessions with TWS that somebody else wrote down, told to ours message by message: what an order comes to, what was
//! executed and what it cost. They are of the years of the text protocol, which the crate no longer speaks; what their
//! messages say is the same, so they are put into the crate's own types here.
#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use super::{tests::reports, *};
use crate::adapters::ibkr_tws::map::account;
use ibapi::{
    accounts::Position,
    contracts::{Contract, SecurityType},
    orders::{Action, Execution as Theirs, ExecutionSide, Order, OrderState},
};
use serde_json::Value;
use std::{path::PathBuf, str::FromStr};

/// What was met in all of them.
#[derive(Debug, Default)]
struct Count {
    sessions: usize,
    orders: usize,
    statuses: usize,
    executions: usize,
    costs: usize,
    notices: usize,
    positions: usize,
}

fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    body[key].as_str().unwrap_or_default()
}

/// Numbers stand there as numbers or as text, and what is not told is nothing; a request's name (`$req1`) is no number.
fn number<T: FromStr<Err: std::fmt::Debug> + Default>(body: &Value, key: &str) -> T {
    let digits = match &body[key] {
        Value::Null => return T::default(),
        Value::String(text) if text.is_empty() || text.starts_with('$') => return T::default(),
        Value::String(text) => text.clone(),
        other @ (Value::Number(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => other.to_string(),
    };
    digits.parse().unwrap()
}

fn contract(body: &Value) -> Contract {
    Contract {
        contract_id: number(body, "con_id"),
        symbol: text(body, "symbol").into(),
        security_type: text(body, "sec_type").parse::<SecurityType>().unwrap(),
        last_trade_date_or_contract_month: text(body, "expiry").into(),
        strike: number(body, "strike"),
        right: (!text(body, "right").is_empty()).then(|| text(body, "right").parse().unwrap()),
        multiplier: text(body, "multiplier").into(),
        exchange: text(body, "exchange").into(),
        currency: text(body, "currency").into(),
        local_symbol: text(body, "local_symbol").into(),
        trading_class: text(body, "trading_class").into(),
        ..Contract::default()
    }
}

fn open_order(body: &Value, stands: &str) -> OrderData {
    let price = |key: &str| Some(number::<f64>(body, key)).filter(|p| *p > 0.0);
    let word = Some(text(body, "status")).filter(|w| !w.is_empty()).unwrap_or(stands);
    OrderData {
        order_id: number(body, "order_id"),
        contract: contract(&body["contract"]),
        order: Order {
            perm_id: number(body, "perm_id"),
            client_id: number(body, "client_id"),
            account: text(body, "account").into(),
            action: text(body, "action").parse::<Action>().unwrap(),
            order_type: text(body, "order_type").into(),
            limit_price: price("lmt_price"),
            aux_price: price("aux_price"),
            total_quantity: number(body, "quantity"),
            ..Order::default()
        },
        order_state: OrderState { status: word.parse().unwrap(), ..OrderState::default() },
    }
}

fn order_status(body: &Value) -> OrderStatus {
    OrderStatus {
        order_id: number(body, "order_id"),
        status: text(body, "status").parse().unwrap(),
        filled: number(body, "filled"),
        remaining: number(body, "remaining"),
        average_fill_price: Some(number(body, "avg_fill_price")),
        perm_id: number(body, "perm_id"),
        client_id: number(body, "client_id"),
        why_held: text(body, "why_held").into(),
        ..OrderStatus::default()
    }
}

fn executed(body: &Value, of: Option<&OrderData>) -> ExecutionData {
    // `2026-04-15T15:37:37Z`, in the form that TWS writes it in.
    let time = text(body, "time").replace('-', "").replace('T', " ").replace('Z', " UTC");
    ExecutionData {
        request_id: -1,
        contract: of.map_or_else(|| Contract::stock(text(body, "symbol")).build(), |o| o.contract.clone()),
        execution: Theirs {
            order_id: number(body, "order_id"),
            client_id: of.map_or(0, |o| o.order.client_id),
            perm_id: of.map_or(0, |o| o.order.perm_id),
            execution_id: text(body, "exec_id").into(),
            account_number: text(body, "account").into(),
            side: text(body, "side").parse::<ExecutionSide>().unwrap(),
            shares: number(body, "shares"),
            price: number(body, "price"),
            time,
            ..Theirs::default()
        },
    }
}

/// Tells one session; gives what came of it.
fn told(steps: &[Value], count: &mut Count) -> Vec<Event> {
    let venue = VenueId::new("ib").unwrap();
    let mut orders = Orders::new(venue.clone(), 1);
    let (mut out, mut words) = (Vec::new(), std::collections::BTreeMap::<i32, String>::new());
    for step in steps.iter().filter(|s| s["dir"] == "server") {
        let (body, now) = (&step["body"], Mono::default());
        let id: i32 = number(body, "order_id");
        match step["msg"].as_str().unwrap() {
            "managed_accounts" => orders.of_account(body["accounts"][0].as_str().unwrap()),
            "open_order" => {
                count.orders += 1;
                let data = open_order(body, words.get(&id).map_or("PreSubmitted", String::as_str));
                orders.update(OrderUpdate::OpenOrder(data), now, &mut out);
            }
            "order_status" => {
                count.statuses += 1;
                words.insert(id, text(body, "status").to_owned());
                orders.update(OrderUpdate::OrderStatus(order_status(body)), now, &mut out);
            }
            "execution_detail" => {
                count.executions += 1;
                let e = executed(body, orders.known(id).map(|k| &k.data));
                orders.update(OrderUpdate::ExecutionData(e), now, &mut out);
            }
            "commission_report" => {
                count.costs += 1;
                let cost = CommissionReport {
                    execution_id: text(body, "exec_id").into(),
                    commission: number(body, "commission"),
                    currency: text(body, "currency").into(),
                    ..CommissionReport::default()
                };
                orders.update(OrderUpdate::CommissionReport(cost), now, &mut out);
            }
            "api_error" => {
                count.notices += 1;
                let notice = Notice {
                    request_id: Some(number(body, "req_id")),
                    code: number(body, "code"),
                    message: text(body, "message").into(),
                    error_time: None,
                    advanced_order_reject_json: text(body, "advanced_order_reject_json").into(),
                };
                orders.notice(&notice, now, &mut out);
            }
            "position" => {
                count.positions += 1;
                let position = Position {
                    account: text(body, "account").into(),
                    contract: contract(&body["contract"]),
                    position: number(body, "position"),
                    average_cost: number(body, "avg_cost"),
                };
                let report = account::position(&venue, &position, Some(rust_decimal::Decimal::ONE)).unwrap();
                assert_eq!(report.unwrap().qty.to_string(), text(body, "position"));
            }
            _ => {}
        }
        // An order is what TWS called it last; its executions may still be on their way.
        if step["msg"] == "order_status"
            && let Some(report) = reports(&out).last()
            && orders.known(id).is_some()
        {
            assert_eq!(report.status_word.as_str(), text(body, "status"));
            assert_ne!(report.status, OrderEvent::Unrecognised);
        }
    }
    out
}

#[test]
fn sessions_that_others_wrote_down_are_understood() {
    let Some(folder) = std::env::var_os("TRADEDECK_FIXTURES").map(PathBuf::from) else {
        println!("SKIPPED: TRADEDECK_FIXTURES does not name the folder of recorded payloads");
        return;
    };
    let (mut count, mut aside) = (Count::default(), Vec::new());
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder.join("ibkr-tws/ibkr-go-transcripts"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let session: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        count.sessions += 1;
        let events = told(session["steps"].as_array().unwrap(), &mut count);
        for event in &events {
            match event {
                Event::Order(_) | Event::Execution(_) => {}
                Event::Quarantined { why, .. } => {
                    let name = path.file_name().unwrap().to_string_lossy().into_owned();
                    aside.push((name, why.to_string()));
                }
                Event::Link { .. }
                | Event::RequestRefused { .. }
                | Event::Halt { .. }
                | Event::Notice { .. }
                | Event::Vitals(_) => panic!("{}: {event:?}", path.display()),
            }
        }
    }
    // One that was not recorded but written has a limit order without a limit.
    assert_eq!(
        aside,
        [("open_orders_disconnect_after_end.json".to_owned(), "lmtPrice: it is missing".to_owned())]
    );
    println!("TWS, sessions of others: {count:?}");
    let Count { sessions, orders, statuses, executions, costs, notices, positions } = count;
    assert!(sessions >= 58 && orders >= 26 && statuses >= 37 && executions >= 14);
    assert!(costs >= 9 && notices >= 30 && positions >= 5);
}
