//! The account's key pair: random, made once for a data directory, and kept there for the owner's eyes.

use super::{error::Error, files};
use serde::{Deserialize, Serialize};
use std::{fmt, path::Path};

/// A key pair. `Debug` does not show the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    pub(super) key_id: String,
    pub(super) secret_key: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// Thirty-two characters, so that five bits choose one without a bias.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl Keys {
    /// New ones, of the length that Alpaca's have.
    pub(super) fn random() -> Result<Self, Error> {
        Ok(Self { key_id: format!("PK{}", letters(18)?), secret_key: letters(40)? })
    }

    /// Those of a data directory, made at the first call.
    pub(super) fn of_dir(dir: &Path) -> Result<Self, Error> {
        let path = dir.join("keys.json");
        if let Some(text) = files::read_private(&path)? {
            return serde_json::from_str(&text).map_err(|e| Error::foreign(&path, e));
        }
        let keys = Self::random()?;
        let text = serde_json::to_vec(&keys).map_err(|e| Error::Defect(e.to_string()))?;
        files::write_whole(&path, &text)?;
        Ok(keys)
    }

    /// Is this the pair? Takes the same time wherever the first difference is.
    pub(super) fn are(&self, key_id: &str, secret: &str) -> bool {
        let (id, secret) = (same(&self.key_id, key_id), same(&self.secret_key, secret));
        id && secret
    }

    /// A bearer token is the secret: there is no OAuth application between a paper account and its owner.
    pub(super) fn is_bearer(&self, token: &str) -> bool {
        same(&self.secret_key, token)
    }
}

fn same(ours: &str, theirs: &str) -> bool {
    let lengths = u8::from(ours.len() != theirs.len());
    ours.bytes().zip(theirs.bytes()).fold(lengths, |differs, (a, b)| differs | (a ^ b)) == 0
}

fn letters(count: usize) -> Result<String, Error> {
    let mut bytes = vec![0_u8; count];
    getrandom::fill(&mut bytes).map_err(|e| Error::Random(e.to_string()))?;
    Ok(bytes.iter().filter_map(|b| ALPHABET.get(usize::from(b & 31))).map(|b| char::from(*b)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_keeps_its_keys_and_the_secret_is_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        let first = Keys::of_dir(dir.path()).unwrap();
        assert_eq!(Keys::of_dir(dir.path()).unwrap(), first);
        assert_eq!((first.key_id.len(), first.secret_key.len()), (20, 40));
        assert!(!format!("{first:?}").contains(&first.secret_key));
        assert_ne!(Keys::random().unwrap(), first);
    }

    #[test]
    fn only_the_pair_opens() {
        let keys = Keys { key_id: "PKA".into(), secret_key: "s".into() };
        assert!(keys.are("PKA", "s") && keys.is_bearer("s"));
        for (id, secret) in [("PKA", "t"), ("PKB", "s"), ("PKA", ""), ("PKA", "ss"), ("", "")] {
            assert!(!keys.are(id, secret), "{id} {secret}");
        }
    }

    #[test]
    fn keys_that_others_can_read_are_refused_with_what_mends_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        Keys::of_dir(dir.path()).unwrap();
        let path = dir.path().join("keys.json");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = Keys::of_dir(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
    }
}
