//! What is told by which channel, and what is held back.

use super::*;
use crate::{
    config::Config,
    domain::{
        ids::{Symbol, VenueId},
        time::Stamp,
    },
    notify::message::tests::alert,
};
use std::path::Path;

fn config(text: &str) -> Notify {
    let channels = "[venues.alpaca]\nkind = \"alpaca\"\n[venues.other]\nkind = \"paper\"\n\
        [notify.channels.mail]\nkind = \"email\"\nhost = \"localhost\"\nfrom = \"a@b\"\nto = [\"c@d\"]\n\
        [notify.channels.chat]\nkind = \"slack\"\n";
    let parsed = Config::parse(Path::new("/c.toml"), &format!("{channels}{text}"));
    parsed.unwrap_or_else(|all| panic!("{all:?}")).notify
}

fn of(severity: Severity, code: AlertCode) -> Notice {
    Notice { what: What::Alert(alert(severity, code, "x")), account: None, accounts: Vec::new(), past: None }
}

fn now(ms: u64) -> Now {
    Now { mono: Mono::from_millis(ms), wall: Stamp::parse_rfc3339("2026-11-30T21:00:05Z").unwrap() }
}

fn names(config: &Notify, told: &[Telling]) -> Vec<String> {
    told.iter().map(|t| config.channels[t.channel].name.to_string()).collect()
}

const INTERVAL_MS: u64 = 300_000;

#[test]
fn one_of_a_kind_in_five_minutes_and_a_count_of_the_rest() {
    let mut policy = Policy::new(&Notify::default());
    let critical = of(Severity::Critical, AlertCode::OrderUnknown);
    let first = policy.decide(&critical, now(0));
    assert_eq!(first.iter().map(|t| t.held_back).collect::<Vec<_>>(), [0]);
    for n in 1..=10_000 {
        assert_eq!(policy.decide(&critical, now(n)), []);
    }
    assert_eq!(policy.due(Mono::from_millis(INTERVAL_MS - 1)), []);
    assert_eq!(policy.next(), Some(Mono::from_millis(INTERVAL_MS)));
    assert_eq!(policy.decide(&critical, now(INTERVAL_MS))[0].held_back, 10_000);
    assert_eq!((policy.next(), policy.due(Mono::from_millis(INTERVAL_MS * 3))), (None, Vec::new()));
}

#[test]
fn what_was_held_back_is_told_when_its_interval_is_over_and_begins_another() {
    let mut policy = Policy::new(&Notify::default());
    let of_text = |severity, text: &str| Notice {
        what: What::Alert(alert(severity, AlertCode::OrderUnknown, text)),
        ..of(severity, AlertCode::OrderUnknown)
    };
    policy.decide(&of_text(Severity::Critical, "first"), now(0));
    policy.decide(&of_text(Severity::Critical, "second"), now(1));
    policy.decide(&of_text(Severity::Critical, "third"), now(2));
    let held = policy.due(Mono::from_millis(INTERVAL_MS));
    assert_eq!(held.iter().map(|h| h.count).collect::<Vec<_>>(), [2]);
    let What::Alert(last) = &held[0].last.what else { panic!("{held:?}") };
    assert_eq!(last.text.as_str(), "third");
    assert_eq!(policy.decide(&of_text(Severity::Critical, "fourth"), now(INTERVAL_MS + 1)), []);
    assert_eq!(policy.rest().len(), 1, "the end of the program tells the rest");
    assert_eq!(policy.rest(), []);
}

#[test]
fn how_an_exit_goes_and_an_emergency_are_never_held_back() {
    let mut policy = Policy::new(&Notify::default());
    for n in 0..3 {
        for notice in [of(Severity::Info, AlertCode::Exit), of(Severity::Emergency, AlertCode::NoStop)] {
            assert_eq!(policy.decide(&notice, now(n)).len(), 1);
        }
    }
    assert_eq!(policy.decide(&of(Severity::Warning, AlertCode::Stream), now(9)), []);
}

