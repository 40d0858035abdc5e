//! Orders that wait for others by a fixed quantity, and changes of orders of which something has filled.

use super::*;

pub(super) fn commission(rate: &str) -> Value {
    let rates =
        |rate: &str| json!({"maker": rate, "taker": rate, "buyer": "0.00000000", "seller": "0.00000000"});
    json!({"symbol": "LTCUSDT", "standardCommission": rates(rate), "specialCommission": rates("0.00000000"),
        "taxCommission": rates("0.00000000"), "discount": {"enabledForAccount": true, "enabledForSymbol": true,
            "discountAsset": "BNB", "discount": "0.75000000"}})
}

/// The answer to the cancel of an order of which so much had filled.
pub(super) fn cancelled(filled: &str) -> Value {
    told(
        json!({"status": "CANCELED", "origClientOrderId": "td-a-1", "clientOrderId": "x", "executedQty": filled,
        "cummulativeQuoteQty": "200"}),
    )
}

/// The order, of which so much has filled, made smaller.
pub(super) fn smaller(qty: &str, filled: &str) -> Replacement {
    let qty = qty.parse().unwrap();
    Replacement {
        change: Change { qty: Some(qty), ..Change::default() },
        after: limit_order().sized(qty),
        filled: filled.parse().unwrap(),
        ..change()
    }
}

fn amended(changes: Value) -> Value {
    let mut order = json!({"symbol": "BTCUSDT", "orderId": 28, "orderListId": -1, "origClientOrderId": "td-a-1",
        "clientOrderId": "td-a-1", "price": "50000.10000000", "qty": "0.00600000", "executedQty": "0.00400000",
        "preventedQty": "0.0", "quoteOrderQty": "0.0", "cumulativeQuoteQty": "200.00040000", "status": "PARTIALLY_FILLED",
        "timeInForce": "GTC", "type": "LIMIT", "side": "BUY", "workingTime": 1, "selfTradePreventionMode": "NONE"});
    for (key, value) in changes.as_object().unwrap() {
        order[key] = value.clone();
    }
    json!({"transactTime": 1, "executionId": 75, "amendedOrder": order})
}

/// Of an order list that waits the quantity leaves room for the largest fee, to its last digit.
#[tokio::test]
async fn a_fixed_quantity_leaves_room_for_the_largest_fee() {
    let price = |text: &str| text.parse().unwrap();
    let limited = StopLeg { stop: price("40000"), limit: Some(price("39900")) };
    let market = StopLeg { stop: price("40000"), limit: None };
    let bracket = |stop| Attached::Bracket { target: price("70000"), stop };
    for (rate, attached, path, left) in [
        // 0.7 less 0.0007, less a hundred-millionth for each of 70,000 lots.
        ("0.001", bracket(limited), "orderList/otoco", "0.6986"),
        ("0", bracket(limited), "orderList/otoco", "0.6986"),
        ("0.0033", bracket(limited), "orderList/otoco", "0.69699"),
        // What becomes a market order goes in its own steps.
        ("0.001", bracket(market), "orderList/otoco", "0.698"),
        ("0.001", Attached::OtoStop { stop: limited }, "orderList/oto", "0.6986"),
        ("0.001", Attached::OtoTarget { target: price("70000") }, "orderList/oto", "0.6986"),
    ] {
        let mut server = server(move |seen: &Seen| {
            let is_asked = seen.path().ends_with("/commission");
            Reply::json(200, &if is_asked { commission(rate) } else { json!({}) })
        })
        .await;
        let spec = OrderSpec { attached, ..litecoins() };
        drop(binance(&server).submit(Cleared::for_test(submission(spec)), Release::given()).await);
        let seen = server.drain();
        let sent = seen.last().unwrap();
        assert!(sent.method == "POST" && sent.path().ends_with(path), "{}", sent.target);
        assert!(sent.target.contains(&format!("pendingQuantity={left}&")), "{rate}: {}", sent.target);
        assert!(sent.target.contains("workingQuantity=0.7&"), "{}", sent.target);
    }
    // Where the commission can't be had nothing leaves; nor where nothing would be left.
    for reply in [Reply::Gone, Reply::json(200, &json!({})), Reply::json(200, &commission("0.99999"))] {
        let mut server = server(move |_: &Seen| reply.clone()).await;
        let spec = OrderSpec { attached: Attached::OtoStop { stop: limited }, ..litecoins() };
        let outcome = binance(&server).submit(Cleared::for_test(submission(spec)), Release::given()).await;
        assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
        assert_eq!(posts(&server.drain()), 0);
    }
}

