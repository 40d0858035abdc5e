//! The venue's dead man's switch: unless a symbol's countdown is set anew in time, the venue cancels what is open there.
//! Its requests never touch what is kept for exits, and go before those that only look.

use super::{Api, Asked};
use crate::{adapters::number::Number, broker::Fault, domain::text::Text, transport::limit::Class};
use futures_util::future::join_all;
use http::Method;
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeSet};

/// What is known of it.
#[derive(Debug, Default)]
pub(super) struct Switch {
    /// Symbols whose countdown runs at the venue, or may.
    runs: BTreeSet<String>,
    /// For Health.
    pub(super) words: Option<Text>,
}

/// `POST /fapi/v1/countdownCancelAll`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    #[serde(borrow)]
    countdown_time: Number<'a>,
}

impl Api {
    /// Sets a symbol's countdown; zero calls it off. It is set only where the venue repeats it.
    ///
    /// # Errors
    /// When that is not known.
    pub async fn count_down(&self, native: &str, ms: u64) -> Result<(), Fault> {
        if ms > 0 {
            self.switch.lock().await.runs.insert(native.to_owned());
        }
        let asked = Asked::new(Method::POST, &self.path(&["countdownCancelAll"]), 10)
            .with("symbol", native)
            .with("countdownTime", ms.to_string());
        let answer = self.ask_for(Class::Entry, asked).await?;
        let told: Told<'_> = self.read(&answer)?;
        if told.symbol != native || told.countdown_time.text() != ms.to_string() {
            let (is, of) = (Text::clean(told.countdown_time.text()), Text::clean(&told.symbol));
            return Err(self.unreadable(format!("{ms} ms were set in {native}, it tells {is} ms in {of}")));
        }
        if ms == 0 {
            self.switch.lock().await.runs.remove(native);
        }
        Ok(())
    }

    /// How it stands, for Health.
    pub async fn tell_switch(&self, words: Text) {
        self.switch.lock().await.words = Some(words);
    }

    /// The run ends in order: orders that work go on working.
    pub async fn leave(&self) {
        let runs = std::mem::take(&mut self.switch.lock().await.runs);
        let off = runs.iter().map(|native| async move { (native, self.count_down(native, 0).await) });
        for (native, ended) in join_all(off).await {
            if let Err(fault) = ended {
                tracing::warn!(venue = %self.venue(), native, %fault, "the dead man's switch could not be called off");
            }
        }
    }
}
