//! From what a target was told, and who is in now, to what it is to be told.
//!
//! Messages follow visits, not events: what counts is the difference between the two, so
//! breakout moves, second devices and redelivered events say nothing. Joins and leaves
//! gather for a while, so that many of them are one message, and whoever came and left
//! within that time none. The room's opening and emptying go at once, and take along
//! whatever gathers. In quiet hours, what happens is taken over in silence: their end
//! brings no flood.
//!
//! Pure: the moment is an argument, and says when to look again.

use std::collections::BTreeSet;

use crate::config::notify::{Happening, Quiet};
use crate::config::{Others, Privacy};
use crate::dashboard::Opening;
use crate::notify::difference::{self, Difference};
use crate::notify::message::{Card, CardState, Message, News, Room, Summary};
use crate::notify::sight::Sight;
use crate::notify::told::{Changes, Gathering, Open, Posted, Told, ToldRoom};
use crate::roster::{End, Presence};
use crate::time::moment::Moment;
use crate::time::zone::Zone;

/// What one target is told, and when.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Its rooms.
    pub rooms: Vec<Watched>,
    /// What it is told of them.
    pub events: BTreeSet<Happening>,
    /// Of whom.
    pub privacy: Privacy,
    /// When it is told nothing, and in which zone.
    pub quiet: Option<(Quiet, Zone)>,
    /// Whether it has cards instead of messages.
    pub has_cards: bool,
    /// Changes gather until none came for so many seconds …
    pub gather: i64,
    /// … and for so many at most.
    pub gather_most: i64,
}

/// A room that a target is told of.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The meeting number; empty where no rooms are configured.
    pub number: String,
    /// Its place in the settings; `None` where all meetings are one room.
    pub place: Option<usize>,
    /// How messages speak of it.
    pub room: Room,
}

/// What came of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// What the target was told with these messages and cards.
    pub told: Told,
    /// The messages, in order.
    pub messages: Vec<Message>,
    /// When to look again although nothing changes.
    pub look_at: Option<Moment>,
}

/// Compares what a target was told with `presence`. One that was never told anything is
/// taken to know what is.
pub fn digest(told: Option<&Told>, presence: &Presence, rules: &Rules, now: Moment) -> Digest {
    let mut told = told.cloned().unwrap_or_default();
    let is_watched = |number: &String| rules.rooms.iter().any(|room| room.number == *number);
    told.rooms.retain(|number, _| is_watched(number));
    told.cards.retain(|posted| is_watched(&posted.room));
    if told.no_cards_until.is_some_and(|until| until <= now) {
        told.no_cards_until = None;
    }
    let mut digest = Digest { told, messages: Vec::new(), look_at: None };
    for watched in &rules.rooms {
        if let Some(look) = Look::at(watched, presence, rules, now) {
            look.digest(&mut digest);
        }
    }
    digest
}

/// One room, looked at once.
struct Look<'a> {
    rules: &'a Rules,
    watched: &'a Watched,
    sight: Sight<'a>,
    /// The latest opening.
    opening: Option<Opening>,
    is_quiet: bool,
    now: Moment,
}

/// What became of a room.
enum Turn {
    /// It is open or empty, as before.
    None,
    /// It opened, and that is news.
    Opened,
    /// It emptied; whether that is news.
    Emptied(Summary, bool),
}

impl<'a> Look<'a> {
    fn at(
        watched: &'a Watched,
        presence: &'a Presence,
        rules: &'a Rules,
        now: Moment,
    ) -> Option<Self> {
        let (people, nameless) = match watched.place {
            None => (&presence.people, presence.nameless_present),
            Some(place) => {
                let room = presence.rooms.get(place)?;
                (&room.people, room.nameless_present)
            }
        };
        let sight = Sight::of(people, nameless, &rules.privacy);
        let opening = sight.opening();
        let is_quiet =
            rules.quiet.as_ref().is_some_and(|(quiet, zone)| quiet.ends(zone, now).is_some());
        Some(Self { rules, watched, sight, opening, is_quiet, now })
    }

