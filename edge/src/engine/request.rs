//! What a request wants, judged by its query, method and headers, in the order of the reference
//! server, so that each mistake gets the same error number.

use std::sync::Arc;

use hyper::header::{HeaderMap, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::{Method, Request};

use super::answer::{Error, Refused};
use super::session::{Phase, Session};
use super::{Application, Transport};

/// What a request wants.
pub(crate) enum Purpose<A: Application> {
    /// A new session, carried by polling.
    OpenPolling,
    /// A new session, carried by a websocket.
    OpenWebSocket,
    /// What waits for a polling session.
    Get(Arc<Session<A>>),
    /// To bring packets to a polling session.
    Post(Arc<Session<A>>),
    /// A websocket for a session that exists.
    Upgrade(Arc<Session<A>>),
}

/// The parameters of the protocol. Of several with one name the last counts.
#[derive(Debug, Default, PartialEq, Eq)]
struct Query<'a> {
    version: Option<&'a str>,
    transport: Option<&'a str>,
    sid: Option<&'a str>,
}

/// Says what `request` wants. `find` looks a session up by its id.
pub(crate) fn purpose<A: Application, B>(
    request: &Request<B>,
    find: impl FnOnce(&str) -> Option<Arc<Session<A>>>,
) -> Result<Purpose<A>, Refused> {
    let is_upgrade = is_websocket(request.headers());
    let refuse = |error| Refused { error, is_upgrade };
    let query = Query::read(request.uri().query().unwrap_or_default());
    let transport = match query.transport {
        Some("polling") if !is_upgrade => Transport::Polling,
        Some("websocket") => Transport::WebSocket,
        Some("polling") => return Err(refuse(Error::BadRequest)),
        _ => return Err(refuse(Error::UnknownTransport)),
    };
    if let Some(sid) = query.sid {
        let session = find(sid).ok_or(refuse(Error::UnknownSession))?;
        return with_session(request, session, is_upgrade).map_err(refuse);
    }
    if request.method() != Method::GET {
        return Err(refuse(Error::BadMethod));
    }
    if query.version != Some("4") {
        return Err(refuse(Error::UnsupportedVersion));
    }
    match transport {
        Transport::Polling => Ok(Purpose::OpenPolling),
        Transport::WebSocket if can_upgrade(request) => Ok(Purpose::OpenWebSocket),
        Transport::WebSocket => Err(refuse(Error::BadRequest)),
    }
}

fn with_session<A: Application, B>(
    request: &Request<B>,
    session: Arc<Session<A>>,
    is_upgrade: bool,
) -> Result<Purpose<A>, Error> {
    let phase = session.phase();
    if is_upgrade {
        return match phase {
            Phase::Closed { .. } => Err(Error::UnknownSession),
            _ if can_upgrade(request) => Ok(Purpose::Upgrade(session)),
            _ => Err(Error::BadRequest),
        };
    }
    match (request.method(), phase) {
        (_, Phase::WebSocket) => Err(Error::BadRequest),
        (&Method::GET, _) => Ok(Purpose::Get(session)),
        (&Method::POST, Phase::Closed { .. }) => Err(Error::UnknownSession),
        (&Method::POST, _) => Ok(Purpose::Post(session)),
        _ => Err(Error::BadRequest),
    }
}

fn is_websocket(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn can_upgrade<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    is_websocket(headers)
        && request.method() == Method::GET
        && headers.contains_key(SEC_WEBSOCKET_KEY)
        && headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13")
}

impl<'a> Query<'a> {
    fn read(query: &'a str) -> Query<'a> {
        let mut found = Query::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "EIO" => found.version = Some(value),
                "transport" => found.transport = Some(value),
                "sid" => found.sid = Some(value),
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::{Product, SocketIo};

    fn refusal(method: &str, query: &str) -> Option<Error> {
        let request =
            Request::builder().method(method).uri(format!("/socket.io/?{query}")).body(()).unwrap();
        purpose::<SocketIo<Product>, ()>(&request, |_| None).err().map(|refused| refused.error)
    }

    #[test]
    fn each_mistake_has_its_number() {
        assert_eq!(refusal("GET", "EIO=4&transport=polling"), None);
        assert_eq!(refusal("GET", "EIO=4"), Some(Error::UnknownTransport));
        assert_eq!(refusal("GET", "EIO=4&transport=abc"), Some(Error::UnknownTransport));
        assert_eq!(refusal("POST", "EIO=4&transport=polling"), Some(Error::BadMethod));
        assert_eq!(refusal("PUT", "EIO=4&transport=polling"), Some(Error::BadMethod));
        for version in ["", "EIO=3&", "EIO=abc&"] {
            let query = format!("{version}transport=polling");
            assert_eq!(refusal("GET", &query), Some(Error::UnsupportedVersion));
        }
        assert_eq!(refusal("GET", "EIO=4&transport=websocket"), Some(Error::BadRequest));
    }

    #[test]
    fn a_sid_that_is_not_known_never_opens_a_session() {
        for sid in ["", "abc", "AAAAAAAAAAAAAAAAAAAA", "%C3%A9"] {
            let query = format!("EIO=4&transport=polling&sid={sid}");
            assert_eq!(refusal("GET", &query), Some(Error::UnknownSession), "{sid:?}");
        }
    }

    #[test]
    fn of_several_values_the_last_counts() {
        let query = Query::read("transport=polling&EIO=4&sid=a&t=x&transport=websocket");
        assert_eq!(query.transport, Some("websocket"));
        assert_eq!(query.sid, Some("a"));
    }
}
