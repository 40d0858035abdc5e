//! The values of requests, held against the vendor's specifications: words out of a list, whole numbers, decimals, and what
//! each type of order needs.

use super::{Seen, yaml};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// What a value looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// One of these.
    Words(Vec<String>),
    /// Digits.
    Whole,
    /// Digits, perhaps with a point; no sign and no exponent.
    Decimal,
    /// A name of an order.
    Name,
    /// Anything that is there.
    Text,
}

impl Form {
    fn takes(&self, value: &str) -> bool {
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        match self {
            Self::Words(words) => words.iter().any(|w| w == value),
            Self::Whole => digits(value),
            Self::Decimal => match value.split_once('.') {
                Some((whole, part)) => digits(whole) && digits(part),
                None => digits(value),
            },
            // The narrower of the two patterns (fix-api.md, and the collection of futures): both take it.
            Self::Name => {
                let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
                (1..=36).contains(&value.len()) && value.bytes().all(fits)
            }
            Self::Text => !value.is_empty(),
        }
    }
}

/// By method and path, then by name: its form, and whether it is needed.
type Known = BTreeMap<String, BTreeMap<String, (Form, bool)>>;

/// Judges values.
pub(super) struct Judge {
    known: Known,
    is_futures: bool,
}

/// Words that the specification of futures leaves out ("Common Definition" of the vendor's documentation).
const FUTURE_WORDS: [(&str, &[&str]); 8] = [
    ("side", &["BUY", "SELL"]),
    ("timeInForce", &["GTC", "IOC", "FOK", "GTX", "GTD"]),
    ("newOrderRespType", &["ACK", "RESULT"]),
    ("algoType", &["CONDITIONAL"]),
    ("reduceOnly", &["true", "false"]),
    (
        "interval",
        &["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"],
    ),
    ("workingType", &["MARK_PRICE", "CONTRACT_PRICE"]),
    ("positionSide", &["BOTH", "LONG", "SHORT"]),
];
const ORDERS: &[&str] = &["LIMIT", "MARKET"];
const CONDITIONAL: &[&str] =
    &["STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"];

/// What each type needs beside what all need; of names that are written with a bar one is enough ("Additional mandatory
/// parameters based on type", rest-api.md of spot and the documentation of futures).
const NEEDS: [(&str, &str, &[&str]); 12] = [
    ("/api/v3/order", "LIMIT", &["timeInForce", "quantity", "price"]),
    ("/api/v3/order", "MARKET", &["quantity|quoteOrderQty"]),
    ("/api/v3/order", "LIMIT_MAKER", &["quantity", "price"]),
    ("/api/v3/order", "STOP_LOSS", &["quantity", "stopPrice|trailingDelta"]),
    ("/api/v3/order", "STOP_LOSS_LIMIT", &["timeInForce", "quantity", "price", "stopPrice|trailingDelta"]),
    (
        "/api/v3/order/cancelReplace",
        "LIMIT",
        &["timeInForce", "quantity", "price", "cancelOrderId|cancelOrigClientOrderId"],
    ),
    ("/fapi/v1/order", "LIMIT", &["timeInForce", "quantity", "price"]),
    ("/fapi/v1/order", "MARKET", &["quantity"]),
    ("/fapi/v1/algoOrder", "STOP", &["quantity", "price", "triggerPrice"]),
    ("/fapi/v1/algoOrder", "STOP_MARKET", &["triggerPrice"]),
    ("/fapi/v1/algoOrder", "TRAILING_STOP_MARKET", &["callbackRate"]),
    ("/fapi/v1/algoOrder", "TAKE_PROFIT", &["quantity", "price", "triggerPrice"]),
];

impl Judge {
    pub(super) fn of_spot(folder: &Path) -> Self {
        Self { known: read(&folder.join("binance-spot/spec-swagger/spot_api.yaml")), is_futures: false }
    }
    pub(super) fn of_futures(folder: &Path) -> Self {
        let known = read(&folder.join("binance-futures/spec-openxapi/openapi-umfutures.yaml"));
        Self { known, is_futures: true }
    }

    /// How many kinds of requests the specification has.
    pub(super) fn kinds(&self) -> usize {
        self.known.len()
    }

    /// Its parameters, where the specification has the request: the lists that came after it was written have those of
    /// their elders.
    fn parameters(&self, what: &str) -> Option<&BTreeMap<String, (Form, bool)>> {
        let elder =
            what.replace("/orderList/opoco", "/orderList/otoco").replace("/orderList/opo", "/orderList/oto");
        self.known.get(what).or_else(|| self.known.get(&elder))
    }

