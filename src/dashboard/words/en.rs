//! English.

use super::{Count, Labels, Words, capital};

pub(super) const WORDS: Words = Words {
    lang: "en",
    locale: "en-GB",
    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    capital,
    summary: Count { zero: "Nobody is in", one: "1 person is in", more: "{} people are in" },
    others: Count { zero: "", one: "and 1 more", more: "and {} more" },
    only_others: Count {
        zero: "",
        one: "1 person, not named here",
        more: "{} people, not named here",
    },
    since: "since {}",
    zone: "Times in {}",
    labels: Labels {
        join: "Join",
        members: "In now",
        nobody: "It is quiet. Nobody is in right now.",
        away: "Seen lately",
        rooms: "Rooms",
        all_rooms: "All rooms",
        table: "Comings and goings",
        window: "The last 35 days, latest first",
        username: "Username",
        status: "Status",
        last_join: "Last Join",
        last_left: "Last Left",
        present: "In",
        absent: "Out",
        never: "N/A",
        updated: "Last change",
        not_updated: "No change yet",
        pause: "Pause live updates",
        resume: "Resume live updates",
        stale: "This page may be out of date: nothing has been heard from Lookout for some minutes.",
        duration: "for {}",
        own_zone: "Times in your own zone, {}",
    },
};
