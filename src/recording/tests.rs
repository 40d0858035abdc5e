//! Recordings in real files: as they were written, torn, changed, of another program and of a later one.
#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use super::{format::*, *};
use crate::{
    desk::{
        Snapshot,
        snapshot::{AlertRow, EquityPoint},
    },
    domain::{
        alert::{Alert, AlertCode, Severity},
        money::Money,
        time::{Mono, Now, Stamp},
    },
};
use std::{fs, path::PathBuf, sync::Arc};

fn at(secs: u64) -> Now {
    let wall = Stamp::from_secs(1_800_000_000 + i64::try_from(secs).unwrap()).unwrap();
    Now { wall, mono: Mono::from_millis(secs * 1_000) }
}

fn alert(id: u64, text: &str) -> AlertRow {
    let alert = Alert {
        id,
        at: at(id).wall,
        severity: Severity::Warning,
        code: AlertCode::Program,
        venue: None,
        symbol: None,
        order: None,
        text: text.into(),
        algorithm: None,
    };
    AlertRow { alert, count: 1, acknowledged: false }
}

/// A session: an equity curve that grows, and an alert now and then.
fn session(frames: u64) -> Vec<Arc<Snapshot>> {
    let mut now = Snapshot::default();
    let mut out = Vec::new();
    for n in 0..frames {
        now.seq = n + 1;
        now.at = at(n);
        let equity = format!("{}.25", 100_000 + n * 7).parse().unwrap();
        Arc::make_mut(&mut now.equity_curve).push(EquityPoint { venue: None, at: now.at.wall, equity });
        if n % 10 == 3 {
            let text = if n == 13 { "AAPL: the order is UNKNOWN" } else { "something else" };
            Arc::make_mut(&mut now.alerts).insert(0, alert(n + 1, text));
        }
        out.push(Arc::new(now.clone()));
    }
    out
}

struct Shelved {
    _dir: tempfile::TempDir,
    path: PathBuf,
    session: Vec<Arc<Snapshot>>,
    /// Where each piece begins, and where the file ends.
    begins: Vec<usize>,
}

impl Shelved {
    fn of(frames: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("one.tdr");
        let session = session(frames);
        let header = header();
        let mut begins = vec![header.encode().unwrap().len()];
        let mut writer = Writer::begin(fs::File::create(&path).unwrap(), &header).unwrap();
        for snapshot in &session {
            begins.push(begins.last().unwrap() + writer.add(snapshot).unwrap());
        }
        Self { _dir: dir, path, session, begins }
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }

    fn holding(&self, bytes: &[u8]) -> Result<Recording, RecordingError> {
        fs::write(&self.path, bytes).unwrap();
        Recording::open(&self.path)
    }
}

fn header() -> Header {
    Header { program: "1.2.3".into(), profile: "default".into(), run: "abcdefghij".into(), began: at(0) }
}

fn text(snapshot: &Snapshot) -> String {
    serde_json::to_string(snapshot).unwrap()
}

#[test]
fn what_was_recorded_is_played_byte_for_byte_from_any_place() {
    let shelved = Shelved::of(2_500);
    let mut recording = Recording::open(&shelved.path).unwrap();
    assert_eq!((recording.header.clone(), recording.wounds.clone()), (header(), vec![]));
    assert_eq!((recording.times().len(), recording.alerts()), (2_500, 250));
    assert_eq!(recording.ended(), at(2_499).wall);
    let mut play = |frame: usize| {
        assert_eq!(text(&recording.snapshot(frame).unwrap()), text(&shelved.session[frame]), "{frame}");
    };
    (0..40).for_each(&mut play);
    for frame in [2_499, 0, 1_023, 1_024, 1_025, 1_026, 1_025, 2_100, 2_099, 2_050, 2_051, 1] {
        play(frame);
    }
    assert!(recording.snapshot(2_500).is_err());
    let size = shelved.bytes().len();
    assert!(size < 2_500 * 120, "{size}: a point and a time are few bytes");
}

#[test]
fn a_file_that_is_torn_anywhere_is_played_up_to_there_and_says_so() {
    let shelved = Shelved::of(4);
    let bytes = shelved.bytes();
    let [.., last, end] = shelved.begins[..] else { panic!() };
    for cut in last + 1..end {
        let mut recording = shelved.holding(&bytes[..cut]).unwrap();
        let torn =
            Wound::Torn { byte: u64::try_from(last).unwrap(), bytes: u64::try_from(cut - last).unwrap() };
        assert_eq!((recording.times().len(), &recording.wounds[..]), (3, &[torn][..]));
        assert_eq!(recording.snapshot(2).unwrap(), shelved.session[2]);
        assert!(torn.to_string().contains("its end is torn off"), "{torn}");
    }
    // Between two pieces nothing is missing.
    assert_eq!(shelved.holding(&bytes[..last]).unwrap().wounds, []);
    for cut in 0..shelved.begins[0] {
        let why = shelved.holding(&bytes[..cut]).unwrap_err();
        assert!(matches!(why, RecordingError::Other { .. }), "{cut}: {why}");
    }
    let why = shelved.holding(&bytes[..shelved.begins[0]]).unwrap_err();
    assert!(matches!(why, RecordingError::Empty { .. }), "{why}");
}

