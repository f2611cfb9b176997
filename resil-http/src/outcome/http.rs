//! The rule of HTTP: status, method, and the headers that ask for a pause.

use ::http::{Extensions, HeaderMap, Method, Request, Response, StatusCode, Uri};
use resil_runtime::Class;
use resil_runtime::classify::{find, http_status, retry_after};

use super::envoy::overloaded;
use super::redirected::of_first_request;
use super::unsent::was_not_sent;
use super::{Outcome, Verdict, grpc};
use crate::BoxError;
use crate::names::IDEMPOTENCY_KEY;

/// Judges answers by the rules of HTTP, and of gRPC over it.
///
/// | answer | class |
/// |---|---|
/// | 1xx to 3xx without `grpc-status`, or with `grpc-status: 0` | success |
/// | 408, 425, 500, 502, 504, other 5xx but 501 and 505 | transient |
/// | 421 | transient, and any request may be sent again (RFC 9110, section 15.5.20), unless the client of this crate was redirected |
/// | 429; 503 with `Retry-After` | throttled, for as long as `Retry-After` asks |
/// | 503 | transient |
/// | 4xx, 5xx, and a `grpc-status` that is a failure, with `x-envoy-overloaded`: Envoy dropped the request, as a limit of its own is reached | throttled |
/// | all other 4xx, 501, 505 | permanent |
/// | 1xx to 3xx with another `grpc-status` in the headers | as `tonic::Status` has it; `grpc-retry-pushback-ms` says when, and a negative or unreadable one, and more than one, that there is no other attempt |
///
/// An error has the class of its type or of the first of its sources that has one; without a class it is
/// transient.
///
/// After the request may have been sent it is sent again only if its method is idempotent (RFC 9110, section
/// 9.2.2) or if it has an `Idempotency-Key`, or if [`repeat_if`](Self::repeat_if) says so. After an error that
/// shows that nothing was sent ([`was_not_sent`], [`not_sent`](Self::not_sent)), any request is.
///
/// The status of a gRPC call that has a body comes behind it, in trailers, after the answer was judged: it is
/// not looked at.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct HttpOutcome {
    not_sent: Option<fn(&BoxError) -> bool>,
    repeat_if: Option<fn(&Head<'_>) -> bool>,
}

impl HttpOutcome {
    /// Creates the rule.
    pub const fn new() -> Self {
        Self {
            not_sent: None,
            repeat_if: None,
        }
    }

    /// Also takes an error for one of a request that was not sent if `not_sent` returns true: what the connector
    /// or the client of yours says beyond [`was_not_sent`].
    ///
    /// ```
    /// # #[derive(Debug, thiserror::Error)] #[error("no name")] struct NoSuchName;
    /// use resil_http::HttpOutcome;
    ///
    /// let rule = HttpOutcome::new().not_sent(|error| error.is::<NoSuchName>());
    /// ```
    #[must_use]
    pub const fn not_sent(self, not_sent: fn(&BoxError) -> bool) -> Self {
        Self {
            not_sent: Some(not_sent),
            ..self
        }
    }

    /// Also takes a request for one that may be sent twice if `repeat_if` returns true: all requests of gRPC are
    /// POST, and only you know which of its methods do no harm twice.
    ///
    /// ```
    /// use resil_http::HttpOutcome;
    ///
    /// let rule = HttpOutcome::new().repeat_if(|request| request.uri.path().starts_with("/catalog.Catalog/"));
    /// ```
    #[must_use]
    pub const fn repeat_if(self, repeat_if: fn(&Head<'_>) -> bool) -> Self {
        Self {
            repeat_if: Some(repeat_if),
            ..self
        }
    }

    fn is_unsent(&self, error: &BoxError) -> bool {
        was_not_sent(error) || self.not_sent.is_some_and(|not_sent| not_sent(error))
    }
}

/// The head of a request.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Head<'a> {
    /// The method.
    pub method: &'a Method,
    /// The URI.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// What is beside them, in this process.
    pub extensions: &'a Extensions,
}

/// Whether a request may be sent twice.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    may_repeat: bool,
}

impl Kept {
    /// Looks at a request: those of an idempotent method (RFC 9110, section 9.2.2) may be sent twice, and any
    /// with an `Idempotency-Key`.
    pub fn of(method: &Method, headers: &HeaderMap) -> Self {
        Self {
            may_repeat: method.is_idempotent() || headers.contains_key(&IDEMPOTENCY_KEY),
        }
    }

    /// Returns whether the request may be sent twice.
    pub fn may_repeat(self) -> bool {
        self.may_repeat
    }
}

impl<B, C> Outcome<Request<B>, Response<C>> for HttpOutcome {
    type Kept = Kept;

