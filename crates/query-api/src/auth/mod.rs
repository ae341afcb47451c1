//! Who asks: a bearer token's subject and roles, checked before any route.
//!
//! * [`keys`] checks a token's signature and claims;
//! * [`jwks`] follows where the keys come from;
//! * [`Access`] says what a route asks of a caller: an account reads its own contribution only.
//!
//! A route that says nothing cannot be written down ([`crate::routes`]), so what is not allowed is denied.

mod jwks;
mod keys;

use actix_web::HttpRequest;
use actix_web::http::header;
use runtime::settings::{Auth, AuthMode};
use runtime::{Health, SettingsError};

use crate::codes;
use crate::parameters;
use crate::problem::Problem;
use jwks::Jwks;
use keys::{Claims, Key, Refused, Rules};

/// What a caller may be. A token may name several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A user, whose account is the token's subject.
    Account,
    /// Another service.
    Service,
    /// A person who runs this one.
    Operator,
}

impl Role {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "account" => Some(Self::Account),
            "service" => Some(Self::Service),
            "operator" => Some(Self::Operator),
            _ => None,
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    subject: String,
    roles: Vec<Role>,
}

impl Caller {
    /// An account's sequence, or a name; empty where nobody is asked for one.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A service or an operator, or the account that the path names.
    Own,
    /// A service or an operator.
    Services,
    /// An operator.
    Operators,
}

impl Access {
    /// The roles that may come, as a token names them.
    pub fn roles(self) -> &'static [&'static str] {
        match self {
            Self::Own => &["account", "service", "operator"],
            Self::Services => &["service", "operator"],
            Self::Operators => &["operator"],
        }
    }

    /// Whether `caller` may make `request`.
    pub fn allows(self, caller: &Caller, request: &HttpRequest) -> bool {
        let is = |role| caller.roles.contains(&role);
        match self {
            Self::Operators => is(Role::Operator),
            Self::Services => is(Role::Operator) || is(Role::Service),
            Self::Own => {
                let own =
                    || parameters::account(request).is_ok_and(|account| account.as_str() == caller.subject);
                Self::Services.allows(caller, request) || is(Role::Account) && own()
            }
        }
    }
}

/// Tells callers from strangers.
#[derive(Debug)]
pub struct Authenticator {
    /// None where everybody may do everything.
    tokens: Option<Tokens>,
}

/// How tokens are checked.
#[derive(Debug)]
struct Tokens {
    rules: Rules,
    secret: Option<Key>,
    jwks: Vec<Jwks>,
}

impl Authenticator {
    /// Reads the keys that tokens are signed with. Errs, naming the setting, where there are none.
    pub fn new(settings: &Auth) -> Result<Self, SettingsError> {
        settings.check()?;
        let tokens = match settings.mode {
            AuthMode::Off => None,
            AuthMode::Jwt => Some(Tokens {
                rules: Rules::new(settings),
                secret: settings.hs256_secret.as_ref().map(Key::of_secret),
                jwks: Jwks::all(settings)?,
            }),
        };
        Ok(Self { tokens })
    }

    /// Follows the keys, for ever. Ready once every JWKS has been read.
    pub async fn keep(&self, health: &Health) {
        let jwks = self.tokens.iter().flat_map(|tokens| &tokens.jwks);
        let kept = jwks.enumerate().map(|(place, jwks)| {
            let readiness = health.part(format!("keys {}", place + 1));
            async move { jwks.keep(&readiness).await }
        });
        futures::future::join_all(kept).await;
    }

    /// The caller of `request`; without authentication, an operator.
    pub async fn caller(&self, request: &HttpRequest) -> Result<Caller, Problem> {
        let Some(tokens) = &self.tokens else {
            return Ok(Caller { subject: String::new(), roles: vec![Role::Operator] });
        };
        let token = bearer_token(request).ok_or_else(|| Problem::of(&codes::TOKEN_MISSING))?;
        let claims = tokens.claims(token).await?;
        let roles = claims.roles.iter().filter_map(|name| Role::parse(name)).collect();
        Ok(Caller { subject: claims.sub, roles })
    }
}

impl Tokens {
    async fn claims(&self, token: &str) -> Result<Claims, Problem> {
        let mut found = self.check(token);
        if matches!(found, Err(Refused::UnknownKey)) {
            for jwks in &self.jwks {
                jwks.look_for_unknown().await;
            }
            found = self.check(token);
        }
        found.map_err(|refused| match refused {
            Refused::Expired => Problem::of(&codes::TOKEN_EXPIRED),
            Refused::UnknownKey if self.jwks.iter().any(|jwks| jwks.keys().is_empty()) => {
                Problem::of(&codes::KEYS_UNAVAILABLE)
            }
            Refused::UnknownKey | Refused::Invalid => Problem::of(&codes::TOKEN_INVALID),
        })
    }

    fn check(&self, token: &str) -> Result<Claims, Refused> {
        let public: Vec<_> = self.jwks.iter().map(Jwks::keys).collect();
        self.rules.claims(token, self.secret.iter().chain(public.iter().flat_map(|keys| keys.iter())))
    }
}

fn bearer_token(request: &HttpRequest) -> Option<&str> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let (scheme, token) = headers.next()?.to_str().ok()?.split_once(' ')?;
    let alone = headers.next().is_none();
    (alone && scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim())
}
