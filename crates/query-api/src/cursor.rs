//! Where the next page of a listing begins: opaque to clients, and refused where it is not one of ours or belongs to
//! another listing.
//!
//! Base64url of: the last row's key (8 or 16 bytes, or a name), then a tag of 8 bytes over the listing, its filters and the key.
//! The tag guards against mistakes, not against malice: a made-up cursor shows nothing that a page would not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::codes;
use crate::problem::Problem;

const TAG_BYTES: usize = 8;

/// A listing with its filters: cursors of one are refused by another.
#[derive(Debug, Clone)]
pub struct Listing(String);

impl Listing {
    /// `name` with everything that selects rows, but not the limit.
    pub fn new(name: &str, filters: impl std::fmt::Debug) -> Self {
        Self(format!("{name} {filters:?}"))
    }

    /// The cursor behind the row with this UUID.
    pub fn after_uuid(&self, key: Uuid) -> String {
        self.encode(key.as_bytes())
    }

    /// The cursor behind the row with this number.
    pub fn after_number(&self, key: i64) -> String {
        self.encode(&key.to_be_bytes())
    }

    /// The cursor behind the row with this name.
    pub fn after_name(&self, key: &str) -> String {
        self.encode(key.as_bytes())
    }

    /// The UUID of a cursor.
    pub fn uuid(&self, cursor: &str) -> Result<Uuid, Problem> {
        self.decode(cursor).map(Uuid::from_bytes)
    }

    /// The number of a cursor.
    pub fn number(&self, cursor: &str) -> Result<i64, Problem> {
        self.decode(cursor).map(i64::from_be_bytes)
    }

    /// The name of a cursor.
    pub fn name(&self, cursor: &str) -> Result<String, Problem> {
        String::from_utf8(self.key(cursor)?).map_err(|_| refused("it is not a cursor"))
    }

    fn encode(&self, key: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode([key, &self.tag(key)].concat())
    }

    fn decode<const N: usize>(&self, cursor: &str) -> Result<[u8; N], Problem> {
        self.key(cursor)?.try_into().map_err(|_| refused("it is not a cursor"))
    }

    fn key(&self, cursor: &str) -> Result<Vec<u8>, Problem> {
        let mut bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused("it is not a cursor"))?;
        let key = bytes.len().checked_sub(TAG_BYTES).ok_or_else(|| refused("it is not a cursor"))?;
        if bytes.split_off(key) != self.tag(&bytes) {
            return Err(refused("it belongs to another listing, or to other filters"));
        }
        Ok(bytes)
    }

    /// FNV-1a, which stays the same from build to build.
    fn tag(&self, key: &[u8]) -> [u8; TAG_BYTES] {
        let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        self.0.as_bytes().iter().chain(key).fold(0xcbf2_9ce4_8422_2325, mix).to_be_bytes()
    }
}

fn refused(why: &str) -> Problem {
    Problem::parameter(&codes::INVALID_CURSOR, "cursor", why)
}
