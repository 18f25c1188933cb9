//! The sessions of this edge by their id.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use dashmap::DashMap;

use super::Application;
use super::session::Session;

const SID_LENGTH: usize = 20;

/// An engine session's id: a secret between server and client, since whoever knows it can read and
/// write the session. It is never the public Socket.IO id.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Sid([u8; SID_LENGTH]);

impl Sid {
    /// A new id: 15 random bytes in the URL-safe base64 alphabet.
    pub(crate) fn random() -> Sid {
        let mut sid = [0; SID_LENGTH];
        BASE64_URL_SAFE_NO_PAD
            .encode_slice(rand::random::<[u8; 15]>(), &mut sid)
            .expect("15 bytes are 20 characters of base64");
        Sid(sid)
    }

    /// Reads what a client sent; None if it cannot be an id.
    pub(crate) fn read(text: &str) -> Option<Sid> {
        text.as_bytes().try_into().ok().map(Sid)
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a session has an id made here, of ASCII")
    }
}

/// All sessions that are open, or whose goodbye still waits for a GET.
pub(crate) struct Registry<A: Application> {
    sessions: DashMap<Sid, Arc<Session<A>>>,
}

impl<A: Application> Registry<A> {
    pub(crate) fn new() -> Registry<A> {
        Registry { sessions: DashMap::new() }
    }

    pub(crate) fn insert(&self, session: Arc<Session<A>>) {
        self.sessions.insert(session.sid, session);
    }

    pub(crate) fn find(&self, sid: &str) -> Option<Arc<Session<A>>> {
        let sid = Sid::read(sid)?;
        self.sessions.get(&sid).map(|found| found.value().clone())
    }

    /// Removes a session; false if it was not there.
    pub(crate) fn remove(&self, sid: &Sid) -> bool {
        self.sessions.remove(sid).is_some()
    }

    /// Those that `wanted` says yes to, at this moment.
    pub(crate) fn select(&self, wanted: impl Fn(&Session<A>) -> bool) -> Vec<Arc<Session<A>>> {
        self.sessions
            .iter()
            .filter(|entry| wanted(entry.value()))
            .map(|entry| entry.value().clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_twenty_url_safe_characters() {
        let sid = Sid::random();
        assert_eq!(sid.as_str().len(), 20);
        assert!(sid.as_str().bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c)));
        assert!(Sid::random() != sid);
    }

    #[test]
    fn what_cannot_be_an_id_is_none() {
        for text in ["", "short", "twenty-one-characters", "é"] {
            assert!(Sid::read(text).is_none(), "{text:?}");
        }
    }
}
