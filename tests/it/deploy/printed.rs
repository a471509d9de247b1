//! What `print` prints is taken by the programs it is for, whatever the settings are.

use std::fs;
use std::process::Command;

use super::printed;
use crate::support::Lookout;
use crate::support::nginx::{HOST, Nginx, free_address};

/// Settings that try to say more to nginx and systemd than they should.
const ODD: &str = "[site]\nbase_url = 'https://lounge.example'\noutput_dir = 'a b; {c} #%n\"d'\npath = '/x.y/z/'\n\
    [csv]\npath = 'u.v/w.csv'\ncopies = ['copy%h $HOME/z.csv']\n[journal]\npath = 'j k/l.db'\n";

/// Settings with the name of a host.
const NAMED: &str = "[site]\nbase_url = 'https://lounge.example'\n";

#[test]
fn nginx_takes_the_file_for_any_settings() {
    for settings in [format!("[site]\nbase_url = 'https://{HOST}'\n"), ODD.to_owned()] {
        let lookout = Lookout::with_settings(&settings);
        lookout.listen_on(free_address());
        // It runs `nginx -t`, which has to succeed and to say nothing.
        let nginx = Nginx::start(&printed(&lookout));
        fs::create_dir_all(lookout.path("a b; {c} #%n\"d/x.y/z/assets")).expect("made");
        fs::write(lookout.path("a b; {c} #%n\"d/x.y/z/assets/a.css"), "a {}").expect("written");
        let status = nginx.get("/x.y/z/assets/a.css");
        let ours = if settings == ODD { "a {}" } else { "sni=" };
        assert!(status.text().starts_with(ours), "{settings}");
    }
}

#[test]
fn what_cannot_be_printed_is_said_with_what_to_do() {
    #[rustfmt::skip]
    let cases: [(&str, &str, &[&str], &str); 21] = [
        // what is special      settings                                       options                      said
        ("no host",             "",                                            &["nginx"],                  "add `--server-name example.org`"),
        ("a port",              "[site]\nbase_url = 'https://a.example:1'",    &["nginx"],                  "leave `:1` out"),
        ("a variable in a path", "[site]\noutput_dir = 'a$b'",                 &["nginx", "--server-name", "a"], "choose another path"),
        ("not a host",          "",                                            &["nginx", "--server-name", "a;b"], "is not the name of a host"),
        ("a resolver for nothing", "",                                         &["nginx", "--resolver", "127.0.0.1"], "--pages"),
        ("a key for nothing",   "",                                            &["nginx", "--key", "k"],   "--certificate"),
        ("a certificate without a key", "",                                    &["nginx", "--certificate", "c"], "--key"),
        ("no use for a certificate", "",                                       &["nginx", "--certificate", "c", "--key", "k", "--http"], "cannot be used with '--http'"),
        ("a badge for everybody anyway", "",                                   &["nginx", "--public-badge"], "--members"),
        ("HTTP for everybody",  NAMED,                                         &["nginx", "--http"],       "name that proxy, such as `--http --behind 127.0.0.1`"),
        ("HTTP over the internet", NAMED,                                      &["nginx", "--http", "--behind", "cloudflare"], "in the clear"),
        ("everybody as a proxy", "",                                           &["nginx", "--behind", "0.0.0.0/0"], "anybody could forge one"),
        ("published passwords", NAMED,                                         &["nginx", "--members", "site/members"], "move it to another directory"),
        ("a published key",     NAMED,                                         &["nginx", "--certificate", "c", "--key", "site/../site/k"], "move it to another directory"),
        ("a variable in an option", NAMED,                                     &["nginx", "--members", "a$b"], "`--members`: "),
        ("a variable of Caddy's", "[site]\noutput_dir = 'a{b}'",               &["caddy", "--server-name", "a"], "has a `{` in it, which Caddy can't read"),
        ("passwords by a pattern", NAMED,                                      &["caddy", "--members", "m*"], "`--members`: "),
        ("an nginx too old",    "",                                            &["nginx", "--nginx-version", "1.17.3"], "use 1.18 or newer"),
        ("any port",            "",                                            &["systemd"],                "write a port"),
        ("a socket of notify",  "",                                            &["systemd", "--socket", "--command", "notify"], "`notify` takes no deliveries"),
        ("a socket of watch",   "",                                            &["systemd", "--socket", "--command", "watch"], "needs no socket"),
    ];
    for (what, settings, options, said) in cases {
        let lookout = Lookout::with_settings(settings);
        if what != "any port" {
            lookout.listen_on(free_address());
        }
        let output = lookout.run(&[&["print"], options].concat());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{what}: {stderr}");
        assert!(stderr.contains(said), "{what}: {stderr}");
        assert!(output.stdout.is_empty(), "{what}");
    }
}

