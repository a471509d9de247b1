//! What the operator reads after a mistake: every kind of it, pinned.

use std::path::Path;

use crate::config::parse;

fn with(text: &str, variables: &[(&str, &str)]) -> String {
    let env = variables.iter().copied().collect();
    match parse(text, Path::new("lookout.toml"), &env) {
        Ok(_) => panic!("taken without complaint: {text} {variables:?}"),
        Err(error) => error.to_string(),
    }
}

fn mistake(text: &str) -> String {
    with(text, &[])
}

/// Only what is said, without place and line.
fn said(text: &str) -> String {
    let shown = mistake(text);
    let first = shown.lines().next().unwrap_or_default();
    let (_, message) = first.split_once(": ").expect("a place comes first");
    message.to_owned()
}

fn variable(name: &str, value: &str) -> String {
    with("", &[(name, value)])
}

#[test]
fn unknown_keys_and_sections_name_what_was_probably_meant() {
    // A slip of the finger.
    insta::assert_snapshot!(mistake("[site]\ntitel = 'Lounge'"), @"
    lookout.toml:2:1: `[site]` has no key `titel`; did you mean `title`?
      |
    2 | titel = …
      | ^^^^^
    ");
    // A key of another section.
    insta::assert_snapshot!(mistake("[site]\ntolerance = '5m'"), @"
    lookout.toml:2:1: `[site]` has no key `tolerance`; it belongs to `[zoom]`
      |
    2 | tolerance = …
      | ^^^^^^^^^
    ");
    // A key of two other sections.
    insta::assert_snapshot!(mistake("[privacy]\nlisten = '127.0.0.1:1'"), @"
    lookout.toml:2:1: `[privacy]` has no key `listen`; it belongs to `[zoom]` or `[admin]`
      |
    2 | listen = …
      | ^^^^^^
    ");
    // Nothing like it.
    insta::assert_snapshot!(mistake("[site]\ncolour = 'red'"), @"
    lookout.toml:2:1: `[site]` has no key `colour`; remove it
      |
    2 | colour = …
      | ^^^^^^
    ");
    // A section misspelt.
    insta::assert_snapshot!(mistake("[sites]\ntitle = 'Lounge'"), @"
    lookout.toml:1:2: there is no section `sites`; did you mean `site`?
      |
    1 | [sites]
      |  ^^^^^
    ");
    // A section that is nothing like any.
    insta::assert_snapshot!(said("[colours]\ntitle = 'red'"), @"there is no section `colours`; there are `[site]`, `[csv]`, `[zoom]`, `[zoom.api]`, `[journal]`, `[archive]`, `[privacy]`, `[presence]`, `[[rooms]]`, `[[people]]`, `[[notify]]`, `[admin]`");
    // A key above the first header.
    insta::assert_snapshot!(mistake("title = 'Lounge'"), @"
    lookout.toml:1:1: `title` is outside of any section; it belongs to `[site]`
      |
    1 | title = …
      | ^^^^^
    ");
    // A room's key misspelt.
    insta::assert_snapshot!(mistake("[[rooms]]\nmeetingid = '1'\nmeeting_id = '1'\nname = 'A'"), @"
    lookout.toml:2:1: `[[rooms]]` has no key `meetingid`; did you mean `meeting_id`?
      |
    2 | meetingid = …
      | ^^^^^^^^^
    ");
}

#[test]
fn values_of_another_kind_are_told_apart() {
    // A number without its unit.
    insta::assert_snapshot!(mistake("[zoom]\ntolerance = 300"), @"
    lookout.toml:2:13: `zoom.tolerance`: `300` has no unit; write for example `300m` for minutes, or `s`, `h`, `d`
      |
    2 | tolerance = 300
      |             ^^^
    ");
    // A date for a text.
    insta::assert_snapshot!(mistake("[site]\ntitle = 2026-01-05"), @"
    lookout.toml:2:9: `site.title` takes a text, not a date; put it in quotes
      |
    2 | title = 2026-01-05
      |         ^^^^^^^^^^
    ");
    // A text for a list.
    insta::assert_snapshot!(mistake("[privacy]\npublish = 'Ada'"), @r#"
    lookout.toml:2:11: `privacy.publish` takes a list of texts, not a text; put it in brackets, such as `publish = ["…"]`
      |
    2 | publish = 'Ada'
      |           ^^^^^
    "#);
    // A list for a text.
    insta::assert_snapshot!(mistake("[site]\ntitle = ['Lounge']"), @"
    lookout.toml:2:9: `site.title` takes a text, not a list; write one text in quotes
      |
    2 | title = ['Lounge']
      |         ^^^^^^^^^^
    ");
    // A table in a list.
    insta::assert_snapshot!(mistake("[[people]]\nname = 'Ada'\nzoom_user_ids = ['a', {}]"), @"
    lookout.toml:3:23: `people.zoom_user_ids` takes a text, not a table; write one text in quotes
      |
    3 | zoom_user_ids = ['a', {}]
      |                       ^^
    ");
    // One bracket for two.
    insta::assert_snapshot!(mistake("[rooms]\nmeeting_id = '1'"), @"
    lookout.toml:1:2: `rooms` is a list of sections; write `[[rooms]]` with two brackets
      |
    1 | [rooms]
      |  ^^^^^
    ");
    // A text for a section.
    insta::assert_snapshot!(mistake("site = 'Lounge'"), @"
    lookout.toml:1:8: `site` is a section, not a text; write `[site]` once and its keys below it
      |
    1 | site = 'Lounge'
      |        ^^^^^^^^
    ");
}

#[test]
fn values_that_mean_nothing_say_what_would() {
    // A time zone.
    insta::assert_snapshot!(said("[site]\ntime_zone = 'Istanbul'"), @"`site.time_zone`: `Istanbul` is not an IANA time zone; did you mean `Europe/Istanbul`?");
    // A path without slashes.
    insta::assert_snapshot!(said("[site]\npath = 'lookout'"), @"`site.path`: `lookout` has to begin and end with `/`; write `/lookout/`");
    // The root.
    insta::assert_snapshot!(said("[site]\npath = '/'"), @"`site.path`: `/` leaves no place for the webhook; write a directory, such as `/lookout/`");
    // What nothing works without.
    insta::assert_snapshot!(said("[privacy]\ndrop_fields = ['email', 'user_name']"), @"`privacy.drop_fields`: `user_name` is needed to know who is present; remove it here and use `privacy.publish` to hide people");
    // A path upwards.
    insta::assert_snapshot!(said("[site]\npath = '/../lookout/'"), @"`site.path`: `/../lookout/` contains `.` or `..`; write the path without them");
    // A space in a path.
    insta::assert_snapshot!(said("[zoom]\npath = '/zoom hook'"), @"`zoom.path`: `/zoom hook` contains ` `; use letters a-z, digits, `-`, `_`, `.`, `~` and `/`");
    // A table outside of the site.
    insta::assert_snapshot!(said("[csv]\npath = '../table.csv'"), @"`csv.path`: `../table.csv` contains `.` or `..`; write the path without them");
    // An address without scheme.
    insta::assert_snapshot!(said("[site]\nbase_url = 'example.org'"), @"`site.base_url`: `example.org` is not a web address; write for example `https://example.org`");
    // A path in the address.
    insta::assert_snapshot!(said("[site]\nbase_url = 'https://example.org/lookout'"), @"`site.base_url`: `https://example.org/lookout` has a path; keep scheme and host here, the path belongs to `site.path`");
    // A language.
    insta::assert_snapshot!(said("[site]\nlanguage = 'nl'"), @"`site.language`: there are no words for `nl`, only for `ar`, `de`, `en`, `es`, `fr`, `ja`, `pt-BR`, `tr`; to add it, let `lookout init --templates` write the templates and translate a copy of `words/en.toml` as `words/nl.toml`");
    // A duration without unit.
    insta::assert_snapshot!(said("[zoom]\ntolerance = '5'"), @"`zoom.tolerance`: `5` has no unit; write for example `5m` for minutes, or `s`, `h`, `d`");
    // No duration.
    insta::assert_snapshot!(said("[presence]\nstale_after = 'soon'"), @"`presence.stale_after`: `soon` is not a duration; write for example `30s`, `5m`, `12h` or `30d`, or `never`");
    // A size.
    insta::assert_snapshot!(said("[zoom]\nmax_body = 'one'"), @"`zoom.max_body`: `one` is not a size; write for example `512KiB` or `1MiB`");
    // A host name.
    insta::assert_snapshot!(said("[zoom]\nlisten = 'localhost:8787'"), @"`zoom.listen`: `localhost:8787` is not an address to listen on; write `127.0.0.1:8787` for this machine only, `0.0.0.0:8787` for every network");
    // A home directory.
    insta::assert_snapshot!(said("[journal]\npath = '~/lookout.db'"), @"`journal.path`: `~/lookout.db`: `~` is not expanded; write the full path");
    // A slug of our own.
    insta::assert_snapshot!(said("[[rooms]]\nmeeting_id = '1'\nname = 'A'\nslug = 'live'"), @"`rooms.slug`: `live` is a name Lookout itself uses below the dashboard; choose another slug");
    // A meeting number.
    insta::assert_snapshot!(said("[[rooms]]\nmeeting_id = 'lounge'\nname = 'A'"), @"`rooms.meeting_id`: `lounge` is not a meeting number; copy the digits Zoom shows, such as `123 4567 890`");
    // A link that runs.
    insta::assert_snapshot!(said("[[rooms]]\nmeeting_id = '1'\nname = 'A'\njoin_url = 'javascript:alert(1)'"), @"`rooms.join_url`: `javascript:alert(1)` is not a web address; write for example `https://example.org`");
    // An empty name.
    insta::assert_snapshot!(said("[privacy]\npublish = ['Ada', ' ']"), @"`privacy.publish`: the name is empty");
    // Everybody is hidden.
    insta::assert_snapshot!(said("[privacy]\nhide = ['*']"), @"`privacy.hide`: `*` is no name; write `publish = []` to show nobody");
}

#[test]
fn what_is_good_alone_may_clash() {
    // The webhook inside the site.
    insta::assert_snapshot!(said("[zoom]\npath = '/lookout/zoom'"), @"`zoom.path` lies inside `site.path` (`/lookout/`), where the site's own files are; choose another");
    // The site over the webhook.
    insta::assert_snapshot!(said("[site]\npath = '/webhooks/'"), @"`zoom.path` lies inside `site.path` (`/webhooks/`), where the site's own files are; choose another");
    // The table inside the site.
    insta::assert_snapshot!(said("[csv]\npath = 'lookout/index.html'"), @"`csv.path` collides with `site.path` (`/lookout/`), where the site's own files are; choose another");
    // The table where the site is.
    insta::assert_snapshot!(said("[site]\npath = '/a/b/'\n[csv]\npath = 'a'"), @"`csv.path` collides with `site.path` (`/a/b/`), where the site's own files are; choose another");
    // One address for two.
    insta::assert_snapshot!(said("[admin]\nlisten = '127.0.0.1:8787'"), @"`zoom.listen` and `admin.listen` are both `127.0.0.1:8787`; give one of them another port");
    // Everybody and names.
    insta::assert_snapshot!(said("[privacy]\npublish = ['*', 'Ada']"), @r#"`privacy.publish`: `"*"` already means everybody; write `["*"]` alone, or only the names"#);
    // One meeting, two rooms.
    insta::assert_snapshot!(said("[[rooms]]\nmeeting_id = '123 456'\nname = 'A'\n[[rooms]]\nmeeting_id = '123456'\nname = 'B'"), @"two rooms have the meeting_id `123456`; a meeting has one room (the first is at lookout.toml:2:14)");
    // Two names, one slug.
    insta::assert_snapshot!(said("[[rooms]]\nmeeting_id = '1'\nname = 'A B'\n[[rooms]]\nmeeting_id = '2'\nname = 'a-b'"), @"two rooms have the slug `a-b`; give one of them another `slug` (the first is at lookout.toml:1:1)");
    // One alias, two people.
    insta::assert_snapshot!(said("[[people]]\nname = 'Ada'\naliases = ['Guest']\n[[people]]\nname = 'Bob'\naliases = ['Guest']"), @"`Guest` is a name of `Ada` and of `Bob`; keep it in one of the two (the first is at lookout.toml:3:11)");
    // An alias that is a name.
    insta::assert_snapshot!(said("[[people]]\nname = 'Ada'\n[[people]]\nname = 'Bob'\naliases = [' Ada ']"), @"`Ada` is a name of `Ada` and of `Bob`; keep it in one of the two (the first is at lookout.toml:2:8)");
    // A room without a number.
    insta::assert_snapshot!(said("[[rooms]]\nname = 'A'"), @r#"`rooms` needs a `meeting_id`: the number Zoom shows for the meeting, such as `meeting_id = "123 4567 890"`"#);
    // Two secrets.
    insta::assert_snapshot!(said("[zoom]\nsecret_token = 'hush'\nsecret_token_file = 'token'"), @"`zoom.secret_token` and `zoom.secret_token_file` are both set; keep one of them");
}

#[test]
fn a_syntax_error_stands_alone() {
    // No quotes.
    insta::assert_snapshot!(mistake("[site]\ntitle = Lounge"), @"
    lookout.toml:2:9: this is not TOML: string values must be quoted, expected literal string
      |
    2 | title = Lounge
      |         ^^^^^^
    ");
    // Twice the same key.
    insta::assert_snapshot!(mistake("[site]\ntitle = 'A'\ntitle = 'B'"), @"
    lookout.toml:3:1: this is not TOML: duplicate key
      |
    3 | title = 'B'
      | ^^^^^
    ");
    // No closing bracket.
    insta::assert_snapshot!(mistake("[site\ntitle = 'A'"), @"
    lookout.toml:1:6: this is not TOML: unclosed table, expected `]`
      |
    1 | [site
      |      ^
    ");
    // A secret without quotes.
    insta::assert_snapshot!(mistake("[zoom]\nsecret_token = hush"), @"
    lookout.toml:2:16: this is not TOML: string values must be quoted, expected literal string
      |
    2 | secret_token = …
      |                ^
    ");
}

#[test]
fn a_mistake_in_the_environment_names_the_variable() {
    // A slip of the finger.
    insta::assert_snapshot!(variable("LOOKOUT_SITE__TITEL", "x"), @"environment variable `LOOKOUT_SITE__TITEL`: no setting has this name; did you mean `LOOKOUT_SITE__TITLE`?");
    // One underscore.
    insta::assert_snapshot!(variable("LOOKOUT_SITE_TITLE", "x"), @"environment variable `LOOKOUT_SITE_TITLE`: no setting has this name; did you mean `LOOKOUT_SITE__TITLE`, with two underscores between section and key?");
    // Nothing like it.
    insta::assert_snapshot!(variable("LOOKOUT_LOG", "debug"), @"environment variable `LOOKOUT_LOG`: no setting has this name; settings are named `LOOKOUT_<SECTION>__<KEY>`, others have to be unset");
    // A bad value.
    insta::assert_snapshot!(variable("LOOKOUT_SITE__TIME_ZONE", "Europe/Istambul"), @"environment variable `LOOKOUT_SITE__TIME_ZONE`: `site.time_zone`: `Europe/Istambul` is not an IANA time zone; did you mean `Europe/Istanbul`?");
    // A text for a list.
    insta::assert_snapshot!(variable("LOOKOUT_PRIVACY__PUBLISH", "*"), @r#"environment variable `LOOKOUT_PRIVACY__PUBLISH`: `privacy.publish` takes a list of texts, not a text; put it in brackets, such as `publish = ["…"]`"#);
    // A room.
    insta::assert_snapshot!(variable("LOOKOUT_ROOMS__NAME", "Lounge"), @"environment variable `LOOKOUT_ROOMS__NAME`: `[[rooms]]` can be set in the settings file only; unset it");
    // An address that holds a password.
    insta::assert_snapshot!(variable("LOOKOUT_ARCHIVE__URL", "mongo://ada:hush@a"), @"environment variable `LOOKOUT_ARCHIVE__URL`: `archive.url`: this is not an address of MongoDB; write for example `mongodb://127.0.0.1:27017`");
}

#[test]
fn one_run_names_every_mistake() {
    let text = "[site]\ntitel = 'A'\npath = 'a'\n[zoom]\ntolerance = 5\n[[rooms]]\nname = ''\n";
    insta::assert_snapshot!(with(text, &[("LOOKOUT_ADMIN__LISTEN", "9")]), @r#"
    lookout.toml:2:1: `[site]` has no key `titel`; did you mean `title`?
      |
    2 | titel = …
      | ^^^^^

    lookout.toml:3:8: `site.path`: `a` has to begin and end with `/`; write `/a/`
      |
    3 | path = 'a'
      |        ^^^

    lookout.toml:5:13: `zoom.tolerance`: `5` has no unit; write for example `5m` for minutes, or `s`, `h`, `d`
      |
    5 | tolerance = 5
      |             ^

    lookout.toml:6:1: `rooms` needs a `meeting_id`: the number Zoom shows for the meeting, such as `meeting_id = "123 4567 890"`
      |
    6 | [[rooms]]
      | ^^^^^^^^^

    lookout.toml:7:8: `rooms.name`: the name is empty
      |
    7 | name = ''
      |        ^^

    environment variable `LOOKOUT_ADMIN__LISTEN`: `admin.listen`: `9` is not an address to listen on; write an IP address and a port, such as `127.0.0.1:8787` or `[::1]:8787`
    "#);
}

#[test]
fn a_mistake_in_a_target_names_what_to_write_and_never_its_secret() {
    let target = |more: &str| said(&format!("[[notify]]\nkind = 'mattermost'\n{more}"));
    let hook = "url = 'https://chat.example/hooks/hush'\n";
    // Nothing to write to.
    insta::assert_snapshot!(target(""), @"`notify` needs a `url` or a `url_file`: the address of an incoming webhook, which the chat shows when you make one");
    // No address.
    insta::assert_snapshot!(target("url = 'chat.example/hooks/hush'"), @"`notify.url`: this is not the address of a webhook; copy what the chat shows, such as `https://chat.example.org/hooks/…`");
    insta::assert_snapshot!(mistake("[[notify]]\nkind = 'slack'\nurl = 'mailto:hush'"), @"
    lookout.toml:3:7: `notify.url`: this is not the address of a webhook; copy what the chat shows, such as `https://chat.example.org/hooks/…`
      |
    3 | url = …
      |       ^
    ");
    // In two places.
    insta::assert_snapshot!(target(&format!("{hook}url_file = 'hook'")), @"`notify.url` and `notify.url_file` are both set; keep one of them");
    // Of no chat.
    insta::assert_snapshot!(said(&format!("[[notify]]\nkind = 'matermost'\n{hook}")), @"`notify.kind`: `matermost` is not one of `mattermost`, `slack`, `discord`, `telegram`, `ntfy`, `webhook`");
    insta::assert_snapshot!(said(&format!("[[notify]]\n{hook}")), @r#"`notify` needs a `kind`: the service, such as `kind = "mattermost"`, or `slack`, `discord`, `telegram`, `ntfy`, `webhook`"#);
    // A room that nobody configured, and one that is misspelt.
    insta::assert_snapshot!(target(&format!("{hook}rooms = ['lounge']")), @"`notify.rooms` names `lounge`, but there are no `[[rooms]]`, so all meetings are one room; remove the line");
    let rooms =
        "[[rooms]]\nmeeting_id = '1'\nname = 'Lounge'\n[[rooms]]\nmeeting_id = '2'\nname = 'Tea'\n";
    insta::assert_snapshot!(target(&format!("{hook}rooms = ['lunge']\n{rooms}")), @"`notify.rooms`: there is no room `lunge`; did you mean `Lounge`?");
    insta::assert_snapshot!(target(&format!("{hook}rooms = ['cellar']\n{rooms}")), @"`notify.rooms`: there is no room `cellar`; write one of `lounge`, `tea`");
    // An event, no event, a time.
    insta::assert_snapshot!(target(&format!("{hook}events = ['join']")), @"`notify.events`: `join` is not one of `joined`, `left`, `started`, `ended`, `sharing`, `waiting`, `stranger`");
    insta::assert_snapshot!(target(&format!("{hook}events = []")), @"`notify.events` is empty; remove the line for all events");
    insta::assert_snapshot!(target(&format!("{hook}quiet = '23-7'")), @"`notify.quiet`: `23-7` is not a range of times; write for example `23:00-07:00`");
    insta::assert_snapshot!(target(&format!("{hook}names = 'some'")), @"`notify.names`: `some` is not one of `published`, `all`");
    // A bot that is not complete, has no such channel, or is of another chat.
    insta::assert_snapshot!(target("bot_token = 'hush'"), @"a bot needs all of `bot_token_file` (or `bot_token`), `server_url` (only Mattermost) and `channel_id`");
    insta::assert_snapshot!(target("bot_token = 'hush'\nserver_url = 'https://chat.example'\nchannel_id = 'town-square'"), @"`notify.channel_id`: `town-square` is not the id of a channel; Mattermost shows it under *View Info* in the channel's menu, 26 letters and digits, Slack at the end of the channel's details, such as `C0123456789`");
    let of = |kind: &str, more: &str| said(&format!("[[notify]]\nkind = '{kind}'\n{more}"));
    insta::assert_snapshot!(of("discord", &format!("{hook}bot_token = 'hush'")), @"`notify.bot_token` is for the kinds `mattermost`, `slack`, `telegram`; remove it, or change `kind`");
    insta::assert_snapshot!(of("slack", "bot_token = 'hush'"), @"a bot needs all of `bot_token_file` (or `bot_token`), `server_url` (only Mattermost) and `channel_id`");
    // Targets of other kinds.
    insta::assert_snapshot!(of("telegram", "bot_token = 'hush'"), @"a target of Telegram needs `bot_token_file` (or `bot_token`), which @BotFather shows, and `chat`");
    insta::assert_snapshot!(of("telegram", "bot_token = 'hush'\nchat = 'lounge'"), @"`notify.chat`: `lounge` is not a chat of Telegram; write its id, such as `-1001234567890`, or the name of a public channel, such as `@lounge`");
    insta::assert_snapshot!(of("ntfy", "topic = 'a b'"), @"`notify.topic`: `a b` is not a topic of ntfy; write up to 64 letters, digits, `-` and `_`");
    insta::assert_snapshot!(of("ntfy", "topic = 'a'\npriority = 6"), @"`notify.priority`: `6` is not a priority; write a number from 1 (silent) to 5 (urgent)");
    insta::assert_snapshot!(of("webhook", &format!("{hook}headers = ['hush']")), @"`notify.headers`: this is not a header; write its name, a colon and its value, such as `X-Room: lounge`");
    insta::assert_snapshot!(of("webhook", &format!("{hook}secret = 'whsec_hush'")), @"`notify.secret`: this is not a key of Standard Webhooks; write `whsec_` and 24 to 64 random bytes in base64, such as the output of `openssl rand -base64 32`");
    insta::assert_snapshot!(of("webhook", &format!("{hook}success = ['ok']")), @"`notify.success`: `ok` is not a status; write for example `200` or `2xx`");
    // Keys that contradict each other.
    insta::assert_snapshot!(target(&format!("{hook}form = 'card'")), @r#"an incoming webhook can't edit its posts, so there is no card; set `bot_token_file` and `channel_id`, or write `form = "messages"`"#);
    insta::assert_snapshot!(of("ntfy", "topic = 'a'\nform = 'card'"), @r#"posts can't be edited there, so there is no card; remove the line, or write `form = "messages"`"#);
    insta::assert_snapshot!(of("discord", &format!("{hook}only_first = true")), @r#"`notify.only_first` is for messages, as the edits of a card notify nobody; remove it, or write `form = "messages"`"#);
    insta::assert_snapshot!(target(&format!("{hook}only_first = true\nevents = ['ended']")), @"`notify.only_first` is for the message that a room opens; add `started` to `events`");
    insta::assert_snapshot!(target(&format!("{hook}events = ['started', 'waiting']")), @r#"`notify.events`: `waiting` tells of people whom the page may not show; write `names = "all"` if this chat may know them, or remove `waiting`"#);
    insta::assert_snapshot!(target(&format!("{hook}events = ['stranger']\nnames = 'published'")), @r#"`notify.events`: `stranger` tells of people whom the page may not show; write `names = "all"` if this chat may know them, or remove `stranger`"#);
    insta::assert_snapshot!(target(&format!("{hook}mention = '@here'\nevents = ['ended']")), @"`notify.mention` is for the message that a room opens; add `started` to `events`");
    insta::assert_snapshot!(of("ntfy", "topic = 'a'\nmention = '@here'"), @"`notify.mention` is for chats; remove it");
}

#[test]
fn a_mistake_in_the_archive_names_what_to_write_and_never_the_address() {
    // Not MongoDB.
    insta::assert_snapshot!(mistake("[archive]\nurl = 'postgres://ada:hush@a'"), @"
    lookout.toml:2:7: `archive.url`: this is not an address of MongoDB; write for example `mongodb://127.0.0.1:27017`
      |
    2 | url = …
      |       ^
    ");
    // In two places.
    insta::assert_snapshot!(mistake("[archive]\nurl = 'mongodb://ada:hush@a'\nurl_file = 'b'"), @"
    lookout.toml:3:12: `archive.url` and `archive.url_file` are both set; keep one of them
      |
    3 | url_file = 'b'
      |            ^^^
    ");
    // A name that MongoDB would refuse.
    insta::assert_snapshot!(said("[archive]\ndatabase = 'a.b'"), @"`archive.database`: `a.b` can't be the name of a database; use letters, digits, `_` and `-`");
    insta::assert_snapshot!(said("[archive]\ncollection = 'a$b'"), @"`archive.collection`: `a$b` can't be the name of a collection; use letters, digits, `_`, `-` and `.`");
    insta::assert_snapshot!(said("[archive]\nacknowledge = 'both'"), @"`archive.acknowledge`: `both` is not one of `journal`, `archive`");
    // More than a document can hold.
    insta::assert_snapshot!(said("[archive]\n[zoom]\nmax_body = '16MiB'"), @"`zoom.max_body` is more than a document of the archive can hold; write at most `15MiB`");
}

#[test]
fn looks_and_faces_say_what_to_write_instead() {
    #[rustfmt::skip]
    let cases = [
        // what is special         settings
        ("no colour",              "[site]\naccent = 'tomato'"),
        ("no static file",         "[site]\nlogo = '../logo.png'"),
        ("no emoji",               "[[rooms]]\nmeeting_id = '1'\nname = 'A'\nicon = 'A'"),
        ("a picture elsewhere",    "[[people]]\nname = 'Ada'\npicture = '/srv/ada.png'"),
        ("two emoji",              "[[people]]\nname = 'Ada'\nemoji = '🦊🦊'"),
        ("two faces",              "[[people]]\nname = 'Ada'\npicture = 'ada.png'\nemoji = '🦊'"),
    ];
    let lines = cases.map(|(what, text)| format!("{what}: {}", mistake(text)));
    insta::assert_snapshot!(lines.join("\n\n"));
}
