//! May anything be opened at all: the trader's lock, the account, the instrument.

use super::Case;
use crate::{
    domain::instrument::Tradable,
    risk::{gate::Access, verdict::Why},
};

pub(super) fn ask(case: &Case<'_>) -> Option<Box<Why>> {
    match case.context.access {
        Access::Trading => {}
        Access::Locked { reason } => return Some(Box::new(Why::Locked(reason.clone()))),
        Access::ReadOnly => return Some(Box::new(Why::ReadOnly)),
    }
    if let Some(lock) = case.context.book.lock() {
        return Some(Box::new(Why::Locked(lock.reason.clone())));
    }
    let Some(account) = case.account else {
        return Some(Box::new(Why::NoAccount));
    };
    if let Some(words) = &account.report.blocked {
        return Some(Box::new(Why::AccountBlocked(words.clone())));
    }
    match case.instrument.map(|i| &i.tradable) {
        None => Some(Box::new(Why::NoInstrument(case.spec.instrument.clone()))),
        Some(Tradable::Yes) => None,
        Some(Tradable::Halted(words) | Tradable::No(words)) => {
            Some(Box::new(Why::NotTradable(words.clone())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use crate::risk::verdict::CheckName;
    use crate::{
        book::fixture::*,
        domain::{fact::Fact, instrument::Instrument, report::AccountReport},
    };

    #[test]
    fn open_desk_passes() {
        Desk::open().passes(CheckName::Access, &buy("1"));
    }

    #[test]
    fn each_lock_refuses_with_its_reason() {
        let mut desk = Desk::open();
        desk.access = Access::Locked { reason: "not armed".into() };
        desk.refuses(CheckName::Access, &buy("1"), "not armed");
        desk.access = Access::ReadOnly;
        desk.refuses(CheckName::Access, &buy("1"), "read-only");
        desk.access = Access::Trading;
        desk.book.take(Fact::Locked { reason: "lunch".into() });
        desk.refuses(CheckName::Access, &buy("1"), "lunch");
        desk.book.take(Fact::Unlocked { reason: "back".into() });
        desk.passes(CheckName::Access, &buy("1"));
        let blocked = AccountReport { blocked: Some("pattern day trader".into()), ..account() };
        desk.book.take(Fact::Account { venue: venue(), report: Box::new(blocked) });
        desk.refuses(CheckName::Access, &buy("1"), "pattern day trader");
    }

    #[test]
    fn a_halt_refuses() {
        let mut desk = Desk::open();
        let halted = Instrument { tradable: Tradable::Halted("T1".into()), ..share(aapl()) };
        desk.book.take(Fact::Instrument(Box::new(halted)));
        desk.refuses(CheckName::Access, &buy("1"), "T1");
    }

    #[test]
    fn without_account_or_rules_it_refuses() {
        let mut desk = Desk::open();
        desk.book = crate::book::Book::new();
        desk.refuses(CheckName::Access, &buy("1"), "account");
        desk.book.take(Fact::Account { venue: venue(), report: Box::new(account()) });
        desk.refuses(CheckName::Access, &buy("1"), "rules of AAPL@paper");
    }

    #[test]
    fn never_stops_a_reduction() {
        Desk::never_stops_a_reduction(CheckName::Access);
    }
}
