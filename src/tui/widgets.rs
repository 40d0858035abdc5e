//! What panes are made of.

pub mod curve;
pub mod prompt;
pub mod sparkline;
pub mod strip;
pub mod table;
pub mod window;
