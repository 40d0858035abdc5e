//! Files and directories that only their owner may read. Anything else is refused with the command that
//! mends it.

use super::error::{ConfigError, Place};
use nix::fcntl::OFlag;
use std::{
    fs::{DirBuilder, Metadata, OpenOptions},
    io::Read as _,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

/// The largest file that is read, in bytes.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

fn at(path: &Path, problem: impl Into<String>) -> ConfigError {
    ConfigError::new(Place::Path(path.to_owned()), problem)
}

/// What the operating system says of a failed call, without its number.
pub(super) fn because(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// The text of a file of bounded size.
pub(super) fn read_text(path: &Path) -> Result<(String, Metadata), ConfigError> {
    let mut options = OpenOptions::new();
    // Without this flag, opening a named pipe would wait for a writer.
    options.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
    let cannot =
        |e: std::io::Error| at(path, format!("it can't be read ({}); name a file that can", because(&e)));
    let file = options.open(path).map_err(cannot)?;
    let meta = file.metadata().map_err(cannot)?;
    if !meta.is_file() {
        return Err(at(path, "it is not a file; name a file"));
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes).map_err(cannot)?;
    if u64::try_from(bytes.len()).is_ok_and(|n| n > FILE_BYTES_MAX) {
        return Err(at(path, format!("it is larger than {FILE_BYTES_MAX} bytes, the most that is read")));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        at(path, format!("byte {} is not UTF-8 text; save it as UTF-8", e.utf8_error().valid_up_to()))
    })?;
    Ok((text, meta))
}

/// Refuses a file that others could read or that is not what its name says.
pub(super) fn check_file(path: &Path, meta: &Metadata) -> Result<(), ConfigError> {
    let link = std::fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink());
    if link {
        return Err(at(path, "it holds credentials and is a symbolic link; name the file itself"));
    }
    if meta.uid() != nix::unistd::geteuid().as_raw() {
        let problem =
            format!("it holds credentials and belongs to another user; run: chown $USER {}", path.display());
        return Err(at(path, problem));
    }
    if meta.mode() & 0o077 != 0 {
        let problem =
            format!("it holds credentials and others can read it; run: chmod 600 {}", path.display());
        return Err(at(path, problem));
    }
    Ok(())
}

/// Makes a directory that only its owner may enter, or checks one that is there.
///
/// # Errors
/// It can't be made, is not a directory, belongs to someone else, or others may enter it.
pub fn private_dir(path: &Path) -> Result<(), ConfigError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|e| at(path, format!("the directory can't be made ({})", because(&e))))?;
    let meta = std::fs::symlink_metadata(path)
        .map_err(|e| at(path, format!("the directory can't be read ({})", because(&e))))?;
    if !meta.is_dir() {
        return Err(at(path, "it is a symbolic link; name the directory itself"));
    }
    if meta.uid() != nix::unistd::geteuid().as_raw() {
        return Err(at(path, "the directory belongs to another user; name one of your own"));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(at(path, format!("others can enter the directory; run: chmod 700 {}", path.display())));
    }
    Ok(())
}
