//! The Redis URL: which servers to ask first, how they belong together, and with which login.

use std::sync::Arc;
use std::time::Duration;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use super::error::ConnectError;
use super::sentinel::Sentinels;

/// An operating system gives up on unacknowledged data after this time, so that a dead peer is
/// noticed before a worker's lease (5 s) runs out.
const USER_TIMEOUT: Duration = Duration::from_secs(4);

/// Idle connections are probed this often, so that no middlebox forgets them.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// The port of a sentinel whose port the URL does not say.
const SENTINEL_PORT: &str = "26379";

/// What a URL says.
#[derive(Clone)]
pub(super) struct Target {
    pub kind: Kind,
    /// The servers that the URL names: one, or some nodes of a cluster. Behind sentinels one whose
    /// address means nothing, for the login. Never empty.
    pub seeds: Vec<ConnectionInfo>,
}

/// How the servers belong together.
#[derive(Clone)]
pub(super) enum Kind {
    /// There is one.
    Single,
    /// They are nodes of a Redis Cluster.
    Cluster,
    /// Sentinels say which is the primary.
    Sentinel(Arc<Sentinels>),
}

/// A URL in parts.
struct Parts<'a> {
    /// `redis` or `rediss`.
    scheme: &'static str,
    /// `user:password@`, or empty.
    login: &'a str,
    hosts: &'a str,
    /// What follows the hosts, from `/`, `?` or `#` on.
    path: &'a str,
}

/// Reads a URL. The error never repeats the URL: there may be a password in it.
pub(super) fn parse(url: &str) -> Result<Target, ConnectError> {
    let (scheme, rest) = url.trim().split_once("://").ok_or(bad("it has no scheme"))?;
    let (scheme, kind) = match scheme.split_once('+').unwrap_or((scheme, "")) {
        ("redis" | "valkey", kind) => ("redis", kind),
        ("rediss" | "valkeys", kind) => ("rediss", kind),
        _ => return Err(bad("its scheme is unknown")),
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (login, hosts) = match authority.rfind('@') {
        Some(at) => authority.split_at(at + 1),
        None => ("", authority),
    };
    let parts = Parts { scheme, login, hosts, path };
    match kind {
        "" if hosts.contains(',') => Err(bad(
            "it names several servers, which only redis+cluster:// and redis+sentinel:// may",
        )),
        "" => Ok(Target { kind: Kind::Single, seeds: vec![parts.server(hosts)?] }),
        "cluster" => {
            let seeds = hosts.split(',').map(|host| parts.server(host));
            let seeds = seeds.collect::<Result<Vec<_>, _>>()?;
            if seeds.iter().any(|seed| seed.redis_settings().db() != 0) {
                return Err(bad("a Redis Cluster has only database 0"));
            }
            Ok(Target { kind: Kind::Cluster, seeds })
        }
        "sentinel" => parts.sentinels(),
        _ => Err(bad("its scheme is unknown")),
    }
}

impl Parts<'_> {
    /// One of the servers, with login and path of the URL.
    fn server(&self, host: &str) -> Result<ConnectionInfo, ConnectError> {
        info(&format!("{}://{}{host}{}", self.scheme, self.login, self.path))
    }

    /// `/<master name>[/db][?sentinel_user=…&sentinel_password=…]` behind the hosts of the sentinels.
    fn sentinels(&self) -> Result<Target, ConnectError> {
        let (path, fragment) = self.path.split_at(self.path.find('#').unwrap_or(self.path.len()));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path = path.trim_start_matches('/');
        let (master, db) = path.split_once('/').unwrap_or((path, ""));
        if master.is_empty() {
            return Err(bad("it does not name the primary: write the sentinels' name for it, \
                 as in redis+sentinel://host:26379/mymaster"));
        }
        let (mut user, mut password) = ("", "");
        for option in query.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("sentinel_user", name)) => user = name,
                Some(("sentinel_password", secret)) => password = secret,
                _ => return Err(bad("its only options are sentinel_user and sentinel_password")),
            }
        }
        let login = if password.is_empty() { String::new() } else { format!("{user}:{password}@") };
        let sentinel = |host: &str| {
            let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
            let port = if has_port { String::new() } else { format!(":{SENTINEL_PORT}") };
            info(&format!("{}://{login}{host}{port}{fragment}", self.scheme))
        };
        let infos = self.hosts.split(',').map(sentinel).collect::<Result<Vec<_>, _>>()?;
        let first = self.hosts.split(',').next().unwrap_or_default();
        let template = info(&format!("{}://{}{first}/{db}{fragment}", self.scheme, self.login))?;
        let sentinels = Sentinels::new(master, infos, template.clone());
        Ok(Target { kind: Kind::Sentinel(Arc::new(sentinels)), seeds: vec![template] })
    }
}

