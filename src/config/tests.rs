//! What a configuration may say, and what is told of one that may not.

use super::*;
use std::os::unix::fs::PermissionsExt as _;
use toml::de::DeValue;

mod files;
mod wrong;

const FILE: &str = "config.toml";

fn said(text: &str) -> Vec<String> {
    match Config::parse(Path::new(FILE), text) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

/// The example with every commented key switched on.
fn all_keys() -> String {
    let is_key = |rest: &str| {
        let name = rest.split(" = ").next().filter(|n| rest.len() > n.len());
        let word = |n: &str| n.trim_matches('"').bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        rest.starts_with("[algorithms.")
            || rest.starts_with("[venues.")
            || rest.starts_with("[notify.")
            || rest.starts_with("[[notify.")
            || rest.starts_with("[limits.")
            || name.is_some_and(word)
    };
    let on = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if is_key(rest) => rest.to_owned(),
        _ => line.to_owned(),
    };
    EXAMPLE.lines().map(on).collect::<Vec<_>>().join("\n")
}

fn leaves(path: &str, table: &DeTable<'_>, out: &mut BTreeSet<String>) {
    for (key, value) in table {
        let free = matches!(
            path,
            "venues"
                | "algorithms"
                | "notify.channels"
                | "keys"
                | "hotkeys"
                | "templates"
                | "pages"
                | "columns"
                | "totals.rates"
                | "venues.*.answers"
        );
        let name = if free { "*" } else { key.get_ref().as_ref() };
        let full = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match value.get_ref() {
            DeValue::Table(inner) => leaves(&full, inner, out),
            DeValue::Array(items) if items.iter().any(|i| i.get_ref().is_table()) => {
                items.iter().filter_map(|i| i.get_ref().as_table()).for_each(|t| leaves(&full, t, out));
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => drop(out.insert(full)),
        }
    }
}

#[test]
fn the_example_is_the_default() {
    let example = Config::parse(Path::new(FILE), EXAMPLE).unwrap();
    assert_eq!(Config { source: None, ..example }, Config::default());
    assert_eq!(Config::parse(Path::new(FILE), "").unwrap().venues, Config::default().venues);
}

#[test]
fn the_example_shows_every_key_and_all_of_them_are_good() {
    let text = all_keys();
    let (config, errors, secrets, asked) =
        Config::walk(Path::new(FILE), &text, Some(Path::new("/home/trader")));
    assert_eq!(errors, []);
    assert!(secrets);
    let mut shown = BTreeSet::new();
    leaves("", DeTable::parse(&text).unwrap().get_ref(), &mut shown);
    let missing: Vec<_> = asked.difference(&shown).collect();
    assert!(missing.is_empty(), "not in config.example.toml: {missing:?}");
    assert!(asked.len() > 75, "the walk asked for {} keys only", asked.len());
    let alpaca = config.venue(&VenueId::new("alpaca-paper").unwrap()).unwrap();
    assert_eq!(alpaca.addresses.data_url.as_ref().unwrap().as_str(), "https://data.alpaca.markets/");
    assert_eq!(alpaca.credentials.key_id.command, ["pass", "show", "alpaca/key_id"]);
    let of_one = Limits { by_symbol: std::collections::BTreeMap::new(), ..config.venues[1].limits.clone() };
    assert_eq!(of_one, Limits::default());
    assert_eq!(config.venues[1].rules.heartbeat, Rules::default().heartbeat);
    assert_eq!(config.hotkeys["F6"].level, Level::Send);
    assert_eq!(config.keys["help"].keys, ["?", "f1"]);
    assert_eq!(config.paths.state, Some(PathBuf::from("/home/trader/.local/state/tradedeck")));
}

#[test]
fn a_venues_own_limit_stands_over_the_global_one() {
    let text = "[limits]\norder_qty_max = 7\nduplicate = \"warn\"\n[venues.a]\nkind = \"paper\"\n[venues.a.limits]\norder_qty_max = \"2.5\"\n";
    let config = Config::parse(Path::new(FILE), text).unwrap();
    let own = &config.venues[0].limits;
    assert_eq!(own.order_qty_max.to_string(), "2.5");
    assert_eq!(own.duplicate, crate::domain::limits::Action::Warn);
    assert_eq!(own.order_notional_max, Limits::default().order_notional_max);
    assert_eq!(config.limits.order_qty_max.to_string(), "7");
}

/// F8: what is left out is the next weaker limit, down to the strict default, and never none.
#[test]
fn a_symbols_limit_stands_over_the_accounts_and_a_venues_own_over_both() {
    let text = "\
[limits]\norder_qty_max = 1\nposition = \"off\"\n\
[limits.symbols.AAPL]\norder_qty_max = 3\ngross_max = 30\n\
[venues.a]\nkind = \"paper\"\n\
[venues.a.limits]\norder_qty_max = 2\ngross_max = 20\nsymbols_deny = [\"GME\"]\n\
[venues.a.limits.symbols.AAPL]\norder_qty_max = 4\n\
[venues.a.limits.symbols.\"BTC/USD\"]\nspread = \"warn\"\n\
[venues.b]\nkind = \"paper\"\n";
    let config = Config::parse(Path::new(FILE), text).unwrap();
    let symbol = |s: &str| crate::domain::ids::Symbol::new(s).unwrap();
    let of = |n: usize, s: &str| {
        let limits = config.venues[n].limits.of(&symbol(s));
        (limits.order_qty_max.to_string(), limits.gross_max.to_string())
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(of(0, "MSFT"), pair("2", "20"), "the venue's over the global one");
    assert_eq!(of(0, "AAPL"), pair("4", "30"), "the venue's symbol, then the symbol, then the venue");
    assert_eq!(of(1, "AAPL"), pair("3", "30"), "the symbol over the global one");
    assert_eq!(of(1, "MSFT"), pair("1", "5000000"));
    let aapl = config.venues[0].limits.of(&symbol("AAPL"));
    assert_eq!(aapl.position, crate::domain::limits::Action::Off);
    assert!(aapl.symbols_deny.contains(&symbol("GME")), "what is about the account is there, too");
    assert_eq!(config.venues[0].limits.of(&symbol("BTC/USD")).spread, crate::domain::limits::Action::Warn);
    assert_eq!(config.limits.of(&symbol("AAPL")).order_qty_max.to_string(), "3");
}

/// F8: what is left out is the strict default, for a venue the global rule; nothing is ever unlimited.
#[test]
fn a_venues_own_rule_stands_over_the_global_one_and_what_is_left_out_is_strict() {
    use crate::domain::rules::{Response, Rules};
    let text = "[rules.daily_loss]\npercent = 2\nresponse = \"flatten_venue\"\n[rules.time_window]\nfrom = \"09:30\"\nto = \"16:00\"\n[venues.a]\nkind = \"paper\"\n[venues.a.rules]\ndaily_loss = { money = 500 }\nno_stop = { response = \"flatten_symbol\" }\n";
    let config = Config::parse(Path::new(FILE), text).unwrap();
    let own = &config.venues[0].rules;
    assert_eq!(own.daily_loss.money.unwrap().to_string(), "500");
    assert_eq!(
        (own.daily_loss.percent.to_string().as_str(), own.daily_loss.response),
        ("2", Response::FlattenVenue)
    );
    assert_eq!((own.time_window.from, own.time_window.to), (570, 960));
    assert_eq!(own.no_stop.response, Response::FlattenSymbol);
    assert_eq!(own.weekly_loss, Rules::default().weekly_loss);
    assert_eq!(config.rules.daily_loss.money, None);
    for rule in crate::domain::rules::Rule::ALL {
        assert_ne!(Rules::default().response(rule), Response::Off, "{}", rule.word());
    }
}

const ALPACA: &str = "[venues.a]\nkind = \"alpaca\"\n";

#[test]
fn a_file_of_nothing_but_mistakes_is_read_to_its_end() {
    let many = (0..40_000).map(|n| format!("[ui{n}]\nx = {n}\n")).collect::<Vec<_>>().concat();
    assert_eq!(said(&many).len(), 100);
    assert_eq!(said(&"\u{1}\n".repeat(100_000)).len(), 100);
}

#[test]
fn all_mistakes_are_found_in_one_run() {
    let text = "[ui]\nfps = 0\nthem = 1\n[venues.x]\nkind = \"ftx\"\n[limits]\nduplicate = 1\n";
    let places: Vec<_> = said(text).iter().map(|e| e.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(places, ["config.toml:2:7", "config.toml:3:1", "config.toml:5:8", "config.toml:7:13"]);
}

fn env(vars: &[(&str, &str)]) -> Env {
    Env::new(vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
}

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().to_str().unwrap();
    let at_home = dir.path().join("tradedeck");
    std::fs::create_dir(&at_home).unwrap();
    std::fs::write(at_home.join("config.toml"), "[ui]\ntheme = \"file\"\nfps = 7\n").unwrap();
    let other = dir.path().join("other.toml");
    std::fs::write(&other, "[ui]\ntheme = \"named\"\n").unwrap();
    let theme = |flags: &Flags, vars: &[(&str, &str)]| load(flags, &env(vars)).unwrap().ui.theme;
    let none = Flags::default();
    assert_eq!(theme(&none, &[]), "dark");
    assert_eq!(theme(&none, &[("XDG_CONFIG_HOME", home)]), "file");
    assert_eq!(theme(&none, &[("XDG_CONFIG_HOME", home), ("TRADEDECK_THEME", "var")]), "var");
    let named = ("TRADEDECK_CONFIG", other.to_str().unwrap());
    assert_eq!(theme(&none, &[("XDG_CONFIG_HOME", home), named]), "named");
    let flag = Flags { theme: Some("flag".to_owned()), ascii: true, ..Flags::default() };
    let config =
        load(&flag, &env(&[("XDG_CONFIG_HOME", home), ("TRADEDECK_THEME", "v"), ("NO_COLOR", "1")])).unwrap();
    assert_eq!((config.ui.theme.as_str(), config.ui.ascii, config.ui.color), ("flag", Ascii::Always, false));
    assert_eq!(config.ui.fps, 7);
    let state = |config: &Config, vars: &[(&str, &str)]| state_dir(config, &env(vars)).unwrap();
    assert_eq!(state(&config, &[("XDG_STATE_HOME", "/s")]), Path::new("/s/tradedeck"));
    assert_eq!(
        state(&config, &[("HOME", "/h"), ("XDG_STATE_HOME", "rel")]),
        Path::new("/h/.local/state/tradedeck")
    );
    let config = load(&none, &env(&[("TRADEDECK_STATE", "/mine"), ("HOME", "/h")])).unwrap();
    assert_eq!(state_dir(&config, &Env::default()).unwrap(), Path::new("/mine"));
    assert!(state_dir(&Config::default(), &Env::default()).is_err());
}

#[test]
fn mistakes_of_the_upper_layers_name_where_they_were_made() {
    let bad = |flags: &Flags, vars: &[(&str, &str)]| load(flags, &env(vars)).unwrap_err()[0].to_string();
    let none = Flags::default();
    assert_eq!(
        bad(&none, &[("TRADEDECK_VENUE", "papper")]),
        "environment variable TRADEDECK_VENUE: `papper`: there is no such venue; did you mean \"paper\"?"
    );
    assert_eq!(
        bad(&Flags { theme: Some("a/b".to_owned()), ..Flags::default() }, &[]),
        "flag --theme: `a/b`: write a theme's name such as dark, made of letters, digits, - and _"
    );
    assert_eq!(
        bad(&none, &[("TRADEDECK_STATE", "rel")]),
        "environment variable TRADEDECK_STATE: `rel`: write a whole path that begins with /"
    );
    assert_eq!(
        bad(&none, &[("TRADEDECK_CONFIG", "/no/such/file.toml")]),
        "/no/such/file.toml: it can't be read (no such file or directory); name a file that can"
    );
}
