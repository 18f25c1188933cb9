//! The oracle: at a quiet point, when every client has its answers and does nothing, it compares what
//! was acknowledged, what Redis holds, what the service says and what every member saw.

mod inside;
mod log;
mod span;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::Log;
use lua::Redis;
use lua::id::EventId;
use span::Viewer;
use state::{Asker, Difference};

use crate::findings::Promise;
use crate::model::{Model, Room};
use crate::sight::End;
use crate::world::{World, lock};

/// How long a client may take to get its answers once nothing is broken any more.
pub const WHOLE_MAX: Duration = Duration::from_secs(20);

/// How long what is under way may take to arrive: a heartbeat tells what got lost.
const ARRIVE_MAX: Duration = Duration::from_secs(15);

/// How long somebody who is gone may be shown: contract, section 3; with room for a busy machine.
const GONE_MAX: Duration = Duration::from_secs(17);

/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Compares, and remembers what was compared.
pub struct Oracle {
    world: Arc<World>,
    redis: Redis,
    logs: BTreeMap<String, Log>,
}

impl Oracle {
    /// An oracle that reads this Redis.
    pub fn new(world: &Arc<World>, redis: Redis) -> Self {
        Self { world: Arc::clone(world), redis, logs: BTreeMap::new() }
    }

    /// Lets everything come to rest, compares it, and lets it go on.
    pub async fn quiet_point(&mut self) {
        self.world.paused.send_replace(true);
        match self.world.until(WHOLE_MAX, |doing| !doing.is_idle).await {
            Ok(_) => {
                if let Err(problem) = self.compare().await {
                    let text = format!("what the service holds could not be read: {problem:#}");
                    self.world.findings.broken(Promise::Standstill, text);
                }
            }
            Err(behind) => {
                let text = format!("no rest within {WHOLE_MAX:?}: {}", behind.join(", "));
                self.world.findings.broken(Promise::Standstill, text);
            }
        }
        self.world.findings.count("quiet points", 1);
        self.world.paused.send_replace(false);
    }

    async fn compare(&mut self) -> anyhow::Result<()> {
        self.inside().await?;
        self.read_logs().await?;
        self.members_agree().await;
        self.presence().await?;
        // Who expired meanwhile is in the logs, and was told to the rest.
        self.read_logs().await?;
        self.members_agree().await;
        self.adopt_unsure();
        self.counts_agree();
        self.state().await?;
        self.forget_compared();
        Ok(())
    }

