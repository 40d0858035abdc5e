//! Properties of the files themselves. A list of exceptions may only shrink.
use std::{fs, path::Path};

const LINES_MAX: usize = 500;
const LONGER: &[&str] = &[];
const VENUE_FILES: &[&str] = &["auth.rs", "config.rs", "map.rs", "rest.rs", "stream.rs", "wire.rs"];

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut bad = Vec::new();
    super::architecture::each_source(Path::new("src"), &mut |path, text| {
        let name = path.display().to_string();
        let body = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
        let long = body.lines().count() > LINES_MAX;
        if long != LONGER.contains(&name.as_str()) {
            bad.push(format!(
                "{name}: {} lines (limit {LINES_MAX}, or a stale exception)",
                body.lines().count()
            ));
        }
        if !text.starts_with("//!") {
            bad.push(format!("{name}: no `//!` line saying what lives here"));
        }
    });
    assert!(bad.is_empty(), "\n{}\n", bad.join("\n"));
}

#[test]
fn every_venue_has_the_same_rooms() {
    let venues = fs::read_dir("src/adapters").expect("src/adapters is there");
    for venue in venues.filter_map(Result::ok).filter(|e| e.path().is_dir()) {
        for file in VENUE_FILES {
            assert!(venue.path().join(file).exists(), "{} lacks {file}", venue.path().display());
        }
    }
}
