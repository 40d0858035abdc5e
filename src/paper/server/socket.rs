//! The websockets: frames in and out, time-outs and pings around the machines of [`super::feed`] and
//! [`super::updates`].

use super::{
    feed::{self, Endpoint, Fault},
    owner::{Owner, Request},
    record::{Codec, Record, repack},
    rest::{App, is_known},
    updates,
    venue::{Ticks, faults::Moods},
};
use crate::paper::faults::play::Mood;
use axum::{
    body::Bytes,
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::HeaderMap,
    response::Response,
};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    time::{Interval, MissedTickBehavior, Sleep},
};

/// The largest message that a subscription needs, with room.
const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// A connection that has not given its keys by then is closed.
const AUTH_TIME_MAX: Duration = Duration::from_secs(10);
/// A frame that the client does not take in this time ends the connection.
const SEND_TIME_MAX: Duration = Duration::from_secs(5);
const PING_EVERY: Duration = Duration::from_secs(3);
/// So many pings without a sign of life: the client is dead, and its place is free.
const UNANSWERED_MAX: u32 = 4;
/// A place that is taken is asked for again: its holder may just be leaving.
const CLAIM_TRIES: u32 = 20;
const CLAIM_EVERY: Duration = Duration::from_millis(50);

/// Close codes of RFC 6455.
const NORMAL: u16 = 1000;
const GOING_AWAY: u16 = 1001;
const POLICY: u16 = 1008;

fn codec(headers: &HeaderMap) -> Codec {
    Codec::asked_for(headers.get("content-type").and_then(|v| v.to_str().ok()))
}

fn bounded(ws: WebSocketUpgrade) -> WebSocketUpgrade {
    ws.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX)
}

/// `/v2/iex` and its neighbours.
pub(super) fn market(
    ws: WebSocketUpgrade,
    State(app): State<App>,
    headers: HeaderMap,
    endpoint: &'static Endpoint,
) -> Response {
    let (codec, is_known) = (codec(&headers), is_known(&app.keys, &headers));
    bounded(ws).on_upgrade(move |socket| async move {
        let feed = Feed {
            line: Line::new(socket),
            codec,
            session: feed::Session::new(endpoint.class, Arc::clone(&app.keys)),
            owner: app.owner,
            endpoint,
            ticks: None,
            books: Arc::default(),
            moods: app.moods,
        };
        feed.run(app.stop, is_known).await;
    })
}

/// `/stream`.
pub(super) async fn trade_updates(
    ws: WebSocketUpgrade,
    State(app): State<App>,
    headers: HeaderMap,
) -> Response {
    let (codec, is_known) = (codec(&headers), is_known(&app.keys, &headers));
    bounded(ws).on_upgrade(move |socket| async move {
        let session = updates::Session::new(Arc::clone(&app.keys), is_known);
        let (owner, moods) = (app.owner, app.moods);
        Updates { line: Line::new(socket), codec, session, owner, moods }.run(app.stop).await;
    })
}

/// The connection is over.
struct Hangup;
type Flow = Result<(), Hangup>;

/// A socket with its deadlines.
struct Line {
    socket: WebSocket,
    ping: Interval,
    unanswered: u32,
    auth: Pin<Box<Sleep>>,
}

/// What comes in from the client.
enum Heard {
    Words(Bytes),
    /// A ping, a pong: a sign of life.
    Life,
}

impl Line {
    fn new(socket: WebSocket) -> Self {
        let mut ping = tokio::time::interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { socket, ping, unanswered: 0, auth: Box::pin(tokio::time::sleep(AUTH_TIME_MAX)) }
    }

    async fn send(&mut self, message: Message) -> Flow {
        match tokio::time::timeout(SEND_TIME_MAX, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Hangup),
        }
    }

    async fn ask_for_life(&mut self) -> Flow {
        if self.unanswered >= UNANSWERED_MAX {
            return Err(Hangup);
        }
        self.unanswered = self.unanswered.saturating_add(1);
        self.send(Message::Ping(Bytes::new())).await
    }

    async fn close(&mut self, code: u16, reason: &'static str) -> Flow {
        self.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await?;
        Err(Hangup)
    }

    fn heard(&mut self, frame: Option<Result<Message, axum::Error>>) -> Result<Heard, Hangup> {
        self.unanswered = 0;
        match frame {
            Some(Ok(Message::Text(text))) => Ok(Heard::Words(text.into())),
            Some(Ok(Message::Binary(bytes))) => Ok(Heard::Words(bytes)),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Heard::Life),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Hangup),
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A server that is gone has stopped, too.
    drop(stop.wait_for(|stop| *stop).await);
}

