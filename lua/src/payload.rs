//! What payloads are made of: text, pages, request ids. Each type accepts only what the contract
//! allows, so that an event that was read is an event that is valid; and [`read`] names the field at
//! fault when it is not.

use std::borrow::Cow;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::limit::REQUEST_ID_LENGTH_MAX;
use crate::refusal::{Code, Refusal};

/// Begins the message of an error that is `too-large` and not `invalid-payload`: serde's errors carry
/// text only.
const TOO_LARGE: &str = "is too long: ";

/// Reads an event's payload.
///
/// Refused with `invalid-payload`, or `too-large` for text over its length, with the field's path.
pub fn read<T: DeserializeOwned>(json: &str) -> Result<T, Refusal> {
    // serde would also read a struct from an array, by position.
    if !json.trim_start().starts_with('{') {
        return Err(Refusal::new(Code::InvalidPayload, "the payload must be one JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let text = error.inner().to_string();
        let problem = text.split(" at line ").next().unwrap_or(&text);
        refusal_of(&path, problem)
    })
}

fn refusal_of(path: &str, problem: &str) -> Refusal {
    if let Some(problem) = problem.strip_prefix(TOO_LARGE) {
        return Refusal::field(Code::TooLarge, path, problem);
    }
    if let Some(missing) = problem.strip_prefix("missing field `") {
        let name = missing.trim_end_matches('`');
        let field = if path == "." { name.to_owned() } else { format!("{path}.{name}") };
        return Refusal::field(Code::InvalidPayload, field, "is missing");
    }
    if path == "." {
        return Refusal::new(Code::InvalidPayload, problem);
    }
    Refusal::field(Code::InvalidPayload, path, problem)
}

/// Text as clients wrote it, brought to NFC and `\n`: at least one and at most `MAX` code points,
/// without control characters other than tab and newline. Over-long text is refused, not cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        tidy(&text, MAX).map(Self).map_err(D::Error::custom)
    }
}

/// A name or title: [`Text`] that does not turn the direction of what stands around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Name<const MAX: usize>(String);

impl<const MAX: usize> Name<MAX> {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Name<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        tidy_name(&text, MAX).map(Self).map_err(D::Error::custom)
    }
}

/// Tidies text as [`Text`] does, or says what is wrong with it.
fn tidy(text: &str, length_max: usize) -> Result<String, String> {
    let text = text.replace("\r\n", "\n").nfc().collect::<String>();
    if let Some(control) = text.chars().find(|c| c.is_control() && !matches!(c, '\t' | '\n')) {
        return Err(format!("has a control character (U+{:04X})", u32::from(control)));
    }
    let length = text.chars().count();
    if length == 0 {
        return Err("must not be empty".to_owned());
    }
    if length > length_max {
        return Err(format!("{TOO_LARGE}{length} characters, at most {length_max}"));
    }
    Ok(text)
}

/// Tidies a name as [`Name`] does, or says what is wrong with it.
pub fn tidy_name(text: &str, length_max: usize) -> Result<String, String> {
    let text = tidy(text, length_max)?;
    let turns = |c: &char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    match text.chars().find(turns) {
        Some(c) => Err(format!("has a direction override (U+{:04X})", u32::from(c))),
        None => Ok(text),
    }
}

/// A caller's key for an event that must have its effects once, up to 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestId(String);

impl RequestId {
    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        let length = text.chars().count();
        if length == 0 || length > REQUEST_ID_LENGTH_MAX {
            return Err(D::Error::custom(format!(
                "must have 1 to {REQUEST_ID_LENGTH_MAX} characters"
            )));
        }
        Ok(Self(text.into_owned()))
    }
}

/// How many items a page holds: `DEFAULT` where the caller does not say, 1 to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limit<const DEFAULT: usize, const MAX: usize>(pub usize);

impl<const DEFAULT: usize, const MAX: usize> Default for Limit<DEFAULT, MAX> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<'de, const DEFAULT: usize, const MAX: usize> Deserialize<'de> for Limit<DEFAULT, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(limit) = <Option<i64>>::deserialize(deserializer)? else {
            return Ok(Self::default());
        };
        usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=MAX).contains(limit))
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("must be 1 to {MAX}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        content: Text<4>,
        #[serde(default)]
        limit: Limit<50, 100>,
        name: Option<Name<4>>,
        request_id: Option<RequestId>,
    }

    fn refused(json: &str) -> (Code, Option<String>) {
        let refusal = read::<Sample>(json).expect_err(json);
        (refusal.code, refusal.field)
    }

    #[test]
    fn text_is_kept_as_written_but_for_composition_and_line_ends() {
        let read = read::<Sample>("{\"content\":\"e\\u0301\\r\\n<\"}").expect("valid");
        assert_eq!(read.content.as_str(), "\u{e9}\n<");
        assert_eq!(read.limit.0, 50);
        assert!(read.name.is_none() && read.request_id.is_none());
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let invalid = |field: &str| (Code::InvalidPayload, Some(field.to_owned()));
        assert_eq!(refused("{}"), invalid("content"));
        assert_eq!(refused(r#"{"content":7}"#), invalid("content"));
        assert_eq!(refused(r#"{"content":""}"#), invalid("content"));
        assert_eq!(refused(r#"{"content":"a\u0000"}"#), invalid("content"));
        assert_eq!(refused(r#"{"content":"a\r"}"#), invalid("content"));
        assert_eq!(refused(r#"{"content":"\ud800"}"#), invalid("content"));
        assert_eq!(refused(r#"{"content":"\udc00x"}"#), invalid("content"));
        assert_eq!(refused(r#"{"content":"a","limit":0}"#), invalid("limit"));
        assert_eq!(refused(r#"{"content":"a","limit":-1}"#), invalid("limit"));
        assert_eq!(refused(r#"{"content":"a","limit":101}"#), invalid("limit"));
        assert_eq!(refused(r#"{"content":"a","limit":"5"}"#), invalid("limit"));
        assert_eq!(refused(r#"{"content":"a","name":"\u202Ea"}"#), invalid("name"));
        let long = format!(r#"{{"content":"a","requestId":"{}"}}"#, "x".repeat(65));
        assert_eq!(refused(&long), invalid("requestId"));
    }

    #[test]
    fn over_long_text_is_too_large_and_counts_code_points() {
        assert!(read::<Sample>(r#"{"content":"😀😀😀😀"}"#).is_ok());
        assert_eq!(refused(r#"{"content":"abcde"}"#), (Code::TooLarge, Some("content".to_owned())));
    }

    #[test]
    fn a_payload_that_is_no_object_is_refused() {
        for json in ["[\"a\"]", "null", "7", "\"a\"", ""] {
            assert_eq!(refused(json), (Code::InvalidPayload, None));
        }
    }
}
