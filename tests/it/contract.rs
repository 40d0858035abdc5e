//! The contract: what a trader may rely on at every venue, written once over a small trait. Each venue brings a stand:
//! a counterparty with a memory, and the means to make it lose, delay and refuse.

mod alpaca;
mod background;
mod binance;
mod coins;
mod exchange;
mod gateway;
mod ibkr_portal;
mod perps;
mod serve;
mod several;
mod tws;

use super::{
    counterparty::{client, client_as},
    loopback::Reply as Raw,
    spine::{run, wait},
};
use rust_decimal::Decimal;
use std::{collections::BTreeSet, time::Duration};
use tradedeck::{
    desk::{Reply, Snapshot, snapshot::OrderRow},
    domain::{alert::AlertCode, ids::ClientId, lifecycle::OrderState, money::Price},
    runtime::{Client, Role},
};

/// Which request something happens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Place,
    Replace,
    Cancel,
}

/// What happens to the next request of a kind.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// The venue does it, and this is what comes back.
    Done(Raw),
    /// The venue never sees it, and this is what comes back.
    Undone(Raw),
    /// The venue refuses, in its own words.
    Refused,
    /// Too many requests: come again in so many seconds.
    TooMany(u32),
}

/// A venue's counterparty.
pub(crate) trait Stand {
    /// The section of a configuration that leads there.
    fn config(&self) -> String;
    /// Something that is traded there, and how much of it is usual.
    fn market(&self) -> (&'static str, &'static str);
    /// An order line for each type that the venue takes, none of which fills at once.
    fn lines(&self) -> Vec<String>;
    /// An entry with target and stop, as the venue takes it.
    fn bracket(&self) -> Option<String>;
    /// What will happen to the next request.
    fn fate(&self, on: On, fate: Fate);
    /// The client ids of all orders that were sent, as often as they were.
    fn sent(&self) -> Vec<String>;
    /// The client ids of the orders that are open there.
    fn open(&self) -> BTreeSet<String>;
    /// How much is held there.
    fn held(&self, symbol: &str) -> Decimal;
    /// The news of orders are lost from now on, or come again. What was lost does not come later.
    fn deaf(&self, is_deaf: bool);
    /// The connections that bring news of orders end.
    fn cut(&self);
    /// What the news of orders are had by expires, where something does.
    fn expire(&self) -> bool;
    /// The market goes to where this buy order fills, in so many parts.
    fn reach(&self, client: &str, parts: u32) -> bool;
    /// News come twice and backwards, where the stand can do that; what `act` causes is told so.
    fn scramble(&self, act: &mut dyn FnMut()) -> bool;
    /// The venue's clock is off by so much, where the stand can do that.
    fn skew(&self, ms: i64) -> bool;
    /// The status word of orders that work is this one, where the stand can do that.
    fn strange(&self, word: Option<&'static str>) -> bool;
    /// The key may not trade, where the stand can do that.
    fn forbid(&self) -> bool;
    /// Is it a program on this computer that a person logs in to, for real money too?
    fn is_gateway(&self) -> bool;
    /// Can a working order be changed there?
    fn replaces(&self) -> bool;
    /// The order's protection that a replacement half took away is refused, where a replacement has two halves.
    fn halves(&self) -> bool;
    /// Does an order that is changed in place keep the name that it was placed with?
    fn keeps_names(&self) -> bool;
}

const LONG: Duration = Duration::from_secs(60);

struct Rig<S> {
    stand: S,
    client: Client,
    dir: tempfile::TempDir,
    /// The same order twice within a moment is held up as a mistake.
    placed: u32,
}

fn order<'s>(s: &'s Snapshot, id: &str) -> Option<&'s OrderRow> {
    s.orders.iter().find(|o| o.id.client.as_str() == id)
}

/// The name of the order whose place it took, or of that one's, and so on.
fn first_name(s: &Snapshot, of: &OrderRow) -> String {
    let mut name = of.id.client.clone();
    while let Some(old) = s.orders.iter().find(|o| o.replaced_by.as_ref() == Some(&name)) {
        name = old.id.client.clone();
    }
    name.to_string()
}

fn alerted(s: &Snapshot, code: AlertCode) -> bool {
    s.alerts.iter().any(|a| a.alert.code == code)
}

