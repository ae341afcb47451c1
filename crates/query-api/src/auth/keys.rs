//! The keys that tokens are signed with, and what a token must say.
//!
//! A key is tied to one algorithm, so a token cannot choose how it is checked: HS256 goes with the shared secret,
//! RS256 and ES256 with the keys of the JWKS.

use std::fmt;
use std::fs;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use runtime::settings::Auth;
use runtime::{ExposeSecret, SettingsError};
use serde::Deserialize;

use crate::problem::Problem;

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

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    checks_with: DecodingKey,
}

/// The keys, and what else is checked of a token.
pub(super) struct Keys {
    known: Vec<Key>,
    issuer: Option<String>,
    audience: Option<String>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys", self.known.len())
    }
}

impl Keys {
    /// The secret and the keys of the JWKS file, as far as they are set.
    pub(super) fn load(settings: &Auth) -> Result<Self, SettingsError> {
        if settings.jwks_url.is_some() {
            return Err(SettingsError::new("auth.jwks_url", "give the keys as auth.jwks_file"));
        }
        let mut keys = Vec::new();
        if let Some(secret) = &settings.hs256_secret {
            let secret = secret.expose_secret().as_bytes();
            if secret.len() < SECRET_BYTES {
                tracing::warn!("auth.hs256_secret is shorter than {SECRET_BYTES} bytes: it can be guessed");
            }
            keys.push(Key {
                id: None,
                algorithm: Algorithm::HS256,
                checks_with: DecodingKey::from_secret(secret),
            });
        }
        if let Some(path) = &settings.jwks_file {
            let refused = |why: String| SettingsError::new("auth.jwks_file", format_args!("{path}: {why}"));
            let text = fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
            let set: JwkSet = serde_json::from_str(&text).map_err(|error| refused(error.to_string()))?;
            let usable = set.keys.iter().filter_map(key).collect::<Vec<_>>();
            if usable.is_empty() {
                return Err(refused("it has no RS256 or ES256 key to check signatures with".to_owned()));
            }
            keys.extend(usable);
        }
        let (issuer, audience) = (settings.issuer.clone(), settings.audience.clone());
        Ok(Self { known: keys, issuer, audience })
    }

    /// What `token` says, if it is to be believed.
    pub(super) fn claims(&self, token: &str) -> Result<Claims, Problem> {
        let refused = || Problem::unauthorized("token_invalid", "the token cannot be believed");
        let header = decode_header(token).map_err(|_| refused())?;
        let fits = |key: &&Key| {
            key.algorithm == header.alg && (key.id.is_none() || header.kid.is_none() || key.id == header.kid)
        };
        let mut problem = refused();
        for key in self.known.iter().filter(fits) {
            match decode::<Claims>(token, &key.checks_with, &self.validation(key.algorithm)) {
                Ok(token) => return Ok(token.claims),
                Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => {
                    problem = Problem::unauthorized("token_expired", "the token has expired");
                }
                Err(error) => tracing::debug!(%error, "token refused"),
            }
        }
        Err(problem)
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

/// A key for checking RS256 or ES256 signatures; none where it is for something else.
fn key(jwk: &Jwk) -> Option<Key> {
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
    Some(Key { id: jwk.common.key_id.clone(), algorithm, checks_with })
}
