//! The stream of order news: over the websocket API, where it is subscribed with a signature, or over an address that
//! is a key by itself.

use super::Say;
use crate::adapters::quarantine::Quarantine;
use crate::{
    adapters::binance::{
        map::{self, margin::margin_call, rules::Directory},
        wire::{
            events::{ExecutionReport, Frame, Kind},
            futures::{AccountConfigUpdate, AlgoUpdate, OrderTradeUpdate},
        },
    },
    broker::{Channel, Event},
    domain::{lifecycle::OrderEvent, money::Qty, text::Text},
};

/// The machine.
#[derive(Debug)]
pub struct Orders {
    /// The address alone subscribes.
    has_listen_key: bool,
    quarantine: Quarantine,
}

impl Orders {
    /// For one of the two ways.
    pub const fn new(has_listen_key: bool) -> Self {
        Self { has_listen_key, quarantine: Quarantine::new(Channel::Orders) }
    }

    pub(super) fn opened(&mut self, out: &mut Vec<Say>) {
        out.push(if self.has_listen_key { Say::Ready } else { Say::Login });
    }

    pub(super) fn line(&mut self, line: &str, directory: &Directory, out: &mut Vec<Say>) {
        if let Err(why) = read(line, directory, out) {
            out.extend(self.quarantine.put(&why).map(Say::Event));
        }
    }
}

fn read(line: &str, directory: &Directory, out: &mut Vec<Say>) -> Result<(), String> {
    let frame: Frame<'_> = serde_json::from_str(line).map_err(|e| e.to_string())?;
    if let Some(event) = frame.event.or(frame.data) {
        return self::event(event.get(), directory, out);
    }
    if frame.e.is_some() {
        return self::event(line, directory, out);
    }
    match (frame.status, frame.error) {
        (Some(200), None) => out.push(Say::Ready),
        (_, Some(no)) => out.push(complaint(no.code, &no.msg)),
        (_, None) => return Err("a message that is neither an event nor an answer".to_owned()),
    }
    Ok(())
}

/// The key is refused for good; anything else may be over with the next connection.
fn complaint(code: i64, msg: &str) -> Say {
    let why = Text::from(format!("{} (code {code})", Text::clean(msg)));
    match code {
        -1_022 | -2_014 | -2_015 => Say::Dead(why),
        -1_021 => Say::TimeIsOff,
        _ => Say::Drop(why),
    }
}

fn event(raw: &str, directory: &Directory, out: &mut Vec<Say>) -> Result<(), String> {
    let kind: Kind<'_> = serde_json::from_str(raw).map_err(|e| e.to_string())?;
    match kind.e.as_deref() {
        Some("executionReport") => report(raw, directory, out),
        Some("ORDER_TRADE_UPDATE") => traded(raw, directory, out),
        Some("ALGO_UPDATE") => {
            let update: AlgoUpdate<'_> = serde_json::from_str(raw).map_err(|e| e.to_string())?;
            let order = map::futures::algo_news(directory, &update.o).map_err(|e| e.to_string())?;
            out.extend(order.map(|order| Say::Event(Event::Order(Box::new(order)))));
            Ok(())
        }
        Some("eventStreamTerminated") => {
            out.push(Say::Drop(Text::from("the venue ended the order news")));
            Ok(())
        }
        Some("serverShutdown") => {
            out.push(Say::Drop(Text::from("the venue's server shuts down")));
            Ok(())
        }
        Some("listenKeyExpired") => {
            out.push(Say::Drop(Text::from("the key of the order news has expired")));
            Ok(())
        }
        // Balances are read by request when orders moved; lists say nothing that their orders do not.
        Some("outboundAccountPosition" | "balanceUpdate" | "externalLockUpdate" | "listStatus") => Ok(()),
        Some("MARGIN_CALL") => {
            out.extend(margin_call(raw, directory).into_iter().map(Say::Event));
            Ok(())
        }
        Some("ACCOUNT_CONFIG_UPDATE") => {
            // Leverage stands behind the symbols' names, and buying power is counted by it.
            out.push(Say::ForgetRules);
            let update: AccountConfigUpdate<'_> = serde_json::from_str(raw).map_err(|e| e.to_string())?;
            out.extend(map::margin::leverage_news(directory, &update).map(Say::Event));
            Ok(())
        }
        // So are positions; a fill that is told early and without its fee is told again in full.
        Some(
            "ACCOUNT_UPDATE"
            | "TRADE_LITE"
            | "STRATEGY_UPDATE"
            | "GRID_UPDATE"
            | "CONDITIONAL_ORDER_TRIGGER_REJECT",
        ) => Ok(()),
        Some(other) => Err(format!("an event `{}`", Text::clean(other))),
        None => Err("an event without a kind".to_owned()),
    }
}

/// The order goes out even where the execution in the same message can't be read.
fn report(raw: &str, directory: &Directory, out: &mut Vec<Say>) -> Result<(), String> {
    let report: ExecutionReport<'_> = serde_json::from_str(raw).map_err(|e| e.to_string())?;
    let order = map::reported(directory, &report).map_err(|e| e.to_string())?;
    // What waits for the proceeds of another order has no size yet; the answer to its sending told of it.
    let has_no_size = order.amount.qty().is_some_and(Qty::is_zero);
    if order.status == OrderEvent::Held && has_no_size {
        return Ok(());
    }
    let execution = map::execution(&report, &order);
    let (execution, fault) = match execution {
        Ok(execution) => (execution, Ok(())),
        Err(why) => (None, Err(why.to_string())),
    };
    // The execution first: it is what the order's new figures follow from.
    out.extend(execution.map(|e| Say::Event(Event::Execution(Box::new(e)))));
    out.push(Say::Event(Event::Order(Box::new(order))));
    fault
}

/// The same at futures.
fn traded(raw: &str, directory: &Directory, out: &mut Vec<Say>) -> Result<(), String> {
    let update: OrderTradeUpdate<'_> = serde_json::from_str(raw).map_err(|e| e.to_string())?;
    let order = map::futures::traded_order(directory, &update.o).map_err(|e| e.to_string())?;
    let execution = map::futures::execution(&update.o, &order);
    let (execution, fault) = match execution {
        Ok(execution) => (execution, Ok(())),
        Err(why) => (None, Err(why.to_string())),
    };
    out.extend(execution.map(|e| Say::Event(Event::Execution(Box::new(e)))));
    out.push(Say::Event(Event::Order(Box::new(order))));
    fault
}
