//! What becomes of seats when Redis lost the end of what it held: those that saw it start afresh, and nobody
//! else is disturbed, whatever the new history's ids are.

use super::tests::{Guest, Scene, entry, entry_of, history};
use super::*;
use crate::close::Reason;

/// The history was cut after entry 6, and goes on in term 2.
const CUTS: &str = "2:6-0:6-0";

fn lost(guest: &Guest) -> bool {
    guest.outbox.closing() == Some(Reason::Gap)
}

/// A room of two, one of whom saw 7 and 8, which are lost.
fn scene() -> (Scene, Guest, Guest) {
    let mut scene = Scene::new();
    let (ann, bob) = (Guest::new("s1", "ann", &[]), Guest::new("s2", "bob", &[]));
    let _ = scene.enter(&ann, 5, "member");
    for id in [6, 7, 8] {
        let _ = scene.publish(&entry(id, id - 1, "all"));
    }
    assert_eq!(ann.got(), ["e6", "e7", "e8"]);
    (scene, ann, bob)
}

#[test]
fn who_saw_what_is_lost_starts_afresh_and_who_came_later_goes_on() {
    // The new history's ids may be lower than, among, equal to, or above those that are lost.
    for next in [[7, 8], [8, 9], [107, 108]] {
        let (mut scene, ann, bob) = scene();
        assert_eq!(scene.enter_in(2, &bob, 6, "member"), Next::Repair, "{next:?}");
        let first = entry_of(2, next[0], 6, "all");
        assert_eq!(scene.publish(&first), Next::Go, "it waits for the log");
        let mended = scene.log_of(2, CUTS, std::slice::from_ref(&first), false);
        assert_eq!(mended, Mended::From(EventId { ms: 6, seq: 0 }), "read from where bob is");
        assert!(lost(&ann) && !lost(&bob));
        assert_eq!(scene.log_of(2, CUTS, &[first], false), Mended::Whole);
        assert_eq!(scene.publish(&entry_of(2, next[1], next[0], "all")), Next::Go);
        assert_eq!(bob.got(), next.map(|id| format!("e{id}")));
        assert!(ann.got().is_empty(), "nothing is mended over a lost end");
    }
}

#[test]
fn an_entry_of_a_new_term_waits_until_it_is_known_what_is_lost() {
    let (mut scene, ann, _) = scene();
    // By its ids alone it would follow.
    assert_eq!(scene.publish(&entry_of(2, 9, 8, "all")), Next::Repair);
    assert_eq!(scene.log_of(2, CUTS, &[entry_of(2, 9, 8, "all")], false), Mended::Whole);
    assert!(lost(&ann) && ann.got().is_empty());
    // Whoever comes back finds the room as if it were new.
    let again = Guest::new("s3", "ann", &[]);
    assert_eq!(scene.enter_in(2, &again, 9, "member"), Next::Go);
    assert_eq!(scene.publish(&entry_of(2, 10, 9, "all")), Next::Go);
    assert_eq!(again.got(), ["e10"]);
}

#[test]
fn a_room_that_lost_nothing_goes_on_and_is_read_once_at_most() {
    let (mut scene, ann, _) = scene();
    let cuts = "2:8-0:8-0";
    assert_eq!(scene.publish(&entry_of(2, 9, 8, "all")), Next::Repair);
    assert_eq!(scene.log_of(2, cuts, &[entry_of(2, 9, 8, "all")], false), Mended::Whole);
    assert_eq!(scene.publish(&entry_of(2, 10, 9, "all")), Next::Go);
    assert_eq!(ann.got(), ["e9", "e10"]);
    // In the next term it is checked before anything is said in it.
    let next = history(3, "2:8-0:8-0,3:10-0:10-0");
    assert_eq!(scene.room.check(&next, Some(EventId { ms: 10, seq: 0 })), Next::Go);
    assert_eq!(scene.publish(&entry_of(3, 11, 10, "all")), Next::Go);
    assert_eq!(ann.got(), ["e11"]);
    assert_eq!(ann.outbox.closing(), None);
}

#[test]
fn a_quiet_room_is_checked_without_anything_being_said_in_it() {
    let (mut scene, ann, bob) = scene();
    let six = Some(EventId { ms: 6, seq: 0 });
    assert_eq!(scene.room.check(&history(2, CUTS), six), Next::Repair);
    assert_eq!(scene.log_of(2, CUTS, &[], false), Mended::Whole);
    assert!(lost(&ann));
    assert_eq!(scene.enter_in(2, &bob, 6, "member"), Next::Go);
    assert_eq!(scene.room.check(&history(2, CUTS), six), Next::Go);
    assert!(!lost(&bob));
}

#[test]
fn a_check_finds_what_was_applied_and_not_published() {
    let (mut scene, ann, _) = scene();
    assert_eq!(scene.room.check(&history(1, ""), Some(EventId { ms: 9, seq: 0 })), Next::Repair);
    assert_eq!(scene.log(&[entry(9, 8, "all")], false), Mended::Whole);
    assert_eq!(ann.got(), ["e9"]);
}

#[test]
fn an_entry_into_a_room_is_lost_with_the_event_even_where_it_is_not_logged() {
    let mut scene = Scene::new();
    let ann = Guest::new("s1", "ann", &[]);
    let room = scene.room.id.clone();
    let (last, at) = (EventId { ms: 5, seq: 0 }, EventId { ms: 7, seq: 0 });
    let enter = Enter { room, last, at, term: 1, role: "member".to_owned() };
    assert_eq!(scene.room.enter(&ann.member, &enter), Next::Go);
    assert_eq!(scene.room.check(&history(2, CUTS), Some(last)), Next::Repair);
    assert_eq!(scene.log_of(2, CUTS, &[], false), Mended::Whole);
    assert!(lost(&ann));
}

#[test]
fn what_comes_late_from_the_old_history_is_not_handed_over() {
    let (mut scene, ann, bob) = scene();
    let _ = scene.room.check(&history(2, CUTS), None);
    let _ = scene.log_of(2, CUTS, &[], false);
    let _ = scene.enter_in(2, &bob, 6, "member");
    assert_eq!(scene.publish(&entry(9, 6, "all")), Next::Go);
    assert_eq!(scene.publish(&entry_of(2, 7, 6, "all")), Next::Go);
    assert_eq!(bob.got(), ["e7"]);
    assert!(lost(&ann));
}

#[test]
fn all_start_afresh_where_all_is_lost() {
    let (mut scene, ann, _) = scene();
    let anew = history(9, "9:0-0:0-0");
    assert_eq!(scene.room.check(&anew, None), Next::Repair);
    assert_eq!(scene.log_of(9, "9:0-0:0-0", &[], false), Mended::Whole);
    assert!(lost(&ann));
}
