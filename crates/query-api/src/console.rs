//! `/`: the console, one page without anything from elsewhere. It reads the API as everybody else does; where a token
//! is asked for, the reader pastes one, and it is forgotten with the page.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use uuid::Uuid;

/// The page; `{{nonce}}` stands where the one script and the one style sheet name the nonce of this answer.
const PAGE: &str = include_str!("console.html");

/// Adds `/`.
pub(crate) fn configure(services: &mut web::ServiceConfig) {
    let refused = web::to(crate::routes::method_not_allowed);
    services.service(web::resource("/").route(web::get().to(page)).default_service(refused));
}

async fn page() -> HttpResponse {
    let nonce = Uuid::new_v4().simple().to_string();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .body(PAGE.replace("{{nonce}}", &nonce))
}
