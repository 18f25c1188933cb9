//! One Engine.IO packet on its way to clients, encoded once. Server frames of a WebSocket carry no
//! mask, so the same bytes serve every receiver: a websocket gets all of them, a poll the payload.
//!
//! ```text
//! 0x81 (text) | length: 1, 3 or 9 bytes | 4 2 [ " n a m e " , … ]
//! `-- header, 2, 4 or 10 bytes --------' `-- payload ------------'
//! ```

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{BufMut, Bytes, BytesMut};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;

/// One packet, shared by all who receive it. Cloning counts a reference and copies nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    bytes: Bytes,
}

impl Frame {
    /// A Socket.IO EVENT of namespace `/`. `array` is the JSON array of the event's name and its
    /// arguments; it is sent as it is.
    pub fn event(array: &str) -> Frame {
        Frame::text(&[b"42", array.as_bytes()])
    }

    /// The Socket.IO ACK of namespace `/` for the client's event `id`, with one argument. `value` is
    /// one JSON value; it is sent as it is.
    pub fn ack(id: u64, value: &str) -> Frame {
        let id = id.to_string();
        Frame::text(&[b"43", id.as_bytes(), b"[", value.as_bytes(), b"]"])
    }

    /// Any Engine.IO packet in its text form, the type digit included.
    pub fn packet(text: &str) -> Frame {
        Frame::text(&[text.as_bytes()])
    }

    /// A binary message: a websocket carries it as it is, a poll as `b` and base64.
    pub fn binary(data: &[u8]) -> Frame {
        Frame::encode(BINARY, &[data])
    }

    /// The size on a websocket, in bytes; what the outbox counts.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The whole WebSocket frame.
    pub(crate) fn wire(&self) -> &[u8] {
        &self.bytes
    }

    /// Writes the packet in the form in which a polling payload carries it.
    pub(crate) fn write_polling(&self, payload: &mut BytesMut) {
        let data = &self.bytes[self.header_size()..];
        if self.bytes[0] == BINARY {
            payload.put_u8(b'b');
            payload.put_slice(BASE64_STANDARD.encode(data).as_bytes());
        } else {
            payload.put_slice(data);
        }
    }

    fn text(parts: &[&[u8]]) -> Frame {
        Frame::encode(TEXT, parts)
    }

    fn encode(opcode: u8, parts: &[&[u8]]) -> Frame {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let mut bytes = Vec::with_capacity(length + 10);
        bytes.push(opcode);
        if let Ok(short @ 0..126) = u8::try_from(length) {
            bytes.push(short);
        } else if let Ok(medium) = u16::try_from(length) {
            bytes.push(126);
            bytes.put_u16(medium);
        } else {
            bytes.push(127);
            bytes.put_u64(length as u64);
        }
        for part in parts {
            bytes.extend_from_slice(part);
        }
        Frame { bytes: Bytes::from(bytes) }
    }

    fn header_size(&self) -> usize {
        match self.bytes[1] {
            126 => 4,
            127 => 10,
            _ => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polled(frame: &Frame) -> Vec<u8> {
        let mut payload = BytesMut::new();
        frame.write_polling(&mut payload);
        payload.to_vec()
    }

    #[test]
    fn an_event_is_a_ready_websocket_frame() {
        let frame = Frame::event(r#"["hi",1]"#);
        assert_eq!(frame.wire(), b"\x81\x0a42[\"hi\",1]");
        assert_eq!(polled(&frame), b"42[\"hi\",1]");
    }

    #[test]
    fn an_ack_wraps_its_one_argument() {
        assert_eq!(polled(&Frame::ack(7, r#"{"ok":true}"#)), b"437[{\"ok\":true}]");
    }

    #[test]
    fn each_length_has_its_header() {
        for (length, header) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let frame = Frame::packet(&"x".repeat(length));
            assert_eq!(frame.size(), header + length, "length {length}");
            assert_eq!(polled(&frame).len(), length);
        }
        assert_eq!(Frame::packet(&"x".repeat(300)).wire()[..4], [0x81, 126, 1, 44]);
    }

    #[test]
    fn binary_goes_as_it_is_on_a_websocket_and_as_base64_on_a_poll() {
        let frame = Frame::binary(&[1, 2, 3, 4]);
        assert_eq!(frame.wire(), [0x82, 4, 1, 2, 3, 4]);
        assert_eq!(polled(&frame), b"bAQIDBA==");
    }
}
