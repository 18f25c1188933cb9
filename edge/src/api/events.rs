//! Events over HTTP: one, or a list that is taken in its order.

use std::borrow::Cow;

use bytes::Bytes;
use lua::door::{self, Sender, Way};
use lua::refusal::{Code, Refusal};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::calls::{Answered, call};
use super::{Caller, answer};
use crate::core::Core;
use crate::inbound::{count_answer, label};
use crate::reply::Response;

/// Most events in one list.
const LIST_MAX: usize = 500;

/// When a list should be sent again that could not be taken to its end.
const RETRY_MS: u64 = 1_000;

/// `POST /api/v1/events/{event}`: the body is the payload; an empty one is `{}`.
pub async fn one(core: &Core, caller: &Caller, name: &str, body: &Bytes) -> Response {
    match payload(body) {
        Ok(payload) => answer::answered(&send(core, caller, name, payload, body).await),
        Err(refusal) => answer::refused(&refusal),
    }
}

/// `POST /api/v1/events`: each event is sent once the one before it was answered, so that it finds what
/// that has done, in whichever partition.
pub async fn list(core: &Core, caller: &Caller, body: &Bytes) -> Response {
    let items = match items(body) {
        Ok(items) => items,
        Err(refusal) => return answer::refused(&refusal),
    };
    let mut acknowledgements = String::from("[");
    // After an event that may not be applied yet, those behind it would come out of order.
    let mut stopped = false;
    for item in items {
        let answered = if stopped { not_sent() } else { take(core, caller, item, body).await };
        stopped |= matches!(answered, Answered::Refused { code: Code::Unavailable, .. });
        if acknowledgements.len() > 1 {
            acknowledgements.push(',');
        }
        acknowledgements.push_str(&answered.json());
    }
    acknowledgements.push(']');
    answer::acknowledgements(acknowledgements)
}

/// One event of a list.
async fn take(core: &Core, caller: &Caller, item: &RawValue, body: &Bytes) -> Answered {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        event: Cow<'a, str>,
        #[serde(borrow, default = "nothing")]
        payload: &'a RawValue,
    }
    // serde would also read it from a list, by position.
    let is_object = item.get().starts_with('{');
    match serde_json::from_str::<Item<'_>>(item.get()) {
        Ok(Item { event, payload }) if is_object => send(core, caller, &event, payload, body).await,
        _ => {
            let message = "each item of the list must be an object {event, payload?}";
            Answered::from(&Refusal::field(Code::InvalidPayload, "event", message))
        }
    }
}

/// Sends one event. `payload` is a part of `body`, or none of it.
async fn send(
    core: &Core,
    caller: &Caller,
    name: &str,
    payload: &RawValue,
    body: &Bytes,
) -> Answered {
    let Sender { user, roles, .. } = caller.as_sender();
    let verdict = core.limits.event_passed(user, roles, name).await;
    let admitted = verdict
        .map_err(Refusal::from)
        .and_then(|()| door::admit(Way::Alone, name, payload.get(), user));
    match admitted {
        Ok(admitted) => call(core, admitted, caller.as_sender(), shared(payload, body)).await,
        Err(refusal) => {
            count_answer(label(name), refusal.code.word(), None);
            Answered::from(&refusal)
        }
    }
}

/// The payload's bytes, which are not copied where they stand in the body.
fn shared(payload: &RawValue, body: &Bytes) -> Bytes {
    let bytes = payload.get().as_bytes();
    if body.as_ptr_range().contains(&bytes.as_ptr()) {
        body.slice_ref(bytes)
    } else {
        Bytes::copy_from_slice(bytes)
    }
}

/// The one JSON value of a body, as it was written.
fn payload(body: &[u8]) -> Result<&RawValue, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(nothing());
    }
    serde_json::from_slice(body).map_err(|_| not_json())
}

fn items(body: &[u8]) -> Result<Vec<&RawValue>, Refusal> {
    let list: &RawValue = serde_json::from_slice(body).map_err(|_| not_json())?;
    let items: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(|_| {
        Refusal::new(Code::InvalidPayload, "the body must be a list of {event, payload?}")
    })?;
    if items.len() > LIST_MAX {
        let message = format!("a list may hold {LIST_MAX} events");
        return Err(Refusal::new(Code::TooLarge, message));
    }
    Ok(items)
}

fn nothing<'a>() -> &'a RawValue {
    serde_json::from_str("{}").expect("an object")
}

fn not_json() -> Refusal {
    Refusal::new(Code::InvalidPayload, "the body is not valid JSON text")
}

fn not_sent() -> Answered {
    let message = "not sent, because an event before it in the list was unavailable";
    Answered::from(&Refusal {
        retry_after_ms: Some(RETRY_MS),
        ..Refusal::new(Code::Unavailable, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_one_json_value_and_none_is_an_empty_object() {
        assert_eq!(payload(b"").expect("empty").get(), "{}");
        assert_eq!(payload(b" \r\n").expect("blank").get(), "{}");
        assert_eq!(payload(b" {\"a\" : 1}\n").expect("an object").get(), "{\"a\" : 1}");
        for bad in [&b"{} {}"[..], b"{", b"a", b"\xff"] {
            assert_eq!(payload(bad).expect_err("no value").code, Code::InvalidPayload);
        }
    }

    #[test]
    fn a_list_is_bounded() {
        let list = |count| format!("[{}]", vec!["{}"; count].join(","));
        assert_eq!(items(list(LIST_MAX).as_bytes()).expect("fits").len(), LIST_MAX);
        let long = items(list(LIST_MAX + 1).as_bytes()).expect_err("one too many");
        assert_eq!(long.code, Code::TooLarge);
        assert_eq!(items(b"{}").expect_err("no list").code, Code::InvalidPayload);
    }

    #[test]
    fn a_payload_is_not_copied_out_of_its_body() {
        let body = Bytes::from_static(b"[{\"event\":\"x\",\"payload\":{\"a\":1}}]");
        let whole = payload(&body).expect("a list");
        assert_eq!(shared(whole, &body).as_ptr(), body.as_ptr());
        assert_eq!(shared(nothing(), &body), "{}");
    }
}
