//! Answers that a client may keep and ask about again: with `If-None-Match` it is told when they are still the same.
//!
//! The tag is weak: it names the JSON, whatever it is compressed with on its way.

use actix_web::http::header::{CACHE_CONTROL, ETAG, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Answer;
use crate::problem::Problem;

/// Bytes of the hash that make a tag.
const TAG_BYTES: usize = 16;

/// How long an answer holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum For {
    /// Until something happens: asked about each time.
    Now,
    /// It is sealed.
    Ever,
}

/// The answer, or 304 where the client has it. For one caller: no cache between may store it for others.
pub(super) fn answer(request: &HttpRequest, answer: &impl Serialize, holds: For) -> Answer {
    let json = serde_json::to_vec(answer).map_err(|error| {
        tracing::error!(%error, "an answer that is no JSON");
        Problem::internal()
    })?;
    Ok(json_answer(request, json, holds))
}

/// The same of an answer that is JSON already.
pub(super) fn json_answer(request: &HttpRequest, json: impl Into<web::Bytes>, holds: For) -> HttpResponse {
    let json = json.into();
    let tag = EntityTag::new_weak(URL_SAFE_NO_PAD.encode(&Sha256::digest(&json)[..TAG_BYTES]));
    let known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    };
    let control = match holds {
        For::Now => "private, no-cache",
        For::Ever => "private, max-age=86400",
    };
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, tag.to_string())).insert_header((CACHE_CONTROL, control));
    if known { response.finish() } else { response.content_type("application/json").body(json) }
}
