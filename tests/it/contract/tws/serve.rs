//! The stand-in of IB Gateway on a socket: greeting, frames, programs that come and go.

use super::gateway::{Gateway, Out};
use crate::contract::background::Background;
use std::{io, net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Mutex, mpsc},
};

/// Messages are numbered from here on when they are protocol buffers.
const PROTOBUF: u32 = 200;
/// What the stand-in speaks.
const NEWEST: u32 = 226;

type Shared = Arc<Mutex<Gateway>>;

/// The running server. It ends with this.
#[derive(Debug)]
pub(crate) struct Running {
    server: Background,
    gateway: Shared,
}

impl Running {
    pub(crate) fn start(change: impl FnOnce(&mut Gateway)) -> Self {
        Self::speaking(NEWEST, change)
    }

    pub(crate) fn speaking(version: u32, change: impl FnOnce(&mut Gateway)) -> Self {
        let mut gateway = Gateway::new();
        change(&mut gateway);
        let gateway = Arc::new(Mutex::new(gateway));
        let shared = Arc::clone(&gateway);
        let server = Background::start(async move |listener| {
            let serve = async {
                let mut programs = tokio::task::JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    programs.spawn(attend(stream, Arc::clone(&shared), version));
                }
            };
            let ticks = async {
                loop {
                    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                    let mut gateway = shared.lock().await;
                    for name in gateway.markets.keys().cloned().collect::<Vec<_>>() {
                        gateway.shout(&name);
                    }
                }
            };
            tokio::select! {
                () = serve => {}
                () = ticks => {}
            }
        });
        Self { server, gateway }
    }

    pub(crate) const fn addr(&self) -> SocketAddr {
        self.server.addr
    }

    /// Looks at the gateway, or changes it.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Gateway) -> T) -> T {
        look(&mut self.gateway.blocking_lock())
    }
}

async fn frame(from: &mut OwnedReadHalf) -> io::Result<Vec<u8>> {
    let len = usize::try_from(from.read_u32().await?).unwrap();
    assert!(len < 1 << 20, "a frame of {len} bytes");
    let mut body = vec![0; len];
    from.read_exact(&mut body).await?;
    Ok(body)
}

/// `v213..226` → the newest that both speak.
fn agreed(offer: &str, newest: u32) -> Option<u32> {
    let (least, most) = offer.strip_prefix('v')?.split_once("..")?;
    let most: u32 = most.split_whitespace().next()?.parse().ok()?;
    let version = most.min(newest);
    // An older one says its own, and leaves it to the other side what to make of it.
    (version >= least.parse().ok()? || newest < 213).then_some(version)
}

async fn attend(stream: TcpStream, shared: Shared, version: u32) {
    stream.set_nodelay(true).unwrap();
    let (mut from, to) = stream.into_split();
    drop(talk(&mut from, to, shared, version).await);
}

async fn talk(
    from: &mut OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: Shared,
    newest: u32,
) -> io::Result<()> {
    let mut hello = [0; 4];
    from.read_exact(&mut hello).await?;
    assert_eq!(&hello, b"API\0");
    let offer = String::from_utf8(frame(from).await?).unwrap();
    let Some(version) = agreed(&offer, newest) else { return Ok(()) };
    let greeting = format!("{version}\020261129 16:00:00 US/Eastern\0");
    to.write_u32(u32::try_from(greeting.len()).unwrap()).await?;
    to.write_all(greeting.as_bytes()).await?;
    // The first message says which program it is.
    let body = frame(from).await?;
    let (id, rest) = message(&body);
    assert_eq!(id, 71, "not StartApi");
    let client = super::fields::Fields::read(rest).unwrap().number(1);
    let (out, mut outgoing) = mpsc::channel(65_536);
    let stays = shared.lock().await.join(client, out.clone());
    let write = async move {
        while let Some(next) = outgoing.recv().await {
            match next {
                Out::Frame(id, body) => {
                    let len = u32::try_from(body.len()).unwrap() + 4;
                    to.write_u32(len).await?;
                    to.write_u32(u32::try_from(id).unwrap() + PROTOBUF).await?;
                    to.write_all(&body).await?;
                }
                Out::Hang => break,
            }
        }
        to.shutdown().await
    };
    let gateway = Arc::clone(&shared);
    let read = async {
        if !stays {
            return std::future::pending::<io::Result<()>>().await;
        }
        loop {
            let body = frame(from).await?;
            let (id, rest) = message(&body);
            gateway.lock().await.hear(client, id, rest);
        }
    };
    let ended = tokio::select! {
        ended = write => ended,
        ended = read => ended,
    };
    if stays {
        shared.lock().await.leave(client, &out);
    }
    ended
}

fn message(body: &[u8]) -> (i32, &[u8]) {
    let (id, rest) = body.split_first_chunk::<4>().unwrap();
    (i32::try_from(u32::from_be_bytes(*id).checked_sub(PROTOBUF).unwrap()).unwrap(), rest)
}
