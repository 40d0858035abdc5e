//! From a page's layout and the size of the screen to rectangles. Panes that do not fit go, the least needed
//! first; the focused one stays.

pub mod text;

use super::focus::{Layout, Pane};
use ratatui::layout::Rect;

/// A pane on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Which.
    pub pane: Pane,
    /// All of it: the first row is its title, and where `bar` is set the first column a line.
    pub area: Rect,
    /// Is there a line on its left?
    pub bar: bool,
}

impl Placed {
    /// Without title and line.
    pub const fn inner(&self) -> Rect {
        let bar = if self.bar { 1 } else { 0 };
        Rect {
            x: self.area.x.saturating_add(bar),
            y: self.area.y.saturating_add(1),
            width: self.area.width.saturating_sub(bar),
            height: self.area.height.saturating_sub(1),
        }
    }
}

/// What a pane needs to be of use: columns and rows, its title among them.
const fn needs(pane: Pane) -> (u16, u16) {
    match pane {
        Pane::Watchlist => (36, 7),
        Pane::Chart => (60, 10),
        Pane::Ticket => (30, 22),
        Pane::Positions => (44, 6),
        Pane::Orders => (54, 7),
        Pane::Fills => (42, 6),
        Pane::Account => (28, 9),
        Pane::Health => (28, 6),
        Pane::Risk => (48, 8),
        Pane::Alerts => (36, 5),
        Pane::Depth => (52, 12),
        Pane::Reconciliation => (48, 6),
        Pane::Algorithms | Pane::Quality => (44, 6),
    }
}

/// The most columns that a pane makes use of.
const fn widest(pane: Pane) -> u16 {
    match pane {
        Pane::Ticket => 44,
        Pane::Watchlist | Pane::Health => 74,
        Pane::Account => 90,
        Pane::Depth => 60,
        Pane::Chart
        | Pane::Positions
        | Pane::Orders
        | Pane::Fills
        | Pane::Risk
        | Pane::Alerts
        | Pane::Reconciliation
        | Pane::Algorithms
        | Pane::Quality => u16::MAX,
    }
}

/// Who goes first when room is short. The ticket comes back as a window when it is needed.
const GOES: [Pane; 14] = [
    Pane::Ticket,
    Pane::Fills,
    Pane::Health,
    Pane::Quality,
    Pane::Algorithms,
    Pane::Depth,
    Pane::Chart,
    Pane::Alerts,
    Pane::Account,
    Pane::Risk,
    Pane::Reconciliation,
    Pane::Watchlist,
    Pane::Orders,
    Pane::Positions,
];

/// Places the panes of `layout` into `area`.
pub fn place(layout: &Layout, focus: Pane, area: Rect) -> Vec<Placed> {
    let mut kept = if area.width < NARROW { narrow(layout, focus, area) } else { layout.clone() };
    while let Some(pane) = surplus(&kept, focus, area) {
        match without(&kept, pane) {
            Some(rest) => kept = rest,
            None => break,
        }
    }
    let mut out = Vec::new();
    spread(&kept, area, false, &mut out);
    out
}

/// Below so many columns, panes that stand side by side are too narrow to read.
const NARROW: u16 = 110;

/// The layout for a narrow screen: quotes and positions side by side, and below them the focused one of the others
/// at full width, else the orders. Pages without all three keep their layout.
fn narrow(layout: &Layout, focus: Pane, area: Rect) -> Layout {
    let panes = layout.panes();
    if ![Pane::Watchlist, Pane::Positions, Pane::Orders].iter().all(|p| panes.contains(p)) {
        return layout.clone();
    }
    let one = |pane| (10, Layout::Pane(pane));
    let top = Layout::Row(vec![(36, Layout::Pane(Pane::Watchlist)), (44, Layout::Pane(Pane::Positions))]);
    let mut rows = vec![(10, top)];
    let others = [Pane::Orders, Pane::Account, Pane::Alerts, Pane::Fills, Pane::Health, Pane::Risk];
    let room = usize::from(area.height.saturating_sub(8) / 10).max(1);
    let focused = others.iter().filter(|p| **p == focus);
    let rest = others.iter().filter(|p| **p != focus && panes.contains(p));
    rows.extend(focused.chain(rest).take(room).map(|p| one(*p)));
    Layout::Column(rows)
}

