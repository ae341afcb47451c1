//! What upstream's people and operators do, at random: rows come, change, swap accounts, change their keys and go, in
//! transactions that interleave; some hold what no reader can take.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use rand::Rng as _;
use rand::seq::{IndexedRandom as _, IteratorRandom as _};
use rand_chacha::ChaCha8Rng;
use testkit::debezium::{
    Connector, Day, Format, Instant, Numeric, Refused, Row, Table, Tx, Upstream, Value, Values,
};
use uuid::Uuid;

/// Accounts of which there are few, so that rows meet in them.
const ACCOUNTS: [&str; 14] = [
    "A01",
    "A02",
    "A03",
    "A04",
    "A05",
    "A06",
    "A07",
    "A08",
    "A09",
    "a10",
    "账户十一",
    "Z-12",
    "0013",
    "A-name-of-20-letters",
];
/// Texts that name no account (RULES.md section 1).
const NO_ACCOUNTS: [&str; 3] = ["SYS-1", "a/b", "two words"];
const OPEN_AT_ONCE: usize = 4;

/// Upstream, and those who write to it.
#[derive(Debug)]
pub struct Life {
    pub upstream: Upstream,
    /// Whether all that happens is told, and can be stored as it is told.
    is_tame: bool,
    /// Whether a value may come that cannot be read.
    may_spoil: bool,
    has_connector: bool,
    temporary: u32,
}

impl Life {
    pub fn new() -> Self {
        Self::of(false)
    }

    /// No TRUNCATE, no NaN and nothing that cannot be read: in the end the synced tables are simply upstream's.
    pub fn tame() -> Self {
        Self::of(true)
    }

    fn of(is_tame: bool) -> Self {
        let began = "2026-11-22T12:00:00Z".parse().unwrap();
        let upstream = Upstream::new(began);
        Self { upstream, is_tame, may_spoil: true, has_connector: false, temporary: 0 }
    }

    /// The snapshot is taken.
    ///
    /// Before it, only transactions of one statement write what cannot be read. One that is open during the snapshot
    /// would hide by it that its row gave an account up, at an lsn below the snapshot's, and the account's next row
    /// would stay displaced: the service cannot know better.
    pub fn connect(&mut self, format: Format) -> Connector {
        self.has_connector = true;
        Connector::start(&mut self.upstream, format)
    }

    /// One thing happens. A statement that would have to wait for another transaction, or is refused, does not.
    pub fn step(&mut self, random: &mut ChaCha8Rng) {
        let open = self.upstream.transactions();
        match (random.random_range(0..100), open.choose(random)) {
            (0..8, _) if open.len() < OPEN_AT_ONCE => {
                self.upstream.begin();
            }
            (8..18, Some(tx)) => self.upstream.commit(*tx),
            (18..20, Some(tx)) => self.upstream.rollback(*tx),
            (20..60, Some(tx)) => {
                self.may_spoil = self.has_connector;
                let _ = self.statement(random, *tx);
            }
            (99, _) if !self.is_tame && random.random_ratio(1, 3) => {
                let _ = self.upstream.truncate(*Table::ALL.choose(random).unwrap());
            }
            _ => {
                self.may_spoil = true;
                let tx = self.upstream.begin();
                match self.statement(random, tx) {
                    Ok(()) => self.upstream.commit(tx),
                    Err(_) => self.upstream.rollback(tx),
                }
            }
        }
    }

    /// All transactions come to their ends.
    pub fn end(&mut self, random: &mut ChaCha8Rng) {
        let mut open = self.upstream.transactions();
        while let Some(at) = (0..open.len()).choose(random) {
            self.upstream.commit(open.swap_remove(at));
        }
    }

