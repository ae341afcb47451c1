//! The three tables and their columns.

use std::sync::Arc;

use chrono::NaiveDate;

use super::value::{Day, Value};

/// A table of upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// `rwa_identity.users`
    Users,
    /// `rwa_planting.adoptions`
    Adoptions,
    /// `rwa_referral.referral_relations`
    Referrals,
}

/// A column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `uuid`
    Uuid,
    /// `text`, `varchar`
    Text,
    /// `int`
    Int,
    /// `date`
    Date,
    /// `timestamptz`
    Instant,
    /// `numeric(20,10)`
    Numeric,
    /// `jsonb`
    Json,
}

/// A column other than the key `id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be NULL.
    pub optional: bool,
    /// What rows have that say nothing of it.
    pub default: Value,
}

impl Column {
    const fn new(name: &'static str, kind: Kind, optional: bool) -> Self {
        Self { name, kind, optional, default: Value::Null }
    }

    /// What a delete's `before` holds, of which only the key was logged: NULL, or something made up.
    pub(super) fn made_up(&self) -> Value {
        match self.kind {
            _ if self.optional => Value::Null,
            Kind::Int => Value::Int(0),
            Kind::Date => Value::Date(Day::At(NaiveDate::default())),
            _ => Value::text(""),
        }
    }
}

impl Table {
    /// In the order in which a snapshot reads them.
    pub const ALL: [Self; 3] = [Self::Users, Self::Adoptions, Self::Referrals];

    /// Its schema in the database.
    pub const fn schema(self) -> &'static str {
        match self {
            Self::Users => "rwa_identity",
            Self::Adoptions => "rwa_planting",
            Self::Referrals => "rwa_referral",
        }
    }

    /// Its name in its schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Adoptions => "adoptions",
            Self::Referrals => "referral_relations",
        }
    }

    /// Its topic.
    pub const fn topic(self) -> &'static str {
        match self {
            Self::Users => "dbserver1.rwa_identity.users",
            Self::Adoptions => "dbserver1.rwa_planting.adoptions",
            Self::Referrals => "dbserver1.rwa_referral.referral_relations",
        }
    }

    /// Whether `account_sequence` is unique.
    pub const fn account_is_unique(self) -> bool {
        !matches!(self, Self::Adoptions)
    }

    /// The columns after the key, as the table is created.
    pub(super) fn columns(self) -> Arc<[Column]> {
        let (needed, optional) = (false, true);
        let account = Column::new("account_sequence", Kind::Text, needed);
        let created = Column::new("created_at", Kind::Instant, optional);
        match self {
            Self::Users => Arc::new([
                account,
                Column::new("phone", Kind::Text, optional),
                Column::new("nickname", Kind::Text, optional),
                Column::new("status", Kind::Text, optional),
                created,
                Column::new("updated_at", Kind::Instant, optional),
            ]),
            Self::Adoptions => Arc::new([
                account,
                Column::new("tree_count", Kind::Int, needed),
                Column::new("adoption_date", Kind::Date, needed),
                Column::new("status", Kind::Text, optional),
                Column::new("contribution_per_tree", Kind::Numeric, optional),
                created,
            ]),
            Self::Referrals => Arc::new([
                account,
                Column::new("referrer_account_sequence", Kind::Text, optional),
                Column::new("ancestor_path", Kind::Text, optional),
                Column::new("depth", Kind::Int, optional),
                created,
            ]),
        }
    }
}
