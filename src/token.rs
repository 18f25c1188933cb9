//! `realtime token`: a signed token on stdout, for trying things and for scripts.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use edge::auth::{Claims, Signer};
use edge::config::Tokens;
use lua::id::UserId;

use crate::dev;
use crate::failure::Failure;
use crate::output::say;
use crate::settings;

/// Longest life of a token: ten years. Longer is a slip of the unit.
const TTL_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);

/// Prints a token for a user, signed with the first JWT_SECRET.
#[derive(Args, Debug)]
pub struct Command {
    /// User id (sub)
    #[arg(long, value_name = "ID", value_parser = user)]
    user: UserId,
    /// Name shown to others [default: the user id]
    #[arg(long)]
    name: Option<String>,
    /// A role in the whole platform: admin, moderator, organizer, interviewer or service
    #[arg(long = "role", value_name = "ROLE", value_parser = role)]
    roles: Vec<String>,
    /// How long it is good: 30s, 15m, 1h, 7d
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = ttl)]
    ttl: Duration,
    /// Secrets, comma separated; the first signs [default: that of `realtime dev` here]
    #[arg(long, env, hide_env_values = true)]
    jwt_secret: Option<String>,
}

impl Command {
    /// Prints the token and nothing else.
    pub fn run(self) -> Result<(), Failure> {
        let secret = match self.jwt_secret.filter(|secret| !secret.trim().is_empty()) {
            Some(secret) => secret,
            None => dev::stored_secret(Path::new(dev::DATA_DIR))?.ok_or_else(|| {
                Failure::settings(
                    "no secret to sign with: set JWT_SECRET to that of the service, or run this \
                     where `realtime dev` has run (it keeps its secret in .realtime/secret)",
                )
            })?,
        };
        let name = self.name.unwrap_or_else(|| self.user.to_string());
        say(sign(&signer(&secret)?, self.user, name, self.roles, self.ttl)?);
        Ok(())
    }
}

/// Signs with the first of these secrets.
pub fn signer(secrets: &str) -> Result<Signer, Failure> {
    let tokens: Tokens = settings::parse(&[format!("--jwt-secret={secrets}")])?;
    Signer::new(&tokens).ok_or_else(|| Failure::settings("JWT_SECRET holds no secret"))
}

/// A token that is good from now on for `ttl`.
pub fn sign(
    signer: &Signer,
    user: UserId,
    name: String,
    roles: Vec<String>,
    ttl: Duration,
) -> Result<String, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let expires_at_ms = (now + ttl).as_millis() as u64;
    Ok(signer.sign(&Claims { user, name, roles, expires_at_ms })?)
}

fn user(text: &str) -> Result<UserId, String> {
    text.parse().map_err(|rule: lua::id::BadId| format!("a user id {rule}"))
}

fn role(text: &str) -> Result<String, String> {
    match text {
        "admin" | "moderator" | "organizer" | "interviewer" | "service" => Ok(text.to_owned()),
        _ => Err("a role is admin, moderator, organizer, interviewer or service".to_owned()),
    }
}

fn ttl(text: &str) -> Result<Duration, String> {
    let ttl = humantime::parse_duration(text)
        .map_err(|_| "write a number and a unit, such as 30s, 15m, 1h or 7d".to_owned())?;
    if ttl < Duration::from_secs(1) || ttl > TTL_MAX {
        return Err("must be from 1 second to 10 years".to_owned());
    }
    Ok(ttl)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser, Debug)]
    struct Line {
        #[command(flatten)]
        command: Command,
    }

    fn parse(arguments: &[&str]) -> Result<Command, String> {
        Line::try_parse_from([&["token"], arguments].concat())
            .map(|line| line.command)
            .map_err(|error| Failure::from(error).to_string())
    }

    #[test]
    fn a_bad_user_id_is_refused_with_the_rule() {
        let error = parse(&["--user", "a b"]).expect_err("a blank");
        assert!(error.contains("a user id must be 1 to 128 characters of A-Z"), "{error}");
        assert!(parse(&["--user", &"x".repeat(129)]).is_err());
        assert!(parse(&["--user", "auth0|a+b=c/d"]).is_ok());
    }

    #[test]
    fn roles_and_life_are_checked() {
        let command = parse(&["--user", "u", "--role", "admin", "--role", "service"]);
        let command = command.expect("two roles");
        assert_eq!(command.roles, ["admin", "service"]);
        assert_eq!(command.ttl, Duration::from_secs(3_600));
        assert!(parse(&["--user", "u", "--role", "root"]).is_err());
        for bad in ["0s", "1", "soon", "11y", "-1h"] {
            assert!(parse(&["--user", "u", &format!("--ttl={bad}")]).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_is_taken_by_an_edge_with_the_same_secret() {
        let signer = signer("new-secret,old-secret").expect("two secrets");
        let user: UserId = "ada".parse().expect("a user id");
        let (name, ttl) = ("Ada".to_owned(), Duration::from_secs(60));
        let token = sign(&signer, user.clone(), name, vec!["admin".to_owned()], ttl);
        let token = token.expect("signed");
        let tokens: Tokens = settings::parse(&["--jwt-secret=new-secret".to_owned()]).expect("set");
        let verifier = edge::auth::Verifier::new(&tokens).expect("a key");
        let claims = verifier.verify(Some(&token)).expect("a good token");
        assert_eq!((claims.user, claims.name.as_str()), (user, "Ada"));
        assert_eq!(claims.roles, ["admin"]);
    }
}
