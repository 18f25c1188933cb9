//! Engine.IO v4 packets, as clients send them.
//!
//! ```text
//! text packet       <digit 0..6><data>
//! websocket         one text frame is one text packet, one binary frame is one binary message
//! polling payload   packet 0x1e packet 0x1e …, where a binary message is `b` and base64
//! ```

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;

/// What stands between the packets of a polling payload.
pub(crate) const SEPARATOR: u8 = 0x1e;

/// One packet from a client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    /// `1`: the client is leaving.
    Close,
    /// `2` and data. Only a probe may carry one: in this version the server pings.
    Ping(&'a str),
    /// `3`: the answer to a ping.
    Pong,
    /// `4` and text.
    Message(&'a str),
    /// Bytes, from a websocket frame or from base64.
    Binary(Bytes),
    /// `5`: the end of an upgrade.
    Upgrade,
    /// `0` and `6`: nothing to do.
    Noop,
}

/// The bytes were not a packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl<'a> Packet<'a> {
    /// Reads one text packet.
    pub(crate) fn read(text: &'a str) -> Result<Packet<'a>, Malformed> {
        let digit = *text.as_bytes().first().ok_or(Malformed)?;
        if !digit.is_ascii_digit() {
            return Err(Malformed);
        }
        let data = &text[1..];
        match digit {
            b'0' | b'6' => Ok(Packet::Noop),
            b'1' => Ok(Packet::Close),
            b'2' => Ok(Packet::Ping(data)),
            b'3' => Ok(Packet::Pong),
            b'4' => Ok(Packet::Message(data)),
            b'5' => Ok(Packet::Upgrade),
            _ => Err(Malformed),
        }
    }

    /// Reads one packet of a polling payload.
    pub(crate) fn read_polled(text: &'a str) -> Result<Packet<'a>, Malformed> {
        match text.strip_prefix('b') {
            Some(data) => BASE64_STANDARD
                .decode(data)
                .map(|data| Packet::Binary(Bytes::from(data)))
                .map_err(|_| Malformed),
            None => Packet::read(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read() {
        assert_eq!(Packet::read("0{}"), Ok(Packet::Noop));
        assert_eq!(Packet::read("1"), Ok(Packet::Close));
        assert_eq!(Packet::read("2probe"), Ok(Packet::Ping("probe")));
        assert_eq!(Packet::read("3"), Ok(Packet::Pong));
        assert_eq!(Packet::read("4hällo"), Ok(Packet::Message("hällo")));
        assert_eq!(Packet::read("5"), Ok(Packet::Upgrade));
        assert_eq!(Packet::read("6"), Ok(Packet::Noop));
    }

    #[test]
    fn what_is_no_packet_is_refused_without_panic() {
        for text in ["", "abc", "7", "9x", "é12345", "\u{1F600}ab", "\u{1e}", "b", "-1"] {
            assert_eq!(Packet::read(text), Err(Malformed), "{text:?}");
        }
    }

    #[test]
    fn base64_that_begins_with_a_type_digit_is_binary() {
        // 4AAA decodes to e0 00 00.
        let packet = Packet::read_polled("b4AAA");
        assert_eq!(packet, Ok(Packet::Binary(Bytes::from_static(&[0xe0, 0, 0]))));
    }

    #[test]
    fn bad_base64_is_refused() {
        for text in ["b%", "bA", "bAAAé"] {
            assert_eq!(Packet::read_polled(text), Err(Malformed), "{text:?}");
        }
    }
}
