//! All that a front end may ask or see: requests, receipts, snapshots. Plain serde values, so that a screen
//! in another process can be attached. Front ends name this room and never the engine.

mod listed;
pub mod protocol;
pub mod receipt;
pub mod replay;
pub mod request;
pub mod snapshot;
pub mod total;
pub mod update;

pub use receipt::{Preview, Receipt, Reply};
pub use request::{Envelope, Request, RequestId};
pub use snapshot::Snapshot;
pub use total::Total;