/// The next change of how the streams stand.
async fn changed(moods: &mut Option<watch::Receiver<Moods>>) {
    let is_told = match moods {
        Some(moods) => moods.changed().await.is_ok(),
        None => false,
    };
    if !is_told {
        std::future::pending::<()>().await;
    }
}

/// Waits while a stream hangs: nothing is read, nothing is said, no ping is answered. Over when it is down.
async fn fair(
    moods: &mut Option<watch::Receiver<Moods>>,
    of: fn(&Moods) -> Mood,
    stop: &mut watch::Receiver<bool>,
) -> Flow {
    loop {
        let mood = moods.as_mut().map_or(Mood::Fair, |moods| of(&moods.borrow_and_update()));
        match mood {
            Mood::Fair => return Ok(()),
            Mood::Down => return Err(Hangup),
            Mood::Hanging => tokio::select! {
                () = changed(moods) => {}
                () = stopped(stop) => return Err(Hangup),
            },
        }
    }
}

struct Feed {
    line: Line,
    codec: Codec,
    session: feed::Session,
    owner: Owner,
    endpoint: &'static Endpoint,
    ticks: Option<mpsc::Receiver<Ticks>>,
    /// It follows an order book: they are made only for who does.
    books: Arc<AtomicBool>,
    moods: Option<watch::Receiver<Moods>>,
}

impl Feed {
    async fn run(mut self, mut stop: watch::Receiver<bool>, is_known: bool) {
        if self.say(&[&feed::Session::greeting()]).await.is_err() {
            return;
        }
        if is_known && self.claim().await.is_err() {
            return;
        }
        while fair(&mut self.moods, |m| m.data, &mut stop).await.is_ok() && self.turn(&mut stop).await.is_ok()
        {
        }
    }

    async fn turn(&mut self, stop: &mut watch::Receiver<bool>) -> Flow {
        let Self { line, ticks, session, moods, .. } = self;
        tokio::select! {
            () = changed(moods) => Ok(()),
            frame = line.socket.recv() => match self.line.heard(frame)? {
                Heard::Words(bytes) => self.hear(&bytes).await,
                Heard::Life => Ok(()),
            },
            tick = next(ticks) => match tick {
                Some(tick) => self.tell(&tick).await,
                None if *stop.borrow() => self.line.close(GOING_AWAY, "the paper venue is closing").await,
                None => {
                    self.say(&[&Fault::SlowClient.record()]).await?;
                    self.line.close(POLICY, "slow client").await
                }
            },
            _ = line.ping.tick() => self.line.ask_for_life().await,
            () = line.auth.as_mut(), if !session.is_open() => {
                self.say(&[&Fault::AuthTimeout.record()]).await?;
                self.line.close(POLICY, "auth timeout").await
            }
            () = stopped(stop) => self.line.close(GOING_AWAY, "the paper venue is closing").await,
        }
    }

    async fn say(&mut self, records: &[&Record]) -> Flow {
        let bytes = self.codec.encode(records);
        let message = match self.codec {
            Codec::Msgpack => Message::Binary(bytes.into()),
            // What serde_json writes is UTF-8.
            Codec::Json => String::from_utf8(bytes).map_or(Message::text(""), Message::text),
        };
        self.line.send(message).await
    }

    async fn hear(&mut self, bytes: &[u8]) -> Flow {
        let message = self.codec.decode(bytes);
        let step = self.session.hear(message.as_ref());
        self.books.store(self.session.wants_books(), Ordering::Relaxed);
        match step {
            feed::Step::Say(record) => self.say(&[&record]).await,
            feed::Step::SayAndClose(record) => self.say_and_close(&record).await,
            feed::Step::Claim => self.claim().await,
        }
    }

