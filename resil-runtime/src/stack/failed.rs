//! The end of an attempt, as an edge has judged it.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;

use crate::classify::{Class, Classify};
use crate::error::Error;

/// An attempt that has failed, as the edge has judged it.
///
/// It holds what the attempt ended with: an answer that is an error by its status, or an error.
pub struct Failed {
    class: Class,
    may_repeat: bool,
    text: Cow<'static, str>,
    what: Box<dyn Any + Send>,
}

impl Failed {
    /// Creates the failure of an attempt that has ended with `what`. A retry makes no other one unless the
    /// request `may_repeat`, whatever its class is; a circuit goes by the class alone. Events show the `text`.
    pub fn new(
        what: impl Any + Send,
        class: Class,
        may_repeat: bool,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            class,
            may_repeat,
            text: text.into(),
            what: Box::new(what),
        }
    }

    /// Returns what the attempt has ended with. A refusal by a policy is an [`Error`].
    pub fn into_inner(self) -> Box<dyn Any + Send> {
        self.what
    }

    /// Returns whether the request may be sent again after it.
    pub(super) fn may_repeat(&self) -> bool {
        self.may_repeat
    }
}

impl Classify for Failed {
    fn classify(&self) -> Class {
        self.class
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        // The policies know the class of their own refusals without it.
        Self::new(error, Class::Neutral, false, "refused by a policy")
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failed")
            .field("class", &self.class)
            .field("may_repeat", &self.may_repeat)
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}
