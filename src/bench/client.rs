//! The least Socket.IO client that can join a room and send: connect, join, and what a packet is.
//! What happens under load is `load`'s; here each step waits for its answer.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::wire::{self, Address, Frame, Reader, Writer};

const PATH: &str = "/socket.io/?EIO=4&transport=websocket";

/// How long connecting and each try of joining may take. Longer than the service's own time-out of
/// an acknowledgement, so that its answer is seen.
const STEP_TIMEOUT: Duration = Duration::from_secs(15);

/// The acknowledgement id of what is asked step by step; those of messages are higher.
const STEP_ACK: u64 = 0;

/// Tries of a step, as a worker may still be taking over partitions.
const TRIES: u32 = 40;

const TRY_PAUSE: Duration = Duration::from_millis(250);

/// What a packet says to the load generator.
#[derive(Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The Engine.IO ping: answer `3`.
    Ping,
    /// An event; the whole packet.
    Event(&'a [u8]),
    /// An acknowledgement: its id and the answer, a JSON array.
    Ack(u64, &'a [u8]),
    /// The service ended the session.
    Closed,
    /// Nothing to do.
    Other,
}

/// The frame of an event whose acknowledgement has the id `ack`. `payload` is JSON.
pub fn event_frame(ack: u64, event: &str, payload: &str) -> Vec<u8> {
    wire::text_frame(&format!(r#"42{ack}["{event}",{payload}]"#))
}

/// The one argument of an acknowledgement.
fn only(answer: &[u8]) -> &[u8] {
    let inner = answer.strip_prefix(b"[").unwrap_or(answer);
    inner.strip_suffix(b"]").unwrap_or(inner)
}

/// Tells packets apart by their first bytes.
pub fn classify(text: &[u8]) -> Packet<'_> {
    match text {
        [b'4', b'2', ..] => Packet::Event(text),
        [b'4', b'3', rest @ ..] => match leading_number(rest) {
            Some((id, answer)) => Packet::Ack(id, answer),
            None => Packet::Other,
        },
        [b'2'] => Packet::Ping,
        [b'1'] | [b'4', b'1', ..] | [b'4', b'4', ..] => Packet::Closed,
        _ => Packet::Other,
    }
}

/// The decimal number at the start of `text`, and what follows it.
pub fn leading_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let (digits, rest) = text.split_at(length);
    let number = digits.iter().try_fold(0u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })?;
    Some((number, rest))
}

/// The refusal in an acknowledgement; `None` where it says ok.
pub fn refusal(answer: &[u8]) -> Option<Refusal> {
    // Of the two layouts one is read without parsing, as each message has such an answer.
    if answer.starts_with(br#"[{"ok":true"#) {
        return None;
    }
    let parsed = serde_json::from_slice::<(Answer,)>(answer);
    let unreadable = || Refusal { code: "unreadable".to_owned(), message: String::new() };
    match parsed {
        Ok((Answer { ok: true, .. },)) => None,
        Ok((Answer { error, .. },)) => Some(error.unwrap_or_else(unreadable)),
        Err(_) => Some(unreadable()),
    }
}

#[derive(Deserialize)]
struct Answer {
    ok: bool,
    error: Option<Refusal>,
}

/// Why an event was not accepted.
#[derive(Debug, Deserialize)]
pub struct Refusal {
    /// The contract's code.
    pub code: String,
    /// For people.
    pub message: String,
}

/// A connected client, still spoken to step by step.
pub struct Client {
    /// What comes.
    pub reader: Reader,
    /// What goes.
    pub writer: Writer,
}

impl Client {
    /// Opens the session and connects to the namespace with a token.
    pub async fn connect(address: &Address, token: &str) -> Result<Self> {
        let (reader, writer) = wire::open(address, PATH).await?;
        let mut client = Self { reader, writer };
        client
            .until("the Engine.IO session", |text| text.starts_with(b"0{").then_some(Ok(())))
            .await?;
        let auth = serde_json::json!({ "token": token });
        client.writer.send(&wire::text_frame(&format!("40{auth}")))?;
        let connected = |text: &[u8]| match text {
            [b'4', b'0', ..] => Some(Ok(())),
            [b'4', b'4', reason @ ..] => Some(Err(String::from_utf8_lossy(reason).into_owned())),
            _ => None,
        };
        client.until("CONNECT", connected).await?;
        Ok(client)
    }

