//! What moves about on the screen and trades nothing.

use super::*;

#[test]
fn lines_move_about() {
    let mut b = Bench::new();
    b.keys(
        ": 'page 3' Enter : 'focus alerts' Enter : 'zoom' Enter : 'filter stop' Enter : 'sort time up' Enter",
    );
    let m = &b.model;
    assert_eq!((m.current_page().unwrap().name.as_str(), m.focus, m.zoomed), ("trade", Pane::Alerts, true));
    assert_eq!((m.table(Pane::Alerts).filter.as_str(), m.table(Pane::Alerts).rows.len()), ("stop", 2));
    assert!(m.table(Pane::Alerts).sort.is_some_and(|s| !s.descending));
    b.keys(": 'tab all' Enter : 'symbol TSLA' Enter : 'theme light' Enter : 'ticket sell bracket AMD' Enter");
    let m = &b.model;
    assert_eq!((m.tabs.orders, m.theme.as_str()), (OrdersTab::All, "light"));
    assert_eq!(m.ticket.text(Field::Symbol), "AMD");
    assert_eq!(m.history.len(), 9);
}

#[test]
fn a_wrong_line_stays_with_its_place() {
    for (line, at, text) in [
        ("zom", 0, "`zom` is not a command: did you mean `zoom`?"),
        ("page 99", 5, "there is no page `99`; there are trade, orders, account, health"),
        ("  page x", 7, "there is no page `x`; there are trade, orders, account, health"),
        ("page", 4, "write `page NUMBER|NAME`"),
        ("zoom in", 4, "nothing follows `zoom`"),
        ("arm 0", 4, "write minutes from 1 to 480, as in `arm 15`"),
        (
            "sort colour",
            5,
            "`colour` is no column here; write one of symbol, last, bid, ask, spr, chg, vol, age, venue",
        ),
        ("buy AAPL 10 limt 3", 12, "`limt` at column 13 means nothing here: did you mean `limit`?"),
        ("halt now", 5, "`now` at column 6 means nothing here: "),
        ("abandon td-a-9 x", 8, "there is no order `td-a-9`"),
    ] {
        let mut b = Bench::new();
        b.keys(&format!(": '{line}' Enter"));
        let open = b.model.command_line.as_ref().expect("the line stays open");
        let error = open.error.as_ref().expect("and says why");
        assert!(error.text.as_str().starts_with(text), "{line}: {}", error.text);
        assert_eq!((error.at, open.input.value()), (at, line), "{line}");
        assert_eq!(b.log(), [""; 0]);
    }
}

#[test]
fn words_are_completed() {
    for (typed, tabs, want) in [
        ("zo", 1, "zoom "),
        ("pag", 1, "page "),
        ("page ac", 1, "page account "),
        ("theme ", 2, "theme light"),
        ("theme ", 3, "theme dark"),
        ("buy AM", 1, "buy AMD "),
        ("focus ale", 1, "focus alerts "),
        ("quit ", 1, "quit now"),
        ("nothing", 1, "nothing"),
    ] {
        let mut b = Bench::new();
        b.keys(&format!(": '{typed}'"));
        for _ in 0..tabs {
            b.keys("Tab");
        }
        assert_eq!(b.model.command_line.as_ref().unwrap().input.value(), want, "{typed}");
    }
    let mut b = Bench::new();
    b.keys(": 'theme ' Tab Tab BackTab");
    assert_eq!(b.model.command_line.as_ref().unwrap().input.value(), "theme dark");
}

