//! LANGUAGE.md, section 7: errors that say what they are.

use std::time::Duration;

use crate::support::{Record, ms};
use resil::{Class, Classify, circuit, retry};

#[derive(Debug, thiserror::Error, Classify, PartialEq, Clone)]
pub(crate) enum Api {
    #[error("lost")]
    #[transient]
    Lost,
    #[error("gone {0}")]
    #[permanent]
    Gone(u16),
    #[error("fast")]
    #[throttled(retry_after = wait)]
    Fast { wait: Duration, quota: u32 },
    #[error("maybe")]
    #[throttled(retry_after = 1)]
    Maybe(u8, Option<Duration>),
    #[error("slow down")]
    #[throttled]
    SlowDown,
    #[error("cancelled")]
    #[neutral]
    Cancelled,
    #[error(transparent)]
    #[classify(forward)]
    Resil(#[from] resil::Error),
}

#[test]
fn the_derive_says_what_is_written() {
    use Class::{Neutral, Permanent, Throttled, Transient};
    for (error, class) in [
        (Api::Lost, Transient),
        (Api::Gone(404), Permanent),
        (
            Api::Fast {
                wait: ms(7),
                quota: 1,
            },
            Throttled {
                retry_after: Some(ms(7)),
            },
        ),
        (
            Api::Maybe(1, Some(ms(8))),
            Throttled {
                retry_after: Some(ms(8)),
            },
        ),
        (Api::Maybe(1, None), Throttled { retry_after: None }),
        (Api::SlowDown, Throttled { retry_after: None }),
        (Api::Cancelled, Neutral),
    ] {
        assert_eq!(error.classify(), class, "{error:?}");
    }

    #[derive(Classify)]
    #[classify(default = transient)]
    enum Defaulted<T> {
        Any,
        #[permanent]
        Not,
        #[classify(forward)]
        Inner(T),
    }
    assert_eq!(Defaulted::<Api>::Any.classify(), Transient);
    assert_eq!(Defaulted::<Api>::Not.classify(), Permanent);
    assert_eq!(Defaulted::Inner(Api::Gone(1)).classify(), Permanent);

    #[derive(Classify)]
    #[permanent]
    struct Always;
    #[derive(Classify)]
    #[classify(forward)]
    struct Wrapped {
        inner: anyhow::Error,
    }
    assert_eq!(Always.classify(), Permanent);
    assert_eq!(
        Wrapped {
            inner: anyhow::anyhow!("x")
        }
        .classify(),
        Transient
    );

    #[derive(Classify)]
    enum Nothing {}
    let none: Option<Nothing> = None;
    assert!(none.map(|n| n.classify()).is_none());
}

#[retry(max = 4, base = 1ms, budget = off)]
async fn by_class(r: &Record, e: Api) -> Result<(), Api> {
    r.attempt();
    Err(e.clone())
}

#[retry(max = 4, base = 1ms, budget = off, unless(Api::Lost))]
async fn narrowed(r: &Record, e: Api) -> Result<(), Api> {
    r.attempt();
    Err(e.clone())
}

#[retry(max = 4, base = 1ms, budget = off, on(Api::Gone(_)))]
async fn pattern_alone(r: &Record, e: Api) -> Result<(), Api> {
    r.attempt();
    Err(e.clone())
}

#[tokio::test(start_paused = true)]
async fn what_is_retried_goes_by_the_class() {
    for (error, all, narrow, alone) in [
        (Api::Lost, 4, 1, 1),
        (Api::Gone(404), 1, 1, 4),
        (Api::SlowDown, 4, 4, 1),
        (Api::Cancelled, 1, 1, 1),
    ] {
        let (a, b, c) = (Record::new(), Record::new(), Record::new());
        let _ = by_class(&a, error.clone()).await;
        let _ = narrowed(&b, error.clone()).await;
        let _ = pattern_alone(&c, error.clone()).await;
        assert_eq!(
            (a.count(), b.count(), c.count()),
            (all, narrow, alone),
            "{error:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn throttled_waits_for_its_own_retry_after() {
    let r = Record::new();
    let _ = by_class(
        &r,
        Api::Fast {
            wait: ms(3_000),
            quota: 0,
        },
    )
    .await;
    let t = r.times();
    assert!(
        t.windows(2)
            .all(|w| (3_000..=3_301).contains(&(w[1] - w[0]))),
        "{t:?}"
    );
    // Longer than the cap of 20 s: no further attempt.
    let r = Record::new();
    let _ = by_class(
        &r,
        Api::Fast {
            wait: ms(20_001),
            quota: 0,
        },
    )
    .await;
    assert_eq!(r.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_goes_by_the_class() {
    #[circuit(name = "classify.circuit", failures = 3)]
    async fn f(e: Option<Api>) -> Result<(), Api> {
        e.map_or(Ok(()), Err)
    }
    let breaker = resil::breaker("classify.circuit");
    let row = || breaker.counts().failures_in_a_row;
    let _ = f(Some(Api::Lost)).await;
    let _ = f(Some(Api::SlowDown)).await;
    assert_eq!(row(), 2, "transient and throttled are failures");
    let _ = f(Some(Api::Cancelled)).await;
    assert_eq!(row(), 2, "neutral");
    let _ = f(Some(Api::Gone(404))).await;
    assert_eq!(
        row(),
        0,
        "a permanent error proves that the other side answers"
    );
}

#[tokio::test(start_paused = true)]
async fn in_a_generic_function_only_with_the_bound() {
    #[retry(base = 1ms)]
    async fn bare<E: Clone>(r: &Record, e: E) -> Result<(), E> {
        r.attempt();
        Err(e.clone())
    }
    #[retry(base = 1ms)]
    async fn bound<E: Clone + Classify>(r: &Record, e: E) -> Result<(), E> {
        r.attempt();
        Err(e.clone())
    }
    let r = Record::new();
    let _ = bare(&r, Api::Gone(1)).await;
    assert_eq!(r.count(), 3);
    let r = Record::new();
    let _ = bound(&r, Api::Gone(1)).await;
    assert_eq!(r.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn io_errors_go_by_their_kind() {
    use std::io::{Error, ErrorKind};
    #[retry(base = 1ms, budget = off)]
    async fn f(r: &Record, kind: ErrorKind) -> Result<(), Error> {
        r.attempt();
        Err(kind.into())
    }
    for (kind, runs) in [
        (ErrorKind::ConnectionReset, 3),
        (ErrorKind::TimedOut, 3),
        (ErrorKind::Other, 3),
        (ErrorKind::NotFound, 1),
        (ErrorKind::PermissionDenied, 1),
    ] {
        let r = Record::new();
        let _ = f(&r, kind).await;
        assert_eq!(r.count(), runs, "{kind:?}");
    }
}

#[cfg(feature = "http")]
#[test]
fn http_statuses() {
    for (status, class) in [
        (400, Class::Permanent),
        (401, Class::Permanent),
        (403, Class::Permanent),
        (404, Class::Permanent),
        (429, Class::Throttled { retry_after: None }),
        (502, Class::Transient),
        (503, Class::Transient),
        (504, Class::Transient),
    ] {
        assert_eq!(
            http::StatusCode::from_u16(status).unwrap().classify(),
            class,
            "{status}"
        );
    }
}

#[cfg(feature = "http")]
#[test]
fn retry_after_is_found_among_the_headers() {
    use resil::classify::retry_after;
    let of = |values: &[&[u8]]| {
        let mut headers = http::HeaderMap::new();
        for value in values {
            let value = http::HeaderValue::from_bytes(value).unwrap();
            headers.append(http::header::RETRY_AFTER, value);
        }
        retry_after(&headers)
    };
    assert_eq!(of(&[]), None);
    assert_eq!(of(&[b"0"]), Some(Duration::ZERO));
    assert_eq!(
        of(&[b"Sun, 06 Nov 1994 08:49:37 GMT"]),
        Some(Duration::ZERO)
    );
    assert_eq!(of(&[b"1.5"]), Some(ms(1_500)));
    assert_eq!(of(&[b"99999999999999999999"]), Some(Duration::MAX));
    assert_eq!(of(&[b"-1"]), None);
    assert_eq!(
        of(&[b"\xff\xfe", b"soon", b"7"]),
        Some(ms(7_000)),
        "the first that reads"
    );
    let ahead = of(&[b"Fri, 31 Dec 9999 23:59:59 GMT"]).unwrap();
    assert!(ahead > Duration::from_secs(86_400 * 365 * 1_000));
}

#[cfg(feature = "tonic")]
#[test]
fn i03_grpc_codes_and_push_back() {
    use tonic::{Code, Status};
    for (code, class) in [
        (Code::Unavailable, Class::Transient),
        (Code::DeadlineExceeded, Class::Transient),
        (Code::Unknown, Class::Transient),
        (
            Code::ResourceExhausted,
            Class::Throttled { retry_after: None },
        ),
        (Code::Cancelled, Class::Neutral),
        (Code::NotFound, Class::Permanent),
        (Code::InvalidArgument, Class::Permanent),
    ] {
        assert_eq!(Status::new(code, "").classify(), class, "{code:?}");
    }
    let pushed = |values: &[&'static str]| {
        let mut status = Status::new(Code::Unavailable, "");
        for text in values {
            status
                .metadata_mut()
                .append("grpc-retry-pushback-ms", text.parse().unwrap());
        }
        status.classify()
    };
    assert_eq!(
        pushed(&["1000"]),
        Class::Throttled {
            retry_after: Some(ms(1_000))
        }
    );
    // More than one value asks for no other attempt, as one that can't be read does: the same twice, too.
    for never in [
        &["-1"][..],
        &["xxx"],
        &["10", "10"],
        &["10", "20"],
        &["10", "-1"],
        &["10", "xxx", "20"],
    ] {
        assert_eq!(
            pushed(never),
            Class::Throttled {
                retry_after: Some(Duration::MAX)
            },
            "{never:?}"
        );
    }
}

#[cfg(feature = "redis")]
#[test]
fn redis_errors() {
    use redis::{ErrorKind, RedisError, ServerErrorKind};
    let class = |kind: ErrorKind| RedisError::from((kind, "x")).classify();
    assert_eq!(class(ErrorKind::Io), Class::Transient);
    assert_eq!(
        class(ErrorKind::Server(ServerErrorKind::BusyLoading)),
        Class::Transient
    );
    assert_eq!(class(ErrorKind::InvalidClientConfig), Class::Permanent);
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn reqwest_errors() {
    // Nobody listens on port 1 of the loopback.
    let refused = reqwest::get("http://127.0.0.1:1/").await.unwrap_err();
    assert_eq!(refused.classify(), Class::Transient);
    let malformed = reqwest::get("no scheme at all").await.unwrap_err();
    assert_eq!(malformed.classify(), Class::Permanent);
}

/// Whether a call is retried may hang on a cargo feature: each page says so, in the same words.
#[test]
fn the_table_of_types_is_the_same_on_each_page() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = |page: &str| -> Vec<String> {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let lines = text.lines().map(str::to_owned);
        lines
            .skip_while(|l| !l.starts_with("| error type | feature |"))
            .take_while(|l| l.starts_with('|'))
            .collect()
    };
    let readme = table("README.md");
    assert_eq!(table("resil-macros/docs/retry.md"), readme);
    assert_eq!(table("resil-macros/docs/classify.md"), readme);
    for (ty, feature) in [
        ("http::StatusCode", "http"),
        ("reqwest::Error", "reqwest"),
        ("tonic::Status", "tonic"),
        ("redis::RedisError", "redis"),
        ("tokio_postgres::Error", "tokio-postgres"),
    ] {
        let named = |row: &&String| row.starts_with(&format!("| `{ty}`"));
        let row = readme.iter().find(named).expect(ty);
        assert!(row.contains(&format!("| `{feature}` |")), "{row}");
    }
}
