//! The market-data side: latest quotes, prints and bars, snapshots, and history.

use super::App;
use crate::{
    domain::{ids::Symbol, instrument::AssetClass, quote::Interval, time::Stamp},
    paper::{
        event::Bar,
        history::History,
        server::{
            answer::{Answer, Refused, ok},
            owner::Request,
            query::Params,
            record::{Field, Record},
            venue::market::{Kind, Named, Source, Sources},
            wire,
        },
    },
};
use axum::{
    Router,
    extract::{Path, State},
    routing::get,
};

pub(super) fn routes() -> Router<App> {
    let stocks = Router::new()
        .route("/quotes/latest", get(|a, q| latest(a, q, AssetClass::Equity, Kind::Quotes)))
        .route("/trades/latest", get(|a, q| latest(a, q, AssetClass::Equity, Kind::Trades)))
        .route("/bars/latest", get(|a, q| latest(a, q, AssetClass::Equity, Kind::Bars)))
        .route("/quotes", get(|a, q| history(a, q, AssetClass::Equity, Kind::Quotes)))
        .route("/trades", get(|a, q| history(a, q, AssetClass::Equity, Kind::Trades)))
        .route("/bars", get(|a, q| history(a, q, AssetClass::Equity, Kind::Bars)))
        .route("/snapshots", get(stock_snapshots))
        .route("/{symbol}/quotes/latest", get(|a, p| latest_of(a, p, Kind::Quotes)))
        .route("/{symbol}/trades/latest", get(|a, p| latest_of(a, p, Kind::Trades)))
        .route("/{symbol}/bars/latest", get(|a, p| latest_of(a, p, Kind::Bars)))
        .route("/{symbol}/quotes", get(|a, p, q| history_of(a, p, q, Kind::Quotes)))
        .route("/{symbol}/trades", get(|a, p, q| history_of(a, p, q, Kind::Trades)))
        .route("/{symbol}/bars", get(|a, p, q| history_of(a, p, q, Kind::Bars)))
        .route("/{symbol}/snapshot", get(stock_snapshot));
    let crypto = Router::new()
        .route("/latest/quotes", get(|a, q| latest(a, q, AssetClass::Crypto, Kind::Quotes)))
        .route("/latest/trades", get(|a, q| latest(a, q, AssetClass::Crypto, Kind::Trades)))
        .route("/latest/bars", get(|a, q| latest(a, q, AssetClass::Crypto, Kind::Bars)))
        .route("/quotes", get(|a, q| history(a, q, AssetClass::Crypto, Kind::Quotes)))
        .route("/trades", get(|a, q| history(a, q, AssetClass::Crypto, Kind::Trades)))
        .route("/bars", get(|a, q| history(a, q, AssetClass::Crypto, Kind::Bars)))
        .route("/snapshots", get(crypto_snapshots));
    Router::new().nest("/v2/stocks", stocks).nest("/v1beta3/crypto/us", crypto)
}

const SYMBOLS_MAX: usize = 200;
const PAGE_MAX: usize = 10_000;
const DAY_MS: i64 = 86_400_000;

/// The symbols that a query names.
fn named(params: &Params, class: AssetClass) -> Result<Named, Refused> {
    let words: Vec<String> = params.list("symbols").into_iter().map(str::to_owned).collect();
    match words.len() {
        0 => Err(Refused::bad_request("symbols is required")),
        1..=SYMBOLS_MAX => Ok(Named { words, class }),
        _ => Err(Refused::bad_request(format!("at most {SYMBOLS_MAX} symbols are accepted"))),
    }
}

async fn latest(State(app): State<App>, params: Params, class: AssetClass, kind: Kind) -> Answer {
    let asked = named(&params, class)?;
    let found = app.owner.ask(|reply| Request::Latest(asked, kind, reply)).await?;
    ok(&Record::new().with(kind.plural(), found))
}

async fn latest_of(State(app): State<App>, Path(symbol): Path<String>, kind: Kind) -> Answer {
    let found = app.owner.ask(|reply| Request::LatestOf(symbol, kind, reply)).await?;
    ok(&found.ok_or_else(unknown_symbol)?)
}

fn unknown_symbol() -> Refused {
    Refused::bad_request("invalid symbol: there is no such stock at the paper venue")
}

async fn snapshots(app: App, params: &Params, class: AssetClass) -> Result<Record, Refused> {
    let asked = named(params, class)?;
    Ok(app.owner.ask(|reply| Request::Snapshots(asked, reply)).await?)
}

async fn stock_snapshots(State(app): State<App>, params: Params) -> Answer {
    ok(&snapshots(app, &params, AssetClass::Equity).await?)
}

async fn crypto_snapshots(State(app): State<App>, params: Params) -> Answer {
    ok(&Record::new().with("snapshots", snapshots(app, &params, AssetClass::Crypto).await?))
}