    fn statement(&mut self, random: &mut ChaCha8Rng, tx: Tx) -> Result<(), Refused> {
        let table = *Table::ALL.choose(random).unwrap();
        let one = self.upstream.rows(table).choose(random).map(|row| row.id);
        let other = self.upstream.rows(table).choose(random).map(|row| row.id);
        match (random.random_range(0..100), one, other) {
            (0..5, ..) => self.copy(random, tx, table),
            (25..60, Some(id), _) => {
                let set = self.values_to_set(random, table);
                self.upstream.update(tx, table, id, set)
            }
            (60..68, Some(id), _) => self.upstream.delete(tx, table, id),
            (68..75, Some(id), _) => self.upstream.change_key(tx, table, id, id_near(id, random)),
            (75..82, Some(one), Some(other)) => self.swap(tx, table, one, other),
            (82..90, Some(one), Some(other)) => self.hand_over(tx, table, one, other),
            (90..96, Some(id), _) => self.replace(random, tx, table, id),
            _ => {
                let row = self.row(random, table);
                self.upstream.insert(tx, table, row)
            }
        }
    }

    fn copy(&mut self, random: &mut ChaCha8Rng, tx: Tx, table: Table) -> Result<(), Refused> {
        let records = random.random_range(1..4);
        let mut record = || (0..random.random_range(1..4)).map(|_| self.row(random, table)).collect();
        let records = (0..records).map(|_| record()).collect();
        self.upstream.copy(tx, table, records)
    }

    /// Two rows swap their accounts; one of them has none of its own for a moment.
    fn swap(&mut self, tx: Tx, table: Table, one: Uuid, other: Uuid) -> Result<(), Refused> {
        let (Some(first), Some(second)) = (self.account(table, one), self.account(table, other)) else {
            return Err(Refused::Gone);
        };
        for (id, account) in [(one, self.temporary()), (other, first), (one, second)] {
            self.upstream.update(tx, table, id, account_is(account))?;
        }
        Ok(())
    }

    /// One row takes the account of another, which gets a new one.
    fn hand_over(&mut self, tx: Tx, table: Table, from: Uuid, to: Uuid) -> Result<(), Refused> {
        let account = self.account(table, from).ok_or(Refused::Gone)?;
        let temporary = self.temporary();
        self.upstream.update(tx, table, from, account_is(temporary))?;
        self.upstream.update(tx, table, to, account_is(account))
    }

    /// A row goes and another comes with its account, sometimes with its key too.
    fn replace(&mut self, random: &mut ChaCha8Rng, tx: Tx, table: Table, id: Uuid) -> Result<(), Refused> {
        let account = self.account(table, id).ok_or(Refused::Gone)?;
        self.upstream.delete(tx, table, id)?;
        let mut row = self.row(random, table);
        row.values.extend(account_is(account));
        if random.random() {
            row.id = id;
        }
        self.upstream.insert(tx, table, row)
    }

    /// The account of a row, to be given to another.
    fn account(&self, table: Table, id: Uuid) -> Option<String> {
        let account = self.upstream.rows(table).find(|row| row.id == id)?.account();
        (self.has_connector || !NO_ACCOUNTS.contains(&account)).then(|| account.to_owned())
    }

    fn temporary(&mut self) -> String {
        self.temporary += 1;
        format!("T{}", self.temporary)
    }

    fn row(&self, random: &mut ChaCha8Rng, table: Table) -> Row {
        let id = Uuid::from_u128(random.random());
        let mut row = Row::new(id, all_values(random, table, self.upstream.now()));
        self.spoil(random, table, &mut row.values);
        row
    }

    fn values_to_set(&self, random: &mut ChaCha8Rng, table: Table) -> Values {
        let all = all_values(random, table, self.upstream.now());
        let mut set: Values = all.into_iter().filter(|_| random.random_ratio(1, 3)).collect();
        if !random.random_ratio(1, 4) {
            set.remove("account_sequence");
        }
        self.spoil(random, table, &mut set);
        set
    }

    /// Now and then a value is none that can be read.
    fn spoil(&self, random: &mut ChaCha8Rng, table: Table, values: &mut Values) {
        if self.is_tame {
            if values.get("contribution_per_tree") == Some(&Value::Numeric(Numeric::NaN)) {
                values.insert("contribution_per_tree", Value::Null);
            }
            return;
        }
        if !self.may_spoil || !random.random_ratio(1, 25) {
            return;
        }
        let name = Value::text(*NO_ACCOUNTS.choose(random).unwrap());
        let (column, value) = match table {
            Table::Adoptions if random.random() => ("adoption_date", Value::Date(Day::Infinity)),
            Table::Referrals if random.random() => ("referrer_account_sequence", name),
            _ => ("account_sequence", name),
        };
        values.insert(column, value);
    }
}

