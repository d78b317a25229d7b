//! What can be wrong with one member of a document, and the reader that takes a document's members one by one and refuses
//! what is left over.

use std::collections::BTreeMap;

use crate::base64;
use crate::digest::Digest;
use crate::json::Value;
use crate::reason::{Reason, Refusal};
use crate::time::UnixTime;

/// What is wrong with a member. The name is the member's as the specification spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// A required member is absent.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A member has another type, or lies outside its bounds.
    #[error("`{0}` is not of the required form")]
    Invalid(&'static str),
    /// The named object has a member that the specification does not know.
    #[error("`{0}` has an unknown member")]
    Unknown(&'static str),
}

impl FieldError {
    /// The refusal of §12 step 3: an unknown member breaks the encoding profile of §4, anything else is `bad_field`.
    #[must_use]
    pub fn refusal(self) -> Refusal {
        Refusal::not_authentic(match self {
            Self::Unknown(_) => Reason::BadEncoding,
            Self::Missing(_) | Self::Invalid(_) => Reason::BadField,
        })
    }
}

/// The members of one object, taken by name. [`Members::finish`] refuses what nobody took: members are exactly those listed.
#[derive(Debug)]
pub struct Members {
    object: &'static str,
    members: BTreeMap<String, Value>,
}

impl Members {
    /// Opens `value`, which must be an object; `object` names it in errors.
    ///
    /// # Errors
    /// [`FieldError::Invalid`] when it is not an object.
    pub fn of(object: &'static str, value: Value) -> Result<Self, FieldError> {
        match value {
            Value::Object(members) => Ok(Self { object, members }),
            Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::Array(_) => {
                Err(FieldError::Invalid(object))
            }
        }
    }

    /// Fails at once if any member is not among `known`: for documents whose unknown members outrank other faults.
    ///
    /// # Errors
    /// [`FieldError::Unknown`].
    pub fn only(&self, known: &[&str]) -> Result<(), FieldError> {
        if self
            .members
            .keys()
            .all(|name| known.contains(&name.as_str()))
        {
            Ok(())
        } else {
            Err(FieldError::Unknown(self.object))
        }
    }

    /// Whether the member is there and not yet taken.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Takes a member of any type.
    ///
    /// # Errors
    /// [`FieldError::Missing`].
    pub fn value(&mut self, name: &'static str) -> Result<Value, FieldError> {
        self.members.remove(name).ok_or(FieldError::Missing(name))
    }

    /// Takes an integer.
    ///
    /// # Errors
    /// Missing, or of another type.
    pub fn int(&mut self, name: &'static str) -> Result<u64, FieldError> {
        match self.value(name)? {
            Value::Int(number) => Ok(number),
            Value::Bool(_) | Value::Text(_) | Value::Array(_) | Value::Object(_) => {
                Err(FieldError::Invalid(name))
            }
        }
    }

    /// Takes an integer between two bounds, both included.
    ///
    /// # Errors
    /// Missing, of another type, or outside the bounds.
    pub fn int_within(
        &mut self,
        name: &'static str,
        low: u64,
        high: u64,
    ) -> Result<u64, FieldError> {
        let number = self.int(name)?;
        if (low..=high).contains(&number) {
            Ok(number)
        } else {
            Err(FieldError::Invalid(name))
        }
    }

    /// Takes a count between two bounds that fits 32 bits.
    ///
    /// # Errors
    /// Missing, of another type, or outside the bounds.
    pub fn count(&mut self, name: &'static str, low: u32, high: u32) -> Result<u32, FieldError> {
        let number = self.int_within(name, u64::from(low), u64::from(high))?;
        u32::try_from(number).map_err(|_| FieldError::Invalid(name))
    }

    /// Takes a time.
    ///
    /// # Errors
    /// Missing, or of another type.
    pub fn time(&mut self, name: &'static str) -> Result<UnixTime, FieldError> {
        self.int(name).map(UnixTime)
    }

    /// Takes a truth value.
    ///
    /// # Errors
    /// Missing, or of another type.
    pub fn boolean(&mut self, name: &'static str) -> Result<bool, FieldError> {
        match self.value(name)? {
            Value::Bool(truth) => Ok(truth),
            Value::Int(_) | Value::Text(_) | Value::Array(_) | Value::Object(_) => {
                Err(FieldError::Invalid(name))
            }
        }
    }

    /// Takes a text.
    ///
    /// # Errors
    /// Missing, or of another type.
    pub fn text(&mut self, name: &'static str) -> Result<String, FieldError> {
        as_text(name, self.value(name)?)
    }

    /// Takes a text and parses it.
    ///
    /// # Errors
    /// Missing, of another type, or not parsed.
    pub fn parsed<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        let text = self.text(name)?;
        parse(&text).map_err(|_| FieldError::Invalid(name))
    }

    /// Takes a digest: 64 lower-case hex digits.
    ///
    /// # Errors
    /// Missing, of another type, or no digest.
    pub fn digest(&mut self, name: &'static str) -> Result<Digest, FieldError> {
        self.parsed(name, Digest::parse)
    }

    /// Takes bytes, written as base64.
    ///
    /// # Errors
    /// Missing, of another type, or not canonical base64.
    pub fn bytes(&mut self, name: &'static str) -> Result<Vec<u8>, FieldError> {
        let text = self.text(name)?;
        base64::decode(&text).ok_or(FieldError::Invalid(name))
    }

    /// Takes an array of at most `most` values.
    ///
    /// # Errors
    /// Missing, of another type, or longer.
    pub fn array(&mut self, name: &'static str, most: usize) -> Result<Vec<Value>, FieldError> {
        match self.value(name)? {
            Value::Array(items) if items.len() <= most => Ok(items),
            Value::Bool(_)
            | Value::Int(_)
            | Value::Text(_)
            | Value::Array(_)
            | Value::Object(_) => Err(FieldError::Invalid(name)),
        }
    }

    /// Takes an array of texts and parses each.
    ///
    /// # Errors
    /// Missing, of another type, longer than `most`, or an item not parsed.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        most: usize,
        parse: impl Fn(&str) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        self.array(name, most)?
            .into_iter()
            .map(|item| {
                let text = as_text(name, item)?;
                parse(&text).map_err(|_| FieldError::Invalid(name))
            })
            .collect()
    }

    /// Takes an object inside this one.
    ///
    /// # Errors
    /// Missing, or of another type.
    pub fn object(&mut self, name: &'static str) -> Result<Self, FieldError> {
        Self::of(name, self.value(name)?)
    }

    /// Takes a member that may be absent, with the given reader.
    ///
    /// # Errors
    /// Those of the reader, when the member is there.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Result<T, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        if self.has(name) {
            read(self, name).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`FieldError::Unknown`] when a member was not taken.
    pub fn finish(self) -> Result<(), FieldError> {
        if self.members.is_empty() {
            Ok(())
        } else {
            Err(FieldError::Unknown(self.object))
        }
    }
}

/// The text of a value; `name` stands in the error.
///
/// # Errors
/// [`FieldError::Invalid`] when it is of another type.
pub fn as_text(name: &'static str, value: Value) -> Result<String, FieldError> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Bool(_) | Value::Int(_) | Value::Array(_) | Value::Object(_) => {
            Err(FieldError::Invalid(name))
        }
    }
}
