//! `flatten` and what narrows it.

use super::{
    clause::{Placed, once, venue},
    error::{GrammarError, Kind},
    expr::{half, quarter, read_symbol},
    number::share,
    token::{Token, Tokens},
    word::{FLATTENS, Word, instead},
};
use crate::domain::{
    draft::Share,
    ids::{AccountId, Symbol, VenueId},
    money::Percent,
    scope::{Pick, Scope},
};
use smol_str::SmolStr;

/// The longest name of an algorithm, in characters.
const ALGORITHM_CHARS_MAX: usize = 64;

#[derive(Debug, Default)]
struct Fields {
    symbol: Placed<Symbol>,
    venue: Placed<VenueId>,
    account: Placed<AccountId>,
    algorithm: Placed<SmolStr>,
    pick: Placed<Pick>,
    share: Placed<Share>,
}

/// What stands after `flatten`.
pub(super) fn scope(tokens: &mut Tokens<'_>) -> Result<Scope, GrammarError> {
    let mut fields = Fields::default();
    let mut first = true;
    while let Some(token) = tokens.take() {
        fields.take(tokens, &token, first)?;
        first = false;
    }
    Ok(Scope {
        symbol: fields.symbol.map(|(v, _)| v),
        venue: fields.venue.map(|(v, _)| v),
        account: fields.account.map(|(v, _)| v),
        algorithm: fields.algorithm.map(|(v, _)| v),
        pick: fields.pick.map_or(Pick::All, |(v, _)| v),
        share: fields.share.map_or(Share::All, |(v, _)| v),
    })
}

impl Fields {
    fn take(&mut self, tokens: &mut Tokens<'_>, token: &Token, first: bool) -> Result<(), GrammarError> {
        let at = &token.at;
        if token.after('@').is_some() {
            let name = venue(tokens, token)?;
            return once(tokens, &mut self.venue, name, at, "a venue");
        }
        if !token.quoted
            && let Some(percent) = token.text.strip_suffix('%')
        {
            let share = share(percent).map_err(|b| tokens.fail(token, b.kind, b.expected))?;
            return once(tokens, &mut self.share, Share::Percent(Percent::new(share)), at, "a share");
        }
        match token.word() {
            Some(Word::All) => once(tokens, &mut self.share, Share::All, at, "a share"),
            Some(Word::Half) => once(tokens, &mut self.share, Share::Percent(half()), at, "a share"),
            Some(Word::Quarter) => once(tokens, &mut self.share, Share::Percent(quarter()), at, "a share"),
            Some(Word::Longs) => once(tokens, &mut self.pick, Pick::Longs, at, "which positions"),
            Some(Word::Shorts) => once(tokens, &mut self.pick, Pick::Shorts, at, "which positions"),
            Some(Word::Winners) => once(tokens, &mut self.pick, Pick::Winners, at, "which positions"),
            Some(Word::Losers) => once(tokens, &mut self.pick, Pick::Losers, at, "which positions"),
            Some(Word::Algo) => self.algorithm(tokens, token),
            Some(Word::Account) => self.account(tokens, token),
            Some(_) => Err(tokens.fail(token, Kind::Word, instead(&token.text, FLATTENS))),
            None if first => {
                let symbol = read_symbol(&token.text).map_err(|e| tokens.fail(token, Kind::Symbol, e))?;
                once(tokens, &mut self.symbol, symbol, at, "a symbol")
            }
            None => Err(tokens.fail(token, Kind::Word, instead(&token.text, FLATTENS))),
        }
    }

    fn algorithm(&mut self, tokens: &mut Tokens<'_>, word: &Token) -> Result<(), GrammarError> {
        let name = tokens.need("the algorithm's name", "write `algo` and its name")?;
        if name.text.is_empty() || name.text.chars().count() > ALGORITHM_CHARS_MAX {
            let expected = format!("a name has 1 to {ALGORITHM_CHARS_MAX} characters");
            return Err(tokens.fail(&name, Kind::Word, expected));
        }
        once(tokens, &mut self.algorithm, SmolStr::new(&name.text), &word.at, "an algorithm")
    }

    fn account(&mut self, tokens: &mut Tokens<'_>, word: &Token) -> Result<(), GrammarError> {
        let number = tokens.need("the account's number", "write `account` and its number")?;
        let id = AccountId::new(&number.text).map_err(|e| tokens.fail(&number, Kind::Word, e.to_string()))?;
        once(tokens, &mut self.account, id, &word.at, "an account")
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::{draft::Command, scope::Scope},
        grammar::{parse, print},
    };

    fn scope(line: &str) -> Scope {
        let Command::Flatten(scope) = parse(line).unwrap() else { panic!("{line}") };
        scope
    }

    #[test]
    fn each_narrowing_is_read_and_printed_as_it_was() {
        for line in [
            "flatten",
            "flatten AAPL",
            "flatten AAPL 50% @paper",
            "flatten longs",
            "flatten shorts @paper",
            "flatten winners 25%",
            "flatten losers",
            "flatten algo swing",
            "flatten account PA1234 @paper",
            "flatten BTC/USD losers 50% algo \"my bot\" account PA1 @alpaca",
            "flatten =LONGS",
        ] {
            assert_eq!(print(&Command::Flatten(scope(line))), line);
        }
        assert_eq!(scope("flatten all"), Scope::default());
        assert_eq!(scope("flatten half AAPL".replace(" AAPL", "").as_str()), scope("flatten 50%"));
    }

    #[test]
    fn what_is_wrong_is_said_at_its_place() {
        for (line, place, says) in [
            ("flatten AAPL MSFT", "MSFT", "expected one of"),
            ("flatten AAPL winers", "winers", "did you mean `winners`?"),
            ("flatten longs shorts", "shorts", "which positions was given before"),
            ("flatten 0%", "0%", "above zero"),
            ("flatten 101%", "101%", "out of range"),
            ("flatten algo", "column 13", "write `algo` and its name"),
            ("flatten @a @b", "@b", "a venue was given before"),
            ("flatten AAPL limit", "limit", "expected one of"),
        ] {
            let error = parse(line).unwrap_err();
            let said = error.to_string();
            assert!(said.contains(says) && said.contains(place), "{line}: {said}");
        }
    }
}
