//! What the protocol layer counts. The handles are made once: looking a metric up costs more than
//! counting it.

use std::sync::atomic::{AtomicUsize, Ordering};

use metrics::{Counter, Gauge, counter, gauge};

use super::Transport;
use crate::close::Reason;
use crate::metrics::CONNECTIONS;

pub(crate) struct Meters {
    open: AtomicUsize,
    polling: Gauge,
    websocket: Gauge,
    pub(crate) upgrades: Counter,
    pub(crate) received: Counter,
    pub(crate) sent: Counter,
}

impl Meters {
    pub(crate) fn new() -> Meters {
        Meters {
            open: AtomicUsize::new(0),
            polling: gauge!(CONNECTIONS, "transport" => Transport::Polling.as_str()),
            websocket: gauge!(CONNECTIONS, "transport" => Transport::WebSocket.as_str()),
            upgrades: counter!("rt_upgrades_total"),
            received: counter!("rt_packets_received_total"),
            sent: counter!("rt_packets_sent_total"),
        }
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    pub(crate) fn opened(&self, transport: Transport) {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.connections(transport).increment(1.0);
    }

    pub(crate) fn upgraded(&self) {
        self.polling.decrement(1.0);
        self.websocket.increment(1.0);
        self.upgrades.increment(1);
    }

    pub(crate) fn closed(&self, transport: Transport, reason: Reason) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        self.connections(transport).decrement(1.0);
        counter!("rt_sessions_closed_total", "reason" => reason.as_str()).increment(1);
    }

    fn connections(&self, transport: Transport) -> &Gauge {
        match transport {
            Transport::Polling => &self.polling,
            Transport::WebSocket => &self.websocket,
        }
    }
}
