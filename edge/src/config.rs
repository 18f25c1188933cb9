//! The settings of an edge, grouped by concern. Each is a flag and an environment variable of the
//! same name, has its default here, and says its unit in its name.

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{bail, ensure};
use clap::builder::BoolishValueParser;
use clap::value_parser;
use lua::durability::Durability;
use rand::Rng;
use rand::distr::Alphanumeric;

use crate::cors::Cors;
use crate::engine;
use crate::limits::{self, address::Proxies};

/// Shortest secret, in bytes, that production takes: as long as the hash that HS256 makes.
const SECRET_BYTES_MIN: usize = 32;
/// Highest rate per second or minute: the time between two must not come out as nothing.
const RATE_MAX: i64 = 1_000_000;
/// What stands in examples and tutorials; a secret that is made of one of these is none.
const SECRETS_KNOWN: [&str; 8] =
    ["secret", "changeme", "change-me", "password", "example", "jwt_secret", "development", "test"];

/// All settings of an edge.
#[derive(clap::Args, Debug, Clone)]
pub struct Config {
    /// Where it listens and what it is called.
    #[command(flatten)]
    pub listen: Listen,
    /// How tokens are checked.
    #[command(flatten)]
    pub tokens: Tokens,
    /// What an acknowledged event survives.
    #[command(flatten)]
    pub durability: Durable,
    /// The timing of the transport protocol.
    #[command(flatten)]
    pub protocol: Protocol,
    /// How much of anything there may be.
    #[command(flatten)]
    pub limits: Limits,
    /// How often anything may happen.
    #[command(flatten)]
    pub rates: Rates,
}

/// Where the edge listens and what it is called.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "Edge: listening")]
pub struct Listen {
    /// Port for clients
    #[arg(long, env, default_value_t = 3006)]
    pub port: u16,
    /// Port for operators: /health, /ready and /metrics
    #[arg(long, env, default_value_t = 3007)]
    pub admin_port: u16,
    /// Address that both ports are bound to
    #[arg(long, env, default_value = "0.0.0.0")]
    pub bind_address: std::net::IpAddr,
    /// Name of this edge, which gets a random ending at every start; by default the host's name
    #[arg(long, env)]
    pub edge_id: Option<String>,
    /// Origins whose pages may connect, comma separated, or * for all; pages served by the edge
    /// itself always may
    #[arg(long, env, default_value = "", hide_default_value = true)]
    pub cors_origin: String,
    /// Proxies in front, comma separated addresses and networks (10.0.0.0/8): only these are believed in
    /// X-Forwarded-For
    #[arg(long, env, default_value = "", hide_default_value = true)]
    pub trusted_proxies: Proxies,
    /// Serve /ready and /metrics on the client port too
    #[arg(long, env, default_value = "false", value_parser = BoolishValueParser::new(),
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub metrics_public: bool,
    /// Time for ending orderly after SIGTERM
    #[arg(long, env, default_value_t = 5_000)]
    pub drain_ms: u64,
    /// Development only: POST /dev/token gives anyone a token for any name
    #[arg(long, env, default_value = "false", value_parser = BoolishValueParser::new(),
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub dev_login: bool,
}

/// How tokens are checked.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "Edge: tokens")]
pub struct Tokens {
    /// Secrets for HS256, comma separated: the first signs, all verify
    #[arg(long, env, hide_env_values = true)]
    pub jwt_secret: Option<Secret>,
    /// PEM file with the public key for RS256, ES256 or EdDSA
    #[arg(long, env, value_parser = path_or_blank)]
    pub jwt_public_key_file: Option<PathBuf>,
    /// JWKS file with public keys, chosen by their kid
    #[arg(long, env, value_parser = path_or_blank)]
    pub jwt_jwks_file: Option<PathBuf>,
    /// Issuers (iss) that are taken, comma separated; unset: any
    #[arg(long, env)]
    pub jwt_issuer: Option<String>,
    /// Audiences (aud) that are taken, comma separated; unset: any
    #[arg(long, env)]
    pub jwt_audience: Option<String>,
    /// How far clocks may differ when exp and nbf are checked
    #[arg(long, env, default_value_t = 5, value_parser = value_parser!(u64).range(0..=3_600))]
    pub jwt_leeway_seconds: u64,
}

/// What an acknowledged event survives.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "Edge: durability, the same for edges and workers")]
pub struct Durable {
    /// Where an event is before anybody is told of it: local, disk or replica
    #[arg(long, env, default_value_t = Durability::Local)]
    pub durability: Durability,
    /// How many replicas have an event in mode replica [default: all that may take over]
    #[arg(long, env, value_parser = value_parser!(u64).range(1..=64))]
    pub wait_replicas: Option<u64>,
}

