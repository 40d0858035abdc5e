//! Requests that change something. Each leaves at most once; a bracket is three messages of which only the last sets any
//! of it to work.

use super::{
    Api, Session,
    settle::{self, Settled, cancelled, is_changed, limited, placed},
};
use crate::{
    adapters::ibkr_tws::{
        map::{
            request::{Written, changed_order, new_order},
            rules::Rules,
        },
        session::{Place, up_to},
    },
    broker::{OrderRef, Outcome, Refusal, Release, Replacement},
    domain::{
        ids::ClientId, lifecycle::OrderEvent, money::Qty, order::Submission, report::OrderReport, text::Text,
    },
    transport::limit::Class,
};
use ibapi::{
    Error as Theirs,
    contracts::Contract,
    orders::{Order, OrderData, OrderState, PlaceOrder},
    subscriptions::Subscription,
};
use std::sync::Arc;

/// An order on its way, and where its answer comes.
struct Sent {
    number: i32,
    client: ClientId,
    answers: Subscription<PlaceOrder>,
}

impl Api {
    /// Sends an order once it is released. A proven reduction goes out of the reserve.
    pub async fn submit(
        &self,
        order: &Submission,
        class: Class,
        release: Release,
    ) -> Outcome<Vec<OrderReport>> {
        let session = match self.gate.for_orders() {
            Ok(session) => session,
            Err(why) => return Outcome::NotSent(why),
        };
        let rules = match self.rules_of(&order.spec.instrument.symbol, class).await {
            Ok(rules) => rules,
            Err(fault) => return Outcome::NotSent(Text::clean(&fault.to_string())),
        };
        let account = match self.account(&session) {
            Ok(account) => account,
            Err(why) => return Outcome::NotSent(why),
        };
        let written = match new_order(&rules, order, account.as_str(), class == Class::Exit) {
            Ok(written) => written,
            Err(why) => return Outcome::NotSent(Text::clean(&why.to_string())),
        };
        let messages = written.orders.iter().fold(0_u32, |n, _| n.saturating_add(1));
        if let Err(limited) = self.grant(class, messages).await {
            return Outcome::NotSent(limited.words());
        }
        if let Err(why) = release.wait().await {
            return Outcome::NotSent(why);
        }
        match self.send(&session, &rules, written).await {
            Ok(sent) => self.taken(sent, &order.client).await,
            Err(outcome) => outcome,
        }
    }

    /// Writes an order and its members, one after the other with numbers that rise.
    async fn send(
        &self,
        session: &Arc<Session>,
        rules: &Rules,
        written: Written,
    ) -> Result<Vec<Sent>, Outcome<Vec<OrderReport>>> {
        let _placing = self.placing.lock().await;
        let valid = session.client.next_order_id();
        let numbers = self.orders.lock().await.reserve(valid, written.orders.len());
        let Some(numbers) = numbers else {
            let why = "the numbers of orders at this gateway are used up; reset them in TWS's API settings";
            return Err(Outcome::NotSent(Text::from(why)));
        };
        let parent = numbers.first().copied().filter(|_| written.is_parent);
        let mut sent: Vec<Sent> = Vec::new();
        for (number, mut order) in numbers.into_iter().zip(written.orders) {
            if let Some(parent) = parent.filter(|parent| *parent != number) {
                order.parent_id = parent;
            }
            let client = match ClientId::new(&order.order_ref) {
                Ok(client) => client,
                Err(why) => return Err(stopped(sent.is_empty(), &why.to_string())),
            };
            self.expect(number, &rules.contract, &order).await;
            match session.client.place_order(number, &rules.contract, &order).await {
                Ok(answers) => sent.push(Sent { number, client, answers }),
                Err(error) => {
                    let is_unsent = sent.is_empty() && never_left(&error);
                    return Err(stopped(is_unsent, &format!("not written: {error}")));
                }
            }
        }
        Ok(sent)
    }

    async fn expect(&self, number: i32, contract: &Contract, order: &Order) {
        let order = Order { order_id: number, client_id: self.config.client_id, ..order.clone() };
        let data = OrderData {
            order_id: number,
            contract: contract.clone(),
            order,
            order_state: OrderState::default(),
        };
        self.orders.lock().await.expect(data);
    }

