//! Configuration: default < file < environment < flag. What is left out has a safe default; what is wrong is
//! refused with file, line, column and one sentence, all mistakes at once.

pub mod credentials;
pub mod env;
pub mod error;
mod exit;
pub mod keys;
pub mod kind;
pub mod layers;
mod limits;
pub mod private;
mod read;
mod rules;
pub mod secret;
pub mod trading;
pub mod ui;
pub mod venue;

pub use self::{
    credentials::{CredentialError, Credentials, resolve},
    env::Env,
    error::{ConfigError, Place},
    keys::{Hotkey, KeyBinding, Level},
    kind::{VenueKind, VenueState},
    layers::{Flags, config_file, load, state_dir, validate},
    private::private_dir,
    secret::Secret,
    trading::{Confirm, Confirmations, DefaultBracket, OnHangup, OnQuit, OrderDefaults, Session},
    ui::{Ascii, Paths, Ui, UpDown},
    venue::{Addresses, Environment, PaperConfig, PaperHours, VenueConfig},
};
use crate::domain::{
    ids::{Symbol, VenueId},
    limits::Limits,
    rules::Rules,
    scope::ExitTerms,
};
use read::{Reading, Section};
use smol_str::SmolStr;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};
use toml::de::DeTable;

/// The commented file that `tradedeck init` writes: every key with its default.
pub const EXAMPLE: &str = include_str!("../config.example.toml");

/// The name of the venue that is there without any configuration.
const EMBEDDED: &str = "paper";

/// Everything that the user can set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file it came from.
    pub source: Option<PathBuf>,
    /// At least one, by name.
    pub venues: Vec<VenueConfig>,
    /// What orders are held to where a venue says nothing else.
    pub limits: Limits,
    /// What is held all the time where a venue says nothing else.
    pub rules: Rules,
    /// Symbols that are watched.
    pub watchlist: Vec<Symbol>,
    /// Where orders go and what they get by default.
    pub orders: OrderDefaults,
    /// How long things last.
    pub session: Session,
    /// How a flatten goes about it.
    pub exit: ExitTerms,
    /// How it looks.
    pub ui: Ui,
    /// Keys that differ from the default, by action.
    pub keys: BTreeMap<SmolStr, KeyBinding>,
    /// Order lines on keys.
    pub hotkeys: BTreeMap<SmolStr, Hotkey>,
    /// Where things are.
    pub paths: Paths,
}

impl Default for Config {
    fn default() -> Self {
        let (limits, rules) = (Limits::default(), Rules::default());
        Self {
            source: None,
            venues: embedded(&limits, &rules),
            limits,
            rules,
            watchlist: ui::default_watchlist(),
            orders: OrderDefaults::default(),
            session: Session::default(),
            exit: ExitTerms::default(),
            ui: Ui::default(),
            keys: BTreeMap::new(),
            hotkeys: BTreeMap::new(),
            paths: Paths::default(),
        }
    }
}

fn embedded(limits: &Limits, rules: &Rules) -> Vec<VenueConfig> {
    let name = VenueId::new(EMBEDDED).into_iter();
    name.map(|name| VenueConfig::embedded(name, limits.clone(), rules.clone())).collect()
}

impl Config {
    /// The venue of this name.
    pub fn venue(&self, name: &VenueId) -> Option<&VenueConfig> {
        self.venues.iter().find(|v| v.name == *name)
    }

