//! Every word that the portal says: the Fluent catalogues of `locales/`, compiled in, and a language's view of them.
//!
//! No sentence is written in a template or in Rust. `tests::every_key_is_there_and_none_is_left_over` holds both
//! sides together: a key that is used must exist, and one that exists must be used.

use std::{borrow::Cow, fmt, sync::Arc};

use askama::filters::HtmlSafe;
use fluent_bundle::{
    FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle, types::FluentNumber,
};
use unic_langid::LanguageIdentifier;

/// The English catalogue, one file per feature.
const ENGLISH: &[(&str, &str)] = &[
    ("portal", include_str!("../../../../locales/en/portal.ftl")),
    ("people", include_str!("../../../../locales/en/people.ftl")),
    ("fleet", include_str!("../../../../locales/en/fleet.ftl")),
    (
        "enrolment",
        include_str!("../../../../locales/en/enrolment.ftl"),
    ),
    (
        "approving",
        include_str!("../../../../locales/en/approving.ftl"),
    ),
    (
        "commands",
        include_str!("../../../../locales/en/commands.ftl"),
    ),
    ("desk", include_str!("../../../../locales/en/desk.ftl")),
    (
        "refusals",
        include_str!("../../../../locales/en/refusals.ftl"),
    ),
    (
        "organisations",
        include_str!("../../../../locales/en/organisations.ftl"),
    ),
    ("record", include_str!("../../../../locales/en/record.ftl")),
    ("mail", include_str!("../../../../locales/en/mail.ftl")),
    (
        "catalogue",
        include_str!("../../../../locales/en/catalogue.ftl"),
    ),
    (
        "sellers",
        include_str!("../../../../locales/en/sellers.ftl"),
    ),
    (
        "subscriptions",
        include_str!("../../../../locales/en/subscriptions.ftl"),
    ),
    (
        "renewals",
        include_str!("../../../../locales/en/renewals.ftl"),
    ),
    (
        "collection",
        include_str!("../../../../locales/en/collection.ftl"),
    ),
    (
        "forecast",
        include_str!("../../../../locales/en/forecast.ftl"),
    ),
    (
        "documents",
        include_str!("../../../../locales/en/documents.ftl"),
    ),
    (
        "letters",
        include_str!("../../../../locales/en/letters.ftl"),
    ),
    (
        "payments",
        include_str!("../../../../locales/en/payments.ftl"),
    ),
    (
        "operations",
        include_str!("../../../../locales/en/operations.ftl"),
    ),
];

/// The French catalogue: letters alone, as yet. Pages are English.
const FRENCH: &[(&str, &str)] = &[(
    "letters",
    include_str!("../../../../locales/fr/letters.ftl"),
)];

/// A key of the catalogue, named in code: in the vocabulary's tables, so that the test above finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub &'static str);

/// Why a catalogue cannot be used. Only a fault in our own files causes it, and a test loads them.
#[derive(Debug)]
pub struct CatalogueError {
    file: String,
    faults: String,
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the catalogue {}.ftl cannot be read: {}",
            self.file, self.faults
        )
    }
}

impl std::error::Error for CatalogueError {}

/// Markup that is safe to write into a page as it is: from a catalogue, or escaped on the way in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Markup made by our own code: every reported value in it went through [`Html::escape`].
    pub(super) fn trusted(markup: String) -> Self {
        Self(markup)
    }

    /// The text itself, with the five characters that mean something in HTML replaced.
    #[must_use]
    pub fn escape(text: &str) -> Self {
        let mut out = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                other => out.push(other),
            }
        }
        Self(out)
    }

    /// A serial number, set in the fixed-width face.
    #[must_use]
    pub fn serial(serial_number: &str) -> Self {
        Self(format!(
            "<span class=\"mono nowrap\">{}</span>",
            Self::escape(serial_number)
        ))
    }

    /// A link; both address and words are escaped.
    #[must_use]
    pub fn link(address: &str, words: &Html, class: &str) -> Self {
        Self(format!(
            "<a class=\"{class}\" href=\"{}\">{words}</a>",
            Self::escape(address)
        ))
    }

    /// The markup.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

/// The catalogues of all languages, loaded once.
#[derive(Clone)]
pub struct Catalogue {
    english: Texts,
    french_letters: Texts,
}

impl Catalogue {
    /// Reads the catalogues that are compiled in.
    ///
    /// # Errors
    /// When one of them cannot be parsed, or two of its files hold the same key.
    pub fn load() -> Result<Self, CatalogueError> {
        Ok(Self {
            english: load("en", ENGLISH)?,
            french_letters: load("fr", FRENCH)?,
        })
    }

    /// The texts in the best language for a browser's `Accept-Language`. English is the only one so far.
    #[must_use]
    pub fn texts(&self, _accept_language: &str) -> Texts {
        self.english.clone()
    }

