//! A gate between one process and its Redis: while it is shut, what the process sends is held back
//! and arrives later, as packets do that were stuck in a network. Replies are watched on their way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::within;

/// The word with which Redis refuses what a worker sends for a partition that has another owner.
const FENCED: &[u8] = b"FENCED";

/// Read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// What happens to what the process sends.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// It goes through.
    Open,
    /// It goes through until something with these bytes comes; that and all after it is held.
    ShutAt(Vec<u8>),
    /// It is held.
    Shut,
}

/// Listens on loopback and passes everything on to one Redis server.
pub struct Gate {
    port: u16,
    state: Arc<watch::Sender<State>>,
    fenced: Arc<AtomicUsize>,
    connections: Arc<Mutex<JoinSet<()>>>,
    task: JoinHandle<()>,
}

impl Gate {
    /// An open gate in front of the Redis at this port of loopback.
    pub(crate) async fn start(redis_port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port for the gate");
        let port = listener.local_addr().expect("a bound socket").port();
        let state = Arc::new(watch::Sender::new(State::Open));
        let fenced = Arc::new(AtomicUsize::new(0));
        let connections = Arc::default();
        let passing = Passing { state: Arc::clone(&state), fenced: Arc::clone(&fenced) };
        let task = tokio::spawn(accept(listener, redis_port, passing, Arc::clone(&connections)));
        Self { port, state, fenced, connections, task }
    }

    /// The `REDIS_URL` for the process behind the gate.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Holds back what the process sends, on all its connections, from the next on that contains
    /// `text`; waits until that has come.
    pub async fn shut_at(&self, text: &str) {
        self.state.send_replace(State::ShutAt(text.as_bytes().to_vec()));
        let mut state = self.state.subscribe();
        let shut = state.wait_for(|state| *state == State::Shut);
        within(&format!("{text:?} at the gate"), shut).await.expect("the gate has a state");
    }

    /// Lets everything through that was held back, in its order.
    pub fn open(&self) {
        self.state.send_replace(State::Open);
    }

    /// Cuts all connections, with what was held back on them, and lets new ones through.
    pub fn cut(&self) {
        self.connections.lock().expect("no panic").abort_all();
        self.open();
    }

    /// How many replies so far refused something as fenced: commits, and moves of work that is due.
    pub fn fenced(&self) -> usize {
        self.fenced.load(Ordering::Relaxed)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What all connections share.
struct Passing {
    state: Arc<watch::Sender<State>>,
    fenced: Arc<AtomicUsize>,
}

async fn accept(
    listener: TcpListener,
    redis_port: u16,
    passing: Passing,
    connections: Arc<Mutex<JoinSet<()>>>,
) {
    while let Ok((process, _)) = listener.accept().await {
        let Ok(redis) = TcpStream::connect(("127.0.0.1", redis_port)).await else { continue };
        // Otherwise the gate itself would add the delays that it is there to control.
        let _ = (process.set_nodelay(true), redis.set_nodelay(true));
        let (process_read, process_write) = process.into_split();
        let (redis_read, redis_write) = redis.into_split();
        let mut connections = connections.lock().expect("no panic");
        connections.spawn(requests(process_read, redis_write, Arc::clone(&passing.state)));
        connections.spawn(replies(redis_read, process_write, Arc::clone(&passing.fenced)));
    }
}

/// What was sent arrives, even when the process has given up on the connection meanwhile.
async fn requests(
    mut process: OwnedReadHalf,
    mut redis: OwnedWriteHalf,
    state: Arc<watch::Sender<State>>,
) {
    let mut changes = state.subscribe();
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(length @ 1..) = process.read(&mut chunk).await {
        let sent = &chunk[..length];
        state.send_if_modified(|state| {
            let shuts = matches!(state, State::ShutAt(text) if count(sent, text) > 0);
            if shuts {
                *state = State::Shut;
            }
            shuts
        });
        if changes.wait_for(|state| *state != State::Shut).await.is_err() {
            return;
        }
        if redis.write_all(&chunk[..length]).await.is_err() {
            return;
        }
    }
}

/// Replies are read to the end, also those that nobody waits for any more.
async fn replies(mut redis: OwnedReadHalf, mut process: OwnedWriteHalf, fenced: Arc<AtomicUsize>) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(length @ 1..) = redis.read(&mut chunk).await {
        let reply = &chunk[..length];
        fenced.fetch_add(count(reply, FENCED), Ordering::Relaxed);
        let _ = process.write_all(reply).await;
    }
}

fn count(bytes: &[u8], text: &[u8]) -> usize {
    bytes.windows(text.len()).filter(|window| *window == text).count()
}