    fn digest(&self, digest: &mut Digest) {
        let number = &self.watched.number;
        let Some(mut told) = digest.told.rooms.remove(number) else {
            digest.told.rooms.insert(number.clone(), self.first());
            return;
        };
        let was_open = told.open.is_some();
        let turn = self.turn(&mut told);
        let cards_work = self.rules.has_cards && digest.told.no_cards_until.is_none();
        let card = digest.told.cards.iter().position(|posted| posted.is_open(number));
        if cards_work && (card.is_some() || !was_open) {
            self.keep_card(&mut told, digest, card, turn);
        } else {
            self.say(&mut told, digest, turn);
        }
        told.forget(self.now);
        told.looked = true;
        digest.told.rooms.insert(number.clone(), told);
    }

    /// What is taken to be known to whom nothing was said yet.
    fn first(&self) -> ToldRoom {
        let mut told = ToldRoom::default();
        self.turn(&mut told);
        self.difference().take_over(&mut told, &Changes::default());
        ToldRoom { looked: true, ..told }
    }

    /// Takes note of the room's opening or emptying.
    fn turn(&self, told: &mut ToldRoom) -> Turn {
        let count = self.sight.count();
        match &mut told.open {
            None if count == 0 => Turn::None,
            None => {
                let named_since = self.open_since();
                let since = named_since.unwrap_or(self.now);
                let is_news = self.is_fresh(since) && Some(since) > told.opened;
                told.opened = told.opened.max(Some(since));
                let is_nameless = named_since.is_none();
                told.open = Some(Open { since, peak: count, is_nameless });
                if is_news { Turn::Opened } else { Turn::None }
            }
            Some(open) if count > 0 => {
                let named_since = self.open_since();
                open.since = match (named_since, self.rules.privacy.others) {
                    // Somebody may turn out to have come earlier; or all left, and came again.
                    (Some(since), Others::Hidden) => since,
                    (since, _) => since.unwrap_or(open.since).min(open.since),
                };
                open.is_nameless = named_since.is_none();
                open.peak = open.peak.max(count);
                told.opened = told.opened.max(Some(open.since));
                Turn::None
            }
            Some(open) => {
                let open = open.clone();
                let (summary, is_news) = self.emptied(&open, told);
                told.open = None;
                told.emptied = told.emptied.max(Some(summary.until));
                Turn::Emptied(summary, is_news)
            }
        }
    }

    /// Since when somebody has been in who may be named.
    fn open_since(&self) -> Option<Moment> {
        self.opening.filter(|opening| opening.end == End::Open).map(|opening| opening.start)
    }

    /// What there is to say of an opening that is over, and whether it is to be said.
    fn emptied(&self, open: &Open, told: &ToldRoom) -> (Summary, bool) {
        let opening = self.opening.filter(|opening| opening.last >= open.since);
        let mut summary = Summary {
            from: open.since,
            until: self.now,
            peak: open.peak,
            people: Vec::new(),
            others: 0,
        };
        let mut is_news = false;
        if let Some(opening) = &opening {
            summary.from = match self.rules.privacy.others {
                Others::Hidden => opening.start,
                Others::Counted => opening.start.min(open.since),
            };
            summary.until = opening.last;
            summary.peak = summary.peak.max(self.sight.peak(opening));
            summary.people = self.sight.attendance(opening);
            is_news = matches!(opening.end, End::At(end) if self.is_fresh(end))
                && Some(opening.last) > told.emptied;
        }
        if open.is_nameless {
            // Nobody knows when the others left: only who looks on knows that it was just now.
            summary.until = self.now;
            is_news = told.looked;
        }
        (summary, is_news)
    }

