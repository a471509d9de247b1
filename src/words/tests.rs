use super::*;

fn built_in(tag: &str) -> Language {
    Language::built_in(tag).unwrap_or_else(|| panic!("`{tag}` is built in"))
}

/// The language `tag` with an operator's file that holds `source`.
fn with_own(tag: &str, source: &str) -> Language {
    let path = format!("own/{FOLDER}{tag}{ENDING}");
    let own = OwnFile { path, source: Ok(source.to_owned()) };
    Language::load(tag, &OwnFiles::from([(tag.to_owned(), own)])).expect("there is a file")
}

/// A date and a time, with ordinary spaces.
fn date(language: &Language) -> String {
    let words = language.translation();
    let parts = words.date(0).of("05", "2026");
    words.date_and_time(parts, ["20", ":", "38"]).replace('\u{a0}', " ")
}

#[test]
fn numbers_are_spoken_of_as_the_language_does() {
    #[rustfmt::skip]
    let cases = [
        // what is special     language  number  sentence
        ("none",               "en",     0,      "Nobody is in"),
        ("one",                "en",     1,      "1 person is in"),
        ("many",               "en",     12,     "12 people are in"),
        ("Turkish, none",      "tr",     0,      "İçeride kimse yok"),
        ("Turkish, no plural", "tr",     12,     "İçeride 12 kişi var"),
        ("German, one",        "de",     1,      "1 Person ist da"),
        ("German, many",       "de",     12,     "12 Personen sind da"),
        ("Spanish, one",       "es",     1,      "Hay 1 persona"),
        ("Spanish, many",      "es",     12,     "Hay 12 personas"),
        ("French, none",       "fr",     0,      "Il n’y a personne"),
        ("French, many",       "fr",     12,     "Il y a 12 personnes"),
        ("Brazil, one",        "pt-BR",  1,      "Há 1 pessoa"),
        ("Brazil, many",       "pt-BR",  12,     "Há 12 pessoas"),
        ("Japanese, none",     "ja",     0,      "誰もいません"),
        ("Japanese, one",      "ja",     1,      "1人が参加中"),
        ("Arabic, none",       "ar",     0,      "لا أحد هنا"),
        ("Arabic, one",        "ar",     1,      "شخص واحد هنا"),
        ("Arabic, two",        "ar",     2,      "شخصان هنا"),
        ("Arabic, few",        "ar",     3,      "3 أشخاص هنا"),
        ("Arabic, few again",  "ar",     110,    "110 أشخاص هنا"),
        ("Arabic, many",       "ar",     11,     "11 شخصًا هنا"),
        ("Arabic, a hundred",  "ar",     100,    "100 شخص هنا"),
    ];
    for (what, language, number, sentence) in cases {
        assert_eq!(built_in(language).translation().summary.of(number), sentence, "{what}");
    }
    #[rustfmt::skip]
    let decimals = [
        // what is special               language  tenths  sentence
        ("English",                      "en",     10,     "Busiest: day at 9:00, 1.0 people on average"),
        ("a comma",                      "de",     35,     "Am meisten los: day um 9:00, im Schnitt 3,5 Personen"),
        ("less than two is French one",  "fr",     15,     "Pointe : day à 9:00, 1,5 personne en moyenne"),
        ("no plural",                    "ja",     35,     "最も多い時間帯：day 9:00、平均3.5人"),
        ("Arabic fractions",             "ar",     35,     "الأكثر ازدحامًا: day الساعة 9:00، بمتوسط 3.5 شخص"),
    ];
    for (what, language, tenths, sentence) in decimals {
        let found = built_in(language).translation().busiest("day", "9:00", tenths);
        assert_eq!(found, sentence, "{what}");
    }
}

#[test]
fn dates_and_letters_are_those_of_the_language() {
    #[rustfmt::skip]
    let cases = [
        // what is special       language  date                   Monday      short    direction  i
        ("English",              "en",     "5 Jan 2026, 20:38",   "Monday",   "Mon",   "ltr",     "I"),
        ("a dot on the I",       "tr",     "5 Oca 2026, 20:38",   "Pazartesi","Pzt",   "ltr",     "İ"),
        ("two digits",           "de",     "05.01.2026, 20:38",   "Montag",   "Mo",    "ltr",     "I"),
        ("Spanish",              "es",     "5 ene 2026, 20:38",   "lunes",    "lun",   "ltr",     "I"),
        ("French",               "fr",     "5 janv. 2026, 20:38", "lundi",    "lun.",  "ltr",     "I"),
        ("words between",        "pt-BR",  "5 de jan. de 2026, 20:38", "segunda-feira", "seg.", "ltr", "I"),
        ("the year first",       "ja",     "2026/01/05 20:38",    "月曜日",     "月",     "ltr",     "I"),
        ("right to left",        "ar",     "05\u{200f}/01\u{200f}/2026، 20:38", "الاثنين", "الاثنين", "rtl", "I"),
    ];
    for (what, language, written, monday, short, direction, capital) in cases {
        let language = built_in(language);
        let words = language.translation();
        assert_eq!(date(&language), written, "{what}");
        assert_eq!([&words.days()[0], &words.weekdays()[0]], [monday, short], "{what}");
        assert_eq!((words.dir, &*words.capital('i')), (direction, capital), "{what}");
    }
}

