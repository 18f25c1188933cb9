//! A bad network between two processes: a TCP proxy that passes everything on until it is told to
//! hold, swallow or slow down what goes one way or the other, or to cut what it carries.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// How finely a slow direction is measured out.
const SLICES_PER_SECOND: u64 = 20;

/// What becomes of the bytes that go one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flow {
    /// They arrive.
    #[default]
    Open,
    /// They wait and arrive later, as packets do that a network sends again after an outage.
    Held,
    /// They are gone. As nothing can arrive behind what is missing, the connection ends when the
    /// network is well again.
    Swallowed,
    /// So many arrive per second.
    Slow(u64),
}

/// The state of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Weather {
    /// From who connects to who listens.
    there: Flow,
    back: Flow,
    refusing: bool,
    /// Connections of an earlier life are cut.
    life: u64,
}

/// One direction of one connection.
struct Pump {
    weather: watch::Receiver<Weather>,
    is_back: bool,
    life: u64,
    /// Ends both directions.
    broken: CancellationToken,
}

/// Listens on loopback and passes everything on to one port there.
pub struct Proxy {
    port: u16,
    weather: Arc<watch::Sender<Weather>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A good network in front of whoever listens at `port` of loopback, now or later.
    pub async fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port for the proxy");
        let own = listener.local_addr().expect("a bound socket").port();
        let weather = Arc::new(watch::Sender::new(Weather::default()));
        let task = tokio::spawn(accept(listener, port, Arc::clone(&weather)));
        Self { port: own, weather, task }
    }

    /// Where to connect instead.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What becomes of bytes from now on, on the way there and on the way back.
    pub fn set(&self, there: Flow, back: Flow) {
        self.weather.send_modify(|weather| (weather.there, weather.back) = (there, back));
    }

    /// Ends every connection. New ones are let through.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.life += 1);
    }

    /// Whether new connections end at once.
    pub fn refuse(&self, refusing: bool) {
        self.weather.send_modify(|weather| weather.refusing = refusing);
    }

    /// A good network again; what has lost bytes ends.
    pub fn heal(&self) {
        self.set(Flow::Open, Flow::Open);
        self.refuse(false);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, port: u16, weather: Arc<watch::Sender<Weather>>) {
    while let Ok((near, _)) = listener.accept().await {
        let Weather { refusing, life, .. } = *weather.borrow();
        if refusing {
            continue;
        }
        let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
        // Otherwise the proxy itself would add delays.
        let _ = (near.set_nodelay(true), far.set_nodelay(true));
        let (near_read, near_write) = near.into_split();
        let (far_read, far_write) = far.into_split();
        let broken = CancellationToken::new();
        let pump =
            |is_back| Pump { weather: weather.subscribe(), is_back, life, broken: broken.clone() };
        // Each direction for itself: what was sent arrives, even when the sender has given up.
        tokio::spawn(pump(false).run(near_read, far_write));
        tokio::spawn(pump(true).run(far_read, near_write));
    }
}

impl Pump {
    async fn run(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let broken = self.broken.clone();
        tokio::select! {
            () = broken.cancelled() => {}
            () = self.pass_on(&mut from, &mut to) => {}
        }
        let _ = to.shutdown().await;
    }

    async fn pass_on(&mut self, from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf) {
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut lost = false;
        loop {
            let now = *self.weather.borrow_and_update();
            let flow = if self.is_back { now.back } else { now.there };
            if now.life != self.life || lost && flow != Flow::Swallowed {
                return self.broken.cancel();
            }
            let most = match flow {
                Flow::Slow(per_second) => (per_second / SLICES_PER_SECOND).max(1) as usize,
                _ => CHUNK_BYTES,
            };
            tokio::select! {
                changed = self.weather.changed() => if changed.is_err() { return self.broken.cancel() },
                read = from.read(&mut chunk[..most.min(CHUNK_BYTES)]), if flow != Flow::Held => match read {
                    Ok(length @ 1..) if flow == Flow::Swallowed => lost |= length > 0,
                    Ok(length @ 1..) => {
                        let mut later = self.weather.clone();
                        let life = self.life;
                        // Who does not read must not keep a cut from being noticed.
                        let written = tokio::select! {
                            written = to.write_all(&chunk[..length]) => written.is_ok(),
                            _ = later.wait_for(|weather| weather.life != life) => false,
                        };
                        if !written {
                            return self.end_of_writing();
                        }
                        if matches!(flow, Flow::Slow(_)) {
                            // The time is what makes it slow.
                            tokio::time::sleep(Duration::from_secs(1) / SLICES_PER_SECOND as u32).await;
                        }
                    }
                    Ok(_) | Err(_) => return,
                },
            }
        }
    }

    /// The reader is gone: the other direction may still have something to deliver, unless all was cut.
    fn end_of_writing(&self) {
        if self.weather.borrow().life != self.life {
            self.broken.cancel();
        }
    }
}
