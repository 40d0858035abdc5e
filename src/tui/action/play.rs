//! The keys of a recorded session.

use super::{Key, Where, key};

pub(super) const PLAY: &[Key] = &[key("space", "", Where::Replay, "replay: play, or stand still")];

pub(super) const SPEED: &[Key] = &[
    key(">", "faster", Where::Replay, "replay: faster"),
    key("<", "slower", Where::Replay, "replay: slower"),
];

pub(super) const STEP: &[Key] = &[
    key(".", "on", Where::Replay, "replay: a snapshot on"),
    key(",", "back", Where::Replay, "replay: a snapshot back"),
];

pub(super) const SEEK: &[Key] = &[
    key(")", "+1m", Where::Replay, "replay: a minute on"),
    key("(", "-1m", Where::Replay, "replay: a minute back"),
];

pub(super) const FIND: &[Key] = &[
    key("n", "next", Where::Replay, "replay: to the next alert"),
    key("N", "previous", Where::Replay, "replay: to the alert before"),
];
