//! The parameters of a story.

use lookout::time::moment::Moment;

use super::probabilities::Probabilities;

/// All parameters of a story: equal plans give equal stories, byte for byte.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The seed of the random numbers.
    pub seed: u64,
    /// How many people there are.
    pub people: usize,
    /// The rooms; at least one.
    pub rooms: Vec<RoomPlan>,
    /// When the first delivery is sent.
    pub start: Moment,
    /// How many people are in at the start; their deliveries come within the first second.
    pub already_in: usize,
    /// How much happens.
    pub pace: Pace,
    /// How often each oddity happens.
    pub probabilities: Probabilities,
}

/// One room of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomPlan {
    /// The meeting number, digits only.
    pub number: String,
    /// The topic that Zoom sends.
    pub topic: String,
}

/// How much happens, in story time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// An ordinary week: quiet nights, busy evenings, stays of minutes to hours.
    Daily {
        /// Deliveries a day, for all people together, averaged over weeks.
        deliveries: usize,
    },
    /// A constant rate: the k-th delivery comes about `k / rate` seconds after the start.
    Rate {
        /// Deliveries in 1,000 seconds.
        per_1000_s: u64,
    },
}

/// A visit, and sometimes an incident.
const DELIVERIES_PER_PERSON_AND_DAY: usize = 4;

impl Pace {
    /// The density of real rooms: 1,000,000 deliveries of 500 people are 500 days.
    pub fn realistic(people: usize) -> Self {
        let deliveries = people.saturating_mul(DELIVERIES_PER_PERSON_AND_DAY);
        Self::Daily { deliveries }
    }
}

impl RoomPlan {
    /// `count` invented rooms.
    pub fn invented(count: usize) -> Vec<Self> {
        const TOPICS: [&str; 6] = [
            "Lounge",
            "Reading Circle",
            "Çay Saati ☕",
            "Makers & Menders",
            "Night Owls",
            "\"Open\" Office",
        ];
        let room = |index: usize| Self {
            number: (81_234_567_001 + 1_111 * index as u64).to_string(),
            topic: match index / TOPICS.len() {
                0 => TOPICS[index].to_owned(),
                round => format!("{} {}", TOPICS[index % TOPICS.len()], round + 1),
            },
        };
        (0..count).map(room).collect()
    }
}
