//! Requests that change something. Each leaves at most once; what is asked back is answered by the user's rules.

use super::{
    Api, Kind, post,
    queries::{number_of, take_change},
    read,
    settle::{settle, settle_order},
};
use crate::{
    adapters::ibkr_portal::{
        map::{
            self,
            questions::{Question, Said, Verdict, judge, sentence},
            request::{Part, Written, changed, new_order},
        },
        memory::{Contract, Known, Name, Pending},
        wire::{
            Cancelled, Row,
            sent::{Reply, Ticket},
        },
    },
    broker::{OrderRef, Outcome, Refusal, Release, Replacement},
    domain::{
        ids::ClientId,
        order::{Amount, Attached, OrderSpec, Submission},
        report::OrderReport,
        text::Text,
        time::Mono,
    },
    transport::{
        limit::Class,
        rest::{Answer, Call},
    },
};
use http::Method;
use std::{collections::VecDeque, time::Duration};

/// Questions about one order that are answered; one that asks on is given up.
const REPLIES_MAX: usize = 8;
/// Names the venue's every order in a cancel.
const ALL: &str = "-1";

impl Api {
    /// Sends an order, with what hangs on it, once it is released. A proven reduction goes out of the reserve, and ahead of
    /// entries.
    pub async fn submit(
        &self,
        order: &Submission,
        class: Class,
        release: Release,
    ) -> Outcome<Vec<OrderReport>> {
        let up = match self.up(class).await {
            Ok(up) => up,
            Err(fault) => return Outcome::NotSent(Text::from(fault.to_string())),
        };
        let contract = match self.contract(&order.spec.instrument.symbol, class).await {
            Ok(contract) => contract,
            Err(fault) => return Outcome::NotSent(Text::from(fault.to_string())),
        };
        let Written { orders, parts } = match new_order(up.account.as_str(), &contract, order) {
            Ok(written) => written,
            Err(why) => return Outcome::NotSent(Text::from(why.to_string())),
        };
        let call = match post(&["iserver", "account", up.account.as_str(), "orders"], &orders) {
            Ok(call) => call,
            Err(why) => return Outcome::NotSent(why),
        };
        // Before it has the gateway for itself: nobody else waits for its word.
        if let Err(why) = release.wait().await {
            return Outcome::NotSent(why);
        }
        let taken = match self.converse(class, call).await {
            Outcome::Accepted(taken) => taken,
            Outcome::Refused(no) => return Outcome::Refused(no),
            Outcome::NotSent(why) => return Outcome::NotSent(why),
            Outcome::Unknown(why) => return Outcome::Unknown(why),
        };
        if taken.len() > parts.len() {
            return Outcome::Unknown(Text::from("the answer is about more orders than were sent"));
        }
        self.remember(&contract, &parts, &taken, &orders.orders).await
    }

    /// What was placed, as it is known so far; the stream tells on.
    async fn remember(
        &self,
        contract: &Contract,
        parts: &[Part],
        taken: &[(i64, String)],
        tickets: &[Ticket],
    ) -> Outcome<Vec<OrderReport>> {
        let mut memory = self.memory.lock().await;
        let mut out = Vec::new();
        let first = taken.first().map(|(number, _)| *number);
        for ((part, (number, status)), ticket) in parts.iter().zip(taken).zip(tickets) {
            memory.placed(*number, &part.client, part.spec.clone(), part.parent.clone());
            let row = Row {
                order_id: Some(number.to_string()),
                conid: Some(contract.conid.to_string()),
                order_ref: ticket.client.clone(),
                parent_id: first.filter(|_| ticket.parent.is_some()).map(|n| n.to_string()),
                ..row_of(ticket, status)
            };
            memory.merge(row);
        }
        for (number, _) in taken {
            match map::order(&memory, *number, contract) {
                Ok(report) => out.push(report),
                Err(why) => return Outcome::Unknown(Text::from(why.to_string())),
            }
        }
        if out.is_empty() {
            Outcome::Unknown(Text::from("the answer holds no order"))
        } else {
            Outcome::Accepted(out)
        }
    }

