//! Bars that lie: an amount a line, its words beside it.

use std::fmt::Write as _;

use super::open;
use crate::web::text::Html;

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What it is for.
    pub label: String,
    /// How long it is, in any unit that all of them share.
    pub weight: u64,
    /// The figure at its end.
    pub figure: String,
    /// Whether it wants a look.
    pub is_late: bool,
}

/// Between two bars.
const PITCH: usize = 28;

/// Bars in both widths; `sentence` says what they show. The page puts the same figures in a table below.
#[must_use]
pub fn bars(sentence: &str, bars: &[Bar]) -> Html {
    if bars.is_empty() {
        return Html::default();
    }
    let most = bars.iter().map(|bar| bar.weight).max().unwrap_or(0).max(1);
    let longest = |of: fn(&Bar) -> &str| {
        let lengths = bars.iter().map(|bar| of(bar).chars().count());
        lengths.max().unwrap_or(0)
    };
    // Twelve pixels of type are at most seven wide, but for the widest capitals.
    let label_width = (longest(|bar| &bar.label) * 7 + 8).min(140);
    let figure_width = (longest(|bar| &bar.figure) * 7 + 12).min(160);
    let mut out = String::new();
    for (width, class) in [(448_u32, "roll-l"), (328, "roll-s")] {
        let wide = usize::try_from(width).unwrap_or(0);
        let track = wide.saturating_sub(label_width + figure_width).max(40);
        open(
            &mut out,
            "plot bars",
            class,
            width,
            bars.len() * PITCH,
            sentence,
        );
        for (index, bar) in bars.iter().enumerate() {
            let top = index * PITCH + 8;
            let length = (u128::from(bar.weight) * track as u128).div_ceil(u128::from(most));
            let late = if bar.is_late { " late" } else { "" };
            let _ = write!(
                out,
                "<text x=\"0\" y=\"{0}\">{1}</text><rect class=\"bar2\" x=\"{label_width}\" y=\"{top}\" width=\"{track}\" \
                 height=\"12\"/><rect class=\"bar{late}\" x=\"{label_width}\" y=\"{top}\" width=\"{length}\" height=\"12\"/>\
                 <text class=\"val\" x=\"{width}\" y=\"{0}\" text-anchor=\"end\">{2}</text>",
                top + 10,
                Html::escape(&bar.label),
                Html::escape(&bar.figure)
            );
        }
        out.push_str("</svg>");
    }
    Html::trusted(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_keep_within_their_track_and_survive_anything() {
        let bar = |weight| Bar {
            label: "<Nov>".to_owned(),
            weight,
            figure: "1.00".to_owned(),
            is_late: weight == 7,
        };
        assert!(bars("", &[]).as_str().is_empty());
        let drawn = bars("a sentence", &[bar(0), bar(7), bar(u64::MAX)]);
        let drawn = drawn.as_str();
        assert!(drawn.contains("&lt;Nov&gt;") && !drawn.contains("<Nov>"));
        assert!(drawn.contains("bar late") && drawn.contains("width=\"0\""));
        assert_eq!(drawn.matches("<svg").count(), 2);
        for length in drawn.split("width=\"").skip(1) {
            let length: u64 = length.split('"').next().unwrap().parse().unwrap();
            assert!(length <= 448);
        }
    }
}
