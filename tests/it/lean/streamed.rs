//! LEAN's stream: a real PUSH socket, the job with its credentials first.

use super::{engine, quick};
use std::{
    fmt::Write as _,
    io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, mpsc},
    time::Duration,
};
use tokio::{io::AsyncWriteExt as _, net::TcpListener, sync::watch};
use tradedeck::{
    algos::{
        Source as _,
        lean::{
            Lean,
            settings::{Commands, Settings},
        },
    },
    clock::{Clock as _, System},
    domain::algorithm::{AlgorithmOrderState, Observation, Phase, Sighting},
};
use zeromq::{Socket as _, SocketSend as _};

const SECRET: &str = "hunter2-broker-password";

fn streamed(results: &Path, addr: SocketAddr) -> Lean {
    let settings = Settings { results: results.to_owned(), commands: Commands::ReadOnly, stream: Some(addr) };
    Lean::new("mine".into(), settings, Arc::new(System::start())).unwrap().with_timing(quick())
}

async fn push() -> (zeromq::PushSocket, SocketAddr) {
    let mut socket = zeromq::PushSocket::new();
    let zeromq::Endpoint::Tcp(_, port) = socket.bind("tcp://127.0.0.1:0").await.unwrap() else {
        panic!("no TCP")
    };
    (socket, SocketAddr::from(([127, 0, 0, 1], port)))
}

