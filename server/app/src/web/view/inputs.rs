//! The fields of a larger form as they go back to the reader, by name.

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

/// The most fields that come back; no form of ours has so many.
const MOST: usize = 100;

/// Fields by the name that the form gives them, in the form's order.
#[derive(Clone, Debug, Default)]
pub struct Inputs(Vec<(String, Input)>);

impl Inputs {
    /// Fields with these values and nothing wrong.
    pub fn filled(values: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let named = |(name, value): (&str, String)| (name.to_owned(), Input::filled(&value));
        Self(values.into_iter().map(named).collect())
    }

    /// What was typed, and what `problem` says is wrong with it.
    #[must_use]
    pub fn refused(t: &Texts, fields: &Fields, problem: &Problem) -> Self {
        let mut inputs = Self::default();
        let typed = fields.iter().map(|(name, _)| name).take(MOST);
        let faulty = problem.fields.iter().map(|fault| fault.field);
        for name in typed.chain(faulty).filter(|name| *name != "csrf") {
            if inputs.0.iter().all(|(known, _)| known != name) {
                let again = frame::input(t, problem, name, fields.one(name));
                inputs.0.push((name.to_owned(), again));
            }
        }
        inputs
    }

    /// The field of this name.
    #[must_use]
    pub fn of(&self, name: &str) -> &Input {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or(&EMPTY, |(_, input)| input)
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
        let faulty = Input::wrong(&self.of(name).value, error);
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), faulty));
        self
    }
}
