//! What a batch makes of the stored rows: a pure function of both.
//!
//! A change is only ever compared with the stored state of its own row, because the lsn falls along a topic wherever
//! transactions interleave. Rows meet in one point alone: an account belongs to one live row, the one with the later
//! change.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::AccountSequence;
use persistence::synced::{SourcePosition, SourceVersion, Synced};
use uuid::Uuid;

use crate::batch::Placed;
use crate::decode::{Op, Origin};
use crate::table::Table;

/// What a batch makes of the rows of one table.
#[derive(Debug)]
pub struct Folded<F> {
    /// Rows to be written, by id.
    pub outcomes: Vec<Outcome<F>>,
    /// Rows that give up an account which another one takes in this batch.
    pub released: Vec<Uuid>,
    /// Rows that lost their account to a later one and wait for their own change.
    pub taken: Vec<Taken>,
    /// Changes that need a value which was left out as unchanged, and which is not stored.
    pub incomplete: Vec<(Uuid, SourcePosition)>,
    /// Rows whose whole state is known again, with the position of the message that told it.
    pub heard_of: BTreeMap<Uuid, SourcePosition>,
    /// Changes older than what is stored.
    pub stale: Vec<Stale>,
    /// The latest source time of each partition's changes but for the stale ones.
    pub read_until: HashMap<i32, DateTime<Utc>>,
    /// Accounts that were given up and that no row has now. A row that is [`Table::displaced`] may have had one of them
    /// since: then the fold is to be done again with that row.
    pub vacant: Vec<AccountSequence>,
}

/// A change that is older than what is stored of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// Upstream id.
    pub id: Uuid,
    /// Where it was read.
    pub position: SourcePosition,
    /// When it was committed upstream.
    pub source_time: Option<DateTime<Utc>>,
    /// The latest source time read before it of its partition, in its batch, stale changes apart.
    pub read_until: Option<DateTime<Utc>>,
}

impl Stale {
    /// Whether it cannot have been sent again: what is has a time that was read before. The same server never writes a
    /// later change of a row at a lower lsn, so the log must be another server's. `read_before` is the latest source time
    /// read of the partition before the batch.
    pub fn is_of_another_log(&self, read_before: Option<DateTime<Utc>>) -> bool {
        let read = self.read_until.max(read_before);
        self.source_time.zip(read).is_some_and(|(own, read)| own > read)
    }
}

/// A row before and after.
#[derive(Debug, Clone)]
pub struct Outcome<F> {
    /// As it was stored.
    pub before: Option<Synced<F>>,
    /// As it is to be stored.
    pub after: Synced<F>,
}

impl<F: PartialEq> Outcome<F> {
    /// Whether more than version and position moved.
    pub fn is_changed(&self) -> bool {
        self.before.as_ref().is_none_or(|before| {
            before.fields != self.after.fields
                || before.deleted_at.is_some() != self.after.deleted_at.is_some()
                || before.displaced != self.after.displaced
        })
    }
}

/// A row that lost its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Upstream id of the loser.
    pub id: Uuid,
    /// Where its stored state was read.
    pub position: SourcePosition,
    /// Upstream id of the holder.
    pub by: Uuid,
}

/// How late a row's claim to its account is; the later one has it. On a tie, who has it keeps it.
type Rank = (i32, i64, bool, usize);

struct Slot<F> {
    before: Option<Synced<F>>,
    now: Option<Synced<F>>,
    /// Set by the last change that was accepted.
    claim: Option<Rank>,
    /// Accounts that the row gave up, with epoch and lsn of the changes that did.
    gave_up: Vec<(AccountSequence, (i32, i64))>,
}

/// Folds `changes`, in Kafka's order within each partition, into the `stored` rows. `epoch` is the source's, `now` stands
/// in where a delete does not say when it was.
pub fn fold<T: Table>(
    stored: Vec<Synced<T::Fields>>,
    changes: &[Placed<T::Row>],
    epoch: i32,
    now: DateTime<Utc>,
) -> Folded<T::Fields> {
    let mut slots: BTreeMap<Uuid, Slot<T::Fields>> =
        stored.into_iter().map(|row| (row.id, Slot::of(Some(row)))).collect();
    let mut folded = Folded {
        outcomes: Vec::new(),
        released: Vec::new(),
        taken: Vec::new(),
        incomplete: Vec::new(),
        heard_of: BTreeMap::new(),
        stale: Vec::new(),
        read_until: HashMap::new(),
        vacant: Vec::new(),
    };
    for (turn, placed) in changes.iter().enumerate() {
        let id = placed.change.id;
        let slot = slots.entry(id).or_insert_with(|| Slot::of(None));
        let step = step::<T>(slot, placed, epoch, turn, now);
        let (position, source_time) = (placed.position, placed.change.source_time);
        let read_until = folded.read_until.get(&position.partition).copied();
        match step {
            Step::Taken => _ = folded.heard_of.insert(id, position),
            Step::Incomplete => folded.incomplete.push((id, position)),
            Step::Stale => {
                folded.stale.push(Stale { id, position, source_time, read_until });
                continue;
            }
        }
        if let Some(latest) = read_until.max(source_time) {
            folded.read_until.insert(position.partition, latest);
        }
    }
    if T::ACCOUNT_IS_UNIQUE {
        settle_accounts::<T>(&mut slots, &mut folded);
    }
    folded.outcomes = slots.into_values().filter_map(Slot::outcome).collect();
    folded
}

