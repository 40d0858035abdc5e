//! The little that a screen keeps between runs: that the tour was taken, and the `:` lines.

use std::path::{Path, PathBuf};

/// It is there once the tour was taken or left.
const TOUR_FILE: &str = "tour";
/// The `:` lines that are kept between runs.
const HISTORY_FILE: &str = "history";

/// Was the tour taken, or left?
pub(super) fn is_toured(state: &Path) -> bool {
    state.join(TOUR_FILE).exists()
}

/// The next run does not begin with the tour.
pub(super) fn end_tour(state: &Path) {
    if let Err(why) = std::fs::write(state.join(TOUR_FILE), "") {
        tracing::warn!(%why, "that the tour was taken can't be kept");
    }
}

fn history_path(state: &Path) -> PathBuf {
    state.join(HISTORY_FILE)
}

/// The `:` lines of the runs before, oldest first.
pub(super) fn history(state: &Path) -> Vec<String> {
    let path = history_path(state);
    match std::fs::read_to_string(&path) {
        Ok(text) => text.lines().map(ToOwned::to_owned).collect(),
        Err(why) => {
            if why.kind() != std::io::ErrorKind::NotFound {
                tracing::warn!(%why, path = %path.display(), "the history can't be read");
            }
            Vec::new()
        }
    }
}

/// Keeps the history whole: written beside and renamed. Without it nothing is lost that matters.
pub(super) fn save_history(state: &Path, lines: &[String]) {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let path = history_path(state);
    // Several screens of one profile may write at once.
    let new = path.with_extension(std::process::id().to_string());
    let write = || -> std::io::Result<()> {
        let mut file =
            std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        for line in lines {
            writeln!(file, "{line}")?;
        }
        std::fs::rename(&new, &path)
    };
    if let Err(why) = write() {
        tracing::warn!(%why, path = %path.display(), "the history can't be kept");
    }
}
