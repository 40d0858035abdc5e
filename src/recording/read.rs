//! Reads a recording: what is in it, where it is damaged, and any snapshot of it.

use super::format::{FORMAT, HEAD, HEAD_BYTES, HEADER_MAX, Head, Header, MAGIC, PREFIX, Window, wrong};
use crate::{
    desk::Snapshot,
    domain::time::{Now, Stamp},
};
use std::{
    fmt,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why a recording can't be played. The file is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The system says so.
    #[error("{} can't be read: {why}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// It is something else.
    #[error("{} is not a recording of tradedeck", path.display())]
    Other {
        /// Which file.
        path: PathBuf,
    },
    /// A later version wrote it.
    #[error("{} is a recording of format {format}, and this version reads format {FORMAT}: play it with the version that wrote it{by}", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its format.
        format: u32,
        /// Which that is, where it can be read.
        by: String,
    },
    /// Nothing is in it.
    #[error("{} holds no snapshot: the run that wrote it ended before it had shown anything", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// A snapshot does not follow from the one before.
    #[error("{}, snapshot {frame} (byte {byte}): {why}", path.display())]
    Frame {
        /// Which file.
        path: PathBuf,
        /// Which, counted from one.
        frame: usize,
        /// Where in the file.
        byte: u64,
        /// Why.
        why: String,
    },
}

/// Where a recording is not as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wound {
    /// It ends within a snapshot, here: whoever wrote it was killed.
    Torn {
        /// Where that snapshot begins.
        byte: u64,
        /// What is there of it.
        bytes: u64,
    },
    /// A snapshot was changed. It and those that follow from it are left out.
    Changed {
        /// Where it begins.
        byte: u64,
    },
}

impl fmt::Display for Wound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn { byte, bytes } => {
                write!(f, "its end is torn off: {bytes} byte(s) from byte {byte} on are no whole snapshot")
            }
            Self::Changed { byte } => write!(
                f,
                "the snapshot at byte {byte} is not as it was written; up to the next whole one they are left out"
            ),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Place {
    byte: u64,
    head: Head,
}

/// An open recording.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    /// Who wrote it.
    pub header: Header,
    /// Its size.
    pub bytes: u64,
    /// Where it is damaged.
    pub wounds: Vec<Wound>,
    file: File,
    places: Vec<Place>,
    window: Window,
    held: Option<(usize, Arc<Snapshot>)>,
}

/// More than this nobody reads.
const WOUNDS_MAX: usize = 16;

impl Recording {
    /// Opens one and looks through all of it.
    ///
    /// # Errors
    /// One sentence with the file's name.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let io = |why| RecordingError::Io { path: path.to_owned(), why };
        let mut file = File::open(path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let mut reader = BufReader::with_capacity(1 << 16, &mut file);
        let (header, first) = head(&mut reader, path)?;
        let mut scan = Scan { at: first, end: bytes, places: Vec::new(), wounds: Vec::new(), lost: false };
        scan.run(&mut reader).map_err(io)?;
        let Scan { places, wounds, .. } = scan;
        if places.is_empty() {
            return Err(RecordingError::Empty { path: path.to_owned() });
        }
        let window = Window::default();
        Ok(Self { path: path.to_owned(), header, bytes, wounds, file, places, window, held: None })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// When each snapshot was made, and how many alerts were new in it.
    pub fn times(&self) -> impl ExactSizeIterator<Item = (Now, u8)> + '_ {
        self.places.iter().map(|p| (p.head.at, p.head.news))
    }

    /// When the last snapshot was made.
    pub fn ended(&self) -> Stamp {
        self.places.last().map_or(self.header.began.wall, |p| p.head.at.wall)
    }

    /// Alerts that came while it was written.
    pub fn alerts(&self) -> u64 {
        self.places.iter().map(|p| u64::from(p.head.news)).fold(0, u64::saturating_add)
    }

