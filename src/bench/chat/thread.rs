//! One thread of the load generator: a runtime of its own and a share of the clients.
//!
//! Each client is read in a task of its own. In an open loop one ticker sends what is due, whatever
//! the service does; latency counts from the due time, so a service that stalls is charged for all
//! that it held up. In a closed loop an acknowledgement sends the next message.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::MissedTickBehavior;

use super::check::Member;
use super::load::{Phase, Record, Shared};
use super::message::Scanner;
use super::options::Pace;
use super::session::{Judge, Session, Tally};
use crate::bench::client::Client;
use crate::bench::wire::Reader;

/// Clients of one thread that connect at the same time.
const CONNECTING_MAX: usize = 32;

/// How often an open loop looks for what is due.
const TICK: Duration = Duration::from_millis(1);

/// How often what the kernel did not take is tried again.
const FLUSH: Duration = Duration::from_millis(10);

/// A thread that is not yet running.
pub struct Thread {
    /// Its number, from 0: clients are dealt out in turn.
    pub index: u32,
    /// What all threads know.
    pub shared: Arc<Shared>,
    /// Where the run stands.
    pub phase: watch::Receiver<Phase>,
}

impl Thread {
    /// Runs to the end of the load. Gives what the thread's clients found.
    pub fn run(self) -> Result<(Tally, Vec<Record>)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, self.drive())
    }

    async fn drive(mut self) -> Result<(Tally, Vec<Record>)> {
        let share = Rc::new(Share::new(self.shared.clone()));
        let mut readers = JoinSet::new();
        let mut done = self.phase.clone();
        let load = async {
            let sessions = share.join_all(self.index, &mut readers).await?;
            let running = self.phase.wait_for(|phase| *phase != Phase::Joining).await?;
            let Phase::Running(start) = *running else { bail!("nothing was to be done") };
            drop(running);
            share.start.set(start);
            share.send_all(&sessions, self.index).await;
            anyhow::Ok(())
        };
        tokio::select! {
            result = load => result?,
            // An error means that nobody wants the results any more.
            ended = done.wait_for(|phase| *phase == Phase::Done) => { ended?; }
        }
        done.wait_for(|phase| *phase == Phase::Done).await?;
        readers.shutdown().await;
        Ok(share.into_results())
    }
}

/// What the tasks of one thread share.
struct Share {
    shared: Arc<Shared>,
    sessions: RefCell<Vec<Rc<RefCell<Session>>>>,
    tally: RefCell<Tally>,
    scanner: RefCell<Scanner>,
    start: Cell<Instant>,
    window_us: Range<u64>,
}

impl Share {
    fn new(shared: Arc<Shared>) -> Self {
        let micros = |duration: Duration| duration.as_micros() as u64;
        let from = micros(shared.plan.warmup);
        let window_us = from..from + micros(shared.plan.measured);
        Self {
            shared,
            sessions: RefCell::default(),
            tally: RefCell::default(),
            scanner: RefCell::default(),
            start: Cell::new(Instant::now()),
            window_us,
        }
    }

    fn now_us(&self) -> u64 {
        self.start.get().elapsed().as_micros() as u64
    }

    /// Connects and joins all clients of the thread, some at a time, and starts their readers.
    /// Gives those that send, in turn over the rooms.
    async fn join_all(
        self: &Rc<Self>,
        index: u32,
        readers: &mut JoinSet<()>,
    ) -> Result<Vec<Rc<RefCell<Session>>>> {
        let plan = &self.shared.plan;
        let connecting = Rc::new(Semaphore::new(CONNECTING_MAX));
        let mut joining = JoinSet::new();
        for connection in (index..plan.layout.connections).step_by(plan.threads as usize) {
            let (share, connecting) = (self.clone(), connecting.clone());
            joining.spawn_local(async move {
                let _turn = connecting.acquire().await?;
                let joined = share.join(connection).await;
                joined.with_context(|| format!("client {connection} could not join"))
            });
        }
        while let Some(joined) = joining.join_next().await {
            let (session, reader) = joined??;
            self.shared.counters.joined.fetch_add(1, Relaxed);
            self.sessions.borrow_mut().push(session.clone());
            readers.spawn_local(self.clone().read(session, reader));
        }
        let mut senders: Vec<_> = self.sessions.borrow().clone();
        senders.retain(|session| session.borrow().connection < plan.layout.senders);
        senders.sort_by_key(|session| session.borrow().connection);
        Ok(senders)
    }