    async fn inside(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let left = inside::left_over(&self.redis).await?;
            if left.is_empty() {
                break;
            }
            if begun.elapsed() > ARRIVE_MAX {
                left.into_iter().for_each(|text| self.world.findings.broken(Promise::Inside, text));
                break;
            }
            // Looks again.
            tokio::time::sleep(LOOK_EVERY).await;
        }
        for text in inside::dead_letters(&self.redis).await? {
            self.world.findings.broken(Promise::Inside, text);
        }
        Ok(())
    }

    async fn read_logs(&mut self) -> anyhow::Result<()> {
        let rooms: Vec<String> = self.world.model().rooms.keys().cloned().collect();
        for room in rooms {
            let log = self.logs.entry(room.clone()).or_default();
            log.read(&self.redis, &room.parse()?, &self.world.findings).await?;
        }
        Ok(())
    }

    /// Every member saw what the log has for it. What is on its way is waited for.
    async fn members_agree(&self) {
        let begun = Instant::now();
        loop {
            let (compared, differ) = self.compare_members();
            if differ.is_empty() || begun.elapsed() > ARRIVE_MAX {
                self.world.findings.count("events compared at members", compared);
                for (promise, text) in differ {
                    self.world.findings.broken(promise, text);
                }
                return;
            }
            // Looks again.
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn compare_members(&self) -> (u64, Vec<(Promise, String)>) {
        let (mut compared, mut differ) = (0, Vec::new());
        for client in &self.world.clients {
            let sight = lock(&client.sight);
            let viewer = Viewer { user: &client.user, sids: &sight.sids };
            for (room, view) in &sight.rooms {
                let Some(log) = self.logs.get(room) else { continue };
                for span in &view.spans {
                    // Who is away gets the rest on coming back.
                    let is_away = span.end == End::Open && !view.is_in;
                    let end = if is_away { End::Anew } else { span.end };
                    match span::compare(log, span, end, &viewer) {
                        Ok(count) => compared += count,
                        Err((promise, text)) => {
                            differ.push((promise, format!("{} in {room}: {text}", client.user)));
                        }
                    }
                }
            }
        }
        (compared, differ)
    }

    /// What may have been applied and was is as good as acknowledged.
    fn adopt_unsure(&mut self) {
        let mut model = self.world.model();
        for (id, log) in &mut self.logs {
            let Some(room) = model.rooms.get_mut(id) else { continue };
            for (id, author, content) in log.said.drain(..) {
                room.adopt(id, &author, &content);
            }
        }
    }

    /// Each acknowledged event left its traces in the log once.
    fn counts_agree(&self) {
        let model = self.world.model();
        let findings = &self.world.findings;
        for (id, room) in &model.rooms {
            let Some(log) = self.logs.get(id) else { continue };
            for ((name, about), wanted) in &room.expected {
                let count = log.counts.get(&((*name).to_owned(), about.clone())).copied();
                if count.unwrap_or(0) < *wanted {
                    let count = count.unwrap_or(0);
                    let text =
                        format!("{id}: {name} {about}: {wanted} acknowledged, {count} in the log");
                    findings.broken(Promise::Lost, text);
                }
            }
            for ((name, about), count) in &log.counts {
                let wanted = room.expected.iter().find(|((n, a), _)| n == name && a == about);
                let wanted = wanted.map_or(0, |(_, wanted)| *wanted);
                if wanted < *count {
                    let text =
                        format!("{id}: {name} {about}: {wanted} acknowledged, {count} in the log");
                    findings.broken(Promise::Doubled, text);
                }
            }
        }
    }

    /// Who is shown in each room is who is there.
    async fn presence(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let asker = Asker { world: &self.world };
        let token = harness::token::of("oracle", &["admin"]);
        for room in self.open_rooms() {
            loop {
                let wanted = self.present(&room);
                let (members, count) = asker.members(&token, &room).await?;
                let shown: BTreeSet<String> = members.keys().cloned().collect();
                self.world.findings.count("member lists compared", 1);
                if shown == wanted && count == wanted.len() as u64 {
                    self.statuses(&room, &members);
                    break;
                }
                if begun.elapsed() > GONE_MAX {
                    let text = format!("{room} shows {count}: {shown:?}, there are {wanted:?}");
                    self.world.findings.broken(Promise::Presence, text);
                    break;
                }
                // Looks again.
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }

    fn statuses(&self, room: &str, members: &BTreeMap<String, String>) {
        let model = self.world.model();
        for (user, shown) in members {
            let set = model.users.get(user).and_then(|user| user.status);
            if let Some(set) = set.filter(|set| set != shown) {
                let text = format!("{room} shows {user} as {shown}, who said {set}");
                self.world.findings.broken(Promise::State, text);
            }
        }
    }

    fn open_rooms(&self) -> Vec<String> {
        let model = self.world.model();
        let open = model.rooms.iter().filter(|(_, room)| !room.closing);
        open.map(|(id, _)| id.clone()).collect()
    }

    /// Who is in a room by what the clients know.
    fn present(&self, room: &str) -> BTreeSet<String> {
        let is_in = |client: &&crate::world::ClientState| {
            lock(&client.sight).rooms.get(room).is_some_and(|view| view.is_in)
        };
        self.world.clients.iter().filter(is_in).map(|client| client.user.clone()).collect()
    }

    async fn state(&self) -> anyhow::Result<()> {
        let asker = Asker { world: &self.world };
        let token = harness::token::of("oracle", &["admin"]);
        // Nothing changes now: what is taken out is put back as it was.
        let model = std::mem::take(&mut *self.world.model());
        let differ = self.differences(&asker, &token, &model).await;
        *self.world.model() = model;
        let differ = differ?;
        for (promise, text) in differ {
            self.world.findings.broken(promise, text);
        }
        Ok(())
    }

    async fn differences(
        &self,
        asker: &Asker<'_>,
        token: &str,
        model: &Model,
    ) -> anyhow::Result<Vec<Difference>> {
        let mut differ = Vec::new();
        for (id, room) in model.rooms.iter().filter(|(_, room)| !room.closing) {
            differ.extend(asker.history(token, id, room).await?);
        }
        for client in &self.world.clients {
            differ.extend(asker.unread(&client.token, &client.user, &model.rooms).await?);
            if let Some(user) = model.users.get(&client.user) {
                differ.extend(asker.notifications(&client.token, &client.user, user).await?);
            }
        }
        Ok(differ)
    }

    /// What was compared need not be again.
    fn forget_compared(&mut self) {
        let mut needed: BTreeMap<String, EventId> = BTreeMap::new();
        for client in &self.world.clients {
            let mut sight = lock(&client.sight);
            for (room, view) in &mut sight.rooms {
                view.spans.retain(|span| span.end == End::Open);
                for span in &mut view.spans {
                    span.seen.clear();
                    span.base = span.last;
                    let from = needed.entry(room.clone()).or_insert(span.base);
                    *from = (*from).min(span.base);
                }
            }
        }
        for (room, log) in &mut self.logs {
            let from = needed.get(room).copied().unwrap_or(log.last);
            log.entries.retain(|entry| entry.id > from);
        }
        for room in self.world.model().rooms.values_mut() {
            settle(room);
        }
    }
}

fn settle(room: &mut Room) {
    let newest = room.messages.last_key_value().map(|(id, _)| *id);
    room.settled = newest.unwrap_or_default();
    if room.closing {
        room.messages.clear();
    }
}
