//! Keys, claims and results that any test may use.

use std::time::Duration;

use resil::idempotency::store::{
    ClaimAnswer, ClaimRequest, Outcome, RecordKey, Recorded, Store, Token,
};

/// Never over while a test runs.
pub const LONG: Duration = Duration::from_secs(3600);

/// A key that nobody has used.
pub fn key() -> RecordKey {
    RecordKey::new(rand::random(), "test")
}

/// A claim of a new owner.
pub fn request() -> ClaimRequest {
    ClaimRequest::new(Token::random(), LONG, LONG)
}

pub fn receipt() -> Recorded {
    Recorded::new(Outcome::Ok, *b"{}", "json", 1)
}

/// A claim that must succeed, and its fence.
pub async fn claimed(store: &impl Store, key: &RecordKey, request: &ClaimRequest) -> u64 {
    match store.claim(key, request).await {
        Ok(ClaimAnswer::Claimed { fence, .. }) => fence,
        other => panic!("{other:?}"),
    }
}

/// A port that nobody listens on, nor will as long as it is held: bound, and no more.
pub fn deaf_port() -> (tokio::net::TcpSocket, u16) {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    let any = "127.0.0.1:0".parse().expect("an address");
    socket.bind(any).expect("a free port");
    let port = socket.local_addr().expect("bound").port();
    (socket, port)
}
