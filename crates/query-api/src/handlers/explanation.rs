//! `GET /adoptions/{originalAdoptionId}/explanation`: every slot of every entry of the adoption, to whom it went or
//! why to nobody, with the facts that decided.
//!
//! The slots follow from the journal row alone; once an entry is carried out they are read from the stored lines, and
//! `asComputed` says whether those are the ones that follow.

use actix_web::HttpRequest;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{Ancestor, Distribution, Effect, Fact, Plans};
use persistence::journal::{self, JournalRow};
use persistence::views::explanation::{self, Adoption};
use persistence::views::{Snapshot, as_of};
use persistence::{Error, plans};
use serde::Serialize;
use utoipa::ToSchema;

use super::validated::{self, For};
use super::{Answer, Shared};
use crate::codes;
use crate::openapi::spec::{Gives, Spec, schema};
use crate::parameters;
use crate::problem::Problem;
use crate::slots::{self, Slot};

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Explanation {
    adoption: Adoption,
    entries: Vec<Entry>,
    as_of: as_of::AsOf,
}

/// One entry with the facts it fixed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Entry {
    distribution_seq: i64,
    kind: &'static str,
    /// The entry that this one takes back.
    reverses_seq: Option<i64>,
    numbered_day: NaiveDate,
    sequenced_at: DateTime<Utc>,
    carried_out: bool,
    booked_day: Option<NaiveDate>,
    distributed_at: Option<DateTime<Utc>>,
    account_sequence: String,
    tree_count: i32,
    contribution_per_tree: String,
    /// The price that upstream named; null where the plan's formula decided.
    source_price: Option<String>,
    base_amount: String,
    adoption_date: NaiveDate,
    effective_date: NaiveDate,
    expire_date: NaiveDate,
    plan_version: i32,
    network_trees_before: i64,
    upline: Vec<Above>,
    referrer_tiers: u8,
    effects: Vec<Change>,
    source: Option<Source>,
    traceparent: Option<String>,
    /// Whether the stored lines are those that follow from the entry; null before it is carried out.
    as_computed: Option<bool>,
    slots: Vec<Slot>,
}

/// An account of the upline after the adoption's own effect.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Above {
    level: usize,
    account_sequence: String,
    unlocked_level_depth: u8,
    direct_referral_adopted_count: u32,
}

/// Counts of an account after the entry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Change {
    account_sequence: String,
    live_adoptions: u32,
    direct_referral_adopted_count: u32,
}

/// Where the change stood that caused the entry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Position)]
struct Source {
    topic: Option<String>,
    partition: Option<i32>,
    offset: Option<i64>,
    lsn: i64,
}

pub(crate) const GET: Spec = Spec {
    about: "The slots follow from the journal row and its plan alone; of an entry that is carried out they are the stored \
        lines, and `asComputed` says whether those are the ones that follow.",
    problems: &[&codes::ADOPTION_UNKNOWN],
    ..Spec::new(
        "Every slot of every entry of an adoption: to whom, or why to nobody",
        Gives::Validated(schema::<Explanation>),
    )
};

pub(crate) async fn get(request: HttpRequest, api: Shared) -> Answer {
    let id = parameters::adoption(&request)?;
    let mut snapshot = api.snapshot().await?;
    let adoption = explanation::adoption(&mut snapshot, id)
        .await?
        .ok_or_else(|| Problem::of(&codes::ADOPTION_UNKNOWN))?;
    let plans = plans::all(&mut snapshot).await?;
    let mut entries = Vec::new();
    for row in journal::of_adoption(&mut snapshot, id).await? {
        entries.push(explain(&mut snapshot, row, &plans).await?);
    }
    let (as_of, _) = as_of::read(&mut snapshot).await?;
    validated::answer(&request, &Explanation { adoption, entries, as_of }, For::Now)
}

async fn explain(snapshot: &mut Snapshot, row: JournalRow, plans: &Plans) -> Result<Entry, Error> {
    let seq = row.entry.seq;
    let (kind, reverses_seq, facts) = match &row.entry.fact {
        Fact::Distribute(facts) => ("DISTRIBUTE", None, facts),
        Fact::Reverse { reverses, of } => ("REVERSE", Some(*reverses), of),
        Fact::ReferralMove { .. } => return Err(Error::corrupt(format!("entry {seq} moves an adoption"))),
    };
    let progress = explanation::progress(snapshot, seq).await?;
    let computed = slots::computed(&row.entry, facts, plans)?;
    let carried_out = progress.distributed_at.is_some();
    let (slots, as_computed) = if carried_out {
        let stored = slots::stored(explanation::lines(snapshot, seq).await?, &computed)?;
        let same = slots::agree(seq, &stored, &computed);
        (stored, Some(same))
    } else {
        (computed, None)
    };
    Ok(Entry {
        distribution_seq: seq,
        kind,
        reverses_seq,
        numbered_day: row.entry.numbered_day,
        sequenced_at: progress.sequenced_at,
        carried_out,
        booked_day: progress.booked_day,
        distributed_at: progress.distributed_at,
        account_sequence: facts.account.to_string(),
        tree_count: facts.tree_count,
        contribution_per_tree: facts.price.to_string(),
        source_price: facts.source_price.map(|price| price.to_string()),
        base_amount: facts.base.to_string(),
        adoption_date: facts.adoption_date,
        effective_date: facts.effective_date,
        expire_date: facts.expire_date,
        plan_version: facts.plan_version.0,
        network_trees_before: facts.network_trees_before,
        upline: upline(facts),
        referrer_tiers: facts.referrer_tiers,
        effects: row.entry.effects.iter().map(change).collect(),
        source: row.position.map(|position| Source {
            topic: position.topic,
            partition: position.partition,
            offset: position.offset,
            lsn: position.lsn,
        }),
        traceparent: row.traceparent,
        as_computed,
        slots,
    })
}

fn upline(facts: &Distribution) -> Vec<Above> {
    let level = |(above, ancestor): (usize, &Ancestor)| Above {
        level: above + 1,
        account_sequence: ancestor.account.to_string(),
        unlocked_level_depth: ancestor.depth,
        direct_referral_adopted_count: ancestor.directs,
    };
    facts.upline.iter().enumerate().map(level).collect()
}

fn change(effect: &Effect) -> Change {
    Change {
        account_sequence: effect.account.to_string(),
        live_adoptions: effect.live,
        direct_referral_adopted_count: effect.directs,
    }
}
