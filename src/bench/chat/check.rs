//! The bench's accounting: what each member must have received, and what it did receive.
//!
//! A sender numbers its messages from 0. Each member keeps, for each sender of its room, the number
//! that must come next, and the numbers that were passed over. A number passed over that comes
//! after all was out of order; one that comes again was doubled; one that never comes was lost, if
//! the sender had its acknowledgement. Ids must rise at each member, as the room's order is theirs.

use std::collections::{BTreeSet, VecDeque};

use lua::id::EventId;

use super::message::Delivery;

/// Faults that one member saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Deliveries of what was delivered before.
    pub doubled: u64,
    /// Deliveries after a later message of the same sender.
    pub out_of_order_sender: u64,
    /// Deliveries after one with a higher id.
    pub out_of_order_room: u64,
    /// Deliveries of a sender that is not in the member's room.
    pub stray: u64,
}

impl std::ops::AddAssign for Faults {
    fn add_assign(&mut self, other: Self) {
        self.doubled += other.doubled;
        self.out_of_order_sender += other.out_of_order_sender;
        self.out_of_order_room += other.out_of_order_room;
        self.stray += other.stray;
    }
}

/// How connections are spread over rooms: connection `i` is in room `i % rooms`; the first
/// `senders` connections send.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// All connections.
    pub connections: u32,
    /// All rooms.
    pub rooms: u32,
    /// How many of the connections send.
    pub senders: u32,
}

impl Layout {
    /// The room of a connection.
    pub fn room(&self, connection: u32) -> u32 {
        connection % self.rooms
    }

    /// How many connections are in a room.
    pub fn members(&self, room: u32) -> u32 {
        share(self.connections, self.rooms, room)
    }

    /// The senders of a room, in the order of their places in it.
    pub fn senders_of(&self, room: u32) -> impl Iterator<Item = u32> + use<> {
        let rooms = self.rooms;
        (0..share(self.senders, rooms, room)).map(move |place| place * rooms + room)
    }
}

/// How many of `total` things dealt out in turn to `rooms` fall to `room`.
fn share(total: u32, rooms: u32, room: u32) -> u32 {
    total / rooms + u32::from(room < total % rooms)
}

/// One member's view of its room.
pub struct Member {
    layout: Layout,
    room: u32,
    /// Per sender of the room: the number that comes next.
    next: Vec<u32>,
    /// Place of the sender and number of what was passed over.
    missing: BTreeSet<(u32, u32)>,
    newest: EventId,
    faults: Faults,
}

impl Member {
    /// The member that connection `connection` is.
    pub fn new(layout: Layout, connection: u32) -> Self {
        let room = layout.room(connection);
        let next = vec![0; layout.senders_of(room).count()];
        let (missing, newest) = (BTreeSet::new(), EventId::default());
        Self { layout, room, next, missing, newest, faults: Faults::default() }
    }

    /// Takes in a delivery. True if it is the first of its message.
    pub fn deliver(&mut self, delivery: &Delivery) -> bool {
        let place = delivery.sender / self.layout.rooms;
        let belongs = self.layout.room(delivery.sender) == self.room;
        let Some(next) = self.next.get_mut(place as usize).filter(|_| belongs) else {
            self.faults.stray += 1;
            return false;
        };
        if delivery.counter < *next && !self.missing.remove(&(place, delivery.counter)) {
            self.faults.doubled += 1;
            return false;
        }
        if delivery.counter < *next {
            self.faults.out_of_order_sender += 1;
        } else {
            self.missing.extend((*next..delivery.counter).map(|counter| (place, counter)));
            *next = delivery.counter + 1;
        }
        if delivery.id < self.newest {
            self.faults.out_of_order_room += 1;
        }
        self.newest = self.newest.max(delivery.id);
        true
    }

    /// What was wrong with the deliveries.
    pub fn faults(&self) -> Faults {
        self.faults
    }

    /// How many acknowledged messages never came. `sent` is indexed by connection.
    pub fn lost(&self, sent: &[Sent]) -> u64 {
        let senders = self.layout.senders_of(self.room);
        senders
            .zip(&self.next)
            .map(|(sender, next)| sent[sender as usize].acked_from(*next))
            .sum::<u64>()
            + self
                .missing
                .iter()
                .filter(|(place, counter)| {
                    let sender = place * self.layout.rooms + self.room;
                    sent[sender as usize].is_acked(*counter)
                })
                .count() as u64
    }
}

/// What one sender sent, and which of it was answered.
#[derive(Debug, Default)]
pub struct Sent {
    count: u32,
    /// Due times of what waits for its answer, by number from `oldest` on; `None` once answered.
    waiting: VecDeque<Option<u64>>,
    oldest: u32,
    refused: BTreeSet<u32>,
}

impl Sent {
    /// Counts a message that was due at `due_us` and gives its number.
    pub fn send(&mut self, due_us: u64) -> u32 {
        self.waiting.push_back(Some(due_us));
        self.count += 1;
        self.count - 1
    }

