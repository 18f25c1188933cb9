//! What payloads are made of: text, pages, request ids. Each type accepts only what the contract
//! allows, so that an event that was read is an event that is valid; and [`read`] names the field at
//! fault when it is not.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
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

/// Longest path of a field that a refusal names: the path may be made of what the client sent.
const PATH_LENGTH_MAX: usize = 128;

fn refusal_of(path: &str, problem: &str) -> Refusal {
    let path: String = path.chars().take(PATH_LENGTH_MAX).collect();
    // The parser says `.` at the top and `?` where it failed inside a name.
    let within = |name: &str| match path.as_str() {
        "." | "?" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    if let Some(problem) = problem.strip_prefix(TOO_LARGE) {
        return Refusal::field(Code::TooLarge, path, problem);
    }
    for (prefix, said) in
        [("missing field `", "is missing"), ("duplicate field `", "is given twice")]
    {
        if let Some(rest) = problem.strip_prefix(prefix) {
            let field = within(rest.trim_end_matches('`'));
            return Refusal::field(Code::InvalidPayload, field, said);
        }
    }
    match path.as_str() {
        "." | "?" => Refusal::new(Code::InvalidPayload, "the payload is not valid JSON text"),
        _ => Refusal::field(Code::InvalidPayload, &path, plain(problem)),
    }
}

/// The parser's words as a sentence for people, without what the client sent: that may be long.
fn plain(problem: &str) -> String {
    let ours = ["must", "has", "names"];
    if ours.iter().any(|word| problem.starts_with(word)) {
        return problem.to_owned();
    }
    if problem.contains("hex escape") {
        return "has an escape that is no character".to_owned();
    }
    let Some((_, expected)) = problem.rsplit_once(", expected ") else {
        return "is not valid JSON".to_owned();
    };
    match expected {
        "i64" | "u64" | "usize" => "must be a whole number".to_owned(),
        "a sequence" => "must be a list".to_owned(),
        "a map" => "must be an object".to_owned(),
        other if other.starts_with("struct") => "must be an object".to_owned(),
        other => format!("must be {other}"),
    }
}

/// Reads an object. serde alone would also read a struct from an array, by position.
pub(crate) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_map(Object(PhantomData))
}

/// Reads a field whose default stands for `null`, too, so that a request is the same whichever way it
/// says nothing.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An enum of words that clients see: its values, their words, reading and writing; its name in what
/// clients are told about types, where that is not the enum's own.
macro_rules! words {
    (@name $name:ident) => { stringify!($name) };
    (@name $name:ident $public:literal) => { $public };
    ($(#[$about:meta])* pub enum $name:ident $(as $public:literal)? { $($(#[$doc:meta])* $value:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $value,)* }

        impl $name {
            /// Every one there is.
            pub const ALL: &'static [Self] = &[$(Self::$value),*];

            /// The word that clients see.
            pub fn word(self) -> &'static str {
                match self { $(Self::$value => $word,)* }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                let found = Self::ALL.iter().find(|value| value.word() == text).copied();
                found.ok_or_else(|| {
                    let words: Vec<_> = Self::ALL.iter().map(|value| value.word()).collect();
                    serde::de::Error::custom(format!("must be one of {}", words.join(", ")))
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                words!(@name $name $($public)?).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let words: Vec<_> = Self::ALL.iter().map(|value| value.word()).collect();
                schemars::json_schema!({ "type": "string", "enum": words })
            }
        }
    };
}
pub(crate) use words;

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

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Whole<const MIN: u64, const MAX: u64>(pub u64);

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u64::try_from(i64::deserialize(deserializer)?).ok();
        let found = number.filter(|number| (MIN..=MAX).contains(number)).map(Self);
        found.ok_or_else(|| D::Error::custom(format!("must be {MIN} to {MAX}")))
    }
}

/// Most items of a list that a caller names.
pub(crate) const NAMED_MAX: usize = 100;

/// A list of at most 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Few<T>(pub Vec<T>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::deserialize(deserializer)?;
        if list.len() > NAMED_MAX {
            return Err(D::Error::custom(format!("names more than {NAMED_MAX}")));
        }
        Ok(Self(list))
    }
}

/// Where a page ended: the last item's score and name, `<score>:<name>`, as `nextCursor` says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The item's score.
    pub score: u64,
    /// The item.
    pub name: String,
}

/// Longest name in a cursor, in bytes: ids are shorter.
const CURSOR_NAME_LENGTH_MAX: usize = 256;

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        let parts = text.split_once(':').and_then(|(score, name)| {
            let is_name = (1..=CURSOR_NAME_LENGTH_MAX).contains(&name.len())
                && !name.contains(|c: char| c.is_control() || c.is_whitespace());
            Some(Self { score: score.parse().ok()?, name: name.to_owned() }).filter(|_| is_name)
        });
        parts.ok_or_else(|| D::Error::custom("must be the nextCursor of an earlier answer"))
    }
}

impl Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}:{}", self.score, self.name))
    }
}

/// Longest emoji, in code points: the longest sequences of families and flags have 10 or so, and names
/// such as `:thumbs_up:` fit.
const EMOJI_LENGTH_MAX: usize = 32;

/// What somebody reacts with: an emoji or a name for one, without blanks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Emoji(String);

impl Emoji {
    /// The emoji.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Emoji {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        let text = tidy_name(&text, EMOJI_LENGTH_MAX).map_err(D::Error::custom)?;
        if text.chars().any(char::is_whitespace) {
            return Err(D::Error::custom("must be one emoji, without blanks"));
        }
        Ok(Self(text))
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
    fn a_refusal_says_what_is_wanted_and_repeats_nothing_of_what_came() {
        let message = |json: &str| read::<Sample>(json).expect_err(json).message;
        assert_eq!(message(r#"{"content":7}"#), "content: must be a string");
        assert_eq!(message(r#"{"content":"a","limit":1.5}"#), "limit: must be a whole number");
        assert_eq!(message(r#"{"content":"a","content":"b"}"#), "content: is given twice");
        assert_eq!(
            message(r#"{"content":"\ud800"}"#),
            "content: has an escape that is no character"
        );
        assert_eq!(message(r#"{"\ud800":1}"#), "the payload is not valid JSON text");
        let long = "x".repeat(10_000);
        assert!(message(&format!(r#"{{"content":"a","limit":"{long}"}}"#)).len() < 100);
    }

    #[test]
    fn a_payload_that_is_no_object_is_refused() {
        for json in ["[\"a\"]", "null", "7", "\"a\"", ""] {
            assert_eq!(refused(json), (Code::InvalidPayload, None));
        }
    }
}
