//! The desktop's notifications, on a thread of their own: the service may hang, and then only this hangs. A machine
//! without one (a server, ssh) is normal.

use super::{Again, Failure, Message, fitted};
use crate::domain::alert::Severity;
use std::{
    io,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
};
use tokio::sync::oneshot;

/// The longest that is shown.
const CHARS_MAX: usize = 1_000;

type Shown = oneshot::Sender<Result<(), String>>;

#[derive(Debug)]
struct Bubble {
    summary: String,
    body: String,
    severity: Severity,
    done: Shown,
}

/// The way to the thread.
#[derive(Debug)]
pub struct Desktop {
    bubbles: SyncSender<Bubble>,
}

impl Desktop {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives none.
    pub fn new() -> io::Result<Self> {
        let (bubbles, waiting) = sync_channel(1);
        std::thread::Builder::new().name("notify-desktop".to_owned()).spawn(move || run(&waiting))?;
        Ok(Self { bubbles })
    }

    /// Shows it once.
    ///
    /// # Errors
    /// There is no service, or it does not take it.
    pub async fn send(&self, m: &Message) -> Result<(), Failure> {
        let (done, shown) = oneshot::channel();
        let bubble = Bubble { summary: summary(m), body: body(m), severity: m.severity, done };
        match self.bubbles.try_send(bubble) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                return Err(Failure::new("the notification service does not answer", Again::Never));
            }
            Err(TrySendError::Disconnected(_)) => {
                return Err(Failure::new("the thread that shows notifications has ended", Again::Never));
            }
        }
        match shown.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(why)) => Err(Failure::new(&format!("no notification service here: {why}"), Again::Never)),
            Err(_) => Err(Failure::new("the thread that shows notifications has ended", Again::Never)),
        }
    }
}

fn run(waiting: &Receiver<Bubble>) {
    while let Ok(bubble) = waiting.recv() {
        let shown = show(&bubble).map_err(|why| why.to_string());
        // Whoever waited may have given up.
        drop(bubble.done.send(shown));
    }
}

fn show(bubble: &Bubble) -> Result<(), notify_rust::error::Error> {
    let urgency = match bubble.severity {
        Severity::Emergency => notify_rust::Urgency::Critical,
        Severity::Critical | Severity::Warning | Severity::Info => notify_rust::Urgency::Normal,
    };
    notify_rust::Notification::new()
        .appname("tradedeck")
        .summary(&bubble.summary)
        .body(&bubble.body)
        .urgency(urgency)
        .show()
        .map(drop)
}

/// The summary is plain text.
fn summary(m: &Message) -> String {
    format!("Tradedeck {}", m.title)
}

/// The body, with the service's markup escaped: a venue's words must not become links or pictures.
fn body(m: &Message) -> String {
    fitted(&m.body(), CHARS_MAX, |c, out| match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        other => out.push(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::notice;

    /// J11: markup in a text of others.
    #[test]
    fn markup_is_escaped() {
        let mut m = Message::of(&notice("<a href=\"x\">win & lose</a>"), false);
        m.held_back = 3;
        assert_eq!(
            body(&m),
            "&lt;a href=\"x\"&gt;win &amp; lose&lt;/a&gt; (3 more of this kind were held back)"
        );
    }
}
