//! The port: what every venue's adapter must do, and the words in which it answers. No default bodies: a
//! new venue lists what it lacks, or the compiler does.

pub mod capability;
pub mod event;
pub mod outcome;
pub mod port;
pub mod release;

pub use capability::Capability;
pub use event::{Channel, Event, Link, Market, Sink};
pub use outcome::{Fault, Outcome, Refusal};
pub use port::{Broker, Open, OrderRef, Proof, Replacement, Wanted, Watched};
pub use release::Release;
