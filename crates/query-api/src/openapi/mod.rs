//! The OpenAPI document, made of the table of routes and of the types that are sent; and the pages that show it.

mod operation;
mod pages;
pub(crate) mod spec;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Info, License, OpenApi, OpenApiBuilder, PathItem, Paths, RefOr, Schema};

use crate::routes::{ENDPOINTS, PREFIX};

pub(crate) use pages::configure;

/// Name of the one security scheme.
const BEARER: &str = "bearer";
/// Answers of the routes to the worked example of RULES section 9, by method and path.
const EXAMPLES: &str = include_str!("examples.json");
const ABOUT: &str = "What the contribution service knows, for people and other services.\n\n\
    * **Amounts**, rates and ratios are decimal strings, exact, with 10, 6 and 18 places and no exponent. Days are \
    `YYYY-MM-DD`, by the calendar of the business day; times are RFC 3339 in UTC.\n\
    * **`asOf`** says through what an answer holds: the epoch of the published ledger, the source time before which \
    every upstream change has been read, and the entry through which all has been carried out.\n\
    * **Lists** come in pages: send `nextCursor` as `cursor`, with the same filters, until it is null.\n\
    * **Errors** are `application/problem+json` (RFC 9457) with a stable `code`.\n\
    * **Roles**: `account` reads what is its own, `service` everything but what is the operators', `operator` all. Each \
    operation names its roles in `x-roles`.";

/// The document.
pub static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(document);

fn document() -> OpenApi {
    let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).unwrap_or_default();
    let mut schemas = Vec::new();
    spec::schema::<crate::problem::Body<'_>>(&mut schemas);
    let mut paths = Paths::new();
    for endpoint in &ENDPOINTS {
        let example = examples.get(&format!("{} {}", endpoint.method, endpoint.path));
        let operation = operation::of(endpoint, example, &mut schemas);
        let item = PathItem::new(endpoint.http_method(), operation);
        let path = format!("{PREFIX}{}", endpoint.path);
        match paths.paths.get_mut(&path) {
            Some(known) => known.merge_operations(item),
            None => {
                paths.paths.insert(path, item);
            }
        }
    }
    let mut components = Components::new();
    components.schemas = named(schemas);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    let mut info = Info::new("Contribution Service", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    info.license = Some(License::new("Apache-2.0"));
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build()
}

/// One schema a name.
///
/// # Panics
/// Where two types share a name: that is seen by every test that reads the document.
fn named(schemas: spec::Schemas) -> BTreeMap<String, RefOr<Schema>> {
    let mut named = BTreeMap::new();
    for (name, schema) in schemas {
        if let Some(other) = named.insert(name.clone(), schema.clone()) {
            assert!(other == schema, "two schemas are named {name}");
        }
    }
    named
}