    /// An answer came. Gives the due time of its message, or `None` if nothing waits for it.
    pub fn answer(&mut self, counter: u32, accepted: bool) -> Option<u64> {
        let index = counter.checked_sub(self.oldest)? as usize;
        let due_us = self.waiting.get_mut(index)?.take()?;
        if !accepted {
            self.refused.insert(counter);
        }
        while self.waiting.front().is_some_and(Option::is_none) {
            self.waiting.pop_front();
            self.oldest += 1;
        }
        Some(due_us)
    }

    /// Messages without an answer.
    pub fn unanswered(&self) -> u64 {
        self.waiting.iter().flatten().count() as u64
    }

    fn is_acked(&self, counter: u32) -> bool {
        let waits = counter
            .checked_sub(self.oldest)
            .and_then(|index| self.waiting.get(index as usize))
            .is_some_and(Option::is_some);
        counter < self.count && !waits && !self.refused.contains(&counter)
    }

    fn acked_from(&self, first: u32) -> u64 {
        (first..self.count).filter(|counter| self.is_acked(*counter)).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four connections in two rooms; 0 and 2 are in room 0, 1 and 3 in room 1; all send.
    const LAYOUT: Layout = Layout { connections: 4, rooms: 2, senders: 4 };

    fn delivery(sender: u32, counter: u32, ms: u64) -> Delivery {
        Delivery { id: EventId { ms, seq: 0 }, sender, counter, due_us: 0 }
    }

    /// Sender 2 sent five messages, all acknowledged.
    fn five_acked() -> Vec<Sent> {
        let mut sent: Vec<Sent> = (0..4).map(|_| Sent::default()).collect();
        for due in 0..5 {
            let counter = sent[2].send(due);
            assert_eq!(sent[2].answer(counter, true), Some(due));
        }
        sent
    }

    fn member_that_got(deliveries: &[Delivery]) -> Member {
        let mut member = Member::new(LAYOUT, 0);
        for delivery in deliveries {
            member.deliver(delivery);
        }
        member
    }

    fn all_but(skipped: Option<u32>) -> Vec<Delivery> {
        (0..5).filter(|n| Some(*n) != skipped).map(|n| delivery(2, n, u64::from(n) + 1)).collect()
    }

    #[test]
    fn a_clean_run_has_no_faults() {
        let member = member_that_got(&all_but(None));
        assert_eq!(member.faults(), Faults::default());
        assert_eq!(member.lost(&five_acked()), 0);
    }

    #[test]
    fn a_missing_delivery_is_lost_wherever_it_was() {
        for missing in 0..5 {
            let member = member_that_got(&all_but(Some(missing)));
            assert_eq!(member.lost(&five_acked()), 1, "message {missing}");
            assert_eq!(member.faults(), Faults::default());
        }
        assert_eq!(member_that_got(&[]).lost(&five_acked()), 5);
    }

    #[test]
    fn a_doubled_delivery_is_counted_once_and_is_not_out_of_order() {
        let mut deliveries = all_but(None);
        deliveries.insert(3, deliveries[1]);
        let member = member_that_got(&deliveries);
        assert_eq!(member.faults(), Faults { doubled: 1, ..Faults::default() });
        assert_eq!(member.lost(&five_acked()), 0);
    }

    #[test]
    fn a_late_delivery_is_out_of_order_for_sender_and_room_but_not_lost() {
        let mut deliveries = all_but(None);
        deliveries.swap(1, 2);
        let member = member_that_got(&deliveries);
        let expected = Faults { out_of_order_sender: 1, out_of_order_room: 1, ..Faults::default() };
        assert_eq!(member.faults(), expected);
        assert_eq!(member.lost(&five_acked()), 0);
    }

    #[test]
    fn two_senders_out_of_the_rooms_order_are_noticed() {
        let member = member_that_got(&[delivery(2, 0, 9), delivery(0, 0, 8)]);
        assert_eq!(member.faults(), Faults { out_of_order_room: 1, ..Faults::default() });
    }

    #[test]
    fn a_message_of_another_room_is_a_stray() {
        let member = member_that_got(&[delivery(1, 0, 1), delivery(400, 0, 2)]);
        assert_eq!(member.faults(), Faults { stray: 2, ..Faults::default() });
    }

    #[test]
    fn what_was_refused_or_not_answered_cannot_be_lost() {
        let mut sent: Vec<Sent> = (0..4).map(|_| Sent::default()).collect();
        for due in 0..3 {
            sent[2].send(due);
        }
        assert_eq!(sent[2].answer(1, false), Some(1));
        assert_eq!(sent[2].answer(2, true), Some(2));
        assert_eq!(sent[2].answer(2, true), None, "a second answer");
        assert_eq!(sent[2].answer(9, true), None, "an answer to nothing");
        assert_eq!(sent[2].unanswered(), 1);
        assert_eq!(member_that_got(&[]).lost(&sent), 1);
        assert_eq!(member_that_got(&[delivery(2, 2, 1)]).lost(&sent), 0);
    }

    #[test]
    fn members_and_senders_are_spread_evenly() {
        let layout = Layout { connections: 7, rooms: 3, senders: 4 };
        assert_eq!((0..3).map(|room| layout.members(room)).collect::<Vec<_>>(), [3, 2, 2]);
        assert_eq!(layout.senders_of(0).collect::<Vec<_>>(), [0, 3]);
        assert_eq!(layout.senders_of(2).collect::<Vec<_>>(), [2]);
    }
}