    /// Sends an event and waits for its answer: the JSON text of `{ok: true, …}`. `Err` inside `Ok` is
    /// a refusal of the service.
    pub async fn ask(&mut self, event: &str, payload: &str) -> Result<Result<String, Refusal>> {
        self.writer.send(&event_frame(STEP_ACK, event, payload))?;
        let answered = |text: &[u8]| match classify(text) {
            Packet::Ack(STEP_ACK, answer) => Some(Ok(match refusal(answer) {
                Some(refusal) => Err(refusal),
                None => Ok(String::from_utf8_lossy(only(answer)).into_owned()),
            })),
            _ => None,
        };
        self.until(event, answered).await
    }

    /// Asks again while the service is `unavailable`, as it is until its workers have taken all over.
    pub async fn insist(&mut self, event: &str, payload: &str) -> Result<String> {
        for tries_left in (0..TRIES).rev() {
            match self.ask(event, payload).await? {
                Ok(answer) => return Ok(answer),
                Err(refusal) if refusal.code == "unavailable" && tries_left > 0 => {
                    tokio::time::sleep(TRY_PAUSE).await;
                }
                Err(refusal) => bail!("{event}: {} ({})", refusal.message, refusal.code),
            }
        }
        bail!("{event}: the service stays unavailable")
    }

    /// Sends all of these events, `window` of which wait for their answers at a time. A refusal is
    /// an error.
    pub async fn pump(
        &mut self,
        mut events: impl Iterator<Item = (&'static str, String)>,
        window: usize,
        mut answered: impl FnMut(),
    ) -> Result<()> {
        let (mut sent, mut waiting) = (STEP_ACK + 1, 0);
        loop {
            while waiting < window
                && let Some((event, payload)) = events.next()
            {
                // The service tells answers apart by their ids.
                self.writer.send(&event_frame(sent, event, &payload))?;
                (sent, waiting) = (sent + 1, waiting + 1);
            }
            if waiting == 0 {
                return Ok(());
            }
            let answer = |text: &[u8]| match classify(text) {
                Packet::Ack(_, answer) => Some(Ok(refusal(answer))),
                _ => None,
            };
            if let Some(Refusal { code, message }) = self.until("an event", answer).await? {
                bail!("an event was refused: {message} ({code})");
            }
            waiting -= 1;
            answered();
        }
    }

    /// Reads until `wanted` finds what it looks for; answers pings.
    async fn until<T>(
        &mut self,
        what: &str,
        wanted: impl Fn(&[u8]) -> Option<Result<T, String>>,
    ) -> Result<T> {
        let search = async {
            loop {
                self.writer.flush()?;
                while let Some(frame) = self.reader.frame()? {
                    let Frame::Text(text) = frame else {
                        if frame == Frame::Close {
                            bail!("the service closed the connection");
                        }
                        continue;
                    };
                    if let Some(found) = wanted(text) {
                        return found.map_err(|reason| anyhow::anyhow!("refused: {reason}"));
                    }
                    match classify(text) {
                        Packet::Ping => self.writer.send(&wire::text_frame("3"))?,
                        Packet::Closed => bail!("the service ended the session"),
                        _ => {}
                    }
                }
                self.reader.fill().await?;
            }
        };
        tokio::time::timeout(STEP_TIMEOUT, search)
            .await
            .with_context(|| format!("no answer to {what} within 15 s"))?
            .with_context(|| format!("{what} failed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_told_apart() {
        assert_eq!(classify(b"2"), Packet::Ping);
        assert_eq!(classify(b"4312[{}]"), Packet::Ack(12, b"[{}]"));
        assert_eq!(classify(br#"42["a",1]"#), Packet::Event(br#"42["a",1]"#));
        assert_eq!(classify(b"41"), Packet::Closed);
        for other in ["", "3", "6", "43", "43[]", "0{}"] {
            assert_eq!(classify(other.as_bytes()), Packet::Other, "{other}");
        }
    }

    #[test]
    fn a_refusal_is_read_whatever_the_order_of_its_fields() {
        let code = |answer: &str| refusal(answer.as_bytes()).map(|refusal| refusal.code);
        assert_eq!(code(r#"[{"ok":true,"message":{}}]"#), None);
        assert_eq!(code(r#"[{"message":{},"ok":true}]"#), None);
        let refused = r#"[{"error":{"code":"rate-limited","message":"m"},"ok":false}]"#;
        assert_eq!(code(refused).as_deref(), Some("rate-limited"));
        assert_eq!(code("nonsense").as_deref(), Some("unreadable"));
    }
}
