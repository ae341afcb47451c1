//! Who asks: a bearer token's subject and roles, checked before any route.
//!
//! * [`keys`] checks a token's signature and claims;
//! * [`Access`] says what a route asks of a caller: an account reads its own contribution only.
//!
//! A route that says nothing cannot be written down ([`crate::routes`]), so what is not allowed is denied.

mod keys;

use actix_web::HttpRequest;
use actix_web::http::header;
use runtime::SettingsError;
use runtime::settings::{Auth, AuthMode};

use crate::parameters;
use crate::problem::Problem;
use keys::Keys;

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
    keys: Option<Keys>,
}

impl Authenticator {
    /// Reads the keys that tokens are signed with. Errs, naming the setting, where there are none.
    pub fn new(settings: &Auth) -> Result<Self, SettingsError> {
        settings.check()?;
        let keys = match settings.mode {
            AuthMode::Off => None,
            AuthMode::Jwt => Some(Keys::load(settings)?),
        };
        Ok(Self { keys })
    }

    /// The caller of `request`; without authentication, an operator.
    pub fn caller(&self, request: &HttpRequest) -> Result<Caller, Problem> {
        let Some(keys) = &self.keys else {
            return Ok(Caller { subject: String::new(), roles: vec![Role::Operator] });
        };
        let token = bearer_token(request)
            .ok_or_else(|| Problem::unauthorized("token_missing", "send `Authorization: Bearer …`"))?;
        let claims = keys.claims(token)?;
        let roles = claims.roles.iter().filter_map(|name| Role::parse(name)).collect();
        Ok(Caller { subject: claims.sub, roles })
    }
}

fn bearer_token(request: &HttpRequest) -> Option<&str> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let (scheme, token) = headers.next()?.to_str().ok()?.split_once(' ')?;
    let alone = headers.next().is_none();
    (alone && scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim())
}
