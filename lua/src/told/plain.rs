//! Schemas as client writers want them: the Rust types say how strictly we read, which is more than others
//! need to know and in other words than theirs.

use schemars::Schema;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Map, Value, json};

/// Optional fields are left out and never `null`; objects may get more fields in later versions; formats are
/// ones that other languages know.
#[derive(Debug, Clone)]
pub struct Plain;

impl Transform for Plain {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        if let Some(schema) = schema.as_object_mut() {
            without_null(schema);
            open(schema);
            if schema.get("format").is_some_and(|format| format == "uint64") {
                schema.insert("format".into(), "int64".into());
            }
        }
    }
}

fn without_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".into(), one);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| *choice != json!({ "type": "null" }));
        if choices.len() == 1
            && let Some(one) = schema.remove("anyOf")
        {
            // A reference alone would make others ignore the description beside it.
            schema.insert("allOf".into(), one);
        }
    }
    schema.retain(|key, value| key != "default" || !value.is_null());
}

/// What is unknown is no error to clients. A map by ids stays one, said in the words that more tools
/// understand.
fn open(schema: &mut Map<String, Value>) {
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        return;
    }
    schema.remove("additionalProperties");
    if let Some(Value::Object(patterns)) = schema.remove("patternProperties")
        && let Some((pattern, values)) = patterns.into_iter().next()
    {
        schema.insert("propertyNames".into(), json!({ "pattern": pattern }));
        schema.insert("additionalProperties".into(), values);
    }
}