fn agrees(s: &Snapshot) -> bool {
    !s.banner.lamps.is_empty() && s.banner.lamps.iter().all(|l| l.connected)
}

impl<S: Stand> Rig<S> {
    fn open(stand: S) -> Self {
        let config = stand.config();
        Self::open_as(Role::Shell, stand, &config)
    }
    /// In another role, or with more in its configuration.
    fn open_as(role: Role, stand: S, config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let client = client_as(role, config, &dir.path().join("state"));
        let mut rig = Self { stand, client, dir, placed: 0 };
        rig.wait("agreement", agrees);
        rig.see_quote();
        rig
    }
    /// A price in per cent is worked out from it.
    fn see_quote(&mut self) {
        let (symbol, _) = self.stand.market();
        self.wait("a quote", |s| {
            s.watchlist.iter().any(|w| w.instrument.symbol.as_str() == symbol && w.bid.is_some())
        });
    }
    /// With what is usual held.
    fn holding(stand: S) -> Self {
        let mut rig = Self::open(stand);
        let (symbol, qty) = rig.stand.market();
        let entry = rig.place(&format!("buy {symbol} {qty} market"));
        rig.wait_state(&entry, OrderState::Filled);
        rig.agree();
        rig
    }
    /// Of a pair of exits the one that fills, which `reach` sees to, ends the other.
    fn pair_ends(mut self, reach: impl FnOnce(&Self)) {
        let (symbol, _) = self.stand.market();
        let pair = self.place(&format!("protect {symbol} stop -3% target +3%"));
        self.wait_state(&pair, OrderState::Working);
        self.wait("the stop protects", |s| s.positions.iter().any(|p| p.protected.is_positive()));
        reach(&self);
        self.wait_state(&pair, OrderState::Filled);
        self.wait("flat, and nothing works", |s| {
            s.positions.is_empty() && s.orders.iter().all(|o| o.state.is_final())
        });
        self.agree();
        self.close();
    }
    /// A trailing stop of one per cent for so much follows the market up, holds above its stop, and sells below it.
    fn trail_sells(mut self, qty: &str, to: impl Fn(&Self, Decimal), [up, above, below]: [&str; 3]) -> Self {
        let (symbol, _) = self.stand.market();
        let trail = self.place(&format!("sell {symbol} {qty} trail 1% gtc"));
        self.wait_state(&trail, OrderState::Working);
        to(&self, up.parse().unwrap());
        to(&self, above.parse().unwrap());
        self.agree();
        assert_eq!(order(&self.client.snapshot(), &trail).unwrap().state, OrderState::Working);
        to(&self, below.parse().unwrap());
        self.wait_state(&trail, OrderState::Filled);
        self.agree();
        self
    }
    /// This order fills, or, where the market can't be made to reach it, one at the market that is placed now.
    fn fills(&mut self, id: &str) -> String {
        if self.stand.reach(id, 1) {
            return id.to_owned();
        }
        let (symbol, qty) = self.stand.market();
        self.place(&format!("buy {symbol} {qty} market"))
    }
    fn wait(&mut self, what: &str, is: impl Fn(&Snapshot) -> bool) {
        if self.client.wait_for(LONG, &is).unwrap().is_none() {
            wait(&mut self.client, what, is);
        }
    }
    fn place(&mut self, text: &str) -> String {
        let reply = run(&mut self.client, text);
        let Reply::Placed { orders, .. } = &reply else { panic!("{text}: {reply:?}") };
        orders.first().map(ClientId::to_string).unwrap()
    }
    /// A buy that waits below the market.
    fn place_low(&mut self) -> String {
        let (symbol, qty) = self.stand.market();
        self.placed += 1;
        // So far apart that the market does not make up for it from one to the next.
        let percent = Decimal::new(400 + 5 * i64::from(self.placed), 2);
        self.place(&format!("buy {symbol} {qty} limit -{percent}% gtc"))
    }
    fn wait_state(&mut self, id: &str, state: OrderState) {
        self.wait(&format!("{id} is {state:?}"), |s| order(s, id).is_some_and(|o| o.state == state));
    }
    fn done(&mut self, text: &str) {
        let reply = run(&mut self.client, text);
        assert!(matches!(reply, Reply::Done(_) | Reply::Placed { .. }), "{text}: {reply:?}");
    }
    /// Changes an order. Which one works then: another in its place, or the same where the venue changes it in place,
    /// which is told by its price.
    fn replaced(&mut self, id: &str, change: &str) -> String {
        let before = order(&self.client.snapshot(), id).unwrap().order_type.limit();
        let by = self.place(&format!("replace {id} {change}"));
        let gone = |o: &OrderRow| matches!(o.state, OrderState::Replaced | OrderState::Cancelled);
        let works = |o: &OrderRow| o.state == OrderState::Working;
        let in_place = |s: &Snapshot| {
            order(s, id).is_some_and(|o| works(o) && o.order_type.limit() != before)
                && order(s, &by).is_some_and(|o| o.state == OrderState::Replaced)
        };
        self.wait(&format!("{by} in the place of {id}"), |s| {
            let other = order(s, id).is_some_and(gone) && order(s, &by).is_some_and(works);
            other || in_place(s)
        });
        if in_place(&self.client.snapshot()) { id.to_owned() } else { by }
    }
    fn ours(&mut self, symbol: &str) -> Decimal {
        let s = self.client.snapshot();
        let row = s.positions.iter().find(|p| p.instrument.symbol.as_str() == symbol);
        row.map_or(Decimal::ZERO, |p| p.qty.get())
    }
    /// Book and venue hold and work the same, and nothing was sent twice.
    fn agree(&mut self) {
        let (symbol, _) = self.stand.market();
        self.wait("agreement", agrees);
        let held = self.stand.held(symbol).normalize();
        self.wait("the venue's position", |s| {
            let row = s.positions.iter().find(|p| p.instrument.symbol.as_str() == symbol);
            row.map_or(Decimal::ZERO, |p| p.qty.get()).normalize() == held
        });
        let (open, keeps) = (self.stand.open(), self.stand.keeps_names());
        self.wait(&format!("the venue's orders {open:?}"), |s| {
            let ours = s.orders.iter().filter(|o| o.state.is_open() && o.venue_id.is_some());
            let name = |o: &OrderRow| if keeps { first_name(s, o) } else { o.id.client.to_string() };
            ours.map(name).collect::<BTreeSet<_>>() == open
        });
        let sent: Vec<String> = self.stand.sent().into_iter().filter(|id| id.starts_with("td-")).collect();
        let once: BTreeSet<&String> = sent.iter().collect();
        assert_eq!(sent.len(), once.len(), "sent twice: {sent:?}");
    }
    fn close(self) {
        self.client.close().unwrap();
        drop(self.dir);
    }
}

