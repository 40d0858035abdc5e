//! What of a snapshot differs from the one before: what goes to a screen in another process, and what a recording
//! keeps. A screen that is slow gets the difference to the newest, however many lie between.

use super::{
    snapshot::{
        AccountRow, AlertRow, AlgorithmRow, Banner, DeliveryRow, DepthRow, DifferenceRow, EquityPoint,
        ExitNote, ExitRow, FillRow, HealthRow, MarginCallRow, OrderRow, PositionRow, QualityRow, RiskRow,
        Snapshot, WatchRow,
    },
    total::Total,
};
use crate::domain::{
    capability::Capability,
    ids::{Symbol, VenueId},
    time::Now,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How the rows of a section changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rows<T> {
    /// All of them are these now.
    All(Arc<Vec<T>>),
    /// These, by their places, are others; the rest is as before.
    Some(Vec<(u32, T)>),
    /// From `at` on `gone` rows are no more, and `rows` stand in their place.
    Splice {
        /// Where.
        at: u32,
        /// How many go.
        gone: u32,
        /// What comes.
        rows: Vec<T>,
    },
}

/// An update that does not follow from the snapshot that it is put to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("update {seq} speaks of rows that the snapshot before it does not have")]
pub struct Mismatch {
    /// The update's number.
    pub seq: u64,
}

fn place(n: usize) -> Option<u32> {
    u32::try_from(n).ok()
}

impl<T: Clone + PartialEq> Rows<T> {
    /// What changed; `None` where nothing did.
    pub fn between(before: &Arc<Vec<T>>, after: &Arc<Vec<T>>) -> Option<Self> {
        if Arc::ptr_eq(before, after) {
            return None;
        }
        let (old, new) = (before.as_slice(), after.as_slice());
        let ahead = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        if ahead == old.len() && ahead == new.len() {
            return None;
        }
        let (old, new) = (old.get(ahead..)?, new.get(ahead..)?);
        let behind = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
        let (gone, come) = (old.len().saturating_sub(behind), new.len().saturating_sub(behind));
        let all = || Some(Self::All(Arc::clone(after)));
        let (Some(at), Some(cut)) = (place(ahead), place(gone)) else { return all() };
        let (old, new) = (old.get(..gone)?, new.get(..come)?);
        if gone == come {
            let moved = || old.iter().zip(new).enumerate().filter(|(_, (a, b))| a != b);
            if moved().count() <= come / 2 {
                let row = |(n, (_, b)): (usize, (&T, &T))| Some((at.checked_add(place(n)?)?, b.clone()));
                return Some(Self::Some(moved().filter_map(row).collect()));
            }
        }
        if come.saturating_mul(4) > after.len().saturating_mul(3) {
            return all();
        }
        Some(Self::Splice { at, gone: cut, rows: new.to_vec() })
    }

    /// Puts it to the rows before; `None` where they are not the ones that it was made from.
    fn put(self, rows: &mut Arc<Vec<T>>) -> Option<()> {
        match self {
            Self::All(all) => *rows = all,
            Self::Some(moved) => {
                let rows = Arc::make_mut(rows);
                for (at, row) in moved {
                    *rows.get_mut(usize::try_from(at).ok()?)? = row;
                }
            }
            Self::Splice { at, gone, rows: come } => {
                let (at, gone) = (usize::try_from(at).ok()?, usize::try_from(gone).ok()?);
                let end = at.checked_add(gone).filter(|end| *end <= rows.len())?;
                drop(Arc::make_mut(rows).splice(at..end, come));
            }
        }
        Some(())
    }
}

macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident $field:ident $row:ty;)*) => {
        /// One section that changed.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Section {
            /// The line that can't be scrolled away.
            Banner(Banner),
            /// All accounts together.
            Total(Option<Arc<Total>>),
            /// The exit under way or the last one.
            Exit(Option<Arc<ExitRow>>),
            $($(#[$doc])* $name(Rows<$row>),)*
        }

        impl Update {
            /// What leads from `before` to `after`.
            pub fn between(before: &Snapshot, after: &Snapshot) -> Self {
                // Named one by one, so that a section which is forgotten here does not compile.
                let Snapshot { seq, at, banner, total, exit, $($field),* } = after;
                let mut sections = Vec::new();
                if *banner != before.banner {
                    sections.push(Section::Banner(banner.clone()));
                }
                if *total != before.total {
                    sections.push(Section::Total(total.clone()));
                }
                if *exit != before.exit {
                    sections.push(Section::Exit(exit.clone()));
                }
                $(sections.extend(Rows::between(&before.$field, $field).map(Section::$name));)*
                Self { seq: *seq, at: *at, sections }
            }

            /// Puts it to the snapshot that it was made from.
            ///
            /// # Errors
            /// When it was made from another one.
            pub fn put(self, snapshot: &mut Snapshot) -> Result<(), Mismatch> {
                let seq = self.seq;
                for section in self.sections {
                    let put = match section {
                        Section::Banner(banner) => { snapshot.banner = banner; Some(()) }
                        Section::Total(total) => { snapshot.total = total; Some(()) }
                        Section::Exit(exit) => { snapshot.exit = exit; Some(()) }
                        $(Section::$name(rows) => rows.put(&mut snapshot.$field),)*
                    };
                    put.ok_or(Mismatch { seq })?;
                }
                (snapshot.seq, snapshot.at) = (seq, self.at);
                Ok(())
            }
        }
    };
}