    /// What became of what was sent, all in the same time.
    async fn taken(&self, sent: Vec<Sent>, client: &ClientId) -> Outcome<Vec<OrderReport>> {
        let began = self.now();
        let mut main = None;
        let mut numbers = Vec::new();
        for mut one in sent {
            let spent = std::time::Duration::from_millis(self.now().since_ms(began));
            let most = self.deadline().saturating_sub(spent).max(std::time::Duration::from_millis(50));
            let settled = placed(&mut one.answers, most, None).await;
            match &settled {
                Settled::Taken(data, status) => {
                    let data = data.as_ref().map(|d| (**d).clone());
                    self.orders.lock().await.answered(data, status.clone());
                    self.answered(began).await;
                }
                Settled::Refused(no) => self.orders.lock().await.refused(one.number, no.text.clone()),
                Settled::TooMany(_) | Settled::Unknown(_) => {}
            }
            let is_refused = matches!(settled, Settled::Refused(_));
            if one.client == *client {
                main = Some(settled);
                numbers.insert(0, (one.number, false));
                if is_refused {
                    // TWS ends the members of an order that it refuses.
                    break;
                }
            } else {
                numbers.push((one.number, is_refused));
            }
        }
        match main {
            None => Outcome::Unknown(Text::from("nothing was said of the order")),
            Some(Settled::Refused(no)) => Outcome::Refused(no),
            Some(Settled::TooMany(text)) => Outcome::Refused(limited(text, self.too_many().await)),
            Some(Settled::Unknown(why)) => Outcome::Unknown(why),
            Some(Settled::Taken(..)) => self.reports_of(&numbers).await,
        }
    }

    /// The orders under these numbers in our words, the first first; those that were refused as such. What has filled
    /// meanwhile is told by the executions alone: an answer that overtakes them would be counted beside them.
    async fn reports_of(&self, numbers: &[(i32, bool)]) -> Outcome<Vec<OrderReport>> {
        let orders = self.orders.lock().await;
        let mut reports = Vec::new();
        for (number, is_refused) in numbers {
            match orders.report(*number) {
                Ok(Some(report)) if *is_refused => {
                    reports.push(OrderReport { status: OrderEvent::Rejected, ..report });
                }
                Ok(Some(report)) => reports.push(up_to(report, Qty::ZERO)),
                Ok(None) => {}
                Err(why) => {
                    return Outcome::Unknown(Text::clean(&format!("the answer can't be read: {why}")));
                }
            }
        }
        crate::adapters::ibkr_tws::map::attach(&mut reports);
        Outcome::Accepted(reports)
    }

    /// Asks for a change: the same number again, with other terms.
    pub async fn replace(&self, change: &Replacement) -> Outcome<Vec<OrderReport>> {
        // A stop that moves must not wait behind entries.
        let class = if change.adds_nothing { Class::Exit } else { Class::Entry };
        let number = match self.number_of(&change.order).await {
            Ok(number) => number,
            Err(outcome) => return outcome,
        };
        let session = match self.gate.for_orders() {
            Ok(session) => session,
            Err(why) => return Outcome::NotSent(why),
        };
        let rules = match self.rules_of(&change.after.instrument.symbol, class).await {
            Ok(rules) => rules,
            Err(fault) => return Outcome::NotSent(Text::clean(&fault.to_string())),
        };
        let there = self.orders.lock().await.known(number).map(|known| known.data.clone());
        let Some(there) = there else {
            return Outcome::NotSent(Text::from("the order as it stands is not known; ask again"));
        };
        let wanted = match changed_order(&rules, change, &there.order, &there.order.account) {
            Ok(wanted) => wanted,
            Err(why) => return Outcome::NotSent(Text::clean(&why.to_string())),
        };
        if let Err(limited) = self.grant(class, 1).await {
            return Outcome::NotSent(limited.words());
        }
        let sent = self.now();
        self.orders.lock().await.expect_change(change.client.clone(), number, wanted.clone());
        let mut answers = match session.client.place_order(number, &rules.contract, &wanted).await {
            Ok(answers) => answers,
            Err(error) => return stopped(never_left(&error), &format!("not written: {error}")),
        };
        match placed(&mut answers, self.deadline(), Some(&wanted)).await {
            Settled::Taken(Some(data), status) if is_changed(&data.order, &wanted) => {
                self.orders.lock().await.answered(Some(*data), status);
                self.answered(sent).await;
                self.reports_of(&[(number, false)]).await
            }
            Settled::Taken(..) => {
                Outcome::Unknown(Text::from("TWS does not say whether the order was changed"))
            }
            Settled::Refused(no) => Outcome::Refused(no),
            Settled::TooMany(text) => Outcome::Refused(limited(text, self.too_many().await)),
            Settled::Unknown(why) => Outcome::Unknown(why),
        }
    }

    /// Asks for a cancel. "Accepted" is that TWS will try. TWS ends the children of an order with it; the other of a pair
    /// it leaves, which goes with the order that it belongs to here.
    pub async fn cancel(&self, order: &OrderRef) -> Outcome<()> {
        let number = match self.number_of(order).await {
            Ok(number) => number,
            Err(outcome) => return outcome,
        };
        let pair = self.orders.lock().await.pair_of(number);
        let outcome = self.cancel_number(number).await;
        match (outcome, pair) {
            (Outcome::Accepted(()), Some(other)) => self.cancel_number(other).await,
            (outcome, _) => outcome,
        }
    }

