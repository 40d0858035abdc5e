//! The way of a stream's frames when some come twice, late, in the wrong order or not at all.

use super::play::Frame;

/// A frame that waits for the one behind it goes after so long all the same.
const HELD_MAX_MS: u64 = 1_000;

/// Frames on their way.
#[derive(Debug)]
pub struct Lane<T> {
    held: Option<(u64, Vec<T>)>,
    late: Vec<(u64, T)>,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self { held: None, late: Vec::new() }
    }
}

impl<T: Clone> Lane<T> {
    /// Puts a frame on its way at `at_ms` and adds what goes out now to `out`.
    pub fn put(&mut self, frame: T, fate: &Frame, at_ms: u64, out: &mut Vec<T>) {
        let copies = match (fate.is_lost, fate.is_twice) {
            (true, _) => return,
            (false, true) => vec![frame.clone(), frame],
            (false, false) => vec![frame],
        };
        if fate.delay_ms > 0 {
            let due = at_ms.saturating_add(fate.delay_ms);
            self.late.extend(copies.into_iter().map(|f| (due, f)));
        } else if fate.is_behind && self.held.is_none() {
            self.held = Some((at_ms.saturating_add(HELD_MAX_MS), copies));
        } else {
            out.extend(copies);
            out.extend(self.held.take().into_iter().flat_map(|(_, held)| held));
        }
    }

    /// Adds what has become due to `out`, the earliest first.
    pub fn due(&mut self, at_ms: u64, out: &mut Vec<T>) {
        if self.held.as_ref().is_some_and(|(due, _)| *due <= at_ms) {
            out.extend(self.held.take().into_iter().flat_map(|(_, held)| held));
        }
        if self.late.is_empty() {
            return;
        }
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.late).into_iter().partition(|(due, _)| *due <= at_ms);
        due.sort_by_key(|(due, _)| *due);
        out.extend(due.into_iter().map(|(_, frame)| frame));
        self.late = later;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_twice_swapped_late_or_never() {
        let (mut lane, mut out) = (Lane::default(), Vec::new());
        let pass = Frame::default();
        lane.put(1, &pass, 0, &mut out);
        lane.put(2, &Frame { is_twice: true, ..pass }, 0, &mut out);
        lane.put(3, &Frame { is_lost: true, ..pass }, 0, &mut out);
        lane.put(4, &Frame { is_behind: true, ..pass }, 0, &mut out);
        lane.put(5, &pass, 0, &mut out);
        lane.put(6, &Frame { delay_ms: 500, ..pass }, 0, &mut out);
        lane.put(7, &Frame { is_behind: true, ..pass }, 0, &mut out);
        assert_eq!(out, [1, 2, 2, 5, 4]);
        lane.due(499, &mut out);
        assert_eq!(out.len(), 5);
        lane.due(500, &mut out);
        lane.due(1_000, &mut out);
        assert_eq!(out, [1, 2, 2, 5, 4, 6, 7], "nobody came behind the last one");
    }
}
