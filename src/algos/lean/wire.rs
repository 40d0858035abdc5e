//! What only LEAN on this computer writes, as serde types and nothing else; the figures themselves are in
//! [`crate::algos::result::wire`].

use crate::algos::{
    number::{Number, Plain},
    result::wire::{LiveResult, OrderEvent},
};
use serde::Deserialize;

/// `config`, as the vendor's command line writes it beside the results.
#[derive(Debug, Default, Deserialize)]
pub struct Config<'a> {
    #[serde(borrow, default)]
    pub id: Option<Plain<'a>>,
    #[serde(borrow, default)]
    pub container: Option<Plain<'a>>,
}

/// What comes of a command: `result-command-<Id>.json`.
#[derive(Debug, Deserialize)]
pub struct Reply<'a> {
    #[serde(borrow, default, rename = "CommandName", alias = "commandName")]
    pub name: Option<Plain<'a>>,
    #[serde(default, rename = "Success", alias = "success")]
    pub success: Option<bool>,
    #[serde(default, rename = "QuantityFilled", alias = "quantityFilled")]
    pub quantity_filled: Option<Number>,
}

/// The envelope of what streams. Nothing else of a packet is read before its kind is known, since the first one is the
/// whole job with the broker's credentials in it.
#[derive(Debug, Deserialize)]
pub struct Envelope<'a> {
    #[serde(borrow, rename = "Type", alias = "type", alias = "eType")]
    pub kind: Plain<'a>,
}

/// `LiveResult`
#[derive(Debug, Deserialize)]
pub struct ResultPacket<'a> {
    #[serde(borrow, default, rename = "Results", alias = "results", alias = "oResults")]
    pub results: Option<LiveResult<'a>>,
}

/// `OrderEvent`
#[derive(Debug, Deserialize)]
pub struct EventPacket<'a> {
    #[serde(borrow, rename = "Event", alias = "event", alias = "oOrderEvent")]
    pub event: OrderEvent<'a>,
}

/// `Debug`, `SystemDebug`, `Log`, `HandledError`, `RuntimeError` and `AlgorithmStatus`.
#[derive(Debug, Deserialize)]
pub struct WordPacket<'a> {
    #[serde(borrow, default, rename = "Message", alias = "message", alias = "sMessage")]
    pub message: Option<Plain<'a>>,
    #[serde(borrow, default, rename = "Status", alias = "status", alias = "eStatus")]
    pub status: Option<Plain<'a>>,
}
