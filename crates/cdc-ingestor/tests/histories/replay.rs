//! The steps that made the captures, in the model: the same statements in the same order.

use chrono::{NaiveDate, TimeDelta};
use testkit::debezium::{
    Column, Connector, Day, Format, Instant, Kind, Log, Numeric, Refused, Row, Table, Tx, Upstream, Value,
    Values,
};
use uuid::Uuid;

use crate::captured_rows::{
    UNIT, account, adoption, at, day, i32_of, id, instant, preload, referral, set, text, user,
};
use Table::{Adoptions, Referrals, Users};

/// What the steps do not say of a capture.
#[derive(Debug)]
pub struct Hints {
    /// Rows of the COPY in its first record.
    pub copy_record: usize,
    /// Messages that came again after the kill.
    pub again: usize,
}

struct Steps {
    upstream: Upstream,
    connector: Connector,
    log: Log,
}

pub fn replay(format: Format, hints: &Hints) -> Log {
    let mut steps = Steps::loaded(format);
    steps.rows_come_and_change();
    steps.transactions_interleave();
    steps.copy(hints.copy_record);
    steps.keys_change_and_rows_go();
    steps.large_texts();
    steps.numerics();
    steps.incremental_snapshot();
    steps.columns_are_added();
    steps.killed(hints.again);
    steps.truncated();
    steps.extreme_times();
    steps.log
}

impl Steps {
    /// The rows before the snapshot, and the transactions that were open while it began.
    fn loaded(format: Format) -> Self {
        let mut upstream = Upstream::new(instant("2026-11-22T13:17:59Z"));
        let up = &mut upstream;
        for n in 1..=30 {
            preload(up, n);
        }
        alone(up, |up, tx| up.update(tx, Users, id("u", 30), set("nickname", text("T".repeat(9_000)))));
        let (t1, t2, t3) = (up.begin(), up.begin(), up.begin());
        up.update(t1, Users, id("u", 3), set("status", text("T1"))).unwrap();
        up.update(t2, Users, id("u", 4), set("status", text("T2"))).unwrap();
        up.commit(t1);
        up.update(t3, Users, id("u", 5), set("status", text("T3"))).unwrap();
        let row = user(up, 100, "t3", "t3 insert", "T3");
        up.insert(t3, Users, row).unwrap();
        up.delete(t3, Adoptions, id("a", 5)).unwrap();
        up.commit(t2);
        let connector = Connector::start(up, format);
        up.update(t3, Users, id("u", 6), set("nickname", text("t3 after the snapshot"))).unwrap();
        up.commit(t3);
        let mut steps = Self { upstream, connector, log: Log::default() };
        steps.deliver();
        steps
    }

    fn deliver(&mut self) {
        self.connector.read(&mut self.upstream);
        self.connector.send(&mut self.log, usize::MAX >> 1);
    }

    fn alone(&mut self, statements: impl FnOnce(&mut Upstream, Tx) -> Result<(), Refused>) {
        alone(&mut self.upstream, statements);
        self.deliver();
    }

    fn update(&mut self, table: Table, id: Uuid, values: Values) {
        self.alone(|up, tx| up.update(tx, table, id, values));
    }

    fn insert(&mut self, table: Table, row: Row) {
        self.alone(|up, tx| up.insert(tx, table, row));
    }

    fn rows_come_and_change(&mut self) {
        for n in 101..104 {
            let now = self.upstream.now();
            let row = user(&self.upstream, n, "139", "new", "ACTIVE");
            self.insert(Users, row);
            self.insert(Adoptions, adoption(n, i32_of(n), now, 226_174 * UNIT / 10_000));
            self.insert(Referrals, referral(n, now));
        }
        for n in 101..104 {
            let now = at(self.upstream.now());
            self.update(
                Users,
                id("u", n),
                Values::from([("nickname", text("renamed")), ("updated_at", now)]),
            );
            let trees = Value::Int(i32_of(n) + 1);
            let values = Values::from([("status", text("MINING_ENABLED")), ("tree_count", trees)]);
            self.update(Adoptions, id("a", n), values);
            let values = [("referrer_account_sequence", text(account(2))), ("depth", Value::Int(2))];
            self.update(Referrals, id("r", n), Values::from(values));
        }
        self.alone(|up, tx| {
            let now = up.now();
            for n in 110..113 {
                up.insert(tx, Users, user(up, n, "tx", "tx", "ACTIVE"))?;
                up.insert(tx, Adoptions, adoption(n, 1, now, UNIT))?;
                up.insert(tx, Referrals, referral(n, now))?;
            }
            for k in 0..3 {
                up.update(tx, Users, id("u", 110), set("nickname", text(format!("tx{k}"))))?;
            }
            Ok(())
        });
    }

