//! Overwrites what SQLite leaves behind in its file, while a writer may be running.
//!
//! `secure_delete` overwrites a removed row in its place. But SQLite moves rows from page to page when
//! it balances its trees, and does not overwrite their old places: a copy may stay in the
//! unallocated part of a page, which nothing ever reads.
//!
//! `VACUUM` would rewrite the whole file, block a running `serve` meanwhile, and need twice the disk
//! space. So this module overwrites the unallocated parts in place, in short turns:
//!
//! - It empties the log and takes the writer's lock. While the log is empty, the database file is
//!   complete, and no other process changes it.
//! - It writes only unallocated bytes. After a power cut some of them are zero, which does no harm.
//! - It commits something at the end, so that no other connection writes back a page that it still
//!   has in memory.
//!
//! The first byte of a page shows whether it is a node of a tree: overflow pages and pages of the free
//! list begin with a page number, and below [`MAX_PAGES`] the first byte of a page number differs from
//! those of nodes. SQLite overwrites free pages when it frees them.
//!
//! The file's format: <https://www.sqlite.org/fileformat2.html#b_tree_pages>.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rusqlite::{Connection, TransactionBehavior};

use super::wal;
use crate::files::metadata;

/// How long one turn blocks a writer, plus a sync.
const MAX_TURN: Duration = Duration::from_millis(100);

/// How many times one turn takes the lock until it finds the log empty.
const ATTEMPTS: usize = 100;

/// How many times to overwrite all pages if one turn is not enough: between turns, SQLite may move
/// bytes to a page that was already overwritten.
const PASSES: usize = 2;

/// With more pages, the first byte of a page would not show its kind.
const MAX_PAGES: u64 = 0x0200_0000;

/// The length of the file's header, which precedes that of the first page.
const FILE_HEADER: usize = 100;

/// How many bytes are read at once.
const CHUNK: usize = 1 << 20;

/// Overwrites the unallocated bytes of the database at `path`, which `connection` has open, and
/// empties its log. Another writer waits for about [`MAX_TURN`] at most.
///
/// No other connection of this process may have the file open: closing the file drops all locks that
/// this process holds on it.
///
/// # Errors
///
/// The file can't be written, or another process keeps reading the log.
pub(crate) fn overwrite_unallocated(path: &Path, connection: Connection) -> Result<()> {
    overwrite_in_turns(path, connection, MAX_TURN)
}

fn overwrite_in_turns(path: &Path, mut connection: Connection, turn: Duration) -> Result<()> {
    let file = File::options().read(true).write(true).open(path);
    let file = file.with_context(|| format!("cannot open `{}`", path.display()))?;
    let log = wal::path_of(path)?;
    for _ in 0..PASSES {
        let (mut from, mut turns) = (0, 0);
        while let Some(next) = take_turn(&file, &log, &mut connection, from, turn)? {
            (from, turns) = (next, turns + 1);
        }
        if turns == 0 {
            break;
        }
    }
    ensure!(wal::truncate(&connection)?, "its log cannot be emptied; end a long `lookout export`");
    // The file has to close after the connection: see above.
    drop(connection);
    drop(file);
    Ok(())
}

/// Overwrites from the page `from` on; returns the page to continue with, or `None` at the end.
fn take_turn(
    file: &File,
    log: &Path,
    connection: &mut Connection,
    from: u64,
    turn: Duration,
) -> Result<Option<u64>> {
    for _ in 0..ATTEMPTS {
        // The change of the file is announced before it happens, for the check of a running writer.
        let counting = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        count_overwrite(&counting)?;
        counting.commit()?;
        ensure!(
            wal::truncate(connection)?,
            "its log cannot be emptied; end a long `lookout export`"
        );
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if metadata::of(log)?.is_some_and(|log| log.len() > 0) {
            continue;
        }
        let next = overwrite(file, from, Instant::now() + turn)?;
        file.sync_data()?;
        count_overwrite(&transaction)?;
        transaction.commit()?;
        return Ok(next);
    }
    bail!("others write into it all the time; run this again later")
}

/// How many times this module has overwritten something in the file. The
/// [check of a running writer](super::tamper_check) reads this number.
pub(super) fn overwrite_count(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA application_id", [], |row| row.get(0))
}

fn count_overwrite(connection: &Connection) -> rusqlite::Result<()> {
    let count = overwrite_count(connection)?;
    connection.pragma_update(None, "application_id", count.wrapping_add(1) & i64::from(i32::MAX))
}

/// Overwrites from the page `from` on until `deadline`.
fn overwrite(file: &File, from: u64, deadline: Instant) -> Result<Option<u64>> {
    let mut header = [0; FILE_HEADER];
    file.read_exact_at(&mut header, 0)?;
    let size = page_size(&header).context("it is no database of SQLite's")?;
    let reserved = usize::from(header[20]);
    let pages = file.metadata()?.len() / size as u64;
    ensure!(
        pages < MAX_PAGES,
        "it is larger than Lookout can overwrite; use `VACUUM` of `sqlite3`"
    );
    let mut chunk = vec![0; CHUNK.max(size)];
    let mut page = from;
    while page < pages {
        let length = chunk.len().min((pages - page) as usize * size);
        file.read_exact_at(&mut chunk[..length], page * size as u64)?;
        for bytes in chunk[..length].chunks_exact(size) {
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

/// The unallocated bytes of a page, between its cell pointers and its cells. `None` if the page is not
/// a well-formed node.
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

#[cfg(test)]
mod tests;