fn each_type_is_taken_and_cancelled<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    let (symbol, qty) = rig.stand.market();
    // What is sold must be there.
    let entry = rig.place(&format!("buy {symbol} {qty} market"));
    rig.wait_state(&entry, OrderState::Filled);
    rig.agree();
    let lines = rig.stand.lines();
    assert!(lines.len() >= 3, "{lines:?}");
    for line in lines {
        let id = rig.place(&line);
        rig.wait(&format!("`{line}` works"), |s| {
            order(s, &id).is_some_and(|o| {
                assert!(
                    !matches!(o.state, OrderState::Rejected | OrderState::NotSent),
                    "{line}: {:?}",
                    o.reason
                );
                matches!(o.state, OrderState::Working | OrderState::Accepted)
            })
        });
        rig.agree();
        rig.done(&format!("cancel {id}"));
        rig.wait(&format!("`{line}` and what hangs on it is gone"), |s| {
            s.orders.iter().filter(|o| o.id.client.as_str() != entry).all(|o| o.state.is_final())
        });
        rig.agree();
    }
    rig.close();
}

fn a_lost_answer_is_settled_by_asking<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    for (what, reply) in [
        ("gone", Raw::Gone),
        (
            "server error",
            Raw::Json(500, "{\"code\":-1000,\"message\":\"internal\",\"msg\":\"x\"}".to_owned()),
        ),
        ("gateway", Raw::Full(504, Vec::new(), b"<html>gateway</html>".to_vec())),
        ("bad JSON", Raw::Json(200, "{\"id\": \"61e6".to_owned())),
        ("empty", Raw::Json(200, String::new())),
        ("html", Raw::Full(200, Vec::new(), b"<html>hotel</html>".to_vec())),
        ("not documented", Raw::Json(400, "{\"message\":\"timed out\"}".to_owned())),
    ] {
        // Where requests and news share a connection, it is a new one.
        rig.wait("agreement", agrees);
        rig.stand.deaf(true);
        rig.stand.fate(On::Place, Fate::Done(reply));
        let id = rig.place_low();
        rig.wait(&format!("{what}: found"), |s| {
            order(s, &id).is_some_and(|o| {
                assert!(
                    !matches!(o.state, OrderState::Rejected | OrderState::NotSent),
                    "{what}: {:?}",
                    o.state
                );
                o.state == OrderState::Working
            })
        });
        rig.stand.deaf(false);
        rig.done(&format!("cancel {id}"));
        rig.wait_state(&id, OrderState::Cancelled);
    }
    assert!(alerted(&rig.client.snapshot(), AlertCode::OrderUnknown));
    rig.agree();
    rig.close();
}

