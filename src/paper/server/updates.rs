//! The talk on the `trade_updates` stream, as a machine without a socket.

use super::keys::Keys;
use serde_json::{Value, json};
use std::sync::Arc;

/// One connection's side of the talk.
#[derive(Debug)]
pub(super) struct Session {
    keys: Arc<Keys>,
    is_open: bool,
    listens: bool,
}

/// An answer, and whether the connection goes on.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Send this.
    Say(Value),
    /// Send this and hang up.
    SayAndClose(Value),
}

const STREAM: &str = "trade_updates";

fn authorization(status: &str, action: &str) -> Value {
    json!({"stream": "authorization", "data": {"status": status, "action": action}})
}

impl Session {
    /// `is_open`: the handshake carried the right keys already.
    pub(super) fn new(keys: Arc<Keys>, is_open: bool) -> Self {
        Self { keys, is_open, listens: false }
    }

    pub(super) const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Are order updates to be sent?
    pub(super) const fn listens(&self) -> bool {
        self.is_open && self.listens
    }

    /// A message of the client; `None` is one that could not be read.
    pub(super) fn hear(&mut self, message: Option<&Value>) -> Step {
        let action = message.and_then(|m| m.get("action")).and_then(Value::as_str);
        let Some(message) = message else { return unreadable() };
        match action {
            Some(action @ ("authenticate" | "auth")) => self.authenticate(action, message),
            Some("listen") if self.is_open => self.listen(message),
            Some("listen") => Step::Say(authorization("unauthorized", "listen")),
            Some(_) | None => unreadable(),
        }
    }

    /// Keys in `data` (`key_id`, `secret_key`) or beside the action (`key`, `secret`): both forms are in use.
    fn authenticate(&mut self, action: &str, message: &Value) -> Step {
        let data = message.get("data").unwrap_or(message);
        let word =
            |long: &str, short: &str| data.get(long).or_else(|| data.get(short)).and_then(Value::as_str);
        let known = match (word("key_id", "key"), word("secret_key", "secret")) {
            (Some(key), Some(secret)) => self.keys.are(key, secret),
            (Some(_) | None, Some(_) | None) => false,
        };
        self.is_open |= known;
        if known {
            Step::Say(authorization("authorized", action))
        } else {
            Step::SayAndClose(authorization("unauthorized", action))
        }
    }

    /// The list takes the place of the one before; streams that there are none of are left out of the answer.
    fn listen(&mut self, message: &Value) -> Step {
        let asked = message.get("data").and_then(|d| d.get("streams")).and_then(Value::as_array);
        let Some(asked) = asked else { return unreadable() };
        self.listens = asked.iter().any(|s| s.as_str() == Some(STREAM));
        let streams: &[&str] = if self.listens { &[STREAM] } else { &[] };
        Step::Say(json!({"stream": "listening", "data": {"streams": streams}}))
    }
}

fn unreadable() -> Step {
    Step::Say(json!({"stream": "error", "data": {"error": "invalid syntax"}}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session::new(Arc::new(Keys { key_id: "PK".into(), secret_key: "S".into() }), false)
    }

    #[test]
    fn authenticate_listen_and_the_list_replaces_the_list() {
        let mut s = session();
        let early = s.hear(Some(&json!({"action": "listen", "data": {"streams": ["trade_updates"]}})));
        assert_eq!(early, Step::Say(authorization("unauthorized", "listen")));
        assert!(!s.listens());
        let keys = json!({"action": "authenticate", "data": {"key_id": "PK", "secret_key": "S"}});
        assert_eq!(s.hear(Some(&keys)), Step::Say(authorization("authorized", "authenticate")));
        let on = s.hear(Some(&json!({"action": "listen", "data": {"streams": ["trade_updates", "x"]}})));
        assert_eq!(on, Step::Say(json!({"stream": "listening", "data": {"streams": ["trade_updates"]}})));
        assert!(s.listens());
        let off = s.hear(Some(&json!({"action": "listen", "data": {"streams": []}})));
        assert_eq!(off, Step::Say(json!({"stream": "listening", "data": {"streams": []}})));
        assert!(!s.listens());
    }

    #[test]
    fn wrong_keys_hang_up_and_nonsense_is_answered() {
        let mut s = session();
        for bad in [None, Some(json!({})), Some(json!({"action": "dance"}))] {
            assert_eq!(s.hear(bad.as_ref()), unreadable());
        }
        let wrong = s.hear(Some(&json!({"action": "auth", "key": "PK", "secret": "T"})));
        assert_eq!(wrong, Step::SayAndClose(authorization("unauthorized", "auth")));
        assert!(!s.is_open());
    }
}
