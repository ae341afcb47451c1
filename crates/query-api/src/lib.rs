//! The HTTP API and its console: what is known, to people and to other services. It writes nothing but what
//! operators ask the workers for.
//!
//! * [`routes`](mod@routes) is the one table of what there is and who may ask for it;
//! * a handler parses its parameters, reads one view of [`persistence::views`], and serialises it;
//! * whatever goes wrong is a [`problem::Problem`];
//! * answers that cost a look at many rows are kept for a while and made by one request at a time
//!   ([`kept::Kept`]).

mod accounts;
pub mod auth;
mod body;
mod cache;
pub mod codes;
pub mod console;
pub mod cursor;
mod handlers;
pub mod kept;
mod layers;
mod limits;
mod loader;
pub mod openapi;
pub mod parameters;
pub mod problem;
mod reads;
pub mod routes;
pub mod server;
mod slots;
pub mod state;
pub mod tally;

pub use server::{Server, run};
