//! The course of an attempt: where it stands, for its limits, and whether it was redirected, for its error.

use std::sync::Arc;
use std::task::Waker;

use resil_runtime::clock::{self, Instant};
use url::Url;

use super::progress::{Phase, Progress};
use crate::tls::lacks_tls;

/// The course of an attempt.
#[derive(Debug)]
pub(super) struct Course {
    began: Instant,
    /// The last redirect. One happens in the attempt's own polls.
    redirected: Option<Box<Redirected>>,
    /// What the connector and the body of the request that is under way tell, from other tasks too; `None` where they
    /// tell nothing.
    progress: Option<Arc<Progress>>,
}

#[derive(Debug)]
struct Redirected {
    at: Instant,
    /// Where it leads to, if that needs TLS that is not there.
    lacks_tls: Option<Url>,
}

impl Course {
    /// Creates the course of an attempt that begins at `began`; `is_writing` says whether its body tells when it
    /// has been sent, and `is_told` whether the connector tells of connections.
    pub(super) fn new(began: Instant, is_writing: bool, is_told: bool) -> Self {
        let tells = is_writing || is_told;
        Self {
            began,
            redirected: None,
            progress: tells.then(|| Arc::new(Progress::new(began, is_writing, is_told))),
        }
    }

    /// Returns the instant at which the attempt began.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// Returns what others tell.
    pub(super) fn progress(&self) -> Option<&Arc<Progress>> {
        self.progress.as_ref()
    }

    /// Returns whether it is known when the connection was made.
    pub(super) fn is_told(&self) -> bool {
        let progress = self.progress.as_deref();
        progress.is_some_and(Progress::is_told)
    }

    /// Returns the phase, and the instant of the last progress in it.
    pub(super) fn phase(&self) -> (Phase, Instant) {
        if let Some(progress) = &self.progress {
            return progress.phase();
        }
        let redirected = self.redirected.as_ref();
        (Phase::Reading, redirected.map_or(self.began, |to| to.at))
    }

    /// Wakes `waker` when the attempt goes over to the next phase in another task.
    pub(super) fn register(&self, waker: &Waker) {
        // From `Reading` an attempt goes on in its own polls alone.
        if let Some(progress) = &self.progress
            && progress.phase().0 != Phase::Reading
        {
            progress.register(waker);
        }
    }

    /// Notes that the other side has answered, and sends the request to `url`.
    pub(super) fn redirect(&mut self, url: &Url) {
        let at = clock::now();
        // What was told so far is of the request before, whose body may still be on its way. One that tells is never
        // sent a second time.
        self.progress = self
            .is_told()
            .then(|| Arc::new(Progress::new(at, false, true)));
        self.redirected = Some(Box::new(Redirected {
            at,
            // Nothing is sent there, so no other redirect follows.
            lacks_tls: lacks_tls(url).then(|| url.clone()),
        }));
    }

    /// Returns whether the request has reached a server that sent it to another one.
    pub(super) fn is_redirected(&self) -> bool {
        self.redirected.is_some()
    }

    /// Returns where the request was sent to that needs TLS, if there is none.
    pub(super) fn lacks_tls(&self) -> Option<&Url> {
        self.redirected.as_ref()?.lacks_tls.as_ref()
    }
}
