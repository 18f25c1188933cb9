//! Connections for one user each, for blocking reads and transactions.

use deadpool_redis::{Connection, Manager, Pool, PoolConfig, Runtime, Timeouts};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Cmd, ConnectionInfo, Pipeline, RedisError, RedisFuture, Value};
use tokio::sync::watch;

use super::Settings;

/// Exclusive connections per node.
const MAX: usize = 16;

/// A connection that nobody else uses. What waits for an answer fails at once when another server takes
/// the place of the one it leads to.
pub struct Exclusive {
    connection: Held,
    seat: watch::Receiver<u64>,
    number: u64,
}

enum Held {
    Pooled(Connection),
    Detached(MultiplexedConnection),
}

impl Exclusive {
    /// `number` is what `seat` said before the connection was made.
    pub(super) fn new(connection: Connection, seat: watch::Receiver<u64>, number: u64) -> Self {
        Self { connection: Held::Pooled(connection), seat, number }
    }

    /// Never goes back into the pool: for who may drop it while a command still blocks in Redis.
    pub fn detach(self) -> Self {
        let connection = match self.connection {
            Held::Pooled(connection) => Held::Detached(Connection::take(connection)),
            detached @ Held::Detached(_) => detached,
        };
        Self { connection, ..self }
    }

    /// Runs `asked` until the server is left.
    async fn unless_left<T>(
        seat: &mut watch::Receiver<u64>,
        number: u64,
        asked: RedisFuture<'_, T>,
    ) -> Result<T, RedisError> {
        tokio::select! {
            biased;
            _ = seat.wait_for(|now| *now != number) => {
                let reason = "another Redis has become the primary";
                Err(std::io::Error::new(std::io::ErrorKind::NotConnected, reason).into())
            }
            answer = asked => answer,
        }
    }
}

impl ConnectionLike for Exclusive {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        let asked = match &mut self.connection {
            Held::Pooled(connection) => connection.req_packed_command(cmd),
            Held::Detached(connection) => connection.req_packed_command(cmd),
        };
        Box::pin(Self::unless_left(&mut self.seat, self.number, asked))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let asked = match &mut self.connection {
            Held::Pooled(connection) => connection.req_packed_commands(pipeline, offset, count),
            Held::Detached(connection) => connection.req_packed_commands(pipeline, offset, count),
        };
        Box::pin(Self::unless_left(&mut self.seat, self.number, asked))
    }

    fn get_db(&self) -> i64 {
        match &self.connection {
            Held::Pooled(connection) => connection.get_db(),
            Held::Detached(connection) => connection.get_db(),
        }
    }
}

/// No response timeout: the caller may block in Redis for as long as it says.
pub(super) fn pool(info: ConnectionInfo, settings: &Settings) -> Result<Pool, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(settings.connect_timeout))
        .set_response_timeout(None);
    let limits = PoolConfig {
        timeouts: Timeouts {
            wait: Some(settings.command_timeout),
            create: Some(settings.connect_timeout),
            recycle: Some(settings.command_timeout),
        },
        ..PoolConfig::new(MAX)
    };
    let manager = Manager::new_with_config(info, config)?;
    let built = Pool::builder(manager).config(limits).runtime(Runtime::Tokio1).build();
    Ok(built.expect("a runtime is given, which is all that a pool with timeouts needs"))
}