fn an_order_that_never_arrived_stays_unknown_and_is_not_sent_again<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    rig.stand.fate(On::Place, Fate::Undone(Raw::Gone));
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Unknown);
    drop(rig.client.wait_for(Duration::from_secs(4), |_| false));
    let s = rig.client.snapshot();
    let state = order(&s, &id).unwrap().state;
    assert!(matches!(state, OrderState::Unknown | OrderState::Absent), "{state:?}");
    assert_eq!(rig.stand.sent().iter().filter(|sent| **sent == id).count(), 1);
    rig.close();
}

/// An order is made ready while its fact is on its way to the disk.
fn nothing_leaves_before_the_journal_has_it<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    let (symbol, qty) = rig.stand.market();
    let before = rig.stand.sent().len();
    let held = rusqlite::Connection::open(rig.dir.path().join("state/journal.sqlite")).unwrap();
    held.busy_timeout(Duration::from_secs(5)).unwrap();
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    let id = rig.place(&format!("buy {symbol} {qty} limit -4% gtc"));
    drop(rig.client.wait_for(Duration::from_secs(1), |_| false));
    assert_eq!(rig.stand.sent().len(), before);
    drop(held);
    rig.wait_state(&id, OrderState::Working);
    assert_eq!(rig.stand.sent().len(), before + 1);
    rig.agree();
    rig.close();
}

fn a_refusal_is_definitive<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    rig.stand.fate(On::Place, Fate::Refused);
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Rejected);
    rig.stand.fate(On::Place, Fate::TooMany(2));
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Rejected);
    rig.wait("the countdown", |s| s.health.iter().any(|h| h.limited_until.is_some()));
    rig.wait("its end", |s| s.health.iter().all(|h| h.limited_until.is_none_or(|t| t <= s.at.mono)));
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Working);
    rig.agree();
    rig.close();
}

fn fills_come_in_parts_twice_and_backwards<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    let (symbol, _) = rig.stand.market();
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Working);
    if !rig.stand.reach(&id, 3) {
        println!("{symbol}: this stand can't make an order fill in parts");
        return rig.close();
    }
    rig.wait_state(&id, OrderState::Filled);
    rig.agree();
    let s = rig.client.snapshot();
    assert_eq!(s.fills.iter().filter(|f| f.order.client.as_str() == id).count(), 3, "{:?}", s.fills);
    let before = rig.ours(symbol);
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Working);
    let Rig { stand, .. } = &rig;
    if !stand.scramble(&mut || assert!(stand.reach(&id, 4))) {
        println!("{symbol}: this stand can't scramble its news");
        return rig.close();
    }
    rig.wait_state(&id, OrderState::Filled);
    rig.agree();
    assert!(rig.ours(symbol) > before);
    // Where the last is told first, the others are counted with it; none counts twice.
    let s = rig.client.snapshot();
    let told: Decimal = s.fills.iter().filter(|f| f.order.client.as_str() == id).map(|f| f.qty.get()).sum();
    assert_eq!(told, order(&s, &id).unwrap().amount.qty().unwrap().get(), "each counts once");
    rig.close();
}

