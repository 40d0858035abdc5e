//! The engine's local socket: front ends in other processes ask and see over it what the one in this process does. It
//! has a thread of its own, so that a screen that is slow, frozen or hostile costs the engine nothing.

use super::{
    attach::other_version,
    frames::{self, Room},
    lanes::{Asks, Joined},
};
use crate::{
    desk::{
        Envelope, Receipt, Reply, Request, RequestId, Snapshot,
        protocol::{Down, Grant, Hello, Up, VERSION, Welcome},
        update::Update,
    },
    domain::{ids::VenueId, order::Origin, text::Text},
    engine::Front,
};
use anyhow::Context as _;
use smol_str::SmolStr;
use std::{
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};
use tokio::{
    net::{UnixListener, UnixStream, unix::OwnedReadHalf},
    sync::{mpsc, watch},
    task::JoinSet,
};

/// Front ends at a time.
const FRONTS_MAX: usize = 16;
/// How long a front end may take to greet.
const GREETS_WITHIN: Duration = Duration::from_secs(5);
/// How long it is tried to tell the front ends that the engine has ended.
const FAREWELL: Duration = Duration::from_secs(1);
/// After a connection that could not be taken (no file descriptors left).
const RETRY: Duration = Duration::from_millis(200);

/// Where the engine of a profile listens.
pub(super) fn socket_path(state: &Path) -> PathBuf {
    state.join("engine.sock")
}

/// What is served.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) asks: Asks,
    pub(super) joins: mpsc::Sender<Joined>,
    pub(super) snapshots: watch::Receiver<Arc<Snapshot>>,
    /// The account that live trading was confirmed for, where there is a live one.
    pub(super) live: Option<SmolStr>,
    pub(super) faults: Vec<(VenueId, Text)>,
}

/// The open socket. It goes with this.
#[derive(Debug)]
pub(super) struct Socket {
    path: PathBuf,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Socket {
    /// Takes nothing new and asks nothing more; who is there still sees what comes, until the engine ends.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.stop();
        // What is left behind refuses connections, which reads as "no engine".
        drop(std::fs::remove_file(&self.path));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Opens the socket in `state`. Only the run that holds the profile's lock may: a socket that is there is a dead run's.
///
/// # Errors
/// When the system gives no socket there.
pub(super) fn serve(state: &Path, served: Served) -> anyhow::Result<Socket> {
    let path = socket_path(state);
    let said = || format!("the engine's socket {}", path.display());
    match std::fs::remove_file(&path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why).with_context(said),
        Ok(()) | Err(_) => {}
    }
    let listener = std::os::unix::net::UnixListener::bind(&path).with_context(said)?;
    // The directory is the owner's alone already.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).with_context(said)?;
    listener.set_nonblocking(true).with_context(said)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = watch::channel(false);
    let thread = std::thread::Builder::new().name("desk-socket".to_owned()).spawn(move || {
        runtime.block_on(async {
            match UnixListener::from_std(listener) {
                Ok(listener) => accept(listener, served, stopped).await,
                Err(why) => tracing::error!(%why, "no front end can attach"),
            }
        });
    })?;
    Ok(Socket { path, stop, thread: Some(thread) })
}

async fn accept(listener: UnixListener, served: Served, mut stopped: watch::Receiver<bool>) {
    let mut fronts = JoinSet::new();
    let for_fronts = stopped.clone();
    let mut last = Front(0);
    let served = Arc::new(served);
    loop {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => break,
            Some(_) = fronts.join_next() => {}
            stream = listener.accept() => match stream {
                Ok((stream, _)) => {
                    last = Front(last.0.wrapping_add(1).max(1));
                    let is_full = fronts.len() >= FRONTS_MAX;
                    fronts.spawn(meet(stream, last, is_full, Arc::clone(&served), for_fronts.clone()));
                }
                Err(why) => {
                    tracing::warn!(%why, "a front end could not attach");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }
    drop(listener);
    // The lanes close, so that the engine need not wait for front ends; who is there sees its end.
    let mut snapshots = served.snapshots.clone();
    drop(served);
    while snapshots.changed().await.is_ok() {}
    let farewell = async { while fronts.join_next().await.is_some() {} };
    if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
        tracing::warn!("a front end did not hear that the engine has ended");
    }
}

/// One front end, from its greeting to its end.
async fn meet(
    stream: UnixStream,
    front: Front,
    is_full: bool,
    served: Arc<Served>,
    stopped: watch::Receiver<bool>,
) {
    if let Err(why) = serve_one(stream, front, is_full, served, stopped).await {
        tracing::debug!(front = front.0, %why, "a front end went");
    }
}

/// What speaks against this front end, in one sentence.
fn refusal(hello: &Hello, is_full: bool) -> Option<Text> {
    if hello.tradedeck != VERSION {
        return Some(other_version(env!("CARGO_PKG_VERSION")));
    }
    is_full.then(|| Text::clean(&format!("{FRONTS_MAX} front ends are attached already; end one of them")))
}

fn grant(hello: &Hello, live: Option<&SmolStr>) -> Grant {
    if hello.looks {
        Grant::Looks
    } else if live.is_some() && hello.live.as_ref() != live {
        Grant::Exits
    } else {
        Grant::All
    }
}

async fn serve_one(
    stream: UnixStream,
    front: Front,
    is_full: bool,
    served: Arc<Served>,
    stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    if peer != nix::unistd::geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("user {peer} is not the owner")));
    }
    let (mut read, mut write) = stream.into_split();
    let hello: Hello = tokio::time::timeout(GREETS_WITHIN, frames::greeting(&mut read)).await??;
    let refused = refusal(&hello, is_full);
    let grant = grant(&hello, served.live.as_ref());
    let welcome = Welcome {
        tradedeck: VERSION,
        program: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        grant,
        refused: refused.clone(),
        faults: served.faults.clone(),
    };
    frames::greet(&mut write, &welcome).await?;
    if refused.is_some() {
        return Ok(());
    }
    let (receipt_in, receipts) = mpsc::channel(256);
    let joins = served.joins.clone();
    if joins.send(Joined::Comes(front, receipt_in.clone())).await.is_err() {
        return Ok(());
    }
    let snapshots = served.snapshots.clone();
    let asks = served.asks.clone();
    drop(served);
    let reader = Reader { asks, front, grant, refusals: receipt_in };
    let told = tokio::select! {
        ended = reader.listen(read, stopped) => ended,
        told = tell(write, receipts, snapshots) => told,
    };
    // Where the engine has ended nobody need know.
    drop(joins.try_send(Joined::Goes(front)));
    told
}

