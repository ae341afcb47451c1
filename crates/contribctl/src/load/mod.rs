//! Load for a stack: what an upstream of users, referrals and adoptions could hold, and how it goes on living.
//!
//! Everything follows from a seed, the numbers asked for and the day: the same arguments give the same rows.

pub mod history;
pub mod live;
mod names;
mod prices;
mod shapes;

pub use history::History;
pub use live::Tally;
