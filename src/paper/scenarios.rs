//! What the exchange does with orders, told as scenarios.

#[cfg(test)]
mod tests {
    use crate::domain::{
        ids::Symbol,
        money::{Money, Percent, Price, Qty, Ratio},
        order::{OrderKind, Side, StopLeg, Tif},
        time::Stamp,
    };
    use crate::paper::{
        account::{Density, Detail},
        event::{Event, OrderUpdate, UpdateKind},
        exchange::{Exchange, Saved, Setup},
        hours::Hours,
        models::Model,
        order::{Class, NewOrder, Order, OrderFilter, Portion, Replacement, Status, Which},
        refusal::Refusal,
        walk::tick_of,
    };
    use proptest::prelude::*;
    use rust_decimal::Decimal;
    use uuid::Uuid;

    fn stamp(text: &str) -> Stamp {
        Stamp::parse_rfc3339(text).unwrap()
    }
    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }
    fn qty(text: &str) -> Qty {
        text.parse().unwrap()
    }

    struct Floor {
        x: Exchange,
        now: Stamp,
        log: Vec<OrderUpdate>,
    }

    impl Floor {
        fn of(setup: Setup) -> Self {
            let now = setup.start;
            Self { x: Exchange::new(setup), now, log: Vec::new() }
        }
        fn open() -> Self {
            Self::of(Setup::new(1, stamp("2026-11-20T15:00:00Z")))
        }
        fn model(model: Model) -> Self {
            Self::of(Setup { model, ..Setup::new(1, stamp("2026-11-20T15:00:00Z")) })
        }
        fn sessions(at: &str) -> Self {
            Self::of(Setup { hours: Hours::UsSessions, ..Setup::new(1, stamp(at)) })
        }
        fn keep(&mut self, events: Vec<Event>) {
            for event in events {
                if let Event::Order(update) = event {
                    self.log.push(*update);
                }
            }
        }
        /// Lets time pass.
        fn wait(&mut self, ms: i64) {
            self.now = self.now.plus_ms(ms);
            let events = self.x.advance(self.now);
            self.keep(events);
        }
        fn wait_for(&mut self, what: &str, mut is: impl FnMut(&Exchange) -> bool) {
            for _ in 0..40_000 {
                if is(&self.x) {
                    return;
                }
                self.wait(250);
            }
            panic!("never: {what}");
        }
        /// Puts the market where the test wants it, with enough to trade, and lets the orders see it.
        fn show(&mut self, symbol: &str, bid: &str, ask: &str, size: &str) {
            let line = self.x.lines.iter_mut().find(|l| l.symbol().as_str() == symbol).unwrap();
            let q = &mut line.face.quote;
            (q.bid, q.ask, q.bid_size, q.ask_size) = (price(bid), price(ask), qty(size), qty(size));
            line.face.trade.price = price(bid);
            self.x.match_all();
            let events = self.x.drain();
            self.keep(events);
        }
        /// A one-cent market around a price, the last print at it.
        fn trade_at(&mut self, symbol: &str, at: &str) {
            self.show(symbol, at, at, "1000000");
        }
        fn place(&mut self, order: NewOrder) -> Result<Order, Refusal> {
            let placed = self.x.place(self.now, order);
            let events = self.x.drain();
            self.keep(events);
            placed
        }
        /// Places an order and lets it reach the market.
        fn send(&mut self, order: NewOrder) -> Uuid {
            let id = self.place(order).unwrap().id;
            self.wait(self.x.setup().model.rules().latency_ms);
            id
        }
        fn get(&self, id: Uuid) -> Order {
            self.x.order(id).unwrap().clone()
        }
        fn status(&self, id: Uuid) -> Status {
            self.get(id).status
        }
        fn kinds(&self, id: Uuid) -> Vec<&'static str> {
            self.log.iter().filter(|u| u.order.id == id).map(|u| u.kind.word()).collect()
        }
        fn held(&self, symbol: &str) -> String {
            self.x.position(symbol).map_or("0".into(), |p| p.qty.to_string())
        }
    }

    fn market(symbol: &str, side: Side, q: &str) -> NewOrder {
        NewOrder::market(symbol, side, qty(q))
    }
    fn limit(symbol: &str, side: Side, q: &str, at: &str) -> NewOrder {
        NewOrder { kind: OrderKind::Limit, limit: Some(price(at)), ..market(symbol, side, q) }
    }
    fn stop(symbol: &str, side: Side, q: &str, at: &str) -> NewOrder {
        NewOrder { kind: OrderKind::Stop, stop: Some(price(at)), ..market(symbol, side, q) }
    }
    fn bracket(q: &str, target: &str, stop: &str) -> NewOrder {
        NewOrder {
            class: Class::Bracket,
            take_profit: Some(price(target)),
            stop_loss: Some(StopLeg { stop: price(stop), limit: None }),
            ..market("AAPL", Side::Buy, q)
        }
    }

    #[test]
    fn a_small_market_order_is_acknowledged_and_filled_at_the_ask() {
        let mut f = Floor::open();
        f.show("AAPL", "274.49", "274.50", "500");
        let id = f.send(market("AAPL", Side::Buy, "10"));
        assert_eq!(f.kinds(id), ["pending_new", "new", "fill"]);
        let order = f.get(id);
        assert_eq!(order.filled_avg_price, Some(price("274.50")));
        assert_eq!(f.held("AAPL"), "10");
        let last = f.log.last().unwrap();
        assert_eq!(last.execution.as_ref().unwrap().position_qty.to_string(), "10");
        assert_eq!(f.x.account().cash.to_string(), "97255.00");
    }

    #[test]
    fn a_large_market_order_fills_in_parts_by_what_the_touch_shows() {
        let mut f = Floor::open();
        let id = f.place(market("KO", Side::Buy, "2500")).unwrap().id;
        f.wait_for("filled", |x| x.order(id).unwrap().status == Status::Filled);
        let fills: Vec<_> =
            f.log.iter().filter(|u| u.order.id == id).filter_map(|u| u.execution.clone()).collect();
        assert!(fills.len() > 1, "{} fills", fills.len());
        let sum = fills.iter().fold(Decimal::ZERO, |s, e| s + e.qty.get());
        assert_eq!(sum, Decimal::from(2500));
        assert_eq!(f.kinds(id).iter().filter(|k| **k == "fill").count(), 1);
        let rows: Vec<_> = f.x.activities().collect();
        assert_eq!(rows.len(), fills.len());
        let Detail::Fill(last) = &rows.last().unwrap().detail else { panic!() };
        assert!(last.complete && last.leaves_qty.is_zero() && last.cum_qty == qty("2500"));
        assert!(rows.windows(2).all(|w| w[0].id.split("::").next() <= w[1].id.split("::").next()));
        assert!(rows[0].id.starts_with("20261120150000"), "{}", rows[0].id);
    }

    #[test]
    fn lean_limits_and_gaps() {
        // LEAN's golden fills: at the limit, or at the open where the open is better.
        for (side, at, away, there, want) in [
            (Side::Buy, "101.5", "102", "101.5", "101.5"),
            (Side::Sell, "101.5", "101", "101.5", "101.5"),
            (Side::Buy, "290.50", "291", "289.5", "289.5"),
            (Side::Sell, "291.50", "291", "292.5", "292.5"),
        ] {
            let mut f = Floor::open();
            f.trade_at("AAPL", away);
            let id = f.send(limit("AAPL", side, "10", at));
            assert_eq!(f.status(id), Status::New);
            assert!(f.get(id).rested);
            f.trade_at("AAPL", there);
            assert_eq!(f.get(id).filled_avg_price.unwrap(), price(want));
        }
    }

    #[test]
    fn lean_stops_and_gaps() {
        for (side, at, away, there, want) in [
            (Side::Buy, "101.5", "101", "101.5", "101.5"),
            (Side::Sell, "101.5", "102", "101.5", "101.5"),
            (Side::Buy, "290.50", "290", "291.5", "291.5"),
            (Side::Sell, "291.50", "292", "290.5", "290.5"),
        ] {
            let mut f = Floor::open();
            f.trade_at("AAPL", away);
            let id = f.send(stop("AAPL", side, "10", at));
            assert_eq!(f.status(id), Status::New);
            f.trade_at("AAPL", there);
            assert_eq!(f.get(id).filled_avg_price.unwrap(), price(want), "{side:?} {at}");
        }
    }

    #[test]
    fn lean_trailing_stops() {
        type Case<'a> = (Side, Option<&'a str>, Option<&'a str>, [&'a str; 3], [&'a str; 3], &'a str);
        let cases: [Case<'_>; 3] = [
            (Side::Buy, Some("10"), None, ["105", "102.5", "95"], ["110", "110", "105"], "115"),
            (Side::Sell, Some("10"), None, ["95", "97.5", "105"], ["90", "90", "95"], "95"),
            (Side::Sell, None, Some("10"), ["95", "97.5", "105"], ["90", "90", "94.5"], "94.5"),
        ];
        for (side, amount, percent, path, stops, fill) in cases {
            let mut f = Floor::open();
            f.trade_at("AAPL", "100");
            let id = f.send(NewOrder {
                kind: OrderKind::TrailingStop,
                trail_price: amount.map(price),
                trail_percent: percent.map(|p| p.parse::<Percent>().unwrap()),
                ..market("AAPL", side, "10")
            });
            for (at, want) in path.iter().zip(stops) {
                f.trade_at("AAPL", at);
                assert_eq!(f.get(id).stop, Some(price(want)), "{side:?} at {at}");
            }
            f.trade_at("AAPL", fill);
            assert_eq!(f.get(id).filled_avg_price, Some(price(fill)));
        }
    }

    #[test]
    fn a_stop_limit_waits_for_its_limit_after_the_trigger() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        let order = NewOrder { limit: Some(price("101")), ..stop("AAPL", Side::Buy, "10", "101") };
        let id = f.send(NewOrder { kind: OrderKind::StopLimit, ..order });
        f.trade_at("AAPL", "102");
        assert!(f.get(id).triggered && f.status(id) == Status::New);
        f.trade_at("AAPL", "100.5");
        assert_eq!(f.get(id).filled_avg_price, Some(price("100.5")));
    }

    #[test]
    fn a_bracket_s_exits_wait_and_the_first_takes_the_other_along() {
        let mut f = Floor::open();
        f.show("AAPL", "99.99", "100", "60");
        let id = f.send(bracket("100", "110", "95"));
        let entry = f.get(id);
        let [target, stop] = entry.legs[..] else { panic!() };
        assert_eq!(f.status(id), Status::PartiallyFilled);
        assert_eq!((f.status(target), f.status(stop)), (Status::Held, Status::Held));
        f.show("AAPL", "94", "100", "60");
        assert_eq!(f.status(id), Status::Filled);
        assert_eq!((f.status(target), f.status(stop)), (Status::New, Status::Held));
        assert!(f.get(stop).armed, "it watches the market although it is shown as held");
        let held = f.x.position("AAPL").unwrap();
        assert_eq!((held.qty.to_string(), held.qty_available.to_string()), ("100".into(), "0".into()));
        let refused = f.place(market("AAPL", Side::Sell, "1")).unwrap_err();
        assert_eq!(refused.message, "insufficient qty available for order (requested: 1, available: 0)");
        assert_eq!(refused.context.held_for_orders, Some(qty("100")));
        assert_eq!(refused.context.related_orders.len(), 2);
        f.trade_at("AAPL", "95");
        assert_eq!((f.status(target), f.status(stop)), (Status::Canceled, Status::Filled));
        assert_eq!(f.held("AAPL"), "0");
    }

    #[test]
    fn a_target_that_fills_in_part_cuts_the_stop() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        let id = f.send(bracket("100", "110", "95"));
        let [target, stop] = f.get(id).legs[..] else { panic!() };
        f.show("AAPL", "110", "110.01", "30");
        assert_eq!(f.get(target).filled_qty, qty("30"));
        assert_eq!(f.get(stop).qty, Some(qty("70")));
        assert_eq!(f.kinds(stop), ["restated"]);
        f.trade_at("AAPL", "94");
        assert_eq!((f.status(target), f.status(stop)), (Status::Canceled, Status::Filled));
        assert_eq!(f.held("AAPL"), "0");
    }

    #[test]
    fn cancelling_one_of_a_group_cancels_the_rest() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        let entry = f.send(NewOrder {
            kind: OrderKind::Limit,
            limit: Some(price("90")),
            ..bracket("10", "110", "85")
        });
        let [target, stop] = f.get(entry).legs[..] else { panic!() };
        f.x.cancel(f.now, entry).unwrap();
        assert_eq!(f.status(entry), Status::PendingCancel);
        f.wait(15);
        assert!([entry, target, stop].iter().all(|id| f.status(*id) == Status::Canceled));
        f.trade_at("AAPL", "100");
        let entry = f.send(bracket("10", "110", "85"));
        let [target, stop] = f.get(entry).legs[..] else { panic!() };
        f.x.cancel(f.now, stop).unwrap();
        f.wait(15);
        assert_eq!((f.status(target), f.status(stop)), (Status::Canceled, Status::Canceled));
        assert_eq!(f.held("AAPL"), "10");
    }

    #[test]
    fn oco_protects_what_is_held_and_oto_sends_one_exit() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        let oco =
            |side| NewOrder { class: Class::Oco, kind: OrderKind::Limit, side, ..bracket("10", "110", "95") };
        assert_eq!(f.place(oco(Side::Sell)).unwrap_err().message, "oco orders must be exit orders");
        f.send(market("AAPL", Side::Buy, "10"));
        let id = f.send(oco(Side::Sell));
        let stop = f.get(id).legs[0];
        assert_eq!((f.status(id), f.status(stop)), (Status::New, Status::Held));
        assert_eq!(f.get(id).limit, Some(price("110")));
        f.trade_at("AAPL", "111");
        assert_eq!((f.status(id), f.status(stop)), (Status::Filled, Status::Canceled));
        f.trade_at("MSFT", "500");
        let oto = NewOrder { class: Class::Oto, take_profit: None, ..bracket("10", "1", "480") };
        let id = f.send(NewOrder { symbol: "MSFT".into(), ..oto });
        let stop = f.get(id).legs[0];
        assert_eq!(f.status(stop), Status::New);
        f.trade_at("MSFT", "479");
        assert_eq!(f.status(stop), Status::Filled);
        assert_eq!(f.x.positions().len(), 0);
    }

    #[test]
    fn ioc_and_fok() {
        let mut f = Floor::open();
        f.show("AAPL", "99.99", "100", "60");
        let ioc = f.send(NewOrder { tif: Tif::Ioc, ..market("AAPL", Side::Buy, "100") });
        assert_eq!((f.status(ioc), f.get(ioc).filled_qty), (Status::Canceled, qty("60")));
        f.show("AAPL", "99.99", "100", "60");
        let fok = f.send(NewOrder { tif: Tif::Fok, ..market("AAPL", Side::Buy, "100") });
        assert_eq!((f.status(fok), f.get(fok).filled_qty), (Status::Canceled, qty("0")));
        f.show("AAPL", "99.99", "100", "100");
        let fok = f.send(NewOrder { tif: Tif::Fok, ..market("AAPL", Side::Buy, "100") });
        assert_eq!(f.status(fok), Status::Filled);
    }

    #[test]
    fn a_replacement_carries_what_is_filled_and_comes_too_late_for_a_filled_order() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        let old = f.send(limit("AAPL", Side::Buy, "100", "99"));
        f.show("AAPL", "98.99", "99", "33");
        let change = Replacement { qty: Some(qty("120")), ..Replacement::default() };
        let new = f.x.replace(f.now, old, change.clone()).unwrap().id;
        assert_eq!((f.status(old), f.status(new)), (Status::PendingReplace, Status::PendingNew));
        f.show("AAPL", "98.99", "99", "10");
        assert_eq!(f.get(old).filled_qty, qty("43"), "it fills while the replacement is on its way");
        f.wait(15);
        assert_eq!((f.status(old), f.status(new)), (Status::Replaced, Status::PartiallyFilled));
        assert_eq!(f.get(old).replaced_by, Some(new));
        assert_eq!(f.get(new).filled_qty, qty("43"));
        f.trade_at("AAPL", "99");
        assert_eq!((f.status(new), f.held("AAPL")), (Status::Filled, "120".into()));

        f.trade_at("AAPL", "100");
        let old = f.send(limit("AAPL", Side::Buy, "10", "99"));
        let new = f.x.replace(f.now, old, change.clone()).unwrap().id;
        f.trade_at("AAPL", "99");
        f.wait(15);
        assert_eq!((f.status(old), f.status(new)), (Status::Filled, Status::Rejected));
        assert_eq!(f.kinds(old).last(), Some(&"order_replace_rejected"));
        let refused = f.x.replace(f.now, old, change).unwrap_err();
        assert_eq!((refused.status, refused.code), (422, 42_210_000));
        assert_eq!(refused.message, "unable to replace order, order is not open");
    }

    #[test]
    fn a_replaced_stop_leg_still_protects() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        let entry = f.send(bracket("10", "110", "95"));
        let [target, stop] = f.get(entry).legs[..] else { panic!() };
        let change = Replacement { stop: Some(price("97")), ..Replacement::default() };
        let new = f.x.replace(f.now, stop, change).unwrap().id;
        f.wait(15);
        assert_eq!(f.get(entry).legs, [target, new]);
        assert_eq!((f.status(stop), f.status(new)), (Status::Replaced, Status::Held));
        f.trade_at("AAPL", "96.5");
        assert_eq!((f.status(target), f.status(new)), (Status::Canceled, Status::Filled));
        assert_eq!(f.held("AAPL"), "0");
    }

    #[test]
    fn a_stop_that_is_replaced_while_the_target_fills_in_part_does_not_sell_too_much() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        let entry = f.send(bracket("100", "110", "95"));
        let [_, stop] = f.get(entry).legs[..] else { panic!() };
        let change = Replacement { stop: Some(price("97")), ..Replacement::default() };
        let new = f.x.replace(f.now, stop, change).unwrap().id;
        f.show("AAPL", "110", "110.01", "30");
        f.wait(15);
        assert_eq!(f.get(new).qty, Some(qty("70")));
        f.trade_at("AAPL", "96");
        assert_eq!((f.status(new), f.held("AAPL")), (Status::Filled, "0".into()));
    }

    #[test]
    fn a_cancel_that_comes_after_the_fill_is_rejected_and_twice_is_told() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        let id = f.send(limit("AAPL", Side::Buy, "10", "99"));
        f.x.cancel(f.now, id).unwrap();
        assert_eq!(f.x.cancel(f.now, id).unwrap_err().message, "order pending cancel");
        f.trade_at("AAPL", "99");
        assert_eq!(f.status(id), Status::Filled, "the fill wins");
        f.wait(15);
        assert_eq!(f.kinds(id).last(), Some(&"order_cancel_rejected"));
        let refused = f.x.cancel(f.now, id).unwrap_err();
        assert_eq!(refused.message, "order is already in \"filled\" state");
        assert_eq!((refused.status, refused.code), (422, 42_210_000));
        assert_eq!(f.x.cancel(f.now, Uuid::nil()).unwrap_err().status, 404);
    }

    type Refused<'a> = (NewOrder, u16, u32, &'a str);

    fn refuse(cases: Vec<Refused<'_>>) {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        f.trade_at("BTC/USD", "95000");
        for (order, status, code, message) in cases {
            let refused = f.place(order).unwrap_err();
            assert_eq!((refused.status, refused.code, refused.message.as_str()), (status, code, message));
        }
    }
    fn buy(q: &str) -> NewOrder {
        market("AAPL", Side::Buy, q)
    }
    fn coin(q: &str) -> NewOrder {
        NewOrder { tif: Tif::Gtc, ..market("BTC/USD", Side::Buy, q) }
    }

    #[test]
    fn amounts_and_prices_are_refused_in_the_venue_s_words() {
        refuse(vec![
            (market("NOPE", Side::Buy, "1"), 422, 42_210_000, "asset \"NOPE\" not found"),
            (buy("0"), 422, 40_010_001, "qty must be > 0"),
            (NewOrder { qty: None, ..buy("1") }, 422, 40_010_001, "qty or notional is required"),
            (
                NewOrder { notional: Some("5".parse().unwrap()), ..buy("1") },
                422,
                40_010_001,
                "only one of qty or notional is accepted",
            ),
            (buy("5000"), 403, 40_310_000, "insufficient buying power"),
            (
                limit("AAPL", Side::Buy, "1", "290.123"),
                422,
                42_210_000,
                "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria",
            ),
            (
                NewOrder { limit: Some(price("99")), ..buy("1") },
                422,
                40_010_001,
                "market orders require no stop or limit price",
            ),
            (
                NewOrder { limit: None, ..limit("AAPL", Side::Buy, "1", "1") },
                422,
                40_010_001,
                "limit orders require a limit price",
            ),
        ]);
    }

    #[test]
    fn fractions_and_short_sales_are_refused_in_the_venue_s_words() {
        refuse(vec![
            (
                NewOrder { tif: Tif::Gtc, ..buy("0.5") },
                422,
                42_210_000,
                "fractional orders must be DAY orders",
            ),
            (market("AAPL", Side::Sell, "0.5"), 422, 42_210_000, "fractional orders cannot be sold short"),
            (market("AMC", Side::Sell, "1"), 422, 42_210_000, "asset \"AMC\" cannot be sold short"),
            (
                market("GME", Side::Sell, "501"),
                403,
                40_310_000,
                "insufficient shares of GME to borrow (requested: 501, available: 500)",
            ),
        ]);
    }

    #[test]
    fn groups_and_coins_are_refused_in_the_venue_s_words() {
        refuse(vec![
            (
                bracket("10", "90", "95"),
                422,
                42_210_000,
                "take_profit.limit_price must be > stop_loss.stop_price",
            ),
            (
                bracket("10", "100", "95"),
                422,
                42_210_000,
                "take_profit.limit_price must be >= base_price + 0.01",
            ),
            (
                bracket("10", "110", "100"),
                422,
                42_210_000,
                "stop_loss.stop_price must be <= base_price - 0.01",
            ),
            (bracket("1.5", "110", "95"), 422, 42_210_000, "fractional orders must be simple orders"),
            (
                NewOrder { tif: Tif::Ioc, ..bracket("1", "110", "95") },
                422,
                42_210_000,
                "bracket orders must be DAY or GTC orders",
            ),
            (
                NewOrder { extended_hours: true, ..buy("1") },
                422,
                42_210_000,
                "extended hours order must be DAY or GTC limit orders",
            ),
            (NewOrder { tif: Tif::Day, ..coin("1") }, 422, 40_010_001, "invalid crypto time_in_force"),
            (
                NewOrder { kind: OrderKind::Stop, stop: Some(price("1")), ..coin("1") },
                422,
                40_010_001,
                "invalid order type for crypto order",
            ),
            (coin("0.00000001"), 422, 42_210_000, "qty must be >= 0.0001, the minimum order size of BTC/USD"),
            (
                coin("2"),
                403,
                40_310_000,
                "insufficient balance for USD (requested: 190000, available: 100000)",
            ),
            (
                NewOrder { side: Side::Sell, ..coin("1") },
                403,
                40_310_000,
                "insufficient balance for BTC (requested: 1, available: 0)",
            ),
            (
                NewOrder { symbol: "BTCUSD".into(), tif: Tif::Gtc, ..bracket("1", "110", "95") },
                422,
                42_210_000,
                "crypto orders not allowed for advanced order_class: otoco",
            ),
        ]);
    }

    #[test]
    fn ids_are_unique_and_own_orders_never_meet() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        let own = NewOrder { client_order_id: Some("mine".into()), ..limit("AAPL", Side::Buy, "1", "90") };
        let id = f.place(own.clone()).unwrap().id;
        let twice = f.place(own).unwrap_err();
        assert_eq!((twice.code, twice.message.as_str()), (40_010_001, "client_order_id must be unique"));
        let wash = f.place(limit("AAPL", Side::Sell, "1", "90")).unwrap_err();
        assert_eq!(wash.message, "potential wash trade detected. use complex orders");
        assert_eq!(wash.context.existing_order_id, Some(id));
        f.place(limit("AAPL", Side::Sell, "1", "91")).unwrap();
        let mut own = f.x.configuration();
        own.suspend_trade = true;
        f.x.configure(own).unwrap();
        assert_eq!(f.place(buy("1")).unwrap_err().status, 403);
    }

    #[test]
    fn buying_power_is_twice_the_equity_and_working_orders_bind_it() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        let power = |f: &Floor| f.x.account().buying_power.to_string();
        assert_eq!(power(&f), "200000");
        let id = f.send(limit("AAPL", Side::Buy, "1000", "90"));
        assert_eq!(power(&f), "110000");
        f.x.cancel(f.now, id).unwrap();
        f.wait(15);
        f.trade_at("AAPL", "100");
        assert_eq!(power(&f), "200000");
        f.send(market("AAPL", Side::Buy, "1500"));
        f.trade_at("AAPL", "100");
        let account = f.x.account();
        assert_eq!(account.cash.to_string(), "-50000");
        assert_eq!(account.equity.to_string(), "100000");
        assert_eq!(account.initial_margin.to_string(), "75000.0");
        assert_eq!(account.maintenance_margin.to_string(), "37500.00");
        assert_eq!(power(&f), "50000.0");
        assert_eq!(account.non_marginable_buying_power.to_string(), "0");
        let refused = f.place(market("AAPL", Side::Buy, "501")).unwrap_err();
        assert_eq!(refused.context.cost_basis, Some("50100".parse().unwrap()));
        assert_eq!(refused.context.buying_power.unwrap().to_string(), "50000.00");
    }

    #[test]
    fn a_short_sale_binds_half_beyond_its_proceeds() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        f.send(market("AAPL", Side::Sell, "1000"));
        f.trade_at("AAPL", "100");
        let account = f.x.account();
        assert_eq!(account.cash.to_string(), "200000");
        assert_eq!(account.equity.to_string(), "100000");
        assert_eq!(account.short_market_value.to_string(), "-100000");
        assert_eq!(account.buying_power.to_string(), "100000.0");
        assert_eq!(account.non_marginable_buying_power.to_string(), "50000.0");
        f.trade_at("AAPL", "90");
        let p = f.x.position("AAPL").unwrap();
        assert_eq!(
            (p.unrealized_pl.to_string(), p.unrealized_plpc.to_string()),
            ("10000".into(), "0.1".into())
        );
        f.send(market("AAPL", Side::Buy, "1000"));
        assert_eq!(f.x.account().equity.to_string(), "110000");
        assert_eq!(f.x.account().daytrade_count, 1);
    }

    #[test]
    fn fees_of_parts_add_up_to_the_fee_of_the_order() {
        let mut f = Floor::model(Model::Ibkr);
        f.show("AAPL", "99.99", "100", "150");
        let id = f.send(market("AAPL", Side::Buy, "1000"));
        assert_eq!(f.get(id).fees.to_string(), "1", "the minimum first");
        f.trade_at("AAPL", "100");
        assert_eq!(f.status(id), Status::Filled);
        assert_eq!(f.get(id).fees.to_string(), "5");
        assert_eq!(f.x.account().cash.to_string(), "-5");
        let fees: Vec<_> = f.x.activities().filter(|a| matches!(a.detail, Detail::Fee(_))).collect();
        assert_eq!(fees.len(), 2);

        let mut f = Floor::open();
        f.show("BTC/USD", "40000", "40000", "0.7");
        let id = f.send(NewOrder { tif: Tif::Gtc, ..market("BTC/USD", Side::Buy, "2") });
        f.trade_at("BTC/USD", "40000");
        assert_eq!(f.get(id).coin_fees.to_string(), "0.005");
        assert_eq!(f.held("BTC/USD"), "1.995");
        f.send(NewOrder { tif: Tif::Gtc, ..market("BTC/USD", Side::Sell, "1.995") });
        assert_eq!(f.held("BTC/USD"), "0");
        assert_eq!(f.x.account().cash.get().normalize().to_string(), "99600.5");
    }

    #[test]
    fn kraken_takes_a_seller_s_fee_from_the_coin_while_there_is_some() {
        let mut f = Floor::model(Model::Kraken);
        f.trade_at("BTC/USD", "10000");
        let order = |side, q| NewOrder { tif: Tif::Gtc, ..market("BTC/USD", side, q) };
        f.send(order(Side::Buy, "2"));
        assert_eq!(f.x.account().cash.get().normalize().to_string(), "79948");
        f.trade_at("BTC/USD", "10000");
        f.send(order(Side::Sell, "1"));
        assert_eq!(f.held("BTC/USD"), "0.9974");
        f.trade_at("BTC/USD", "10000");
        f.send(order(Side::Sell, "0.9974"));
        assert_eq!(f.held("BTC/USD"), "0", "never below zero: the last fee is paid in dollars");
    }

    #[test]
    fn notional_buys_fractions_and_sells_them() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "300");
        let money = |side, m: &str| NewOrder {
            qty: None,
            notional: Some(m.parse().unwrap()),
            ..market("AAPL", side, "1")
        };
        let id = f.send(money(Side::Buy, "1000"));
        assert_eq!((f.status(id), f.get(id).filled_qty), (Status::Filled, qty("3.333333333")));
        let refused = f.place(money(Side::Sell, "1001")).unwrap_err();
        assert!(refused.message.starts_with("insufficient qty available"), "{}", refused.message);
        let id = f.send(money(Side::Sell, "300"));
        assert_eq!(f.get(id).filled_qty, qty("1"));
        assert_eq!(
            f.place(money(Side::Buy, "0.5")).unwrap_err().message,
            "cost basis must be >= minimal amount of order 1"
        );
    }

    #[test]
    fn a_position_is_closed_by_share_and_everything_at_once() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        f.trade_at("MSFT", "500");
        f.send(market("AAPL", Side::Buy, "10"));
        f.send(market("MSFT", Side::Sell, "4"));
        f.send(limit("AAPL", Side::Sell, "3", "200"));
        let half = Portion::Percentage("50".parse().unwrap());
        let order = f.x.close_position(f.now, "AAPL", half).unwrap();
        assert_eq!((order.qty, order.side), (Some(qty("5")), Side::Sell));
        f.wait(15);
        let blocked = f.x.close_position(f.now, "AAPL", Portion::All).unwrap_err();
        assert_eq!((blocked.status, blocked.code), (403, 40_310_000));
        assert_eq!(f.x.close_position(f.now, "TSLA", Portion::All).unwrap_err().status, 404);
        let closed = f.x.close_all(f.now, true);
        assert_eq!(closed.len(), 2);
        assert!(closed.iter().all(|c| c.result.is_ok()));
        f.wait_for("flat", |x| x.positions().is_empty());
        assert!(f.x.orders(&OrderFilter::default()).is_empty());
    }

    #[test]
    fn day_orders_end_with_the_day_and_good_till_cancelled_ones_do_not() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        let day = f.send(limit("AAPL", Side::Buy, "1", "10"));
        let gtc = f.send(NewOrder { tif: Tif::Gtc, ..limit("AAPL", Side::Buy, "1", "10") });
        f.wait(20 * 3_600_000);
        assert_eq!((f.status(day), f.status(gtc)), (Status::Expired, Status::New));
        assert_eq!(f.get(day).expired_at, Some(stamp("2026-11-21T05:00:00Z")));
        f.wait(120 * 86_400_000);
        assert_eq!(f.status(gtc), Status::Expired);
        assert_eq!(f.x.at(), f.now);
        assert!(f.x.equity_curve(Density::Day).len() > 110);
    }

    #[test]
    fn under_us_sessions_orders_wait_for_the_open_and_limits_may_trade_around_it() {
        // Friday 17:00 in New York.
        let mut f = Floor::sessions("2026-11-20T22:00:00Z");
        let waits = f.place(market("AAPL", Side::Buy, "1")).unwrap();
        assert_eq!(waits.status, Status::Accepted);
        let late = NewOrder { extended_hours: true, ..limit("KO", Side::Buy, "1", "100") };
        let late = f.send(late);
        assert_eq!(f.status(late), Status::Filled);
        let auction = f.place(NewOrder { tif: Tif::Opg, ..market("MSFT", Side::Buy, "5000") });
        assert_eq!(auction.unwrap_err().message, "insufficient buying power");
        let auction = f.place(NewOrder { tif: Tif::Opg, ..market("MSFT", Side::Buy, "100") }).unwrap();
        f.wait(60 * 3_600_000);
        assert_eq!(f.status(waits.id), Status::Accepted, "Monday, 05:00");
        f.wait(4 * 3_600_000 + 1_800_000 + 1_000);
        assert_eq!((f.status(waits.id), f.status(auction.id)), (Status::Filled, Status::Filled));
        assert_eq!(f.get(auction.id).filled_at, Some(stamp("2026-11-23T14:30:00Z")));
    }

    #[test]
    fn what_is_filled_in_part_is_done_for_the_day_at_the_bell_and_works_on_tomorrow() {
        let mut f = Floor::sessions("2026-11-19T20:59:00Z");
        f.show("AAPL", "99.99", "100", "60");
        let order = NewOrder { tif: Tif::Gtc, ..limit("AAPL", Side::Buy, "100", "100") };
        let id = f.send(order);
        assert_eq!(f.status(id), Status::PartiallyFilled);
        f.wait(3_600_000);
        assert_eq!((f.status(id), f.kinds(id).last()), (Status::DoneForDay, Some(&"done_for_day")));
        f.wait(18 * 3_600_000);
        assert_eq!(f.status(id), Status::PartiallyFilled);
        f.trade_at("AAPL", "100");
        assert_eq!(f.status(id), Status::Filled);
    }

    #[test]
    fn at_one_times_margin_the_proceeds_of_a_sale_settle_the_day_after() {
        let mut f = Floor::open();
        let mut own = f.x.configuration();
        own.max_margin_multiplier = Ratio::new(Decimal::ONE);
        f.x.configure(own).unwrap();
        f.trade_at("AAPL", "100");
        assert_eq!(f.x.account().buying_power.to_string(), "100000");
        f.send(market("AAPL", Side::Buy, "900"));
        f.trade_at("AAPL", "100");
        f.send(market("AAPL", Side::Sell, "900"));
        let account = f.x.account();
        assert_eq!(
            (account.cash.to_string(), account.buying_power.to_string()),
            ("100000".into(), "10000".into())
        );
        f.wait(4 * 86_400_000);
        assert_eq!(f.x.account().buying_power.to_string(), "100000");
    }

    #[test]
    fn a_model_without_stocks_refuses_them() {
        let mut f = Floor::model(Model::Binance);
        let refused = f.place(market("AAPL", Side::Buy, "1")).unwrap_err();
        assert_eq!(refused.message, "the binance model does not trade stocks");
        assert!(!f.x.asset("AAPL").unwrap().tradable && f.x.asset("BTCUSD").unwrap().marginable);
    }

    #[test]
    fn lists_are_filtered_and_ordered() {
        let mut f = Floor::open();
        f.trade_at("AAPL", "100");
        let first = f.send(limit("AAPL", Side::Buy, "1", "10"));
        let second = f.send(bracket("1", "110", "95"));
        let ids = |filter: OrderFilter| f.x.orders(&filter).iter().map(|o| o.id).collect::<Vec<_>>();
        let all = OrderFilter { which: Which::All, ..OrderFilter::default() };
        assert_eq!(ids(all.clone()).len(), 4);
        assert_eq!(ids(OrderFilter { nested: true, ..all.clone() }), [second, first]);
        assert_eq!(ids(OrderFilter { nested: true, ascending: true, ..all.clone() }), [first, second]);
        assert_eq!(ids(OrderFilter { which: Which::Closed, ..all.clone() }), [second]);
        assert_eq!(ids(OrderFilter { side: Some(Side::Sell), ..all.clone() }).len(), 2);
        assert_eq!(ids(OrderFilter { before_order: Some(second), ..all.clone() }), [first]);
        assert_eq!(ids(OrderFilter { limit: 1, ascending: true, ..all }), [first]);
    }

    #[test]
    fn a_long_pause_is_bounded_work_and_a_clock_that_steps_back_is_ignored() {
        let mut f = Floor::open();
        let events = f.x.advance(f.now.plus_ms(30 * 86_400_000));
        assert!(events.len() < 20_000, "{}", events.len());
        let at = f.x.at();
        assert!(f.x.advance(f.now).is_empty());
        assert_eq!(f.x.at(), at);
        assert_eq!(tick_of(f.x.next_due()), tick_of(at) + 1);
    }

    #[test]
    fn every_second_of_the_market_is_told() {
        let mut f = Floor::open();
        let (mut quotes, mut trades, mut bars) = (0, 0, 0);
        for _ in 0..240 {
            f.now = f.now.plus_ms(500);
            for event in f.x.advance(f.now) {
                match event {
                    Event::Quote(q) => {
                        assert!(q.bid < q.ask);
                        quotes += 1;
                    }
                    Event::Trade(_) => trades += 1,
                    Event::MinuteBar(_) => bars += 1,
                    Event::Order(_) => {}
                }
            }
        }
        let symbols = f.x.assets().len();
        assert!(quotes > 120 * symbols && trades > 40 * symbols, "{quotes} quotes, {trades} trades");
        assert_eq!(bars, 2 * symbols);
    }

    /// One step of a random session.
    #[derive(Debug, Clone)]
    enum Act {
        Wait(i64),
        Place(usize, bool, u32, i64, usize),
        Cancel(usize),
        Replace(usize, u32),
        Close(usize, u32),
        Restart,
    }

    const SYMBOLS: [&str; 3] = ["KO", "AMD", "ETH/USD"];

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            4 => (1_i64..30_000).prop_map(Act::Wait),
            1 => (1_i64..3_000_000).prop_map(Act::Wait),
            8 => (0..3_usize, any::<bool>(), 1_u32..3_000, -30_i64..30, 0..10_usize)
                .prop_map(|(s, b, q, o, k)| Act::Place(s, b, q, o, k)),
            2 => (0..40_usize).prop_map(Act::Cancel),
            2 => (0..40_usize, 1_u32..3_000).prop_map(|(n, q)| Act::Replace(n, q)),
            2 => (0..3_usize, 1_u32..=100).prop_map(|(s, p)| Act::Close(s, p)),
            1 => Just(Act::Restart),
        ]
    }

    fn order_of(x: &Exchange, act: &Act) -> Option<NewOrder> {
        let Act::Place(symbol, buy, units, offset, kind) = act else { return None };
        let symbol = SYMBOLS[*symbol];
        let coin = symbol.contains('/');
        let tick = x.asset(symbol)?.tick;
        let near = |n: i64| tick.offset(x.quote(symbol)?.bid, n);
        let side = if *buy { Side::Buy } else { Side::Sell };
        let units = if coin { Decimal::new(i64::from(*units), 2) } else { Decimal::from(*units) };
        let mut order = NewOrder::market(symbol, side, Qty::new(units)?);
        order.tif = if coin { Tif::Gtc } else { Tif::Day };
        let (up, down) = (
            near(offset.saturating_abs().saturating_add(3))?,
            near((-3_i64).saturating_sub(offset.saturating_abs()))?,
        );
        let (target, stop) = if *buy { (up, down) } else { (down, up) };
        match kind {
            0 | 1 => {}
            2 | 3 => (order.kind, order.limit) = (OrderKind::Limit, near(*offset)),
            4 => (order.kind, order.stop) = (OrderKind::Stop, near(*offset)),
            5 => {
                order.kind = OrderKind::TrailingStop;
                order.trail_price = Some(price("0.05"));
            }
            6 => order.tif = Tif::Ioc,
            7 => {
                order.class = Class::Oco;
                (order.kind, order.take_profit) = (OrderKind::Limit, Some(if *buy { down } else { up }));
                order.stop_loss = Some(StopLeg { stop: if *buy { up } else { down }, limit: None });
            }
            _ => {
                order.class = Class::Bracket;
                order.take_profit = Some(target);
                order.stop_loss = Some(StopLeg { stop, limit: None });
            }
        }
        Some(order)
    }

    fn run(acts: &[Act], restarts: bool) -> (Exchange, Vec<Event>) {
        let mut x = Exchange::new(Setup::new(9, stamp("2026-11-20T15:00:00Z")));
        let (mut now, mut events) = (x.at(), Vec::new());
        for act in acts {
            let known: Vec<Uuid> = x
                .orders(&OrderFilter { which: Which::All, limit: 500, ..OrderFilter::default() })
                .iter()
                .map(|o| o.id)
                .collect();
            let pick = |n: usize| known.get(n).copied().unwrap_or_default();
            match act {
                Act::Wait(ms) => now = now.plus_ms(*ms),
                Act::Place(..) => {
                    if let Some(order) = order_of(&x, act) {
                        drop(x.place(now, order));
                    }
                }
                Act::Cancel(n) => {
                    drop(x.cancel(now, pick(*n)));
                }
                Act::Replace(n, q) => {
                    let change = Replacement { qty: Qty::new(Decimal::from(*q)), ..Replacement::default() };
                    drop(x.replace(now, pick(*n), change));
                }
                Act::Close(s, p) => {
                    let portion = Portion::Percentage(Percent::new(Decimal::from(*p)));
                    drop(x.close_position(now, SYMBOLS[*s], portion));
                }
                Act::Restart if restarts => {
                    events.extend(x.drain());
                    let kept = serde_json::to_string(&x.save()).unwrap();
                    let back: Saved = serde_json::from_str(&kept).unwrap();
                    x = Exchange::restore(back).unwrap();
                }
                Act::Restart => {}
            }
            events.extend(x.advance(now));
            check_orders(&x);
        }
        (x, events)
    }

    /// What holds at every moment.
    fn check_orders(x: &Exchange) {
        let all = OrderFilter { which: Which::All, limit: usize::MAX, ..OrderFilter::default() };
        for order in x.orders(&all) {
            if let Some(q) = order.qty {
                assert!(order.filled_qty <= q || order.parent.is_some(), "more than ordered: {order:?}");
                let filled = order.status == Status::Filled;
                assert!(!filled || order.filled_qty == q, "filled, yet not whole: {order:?}");
            }
            assert!(!(order.status.is_over() && order.armed), "{order:?}");
            let legs = x.legs(order);
            let exits: Vec<&Order> = if order.class == Class::Oco && order.parent.is_none() {
                legs.into_iter().chain([order]).collect()
            } else {
                legs
            };
            if exits.len() == 2 {
                assert_ne!(
                    exits.iter().filter(|o| o.status.is_over()).count(),
                    1,
                    "one exit alive alone: {exits:#?}"
                );
            }
        }
    }

    /// Cash and positions are the sums of what the fills say.
    fn check_sums(x: &Exchange, events: &[Event]) {
        let mut cash = Decimal::from(100_000);
        let mut units = std::collections::BTreeMap::<Symbol, Decimal>::new();
        let mut add = |symbol: &Symbol, signed: Decimal| {
            let sum = units.entry(symbol.clone()).or_default();
            *sum = sum.saturating_add(signed);
        };
        for activity in x.activities() {
            match &activity.detail {
                Detail::Fill(fill) => {
                    let signed = fill.qty.signed(fill.side).get();
                    cash = cash.saturating_sub(signed.saturating_mul(fill.price.get()));
                    add(&activity.symbol, signed);
                }
                Detail::Fee(fee) => {
                    cash = cash.saturating_add(fee.money.get());
                    add(&activity.symbol, fee.coin.get());
                }
            }
        }
        assert_eq!(x.account().cash, Money::new(cash));
        for symbol in SYMBOLS {
            let want = units.get(&Symbol::new(symbol).unwrap()).copied().unwrap_or_default();
            let held = x.position(symbol).map_or(Decimal::ZERO, |p| p.qty.get());
            assert_eq!(held, want, "{symbol}");
            assert!(!symbol.contains('/') || held >= Decimal::ZERO, "a coin is never short");
        }
        let told = events.iter().filter(|e| matches!(e, Event::Order(u) if u.execution.is_some())).count();
        let noted = x.activities().filter(|a| matches!(a.detail, Detail::Fill(_))).count();
        assert_eq!(told, noted, "every fill is told once");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn any_session_adds_up_and_a_restart_changes_nothing(acts in prop::collection::vec(act(), 1..40)) {
            let (x, events) = run(&acts, false);
            check_sums(&x, &events);
            let (y, again) = run(&acts, true);
            prop_assert_eq!(events.len(), again.len());
            prop_assert!(events == again, "the same calls give the same events, restarted or not");
            prop_assert_eq!(x.save(), y.save());
        }
    }

    #[test]
    fn kept_state_of_another_version_or_with_unknown_instruments_is_refused() {
        let mut saved = Exchange::new(Setup::new(1, stamp("2026-11-20T15:00:00Z"))).save();
        saved.version = 99;
        let text = Exchange::restore(saved).unwrap_err().to_string();
        assert_eq!(text, "the paper account's state has version 99, this program reads version 1");
        let mut f = Floor::open();
        f.send(market("AAPL", Side::Buy, "1"));
        let kept = serde_json::to_string(&f.x.save()).unwrap().replace("AAPL", "ZZZZ");
        let text = Exchange::restore(serde_json::from_str(&kept).unwrap()).unwrap_err().to_string();
        assert_eq!(text, "the paper account's state is damaged: there is no instrument ZZZZ");
        assert!(f.log.iter().any(|u| u.kind == UpdateKind::Fill));
    }
}
