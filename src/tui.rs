//! The screen: [`update::update`] turns keys, snapshots and receipts into a new [`model::Model`] and commands;
//! drawing (`draw(&Model, &Theme, &mut Frame) -> Drawn`) turns the model into cells and says where it put what
//! ([`hit::Drawn`]). Neither waits nor reads a clock.

pub mod action;
pub mod cmdline;
pub mod column;
pub mod complete;
pub mod focus;
pub mod hints;
pub mod hit;
pub mod keymap;
pub mod modal;
pub mod model;
pub mod msg;
pub mod settings;
pub mod table;
pub mod ticket;
pub mod update;
