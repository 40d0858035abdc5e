//! The snapshot: everything on the screen, worked out here, so that no screen computes money. Sections that did not
//! change are shared with the snapshot before.

mod orders;
mod risk;
mod rows;
mod summary;

use super::Engine;
use crate::{
    analytics::EquityCurve,
    broker::{Channel, Link},
    calendar::{Calendar, Phase},
    desk::{
        Total,
        snapshot::{Banner, ChannelRow, EquityPoint, HealthRow, Lamp, Snapshot},
    },
    domain::{
        fact::Fact,
        ids::{Currency, VenueId},
        instrument::AssetClass,
        money::{Money, Percent},
        time::{Mono, Stamp},
    },
};
use smol_str::SmolStr;
use std::sync::Arc;

/// What changed since the last snapshot, and that snapshot.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) orders: bool,
    pub(super) positions: bool,
    pub(super) fills: bool,
    pub(super) accounts: bool,
    pub(super) alerts: bool,
    pub(super) health: bool,
    pub(super) watch: bool,
    pub(super) depth: bool,
    pub(super) market: bool,
    pub(super) curve: bool,
    pub(super) symbols: bool,
    pub(super) banner: bool,
    pub(super) risk: bool,
    pub(super) quality: bool,
    pub(super) reconciliation: bool,
    pub(super) algorithms: bool,
    pub(super) deliveries: bool,
    last: Snapshot,
}

impl View {
    /// Marks what a fact changes.
    pub(super) fn note(&mut self, fact: &Fact) {
        match fact {
            Fact::Intended(_) | Fact::Order(_) | Fact::Learned { .. } | Fact::Held(_) => {
                self.orders = true;
                self.positions = true;
            }
            Fact::Executed(_) | Fact::Inferred(_) | Fact::Corrected(_) => {
                self.orders = true;
                self.positions = true;
                self.fills = true;
                self.accounts = true;
            }
            Fact::Position { .. } | Fact::DayBegan { .. } => {
                self.positions = true;
                self.accounts = true;
            }
            Fact::Account { .. } => self.accounts = true,
            Fact::Instrument(_) => {
                self.watch = true;
                self.positions = true;
            }
            Fact::Algorithm(_) => self.algorithms = true,
            Fact::Alerted(_) | Fact::Acknowledged { .. } => self.alerts = true,
            Fact::Opened { .. }
            | Fact::Commanded { .. }
            | Fact::Locked { .. }
            | Fact::Unlocked { .. }
            | Fact::ExitBegan { .. }
            | Fact::ExitMeasured { .. }
            | Fact::Tripped(_)
            | Fact::Untripped { .. }
            | Fact::Baseline(_)
            | Fact::Adopted { .. }
            | Fact::EquityHigh { .. }
            | Fact::ExitEnded { .. } => {}
        }
        self.banner = true;
    }

    /// Everything is new.
    pub(super) const fn all(&mut self) {
        self.orders = true;
        self.positions = true;
        self.fills = true;
        self.accounts = true;
        self.alerts = true;
        self.health = true;
        self.watch = true;
        self.depth = true;
        self.market = true;
        self.curve = true;
        self.symbols = true;
        self.banner = true;
        self.risk = true;
        self.quality = true;
        self.reconciliation = true;
        self.algorithms = true;
        self.deliveries = true;
    }

    const fn is_clean(&self) -> bool {
        !(self.orders
            || self.positions
            || self.fills
            || self.accounts
            || self.alerts
            || self.health
            || self.watch
            || self.depth
            || self.market
            || self.curve
            || self.symbols
            || self.banner
            || self.risk
            || self.quality
            || self.reconciliation
            || self.algorithms
            || self.deliveries)
    }
}

/// What the banner says of all accounts together.
#[derive(Debug, Default)]
struct Sums {
    equity: Option<Money>,
    day_pnl: Option<Money>,
    day_percent: Option<Percent>,
    currency: Option<Currency>,
    rates_at: Option<Mono>,
}

