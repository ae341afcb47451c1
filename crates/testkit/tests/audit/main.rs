//! The auditor finds what is wrong, and nothing where nothing is.

mod corruptions;
mod history;
mod sealed;
