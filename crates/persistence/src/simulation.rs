//! What an adoption would do on the books as they are, and what another plan would have made of the whole journal.
//!
//! Nothing here writes or locks; what must agree is read in one transaction of the caller's. [`adoption`] is five round
//! trips, [`JournalWalk`] one for every 2,000 entries.

use chrono::NaiveDate;
use domain::{
    AccountSequence, AccountState, AdoptionOutcome, Amount, JournalComparison, JournalSimulation, Plan,
    Plans, Referrer, Ruling, SequencerState, SimulationError, SourceAdoption, dates, simulate_adoption,
    standing, walk,
};
use sqlx::PgConnection;

use crate::{Error, Result, business_day, journal, plans, referrals};

/// Entries of the journal that are read together.
const ENTRIES: i64 = 2_000;

/// What would become of an adoption.
#[derive(Debug)]
pub struct Simulated {
    /// The answer.
    pub outcome: AdoptionOutcome,
    /// Adoptions whose turn comes before: they may change price and unlocking.
    pub before: i64,
}

/// What would become of `source` if its turn were now.
pub async fn adoption(
    connection: &mut PgConnection,
    source: &SourceAdoption,
    day: NaiveDate,
    ruling: &Ruling,
) -> Result<Simulated> {
    let plans = plans::all(connection).await?;
    let tree = referrals::read(connection, &[source.account.as_str().to_owned()]).await?;
    let state = state_above(connection, &source.account).await?;
    let queued = plans::not_numbered(connection, None, None).await?;
    let latest_date = dates::latest_ready_date(day, ruling.max_future_days).map_err(Error::corrupt)?;
    let standing = standing(source, &ruling.eligibility, latest_date, |adopter| {
        let upstream = |account: &_| tree.upstream(account);
        walk(adopter, upstream, |account| state.referrer(account), ruling.missing_referral)
    });
    let plan = plans.for_date(source.adoption_date);
    let outcome = simulate_adoption(state, source, standing, plan, day).map_err(Error::corrupt)?;
    let before = queued.iter().filter(|(state, _)| state != "waiting").map(|(_, count)| count).sum();
    Ok(Simulated { outcome, before })
}

/// A simulation of the whole journal that goes on page by page, so that its caller may show or bound it.
#[derive(Debug)]
pub struct JournalWalk<'a> {
    simulation: JournalSimulation<'a>,
    next: i64,
    /// The last entry that it goes through.
    pub last: i64,
}

impl<'a> JournalWalk<'a> {
    /// Begins before the first entry: `plan` for adoptions of `from` and later, `plans` for earlier ones.
    pub async fn begin(
        connection: &mut PgConnection,
        plan: &'a Plan,
        plans: &'a Plans,
        from: Option<NaiveDate>,
    ) -> Result<Self> {
        let day = business_day::read(connection).await?;
        let (last, _) = numbered(connection).await?;
        Ok(Self { simulation: JournalSimulation::new(plan, plans, from, day), next: 1, last })
    }

    /// Goes on by some entries, and says how many; none are left where it says 0. The inner error is the plan's: it
    /// could not have been carried out; or the journal's, which contradicts itself.
    pub async fn go_on(
        &mut self,
        connection: &mut PgConnection,
    ) -> Result<std::result::Result<u64, SimulationError>> {
        if self.next > self.last {
            return Ok(Ok(0));
        }
        let last = self.last.min(self.next + ENTRIES - 1);
        let rows = journal::range(connection, self.next, last).await?;
        self.next = last + 1;
        let added = rows.iter().try_for_each(|row| self.simulation.add(&row.entry));
        Ok(added.map(|()| rows.len() as u64))
    }

    /// The answer, with the `top` accounts that gain and lose most.
    pub fn finish(self, top: usize) -> std::result::Result<JournalComparison, SimulationError> {
        self.simulation.finish(top)
    }
}

/// The state as of the journal, with the accounts that a walk from `account` can come to: those above it by upstream's
/// referrers and by the journaled ones.
pub async fn state_above(connection: &mut PgConnection, account: &AccountSequence) -> Result<SequencerState> {
    let totals = sqlx::query!("SELECT last_seq, network_trees, gross_base FROM sequencer_state")
        .fetch_one(&mut *connection)
        .await?;
    let rows = sqlx::query!(
        r#"WITH RECURSIVE above (account_sequence, step) AS (
               SELECT $1::text COLLATE "C", 0
               UNION
               SELECT next.referrer, above.step + 1
               FROM above CROSS JOIN LATERAL (
                   SELECT r.referrer_account_sequence AS referrer FROM synced_referrals r
                   WHERE r.account_sequence = above.account_sequence AND r.source_deleted_at IS NULL AND NOT r.displaced
                   UNION
                   SELECT s.referrer FROM sequencer_accounts s
                   WHERE s.account_sequence = above.account_sequence) next
               WHERE next.referrer IS NOT NULL AND above.step < 15)
           SELECT s.account_sequence, s.referrer_known, s.referrer, s.live_adoptions, s.direct_adopted, s.last_seq
           FROM (SELECT DISTINCT account_sequence FROM above) a JOIN sequencer_accounts s USING (account_sequence)"#,
        account.as_str()
    )
    .fetch_all(connection)
    .await?;
    let counted = |value: i32| u32::try_from(value).map_err(|_| Error::corrupt("a negative count"));
    let accounts = rows
        .into_iter()
        .map(|row| {
            let referrer = match (row.referrer_known, row.referrer) {
                (false, _) => Referrer::Unknown,
                (true, None) => Referrer::None,
                (true, Some(referrer)) => Referrer::Account(AccountSequence::parse(&referrer)?),
            };
            let (live, directs) = (counted(row.live_adoptions)?, counted(row.direct_adopted)?);
            let state = AccountState { referrer, live, directs, last_seq: row.last_seq };
            Ok((AccountSequence::parse(&row.account_sequence)?, state))
        })
        .collect::<Result<Vec<_>>>()?;
    let gross_base = Amount::from_decimal(totals.gross_base)?;
    Ok(SequencerState::restore(totals.last_seq, totals.network_trees, gross_base, accounts))
}

/// The last number given, and the trees of the network by then.
pub async fn numbered(connection: &mut PgConnection) -> Result<(i64, i64)> {
    let row =
        sqlx::query!("SELECT last_seq, network_trees FROM sequencer_state").fetch_one(connection).await?;
    Ok((row.last_seq, row.network_trees))
}
