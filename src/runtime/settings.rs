//! From the configuration to what the screen is set up with; the mistakes that only the screen can see in it; and the
//! configuration read anew when its file, or a theme's, has changed.

use super::{host::Opening, themes};
use crate::{
    config::{self, Ascii, Config, ConfigError, Env, Flags},
    domain::{text::Text, time::Mono},
    tui::{
        app::App,
        canvas::Look,
        focus::{Page, Pane, default_pages},
        keymap::Keymap,
        layout,
        model::{ColorMode, Model},
        msg::{Configured, Msg},
        panes,
        settings::{Preset, Settings},
        terminal::{color_mode, is_utf8},
    },
};
use anyhow::Context as _;
use smol_str::SmolStr;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The files are looked at so often, milliseconds.
const LOOK_MS: u64 = 1_000;
/// More theme files than anybody has.
const FILES_MAX: usize = 64;

/// The screen, nothing told yet.
///
/// # Errors
/// What is wrong in the configuration, with its place.
pub(super) fn app(config: &Config, env: &Env, replays: bool) -> anyhow::Result<App> {
    let themes =
        themes::read(config.themes_dir().as_deref(), &config.ui.theme)?.with_up_down(config.ui.up_down);
    let settings = settings(config, themes.names(), replays)?;
    let color = if config.ui.color {
        color_mode(env.get("NO_COLOR"), env.get("COLORTERM"), env.get("TERM"))
    } else {
        ColorMode::None
    };
    let ascii = match config.ui.ascii {
        Ascii::Always => true,
        Ascii::Never => false,
        Ascii::Auto => !is_utf8(env.get("LC_ALL"), env.get("LC_CTYPE"), env.get("LANG")),
    };
    let theme = themes.get(&config.ui.theme, color)?;
    let zone = zone(&config.ui.timezone)?;
    let (width, height) = crossterm::terminal::size().ok().unwrap_or((80, 24));
    let mut model = Model::new(settings, width, height);
    theme.name().clone_into(&mut model.theme);
    model.color = color;
    model.ascii = ascii;
    let mut look = Look::new(theme, ascii, zone);
    look.write_numbers(config.ui.numbers.clone());
    Ok(App::new(model, look).with_themes(themes))
}

/// What is wrong in a configuration as far as the screen can tell: keys, pages, columns, the theme.
pub fn mistakes(config: &Config) -> Vec<String> {
    let themes = themes::read(config.themes_dir().as_deref(), &config.ui.theme);
    let theme = themes.err().map(|why| why.to_string());
    let screens = [keymap(config).err(), pages(config).err(), columns(config).err()];
    screens.into_iter().flatten().map(|e| e.to_string()).chain(theme).collect()
}

fn settings(config: &Config, themes: Vec<String>, replays: bool) -> Result<Settings, ConfigError> {
    let bracket = &config.orders.bracket;
    let keymap = keymap(config)?;
    Ok(Settings {
        keymap: if replays { keymap.of_replay() } else { keymap.of_trading() },
        replays,
        pages: pages(config)?,
        columns: columns(config)?,
        size: crate::grammar::size_text(bracket.size),
        bracket_stop: crate::grammar::price_text(bracket.stop),
        bracket_target: crate::grammar::price_text(bracket.target),
        confirm: config.orders.confirm,
        on_quit: config.session.on_quit,
        idle_lock_minutes: config.session.idle_lock_minutes,
        arm_minutes: u32::try_from(config.session.arm_minutes).ok().unwrap_or(15),
        themes,
        hotkeys: config.hotkeys.iter().map(preset).collect(),
        templates: config.templates.iter().map(preset).collect(),
        notify: config.notify.clone(),
    })
}

/// The keys of the configuration. What is wrong is told with its place.
fn keymap(config: &Config) -> Result<Keymap, ConfigError> {
    let overrides: Vec<(String, Vec<String>)> = config
        .keys
        .iter()
        .map(|(action, b)| (action.to_string(), b.keys.iter().map(ToString::to_string).collect()))
        .collect();
    let mut keymap = Keymap::with(&overrides).map_err(|why| {
        let about = |(c, k): &(String, Vec<String>)| why.is_about(c, k);
        let wrong = overrides.iter().zip(config.keys.values()).find(|(o, _)| about(o));
        // Without an override of its own a default stands in the way of one, so there is at least one.
        let binding = wrong.map(|(_, b)| b).or_else(|| config.keys.values().next());
        let place = binding.map_or(config::Place::Flag("[keys]"), |b| b.place.clone());
        ConfigError::new(place, format!("[keys]: {why}"))
    })?;
    for (key, hotkey) in &config.hotkeys {
        keymap = keymap
            .with_hotkey(key, &hotkey.lines.join("; "))
            .map_err(|why| ConfigError::new(hotkey.place.clone(), format!("[hotkeys]: {why}")))?;
    }
    Ok(keymap)
}