#[test]
fn lines_given_before_come_back() {
    let mut b = Bench::new();
    b.model.history = vec!["from the last run".into()];
    b.keys(": 'zoom' Enter : 'zoom' Enter : 'page 2' Enter");
    let saved: Vec<_> = b.log().into_iter().filter(|l| l.starts_with("SaveHistory")).collect();
    assert_eq!(saved.len(), 2, "the same line twice is one");
    assert_eq!(saved[1], r#"SaveHistory(["from the last run", "zoom", "page 2"])"#);
    let line = |b: &mut Bench, keys: &str| {
        b.keys(keys);
        b.model.command_line.as_ref().unwrap().input.value().to_owned()
    };
    assert_eq!(line(&mut b, ": 'half' Up"), "page 2");
    assert_eq!(line(&mut b, "Up"), "zoom");
    assert_eq!(line(&mut b, "Up Up Up"), "from the last run");
    assert_eq!(line(&mut b, "Down Down"), "page 2");
    assert_eq!(line(&mut b, "Down"), "half");
}

#[test]
fn the_filter_acts_while_it_is_typed() {
    let mut b = Bench::new();
    b.keys("/ 'tsl'");
    let shown = |b: &Bench| b.model.table(Pane::Watchlist).rows.clone();
    assert_eq!(shown(&b), [1]);
    b.keys("Enter");
    assert_eq!((shown(&b), b.model.filter_line.is_none()), (vec![1], true));
    b.keys("q");
    assert_eq!(shown(&b), [0, 1, 2]);
    b.keys("/ 'tsl' Esc");
    assert_eq!(shown(&b), [0, 1, 2]);
}

#[test]
fn sorting_keeps_brackets_together() {
    let mut b = Bench::new();
    b.keys(": 'tab all' Enter : 'focus orders' Enter : 'sort symbol down' Enter");
    assert_eq!(b.model.table(Pane::Orders).rows, [3, 4, 0, 1, 2]);
    b.keys("O");
    assert_eq!(b.model.table(Pane::Orders).rows, [0, 1, 2, 3, 4]);
    b.keys(": 'sort qty' Enter : 'sort off' Enter s");
    assert_eq!(b.model.table(Pane::Orders).sort.unwrap().column.word(), "symbol");
    b.keys(": 'tab working' Enter");
    assert_eq!(b.model.table(Pane::Orders).rows, [0, 1, 2, 3]);
    b.keys("] ] ]");
    assert_eq!(
        (b.model.tabs.orders, b.model.table(Pane::Orders).rows.clone()),
        (OrdersTab::Rejected, vec![4])
    );
}

#[test]
fn the_selection_stays_on_its_row() {
    let mut b = Bench::new();
    b.keys("j");
    assert_eq!(b.model.instrument, Some(instrument("TSLA")));
    let mut next = snapshot();
    Arc::make_mut(&mut next.watchlist).swap(0, 1);
    b.msg(Msg::Snapshot(Arc::new(next)));
    assert_eq!(
        (b.model.table(Pane::Watchlist).cursor, b.model.instrument.clone()),
        (0, Some(instrument("TSLA")))
    );
}

#[test]
fn the_palette_finds_and_does() {
    let mut b = Bench::new();
    b.keys("^P 'zoom' Enter");
    assert!(b.model.zoomed && b.model.modal.is_none());
    b.keys("^P 'thm' Enter");
    assert_eq!(b.model.command_line.as_ref().unwrap().input.value(), "theme ");
}

#[test]
fn help_is_of_what_has_the_focus_and_scrolls() {
    let mut b = Bench::new();
    b.keys("b ?");
    let Some(Modal::Help { title, lines, .. }) = &b.model.modal else { panic!("no help") };
    assert_eq!(*title, "ticket");
    assert!(lines.iter().any(|l| l.keys == "Enter" && l.words == "review, again: send"));
    b.keys("q ?  j j Down");
    let Some(Modal::Help { scroll, .. }) = &b.model.modal else { panic!("no help") };
    assert_eq!(*scroll, 3);
}

#[test]
fn the_mouse_focuses_selects_sorts_and_never_trades() {
    let mut b = Bench::new();
    let click = |b: &mut Bench, column, row| {
        b.msg(Msg::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column,
            row,
            modifiers: KeyModifiers::NONE,
        }));
    };
    b.model.drawn.hits = vec![
        (Rect::new(0, 0, 50, 20), Hit::Pane(Pane::Positions)),
        (Rect::new(0, 3, 50, 1), Hit::Row(Pane::Positions, 1)),
        (Rect::new(0, 1, 10, 1), Hit::Head(Pane::Positions, crate::tui::column::Column::Qty)),
        (Rect::new(0, 30, 10, 1), Hit::Page(1)),
        (Rect::new(60, 0, 10, 1), Hit::Field(Field::Size)),
    ];
    click(&mut b, 5, 3);
    assert_eq!((b.model.focus, b.model.instrument.clone()), (Pane::Positions, Some(instrument("TSLA"))));
    click(&mut b, 5, 1);
    assert_eq!(b.model.table(Pane::Positions).rows, [0, 1]);
    click(&mut b, 5, 1);
    assert_eq!(b.model.table(Pane::Positions).rows, [1, 0]);
    click(&mut b, 5, 30);
    assert_eq!(b.model.page, 1);
    b.keys("b Tab '10' Enter");
    click(&mut b, 5, 3);
    b.keys("Enter Enter");
    assert_eq!(b.deeds(), [""; 0], "a click elsewhere took the order out of review");
    assert_eq!(b.model.ticket.phase, Phase::Editing);
}

#[test]
fn a_loud_alert_rings_once() {
    let mut b = Bench::new();
    let mut next = snapshot();
    Arc::make_mut(&mut next.alerts).insert(0, alert(9, Severity::Critical));
    let next = Arc::new(next);
    b.msg(Msg::Snapshot(Arc::clone(&next))).msg(Msg::Snapshot(next));
    assert_eq!(b.log(), ["Bell"]);
}

#[test]
fn nothing_is_done_before_the_first_snapshot() {
    let mut b = Bench::empty(Settings::default());
    b.keys("x 4 v e C c m a j k G o O y Enter");
    assert_eq!(b.log(), [""; 0]);
}

