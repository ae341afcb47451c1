//! `/openapi.json` and `/docs`: what there is, for everybody; they tell nothing of accounts.
//!
//! The page is Swagger UI as it is compiled in: it loads nothing from elsewhere. It sets styles on its elements, so
//! its content security policy is the one that allows that.

use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::DOCUMENT;

const PATH: &str = "/openapi.json";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Adds both.
pub(crate) fn configure(services: &mut web::ServiceConfig) {
    let refused = || web::to(crate::routes::method_not_allowed);
    services
        .service(web::resource(PATH).route(web::get().to(document)).default_service(refused()))
        .service(web::resource("/docs").route(web::get().to(to_page)).default_service(refused()))
        .service(
            web::scope("/docs")
                .wrap(DefaultHeaders::new().add((header::CONTENT_SECURITY_POLICY, POLICY)))
                .service(SwaggerUi::new("/{_:.*}").config(Config::from(PATH)))
                .default_service(refused()),
        );
}

async fn document() -> HttpResponse {
    HttpResponse::Ok().json(&*DOCUMENT)
}

async fn to_page() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}
