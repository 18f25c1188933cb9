//! The edge's HTTP side over real sockets: what stands at which path, who may read it, and what
//! happens to requests that are too large, too slow or misguided.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use edge::config::Config;
use lua::batch::Batch;
use lua::server::{Options, Private};
use lua::topology::{Redis, Settings};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const SECRET: &str = "a secret for tests of thirty-two bytes";
/// Longest wait for anything that is bound to happen.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    edge: Config,
}

struct Edge {
    clients: SocketAddr,
    operators: SocketAddr,
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
    redis: Private,
}

impl Edge {
    async fn start(flags: &[&str]) -> Self {
        let edge = Self::start_on(started().await, flags).await;
        edge.until_ready().await;
        edge
    }

    async fn start_on(redis: Private, flags: &[&str]) -> Self {
        let connected = Redis::connect(&Settings::new(redis.url())).await.expect("connected");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let admin = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (clients, operators) = (address(&listener), address(&admin));
        let begin = ["edge", "--jwt-secret", SECRET];
        let config = Cli::parse_from(begin.iter().chain(flags)).edge;
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let running = tokio::spawn(edge::run(config, listener, admin, connected, stop));
        Self { clients, operators, shutdown, running, redis }
    }

    async fn ready(&self) -> u16 {
        exchange(self.operators, &request("GET", "/ready", "")).await.status
    }

    async fn until_ready(&self) {
        let ready = async {
            while self.ready().await != 200 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, ready).await.expect("ready once it hears every inbox");
    }

    async fn get(&self, path: &str) -> Answer {
        exchange(self.clients, &request("GET", path, "")).await
    }

    async fn get_with(&self, path: &str, headers: &str) -> Answer {
        exchange(self.clients, &request("GET", path, headers)).await
    }

    async fn stop(self) {
        self.shutdown.cancel();
        let ended = timeout(PATIENCE, self.running).await.expect("ends within the grace period");
        ended.expect("no panic").expect("no error");
    }
}

async fn started() -> Private {
    Private::start(Options::default()).await.expect("a private Redis")
}

/// Lets the clients of a Redis subscribe (`+ssubscribe`), or not (`-ssubscribe`).
async fn set_right(redis: &Private, right: &str) {
    let connected = Redis::connect(&Settings::new(redis.url())).await.expect("connected");
    let mut command = lua::Cmd::new();
    command.arg("ACL").arg("SETUSER").arg("default").arg(right);
    let mut batch = Batch::default();
    batch.add(command);
    let replies = batch.run(&connected, connected.nodes()[0]).await.expect("an answer");
    assert_eq!(replies, [lua::Value::Okay]);
}

fn address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().expect("a bound listener has an address")
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect(&self.body)
    }
}

fn request(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: edge.example\r\nConnection: close\r\n{headers}\r\n")
}