#[test]
fn a_view_is_made_anew_only_when_its_list_is_another() {
    let mut model = with_hotkey(crate::config::Level::Load);
    model.tables.get_mut(&Pane::Orders).unwrap().rows.clear();
    let same = Snapshot { seq: 9, ..(*model.snapshot).clone() };
    update(&mut model, Msg::Snapshot(Arc::new(same.clone())), Now::default());
    assert!(model.table(Pane::Orders).rows.is_empty(), "the same list");
    let other = Snapshot { orders: Arc::new((*same.orders).clone()), ..same };
    update(&mut model, Msg::Snapshot(Arc::new(other)), Now::default());
    assert!(!model.table(Pane::Orders).rows.is_empty(), "another list");
}

#[test]
fn columns_are_chosen_by_name_and_put_back() {
    let mut b = Bench::new();
    b.keys(": 'focus orders' Enter : 'columns symbol qty state' Enter");
    assert_eq!(b.model.table(Pane::Orders).columns, ["symbol", "qty", "state"]);
    for (line, why) in [
        ("columns symbl", "orders has no column `symbl`: did you mean `symbol`?"),
        ("columns qty,qty", "the column `qty` stands there twice"),
    ] {
        b.keys(&format!(": '{line}' Enter"));
        assert_eq!(b.model.command_line.as_ref().unwrap().error.as_ref().unwrap().text.as_str(), why);
        b.keys("Esc");
        assert_eq!(b.model.table(Pane::Orders).columns, ["symbol", "qty", "state"]);
    }
    b.keys(": 'columns' Enter");
    assert!(b.toast().starts_with("orders: symbol side qty"), "{}", b.toast());
    b.keys(": 'columns reset' Enter");
    assert!(b.model.table(Pane::Orders).columns.is_empty());
    b.keys(": 'focus health' Enter : 'columns venue' Enter");
    let error = b.model.command_line.as_ref().unwrap().error.as_ref().unwrap().text.as_str();
    assert_eq!(error, "health has no columns to choose");
}

#[test]
fn a_configuration_read_anew_changes_the_screen_and_loses_nothing_that_is_typed() {
    use crate::tui::{focus::Page, layout, msg::Configured, theme::Themes};
    let page =
        |name: &str, text: &str| Page { name: name.into(), layout: layout::text::parse(text).unwrap() };
    let new = |pages: Vec<Page>, theme: &str, needs_restart| {
        let settings = Settings {
            pages,
            columns: [(Pane::Orders, vec!["symbol".into()])].into(),
            themes: vec!["dark".into(), "light".into()],
            ..Settings::default()
        };
        Msg::Configured(Box::new(Configured {
            settings,
            themes: Themes::default(),
            theme: theme.into(),
            zone: jiff::tz::TimeZone::UTC,
            numbers: crate::config::Numbers::default(),
            needs_restart,
        }))
    };
    let mut b = Bench::new();
    b.keys("2 b Tab '10'");
    b.msg(new(vec![page("mine", "chart"), page("orders", "orders / fills")], "light", true));
    assert_eq!((b.model.page, b.model.theme.as_str()), (1, "light"), "the page of that name stays");
    assert_eq!((b.model.focus, b.model.ticket.text(Field::Size)), (Pane::Ticket, "10"));
    assert_eq!(b.model.table(Pane::Orders).columns, ["symbol"]);
    assert!(b.toast().ends_with("change with the next start"), "{}", b.toast());
    let mut b = Bench::new();
    b.msg(new(vec![page("mine", "chart | orders")], "dark", false));
    assert_eq!((b.model.page, b.model.focus), (0, Pane::Chart), "the focus is on something that is there");
    b.msg(Msg::Misconfigured("config.toml:3:1: no".into()));
    assert_eq!(b.toast(), "config.toml:3:1: no; what was there before stays");
    assert_eq!(b.model.pages.len(), 1);
}

#[test]
fn the_tour_goes_on_by_doing_what_it_says() {
    use crate::tui::tour::{self, Step};
    let mut b = Bench::new();
    assert_eq!(tour::line(&b.model), None);
    b.keys(": 'tour' Enter");
    let mut seen = vec![tour::line(&b.model).unwrap()];
    for keys in ["B Tab '10' Enter Enter", "x 2", "^X Esc", "?"] {
        if b.model.tour == Some(Step::Manage) {
            b.answer_to(|r| matches!(r, Request::Do(_)), placed());
        }
        b.keys(keys);
        seen.extend(tour::line(&b.model));
    }
    assert_eq!(
        seen,
        [
            "tour 1/5  B buys the marked symbol, stop and target with it",
            "tour 3/5  e moves the stop to break-even, x 2 closes half",
            "tour 4/5  ^X shows the way out and blocks entries; Esc, then `:unlock tour`",
            "tour 5/5  ? shows the keys, : takes commands",
        ]
    );
    assert_eq!(b.model.tour, None);
    assert!(b.log().iter().any(|l| l == "TourEnded"));
    assert!(seen.iter().all(|line| line.chars().count() < 78), "the narrowest screen shows it whole");
    b.keys("Esc : 'tour' Enter : 'tour off' Enter");
    assert_eq!(b.model.tour, None);
}
