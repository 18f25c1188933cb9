//! The users that a measurement speaks as: each client is one of its own.

use std::time::Duration;

use edge::auth::Signer;
use lua::id::UserId;

use crate::failure::Failure;
use crate::token;

/// How long the clients' tokens are good.
const TOKEN_TTL: Duration = Duration::from_secs(24 * 3_600);

/// A user that is no client's.
pub const HOST: &str = "bench-host";

/// The user of a client.
pub fn name(connection: u32) -> String {
    format!("bench-{connection:06}")
}

/// A token for each of `count` clients.
pub fn tokens(secret: &str, count: u32) -> Result<Vec<String>, Failure> {
    let signer = token::signer(secret)?;
    (0..count).map(|connection| sign(&signer, name(connection))).collect()
}

/// A token for a user of any name.
pub fn token(secret: &str, name: &str) -> Result<String, Failure> {
    sign(&token::signer(secret)?, name.to_owned())
}

fn sign(signer: &Signer, name: String) -> Result<String, Failure> {
    let user: UserId = name.parse().map_err(Failure::settings)?;
    token::sign(signer, user, name, Vec::new(), TOKEN_TTL)
}
