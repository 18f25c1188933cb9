//! Which worker should own which partition: equal shares, moving as little as possible when workers
//! come and go. Every worker computes the same from the same list.

use std::collections::HashSet;

use lua::id::Partition;

/// The partitions that `me` should own among `workers`.
///
/// Each partition goes to the worker with the highest score for it that has room (rendezvous hashing
/// with bounded loads): the shares differ by one at most.
pub fn share(me: &str, workers: &[String]) -> HashSet<Partition> {
    let mut names: Vec<&str> = workers.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return HashSet::new();
    }
    let total = Partition::all().count();
    let mut room: Vec<usize> = (0..names.len())
        .map(|n| total / names.len() + usize::from(n < total % names.len()))
        .collect();
    let mut mine = HashSet::new();
    for partition in Partition::all() {
        let best = (0..names.len())
            .filter(|n| room[*n] > 0)
            .max_by_key(|n| score(names[*n], partition))
            .expect("the shares add up to the number of partitions");
        room[best] -= 1;
        if names[best] == me {
            mine.insert(partition);
        }
    }
    mine
}

/// A number that looks random but is the same everywhere: FNV-1a with a final mix.
fn score(worker: &str, partition: Partition) -> u64 {
    let index = (partition.index() as u64).to_le_bytes();
    let hash = worker.bytes().chain(index).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("worker-{n}")).collect()
    }

    #[test]
    fn every_partition_has_one_owner_and_shares_differ_by_one_at_most() {
        for count in 1..12 {
            let workers = workers(count);
            let shares: Vec<_> = workers.iter().map(|me| share(me, &workers)).collect();
            let owned: HashSet<_> = shares.iter().flatten().collect();
            assert_eq!(owned.len(), 256);
            assert_eq!(shares.iter().map(HashSet::len).sum::<usize>(), 256);
            let sizes = shares.iter().map(HashSet::len);
            assert!(sizes.clone().max() <= sizes.min().map(|min| min + 1));
        }
    }

    #[test]
    fn a_worker_that_comes_takes_its_share_and_disturbs_little_else() {
        let (before, after) = (workers(4), workers(5));
        let moved: usize =
            before.iter().map(|me| share(me, &after).difference(&share(me, &before)).count()).sum();
        assert!(moved < 40, "{moved} partitions moved between workers that stayed");
    }

    #[test]
    fn an_unknown_worker_owns_nothing() {
        assert!(share("stranger", &workers(3)).is_empty());
        assert!(share("stranger", &[]).is_empty());
    }
}
