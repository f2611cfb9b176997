//! What gRPC says in the headers of an answer: `grpc-status`, where the answer is nothing but headers
//! ("Trailers-Only"), and `grpc-retry-pushback-ms`.

use std::time::Duration;

use ::http::HeaderMap;
use resil_runtime::Class;

use super::envoy::overloaded;
use crate::names::{GRPC_PUSHBACK, GRPC_STATUS};

/// What the headers of an answer of gRPC say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said {
    /// `None` for the status `OK`.
    pub(super) class: Option<Class>,
    /// Whether the server asks for no other attempt.
    pub(super) is_last: bool,
}

/// Reads the headers of an answer; returns `None` if they have no `grpc-status`.
pub(super) fn read(headers: &HeaderMap) -> Option<Said> {
    let status = headers.get(&GRPC_STATUS)?;
    let code = status.to_str().ok().and_then(|text| text.parse().ok());
    // One that can't be read is `UNKNOWN`. Envoy answers a request of gRPC with 200 where it is overloaded, too.
    let class = class(code.unwrap_or(2)).map(|class| overloaded(headers).unwrap_or(class));
    let mut pushbacks = headers.get_all(&GRPC_PUSHBACK).iter();
    let (pushback, is_one) = (pushbacks.next(), pushbacks.next().is_none());
    // A push-back is about when, not about whether: a status that is final stays so (gRPC A6).
    let (Some(Class::Transient | Class::Throttled { .. }), Some(pushback)) = (class, pushback)
    else {
        return Some(Said {
            class,
            is_last: false,
        });
    };
    // More than one is none that can be followed.
    let asked = Some(pushback)
        .filter(|_| is_one)
        .and_then(|one| one.to_str().ok())
        .and_then(|text| text.parse::<i32>().ok())
        .and_then(|millis| u64::try_from(millis).ok());
    Some(match asked {
        Some(millis) => Said {
            class: Some(Class::Throttled {
                retry_after: Some(Duration::from_millis(millis)),
            }),
            is_last: false,
        },
        None => Said {
            class,
            is_last: true,
        },
    })
}

/// Returns the class of a status, as `tonic::Status` has it; `None` for `OK`.
fn class(code: u32) -> Option<Class> {
    Some(match code {
        0 => return None,
        // CANCELLED
        1 => Class::Neutral,
        // RESOURCE_EXHAUSTED
        8 => Class::Throttled { retry_after: None },
        // INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE,
        // UNIMPLEMENTED, DATA_LOSS, UNAUTHENTICATED
        3 | 5..=7 | 9 | 11 | 12 | 15 | 16 => Class::Permanent,
        // UNKNOWN, DEADLINE_EXCEEDED, ABORTED, INTERNAL, UNAVAILABLE, and what has no name yet.
        _ => Class::Transient,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: &str, pushback: Option<&str>) -> Option<Said> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", status.parse().unwrap());
        if let Some(pushback) = pushback {
            headers.insert("grpc-retry-pushback-ms", pushback.parse().unwrap());
        }
        read(&headers)
    }

    #[test]
    fn each_status_has_its_class() {
        let throttled = Class::Throttled { retry_after: None };
        for (status, class) in [
            ("0", None),
            ("1", Some(Class::Neutral)),
            ("2", Some(Class::Transient)),
            ("3", Some(Class::Permanent)),
            ("4", Some(Class::Transient)),
            ("5", Some(Class::Permanent)),
            ("6", Some(Class::Permanent)),
            ("7", Some(Class::Permanent)),
            ("8", Some(throttled)),
            ("9", Some(Class::Permanent)),
            ("10", Some(Class::Transient)),
            ("11", Some(Class::Permanent)),
            ("12", Some(Class::Permanent)),
            ("13", Some(Class::Transient)),
            ("14", Some(Class::Transient)),
            ("15", Some(Class::Permanent)),
            ("16", Some(Class::Permanent)),
            ("17", Some(Class::Transient)),
            ("-1", Some(Class::Transient)),
            ("fine", Some(Class::Transient)),
        ] {
            let is_last = false;
            assert_eq!(
                said(status, None),
                Some(Said { class, is_last }),
                "{status}"
            );
        }
        assert_eq!(read(&HeaderMap::new()), None);
    }

    #[test]
    fn an_overloaded_envoy_is_throttled() {
        let throttled = |millis: Option<u64>| Class::Throttled {
            retry_after: millis.map(Duration::from_millis),
        };
        for (status, header, class, is_last) in [
            ("14", None, Some(throttled(None)), false),
            ("12", None, Some(throttled(None)), false),
            ("0", None, None, false),
            (
                "14",
                Some(("retry-after", "2")),
                Some(throttled(Some(2000))),
                false,
            ),
            // A push-back is the word of the server, and comes first.
            (
                "14",
                Some(("grpc-retry-pushback-ms", "30")),
                Some(throttled(Some(30))),
                false,
            ),
            (
                "14",
                Some(("grpc-retry-pushback-ms", "-1")),
                Some(throttled(None)),
                true,
            ),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-envoy-overloaded", "true".parse().unwrap());
            headers.insert("grpc-status", status.parse().unwrap());
            if let Some((name, value)) = header {
                headers.insert(name, value.parse().unwrap());
            }
            let said = Some(Said { class, is_last });
            assert_eq!(read(&headers), said, "{status} {header:?}");
        }
    }

    #[test]
    fn a_push_back_says_when_or_that_there_is_no_other_attempt() {
        let after = |millis| {
            let retry_after = Some(Duration::from_millis(millis));
            (Some(Class::Throttled { retry_after }), false)
        };
        let last = (Some(Class::Transient), true);
        for (pushback, (class, is_last)) in [
            ("0", after(0)),
            ("250", after(250)),
            ("2147483647", after(2_147_483_647)),
            ("2147483648", last),
            ("-1", last),
            ("", last),
            ("1.5", last),
            ("soon", last),
        ] {
            assert_eq!(
                said("14", Some(pushback)),
                Some(Said { class, is_last }),
                "{pushback}"
            );
        }
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("grpc-status", "14"),
            ("grpc-retry-pushback-ms", "10"),
            ("grpc-retry-pushback-ms", "10"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        let (class, is_last) = last;
        assert_eq!(read(&headers), Some(Said { class, is_last }), "two values");
        // What is final, and what is no failure, stays so.
        assert_eq!(said("3", Some("10")), said("3", None));
        assert_eq!(said("0", Some("10")), said("0", None));
    }
}
