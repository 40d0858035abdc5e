//! What panes are made of.

pub mod curve;
pub mod gauge;
pub mod prompt;
pub mod sheet;
pub mod sparkline;
pub mod strip;
pub mod table;
pub mod window;
