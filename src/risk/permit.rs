//! Permits. Submitting takes one by value, and only this room makes them: an order without a verdict can't
//! be written down in this program, let alone sent.

/// Passed the gate. Not clonable, not serialisable: spent by the one send that it allows.
#[derive(Debug)]
#[must_use = "a permit that is not spent is an order that was not sent"]
pub struct Cleared<T> {
    /// Passed on from hand to hand by its place.
    inner: Box<T>,
    verdict: u64,
}

impl<T> Cleared<T> {
    /// Only the gate calls this.
    pub(super) fn mint(inner: T, verdict: u64) -> Self {
        Self { inner: Box::new(inner), verdict }
    }
    /// The number of the verdict in the journal.
    pub const fn verdict(&self) -> u64 {
        self.verdict
    }
    /// What was cleared.
    pub fn peek(&self) -> &T {
        &self.inner
    }
    /// Gives up the permit for what it permits.
    pub fn spend(self) -> T {
        *self.inner
    }
    /// For tests of adapters, which stand below the gate.
    #[cfg(test)]
    pub(crate) fn for_test(inner: T) -> Self {
        Self::mint(inner, 0)
    }
}

/// Proven against the book to make a position smaller, and unable to turn it around. No limit, lock or
/// tripped switch stops it.
#[derive(Debug)]
#[must_use = "a permit that is not spent is an exit that was not sent"]
pub struct Reducing<T> {
    inner: Box<T>,
}

impl<T> Reducing<T> {
    /// Only the proof calls this.
    pub(super) fn mint(inner: T) -> Self {
        Self { inner: Box::new(inner) }
    }
    /// What was proven.
    pub fn peek(&self) -> &T {
        &self.inner
    }
    /// Gives up the permit for what it permits.
    pub fn spend(self) -> T {
        *self.inner
    }
    /// For tests of adapters, which stand below the proof.
    #[cfg(test)]
    pub(crate) fn for_test(inner: T) -> Self {
        Self::mint(inner)
    }
}
