//! The words of the grammar, each once, with the note that completion shows.

use super::error::nearest;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $text:literal $note:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum $name { $($variant,)* }

        impl $name {
            /// All of them.
            pub(super) const ALL: &[Self] = &[$(Self::$variant,)*];
            /// As it is typed.
            pub(super) const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
            /// What it is for.
            pub(super) const fn note(self) -> &'static str {
                match self { $(Self::$variant => $note,)* }
            }
            /// The one that `text` says, in any case.
            pub(super) fn of(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|w| w.text().eq_ignore_ascii_case(text))
            }
        }
    };
}

words!(
    /// The first word of a line.
    Verb {
        Buy "buy" "buy SYMBOL SIZE …",
        Sell "sell" "sell SYMBOL SIZE …",
        Close "close" "close a position, or a share of it",
        Reverse "reverse" "turn a position around",
        Protect "protect" "stop and target for a position",
        Cancel "cancel" "cancel working orders",
        Replace "replace" "change a working order",
        Flatten "flatten" "cancel everything, close everything",
        Halt "halt" "block entries, show the exit plan",
        Lock "lock" "lock trading",
        Unlock "unlock" "unlock trading, with a reason",
    }
);

words!(
    /// The other words of a line.
    Word {
        Market "market" "at once, at what the market gives",
        Limit "limit" "worst price",
        Trigger "trigger" "a stop order: waits for this price",
        Trail "trail" "a stop that follows: 1.50, 1%, 20t",
        Stop "stop" "protective stop",
        Target "target" "take-profit: 180, +2%, 2R",
        For "for" "this target for a part: for 50%",
        Show "show" "iceberg: no more than this is shown at a time",
        Day "day" "until the session's end",
        Gtc "gtc" "until cancelled",
        Gtd "gtd" "until a date: gtd 2026-12-31, gtd +3d",
        Ioc "ioc" "at once what can be, the rest cancelled",
        Fok "fok" "at once and whole, or not at all",
        Opg "opg" "in the opening auction",
        Cls "cls" "in the closing auction",
        Ext "ext" "extended hours too",
        Post "post" "must not take liquidity",
        Reduce "reduce" "must not open or turn a position",
        Tag "tag" "your own mark on the order",
        Risk "risk" "size by what the stop would lose: 1% or $200",
        Equity "equity" "of the account's equity",
        Bp "bp" "of the buying power",
        All "all" "the whole",
        Half "half" "50%",
        Quarter "quarter" "25%",
        Be "be" "break-even: the average entry",
        Qty "qty" "new total quantity",
        Entries "entries" "orders that could open a position",
        Buys "buys" "all buy orders",
        Sells "sells" "all sell orders",
        Longs "longs" "positions above zero",
        Shorts "shorts" "positions below zero",
        Winners "winners" "positions with a profit now",
        Losers "losers" "positions with a loss now",
        Algo "algo" "what this algorithm ordered and holds",
        Account "account" "the account with this number",
    }
);

/// The words that may stand after the symbol of an order.
pub(super) const CLAUSES: &[Word] = &[
    Word::Market,
    Word::Limit,
    Word::Trigger,
    Word::Trail,
    Word::Stop,
    Word::Target,
    Word::Show,
    Word::Risk,
    Word::All,
    Word::Half,
    Word::Quarter,
    Word::Day,
    Word::Gtc,
    Word::Gtd,
    Word::Ioc,
    Word::Fok,
    Word::Opg,
    Word::Cls,
    Word::Ext,
    Word::Post,
    Word::Reduce,
    Word::Tag,
];

/// The words that may stand after the id in `replace`.
pub(super) const CHANGES: &[Word] = &[
    Word::Qty,
    Word::Limit,
    Word::Stop,
    Word::Trail,
    Word::Day,
    Word::Gtc,
    Word::Gtd,
    Word::Ioc,
    Word::Fok,
    Word::Opg,
    Word::Cls,
];

/// The words that narrow `flatten`.
pub(super) const FLATTENS: &[Word] = &[
    Word::Longs,
    Word::Shorts,
    Word::Winners,
    Word::Losers,
    Word::Half,
    Word::Quarter,
    Word::Algo,
    Word::Account,
];

/// Would this symbol be taken for a word of the grammar?
pub(super) fn is_reserved(symbol: &str) -> bool {
    // Words are of letters alone.
    symbol.bytes().all(|b| b.is_ascii_alphabetic())
        && (Word::of(symbol).is_some() || Verb::of(symbol).is_some())
}

/// `did you mean `limit`?`, or the list of what may stand here.
pub(super) fn instead(text: &str, among: &[Word]) -> String {
    match nearest(text, among.iter().map(|w| w.text())) {
        Some(word) => format!("did you mean `{word}`?"),
        None => {
            let list: Vec<_> = among.iter().map(|w| w.text()).collect();
            format!("expected one of {} or @venue", list.join(", "))
        }
    }
}