fn what_a_cut_stream_missed_is_read_before_anything_is_live<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Working);
    rig.stand.deaf(true);
    let filled = rig.fills(&id);
    rig.stand.deaf(false);
    rig.stand.cut();
    rig.wait_state(&filled, OrderState::Filled);
    rig.agree();
    assert!(rig.client.snapshot().health.iter().any(|h| h.reconnects >= 1));
    // And in the middle of placing.
    rig.wait("agreement", agrees);
    rig.see_quote();
    rig.stand.fate(On::Place, Fate::Done(Raw::Gone));
    let id = rig.place_low();
    // Where orders go over the same connection, one that is cut before the order arrived has never brought it.
    for _ in 0..600 {
        if rig.stand.sent().contains(&id) {
            break;
        }
        drop(rig.client.wait_for(Duration::from_millis(100), |_| false));
    }
    rig.stand.cut();
    rig.wait_state(&id, OrderState::Working);
    rig.agree();
    rig.close();
}

fn a_cancel_that_comes_too_late_is_told_by_the_fill<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Working);
    rig.stand.deaf(true);
    let (symbol, qty) = rig.stand.market();
    let filled = rig.fills(&id);
    // Not before it has, but for a fee in the coin: a cancel that comes in time is no matter of this.
    let whole = qty.parse::<Decimal>().unwrap() * Decimal::new(99, 2);
    for _ in 0..600 {
        if rig.stand.held(symbol) >= whole {
            break;
        }
        drop(rig.client.wait_for(Duration::from_millis(100), |_| false));
    }
    drop(run(&mut rig.client, &format!("cancel {filled}")));
    rig.wait_state(&filled, OrderState::Filled);
    rig.stand.deaf(false);
    rig.agree();
    // A cancel without an answer is found out.
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Working);
    rig.stand.deaf(true);
    rig.stand.fate(On::Cancel, Fate::Done(Raw::Gone));
    rig.done(&format!("cancel {id}"));
    rig.wait_state(&id, OrderState::Cancelled);
    rig.stand.deaf(false);
    rig.agree();
    rig.close();
}

fn a_replacement_is_one_or_the_other<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Working);
    if !rig.stand.replaces() {
        // Refused with a sentence, here or by the adapter, and the order stands.
        let reply = run(&mut rig.client, &format!("replace {id} limit -3%"));
        if let Reply::Placed { orders, .. } = &reply {
            let by = orders.first().map(ClientId::to_string).unwrap();
            rig.wait_state(&by, OrderState::NotSent);
            let s = rig.client.snapshot();
            assert!(order(&s, &by).unwrap().reason.as_ref().is_some_and(|r| r.as_str().contains("has no")));
        } else {
            assert!(matches!(reply, Reply::Refused { .. }), "{reply:?}");
        }
        rig.wait_state(&id, OrderState::Working);
        rig.agree();
        return rig.close();
    }
    let by = rig.replaced(&id, "limit -3%");
    rig.agree();
    rig.stand.fate(On::Replace, Fate::Refused);
    let not = rig.place(&format!("replace {by} limit -4%"));
    rig.wait_state(&not, OrderState::Rejected);
    rig.wait_state(&by, OrderState::Working);
    rig.agree();
    rig.stand.deaf(true);
    rig.stand.fate(On::Replace, Fate::Done(Raw::Gone));
    let last = rig.replaced(&by, "limit -4%");
    rig.stand.deaf(false);
    rig.agree();
    if rig.stand.halves() {
        // Cancelled, and the new one refused: said as it is, with an alert.
        let half = rig.place(&format!("replace {last} limit -2%"));
        rig.wait_state(&half, OrderState::Rejected);
        rig.wait_state(&last, OrderState::Cancelled);
        rig.wait("the alert", |s| {
            s.alerts.iter().any(|a| a.alert.text.as_str().contains("nothing works there now"))
        });
        rig.agree();
    }
    rig.close();
}

