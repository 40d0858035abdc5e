//! What LEAN's `StreamingMessageHandler` sends, read. The first packet is the whole job with the broker's credentials
//! and the program in it: nothing of it but its kind is ever looked at (LEAN.md 4).

use super::wire::{Envelope, EventPacket, ResultPacket, WordPacket};
use crate::{
    algos::result::{
        self,
        figures::{Figures, Told},
        map,
    },
    domain::{
        algorithm::{LogLevel, LogLine},
        text::Text,
    },
};

/// One packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// A run begins, or the stream of one.
    Job,
    /// Some of the figures. Boxed, since most packets are small.
    Figures(Box<Figures>),
    /// Something happened to an order.
    Event(Box<Told>),
    /// It says something.
    Line(LogLine),
    /// It failed, and of what.
    Failed(Text),
    /// How it is.
    Status(Text),
    /// Nothing for us.
    Other,
}

/// Reads one frame.
///
/// # Errors
/// A sentence that quotes nothing of the packet.
pub fn read(bytes: &[u8]) -> Result<Packet, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "a packet is no text".to_owned())?;
    let kind =
        serde_json::from_str::<Envelope<'_>>(text).map_err(|_| "a packet has no kind".to_owned())?.kind.0;
    let bad = |e: serde_json::Error| format!("a packet can't be read: {}", place(&e));
    Ok(match kind.as_ref() {
        "LiveNode" | "LiveNodePacket" => Packet::Job,
        "LiveResult" => {
            let packet: ResultPacket<'_> = serde_json::from_str(text).map_err(bad)?;
            match packet.results {
                Some(results) => Packet::Figures(Box::new(map::figures(&results)?)),
                None => Packet::Other,
            }
        }
        "OrderEvent" => {
            let packet: EventPacket<'_> = serde_json::from_str(text).map_err(bad)?;
            Packet::Event(Box::new(map::event(&packet.event)?))
        }
        "Debug" | "SystemDebug" | "Log" => Packet::Line(line(text, LogLevel::Info).map_err(bad)?),
        "HandledError" => Packet::Line(line(text, LogLevel::Error).map_err(bad)?),
        "RuntimeError" => Packet::Failed(line(text, LogLevel::Error).map_err(bad)?.text),
        "AlgorithmStatus" => {
            let packet: WordPacket<'_> = serde_json::from_str(text).map_err(bad)?;
            packet.status.map_or(Packet::Other, |s| Packet::Status(Text::clean(&s.0)))
        }
        _ => Packet::Other,
    })
}

fn line(text: &str, level: LogLevel) -> Result<LogLine, serde_json::Error> {
    let packet: WordPacket<'_> = serde_json::from_str(text)?;
    let said = packet.message.map(|m| m.0).unwrap_or_default();
    let seems = result::line(&format!("0000-00-00 00:00:00 {said}")).level;
    Ok(LogLine { at: None, level: level.max(seems), text: Text::clean(&said) })
}

/// Where reading stopped; the library's own sentence may quote what it read.
fn place(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_job_is_known_by_its_kind_alone() {
        let job = r#"{"BrokerageData":{"ib-password":"hunter2"},"Algorithm":"AAAA","Type":"LiveNode","Controls":{"x":[]}}"#;
        assert_eq!(read(job.as_bytes()), Ok(Packet::Job));
        // Torn, it names nothing that is in it.
        let torn = job.strip_suffix("[]}}").unwrap();
        assert_eq!(read(torn.as_bytes()), Err("a packet has no kind".to_owned()));
        let odd = r#"{"Type":"LiveResult","Results":{"Cash":{"USD":{"Amount":"hunter2"}}}}"#;
        assert!(!read(odd.as_bytes()).unwrap_err().contains("hunter2"));
    }

    proptest::proptest! {
        /// Whatever streams: it is read or refused, and what is a job stays unread.
        #[test]
        fn any_bytes_are_a_packet_or_none(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            kind in proptest::sample::select(vec!["LiveNode", "LiveResult", "OrderEvent", "Debug", "AlgorithmStatus", "x"]),
            member in "(Results|Event|Message|Status)",
            value in "(\\{\"(Holdings|Cash|Orders|Charts)\":[\\[\\{\\}\\]0-9e\":,]{0,30}\\}|[\\[\\{\\}\\]0-9e\":,]{0,30})",
        ) {
            drop(read(&bytes));
            let text = format!(r#"{{"Type":"{kind}","{member}":{value}}}"#);
            let packet = read(text.as_bytes());
            let is_whole = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            if kind == "LiveNode" && is_whole {
                proptest::prop_assert_eq!(packet, Ok(Packet::Job));
            }
            let mut frames = super::super::zmtp::Frames::default();
            frames.add(&bytes);
            for _ in 0..200 {
                if frames.take().is_none() {
                    break;
                }
            }
            drop(super::super::reply::read("x", &bytes));
            drop(super::super::reply::read("x", text.as_bytes()));
        }
    }

    #[test]
    fn every_kind_is_read() {
        let of = |text: &str| read(text.as_bytes()).unwrap();
        let figures = of(
            r#"{"Type":"LiveResult","Channel":"","Results":{"Holdings":{"SPY R735QTJ8XC9X":{"a":10.1,"q":10,"p":10,"v":100,"u":-2,"up":-1.98},"QQQ":{}},"Cash":{"USD":{"Symbol":"USD","Amount":5.0,"ValueInAccountCurrency":5.0}}}}"#,
        );
        let Packet::Figures(figures) = figures else { panic!("{figures:?}") };
        assert_eq!(figures.holdings.unwrap().len(), 1);
        assert_eq!(figures.cash.unwrap()[0].amount.to_string(), "5.0");
        let event = of(
            r#"{"Type":"OrderEvent","AlgorithmId":"L-3","Event":{"id":"L-3-1-2","algorithmId":"L-3","orderId":1,"orderEventId":2,"symbol":"SPY R735QTJ8XC9X","time":1795185062.301,"status":"filled","fillPrice":10.1,"fillQuantity":10.0,"direction":"buy","quantity":10.0}}"#,
        );
        let Packet::Event(told) = event else { panic!("{event:?}") };
        assert_eq!((told.event.id.as_str(), told.event.symbol.as_str()), ("L-3-1-2", "SPY"));
        assert!(
            matches!(of(r#"{"Type":"Debug","Message":"hi"}"#), Packet::Line(l) if l.text.as_str() == "hi")
        );
        assert!(
            matches!(of(r#"{"Type":"HandledError","Message":"no"}"#), Packet::Line(l) if l.level == LogLevel::Error)
        );
        assert_eq!(of(r#"{"Type":"RuntimeError","Message":"x"}"#), Packet::Failed(Text::clean("x")));
        assert_eq!(
            of(r#"{"Type":"AlgorithmStatus","Status":"Running"}"#),
            Packet::Status(Text::clean("Running"))
        );
        assert_eq!(of(r#"{"Type":"SecurityTypes","Types":[]}"#), Packet::Other);
    }
}
