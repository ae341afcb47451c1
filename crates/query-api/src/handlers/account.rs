//! `GET /contributions/{accountSequence}`: an account as it stands.

use actix_web::{HttpRequest, HttpResponse};
use persistence::views;

use super::{Answer, Shared};
use crate::parameters;
use crate::problem::Problem;

pub(crate) async fn get(request: HttpRequest, api: Shared) -> Answer {
    let account = parameters::account(&request)?;
    let mut connection = api.connection().await?;
    let row = views::account::read(&mut connection, &account).await?;
    row.map(|row| HttpResponse::Ok().json(row)).ok_or_else(Problem::account_unknown)
}
