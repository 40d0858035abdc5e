//! `[orders]` and `[session]`: where orders go, what they get by default, what is asked before they are sent,
//! and how long the program stays armed.

use super::{
    read::{Section, number_text},
    venue::VenueConfig,
};
use crate::{
    domain::{
        caution::Caution,
        draft::{PriceExpr, Size},
        ids::VenueId,
        instrument::AssetClass,
        money::{Percent, Ratio, parse_decimal},
        order::Tif,
    },
    grammar::{self, GrammarError, nearest},
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use toml::de::DeValue;

/// What is asked before something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confirm {
    /// Nothing.
    None,
    /// The same key again, with what will happen on the screen.
    Review,
    /// A typed word.
    Typed,
}

/// What is asked, by the kind of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmations {
    /// Opening or adding at a paper account.
    pub entry: Confirm,
    /// Opening or adding with real money; never nothing.
    pub live_entry: Confirm,
    /// Reducing.
    pub exit: Confirm,
    /// Cancelling.
    pub cancel: Confirm,
    /// Flattening after HALT; never nothing.
    pub flatten: Confirm,
}

impl Default for Confirmations {
    fn default() -> Self {
        Self {
            entry: Confirm::Review,
            live_entry: Confirm::Review,
            exit: Confirm::None,
            cancel: Confirm::None,
            flatten: Confirm::Review,
        }
    }
}

/// What `B` and `S` fill the ticket with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefaultBracket {
    /// How much.
    pub size: Size,
    /// Protective stop.
    pub stop: PriceExpr,
    /// Take-profit.
    pub target: PriceExpr,
}

impl Default for DefaultBracket {
    fn default() -> Self {
        Self {
            size: Size::RiskPercent(Percent::new(Decimal::ONE)),
            stop: PriceExpr::Percent(Percent::new(Decimal::NEGATIVE_ONE)),
            target: PriceExpr::R(Ratio::new(Decimal::TWO)),
        }
    }
}

/// Where orders go and what they get by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDefaults {
    /// Where orders go that name no venue; `None` is the only venue, or the ticket asks.
    pub default_venue: Option<VenueId>,
    /// Where orders of a class go, before the default.
    pub venue_by_class: BTreeMap<AssetClass, VenueId>,
    /// Where entries go while their venue is down; `None` is nowhere.
    pub fallback_venue: Option<VenueId>,
    /// Time in force of orders that name none.
    pub tif: Tif,
    /// What `B` and `S` fill the ticket with.
    pub bracket: DefaultBracket,
    /// What is asked.
    pub confirm: Confirmations,
    /// When it is asked once more.
    pub caution: Caution,
}

impl Default for OrderDefaults {
    fn default() -> Self {
        Self {
            default_venue: None,
            venue_by_class: BTreeMap::new(),
            fallback_venue: None,
            tif: Tif::Day,
            bracket: DefaultBracket::default(),
            confirm: Confirmations::default(),
            caution: Caution::default(),
        }
    }
}

const ASKED: [(&str, Confirm); 3] =
    [("none", Confirm::None), ("review", Confirm::Review), ("typed", Confirm::Typed)];
const ALWAYS_ASKED: [(&str, Confirm); 2] = [("review", Confirm::Review), ("typed", Confirm::Typed)];
const TIFS: [(&str, Tif); 4] = [("day", Tif::Day), ("gtc", Tif::Gtc), ("ioc", Tif::Ioc), ("fok", Tif::Fok)];
const CLASSES: [(&str, AssetClass); 7] = [
    ("equity", AssetClass::Equity),
    ("option", AssetClass::Option),
    ("crypto", AssetClass::Crypto),
    ("forex", AssetClass::Forex),
    ("future", AssetClass::Future),
    ("perpetual", AssetClass::Perpetual),
    ("cfd", AssetClass::Cfd),
];

