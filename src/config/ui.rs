//! `[ui]`, `[watchlist]` and `[paths]`: how it looks and where things are.

use super::{
    read::{Section, path},
    screen::{Screens, read_shown},
    venue::VenueConfig,
};
use crate::{
    domain::ids::{Symbol, VenueId},
    grammar,
};
use smol_str::SmolStr;
use std::path::{Path, PathBuf};

/// When only ASCII is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ascii {
    /// When the terminal is not set to UTF-8.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The colours of up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpDown {
    /// Up is green: Europe, America.
    #[default]
    GreenRed,
    /// Up is red: China, Japan.
    RedGreen,
    /// For eyes that do not tell red from green.
    BlueOrange,
}

/// How an amount of money below zero is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Negative {
    /// `-1,234.50`.
    #[default]
    Minus,
    /// `(1,234.50)`.
    Parentheses,
}

/// How numbers are written. What is typed is not touched by it: its decimal mark is the point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// What stands between groups of three digits, if anything.
    pub thousands: Option<char>,
    /// The decimal mark.
    pub decimal: char,
    /// Money below zero.
    pub negative: Negative,
    /// Large amounts and quantities in tables are shortened: `1.25M`.
    pub compact: bool,
    /// What stands at amounts of money; empty is nothing.
    pub currency: SmolStr,
    /// It stands behind them.
    pub currency_after: bool,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            thousands: Some(','),
            decimal: '.',
            negative: Negative::Minus,
            compact: false,
            currency: SmolStr::default(),
            currency_after: false,
        }
    }
}

/// How it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ui {
    /// A file in the themes directory without its ending, or one that is built in.
    pub theme: SmolStr,
    /// The most frames drawn in a second.
    pub fps: u64,
    /// When only ASCII is drawn.
    pub ascii: Ascii,
    /// Does it listen to the mouse?
    pub mouse: bool,
    /// Does it use colours?
    pub color: bool,
    /// The colours of up and down.
    pub up_down: UpDown,
    /// `local`, or an IANA name.
    pub timezone: SmolStr,
    /// How numbers are written.
    pub numbers: Numbers,
}

impl Default for Ui {
    fn default() -> Self {
        Self {
            theme: SmolStr::new_static("dark"),
            fps: 30,
            ascii: Ascii::Auto,
            mouse: true,
            color: true,
            up_down: UpDown::GreenRed,
            timezone: SmolStr::new_static("local"),
            numbers: Numbers::default(),
        }
    }
}

/// Words for [`Ascii`].
pub(super) const ASCII: [(&str, Ascii); 3] =
    [("auto", Ascii::Auto), ("always", Ascii::Always), ("never", Ascii::Never)];
const UP_DOWN: [(&str, UpDown); 3] =
    [("green_red", UpDown::GreenRed), ("red_green", UpDown::RedGreen), ("blue_orange", UpDown::BlueOrange)];

pub(super) fn read(s: Section<'_>, to: &mut Ui, screens: &mut Screens) {
    read_shown(&s, screens);
    s.text("theme", &mut to.theme, theme);
    s.whole("fps", 1..=120, &mut to.fps);
    s.word("ascii", &ASCII, &mut to.ascii);
    s.flag("mouse", &mut to.mouse);
    s.flag("color", &mut to.color);
    s.word("up_down", &UP_DOWN, &mut to.up_down);
    s.text("timezone", &mut to.timezone, timezone);
    read_numbers(&s.section("numbers"), &mut to.numbers);
    s.finish();
}

const THOUSANDS: [(&str, Option<char>); 5] =
    [(",", Some(',')), (".", Some('.')), (" ", Some(' ')), ("'", Some('\'')), ("", None)];
const DECIMAL: [(&str, char); 2] = [(".", '.'), (",", ',')];
const NEGATIVE: [(&str, Negative); 2] = [("minus", Negative::Minus), ("parentheses", Negative::Parentheses)];
/// The longest sign of a currency, in characters.
const SIGN_MAX: usize = 4;

