//! Which channels are wanted, on which connection each of them is, and what each lane has to look at.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::id::Partition;
use crate::topology::NodeId;

/// One connection: a node and a number that no other connection of the process has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub node: NodeId,
    pub number: u64,
}

#[derive(Default)]
pub(super) struct Table {
    channels: HashMap<String, Channel>,
    lanes: Vec<Option<Lane>>,
}

struct Channel {
    partition: Partition,
    wanted: bool,
    /// The connection on which Redis confirmed it and has not taken it back.
    on: Option<Link>,
    /// We asked Redis to take it back.
    leaving: bool,
    waiters: Vec<oneshot::Sender<()>>,
}

/// The part of a lane that others see.
pub(super) struct Lane {
    /// Channels to look at: what each needs is decided when its turn comes.
    list: HashSet<String>,
    wake: Arc<Notify>,
    /// The connection that counts: pushes of an earlier one are late.
    live: Option<Link>,
    task: JoinHandle<()>,
}

/// What an unsubscription means.
pub(super) enum Left {
    /// It is as it should be.
    Done,
    /// We asked for it, but the channel is wanted again by now.
    WantedAgain,
    /// Redis took a wanted channel away: its slot has moved.
    Unasked,
}

/// What a lane sends for a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Subscribe(String),
    Unsubscribe(String),
}

impl Lane {
    pub fn add(&mut self, channel: String) {
        self.list.insert(channel);
        self.wake.notify_one();
    }
}

impl Table {
    /// The channel is wanted; whether there is something to do for it.
    pub fn want(&mut self, channel: &str, partition: Partition) -> bool {
        let known = self.channels.entry(channel.to_owned()).or_insert_with(|| Channel {
            partition,
            wanted: false,
            on: None,
            leaving: false,
            waiters: Vec::new(),
        });
        let news = !known.wanted;
        known.wanted = true;
        news && (known.on.is_none() || known.leaving)
    }

    /// The channel is not wanted; whether there is something to do for it.
    pub fn unwant(&mut self, channel: &str) -> bool {
        let Some(known) = self.channels.get_mut(channel) else { return false };
        known.waiters.clear();
        std::mem::replace(&mut known.wanted, false)
    }

    /// `None` when the channel is confirmed, otherwise what tells when it is.
    pub fn confirmed(&mut self, channel: &str) -> Option<oneshot::Receiver<()>> {
        let (sender, receiver) = oneshot::channel();
        if let Some(known) = self.channels.get_mut(channel) {
            if known.wanted && known.on.is_some() && !known.leaving {
                return None;
            }
            if known.wanted {
                known.waiters.retain(|waiter| !waiter.is_closed());
                known.waiters.push(sender);
            }
        }
        Some(receiver)
    }

    /// The node whose lane has to look at a channel.
    pub fn place(&self, channel: &str, owner: impl Fn(Partition) -> NodeId) -> Option<NodeId> {
        let known = self.channels.get(channel)?;
        match known.on {
            Some(link) if !known.wanted => Some(link.node),
            _ => Some(owner(known.partition)),
        }
    }

    /// The lane of a node, started with what wakes it when there is none.
    pub fn lane(
        &mut self,
        node: NodeId,
        start: impl FnOnce(Arc<Notify>) -> JoinHandle<()>,
    ) -> &mut Lane {
        while self.lanes.len() <= node.0 {
            self.lanes.push(None);
        }
        self.lanes[node.0].get_or_insert_with(|| {
            let wake = Arc::new(Notify::new());
            Lane { list: HashSet::new(), live: None, task: start(wake.clone()), wake }
        })
    }

    /// Redis confirmed a channel; whether that is news.
    pub fn arrived(&mut self, channel: &str, link: Link) -> bool {
        if !self.is_live(link) {
            return false;
        }
        let Some(known) = self.channels.get_mut(channel) else { return false };
        let news = known.on != Some(link);
        known.on = Some(link);
        known.leaving = false;
        if !known.wanted {
            // Unwanted while the command was under way.
            self.list_on(link.node, channel);
            return false;
        }
        for waiter in known.waiters.drain(..) {
            // Who does not wait any more need not know.
            let _ = waiter.send(());
        }
        news
    }