    fn transactions_interleave(&mut self) {
        let up = &mut self.upstream;
        let (a, b) = (up.begin(), up.begin());
        for (tx, numbers, status) in [(a, 11..17, "TX-A"), (b, 17..23, "TX-B")] {
            for n in numbers {
                up.update(tx, Users, id("u", n), set("status", text(status))).unwrap();
            }
        }
        up.commit(b);
        up.update(a, Users, id("u", 11), set("nickname", text("a last"))).unwrap();
        up.commit(a);
        self.deliver();
    }

    fn copy(&mut self, first_record: usize) {
        let row = |n| {
            Row::new(
                id("a", n),
                [
                    ("account_sequence", text(account(n))),
                    ("tree_count", Value::Int(i32_of(n))),
                    ("adoption_date", day("2026-03-01")),
                    ("status", text("COPIED")),
                    ("contribution_per_tree", Value::Numeric(Numeric::Units(UNIT / 2))),
                    ("created_at", at(instant("2026-03-01T00:00:00Z"))),
                ],
            )
        };
        let mut rows: Vec<Row> = (200..250).map(row).collect();
        let second = rows.split_off(first_record);
        self.alone(|up, tx| up.copy(tx, Adoptions, vec![rows, second]));
    }

    fn keys_change_and_rows_go(&mut self) {
        self.alone(|up, tx| up.change_key(tx, Users, id("u", 8), id("u", 1008)));
        self.alone(|up, tx| up.change_key(tx, Adoptions, id("a", 8), id("a", 1008)));
        for (table, kind) in [(Users, "u"), (Adoptions, "a"), (Referrals, "r")] {
            self.alone(|up, tx| up.delete(tx, table, id(kind, 9)));
        }
        for (n, new, nickname) in [(10, 1010, "same account, new id"), (7, 7, "same id")] {
            self.alone(|up, tx| {
                up.delete(tx, Users, id("u", n))?;
                let row = user(up, n, "again", nickname, "ACTIVE");
                up.insert(tx, Users, Row { id: id("u", new), ..row })
            });
        }
    }

    fn large_texts(&mut self) {
        self.update(Users, id("u", 30), set("status", text("TOAST KEPT")));
        self.alone(|up, tx| {
            up.insert(tx, Users, user(up, 120, "toast", &"t".repeat(8_500), "NEW"))?;
            up.update(tx, Users, id("u", 120), set("status", text("SAME TX")))
        });
        self.alone(|up, tx| up.change_key(tx, Users, id("u", 120), id("u", 1120)));
        self.update(Users, id("u", 30), set("nickname", text("short again")));
        self.insert(Users, Row::new(id("u", 121), [("account_sequence", text(account(121)))]));
        let bare = [("account_sequence", text(account(121))), ("tree_count", Value::Int(0))];
        let dated = bare.into_iter().chain([("adoption_date", day("2026-01-01"))]);
        self.insert(Adoptions, Row::new(id("a", 121), dated));
        let nulls = ["nickname", "phone", "status"].map(|column| (column, Value::Null));
        self.update(Users, id("u", 12), Values::from(nulls));
    }

    fn numerics(&mut self) {
        let most = 10_i128.pow(20) - 1;
        let numerics = [
            ("22.6174000000", Numeric::Units(226_174 * UNIT / 10_000)),
            ("0", Numeric::Units(0)),
            ("-0.0000000001", Numeric::Units(-1)),
            ("9999999999.9999999999", Numeric::Units(most)),
            ("-9999999999.9999999999", Numeric::Units(-most)),
            ("1e-10", Numeric::Units(1)),
            ("NaN", Numeric::NaN),
        ];
        for (n, (name, numeric)) in (130..).zip(numerics) {
            let now = self.upstream.now();
            let mut row = adoption(n, 1, now, 0);
            row.values.insert("adoption_date", day("2026-01-01"));
            row.values.insert("status", text(&name[..name.len().min(20)]));
            row.values.insert("contribution_per_tree", Value::Numeric(numeric));
            self.insert(Adoptions, row);
        }
    }

