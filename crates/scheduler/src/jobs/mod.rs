//! One job a file.

pub mod roll;
pub mod snapshot;
pub mod team_stats;
pub mod upkeep;