/// A step from one snapshot to a later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// The later one's number.
    pub seq: u64,
    /// When that was made.
    pub at: Now,
    /// What is new in it.
    pub sections: Vec<Section>,
}

sections! {
    /// Accounts.
    Accounts accounts AccountRow;
    /// Watched symbols.
    Watchlist watchlist WatchRow;
    /// Order books.
    Depth depth DepthRow;
    /// Positions.
    Positions positions PositionRow;
    /// Orders.
    Orders orders OrderRow;
    /// Executions.
    Fills fills FillRow;
    /// How the venues do.
    Health health HealthRow;
    /// How the channels of notifications do.
    Deliveries deliveries DeliveryRow;
    /// Alerts.
    Alerts alerts AlertRow;
    /// Equity over the day.
    EquityCurve equity_curve EquityPoint;
    /// Rules.
    Risk risk RiskRow;
    /// What a margin call would close.
    MarginCall margin_call MarginCallRow;
    /// What the journal tells of exits.
    Exits exits ExitNote;
    /// Differences with the venues.
    Reconciliation reconciliation DifferenceRow;
    /// Programs.
    Algorithms algorithms AlgorithmRow;
    /// Execution figures.
    Quality quality QualityRow;
    /// What each venue takes.
    Offers offers (VenueId, Capability);
    /// Symbols that can be traded.
    #[serde(with = "super::listed")]
    Symbols symbols (Symbol, VenueId);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(of: &[u8]) -> Arc<Vec<u8>> {
        Arc::new(of.to_vec())
    }

    #[test]
    fn what_changed_is_told_and_no_more() {
        let before = rows(&[1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(Rows::between(&before, &Arc::clone(&before)), None);
        assert_eq!(Rows::between(&before, &rows(&[1, 2, 3, 4, 5, 6, 7, 8])), None);
        let one = Rows::between(&before, &rows(&[1, 2, 9, 4, 5, 6, 0, 8]));
        assert_eq!(one, Some(Rows::Some(vec![(2, 9), (6, 0)])));
        let newest_first = Rows::between(&before, &rows(&[0, 1, 2, 3, 4, 5, 6, 7, 8]));
        assert_eq!(newest_first, Some(Rows::Splice { at: 0, gone: 0, rows: vec![0] }));
        let gone = Rows::between(&before, &rows(&[1, 2, 3, 4, 5, 8]));
        assert_eq!(gone, Some(Rows::Splice { at: 5, gone: 2, rows: Vec::new() }));
        let others = rows(&[11, 12, 13]);
        assert_eq!(Rows::between(&before, &others), Some(Rows::All(others)));
    }

    #[test]
    fn an_update_of_another_snapshot_is_refused_and_names_itself() {
        let mut snapshot = Snapshot::default();
        let point = EquityPoint {
            venue: None,
            at: crate::domain::time::Stamp::default(),
            equity: crate::domain::money::Money::ZERO,
        };
        let sections = vec![Section::EquityCurve(Rows::Some(vec![(0, point)]))];
        let update = Update { seq: 7, at: Now::default(), sections };
        assert_eq!(update.put(&mut snapshot), Err(Mismatch { seq: 7 }));
    }

    proptest! {
        #[test]
        fn before_and_the_difference_are_after(before in proptest::collection::vec(0_u8..4, 0..24),
            after in proptest::collection::vec(0_u8..4, 0..24)) {
            let (mut held, after) = (Arc::new(before), Arc::new(after));
            if let Some(rows) = Rows::between(&held, &after) {
                prop_assert!(rows.put(&mut held).is_some());
            }
            prop_assert_eq!(held, after);
        }
    }
}
