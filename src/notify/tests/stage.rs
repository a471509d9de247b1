//! A target, and a room that lives by a script.
//!
//! `20:00:05 +Ada -Bob` is Ada joining and Bob leaving, delivered at that second; `+Ada#2` is her
//! second device, `+Ada@22` another room, and `-Ada=19:55:00` tells late of something earlier.

use compact_str::format_compact;

use crate::config::notify::Happening;
use crate::config::{Others, Privacy, PublishList};
use crate::notify::digest::{Rules, Watched, digest};
use crate::notify::message::{CardState, Message, News, Room, Summary};
use crate::notify::told::Told;
use crate::roster::{self, Presence, Roster};
use crate::time::moment::Moment;
use crate::zoom::{Event, Kind, Meeting, Name, Participant};

/// Midnight before every script.
const MIDNIGHT: Moment = Moment::from_seconds(1_772_409_600);

/// `20:00:05`; hours go on behind midnight.
pub fn clock(text: &str) -> Moment {
    let mut parts = text.split(':').map(|part| part.parse::<i64>().expect("a number"));
    let mut next = || parts.next().unwrap_or(0);
    MIDNIGHT.plus(next() * 3600 + next() * 60 + next())
}

/// What [`clock`] reads.
pub fn show(moment: Moment) -> String {
    let seconds = moment.since(MIDNIGHT);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A target with everything on, told of one room in which everybody is published.
pub fn rules() -> Rules {
    use Happening::{Ended, Joined, Left, Sharing, Started};
    Rules {
        rooms: vec![watched("", None, None)],
        events: [Joined, Left, Started, Ended, Sharing].into(),
        privacy: privacy(PublishList::Everybody, Others::Hidden),
        quiet: None,
        has_cards: false,
        gather: 10,
        gather_most: 60,
    }
}

/// A room as the settings would have it.
pub fn watched(number: &str, place: Option<usize>, name: Option<&str>) -> Watched {
    let room = Room { name: name.map(str::to_owned), dashboard: None, join: None };
    Watched { number: number.to_owned(), place, room }
}

pub fn privacy(publish: PublishList, others: Others) -> Privacy {
    Privacy { publish, others, drop_fields: Vec::new() }
}

pub fn names(names: &[&str]) -> PublishList {
    PublishList::Only(names.iter().map(|name| name_of(name)).collect())
}

fn name_of(text: &str) -> Name {
    Name::clean(text).expect("a name")
}

/// A log, and a target that is told of it.
pub struct Stage {
    pub rules: Rules,
    pub told: Option<Told>,
    roster: Roster,
    roster_rules: roster::Rules,
    look_at: Option<Moment>,
    said: Vec<String>,
    /// The messages, as they are, and when they were said.
    pub messages: Vec<(Moment, Message)>,
}

impl Stage {
    pub fn new(rules: Rules) -> Self {
        let rooms = rules.rooms.iter().map(|room| room.number.clone());
        let rooms = rooms.filter(|number| !number.is_empty()).collect();
        let roster_rules =
            roster::Rules { stale_after: 12 * 3600, rooms, ..roster::Rules::default() };
        let roster = Roster::new();
        Self {
            rules,
            told: None,
            roster,
            roster_rules,
            look_at: None,
            said: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// Has looked at the empty room once.
    pub fn begun(rules: Rules) -> Self {
        let mut stage = Self::new(rules);
        stage.look(clock("0"));
        stage
    }

    /// Plays `script`, looking whenever something is delivered or due.
    pub fn play(mut self, script: &str) -> Self {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (time, deliveries) = line.split_once(' ').expect("a time and what happens");
            let now = clock(time);
            self.wait_until(now);
            deliveries.split_whitespace().for_each(|delivery| self.deliver(now, delivery));
            self.look(now);
        }
        while let Some(due) = self.look_at {
            self.look(due);
        }
        self
    }

    /// Looks whenever that is due before `now`.
    fn wait_until(&mut self, now: Moment) {
        while let Some(due) = self.look_at.filter(|due| *due < now) {
            self.look(due);
        }
    }

    /// The same log, and a process that knows only what was kept on disk.
    pub fn restarted(mut self) -> Self {
        let kept = serde_json::to_string(&self.told).expect("it encodes");
        self.told = serde_json::from_str(&kept).expect("it decodes");
        self
    }

    /// Stores without looking, as while the process is down.
    pub fn deliver_all(&mut self, time: &str, deliveries: &str) {
        for delivery in deliveries.split_whitespace() {
            self.deliver(clock(time), delivery);
        }
    }

    fn deliver(&mut self, now: Moment, delivery: &str) {
        let event = event(now, delivery);
        self.roster.apply(&event);
    }

    pub fn presence(&self, now: Moment) -> Presence {
        self.roster.presence(&self.roster_rules, now)
    }

    pub fn look(&mut self, now: Moment) {
        let presence = self.presence(now);
        self.look_at_this(&presence, now);
    }

    /// Looks at what may not be the newest.
    pub fn look_at_this(&mut self, presence: &Presence, now: Moment) {
        let cards = |told: &Option<Told>| told.as_ref().map(|told| told.cards.clone());
        let before = cards(&self.told).unwrap_or_default();
        let digest = digest(self.told.as_ref(), presence, &self.rules, now);
        for message in &digest.messages {
            self.said.push(format!("{} {}", show(now), describe(message)));
        }
        for (place, posted) in digest.told.cards.iter().enumerate() {
            let is_new = before.get(place).is_none_or(|before| before.card != posted.card);
            if is_new {
                self.said.push(format!("{} {}", show(now), describe_card(&posted.card.state)));
            }
        }
        self.messages.extend(digest.messages.into_iter().map(|message| (now, message)));
        self.told = Some(digest.told);
        self.look_at = digest.look_at;
    }

    /// What was said, a line each.
    pub fn said(&self) -> String {
        self.said.join("\n")
    }
}

fn event(now: Moment, delivery: &str) -> Event {
    let (kind, rest) = delivery.split_at(1);
    let (rest, at) = match rest.split_once('=') {
        Some((rest, fact)) => (rest, clock(fact)),
        None => (rest, now),
    };
    let (rest, room) = rest.split_once('@').unwrap_or((rest, "1"));
    let (name, device) = rest.split_once('#').unwrap_or((rest, "1"));
    let kind = match kind {
        "+" => Kind::Joined,
        "-" => Kind::Left,
        ">" => Kind::SharingStarted,
        "<" => Kind::SharingEnded,
        "!" => Kind::Ended,
        other => panic!("`{other}` is no kind of delivery"),
    };
    let participant = (kind != Kind::Ended).then(|| Participant {
        user_id: Some(format_compact!("{name}{device}")),
        connection: Some(format_compact!("{name}{device}")),
        name: Name::clean(name),
        zoom_user_ids: Vec::new(),
        bound_to: None,
    });
    let meeting = Meeting { uuid: format_compact!("m{room}"), number: Some(room.into()) };
    Event { kind, at, stamp_ms: at.seconds() * 1000, meeting: Some(meeting), participant }
}

fn listed(names: &[Name]) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}

fn describe(message: &Message) -> String {
    let room = message.room.name.as_ref().map(|name| format!("[{name}] "));
    let news = match &message.news {
        News::Moves { joined, left, inside } => {
            let came = (!joined.is_empty()).then(|| format!("{} joined", listed(joined)));
            let went = (!left.is_empty()).then(|| format!("{} left", listed(left)));
            let both: Vec<_> = came.into_iter().chain(went).collect();
            format!("{}; {inside} in", both.join(", "))
        }
        News::Sharing { started, stopped } => {
            let began = (!started.is_empty()).then(|| format!("{} shares", listed(started)));
            let ended = (!stopped.is_empty()).then(|| format!("{} stopped", listed(stopped)));
            began.into_iter().chain(ended).collect::<Vec<_>>().join(", ")
        }
        News::Started { at, by, inside } => {
            format!("opened at {} by {}; {inside} in", show(*at), listed(by))
        }
        News::Ended(summary) => format!("emptied: {}", summed_up(summary)),
        News::Test => "test".to_owned(),
    };
    format!("{}{news}", room.unwrap_or_default())
}

fn describe_card(state: &CardState) -> String {
    match state {
        CardState::Open { since, inside, others, peak, sharing } => {
            let inside: Vec<_> = inside.iter().map(|one| one.name.as_str()).collect();
            let inside = inside.join(", ");
            let sharing = listed(sharing);
            format!(
                "card: since {}: {inside} +{others}, peak {peak}, sharing: {sharing}",
                show(*since)
            )
        }
        CardState::Closed(summary) => format!("card closed: {}", summed_up(summary)),
    }
}

fn summed_up(summary: &Summary) -> String {
    let Summary { from, until, peak, people, others } = summary;
    format!("{} to {}, peak {peak}, {} +{others}", show(*from), show(*until), listed(people))
}
