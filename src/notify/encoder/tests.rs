//! Faces of people in what services get.

use super::*;
use crate::config::{Emoji, Face, Faces, PublishList};
use crate::notify::message::{CardState, Members, MessageKind, PersonInside, RoomInfo};
use crate::time::moment::Moment;
use crate::zoom::Name;

fn attempt() -> Attempt {
    let now = Moment::from_seconds(0);
    Attempt::new("target", 0, now, now)
}

fn address() -> Secret {
    Secret::new("https://chat.example/x").expect("not empty")
}

fn mattermost() -> Service {
    Service::mattermost_webhook(&address()).expect("a URL")
}

fn slack() -> Service {
    Service::slack_webhook(&address()).expect("a URL")
}

fn discord() -> Service {
    Service::discord_webhook(&address()).expect("a URL")
}

#[test]
fn an_emoji_is_before_the_name_of_its_person_in_messages_and_cards() {
    let name = |text: &str| Name::clean(text).expect("a name");
    let fox = Emoji::parse("🦊").expect("an emoji");
    let faces = Faces::new([(name("Ada"), Face::Emoji(fox))]);
    let settings = Settings { faces, ..Settings::default() };
    let room = RoomInfo { name: None, dashboard: None, join: None };
    let (joined, left) = (vec![name("Ada")], vec![name("Grace")]);
    let kind = MessageKind::Moves { joined: joined.clone(), left, inside: 1 };
    let message = Message::new(room.clone(), kind);
    let since = Moment::from_seconds(0);
    let inside = ["Ada", "Grace"].map(|text| PersonInside { name: name(text), since });
    let (inside, sharing) = (inside.into(), joined);
    let state = CardState::Open {
        since,
        inside,
        others: 0,
        peak: 2,
        sharing,
        strangers: Vec::new(),
        waiting: Members::default(),
    };
    let card = Card { room, state };
    for service in [mattermost(), slack(), discord()] {
        let encoder = Encoder::builtin(service.clone(), &settings);
        for body in [encoder.message(&message, &attempt()), encoder.card(&card)] {
            let text = String::from_utf8(body.expect("it is encoded").body).expect("JSON is UTF-8");
            assert!(text.contains("🦊 Ada"), "{service:?}: {text}");
            assert!(text.contains("Grace") && !text.contains("🦊 Grace"), "{service:?}: {text}");
        }
    }
}

#[test]
fn a_published_picture_is_beside_the_message_that_a_room_opened_where_the_chat_fetches_it() {
    let name = |text: &str| Name::clean(text).expect("a name");
    let directory = tempfile::tempdir().expect("a directory");
    let header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x40\x08\x02\0\0\0";
    std::fs::write(directory.path().join("ada.png"), header).expect("written");
    let mut settings = Settings::default();
    settings.site.static_dir = directory.path().to_owned();
    settings.site.base_url = "https://example.org".to_owned();
    settings.privacy.publish = PublishList::only([name("Ada"), name("Grace")]);
    let picture = || Face::Picture("ada.png".to_owned());
    #[rustfmt::skip]
    let cases = [
        // what is special     whose        who came           service                      shown
        ("Discord",            "Ada",       vec!["Ada"],       discord(),   true),
        ("Slack",              "Ada",       vec!["Ada"],       slack(),             true),
        ("Mattermost",         "Ada",       vec!["Ada"],       mattermost(), false),
        ("two came",           "Ada",       vec!["Ada", "Grace"], discord(),false),
        ("of somebody else",   "Grace",     vec!["Ada"],       discord(),   false),
        ("of somebody hidden", "Hidden",    vec!["Hidden"],    discord(),   false),
    ];
    for (what, whose, by, service, is_shown) in cases {
        settings.faces = Faces::new([(name(whose), picture())]);
        let by: Vec<Name> = by.into_iter().map(name).collect();
        let room = RoomInfo { name: None, dashboard: None, join: None };
        let kind = MessageKind::Started { at: Moment::from_seconds(0), inside: by.len(), by };
        let encoder = Encoder::builtin(service, &settings);
        let message = Message::new(room, kind);
        let body = encoder.message(&message, &attempt());
        let text = String::from_utf8(body.expect("it is encoded").body).expect("JSON is UTF-8");
        let url = "https://example.org/lookout/assets/ada.";
        assert_eq!(text.contains(url), is_shown, "{what}: {text}");
    }
}
