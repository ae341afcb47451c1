//! The relay against a real `PostgreSQL` and a real Kafka.

mod delivery;
mod sharing;
mod stage;
