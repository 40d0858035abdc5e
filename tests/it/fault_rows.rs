//! `tests/FAULTS.md` says which test holds which row of the fault list. A row without a test, a test that is not there
//! or is never run, is a failure here.

use std::{collections::BTreeMap, fs, path::Path};

/// The rows of the groups about submission, order states, exits, the risk engine and the journal.
const ROWS: [(&str, u32); 5] = [("A", 14), ("D", 14), ("E", 15), ("F", 13), ("G", 13)];

/// Each row with the tests that it names.
fn table() -> BTreeMap<String, Vec<(String, String)>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/FAULTS.md")).unwrap();
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|l| l.starts_with("| ") && !l.starts_with("| row")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [row, _, held] = cells[..] else { panic!("three cells in {line}") };
        let mut tests = Vec::new();
        for part in held.split(" · ") {
            let (file, names) = part.strip_prefix('`').and_then(|p| p.split_once('`')).unwrap_or_else(|| {
                panic!("a file in `…` and its tests in {part:?}");
            });
            tests.extend(names.split(',').map(|n| (file.to_owned(), n.trim().to_owned())));
        }
        assert!(rows.insert(row.to_owned(), tests).is_none(), "{row} stands twice");
    }
    rows
}

/// The row ids that have no test in the table.
fn missing(rows: &BTreeMap<String, Vec<(String, String)>>) -> Vec<String> {
    let all = ROWS.iter().flat_map(|(group, last)| (1..=*last).map(move |n| format!("{group}{n}")));
    all.filter(|id| rows.get(id).is_none_or(Vec::is_empty)).collect()
}

/// Is `name` a test in this text?
fn is_test(text: &str, name: &str) -> bool {
    let Some((before, _)) = text.split_once(&format!("fn {name}(")) else { return false };
    // Between the attribute and its function stand at most other attributes.
    before.rsplit("\n\n").next().is_some_and(|b| b.contains("#[test]") || b.contains("#[tokio::test"))
}

#[test]
fn every_row_of_the_fault_list_has_a_test() {
    let rows = table();
    assert_eq!(missing(&rows), Vec::<String>::new());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for (row, tests) in &rows {
        for (file, name) in tests {
            let text = fs::read_to_string(root.join(file)).unwrap_or_else(|e| panic!("{row}: {file}: {e}"));
            if !is_test(&text, name) {
                wrong.push(format!("{row}: there is no test {name} in {file}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_judge_of_the_table_sees_what_is_missing() {
    let mut rows = table();
    rows.remove("D7");
    rows.insert("E4".to_owned(), Vec::new());
    assert_eq!(missing(&rows), ["D7", "E4"]);
    let text = "#[test]\nfn there() {}\n\nfn helper() {}\n";
    assert!(is_test(text, "there") && !is_test(text, "helper") && !is_test(text, "gone"));
}
