//! One route as an OpenAPI operation.

use std::collections::BTreeMap;

use domain::SystemAccount;
use domain::schema::ACCOUNT_PATTERN;
use serde_json::Value;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{
    Operation, OperationBuilder, Parameter as Described, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{KnownFormat, SchemaFormat, SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    Content, ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
    Schema,
};

use super::BEARER;
use super::spec::{Gives, Schemas};
use crate::codes::{self, Code};
use crate::parameters::{DEFAULT_LIMIT, EVERYWHERE, Kind, MAX_LIMIT, Parameter};
use crate::problem;
use crate::routes::Endpoint;

/// What any request may meet.
const ALWAYS: [&Code; 11] = [
    &codes::TOKEN_MISSING,
    &codes::TOKEN_INVALID,
    &codes::TOKEN_EXPIRED,
    &codes::FORBIDDEN,
    &codes::INTERNAL,
    &codes::DATABASE_UNAVAILABLE,
    &codes::TOO_MANY_REQUESTS,
    &codes::OVERLOADED,
    &codes::ENTRY_NOT_YET,
    &codes::KEYS_UNAVAILABLE,
    &codes::REQUEST_TIMEOUT,
];

/// The operation of a route, with the answer to the worked example where there is one.
pub(super) fn of(endpoint: &Endpoint, example: Option<&Value>, schemas: &mut Schemas) -> Operation {
    let spec = &endpoint.spec;
    let mut operation = OperationBuilder::new()
        .summary(Some(spec.summary))
        .operation_id(Some(endpoint.name()))
        .tag(tag(endpoint.path))
        .security(SecurityRequirement::new(BEARER, Vec::<String>::new()))
        .extensions(Some(ExtensionsBuilder::new().add("x-roles", endpoint.access.roles()).build()));
    if !spec.about.is_empty() {
        operation = operation.description(Some(spec.about));
    }
    for parameter in path_parameters(endpoint.path) {
        operation = operation.parameter(parameter);
    }
    for parameter in spec.query.iter().chain(&EVERYWHERE) {
        operation = operation.parameter(query_parameter(parameter));
    }
    if let Some(body) = spec.body {
        let content = Content::new(Some(RefOr::Ref(body(schemas))));
        let body =
            RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    let (status, answer) = gives(&spec.gives, example, schemas);
    operation = operation.response(status, answer);
    if matches!(spec.gives, Gives::Validated(_)) {
        let known = ParameterBuilder::new()
            .name("If-None-Match")
            .parameter_in(ParameterIn::Header)
            .description(Some("The `ETag` of an answer that the client has"))
            .schema(Some(text()));
        operation = operation.parameter(known).response("304", Response::new("It is still the same"));
    }
    for (status, codes) in problems(endpoint) {
        operation = operation.response(status.to_string(), refusal(&codes));
    }
    operation.build()
}

/// The first segment, without a verb behind it.
fn tag(path: &str) -> &str {
    path[1..].split(['/', ':']).next().unwrap_or_default()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::String))
}

fn date() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
}

fn whole_number() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::Integer))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .maximum(Some(i64::MAX))
}

/// In a snapshot the system accounts have lines too.
fn account(path: &str) -> ObjectBuilder {
    let pattern = if path.starts_with("/snapshots/") {
        let system = SystemAccount::ALL.map(SystemAccount::ledger_name).join("|");
        format!("^({system})$|{ACCOUNT_PATTERN}")
    } else {
        ACCOUNT_PATTERN.to_owned()
    };
    text().pattern(Some(pattern))
}

fn path_parameters(path: &'static str) -> impl Iterator<Item = Described> {
    let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    names.map(move |name| {
        let (about, schema) = match name {
            "date" => ("A day", date()),
            "originalAdoptionId" => {
                let uuid = SchemaFormat::KnownFormat(KnownFormat::Uuid);
                ("Upstream's id of the adoption", text().format(Some(uuid)))
            }
            "requestId" => ("The number of a request", whole_number().minimum(Some(1))),
            _ => ("The account; in snapshots also a system account as `SYS-…`", account(path)),
        };
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(about))
            .schema(Some(schema))
            .build()
    })
}

