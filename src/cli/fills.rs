//! `tradedeck fills`.

use super::{
    open::{At, Context, is_at, look},
    report::{Failure, Report},
    rows,
    table::{Table, maybe, rounded},
};
use crate::{desk::snapshot::FillRow, domain::money::Ratio};

pub(super) fn run(context: &Context, at: &At) -> Result<Report, Failure> {
    look(context, at.at.as_deref(), |s, venue| {
        let fills: Vec<&FillRow> = s.fills.iter().filter(|f| is_at(venue, &f.order.venue)).collect();
        let mut table = Table::new(&[
            "time",
            "venue",
            "symbol",
            "side",
            ">qty",
            ">price",
            ">fee",
            "liquidity",
            ">slip bps",
            "order",
            "note",
        ]);
        for f in &fills {
            table.row(vec![
                f.at.to_rfc3339(),
                f.order.venue.to_string(),
                f.symbol.to_string(),
                f.side.word().to_owned(),
                f.qty.to_string(),
                f.price.to_string(),
                maybe(f.fee.as_ref().map(|fee| format!("{} {}", fee.amount, fee.currency))),
                rows::word(&f.liquidity),
                rounded(f.slippage_bps.map(Ratio::get)),
                f.order.client.to_string(),
                if f.inferred { "inferred".to_owned() } else { String::new() },
            ]);
        }
        ("fills", rows::document(&fills, s.at), table.print("no fills"))
    })
}
