//! What the service is measured against: the same work on tables of the same rows, with nothing around it.

pub(crate) mod bare_numbering;
pub(crate) mod lines;
pub(crate) mod seed_written;
pub(crate) mod shape;
