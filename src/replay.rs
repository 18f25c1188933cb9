//! `realtime replay-dead`: sends dead letters back, once what made them fail is mended.

use clap::Args;
use lua::dead::{self, Letter, Which};
use lua::id::{EventId, Partition};
use lua::topology::Settings;
use lua::{Redis, RedisError};

use crate::failure::Failure;
use crate::output::say;

/// Sends dead letters back as new events: each takes effect as if it came in now, is a dead letter no more,
/// and nobody gets an answer. `realtime inspect dead` lists them.
#[derive(Args, Debug)]
pub struct Command {
    /// Ids of dead letters
    #[arg(value_name = "ID", required_unless_present_any = ["all", "partition"])]
    ids: Vec<EventId>,
    /// All dead letters that there are now
    #[arg(long, conflicts_with_all = ["ids", "partition"])]
    all: bool,
    /// All of one partition; with ids, those of it that have them
    #[arg(long, value_name = "N", value_parser = partition)]
    partition: Option<Partition>,
    /// Where Redis is; `realtime dev` prints where its own is
    #[arg(long, env, default_value = "redis://127.0.0.1:6379", hide_env_values = true)]
    redis_url: String,
}

fn partition(text: &str) -> Result<Partition, String> {
    let number = text.strip_prefix('p').unwrap_or(text).parse().ok();
    number.and_then(Partition::new).ok_or_else(|| "there are partitions 0 to 255".to_owned())
}

impl Command {
    /// Sends back what was named, or nothing where a name is wrong.
    pub async fn run(self) -> Result<(), Failure> {
        let redis = Redis::connect(&Settings::new(self.redis_url.clone())).await;
        let redis = redis.map_err(|problem| {
            Failure::run(format!("{problem} (REDIS_URL or --redis-url says where it is)"))
        })?;
        let letters = self.named(&redis).await?;
        let (records, others): (Vec<_>, Vec<_>) =
            letters.into_iter().partition(|letter| letter.record().is_ok());
        if !self.ids.is_empty()
            && let Some(letter) = others.first()
        {
            return Err(Failure::run(format!("nothing was replayed: {}", no_record(letter))));
        }
        let gone = dead::replay(&redis, &records).await.map_err(failed)?;
        say(format!(
            "Replayed {} of {}.",
            records.len() - gone.len(),
            records.len() + others.len()
        ));
        if let Some(id) = gone.first() {
            return Err(Failure::run(format!(
                "{} were gone, such as {id}: somebody else has replayed or deleted them",
                gone.len()
            )));
        }
        others.first().map_or(Ok(()), |letter| {
            Err(Failure::run(format!("{} stay, such as this: {}", others.len(), no_record(letter))))
        })
    }

    /// The letters that are meant. Each id must be that of one letter.
    async fn named(&self, redis: &Redis) -> Result<Vec<Letter>, Failure> {
        let all = Which { partition: self.partition, ..Which::default() };
        if self.ids.is_empty() {
            return dead::list(redis, all).await.map_err(failed);
        }
        let mut ids = self.ids.clone();
        ids.sort_unstable();
        ids.dedup();
        let mut letters = Vec::new();
        for id in ids {
            let found = dead::list(redis, Which { id: Some(id), ..all }).await.map_err(failed)?;
            match found.len() {
                1 => letters.extend(found),
                0 => {
                    return Err(Failure::run(format!(
                        "nothing was replayed: there is no dead letter {id} (`realtime inspect dead` \
                         lists them; one that was replayed is none any more)"
                    )));
                }
                _ => {
                    return Err(Failure::run(format!(
                        "nothing was replayed: more than one partition has a dead letter {id}; say \
                         which with --partition"
                    )));
                }
            }
        }
        Ok(letters)
    }
}

fn no_record(letter: &Letter) -> String {
    let problem = letter.record().err().map(|bad| bad.to_string()).unwrap_or_default();
    format!("the dead letter {} is no record and cannot be applied ({problem})", letter.id)
}

fn failed(problem: RedisError) -> Failure {
    Failure::run(format!(
        "Redis did not answer: {problem}; what was replayed is no dead letter any more"
    ))
}