    async fn cancel_number(&self, number: i32) -> Outcome<()> {
        let session = match self.gate.for_cancels() {
            Ok(session) => session,
            Err(why) => return Outcome::NotSent(why),
        };
        if let Err(limited) = self.grant(Class::Exit, 1).await {
            return Outcome::NotSent(limited.words());
        }
        let sent = self.now();
        let mut answers = match session.client.cancel_order(number, "").await {
            Ok(answers) => answers,
            Err(error) => return stopped(never_left(&error), &format!("not written: {error}")),
        };
        match cancelled(&mut answers, self.deadline()).await {
            Settled::Taken(..) => {
                self.answered(sent).await;
                Outcome::Accepted(())
            }
            Settled::Refused(no) => Outcome::Refused(no),
            Settled::TooMany(text) => Outcome::Refused(limited(text, self.too_many().await)),
            Settled::Unknown(why) => Outcome::Unknown(why),
        }
    }

    /// Asks for a cancel of everything: one message, which also ends what people entered in TWS by hand and what other
    /// programs at the gateway sent. It ends the orders of every account behind the login; where there are several, ours
    /// are cancelled one by one instead, and what others sent is named.
    pub async fn cancel_all(&self) -> Outcome<()> {
        let session = match self.gate.for_cancels() {
            Ok(session) => session,
            Err(why) => return Outcome::NotSent(why),
        };
        if session.accounts.len() > 1 {
            return self.cancel_each().await;
        }
        if let Err(limited) = self.grant(Class::Exit, 1).await {
            return Outcome::NotSent(limited.words());
        }
        // There is no answer to it: the orders themselves tell.
        match session.client.global_cancel().await {
            Ok(()) => Outcome::Accepted(()),
            Err(error) => stopped(never_left(&error), &format!("not written: {error}")),
        }
    }

    async fn cancel_each(&self) -> Outcome<()> {
        let open = match self.open_orders().await {
            Ok(open) => open,
            Err(fault) => return Outcome::NotSent(Text::clean(&fault.to_string())),
        };
        let mut left = Vec::new();
        for report in open {
            let order = OrderRef {
                instrument: report.instrument,
                client: report.client,
                venue_id: Some(report.venue_id),
            };
            match self.cancel(&order).await {
                Outcome::Accepted(()) => {}
                Outcome::Refused(no) => left.push(format!("{}: {}", order.client, no.text)),
                Outcome::NotSent(why) | Outcome::Unknown(why) => {
                    left.push(format!("{}: {why}", order.client));
                }
            }
        }
        if left.is_empty() { Outcome::Accepted(()) } else { Outcome::Unknown(Text::clean(&left.join("; "))) }
    }

    /// The number under which an order of ours can be reached; asked for where it is not known. An `Err` is the outcome
    /// of the whole request: nothing has been changed by looking.
    async fn number_of<T>(&self, order: &OrderRef) -> Result<i32, Outcome<T>> {
        let mut place = self.orders.lock().await.place(order);
        if place.is_none() {
            if let Err(fault) = self.open_orders().await {
                return Err(Outcome::NotSent(Text::clean(&fault.to_string())));
            }
            place = self.orders.lock().await.place(order);
        }
        let refused = |text: String| {
            let (code, text) = (Text::from("not ours"), Text::clean(&text));
            Err(Outcome::Refused(Refusal { code, text, retry_at: None }))
        };
        match place {
            Some(Place::Ours(number)) => Ok(number),
            Some(Place::Others(0)) => refused(format!(
                "{} was entered by hand in TWS; it is cancelled there, or by a cancel of all",
                order.client
            )),
            Some(Place::Others(by)) => refused(format!(
                "{} was sent by the program with client id {by}; it is cancelled there, in TWS, or by a cancel of all",
                order.client
            )),
            None => refused(format!("TWS says that it has no open order {}", order.client)),
        }
    }
}

/// Before these errors of the client library nothing is written.
const fn never_left(error: &Theirs) -> bool {
    matches!(
        error,
        Theirs::ConnectionReset
            | Theirs::ConnectionFailed
            | Theirs::Shutdown
            | Theirs::OrderIdInRequestRange { .. }
            | Theirs::ServerVersion(..)
            | Theirs::InvalidArgument(_)
    )
}

fn stopped<T>(is_unsent: bool, why: &str) -> Outcome<T> {
    let why = Text::clean(why);
    if is_unsent { Outcome::NotSent(why) } else { Outcome::Unknown(why) }
}

/// Is it what a change wanted? For those who look for it later.
pub fn stands_changed(data: &OrderData, wanted: &Order) -> bool {
    settle::is_changed(&data.order, wanted)
}
