//! What comes by the websocket.

use super::{AuthStatus, scalar};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Any message: what it is about, and the rest.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Frame<'a> {
    #[serde(borrow)]
    pub topic: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub args: Option<&'a RawValue>,
    /// A complaint.
    #[serde(deserialize_with = "scalar")]
    pub error: Option<String>,
    /// What the server says before it knows the session.
    #[serde(deserialize_with = "scalar")]
    pub message: Option<String>,
}

/// `sts`: like the status of the brokerage session, and only what changed of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Sts {
    pub authenticated: Option<bool>,
    pub competing: Option<bool>,
    pub connected: Option<bool>,
    #[serde(deserialize_with = "scalar")]
    pub message: Option<String>,
    #[serde(deserialize_with = "scalar")]
    pub fail: Option<String>,
}

impl Sts {
    /// Does it say that orders can't be placed any more? In the same words as an answer would.
    pub fn lost(&self) -> Option<AuthStatus> {
        let is_lost = self.authenticated == Some(false)
            || self.connected == Some(false)
            || self.competing == Some(true);
        is_lost.then(|| AuthStatus {
            authenticated: self.authenticated.is_none_or(|is| is),
            competing: self.competing.is_some_and(|is| is),
            connected: self.connected.is_none_or(|is| is),
            message: self.message.clone(),
            fail: self.fail.clone(),
        })
    }
}
