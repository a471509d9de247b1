//! All names and meeting numbers in the store, for the operator.

use anyhow::Result;
use rustc_hash::FxHashMap;

use super::attendance::IdentityKey;
use super::{Damaged, Store, chunks, classify};
use crate::roster::Symbol;
use crate::time::moment::Moment;
use crate::zoom::Name;

/// How many of the latest meetings of a number are looked at for an event with its topic.
const MEETINGS_PER_NUMBER: u32 = 3;

/// A name as Zoom reported it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenName {
    /// The name.
    pub name: Name,
    /// When it was last reported.
    pub last_seen: Moment,
    /// The Zoom accounts that were reported with it, in order.
    pub accounts: Vec<String>,
}

/// A meeting number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenNumber {
    /// The number.
    pub number: String,
    /// When something last happened in a meeting of it.
    pub last_seen: Moment,
    /// Ids in the journal of late events of it, the latest first.
    pub events: Vec<u64>,
}

impl Store {
    /// All names that were reported for a participant, in no particular order.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn seen_names(&self) -> Result<Vec<SeenName>> {
        let mut accounts = self.accounts_by_name().map_err(classify)?;
        let symbols = (1..).filter_map(Symbol::from_number);
        let texts = symbols.zip(self.memory.symbols.names.values());
        let seen = texts.filter_map(|(symbol, name)| {
            let last_seen = self.memory.symbols.seen(symbol)?.at();
            let mut accounts = accounts.remove(&symbol).unwrap_or_default();
            accounts.sort_unstable();
            Some(SeenName { name: name?.clone(), last_seen, accounts })
        });
        Ok(seen.collect())
    }

    fn accounts_by_name(&self) -> Result<FxHashMap<Symbol, Vec<String>>> {
        let mut accounts = FxHashMap::<_, Vec<_>>::default();
        let mut query = self.db.prepare("SELECT who, account FROM account_of WHERE who > 0")?;
        let mut rows = query.query([])?;
        let texts = &self.memory.symbols;
        while let Some(row) = rows.next()? {
            let keys = (IdentityKey::from_id(row.get(0)?), IdentityKey::from_id(row.get(1)?));
            let (Some(IdentityKey::Name(name)), Some(IdentityKey::Account(account))) = keys else {
                return Err(Damaged.into());
            };
            // Another process may have added it since the names were read.
            if account.index() < texts.zoom_user_ids.values().len() {
                let account = texts.zoom_user_ids.text(account).to_string();
                accounts.entry(name).or_default().push(account);
            }
        }
        Ok(accounts)
    }

    /// All meeting numbers, in order.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn seen_numbers(&self) -> Result<Vec<SeenNumber>> {
        let mut query = self.db.prepare(
            "SELECT number, max(last_seen) FROM meeting
             WHERE number IS NOT NULL AND last_seen IS NOT NULL GROUP BY number ORDER BY number",
        )?;
        let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        rows.map(|row| {
            let (number, last_seen) = row?;
            let events = self.late_events(&number).map_err(classify)?;
            Ok(SeenNumber { number, last_seen: Moment::from_seconds(last_seen), events })
        })
        .collect()
    }

    /// Ids in the journal of late events of the latest meetings of `number`, the latest first.
    fn late_events(&self, number: &str) -> Result<Vec<u64>> {
        let mut query = self.db.prepare_cached(
            "SELECT (SELECT events FROM facts
                     WHERE facts.id >= meeting.id << ?2 AND facts.id < (meeting.id + 1) << ?2
                     ORDER BY facts.id DESC LIMIT 1)
             FROM meeting WHERE number = ?1 ORDER BY first_seen DESC LIMIT ?3",
        )?;
        let parameters = rusqlite::params![number, chunks::CHUNK_BITS, MEETINGS_PER_NUMBER];
        let mut rows = query.query(parameters)?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            let Some(sealed) = row.get_ref(0)?.as_blob_or_null()? else { continue };
            let facts = chunks::read_facts(chunks::verify_checksum(sealed)?, "");
            let mut sources = facts.map(|fact| Ok(fact?.0)).collect::<Result<Vec<_>>>()?;
            sources.retain(|source| *source > 0);
            sources.sort_unstable();
            events.extend(sources.into_iter().rev());
        }
        Ok(events)
    }
}
