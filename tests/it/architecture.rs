//! The one-way rule: which room may name which.
//!
//! Every `crate::…` and `super::…` path in `src/`, in `use` trees, in expressions, in types and
//! inside macro calls, is resolved to a room path and looked up in `MAY_USE`.

use proc_macro2::{TokenStream, TokenTree};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use syn::visit::Visit;

/// (room, path prefixes under `crate::` it may name besides itself).
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("grammar", &["domain"]),
    ("clock", &["domain"]),
    ("config", &["domain", "grammar"]),
    ("transport", &["domain", "clock", "config"]),
    ("calendar", &["domain"]),
    ("book", &["domain"]),
    ("sizing", &["domain", "book"]),
    ("risk", &["domain", "book", "calendar"]),
    ("monitor", &["domain", "book", "calendar"]),
    ("analytics", &["domain", "book"]),
    ("broker", &["domain", "risk::permit"]),
    ("desk", &["domain", "analytics"]),
    (
        "engine",
        &[
            "domain",
            "grammar",
            "config",
            "calendar",
            "book",
            "risk",
            "sizing",
            "monitor",
            "analytics",
            "broker",
            "desk",
        ],
    ),
    ("adapters", &["domain", "broker", "risk::permit", "transport", "clock", "config"]),
    ("algos", &["domain", "transport", "clock", "config"]),
    ("paper", &["domain", "clock"]),
    ("journal", &["domain"]),
    ("recording", &["domain", "desk"]),
    ("notify", &["domain", "transport", "clock", "config"]),
    // The bell rings by the rules of the other channels.
    ("tui", &["domain", "desk", "grammar", "config", "notify::policy"]),
    (
        "runtime",
        &[
            "domain",
            "grammar",
            "clock",
            "config",
            "transport",
            "calendar",
            "book",
            "risk",
            "sizing",
            "monitor",
            "analytics",
            "broker",
            "desk",
            "engine",
            "adapters",
            "algos",
            "paper",
            "journal",
            "recording",
            "notify",
            "tui",
        ],
    ),
    ("cli", &["domain", "clock", "desk", "grammar", "config", "journal", "recording", "runtime"]),
    ("lib", &[]),
    ("main", &["cli"]),
];

