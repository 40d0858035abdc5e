//! Roles and themes. A role is a meaning; a theme file gives every role its colours, and leaving one out or
//! naming one that does not exist is an error with its line. No meaning rests on colour alone.

use super::model::ColorMode;
use crate::config::UpDown;
use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Deserializer, de};
use std::str::FromStr as _;

/// Themes that come with the program: name and file.
pub const EMBEDDED: [(&str, &str); 5] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../themes/colour-blind.toml")),
    ("sixteen", include_str!("../../themes/sixteen.toml")),
];

/// Why a theme can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// The file is not a theme.
    #[error("theme {file}, line {line}: {problem}")]
    File {
        /// Which file.
        file: String,
        /// Counted from one.
        line: usize,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// There is no such theme.
    #[error("there is no theme `{name}`; there are: {there}")]
    Name {
        /// Which.
        name: String,
        /// Those that there are.
        there: String,
    },
}

/// What a style is used for, which decides the contrast that it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Read: contrast 4.5 and more on every ground it stands on.
    Text,
    /// Seen: 3 and more.
    Line,
    /// A ground for others.
    Ground,
}

macro_rules! roles {
    ($($(#[$doc:meta])+ $variant:ident $field:ident $use:ident;)+) => {
        /// What a thing on the screen means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Role { $($(#[$doc])+ $variant,)+ }

        impl Role {
            /// Every role.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];
            /// As the theme files name it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($field),)+ }
            }
            /// What it is used for.
            pub const fn used_as(self) -> Use {
                match self { $(Self::$variant => Use::$use,)+ }
            }
        }

        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Specs { $($field: Spec,)+ }

        #[derive(Debug, Clone)]
        struct Styles { $($field: Style,)+ }

        impl Specs {
            fn at(&self, depth: ColorMode) -> Styles {
                Styles { $($field: self.$field.at(depth),)+ }
            }
        }

        impl Theme {
            /// How this role looks.
            pub const fn style(&self, role: Role) -> Style {
                match role { $(Role::$variant => self.styles.$field,)+ }
            }
        }
    };
}

roles! {
    /// Plain text, and the ground of the whole screen.
    Text text Text;
    /// Units, labels, what matters less.
    Muted muted Text;
    /// A number that is too old.
    Stale stale Text;
    /// What leads the eye: symbols, totals.
    Strong strong Text;
    /// Rules between panes.
    Rule rule Line;
    /// The same around the focused pane.
    Focus focus Text;
    /// A pane's title.
    Title title Text;
    /// Column headings.
    Heading heading Text;
    /// The ground of the selected row in the focused pane.
    Selected selected Ground;
    /// The ground of the selected row elsewhere.
    SelectedIdle selected_idle Ground;
    /// The ground of windows that lie over the panes.
    Window window Ground;
    /// Gains.
    Up up Text;
    /// Losses.
    Down down Text;
    /// Charts: above where the day began, and small ones.
    AreaUp area_up Line;
    /// Charts: below.
    AreaDown area_down Line;
    /// Small charts that judge nothing.
    Spark spark Line;
    /// Bought, buying.
    Buy buy Text;
    /// Sold, selling.
    Sell sell Text;
    /// In order.
    Good good Text;
    /// Under way.
    Pending pending Text;
    /// Nobody knows what became of it.
    Unknown unknown Text;
    /// Good to know.
    Info info Text;
    /// Look at it.
    Warning warning Text;
    /// Act on it.
    Critical critical Text;
    /// Act now.
    Emergency emergency Text;
    /// An account without real money.
    Paper paper Text;
    /// Real money.
    Live live Text;
    /// An account that can't be traded from here.
    ReadOnly read_only Text;
    /// An account that has not proven what it is.
    Unproven unproven Text;
    /// Live hotkeys are on.
    Armed armed Text;
    /// Entries are blocked.
    Locked locked Text;
    /// HALT stands.
    Halt halt Text;
    /// Names of keys.
    Key key Text;
    /// Text being typed.
    Input input Text;
    /// The cursor in it.
    Cursor cursor Text;
}

/// The themes to choose from: those of the program, and the user's own, which stand before one of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Themes {
    files: Vec<(String, String)>,
    up_down: UpDown,
}

