//! Sealing against a real database: what a snapshot holds, and that it is sealed once or not at all.

#![allow(clippy::unwrap_used, missing_docs)]

mod killed;
mod sealing;
mod stage;
