//! Every way in which a request may fail: the codes of [`Problem`](crate::problem::Problem)s, which stay what they are.
//!
//! `docs/errors.md` and the OpenAPI document are made of this table.

use actix_web::http::StatusCode;

/// A kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// By which clients tell it from others.
    pub code: &'static str,
    /// The status that it comes with.
    pub status: StatusCode,
    /// The same for all problems of the kind.
    pub title: &'static str,
    /// When it comes.
    pub meaning: &'static str,
    /// What a client does about it.
    pub remedy: &'static str,
}

macro_rules! codes {
    ($($name:ident $code:literal $status:ident $title:literal: $meaning:literal => $remedy:literal)*) => {
        $(
            #[doc = $meaning]
            pub static $name: Code = Code {
                code: $code,
                status: StatusCode::$status,
                title: $title,
                meaning: $meaning,
                remedy: $remedy,
            };
        )*
        /// All of them, by status.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    INVALID_QUERY "invalid_query" BAD_REQUEST "A parameter is not valid":
        "The query string cannot be decoded." => "Percent-encode names and values as UTF-8."
    UNKNOWN_PARAMETER "unknown_parameter" BAD_REQUEST "A parameter is not valid":
        "The route takes no query parameter of this name." => "Leave it out, or correct its spelling."
    INVALID_ACCOUNT_SEQUENCE "invalid_account_sequence" BAD_REQUEST "A parameter is not valid":
        "The text cannot name an account: 1 to 20 characters without white space, control characters, `/` and `…`, not beginning with `SYS-`."
        => "Send the account's sequence, percent-encoded where it stands in a path."
    INVALID_ADOPTION_ID "invalid_adoption_id" BAD_REQUEST "A parameter is not valid":
        "The adoption's id is not a UUID." => "Send upstream's id of the adoption."
    INVALID_DATE "invalid_date" BAD_REQUEST "A parameter is not valid":
        "A day is not written `YYYY-MM-DD`, is not in the calendar, or `to` lies before `from` or too far behind it."
        => "Correct the day that `parameter` names."
    INVALID_LIMIT "invalid_limit" BAD_REQUEST "A parameter is not valid":
        "The limit is not a number from 1 to 500." => "Ask for 1 to 500 rows, and for more pages."
    INVALID_CURSOR "invalid_cursor" BAD_REQUEST "A parameter is not valid":
        "The cursor is none of ours, or belongs to another listing or to other filters."
        => "Send `nextCursor` as it came, with the filters it came with; or begin again without one."
    INVALID_VALUE "invalid_value" BAD_REQUEST "A parameter is not valid":
        "The value is none of those that the parameter takes." => "Send one of those that `detail` lists."
    INVALID_BODY "invalid_body" BAD_REQUEST "The body is not valid":
        "The body is not JSON, or not of the shape that the route takes; `parameter` says where."
        => "Compare it with the schema in `/openapi.json`."
    INVALID_PLAN "invalid_plan" BAD_REQUEST "The body is not valid":
        "The plan could not be used: its rates do not sum to 1, its unlock table falls, or it could not have been carried out."
        => "Correct the plan as `detail` says."
    TOKEN_MISSING "token_missing" UNAUTHORIZED "A valid bearer token is needed":
        "The request has no bearer token." => "Send `Authorization: Bearer …`."
    TOKEN_INVALID "token_invalid" UNAUTHORIZED "A valid bearer token is needed":
        "The token's signature or one of its claims does not hold." => "Get a token from the issuer for this service."
    TOKEN_EXPIRED "token_expired" UNAUTHORIZED "A valid bearer token is needed":
        "The token has expired." => "Get a new one."
    FORBIDDEN "forbidden" FORBIDDEN "Not allowed":
        "The token's roles do not allow the request; an account may ask about itself only."
        => "Use a token of a role that the route names."
    ACCOUNT_UNKNOWN "account_unknown" NOT_FOUND "The account is not known":
        "No user, referral or entry names the account." => "Check the name, and by `GET /sync-status` whether upstream's rows have been read."
    ADOPTION_UNKNOWN "adoption_unknown" NOT_FOUND "The adoption is not known":
        "No adoption with this id has been read." => "Check the id, and by `GET /sync-status` whether upstream's rows have been read."
    SNAPSHOT_UNKNOWN "snapshot_unknown" NOT_FOUND "There is no such snapshot":
        "No snapshot of this day is sealed." => "See `GET /snapshots` for those that are."
    ACCOUNT_NOT_IN_SNAPSHOT "account_not_in_snapshot" NOT_FOUND "The snapshot has no such line":
        "The account had no effective contribution on this day." => "Nothing: it has no share of that day."
    REQUEST_UNKNOWN "request_unknown" NOT_FOUND "There is no such request":
        "No operator request has this number." => "See `GET /operator-requests` for those there are."
    ROUTE_UNKNOWN "route_unknown" NOT_FOUND "There is nothing here":
        "There is no such route." => "See `/openapi.json` for those there are."
    METHOD_NOT_ALLOWED "method_not_allowed" METHOD_NOT_ALLOWED "The method is not allowed":
        "The route exists, but not with this method." => "Use a method that the header `Allow` names."
    PAYLOAD_TOO_LARGE "payload_too_large" PAYLOAD_TOO_LARGE "The request is too large":
        "The body is larger than 64 KiB." => "Send less at once."
    URI_TOO_LONG "uri_too_long" URI_TOO_LONG "The request is too large":
        "Path and query are longer than 8 KiB." => "Send less at once."
    UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "The body is of another type":
        "The body is not declared as JSON." => "Send `Content-Type: application/json`."
    TOO_MANY_REQUESTS "too_many_requests" TOO_MANY_REQUESTS "Too many requests":
        "The token's subject asks more often than it may." => "Wait for the seconds of `Retry-After`; ask for several accounts at once."
    INTERNAL "internal" INTERNAL_SERVER_ERROR "The service failed":
        "The service failed; what happened is in its log." => "Tell whoever runs the service, with the time of the request."
    DATABASE_UNAVAILABLE "database_unavailable" SERVICE_UNAVAILABLE "The database does not answer":
        "The database is away, or too busy to answer in time." => "Try again after the seconds of `Retry-After`."
    OVERLOADED "overloaded" SERVICE_UNAVAILABLE "Too many requests in hand":
        "As many requests as may be worked on at a time already are." => "Try again after the seconds of `Retry-After`."
    ENTRY_NOT_YET "entry_not_yet" CONFLICT "The entry is not carried out yet":
        "The entry that `minSeq` names was not carried out within two seconds." => "Try again after the seconds of `Retry-After`, or without `minSeq`."
    KEYS_UNAVAILABLE "keys_unavailable" SERVICE_UNAVAILABLE "Tokens cannot be checked":
        "The keys that tokens are signed with could not be read yet." => "Try again after the seconds of `Retry-After`."
    SIMULATION_BUSY "simulation_busy" SERVICE_UNAVAILABLE "Another simulation is running":
        "One plan is simulated at a time, and one is." => "Try again after the seconds of `Retry-After`."
    SIMULATION_TOO_LONG "simulation_too_long" SERVICE_UNAVAILABLE "The simulation takes too long":
        "The journal could not be gone through in the time that an answer may take."
        => "Use `contribctl simulate plan`, which takes as long as it needs."
    REQUEST_TIMEOUT "request_timeout" GATEWAY_TIMEOUT "It takes too long":
        "The answer could not be made in the time that a request may take." => "Try again later, or ask for less at once."
}