    fn keep(&self, request: &Request<B>) -> Kept {
        let kept = Kept::of(request.method(), request.headers());
        let Some(repeat_if) = self.repeat_if else {
            return kept;
        };
        let head = Head {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
        };
        Kept {
            may_repeat: kept.may_repeat || repeat_if(&head),
        }
    }

    fn may_repeat(&self, kept: &Kept) -> bool {
        kept.may_repeat
    }

    fn of_response(&self, kept: &Kept, response: &Response<C>) -> Verdict {
        let verdict = of_answer(*kept, response.status(), response.headers());
        if kept.may_repeat {
            return verdict;
        }
        of_first_request(verdict, response.extensions())
    }

    fn of_error(&self, kept: &Kept, error: &BoxError) -> Verdict {
        Verdict::Failure {
            class: find(&**error).unwrap_or(Class::Transient),
            may_repeat: kept.may_repeat || self.is_unsent(error),
        }
    }
}

fn of_answer(kept: Kept, status: StatusCode, headers: &HeaderMap) -> Verdict {
    let may_repeat = kept.may_repeat;
    if !status.is_client_error() && !status.is_server_error() {
        return match grpc::read(headers) {
            None | Some(grpc::Said { class: None, .. }) => Verdict::Success,
            Some(grpc::Said {
                class: Some(class),
                is_last,
            }) => Verdict::Failure {
                // Throttled also where no time is named: a hedge sends no other copy then.
                class: if is_last {
                    Class::Throttled { retry_after: None }
                } else {
                    class
                },
                may_repeat: may_repeat && !is_last,
            },
        };
    }
    of_status(kept, status, headers)
}