    /// A snapshot, counted from zero.
    ///
    /// # Errors
    /// When there is none, or it can't be read.
    pub fn snapshot(&mut self, frame: usize) -> Result<Arc<Snapshot>, RecordingError> {
        let whole = self.places.iter().take(frame.saturating_add(1)).rposition(|p| p.head.whole).unwrap_or(0);
        let (mut next, mut snapshot) = match self.held.take() {
            Some((held, snapshot)) if held == frame => {
                self.held = Some((held, Arc::clone(&snapshot)));
                return Ok(snapshot);
            }
            Some((held, snapshot)) if held < frame && held >= whole => (held.saturating_add(1), snapshot),
            Some(_) | None => (whole, Arc::new(Snapshot::default())),
        };
        while next <= frame {
            let place = self.places.get(next).copied();
            let byte = place.map_or(self.bytes, |p| p.byte);
            place
                .ok_or_else(|| wrong("there is no such snapshot"))
                .and_then(|place| self.step(place, &mut snapshot))
                .map_err(|why| RecordingError::Frame {
                    path: self.path.clone(),
                    frame: next.saturating_add(1),
                    byte,
                    why: why.to_string(),
                })?;
            next = next.saturating_add(1);
        }
        self.held = Some((frame, Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    fn step(&mut self, place: Place, snapshot: &mut Arc<Snapshot>) -> io::Result<()> {
        let mut packed = vec![0; usize::try_from(place.head.length).map_err(wrong)?];
        self.file.seek(SeekFrom::Start(place.byte.saturating_add(HEAD_BYTES)))?;
        self.file.read_exact(&mut packed)?;
        let update = self.window.unpack(&place.head, &packed)?;
        if place.head.whole {
            *snapshot = Arc::new(Snapshot::default());
        }
        update.put(Arc::make_mut(snapshot)).map_err(wrong)
    }
}

/// Reads the head, and says where the first piece begins.
fn head(reader: &mut impl Read, path: &Path) -> Result<(Header, u64), RecordingError> {
    let io = |why| RecordingError::Io { path: path.to_owned(), why };
    let other = || RecordingError::Other { path: path.to_owned() };
    let mut prefix = Vec::new();
    reader.take(PREFIX).read_to_end(&mut prefix).map_err(io)?;
    let parts = || {
        let (magic, rest) = prefix.split_first_chunk::<8>()?;
        let (format, rest) = rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (sum, _) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok().filter(|n| *n <= HEADER_MAX);
        (*magic == MAGIC).then_some((u32::from_le_bytes(*format), length, u32::from_le_bytes(*sum)))
    };
    let (format, length, sum) = parts().ok_or_else(other)?;
    let mut text = Vec::new();
    if let Some(length) = length.and_then(|n| u64::try_from(n).ok()) {
        reader.take(length).read_to_end(&mut text).map_err(io)?;
    }
    let header = serde_json::from_slice::<Header>(&text).ok();
    if format != FORMAT {
        let by = header.map(|h| format!(" ({})", h.program)).unwrap_or_default();
        return Err(RecordingError::Newer { path: path.to_owned(), format, by });
    }
    let header = header.filter(|_| crc32fast::hash(&text) == sum).ok_or_else(other)?;
    let length = u64::try_from(text.len()).map_err(|_| other())?;
    Ok((header, PREFIX.saturating_add(length)))
}

/// One look through the pieces of a file.
struct Scan {
    at: u64,
    end: u64,
    places: Vec<Place>,
    wounds: Vec<Wound>,
    /// What follows from a changed piece can't be made.
    lost: bool,
}

/// What stands at a place of the file.
enum Piece {
    Good(Head),
    Changed(Head),
    /// No piece at all: where the next begins is not known.
    Nonsense,
    Torn,
}

impl Scan {
    fn run(&mut self, reader: &mut impl Read) -> io::Result<()> {
        let mut room = Vec::new();
        let mut doubt: Option<u64> = None;
        while self.at < self.end {
            match piece(reader, &mut room)? {
                Piece::Good(head) => {
                    doubt = None;
                    self.lost &= !head.whole;
                    if !self.lost {
                        self.places.push(Place { byte: self.at, head });
                    }
                    self.at = self.at.saturating_add(size(&head));
                }
                Piece::Changed(head) => {
                    // Two behind one another: the length is not to be believed, and where the next begins not known.
                    if doubt.is_some() {
                        return Ok(());
                    }
                    doubt = Some(self.at);
                    self.hurt(Wound::Changed { byte: self.at });
                    self.lost = true;
                    self.at = self.at.saturating_add(size(&head));
                }
                Piece::Nonsense => {
                    if doubt.is_none() {
                        self.hurt(Wound::Changed { byte: self.at });
                    }
                    return Ok(());
                }
                Piece::Torn => {
                    if doubt.is_none() {
                        self.hurt(Wound::Torn { byte: self.at, bytes: self.end.saturating_sub(self.at) });
                    }
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn hurt(&mut self, wound: Wound) {
        if self.wounds.len() < WOUNDS_MAX {
            self.wounds.push(wound);
        }
    }
}

fn size(head: &Head) -> u64 {
    HEAD_BYTES.saturating_add(u64::from(head.length))
}

fn piece(reader: &mut impl Read, room: &mut Vec<u8>) -> io::Result<Piece> {
    let mut bytes = [0; HEAD];
    match reader.read_exact(&mut bytes) {
        Ok(()) => {}
        Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => return Ok(Piece::Torn),
        Err(why) => return Err(why),
    }
    let Some(head) = Head::read(&bytes).filter(Head::is_possible) else { return Ok(Piece::Nonsense) };
    room.clear();
    // Room is made as the bytes come: a length alone reserves nothing.
    let read = reader.take(u64::from(head.length)).read_to_end(room)?;
    if u32::try_from(read).ok() != Some(head.length) {
        return Ok(Piece::Torn);
    }
    Ok(if head.is_of(room) { Piece::Good(head) } else { Piece::Changed(head) })
}
