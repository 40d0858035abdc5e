//! Specifications that others made of the vendor's documentation, in YAML: as much of it is read as they have.
#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use super::requests::Known;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, iter::Peekable, path::Path};

/// As much of YAML as the specifications have: maps, lists, and scalars as text.
fn tree(text: &str) -> Value {
    let lines = text.lines().filter(|l| !l.trim().is_empty() && !l.trim_start().starts_with('#'));
    let lines: Vec<(usize, &str)> = lines.map(|l| (l.len() - l.trim_start().len(), l.trim_start())).collect();
    block(&mut lines.into_iter().peekable(), 0)
}

type Lines<'a> = Peekable<std::vec::IntoIter<(usize, &'a str)>>;

fn block(lines: &mut Lines<'_>, least: usize) -> Value {
    let Some((indent, first)) = lines.peek().copied().filter(|(indent, _)| *indent >= least) else {
        return Value::Null;
    };
    if first.starts_with("- ") {
        let mut list = Vec::new();
        while let Some((_, line)) = lines.next_if(|(i, l)| *i == indent && l.starts_with("- ")) {
            let line = line.strip_prefix("- ").unwrap();
            let mut one = serde_json::Map::new();
            let mut scalar = Value::Null;
            match entry(line) {
                Some((key, rest)) => drop(one.insert(key, value(rest, lines, indent + 3))),
                None => scalar = plain(line),
            }
            if let Value::Object(more) = rest_of(lines, indent + 2) {
                one.extend(more);
            }
            list.push(if one.is_empty() { scalar } else { Value::Object(one) });
        }
        return Value::Array(list);
    }
    rest_of(lines, indent)
}

fn rest_of(lines: &mut Lines<'_>, indent: usize) -> Value {
    let mut all = serde_json::Map::new();
    while let Some((_, line)) = lines.next_if(|(i, l)| *i == indent && !l.starts_with("- ")) {
        if let Some((key, rest)) = entry(line) {
            let least = if rest.is_empty() && lines.peek().is_some_and(|(_, l)| l.starts_with("- ")) {
                indent
            } else {
                indent + 1
            };
            all.insert(key, value(rest, lines, least));
        }
    }
    Value::Object(all)
}

fn value(rest: &str, lines: &mut Lines<'_>, least: usize) -> Value {
    match rest {
        "" => block(lines, least),
        "|" | ">" | "|-" | ">-" => {
            while lines.next_if(|(i, _)| *i >= least).is_some() {}
            Value::Null
        }
        scalar => plain(scalar),
    }
}

fn entry(line: &str) -> Option<(String, &str)> {
    let (key, rest) = line.split_once(": ").or_else(|| line.strip_suffix(':').map(|key| (key, "")))?;
    Some((key.trim_matches(['"', '\'']).to_owned(), rest.trim()))
}

fn plain(text: &str) -> Value {
    let quoted = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\''));
    Value::String(quoted.map_or_else(|| text.trim_matches('"').to_owned(), |t| t.replace("''", "'")))
}

#[test]
fn the_reader_of_specifications_reads() {
    let text = "a:\n    b: 'it''s'\n    c:\n    - in: query\n      name: x\n      s:\n        t: \"1\"\n    - y\nd: |\n  words\n  more\ne: 2\n";
    assert_eq!(
        tree(text),
        json!({"a": {"b": "it's", "c": [{"in": "query", "name": "x", "s": {"t": "1"}}, "y"]}, "d": null, "e": "2"})
    );
}

pub(super) fn specification(folder: &Path, name: &str) -> Value {
    let path = folder.join("binance-futures/spec-openxapi").join(name);
    tree(&fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// Of each method and path, its parameters, and whether each is needed: in the query, or in a form.
pub(super) fn declared(spec: &Value) -> Known {
    let mut known = Known::new();
    for (path, methods) in spec["paths"].as_object().unwrap() {
        for (method, of) in methods.as_object().unwrap() {
            let mut parameters: BTreeMap<String, bool> = BTreeMap::from([("signature".to_owned(), false)]);
            for p in of["parameters"].as_array().into_iter().flatten() {
                parameters.insert(p["name"].as_str().unwrap().to_owned(), p["required"] == "true");
            }
            let form = &of["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]["$ref"];
            if let Some(name) = form.as_str().and_then(|r| r.rsplit('/').next()) {
                let schema = &spec["components"]["schemas"][name];
                let needed = schema["required"].as_array().unwrap();
                for name in schema["properties"].as_object().unwrap().keys() {
                    parameters.insert(name.clone(), needed.iter().any(|n| n == name.as_str()));
                }
            }
            known.insert(format!("{} {path}", method.to_uppercase()), parameters);
        }
    }
    known
}

/// The example of a schema of the streams: a value where one stands, else its parts.
pub(super) fn example(schema: &Value) -> Value {
    if let Some(fields) = schema["properties"].as_object() {
        return Value::Object(fields.iter().map(|(name, of)| (name.clone(), example(of))).collect());
    }
    let text = schema["example"].as_str().or_else(|| schema["const"].as_str());
    let text = text.unwrap_or_default();
    match schema["type"].as_str() {
        Some("integer") => json!(if text.is_empty() { 0 } else { text.parse::<i64>().unwrap() }),
        Some("boolean") => json!(text == "true"),
        Some("array") => json!([]),
        _ => json!(text),
    }
}
