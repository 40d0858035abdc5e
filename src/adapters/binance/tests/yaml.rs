//! As much of YAML as machine-written specifications use: blocks, lists, plain and quoted scalars, lists on one line. Long
//! texts are passed over.

#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use serde_json::{Map, Value};

type Line<'a> = (usize, &'a str);

/// Reads a document.
pub(super) fn read(text: &str) -> Value {
    let lines: Vec<Line<'_>> = text
        .lines()
        .map(|l| (l.len() - l.trim_start().len(), l.trim()))
        .filter(|(_, l)| !l.is_empty() && !l.starts_with('#') && *l != "---")
        .collect();
    let mut reader = Reader { lines, at: 0 };
    let indent = reader.lines.first().map_or(0, |(indent, _)| *indent);
    reader.block(indent)
}

struct Reader<'a> {
    lines: Vec<Line<'a>>,
    at: usize,
}

impl<'a> Reader<'a> {
    fn next(&self) -> Option<Line<'a>> {
        self.lines.get(self.at).copied()
    }

    fn is_item(text: &str) -> bool {
        text == "-" || text.starts_with("- ")
    }

    fn block(&mut self, indent: usize) -> Value {
        match self.next() {
            Some((_, text)) if Self::is_item(text) => self.list(indent),
            _ => self.map(indent),
        }
    }

    fn list(&mut self, indent: usize) -> Value {
        let mut all = Vec::new();
        while let Some((at, text)) = self.next()
            && at == indent
            && Self::is_item(text)
        {
            let rest = text.trim_start_matches('-').trim_start();
            let inner = indent + (text.len() - rest.len());
            if rest.is_empty() {
                self.at += 1;
                let deeper = self.next().map_or(0, |(at, _)| at);
                all.push(if deeper > indent { self.block(deeper) } else { Value::Null });
            } else if split(rest).is_some() {
                self.lines[self.at] = (inner, rest);
                all.push(self.map(inner));
            } else {
                self.at += 1;
                all.push(scalar(rest));
            }
            self.pass_over(indent);
        }
        Value::Array(all)
    }

    fn map(&mut self, indent: usize) -> Value {
        let mut all = Map::new();
        while let Some((at, text)) = self.next()
            && at == indent
            && !Self::is_item(text)
        {
            let Some((key, value)) = split(text) else {
                self.at += 1;
                continue;
            };
            self.at += 1;
            let value = if value.is_empty() {
                match self.next() {
                    Some((deeper, _)) if deeper > indent => self.block(deeper),
                    Some((same, text)) if same == indent && Self::is_item(text) => self.list(indent),
                    _ => Value::Null,
                }
            } else {
                self.value(value)
            };
            all.insert(bare(key).to_owned(), value);
            self.pass_over(indent);
        }
        Value::Object(all)
    }

    fn value(&mut self, first: &str) -> Value {
        let mut whole = first.to_owned();
        while whole.starts_with('[') && !whole.contains(']') {
            let Some((_, more)) = self.next() else { break };
            whole.push_str(more);
            self.at += 1;
        }
        match whole.strip_prefix('[').and_then(|w| w.strip_suffix(']')) {
            Some(items) => items.split(',').map(str::trim).filter(|i| !i.is_empty()).map(scalar).collect(),
            None => scalar(&whole),
        }
    }

    /// What is left of a long text.
    fn pass_over(&mut self, indent: usize) {
        while self.next().is_some_and(|(at, _)| at > indent) {
            self.at += 1;
        }
    }
}

fn split(text: &str) -> Option<(&str, &str)> {
    if let Some(key) = text.strip_suffix(':') {
        return Some((key, ""));
    }
    let (key, value) = text.split_once(": ")?;
    Some((key, value.trim()))
}

fn bare(text: &str) -> &str {
    let of = |quote: char| text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote));
    of('\'').or_else(|| of('"')).unwrap_or(text)
}

fn scalar(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => Value::String(bare(text).to_owned()),
    }
}

#[test]
fn what_specifications_use_is_read() {
    let read = read(
        "a:\n  b: 'x'\n  long: |-\n    - not: read\n    this\n  c: [ONE, 'TWO',\n      THREE]\nlist:\n- name: n\n  required: true\n- plain\nlast:\n    - $ref: '#/a/b'\n    - d:\n        e: 1\n'200': \"y\"\n",
    );
    assert_eq!(
        read,
        serde_json::json!({"a": {"b": "x", "long": "|-", "c": ["ONE", "TWO", "THREE"]},
            "list": [{"name": "n", "required": true}, "plain"],
            "last": [{"$ref": "#/a/b"}, {"d": {"e": "1"}}], "200": "y"})
    );
}
