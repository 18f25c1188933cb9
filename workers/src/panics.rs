//! Panics: defects of ours that must not cost more than the event or the round in which they happened.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures_util::FutureExt;
use tracing::error;

/// How long a duty that panicked waits before it goes on.
const PAUSE: Duration = Duration::from_secs(1);

/// What `f` gives, or what it panicked with.
pub fn caught<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    // What `f` may leave half done is its own, and not looked at any more.
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| words(&*panic))
}

/// Runs a duty to its end, and begins it anew where it panics: no node is left without it.
pub async fn lasting<F: Future<Output = ()>>(duty: &str, begin: impl Fn() -> F) {
    // A position in memory that a panic left behind does not fit Redis's, whose scripts refuse it.
    while let Err(panic) = AssertUnwindSafe(begin()).catch_unwind().await {
        error!(duty, panic = words(&*panic), "a defect: it begins anew");
        tokio::time::sleep(PAUSE).await;
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = literal.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panic: {}", text.as_deref().unwrap_or("without words"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_panic_is_told_by_its_words() {
        assert_eq!(caught(|| 1), Ok(1));
        assert_eq!(caught(|| panic!("plain")), Err::<(), _>("panic: plain".to_owned()));
        let number = 5;
        assert_eq!(caught(|| panic!("with {number}")), Err::<(), _>("panic: with 5".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_duty_that_panics_begins_anew() {
        let begun = AtomicUsize::new(0);
        lasting("test", || async {
            assert!(begun.fetch_add(1, Ordering::Relaxed) == 2, "twice in vain");
        })
        .await;
        assert_eq!(begun.into_inner(), 3);
    }
}