impl Target {
    /// The servers are nodes of a Redis Cluster.
    pub fn is_cluster(&self) -> bool {
        matches!(self.kind, Kind::Cluster)
    }

    /// The login and options of the URL, for another server.
    pub fn at(&self, host: &str, port: u16) -> ConnectionInfo {
        at(&self.seeds[0], host, port)
    }

    /// The connections are encrypted.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.seeds[0].addr(), ConnectionAddr::TcpTls { .. })
    }
}

/// The same as `like`, at another address.
pub(super) fn at(like: &ConnectionInfo, host: &str, port: u16) -> ConnectionInfo {
    let address = match like.addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => ConnectionAddr::TcpTls {
            host: host.to_owned(),
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => ConnectionAddr::Tcp(host.to_owned(), port),
    };
    like.clone().set_addr(address)
}

fn bad(reason: &'static str) -> ConnectError {
    ConnectError::BadUrl { reason }
}

fn info(url: &str) -> Result<ConnectionInfo, ConnectError> {
    let info = url
        .into_connection_info()
        .map_err(|_| bad("it cannot be parsed; percent-encode special characters"))?;
    Ok(prepared(info))
}

/// RESP3 for sharded pub/sub on plain connections, and TCP options that the crate leaves off.
fn prepared(info: ConnectionInfo) -> ConnectionInfo {
    let login = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let keepalive = redis::io::tcp::socket2::TcpKeepalive::new().with_time(KEEPALIVE);
    let tcp = redis::io::tcp::TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(keepalive)
        .set_user_timeout(USER_TIMEOUT);
    info.set_redis_settings(login).set_tcp_settings(tcp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_url_names_several_servers_with_one_login() {
        let target = parse("redis+cluster://ann:s%40crt@a:7001,b:7002,[::1]:7003").unwrap();
        assert!(target.is_cluster());
        let addresses: Vec<_> = target.seeds.iter().map(|seed| seed.addr().to_string()).collect();
        assert_eq!(addresses, ["a:7001", "b:7002", "::1:7003"]);
        assert!(target.seeds.iter().all(|seed| seed.redis_settings().username() == Some("ann")));
        assert!(target.seeds.iter().all(|seed| seed.redis_settings().password() == Some("s@crt")));
    }

    #[test]
    fn a_plain_url_gives_database_login_and_encryption() {
        let target = parse("rediss://:secret@cache.example/3").unwrap();
        assert!(matches!(target.kind, Kind::Single) && target.is_encrypted());
        assert_eq!(target.seeds[0].addr().to_string(), "cache.example:6379");
        assert_eq!(target.seeds[0].redis_settings().db(), 3);
        assert_eq!(target.at("other", 1).redis_settings().password(), Some("secret"));
    }

    #[test]
    fn a_sentinel_url_has_two_logins() {
        let target = parse(
            "rediss+sentinel://ann:s%40crt@a:7001,b,[::1]/main/3?sentinel_user=eve&sentinel_password=p%2Fw",
        );
        let target = target.unwrap();
        let Kind::Sentinel(sentinels) = &target.kind else { panic!("it names sentinels") };
        assert_eq!(sentinels.addresses(), ["a:7001", "b:26379", "::1:26379"]);
        assert!(target.is_encrypted());
        let server = target.at("c", 6379);
        assert_eq!(server.addr().to_string(), "c:6379");
        assert_eq!(server.redis_settings().username(), Some("ann"));
        assert_eq!(server.redis_settings().password(), Some("s@crt"));
        assert_eq!(server.redis_settings().db(), 3);
        for login in sentinels.logins() {
            assert_eq!((login.username(), login.password()), (Some("eve"), Some("p/w")));
            assert_eq!(login.db(), 0);
        }
    }

    #[test]
    fn a_bad_url_is_refused_without_repeating_its_password() {
        for (url, reason) in [
            ("localhost:6379", "no scheme"),
            ("http://x:s3cret@localhost", "scheme is unknown"),
            ("redis://x:s3cret@a:1,b:2", "several servers"),
            ("redis://x:s3cret@localhost:notaport", "cannot be parsed"),
            ("redis://x:s3cret@localhost/zero", "cannot be parsed"),
            ("redis+cluster://x:s3cret@a:1/2", "database 0"),
            ("redis+sentinel://x:s3cret@a:1", "does not name the primary"),
            ("redis+sentinel://x:s3cret@a:1/main?sentinel_pass=s3cret", "only options"),
            ("redis+sentinel://x:s3cret@a:1/main/zero", "cannot be parsed"),
            ("redis+other://x:s3cret@a:1", "scheme is unknown"),
            ("redis+cluster://x:s3cret@", "cannot be parsed"),
        ] {
            let error = parse(url).err().expect(url).to_string();
            assert!(error.contains(reason), "{url}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
