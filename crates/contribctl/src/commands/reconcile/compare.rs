//! Two sides of a table beside each other: by the sums of ranges of ids, then by the hashes of rows, then by columns.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use persistence::reconcile::{self, RANGES, Side};
use persistence::{PgPool, views};
use uuid::Uuid;

use crate::{Progress, Result};

/// Rows that differ and are kept in mind; those beyond are counted as they were first seen.
pub(super) const KEPT: usize = 100_000;
/// Ids of one statement.
const CHUNK: usize = 5_000;
/// Between two looks at rows that differ.
const PAUSE: Duration = Duration::from_millis(300);

/// A table upstream, and as it is kept.
pub(super) struct Sides<'a> {
    pub(super) theirs: Side,
    pub(super) ours: Side,
    pub(super) upstream: &'a PgPool,
    pub(super) database: &'a PgPool,
    /// The topic between them.
    pub(super) topic: &'a str,
}

/// How a row differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum How {
    /// Upstream has it, and we do not.
    Missing,
    /// We have it, and upstream does not.
    Extra,
    /// In these columns.
    Different(Vec<&'static str>),
}

/// A row that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) how: How,
    /// The code of its open dead letter: its newest change could not be taken.
    pub(super) letter: Option<String>,
}

/// How many rows differ, by how they do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) missing: u64,
    pub(super) extra: u64,
    pub(super) different: u64,
    pub(super) in_dead_letters: u64,
}

/// What the first look at all rows found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) upstream_rows: u64,
    pub(super) synced_rows: u64,
    /// The first of those that differed.
    pub(super) ids: Vec<Uuid>,
    /// The others.
    pub(super) beyond: Tally,
}

impl Tally {
    fn count(&mut self, how: &How) {
        match how {
            How::Missing => self.missing += 1,
            How::Extra => self.extra += 1,
            How::Different(_) => self.different += 1,
        }
    }

    /// With `rows` too.
    pub(super) fn with(mut self, rows: &[Row]) -> Self {
        for row in rows {
            match row.letter {
                Some(_) => self.in_dead_letters += 1,
                None => self.count(&row.how),
            }
        }
        self
    }

    pub(super) fn is_zero(self) -> bool {
        self == Self::default()
    }
}

impl Sides<'_> {
    /// Looks at all rows, each side in one snapshot. Holds the hashes of one range at a time.
    pub(super) async fn compare(&self, progress: &Progress) -> Result<Found> {
        let mut there = views::snapshot(self.upstream).await?;
        let mut here = views::snapshot(self.database).await?;
        let (theirs, ours) = tokio::try_join!(self.theirs.sums(&mut there), self.ours.sums(&mut here))?;
        let rows = |sums: &[reconcile::RangeSum]| {
            sums.iter().map(|sum| u64::try_from(sum.rows).unwrap_or(0)).sum::<u64>()
        };
        let mut found = Found { upstream_rows: rows(&theirs), synced_rows: rows(&ours), ..Found::default() };
        for (range, (theirs, ours)) in (0..=u8::MAX).zip(theirs.iter().zip(&ours)) {
            if theirs != ours {
                let (theirs, ours) = tokio::try_join!(
                    self.theirs.hashes(&mut there, range),
                    self.ours.hashes(&mut here, range)
                )?;
                found.note(theirs, ours);
            }
            progress.add(1);
        }
        Ok(found)
    }

    /// Looks at the rows again until they agree or `patience` is over: changes that were on their way arrive meanwhile.
    /// Gives those that differ still, by id.
    pub(super) async fn settle(&self, mut ids: Vec<Uuid>, patience: Duration) -> Result<Vec<Row>> {
        let started = Instant::now();
        let progress = Progress::endless("rows that differ");
        loop {
            let mut rows = Vec::new();
            for ids in ids.chunks(CHUNK) {
                rows.extend(self.look(ids).await?);
            }
            if rows.is_empty() || started.elapsed() >= patience {
                progress.done();
                return self.with_letters(rows).await;
            }
            progress.say(rows.len().to_string());
            ids = rows.into_iter().map(|row| row.id).collect();
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Those of `ids` that differ now.
    async fn look(&self, ids: &[Uuid]) -> Result<Vec<Row>> {
        let mut there = self.upstream.acquire().await.map_err(persistence::Error::from)?;
        let mut here = self.database.acquire().await.map_err(persistence::Error::from)?;
        let (theirs, ours) =
            tokio::try_join!(self.theirs.rows(&mut there, ids), self.ours.rows(&mut here, ids))?;
        let how = |id: &Uuid| match (theirs.get(id), ours.get(id)) {
            (Some(_), None) => Some(How::Missing),
            (None, Some(_)) => Some(How::Extra),
            (Some(theirs), Some(ours)) if theirs != ours => {
                let columns = self.theirs.names().zip(theirs.iter().zip(ours));
                let unlike = columns.filter(|(_, (theirs, ours))| theirs != ours);
                Some(How::Different(unlike.map(|(name, _)| name).collect()))
            }
            _ => None,
        };
        Ok(ids.iter().filter_map(|id| Some(Row { id: *id, how: how(id)?, letter: None })).collect())
    }

    async fn with_letters(&self, mut rows: Vec<Row>) -> Result<Vec<Row>> {
        let mut connection = self.database.acquire().await.map_err(persistence::Error::from)?;
        for rows in rows.chunks_mut(CHUNK) {
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let mut letters = reconcile::open_letters(&mut connection, self.topic, &ids).await?;
            for row in rows {
                row.letter = letters.remove(&row.id);
            }
        }
        Ok(rows)
    }
}

impl Found {
    /// The rows of a range.
    fn note(&mut self, theirs: Vec<(Uuid, i64)>, ours: Vec<(Uuid, i64)>) {
        let mut unseen: BTreeMap<Uuid, i64> = theirs.into_iter().collect();
        let mut differing: BTreeMap<Uuid, How> = BTreeMap::new();
        for (id, hash) in ours {
            match unseen.remove(&id) {
                None => differing.insert(id, How::Extra),
                Some(theirs) if theirs != hash => differing.insert(id, How::Different(Vec::new())),
                Some(_) => None,
            };
        }
        differing.extend(unseen.into_keys().map(|id| (id, How::Missing)));
        for (id, how) in differing {
            if self.ids.len() < KEPT {
                self.ids.push(id);
            } else {
                self.beyond.count(&how);
            }
        }
    }
}

/// Steps of [`Sides::compare`].
pub(super) const STEPS: u64 = RANGES as u64;
