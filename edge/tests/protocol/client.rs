//! A client that writes the protocol by hand, so that it can also get it wrong.

use std::net::SocketAddr;
use std::time::Duration;

use edge::close::Reason;
use edge::engine::Settings;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::server::{Server, Suite};

/// What a test waits for at most.
const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for something that should happen soon.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it should have happened by now")
}

/// A server on a free port.
pub struct Host {
    pub address: SocketAddr,
    pub server: Server,
    closed: UnboundedReceiver<Reason>,
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Host {
    pub async fn start(settings: Settings) -> Host {
        let (sender, closed) = unbounded_channel();
        let server = Server::new(&settings, Suite::new(Some(sender)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(server.clone().serve(listener));
        Host { address, server, closed }
    }

    /// Why the next connection ended.
    pub async fn closed(&mut self) -> Reason {
        soon(self.closed.recv()).await.unwrap()
    }

    /// Writes a request on a connection of its own.
    pub async fn write(&self, method: &str, query: &str, head: &str, body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!(
            "{method} /socket.io/?{query} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{head}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream
    }

    pub async fn request(&self, method: &str, query: &str, head: &str, body: &[u8]) -> Answer {
        answer(self.write(method, query, head, body).await).await
    }

    /// Opens a polling session and returns the query of its later requests.
    pub async fn open(&self) -> String {
        let answer = self.request("GET", "EIO=4&transport=polling", "", b"").await;
        assert_eq!(answer.status, 200);
        let open: serde_json::Value = serde_json::from_str(&answer.body[1..]).unwrap();
        format!("EIO=4&transport=polling&sid={}", open["sid"].as_str().unwrap())
    }

    /// Opens a polling session that has joined `/`.
    pub async fn join(&self) -> String {
        let session = self.open().await;
        assert_eq!(self.post(&session, "40").await.body, "ok");
        let answer = self.get(&session).await;
        assert!(answer.body.starts_with("40{\"sid\":"), "{answer:?}");
        assert!(answer.body.ends_with("\x1e42[\"auth\",{}]"), "{answer:?}");
        session
    }

    pub async fn get(&self, session: &str) -> Answer {
        self.request("GET", session, "", b"").await
    }

    pub async fn post(&self, session: &str, body: &str) -> Answer {
        let head = format!("Content-Length: {}\r\n", body.len());
        self.request("POST", session, &head, body.as_bytes()).await
    }

    /// Opens a websocket; of a session that exists, if `query` names it.
    pub async fn websocket(&self, query: &str) -> WebSocket {
        let query = query.replace("transport=polling", "transport=websocket");
        let stream = TcpStream::connect(self.address).await.unwrap();
        let url = format!("ws://{}/socket.io/?{query}", self.address);
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        WebSocket { socket }
    }

    /// Opens a websocket session that has joined `/`.
    pub async fn join_websocket(&self) -> WebSocket {
        let mut socket = self.websocket("EIO=4&transport=websocket").await;
        assert!(socket.text().await.starts_with("0{"));
        socket.send("40").await;
        assert!(socket.text().await.starts_with("40{"));
        assert_eq!(socket.text().await, "42[\"auth\",{}]");
        socket
    }
}

/// Reads an answer to its end.
pub async fn answer(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    soon(stream.read_to_end(&mut bytes)).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

/// A websocket, from the client's side.
pub struct WebSocket {
    pub socket: WebSocketStream<TcpStream>,
}

impl WebSocket {
    pub async fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub async fn send_binary(&mut self, data: &[u8]) {
        self.socket.send(Message::binary(data.to_vec())).await.unwrap();
    }

    pub async fn next(&mut self) -> Option<Message> {
        soon(self.socket.next()).await.and_then(Result::ok)
    }

    pub async fn text(&mut self) -> String {
        match self.next().await {
            Some(Message::Text(text)) => text.to_string(),
            other => panic!("a text message was due, not {other:?}"),
        }
    }

    /// Reads to the end and returns the close code, 0 without a close frame.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            match self.next().await {
                Some(Message::Close(frame)) => {
                    return frame.map_or(0, |frame| frame.code.into());
                }
                Some(_) => {}
                None => return 0,
            }
        }
    }
}