fn a_bracket_has_children_that_know_their_parent<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    let Some(line) = rig.stand.bracket() else { return println!("this venue takes no brackets") };
    let parent = rig.place(&line);
    let children = |s: &Snapshot| {
        s.orders.iter().filter(|o| o.parent.as_ref().is_some_and(|p| p.as_str() == parent)).count()
    };
    rig.wait("two children", |s| children(s) == 2);
    // One at the market fills by itself.
    if !rig.stand.reach(&parent, 1) {
        println!("{line}: it fills by itself");
    }
    rig.wait_state(&parent, OrderState::Filled);
    rig.wait("they work", |s| {
        let works = |o: &&OrderRow| {
            o.parent.as_ref().is_some_and(|p| p.as_str() == parent)
                && o.state.is_open()
                && o.state != OrderState::Unknown
        };
        s.orders.iter().filter(works).count() == 2
    });
    rig.agree();
    let (symbol, _) = rig.stand.market();
    rig.wait("the position is protected", |s| {
        s.positions.iter().any(|p| p.instrument.symbol.as_str() == symbol && p.protected.is_positive())
    });
    rig.done("flatten");
    rig.wait("flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
    assert!(rig.stand.open().is_empty());
    rig.agree();
    rig.close();
}

fn everything_is_cancelled_and_closed<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    let (symbol, qty) = rig.stand.market();
    let entry = rig.place(&format!("buy {symbol} {qty} market"));
    rig.wait_state(&entry, OrderState::Filled);
    for _ in 0..3 {
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Working);
    }
    rig.agree();
    rig.done("cancel all");
    rig.wait("no order", |s| s.orders.iter().all(|o| o.state.is_final()));
    assert!(rig.stand.open().is_empty());
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Working);
    // The first cancel of the exit is lost on its way back.
    rig.stand.fate(On::Cancel, Fate::Done(Raw::Gone));
    rig.done("flatten");
    rig.wait("an end", |s| s.exit.as_ref().is_some_and(|e| e.flat.is_some()));
    let s = rig.client.snapshot();
    assert_eq!(s.exit.as_ref().unwrap().flat, Some(true), "{:#?}", s.exit);
    assert!(rig.stand.open().is_empty());
    rig.agree();
    rig.close();
}

fn what_news_are_had_by_is_renewed_when_it_expires<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    let before = rig.client.snapshot().health[0].reconnects;
    if !rig.stand.expire() {
        println!("nothing expires at this venue");
        return rig.close();
    }
    rig.wait("another connection", |s| s.health[0].reconnects > before && agrees(s));
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Working);
    if rig.stand.reach(&id, 1) {
        rig.wait_state(&id, OrderState::Filled);
    }
    rig.agree();
    rig.close();
}

fn a_clock_that_is_off_is_measured<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    // Ahead, then behind: by more than a request may be late.
    for ms in [30_000, -45_000] {
        if !rig.stand.skew(ms) {
            println!("this venue's requests carry no time");
            return rig.close();
        }
        let id = rig.place_low();
        rig.wait(&format!("{id} is answered"), |s| {
            order(s, &id).is_some_and(|o| matches!(o.state, OrderState::Rejected | OrderState::Working))
        });
        let id = rig.place_low();
        rig.wait_state(&id, OrderState::Working);
        rig.wait("the difference is shown", |s| {
            s.health.iter().any(|h| h.skew_ms.is_some_and(|told| (told - ms).abs() < 2_000))
        });
    }
    rig.agree();
    rig.close();
}

fn a_status_that_nobody_knows_is_open_risk<S: Stand>(stand: S) {
    let mut rig = Rig::open(stand);
    if !rig.stand.strange(Some("ON_FIRE")) {
        println!("this stand says only known words");
        return rig.close();
    }
    let id = rig.place_low();
    rig.wait_state(&id, OrderState::Unrecognised);
    assert!(order(&rig.client.snapshot(), &id).unwrap().state.is_open());
    rig.wait("an alert", |s| alerted(s, AlertCode::UnknownStatus));
    rig.stand.strange(None);
    rig.done(&format!("cancel {id}"));
    rig.wait_state(&id, OrderState::Cancelled);
    rig.agree();
    rig.close();
}

fn a_key_that_may_not_trade_is_read_only<S: Stand>(stand: S) {
    if !stand.forbid() {
        return println!("this stand can't take the right to trade away");
    }
    let (symbol, qty) = stand.market();
    let dir = tempfile::tempdir().unwrap();
    let mut client = client(&stand.config(), &dir.path().join("state"));
    wait(&mut client, "agreement", agrees);
    assert!(client.snapshot().banner.lamps[0].read_only);
    let reply = run(&mut client, &format!("buy {symbol} {qty} limit -4% gtc"));
    assert!(matches!(reply, Reply::Refused { .. }), "{reply:?}");
    assert!(stand.sent().is_empty());
    client.close().unwrap();
}

