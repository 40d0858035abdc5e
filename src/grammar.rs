//! Order lines ⇄ [`Command`]. One grammar for ticket, command line, hotkeys and shell; every error says what
//! was given, where, and what would be right. Pure: text in, value out.

mod algorithm;
mod clause;
mod command;
mod complete;
mod error;
mod expand;
mod expr;
mod flatten;
mod number;
mod print;
mod several;
mod token;
mod word;

pub use self::{
    algorithm::{DEEDS, algorithm},
    clause::{quantity_expr, targets_expr},
    complete::{Completion, Words, complete},
    error::{GrammarError, Kind, nearest},
    expand::{Bindings, PLACEHOLDERS, expand, sample},
    expr::{price_expr, size_expr, symbol, target_expr, trail_expr, until_expr},
    print::{price as price_text, print, size as size_text, trail as trail_text},
    several::{LINES_MAX, lines, stands_alone},
};
use crate::domain::draft::Command;

/// The longest line that is read, in bytes.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// Reads one order line.
///
/// # Errors
/// The first place where the line stops making sense.
pub fn parse(line: &str) -> Result<Command, GrammarError> {
    let mut tokens = token::Tokens::of(line)?;
    let command = command::command(&mut tokens)?;
    tokens.end()?;
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{draft::*, ids::*, money::*, order::*, scope::*, text::Text};
    use proptest::prelude::*;
    use rust_decimal::Decimal;
    use smol_str::SmolStr;

    fn canonical(line: &str) -> String {
        let command = parse(line).unwrap_or_else(|e| panic!("{line}\n{}\n{e}", e.caret(line)));
        let printed = print(&command);
        assert_eq!(parse(&printed).as_ref(), Ok(&command), "{line} -> {printed}");
        printed
    }

    #[test]
    fn reads_the_lines_of_the_product() {
        for (line, want) in [
            ("buy AAPL risk 1% stop 174 target 180", "buy AAPL risk 1% market stop 174 target 180"),
            ("sell TSLA 50 limit 251.2 gtc ext", "sell TSLA 50 limit 251.2 gtc ext"),
            ("buy BTCUSDT $500 market @binance", "buy BTCUSDT $500 market @binance"),
            ("sell AAPL all trail 1%", "sell AAPL all trail 1%"),
            ("close AAPL", "close AAPL"),
            ("reverse TSLA", "reverse TSLA"),
            ("cancel AAPL", "cancel AAPL"),
            ("cancel all", "cancel all"),
            ("flatten", "flatten"),
            ("flatten all", "flatten"),
            ("flatten =all", "flatten =ALL"),
            ("flatten @alpaca", "flatten @alpaca"),
            ("FLATTEN aapl @alpaca", "flatten AAPL @alpaca"),
            ("close aapl 25%", "close AAPL 25%"),
            ("close aapl half @paper", "close AAPL 50% @paper"),
            ("close aapl quarter", "close AAPL 25%"),
            ("close btc/usd 0.5", "close BTC/USD 0.5"),
            ("protect AAPL stop be", "protect AAPL stop be"),
            (
                "protect AAPL stop 174 limit 173.50 target 2R @x",
                "protect AAPL stop 174 limit 173.50 target 2R @x",
            ),
            ("protect AAPL target 180", "protect AAPL target 180"),
            ("replace td-x-1 qty 50 limit +2t", "replace td-x-1 qty 50 limit +2t"),
            ("replace #\"my id\" trail 1% gtd 2026-12-31", "replace #\"my id\" trail 1% gtd 2026-12-31"),
            ("cancel td-ab-12", "cancel td-ab-12"),
            ("cancel #61e69015-8549 @a", "cancel #61e69015-8549 @a"),
            ("cancel buys", "cancel buys"),
            ("halt", "halt"),
            ("lock", "lock"),
            ("lock  lost  my head ", "lock lost  my head"),
            ("unlock calm again", "unlock calm again"),
            ("buy brk.b 5% equity limit -12t post day", "buy BRK.B 5% equity limit -12t day post"),
            ("buy AAPL 20% bp trigger 180 limit 181", "buy AAPL 20% bp trigger 180 limit 181"),
            ("buy AAPL limit 181 10 trigger +0.5%", "buy AAPL 10 trigger +0.5% limit 181"),
            ("buy AAPL 10 limit 175 stop 174 limit 173.5", "buy AAPL 10 limit 175 stop 174 limit 173.5"),
            ("sell AAPL 10 stop 180 limit 181", "sell AAPL 10 market stop 180 limit 181"),
            ("buy AAPL risk $200 stop -1.50 target 2r", "buy AAPL risk $200 market stop -1.50 target 2R"),
            ("buy AAPL240119C00100000 1 limit =-0.05", "buy AAPL240119C00100000 1 limit =-0.05"),
            ("buy =POST 10 tag \"two words\"", "buy =POST 10 market tag \"two words\""),
            ("sell AAPL 50% trigger 174", "sell AAPL 50% trigger 174"),
            ("buy CL 1 limit =-37.63 reduce", "buy CL 1 limit =-37.63 reduce"),
            ("buy AAPL 1 limit 5 gtd +3D", "buy AAPL 1 limit 5 gtd +3d"),
            ("sell AAPL 1 limit +0 fok", "sell AAPL 1 limit +0 fok"),
        ] {
            assert_eq!(canonical(line), want);
        }
    }

    /// Each wrong line with its sentence.
    const WRONG_LINES: &[(&str, &str)] = &[
        ("", "the order line is empty: write an order such as `buy AAPL 100`"),
        ("   ", "the order line is empty: write an order such as `buy AAPL 100`"),
        ("byu AAPL 100", "`byu` at column 1 is not an order word: did you mean `buy`?"),
        (
            "hello",
            "`hello` at column 1 is not an order word: expected one of buy, sell, close, reverse, protect, cancel, replace, flatten, halt, lock, unlock",
        ),
        ("buy", "a symbol is missing at column 4: write one such as AAPL or BTC/USD"),
        ("buy AAPL", "a size is missing at column 9: write 100, $500, 5% equity, 20% bp, risk 1% or all"),
        (
            "buy AAPL 1e3",
            "`1e3` at column 10 is not a number: write all digits out, such as 1000 and not 1e3",
        ),
        (
            "buy AAPL 1_000",
            "`1_000` at column 10 is not a number: write the digits without separators; the decimal mark is the point, as in 1.5",
        ),
        (
            "buy AAPL 1,000",
            "`1,000` at column 10 is not a number: write the digits without separators; the decimal mark is the point, as in 1.5",
        ),
        ("buy AAPL +1", "`+1` at column 10 is not a number: write it without a sign"),
        ("buy AAPL -5", "`-5` at column 10 is not a number: write it without a sign"),
        ("buy AAPL 0", "`0` at column 10 is out of range: it has to be above zero"),
        ("buy AAPL 1.2.3", "`1.2.3` at column 10 is not a number: a number has one point at most"),
        ("buy AAPL 10x", "`10x` at column 10 is not a number: a number has only digits and a point"),
        ("buy AAPL 10.", "`10.` at column 10 is not a number: there are no digits after the point"),
        (
            "buy AAPL 0.00000000000000000000000000001",
            "`0.00000000000000000000000000001` at column 10 is not a number: it has more digits than can be kept exactly (28)",
        ),
        (
            "buy AAPL 12345678901234567890123456789012345678901234567890",
            "`1234567890123456789012345678901234567890…` at column 10 is not a number: it has more digits than can be kept exactly (28)",
        ),
        (
            "buy 100 AAPL",
            "`100` at column 5 is not a symbol: the symbol comes before the size, as in `buy AAPL 100`",
        ),
        (
            "buy limit 174",
            "`limit` at column 5 is not a symbol: it is a word of the order; write =LIMIT for the symbol LIMIT",
        ),
        (
            "buy \u{410}APL 1",
            "`\u{410}APL` at column 5 is not a symbol: `\u{410}` (U+0410) is not one of A-Z, it may only look like one",
        ),
        (
            "buy A$PL 1",
            "`A$PL` at column 5 is not a symbol: write it like AAPL, BRK.B, BTC/USD or an OCC option",
        ),
        ("buy AAPL 10 20", "`20` at column 13 is one too many: a size was given before"),
        ("buy AAPL 10 limit 1 limit 2", "`limit` at column 21 is one too many: a limit was given before"),
        ("buy AAPL 10 day gtc", "`gtc` at column 17 is one too many: a time in force was given before"),
        ("buy AAPL 10 @a @b", "`@b` at column 16 is one too many: a venue was given before"),
        (
            "buy AAPL 10 market limit 3",
            "`limit` at column 20 contradicts the rest: an order is `market` or `limit`, not both",
        ),
        (
            "buy AAPL 10 limit 3 trail 1%",
            "`trail` at column 21 contradicts the rest: a trailing stop has no limit",
        ),
        ("buy AAPL 10 post", "`post` at column 13 contradicts the rest: only a limit order can be `post`"),
        (
            "buy AAPL 10 limit 5 ioc post",
            "`post` at column 25 contradicts the rest: an order that may not take can't fill at once",
        ),
        (
            "buy AAPL 10 stop 174 limit 175",
            "`stop` at column 13 contradicts the rest: right after a stop `limit` is the stop's own, beyond it and written the same way; put the order's limit first",
        ),
        (
            "sell AAPL all stop 174",
            "`stop` at column 15 contradicts the rest: an exit has no stop or target of its own; `trigger 174` sells at a stop",
        ),
        (
            "buy AAPL 10 target 2R",
            "a stop is missing at column 22: a target in R needs one, such as `stop 174` or `stop -1%`",
        ),
        (
            "buy AAPL risk 1%",
            "a stop is missing at column 17: a size by risk needs one, such as `stop 174` or `stop -1%`",
        ),
        (
            "buy AAPL risk 200 stop 1",
            "`200` at column 15 is not a number: write `risk 1%` of equity or `risk $200`",
        ),
        ("buy AAPL risk 101% stop 1", "`101%` at column 15 is out of range: it can be 100% at most"),
        (
            "buy AAPL 10 limit 1%",
            "`1%` at column 19 is not a number: a distance from the market needs a sign, such as -1%",
        ),
        (
            "buy AAPL 10 limit $174",
            "`$174` at column 19 is not a number: write a price without a currency sign",
        ),
        (
            "buy AAPL 10 limit 2R",
            "`2R` at column 19 is out of range: only a target is given in multiples of R",
        ),
        (
            "buy AAPL 10 limit -100%",
            "`-100%` at column 19 is out of range: less than 100% of the price can be taken off",
        ),
        (
            "buy AAPL 10 limit -1.5t",
            "`-1.5t` at column 19 is not a number: ticks are whole, such as +3t or -12t",
        ),
        (
            "buy AAPL 10 limit",
            "a price is missing at column 18: write a price such as 174, -1.50, -1% or -12t",
        ),
        ("buy AAPL 10 trail 0", "`0` at column 19 is out of range: it has to be above zero"),
        ("buy AAPL 10 limt 5", "`limt` at column 13 means nothing here: did you mean `limit`?"),
        (
            "buy AAPL 10 gtd 2026-13-01",
            "`2026-13-01` at column 17 is not a date: write year-month-day, such as 2026-12-31, or days from today, such as +3d",
        ),
        (
            "buy AAPL 10 gtd +3",
            "`+3` at column 17 is not a date: write year-month-day, such as 2026-12-31, or days from today, such as +3d",
        ),
        (
            "buy AAPL 10 gtd +9999d",
            "`+9999d` at column 17 is out of range: it can be ten years at most, `+3650d`",
        ),
        (
            "buy AAPL 10 gtd",
            "the date is missing at column 16: write year-month-day, such as 2026-12-31, or days from today, such as +3d",
        ),
        (
            "buy AAPL 10 tag",
            "the tag is missing at column 16: write `tag` and a word of at most 32 characters",
        ),
        ("buy AAPL 10 tag \"x", "`\"x` at column 17 has no closing quote: end it with `\"`"),
        (
            "buy AAPL 10 @",
            "`@` at column 13 is not a venue's name: an identifier is empty; write it like @paper",
        ),
        ("buy AAPL\t10", "`U+0009` at column 9 can't be shown on a screen: remove the character U+0009"),
        (
            "buy \u{202e}AAPL 10",
            "`U+202E` at column 5 can't be shown on a screen: remove the character U+202E",
        ),
        (
            "close all",
            "`all` at column 7 is not a symbol: write `flatten` to close everything, or `close =ALL` for the symbol ALL",
        ),
        ("close AAPL 200%", "`200%` at column 12 is out of range: it can be 100% at most"),
        ("close AAPL most", "`most` at column 12 means nothing here: write 100, 25%, half, quarter or all"),
        ("close AAPL 10 20", "`20` at column 15 means nothing here: only @venue may follow"),
        (
            "cancel",
            "what to cancel is missing at column 7: write a symbol, an order's id, `all`, `entries`, `buys` or `sells`",
        ),
        (
            "protect AAPL",
            "a stop or a target is missing at column 13: write `stop 174`, `stop be` or `target 180`",
        ),
        (
            "protect AAPL stop be target 2R",
            "`target` at column 22 contradicts the rest: a target in R needs a stop with a price",
        ),
        (
            "replace td-x-1",
            "a change is missing at column 15: write `qty 50`, `limit +2t`, `stop 174`, `trail 1%` or `gtc`",
        ),
        (
            "replace td-x-1 trail 1% limit 5",
            "`limit` at column 25 contradicts the rest: a trailing stop has no other price",
        ),
        ("halt now", "`now` at column 6 means nothing here: the order ends before it"),
        ("unlock", "the reason is missing at column 7: write `unlock` and why"),
        ("reverse TSLA all", "`all` at column 14 means nothing here: only @venue may follow"),
    ];

    #[test]
    fn a_wrong_line_gets_one_sentence() {
        let mut wrong = Vec::new();
        for (line, want) in WRONG_LINES.iter().copied() {
            let error = parse(line).expect_err(line);
            if error.to_string() != want {
                wrong.push(format!("{line}\n  is   {error}\n  want {want}"));
            }
            assert!(line.get(error.at.clone()).is_some() || error.kind == Kind::Missing, "{line}");
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
        let long = parse(&"x".repeat(LINE_BYTES_MAX.saturating_add(1))).unwrap_err();
        assert_eq!(long.to_string(), "the order line is too long: it has 65537 bytes and the most is 65536");
    }

    #[test]
    fn the_caret_stands_under_the_mistake() {
        let line = "buy AAPL 1e3 limit 5";
        let error = parse(line).unwrap_err();
        assert_eq!(format!("{line}\n{}", error.caret(line)), "buy AAPL 1e3 limit 5\n         ^^^");
    }

    #[test]
    fn the_tickets_fields_read_the_same_words() {
        assert_eq!(price_expr(" -12t "), Ok(PriceExpr::Ticks(-12)));
        assert_eq!(price_expr("2R").unwrap_err().kind, Kind::Range);
        assert!(matches!(target_expr("2R"), Ok(PriceExpr::R(_))));
        assert_eq!(trail_expr("20t"), Ok(TrailExpr::Ticks(20)));
        assert!(matches!(size_expr("5% equity"), Ok(Size::EquityPercent(_))));
        assert!(matches!(size_expr("risk $200"), Ok(Size::RiskMoney(_))));
        assert_eq!(symbol("btc/usd").unwrap().as_str(), "BTC/USD");
        assert_eq!(
            price_expr("1 2").unwrap_err().to_string(),
            "`2` at column 3 means nothing here: the order ends before it"
        );
        assert_eq!(size_expr("").unwrap_err().kind, Kind::Empty);
    }

    #[test]
    fn a_template_takes_only_single_words() {
        let mut bindings = sample();
        let line = expand("buy {symbol} risk 0.5% stop -1% target 2R @{venue}", &bindings).unwrap();
        assert_eq!(line, "buy AAPL risk 0.5% stop -1% target 2R @paper");
        parse(&line).unwrap();
        bindings.symbol = Some("AAPL 100 reduce".into());
        let errors: Vec<_> = ["{symbol}", "{simbol}", "{x", "}", "{zzzzzzzz}"]
            .iter()
            .map(|t| expand(t, &bindings).unwrap_err().to_string())
            .collect();
        bindings.symbol = None;
        assert_eq!(
            expand("buy {symbol} 1", &bindings).unwrap_err().to_string(),
            "`{symbol}` at column 5 has no value: no symbol is selected"
        );
        assert_eq!(
            errors,
            [
                "`{symbol}` at column 1 has no value: the symbol is not one word",
                "`{simbol}` at column 1 has no value: did you mean `{symbol}`?",
                "`{x` at column 1 has no value: end the placeholder with `}`",
                "`}` at column 1 has no value: there is no `{` before it",
                "`{zzzzzzzz}` at column 1 has no value: expected one of symbol, venue, order, last, bid, ask",
            ]
        );
    }

    #[test]
    fn completion_offers_what_may_come_next() {
        let symbols = ["AAPL", "AMZN", "ALL", "BTC/USD"].map(|s| Symbol::new(s).unwrap());
        let venues = [VenueId::new("paper").unwrap()];
        let orders = [ClientId::new("td-a-1").unwrap()];
        let words = Words { symbols: &symbols, venues: &venues, orders: &orders };
        let offered = |line: &str| -> String {
            let found = complete(line, line.len(), &words);
            found.iter().map(|c| c.text.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(offered("b"), "buy");
        assert_eq!(offered("buy a"), "AAPL AMZN");
        assert_eq!(offered("buy ="), "=ALL");
        assert_eq!(offered("buy AAPL 10 t"), "trigger trail target tag");
        assert_eq!(offered("buy AAPL 10 limit 5 t"), "trigger target tag");
        assert_eq!(offered("buy AAPL 10 limit 5 day g"), "");
        assert_eq!(offered("buy AAPL 10 limit 5 stop 4 l"), "limit");
        assert_eq!(offered("buy AAPL 5% "), "equity bp @paper");
        assert_eq!(offered("buy AAPL risk "), "1% 0.5% $200");
        assert_eq!(offered("buy AAPL 10 target "), "2R 3R +2%");
        assert_eq!(offered("buy AAPL 10 @"), "@paper");
        assert_eq!(offered("close AAPL "), "25% 50% 75% all");
        assert_eq!(offered("cancel t"), "td-a-1");
        assert_eq!(offered("cancel s"), "sells");
        assert_eq!(
            offered("flatten "),
            "AAPL AMZN =ALL BTC/USD longs shorts winners losers half quarter algo account @paper"
        );
        assert_eq!(offered("flatten AAPL losers "), "half quarter algo account @paper");
        assert_eq!(offered("replace "), "td-a-1");
        assert_eq!(offered("replace td-a-1 l"), "limit");
        assert_eq!(offered("protect AAPL stop "), "be -1%");
        assert_eq!(offered("halt "), "");
        let middle = complete("buy AA 10", 6, &words);
        assert_eq!((middle[0].range.clone(), middle[0].text.as_str()), (4..6, "AAPL"));
    }

    fn number() -> impl Strategy<Value = Decimal> {
        (1_i64..=i64::MAX, 0_u32..=12).prop_map(|(n, scale)| Decimal::new(n, scale))
    }
    fn percent() -> impl Strategy<Value = Percent> {
        (1_i64..10_000).prop_map(|n| Percent::new(Decimal::new(n, 2)))
    }
    fn venue() -> impl Strategy<Value = Option<VenueId>> {
        proptest::option::of("[a-z\" ]{0,6}[a-z0-9-]{1,10}")
            .prop_map(|v| v.map(|v| VenueId::new(&v).unwrap()))
    }
    fn scope() -> impl Strategy<Value = Scope> {
        let pick =
            proptest::sample::select(vec![Pick::All, Pick::Longs, Pick::Shorts, Pick::Winners, Pick::Losers]);
        let share = proptest::option::of(1_u32..=99);
        let name = proptest::option::of("[a-z ]{1,12}");
        let account = proptest::option::of("[A-Z0-9]{1,12}");
        (proptest::option::of(any_symbol()), venue(), pick, share, name, account).prop_map(
            |(symbol, venue, pick, share, name, account)| Scope {
                symbol,
                venue,
                account: account.map(|a| crate::domain::ids::AccountId::new(&a).unwrap()),
                algorithm: name.map(Into::into),
                pick,
                share: share
                    .map_or(Share::All, |n| Share::Percent(crate::domain::money::Percent::new(n.into()))),
            },
        )
    }
    fn any_symbol() -> impl Strategy<Value = Symbol> {
        prop_oneof![
            "[A-Z]{1,5}",
            "[A-Z]{2,4}/USD",
            "[A-Z]{2,3}\\.[AB]",
            "[0-9]{6}",
            proptest::sample::select(vec!["ALL", "POST", "BUY", "DAY", "X-Y", "TD-1", "AAPL240119C00100000"])
                .prop_map(str::to_owned),
        ]
        .prop_map(|s| Symbol::new(&s).unwrap())
    }
    fn price() -> impl Strategy<Value = PriceExpr> {
        prop_oneof![
            number().prop_map(|d| PriceExpr::At(Price::new(d))),
            number().prop_map(|d| PriceExpr::At(Price::new(d).negated())),
            Just(PriceExpr::At(Price::ZERO)),
            number().prop_map(|d| PriceExpr::Offset(Price::new(d))),
            number().prop_map(|d| PriceExpr::Offset(Price::new(d).negated())),
            (-9_999_i64..100_000).prop_map(|n| PriceExpr::Percent(Percent::new(Decimal::new(n, 2)))),
            (-i64::MAX..=i64::MAX).prop_map(PriceExpr::Ticks),
        ]
    }
    fn target() -> impl Strategy<Value = PriceExpr> {
        prop_oneof![3 => price(), 1 => number().prop_map(|d| PriceExpr::R(Ratio::new(d)))]
    }
    fn trail() -> impl Strategy<Value = TrailExpr> {
        prop_oneof![
            number().prop_map(|d| TrailExpr::Amount(Price::new(d))),
            percent().prop_map(TrailExpr::Percent),
            (1..=i64::MAX).prop_map(TrailExpr::Ticks),
        ]
    }
    fn size() -> impl Strategy<Value = Size> {
        prop_oneof![
            number().prop_map(|d| Size::Qty(Qty::new(d).unwrap())),
            number().prop_map(|d| Size::Notional(Money::new(d))),
            number().prop_map(|d| Size::EquityPercent(Percent::new(d))),
            percent().prop_map(Size::BuyingPowerPercent),
            percent().prop_map(Size::RiskPercent),
            number().prop_map(|d| Size::RiskMoney(Money::new(d))),
            Just(Size::All),
            percent().prop_map(Size::PositionPercent),
        ]
    }
    fn tif() -> impl Strategy<Value = Option<TifExpr>> {
        let date =
            (1970_i16..2100, 1_i8..=12, 1_i8..=28).prop_map(|(y, m, d)| Tif::Gtd(jiff::civil::date(y, m, d)));
        let plain =
            proptest::sample::select(vec![Tif::Day, Tif::Gtc, Tif::Ioc, Tif::Fok, Tif::Opg, Tif::Cls]);
        let days = (0_u16..=3650).prop_map(TifExpr::GtdIn);
        proptest::option::of(prop_oneof![
            3 => plain.prop_map(TifExpr::Is),
            1 => date.prop_map(TifExpr::Is),
            1 => days,
        ])
    }
    fn stop() -> impl Strategy<Value = StopExpr> {
        (price(), proptest::option::of(price())).prop_map(|(stop, limit)| StopExpr { stop, limit })
    }
    // Boxed, like the parts of a draft: a strategy of many parts by value is more than a thread's stack.
    fn order_type() -> BoxedStrategy<DraftType> {
        prop_oneof![
            Just(DraftType::Market),
            price().prop_map(DraftType::Limit),
            price().prop_map(DraftType::Stop),
            (price(), price()).prop_map(|(stop, limit)| DraftType::StopLimit { stop, limit }),
            trail().prop_map(DraftType::Trail),
        ]
        .boxed()
    }
    /// Drafts that make sense: what excludes each other is taken out.
    fn draft() -> impl Strategy<Value = Draft> {
        let flags =
            (any::<bool>(), any::<bool>(), any::<bool>(), proptest::option::of("[a-zA-Z0-9 \"\\\\@#]{1,32}"));
        let part = (target(), 1_u32..=40)
            .prop_map(|(target, share)| PartExpr { target, share: Percent::new(share.into()) });
        let parts = proptest::collection::vec(part, 0..=2);
        let show = proptest::option::of(number().prop_map(|d| Qty::new(d).unwrap()));
        let legs = (proptest::option::of(stop()), proptest::option::of(target()), parts, show).boxed();
        (any::<bool>(), any_symbol(), venue(), size().boxed(), order_type(), legs, tif().boxed(), flags)
            .prop_map(
                |(
                    buys,
                    symbol,
                    venue,
                    size,
                    order_type,
                    (stop, target, mut parts, show),
                    tif,
                    (extended, post, reduce_only, tag),
                )| {
                    let side = if buys { Side::Buy } else { Side::Sell };
                    let exits = reduce_only || size.is_of_position();
                    let stop = stop.filter(|s| s.limit.is_none_or(|l| clause::is_stops_own(side, s.stop, l)));
                    let mut stop = stop.filter(|_| !exits);
                    let mut target = target.filter(|_| !exits);
                    let by_risk = matches!(size, Size::RiskMoney(_) | Size::RiskPercent(_));
                    let size = if by_risk && exits { Size::All } else { size };
                    if by_risk && !exits && stop.is_none() {
                        stop = Some(StopExpr { stop: PriceExpr::Ticks(-1), limit: None });
                    }
                    if stop.is_none() && matches!(target, Some(PriceExpr::R(_))) {
                        target = None;
                    }
                    parts.retain(|p| !exits && (stop.is_some() || !matches!(p.target, PriceExpr::R(_))));
                    let alone = stop.is_none() && target.is_none() && parts.is_empty();
                    let rests = tif.is_none_or(clause::rests);
                    let rests_at_limit =
                        matches!(order_type, DraftType::Limit(_) | DraftType::StopLimit { .. });
                    let show = show.filter(|_| alone && rests && rests_at_limit);
                    let takes = matches!(tif, Some(TifExpr::Is(Tif::Ioc | Tif::Fok)));
                    let post_only = post && !takes && matches!(order_type, DraftType::Limit(_));
                    let tag = tag.map(|t: String| SmolStr::new(t));
                    Draft {
                        side,
                        symbol,
                        venue,
                        size,
                        order_type,
                        stop,
                        target,
                        parts,
                        show,
                        tif,
                        extended,
                        post_only,
                        reduce_only,
                        tag,
                    }
                },
            )
    }
    fn client() -> impl Strategy<Value = ClientId> {
        prop_oneof!["td-[a-z0-9]{1,8}-[0-9]{1,4}", "x-[ a-z]{1,5}", "[ -~]{1,40}"]
            .prop_map(|s| ClientId::new(&s).unwrap())
    }
    fn reason() -> impl Strategy<Value = Text> {
        "[ -~äöü]{0,60}".prop_map(|t| Text::clean(if t.contains('"') { "quiet" } else { t.trim() }))
    }
    fn any_command() -> impl Strategy<Value = Command> {
        let share = prop_oneof![
            Just(Share::All),
            percent().prop_map(Share::Percent),
            number().prop_map(|d| Share::Qty(Qty::new(d).unwrap())),
        ];
        let which = prop_oneof![
            client().prop_map(CancelTarget::Order),
            any_symbol().prop_map(CancelTarget::Symbol),
            Just(CancelTarget::Side(Side::Buy)),
            Just(CancelTarget::Side(Side::Sell)),
            Just(CancelTarget::Entries),
            Just(CancelTarget::All),
        ];
        let change = (
            number(),
            proptest::option::of(price()),
            proptest::option::of(price()),
            proptest::option::of(trail()),
            tif(),
        )
            .prop_map(|(qty, limit, stop, trail, tif)| {
                let trail = trail.filter(|_| limit.is_none() && stop.is_none());
                ChangeExpr { qty: Qty::new(qty), limit, stop, trail, tif }
            });
        let protect = (
            any_symbol(),
            venue(),
            proptest::option::of(stop()),
            proptest::option::of(target()),
            any::<bool>(),
        )
            .prop_map(|(symbol, venue, stop, target, be)| {
                let r = matches!(target, Some(PriceExpr::R(_))) && stop.is_none();
                let target = target.filter(|_| !r);
                let break_even = stop.is_none() && (be || target.is_none());
                Command::Protect { symbol, venue, stop, target, break_even }
            });
        prop_oneof![
            8 => draft().prop_map(Command::Order),
            1 => (any_symbol(), share, venue()).prop_map(|(symbol, share, venue)| Command::Close { symbol, share, venue }),
            1 => (any_symbol(), venue()).prop_map(|(symbol, venue)| Command::Reverse { symbol, venue }),
            2 => protect,
            2 => (which, venue()).prop_map(|(target, venue)| Command::Cancel { target, venue }),
            2 => (client(), change, venue()).prop_map(|(order, change, venue)| Command::Replace { order, change, venue }),
            1 => scope().prop_map(Command::Flatten),
            1 => Just(Command::Halt),
            1 => reason().prop_map(|reason| Command::Lock { reason }),
            1 => reason().prop_filter("a reason", |r| !r.is_empty()).prop_map(|reason| Command::Unlock { reason }),
        ]
    }

    /// Words of the grammar thrown together: gets far deeper than random bytes.
    fn soup() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            proptest::sample::select(
                "buy sell close reverse protect cancel replace flatten halt lock unlock market limit trigger trail stop target day gtd 2026-01-01 ext post reduce tag risk equity bp all half be qty AAPL BTC/USD =ALL @x @ # #\" td-1 1 -1 +1% -1% 2R -3t $5 1% \" \\ % $ = - + . = 1e5 99999999999999999999999999999 \u{202e} ä 💥"
                    .split(' ').collect::<Vec<_>>()
            ).prop_map(str::to_owned),
            "\\PC{0,8}",
        ];
        proptest::collection::vec(word, 0..12).prop_map(|w| w.join(" "))
    }

    fn try_everything(line: &str) {
        if let Ok(command) = parse(line) {
            let printed = print(&command);
            assert_eq!(parse(&printed).as_ref(), Ok(&command), "{line} -> {printed}");
        } else if let Err(error) = parse(line) {
            let said = format!("{error} {}", error.caret(line));
            assert!(said.len() < 2_000 && !said.contains('\n'), "{said}");
        }
        for read in [price_expr, target_expr] {
            drop(read(line));
        }
        drop((trail_expr(line), size_expr(line), symbol(line), expand(line, &sample())));
        for cursor in [0, 1, line.len() / 2, line.len(), line.len().saturating_add(1)] {
            for found in complete(line, cursor, &Words::default()) {
                assert!(line.get(found.range).is_some());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn what_is_printed_reads_back_the_same(command in any_command()) {
            let line = print(&command);
            prop_assert_eq!(parse(&line).map_err(|e| e.to_string()), Ok(command), "{}", line);
        }
        #[test]
        fn nothing_panics_on_word_soup(line in soup()) {
            try_everything(&line);
        }
        #[test]
        fn nothing_panics_on_text(line in "(?s).{0,200}") {
            try_everything(&line);
        }
    }
    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn nothing_panics_on_bytes_up_to_the_limit(
            unit in proptest::collection::vec(any::<u8>(), 1..64), to in 1..=LINE_BYTES_MAX,
        ) {
            let bytes: Vec<u8> = unit.iter().copied().cycle().take(to).collect();
            try_everything(&String::from_utf8_lossy(&bytes));
            try_everything(&"buy ".chars().chain(String::from_utf8_lossy(&unit).chars()).cycle().take(to / 4).collect::<String>());
        }
    }
}