/// One pane alone.
pub fn zoom(pane: Pane, area: Rect) -> Vec<Placed> {
    vec![Placed { pane, area, bar: false }]
}

/// The first pane to go whose going helps.
fn surplus(layout: &Layout, focus: Pane, area: Rect) -> Option<Pane> {
    let (width, height) = least(layout);
    if width <= area.width && height <= area.height {
        return None;
    }
    let panes = layout.panes();
    let helps = |pane: &Pane| {
        without(layout, *pane).is_some_and(|rest| {
            let (w, h) = least(&rest);
            (width > area.width && w < width) || (height > area.height && h < height)
        })
    };
    let may_go = |pane: &&Pane| panes.contains(pane) && (**pane != focus || **pane == Pane::Ticket);
    let candidates = || GOES.iter().filter(may_go);
    candidates().find(|p| helps(p)).or_else(|| candidates().next()).copied()
}

/// The least room that a layout needs.
fn least(layout: &Layout) -> (u16, u16) {
    match layout {
        Layout::Pane(pane) => needs(*pane),
        Layout::Row(parts) => parts
            .iter()
            .map(|(_, l)| least(l))
            .fold((0, 0), |(w, h), (pw, ph)| (w.saturating_add(pw), h.max(ph))),
        Layout::Column(parts) => parts
            .iter()
            .map(|(_, l)| least(l))
            .fold((0, 0), |(w, h), (pw, ph)| (w.max(pw), h.saturating_add(ph))),
    }
}

/// The most columns that a layout makes use of.
fn most(layout: &Layout) -> u16 {
    match layout {
        Layout::Pane(pane) => widest(*pane),
        Layout::Row(parts) => parts.iter().map(|(_, l)| most(l)).fold(0, u16::saturating_add),
        Layout::Column(parts) => parts.iter().map(|(_, l)| most(l)).fold(0, u16::max),
    }
}

fn without(layout: &Layout, pane: Pane) -> Option<Layout> {
    let rest = |parts: &[(u16, Layout)]| -> Vec<(u16, Layout)> {
        parts.iter().filter_map(|(w, l)| Some((*w, without(l, pane)?))).collect()
    };
    let (wrap, mut parts): (fn(_) -> Layout, _) = match layout {
        Layout::Pane(own) => return (*own != pane).then_some(Layout::Pane(*own)),
        Layout::Row(parts) => (Layout::Row, rest(parts)),
        Layout::Column(parts) => (Layout::Column, rest(parts)),
    };
    match parts.len() {
        0 => None,
        1 => parts.pop().map(|(_, l)| l),
        _ => Some(wrap(parts)),
    }
}

