//! Who may depend on whom: read from the manifests, so that a second speaker of Redis or HTTP
//! cannot come in unseen.

use std::collections::BTreeSet;

use crate::{expect_none, files, root};

/// A dependency and the only packages that may name it. `realtime` is the root package: the command
/// with its load generator.
const ONLY: [(&str, &[&str]); 8] = [
    ("redis", &["lua"]),
    ("deadpool-redis", &["lua"]),
    ("hyper", &["edge"]),
    ("hyper-util", &["edge"]),
    ("http-body-util", &["edge"]),
    ("tokio-tungstenite", &["edge", "harness", "realtime"]),
    // `lua` has it for tests alone: its scripts are tested as the workers call them.
    ("workers", &["realtime", "lua"]),
    ("edge", &["realtime"]),
];

/// Crates of which two versions would not work together, or would be two of what must be one.
const ONE_VERSION: [&str; 6] = ["redis", "rustls", "hyper", "tokio", "tungstenite", "aws-lc-rs"];

#[test]
fn each_dependency_is_named_only_where_it_may_be() {
    let mut broken = Vec::new();
    for (path, text) in files(&["Cargo.toml"]) {
        let package = package_name(&text);
        for dependency in dependencies(&text) {
            let rule = ONLY.iter().find(|(name, _)| *name == dependency);
            if rule.is_some_and(|(_, packages)| !packages.contains(&package.as_str())) {
                broken.push(format!("{dependency} in {}", path.display()));
            }
        }
    }
    expect_none("these dependencies belong to one crate alone", &broken);
}

#[test]
fn crates_that_must_be_one_are_one() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("a lock file");
    let count = |name: &str| lock.matches(&format!("\nname = \"{name}\"\n")).count();
    let several: Vec<String> = ONE_VERSION
        .iter()
        .filter(|name| count(name) != 1)
        .map(|name| format!("{name}: {} versions", count(name)))
        .collect();
    expect_none("one version in Cargo.lock", &several);
}

/// A lock file that names a download host works only where that host is reached.
#[test]
fn npm_lock_files_name_no_host() {
    let mut broken = Vec::new();
    for (path, text) in files(&["package-lock.json"]) {
        if text.contains("\"resolved\": \"http") {
            broken.push(path.display().to_string());
        }
    }
    expect_none("set omit-lockfile-registry-resolved=true in .npmrc and lock again", &broken);
}

fn package_name(manifest: &str) -> String {
    let package = manifest.split("\n[package]\n").last().unwrap_or(manifest);
    let name = package
        .lines()
        .find_map(|line| line.trim_start_matches("[package]").strip_prefix("name = "));
    name.expect("a manifest names its package").trim_matches('"').to_owned()
}

/// The names under `[dependencies]`, `[dev-dependencies]` and `[build-dependencies]`; those of the
/// workspace only fix versions.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]") && !line.contains("workspace");
        } else if inside && let Some((name, _)) = line.split_once(['.', '=', ' ']) {
            names.insert(name.to_owned());
        }
    }
    names
}
