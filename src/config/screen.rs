//! `[pages]` and `[columns]`: what stands where, and which columns tables have. The screen reads the texts itself, as
//! it does keys; this room keeps them with their places.

use super::{
    error::Place,
    read::{Section, safe},
};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// The most characters of a page's name: it stands in the banner.
const NAME_MAX: usize = 12;
/// The longest layout.
const LAYOUT_MAX: usize = 400;

/// A page: its layout as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageText {
    /// `watchlist | (positions / orders)`.
    pub layout: SmolStr,
    /// Where, for errors about it.
    pub place: Place,
}

/// The columns of a table, from left to right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnNames {
    /// As they are written.
    pub names: Vec<SmolStr>,
    /// Where, for errors about them.
    pub place: Place,
}

/// What stands where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Screens {
    /// The user's own pages, by name; one of a built-in page's name stands in its place.
    pub pages: BTreeMap<SmolStr, PageText>,
    /// The pages that are shown, in the order of the keys `1` to `9`; empty is all.
    pub shown: Vec<SmolStr>,
    /// Where that stands, for errors about it.
    pub shown_at: Option<Place>,
    /// Columns of tables, by pane.
    pub columns: BTreeMap<SmolStr, ColumnNames>,
}

pub(super) fn read(root: &Section<'_>, to: &mut Screens) {
    let pages = root.section("pages");
    for (name, at, value) in pages.entries() {
        let text = value.get_ref().as_str().filter(|t| t.len() <= LAYOUT_MAX);
        let good = !name.is_empty()
            && name.len() <= NAME_MAX
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        match text {
            Some(text) if good => {
                let page = PageText { layout: SmolStr::new(text), place: root.reading().place(at) };
                to.pages.insert(SmolStr::new(name), page);
            }
            Some(_) => {
                let problem = format!(
                    "`{}` can't be a page's name: write up to {NAME_MAX} small letters, digits and -",
                    safe(name)
                );
                root.reading().fail(at, problem);
            }
            None => {
                pages.wrong(&safe(name), value, "write a layout in quotes, such as \"watchlist | orders\"");
            }
        }
    }
    let columns = root.section("columns");
    for (pane, at, value) in columns.entries() {
        let list = value.get_ref().as_array();
        let names = list.map(|l| l.iter().map(|v| v.get_ref().as_str().map(SmolStr::new)).collect());
        match names {
            Some(Some(names)) => {
                let names = ColumnNames { names, place: root.reading().place(at) };
                to.columns.insert(SmolStr::new(pane), names);
            }
            Some(None) | None => {
                columns.wrong(&safe(pane), value, "write a list of columns, such as [\"symbol\", \"qty\"]");
            }
        }
    }
}

/// `ui.pages`: which pages are shown.
pub(super) fn read_shown(s: &Section<'_>, to: &mut Screens) {
    let Some(value) = s.value("pages") else { return };
    s.list("pages", &mut to.shown, |t| Ok(SmolStr::new(t)));
    to.shown_at = (!to.shown.is_empty()).then(|| s.reading().place(value.span().start));
}
