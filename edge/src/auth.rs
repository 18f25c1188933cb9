//! Tokens: who a connection belongs to. A token is a JWT signed by a key that this edge knows;
//! which algorithm a key is used with is decided by the key, never by the token.

mod claims;
mod keys;
pub(crate) mod life;
#[cfg(test)]
mod tests;

use std::fmt;

use anyhow::bail;
use hyper::header::{AUTHORIZATION, HeaderMap};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode, decode_header, encode};
use serde_json::json;

use crate::clock::now_ms;
use crate::config::Tokens;

/// Longest token that is looked at, in bytes. Tokens with a few dozen roles stay far below.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The user id (`sub`).
    pub user: lua::id::UserId,
    /// The name shown to others; the user id where the token has none.
    pub name: String,
    /// Roles held in the whole platform.
    pub roles: Vec<String>,
    /// When the token ends, milliseconds since the epoch.
    pub expires_at_ms: u64,
}

/// Why a token was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    /// There was none. The client can come back with one.
    Missing,
    /// It is not ours, not a token, or says something that it may not say; the text tells which.
    /// The same token will never be taken.
    Invalid(&'static str),
    /// It was good once. The client can come back with a newer one.
    Expired,
}

impl Rejected {
    /// The code that the client sees in `data.code`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing-token",
            Self::Invalid(_) => "invalid-token",
            Self::Expired => "expired-token",
        }
    }

    /// A sentence for whoever reads the client's console.
    pub fn message(self) -> String {
        match self {
            Self::Missing => "a token is needed: auth.token or an Authorization header".to_owned(),
            Self::Invalid(reason) => format!("the token is not valid: {reason}"),
            Self::Expired => "the token has expired".to_owned(),
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for Rejected {}

/// Checks tokens against the keys of the settings. Made once; cheap to share behind an `Arc`.
pub struct Verifier {
    keys: Vec<keys::Key>,
    rules: claims::Rules,
}

impl Verifier {
    /// Reads the keys. Fails with a sentence where a file cannot be read or holds no usable key,
    /// and where there is no key at all.
    pub fn new(settings: &Tokens) -> anyhow::Result<Self> {
        let keys = keys::load(settings)?;
        if keys.is_empty() {
            bail!(
                "no key to check tokens with: set JWT_SECRET, JWT_PUBLIC_KEY_FILE or JWT_JWKS_FILE"
            );
        }
        Ok(Self { keys, rules: claims::Rules::new(settings) })
    }

    /// What the token says, if it may be believed now. `None` and an empty text are
    /// [`Rejected::Missing`]. Takes tens of microseconds and does not block.
    pub fn verify(&self, token: Option<&str>) -> Result<Claims, Rejected> {
        self.verify_at(token, now_ms())
    }

    fn verify_at(&self, token: Option<&str>, now_ms: u64) -> Result<Claims, Rejected> {
        let token = token.filter(|token| !token.is_empty()).ok_or(Rejected::Missing)?;
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Rejected::Invalid("it is too long"));
        }
        let header = decode_header(token)
            .map_err(|_| Rejected::Invalid("it is no signed JWT of a known algorithm"))?;
        if header.crit.is_some() {
            return Err(Rejected::Invalid("it names critical extensions, and none is supported"));
        }
        let mut reason = "no key here fits its algorithm and key id";
        for key in self.keys.iter().filter(|key| key.fits(header.alg, header.kid.as_deref())) {
            match decode::<claims::Raw>(token, &key.decoding, &key.validation) {
                Ok(data) => return self.rules.check(data.claims, now_ms),
                Err(error) => reason = explain(error.kind()),
            }
        }
        Err(Rejected::Invalid(reason))
    }
}

/// Signs tokens with the first secret: for tools and for the name login of development.
pub struct Signer(EncodingKey);

impl Signer {
    /// None where the settings have no secret, as with public keys only.
    pub fn new(settings: &Tokens) -> Option<Self> {
        let secret = settings.secrets().next()?;
        Some(Self(EncodingKey::from_secret(secret.as_bytes())))
    }

    /// An HS256 token of these claims.
    pub fn sign(&self, claims: &Claims) -> anyhow::Result<String> {
        let claims = json!({
            "sub": claims.user,
            "name": claims.name,
            "roles": claims.roles,
            "iat": now_ms() / 1000,
            "exp": claims.expires_at_ms / 1000,
        });
        Ok(encode(&Header::new(Algorithm::HS256), &claims, &self.0)?)
    }
}

/// The token of a request's `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn explain(error: &ErrorKind) -> &'static str {
    match error {
        ErrorKind::InvalidSignature => "the signature does not fit",
        ErrorKind::Json(_) | ErrorKind::Utf8(_) => "its claims are not what they should be",
        _ => "it cannot be read",
    }
}
