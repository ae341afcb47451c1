//! One module a noun: parameters in, a view of the database, JSON out.

pub(crate) mod account;
pub(crate) mod backlog;
pub(crate) mod batch;
pub(crate) mod calendar;
pub(crate) mod conservation;
mod csv;
pub(crate) mod dead_letters;
pub(crate) mod details;
pub(crate) mod explanation;
pub(crate) mod formula;
pub(crate) mod jobs;
pub(crate) mod missed;
pub(crate) mod network;
pub(crate) mod operator_requests;
pub(crate) mod process;
pub(crate) mod simulations;
pub(crate) mod snapshots;
pub(crate) mod sync_status;
pub(crate) mod team;
pub(crate) mod unallocated;
mod validated;

use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::problem::Problem;
use crate::state::Api;

/// What all handlers share.
type Shared = web::Data<Api>;
/// What a handler gives.
type Answer = Result<HttpResponse, Problem>;

/// A page, with where the next one begins.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<T> {
    items: Vec<T>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

impl<T: Serialize> Listed<T> {
    fn of(page: persistence::views::Page<T>, cursor: impl Fn(&T) -> String) -> Self {
        let next_cursor = if page.more { page.items.last().map(cursor) } else { None };
        Self { items: page.items, next_cursor }
    }

    fn answer(page: persistence::views::Page<T>, cursor: impl Fn(&T) -> String) -> HttpResponse {
        HttpResponse::Ok().json(Self::of(page, cursor))
    }
}