impl Sums {
    fn of(s: &Snapshot) -> Self {
        match (s.total.as_deref(), s.accounts.as_slice()) {
            (Some(Total::Sum(sum)), _) => Self {
                equity: sum.equity,
                day_pnl: sum.day_pnl,
                day_percent: sum.day_percent,
                currency: Some(sum.currency.clone()),
                rates_at: sum.oldest(),
            },
            (None, [only]) => Self {
                equity: Some(only.equity),
                day_pnl: only.day_pnl,
                day_percent: only.day_pnl.zip(only.last_equity).and_then(|(d, e)| d.percent_of(e)),
                currency: Some(only.currency.clone()),
                rates_at: None,
            },
            (Some(Total::Missing(_)) | None, _) => Self::default(),
        }
    }
}

impl Engine {
    /// The present snapshot; `None` when nothing changed since the last one.
    pub fn snapshot(&mut self, now: crate::domain::time::Now) -> Option<Arc<Snapshot>> {
        self.settle();
        if self.view.is_clean() {
            return None;
        }
        self.now = now;
        let mut view = std::mem::take(&mut self.view);
        let s = &mut view.last;
        s.seq = s.seq.saturating_add(1);
        s.at = now;
        if view.orders {
            s.orders = Arc::new(self.order_rows());
        }
        if view.positions || view.market {
            s.positions = Arc::new(self.position_rows());
        }
        if view.fills {
            s.fills = Arc::new(self.fill_rows());
        }
        if view.accounts || view.market || view.positions {
            s.accounts = Arc::new(self.account_rows());
            s.total = self.total(&s.accounts).map(Arc::new);
        }
        if view.alerts {
            s.alerts = Arc::new(self.alert_rows());
        }
        if view.health || view.market {
            s.health = Arc::new(self.health_rows());
        }
        if view.watch || view.market {
            s.watchlist = Arc::new(self.watch_rows());
        }
        if view.depth {
            s.depth = Arc::new(self.depth_rows());
        }
        if view.curve {
            s.equity_curve = Arc::new(self.curve_points());
        }
        if view.symbols {
            s.symbols = Arc::clone(&self.listed);
            let offer = |v: &VenueId| Some((v.clone(), self.venues.get(v)?.setup.capability.clone()));
            s.offers = Arc::new(self.names.iter().filter_map(offer).collect());
        }
        if view.risk {
            s.risk = Arc::new(self.risk_rows());
            s.margin_call = Arc::new(self.margin_call_rows());
        }
        if view.reconciliation {
            s.reconciliation = Arc::clone(&self.differences.shown);
        }
        if view.algorithms {
            s.algorithms = Arc::new(self.algorithm_rows());
        }
        if view.deliveries {
            s.deliveries = Arc::new(self.deliveries.rows());
        }
        if view.quality {
            s.quality = Arc::new(crate::analytics::quality(&self.book));
        }
        s.exit = self.exit_row().map(Arc::new);
        if view.banner {
            s.exits = Arc::new(self.exit_notes());
        }
        s.banner = self.banner(s);
        let snapshot = Arc::new(s.clone());
        self.view = View { last: view.last, ..View::default() };
        Some(snapshot)
    }

    fn banner(&self, s: &Snapshot) -> Banner {
        let lamps = self.names.iter().filter_map(|venue| {
            let state = self.venues.get(venue)?;
            Some(Lamp {
                venue: venue.clone(),
                environment: state.environment(),
                read_only: self.read_only || state.read_only().is_some(),
                connected: self.agrees(venue),
            })
        });
        let sums = Sums::of(s);
        let (session, session_until) = self.session_words();
        let unseen = self.book.alerts().filter(|(_, seen)| !seen).count();
        Banner {
            lamps: lamps.collect(),
            equity: sums.equity,
            day_pnl: sums.day_pnl,
            day_percent: sums.day_percent,
            drawdown: self.worst_drawdown(),
            currency: sums.currency,
            rates_at: sums.rates_at,
            armed_until: self.armed_until.filter(|until| self.now.mono < *until),
            locked: self.book.lock().map(|l| l.reason.clone()),
            halted: self.halted,
            tripped: self.tripped(),
            locked_out_until: self.locked_out_until(),
            held: self.held_back(),
            alerts: u32::try_from(unseen).ok().unwrap_or(u32::MAX),
            worst: self.book.worst_alert().cloned(),
            session,
            session_until,
        }
    }

