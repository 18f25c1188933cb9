//! What reads cost Redis: each is asked for many times, one after the other, while Redis notes how long
//! it is busy with what.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::options::Plan;
use crate::bench::client::Client;
use crate::bench::figures::rounded;
use crate::bench::host::Host;
use crate::bench::store::SlowLog;

/// A read in a large place may cost so many times as much as in a small one, and
const TIMES_MAX: f64 = 2.0;

/// so many µs more.
const MORE_US_MAX: f64 = 200.0;

/// `get-unread` counts up to 999 and no further: with more to count it costs more, up to there.
const COUNTS: &str = "get-unread";

/// No read may keep Redis busy for longer, µs.
const FEW_MS: f64 = 3_000.0;

/// How far a page behind others is looked for.
const PAGES_MAX: usize = 100;

/// Scripts of events that read. What else runs at the time is not asked for.
const READERS: [&str; 7] = [
    "room/members",
    "chat/history",
    "user/unread",
    "chat/unread",
    "directory/rooms",
    "user/rooms",
    "room/glance",
];

/// What is read, and where.
#[derive(Debug, Clone)]
pub struct Read {
    /// The event.
    pub event: &'static str,
    /// What is read of what.
    pub of: String,
    /// Its payload without the closing brace.
    pub payload: String,
    /// Whether to go on from the last page to which `nextCursor` leads, at most so many.
    pub pages: usize,
}

impl Read {
    /// The first page.
    pub fn first(event: &'static str, of: impl Into<String>, payload: String) -> Self {
        Self { event, of: of.into(), payload, pages: 0 }
    }

    /// A page far behind.
    pub fn last(event: &'static str, of: impl Into<String>, payload: String) -> Self {
        Self { event, of: of.into(), payload, pages: PAGES_MAX }
    }
}

/// What a script cost Redis in one of the reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// The event.
    pub event: &'static str,
    /// What is read of what.
    pub of: String,
    /// The script.
    pub script: String,
    /// How often it ran.
    pub calls: u64,
    /// Half of the calls took Redis less, µs.
    pub median_us: f64,
    /// The longest, µs.
    pub max_us: f64,
    /// Bytes of the answer.
    pub answer_bytes: usize,
}

/// Measures each of `reads` as the host.
pub async fn measure(
    plan: &Plan,
    host: &Host,
    slow: &SlowLog,
    reads: &[Read],
) -> Result<Vec<Cost>> {
    let mut client = host.connect().await?;
    let mut costs = Vec::new();
    for read in reads {
        costs.extend(ask(plan, &mut client, slow, read).await?);
    }
    Ok(costs)
}

/// The payload of the page that is to be read.
async fn page(client: &mut Client, read: &Read) -> Result<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Page {
        next_cursor: Option<String>,
    }
    let mut payload = format!("{}}}", read.payload);
    for _ in 0..read.pages {
        let page: Page = serde_json::from_str(&client.insist(read.event, &payload).await?)?;
        let Some(cursor) = page.next_cursor else { break };
        payload = format!(r#"{},"cursor":{}}}"#, read.payload, serde_json::to_string(&cursor)?);
    }
    Ok(payload)
}

async fn ask(plan: &Plan, client: &mut Client, slow: &SlowLog, read: &Read) -> Result<Vec<Cost>> {
    let payload = page(client, read).await?;
    let mut answer_bytes = 0;
    slow.forget().await?;
    for _ in 0..plan.reads {
        answer_bytes = client.insist(read.event, &payload).await?.len();
    }
    let mut by_script: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for noted in slow.read().await? {
        if READERS.contains(&noted.name.as_str()) {
            by_script.entry(noted.name).or_default().push(noted.micros);
        }
    }
    Ok(by_script
        .into_iter()
        .map(|(script, mut micros)| {
            micros.sort_unstable();
            Cost {
                event: read.event,
                of: read.of.clone(),
                script,
                calls: micros.len() as u64,
                median_us: rounded(micros[micros.len() / 2] as f64),
                max_us: micros.last().map_or(0.0, |most| *most as f64),
                answer_bytes,
            }
        })
        .collect())
}

/// Two costs of one script: in a small place and in a large one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
    /// In the small one.
    pub small: Cost,
    /// In the large one.
    pub large: Cost,
}

impl Pair {
    /// How many times as much the large one costs.
    pub fn times(&self) -> f64 {
        self.large.median_us / self.small.median_us.max(1.0)
    }

    /// What is wrong with the cost, if anything.
    pub fn fault(&self) -> Option<String> {
        let (small, large) = (self.small.median_us, self.large.median_us);
        let grows = self.large.event != COUNTS && large > small * TIMES_MAX + MORE_US_MAX;
        let Cost { event, script, of, .. } = &self.large;
        (grows || large > FEW_MS)
            .then(|| format!("{event} ({script}) {of} costs {large:.0} µs in place of {small:.0}"))
    }
}

/// Sets costs in large places beside those of the same script in small ones. One small place stands
/// for several large ones.
pub fn pairs(small: &[Cost], large: Vec<Cost>) -> Vec<Pair> {
    let same = |large: &Cost| {
        small.iter().find(|small| (small.event, &small.script) == (large.event, &large.script))
    };
    large
        .into_iter()
        .filter_map(|large| Some(Pair { small: same(&large)?.clone(), large }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(script: &str, median_us: f64) -> Cost {
        Cost {
            event: "get-members",
            of: String::new(),
            script: script.to_owned(),
            calls: 1,
            median_us,
            max_us: median_us,
            answer_bytes: 1,
        }
    }

    #[test]
    fn costs_of_one_script_are_set_beside_each_other() {
        let small = [cost("a", 10.0), cost("b", 20.0)];
        let large = vec![cost("b", 25.0), cost("b", 500.0), cost("c", 1.0)];
        let pairs = pairs(&small, large);
        let seen: Vec<_> =
            pairs.iter().map(|pair| (pair.times(), pair.fault().is_some())).collect();
        assert_eq!(seen, [(1.25, false), (25.0, true)]);
    }

    #[test]
    fn what_counts_may_cost_more_but_not_milliseconds() {
        let unread = |median_us| Cost { event: COUNTS, ..cost("chat/unread", median_us) };
        for (median_us, is_fault) in [(900.0, false), (3_500.0, true)] {
            let pair = Pair { small: unread(80.0), large: unread(median_us) };
            assert_eq!(pair.fault().is_some(), is_fault, "{median_us}");
        }
    }

    #[test]
    fn every_script_of_a_read_is_there() {
        let known: Vec<_> = lua::script::sources().iter().map(|source| source.name).collect();
        for reader in READERS {
            assert!(known.contains(&reader), "{reader}");
        }
    }
}
