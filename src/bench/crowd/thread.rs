//! One thread of a crowd: a runtime of its own and a share of the users. Each is read in a task of its
//! own; one ticker sends what is due, whatever the service does.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet, LocalSet};

use super::member::{Judge, Member};
use super::presence::Ear;
use super::{Found, Leaving, Phase, Shared};
use crate::bench::client::Client;
use crate::bench::wire::Reader;

/// Clients of one thread that connect at the same time.
const CONNECTING_MAX: usize = 32;

/// How often the schedule is looked at.
const TICK: Duration = Duration::from_millis(1);

/// A thread that is not yet running.
pub struct Thread {
    /// Its number, from 0: users are dealt out in turn.
    pub index: u32,
    /// What all threads know.
    pub shared: Arc<Shared>,
    /// Where the run stands.
    pub phase: watch::Receiver<Phase>,
}

/// One user with the task that reads for it.
struct Seat {
    member: Rc<RefCell<Member>>,
    reader: AbortHandle,
}

impl Thread {
    /// Runs to the end. Gives what the thread's users found.
    pub fn run(self) -> Result<Found> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, self.drive())
    }

    async fn drive(mut self) -> Result<Found> {
        let share = Rc::new(Share::new(self.shared.clone()));
        let mut readers = JoinSet::new();
        let seats = share.connect_all(self.index, &mut readers).await?;
        // An error means that nobody wants the results any more.
        let phase = *self.phase.wait_for(|phase| *phase != Phase::Connecting).await?;
        if let Phase::Joining(start) = phase {
            share.join_all(&seats, start).await;
        }
        let later = |phase: &Phase| matches!(phase, Phase::Leaving(_) | Phase::Done);
        let phase = *self.phase.wait_for(later).await?;
        let plan = &share.shared.plan;
        share.found.borrow_mut().wrong_joined = wrong(&seats, plan.users);
        if let Phase::Leaving(start) = phase {
            share.leave_all(&seats, start).await;
            self.phase.wait_for(|phase| *phase == Phase::Done).await?;
            share.found.borrow_mut().wrong_left = wrong(&seats, plan.users - plan.leavers);
        }
        readers.shutdown().await;
        let mut found = share.found.take();
        seats.iter().for_each(|seat| found.presence.member(&seat.member.borrow().presence));
        Ok(found)
    }
}

/// Members who do not know that `count` are there.
fn wrong(seats: &[Seat], count: u32) -> u64 {
    let is_wrong = |member: &Member| member.is_in && member.presence.count != Some(count.into());
    seats.iter().filter(|seat| is_wrong(&seat.member.borrow())).count() as u64
}

/// What the tasks of one thread share.
struct Share {
    shared: Arc<Shared>,
    found: RefCell<Found>,
    ear: RefCell<Ear>,
    start: Instant,
}

impl Share {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared, found: RefCell::default(), ear: RefCell::default(), start: Instant::now() }
    }

    fn now_us(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }

    /// Connects all users of the thread, some at a time, and starts their readers.
    async fn connect_all(
        self: &Rc<Self>,
        index: u32,
        readers: &mut JoinSet<()>,
    ) -> Result<Vec<Seat>> {
        let plan = &self.shared.plan;
        let turns = Rc::new(Semaphore::new(CONNECTING_MAX));
        let mut connecting = JoinSet::new();
        for user in (index..plan.users).step_by(plan.threads as usize) {
            let (share, turns) = (self.clone(), turns.clone());
            connecting.spawn_local(async move {
                let _turn = turns.acquire().await?;
                let edges = &share.shared.edges;
                let edge = &edges[user as usize % edges.len()];
                let client = Client::connect(edge, &share.shared.tokens[user as usize]).await;
                anyhow::Ok((user, client.with_context(|| format!("user {user} cannot connect"))?))
            });
        }
        let mut seats = Vec::new();
        while let Some(connected) = connecting.join_next().await {
            let (user, client) = connected??;
            let member = Rc::new(RefCell::new(Member::new(user, client.writer)));
            let reading = self.clone().read(member.clone(), client.reader);
            seats.push(Seat { member, reader: readers.spawn_local(reading) });
            self.shared.counters.connected.fetch_add(1, Relaxed);
        }
        seats.sort_by_key(|seat| seat.member.borrow().user);
        Ok(seats)
    }

    /// A user's life: takes in what comes until the connection ends.
    async fn read(self: Rc<Self>, member: Rc<RefCell<Member>>, mut reader: Reader) {
        loop {
            if reader.fill().await.is_err() || self.receive(&member, &mut reader).is_err() {
                self.shared.counters.closed.fetch_add(1, Relaxed);
                return;
            }
        }
    }

    fn receive(&self, member: &RefCell<Member>, reader: &mut Reader) -> std::io::Result<()> {
        let mut judge = Judge {
            found: &mut self.found.borrow_mut(),
            ear: &mut self.ear.borrow_mut(),
            counters: &self.shared.counters,
            now_us: self.now_us(),
            batch_above: self.shared.plan.batch_above,
        };
        member.borrow_mut().receive(reader, &mut judge)
    }

    async fn join_all(&self, seats: &[Seat], start: Instant) {
        let plan = &self.shared.plan;
        let join = |seat: &Seat, due_us| {
            // A connection that fails here is noticed and counted by its reader.
            let _ = seat.member.borrow_mut().join(&self.shared.room, due_us);
        };
        let all = seats.iter().map(|seat| (seat.member.borrow().user, seat));
        self.keep_to(all.collect(), plan.users, start, plan.join_over, join).await;
    }

    async fn leave_all(&self, seats: &[Seat], start: Instant) {
        let plan = &self.shared.plan;
        let leave = |seat: &Seat, due_us| match plan.leaving {
            Leaving::Event => {
                let _ = seat.member.borrow_mut().leave(&self.shared.room, due_us);
            }
            Leaving::Disconnect => {
                seat.reader.abort();
                seat.member.borrow_mut().cut();
                self.shared.counters.left.fetch_add(1, Relaxed);
            }
        };
        let leavers = seats.iter().map(|seat| (seat.member.borrow().user, seat));
        let leavers = leavers.filter(|(user, _)| plan.leaves(*user)).collect();
        self.keep_to(leavers, plan.users, start, plan.leave_over, leave).await;
    }

    /// Lets each of `turns` act when it is due: as the number of `of` in the course of `over`.
    async fn keep_to(
        &self,
        turns: Vec<(u32, &Seat)>,
        of: u32,
        start: Instant,
        over: Duration,
        act: impl Fn(&Seat, u64),
    ) {
        let start_us = start.saturating_duration_since(self.start).as_micros() as u64;
        let over_us = over.as_micros() as f64;
        let due = |user: u32| (f64::from(user) / f64::from(of) * over_us) as u64;
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        for (user, seat) in turns {
            let due_us = start_us + due(user);
            while self.now_us() < due_us {
                ticks.tick().await;
            }
            let mut found = self.found.borrow_mut();
            found.behind_us_max = found.behind_us_max.max(self.now_us() - due_us);
            drop(found);
            act(seat, due_us);
        }
    }
}
