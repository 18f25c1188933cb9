//! A bare WebSocket to an edge: text and bytes as the test gives them, well formed or not.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::within;

/// Where Socket.IO lives, asked for as a WebSocket.
pub(crate) const PATH: &str = "/socket.io/?EIO=4&transport=websocket";

/// An open WebSocket whose Engine.IO handshake was read.
pub struct Raw {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The Engine.IO open packet: `sid`, `pingInterval`, `maxPayload` and so on.
    pub open: Value,
}

impl Raw {
    /// Opens a WebSocket to the edge at `http://host:port` and reads its open packet.
    pub async fn open(url: &str, headers: &[(&str, &str)]) -> Self {
        let opened = within("a WebSocket to the edge", connect(url, PATH, headers)).await;
        let socket = opened.unwrap_or_else(|error| panic!("no WebSocket to {url}: {error}"));
        let mut raw = Self { socket, open: Value::Null };
        let first = raw.next().await.expect("an open packet, not a close");
        let open = first.strip_prefix('0').expect("the first packet is the open packet");
        raw.open = serde_json::from_str(open).expect("the open packet carries JSON");
        raw
    }

    /// Sends one text frame.
    pub async fn send(&mut self, text: impl Into<String>) {
        let text: String = text.into();
        // The edge may have closed already because of what was sent before: `next` tells.
        let _ = self.socket.send(Message::text(text)).await;
    }

    /// Sends one binary frame.
    pub async fn send_binary(&mut self, bytes: &[u8]) {
        let _ = self.socket.send(Message::binary(bytes.to_vec())).await;
    }

    /// The next text frame that is no ping (those are answered), or `None` once the edge has
    /// closed.
    pub async fn next(&mut self) -> Option<String> {
        within("a frame from the edge", async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) if text.as_str() == "2" => self.send("3").await,
                    Some(Ok(Message::Text(text))) => return Some(text.as_str().to_owned()),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            }
        })
        .await
    }

    /// Waits until the edge closes the socket; returns the text frames that came before.
    pub async fn until_closed(&mut self) -> Vec<String> {
        let mut before = Vec::new();
        while let Some(frame) = self.next().await {
            before.push(frame);
        }
        before
    }
}

/// The WebSocket, or why the edge refused the handshake.
pub(crate) async fn connect(
    url: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, Box<Error>> {
    let mut request = format!("{}{path}", url.replacen("http", "ws", 1)).into_client_request()?;
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name of the test's");
        let value = HeaderValue::from_str(value).expect("a header value of the test's");
        request.headers_mut().insert(name, value);
    }
    let (socket, _) = connect_async(request).await?;
    Ok(socket)
}
