//! The way to an engine that runs in another process of this profile: its local socket, from a front end's side.

use super::{
    frames::Room,
    lanes::{Desk, Lane},
    serve::socket_path,
};
use crate::{
    clock::{Clock, System},
    desk::{
        Envelope, Receipt, Snapshot,
        protocol::{Down, GREETING_MAX, Grant, Hello, Up, VERSION, Welcome},
    },
    domain::{ids::VenueId, text::Text},
};
use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    sync::{mpsc, watch},
};

/// How long a running engine may take to greet: beyond that it does not answer.
pub const GREETS_WITHIN: Duration = Duration::from_secs(1);

/// Why an engine that is there can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttachError {
    /// It took the connection, or could not even do that, and said nothing.
    #[error("the engine of this profile does not answer within {} s", GREETS_WITHIN.as_secs())]
    Silent,
    /// It says why not.
    #[error("{0}")]
    Refused(Text),
    /// Something else listens there, or the system is in the way.
    #[error("the engine's socket {path} can't be used: {why}")]
    Broken {
        /// Where.
        path: String,
        /// In the system's words.
        why: String,
    },
}

/// How a connection to an engine stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tie {
    /// It holds.
    Holds,
    /// The engine ended in order.
    Ended,
    /// The connection broke, or what came could not be read.
    Broken(Text),
}

/// A desk at an engine in another process.
#[derive(Debug)]
pub struct Attachment {
    /// The way to the engine.
    pub desk: Desk,
    /// The time: the engine's too, which counts from the same moment.
    pub clock: Arc<dyn Clock>,
    /// Its process.
    pub pid: u32,
    /// What may be had done.
    pub grant: Grant,
    /// Paper venues that make faults on purpose, with a sentence about each.
    pub faults: Vec<(VenueId, Text)>,
    /// How the connection stands.
    pub tie: watch::Receiver<Tie>,
    end: mpsc::Sender<()>,
}

impl Attachment {
    /// Asks the engine to end in order, and with it all of its front ends.
    pub fn end(&self) {
        // Room for one: who asked already need not ask again.
        let (Ok(()) | Err(_)) = self.end.try_send(());
    }
}

/// Attaches to the engine of the profile whose state is kept in `state`; `None` where none runs.
///
/// # Errors
/// When one runs and can't be used.
pub fn attach(state: &Path, hello: &Hello) -> Result<Option<Attachment>, AttachError> {
    let path = socket_path(state);
    let broken = |why: &dyn std::fmt::Display| AttachError::Broken {
        path: path.display().to_string(),
        why: why.to_string(),
    };
    let stream = match UnixStream::connect(&path) {
        Ok(stream) => stream,
        // What a killed engine left behind refuses.
        Err(why) if matches!(why.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(why) if why.kind() == ErrorKind::WouldBlock => return Err(AttachError::Silent),
        Err(why) => return Err(broken(&why)),
    };
    let welcome = match greet(&stream, hello) {
        Ok(welcome) => welcome,
        Err(why) if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            return Err(AttachError::Silent);
        }
        // It ended as we came.
        Err(why)
            if matches!(
                why.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
            ) =>
        {
            return Ok(None);
        }
        Err(why) => return Err(broken(&why)),
    };
    if let Some(why) = welcome.refused {
        return Err(AttachError::Refused(why));
    }
    if welcome.tradedeck != VERSION {
        return Err(AttachError::Refused(other_version(&welcome.program)));
    }
    converse(stream, welcome).map_err(|why| broken(&why))
}

