//! `[ui]`, `[watchlist]` and `[paths]`: how it looks and where things are.

use super::{
    read::{Section, path},
    screen::{Screens, read_shown},
};
use crate::{domain::ids::Symbol, grammar};
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
    s.finish();
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

pub(super) fn default_watchlist() -> Vec<Symbol> {
    WATCHED.iter().filter_map(|s| Symbol::new(s).ok()).collect()
}

pub(super) fn read_watchlist(s: Section<'_>, to: &mut Vec<Symbol>) {
    s.list("symbols", to, |t| grammar::symbol(t).map_err(|e| e.expected.into_owned()));
    let mut seen = std::collections::BTreeSet::new();
    to.retain(|symbol| seen.insert(symbol.clone()));
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
