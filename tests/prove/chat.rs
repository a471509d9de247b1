//! A chat that hangs, then fails, for long: Zoom notices nothing, and the chat misses nothing.

use std::thread;
use std::time::{Duration, Instant};

use lookout::time::clock;

use crate::client::{Answers, deliveries, send};
use crate::pressure::told;
use crate::proof::{Length, in_ms, shown};
use crate::simulate::RoomPlan;
use crate::support::Lookout;
use crate::support::chat::{Answer, Chat};

/// Deliveries a second, of a room that the chat is not told of.
const RATE: u32 = 200;

/// Somebody comes into the chat's room, or goes, so often: it opens or empties, each a message.
/// Who went before it was seen that they came would be none.
const GAP: Duration = Duration::from_secs(5);

/// What waited is there by then: an attempt a minute at most, then a message a second.
const DRAINED: Duration = Duration::from_secs(240);

/// Where a p99 is as good as another.
const PROMPT: Duration = Duration::from_millis(50);

const LOUNGE: &str = "1234567890";
const HALL: &str = "2345678901";

pub fn outage(length: Length) -> String {
    let chat = Chat::mattermost();
    let mut lookout = Lookout::with_settings(&settings(&chat));
    lookout.serve();
    lookout.wait_for_chats();
    let seconds = length.pick(30, 300);
    let (calm, before) = watched(&lookout, 1, seconds, 0);
    chat.wait_for_posts(before);

    chat.always(Answer::Hangs);
    let (hanging, first) = watched(&lookout, 2, seconds, before);
    chat.always(Answer::Status(503));
    let (failing, second) = watched(&lookout, 3, seconds, before + first);
    let all = before + first + second;
    assert_eq!(chat.posts().len(), before, "it was away");
    let over = Instant::now();
    chat.always(Answer::Usual);
    while chat.posts().len() < all && over.elapsed() < DRAINED {
        thread::sleep(Duration::from_millis(100));
    }
    let drained = over.elapsed();
    thread::sleep(Duration::from_secs(3));
    let posts = chat.posts();
    assert_eq!(posts.len(), all, "each is a message, once");
    for (place, post) in posts.iter().enumerate() {
        let name = visitor(place / 2);
        let text = post.body.to_string();
        assert!(text.contains(&name), "message {place} is to tell of {name}: {text}");
    }
    for answers in [&calm, &hanging, &failing] {
        assert!(answers.are_all_acknowledgements(), "{}", told(answers));
    }
    let p99 = |answers: &Answers| answers.per_mille(990);
    let normal = (p99(&calm) * 2).max(PROMPT);
    let found = format!(
        "a chat hung for {seconds} s, failed for {seconds} s: {} messages waited, all delivered in order, none twice, \
         {} after; deliveries at {RATE}/s: 0 refused, p99 {} with the chat, {} while it hung, {} while it failed",
        first + second,
        shown(drained),
        in_ms(p99(&calm)),
        in_ms(p99(&hanging)),
        in_ms(p99(&failing)),
    );
    assert!(p99(&hanging) <= normal && p99(&failing) <= normal, "it is slower: {found}");
    found
}

fn settings(chat: &Chat) -> String {
    let rooms = [("Lounge", LOUNGE), ("Hall", HALL)].map(|(name, id)| {
        format!(
            "[[rooms]]\nname = \"{name}\"\nmeeting_id = \"{id}\"\nslug = \"{}\"\n",
            name.to_lowercase()
        )
    });
    format!(
        "[privacy]\npublish = [\"*\"]\n{}[[notify]]\nkind = \"mattermost\"\nurl = \"{}\"\nrooms = [\"lounge\"]\n\
         events = [\"started\", \"ended\", \"joined\", \"left\"]\n",
        rooms.concat(),
        chat.hook(),
    )
}

/// Deliveries for so many seconds, and visitors meanwhile, after those who `came` and went;
/// returns how often one of them came or went.
fn watched(lookout: &Lookout, seed: u64, seconds: usize, came: usize) -> (Answers, usize) {
    let hall = RoomPlan { number: HALL.to_owned(), topic: "Hall".to_owned() };
    let some = deliveries(seed, hall, seconds * RATE as usize);
    let visits = seconds / (2 * GAP.as_secs() as usize);
    thread::scope(|scope| {
        scope.spawn(|| {
            for place in came..came + 2 * visits {
                deliver(lookout, place / 2, ["joined", "left"][place % 2]);
                thread::sleep(GAP);
            }
        });
        (send(lookout.public(), some, Duration::from_secs(1) / RATE), 2 * visits)
    })
}

fn visitor(number: usize) -> String {
    format!("Visitor{number:04}")
}

#[track_caller]
fn deliver(lookout: &Lookout, number: usize, what: &str) {
    let (now, name) = (clock::now(), visitor(number));
    let time = if what == "left" { "leave_time" } else { "join_time" };
    let body = format!(
        r#"{{"event":"meeting.participant_{what}","event_ts":{},"payload":{{"object":{{"uuid":"lounge","id":"{LOUNGE}","participant":{{"user_id":"{name}","user_name":"{name}","{time}":"{now}"}}}}}}}}"#,
        clock::now_ms()
    );
    assert_eq!(lookout.deliver(body.as_bytes()).status, 204);
}