/// Sends a request and reads until the server closes.
async fn exchange(to: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(to).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let reading = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    // A server that refuses before it has read all may reset the connection behind its answer.
    let _ = reading.expect("the server answers and closes");
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

fn upgrade(origin: &str) -> String {
    format!(
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{origin}"
    )
}

#[tokio::test]
async fn health_is_on_both_ports_and_tells_when_redis_is_away() {
    let mut edge = Edge::start(&[]).await;
    for port in [edge.clients, edge.operators] {
        let answer = exchange(port, &request("GET", "/health", "")).await;
        let health = answer.json();
        assert_eq!(answer.status, 200);
        assert_eq!(health["status"], "ok");
        assert_eq!(health["service"], "realtime-service");
        assert_eq!(health["redis"]["status"], "ok");
        assert_eq!(health["connections"], 0);
        assert!(health["redis"]["latencyMs"].is_number());
        assert!(health["timestamp"].is_u64() && health["uptimeSeconds"].is_u64());
        assert!(health["version"].is_string());
    }
    edge.redis.kill();
    let degraded = async {
        loop {
            let answer = edge.get("/health").await;
            if answer.status == 503 {
                break answer.json();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let health = timeout(PATIENCE, degraded).await.expect("Redis is missed");
    assert_eq!(health["status"], "degraded");
    assert_eq!(health["redis"]["latencyMs"], Value::Null);
    // Redis being away is no reason to send clients elsewhere.
    assert_eq!(exchange(edge.operators, &request("GET", "/ready", "")).await.status, 200);
    edge.stop().await;
}

#[tokio::test]
async fn an_edge_that_hears_no_answers_takes_no_clients_in() {
    let redis = started().await;
    set_right(&redis, "-ssubscribe").await;
    let edge = Edge::start_on(redis, &[]).await;
    assert_eq!(exchange(edge.operators, &request("GET", "/health", "")).await.status, 200);
    assert_eq!(edge.ready().await, 503);
    let clients = edge.clients;
    let early =
        tokio::spawn(async move { exchange(clients, &request("GET", "/health", "")).await });
    assert_eq!(edge.ready().await, 503);
    assert!(!early.is_finished(), "clients wait to be accepted");
    set_right(&edge.redis, "+ssubscribe").await;
    edge.until_ready().await;
    assert_eq!(early.await.expect("no panic").status, 200);
    edge.stop().await;
}

#[tokio::test]
async fn metrics_and_readiness_are_for_operators() {
    let edge = Edge::start(&[]).await;
    let metrics = exchange(edge.operators, &request("GET", "/metrics", "")).await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.header("content-type").is_some_and(|it| it.starts_with("text/plain")));
    assert!(metrics.body.contains("process_resident_memory_bytes"), "{}", metrics.body);
    assert_eq!(exchange(edge.operators, &request("GET", "/ready", "")).await.status, 200);
    assert_eq!(edge.get("/metrics").await.status, 404);
    assert_eq!(edge.get("/ready").await.status, 404);
    edge.stop().await;

    let open = Edge::start(&["--metrics-public"]).await;
    assert_eq!(open.get("/metrics").await.status, 200);
    assert_eq!(open.get("/ready").await.status, 200);
    open.stop().await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_so() {
    let edge = Edge::start(&[]).await;
    for path in ["/nothing", "/api/nothing", "/socket.io", "/client/socket.io.js", "/../lib.rs"] {
        let answer = edge.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["error"]["code"], "not-found", "{path}");
    }
    for path in ["/health", "/", "/socket.io/socket.io.js"] {
        let answer = exchange(edge.clients, &request("POST", path, "Content-Length: 0\r\n")).await;
        assert_eq!(answer.status, 405, "{path}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{path}");
    }
    assert_eq!(exchange(edge.operators, &request("GET", "/", "")).await.status, 404);
    edge.stop().await;
}

#[tokio::test]
async fn head_answers_like_get_without_the_body() {
    let edge = Edge::start(&[]).await;
    for path in ["/health", "/"] {
        let answer = exchange(edge.clients, &request("HEAD", path, "")).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{path}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn the_page_is_there_or_says_how_to_build_it() {
    let edge = Edge::start(&[]).await;
    let page = edge.get("/").await;
    assert_eq!(page.status, 200);
    let bundle = edge.get("/socket.io/socket.io.min.js").await;
    let Some(etag) = page.header("etag") else {
        assert!(page.body.contains("make console"), "{}", page.body);
        assert_eq!(bundle.status, 404);
        assert!(bundle.body.contains("make console"), "{}", bundle.body);
        return edge.stop().await;
    };
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert!(page.header("content-security-policy").is_some_and(|it| it.contains("'none'")));
    let again = edge.get_with("/", &format!("If-None-Match: {etag}\r\n")).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(bundle.status, 200);
    assert_eq!(bundle.header("content-type"), Some("text/javascript; charset=utf-8"));
    let script = page.body.split('"').find(|part| part.starts_with("/assets/")).expect("a script");
    let script = edge.get(script).await;
    let cache = script.header("cache-control");
    assert_eq!((script.status, cache), (200, Some("public, max-age=31536000, immutable")));
    edge.stop().await;
}

#[tokio::test]
async fn a_preflight_gives_leave_to_allowed_origins_only() {
    let edge = Edge::start(&["--cors-origin", "https://app.example,https://b.example"]).await;
    let preflight = |origin: &str| {
        let headers = format!(
            "Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: authorization,x-trace\r\n"
        );
        request("OPTIONS", "/socket.io/?EIO=4&transport=polling", &headers)
    };
    let answer = exchange(edge.clients, &preflight("https://app.example")).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("authorization,x-trace"));
    let methods = answer.header("access-control-allow-methods");
    assert_eq!(methods, Some("GET,HEAD,PUT,PATCH,POST,DELETE"));
    assert!(
        answer.head.contains("Origin") && answer.head.contains("Access-Control-Request-Headers")
    );
    let answer = exchange(edge.clients, &preflight("https://evil.example")).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("vary"), Some("Origin"));
    edge.stop().await;
}

#[tokio::test]
async fn errors_can_be_read_by_pages_of_allowed_origins() {
    let edge = Edge::start(&["--cors-origin", "https://app.example"]).await;
    for path in ["/socket.io/?EIO=9&transport=polling", "/api/nothing"] {
        let answer = edge.get_with(path, "Origin: https://app.example\r\n").await;
        assert!(answer.status >= 400, "{path}");
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed, Some("https://app.example"), "{path}");
    }
    edge.stop().await;

    let open = Edge::start(&["--cors-origin", "*"]).await;
    let answer = open.get_with("/socket.io/?EIO=9", "Origin: https://any.example\r\n").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    open.stop().await;
}

#[tokio::test]
async fn a_websocket_of_a_foreign_origin_is_refused() {
    let edge = Edge::start(&["--cors-origin", "https://app.example"]).await;
    let path = "/socket.io/?EIO=4&transport=websocket";
    let answer = edge.get_with(path, &upgrade("Origin: https://evil.example\r\n")).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json()["code"], 4);
    for origin in ["Origin: https://app.example\r\n", "Origin: http://edge.example\r\n", ""] {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: edge.example\r\n{}\r\n", upgrade(origin));
        let mut stream = TcpStream::connect(edge.clients).await.expect("connected");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut begin = [0; 12];
        let reading = timeout(PATIENCE, stream.read_exact(&mut begin)).await;
        reading.expect("an answer").expect("a status line");
        assert_eq!(&begin, b"HTTP/1.1 101", "{origin}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn the_name_login_exists_only_where_it_is_switched_on() {
    let login = |body: &str| {
        let headers = format!("Content-Length: {}\r\n", body.len());
        request("POST", "/dev/token", &headers) + body
    };
    let edge = Edge::start(&[]).await;
    assert_eq!(exchange(edge.clients, &login(r#"{"user":"alice"}"#)).await.status, 404);
    edge.stop().await;

    let edge = Edge::start(&["--dev-login"]).await;
    let answer = exchange(edge.clients, &login(r#"{"user":"alice","name":"Alice"}"#)).await;
    assert_eq!(answer.status, 200);
    let config = Cli::parse_from(["edge", "--jwt-secret", SECRET]).edge;
    let verifier = edge::auth::Verifier::new(&config.tokens).expect("a secret");
    let token = answer.json()["token"].as_str().expect("a token").to_owned();
    let claims = verifier.verify(Some(&token)).expect("a good token");
    assert_eq!((claims.user.as_str(), claims.name.as_str()), ("alice", "Alice"));
    assert_eq!(claims.roles, Vec::<String>::new());

    for bad in ["", "{}", r#"{"user":"a b"}"#, r#"{"user":7}"#, "[", "\u{0}"] {
        assert_eq!(exchange(edge.clients, &login(bad)).await.status, 400, "{bad:?}");
    }
    let long = format!(r#"{{"user":"alice","name":"{}"}}"#, "x".repeat(5_000));
    assert_eq!(exchange(edge.clients, &login(&long)).await.status, 413);
    assert_eq!(edge.get("/dev/token").await.status, 405);
    edge.stop().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let edge = Edge::start(&[]).await;
    let headers = format!("X-Large: {}\r\n", "x".repeat(64 * 1024));
    assert_eq!(edge.get_with("/health", &headers).await.status, 431);
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    assert_eq!(edge.get_with("/health", &many).await.status, 431);
    edge.stop().await;
}

#[tokio::test]
async fn the_protocol_is_served_below_its_path() {
    let edge = Edge::start(&["--cors-origin", "https://app.example"]).await;
    let path = "/socket.io/?EIO=4&transport=polling";
    let answer = edge.get_with(path, "Origin: https://app.example\r\n").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.starts_with("0{\"sid\":"), "{}", answer.body);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(edge.get("/health").await.json()["connections"], 1);
    edge.stop().await;
}

#[tokio::test]
async fn while_draining_it_is_not_ready_but_answers_what_is_under_way() {
    let edge = Edge::start(&["--drain-ms", "20000", "--dev-login"]).await;
    let websocket = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: edge.example\r\n";
    let mut websocket = begun(edge.clients, &format!("{websocket}{}\r\n", upgrade(""))).await;
    websocket.read_exact(&mut [0; 12]).await.expect("a status line");
    let body = r#"{"user":"alice"}"#;
    let head = request("POST", "/dev/token", &format!("Content-Length: {}\r\n", body.len()));
    let mut under_way = begun(edge.clients, &head).await;
    // Another connection's answer shows that the two before were accepted.
    assert_eq!(edge.get("/health").await.status, 200);

    edge.shutdown.cancel();
    let ready = request("GET", "/ready", "");
    let not_ready = async {
        while exchange(edge.operators, &ready).await.status != 503 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, not_ready).await.expect("not ready");
    let refused = async {
        while TcpStream::connect(edge.clients).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, refused).await.expect("the listener is closed");
    let mut frames = Vec::new();
    let closing = websocket.read_to_end(&mut frames);
    timeout(PATIENCE, closing).await.expect("the websocket is closed").expect("orderly");
    under_way.write_all(body.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    under_way.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    edge.stop().await;
}

#[tokio::test]
async fn draining_does_not_wait_for_ever() {
    let edge = Edge::start(&["--drain-ms", "100", "--dev-login"]).await;
    let head = request("POST", "/dev/token", "Content-Length: 10\r\n");
    let mut stuck = begun(edge.clients, &head).await;
    assert_eq!(edge.get("/health").await.status, 200);
    edge.stop().await;
    // Cut, however the system says so.
    let _ = timeout(PATIENCE, stuck.read_to_end(&mut Vec::new())).await.expect("cut");
}

async fn begun(to: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(to).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream
}
