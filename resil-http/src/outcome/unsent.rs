//! Which errors show that a request never reached the other side.

use std::error::Error as StdError;
use std::io;
use std::iter;

use resil_runtime::Error;

use super::before::came_before;
use crate::BoxError;
#[cfg(feature = "client")]
use crate::client::ClientError;

/// The longest chain of sources that is followed: one that leads back into itself has to end.
const LONGEST: usize = 64;

/// Returns whether an error shows that the request was not sent, so that it does no harm to send it again.
///
/// That is so where one of the error and its sources is
///
/// * a refusal of resil that comes before the request is sent: an open circuit, a full bulkhead, a rate limit,
///   an error that was injected in place of a run;
/// * an `io::Error` that only a connection that was never made has: refused, or no address to connect from;
/// * behind the feature `tonic` a `tonic::ConnectError`, and an error of HTTP/2 by which the peer says that it
///   did nothing with the request: `REFUSED_STREAM`, or a GOAWAY, which ends only the requests that came after
///   the last one that the peer took (RFC 9113, sections 6.8 and 8.7);
/// * behind the feature `client` a `ClientError` whose `is_unsent` says so. Of a plain
///   `reqwest::Error` nothing is certain: reqwest follows redirects, and if the second of two requests has no
///   connection, its error is that of a first one.
///
/// Where it is not certain, it returns false: a connection that was reset or that timed out may have brought the
/// request across. What else shows it where you are goes into
/// [`HttpOutcome::not_sent`](super::HttpOutcome::not_sent).
pub fn was_not_sent(error: &BoxError) -> bool {
    #[cfg(feature = "client")]
    if let Some(is_unsent) = links(&**error).find_map(of_client) {
        return is_unsent;
    }
    links(&**error).any(is_unsent)
}

/// Returns what the error of a client that follows redirects says; `None` for any other error.
#[cfg(feature = "client")]
fn of_client(error: &(dyn StdError + 'static)) -> Option<bool> {
    match error.downcast_ref::<ClientError>() {
        Some(error) => Some(error.is_unsent()),
        None => error.is::<reqwest::Error>().then_some(false),
    }
}

/// Returns the error and its sources, and what the `io::Error`s among them hold, which is none of their
/// sources.
fn links<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |&error| source(error)).take(LONGEST)
}

fn source<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    let held = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match held {
        Some(held) => Some(held),
        None => error.source(),
    }
}

fn is_unsent(error: &(dyn StdError + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused | io::ErrorKind::AddrNotAvailable
        );
    }
    if let Some(refused) = error.downcast_ref::<Error>() {
        return came_before(refused);
    }
    is_unsent_by_others(error)
}

#[allow(
    unused_variables,
    clippy::let_and_return,
    reason = "by the features that are on"
)]
fn is_unsent_by_others(error: &(dyn StdError + 'static)) -> bool {
    let is_unsent = false;
    #[cfg(feature = "tonic")]
    let is_unsent = is_unsent || error.is::<tonic::ConnectError>();
    #[cfg(feature = "tonic")]
    let is_unsent = is_unsent || error.downcast_ref::<h2::Error>().is_some_and(is_undone);
    is_unsent
}

/// Returns whether the peer says that it did nothing with the request.
#[cfg(feature = "tonic")]
fn is_undone(error: &h2::Error) -> bool {
    // The streams up to the last one of a GOAWAY go on: such an error has none of them.
    error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Around(BoxError);
    impl fmt::Display for Around {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("around")
        }
    }
    impl StdError for Around {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&*self.0)
        }
    }

    fn open() -> Error {
        Error::CircuitOpen {
            name: "unsent",
            retry_in: None,
        }
    }

    #[test]
    fn only_what_is_certain_is_taken_for_unsent() {
        use io::ErrorKind as K;

        for (kind, unsent) in [
            (K::ConnectionRefused, true),
            (K::AddrNotAvailable, true),
            (K::ConnectionReset, false),
            (K::ConnectionAborted, false),
            (K::BrokenPipe, false),
            (K::TimedOut, false),
            (K::HostUnreachable, false),
            (K::UnexpectedEof, false),
            (K::Other, false),
        ] {
            let error: BoxError = io::Error::from(kind).into();
            assert_eq!(was_not_sent(&error), unsent, "{kind:?}");
            let error: BoxError = Around(error).into();
            assert_eq!(was_not_sent(&error), unsent, "{kind:?} as a source");
            let error: BoxError = io::Error::other(error).into();
            assert_eq!(was_not_sent(&error), unsent, "{kind:?} inside");
        }
        assert!(!was_not_sent(&"some text".into()));
    }

    #[test]
    fn a_refusal_comes_before_the_request() {
        assert!(was_not_sent(&open().into()));
        assert!(was_not_sent(&Around(open().into()).into()));
        assert!(was_not_sent(&io::Error::other(open()).into()));
        assert!(
            !was_not_sent(&Error::Cancelled.into()),
            "it may have waited after an attempt"
        );
    }

    #[cfg(feature = "client")]
    #[test]
    fn the_client_says_the_same_of_each_refusal() {
        let limited = Error::RateLimited {
            name: "unsent",
            retry_after: None,
        };
        for refusal in [open(), limited, Error::Cancelled] {
            let says = came_before(&refusal);
            assert_eq!(was_not_sent(&refusal.clone().into()), says, "{refusal}");
            let error = ClientError::Refused(refusal);
            assert_eq!(error.is_unsent(), says, "{error}");
            assert_eq!(was_not_sent(&error.into()), says);
        }
    }

    #[test]
    fn a_chain_without_end_ends() {
        #[derive(Debug)]
        struct Itself;
        impl fmt::Display for Itself {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("itself")
            }
        }
        impl StdError for Itself {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                Some(self)
            }
        }
        assert!(!was_not_sent(&Itself.into()));
    }

    #[cfg(feature = "tonic")]
    #[test]
    fn a_connect_error_of_tonic_is_unsent() {
        assert!(was_not_sent(&tonic::ConnectError("no route".into()).into()));
        let own = h2::Error::from(h2::Reason::REFUSED_STREAM);
        assert!(!was_not_sent(&own.into()), "this side made it");
    }
}