#[test]
fn a_flipped_bit_is_named_and_what_does_not_follow_from_it_is_played() {
    let shelved = Shelved::of(1_100);
    let bytes = shelved.bytes();
    // Of the pieces before the next whole one (the 1026th), one in the middle: each of its bytes.
    let (begin, end) = (shelved.begins[500], shelved.begins[501]);
    for (n, byte) in (begin..end).enumerate() {
        let mut bad = bytes.clone();
        bad[byte] ^= 1 << (n % 8);
        let mut recording = shelved.holding(&bad).unwrap();
        let named = recording.wounds.iter().any(|wound| match wound {
            Wound::Torn { byte, .. } | Wound::Changed { byte } => *byte == u64::try_from(begin).unwrap(),
        });
        assert!(named, "byte {byte}: {:?}", recording.wounds);
        if n % 8 == 0 {
            assert_eq!(recording.snapshot(499).unwrap(), shelved.session[499]);
        }
        // A changed length loses where the next begins; anything else loses up to the next whole one.
        let last = recording.times().len() - 1;
        let is_length = n < 4;
        assert!(is_length || recording.snapshot(last).unwrap() == shelved.session[1_099], "byte {byte}");
        assert_eq!(fs::read(&shelved.path).unwrap(), bad, "it is left as it is");
    }
}

#[test]
fn what_is_newer_or_something_else_is_refused_by_name_in_one_sentence() {
    let shelved = Shelved::of(2);
    let mut newer = shelved.bytes();
    newer[8..12].copy_from_slice(&(FORMAT + 1).to_le_bytes());
    let why = shelved.holding(&newer).unwrap_err().to_string();
    assert!(why.contains("one.tdr is a recording of format 2") && why.contains("(1.2.3)"), "{why}");
    for other in [&b""[..], b"SQLite format 3\0", b"tdeckrec", &[0xff; 400], "\u{1f600}".as_bytes()] {
        let why = shelved.holding(other).unwrap_err().to_string();
        assert!(why.ends_with("one.tdr is not a recording of tradedeck"), "{why}");
    }
    let why = Recording::open(&shelved.path.with_file_name("none.tdr")).unwrap_err().to_string();
    assert!(why.contains("none.tdr can't be read"), "{why}");
}

fn named(it: &impl serde::Serialize) -> Vec<u8> {
    let mut out = rmp_serde::Serializer::new(Vec::new()).with_struct_map().with_human_readable();
    it.serialize(&mut out).unwrap();
    out.into_inner()
}

#[test]
fn a_later_program_reads_what_an_earlier_one_wrote() {
    #[derive(serde::Serialize)]
    struct Then {
        seq: u64,
        at: Now,
        sections: Vec<()>,
    }
    #[derive(serde::Serialize)]
    struct Later {
        sections: Vec<()>,
        added: Option<u8>,
        at: Now,
        seq: u64,
    }
    let read = |plain: Vec<u8>| read(&plain).unwrap().seq;
    let then = Then { seq: 3, at: at(1), sections: vec![] };
    let later = Later { sections: vec![], added: Some(1), at: at(1), seq: 4 };
    assert_eq!(read(named(&then)), 3);
    assert_eq!(read(named(&later)), 4, "by names, not by places");
}

#[test]
fn recordings_behind_one_another_are_one_and_alerts_are_found_in_them() {
    let (one, two) = (Shelved::of(25), Shelved::of(25));
    let mut film = Film::open(&[&one.path, &two.path]).unwrap();
    assert_eq!((film.len(), film.timeline().gaps()), (50, 1));
    assert_eq!(film.snapshot(49).unwrap(), one.session[24]);
    let mut found = |text: &str, from, back| {
        film.find(text, from, back).unwrap().map(|found| (found.frame, found.alert.text.to_string()))
    };
    let unknown = "AAPL: the order is UNKNOWN".to_owned();
    assert_eq!(found("unknown", 0, false), Some((13, unknown.clone())));
    assert_eq!(found("unknown", 13, false), Some((38, unknown.clone())));
    assert_eq!(found("UNKNOWN", 38, true), Some((13, unknown)));
    assert_eq!(found("unknown", 38, false), None);
    assert_eq!(found("", 0, false).map(|f| f.0), Some(3));
    assert_eq!(found("", 49, true).map(|f| f.0), Some(48));
    assert_eq!(found("nothing of the kind", 0, false), None);
}

#[test]
fn what_a_person_waits_for_is_recorded_at_once_and_prices_once_a_second() {
    let mut pace = Pace::default();
    let base = Snapshot { seq: 1, ..Snapshot::default() };
    let ms = Mono::from_millis;
    assert_eq!(pace.judge(&base, ms(5_000)), Pressing::Now, "the first");
    pace.recorded(Arc::new(base.clone()), ms(5_000));
    assert_eq!(pace.judge(&base, ms(9_000)), Pressing::No);
    let mut moved = Snapshot { seq: 2, ..base.clone() };
    moved.banner.equity = Some("1".parse::<Money>().unwrap());
    moved.equity_curve =
        Arc::new(vec![EquityPoint { venue: None, at: Stamp::default(), equity: Money::ZERO }]);
    assert_eq!(pace.judge(&moved, ms(5_100)), Pressing::At(ms(6_000)));
    assert_eq!(pace.judge(&moved, ms(6_000)), Pressing::Now);
    let told = Snapshot { alerts: Arc::new(vec![alert(1, "x")]), ..moved.clone() };
    assert_eq!(pace.judge(&told, ms(5_001)), Pressing::Now);
    let mut locked = moved.clone();
    locked.banner.locked = Some("lunch".into());
    assert_eq!(pace.judge(&locked, ms(5_001)), Pressing::Now);
}
