//! What belongs to no pattern of the error: its type, another type, a predicate, a part of it.
use std::error::Error;
use std::io::{self, ErrorKind};

use resil::{circuit, retry};

#[derive(Debug)]
enum PayError {
    Declined,
    Io(io::Error),
}

impl PayError {
    fn is_declined(&self) -> bool {
        matches!(self, Self::Declined)
    }
}

#[retry(on(PayError))]
async fn own() -> Result<(), PayError> {
    Err(PayError::Declined)
}

#[retry(on(io::Error), unless(PayError::is_declined))]
async fn held() -> Result<(), PayError> {
    Err(PayError::Io(io::Error::from(ErrorKind::Other)))
}

#[retry(on(std::io::Error))]
async fn all() -> Result<(), std::io::Error> {
    Ok(())
}

#[retry(on(ErrorKind::TimedOut))]
async fn kind() -> io::Result<()> {
    Ok(())
}

#[circuit(on(ErrorKind::TimedOut | ErrorKind::ConnectionReset), ignore(io::ErrorKind))]
async fn kinds() -> io::Result<()> {
    Ok(())
}

#[retry(on(std::io::Error | fmt::Error), unless(anyhow::Error))]
async fn any() -> anyhow::Result<()> {
    Ok(())
}

#[retry(unless(std::num::ParseIntError))]
async fn boxed() -> Result<(), Box<dyn Error + Send + Sync>> {
    Ok(())
}

#[retry(on(tonic::Code::Unavailable))]
async fn code() -> Result<(), tonic::Status> {
    Ok(())
}

#[retry(on(tonic::Status))]
async fn status() -> Result<(), tonic::Status> {
    Ok(())
}

#[retry(on(StatusCode::BAD_GATEWAY))]
async fn by_status() -> Result<(), reqwest::Error> {
    Ok(())
}

fn main() {}
