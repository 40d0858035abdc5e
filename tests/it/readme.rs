//! The README tells the truth: its tables follow from the program's own.

use std::fmt::Write as _;
use tradedeck::tui::keymap::Keymap;

fn block(name: &str) -> String {
    let readme = std::fs::read_to_string("README.md").expect("README.md is there");
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (_, rest) = readme.split_once(&begin).unwrap_or_else(|| panic!("README.md lacks {begin}"));
    let (inside, _) = rest.split_once(&end).unwrap_or_else(|| panic!("README.md lacks {end}"));
    inside.to_owned()
}

#[test]
fn the_key_table_is_the_keymap() {
    let mut table = "| key | command | what it does |\n|---|---|---|\n".to_owned();
    for [keys, command, words] in Keymap::default().rows() {
        let cell = |text: &str| text.replace('|', "\\|");
        writeln!(table, "| `{}` | `{}` | {} |", cell(&keys), cell(&command), cell(&words)).unwrap();
    }
    assert_eq!(block("keys"), table, "\nput this between the marks in README.md:\n{table}");
}

#[test]
fn the_table_of_venues_is_the_programs_own() {
    let out =
        std::process::Command::new(env!("CARGO_BIN_EXE_tradedeck")).args(["venues", "--markdown"]).output();
    let table = String::from_utf8(out.unwrap().stdout).unwrap();
    assert!(table.lines().count() > 6, "{table}");
    assert_eq!(block("venues"), table, "\nput this between the marks in README.md:\n{table}");
}

fn said(args: &[&str]) -> String {
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_tradedeck")).args(args).output().unwrap();
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn the_table_of_commands_is_the_programs_own() {
    let table = said(&["man", "--markdown"]);
    assert!(table.lines().count() > 30, "{table}");
    assert_eq!(block("shell"), table, "\nput this between the marks in README.md:\n{table}");
}

/// The first column of the table of commands.
fn commands() -> Vec<String> {
    let table = said(&["man", "--markdown"]);
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `tradedeck ")?.split_once("` |"));
    rows.map(|(usage, _)| usage.replace("\\|", "|")).collect()
}

#[test]
fn every_command_has_a_page_of_the_manual() {
    let whole = said(&["man"]);
    for part in ["NAME", "SYNOPSIS", "OPTIONS", "SUBCOMMANDS", "FILES", "ENVIRONMENT", "\"EXIT STATUS\""] {
        assert!(whole.contains(&format!(".SH {part}")), "no {part}: {whole}");
    }
    for words in ["journal.sqlite", "TRADEDECK_STATE", "NO_COLOR", "not all is flat", "\\-\\-json"] {
        assert!(whole.contains(words), "no {words}: {whole}");
    }
    for usage in commands() {
        let names: Vec<&str> =
            usage.split(' ').take_while(|w| w.starts_with(char::is_lowercase) && !w.contains('|')).collect();
        let page = said(&[&["man"], names.as_slice()].concat());
        let title = format!("TRADEDECK-{}", names.join("-").to_uppercase());
        assert!(page.contains(&title.replace('-', "\\-")) || page.contains(&title), "{title}: {page}");
        assert!(page.contains("EXIT STATUS"), "{names:?}");
    }
    let dir = tempfile::tempdir().unwrap();
    said(&["man", "--dir", dir.path().to_str().unwrap()]);
    for page in
        ["tradedeck.1", "tradedeck-flatten.1", "tradedeck-journal-export.1", "tradedeck-paper-serve.1"]
    {
        assert!(dir.path().join(page).exists(), "no {page}");
    }
}

/// Where a shell is installed it reads its script without a complaint; every script knows every command and option.
#[test]
fn completions_are_scripts_that_the_shells_read_and_that_know_everything() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = said(&["completions", shell]);
        for usage in commands() {
            for word in usage.split(' ') {
                let word = word.trim_matches(['[', ']', '.']);
                // Fish has options without their dashes.
                let sought = if shell == "fish" { word.trim_start_matches('-') } else { word };
                let is_name = word.starts_with("--") || word.starts_with(char::is_lowercase);
                assert!(!is_name || word.contains('|') || script.contains(sought), "{shell} lacks {word}");
            }
        }
        let path = dir.path().join(shell);
        std::fs::write(&path, &script).unwrap();
        match std::process::Command::new(shell).arg("-n").arg(&path).output() {
            Ok(out) => {
                let said = String::from_utf8_lossy(&out.stderr);
                assert!(out.status.success() && said.is_empty(), "{shell}: {said}");
            }
            Err(why) => assert_eq!(why.kind(), std::io::ErrorKind::NotFound, "{shell}: {why}"),
        }
    }
}

#[test]
fn every_subcommand_of_the_help_stands_in_the_readme() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_tradedeck")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let shell = block("shell");
    let commands =
        help.lines().skip_while(|l| !l.starts_with("Commands:")).skip(1).take_while(|l| !l.is_empty());
    let mut n = 0;
    for line in commands {
        // Continued lines are indented further than names.
        if let Some(name) =
            line.strip_prefix("  ").filter(|l| !l.starts_with(' ')).and_then(|l| l.split(' ').next())
        {
            n += 1;
            assert!(
                shell.contains(&format!("tradedeck {name}")),
                "README's shell section lacks `tradedeck {name}`"
            );
        }
    }
    assert!(n > 15, "the help names {n} commands");
}