fn spread(layout: &Layout, area: Rect, bar: bool, out: &mut Vec<Placed>) {
    match layout {
        Layout::Pane(pane) => out.push(Placed { pane: *pane, area, bar }),
        Layout::Row(parts) => {
            let wants = parts.iter().map(|(w, l)| Want { weight: *w, least: least(l).0, most: most(l) });
            let mut x = area.x;
            for (i, (width, (_, part))) in
                share(area.width, wants.collect()).into_iter().zip(parts).enumerate()
            {
                spread(part, Rect { x, width, ..area }, bar || i > 0, out);
                x = x.saturating_add(width);
            }
        }
        Layout::Column(parts) => {
            let wants = parts.iter().map(|(w, l)| Want { weight: *w, least: least(l).1, most: u16::MAX });
            let mut y = area.y;
            for (height, (_, part)) in share(area.height, wants.collect()).into_iter().zip(parts) {
                spread(part, Rect { y, height, ..area }, bar, out);
                y = y.saturating_add(height);
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Want {
    weight: u16,
    least: u16,
    most: u16,
}

/// Shares `total` by weight, between least and most; the last takes what is left over.
fn share(total: u16, wants: Vec<Want>) -> Vec<u16> {
    let weights = wants.iter().map(|w| u32::from(w.weight.max(1))).fold(0, u32::saturating_add).max(1);
    let ideal = |w: &Want| {
        let part = u32::from(total).saturating_mul(u32::from(w.weight.max(1))).checked_div(weights);
        part.and_then(|p| u16::try_from(p).ok()).unwrap_or(0)
    };
    let mut out: Vec<u16> = wants.iter().map(|w| ideal(w).min(w.most).max(w.least)).collect();
    let sum = |out: &[u16]| out.iter().copied().fold(0, u16::saturating_add);
    let mut over = sum(&out).saturating_sub(total);
    while over > 0 {
        // The one with the most to spare gives one; with none to spare, the largest.
        let spare = |(i, (len, w)): (usize, (&u16, &Want))| (len.saturating_sub(w.least), *len, i);
        let Some((_, _, i)) = out.iter().zip(&wants).enumerate().map(spare).max() else { break };
        let Some(len) = out.get_mut(i).filter(|len| **len > 0) else { break };
        *len = len.saturating_sub(1);
        over = over.saturating_sub(1);
    }
    let mut left = total.saturating_sub(sum(&out));
    while left > 0 {
        // The one that is furthest below its weight, among those that can use more, gets one.
        let lack = |(i, (len, w)): (usize, (&u16, &Want))| {
            let filled = u32::from(*len).saturating_mul(1000).checked_div(u32::from(w.weight.max(1)));
            (*len >= w.most, filled.unwrap_or(u32::MAX), i)
        };
        let Some((_, _, i)) = out.iter().zip(&wants).enumerate().map(lack).min() else { break };
        let Some(len) = out.get_mut(i) else { break };
        *len = len.saturating_add(1);
        left = left.saturating_sub(1);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::focus::default_pages;
    use proptest::prelude::*;

    fn shown(page: usize, focus: Pane, width: u16, height: u16) -> Vec<Placed> {
        place(&default_pages()[page].layout, focus, Rect::new(0, 0, width, height))
    }

    #[test]
    fn a_small_screen_keeps_what_matters_and_the_focus() {
        let panes = |focus| shown(0, focus, 80, 21).iter().map(|p| p.pane).collect::<Vec<_>>();
        let calm = panes(Pane::Watchlist);
        for pane in [Pane::Watchlist, Pane::Positions, Pane::Orders] {
            assert!(calm.contains(&pane), "{calm:?}");
        }
        assert!(!calm.contains(&Pane::Ticket), "{calm:?}");
        for pane in default_pages()[0].layout.panes() {
            assert!(pane == Pane::Ticket || panes(pane).contains(&pane), "{pane:?}");
        }
        assert_eq!(shown(0, Pane::Watchlist, 120, 37).len(), default_pages()[0].layout.panes().len());
    }

    proptest! {
        #[test]
        fn panes_fill_the_screen_and_never_overlap(page in 0_usize..5, focus in 0_usize..10, width in 0_u16..320, height in 0_u16..120) {
            let area = Rect::new(0, 0, width, height);
            let placed = place(&default_pages()[page].layout, Pane::ALL[focus], area);
            let covered: u32 = placed.iter().map(|p| p.area.area()).sum();
            prop_assert_eq!(covered, area.area());
            for (i, a) in placed.iter().enumerate() {
                prop_assert_eq!(a.area.intersection(area), a.area);
                for b in &placed[..i] {
                    prop_assert!(!a.area.intersects(b.area), "{a:?} {b:?}");
                }
            }
        }
    }
}
