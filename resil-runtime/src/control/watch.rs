//! A file that is watched: its settings come into force when it changes.
//!
//! The file is looked at now and then, by its path. A notification of the kernel would be for the file
//! that was there: editors and configuration managers put another file in its place, and Kubernetes swaps a
//! link in the path to it; over NFS and in some containers there is none at all. To look costs a `read` of a
//! small file.
//!
//! A file that is being written in place can be read half. So a change counts when two looks, an interval
//! apart, have found the same bytes, of the same length, age and number.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use super::file;
use super::handle::Control;
use super::origin::{ControlError, ControlFault};
use super::steering::lock;
use super::tell::{tell, tell_loaded};

/// The time between two looks at a file.
const INTERVAL: Duration = Duration::from_millis(500);
/// The largest file that is read.
const LARGEST: u64 = 16 << 20;

/// A file that is watched, until this is dropped: [`Control::watch`] returns it.
#[derive(Debug)]
#[must_use = "dropped, the file is watched no longer"]
pub struct Watching {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watching {
    /// Watches the file as long as the process runs.
    pub fn forever(mut self) {
        // The thread goes on as long as the sender is there.
        std::mem::forget(self.stop.take());
        self.thread = None;
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What a look has found.
#[derive(Debug, PartialEq, Eq)]
struct Look {
    bytes: Vec<u8>,
    changed: Option<SystemTime>,
    number: u64,
}

impl Look {
    fn at(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        if about.len() > LARGEST {
            return Err(io::Error::other("the file is larger than 16 MiB"));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Self {
            bytes,
            changed: about.modified().ok(),
            number: number(&about),
        })
    }
}

#[cfg(unix)]
fn number(about: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(about)
}

#[cfg(not(unix))]
fn number(_: &fs::Metadata) -> u64 {
    0
}

impl Control {
    /// Loads a file as [`load`](Self::load) does, and again each time that it has changed, about a second
    /// after that. A thread looks at it twice a second.
    ///
    /// A file with a fault leaves the settings of before in force. Its faults are told as events, and
    /// [`faults`](Self::faults) lists them until the file is right. So does a file that is gone.
    ///
    /// Whoever changes the file may put another one in its place, write it anew where it is, or swap a link
    /// in its path. What is written in place has to be whole within half a second: half of it is not told
    /// from a whole file. A file that has become empty is taken for one that is being written: it changes
    /// nothing, and is told as a fault.
    ///
    /// # Errors
    ///
    /// Returns the faults of the file as it is now; it is not watched then.
    ///
    /// # Panics
    ///
    /// Panics if no thread can be started.
    pub fn watch(&self, path: impl AsRef<Path>) -> Result<Watching, ControlError> {
        self.watch_every(path, INTERVAL)
    }

    /// Watches a file as [`watch`](Self::watch) does, and looks at it once in so much time.
    ///
    /// # Errors
    ///
    /// As those of `watch`.
    ///
    /// # Panics
    ///
    /// Panics if no thread can be started.
    pub fn watch_every(
        &self,
        path: impl AsRef<Path>,
        interval: Duration,
    ) -> Result<Watching, ControlError> {
        let path: Arc<Path> = path.as_ref().into();
        let seen = Look::at(&path)
            .map_err(|error| ControlError::new(vec![file::unreadable(&path, &error)]))?;
        load(*self, &path, &seen.bytes)?;
        let (stop, stopped) = mpsc::channel::<()>();
        let mut watched = Watched {
            control: *self,
            path,
            in_force: Some(seen),
            last: None,
        };
        let watch = move || {
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                watched.look();
            }
            lock().forget_watched(&watched.path);
        };
        let thread = thread::Builder::new().name("resil-watch".to_owned());
        Ok(Watching {
            stop: Some(stop),
            thread: Some(thread.spawn(watch).expect("a thread can be started")),
        })
    }
}

fn load(control: Control, path: &Arc<Path>, bytes: &[u8]) -> Result<(), ControlError> {
    match str::from_utf8(bytes) {
        Ok(text) => control.load_text(Arc::clone(path), text),
        Err(error) => {
            let error = io::Error::new(io::ErrorKind::InvalidData, error);
            Err(ControlError::new(vec![file::unreadable(path, &error)]))
        }
    }
}

struct Watched {
    control: Control,
    path: Arc<Path>,
    /// What was loaded, or refused, last. `None` if the file was gone.
    in_force: Option<Look>,
    /// What the look before has found.
    last: Option<io::Result<Look>>,
}

impl Watched {
    fn look(&mut self) {
        let now = Look::at(&self.path);
        let is_same = match (&now, &self.last) {
            (Ok(now), Some(Ok(last))) => now == last,
            (Err(_), Some(Err(_))) => true,
            _ => false,
        };
        let is_known = match (&now, &self.in_force) {
            (Ok(now), Some(known)) => now == known,
            (Err(_), known) => known.is_none(),
            _ => false,
        };
        if !is_same || is_known {
            self.last = Some(now);
            return;
        }
        let faults: Vec<ControlFault> = match &now {
            // Whoever writes in place has emptied it first, and may be held up.
            Ok(look) if look.bytes.is_empty() => vec![file::empty(&self.path)],
            Ok(look) => match load(self.control, &self.path, &look.bytes) {
                Ok(()) => Vec::new(),
                Err(refused) => refused.faults().to_vec(),
            },
            Err(error) => vec![file::unreadable(&self.path, error)],
        };
        tell(&faults);
        if faults.is_empty() {
            tell_loaded(&self.path);
        }
        lock().watched = faults;
        self.in_force = now.ok();
        self.last = None;
    }
}
