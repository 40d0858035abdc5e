//! What the engine knows of one venue: proven or not, in agreement or not, its connections and its vitals.

use super::input::VenueSetup;
use crate::{
    broker::{Channel, Link, Proof, event::Vitals},
    domain::{
        ids::{AccountId, Symbol},
        names::{NameMap, NameSet},
        report::Environment,
        text::Text,
        time::{Mono, Now, Stamp},
    },
};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// Is the account what the configuration says?
#[derive(Debug, Clone)]
pub(super) enum Proving {
    /// Asked, or about to be.
    Asked,
    /// It is.
    Proven(Proof),
    /// It is not, or it can't be asked; in words.
    Failed(Text),
}

/// Does the book agree with the venue?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreement {
    /// The order stream is down, or nothing was asked yet.
    Down,
    /// A report is on its way that was asked for after the stream came up.
    Resyncing,
    /// A whole report was taken in after the stream came up.
    Live,
}

/// One connection.
#[derive(Debug, Clone)]
pub(super) struct LinkState {
    pub(super) link: Link,
    pub(super) since: Mono,
    pub(super) ups: u32,
}

/// One venue.
#[derive(Debug)]
pub(super) struct VenueState {
    pub(super) setup: VenueSetup,
    pub(super) proving: Proving,
    pub(super) agreement: Agreement,
    pub(super) links: BTreeMap<Channel, LinkState>,
    pub(super) heard: BTreeMap<Channel, Mono>,
    pub(super) vitals: Vitals,
    /// Messages put aside, by where they came from.
    pub(super) quarantined: BTreeMap<Channel, u64>,
    pub(super) last_error: Option<Text>,
    /// A report is under way since then.
    pub(super) asked_report: Option<Mono>,
    /// Something happened after the last report began that the account figures don't show yet.
    pub(super) wants_report: bool,
    pub(super) report_failures: u32,
    pub(super) last_report: Option<Now>,
    /// When the account figures that the book has were asked for.
    pub(super) figures_asked: Option<Now>,
    /// Only a report that began after this makes them agree.
    pub(super) resync_since: Mono,
    /// When the present trading day began.
    pub(super) day: Option<Stamp>,
    /// When the last five began, the present one first; empty before the run begins.
    pub(super) days: Vec<Stamp>,
    /// Symbols that somebody looked at, and when.
    pub(super) interest: NameMap<Symbol, Mono>,
    /// Symbols whose rules were asked for.
    pub(super) asked: BTreeSet<Symbol>,
    /// Symbols that the venue does not know.
    pub(super) unknown: BTreeSet<Symbol>,
    /// Symbols that the venue would not tell of, and why: one may be several things there.
    pub(super) unclear: BTreeMap<Symbol, (Mono, Text)>,
    /// What the trader watches here, in order.
    pub(super) watched: Vec<Symbol>,
    /// What the gateway was last told to watch.
    pub(super) told: NameSet<Symbol>,
    /// Whose order books it was last told to follow.
    pub(super) told_books: BTreeSet<Symbol>,
    pub(super) told_open: BTreeMap<Symbol, crate::broker::Open>,
    pub(super) halted: BTreeMap<Symbol, Text>,
}

impl VenueState {
    pub(super) fn new(setup: VenueSetup) -> Self {
        Self {
            setup,
            proving: Proving::Asked,
            agreement: Agreement::Down,
            links: BTreeMap::new(),
            heard: BTreeMap::new(),
            vitals: Vitals::default(),
            quarantined: BTreeMap::new(),
            last_error: None,
            asked_report: None,
            wants_report: false,
            report_failures: 0,
            last_report: None,
            figures_asked: None,
            resync_since: Mono::default(),
            day: None,
            days: Vec::new(),
            interest: NameMap::default(),
            asked: BTreeSet::new(),
            unknown: BTreeSet::new(),
            unclear: BTreeMap::new(),
            watched: Vec::new(),
            told: NameSet::default(),
            told_books: BTreeSet::new(),
            told_open: BTreeMap::new(),
            halted: BTreeMap::new(),
        }
    }

    /// The environment that the venue's own answer proved.
    pub(super) const fn environment(&self) -> Option<Environment> {
        match &self.proving {
            Proving::Proven(proof) => Some(proof.environment),
            Proving::Asked | Proving::Failed(_) => None,
        }
    }

    /// The account that the venue's own answer named.
    pub(super) fn account(&self) -> Option<AccountId> {
        match &self.proving {
            Proving::Proven(proof) => Some(proof.account.clone()),
            Proving::Asked | Proving::Failed(_) => None,
        }
    }

    /// Why nothing that opens risk may be sent here at all; `None` when it may.
    pub(super) fn read_only(&self) -> Option<Text> {
        let proof = match &self.proving {
            Proving::Asked => return Some(Text::clean("the venue has not proven yet what account this is")),
            Proving::Failed(why) => return Some(why.clone()),
            Proving::Proven(proof) => proof,
        };
        if let Some(why) = &proof.read_only {
            return Some(why.clone());
        }
        if proof.environment == Environment::Live {
            let account = proof.account.as_str();
            let tail: String = account.chars().skip(account.chars().count().saturating_sub(4)).collect();
            return match &self.setup.live_confirmed {
                Some(typed) if *typed == tail => None,
                Some(_) => Some(Text::clean(
                    "the characters typed after --live are not the last four of this account",
                )),
                None => Some(Text::clean(
                    "a live account opens READ-ONLY; start with --live and the last four characters of the account",
                )),
            };
        }
        None
    }

    /// `LIVE`, `RESYNC`, `DOWN`, `UNPROVEN`, as Health shows it.
    pub(super) fn word(&self) -> SmolStr {
        SmolStr::new_static(match (&self.proving, self.agreement) {
            (Proving::Asked | Proving::Failed(_), _) => "UNPROVEN",
            (Proving::Proven(_), Agreement::Down) => "DOWN",
            (Proving::Proven(_), Agreement::Resyncing) => "RESYNC",
            (Proving::Proven(_), Agreement::Live) => "AGREED",
        })
    }

    pub(super) fn reconnects(&self) -> u32 {
        self.links.values().map(|l| l.ups.saturating_sub(1)).fold(0, u32::saturating_add)
    }
}
