//! What a venue can do, by the names under which adapters know it.

pub use crate::domain::capability::{Capability, ClassCapability, TifWord};
