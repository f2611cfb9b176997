//! The text of an error in an event: its `Display`, else its `Debug`, else none. The error type
//! needs no bound; as in [`classify`](crate::classify), the methods that exist decide.

use std::fmt::{self, Debug, Display, Write};
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
/// same name from the outermost type inwards, and each has a bound of its own.
#[derive(Debug)]
pub struct ErrorTextProbe<'a, E>(ByDebug<'a, E>);

/// The second step of [`ErrorTextProbe`].
#[derive(Debug)]
pub struct ByDebug<'a, E>(NoText<'a, E>);

/// The last step: the error has no text.
#[derive(Debug)]
pub struct NoText<'a, E>(&'a E);

impl<'a, E> ErrorTextProbe<'a, E> {
    /// Wraps `error`.
    pub fn new(error: &'a E) -> Self {
        Self(ByDebug(NoText(error)))
    }
}

impl<'a, E: Display> ErrorTextProbe<'a, E> {
    /// Returns the text by `Display`.
    pub fn __resil_shown(&self) -> ErrorText<'a> {
        ErrorText::Display(self.0.0.0)
    }
}

impl<'a, E: Debug> ByDebug<'a, E> {
    /// Returns the text by `Debug`.
    pub fn __resil_shown(&self) -> ErrorText<'a> {
        ErrorText::Debug(self.0.0)
    }
}

impl<'a, E> NoText<'a, E> {
    /// Returns no text.
    pub fn __resil_shown(&self) -> ErrorText<'a> {
        let _ = self.0;
        ErrorText::Nothing
    }
}

impl<'a, E> Deref for ErrorTextProbe<'a, E> {
    type Target = ByDebug<'a, E>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a, E> Deref for ByDebug<'a, E> {
    type Target = NoText<'a, E>;
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
        ErrorTextProbe::new(error).__resil_shown().text()
    }

    #[test]
    fn by_display_else_by_debug_else_not_at_all() {
        #[derive(Debug)]
        struct OnlyDebug;
        struct Neither;
        assert_eq!(text(&"lost").as_deref(), Some("lost"));
        let debug = ErrorTextProbe::new(&OnlyDebug).__resil_shown().text();
        assert_eq!(debug.as_deref(), Some("OnlyDebug"));
        assert_eq!(ErrorTextProbe::new(&Neither).__resil_shown().text(), None);
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
