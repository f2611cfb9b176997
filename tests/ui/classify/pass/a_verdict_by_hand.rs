//! No derive: an `impl Classify` that looks at the value, for a type behind a `Box` and an `Arc`.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use resil::{Class, Classify, http_status, retry};

#[derive(Debug)]
struct Response {
    status: u16,
    retry_after: Option<u64>,
}

impl Classify for Response {
    fn classify(&self) -> Class {
        http_status(self.status, self.retry_after.map(Duration::from_secs))
    }
}

#[retry(base = 1ms)]
async fn boxed(runs: &Cell<u32>, status: u16) -> Result<(), Box<Response>> {
    runs.set(runs.get() + 1);
    Err(Box::new(Response {
        status,
        retry_after: None,
    }))
}

#[retry(base = 1ms, unless(r if r.status == 503))]
async fn shared(runs: &Cell<u32>, status: u16) -> Result<(), Arc<Response>> {
    runs.set(runs.get() + 1);
    Err(Arc::new(Response {
        status,
        retry_after: Some(1),
    }))
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    for (status, tries) in [(500, 3), (501, 1), (429, 3), (408, 3), (400, 1)] {
        assert!(boxed(&runs, status).await.is_err());
        assert_eq!(runs.take(), tries, "{status}");
    }
    for (status, tries) in [(429, 3), (503, 1), (404, 1)] {
        assert!(shared(&runs, status).await.is_err());
        assert_eq!(runs.take(), tries, "{status}");
    }
}
