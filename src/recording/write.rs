//! Writes a recording.

use super::format::{Header, Window};
use crate::desk::{Snapshot, update::Update};
use std::{
    io::{Result, Write},
    sync::Arc,
};

/// A whole snapshot stands in the file after so many that are not: reading to one of them begins there.
const WHOLE_FRAMES: u32 = 1_024;
/// One comes earlier where so many bytes have gathered since the last …
const WHOLE_BYTES: usize = 256 << 10;
/// … and they are so many times the last.
const WHOLE_TIMES: usize = 4;

/// A recording that is written. Each snapshot goes to the file in one call.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    window: Window,
    last: Arc<Snapshot>,
    /// The newest alert that was told.
    alert: Option<u64>,
    frames: u32,
    bytes: usize,
    whole: usize,
}

impl<W: Write> Writer<W> {
    /// Begins one.
    ///
    /// # Errors
    /// What the system says of writing.
    pub fn begin(mut out: W, header: &Header) -> Result<Self> {
        out.write_all(&header.encode()?)?;
        let last = Arc::new(Snapshot::default());
        Ok(Self { out, window: Window::default(), last, alert: None, frames: 0, bytes: 0, whole: 0 })
    }

    /// Adds one snapshot, and says how many bytes that took.
    ///
    /// # Errors
    /// What the system says of writing. Nothing more can be added then.
    pub fn add(&mut self, snapshot: &Arc<Snapshot>) -> Result<usize> {
        let gathered = self.bytes >= WHOLE_BYTES && self.bytes >= self.whole.saturating_mul(WHOLE_TIMES);
        let whole = self.whole == 0 || self.frames >= WHOLE_FRAMES || gathered;
        let update = if whole {
            Update::between(&Snapshot::default(), snapshot)
        } else {
            Update::between(&self.last, snapshot)
        };
        let news = self.news(snapshot);
        let piece = self.window.pack(&update, whole, news)?;
        self.out.write_all(&piece)?;
        if whole {
            (self.frames, self.bytes, self.whole) = (0, 0, piece.len());
        } else {
            self.frames = self.frames.saturating_add(1);
            self.bytes = self.bytes.saturating_add(piece.len());
        }
        self.last = Arc::clone(snapshot);
        Ok(piece.len())
    }

    /// Alerts that no snapshot before told. What the first one tells is of earlier runs.
    fn news(&mut self, snapshot: &Snapshot) -> u8 {
        let ids = || snapshot.alerts.iter().map(|a| a.alert.id);
        let newest = ids().max().unwrap_or(0);
        let Some(before) = self.alert.replace(newest.max(self.alert.unwrap_or(0))) else { return 0 };
        u8::try_from(ids().filter(|id| *id > before).count()).ok().unwrap_or(u8::MAX)
    }
}
