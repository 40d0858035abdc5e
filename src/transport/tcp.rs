//! A connection that can be looked at now and then without being told of each packet in between: who reads a busy
//! stream at a pace of its own would else be woken by every packet for nothing.

use std::{
    io::{self, Read as _, Write as _},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A TCP connection. A read that finds nothing asks to be told of the next packet, unless it only looks.
#[derive(Debug)]
pub(super) struct Tcp {
    ear: Ear,
    /// Reads that find nothing do not ask to be told: nobody waits for them.
    only_looks: bool,
}

/// Is the system asked to tell of what comes?
#[derive(Debug)]
enum Ear {
    Open(TcpStream),
    Shut(std::net::TcpStream),
    /// The system refused to tell, and the connection went with that.
    Gone,
}

impl Tcp {
    /// Over a connection that stands.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn new(tcp: TcpStream) -> io::Result<Self> {
        Ok(Self { ear: Ear::Shut(tcp.into_std()?), only_looks: false })
    }

    /// Reads from now on only look, or wait again.
    pub(super) const fn look_only(&mut self, only_looks: bool) {
        self.only_looks = only_looks;
    }

    /// Is told of nothing until somebody waits again. Where that can't be it is told as before.
    pub(super) fn rest(&mut self) {
        if let Ear::Open(_) = self.ear
            && let Ear::Open(tcp) = std::mem::replace(&mut self.ear, Ear::Gone)
        {
            self.ear = tcp.into_std().map_or(Ear::Gone, Ear::Shut);
        }
    }

    fn listen(&mut self) -> io::Result<&mut TcpStream> {
        if let Ear::Shut(_) = self.ear
            && let Ear::Shut(tcp) = std::mem::replace(&mut self.ear, Ear::Gone)
        {
            self.ear = Ear::Open(TcpStream::from_std(tcp)?);
        }
        match &mut self.ear {
            Ear::Open(tcp) => Ok(tcp),
            Ear::Shut(_) | Ear::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// What was tried without waiting; nothing where it has to wait.
fn tried<T>(result: io::Result<T>) -> Option<io::Result<T>> {
    match result {
        Err(why) if matches!(why.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => None,
        other => Some(other),
    }
}

impl AsyncRead for Tcp {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Ear::Shut(tcp) = &mut self.ear {
            if let Some(read) = tried(tcp.read(into.initialize_unfilled())) {
                return Poll::Ready(read.map(|n| into.advance(n)));
            }
            if self.only_looks {
                return Poll::Pending;
            }
        }
        Pin::new(self.listen()?).poll_read(cx, into)
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Ear::Shut(tcp) = &mut self.ear
            && let Some(written) = tried(tcp.write(bytes))
        {
            return Poll::Ready(written);
        }
        Pin::new(self.listen()?).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.listen()?).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    async fn pair() -> (Tcp, tokio::net::TcpStream) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (far, _) = listener.accept().await.unwrap();
        (Tcp::new(near).unwrap(), far)
    }

    #[tokio::test]
    async fn what_comes_while_it_rests_is_read_afterwards_and_what_comes_later_wakes() {
        let (mut near, mut far) = pair().await;
        let mut byte = [0_u8; 1];
        near.look_only(true);
        assert!(near.read(&mut byte).now_or_never().is_none(), "nothing is there");
        near.look_only(false);
        far.write_all(b"a").await.unwrap();
        near.read_exact(&mut byte).await.unwrap();
        near.rest();
        far.write_all(b"b").await.unwrap();
        near.read_exact(&mut byte).await.unwrap();
        assert_eq!(&byte, b"b");
        let (read, wrote) = tokio::join!(near.read_u8(), async {
            tokio::task::yield_now().await;
            far.write_all(b"c").await
        });
        assert_eq!((read.unwrap(), wrote.is_ok()), (b'c', true));
    }

    #[tokio::test]
    async fn more_than_the_other_side_takes_waits_and_then_leaves_whole() {
        let (mut near, mut far) = pair().await;
        let text = vec![7_u8; 8 << 20];
        let mut came = Vec::new();
        near.rest();
        let (wrote, read) = tokio::join!(
            async {
                near.write_all(&text).await?;
                near.shutdown().await
            },
            far.read_to_end(&mut came)
        );
        assert_eq!((wrote.is_ok(), read.unwrap()), (true, text.len()));
        drop(far);
        assert_eq!(near.read(&mut [0; 8]).await.unwrap(), 0, "the end is told too");
    }
}