fn query_parameter(parameter: &Parameter) -> Described {
    let schema = match parameter.kind {
        Kind::Text | Kind::Cursor => text(),
        Kind::Day => date(),
        Kind::OneOf(words) => text().enum_values(Some(words.iter().copied())),
        Kind::Seq => whole_number().minimum(Some(0)),
        Kind::Limit => {
            whole_number().minimum(Some(1)).maximum(Some(MAX_LIMIT)).default(Some(DEFAULT_LIMIT.into()))
        }
    };
    ParameterBuilder::new()
        .name(parameter.name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(parameter.about))
        .schema(Some(schema))
        .build()
}

fn gives(gives: &Gives, example: Option<&Value>, schemas: &mut Schemas) -> (&'static str, Response) {
    let json = |schema: Ref| {
        ContentBuilder::new().schema(Some(RefOr::Ref(schema))).example(example.cloned()).build()
    };
    let header = |about: &str, schema: ObjectBuilder| {
        HeaderBuilder::new().schema(Some(schema)).description(Some(about)).build()
    };
    let ok = ResponseBuilder::new().description("As asked");
    match gives {
        Gives::Json(schema) => ("200", ok.content("application/json", json(schema(schemas))).build()),
        Gives::Validated(schema) => {
            let tag = header("To be sent as `If-None-Match` next time", text());
            ("200", ok.header("ETag", tag).content("application/json", json(schema(schemas))).build())
        }
        Gives::Created(schema) => {
            let location = header("Where it stands", text());
            let made = ResponseBuilder::new().description("It is noted").header("Location", location);
            ("201", made.content("application/json", json(schema(schemas))).build())
        }
        Gives::Csv => {
            let number = ObjectBuilder::new().schema_type(SchemaType::new(Type::Integer));
            let through = header("The entry through which the lines are given", number);
            let lines = Content::new(Some(RefOr::T(Schema::Object(text().build()))));
            let ok = ok.header("x-distribution-seq", through);
            ("200", ok.content("text/csv", lines).build())
        }
    }
}

/// What a request may be refused with, by status.
fn problems(endpoint: &Endpoint) -> BTreeMap<u16, Vec<&'static Code>> {
    let spec = &endpoint.spec;
    let mut all = ALWAYS.to_vec();
    all.extend([&codes::UNKNOWN_PARAMETER, &codes::INVALID_QUERY, &codes::URI_TOO_LONG]);
    all.extend([&codes::ROUTE_UNKNOWN, &codes::METHOD_NOT_ALLOWED, &codes::PAYLOAD_TOO_LARGE]);
    all.extend(path_parameters(endpoint.path).map(|parameter| match parameter.name.as_str() {
        "date" => &codes::INVALID_DATE,
        "originalAdoptionId" => &codes::INVALID_ADOPTION_ID,
        "requestId" => &codes::INVALID_VALUE,
        _ => &codes::INVALID_ACCOUNT_SEQUENCE,
    }));
    all.extend(spec.query.iter().chain(&EVERYWHERE).filter_map(|parameter| parameter.kind.refusal()));
    if spec.body.is_some() {
        all.extend([&codes::INVALID_BODY, &codes::UNSUPPORTED_MEDIA_TYPE]);
    }
    all.extend(spec.problems);
    let mut by_status = BTreeMap::<u16, Vec<&'static Code>>::new();
    for code in all {
        let known = by_status.entry(code.status.as_u16()).or_default();
        if !known.contains(&code) {
            known.push(code);
        }
    }
    by_status
}

fn refusal(codes: &[&Code]) -> Response {
    let names: Vec<String> = codes.iter().map(|code| format!("`{}`", code.code)).collect();
    let body = Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem"))));
    ResponseBuilder::new().description(names.join(", ")).content(problem::MEDIA_TYPE, body).build()
}
