//! One row a goal: what was measured, what it may be, and whether it is.

use std::io::{self, Write};

/// What a figure may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    AtLeast(f64),
    AtMost(f64),
}

/// A measured goal.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) goal: u8,
    pub(crate) what: &'static str,
    pub(crate) figure: f64,
    pub(crate) unit: &'static str,
    pub(crate) limit: Limit,
    /// The two sides.
    pub(crate) sides: String,
}

impl Row {
    pub(crate) fn is_reached(&self) -> bool {
        match self.limit {
            Limit::AtLeast(least) => self.figure >= least,
            Limit::AtMost(most) => self.figure <= most,
        }
    }

    pub(crate) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let (sign, limit) = match self.limit {
            Limit::AtLeast(n) => (">=", n),
            Limit::AtMost(n) => ("<=", n),
        };
        let figure = format!("{:.2}{}", self.figure, self.unit);
        let limit = format!("{sign} {limit}{}", self.unit);
        let verdict = if self.is_reached() { "pass" } else { "MISS" };
        writeln!(
            out,
            "{:>3}  {:<58} {figure:>10}  {limit:<11} {verdict}  {}",
            self.goal, self.what, self.sides
        )?;
        out.flush()
    }
}

pub(crate) fn head(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{:>3}  {:<58} {:>10}  {:<11}       both sides", "#", "what", "measured", "limit")
}