    /// Sends a ticket, and answers what is asked about it, with the gateway for itself until the last word is said.
    async fn converse(&self, class: Class, call: Call) -> Outcome<Vec<(i64, String)>> {
        let is_exit = class == Class::Exit;
        let Some(_turn) = self.line.turn(is_exit, self.config.deadline).await else {
            return Outcome::NotSent(Text::from("not sent: the gateway is still busy with another order"));
        };
        if let Err(ended) = self.admit(class, Kind::Usual).await {
            return match settle(ended) {
                Outcome::NotSent(why) => Outcome::NotSent(why),
                Outcome::Accepted(_) | Outcome::Refused(_) | Outcome::Unknown(_) => {
                    Outcome::NotSent(Text::from("not sent: the limits have no room for it"))
                }
            };
        }
        let end =
            self.now().mono.plus_ms(u64::try_from(self.config.deadline.as_millis()).ok().unwrap_or(u64::MAX));
        let mut said = settle_order(self.send(call).await);
        let mut waiting: VecDeque<Question> = VecDeque::new();
        let mut taken: Vec<(i64, String)> = Vec::new();
        for replies in 0..=REPLIES_MAX {
            match said {
                Outcome::Accepted(Said::Taken(list)) => taken.extend(list),
                // The newest questions are the ones that stand.
                Outcome::Accepted(Said::Asks(list)) => waiting = list.into(),
                Outcome::Accepted(Said::No { text, .. }) => return Outcome::Unknown(Text::clean(&text)),
                Outcome::Refused(no) if taken.is_empty() => return Outcome::Refused(no),
                Outcome::Refused(no) => return Outcome::Unknown(no.text),
                Outcome::NotSent(why) => return Outcome::NotSent(why),
                Outcome::Unknown(why) => return Outcome::Unknown(why),
            }
            let Some(question) = waiting.front().cloned() else { return Outcome::Accepted(taken) };
            let allows = is_exit && self.config.answer_exits;
            let no = waiting.iter().find_map(|q| match judge(q, &self.config.answers, allows) {
                Verdict::No { id, text, is_forbidden } => {
                    let why = sentence(&id, &text, is_forbidden);
                    Some((id, why))
                }
                Verdict::Yes => None,
            });
            if let Some((id, why)) = no {
                return self.decline(&question, &id, why, taken.is_empty()).await;
            }
            if replies >= REPLIES_MAX {
                let why = format!(
                    "Interactive Brokers asked more than {REPLIES_MAX} questions about the order; it was given up"
                );
                return self.decline(&question, "questions", Text::from(why), taken.is_empty()).await;
            }
            said = match self.confirm(&question, end).await {
                Ok(said) => said,
                Err(why) => return self.decline(&question, "late", why, taken.is_empty()).await,
            };
            waiting.pop_front();
        }
        Outcome::Unknown(Text::from("the venue asked on without end"))
    }

    /// Says yes. `Err` where there is no time or room left for it: then nothing was confirmed.
    async fn confirm(&self, question: &Question, end: Mono) -> Result<Outcome<Said>, Text> {
        let left = end.as_nanos().saturating_sub(self.now().mono.as_nanos());
        if left == 0 {
            return Err(Text::from(
                "the venue's question came too late to be answered; the order was not confirmed",
            ));
        }
        let call = post(&["iserver", "reply", &question.reply], &Reply { confirmed: true })?;
        if self.admit(Class::Exit, Kind::Usual).await.is_err() {
            return Err(Text::from(
                "the limits had no room for the answer to the venue's question; the order was not confirmed",
            ));
        }
        let said = settle_order(self.send(call.deadline(Duration::from_nanos(left))).await);
        match said {
            // It did not leave, so that the order stays unconfirmed.
            Outcome::NotSent(why) => {
                Err(Text::from(format!("the venue's question could not be answered: {why}")))
            }
            other @ (Outcome::Accepted(_) | Outcome::Refused(_) | Outcome::Unknown(_)) => Ok(other),
        }
    }

    /// Says no, by which the venue discards the order; and it does so too where nobody answers.
    async fn decline(
        &self,
        question: &Question,
        code: &str,
        why: Text,
        is_whole: bool,
    ) -> Outcome<Vec<(i64, String)>> {
        let call = post(&["iserver", "reply", &question.reply], &Reply { confirmed: false });
        match call {
            Ok(call) if self.admit(Class::Exit, Kind::Usual).await.is_ok() => {
                let said = self.send(call).await;
                tracing::debug!(?said, "a question was declined");
            }
            Ok(_) | Err(_) => tracing::debug!("a question was left unanswered"),
        }
        if is_whole {
            return Outcome::Refused(Refusal { code: Text::clean(code), text: why, retry_at: None });
        }
        Outcome::Unknown(Text::from(format!("a part of the order was taken; of the rest: {why}")))
    }

