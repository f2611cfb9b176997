use resil::{retry, timeout};

#[derive(Debug)]
struct PayError;

impl From<resil::Error> for PayError {
    fn from(_: resil::Error) -> Self {
        Self
    }
}

#[retry]
#[timeout(1s)]
async fn parse(text: &str) -> Result<u32, PayError> {
    let n: u32 = text.parse()?;
    Ok(n)
}

fn main() {}
