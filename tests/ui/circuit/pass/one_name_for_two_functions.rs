//! Reads and writes of one database share its breaker: the one that sets it does so for both, and
//! what one of them learns the other one knows.
#![deny(warnings, unused_qualifications)]
use std::io;

use resil::{Error, circuit, registry};

#[circuit(name = "orders-db")]
async fn read(id: u32) -> io::Result<u32> {
    Ok(id)
}

#[circuit(name = "orders-db", failures = 2, open_for = 5s)]
async fn write(id: u32) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::ConnectionRefused,
        format!("order {id}"),
    ))
}

#[tokio::test(start_paused = true)]
async fn main() -> io::Result<()> {
    assert_eq!(read(1).await?, 1);
    for id in [2, 3] {
        assert_eq!(
            write(id).await.unwrap_err().kind(),
            io::ErrorKind::ConnectionRefused
        );
    }
    let refused = read(1).await.unwrap_err();
    let inner = refused.get_ref().and_then(|e| e.downcast_ref::<Error>());
    assert!(
        matches!(
            inner,
            Some(Error::CircuitOpen {
                name: "orders-db",
                ..
            })
        ),
        "{refused}"
    );
    tokio::time::advance(std::time::Duration::from_millis(6_001)).await;
    assert_eq!(read(4).await?, 4);
    assert!(registry().conflicts().is_empty());
    Ok(())
}
