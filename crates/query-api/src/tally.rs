//! Sums over the whole ledger without reading it again and again, and the identities of RULES section 8 that they
//! allow to watch while the service runs.
//!
//! Entries up to the distribution watermark never change any more: they are summed once, span by span, and kept. An
//! answer adds the few beyond it and reads balances in the same snapshot, so both sides are of one moment. After a
//! start the spans are caught up with, a bounded time for each answer; until then the answer says so. A line that is
//! altered after it was summed is not seen here: `contribctl verify` reads every line.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{Amount, SystemAccount};
use persistence::views::conservation::{self, Sums};
use persistence::views::{self, as_of, network};
use persistence::{PgConnection, PgPool};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::problem::Problem;

/// Entries summed in one round.
const SPAN: i64 = 20_000;
/// How long one answer may spend on catching up.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sums over the entries through the newest watermark seen.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Through>);

#[derive(Debug, Clone, Default)]
struct Through {
    seq: i64,
    sums: Sums,
}

/// Sums over every line that a snapshot shows.
#[derive(Debug)]
pub struct Whole {
    /// The sums.
    pub sums: Sums,
    /// The distribution watermark of the snapshot.
    pub watermark: i64,
    /// Entries up to the watermark.
    pub entries_through_watermark: i64,
    /// REVERSE entries among them.
    pub reverses_through_watermark: i64,
}

impl Tally {
    /// Sums what the watermark has passed since, for a bounded time.
    pub async fn catch_up(&self, pool: &PgPool) -> persistence::Result<()> {
        let began = Instant::now();
        let mut through = self.0.lock().await;
        let mut connection = views::connection(pool).await?;
        let (as_of, _) = as_of::read(&mut connection).await?;
        while through.seq < as_of.distribution_seq && began.elapsed() < PATIENCE {
            let last = as_of.distribution_seq.min(through.seq + SPAN);
            let span = conservation::of_span(&mut connection, through.seq + 1, last).await?;
            through.sums.add(&span)?;
            through.seq = last;
        }
        Ok(())
    }

    /// Sums over every line of the snapshot; none while there is more to catch up with.
    pub async fn whole(&self, snapshot: &mut PgConnection) -> persistence::Result<Option<Whole>> {
        let through = self.0.lock().await.clone();
        let (as_of, _) = as_of::read(snapshot).await?;
        if through.seq > as_of.distribution_seq {
            // Another replica, which is further behind than the one that was summed.
            return Ok(None);
        }
        // The watermark may have moved since the spans were caught up with, by less than one span or so.
        if as_of.distribution_seq - through.seq > SPAN {
            return Ok(None);
        }
        let mut sums = through.sums;
        if through.seq < as_of.distribution_seq {
            sums.add(&conservation::of_span(snapshot, through.seq + 1, as_of.distribution_seq).await?)?;
        }
        let (entries, reverses) = (sums.entries, sums.reverses);
        sums.add(&conservation::beyond(snapshot, as_of.distribution_seq).await?)?;
        Ok(Some(Whole {
            sums,
            watermark: as_of.distribution_seq,
            entries_through_watermark: entries,
            reverses_through_watermark: reverses,
        }))
    }
}

/// `GET /conservation`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conservation {
    /// Whether all hold; none while the ledger is still being summed.
    pub holds: Option<bool>,
    /// Whether the ledger is still being summed after a start.
    pub catching_up: bool,
    /// Every entry up to it is part of this.
    pub distribution_seq: Option<i64>,
    /// When all sides were read.
    pub checked_at: DateTime<Utc>,
    /// The identities.
    pub identities: Vec<Identity>,
}

/// One identity: two ways to the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Its number in RULES section 8.
    pub identity: u8,
    /// What is compared.
    pub name: String,
    /// One way.
    pub expected: String,
    /// The other.
    pub found: String,
    /// Found less expected.
    pub difference: String,
    /// Whether it is zero.
    pub holds: bool,
    /// When both were read.
    pub checked_at: DateTime<Utc>,
}

