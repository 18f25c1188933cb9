//! `realtime emit`: sends one event by the same door as everybody's, and prints its answer.

use std::time::Duration;

use clap::Args;
use lua::door::{self, Admitted, Sender, Way};
use lua::durability::Safety;
use lua::id::{Partition, UserId};
use lua::record::Origin;
use lua::relay::{Bounds, Parcel, Shipment};
use lua::subscriber::Subscriber;
use lua::topology::Settings;
use lua::{Redis, key};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::output::say;

/// The connection that the answer is for: there is one only.
const CONNECTION: &str = "emit";

/// Sends an event without a connection, as back ends do, and prints the acknowledgement as JSON.
#[derive(Args, Debug)]
pub struct Command {
    /// Name of the event, such as send-message
    event: String,
    /// The payload, one JSON object
    payload: String,
    /// User who sends it
    #[arg(long, value_name = "ID", default_value = lua::ingress::SERVICE)]
    user: UserId,
    /// A role of the user in the whole platform; service where none is given
    #[arg(long = "role", value_name = "ROLE", default_value = lua::ingress::SERVICE)]
    roles: Vec<String>,
    /// Name shown to others [default: the user id]
    #[arg(long)]
    name: Option<String>,
    /// How long to wait for the answer: 500ms, 10s
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// Where Redis is; `realtime dev` prints where its own is
    #[arg(long, env, default_value = "redis://127.0.0.1:6379", hide_env_values = true)]
    redis_url: String,
}

/// The answer in an inbox.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// What an error says.
#[derive(Deserialize)]
struct Error {
    code: String,
    message: String,
}

impl Command {
    /// Sends the event. Fails where it is refused, and where nobody answers.
    pub async fn run(self) -> Result<(), Failure> {
        let admitted = match door::admit(Way::Alone, &self.event, &self.payload, &self.user) {
            Ok(admitted) => admitted,
            Err(refusal) => return refused(&refusal.json()),
        };
        let redis = Redis::connect(&Settings::new(self.redis_url.clone())).await;
        let redis = redis.map_err(|problem| {
            Failure::run(format!("{problem} (REDIS_URL or --redis-url says where it is)"))
        })?;
        let text = self.ask(&redis, admitted).await?;
        let answer: Answer<'_> = serde_json::from_str(&text).map_err(Failure::run)?;
        match (answer.error, answer.result) {
            (Some(error), _) => refused(error.get()),
            (None, Some(result)) => {
                // `{ok: true, ...result}`, the result as it is.
                let result = result.get().trim_start_matches('{');
                let comma = if result == "}" { "" } else { "," };
                say(format!(r#"{{"ok":true{comma}{result}"#));
                Ok(())
            }
            (None, None) => Err(Failure::run(format!("the answer cannot be read: {text}"))),
        }
    }

    /// Hands the event in and waits for the answer.
    async fn ask(&self, redis: &Redis, admitted: Admitted) -> Result<String, Failure> {
        let edge = format!("emit-{:016x}", rand::random::<u64>());
        let (answers, mut answered) = mpsc::unbounded_channel();
        let subscriber = Subscriber::start(
            redis.clone(),
            move |_: &str, answer| drop(answers.send(answer)),
            |_| {},
        );
        // An event may go on from where it comes in to its entity, and is answered there.
        for partition in [admitted.partition, Partition::of(&admitted.entity)] {
            let inbox = key::inbox(partition, &edge);
            subscriber.subscribe(partition, inbox.clone());
            subscriber.wait_subscribed(&inbox).await.map_err(Failure::run)?;
        }
        let roles = self.roles.join(",");
        let name = self.name.as_deref().unwrap_or(self.user.as_str());
        let sender = Sender { user: &self.user, name, roles: &roles };
        let origin = Origin::text(&edge, CONNECTION);
        let entry = admitted.entry(sender, origin, Some(0), self.payload.clone().into());
        let mut shipment = Shipment::default();
        shipment.add(Parcel::of(entry, None));
        if shipment.send(redis, Bounds::default(), &Safety::default()).await != [true] {
            return Err(Failure::run("Redis did not take the event in: try again"));
        }
        let waited = tokio::time::timeout(self.timeout, answered.recv()).await.ok().flatten();
        let answer = waited.map(|answer| String::from_utf8_lossy(&answer).into_owned());
        answer.ok_or_else(|| {
            let waited = humantime::format_duration(self.timeout);
            Failure::run(format!(
                "no worker answered within {waited}; the event waits in Redis and is applied once one \
                 runs (`realtime worker`; `realtime inspect partitions` shows who does)"
            ))
        })
    }
}

/// Prints a refusal, which is an answer too, and fails with what it says.
fn refused(error: &str) -> Result<(), Failure> {
    let raw = RawValue::from_string(error.to_owned()).map_err(Failure::run)?;
    say(json!({ "ok": false, "error": raw }));
    let said: Error = serde_json::from_str(error).map_err(Failure::run)?;
    Err(Failure::run(format!("refused: {} ({})", said.message, said.code)))
}
