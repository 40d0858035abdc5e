//! Keys: how they are spelt, which action each does where, and what the configuration may not say.

use super::{
    action::{ACTIONS, Action, Danger, Entry, Where, entry, named},
    focus::Context,
    model::KeyHint,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use smol_str::SmolStr;
use std::fmt;

/// What is wrong with the keys of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a key.
    #[error("`{0}` is not a key; write it like `b`, `ctrl-x`, `f12`, `shift-tab` or `x 4`")]
    Key(String),
    /// Not an action.
    #[error("`{0}` is not a command; {1}")]
    Action(String, String),
    /// Two actions on one key.
    #[error("{keys} is both `{first}` and `{second}` in the {context}; give one of them another key")]
    Conflict {
        /// Which key.
        keys: String,
        /// One.
        first: String,
        /// The other.
        second: String,
        /// Where.
        context: &'static str,
    },
    /// HALT would be out of reach.
    #[error("`halt` needs a key that works everywhere: a function key or ctrl with a letter, not {0}")]
    Halt(String),
    /// Something that trades, on the key that everybody hits to get away.
    #[error("`{0}` can't be on Esc: that key only ever goes back")]
    Escape(String),
    /// A letter where text is typed.
    #[error("{keys} can't be `{action}`: in the {context} it is typed")]
    Typed {
        /// Which key.
        keys: String,
        /// What it would do.
        action: String,
        /// Where.
        context: &'static str,
    },
}

impl KeyError {
    /// Is this what is wrong with `keys` being given to `command`?
    pub fn is_about(&self, command: &str, keys: &[String]) -> bool {
        let command = command.trim();
        match self {
            Self::Key(key) => keys.iter().any(|k| k.starts_with(key.as_str())),
            Self::Action(name, _) => command.starts_with(name.as_str()),
            Self::Conflict { first, second, .. } => command == first || command == second,
            Self::Halt(_) => command == "halt",
            Self::Escape(of) | Self::Typed { action: of, .. } => command == of,
        }
    }
}

/// One stroke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Hash)]
pub struct Stroke {
    code: KeyCode,
    modifiers: KeyModifiers,
}

const NAMES: [(&str, KeyCode); 16] = [
    ("Esc", KeyCode::Esc),
    ("Enter", KeyCode::Enter),
    ("Tab", KeyCode::Tab),
    ("BackTab", KeyCode::BackTab),
    ("Space", KeyCode::Char(' ')),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Backspace", KeyCode::Backspace),
];

impl Stroke {
    /// One way to say each stroke: `Shift` is in the letter, Shift-Tab is BackTab, Ctrl letters are small.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other key is itself")]
    pub fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let mut modifiers = modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let shift = modifiers.contains(KeyModifiers::SHIFT);
        let code = match code {
            KeyCode::Char(c) => {
                modifiers.remove(KeyModifiers::SHIFT);
                let chord = !modifiers.is_empty();
                KeyCode::Char(match (chord, shift) {
                    (true, _) => c.to_ascii_lowercase(),
                    (false, true) => c.to_ascii_uppercase(),
                    (false, false) => c,
                })
            }
            KeyCode::Tab if shift => KeyCode::BackTab,
            other => other,
        };
        if code == KeyCode::BackTab {
            modifiers.remove(KeyModifiers::SHIFT);
        }
        Self { code, modifiers }
    }
    /// Of a key event.
    pub fn of(event: KeyEvent) -> Self {
        Self::new(event.code, event.modifiers)
    }
    /// The same key without Alt.
    pub fn without_alt(self) -> Self {
        Self { modifiers: self.modifiers.difference(KeyModifiers::ALT), ..self }
    }
    /// The character that it types.
    pub fn typed(self) -> Option<char> {
        self.code.as_char().filter(|_| self.modifiers.is_empty())
    }
    fn is_escape(self) -> bool {
        self.code == KeyCode::Esc
    }
    /// Does it work in every terminal and never type, confirm or leave anything?
    fn is_out_of_the_way(self) -> bool {
        let control = self.modifiers == KeyModifiers::CONTROL;
        // Ctrl with i, m, j, h and [ is Tab, Enter, Enter, Backspace and Esc in most terminals.
        let control_letter = matches!(self.code, KeyCode::Char('a'..='z'))
            && !matches!(self.code, KeyCode::Char('i' | 'm' | 'j' | 'h' | 'c'));
        matches!(self.code, KeyCode::F(_)) || (control && control_letter)
    }
    fn parse(text: &str) -> Option<Self> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        while let Some((head, tail)) = rest.split_once('-').filter(|(h, t)| !h.is_empty() && !t.is_empty()) {
            modifiers |= match head.to_ascii_lowercase().as_str() {
                "ctrl" | "control" | "c" => KeyModifiers::CONTROL,
                "alt" | "meta" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => return None,
            };
            rest = tail;
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if !crate::domain::text::is_unsafe(c) && c != ' ' => KeyCode::Char(c),
            _ => Self::code_named(rest)?,
        };
        Some(Self::new(code, modifiers))
    }
    fn code_named(name: &str) -> Option<KeyCode> {
        let found = NAMES.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, code)| *code);
        found.or_else(|| {
            let number: u8 = name.strip_prefix(['f', 'F'])?.parse().ok()?;
            (1..=24).contains(&number).then_some(KeyCode::F(number))
        })
    }
}

