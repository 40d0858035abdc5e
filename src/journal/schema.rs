//! The file: its tables, what proves that it is ours, and how it comes to be.

use super::{Header, JournalError, place};
use crate::domain::ids::{AccountId, VenueId};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, config::DbConfig};
use std::{
    fs, io,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// `TDjl`: in the SQLite header, so that `file` and others can tell whose it is.
pub(super) const APPLICATION_ID: i32 = 0x5444_6a6c;

/// The format that this program reads and writes.
pub const FORMAT: i32 = 1;

/// How long a write waits for another process's.
const BUSY_MS: u64 = 2_000;

const TABLES: &[(&str, &str)] = &[
    ("account", "CREATE TABLE account(venue TEXT PRIMARY KEY, account TEXT NOT NULL) STRICT"),
    ("header", "CREATE TABLE header(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT"),
    (
        "record",
        "CREATE TABLE record(seq INTEGER PRIMARY KEY, run TEXT NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, \
         order_id TEXT, fact TEXT NOT NULL, sum INTEGER NOT NULL) STRICT",
    ),
    ("record_of_order", "CREATE INDEX record_of_order ON record(order_id) WHERE order_id IS NOT NULL"),
    (
        "snapshot",
        "CREATE TABLE snapshot(seq INTEGER PRIMARY KEY, state BLOB NOT NULL, sum INTEGER NOT NULL) STRICT",
    ),
];

/// Reads whose file it is without changing a byte of it, or of anything beside it. SQLite itself opens it: a
/// file that this process opened and closed by other means would lose the locks that SQLite holds on it.
pub(super) fn identify(path: &Path) -> Result<(), JournalError> {
    let conn = open_immutable(path)?;
    check_identity(&conn, path)
}

/// The file as it is on the disk, without its log, promising SQLite that nobody changes it.
pub(super) fn open_immutable(path: &Path) -> Result<Connection, JournalError> {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/.-_".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push('%');
            uri.extend([byte >> 4, byte & 15].iter().filter_map(|d| char::from_digit(u32::from(*d), 16)));
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let conn = Connection::open_with_flags(uri, flags).map_err(|e| JournalError::of_sqlite(path, &e))?;
    harden(&conn).map_err(|e| JournalError::of_sqlite(path, &e))?;
    Ok(conn)
}

/// A connection that reads, and writes if asked. The caller has checked that the file is there and ours.
pub(super) fn connect(path: &Path, write: bool) -> Result<Connection, JournalError> {
    let access = if write { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let conn = Connection::open_with_flags(path, flags).map_err(|e| JournalError::of_sqlite(path, &e))?;
    harden(&conn).map_err(|e| JournalError::of_sqlite(path, &e))?;
    check_identity(&conn, path)?;
    check_tables(&conn, path)?;
    if write {
        durable(&conn, path)?;
    }
    Ok(conn)
}

fn harden(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(Duration::from_millis(BUSY_MS))?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    // Dropping a connection must not write: a file that turns out not to be ours stays as it is.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

/// Every commit is on the disk when it returns; the log is folded in by [`super::Journal::checkpoint`] alone,
/// because that stalls for milliseconds.
fn durable(conn: &Connection, path: &Path) -> Result<(), JournalError> {
    let set = || -> rusqlite::Result<String> {
        // Ended in the middle of being put aside it was left without a log.
        let mode = conn.query_row("PRAGMA journal_mode", [], |r| r.get(0))?;
        let mode = if mode == "delete" {
            conn.query_row("PRAGMA journal_mode=WAL", [], |r| r.get(0))?
        } else {
            mode
        };
        conn.execute_batch("PRAGMA synchronous=FULL; PRAGMA cell_size_check=ON;")?;
        conn.query_row("PRAGMA wal_autocheckpoint=0", [], |_| Ok(()))?;
        Ok(mode)
    };
    let mode = set().map_err(|e| JournalError::of_sqlite(path, &e))?;
    if mode != "wal" {
        return Err(corrupt(path, format!("its journal mode is `{mode}`, not `wal`")));
    }
    Ok(())
}

fn check_identity(conn: &Connection, path: &Path) -> Result<(), JournalError> {
    let pragma = |name: &str| -> Result<i32, JournalError> {
        conn.query_row(&format!("PRAGMA {name}"), [], |r| r.get(0))
            .map_err(|e| JournalError::of_sqlite(path, &e))
    };
    let application_id = pragma("application_id")?;
    if application_id == 0 && pragma("page_count")? == 0 {
        return Err(JournalError::NotJournal { path: path.to_owned(), what: "it is empty".to_owned() });
    }
    if application_id != APPLICATION_ID {
        return Err(JournalError::Foreign { path: path.to_owned(), application_id });
    }
    let theirs = pragma("user_version")?;
    if theirs != FORMAT {
        return Err(JournalError::Version { path: path.to_owned(), theirs, ours: FORMAT });
    }
    Ok(())
}

fn check_tables(conn: &Connection, path: &Path) -> Result<(), JournalError> {
    let found = || -> rusqlite::Result<Vec<(String, String)>> {
        conn.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect()
    };
    let found = found().map_err(|e| JournalError::of_sqlite(path, &e))?;
    let same = found.len() == TABLES.len()
        && found.iter().zip(TABLES).all(|((name, sql), (want, want_sql))| name == want && sql == want_sql);
    if same { Ok(()) } else { Err(corrupt(path, "its tables are not those of a journal".to_owned())) }
}

fn corrupt(path: &Path, what: String) -> JournalError {
    JournalError::Corrupt { path: path.to_owned(), what }
}

/// Makes the file under another name and links it to its own: it is there whole or not at all, and of two
/// processes that make it at once one wins and both open the same.
pub(super) fn create(path: &Path, header: &Header) -> Result<(), JournalError> {
    let new = place::beside(path, &format!(".new-{}", std::process::id()));
    drop(place::fresh(&new)?);
    let made = fill(&new, header).and_then(|()| match fs::hard_link(&new, path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(JournalError::io("make", path, &e)),
        Ok(()) | Err(_) => Ok(()),
    });
    let removed = fs::remove_file(&new).map_err(|e| JournalError::io("remove", &new, &e));
    made?;
    removed?;
    place::sync_directory(path)
}

pub(super) fn fill(new: &PathBuf, header: &Header) -> Result<(), JournalError> {
    let fail = |e: rusqlite::Error| JournalError::of_sqlite(new, &e);
    let mut conn = Connection::open(new).map_err(fail)?;
    let tx = conn.transaction().map_err(fail)?;
    for (_, sql) in TABLES {
        tx.execute_batch(sql).map_err(fail)?;
    }
    tx.execute_batch(&format!("PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={FORMAT};"))
        .map_err(fail)?;
    for (key, value) in [("profile", &header.profile), ("made_by", &header.version)] {
        tx.execute("INSERT INTO header(key, value) VALUES(?1, ?2)", (key, value.as_str())).map_err(fail)?;
    }
    tx.commit().map_err(fail)?;
    conn.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(())).map_err(fail)?;
    conn.close().map_err(|(_, e)| fail(e))
}

/// The accounts whose journal it is.
pub(super) fn accounts(conn: &Connection, path: &Path) -> Result<Vec<(String, String)>, JournalError> {
    let read = || -> rusqlite::Result<Vec<(String, String)>> {
        conn.prepare("SELECT venue, account FROM account ORDER BY venue")?
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect()
    };
    read().map_err(|e| JournalError::of_sqlite(path, &e))
}

/// What the header says under `key`.
pub(super) fn header_value(conn: &Connection, path: &Path, key: &str) -> Result<String, JournalError> {
    conn.query_row("SELECT value FROM header WHERE key=?1", [key], |r| r.get(0))
        .optional()
        .map_err(|e| JournalError::of_sqlite(path, &e))?
        .ok_or_else(|| corrupt(path, format!("its header does not say the {key}")))
}

/// Is this the journal of `account` at `venue`? True for a venue that it has not met. With `keep`, a new
/// venue's account is written down.
pub(super) fn bind(
    conn: &Connection,
    path: &Path,
    (venue, account): (&VenueId, &AccountId),
    keep: bool,
) -> Result<(), JournalError> {
    let fail = |e: rusqlite::Error| JournalError::of_sqlite(path, &e);
    if keep {
        conn.execute(
            "INSERT INTO account(venue, account) VALUES(?1, ?2) ON CONFLICT DO NOTHING",
            (venue.as_str(), account.as_str()),
        )
        .map_err(fail)?;
    }
    let theirs: Option<String> = conn
        .query_row("SELECT account FROM account WHERE venue=?1", [venue.as_str()], |r| r.get(0))
        .optional()
        .map_err(fail)?;
    match theirs {
        Some(theirs) if theirs != account.as_str() => Err(JournalError::OtherAccount {
            path: path.to_owned(),
            venue: venue.to_string(),
            theirs,
            ours: account.to_string(),
        }),
        Some(_) | None => Ok(()),
    }
}
