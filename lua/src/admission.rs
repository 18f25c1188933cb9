//! Admission: how many connections a user may have, counted across all edges when one opens.
//!
//! A connection that was admitted, or of which that is not known, ends with the event
//! `user-disconnected`, which gives its place back.

use redis::RedisError;
use serde_json::json;

use crate::Redis;
use crate::id::{Partition, UserId};
use crate::key;
use crate::script::USER_ADMIT;

/// A connection that wants in.
#[derive(Debug, Clone, Copy)]
pub struct Seat<'a> {
    /// Whose it is.
    pub user: &'a UserId,
    /// Its public id.
    pub connection: &'a str,
    /// The edge that has it.
    pub edge: &'a str,
    /// What carries it: `polling` or `websocket`.
    pub transport: &'a str,
}

/// Whether a connection may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is in, since this time (milliseconds since the epoch).
    Admitted { at_ms: u64 },
    /// Its user has as many as there may be.
    TooMany,
    /// Redis is away: it is not in.
    Away,
}

/// Takes in a connection unless its user has `max` already. Taking in one that is in changes nothing.
///
/// After an error it may be in all the same.
pub async fn admit(redis: &Redis, seat: Seat<'_>, max: usize) -> Result<Admission, RedisError> {
    let partition = Partition::of(&key::user_entity(seat.user));
    let about = json!({
        "connectionId": seat.connection,
        "edge": seat.edge,
        "transport": seat.transport,
    })
    .to_string();
    let mut call = redis::cmd("EVALSHA");
    call.arg(USER_ADMIT.script.get_hash())
        .arg(2)
        .arg(key::UserKeys::new(seat.user).connections())
        .arg(key::seats(partition, seat.edge))
        .arg(seat.connection)
        // The last part is the room, which a connection of a user is not in.
        .arg(format!("{} {} ", seat.connection, seat.user))
        .arg(about.trim_end_matches('}'))
        .arg(max);
    let node = redis.node_of(partition);
    if !redis.is_up(node) {
        return Ok(Admission::Away);
    }
    let mut connection = redis.connection(node).await?;
    let answer = call.query_async::<u64>(&mut connection).await;
    let at_ms = answer.inspect_err(|problem| redis.mend(problem))?;
    Ok(if at_ms == 0 { Admission::TooMany } else { Admission::Admitted { at_ms } })
}