    fn incremental_snapshot(&mut self) {
        self.connector.open_window(&mut self.upstream, Users);
        self.connector.close_window(&mut self.upstream);
        self.update(Users, id("u", 13), set("nickname", text("after incremental")));
    }

    fn columns_are_added(&mut self) {
        let level = Column { name: "level", kind: Kind::Int, optional: false, default: Value::Int(7) };
        let tags = Column { name: "tags", kind: Kind::Json, optional: true, default: Value::Null };
        self.upstream.add_column(Users, level);
        self.upstream.add_column(Users, tags);
        let mut row = user(&self.upstream, 140, "col", "added column", "ACTIVE");
        row.values.extend([("level", Value::Int(9)), ("tags", Value::Json(r#"{"k": 1}"#.to_owned()))]);
        self.insert(Users, row);
        self.update(Users, id("u", 14), set("nickname", text("old row, new column")));
    }

    fn killed(&mut self, again: usize) {
        for n in 150..155 {
            let row = user(&self.upstream, n, "kill", "before kill", "ACTIVE");
            self.insert(Users, row);
        }
        self.update(Users, id("u", 150), set("nickname", text("before kill 2")));
        assert!(self.connector.kill(&mut self.upstream, &mut self.log, again, || 0));
        for n in 155..158 {
            let row = user(&self.upstream, n, "kill", "while down", "ACTIVE");
            alone(&mut self.upstream, |up, tx| up.insert(tx, Users, row));
        }
        self.update(Users, id("u", 150), set("nickname", text("while down 2")));
    }

    fn truncated(&mut self) {
        self.upstream.truncate(Referrals).unwrap();
        for n in [1, 160] {
            let mut row = referral(n, self.upstream.now());
            let nulls = ["referrer_account_sequence", "ancestor_path"].map(|column| (column, Value::Null));
            row.values.extend(nulls);
            row.values.insert("depth", Value::Int(0));
            self.insert(Referrals, row);
        }
    }

    fn extreme_times(&mut self) {
        let at = |year, month, day, micros| {
            let midnight = NaiveDate::from_ymd_opt(year, month, day).unwrap().and_hms_opt(0, 0, 0).unwrap();
            Instant::At(midnight.and_utc() + TimeDelta::microseconds(micros))
        };
        let instants = [
            ("0001-01-01 00:00:00+00", at(1, 1, 1, 0)),
            ("1969-12-31 23:59:59.999999+00", at(1970, 1, 1, -1)),
            ("1582-10-10 00:00:00+00", at(1582, 10, 10, 0)),
            ("9999-12-31 23:59:59.999999+00", at(10_000, 1, 1, -1)),
            ("infinity", Instant::Infinity),
            ("-infinity", Instant::MinusInfinity),
            ("0044-03-15 00:00:00+00 BC", at(-43, 3, 15, 0)),
            ("20000-01-01 00:00:00+00", at(20_000, 1, 1, 0)),
        ];
        for (n, (name, instant)) in (170..).zip(instants) {
            let account = ("account_sequence", text(account(n)));
            let values = [account, ("nickname", text(name)), ("created_at", Value::Instant(instant))];
            self.insert(Users, Row::new(id("u", n), values));
        }
        let at = |year, month, day| Day::At(NaiveDate::from_ymd_opt(year, month, day).unwrap());
        let days = [
            ("0001-01-01", at(1, 1, 1)),
            ("9999-12-31", at(9999, 12, 31)),
            ("1582-10-10", at(1582, 10, 10)),
            ("infinity", Day::Infinity),
            ("-infinity", Day::MinusInfinity),
            ("0044-03-15 BC", at(-43, 3, 15)),
        ];
        for (n, (name, day)) in (170..).zip(days) {
            let values = [("account_sequence", text(account(n))), ("tree_count", Value::Int(1))];
            let more = [("status", text(name)), ("adoption_date", Value::Date(day))];
            self.insert(Adoptions, Row::new(id("a", n), values.into_iter().chain(more)));
        }
    }
}

fn alone(up: &mut Upstream, statements: impl FnOnce(&mut Upstream, Tx) -> Result<(), Refused>) {
    up.alone(statements).unwrap();
}
