//! The program in a real terminal, used as a trader uses it: keys in, a screen out. Everything waits for what stands
//! on the screen; nothing waits for a while.

mod attached;
mod frozen;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::{
    io::{Read as _, Write},
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::Duration,
};
use tradedeck::{
    clock::{Clock as _, System},
    tui::terminal::{Options, Terminal},
};

/// Everything that is waited for comes much sooner, also on a machine that has other things to do.
const LONG_MS: u64 = 20_000;
/// How long the market may take to reach one of two exits that stand a few cents away.
const EXIT_MS: u64 = 120_000;
const BIG: (u16, u16) = (120, 40);
const HALT: &str = "\x18";
const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";
const F5: &str = "\x1b[15~";
pub(crate) const ENTER: &str = "\r";
pub(crate) const TAB: &str = "\t";
pub(crate) const ESC: &str = "\x1b";

/// A terminal with a program in it.
pub(crate) struct Tty {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    bytes: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// The terminal's modes before the program came.
    before: String,
    clock: System,
}

impl Drop for Tty {
    fn drop(&mut self) {
        drop(self.child.kill());
    }
}

/// The dashboard with its home in `dir`.
pub(crate) fn dashboard(dir: &Path, extra: &[(&str, &str)]) -> Tty {
    dashboard_with(dir, extra, &[])
}

/// The same with arguments.
pub(crate) fn dashboard_with(dir: &Path, extra: &[(&str, &str)], args: &[&str]) -> Tty {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tradedeck"));
    command.args(args);
    command.env_clear();
    command.cwd(dir);
    command.env("HOME", dir);
    command.env("TRADEDECK_STATE", dir.join("state"));
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    for (name, value) in extra {
        command.env(name, value);
    }
    Tty::open(command)
}

const fn size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// The terminal's modes, as text.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a terminal has modes"))
}

