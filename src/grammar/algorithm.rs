//! What is done about an algorithm, in words: `swing pause`, `swing liquidate SPY`, `swing submit buy 10 SPY limit 400`.

use super::{
    error::{GrammarError, Kind},
    number,
    token::{Token, Tokens},
};
use crate::domain::{
    algorithm::{AlgorithmDeed, AskedOrder, Instruction, Security},
    money::{Price, SignedQty},
    text::Text,
};
use rust_decimal::Decimal;
use smol_str::SmolStr;

/// The words that may follow an algorithm's name, each with what it takes and does.
pub const DEEDS: &[(&str, &str, &str)] = &[
    ("pause", "", "cancel its entries as they appear"),
    ("resume", "", "let it trade again"),
    ("take-over", "", "pause it, and make what it holds yours"),
    ("stop", "", "ask it to end; what it holds it holds"),
    ("liquidate", "[TICKER [MARKET CLASS]]", "close what it holds, or one thing of it"),
    ("cancel", "ORDER", "ask it to cancel an order"),
    ("submit", "buy|sell QTY TICKER [MARKET CLASS] [limit P] [stop P] [tag T]", "ask it to send an order"),
    ("update", "ORDER [qty Q] [limit P] [stop P]", "ask it to change an order"),
    ("add", "TICKER [MARKET CLASS] [RESOLUTION]", "ask it to follow a security"),
    ("command", "{JSON}", "give it a command of its own"),
    ("broadcast", "[except PROJECT] {JSON}", "give every live algorithm of its organization a command"),
];

/// Where a ticker is meant that says nothing of it.
const MARKET: SmolStr = SmolStr::new_static("usa");
const CLASS: SmolStr = SmolStr::new_static("equity");
const RESOLUTION: SmolStr = SmolStr::new_static("minute");

/// Reads an algorithm's name and what is done about it.
///
/// # Errors
/// The first place where the line stops making sense.
pub fn algorithm(line: &str) -> Result<(SmolStr, AlgorithmDeed), GrammarError> {
    let mut tokens = Tokens::of(line)?;
    let name = tokens.need("the algorithm's name", "write the name and what to do, as in `swing pause`")?;
    let words = || DEEDS.iter().map(|(word, ..)| *word).collect::<Vec<_>>().join(", ");
    let verb = tokens.need("what to do", format!("write one of {}", words()))?;
    let deed = match verb.text.to_ascii_lowercase().as_str() {
        "pause" => AlgorithmDeed::Pause,
        "resume" => AlgorithmDeed::Resume,
        "take-over" => AlgorithmDeed::TakeOver,
        "stop" => AlgorithmDeed::Ask(Instruction::Stop),
        "liquidate" => AlgorithmDeed::Ask(liquidate(&mut tokens)?),
        "cancel" => AlgorithmDeed::Ask(Instruction::Cancel { order: order(&mut tokens)? }),
        "submit" => AlgorithmDeed::Ask(submit(&mut tokens)?),
        "update" => AlgorithmDeed::Ask(update(&mut tokens)?),
        "add" => AlgorithmDeed::Ask(add(&mut tokens)?),
        "command" => AlgorithmDeed::Ask(Instruction::Custom(object(&mut tokens)?)),
        "broadcast" => AlgorithmDeed::Ask(broadcast(&mut tokens)?),
        _ => return Err(tokens.fail(&verb, Kind::Word, format!("write one of {}", words()))),
    };
    tokens.end()?;
    Ok((SmolStr::new(&name.text), deed))
}

fn liquidate(tokens: &mut Tokens<'_>) -> Result<Instruction, GrammarError> {
    if tokens.peek().is_none() {
        return Ok(Instruction::Liquidate(None));
    }
    security(tokens).map(|one| Instruction::Liquidate(Some(one)))
}

/// A ticker, and where a market and a class follow, those.
fn security(tokens: &mut Tokens<'_>) -> Result<Security, GrammarError> {
    let ticker = tokens.need("the ticker", "write it as the algorithm does, such as SPY")?;
    let is_name = |token: &Token| {
        !token.text.is_empty()
            && token.text.chars().all(|c| c.is_ascii_alphabetic())
            && !matches!(token.text.as_str(), "limit" | "stop" | "tag" | "qty")
            && !RESOLUTIONS.contains(&token.text.as_str())
    };
    let mut security = Security { ticker: SmolStr::new(&ticker.text), market: MARKET, class: CLASS };
    if tokens.peek().is_some_and(is_name) {
        let market = tokens.need("the market", "such as usa")?;
        let class = tokens.need("its class", "write market and class, as in `SPY usa equity`")?;
        if !is_name(&class) {
            return Err(tokens.fail(&class, Kind::Word, "write market and class, as in `SPY usa equity`"));
        }
        security.market = SmolStr::new(market.text.to_ascii_lowercase());
        security.class = SmolStr::new(class.text.to_ascii_lowercase());
    }
    Ok(security)
}

