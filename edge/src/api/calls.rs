//! Events that came over HTTP and wait for their answers. Each goes in as from a connection that nobody
//! else has, so its answer finds the way back as any other does.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use dashmap::DashMap;
use lua::door::{Admitted, Sender};
use lua::intake::Refused;
use lua::record::Origin;
use lua::refusal::{Code, Refusal};
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use crate::core::Core;
use crate::inbound::{self, count_answer};
use crate::publication::{self, Answer};

/// Most events that wait at a time.
const CALLS_MAX: usize = 10_000;

/// When a caller should try again who finds too many waiting.
const RETRY_FULL_MS: u64 = 1_000;

/// The acknowledgement id of each: it is the only event of its connection.
const ACK: u64 = 0;

/// What an event came to: JSON objects, as a connection gets them.
#[derive(Debug)]
pub enum Answered {
    /// It was applied; what it gave.
    Applied(Box<RawValue>),
    /// It was refused.
    Refused { code: Code, error: Box<RawValue>, retry_after_ms: Option<u64> },
}

/// The events that wait, by the names of their connections.
#[derive(Default)]
pub struct Calls(DashMap<String, oneshot::Sender<Answered>>);

/// A place among the events that wait. Given up when the caller goes away.
struct Place<'a> {
    calls: &'a Calls,
    connection: String,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.calls.0.remove(&self.connection);
    }
}

impl From<&Refusal> for Answered {
    fn from(refusal: &Refusal) -> Self {
        let error = RawValue::from_string(refusal.json()).expect("a refusal is plain data");
        Self::Refused { code: refusal.code, error, retry_after_ms: refusal.retry_after_ms }
    }
}

impl Answered {
    fn read(answer: &Answer<'_>) -> Self {
        match (answer.error, answer.result) {
            (Some(error), _) => {
                let (code, retry_after_ms) = publication::refused_as(error);
                Self::Refused { code, error: error.to_owned(), retry_after_ms }
            }
            (None, Some(result)) => Self::Applied(result.to_owned()),
            (None, None) => {
                let message = "the event was applied, but its answer was lost";
                Self::from(&Refusal::new(Code::Internal, message))
            }
        }
    }
}

impl Calls {
    /// An answer arrived. False where it is for none of these.
    pub fn answered(&self, answer: &Answer<'_>) -> bool {
        self.settle(&answer.connection, || Answered::read(answer))
    }

    /// An event was accepted but could not be appended, or that is not known.
    pub fn not_appended(&self, connection: &str, refused: Refused) {
        self.settle(connection, || Answered::from(&inbound::unavailable(refused)));
    }

    fn settle(&self, connection: &str, answer: impl FnOnce() -> Answered) -> bool {
        let Some((_, waiting)) = self.0.remove(connection) else { return false };
        // Who does not wait any more need not know.
        let _ = waiting.send(answer());
        true
    }

    fn wait(&self) -> Result<(Place<'_>, oneshot::Receiver<Answered>), Refusal> {
        if self.0.len() >= CALLS_MAX {
            let message = "too many events wait for their answers";
            return Err(Refusal::unavailable(message, RETRY_FULL_MS));
        }
        let connection =
            format!("http-{}", BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 15]>()));
        let (sender, answer) = oneshot::channel();
        self.0.insert(connection.clone(), sender);
        Ok((Place { calls: self, connection }, answer))
    }
}

/// Takes in an event that comes without a connection and waits for what it came to, at most as long as
/// any answer may take.
pub async fn call(core: &Core, admitted: Admitted, sender: Sender<'_>, payload: Bytes) -> Answered {
    let (event, since) = (admitted.row.name, Instant::now());
    let answered = match begin(core, admitted, sender, payload) {
        Ok((_place, answer)) => wait(answer, core.settings.ack_timeout).await,
        Err(refusal) => Answered::from(&refusal),
    };
    let outcome = match &answered {
        Answered::Applied(_) => "ok",
        Answered::Refused { code, .. } => code.word(),
    };
    count_answer(event, outcome, Some(since.elapsed().as_secs_f64()));
    answered
}

fn begin<'a>(
    core: &'a Core,
    admitted: Admitted,
    sender: Sender<'_>,
    payload: Bytes,
) -> Result<(Place<'a>, oneshot::Receiver<Answered>), Refusal> {
    inbound::heard(core, admitted.partition)?;
    let (place, answer) = core.calls.wait()?;
    let origin = Origin::text(&core.settings.edge, &place.connection);
    let entry = admitted.entry(sender, origin, Some(ACK), payload);
    core.intake().append(entry).map_err(inbound::unavailable)?;
    Ok((place, answer))
}

async fn wait(answer: oneshot::Receiver<Answered>, most: Duration) -> Answered {
    match tokio::time::timeout(most, answer).await {
        Ok(Ok(answered)) => answered,
        Ok(Err(_)) | Err(_) => Answered::from(&inbound::overdue()),
    }
}
