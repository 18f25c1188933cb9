//! Tokens as a back end would sign them, good and bad.

use std::time::{SystemTime, UNIX_EPOCH};

pub use jsonwebtoken::Algorithm;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

/// The secret that every edge of a [`crate::Stack`] verifies with: long enough for production.
pub const SECRET: &str = "a-secret-for-tests-that-is-long-enough-0123456789";

/// A token of this user with these platform roles, good for an hour.
pub fn of(user: &str, roles: &[&str]) -> String {
    sign(&json!({ "sub": user, "name": name(user), "roles": roles, "exp": now_s() + 3600 }))
}

/// The name that [`of`] puts into a user's token: shown to others.
pub fn name(user: &str) -> String {
    format!("{user} the tester")
}

/// These claims, signed with [`SECRET`] by HS256.
pub fn sign(claims: &Value) -> String {
    sign_with(Algorithm::HS256, SECRET, claims)
}

/// These claims, signed by this HMAC algorithm with this secret.
pub fn sign_with(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(algorithm), claims, &key).expect("HMAC signs any claims")
}

/// Now, in seconds since the epoch, as `exp` and `nbf` count.
pub fn now_s() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("the clock stands after 1970").as_secs()
}
