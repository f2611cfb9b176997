//! One variant for each crate below, each by its `#[from]`: what they say of themselves decides.
use std::cell::Cell;
use std::io;

use resil::{Class, Classify, retry};

#[derive(Debug, thiserror::Error, Classify)]
#[classify(default = permanent)]
enum BackendError {
    #[error("status {0}")]
    #[classify(forward)]
    Status(http::StatusCode),
    #[error(transparent)]
    #[classify(forward)]
    Grpc(#[from] Box<tonic::Status>),
    #[error(transparent)]
    #[classify(forward)]
    Cache(#[from] redis::RedisError),
    #[error(transparent)]
    #[classify(forward)]
    Web(#[from] reqwest::Error),
    #[error(transparent)]
    #[classify(forward)]
    Io(#[from] io::Error),
    #[error("no row")]
    NoRow,
}

#[retry(base = 1ms)]
async fn grpc(runs: &Cell<u32>, code: tonic::Code) -> Result<(), BackendError> {
    runs.set(runs.get() + 1);
    Err(Box::new(tonic::Status::new(code, "from the other side")))?
}

#[tokio::test(start_paused = true)]
async fn what_each_says_of_itself_decides() {
    let status = |code| BackendError::Status(http::StatusCode::from_u16(code).unwrap()).classify();
    assert_eq!(
        (status(503), status(501), status(404)),
        (Class::Transient, Class::Permanent, Class::Permanent)
    );
    assert_eq!(status(429), Class::Throttled { retry_after: None });
    let cache = redis::RedisError::from((redis::ErrorKind::InvalidClientConfig, "no such host"));
    assert_eq!(BackendError::from(cache).classify(), Class::Permanent);
    let web = reqwest::Client::new().get("not a url").build().unwrap_err();
    assert_eq!(BackendError::from(web).classify(), Class::Permanent);
    let reset = io::Error::from(io::ErrorKind::ConnectionReset);
    assert_eq!(BackendError::from(reset).classify(), Class::Transient);
    assert_eq!(BackendError::NoRow.classify(), Class::Permanent);
    let runs = Cell::new(0);
    for (code, tries) in [
        (tonic::Code::Unavailable, 3),
        (tonic::Code::ResourceExhausted, 3),
        (tonic::Code::InvalidArgument, 1),
        (tonic::Code::Cancelled, 1),
    ] {
        assert!(grpc(&runs, code).await.is_err());
        assert_eq!(runs.take(), tries, "{code:?}");
    }
}