impl Default for Themes {
    fn default() -> Self {
        Self::with(Vec::new())
    }
}

impl Themes {
    /// With these of the user: name and file.
    pub fn with(mut own: Vec<(String, String)>) -> Self {
        for (name, text) in EMBEDDED {
            if !own.iter().any(|(n, _)| n == name) {
                own.push((name.to_owned(), text.to_owned()));
            }
        }
        own.sort();
        Self { files: own, up_down: UpDown::default() }
    }
    /// With these colours of up and down in each of them.
    #[must_use]
    pub fn with_up_down(self, up_down: UpDown) -> Self {
        Self { up_down, ..self }
    }
    /// Their names, sorted.
    pub fn names(&self) -> Vec<String> {
        self.files.iter().map(|(name, _)| name.clone()).collect()
    }
    /// One of them, for a colour depth.
    ///
    /// # Errors
    /// There is none of that name, or its file is no theme.
    pub fn get(&self, name: &str, depth: ColorMode) -> Result<Theme, ThemeError> {
        match self.files.iter().find(|(n, _)| n == name) {
            Some((name, text)) => Ok(Theme::parse(name, text, depth)?.with_up_down(self.up_down)),
            None => Err(ThemeError::Name {
                name: name.chars().filter(|c| !c.is_control()).take(40).collect(),
                there: self.names().join(", "),
            }),
        }
    }
}

/// A theme for one colour depth.
#[derive(Debug, Clone)]
pub struct Theme {
    name: String,
    depth: ColorMode,
    styles: Styles,
}

impl Theme {
    /// One that comes with the program.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn embedded(name: &str, depth: ColorMode) -> Result<Self, ThemeError> {
        Themes::default().get(name, depth)
    }

    /// From a theme file.
    ///
    /// # Errors
    /// Not TOML, a role too many or too few, a colour that is none.
    pub fn parse(file: &str, text: &str, depth: ColorMode) -> Result<Self, ThemeError> {
        let specs: Specs = toml::from_str(text).map_err(|e| {
            let before = e.span().and_then(|s| text.get(..s.start)).unwrap_or_default();
            let line = before.matches('\n').count().saturating_add(1);
            ThemeError::File { file: file.to_owned(), line, problem: e.message().to_owned() }
        })?;
        Ok(Self { name: file.to_owned(), depth, styles: specs.at(depth) })
    }

    /// With these colours of up and down.
    fn with_up_down(mut self, up_down: UpDown) -> Self {
        let styles = &mut self.styles;
        match up_down {
            UpDown::GreenRed => {}
            UpDown::RedGreen => {
                std::mem::swap(&mut styles.up, &mut styles.down);
                std::mem::swap(&mut styles.area_up, &mut styles.area_down);
            }
            UpDown::BlueOrange => {
                let Some((up, down)) = blue_and_orange(self.depth, styles.text.bg) else { return self };
                for style in [&mut styles.up, &mut styles.area_up] {
                    style.fg = Some(up);
                }
                for style in [&mut styles.down, &mut styles.area_down] {
                    style.fg = Some(down);
                }
            }
        }
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For how many colours.
    pub const fn depth(&self) -> ColorMode {
        self.depth
    }
}

/// Blue and orange that can be read on this ground; none where there are no colours.
fn blue_and_orange(depth: ColorMode, ground: Option<Color>) -> Option<(Color, Color)> {
    if depth == ColorMode::None {
        return None;
    }
    let light = match ground {
        Some(Color::Rgb(r, g, b)) => u16::from(r).saturating_add(g.into()).saturating_add(b.into()) > 382,
        Some(ground) => matches!(ground, Color::White | Color::Gray),
        None => false,
    };
    let full = matches!(ground, Some(Color::Rgb(..)));
    Some(match (full, light) {
        (true, false) => (Color::Rgb(0x7c, 0xc4, 0xff), Color::Rgb(0xff, 0xb0, 0x5c)),
        (true, true) => (Color::Rgb(0x0b, 0x4a, 0xa0), Color::Rgb(0x8a, 0x3f, 0x00)),
        (false, false) => (Color::LightCyan, Color::Yellow),
        // The orange of the sixteen is yellow, which can't be read on white.
        (false, true) => (Color::Blue, Color::Red),
    })
}