    async fn join(&self, connection: u32) -> Result<(Rc<RefCell<Session>>, Reader)> {
        let token = &self.shared.tokens[connection as usize];
        let mut client = Client::connect(self.shared.edge(connection), token).await?;
        let room = self.shared.room_name(connection);
        client.insist("join-room", &format!(r#"{{"roomId":"{room}"}}"#)).await?;
        let plan = &self.shared.plan;
        let member = Member::new(plan.layout, connection);
        let session = Session::new(connection, member, client.writer, &room, plan.payload);
        Ok((Rc::new(RefCell::new(session)), client.reader))
    }

    /// A client's life: takes in what comes until the connection ends.
    async fn read(self: Rc<Self>, session: Rc<RefCell<Session>>, mut reader: Reader) {
        loop {
            let received = self.receive(&mut session.borrow_mut(), &mut reader);
            if received.is_err() || reader.fill().await.is_err() {
                self.shared.counters.closed.fetch_add(1, Relaxed);
                return;
            }
        }
    }

    fn receive(&self, session: &mut Session, reader: &mut Reader) -> std::io::Result<()> {
        let now_us = self.now_us();
        let mut judge = Judge {
            tally: &mut self.tally.borrow_mut(),
            scanner: &mut self.scanner.borrow_mut(),
            now_us,
            window_us: self.window_us.clone(),
        };
        let brought = session.receive(reader, &mut judge)?;
        let (counters, plan) = (&self.shared.counters, &self.shared.plan);
        counters.delivered.fetch_add(brought.delivered, Relaxed);
        let answers = brought.acked + brought.refused;
        if answers == 0 {
            return Ok(());
        }
        let members = plan.layout.members(plan.layout.room(session.connection));
        counters.acked.fetch_add(brought.acked, Relaxed);
        counters.refused.fetch_add(brought.refused, Relaxed);
        counters.expected.fetch_add(brought.acked * u64::from(members), Relaxed);
        if matches!(plan.pace, Pace::Closed { .. }) && now_us < self.window_us.end {
            for _ in 0..answers {
                self.send(session, now_us)?;
            }
        }
        Ok(())
    }

    fn send(&self, session: &mut Session, due_us: u64) -> std::io::Result<()> {
        self.shared.counters.sent.fetch_add(1, Relaxed);
        session.send(due_us)
    }

    /// Sends until the plan's time is over, and then goes on to flush. Does not end. A connection
    /// that fails here is noticed and counted by its reader.
    async fn send_all(&self, senders: &[Rc<RefCell<Session>>], index: u32) {
        let flush = async {
            let mut ticks = tokio::time::interval(FLUSH);
            loop {
                ticks.tick().await;
                for session in senders {
                    let _ = session.borrow_mut().flush();
                }
            }
        };
        let pace = async {
            match self.shared.plan.pace {
                Pace::Open { rate } => self.open_loop(senders, rate, index).await,
                Pace::Closed { in_flight } => {
                    for session in senders {
                        for _ in 0..in_flight {
                            let _ = self.send(&mut session.borrow_mut(), self.now_us());
                        }
                    }
                }
            }
        };
        tokio::join!(pace, flush);
    }

    async fn open_loop(&self, senders: &[Rc<RefCell<Session>>], rate: f64, index: u32) {
        let plan = &self.shared.plan;
        if senders.is_empty() {
            return;
        }
        let share = senders.len() as f64 / f64::from(plan.layout.senders);
        let interval_us = 1_000_000.0 / (rate * share);
        // Threads take turns within an interval.
        let phase = f64::from(index) / f64::from(plan.threads);
        let due_us = |number: u64| ((number as f64 + phase) * interval_us) as u64;
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut number = 0;
        while due_us(number) < self.window_us.end {
            ticks.tick().await;
            let now_us = self.now_us();
            let behind_us = now_us.saturating_sub(due_us(number));
            let mut tally = self.tally.borrow_mut();
            tally.behind_us_max = tally.behind_us_max.max(behind_us);
            drop(tally);
            while due_us(number) <= now_us.min(self.window_us.end - 1) {
                let session = &senders[(number % senders.len() as u64) as usize];
                let _ = self.send(&mut session.borrow_mut(), due_us(number));
                number += 1;
            }
        }
    }

    fn into_results(self: Rc<Self>) -> (Tally, Vec<Record>) {
        let sessions = self.sessions.take();
        let records = sessions.into_iter().filter_map(Rc::into_inner).map(|session| {
            let Session { connection, member, sent, .. } = session.into_inner();
            Record { connection, member, sent }
        });
        (self.tally.take(), records.collect())
    }
}
