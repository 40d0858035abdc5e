//! Holds HTTP answers against the vendor's OpenAPI files.

use serde_json::{Value, json};
use std::{fs, path::Path};

/// The operations of one or more OpenAPI 3.0 files.
pub(crate) struct Spec {
    operations: Vec<Operation>,
}

struct Operation {
    method: String,
    template: String,
    responses: Value,
    components: Value,
}

/// Statuses with which every operation may refuse, described or not; the body is then the vendor's error form.
const REFUSALS: [u16; 10] = [400, 401, 403, 404, 405, 408, 413, 422, 429, 500];

impl Spec {
    /// Alpaca's trading and market-data files.
    pub(crate) fn alpaca() -> Self {
        let mut operations = Vec::new();
        for name in ["trading-api", "market-data-api"] {
            let path = Path::new("tests/fixtures/alpaca").join(format!("{name}.openapi.json"));
            let mut file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            mend(&mut file);
            let components = json!({"components": file["components"].clone()});
            for (template, item) in file["paths"].as_object().unwrap() {
                for method in ["get", "post", "put", "patch", "delete"] {
                    let Some(operation) = item.get(method) else { continue };
                    operations.push(Operation {
                        method: method.to_uppercase(),
                        template: template.clone(),
                        responses: operation["responses"].clone(),
                        components: components.clone(),
                    });
                }
            }
        }
        // Literal paths before templates.
        operations.sort_by_key(|o| o.template.matches('{').count());
        assert!(operations.len() > 50, "these are not the vendor's files");
        Self { operations }
    }

    /// Panics when the answer is not as described. Returns the template of the path.
    pub(crate) fn check(&self, method: &str, path: &str, status: u16, body: &Value) -> &str {
        let path = path.split('?').next().unwrap();
        let found = self.operations.iter().find(|o| o.method == method && fits(&o.template, path));
        let operation = found.unwrap_or_else(|| panic!("{method} {path} is in neither OpenAPI file"));
        let described = operation.responses.get(status.to_string());
        assert!(
            described.is_some() || REFUSALS.contains(&status),
            "{method} {path}: {status} is not described"
        );
        let schema = described.and_then(|d| d.pointer("/content/application~1json/schema"));
        match schema {
            Some(schema) => hold(schema, &operation.components, body, &format!("{method} {path} {status}")),
            None if status == 204 => assert_eq!(*body, Value::Null, "{method} {path}: 204 with a body"),
            None => {
                assert!(
                    body["code"].is_u64() && body["message"].is_string(),
                    "{method} {path} {status}: {body}"
                );
            }
        }
        &operation.template
    }

    /// Panics when `order` is not the vendor's `Order`.
    pub(crate) fn check_order(&self, order: &Value) {
        let operation = self.operations.iter().find(|o| o.template == "/v2/orders").unwrap();
        hold(&json!({"$ref": "#/components/schemas/Order"}), &operation.components, order, "trade_updates");
    }
}

fn hold(schema: &Value, components: &Value, body: &Value, place: &str) {
    let mut whole = components.clone();
    whole["allOf"] = json!([schema]);
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft7)
        .should_validate_formats(true)
        .build(&whole)
        .unwrap();
    let wrong: Vec<String> =
        validator.iter_errors(body).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(wrong.is_empty(), "{place}:\n{}\n{body:#}", wrong.join("\n"));
}

/// `{…}` stands for one segment; a symbol may be two (`BTC/USD`).
fn fits(template: &str, path: &str) -> bool {
    let (want, have): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    let same = |(w, h): (&&str, &&str)| w == h || w.starts_with('{');
    let is_pair = template.ends_with("symbol_or_asset_id}") && have.len() == want.len() + 1;
    (want.len() == have.len() || is_pair) && want.iter().zip(&have).all(same)
}

/// OpenAPI 3.0 to JSON Schema: `nullable` becomes a type. And the one defect that matters: an activity is declared
/// `oneOf` two schemas without required fields, so that each is valid as both and therefore as neither.
fn mend(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("nullable") == Some(&Value::Bool(true)) {
                if let Some(Value::String(kind)) = map.get("type").cloned() {
                    map.insert("type".into(), json!([kind, "null"]));
                }
                if let Some(Value::Array(words)) = map.get_mut("enum") {
                    words.push(Value::Null);
                }
            }
            let is_activity =
                map.get("oneOf").is_some_and(|o| o.to_string().contains("schemas/TradingActivities"));
            if is_activity && let Some(either) = map.remove("oneOf") {
                map.insert("anyOf".into(), either);
            }
            map.values_mut().for_each(mend);
        }
        Value::Array(list) => list.iter_mut().for_each(mend),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_judge_sees_what_is_wrong() {
    let spec = Spec::alpaca();
    let wrong = |method: &str, path: &str, status: u16, body: Value| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            spec.check(method, path, status, &body).to_owned()
        }))
        .is_err()
    };
    let clock = |open: Value| json!({"timestamp": "2026-01-05T09:30:00-05:00", "is_open": open, "next_open": "2026-01-05T09:30:00-05:00", "next_close": "2026-01-05T16:00:00-05:00"});
    assert!(!wrong("GET", "/v2/clock", 200, clock(json!(true))));
    assert!(wrong("GET", "/v2/clock", 200, clock(json!("yes"))));
    assert!(wrong("GET", "/v2/clock", 201, clock(json!(true))));
    assert!(wrong("GET", "/v2/clocks", 200, clock(json!(true))));
    assert!(wrong("GET", "/v2/orders/x", 404, json!({"message": "no number"})));
    assert!(wrong(
        "GET",
        "/v2/orders",
        200,
        json!([{"notional": null, "type": "iceberg", "time_in_force": "day"}])
    ));
    assert!(!wrong(
        "GET",
        "/v2/orders",
        200,
        json!([{"notional": null, "type": "market", "time_in_force": "day"}])
    ));
    assert!(wrong(
        "GET",
        "/v2/orders",
        200,
        json!([{"notional": null, "type": "market", "time_in_force": "day", "created_at": "soon"}])
    ));
}