    /// Redis took a channel back.
    pub fn left(&mut self, channel: &str, link: Link) -> Left {
        let Some(known) = self.channels.get_mut(channel) else { return Left::Done };
        if known.on != Some(link) {
            return Left::Done;
        }
        known.on = None;
        match (known.wanted, std::mem::replace(&mut known.leaving, false)) {
            (false, _) => {
                self.channels.remove(channel);
                Left::Done
            }
            (true, true) => Left::WantedAgain,
            (true, false) => Left::Unasked,
        }
    }

    /// A connection is there and counts from now on.
    pub fn begin(&mut self, link: Link) {
        if let Some(Some(lane)) = self.lanes.get_mut(link.node.0) {
            lane.live = Some(link);
        }
    }

    /// A connection is gone, and its channels with it: those that are wanted.
    pub fn lost(&mut self, link: Link) -> Vec<String> {
        if let Some(Some(lane)) = self.lanes.get_mut(link.node.0) {
            lane.live = None;
        }
        self.channels.retain(|_, known| known.wanted || known.on != Some(link));
        let mut wanted = Vec::new();
        for (channel, known) in &mut self.channels {
            if known.on == Some(link) {
                (known.on, known.leaving) = (None, false);
                wanted.push(channel.clone());
            }
        }
        wanted
    }

    /// Takes up to `most` channels off a lane's list: what to send for them on `link`.
    pub fn steps(&mut self, link: Link, most: usize) -> Vec<Step> {
        let Some(Some(lane)) = self.lanes.get_mut(link.node.0) else { return Vec::new() };
        let names: Vec<String> = lane.list.iter().take(most).cloned().collect();
        let mut steps = Vec::new();
        for name in names {
            lane.list.remove(&name);
            let Some(known) = self.channels.get_mut(&name) else { continue };
            match (known.wanted, known.on == Some(link)) {
                (true, false) => steps.push(Step::Subscribe(name)),
                (true, true) if known.leaving => steps.push(Step::Subscribe(name)),
                (false, true) => {
                    known.leaving = true;
                    steps.push(Step::Unsubscribe(name));
                }
                (false, false) if known.on.is_none() => drop(self.channels.remove(&name)),
                _ => {}
            }
        }
        steps
    }

    /// Those of `steps` that did not lead to what is wanted now.
    pub fn undone(&self, steps: Vec<Step>, link: Link) -> Vec<String> {
        let undone = |name: &String| {
            self.channels.get(name).is_some_and(|known| known.wanted != (known.on == Some(link)))
        };
        let names = steps.into_iter().map(|step| match step {
            Step::Subscribe(name) | Step::Unsubscribe(name) => name,
        });
        names.filter(undone).collect()
    }

    /// Empties a lane's list.
    pub fn take(&mut self, node: NodeId) -> Vec<String> {
        match self.lanes.get_mut(node.0) {
            Some(Some(lane)) => lane.list.drain().collect(),
            _ => Vec::new(),
        }
    }

    /// Empties all lists.
    pub fn take_all(&mut self) -> Vec<String> {
        self.lanes.iter_mut().flatten().flat_map(|lane| lane.list.drain()).collect()
    }

    pub fn wake_all(&self) {
        self.lanes.iter().flatten().for_each(|lane| lane.wake.notify_one());
    }

    pub fn end(&mut self) {
        self.lanes.iter().flatten().for_each(|lane| lane.task.abort());
    }

    fn is_live(&self, link: Link) -> bool {
        matches!(self.lanes.get(link.node.0), Some(Some(lane)) if lane.live == Some(link))
    }

    fn list_on(&mut self, node: NodeId, channel: &str) {
        if let Some(Some(lane)) = self.lanes.get_mut(node.0) {
            lane.add(channel.to_owned());
        }
    }
}