const RESOLUTIONS: [&str; 5] = ["tick", "second", "minute", "hour", "daily"];

fn order(tokens: &mut Tokens<'_>) -> Result<i64, GrammarError> {
    let token = tokens.need("the order", "write the algorithm's number of it")?;
    let number: Option<i64> = token.text.parse().ok().filter(|n| *n >= 0);
    number.ok_or_else(|| tokens.fail(&token, Kind::Order, "write the algorithm's number of it, such as 12"))
}

fn price(tokens: &mut Tokens<'_>, what: &str) -> Result<Price, GrammarError> {
    let token = tokens.need(what, "write a price")?;
    number::positive(&token.text).map(Price::new).map_err(|bad| tokens.fail(&token, bad.kind, bad.expected))
}

fn signed(size: Decimal, sells: bool) -> SignedQty {
    let qty = SignedQty::new(size);
    if sells { qty.negated() } else { qty }
}

/// `limit`, `stop`, `qty` and `tag`, each once.
#[derive(Default)]
struct Fields {
    qty: Option<SignedQty>,
    limit: Option<Price>,
    stop: Option<Price>,
    tag: Option<Text>,
}

fn fields(tokens: &mut Tokens<'_>, expected: &'static str) -> Result<Fields, GrammarError> {
    let mut fields = Fields::default();
    while let Some(token) = tokens.take() {
        let is_new = match token.text.as_str() {
            "limit" => fields.limit.replace(price(tokens, "the limit")?).is_none(),
            "stop" => fields.stop.replace(price(tokens, "the stop")?).is_none(),
            "qty" => {
                let qty = tokens.need("the quantity", "write it with its sign, such as -10")?;
                let (digits, sells) =
                    qty.text.strip_prefix('-').map_or((qty.text.as_str(), false), |t| (t, true));
                let size =
                    number::positive(digits).map_err(|bad| tokens.fail(&qty, bad.kind, bad.expected))?;
                fields.qty.replace(signed(size, sells)).is_none()
            }
            "tag" => {
                let tag = tokens.need("the tag", "write one word, or several in quotes")?;
                fields.tag.replace(Text::clean(&tag.text)).is_none()
            }
            _ => return Err(tokens.fail(&token, Kind::Word, expected)),
        };
        if !is_new {
            return Err(tokens.fail(&token, Kind::Twice, "give it once"));
        }
    }
    Ok(fields)
}

fn submit(tokens: &mut Tokens<'_>) -> Result<Instruction, GrammarError> {
    let side = tokens.need("the side", "write `buy` or `sell`")?;
    let sells = match side.text.to_ascii_lowercase().as_str() {
        "buy" => false,
        "sell" => true,
        _ => return Err(tokens.fail(&side, Kind::Word, "write `buy` or `sell`")),
    };
    let qty = tokens.need("the quantity", "write how much")?;
    let size = number::positive(&qty.text).map_err(|bad| tokens.fail(&qty, bad.kind, bad.expected))?;
    let security = security(tokens)?;
    let place = tokens.peek().cloned();
    let fields = fields(tokens, "write `limit P`, `stop P` or `tag T`")?;
    if let (Some(token), Some(_)) = (place, fields.qty) {
        return Err(tokens.fail(&token, Kind::Contradiction, "the quantity stands before the ticker"));
    }
    Ok(Instruction::Submit(AskedOrder {
        security,
        qty: signed(size, sells),
        limit: fields.limit,
        stop: fields.stop,
        tag: fields.tag.unwrap_or_default(),
    }))
}

fn update(tokens: &mut Tokens<'_>) -> Result<Instruction, GrammarError> {
    let order = order(tokens)?;
    let what = "write `qty Q`, `limit P` or `stop P`";
    let place = tokens.peek().cloned();
    let Fields { qty, limit, stop, tag } = fields(tokens, what)?;
    match (place, tag) {
        (None, _) => Err(tokens.missing("what changes", what)),
        (Some(token), Some(_)) => Err(tokens.fail(&token, Kind::Contradiction, what)),
        (Some(_), None) => Ok(Instruction::Update { order, qty, limit, stop }),
    }
}

fn add(tokens: &mut Tokens<'_>) -> Result<Instruction, GrammarError> {
    let security = security(tokens)?;
    let resolution = match tokens.take() {
        None => RESOLUTION,
        Some(token) if RESOLUTIONS.contains(&token.text.as_str()) => SmolStr::new(&token.text),
        Some(token) => {
            let expected = format!("write one of {}", RESOLUTIONS.join(", "));
            return Err(tokens.fail(&token, Kind::Word, expected));
        }
    };
    Ok(Instruction::Add { security, resolution })
}

