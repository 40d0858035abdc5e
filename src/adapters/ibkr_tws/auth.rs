//! Who is behind the connection. There is no key: a person has logged in to the gateway, and the accounts that it names
//! say whose they are and whether they are for real money.

use crate::domain::{ids::AccountId, report::Environment, text::Text};

/// The account of the configuration, or the only one there is.
///
/// # Errors
/// What the login has instead.
pub fn account_behind(wanted: Option<&str>, accounts: &[String]) -> Result<AccountId, Text> {
    let all = accounts.join(", ");
    let number = match (wanted, accounts) {
        (Some(wanted), _) if accounts.iter().any(|a| a == wanted) => wanted,
        (Some(wanted), _) => {
            return Err(Text::clean(&format!("the login has no account {wanted}; it has {all}")));
        }
        (None, [one]) => one,
        (None, []) => return Err(Text::from("TWS names no account behind its login")),
        (None, _) => {
            return Err(Text::clean(&format!("the login has several accounts, {all}: set `account`")));
        }
    };
    AccountId::new(number).map_err(|why| Text::from(why.to_string()))
}

/// What an account's number says of it: those of the paper system begin with D (DU…, DF… for advisors), real ones with
/// another letter (U…, F…, I…). No text of IBKR's says so: it is how every captured session has it. A number of another form
/// says nothing.
pub fn environment_of(number: &str) -> Option<Environment> {
    let (letters, digits) = number.split_at(number.bytes().take_while(u8::is_ascii_uppercase).count());
    if letters.is_empty() || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match (letters.as_bytes().first(), letters.len()) {
        (Some(b'D'), 2..) => Some(Environment::Paper),
        (Some(b'D'), _) => None,
        _ => Some(Environment::Live),
    }
}

/// What the usual ports say: those that TWS and IB Gateway offer when they are installed (IBKR's "TWS API v9.72+: Initial
/// Setup"). Anybody may set others.
pub const fn environment_at(port: u16) -> Option<Environment> {
    match port {
        4_002 | 7_497 => Some(Environment::Paper),
        4_001 | 7_496 => Some(Environment::Live),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_paper_or_real_or_nothing() {
        for (number, want) in [
            ("DU1234567", Some(Environment::Paper)),
            ("DF12", Some(Environment::Paper)),
            ("DUM123456", Some(Environment::Paper)),
            ("U1234567", Some(Environment::Live)),
            ("F123", Some(Environment::Live)),
            ("D123", None),
            ("1234", None),
            ("U", None),
            ("", None),
            ("U12x", None),
            ("äU12", None),
        ] {
            assert_eq!(environment_of(number), want, "{number}");
        }
        assert_eq!(
            (environment_at(4_002), environment_at(7_496)),
            (Some(Environment::Paper), Some(Environment::Live))
        );
        assert_eq!(environment_at(5_000), None);
    }

    #[test]
    fn the_account_is_the_one_that_is_named_or_the_only_one() {
        let all = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(account_behind(None, &all(&["DU1"])).unwrap().as_str(), "DU1");
        assert_eq!(account_behind(Some("DU2"), &all(&["DU1", "DU2"])).unwrap().as_str(), "DU2");
        for (wanted, accounts, part) in [
            (None, &["DU1", "DU2"][..], "several accounts, DU1, DU2"),
            (None, &[], "names no account"),
            (Some("DU3"), &["DU1"], "has no account DU3; it has DU1"),
        ] {
            let why = account_behind(wanted, &all(accounts)).unwrap_err();
            assert!(why.as_str().contains(part), "{why}");
        }
    }
}
