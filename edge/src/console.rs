//! The page at `/` and the client bundle under `/socket.io/`, embedded in the binary as Node built
//! them. Without that build the edge works all the same and says at `/` how to make it.

use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Request, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::reply::{self, Response};

/// The page loads nothing from elsewhere and runs no script that stands in its text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self' ws: wss:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const INDEX: &str = "index.html";
/// Files under this folder have a hash in their names, so what a name holds never changes.
const HASHED: &str = "assets/";
/// Where the page's build puts the files of the socket.io-client package.
const CLIENT: &str = "client/";
const LEFT_OUT: &str = "The page is left out of this build; the service itself is complete.\n\
    With Node installed, `make console` builds the page, and building the service again puts it \
    in.\n";

#[derive(RustEmbed)]
#[folder = "console/dist"]
struct Built;

/// Whether the page was built, and so is part of this binary.
pub fn included() -> bool {
    Built::get(INDEX).is_some()
}

/// Answers a path of the page; `None` where the page has no such file.
pub(crate) fn page<B>(request: &Request<B>) -> Option<Response> {
    let path = request.uri().path().strip_prefix('/')?;
    if path.starts_with(CLIENT) {
        return None;
    }
    let name = if path.is_empty() { INDEX } else { path };
    let file = Built::get(name);
    if file.is_none() && !path.is_empty() {
        return None;
    }
    Some(reply::only_reading(request.method(), || match file {
        Some(file) => serve(name, file, request.headers()),
        None => reply::text(StatusCode::OK, LEFT_OUT),
    }))
}

/// Whether the path is one where Socket.IO users expect the client bundle:
/// `/socket.io/socket.io.js` and its variants with their source maps.
pub(crate) fn is_client_bundle(path: &str) -> bool {
    bundle_name(path).is_some()
}

/// Answers a path for which [`is_client_bundle`] holds.
pub(crate) fn client_bundle<B>(request: &Request<B>) -> Response {
    reply::only_reading(request.method(), || {
        let name = bundle_name(request.uri().path()).unwrap_or_default();
        let name = format!("{CLIENT}{name}");
        match Built::get(&name) {
            Some(file) => serve(&name, file, request.headers()),
            None => reply::text(
                StatusCode::NOT_FOUND,
                "This file of the client bundle is left out of this build; `make console` adds \
                 the bundle.\n",
            ),
        }
    })
}

fn bundle_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix("/socket.io/")?;
    (name.starts_with("socket.io.") && !name.contains('/')).then_some(name)
}

fn serve(name: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let content_type = content_type(name, file.metadata.mimetype());
    let mut response =
        reply::unless_known(request, &etag(&file), content_type, || match file.data {
            std::borrow::Cow::Borrowed(bytes) => bytes::Bytes::from_static(bytes),
            std::borrow::Cow::Owned(bytes) => bytes.into(),
        });
    let headers = response.headers_mut();
    if name.starts_with(HASHED) {
        headers
            .insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    }
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Text is UTF-8, and browsers guess otherwise where it is not said.
fn content_type(name: &str, guessed: &str) -> HeaderValue {
    let full = match name.rsplit('.').next() {
        Some("map") => "application/json".to_owned(),
        _ if guessed.starts_with("text/") => format!("{guessed}; charset=utf-8"),
        _ => guessed.to_owned(),
    };
    HeaderValue::try_from(full).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// The beginning of the content's SHA-256 in quotes.
fn etag(file: &EmbeddedFile) -> HeaderValue {
    let hash = file.metadata.sha256_hash();
    let digits: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("\"{digits}\"")).expect("hex digits make a header value")
}