async fn send(socket: &mut zeromq::PushSocket, text: &str) {
    // It refuses while nobody is connected.
    for _ in 0..200 {
        if socket.send(text.to_owned().into()).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nobody connects");
}

fn job() -> String {
    format!(
        r#"{{"BrokerageData":{{"ib-password":"{SECRET}"}},"Algorithm":"{}","DeployId":"{}","Type":"LiveNode","Channel":""}}"#,
        "A".repeat(300_000),
        engine::ID
    )
}

/// What is logged while a test runs, as text.
#[derive(Clone)]
struct Logged(mpsc::Sender<Vec<u8>>);

impl io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn next(
    seen: &mut watch::Receiver<Sighting>,
    shown: &mut String,
    done: impl Fn(&Observation) -> bool,
) -> Arc<Observation> {
    let wait = async {
        loop {
            seen.changed().await.unwrap();
            let sighting = seen.borrow_and_update().clone();
            write!(shown, "{sighting:?}").unwrap();
            if let Sighting::Seen(observation) = sighting
                && done(&observation)
            {
                return observation;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("it is never seen")
}

#[tokio::test]
async fn files_and_stream_are_one_observation_and_the_job_is_seen_by_nobody() {
    let (logged, lines) = mpsc::channel();
    let writer = Logged(logged);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let results = tempfile::tempdir().unwrap();
    let open = engine::alive(results.path(), None).result(1).replace("\"status\": 3", "\"status\": 1");
    std::fs::write(results.path().join(format!("{}.json", engine::ID)), open).unwrap();
    let (mut lean_side, addr) = push().await;
    let lean = streamed(results.path(), addr);
    let (told, mut seen) = watch::channel(Sighting::Waiting);
    let mut shown = String::new();
    let test = async {
        send(&mut lean_side, &job()).await;
        let first = next(&mut seen, &mut shown, |o| o.holdings.len() == 1 && o.flaws.is_empty()).await;
        assert_eq!(first.holdings[0].qty.to_string(), "1");
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        send(&mut lean_side, r#"{"Type":"LiveResult","Results":{"Holdings":{"SPY R735QTJ8XC9X":{"a":10.5,"q":3,"p":11,"v":33}},"Cash":{"USD":{"Symbol":"USD","Amount":5.5}}}}"#).await;
        let next_seen = next(&mut seen, &mut shown, |o| o.holdings[0].qty.to_string() == "3").await;
        assert!(next_seen.as_of > first.as_of);
        assert_eq!(next_seen.equity, first.equity, "what did not stream is the file's");
        let now = System::start().now().wall.as_secs();
        let event = format!(
            r#"{{"Type":"OrderEvent","AlgorithmId":"{0}","Event":{{"id":"{0}-1-3","algorithmId":"{0}","orderId":1,"orderEventId":3,"symbol":"SPY R735QTJ8XC9X","time":{1}.5,"status":"canceled","fillPrice":0.0,"fillQuantity":0.0,"direction":"buy","quantity":1.0}}}}"#,
            engine::ID,
            now + 1
        );
        send(&mut lean_side, &event).await;
        send(&mut lean_side, &event).await;
        let seen_event = next(&mut seen, &mut shown, |o| !o.events.is_empty()).await;
        assert_eq!(
            (seen_event.events.len(), seen_event.orders[0].state),
            (1, AlgorithmOrderState::Cancelled)
        );
        send(&mut lean_side, r#"{"Type":"Debug","Message":"hello from \u001b[31mthe program"}"#).await;
        next(&mut seen, &mut shown, |o| {
            o.log.iter().any(|l| l.text.as_str() == "hello from [31mthe program")
        })
        .await;
        send(&mut lean_side, &format!(r#"{{"Type":"Nonsense","x":"{SECRET}"}}"#)).await;
        send(
            &mut lean_side,
            &format!("{{\"Type\":\"LiveResult\",\"Results\":{{\"Holdings\":\"{SECRET}\"}}}}"),
        )
        .await;
        next(&mut seen, &mut shown, |o| o.flaws.iter().any(|f| f.as_str().contains("1 packets"))).await;
        send(&mut lean_side, r#"{"Type":"AlgorithmStatus","Status":"Liquidated"}"#).await;
        next(&mut seen, &mut shown, |o| o.phase == Phase::Liquidated).await;
        // It is gone: the files go on, and that is said.
        drop(lean_side);
        let down =
            next(&mut seen, &mut shown, |o| o.flaws.iter().any(|f| f.as_str().contains("no stream from")))
                .await;
        assert_eq!(down.holdings.len(), 1);
    };
    tokio::select! {
        () = lean.watch(told) => panic!("nobody watches"),
        () = test => {}
    }
    let logged: Vec<u8> = lines.try_iter().flatten().collect();
    let logged = String::from_utf8_lossy(&logged);
    for text in [shown.as_str(), &logged] {
        assert!(!text.contains(SECRET) && !text.contains("AAAAAAAA") && !text.contains("LiveNode"));
    }
    assert!(shown.contains("hello from"));
}

/// The same run by its files and by its stream: positions, money, orders and events are the same.
#[tokio::test]
async fn files_and_stream_tell_the_same() {
    let (written, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut model = engine::alive(written.path(), None);
    engine::alive(old.path(), None);
    for _ in 0..7 {
        model.step(System::start().now().wall);
    }
    let day = engine::day(model.started, 0);
    std::fs::write(written.path().join(format!("{}-{day}_minute.json", engine::ID)), model.result(1))
        .unwrap();
    let events = serde_json::to_string(&model.events).unwrap();
    std::fs::write(written.path().join(format!("{}-{day}-order-events.json", engine::ID)), &events).unwrap();
    let by_files = super::lean(written.path(), Commands::ReadOnly);
    let is_whole =
        |s: &Sighting| matches!(s, Sighting::Seen(o) if o.orders.len() == 8 && o.events.len() == 16);
    let by_files = super::until(&by_files, is_whole).await.unwrap();
    // The other knows by its files only how it began.
    let state = std::fs::read_to_string(old.path().join(format!("{}.json", engine::ID))).unwrap();
    let mut first: serde_json::Value = serde_json::from_str(&state).unwrap();
    first["state"]["StartTime"] = model.started.to_rfc3339().into();
    std::fs::write(old.path().join(format!("{}.json", engine::ID)), first.to_string()).unwrap();
    let (mut lean_side, addr) = push().await;
    let lean = streamed(old.path(), addr);
    let (told, mut seen) = watch::channel(Sighting::Waiting);
    let mut shown = String::new();
    let whole: serde_json::Value = serde_json::from_str(&model.result(1)).unwrap();
    let part = |members: &[&str]| {
        let results: serde_json::Map<String, serde_json::Value> = members
            .iter()
            .map(|m| {
                let (first, rest) = m.split_at(1);
                (format!("{}{rest}", first.to_uppercase()), whole[*m].clone())
            })
            .collect();
        serde_json::json!({"Type": "LiveResult", "Channel": "", "Results": results}).to_string()
    };
    let test = async {
        send(&mut lean_side, &job()).await;
        next(&mut seen, &mut shown, |o| o.holdings.len() == 1).await;
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        for packet in
            [part(&["holdings", "cash"]), part(&["runtimeStatistics", "serverStatistics"]), part(&["charts"])]
        {
            send(&mut lean_side, &packet).await;
        }
        let delta = format!(
            r#"{{"Type":"LiveResult","Results":{{"Orders":{},"OrderEvents":{events}}}}}"#,
            whole["orders"]
        );
        send(&mut lean_side, &delta).await;
        next(&mut seen, &mut shown, |o| o.events.len() == 16).await
    };
    let by_stream = tokio::select! {
        () = lean.watch(told) => panic!("nobody watches"),
        seen = test => seen,
    };
    assert_eq!((&by_stream.holdings, &by_stream.cash), (&by_files.holdings, &by_files.cash));
    assert_eq!((&by_stream.orders, &by_stream.events), (&by_files.orders, &by_files.events));
    assert_eq!((by_stream.equity, by_stream.fees), (by_files.equity, by_files.fees));
    assert_eq!(by_stream.deployment, by_files.deployment);
    assert!(!shown.contains(SECRET));
}

/// A peer that speaks the protocol and lies about lengths, and one that does not speak it.
#[tokio::test]
async fn a_lying_peer_costs_nothing_and_the_files_go_on() {
    let results = tempfile::tempdir().unwrap();
    engine::alive(results.path(), None);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let liar = tokio::spawn(async move {
        let mut first = true;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let hello: &[u8] = if first {
                b"HTTP/1.1 200 OK\r\n\r\n"
            } else {
                b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PUSH"
            };
            stream.write_all(hello).await.unwrap();
            if !first {
                stream.write_all(b"\x02\x7f\xff\xff\xff\xff\xff\xff\xff{\"Type\":").await.unwrap();
                // Never the rest of it.
                std::future::pending::<()>().await;
            }
            stream.write_all(&[b'x'; 64]).await.unwrap();
            first = false;
        }
    });
    let lean = streamed(results.path(), addr);
    let (told, mut seen) = watch::channel(Sighting::Waiting);
    let mut shown = String::new();
    let test = async {
        next(&mut seen, &mut shown, |o| o.flaws.iter().any(|f| f.as_str().contains("does not speak ZeroMQ")))
            .await;
        let fine = next(&mut seen, &mut shown, |o| o.flaws.is_empty()).await;
        assert_eq!(fine.holdings.len(), 1);
        // The files are read on beside the frame without end.
        engine::append(&results.path().join("log.txt"), "2026-11-20T12:58:41.5Z TRACE:: still here\n");
        next(&mut seen, &mut shown, |o| o.log.iter().any(|l| l.text.as_str() == "still here")).await;
    };
    tokio::select! {
        () = lean.watch(told) => panic!("nobody watches"),
        () = test => {}
    }
    liar.abort();
}
