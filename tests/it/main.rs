//! One test binary, so that the crate is linked once. `cfg(test)` tells clippy that helpers are tests too.
#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

#[cfg(test)]
mod alpaca;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod archive;
#[cfg(test)]
mod authority;
#[cfg(test)]
mod canary;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod counterparty;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod exits;
#[cfg(test)]
mod fault_rows;
#[cfg(test)]
mod fault_venue;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod floor;
#[cfg(test)]
mod held;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod lean;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod loopback;
#[cfg(test)]
mod notify;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod paper_venue;
#[cfg(test)]
mod quality;
#[cfg(test)]
mod quantconnect;
#[cfg(test)]
mod races;
#[cfg(test)]
mod raw_bytes;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod screens;
#[cfg(test)]
mod shell;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod soup;
#[cfg(test)]
mod spine;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod transport;
#[cfg(test)]
mod verdicts;
#[cfg(test)]
mod zones;
