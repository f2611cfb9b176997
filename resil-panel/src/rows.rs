//! The rows that the pages know, so that a frame tells only what has changed.

use std::collections::BTreeMap;

/// The kinds of rows, by their names in the API.
pub(crate) const KINDS: [&str; 6] = [
    "functions",
    "circuits",
    "bulkheads",
    "rate_limits",
    "stores",
    "conflicts",
];

/// One row: an object of JSON, and the text that tells it from all others of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) json: String,
}

/// All rows of one moment, a list for each of the [`KINDS`].
pub(crate) type View = [Vec<Row>; KINDS.len()];

/// The kinds of rows that have been read anew.
pub(crate) type Read = [Option<Vec<Row>>; KINDS.len()];

/// The rows that were told last.
#[derive(Debug)]
pub(crate) struct Known([BTreeMap<String, String>; KINDS.len()]);

impl Known {
    pub(crate) const fn new() -> Self {
        Self([const { BTreeMap::new() }; KINDS.len()])
    }

    /// Takes a new view in, and writes what is different in it as members of an object of JSON:
    /// `"circuits":[..],` for the rows that are new or changed, and `"gone":{"circuits":[..]},`. A kind
    /// that was not read stays as it is.
    pub(crate) fn update(&mut self, read: Read) -> String {
        let mut members = String::new();
        let mut gone = Vec::new();
        for ((kind, known), rows) in KINDS.iter().zip(&mut self.0).zip(read) {
            let Some(rows) = rows else { continue };
            let mut left = std::mem::take(known);
            let mut changed = Vec::new();
            for row in rows {
                if left.remove(&row.id).as_ref() != Some(&row.json) {
                    changed.push(row.json.clone());
                }
                known.insert(row.id, row.json);
            }
            if !changed.is_empty() {
                members.push_str(&list(kind, &changed));
            }
            if !left.is_empty() {
                let ids: Vec<&String> = left.keys().collect();
                gone.push(format!("\"{kind}\":{}", json(&ids)));
            }
        }
        if !gone.is_empty() {
            members.push_str("\"gone\":{");
            members.push_str(&gone.join(","));
            members.push_str("},");
        }
        members
    }

    /// Returns the rows of one kind.
    pub(crate) fn rows(&self, kind: &str) -> Vec<Row> {
        let at = KINDS.iter().position(|k| *k == kind);
        let rows = at.into_iter().flat_map(|at| &self.0[at]);
        let row = |(id, json): (&String, &String)| Row {
            id: id.clone(),
            json: json.clone(),
        };
        rows.map(row).collect()
    }

    /// Writes all rows, as [`update`](Self::update) writes those that have changed.
    pub(crate) fn all(&self) -> String {
        let lists = KINDS.iter().zip(&self.0);
        lists
            .map(|(kind, rows)| list(kind, rows.values()))
            .collect()
    }
}

/// Writes all rows of a view.
pub(crate) fn all(view: &View) -> String {
    let lists = KINDS.iter().zip(view);
    lists
        .map(|(kind, rows)| list(kind, rows.iter().map(|r| &r.json)))
        .collect()
}

/// Writes a member of an object whose value is a list of rows, and the comma after it.
pub(crate) fn list<'j>(kind: &str, rows: impl IntoIterator<Item = &'j String>) -> String {
    let rows: Vec<&str> = rows.into_iter().map(String::as_str).collect();
    format!("\"{kind}\":[{}],", rows.join(","))
}

/// Writes a value that can't fail to be written: it has string keys and finite numbers.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| String::from("null"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(circuits: &[(&str, u32)]) -> Read {
        let row = |(id, n): &(&str, u32)| Row {
            id: (*id).to_owned(),
            json: n.to_string(),
        };
        let mut read = Read::default();
        read[1] = Some(circuits.iter().map(row).collect());
        read
    }

    #[test]
    fn only_what_has_changed_is_told() {
        let mut known = Known::new();
        let mut told = |circuits: &[(&str, u32)]| known.update(read(circuits));
        assert_eq!(told(&[("a", 1), ("b", 2)]), "\"circuits\":[1,2],");
        assert_eq!(told(&[("a", 1), ("b", 2)]), "");
        assert_eq!(told(&[("a", 1), ("b", 3)]), "\"circuits\":[3],");
        let replaced = "\"circuits\":[4],\"gone\":{\"circuits\":[\"a\",\"b\"]},";
        assert_eq!(told(&[("c", 4)]), replaced);
        // What was not read stays.
        assert_eq!(known.update(Read::default()), "");
        assert_eq!(known.rows("circuits").len(), 1);
        assert!(known.all().contains("\"circuits\":[4],"));
    }
}
