//! Nothing about anybody who is not published reaches a file.

use std::path::Path;

use lookout::config::{HideList, PublishList, Settings};
use lookout::dashboard::Dashboard;
use lookout::roster::{self, End, Person, PersonWaiting, Presence, Waiting};
use lookout::site::Renderer;
use lookout::time::moment::Moment;
use proptest::prelude::*;

use super::sample::{Does, NOW, at, name, person, presence_in, room, settings};

fn published() -> Settings {
    let mut settings = settings(Path::new("/nowhere"));
    settings.privacy.publish = PublishList::Only(["Ada", "Zoë"].map(name).into());
    settings.rooms = vec![room("lounge", "Lounge"), room("library", "Library")];
    settings
}

/// Everybody is published, but for those whom [`hidden`] makes.
fn hiding() -> Settings {
    let hidden = (0..1_000).map(|number| name(&format!("hidden {number}")));
    let mut settings = published();
    settings.privacy.publish = PublishList::Everybody;
    settings.privacy.hide = HideList::new(hidden, &[]);
    settings
}

fn shown() -> Presence {
    presence_in(vec![
        vec![person("Ada").stays_from("2026-01-05T17:38:09Z")],
        vec![person("Zoë").was_in("2026-01-04T10:00:00Z", "2026-01-04T11:30:00Z")],
    ])
}

/// All files, and what `build --model` prints.
fn render(
    renderer: &Renderer,
    presence: &Presence,
    settings: &Settings,
    now: Moment,
) -> Vec<(String, Vec<u8>)> {
    let dashboard = Dashboard::new(presence, settings, now);
    let models = serde_json::to_vec(&renderer.models(&dashboard)).expect("it is JSON");
    let files = renderer.render(&dashboard, settings);
    let files = files.expect("the built-in templates render");
    let owned = files.into_iter().map(|file| (file.path, file.bytes.into_owned()));
    owned.chain([("models".to_owned(), models)]).collect()
}

prop_compose! {
    /// Somebody hidden, who comes and goes around now and may be in.
    fn hidden()(
        number in 0..1_000_u32,
        came in -4_000_000_i64..10_000,
        stayed in proptest::option::of(0_i64..100_000),
        end in 0..3_u8,
    ) -> Person {
        let moment = |offset: i64| at(NOW).plus(offset);
        let text = |moment: Moment| moment.to_string();
        let person = person(&format!("hidden {number}"));
        match stayed {
            Some(stayed) => {
                let mut person = person.was_in(&text(moment(came)), &text(moment(came + stayed)));
                let visit = &mut person.visits[0];
                match end {
                    0 => visit.start = None,
                    1 => visit.end = End::Unknown,
                    _ => {}
                }
                person
            }
            None => person.stays_from(&text(moment(came))),
        }
    }
}

/// Published people, as many hidden ones, and one without a name, who wait to be let in.
fn crowd_of(count: usize) -> Waiting {
    let names = ["Ada", "Zoë"].into_iter().cycle().take(count).map(name);
    let hidden = (0..count).map(|number| name(&format!("hidden {number}")));
    let person = |name| PersonWaiting { name, since: at(NOW) };
    Waiting {
        people: names.chain(hidden).map(person).collect(),
        nameless: vec![at(NOW); count.min(1)],
    }
}

proptest! {
    #[test]
    fn hidden_people_change_no_byte(
        hidden in proptest::collection::vec(hidden(), 1..20),
        nameless in 0..5_usize,
        waiting in 0..5_usize,
        next_change in proptest::option::of(0_i64..100_000),
        // Their coming and going makes a build of its own, before the charts move on anyway.
        later in 0_i64..15 * 60,
        is_everybody_published in any::<bool>(),
    ) {
        let settings = if is_everybody_published { hiding() } else { published() };
        let renderer = Renderer::load(&settings).expect("the built-in templates load");
        let mut busy = shown();
        let add = |people: &mut Vec<Person>| {
            people.extend(hidden.iter().cloned());
            people.sort_by(|a, b| a.name.cmp(&b.name));
        };
        add(&mut busy.people);
        busy.rooms.iter_mut().for_each(|room: &mut roster::RoomPresence| {
            add(&mut room.people);
            room.nameless_present = nameless;
            room.waiting = crowd_of(waiting);
        });
        busy.nameless_present = nameless;
        busy.waiting = crowd_of(waiting);
        busy.next_change = next_change.map(|offset| at(NOW).plus(offset));
        prop_assert_eq!(
            render(&renderer, &busy, &settings, at(NOW).plus(later)),
            render(&renderer, &shown(), &settings, at(NOW))
        );
    }
}
