//! A link over HTTP long-polling: one request that waits for what the edge has to say, and one for
//! each batch of what the client says. Any request that fails ends it, as in real clients.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use super::{NotOpen, Patience, Shared, connected, failed};
use crate::http;

const PATH: &str = "/socket.io/?EIO=4&transport=polling";

/// Stands between the packets of one body.
const SEPARATOR: char = '\u{1e}';

/// Most packets of one body.
const PACKETS_MAX: usize = 16;

/// One session at one edge.
#[derive(Clone)]
struct Session {
    url: String,
    path: String,
    patience: Patience,
    /// Two at a time would be one client too many.
    posting: Arc<Mutex<()>>,
}

/// Connects; gives the Socket.IO id.
pub async fn open(
    url: &str,
    connect: String,
    frames: mpsc::Receiver<String>,
    shared: Arc<Shared>,
) -> Result<String, NotOpen> {
    let reply = http::request(url, "GET", PATH, &[], "").await.map_err(failed)?;
    let open: Option<Value> =
        reply.body.strip_prefix('0').and_then(|json| serde_json::from_str(json).ok());
    let open = open.ok_or_else(|| failed("no open packet"))?;
    let path = format!("{PATH}&sid={}", open["sid"].as_str().unwrap_or_default());
    let (url, patience) = (url.to_owned(), Patience::read(&open));
    let session = Session { url, path, patience, posting: Arc::default() };
    session.post(&connect).await.ok_or_else(|| failed("CONNECT was not taken"))?;
    let mut packets = loop {
        let packets = session.get().await.ok_or_else(|| failed("no answer to CONNECT"))?;
        // Pings may come first.
        if let Some(at) = packets.iter().position(|packet| packet.starts_with('4')) {
            break packets.into_iter().skip(at);
        }
        session.pong(&packets).await;
    };
    let sid = connected(&packets.next().unwrap_or_default())?;
    if !packets.all(|packet| shared.take_in(&packet)) {
        return Err(failed("the edge hung up"));
    }
    tokio::spawn(async move {
        let over = shared.over.clone();
        tokio::select! {
            () = over.cancelled() => {}
            () = session.hear(&shared) => {}
            () = session.say(frames) => {}
        }
        over.cancel();
    });
    Ok(sid)
}

impl Session {
    async fn hear(&self, shared: &Shared) {
        while let Some(packets) = self.get().await {
            if !packets.iter().all(|packet| packet == "2" || shared.take_in(packet)) {
                return;
            }
            if !self.pong(&packets).await {
                return;
            }
        }
    }

    async fn say(&self, mut frames: mpsc::Receiver<String>) {
        let mut batch = Vec::new();
        while frames.recv_many(&mut batch, PACKETS_MAX).await > 0 {
            let body = batch.join(&SEPARATOR.to_string());
            batch.clear();
            if self.post(&body).await.is_none() {
                return;
            }
        }
    }

    async fn get(&self) -> Option<Vec<String>> {
        let request = http::request(&self.url, "GET", &self.path, &[], "");
        let reply = timeout(self.patience.0, request).await.ok()?.ok()?;
        // A connection that is cut in the middle of a body looks like its end.
        let is_whole = reply.header("content-length") == Some(&reply.body.len().to_string());
        let packets = reply.body.split(SEPARATOR).map(str::to_owned).collect();
        (reply.status == 200 && is_whole).then_some(packets)
    }

    async fn post(&self, body: &str) -> Option<()> {
        let _one = self.posting.lock().await;
        let request = http::request(&self.url, "POST", &self.path, &[], body);
        let reply = timeout(self.patience.0, request).await.ok()?.ok()?;
        (reply.status == 200).then_some(())
    }

    /// Answers a ping, if one came. False where the edge did not take it.
    async fn pong(&self, packets: &[String]) -> bool {
        !packets.iter().any(|packet| packet == "2") || self.post("3").await.is_some()
    }
}