#[test]
fn systemd_takes_the_units_and_finds_little_exposed() {
    let secrets =
        "[archive]\nurl_file = 'url of mongo'\n[site]\noutput_dir = '/var/lib/lookout/site'\n";
    for settings in ["", ODD, secrets] {
        let lookout = Lookout::with_settings(settings);
        lookout.listen_on(free_address());
        fs::write(lookout.path("url of mongo"), "mongodb://127.0.0.1").expect("written");
        for command in ["serve", "intake", "watch", "notify"] {
            let units = tempfile::tempdir().expect("a directory");
            let unit = |name: &str, options: &[&str]| {
                let text =
                    lookout.ok(&[&["print", "systemd", "--command", command], options].concat());
                let path = units.path().join(name);
                fs::write(&path, &text).expect("written");
                (path, text)
            };
            let (service, text) = unit("lookout.service", &[]);
            let mut files = vec![service.clone()];
            if ["serve", "intake"].contains(&command) {
                files.push(unit("lookout.socket", &["--socket"]).0);
            }
            let verified = Command::new("systemd-analyze").arg("verify").args(&files).output();
            let verified = verified.expect("systemd-analyze is installed");
            let said = String::from_utf8_lossy(&verified.stderr).into_owned();
            assert!(
                verified.status.success() && said.is_empty(),
                "{settings}{command}: {said}\n{text}"
            );
            let exposure = exposure(&service);
            println!("{command}: exposure {exposure}");
            assert!(exposure <= 2.0, "{exposure}");
            for limit in ["LimitCORE=0\n", "MemoryHigh=", "MemoryMax="] {
                assert!(text.contains(limit), "{text}");
            }
            let is_secret = settings == secrets;
            assert_eq!(text.contains("LoadCredential=url-of-mongo-"), is_secret, "{text}");
            assert_eq!(
                text.contains("StateDirectory=lookout\n"),
                is_secret && ["serve", "watch"].contains(&command),
                "{text}"
            );
        }
    }
}

/// What `systemd-analyze security` says of a unit: from 0, nothing, to 10, everything.
fn exposure(unit: &std::path::Path) -> f32 {
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager"])
        .arg(unit)
        .output()
        .expect("systemd-analyze is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text
        .lines()
        .find(|line| line.contains("Overall exposure level"))
        .unwrap_or(&text)
        .to_owned();
    let words = line.split_whitespace();
    words.filter_map(|word| word.parse().ok()).next().unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn the_settings_in_effect_are_settings_and_hold_no_secret() {
    let lookout = Lookout::with_settings("[privacy]\npublish = [\"Ada\"]\n");
    let printed = lookout.ok(&["print", "config"]);
    assert!(!printed.contains(crate::support::SECRET), "{printed}");
    fs::write(lookout.path("other.toml"), &printed).expect("written");
    let again = lookout.ok(&["-c", "other.toml", "print", "config"]);
    let settings = |text: &str| {
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(settings(&again), settings(&printed));
}

#[test]
fn the_manual_and_the_completions_know_every_command() {
    let lookout = Lookout::new();
    let help = lookout.ok(&["--help"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<_> = commands
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.contains(&"serve") && commands.contains(&"print"), "{help}");
    lookout.ok(&["print", "man", "--dir", "man"]);
    let texts = ["bash", "zsh", "fish"].map(|shell| lookout.ok(&["print", "completions", shell]));
    for command in commands {
        let page = fs::read_to_string(lookout.path(&format!("man/lookout-{command}.1")));
        assert!(page.is_ok_and(|page| page.contains(".SH NAME")), "{command} has no page");
        assert!(texts.iter().all(|text| text.contains(command)), "{command} is not completed");
    }
    assert!(lookout.ok(&["print", "man"]).contains(".TH lookout 1"));
    let settings = fs::read_to_string(lookout.path("man/lookout.toml.5")).expect("it is written");
    assert!(settings.contains(".TH lookout.toml 5"), "{settings}");
}
