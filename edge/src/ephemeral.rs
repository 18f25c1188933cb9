//! States that are shown to a room and are over soon, such as who types. They are not logged; the last
//! one wins, and one that is not renewed ends by itself here, at the edge that shows it.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use lua::id::RoomId;
use parking_lot::Mutex;

use crate::frame::Frame;
use crate::publication::Publication;

/// The states that a room shows now.
#[derive(Default)]
pub struct Shown {
    states: HashMap<String, State>,
    versions: u64,
}

struct State {
    text: String,
    origin: String,
    ends_with: Frame,
    version: u64,
}

/// When states end. All last equally long, so a queue in order of arrival suffices.
#[derive(Default)]
pub struct Endings(Mutex<VecDeque<Ending>>);

impl Endings {
    /// Those whose time is over.
    pub fn due(&self) -> Vec<Ending> {
        let now = Instant::now();
        let mut queue = self.0.lock();
        let count = queue.partition_point(|ending| ending.at <= now);
        queue.drain(..count).collect()
    }
}

/// When one state ends, if it is not renewed.
pub struct Ending {
    at: Instant,
    /// The room that shows it.
    pub room: RoomId,
    /// Its name.
    pub key: String,
    /// Which showing of it.
    pub version: u64,
}

impl Shown {
    /// Takes note of a publication. True where it shows nothing new and need not be sent.
    pub fn renew(
        &mut self,
        room: &RoomId,
        publication: &Publication<'_>,
        endings: &Endings,
    ) -> bool {
        let Some(key) = publication.key.as_deref() else { return false };
        let Some(expire) = &publication.expire else {
            self.states.remove(key);
            return false;
        };
        let text =
            publication.frames.first().and_then(|step| step.frame).map_or("", |frame| frame.get());
        self.versions += 1;
        let known = self.states.get(key).is_some_and(|state| state.text == text);
        let state = State {
            text: text.to_owned(),
            origin: publication.origin.as_deref().unwrap_or_default().to_owned(),
            ends_with: Frame::event(expire.frame.get()),
            version: self.versions,
        };
        self.states.insert(key.to_owned(), state);
        endings.0.lock().push_back(Ending {
            at: Instant::now() + Duration::from_millis(expire.after_ms),
            room: room.clone(),
            key: key.to_owned(),
            version: self.versions,
        });
        known
    }

    /// Forgets what a user who left showed: that they left says that it is over. A key is
    /// `<what>:<user>`.
    pub fn forget(&mut self, user: &str) {
        self.states.retain(|key, _| key.split_once(':').is_none_or(|(_, whose)| whose != user));
    }

    /// Ends a state that was not renewed since `version`: whose it was, and the frame that tells.
    pub fn expire(&mut self, key: &str, version: u64) -> Option<(String, Frame)> {
        if self.states.get(key)?.version != version {
            return None;
        }
        self.states.remove(key).map(|state| (state.origin, state.ends_with))
    }
}
