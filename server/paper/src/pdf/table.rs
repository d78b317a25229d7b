//! Rows of cells under a head, parted by hairlines; figures to the right.

use super::page::{Align, Ink, Meaning, Pages};
use super::tags::{Node, Role};
use super::text::{Style, wrap};

/// Above and below what stands in a row.
const PADDING: f32 = 4.0;

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) title: String,
    /// Its left edge.
    pub(crate) x: f32,
    pub(crate) width: f32,
    pub(crate) align: Align,
}

/// One paragraph of a cell.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) style: Style,
    pub(crate) ink: Ink,
}

impl Words {
    pub(crate) fn new(text: impl Into<String>, style: Style, ink: Ink) -> Self {
        Self {
            text: text.into(),
            style,
            ink,
        }
    }
}

/// A table being laid.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    node: Node,
    head: Style,
}

impl Table {
    /// A table with these columns, from the left.
    pub(crate) fn new(pages: &mut Pages, columns: Vec<Column>, head: Style) -> Self {
        let node = pages.structure.add(Role::Table);
        Self {
            columns,
            node,
            head,
        }
    }

    /// Lays the head at `y` and gives back where the first row begins. Repeated upon a further page, it is decoration.
    pub(crate) fn head(&self, pages: &mut Pages, y: f32, repeated: bool) -> f32 {
        let row = (!repeated).then(|| pages.structure.add_to(self.node, Role::Row));
        for column in &self.columns {
            let meaning = match row {
                Some(row) => Meaning::Part(pages.structure.add_to(row, Role::HeadCell)),
                None => Meaning::Layout,
            };
            let at = (edge(column), y + self.head.ascent());
            pages.text(
                at,
                column.align,
                &column.title,
                self.head,
                Ink::FAINT,
                meaning,
            );
        }
        let bottom = y + self.head.leading() + 2.0;
        pages.rule((self.left(), bottom), self.width(), 0.7, Ink::SECOND);
        bottom + 0.7
    }

    /// How high a row of cells would be.
    pub(crate) fn height(&self, cells: &[Vec<Words>]) -> f32 {
        let inside = |(column, cell): (&Column, &Vec<Words>)| {
            cell.iter()
                .map(|words| lines(column, words).len() as f32 * words.style.leading())
                .sum::<f32>()
        };
        self.columns
            .iter()
            .zip(cells)
            .map(inside)
            .fold(0.0, f32::max)
            + 2.0 * PADDING
    }

    /// Parts a row that is higher than `room`: what of the first column fits, with the figures, and the rest of it.
    pub(crate) fn split(
        &self,
        cells: &[Vec<Words>],
        room: f32,
    ) -> (Vec<Vec<Words>>, Vec<Vec<Words>>) {
        let mut upper = cells.to_vec();
        let mut lower = vec![Vec::new(); cells.len()];
        let (Some(column), Some(first)) = (self.columns.first(), cells.first()) else {
            return (upper, lower);
        };
        upper[0].clear();
        let mut used = 2.0 * PADDING;
        for words in first {
            for line in lines(column, words) {
                used += words.style.leading();
                // One line is always taken, so that this comes to an end.
                let fits = used <= room || upper[0].is_empty();
                let part = if fits { &mut upper[0] } else { &mut lower[0] };
                part.push(Words::new(line, words.style, words.ink));
            }
        }
        (upper, lower)
    }

    /// Lays a row of cells at `y` and gives back where the next begins.
    pub(crate) fn row(&self, pages: &mut Pages, y: f32, cells: &[Vec<Words>]) -> f32 {
        let row = pages.structure.add_to(self.node, Role::Row);
        for (column, cell) in self.columns.iter().zip(cells) {
            let node = pages.structure.add_to(row, Role::Cell);
            lay(pages, column, y + PADDING, cell, Meaning::Part(node));
        }
        self.close(pages, y + self.height(cells))
    }

    /// Lays a row that only repeats what stands elsewhere, such as a subtotal carried to the next page.
    pub(crate) fn decoration(&self, pages: &mut Pages, y: f32, cells: &[Vec<Words>]) -> f32 {
        for (column, cell) in self.columns.iter().zip(cells) {
            lay(pages, column, y + PADDING, cell, Meaning::Layout);
        }
        self.close(pages, y + self.height(cells))
    }

    fn close(&self, pages: &mut Pages, bottom: f32) -> f32 {
        pages.hairline((self.left(), bottom), self.width());
        bottom
    }

    fn left(&self) -> f32 {
        self.columns.first().map_or(0.0, |column| column.x)
    }

    fn width(&self) -> f32 {
        let right = self
            .columns
            .last()
            .map_or(0.0, |column| column.x + column.width);
        right - self.left()
    }
}

fn lay(pages: &mut Pages, column: &Column, y: f32, cell: &[Words], meaning: Meaning) {
    let mut top = y;
    for words in cell {
        let lines = lines(column, words);
        for (index, line) in lines.iter().enumerate() {
            let inner = index + 1 < lines.len() && column.align == Align::Left;
            let line = if inner {
                format!("{line} ")
            } else {
                line.clone()
            };
            let at = (edge(column), top + words.style.ascent());
            pages.text(at, column.align, &line, words.style, words.ink, meaning);
            top += words.style.leading();
        }
    }
}

fn lines(column: &Column, words: &Words) -> Vec<String> {
    wrap(&words.text, words.style, column.width)
}

fn edge(column: &Column) -> f32 {
    match column.align {
        Align::Left => column.x,
        Align::Right => column.x + column.width,
    }
}
