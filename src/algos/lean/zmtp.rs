//! The little of ZeroMQ's wire protocol that a reader of one PUSH socket needs: ZMTP 3.0 with the NULL mechanism
//! (rfc.zeromq.org/spec/23). Pure. Nothing is reserved on a peer's word: a length that it claims costs no memory before
//! the bytes are there, and a frame over [`FRAME_MAX`] is passed over as it comes.

/// What LEAN streams is far below; only the job with a whole program in it may be longer, and that is not wanted.
pub const FRAME_MAX: u64 = 16 * 1024 * 1024;

/// Signature, version 3.0, mechanism NULL, not a server.
pub const GREETING: [u8; 64] = {
    let mut greeting = [0; 64];
    greeting[0] = 0xff;
    greeting[9] = 0x7f;
    greeting[10] = 3;
    greeting[12] = b'N';
    greeting[13] = b'U';
    greeting[14] = b'L';
    greeting[15] = b'L';
    greeting
};

/// The command `READY` of a PULL socket: flags, length, name, and the one property that must be told.
pub const READY: &[u8] = b"\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x04PULL";

/// Is this the greeting of somebody we can read?
///
/// # Errors
/// What it is instead.
pub fn check_greeting(greeting: &[u8; 64]) -> Result<(), &'static str> {
    match greeting {
        [0xff, _, _, _, _, _, _, _, _, 0x7f, major, _, rest @ ..] if *major >= 3 => {
            let mechanism = rest.first_chunk::<20>();
            if mechanism == Some(b"NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") {
                Ok(())
            } else {
                Err("it wants a password")
            }
        }
        [0xff, _, _, _, _, _, _, _, _, 0x7f, ..] => {
            Err("it speaks an older version of ZeroMQ's protocol than 3.0")
        }
        _ => Err("it does not speak ZeroMQ"),
    }
}

/// Is this the `READY` of a PUSH socket?
///
/// # Errors
/// What it is instead.
pub fn check_ready(command: &[u8]) -> Result<(), &'static str> {
    let Some(mut properties) = command.strip_prefix(b"\x05READY") else { return Err("it refuses to talk") };
    while let Some((name, rest)) = short(properties) {
        let Some((value, rest)) = long(rest) else { break };
        if name.eq_ignore_ascii_case(b"Socket-Type") {
            return if value == b"PUSH" { Ok(()) } else { Err("it is no PUSH socket") };
        }
        properties = rest;
    }
    Err("it does not say what socket it is")
}

