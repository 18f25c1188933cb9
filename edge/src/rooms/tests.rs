//! What a seat is given, whatever the subscription loses, repeats or brings late.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;

use super::*;
use crate::auth::Claims;
use crate::outbox::{Outbox, Taken};

/// A connection with what it was sent so far.
pub(super) struct Guest {
    pub member: Arc<Member>,
    pub outbox: Arc<Outbox>,
}

impl Guest {
    pub fn new(sid: &str, user: &str, roles: &[&str]) -> Self {
        let outbox = Arc::new(Outbox::new(1 << 20));
        let claims = Claims {
            user: user.parse().expect("an id"),
            name: user.to_owned(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            expires_at_ms: u64::MAX,
        };
        let member = Arc::new(Member::new(sid.to_owned(), claims, Arc::clone(&outbox)));
        Self { member, outbox }
    }

    /// The names of the events that came since the last look.
    pub fn got(&self) -> Vec<String> {
        let mut frames = VecDeque::new();
        let mut context = Context::from_waker(Waker::noop());
        match self.outbox.poll_take(&mut context, &mut frames, usize::MAX) {
            Poll::Ready(Taken::Frames) => frames.iter().map(name_of).collect(),
            _ => Vec::new(),
        }
    }
}

fn name_of(frame: &Frame) -> String {
    let mut text = BytesMut::new();
    frame.write_polling(&mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    let array: Vec<String> = serde_json::from_str(&text[2..]).expect("an event without payload");
    array.concat()
}

/// The publication of entry `id`, for `to`.
pub(super) fn entry(id: u64, prev: u64, to: &str) -> String {
    entry_of(1, id, prev, to)
}

pub(super) fn history(term: u64, cuts: &str) -> History {
    History::read(&term.to_string(), cuts).expect("a history")
}

fn mark(ms: u64, term: u64) -> Mark {
    Mark { id: EventId { ms, seq: 0 }, term }
}

/// The same in a term.
pub(super) fn entry_of(term: u64, id: u64, prev: u64, to: &str) -> String {
    format!(
        r#"{{"id":"{id}-0","prev":"{prev}-0","term":{term},"origin":"s1","frames":[{{"to":"{to}","frame":["e{id}"]}}]}}"#
    )
}

pub(super) struct Scene {
    pub room: Room,
}

impl Scene {
    pub fn new() -> Self {
        Self { room: Room::new("r".parse().expect("an id")) }
    }

    pub fn enter(&mut self, guest: &Guest, last: u64, role: &str) -> Next {
        self.enter_in(1, guest, last, role)
    }

    pub fn enter_in(&mut self, term: u64, guest: &Guest, last: u64, role: &str) -> Next {
        let (room, last) = (self.room.id.clone(), EventId { ms: last, seq: 0 });
        let _ = guest.member.entering(&room, 64);
        let enter = Enter { room, last, at: last, term, role: role.to_owned() };
        self.room.enter(&guest.member, &enter)
    }

    pub fn publish(&mut self, text: &str) -> Next {
        let raw = Bytes::copy_from_slice(text.as_bytes());
        self.room.receive(&Publication::read(&raw).expect("a publication"), &raw)
    }

    pub fn log(&mut self, entries: &[String], more: bool) -> Mended {
        self.log_of(1, "", entries, more)
    }

    /// The log as it is in a later term.
    pub fn log_of(&mut self, term: u64, cuts: &str, entries: &[String], more: bool) -> Mended {
        let history = history(term, cuts);
        self.room.mend(&Stretch { history, entries: entries.to_vec() }, more)
    }
}

#[test]
fn what_follows_is_handed_over_once_and_in_order() {
    let (mut scene, ann) = (Scene::new(), Guest::new("s1", "ann", &[]));
    assert_eq!(scene.enter(&ann, 5, "member"), Next::Go);
    for text in [entry(6, 5, "all"), entry(7, 6, "all"), entry(7, 6, "all"), entry(6, 5, "all")] {
        assert_eq!(scene.publish(&text), Next::Go);
    }
    assert_eq!(ann.got(), ["e6", "e7"]);
}

#[test]
fn a_gap_is_filled_from_the_log_before_what_came_after_it() {
    let (mut scene, ann) = (Scene::new(), Guest::new("s1", "ann", &[]));
    let _ = scene.enter(&ann, 5, "member");
    assert_eq!(scene.publish(&entry(8, 7, "all")), Next::Repair);
    assert_eq!(scene.publish(&entry(9, 8, "all")), Next::Go);
    assert!(ann.got().is_empty(), "nothing is handed over across a gap");
    assert_eq!(scene.room.repair_from(), Some(EventId { ms: 5, seq: 0 }));
    let stretch = [entry(6, 5, "all"), entry(7, 6, "all"), entry(8, 7, "all")];
    assert_eq!(scene.log(&stretch, false), Mended::Whole);
    assert_eq!(ann.got(), ["e6", "e7", "e8", "e9"]);
    assert_eq!(scene.publish(&entry(10, 9, "all")), Next::Go);
    assert_eq!(ann.got(), ["e10"]);
}

#[test]
fn a_second_gap_while_the_log_is_read_makes_it_read_on() {
    let (mut scene, ann) = (Scene::new(), Guest::new("s1", "ann", &[]));
    let _ = scene.enter(&ann, 5, "member");
    assert_eq!(scene.publish(&entry(7, 6, "all")), Next::Repair);
    assert_eq!(scene.publish(&entry(9, 8, "all")), Next::Go);
    let first = [entry(6, 5, "all"), entry(7, 6, "all")];
    assert_eq!(scene.log(&first, false), Mended::From(EventId { ms: 7, seq: 0 }));
    assert_eq!(scene.log(&[entry(8, 7, "all"), entry(9, 8, "all")], false), Mended::Whole);
    assert_eq!(ann.got(), ["e6", "e7", "e8", "e9"]);
}

#[test]
fn a_subscription_that_begins_again_while_the_log_is_read_makes_it_read_again() {
    let (mut scene, ann) = (Scene::new(), Guest::new("s1", "ann", &[]));
    let _ = scene.enter(&ann, 5, "member");
    assert_eq!(scene.room.resubscribed(), Next::Repair);
    assert_eq!(scene.room.resubscribed(), Next::Go);
    assert_eq!(scene.log(&[entry(6, 5, "all")], false), Mended::From(EventId { ms: 5, seq: 0 }));
    assert_eq!(scene.log(&[entry(6, 5, "all"), entry(7, 6, "all")], false), Mended::Whole);
    assert_eq!(ann.got(), ["e6", "e7"]);
}

#[test]
fn the_last_of_a_burst_is_missed_by_the_heartbeat() {
    let (mut scene, ann) = (Scene::new(), Guest::new("s1", "ann", &[]));
    let _ = scene.enter(&ann, 5, "member");
    assert_eq!(scene.room.should_have(mark(5, 1)), Next::Go);
    assert_eq!(scene.room.should_have(mark(6, 1)), Next::Repair);
    assert_eq!(scene.log(&[entry(6, 5, "all")], false), Mended::Whole);
    assert_eq!(ann.got(), ["e6"]);
}

#[test]
fn who_enters_behind_or_ahead_of_the_room_gets_just_what_comes_after_the_entry() {
    let mut scene = Scene::new();
    let (ann, bob) = (Guest::new("s1", "ann", &[]), Guest::new("s2", "bob", &[]));
    let _ = scene.enter(&ann, 5, "member");
    let _ = scene.publish(&entry(6, 5, "all"));
    let _ = scene.publish(&entry(7, 6, "all"));
    // The answer says 5 when the room is at 7: the log was read ahead of it.
    assert_eq!(scene.enter(&bob, 5, "member"), Next::Repair);
    assert_eq!(scene.log(&[entry(6, 5, "all"), entry(7, 6, "all")], false), Mended::Whole);
    assert_eq!(ann.got(), ["e6", "e7"]);
    assert_eq!(bob.got(), ["e6", "e7"]);
    // The answer says 9 when the room is at 7: publications got lost.
    let cid = Guest::new("s3", "cid", &[]);
    assert_eq!(scene.enter(&cid, 9, "member"), Next::Repair);
    assert_eq!(scene.log(&[entry(8, 7, "all"), entry(9, 8, "all")], false), Mended::Whole);
    assert_eq!(ann.got(), ["e8", "e9"]);
    assert!(cid.got().is_empty());
}

#[test]
fn who_enters_behind_a_room_that_is_being_read_gets_the_rest_from_a_second_reading() {
    let mut scene = Scene::new();
    let (ann, bob) = (Guest::new("s1", "ann", &[]), Guest::new("s2", "bob", &[]));
    let _ = scene.enter(&ann, 7, "member");
    assert_eq!(scene.publish(&entry(9, 8, "all")), Next::Repair);
    assert_eq!(scene.enter(&bob, 5, "member"), Next::Go);
    let read = [entry(8, 7, "all"), entry(9, 8, "all")];
    assert_eq!(scene.log(&read, false), Mended::From(EventId { ms: 5, seq: 0 }));
    assert_eq!(bob.outbox.closing(), None);
    let again = [entry(6, 5, "all"), entry(7, 6, "all"), entry(8, 7, "all"), entry(9, 8, "all")];
    assert_eq!(scene.log(&again, false), Mended::Whole);
    assert_eq!(ann.got(), ["e8", "e9"]);
    assert_eq!(bob.got(), ["e6", "e7", "e8", "e9"]);
}

#[test]
fn who_was_told_less_than_the_log_reaches_back_starts_afresh() {
    let mut scene = Scene::new();
    let (ann, bob) = (Guest::new("s1", "ann", &[]), Guest::new("s2", "bob", &[]));
    let _ = scene.enter(&ann, 5, "member");
    assert_eq!(scene.publish(&entry(30, 29, "all")), Next::Repair);
    let _ = scene.enter(&bob, 25, "member");
    let _ = scene.log(&[entry(21, 20, "all"), entry(30, 21, "all")], false);
    assert_eq!(ann.outbox.closing(), Some(crate::close::Reason::Gap));
    assert_eq!(bob.outbox.closing(), None);
    assert_eq!(bob.got(), ["e30"]);
}

#[test]
fn each_audience_gets_its_frames() {
    let mut scene = Scene::new();
    let (ann, bob) = (Guest::new("s1", "ann", &[]), Guest::new("s2", "bob", &[]));
    let (eve, kim) = (Guest::new("s3", "eve", &["moderator"]), Guest::new("s4", "kim", &[]));
    for (guest, role) in [(&ann, "member"), (&bob, "viewer"), (&eve, "member"), (&kim, "owner")] {
        let _ = scene.enter(guest, 5, role);
    }
    for (id, to) in [(6, "all"), (7, "others"), (8, "moderators"), (9, "user:bob"), (10, "later")] {
        let _ = scene.publish(&entry(id, id - 1, to));
    }
    assert_eq!(ann.got(), ["e6"]);
    assert_eq!(bob.got(), ["e6", "e7", "e9"]);
    assert_eq!(eve.got(), ["e6", "e7", "e8"]);
    assert_eq!(kim.got(), ["e6", "e7", "e8"]);
}

#[test]
fn an_exit_takes_effect_at_its_place() {
    let mut scene = Scene::new();
    let (ann, bob) = (Guest::new("s1", "ann", &[]), Guest::new("s2", "bob", &[]));
    let _ = scene.enter(&ann, 5, "member");
    let _ = scene.enter(&bob, 5, "member");
    let _ = scene.publish(
        r#"{"id":"6-0","prev":"5-0","term":1,"origin":"","frames":[
            {"to":"user:ann","frame":["left"]},{"exit":"ann"},{"to":"all","frame":["told"]}]}"#,
    );
    let _ = scene.publish(&entry(7, 6, "all"));
    assert_eq!(ann.got(), ["left"]);
    assert_eq!(bob.got(), ["told", "e7"]);
}

