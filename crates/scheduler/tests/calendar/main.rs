//! The business calendar, day by day, on clocks that the tests set.

mod clocks;
mod rolled;
mod stage;
mod upkeep;
mod years;
