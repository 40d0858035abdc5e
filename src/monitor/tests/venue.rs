//! What is judged of a venue, and of orders that nobody here made.

use super::*;

#[test]
fn streams_clocks_and_requests_are_judged_where_the_venue_tells() {
    let mut desk = Desk::new();
    assert_eq!(desk.stands(Rule::StreamDown, 0), Standing::Clear);
    desk.down = vec!["orders"];
    assert_eq!(desk.stands(Rule::StreamDown, 0), Standing::Clear, "a moment");
    assert_eq!(desk.stands(Rule::StreamDown, 9), Standing::Near);
    let down = desk.of(Rule::StreamDown, 10);
    assert_eq!(down.text.as_str(), "paper: the orders stream is down for 10 s");
    assert_eq!(down.standing, Standing::Over);
    desk.down.clear();
    assert!(desk.of(Rule::StreamDown, 11).clears);

    assert_eq!(desk.stands(Rule::ClockSkew, 0), Standing::Off);
    for (ms, standing, clears) in
        [(-400, Standing::Clear, true), (1_000, Standing::Near, false), (-1_001, Standing::Over, false)]
    {
        desk.skew_ms = Some(ms);
        let reading = desk.of(Rule::ClockSkew, 0);
        assert_eq!((reading.standing, reading.clears), (standing, clears), "{ms}");
    }

    assert_eq!(desk.stands(Rule::RateLimit, 0), Standing::Off);
    for (used, standing, clears) in
        [(100, Standing::Clear, true), (179, Standing::Near, false), (180, Standing::Over, false)]
    {
        desk.requests = Some((used, 200));
        let reading = desk.of(Rule::RateLimit, 0);
        assert_eq!((reading.standing, reading.clears), (standing, clears), "{used}");
    }
    desk.requests = None;
    desk.limited_ms = Some(1);
    assert_eq!(desk.stands(Rule::RateLimit, 0), Standing::Over);
    assert_eq!(desk.stands(Rule::TokenExpiry, 0), Standing::Off, "nothing to watch yet");
}

#[test]
fn of_algorithms_the_one_with_the_least_silence_left_is_the_gauge() {
    let mut desk = Desk::new();
    let beat = |name, limit_s, age_ms| Beat { name, limit_s, age_ms };
    let heartbeat = |desk: &mut Desk| desk.of(Rule::Heartbeat, 0);
    assert_eq!(heartbeat(&mut desk).used.as_str(), "nothing to watch");
    desk.beats = vec![beat("bot", 60, None)];
    assert_eq!(
        (heartbeat(&mut desk).standing, heartbeat(&mut desk).used.as_str()),
        (Standing::Off, "none seen yet")
    );
    for (bot, swing, used, standing) in [
        (10_000, 20_000, "bot 10 s", Standing::Clear),
        (50_000, 170_000, "swing 170 s", Standing::Near),
        (60_000, 180_000, "swing 180 s", Standing::Near),
        (61_000, 180_000, "bot 61 s", Standing::Over),
    ] {
        desk.beats = vec![beat("bot", 60, Some(bot)), beat("swing", 180, Some(swing))];
        let reading = heartbeat(&mut desk);
        assert_eq!((reading.used.as_str(), reading.standing), (used, standing));
        assert_eq!((reading.clears, reading.told), (standing != Standing::Over, true));
    }
    desk.beats = vec![beat("bot", 60, Some(61_000)), beat("swing", 180, Some(181_000))];
    let said = heartbeat(&mut desk).text;
    assert_eq!(said.as_str(), "bot gave no sign of life for 61 s, the limit is 60 s (2 are silent)");
    desk.rules.heartbeat.response = Response::Off;
    assert_eq!(heartbeat(&mut desk).standing, Standing::Off);
}

#[test]
fn orders_of_others_are_said_once() {
    let mut desk = Desk::new();
    let report = report("theirs", &buy("5"), OrderEvent::Working, "0");
    desk.book.take(Fact::Learned { report: Box::new(report), origin: Origin::External });
    let said = desk.monitor.strangers(&desk.book);
    assert_eq!(said.iter().map(|s| s.code).collect::<Vec<_>>(), [AlertCode::ExternalOrder]);
    assert_eq!(desk.monitor.strangers(&desk.book), []);
}

#[test]
fn only_what_could_add_opens_risk() {
    let mut desk = Desk::new();
    desk.holds();
    desk.book.works("more", &buy("1"));
    desk.book.works("less", &sell("100"));
    desk.book.works("turn", &sell("101"));
    desk.book.works("exit", &OrderSpec { reduce_only: true, ..order(Side::Sell, "500", OrderType::Market) });
    let opens = |n: &str| opens_risk(&desk.book, desk.book.order(&id(n)).unwrap());
    assert_eq!(["more", "less", "turn", "stop"].map(opens), [true, false, true, false]);
}