#[test]
fn who_left_and_came_back_while_the_room_was_behind_stays() {
    let (mut scene, ann) = (Scene::new(), Guest::new("s1", "ann", &[]));
    let _ = scene.enter(&ann, 5, "member");
    assert_eq!(scene.publish(&entry(10, 9, "others")), Next::Repair);
    let _ = scene.enter(&ann, 9, "member");
    let exit = r#"{"id":"7-0","prev":"6-0","term":1,"origin":"","frames":[{"exit":"ann"}]}"#;
    let log = [entry(6, 5, "all"), exit.to_owned(), entry(8, 7, "all"), entry(9, 8, "others")];
    assert_eq!(scene.log(&log, false), Mended::Whole);
    assert_eq!(scene.publish(&entry(11, 10, "all")), Next::Go);
    assert_eq!(ann.got(), ["e6", "e11"], "what was said while she was away is not for her");
}

#[test]
fn a_room_that_ends_lets_everyone_out() {
    let mut scene = Scene::new();
    let (ann, bob) = (Guest::new("s1", "ann", &[]), Guest::new("s2", "bob", &[]));
    let _ = scene.enter(&ann, 5, "owner");
    let _ = scene.enter(&bob, 5, "member");
    let _ = scene.publish(
        r#"{"id":"6-0","prev":"5-0","term":1,"origin":"","frames":[
            {"to":"all","frame":["closed"]},{"exit":"*"},{"to":"all","frame":["told"]}]}"#,
    );
    let _ = scene.publish(&entry(7, 6, "all"));
    assert_eq!((ann.got(), bob.got()), (vec!["closed".to_owned()], vec!["closed".to_owned()]));
}

