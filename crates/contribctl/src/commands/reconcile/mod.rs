//! `contribctl reconcile`: upstream's tables beside the copies that the service keeps of them.

mod compare;
mod show;

use std::time::Duration;

use clap::{Args, ValueEnum};
use persistence::PgPool;
use persistence::reconcile::{Side, Table};
use persistence::upstream_rows::{self, Incomparable, Relation};
use runtime::settings::{Cdc, ColumnMap};
use uuid::Uuid;

use self::compare::{How, Row, STEPS, Sides, Tally};
use crate::connect::signals::Signals;
use crate::{Context, Error, Outcome, Progress, Result};

/// Compares upstream's tables with what is kept of them.
#[derive(Debug, Args)]
#[command(after_help = "\
Compares, by counts and hashes of ranges of ids and then row by row, every column that both sides have
and that decides something; phone numbers are left out. Reads both databases in a snapshot each, and
rows that differ again and again until they agree or SECONDS are over: both sides live. How many rows
there are is counted at the first look.

  missing           upstream has the row, and the service does not
  extra             the service has a row that upstream has not: its delete was never seen
  different         the row differs in the columns named
  in dead letters   the row differs, and its newest change was put aside: `contribctl dead-letters list`

--request has the connector read the rows that upstream has once more, by signals on the topic
[connect] signal_topic, and waits for them. Extra rows cannot be mended by it, as nothing tells of a
row that is not there: `contribctl bootstrap mark-missing` marks them after a new snapshot.

Where the sources are databases of their own: once for each, with --source and its CONTRIB__UPSTREAM__URL.

Exit codes: 0 nothing differs, 1 something does at the end.")]
pub struct Reconcile {
    /// Only the tables of this source, as [cdc.sources] names it
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only this table
    #[arg(long)]
    table: Option<Name>,
    /// How long rows that differ are given to agree
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    patience: u64,
    /// Have the connector read the differing rows once more
    #[arg(long)]
    request: bool,
    /// With --request: how long to wait for these rows
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "request")]
    timeout: u64,
    /// Print an array of {table, columns, upstreamRows, syncedRows, missing, extra, different, inDeadLetters, examples}
    #[arg(long)]
    json: bool,
}

/// A table by its name in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    Users,
    Adoptions,
    Referrals,
}

/// A table as the settings describe it.
struct Described<'a> {
    name: &'static str,
    table: Table,
    topic: &'a str,
    /// The connector's `topic.prefix`.
    prefix: &'a str,
    relation: Relation,
    columns: &'a ColumnMap,
}

/// What was found of a table.
struct Finding {
    name: &'static str,
    relation: String,
    columns: Vec<&'static str>,
    upstream_rows: u64,
    synced_rows: u64,
    tally: Tally,
    /// More rows differ than are looked at again.
    crowded: bool,
    rows: Vec<Row>,
    /// How many rows the connector was asked for.
    requested: Option<usize>,
}

/// Compares, asks for what differs if that is wanted, shows it, and is bad when something differs.
pub async fn run(args: Reconcile, context: &Context) -> Result<Outcome> {
    let (upstream, database) = (context.upstream()?, context.database()?);
    let tables = described(&args, &context.settings.cdc)?;
    if args.request {
        context.settings.connect.signal_topic()?;
    }
    let mut findings = Vec::new();
    for table in &tables {
        findings.push(reconcile(&args, context, table, &upstream, &database).await?);
    }
    if args.json {
        show::json(&findings)?;
    } else {
        show::table(&findings);
    }
    let agree = findings.iter().all(|finding| finding.tally.is_zero());
    Ok(if agree { Outcome::Good } else { Outcome::Bad })
}