fn a_stand_in_is_never_taken_for_real_money<S: Stand>(stand: S) {
    let live = stand.config().replace("\"paper\"", "\"live\"");
    let parsed = tradedeck::config::Config::parse(std::path::Path::new("config.toml"), &live);
    if let Ok(mut config) = parsed {
        let dir = tempfile::tempdir().unwrap();
        config.paths.state = Some(dir.path().join("state"));
        let env = tradedeck::config::Env::new([("HOME".to_owned(), dir.path().display().to_string())]);
        let opening = tradedeck::runtime::Opening {
            config,
            env,
            flags: tradedeck::config::Flags::default(),
            role: tradedeck::runtime::Role::Shell,
            live: Some("0000".into()),
            looks: false,
        };
        match tradedeck::runtime::Host::open(opening) {
            Err(why) => {
                let why = format!("{why:#}");
                assert!(why.contains("live") || why.contains("no address of"), "{why}");
            }
            // Where real money is reached through this computer too, the account itself says what it is.
            Ok(host) => {
                assert!(stand.is_gateway());
                let mut client = Client::over(tradedeck::runtime::Deck::Own(host)).unwrap();
                wait(&mut client, "a refusal", |s| {
                    s.alerts.iter().any(|a| a.alert.text.as_str().contains("the configuration says LIVE"))
                });
                let (symbol, qty) = stand.market();
                let reply = run(&mut client, &format!("buy {symbol} {qty} limit 1 gtc"));
                assert!(matches!(reply, Reply::Refused { .. }), "{reply:?}");
                client.close().unwrap();
            }
        }
    }
    assert!(stand.sent().is_empty());
}

/// A client that others wrote trades the stand-in, and the desk watches the account meanwhile: what it did is in the
/// book afterwards.
#[test]
#[ignore = "needs a Python with ccxt, which `.ci/run` brings"]
fn a_client_of_others_trades_the_stand_in_and_is_watched() {
    let mut rig = ccxt_trades(binance::Binance::start(), "binance");
    let s = rig.client.snapshot();
    assert!(s.orders.iter().any(|o| o.id.client.as_str() == "ccxt-1" && o.state == OrderState::Cancelled));
    assert!(
        s.positions.iter().any(|p| p.instrument.symbol.as_str() == "BTC/USDT" && p.qty.get() > Decimal::ZERO)
    );
    rig.done("flatten");
    rig.wait("an end", |s| s.exit.as_ref().is_some_and(|e| e.flat.is_some()));
    // Fees in the coin leave less than a lot, which is named.
    let s = rig.client.snapshot();
    let left = &s.exit.as_ref().unwrap().venues[0].left;
    assert!(left.iter().all(|l| l.as_str().contains("is dust")), "{left:?}");
    assert!(rig.stand.open().is_empty() && rig.stand.held("BTC/USDT") < Decimal::new(1, 5));
    rig.close();
}

/// The same at Binance.US: older words, and order news over a key.
#[test]
#[ignore = "needs a Python with ccxt, which `.ci/run` brings"]
fn a_client_of_others_trades_the_stand_in_of_the_united_states() {
    let mut rig = ccxt_trades(binance::Binance::start_us(), "binanceus");
    rig.done("flatten");
    rig.wait("an end", |s| s.exit.as_ref().is_some_and(|e| e.flat.is_some()));
    assert!(rig.stand.open().is_empty() && rig.stand.held("BTC/USDT") < Decimal::new(1, 5));
    rig.close();
}

