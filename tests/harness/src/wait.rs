//! Waiting for the thing itself, with a limit: the one place where tests may let time pass.

use std::future::Future;
use std::time::Duration;

use tokio::time::{sleep, timeout};

/// How long a test waits for anything before it fails. More than an ack may take (10 s) on top of
/// a lease that must run out first (5 s), with room for a busy machine.
pub const TIME_LIMIT: Duration = Duration::from_secs(30);

/// How often a condition is looked at that nothing announces.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The result of `what`'s future.
///
/// # Panics
/// When it takes longer than [`TIME_LIMIT`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(TIME_LIMIT, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {TIME_LIMIT:?} in vain for {what}"),
    }
}

/// The first value that `look` finds.
///
/// # Panics
/// When it finds none within [`TIME_LIMIT`].
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    within(what, async {
        loop {
            if let Some(value) = look().await {
                return value;
            }
            sleep(LOOK_EVERY).await;
        }
    })
    .await
}
