//! A program of the user's own, started for each message without a shell: it reads the message as JSON on its standard
//! input. What it prints is not read. It is ended, with what it started, when it takes too long.

use super::{Again, Failure, Message, document};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};

/// The program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its path, or its name.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The longest that it may take.
    pub limit: Duration,
}

/// Ends a group of processes unless it is told that there is none any more.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0
            && let Err(why) = killpg(group, Signal::SIGKILL)
        {
            tracing::debug!(%why, "a command had ended by itself a moment before");
        }
    }
}

impl Program {
    /// Runs it once.
    ///
    /// # Errors
    /// It can't be started, failed, or took too long.
    pub async fn send(&self, m: &Message) -> Result<(), Failure> {
        let name = &self.program;
        let mut command = Command::new(name);
        command
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command
            .spawn()
            .map_err(|e| Failure::new(&format!("`{name}` can't be started: {e}"), Again::Never))?;
        let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw));
        let stdin = child.stdin.take();
        let document = format!("{}\n", document::document(m));
        let whole = async {
            if let Some(mut stdin) = stdin {
                // One that does not read its input has decided so.
                drop(stdin.write_all(document.as_bytes()).await);
            }
            child.wait().await
        };
        let status = match timeout(self.limit, whole).await {
            Ok(Ok(status)) => status,
            Ok(Err(e)) => {
                return Err(Failure::new(&format!("`{name}` can't be waited for: {e}"), Again::Never));
            }
            Err(_) => {
                let seconds = self.limit.as_secs();
                return Err(Failure::new(
                    &format!("`{name}` did not end within {seconds} s and was ended"),
                    Again::Never,
                ));
            }
        };
        group.0 = None;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::new(&format!("`{name}` failed ({status})"), Again::Never))
        }
    }
}