#[cold]
fn of_status(kept: Kept, status: StatusCode, headers: &HeaderMap) -> Verdict {
    let may_repeat = kept.may_repeat;
    if let Some(class) = overloaded(headers) {
        return Verdict::Failure { class, may_repeat };
    }
    if status == StatusCode::MISDIRECTED_REQUEST {
        return Verdict::Failure {
            class: Class::Transient,
            may_repeat: true,
        };
    }
    Verdict::Failure {
        class: http_status(status.as_u16(), retry_after(headers)),
        may_repeat,
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use super::*;

    fn request(method: Method, key: bool) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = method;
        if key {
            let key = "\"8e03978e\"".parse().unwrap();
            request.headers_mut().insert("Idempotency-Key", key);
        }
        request
    }

    fn answer(status: u16, headers: &[(&'static str, &str)]) -> Response<()> {
        let mut answer = Response::new(());
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        for (name, value) in headers {
            answer.headers_mut().append(*name, value.parse().unwrap());
        }
        answer
    }

    fn judged(method: Method, status: u16, headers: &[(&'static str, &str)]) -> Verdict {
        let rule = HttpOutcome::new();
        let kept = Outcome::<_, Response<()>>::keep(&rule, &request(method, false));
        Outcome::<Request<()>, _>::of_response(&rule, &kept, &answer(status, headers))
    }

    fn failure(class: Class, may_repeat: bool) -> Verdict {
        Verdict::Failure { class, may_repeat }
    }

    #[test]
    fn the_method_or_a_key_says_whether_a_request_may_be_repeated() {
        for (method, repeats) in [
            (Method::GET, true),
            (Method::HEAD, true),
            (Method::PUT, true),
            (Method::DELETE, true),
            (Method::OPTIONS, true),
            (Method::TRACE, true),
            (Method::POST, false),
            (Method::PATCH, false),
            (Method::CONNECT, false),
            (Method::from_bytes(b"PURGE").unwrap(), false),
        ] {
            let rule = HttpOutcome::new();
            let keep = |key| Outcome::<_, Response<()>>::keep(&rule, &request(method.clone(), key));
            assert_eq!(keep(false).may_repeat(), repeats, "{method}");
            assert!(keep(true).may_repeat(), "{method} with a key");
        }
        let rule = HttpOutcome::new().repeat_if(|head| head.method == Method::POST);
        let keep = |method| Outcome::<_, Response<()>>::keep(&rule, &request(method, false));
        assert!(keep(Method::POST).may_repeat());
        assert!(!keep(Method::PATCH).may_repeat());
    }

    #[test]
    fn each_status_has_its_class() {
        let throttled = Class::Throttled { retry_after: None };
        for (status, class) in [
            (100, None),
            (200, None),
            (204, None),
            (304, None),
            (400, Some(Class::Permanent)),
            (401, Some(Class::Permanent)),
            (403, Some(Class::Permanent)),
            (404, Some(Class::Permanent)),
            (408, Some(Class::Transient)),
            (409, Some(Class::Permanent)),
            (422, Some(Class::Permanent)),
            (425, Some(Class::Transient)),
            (429, Some(throttled)),
            (500, Some(Class::Transient)),
            (501, Some(Class::Permanent)),
            (502, Some(Class::Transient)),
            (503, Some(Class::Transient)),
            (504, Some(Class::Transient)),
            (505, Some(Class::Permanent)),
            (599, Some(Class::Transient)),
        ] {
            for (method, repeats) in [(Method::GET, true), (Method::POST, false)] {
                let want = class.map_or(Verdict::Success, |class| failure(class, repeats));
                assert_eq!(judged(method, status, &[]), want, "{status}");
            }
        }
    }

    #[test]
    fn a_misdirected_request_was_not_served_whatever_its_method() {
        assert_eq!(
            judged(Method::POST, 421, &[]),
            failure(Class::Transient, true)
        );
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let seconds = Class::Throttled {
            retry_after: Some(Duration::from_secs(7)),
        };
        for status in [429, 503] {
            let got = judged(Method::GET, status, &[("retry-after", "7")]);
            assert_eq!(got, failure(seconds, true));
        }
        let past = [("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")];
        let at_once = Class::Throttled {
            retry_after: Some(Duration::ZERO),
        };
        assert_eq!(judged(Method::GET, 503, &past), failure(at_once, true));
        // What can't be read is not there; the next one may be.
        for unreadable in ["-1", "soon", ""] {
            let got = judged(Method::GET, 503, &[("retry-after", unreadable)]);
            assert_eq!(got, failure(Class::Transient, true), "{unreadable}");
        }
        let two = [("retry-after", "soon"), ("retry-after", "7")];
        assert_eq!(judged(Method::GET, 429, &two), failure(seconds, true));
        let longest = judged(Method::GET, 429, &[("retry-after", "1000000000000")]);
        let class = Class::Throttled {
            retry_after: Some(Duration::from_secs(1_000_000_000_000)),
        };
        assert_eq!(longest, failure(class, true));
    }

    #[test]
    fn an_overloaded_envoy_is_throttled() {
        let overloaded = ("x-envoy-overloaded", "true");
        let class = |retry_after| Class::Throttled { retry_after };
        let got = judged(Method::GET, 503, &[overloaded]);
        assert_eq!(got, failure(class(None), true));
        let got = judged(Method::POST, 503, &[overloaded, ("retry-after", "2")]);
        assert_eq!(got, failure(class(Some(Duration::from_secs(2))), false));
        assert_eq!(judged(Method::GET, 200, &[overloaded]), Verdict::Success);
    }

    #[test]
    fn a_status_of_grpc_in_the_headers_decides_where_http_is_well() {
        let unavailable = ("grpc-status", "14");
        assert_eq!(
            judged(Method::POST, 200, &[("grpc-status", "0")]),
            Verdict::Success
        );
        let got = judged(Method::POST, 200, &[unavailable]);
        assert_eq!(got, failure(Class::Transient, false));
        let got = judged(
            Method::GET,
            200,
            &[unavailable, ("grpc-retry-pushback-ms", "-1")],
        );
        let throttled = Class::Throttled { retry_after: None };
        assert_eq!(got, failure(throttled, false));
        let got = judged(
            Method::GET,
            200,
            &[unavailable, ("grpc-retry-pushback-ms", "30")],
        );
        let retry_after = Some(Duration::from_millis(30));
        assert_eq!(got, failure(Class::Throttled { retry_after }, true));
    }

    #[test]
    fn after_an_error_the_method_decides_unless_nothing_was_sent() {
        let of = |rule: HttpOutcome, method, error: io::Error| {
            let kept = Outcome::<_, Response<()>>::keep(&rule, &request(method, false));
            Outcome::<Request<()>, Response<()>>::of_error(&rule, &kept, &error.into())
        };
        let rule = HttpOutcome::new();
        let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let transient = |may_repeat| failure(Class::Transient, may_repeat);
        assert_eq!(of(rule, Method::GET, reset()), transient(true));
        assert_eq!(of(rule, Method::POST, reset()), transient(false));
        assert_eq!(of(rule, Method::POST, refused()), transient(true));
        let rule = rule.not_sent(|error| error.to_string().contains("no such name"));
        let unresolved = io::Error::other("no such name");
        assert_eq!(of(rule, Method::POST, unresolved), transient(true));
        assert_eq!(of(rule, Method::POST, reset()), transient(false));
        let invalid = io::Error::from(io::ErrorKind::InvalidInput);
        assert_eq!(
            of(rule, Method::GET, invalid),
            failure(Class::Permanent, true)
        );
    }
}
