//! What `[notify]` may say, and what is told of one that may not.

use super::*;
use crate::config::{Config, Env, Secret};
use std::os::unix::fs::PermissionsExt as _;

fn read(text: &str) -> Result<Notify, String> {
    let paper = "[venues.paper]\nkind = \"paper\"\n";
    Config::parse(Path::new("/c.toml"), &format!("{paper}{text}"))
        .map(|c| c.notify)
        .map_err(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

#[test]
fn without_a_word_the_desktop_and_the_bell_are_told_what_is_critical() {
    let none = read("").unwrap();
    assert_eq!(none, Notify::default());
    assert_eq!(none.rules[0].channels, ["desktop", "bell"]);
    assert_eq!((none.rules[0].severity, none.interval_s), (Severity::Critical, 300));
    let one = read("[notify.channels.chat]\nkind = \"slack\"\n").unwrap();
    assert_eq!(one.rules[0].channels, ["chat", "desktop", "bell"], "what is configured is told, too");
    assert!(one.channel("chat").unwrap().wanted && !one.channel("desktop").unwrap().wanted);
}

#[test]
fn every_kind_of_channel_is_read() {
    let notify = read(
        "[notify]\ninterval_seconds = 60\nsummary = [\"mail\"]\n\
         [notify.channels.mail]\nkind = \"email\"\nhost = \"smtp.example.com\"\nuser = \"me\"\nfrom = \"me@example.com\"\n\
         to = [\"me@example.com\"]\nsecret_command = [\"pass\", \"mail\"]\naccounts = true\n\
         [notify.channels.phone]\nkind = \"sms\"\naccount = \"AC12\"\nfrom = \"+15550001111\"\nto = [\"+15550002222\"]\n\
         [notify.channels.hook]\nkind = \"webhook\"\nurl = \"https://example.com/hook\"\n\
         [notify.channels.room]\nkind = \"discord\"\n\
         [notify.channels.bot]\nkind = \"telegram\"\nchat = \"-100123\"\napi_url = \"http://127.0.0.1:9\"\n\
         [notify.channels.own]\nkind = \"command\"\ncommand = [\"/bin/tell\", \"me\"]\n\
         [notify.channels.desktop]\nkind = \"desktop\"\n\
         [[notify.rules]]\nchannels = [\"mail\"]\nseverity = \"warning\"\n",
    )
    .unwrap();
    let kind = |name: &str| notify.channel(name).unwrap().kind.clone();
    let ChannelKind::Email { port, tls, .. } = kind("mail") else { panic!() };
    assert_eq!((port, tls), (587, MailTls::Starttls));
    assert!(notify.channel("mail").unwrap().accounts && !notify.channel("hook").unwrap().accounts);
    assert!(notify.channel("desktop").unwrap().wanted, "asked for by name");
    let own =
        ChannelKind::Command { program: "/bin/tell".into(), arguments: vec!["me".into()], timeout_s: 10 };
    assert_eq!(kind("own"), own);
    assert_eq!((notify.summary.as_slice(), notify.rules.len()), (&["mail".into()][..], 1));
}

#[test]
fn mistakes_are_named_with_what_would_be_right() {
    let mail = "[notify.channels.m]\nkind = \"email\"\nhost = \"h\"\nfrom = \"a@b\"\nto = [\"c@d\"]\n";
    for (text, words) in [
        ("[notify.channels.m]\nhost = \"h\"\n", "does not say what it is: write `kind"),
        ("[notify.channels.m]\nkind = \"fax\"\n", "write \"desktop\" or \"email\""),
        ("[notify.channels.m]\nkind = \"email\"\n", "names no server"),
        ("[notify.channels.m]\nkind = \"slack\"\nsecret = \"https://x\"\n", "stands in the configuration"),
        ("[notify.channels.m]\nkind = \"slack\"\nhost = \"h\"\n", "has `host`, which a channel of its kind"),
        (
            "[notify.channels.m]\nkind = \"webhook\"\nurl = \"http://example.com\"\n",
            "http only reaches this computer",
        ),
        ("[notify.channels.m]\nkind = \"webhook\"\n", "write `url`"),
        ("[notify.channels.m]\nkind = \"telegram\"\nchat = \"me\"\n", "write a chat's number"),
        ("[notify.channels.m]\nkind = \"sms\"\naccount = \"AC1\"\n", "needs `account` (AC…) and `from`"),
        ("[notify.channels.m]\nkind = \"sms\"\naccount = \"X\"\nfrom = \"+1\"\n", "begins with AC"),
        (
            "[notify.channels.m]\nkind = \"sms\"\naccount = \"AC1\"\nfrom = \"+1\"\nto = [\"5550\"]\n",
            "write a number with its country",
        ),
        ("[notify.channels.m]\nkind = \"command\"\n", "has no program"),
        ("[notify.channels.\"a b\"]\nkind = \"slack\"\n", "can't name a channel"),
        ("[[notify.rules]]\nseverity = \"critical\"\n", "names no `channels`"),
        (
            "[[notify.rules]]\nchannels = [\"mial\"]\n[notify.channels.mail]\nkind = \"slack\"\n",
            "did you mean \"mail\"?",
        ),
        ("[[notify.rules]]\nchannels = [\"bell\"]\ncodes = [\"no_stpo\"]\n", "did you mean \"no_stop\"?"),
        ("[[notify.rules]]\nchannels = [\"bell\"]\nvenues = [\"papr\"]\n", "did you mean \"paper\"?"),
        (
            "[[notify.rules]]\nchannels = [\"bell\"]\nfrom = \"09:00\"\n",
            "without all of `from`, `until` and `zone`",
        ),
        (
            "[[notify.rules]]\nchannels = [\"bell\"]\nfrom = \"9\"\nuntil = \"10:00\"\nzone = \"UTC\"\n",
            "write a time such as",
        ),
        (
            "[[notify.rules]]\nchannels = [\"bell\"]\nfrom = \"09:00\"\nuntil = \"10:00\"\nzone = \"Mars\"\n",
            "write a time zone",
        ),
        ("[notify]\nsummary = [\"bell\"]\n", "a bell can't tell a summary"),
        ("[notify]\nrules = 3\n", "write tables, each under [[notify.rules]]"),
    ] {
        let said = read(text).unwrap_err();
        assert!(said.contains(words), "{text}: {said}");
    }
    for (key, words) in [
        ("tls = \"none\"\n", "for a server on this computer only"),
        ("port = 0\n", "write a whole number"),
        ("host = \"a/b\"\n", "duplicate"),
    ] {
        let said = read(&format!("{mail}{key}")).unwrap_err();
        assert!(said.contains(words), "{key}: {said}");
    }
    assert!(
        read("[[notify.rules]]\nchannel = [\"bell\"]\n").unwrap_err().contains("/c.toml:4:1: "),
        "the place"
    );
}

#[test]
fn a_secret_is_found_where_it_is_said_to_be_and_no_error_tells_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secret");
    let write = |text: &str, mode| {
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    write("SECRET-1\n", 0o600);
    let env = Env::new([("TRADEDECK_NOTIFY_MY_MAIL".to_owned(), "SECRET-2".to_owned())]);
    let of_file = SecretSources { file: Some(file.clone()), ..SecretSources::default() };
    let all = SecretSources { command: vec!["echo".to_owned(), "SECRET-0".to_owned()], ..of_file.clone() };
    let found =
        |s: &SecretSources, env: &Env| s.find("my-mail", env).unwrap().map(|s: Secret| s.expose().to_owned());
    assert_eq!(found(&all, &env).as_deref(), Some("SECRET-0"));
    assert_eq!(found(&of_file, &env).as_deref(), Some("SECRET-1"));
    assert_eq!(found(&SecretSources::default(), &env).as_deref(), Some("SECRET-2"));
    assert_eq!(found(&SecretSources::default(), &Env::default()), None);
    write("SECRET 3", 0o600);
    let odd = of_file.find("mail", &env).unwrap_err().to_string();
    assert!(odd.contains("has spaces in it") && !odd.contains("SECRET"), "{odd}");
    write("SECRET-4", 0o644);
    let open = of_file.find("mail", &env).unwrap_err().to_string();
    assert!(open.contains("others can read it") && !open.contains("SECRET"), "{open}");
}
