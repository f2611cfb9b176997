#![deny(warnings)]
use resil::circuit;

#[derive(Debug)]
enum E {
    Http(u16),
    NotFound,
    Resil(resil::Error),
}

impl From<resil::Error> for E {
    fn from(e: resil::Error) -> Self {
        Self::Resil(e)
    }
}

#[circuit(on(E::Http(500..) | E::Resil(_)), ignore(E::NotFound))]
async fn pay(code: u16) -> Result<u32, E> {
    match code {
        200 => Ok(1),
        404 => Err(E::NotFound),
        _ => Err(E::Http(code)),
    }
}

#[test]
fn main() {
    drop(pay(200));
}
