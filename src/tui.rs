//! The screen: [`update::update`] turns keys, snapshots and receipts into a new [`model::Model`] and commands;
//! drawing ([`draw::draw`]) turns the model into cells and says where it put what
//! ([`hit::Drawn`]). Neither waits nor reads a clock.

pub mod action;
pub mod app;
pub mod canvas;
pub mod chart;
pub mod cmdline;
pub mod column;
pub mod complete;
pub mod draw;
mod encode;
pub mod focus;
pub mod format;
pub mod glyphs;
pub mod hints;
pub mod hit;
pub mod keymap;
pub mod ladder;
pub mod layout;
pub mod modal;
pub mod model;
pub mod msg;
pub mod panes;
pub mod screen;
pub mod settings;
pub mod table;
pub mod terminal;
pub mod theme;
pub mod ticket;
pub mod tour;
pub mod update;
pub mod widgets;
