mod errors {
    pub struct PayError;
}

#[resil::timeout(5s)]
async fn by_path() -> Result<u32, errors::PayError> {
    Ok(1)
}

#[resil::timeout(5s)]
async fn boxed() -> Result<u32, Box<dyn Send>> {
    Ok(1)
}

fn main() {}
