//! The word by which a staged order is released. An order is staged while the fact that it follows from is on its way to
//! the disk: what can be made ready is made ready, and nothing of it leaves before the word is given.

use super::port::Answer;
use crate::domain::text::Text;
use std::{fmt, future::Future};

/// Waits for the word that an order may leave. Whoever has it sends at once, and only then.
#[must_use = "an order whose release is not waited for would leave before its fact is durable"]
pub struct Release(Option<Answer<'static, Result<(), Text>>>);

impl fmt::Debug for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Release(waits)" } else { "Release(given)" })
    }
}

impl Release {
    /// The word was given before.
    pub const fn given() -> Self {
        Self(None)
    }

    /// The word is what comes of this.
    pub fn upon(word: impl Future<Output = Result<(), Text>> + Send + 'static) -> Self {
        Self(Some(Box::pin(word)))
    }

    /// Waits for the word.
    ///
    /// # Errors
    /// Why the order may not leave: nothing of it has.
    pub async fn wait(self) -> Result<(), Text> {
        match self.0 {
            Some(word) => word.await,
            None => Ok(()),
        }
    }
}