    async fn say_and_close(&mut self, record: &Record) -> Flow {
        self.say(&[record]).await?;
        self.line.close(NORMAL, "").await
    }

    /// Takes a place at this endpoint.
    async fn claim(&mut self) -> Flow {
        for _ in 0..CLAIM_TRIES {
            let endpoint = self.endpoint;
            let books = Arc::clone(&self.books);
            let claimed = self.owner.ask(|reply| Request::ClaimFeed(endpoint, books, reply));
            self.ticks = claimed.await.map_err(|_| Hangup)?;
            if self.ticks.is_some() {
                break;
            }
            tokio::time::sleep(CLAIM_EVERY).await;
        }
        match self.session.claimed(self.ticks.is_some()) {
            feed::Step::Say(record) => self.say(&[&record]).await,
            feed::Step::SayAndClose(record) => self.say_and_close(&record).await,
            feed::Step::Claim => Ok(()),
        }
    }

    async fn tell(&mut self, tick: &Ticks) -> Flow {
        let session = &mut self.session;
        let wanted: Vec<&Record> = tick.iter().filter_map(|item| session.told(item)).collect();
        if wanted.is_empty() { Ok(()) } else { self.say(&wanted).await }
    }
}

/// The next of a queue that may not be there yet.
async fn next<T>(queue: &mut Option<mpsc::Receiver<T>>) -> Option<T> {
    match queue {
        Some(queue) => queue.recv().await,
        None => std::future::pending().await,
    }
}

struct Updates {
    line: Line,
    codec: Codec,
    session: updates::Session,
    owner: Owner,
    moods: Option<watch::Receiver<Moods>>,
}

impl Updates {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut queue = None;
        while fair(&mut self.moods, |m| m.updates, &mut stop).await.is_ok()
            && self.turn(&mut queue, &mut stop).await.is_ok()
        {}
    }

    async fn turn(
        &mut self,
        queue: &mut Option<mpsc::Receiver<Bytes>>,
        stop: &mut watch::Receiver<bool>,
    ) -> Flow {
        let Self { line, session, moods, .. } = self;
        tokio::select! {
            // First the client's words, so that a list that is replaced counts at once.
            biased;
            () = changed(moods) => Ok(()),
            frame = line.socket.recv() => match self.line.heard(frame)? {
                Heard::Words(bytes) => self.hear(&bytes, queue).await,
                Heard::Life => Ok(()),
            },
            update = next(queue) => match update {
                Some(update) => self.tell(&update).await,
                None if *stop.borrow() => self.line.close(GOING_AWAY, "the paper venue is closing").await,
                // It must not miss an update in silence; connecting again, it asks for what it missed.
                None => self.line.close(POLICY, "too far behind").await,
            },
            _ = line.ping.tick() => self.line.ask_for_life().await,
            () = line.auth.as_mut(), if !session.is_open() => self.line.close(POLICY, "auth timeout").await,
            () = stopped(stop) => self.line.close(GOING_AWAY, "the paper venue is closing").await,
        }
    }

    /// Everything goes out in binary frames, as from the vendor's own paper service.
    async fn tell(&mut self, json: &Bytes) -> Flow {
        let bytes = match self.codec {
            Codec::Json => json.clone(),
            Codec::Msgpack => repack(json).into(),
        };
        self.line.send(Message::Binary(bytes)).await
    }

    async fn hear(&mut self, bytes: &[u8], queue: &mut Option<mpsc::Receiver<Bytes>>) -> Flow {
        // Clients that ask for MessagePack still greet in JSON.
        let message = self.codec.decode(bytes).or_else(|| Codec::Json.decode(bytes));
        let step = self.session.hear(message.as_ref());
        match (self.session.listens(), queue.is_some()) {
            (true, false) => {
                *queue = self.owner.ask(Request::Listen).await.map_err(|_| Hangup)?;
                if queue.is_none() {
                    return self.line.close(POLICY, "too many connections").await;
                }
            }
            (false, true) => *queue = None,
            (true, true) | (false, false) => {}
        }
        match step {
            updates::Step::Say(value) => self.tell(&value.to_string().into()).await,
            updates::Step::SayAndClose(value) => {
                self.tell(&value.to_string().into()).await?;
                self.line.close(NORMAL, "").await
            }
        }
    }
}
