//! The text of an error in an event: its `Display`, else its `Debug`, else none. The error type
//! needs no bound; as in [`classify`](crate::classify), the methods that exist decide.

use std::fmt::{self, Debug, Display, Write};
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::listeners::is_listened_to;

/// The number of characters of an error's text that an event shows.
const LONGEST: usize = 256;

/// Where the text of an error comes from. Creating it formats nothing.
#[derive(Clone, Copy)]
pub enum ErrorText<'a> {
    /// The error's `Display`.
    Display(&'a dyn Display),
    /// The error's `Debug`.
    Debug(&'a dyn Debug),
    /// The error has no text.
    Nothing,
}

impl Debug for ErrorText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Display(_) => "Display",
            Self::Debug(_) => "Debug",
            Self::Nothing => "Nothing",
        })
    }
}

impl ErrorText<'_> {
    /// Returns the text for an event, cut at 256 characters; `None` if no listener and no trace hears it
    /// here. The events of tracing's have no text of an error: for those alone it is not formatted.
    pub(crate) fn told(self) -> Option<Arc<str>> {
        if is_listened_to() { self.text() } else { None }
    }

    /// Returns the text, cut at 256 characters.
    ///
    /// The formatting is the user's code. Its panic is caught, as an event must not break the call
    /// that it reports.
    #[cold]
    fn text(self) -> Option<Arc<str>> {
        let format = || {
            let mut text = Cut::default();
            // An error of the formatting itself ends the text, and so does reaching the limit.
            let _ = match self {
                Self::Display(error) => write!(text, "{error}"),
                Self::Debug(error) => write!(text, "{error:?}"),
                Self::Nothing => return None,
            };
            Some(text.0.into())
        };
        catch_unwind(AssertUnwindSafe(format)).unwrap_or(None)
    }
}

/// The first [`LONGEST`] characters that are written, and their number.
#[derive(Default)]
struct Cut(String, usize);

impl Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LONGEST - self.1;
        if let Some((end, _)) = text.char_indices().nth(room) {
            self.0.push_str(&text[..end]);
            self.1 = LONGEST;
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        self.1 += text.chars().count();
        Ok(())
    }
}

/// Finds out where the text of an error can come from. Method resolution tries the methods of the
/// same name from the outermost type inwards, and each has a bound of its own. As in
/// [`Probe`](crate::classify::probe::Probe), the error comes with the question.
#[derive(Debug)]
pub struct ErrorTextProbe<E>(ByDebug<E>);

/// The second step of [`ErrorTextProbe`].
#[derive(Debug)]
pub struct ByDebug<E>(NoText<E>);

/// The last step: the error has no text.
#[derive(Debug)]
pub struct NoText<E>(PhantomData<E>);

impl<E> ErrorTextProbe<E> {
    /// Returns the probe for the type of an error.
    #[inline]
    pub fn new(_: &E) -> Self {
        Self(ByDebug(NoText(PhantomData)))
    }
}

impl<E: Display> ErrorTextProbe<E> {
    /// Returns the text by `Display`.
    pub fn __resil_shown<'e>(&self, error: &'e E) -> ErrorText<'e> {
        ErrorText::Display(error)
    }
}

#[expect(
    clippy::unused_self,
    reason = "method resolution finds it by the receiver"
)]
impl<E: Debug> ByDebug<E> {
    /// Returns the text by `Debug`.
    pub fn __resil_shown<'e>(&self, error: &'e E) -> ErrorText<'e> {
        ErrorText::Debug(error)
    }
}

#[expect(
    clippy::unused_self,
    reason = "method resolution finds it by the receiver"
)]
impl<E> NoText<E> {
    /// Returns no text.
    pub fn __resil_shown<'e>(&self, _: &'e E) -> ErrorText<'e> {
        ErrorText::Nothing
    }
}

impl<E> Deref for ErrorTextProbe<E> {
    type Target = ByDebug<E>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<E> Deref for ByDebug<E> {
    type Target = NoText<E>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result>(F);
    impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> Display for Says<F> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (self.0)(f)
        }
    }

    fn text(error: &impl Display) -> Option<Arc<str>> {
        ErrorTextProbe::new(error).__resil_shown(error).text()
    }

    #[test]
    fn by_display_else_by_debug_else_not_at_all() {
        #[derive(Debug)]
        struct OnlyDebug;
        struct Neither;
        assert_eq!(text(&"lost").as_deref(), Some("lost"));
        let debug = ErrorTextProbe::new(&OnlyDebug)
            .__resil_shown(&OnlyDebug)
            .text();
        assert_eq!(debug.as_deref(), Some("OnlyDebug"));
        let neither = ErrorTextProbe::new(&Neither).__resil_shown(&Neither).text();
        assert_eq!(neither, None);
    }

    #[test]
    fn it_is_cut_at_256_characters_between_two() {
        for (of, n) in [
            ("x", 255),
            ("x", 256),
            ("x", 257),
            ("ü", 256),
            ("ü", 300),
            ("🦀", 9_999),
        ] {
            let shown = text(&of.repeat(n)).unwrap();
            assert_eq!(*shown, *of.repeat(n.min(256)), "{of} {n}");
        }
        // In pieces, and though whoever writes does not care.
        let pieces = Says(|f| {
            for _ in 0..1_000 {
                let _ = f.write_str("aü");
            }
            Ok(())
        });
        assert_eq!(*text(&pieces).unwrap(), *"aü".repeat(128));
    }

    #[test]
    fn a_formatting_that_panics_or_fails_breaks_nothing() {
        assert_eq!(text(&Says(|_| panic!("the user's own"))), None);
        let fails = Says(|f| f.write_str("half").and(Err(fmt::Error)));
        assert_eq!(text(&fails).as_deref(), Some("half"));
        assert_eq!(text(&"").as_deref(), Some(""));
    }
}
