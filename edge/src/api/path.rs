//! The API's paths. What a segment names may hold any character, percent-encoded.

/// What there is under `/api/v1/`.
#[derive(Debug, PartialEq, Eq)]
pub enum Resource {
    /// `events/{event}`: one event.
    Event(String),
    /// `events`: several.
    Events,
    /// `users/{id}/connections`
    Connections(String),
    /// `users/{id}/disconnect`
    Disconnect(String),
}

impl Resource {
    /// What is at a path, as it stands in the request.
    pub fn at(path: &str) -> Option<Self> {
        let mut segments = path.strip_prefix("/api/v1/")?.split('/');
        let resource = match (segments.next()?, segments.next(), segments.next()) {
            ("events", None, None) => Self::Events,
            ("events", Some(event), None) => Self::Event(decoded(event)?),
            ("users", Some(user), Some("connections")) => Self::Connections(decoded(user)?),
            ("users", Some(user), Some("disconnect")) => Self::Disconnect(decoded(user)?),
            _ => return None,
        };
        segments.next().is_none().then_some(resource)
    }

    /// The one method that it takes.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Event(_) | Self::Events | Self::Disconnect(_) => "POST",
            Self::Connections(_) => "GET",
        }
    }
}

/// A segment without its percent-encoding. None where it is empty, or was encoded wrongly.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|v| u8::try_from(v).ok());
        bytes.push(value(digits[0])? << 4 | value(digits[1])?);
        rest = after;
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_is_one_thing() {
        let at = Resource::at;
        assert_eq!(at("/api/v1/events"), Some(Resource::Events));
        assert_eq!(at("/api/v1/events/send-message"), Some(Resource::Event("send-message".into())));
        let ann = || "auth0|a+b=c/d".to_owned();
        let path = "/api/v1/users/auth0%7Ca%2Bb=c%2fd";
        assert_eq!(at(&format!("{path}/connections")), Some(Resource::Connections(ann())));
        assert_eq!(at(&format!("{path}/disconnect")), Some(Resource::Disconnect(ann())));
        for nothing in [
            "/api/",
            "/api/v1",
            "/api/v1/",
            "/api/v2/events",
            "/api/v1/events/",
            "/api/v1/events/a/b",
            "/api/v1/users/ann",
            "/api/v1/users//disconnect",
            "/api/v1/users/ann/disconnect/",
            "/api/v1/users/%/disconnect",
            "/api/v1/users/%4/disconnect",
            "/api/v1/users/%zz/disconnect",
            "/api/v1/users/%ff/disconnect",
        ] {
            assert_eq!(at(nothing), None, "{nothing}");
        }
    }
}
