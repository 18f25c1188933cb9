//! The Redis URL: which servers to ask first, whether they form a cluster, and with which login.

use std::time::Duration;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use super::error::ConnectError;

/// An operating system gives up on unacknowledged data after this time, so that a dead peer is
/// noticed before a worker's lease (5 s) runs out.
const USER_TIMEOUT: Duration = Duration::from_secs(4);

/// Idle connections are probed this often, so that no middlebox forgets them.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// What a URL says.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The servers are nodes of a Redis Cluster.
    pub cluster: bool,
    /// The servers that the URL names: one, or some nodes of a cluster. Never empty.
    pub seeds: Vec<ConnectionInfo>,
}

/// Reads a URL. The error never repeats the URL: there may be a password in it.
pub(super) fn parse(url: &str) -> Result<Target, ConnectError> {
    let bad = |reason| ConnectError::BadUrl { reason };
    let (scheme, rest) = url.trim().split_once("://").ok_or(bad("it has no scheme"))?;
    let (plain_scheme, cluster) = match scheme {
        "redis" | "valkey" => ("redis", false),
        "rediss" | "valkeys" => ("rediss", false),
        "redis+cluster" | "valkey+cluster" => ("redis", true),
        "rediss+cluster" | "valkeys+cluster" => ("rediss", true),
        "redis+sentinel" | "rediss+sentinel" => return Err(bad("Sentinel is not supported yet")),
        _ => return Err(bad("its scheme is unknown")),
    };
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (format!("{login}@"), hosts),
        None => (String::new(), authority),
    };
    if !cluster && hosts.contains(',') {
        return Err(bad("it names several servers, which only redis+cluster:// may"));
    }
    let seeds = hosts
        .split(',')
        .map(|host| {
            let info = format!("{plain_scheme}://{login}{host}{path}")
                .into_connection_info()
                .map_err(|_| bad("it cannot be parsed; percent-encode special characters"))?;
            Ok(prepared(info))
        })
        .collect::<Result<Vec<_>, _>>()?;
    if cluster && seeds.iter().any(|seed| seed.redis_settings().db() != 0) {
        return Err(bad("a Redis Cluster has only database 0"));
    }
    Ok(Target { cluster, seeds })
}

impl Target {
    /// The login and options of the URL, for another server.
    pub fn at(&self, host: &str, port: u16) -> ConnectionInfo {
        let seed = &self.seeds[0];
        let address = match seed.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => ConnectionAddr::TcpTls {
                host: host.to_owned(),
                port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            _ => ConnectionAddr::Tcp(host.to_owned(), port),
        };
        seed.clone().set_addr(address)
    }

    /// The connections are encrypted.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.seeds[0].addr(), ConnectionAddr::TcpTls { .. })
    }
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
        assert!(target.cluster);
        let addresses: Vec<_> = target.seeds.iter().map(|seed| seed.addr().to_string()).collect();
        assert_eq!(addresses, ["a:7001", "b:7002", "::1:7003"]);
        assert!(target.seeds.iter().all(|seed| seed.redis_settings().username() == Some("ann")));
        assert!(target.seeds.iter().all(|seed| seed.redis_settings().password() == Some("s@crt")));
    }

    #[test]
    fn a_plain_url_gives_database_login_and_encryption() {
        let target = parse("rediss://:secret@cache.example/3").unwrap();
        assert!(!target.cluster && target.is_encrypted());
        assert_eq!(target.seeds[0].addr().to_string(), "cache.example:6379");
        assert_eq!(target.seeds[0].redis_settings().db(), 3);
        assert_eq!(target.at("other", 1).redis_settings().password(), Some("secret"));
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
            ("redis+sentinel://x:s3cret@a:1/main", "not supported yet"),
            ("redis+cluster://x:s3cret@", "cannot be parsed"),
        ] {
            let error = parse(url).unwrap_err().to_string();
            assert!(error.contains(reason), "{url}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
