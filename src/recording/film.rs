//! Recordings one behind the other, as one.

use super::{
    player::Timeline,
    read::{Recording, RecordingError, Wound},
};
use crate::{
    desk::Snapshot,
    domain::{alert::Alert, text::Text, time::Now},
};
use std::{path::Path, sync::Arc};

/// An alert that was searched for, and the snapshot that told it first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which snapshot.
    pub frame: usize,
    /// What it told.
    pub alert: Alert,
}

/// Recordings one behind the other.
#[derive(Debug)]
pub struct Film {
    recordings: Vec<Recording>,
    /// Which recording and which snapshot in it, when it was made, and how many alerts are new in it.
    frames: Vec<(usize, usize, Now, u8)>,
}

impl Film {
    /// Opens them. They are in their order, and none overlaps the next.
    ///
    /// # Errors
    /// When one can't be read, in one sentence with its name.
    pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self, RecordingError> {
        let recordings: Vec<Recording> =
            paths.iter().map(|path| Recording::open(path.as_ref())).collect::<Result<_, _>>()?;
        Ok(Self::of(recordings))
    }

    /// Of recordings that are open.
    pub fn of(recordings: Vec<Recording>) -> Self {
        let of_one = |(n, recording): (usize, &Recording)| {
            recording
                .times()
                .enumerate()
                .map(move |(frame, (at, news))| (n, frame, at, news))
                .collect::<Vec<_>>()
        };
        let frames = recordings.iter().enumerate().flat_map(of_one).collect();
        Self { recordings, frames }
    }

    /// How many snapshots there are.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// None at all?
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// What it is made of.
    pub fn recordings(&self) -> &[Recording] {
        &self.recordings
    }

    /// Where it is damaged, each with the file's name.
    pub fn wounds(&self) -> impl Iterator<Item = (&Path, Wound)> {
        self.recordings.iter().flat_map(|r| r.wounds.iter().map(|wound| (r.path(), *wound)))
    }

    /// When each snapshot was made, and in which recording.
    pub fn timeline(&self) -> Timeline {
        Timeline::of(self.frames.iter().map(|(recording, _, at, _)| (*at, *recording)))
    }

    /// A snapshot, counted from zero.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn snapshot(&mut self, frame: usize) -> Result<Arc<Snapshot>, RecordingError> {
        let Some((recording, frame, _, _)) = self.frames.get(frame).copied() else {
            return Ok(Arc::default());
        };
        self.recordings.get_mut(recording).map_or_else(|| Ok(Arc::default()), |r| r.snapshot(frame))
    }

    /// The next snapshot after `from` (or the last before it) that told of an alert with this text in its words, its symbol
    /// or its venue. An empty text is in all of them.
    ///
    /// # Errors
    /// When a snapshot can't be read.
    pub fn find(&mut self, text: &str, from: usize, back: bool) -> Result<Option<Found>, RecordingError> {
        let told: Vec<(usize, u8)> = self
            .frames
            .iter()
            .enumerate()
            .filter(|(frame, (_, _, _, news))| *news > 0 && if back { *frame < from } else { *frame > from })
            .map(|(frame, (_, _, _, news))| (frame, *news))
            .collect();
        let order: Box<dyn Iterator<Item = (usize, u8)>> =
            if back { Box::new(told.into_iter().rev()) } else { Box::new(told.into_iter()) };
        let wanted = text.to_lowercase();
        for (frame, news) in order {
            let snapshot = self.snapshot(frame)?;
            let mut alerts: Vec<&Alert> = snapshot.alerts.iter().map(|row| &row.alert).collect();
            alerts.sort_by_key(|alert| std::cmp::Reverse(alert.id));
            let new = alerts.into_iter().take(usize::from(news));
            if let Some(alert) = new.into_iter().find(|alert| tells(alert, &wanted)) {
                return Ok(Some(Found { frame, alert: alert.clone() }));
            }
        }
        Ok(None)
    }

    /// What is to be said of it before it is played: how much of it there is, and what is missing.
    pub fn about(&self) -> Option<Text> {
        let (path, wound) = self.wounds().next()?;
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Some(Text::clean(&format!("{name}: {wound}")))
    }
}

fn tells(alert: &Alert, wanted: &str) -> bool {
    let symbol = alert.symbol.as_ref().map(ToString::to_string).unwrap_or_default();
    let venue = alert.venue.as_ref().map(ToString::to_string).unwrap_or_default();
    [alert.text.as_str(), &symbol, &venue].iter().any(|words| words.to_lowercase().contains(wanted))
}
