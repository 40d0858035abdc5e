//! `tradedeck init`.

use super::{
    open::Context,
    report::{Failure, Report},
    rows,
    table::lines,
};
use crate::config::{EXAMPLE, config_file};
use clap::Args;
use serde_json::Value;
use std::{
    fs::{DirBuilder, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub(super) struct Init {
    /// Put a file that is there aside first.
    #[arg(long)]
    force: bool,
}

/// How many older files are kept beside.
const ASIDE_MAX: u32 = 1_000;

pub(super) fn run(context: &Context, init: &Init) -> Result<Report, Failure> {
    let Some((path, _)) = config_file(&context.flags, &context.env) else {
        return Err(Failure::usage("there is no home directory; name the file with --config FILE"));
    };
    let aside = if init.force { set_aside(&path)? } else { None };
    write(&path)?;
    let mut text = vec![format!("wrote {}; every key is in it with its default", path.display())];
    if let Some(old) = &aside {
        text.push(format!("the file that was there is now {}", old.display()));
    }
    let name = |p: &Path| Value::from(p.display().to_string());
    let document = rows::object([
        ("outcome", Value::from("done")),
        ("file", name(&path)),
        ("aside", aside.as_deref().map_or(Value::Null, name)),
    ]);
    Ok(Report::done(document, lines(&text)))
}

fn write(path: &Path) -> Result<(), Failure> {
    let failed =
        |why: std::io::Error| Failure::failed(format!("{}: it can't be written: {why}", path.display()));
    if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
    }
    // New, or not at all: credentials may stand in a file that is there.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = match file {
        Ok(file) => file,
        Err(why) if why.kind() == ErrorKind::AlreadyExists => {
            return Err(Failure::usage(format!(
                "{} is there already and was left as it is; --force puts it aside first",
                path.display()
            )));
        }
        Err(why) => return Err(failed(why)),
    };
    file.write_all(EXAMPLE.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

/// Gives the file that is there the first free name beside it.
fn set_aside(path: &Path) -> Result<Option<PathBuf>, Failure> {
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    for n in 1..=ASIDE_MAX {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{n}"));
        let beside = PathBuf::from(name);
        // A hard link fails where the name is taken; a rename would overwrite it.
        match std::fs::hard_link(path, &beside) {
            Ok(()) => {
                std::fs::remove_file(path).map_err(Failure::failed)?;
                return Ok(Some(beside));
            }
            Err(why) if why.kind() == ErrorKind::AlreadyExists => {}
            Err(why) => {
                return Err(Failure::failed(format!("{}: it can't be put aside: {why}", path.display())));
            }
        }
    }
    Err(Failure::failed(format!("{} has {ASIDE_MAX} older files beside it; remove some", path.display())))
}
