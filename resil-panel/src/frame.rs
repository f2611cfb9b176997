//! The frames of the stream of server-sent events, and the answer of `api/state`, which has their form.

use resil_runtime::clock;
use serde::Serialize;

use crate::rows::{json, list};

/// What a page is told of its panel when it is opened.
#[derive(Debug, Serialize)]
pub(crate) struct Opening<'a> {
    pub(crate) title: &'a str,
    pub(crate) version: &'static str,
    /// Whether the panel has a token, with which things can be changed.
    pub(crate) can_be_changed: bool,
}

impl Opening<'_> {
    /// Writes its fields as members of an object, with a comma after each.
    pub(crate) fn members(&self) -> String {
        let object = json(self);
        let inner = object.trim_start_matches('{').trim_end_matches('}');
        format!("{inner},")
    }
}

/// Writes an object of JSON: `members`, and what each has.
pub(crate) fn object(members: &str, events: &[String], missed: u64, is_tick: bool) -> String {
    let events = list("events", events);
    let now = clock::now_ms();
    format!("{{{members}{events}\"missed\":{missed},\"tick\":{is_tick},\"now\":{now}}}")
}

/// Writes a frame. JSON has its line feeds escaped, so it is one line.
pub(crate) fn frame(
    name: &str,
    members: &str,
    events: &[String],
    missed: u64,
    is_tick: bool,
) -> String {
    let data = object(members, events, missed, is_tick);
    format!("event: {name}\ndata: {data}\n\n")
}
