//! All visits that the store knows, in the order in which they began.

use anyhow::{Result, anyhow};
use rusqlite::{Transaction, TransactionBehavior};

use super::{Store, attendance, classify, read, recent};
use crate::roster::{PersonVisit, Rules, VisitSweep};
use crate::time::moment::Moment;

/// How often to start again because another process wrote the store, before that is an error.
const MAX_ATTEMPTS: usize = 100;

impl Store {
    /// Calls `each` for every visit as of `now`, by the committed events, in the order in which the
    /// visits began. Holds a read transaction meanwhile, so `each` must not wait for anybody.
    ///
    /// # Errors
    ///
    /// The store can't be read, or `each` fails.
    pub fn for_each_visit(
        &mut self,
        rules: &Rules,
        now: Moment,
        mut each: impl FnMut(PersonVisit<'_>) -> Result<()>,
    ) -> Result<()> {
        for _ in 0..MAX_ATTEMPTS {
            self.refresh()?;
            // Sessions refer to names by number: what is in memory has to be of the same edition.
            let reading = Transaction::new_unchecked(&self.db, TransactionBehavior::Deferred)?;
            if read::read_edition(&reading).map_err(classify)? == self.memory.header.edition {
                return self.sweep(&reading, rules, now, &mut each).map_err(classify);
            }
        }
        Err(anyhow!("other processes write the store all the time; run this again"))
    }

    fn sweep(
        &self,
        reading: &Transaction<'_>,
        rules: &Rules,
        now: Moment,
        each: &mut impl FnMut(PersonVisit<'_>) -> Result<()>,
    ) -> Result<()> {
        let memory = &self.memory;
        let mut sweep = VisitSweep::new(&memory.symbols, rules, now, &memory.newest);
        let mut query =
            reading.prepare("SELECT id, first_fact FROM meeting ORDER BY first_fact, id")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (id, first_fact) = (row.get(0)?, Moment::from_seconds(row.get(1)?));
            let info = recent::read_info_of(reading, id)?;
            let chunks = attendance::read_chunks(reading, id)?;
            let sessions = chunks.iter().flat_map(|(_, sessions)| sessions);
            sweep.add(first_fact, &info, sessions.map(|(_, sessions)| sessions));
            while let Some(visit) = sweep.next() {
                each(visit)?;
            }
        }
        sweep.finish();
        while let Some(visit) = sweep.next() {
            each(visit)?;
        }
        Ok(())
    }
}