#[test]
fn no_built_in_language_lacks_a_word() {
    for tag in Language::all_built_in() {
        let language = built_in(tag);
        assert_eq!(language.missing(), [""; 0], "{tag}");
        assert_eq!(language.unknown(), [""; 0], "{tag}");
        assert_eq!(language.faults(), [""; 0], "{tag}");
    }
}

#[test]
fn words_that_a_file_lacks_are_english_and_listed() {
    let source = "[page]\njoin = \"Doe mee\"\nown = \"Hallo\"\n\n[counts.summary]\nother = \"{count} binnen\"";
    let dutch = with_own("nl", source);
    let words = dutch.translation();
    assert_eq!(dutch.faults(), [""; 0]);
    assert_eq!(words.lang, "nl");
    assert_eq!(words.summary.of(1), "1 binnen", "the only form stands for all");
    assert_eq!(words.more.of(3), "and 3 more");
    assert_eq!(words.days()[0], "maandag");
    assert_eq!(words.tenths(35), "3,5");
    let labels = serde_json::to_value(&words.labels).expect("JSON");
    assert_eq!([&labels["join"], &labels["own"], &labels["rooms"]], ["Doe mee", "Hallo", "Rooms"]);
    assert_eq!(dutch.unknown(), ["page.own"]);
    let is_missing = |word: &str| dutch.missing().iter().any(|missing| missing == word);
    assert!(is_missing("page.rooms"));
    assert!(is_missing("counts.summary.one"), "{:?}", dutch.missing());
    assert!(!is_missing("page.join"));
    assert!(!dutch.missing().iter().any(|word| word.starts_with("language.")));
}

/// Japanese has no singular, but an English word in a Japanese page has.
#[test]
fn an_english_word_keeps_the_english_forms() {
    let khmer = with_own("km", "[page]\njoin = \"ចូល\"");
    assert_eq!(khmer.translation().summary.of(1), "1 person is in");
}

#[test]
fn single_words_of_a_built_in_language_may_be_replaced() {
    let turkish = with_own("tr", "[page]\njoin = \"Gel\"\n[counts.summary]\n0 = \"Boş\"");
    let words = turkish.translation();
    assert_eq!((turkish.missing(), turkish.faults()), (&[][..], &[][..]));
    assert_eq!(serde_json::to_value(&words.labels).expect("JSON")["join"], "Gel");
    assert_eq!([words.summary.of(0), words.summary.of(2)], ["Boş", "İçeride 2 kişi var"]);
}