fn broadcast(tokens: &mut Tokens<'_>) -> Result<Instruction, GrammarError> {
    let mut except = None;
    if tokens.peek().is_some_and(|token| token.text.eq_ignore_ascii_case("except")) {
        tokens.take();
        let token = tokens.need("the project", "write the number of the project that is left out")?;
        let number: Option<u64> = token.text.parse().ok().filter(|n| *n > 0);
        let expected = "write the number of the project that is left out, such as 7654321";
        except = Some(number.ok_or_else(|| tokens.fail(&token, Kind::Word, expected))?);
    }
    Ok(Instruction::Broadcast { object: object(tokens)?, except })
}

fn object(tokens: &mut Tokens<'_>) -> Result<SmolStr, GrammarError> {
    let (json, at) = tokens.rest();
    let json = json.trim();
    if json.starts_with('{') && json.ends_with('}') {
        return Ok(SmolStr::new(json));
    }
    Err(tokens.fail_at(&at, Kind::Word, "write an object of JSON, such as {\"size\": 2}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Instruction {
        match algorithm(line).unwrap() {
            (name, AlgorithmDeed::Ask(what)) if name == "swing" => what,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn spy(market: &str, class: &str) -> Security {
        Security { ticker: "SPY".into(), market: market.into(), class: class.into() }
    }

    #[test]
    fn every_deed_is_read() {
        for (line, deed) in [
            ("swing pause", AlgorithmDeed::Pause),
            ("swing RESUME", AlgorithmDeed::Resume),
            ("swing take-over", AlgorithmDeed::TakeOver),
        ] {
            assert_eq!(algorithm(line).unwrap(), ("swing".into(), deed), "{line}");
        }
        assert_eq!(asked("swing stop"), Instruction::Stop);
        assert_eq!(asked("swing liquidate"), Instruction::Liquidate(None));
        assert_eq!(asked("swing liquidate SPY"), Instruction::Liquidate(Some(spy("usa", "equity"))));
        assert_eq!(asked("swing liquidate SPY xyz cfd"), Instruction::Liquidate(Some(spy("xyz", "cfd"))));
        assert_eq!(asked("swing cancel 12"), Instruction::Cancel { order: 12 });
        let Instruction::Submit(order) = asked("swing submit sell 10.5 SPY limit 400 tag \"a 'b'\"") else {
            panic!("not an order")
        };
        assert_eq!((order.qty, order.tag.as_str()), (SignedQty::new(Decimal::new(-105, 1)), "a 'b'"));
        assert_eq!((order.limit, order.stop), (Some(Price::new(Decimal::new(400, 0))), None));
        let change = asked("swing update 3 qty -2 stop 9");
        assert!(matches!(change, Instruction::Update { order: 3, limit: None, .. }), "{change:?}");
        let add = asked("swing add SPY daily");
        assert_eq!(add, Instruction::Add { security: spy("usa", "equity"), resolution: "daily".into() });
        assert_eq!(asked("swing command {\"a\": \"b c\"}"), Instruction::Custom("{\"a\": \"b c\"}".into()));
        for (words, except) in [("", None), ("except 777 ", Some(777))] {
            let all = Instruction::Broadcast { object: "{\"a\": \"b c\"}".into(), except };
            assert_eq!(asked(&format!("swing broadcast {words}{{\"a\": \"b c\"}}")), all);
        }
    }

    #[test]
    fn mistakes_have_a_place_and_what_would_be_right() {
        for (line, words) in [
            ("swing", "write one of pause, resume"),
            ("swing dance", "write one of pause, resume"),
            ("swing pause now", "the order ends before it"),
            ("swing cancel x", "the algorithm's number"),
            ("swing submit hold 1 SPY", "`buy` or `sell`"),
            ("swing submit buy 0 SPY", "above zero"),
            ("swing submit buy 1 SPY usa", "market and class"),
            ("swing submit buy 1 SPY limit 1 limit 2", "give it once"),
            ("swing submit buy 1 SPY qty 2", "stands before the ticker"),
            ("swing update 1", "write `qty Q`"),
            ("swing update 1 tag x", "write `qty Q`"),
            ("swing add SPY yearly", "market and class"),
            ("swing command buy", "an object of JSON"),
            ("swing broadcast buy", "an object of JSON"),
            ("swing broadcast except mine {}", "the number of the project"),
        ] {
            let why = algorithm(line).unwrap_err().to_string();
            assert!(why.contains(words), "{line}: {why}");
        }
    }
}
