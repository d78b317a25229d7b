//! QR codes, as SVG for pages and as blocks for terminals.
//!
//! Always dark on white with four light modules around (ISO/IEC 18004 §6.3.8): a code in the colours of a dark page
//! is one that many phones cannot read.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code.
const QUIET_ZONE: usize = 4;

/// How an SVG is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawing<'a> {
    /// What a screen reader says, such as "QR code for enrolling this phone". Escaped here.
    pub label: &'a str,
    /// The `class` of the element, for the stylesheet to give it a size. Escaped here.
    pub class: &'a str,
}

/// Why there is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QrError {
    /// A code of medium correction holds 2,331 bytes at most.
    #[error("the text is too long for a QR code ({0} bytes; at most 2331 fit)")]
    TooLong(usize),
    /// Nothing to encode.
    #[error("there is no text to make a QR code of")]
    Empty,
}

/// Draws `text` as an SVG element to be put into a page.
///
/// One unit is one module; the element has no size of its own, so the stylesheet gives it one. No style, no script and
/// no reference to anything else, so that the strictest content security policy lets it be.
///
/// # Errors
/// See [`QrError`].
pub fn svg(text: &str, drawing: Drawing<'_>) -> Result<String, QrError> {
    let modules = Modules::encode(text)?;
    let side = modules.side;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{class}\" role=\"img\" aria-label=\"{label}\" \
         viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path fill=\"#000\" d=\"",
        class = escape(drawing.class),
        label = escape(drawing.label),
    );
    for y in 0..side {
        for (x, length) in modules.runs(y) {
            write!(svg, "M{x} {y}h{length}v1h-{length}z").expect("a String takes every text");
        }
    }
    svg.push_str("\"/></svg>");
    Ok(svg)
}

/// Draws `text` with half blocks, two rows of modules a line, each line closed by a line feed.
///
/// Printed as black on white by ANSI colours, so that it reads on dark and on light terminals alike.
///
/// # Errors
/// See [`QrError`].
pub fn terminal(text: &str) -> Result<String, QrError> {
    const BLACK_ON_WHITE: &str = "\x1b[30;107m";
    const RESET: &str = "\x1b[0m";
    let modules = Modules::encode(text)?;
    let mut drawn = String::new();
    for y in (0..modules.side).step_by(2) {
        drawn.push_str(BLACK_ON_WHITE);
        for x in 0..modules.side {
            drawn.push(match (modules.is_dark(x, y), modules.is_dark(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        drawn.push_str(RESET);
        drawn.push('\n');
    }
    Ok(drawn)
}

/// A code as dark runs, for whoever draws it in another way.
pub(crate) struct Runs {
    /// Modules a side, with the quiet zone.
    pub(crate) side: usize,
    /// Where each dark run begins (column, row) and how many modules it is long.
    pub(crate) dark: Vec<(usize, usize, usize)>,
}

/// Encodes `text` into dark runs.
///
/// # Errors
/// See [`QrError`].
pub(crate) fn runs(text: &str) -> Result<Runs, QrError> {
    let modules = Modules::encode(text)?;
    let row = |y| {
        modules
            .runs(y)
            .into_iter()
            .map(move |(x, length)| (x, y, length))
    };
    Ok(Runs {
        side: modules.side,
        dark: (0..modules.side).flat_map(row).collect(),
    })
}

/// The code's modules with its quiet zone.
struct Modules {
    dark: Vec<bool>,
    width: usize,
    side: usize,
}

impl Modules {
    fn encode(text: &str) -> Result<Self, QrError> {
        if text.is_empty() {
            return Err(QrError::Empty);
        }
        let code = QrCode::with_error_correction_level(text, EcLevel::M)
            .map_err(|_| QrError::TooLong(text.len()))?;
        let width = code.width();
        let dark = code
            .to_colors()
            .into_iter()
            .map(|color| color == Color::Dark)
            .collect();
        Ok(Self {
            dark,
            width,
            side: width + 2 * QUIET_ZONE,
        })
    }

    /// Outside the code everything is light.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = QUIET_ZONE..QUIET_ZONE + self.width;
        inside.contains(&x)
            && inside.contains(&y)
            && self.dark[(y - QUIET_ZONE) * self.width + (x - QUIET_ZONE)]
    }

    /// The unbroken dark runs of a row: where each begins and how long it is.
    fn runs(&self, y: usize) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for x in (0..self.side).filter(|x| self.is_dark(*x, y)) {
            match runs.last_mut() {
                Some((start, length)) if *start + *length == x => *length += 1,
                Some(_) | None => runs.push((x, 1)),
            }
        }
        runs
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "muster:enrol?server=https%3A%2F%2Fdevices.example.org&code=ABCDE-FGHJK-MNPQR-STVWX";
    const DRAWING: Drawing<'_> = Drawing {
        label: "QR code for enrolling this phone",
        class: "qr",
    };

    /// Reads the path of an SVG back into modules.
    fn painted(svg: &str, side: usize) -> Vec<bool> {
        let mut modules = vec![false; side * side];
        let path = svg
            .split(" d=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        for run in path.split('M').skip(1) {
            let (position, length) = run.split_once('h').unwrap();
            let (x, y) = position.split_once(' ').unwrap();
            let length: usize = length.split('v').next().unwrap().parse().unwrap();
            let start = y.parse::<usize>().unwrap() * side + x.parse::<usize>().unwrap();
            modules[start..start + length].fill(true);
        }
        modules
    }

    #[test]
    fn the_svg_paints_the_codes_modules_and_a_quiet_zone_of_four() {
        let modules = Modules::encode(TEXT).unwrap();
        let svg = svg(TEXT, DRAWING).unwrap();
        let painted = painted(&svg, modules.side);
        for y in 0..modules.side {
            for x in 0..modules.side {
                let edge = modules.side - QUIET_ZONE;
                let outside = x < QUIET_ZONE || y < QUIET_ZONE || x >= edge || y >= edge;
                assert!(!(outside && painted[y * modules.side + x]));
                assert_eq!(painted[y * modules.side + x], modules.is_dark(x, y));
            }
        }
    }

    #[test]
    fn the_svg_obeys_a_strict_policy_and_cannot_be_broken_out_of() {
        let hostile = Drawing {
            label: "\"><script>alert(1)</script>",
            class: "qr\" onload=\"x",
        };
        let svg = svg(TEXT, hostile).unwrap();
        assert!(!svg.contains("style=") && !svg.contains("<script") && !svg.contains("href"));
        assert_eq!(svg.matches('"').count() % 2, 0);
        assert!(svg.contains("class=\"qr&quot; onload=&quot;x\""));
        assert!(svg.contains("role=\"img\"") && svg.contains("viewBox=\"0 0 "));
    }

    #[test]
    fn the_terminal_drawing_is_as_wide_as_the_code_and_half_as_high() {
        let modules = Modules::encode(TEXT).unwrap();
        let drawn = terminal(TEXT).unwrap();
        assert_eq!(drawn.lines().count(), modules.side.div_ceil(2));
        for line in drawn.lines() {
            let bare = line
                .trim_start_matches("\x1b[30;107m")
                .trim_end_matches("\x1b[0m");
            assert_eq!(bare.chars().count(), modules.side);
        }
    }

    #[test]
    fn too_much_and_nothing_are_errors() {
        assert!(svg(&"x".repeat(2331), DRAWING).is_ok());
        assert_eq!(svg(&"x".repeat(2332), DRAWING), Err(QrError::TooLong(2332)));
        assert_eq!(terminal(""), Err(QrError::Empty));
    }
}