async fn stock_snapshot(State(app): State<App>, Path(symbol): Path<String>) -> Answer {
    let found = app.owner.ask(|reply| Request::SnapshotOf(symbol, reply)).await?;
    ok(&found.ok_or_else(unknown_symbol)?)
}

/// Where a page ended: in this symbol, at this instant, of whose rows so many have been given.
#[derive(Debug, Clone)]
struct Token {
    symbol: String,
    at: Stamp,
    given: usize,
}

impl Token {
    fn read(word: &str) -> Option<Self> {
        let mut parts = word.split('|');
        let (symbol, at, given) = (parts.next()?, parts.next()?, parts.next()?);
        let at = Stamp::from_nanos(at.parse().ok()?);
        Some(Self { symbol: symbol.to_owned(), at, given: given.parse().ok()? })
    }
    fn write(&self) -> String {
        format!("{}|{}|{}", self.symbol, self.at.as_nanos(), self.given)
    }
}

/// A stretch of history that is asked for, page by page.
#[derive(Debug, Clone)]
struct Stretch {
    start: Option<Stamp>,
    end: Option<Stamp>,
    limit: usize,
    is_newest_first: bool,
    interval: Interval,
    token: Option<Token>,
}

fn interval(word: &str) -> Result<Interval, Refused> {
    match word {
        "1Min" | "1T" => Ok(Interval::Min1),
        "5Min" | "5T" => Ok(Interval::Min5),
        "15Min" | "15T" => Ok(Interval::Min15),
        "1Hour" | "1H" | "60Min" | "60T" => Ok(Interval::Hour1),
        "1Day" | "1D" => Ok(Interval::Day1),
        other => Err(Refused::bad_request(format!(
            "invalid timeframe \"{}\": the paper venue has 1Min, 5Min, 15Min, 1Hour and 1Day",
            other.chars().filter(|c| !c.is_control()).take(20).collect::<String>()
        ))),
    }
}

impl Stretch {
    fn of(params: &Params, kind: Kind) -> Result<Self, Refused> {
        let bad = |e: wire::Unclear| Refused::bad_request(e.0);
        let interval = match (kind, params.word("timeframe")) {
            (Kind::Bars, Some(word)) => interval(word)?,
            (Kind::Bars, None) => return Err(Refused::bad_request("timeframe is required")),
            (Kind::Quotes | Kind::Trades, _) => Interval::Min1,
        };
        let token = params
            .word("page_token")
            .map(|word| Token::read(word).ok_or_else(|| Refused::bad_request("invalid page_token")));
        Ok(Self {
            start: params.instant("start").map_err(bad)?,
            end: params.instant("end").map_err(bad)?,
            limit: params.count("limit", 1_000, 1..=PAGE_MAX).map_err(bad)?,
            is_newest_first: params.choice("sort", &["asc", "desc"]).map_err(bad)? == "desc",
            interval,
            token: token.transpose()?,
        })
    }

    /// From and up to, both included; from the start of the venue's day where nothing is said, as Alpaca has it.
    fn range(&self, now: Stamp) -> (Stamp, Stamp) {
        let day = DAY_MS.saturating_mul(1_000_000);
        let midnight = now.as_nanos().saturating_sub(now.as_nanos().rem_euclid(day));
        (self.start.unwrap_or(Stamp::from_nanos(midnight)), self.end.unwrap_or(now).min(now))
    }

    /// Everything of one symbol in the stretch, in the order asked for, each with its time.
    fn rows(&self, now: Stamp, class: AssetClass, symbol: &Symbol, source: Source) -> Vec<(Stamp, Record)> {
        let (start, end) = self.range(now);
        let mut rows = match source {
            Source::Rows(rows) => rows,
            Source::Bars(history) => self.bars(&history, (start, end), symbol, class),
        };
        rows.retain(|(at, _)| *at >= start && *at <= end);
        if self.is_newest_first {
            rows.reverse();
        }
        rows
    }

    /// Where the page before ended, if it ended in this symbol.
    fn behind(&self, symbol: &Symbol) -> Option<&Token> {
        self.token.as_ref().filter(|token| token.symbol == symbol.as_str())
    }

    /// Two bars more than the page: the one that the page before ended with, and one that says whether there is more.
    fn bars(
        &self,
        history: &History,
        (start, end): (Stamp, Stamp),
        symbol: &Symbol,
        class: AssetClass,
    ) -> Vec<(Stamp, Record)> {
        let behind = self.behind(symbol).map(|token| token.at);
        let wanted = self.limit.saturating_add(2);
        let length_ms = i64::from(self.interval.secs()).saturating_mul(1000);
        let span = i64::try_from(wanted).ok().unwrap_or(i64::MAX).saturating_mul(length_ms);
        let until = end.plus_ms(1);
        let bars = if self.is_newest_first {
            let last = behind.unwrap_or(until).min(until);
            self.newest(history, (start, last), (wanted, span))
        } else {
            history.bars(self.interval, (behind.unwrap_or(start).max(start), until), wanted)
        };
        bars.iter().map(|b| (b.at, wire::bar(class, b))).collect()
    }