/// The built-in pages and the user's own, those that are to be shown in their order.
fn pages(config: &Config) -> Result<Vec<Page>, ConfigError> {
    let screens = &config.screens;
    let mut all = default_pages();
    for (name, page) in &screens.pages {
        let layout = layout::text::parse(&page.layout)
            .map_err(|why| ConfigError::new(page.place.clone(), format!("the page `{name}`, {why}")))?;
        match all.iter_mut().find(|p| p.name == *name) {
            Some(built_in) => built_in.layout = layout,
            None => all.push(Page { name: name.to_string(), layout }),
        }
    }
    if screens.shown.is_empty() {
        return Ok(all);
    }
    let place = || screens.shown_at.clone().unwrap_or(config::Place::Flag("ui.pages"));
    let mut shown: Vec<Page> = Vec::new();
    for name in &screens.shown {
        let Some(page) = all.iter().find(|p| p.name == *name) else {
            let names: Vec<&str> = all.iter().map(|p| p.name.as_str()).collect();
            let problem = format!("`ui.pages` names `{name}`, and the pages are {}", names.join(", "));
            return Err(ConfigError::new(place(), problem));
        };
        if shown.iter().any(|p| p.name == page.name) {
            return Err(ConfigError::new(place(), format!("`ui.pages` names `{name}` twice")));
        }
        shown.push(page.clone());
    }
    Ok(shown)
}

fn columns(config: &Config) -> Result<BTreeMap<Pane, Vec<SmolStr>>, ConfigError> {
    let mut all = BTreeMap::new();
    for (name, chosen) in &config.screens.columns {
        let wrong = |problem: String| ConfigError::new(chosen.place.clone(), format!("[columns]: {problem}"));
        let pane = Pane::parse(name).ok_or_else(|| {
            let tables = Pane::ALL.into_iter().filter(|p| !panes::heads(*p).is_empty());
            let names: Vec<&str> = tables.map(Pane::word).collect();
            wrong(format!("there is no table `{name}`; there are {}", names.join(", ")))
        })?;
        let names: Vec<&str> = chosen.names.iter().map(SmolStr::as_str).collect();
        all.insert(pane, panes::columns(pane, &names).map_err(|why| wrong(why.to_string()))?);
    }
    Ok(all)
}

fn preset((name, of): (&SmolStr, &config::Preset)) -> Preset {
    Preset::new(name.clone(), of.lines.clone(), of.level)
}

/// The zone that times are shown in, by its name in the configuration.
///
/// # Errors
/// When there is none of that name.
pub fn zone(name: &str) -> anyhow::Result<jiff::tz::TimeZone> {
    if name == "local" {
        return Ok(jiff::tz::TimeZone::system());
    }
    jiff::tz::TimeZone::get(name).with_context(|| format!("ui.timezone is `{name}`, which is no time zone"))
}

/// A file as it was when it was last looked at.
type Stamp = (PathBuf, Option<(SystemTime, u64)>);

/// The configuration's files, looked at while the program runs.
#[derive(Debug)]
pub(super) struct Watched {
    flags: Flags,
    env: Env,
    config: Config,
    stamps: Vec<Stamp>,
    looked: Mono,
    replays: bool,
}

impl Watched {
    /// As they are now.
    pub(super) fn new(opening: &Opening, replays: bool) -> Self {
        let config = opening.config.clone();
        let stamps = stamps(&config);
        Self {
            flags: opening.flags.clone(),
            env: opening.env.clone(),
            config,
            stamps,
            looked: Mono::default(),
            replays,
        }
    }

    /// What the screen must know when one of them has changed. At most about once a second they are looked at.
    pub(super) fn look(&mut self, now: Mono) -> Option<Msg> {
        if now.since_ms(self.looked) < LOOK_MS {
            return None;
        }
        self.looked = now;
        let stamps = stamps(&self.config);
        if stamps == self.stamps {
            return None;
        }
        self.stamps = stamps;
        Some(match self.read() {
            Ok(new) => Msg::Configured(Box::new(new)),
            // The trader knows which file was saved; the mistake needs the room.
            Err(why) => {
                let dir = self.config.source.as_deref().and_then(Path::parent);
                let dir = dir.map(|d| format!("{}/", d.display())).unwrap_or_default();
                Msg::Misconfigured(Text::clean(why.strip_prefix(&dir).unwrap_or(&why)))
            }
        })
    }

    /// Reads all of it anew; the configuration that was read is the one to compare with from then on.
    fn read(&mut self) -> Result<Configured, String> {
        let config = config::load(&self.flags, &self.env)
            .map_err(|errors| errors.first().map(ToString::to_string).unwrap_or_default())?;
        let themes = themes::read(config.themes_dir().as_deref(), &config.ui.theme)
            .map_err(|why| why.to_string())?
            .with_up_down(config.ui.up_down);
        let settings = settings(&config, themes.names(), self.replays).map_err(|why| why.to_string())?;
        let zone = zone(&config.ui.timezone).map_err(|why| why.to_string())?;
        let needs_restart = needs_restart(&self.config, &config);
        let theme = config.ui.theme.to_string();
        let numbers = config.ui.numbers.clone();
        self.config = config;
        self.stamps = stamps(&self.config);
        Ok(Configured { settings, themes, theme, zone, numbers, needs_restart })
    }
}

