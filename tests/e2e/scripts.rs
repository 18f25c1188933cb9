//! Two versions of the scripts beside each other, as during a deploy, and scripts that Redis forgot.

use std::path::{Path, PathBuf};

use harness::{Stack, Topology, until};
use lua::id::Partition;

use crate::options;
use crate::poison::run;
use crate::swarm::{MESSAGES, Retries, Swarm};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_with_other_scripts_share_the_work_and_forgotten_ones_are_loaded_again() {
    let others = folder("others");
    copy(&scripts(), &others, &|text| format!("{text}-- another version\n"));
    let mut options = options(Topology::Single).with("ACK_TIMEOUT_MS", 25_000);
    options.workers = 1;
    let mut stack = Stack::start(options).await;
    stack.add_worker(&[("SCRIPTS_DIR", &others.to_string_lossy())]).await;
    let of_both = 2 * lua::script::sources().len();
    until("the scripts of both to be loaded", || async {
        let info = run(&stack, Partition::of("any"), &["INFO", "memory"]).await;
        let count = format!("number_of_cached_scripts:{of_both}\r");
        format!("{info:?}").contains(&count.escape_debug().to_string()).then_some(())
    })
    .await;

    let swarm = Swarm::start(&stack, Retries::None).await;
    swarm.until_acked(MESSAGES / 5).await;
    run(&stack, Partition::of("any"), &["SCRIPT", "FLUSH"]).await;
    swarm.until_acked(MESSAGES * 2 / 5).await;
    // What one version applied the other goes on from.
    stack.kill_worker(0);
    swarm.finish().await;
    std::fs::remove_dir_all(&others).expect("it can go");
}

/// A folder of this test process.
pub fn folder(name: &str) -> PathBuf {
    let name = format!("lua-{name}-{}", std::process::id());
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// The scripts of this version.
pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("lua/scripts")
}

/// Copies scripts, each changed by `change`.
pub fn copy(from: &Path, to: &Path, change: &dyn Fn(String) -> String) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target, change);
        } else {
            let text = std::fs::read_to_string(&path).expect("a script");
            std::fs::write(&target, change(text)).expect("written");
        }
    }
}