/// Compares lines, balances, journal and marks as one snapshot shows them.
pub async fn check(tally: &Tally, pool: &PgPool, now: DateTime<Utc>) -> Result<Conservation, Problem> {
    tally.catch_up(pool).await?;
    let mut snapshot = views::snapshot(pool).await?;
    let Some(whole) = tally.whole(&mut snapshot).await? else {
        let identities = Vec::new();
        return Ok(Conservation {
            holds: None,
            catching_up: true,
            distribution_seq: None,
            checked_at: now,
            identities,
        });
    };
    let accounts = network::accounts(&mut snapshot).await?;
    let systems = network::system_accounts(&mut snapshot).await?;
    let counts = conservation::counts(&mut snapshot, whole.watermark).await?;
    let identities =
        identities(&whole, &accounts, &systems, counts, now).map_err(persistence::Error::from)?;
    Ok(Conservation {
        holds: Some(identities.iter().all(|identity| identity.holds)),
        catching_up: false,
        distribution_seq: Some(whole.watermark),
        checked_at: now,
        identities,
    })
}

fn identities(
    whole: &Whole,
    accounts: &network::Accounts,
    systems: &[network::System],
    counts: conservation::Counts,
    now: DateTime<Utc>,
) -> Result<Vec<Identity>, domain::AmountError> {
    let sums = &whole.sums;
    let of_type = |name: &str| sums.accounts.get(name).copied().unwrap_or_default();
    let of_system = |account| sums.systems.get(&account).copied().unwrap_or_default();
    let unallocated = Amount::checked_sum(sums.unallocated.values().map(|(amount, _)| *amount))?;
    let base = sums.distributed.checked_sub(sums.reversed)?;
    let shares = [SystemAccount::Operation, SystemAccount::Province, SystemAccount::City].map(of_system);
    let cut_up = Amount::checked_sum(sums.accounts.values().copied().chain(shares).chain([unallocated]))?;
    let columns = Amount::checked_sum([accounts.personal, accounts.team_level, accounts.team_bonus])?;
    let balances = Amount::checked_sum(
        systems.iter().map(|system| system.contribution_balance).chain([accounts.total]),
    )?;
    let amounts = |identity, name: &str, expected: Amount, found: Amount| {
        let difference = found.checked_sub(expected)?;
        Ok::<_, domain::AmountError>(Identity {
            identity,
            name: name.to_owned(),
            expected: expected.to_string(),
            found: found.to_string(),
            difference: difference.to_string(),
            holds: difference.is_zero(),
            checked_at: now,
        })
    };
    let numbers = |identity, name: &str, expected: i64, found: i64| Identity {
        identity,
        name: name.to_owned(),
        expected: expected.to_string(),
        found: found.to_string(),
        difference: (i128::from(found) - i128::from(expected)).to_string(),
        holds: expected == found,
        checked_at: now,
    };
    let mut all = vec![
        amounts(1, "slots 0 to 22 sum to the base distributed less reversed", base, cut_up)?,
        amounts(
            1,
            "slot 23 is the sum of the unallocated lines",
            unallocated,
            of_system(SystemAccount::Headquarters),
        )?,
        amounts(2, "personal contribution is the sum of its lines", of_type("PERSONAL"), accounts.personal)?,
        amounts(
            2,
            "team level contribution is the sum of its lines",
            of_type("TEAM_LEVEL"),
            accounts.team_level,
        )?,
        amounts(
            2,
            "team bonus contribution is the sum of its lines",
            of_type("TEAM_BONUS"),
            accounts.team_bonus,
        )?,
        amounts(2, "total contribution is the sum of the three", columns, accounts.total)?,
    ];
    for system in systems {
        let name = format!("the balance of {} is the sum of its lines", system.account_type);
        all.push(amounts(3, &name, of_system(system.account_type), system.contribution_balance)?);
    }
    let entries = whole.entries_through_watermark + counts.entries_beyond;
    // A reversal takes the mark away when it is numbered, carried out or not; one whose original has not been carried
    // out finds no mark.
    let reversed = whole.reverses_through_watermark + counts.reversals_beyond;
    let distributed = sums.distributes - reversed;
    all.extend([
        amounts(4, "all balances sum to the base distributed less reversed", base, balances)?,
        numbers(5, "entries are numbered without a gap", counts.last_seq, entries),
        numbers(5, "adoptions are marked distributed when their latest entry is", distributed, counts.marked),
    ]);
    Ok(all)
}