    /// Asks for a change: the whole ticket, since the venue resets what is left out.
    pub async fn replace(&self, change: &Replacement) -> Outcome<Vec<OrderReport>> {
        // A stop that moves must not wait behind entries.
        let class = if change.adds_nothing { Class::Exit } else { Class::Entry };
        let up = match self.up(class).await {
            Ok(up) => up,
            Err(fault) => return Outcome::NotSent(Text::from(fault.to_string())),
        };
        let contract = match self.contract(&change.after.instrument.symbol, class).await {
            Ok(contract) => contract,
            Err(fault) => return Outcome::NotSent(Text::from(fault.to_string())),
        };
        let (number, name, ticket, after) =
            match self.changed_ticket(up.account.as_str(), &contract, change).await {
                Ok(written) => written,
                Err(why) => return Outcome::NotSent(why),
            };
        let id = number.to_string();
        let call = match post(&["iserver", "account", up.account.as_str(), "order", &id], &ticket) {
            Ok(call) => call,
            Err(why) => return Outcome::NotSent(why),
        };
        let pending = Pending { name: name.clone(), after: after.clone() };
        self.memory.lock().await.order_mut(number).pending = Some(pending);
        let taken = match self.converse(class, call).await {
            Outcome::Accepted(taken) => taken,
            // What it did there, if anything, its row will say.
            Outcome::Unknown(why) => return Outcome::Unknown(why),
            Outcome::Refused(no) => {
                self.memory.lock().await.order_mut(number).pending = None;
                return Outcome::Refused(no);
            }
            Outcome::NotSent(why) => {
                self.memory.lock().await.order_mut(number).pending = None;
                return Outcome::NotSent(why);
            }
        };
        match taken.as_slice() {
            [(told, status)] if *told == number => {
                self.was_changed(&contract, number, name, after, (&ticket, status)).await
            }
            _ => Outcome::Unknown(Text::from("the answer is about another order")),
        }
    }

    async fn was_changed(
        &self,
        contract: &Contract,
        number: i64,
        name: Name,
        after: OrderSpec,
        (ticket, status): (&Ticket, &str),
    ) -> Outcome<Vec<OrderReport>> {
        let mut memory = self.memory.lock().await;
        memory.merge(Row { order_id: Some(number.to_string()), ..row_of(ticket, status) });
        take_change(&mut memory, number, name, after);
        match map::order(&memory, number, contract) {
            Ok(report) => {
                let old = memory.order(number).and_then(|known| map::replaced(known, number, &report));
                Outcome::Accepted(std::iter::once(report).chain(old).collect())
            }
            Err(why) => Outcome::Unknown(Text::from(why.to_string())),
        }
    }

    /// The ticket of a change, with the order's number, and its name and words once it is taken.
    async fn changed_ticket(
        &self,
        account: &str,
        contract: &Contract,
        change: &Replacement,
    ) -> Result<(i64, Name, Ticket, OrderSpec), Text> {
        let mut memory = self.memory.lock().await;
        memory.call(&change.order);
        let number = number_of(&memory, &change.order);
        let number =
            number.ok_or_else(|| Text::from("the venue has not said its number of the order yet"))?;
        if memory.order(number).is_none_or(|known| known.row == Row::default()) {
            drop(memory);
            self.list_orders(&mut Vec::new()).await.map_err(|fault| Text::from(fault.to_string()))?;
            memory = self.memory.lock().await;
        }
        let name = memory.name(number).filter(|name| name.client == change.order.client);
        let name = name.ok_or_else(|| Text::from("the order goes by another name there by now"))?;
        let known = memory.order(number).cloned().unwrap_or_default();
        let first = first_id(&known, &name.client)?;
        let Amount::Qty(own) = change.after.amount else {
            return Err(Text::from("an order in money can't be changed there"));
        };
        let whole = name.base.checked_add(own).ok_or_else(|| Text::from("the size is too large"))?;
        let filled = known.filled();
        if whole <= filled {
            return Err(Text::from(format!("{filled} of it has filled, which is no less than the new size")));
        }
        let ticket =
            changed(account, contract, &change.after, whole).map_err(|e| Text::from(e.to_string()))?;
        let is_pair = known.row.order_ref.as_deref().is_some_and(|own| own.starts_with("tc-"))
            || matches!(change.before.attached, Attached::Oco { .. });
        let above = memory.above(number).and_then(|above| memory.order(above));
        let parent = above.and_then(|above| above.row.order_ref.clone());
        let ticket = Ticket {
            client: first.filter(|_| parent.is_none()),
            parent,
            is_single_group: is_pair.then_some(true),
            ..ticket
        };
        let generation = name.generation.saturating_add(1);
        let after = OrderSpec { amount: Amount::Qty(whole), ..change.after.clone() };
        Ok((number, Name { client: change.client.clone(), generation, base: filled }, ticket, after))
    }

