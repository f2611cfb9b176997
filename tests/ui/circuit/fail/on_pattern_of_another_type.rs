use resil::circuit;

#[derive(Debug)]
enum E {
    NotFound,
    Resil(resil::Error),
}

impl From<resil::Error> for E {
    fn from(e: resil::Error) -> Self {
        Self::Resil(e)
    }
}

#[circuit(on(Some(_)))]
async fn on() -> Result<u32, E> {
    Ok(1)
}

#[circuit(ignore(E::NotFond))]
async fn ignore() -> Result<u32, E> {
    Ok(1)
}

fn main() {}
