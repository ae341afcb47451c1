//! One job a file.

pub mod upkeep;
