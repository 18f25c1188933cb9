//! Every metric says what it means: `# HELP` in what Prometheus reads.

use std::collections::BTreeSet;

use crate::{expect_none, files};

#[test]
fn every_metric_is_described() {
    let (mut used, mut described) = (BTreeSet::new(), BTreeSet::new());
    for (path, text) in files(&[".rs"]) {
        if path.starts_with("tests") {
            continue;
        }
        for (at, _) in text.match_indices("\"rt_") {
            let name = text[at + 1..].split('"').next().unwrap_or_default().to_owned();
            let before = text[..at].trim_end();
            let is_description = ["describe_counter!(", "describe_gauge!(", "describe_histogram!("];
            if is_description.iter().any(|macro_name| before.ends_with(macro_name)) {
                described.insert(name);
            } else if before.ends_with("!(") {
                used.insert(name);
            }
        }
    }
    assert!(used.len() > 20, "{used:?}");
    let broken: Vec<String> =
        used.difference(&described).map(|name| format!("{name} has no description")).collect();
    expect_none("metrics without a meaning", &broken);
    let broken: Vec<String> =
        described.difference(&used).map(|name| format!("{name} is used nowhere")).collect();
    expect_none("descriptions without a metric", &broken);
}
