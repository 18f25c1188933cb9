//! The HTTP server: accepts connections, reads requests within limits, and stops on demand. What a
//! request means is the business of `route`.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::reply::Response;

/// How long the head of a request may take, counted from the moment a connection waits for it. It
/// ends slow-drip clients and idle keep-alive connections alike.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Largest head of a request: a long token in `Authorization` and cookies of a shared domain fit.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// The pause after the first failed accept; it doubles up to [`ACCEPT_PAUSE_MAX`].
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
const ACCEPT_PAUSE_MAX: Duration = Duration::from_secs(1);

/// What answers the requests of one listener.
pub trait Handler: Clone + Send + Sync + 'static {
    /// Answers one request of the client at `peer`. Dropped when the client goes away meanwhile.
    fn handle(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response> + Send;
}

/// The connections of one listener, and the two ways to end them.
#[derive(Clone)]
pub struct Server {
    head_timeout: Duration,
    connections: TaskTracker,
    accept: CancellationToken,
    finish: CancellationToken,
    cut: CancellationToken,
}

impl Default for Server {
    fn default() -> Self {
        Self::new(HEAD_TIMEOUT)
    }
}

impl Server {
    fn new(head_timeout: Duration) -> Self {
        Self {
            head_timeout,
            connections: TaskTracker::new(),
            accept: CancellationToken::new(),
            finish: CancellationToken::new(),
            cut: CancellationToken::new(),
        }
    }

    /// Accepts and serves until [`Server::stop_accepting`]. The listener is closed on return.
    pub async fn serve(self, listener: TcpListener, handler: impl Handler) {
        let mut pause = ACCEPT_PAUSE;
        while let Some(accepted) = self.accept.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, peer)) => {
                    pause = ACCEPT_PAUSE;
                    self.start(stream, peer, handler.clone());
                }
                Err(error) if concerns_one_connection(&error) => {}
                // Out of descriptors, most likely: they come free when connections end, and trying
                // on at full speed would take the processor from those that could end.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    let _ = self.accept.run_until_cancelled(tokio::time::sleep(pause)).await;
                    pause = (pause * 2).min(ACCEPT_PAUSE_MAX);
                }
            }
        }
    }

    /// Closes the listener; connections that exist go on.
    pub fn stop_accepting(&self) {
        self.accept.cancel();
    }

    /// Ends each connection after the answer that is under way, and waits for that. Connections
    /// that were upgraded are not the server's any more.
    pub async fn finish(&self) {
        self.stop_accepting();
        self.finish.cancel();
        self.connections.close();
        self.connections.wait().await;
    }

    /// Ends what is left at once.
    pub fn cut(&self) {
        self.stop_accepting();
        self.cut.cancel();
    }

    fn start(&self, stream: TcpStream, peer: SocketAddr, handler: impl Handler) {
        // Frames are small and wait for nobody; without this each could wait for an ACK.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let server = self.clone();
        self.connections.spawn(async move {
            let serving = server.serve_connection(stream, peer, handler);
            let _ = server.cut.run_until_cancelled(serving).await;
        });
    }

    /// The stream is given to hyper as `TokioIo<TcpStream>`, so that an upgrade gets the socket
    /// itself back and nothing stands between a WebSocket and the kernel.
    async fn serve_connection(&self, stream: TcpStream, peer: SocketAddr, handler: impl Handler) {
        let service = service_fn(move |request| {
            let handler = handler.clone();
            async move { Ok::<_, Infallible>(handler.handle(request, peer).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_timeout)
            .max_header_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.finish.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            // Clients come and go as they like: no address, and nothing for the usual log.
            tracing::debug!(%error, "an HTTP connection ended early");
        }
    }
}

/// The client gave up between its handshake and our accept.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    /// Longest wait for what is bound to happen.
    const PATIENCE: Duration = Duration::from_secs(20);

    #[derive(Clone)]
    struct Found;

    impl Handler for Found {
        async fn handle(&self, _request: Request<Incoming>, _peer: SocketAddr) -> Response {
            reply::text(hyper::StatusCode::OK, "found")
        }
    }

    async fn connected(server: &Server) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(server.clone().serve(listener, Found));
        TcpStream::connect(address).await.expect("connected")
    }

    #[tokio::test]
    async fn a_client_that_drips_its_head_is_cut_off() {
        let mut stream = connected(&Server::new(Duration::from_millis(100))).await;
        let dripping = async {
            for byte in "GET / HTTP/1.1\r\nX-Slow: ".bytes().chain(std::iter::repeat(b'x')) {
                if stream.write_all(&[byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, dripping).await.expect("the server closes");
    }

    #[tokio::test]
    async fn an_idle_connection_ends_when_the_server_finishes() {
        let server = Server::default();
        let mut stream = connected(&server).await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).await.expect("a status line");
        assert_eq!(&begin, b"HTTP/1.1 200");
        timeout(PATIENCE, server.finish()).await.expect("nothing is under way");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.expect("closed orderly");
    }
}