    /// The texts of letters in an account's language.
    #[must_use]
    pub fn letters(&self, language: &str) -> Texts {
        if language == "fr" {
            self.french_letters.clone()
        } else {
            self.english.clone()
        }
    }
}

fn load(language: &'static str, files: &[(&str, &str)]) -> Result<Texts, CatalogueError> {
    let tag: LanguageIdentifier = language.parse().map_err(|fault| CatalogueError {
        file: language.to_owned(),
        faults: format!("{fault:?}"),
    })?;
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Isolation marks around each value would land in titles, attributes and copied text.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) => Some(grouped(number)),
        FluentValue::String(_)
        | FluentValue::Custom(_)
        | FluentValue::None
        | FluentValue::Error => None,
    }));
    for (file, source) in files {
        let fault = |faults: String| CatalogueError {
            file: format!("{language}/{file}"),
            faults,
        };
        let resource = FluentResource::try_new((*source).to_owned())
            .map_err(|(_, errors)| fault(format!("{errors:?}")))?;
        bundle
            .add_resource(resource)
            .map_err(|errors| fault(format!("{errors:?}")))?;
    }
    Ok(Texts {
        bundle: Arc::new(bundle),
        language,
    })
}

/// One language's texts. Cheap to clone.
#[derive(Clone)]
pub struct Texts {
    bundle: Arc<FluentBundle<FluentResource>>,
    language: &'static str,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Texts")
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

impl Texts {
    /// The language's tag, as it stands in `<html lang>`.
    #[must_use]
    pub fn language(&self) -> &'static str {
        self.language
    }

    /// A text without arguments. A key that is missing shows itself, so that it is seen and mended.
    #[must_use]
    pub fn get(&self, key: &str) -> String {
        self.format(key, None).unwrap_or_else(|| format!("⟦{key}⟧"))
    }

    /// A text named by the vocabulary.
    #[must_use]
    pub fn word(&self, key: Key) -> String {
        self.get(key.0)
    }

    /// A text with arguments, as plain words.
    #[must_use]
    pub fn with(&self, key: &str, arguments: &[(&str, FluentValue<'_>)]) -> String {
        let args = arguments
            .iter()
            .map(|(name, value)| (*name, value.clone()))
            .collect();
        self.format(key, Some(&args))
            .unwrap_or_else(|| format!("⟦{key}⟧"))
    }

    /// A text that depends on a number, `$n` in the catalogue.
    #[must_use]
    pub fn count(&self, key: &str, n: u64) -> String {
        self.with(key, &[("n", FluentValue::from(n))])
    }

    /// A text with one argument.
    #[must_use]
    pub fn put(&self, key: &str, name: &str, value: &str) -> String {
        self.with(key, &[(name, FluentValue::from(value))])
    }

    /// A sentence with markup. The catalogue may hold `<b>` and `<span class="mono">`; what is put into it is
    /// escaped unless it is [`Html`] already.
    #[must_use]
    pub fn rich(&self, key: &str, arguments: &[(&str, Part<'_>)]) -> Html {
        let args = arguments
            .iter()
            .map(|(name, part)| {
                let value = match part {
                    Part::Text(text) => FluentValue::from(Html::escape(text).0),
                    Part::Markup(html) => FluentValue::from(html.0.clone()),
                    Part::Number(n) => FluentValue::from(*n),
                };
                (*name, value)
            })
            .collect();
        Html(
            self.format(key, Some(&args))
                .unwrap_or_else(|| format!("⟦{key}⟧")),
        )
    }

    /// Whether the catalogue has this key, for vocabularies that grow elsewhere (event kinds, refusal codes).
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// A whole number as this language writes it: 48,213.
    #[must_use]
    pub fn number(&self, n: u64) -> String {
        grouped(&FluentNumber::from(n))
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        // A missing argument shows its name in the sentence; there is nothing better to do with it here.
        let mut faults = Vec::new();
        let text: Cow<'_, str> = self.bundle.format_pattern(pattern, args, &mut faults);
        Some(text.into_owned())
    }
}

/// What may stand in a sentence with markup.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    /// Somebody's words: escaped.
    Text(&'a str),
    /// Markup made by [`Html`]'s constructors.
    Markup(&'a Html),
    /// A number, which the sentence may depend on.
    Number(u64),
}

/// Digits in groups of three.
fn grouped(number: &FluentNumber) -> String {
    let plain = number.as_string().into_owned();
    let (whole, fraction) = plain
        .split_once('.')
        .map_or((plain.as_str(), ""), |(w, f)| (w, f));
    let mut out = String::with_capacity(plain.len() + 4);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) && whole.as_bytes()[i - 1].is_ascii_digit()
        {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
