//! Bars that say how much of a whole is used or done. They take whole numbers and shares as they come: below nothing
//! is an empty bar, beyond the whole a full one, and what is not known has no bar at all.

use crate::{domain::money::Percent, tui::glyphs::Glyphs};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};

/// Writes a bar of `cells`, of which `full` are filled.
fn write(out: &mut String, glyphs: &Glyphs, full: u16, cells: u16) {
    let full = full.min(cells);
    (0..full).for_each(|_| out.push_str(glyphs.bar));
    (full..cells).for_each(|_| out.push_str(glyphs.bar_rest));
}

/// A share of a limit. It is full only when all of the limit is used.
pub fn share(out: &mut String, glyphs: &Glyphs, share: Percent, cells: u16) {
    let whole = Decimal::ONE_HUNDRED;
    let used = share.get().clamp(Decimal::ZERO, whole);
    let full = used.checked_mul(Decimal::from(cells)).and_then(|d| d.checked_div(whole));
    write(out, glyphs, full.and_then(|d| d.trunc().to_u16()).unwrap_or(0), cells);
}

/// So many of so many. Nothing to do is done.
pub fn count(out: &mut String, glyphs: &Glyphs, done: u32, of: u32, cells: u16) {
    let full = u64::from(done).saturating_mul(u64::from(cells)).checked_div(u64::from(of));
    write(out, glyphs, full.map_or(cells, |f| u16::try_from(f).ok().unwrap_or(cells)), cells);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bar(percent: &str) -> String {
        let mut out = String::new();
        share(&mut out, &Glyphs::ASCII, percent.parse().unwrap(), 10);
        out
    }

    #[test]
    fn bars_stay_between_empty_and_full() {
        for (percent, want) in [
            ("-80", "----------"),
            ("0", "----------"),
            ("9.99", "----------"),
            ("80.6", "########--"),
            ("99.99", "#########-"),
            ("100", "##########"),
            ("79228162514264337593543950335", "##########"),
            ("-79228162514264337593543950335", "----------"),
        ] {
            assert_eq!(bar(percent), want, "{percent}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_counted_the_bar_has_its_length(done: u32, of: u32, cells in 0_u16..200) {
            let mut out = String::new();
            count(&mut out, &Glyphs::ASCII, done, of, cells);
            prop_assert_eq!(out.len(), usize::from(cells));
            let full = out.matches('#').count();
            prop_assert!(of == 0 || done < of || full == usize::from(cells));
            prop_assert!(of == 0 || done > 0 || full == 0);
        }
    }
}