/// One role in a theme file: 24-bit colours, their stand-ins among the sixteen, and what marks it with none. A
/// role without 24-bit colours has those of the sixteen at every depth. `ansi_marks` stand in for `marks` there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Spec {
    fg: Option<Rgb>,
    bg: Option<Rgb>,
    ansi_fg: Option<Ansi>,
    ansi_bg: Option<Ansi>,
    marks: Vec<Mark>,
    ansi_marks: Vec<Mark>,
    mono: Vec<Mark>,
}

impl Spec {
    fn at(&self, depth: ColorMode) -> Style {
        let (fg, bg, marks) = match depth {
            ColorMode::Truecolor if self.fg.is_some() || self.bg.is_some() => {
                (self.fg.map(|c| c.0), self.bg.map(|c| c.0), &self.marks)
            }
            ColorMode::Truecolor | ColorMode::Ansi16 => {
                let marks = if self.ansi_marks.is_empty() { &self.marks } else { &self.ansi_marks };
                (self.ansi_fg.map(|c| c.0), self.ansi_bg.map(|c| c.0), marks)
            }
            ColorMode::None => (None, None, &self.mono),
        };
        // Terminals that brighten bold turn bold black into grey: no bold on a coloured ground of the sixteen.
        let plain = bg.is_some_and(|c| !matches!(c, Color::Rgb(..)));
        let keep = marks.iter().filter(|m| !plain || **m != Mark::Bold);
        let style = keep.fold(Style::new(), |s, m| s.add_modifier(m.modifier()));
        Style { fg, bg, ..style }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mark {
    Bold,
    Underline,
    Reverse,
    Italic,
}

impl Mark {
    const fn modifier(self) -> Modifier {
        match self {
            Self::Bold => Modifier::BOLD,
            Self::Underline => Modifier::UNDERLINED,
            Self::Reverse => Modifier::REVERSED,
            Self::Italic => Modifier::ITALIC,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Rgb(Color);

impl<'de> Deserialize<'de> for Rgb {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        match Color::from_str(&text) {
            Ok(color @ Color::Rgb(..)) => Ok(Self(color)),
            Ok(_) | Err(_) => Err(de::Error::custom(format!("`{text}` is not a colour like \"#1a2b3c\""))),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Ansi(Color);

impl<'de> Deserialize<'de> for Ansi {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        match Color::from_str(&text) {
            Ok(Color::Rgb(..) | Color::Indexed(_)) | Err(_) => Err(de::Error::custom(format!(
                "`{text}` is not one of the sixteen colours, like \"lightred\""
            ))),
            Ok(color) => Ok(Self(color)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_arithmetic, reason = "the contrast formula of WCAG 2")]
    use super::*;

    fn themes(depth: ColorMode) -> Vec<Theme> {
        let of = |up_down| {
            let all = Themes::default().with_up_down(up_down);
            EMBEDDED.iter().map(move |(name, _)| all.get(name, depth).unwrap())
        };
        [UpDown::GreenRed, UpDown::RedGreen, UpDown::BlueOrange].into_iter().flat_map(of).collect()
    }

    #[test]
    fn up_and_down_have_the_colours_that_the_user_wants() {
        let of = |up_down| {
            let theme = Themes::default().with_up_down(up_down).get("dark", ColorMode::Truecolor).unwrap();
            (theme.style(Role::Up).fg, theme.style(Role::Down).fg)
        };
        let (green, red) = of(UpDown::GreenRed);
        assert_eq!(of(UpDown::RedGreen), (red, green));
        let (blue, orange) = of(UpDown::BlueOrange);
        let blue_of = |c: Option<Color>| rgb(c.unwrap())[2];
        assert!(blue_of(blue) > 200 && blue_of(orange) < 120);
    }

    /// The sixteen as xterm has them.
    const XTERM: [(Color, [u8; 3]); 16] = [
        (Color::Black, [0, 0, 0]),
        (Color::Red, [205, 0, 0]),
        (Color::Green, [0, 205, 0]),
        (Color::Yellow, [205, 205, 0]),
        (Color::Blue, [0, 0, 238]),
        (Color::Magenta, [205, 0, 205]),
        (Color::Cyan, [0, 205, 205]),
        (Color::Gray, [229, 229, 229]),
        (Color::DarkGray, [127, 127, 127]),
        (Color::LightRed, [255, 0, 0]),
        (Color::LightGreen, [0, 255, 0]),
        (Color::LightYellow, [255, 255, 0]),
        (Color::LightBlue, [92, 92, 255]),
        (Color::LightMagenta, [255, 0, 255]),
        (Color::LightCyan, [0, 255, 255]),
        (Color::White, [255, 255, 255]),
    ];

    fn rgb(color: Color) -> [u8; 3] {
        if let Color::Rgb(r, g, b) = color {
            return [r, g, b];
        }
        XTERM.iter().find(|(c, _)| *c == color).expect("one of the sixteen").1
    }

    fn luminance(color: Color) -> f64 {
        let [r, g, b] = rgb(color);
        let part = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
    }

    fn contrast(a: Color, b: Color) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_role_can_be_read_on_every_ground_it_stands_on() {
        let mut bad = Vec::new();
        for theme in themes(ColorMode::Truecolor) {
            let ground = |role| theme.style(role).bg.unwrap();
            for role in Role::ALL {
                let style = theme.style(*role);
                let least = match role.used_as() {
                    Use::Text if theme.name() == "high-contrast" => 7.0,
                    Use::Text => 4.5,
                    Use::Line => 3.0,
                    Use::Ground => continue,
                };
                let grounds = style.bg.map_or_else(
                    || {
                        vec![
                            ground(Role::Text),
                            ground(Role::Selected),
                            ground(Role::SelectedIdle),
                            ground(Role::Window),
                        ]
                    },
                    |own| vec![own],
                );
                for on in grounds {
                    let got = contrast(style.fg.unwrap(), on);
                    if got < least {
                        bad.push(format!(
                            "{} {}: {got:.2} on {on} is under {least}",
                            theme.name(),
                            role.name()
                        ));
                    }
                }
            }
        }
        assert!(bad.is_empty(), "\n{}", bad.join("\n"));
    }

    #[test]
    fn real_money_is_never_green_and_badges_have_colours_of_their_own() {
        for theme in themes(ColorMode::Truecolor) {
            let [r, g, b] = rgb(theme.style(Role::Live).bg.expect("LIVE has a ground"));
            assert!(r > g && b > g.min(60) && u16::from(g) * 2 < u16::from(r), "{r} {g} {b}");
        }
        for theme in themes(ColorMode::Truecolor).into_iter().chain(themes(ColorMode::Ansi16)) {
            let badges = [
                Role::Paper,
                Role::Live,
                Role::ReadOnly,
                Role::Unproven,
                Role::Armed,
                Role::Locked,
                Role::Halt,
            ];
            for (i, a) in badges.iter().enumerate() {
                let style = theme.style(*a);
                assert!(style.fg.is_some() && style.bg.is_some(), "{a:?}");
                for b in &badges[..i] {
                    assert_ne!((style.fg, style.bg), (theme.style(*b).fg, theme.style(*b).bg), "{a:?} {b:?}");
                }
            }
        }
        for theme in themes(ColorMode::Ansi16) {
            assert!(!matches!(theme.style(Role::Live).bg, Some(Color::Green | Color::LightGreen)));
        }
    }

    /// Light as it is: what the eye's cones get of it is a sum of its parts.
    fn linear(color: Color) -> [f64; 3] {
        rgb(color).map(|c| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// What those see who lack one kind of cones: red, green, blue (Machado, Oliveira and Fernandes 2009).
    const LACKING: [(&str, [[f64; 3]; 3]); 3] = [
        (
            "red",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "green",
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ),
        (
            "blue",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    #[test]
    fn the_colour_blind_theme_is_told_apart_without_any_kind_of_cones() {
        let theme = Theme::embedded("colour-blind", ColorMode::Truecolor).unwrap();
        let fg = |role| theme.style(role).fg.unwrap();
        for (a, b) in [
            (Role::Up, Role::Down),
            (Role::Good, Role::Critical),
            (Role::Buy, Role::Sell),
            (Role::Good, Role::Warning),
        ] {
            for (cones, matrix) in LACKING {
                let seen = |color| {
                    let light = linear(color);
                    matrix.map(|row| {
                        let sum: f64 = row.iter().zip(light).map(|(m, l)| m * l).sum();
                        sum.clamp(0.0, 1.0).powf(1.0 / 2.2)
                    })
                };
                let apart: f64 = seen(fg(a)).iter().zip(seen(fg(b))).map(|(x, y)| (x - y).powi(2)).sum();
                assert!(apart.sqrt() > 0.2, "{a:?} and {b:?} without {cones} cones: {:.2}", apart.sqrt());
            }
        }
    }

    /// Red on blue is what a trader sees of a loss on the row that is about to be closed.
    #[test]
    fn in_sixteen_colours_every_role_can_be_read_on_the_marked_row() {
        let told = [
            Role::Text,
            Role::Strong,
            Role::Up,
            Role::Down,
            Role::Buy,
            Role::Sell,
            Role::Good,
            Role::Warning,
            Role::Critical,
            Role::Pending,
            Role::Info,
        ];
        for theme in themes(ColorMode::Ansi16) {
            let row = theme.style(Role::Selected);
            for role in told {
                let style = theme.style(role);
                let (mut fg, mut bg) = (style.fg.unwrap(), row.bg.unwrap());
                if row.add_modifier.contains(Modifier::REVERSED) {
                    std::mem::swap(&mut fg, &mut bg);
                }
                let got = contrast(fg, bg);
                // Green on white is as pale as its user's terminal makes it.
                let ground = contrast(style.fg.unwrap(), theme.style(Role::Text).bg.unwrap());
                assert!(got >= ground.min(3.0), "{} {role:?}: {got:.1}", theme.name());
            }
        }
    }

    /// It is there for terminals whose user has set the sixteen.
    #[test]
    fn the_theme_of_sixteen_uses_nothing_else_at_any_depth() {
        for depth in [ColorMode::Truecolor, ColorMode::Ansi16] {
            let theme = Theme::embedded("sixteen", depth).unwrap();
            for role in Role::ALL {
                let style = theme.style(*role);
                let colours = [style.fg, style.bg];
                assert!(colours.iter().flatten().all(|c| !matches!(c, Color::Rgb(..))), "{role:?}");
            }
        }
    }

    #[test]
    fn without_colours_what_must_stand_out_still_does() {
        for theme in themes(ColorMode::None) {
            for role in Role::ALL {
                let style = theme.style(*role);
                assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
            }
            for role in [Role::Live, Role::Halt, Role::Unknown, Role::Emergency, Role::Selected, Role::Cursor]
            {
                assert!(!theme.style(role).add_modifier.is_empty(), "{role:?}");
            }
        }
    }

    #[test]
    fn in_sixteen_colours_every_role_has_one_and_badges_are_not_bold() {
        for theme in themes(ColorMode::Ansi16) {
            for role in Role::ALL {
                let style = theme.style(*role);
                assert!(style.fg.is_some() || style.bg.is_some(), "{role:?}");
                assert!(style.bg.is_none() || !style.add_modifier.contains(Modifier::BOLD), "{role:?}");
                assert!(!matches!(style.fg, Some(Color::Rgb(..))), "{role:?}");
            }
        }
    }

    #[test]
    fn a_bad_theme_is_refused_with_its_line() {
        let (_, dark) = EMBEDDED[0];
        let refused =
            |text: &str| Theme::parse("mine.toml", text, ColorMode::Truecolor).unwrap_err().to_string();
        let extra = refused(&format!("{dark}\nsparkle = {{ fg = \"#ffffff\" }}\n"));
        let line = dark.lines().count() + 2;
        assert!(
            extra.starts_with(&format!("theme mine.toml, line {line}: unknown field `sparkle`")),
            "{extra}"
        );
        let less = dark.lines().filter(|l| !l.starts_with("halt ")).collect::<Vec<_>>().join(
            "
",
        );
        assert!(refused(&less).contains("missing field `halt`"), "{}", refused(&less));
        let colour = refused(&dark.replacen("fg = \"#", "fg = \"#zz", 1));
        assert!(colour.contains("is not a colour like"), "{colour}");
        assert!(refused("text = [").starts_with("theme mine.toml, line 1: "));
        assert_eq!(
            Theme::embedded("sepia", ColorMode::Truecolor).unwrap_err().to_string(),
            "there is no theme `sepia`; there are: colour-blind, dark, high-contrast, light, sixteen"
        );
    }
}
