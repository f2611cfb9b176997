//! Patterns that reach into the error: struct variants, ranges, alternatives at any depth, `@`,
//! slices; `unless` wins over `on`.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::io::{self, ErrorKind};

use resil::retry;

#[derive(Debug)]
enum ApiError {
    Status {
        code: u16,
        body: Option<&'static str>,
    },
    Io(ErrorKind, Box<io::Error>),
    Batch(Vec<u16>, [u8; 3]),
}

use ApiError::{Batch, Io, Status};

#[retry(
    base = 1ms,
    on(
        Status { code: 429 | 500..=599, .. }
        | Io(ErrorKind::ConnectionReset | ErrorKind::TimedOut, _)
        | Batch(_, [_, (1..), ..])
    ),
    unless(Status { code: 501 | 505, .. } | Status { body: Some("maintenance" | "closed"), .. }),
)]
async fn call(runs: &Cell<u32>, error: &dyn Fn() -> ApiError) -> Result<(), ApiError> {
    runs.set(runs.get() + 1);
    Err(error())
}

#[retry(base = 1ms, on(Status { code: code @ (400..500 | 520..), body: None } if code % 2 == 0))]
async fn bound(runs: &Cell<u32>, code: u16) -> Result<(), ApiError> {
    runs.set(runs.get() + 1);
    Err(Status { code, body: None })
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    let io = |kind: ErrorKind| Io(kind, Box::new(kind.into()));
    let cases: [(&dyn Fn() -> ApiError, u32); 9] = [
        (
            &|| Status {
                code: 429,
                body: None,
            },
            3,
        ),
        (
            &|| Status {
                code: 503,
                body: Some("busy"),
            },
            3,
        ),
        (
            &|| Status {
                code: 503,
                body: Some("closed"),
            },
            1,
        ),
        (
            &|| Status {
                code: 501,
                body: None,
            },
            1,
        ),
        (
            &|| Status {
                code: 404,
                body: None,
            },
            1,
        ),
        (&|| io(ErrorKind::TimedOut), 3),
        (&|| io(ErrorKind::NotFound), 1),
        (&|| Batch(vec![], [0, 1, 0]), 3),
        (&|| Batch(vec![1], [1, 0, 1]), 1),
    ];
    for (error, tries) in cases {
        assert!(call(&runs, error).await.is_err());
        assert_eq!(runs.take(), tries, "{:?}", error());
    }
    for (code, tries) in [(404, 3), (405, 1), (502, 1), (520, 3)] {
        assert!(bound(&runs, code).await.is_err());
        assert_eq!(runs.take(), tries, "{code}");
    }
}