    /// At least `wanted` bars that begin before `until`, where there are so many. Nights and weekends have none: each
    /// look reaches twice as far back as the one before.
    fn newest(
        &self,
        history: &History,
        (start, mut until): (Stamp, Stamp),
        (wanted, mut span): (usize, i64),
    ) -> Vec<Bar> {
        let mut found: Vec<Bar> = Vec::new();
        while until > start && found.len() < wanted {
            let from = until.plus_ms(span.saturating_neg()).max(start);
            let mut earlier = history.bars(self.interval, (from, until), usize::MAX);
            earlier.append(&mut found);
            found = earlier;
            (until, span) = (from, span.saturating_mul(2));
        }
        found
    }

    /// Rows behind the end of the page before.
    fn fresh(&self, symbol: &Symbol, rows: Vec<(Stamp, Record)>) -> Vec<(Stamp, Record)> {
        let Some(token) = self.behind(symbol) else { return rows };
        let mut given = token.given;
        let is_fresh = |(at, _): &(Stamp, Record)| {
            if *at == token.at && given > 0 {
                given = given.saturating_sub(1);
                return false;
            }
            *at == token.at || (*at < token.at) == self.is_newest_first
        };
        rows.into_iter().filter(is_fresh).collect()
    }

    /// Where the page ends, if there is more behind `list` in this symbol.
    fn end(&self, symbol: &Symbol, list: &[(Stamp, Record)]) -> Token {
        let before = self.behind(symbol);
        let Some((last, _)) = list.last() else {
            // Nothing of this symbol fitted: the next page goes on as this one did, or has all of it.
            let all = Stamp::from_nanos(if self.is_newest_first { i64::MAX } else { i64::MIN });
            let all = Token { symbol: symbol.as_str().to_owned(), at: all, given: 0 };
            return before.cloned().unwrap_or(all);
        };
        let same = list.iter().rev().take_while(|(at, _)| at == last).count();
        let earlier = before.filter(|token| token.at == *last).map_or(0, |token| token.given);
        Token { symbol: symbol.as_str().to_owned(), at: *last, given: same.saturating_add(earlier) }
    }

    /// The page, by symbol, and where the next one starts.
    fn page(&self, sources: Sources) -> Page {
        let mut page = Page { lists: Vec::new(), next: None };
        let mut room = self.limit;
        for (symbol, source) in sources.all {
            if self.token.as_ref().is_some_and(|token| symbol.as_str() < token.symbol.as_str()) {
                continue;
            }
            let rows = self.rows(sources.now, sources.class, &symbol, source);
            let mut list = self.fresh(&symbol, rows);
            if list.len() > room {
                list.truncate(room);
                page.next = Some(self.end(&symbol, &list).write());
            }
            room = room.saturating_sub(list.len());
            if !list.is_empty() {
                page.lists.push((symbol, list.into_iter().map(|(_, r)| r).collect()));
            }
            if page.next.is_some() {
                break;
            }
        }
        page
    }

    /// The page, made on a thread where it may take its time.
    async fn answer(self, sources: Sources) -> Result<Page, Refused> {
        tokio::task::spawn_blocking(move || self.page(sources)).await.map_err(|_| Refused::internal())
    }
}

struct Page {
    lists: Vec<(Symbol, Vec<Record>)>,
    next: Option<String>,
}

async fn history(State(app): State<App>, params: Params, class: AssetClass, kind: Kind) -> Answer {
    let (asked, stretch) = (named(&params, class)?, Stretch::of(&params, kind)?);
    let sources = app.owner.ask(|reply| Request::History(asked, kind, reply)).await?;
    let page = stretch.answer(sources).await?;
    let lists = page.lists.into_iter().fold(Record::new(), |map, (s, list)| map.with(s.as_str(), list));
    ok(&Record::new().with(kind.plural(), lists).with("next_page_token", Field::from(page.next.as_deref())))
}

async fn history_of(
    State(app): State<App>,
    Path(symbol): Path<String>,
    params: Params,
    kind: Kind,
) -> Answer {
    let stretch = Stretch::of(&params, kind)?;
    let sources = app.owner.ask(|reply| Request::HistoryOf(symbol, kind, reply)).await?;
    let (symbol, sources) = sources.ok_or_else(unknown_symbol)?;
    let page = stretch.answer(sources).await?;
    let list = page.lists.into_iter().flat_map(|(_, list)| list).collect::<Vec<_>>();
    ok(&Record::new()
        .with("symbol", symbol.as_str())
        .with(kind.plural(), list)
        .with("next_page_token", Field::from(page.next.as_deref())))
}
