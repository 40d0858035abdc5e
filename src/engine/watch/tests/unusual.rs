//! What is called unusual, told from what was done before. It lives here for the rig.

use super::*;
use crate::{desk::Preview, domain::ids::VenueOrderId, grammar};

fn preview(rig: &mut Rig, line: &str) -> Preview {
    rig.quote(rig.price);
    let reply = rig.ask(Request::Preview(grammar::parse(line).unwrap()));
    let Reply::Preview(preview) = reply else { panic!("{line}: {reply:?}") };
    *preview
}

/// Buys that fill, so that there is something usual.
fn buys(rig: &mut Rig, sizes: &[&str]) {
    for size in sizes {
        rig.pass(2);
        rig.quote(rig.price);
        rig.passes(&format!("buy AAPL {size} limit +0.1%"));
        let sent = rig.sent().pop().expect("it left");
        let name = sent.client.as_str();
        let mut fill = execution(&format!("x{name}"), "a", &sent.spec, size, "10");
        fill.client = sent.client.clone();
        fill.venue_id = VenueOrderId::new(&format!("v{name}")).unwrap();
        rig.step(Input::Venue { venue: venue(), event: Event::Execution(Box::new(fill)) });
    }
}

#[test]
fn an_entry_is_unusual_by_the_last_ones_and_by_the_market() {
    let mut rig = Rig::new(&quiet());
    assert!(preview(&mut rig, "buy AAPL 500").unusual.is_empty(), "nothing is usual yet");
    buys(&mut rig, &["10", "10", "20", "10", "30"]);
    assert!(preview(&mut rig, "buy AAPL 49 limit 10").unusual.is_empty());
    let said = |p: Preview| p.unusual.iter().map(ToString::to_string).collect::<Vec<_>>();
    let large = said(preview(&mut rig, "buy AAPL 60 limit 10"));
    assert_eq!(large, ["6 times your usual size, which is 100"]);
    let far = said(preview(&mut rig, "buy AAPL 10 limit 10.40"));
    assert_eq!(far, ["the limit is 4% through the market, which is at 10"]);
    assert!(preview(&mut rig, "buy AAPL 10 limit 9").unusual.is_empty(), "one that waits is not");
    assert!(
        preview(&mut rig, "sell AAPL all limit 9.5").unusual.is_empty(),
        "a reduction is not nagged about"
    );
}
