//! The rule for services whose requests and answers are of any type.

use resil_runtime::Class;
use resil_runtime::classify::find;

use super::unsent::was_not_sent;
use super::{Outcome, Verdict};
use crate::BoxError;

/// Takes every answer for a success, and judges an error by its type.
///
/// The class is that of the error or of the first of its sources that has one
/// ([`find`](resil_runtime::classify::find)); an error without a class is transient. Requests may be sent
/// twice, unless [`once`](Self::once) says otherwise.
#[derive(Debug, Clone, Copy)]
pub struct ErrorOutcome {
    may_repeat: bool,
}

impl ErrorOutcome {
    /// Creates the rule.
    pub const fn new() -> Self {
        Self { may_repeat: true }
    }

    /// Says that a request does harm if it is sent twice: it is repeated only where an error shows that it was
    /// not sent ([`was_not_sent`]).
    #[must_use]
    pub const fn once(self) -> Self {
        Self { may_repeat: false }
    }
}

impl Default for ErrorOutcome {
    fn default() -> Self {
        Self::new()
    }
}

impl<Request, Response> Outcome<Request, Response> for ErrorOutcome {
    type Kept = ();

    fn keep(&self, _: &Request) {}

    fn may_repeat(&self, (): &()) -> bool {
        self.may_repeat
    }

    fn of_response(&self, (): &(), _: &Response) -> Verdict {
        Verdict::Success
    }

    fn of_error(&self, (): &(), error: &BoxError) -> Verdict {
        Verdict::Failure {
            class: find(&**error).unwrap_or(Class::Transient),
            may_repeat: self.may_repeat || was_not_sent(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn verdict(rule: ErrorOutcome, error: io::Error) -> Verdict {
        let error: BoxError = error.into();
        Outcome::<u8, u8>::of_error(&rule, &(), &error)
    }

    #[test]
    fn an_answer_is_a_success_and_an_error_has_the_class_of_its_type() {
        let rule = ErrorOutcome::new();
        assert_eq!(
            Outcome::<u8, u8>::of_response(&rule, &(), &7),
            Verdict::Success
        );
        let failure = |class, may_repeat| Verdict::Failure { class, may_repeat };
        let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(verdict(rule, reset()), failure(Class::Transient, true));
        assert_eq!(
            verdict(rule, io::Error::from(io::ErrorKind::InvalidInput)),
            failure(Class::Permanent, true)
        );
        assert_eq!(
            verdict(rule.once(), reset()),
            failure(Class::Transient, false)
        );
        assert_eq!(
            verdict(rule.once(), io::ErrorKind::ConnectionRefused.into()),
            failure(Class::Transient, true)
        );
    }
}
