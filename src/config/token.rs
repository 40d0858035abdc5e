//! One secret that is not an account's key, such as a cloud's token: where it comes from. A command, a file, the
//! configuration, the environment, in this order; never arguments. No error here holds its value.

use super::{
    credentials::{COMMAND_TIMEOUT, is_sound, run},
    env::Env,
    private,
    read::{Section, path},
    secret::Secret,
};
use std::path::{Path, PathBuf};

/// Where it may be found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenSources {
    /// A command and its arguments; empty is none.
    pub command: Vec<String>,
    /// A file that only its owner can read.
    pub file: Option<PathBuf>,
    /// In the configuration itself.
    pub inline: Option<Secret>,
}

/// Why it can't be had: one sentence, without its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TokenError(String);

impl TokenSources {
    pub(super) fn read(s: &Section<'_>, home: Option<&Path>) -> Self {
        let mut to = Self { inline: s.secret("token"), ..Self::default() };
        s.list("token_command", &mut to.command, |t| Ok(t.to_owned()));
        s.text("token_file", &mut to.file, |t| path(t, home).map(Some));
        to
    }

    /// Finds it; `owner` is whose it is, for the variable and for what is said. Runs a command or reads a file.
    ///
    /// # Errors
    /// It is nowhere, or what holds it can't be used.
    pub fn find(&self, owner: &str, env: &Env) -> Result<Secret, TokenError> {
        let wrong = |why: String| TokenError(format!("algorithm `{owner}`: {why}"));
        let name = format!("TRADEDECK_{}_TOKEN", owner.to_ascii_uppercase().replace(['-', '.'], "_"));
        let (secret, from) = if let Some((program, arguments)) = self.command.split_first() {
            let ran = run(program, arguments, COMMAND_TIMEOUT);
            let why = |e| wrong(format!("token_command `{program}` {e}; run it by hand to see why"));
            (ran.map_err(why)?, format!("command {program}"))
        } else if let Some(path) = &self.file {
            let (text, meta) = private::read_text(path).map_err(|e| wrong(e.to_string()))?;
            private::check_file(path, &meta).map_err(|e| wrong(e.to_string()))?;
            (Secret::new(text.trim_end().to_owned()), format!("file {}", path.display()))
        } else if let Some(secret) = &self.inline {
            (secret.clone(), "configuration file".to_owned())
        } else if let Some(secret) = env.secret(&name) {
            (secret, format!("environment variable {name}"))
        } else {
            return Err(wrong(format!(
                "there is no token: write token_command or token_file, or set {name}"
            )));
        };
        if !is_sound(secret.expose()) {
            return Err(wrong(format!("the token from {from} is empty, too long or has spaces in it")));
        }
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_first_that_is_there_is_taken_and_no_error_tells_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        std::fs::write(&file, "SECRET-1\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let env = Env::default();
        let inline = Some(Secret::new("SECRET-2".to_owned()));
        let all = TokenSources {
            command: vec!["echo".to_owned(), "SECRET-0".to_owned()],
            file: Some(file.clone()),
            inline: inline.clone(),
        };
        assert_eq!(all.find("a", &env).unwrap().expose(), "SECRET-0");
        let of_file = TokenSources { command: Vec::new(), ..all };
        assert_eq!(of_file.find("a", &env).unwrap().expose(), "SECRET-1");
        let here = TokenSources { inline, ..TokenSources::default() };
        assert_eq!(here.find("a", &env).unwrap().expose(), "SECRET-2");
        let none = TokenSources::default().find("my-bot", &env).unwrap_err().to_string();
        assert!(none.contains("TRADEDECK_MY_BOT_TOKEN"), "{none}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let open = of_file.find("a", &env).unwrap_err().to_string();
        assert!(open.contains("others can read it") && !open.contains("SECRET"), "{open}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&file, "SECRET 1").unwrap();
        let odd = of_file.find("a", &env).unwrap_err().to_string();
        assert!(odd.contains("has spaces in it") && !odd.contains("SECRET"), "{odd}");
    }
}
