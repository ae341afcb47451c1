//! Three years of users, referrals and adoptions.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use persistence::upstream::{Adoption, Referral, User};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;

use super::names;
use super::prices;
use super::shapes::Forest;

/// How far back adoptions go, in days: those of the first year have expired.
const ADOPTIONS_SINCE: u64 = 3 * 365;
/// How far back users go.
const USERS_SINCE: u64 = ADOPTIONS_SINCE + 30;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Users.
    pub users: usize,
    /// Adoptions.
    pub adoptions: usize,
}

/// The rows of an upstream database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// In the order of their registration, which is that of their names.
    pub users: Vec<User>,
    /// One for each user, in the same order.
    pub referrals: Vec<Referral>,
    /// By date.
    pub adoptions: Vec<Adoption>,
}

impl History {
    /// Makes a history that ends on `today`, the current day in `zone`. No row was created on `today` itself.
    pub fn generate(size: Size, seed: u64, today: NaiveDate, zone: Tz) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let calendar = Calendar { today, zone };
        let (users, referrals) = people(size.users, &calendar, &mut rng);
        let adoptions = adoptions(size.adoptions, &users, &calendar, &mut rng);
        Self { users, referrals, adoptions }
    }
}

struct Calendar {
    today: NaiveDate,
    zone: Tz,
}

impl Calendar {
    fn days_ago(&self, days: u64) -> NaiveDate {
        self.today.checked_sub_days(Days::new(days)).unwrap_or(self.today)
    }

    /// A moment of `day`, so many seconds after its midnight; of the evening before `today` at the latest.
    fn moment(&self, day: NaiveDate, second: i64) -> DateTime<Utc> {
        let day = day.min(self.days_ago(1));
        let local = day.and_time(chrono::NaiveTime::MIN) + TimeDelta::seconds(second);
        // where the clocks are set forward there is no such moment: take it as if they were not
        local.and_local_timezone(self.zone).earliest().map_or_else(|| local.and_utc(), |at| at.to_utc())
    }
}

fn people(count: usize, calendar: &Calendar, rng: &mut ChaCha8Rng) -> (Vec<User>, Vec<Referral>) {
    let mut users: Vec<User> = Vec::with_capacity(count);
    let mut referrals: Vec<Referral> = Vec::with_capacity(count);
    let mut forest = Forest::default();
    for number in 0..count {
        let passed = USERS_SINCE * number as u64 / count as u64;
        let day = calendar.days_ago(USERS_SINCE - passed);
        let created_at = calendar.moment(day, rng.random_range(0..DAY_SECONDS));
        let account = names::account(day, number + 1);
        let referrer = forest.join(number, rng);
        let (path, depth) = referrer.map_or_else(
            || ("/".to_owned(), 0),
            |above| {
                (
                    format!("{}{}/", referrals[above].path, referrals[above].account),
                    referrals[above].depth + 1,
                )
            },
        );
        referrals.push(Referral {
            id: names::id(rng),
            account: account.clone(),
            referrer: referrer.map(|above| users[above].account.clone()),
            path,
            depth,
            created_at,
        });
        let (nickname, phone) = (names::nickname(rng), names::phone(rng));
        users.push(User { id: names::id(rng), account, phone, nickname, status: "ACTIVE", created_at });
    }
    (users, referrals)
}

fn adoptions(count: usize, users: &[User], calendar: &Calendar, rng: &mut ChaCha8Rng) -> Vec<Adoption> {
    // one of twenty never adopts
    let adopters: Vec<usize> = (0..users.len()).filter(|_| !rng.random_ratio(1, 20)).collect();
    if adopters.is_empty() {
        return Vec::new();
    }
    let mut days: Vec<NaiveDate> = (0..count).map(|_| day(calendar, rng)).collect();
    days.sort_unstable();
    let mut adoptions: Vec<Adoption> = days
        .into_iter()
        .map(|date| {
            let created_at = calendar.moment(date, rng.random_range(0..DAY_SECONDS));
            // somebody who is registered by then, the first ones where nobody is
            let registered = adopters.partition_point(|&user| users[user].created_at <= created_at).max(1);
            let adopter = &users[adopters[rng.random_range(0..registered)]];
            Adoption {
                id: names::id(rng),
                account: adopter.account.clone(),
                trees: prices::trees(rng),
                date,
                status: status(rng),
                price: prices::maybe_price(rng),
                created_at,
            }
        })
        .collect();
    spoil(&mut adoptions, rng);
    adoptions
}

/// Of the last three years; a few of today, which take effect tomorrow, and of tomorrow.
fn day(calendar: &Calendar, rng: &mut ChaCha8Rng) -> NaiveDate {
    match rng.random_range(0..100) {
        0..3 => calendar.today,
        3..5 => calendar.today.succ_opt().unwrap_or(calendar.today),
        _ => calendar.days_ago(rng.random_range(1..=ADOPTIONS_SINCE)),
    }
}

fn status(rng: &mut ChaCha8Rng) -> Option<String> {
    let status = match rng.random_range(0..100) {
        0..90 => "ACTIVE",
        90..94 => "CONFIRMED",
        94..96 => "PENDING",
        96..98 => "CANCELLED",
        _ => return None,
    };
    Some(status.to_owned())
}

/// A handful of rows that cannot be right: no tree, or a price below zero.
fn spoil(adoptions: &mut [Adoption], rng: &mut ChaCha8Rng) {
    if adoptions.len() < 20 {
        return;
    }
    for number in 0..6 {
        let place = rng.random_range(0..adoptions.len());
        let adoption = &mut adoptions[place];
        if number % 2 == 0 {
            adoption.trees = 0;
        } else {
            adoption.price = Some(Decimal::new(-1, 0));
        }
    }
}
