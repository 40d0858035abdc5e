//! The account's history, page by page.

use crate::{
    domain::time::Stamp,
    paper::{
        account::{Activity, Detail},
        exchange::Exchange,
        server::wire,
    },
};

/// What `page_token`, `after`, `until`, `date`, `direction` and `page_size` leave of the history.
#[derive(Debug)]
pub(in crate::paper::server) struct Page {
    pub(in crate::paper::server) kinds: Vec<String>,
    pub(in crate::paper::server) after: Option<Stamp>,
    pub(in crate::paper::server) until: Option<Stamp>,
    pub(in crate::paper::server) token: Option<String>,
    pub(in crate::paper::server) is_ascending: bool,
    pub(in crate::paper::server) size: usize,
}

impl Page {
    fn takes(&self, a: &Activity) -> bool {
        (self.kinds.is_empty() || self.kinds.iter().any(|k| k == kind_word(a)))
            && self.after.is_none_or(|after| a.at > after)
            && self.until.is_none_or(|until| a.at < until)
    }

    /// The lines of the page.
    pub(in crate::paper::server) fn cut(&self, exchange: &Exchange) -> Vec<serde_json::Value> {
        let token = self.token.as_deref();
        let is_known = token.is_some_and(|token| exchange.activities().any(|a| a.id == token));
        if self.is_ascending {
            self.cut_from(exchange.activities(), is_known)
        } else {
            self.cut_from(exchange.activities().rev(), is_known)
        }
    }

    /// The page behind the token's place. Two fills of one millisecond stand in the history in the order in which
    /// they happened, which their ids do not tell; a line that is forgotten is found by its id's time.
    fn cut_from<'a>(
        &self,
        mut all: impl Iterator<Item = &'a Activity>,
        is_known: bool,
    ) -> Vec<serde_json::Value> {
        let token = self.token.as_deref().unwrap_or_default();
        if is_known {
            while all.next().is_some_and(|a| a.id != token) {}
        }
        let is_behind =
            |a: &Activity| is_known || token.is_empty() || (a.id.as_str() > token) == self.is_ascending;
        all.filter(|a| is_behind(a) && self.takes(a)).take(self.size).map(wire::activity).collect()
    }
}

fn kind_word(a: &Activity) -> &'static str {
    match &a.detail {
        Detail::Fill(_) => "FILL",
        Detail::Fee(fee) if fee.coin.is_zero() => "FEE",
        Detail::Fee(_) => "CFEE",
    }
}
