//! The ingress: events that back ends write into one stream, which one worker relays into the intakes.
//!
//! ```text
//! rt:ingress  1795413580061-0
//!   event       send-message
//!   payload     {"roomId":"algorithms","content":"Hi"}
//!   as          ann              the user; `service` where it is left out
//!   request_id  0f8c…            the payload's `requestId`, where that has none
//! ```

use std::collections::HashMap;
use std::time::Duration;

use redis::{Cmd, RedisError, Value};
use serde_json::value::RawValue;
use tokio::time::timeout;

use crate::door::{self, Sender, Way};
use crate::id::{EventId, UserId};
use crate::key;
use crate::lease::{self, call};
use crate::limit::PAYLOAD_BYTES_MAX;
use crate::record;
use crate::refusal::{Code, Refusal};
use crate::relay::{Parcel, Refused};
use crate::script::{INGRESS_ADVANCE, LEASE_RELEASE, LEASE_RENEW};
use crate::term::Mark;
use crate::topology::{Exclusive, Redis};

/// The role in which events of back ends come in, and who sends them where nobody is named.
pub const SERVICE: &str = "service";

/// How much longer than asked for a blocking read may take.
const READ_SLACK: Duration = Duration::from_secs(2);

/// [`SERVICE`] as a user.
pub fn service() -> UserId {
    SERVICE.parse().expect("it is an id")
}

/// The call that takes the ingress where nobody relays it; its reply is that of
/// [`crate::lease::Lease::take`].
pub fn take(worker: &str, lease_ms: u64, known: Mark) -> Cmd {
    let keys = [key::INGRESS_POSITION, key::INGRESS].map(str::to_owned);
    let mut cmd = lease::take(&keys, worker, lease_ms, known);
    // Nothing is published of it.
    cmd.arg("");
    cmd
}

/// The call that keeps the ingress for another lease; 1, or 0 where it was lost.
pub fn renew(fence: u64, lease_ms: u64) -> Cmd {
    let mut cmd = call(LEASE_RENEW.script.get_hash(), &[key::INGRESS_POSITION.to_owned()]);
    cmd.arg(fence).arg(lease_ms);
    cmd
}

/// The call that hands the ingress over at once.
pub fn release(fence: u64) -> Cmd {
    let mut cmd = call(LEASE_RELEASE.script.get_hash(), &[key::INGRESS_POSITION.to_owned()]);
    cmd.arg(fence);
    cmd
}

/// The call that notes that `count` more entries are relayed, up to `relayed`, and trims the ingress, so that
/// at least `keep` relayed entries stay.
pub fn advance(fence: u64, relayed: EventId, count: usize, keep: u64) -> Cmd {
    let keys = [key::INGRESS_POSITION, key::INGRESS].map(str::to_owned);
    let mut cmd = call(INGRESS_ADVANCE.script.get_hash(), &keys);
    cmd.arg(fence).arg(relayed.to_string()).arg(count).arg(keep);
    cmd
}

/// Waits for entries of the ingress, on a connection of its own.
pub struct Reader(Exclusive);

impl Reader {
    /// Connects.
    pub async fn connect(redis: &Redis) -> Result<Self, RedisError> {
        let connection = redis.exclusive(redis.node_of_key(key::INGRESS)).await?;
        // Never back into the pool: a read may still be blocked when this one is given up.
        Ok(Self(connection.detach()))
    }

    /// Reads at most `count` entries after `after`; waits for the first up to `wait`.
    pub async fn read(
        &mut self,
        after: EventId,
        count: usize,
        wait: Duration,
    ) -> Result<Vec<(EventId, Vec<String>)>, RedisError> {
        let mut cmd = redis::cmd("XREAD");
        cmd.arg("COUNT").arg(count).arg("BLOCK").arg(wait.as_millis() as u64);
        cmd.arg("STREAMS").arg(key::INGRESS).arg(after.to_string());
        let reply = timeout(wait + READ_SLACK, cmd.query_async::<Value>(&mut self.0));
        let late = |_| RedisError::from((redis::ErrorKind::Io, "a blocking read did not end"));
        Ok(record::entries(reply.await.map_err(late)??))
    }
}

/// What becomes of an entry that was put there in `term`: it goes to an intake, or among those that are
/// refused.
pub fn parcel(id: EventId, term: u64, fields: &[String]) -> Parcel {
    let by_name: HashMap<&str, &str> =
        fields.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    let field = |name: &str| by_name.get(name).copied();
    let refused = Refused {
        source: id,
        term,
        event: field("event").unwrap_or_default(),
        user: field("as").unwrap_or(SERVICE),
        payload: field("payload").unwrap_or_default(),
    };
    admit(&refused, field("request_id")).unwrap_or_else(|refusal| refused.parcel(&refusal))
}

fn admit(event: &Refused<'_>, request: Option<&str>) -> Result<Parcel, Refusal> {
    let wrong = |field, problem: &dyn std::fmt::Display| {
        Refusal::field(Code::InvalidPayload, field, problem)
    };
    if event.payload.len() > PAYLOAD_BYTES_MAX {
        let problem = format!("the payload has more than {PAYLOAD_BYTES_MAX} bytes");
        return Err(Refusal::new(Code::TooLarge, problem));
    }
    let user: UserId = event.user.parse().map_err(|problem| wrong("as", &problem))?;
    let payload = match request {
        Some(request) => with_request(event.payload, request)?,
        None => event.payload.to_owned(),
    };
    let admitted = door::admit(Way::Alone, event.event, &payload, &user)?;
    let sender = Sender { user: &user, name: user.as_str(), roles: SERVICE };
    let entry = admitted.entry(sender, String::new(), None, payload.into());
    Ok(Parcel::of(entry, Some(event.source())))
}