/// The timing of Engine.IO and Socket.IO.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "Edge: protocol")]
pub struct Protocol {
    /// Time between two pings
    #[arg(long, env, default_value_t = 25_000, value_parser = value_parser!(u64).range(1..))]
    pub ping_interval_ms: u64,
    /// How long a pong may take
    #[arg(long, env, default_value_t = 20_000, value_parser = value_parser!(u64).range(1..))]
    pub ping_timeout_ms: u64,
    /// How long a client may take to send CONNECT
    #[arg(long, env, default_value_t = 45_000, value_parser = value_parser!(u64).range(1..))]
    pub connect_timeout_ms: u64,
    /// How long the upgrade from polling to websocket may take
    #[arg(long, env, default_value_t = 10_000, value_parser = value_parser!(u64).range(1..))]
    pub upgrade_timeout_ms: u64,
    /// How long an event may take to be applied before the client is told `unavailable`
    #[arg(long, env, default_value_t = 10_000, value_parser = value_parser!(u64).range(1..))]
    pub ack_timeout_ms: u64,
    /// How long an edge may say nothing to Redis before its connections end; the same for edges and
    /// workers
    #[arg(long, env, default_value_t = 6_000, value_parser = value_parser!(u64).range(500..=60_000))]
    pub edge_lease_ms: u64,
}

/// How much of anything there may be.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "Edge: limits")]
pub struct Limits {
    /// Largest packet that a client may send
    #[arg(long, env, default_value_t = 1_000_000, value_parser = at_least::<1_024>)]
    pub max_payload_bytes: usize,
    /// What may wait for a client for more than a second before it is cut off; 16 times as much at no
    /// time
    #[arg(long, env, default_value_t = 1_048_576, value_parser = at_least::<1_024>)]
    pub unsent_bytes_max: usize,
    /// Events that may wait to be appended, for each Redis node
    #[arg(long, env, default_value_t = 8_192, value_parser = at_least::<1>)]
    pub intake_queue: usize,
    /// Events of one partition that may wait for a worker before new ones are refused
    #[arg(long, env, default_value_t = 10_000, value_parser = value_parser!(u64).range(1..))]
    pub intake_lag_max: u64,
    /// Events of all partitions of one Redis node, applied ones that are kept included, from which on new
    /// ones are refused
    #[arg(long, env, default_value_t = 1_000_000, value_parser = value_parser!(u64).range(1..))]
    pub intake_total_max: u64,
    /// Connections that one user may have, at all edges together
    #[arg(long, env, default_value_t = 20, value_parser = at_least::<1>)]
    pub connections_per_user: usize,
    /// Rooms that one connection may be in
    #[arg(long, env, default_value_t = 64, value_parser = at_least::<1>)]
    pub rooms_per_connection: usize,
}

/// How often anything may happen, at all edges together.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "Edge: rate limits, across all edges; 0 turns one off")]
pub struct Rates {
    /// Events of one user; typing and cursors count apart with the same numbers
    #[arg(long, env, default_value_t = 50, value_parser = value_parser!(u32).range(..=RATE_MAX))]
    pub rate_events_per_second: u32,
    /// Events that one user may send at once
    #[arg(long, env, default_value_t = 100, value_parser = value_parser!(u32).range(1..=RATE_MAX))]
    pub rate_events_burst: u32,
    /// Events of a user with the role service; twice as many at once
    #[arg(long, env, default_value_t = 5_000, value_parser = value_parser!(u32).range(..=RATE_MAX))]
    pub rate_service_events_per_second: u32,
    /// Handshakes from one address (IPv6: from one /64); as many at once
    #[arg(long, env, default_value_t = 1_200, value_parser = value_parser!(u32).range(..=RATE_MAX))]
    pub connections_per_minute: u32,
    /// Refusals of bad tokens that one address is told the reason of; good tokens are let in all the
    /// same
    #[arg(long, env, default_value_t = 60, value_parser = value_parser!(u32).range(..=RATE_MAX))]
    pub refused_connections_per_minute: u32,
}

impl Config {
    /// Checks what a single value cannot show, before anything is bound. The error is one sentence
    /// that says what to set. Production asks for secrets that cannot be guessed.
    pub fn check(&self, production: bool) -> anyhow::Result<()> {
        Cors::parse(&self.listen.cors_origin)?;
        self.listen.check_edge_id()?;
        ensure!(
            self.listen.port != self.listen.admin_port || self.listen.port == 0,
            "PORT and ADMIN_PORT are both {}: give them different numbers",
            self.listen.port
        );
        self.tokens.check(production)?;
        if self.listen.dev_login {
            ensure!(!production, "DEV_LOGIN gives anyone a token: leave it out in production");
            ensure!(self.tokens.secrets().next().is_some(), "DEV_LOGIN needs JWT_SECRET to sign");
        }
        if production && self.listen.trusted_proxies.is_empty() {
            tracing::warn!(
                "TRUSTED_PROXIES is not set: behind a proxy all clients count as one address, and \
                 without one what they send is not encrypted"
            );
        }
        Ok(())
    }
}

