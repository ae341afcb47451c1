//! One walk along the journal: identity 1, the numbers of 5, 8, and 9 by its [`Replay`].

use std::collections::HashMap;
use std::ops::Range;

use domain::{AccountSequence, Amount, Effect, Entry, MAX_SEQ, first_id};
use persistence::verify::entries::{self, Unbalanced};
use persistence::verify::system::{self, SystemSum};
use persistence::verify::{Moment, numbering};
use persistence::{PgConnection, Result};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::lines::{self, CarriedOutAgain};
use super::plans::PlanHistory;
use super::replay::Replay;
use super::{Finding, Findings};
use crate::Progress;

/// Entries that are looked at together, with about 24 lines each.
const ENTRIES: i64 = 2_000;

/// What the walk has gathered for the checks after it.
#[derive(Debug)]
pub struct Walked {
    /// The plans.
    pub plans: PlanHistory,
    /// The newest effect on each account, of the entries carried out.
    pub newest: HashMap<AccountSequence, (i64, Effect)>,
    /// Base distributed less base reversed, of the entries carried out.
    pub base: Amount,
    /// Entries carried out that have lines.
    pub entries: i64,
    /// Balance and effective balance of each system account by its lines.
    pub system: HashMap<Uuid, (Amount, Amount)>,
}

/// Walks along all entries.
pub async fn walk(
    connection: &mut PgConnection,
    moment: &Moment,
    findings: &mut Findings,
    progress: &Progress,
) -> Result<Walked> {
    let open = entries::open_chunks(connection).await?;
    let mut walked = Walked {
        plans: PlanHistory::read(connection).await?,
        newest: HashMap::new(),
        base: Amount::ZERO,
        entries: 0,
        system: HashMap::new(),
    };
    let mut replay = Replay::new(moment.day.current);
    let mut again = CarriedOutAgain::default();
    let mut first = 1;
    loop {
        let last = moment.last_seq.min(first + ENTRIES - 1);
        let span = Span::new(first, last, moment);
        sums(connection, &span, moment, &mut walked, findings).await?;
        gaps(connection, &span, &mut findings.numbering).await?;
        let entries =
            lines::entries(connection, (span.first, span.last), |what| findings.facts.wrong(what)).await?;
        replay.range(connection, &entries, &span, &walked.plans, &mut findings.facts).await?;
        let carried_out: Vec<&Entry> = entries.iter().filter(|entry| !is_open(&open, entry.seq)).collect();
        again.write(&carried_out, &walked.plans, |_, _| Ok(()))?;
        let compared = again.compare(connection, &carried_out, &walked.plans, &span.ids()).await?;
        findings.lines.checked(compared.checked);
        compared.wrong.into_iter().for_each(|what| findings.lines.wrong(what));
        for entry in carried_out {
            walked.newest.extend(
                entry.effects.iter().map(|effect| (effect.account.clone(), (entry.seq, effect.clone()))),
            );
        }
        progress.add(u64::try_from(last - first + 1).unwrap_or(0));
        if last >= moment.last_seq {
            break;
        }
        first = last + 1;
    }
    ends(connection, &mut findings.numbering).await?;
    replay.end(connection, &mut findings.facts).await?;
    Ok(walked)
}

/// A span of entries, and the ids of lines that belong nowhere else: the first span has all ids before it, the last
/// all behind it.
#[derive(Debug)]
pub struct Span {
    /// The first number.
    pub first: i64,
    /// The last number; less than the first where there is none.
    pub last: i64,
    lines_from: i64,
    lines_through: i64,
}

impl Span {
    /// The entries `first` to `last` of those that there are at `moment`.
    pub fn new(first: i64, last: i64, moment: &Moment) -> Self {
        let lines_from = if first == 1 { 0 } else { first };
        let lines_through = if last >= moment.last_seq { MAX_SEQ - 1 } else { last };
        Self { first, last, lines_from, lines_through }
    }

    /// The ids of its lines.
    pub fn ids(&self) -> Range<Uuid> {
        let start = if self.lines_from == 0 { Uuid::nil() } else { first_id(self.first) };
        let end = if self.lines_through == self.last { first_id(self.last + 1) } else { Uuid::max() };
        start..end
    }
}

fn is_open(open: &[(i64, i64)], seq: i64) -> bool {
    let after = open.partition_point(|(first, _)| *first <= seq);
    after.checked_sub(1).is_some_and(|chunk| open[chunk].1 >= seq)
}

/// Identity 1, and the sums for 3 and 4.
async fn sums(
    connection: &mut PgConnection,
    span: &Span,
    moment: &Moment,
    walked: &mut Walked,
    findings: &mut Findings,
) -> Result<()> {
    let carried_out = entries::carried_out(connection, span.first, span.last).await?;
    findings.slots.checked(usize::try_from(carried_out.entries).unwrap_or(0));
    walked.entries += carried_out.entries;
    walked.base = walked.base.checked_add(Amount::from_decimal(carried_out.base)?)?;
    for wrong in entries::unbalanced(connection, span.lines_from, span.lines_through).await? {
        findings.slots.wrong(describe(&wrong));
    }
    for SystemSum { id, balance, effective } in
        system::sums(connection, span.lines_from, span.lines_through, &moment.day).await?
    {
        let sums = walked.system.entry(id).or_default();
        sums.0 = sums.0.checked_add(Amount::from_decimal(balance)?)?;
        sums.1 = sums.1.checked_add(Amount::from_decimal(effective)?)?;
    }
    Ok(())
}

fn describe(wrong: &Unbalanced) -> String {
    let seq = wrong.seq;
    let text =
        |amount: Option<Decimal>| amount.map_or_else(|| "nothing".to_owned(), |amount| amount.to_string());
    match (wrong.expected, wrong.slots) {
        (None, _) => format!("entry {seq} has lines and should have none"),
        (expected, slots) if expected != slots => {
            format!("entry {seq}: slots 0 to 22 sum to {} and should sum to {}", text(slots), text(expected))
        }
        _ => format!(
            "entry {seq}: slot 23 is {} and what is unallocated {}",
            text(wrong.headquarters),
            text(wrong.unallocated)
        ),
    }
}

async fn gaps(connection: &mut PgConnection, span: &Span, finding: &mut Finding) -> Result<()> {
    finding.checked(usize::try_from(span.last - span.first + 1).unwrap_or(0));
    for seq in numbering::missing(connection, span.first, span.last).await? {
        finding.wrong(format!("there is no entry {seq}"));
    }
    for seq in numbering::without_adoption(connection, span.first, span.last).await? {
        finding.wrong(format!("entry {seq} is of an adoption that was never read"));
    }
    Ok(())
}

async fn ends(connection: &mut PgConnection, finding: &mut Finding) -> Result<()> {
    let (journal, chunks, state) = numbering::ends(connection).await?;
    if journal != chunks || journal != state {
        finding.wrong(format!(
            "the last number is {journal} by the journal, {chunks} by the chunks, {state} by the sequencer's state"
        ));
    }
    for (before, first) in numbering::breaks_of_chunks(connection).await? {
        finding.wrong(format!("a chunk ends with {before} and the next begins with {first}"));
    }
    Ok(())
}