enum Step {
    Taken,
    Stale,
    Incomplete,
}

fn step<T: Table>(
    slot: &mut Slot<T::Fields>,
    placed: &Placed<T::Row>,
    epoch: i32,
    turn: usize,
    now: DateTime<Utc>,
) -> Step {
    let change = &placed.change;
    let stored = slot.now.as_ref().map(|row| row.version);
    let Some((version, claimed_lsn)) = accept(change.origin, epoch, stored) else { return Step::Stale };
    let is_live = slot.now.as_ref().is_some_and(Synced::is_live);
    let next = match (&change.row, change.op) {
        // whose account it is can only be judged by name
        (Some(row), _) if !is_live && T::named(row).is_none() => return Step::Incomplete,
        (Some(row), Op::Create | Op::Update | Op::Read) => {
            // what a deleted row held is nothing to a new one with its key
            let there = slot.now.as_ref().filter(|row| row.deleted_at.is_none());
            let Some(fields) = T::merge(row, there.map(|row| &row.fields)) else {
                return Step::Incomplete;
            };
            Some((fields, None))
        }
        // nothing is known of a row that was never seen, so there is nothing to mark
        _ => slot
            .now
            .as_ref()
            .map(|row| (row.fields.clone(), row.deleted_at.or(change.source_time).or(Some(now)))),
    };
    if let Some((fields, deleted_at)) = next {
        let displaced = deleted_at.is_none() && slot.now.as_ref().is_some_and(|row| row.displaced);
        let row = Synced { id: change.id, version, position: placed.position, deleted_at, displaced, fields };
        if let Some(account) = slot.given_up_for::<T>(&row) {
            slot.gave_up.push((account, (epoch, claimed_lsn)));
        }
        slot.now = Some(row);
        slot.claim = Some((epoch, claimed_lsn, false, turn));
    }
    Step::Taken
}

/// Whether a change is not older than what is stored of its row; gives the version to store and the lsn by which the row
/// claims its account.
///
/// A row of a full snapshot carries the slot's consistent point, which lies above the lsn of transactions that were
/// open then; it is stored with the lsn that the row had before, 0 if none, so that their changes still win.
fn accept(origin: Origin, epoch: i32, stored: Option<SourceVersion>) -> Option<(SourceVersion, i64)> {
    if stored.is_some_and(|stored| stored.epoch > epoch) {
        return None;
    }
    let stored = stored.filter(|stored| stored.epoch == epoch);
    let is_older = |lsn| stored.is_some_and(|stored| stored.lsn > lsn);
    match origin {
        Origin::Stream { lsn } => {
            (!is_older(lsn)).then_some((SourceVersion { epoch, lsn, snapshot: false }, lsn))
        }
        Origin::FullSnapshot { lsn, .. } => {
            let floor = stored.map_or(0, |stored| stored.lsn);
            (!is_older(lsn)).then_some((SourceVersion { epoch, lsn: floor, snapshot: true }, lsn))
        }
        Origin::IncrementalSnapshot => {
            let kept = stored.unwrap_or(SourceVersion { epoch, lsn: 0, snapshot: true });
            Some((kept, stored.map_or(i64::MAX, |stored| stored.lsn)))
        }
    }
}

