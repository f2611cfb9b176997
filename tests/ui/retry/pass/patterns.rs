#![deny(warnings)]
use resil::retry;

#[derive(PartialEq)]
struct Status(u16);

impl Status {
    const BUSY: Status = Status(503);

    fn is_server_error(&self) -> bool {
        self.0 >= 500
    }
}

enum E {
    Network(String),
    Http(Status),
    Code(u16),
    Gone,
}

use E::{Code, Gone, Http, Network};

#[retry(on(Network(_) | Http(s) if s.is_server_error()))]
async fn guard_of_one_alternative() -> Result<u32, E> {
    Err(Network(String::new()))
}

#[retry(on(Code(500..=599) | Code(429)), unless(Gone))]
async fn ranges() -> Result<u32, E> {
    Err(Code(1))
}

#[retry(on(e if !matches!(e, Gone)))]
async fn whole() -> Result<u32, E> {
    Err(Gone)
}

#[retry(on(503))]
async fn literal() -> Result<u32, u16> {
    Err(503)
}

#[retry(on(LIMITED | 500..))]
async fn constant() -> Result<u32, u16> {
    Err(LIMITED)
}

const LIMITED: u16 = 429;

#[retry(unless(Network(text) if text.contains(word)))]
async fn argument(word: &str) -> Result<u32, E> {
    let _ = word;
    Err(Http(Status::BUSY))
}

/// The success is a `Result` itself: its `Ok` is not the one around it.
#[retry(on_ok(Ok(0) | Err(_)))]
async fn result_in_a_result() -> Result<Result<u32, u8>, E> {
    Ok(Err(1))
}

#[retry(on_ok(None | Some(0)))]
async fn answer() -> Result<Option<u32>, E> {
    Ok(None)
}

#[test]
fn main() {
    drop((guard_of_one_alternative(), ranges(), whole(), literal(), constant(), answer()));
    drop((argument("a"), result_in_a_result()));
}
