//! Debits the shared buckets: what accumulates within a few milliseconds goes out in one pipeline per
//! Redis node, one debit per account and bucket. No account has more than one on its way.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use lua::batch::Batch;
use lua::rate::Taken;
use lua::topology::NodeId;
use lua::{Redis, RedisError, Value};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::account::{Account, Due};

/// For how long debits are gathered.
const GATHER: Duration = Duration::from_millis(2);

/// Longest wait for an answer: who waits in line for it is let through then.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// Accounts in one pipeline.
const BATCH_MAX: usize = 512;

/// The accounts that are to be debited, each once, and the task that sees to it.
pub struct Debits {
    redis: Redis,
    noted: Mutex<Vec<Arc<Account>>>,
    wake: Arc<Notify>,
}

impl Debits {
    /// Starts the task, which ends with the last user of what is returned.
    pub fn start(redis: Redis) -> Arc<Self> {
        let wake = Arc::new(Notify::new());
        let debits = Arc::new(Self { redis, noted: Mutex::default(), wake: wake.clone() });
        tokio::spawn(run(Arc::downgrade(&debits), wake));
        debits
    }

    /// Notes an account that owes a debit.
    pub fn note(&self, account: Arc<Account>) {
        self.noted.lock().push(account);
        self.wake.notify_one();
    }

    /// Sends what was noted, without waiting for the answers.
    fn send(self: &Arc<Self>) {
        let mut nodes: HashMap<NodeId, Vec<Arc<Account>>> = HashMap::new();
        for account in std::mem::take(&mut *self.noted.lock()) {
            nodes.entry(self.redis.node_of(account.partition())).or_default().push(account);
        }
        for (node, accounts) in nodes {
            for accounts in accounts.chunks(BATCH_MAX) {
                tokio::spawn(Arc::clone(self).debit(node, accounts.to_vec()));
            }
        }
    }

    async fn debit(self: Arc<Self>, node: NodeId, accounts: Vec<Arc<Account>>) {
        let dues: Vec<Vec<Due>> = accounts.iter().map(|account| account.due()).collect();
        let mut batch = Batch::default();
        for (account, dues) in accounts.iter().zip(&dues) {
            dues.iter().for_each(|due| batch.add(account.call(due)));
        }
        let count = batch.len();
        let mut answers = self.answers(node, batch).await.into_iter();
        let mut answered = 0;
        for (account, dues) in accounts.into_iter().zip(dues) {
            let answer = |due| (due, answers.next().as_ref().and_then(Taken::read));
            let answers: Vec<_> = dues.into_iter().map(answer).collect();
            answered += answers.iter().filter(|(_, taken)| taken.is_some()).count();
            if account.debited(&answers) {
                self.note(account);
            }
        }
        metrics::counter!("rt_rate_debits_total", "outcome" => "ok").increment(answered as u64);
        metrics::counter!("rt_rate_debits_total", "outcome" => "unanswered")
            .increment((count - answered) as u64);
    }

    /// One reply per call; none at all where there was no answer.
    async fn answers(&self, node: NodeId, batch: Batch) -> Vec<Value> {
        let problem = match timeout(ANSWER_TIMEOUT, batch.run(&self.redis, node)).await {
            Ok(Ok(answers)) => {
                let refused = answers.iter().find_map(|answer| match answer {
                    Value::ServerError(error) => Some(RedisError::from(error.clone())),
                    _ => None,
                });
                if let Some(refused) = refused {
                    self.redis.mend(&refused);
                }
                return answers;
            }
            Ok(Err(problem)) => problem,
            Err(_) => std::io::Error::from(std::io::ErrorKind::TimedOut).into(),
        };
        tracing::debug!(%problem, "rate limits were not debited; this edge limits alone");
        self.redis.mend(&problem);
        Vec::new()
    }
}

impl Drop for Debits {
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

async fn run(debits: Weak<Debits>, wake: Arc<Notify>) {
    loop {
        wake.notified().await;
        sleep(GATHER).await;
        let Some(debits) = debits.upgrade() else { return };
        debits.send();
    }
}
