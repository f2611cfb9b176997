//! The attempt that is being polled. reqwest's connector and its redirect policy run inside it, and find it
//! here.

use std::cell::Cell;
use std::mem;
use std::sync::Arc;

use url::Url;

use super::course::Course;
use super::progress::Progress;

thread_local! {
    /// The course of the attempt that is being polled.
    static POLLED: Cell<Option<Course>> = const { Cell::new(None) };
}

/// Polls an attempt, whose course is found here meanwhile.
pub(super) fn polling<R>(course: &mut Course, poll: impl FnOnce() -> R) -> R {
    let stand_in = Course::new(course.began(), false, false);
    let own = mem::replace(course, stand_in);
    let _polling = Polling {
        around: POLLED.replace(Some(own)),
        course,
    };
    poll()
}

/// The poll of an attempt. Dropped, also by a panic, it gives the course back.
struct Polling<'c> {
    course: &'c mut Course,
    /// That of the attempt that polls this one: one of another client, whose connector or resolver asks this one.
    around: Option<Course>,
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        if let Some(own) = POLLED.replace(self.around.take()) {
            *self.course = own;
        }
    }
}

/// Returns what `look` makes of the course of the attempt that is being polled, if one is.
fn look<R>(look: impl FnOnce(&mut Course) -> R) -> Option<R> {
    let mut course = POLLED.take()?;
    let out = look(&mut course);
    POLLED.set(Some(course));
    Some(out)
}

/// Tells the attempt that is being polled that it is sent to `url`.
pub(super) fn redirect(url: &Url) {
    let _ = look(|course| course.redirect(url));
}

/// Returns what is told of the attempt that is being polled, if one is.
pub(super) fn current() -> Option<Arc<Progress>> {
    look(|course| course.progress().cloned())?
}

/// Returns whether `attempt` is being polled.
pub(super) fn is_current(attempt: &Arc<Progress>) -> bool {
    let is_it = |polled: &Arc<Progress>| Arc::ptr_eq(polled, attempt);
    look(|course| course.progress().is_some_and(is_it)).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use resil_runtime::clock;

    use super::*;

    fn course() -> Course {
        Course::new(clock::now(), false, true)
    }

    fn url() -> Url {
        Url::parse("http://other").unwrap()
    }

    #[test]
    fn a_poll_within_a_poll_has_a_course_of_its_own() {
        let (mut outer, mut inner) = (course(), course());
        let progress = Arc::clone(outer.progress().unwrap());
        assert!(current().is_none());
        polling(&mut outer, || {
            polling(&mut inner, || {
                assert!(!is_current(&progress));
                redirect(&url());
            });
            assert!(is_current(&progress));
        });
        assert!(inner.is_redirected() && !outer.is_redirected());
        assert!(current().is_none());
        assert!(
            outer
                .progress()
                .is_some_and(|own| Arc::ptr_eq(own, &progress))
        );
    }

    #[test]
    fn a_panic_gives_the_course_back() {
        let mut course = course();
        let panics = || {
            polling(&mut course, || {
                redirect(&url());
                panic!("it fails")
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert!(course.is_redirected() && course.progress().is_some());
        assert!(current().is_none());
    }
}
