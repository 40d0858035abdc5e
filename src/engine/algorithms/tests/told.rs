//! Silence at a venue, orders by the way they came, and what is said to all.

use super::*;
use crate::domain::{
    report::OrderReport,
    rules::{Response as RuleResponse, Rule},
};

/// What the rule does at the venue is said with what follows; where nothing does, silence is said once.
#[test]
fn silence_trips_the_rule_of_the_venue_that_it_trades_at() {
    for (response, alerts) in [(RuleResponse::Alert, 1), (RuleResponse::BlockEntries, 2)] {
        let mut rules = quiet();
        rules.heartbeat.response = response;
        let mut rig =
            Rig::with_algorithms(&rules, everything(AssetClass::Equity), vec![bot(), setup("swing")]);
        order_of(&mut rig, "bot-1", &buy("10"));
        rig.tick();
        assert!(rig.until(Rule::Heartbeat).is_none());
        rig.pass(61);
        rig.tick();
        rig.tick();
        assert!(rig.until(Rule::Heartbeat).is_some(), "{response:?}");
        let said: Vec<String> = said(&rig).into_iter().filter(|s| s.contains("no sign of life")).collect();
        assert_eq!(said.len(), alerts, "{said:?}");
        order_of(&mut rig, "bot-2", &buy("10"));
        rig.tick();
        assert!(rig.until(Rule::Heartbeat).is_none(), "it gives signs of life again");
    }
}

/// By the venue's word for the way that it came an order is an algorithm's, unless a name says otherwise or it is ours.
#[test]
fn an_order_is_told_by_the_way_it_came() {
    let claim = |name: &str, sources: Vec<SmolStr>, prefixes| Claim {
        name: name.into(),
        venue: venue(),
        prefixes,
        tags: Vec::new(),
        sources,
    };
    let of = |name: &str, claim| AlgorithmSetup {
        claim: Some(claim),
        ..AlgorithmSetup { name: name.into(), ..bot() }
    };
    let web = of("any", claim("any", vec!["access_key".into()], Vec::new()));
    let named = of("bot", claim("bot", Vec::new(), vec!["bot-".into()]));
    let mut rig = rig(vec![web, named]);
    rig.pass(1);
    let comes = |rig: &mut Rig, n: &str, source: Option<&str>| {
        let report =
            OrderReport { source: source.map(Text::from), ..report(n, &buy("10"), OrderEvent::Working, "0") };
        rig.step(Input::Venue { venue: venue(), event: Event::Order(Box::new(report)) });
    };
    for (n, source) in
        [("x-1", Some("access_key")), ("x-2", Some("web")), ("x-3", None), ("bot-1", Some("access_key"))]
    {
        comes(&mut rig, n, source);
    }
    let owner = |rig: &Rig, n: &str| rig.engine.book.owner_of(rig.engine.book.order(&id(n)).unwrap());
    assert_eq!(owner(&rig, "x-1"), Owner::Algorithm("any".into()));
    assert_eq!((owner(&rig, "x-2"), owner(&rig, "x-3")), (Owner::External, Owner::External));
    assert_eq!(owner(&rig, "bot-1"), Owner::Algorithm("bot".into()), "a name says more than a way");
    fills(&mut rig, "e1", "x-1", &buy("10"), "4", "10");
    rig.tick();
    let any = row(&mut rig, "any");
    assert_eq!((any.orders, any.holdings), (1, 1));
    // Paused, and got out of alone.
    rig.ask(Request::Algorithm { name: "any".into(), deed: AlgorithmDeed::Pause });
    assert_eq!(cancelled(&rig), ["x-1"]);
    let held = rig.engine.book.held_by(&venue(), "any");
    assert_eq!(held.values().map(ToString::to_string).collect::<Vec<_>>(), ["4"]);
}

#[test]
fn a_broadcast_is_for_others_too_and_says_so() {
    let mut rig = rig(vec![setup("swing"), bot()]);
    let all = |except| Instruction::Broadcast { object: "{}".into(), except };
    // That this one was not seen yet keeps it from nobody.
    let (ticket, words) = asks(&mut rig, "swing", all(Some(7))).unwrap();
    assert_eq!(
        words,
        "broadcast a command to EVERY live algorithm of its organization but that of project 7"
    );
    answers(&mut rig, ticket, Instructed::Taken("taken".into()));
    assert!(said(&rig).last().unwrap().contains("gave no verdict"), "{:?}", said(&rig));
    assert!(asks(&mut rig, "bot", all(None)).unwrap_err().contains("takes no instructions"));
}
