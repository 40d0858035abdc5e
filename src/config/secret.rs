//! A credential in memory: never printed, never serialised, wiped when it is dropped.

use std::fmt;
use zeroize::Zeroize as _;

/// A key, password or token. Has no `Display` and no `Serialize`; `Debug` shows only that it is there.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over. Surrounding white space is not part of any credential: it comes from files and
    /// commands that end in a line break.
    pub fn new(mut text: String) -> Self {
        let kept = text.trim().to_owned();
        text.zeroize();
        Self(kept)
    }
    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
    /// Nothing in it?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn is_never_printed() {
        let secret = Secret::new("canary-4711\n".to_owned());
        assert_eq!(secret.expose(), "canary-4711");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(hidden) Some(Secret(hidden))");
    }
}
