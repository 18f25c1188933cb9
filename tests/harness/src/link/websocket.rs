//! A link over one WebSocket.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::{NotOpen, Patience, Shared, connected, failed};
use crate::raw;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connects; gives the Socket.IO id.
pub async fn open(
    url: &str,
    connect: String,
    frames: mpsc::Receiver<String>,
    shared: Arc<Shared>,
) -> Result<String, NotOpen> {
    let mut socket = raw::connect(url, raw::PATH, &[]).await.map_err(failed)?;
    let opened = next(&mut socket).await?;
    let open = opened.strip_prefix('0').and_then(|json| serde_json::from_str(json).ok());
    let patience = Patience::read(&open.ok_or_else(|| failed("no open packet"))?);
    socket.send(Message::text(connect)).await.map_err(failed)?;
    let sid = connected(&next(&mut socket).await?)?;
    tokio::spawn(async move {
        let over = shared.over.clone();
        tokio::select! {
            () = over.cancelled() => {}
            () = run(socket, frames, patience, &shared) => {}
        }
        over.cancel();
    });
    Ok(sid)
}

/// The next text frame that is no ping.
async fn next(socket: &mut Socket) -> Result<String, NotOpen> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) if text.as_str() == "2" => {
                socket.send(Message::text("3")).await.map_err(failed)?;
            }
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(_)) => {}
            Some(Err(problem)) => return Err(failed(problem)),
            None => return Err(failed("the edge hung up")),
        }
    }
}

/// Moves frames both ways until one side is gone, or silent for too long.
async fn run(
    mut socket: Socket,
    mut frames: mpsc::Receiver<String>,
    Patience(patience): Patience,
    shared: &Shared,
) {
    loop {
        tokio::select! {
            frame = frames.recv() => {
                let Some(frame) = frame else { return };
                if socket.send(Message::text(frame)).await.is_err() {
                    return;
                }
            }
            message = timeout(patience, socket.next()) => match message {
                Ok(Some(Ok(Message::Text(text)))) if text.as_str() == "2" => {
                    if socket.send(Message::text("3")).await.is_err() {
                        return;
                    }
                }
                Ok(Some(Ok(Message::Text(text)))) => if !shared.take_in(&text) { return },
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) | Err(_) => return,
                Ok(Some(Ok(_))) => {}
            },
        }
    }
}