/// What makes an order smaller and nothing else goes to the order itself, also one that has filled in part.
#[tokio::test]
async fn an_order_shrinks_in_its_place() {
    let outcome = async |reply: Reply, change: Replacement| {
        let mut server = server(move |_: &Seen| reply.clone()).await;
        let outcome = binance(&server).replace(Cleared::for_test(change)).await;
        let seen = server.drain();
        let sent: Vec<&Seen> = seen.iter().filter(|s| s.method != "GET").collect();
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert_eq!((sent[0].method.as_str(), sent[0].path()), ("PUT", "/api/v3/order/amend/keepPriority"));
        let said = "symbol=BTCUSDT&orderId=28&newClientOrderId=td-a-1&newQty=0.006&";
        assert!(sent[0].target.contains(said), "{}", sent[0].target);
        outcome
    };
    let whole = Reply::json(200, &amended(json!({})));
    let Outcome::Accepted(reports) = outcome(whole, smaller("0.006", "0.004")).await else { panic!() };
    assert_eq!(reports.len(), 1);
    assert_eq!((reports[0].client.as_str(), reports[0].status), ("td-a-1", OrderEvent::FilledInPart));
    assert_eq!(
        (reports[0].amount, reports[0].filled),
        (Amount::Qty("0.006".parse().unwrap()), "0.004".parse().unwrap())
    );
    // More had filled than was known: the amendment ends it.
    let ended = Reply::json(200, &amended(json!({"executedQty": "0.006", "status": "EXPIRED"})));
    let Outcome::Accepted(reports) = outcome(ended, smaller("0.006", "0.004")).await else { panic!() };
    let ends: Vec<_> = reports.iter().map(|r| (r.client.as_str(), r.status)).collect();
    assert_eq!(ends, [("td-a-2", OrderEvent::Rejected), ("td-a-1", OrderEvent::Expired)]);
    let no =
        Reply::json(400, &json!({"code": -2038, "msg": "Order amend (quantity increase) is not supported."}));
    assert!(matches!(outcome(no, smaller("0.006", "0")).await, Outcome::Refused(_)));
    for reply in [
        Reply::Gone,
        Reply::Json(200, "{".to_owned()),
        Reply::json(200, &amended(json!({"clientOrderId": "z"}))),
    ] {
        let outcome = outcome(reply.clone(), smaller("0.006", "0")).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{reply:?}: {outcome:?}");
    }
}

