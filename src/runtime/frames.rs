//! The messages of the engine's local socket: a greeting is a line of JSON, a message a length and postcard
//! (`desk::protocol` says why and what).

use crate::desk::protocol::{GREETING_MAX, MESSAGE_MAX};
use serde::{Serialize, de::DeserializeOwned};
use std::io::{Error, ErrorKind, Result};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// What is kept for the next message: room beyond this is given back.
const KEPT: usize = 4 << 20;
/// Room is made in steps of at most this, as the bytes come: a length that is only announced reserves no more.
const STEP: usize = 1 << 20;

fn wrong(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidData, why.to_string())
}

/// Reads one line. A peer that sends no end of it is cut off.
///
/// # Errors
/// When the connection ends or what came is no greeting.
pub(super) async fn greeting<T: DeserializeOwned>(from: &mut (impl AsyncRead + Unpin)) -> Result<T> {
    let mut line = Vec::new();
    loop {
        // One byte at a time, once a connection: what stands behind the line is the first message's.
        match from.read_u8().await? {
            b'\n' => return serde_json::from_slice(&line).map_err(wrong),
            byte if line.len() < GREETING_MAX => line.push(byte),
            _ => return Err(wrong("the greeting has no end")),
        }
    }
}

/// Writes one line.
///
/// # Errors
/// When the connection ends.
pub(super) async fn greet<T: Serialize>(to: &mut (impl AsyncWrite + Unpin), hello: &T) -> Result<()> {
    let mut line = serde_json::to_vec(hello).map_err(wrong)?;
    line.push(b'\n');
    to.write_all(&line).await
}

/// Where a message is written to: behind what is there.
struct Behind<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Behind<'_> {
    type Output = ();
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Room for messages, used again.
#[derive(Debug, Default)]
pub struct Room(Vec<u8>);

impl Room {
    /// Reads one message; `None` where the connection ended between two.
    ///
    /// # Errors
    /// When it ends within one, or what came can't be one.
    pub async fn read<T: DeserializeOwned>(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
    ) -> Result<Option<T>> {
        let length = match from.read_u32_le().await {
            Ok(length) => length,
            Err(why) if why.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(why) => return Err(why),
        };
        if length > MESSAGE_MAX {
            return Err(wrong(format!("a message of {length} bytes is announced")));
        }
        let length = usize::try_from(length).map_err(wrong)?;
        self.0.clear();
        let mut from = from.take(u64::try_from(length).map_err(wrong)?);
        while self.0.len() < length {
            if self.0.len() == self.0.capacity() {
                self.0.reserve(length.saturating_sub(self.0.len()).min(STEP));
            }
            if from.read_buf(&mut self.0).await? == 0 {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the connection ended within a message"));
            }
        }
        let message = match postcard::take_from_bytes(&self.0) {
            Ok((message, [])) => Ok(Some(message)),
            Ok((_, rest)) => Err(wrong(format!("a message has {} bytes more than it says", rest.len()))),
            Err(why) => Err(wrong(format!("a message can't be read: {why}"))),
        };
        self.give_back();
        message
    }

    /// Writes one message.
    ///
    /// # Errors
    /// When the connection ends, or the message is larger than any may be.
    pub async fn write<T: Serialize>(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        message: &T,
    ) -> Result<()> {
        self.0.clear();
        self.0.extend_from_slice(&[0; 4]);
        postcard::serialize_with_flavor(message, Behind(&mut self.0)).map_err(wrong)?;
        let length = self.0.len().checked_sub(4).and_then(|n| u32::try_from(n).ok());
        let length = length.filter(|n| *n <= MESSAGE_MAX).ok_or_else(|| wrong("a message is too large"))?;
        if let Some(head) = self.0.get_mut(..4) {
            head.copy_from_slice(&length.to_le_bytes());
        }
        to.write_all(&self.0).await?;
        self.give_back();
        Ok(())
    }

    fn give_back(&mut self) {
        self.0.clear();
        self.0.shrink_to(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::protocol::Up;

    fn run<T>(of: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(of)
    }

    #[test]
    fn a_message_comes_as_it_went() {
        run(async {
            let (mut wire, mut room) = (Vec::new(), Room::default());
            room.write(&mut wire, &Up::End).await.unwrap();
            room.write(&mut wire, &Up::End).await.unwrap();
            let mut wire = wire.as_slice();
            assert_eq!(room.read::<Up>(&mut wire).await.unwrap(), Some(Up::End));
            assert_eq!(room.read::<Up>(&mut wire).await.unwrap(), Some(Up::End));
            assert_eq!(room.read::<Up>(&mut wire).await.unwrap(), None);
        });
    }

    /// A field that is left out where it is empty would shift all behind it: no type of a snapshot may have one.
    #[test]
    fn everything_on_a_screen_comes_as_it_went() {
        use crate::desk::{Snapshot, protocol::Down, update::Update};
        let whole: Snapshot =
            serde_json::from_str(include_str!("../../tests/fixtures/screen/desk.json")).unwrap();
        let update = Down::Update(Update::between(&Snapshot::default(), &whole));
        run(async {
            let (mut wire, mut room) = (Vec::new(), Room::default());
            room.write(&mut wire, &update).await.unwrap();
            let Some(Down::Update(update)) = room.read(&mut wire.as_slice()).await.unwrap() else {
                panic!("an update");
            };
            let mut got = Snapshot::default();
            update.put(&mut got).unwrap();
            assert_eq!(got, whole);
            assert!(!whole.alerts.is_empty() && !whole.orders.is_empty() && !whole.positions.is_empty());
        });
    }

    #[test]
    fn what_is_cut_off_too_large_or_something_else_is_an_error() {
        run(async {
            let mut room = Room::default();
            for bytes in [&[9, 0, 0, 0, 1][..], &[255, 255, 255, 255], &[1, 0, 0, 0, 193]] {
                assert!(room.read::<Up>(&mut &*bytes).await.is_err(), "{bytes:?}");
            }
            let endless = vec![b'{'; GREETING_MAX + 2];
            assert!(greeting::<crate::desk::protocol::Hello>(&mut endless.as_slice()).await.is_err());
        });
    }
}
