//! Encodes messages and cards as the JSON that each service accepts.
//!
//! [`post`] renders the text with [`templates`], in the [`markup`] of the service, with names
//! [escaped](escape); then the module of the service encodes it.

mod attachment;
mod discord;
mod escape;
mod markup;
mod mattermost;
mod post;
mod samples;
mod slack;
mod templates;

use anyhow::Result;
use serde_json::Value;

use self::markup::Markup;
use self::post::{Post, Renderer};
use crate::config::{Settings, Site};
use crate::notify::message::{Card, Message};

/// The body of one request, as `application/json`.
pub type Body = Vec<u8>;

/// The service that receives a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// An incoming webhook of Mattermost.
    MattermostWebhook,
    /// `POST /api/v4/posts` of Mattermost, into this channel (its id).
    MattermostBot {
        /// The channel's id.
        channel: String,
    },
    /// An incoming webhook of Slack.
    Slack,
    /// A webhook of Discord.
    Discord,
}

/// The texts of messages that the language of `site` lacks, so that they are English.
pub fn missing_messages(site: &Site) -> Vec<String> {
    templates::missing(&markup::MATTERMOST, site)
}

/// Encodes messages for one target; its templates are compiled.
#[derive(Clone)]
pub struct Encoder {
    service: Service,
    renderer: Renderer,
}

impl Encoder {
    /// Loads the templates of the language in the settings, and encodes a sample of each kind, so
    /// that a broken template is found now.
    ///
    /// # Errors
    ///
    /// A template can't be read or is broken; the error shows file, line, column and the line
    /// itself.
    pub fn load(service: Service, settings: &Settings) -> Result<Self> {
        let renderer = Renderer::load(service.markup(), settings)?;
        let encoder = Self { service, renderer };
        for message in samples::messages() {
            encoder.message(&message)?;
        }
        for card in samples::cards() {
            encoder.card(&card)?;
        }
        Ok(encoder)
    }

    /// An encoder that uses the built-in templates only.
    pub fn builtin(service: Service, settings: &Settings) -> Self {
        let renderer = Renderer::builtin(service.markup(), settings);
        Self { service, renderer }
    }

    /// Encodes a message.
    ///
    /// # Errors
    ///
    /// A template uses a variable that does not exist.
    pub fn message(&self, message: &Message) -> Result<Body> {
        Ok(self.body(&self.renderer.message(message)?))
    }

    /// Encodes a card as a new post. Only a bot can edit it later.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::message`].
    pub fn card(&self, card: &Card) -> Result<Body> {
        Ok(self.body(&Post::Attachment(self.renderer.card(card)?)))
    }

    /// Encodes a card for `PUT /api/v4/posts/{id}/patch`, which replaces the content of a post.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::message`].
    pub fn edit(&self, card: &Card) -> Result<Body> {
        let post = Post::Attachment(self.renderer.card(card)?);
        Ok(bytes(&mattermost::patch(&post)))
    }

    fn body(&self, post: &Post) -> Body {
        bytes(&match &self.service {
            Service::MattermostWebhook => mattermost::webhook(post),
            Service::MattermostBot { channel } => mattermost::bot(post, channel),
            Service::Slack => slack::webhook(post),
            Service::Discord => discord::webhook(post),
        })
    }
}

impl Service {
    fn markup(&self) -> &'static Markup {
        match self {
            Self::MattermostWebhook | Self::MattermostBot { .. } => &markup::MATTERMOST,
            Self::Slack => &markup::SLACK,
            Self::Discord => &markup::DISCORD,
        }
    }
}

fn bytes(body: &Value) -> Body {
    body.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Emoji, Face, Faces, PublishList};
    use crate::notify::message::{CardState, MessageKind, PersonInside, RoomInfo};
    use crate::time::moment::Moment;
    use crate::zoom::Name;

    #[test]
    fn an_emoji_is_before_the_name_of_its_person_in_messages_and_cards() {
        let name = |text: &str| Name::clean(text).expect("a name");
        let fox = Emoji::parse("🦊").expect("an emoji");
        let faces = Faces::new([(name("Ada"), Face::Emoji(fox))]);
        let settings = Settings { faces, ..Settings::default() };
        let room = RoomInfo { name: None, dashboard: None, join: None };
        let (joined, left) = (vec![name("Ada")], vec![name("Grace")]);
        let kind = MessageKind::Moves { joined: joined.clone(), left, inside: 1 };
        let message = Message { room: room.clone(), kind };
        let since = Moment::from_seconds(0);
        let inside = ["Ada", "Grace"].map(|text| PersonInside { name: name(text), since });
        let (inside, sharing) = (inside.into(), joined);
        let state = CardState::Open { since, inside, others: 0, peak: 2, sharing };
        let card = Card { room, state };
        for service in [Service::MattermostWebhook, Service::Slack, Service::Discord] {
            let encoder = Encoder::builtin(service.clone(), &settings);
            for body in [encoder.message(&message), encoder.card(&card)] {
                let text = String::from_utf8(body.expect("it is encoded")).expect("JSON is UTF-8");
                assert!(text.contains("🦊 Ada"), "{service:?}: {text}");
                assert!(
                    text.contains("Grace") && !text.contains("🦊 Grace"),
                    "{service:?}: {text}"
                );
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
            ("Discord",            "Ada",       vec!["Ada"],       Service::Discord,            true),
            ("Slack",              "Ada",       vec!["Ada"],       Service::Slack,              true),
            ("Mattermost",         "Ada",       vec!["Ada"],       Service::MattermostWebhook,  false),
            ("two came",           "Ada",       vec!["Ada", "Grace"], Service::Discord,         false),
            ("of somebody else",   "Grace",     vec!["Ada"],       Service::Discord,            false),
            ("of somebody hidden", "Hidden",    vec!["Hidden"],    Service::Discord,            false),
        ];
        for (what, whose, by, service, is_shown) in cases {
            settings.faces = Faces::new([(name(whose), picture())]);
            let by: Vec<Name> = by.into_iter().map(name).collect();
            let room = RoomInfo { name: None, dashboard: None, join: None };
            let kind = MessageKind::Started { at: Moment::from_seconds(0), inside: by.len(), by };
            let body = Encoder::builtin(service, &settings).message(&Message { room, kind });
            let text = String::from_utf8(body.expect("it is encoded")).expect("JSON is UTF-8");
            let url = "https://example.org/lookout/assets/ada.";
            assert_eq!(text.contains(url), is_shown, "{what}: {text}");
        }
    }
}