    /// Where an order goes that names no venue: the default, or the only one there is.
    pub fn default_venue(&self) -> Option<&VenueConfig> {
        match (&self.orders.default_venue, self.venues.as_slice()) {
            (Some(name), _) => self.venue(name),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// Where the user's own themes are: as set, or beside the file.
    pub fn themes_dir(&self) -> Option<PathBuf> {
        let beside = || Some(self.source.as_ref()?.parent()?.join("themes"));
        self.paths.themes.clone().or_else(beside)
    }

    /// Reads the text of the file `path`.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Vec<ConfigError>> {
        let (config, errors, _) = Self::read(path, text, None);
        if errors.is_empty() { Ok(config) } else { Err(errors) }
    }

    /// The configuration, the mistakes, and whether the file holds credentials.
    fn read(path: &Path, text: &str, home: Option<&Path>) -> (Self, Vec<ConfigError>, bool) {
        let (config, errors, secrets, _) = Self::walk(path, text, home);
        (config, errors, secrets)
    }

    fn walk(
        path: &Path,
        text: &str,
        home: Option<&Path>,
    ) -> (Self, Vec<ConfigError>, bool, BTreeSet<String>) {
        let reading = Reading::new(path, text);
        let mut config = Self { source: Some(path.to_owned()), ..Self::default() };
        let (table, syntax) = DeTable::parse_recoverable(text);
        for error in &syntax {
            let what = error.message().replace('\n', ", ");
            reading.fail(read::start(error.span()), format!("this is not TOML: {}", read::safe(&what)));
        }
        // What is half understood would only give mistakes that are not there.
        if syntax.is_empty() {
            config.fill(&Section::root(&reading, table.get_ref()), home);
        }
        let secrets = reading.has_secrets();
        let (errors, asked) = reading.finish();
        (config, errors, secrets, asked)
    }

    fn fill(&mut self, root: &Section<'_>, home: Option<&Path>) {
        let limits = root.section("limits");
        let limits = limits::Global::read(&limits);
        self.limits = limits.limits.clone();
        let rules = root.section("rules");
        rules::read(&rules, &mut self.rules);
        rules.finish();
        let venues = root.section("venues");
        let global = venue::Global { limits: &limits, rules: &self.rules };
        self.venues = venue::read_all(&venues, global, home);
        if self.venues.is_empty() {
            self.venues = embedded(&self.limits, &self.rules);
        }
        trading::read_orders(root.section("orders"), &self.venues, &mut self.orders);
        trading::read_session(root.section("session"), &mut self.session);
        exit::read(&root.section("exit"), &mut self.exit);
        ui::read(root.section("ui"), &mut self.ui);
        ui::read_watchlist(root.section("watchlist"), &mut self.watchlist);
        ui::read_paths(root.section("paths"), &mut self.paths, home);
        keys::read_keys(&root.section("keys"), &mut self.keys);
        keys::read_hotkeys(&root.section("hotkeys"), &mut self.hotkeys);
        root.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt as _;
    use toml::de::DeValue;

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
            rest.starts_with("[venues.") || rest.starts_with("[limits.") || name.is_some_and(word)
        };
        let on = |line: &str| match line.strip_prefix("# ") {
            Some(rest) if is_key(rest) => rest.to_owned(),
            _ => line.to_owned(),
        };
        EXAMPLE.lines().map(on).collect::<Vec<_>>().join("\n")
    }

