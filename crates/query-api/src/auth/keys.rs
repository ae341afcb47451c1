//! The keys that tokens are signed with, and what a token must say.
//!
//! A key is tied to one algorithm, so a token cannot choose how it is checked: HS256 goes with the shared secret,
//! RS256 and ES256 with the keys of a JWKS.

use std::fmt;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use runtime::settings::Auth;
use runtime::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Clocks may differ by so much.
const LEEWAY_SECONDS: u64 = 10;
/// A shorter secret can be guessed (RFC 7518, section 3.2).
const SECRET_BYTES: usize = 32;

/// What a token says.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    /// `account_sequence`, or the service's name.
    pub(super) sub: String,
    /// `account`, `service`, `operator`; others mean nothing here.
    #[serde(default)]
    pub(super) roles: Vec<String>,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It names a key that is not among these; a JWKS may have it by now.
    UnknownKey,
    /// Its time is over.
    Expired,
    /// It does not hold.
    Invalid,
}

/// A key, with the one algorithm that it is for.
pub(super) struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    checks_with: DecodingKey,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// What is checked of a token besides its signature.
#[derive(Debug)]
pub(super) struct Rules {
    issuer: Option<String>,
    audience: Option<String>,
}

impl Key {
    /// The shared secret.
    pub(super) fn of_secret(secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < SECRET_BYTES {
            tracing::warn!("auth.hs256_secret is shorter than {SECRET_BYTES} bytes: it can be guessed");
        }
        Self { id: None, algorithm: Algorithm::HS256, checks_with: DecodingKey::from_secret(secret) }
    }

    /// The keys of a JWKS that check RS256 or ES256 signatures; an error where there are none.
    pub(super) fn of_jwks(text: &str) -> Result<Vec<Self>, String> {
        let set: JwkSet = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let usable: Vec<Self> = set.keys.iter().filter_map(Self::of_jwk).collect();
        if usable.is_empty() {
            return Err("it has no RS256 or ES256 key to check signatures with".to_owned());
        }
        Ok(usable)
    }

    fn of_jwk(jwk: &Jwk) -> Option<Self> {
        let algorithm = match (&jwk.algorithm, jwk.common.key_algorithm) {
            (AlgorithmParameters::RSA(_), None | Some(KeyAlgorithm::RS256)) => Algorithm::RS256,
            (AlgorithmParameters::EllipticCurve(curve), None | Some(KeyAlgorithm::ES256))
                if curve.curve == EllipticCurve::P256 =>
            {
                Algorithm::ES256
            }
            _ => return None,
        };
        let signs = !matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption));
        let checks_with = DecodingKey::from_jwk(jwk).ok().filter(|_| signs)?;
        Some(Self { id: jwk.common.key_id.clone(), algorithm, checks_with })
    }
}

impl Rules {
    /// As they are set.
    pub(super) fn new(settings: &Auth) -> Self {
        Self { issuer: settings.issuer.clone(), audience: settings.audience.clone() }
    }

    /// What `token` says, if one of `keys` has signed it.
    pub(super) fn claims<'a>(
        &self,
        token: &str,
        keys: impl IntoIterator<Item = &'a Key>,
    ) -> Result<Claims, Refused> {
        let header = decode_header(token).map_err(|_| Refused::Invalid)?;
        let asymmetric = matches!(header.alg, Algorithm::RS256 | Algorithm::ES256);
        let mut refused =
            if asymmetric && header.kid.is_some() { Refused::UnknownKey } else { Refused::Invalid };
        for key in keys {
            let same_id = key.id.is_none() || header.kid.is_none() || key.id == header.kid;
            if key.algorithm != header.alg || !same_id {
                continue;
            }
            match decode::<Claims>(token, &key.checks_with, &self.validation(key.algorithm)) {
                Ok(token) => return Ok(token.claims),
                Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => {
                    refused = Refused::Expired;
                }
                Err(error) => {
                    tracing::debug!(%error, "token refused");
                    if refused == Refused::UnknownKey {
                        refused = Refused::Invalid;
                    }
                }
            }
        }
        Err(refused)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        let mut required = vec!["exp", "sub"];
        match &self.issuer {
            Some(issuer) => {
                validation.set_issuer(&[issuer]);
                required.push("iss");
            }
            None => validation.iss = None,
        }
        match &self.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                required.push("aud");
            }
            None => validation.validate_aud = false,
        }
        validation.set_required_spec_claims(&required);
        validation
    }
}
