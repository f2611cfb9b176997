//! A file of what took place: one line each, on the disk before its writer goes on.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// The writing end. Lines of several processes don't mix: each is one short append.
pub(crate) struct Ledger {
    file: File,
}

impl Ledger {
    pub(crate) fn open(path: &Path) -> Self {
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.expect("the ledger");
        Self { file }
    }

    /// `what` is `<key>/<who>`, possibly in quotes.
    pub(crate) fn write(&self, word: &str, what: &str) {
        let line = format!("{word} {}\n", what.trim_matches('"'));
        (&self.file).write_all(line.as_bytes()).expect("a line");
        self.file.sync_data().expect("a line on the disk");
    }
}

/// What took place on one key: who did it, in the order in which it was written.
#[derive(Debug, Default)]
pub(crate) struct Deeds {
    pub(crate) started: Vec<String>,
    pub(crate) effects: Vec<String>,
    /// Whose completion the store has acknowledged.
    pub(crate) recorded: Vec<String>,
    pub(crate) refused: Vec<String>,
}

/// Reads all of it.
pub(crate) fn read(path: &Path) -> HashMap<String, Deeds> {
    let text = std::fs::read_to_string(path).expect("the ledger");
    let mut all: HashMap<String, Deeds> = HashMap::new();
    for line in text.lines() {
        let (word, what) = line.split_once(' ').expect("a word and a deed");
        let (key, who) = what.split_once('/').expect("a key and who did it");
        let deeds = all.entry(key.to_owned()).or_default();
        let list = match word {
            "started" => &mut deeds.started,
            "effect" => &mut deeds.effects,
            "recorded" => &mut deeds.recorded,
            "refused" => &mut deeds.refused,
            // No answer: it may have been recorded or not.
            "unknown" => continue,
            other => panic!("a strange word: {other}"),
        };
        list.push(who.to_owned());
    }
    for deeds in all.values_mut() {
        // A completion that is sent again is acknowledged again: it is one.
        deeds.recorded.dedup();
    }
    all
}
