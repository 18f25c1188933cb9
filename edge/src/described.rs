//! What client writers' tools read: the AsyncAPI document and the TypeScript definitions made from it.

use std::sync::LazyLock;

use bytes::Bytes;
use hyper::Request;
use hyper::header::HeaderValue;
use sha1_smol::Sha1;

use crate::reply::{self, Response};

/// One of the files.
struct File {
    content_type: &'static str,
    text: Bytes,
    etag: HeaderValue,
}

static ASYNCAPI: LazyLock<File> =
    LazyLock::new(|| File::new("application/json", lua::told::asyncapi().to_string()));

/// The page's own copy, which `make types` writes and `make lint` compares with the document.
static TYPES: LazyLock<File> = LazyLock::new(|| {
    File::new("text/plain; charset=utf-8", include_str!("../console/src/core/events.ts"))
});

/// Whether there is such a file at this path.
pub(crate) fn is_at(path: &str) -> bool {
    at(path).is_some()
}

/// Answers a path of such a file; `None` elsewhere.
pub(crate) fn file<B>(request: &Request<B>) -> Option<Response> {
    let file = at(request.uri().path())?;
    Some(reply::only_reading(request.method(), || file.answer(request)))
}

fn at(path: &str) -> Option<&'static LazyLock<File>> {
    match path {
        "/asyncapi.json" => Some(&ASYNCAPI),
        "/realtime.d.ts" => Some(&TYPES),
        _ => None,
    }
}

impl File {
    fn new(content_type: &'static str, text: impl Into<Bytes>) -> Self {
        let text = text.into();
        let etag = format!("\"{}\"", Sha1::from(&text).digest());
        let etag = HeaderValue::try_from(etag).expect("hex digits make a header value");
        Self { content_type, text, etag }
    }

    fn answer<B>(&self, request: &Request<B>) -> Response {
        let content_type = HeaderValue::from_static(self.content_type);
        reply::unless_known(request.headers(), &self.etag, content_type, || self.text.clone())
    }
}