#[test]
fn rooms_only_use_the_rooms_below_them() {
    let mut bad = BTreeSet::new();
    for file in sources(Path::new("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let module = module_path(&file);
        for (line, target) in named_paths(&module, &text) {
            if let Some(problem) = judge(&module, &target) {
                bad.insert(format!("{}:{line}: {problem}", file.display()));
            }
        }
    }
    assert!(bad.is_empty(), "\n{}\n", bad.into_iter().collect::<Vec<_>>().join("\n"));
}

/// (room, outside crates it may name). A room that is not listed may name none.
const MAY_LINK: &[(&str, &[&str])] = &[
    ("domain", &["hashbrown", "rust_decimal", "serde", "smol_str", "thiserror", "jiff"]),
    ("grammar", &["rust_decimal", "serde", "smol_str", "thiserror", "jiff", "strsim"]),
    ("clock", &["nix"]),
    (
        "config",
        &[
            "rust_decimal",
            "serde",
            "smol_str",
            "thiserror",
            "toml",
            "url",
            "zeroize",
            "keyring",
            "directories",
            "strsim",
            "jiff",
            "nix",
        ],
    ),
    (
        "transport",
        &[
            "bytes",
            "futures_util",
            "fastrand",
            "http",
            "http_body_util",
            "hyper",
            "hyper_util",
            "jiff",
            "nix",
            "ring",
            "rustls",
            "rustls_native_certs",
            "thiserror",
            "tokio",
            "tokio_rustls",
            "tokio_tungstenite",
            "tracing",
            "url",
            "zeroize",
            "serde",
        ],
    ),
    ("calendar", &["jiff", "thiserror", "serde"]),
    ("book", &["hashbrown", "rust_decimal", "serde", "smol_str", "thiserror"]),
    ("risk", &["rust_decimal", "serde", "smol_str", "thiserror", "jiff"]),
    ("sizing", &["jiff", "rust_decimal", "serde", "smol_str", "thiserror"]),
    ("monitor", &["rust_decimal", "serde", "smol_str", "jiff"]),
    ("analytics", &["rust_decimal", "serde", "smol_str", "jiff"]),
    ("broker", &["rust_decimal", "serde", "smol_str", "thiserror", "futures_util", "tokio"]),
    ("desk", &["rust_decimal", "serde", "smol_str", "thiserror", "jiff"]),
    ("engine", &["rust_decimal", "serde", "smol_str", "thiserror", "jiff"]),
    (
        "adapters",
        &[
            "rust_decimal",
            "serde",
            "serde_json",
            "smol_str",
            "thiserror",
            "tokio",
            "futures_util",
            "bytes",
            "http",
            "url",
            "tracing",
            "ibapi",
            "jiff",
        ],
    ),
    (
        "algos",
        &[
            "bytes",
            "getrandom",
            "http",
            "jiff",
            "nix",
            "notify",
            "rust_decimal",
            "serde",
            "serde_json",
            "smol_str",
            "thiserror",
            "tokio",
            "tracing",
            "url",
            "zeromq",
        ],
    ),
    (
        "paper",
        &[
            "rust_decimal",
            "serde",
            "serde_json",
            "smol_str",
            "thiserror",
            "tokio",
            "futures_util",
            "axum",
            "bytes",
            "http",
            "fastrand",
            "uuid",
            "jiff",
            "tracing",
            "rusqlite",
            "fs4",
            "getrandom",
            "rmpv",
            "toml",
        ],
    ),
    ("journal", &["crc32fast", "nix", "rusqlite", "serde", "serde_json", "smol_str", "thiserror"]),
    (
        "recording",
        &["crc32fast", "jiff", "lz4_flex", "rmp_serde", "serde", "serde_json", "smol_str", "thiserror"],
    ),
    (
        "notify",
        &[
            "http",
            "jiff",
            "lettre",
            "nix",
            "notify_rust",
            "serde",
            "serde_json",
            "smol_str",
            "tokio",
            "tracing",
            "url",
        ],
    ),
    (
        "tui",
        &[
            "ratatui",
            "crossterm",
            "tui_input",
            "unicode_width",
            "serde",
            "smol_str",
            "toml",
            "thiserror",
            "strsim",
            "jiff",
            "rust_decimal",
            "nix",
        ],
    ),
    (
        "runtime",
        &[
            "tokio",
            "url",
            "rust_decimal",
            "anyhow",
            "tracing",
            "tracing_subscriber",
            "futures_util",
            "crossterm",
            "signal_hook",
            "fs4",
            "getrandom",
            "nix",
            "serde",
            "serde_json",
            "thiserror",
            "smol_str",
            "jiff",
            "ratatui",
            "bytes",
            "postcard",
            "directories",
        ],
    ),
    (
        "cli",
        &[
            "anyhow",
            "clap",
            "clap_complete",
            "clap_mangen",
            "serde",
            "serde_json",
            "tokio",
            "nix",
            "jiff",
            "smol_str",
            "rust_decimal",
            "directories",
        ],
    ),
    ("main", &[]),
];

/// Rooms that decide; they neither wait nor read the world.
const SYNC: &[&str] =
    &["domain", "grammar", "calendar", "book", "risk", "sizing", "monitor", "analytics", "desk", "engine"];

#[test]
fn rooms_only_link_the_crates_they_need() {
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    let deps: BTreeSet<String> = manifest
        .lines()
        .skip_while(|l| *l != "[dependencies]")
        .skip(1)
        .take_while(|l| !l.starts_with('['))
        .filter_map(|l| l.split_once('=').map(|(n, _)| n.trim().replace('-', "_")))
        .filter(|n| !n.is_empty())
        .collect();
    let mut bad = BTreeSet::new();
    for file in sources(Path::new("src")) {
        let module = module_path(&file);
        let room = module[0].as_str();
        let allowed = MAY_LINK.iter().find(|(r, _)| *r == room).map_or(&[][..], |(_, d)| d);
        let seen = walk(&module, &fs::read_to_string(&file).unwrap());
        for (line, name) in seen.outside {
            if deps.contains(&name) && !allowed.contains(&name.as_str()) {
                bad.insert(format!("{}:{line}: `{room}` may not link `{name}`", file.display()));
            }
        }
        if SYNC.contains(&room) {
            bad.extend(
                seen.awaits.iter().map(|l| format!("{}:{l}: `{room}` must not be async", file.display())),
            );
        }
    }
    assert!(bad.is_empty(), "\n{}\n", bad.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_table_is_a_dag_and_names_every_room() {
    let table: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    let mut seen = BTreeSet::new();
    for (room, deps) in MAY_USE {
        for dep in *deps {
            // `risk::permit` is below `risk`; the rest must already be listed.
            let head = dep.split("::").next().unwrap();
            assert!(seen.contains(head), "{room} -> {dep} points upward or is unlisted");
        }
        seen.insert(*room);
    }
    for file in sources(Path::new("src")) {
        let module = module_path(&file);
        assert!(table.contains_key(module[0].as_str()), "{} is in no room", file.display());
    }
}

/// The judge is itself judged.
#[test]
fn the_judge_sees_every_way_to_name_a_room() {
    let seen = |module: &[&str], src: &str| -> Vec<String> {
        let module: Vec<String> = module.iter().map(|s| (*s).to_owned()).collect();
        named_paths(&module, src).into_iter().filter_map(|(_, t)| judge(&module, &t)).collect()
    };
    for src in [
        "use crate::engine::Engine;",
        "use crate::{domain::Side, engine};",
        "use crate::{domain::{self, Side}, engine as e};",
        "use crate::*;",
        "use super::super::engine::Engine;",
        "fn f() { crate::engine::go(); }",
        "fn f() -> crate::engine::Engine { loop {} }",
        "fn f() { println!(\"{}\", crate::engine::N); }",
        "macro_rules! m { () => { $crate::engine::go() } }",
        "mod inner { use super::super::super::engine::Engine; }",
        "impl crate::engine::T for X {}",
        "pub(crate) use crate::engine::Engine;",
        "use ::tradedeck::engine::Engine;",
    ] {
        assert!(!seen(&["tui", "panes"], src).is_empty(), "missed: {src}");
    }
    for src in [
        "use crate::desk::Snapshot;",
        "use super::widgets::Table;",
        "mod inner { use super::super::theme::T; }",
        "/// see [`crate::engine`]\nfn f() {}",
        "const S: &str = \"crate::engine\";",
    ] {
        assert!(
            seen(&["tui", "panes"], src).is_empty(),
            "false alarm: {src} {:?}",
            seen(&["tui", "panes"], src)
        );
    }
    assert!(seen(&["broker"], "use crate::risk::permit::Cleared;").is_empty());
    assert!(!seen(&["broker"], "use crate::risk::gate;").is_empty());
    assert!(!seen(&["broker"], "use crate::risk::{permit::Cleared, gate};").is_empty());
    // No venue may lean on another venue.
    assert!(!seen(&["adapters", "alpaca"], "use crate::adapters::kraken::Sign;").is_empty());
    assert!(!seen(&["adapters", "alpaca"], "use super::kraken::Sign;").is_empty());
    assert!(seen(&["adapters", "alpaca"], "use super::number::Number;").is_empty());
    assert!(!seen(&["adapters", "number"], "use super::alpaca::Alpaca;").is_empty());
    assert!(seen(&["adapters", "registry"], "use super::kraken::Kraken;").is_empty());
}

/// What lies beside the venues for all of them.
const SHARED_BY_VENUES: &[&str] = &["exchange", "members", "number", "pump", "quarantine"];

fn judge(module: &[String], target: &[String]) -> Option<String> {
    let room = module[0].as_str();
    let Some(head) = target.first() else {
        return Some("glob import of the crate root".to_owned());
    };
    if head == room {
        // The registry is where the venues are named; no venue may name another. What all share is no venue.
        let sibling_venue = room == "adapters"
            && module.len() > 1
            && module[1] != "registry"
            && target.len() > 1
            && target[1] != module[1]
            && !SHARED_BY_VENUES.contains(&target[1].as_str())
            && target[1].chars().next().is_some_and(char::is_lowercase);
        return sibling_venue.then(|| format!("venue {} names venue {}", module[1], target[1]));
    }
    let full = target.join("::");
    let allowed = MAY_USE.iter().find(|(r, _)| *r == room).map_or(&[][..], |(_, d)| d);
    let ok = allowed.iter().any(|p| full == *p || full.starts_with(&format!("{p}::")));
    (!ok).then(|| format!("`{room}` may not name `{full}`"))
}

/// Every path in `text` that starts at the crate root, as segments below it.
fn named_paths(module: &[String], text: &str) -> Vec<(usize, Vec<String>)> {
    walk(module, text).out
}

fn walk(module: &[String], text: &str) -> Paths {
    let file = syn::parse_file(text).unwrap();
    let mut v = Paths { module: module.to_vec(), out: Vec::new(), outside: Vec::new(), awaits: Vec::new() };
    v.visit_file(&file);
    v
}

struct Paths {
    module: Vec<String>,
    out: Vec<(usize, Vec<String>)>,
    outside: Vec<(usize, String)>,
    awaits: Vec<usize>,
}

impl Paths {
    /// Resolves `crate`, `super`, `self` and the crate's own name; anything else is not ours.
    fn root(&mut self, line: usize, segs: &[String]) {
        let (base, rest) = match segs.first().map(String::as_str) {
            Some("crate" | "tradedeck") => (Vec::new(), &segs[1..]),
            Some("super") => {
                let ups = segs.iter().take_while(|s| *s == "super").count();
                let keep = self.module.len().saturating_sub(ups);
                (self.module[..keep].to_vec(), &segs[ups..])
            }
            Some(other) => {
                self.outside.push((line, other.to_owned()));
                return;
            }
            None => return,
        };
        let mut full = base;
        full.extend(rest.iter().cloned());
        self.out.push((line, full));
    }

    fn tree(&mut self, prefix: &mut Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(p) => {
                prefix.push(p.ident.to_string());
                self.tree(prefix, &p.tree);
                prefix.pop();
            }
            syn::UseTree::Group(g) => g.items.iter().for_each(|t| self.tree(prefix, t)),
            syn::UseTree::Glob(g) => self.root(g.star_token.spans[0].start().line, prefix),
            syn::UseTree::Name(n) => self.leaf(prefix, &n.ident),
            syn::UseTree::Rename(r) => self.leaf(prefix, &r.ident),
        }
    }

    fn leaf(&mut self, prefix: &[String], ident: &syn::Ident) {
        let mut segs = prefix.to_vec();
        if ident != "self" {
            segs.push(ident.to_string());
        }
        self.root(ident.span().start().line, &segs);
    }

    fn tokens(&mut self, stream: TokenStream) {
        let toks: Vec<TokenTree> = stream.into_iter().collect();
        let mut i = 0;
        while i < toks.len() {
            if let TokenTree::Group(g) = &toks[i] {
                self.tokens(g.stream());
            }
            if let TokenTree::Ident(first) = &toks[i] {
                let mut segs = vec![first.to_string()];
                let mut j = i + 1;
                while let (Some(TokenTree::Punct(a)), Some(TokenTree::Punct(b)), Some(TokenTree::Ident(id))) =
                    (toks.get(j), toks.get(j + 1), toks.get(j + 2))
                {
                    if a.as_char() != ':' || b.as_char() != ':' {
                        break;
                    }
                    segs.push(id.to_string());
                    j += 3;
                }
                if segs.len() > 1 {
                    self.root(first.span().start().line, &segs);
                }
                i = j.max(i + 1);
                continue;
            }
            i += 1;
        }
    }
}

impl<'a> Visit<'a> for Paths {
    fn visit_item_use(&mut self, u: &'a syn::ItemUse) {
        self.tree(&mut Vec::new(), &u.tree);
    }
    fn visit_path(&mut self, p: &'a syn::Path) {
        let segs: Vec<String> = p.segments.iter().map(|s| s.ident.to_string()).collect();
        let line = p.segments.first().map_or(0, |s| s.ident.span().start().line);
        if segs.len() > 1 {
            self.root(line, &segs);
        }
        syn::visit::visit_path(self, p);
    }
    fn visit_macro(&mut self, m: &'a syn::Macro) {
        self.tokens(m.tokens.clone());
        syn::visit::visit_macro(self, m);
    }
    fn visit_item_mod(&mut self, m: &'a syn::ItemMod) {
        self.module.push(m.ident.to_string());
        syn::visit::visit_item_mod(self, m);
        self.module.pop();
    }
    fn visit_signature(&mut self, s: &'a syn::Signature) {
        if let Some(a) = &s.asyncness {
            self.awaits.push(a.span.start().line);
        }
        syn::visit::visit_signature(self, s);
    }
    fn visit_expr_async(&mut self, e: &'a syn::ExprAsync) {
        self.awaits.push(e.async_token.span.start().line);
        syn::visit::visit_expr_async(self, e);
    }
    fn visit_visibility(&mut self, _: &'a syn::Visibility) {}
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    out.sort();
    out
}

fn module_path(file: &Path) -> Vec<String> {
    let rel = file.strip_prefix("src").unwrap().with_extension("");
    rel.iter().map(|s| s.to_string_lossy().into_owned()).collect()
}

pub(crate) fn each_source(dir: &Path, f: &mut impl FnMut(&Path, &str)) {
    for file in sources(dir) {
        f(&file, &fs::read_to_string(&file).unwrap());
    }
}
