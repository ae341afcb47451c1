//! What a client is told when something goes wrong: `application/problem+json` (RFC 9457) with a stable `code`.
//!
//! What is wrong inside is logged, never told.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use persistence::Kind;
use serde::Serialize;

/// Media type of a [`Problem`].
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An answer other than the one asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    parameter: Option<&'static str>,
}

/// As it is sent.
#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl fmt::Display) -> Self {
        Self { status, code, title, detail: detail.to_string(), parameter: None }
    }

    /// 400: `parameter` cannot be understood.
    pub fn parameter(code: &'static str, parameter: &'static str, detail: impl fmt::Display) -> Self {
        let problem = Self::new(StatusCode::BAD_REQUEST, code, "A parameter is not valid", detail);
        Self { parameter: Some(parameter), ..problem }
    }

    /// 401: no token, or one that does not hold.
    pub fn unauthorized(code: &'static str, detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, "A valid bearer token is needed", detail)
    }

    /// 403: the token does not allow this.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Not allowed",
            "the token's roles do not allow this request",
        )
    }

    /// 404: no user, referral or entry names the account.
    pub fn account_unknown() -> Self {
        let detail = "no user, referral or entry names this account";
        Self::new(StatusCode::NOT_FOUND, "account_unknown", "The account is not known", detail)
    }

    /// 404: no adoption has this upstream id.
    pub fn adoption_unknown() -> Self {
        let detail = "no adoption with this id has been read";
        Self::new(StatusCode::NOT_FOUND, "adoption_unknown", "The adoption is not known", detail)
    }

    /// 404: no snapshot of that day is sealed.
    pub fn snapshot_unknown() -> Self {
        let detail = "no snapshot of this day is sealed";
        Self::new(StatusCode::NOT_FOUND, "snapshot_unknown", "There is no such snapshot", detail)
    }

    /// 404: the snapshot has no line of the account.
    pub fn not_in_snapshot() -> Self {
        let detail = "the account had no effective contribution on this day";
        Self::new(StatusCode::NOT_FOUND, "account_not_in_snapshot", "The snapshot has no such line", detail)
    }

    /// 404: no such route.
    pub fn route_unknown() -> Self {
        Self::new(StatusCode::NOT_FOUND, "route_unknown", "There is nothing here", "no such route")
    }

    /// 405: the route exists, but not with this method.
    pub fn method_not_allowed() -> Self {
        let title = "The method is not allowed";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", title, "this route answers to GET")
    }

    /// 413: the request is larger than any that makes sense.
    pub fn too_large() -> Self {
        let detail = "the request's body is too large";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "The request is too large", detail)
    }

    /// 414: the address is longer than any that makes sense.
    pub fn uri_too_long() -> Self {
        let detail = "the request's address is too long";
        Self::new(StatusCode::URI_TOO_LONG, "uri_too_long", "The request is too large", detail)
    }

    /// 503: the database is away, or too busy to answer in time.
    pub fn database_unavailable() -> Self {
        let title = "The database does not answer";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", title, "try again in a moment")
    }

    /// 500: our fault.
    pub fn internal() -> Self {
        let detail = "the failure was logged";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The service failed", detail)
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
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let body = Body {
            r#type: format!("urn:contribution:problem:{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            parameter: self.parameter,
        };
        let mut response = HttpResponse::build(self.status);
        match self.status {
            StatusCode::UNAUTHORIZED => response.insert_header((header::WWW_AUTHENTICATE, "Bearer")),
            StatusCode::METHOD_NOT_ALLOWED => response.insert_header((header::ALLOW, "GET")),
            StatusCode::SERVICE_UNAVAILABLE => response.insert_header((header::RETRY_AFTER, "1")),
            _ => &mut response,
        };
        response.content_type(MEDIA_TYPE).body(serde_json::to_string(&body).unwrap_or_default())
    }
}
