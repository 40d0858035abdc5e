//! What is kept of sessions.

use super::read::Section;

/// Recorded sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recordings {
    /// Sessions are recorded.
    pub on: bool,
    /// Days that a recording is kept.
    pub keep_days: u64,
    /// Megabytes of all recordings together.
    pub max_mb: u64,
}

impl Default for Recordings {
    fn default() -> Self {
        Self { on: true, keep_days: 30, max_mb: 2_000 }
    }
}

pub(super) fn read(s: &Section<'_>, to: &mut Recordings) {
    s.flag("on", &mut to.on);
    s.whole("keep_days", 1..=3_650, &mut to.keep_days);
    s.whole("max_mb", 1..=1_000_000, &mut to.max_mb);
    s.finish();
}