/// The payload with this `requestId`. One that cannot be read stays as it is: the door says why.
fn with_request(payload: &str, request: &str) -> Result<String, Refusal> {
    let Ok(given) = serde_json::from_str::<HashMap<String, &RawValue>>(payload) else {
        return Ok(payload.to_owned());
    };
    let request = serde_json::to_string(request).expect("text is plain data");
    match given.get("requestId") {
        Some(known) if is_same(known, &request) => Ok(payload.to_owned()),
        Some(_) => {
            let problem = "must be the request_id of the entry, or left out";
            Err(Refusal::field(Code::InvalidPayload, "requestId", problem))
        }
        None => {
            let (before, rest) = payload.split_once('{').expect("an object was read");
            let comma = if given.is_empty() { "" } else { "," };
            Ok(format!(r#"{before}{{"requestId":{request}{comma}{rest}"#))
        }
    }
}

/// Whether two texts of JSON strings are of the same string.
fn is_same(known: &RawValue, request: &str) -> bool {
    let text = |json: &str| serde_json::from_str::<String>(json).ok();
    text(known.get()).is_some_and(|known| Some(known) == text(request))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Partition;
    use crate::relay::Target;

    fn entry(fields: &[(&str, &str)]) -> Parcel {
        let fields: Vec<String> =
            fields.iter().flat_map(|(name, value)| [*name, *value]).map(str::to_owned).collect();
        parcel(EventId { ms: 5, seq: 1 }, 3, &fields)
    }

    fn field<'a>(parcel: &'a Parcel, name: &str) -> Option<&'a str> {
        let pair = parcel.fields.chunks_exact(2).find(|pair| pair[0] == name);
        pair.map(|pair| pair[1].as_str())
    }

    #[test]
    fn an_event_is_sent_as_service_or_as_who_is_named() {
        let payload = r#"{"roomId":"a","content":"Hi"}"#;
        let own = entry(&[("event", "send-message"), ("payload", payload)]);
        assert_eq!(own.target, Target::Intake(Partition::of("a")));
        assert_eq!(field(&own, "payload"), Some(payload), "untouched");
        assert_eq!(field(&own, "source"), Some("ingress 3 5-1"));
        assert_eq!((field(&own, "user"), field(&own, "roles")), (Some("service"), Some("service")));
        let ann = entry(&[("event", "send-message"), ("payload", payload), ("as", "ann")]);
        assert_eq!((field(&ann, "user"), field(&ann, "name")), (Some("ann"), Some("ann")));
        assert_eq!(field(&ann, "roles"), Some("service"));
    }

    #[test]
    fn what_cannot_be_let_in_is_refused_with_the_reason() {
        let code = |fields: &[(&str, &str)]| {
            let parcel = entry(fields);
            assert_eq!(parcel.target, Target::Refused, "{fields:?}");
            let text = |name| field(&parcel, name).map(str::to_owned);
            assert_eq!(text("source").as_deref(), Some("5-1"));
            (text("code").expect("a code"), text("field"))
        };
        let is = |code: &str, field: Option<&str>| (code.to_owned(), field.map(str::to_owned));
        assert_eq!(code(&[]), is("unknown-event", None));
        assert_eq!(code(&[("event", "notify"), ("payload", "{}")]), is("unknown-event", None));
        assert_eq!(code(&[("event", "send-message")]), is("invalid-payload", None));
        let join = [("event", "join-room"), ("payload", r#"{"roomId":"a"}"#)];
        assert_eq!(code(&join), is("forbidden", None));
        let message = ("payload", r#"{"roomId":"a","content":"Hi"}"#);
        let as_nobody = [("event", "send-message"), message, ("as", "no body")];
        assert_eq!(code(&as_nobody), is("invalid-payload", Some("as")));
        let long = format!(r#"{{"roomId":"a","content":"{}"}}"#, "x".repeat(PAYLOAD_BYTES_MAX));
        assert_eq!(code(&[("event", "send-message"), ("payload", &long)]), is("too-large", None));
    }

    #[test]
    fn a_request_id_goes_into_the_payload_that_has_none() {
        let merged = |payload: &str| with_request(payload, "r\"1");
        assert_eq!(merged("{}").as_deref(), Ok(r#"{"requestId":"r\"1"}"#));
        assert_eq!(merged(r#" {"a" : 1.0}"#).as_deref(), Ok(r#" {"requestId":"r\"1","a" : 1.0}"#));
        let same = r#"{"requestId":"r\u00221"}"#;
        assert_eq!(merged(same).as_deref(), Ok(same));
        for other in [r#"{"requestId":"2"}"#, r#"{"requestId":null}"#, r#"{"requestId":1}"#] {
            let refusal = merged(other).expect_err("it is another");
            assert_eq!(refusal.field.as_deref(), Some("requestId"));
        }
        assert_eq!(merged("[1]").as_deref(), Ok("[1]"));
    }
}
