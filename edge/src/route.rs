//! Which part answers which path, on the clients' port and on the operators'.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{HeaderMap, ORIGIN, UPGRADE};
use hyper::{Request, StatusCode};
use serde_json::json;

use crate::admin::Status;
use crate::api::Api;
use crate::auth::Signer;
use crate::cors::Cors;
use crate::engine::Engine;
use crate::http::Handler;
use crate::reply::{self, Response};
use crate::{console, described, dev_login};

/// The clients' port.
#[derive(Clone)]
pub struct Public(Arc<Parts>);

/// The operators' port.
#[derive(Clone)]
pub struct Admin(Arc<Parts>);

/// All that the routes share.
pub struct Parts {
    /// Everything under `/socket.io/`.
    pub engine: Arc<Engine>,
    /// Everything under `/api/`.
    pub api: Api,
    /// Whose pages may connect.
    pub cors: Cors,
    /// How the edge is doing.
    pub status: Arc<Status>,
    /// Signs the tokens of the name login; `None` where it is off.
    pub dev_login: Option<Signer>,
    /// Whether `/ready` and `/metrics` are on the clients' port too.
    pub metrics_public: bool,
}

impl Parts {
    /// The handlers of the two ports.
    pub fn handlers(self) -> (Public, Admin) {
        let parts = Arc::new(self);
        (Public(Arc::clone(&parts)), Admin(parts))
    }

    fn operators(&self, request: &Request<Incoming>) -> Option<Response> {
        match request.uri().path() {
            "/ready" => Some(self.status.ready(request)),
            "/metrics" => Some(self.status.metrics(request)),
            _ => None,
        }
    }

    fn health(&self, request: &Request<Incoming>) -> Response {
        self.status.health(request, self.engine.connections())
    }

    /// What pages of other origins may use, with the headers that let them.
    async fn shared(&self, request: Request<Incoming>, peer: SocketAddr) -> Response {
        if Cors::is_preflight(request.method(), request.headers()) {
            return self.cors.preflight(request.headers());
        }
        let origin = request.headers().get(ORIGIN).cloned();
        let is_engine = request.uri().path().starts_with("/socket.io/");
        let mut response = if let Some(file) = described::file(&request) {
            file
        } else if !is_engine {
            self.api.handle(request).await
        } else if is_websocket(request.headers()) && !self.cors.permits_handshake(request.headers())
        {
            origin_refused()
        } else {
            self.engine.handle(request, peer).await
        };
        self.cors.decorate(origin.as_ref(), &mut response);
        response
    }
}

impl Handler for Public {
    async fn handle(&self, request: Request<Incoming>, peer: SocketAddr) -> Response {
        let Self(parts) = self;
        let path = request.uri().path();
        if path == "/health" {
            return parts.health(&request);
        }
        if parts.metrics_public
            && let Some(response) = parts.operators(&request)
        {
            return response;
        }
        if console::is_client_bundle(path) {
            return console::client_bundle(&request);
        }
        if path.starts_with("/socket.io/") || path.starts_with("/api/") || described::is_at(path) {
            return parts.shared(request, peer).await;
        }
        if path == "/dev/token"
            && let Some(signer) = &parts.dev_login
        {
            return dev_login::token(signer, request).await;
        }
        console::page(&request).unwrap_or_else(reply::not_found)
    }
}

impl Handler for Admin {
    async fn handle(&self, request: Request<Incoming>, _peer: SocketAddr) -> Response {
        let Self(parts) = self;
        if request.uri().path() == "/health" {
            return parts.health(&request);
        }
        parts.operators(&request).unwrap_or_else(reply::not_found)
    }
}

fn is_websocket(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// In the protocol's own form: code 4 is "Forbidden".
fn origin_refused() -> Response {
    let body = json!({
        "code": 4,
        "message": "Forbidden: pages of this origin may not connect (CORS_ORIGIN)",
    });
    reply::json(StatusCode::FORBIDDEN, &body)
}
