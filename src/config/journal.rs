//! `[journal]`: how long records stay in the journal before it is begun anew.

use super::read::Section;

/// Less is never put aside: within these days trades count for day trades, and venues tell executions again.
pub const KEEP_DAYS_MIN: u64 = 14;
/// A hundred years: longer than that is for ever, which is what leaving it out means.
const KEEP_DAYS_MAX: u64 = 36_500;

/// How long records stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// So many days at least; `None` is for ever.
    pub keep_days: Option<u64>,
}

pub(super) fn read(s: &Section<'_>, to: &mut Retention) {
    let mut days = 0;
    s.whole("keep_days", KEEP_DAYS_MIN..=KEEP_DAYS_MAX, &mut days);
    to.keep_days = (days > 0).then_some(days);
    s.finish();
}
