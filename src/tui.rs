//! The screen: `update` turns keys, snapshots and receipts into a new [`model::Model`] and commands; drawing
//! (`draw(&Model, &Theme, &mut Frame) -> Drawn`) turns the model into cells and says where it put what
//! ([`hit::Drawn`]). Neither waits nor reads a clock.

pub mod canvas;
pub mod cmdline;
pub mod column;
pub mod draw;
pub mod focus;
pub mod format;
pub mod glyphs;
pub mod hit;
pub mod layout;
pub mod modal;
pub mod model;
pub mod panes;
pub mod table;
pub mod theme;
pub mod ticket;
pub mod widgets;
