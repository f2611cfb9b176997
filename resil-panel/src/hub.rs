//! The pages that are open in this process, and what all of them have been told.
//!
//! The first page starts a thread, which samples for all; the last one ends it. It is a thread and not a
//! task: the pages may be served by several runtimes, and are told also when these are blocked.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use axum::body::Bytes;
use resil_runtime::FunctionStats;

use crate::client::{Client, Frames, client};
use crate::frame::{Opening, frame};
use crate::functions::History;
use crate::rows::{Known, Read, Row};

/// The most pages that are open at a time.
pub(crate) const PAGES: usize = 64;
/// The number of events that a new page is told of.
const RECENT: usize = 200;

static HUB: Mutex<Hub> = Mutex::new(Hub::new());

/// The state that all pages share.
#[derive(Debug)]
pub(crate) struct Hub {
    clients: Vec<Client>,
    /// Whether the thread runs.
    is_sampling: bool,
    known: Known,
    history: History,
    /// The last events, each an object of JSON.
    recent: VecDeque<String>,
}

/// What the thread has found out.
pub(crate) struct Found {
    pub(crate) read: Read,
    /// Events, each an object of JSON, and the number of those that are not among them.
    pub(crate) events: Vec<String>,
    pub(crate) missed: u64,
    /// The functions, if a second has passed since the last tick.
    pub(crate) tick: Option<Vec<FunctionStats>>,
}

/// Why a page can't be opened.
#[derive(Debug)]
pub(crate) enum Refused {
    /// [`PAGES`] are open.
    TooMany,
    /// The system starts no thread.
    NoThread(io::Error),
}

/// Opens a page: returns the frames that it is to be sent. `sample` is run by the thread for as long as
/// there are pages.
pub(crate) fn open(opening: &Opening<'_>, sample: fn()) -> Result<Frames, Refused> {
    let mut hub = lock();
    hub.clients.retain(|client| !client.is_gone());
    if hub.clients.len() >= PAGES {
        return Err(Refused::TooMany);
    }
    if !hub.is_sampling {
        let thread = thread::Builder::new().name("resil-panel".into());
        thread.spawn(sample).map_err(Refused::NoThread)?;
        hub.is_sampling = true;
    }
    let (client, frames) = client(Bytes::from(hub.first_frame(opening)));
    hub.clients.push(client);
    Ok(frames)
}

/// Returns the number of open pages.
pub(crate) fn pages() -> usize {
    lock().clients.iter().filter(|c| !c.is_gone()).count()
}

/// Returns the last events that were told to a page that is open, oldest first.
pub(crate) fn recent() -> Vec<String> {
    lock().recent.iter().cloned().collect()
}

/// Returns the stores that gave no answer since the first of the open pages was opened.
pub(crate) fn stores() -> Vec<Row> {
    lock().known.rows("stores")
}

/// Ends all pages.
pub(crate) fn close_all() {
    *lock() = Hub::new();
}

/// Tells all pages what was found. Returns false if there is none: then the thread has to end, and the
/// next page starts another one.
pub(crate) fn tell(found: Found) -> bool {
    let mut hub = lock();
    for event in &found.events {
        if hub.recent.len() == RECENT {
            hub.recent.pop_front();
        }
        hub.recent.push_back(event.clone());
    }
    if let Some(functions) = &found.tick {
        hub.history.tick(functions);
    }
    let members = hub.known.update(found.read);
    let text = frame(
        "change",
        &members,
        &found.events,
        found.missed,
        found.tick.is_some(),
    );
    let text = Bytes::from(text);
    hub.clients
        .retain(|client| !client.is_gone() && client.send(&text));
    let goes_on = !hub.clients.is_empty();
    if !goes_on {
        *hub = Hub::new();
    }
    goes_on
}

impl Hub {
    const fn new() -> Self {
        Self {
            clients: Vec::new(),
            is_sampling: false,
            known: Known::new(),
            history: History::new(),
            recent: VecDeque::new(),
        }
    }

    fn first_frame(&self, opening: &Opening<'_>) -> String {
        let mut members = opening.members();
        members.push_str(&self.known.all());
        members.push_str(&self.history.member());
        let events: Vec<String> = self.recent.iter().cloned().collect();
        frame("hello", &members, &events, 0, false)
    }
}

fn lock() -> MutexGuard<'static, Hub> {
    HUB.lock().unwrap_or_else(PoisonError::into_inner)
}
