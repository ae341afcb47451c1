//! The flags of adoptions (identity 5), and that what is distributed is what upstream says (identity 9).

use persistence::verify::{facts, numbering};
use persistence::{PgConnection, Result};
use uuid::Uuid;

use super::{Findings, RANGE};
use crate::Progress;

/// Looks at every adoption that was read.
pub async fn check(
    connection: &mut PgConnection,
    findings: &mut Findings,
    progress: &Progress,
) -> Result<()> {
    let mut after = Uuid::nil();
    loop {
        let boundary = numbering::boundary(connection, after, RANGE).await?;
        let through = boundary.unwrap_or(Uuid::max());
        for flag in numbering::wrong_flags(connection, after, through).await? {
            let entry = |seq: Option<i64>| seq.map_or_else(|| "none".to_owned(), |seq| seq.to_string());
            findings.numbering.wrong(format!(
                "adoption {}: its latest entry is {}, by its own row {}; marked as distributed: {}, carried out: {}",
                flag.id,
                entry(flag.latest_seq),
                entry(flag.entry_seq),
                flag.distributed,
                flag.carried_out
            ));
        }
        for (adoption, seq) in facts::unlike_upstream(connection, after, through).await? {
            findings.facts.wrong(format!("entry {seq}: upstream says otherwise of adoption {adoption}"));
        }
        let Some(boundary) = boundary else { return Ok(()) };
        progress.add(RANGE.unsigned_abs());
        after = boundary;
    }
}
