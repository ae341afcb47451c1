//! Debezium change events from Kafka into the synced tables.
