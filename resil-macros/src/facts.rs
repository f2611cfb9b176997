//! The facts that the layers of a stack may know of each other.
//!
//! The rules over a stack, the checks of the function and the expansions ask for facts and never
//! for a policy by its name. So a new policy is held to all of them once it states its facts.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};

use crate::parse::Const;

/// The facts of one layer: what it does to the layers around and inside it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one fact: it holds or not"
)]
pub(crate) struct Facts {
    /// The name of the attribute, for messages.
    pub(crate) policy: &'static str,
    /// Where the attribute is written.
    pub(crate) span: Span,
    /// May be written on a function only once.
    pub(crate) once: bool,
    /// Ends the code inside it after some time.
    pub(crate) bound: Option<Bound>,
    /// Runs the code inside it again.
    pub(crate) repeats: Option<Repeats>,
    /// Starts copies of the code inside it beside each other.
    pub(crate) copies: Option<Copies>,
    /// The longest time that a call waits for its turn, before the code inside it runs.
    pub(crate) waits: Option<Bound>,
    /// The span of the option which says that the code inside it must not start twice.
    pub(crate) starts_once: Option<Span>,
    /// Can end a call with a refusal.
    pub(crate) can_refuse: bool,
    /// Has to know why it was dropped, or how the layers below it ended a call.
    pub(crate) needs_call_state: bool,
    /// Has to know whether an attempt below it was polled, and whether it ended.
    pub(crate) watches_attempts: bool,
    /// Has to know whether a timeout of the stack drops it.
    pub(crate) asks_why_dropped: bool,
    /// Asks for a permit before the code inside it runs, and holds the permit meanwhile.
    pub(crate) holds_permit: bool,
    /// Its `.await`s belong to the block around it, so that the layer is never polled as a whole.
    pub(crate) in_place: bool,
    /// May answer a call with a recorded outcome, without running the body.
    pub(crate) replays: bool,
    /// Records errors too.
    pub(crate) records_errors: bool,
    /// May put a value in the place of an error.
    pub(crate) recovers: bool,
    /// Runs code after the body that names arguments of the function.
    pub(crate) uses_arguments_after: bool,
    /// Why it can't stand on a function that is not async; `None` if it can block the thread.
    pub(crate) only_async: Option<OnlyAsync>,
    /// Arguments that it clones for each attempt.
    pub(crate) clones: Vec<Ident>,
    /// The name that the number of the attempt has in the body.
    pub(crate) attempt: Option<Ident>,
    /// The decision that it leaves to the class of an error, where no pattern decides alone.
    pub(crate) classifies: Option<Classifies>,
}

impl Facts {
    /// Returns the facts of a policy that lets every outcome pass.
    pub(crate) fn new(policy: &'static str, span: Span) -> Self {
        Self {
            policy,
            span,
            once: true,
            bound: None,
            repeats: None,
            copies: None,
            waits: None,
            starts_once: None,
            can_refuse: false,
            needs_call_state: false,
            watches_attempts: false,
            asks_why_dropped: false,
            holds_permit: false,
            in_place: false,
            replays: false,
            records_errors: false,
            recovers: false,
            uses_arguments_after: false,
            only_async: Some(OnlyAsync {
                span,
                why: "",
                instead: "",
            }),
            clones: Vec::new(),
            attempt: None,
            classifies: None,
        }
    }

    /// Whether the code inside it may run more than once.
    pub(crate) fn runs_again(&self) -> bool {
        self.repeats.as_ref().is_some_and(|r| r.more_than_once) || self.copies.is_some()
    }
}

/// A limit in time.
pub(crate) struct Bound {
    /// `None` where it is known at run time only.
    pub(crate) limit: Option<Duration>,
    /// The limit as it is written.
    pub(crate) tokens: TokenStream,
}

impl Bound {
    /// Returns the limit of an option that may be left out: then it is not known.
    pub(crate) fn of(option: Option<&Const<Duration>>) -> Self {
        Self {
            limit: option.and_then(Const::literal).copied(),
            tokens: option.map(Const::tokens).cloned().unwrap_or_default(),
        }
    }
}

/// The way in which a layer runs the code inside it again.
pub(crate) struct Repeats {
    /// The number of attempts as it is written; messages about it point there.
    pub(crate) tokens: TokenStream,
    /// The span of the option which says that only time ends the attempts.
    pub(crate) unlimited: Option<Span>,
    /// Has a limit in time of its own.
    pub(crate) within: bool,
    /// The number of attempts; `None` where it is not known.
    pub(crate) runs: Option<u32>,
    /// Whether it may run the code a second time: not with a literal `max = 1`.
    pub(crate) more_than_once: bool,
    /// The number of attempts and the shortest delays between them, where both are known.
    pub(crate) shortest: Option<Shortest>,
}

/// The way in which a layer starts copies of the code inside it.
pub(crate) struct Copies {
    /// The number of copies in all; `None` where it is no literal.
    pub(crate) max: Option<u32>,
    /// The number as it is written; empty if it is the default.
    pub(crate) max_tokens: TokenStream,
    /// The delay before each further copy, and the option that says it; `None` where it is no literal. A
    /// percentile has its default here.
    pub(crate) after: Option<(&'static str, Duration)>,
    /// The delay as it is written.
    pub(crate) after_tokens: TokenStream,
}

/// The reason why a layer can't stand on a function that is not async.
pub(crate) struct OnlyAsync {
    pub(crate) span: Span,
    /// Completes the message "`charge` is not async, and .."; empty if there is nothing to say.
    pub(crate) why: &'static str,
    /// What else to write, behind "write `async fn charge`"; empty if nothing.
    pub(crate) instead: &'static str,
}

/// The shortest delays that the jitter allows.
pub(crate) struct Shortest {
    pub(crate) runs: u32,
    /// The delay before retry n.
    pub(crate) delay: Box<dyn Fn(u32) -> Duration>,
}

/// A decision that is left to the class of an error.
pub(crate) struct Classifies {
    /// What happens to the error: "is retried".
    pub(crate) consequence: &'static str,
    /// A pattern exempts some errors.
    pub(crate) has_exceptions: bool,
}
