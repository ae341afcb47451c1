//! What a client is told when something goes wrong: `application/problem+json` (RFC 9457) with a stable `code`.
//!
//! What is wrong inside is logged, never told.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use persistence::Kind;
use serde::Serialize;
use utoipa::ToSchema;

use crate::codes::{self, Code};

/// Media type of a [`Problem`].
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An answer other than the one asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: &'static Code,
    detail: Option<String>,
    parameter: Option<Cow<'static, str>>,
    /// Seconds until it is worth to try again, where that is known.
    retry_after: Option<u64>,
}

/// What went wrong (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Body<'a> {
    /// A URN that ends in the code.
    r#type: String,
    /// The same for all problems of the code.
    title: &'a str,
    /// The status of the answer.
    status: u16,
    /// About this request, for people.
    detail: &'a str,
    /// Stable: see `docs/errors.md`.
    code: &'a str,
    /// Which parameter, or which place in the body, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
}

impl Problem {
    /// One of which there is no more to say than its code's meaning.
    pub fn of(code: &'static Code) -> Self {
        Self { code, detail: None, parameter: None, retry_after: None }
    }

    /// One with what was wrong this time.
    pub fn detailed(code: &'static Code, detail: impl fmt::Display) -> Self {
        Self { detail: Some(detail.to_string()), ..Self::of(code) }
    }

    /// `parameter` cannot be understood.
    pub fn parameter(
        code: &'static Code,
        parameter: impl Into<Cow<'static, str>>,
        detail: impl fmt::Display,
    ) -> Self {
        Self { parameter: Some(parameter.into()), ..Self::detailed(code, detail) }
    }

    /// 429: the caller may ask again in so many seconds.
    pub fn too_many_requests(seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::of(&codes::TOO_MANY_REQUESTS) }
    }

    /// 409: what is read does not include the entry that `minSeq` names.
    pub fn entry_not_yet() -> Self {
        Self { retry_after: Some(1), ..Self::of(&codes::ENTRY_NOT_YET) }
    }

    /// Seconds after which it is worth to try again, where it is.
    fn seconds_to_wait(&self) -> Option<u64> {
        let passes =
            matches!(self.code.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
        self.retry_after.or(passes.then_some(1))
    }

    /// 403: the token does not allow this.
    pub fn forbidden() -> Self {
        Self::of(&codes::FORBIDDEN)
    }

    /// 404: no user, referral or entry names the account.
    pub fn account_unknown() -> Self {
        Self::of(&codes::ACCOUNT_UNKNOWN)
    }

    /// 404: no snapshot of that day is sealed.
    pub fn snapshot_unknown() -> Self {
        Self::of(&codes::SNAPSHOT_UNKNOWN)
    }

    /// 404: the snapshot has no line of the account.
    pub fn not_in_snapshot() -> Self {
        Self::of(&codes::ACCOUNT_NOT_IN_SNAPSHOT)
    }

    /// 503: the database is away, or too busy to answer in time.
    pub fn database_unavailable() -> Self {
        Self::of(&codes::DATABASE_UNAVAILABLE)
    }

    /// 500: our fault.
    pub fn internal() -> Self {
        Self::of(&codes::INTERNAL)
    }
}

impl From<persistence::Error> for Problem {
    fn from(error: persistence::Error) -> Self {
        match error.kind() {
            Kind::Unavailable | Kind::Conflict => {
                tracing::warn!(error = runtime::worker::describe(&error), "database unavailable");
                Self::database_unavailable()
            }
            Kind::Broken => {
                tracing::error!(error = runtime::worker::describe(&error), "request failed");
                Self::internal()
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.code, self.detail.as_deref().unwrap_or(self.code.meaning))
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status
    }

    fn error_response(&self) -> HttpResponse {
        let Code { code, status, title, meaning, .. } = *self.code;
        let body = Body {
            r#type: format!("urn:contribution:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: self.detail.as_deref().unwrap_or(meaning),
            code,
            parameter: self.parameter.as_deref(),
        };
        let mut response = HttpResponse::build(status);
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(seconds) = self.seconds_to_wait() {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.content_type(MEDIA_TYPE).body(serde_json::to_string(&body).unwrap_or_default())
    }
}