/// The same on futures: a short, an order that is changed in place, conditional orders.
#[test]
#[ignore = "needs a Python with ccxt, which `.ci/run` brings"]
fn a_client_of_others_trades_the_stand_in_of_futures() {
    let mut rig = ccxt_trades(binance::Binance::start_usdm(), "binanceusdm");
    assert_eq!(rig.ours("BTC/USDT"), Decimal::new(-1, 2));
    let s = rig.client.snapshot();
    let changed = s.orders.iter().find(|o| o.id.client.as_str() == "ccxt-1").unwrap();
    assert_eq!(
        changed.order_type.limit().map(Price::get),
        Some(Decimal::from(48_500)),
        "changed, and cancelled"
    );
    rig.done("flatten");
    rig.wait("flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
    assert!(rig.stand.open().is_empty() && rig.stand.held("BTC/USDT").is_zero());
    rig.close();
}

/// A desk watches an account while ccxt trades it.
fn ccxt_trades(stand: binance::Binance, exchange: &str) -> Rig<binance::Binance> {
    let python = std::env::var("TRADEDECK_CCXT_PYTHON").expect("the Python that has ccxt");
    let mut rig = Rig::open(stand);
    let at = rig.stand.base_url();
    let mut proof = std::process::Command::new(python);
    let proof = proof.arg("tests/ccxt_py/proof.py").args([at.as_str(), serve::KEY, serve::SECRET, exchange]);
    let output = proof.output().unwrap();
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
    rig.agree();
    rig
}

/// The vendor's own client trades the stand-in of its gateway, and the desk watches the account meanwhile.
#[test]
#[ignore = "needs a Python with the vendor's client, which `.ci/run` brings"]
fn the_vendors_client_trades_the_gateway_and_is_watched() {
    let python = std::env::var("TRADEDECK_IBAPI_PYTHON").expect("the Python that has ibapi");
    let mut rig = Rig::open(tws::Tws::start());
    let at = rig.stand.addr();
    let mut proof = std::process::Command::new(python);
    let proof = proof.arg("tests/ibapi_py/proof.py").args([at.ip().to_string(), at.port().to_string()]);
    let output = proof.output().unwrap();
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
    rig.wait("what it bought", |s| {
        s.positions.iter().any(|p| p.instrument.symbol.as_str() == "AAPL" && p.qty.get() == Decimal::TEN)
    });
    let classes = ["AAPL", "SPXW261218C06000000", "MESZ6", "EUR/USD"];
    rig.wait("a position of each class", |s| {
        classes.iter().all(|symbol| s.positions.iter().any(|p| p.instrument.symbol.as_str() == *symbol))
    });
    rig.agree();
    rig.done("flatten");
    rig.wait("flat", |s| s.exit.as_ref().is_some_and(|e| e.flat == Some(true)));
    assert!(rig.stand.open().is_empty());
    assert!(classes.iter().all(|symbol| rig.stand.held(symbol).is_zero()));
    rig.close();
}

macro_rules! venues {
    ($($name:ident $start:expr;)*) => {$(
        mod $name {
            venues!(@each $start; each_type_is_taken_and_cancelled a_lost_answer_is_settled_by_asking
                an_order_that_never_arrived_stays_unknown_and_is_not_sent_again nothing_leaves_before_the_journal_has_it a_refusal_is_definitive
                fills_come_in_parts_twice_and_backwards what_a_cut_stream_missed_is_read_before_anything_is_live
                a_cancel_that_comes_too_late_is_told_by_the_fill a_replacement_is_one_or_the_other
                a_bracket_has_children_that_know_their_parent everything_is_cancelled_and_closed
                what_news_are_had_by_is_renewed_when_it_expires
                a_clock_that_is_off_is_measured a_status_that_nobody_knows_is_open_risk
                a_key_that_may_not_trade_is_read_only a_stand_in_is_never_taken_for_real_money);
        }
    )*};
    (@each $start:expr; $($test:ident)*) => {$(
        #[test]
        fn $test() {
            super::$test($start);
        }
    )*};
}

venues! {
    at_alpaca super::alpaca::Alpaca::start();
    at_binance super::binance::Binance::start();
    at_binance_us super::binance::Binance::start_us();
    at_binance_usdm super::binance::Binance::start_usdm();
    at_binance_coinm super::binance::Binance::start_coinm();
    at_ibkr_tws super::tws::Tws::start();
    at_ibkr_tws_option super::tws::Tws::trading(super::tws::Kind::Option);
    at_ibkr_tws_future super::tws::Tws::trading(super::tws::Kind::Future);
    at_ibkr_tws_pair super::tws::Tws::trading(super::tws::Kind::Pair);
    at_ibkr_portal super::ibkr_portal::Portal::start();
    at_ibkr_portal_option super::ibkr_portal::Portal::trading_options();
}
