//! Which pages may talk to the edge. Browsers enforce CORS for polling and for the API by the
//! headers added here; for WebSockets they do not, so a handshake's origin is checked instead.

use std::collections::HashSet;

use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HOST, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use hyper::{Method, StatusCode};

use crate::reply::{self, Response};

/// How long a browser may keep a preflight's answer. Chromium's own limit is two hours.
const PREFLIGHT_SECONDS: &str = "7200";
const METHODS: &str = "GET,HEAD,PUT,PATCH,POST,DELETE";

/// The origins whose pages may connect.
#[derive(Debug, Clone)]
pub struct Cors {
    allowed: Allowed,
}

#[derive(Debug, Clone)]
enum Allowed {
    Any,
    These(HashSet<String>),
}

impl Cors {
    /// From `CORS_ORIGIN`: `*`, or origins (`https://host[:port]`) separated by commas. None at
    /// all is right where only pages of the same origin connect. Fails with a sentence that names
    /// the entry that is no origin.
    pub fn parse(setting: &str) -> anyhow::Result<Self> {
        let entries = setting.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let mut origins = HashSet::new();
        for entry in entries {
            if entry == "*" {
                return Ok(Self { allowed: Allowed::Any });
            }
            let origin = normal(entry.strip_suffix('/').unwrap_or(entry)).ok_or_else(|| {
                anyhow::anyhow!(
                    "CORS_ORIGIN: `{entry}` is no origin; write https://host or http://host:port"
                )
            })?;
            origins.insert(origin);
        }
        Ok(Self { allowed: Allowed::These(origins) })
    }

    /// Whether the request is a preflight, to be answered by [`Cors::preflight`] and nobody else.
    pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
        method == Method::OPTIONS
            && headers.contains_key(ORIGIN)
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// Answers a preflight: 204, and permission where the origin has it.
    pub fn preflight(&self, request: &HeaderMap) -> Response {
        let mut response = hyper::Response::new(reply::Body::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        self.decorate(request.get(ORIGIN), &mut response);
        let headers = response.headers_mut();
        headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
        if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_SECONDS));
            if let Some(wanted) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
            }
        }
        response
    }

    /// Adds the headers that let the page of `origin` read the answer. Errors need them as much as
    /// successes, or the page cannot see what was wrong.
    pub fn decorate(&self, origin: Option<&HeaderValue>, response: &mut Response) {
        let headers = response.headers_mut();
        match &self.allowed {
            // Never with credentials: they need the exact origin, and `*` names none.
            Allowed::Any => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            }
            Allowed::These(origins) if origins.is_empty() => {}
            Allowed::These(origins) => {
                // Caches must not give one origin's answer to another.
                headers.append(VARY, HeaderValue::from_static("Origin"));
                let Some(origin) = origin.filter(|origin| contains(origins, origin)) else {
                    return;
                };
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            }
        }
    }

    /// Whether a WebSocket handshake may go on: it comes from no browser (no `Origin`), from a
    /// page of the edge itself, or from an origin that is allowed.
    pub fn permits_handshake(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(ORIGIN).iter();
        match (given.next(), given.next()) {
            (None, _) => true,
            (Some(_), Some(_)) => false,
            (Some(origin), None) => match &self.allowed {
                Allowed::Any => true,
                Allowed::These(origins) => {
                    contains(origins, origin) || is_same_origin(origin, headers.get(HOST))
                }
            },
        }
    }
}

fn contains(origins: &HashSet<String>, origin: &HeaderValue) -> bool {
    origin.to_str().ok().and_then(normal).is_some_and(|origin| origins.contains(&origin))
}

/// The scheme is not compared: behind a proxy that ends TLS the edge cannot know its own.
fn is_same_origin(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let Some((scheme, authority)) = origin.to_str().ok().and_then(split) else { return false };
    let Some(host) = host.and_then(|host| host.to_str().ok()) else { return false };
    authority == without_default_port(&scheme, host)
}

/// The origin in the one form in which two of them can be compared; `None` if it is none.
fn normal(origin: &str) -> Option<String> {
    let (scheme, authority) = split(origin)?;
    Some(format!("{scheme}://{authority}"))
}

fn split(origin: &str) -> Option<(String, String)> {
    let (scheme, authority) = origin.split_once("://")?;
    let scheme_fits = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
    let authority_fits = !authority.is_empty()
        && !authority.contains(['/', '?', '#', '@', '*', '\\'])
        && authority.bytes().all(|b| b.is_ascii_graphic());
    let scheme = scheme.to_ascii_lowercase();
    let authority = without_default_port(&scheme, authority);
    (scheme_fits && authority_fits).then_some((scheme, authority))
}

fn without_default_port(scheme: &str, authority: &str) -> String {
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return authority.to_ascii_lowercase(),
    };
    authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake(setting: &str, origin: &str, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, origin.parse().expect("a header value"));
        headers.insert(HOST, host.parse().expect("a header value"));
        Cors::parse(setting).expect("origins").permits_handshake(&headers)
    }

    #[test]
    fn a_handshake_needs_an_origin_of_the_list_or_the_edges_own() {
        let setting = "https://app.example, http://localhost:5173/";
        assert!(handshake(setting, "https://app.example", "edge:3006"));
        assert!(handshake(setting, "https://APP.example:443", "edge:3006"));
        assert!(handshake(setting, "http://localhost:5173", "edge:3006"));
        assert!(!handshake(setting, "http://app.example", "edge:3006"));
        assert!(!handshake(setting, "https://app.example.evil", "edge:3006"));
        assert!(!handshake(setting, "null", "edge:3006"));
        assert!(handshake("", "http://edge:3006", "EDGE:3006"));
        assert!(handshake("", "https://edge", "edge:443"));
        assert!(handshake("", "http://[::1]:3006", "[::1]:3006"));
        assert!(!handshake("", "http://edge:3007", "edge:3006"));
        assert!(handshake("*", "https://anyone.example", "edge"));
        assert!(Cors::parse("").expect("no origins").permits_handshake(&HeaderMap::new()));
    }

    #[test]
    fn two_origins_in_one_handshake_are_refused() {
        let mut headers = HeaderMap::new();
        headers.append(ORIGIN, HeaderValue::from_static("https://app.example"));
        headers.append(ORIGIN, HeaderValue::from_static("https://evil.example"));
        let cors = Cors::parse("https://app.example").expect("origins");
        assert!(!cors.permits_handshake(&headers));
    }

    #[test]
    fn what_is_no_origin_is_named() {
        for bad in ["app.example", "https://app.example/path", "https://*.example", "https://"] {
            let error = Cors::parse(bad).expect_err(bad).to_string();
            assert!(error.contains(bad), "{error}");
        }
    }
}
