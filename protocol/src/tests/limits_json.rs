//! The one form of JSON (§4) and the reading of its members, exactly at their edges.

use super::*;
use crate::field::{FieldError, Members, as_text};
use crate::json::{Builder, JsonError, MAX_INT, Value, parse_canonical};

fn parse(text: &str) -> Result<Value, JsonError> {
    parse_canonical(text.as_bytes(), 4_096)
}

fn in_object(value: &str) -> Result<Value, JsonError> {
    parse(&format!(r#"{{"a":{value}}}"#))
}

#[test]
fn every_control_has_its_one_escape() {
    for code in 0..0x20_u32 {
        let control = char::from_u32(code).unwrap();
        let escape = match code {
            0x08 => "\\b".to_owned(),
            0x09 => "\\t".to_owned(),
            0x0a => "\\n".to_owned(),
            0x0c => "\\f".to_owned(),
            0x0d => "\\r".to_owned(),
            _ => format!("\\u{code:04x}"),
        };
        let text = Value::Object([("a".to_owned(), control.to_string().as_str().into())].into());
        assert_eq!(in_object(&format!(r#""{escape}""#)), Ok(text.clone()));
        assert_eq!(text.encode(), format!(r#"{{"a":"{escape}"}}"#).into_bytes());
        let raw = in_object(&format!("\"{control}\""));
        assert_eq!(raw, Err(JsonError::NotCanonical), "{code:x}");
    }
    for (escape, text) in [(r#"\""#, "\""), (r"\\", "\\")] {
        let value = Value::Object([("a".to_owned(), text.into())].into());
        assert_eq!(in_object(&format!(r#""{escape}""#)), Ok(value));
    }
    for other in [
        r"\/", r"\a", r"\u0020", r"\u001F", r"\u00", r"\u001g", r"\u000a", r"\", r"\ud800",
    ] {
        let judged = in_object(&format!(r#""{other}""#));
        assert_eq!(judged, Err(JsonError::NotCanonical), "{other}");
    }
}

#[test]
fn characters_from_space_on_stand_as_they_are() {
    for text in [" ", "!", "/", "\u{7f}", "é", "忘", "😀", "\u{10ffff}"] {
        let value = in_object(&format!("\"{text}\"")).unwrap();
        assert_eq!(value, Value::Object([("a".to_owned(), text.into())].into()));
    }
}

#[test]
fn integers_go_from_0_to_2_to_the_53_less_1() {
    let int = |number: u64| Ok(Value::Object([("a".to_owned(), number.into())].into()));
    assert_eq!(MAX_INT, (1 << 53) - 1);
    for number in [0, 1, 9, 10, 99, 1_790_000_000, MAX_INT] {
        assert_eq!(in_object(&number.to_string()), int(number));
    }
    for text in [
        "9007199254740992",
        "18446744073709551616",
        "184467440737095516160",
        "00",
        "01",
        "-0",
        "1.5",
        "+1",
        "٣",
    ] {
        assert_eq!(in_object(text), Err(JsonError::NotCanonical), "{text}");
    }
}

#[test]
fn words_lists_and_objects() {
    for text in [
        r#"{"a":true,"b":false}"#,
        r#"{"a":[],"b":{}}"#,
        r#"{"a":[1,"x",[true],{"b":[]}]}"#,
        "{}",
        r#"{"A":1,"Z":1,"_":1,"a":1,"z":1}"#,
    ] {
        assert_eq!(parse(text).unwrap().encode(), text.as_bytes(), "{text}");
    }
    for text in [
        "",
        "[]",
        "1",
        "true",
        "\"a\"",
        "{",
        "}",
        "{}}",
        "{} ",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{"a":1;"b":1}"#,
        r#"{"a":[1,]}"#,
        r#"{"a":[1 2]}"#,
        r#"{"a":[1}"#,
        r#"{"a":[}"#,
        r#"{"a":tru}"#,
        r#"{"a":fals}"#,
        r#"{"a":truE}"#,
        r#"{"a":null}"#,
        r#"{"a":"x}"#,
        r#"{a:1}"#,
        r#"{"b":1,"a":1}"#,
        r#"{"a":1,"a":1}"#,
    ] {
        assert_eq!(parse(text), Err(JsonError::NotCanonical), "{text}");
    }
}

#[test]
fn names_are_letters_underscores_and_later_on_digits() {
    for name in [
        "a",
        "Z",
        "payloadType",
        "not_before",
        "_",
        "sha256",
        "a0",
        "a9z",
    ] {
        assert!(parse(&format!(r#"{{"{name}":1}}"#)).is_ok(), "{name}");
    }
    for name in ["", "0", "9", "1a", "256sha", "a-b", "a b", "é", "a\\\\"] {
        let judged = parse(&format!(r#"{{"{name}":1}}"#));
        assert_eq!(judged, Err(JsonError::NotCanonical), "{name}");
    }
}

#[test]
fn six_deep_whatever_it_is_made_of() {
    let nested = |open: &str, inner: &str, close: &str, times: usize| {
        parse(&format!(
            "{}{inner}{}",
            open.repeat(times),
            close.repeat(times)
        ))
    };
    let too_large = Err(JsonError::TooLarge);
    for inner in ["1", "\"\"", "true"] {
        assert!(nested(r#"{"a":"#, inner, "}", 6).is_ok(), "{inner}");
    }
    assert_eq!(nested(r#"{"a":"#, "{}", "}", 6), too_large);
    assert_eq!(nested(r#"{"a":"#, "[]", "}", 6), too_large);
    let lists = |times: usize| in_object(&format!("{}{}", "[".repeat(times), "]".repeat(times)));
    assert!(lists(5).is_ok());
    assert_eq!(lists(6), too_large);
}

#[test]
fn sizes_are_judged_before_anything_else() {
    let text = br#"{"a":1}"#;
    assert!(parse_canonical(text, 7).is_ok());
    assert_eq!(parse_canonical(text, 6), Err(JsonError::TooLarge));
    assert_eq!(parse_canonical(b"\xff\xff", 1), Err(JsonError::TooLarge));
    assert_eq!(
        parse_canonical(b"\xff\xff", 2),
        Err(JsonError::NotCanonical)
    );
    assert_eq!(
        Refusal::from(JsonError::TooLarge),
        refused(Reason::TooLarge)
    );
    assert_eq!(
        Refusal::from(JsonError::NotCanonical),
        refused(Reason::BadEncoding)
    );
}

#[test]
fn a_builder_writes_what_is_there_and_never_null() {
    let built = Builder::new()
        .with("t", true)
        .with("n", 7_u32)
        .with("l", Value::texts(["x", "y"]))
        .with("s", "text")
        .with("o", "owned".to_owned())
        .maybe("absent", None::<u64>)
        .maybe("present", Some(1_u64))
        .text("shown", UnixTime(5));
    let text = r#"{"l":["x","y"],"n":7,"o":"owned","present":1,"s":"text","shown":"5","t":true}"#;
    assert_eq!(built.build().encode(), text.as_bytes());
}

fn members() -> Members {
    let text = r#"{"b":false,"i":7,"l":["x","yy"],"o":{"i":1},"t":"AQI=","y":true}"#;
    Members::of("thing", parse(text).unwrap()).unwrap()
}

#[test]
fn members_are_taken_by_name_and_type() {
    let mut taken = members();
    assert!(taken.has("i") && !taken.has("x"));
    assert_eq!(taken.int("i"), Ok(7));
    assert!(!taken.has("i"));
    assert_eq!(taken.boolean("b"), Ok(false));
    assert_eq!(taken.boolean("y"), Ok(true));
    assert_eq!(taken.bytes("t"), Ok(vec![1, 2]));
    let length = |text: &str| Ok(text.len());
    assert_eq!(taken.list("l", 2, length), Ok(vec![1, 2]));
    let mut object = taken.object("o").unwrap();
    assert_eq!(object.optional("x", Members::int), Ok(None));
    assert_eq!(object.optional("i", Members::int), Ok(Some(1)));
    assert_eq!(object.finish(), Ok(()));
    assert_eq!(taken.finish(), Ok(()));
}

#[test]
fn a_member_of_another_type_is_invalid_and_an_absent_one_missing() {
    let invalid = |name: &'static str| FieldError::Invalid(name);
    for name in ["b", "i", "l", "o", "t"] {
        let mut taken = members();
        assert_eq!(taken.int(name).is_ok(), name == "i");
        assert_eq!(members().boolean(name).is_ok(), name == "b");
        assert_eq!(members().text(name).is_ok(), name == "t");
        assert_eq!(members().array(name, 9).is_ok(), name == "l");
        assert_eq!(members().object(name).is_ok(), name == "o");
        assert_eq!(members().bytes(name).is_ok(), name == "t");
        assert!(!taken.has(name));
    }
    assert_eq!(members().int("t"), Err(invalid("t")));
    assert_eq!(members().digest("t"), Err(invalid("t")));
    assert_eq!(members().array("l", 1), Err(invalid("l")));
    assert_eq!(
        members().parsed("t", |_| Err::<(), _>(invalid("other"))),
        Err(invalid("t"))
    );
    assert_eq!(
        members().list("l", 2, |_| Err::<(), _>(invalid("other"))),
        Err(invalid("l"))
    );
    assert_eq!(members().optional("t", Members::int), Err(invalid("t")));
    let missing = FieldError::Missing("x");
    assert_eq!(members().int("x"), Err(missing));
    assert_eq!(members().value("x"), Err(missing));
    assert_eq!(
        Members::of("thing", Value::Int(1)).err(),
        Some(invalid("thing"))
    );
    assert_eq!(as_text("x", Value::Bool(true)), Err(invalid("x")));
    assert_eq!(as_text("x", "y".into()), Ok("y".to_owned()));
}

#[test]
fn a_number_lies_between_its_bounds_both_included() {
    let within = |low, high| members().int_within("i", low, high).ok();
    assert_eq!(within(7, 7), Some(7));
    assert_eq!(within(8, 9), None);
    assert_eq!(within(0, 6), None);
    let count = |low, high| members().count("i", low, high).ok();
    assert_eq!(count(7, 7), Some(7));
    assert_eq!(count(8, 9), None);
}

#[test]
fn members_that_nobody_took_are_unknown() {
    let unknown = FieldError::Unknown("thing");
    assert_eq!(members().finish(), Err(unknown));
    assert_eq!(members().only(&["b", "i", "l", "o", "t", "y", "z"]), Ok(()));
    assert_eq!(members().only(&["b", "i", "l", "o", "t"]), Err(unknown));
    assert_eq!(unknown.refusal(), refused(Reason::BadEncoding));
    assert_eq!(
        FieldError::Missing("x").refusal(),
        refused(Reason::BadField)
    );
    assert_eq!(
        FieldError::Invalid("x").refusal(),
        refused(Reason::BadField)
    );
    assert_eq!(unknown.to_string(), "`thing` has an unknown member");
}
