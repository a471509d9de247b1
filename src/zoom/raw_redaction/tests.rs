use proptest::prelude::*;

use super::*;

fn keys() -> Vec<String> {
    ["email", "public_ip", "phone_number"].map(str::to_owned).to_vec()
}

/// What is kept of `body`, also if that is blanked once more.
#[track_caller]
fn kept(body: &[u8]) -> Vec<u8> {
    let (keys, spared) =
        (keys(), BTreeSet::from([Name::clean("+1 202 555 0199").expect("a name")]));
    let raw_redaction = RawRedaction { keys: &keys, spared: Some(&spared) };
    let kept = raw_redaction.apply(body).unwrap_or_else(|| body.to_vec());
    assert_eq!(raw_redaction.apply(&kept), None, "{}", String::from_utf8_lossy(&kept));
    kept
}

#[test]
fn dropped_values_go_from_what_cannot_be_read_and_all_else_stays() {
    #[rustfmt::skip]
    let cases: [(&str, &[u8], &[u8]); 24] = [
        // what is special               body                                                kept
        ("a key twice",                  br#"{"email":"ada@a.org","email":"b@b.org"}"#,      br#"{"email":"","email":""}"#),
        ("cut off in a value",           br#"{"a":1,"email":"ada@a.o"#,                      br#"{"a":1,"email":""#),
        ("cut off in a number",          br#"{"phone_number":12025550"#,                     br#"{"phone_number":null"#),
        ("cut off behind the colon",     br#"{"a":"b","email": "#,                           br#"{"a":"b","email": "#),
        ("cut off in the key",           br#"{"a":"b","ema"#,                                br#"{"a":"b","ema"#),
        ("bad UTF-8 elsewhere",          b"{\"a\":\"\xff\",\"email\":\"ada@a.org\"}",        b"{\"a\":\"\xff\",\"email\":\"\"}"),
        ("bad UTF-8 in the value",       b"{\"email\":\"ada\xff@a.org\",\"a\":1}",           b"{\"email\":\"\",\"a\":1}"),
        ("bad UTF-8 in the key",         b"{\"em\xffail\":\"ada@a.org\"}",                   b"{\"em\xffail\":\"\"}"),
        ("bad UTF-8 before the value",   b"{\"email\"\xff:\xff\"ada@a.org\"}",               b"{\"email\"\xff:\xff\"\"}"),
        ("the key escaped",              br#"["\u0065m\u0061il":"ada@a.org"]"#,              br#"["\u0065m\u0061il":""]"#),
        ("quotes in the value",          br#"{"email":"\"Ada\" <ada@a.org>" "#,              br#"{"email":"" "#),
        ("quotes not escaped",           br#"{"email":"Ada "Q" <ada@a.org>","a":1"#,         br#"{"email":"","a":1"#),
        ("a backslash at its end",       br#"{"email":"ada\\","a":"b"#,                      br#"{"email":"","a":"b"#),
        ("white space",                  b"{\"email\" :\n\t\"ada@a.org\" , \"a\" : 1",       b"{\"email\" :\n\t\"\" , \"a\" : 1"),
        ("a list",                       br#"{"email":["a@a.org",{"b":"]"}],"a":[1]"#,       br#"{"email":null,"a":[1]"#),
        ("a list cut off",               br#"{"email":["a@a.org",{"b":"c@"#,                 br#"{"email":null"#),
        ("not JSON's words",             br#"{"email":ada@a.org, "a":NaN}"#,                 br#"{"email":null, "a":NaN}"#),
        ("two documents",                br#"{"email":"a@a.org"}{"email":"b@b.org"}"#,       br#"{"email":""}{"email":""}"#),
        ("JSON within JSON",             br#"{"a":"{\"email\":\"ada@a.org\",\"b\":1}""#,     br#"{"a":"{\"email\":\"\",\"b\":1}""#),
        ("deeper, and cut off",          br#"["{\"a\":\"{\\\"email\\\":\\\"ada@a"#,          br#"["{\"a\":\"{\\\"email\\\":\\\""#),
        ("a longer key",                 br#"{"emails":"ada@a.org","my_email":"b""#,         br#"{"emails":"ada@a.org","my_email":"b""#),
        ("a word in a text",             br#"{"a":"email","b":"the email: c""#,              br#"{"a":"email","b":"the email: c""#),
        ("UTF-16",                       b"{\0\"\0e\0m\0a\0i\0l\0\"\0:\0\"\0a\0@\0a\0\"\0}\0", b"{\0\"\0e\0m\0a\0i\0l\0\"\0:\0\"\"\0}\0"),
        ("nothing to drop",              b"payload=%7B%7D\xff",                              b"payload=%7B%7D\xff"),
    ];
    for (what, body, expected) in cases {
        let kept = kept(body);
        let shown = String::from_utf8_lossy(&kept);
        assert_eq!(shown, String::from_utf8_lossy(expected), "{what}");
        assert_eq!(kept, expected, "{what}");
    }
}

#[test]
fn telephone_numbers_go_from_names_as_well() {
    #[rustfmt::skip]
    let cases: [(&str, &[u8], &str); 8] = [
        // what is special             body                                                             kept
        ("a caller",                   br#"{"user_name":"12025550143""#,                                r#"{"user_name":"•••••••••43""#),
        ("cut off in it",              br#"{"user_name":"1202555014"#,                                  r#"{"user_name":"••••••••14"#),
        ("escaped",                    br#"{"user_name":"\u0031202 5550143","a":"\u0031""#,             r#"{"user_name":"•••• •••••43","a":"\u0031""#),
        ("bad UTF-8 in it",            b"{\"user_name\":\"1202\xff5550143\"",                           r#"{"user_name":"•••••••••43""#),
        ("beside the name",            br#"{"user_name":"Ada 12025550143","phone_number":"12025550143""#, r#"{"user_name":"Ada •••••••••43","phone_number":"""#),
        ("within a text",              br#"["{\"user_name\":\"A \\\"Q\\\" 12025550143\",\"phone_number\":12025550143}"#, r#"["{\"user_name\":\"A \\\"Q\\\" •••••••••43\",\"phone_number\":null}"#),
        ("one that is named",          br#"{"user_name":"+1 202 555 0199""#,                            r#"{"user_name":"+1 202 555 0199""#),
        ("no name",                    br#"{"user_id":"12025550143","user_name":"Ada""#,                r#"{"user_id":"12025550143","user_name":"Ada""#),
    ];
    for (what, body, expected) in cases {
        assert_eq!(String::from_utf8_lossy(&kept(body)), expected, "{what}");
    }
}

/// Bytes of a body: what is dropped is of digits and these alone, and nothing else is.
const DROPPED: &str = "QWXZ";

/// A piece of a body, and whether it is a dropped value.
type Piece = (Vec<u8>, bool);

#[derive(Debug, Clone)]
enum Value {
    Text(String),
    Number(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// Values whose texts are of `letters`.
fn values(letters: &'static str, numbers: &'static str) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![letters.prop_map(Value::Text), numbers.prop_map(Value::Number)];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let entry = ("[a-p]{1,6}", inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::List),
            prop::collection::vec(entry, 0..4).prop_map(Value::Object),
        ]
    })
}

/// A body with dropped fields at any depth, some of them twice.
fn bodies() -> impl Strategy<Value = Value> {
    let dropped = || values(r#"([QWXZ]|\\"|\\\\|\\u0031){0,9}"#, "[1-9][0-9]{0,12}");
    let leaf = prop_oneof![
        r#"([a-p]|\\"|\\\\|\\u0061|[é{}:,]){0,9}"#.prop_map(Value::Text),
        Just(Value::Number("true".to_owned()))
    ];
    let key = prop_oneof![
        "[a-p]{1,6}",
        Just("email".to_owned()),
        Just("public_ip".to_owned()),
        Just(r"\u0065m\u0061il".to_owned()),
    ];
    leaf.prop_recursive(6, 48, 5, move |inner| {
        let entry = (key.clone(), inner.clone(), dropped()).prop_map(|(key, kept, dropped)| {
            let is_dropped = ["email", "public_ip"].contains(&&*decoded(key.as_bytes(), 0));
            (key, if is_dropped { dropped } else { kept })
        });
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::List),
            prop::collection::vec(entry, 0..5).prop_map(Value::Object),
        ]
    })
}

/// The pieces of `value`; all of them are `dropped` if it is in a dropped field.
fn write(value: &Value, is_dropped: bool, pieces: &mut Vec<Piece>) {
    let mut push = |text: &str| pieces.push((text.as_bytes().to_vec(), is_dropped));
    match value {
        Value::Text(text) => push(&format!("\"{text}\"")),
        Value::Number(number) => push(number),
        Value::List(items) => {
            push("[");
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    pieces.push((b",".to_vec(), is_dropped));
                }
                write(item, is_dropped, pieces);
            }
            pieces.push((b"]".to_vec(), is_dropped));
        }
        Value::Object(entries) => {
            push("{");
            for (place, (key, value)) in entries.iter().enumerate() {
                let comma = if place > 0 { "," } else { "" };
                pieces.push((format!("{comma}\"{key}\":").into_bytes(), is_dropped));
                let name = decoded(key.as_bytes(), 0);
                write(value, is_dropped || keys().contains(&name), pieces);
            }
            pieces.push((b"}".to_vec(), is_dropped));
        }
    }
}

/// What happens to a body.
#[derive(Debug, Clone)]
enum Damage {
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    TooDeep,
    Quoted,
}

fn damages() -> impl Strategy<Value = Damage> {
    let invalid = prop_oneof![Just(vec![0xff]), Just(vec![0xc3]), Just(vec![0xe2, 0x82, 0xff])];
    prop_oneof![
        any::<prop::sample::Index>().prop_map(Damage::Cut),
        (any::<prop::sample::Index>(), invalid).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        Just(Damage::TooDeep),
        Just(Damage::Quoted),
    ]
}

fn suffer(pieces: &mut Vec<Piece>, damage: &Damage) {
    let length: usize = pieces.iter().map(|(bytes, _)| bytes.len()).sum();
    match damage {
        Damage::Cut(at) => {
            let mut left = at.index(length + 1);
            for (bytes, _) in pieces {
                bytes.truncate(left);
                left -= bytes.len();
            }
        }
        Damage::Insert(at, inserted) => {
            let mut at = at.index(length);
            for (bytes, _) in pieces {
                if at < bytes.len() {
                    // Behind a backslash it would make the next quote another one.
                    at -= bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
                    bytes.splice(at..at, inserted.iter().copied());
                    return;
                }
                at -= bytes.len();
            }
        }
        Damage::TooDeep => {
            pieces.insert(0, (vec![b'['; 40], false));
            pieces.push((vec![b']'; 40], false));
        }
        Damage::Quoted => {
            for (bytes, _) in pieces.iter_mut() {
                let text = String::from_utf8(std::mem::take(bytes)).expect("it is text so far");
                *bytes = escaped(text, 0).into_bytes();
            }
            pieces.insert(0, (b"\"".to_vec(), false));
            pieces.push((b"\"".to_vec(), false));
        }
    }
}

/// What is left to compare: blanked values, and inserted bytes at their borders, are left out.
fn plain(bytes: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(bytes).chars().filter(char::is_ascii).collect();
    text.replace(r#":\"\""#, ":").replace(":\"\"", ":").replace("null", "")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_happened_to_a_body_dropped_values_go_and_all_else_stays(
        body in bodies(),
        damage in damages(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut pieces = Vec::new();
        write(&body, false, &mut pieces);
        suffer(&mut pieces, &damage);
        if let Some(at) = cut {
            suffer(&mut pieces, &Damage::Cut(at));
        }
        let whole: Vec<u8> = pieces.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let kept = kept(&whole);
        let is_dropped = |c: char| DROPPED.contains(c) || c.is_ascii_digit();
        let plain_kept = plain(&kept);
        let expected: Vec<u8> =
            pieces.iter().filter(|(_, is_dropped)| !is_dropped).flat_map(|(bytes, _)| bytes.clone()).collect();
        let escapes = |text: &str| text.replace("u0031", "").replace("u0061", "").replace("u0065", "");
        let left: String = escapes(&plain_kept).chars().filter(|c| is_dropped(*c)).collect();
        prop_assert!(left.len() <= 3, "{left:?} of {}", String::from_utf8_lossy(&whole));
        let whole = String::from_utf8_lossy(&whole);
        let expected = plain(&expected);
        let [plain_kept, expected] =
            [&plain_kept, &expected].map(|text| text.trim_end_matches(['"', '\\', ':']));
        prop_assert_eq!(plain_kept, expected, "{}", whole);
    }

    #[test]
    fn no_bytes_are_too_odd_to_be_scanned(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b'\\'), Just(b':'), Just(b'{'), Just(b'}')], 0..80)) {
        let keys = keys();
        let raw_redaction = RawRedaction { keys: &keys, spared: Some(&BTreeSet::new()) };
        drop(raw_redaction.apply(&bytes));
        drop(raw_redaction.apply(&[b"{\"email\":".as_slice(), &bytes].concat()));
    }
}
