//! A request's body: JSON of a known shape, or refused with the place where it is not.

use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use crate::codes;
use crate::layers::BODY_BYTES;
use crate::problem::Problem;

/// A body that was understood.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T> Deref for Body<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = is_json(request.headers());
        let mut payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            if !json {
                return Err(Problem::of(&codes::UNSUPPORTED_MEDIA_TYPE));
            }
            let payload = (&mut payload).await.map_err(|_| Problem::of(&codes::INVALID_BODY))?;
            let bytes = payload.to_bytes_limited(BODY_BYTES).await;
            let bytes = bytes.map_err(|_| Problem::of(&codes::PAYLOAD_TOO_LARGE))?;
            parse(&bytes.map_err(|_| Problem::of(&codes::INVALID_BODY))?).map(Self)
        })
    }
}

/// `application/json`, with whatever parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let declared =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let refused = |path: String, why: &serde_json::Error| {
        let place = if path == "." { "body".to_owned() } else { path };
        Problem::parameter(&codes::INVALID_BODY, place, why)
    };
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| refused(error.path().to_string(), error.inner()))?;
    json.end().map_err(|error| refused(".".to_owned(), &error))?;
    Ok(value)
}
