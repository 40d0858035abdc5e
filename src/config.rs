//! Configuration: what the user set, and where the secrets are.

pub mod secret;
