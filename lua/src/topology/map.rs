//! What is known about the servers: which there are, and which of them holds a slot.

use std::sync::Arc;

use super::node::Node;
use super::{NodeId, slots};
use crate::id::Partition;

/// What is known about the servers. Nodes are only ever added.
pub(super) struct Map {
    pub nodes: Vec<Arc<Node>>,
    pub primaries: Vec<NodeId>,
    pub ranges: Vec<(u16, u16, NodeId)>,
    pub by_partition: Vec<NodeId>,
}

impl Map {
    pub fn empty() -> Self {
        Self {
            nodes: Vec::new(),
            primaries: Vec::new(),
            ranges: Vec::new(),
            by_partition: Vec::new(),
        }
    }

    /// One server, or one primary behind sentinels.
    pub fn standalone(node: Node) -> Self {
        let mut map = Self { nodes: vec![Arc::new(node)], ..Self::empty() };
        map.place(vec![(0, slots::SLOTS - 1, NodeId(0))]);
        map
    }

    /// Takes over sorted ranges and works out the tables that follow from them.
    pub fn place(&mut self, ranges: Vec<(u16, u16, NodeId)>) {
        self.primaries = ranges.iter().map(|range| range.2).collect();
        self.primaries.sort_unstable();
        self.primaries.dedup();
        self.ranges = ranges;
        self.by_partition = Partition::all().map(|p| self.node_of_slot(p.slot())).collect();
    }

    /// A slot that nobody serves now belongs to any node: its commands are refused there and tried
    /// again, which is what the caller must do anyway.
    pub fn node_of_slot(&self, slot: u16) -> NodeId {
        let at = self.ranges.partition_point(|(_, last, _)| *last < slot);
        self.ranges.get(at).map_or(NodeId(0), |(_, _, node)| *node)
    }
}
