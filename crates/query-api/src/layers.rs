//! What stands around every request: bounds, security headers, metrics.
//!
//! A layer that refuses a request answers it, rather than to err: an error would pass by the layers around it.

use std::time::Instant;

use actix_cors::Cors;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::{Condition, DefaultHeaders, Next};
use actix_web::{Error, ResponseError};

use crate::codes;
use crate::problem::Problem;

/// A longer body is refused unread.
pub(crate) const BODY_BYTES: usize = 64 * 1024;
/// A longer address is refused.
const URI_BYTES: usize = 8 * 1024;

/// Headers of every answer; what a handler sets goes before them. Answers are of the moment and for one caller, so
/// nobody stores them.
pub(crate) fn headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::X_FRAME_OPTIONS, "DENY"))
        .add((header::REFERRER_POLICY, "no-referrer"))
        .add((header::CACHE_CONTROL, "no-store"))
        .add((header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .add((
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ))
}

/// Lets pages of `origins` ask; where there are none, those of our own only.
pub(crate) fn cors(origins: &[String]) -> Condition<Cors> {
    let cors = Cors::default()
        .allowed_methods(["GET", "POST"])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_NONE_MATCH])
        .expose_headers([header::ETAG, header::LOCATION, header::RETRY_AFTER])
        // a page that may not ask is kept from reading the answer by its browser
        .block_on_origin_mismatch(false)
        .max_age(600);
    Condition::new(!origins.is_empty(), origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin)))
}

/// Refuses what is too large.
pub(crate) async fn bounds<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let uri = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
    let length = request.headers().get(header::CONTENT_LENGTH);
    let body = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok()).unwrap_or(0);
    let problem = if uri > URI_BYTES {
        Problem::of(&codes::URI_TOO_LONG)
    } else if body > BODY_BYTES {
        Problem::of(&codes::PAYLOAD_TOO_LARGE)
    } else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    Ok(request.into_response(problem.error_response()).map_into_right_body())
}

/// Counts and times requests by route.
pub(crate) async fn measure<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let began = Instant::now();
    let response = next.call(request).await?;
    let route = response.request().match_pattern().unwrap_or_else(|| "none".to_owned());
    let status = response.status().as_u16().to_string();
    metrics::counter!("contrib_http_requests_total", "route" => route.clone(), "status" => status)
        .increment(1);
    metrics::histogram!("contrib_http_request_seconds", "route" => route).record(began.elapsed());
    Ok(response)
}
