//! Aligned columns of plain text.

use rust_decimal::Decimal;

/// A table: a head, then rows. Columns whose head begins with `>` stand to the right.
#[derive(Debug)]
pub(super) struct Table {
    head: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) const fn new(head: &'static [&'static str]) -> Self {
        Self { head, rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table as text, or `nothing` where it has no rows.
    pub(super) fn print(&self, nothing: &str) -> String {
        if self.rows.is_empty() {
            return format!("{nothing}\n");
        }
        let widths: Vec<usize> = (0..self.head.len()).map(|n| self.width(n)).collect();
        let head = self.head.iter().map(|h| h.trim_start_matches('>').to_owned()).collect::<Vec<_>>();
        let mut text = String::new();
        for cells in std::iter::once(&head).chain(&self.rows) {
            text.push_str(self.line(cells, &widths).trim_end());
            text.push('\n');
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        let head = self.head.get(column).map_or(0, |h| h.trim_start_matches('>').chars().count());
        let rows = self.rows.iter().filter_map(|r| r.get(column)).map(|c| c.chars().count());
        rows.fold(head, usize::max)
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, width), head) in cells.iter().zip(widths).zip(self.head) {
            let padded =
                if head.starts_with('>') { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
            line.push_str(&padded);
            line.push_str("  ");
        }
        line
    }
}

/// Lines as one text.
pub(super) fn lines<T: AsRef<str>>(lines: &[T]) -> String {
    lines.iter().flat_map(|l| [l.as_ref(), "\n"]).collect()
}

/// What can't be said is a dash.
pub(super) fn maybe<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| v.to_string())
}

/// A ratio or a percentage for people: two places. Scripts get it whole.
pub(super) fn rounded(value: Option<Decimal>) -> String {
    maybe(value.map(|v| v.round_dp(2)))
}

/// `340ms`, `12s`, `4m`, `3h`, `2d`.
pub(super) fn age(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms}ms"),
        1_000..120_000 => format!("{}s", ms.div_euclid(1_000)),
        120_000..7_200_000 => format!("{}m", ms.div_euclid(60_000)),
        7_200_000..172_800_000 => format!("{}h", ms.div_euclid(3_600_000)),
        _ => format!("{}d", ms.div_euclid(86_400_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_heads() {
        let mut table = Table::new(&["symbol", ">qty", "note"]);
        assert_eq!(table.print("no positions"), "no positions\n");
        table.row(vec!["AAPL".to_owned(), "1200".to_owned(), String::new()]);
        table.row(vec!["BTC/USD".to_owned(), "0.5".to_owned(), maybe::<u8>(None)]);
        assert_eq!(table.print(""), "symbol    qty  note\nAAPL     1200\nBTC/USD   0.5  -\n");
    }

    #[test]
    fn ages_are_short() {
        let ages = [999, 1_000, 119_999, 120_000, 7_200_000, 172_800_000].map(age);
        assert_eq!(ages, ["999ms", "1s", "119s", "2m", "2h", "2d"]);
    }
}