    fn worst_drawdown(&self) -> Option<Percent> {
        self.curves.values().filter_map(EquityCurve::drawdown).min()
    }

    /// Why entries wait, apart from a lock.
    fn held_back(&self) -> Option<crate::domain::text::Text> {
        let names = &self.names;
        names.iter().find_map(|venue| match self.access(venue) {
            crate::risk::Access::Trading => None,
            crate::risk::Access::Locked { .. } | crate::risk::Access::ReadOnly
                if self.book.lock().is_some() =>
            {
                None
            }
            crate::risk::Access::Locked { reason } => Some(reason),
            crate::risk::Access::ReadOnly => None,
        })
    }

    fn session_words(&self) -> (SmolStr, Option<Stamp>) {
        let stocks = self
            .names
            .first()
            .and_then(|v| self.venues.get(v))
            .is_some_and(|v| !v.setup.always_open && v.setup.capability.of(AssetClass::Equity).is_some());
        if !stocks {
            return (SmolStr::new_static("24/7"), None);
        }
        let session = Calendar::UsEquity.session_at(self.now.wall);
        let word = match session.phase {
            Phase::Regular => "regular",
            Phase::Pre => "pre",
            Phase::After => "after",
            Phase::Closed => "closed",
        };
        (SmolStr::new_static(word), session.until)
    }

    fn curve_points(&self) -> Vec<EquityPoint> {
        // Accounts are not added over time: their points stand at different times, and rates have no past here. In the
        // order of time what is new stands at the end, and little of it goes to other screens.
        let is_one = self.names.len() == 1;
        let of = |venue: &VenueId| {
            let whose = Some(venue.clone()).filter(|_| !is_one);
            let points = self.curves.get(venue).into_iter().flat_map(EquityCurve::points);
            points.map(move |(at, equity)| EquityPoint { venue: whose.clone(), at, equity })
        };
        let mut points: Vec<EquityPoint> = self.names.iter().flat_map(of).collect();
        points.sort_by_key(|point| point.at);
        points
    }

    fn health_rows(&self) -> Vec<HealthRow> {
        self.names.iter().filter_map(|v| self.health_row(v)).collect()
    }

    fn health_row(&self, venue: &VenueId) -> Option<HealthRow> {
        let state = self.venues.get(venue)?;
        let channels = state.links.iter().map(|(channel, link)| {
            let (word, until) = link_words(&link.link);
            ChannelRow {
                name: SmolStr::new_static(channel.word()),
                state: SmolStr::new_static(word),
                until,
                last_message: self.heard(venue, *channel),
            }
        });
        Some(HealthRow {
            venue: venue.clone(),
            channels: channels.collect(),
            state: state.word(),
            rtt_p50_us: state.vitals.rtt_p50_us,
            rtt_p99_us: state.vitals.rtt_p99_us,
            limit_used: state.vitals.limit_used,
            limit_max: state.vitals.limit_max,
            limited_until: state.vitals.limited_until,
            skew_ms: state.vitals.skew_ms,
            switch: state.vitals.switch.clone(),
            reconnects: state.reconnects(),
            quarantined: state.quarantined.values().fold(0, |sum, n| sum.saturating_add(*n)),
            last_error: state.last_error.clone(),
        })
    }

    fn heard(&self, venue: &VenueId, channel: Channel) -> Option<Mono> {
        let state = self.venues.get(venue)?;
        state.heard.get(&channel).copied().or_else(|| state.links.get(&channel).map(|l| l.since))
    }

    /// A wall time as a monotonic one, for ages.
    pub(super) fn mono_of(&self, at: Stamp) -> Mono {
        let ago = self.now.wall.since_ms(at).max(0);
        let ago_ns = u64::try_from(ago).ok().unwrap_or(0).saturating_mul(1_000_000);
        Mono::from_nanos(self.now.mono.as_nanos().saturating_sub(ago_ns))
    }
}

const fn link_words(link: &Link) -> (&'static str, Option<Mono>) {
    match link {
        Link::Connecting => ("connecting", None),
        Link::Up => ("up", None),
        Link::Stale => ("stale", None),
        Link::Backoff { until, .. } => ("backoff", Some(*until)),
        Link::Dead { .. } => ("dead", None),
    }
}
