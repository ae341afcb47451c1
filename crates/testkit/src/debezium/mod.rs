//! A model of an upstream database and of Debezium on it: what stands in the topics after any history, from a seed and
//! without a server.
//!
//! [`Upstream`] has the three tables, transactions that interleave and a write-ahead log; [`Connector`] takes its
//! snapshot, reads the log in the order of commits and is killed; [`Log`] is what Kafka then holds. The bytes are those
//! of Debezium 3.6 with the connectors of the captures ([`Format`]); `cdc-ingestor`'s target `histories` replays the steps
//! that made the captures and compares message for message.
//!
//! What is here because it surprised somebody: an lsn is given when a row is written and messages come when its
//! transaction commits, so lsns fall along a topic; rows of one COPY share an lsn, and so do the two halves of a key
//! change; a snapshot carries an lsn above those of transactions that were open then; what came since the connector's
//! last flush comes again after a kill; TRUNCATE is not told at all.
//!
//! What was said to the database can be told to a real one too ([`Upstream::take_statements`]).
//!
//! Not modelled: headers, heartbeats, logical messages, the transactions' topic, a snapshot that is broken off.

mod connector;
mod envelope;
mod log;
mod row;
mod schema;
mod statement;
mod table;
mod upstream;
mod value;

pub use connector::Connector;
pub use envelope::{Format, Message};
pub use log::Log;
pub use row::{Row, Values};
pub use statement::{Said, Statement};
pub use table::{Column, Kind, Table};
pub use upstream::{Refused, Tx, Upstream};
pub use value::{Day, Instant, Numeric, Value};
