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