/// Another price for an order that has filled in part: it is cancelled, and what its cancel says is left is placed.
#[tokio::test]
async fn an_order_that_filled_in_part_is_remade_of_what_is_left() {
    let change = || Replacement { filled: "0.001".parse().unwrap(), ..change() };
    let outcome = async |cancel: Reply, place: Reply| {
        let mut server = server(move |seen: &Seen| match seen.method.as_str() {
            "DELETE" => cancel.clone(),
            _ => place.clone(),
        })
        .await;
        let outcome = binance(&server).replace(Cleared::for_test(change())).await;
        let seen = server.drain();
        let sent =
            seen.into_iter().filter(|s| s.method != "GET").map(|s| format!("{} {}", s.method, s.target));
        (outcome, sent.collect::<Vec<String>>())
    };
    let done = || Reply::json(200, &cancelled("0.00400000"));
    let new = || {
        Reply::json(
            200,
            &told(json!({"orderId": 29, "clientOrderId": "td-a-2", "price": "50001", "origQty": "0.006"})),
        )
    };
    let (told_of, sent) = outcome(done(), new()).await;
    let Outcome::Accepted(reports) = told_of else { panic!("{told_of:?}") };
    assert_eq!(sent.len(), 2);
    assert!(sent[0].starts_with("DELETE /api/v3/order?symbol=BTCUSDT&orderId=28&"), "{sent:?}");
    let placed = "POST /api/v3/order?symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&price=50001&quantity=0.006&newClientOrderId=td-a-2&";
    assert!(sent[1].starts_with(placed), "{sent:?}");
    let ends: Vec<_> = reports
        .iter()
        .map(|r| (r.client.as_str(), r.status, r.filled.get().normalize().to_string()))
        .collect();
    assert_eq!(
        ends,
        [
            ("td-a-2", OrderEvent::Working, "0".to_owned()),
            ("td-a-1", OrderEvent::Replaced, "0.004".to_owned())
        ]
    );
    assert_eq!(reports[1].replaced_by, Some(reports[0].venue_id.clone()));
    // Nothing is placed while it is not known that the old one is gone, and how much of it had filled.
    let unknown = Reply::json(400, &json!({"code": -2011, "msg": "Unknown order sent."}));
    let (refused, sent) = outcome(unknown, new()).await;
    assert!(matches!(refused, Outcome::Refused(_)) && sent.len() == 1, "{refused:?} {sent:?}");
    for cancel in [
        Reply::Gone,
        Reply::json(500, &cancelled("0.004")),
        Reply::Json(200, "{".to_owned()),
        Reply::json(200, &told(json!({"status": "PARTIALLY_FILLED"}))),
        Reply::json(200, &told(json!({"status": "CANCELED", "clientOrderId": "td-z-9"}))),
    ] {
        let (not_sent, sent) = outcome(cancel.clone(), new()).await;
        assert!(
            matches!(not_sent, Outcome::NotSent(_)) && sent.len() == 1,
            "{cancel:?}: {not_sent:?} {sent:?}"
        );
    }
    // It is gone, and the other one was not taken: said as it is.
    let no = || Reply::json(400, &json!({"code": -2010, "msg": "Order would immediately match and take."}));
    for (cancel, place, why) in
        [(done(), no(), "immediately match"), (Reply::json(200, &cancelled("0.01")), new(), "no less than")]
    {
        let (half, sent) = outcome(cancel, place).await;
        let Outcome::Accepted(reports) = half else { panic!("{half:?}") };
        let ends: Vec<_> = reports.iter().map(|r| (r.client.as_str(), r.status)).collect();
        assert_eq!(ends, [("td-a-1", OrderEvent::Cancelled), ("td-a-2", OrderEvent::Rejected)]);
        assert!(reports[1].reason.as_ref().unwrap().as_str().contains(why), "{reports:?}");
        assert_eq!(sent.len(), if why.starts_with("no less") { 1 } else { 2 });
    }
    // Whether it was taken is not known: it is looked for, and not sent again.
    let (lost, sent) = outcome(done(), Reply::Gone).await;
    assert!(matches!(lost, Outcome::Unknown(_)) && sent.len() == 2, "{lost:?} {sent:?}");
}

/// What is left is too little for an order: nothing is cancelled for it.
#[tokio::test]
async fn an_order_is_not_cancelled_for_what_would_be_refused() {
    let mut server = server(|_: &Seen| Reply::Gone).await;
    let little = Replacement { filled: "0.00995".parse().unwrap(), ..change() };
    let refused = binance(&server).replace(Cleared::for_test(little)).await;
    assert!(
        matches!(&refused, Outcome::NotSent(why) if why.as_str().contains("begin at 5 USDT")),
        "{refused:?}"
    );
    assert!(server.drain().iter().all(|s| s.method == "GET"));
}
