//! The fields of a larger form as they go back to the reader, by name.

use std::collections::BTreeMap;

use super::Input;
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::Problem;
use crate::web::text::Texts;

/// A field that nobody typed into.
static EMPTY: Input = Input {
    value: String::new(),
    error: None,
};

/// Fields by the name that the form gives them.
#[derive(Clone, Debug, Default)]
pub struct Inputs(BTreeMap<String, Input>);

impl Inputs {
    /// Fields with these values and nothing wrong.
    pub fn filled(values: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let named = |(name, value): (&str, String)| (name.to_owned(), Input::filled(&value));
        Self(values.into_iter().map(named).collect())
    }

    /// What was typed, and what `problem` says is wrong with it.
    #[must_use]
    pub fn refused(t: &Texts, fields: &Fields, problem: &Problem) -> Self {
        let names = fields.iter().map(|(name, _)| name);
        let faulty = problem.fields.iter().map(|fault| fault.field);
        Self(
            names
                .chain(faulty)
                .filter(|name| *name != "csrf")
                .map(|name| {
                    let again = frame::input(t, problem, name, fields.one(name));
                    (name.to_owned(), again)
                })
                .collect(),
        )
    }

    /// The field of this name.
    #[must_use]
    pub fn of(&self, name: &str) -> &Input {
        self.0.get(name).unwrap_or(&EMPTY)
    }

    /// Whether the field holds this value: an option that is chosen, a box that is ticked.
    #[must_use]
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.of(name).value == value
    }

    /// The fields that are wrong, for the summary on top: where there are two or more.
    #[must_use]
    pub fn errors(&self) -> Vec<(String, String)> {
        let wrong: Vec<_> = self
            .0
            .iter()
            .filter_map(|(name, input)| Some((name.clone(), input.error.clone()?)))
            .collect();
        if wrong.len() > 1 { wrong } else { Vec::new() }
    }

    /// The same fields with a fault in one of them: for samples.
    #[must_use]
    pub fn wrong(mut self, name: &str, error: &str) -> Self {
        let value = self.of(name).value.clone();
        self.0.insert(name.to_owned(), Input::wrong(&value, error));
        self
    }
}
