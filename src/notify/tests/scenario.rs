//! A target and a room that follows a script.
//!
//! `20:00:05 +Ada -Bob` is Ada joining and Bob leaving, delivered at that second; `+Ada#2` is her
//! second device, `+Ada@22` another room, and `-Ada=19:55:00` reports late what happened earlier.

use std::collections::BTreeSet;

use compact_str::format_compact;

use crate::config::notify::NotifyEvent;
use crate::config::{HideList, Others, Privacy, PublishList};
use crate::notify::delivery_state::DeliveryState;
use crate::notify::difference::{Rules, WatchedRoom, compare};
use crate::notify::message::{
    Card, CardState, Members, Message, MessageKind, RoomInfo, RoomSummary,
};
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

/// All events of one room, in which everybody is published.
pub fn rules() -> Rules {
    use NotifyEvent::{Ended, Joined, Left, Sharing, Started};
    Rules {
        rooms: vec![watched("", None, None)],
        events: [Joined, Left, Started, Ended, Sharing].into(),
        privacy: privacy(PublishList::Everybody, Others::Hidden),
        quiet: None,
        people: Vec::new(),
        known: BTreeSet::new(),
        has_cards: false,
        debounce_s: 10,
        debounce_max_s: 60,
    }
}

/// A room of the settings.
pub fn watched(number: &str, index: Option<usize>, name: Option<&str>) -> WatchedRoom {
    let info = RoomInfo { name: name.map(str::to_owned), dashboard: None, join: None };
    WatchedRoom { number: number.to_owned(), index, info }
}

pub fn privacy(publish: PublishList, others: Others) -> Privacy {
    Privacy { publish, hide: HideList::default(), others, drop_fields: Vec::new() }
}

pub fn names(names: &[&str]) -> PublishList {
    PublishList::Only(names.iter().map(|name| name_of(name)).collect())
}

fn name_of(text: &str) -> Name {
    Name::clean(text).expect("a name")
}

/// A log and a target that hears of it.
pub struct Scenario {
    pub rules: Rules,
    pub state: Option<DeliveryState>,
    roster: Roster,
    roster_rules: roster::Rules,
    compare_at: Option<Moment>,
    announced: Vec<String>,
    /// The messages, as they are, and when they were announced.
    pub messages: Vec<(Moment, Message)>,
    /// What cards were to show, and since when.
    pub cards: Vec<(Moment, Card)>,
}

impl Scenario {
    pub fn new(rules: Rules) -> Self {
        let rooms = rules.rooms.iter().map(|room| room.number.clone());
        let rooms = rooms.filter(|number| !number.is_empty()).collect();
        let roster_rules =
            roster::Rules { stale_after: 12 * 3600, rooms, ..roster::Rules::default() };
        let roster = Roster::new();
        Self {
            rules,
            state: None,
            roster,
            roster_rules,
            compare_at: None,
            announced: Vec::new(),
            messages: Vec::new(),
            cards: Vec::new(),
        }
    }

    /// Has compared the empty room once.
    pub fn started(rules: Rules) -> Self {
        let mut scenario = Self::new(rules);
        scenario.compare(clock("0"));
        scenario
    }

    /// Plays `script`, and compares after each delivery and when that is due.
    pub fn play(mut self, script: &str) -> Self {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (time, deliveries) = line.split_once(' ').expect("a time and what happens");
            let now = clock(time);
            self.wait_until(now);
            deliveries.split_whitespace().for_each(|delivery| self.deliver(now, delivery));
            self.compare(now);
        }
        while let Some(due) = self.compare_at {
            self.compare(due);
        }
        self
    }

    /// Compares when that is due before `now`.
    fn wait_until(&mut self, now: Moment) {
        while let Some(due) = self.compare_at.filter(|due| *due < now) {
            self.compare(due);
        }
    }

    /// The same log with a process that knows only what is stored.
    pub fn restarted(mut self) -> Self {
        let stored = serde_json::to_string(&self.state).expect("it encodes");
        self.state = serde_json::from_str(&stored).expect("it decodes");
        self
    }

    /// Stores without a comparison, as while the process is down.
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

    pub fn compare(&mut self, now: Moment) {
        let presence = self.presence(now);
        self.compare_with(&presence, now);
    }

    /// Compares with a presence that may be outdated.
    pub fn compare_with(&mut self, presence: &Presence, now: Moment) {
        let cards = |state: &Option<DeliveryState>| state.as_ref().map(|state| state.cards.clone());
        let before = cards(&self.state).unwrap_or_default();
        let difference = compare(self.state.as_ref(), presence, &self.rules, now);
        for message in &difference.messages {
            self.announced.push(format!("{} {}", show(now), describe(message)));
        }
        for (place, card) in difference.state.cards.iter().enumerate() {
            let is_new = before.get(place).is_none_or(|before| before.wanted != card.wanted);
            if is_new {
                self.announced.push(format!("{} {}", show(now), describe_card(&card.wanted.state)));
                self.cards.push((now, card.wanted.clone()));
            }
        }
        self.messages.extend(difference.messages.into_iter().map(|message| (now, message)));
        self.state = Some(difference.state);
        self.compare_at = difference.compare_at;
    }

    /// What was announced, a line each.
    pub fn announced(&self) -> String {
        self.announced.join("\n")
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
        "?" => Kind::WaitStarted,
        "~" => Kind::WaitEnded,
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
    let kind = match &message.kind {
        MessageKind::Moves { joined, left, inside } => {
            let came = (!joined.is_empty()).then(|| format!("{} joined", listed(joined)));
            let went = (!left.is_empty()).then(|| format!("{} left", listed(left)));
            let both: Vec<_> = came.into_iter().chain(went).collect();
            format!("{}; {inside} in", both.join(", "))
        }
        MessageKind::Sharing { started, stopped } => {
            let began = (!started.is_empty()).then(|| format!("{} shares", listed(started)));
            let ended = (!stopped.is_empty()).then(|| format!("{} stopped", listed(stopped)));
            began.into_iter().chain(ended).collect::<Vec<_>>().join(", ")
        }
        MessageKind::Started { at, by, inside } => {
            format!("opened at {} by {}; {inside} in", show(*at), listed(by))
        }
        MessageKind::Ended(summary) => format!("emptied: {}", summed_up(summary)),
        MessageKind::Waiting(Members { names, others }) => {
            format!("waiting: {} +{others}", listed(names))
        }
        MessageKind::Stranger { joined, inside } => {
            format!("unknown: {}; {inside} in", listed(joined))
        }
        MessageKind::Test => "test".to_owned(),
    };
    format!("{}{kind}", room.unwrap_or_default())
}

fn describe_card(state: &CardState) -> String {
    match state {
        CardState::Open { since, inside, others, peak, sharing, strangers, waiting } => {
            let inside: Vec<_> = inside.iter().map(|one| one.name.as_str()).collect();
            let inside = inside.join(", ");
            let sharing = listed(sharing);
            let mut card = format!(
                "card: since {}: {inside} +{others}, peak {peak}, sharing: {sharing}",
                show(*since)
            );
            if !strangers.is_empty() {
                card += &format!(", unknown: {}", listed(strangers));
            }
            if !waiting.is_empty() {
                card += &format!(", waiting: {} +{}", listed(&waiting.names), waiting.others);
            }
            card
        }
        CardState::Closed(summary) => format!("card closed: {}", summed_up(summary)),
    }
}

fn summed_up(summary: &RoomSummary) -> String {
    let RoomSummary { from, until, peak, people, others } = summary;
    format!("{} to {}, peak {peak}, {} +{others}", show(*from), show(*until), listed(people))
}
