//! The rows and values of the steps that made the captures.

use chrono::{DateTime, Utc};
use testkit::debezium::{Day, Instant, Numeric, Row, Table, Upstream, Value, Values};
use uuid::Uuid;

use Table::{Adoptions, Referrals, Users};

/// One in units of a price.
pub const UNIT: i128 = 10_i128.pow(10);

/// One user, adoption and referral, each in a transaction of its own.
pub fn preload(up: &mut Upstream, n: u32) {
    let odd = n == 29;
    let or_null = |value: Value| if odd { Value::Null } else { value };
    let on = |rest: &str| format!("2026-01-{n:02}T{rest}");
    let nickname = if n == 28 { "昵称 \"28\" \\ \u{1}é😀".to_owned() } else { format!("nick{n}") };
    let user = Row::new(
        id("u", n),
        [
            ("account_sequence", text(account(n))),
            ("phone", or_null(text(format!("1380000{n:04}")))),
            ("nickname", or_null(text(nickname))),
            ("status", or_null(text("ACTIVE"))),
            ("created_at", or_null(at(instant(&on(&format!("08:00:00.{n:06}+08:00")))))),
            ("updated_at", at(instant(&format!("2026-02-01T00:00:{n:02}Z")))),
        ],
    );
    let price = Numeric::Units(226_174 * UNIT / 10_000 + i128::from(n));
    let adoption = Row::new(
        id("a", n),
        [
            ("account_sequence", text(account(n))),
            ("tree_count", Value::Int(i32_of(n))),
            ("adoption_date", day(&format!("2026-01-{n:02}"))),
            ("status", or_null(text("MINING_ENABLED"))),
            ("contribution_per_tree", if n % 2 == 1 { Value::Null } else { Value::Numeric(price) }),
            ("created_at", or_null(at(instant(&on("23:59:59.999999+08:00"))))),
        ],
    );
    let above = chain(n);
    let path: Vec<String> = above.iter().map(|n| account(*n)).collect();
    let or_root = |value: Value| if n == 1 { Value::Null } else { value };
    let referral = Row::new(
        id("r", n),
        [
            ("account_sequence", text(account(n))),
            ("referrer_account_sequence", or_root(text(account(n / 2)))),
            ("ancestor_path", or_root(text(path.join(",")))),
            ("depth", Value::Int(i32::try_from(above.len()).unwrap())),
            ("created_at", at(instant(&on("00:00:00Z")))),
        ],
    );
    for (table, row) in [(Users, user), (Adoptions, adoption), (Referrals, referral)] {
        up.alone(|up, tx| up.insert(tx, table, row)).unwrap();
    }
}

pub fn chain(n: u32) -> Vec<u32> {
    if n > 1 { [chain(n / 2), vec![n / 2]].concat() } else { Vec::new() }
}

pub fn user(up: &Upstream, n: u32, phone: &str, nickname: &str, status: &str) -> Row {
    let now = at(up.now());
    Row::new(
        id("u", n),
        [
            ("account_sequence", text(account(n))),
            ("phone", text(phone)),
            ("nickname", text(nickname)),
            ("status", text(status)),
            ("created_at", now.clone()),
            ("updated_at", now),
        ],
    )
}

pub fn adoption(n: u32, trees: i32, now: DateTime<Utc>, units: i128) -> Row {
    Row::new(
        id("a", n),
        [
            ("account_sequence", text(account(n))),
            ("tree_count", Value::Int(trees)),
            ("adoption_date", Value::Date(Day::At(now.date_naive()))),
            ("status", text("PENDING")),
            ("contribution_per_tree", Value::Numeric(Numeric::Units(units))),
            ("created_at", at(now)),
        ],
    )
}

pub fn referral(n: u32, now: DateTime<Utc>) -> Row {
    Row::new(
        id("r", n),
        [
            ("account_sequence", text(account(n))),
            ("referrer_account_sequence", text(account(1))),
            ("ancestor_path", text(account(1))),
            ("depth", Value::Int(1)),
            ("created_at", at(now)),
        ],
    )
}

pub fn id(kind: &str, n: u32) -> Uuid {
    Uuid::new_v5(&Uuid::from_u128(0xabcd), format!("{kind}:{n}").as_bytes())
}

pub fn account(n: u32) -> String {
    format!("D26112{n:06}")
}

pub fn set(column: &'static str, value: Value) -> Values {
    Values::from([(column, value)])
}

pub fn text(text: impl Into<String>) -> Value {
    Value::text(text)
}

pub fn day(text: &str) -> Value {
    Value::Date(Day::At(text.parse().unwrap()))
}

pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn at(instant: DateTime<Utc>) -> Value {
    Value::Instant(Instant::At(instant))
}

pub fn i32_of(n: u32) -> i32 {
    i32::try_from(n).unwrap()
}
