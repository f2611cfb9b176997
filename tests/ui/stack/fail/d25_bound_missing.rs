#[resil::circuit]
#[resil::retry]
#[resil::timeout(1s)]
async fn fetch<T>(t: &T) -> Result<String, resil::Error> {
    Ok(format!("{t:?}"))
}

fn main() {}
