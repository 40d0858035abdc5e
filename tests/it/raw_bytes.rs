//! What really goes to the terminal while a venue says hostile things: no control of the venue's, no command to the terminal,
//! no character that turns text around. The bytes themselves are looked at, not what a terminal makes of them.

use crate::terminal::{ENTER, Tty, dashboard};
use std::path::Path;

/// Clears the screen, writes into the clipboard, rings, colours by a C1 control, and turns LIVE around.
const HOSTILE: &str = r#"{"code":40310000,"message":"\u001b[2J\u001b]52;c;aGk=\u0007\u009b31m\u202e\u2066LIVE \u200bmoney\ufeff\r\n\u001b[?1049l"}"#;

fn hostile(home: &Path) -> Tty {
    let faults = home.join("faults.toml");
    let script =
        format!("[[fault]]\nwhat = \"status\"\non = [\"submit\"]\nstatus = 403\nbody = '{HOSTILE}'\n");
    std::fs::write(&faults, script).unwrap();
    let config = home.join("config.toml");
    let text = format!("[venues.paper]\nkind = \"paper\"\nfaults = {:?}\n", faults.display().to_string());
    std::fs::write(&config, text).unwrap();
    dashboard(home, &[("TRADEDECK_CONFIG", &config.display().to_string())])
}

/// The first thing in these bytes that has no business there.
fn stray(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut before = ' ';
    for c in text.chars() {
        let turns = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        // Of commands to the terminal only those that place, colour and switch: ESC [.
        let commands = before == '\u{1b}' && c != '[';
        if turns || commands || (c.is_control() && !matches!(c, '\u{1b}' | '\r' | '\n')) {
            return Some(format!("{before:?} {c:?}"));
        }
        before = c;
    }
    let clears = ["\u{1b}[2J", "\u{1b}[3J", "\u{1b}[?1049l"];
    clears.into_iter().find(|command| text.contains(command)).map(|command| format!("{command:?}"))
}

#[test]
fn what_a_venue_says_reaches_the_terminal_as_words_alone() {
    let home = tempfile::tempdir().unwrap();
    let mut tty = hostile(home.path());
    tty.see("trading is open");
    tty.see_quotes();
    let from = tty.raw().len();
    tty.press(":buy AAPL 1 market");
    tty.press(ENTER);
    tty.see("Enter do it");
    // Pressed as the window opens it does nothing.
    tty.insist(ENTER, "LIVE money");
    for page in ["2", "3", "4", "5", "7", "1"] {
        tty.press(page);
        tty.wait("the page", |s| {
            s.contents().lines().nth(1).is_some_and(|l| l.contains(&format!("{page} ")))
        });
    }
    assert_eq!(stray(&tty.raw()[from..]), None);
}

#[test]
fn the_judge_sees_what_a_terminal_would_obey() {
    for bad in [
        "a\u{7}",
        "\u{1b}]52;c;aGk=\u{7}",
        "\u{1b}P1$r",
        "\u{9b}31m",
        "x\u{202e}y",
        "\u{2066}",
        "\u{200b}",
        "\u{1b}[2J",
        "\u{1b}[?1049l",
        "\u{8}",
    ] {
        assert!(stray(bad.as_bytes()).is_some(), "{bad:?}");
    }
    assert_eq!(stray("\u{1b}[12;3H\u{1b}[38;5;9mLIVE │ ▲ 日本".as_bytes()), None);
}