#[test]
fn a_role_changes_who_is_told_what_is_for_moderators() {
    let mut scene = Scene::new();
    let (ann, bob) = (Guest::new("s1", "ann", &[]), Guest::new("s2", "bob", &[]));
    let _ = scene.enter(&ann, 5, "moderator");
    let _ = scene.enter(&bob, 5, "member");
    let _ = scene.publish(&entry(6, 5, "moderators"));
    let _ = scene.publish(
        r#"{"id":"7-0","prev":"6-0","term":1,"origin":"","frames":[
            {"to":"role:ann","frame":"viewer"},{"to":"role:bob","frame":"moderator"}]}"#,
    );
    let _ = scene.publish(&entry(8, 7, "moderators"));
    assert_eq!((ann.got(), bob.got()), (vec!["e6".to_owned()], vec!["e8".to_owned()]));
}

#[test]
fn a_state_is_shown_once_and_ends_unless_it_is_renewed() {
    let mut scene = Scene::new();
    let endings = Endings::default();
    let (ann, bob) = (Guest::new("s1", "ann", &[]), Guest::new("s2", "bob", &[]));
    let _ = scene.enter(&ann, 5, "member");
    let _ = scene.enter(&bob, 5, "member");
    let starts = Bytes::from_static(
        br#"{"origin":"s1","key":"typing:ann","frames":[{"to":"others","frame":["starts"]}],
            "expire":{"afterMs":0,"frame":["stops"]}}"#,
    );
    let starts = Publication::read(&starts).expect("a publication");
    scene.room.show(&starts, &endings);
    scene.room.show(&starts, &endings);
    assert_eq!(bob.got(), ["starts"]);
    let ending = endings.due();
    assert_eq!(ending.len(), 2);
    scene.room.expire(&ending[0].key, ending[0].version);
    assert!(bob.got().is_empty(), "it was renewed since");
    scene.room.expire(&ending[1].key, ending[1].version);
    assert_eq!(bob.got(), ["stops"]);
    scene.room.show(&starts, &endings);
    assert_eq!(bob.got(), ["starts"]);
    assert!(ann.got().is_empty());
    let _ = scene
        .publish(r#"{"id":"6-0","prev":"5-0","term":1,"origin":"","frames":[{"exit":"ann"}]}"#);
    let ending = endings.due();
    scene.room.expire(&ending[0].key, ending[0].version);
    assert!(bob.got().is_empty(), "who left types no more");
}
