//! A WebSocket as the load generator needs it: frames are read in place from one buffer and written
//! from ready-made bytes. tungstenite's own socket allocates per message; here it parses and builds
//! the headers only.

use std::io::{self, Cursor};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// Size that the read buffer starts with; it grows to the largest frame.
const READ_BYTES: usize = 16 * 1024;

/// Largest frame that is taken: a service that sends more is not ours.
const FRAME_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Largest answer to the handshake.
const HANDSHAKE_BYTES_MAX: usize = 16 * 1024;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);

/// What came from the service.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A text message.
    Text(&'a [u8]),
    /// A WebSocket ping, to be answered with the same bytes.
    Ping(&'a [u8]),
    /// The service closes.
    Close,
    /// Anything else.
    Other,
}

/// Where a service is reached.
#[derive(Debug, Clone)]
pub struct Address {
    /// Host and port, as in the `Host` header.
    pub authority: String,
}

impl std::str::FromStr for Address {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("ws://"));
        let authority = rest.ok_or("must begin with http:// or ws:// (the bench speaks no TLS)")?;
        let authority = authority.trim_end_matches('/');
        if authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ']) {
            return Err("must be http://HOST:PORT without a path".to_owned());
        }
        let has_port =
            authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Self { authority })
    }
}

/// Opens a WebSocket at `path`.
pub async fn open(address: &Address, path: &str) -> Result<(Reader, Writer)> {
    let handshake = async {
        let stream = TcpStream::connect(&address.authority).await?;
        stream.set_nodelay(true)?;
        let (read, write) = stream.into_split();
        let mut reader = Reader { half: read, buffer: vec![0; READ_BYTES], start: 0, end: 0 };
        let mut writer = Writer { half: write, unsent: Vec::new() };
        shake_hands(&mut reader, &mut writer, &address.authority, path).await?;
        anyhow::Ok((reader, writer))
    };
    tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake)
        .await
        .context("no answer to the WebSocket handshake within 15 s")?
        .with_context(|| format!("cannot open a WebSocket to {}", address.authority))
}

async fn shake_hands(
    reader: &mut Reader,
    writer: &mut Writer,
    authority: &str,
    path: &str,
) -> Result<()> {
    let key = generate_key();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    );
    writer.half.write_all(request.as_bytes()).await?;
    let head = loop {
        let read = &reader.buffer[..reader.end];
        if let Some(length) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            reader.start = length + 4;
            break String::from_utf8_lossy(&read[..length]).into_owned();
        }
        if reader.end > HANDSHAKE_BYTES_MAX {
            bail!("the answer to the handshake has no end");
        }
        reader.fill().await?;
    };
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("101") {
        bail!("the answer to the WebSocket handshake was \"{status}\"");
    }
    if !head.contains(&derive_accept_key(key.as_bytes())) {
        bail!("the service answered the WebSocket handshake with a wrong key");
    }
    Ok(())
}

/// The reading half: bytes in `start..end` of the buffer are not yet taken.
pub struct Reader {
    half: OwnedReadHalf,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Reader {
    /// Waits for bytes. An end of the stream is an error, as the service never ends it first.
    pub async fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            if self.end >= FRAME_BYTES_MAX {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is too large"));
            }
            self.buffer.resize(self.end * 2, 0);
        }
        match self.half.read(&mut self.buffer[self.end..]).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.end += read;
                Ok(())
            }
        }
    }

    /// The next whole frame that is already here.
    pub fn frame(&mut self) -> io::Result<Option<Frame<'_>>> {
        let mut cursor = Cursor::new(&self.buffer[self.start..self.end]);
        let Some((header, length)) = FrameHeader::parse(&mut cursor).map_err(io::Error::other)?
        else {
            return Ok(None);
        };
        let from = self.start + cursor.position() as usize;
        let Some(to) = usize::try_from(length).ok().and_then(|length| from.checked_add(length))
        else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is too large"));
        };
        if to > self.end {
            return Ok(None);
        }
        self.start = to;
        let payload = &self.buffer[from..to];
        Ok(Some(match header.opcode {
            OpCode::Data(Data::Text) if header.is_final => Frame::Text(payload),
            OpCode::Control(Control::Ping) => Frame::Ping(payload),
            OpCode::Control(Control::Close) => Frame::Close,
            _ => Frame::Other,
        }))
    }
}

/// The writing half. What the kernel does not take at once is kept in order.
pub struct Writer {
    half: OwnedWriteHalf,
    unsent: Vec<u8>,
}

impl Writer {
    /// Sends ready-made frames, or keeps what does not fit for the next [`Writer::flush`].
    pub fn send(&mut self, frames: &[u8]) -> io::Result<()> {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(frames);
            return self.flush();
        }
        let written = self.try_write(frames)?;
        self.unsent.extend_from_slice(&frames[written..]);
        Ok(())
    }

    /// Sends what was kept.
    pub fn flush(&mut self) -> io::Result<()> {
        if !self.unsent.is_empty() {
            let written = self.try_write(&self.unsent)?;
            self.unsent.drain(..written);
        }
        Ok(())
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self.half.try_write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            result => result,
        }
    }
}

/// A text frame, masked as a client's must be. The mask is zero, so that a sender can change digits
/// of a ready-made frame; the service unmasks it like any other, for the same cost.
pub fn text_frame(payload: &str) -> Vec<u8> {
    frame(OpCode::Data(Data::Text), payload.as_bytes())
}

/// The answer to a WebSocket ping.
pub fn pong_frame(payload: &[u8]) -> Vec<u8> {
    frame(OpCode::Control(Control::Pong), payload)
}

fn frame(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader { opcode, mask: Some([0; 4]), ..FrameHeader::default() };
    let mut frame = Vec::with_capacity(payload.len() + 14);
    header.format(payload.len() as u64, &mut frame).expect("writing to memory cannot fail");
    frame.extend_from_slice(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        let authority = |url: &str| url.parse::<Address>().map(|address| address.authority);
        assert_eq!(authority("http://localhost:3006/").as_deref(), Ok("localhost:3006"));
        assert_eq!(authority("ws://[::1]:80").as_deref(), Ok("[::1]:80"));
        assert_eq!(authority("http://example.org").as_deref(), Ok("example.org:80"));
        for bad in ["localhost:3006", "https://a", "http://", "http://a/b", "http://u@a"] {
            assert!(authority(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn frames_split_anywhere_are_read_whole() -> Result<()> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let mut service = TcpStream::connect(listener.local_addr()?).await?;
        let (half, _writer) = listener.accept().await?.0.into_split();
        let mut reader = Reader { half, buffer: vec![0; 8], start: 0, end: 0 };
        let large = "x".repeat(70_000);
        let header = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
        let mut bytes = Vec::new();
        for text in ["2", large.as_str(), "40"] {
            header.format(text.len() as u64, &mut bytes)?;
            bytes.extend_from_slice(text.as_bytes());
        }
        tokio::spawn(async move {
            for chunk in bytes.chunks(1_001) {
                service.write_all(chunk).await?;
                tokio::task::yield_now().await;
            }
            io::Result::Ok(())
        });
        for expected in ["2", large.as_str(), "40"] {
            loop {
                if let Some(frame) = reader.frame()? {
                    assert_eq!(frame, Frame::Text(expected.as_bytes()));
                    break;
                }
                reader.fill().await?;
            }
        }
        assert_eq!(reader.fill().await.map_err(|e| e.kind()), Err(io::ErrorKind::UnexpectedEof));
        Ok(())
    }
}
