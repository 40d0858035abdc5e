//! Each mistake gets one sentence with its place.

use super::*;

/// Each wrong file with its place and its sentence.
const WRONG_FILES: &[(&str, &str)] = &[
    ("ui", "1:3: this is not TOML: key with no value, expected `=`"),
    ("[ui", "1:4: this is not TOML: unclosed table, expected `]`"),
    ("[ui]\nfps = 1\nfps = 2", "3:1: this is not TOML: duplicate key"),
    ("ui = 3", "1:6: `ui` is `3`: write a table, as in [ui]"),
    ("[uii]", "1:2: `uii` is not a key of this file: did you mean `ui`?"),
    ("[ui]\nthme = 1", "2:1: `thme` is not a key of [ui]: did you mean `theme`?"),
    (
        "[session]\nzzzzzz = 1",
        "2:1: `zzzzzz` is not a key of [session]: the keys there are arm_minutes, idle_lock_minutes, on_quit, on_hangup",
    ),
    ("[ui]\nfps = \"fast\"", "2:7: `ui.fps` is `\"fast\"`: write a whole number from 1 to 120"),
    ("[ui]\nfps = 0", "2:7: `ui.fps` is `0`: write a whole number from 1 to 120"),
    ("[ui]\nfps = -1", "2:7: `ui.fps` is `-1`: write a whole number from 1 to 120"),
    ("[ui]\nfps = 30.5", "2:7: `ui.fps` is `30.5`: write a whole number from 1 to 120"),
    ("[ui]\nmouse = \"yes\"", "2:9: `ui.mouse` is `\"yes\"`: write true or false"),
    ("[ui]\nascii = true", "2:9: `ui.ascii` is `true`: write \"auto\" or \"always\" or \"never\""),
    (
        "[ui]\ntheme = \"../../etc/passwd\"",
        "2:9: `ui.theme` is `\"../../etc/passwd\"`: write a theme's name such as dark, made of letters, digits, - and _",
    ),
    (
        "[ui]\ntimezone = \"Mars/Base\"",
        "2:12: `ui.timezone` is `\"Mars/Base\"`: write \"local\" or a name such as \"America/New_York\"",
    ),
    ("[limits]\norder_qty_max = 0", "2:17: `limits.order_qty_max` is `0`: write a number above zero"),
    ("[limits]\norder_qty_max = nan", "2:17: `limits.order_qty_max` is `nan`: write a number above zero"),
    (
        "[limits]\norder_notional_max = -5.5",
        "2:22: `limits.order_notional_max` is `-5.5`: write a number above zero",
    ),
    (
        "[limits]\nprice_collar_percent = 101",
        "2:24: `limits.price_collar_percent` is `101`: write a number above 0 and up to 100",
    ),
    (
        "[limits.symbols.AAPL]\nday_trading = \"pdt\"",
        "2:1: `day_trading` is not a key of [limits.symbols.AAPL]: did you mean `day_trades`?",
    ),
    ("[limits]\ngross_max = 0", "2:13: `limits.gross_max` is `0`: write a number above zero"),
    (
        "[limits]\nduplicate = \"stop\"",
        "2:13: `limits.duplicate` is `\"stop\"`: write \"block\" or \"warn\" or \"off\"",
    ),
    (
        "[limits]\nquote_age_max_ms = 0",
        "2:20: `limits.quote_age_max_ms` is `0`: write a whole number from 1 to 3600000",
    ),
    (
        "[limits]\norder_qty_maks = 5",
        "2:1: `order_qty_maks` is not a key of [limits]: did you mean `order_qty_max`?",
    ),
    (
        "[rules.daily_los]\npercent = 2",
        "1:8: `daily_los` is not a key of [rules]: did you mean `daily_loss`?",
    ),
    (
        "[rules.daily_loss]\npercnt = 2",
        "2:1: `percnt` is not a key of [rules.daily_loss]: did you mean `percent`?",
    ),
    (
        "[rules.daily_loss]\npercent = 0",
        "2:11: `rules.daily_loss.percent` is `0`: write a number above 0 and up to 100",
    ),
    ("[rules.daily_loss]\nmoney = -1", "2:9: `rules.daily_loss.money` is `-1`: write a number above zero"),
    (
        "[rules.daily_loss]\nlockout_minutes = 10081",
        "2:19: `rules.daily_loss.lockout_minutes` is `10081`: write a whole number from 0 to 10080",
    ),
    (
        "[rules.daily_loss]\nresponse = \"flatten_symbol\"",
        "2:12: `rules.daily_loss.response` is `\"flatten_symbol\"`: write \"off\" or \"alert\" or \"block_entries\" or \"cancel_entries\" or \"flatten_venue\" or \"flatten_all\"",
    ),
    (
        "[rules.time_window]\nfrom = \"9:30\"",
        "2:8: `rules.time_window.from` is `\"9:30\"`: write a time such as \"09:30\"",
    ),
    (
        "[rules.time_window]\nto = \"24:01\"",
        "2:6: `rules.time_window.to` is `\"24:01\"`: write a time such as \"09:30\"",
    ),
    (
        "[rules.margin_call]\nclear_percent = 4",
        "2:17: `rules.margin_call.clear_percent` is `4`: write no less than `percent`",
    ),
    (
        "[rules.clock_skew]\nclear_ms = 2000",
        "2:12: `rules.clock_skew.clear_ms` is `2000`: write no more than `ms`",
    ),
    (
        "[rules.rate_limit]\nclear_percent = 95",
        "2:17: `rules.rate_limit.clear_percent` is `95`: write no more than `percent`",
    ),
    (
        "[rules.trade_count]\nmost = 0",
        "2:8: `rules.trade_count.most` is `0`: write a whole number from 1 to 1000000",
    ),
    (
        "[rules.margin_out]\npercent = 100",
        "2:11: `rules.margin_out.percent` is `100`: write a number from 0 and below 100",
    ),
    (
        "[rules.negative_cash]\nmoney = -1",
        "2:9: `rules.negative_cash.money` is `-1`: write a number from 0 on",
    ),
    ("[venues.x]", "1:1: the venue `x` has no kind: write kind = \"paper\", \"alpaca\" or \"binance\""),
    ("[venues.x]\nkind = \"alpacca\"", "2:8: `venues.x.kind` is `\"alpacca\"`: did you mean \"alpaca\"?"),
    (
        "[venues.x]\nkind = \"kraken\"",
        "2:8: `venues.x.kind` is `\"kraken\"`: Kraken is not in this version yet; write \"paper\", \"alpaca\" or \"binance\"",
    ),
    (
        "[venues.x]\nkind = \"tdameritrade\"",
        "2:8: `venues.x.kind` is `\"tdameritrade\"`: TD Ameritrade shut down on 2024-05-10 and its accounts moved to Charles Schwab, kind \"schwab\"",
    ),
    (
        "[venues.x]\nkind = \"ftx\"",
        "2:8: `venues.x.kind` is `\"ftx\"`: FTX has been bankrupt since November 2022 and nothing replaced it; coinbase, kraken or binance trade the same coins",
    ),
    (
        "[venues.x]\nkind = \"xtb\"",
        "2:8: `venues.x.kind` is `\"xtb\"`: XTB shut its trading interface down on 2025-03-14 and put nothing in its place; oanda trades the same markets",
    ),
    (
        "[venues.x]\nkind = \"degiro\"",
        "2:8: `venues.x.kind` is `\"degiro\"`: DEGIRO has no official interface, so it is off until accept_unofficial = true, and it is not in this version yet",
    ),
    (
        "[venues.\"My Venue\"]\nkind = \"paper\"",
        "1:9: `My Venue` can't name a venue: write a small letter, then at most 31 of a-z, 0-9, - and _",
    ),
    ("[venues]\nx = 1", "2:5: `venues.x` is `1`: write a table, as in [venues.x]"),
    (
        "[venues.x]\nkind = \"paper\"\nenvironment = \"live\"",
        "3:15: `venues.x.environment` is `\"live\"`: the embedded paper venue is never live; write \"paper\"",
    ),
    (
        "[venues.x]\nkind = \"paper\"\ntrading_url = \"https://api.alpaca.markets\"",
        "3:15: `trading_url` does not belong here: the embedded paper venue takes no address and no key; remove it or write kind = \"alpaca\"\nconfig.toml:3:15: `venues.x.trading_url` is `\"https://api.alpaca.markets\"`: real money trades there; write another address or environment = \"live\"",
    ),
    (
        "[venues.x]\nkind = \"alpaca\"\nseed = 4",
        "3:8: `seed` does not belong here: only kind = \"paper\" takes it; remove it",
    ),
    (
        "[venues.x]\nkind = \"paper\"\nspeed = 1001",
        "3:9: `venues.x.speed` is `1001`: write a whole number from 1 to 1000",
    ),
    (
        "[venues.x]\nkind = \"paper\"\ndata_dir = \"here\"",
        "3:12: `venues.x.data_dir` is `\"here\"`: write a whole path that begins with / or ~/",
    ),
    (
        "[orders]\ndefault_venue = \"papr\"",
        "2:17: `orders.default_venue` is `\"papr\"`: there is no such venue; did you mean \"paper\"?",
    ),
    (
        "[orders.venue_by_class]\ncrypto = \"binance\"",
        "2:10: `orders.venue_by_class.crypto` is `\"binance\"`: there is no such venue; the venues are paper",
    ),
    (
        "[orders]\ntif = \"forever\"",
        "2:7: `orders.tif` is `\"forever\"`: write \"day\" or \"gtc\" or \"ioc\" or \"fok\"",
    ),
    (
        "[orders.bracket]\nsize = \"1e3\"",
        "2:8: `orders.bracket.size` is `\"1e3\"`: write all digits out, such as 1000 and not 1e3",
    ),
    (
        "[orders.bracket]\nstop = \"174\"",
        "2:8: `orders.bracket.stop` is `\"174\"`: write a distance such as \"-1%\", since it serves every symbol",
    ),
    (
        "[orders.confirm]\nflatten = \"none\"",
        "2:11: `orders.confirm.flatten` is `\"none\"`: write \"review\" or \"typed\"",
    ),
    ("[session]\narm_minutes = 0", "2:15: `session.arm_minutes` is `0`: write a whole number from 1 to 480"),
    (
        "[watchlist]\nsymbols = \"AAPL\"",
        "2:11: `watchlist.symbols` is `\"AAPL\"`: write a list of texts in brackets",
    ),
    (
        "[watchlist]\nsymbols = [\"AAPL\", \"\u{410}APL\"]",
        "2:20: `watchlist.symbols` is `\"\u{410}APL\"`: `\u{410}` (U+0410) is not one of A-Z, it may only look like one",
    ),
    ("[keys]\nhelp = 4", "2:8: `keys.help` is `4`: write a key such as \"ctrl-x\", or a list of keys"),
    (
        "[hotkeys]\nF5 = \"buy {symbol} 1e3\"",
        "2:6: `hotkeys.F5` is `\"buy {symbol} 1e3\"`: with its placeholders filled in, `1e3` at column 10 is not a number: write all digits out, such as 1000 and not 1e3",
    ),
    (
        "[hotkeys]\nF5 = \"buy {simbol} 1\"",
        "2:6: `hotkeys.F5` is `\"buy {simbol} 1\"`: `{simbol}` at column 5 has no value: did you mean `{symbol}`?",
    ),
    (
        "[hotkeys.F5]\nlevel = \"send\"",
        "1:10: the hotkey `F5` has no line: write line = \"buy {symbol} 100\"",
    ),
    (
        "[hotkeys.F5]\nline = \"halt\"\nlevel = \"now\"",
        "3:9: `hotkeys.F5.level` is `\"now\"`: write \"load\" or \"review\" or \"send\"",
    ),
    (
        "[hotkeys]\nF5 = [\n  \"cancel {symbol}\",\n  \"close {symbol} hlf\",\n]",
        "4:3: `hotkeys.F5` is `\"close {symbol} hlf\"`: with its placeholders filled in, `hlf` at column 12 means nothing here: write 100, 25%, half, quarter or all",
    ),
    (
        "[ui.numbers]\ndecimal = \",\"",
        "2:11: `ui.numbers.decimal` and `thousands` are both `,`, and 1,234 would be two numbers: give another to one of them",
    ),
    (
        "[ui.numbers]\nthousands = \";\"",
        "2:13: `ui.numbers.thousands` is `\";\"`: write \",\" or \".\" or \" \" or \"'\" or \"\"",
    ),
    (
        "[ui.numbers]\ncurrency = \"1$\"",
        "2:12: `ui.numbers.currency` is `\"1$\"`: write up to 4 characters such as $ or EUR, no digits and no marks of a number",
    ),
    (
        "[hotkeys]\nF5 = { lines = [\"buy {symbol} 1\", \"flatten\"] }",
        "2:35: `hotkeys.F5.lines` is `\"flatten\"`: `flatten` shows its plan first: give it a line of its own",
    ),
    ("[hotkeys]\nF5 = []", "2:6: `hotkeys.F5` is a list: write a list of 1 to 20 order lines in quotes"),
    (
        "[hotkeys]\nF5 = { line = \"halt\", lines = [\"halt\"] }",
        "2:31: `hotkeys.F5.lines` is a list: there is a `line` already: put it first in the list",
    ),
    ("[hotkeys]\nF5 = [1]", "2:7: `hotkeys.F5` is `1`: write an order line in quotes"),
    (
        "[templates]\nBig = \"buy {symbol} 100\"",
        "2:1: `Big` can't be a template's name: write up to 24 small letters, digits and -",
    ),
    (
        "[templates]\na = \"buy\"",
        "2:5: `templates.a` is `\"buy\"`: with its placeholders filled in, a symbol is missing at column 4: write one such as AAPL or BTC/USD",
    ),
    (
        "[templates.a]\nlevel = \"load\"",
        "1:12: the template `a` has no line: write line = \"buy {symbol} 100\"",
    ),
    ("[paths]\nstate = 1979-05-27", "2:9: `paths.state` is a date: write it in quotes"),
];

