//! Across a function border: the outer retry knows the inner circuit's refusal again, and a timeout
//! of the inner one is worth another try.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::time::Duration;

use resil::{Classify, breaker, circuit, retry, timeout};

#[derive(Debug, thiserror::Error, Classify)]
enum DnsError {
    #[error("SERVFAIL")]
    #[transient]
    ServFail,
    #[error("{0}")]
    #[classify(forward)]
    Resil(#[from] resil::Error),
}

#[derive(Debug, thiserror::Error, Classify)]
enum ConnectError {
    #[error("dns: {0}")]
    #[classify(forward)]
    Dns(#[from] DnsError),
    #[error("handshake")]
    #[neutral]
    Handshake,
}

#[circuit(name = "dns", failures = 4)]
#[timeout(1s)]
async fn resolve(host: &str, asked: &Cell<u32>) -> Result<u32, DnsError> {
    asked.set(asked.get() + 1);
    match host {
        "slow.example" => tokio::time::sleep(Duration::from_secs(9)).await,
        "bad.example" => return Err(DnsError::ServFail),
        _ => {}
    }
    Ok(127)
}

#[retry(base = 1ms)]
async fn connect(host: &str, asked: &Cell<u32>, tries: &Cell<u32>) -> Result<u32, ConnectError> {
    tries.set(tries.get() + 1);
    let address = resolve(host, asked).await?;
    if host.starts_with("tls.") {
        Err(ConnectError::Handshake)
    } else {
        Ok(address)
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let (asked, tries) = (Cell::new(0), Cell::new(0));
    assert!(matches!(
        connect("tls.example", &asked, &tries).await,
        Err(ConnectError::Handshake)
    ));
    assert_eq!((asked.take(), tries.take()), (1, 1));
    assert!(connect("slow.example", &asked, &tries).await.is_err());
    assert_eq!((asked.take(), tries.take()), (3, 3));
    // The fourth failure in a row trips; the second try is refused, and is the last.
    let refused = connect("bad.example", &asked, &tries).await;
    assert!(
        matches!(refused, Err(ConnectError::Dns(DnsError::Resil(_)))),
        "{refused:?}"
    );
    assert_eq!((asked.take(), tries.take()), (1, 2));
    breaker("dns").reset();
    assert!(matches!(connect("", &asked, &tries).await, Ok(127)));
}
