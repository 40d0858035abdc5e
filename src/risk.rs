//! The gate: what must hold before an order may leave, and the permits that prove it was asked.

pub mod permit;
