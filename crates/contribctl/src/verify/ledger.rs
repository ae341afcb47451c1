//! One walk along the journal: identity 1, the numbers of 5, 8, and 9 by its [`Replay`].

use std::cmp::Ordering;
use std::collections::HashMap;

use domain::{AccountSequence, Amount, Effect, Entry, Fact, MAX_SEQ, first_id, write_lines};
use persistence::verify::entries::{self, Unbalanced};
use persistence::verify::lines::{self, LedgerLine};
use persistence::verify::system::{self, SystemSum};
use persistence::verify::{Moment, numbering};
use persistence::{Error, PgConnection, Result, journal};
use rust_decimal::Decimal;
use uuid::Uuid;

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
    let mut first = 1;
    loop {
        let last = moment.last_seq.min(first + ENTRIES - 1);
        let span = Span::new(first, last, moment);
        sums(connection, &span, moment, &mut walked, findings).await?;
        gaps(connection, &span, &mut findings.numbering).await?;
        let entries = read(connection, &span, &mut findings.facts).await?;
        replay.range(connection, &entries, &span, &walked.plans, &mut findings.facts).await?;
        let carried_out: Vec<&Entry> = entries.iter().filter(|entry| !is_open(&open, entry.seq)).collect();
        carry_out_again(connection, &span, &carried_out, &walked.plans, &mut findings.lines).await?;
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
    fn new(first: i64, last: i64, moment: &Moment) -> Self {
        let lines_from = if first == 1 { 0 } else { first };
        let lines_through = if last >= moment.last_seq { MAX_SEQ - 1 } else { last };
        Self { first, last, lines_from, lines_through }
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

/// The entries of a span. One that cannot be read is a fact that was changed.
async fn read(connection: &mut PgConnection, span: &Span, finding: &mut Finding) -> Result<Vec<Entry>> {
    match journal::range(connection, span.first, span.last).await {
        Ok(rows) => Ok(rows.into_iter().map(|row| row.entry).collect()),
        Err(Error::Corrupt(_)) => {
            let mut entries = Vec::new();
            for seq in span.first..=span.last {
                match journal::range(connection, seq, seq).await {
                    Ok(rows) => entries.extend(rows.into_iter().map(|row| row.entry)),
                    Err(Error::Corrupt(what)) => finding.wrong(format!("entry {seq} cannot be read: {what}")),
                    Err(error) => return Err(error),
                }
            }
            Ok(entries)
        }
        Err(error) => Err(error),
    }
}

/// Identity 8: writes the lines once more and lays the stored ones beside them.
async fn carry_out_again(
    connection: &mut PgConnection,
    span: &Span,
    entries: &[&Entry],
    plans: &PlanHistory,
    finding: &mut Finding,
) -> Result<()> {
    let mut right = Vec::with_capacity(entries.len() * 24);
    for entry in entries {
        if let Err(why) = add_lines(entry, plans, &mut right) {
            finding.wrong(format!("entry {} cannot be carried out again: {why}", entry.seq));
        }
    }
    let end = if span.lines_through == span.last { first_id(span.last + 1) } else { Uuid::max() };
    let from = if span.lines_from == 0 { Uuid::nil() } else { first_id(span.first) };
    let stored = lines::range(connection, from, end).await?;
    finding.checked(right.len().max(stored.len()));
    compare(&right, &stored, finding);
    Ok(())
}

fn add_lines(
    entry: &Entry,
    plans: &PlanHistory,
    right: &mut Vec<LedgerLine>,
) -> std::result::Result<(), String> {
    let (Fact::Distribute(of) | Fact::Reverse { of, .. }) = &entry.fact else { return Ok(()) };
    let plan =
        plans.version(of.plan_version).ok_or_else(|| format!("there is no plan {}", of.plan_version))?;
    let mut lines = Vec::with_capacity(24);
    write_lines(entry, plan, &mut lines).map_err(|error| error.to_string())?;
    for line in &lines {
        right.push(LedgerLine::of(entry.seq, of, line).map_err(|error| error.to_string())?);
    }
    Ok(())
}

/// Both stand in the order of their ids.
fn compare(right: &[LedgerLine], stored: &[LedgerLine], finding: &mut Finding) {
    let (mut right, mut stored) = (right.iter().peekable(), stored.iter().peekable());
    loop {
        let order = match (right.peek(), stored.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(right), Some(stored)) => right.id().cmp(&stored.id()),
        };
        let missing = right.next_if(|_| order.is_le());
        let found = stored.next_if(|_| order.is_ge());
        match (missing, found) {
            (Some(right), Some(stored)) if right != stored => {
                let differences = right.differences(stored).join(", ");
                finding.wrong(format!("{}: {differences}", name(stored)));
            }
            (Some(right), None) => finding.wrong(format!("{} is missing", name(right))),
            (None, Some(stored)) => finding.wrong(format!("{} should not be there", name(stored))),
            _ => {}
        }
    }
}

fn name(line: &LedgerLine) -> String {
    let id = line.id();
    format!("{} {id} (entry {}, slot {})", line.table(), domain::seq_of(id), domain::slot_of(id))
}
