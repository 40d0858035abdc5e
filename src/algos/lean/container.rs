//! Commands into a container, with the program that runs it: the engine's working directory is the image's own
//! (LEAN.md 2.3). What is sent comes on standard input, never through a shell's quotes.

use super::command::{Command, OURS, answer_name, draft_name, file_name};
use crate::domain::text::Text;
use std::{path::PathBuf, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process,
};

/// One call may take so long; a daemon that hangs must not hang us.
const CALL: Duration = Duration::from_secs(6);
/// So much of what a call says is read.
const SAID_MAX: u64 = 1024 * 1024;

/// Writes it beside, checks that all of it came, and renames it into place: a program that dies while it hands on would
/// otherwise leave half a command, which the engine reads and loses.
const PLACE: &str = r#"rm -f "$4"; cat > "$1" && if [ "$(wc -c < "$1")" -eq "$3" ]; then mv "$1" "$2"; else rm -f "$1"; exit 9; fi"#;
/// What [`PLACE`] ends with where not all of it came.
const SHORT: i32 = 9;
/// Says whether it was still there.
const TAKE_BACK: &str = r#"rm -f "$2"; if mv "$1" "$2" 2>/dev/null; then rm -f "$2" && echo back; else test ! -e "$1" && echo taken; fi"#;
/// What an earlier run of ours left for over a minute.
const SWEEP: &str = r#"find . -maxdepth 1 -type f \( -name "command-*-$1*.json" -o -name "result-command-$1*.json" -o -name ".tradedeck-$1*.tmp" \) -mmin +1 -delete"#;

/// A container and the way into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// `docker`, or what stands for it.
    pub docker: PathBuf,
    /// Its name.
    pub name: String,
}

/// How a call ended.
struct Said {
    is_ok: bool,
    code: Option<i32>,
    out: Vec<u8>,
    err: String,
}

impl Container {
    /// Does it run?
    ///
    /// # Errors
    /// Why nothing can be sent.
    pub async fn check(&self) -> Result<(), Text> {
        let said = self.call(&["inspect", "-f", "{{.State.Running}}", &self.name], &[]).await?;
        if said.is_ok && said.out.trim_ascii() == b"true" {
            return Ok(());
        }
        let why = if said.is_ok { "it is not running".to_owned() } else { said.err };
        Err(Text::clean(&format!("container {}: {why}", self.name)))
    }

    /// Puts a command where the engine looks, and says under which name. The inner error says that nobody knows whether
    /// it is there: what was done before it failed is found out by taking it back.
    ///
    /// # Errors
    /// It is certainly not there.
    pub async fn place(&self, command: &Command, unix_ms: i64) -> Result<(String, Result<(), Text>), Text> {
        let name = file_name(unix_ms, &command.token);
        let (draft, answer) = (draft_name(&command.token), answer_name(&command.id));
        let length = command.json.len().to_string();
        let call = self.shell(PLACE, &[&draft, &name, &length, &answer], command.json.as_bytes()).await;
        let placed = match call {
            Ok(said) if said.is_ok => Ok(()),
            Ok(said) if said.code == Some(SHORT) => {
                return Err(Text::clean("only a part of the command reached the container, and was removed"));
            }
            Ok(said) => Err(Text::clean(&said.err)),
            Err(why) => Err(why),
        };
        Ok((name, placed))
    }

    /// The answer, if there is one.
    pub async fn answer(&self, id: &str) -> Option<Vec<u8>> {
        let said = self.call(&["exec", &self.name, "cat", &answer_name(id)], &[]).await.ok()?;
        (said.is_ok && !said.out.is_empty()).then_some(said.out)
    }

    /// The engine never removes its answers.
    pub async fn clear(&self, id: &str) {
        if let Err(why) = self.call(&["exec", &self.name, "rm", "-f", &answer_name(id)], &[]).await {
            tracing::warn!(%why, "an answer of LEAN can't be removed");
        }
    }

    /// Takes a command back: true if it was still there and is gone now, false if it had been taken, or never came.
    ///
    /// # Errors
    /// It may still be there.
    pub async fn take_back(&self, name: &str, token: &str) -> Result<bool, Text> {
        let said = self.shell(TAKE_BACK, &[name, &draft_name(token)], &[]).await?;
        match said.out.trim_ascii() {
            b"back" => Ok(true),
            b"taken" => Ok(false),
            _ => Err(Text::clean(&said.err)),
        }
    }

    /// Removes what an earlier run of ours left.
    pub async fn sweep(&self) {
        if let Err(why) = self.shell(SWEEP, &[OURS], &[]).await {
            tracing::debug!(%why, "nothing is swept in the container");
        }
    }

    async fn shell(&self, script: &str, args: &[&str], input: &[u8]) -> Result<Said, Text> {
        let mut all = vec!["exec", "-i", &self.name, "sh", "-c", script, "sh"];
        all.extend_from_slice(args);
        self.call(&all, input).await
    }

    /// Runs the program once. An error says that it could not be started, or did not end in time.
    async fn call(&self, args: &[&str], input: &[u8]) -> Result<Said, Text> {
        let failed = |e: std::io::Error| Text::clean(&format!("{}: {e}", self.docker.display()));
        let mut child = process::Command::new(&self.docker)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let hand_on = async {
            let Some(mut stdin) = stdin else { return };
            // Whoever does not read to the end says so by its exit code.
            if let Err(error) = stdin.write_all(input).await {
                tracing::debug!(%error, "the program for containers did not read all of it");
            }
        };
        let listen = async {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let reads = async {
                if let Some(stdout) = stdout {
                    stdout.take(SAID_MAX).read_to_end(&mut out).await?;
                }
                std::io::Result::Ok(())
            };
            let complains = async {
                if let Some(stderr) = stderr {
                    stderr.take(SAID_MAX).read_to_end(&mut err).await?;
                }
                std::io::Result::Ok(())
            };
            let ((), read, complained) = tokio::join!(hand_on, reads, complains);
            let status = child.wait().await;
            read.and(complained).and(status).map(|status| (status, out, err))
        };
        match tokio::time::timeout(CALL, listen).await {
            Ok(Ok((status, out, err))) => {
                let err = String::from_utf8_lossy(&err).trim().to_owned();
                let err = if err.is_empty() { format!("it ended with {status}") } else { err };
                Ok(Said { is_ok: status.success(), code: status.code(), out, err })
            }
            Ok(Err(error)) => Err(failed(error)),
            Err(_) => Err(Text::clean(&format!("{} does not answer", self.docker.display()))),
        }
    }
}
