//! A websocket whose outgoing frames are ready-made and shared. The library reads, answers pings
//! and takes part in the closing; frames of the product go past it, many with one system call and
//! without a copy.
//!
//! Two writers on one socket may only take turns between whole frames. So the library's writes pass
//! a gate, which is shut while a shared frame is partly written.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{Sink, SinkExt, Stream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::close::Reason;
use crate::frame::Frame;

/// Allocated for each connection at once; client frames are mostly smaller.
const READ_BUFFER_BYTES: usize = 2 * 1024;
/// The library writes only pongs and closes, which are at most 131 bytes.
const LIBRARY_OUTPUT_BYTES_MAX: usize = 16 * 1024;
/// The most frames in one system call.
const SLICES: usize = 64;
/// A batch of this capacity is kept when it runs empty; a larger one is given back.
const KEPT_CAPACITY: usize = 32;
/// How long the client may take to answer a close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) struct Wire<S> {
    stream: WebSocketStream<Gate<S>>,
    /// The frames being written, the first of them from byte `written` on.
    batch: VecDeque<Frame>,
    written: usize,
    stalled_since: Option<Instant>,
}

struct Gate<S> {
    io: S,
    is_shut: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Takes over a socket after the handshake. `already_read` is what came with it.
    pub(super) async fn new(io: S, already_read: Vec<u8>, payload_bytes_max: usize) -> Wire<S> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(LIBRARY_OUTPUT_BYTES_MAX)
            .max_message_size(Some(payload_bytes_max))
            .max_frame_size(Some(payload_bytes_max));
        let gate = Gate { io, is_shut: false };
        let stream =
            WebSocketStream::from_partially_read(gate, already_read, Role::Server, Some(config));
        Wire { stream: stream.await, batch: VecDeque::new(), written: 0, stalled_since: None }
    }

    /// The client's next text or binary message, or why none comes.
    pub(super) fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Message, Reason>> {
        loop {
            let Some(next) = ready!(Pin::new(&mut self.stream).poll_next(context)) else {
                return Poll::Ready(Err(Reason::TransportClose));
            };
            match next {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                    return Poll::Ready(Ok(message));
                }
                Ok(Message::Close(_)) => return Poll::Ready(Err(Reason::TransportClose)),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Err(reason_of(&error))),
            }
        }
    }

    /// Where to put the frames to write next; empty unless a write is under way.
    pub(super) fn batch(&mut self) -> &mut VecDeque<Frame> {
        &mut self.batch
    }

    /// Since when the client has taken nothing of what is being written.
    pub(super) fn stalled_since(&self) -> Option<Instant> {
        self.stalled_since
    }

    /// Writes the batch. Ready when the kernel has all of it.
    pub(super) fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = self.poll_write_batch(context);
        match result {
            Poll::Pending if self.stalled_since.is_none() => {
                self.stalled_since = Some(Instant::now());
            }
            Poll::Ready(_) => self.stalled_since = None,
            Poll::Pending => {}
        }
        result
    }

    fn poll_write_batch(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.written == 0 {
                let flushed = ready!(Pin::new(&mut self.stream).poll_flush(context));
                flushed.map_err(io::Error::other)?;
            }
            if self.batch.is_empty() {
                if self.batch.capacity() > KEPT_CAPACITY {
                    self.batch = VecDeque::new();
                }
                return Poll::Ready(Ok(()));
            }
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = self.batch.len().min(SLICES);
            for (slice, frame) in slices.iter_mut().zip(&self.batch) {
                *slice = IoSlice::new(frame.wire());
            }
            slices[0] = IoSlice::new(&self.batch[0].wire()[self.written..]);
            let io = Pin::new(&mut self.stream.get_mut().io);
            // One frame is what mostly waits, and one buffer is cheaper for the kernel than a list.
            let taken = if count == 1 {
                ready!(io.poll_write(context, &slices[0]))?
            } else {
                ready!(io.poll_write_vectored(context, &slices[..count]))?
            };
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(taken);
            self.stalled_since = None;
        }
    }

    fn advance(&mut self, taken: usize) {
        self.written += taken;
        while let Some(first) = self.batch.front()
            && self.written >= first.size()
        {
            self.written -= first.size();
            self.batch.pop_front();
        }
        self.stream.get_mut().is_shut = self.written > 0;
    }

    /// Writes one frame and waits until the kernel has it.
    pub(super) async fn send(&mut self, frame: Frame) -> io::Result<()> {
        self.batch.push_back(frame);
        std::future::poll_fn(|context| self.poll_write(context)).await
    }

    /// The client's next message, or why none comes.
    pub(super) async fn receive(&mut self) -> Result<Message, Reason> {
        std::future::poll_fn(|context| self.poll_read(context)).await
    }

    /// Closes with this status code, and waits a moment for the client to do its part: a socket
    /// dropped with unread bytes is reset, and the client might never read why.
    pub(super) async fn close(mut self, code: u16) {
        if self.written > 0 {
            return;
        }
        let frame = CloseFrame { code: code.into(), reason: Default::default() };
        let goodbye = async {
            // Refused where the client closed first; then the library's answer is flushed.
            let _ = self.stream.send(Message::Close(Some(frame))).await;
            let _ = self.stream.flush().await;
            let io = &mut self.stream.get_mut().io;
            let _ = io.shutdown().await;
            let mut rest = vec![0; READ_BUFFER_BYTES];
            while let Ok(1..) = io.read(&mut rest).await {}
        };
        let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
    }
}

fn reason_of(error: &Error) -> Reason {
    match error {
        Error::Capacity(_) => Reason::TooLarge,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Reason::TransportClose,
        Error::Protocol(_) | Error::Utf8(_) => Reason::ParseError,
        _ => Reason::TransportError,
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gate<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

/// A shut gate registers no waker: the task that shut it opens it, and then flushes.
impl<S: AsyncWrite + Unpin> AsyncWrite for Gate<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_shut {
            return Poll::Pending;
        }
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
