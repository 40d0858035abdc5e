//! The symbols that the trader allows, and those that he denies himself.

use super::Case;
use crate::risk::verdict::Why;

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    let symbol = &case.spec.instrument.symbol;
    let limits = case.context.limits;
    if limits.symbols_deny.contains(symbol) {
        return Some(Box::new(Why::Denied(symbol.clone())));
    }
    let is_allowed = limits.symbols_allow.is_empty() || limits.symbols_allow.contains(symbol);
    (!is_allowed).then(|| Box::new(Why::NotAllowed(symbol.clone())))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use crate::risk::verdict::CheckName;
    use crate::{book::fixture::*, domain::order::OrderSpec};

    #[test]
    fn without_lists_all_pass_with_them_only_those_that_may() {
        let mut desk = Desk::open();
        desk.passes(CheckName::Symbols, &buy("1"));
        desk.limits.symbols_allow.insert(btc().symbol);
        desk.refuses(CheckName::Symbols, &buy("1"), "AAPL is not on your list");
        desk.passes(CheckName::Symbols, &OrderSpec { instrument: btc(), ..buy("1") });
        desk.limits.symbols_allow.insert(aapl().symbol);
        desk.passes(CheckName::Symbols, &buy("1"));
        desk.limits.symbols_deny.insert(aapl().symbol);
        desk.refuses(CheckName::Symbols, &buy("1"), "may not be opened");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Symbols);
    }
}