impl fmt::Display for Stroke {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest shows itself")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let control = self.modifiers.contains(KeyModifiers::CONTROL);
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("Alt-")?;
        }
        if self.modifiers.contains(KeyModifiers::SHIFT) {
            f.write_str("Shift-")?;
        }
        if let Some((name, _)) = NAMES.iter().find(|(_, code)| *code == self.code) {
            return write!(f, "{}{name}", if control { "Ctrl-" } else { "" });
        }
        match self.code {
            KeyCode::Char(c) if control => write!(f, "^{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "{}F{n}", if control { "Ctrl-" } else { "" }),
            other => write!(f, "{other}"),
        }
    }
}

/// A key with what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    strokes: Vec<Stroke>,
    /// What.
    pub action: Action,
    /// With what.
    pub arg: SmolStr,
    /// Where.
    pub on: Where,
    words: SmolStr,
}

impl Binding {
    /// The `:` command that does the same.
    pub fn command(&self) -> String {
        let name = entry(self.action).map_or("", |e| e.name);
        if self.arg.is_empty() { name.to_owned() } else { format!("{name} {}", self.arg) }
    }
    /// Its strokes as they are shown.
    pub fn keys(&self) -> String {
        self.strokes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

/// What strokes mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// This.
    Action(Action, SmolStr),
    /// One of these once more strokes come: each next stroke with what it does.
    More(Vec<KeyHint>),
    /// Nothing.
    Nothing,
}

/// All keys.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: Vec<Binding>,
    /// The first stroke of each binding, side by side: a key that may be an order does not go through all of them.
    firsts: Vec<Option<Stroke>>,
    halts: Vec<Stroke>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::of(ACTIONS.iter().flat_map(defaults).collect())
    }
}

fn defaults(entry: &'static Entry) -> impl Iterator<Item = Binding> {
    entry.keys.iter().filter_map(|key| {
        let strokes = strokes(key.keys).ok()?;
        Some(Binding {
            strokes,
            action: entry.action,
            arg: SmolStr::new_static(key.arg),
            on: key.on,
            words: SmolStr::new_static(key.words),
        })
    })
}

fn strokes(text: &str) -> Result<Vec<Stroke>, KeyError> {
    let found: Option<Vec<_>> = text.split_whitespace().map(Stroke::parse).collect();
    found.filter(|s| !s.is_empty()).ok_or_else(|| KeyError::Key(text.chars().take(40).collect()))
}

impl Keymap {
    fn of(bindings: Vec<Binding>) -> Self {
        let firsts = bindings.iter().map(|b| b.strokes.first().copied()).collect();
        let halt = |b: &Binding| match (b.action, b.strokes.as_slice()) {
            (Action::Halt, [stroke]) => Some(*stroke),
            (_, _) => None,
        };
        let halts = bindings.iter().filter_map(halt).collect();
        Self { bindings, firsts, halts }
    }

    /// The default keys with those of the configuration in their place: `("ticket buy", ["b", "F5"])` gives the
    /// command these keys and no others.
    ///
    /// # Errors
    /// Not a key, not a command, two commands on one key, HALT out of reach, something that trades on Esc.
    pub fn with(overrides: &[(String, Vec<String>)]) -> Result<Self, KeyError> {
        let mut map = Self::default();
        for (command, keys) in overrides {
            map.rebind(command, keys)?;
        }
        map.check()?;
        Ok(Self::of(map.bindings))
    }

    /// The same with an order line on a key of its own: it works in the panes.
    ///
    /// # Errors
    /// Not a key, or one that does something else.
    pub fn with_hotkey(mut self, key: &str, line: &str) -> Result<Self, KeyError> {
        self.bindings.push(Binding {
            strokes: strokes(key)?,
            action: Action::Hotkey,
            arg: SmolStr::new(key),
            on: Where::Panes,
            words: SmolStr::new(line),
        });
        self.check()?;
        Ok(Self::of(self.bindings))
    }