    fn form(&self, what: &str, name: &str) -> Form {
        if name.ends_with("lientOrderId") || name == "clientAlgoId" {
            return Form::Name;
        }
        let words = |words: &[&str]| Form::Words(words.iter().map(|w| (*w).to_owned()).collect());
        if self.is_futures {
            match (what, name) {
                ("POST /fapi/v1/order", "type") => return words(ORDERS),
                ("POST /fapi/v1/algoOrder", "type") => return words(CONDITIONAL),
                _ => {}
            }
            if let Some((_, known)) = FUTURE_WORDS.iter().find(|(n, _)| *n == name) {
                return words(known);
            }
            if matches!(name, "quantity" | "price" | "triggerPrice" | "callbackRate") {
                return Form::Decimal;
            }
        }
        let told = self.parameters(what).and_then(|p| p.get(name)).map(|(form, _)| form.clone());
        told.unwrap_or(Form::Text)
    }

    /// What is wrong with the request's values.
    pub(super) fn check(&self, seen: &Seen) -> Option<String> {
        let what = format!("{} {}", seen.method, seen.path());
        let sent: BTreeMap<String, String> = seen.query().into_iter().collect();
        for (name, value) in &sent {
            let form = self.form(&what, name);
            if !form.takes(value) {
                return Some(format!("{what}: `{name}` is `{value}`, it is to be {form:?}"));
            }
        }
        let is_newer = what.contains("/orderList/opo");
        let needed = self.parameters(&what).into_iter().flatten().filter(|(_, (_, needed))| *needed);
        for (name, _) in needed {
            // What comes of the first is what the second has; and that an iceberg's part is needed, the older
            // specification alone says, not the collection of 2026.
            let follows = name == "workingIcebergQty" || (is_newer && name == "pendingQuantity");
            if !sent.contains_key(name) && !follows {
                return Some(format!("{what}: `{name}` is missing"));
            }
        }
        let kind = sent.get("type")?;
        let rows = NEEDS.iter().filter(|(path, of, _)| *path == seen.path() && of == kind);
        let missing = rows
            .flat_map(|(.., needs)| needs.iter())
            .find(|need| seen.method == "POST" && !need.split('|').any(|name| sent.contains_key(name)));
        missing.map(|need| format!("{what}: a {kind} order needs `{need}`"))
    }
}

fn read(file: &Path) -> Known {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let root = yaml::read(&text);
    let mut known = Known::new();
    for (path, methods) in root["paths"].as_object().unwrap() {
        for (method, request) in methods.as_object().unwrap() {
            let mut parameters = BTreeMap::new();
            for parameter in request["parameters"].as_array().into_iter().flatten() {
                let p = target(&root, parameter);
                let Some(name) = p["name"].as_str() else { continue };
                let form = form(&p["schema"]);
                parameters.insert(name.to_owned(), (form, p["required"] == true));
            }
            let content = request["requestBody"]["content"].as_object();
            for body in content.into_iter().flat_map(|c| c.values()) {
                let schema = target(&root, &body["schema"]);
                let needed: Vec<&str> =
                    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                    parameters.insert(name.clone(), (form(schema), needed.contains(&name.as_str())));
                }
            }
            known.insert(format!("{} {path}", method.to_uppercase()), parameters);
        }
    }
    known
}

/// What a reference points at.
fn target<'a>(root: &'a Value, at: &'a Value) -> &'a Value {
    let Some(reference) = at["$ref"].as_str() else { return at };
    reference.trim_start_matches("#/").split('/').fold(root, |value, key| &value[key])
}

fn form(schema: &Value) -> Form {
    if let Some(words) = schema["enum"].as_array() {
        return Form::Words(words.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    }
    match schema["type"].as_str() {
        Some("integer") => Form::Whole,
        Some("number") => Form::Decimal,
        Some("boolean") => Form::Words(vec!["true".to_owned(), "false".to_owned()]),
        _ => Form::Text,
    }
}

/// The request with one value changed, or taken out.
pub(super) fn with(seen: &Seen, name: &str, value: Option<&str>) -> Seen {
    let mut bad = seen.clone();
    let (path, query) = bad.target.split_once('?').unwrap();
    let changed = query.split('&').filter_map(|pair| {
        let is_it = pair.split_once('=').is_some_and(|(n, _)| n == name);
        if is_it { value.map(|v| format!("{name}={v}")) } else { Some(pair.to_owned()) }
    });
    bad.target = format!("{path}?{}", changed.collect::<Vec<_>>().join("&"));
    bad
}
