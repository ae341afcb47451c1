//! Rows that a second snapshot did not have: upstream deleted them while no slot kept its log, and no event will ever tell.
//!
//! Only an operator knows that a snapshot was whole, so nothing here happens by itself. Each transaction marks a bounded
//! number of rows as a delete would, with all that follows from it. Locks as in [`crate::apply`].

use chrono::{DateTime, Utc};
use persistence::synced::SourcePosition;
use persistence::{PgPool, cdc_offsets, locks};

use crate::apply::{Topic, store};
use crate::batch::{Batch, Placed};
use crate::decode::{Change, Op, Origin};
use crate::errors::IngestError;
use crate::table::Table;

/// Rows of one transaction.
const STEP: i64 = 1_000;

/// Marks the rows of `topic` as deleted at `now` that were read before the offset beside their partition in `ends`, where
/// the topic ended when the second snapshot began, and not since; gives how many.
pub async fn mark_missing<T: Table>(
    pool: &PgPool,
    topic: &Topic,
    ends: &[(i32, i64)],
    now: DateTime<Utc>,
) -> Result<usize, IngestError> {
    let mut marked = 0;
    loop {
        let mut transaction = pool.begin().await?;
        if T::IN_REFERRAL_TREE {
            locks::hold(&mut transaction, locks::REFERRAL_TREE).await?;
        }
        let missing = T::not_read_since(&mut transaction, &topic.name, ends, STEP).await?;
        if missing.is_empty() {
            return Ok(marked);
        }
        let mut batch = Batch::default();
        for (id, partition, offset) in missing {
            let change = Change {
                id,
                op: Op::Delete,
                origin: Origin::IncrementalSnapshot,
                source_time: Some(now),
                row: None,
            };
            let position = SourcePosition { partition, offset };
            batch.changes.push(Placed { change, position });
        }
        let (applied, _) =
            store::<T>(&mut transaction, topic, &batch, &cdc_offsets::ReadUntil::new(), now).await?;
        transaction.commit().await?;
        marked += applied.written;
    }
}