    fn leaves(path: &str, table: &DeTable<'_>, out: &mut BTreeSet<String>) {
        for (key, value) in table {
            let free = matches!(path, "venues" | "keys" | "hotkeys");
            let name = if free { "*" } else { key.get_ref().as_ref() };
            let full = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            match value.get_ref() {
                DeValue::Table(inner) => leaves(&full, inner, out),
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
        let of_one =
            Limits { by_symbol: std::collections::BTreeMap::new(), ..config.venues[1].limits.clone() };
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
        assert_eq!(
            config.venues[0].limits.of(&symbol("BTC/USD")).spread,
            crate::domain::limits::Action::Warn
        );
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
        (
            "[rules.daily_loss]\nmoney = -1",
            "2:9: `rules.daily_loss.money` is `-1`: write a number above zero",
        ),
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
        ("[venues.x]", "1:1: the venue `x` has no kind: write kind = \"paper\" or kind = \"alpaca\""),
        ("[venues.x]\nkind = \"alpacca\"", "2:8: `venues.x.kind` is `\"alpacca\"`: did you mean \"alpaca\"?"),
        (
            "[venues.x]\nkind = \"kraken\"",
            "2:8: `venues.x.kind` is `\"kraken\"`: Kraken is not in this version yet; write \"paper\" or \"alpaca\"",
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
        (
            "[session]\narm_minutes = 0",
            "2:15: `session.arm_minutes` is `0`: write a whole number from 1 to 480",
        ),
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
            (
                "secret_key = 4711",
                "`venues.a.secret_key` can't be a credential: write its characters in quotes",
            ),
            (
                "key_id = \"can ary\"",
                "`venues.a.key_id` can't be a credential: write its characters in quotes",
            ),
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
            load(&flag, &env(&[("XDG_CONFIG_HOME", home), ("TRADEDECK_THEME", "v"), ("NO_COLOR", "1")]))
                .unwrap();
        assert_eq!(
            (config.ui.theme.as_str(), config.ui.ascii, config.ui.color),
            ("flag", Ascii::Always, false)
        );
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

    /// The mistakes of a file.
    fn wrong(file: &std::path::Path) -> Vec<ConfigError> {
        validate(file, &Env::default()).err().unwrap_or_default()
    }

    #[test]
    fn a_file_with_keys_has_to_be_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let check = || wrong(&file).iter().map(ToString::to_string).collect::<Vec<_>>();
        std::fs::write(&file, "[ui]\nfps = 5\n").unwrap();
        mode(0o644);
        assert_eq!(check(), Vec::<String>::new(), "nothing to hide");
        std::fs::write(&file, format!("{ALPACA}key_id = \"canary\"\nsecret_key = \"canary\"\n")).unwrap();
        let shown = file.display();
        let sentence =
            format!("{shown}: it holds credentials and others can read it; run: chmod 600 {shown}");
        assert_eq!(check(), std::slice::from_ref(&sentence));
        mode(0o640);
        assert_eq!(check(), [sentence]);
        mode(0o600);
        assert_eq!(check(), Vec::<String>::new());
        let link = dir.path().join("link.toml");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let through = wrong(&link);
        assert!(
            through[0]
                .to_string()
                .ends_with("it holds credentials and is a symbolic link; name the file itself")
        );
    }

    #[test]
    fn odd_files_are_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c");
        let check = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            wrong(&file)[0].to_string()
        };
        assert!(check(b"[ui]\n\xff").ends_with("byte 5 is not UTF-8 text; save it as UTF-8"));
        let big = vec![b'#'; usize::try_from(private::FILE_BYTES_MAX).unwrap() + 1];
        assert!(check(&big).ends_with("it is larger than 1048576 bytes, the most that is read"));
        assert!(wrong(dir.path())[0].to_string().ends_with("it is not a file; name a file"));
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(wrong(&pipe)[0].to_string().ends_with("it is not a file; name a file"));
    }

    #[test]
    fn the_state_directory_is_the_users_alone() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("a").join("b");
        private_dir(&state).unwrap();
        assert_eq!(std::fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
        private_dir(&state).unwrap();
        std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o755)).unwrap();
        let shown = state.display();
        let refused = private_dir(&state).unwrap_err().to_string();
        assert_eq!(refused, format!("{shown}: others can enter the directory; run: chmod 700 {shown}"));
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path().join("a"), &link).unwrap();
        assert!(private_dir(&link).unwrap_err().to_string().ends_with("name the directory itself"));
    }

    #[test]
    fn nothing_prints_a_credential() {
        let text = format!("{ALPACA}key_id = \"canary-id\"\nsecret_key = \"canary-secret\"\n");
        let config = Config::parse(Path::new(FILE), &text).unwrap();
        let env = env(&[("APCA_API_SECRET_KEY", "canary-env")]);
        assert!(!format!("{config:?} {env:?}").contains("canary"));
        for broken in [
            "kind = 1",
            "secret_key = \"x\"",
            "[[",
            "read_only = canary",
            "data_url = \"https://me:canary@host\"",
            "data_url = \"https://host?key=canary\"",
            "keyring = canary-secret\"",
        ] {
            for error in said(&format!("{text}{broken}")) {
                assert!(!error.contains("canary"), "{error}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn nothing_panics_on_a_damaged_file(at in 0..EXAMPLE.len(), with in "\\PC{0,3}|[\\[\\]{}\"'=#\n]{0,3}", cut in 0_usize..40) {
            let text = all_keys();
            let before: String = text.chars().take(at).collect();
            let after: String = text.chars().skip(at).skip(cut).collect();
            for error in said(&format!("{before}{with}{after}")) {
                prop_assert!(!error.contains('\n'), "{}", error);
            }
        }
    }
}
