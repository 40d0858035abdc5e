//! Commands through the engine's working directory: written beside, renamed into place, answered and cleaned up.
//! Blocking: to be called off the runtime's threads.

use super::{
    command::{Command, answer_name, draft_name, file_name, is_our_rest, written_at},
    files,
};
use crate::domain::text::Text;
use std::{fs, io::Write as _, path::Path};

/// What of ours is older is stale: nobody waits so long.
const STALE_MS: i64 = 60_000;
/// An answer that is longer is none of LEAN's.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// Puts a command where the engine looks. Returns the name of its file.
///
/// # Errors
/// Why it is not there: nothing was sent.
pub fn place(folder: &Path, command: &Command, unix_ms: i64) -> Result<String, Text> {
    let said = |what: &str, e: std::io::Error| Text::clean(&format!("{what} in {}: {e}", folder.display()));
    let draft = folder.join(draft_name(&command.token));
    let name = file_name(unix_ms, &command.token);
    let target = folder.join(&name);
    // Left by somebody who used the same name: it would be taken for the answer.
    remove(&folder.join(answer_name(&command.id))).map_err(|e| said("an old answer can't be removed", e))?;
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::options().write(true).create_new(true).open(&draft)?;
        file.write_all(command.json.as_bytes())?;
        file.sync_all()
    };
    let written = write().and_then(|()| fs::rename(&draft, &target));
    match written {
        Ok(()) => Ok(name),
        Err(error) => {
            // Neither may stay: whatever a later start of the engine finds it runs.
            let gone = remove(&draft).and_then(|_| remove(&target));
            let rest = if gone.is_err() { ", and what was written can't be removed" } else { "" };
            Err(said(&format!("no command can be written{rest}"), error))
        }
    }
}

/// True if it was there.
fn remove(path: &Path) -> std::io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The answer, if there is one.
pub fn answer(folder: &Path, id: &str) -> Option<Vec<u8>> {
    let path = folder.join(answer_name(id));
    files::mark(&path).filter(|m| m.len > 0 && m.len <= ANSWER_BYTES_MAX)?;
    fs::read(path).ok()
}

/// The engine never removes its answers.
pub fn clear(folder: &Path, id: &str) {
    if let Err(error) = remove(&folder.join(answer_name(id))) {
        tracing::warn!(%error, "an answer of LEAN can't be removed");
    }
}

/// Takes a command back. True if it was still there and is gone now; false if it had been taken.
///
/// # Errors
/// It may still be there.
pub fn take_back(folder: &Path, name: &str) -> std::io::Result<bool> {
    remove(&folder.join(name))
}

/// Removes what an earlier run of ours left: a command that the next start of the engine would run, drafts, answers.
/// What others wrote stays.
pub fn sweep(folder: &Path, now_ms: i64) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let path = entry.path();
        let written = match written_at(name) {
            Some(ms) => Some(ms),
            None if is_our_rest(name) => files::mark(&path).map(|m| m.modified.as_millis()),
            None => None,
        };
        if written.is_some_and(|ms| now_ms.saturating_sub(ms) > STALE_MS)
            && let Err(error) = remove(&path)
        {
            tracing::warn!(%error, "a stale command file can't be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(id: &str) -> Command {
        Command { id: id.to_owned(), token: id.to_owned(), what: "stop", json: "{}".to_owned() }
    }

    #[test]
    fn a_command_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let name = place(folder.path(), &command("a"), 1_795_224_074_123).unwrap();
        assert_eq!(name, "command-1795224074123-a.json");
        assert_eq!(fs::read_to_string(folder.path().join(&name)).unwrap(), "{}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(take_back(folder.path(), &name).unwrap());
        assert!(!take_back(folder.path(), &name).unwrap());
        let gone = place(&folder.path().join("gone"), &command("a"), 1).unwrap_err();
        assert!(gone.as_str().starts_with("no command can be written in "), "{gone}");
    }

    #[test]
    fn an_old_answer_of_the_same_name_is_not_taken_for_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(answer_name("a")), "old").unwrap();
        place(folder.path(), &command("a"), 1).unwrap();
        assert_eq!(answer(folder.path(), "a"), None);
        fs::write(folder.path().join(answer_name("a")), "new").unwrap();
        assert_eq!(answer(folder.path(), "a").as_deref(), Some(&b"new"[..]));
        clear(folder.path(), "a");
        assert_eq!(answer(folder.path(), "a"), None);
    }

    #[test]
    fn only_what_is_ours_and_stale_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let id = "td0123456789abcdef0123456789abcd";
        let now = 1_795_224_074_000_i64;
        for name in [
            file_name(now - 61_000, id),
            file_name(now - 59_000, id),
            "command-1795224074.json".to_owned(),
            "command-1795220000000-fe79f41e37534f6bbf50d9031239fe63.json".to_owned(),
            answer_name("fe79f41e37534f6bbf50d9031239fe63"),
            answer_name(id),
            draft_name(id),
            "log.txt".to_owned(),
        ] {
            fs::write(folder.path().join(&name), "{}").unwrap();
        }
        // Written a long time ago, as the file system has it.
        let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        for name in [answer_name(id), answer_name("fe79f41e37534f6bbf50d9031239fe63"), "log.txt".to_owned()] {
            fs::File::options()
                .write(true)
                .open(folder.path().join(name))
                .unwrap()
                .set_modified(old)
                .unwrap();
        }
        sweep(folder.path(), now);
        let mut left: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(
            left,
            [
                draft_name(id),
                "command-1795220000000-fe79f41e37534f6bbf50d9031239fe63.json".to_owned(),
                file_name(now - 59_000, id),
                "command-1795224074.json".to_owned(),
                "log.txt".to_owned(),
                answer_name("fe79f41e37534f6bbf50d9031239fe63"),
            ]
        );
    }
}
