//! Any messages in any order.

use super::*;
use proptest::prelude::*;

fn any_key() -> impl Strategy<Value = Msg> {
    let code = prop_oneof![
        6 => proptest::sample::select("bsBSxcCmevaAyoOzq?:/[]+-% 1234jkhlgGi><risk0123456789.$tpé\u{202e}".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
        1 => any::<char>().prop_map(KeyCode::Char),
        4 => proptest::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down,
            KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::PageUp, KeyCode::PageDown,
            KeyCode::Backspace, KeyCode::Delete, KeyCode::F(1), KeyCode::F(12), KeyCode::Null,
        ]),
    ];
    let modifiers = prop_oneof![8 => Just(KeyModifiers::NONE), 2 => Just(KeyModifiers::CONTROL),
        1 => Just(KeyModifiers::SHIFT), 1 => any::<u8>().prop_map(KeyModifiers::from_bits_truncate)];
    let kind = prop_oneof![8 => Just(KeyEventKind::Press), 1 => Just(KeyEventKind::Repeat), 1 => Just(KeyEventKind::Release)];
    (code, modifiers, kind).prop_map(|(c, m, k)| Msg::Key(KeyEvent::new_with_kind(c, m, k)))
}

fn any_reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        Just(placed()),
        Just(plan()),
        Just(refused(Some("size"))),
        Just(refused(None)),
        Just(Reply::Busy),
        Just(preview(&[])),
        Just(preview(&[("stop", "no")])),
        Just(Reply::Done("done".into())),
        Just(Reply::Open { orders: 1, positions: 1, unknown: 0, held: 1 }),
        Just(Reply::Bars {
            instrument: instrument("AAPL"),
            interval: crate::domain::quote::Interval::Min1,
            bars: Vec::<Bar>::new()
        }),
    ]
}

fn any_msg() -> impl Strategy<Value = Msg> {
    prop_oneof![
        20 => any_key(),
        1 => any::<String>().prop_map(Msg::Paste),
        1 => (any::<u16>(), any::<u16>()).prop_map(|(w, h)| Msg::Resize(w, h)),
        1 => Just(Msg::Resize(120, 40)),
        1 => (0_u16..130, 0_u16..50, any::<bool>()).prop_map(|(column, row, wheel)| Msg::Mouse(MouseEvent {
            kind: if wheel { MouseEventKind::ScrollDown } else { MouseEventKind::Down(MouseButton::Left) },
            column, row, modifiers: KeyModifiers::NONE,
        })),
        1 => Just(Msg::FocusLost),
        1 => Just(Msg::Tick),
        1 => Just(Msg::Snapshot(Arc::new(Snapshot::default()))),
        2 => Just(Msg::Snapshot(Arc::new(snapshot()))),
        3 => (1_u64..60, any_reply()).prop_map(|(id, reply)| Msg::Receipt(Receipt { id: RequestId(id), reply })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes in: no panic, every cursor inside its rows, texts bounded; and an order leaves the
    /// ticket only by Enter.
    #[test]
    fn anything_may_come_in(msgs in proptest::collection::vec((any_msg(), 0_u64..700), 0..120)) {
        let mut b = Bench::new();
        for (msg, ms) in msgs {
            b.ms = b.ms.saturating_add(ms);
            let enter = matches!(&msg, Msg::Key(k) if k.code == KeyCode::Enter && k.kind == KeyEventKind::Press);
            b.log.clear();
            b.msg(msg.clone());
            let entered = b.log.iter().any(|l| l.starts_with("! buy") || l.starts_with("! sell"));
            prop_assert!(!entered || enter, "{:?} sent {:?}", msg, b.log);
            for (pane, table) in &b.model.tables {
                prop_assert!(table.cursor < table.rows.len().max(1), "{pane:?}");
                prop_assert!(table.selected.is_none() || table.selected_row().is_some());
            }
            for field in Field::ALL {
                prop_assert!(b.model.ticket.input(field).is_none_or(|i| i.value().chars().count() <= 64));
            }
        }
    }

    /// A key of any terminal is spelt, and what is spelt is read as the same stroke.
    #[test]
    fn strokes_have_one_spelling(msg in any_key()) {
        if let Msg::Key(key) = msg {
            let stroke = Stroke::of(key);
            prop_assert!(!stroke.to_string().is_empty());
        }
    }
}
