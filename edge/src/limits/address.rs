//! Where a client comes from: the socket's peer, or what trusted proxies say of it.

use std::net::IpAddr;
use std::str::FromStr;

use hyper::HeaderMap;
use ipnet::{IpNet, Ipv6Net};

/// What a household or a machine has of IPv6: one client can come from any address in it.
const IPV6_PREFIX: u8 = 64;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies whose `X-Forwarded-For` is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl FromStr for Proxies {
    type Err = String;

    /// Addresses and networks (`10.0.0.0/8`), comma separated.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let net = |part: &str| {
            let net = part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
            net.map_err(|_| format!("{part:?} is neither an address nor a network like 10.0.0.0/8"))
        };
        parts.map(net).collect::<Result<_, _>>().map(Self)
    }
}

impl Proxies {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name under which a client's address counts. From the peer on, each trusted proxy is believed
    /// about who it speaks for, and nobody else is.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Box<str> {
        let said = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
        let said: Vec<&str> = said.flat_map(|value| value.split(',')).collect();
        let mut client = peer.to_canonical();
        for before in said.iter().rev() {
            // What is no address was written by somebody who cannot be followed.
            let Some(before) = read(before).filter(|_| self.trust(client)) else { break };
            client = before;
        }
        name(client)
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }
}

/// An address, with a port or without.
fn read(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|a: std::net::SocketAddr| a.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

fn name(address: IpAddr) -> Box<str> {
    match address {
        IpAddr::V4(address) => address.to_string().into(),
        IpAddr::V6(address) => Ipv6Net::new(address, IPV6_PREFIX)
            .map_or_else(|_| address.to_string(), |net| net.trunc().to_string())
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: &str, peer: &str, said: &[&str]) -> String {
        let proxies: Proxies = proxies.parse().expect("a list");
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append(FORWARDED_FOR, value.parse().expect("a header"));
        }
        proxies.client(peer.parse().expect("an address"), &headers).into()
    }

    #[test]
    fn nobody_is_believed_who_is_not_trusted() {
        assert_eq!(client("", "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.0/8", "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.0/8", "10.1.2.3", &["198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn a_client_cannot_say_who_it_is_before_its_proxy_does() {
        let trusted = "10.0.0.1, 10.0.0.2";
        assert_eq!(client(trusted, "10.0.0.1", &["1.1.1.1, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            client(trusted, "10.0.0.1", &["1.1.1.1, 198.51.100.7", "10.0.0.2"]),
            "198.51.100.7"
        );
        assert_eq!(client(trusted, "10.0.0.1", &["1.1.1.1, 10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(client(trusted, "10.0.0.1", &["1.1.1.1, nonsense"]), "10.0.0.1");
        assert_eq!(client(trusted, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client(trusted, "10.0.0.1", &["10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn ports_and_mapped_addresses_do_not_matter() {
        let trusted = "10.0.0.1,fd00::/8";
        assert_eq!(client(trusted, "::ffff:10.0.0.1", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(client(trusted, "fd00::1", &["[::ffff:198.51.100.7]:80"]), "198.51.100.7");
        assert_eq!(client(trusted, "10.0.0.1", &["[2001:db8:1:2:3::4]:80"]), "2001:db8:1:2::/64");
    }

    #[test]
    fn an_ipv6_client_counts_by_its_network() {
        let one = client("", "2001:db8:1:2:aaaa::1", &[]);
        assert_eq!(one, client("", "2001:db8:1:2:bbbb::2", &[]));
        assert_ne!(one, client("", "2001:db8:1:3:aaaa::1", &[]));
    }

    #[test]
    fn what_is_no_network_is_named() {
        assert!("10.0.0.0/33".parse::<Proxies>().expect_err("too long").contains("10.0.0.0/33"));
        assert!("proxy.example".parse::<Proxies>().is_err());
        assert!(" ".parse::<Proxies>().expect("nothing").is_empty());
    }
}
