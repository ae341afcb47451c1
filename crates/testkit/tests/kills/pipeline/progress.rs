use sqlx::{FromRow, PgPool};

/// How far each stage has come; all figures are of one moment and only rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub(crate) struct Progress {
    /// Messages of the three tables' topics that have been read.
    pub(crate) read: i64,
    /// Entries of the journal.
    pub(crate) numbered: i64,
    /// Entries that have been carried out.
    pub(crate) carried_out: i64,
    /// Events that were written.
    pub(crate) events: i64,
    /// Those of them that are out of the outbox again.
    pub(crate) published: i64,
    /// Upkeep runs of the scheduler that came to their end.
    pub(crate) upkeeps: i64,
}

impl Progress {
    /// Of the pipeline with this database. `beats` is the heartbeats' topic, whose messages do not count.
    pub(super) async fn of(pool: &PgPool, beats: &str) -> anyhow::Result<Self> {
        Ok(sqlx::query_as(
            "SELECT r.read, s.last_seq AS numbered, c.carried_out, v.events, v.events - o.unpublished AS published,
                 j.upkeeps
             FROM sequencer_state s,
                 (SELECT coalesce(sum(next_offset), 0)::bigint AS read FROM cdc_offsets WHERE topic <> $1) r,
                 (SELECT coalesce(sum(last_seq - first_seq + 1), 0)::bigint AS carried_out
                  FROM distribution_chunks WHERE distributed_at IS NOT NULL) c,
                 (SELECT coalesce(sum(version), 0)::bigint AS events FROM contribution_accounts) v,
                 (SELECT count(*) AS unpublished FROM outbox_events WHERE aggregate_type = 'ACCOUNT') o,
                 (SELECT count(*) AS upkeeps FROM job_runs WHERE job = 'upkeep' AND finished_at IS NOT NULL) j",
        )
        .bind(beats)
        .fetch_one(pool)
        .await?)
    }

    /// Steps of all stages together.
    pub(crate) fn work(&self) -> i64 {
        self.read + self.numbered + self.carried_out + self.published
    }
}
