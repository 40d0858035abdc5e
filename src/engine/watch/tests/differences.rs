//! Differences between book and venue as a person sees and decides them. It lives here for the rig.

use super::*;
use crate::{desk::snapshot::DifferenceKind, domain::ids::OrderId};

fn shown(rig: &mut Rig) -> Vec<(DifferenceKind, bool, String)> {
    rig.tick();
    let rows = rig.snapshot().reconciliation;
    rows.iter().map(|r| (r.kind, r.is_open, r.text.to_string())).collect()
}

#[test]
fn a_foreign_order_waits_until_it_is_adopted_or_gone() {
    let mut rig = Rig::new(&quiet());
    assert_eq!(shown(&mut rig), []);
    rig.orders = vec![named_report("theirs", &order(Side::Buy, "5", limit("8")))];
    rig.report();
    let row = (DifferenceKind::ForeignOrder, true, "buy theirs: nobody here made it".to_owned());
    assert_eq!(shown(&mut rig), std::slice::from_ref(&row));
    let first = rig.snapshot().reconciliation[0].id;
    assert_eq!(shown(&mut rig), [row]);
    assert_eq!(rig.snapshot().reconciliation[0].id, first, "the selection stays on it");
    let id = OrderId { venue: venue(), client: crate::domain::ids::ClientId::new("theirs").unwrap() };
    let adopt = |order| Request::Adopt { instrument: aapl(), order };
    let reply = rig.ask(adopt(Some(id.client.clone())));
    assert!(matches!(&reply, Reply::Done(text) if text.as_str().contains("is yours")), "{reply:?}");
    assert_eq!(shown(&mut rig), []);
    let again = rig.ask(adopt(Some(id.client.clone())));
    assert!(matches!(&again, Reply::Refused { .. }), "{again:?}");
    // A restart keeps it.
    rig.restart();
    assert_eq!(shown(&mut rig), []);
}

#[test]
fn a_position_that_no_fill_explains_waits_until_it_is_adopted_or_flat() {
    let mut rig = Rig::new(&quiet());
    rig.held = "1200";
    rig.agree();
    let open = |rows: &[(DifferenceKind, bool, String)]| {
        rows.iter().filter(|r| r.1).map(|r| (r.0, r.2.clone())).collect::<Vec<_>>()
    };
    let want = (DifferenceKind::ForeignPosition, "paper says 1200, and no fill here explains it".to_owned());
    assert_eq!(open(&shown(&mut rig)), std::slice::from_ref(&want));
    rig.restart();
    assert_eq!(open(&shown(&mut rig)), [want], "what was not decided waits on");
    let reply = rig.ask(Request::Adopt { instrument: aapl(), order: None });
    assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
    assert_eq!(open(&shown(&mut rig)), []);
    rig.restart();
    assert_eq!(open(&shown(&mut rig)), [], "what was decided stays decided");
    // Another one, that goes by itself.
    rig.held = "1300";
    rig.agree();
    assert_eq!(open(&shown(&mut rig)).len(), 1);
    rig.held = "0";
    rig.agree();
    assert_eq!(open(&shown(&mut rig)), [], "what is flat needs no decision");
}

#[test]
fn a_position_in_doubt_and_a_fill_that_a_report_brings_are_shown() {
    let mut rig = Rig::new(&quiet());
    rig.held = "1200";
    rig.report();
    let rows = shown(&mut rig);
    assert!(
        matches!(rows.as_slice(), [(DifferenceKind::Doubt, true, text)] if text.contains("1000") && text.contains("1200")),
        "{rows:?}"
    );
}
