//! A server without a product: Engine.IO that echoes under `/engine.io/`, and Socket.IO under
//! `/socket.io/` with what the official suites ask for and a few events for the tests beside it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use edge::close::Reason;
use edge::engine::{Application, Conversation, Engine, Flood, Settings, Transport};
use edge::frame::Frame;
use edge::outbox::Outbox;
use edge::socket::{Connect, Connection, Event, Joining, Namespaces, Refusal, SocketIo};
use hyper::Request;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::value::RawValue;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

/// Sends every message back.
pub struct Echo;

pub struct EchoSession(Arc<Outbox>);

impl Application for Echo {
    type Conversation = EchoSession;

    fn open(
        &self,
        _request: &Parts,
        _peer: SocketAddr,
        outbox: &Arc<Outbox>,
    ) -> Result<EchoSession, Flood> {
        Ok(EchoSession(outbox.clone()))
    }
}

impl Conversation for EchoSession {
    fn text(&mut self, text: &str, _transport: Transport) -> Result<(), Reason> {
        self.0.push(Frame::packet(&format!("4{text}")));
        Ok(())
    }

    fn binary(&mut self, data: Bytes, _transport: Transport) -> Result<(), Reason> {
        self.0.push(Frame::binary(&data));
        Ok(())
    }

    fn deadline(&self) -> Option<(Instant, Reason)> {
        None
    }

    fn closed(self, _reason: Reason) {}
}

/// The namespaces `/` and `/custom`, and `/door`, which answers when an event in another one says what.
/// Anything else is refused.
pub struct Suite {
    connections: AtomicU64,
    /// Whether those who wait at the door may come in.
    door: broadcast::Sender<bool>,
    closed: Option<UnboundedSender<Reason>>,
}

impl Suite {
    /// Tells `closed` how each connection ended.
    pub fn new(closed: Option<UnboundedSender<Reason>>) -> Suite {
        Suite { connections: AtomicU64::new(0), door: broadcast::Sender::new(1), closed }
    }
}

pub struct Member {
    sid: String,
    namespace: &'static str,
    outbox: Arc<Outbox>,
    door: broadcast::Sender<bool>,
    closed: Option<UnboundedSender<Reason>>,
}

impl Namespaces for Suite {
    type Opening = ();
    type Connection = Member;

    fn open(&self, _request: &Parts, _peer: SocketAddr) -> Result<(), Flood> {
        Ok(())
    }

    fn connect(&self, request: Connect<'_, ()>) -> Joining<Member> {
        let namespace = match request.namespace {
            "/" => "",
            "/custom" => "/custom,",
            "/door" => "/door,",
            _ => return Joining::Now(Err(refuse("Invalid namespace"))),
        };
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let member = Member {
            sid: format!("{number:020}"),
            namespace,
            outbox: request.outbox.clone(),
            door: self.door.clone(),
            closed: self.closed.clone(),
        };
        let auth = request.auth.map_or("{}", RawValue::get);
        member.send('2', None, &[r#""auth""#, auth], &[]);
        if request.namespace != "/door" {
            return Joining::Now(Ok(member));
        }
        let mut word = self.door.subscribe();
        Joining::Later(Box::pin(async move {
            let may = word.recv().await.expect("the member itself keeps the door");
            may.then_some(member).ok_or_else(|| refuse("not now"))
        }))
    }
}

fn refuse(message: &str) -> Refusal {
    Refusal { message: message.to_owned(), code: None, retry_after_ms: None }
}

impl Connection for Member {
    fn sid(&self) -> &str {
        &self.sid
    }

    fn event(&mut self, event: Event<'_>, attachments: &[Bytes]) {
        let mut args: Vec<&str> = event.args.iter().map(|arg| arg.get()).collect();
        match (event.name.as_ref(), args.first()) {
            ("message", _) => {
                args.insert(0, r#""message-back""#);
                self.send('2', None, &args, attachments);
            }
            ("message-with-ack", _) => self.send('3', event.ack, &args, attachments),
            // Asks the client, whose answer comes back as `answered`.
            ("ask", _) => self.send('2', Some(5), &[r#""question""#], &[]),
            // As many events as the number says.
            ("burst", Some(count)) => {
                for number in 0..count.parse().unwrap_or(0) {
                    self.send('2', None, &[r#""number""#, &format!("{number}")], &[]);
                }
            }
            // One event with as many bytes as the number says.
            ("bulk", Some(size)) => {
                let text = format!(r#""{}""#, "x".repeat(size.parse().unwrap_or(0)));
                self.send('2', None, &[r#""bulk""#, &text], &[]);
            }
            // Answers all who wait at the door.
            ("door", Some(word)) => drop(self.door.send(*word == "true")),
            ("put-out", _) => self.outbox.close(Reason::ServerDisconnect),
            _ => {}
        }
    }

    fn ack(&mut self, id: u64, args: &[&RawValue], _attachments: &[Bytes]) {
        let id = id.to_string();
        let mut items = vec![r#""answered""#, &id];
        items.extend(args.iter().map(|arg| arg.get()));
        self.send('2', None, &items, &[]);
    }

    fn closed(self, reason: Reason) {
        if let Some(closed) = self.closed {
            let _ = closed.send(reason);
        }
    }
}

impl Member {
    /// Sends an event (`2`) or an ack (`3`); with attachments these are types 5 and 6.
    fn send(&self, digit: char, id: Option<u64>, items: &[&str], attachments: &[Bytes]) {
        let start = match (digit, attachments.len()) {
            (digit, 0) => format!("4{digit}"),
            ('2', count) => format!("45{count}-"),
            (_, count) => format!("46{count}-"),
        };
        let id = id.map_or(String::new(), |id| id.to_string());
        let header = format!("{start}{}{id}[{}]", self.namespace, items.join(","));
        let binaries = attachments.iter().map(|data| Frame::binary(data));
        self.outbox.push_all(std::iter::once(Frame::packet(&header)).chain(binaries));
    }
}

/// The two engines behind one port.
#[derive(Clone)]
pub struct Server {
    echo: Arc<Engine<Echo>>,
    pub socket: Arc<Engine<SocketIo<Suite>>>,
}

impl Server {
    pub fn new(settings: &Settings, suite: Suite) -> Server {
        Server {
            echo: Engine::with(settings.clone(), Echo),
            socket: Engine::with(settings.clone(), SocketIo::new(suite, settings)),
        }
    }

    pub async fn serve(self, listener: TcpListener) {
        while let Ok((stream, peer)) = listener.accept().await {
            tokio::spawn(self.clone().serve_connection(stream, peer));
        }
    }

    async fn serve_connection(self, stream: TcpStream, peer: SocketAddr) {
        let service = service_fn(move |request: Request<Incoming>| {
            let server = self.clone();
            async move {
                let response = match request.uri().path() {
                    "/engine.io/" => server.echo.handle(request, peer).await,
                    _ => server.socket.handle(request, peer).await,
                };
                Ok::<_, Infallible>(response)
            }
        });
        let _ = stream.set_nodelay(true);
        // Clients come and go in the middle of a request; that is no failure of this server.
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        let _ = connection.with_upgrades().await;
    }
}
