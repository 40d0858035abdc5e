//! The key of a stream of order news, where order news need one: made, kept alive, and gone an hour after it was last
//! kept alive.

use super::{Api, Asked};
use crate::{
    adapters::binance::{config::Product, wire},
    broker::Fault,
    transport::limit::Class,
};
use http::Method;
use url::Url;

impl Api {
    fn listen(&self, method: Method) -> Asked {
        let tail = if self.product().is_futures() { "listenKey" } else { "userDataStream" };
        // The key in the header is enough.
        Asked { is_signed: false, ..Asked::new(method, &self.path(&[tail]), 2) }
    }

    /// Makes one, or is told the one that there is; its address.
    pub async fn listen_url(&self) -> Result<(String, Url), Fault> {
        let answer = self.ask_for(Class::Exit, self.listen(Method::POST)).await?;
        let told: wire::ListenKey<'_> = self.read(&answer)?;
        let mut url = self.config().orders.clone();
        match url.path_segments_mut() {
            Ok(mut path) => {
                path.pop_if_empty().push(&told.listen_key);
            }
            Err(()) => return Err(self.unreadable("the address of order news has no path")),
        }
        Ok((told.listen_key.into_owned(), url))
    }

    /// Keeps it alive.
    pub async fn keep_listening(&self, key: &str) -> Result<(), Fault> {
        let asked = self.listen(Method::PUT);
        let asked = if self.product() == Product::Us { asked.with("listenKey", key) } else { asked };
        self.ask_for(Class::Exit, asked).await.map(drop)
    }
}