/// Is anything else changed than what the screen takes up at once?
fn needs_restart(old: &Config, new: &Config) -> bool {
    let mut same = old.clone();
    same.keys.clone_from(&new.keys);
    same.hotkeys.clone_from(&new.hotkeys);
    same.templates.clone_from(&new.templates);
    same.screens.clone_from(&new.screens);
    same.orders.confirm = new.orders.confirm;
    same.orders.bracket = new.orders.bracket;
    same.session.arm_minutes = new.session.arm_minutes;
    same.session.idle_lock_minutes = new.session.idle_lock_minutes;
    same.session.on_quit = new.session.on_quit;
    same.ui.theme.clone_from(&new.ui.theme);
    same.ui.up_down = new.ui.up_down;
    same.ui.timezone.clone_from(&new.ui.timezone);
    same.ui.numbers.clone_from(&new.ui.numbers);
    same != *new
}

fn stamps(config: &Config) -> Vec<Stamp> {
    let stamp = |path: PathBuf| {
        let meta = fs::metadata(&path).ok();
        let at = meta.and_then(|m| Some((m.modified().ok()?, m.len())));
        (path, at)
    };
    let of_themes = |dir: &Path| {
        let entries = fs::read_dir(dir).ok().into_iter().flatten().flatten().map(|e| e.path());
        let mut files: Vec<PathBuf> =
            entries.filter(|p| p.extension().is_some_and(|e| e == "toml")).take(FILES_MAX).collect();
        files.sort();
        files
    };
    let themes = config.themes_dir().map(|dir| of_themes(&dir)).unwrap_or_default();
    config.source.iter().cloned().chain(themes).map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Role;

    fn watched(path: &Path) -> Watched {
        let flags = Flags { config: Some(path.to_owned()), ..Flags::default() };
        let env = Env::new([]);
        let config = config::load(&flags, &env).unwrap();
        Watched::new(&Opening { config, env, flags, role: Role::Screen, live: None, looks: false }, false)
    }

    #[test]
    fn a_changed_file_is_taken_up_and_a_wrong_one_keeps_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        fs::write(&path, "[ui]\ntheme = \"light\"\n").unwrap();
        let mut watched = watched(&path);
        let mut at = 0;
        let mut look = |text: &str| {
            fs::write(&path, text).unwrap();
            at += LOOK_MS;
            watched.look(Mono::from_millis(at))
        };
        assert!(look("[ui]\ntheme = \"light\"\n").is_none_or(|m| matches!(m, Msg::Configured(_))));
        let wrong = look("[ui]\ntheme = \"light\"\npages = [\"trade\", \"nosuch\"]\n");
        let Some(Msg::Misconfigured(why)) = wrong else { panic!("{wrong:?}") };
        assert!(why.as_str().contains("config.toml:3:9: `ui.pages` names `nosuch`"), "{why}");
        let good = look(
            "[ui]\ntheme = \"dark\"\npages = [\"mine\"]\n[pages]\nmine = \"chart | depth\"\n[columns]\norders = [\"symbol\", \"qty\"]\n",
        );
        let Some(Msg::Configured(new)) = good else { panic!("{good:?}") };
        assert_eq!((new.theme.as_str(), new.needs_restart), ("dark", false));
        assert_eq!(new.settings.pages.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["mine"]);
        assert_eq!(new.settings.columns[&Pane::Orders], ["symbol", "qty"]);
        let limits = look("[limits]\norder_qty_max = 7\n");
        assert!(matches!(limits, Some(Msg::Configured(new)) if new.needs_restart));
    }

    #[test]
    fn what_only_the_screen_can_see_is_told_with_its_place() {
        for (text, why) in [
            ("[keys]\nzoom = \"ctrl-x\"\n", "config.toml:2:1: [keys]: "),
            ("[pages]\nmine = \"chart | chrat\"\n", "config.toml:2:1: the page `mine`, at character"),
            (
                "[columns]\norders = [\"symbl\"]\n",
                "[columns]: orders has no column `symbl`: did you mean `symbol`?",
            ),
            ("[columns]\nordres = [\"symbol\"]\n", "[columns]: there is no table `ordres`"),
            ("[columns]\nfills = []\n", "[columns]: name columns of fills"),
            ("[ui]\ntheme = \"sepia\"\n", "there is no theme `sepia`"),
        ] {
            let config = Config::parse(Path::new("config.toml"), text).unwrap();
            let got = mistakes(&config);
            assert!(got.len() == 1 && got[0].contains(why), "{text}: {got:?}");
        }
        assert!(mistakes(&Config::default()).is_empty());
    }
}
