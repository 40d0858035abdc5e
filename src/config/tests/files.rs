//! Files that may not be read, and what is never shown.

use super::*;
use proptest::prelude::*;

/// The mistakes of a file.
fn wrong(file: &std::path::Path) -> Vec<ConfigError> {
    validate(file, &Env::default()).err().unwrap_or_default()
}

#[test]
fn a_file_with_keys_has_to_be_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    let check = || wrong(&file).iter().map(ToString::to_string).collect::<Vec<_>>();
    std::fs::write(&file, "[ui]\nfps = 5\n").unwrap();
    mode(0o644);
    assert_eq!(check(), Vec::<String>::new(), "nothing to hide");
    std::fs::write(&file, format!("{ALPACA}key_id = \"canary\"\nsecret_key = \"canary\"\n")).unwrap();
    let shown = file.display();
    let sentence = format!("{shown}: it holds credentials and others can read it; run: chmod 600 {shown}");
    assert_eq!(check(), std::slice::from_ref(&sentence));
    mode(0o640);
    assert_eq!(check(), [sentence]);
    mode(0o600);
    assert_eq!(check(), Vec::<String>::new());
    let link = dir.path().join("link.toml");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let through = wrong(&link);
    assert!(
        through[0].to_string().ends_with("it holds credentials and is a symbolic link; name the file itself")
    );
}

#[test]
fn odd_files_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("c");
    let check = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        wrong(&file)[0].to_string()
    };
    assert!(check(b"[ui]\n\xff").ends_with("byte 5 is not UTF-8 text; save it as UTF-8"));
    let big = vec![b'#'; usize::try_from(private::FILE_BYTES_MAX).unwrap() + 1];
    assert!(check(&big).ends_with("it is larger than 1048576 bytes, the most that is read"));
    assert!(wrong(dir.path())[0].to_string().ends_with("it is not a file; name a file"));
    let pipe = dir.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(wrong(&pipe)[0].to_string().ends_with("it is not a file; name a file"));
}

#[test]
fn the_state_directory_is_the_users_alone() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("a").join("b");
    private_dir(&state).unwrap();
    assert_eq!(std::fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    private_dir(&state).unwrap();
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o755)).unwrap();
    let shown = state.display();
    let refused = private_dir(&state).unwrap_err().to_string();
    assert_eq!(refused, format!("{shown}: others can enter the directory; run: chmod 700 {shown}"));
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(dir.path().join("a"), &link).unwrap();
    assert!(private_dir(&link).unwrap_err().to_string().ends_with("name the directory itself"));
}

#[test]
fn nothing_prints_a_credential() {
    let text = format!("{ALPACA}key_id = \"canary-id\"\nsecret_key = \"canary-secret\"\n");
    let config = Config::parse(Path::new(FILE), &text).unwrap();
    let env = env(&[("APCA_API_SECRET_KEY", "canary-env")]);
    assert!(!format!("{config:?} {env:?}").contains("canary"));
    for broken in [
        "kind = 1",
        "secret_key = \"x\"",
        "[[",
        "read_only = canary",
        "data_url = \"https://me:canary@host\"",
        "data_url = \"https://host?key=canary\"",
        "keyring = canary-secret\"",
    ] {
        for error in said(&format!("{text}{broken}")) {
            assert!(!error.contains("canary"), "{error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn nothing_panics_on_a_damaged_file(at in 0..EXAMPLE.len(), with in "\\PC{0,3}|[\\[\\]{}\"'=#\n]{0,3}", cut in 0_usize..40) {
        let text = all_keys();
        let before: String = text.chars().take(at).collect();
        let after: String = text.chars().skip(at).skip(cut).collect();
        for error in said(&format!("{before}{with}{after}")) {
            prop_assert!(!error.contains('\n'), "{}", error);
        }
    }
}
