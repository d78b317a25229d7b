//! The one form of JSON (RFC 8785 in the profile of §4): parsed, encoded again and compared, so that duplicate members, white
//! space, number forms, escapes and order each end in one comparison. Floats, negative numbers and null do not exist here.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::reason::{Reason, Refusal};

/// The deepest nesting; the top-level object is depth 1.
pub const MAX_DEPTH: usize = 6;
/// The greatest integer: 2⁵³ − 1.
pub const MAX_INT: u64 = 9_007_199_254_740_991;

/// A JSON value of the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// An integer, 0 to [`MAX_INT`].
    Int(u64),
    /// A text.
    Text(String),
    /// An array.
    Array(Vec<Value>),
    /// An object. Names are ASCII, so that this order is the order of RFC 8785.
    Object(BTreeMap<String, Value>),
}

/// Why bytes are not canonical JSON of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// More bytes, or deeper nesting, than allowed.
    #[error("the document is larger or deeper than allowed")]
    TooLarge,
    /// Anything else.
    #[error("the document is not in the one canonical form")]
    NotCanonical,
}

impl From<JsonError> for Refusal {
    fn from(error: JsonError) -> Self {
        Self::not_authentic(match error {
            JsonError::TooLarge => Reason::TooLarge,
            JsonError::NotCanonical => Reason::BadEncoding,
        })
    }
}

/// Reads an object in canonical form.
///
/// # Errors
/// [`JsonError::TooLarge`] before anything is decoded, when the bytes are more than `max_bytes`, or nested deeper than
/// [`MAX_DEPTH`]; [`JsonError::NotCanonical`] for every other fault.
pub fn parse_canonical(bytes: &[u8], max_bytes: usize) -> Result<Value, JsonError> {
    if bytes.len() > max_bytes {
        return Err(JsonError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::NotCanonical)?;
    let mut parser = Parser { rest: text };
    let value = parser.value(1)?;
    let is_object = matches!(value, Value::Object(_));
    if is_object && parser.rest.is_empty() && value.encode() == bytes {
        Ok(value)
    } else {
        Err(JsonError::NotCanonical)
    }
}

impl Value {
    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = String::new();
        self.write(&mut out);
        out.into_bytes()
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Self::Int(number) => out.push_str(&number.to_string()),
            Self::Text(text) => write_text(text, out),
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// An array of texts.
    pub fn texts<T: ToString>(items: impl IntoIterator<Item = T>) -> Self {
        Self::Array(
            items
                .into_iter()
                .map(|item| Self::Text(item.to_string()))
                .collect(),
        )
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(u64::from(number))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::Array(items)
    }
}

/// Builds an object member by member; the order of calls does not matter.
#[derive(Debug, Default)]
pub struct Builder(BTreeMap<String, Value>);

impl Builder {
    /// An object without members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With this member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// With this member, written by its `Display`.
    #[must_use]
    pub fn text(self, name: &str, value: impl std::fmt::Display) -> Self {
        self.with(name, value.to_string())
    }

    /// With this member if there is a value: absent, never null.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The object.
    #[must_use]
    pub fn build(self) -> Value {
        Value::Object(self.0)
    }
}

/// RFC 8785 §3.2.2.2: the two-character escapes where they exist, `\u00xx` for the other controls, everything else as it is.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{08}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{0c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Reads more than the canonical form (bare controls, other escapes, leading zeros): the comparison in
/// [`parse_canonical`] refuses the rest.
struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        if depth > MAX_DEPTH && matches!(self.peek(), Some('{' | '[')) {
            return Err(JsonError::TooLarge);
        }
        match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => self.text().map(Value::Text),
            Some('t') => self.word("true", Value::Bool(true)),
            Some('f') => self.word("false", Value::Bool(false)),
            Some('0'..='9') => self.int(),
            Some(_) | None => Err(JsonError::NotCanonical),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.expect('{')?;
        let mut members = BTreeMap::new();
        if self.take_if('}') {
            return Ok(Value::Object(members));
        }
        loop {
            let name = self.text()?;
            // Digits for the one member of §16 that has some; no name begins with one.
            let is_name = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !is_name || name.bytes().next().is_none_or(|byte| byte.is_ascii_digit()) {
                return Err(JsonError::NotCanonical);
            }
            self.expect(':')?;
            let value = self.value(depth.saturating_add(1))?;
            if members.insert(name, value).is_some() {
                return Err(JsonError::NotCanonical);
            }
            if self.take_if('}') {
                return Ok(Value::Object(members));
            }
            self.expect(',')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.expect('[')?;
        let mut items = Vec::new();
        if self.take_if(']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth.saturating_add(1))?);
            if self.take_if(']') {
                return Ok(Value::Array(items));
            }
            self.expect(',')?;
        }
    }

    fn text(&mut self) -> Result<String, JsonError> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            match self.next()? {
                '"' => return Ok(text),
                '\\' => {
                    let escaped = match self.next()? {
                        'b' => '\u{08}',
                        't' => '\t',
                        'n' => '\n',
                        'f' => '\u{0c}',
                        'r' => '\r',
                        'u' => self.unicode_escape()?,
                        same @ ('"' | '\\') => same,
                        _ => return Err(JsonError::NotCanonical),
                    };
                    text.push(escaped);
                }
                other => text.push(other),
            }
        }
    }

    /// Only controls are ever escaped by number in the canonical form; surrogates never are.
    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let mut code: u32 = 0;
        for _ in 0..4 {
            let digit = self.next()?.to_digit(16).ok_or(JsonError::NotCanonical)?;
            code = code.saturating_mul(16).saturating_add(digit);
        }
        char::from_u32(code).ok_or(JsonError::NotCanonical)
    }

    fn int(&mut self) -> Result<Value, JsonError> {
        let mut number: u64 = 0;
        while let Some(digit) = self.peek().and_then(|character| character.to_digit(10)) {
            number = number
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(u64::from(digit)))
                .filter(|number| *number <= MAX_INT)
                .ok_or(JsonError::NotCanonical)?;
            self.next()?;
        }
        Ok(Value::Int(number))
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        self.rest = self
            .rest
            .strip_prefix(word)
            .ok_or(JsonError::NotCanonical)?;
        Ok(value)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Result<char, JsonError> {
        let mut characters = self.rest.chars();
        let character = characters.next().ok_or(JsonError::NotCanonical)?;
        self.rest = characters.as_str();
        Ok(character)
    }

    fn take_if(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), JsonError> {
        if self.take_if(wanted) {
            Ok(())
        } else {
            Err(JsonError::NotCanonical)
        }
    }
}
