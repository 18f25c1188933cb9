//! What a bench message carries, so that every delivery can be checked: who sent it, which one of
//! the sender's it is, and when it was due. Read without parsing JSON: one delivery costs a few
//! comparisons, as the load generator shares its cores with the service that it measures.
//!
//! ```text
//! #000042:00000007:000000123456:xxxxxxxx…
//!  sender counter  due (µs)     padding up to the wanted number of bytes
//! ```

use lua::id::EventId;

use crate::bench::client::leading_number;

/// Shortest content that holds the fields above.
pub const CONTENT_BYTES_MIN: usize = 30;

/// Most connections that the sender field can name.
pub const SENDERS_MAX: usize = 1_000_000;

const SENDER_DIGITS: usize = 6;
const COUNTER_DIGITS: usize = 8;
const DUE_DIGITS: usize = 12;
const COUNTER_AT: usize = 1 + SENDER_DIGITS + 1;
const DUE_AT: usize = COUNTER_AT + COUNTER_DIGITS + 1;

/// The start of a frame that delivers a message.
const DELIVERY: &[u8] = br#"42["message-received","#;

/// One message as it arrived at one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// The event's id: what the room's order is judged by.
    pub id: EventId,
    /// Index of the connection that sent it.
    pub sender: u32,
    /// Which of the sender's messages, from 0.
    pub counter: u32,
    /// When it was due, µs since the start of the run.
    pub due_us: u64,
}

/// The content of a sender's first message, `length` bytes long.
pub fn content(sender: u32, length: usize) -> String {
    let mut content = format!("#{sender:06}:{:08}:{:012}:", 0, 0);
    content.extend(std::iter::repeat_n('x', length.saturating_sub(content.len())));
    content
}

/// Writes counter and due time into content made by [`content`].
pub fn stamp(content: &mut [u8], counter: u32, due_us: u64) {
    write_digits(&mut content[COUNTER_AT..COUNTER_AT + COUNTER_DIGITS], u64::from(counter));
    write_digits(&mut content[DUE_AT..DUE_AT + DUE_DIGITS], due_us);
}

/// Writes a number with leading zeros; digits that do not fit fall off on the left.
pub fn write_digits(target: &mut [u8], mut number: u64) {
    for digit in target.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Finds the fields of deliveries. Frames of one run look alike, so each field is first looked for
/// where it stood last time.
pub struct Scanner {
    id: Finder,
    content: Finder,
}

impl Default for Scanner {
    fn default() -> Self {
        Self { id: Finder::new(br#""id":""#), content: Finder::new(br#""content":"#) }
    }
}

impl Scanner {
    /// The delivery in a Socket.IO packet; `None` where the packet is something else, or a message
    /// that is not from a bench.
    pub fn scan(&mut self, packet: &[u8]) -> Option<Delivery> {
        let payload = packet.strip_prefix(DELIVERY)?;
        let (sender, counter, due_us) = self.content.find(payload, read_content)?;
        let id = self.id.find(payload, read_id)?;
        Some(Delivery { id, sender, counter, due_us })
    }
}

/// Looks for a marker whose value can be read.
struct Finder {
    marker: &'static [u8],
    hint: usize,
}

impl Finder {
    fn new(marker: &'static [u8]) -> Self {
        Self { marker, hint: 0 }
    }

    fn find<T>(&mut self, text: &[u8], read: fn(&[u8]) -> Option<T>) -> Option<T> {
        let value_at = |at: usize| {
            let value = text.get(at..)?.strip_prefix(self.marker)?;
            read(value.trim_ascii_start())
        };
        if let Some(value) = value_at(self.hint) {
            return Some(value);
        }
        let (at, value) = (0..text.len()).find_map(|at| Some((at, value_at(at)?)))?;
        self.hint = at;
        Some(value)
    }
}

/// An event id up to its closing quote. Other ids, a user's say, are none.
fn read_id(text: &[u8]) -> Option<EventId> {
    let (ms, rest) = leading_number(text)?;
    let (seq, rest) = leading_number(rest.strip_prefix(b"-")?)?;
    rest.starts_with(b"\"").then_some(EventId { ms, seq })
}

fn read_content(text: &[u8]) -> Option<(u32, u32, u64)> {
    let text = text.strip_prefix(b"\"#")?;
    let (sender, text) = leading_number(text)?;
    let (counter, text) = leading_number(text.strip_prefix(b":")?)?;
    let (due_us, _) = leading_number(text.strip_prefix(b":")?)?;
    Some((u32::try_from(sender).ok()?, u32::try_from(counter).ok()?, due_us))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(id_first: bool, content: &str) -> String {
        let sender = r#""sender":{"id":"bench-000042","name":"Bench"}"#;
        if id_first {
            format!(
                r#"42["message-received",{{"id":"17-3","roomId":"r","message":{{"id":"17-3",{sender},"content":"{content}"}}}}]"#
            )
        } else {
            format!(
                r#"42["message-received",{{"message":{{{sender},"content":"{content}"}},"roomId":"r","id":"17-3"}},"offset"]"#
            )
        }
    }

    fn stamped(sender: u32, counter: u32, due_us: u64) -> String {
        let mut content = content(sender, 200).into_bytes();
        stamp(&mut content, counter, due_us);
        String::from_utf8(content).expect("content is ASCII")
    }

    #[test]
    fn a_delivery_is_read_whatever_its_layout() {
        let content = stamped(42, 7, 123_456);
        assert_eq!(content.len(), 200);
        let expected =
            Delivery { id: EventId { ms: 17, seq: 3 }, sender: 42, counter: 7, due_us: 123_456 };
        let mut scanner = Scanner::default();
        for id_first in [true, false, true] {
            assert_eq!(scanner.scan(packet(id_first, &content).as_bytes()), Some(expected));
        }
        let in_lines = packet(true, &content).replace(r#""content":"#, "\"content\":\n");
        assert_eq!(scanner.scan(in_lines.as_bytes()), Some(expected), "JSON may hold white space");
    }

    #[test]
    fn other_packets_and_other_peoples_messages_are_no_deliveries() {
        let mut scanner = Scanner::default();
        for text in ["2", r#"42["user-joined-room",{"id":"1-1"}]"#, r#"430[{"ok":true}]"#, ""] {
            assert_eq!(scanner.scan(text.as_bytes()), None, "{text}");
        }
        assert_eq!(scanner.scan(packet(true, "hello").as_bytes()), None);
        assert_eq!(scanner.scan(packet(true, "#12:").as_bytes()), None);
    }

    #[test]
    fn the_shortest_content_holds_all_fields() {
        assert_eq!(content(0, 0).len(), CONTENT_BYTES_MIN);
        assert!(format!("{:0SENDER_DIGITS$}", SENDERS_MAX - 1).len() == SENDER_DIGITS);
    }
}