/// Greets and is greeted, before anything else is done: whoever calls may be within a runtime already.
fn greet(mut stream: &UnixStream, hello: &Hello) -> io::Result<Welcome> {
    let clock = System::start();
    let until = clock.now().mono.plus_ms(u64::try_from(GREETS_WITHIN.as_millis()).ok().unwrap_or(u64::MAX));
    stream.set_read_timeout(Some(GREETS_WITHIN))?;
    stream.set_write_timeout(Some(GREETS_WITHIN))?;
    let mut line = serde_json::to_vec(hello)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    line.clear();
    let mut byte = [0_u8];
    // One at a time: what stands behind the line is the first message's.
    loop {
        stream.read_exact(&mut byte)?;
        match byte {
            [b'\n'] => return serde_json::from_slice(&line).map_err(io::Error::from),
            [byte] if line.len() < GREETING_MAX => line.push(byte),
            _ => return Err(io::Error::new(ErrorKind::InvalidData, "the greeting has no end")),
        }
        if clock.now().mono > until {
            return Err(ErrorKind::TimedOut.into());
        }
    }
}

/// What an engine of another version is told, and tells.
pub(super) fn other_version(theirs: &str) -> Text {
    Text::clean(&format!(
        "the engine that runs is of version {theirs} and this program of {}: they can't talk; use the same program for \
         both, or end the engine with its own `tradedeck engine stop`",
        env!("CARGO_PKG_VERSION")
    ))
}

fn converse(stream: UnixStream, welcome: Welcome) -> io::Result<Option<Attachment>> {
    stream.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (emergency_in, emergency) = mpsc::channel(16);
    let (operator_in, operator) = mpsc::channel(64);
    let (receipt_in, receipts) = mpsc::channel(256);
    let (snapshot_in, snapshots) = watch::channel(Arc::new(Snapshot::default()));
    let (tie_in, tie) = watch::channel(Tie::Holds);
    let (end, ends) = mpsc::channel(1);
    std::thread::Builder::new().name("desk".to_owned()).spawn(move || {
        let ended = runtime.block_on(async {
            let (read, write) = tokio::net::UnixStream::from_std(stream)?.into_split();
            tokio::select! {
                ended = listen(read, &receipt_in, &snapshot_in) => ended,
                ended = speak(write, emergency, operator, ends) => ended,
            }
        });
        // Before the channels close: who sees them closed can ask why.
        tie_in.send_replace(match ended {
            Ok(()) => Tie::Ended,
            Err(why) => Tie::Broken(Text::clean(&why.to_string())),
        });
    })?;
    let desk =
        Desk { lane: Lane::Attached { emergency: emergency_in, operator: operator_in }, receipts, snapshots };
    let clock = Arc::new(System::start());
    let Welcome { pid, grant, faults, .. } = welcome;
    Ok(Some(Attachment { desk, clock, pid, grant, faults, tie, end }))
}

/// Takes what the engine says until it ends.
async fn listen(
    mut read: OwnedReadHalf,
    receipts: &mpsc::Sender<Receipt>,
    snapshots: &watch::Sender<Arc<Snapshot>>,
) -> io::Result<()> {
    let mut room = Room::default();
    let mut latest = Arc::new(Snapshot::default());
    loop {
        match room.read::<Down>(&mut read).await? {
            None => {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the connection ended without a word"));
            }
            Some(Down::Ended) => return Ok(()),
            Some(Down::Receipt(receipt)) => {
                if receipts.send(receipt).await.is_err() {
                    return Ok(());
                }
            }
            Some(Down::Update(update)) => {
                let mut next = Snapshot::clone(&latest);
                update.put(&mut next).map_err(|why| io::Error::new(ErrorKind::InvalidData, why))?;
                latest = Arc::new(next);
                if snapshots.send(Arc::clone(&latest)).is_err() {
                    return Ok(());
                }
            }
        }
    }
}

/// Hands on what is asked, emergencies first, until nobody is left who could ask.
async fn speak(
    mut write: OwnedWriteHalf,
    mut emergency: mpsc::Receiver<Envelope>,
    mut operator: mpsc::Receiver<Envelope>,
    mut ends: mpsc::Receiver<()>,
) -> io::Result<()> {
    let mut room = Room::default();
    loop {
        let asked = tokio::select! {
            biased;
            Some(envelope) = emergency.recv() => Up::Ask(envelope),
            Some(envelope) = operator.recv() => Up::Ask(envelope),
            Some(()) = ends.recv() => Up::End,
            else => return Ok(()),
        };
        room.write(&mut write, &asked).await?;
    }
}