pub(super) fn read_orders(s: Section<'_>, venues: &[VenueConfig], to: &mut OrderDefaults) {
    let known = |t: &str| venue(t, venues).map(Some);
    s.text("default_venue", &mut to.default_venue, known);
    s.text("fallback_venue", &mut to.fallback_venue, known);
    s.word("tif", &TIFS, &mut to.tif);
    let classes = s.section("venue_by_class");
    for (name, class) in CLASSES {
        let mut chosen = None;
        classes.text(name, &mut chosen, known);
        to.venue_by_class.extend(chosen.map(|v| (class, v)));
    }
    classes.finish();
    let bracket = s.section("bracket");
    bracket.text("size", &mut to.bracket.size, |t| match grammar::size_expr(t) {
        Ok(Size::All | Size::PositionPercent(_)) => {
            Err("write the size of an entry, such as \"risk 1%\"".to_owned())
        }
        other => other.map_err(expected),
    });
    bracket.text("stop", &mut to.bracket.stop, |t| distance(grammar::price_expr(t)));
    bracket.text("target", &mut to.bracket.target, |t| distance(grammar::target_expr(t)));
    bracket.finish();
    let confirm = s.section("confirm");
    confirm.word("entry", &ASKED, &mut to.confirm.entry);
    confirm.word("live_entry", &ALWAYS_ASKED, &mut to.confirm.live_entry);
    confirm.word("exit", &ASKED, &mut to.confirm.exit);
    confirm.word("cancel", &ASKED, &mut to.confirm.cancel);
    confirm.word("flatten", &ALWAYS_ASKED, &mut to.confirm.flatten);
    confirm.read("large_times", &mut to.caution.large_times, |v| at_most(v, 1_000).map(Ratio::new));
    confirm.read("far_percent", &mut to.caution.far_percent, |v| at_most(v, 100).map(Percent::new));
    confirm.read("loss_percent", &mut to.caution.loss_percent, |v| at_most(v, 100).map(Percent::new));
    confirm.finish();
    s.finish();
}

/// A number from nothing to this.
fn at_most(value: &DeValue<'_>, most: u32) -> Result<Decimal, String> {
    let number = number_text(value).and_then(|text| parse_decimal(text).ok());
    number
        .filter(|d| !d.is_sign_negative() && *d <= Decimal::from(most))
        .ok_or_else(|| format!("write a number from 0 to {most}"))
}

fn expected(error: GrammarError) -> String {
    error.expected.into_owned()
}

/// A bracket is for any symbol, so its prices are distances.
fn distance(price: Result<PriceExpr, GrammarError>) -> Result<PriceExpr, String> {
    match price.map_err(expected)? {
        PriceExpr::At(_) => Err("write a distance such as \"-1%\", since it serves every symbol".to_owned()),
        far @ (PriceExpr::Offset(_) | PriceExpr::Percent(_) | PriceExpr::Ticks(_) | PriceExpr::R(_)) => {
            Ok(far)
        }
    }
}

/// A venue that the file has.
pub(super) fn venue(text: &str, venues: &[VenueConfig]) -> Result<VenueId, String> {
    let names = || venues.iter().map(|v| v.name.as_str());
    match venues.iter().find(|v| v.name.as_str() == text) {
        Some(found) => Ok(found.name.clone()),
        None => Err(match nearest(text, names()) {
            Some(near) => format!("there is no such venue; did you mean \"{near}\"?"),
            None => {
                format!("there is no such venue; the venues are {}", names().collect::<Vec<_>>().join(", "))
            }
        }),
    }
}

/// What quitting does while positions or working orders are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnQuit {
    /// Says so and asks.
    #[default]
    Ask,
    /// Leaves them.
    Keep,
    /// Cancels entries.
    Cancel,
    /// Cancels and closes everything.
    Flatten,
}

/// What losing the terminal does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnHangup {
    /// Leaves everything at the venue as it is.
    #[default]
    Keep,
    /// Cancels entries.
    Cancel,
    /// Cancels and closes everything.
    Flatten,
}

/// How long things last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Minutes after which ARMED ends.
    pub arm_minutes: u64,
    /// Minutes without a key after which a live account locks.
    pub idle_lock_minutes: u64,
    /// What quitting does.
    pub on_quit: OnQuit,
    /// What losing the terminal does.
    pub on_hangup: OnHangup,
}

impl Default for Session {
    fn default() -> Self {
        Self { arm_minutes: 15, idle_lock_minutes: 10, on_quit: OnQuit::Ask, on_hangup: OnHangup::Keep }
    }
}

pub(super) fn read_session(s: Section<'_>, to: &mut Session) {
    s.whole("arm_minutes", 1..=480, &mut to.arm_minutes);
    s.whole("idle_lock_minutes", 1..=480, &mut to.idle_lock_minutes);
    let quit = [
        ("ask", OnQuit::Ask),
        ("keep", OnQuit::Keep),
        ("cancel", OnQuit::Cancel),
        ("flatten", OnQuit::Flatten),
    ];
    s.word("on_quit", &quit, &mut to.on_quit);
    let hangup = [("keep", OnHangup::Keep), ("cancel", OnHangup::Cancel), ("flatten", OnHangup::Flatten)];
    s.word("on_hangup", &hangup, &mut to.on_hangup);
    s.finish();
}
