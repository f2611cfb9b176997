//! Colours and tables for a terminal. They are too small to need a crate.

use std::io::IsTerminal;

/// Writes colours, unless stdout is no terminal or `NO_COLOR` is set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint(bool);

impl Paint {
    pub(crate) fn new() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self(!unwanted && std::io::stdout().is_terminal())
    }

    fn put(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.put("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.put("2", text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.put("1;32", text)
    }

    pub(crate) fn warn(self, text: &str) -> String {
        self.put("33", text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.put("1;31", text)
    }
}

/// The gap between two columns.
const GAP: usize = 2;

/// A cell of a table, with its colour.
#[derive(Debug)]
pub(crate) struct Cell {
    text: String,
    paint: fn(Paint, &str) -> String,
}

impl Cell {
    pub(crate) fn plain(text: String) -> Self {
        Self {
            text,
            paint: |_, text| text.to_owned(),
        }
    }

    /// A number that is left out when it is zero.
    pub(crate) fn count(n: usize) -> Self {
        Self {
            text: n.to_string(),
            paint: if n == 0 {
                Paint::dim
            } else {
                |_, text| text.to_owned()
            },
        }
    }

    /// A number that should be zero.
    pub(crate) fn harm(n: usize) -> Self {
        Self {
            text: n.to_string(),
            paint: if n == 0 { Paint::good } else { Paint::bad },
        }
    }
}

/// A table whose columns have headings of two lines, and whose rows have names.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    pub(crate) heads: Vec<[&'a str; 2]>,
    pub(crate) rows: Vec<(&'a str, Vec<Cell>)>,
}

impl Table<'_> {
    pub(crate) fn print(&self, paint: Paint) {
        let names = self.rows.iter().map(|(name, _)| name.len()).max();
        let names = names.unwrap_or(0);
        let widths: Vec<usize> = (0..self.heads.len()).map(|n| self.width(n)).collect();

        let rule = || {
            let gaps = widths.iter().map(|width| width + GAP).sum::<usize>();
            println!("{}", paint.dim(&"─".repeat(names + gaps)));
        };
        // Padded first and coloured then: a colour has no width.
        let line = |name: &str, cells: Vec<String>| {
            let line = paint.bold(&format!("{name:names$}")) + &cells.concat();
            println!("{}", line.trim_end());
        };

        rule();
        for half in [0, 1] {
            let heads = self.heads.iter().zip(&widths);
            let heads = heads.map(|(head, width)| format!("{:>1$}", head[half], width + GAP));
            line("", heads.map(|head| paint.bold(&head)).collect());
        }
        rule();
        for (name, cells) in &self.rows {
            let cells = cells.iter().zip(&widths);
            let cells = cells.map(|(cell, width)| {
                (cell.paint)(paint, &format!("{:>1$}", cell.text, width + GAP))
            });
            line(name, cells.collect());
        }
        rule();
    }

    fn width(&self, column: usize) -> usize {
        let heads = self.heads[column].iter().map(|head| head.len());
        let cells = self.rows.iter().map(|(_, cells)| cells[column].text.len());
        heads.chain(cells).max().unwrap_or(0)
    }
}
