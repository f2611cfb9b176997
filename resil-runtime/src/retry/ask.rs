//! The questions about an error that a retry puts to generated code.
//!
//! Generated code answers all of them in one closure, and the code that asks is compiled once and not
//! for each function. A question that the closure has no arm for is answered by
//! [`Answer::Default`].

use std::time::Duration;

use super::verdict::RetryVerdict;
use crate::classify::Class;
use crate::event::ErrorText;

/// A question about the error of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// What do the patterns say of it?
    Verdict,
    /// What is its class?
    Class,
    /// How long does the failed side ask to be left alone?
    RetryAfter,
    /// What is its text in events?
    Text,
}

/// An answer to an [`Ask`] of the same name.
#[derive(Debug, Clone, Copy)]
pub enum Answer<'e> {
    /// The patterns say nothing, the class or the time is unknown, the error has no text.
    Default,
    /// The verdict of the patterns, if they have one.
    Verdict(Option<RetryVerdict>),
    /// The class of the error, if it has one.
    Class(Option<Class>),
    /// How long the failed side asks to be left alone, if it does.
    RetryAfter(Option<Duration>),
    /// Where the text of the error comes from.
    Text(ErrorText<'e>),
}

/// The closure that answers, for one error.
pub(super) type Answers<'a, 'e> = &'a mut dyn FnMut(Ask) -> Answer<'e>;

/// Returns the path of that closure, with all type arguments in force: `type_name` of its type. A method of
/// the trait object would be one function more for each closure.
pub(super) type PathOf = fn() -> &'static str;

/// The closure in generated code that answers, for any error of the type `E`.
///
/// Code that takes it as a trait object is compiled once for each error type, and not for each
/// function.
pub(super) trait Asks<E> {
    /// Answers a question about `error`.
    fn answer<'e>(&mut self, error: &'e E, question: Ask) -> Answer<'e>;
}

impl<E, A> Asks<E> for A
where
    A: for<'e> FnMut(&'e E, Ask) -> Answer<'e>,
{
    #[inline(always)]
    fn answer<'e>(&mut self, error: &'e E, question: Ask) -> Answer<'e> {
        self(error, question)
    }
}

/// Answers for a refusal that is not an error of the user's: only its text is known.
pub(super) fn of_refusal<'e>(text: ErrorText<'e>) -> impl FnMut(Ask) -> Answer<'e> {
    move |ask| match ask {
        Ask::Text => Answer::Text(text),
        _ => Answer::Default,
    }
}

impl<'e> Answer<'e> {
    pub(super) fn verdict(self) -> Option<RetryVerdict> {
        match self {
            Self::Verdict(verdict) => verdict,
            _ => None,
        }
    }

    pub(super) fn class(self) -> Option<Class> {
        match self {
            Self::Class(class) => class,
            _ => None,
        }
    }

    pub(super) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::RetryAfter(time) => time,
            _ => None,
        }
    }

    pub(super) fn text(self) -> ErrorText<'e> {
        match self {
            Self::Text(text) => text,
            _ => ErrorText::Nothing,
        }
    }
}
