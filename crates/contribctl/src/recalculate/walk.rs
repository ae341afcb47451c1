//! Carries spans of entries out again: lines beside lines, and sums by account.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AccountSequence, Amount, Beneficiary, Effect, Entry, Fact, Line, SourceType, SystemAccount};
use persistence::verify::derived::{self, ChunkState};
use persistence::verify::{Day, Moment};
use persistence::{PgConnection, Result};

use super::Differences;
use crate::verify::ledger::Span;
use crate::verify::lines::{self, CarriedOutAgain};
use crate::verify::plans::PlanHistory;

/// The sums of some spans.
#[derive(Debug, Default)]
pub struct Part {
    /// By account.
    pub accounts: HashMap<AccountSequence, Sums>,
    /// Balance and effective balance by system account.
    pub system: HashMap<SystemAccount, (Amount, Amount)>,
}

/// What the entries carried out give one account.
#[derive(Debug, Default)]
pub struct Sums {
    /// Of its PERSONAL lines.
    pub personal: Amount,
    /// Of its `TEAM_LEVEL` lines.
    pub team_level: Amount,
    /// Of its `TEAM_BONUS` lines.
    pub team_bonus: Amount,
    /// Of its lines that count on the day that the roll's cursor gives it.
    pub effective: Amount,
    /// Its newest effect.
    pub newest: Option<Newest>,
    /// Whether it has a line, be it of zero.
    pub has_lines: bool,
    /// Whether its first entry was carried out.
    pub begun: bool,
}

/// The newest effect on an account, with when the entry was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// The entry.
    pub seq: i64,
    /// The counts after it.
    pub effect: Effect,
    /// The business day and the moment.
    pub carried_out: (NaiveDate, DateTime<Utc>),
}

impl Part {
    /// Takes in the sums of other spans.
    pub fn merge(&mut self, other: Self) -> Result<()> {
        if self.accounts.is_empty() {
            self.accounts = other.accounts;
        } else {
            for (account, more) in other.accounts {
                self.accounts.entry(account).or_default().merge(more)?;
            }
        }
        for (account, (balance, effective)) in other.system {
            let sums = self.system.entry(account).or_default();
            *sums = (sums.0.checked_add(balance)?, sums.1.checked_add(effective)?);
        }
        Ok(())
    }

    fn account(&mut self, account: &AccountSequence) -> &mut Sums {
        self.accounts.entry(account.clone()).or_default()
    }

    fn add_line(&mut self, line: &Line<'_>, day: NaiveDate) -> Result<()> {
        let effective = if line.live_on(day) { line.amount } else { Amount::ZERO };
        if let Beneficiary::System(account) = line.beneficiary {
            let sums = self.system.entry(account).or_default();
            *sums = (sums.0.checked_add(line.amount)?, sums.1.checked_add(effective)?);
            return Ok(());
        }
        let (Some(account), Some(kind)) = (line.beneficiary.account(), line.beneficiary.source_type()) else {
            return Ok(()); // nobody's: slot 23 carries it on
        };
        let sums = self.account(account);
        sums.has_lines = true;
        sums.effective = sums.effective.checked_add(effective)?;
        let column = match kind {
            SourceType::Personal => &mut sums.personal,
            SourceType::TeamLevel => &mut sums.team_level,
            SourceType::TeamBonus => &mut sums.team_bonus,
        };
        *column = column.checked_add(line.amount)?;
        Ok(())
    }

    fn add_effects(&mut self, entry: &Entry, carried_out: (NaiveDate, DateTime<Utc>)) {
        for effect in &entry.effects {
            let newest = Newest { seq: entry.seq, effect: effect.clone(), carried_out };
            self.account(&effect.account).learn(newest);
        }
        let (account, first) = match &entry.fact {
            Fact::Distribute(of) => {
                let own = entry.effects.iter().find(|effect| effect.account == of.account);
                (&of.account, own.is_some_and(|effect| effect.live == 1))
            }
            Fact::ReferralMove { account, .. } => (account, true),
            Fact::Reverse { .. } => return,
        };
        if first {
            self.account(account).begun = true;
        }
    }
}