#[test]
fn a_wrong_file_gets_one_sentence() {
    let nested = "[".repeat(5_000);
    let mut wrong = Vec::new();
    for (text, want) in WRONG_FILES.iter().copied() {
        let errors = said(text).join("\n");
        if errors != format!("{FILE}:{want}") {
            wrong.push(format!("{text}\n  is   {errors}\n  want {FILE}:{want}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(!said(&nested).is_empty());
}

/// What belongs to one kind of venue and not to another, and where Binance's money is.
#[test]
fn binance_has_addresses_of_its_own() {
    let binance = "[venues.b]\nkind = \"binance\"\n";
    for (lines, want) in [
        ("currency = \"USDC\"", ""),
        ("environment = \"live\"\ntrading_url = \"https://api3.binance.com\"", ""),
        ("trading_url = \"http://127.0.0.1:1\"", ""),
        ("trading_url = \"https://api.binance.com\"", "real money trades there"),
        ("trading_stream_url = \"wss://ws-api.binance.com/ws-api/v3\"", "real money trades there"),
        (
            "environment = \"live\"\ntrading_url = \"https://testnet.binance.vision\"",
            "that is not one of Binance's live addresses",
        ),
        ("environment = \"live\"\ntrading_url = \"https://api.alpaca.markets\"", "one of Binance's live"),
        ("currency = \"usdt\"", "write it in capitals"),
        ("data_url = \"http://127.0.0.1:1\"", "`data_url` does not belong here: Binance has one address"),
        ("seed = 4", "only kind = \"paper\" takes it"),
    ] {
        let errors = said(&format!("{binance}{lines}")).join("\n");
        assert_eq!(errors.is_empty(), want.is_empty(), "{lines}: {errors}");
        assert!(errors.contains(want), "{lines}: {errors}");
    }
    let errors = said(&format!("{ALPACA}currency = \"USD\"")).join("\n");
    assert!(errors.contains("Alpaca says what an account is counted in"), "{errors}");
}

/// Addresses and credentials of a remote venue: each wrong line with its sentence.
#[test]
fn a_wrong_address_or_key_gets_one_sentence() {
    let mut wrong = Vec::new();
    for (line, want) in [
        (
            "trading_url = \"http://example.com\"",
            "off this computer the connection has to be encrypted, so write https://",
        ),
        (
            "data_stream_url = \"ws://10.0.0.1/x\"",
            "off this computer the connection has to be encrypted, so write wss://",
        ),
        ("trading_url = \"ws://127.0.0.1\"", "write a whole address such as https://host"),
        ("trading_url = \"127.0.0.1:80\"", "write a whole address such as https://host"),
        ("trading_url = \"https://me:pw@example.com\"", "an address holds no name and password"),
        ("data_url = \"https://example.com/?key=1\"", "an address ends before any ? or #"),
        (
            "trading_url = \"https://api.alpaca.markets\"",
            "real money trades there; write another address or environment = \"live\"",
        ),
        (
            "trading_stream_url = \"wss://api.alpaca.markets/stream\"",
            "real money trades there; write another address or environment = \"live\"",
        ),
    ] {
        let (key, value) = line.split_once(" = ").unwrap();
        let value = if value.contains(['@', '?']) { "\"https\"" } else { value };
        let column = key.len() + 4;
        let want = format!("{FILE}:3:{column}: `venues.a.{key}` is `{value}`: {want}");
        let errors = said(&format!("{ALPACA}{line}")).join("\n");
        if errors != want {
            wrong.push(format!("is   {errors}\nwant {want}"));
        }
    }
    let live = "environment = \"live\"\ntrading_url = \"https://paper-api.alpaca.markets\"";
    let errors = said(&format!("{ALPACA}{live}")).join("\n");
    let sentence =
        "that is not one of Alpaca's live addresses; leave it out or write environment = \"paper\"";
    assert!(errors.ends_with(sentence), "{errors}");
    for (line, want) in [
        ("secret_key = 4711", "`venues.a.secret_key` can't be a credential: write its characters in quotes"),
        ("key_id = \"can ary\"", "`venues.a.key_id` can't be a credential: write its characters in quotes"),
        (
            "secret_key_command = \"pass show x\"",
            "`venues.a.secret_key_command` is `\"pass show x\"`: write a list of texts in brackets",
        ),
        ("keyring = \"\"", "`venues.a.keyring` is `\"\"`: write the service's name in the keyring"),
        (
            "secret_key_comand = [\"x\"]",
            "`secret_key_comand` is not a key of [venues.a]: did you mean `secret_key_command`?",
        ),
    ] {
        let errors = said(&format!("{ALPACA}{line}")).join("\n");
        if !errors.contains(want) || errors.contains("4711") || errors.contains("can ary") {
            wrong.push(format!("is   {errors}\nwant {want}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    for good in [
        "trading_url = \"http://127.0.0.1:8787\"",
        "data_stream_url = \"ws://[::1]:9/v2/iex\"",
        "data_url = \"http://localhost\"",
    ] {
        assert_eq!(said(&format!("{ALPACA}{good}")), Vec::<String>::new(), "{good}");
    }
}
