//! What operators and load balancers ask: `/health`, `/ready` and `/metrics`. Redis is probed in
//! the background, so however often one asks, and however Redis hangs, the answer comes at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hyper::{Method, Request, StatusCode};
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::clock::now_ms;
use crate::metrics::{REDIS_SECONDS, REDIS_UP, render};
use crate::reply::{self, Response};

/// Time between two probes of Redis.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
/// A probe that takes longer counts as no answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// How the edge is doing, as far as others may know.
pub struct Status {
    started: Instant,
    ready: AtomicBool,
    /// Answer time of the last probe of Redis; `None` while it does not answer.
    redis: Mutex<Option<Duration>>,
    metrics: PrometheusHandle,
}

impl Status {
    /// Not ready yet; an edge is only built when Redis has answered.
    pub fn new(metrics: PrometheusHandle) -> Self {
        Self {
            started: Instant::now(),
            ready: AtomicBool::new(false),
            redis: Mutex::new(Some(Duration::ZERO)),
            metrics,
        }
    }

    /// What `/ready` answers from now on: 200, or 503.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    /// `/health`: 200 while Redis answers, else 503 with the same fields. `connections` is how
    /// many this edge holds.
    pub fn health<B>(&self, request: &Request<B>, connections: usize) -> Response {
        let redis = *self.redis.lock();
        let (code, status, redis) = match redis {
            Some(latency) => {
                let latency_ms = (latency.as_secs_f64() * 1e6).round() / 1e3;
                (StatusCode::OK, "ok", json!({ "status": "ok", "latencyMs": latency_ms }))
            }
            None => (
                StatusCode::SERVICE_UNAVAILABLE,
                "degraded",
                json!({ "status": "away", "latencyMs": Value::Null }),
            ),
        };
        answer(request, || {
            let health = json!({
                "status": status,
                "service": "realtime-service",
                "timestamp": now_ms(),
                "version": env!("CARGO_PKG_VERSION"),
                "uptimeSeconds": self.started.elapsed().as_secs(),
                "redis": redis,
                "connections": connections,
            });
            reply::json(code, &health)
        })
    }

    /// `/ready`: 200 while new connections are wanted. Redis being away does not end that: all
    /// edges would leave the load balancer at once, and polling clients that wait for Redis to
    /// come back would lose their sessions.
    pub fn ready<B>(&self, request: &Request<B>) -> Response {
        answer(request, || {
            if self.ready.load(Ordering::Relaxed) {
                reply::json(StatusCode::OK, &json!({ "status": "ready" }))
            } else {
                reply::json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "not ready" }))
            }
        })
    }

    /// `/metrics` in the text format of Prometheus.
    pub fn metrics<B>(&self, request: &Request<B>) -> Response {
        answer(request, || {
            let text = render(&self.metrics);
            reply::with(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text)
        })
    }

    /// Probes Redis until `stop`, and keeps the metrics from growing where nobody collects them.
    pub async fn watch(self: Arc<Self>, redis: lua::Redis, stop: CancellationToken) {
        let mut tick = tokio::time::interval(PROBE_INTERVAL);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(tick.tick()).await.is_some() {
            let answer = tokio::time::timeout(PROBE_TIMEOUT, redis.ping()).await;
            self.observe(answer.ok().and_then(Result::ok));
            self.metrics.run_upkeep();
        }
    }

    fn observe(&self, answer: Option<Duration>) {
        gauge!(REDIS_UP).set(if answer.is_some() { 1.0 } else { 0.0 });
        if let Some(latency) = answer {
            gauge!(REDIS_SECONDS).set(latency.as_secs_f64());
        }
        let before = std::mem::replace(&mut *self.redis.lock(), answer);
        match (before, answer) {
            (Some(_), None) => tracing::warn!("Redis does not answer"),
            (None, Some(_)) => tracing::info!("Redis answers again"),
            _ => {}
        }
    }
}

fn answer<B>(request: &Request<B>, make: impl FnOnce() -> Response) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        make()
    } else {
        reply::method_not_allowed("GET, HEAD")
    }
}
