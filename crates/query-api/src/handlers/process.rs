//! `/health/live`, `/health/ready` and `/metrics`: the process itself. For everybody; they tell nothing of accounts.

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::Shared;

/// Adds the three.
pub(crate) fn configure(services: &mut web::ServiceConfig) {
    for (path, route) in [
        ("/health/live", web::get().to(live)),
        ("/health/ready", web::get().to(ready)),
        ("/metrics", web::get().to(metrics)),
    ] {
        let refused = web::to(crate::routes::method_not_allowed);
        services.service(web::resource(path).route(route).default_service(refused));
    }
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "live": true }))
}

async fn ready(api: Shared) -> HttpResponse {
    let report = api.health.report();
    let mut response = if report.ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(report)
}

async fn metrics(api: Shared) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(api.metrics.render())
}
