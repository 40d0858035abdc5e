//! May anything be opened at all: the trader's lock, the account, the instrument.

use super::Case;
use crate::{
    domain::instrument::Tradable,
    risk::{gate::Access, verdict::Why},
};

pub(super) fn ask(case: &Case<'_>) -> Option<Why> {
    match case.context.access {
        Access::Trading => {}
        Access::Locked { reason } => return Some(Why::Locked(reason.clone())),
        Access::ReadOnly => return Some(Why::ReadOnly),
    }
    if let Some(lock) = case.context.book.lock() {
        return Some(Why::Locked(lock.reason.clone()));
    }
    let Some(account) = case.account else {
        return Some(Why::NoAccount);
    };
    if let Some(words) = &account.report.blocked {
        return Some(Why::AccountBlocked(words.clone()));
    }
    match case.instrument.map(|i| &i.tradable) {
        None => Some(Why::NoInstrument(case.spec.instrument.clone())),
        Some(Tradable::Yes) => None,
        Some(Tradable::Halted(words) | Tradable::No(words)) => Some(Why::NotTradable(words.clone())),
    }
}
