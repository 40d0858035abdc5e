//! Connections that can be cut off in the middle of what is written to them.

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// Nothing is cut off.
const ALL: u64 = u64::MAX;

/// The shears of one connection.
#[derive(Debug, Clone)]
pub(super) struct Shears(Arc<AtomicU64>);

impl Shears {
    /// So many bytes more, and the connection is gone.
    pub(super) fn cut_after(&self, bytes: u64) {
        self.0.store(bytes, Ordering::SeqCst);
    }
    fn left(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Connected<IncomingStream<'_, Tap>> for Shears {
    fn connect_info(stream: IncomingStream<'_, Tap>) -> Self {
        stream.io().shears.clone()
    }
}

/// A listener whose connections can be cut off.
#[derive(Debug)]
pub(super) struct Tap(pub(super) TcpListener);

impl Listener for Tap {
    type Io = Thread;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Thread, SocketAddr) {
        let (stream, from) = Listener::accept(&mut self.0).await;
        if let Err(e) = stream.set_nodelay(true) {
            tracing::debug!("TCP_NODELAY: {e}");
        }
        (Thread { stream, shears: Shears(Arc::new(AtomicU64::new(ALL))) }, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection.
#[derive(Debug)]
pub(super) struct Thread {
    stream: TcpStream,
    shears: Shears,
}

impl Thread {
    fn stream(self: Pin<&mut Self>) -> Pin<&mut TcpStream> {
        Pin::new(&mut self.get_mut().stream)
    }
}

impl AsyncRead for Thread {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_read(cx, buf)
    }
}

impl AsyncWrite for Thread {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.shears.left();
        if left == ALL {
            return self.stream().poll_write(cx, buf);
        }
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let most = usize::try_from(left).ok().map_or(buf.len(), |left| left.min(buf.len()));
        let shears = self.shears.clone();
        let written = self.stream().poll_write(cx, buf.get(..most).unwrap_or(buf));
        if let Poll::Ready(Ok(written)) = &written {
            shears.cut_after(left.saturating_sub(u64::try_from(*written).ok().unwrap_or(left)));
        }
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.shears.left() == ALL {
            return self.stream().poll_write_vectored(cx, bufs);
        }
        let first = bufs.iter().find(|b| !b.is_empty()).map_or(&[][..], |b| b);
        self.poll_write(cx, first)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}
