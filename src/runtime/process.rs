//! What every run of the program does before anything else: no core dumps, no debugger of the same user, and a log
//! that is the owner's alone and can't fill the disk.

use crate::config::Env;
use nix::sys::{prctl, resource};
use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Arc,
};

/// A log of this size is set aside at the next start; one old log is kept.
const LOG_BYTES_MAX: u64 = 4 << 20;

/// Keys are in this process's memory: nothing may write it out.
///
/// # Errors
/// When the system refuses.
pub fn harden() -> io::Result<()> {
    resource::setrlimit(resource::Resource::RLIMIT_CORE, 0, 0)?;
    #[cfg(target_os = "linux")]
    prctl::set_dumpable(false)?;
    Ok(())
}

/// Writes the log to `state`; what is logged is chosen by `TRADEDECK_LOG` (`warn` by default). A log that can't be
/// written is left out: it is never needed to trade.
pub fn log_to(state: &Path, env: &Env) {
    let Ok(file) = open(&state.join("tradedeck.log")) else { return };
    let wanted = env.get("TRADEDECK_LOG").unwrap_or("warn");
    let Ok(filter) = tracing_subscriber::EnvFilter::try_new(wanted) else { return };
    let log = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(Arc::new(file)).finish();
    // A second call in one process (tests) keeps the first log.
    drop(tracing::subscriber::set_global_default(log));
}

fn open(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path).is_ok_and(|m| m.len() > LOG_BYTES_MAX) {
        std::fs::rename(path, path.with_extension("log.old"))?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_large_log_is_set_aside_and_the_new_one_is_the_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tradedeck.log");
        let mut file = open(&path).unwrap();
        file.write_all(&vec![b'x'; usize::try_from(LOG_BYTES_MAX).unwrap() + 1]).unwrap();
        let new = open(&path).unwrap();
        assert_eq!(new.metadata().unwrap().len(), 0);
        assert_eq!(new.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(path.with_extension("log.old").exists());
    }
}