impl Sums {
    /// Whether the account must have a row.
    pub fn has_row(&self) -> bool {
        self.has_lines || self.newest.is_some()
    }

    /// Notes an effect, if none is newer.
    pub fn learn(&mut self, other: Newest) {
        if self.newest.as_ref().is_none_or(|newest| newest.seq < other.seq) {
            self.newest = Some(other);
        }
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.personal = self.personal.checked_add(other.personal)?;
        self.team_level = self.team_level.checked_add(other.team_level)?;
        self.team_bonus = self.team_bonus.checked_add(other.team_bonus)?;
        self.effective = self.effective.checked_add(other.effective)?;
        self.has_lines |= other.has_lines;
        self.begun |= other.begun;
        if let Some(newest) = other.newest {
            self.learn(newest);
        }
        Ok(())
    }
}

/// One connection's way along the journal.
#[derive(Debug)]
pub struct Walk {
    /// The sums so far.
    pub part: Part,
    day: Day,
    again: CarriedOutAgain,
}

impl Walk {
    /// Before the first span.
    pub fn new(moment: &Moment) -> Self {
        Self { part: Part::default(), day: moment.day.clone(), again: CarriedOutAgain::default() }
    }

    /// Carries the entries of a span out again.
    pub async fn span(
        &mut self,
        connection: &mut PgConnection,
        span: &Span,
        plans: &PlanHistory,
        differences: &mut Differences,
    ) -> Result<()> {
        let journal = &mut differences.journal;
        let entries =
            lines::entries(connection, (span.first, span.last), |what| journal.differs(what)).await?;
        let expected = usize::try_from(span.last + 1 - span.first).unwrap_or(0);
        journal.checked(expected);
        if entries.len() < expected {
            tell_missing(span, &entries, journal);
        }
        let chunks = derived::chunks(connection, span.first, span.last).await?;
        let carried_out: Vec<&Entry> =
            entries.iter().filter(|entry| carried_out(&chunks, entry.seq).is_some()).collect();
        let Self { part, day, again } = self;
        again.write(&carried_out, plans, |entry, line| {
            let booked = carried_out_on(&chunks, entry.seq).unwrap_or(day.current);
            part.add_line(line, effective_day(day, line, booked))
        })?;
        for entry in &carried_out {
            if let Some(when) = self::carried_out(&chunks, entry.seq) {
                part.add_effects(entry, when);
            }
        }
        let compared = again.compare(connection, &carried_out, plans, &span.ids()).await?;
        differences.lines.checked(compared.checked);
        compared.wrong.into_iter().for_each(|what| differences.lines.differs(what));
        Ok(())
    }
}

fn tell_missing(span: &Span, entries: &[Entry], journal: &mut super::Difference) {
    let mut entries = entries.iter().map(|entry| entry.seq).peekable();
    for seq in span.first..=span.last {
        if entries.next_if_eq(&seq).is_none() {
            journal.differs(format!("there is no entry {seq} that can be read"));
        }
    }
}

/// The day and moment at which the entry was carried out, if it was.
fn carried_out(chunks: &[ChunkState], seq: i64) -> Option<(NaiveDate, DateTime<Utc>)> {
    let behind = chunks.partition_point(|chunk| chunk.first <= seq);
    chunks.get(behind.checked_sub(1)?)?.carried_out
}

fn carried_out_on(chunks: &[ChunkState], seq: i64) -> Option<NaiveDate> {
    carried_out(chunks, seq).map(|(day, _)| day)
}

/// The day for which a line counts (RULES section 8, identity 2): while a roll brings accounts over, what was booked
/// before counts for the day before, in accounts that it has not reached.
fn effective_day(day: &Day, line: &Line<'_>, booked: NaiveDate) -> NaiveDate {
    if !day.rolling || booked >= day.current {
        return day.current;
    }
    let name = match line.beneficiary {
        Beneficiary::System(account) => account.ledger_name(),
        _ => line.beneficiary.account().map_or("", AccountSequence::as_str),
    };
    if day.cursor.as_deref().is_some_and(|cursor| name <= cursor) { day.current } else { day.before }
}