/// The protocol layer's share of the settings.
impl From<&Config> for engine::Settings {
    fn from(config: &Config) -> Self {
        let Config { protocol, limits, .. } = config;
        Self {
            ping_interval: Duration::from_millis(protocol.ping_interval_ms),
            ping_timeout: Duration::from_millis(protocol.ping_timeout_ms),
            connect_timeout: Duration::from_millis(protocol.connect_timeout_ms),
            upgrade_timeout: Duration::from_millis(protocol.upgrade_timeout_ms),
            payload_bytes_max: limits.max_payload_bytes,
            unsent_bytes_max: limits.unsent_bytes_max,
            ..Self::default()
        }
    }
}

/// The rate limits' share of the settings.
impl From<&Config> for limits::Settings {
    fn from(config: &Config) -> Self {
        let rates = &config.rates;
        Self {
            events_per_second: rates.rate_events_per_second,
            events_burst: rates.rate_events_burst,
            service_events_per_second: rates.rate_service_events_per_second,
            connections_per_minute: rates.connections_per_minute,
            refused_connections_per_minute: rates.refused_connections_per_minute,
            proxies: config.listen.trusted_proxies.clone(),
        }
    }
}

impl Listen {
    /// A name for this incarnation of the edge. Every call makes a new one, so ask once: one that comes
    /// back under its old name would pass for the one that died.
    pub fn edge_name(&self) -> String {
        let host = || {
            let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
            host.trim().chars().filter(|c| is_edge_id(*c)).take(40).collect::<String>()
        };
        let name = given(&self.edge_id).map_or_else(host, str::to_owned);
        let name = if name.is_empty() { "edge" } else { &name };
        let ending = rand::rng().sample_iter(Alphanumeric).take(8).map(char::from);
        format!("{name}-{}", ending.collect::<String>())
    }

    fn check_edge_id(&self) -> anyhow::Result<()> {
        let Some(id) = given(&self.edge_id) else { return Ok(()) };
        ensure!(
            id.len() <= 64 && id.chars().all(is_edge_id),
            "EDGE_ID must be 1 to 64 characters of A-Z a-z 0-9 . _ -"
        );
        Ok(())
    }
}

impl Tokens {
    /// The secrets in their order; the first one signs.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        list(self.jwt_secret.as_ref().map_or("", |secret| &secret.0))
    }

    /// The PEM file, where one is set.
    pub fn public_key_file(&self) -> Option<&Path> {
        self.jwt_public_key_file.as_deref().filter(|path| !path.as_os_str().is_empty())
    }

    /// The JWKS file, where one is set.
    pub fn jwks_file(&self) -> Option<&Path> {
        self.jwt_jwks_file.as_deref().filter(|path| !path.as_os_str().is_empty())
    }

    /// The issuers that are taken; none: any.
    pub fn issuers(&self) -> impl Iterator<Item = &str> {
        list(self.jwt_issuer.as_deref().unwrap_or(""))
    }

    /// The audiences that are taken; none: any.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        list(self.jwt_audience.as_deref().unwrap_or(""))
    }

    fn check(&self, production: bool) -> anyhow::Result<()> {
        let files = self.public_key_file().is_some() || self.jwks_file().is_some();
        if self.secrets().next().is_none() && !files {
            bail!(
                "no key to check tokens with: set JWT_SECRET (32 bytes or more, such as the output \
                 of `openssl rand -hex 32`), JWT_PUBLIC_KEY_FILE or JWT_JWKS_FILE"
            );
        }
        // Every secret of the list verifies, so the weakest one is how strong the edge is.
        if production && self.secrets().any(is_weak) {
            bail!(
                "JWT_SECRET is too weak for production: use 32 bytes or more that nobody can \
                 guess, such as the output of `openssl rand -hex 32`"
            );
        }
        Ok(())
    }
}

/// Short, or padded from something that everybody tries first.
fn is_weak(secret: &str) -> bool {
    let mut rest = secret.to_ascii_lowercase();
    for word in SECRETS_KNOWN {
        rest = rest.replace(word, "");
    }
    let letters: std::collections::HashSet<char> =
        rest.chars().filter(char::is_ascii_alphanumeric).collect();
    secret.len() < SECRET_BYTES_MIN || letters.len() < 8
}

/// A value that must not be shown: its `Debug` is dots.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••••")
    }
}

/// A count or size that is no less than `MIN`; clap has ranges for integers of fixed width only.
fn at_least<const MIN: usize>(text: &str) -> Result<usize, String> {
    let number = text.parse::<usize>().map_err(|error| error.to_string())?;
    (number >= MIN).then_some(number).ok_or_else(|| format!("must be {MIN} or more"))
}

/// Takes the empty text too: a variable that is set to nothing is as good as unset.
fn path_or_blank(text: &str) -> Result<PathBuf, std::convert::Infallible> {
    Ok(PathBuf::from(text))
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn is_edge_id(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-')
}