/// Gives every account to the row with the later change. A row that loses stays as it is, displaced, until a change of
/// its own comes: it must have had one upstream, which another partition still holds.
fn settle_accounts<T: Table>(slots: &mut BTreeMap<Uuid, Slot<T::Fields>>, folded: &mut Folded<T::Fields>) {
    let mut holders: HashMap<AccountSequence, (Rank, Uuid)> = HashMap::new();
    for (id, slot) in slots.iter() {
        if let Some((account, rank)) = slot.claims::<T>() {
            offer(&mut holders, account, rank, *id);
        }
    }
    fill_vacant::<T>(slots, &mut holders, folded);
    for (id, slot) in slots.iter_mut() {
        let Some(row) = slot.now.as_mut().filter(|row| row.deleted_at.is_none()) else { continue };
        let Some((_, holder)) = holders.get(T::account(&row.fields)) else { continue };
        let was_displaced = row.displaced;
        row.displaced = holder != id;
        if row.displaced && (!was_displaced || slot.claim.is_some()) {
            folded.taken.push(Taken { id: *id, position: row.position, by: *holder });
        }
    }
    for (id, slot) in slots.iter() {
        let Some(before) = slot.before.as_ref().filter(|before| before.is_live()) else { continue };
        let taken_over = holders.get(T::account(&before.fields)).is_some_and(|(_, holder)| holder != id);
        if taken_over {
            folded.released.push(*id);
        }
    }
}

fn offer(
    holders: &mut HashMap<AccountSequence, (Rank, Uuid)>,
    account: &AccountSequence,
    rank: Rank,
    id: Uuid,
) {
    let holder = holders.entry(account.clone()).or_insert((rank, id));
    if rank > holder.0 {
        *holder = (rank, id);
    }
}

/// Gives an account that its holder gave up to the row that has had it since. It was displaced by a row that seemed to be
/// later: one that a snapshot read, whose change from a transaction open at that time came only now.
fn fill_vacant<T: Table>(
    slots: &BTreeMap<Uuid, Slot<T::Fields>>,
    holders: &mut HashMap<AccountSequence, (Rank, Uuid)>,
    folded: &mut Folded<T::Fields>,
) {
    let mut vacant: BTreeMap<&AccountSequence, (i32, i64)> = BTreeMap::new();
    for (account, since) in slots.values().flat_map(|slot| &slot.gave_up) {
        if !holders.contains_key(account) {
            let last = vacant.entry(account).or_insert(*since);
            *last = (*last).max(*since);
        }
    }
    for (id, slot) in slots {
        let Some(row) = slot.now.as_ref().filter(|row| row.displaced && slot.claim.is_none()) else {
            continue;
        };
        let account = T::account(&row.fields);
        let (epoch, lsn) = (row.version.epoch, row.version.lsn);
        if vacant.get(account).is_some_and(|since| (epoch, lsn) >= *since) {
            offer(holders, account, (epoch, lsn, true, 0), *id);
            let told = SourcePosition { offset: row.position.offset + 1, ..row.position };
            folded.heard_of.insert(*id, told);
        }
    }
    folded.vacant = vacant.into_keys().filter(|account| !holders.contains_key(*account)).cloned().collect();
}

impl<F: Clone + PartialEq> Slot<F> {
    fn of(stored: Option<Synced<F>>) -> Self {
        Self { before: stored.clone(), now: stored, claim: None, gave_up: Vec::new() }
    }

    /// The account that the row has now and not any more as `next`.
    fn given_up_for<T: Table<Fields = F>>(&self, next: &Synced<F>) -> Option<AccountSequence> {
        let row = self.now.as_ref().filter(|row| row.deleted_at.is_none())?;
        let had = T::account(&row.fields);
        let is_kept = next.deleted_at.is_none() && T::account(&next.fields) == had;
        let was_holder = !row.displaced || self.claim.is_some();
        (was_holder && !is_kept).then(|| had.clone())
    }

    /// The account that the row may have, and by what rank. A displaced row claims nothing before its own change.
    fn claims<T: Table<Fields = F>>(&self) -> Option<(&AccountSequence, Rank)> {
        let row = self.now.as_ref().filter(|row| row.deleted_at.is_none())?;
        let rank = match self.claim {
            Some(rank) => rank,
            None if row.displaced => return None,
            None => (row.version.epoch, row.version.lsn, true, 0),
        };
        Some((T::account(&row.fields), rank))
    }

    /// What is to be written, if anything: a change that was sent again moves nothing. A row read by a snapshot is
    /// written even so, because its position tells that the snapshot had it.
    fn outcome(self) -> Option<Outcome<F>> {
        let after = self.now?;
        let same = self.before.as_ref().is_some_and(|before| {
            before.version == after.version
                && before.deleted_at == after.deleted_at
                && before.displaced == after.displaced
                && before.fields == after.fields
        });
        let seen_by_snapshot = self.claim.is_some() && after.version.snapshot;
        (!same || seen_by_snapshot).then_some(Outcome { before: self.before, after })
    }
}
