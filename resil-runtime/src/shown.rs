//! What an error says of itself, for the event that tells of it: its `Display`, else its `Debug`,
//! else nothing. No bound is asked of the error type, as in [`classify`](crate::classify).

use std::fmt::{self, Debug, Display, Write};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// An event shows no more characters of an error than these.
const LONGEST: usize = 256;

/// How an error can be shown. Making it formats nothing.
#[derive(Clone, Copy)]
pub enum Shown<'a> {
    /// By its `Display`.
    Display(&'a dyn Display),
    /// By its `Debug`.
    Debug(&'a dyn Debug),
    /// Not at all.
    Nothing,
}

impl Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Display(_) => "Display",
            Self::Debug(_) => "Debug",
            Self::Nothing => "Nothing",
        })
    }
}

impl Shown<'_> {
    /// Returns the text, cut at 256 characters.
    ///
    /// The formatting is the user's code. Its panic is caught: an event must not break the call that
    /// it tells of.
    #[cold]
    pub(crate) fn text(self) -> Option<Arc<str>> {
        let format = || {
            let mut text = Cut::default();
            // An error of the formatting itself, and a text that is full, both end it.
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

/// The first [`LONGEST`] characters of what is written.
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

/// Asks an error how it can be shown. The methods of the same name are tried from the outermost type
/// inwards, and each has a bound of its own.
#[derive(Debug)]
pub struct Showing<'a, E>(ByDebug<'a, E>);

/// The second step of [`Showing`].
#[derive(Debug)]
pub struct ByDebug<'a, E>(Mute<'a, E>);

/// The last step: it can't be shown.
#[derive(Debug)]
pub struct Mute<'a, E>(&'a E);

impl<'a, E> Showing<'a, E> {
    /// Asks of `error`.
    pub fn new(error: &'a E) -> Self {
        Self(ByDebug(Mute(error)))
    }
}

impl<'a, E: Display> Showing<'a, E> {
    /// By its `Display`.
    pub fn __resil_shown(&self) -> Shown<'a> {
        Shown::Display(self.0.0.0)
    }
}

impl<'a, E: Debug> ByDebug<'a, E> {
    /// By its `Debug`.
    pub fn __resil_shown(&self) -> Shown<'a> {
        Shown::Debug(self.0.0)
    }
}

impl<'a, E> Mute<'a, E> {
    /// Not at all.
    pub fn __resil_shown(&self) -> Shown<'a> {
        let _ = self.0;
        Shown::Nothing
    }
}

impl<'a, E> Deref for Showing<'a, E> {
    type Target = ByDebug<'a, E>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a, E> Deref for ByDebug<'a, E> {
    type Target = Mute<'a, E>;
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
        Showing::new(error).__resil_shown().text()
    }

    #[test]
    fn by_display_else_by_debug_else_not_at_all() {
        #[derive(Debug)]
        struct OnlyDebug;
        struct Neither;
        assert_eq!(text(&"lost").as_deref(), Some("lost"));
        let debug = Showing::new(&OnlyDebug).__resil_shown().text();
        assert_eq!(debug.as_deref(), Some("OnlyDebug"));
        assert_eq!(Showing::new(&Neither).__resil_shown().text(), None);
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
