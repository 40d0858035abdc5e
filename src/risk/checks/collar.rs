//! Prices near the last quote: a slip of the finger stands ten times off.

use super::Case;
use crate::risk::verdict::Why;

pub(super) fn ask(case: &Case<'_>) -> Option<Why> {
    let limit = case.context.limits.price_collar_percent;
    let mut market = None;
    for (what, price) in case.prices() {
        let at = match market {
            Some(at) => at,
            None => case.mark.and_then(crate::book::Mark::price)?,
        };
        market = Some(at);
        let off = price.checked_sub(at)?.abs();
        // Compared as amounts: a division for the sentence alone.
        let most = limit.of(at.abs().per_unit())?;
        if off.per_unit() > most {
            let off = off.per_unit().percent_of(at.abs().per_unit());
            let off = off.map_or(limit, |p| crate::domain::money::Percent::new(p.get().round_dp(2)));
            return Some(Why::Collar { what, price, market: at, off, limit });
        }
    }
    None
}