/// Takes what a front end asks.
#[derive(Debug)]
struct Reader {
    asks: Asks,
    front: Front,
    grant: Grant,
    refusals: mpsc::Sender<Receipt>,
}

impl Reader {
    /// Until it goes. Once the engine is to end it hears nobody and waits: what is told goes on.
    async fn listen(self, mut read: OwnedReadHalf, mut stopped: watch::Receiver<bool>) -> io::Result<()> {
        let heard = async {
            let mut room = Room::default();
            while let Some(up) = room.read::<Up>(&mut read).await? {
                self.take(up).await;
            }
            io::Result::Ok(())
        };
        let is_stopped = tokio::select! {
            ended = heard => return ended,
            stop = stopped.wait_for(|stop| *stop) => stop.is_ok(),
        };
        drop(self);
        if is_stopped {
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    async fn take(&self, up: Up) {
        let envelope = match up {
            // Who goes just goes: the engine stays.
            Up::Ask(Envelope { request: Request::Quit, .. }) => return,
            Up::Ask(envelope) => envelope,
            Up::End => Envelope { id: RequestId(u64::MAX), origin: Origin::Shell, request: Request::Quit },
        };
        let id = envelope.id;
        let is_end = matches!(envelope.request, Request::Quit);
        let needs = if is_end { Grant::All } else { envelope.request.needs() };
        let refused = if needs > self.grant {
            Some(Receipt { id, reply: refused(self.grant) })
        } else {
            self.asks.ask(self.front, envelope).err()
        };
        if let Some(receipt) = refused {
            // Whoever does not take its answers waits for its next question.
            drop(self.refusals.send(receipt).await);
        }
    }
}

fn refused(grant: Grant) -> Reply {
    let text = match grant {
        Grant::Exits => {
            "this front end may look and get out: the accounts are live; attach with `--live` and the last four characters \
             of the account to trade them"
        }
        Grant::Looks | Grant::All => "this front end only looks; nothing was done",
    };
    Reply::Refused { text: Text::clean(text), field: None, checks: Vec::new() }
}

/// Tells answers, and what is new on the screen: always the newest, whatever lies between.
async fn tell(
    mut write: tokio::net::unix::OwnedWriteHalf,
    mut receipts: mpsc::Receiver<Receipt>,
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
) -> io::Result<()> {
    let mut room = Room::default();
    let mut told = Arc::new(Snapshot::default());
    snapshots.mark_changed();
    loop {
        tokio::select! {
            biased;
            Some(receipt) = receipts.recv() => room.write(&mut write, &Down::Receipt(receipt)).await?,
            changed = snapshots.changed() => {
                let newest = Arc::clone(&snapshots.borrow_and_update());
                if newest.seq != told.seq {
                    let update = Update::between(&told, &newest);
                    room.write(&mut write, &Down::Update(update)).await?;
                    told = newest;
                }
                if changed.is_err() {
                    return room.write(&mut write, &Down::Ended).await;
                }
            }
        }
    }
}
