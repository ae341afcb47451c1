//! What a route says about itself beside its path, method and roles; stands with its handler.

use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

use crate::codes::Code;
use crate::parameters::Parameter;

/// Schemas by name, as they are met.
pub(crate) type Schemas = Vec<(String, RefOr<Schema>)>;
/// Notes the schemas of a type and refers to it.
pub(crate) type SchemaOf = fn(&mut Schemas) -> Ref;

/// What a route says about itself.
#[derive(Debug)]
pub struct Spec {
    /// In half a line.
    pub(crate) summary: &'static str,
    /// What the answer does not say itself.
    pub(crate) about: &'static str,
    /// The query parameters that it takes; any other is refused.
    pub(crate) query: &'static [Parameter],
    /// The JSON that it takes.
    pub(crate) body: Option<SchemaOf>,
    /// What it gives.
    pub(crate) gives: Gives,
    /// Codes of its own, beside those of its parameters, its body and its path.
    pub(crate) problems: &'static [&'static Code],
}

/// What a route gives.
#[derive(Debug)]
pub(crate) enum Gives {
    /// 200.
    Json(SchemaOf),
    /// 200, or 304 where the client has it already.
    Validated(SchemaOf),
    /// 201, and where it stands.
    Created(SchemaOf),
    /// 200, of the lines through the entry in `x-distribution-seq`.
    Csv,
}

impl Spec {
    /// One that takes nothing.
    pub(crate) const fn new(summary: &'static str, gives: Gives) -> Self {
        Self { summary, about: "", query: &[], body: None, gives, problems: &[] }
    }
}

/// The schema of `T`, under its name.
pub(crate) fn schema<T: ToSchema>(schemas: &mut Schemas) -> Ref {
    let name = T::name().into_owned();
    T::schemas(schemas);
    schemas.push((name.clone(), T::schema()));
    Ref::from_schema_name(name)
}

/// The schema of a page of `T`s.
pub(crate) fn listed<T: ToSchema>(schemas: &mut Schemas) -> Ref {
    let items = ArrayBuilder::new().items(schema::<T>(schemas));
    let cursor = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("Where the next page begins; null on the last"));
    let page = ObjectBuilder::new()
        .property("items", items)
        .required("items")
        .property("nextCursor", cursor)
        .required("nextCursor");
    let name = format!("PageOf{}", T::name());
    schemas.push((name.clone(), page.into()));
    Ref::from_schema_name(name)
}