    fn say(&self, told: &mut ToldRoom, digest: &mut Digest, turn: Turn) {
        let is_told = |what| !self.is_quiet && self.rules.events.contains(&what);
        let news = match turn {
            Turn::Opened if is_told(Happening::Started) => {
                let at = told.open.as_ref().map_or(self.now, |open| open.since);
                let by = self.sight.inside().into_iter().map(|inside| inside.name).collect();
                News::Started { at, by, inside: self.sight.count() }
            }
            Turn::Emptied(summary, true) if is_told(Happening::Ended) => News::Ended(summary),
            _ => return self.say_changes(told, digest),
        };
        digest.messages.push(self.message(news));
        told.gathering = None;
        self.difference().take_over(told, &Changes::default());
    }

    fn say_changes(&self, told: &mut ToldRoom, digest: &mut Digest) {
        let difference = self.difference();
        let changes = if self.is_quiet { Changes::default() } else { difference.changes(told) };
        difference.take_over(told, &changes);
        let Some(changes) = self.gathered(told, changes, digest) else { return };
        let inside = self.sight.count();
        let Changes { joined, left, sharing: started, stopped, .. } = changes;
        if !joined.is_empty() || !left.is_empty() {
            digest.messages.push(self.message(News::Moves { joined, left, inside }));
        }
        if !started.is_empty() || !stopped.is_empty() {
            digest.messages.push(self.message(News::Sharing { started, stopped }));
        }
        difference.take_over(told, &Changes::default());
    }

    /// The changes, once they have gathered for long enough.
    fn gathered(
        &self,
        told: &mut ToldRoom,
        changes: Changes,
        digest: &mut Digest,
    ) -> Option<Changes> {
        let now = self.now;
        let gathering = match told.gathering.take() {
            _ if changes.is_empty() => return None,
            Some(before) if before.changes == changes => before,
            Some(before) => Gathering { last: now, changes, ..before },
            None => Gathering { first: now, last: now, changes },
        };
        let most = gathering.first.plus(self.rules.gather_most);
        let due = gathering.last.plus(self.rules.gather).min(most);
        if due <= now {
            return Some(gathering.changes);
        }
        digest.look_at = digest.look_at.into_iter().chain([due]).min();
        told.gathering = Some(gathering);
        None
    }

    /// Posts, edits or closes the room's card.
    fn keep_card(&self, told: &mut ToldRoom, digest: &mut Digest, card: Option<usize>, turn: Turn) {
        match (card, turn) {
            (None, Turn::Opened) if !self.is_quiet => {
                let room = self.watched.number.clone();
                let card = self.card(self.open(told));
                let (post, shown, made) = (None, None, self.now);
                let number = digest.told.next_card;
                digest.told.next_card += 1;
                digest.told.cards.push(Posted { number, room, post, card, shown, made });
            }
            (None, _) => {}
            (Some(place), Turn::Emptied(summary, _)) => {
                told.gathering = None;
                digest.told.cards[place].show(self.card(CardState::Closed(summary)), self.now);
            }
            (Some(place), _) => {
                let card = self.card(self.open(told));
                let differs = digest.told.cards[place].card != card;
                let changes = Changes { card: differs, ..Changes::default() };
                if self.gathered(told, changes, digest).is_some() {
                    digest.told.cards[place].show(card, self.now);
                }
            }
        }
        self.difference().take_over(told, &Changes::default());
    }

    /// What stands on the card of a room that is open.
    fn open(&self, told: &ToldRoom) -> CardState {
        let named = self.opening.map_or(0, |opening| self.sight.peak(&opening));
        let (since, peak) =
            told.open.as_ref().map_or((self.now, 0), |open| (open.since, open.peak));
        CardState::Open {
            since,
            inside: self.sight.inside(),
            others: self.sight.others(),
            peak: named.max(peak),
            sharing: self.sight.sharing().into_iter().map(|(_, name)| name).collect(),
        }
    }

    fn card(&self, state: CardState) -> Card {
        Card { room: self.watched.room.clone(), state }
    }

    fn message(&self, news: News) -> Message {
        Message { room: self.watched.room.clone(), news }
    }

    fn difference(&self) -> Difference<'_> {
        Difference { sight: &self.sight, events: &self.rules.events, now: self.now }
    }

    fn is_fresh(&self, fact: Moment) -> bool {
        difference::is_fresh(fact, self.now)
    }
}
