use std::collections::HashMap;

use domain::{AccountSequence, AccountSequenceError};
use proptest::prelude::*;

use crate::support::account;

#[test]
fn names_are_text_of_one_to_twenty_characters() {
    for name in ["D25010100001", "7", "中文账号", "a-b_c.d", "sys-lower", "SYS", &"文".repeat(20)] {
        assert_eq!(account(name).as_str(), name);
    }
}

#[test]
fn what_paths_logs_or_exports_could_not_tell_apart_is_refused() {
    use AccountSequenceError::{Empty, Forbidden, Reserved, TooLong};
    let refused = [
        ("", Empty),
        (&"x".repeat(21), TooLong(21)),
        ("a/b", Forbidden('/')),
        ("a…", Forbidden('…')),
        ("a b", Forbidden(' ')),
        ("\u{3000}a", Forbidden('\u{3000}')),
        ("a\u{a0}", Forbidden('\u{a0}')),
        ("a\n", Forbidden('\n')),
        ("\0", Forbidden('\0')),
        ("a\u{85}", Forbidden('\u{85}')),
        ("SYS-OPERATION", Reserved),
        ("SYS-", Reserved),
    ];
    for (name, error) in refused {
        assert_eq!(AccountSequence::parse(name), Err(error), "{name:?}");
    }
}

#[test]
fn a_map_is_searched_by_text() {
    let map = HashMap::from([(account("A"), 1)]);
    assert_eq!(map.get("A"), Some(&1));
}

proptest! {
    #[test]
    fn the_order_is_that_of_bytes(a in "[^/…\\s\\pC]{1,20}", b in "[^/…\\s\\pC]{1,20}") {
        prop_assert_eq!(account(&a).cmp(&account(&b)), a.as_bytes().cmp(b.as_bytes()));
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,30}") {
        if let Ok(account) = AccountSequence::parse(&text) {
            prop_assert_eq!(account.to_string(), text);
        }
    }
}
