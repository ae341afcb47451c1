//! Debezium's change events from Kafka into the synced tables.
//!
//! [`decode`](decode::decode) understands a message or says why not, [`fold`](fold::fold) decides what a batch makes of
//! the stored rows, both pure; [`apply`](apply::apply) joins them in one transaction, and [`Ingestor`] keeps that going.
//! Whether an adoption is ready is never judged here: what changed is queued for the sequencer.

pub mod apply;
pub mod batch;
pub mod beats;
pub mod decode;
mod ends;
pub mod errors;
pub mod fold;
mod ingestor;
mod kafka;
pub mod missing;
mod positions;
pub mod redact;
mod requests;
pub mod table;
mod watch;
pub mod work;

pub use ends::EndOffsets;
pub use errors::IngestError;
pub use ingestor::{Ingestor, settle_tree};
