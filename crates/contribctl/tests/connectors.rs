//! The connectors that are shipped.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

const SOURCES: [(&str, &str); 3] = [
    ("identity", "rwa_identity.users"),
    ("planting", "rwa_planting.adoptions"),
    ("referral", "rwa_referral.referral_relations"),
];
/// What a connector has of its own.
const OWN: [&str; 7] = [
    "slot.name",
    "publication.name",
    "topic.prefix",
    "table.include.list",
    "signal.kafka.topic",
    "signal.kafka.groupId",
    "topic.creation.heartbeat.include",
];

fn config(file: &str) -> anyhow::Result<Map<String, Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/debezium").join(file);
    let mut described: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let Value::Object(mut config) = described["config"].take() else { anyhow::bail!("{file} has no config") };
    config.insert("name".to_owned(), described["name"].take());
    Ok(config)
}

#[test]
fn three_sources_are_read_as_one_is() -> anyhow::Result<()> {
    let one = config("upstream.json")?;
    let mut names = BTreeSet::new();
    for (source, table) in SOURCES {
        let config = config(&format!("three-sources/{source}.json"))?;
        assert_eq!(config["topic.prefix"], source);
        assert_eq!(config["table.include.list"], format!("{table},rwa_cdc.heartbeat"));
        let heartbeats = config["topic.creation.heartbeat.include"].as_str().unwrap_or_default();
        assert!(heartbeats.starts_with(&format!("{source}\\.rwa_cdc\\.heartbeat,")), "{heartbeats}");
        for key in ["name", "slot.name", "publication.name", "topic.prefix", "signal.kafka.groupId"] {
            assert!(names.insert((key, config[key].to_string())), "{source}: another has its {key}");
        }
        for (key, value) in one.iter().filter(|(key, _)| *key != "name" && !OWN.contains(&key.as_str())) {
            assert_eq!(config.get(key), Some(value), "{source}: {key}");
        }
        assert_eq!(config.len(), one.len(), "{source} has settings that the one has not");
    }
    Ok(())
}