    fn rebind(&mut self, command: &str, keys: &[String]) -> Result<(), KeyError> {
        let (name, arg) = command.trim().split_once(' ').unwrap_or((command.trim(), ""));
        let Some(entry) = named(name) else {
            let hint = match crate::grammar::nearest(name, ACTIONS.iter().map(|e| e.name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`tradedeck` shows all of them under `?`".to_owned(),
            };
            return Err(KeyError::Action(name.chars().take(40).collect(), hint));
        };
        let arg = SmolStr::new(arg.trim());
        let old = self.bindings.iter().find(|b| b.action == entry.action && b.arg == arg).cloned();
        let elsewhere = if entry.action.plays() { Where::Replay } else { Where::Panes };
        let on = old.as_ref().map_or(elsewhere, |b| b.on);
        let words = old.map_or_else(|| SmolStr::new_static(entry.words), |b| b.words);
        self.bindings.retain(|b| !(b.action == entry.action && b.arg == arg));
        for key in keys {
            self.bindings.push(Binding {
                strokes: strokes(key)?,
                action: entry.action,
                arg: arg.clone(),
                on,
                words: words.clone(),
            });
        }
        Ok(())
    }

    fn check(&self) -> Result<(), KeyError> {
        let halts: Vec<_> = self.bindings.iter().filter(|b| b.action == Action::Halt).collect();
        if halts.is_empty() {
            return Err(KeyError::Halt("nothing".to_owned()));
        }
        if let Some(bad) =
            halts.iter().find(|b| !matches!(b.strokes.as_slice(), [s] if s.is_out_of_the_way()))
        {
            return Err(KeyError::Halt(bad.keys()));
        }
        for binding in &self.bindings {
            let danger = entry(binding.action).map_or(Danger::None, |e| e.danger);
            if danger != Danger::None && binding.strokes.iter().any(|s| s.is_escape()) {
                return Err(KeyError::Escape(binding.command()));
            }
        }
        Context::all().try_for_each(|context| self.check_in(context))
    }

    fn check_in(&self, context: Context) -> Result<(), KeyError> {
        let here: Vec<_> = self.bindings.iter().filter(|b| b.on.covers(context)).collect();
        for (n, first) in here.iter().enumerate() {
            if let Some(stroke) = first.strokes.first()
                && stroke.typed().is_some_and(|c| types(context, c))
                && !(context == Context::Ticket && first.action == Action::Choose)
            {
                let action = first.command();
                return Err(KeyError::Typed { keys: first.keys(), action, context: context.word() });
            }
            let rest = here.iter().skip(n.saturating_add(1));
            let clash = rest.clone().find(|second| {
                let same = second.action == first.action && second.arg == first.arg;
                let one = first.strokes.starts_with(&second.strokes);
                // What plays a session and what trades are never there together.
                let apart = (first.on == Where::Replay) != (second.on == Where::Replay);
                (one || second.strokes.starts_with(&first.strokes)) && !same && !apart
            });
            if let Some(second) = clash {
                return Err(KeyError::Conflict {
                    keys: first.keys(),
                    first: first.command(),
                    second: second.command(),
                    context: context.word(),
                });
            }
        }
        Ok(())
    }

    /// Without the keys that play a recorded session.
    #[must_use]
    pub fn of_trading(self) -> Self {
        Self::of(self.bindings.into_iter().filter(|b| b.on != Where::Replay).collect())
    }

    /// With them, and without what else is on them.
    #[must_use]
    pub fn of_replay(self) -> Self {
        let taken: Vec<Option<Stroke>> = self
            .bindings
            .iter()
            .filter(|b| b.on == Where::Replay)
            .map(|b| b.strokes.first().copied())
            .collect();
        let stays = |b: &Binding| {
            b.on == Where::Replay || b.action == Action::Halt || !taken.contains(&b.strokes.first().copied())
        };
        Self::of(self.bindings.into_iter().filter(stays).collect())
    }

    /// What these strokes mean there.
    pub fn find(&self, context: Context, strokes: &[Stroke]) -> Found {
        let begins = |first: &Option<Stroke>| first.is_some() && *first == strokes.first().copied();
        let begun = self.firsts.iter().zip(&self.bindings).filter(|(first, _)| begins(first));
        let here = || begun.clone().map(|(_, b)| b).filter(|b| b.on.covers(context));
        if let Some(b) = here().find(|b| b.strokes == strokes) {
            return Found::Action(b.action, b.arg.clone());
        }
        let more: Vec<_> = here()
            .filter(|b| b.strokes.starts_with(strokes))
            .filter_map(|b| {
                let next = b.strokes.get(strokes.len())?;
                Some(KeyHint { keys: next.to_string(), words: b.words.to_string() })
            })
            .collect();
        if more.is_empty() { Found::Nothing } else { Found::More(more) }
    }

    /// Is this stroke HALT? Asked before anything else.
    pub fn is_halt(&self, stroke: Stroke) -> bool {
        self.halts.contains(&stroke)
    }

    /// How an action is reached: the first of its keys.
    pub fn keys_of(&self, action: Action, arg: &str) -> Option<String> {
        self.bindings.iter().find(|b| b.action == action && b.arg == arg).map(Binding::keys)
    }

    /// Every key that is valid there, in the table's order, the keys of one command together.
    pub fn help(&self, context: Context) -> Vec<KeyHint> {
        let mut lines: Vec<(Action, SmolStr, KeyHint)> = Vec::new();
        for b in self.bindings.iter().filter(|b| b.on.covers(context)) {
            match lines.iter_mut().find(|(action, arg, _)| (*action, arg) == (b.action, &b.arg)) {
                Some((_, _, line)) => {
                    line.keys.push_str(", ");
                    line.keys.push_str(&b.keys());
                }
                None => {
                    let line = KeyHint { keys: b.keys(), words: b.words.to_string() };
                    lines.push((b.action, b.arg.clone(), line));
                }
            }
        }
        lines.into_iter().map(|(_, _, line)| line).collect()
    }

    /// All keys as rows: keys, where, command, what it does. The README's table.
    pub fn rows(&self) -> Vec<[String; 3]> {
        let mut rows: Vec<[String; 3]> = Vec::new();
        for b in &self.bindings {
            let command = format!(":{}", b.command());
            match rows.iter_mut().find(|[_, c, _]| *c == command) {
                Some([keys, _, _]) => {
                    let more = b.keys();
                    if !keys.split(", ").any(|k| k == more) {
                        keys.push_str(", ");
                        keys.push_str(&more);
                    }
                }
                None => rows.push([b.keys(), command, b.words.to_string()]),
            }
        }
        rows
    }
}

/// Does this character belong to what is typed there? The ticket's own keys are those that no field takes.
fn types(context: Context, c: char) -> bool {
    if context == Context::Ticket {
        return !matches!(c, '[' | ']' | '+' | '-' | '%' | '?' | '!' | ';' | ',' | '<' | '>' | '(' | ')');
    }
    context.is_typing()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(overrides: &[(&str, &[&str])]) -> Result<Keymap, KeyError> {
        let owned: Vec<_> = overrides
            .iter()
            .map(|(c, k)| ((*c).to_owned(), k.iter().map(|s| (*s).to_owned()).collect()))
            .collect();
        Keymap::with(&owned)
    }

    #[test]
    fn every_default_key_is_read_and_none_conflict() {
        let keys = ACTIONS.iter().map(|e| e.keys.len()).sum::<usize>();
        assert_eq!(with(&[]).unwrap().bindings.len(), keys);
    }

    #[test]
    fn a_hotkey_takes_a_free_key_and_a_taken_one_is_named_with_both() {
        let line = "buy {symbol} risk 0.5% stop -1%";
        let map = Keymap::default().with_hotkey("f5", line).unwrap();
        let strokes = [Stroke::new(KeyCode::F(5), KeyModifiers::NONE)];
        assert_eq!(map.find(Context::Global, &strokes), Found::Action(Action::Hotkey, "f5".into()));
        let said = |key: &str| map.clone().with_hotkey(key, line).unwrap_err().to_string();
        assert!(said("b").contains("`ticket buy` and `hotkey b`"), "{}", said("b"));
        assert!(said("F5").contains("`hotkey f5` and `hotkey F5`"), "{}", said("F5"));
        assert!(said("esc").contains("can't be on Esc"), "{}", said("esc"));
        assert!(said("nokey").starts_with("`nokey` is not a key"));
    }

    #[test]
    fn an_error_knows_whose_it_is() {
        let why = with(&[("zoom", &["F5"]), ("redraw", &["F5"])]).unwrap_err();
        assert!(why.is_about("zoom", &[]) && why.is_about("redraw", &[]) && !why.is_about("help", &[]));
        let why = with(&[("zoom", &["F5"]), ("redraw", &["nokey"])]).unwrap_err();
        assert!(why.is_about("redraw", &["nokey".to_owned()]) && !why.is_about("zoom", &["F5".to_owned()]));
        let why = with(&[("zom", &["F5"])]).unwrap_err();
        assert!(why.is_about("zom", &["F5".to_owned()]));
    }

    /// Esc and then ^X, fast or over a slow line, reach us as one key with Alt.
    #[test]
    fn halt_right_after_esc_is_halt() {
        let map = Keymap::default();
        let stroke = Stroke::new(KeyCode::Char('x'), KeyModifiers::CONTROL | KeyModifiers::ALT);
        assert!(!map.is_halt(stroke) && map.is_halt(stroke.without_alt()));
    }

    #[test]
    fn keys_are_spelt_one_way() {
        for (text, shown) in [
            ("ctrl-x", "^X"),
            ("CTRL-X", "^X"),
            ("f12", "F12"),
            ("x 4", "x 4"),
            ("shift-tab", "BackTab"),
            ("shift-b", "B"),
            ("-", "-"),
            ("ctrl--", "^-"),
            ("alt-enter", "Alt-Enter"),
            ("ctrl-space", "Ctrl-Space"),
            ("space", "Space"),
        ] {
            let map = with(&[("theme light", &[text])]).map(|m| m.keys_of(Action::Theme, "light").unwrap());
            match map {
                Ok(keys) => assert_eq!(keys, shown, "{text}"),
                Err(KeyError::Conflict { keys, .. }) => assert!(shown.starts_with(&keys), "{text} {keys}"),
                Err(e) => panic!("{text}: {e}"),
            }
        }
    }

    #[test]
    fn wrong_keys_get_one_sentence() {
        type Wrong<'a> = (&'a [(&'a str, &'a [&'a str])], &'a str);
        let wrong: [Wrong<'_>; 11] = [
            (
                &[("zoom", &["b"])],
                "b is both `ticket buy` and `zoom` in the watchlist; give one of them another key",
            ),
            (
                &[("zoom", &["x"])],
                "x 1 is both `close-selected 25%` and `zoom` in the watchlist; give one of them another key",
            ),
            (
                &[("zoom", &["hyper-q"])],
                "`hyper-q` is not a key; write it like `b`, `ctrl-x`, `f12`, `shift-tab` or `x 4`",
            ),
            (&[("zom", &["F2"])], "`zom` is not a command; did you mean `zoom`?"),
            (
                &[("halt", &[])],
                "`halt` needs a key that works everywhere: a function key or ctrl with a letter, not nothing",
            ),
            (
                &[("halt", &["h"])],
                "`halt` needs a key that works everywhere: a function key or ctrl with a letter, not h",
            ),
            (
                &[("halt", &["alt-h"])],
                "`halt` needs a key that works everywhere: a function key or ctrl with a letter, not Alt-h",
            ),
            (
                &[("halt", &["ctrl-x 1"])],
                "`halt` needs a key that works everywhere: a function key or ctrl with a letter, not ^X 1",
            ),
            (&[("break-even", &["esc"])], "`break-even` can't be on Esc: that key only ever goes back"),
            (&[("submit", &["g"])], "g can't be `submit`: in the ticket it is typed"),
            (&[("run", &["r"])], "r can't be `run`: in the command line it is typed"),
        ];
        for (overrides, want) in wrong {
            assert_eq!(with(overrides).unwrap_err().to_string(), want);
        }
    }

    #[test]
    fn a_key_can_move_and_a_command_can_lose_its_keys() {
        let map = with(&[("ticket buy", &["F5"]), ("zoom", &[]), ("theme light", &["F6"])]).unwrap();
        let find = |key: &str| map.find(Context::Chart, &strokes(key).unwrap());
        assert_eq!(find("F5"), Found::Action(Action::Ticket, "buy".into()));
        assert_eq!(find("F6"), Found::Action(Action::Theme, "light".into()));
        assert_eq!((find("b"), find("z")), (Found::Nothing, Found::Nothing));
    }

    #[test]
    fn halt_is_found_in_every_context() {
        let map = Keymap::default();
        for context in Context::all() {
            for key in ["ctrl-x", "f12"] {
                let found = map.find(context, &strokes(key).unwrap());
                assert_eq!(found, Found::Action(Action::Halt, "".into()), "{context:?}");
            }
        }
    }

    #[test]
    fn a_sequence_says_what_may_follow() {
        let Found::More(next) = Keymap::default().find(Context::Chart, &strokes("x").unwrap()) else {
            panic!("x alone does something");
        };
        let shown: Vec<_> = next.iter().map(|h| format!("{} {}", h.keys, h.words)).collect();
        assert_eq!(shown, ["1 close a quarter", "2 close half", "3 close three quarters", "4 close all"]);
    }
}
