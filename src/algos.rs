//! Programs that trade by themselves, in processes or clouds of their own: how they are watched, and what they are asked.
//! A source says what it sees and hands on what it is told; what that means for the account is the engine's to decide.

pub mod lean;
pub mod number;
pub mod program;
pub mod quantconnect;
pub mod result;

use crate::domain::algorithm::{Instructed, Instruction, Sighting};
use smol_str::SmolStr;
use std::{future::Future, pin::Pin};
use tokio::sync::watch;

/// A boxed future: sources stand behind one pointer type.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where an algorithm is seen and asked.
pub trait Source: Send + Sync + std::fmt::Debug {
    /// Its name in the configuration.
    fn name(&self) -> &SmolStr;
    /// Watches until nobody looks any more. The latest sighting takes the place of the one before; one is put there
    /// only when something has changed.
    fn watch(&self, seen: watch::Sender<Sighting>) -> Answer<'_, ()>;
    /// Hands on one instruction, at most once, and waits for what comes of it, for half a minute at the most.
    fn instruct(&self, instruction: Instruction) -> Answer<'_, Instructed>;
}

/// Only what is new is told.
fn publish(seen: &watch::Sender<Sighting>, sighting: Option<Sighting>) {
    let Some(sighting) = sighting else { return };
    seen.send_if_modified(|last| {
        let is_new = *last != sighting;
        if is_new {
            *last = sighting;
        }
        is_new
    });
}
