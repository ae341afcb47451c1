//! The examples of the OpenAPI document are what the routes answer to the worked example of RULES section 9, but for
//! days, times and identifiers. `CONTRIB_WRITE_DOCS=1` writes them anew.

mod common;

use chrono::{DateTime, NaiveDate};
use common::Stand;
use serde_json::{Map, Value};
use uuid::Uuid;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/openapi/examples.json");

/// Of which kind a text is, where two of the kind are as good as each other.
fn kind(text: &str) -> Option<&'static str> {
    if NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() {
        Some("day")
    } else if DateTime::parse_from_rfc3339(text).is_ok() {
        Some("time")
    } else if Uuid::try_parse(text).is_ok() {
        Some("id")
    } else if text.starts_with("00-") && text.len() == 55 {
        Some("trace")
    } else {
        None
    }
}

fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => {
            one == other || kind(one).is_some() && kind(one) == kind(other)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| alike(one, other)))
        }
        _ => one == other,
    }
}

#[tokio::test]
async fn examples_are_true() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    let [_, second, ..] = stand.worked_example().await?;
    let day = stand.adoption_date().await?;
    let mut found = Map::new();
    for (route, path) in [
        ("/contributions/{accountSequence}", "/contributions/A".to_owned()),
        ("/contributions/{accountSequence}/details", "/contributions/A/details?limit=2".to_owned()),
        ("/contributions/{accountSequence}/as-of/{date}", format!("/contributions/A/as-of/{day}")),
        ("/contributions/{accountSequence}/calendar", "/contributions/A/calendar".to_owned()),
        ("/contributions/{accountSequence}/formula", "/contributions/A/formula".to_owned()),
        ("/contributions/{accountSequence}/team", "/contributions/A/team".to_owned()),
        ("/network/total", "/network/total".to_owned()),
        ("/system-accounts", "/system-accounts".to_owned()),
        ("/unallocated", "/unallocated?limit=2".to_owned()),
        ("/adoptions/{originalAdoptionId}/explanation", format!("/adoptions/{second}/explanation")),
        ("/conservation", "/conservation".to_owned()),
    ] {
        let mut answer = stand.api.json(&path).await?;
        if let Some(cursor) = answer.get_mut("nextCursor").filter(|cursor| cursor.is_string()) {
            // made of identifiers
            *cursor = "AZqx5Rk0fY2mBv4sT7uDqQ".into();
        }
        found.insert(format!("GET {route}"), answer);
    }
    let found = Value::Object(found);
    let kept: Value = serde_json::from_str(include_str!("../src/openapi/examples.json"))?;
    if std::env::var_os("CONTRIB_WRITE_DOCS").is_some() {
        if !alike(&kept, &found) {
            std::fs::write(FILE, serde_json::to_string_pretty(&found)? + "\n")?;
        }
    } else {
        assert!(
            alike(&kept, &found),
            "examples.json is not what is answered: run this with CONTRIB_WRITE_DOCS=1"
        );
    }
    stand.close().await
}