/// Whether a row holds only what can be read.
pub fn is_readable(row: &Row) -> bool {
    let no_account = |column| row.get(column).as_text().is_some_and(|name| NO_ACCOUNTS.contains(&name));
    !no_account("account_sequence")
        && !no_account("referrer_account_sequence")
        && !matches!(row.get("adoption_date"), Value::Date(Day::Infinity | Day::MinusInfinity))
}

/// The same of a message's columns.
pub fn is_readable_message(columns: &serde_json::Value) -> bool {
    let no_account = |column: &str| columns[column].as_str().is_some_and(|name| NO_ACCOUNTS.contains(&name));
    !no_account("account_sequence")
        && !no_account("referrer_account_sequence")
        && columns["adoption_date"].as_i64().is_none_or(|days| days > i64::from(i32::MIN) + 1_000_000)
}

/// A key, now and then one that another row had before.
fn id_near(id: Uuid, random: &mut ChaCha8Rng) -> Uuid {
    Uuid::from_u128(id.as_u128() ^ (1 << random.random_range(0..2_u32)))
}

fn account_is(account: impl Into<String>) -> Values {
    Values::from([("account_sequence", Value::text(account))])
}

fn all_values(random: &mut ChaCha8Rng, table: Table, now: DateTime<Utc>) -> Values {
    let mut values = account_is(*ACCOUNTS.choose(random).unwrap());
    values.insert("created_at", created_at(random, now));
    match table {
        Table::Users => values.extend([
            ("phone", maybe(random, "13800000001")),
            ("nickname", large_text(random)),
            ("status", maybe(random, "ACTIVE")),
        ]),
        Table::Adoptions => values.extend([
            ("tree_count", Value::Int(random.random_range(-1..700))),
            ("adoption_date", Value::Date(Day::At(adoption_date(random)))),
            ("status", maybe(random, "PAID")),
            ("contribution_per_tree", price(random)),
        ]),
        Table::Referrals => {
            let referrer = *ACCOUNTS.choose(random).unwrap();
            values.extend([
                ("referrer_account_sequence", maybe(random, referrer)),
                ("ancestor_path", large_text(random)),
                ("depth", Value::Int(random.random_range(0..9))),
            ]);
        }
    }
    values
}

fn maybe(random: &mut ChaCha8Rng, text: &str) -> Value {
    match random.random_range(0..4) {
        0 => Value::Null,
        1 => Value::text(text.to_lowercase()),
        _ => Value::text(text),
    }
}

/// Sometimes too large to be stored in line, so that updates leave it out.
fn large_text(random: &mut ChaCha8Rng) -> Value {
    let times = [0, 3, 300][random.random_range(0..3)];
    let segment = format!("P{:07}/", random.random_range(0..10_000_000));
    if times == 0 { Value::Null } else { Value::text(segment.repeat(times).trim_end_matches('/')) }
}

fn created_at(random: &mut ChaCha8Rng, now: DateTime<Utc>) -> Value {
    let before = TimeDelta::microseconds(random.random_range(0..100_000_000_000_000));
    match random.random_range(0..12) {
        0 => Value::Null,
        1 => Value::Instant(Instant::Infinity),
        2 => Value::Instant(Instant::MinusInfinity),
        _ => Value::Instant(Instant::At(now - before)),
    }
}

fn adoption_date(random: &mut ChaCha8Rng) -> NaiveDate {
    let today: NaiveDate = "2026-11-22".parse().unwrap();
    match random.random_range(0..20) {
        0 => "0001-01-01".parse().unwrap(),
        1 => "9999-12-31".parse().unwrap(),
        _ => today - Days::new(random.random_range(0..2_000)),
    }
}

fn price(random: &mut ChaCha8Rng) -> Value {
    let units = match random.random_range(0..6) {
        0 => return Value::Null,
        1 => return Value::Numeric(Numeric::NaN),
        2 => random.random_range(-1..2),
        3 => random.random_range(0..10_i128.pow(20)),
        _ => 226_170_000_000_000,
    };
    Value::Numeric(Numeric::Units(units))
}
