//! Overwriting what SQLite leaves behind in its file, beside a running writer.
//!
//! `secure_delete` overwrites a row that is removed where it is. But SQLite moves rows from page to
//! page as it balances its trees, and does not overwrite the places where they were: a copy may
//! stay in the unallocated part of a page, and nothing ever reads it.
//!
//! `VACUUM` would write the whole file anew, and keep a running `serve` from writing for as long as
//! that takes; it would also need twice the space, which a full disk does not have. So the
//! unallocated parts are overwritten in place, for a moment at a time:
//!
//! - The log is emptied, and the writer's lock taken. While the log is empty, the file is all there is,
//!   and nobody changes it.
//! - Only bytes are written that belong to nothing. A power cut in the middle of it leaves a page of
//!   which some of these are zero, which is as good.
//! - In the end something is committed, so that no other connection writes back a page that it has
//!   in memory from before.
//!
//! Which pages are nodes of a tree, their first byte tells: an overflow page, or one of the list of
//! free pages, begins with the number of a page, and [`LARGEST`] has the first byte of such numbers
//! below those of nodes. Free pages were overwritten when they became free.
//!
//! The file's format: <https://www.sqlite.org/fileformat2.html#b_tree_pages>.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rusqlite::{Connection, TransactionBehavior};

use super::erasing::empty_log;

/// For so long a writer waits at a time, plus a sync.
const TURN: Duration = Duration::from_millis(100);

/// How often the log may have been written between its emptying and our lock.
const ATTEMPTS: usize = 100;

/// The page of one turn may come to lie where an earlier one was, and the earlier one's
/// bytes with it: so whoever needs several turns takes all of them twice.
const PASSES: usize = 2;

/// More pages than this could not be told from one another.
const LARGEST: u64 = 0x0200_0000;

/// The file's header, before the first page's own.
const FILE_HEADER: usize = 100;

/// So much of the file is read at once.
const PART: usize = 1 << 20;

/// Overwrites what is unallocated in the nodes of the file at `path`, which `connection` has open,
/// and empties its log. Whoever writes meanwhile waits for about [`TURN`] at most.
///
/// No other connection of this process may have the file open: to close the file ends all locks
/// that this process has on it.
///
/// # Errors
///
/// The file can't be written, or somebody goes on reading from the log.
pub(crate) fn overwrite_unallocated(path: &Path, connection: Connection) -> Result<()> {
    overwrite_in_turns(path, connection, TURN)
}

fn overwrite_in_turns(path: &Path, mut connection: Connection, turn: Duration) -> Result<()> {
    let file = File::options().read(true).write(true).open(path);
    let file = file.with_context(|| format!("cannot open `{}`", path.display()))?;
    let log = log_beside(path)?;
    for _ in 0..PASSES {
        let (mut from, mut turns) = (0, 0);
        while let Some(next) = take_turn(&file, &log, &mut connection, from, turn)? {
            (from, turns) = (next, turns + 1);
        }
        if turns == 0 {
            break;
        }
    }
    ensure!(empty_log(&connection)?, "its log cannot be emptied; end a long `lookout export`");
    // The file has to be closed after the connection: see above.
    drop(connection);
    drop(file);
    Ok(())
}

/// Overwrites from the page `from` on; where to go on, unless that was all.
fn take_turn(
    file: &File,
    log: &Path,
    connection: &mut Connection,
    from: u64,
    turn: Duration,
) -> Result<Option<u64>> {
    for _ in 0..ATTEMPTS {
        // The file changes by a checkpoint at least, before it changes by us.
        let counting = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        count(&counting)?;
        counting.commit()?;
        ensure!(empty_log(connection)?, "its log cannot be emptied; end a long `lookout export`");
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if fs::metadata(log).is_ok_and(|log| log.len() > 0) {
            continue;
        }
        let next = overwrite(file, from, Instant::now() + turn)?;
        file.sync_data()?;
        count(&transaction)?;
        transaction.commit()?;
        return Ok(next);
    }
    bail!("others write into it all the time; run this again later")
}

/// How often the file was overwritten; whoever [watches](super::watch) it then knows by whom.
pub(super) fn times(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA application_id", [], |row| row.get(0))
}

fn count(connection: &Connection) -> rusqlite::Result<()> {
    let times = times(connection)?;
    connection.pragma_update(None, "application_id", times.wrapping_add(1) & i64::from(i32::MAX))
}

/// Overwrites from the page `from` on until `deadline`.
fn overwrite(file: &File, from: u64, deadline: Instant) -> Result<Option<u64>> {
    let mut header = [0; FILE_HEADER];
    file.read_exact_at(&mut header, 0)?;
    let size = page_size(&header).context("it is no database of SQLite's")?;
    let reserved = usize::from(header[20]);
    let pages = file.metadata()?.len() / size as u64;
    ensure!(pages < LARGEST, "it is larger than Lookout can overwrite; use `VACUUM` of `sqlite3`");
    let mut part = vec![0; PART.max(size)];
    let mut page = from;
    while page < pages {
        let length = part.len().min((pages - page) as usize * size);
        file.read_exact_at(&mut part[..length], page * size as u64)?;
        for bytes in part[..length].chunks_exact(size) {
            if let Some(gap) = unallocated(bytes, page == 0, size - reserved)
                && bytes[gap.clone()].iter().any(|byte| *byte != 0)
            {
                let at = page * size as u64 + gap.start as u64;
                file.write_all_at(&vec![0; gap.len()], at)?;
            }
            page += 1;
        }
        if Instant::now() >= deadline && page < pages {
            return Ok(Some(page));
        }
    }
    Ok(None)
}

fn page_size(header: &[u8]) -> Option<usize> {
    header.starts_with(b"SQLite format 3\0").then_some(())?;
    Some(match u16::from_be_bytes([header[16], header[17]]) {
        1 => 1 << 16,
        size => usize::from(size),
    })
}

/// What belongs to nothing in a page: between the places of its cells and the cells. `None` where
/// it is no node, or not as nodes are.
fn unallocated(page: &[u8], is_first: bool, usable: usize) -> Option<Range<usize>> {
    let header = if is_first { FILE_HEADER } else { 0 };
    let number = |at: usize| usize::from(u16::from_be_bytes([page[at], page[at + 1]]));
    let length = match page[header] {
        2 | 5 => 12,
        10 | 13 => 8,
        _ => return None,
    };
    let start = header + length + 2 * number(header + 3);
    let end = match number(header + 5) {
        0 => 1 << 16,
        end => end,
    };
    (start <= end && end <= usable).then_some(start..end)
}

fn log_beside(path: &Path) -> io::Result<PathBuf> {
    let mut log = fs::canonicalize(path)?.into_os_string();
    log.push("-wal");
    Ok(log.into())
}

#[cfg(test)]
mod tests;