#[test]
fn kinds_and_channels_have_each_their_own_interval() {
    let config = config(
        "[[notify.rules]]\nchannels = [\"mail\"]\nseverity = \"critical\"\ninterval_seconds = 60\n\
         [[notify.rules]]\nchannels = [\"chat\", \"mail\"]\nseverity = \"warning\"\n",
    );
    let mut policy = Policy::new(&config);
    let critical = of(Severity::Critical, AlertCode::OrderUnknown);
    assert_eq!(names(&config, &policy.decide(&critical, now(0))), ["chat", "mail"]);
    assert_eq!(
        names(&config, &policy.decide(&of(Severity::Critical, AlertCode::Stream), now(1))),
        ["chat", "mail"]
    );
    let later = policy.decide(&critical, now(60_000));
    assert_eq!(names(&config, &later), ["mail"], "where two rules name a channel the shorter interval holds");
    assert_eq!(
        names(&config, &policy.decide(&of(Severity::Warning, AlertCode::Clock), now(1))),
        ["chat", "mail"]
    );
}

type Change<'a> = &'a dyn Fn(&mut Alert);

#[test]
fn a_rule_goes_by_severity_code_venue_symbol_algorithm_and_time() {
    let told = |rule: &str, change: Change<'_>| {
        let config = config(&format!(
            "[algorithms.bot]\nkind = \"lean\"\nresults = \"/x\"\n[[notify.rules]]\nchannels = [\"mail\"]\n{rule}"
        ));
        let mut alert = alert(Severity::Critical, AlertCode::OrderRejected, "x");
        change(&mut alert);
        let notice = Notice { what: What::Alert(alert), ..of(Severity::Info, AlertCode::Program) };
        !Policy::new(&config).decide(&notice, now(0)).is_empty()
    };
    let same = |_: &mut Alert| {};
    let tests: [(&str, Change<'_>, bool); 14] = [
        ("", &same, true),
        ("severity = \"emergency\"", &same, false),
        ("severity = \"emergency\"", &|a| a.code = AlertCode::Exit, true),
        ("codes = [\"order_rejected\", \"stream\"]", &same, true),
        ("codes = [\"stream\"]", &same, false),
        ("codes = [\"stream\"]", &|a| a.code = AlertCode::Exit, false),
        ("venues = [\"alpaca\"]", &same, true),
        ("venues = [\"other\"]", &same, false),
        ("venues = [\"alpaca\"]", &|a| a.venue = None, false),
        ("symbols = [\"AAPL\"]", &same, true),
        ("symbols = [\"AAPL\"]", &|a| a.symbol = Symbol::new("MSFT").ok(), false),
        ("algorithms = [\"bot\"]", &same, false),
        ("algorithms = [\"bot\"]", &|a| a.algorithm = Some("bot".into()), true),
        ("venues = [\"other\"]", &|a| a.venue = VenueId::new("other").ok(), true),
    ];
    for (rule, change, expected) in tests {
        assert_eq!(told(rule, change), expected, "{rule}");
    }
    // It is 21:00:05 in UTC, 16:00:05 in New York.
    for (from, until, zone, expected) in [
        ("09:30", "16:00", "America/New_York", false),
        ("09:30", "16:01", "America/New_York", true),
        ("21:00", "22:00", "UTC", true),
        ("22:00", "07:00", "UTC", false),
        ("20:00", "07:00", "UTC", true),
        ("07:00", "07:00", "UTC", true),
    ] {
        let rule = format!("from = \"{from}\"\nuntil = \"{until}\"\nzone = \"{zone}\"\n");
        assert_eq!(told(&rule, &same), expected, "{rule}");
    }
}

#[test]
fn what_a_channel_can_not_deliver_is_not_told_through_it() {
    let config = config("");
    let mut policy = Policy::new(&config);
    let notice = Notice { past: Some("mail".into()), ..of(Severity::Critical, AlertCode::Delivery) };
    assert_eq!(names(&config, &policy.decide(&notice, now(0))), ["chat", "desktop"]);
}

#[test]
fn the_bell_has_a_policy_of_its_own() {
    let config = config("[[notify.rules]]\nchannels = [\"bell\"]\ncodes = [\"no_stop\"]\n");
    assert_eq!(Policy::new(&config).decide(&of(Severity::Critical, AlertCode::NoStop), now(0)), []);
    let mut bell = Policy::of_bell(&config);
    assert_eq!(bell.decide(&of(Severity::Critical, AlertCode::NoStop), now(0)).len(), 1);
    assert_eq!(bell.decide(&of(Severity::Critical, AlertCode::Stream), now(0)), []);
}