async fn reconcile(
    args: &Reconcile,
    context: &Context,
    table: &Described<'_>,
    upstream: &PgPool,
    database: &PgPool,
) -> Result<Finding> {
    let theirs = table.upstream_side(upstream).await?;
    let ours = Side::synced(table.table, &theirs);
    let columns = theirs.names().collect();
    let sides = Sides { theirs, ours, upstream, database, topic: table.topic };
    let progress = Progress::of(STEPS, table.name);
    let found = sides.compare(&progress).await;
    progress.done();
    let found = found?;
    let mut rows = sides.settle(found.ids, Duration::from_secs(args.patience)).await?;
    let mut requested = None;
    if args.request {
        // nothing will tell of those that upstream has not
        let (extra, there): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.how == How::Extra);
        let ids: Vec<Uuid> = there.iter().map(|row| row.id).collect();
        requested = Some(ids.len());
        rows = ask_for(ids, context, table, &sides, Duration::from_secs(args.timeout)).await?;
        rows.extend(extra);
        rows.sort_by_key(|row| row.id);
    }
    Ok(Finding {
        name: table.name,
        relation: table.relation.to_string(),
        columns,
        upstream_rows: found.upstream_rows,
        synced_rows: found.synced_rows,
        tally: found.beyond.with(&rows),
        crowded: !found.beyond.is_zero(),
        rows,
        requested,
    })
}

/// Has the connector read these rows once more; gives those that differ still when `patience` is over.
async fn ask_for(
    ids: Vec<Uuid>,
    context: &Context,
    table: &Described<'_>,
    sides: &Sides<'_>,
    patience: Duration,
) -> Result<Vec<Row>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let settings = &context.settings;
    let signals = Signals::to(&settings.kafka, settings.connect.signal_topic()?, table.prefix).await?;
    signals.ask_for(&table.relation, &upstream_rows::key_column(table.columns), &ids).await?;
    sides.settle(ids, patience).await
}

impl Described<'_> {
    async fn upstream_side(&self, upstream: &PgPool) -> Result<Side> {
        let mut connection = upstream.acquire().await.map_err(persistence::Error::from)?;
        let columns = upstream_rows::columns(&mut connection, &self.relation).await?;
        upstream_rows::side(self.table, &self.relation, &columns, self.columns).map_err(|error| {
            Error::Usage(match error {
                Incomparable::NoTable(_) => {
                    format!(
                        "{error} in the database of upstream.url: a source of its own is compared with --source and \
                         its CONTRIB__UPSTREAM__URL"
                    )
                }
                Incomparable::NoKey { .. } | Incomparable::NoAccount { .. } => error.to_string(),
            })
        })
    }
}

/// The tables that are asked for.
fn described<'a>(args: &Reconcile, cdc: &'a Cdc) -> Result<Vec<Described<'a>>> {
    let (topics, sources, columns) = (&cdc.topics, &cdc.sources, &cdc.columns);
    let all = [
        (Name::Users, "users", Table::Users, &topics.users, &sources.users, &columns.users),
        (
            Name::Adoptions,
            "adoptions",
            Table::Adoptions,
            &topics.adoptions,
            &sources.adoptions,
            &columns.adoptions,
        ),
        (
            Name::Referrals,
            "referrals",
            Table::Referrals,
            &topics.referrals,
            &sources.referrals,
            &columns.referrals,
        ),
    ];
    let mut tables = Vec::new();
    for (which, name, table, topic, source, columns) in all {
        let wanted = args.table.is_none_or(|table| table == which)
            && args.source.as_ref().is_none_or(|wanted| wanted == source);
        if wanted {
            let (prefix, relation) = relation(topic).ok_or_else(|| {
                let reason = format!("cdc.topics.{name}: {topic} is no <topic.prefix>.<schema>.<table>");
                Error::Usage(reason)
            })?;
            tables.push(Described { name, table, topic, prefix, relation, columns });
        }
    }
    if tables.is_empty() {
        return Err(Error::Usage("no table is of that source: see [cdc.sources] in the settings".to_owned()));
    }
    Ok(tables)
}

/// The connector's prefix and the table that a topic is named after.
fn relation(topic: &str) -> Option<(&str, Relation)> {
    let mut parts = topic.rsplitn(3, '.');
    let (table, schema, prefix) = (parts.next()?, parts.next()?, parts.next()?);
    Some((prefix, Relation { schema: schema.to_owned(), table: table.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::{Relation, relation};

    #[test]
    fn a_topic_tells_its_table() {
        let users = Relation { schema: "rwa_identity".to_owned(), table: "users".to_owned() };
        assert_eq!(relation("a.b.rwa_identity.users"), Some(("a.b", users)));
        assert_eq!(relation("users"), None);
    }
}