#[test]
fn what_is_wrong_with_a_file_is_shown_with_its_line_and_the_rest_counts() {
    #[rustfmt::skip]
    let cases = [
        // what is special      the file                                            the fault
        ("no TOML",             "[page]\njoin = \"Kom",                             "own/words/tr.toml:2:12: this is not TOML: "),
        ("no section",          "join = \"Kom\"",                                   "own/words/tr.toml:1:8: `join` belongs below a section, such as `[page]`"),
        ("no text",             "[page]\njoin = 7",                                 "own/words/tr.toml:2:8: `page.join` is no text; put it in quotes"),
        ("nothing",             "[page]\njoin = \" \"",                             "own/words/tr.toml:2:8: `page.join` is empty; remove it"),
        ("an unknown value",    "[sentences]\nsince = \"ğ {tim}\"",                 "own/words/tr.toml:2:9: `sentences.since` has no value `{tim}`; it has `{time}`"),
        ("a value in a label",  "[page]\njoin = \"{time}\"",                        "own/words/tr.toml:2:8: `{time}` means nothing here: `page.join` has no values"),
        ("an unknown form",     "[counts.more]\nother = \"a\"\nsome = \"b\"",       "own/words/tr.toml:3:8: `some` is no form; there are `zero`, `one`, "),
        ("forms of a label",    "[page.join]\nother = \"Kom\"",                     "own/words/tr.toml:2:9: `page.join` is one text, without forms"),
        ("a text for forms",    "[counts]\nmore = \"Kom\"",                         "own/words/tr.toml:2:8: `counts.more` is a section `[counts.more]`"),
        ("a date left out",     "[sentences]\ndate_and_time = \"{time} hrs\"",    "own/words/tr.toml:2:17: `sentences.date_and_time` needs `{date}` and `{time}`, each once"),
        ("a value left out",    "[sentences]\ndate_and_time = \"hrs\"",            "own/words/tr.toml:2:17: `sentences.date_and_time` needs `{date}` and `{time}`, each once"),
        ("a time twice",        "[sentences]\ndate_and_time = \"{time}{date}{time}\"", "own/words/tr.toml:2:17: `sentences.date_and_time` needs `{date}` and `{time}`, each once"),
        ("an unknown locale",   "[language]\ndates = \"Türkisch\"",                 "own/words/tr.toml:2:9: `Türkisch` is no language tag, such as `en-GB`"),
    ];
    for (what, source, fault) in cases {
        let language = with_own("tr", source);
        let [found] = language.faults() else { panic!("{what}: {:?}", language.faults()) };
        assert!(found.starts_with(fault), "{what}: {found}");
        assert!(found.contains(" | "), "{what}: {found}");
        assert_eq!(language.translation().more.of(3), "ve 3 tane daha", "{what}");
        assert_eq!(language.translation().since.with("time", "20:38"), "giriş: 20:38", "{what}");
        assert_eq!(date(&language), "5 Oca 2026, 20:38", "{what}");
    }
    let two = with_own("tr", "[page]\njoin = 7\nrooms = \"Yer\"\nstatus = 8");
    assert_eq!(two.faults().len(), 2);
    insta::assert_snapshot!(two.faults()[1], @"
    own/words/tr.toml:4:10: `page.status` is no text; put it in quotes
      |
    4 | status = 8
      |          ^
    ");
    assert_eq!(serde_json::to_value(&two.translation().labels).expect("JSON")["rooms"], "Yer");
}

#[test]
fn date_and_time_may_stand_in_any_order_and_an_unknown_locale_leaves_the_dates() {
    #[rustfmt::skip]
    let cases = [
        // what is special    the file                                                        faults  date
        ("date first",        "[sentences]\ndate_and_time = \"am {date} um {time} Uhr\"",      0,      "am 5 Jan 2026 um 20:38 Uhr"),
        ("time first",        "[sentences]\ndate_and_time = \"{time}{date}\"",                 0,      "20:385 Jan 2026"),
        ("control characters", "[sentences]\ndate_and_time = \"\\u0002{date}\\u0001{time}\"",  0,      "\u{2}5 Jan 2026\u{1}20:38"),
        ("another locale",    "[language]\ndates = \"en-US\"",                                0,      "Jan 5, 2026, 20:38"),
        ("no locale",         "[language]\ndates = \"Englisch\"",                             1,      "5 Jan 2026, 20:38"),
    ];
    for (what, source, faults, written) in cases {
        let language = with_own("en", source);
        assert_eq!(language.faults().len(), faults, "{what}: {:?}", language.faults());
        assert_eq!(date(&language), written, "{what}");
    }
}

#[test]
fn an_unknown_language_is_refused_with_those_that_there_are() {
    let unknown = |tag| Language::load(tag, &OwnFiles::new()).expect_err("it is unknown");
    insta::assert_snapshot!(unknown("nl"), @"there are no words for `nl`, only for `ar`, `de`, `en`, `es`, `fr`, `ja`, `pt-BR`, `tr`; to add it, let `lookout init --templates` write the templates and translate a copy of `words/en.toml` as `words/nl.toml`");
    insta::assert_snapshot!(unknown("../tr"), @"`../tr` is no language tag; write one of `ar`, `de`, `en`, `es`, `fr`, `ja`, `pt-BR`, `tr`");
    assert!(unknown("de-u-nu-arab").contains("no language tag"), "extensions change nothing");
}

#[test]
fn a_tag_may_be_typed_in_any_case() {
    assert_eq!(built_in("TR").tag(), "tr");
    assert_eq!(OwnFile::language("pt-br.toml".as_ref()).as_deref(), Some("pt-BR"));
    assert_eq!(OwnFile::language("pt-BR.toml~".as_ref()), None);
}
