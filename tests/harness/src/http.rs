//! One plain HTTP request to a process on loopback, for probes and for the polling transport's
//! bare bytes. No keep-alive, no redirects: what a test wants to see is one answer.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::within;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Name (lower case) and value.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Reply {
    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// `GET path` from `http://host:port`.
pub async fn get(url: &str, path: &str) -> Reply {
    within(path, request(url, "GET", path, &[], "")).await.unwrap_or_else(|error| {
        panic!("no answer from {url}{path}: {error}");
    })
}

/// `POST path` with a text body.
pub async fn post(url: &str, path: &str, body: &str) -> Reply {
    within(path, request(url, "POST", path, &[], body)).await.unwrap_or_else(|error| {
        panic!("no answer from {url}{path}: {error}");
    })
}

/// Any request; the error is that of the connection.
pub async fn request(
    url: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Reply> {
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await?;
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    // A server that refuses an over-long body answers and closes before it has read all of it.
    let sent = stream.write_all(body.as_bytes()).await;
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes).await;
    if bytes.is_empty() {
        sent?;
        read?;
    }
    parse(&String::from_utf8_lossy(&bytes)).ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}

fn parse(text: &str) -> Option<Reply> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Some(Reply { status, headers, body: body.to_owned() })
}
