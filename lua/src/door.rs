//! The one door: whatever way an event comes in by, it is looked up, read and addressed here, and goes
//! on as an intake entry. What depends on state is decided later, by its script.

use bytes::Bytes;

use crate::event::{self, Event, Row};
use crate::id::{Partition, UserId};
use crate::intake::Entry;
use crate::refusal::{Code, Refusal};

/// How an event comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Over a connection, which may be present in rooms.
    Connection,
    /// By itself: over HTTP, from a stream, from the command line.
    Alone,
}

/// Who sends an event.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// The user.
    pub user: &'a UserId,
    /// Their name as shown to others.
    pub name: &'a str,
    /// Their roles in the whole platform, comma separated.
    pub roles: &'a str,
}

/// An event that was let in.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Its row of the event table.
    pub row: &'static Row,
    /// What it concerns.
    pub entity: String,
    /// Where it goes first.
    pub partition: Partition,
    request: Option<String>,
}

/// Reads an event that a client, or somebody in a client's place, sends.
///
/// Refused with `unknown-event`, as [`crate::payload::read`] does, or with `forbidden` where it needs a
/// connection and comes alone.
pub fn admit(way: Way, name: &str, json: &str, user: &UserId) -> Result<Admitted, Refusal> {
    let row = event::client_row(name)?;
    if way == Way::Alone && row.needs_connection() {
        let message = format!(
            "{name} concerns the connection that sends it, and this event comes from none; \
             other events on a room need no presence"
        );
        return Err(Refusal::new(Code::Forbidden, message));
    }
    let event = Event::read(row.name, json)?;
    Ok(addressed(row, &event, user))
}

/// Reads an event that the system itself sends about `user`.
///
/// # Panics
/// When the table has no such event, or its payload is another.
pub fn admit_system(name: &str, json: &str, user: &UserId) -> Admitted {
    let row = event::system_row(name).expect("the table has the system's events");
    let event = Event::read(row.name, json).expect("the system writes its own payloads");
    addressed(row, &event, user)
}

fn addressed(row: &'static Row, event: &Event, user: &UserId) -> Admitted {
    let entity = event.entity(user);
    let partition = event.partition(user, &entity);
    Admitted { row, entity, partition, request: event.request().map(str::to_owned) }
}

impl Admitted {
    /// What goes into the intake. `origin` is where the answer goes (`<edge>/<connection>`, or empty),
    /// `payload` the JSON that was read, untouched.
    pub fn entry(
        self,
        sender: Sender<'_>,
        origin: String,
        ack: Option<u64>,
        payload: Bytes,
    ) -> Entry {
        Entry {
            partition: self.partition,
            event: self.row.name,
            entity: self.entity,
            user: sender.user.to_string(),
            name: sender.name.to_owned(),
            roles: sender.roles.to_owned(),
            origin,
            ack,
            request: self.request,
            payload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> UserId {
        "ann".parse().expect("an id")
    }

    #[test]
    fn an_entry_says_who_sent_what_and_keeps_the_payload_as_it_is() {
        let json = r#"{ "roomId":"algorithms", "content":"a", "requestId":"r1", "more":1 }"#;
        let payload = Bytes::copy_from_slice(json.as_bytes());
        let admitted = admit(Way::Alone, "send-message", json, &ann()).expect("valid");
        let user = ann();
        let sender = Sender { user: &user, name: "Ann", roles: "service,admin" };
        let entry = admitted.entry(sender, "e/c".to_owned(), Some(7), payload.clone());
        assert_eq!((entry.event, entry.entity.as_str()), ("send-message", "algorithms"));
        assert_eq!(entry.partition, Partition::of("algorithms"));
        assert_eq!((entry.user.as_str(), entry.name.as_str()), ("ann", "Ann"));
        assert_eq!((entry.roles.as_str(), entry.origin.as_str()), ("service,admin", "e/c"));
        assert_eq!((entry.ack, entry.request.as_deref()), (Some(7), Some("r1")));
        assert_eq!(entry.payload.as_ptr(), payload.as_ptr());
    }

    #[test]
    fn what_concerns_a_connection_does_not_come_alone() {
        for (event, json) in
            [("join-room", r#"{"roomId":"algorithms"}"#), ("refresh-token", r#"{"token":"a"}"#)]
        {
            assert!(admit(Way::Connection, event, json, &ann()).is_ok(), "{event}");
            let refusal = admit(Way::Alone, event, json, &ann()).expect_err(event);
            assert_eq!(refusal.code, Code::Forbidden, "{event}");
        }
    }

    #[test]
    fn the_systems_events_have_a_door_of_their_own() {
        let json = r#"{"userId":"bob"}"#;
        let refusal = admit(Way::Connection, "user-connected", json, &ann());
        assert_eq!(refusal.expect_err("none of hers").code, Code::UnknownEvent);
        let admitted = admit_system("user-connected", json, &ann());
        assert_eq!(admitted.entity, "user:bob");
        assert_eq!(admitted.partition, Partition::of("user:bob"));
    }

    #[test]
    fn a_payload_that_is_not_valid_is_refused() {
        let refusal = admit(Way::Connection, "send-message", "{}", &ann()).expect_err("empty");
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            (Code::InvalidPayload, Some("roomId"))
        );
    }
}
