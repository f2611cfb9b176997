//! A pattern of the success type, as `on_ok` of a retry is.
use resil::{Error, idempotent};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
enum Status {
    Pending,
    Paid(u32),
}

#[idempotent(key = id, forget_ok(Status::Pendng))]
async fn slip(id: u32) -> Result<Status, Error> {
    Ok(Status::Paid(id))
}

#[idempotent(key = id, forget_ok(Ok(Status::Pending)))]
async fn wrapped(id: u32) -> Result<Status, Error> {
    Ok(Status::Pending)
}

#[idempotent(key = id, forget_ok = |s| s.is_pending())]
async fn closure(id: u32) -> Result<Status, Error> {
    Ok(Status::Pending)
}

fn main() {}
