//! What the configuration says of the screen.

use super::{
    focus::{Page, default_pages},
    keymap::Keymap,
};

/// What the configuration says of the screen.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Keys.
    pub keymap: Keymap,
    /// Saved layouts.
    pub pages: Vec<Page>,
    /// Names of themes that there are.
    pub themes: Vec<String>,
    /// The size that a fresh ticket begins with, as it is typed.
    pub size: String,
    /// The stop of the default bracket, as it is typed.
    pub bracket_stop: String,
    /// The target of the default bracket, as it is typed.
    pub bracket_target: String,
    /// FLATTEN takes the typed word, not the second stroke.
    pub flatten_is_typed: bool,
    /// How many minutes `arm` lasts when it is not said.
    pub arm_minutes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            keymap: Keymap::default(),
            pages: default_pages(),
            themes: Vec::new(),
            size: String::new(),
            bracket_stop: "-1%".to_owned(),
            bracket_target: "2R".to_owned(),
            flatten_is_typed: false,
            arm_minutes: 15,
        }
    }
}
