//! One user of a crowd: what it sends when it is told to, and what it makes of what comes.

use std::io;
use std::sync::atomic::Ordering::Relaxed;

use super::presence::{Ear, Presence, count_in_answer};
use super::{Counters, Found};
use crate::bench::client::{Packet, classify, event_frame, refusal};
use crate::bench::wire::{self, Frame, Reader, Writer};

const JOIN_ACK: u64 = 1;
const LEAVE_ACK: u64 = 2;

/// What a read is judged against.
pub struct Judge<'a> {
    /// Where findings go.
    pub found: &'a mut Found,
    /// Reads frames.
    pub ear: &'a mut Ear,
    /// What all threads count.
    pub counters: &'a Counters,
    /// µs since the crowd was started.
    pub now_us: u64,
    /// Members above which joins and leaves are told together.
    pub batch_above: u64,
}

/// One user.
pub struct Member {
    /// Which user it is.
    pub user: u32,
    /// What it was told of the others.
    pub presence: Presence,
    /// Whether it is in the room.
    pub is_in: bool,
    /// `None` once its connection was cut.
    writer: Option<Writer>,
    join_due_us: u64,
    leave_due_us: u64,
}

impl Member {
    /// A connected user.
    pub fn new(user: u32, writer: Writer) -> Self {
        Self {
            user,
            presence: Presence::default(),
            is_in: false,
            writer: Some(writer),
            join_due_us: 0,
            leave_due_us: 0,
        }
    }

    /// Joins the room, which was due at `due_us`.
    pub fn join(&mut self, room: &str, due_us: u64) -> io::Result<()> {
        self.join_due_us = due_us;
        self.send(&event_frame(JOIN_ACK, "join-room", &format!(r#"{{"roomId":"{room}"}}"#)))
    }

    /// Leaves the room, which was due at `due_us`.
    pub fn leave(&mut self, room: &str, due_us: u64) -> io::Result<()> {
        self.leave_due_us = due_us;
        self.send(&event_frame(LEAVE_ACK, "leave-room", &format!(r#"{{"roomId":"{room}"}}"#)))
    }

    /// Goes away without a word, once its reader is gone too.
    pub fn cut(&mut self) {
        self.writer = None;
        self.is_in = false;
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), |writer| writer.send(frame))
    }

    /// Takes in all whole frames that were read.
    pub fn receive(&mut self, reader: &mut Reader, judge: &mut Judge<'_>) -> io::Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.flush()?;
        }
        while let Some(frame) = reader.frame()? {
            match frame {
                Frame::Text(text) => self.packet(text, judge)?,
                Frame::Ping(payload) => self.send(&wire::pong_frame(payload))?,
                Frame::Close => return Err(io::ErrorKind::ConnectionAborted.into()),
                Frame::Other => {}
            }
        }
        Ok(())
    }

    fn packet(&mut self, text: &[u8], judge: &mut Judge<'_>) -> io::Result<()> {
        match classify(text) {
            Packet::Event(packet) => {
                judge.counters.told_bytes.fetch_add(packet.len() as u64, Relaxed);
                if let Some(told) = judge.ear.hear(packet) {
                    self.presence.take(told, judge.now_us, judge.batch_above);
                }
            }
            Packet::Ack(id, answer) => {
                judge.counters.answer_bytes.fetch_add(text.len() as u64, Relaxed);
                self.answer(id, answer, judge);
            }
            Packet::Ping => self.send(&wire::text_frame("3"))?,
            Packet::Closed => return Err(io::ErrorKind::ConnectionAborted.into()),
            Packet::Other => {}
        }
        Ok(())
    }

    fn answer(&mut self, id: u64, answer: &[u8], judge: &mut Judge<'_>) {
        let is_join = id == JOIN_ACK;
        let counter = if is_join { &judge.counters.joined } else { &judge.counters.left };
        counter.fetch_add(1, Relaxed);
        if let Some(refusal) = refusal(answer) {
            *judge.found.refused.entry(refusal.code).or_default() += 1;
            return;
        }
        self.is_in = is_join;
        if is_join {
            self.presence.count = count_in_answer(answer);
            judge.found.join.saturating_record(judge.now_us.saturating_sub(self.join_due_us));
        } else {
            judge.found.leave.saturating_record(judge.now_us.saturating_sub(self.leave_due_us));
        }
    }
}
