//! The account between runs, in a SQLite file. Each save is one transaction that writes what differs from the save
//! before; what is saved survives kill -9 and a power cut. A file that is something else, or damaged, is refused and
//! left as it is.

use super::{error::Error, files};
use crate::paper::{account::Activity, curve::Curve, exchange::Saved, order::Order, store::Seq};
use rusqlite::{Connection, OptionalExtension as _, Transaction};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, VecDeque},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// "TDpp" in the file's header, so that no other program's database is ever taken for an account.
const APPLICATION_ID: i32 = 0x5444_7070;

const SCHEMA: &str = "
    CREATE TABLE part (name TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
    CREATE TABLE orders (seq INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;
    CREATE TABLE activities (n INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;";

/// The open file, and what it holds.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    db: Connection,
    kept: Rows,
}

/// What grows with the account, and is therefore kept in rows.
#[derive(Debug, Default)]
struct Rows {
    orders: BTreeMap<Seq, Order>,
    activities: VecDeque<Activity>,
    curve: Curve,
}

impl Rows {
    /// Leaves the rest in `saved`.
    fn take(saved: &mut Saved) -> Self {
        Self {
            orders: std::mem::take(&mut saved.orders),
            activities: std::mem::take(&mut saved.activities),
            curve: std::mem::take(&mut saved.curve),
        }
    }
}

/// Why a save or a load did not work, before it is known which file it was about.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("an order has the number {0}, which cannot be")]
    Number(i64),
}

impl Store {
    /// Opens the account's file in `dir`, or makes it; with what it holds.
    pub(super) fn open(dir: &Path) -> Result<(Self, Option<Saved>), Error> {
        let path = dir.join("paper.db");
        let is_new = std::fs::metadata(&path).map_or(true, |meta| meta.len() == 0);
        if is_new {
            make_empty(&path)?;
        }
        let db = Connection::open(&path).map_err(|e| Error::foreign(&path, e))?;
        let mut store = Self { path, db, kept: Rows::default() };
        if is_new {
            store.establish().map_err(|e| store.unsaved(e))?;
            files::sync_dir(dir)?;
        } else {
            store.recognise()?;
        }
        store.make_durable().map_err(|e| Error::foreign(&store.path, e))?;
        let saved = store.load().map_err(|e| Error::foreign(&store.path, e))?;
        if let Some(saved) = &saved {
            store.kept = Rows::take(&mut saved.clone());
        }
        Ok((store, saved))
    }

    fn unsaved(&self, reason: impl ToString) -> Error {
        Error::Save { path: self.path.clone(), reason: reason.to_string() }
    }

    fn establish(&self) -> rusqlite::Result<()> {
        // One transaction: a crash leaves an empty file, which counts as new.
        self.db.execute_batch(&format!("BEGIN; PRAGMA application_id = {APPLICATION_ID}; {SCHEMA} COMMIT"))
    }

    fn make_durable(&self) -> rusqlite::Result<()> {
        self.db.pragma_update(None, "journal_mode", "wal")?;
        self.db.pragma_update(None, "synchronous", "full")
    }

    /// Is it ours, and whole? Only reads.
    fn recognise(&self) -> Result<(), Error> {
        let foreign = |e: rusqlite::Error| Error::foreign(&self.path, e);
        let id: i32 =
            self.db.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(foreign)?;
        if id != APPLICATION_ID {
            return Err(Error::foreign(&self.path, "it is another program's database"));
        }
        let checked: String =
            self.db.pragma_query_value(None, "quick_check", |row| row.get(0)).map_err(foreign)?;
        if checked != "ok" {
            return Err(Error::foreign(&self.path, format!("it is damaged: {checked}")));
        }
        Ok(())
    }

    fn part<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Fault> {
        let row =
            self.db.query_row("SELECT json FROM part WHERE name = ?1", [name], |row| row.get::<_, String>(0));
        Ok(row.optional()?.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    fn load(&self) -> Result<Option<Saved>, Fault> {
        let Some(mut saved) = self.part::<Saved>("head")? else { return Ok(None) };
        saved.curve = self.part("curve")?.unwrap_or_default();
        let mut orders = self.db.prepare("SELECT seq, json FROM orders")?;
        let mut rows = orders.query([])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            let seq = Seq::try_from(number).map_err(|_| Fault::Number(number))?;
            saved.orders.insert(seq, serde_json::from_str(&row.get::<_, String>(1)?)?);
        }
        let mut activities = self.db.prepare("SELECT json FROM activities ORDER BY n")?;
        let mut rows = activities.query([])?;
        while let Some(row) = rows.next()? {
            saved.activities.push_back(serde_json::from_str(&row.get::<_, String>(0)?)?);
        }
        Ok(Some(saved))
    }

    /// Keeps `saved` in the place of what was kept before. Returns when it is on the disk.
    pub(super) fn save(&mut self, mut saved: Saved) -> Result<(), Error> {
        let rows = Rows::take(&mut saved);
        self.write(&saved, &rows).map_err(|e| self.unsaved(e))?;
        self.kept = rows;
        Ok(())
    }

    fn write(&mut self, head: &Saved, rows: &Rows) -> Result<(), Fault> {
        let tx = self.db.transaction()?;
        write_orders(&tx, &rows.orders, &self.kept.orders)?;
        write_activities(&tx, &rows.activities, &self.kept.activities)?;
        if rows.curve != self.kept.curve {
            write_part(&tx, "curve", &rows.curve)?;
        }
        write_part(&tx, "head", head)?;
        Ok(tx.commit()?)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

fn write_part(tx: &Transaction<'_>, name: &str, part: &impl Serialize) -> Result<(), Fault> {
    let text = serde_json::to_string(part)?;
    tx.prepare_cached("INSERT OR REPLACE INTO part (name, json) VALUES (?1, ?2)")?.execute((name, text))?;
    Ok(())
}

fn write_orders(
    tx: &Transaction<'_>,
    now: &BTreeMap<Seq, Order>,
    before: &BTreeMap<Seq, Order>,
) -> Result<(), Fault> {
    let mut put = tx.prepare_cached("INSERT OR REPLACE INTO orders (seq, json) VALUES (?1, ?2)")?;
    for (seq, order) in now.iter().filter(|(seq, order)| before.get(seq) != Some(order)) {
        put.execute((row_number(*seq), serde_json::to_string(order)?))?;
    }
    let mut remove = tx.prepare_cached("DELETE FROM orders WHERE seq = ?1")?;
    for seq in before.keys().filter(|seq| !now.contains_key(seq)) {
        remove.execute([row_number(*seq)])?;
    }
    Ok(())
}

/// Orders are counted from zero: no account lives to see the last number.
fn row_number(seq: Seq) -> i64 {
    i64::try_from(seq).ok().unwrap_or(i64::MAX)
}

/// The history only grows at its end and is forgotten from its beginning.
fn write_activities(
    tx: &Transaction<'_>,
    now: &VecDeque<Activity>,
    before: &VecDeque<Activity>,
) -> Result<(), Fault> {
    let last = before.back().map(|a| &a.id);
    let new = now.iter().rev().take_while(|a| Some(&a.id) != last).count();
    let mut put = tx.prepare_cached("INSERT INTO activities (json) VALUES (?1)")?;
    for activity in now.iter().skip(now.len().saturating_sub(new)) {
        put.execute([serde_json::to_string(activity)?])?;
    }
    if new > 0 {
        let kept = i64::try_from(now.len()).ok().unwrap_or(i64::MAX);
        tx.prepare_cached("DELETE FROM activities WHERE n <= (SELECT max(n) FROM activities) - ?1")?
            .execute([kept])?;
    }
    Ok(())
}

/// SQLite would make the file with the process's own mode; its journal takes the mode of the file.
fn make_empty(path: &Path) -> Result<(), Error> {
    let made = std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    made.map(drop).map_err(|source| Error::file("make", path, source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{money::Qty, order::Side, time::Stamp},
        paper::{
            exchange::{Exchange, Setup},
            order::NewOrder,
        },
    };
    use rust_decimal::Decimal;

    const START: i64 = 1_800_000_000;

    fn exchange(seed: u64) -> Exchange {
        Exchange::new(Setup::new(seed, Stamp::from_secs(START).unwrap()))
    }

    #[test]
    fn what_was_saved_last_is_there_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, before) = Store::open(dir.path()).unwrap();
        assert_eq!(before, None);
        let mut exchange = exchange(1);
        // Every save adds orders and fills, and changes some that an earlier one wrote.
        for second in 1..40_i64 {
            let now = Stamp::from_secs(START.saturating_add(second)).unwrap();
            exchange.advance(now);
            let side = if second % 3 == 0 { Side::Sell } else { Side::Buy };
            exchange.place(now, NewOrder::market("AAPL", side, Qty::new(Decimal::ONE).unwrap())).unwrap();
            store.save(exchange.save()).unwrap();
            if second % 10 == 0 {
                drop(store);
                let (again, saved) = Store::open(dir.path()).unwrap();
                assert_eq!(saved, Some(exchange.save()));
                store = again;
            }
        }
        assert!(exchange.activities().count() > 10);
    }

    #[test]
    fn foreign_and_damaged_files_are_refused_and_left_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("paper.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        let other_program = std::fs::read(&path).unwrap();
        let (good_dir, mut damaged) = (tempfile::tempdir().unwrap(), Vec::new());
        let (mut store, _) = Store::open(good_dir.path()).unwrap();
        store.save(exchange(1).save()).unwrap();
        drop(store);
        damaged.extend(std::fs::read(good_dir.path().join("paper.db")).unwrap());
        for byte in damaged.iter_mut().skip(4096) {
            *byte = 0xa5;
        }
        for bytes in [other_program, b"my diary".repeat(100), damaged] {
            std::fs::write(&path, &bytes).unwrap();
            let refused = Store::open(dir.path()).unwrap_err().to_string();
            assert!(refused.contains("paper.db is not a paper account"), "{refused}");
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
    }

    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let (mut store, _) = Store::open(dir.path()).unwrap();
        store.save(exchange(1).save()).unwrap();
        for entry in std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
        }
    }
}
