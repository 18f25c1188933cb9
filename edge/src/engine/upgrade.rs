//! From polling to a websocket. The client tries the websocket while it goes on polling; until its
//! last packet nothing is given up, so a network that blocks websockets costs nothing.
//!
//! ```text
//! client (websocket)             server                       client (polling)
//!   2probe ----------------------->                           GET pending
//!          <----------------------- 3probe   6 -------------> its GET ends
//!   5 ---------------------------->          400 -----------> any later GET
//!          <-- all that waited in the outbox
//! ```

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::packet::Packet;
use super::session::Session;
use super::websocket::{Task, switching_protocols};
use super::wire::Wire;
use super::{Application, Engine, Transport};
use crate::close::Reason;
use crate::frame::Frame;

const PROBE: &str = "probe";

impl<A: Application> Engine<A> {
    pub(super) fn upgrade(
        self: &Arc<Self>,
        session: Arc<Session<A>>,
        mut request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        let response = switching_protocols(&request);
        let upgrade = hyper::upgrade::on(&mut request);
        self.start(upgrade, Task::Upgrade(session));
        response
    }

    /// Moves the session to the websocket. On an error the websocket is of no use; what becomes of
    /// the session is not its business.
    pub(super) async fn probe<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        session: &Session<A>,
        wire: &mut Wire<S>,
    ) -> Result<(), Reason> {
        if !session.begin_upgrade() {
            return Err(Reason::Overlap);
        }
        let exchange = async {
            expect(wire, &Packet::Ping(PROBE)).await?;
            session.probed();
            let answer = wire.send(Frame::packet("3probe")).await;
            answer.map_err(|_| Reason::TransportError)?;
            expect(wire, &Packet::Upgrade).await
        };
        let result = timeout(self.settings.upgrade_timeout, exchange).await;
        let result = result.unwrap_or(Err(Reason::TransportError));
        let carrier = if result.is_ok() { Transport::WebSocket } else { Transport::Polling };
        let is_open = session.end_upgrade(carrier);
        result?;
        if !is_open {
            return Err(Reason::TransportClose);
        }
        self.meters.upgraded();
        Ok(())
    }
}

async fn expect<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    packet: &Packet<'_>,
) -> Result<(), Reason> {
    match wire.receive().await? {
        Message::Text(text) if Packet::read(&text).as_ref() == Ok(packet) => Ok(()),
        _ => Err(Reason::ParseError),
    }
}
