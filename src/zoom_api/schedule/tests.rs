use super::*;

const NOW: Moment = Moment::from_seconds(1_767_643_200);
const NUMBER: &str = "111";

fn found(uuid: &str, inside: usize, has_gaps: bool, ago_s: i64) -> UnsettledMeeting {
    UnsettledMeeting {
        room: 0,
        uuid: uuid.to_owned(),
        number: Some(NUMBER.to_owned()),
        last_seen: NOW.plus(-ago_s),
        inside,
        waiting: 0,
        has_gaps,
    }
}

fn status() -> Option<Task> {
    Some(Task::Status(NUMBER.to_owned()))
}

fn participants(question: Question, uuid: &str, is_over: IsOver) -> Option<Task> {
    Some(Task::Participants(question, found(uuid, 0, true, 0).meeting(), is_over))
}

fn past(uuid: &str) -> Option<Task> {
    participants(Question::PastParticipants, uuid, IsOver::Yes)
}

/// A schedule that knows of nobody who was in at the start.
fn schedule() -> Schedule {
    let mut schedule = Schedule::new();
    assert_eq!(schedule.next(&[], NOW), None);
    schedule
}

#[test]
fn what_is_asked_depends_on_what_is_not_known() {
    #[rustfmt::skip]
    let cases = [
        // what is special                    meetings                              asked
        ("nothing",                           vec![],                               None),
        ("somebody is in, and it is silent",  vec![found("a", 2, false, 60)],       status()),
        ("somebody is in, an event came now", vec![found("a", 2, false, 59)],       None),
        ("one of the number is not silent",   vec![found("a", 1, false, 900), found("b", 1, false, 5)], None),
        ("it is over, with gaps",             vec![found("a", 0, true, 60)],        past("a")),
        ("it is over since a moment ago",     vec![found("a", 0, true, 59)],        None),
        ("it is over since eight days ago",   vec![found("a", 0, true, 8 * 86_400)], None),
        ("gaps while somebody is in",         vec![found("a", 1, true, 5)],         None),
    ];
    for (what, meetings, asked) in cases {
        assert_eq!(schedule().next(&meetings, NOW), asked, "{what}");
    }
}

#[test]
fn whether_a_meeting_goes_on_is_asked_every_few_minutes() {
    let (mut schedule, meetings) = (schedule(), [found("a", 1, false, 900)]);
    assert_eq!(schedule.next(&meetings, NOW), status());
    schedule.told_status(NUMBER, Some("a"), &[], NOW);
    assert_eq!(schedule.next(&meetings, NOW.plus(179)), None);
    assert_eq!(schedule.next(&meetings, NOW.plus(240)), status());
}

#[test]
fn participants_are_asked_for_once() {
    let (mut schedule, meetings) = (schedule(), [found("a", 0, true, 900)]);
    assert_eq!(schedule.next(&meetings, NOW), past("a"));
    schedule.told_participants("a", IsOver::Yes, NOW);
    assert_eq!(schedule.next(&meetings, NOW.plus(86_400)), None);
}

#[test]
fn a_refused_question_comes_again_later_each_time_and_then_never() {
    let (mut schedule, meetings) = (schedule(), [found("a", 0, true, 900)]);
    let mut now = NOW;
    for wait_s in [120, 240, 480, 960, 1920, 3600] {
        let task = schedule.next(&meetings, now).expect("it is due");
        schedule.refused(&task, now);
        assert_eq!(schedule.next(&meetings, now.plus(wait_s - 1)), None, "{wait_s}");
        now = now.plus(wait_s);
    }
    assert_eq!(schedule.next(&meetings, now.plus(86_400)), None);
}

#[test]
fn after_a_failure_no_question_is_asked_for_as_long_as_zoom_says() {
    #[rustfmt::skip]
    let cases = [
        // what is special       asked for                         waited
        ("nothing is said",      None,                             5),
        ("longer than we would", Some(Duration::from_secs(3600)),  3600),
        ("shorter",              Some(Duration::from_secs(1)),     5),
    ];
    for (what, retry_after, wait_s) in cases {
        let (mut schedule, meetings) = (schedule(), [found("a", 1, false, 900)]);
        schedule.unavailable(retry_after, NOW);
        assert_eq!(schedule.next(&meetings, NOW.plus(wait_s - 1)), None, "{what}");
        assert_eq!(schedule.next(&meetings, NOW.plus(wait_s)), status(), "{what}");
    }
}

