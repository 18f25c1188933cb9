//! The accounts of one kind of subject: made when somebody comes, forgotten when a new one would be the
//! same.

use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use tokio::sync::oneshot;

use super::account::{Account, Arrival, Classes, Limit, Table, Then, Verdict};
use super::debit::Debits;

/// Accounts that one edge keeps. Who comes when there are as many is not counted: so many subjects
/// within a minute are beyond what a limit per subject can hold.
const ACCOUNTS_MAX: usize = 200_000;

/// How often idle accounts are looked for.
const FORGET_EVERY: Duration = Duration::from_secs(10);

/// See the file's head.
pub struct Ledger {
    /// What stands before a subject's name in keys.
    prefix: &'static str,
    table: Table,
    accounts: DashMap<Box<str>, Arc<Account>>,
    debits: Arc<Debits>,
}

/// A verdict that is there, or on its way.
#[derive(Debug)]
pub enum Pending {
    /// It is there.
    Known(Verdict),
    /// It comes when the shared bucket has answered.
    Asked(oneshot::Receiver<Verdict>),
}

impl Pending {
    /// Waits for it, half a second at most.
    pub async fn verdict(self) -> Verdict {
        match self {
            Self::Known(verdict) => verdict,
            // Nobody will tell any more only where the process ends.
            Self::Asked(told) => told.await.unwrap_or(Ok(())),
        }
    }
}

impl Ledger {
    /// No accounts yet.
    pub fn new(prefix: &'static str, table: &[Option<Limit>], debits: Arc<Debits>) -> Arc<Self> {
        let ledger =
            Arc::new(Self { prefix, table: table.into(), accounts: DashMap::new(), debits });
        let weak = Arc::downgrade(&ledger);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(FORGET_EVERY);
            loop {
                ticks.tick().await;
                let Some(ledger) = weak.upgrade() else { return };
                ledger.accounts.retain(|_, account| !account.is_idle());
            }
        });
        ledger
    }

    /// Something of `name` comes that counts in `classes`. Gives the verdict, or nothing where it must wait:
    /// then what `then` makes hears it, in order of arrival.
    pub fn pass(
        &self,
        name: &str,
        classes: Classes,
        then: impl FnOnce() -> Then,
    ) -> Option<Verdict> {
        let is_off = classes.iter().all(|class| self.table[*class].is_none());
        let account = match self.accounts.get(name) {
            Some(account) => account,
            // Where there is an account, somebody may stand in its line.
            None if is_off => return Some(Ok(())),
            None if self.accounts.len() >= ACCOUNTS_MAX => {
                metrics::counter!("rt_rate_uncounted_total").increment(1);
                return Some(Ok(()));
            }
            None => {
                let subject = format!("{}{name}", self.prefix);
                let new = || Arc::new(Account::new(subject, self.table.clone()));
                self.accounts.entry(name.into()).or_insert_with(new).downgrade()
            }
        };
        // Under the guard, so that it is not forgotten meanwhile.
        let Arrival { verdict, owes } = account.arrive(classes, || {
            let then = then();
            Box::new(move |verdict| then(counted(verdict)))
        });
        if owes {
            self.debits.note(Arc::clone(&account));
        }
        verdict.map(counted)
    }

    /// The same for whoever can wait for it.
    pub fn ask(&self, name: &str, classes: Classes) -> Pending {
        let mut asked = None;
        let verdict = self.pass(name, classes, || {
            let (tell, told) = oneshot::channel();
            asked = Some(told);
            Box::new(move |verdict| {
                // Whoever asked may be gone.
                let _ = tell.send(verdict);
            })
        });
        match (verdict, asked) {
            (None, Some(told)) => Pending::Asked(told),
            (verdict, _) => Pending::Known(verdict.unwrap_or(Ok(()))),
        }
    }
}

fn counted(verdict: Verdict) -> Verdict {
    verdict.inspect_err(|limited| {
        metrics::counter!("rt_rate_refused_total", "limit" => limited.limit).increment(1);
    })
}
