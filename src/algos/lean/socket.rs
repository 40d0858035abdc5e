//! The stream of a LEAN that runs beside us: connected, watched, connected again after a wait that grows.

use super::{
    live::News,
    packet,
    zmtp::{self, Frame, Frames},
};
use crate::{
    clock::Clock,
    domain::text::Text,
    transport::{
        backoff::{self, Backoff},
        dice,
    },
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
};

/// Connecting, and everything until the first frame.
const READY: Duration = Duration::from_secs(10);
/// Waits between attempts: LEAN may come up at any time, and asking a port of this computer costs nothing.
const WAITS: backoff::Plan = backoff::Plan { base_ms: 500, cap_ms: 5_000, floor_ms: 200, held_ms: 10_000 };

/// Reads packets until nobody takes them any more. The channel is bounded: while it is full LEAN waits, and queues.
pub async fn run(addr: SocketAddr, clock: Arc<dyn Clock>, out: mpsc::Sender<News>) {
    let mut backoff = Backoff::new(WAITS);
    let mut has_failed = false;
    loop {
        let why = match tokio::time::timeout(READY, connect(addr)).await {
            Ok(Ok(stream)) => {
                backoff.opened(clock.now().mono);
                if out.send(News::Up { is_new: has_failed }).await.is_err() {
                    return;
                }
                match read(stream, &out).await {
                    Some(why) => why,
                    None => return,
                }
            }
            Ok(Err(why)) => why,
            Err(_) => "it does not answer".to_owned(),
        };
        has_failed = true;
        let why = Text::clean(&format!("no stream from {addr}: {why}"));
        if out.send(News::Down(why)).await.is_err() {
            return;
        }
        let now = clock.now().mono;
        let until = backoff.failed(now, dice());
        tokio::select! {
            () = out.closed() => return,
            () = tokio::time::sleep(Duration::from_millis(until.since_ms(now))) => {}
        }
    }
}

async fn connect(addr: SocketAddr) -> Result<(TcpStream, Frames), String> {
    let said = |e: std::io::Error| e.to_string();
    let mut stream = TcpStream::connect(addr).await.map_err(said)?;
    stream.write_all(&zmtp::GREETING).await.map_err(said)?;
    let mut greeting = [0; 64];
    stream.read_exact(&mut greeting).await.map_err(said)?;
    zmtp::check_greeting(&greeting)?;
    stream.write_all(zmtp::READY).await.map_err(said)?;
    let mut frames = Frames::default();
    loop {
        match frames.take() {
            Some(Frame::Command(command)) => {
                zmtp::check_ready(&command)?;
                return Ok((stream, frames));
            }
            Some(Frame::Message(_) | Frame::Passed) => {
                return Err("it talks before it says what it is".to_owned());
            }
            None if fill(&mut stream, &mut frames).await.map_err(said)? => {}
            None => return Err("it hangs up".to_owned()),
        }
    }
}

/// Reads some more; false at the end.
async fn fill(stream: &mut TcpStream, frames: &mut Frames) -> std::io::Result<bool> {
    let mut piece = vec![0; 64 * 1024];
    let got = stream.read(&mut piece).await?;
    frames.add(piece.get(..got).unwrap_or_default());
    piece.fill(0);
    Ok(got > 0)
}

/// Why the connection ended; `None` if nobody takes the packets any more.
async fn read((mut stream, mut frames): (TcpStream, Frames), out: &mpsc::Sender<News>) -> Option<String> {
    loop {
        while let Some(frame) = frames.take() {
            if let Frame::Message(mut bytes) = frame {
                let packet = packet::read(&bytes);
                // It may have been the job.
                bytes.fill(0);
                out.send(News::Packet(packet)).await.ok()?;
            }
        }
        let filled = tokio::select! {
            () = out.closed() => return None,
            filled = fill(&mut stream, &mut frames) => filled,
        };
        match filled {
            Ok(true) => {}
            Ok(false) => return Some("it hung up".to_owned()),
            Err(error) => return Some(error.to_string()),
        }
    }
}
