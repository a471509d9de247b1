//! When a checkpoint is of use.

use super::story::*;
use crate::roster::checkpoint::{Header, Ignored, decode, encode, relabel};
use crate::roster::facts::Facts;
use crate::roster::{NEVER, Roster, Rules};

type Damage = fn(&mut Vec<u8>);

fn header() -> Header {
    let (journal, archive) = ("j-1".to_owned(), b"a".to_vec());
    Header { journal, position: 42, last_key: Some([7; 32]), archive }
}

fn full() -> Roster {
    roster(&[join("10:00").account("u-1"), leave("10:30")])
}

fn summed_up() -> Roster {
    let mut roster = roster(&[join("10:00"), leave("10:30"), join("90 10:00").meeting("m2")]);
    roster.sum_up(&rules(), clock("90 11:00"));
    roster
}

#[test]
fn a_checkpoint_is_of_use_only_where_it_fits() {
    #[rustfmt::skip]
    let cases: [(_, _, Damage, _, _); 8] = [
        // what is special                           roster       damage                              journal  verdict
        ("as it was written",                        full(),      |_| {},                             "j-1",   None),
        ("of another journal",                       full(),      |_| {},                             "j-2",   Some(Ignored::OtherJournal)),
        ("something summed up",                      summed_up(), |_| {},                             "j-1",   None),
        ("empty",                                    full(),      Vec::clear,                         "j-1",   Some(Ignored::Damaged)),
        ("something else",                           full(),      |bytes| bytes[0] = b'L',            "j-1",   Some(Ignored::Damaged)),
        ("another format",                           full(),      |bytes| bytes[8] += 1,              "j-1",   Some(Ignored::OtherVersion)),
        ("a bit turned",                             full(),      |bytes| bytes[40] ^= 1,             "j-1",   Some(Ignored::Damaged)),
        ("a byte short",                             full(),      |bytes| bytes.truncate(bytes.len() - 1), "j-1", Some(Ignored::Damaged)),
    ];
    for (what, roster, damage, journal, verdict) in cases {
        let mut bytes = encode(&roster, &header());
        damage(&mut bytes);
        let read = decode(&bytes, journal);
        assert_eq!(read.as_ref().err(), verdict.as_ref(), "{what}");
        if let Ok(read) = read {
            assert_eq!(read, (roster, header()), "{what}");
        }
    }
}

#[test]
fn a_copy_of_a_journal_takes_its_checkpoint_along() {
    let bytes = encode(&full(), &header());
    let copied = relabel(&bytes, "j-2").expect("it is whole");
    let expected = (full(), Header { journal: "j-2".to_owned(), ..header() });
    assert_eq!(decode(&copied, "j-2"), Ok(expected));
    assert_eq!(relabel(&bytes[1..], "j-2"), Err(Ignored::Damaged));
}

#[test]
fn another_version_of_lookout_is_noticed() {
    let mut bytes = encode(&full(), &header());
    // The version is the body's first text: its length, then `0.1.0`.
    bytes[17] += 1;
    let crc = crc32fast::hash(&bytes[16..]).to_le_bytes();
    bytes[12..16].copy_from_slice(&crc);
    let read = decode(&bytes, "j-1");
    assert_eq!(read, Err(Ignored::OtherVersion));
}

#[test]
fn rules_that_differ_in_anything_have_another_fingerprint() {
    let person = |ids: &[&str]| crate::config::Person {
        name: crate::zoom::Name::clean("Ada").unwrap(),
        aliases: Vec::new(),
        zoom_user_ids: ids.iter().map(|&id| id.to_owned()).collect(),
    };
    let with_people = |people| Rules { people, ..rules() };
    let all = [
        rules(),
        Rules { stale_after: HOUR, ..rules() },
        Rules { stale_after_in: [("1".to_owned(), HOUR)].into(), ..rules() },
        Rules { stale_after_in: [("1".to_owned(), NEVER)].into(), ..rules() },
        rules_of_rooms(&["1", "23"]),
        rules_of_rooms(&["12", "3"]),
        rules_of_rooms(&["23", "1"]),
        with_people(vec![person(&[])]),
        with_people(vec![person(&["u"])]),
    ];
    for (at, one) in all.iter().enumerate() {
        assert_eq!(one.fingerprint(), one.clone().fingerprint());
        for other in &all[..at] {
            assert_ne!(one.fingerprint(), other.fingerprint(), "{one:?} {other:?}");
        }
    }
}

#[test]
fn a_checkpoint_says_why_it_is_ignored() {
    let texts = [Ignored::Damaged, Ignored::OtherVersion, Ignored::OtherJournal];
    let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(texts.join("\n"), @r"
    the checkpoint is damaged
    the checkpoint was made by another version of Lookout
    the checkpoint belongs to another journal
    ");
}

#[test]
fn a_checkpoint_that_refers_to_what_is_not_there_is_damaged() {
    type Tamper = fn(&mut Facts);
    #[rustfmt::skip]
    let cases: [(_, Tamper); 2] = [
        // what is special              what is done
        ("no such connection",          |facts| facts.legs[0].connection = Some((clock("10:00"), 1))),
        ("no connections any more",     |facts| facts.connections.clear()),
    ];
    for (what, tamper) in cases {
        let mut roster = full();
        let words = roster.words.clone();
        tamper(roster.meetings[0].open(&words).unwrap());
        let read = decode(&encode(&roster, &header()), "j-1");
        assert_eq!(read, Err(Ignored::Damaged), "{what}");
    }
}
