//! One client under load: what it does with what comes, and how it sends.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use hdrhistogram::Histogram;

use super::check::{Faults, Member, Sent};
use super::message::{self, Delivery, Scanner};
use crate::bench::client::{Packet, classify, refusal};
use crate::bench::figures::histogram;
use crate::bench::wire::{self, Frame, Reader, Writer};

/// The acknowledgement id of a sender's first message. All have the same number of digits, so that
/// a sender's frames differ in digits only.
const FIRST_ACK: u64 = 10_000_000;

/// What the clients of one thread found.
pub struct Tally {
    /// µs from due time to acknowledgement, of messages due in the measured window.
    pub ack: Histogram<u64>,
    /// µs from due time to delivery, of the same.
    pub delivery: Histogram<u64>,
    /// Refusals by code.
    pub errors: BTreeMap<String, u64>,
    /// What was wrong with deliveries.
    pub faults: Faults,
    /// µs that the generator itself was behind its schedule at worst.
    pub behind_us_max: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            ack: histogram(),
            delivery: histogram(),
            errors: BTreeMap::new(),
            faults: Faults::default(),
            behind_us_max: 0,
        }
    }
}

impl Tally {
    /// Adds what another thread found.
    pub fn add(&mut self, other: &Self) {
        self.ack.add(&other.ack).expect("all have the same bounds");
        self.delivery.add(&other.delivery).expect("all have the same bounds");
        for (code, count) in &other.errors {
            *self.errors.entry(code.clone()).or_default() += count;
        }
        self.faults += other.faults;
        self.behind_us_max = self.behind_us_max.max(other.behind_us_max);
    }
}

/// What one read brought.
#[derive(Debug, Default)]
pub struct Brought {
    /// Messages acknowledged.
    pub acked: u64,
    /// Messages refused.
    pub refused: u64,
    /// First deliveries.
    pub delivered: u64,
}

/// What a read is judged against.
pub struct Judge<'a> {
    /// Where findings go.
    pub tally: &'a mut Tally,
    /// Reads deliveries.
    pub scanner: &'a mut Scanner,
    /// µs since the start of the load.
    pub now_us: u64,
    /// Due times whose latencies count, µs.
    pub window_us: Range<u64>,
}

/// One client.
pub struct Session {
    /// Index of the connection.
    pub connection: u32,
    /// What it received.
    pub member: Member,
    /// What it sent.
    pub sent: Sent,
    writer: Writer,
    message: Template,
}

impl Session {
    /// A client that has joined `room` and sends messages of `payload` bytes, if it sends.
    pub fn new(
        connection: u32,
        member: Member,
        writer: Writer,
        room: &str,
        payload: usize,
    ) -> Self {
        let message = Template::new(connection, room, payload);
        Self { connection, member, sent: Sent::default(), writer, message }
    }

    /// Sends the next message.
    pub fn send(&mut self, due_us: u64) -> io::Result<()> {
        let counter = self.sent.send(due_us);
        self.writer.send(self.message.stamped(counter, due_us))
    }

    /// Sends what the kernel had not taken.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// Takes in all whole frames that were read.
    pub fn receive(&mut self, reader: &mut Reader, judge: &mut Judge<'_>) -> io::Result<Brought> {
        let mut brought = Brought::default();
        while let Some(frame) = reader.frame()? {
            match frame {
                Frame::Text(text) => self.packet(text, judge, &mut brought)?,
                Frame::Ping(payload) => self.writer.send(&wire::pong_frame(payload))?,
                Frame::Close => return Err(io::ErrorKind::ConnectionAborted.into()),
                Frame::Other => {}
            }
        }
        Ok(brought)
    }

    fn packet(
        &mut self,
        text: &[u8],
        judge: &mut Judge<'_>,
        brought: &mut Brought,
    ) -> io::Result<()> {
        match classify(text) {
            Packet::Event(packet) => {
                if let Some(delivery) = judge.scanner.scan(packet) {
                    self.delivery(&delivery, judge, brought);
                }
            }
            Packet::Ack(id, answer) => self.ack(id, answer, judge, brought),
            Packet::Ping => self.writer.send(&wire::text_frame("3"))?,
            Packet::Closed => return Err(io::ErrorKind::ConnectionAborted.into()),
            Packet::Other => {}
        }
        Ok(())
    }

    fn delivery(&mut self, delivery: &Delivery, judge: &mut Judge<'_>, brought: &mut Brought) {
        if self.member.deliver(delivery) {
            brought.delivered += 1;
            if judge.window_us.contains(&delivery.due_us) {
                judge
                    .tally
                    .delivery
                    .saturating_record(judge.now_us.saturating_sub(delivery.due_us));
            }
        }
    }

    fn ack(&mut self, id: u64, answer: &[u8], judge: &mut Judge<'_>, brought: &mut Brought) {
        let refusal = refusal(answer);
        let counter = id.checked_sub(FIRST_ACK).and_then(|counter| u32::try_from(counter).ok());
        let answered = counter.and_then(|counter| self.sent.answer(counter, refusal.is_none()));
        let Some(due_us) = answered else {
            *judge.tally.errors.entry("answer to nothing".to_owned()).or_default() += 1;
            return;
        };
        match refusal {
            Some(refusal) => {
                brought.refused += 1;
                *judge.tally.errors.entry(refusal.code).or_default() += 1;
            }
            None => {
                brought.acked += 1;
                if judge.window_us.contains(&due_us) {
                    judge.tally.ack.saturating_record(judge.now_us.saturating_sub(due_us));
                }
            }
        }
    }
}

/// A sender's frame, ready but for the digits that differ.
struct Template {
    frame: Vec<u8>,
    ack: Range<usize>,
    content: Range<usize>,
}

impl Template {
    fn new(sender: u32, room: &str, payload: usize) -> Self {
        let content = message::content(sender, payload);
        let start = format!(r#"["send-message",{{"roomId":"{room}","content":""#);
        let frame = wire::text_frame(&format!(r#"42{FIRST_ACK}{start}{content}"}}]"#));
        let content_end = frame.len() - r#""}]"#.len();
        let content = content_end - content.len()..content_end;
        let ack_end = content.start - start.len();
        let ack = ack_end - FIRST_ACK.to_string().len()..ack_end;
        Self { frame, ack, content }
    }

    fn stamped(&mut self, counter: u32, due_us: u64) -> &[u8] {
        message::write_digits(&mut self.frame[self.ack.clone()], FIRST_ACK + u64::from(counter));
        message::stamp(&mut self.frame[self.content.clone()], counter, due_us);
        &self.frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_gives_the_packet_of_each_message() {
        let mut template = Template::new(42, "bench-1-000002", 40);
        let frame = template.stamped(7, 99);
        let payload_at = frame.iter().position(|byte| *byte == b'4').expect("a packet");
        let packet = std::str::from_utf8(&frame[payload_at..]).expect("text");
        let expected = r##"4210000007["send-message",{"roomId":"bench-1-000002","content":"#000042:00000007:000000000099:xxxxxxxxxx"}]"##;
        assert_eq!(packet, expected);
        assert_eq!(
            crate::bench::client::leading_number(&packet.as_bytes()[2..]).map(|(id, _)| id),
            Some(10_000_007)
        );
    }
}
