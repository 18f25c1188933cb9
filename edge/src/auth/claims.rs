//! The claims of a token whose signature was found good: what is asked of each.

use lua::limit::NAME_LENGTH_MAX;
use lua::payload::tidy_name;
use serde::Deserialize;
use serde_json::Value;

use super::{Claims, Rejected};
use crate::config::Tokens;

/// Most roles that one token may hold.
const ROLES_MAX: usize = 64;
/// Longest role, in bytes.
const ROLE_LENGTH_MAX: usize = 64;
/// The end of the year 9999: what lies behind it (an `exp` given in milliseconds, say) is brought
/// down to it, so that no later arithmetic on the time can overflow.
const EXPIRES_AT_MAX_MS: u64 = 253_402_300_799_999;

/// The claims as they stand in the token. Values keep their JSON type, because a wrong type is an
/// answer of its own and not a parse failure.
#[derive(Deserialize)]
pub(super) struct Raw {
    sub: Option<Value>,
    exp: Option<Value>,
    nbf: Option<Value>,
    iss: Option<Value>,
    aud: Option<Value>,
    name: Option<Value>,
    roles: Option<Value>,
    role: Option<Value>,
}

/// What is asked of the claims beyond their form.
pub(super) struct Rules {
    leeway_ms: u64,
    issuers: Vec<String>,
    audiences: Vec<String>,
}

impl Rules {
    pub fn new(settings: &Tokens) -> Self {
        Self {
            leeway_ms: settings.jwt_leeway_seconds * 1000,
            issuers: settings.issuers().map(str::to_owned).collect(),
            audiences: settings.audiences().map(str::to_owned).collect(),
        }
    }

    /// Leeway counts here, when a token is accepted; `expires_at_ms` is the claim's own time.
    pub fn check(&self, raw: Raw, now_ms: u64) -> Result<Claims, Rejected> {
        let expires_at_ms =
            time_ms(raw.exp).ok_or(Rejected::Invalid("exp is missing or no number of seconds"))?;
        if now_ms >= expires_at_ms.saturating_add(self.leeway_ms) {
            return Err(Rejected::Expired);
        }
        if let Some(nbf) = present(raw.nbf) {
            let from_ms =
                time_ms(Some(nbf)).ok_or(Rejected::Invalid("nbf is no number of seconds"))?;
            if now_ms.saturating_add(self.leeway_ms) < from_ms {
                return Err(Rejected::Invalid("it is not valid yet (nbf)"));
            }
        }
        if !self.issuers.is_empty() && !names_one_of(raw.iss.as_ref(), &self.issuers) {
            return Err(Rejected::Invalid("iss is not the issuer that is expected here"));
        }
        if !self.audiences.is_empty() && !names_one_of(raw.aud.as_ref(), &self.audiences) {
            return Err(Rejected::Invalid("aud does not name this service"));
        }
        let user = raw
            .sub
            .as_ref()
            .and_then(Value::as_str)
            .and_then(|sub| sub.parse::<lua::id::UserId>().ok())
            .ok_or(Rejected::Invalid(
                "sub must be 1 to 128 characters of A-Z a-z 0-9 . _ : @ | + = / -",
            ))?;
        let name = name(raw.name)?.unwrap_or_else(|| user.as_str().to_owned());
        Ok(Claims { user, name, roles: roles(raw.roles, raw.role)?, expires_at_ms })
    }
}

/// A claim that is `null` counts as left out.
fn present(claim: Option<Value>) -> Option<Value> {
    claim.filter(|value| !value.is_null())
}

/// Seconds since the epoch, whole or with a fraction, as milliseconds.
fn time_ms(claim: Option<Value>) -> Option<u64> {
    let seconds = claim?.as_f64()?;
    // The cast saturates: below zero is 0, above the range is the maximum.
    Some(((seconds * 1000.0) as u64).min(EXPIRES_AT_MAX_MS))
}

/// `iss` is a string, `aud` a string or an array of them: one must be among those allowed.
fn names_one_of(claim: Option<&Value>, allowed: &[String]) -> bool {
    let is_allowed = |value: &Value| {
        value.as_str().is_some_and(|text| allowed.iter().any(|allowed| allowed == text))
    };
    match claim {
        Some(Value::Array(values)) => values.iter().any(is_allowed),
        Some(value) => is_allowed(value),
        None => false,
    }
}

/// The name in NFC; `None` where it is left out or blank.
fn name(claim: Option<Value>) -> Result<Option<String>, Rejected> {
    let Some(claim) = present(claim) else { return Ok(None) };
    let name = claim.as_str().ok_or(Rejected::Invalid("name must be a string"))?;
    if name.trim().is_empty() {
        return Ok(None);
    }
    // A name stands in a line with others, so unlike a text it has no line ends and tabs.
    let is_one_line = !name.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    let tidy = is_one_line.then(|| tidy_name(name, NAME_LENGTH_MAX).ok()).flatten();
    tidy.map(Some).ok_or(Rejected::Invalid(
        "name is too long, or holds control characters or direction overrides",
    ))
}

/// The array `roles` and the single string `role` together, each role once.
fn roles(list: Option<Value>, single: Option<Value>) -> Result<Vec<String>, Rejected> {
    let mut values = match present(list) {
        None => Vec::new(),
        Some(Value::Array(values)) => values,
        Some(_) => return Err(Rejected::Invalid("roles must be an array of strings")),
    };
    values.extend(present(single));
    let mut roles = Vec::new();
    for value in values {
        let Value::String(role) = value else {
            return Err(Rejected::Invalid("a role must be a string"));
        };
        if is_usable(&role) && !roles.contains(&role) {
            roles.push(role);
        }
    }
    if roles.len() > ROLES_MAX {
        return Err(Rejected::Invalid("it holds more than 64 roles"));
    }
    Ok(roles)
}

/// Roles travel in lists. One that could break such a list cannot be asked for by any rule either,
/// so it is passed over: identity providers put all kinds of groups here.
fn is_usable(role: &str) -> bool {
    (1..=ROLE_LENGTH_MAX).contains(&role.len())
        && !role
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, ',' | '"' | '\\'))
}