fn short(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

fn long(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// What came whole.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    /// A command of the protocol.
    Command(Vec<u8>),
    /// A message of one part.
    Message(Vec<u8>),
    /// Something longer than is read, or a part of a message of several, of which LEAN sends none.
    Passed,
}

/// Parts a stream of bytes into frames.
#[derive(Debug, Default)]
pub struct Frames {
    buffer: Vec<u8>,
    pass: u64,
    in_parts: bool,
}

impl Frames {
    /// Adds what was read.
    pub fn add(&mut self, mut bytes: &[u8]) {
        if self.pass > 0 {
            let there = u64::try_from(bytes.len()).ok().unwrap_or(u64::MAX).min(self.pass);
            self.pass = self.pass.saturating_sub(there);
            let there = usize::try_from(there).ok().unwrap_or(bytes.len());
            bytes = bytes.get(there..).unwrap_or_default();
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next that is whole.
    pub fn take(&mut self) -> Option<Frame> {
        let (flags, head, length) = self.head()?;
        let (is_more, is_command) = (flags & 1 != 0, flags & 4 != 0);
        let in_parts = self.in_parts || is_more;
        if length > FRAME_MAX {
            let there = u64::try_from(self.buffer.len().saturating_sub(head)).ok()?.min(length);
            self.drop_front(head.saturating_add(usize::try_from(there).ok()?));
            self.pass = length.saturating_sub(there);
            self.in_parts = is_more;
            return Some(Frame::Passed);
        }
        let end = head.saturating_add(usize::try_from(length).ok()?);
        let body = self.buffer.get(head..end)?.to_vec();
        self.drop_front(end);
        if is_command {
            return Some(Frame::Command(body));
        }
        self.in_parts = is_more;
        Some(if in_parts { Frame::Passed } else { Frame::Message(body) })
    }

    /// Flags, bytes before the body, and the body's length.
    fn head(&self) -> Option<(u8, usize, u64)> {
        let (flags, rest) = self.buffer.split_first()?;
        if flags & 2 != 0 {
            let length = rest.first_chunk::<8>()?;
            return Some((*flags, 9, u64::from_be_bytes(*length)));
        }
        Some((*flags, 2, u64::from(*rest.first()?)))
    }

    /// What was read is overwritten too: it may have been the job.
    fn drop_front(&mut self, bytes: usize) {
        let bytes = bytes.min(self.buffer.len());
        self.buffer.rotate_left(bytes);
        let keep = self.buffer.len().saturating_sub(bytes);
        if let Some(old) = self.buffer.get_mut(keep..) {
            old.fill(0);
        }
        self.buffer.truncate(keep);
        if self.buffer.is_empty() && self.buffer.capacity() > 1024 * 1024 {
            self.buffer = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_parted_at_any_byte() {
        let mut stream = b"\x00\x02hi\x04\x03abc\x02\0\0\0\0\0\0\x01\x00".to_vec();
        stream.extend_from_slice(&[7; 256]);
        stream.extend_from_slice(b"\x01\x01a\x00\x01b\x00\x00");
        for step in [1, 2, 3, 7, 300] {
            let mut frames = Frames::default();
            let mut out = Vec::new();
            for piece in stream.chunks(step) {
                frames.add(piece);
                out.extend(std::iter::from_fn(|| frames.take()));
            }
            let want = [
                Frame::Message(b"hi".to_vec()),
                Frame::Command(b"abc".to_vec()),
                Frame::Message(vec![7; 256]),
                Frame::Passed,
                Frame::Passed,
                Frame::Message(Vec::new()),
            ];
            assert_eq!(out, want, "in steps of {step}");
        }
    }

    #[test]
    fn a_claimed_length_reserves_nothing() {
        let mut frames = Frames::default();
        frames.add(&[2, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(frames.take(), Some(Frame::Passed));
        for _ in 0..1_000 {
            frames.add(&vec![0; 65_536]);
            assert_eq!(frames.take(), None);
        }
        assert!(frames.buffer.capacity() < 200_000);
        let mut frames = Frames::default();
        frames.add(&[2, 0, 0, 0, 0, 0x01, 0x10, 0, 0]);
        assert_eq!(frames.take(), Some(Frame::Passed));
        frames.add(&vec![9; 0x0110_0000]);
        frames.add(b"\x00\x02hi");
        assert_eq!(frames.take(), Some(Frame::Message(b"hi".to_vec())));
    }

    #[test]
    fn only_a_push_socket_without_a_password_is_read() {
        assert_eq!(check_greeting(&GREETING), Ok(()));
        let with = |at: usize, byte: u8| {
            let mut greeting = GREETING;
            greeting[at] = byte;
            check_greeting(&greeting)
        };
        assert_eq!(with(0, b'H'), Err("it does not speak ZeroMQ"));
        assert_eq!(with(10, 1), Err("it speaks an older version of ZeroMQ's protocol than 3.0"));
        assert_eq!(with(12, b'P'), Err("it wants a password"));
        assert_eq!(check_ready(b"\x05READY\x0bSocket-Type\0\0\0\x04PUSH\x08Identity\0\0\0\0"), Ok(()));
        assert_eq!(
            check_ready(b"\x05READY\x08Identity\0\0\0\0\x0bSocket-Type\0\0\0\x03PUB"),
            Err("it is no PUSH socket")
        );
        assert_eq!(
            check_ready(b"\x05READY\x0bSocket-Type\0\0\0\xffPUSH"),
            Err("it does not say what socket it is")
        );
        assert_eq!(check_ready(b"\x05ERROR\x04nope"), Err("it refuses to talk"));
    }
}