#[test]
fn who_was_in_at_the_start_is_looked_up_although_nothing_seems_to_be_missing() {
    let inside = [found("a", 1, false, 900)];
    let start = || {
        let mut schedule = Schedule::new();
        assert_eq!(schedule.next(&inside, NOW), status());
        schedule
    };
    let live = participants(Question::Metrics, "a", IsOver::No);
    #[rustfmt::skip]
    let cases = [
        // what is special              goes on    meetings    asked
        ("it goes on",                  Some("a"), &inside[..], live.clone()),
        ("another one of the number does", Some("b"), &inside, past("a")),
        ("none does",                   None,      &inside[..], past("a")),
        ("everybody has left since",    Some("a"), &[][..], past("a")),
    ];
    for (what, going_on, meetings, asked) in cases {
        let mut schedule = start();
        schedule.told_status(NUMBER, going_on, &[], NOW);
        assert_eq!(schedule.next(meetings, NOW), asked, "{what}");
    }
    let mut schedule = start();
    schedule.told_status(NUMBER, Some("a"), &[], NOW);
    schedule.told_participants("a", IsOver::No, NOW);
    assert_eq!(schedule.next(&inside, NOW), None, "once");
    let over = [found("a", 0, true, 900)];
    assert_eq!(schedule.next(&over, NOW), past("a"), "again when it is over, with gaps");
}

#[test]
fn who_is_in_is_looked_up_again_where_a_meeting_goes_on_without_events() {
    let live = participants(Question::Metrics, "a", IsOver::No);
    #[rustfmt::skip]
    let cases = [
        // what is special               meeting                        goes on    asked
        ("silent for long",              found("a", 1, false, 1200),    Some("a"), live.clone()),
        ("silent for a while",           found("a", 1, false, 1199),    Some("a"), None),
        ("another one goes on",          found("a", 1, false, 1200),    Some("b"), past("a")),
        ("none does: nobody is in",      found("a", 1, false, 1200),    None,      None),
        ("somebody waits at its door",   found("a", 0, false, 1200),    Some("a"), None),
    ];
    for (what, meeting, going_on, asked) in cases {
        let mut schedule = schedule();
        let meetings = [meeting];
        schedule.told_status(NUMBER, going_on, &meetings, NOW);
        assert_eq!(schedule.next(&meetings, NOW), asked, "{what}");
    }
    let (mut schedule, meetings) = (schedule(), [found("a", 1, false, 1200)]);
    let mut asked_s = Vec::new();
    for minute in 0..60 {
        let now = NOW.plus(minute * 60);
        schedule.told_status(NUMBER, Some("a"), &meetings, now);
        if schedule.next(&meetings, now) == live {
            schedule.told_participants("a", IsOver::No, now);
            asked_s.push(minute * 60);
        }
    }
    assert_eq!(asked_s, [0, 1200, 2400], "not at every look");
}

#[test]
fn of_an_unknown_number_only_a_list_of_participants_tells() {
    let inside = [found("a", 1, false, 900)];
    let mut schedule = Schedule::new();
    let status = schedule.next(&inside, NOW).expect("it is due");
    assert!(!schedule.is_known(NUMBER));
    schedule.told_unknown(NUMBER);
    schedule.refused(&status, NOW);
    assert_eq!(schedule.next(&inside, NOW), past("a"));
    schedule.told_status(NUMBER, Some("a"), &inside, NOW);
    assert!(schedule.is_known(NUMBER));
}

#[test]
fn what_is_too_old_to_be_asked_is_not_remembered() {
    let mut schedule = Schedule::new();
    let (inside, late) = ([found("a", 1, true, 900)], NOW.plus(9 * 86_400));
    assert_eq!(schedule.next(&inside, NOW), self::status());
    schedule.told_status(NUMBER, Some("a"), &inside, NOW);
    schedule.told_participants("a", IsOver::No, NOW);
    schedule.told_participants("a", IsOver::Yes, NOW);
    schedule.suspect_silent(NUMBER, &[found("b", 1, true, 1200)], NOW);
    assert_eq!(schedule.next(&[], late), None);
    let Schedule { statuses, participants, known, listed, suspects, .. } = schedule;
    assert!(statuses.is_empty() && participants.is_empty() && known.is_empty());
    assert!(listed.is_empty() && suspects.is_some_and(|suspects| suspects.is_empty()));
}

/// What is special, what is not allowed, the meetings, and what is asked.
type Case<'a> = (&'a str, &'a [Question], &'a [UnsettledMeeting], Option<Task>);

#[test]
fn what_is_not_allowed_is_never_asked_and_something_else_may_be() {
    let (inside, over) = ([found("a", 1, false, 900)], [found("a", 0, true, 900)]);
    let deny = |questions: &[Question]| {
        let mut schedule = schedule();
        questions.iter().for_each(|question| schedule.deny(*question, String::new()));
        schedule
    };
    let dashboard = participants(Question::Metrics, "a", IsOver::Yes);
    #[rustfmt::skip]
    let cases: [Case<'_>; 4] = [
        // what is special            not allowed                                     meetings  asked
        ("the status",                &[Question::Status],                            &inside,  None),
        ("past participants",         &[Question::PastParticipants],                  &over,    dashboard),
        ("the dashboard",             &[Question::Metrics],                           &over,    past("a")),
        ("neither",                   &[Question::PastParticipants, Question::Metrics], &over,  None),
    ];
    for (what, denied, meetings, asked) in cases {
        assert_eq!(deny(denied).next(meetings, NOW.plus(1)), asked, "{what}");
    }
}