    /// Asks for a cancel. That it was taken does not mean that the order is cancelled.
    pub async fn cancel(&self, order: &OrderRef) -> Outcome<()> {
        let known = number_of(&*self.memory.lock().await, order);
        let number = match known {
            Some(number) => number,
            None => {
                if let Err(fault) = self.list_orders(&mut Vec::new()).await {
                    return Outcome::NotSent(Text::from(format!("the order's number can't be had: {fault}")));
                }
                let Some(number) = number_of(&*self.memory.lock().await, order) else {
                    return Outcome::NotSent(Text::from("the venue lists no such order"));
                };
                number
            }
        };
        self.cancel_by(&number.to_string()).await
    }

    /// Asks for a cancel of every order of the account: one request there.
    pub async fn cancel_all(&self) -> Outcome<()> {
        self.cancel_by(ALL).await
    }

    async fn cancel_by(&self, id: &str) -> Outcome<()> {
        let up = match self.up(Class::Exit).await {
            Ok(up) => up,
            Err(fault) => return Outcome::NotSent(Text::from(fault.to_string())),
        };
        let call = Call::new(Method::DELETE, &["iserver", "account", up.account.as_str(), "order", id]);
        match settle(self.exchange(Class::Exit, Kind::Usual, call).await) {
            Outcome::Accepted(answer) => was_cancelled(&answer),
            Outcome::Refused(no) => Outcome::Refused(no),
            Outcome::NotSent(why) => Outcome::NotSent(why),
            Outcome::Unknown(why) => Outcome::Unknown(why),
        }
    }
}

fn was_cancelled(answer: &Answer) -> Outcome<()> {
    match read::<Cancelled>(answer) {
        Ok(Cancelled { error: Some(why), .. }) => {
            Outcome::Refused(Refusal { code: Text::from("cancel"), text: Text::clean(&why), retry_at: None })
        }
        Ok(Cancelled { msg: Some(_), .. }) => Outcome::Accepted(()),
        Ok(Cancelled { msg: None, .. }) => {
            Outcome::Unknown(Text::from("the answer to the cancel says nothing"))
        }
        Err(why) => Outcome::Unknown(Text::from(format!("the answer to the cancel can't be read: {why}"))),
    }
}

/// The id that the order was placed with, which its change must repeat; a child has none. Of an order that was not
/// placed here the whole ticket is not known.
fn first_id(known: &Known, client: &ClientId) -> Result<Option<String>, Text> {
    let is_ours = |id: &str| id.starts_with("td-") || id.starts_with("tc-");
    match known.row.order_ref.as_deref() {
        Some(own) if is_ours(own) => Ok(Some(own.to_owned())),
        None if is_ours(client.as_str()) => Ok(None),
        Some(_) | None => Err(Text::from(
            "the order was not placed here, and a change must repeat all of it, which the gateway does not tell; cancel it and place another",
        )),
    }
}

/// A ticket as the venue will tell of it.
fn row_of(ticket: &Ticket, status: &str) -> Row {
    let is_limit = matches!(ticket.order_type, "LMT" | "STOP_LIMIT");
    let price = ticket.price.as_ref().map(|p| p.get().to_owned());
    let aux = ticket.aux_price.as_ref().map(|p| p.get().to_owned());
    // How much has filled is not told here, so that it is not taken for filled.
    let status = if status == "Filled" { "Submitted" } else { status };
    Row {
        order_type: Some(ticket.order_type.to_owned()),
        side: Some(ticket.side.to_owned()),
        total_size: Some(ticket.quantity.get().to_owned()),
        aux_price: aux.or_else(|| price.clone().filter(|_| !is_limit)),
        price: price.filter(|_| is_limit),
        time_in_force: Some(ticket.tif.to_owned()),
        status: Some(status.to_owned()),
        outside_rth: Some(ticket.outside_rth.to_string()),
        ..Row::default()
    }
}
