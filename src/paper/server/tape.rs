//! The latest quotes and prints of each instrument, for those who ask for the last few minutes.

use crate::{
    domain::ids::Symbol,
    paper::event::{Quote, Trade},
};
use std::collections::{BTreeMap, VecDeque};

/// So many are kept of each kind and instrument; older ones are forgotten.
const KEPT: usize = 500;

/// What was quoted and printed.
#[derive(Debug, Default)]
pub(super) struct Tape {
    quotes: BTreeMap<Symbol, VecDeque<Quote>>,
    trades: BTreeMap<Symbol, VecDeque<Trade>>,
}

impl Tape {
    pub(super) fn quote(&mut self, quote: Quote) {
        keep(self.quotes.entry(quote.symbol.clone()).or_default(), quote);
    }
    pub(super) fn trade(&mut self, trade: Trade) {
        keep(self.trades.entry(trade.symbol.clone()).or_default(), trade);
    }
    /// Oldest first.
    pub(super) fn quotes(&self, symbol: &Symbol) -> impl Iterator<Item = &Quote> {
        self.quotes.get(symbol).into_iter().flatten()
    }
    /// Oldest first.
    pub(super) fn trades(&self, symbol: &Symbol) -> impl Iterator<Item = &Trade> {
        self.trades.get(symbol).into_iter().flatten()
    }
}

fn keep<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() >= KEPT {
        kept.pop_front();
    }
    kept.push_back(new);
}
