//! Messages of a real Debezium, and any number like them.

use anyhow::Context;
use serde::Deserialize;
use uuid::Uuid;

pub(crate) const USERS: &str = "dbserver1.rwa_identity.users";
pub(crate) const ADOPTIONS: &str = "dbserver1.rwa_planting.adoptions";

/// A capture of a connector with `schemas.enable=false` and decimals as strings.
pub(crate) const WITHOUT_SCHEMAS: &str = include_str!("../../cdc-ingestor/tests/captures/a.jsonl");
/// A capture of one with `schemas.enable=true` and precise decimals.
pub(crate) const WITH_SCHEMAS: &str = include_str!("../../cdc-ingestor/tests/captures/b.jsonl");

/// A captured message.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Captured {
    pub(crate) topic: String,
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Captured {
    /// The messages of a capture that have a value.
    pub(crate) fn all(capture: &str) -> anyhow::Result<Vec<Self>> {
        let lines = capture.lines().map(serde_json::from_str::<serde_json::Value>);
        let whole = lines.filter(|line| line.as_ref().is_ok_and(|line| line["value"].is_string()));
        whole.map(|line| Ok(serde_json::from_value(line?)?)).collect()
    }
}

/// A row that was created, as a model of any number of others.
#[derive(Debug)]
pub(crate) struct Model {
    key: String,
    value: String,
    id: String,
    account: String,
}

impl Model {
    /// Of the first row created in `topic` of `capture`.
    pub(crate) fn of(capture: &str, topic: &str) -> anyhow::Result<Self> {
        let all = Captured::all(capture)?;
        let created =
            all.into_iter().find(|message| message.topic == topic && message.value.contains(r#""op":"c""#));
        let Captured { key, value, .. } = created.context("no row was created in the capture")?;
        let row: serde_json::Value = serde_json::from_str(&value)?;
        let row = if row["payload"].is_object() { &row["payload"] } else { &row };
        let text = |name: &str| row["after"][name].as_str().map(str::to_owned).context("a column is missing");
        Ok(Self { key, id: text("id")?, account: text("account_sequence")?, value })
    }

    /// Key and value of the row `id` of `account`.
    pub(crate) fn message(&self, id: Uuid, account: &str) -> (String, String) {
        let id = id.to_string();
        (self.key.replace(&self.id, &id), self.value.replace(&self.id, &id).replace(&self.account, account))
    }
}
