#![deny(warnings)]
use resil::{BulkheadPolicy, Error, bulkhead};

#[bulkhead(name = "ui:disk", max = 1)]
async fn read(file: u32) -> Result<u32, Error> {
    tokio::task::yield_now().await;
    Ok(file)
}

#[bulkhead(name = "ui:disk")]
async fn write(file: u32) -> Result<u32, Error> {
    Ok(file)
}

#[tokio::test]
async fn main() {
    assert!(bulkhead("ui:disk").configure(BulkheadPolicy::new().max(1)));
    let (one, two) = tokio::join!(read(1), write(2));
    assert_eq!(one, Ok(1));
    assert!(matches!(two, Err(Error::BulkheadFull { name: "ui:disk", limit: 1, .. })));
}
