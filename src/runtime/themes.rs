//! The user's own themes: files of the themes directory. One that can't be used stops nothing but its own use.

use crate::tui::{
    model::ColorMode,
    theme::{Theme, Themes},
};
use std::{fs, io::Read as _, path::Path};

/// A theme file is a few thousand bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// More than anybody chooses from.
const FILES_MAX: usize = 64;

/// Those of `dir`, if there is one, with the built-in ones. `wanted` is the one that is to be used now: it has to be
/// good.
///
/// # Errors
/// The wanted theme's file is no theme, with its line; or there is none of that name.
pub fn read(dir: Option<&Path>, wanted: &str) -> anyhow::Result<Themes> {
    let mut own = Vec::new();
    let entries = dir.and_then(|dir| fs::read_dir(dir).ok()).into_iter().flatten().flatten();
    for path in
        entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "toml")).take(FILES_MAX)
    {
        let Some(name) = path.file_stem().and_then(|n| n.to_str()).map(str::to_owned) else { continue };
        match text_of(&path).and_then(|text| {
            Theme::parse(&path.display().to_string(), &text, ColorMode::None)?;
            Ok(text)
        }) {
            Ok(text) => own.push((name, text)),
            Err(why) if name == wanted => return Err(why),
            Err(why) => tracing::warn!(%why, "a theme that can't be used"),
        }
    }
    own.sort();
    let themes = Themes::with(own);
    themes.get(wanted, ColorMode::None)?;
    Ok(themes)
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    let file = fs::File::open(path).map_err(|e| anyhow::anyhow!("theme {}: {e}", path.display()))?;
    let mut text = String::new();
    let read = file.take(FILE_BYTES_MAX.saturating_add(1)).read_to_string(&mut text);
    let n = read.map_err(|e| anyhow::anyhow!("theme {}: {e}", path.display()))?;
    anyhow::ensure!(
        u64::try_from(n).is_ok_and(|n| n <= FILE_BYTES_MAX),
        "theme {}: it is larger than {FILE_BYTES_MAX} bytes, the most that is read",
        path.display()
    );
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_files_stand_beside_the_built_in_ones_and_only_the_wanted_one_must_be_good() {
        let dir = tempfile::tempdir().unwrap();
        let dark = include_str!("../../themes/dark.toml");
        fs::write(dir.path().join("mine.toml"), dark).unwrap();
        fs::write(dir.path().join("broken.toml"), "text = 3\n").unwrap();
        fs::write(dir.path().join("huge.toml"), "#".repeat(70_000)).unwrap();
        fs::write(dir.path().join("note.txt"), "no theme").unwrap();
        let themes = read(Some(dir.path()), "mine").unwrap();
        assert_eq!(
            themes.names(),
            ["colour-blind", "dark", "high-contrast", "light", "mine", "sixteen"].map(str::to_owned)
        );
        assert_eq!(themes.get("mine", ColorMode::None).unwrap().name(), "mine");
        let why = read(Some(dir.path()), "broken").unwrap_err().to_string();
        assert!(why.contains("broken.toml, line 1: "), "{why}");
        let why = read(Some(dir.path()), "huge").unwrap_err().to_string();
        assert!(why.ends_with("it is larger than 65536 bytes, the most that is read"), "{why}");
        let why = read(Some(dir.path()), "nosuch").unwrap_err().to_string();
        assert!(why.contains("there is no theme `nosuch`") && why.contains("mine"), "{why}");
        assert!(read(None, "dark").is_ok());
    }
}