impl Tty {
    fn open(command: CommandBuilder) -> Self {
        let pair = native_pty_system().openpty(size(BIG)).unwrap();
        let before = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let keys = pair.master.take_writer().unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut piece = [0_u8; 8192];
            // The end of the program's side reads as an error.
            while let Ok(n) = reader.read(&mut piece) {
                if n == 0 || sender.send(piece[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        let parser = vt100::Parser::new(BIG.1.try_into().unwrap(), BIG.0.try_into().unwrap(), 0);
        Self {
            child,
            master: pair.master,
            keys,
            bytes,
            parser,
            raw: Vec::new(),
            before,
            clock: System::start(),
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// All that the program has written.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub(crate) fn text(&self) -> String {
        self.parser.screen().contents()
    }

    fn line(&self, n: usize) -> String {
        self.text().lines().nth(n).unwrap_or_default().to_owned()
    }

    /// Takes in what the program has written. `false` when it writes no more.
    fn take_in(&mut self, wait_ms: u64) -> bool {
        match self.bytes.recv_timeout(Duration::from_millis(wait_ms)) {
            Ok(bytes) => {
                self.parser.process(&bytes);
                self.raw.extend(bytes);
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    fn is_so(&mut self, within_ms: u64, is_so: impl Fn(&vt100::Screen) -> bool) -> bool {
        let start = self.clock.now().mono;
        loop {
            if is_so(self.parser.screen()) {
                return true;
            }
            let open = self.take_in(20);
            if self.clock.now().mono.since_ms(start) > within_ms || !open {
                return is_so(self.parser.screen());
            }
        }
    }

    pub(crate) fn wait(&mut self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
        assert!(self.is_so(LONG_MS, is_so), "waited in vain for {what}:\n{}", self.text());
    }

    /// Waits until the process has stopped: a SIGCONT before that would be lost.
    fn wait_stopped(&mut self) {
        let pid = self.child.process_id().unwrap().to_string();
        let is_stopped = |_: &vt100::Screen| {
            let ps = std::process::Command::new("ps").args(["-o", "stat=", "-p", &pid]).output().unwrap();
            String::from_utf8_lossy(&ps.stdout).trim_start().starts_with('T')
        };
        assert!(self.is_so(LONG_MS, is_stopped), "it did not stop");
    }

    pub(crate) fn see(&mut self, words: &str) {
        self.wait(&format!("`{words}`"), |screen| screen.contents().contains(words));
    }

    pub(crate) fn see_gone(&mut self, words: &str) {
        self.wait(&format!("`{words}` to go"), |screen| !screen.contents().contains(words));
    }

    pub(crate) fn see_quotes(&mut self) {
        self.wait("quotes", |s| prices(s).iter().filter(|p| p.contains('.')).count() >= 5);
    }

    /// Presses a key again and again until it has done its work, as a trader would.
    pub(crate) fn insist(&mut self, key: &str, words: &str) {
        for _ in 0..20 {
            self.press(key);
            if self.is_so(800, |screen| screen.contents().contains(words)) {
                return;
            }
        }
        panic!("{key:?} does not bring `{words}`:\n{}", self.text());
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill(Pid::from_raw(id), signal).unwrap();
    }

    fn resize(&mut self, to: (u16, u16)) {
        self.master.resize(size(to)).unwrap();
        self.parser.screen_mut().set_size(to.1.try_into().unwrap(), to.0.try_into().unwrap());
    }

    /// Waits for the end of the program.
    pub(crate) fn ended(&mut self) -> u32 {
        let start = self.clock.now().mono;
        while self.take_in(20) {
            assert!(self.clock.now().mono.since_ms(start) < LONG_MS, "it does not end:\n{}", self.text());
        }
        self.child.wait().unwrap().exit_code()
    }

    /// The terminal is as it was.
    fn assert_restored(&self, after: &str) {
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "{after}: the alternate screen stays");
        assert!(!screen.hide_cursor(), "{after}: the cursor is hidden");
        assert!(!screen.bracketed_paste(), "{after}: bracketed paste stays");
        assert_eq!(
            screen.mouse_protocol_mode(),
            vt100::MouseProtocolMode::None,
            "{after}: the mouse is kept"
        );
        assert_eq!(modes(&*self.master), self.before, "{after}: the modes differ");
    }

    /// Opens the ticket with these fields and waits for its figures.
    fn ticket(&mut self, symbol: &str, size: &str, stop: &str, target: &str) {
        self.press(&format!("b{symbol}"));
        self.see(&format!("BUY {symbol}"));
        self.press(TAB);
        self.press(size);
        self.press(TAB);
        self.press(TAB);
        self.press(stop);
        self.press(TAB);
        self.press(target);
        self.see("checks passed");
    }
}

/// The watched prices, without their ages.
fn prices(screen: &vt100::Screen) -> Vec<String> {
    let rows = screen.contents();
    rows.lines().skip(4).take(7).filter_map(|l| l.split_whitespace().nth(1).map(ToOwned::to_owned)).collect()
}

/// The first words of the Positions row of a symbol.
fn held(text: &str, symbol: &str) -> Vec<String> {
    let row = text.lines().filter_map(|l| l.split('│').nth(1)).find(|l| l.trim_start().starts_with(symbol));
    row.unwrap_or_default().split_whitespace().take(3).map(ToOwned::to_owned).collect()
}

#[test]
fn a_first_trade_from_an_empty_home_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let mut tty = dashboard(home.path(), &[]);
    assert!(
        tty.is_so(5_000, |s| s.contents().contains(" PAPER ")),
        "PAPER within five seconds:\n{}",
        tty.text()
    );
    tty.see_quotes();
    let first = prices(tty.parser.screen());
    assert!(tty.is_so(5_000, |s| prices(s) != first), "the quotes move:\n{}", tty.text());
    tty.see("trading is open");

    tty.ticket("TSLA", "risk 1%", "-3%", "2R");
    tty.press(ENTER);
    tty.see("Enter SENDS");
    tty.press(ENTER);
    tty.wait("the filled entry and its two children", |s| {
        let text = s.contents();
        let row = |words: &[&str]| text.lines().any(|l| words.iter().all(|w| l.contains(w)));
        row(&["TSLA", "buy", "filled"]) && row(&["├ target", "working"]) && row(&["└ stop", "held"])
    });
    tty.see("working 3");

    // So near that one of the two comes within seconds; then the other is gone.
    tty.ticket("NVDA", "10", "-0.03%", "0.5R");
    tty.press(ENTER);
    tty.see("Enter SENDS");
    tty.press(ENTER);
    // The market goes where it goes: the exits are near, and given time.
    let exit_fills = |s: &vt100::Screen| {
        s.contents().lines().any(|l| l.contains("NVDA") && l.contains("sell") && l.contains(':'))
    };
    assert!(tty.is_so(EXIT_MS, exit_fills), "neither target nor stop filled:\n{}", tty.text());
    tty.see("working 3");
    tty.wait("no more NVDA", |s| held(&s.contents(), "NVDA").is_empty());

    let kept = held(&tty.text(), "TSLA");
    assert_eq!(kept.len(), 3, "{kept:?}");
    let mut second = dashboard(home.path(), &[]);
    second.see("attached to the engine");
    second.see("TSLA");
    second.press(":quit\r");
    assert_eq!(second.ended(), 0);
    second.assert_restored("a second dashboard");

    tty.press(CTRL_C);
    tty.see("once more to quit");
    tty.press(CTRL_C);
    tty.see("2 working orders, 1 position");
    tty.press("y");
    assert_eq!(tty.ended(), 0, "{}", tty.text());
    tty.assert_restored("quit");

    let mut again = dashboard(home.path(), &[]);
    again.wait("the same account", |s| {
        held(&s.contents(), "TSLA") == kept && s.contents().contains("working 3")
    });
    again.signal(Signal::SIGTERM);
    assert_eq!(again.ended(), 0);
}

#[test]
fn one_order_of_fifty_enters_and_out_with_the_halt_key() {
    let home = tempfile::tempdir().unwrap();
    // F13: a notification service that takes the connection and never says a word. It stalls nothing.
    let bus = std::os::unix::net::UnixListener::bind(home.path().join("bus")).unwrap();
    bus.set_nonblocking(true).unwrap();
    let address = format!("unix:path={}", home.path().join("bus").display());
    let mut tty = dashboard(home.path(), &[("DBUS_SESSION_BUS_ADDRESS", &address)]);
    tty.see("trading is open");
    tty.see_quotes();

    tty.ticket("AAPL", "7", "-2%", "2R");
    // What is pasted is text, whatever it is: no Enter, no key.
    tty.press(&format!("{ESC}[200~\r\r\nq\r\x18\r{ESC}[201~"));
    tty.press(&format!("{TAB}{ESC}[Z"));
    tty.see("Enter review");
    assert!(!tty.text().contains("SENDS") && !tty.text().contains("Plan"), "{}", tty.text());
    tty.press(ESC);
    tty.see("b buy   s sell");

    tty.ticket("AAPL", "7", "-2%", "2R");
    tty.press(&ENTER.repeat(50));
    tty.wait("the position", |s| held(&s.contents(), "AAPL").get(1).is_some_and(|qty| qty == "+7"));
    // Whatever the other Enters did has been done when a later key shows.
    tty.press(":zz");
    tty.see(":zz");
    tty.press(ESC);
    tty.see_gone(":zz");
    tty.see("working 3");
    assert_eq!(held(&tty.text(), "AAPL")[1], "+7", "{}", tty.text());

    tty.press(HALT);
    tty.see("again FLATTENS");
    tty.press(ESC);
    tty.see_gone("again FLATTENS");
    tty.wait("HALT, which Esc keeps", |s| s.contents().lines().nth(1).is_some_and(|l| l.contains(" HALT ")));
    assert_eq!(held(&tty.text(), "AAPL")[1], "+7", "{}", tty.text());

    tty.press(HALT);
    tty.see("again FLATTENS");
    tty.insist(HALT, "FLAT: ");
    tty.see("flat: no positions");
    tty.see("working 0");
    assert!(tty.line(1).contains("LOCKED"), "{}", tty.text());
    tty.press(ESC);
    tty.see_gone("FLAT: ");
    assert!(bus.accept().is_ok(), "the service was asked to show something");
    // Nothing is open: nothing is asked.
    tty.press(&format!("{CTRL_C}{CTRL_C}"));
    assert_eq!(tty.ended(), 0);
    tty.assert_restored("quit");
}

/// Rows E4 and E15: the plan of a scope stands first with its counts and its account, one more Enter does it, and the
/// report stays until it is read and can be read again.
#[test]
fn a_scope_is_flattened_from_its_plan_and_its_report_can_be_read_again() {
    let home = tempfile::tempdir().unwrap();
    let mut tty = dashboard(home.path(), &[]);
    tty.see("trading is open");
    tty.see_quotes();
    tty.ticket("AAPL", "7", "-2%", "2R");
    tty.press(ENTER);
    tty.see("Enter SENDS");
    tty.press(ENTER);
    tty.wait("the position", |s| held(&s.contents(), "AAPL").get(1).is_some_and(|qty| qty == "+7"));
    tty.see("working 3");

    tty.press(":flatten AAPL\r");
    tty.see("Enter again FLATTENS");
    for words in [" PAPER ", "cancel 2 orders", "close 1 position"] {
        tty.see(words);
    }
    tty.press(ESC);
    tty.see_gone("Enter again FLATTENS");
    assert_eq!(held(&tty.text(), "AAPL")[1], "+7", "{}", tty.text());

    tty.press(":flatten AAPL\r");
    tty.see("Enter again FLATTENS");
    tty.see("close 1 position");
    tty.insist(ENTER, "by the venue's word");
    tty.see("flat: no positions");
    assert!(tty.line(1).contains("1 trade"), "the banner stays: {}", tty.text());
    tty.press(ESC);
    tty.see_gone("closes this report");
    tty.press("X");
    tty.see("closes this report");
    tty.press(ESC);
    tty.see_gone("closes this report");
    tty.press(":page risk\r");
    tty.see("day trades of five business days");
    tty.see("daily loss");
    tty.signal(Signal::SIGTERM);
    assert_eq!(tty.ended(), 0);
}

#[test]
fn stopped_continued_and_ended_by_signals() {
    let home = tempfile::tempdir().unwrap();
    let mut tty = dashboard(home.path(), &[]);
    tty.see("trading is open");
    tty.signal(Signal::SIGTSTP);
    tty.wait("the terminal back", |s| !s.alternate_screen() && !s.hide_cursor());
    tty.wait_stopped();
    tty.signal(Signal::SIGCONT);
    tty.wait("the screen again", |s| s.alternate_screen() && s.contents().contains(" PAPER "));
    tty.see("Watchlist");
    tty.signal(Signal::SIGTERM);
    assert_eq!(tty.ended(), 0);
    tty.assert_restored("SIGTERM");
    let mut tty = dashboard(home.path(), &[]);
    tty.see("trading is open");
    tty.signal(Signal::SIGINT);
    assert_eq!(tty.ended(), 0);
    tty.assert_restored("SIGINT");
}

/// A shell with job control that begins the dashboard, in a terminal of its own.
fn shell_with_dashboard(dir: &Path) -> Tty {
    let mut command = CommandBuilder::new("sh");
    command.args(["-i"]);
    command.env_clear();
    command.cwd(dir);
    command.env("HOME", dir);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("PS1", "ready> ");
    command.env("TRADEDECK_CONFIG", dir.join("config.toml"));
    command.env("TRADEDECK_STATE", dir.join("state"));
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    let mut tty = Tty::open(command);
    tty.see("ready> ");
    tty.press(&format!("'{}'\r", env!("CARGO_BIN_EXE_tradedeck")));
    tty
}

/// Ctrl-Z gives the shell its terminal, and what was typed behind it waits for `fg`.
#[test]
fn stopped_by_its_key_and_brought_back_by_the_shell() {
    let home = tempfile::tempdir().unwrap();
    // What a shell leaves behind that ends before it ends too.
    std::fs::write(home.path().join("config.toml"), "[session]\non_hangup = \"cancel\"\n").unwrap();
    let mut tty = shell_with_dashboard(home.path());
    tty.see("trading is open");
    for round in 1..=3 {
        tty.press(&format!("{CTRL_Z}:zz{round}"));
        tty.wait("the shell", |s| {
            !s.alternate_screen() && !s.hide_cursor() && s.contents().contains("Stopped")
        });
        // A line of its own behind what stands there already, whoever has read it.
        tty.press("\x15clear; echo here $((6 * 7))\r");
        tty.see("here 42");
        tty.press("fg\r");
        tty.wait("the screen again", |s| s.alternate_screen() && s.contents().contains("Watchlist"));
        tty.see(&format!(":zz{round}"));
        tty.press(ESC);
        tty.see_gone(&format!(":zz{round}"));
    }
    tty.press(":quit\r");
    // Behind the end keys are nobody's until the shell has its terminal.
    tty.wait("the shell", |s| !s.alternate_screen() && s.contents().matches("ready> ").count() > 1);
    tty.press("exit\r");
    assert_eq!(tty.ended(), 0);
}

/// What is typed while a screen closes does nothing, also where its engine goes on and would take it.
#[test]
fn behind_the_end_a_key_sends_nothing() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config.toml");
    std::fs::write(&path, "[hotkeys]\nF5 = { lines = [\"buy AAPL 7\"], level = \"send\" }\n").unwrap();
    let at = path.display().to_string();
    let mut first = dashboard(home.path(), &[("TRADEDECK_CONFIG", &at)]);
    first.see("trading is open");
    first.see_quotes();
    first.press(":arm\r");
    first.see("ARMED");
    let mut second = dashboard(home.path(), &[("TRADEDECK_CONFIG", &at)]);
    second.see("attached to the engine");
    second.see_quotes();
    second.see("ARMED");
    second.press(F5);
    second.wait("the position", |s| held(&s.contents(), "AAPL").get(1).is_some_and(|qty| qty == "+7"));
    second.press(&format!(":quit now\r{}", F5.repeat(20)));
    assert_eq!(second.ended(), 0, "{}", second.text());
    second.assert_restored("quit");
    // What the engine was asked before, it has done when it has done this.
    first.press(":lock the owl\r");
    first.see("the owl");
    let (code, said) = crate::counterparty::shell(home.path(), &["orders", "--all", "--json"]);
    assert_eq!(code, Some(0), "{said}");
    let orders: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(orders["orders"].as_array().map(Vec::len), Some(1), "{said}");
    first.signal(Signal::SIGTERM);
    assert_eq!(first.ended(), 0);
}

/// The terminal goes away (a line that drops, a window that is closed), and the configuration wants to be out then.
#[test]
fn a_lost_terminal_gets_out_where_the_configuration_says_so() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config.toml");
    std::fs::write(&path, "[session]\non_hangup = \"flatten\"\n").unwrap();
    let path = path.display().to_string();
    let mut tty = dashboard(home.path(), &[("TRADEDECK_CONFIG", &path)]);
    tty.see("trading is open");
    tty.see_quotes();
    tty.press(":buy AAPL 7 limit +1%\r");
    tty.see("Enter do it");
    tty.insist(ENTER, "Fills 1");
    tty.wait("the position", |s| held(&s.contents(), "AAPL").get(1).is_some_and(|qty| qty == "+7"));
    tty.signal(Signal::SIGHUP);
    assert_eq!(tty.ended(), 0);
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_tradedeck"))
        .args(["positions", "--json"])
        .env_clear()
        .env("HOME", home.path())
        .env("TRADEDECK_STATE", home.path().join("state"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(said.contains("\"positions\":[]") || said.contains("\"positions\": []"), "{said}");
}

/// A file that is saved while the program runs: a good one is taken up, a wrong one says why and changes nothing.
#[test]
fn the_configuration_is_read_anew_when_it_is_saved() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config.toml");
    std::fs::write(&path, "").unwrap();
    let at = path.display().to_string();
    let mut tty = dashboard(home.path(), &[("TRADEDECK_CONFIG", &at)]);
    tty.see("trading is open");
    std::fs::write(&path, "[ui]\npages = [\"mine\"]\n[pages]\nmine = \"chart | orders\"\n").unwrap();
    tty.see("the configuration was read anew");
    tty.wait("the page", |s| s.contents().contains("1 mine") && !s.contents().contains("Watchlist"));
    std::fs::write(&path, "[ui]\npages = [\"mine\"]\n[pages]\nmine = \"chart | ordres\"\n").unwrap();
    tty.see("there is no pane `ordres`, did you mean `orders`?");
    tty.see("1 mine");
    tty.signal(Signal::SIGTERM);
    assert_eq!(tty.ended(), 0);
}

#[test]
fn any_size_is_survived() {
    let home = tempfile::tempdir().unwrap();
    let mut tty = dashboard(home.path(), &[]);
    tty.see("trading is open");
    for round in 0..10_u16 {
        for to in [(1, 1), (12, 4), (79, 24), (80, 23), (80, 24), (300, 100), (2 + round, 1), (200, 60)] {
            tty.resize(to);
        }
    }
    tty.resize((60, 10));
    tty.see("needs 80x24");
    tty.see("^X HALT");
    tty.resize((300, 100));
    tty.see("Watchlist");
    tty.resize((80, 24));
    tty.see("Watchlist");
    tty.resize(BIG);
    tty.see("Positions");
    tty.signal(Signal::SIGTERM);
    assert_eq!(tty.ended(), 0);
    tty.assert_restored("resizing");
}

/// The numbers of every "select graphic rendition".
fn renditions(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw).into_owned();
    let mut found = Vec::new();
    for piece in text.split("\x1b[").skip(1) {
        let end = piece.find(|c: char| !(c.is_ascii_digit() || c == ';' || c == ':')).unwrap_or(piece.len());
        let (numbers, rest) = piece.split_at(end);
        if rest.starts_with('m') {
            found.extend(numbers.split([';', ':']).map(ToOwned::to_owned));
        }
    }
    found
}

#[test]
fn no_colour_and_no_sign_where_none_is_wanted() {
    let home = tempfile::tempdir().unwrap();
    let mut tty = dashboard(home.path(), &[("NO_COLOR", "1"), ("LANG", "C")]);
    tty.see("trading is open");
    tty.press("?");
    tty.press(ESC);
    tty.signal(Signal::SIGTERM);
    assert_eq!(tty.ended(), 0);
    let colours: Vec<_> = renditions(&tty.raw)
        .into_iter()
        .filter(|n| n.len() > 1 && n != "39" && n != "49" && n.starts_with(['3', '4', '9', '1']))
        .collect();
    assert!(colours.is_empty(), "NO_COLOR: {colours:?}");
    assert!(tty.raw.is_ascii(), "LANG=C takes ASCII only");
}

#[test]
fn a_terminal_that_can_t_show_it_is_told_so_in_one_sentence() {
    let home = tempfile::tempdir().unwrap();
    let mut tty = dashboard(home.path(), &[("TERM", "dumb")]);
    assert_eq!(tty.ended(), 2);
    let said = tty.text();
    assert!(said.contains("TERM is `dumb`"), "{said}");
    assert!(!tty.raw.contains(&0x1b), "{said}");

    let mut tty = dashboard(home.path(), &[("TRADEDECK_THEME", "darkish")]);
    assert_eq!(tty.ended(), 2);
    assert!(tty.text().contains("there is no theme `darkish`"), "{}", tty.text());

    let piped = std::process::Command::new(env!("CARGO_BIN_EXE_tradedeck"))
        .env_clear()
        .env("HOME", home.path())
        .env("TERM", "xterm-256color")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(piped.status.code(), Some(2));
    let said = String::from_utf8(piped.stderr).unwrap();
    assert!(said.contains("is not a terminal") && said.trim_end().lines().count() == 1, "{said}");
}

/// The environment variable that makes the test below the program that panics.
const PANICS: &str = "TRADEDECK_TEST_PANICS";

#[test]
fn the_terminal_is_given_back_before_a_panic_is_told() {
    if std::env::var_os(PANICS).is_some() {
        let terminal = Terminal::open(Some("xterm-256color"), Options { mouse: true }).unwrap();
        terminal.restore_on_panic();
        let died = std::thread::spawn(|| panic!("a task has died")).join();
        assert!(died.is_err());
        // As at the end of a program that does not drop what it holds.
        std::mem::forget(terminal);
        return;
    }
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "terminal::the_terminal_is_given_back_before_a_panic_is_told", "--nocapture"]);
    command.env(PANICS, "1");
    let mut tty = Tty::open(command);
    tty.see("a task has died");
    assert_eq!(tty.ended(), 0);
    tty.assert_restored("a panic");
    let raw = String::from_utf8_lossy(&tty.raw).into_owned();
    assert!(raw.contains("\x1b[?1049h"), "the terminal was taken");
    let (before, _) = raw.split_once("a task has died").unwrap();
    assert!(before.contains("\x1b[?1049l"), "the message stands on the trader's own screen");
}
