//! How a recording lies in its file. A head: who wrote it, in a line of JSON that every version can read. Then pieces,
//! each one snapshot: either whole, or what is new in it since the piece before. A piece has its length and a checksum, so
//! that a file whose end was torn off is read up to there; it is MessagePack with the names of the fields, so that a later
//! version reads what an earlier one wrote; and it is packed against the pieces before it up to the last whole one.
//!
//! ```text
//! "tdeckrec" format:u32 length:u32 checksum:u32 {"program":…}
//! length:u32 checksum:u32 plain:u32 flags:u8 news:u8 wall:i64 mono:u64 packed…      (little end first)
//! ```

use crate::{
    desk::update::Update,
    domain::time::{Mono, Now, Stamp},
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::io::{Error, ErrorKind, Result};

/// What a recording's file is called behind the dot.
pub const EXTENSION: &str = "tdr";
/// The version of the form. It is raised where an older program would misread a newer file.
pub const FORMAT: u32 = 1;

pub(super) const MAGIC: [u8; 8] = *b"tdeckrec";
/// The head before its JSON.
pub(super) const PREFIX: u64 = 20;
/// A head beyond this is none.
pub(super) const HEADER_MAX: usize = 4_096;
/// What stands before a piece's packed bytes.
pub(super) const HEAD: usize = 30;
/// The same, as a length in a file.
pub(super) const HEAD_BYTES: u64 = 30;
/// A piece beyond this, packed or not, is not believed.
pub(super) const PIECE_MAX: u32 = 64 << 20;
/// So much of what came before a piece it is packed against: as far as the packing can point back.
const WINDOW: usize = 63 << 10;

/// Who wrote a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The program's version.
    pub program: SmolStr,
    /// Which profile.
    #[serde(default)]
    pub profile: SmolStr,
    /// Which run.
    #[serde(default)]
    pub run: SmolStr,
    /// When it began.
    #[serde(default)]
    pub began: Now,
}

pub(super) fn wrong(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidData, why.to_string())
}

fn length(of: usize) -> Result<u32> {
    u32::try_from(of)
        .ok()
        .filter(|n| *n <= PIECE_MAX)
        .ok_or_else(|| wrong("a snapshot is too large to be recorded"))
}

impl Header {
    /// As it stands in the file.
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let text = serde_json::to_vec(self).map_err(wrong)?;
        let mut out = Vec::from(MAGIC);
        out.extend(FORMAT.to_le_bytes());
        out.extend(length(text.len())?.to_le_bytes());
        out.extend(crc32fast::hash(&text).to_le_bytes());
        out.extend(text);
        Ok(out)
    }
}

/// What stands before the packed bytes of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) length: u32,
    pub(super) checksum: u32,
    /// Bytes once unpacked.
    pub(super) plain: u32,
    /// It needs nothing of what came before it.
    pub(super) whole: bool,
    /// Flags that this version has no meaning for: under the checksum like the rest.
    spare: u8,
    /// Alerts in it that were in no snapshot before, 255 at the most.
    pub(super) news: u8,
    /// When its snapshot was made.
    pub(super) at: Now,
}

const WHOLE: u8 = 1;

impl Head {
    /// Without the checksum, as it stands in the file.
    fn bytes(&self) -> [u8; HEAD] {
        let flags = self.spare | if self.whole { WHOLE } else { 0 };
        let length = self.length.to_le_bytes();
        let (checksum, plain) = (self.checksum.to_le_bytes(), self.plain.to_le_bytes());
        let (wall, mono) = (self.at.wall.as_nanos().to_le_bytes(), self.at.mono.as_nanos().to_le_bytes());
        let mut out = [0; HEAD];
        let all =
            length.into_iter().chain(checksum).chain(plain).chain([flags, self.news]).chain(wall).chain(mono);
        for (to, from) in out.iter_mut().zip(all) {
            *to = from;
        }
        out
    }

    pub(super) fn read(bytes: &[u8; HEAD]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (checksum, rest) = rest.split_first_chunk::<4>()?;
        let (plain, rest) = rest.split_first_chunk::<4>()?;
        let ([flags, news], rest) = rest.split_first_chunk::<2>()?;
        let (wall, rest) = rest.split_first_chunk::<8>()?;
        let (mono, _) = rest.split_first_chunk::<8>()?;
        let at = Now {
            wall: Stamp::from_nanos(i64::from_le_bytes(*wall)),
            mono: Mono::from_nanos(u64::from_le_bytes(*mono)),
        };
        Some(Self {
            length: u32::from_le_bytes(*length),
            checksum: u32::from_le_bytes(*checksum),
            plain: u32::from_le_bytes(*plain),
            whole: flags & WHOLE != 0,
            spare: flags & !WHOLE,
            news: *news,
            at,
        })
    }

    /// Could there be a piece of that length?
    pub(super) const fn is_possible(&self) -> bool {
        self.length <= PIECE_MAX
    }

    /// Is this what was written, with what stands behind it?
    pub(super) fn is_of(&self, packed: &[u8]) -> bool {
        self.plain <= PIECE_MAX && self.sum(packed) == self.checksum
    }

    /// The checksum of this head and what stands behind it.
    fn sum(&self, packed: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&Self { checksum: 0, ..*self }.bytes());
        hasher.update(packed);
        hasher.finalize()
    }
}

/// What was packed or unpacked last: both sides keep the same of it.
#[derive(Debug, Default)]
pub(super) struct Window(Vec<u8>);

impl Window {
    fn forget(&mut self) {
        self.0.clear();
    }

    fn seen(&self) -> &[u8] {
        self.0.get(self.0.len().saturating_sub(WINDOW)..).unwrap_or_default()
    }

    fn keep(&mut self, plain: &[u8]) {
        let surplus = self.0.len().saturating_sub(WINDOW);
        if surplus > WINDOW {
            self.0.drain(..surplus);
        }
        self.0.extend_from_slice(plain);
    }

    /// One piece, as it stands in the file.
    pub(super) fn pack(&mut self, update: &Update, whole: bool, news: u8) -> Result<Vec<u8>> {
        if whole {
            self.forget();
        }
        let mut plain = Vec::new();
        // By names and in words, which outlive a version: not the form that goes over the socket.
        let mut words = rmp_serde::Serializer::new(&mut plain).with_struct_map().with_human_readable();
        update.serialize(&mut words).map_err(wrong)?;
        let packed = lz4_flex::block::compress_with_dict(&plain, self.seen());
        self.keep(&plain);
        let (length, plain) = (length(packed.len())?, length(plain.len())?);
        let head = Head { length, checksum: 0, plain, whole, spare: 0, news, at: update.at };
        let head = Head { checksum: head.sum(&packed), ..head };
        let mut out = Vec::from(head.bytes());
        out.extend(packed);
        Ok(out)
    }

    /// What `pack` was given.
    pub(super) fn unpack(&mut self, head: &Head, packed: &[u8]) -> Result<Update> {
        if !head.is_of(packed) {
            return Err(wrong("it is not as it was written"));
        }
        if head.whole {
            self.forget();
        }
        let room = usize::try_from(head.plain).map_err(wrong)?;
        let plain = lz4_flex::block::decompress_with_dict(packed, room, self.seen()).map_err(wrong)?;
        self.keep(&plain);
        read(&plain)
    }
}

pub(super) fn read(plain: &[u8]) -> Result<Update> {
    let mut words = rmp_serde::Deserializer::from_read_ref(plain).with_human_readable();
    Update::deserialize(&mut words).map_err(wrong)
}