fn read_numbers(s: &Section<'_>, to: &mut Numbers) {
    s.word("thousands", &THOUSANDS, &mut to.thousands);
    s.word("decimal", &DECIMAL, &mut to.decimal);
    s.word("negative", &NEGATIVE, &mut to.negative);
    s.flag("compact", &mut to.compact);
    s.text("currency", &mut to.currency, sign);
    s.flag("currency_after", &mut to.currency_after);
    if to.thousands == Some(to.decimal) {
        let (at, mark) = (s.value("decimal").or(s.value("thousands")), to.decimal);
        let problem = format!(
            "`{}.decimal` and `thousands` are both `{mark}`, and 1{mark}234 would be two numbers: give another to one of them",
            s.name()
        );
        s.reading().fail(at.map_or(s.start(), |v| v.span().start), problem);
        *to = Numbers::default();
    }
    s.finish();
}

/// The sign of a currency: short, and nothing that could be taken for a part of the number.
fn sign(text: &str) -> Result<SmolStr, String> {
    let odd = |c: char| {
        c.is_ascii_digit() || c.is_whitespace() || ".,+-()'".contains(c) || crate::domain::text::is_unsafe(c)
    };
    if text.chars().count() > SIGN_MAX || text.chars().any(odd) {
        return Err(format!(
            "write up to {SIGN_MAX} characters such as $ or EUR, no digits and no marks of a number"
        ));
    }
    Ok(SmolStr::new(text))
}

/// A theme's name: never a path, so that it can't lead out of the themes directory.
pub(super) fn theme(text: &str) -> Result<SmolStr, String> {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if text.is_empty() || text.len() > 64 || !text.bytes().all(inner) {
        return Err("write a theme's name such as dark, made of letters, digits, - and _".to_owned());
    }
    Ok(SmolStr::new(text))
}

fn timezone(text: &str) -> Result<SmolStr, String> {
    if text == "local" || jiff::tz::TimeZone::get(text).is_ok() {
        return Ok(SmolStr::new(text));
    }
    Err("write \"local\" or a name such as \"America/New_York\"".to_owned())
}

/// The symbols that are watched before the user adds any.
pub(super) const WATCHED: [&str; 10] =
    ["AAPL", "MSFT", "NVDA", "TSLA", "AMZN", "SPY", "QQQ", "BTC/USD", "ETH/USD", "SOL/USD"];

/// A symbol that is watched from the start, and where; `None` is where orders in it go.
pub type Watch = (Symbol, Option<VenueId>);

pub(super) fn default_watchlist() -> Vec<Watch> {
    WATCHED.iter().filter_map(|s| Some((Symbol::new(s).ok()?, None))).collect()
}

pub(super) fn read_watchlist(s: Section<'_>, venues: &[VenueConfig], to: &mut Vec<Watch>) {
    s.list("symbols", to, |t| {
        let (symbol, at) = match t.split_once('@') {
            Some((symbol, at)) => (symbol, Some(at)),
            None => (t, None),
        };
        let symbol = grammar::symbol(symbol).map_err(|e| e.expected.into_owned())?;
        Ok((symbol, at.map(|at| super::trading::venue(at, venues)).transpose()?))
    });
    let mut seen = std::collections::BTreeSet::new();
    to.retain(|one| seen.insert(one.clone()));
    s.finish();
}

/// Where things are, if not in the usual places.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paths {
    /// Journal, locks, and the paper venue's account; `None` is the usual place.
    pub state: Option<PathBuf>,
    /// The user's own themes; `None` is `themes` beside the configuration file.
    pub themes: Option<PathBuf>,
}

pub(super) fn read_paths(s: Section<'_>, to: &mut Paths, home: Option<&Path>) {
    s.text("state", &mut to.state, |t| path(t, home).map(Some));
    s.text("themes", &mut to.themes, |t| path(t, home).map(Some));
    s.finish();
}
