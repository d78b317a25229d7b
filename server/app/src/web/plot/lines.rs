//! Plots with lines: check-ins per day, sparklines.

use std::fmt::Write as _;

use fluent_bundle::FluentValue;
use jiff::civil::Date;

use super::open;
use crate::web::{
    text::{Html, Texts},
    time_words::short_date,
};

/// One day of the plot of check-ins.
#[derive(Clone, Debug)]
pub struct Day {
    /// The calendar day, UTC.
    pub day: Date,
    /// Phones that checked in.
    pub checked_in: u64,
    /// Phones enrolled at its end.
    pub enrolled: u64,
}

/// Check-ins per day against enrolled phones, in both widths. The page puts the same numbers in a table below.
#[must_use]
pub fn check_ins(t: &Texts, days: &[Day]) -> Html {
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return Html::default();
    };
    let (low, high, step) = scale(days);
    let label = t.with(
        "plot-check-ins",
        &[
            (
                "days",
                FluentValue::from(u64::try_from(days.len()).unwrap_or(u64::MAX)),
            ),
            ("first", FluentValue::from(first.checked_in)),
            ("last", FluentValue::from(last.checked_in)),
            ("enrolled", FluentValue::from(last.enrolled)),
        ],
    );
    let mut out = String::new();
    for (width, height, plot_end, class) in [
        (640_u32, 184_usize, 536.0, "roll-l"),
        (328, 190, 328.0, "roll-s"),
    ] {
        open(&mut out, "plot", class, width, height, &label);
        let (left, top, foot) = (
            34.0,
            if class == "roll-s" { 28.0 } else { 12.0 },
            height as f64 - 30.0,
        );
        let x = |i: usize| {
            left + (plot_end - left) * i as f64 / (days.len().saturating_sub(1).max(1) as f64)
        };
        let y = |n: u64| {
            foot - (foot - top) * (n.saturating_sub(low)) as f64 / (high - low).max(1) as f64
        };
        for line in (low..=high).step_by(usize::try_from(step).unwrap_or(1)) {
            let _ = write!(
                out,
                "<path class=\"g\" d=\"M{left} {0:.1}H{plot_end}\"/><text x=\"0\" y=\"{1:.1}\">{2}</text>",
                y(line),
                y(line) + 4.0,
                t.number(line)
            );
        }
        let curve = |value: fn(&Day) -> u64| {
            let mut path = String::new();
            for (i, day) in days.iter().enumerate() {
                let _ = write!(
                    path,
                    "{}{:.1} {:.1}",
                    if i == 0 { 'M' } else { 'L' },
                    x(i),
                    y(value(day))
                );
            }
            path
        };
        let _ = write!(
            out,
            "<path class=\"l2\" d=\"{}\"/><path class=\"l\" d=\"{}\"/>",
            curve(|day| day.enrolled),
            curve(|day| day.checked_in)
        );
        let names = [
            t.count("plot-enrolled", last.enrolled),
            t.count("plot-answered", last.checked_in),
        ];
        if class == "roll-l" {
            // Side by side the two names need a line's height between them.
            let (upper, lower) = (y(last.enrolled), y(last.checked_in));
            let lower = lower.max(upper + 18.0).min(foot + 4.0);
            let upper = upper.min(lower - 18.0);
            let _ = write!(
                out,
                "<text class=\"name2\" x=\"546\" y=\"{:.1}\">{}</text><text class=\"name\" x=\"546\" y=\"{:.1}\">{}</text>",
                upper + 4.0,
                Html::escape(&names[0]),
                lower + 4.0,
                Html::escape(&names[1])
            );
        } else {
            let _ = write!(
                out,
                "<text class=\"name2\" x=\"34\" y=\"12\">{}</text><text class=\"name\" x=\"328\" y=\"12\" text-anchor=\"end\">{}</text>",
                Html::escape(&names[0]),
                Html::escape(&names[1])
            );
        }
        let middle = &days[days.len() / 2];
        for (day, at, anchor) in [
            (first, left, "start"),
            (middle, x(days.len() / 2), "middle"),
            (last, plot_end, "end"),
        ] {
            let _ = write!(
                out,
                "<text x=\"{at:.0}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                height - 4,
                Html::escape(&short_date(t, day.day))
            );
        }
        out.push_str("</svg>");
    }
    Html::trusted(out)
}

/// The lowest and highest line of the scale, and the step between lines: three or four lines on round numbers.
fn scale(days: &[Day]) -> (u64, u64, u64) {
    let least = days
        .iter()
        .map(|day| day.checked_in.min(day.enrolled))
        .min()
        .unwrap_or(0);
    let most = days
        .iter()
        .map(|day| day.checked_in.max(day.enrolled))
        .max()
        .unwrap_or(0)
        .max(least + 3);
    let rough = (most - least).div_ceil(3).max(1);
    let mut magnitude = 1;
    while magnitude * 10 <= rough {
        magnitude *= 10;
    }
    let step = [1, 2, 3, 5, 10]
        .into_iter()
        .map(|m| m * magnitude)
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let low = least / step * step;
    (low, low + (most - low).div_ceil(step) * step, step)
}

/// A sparkline: the shape of a series beside its last figure. Says nothing by itself, so it is hidden from readers.
#[must_use]
pub fn spark(series: &[u64]) -> Html {
    if series.len() < 2 {
        return Html::default();
    }
    let low = series.iter().min().copied().unwrap_or(0);
    let range = (series.iter().max().copied().unwrap_or(0) - low).max(1) as f64;
    let mut path = String::new();
    for (i, value) in series.iter().enumerate() {
        let x = 88.0 * i as f64 / (series.len() - 1) as f64;
        let y = 25.0 - 22.0 * (value - low) as f64 / range;
        let _ = write!(path, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
    }
    Html::trusted(format!(
        "<svg class=\"spark\" viewBox=\"0 0 88 28\" aria-hidden=\"true\" preserveAspectRatio=\"none\"><path d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::text::Catalogue;

    #[test]
    fn a_plot_stands_on_round_lines_and_survives_anything() {
        let day = |checked_in, enrolled| Day {
            day: jiff::civil::date(2026, 11, 23),
            checked_in,
            enrolled,
        };
        assert_eq!(scale(&[day(366, 380), day(392, 398)]), (360, 400, 20));
        assert_eq!(scale(&[day(0, 0)]), (0, 3, 1));
        let t = Catalogue::load().unwrap().texts("");
        assert!(check_ins(&t, &[]).as_str().is_empty());
        assert!(check_ins(&t, &[day(0, 0)]).as_str().contains("<svg"));
        assert!(
            !check_ins(&t, &[day(u64::from(u32::MAX), 3)])
                .as_str()
                .contains("NaN")
        );
        assert!(spark(&[7]).as_str().is_empty());
    }
}
