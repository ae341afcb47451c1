//! How names and numbers look in an OpenAPI document: as the text that serde writes.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::account::AccountSequence;
use crate::amount::Amount;
use crate::apportion::Ratio;
use crate::merkle::Hash;
use crate::plan::PlanVersion;
use crate::pricing::Price;
use crate::rate::Rate;

/// [`AccountSequence::parse`] as a regular expression of JSON Schema.
pub const ACCOUNT_PATTERN: &str = r"^(?!SYS-)[^/\u2026\s\u0000-\u001f\u007f-\u009f]{1,20}$";

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::String))
}

macro_rules! schema {
    ($type:ident: $about:literal, $object:expr) => {
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $object.description(Some($about)).into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                stringify!($type).into()
            }
        }
    };
}

schema!(Amount: "Exact, with 10 places", text().pattern(Some(r"^-?[0-9]+\.[0-9]{10}$")));
schema!(Price: "The contribution of one tree, exact, with 10 places", text().pattern(Some(r"^[0-9]+\.[0-9]{10}$")));
schema!(Rate: "A share of a base, with 6 places", text().pattern(Some(r"^-?[0-9]+\.[0-9]{6}$")));
schema!(Ratio: "A share of a whole, with 18 places", text().pattern(Some(r"^[0-9]+\.[0-9]{18}$")));
schema!(Hash: "SHA-256 in lower-case hexadecimal digits", text().pattern(Some("^[0-9a-f]{64}$")));
schema!(
    AccountSequence: "The name of an account: no white space, no control character, not `/`, `…` or a first `SYS-`",
    text().pattern(Some(ACCOUNT_PATTERN))
);
schema!(
    PlanVersion: "The version of a plan",
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::Integer))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
);
